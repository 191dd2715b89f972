//! Handshakes, windows and headers of connections, by hand.

use crate::measure::Agreement;
use crate::measure::Quantity::{Number, Span as Time};
use crate::plan::{
    Delay, DelayId, Hop, LinkId, Plan, Servers, SlowStart, StationId, Transport, Workload,
};
use crate::random::Dist;
use crate::units::{Bytes, Rate};

use super::lab::{MS, at_once, link, plan, station, workload};
use super::{Bench, KnownCase, Rows, longest, thousands, whole};

pub(super) const CASES: &[KnownCase] = &[
    KnownCase {
        name: "handshakes",
        about: "Latency of a new connection: round trips of TCP and TLS",
        source: "whole round trips (RFC 9293, RFC 8446)",
        run: handshakes,
    },
    KnownCase {
        name: "slow-start",
        about: "Time of a lone transfer over a new connection, window by window",
        source: "ceil(log_g(n (g - 1)/w + 1)) round trips (Cardwell, Savage & Anderson 2000); by hand",
        run: slow_start,
    },
    KnownCase {
        name: "windows",
        about: "Largest window as a cap on the rate; headers on the wire",
        source: "window / round trip; (1448 + 54) / 1448",
        run: windows,
    },
];

/// Times may differ by the rounding of each window's end, ns.
const ROUNDING: f64 = 100.0;

fn handshakes(bench: &Bench) -> Rows {
    // 25 ms each way and 5 ms of service: 55 ms on an open connection, 50 ms more per round trip.
    let mut rows = Vec::new();
    for (what, rtts, exact_ms) in [
        ("open connection", 0, 55.0),
        ("TCP", 1, 105.0),
        ("TCP and TLS 1.3", 2, 155.0),
        ("TCP and TLS 1.2", 3, 205.0),
    ] {
        let mut w = workload("w", at_once(1, 0), 0);
        w.connections.handshake_rtts = rtts;
        let hops = vec![Hop::Delay(DelayId(0)), Hop::Station(StationId(0))];
        let mut p = plan(bench.once(1), hops, vec![w]);
        p.delays.push(delay(25.0));
        p.stations.push(station(Servers::Unlimited, Dist::constant(5.0 * MS)));
        let what = format!("Round trip of 50 ms and service of 5 ms, {what}");
        let seen = longest(&Bench::run_once(&p)?);
        rows.push(Agreement::exact(what, Time, exact_ms * MS, seen, 0.0));
    }
    Ok(rows)
}

fn delay(ms: f64) -> Delay {
    Delay { name: "d".into(), law: Dist::constant(ms * MS), local: None }
}

/// Windows of 10 segments of 1,000 B and then `growth` times as many.
fn starting(growth: f64) -> Transport {
    let start = SlowStart { initial_window: 10, growth, idle_restart: None };
    Transport { segment: 1_000, slow_start: Some(start), ..Transport::FLUID }
}

/// One transfer of `bytes` over a delay of 50 ms each way, and over 8 Mbit/s if asked.
fn lone(bench: &Bench, bytes: u64, transport: Transport, linked: bool) -> Plan {
    let mut hops = vec![Hop::Delay(DelayId(0))];
    if linked {
        hops.push(Hop::Link(LinkId(0)));
    }
    let w = Workload { transport, ..workload("w", at_once(1, bytes), 0) };
    let mut p = plan(bench.once(60), hops, vec![w]);
    p.links.push(link("l", Rate::from_mbps(8)));
    p.delays.push(delay(50.0));
    p
}

fn slow_start(bench: &Bench) -> Rows {
    let mut rows = Vec::new();
    // 1 byte per us, 100 ms for the way there and back, windows of 10, 20, 40, 80 kB. A round trip
    // holds 100 kB, so that the fifth window does not bind.
    for (bytes, exact_ms) in [
        (10_000, 110.0),      // a window: nothing to wait for
        (30_000, 220.0),      // 100 + 20
        (150_000, 480.0),     // 300 + 80
        (200_000, 550.0),     // 400 + the last 50: the fifth window covers the round trip
        (1_000_000, 1_350.0), // 400 + the last 850 in one go
    ] {
        let what = format!("Slow start over 8 Mbps and 100 ms, {} kB", thousands(bytes / 1_000));
        let seen = longest(&Bench::run_once(&lone(bench, bytes, starting(2.0), true))?);
        rows.push(Agreement::exact(what, Time, exact_ms * MS, seen, ROUNDING));
    }
    // Without a limit of bandwidth only whole round trips are left: log2(101) = 6.66, and
    // log1.5(51) = 9.70.
    for growth in [2.0, 1.5] {
        let rounds = libm::log(1_000.0 * (growth - 1.0) / 10.0 + 1.0) / libm::log(growth);
        let exact = libm::ceil(rounds) * 100.0 * MS;
        let what = format!("Slow start without other limits, 1,000 segments, growth {growth}");
        let seen = longest(&Bench::run_once(&lone(bench, 1_000_000, starting(growth), false))?);
        rows.push(Agreement::exact(what, Time, exact, seen, ROUNDING));
    }
    Ok(rows)
}

fn windows(bench: &Bench) -> Rows {
    // 262,144 B per 20 ms are 104.8576 Mbit/s: 100 windows take 2 s, and 20 ms.
    let transport = Transport { window: Some(Bytes::new(262_144)), ..Transport::FLUID };
    let mut p = lone(bench, 26_214_400, transport, true);
    p.links[0] = link("l", Rate::from_gbps(1));
    p.delays[0] = delay(10.0);
    let capped = longest(&Bench::run_once(&p)?);
    // 1,000 segments of 1,448 B are 1,502,000 B on the link of 1 byte per us, and 100 ms.
    let p = lone(bench, 1_448_000, Transport { headers: 54, ..Transport::FLUID }, true);
    let r = Bench::run_once(&p)?;
    let carried: u64 = r.links.iter().flat_map(|l| &l.bytes_by_window).sum();
    let what = "Window of 256 KiB at 20 ms on 1 Gbps, 100 windows";
    Ok(vec![
        Agreement::exact(what, Time, 2.02e9, capped, ROUNDING),
        Agreement::exact("Headers of 54 B on 1448 B, time", Time, 1.602e9, longest(&r), ROUNDING),
        Agreement::exact(
            "Headers of 54 B on 1448 B, bytes",
            Number,
            1_502_000.0,
            whole(carried),
            0.0,
        ),
    ])
}
