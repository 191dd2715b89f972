//! Lists of flows and the two twins that replay them.

use crate::kernel::{Instant, Sharing, SharingSlow};
use crate::random::{Dist, Draws};

/// Links with their routes and flows. Rates in bytes per ns, sizes in bytes.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Of the links, bytes per ns.
    pub capacities: Vec<f64>,
    /// Positions of links.
    pub routes: Vec<Vec<usize>>,
    /// (start, size, route), in order of start.
    pub flows: Vec<(u64, f64, u32)>,
}

fn size(law: &Dist, draws: &mut Draws) -> f64 {
    law.sample_from(draws).max(1.0).round()
}

/// One 10 Gbit/s link at load 0.9: Poisson arrivals of exponential sizes, mean 1 MB.
pub fn shared_link(flows: u64) -> List {
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
pub fn crowd(flows: u64) -> List {
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
pub fn fabric(flows: u64, third_gbps: f64) -> List {
    let groups = [(64, 0.25), (8, 1.25), (3, third_gbps / 8.0), (6, 3.125)];
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
pub fn wide(flows: u64, links: u64) -> List {
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

/// Replays a list: the completion instant of each flow, ns, and the most flows at once.
pub fn replay(list: &List) -> (Vec<u64>, usize) {
    let mut sharing = Sharing::new();
    let links: Vec<_> = list.capacities.iter().map(|c| sharing.add_resource(*c)).collect();
    sharing.reserve_classes(list.routes.len(), list.routes.iter().map(Vec::len).sum());
    let mut path = Vec::new();
    let classes: Vec<_> = list
        .routes
        .iter()
        .map(|route| {
            path.clear();
            path.extend(route.iter().map(|l| links[*l]));
            sharing.add_class(&path, 1.0, f64::INFINITY)
        })
        .collect();
    let mut done = vec![0; list.flows.len()];
    let mut flow_of: Vec<u32> = Vec::with_capacity(list.flows.len());
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
pub fn replay_slow(list: &List) -> Vec<u64> {
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

/// Replays a list on each twin by itself: the largest gap between the instants at which they end a
/// flow, ns.
pub fn apart(list: &List) -> f64 {
    let (fast, slow) = (replay(list).0, replay_slow(list));
    fast.iter().zip(&slow).map(|(a, b)| a.abs_diff(*b) as f64).fold(0.0, f64::max)
}
