//! Each test holds one law of the engine that was broken once: failures and what is measured of
//! them, then links, then what is counted.

use highwater::experiment::{Case, Options};
use highwater::measure::{Gap, Identity, Results};
use highwater::plan::{
    Background, Belief, Capacity, Change, Component, ComponentId, Delay, DelayId, Detector, Hop,
    LinkId, NameCache, Objective, OnFull, Plan, Policy, PoolId, Profile, Rehash, RouteId, Scope,
    SelectorId, Servers, StationId, What, Workload,
};
use highwater::random::Dist;
use highwater::units::{Rate, Span};

use crate::lab::{
    MS, at_once, black_hole, branch, fault, link, naming, plan, poisson, pool, repair, run,
    run_one, selector, settings, station, trace, watched, workload,
};

const SECOND: u64 = 1_000_000_000;

fn gap<'a>(results: &'a Results, fault: &str) -> &'a Gap {
    results.gaps.iter().find(|g| g.fault == fault).expect("the fault was noticed")
}

#[test]
fn mod_n_moves_all_but_one_nth_and_rendezvous_one_nth() {
    // 4,000 connections over 4 members, any of which fails: mod-N moves 1 - 1/4 of them (a key keeps
    // its place when key mod 4 = key mod 3), rendezvous the failed member's 1/4. Either count has a
    // standard deviation of sqrt(4,000 x 3/16) = 27; 150 are more than five.
    for (rehash, exact) in [(Rehash::ModN, 3_000_u64), (Rehash::Rendezvous, 1_000)] {
        for dead in 0..4 {
            let w = workload("w", at_once(4_000, 1_000_000_000), 0);
            let mut p = plan(settings(2, 0, 1), vec![Hop::Selector(SelectorId(0))], vec![w]);
            for i in 0..4 {
                p.components.push(Component::new(format!("c{i}")));
                p.links.push(link(&format!("c{i}"), Rate::from_gbps(8)));
            }
            let member = |i| branch(&format!("c{i}"), vec![Hop::Link(LinkId(i))], vec![i]);
            p.selectors.push(selector(Policy::Hash(rehash), (0..4).map(member).collect()));
            p.faults.push(fault("cut", 1, 2));
            p.changes.push(black_hole(Span::from_secs(1), 0, dead));
            let moved = run_one(&p, 0).selectors[0].moved;
            assert!(moved.abs_diff(exact) <= 150, "{rehash:?}, member {dead}: {moved} moved");
        }
    }
}

/// Clients that keep names for `ttl` seconds; the first of two branches fails at 50 s and is up
/// again at 60 s; with `again`, it fails once more from 200 s to the end.
fn failing_zone(ttl: u64, again: bool) -> Plan {
    let mut w = workload("w", poisson(100.0), 0);
    (w.clients, w.names) = (100, NameCache::Ttl { warm: true });
    w.timeouts.connect = Span::from_secs(1);
    let mut p = plan(settings(300, 0, 1), vec![Hop::Selector(SelectorId(0))], vec![w]);
    p.components.push(Component::new("zone.a"));
    let dead = branch("a", vec![Hop::Need(ComponentId(0))], vec![0]);
    p.selectors.push(selector(Policy::Random, vec![dead, branch("b", vec![], vec![])]));
    p.selectors[0].belief = watched(5.0, 1.0);
    p.selectors[0].naming = Some(naming(ttl));
    p.faults.push(fault("one", 50, 60));
    p.changes.push(black_hole(Span::from_secs(50), 0, 0));
    p.changes.push(repair(Span::from_secs(60), 0, 0));
    if again {
        p.faults.push(fault("two", 200, 300));
        p.changes.push(black_hole(Span::from_secs(200), 1, 0));
    }
    p
}

#[test]
fn gaps_end_with_the_repair() {
    // Names live for 1,000 s, so that clients choose the branch to the end; but it is dead from 50
    // to 60 s only, and noticed at 55 s: the cache gap is below 5 s, and close to it at 50 stale
    // choices a second. Tries that began before the repair fail within 1 s of it.
    let r = run_one(&failing_zone(1_000, false), 0);
    let one = gap(&r, "one");
    assert_eq!(one.detect.max(), Some(5 * SECOND));
    let cache = one.cache.max().unwrap();
    assert!((4 * SECOND..=5 * SECOND).contains(&cache), "{cache}");
    assert!(one.reconnect.max().is_none_or(|ns| ns <= SECOND), "{:?}", one.reconnect);
}

#[test]
fn a_later_fault_leaves_the_gap_of_an_earlier_one_alone() {
    // The same run with a second fault 140 s after the first one's repair.
    for ttl in [10, 1_000] {
        let (alone, both) =
            (run_one(&failing_zone(ttl, false), 0), run_one(&failing_zone(ttl, true), 0));
        assert_eq!(gap(&alone, "one"), gap(&both, "one"), "TTL {ttl} s");
        assert_eq!(gap(&both, "two").detect.max(), Some(5 * SECOND));
        assert!(gap(&both, "two").cache.max().unwrap() > SECOND, "TTL {ttl} s");
    }
}

#[test]
fn detection_of_a_branch_is_unmoved_by_faults_on_another() {
    // Detection is uniform on 2 to 3 s. With and without an earlier fault on branch b, the one on
    // branch a draws the same.
    let detect = |other: bool| {
        let w = workload("w", poisson(1.0), 0);
        let mut p = plan(settings(120, 0, 1), vec![Hop::Selector(SelectorId(0))], vec![w]);
        p.components = ["a", "b"].map(Component::new).into();
        let branches = vec![
            branch("a", vec![], vec![0]),
            branch("b", vec![], vec![1]),
            branch("c", vec![], vec![]),
        ];
        p.selectors.push(selector(Policy::Priority, branches));
        p.selectors[0].belief = Belief::Watched(Detector {
            label: "BFD 1 s x 3".into(),
            detect_down: Dist::Uniform { low: 2e9, high: 3e9 },
            detect_up: Dist::constant(0.0),
            propagate: Dist::constant(0.0),
        });
        p.faults = vec![fault("a", 50, 100), fault("b", 10, 20)];
        if other {
            p.changes.push(black_hole(Span::from_secs(10), 1, 1));
            p.changes.push(repair(Span::from_secs(20), 1, 1));
        }
        p.changes.push(black_hole(Span::from_secs(50), 0, 0));
        p.changes.push(repair(Span::from_secs(100), 0, 0));
        gap(&run_one(&p, 0), "a").detect.max().unwrap()
    };
    assert_eq!(detect(false), detect(true));
    assert!((2 * SECOND..=3 * SECOND).contains(&detect(true)));
}

#[test]
fn no_address_lives_in_the_shared_cache_for_the_negative_ttl() {
    // The only branch is down from 59 to 100 s. The shared cache keeps names for 20 s, but "no
    // address" for 1 s, clients for 1 s more: no errors after 102 s.
    let mut w = workload("w", poisson(100.0), 0);
    (w.clients, w.names) = (100, NameCache::Ttl { warm: false });
    let mut p = plan(settings(130, 0, 8), vec![Hop::Selector(SelectorId(0))], vec![w]);
    p.settings.window = Span::from_secs(1);
    p.components.push(Component::new("c"));
    p.selectors.push(selector(Policy::Random, vec![branch("a", vec![], vec![0])]));
    let mut names = naming(2);
    (names.shared_cache, names.negative_ttl) = (Some(Span::from_secs(20)), Span::from_secs(1));
    p.selectors[0].naming = Some(names);
    p.faults.push(fault("f", 59, 100));
    p.changes.push(black_hole(Span::from_secs(59), 0, 0));
    p.changes.push(repair(Span::from_secs(100), 0, 0));
    for r in run(&p) {
        let errors = |from: usize, to: usize| -> u64 {
            r.workloads[0].errors_by_window.values().flat_map(|e| &e[from..to]).sum()
        };
        assert!(errors(90, 100) > 0, "the cache noticed");
        assert_eq!(errors(102, 130), 0);
    }
}

#[test]
fn moving_to_a_branch_with_other_stations_resets() {
    // A request is in service on station A when A's branch is believed down at 2 s. Station B knows
    // nothing of it: the connection breaks then, and B sees nobody.
    let mut p = plan(
        settings(60, 0, 1),
        vec![Hop::Selector(SelectorId(0))],
        vec![workload("w", at_once(1, 0), 0)],
    );
    p.components.push(Component::new("a"));
    for name in ["a", "b"] {
        let mut s = station(Servers::Count(1), Dist::constant(10e9));
        s.name = name.into();
        p.stations.push(s);
    }
    p.stations[0].needs = vec![ComponentId(0)];
    let a = branch("a", vec![Hop::Station(StationId(0))], vec![0]);
    let b = branch("b", vec![Hop::Station(StationId(1))], vec![]);
    p.selectors.push(selector(Policy::Priority, vec![a, b]));
    p.selectors[0].belief = watched(1.0, 0.0);
    p.faults.push(fault("f", 1, 60));
    p.changes.push(black_hole(Span::from_secs(1), 0, 0));
    let r = run_one(&p, 0);
    let w = &r.workloads[0];
    assert_eq!((w.ok, w.errors["reset"], w.errors_total()), (0, 1, 1));
    assert_eq!(w.latency_all.max(), Some(2 * SECOND));
    assert_eq!((r.stations[1].name.as_str(), r.stations[1].arrived), ("b", 0));
}

#[test]
fn stalled_flows_are_bound_by_the_failure_for_the_stalled_time() {
    // A flow of 10 MB at 8 Mbit/s over a link that is down from 2.2 s to the given time. It is bound
    // by "down" just then, and otherwise by the link or its own cap of 4 Mbit/s.
    for (cap, limit) in [(None, "l backward"), (Some(Rate::from_mbps(4)), "own cap")] {
        for up_ms in [2_800, 9_500] {
            let mut w = workload("w", at_once(1, 10_000_000), 0);
            w.flow_cap = cap;
            let mut p = plan(settings(10, 0, 1), vec![Hop::Link(LinkId(0))], vec![w]);
            p.components.push(Component::new("c"));
            p.links.push(link("l", Rate::from_mbps(8)));
            p.links[0].needs = vec![ComponentId(0)];
            p.faults.push(fault("f", 2, 10));
            p.changes.push(black_hole(Span::from_millis(2_200), 0, 0));
            p.changes.push(repair(Span::from_millis(up_ms), 0, 0));
            let r = run_one(&p, 0);
            let mut seen: Vec<(&str, u64)> = r.workloads[0]
                .binding
                .iter()
                .map(|b| (b.limit.as_str(), b.flow_ns_by_window.iter().sum()))
                .filter(|b| b.1 > 0)
                .collect();
            seen.sort_unstable();
            let stalled = (up_ms - 2_200) * 1_000_000;
            assert_eq!(seen, [("down", stalled), (limit, 10 * SECOND - stalled)], "{up_ms} ms");
        }
    }
}

/// One link of 8 Mbit/s.
fn one_link(seconds: u64, w: Workload) -> Plan {
    let mut p = plan(settings(seconds, 0, 1), vec![Hop::Link(LinkId(0))], vec![w]);
    p.links.push(link("l", Rate::from_mbps(8)));
    p
}

/// From 8 to 80 Mbit/s in 100 s, by steps of 10 s.
fn elastic() -> Capacity {
    Capacity::Elastic {
        start: Rate::from_mbps(8),
        ceiling: Rate::from_mbps(80),
        trigger: 0.8,
        ramp: Span::from_secs(100),
        step: Span::from_secs(10),
    }
}

fn change(seconds: u64, what: What) -> Change {
    Change { at: Span::from_secs(seconds), after: None, fault: None, what }
}

#[test]
fn peak_rates_never_exceed_the_capacity() {
    // A flow takes all 8 Mbit/s for 5 s; a background of 6 Mbit/s follows from 10 s on. They are
    // never there together: the peak is 8, not 14 Mbit/s.
    let mut p = one_link(20, workload("w", at_once(1, 5_000_000), 0));
    p.settings.window = Span::from_secs(1);
    let points = [(0, 0.0), (9, 0.0), (10, 1.0), (19, 1.0)];
    p.backgrounds.push(Background {
        name: "b".into(),
        route: RouteId(0),
        forward: Rate::from_bps(0),
        backward: Rate::from_mbps(6),
        profile: Some(Profile {
            points: points.map(|(s, x)| (Span::from_secs(s), x)).into(),
            period: Span::from_secs(1_000),
        }),
    });
    let r = run_one(&p, 0);
    let peak =
        |direction: &str| r.links.iter().find(|l| l.direction == direction).unwrap().peak_bps;
    assert_eq!((peak("forward"), peak("backward")), (0, 8_000_000));
}

#[test]
fn an_override_gives_the_reached_capacity_back() {
    // Under full pressure the link grows by 7.2 Mbit/s at the end of each step of 10 s: 8, 15.2,
    // 22.4, 29.6, 36.8 Mbit/s. From 42 to 62 s it gives 4 Mbit/s and does not grow; then 36.8 again.
    // Megabytes in 10 s: 10, 19, 28, 37, (2 x 36.8 + 8 x 4) / 8 = 13.2, 5, (2 x 4 + 8 x 36.8) / 8 = 37.8.
    let mut p = one_link(70, workload("w", at_once(1, 10_000_000_000), 0));
    p.settings.window = Span::from_secs(10);
    p.links[0].capacity = elastic();
    let instead = |rate| What::Override { link: LinkId(0), rate };
    p.changes.push(change(42, instead(Some(Rate::from_mbps(4)))));
    p.changes.push(change(62, instead(None)));
    let r = run_one(&p, 0);
    let backward = r.links.iter().find(|l| l.direction == "backward").unwrap();
    let exact = [10_000_000, 19_000_000, 28_000_000, 37_000_000, 13_200_000, 5_000_000, 37_800_000];
    for seen in [&backward.capacity_by_window, &backward.bytes_by_window] {
        assert!(seen.iter().zip(exact).all(|(a, b)| a.abs_diff(b) <= 1), "{seen:?}");
    }
}

#[test]
fn a_fresh_elastic_law_ignores_earlier_use() {
    // The link is full for 100 s and idle from then on. The elastic law that comes at 101 s sees no
    // use: 8 Mbit/s = 10 MB in each window of 10 s to the end.
    let mut p = one_link(200, workload("w", at_once(1, 100_000_000), 0));
    p.settings.window = Span::from_secs(10);
    p.changes.push(change(101, What::SetLink { link: LinkId(0), capacity: elastic() }));
    for l in &run_one(&p, 0).links {
        assert!(l.capacity_by_window.iter().all(|b| b.abs_diff(10_000_000) <= 1), "{l:?}");
    }
}

#[test]
fn links_carry_just_what_is_delivered_of_tiny_transfers() {
    // Transfers that take less than a few ns, one a millisecond: rounding to whole ns must not add
    // to the link's bytes.
    for gbps in [10, 100, 200, 100_000] {
        for size in [100, 101, 1_000, 1_500] {
            let rows = (0..1_000).map(|i| (Span::from_millis(i), size));
            let mut p = one_link(2, workload("w", trace(rows), 0));
            p.links[0].capacity = Capacity::Fixed(Rate::from_gbps(gbps));
            let r = run_one(&p, 0);
            let carried: u64 = r.links.iter().flat_map(|l| &l.bytes_by_window).sum();
            let delivered: u64 = r.workloads[0].bytes_by_window.iter().sum();
            assert_eq!(
                (carried, delivered),
                (1_000 * size, 1_000 * size),
                "{gbps} Gbit/s, {size} B"
            );
        }
    }
}

#[test]
fn parts_of_bytes_are_kept_from_window_to_window() {
    // 250 B/s in windows of 1 ms, a quarter of a byte each: 500 B in 2 s.
    let mut p = one_link(2, workload("w", at_once(1, 1_000), 0));
    p.settings.window = Span::from_millis(1);
    p.links[0].capacity = Capacity::Fixed(Rate::from_bps(2_000));
    let r = run_one(&p, 0);
    assert_eq!(r.links.iter().flat_map(|l| &l.bytes_by_window).sum::<u64>(), 500);
    assert_eq!(r.workloads[0].bytes_by_window.iter().sum::<u64>(), 500);
}

#[test]
fn overdue_requests_count_as_failed() {
    // 100 requests a second for 60 s, the way dead from 10 s on, timeouts of 60 s: 1,000 end ok in
    // 8 us each, the other 5,000 still wait at the horizon, all for longer than that.
    let rows = (0..6_000).map(|i| (Span::from_millis(i * 10 + 5), 1_000));
    let mut w = workload("w", trace(rows), 0);
    w.timeouts.request = Span::from_secs(60);
    w.timeouts.connect = Span::from_secs(60);
    w.objectives = vec![Objective::Availability { share: 0.999 }];
    let hops = vec![Hop::Need(ComponentId(0)), Hop::Link(LinkId(0))];
    let mut p = plan(settings(60, 0, 1), hops, vec![w]);
    p.components.push(Component::new("c"));
    p.links.push(link("l", Rate::from_gbps(1)));
    p.faults.push(fault("f", 10, 60));
    p.changes.push(black_hole(Span::from_secs(10), 0, 0));
    let mut r = run_one(&p, 0);
    r.judge(&p);
    let w = &r.workloads[0];
    assert_eq!((w.offered, w.ok, w.unfinished, w.overdue), (6_000, 1_000, 5_000, 5_000));
    assert_eq!(w.availability(), Some(1_000.0 / 6_000.0));
    assert!(!w.objectives[0].met);
}

#[test]
fn latencies_of_hours_are_told_within_a_thousandth() {
    // 100 requests at once on one server of 6 min each: the m-th takes m x 6 min. Median 5 h, 99th
    // percentile 9.9 h.
    let w = workload("w", at_once(100, 0), 0);
    let mut p = plan(settings(11 * 3_600, 0, 1), vec![Hop::Station(StationId(0))], vec![w]);
    p.stations.push(station(Servers::Count(1), Dist::constant(360e9)));
    let r = run_one(&p, 0);
    for (quantile, hours) in [(0.5, 5.0), (0.99, 9.9)] {
        let seen = r.workloads[0].latency_ok.quantile(quantile).unwrap() as f64 / 3.6e12;
        assert!((hours..=hours * 1.001).contains(&seen), "{seen} h for {hours} h");
    }
}

#[test]
fn a_repeat_is_a_duplicate_if_the_try_before_may_have_been_served() {
    // Two requests at 0 s for one server of 5 s. With room for one that waits and no patience, both time
    // out after 1 s wherever they are, each time of three: what was sent may be served. With patience and
    // no room, the second is turned away at 0, 1 and 2 s: nobody served it before.
    for (queue, patience, seen) in [(9, 1, (0, 4, 4)), (0, 100, (1, 2, 0))] {
        let requests = at_once(2, 0);
        let mut p = plan(
            settings(60, 0, 1),
            vec![Hop::Station(StationId(0))],
            vec![workload("w", requests, 0)],
        );
        p.stations.push(station(Servers::Count(1), Dist::constant(5_000.0 * MS)));
        p.stations[0].queue = Some(queue);
        let w = &mut p.workloads[0];
        w.idempotent = false;
        w.timeouts.request = Span::from_secs(patience);
        w.retries.attempts = 3;
        (w.retries.backoff, w.retries.backoff_cap) = (Span::from_secs(1), Span::from_secs(1));
        let w = &run_one(&p, 0).workloads[0];
        assert_eq!((w.ok, w.retries, w.duplicates), seen, "{queue}");
    }
}

#[test]
fn waits_exclude_the_warmup() {
    // 1,000 requests at once, 10 ms each: all waited by 10 s. The one request after the warm-up of
    // 50 s finds nobody. A pool counts waits only, so that it has none.
    let rows = (0..1_000).map(|_| (Span::ZERO, 0)).chain([(Span::from_secs(60), 0)]);
    let arrivals = trace(rows);
    let mut p = plan(
        settings(100, 50, 1),
        vec![Hop::Station(StationId(0))],
        vec![workload("w", arrivals, 0)],
    );
    p.stations.push(station(Servers::Count(1), Dist::constant(10.0 * MS)));
    let r = run_one(&p, 0);
    assert_eq!(r.workloads[0].offered, 1);
    assert_eq!((r.stations[0].waits.count(), r.stations[0].waits.max()), (1, Some(0)));

    p.routes[0].hops = vec![Hop::Pool(PoolId(0)), Hop::Station(StationId(0))];
    p.pools.push(pool(1, OnFull::Wait { queue: None, timeout: None }));
    let r = run_one(&p, 0);
    assert_eq!((r.pools[0].asked, r.pools[0].waits.count()), (1_001, 0));
}

#[test]
fn integrals_of_huge_pools_do_not_overflow() {
    // 5 million units for windows of 15 min, 5 replications: 5e6 x 9e8 us x 5 = 2.25e16 unit x us
    // (2.25e19 unit x ns are more than 2^64). 2^64 - 1 units say the most there is.
    let w = workload("w", poisson(1.0), 0);
    let mut p = plan(settings(3_600, 0, 5), vec![Hop::Pool(PoolId(0))], vec![w]);
    p.settings.window = Span::from_secs(900);
    p.pools.push(pool(5_000_000, OnFull::Refuse));
    p.pools[0].scope = Scope::Connection;
    let case = Case { plan: p.clone(), identity: Identity::default() };
    let options = Options { threads: 1, on_window: &|| (), listen: None };
    let r = highwater::experiment::run(case, &options).expect("the plan is valid");
    assert_eq!(r.pools[0].size_us_by_window, [22_500_000_000_000_000; 4]);

    p.pools[0].units = u64::MAX;
    assert_eq!(run_one(&p, 0).pools[0].size_us_by_window, [u64::MAX; 4]);
}

#[test]
fn absurd_delays_do_not_overflow() {
    // A Pareto delay of shape 0.1 from 1 ms: half of the draws are above 1 s (2^10 ms), and
    // P(X > 2^63 ns) = (1e6 / 9.2e18)^0.1 = 5 %. A second delay and handshakes come on top.
    let mut w = workload("w", poisson(100.0), 0);
    w.connections.handshake_rtts = 3;
    let hops = vec![Hop::Delay(DelayId(0)), Hop::Delay(DelayId(1))];
    let mut p = plan(settings(10, 0, 1), hops, vec![w]);
    let delay = |name: &str, law| Delay { name: name.into(), law, local: None };
    p.delays.push(delay("absurd", Dist::Pareto { scale: 1e6, shape: 0.1 }));
    p.delays.push(delay("constant", Dist::constant(1e6)));
    let r = run_one(&p, 0);
    let w = &r.workloads[0];
    assert_eq!(w.offered, w.ok + w.errors_total() + w.unfinished);
    assert!(w.unfinished > 0);
}
