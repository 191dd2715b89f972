//! Closed forms of links, delays and names.

use std::sync::Arc;

use highwater::plan::{
    Arrivals, Background, Delay, DelayId, Hop, LinkId, Route, RouteId, Servers, SlowStart,
    StationId, TraceRow, Transport, Workload,
};
use highwater::random::Dist;
use highwater::units::{Bytes, Rate, Span};

use crate::lab::{MS, at_once, link, plan, run_one, settings, station, workload};

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
fn what_holds_a_flow_back_needs_no_link() {
    // 1 MB over 10 ms each way and no link: 20 ms for the crossings of request and response. At most
    // 1 MB/s: 1 s more. At most 10 kB per round trip, 100 of them: 2 s more, and a cap of 10 GB/s is
    // no matter then.
    let took = |flow_cap: Option<Rate>, window: Option<u64>, start: bool| {
        let first = SlowStart { initial_window: 10, growth: 2.0, idle_restart: None };
        let slow_start = start.then_some(first);
        let window = window.map(Bytes::new);
        let transport = Transport { segment: 1_000, window, slow_start, ..Transport::FLUID };
        let w = Workload { flow_cap, transport, ..workload("w", at_once(1, 1_000_000), 0) };
        let mut p = plan(settings(10, 0, 1), vec![Hop::Delay(DelayId(0))], vec![w]);
        p.delays.push(Delay { name: "d".into(), law: Dist::constant(10.0 * MS), local: None });
        let r = run_one(&p, 0);
        let ms = r.workloads[0].latency_ok.max().unwrap() as f64 / 1e6 - 20.0;
        (ms * 1e3).round() / 1e3
    };
    assert_eq!(took(None, None, false), 0.0);
    assert_eq!(took(Some(Rate::from_mbps(8)), None, false), 1_000.0);
    assert_eq!(took(None, Some(10_000), false), 2_000.0);
    assert_eq!(took(Some(Rate::from_gbps(80)), Some(10_000), false), 2_000.0);
    // Windows of 10 kB take 10 ms of 20 at 1 MB/s: one round trip, then no window binds.
    assert_eq!(took(Some(Rate::from_mbps(8)), None, true), 20.0 + 990.0);
}

#[test]
fn phases_sum_to_the_latency() {
    // 25 ms each way and 5 ms of service: 55 ms on an open connection, 50 ms more per round trip of
    // the handshake.
    for (handshake_rtts, exact_ms) in [(3, 205), (2, 155), (1, 105), (0, 55)] {
        let mut w = workload("w", at_once(1, 0), 0);
        w.connections.handshake_rtts = handshake_rtts;
        let hops = vec![Hop::Delay(DelayId(0)), Hop::Station(StationId(0))];
        let mut p = plan(settings(1, 0, 1), hops, vec![w]);
        p.delays.push(Delay { name: "d".into(), law: Dist::constant(25.0 * MS), local: None });
        p.stations.push(station(Servers::Unlimited, Dist::constant(5.0 * MS)));
        let r = run_one(&p, 0);
        let phases = r.workloads[0].phases.values();
        assert_eq!(phases.filter_map(|h| h.max()).sum::<u64>(), exact_ms * 1_000_000);
    }
}
