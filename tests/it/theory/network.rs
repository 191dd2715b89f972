//! Closed forms of links, delays and names.

use std::sync::Arc;

use highwater::plan::{
    Arrivals, Background, Component, Delay, DelayId, Hop, LinkId, NameCache, Plan, Policy, Route,
    RouteId, SelectorId, Servers, StationId, TraceRow,
};
use highwater::random::Dist;
use highwater::units::{Rate, Span};

use crate::lab::{
    MS, assert_covers, at_once, black_hole, branch, fault, link, naming, plan, poisson, run,
    run_one, selector, settings, station, workload,
};

#[test]
fn weights_share_four_to_one() {
    // 8 Mbit/s = 1 MB/s, two flows of 10 MB with weights 4 and 1: the first has 0.8 MB/s and ends
    // at 12.5 s; the second has 2.5 MB by then, the rest alone: 12.5 + 7.5 = 20 s.
    let mut heavy = workload("heavy", at_once(1, 10_000_000), 0);
    heavy.weight = 4.0;
    let light = workload("light", at_once(1, 10_000_000), 0);
    let mut p = plan(settings(30, 0, 1), vec![Hop::Link(LinkId(0))], vec![heavy, light]);
    p.links.push(link("l", Rate::from_mbps(8)));
    let r = run_one(&p, 0);
    for (w, exact) in r.workloads.iter().zip([12_500_000_000_u64, 20_000_000_000]) {
        assert!(w.latency_ok.max().unwrap().abs_diff(exact) <= 1, "{}: {:?}", w.name, w.latency_ok);
    }
}

#[test]
fn background_takes_its_share_and_loses_the_rest() {
    // Links of 10 and 5 Mbit/s in a row, background of 8 Mbit/s forward and 6 back for 10 s.
    // Forward: 8 cross the first link, 5 fit on the second, 3 x 10 s = 3.75 MB are lost there.
    // Back: 5 fit on the second link and go on over the first, 1 x 10 s = 1.25 MB are lost.
    // A flow of 1 MB forward over the first link has 10 - 8 = 2 Mbit/s: 4 s.
    let row = TraceRow { at: Span::ZERO, request: 1_000_000, response: 0 };
    let w = workload("w", Arrivals::Trace { rows: Arc::new(vec![row]) }, 0);
    let mut p = plan(settings(10, 0, 1), vec![Hop::Link(LinkId(0))], vec![w]);
    p.routes.push(Route {
        name: "both".into(),
        hops: vec![Hop::Link(LinkId(0)), Hop::Link(LinkId(1))],
    });
    p.links.push(link("first", Rate::from_mbps(10)));
    p.links.push(link("second", Rate::from_mbps(5)));
    p.backgrounds.push(Background {
        name: "b".into(),
        route: RouteId(1),
        forward: Rate::from_mbps(8),
        backward: Rate::from_mbps(6),
        profile: None,
    });
    let r = run_one(&p, 0);
    assert!(r.workloads[0].latency_ok.max().unwrap().abs_diff(4_000_000_000) <= 1);
    let seen: Vec<_> = r
        .links
        .iter()
        .map(|l| {
            let sum = |bytes: &[u64]| bytes.iter().sum::<u64>();
            let (name, direction) = (l.name.as_str(), l.direction.as_str());
            (name, direction, sum(&l.bytes_by_window), sum(&l.lost_by_window))
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("first", "forward", 11_000_000, 0),
            ("first", "backward", 6_250_000, 0),
            ("second", "forward", 6_250_000, 3_750_000),
            ("second", "backward", 6_250_000, 1_250_000),
        ]
    );
}

#[test]
fn handshakes_cost_whole_round_trips() {
    // 25 ms each way and 5 ms of service: 55 ms on an open connection, 50 ms more per round trip of
    // TCP and TLS: TCP 1, with TLS 1.3 2, with TLS 1.2 3.
    for (handshake_rtts, exact_ms) in [(3, 205), (2, 155), (1, 105), (0, 55)] {
        let mut w = workload("w", at_once(1, 0), 0);
        w.connections.handshake_rtts = handshake_rtts;
        let hops = vec![Hop::Delay(DelayId(0)), Hop::Station(StationId(0))];
        let mut p = plan(settings(1, 0, 1), hops, vec![w]);
        p.delays.push(Delay { name: "d".into(), law: Dist::constant(25.0 * MS), local: None });
        p.stations.push(station(Servers::Unlimited, Dist::constant(5.0 * MS)));
        let r = run_one(&p, 0);
        assert_eq!(r.workloads[0].latency_ok.max(), Some(exact_ms * 1_000_000));
        let phases = r.workloads[0].phases.values();
        assert_eq!(phases.filter_map(|h| h.max()).sum::<u64>(), exact_ms * 1_000_000);
    }
}

/// Two branches behind a name of 60 s; the first is dead from `dead` on, which the record knows at
/// once.
fn two_zones(names: NameCache, per_second: f64, clients: u32, dead: u64, runs: u32) -> Plan {
    let mut w = workload("w", poisson(per_second), 0);
    (w.clients, w.names) = (clients, names);
    let horizon = dead + 140;
    let mut p = plan(settings(horizon, 0, runs), vec![Hop::Selector(SelectorId(0))], vec![w]);
    p.settings.window = Span::from_secs(10);
    p.components.push(Component { name: "zone.a".into() });
    let branches = vec![branch("a", vec![], vec![0]), branch("b", vec![], vec![])];
    p.selectors.push(selector(Policy::Random, branches));
    p.selectors[0].naming = Some(naming(60));
    p.faults.push(fault("zone a", dead, horizon));
    p.changes.push(black_hole(Span::from_secs(dead), 0, 0));
    p
}

/// Asserts the share of the dead branch in windows of 10 s, counted from the failure.
fn assert_dead_shares(p: &Plan, width: f64, shares: &[(usize, f64)]) {
    let first = usize::try_from(p.changes[0].at.nanos() / 10_000_000_000).unwrap();
    let runs = run(p);
    for &(window, share) in shares {
        assert_covers(&format!("window {window}"), &runs, share, width, |r| {
            let chosen = &r.selectors[0].chosen_by_window;
            let [dead, alive] = [0, 1].map(|branch: usize| chosen[branch][first + window] as f64);
            dead / (dead + alive)
        });
    }
}

#[test]
fn dns_on_demand_caches_hold_the_dead_zone_less() {
    // Each client asks 1/60 times a second: a name is cached for the share
    // lambda TTL / (1 + lambda TTL) = 1/2 of the requests, its age uniform. 600 s forget the cold
    // start. Share on the dead zone (1/2)(1/2)(1 - t/60): means over 10 s are half of 11/24, ...
    let p = two_zones(NameCache::Ttl { warm: false }, 4_000.0 / 60.0, 4_000, 600, 20);
    assert_dead_shares(&p, 0.3, &[(0, 11.0 / 48.0), (2, 7.0 / 48.0), (4, 3.0 / 48.0)]);
}

#[test]
fn dns_two_layers_hold_the_dead_zone_for_two_lives() {
    // A shared cache of 60 s before clients' caches of 60 s, both with uniform phase: x lives after
    // the failure the share is (1/2)(1 - x^2/2) for x < 1, then (1/2)(2 - x)^2/2, and 0 from 2 on.
    // Its integral from 0 is (x - x^3/6)/2, then (1 - (2 - x)^3/6)/2.
    let integral = |x: f64| {
        if x < 1.0 { x - x * x * x / 6.0 } else { 1.0 - (2.0 - x) * (2.0 - x) * (2.0 - x) / 6.0 }
    };
    let share = |window: usize| {
        let x = window as f64 / 6.0;
        (integral(x + 1.0 / 6.0) - integral(x)) / 2.0 * 6.0
    };
    let mut p = two_zones(NameCache::Prefetch, 30.0, 300, 10, 300);
    p.selectors[0].naming.as_mut().unwrap().shared_cache = Some(Span::from_secs(60));
    assert_dead_shares(&p, 0.4, &[0, 3, 6, 9].map(|window| (window, share(window))));
    let r = run_one(&p, 0);
    assert_eq!(r.selectors[0].chosen_by_window[0][13..].iter().sum::<u64>(), 0, "two lives");
}
