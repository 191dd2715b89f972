//! Lists of flows: links, routes and (start, size, route), generated or read from CSV, and the
//! two twins that replay them.

use std::fmt::Write as _;

use highwater::kernel::{Instant, Sharing, SharingSlow};
use highwater::random::{Dist, Draws};

/// Links with their routes and flows. Rates in bytes per ns, sizes in bytes.
#[derive(Default)]
pub(crate) struct List {
    pub(crate) capacities: Vec<f64>,
    /// Positions of links.
    pub(crate) routes: Vec<Vec<usize>>,
    /// (start, size, route), in order of start.
    pub(crate) flows: Vec<(u64, f64, u32)>,
}

fn size(law: &Dist, draws: &mut Draws) -> f64 {
    law.sample_from(draws).max(1.0).round()
}

/// One 10 Gbit/s link at load 0.9: Poisson arrivals of exponential sizes, mean 1 MB.
pub(crate) fn shared_link(flows: u64) -> List {
    let mut list = List { capacities: vec![1.25], routes: vec![vec![0]], flows: Vec::new() };
    let (gap, law) = (Dist::exponential(1e6 / (0.9 * 1.25)), Dist::exponential(1e6));
    let (mut draws, mut at) = (Draws::new(2), 0);
    for _ in 0..flows {
        at += gap.sample_whole(&mut draws);
        list.flows.push((at, size(&law, &mut draws), 0));
    }
    list
}

/// `flows` of 10 kB, 20 kB, ... in shuffled order, all at time 0 on one 10 Gbit/s link.
pub(crate) fn crowd(flows: u64) -> List {
    let mut sizes: Vec<u64> = (1..=flows).map(|i| i * 10_000).collect();
    let mut draws = Draws::new(3);
    for i in (1..sizes.len()).rev() {
        sizes.swap(i, (draws.next() % (i as u64 + 1)) as usize);
    }
    let flows = sizes.iter().map(|s| (0, *s as f64, 0)).collect();
    List { capacities: vec![1.25], routes: vec![vec![0]], flows }
}

/// 64 uplinks of 2 Gbit/s x 8 circuits of 10 x 3 ENIs x 6 backends of 25; lognormal sizes, mean
/// 4 MB, sigma 1.5, uniform over the 9,216 routes, circuits at load 0.8. With ENIs of 10 Gbit/s
/// instead of 25 it is overloaded.
pub(crate) fn fabric(flows: u64, eni_gbps: f64) -> List {
    let groups = [(64, 0.25), (8, 1.25), (3, eni_gbps / 8.0), (6, 3.125)];
    let capacities = groups.iter().flat_map(|(n, c)| std::iter::repeat_n(*c, *n)).collect();
    let route = |p: usize| vec![p % 64, 64 + p / 64 % 8, 72 + p / 512 % 3, 75 + p / 1536 % 6];
    let law = Dist::lognormal_of_mean(4e6, 1.5);
    let gap = Dist::exponential(4e6 / (8.0 * 1.25 * 0.8));
    let (mut draws, mut at) = (Draws::new(4), 0);
    let mut list = List { capacities, routes: (0..9_216).map(route).collect(), flows: Vec::new() };
    for _ in 0..flows {
        at += gap.sample_whole(&mut draws);
        let route = u32::try_from(draws.next() % 9_216).expect("below 9,216");
        list.flows.push((at, size(&law, &mut draws), route));
    }
    list
}

/// `links` of 10 Gbit/s, 4,096 random routes of 2 to 8 of them, exponential sizes of mean 1 MB,
/// the mean link at load 0.7.
pub(crate) fn wide(flows: u64, links: u64) -> List {
    let mut draws = Draws::new(5);
    let mut list = List { capacities: vec![1.25; links as usize], ..List::default() };
    for _ in 0..4_096 {
        let hops = 2 + draws.next() % 7;
        let mut route: Vec<usize> = Vec::new();
        while route.len() < hops as usize {
            let link = (draws.next() % links) as usize;
            if !route.contains(&link) {
                route.push(link);
            }
        }
        list.routes.push(route);
    }
    let law = Dist::exponential(1e6);
    let gap = Dist::exponential(5.0 * 1e6 / (0.7 * 1.25 * links as f64));
    let mut at = 0.0;
    for _ in 0..flows {
        at += gap.sample_from(&mut draws);
        let route = u32::try_from(draws.next() % 4_096).expect("below 4,096");
        list.flows.push((at as u64, size(&law, &mut draws), route));
    }
    list
}

/// Reads `PREFIX.links.csv`, `.paths.csv` and `.flows.csv`: links `id,name,bytes_per_s`, paths
/// `id,source,target,links` (joined by `;`), flows `start_s,size_bytes,source,target,path`.
#[allow(dead_code, reason = "the tests use generated lists")]
pub(crate) fn read(prefix: &str) -> List {
    let text = |kind: &str| {
        let path = format!("{prefix}.{kind}.csv");
        std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
    };
    let last = |line: &str| line.rsplit(',').next().expect("a field").to_owned();
    let number = |field: &str| field.parse::<f64>().expect("a number");
    let capacities = text("links").lines().skip(1).map(|l| number(&last(l)) / 1e9).collect();
    let hops = |l: &str| last(l).split(';').map(|x| x.parse().expect("a link")).collect();
    let routes = text("paths").lines().skip(1).map(hops).collect();
    let flow = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let (whole, part) = fields[0].split_once('.').expect("seconds with nine decimals");
        let nanos = |s: &str| s.parse::<u64>().expect("digits");
        let at = nanos(whole) * 1_000_000_000 + nanos(&format!("{part:0<9}"));
        (at, number(fields[1]), fields[4].parse().expect("a path"))
    };
    List { capacities, routes, flows: text("flows").lines().skip(1).map(flow).collect() }
}

/// Replays a list: the completion instant of each flow, ns, and the most flows at once.
pub(crate) fn replay(list: &List) -> (Vec<u64>, usize) {
    let mut sharing = Sharing::new();
    let links: Vec<_> = list.capacities.iter().map(|c| sharing.add_resource(*c)).collect();
    let classes: Vec<_> = list
        .routes
        .iter()
        .map(|route| {
            let path: Vec<_> = route.iter().map(|l| links[*l]).collect();
            sharing.add_class(&path, 1.0, f64::INFINITY)
        })
        .collect();
    let mut done = vec![0; list.flows.len()];
    let mut flow_of: Vec<u32> = Vec::new();
    let (mut started, mut ended) = (0, 0);
    while ended < list.flows.len() {
        let next = sharing.next_at().unwrap_or(Instant::NEVER);
        if started < list.flows.len() && list.flows[started].0 < next.nanos() {
            let now = list.flows[started].0;
            while started < list.flows.len() && list.flows[started].0 == now {
                let (_, bytes, route) = list.flows[started];
                let id = sharing.start(classes[route as usize], bytes, Instant::from_nanos(now));
                let slot = id.slot() as usize;
                if slot >= flow_of.len() {
                    flow_of.resize(slot + 1, 0);
                }
                flow_of[slot] = started as u32;
                started += 1;
            }
        } else {
            let (at, id) = sharing.pop().expect("flows are under way");
            done[flow_of[id.slot() as usize] as usize] = at.nanos();
            ended += 1;
        }
    }
    (done, flow_of.len())
}

/// The same with the slow twin.
pub(crate) fn replay_slow(list: &List) -> Vec<u64> {
    let mut sharing = SharingSlow::new(list.capacities.clone());
    let mut done = vec![0; list.flows.len()];
    let (mut started, mut ended) = (0, 0);
    while ended < list.flows.len() {
        let next = sharing.next_at().unwrap_or(Instant::NEVER);
        if started < list.flows.len() && list.flows[started].0 < next.nanos() {
            let (now, bytes, route) = list.flows[started];
            let path = &list.routes[route as usize];
            sharing.start(path, 1.0, f64::INFINITY, bytes, Instant::from_nanos(now));
            started += 1;
        } else {
            let (at, flow) = sharing.pop().expect("flows are under way");
            done[flow as usize] = at.nanos();
            ended += 1;
        }
    }
    done
}

/// Writes a list as CSV files that [`read`] reads.
#[allow(dead_code, reason = "for racing other simulators")]
pub(crate) fn write(list: &List, prefix: &str) -> std::io::Result<()> {
    let mut text = String::from("link_id,name,bytes_per_s\n");
    for (i, c) in list.capacities.iter().enumerate() {
        writeln!(text, "{i},l{i},{}", (c * 1e9).round()).expect("to a string");
    }
    std::fs::write(format!("{prefix}.links.csv"), &text)?;
    text = String::from("path_id,src,dst,links\n");
    for (i, route) in list.routes.iter().enumerate() {
        let links: Vec<String> = route.iter().map(ToString::to_string).collect();
        writeln!(text, "{i},0,0,{}", links.join(";")).expect("to a string");
    }
    std::fs::write(format!("{prefix}.paths.csv"), &text)?;
    text = String::from("start_s,size_bytes,src,dst,path_id\n");
    for (at, bytes, route) in &list.flows {
        let (s, ns) = (at / 1_000_000_000, at % 1_000_000_000);
        writeln!(text, "{s}.{ns:09},{bytes},0,0,{route}").expect("to a string");
    }
    std::fs::write(format!("{prefix}.flows.csv"), &text)
}
