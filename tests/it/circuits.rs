//! Circuits against closed forms: how hashes spread and move connections, how long cuts go unnoticed,
//! and what carries on behind them. Intervals are such that chance leaves one once in 10,000 times.

use std::path::Path;

use highwater::measure::Results;
use highwater::plan::{Component, Hop, LinkId, Plan, Policy, Rehash, SelectorId};
use highwater::scenario::{Source, load_text};
use highwater::units::{Rate, Span};

use crate::lab::{
    at_once, black_hole, branch, fault, link, plan, run, run_one, selector, settings, workload,
};

const SECOND: u64 = 1_000_000_000;
/// Standard deviations that chance exceeds once in 10,000 times.
const FAR: f64 = 3.9;

fn loaded(text: &str) -> Plan {
    let source = Source { path: "t.toml".into(), text: text.into() };
    load_text(source, Path::new("."), &[]).unwrap_or_else(|e| panic!("{e}")).plan
}

/// `n` connections at once over `k` circuits, over all replications the greatest count of each.
fn greatest(n: usize, k: u32, rehash: Rehash, replications: u32) -> Vec<usize> {
    let w = workload("w", at_once(n, 0), 0);
    let mut p = plan(settings(1, 0, replications), vec![Hop::Selector(SelectorId(0))], vec![w]);
    let member = |i: u32| branch(&format!("c{i}"), vec![], vec![]);
    p.selectors.push(selector(Policy::Hash(rehash), (0..k).map(member).collect()));
    let most = |r: &Results| {
        let counts = r.selectors[0].chosen_by_window.iter().map(|w| w.iter().sum::<u64>());
        usize::try_from(counts.max().unwrap()).unwrap()
    };
    run(&p).iter().map(most).collect()
}

/// P(greatest <= m) of n balls in k boxes: n!/k^n times the coefficient of x^n in
/// (sum over j <= m of x^j/j!)^k.
fn at_most(m: usize, n: usize, k: u32) -> f64 {
    let mut inverse = vec![1.0];
    for j in 1..=n {
        inverse.push(inverse[j - 1] / j as f64);
    }
    let mut ways = vec![0.0; n + 1];
    ways[0] = 1.0;
    for _ in 0..k {
        let before = ways.clone();
        for (total, way) in ways.iter_mut().enumerate() {
            *way = (0..=m.min(total)).map(|j| before[total - j] * inverse[j]).sum();
        }
    }
    (1..=n).fold(ways[n], |p, i| p * i as f64 / f64::from(k))
}

#[test]
fn the_fullest_circuit_follows_the_multinomial() {
    // By hand: 2 flows on 2 circuits, apart half of the time; 3 on 3, all apart 3!/27.
    assert!((at_most(1, 2, 2) - 0.5).abs() < 1e-12);
    assert!((at_most(1, 3, 3) - 6.0 / 27.0).abs() < 1e-12);
    let runs = 1_000;
    for (n, k) in [(12, 2), (20, 4), (64, 4)] {
        for rehash in [Rehash::ModN, Rehash::Rendezvous] {
            let seen = greatest(n, k, rehash, runs);
            let even = n as f64 / f64::from(k);
            for quantile in [0.5, 0.9, 0.99] {
                // The least count that the law puts at or above the quantile, and the one before it:
                // shares of runs at or below them are binomial.
                let m = (0..=n).find(|m| at_most(*m, n, k) >= quantile).unwrap();
                for m in [m - 1, m] {
                    let exact = at_most(m, n, k);
                    let share = seen.iter().filter(|x| **x <= m).count() as f64 / f64::from(runs);
                    // Two of a thousand runs more, where the normal law is no good.
                    let room = FAR * (exact * (1.0 - exact) / f64::from(runs)).sqrt() + 0.002;
                    let load = m as f64 / even;
                    assert!(
                        (share - exact).abs() <= room,
                        "{n} over {k}, {rehash:?}: max/mean at most {load}: {share} of {exact}"
                    );
                }
            }
        }
    }
}

#[test]
fn one_of_k_fails_and_flows_move() {
    // mod N: a key keeps its place when key mod k = key mod (k - 1): of the k(k - 1) remainders, k - 1
    // do if the last one fails, and as many if another does, whose followers count one less.
    // Rendezvous: those of the failed one.
    let n = 4_000_usize;
    for k in [2_u32, 3, 8] {
        for rehash in [Rehash::ModN, Rehash::Rendezvous] {
            let exact = match rehash {
                Rehash::ModN => 1.0 - 1.0 / f64::from(k),
                Rehash::Rendezvous => 1.0 / f64::from(k),
            };
            let w = workload("w", at_once(n, 1_000_000_000), 0);
            let mut p = plan(settings(2, 0, 1), vec![Hop::Selector(SelectorId(0))], vec![w]);
            for i in 0..k {
                p.components.push(Component::new(format!("c{i}")));
                p.links.push(link(&format!("c{i}"), Rate::from_gbps(8)));
            }
            let member = |i| branch(&format!("c{i}"), vec![Hop::Link(LinkId(i))], vec![i]);
            p.selectors.push(selector(Policy::Hash(rehash), (0..k).map(member).collect()));
            p.faults.push(fault("cut", 1, 2));
            p.changes.push(black_hole(Span::from_secs(1), 0, k - 1));
            let moved = run_one(&p, 0).selectors[0].moved as f64 / n as f64;
            let room = FAR * (exact * (1.0 - exact) / n as f64).sqrt();
            assert!((moved - exact).abs() <= room, "{rehash:?}, one of {k}: {moved} of {exact}");
        }
    }
}

/// Two circuits, of which one is cut at 10 s.
fn cut(group: &str) -> String {
    format!(
        "version = 1\n[run]\nlength = \"220 s\"\nwindow = \"10 s\"\nreplications = 200\n\
         [access_point.e]\n[access_point.w]\n\
         [circuit.c1]\nport = \"1 Gbps\"\naccess_point = \"e\"\n[vbr.v1]\ncircuit = \"c1\"\n\
         [circuit.c2]\nport = \"1 Gbps\"\naccess_point = \"w\"\n[vbr.v2]\ncircuit = \"c2\"\n\
         [circuit_group.g]\nmembers = [\"vbr.v1\", \"vbr.v2\"]\nmode = \"ecmp\"\n\
         detect_up = \"1 s\"\n{group}\n\
         [backend.b]\nbandwidth = \"10 Gbps\"\nservers = \"unlimited\"\nservice = \"1 ms\"\n\
         [fault.cut]\ncircuit_cut = \"circuit.c1\"\nat = \"10 s\"\nlength = \"209 s\"\n\
         manner = \"black_hole\"\n\
         [workload.w]\npath = [\"circuit_group.g\", \"backend.b\"]\nrequest = \"1 kB\"\n\
         response = \"1 kB\"\narrivals = {{ poisson = {{ rate = \"1/s\" }} }}\n"
    )
}

#[test]
fn black_holes_last_as_long_as_detection_of_a_uniform_phase() {
    // (keys, earliest, latest in s): the last packet before the cut has any age up to an interval. The
    // window is uniform; a failover group switches within a second. Convergence adds what it is given.
    let cases = [
        (
            "detection = { bfd = { interval = \"1 s\", multiplier = 3 } }\nconverge = \"0 s\"",
            2.0,
            3.0,
        ),
        (
            "detection = { bfd = { interval = \"200 ms\", multiplier = 3 } }\nconverge = \"0 s\"",
            0.4,
            0.6,
        ),
        (
            "detection = { probe = { interval = \"2 s\", lost = 8 } }\nconverge = \"1 s\"",
            15.0,
            17.0,
        ),
        (
            "detection = { bgp = { hold = \"180 s\", keepalive = \"60 s\" } }\nconverge = \"0 s\"",
            120.0,
            180.0,
        ),
        ("detection = { bfd = {} }\nfailover_group = true", 0.2, 1.0),
    ];
    for (keys, low, high) in cases {
        let window = |r: &Results| {
            let gap = r.gaps.iter().find(|g| g.fault == "cut").expect("noticed");
            (gap.detect.max().unwrap() + gap.propagate.max().unwrap()) as f64 / SECOND as f64
        };
        let seen: Vec<f64> = run(&loaded(&cut(keys))).iter().map(window).collect();
        let n = seen.len() as f64;
        let room = (high - low) * 0.002;
        assert!(seen.iter().all(|x| (low - room..=high + room).contains(x)), "{keys}: {seen:?}");
        // The mean of n uniforms; the distance from the law (Kolmogorov) is below 2.23 / sqrt(n) but
        // once in 10,000 times.
        let (mean, middle) = (seen.iter().sum::<f64>() / n, f64::midpoint(low, high));
        let off = FAR * (high - low) / (12.0 * n).sqrt();
        assert!((mean - middle).abs() <= off, "{keys}: {mean} of {middle}");
        let mut sorted = seen;
        sorted.sort_by(f64::total_cmp);
        for (i, x) in sorted.iter().enumerate() {
            let apart = ((i as f64 + 0.5) / n - (x - low) / (high - low)).abs();
            assert!(apart <= 2.23 / n.sqrt() + 0.5 / n + 0.002, "{keys}: {apart} at {x}");
        }
    }
}

/// Four circuits to two access points, each with a device and border router of its own, and a VPN.
fn chain(group: &str, fault: &str) -> String {
    let mut text = "version = 1\n[run]\nlength = \"60 s\"\nwindow = \"1 s\"\nreplications = 1\n\
         [access_point.e]\n[access_point.w]\n[component.isp]\n[component.duct]\n[site.hq]\n\
         bandwidth = \"10 Gbps\"\n[vpn.spare]\nloss = \"0 %\"\n[transit_router.tr]\n\
         [express_connect_router.hub]\ntransit_router = \"tr\"\nmode = \"nearest\"\n\
         [backend.b]\nbandwidth = \"10 Gbps\"\nservers = \"unlimited\"\nservice = \"1 ms\"\n"
        .to_owned();
    for (i, point, extra) in [
        (1, "e", "isp = \"component.isp\"\none_way = \"2 ms\""),
        (2, "e", "duct = \"duct\"\none_way = \"2 ms\""),
        (3, "w", "duct = \"duct\"\none_way = \"5 ms\""),
        (4, "w", "isp = \"component.isp\"\none_way = \"6 ms\""),
    ] {
        text += &format!(
            "[component.gate{i}]\n[circuit.c{i}]\nport = \"1 Gbps\"\naccess_point = \"{point}\"\n\
             cpe = \"gate{i}\"\n{extra}\n\
             [vbr.v{i}]\ncircuit = \"c{i}\"\nuplink = \"express_connect_router.hub\"\n"
        );
    }
    text + &format!(
        "[circuit_group.g]\nmembers = [\"vbr.v1\", \"vbr.v2\", \"vbr.v3\", \"vbr.v4\"]\n\
         standby = [\"vpn.spare\"]\ndetection = {{ bfd = {{}} }}\n{group}\n\
         [workload.w]\npath = [\"site.hq\", \"circuit_group.g\", \"express_connect_router.hub\", \
         \"transit_router.tr\", \"backend.b\"]\nclients = 50\nrequest = \"1 kB\"\n\
         response = \"1 kB\"\narrivals = {{ poisson = {{ rate = \"400/s\" }} }}\n\
         connections = {{ reuse = false }}\ntimeouts = {{ connect = \"1 s\", request = \"2 s\" }}\n\
         retries = {{ attempts = 1 }}\n{fault}\n"
    )
}

/// Tries by member from second 30 on, where a fault of second 10 is long noticed, and the share of all
/// requests from then on that failed.
fn later(text: &str) -> (Vec<u64>, f64) {
    let r = run_one(&loaded(text), 0);
    let it = r.selectors.iter().find(|s| s.name == "circuit_group.g").expect("the group");
    let counts = it.chosen_by_window.iter().map(|w| w.iter().skip(30).sum()).collect();
    let stale: u64 = it.stale_by_window.iter().map(|w| w.iter().skip(30).sum::<u64>()).sum();
    let all: u64 = it.chosen_by_window.iter().flat_map(|w| w.iter().skip(30)).sum();
    (counts, stale as f64 / all as f64)
}

fn down(what: &str) -> String {
    format!(
        "[fault.{}]\ncomponent_down = \"{what}\"\nat = \"10 s\"\nlength = \"49 s\"\n\
         manner = \"black_hole\"\n",
        what.replace('.', "-")
    )
}

#[test]
fn each_element_of_the_chain_fails_by_itself() {
    // Which members carry once the loss is known; 12,000 tries spread evenly over them, within far
    // deviations.
    let cases: [(&str, &[usize]); 7] = [
        ("component.gate2", &[0, 2, 3]),
        ("circuit.c1", &[1, 2, 3]),
        ("vbr.v3", &[0, 1, 3]),
        ("access_point.e", &[2, 3]),
        ("component.isp", &[1, 2]),
        ("component.duct", &[0, 3]),
        ("vpn.spare", &[0, 1, 2, 3]),
    ];
    for (what, carry) in cases {
        let (counts, stale) = later(&chain("mode = \"ecmp\"", &down(what)));
        let all: u64 = counts.iter().sum();
        let share = 1.0 / carry.len() as f64;
        let room = FAR * (all as f64 * share * (1.0 - share)).sqrt();
        for (i, n) in counts.iter().enumerate() {
            let exact = if carry.contains(&i) { all as f64 * share } else { 0.0 };
            assert!(
                (*n as f64 - exact).abs() <= room * f64::from(u8::from(exact > 0.0)),
                "{what}: {counts:?}"
            );
        }
        assert!(stale == 0.0, "{what}: {stale}");
    }
    // What all circuits share: nothing is carried after it.
    for what in ["express_connect_router.hub", "transit_router.tr", "site.hq"] {
        let r = run_one(&loaded(&chain("mode = \"ecmp\"", &down(what))), 0);
        let served: u64 = r.workloads[0].bytes_by_window.iter().skip(12).take(40).sum();
        assert_eq!(served, 0, "{what}");
    }
}

#[test]
fn the_nearest_access_point_first_then_the_other() {
    // The router's mode. 2 ms at e, 5 and 6 ms at w: ECMP at e; at w when both circuits of e are lost.
    let split = |text: &str| later(text).0;
    let counts = split(&chain("", ""));
    let all: u64 = counts.iter().sum();
    let room = FAR * (all as f64 / 4.0).sqrt();
    assert_eq!((counts[2], counts[3], counts[4]), (0, 0, 0));
    assert!((counts[0] as f64 - all as f64 / 2.0).abs() <= room, "{counts:?}");
    let one = split(&chain("", &down("circuit.c2")));
    assert_eq!(one.iter().filter(|n| **n > 0).count(), 1, "{one:?}");
    let away = split(&chain("", &down("access_point.e")));
    assert_eq!((away[0], away[1], away[4]), (0, 0, 0));
    assert!(away[2] > 0 && away[3] > 0, "{away:?}");
    // A group's own mode goes first.
    let own = split(&chain("mode = \"active_standby\"", ""));
    assert_eq!(own.iter().filter(|n| **n > 0).count(), 1, "{own:?}");
}

#[test]
fn weights_are_shares_of_the_flows() {
    let counts = later(&chain("mode = { weighted = [4, 3, 2, 1] }", "")).0;
    let all = counts.iter().sum::<u64>() as f64;
    for (n, share) in counts.iter().zip([0.4, 0.3, 0.2, 0.1]) {
        let room = FAR * (all * share * (1.0 - share)).sqrt();
        assert!((*n as f64 - all * share).abs() <= room, "{counts:?}");
    }
    assert_eq!(counts[4], 0);
}

#[test]
fn the_vpn_takes_what_is_left_when_every_circuit_is_lost() {
    let lost = format!("{}{}", down("access_point.e"), down("access_point.w"));
    for mode in ["\"ecmp\"", "\"active_standby\"", "{ weighted = [1, 1, 1, 1] }", "\"nearest\""] {
        let (counts, stale) = later(&chain(&format!("mode = {mode}"), &lost));
        assert_eq!(counts[..4], [0, 0, 0, 0], "{mode}");
        assert!(counts[4] > 10_000 && stale == 0.0, "{mode}: {counts:?}");
    }
    // The circuits come back at 30 s, noticed within 30 s and a second: the VPN carries no more.
    let back = lost.replace("49 s", "5 s");
    let counts = later(&chain("mode = \"ecmp\"\ndetect_up = \"1 s\"", &back)).0;
    assert_eq!(counts[4], 0, "{counts:?}");
}

#[test]
fn the_vpn_carries_its_cap_and_no_more() {
    // 300 requests a second of 1 MB are 2.4 Gbps: four circuits carry them, a VPN 1 Gbps of them. Bytes
    // count when their request ends: 3 % of room.
    let lost = format!("{}{}", down("access_point.e"), down("access_point.w"));
    let big = |fault: &str| {
        let text =
            chain("mode = \"ecmp\"", fault).replace("response = \"1 kB\"", "response = \"1 MB\"");
        let text = text.replace("request = \"2 s\"", "request = \"60 s\"");
        let r = run_one(&loaded(&text.replace("rate = \"400/s\"", "rate = \"300/s\"")), 0);
        let served: u64 = r.workloads[0].bytes_by_window.iter().skip(30).take(20).sum();
        served as f64 * 8.0 / 20e9
    };
    let (whole, spare) = (big(""), big(&lost));
    assert!((2.2..2.6).contains(&whole), "{whole} Gbps");
    assert!((0.97..=1.03).contains(&spare), "{spare} Gbps");
}

#[test]
fn others_on_a_shared_line_take_their_part() {
    // 1.6 Gbps are wanted of a port of 1 Gbps, of which others leave 300 Mbps. Bytes count when their
    // request ends: 3 % of room.
    let rate = |shared: &str| {
        let text = format!(
            "version = 1\n[run]\nlength = \"60 s\"\nwindow = \"1 s\"\n[access_point.e]\n\
             [circuit.c]\nport = \"1 Gbps\"\naccess_point = \"e\"\n{shared}\n\
             [backend.b]\nbandwidth = \"10 Gbps\"\nservers = \"unlimited\"\nservice = \"1 ms\"\n\
             [workload.w]\npath = [\"circuit.c\", \"backend.b\"]\nrequest = \"1 kB\"\n\
             response = \"1 MB\"\narrivals = {{ poisson = {{ rate = \"200/s\" }} }}\n\
             timeouts = {{ connect = \"60 s\", request = \"60 s\" }}\n"
        );
        let r = run_one(&loaded(&text), 0);
        r.workloads[0].bytes_by_window.iter().skip(20).take(30).sum::<u64>() as f64 * 8.0 / 30e6
    };
    let alone = rate("");
    let shared = rate("shared = { left = \"300 Mbps\", every = \"1 s\" }");
    assert!((970.0..=1_030.0).contains(&alone), "{alone} Mbps");
    assert!((291.0..=309.0).contains(&shared), "{shared} Mbps");
}

#[test]
fn alerts_watch_the_hubs() {
    // 600 Mbps of 1 Gbps: info is reached, warn is not.
    for hub in ["express_connect_router.hub", "transit_router.tr"] {
        let (kind, name) = hub.split_once('.').expect("kind.name");
        let text = chain("mode = \"ecmp\"", "")
            .replace(&format!("[{hub}]"), &format!("[{kind}.{name}]\nbandwidth = \"1 Gbps\""))
            .replace("length = \"60 s\"", "length = \"5 min\"");
        let text = format!(
            "{text}[background.b]\npath = [\"{hub}\"]\nforward = \"600 Mbps\"\n\
             [alert.a]\nof = \"{hub}\"\n"
        );
        let r = run_one(&loaded(&text), 0);
        let raised: Vec<u64> = r.alerts[0].levels.iter().map(|l| l.raised).collect();
        assert_eq!(raised, [1, 0, 0], "{hub}");
    }
}
