//! The start of TCP connections, by hand.
//!
//! Unless said otherwise: 8 Mbit/s = 1 byte per us, 50 ms each way, windows of 10, 20, 40, 80 kB.
//! A round trip holds 100 kB, so that the fifth window of 160 kB does not bind. The request has no
//! bytes: an answer takes 50 ms for the request, the transfer, and 50 ms for its last byte.

use highwater::measure::Results;
use highwater::plan::{
    Arrivals, Change, Component, ComponentId, Delay, DelayId, Hop, LinkId, Manner, Plan, SlowStart,
    TraceRow, Transport, What, Workload,
};
use highwater::random::Dist;
use highwater::units::{Bytes, Rate, Span};

use crate::lab::{
    MS, at_once, black_hole, fault, link, plan, repair, run_one, settings, trace, workload,
};

fn tcp() -> Transport {
    let start = SlowStart { initial_window: 10, growth: 2.0, idle_restart: None };
    Transport { segment: 1_000, slow_start: Some(start), ..Transport::FLUID }
}

fn over(hops: Vec<Hop>, arrivals: Arrivals, transport: Transport) -> Plan {
    let w = Workload { transport, ..workload("w", arrivals, 0) };
    let mut p = plan(settings(60, 0, 1), hops, vec![w]);
    p.links.push(link("l", Rate::from_mbps(8)));
    p.delays.push(Delay { name: "d".into(), law: Dist::constant(50.0 * MS), local: None });
    p
}

fn line(arrivals: Arrivals, transport: Transport) -> Plan {
    over(vec![Hop::Link(LinkId(0)), Hop::Delay(DelayId(0))], arrivals, transport)
}

fn milliseconds(r: &Results) -> f64 {
    r.workloads[0].latency_ok.max().expect("a request ended") as f64 / MS
}

#[track_caller]
fn assert_takes(r: &Results, exact_ms: f64) {
    let got = milliseconds(r);
    assert!((got - exact_ms).abs() < 1e-4, "{got} ms, by hand {exact_ms}");
}

#[test]
fn a_lone_transfer_takes_its_windows_a_round_trip_apart() {
    for (bytes, exact) in [
        (5_000, 105.0),       // half a window
        (10_000, 110.0),      // a window: nothing to wait for
        (10_001, 200.001),    // the last byte goes after a round trip
        (30_000, 220.0),      // 100 + 20
        (70_000, 340.0),      // 200 + 40
        (150_000, 480.0),     // 300 + 80
        (200_000, 550.0),     // 400 + the last 50: the fifth window covers the round trip
        (1_000_000, 1_350.0), // 400 + the last 850 in one go
    ] {
        assert_takes(&run_one(&line(at_once(1, bytes), tcp()), 0), exact);
        // Without the start: the fluid.
        let fluid = run_one(&line(at_once(1, bytes), Transport::FLUID), 0);
        assert_takes(&fluid, 100.0 + bytes as f64 / 1_000.0);
    }
}

#[test]
fn bandwidth_without_end_leaves_whole_round_trips() {
    // Cardwell, Savage & Anderson 2000: n segments take ceil(log_g(n (g - 1) / w + 1)) round trips,
    // counted here as the least k with w (g^k - 1) / (g - 1) >= n.
    for growth in [2.0, 1.5] {
        for n in [1_u64, 10, 11, 30, 31, 70, 71, 1_000, 50_000] {
            let (mut rounds, mut window, mut sent) = (0, 10_000.0_f64, 0.0);
            while sent < n as f64 * 1_000.0 {
                sent += window;
                window = (window * growth).ceil();
                rounds += 1;
            }
            let slow_start = Some(SlowStart { initial_window: 10, growth, idle_restart: None });
            let transport = Transport { slow_start, ..tcp() };
            let p = over(vec![Hop::Delay(DelayId(0))], at_once(1, n * 1_000), transport);
            assert_takes(&run_one(&p, 0), f64::from(rounds) * 100.0);
            if growth == 2.0 {
                let formula = libm::ceil(libm::log2(n as f64 / 10.0 + 1.0));
                assert_eq!(f64::from(rounds), formula, "{n} segments");
            }
        }
    }
}

#[test]
fn a_reused_connection_keeps_the_windows_it_grew() {
    let twice = |first, second| trace([(Span::ZERO, first), (Span::from_secs(10), second)]);
    let last = |arrivals, transport| {
        let mut p = line(arrivals, transport);
        p.workloads[0].connections.reuse = true;
        p.settings.warmup = Span::from_secs(5);
        run_one(&p, 0)
    };
    // 30 kB filled windows of 10 and 20 kB: the next of 40 kB holds the second answer.
    assert_takes(&last(twice(30_000, 30_000), tcp()), 130.0);
    // 5 kB fill no window: nothing grew.
    assert_takes(&last(twice(5_000, 30_000), tcp()), 220.0);
    // 1 MB grew the window beyond the round trip.
    assert_takes(&last(twice(1_000_000, 150_000), tcp()), 250.0);
    // Restarted after a second of idleness.
    let idle_restart = Some(Span::from_secs(1));
    let slow_start = Some(SlowStart { initial_window: 10, growth: 2.0, idle_restart });
    let restarting = Transport { slow_start, ..tcp() };
    assert_takes(&last(twice(30_000, 30_000), restarting), 220.0);
}

#[test]
fn each_direction_has_its_own_window() {
    // The request: 120 ms and 50 more; the answer starts with 10 kB again: 120 and 50.
    let row = TraceRow { at: Span::ZERO, request: 30_000, response: 30_000 };
    let arrivals = Arrivals::Trace { rows: std::sync::Arc::new(vec![row]) };
    let r = run_one(&line(arrivals, tcp()), 0);
    assert_takes(&r, 340.0);
    // Idle time belongs to the phase of the message.
    for phase in ["send", "receive"] {
        assert_eq!(r.workloads[0].phases[phase].max(), Some(170_000_000), "{phase}");
    }
}

#[test]
fn queueing_delays_acknowledgements_too() {
    // Two at once share 1 B/us: windows of 10 kB take 20 ms instead of 10, acknowledgements are
    // 10 ms late, so that the next windows go at 110 ms; they take 40 ms.
    let r = run_one(&line(at_once(2, 30_000), tcp()), 0);
    assert_takes(&r, 250.0);
    // What held them back: 20 + 40 ms the link, 90 ms the start; each of two.
    let w = &r.workloads[0];
    let time = |limit: &str| {
        let it = w.binding.iter().find(|b| b.limit == limit).expect("it held them");
        it.flow_ns_by_window.iter().sum::<u64>()
    };
    assert_eq!(time("start-up"), 180_000_000);
    assert!(time("l backward").abs_diff(120_000_000) < 10);
    // 200 ms are less than 10 round trips.
    assert_eq!((w.ok, w.short), (2, 2));
}

#[test]
fn a_crowded_link_ends_the_start_early() {
    // 20 at once: windows of 10 kB take 200 ms, more than a round trip: nothing binds, and the
    // link is never idle. 20 x 30 kB take 600 ms.
    assert_takes(&run_one(&line(at_once(20, 30_000), tcp()), 0), 700.0);
}

#[test]
fn a_largest_window_is_a_cap() {
    // 262,144 B per 20 ms are 104.8576 Mbit/s: 100 windows take 2 s, and 20 ms.
    let transport = Transport { window: Some(Bytes::new(262_144)), ..Transport::FLUID };
    let mut p = line(at_once(1, 26_214_400), transport);
    p.links[0] = link("l", Rate::from_gbps(1));
    p.delays[0].law = Dist::constant(10.0 * MS);
    let r = run_one(&p, 0);
    assert_takes(&r, 2_020.0);
    assert_eq!(r.workloads[0].binding[0].limit, "own cap");
    // With a start of 10 kB, windows double until the largest: 10, 20, 40, 80, 160 kB in 100 ms,
    // then the rest at the cap: 25,904,400 B / 262,144 x 20 ms.
    p.workloads[0].transport.slow_start = tcp().slow_start;
    p.workloads[0].transport.segment = 1_000;
    assert_takes(&run_one(&p, 0), 20.0 + 100.0 + 25_904_400.0 / 262_144.0 * 20.0);
}

#[test]
fn headers_load_the_link_and_not_the_message() {
    // 1,000 segments of 1,448 B are 1,502,000 B on the link: 1.502 s.
    let transport = Transport { headers: 54, ..Transport::FLUID };
    let r = run_one(&line(at_once(1, 1_448_000), transport), 0);
    assert_takes(&r, 1_602.0);
    let w = &r.workloads[0];
    assert_eq!(w.bytes_by_window.iter().sum::<u64>(), 1_502_000);
    assert_eq!(w.by_replication[&0].ok_bytes, 1_448_000);
    assert_eq!(r.links.iter().flat_map(|l| &l.bytes_by_window).sum::<u64>(), 1_502_000);
}

/// The line with a component that the link needs.
fn fragile(bytes: u64, manner: Manner, at: Span, to: Span) -> Plan {
    let mut p = line(at_once(1, bytes), tcp());
    p.components.push(Component::new("c"));
    p.links[0].needs.push(ComponentId(0));
    p.faults.push(fault("f", 0, 1));
    p.changes.push(match manner {
        Manner::BlackHole => black_hole(at, 0, 0),
        Manner::Reset | Manner::Deny => Change {
            at,
            after: None,
            fault: Some(0),
            what: What::Fail { component: ComponentId(0), manner },
        },
    });
    p.changes.push(repair(to, 0, 0));
    p
}

#[test]
fn failures_while_a_sender_idles() {
    let ms = Span::from_millis;
    // The first window flows from 50 to 60 ms, the second is due at 150. A failure from 70 to 120
    // that nobody sees does no harm; one until 500 ms holds the second window back until then.
    assert_takes(&run_one(&fragile(30_000, Manner::BlackHole, ms(70), ms(120)), 0), 220.0);
    assert_takes(&run_one(&fragile(30_000, Manner::BlackHole, ms(70), ms(500)), 0), 570.0);
    let reset = run_one(&fragile(30_000, Manner::Reset, ms(70), ms(500)), 0);
    assert_eq!(reset.workloads[0].errors["reset"], 1);
    let mut impatient = line(at_once(1, 30_000), tcp());
    impatient.workloads[0].timeouts.request = ms(80);
    let r = run_one(&impatient, 0);
    assert_eq!(r.workloads[0].errors["request_timeout"], 1);
}

#[test]
fn background_leaves_less_to_idle_for() {
    // 6 of 8 Mbit/s are taken: 0.25 B/us are left, a round trip holds 25 kB. 10 kB take 40 ms, 60
    // are idle; the window of 20 kB takes 80; that of 40 kB covers the round trip.
    let mut p = line(at_once(1, 100_000), tcp());
    p.backgrounds.push(highwater::plan::Background {
        name: "b".into(),
        route: highwater::plan::RouteId(0),
        forward: Rate::from_mbps(0),
        backward: Rate::from_mbps(6),
        profile: None,
    });
    assert_takes(&run_one(&p, 0), 100.0 + 200.0 + 280.0);
}
