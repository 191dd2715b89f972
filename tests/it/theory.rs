//! Closed forms: each test runs replications with fixed seeds and asks that the exact value lies
//! inside the confidence interval of the simulation, and that the interval is narrow.
//!
//! The level is 99.99 % (METHOD: a fixed seed and a wide level, so that a failure means a bug).

mod network;
mod queues;
mod startup;

use highwater::measure::Results;
use highwater::plan::{
    Arrivals, Belief, Component, Detector, Hop, Lack, LinkId, NameCache, Naming, OnFull, Policy,
    Pool, PoolId, Rehash, Route, Scope, Selector, SelectorId, Servers, StationId,
};
use highwater::random::Dist;
use highwater::units::{Rate, Span};

use crate::lab::{
    MS, assert_covers, branch, link, mean_latency, plan, poisson, run, run_one, settings, square,
    station, workload,
};

#[test]
fn mm1_sojourn() {
    // lambda = 80/s, mu = 100/s: mean sojourn 1/(mu - lambda) = 50 ms.
    let mut p = plan(
        settings(3_000, 100, 12),
        vec![Hop::Station(StationId(0))],
        vec![workload("w", poisson(80.0), 0)],
    );
    p.stations.push(station(Servers::Count(1), Dist::exponential(10.0 * MS)));
    let runs = run(&p);
    assert_covers("M/M/1 sojourn", &runs, 50.0 * MS, 0.06, mean_latency);
    // The sojourn is exponential: its 90th percentile is ln 10 / (mu - lambda) = 115.13 ms.
    assert_covers("M/M/1 p90", &runs, 115.129_25 * MS, 0.08, |r| {
        r.workloads[0].latency_ok.quantile(0.9).unwrap() as f64
    });
}

#[test]
fn mmc_wait() {
    // c = 4, a = 3 erlang: B(4, 3) = 0.206107, C = B / (1 - rho (1 - B)) = 0.509434;
    // mean wait = C / (c mu - lambda) = 0.509434 / (4 - 3) s at mu = 1: 0.509434 x 10 ms here.
    let mut p = plan(
        settings(1_500, 50, 12),
        vec![Hop::Station(StationId(0))],
        vec![workload("w", poisson(300.0), 0)],
    );
    p.stations.push(station(Servers::Count(4), Dist::exponential(10.0 * MS)));
    let runs = run(&p);
    assert_covers("M/M/4 wait", &runs, 5.094_34 * MS, 0.08, |r| {
        r.stations[0].waits.mean().unwrap()
    });
    // Share of those who wait = C.
    assert_covers("M/M/4 delayed", &runs, 0.509_434, 0.03, |r| {
        1.0 - r.stations[0].waits.share_at_or_below(0).unwrap()
    });
}

#[test]
fn erlang_b_loss_is_insensitive() {
    // 10 units, 8 erlang: B = 0.121661. The law of the holding time does not matter.
    for (law, service) in [
        ("exponential", Dist::exponential(100.0 * MS)),
        ("constant", Dist::constant(100.0 * MS)),
        ("lognormal", Dist::lognormal_of_mean(100.0 * MS, 1.0)),
    ] {
        let hops = vec![Hop::Pool(PoolId(0)), Hop::Station(StationId(0))];
        let mut p = plan(settings(1_000, 20, 10), hops, vec![workload("w", poisson(80.0), 0)]);
        p.pools.push(Pool {
            name: "p".into(),
            units: 10,
            on_full: OnFull::Refuse,
            hold_after: Span::ZERO,
            scope: Scope::Request,
            lack: Lack::Slot,
        });
        p.stations.push(station(Servers::Unlimited, service));
        let runs = run(&p);
        assert_covers(law, &runs, 0.121_661, 0.08, |r| {
            let w = &r.workloads[0];
            w.errors["refused"] as f64 / (w.ok + w.errors_total()) as f64
        });
    }
}

#[test]
fn mg1_processor_sharing_is_insensitive() {
    // One link of 8 Mbit/s = 1 MB/s, mean size 10 kB, 70/s: rho = 0.7; mean transfer time
    // = (10 kB / 1 MB/s) / (1 - rho) = 33.333 ms whatever the law of sizes.
    for (law, size, width) in [
        ("exponential", Dist::exponential(10_000.0), 0.05),
        ("constant", Dist::constant(10_000.0), 0.05),
        (
            "bounded Pareto",
            Dist::BoundedPareto { low: 2_000.0, high: 1_000_000.0, shape: 1.3 },
            0.15,
        ),
    ] {
        let mean = size.mean();
        let mut w = workload("w", poisson(70.0 * 10_000.0 / mean), 0);
        w.response = size;
        let mut p = plan(settings(2_000, 100, 12), vec![Hop::Link(LinkId(0))], vec![w]);
        p.links.push(link("l", Rate::from_mbps(8)));
        let runs = run(&p);
        assert_covers(law, &runs, mean / 1e6 * 1e9 / 0.3, width, mean_latency);
    }
}

#[test]
fn parking_lot_by_hand() {
    // Three links of 8 Mbit/s. A long flow over all three and one short flow on each: max-min gives
    // each 1/2 = 0.5 MB/s, so 1 MB takes exactly 2 s.
    let row = highwater::plan::TraceRow { at: Span::ZERO, request: 0, response: 1_000_000 };
    let trace = || Arrivals::Trace { rows: std::sync::Arc::new(vec![row]) };
    let mut p = plan(
        settings(10, 0, 1),
        (0..3).map(|i| Hop::Link(LinkId(i))).collect(),
        vec![workload("long", trace(), 0)],
    );
    for i in 0..3 {
        p.links.push(link(&format!("l{i}"), Rate::from_mbps(8)));
        p.routes.push(Route { name: format!("short{i}"), hops: vec![Hop::Link(LinkId(i))] });
        p.workloads.push(workload(&format!("short{i}"), trace(), i + 1));
    }
    for w in &run_one(&p, 0).workloads {
        assert_eq!(w.latency_ok.max(), Some(2_000_000_000), "{}", w.name);
        assert_eq!((w.offered, w.ok, w.bytes_by_window.iter().sum::<u64>()), (1, 1, 1_000_000));
        // Held back by a link all the time.
        assert_eq!(
            w.binding.iter().map(|b| b.flow_ns_by_window.iter().sum::<u64>()).sum::<u64>(),
            2_000_000_000
        );
    }
}

#[test]
fn ecmp_shares_are_multinomial() {
    // 64 connections hashed over 4 members: the count on a member is binomial(64, 1/4), mean 16 and
    // variance 12; the mean of the greatest count is 20.2 (METHOD, section 5; exact by truncated
    // Poisson convolution: 20.16).
    let row = highwater::plan::TraceRow { at: Span::ZERO, request: 0, response: 0 };
    let rows = std::sync::Arc::new(vec![row; 64]);
    for rehash in [Rehash::ModN, Rehash::Rendezvous] {
        let mut p = plan(
            settings(1, 0, 600),
            vec![Hop::Selector(SelectorId(0))],
            vec![workload("w", Arrivals::Trace { rows: rows.clone() }, 0)],
        );
        p.selectors.push(Selector {
            name: "ecmp".into(),
            role: "ecmp".into(),
            policy: Policy::Hash(rehash),
            branches: (0..4).map(|i| branch(&format!("c{i}"), vec![], vec![])).collect(),
            belief: Belief::Blind,
            naming: None,
            headline: true,
        });
        let runs = run(&p);
        let counts = |r: &Results| -> Vec<f64> {
            r.selectors[0].chosen_by_window.iter().map(|w| w.iter().sum::<u64>() as f64).collect()
        };
        assert_covers("mean", &runs, 16.0, 0.05, |r| counts(r)[0]);
        assert_covers("variance", &runs, 12.0, 0.30, |r| square(counts(r)[1] - 16.0));
        assert_covers("greatest", &runs, exact_mean_maximum(64, 4), 0.02, |r| {
            counts(r).into_iter().fold(0.0, f64::max)
        });
    }
}

/// E max of a multinomial(n; 1/k each): sum over m of P(max > m), P(max <= m) by convolution of
/// truncated Poisson weights 1/j!.
fn exact_mean_maximum(n: usize, k: usize) -> f64 {
    let fact: Vec<f64> = (0..=n)
        .scan(1.0, |f, j| {
            *f *= (j.max(1)) as f64;
            Some(*f)
        })
        .collect();
    let at_most = |m: usize| {
        let mut ways = vec![0.0; n + 1];
        ways[0] = 1.0;
        for _ in 0..k {
            let before = ways.clone();
            for (total, way) in ways.iter_mut().enumerate() {
                *way = (0..=m.min(total)).map(|j| before[total - j] / fact[j]).sum();
            }
        }
        (0..n).fold(ways[n] * fact[n], |p, _| p / k as f64)
    };
    (0..n).map(|m| 1.0 - at_most(m)).sum()
}

#[test]
fn dns_failover_share_falls_linearly_with_uniform_cache_ages() {
    // 2 zones, TTL 60 s, caches refreshed back to back with uniform phase. The record of the dead
    // zone goes at 10 s (no detection delay). The share of clients still on it t later is
    // (1/2)(1 - t/60): averaged over windows of 10 s: 11/24, 9/24, 7/24, 5/24, 3/24, 1/24, 0.
    let mut w = workload("w", poisson(200.0), 0);
    w.clients = 2_000;
    w.names = NameCache::Prefetch;
    let mut p = plan(settings(100, 0, 12), vec![Hop::Selector(SelectorId(0))], vec![w]);
    p.settings.window = Span::from_secs(10);
    p.components.push(Component { name: "zone.a".into() });
    p.selectors.push(Selector {
        name: "endpoint".into(),
        role: "dns".into(),
        policy: Policy::Random,
        branches: vec![branch("a", vec![], vec![0]), branch("b", vec![], vec![])],
        belief: Belief::Watched(Detector {
            label: "at once".into(),
            detect_down: Dist::constant(0.0),
            detect_up: Dist::constant(0.0),
            propagate: Dist::constant(0.0),
        }),
        naming: Some(Naming {
            resolver: None,
            ttl: Span::from_secs(60),
            shared_cache: None,
            negative_ttl: Span::ZERO,
        }),
        headline: true,
    });
    p.changes.push(highwater::plan::Change {
        at: Span::from_secs(10),
        fault: None,
        what: highwater::plan::What::Fail {
            component: highwater::plan::ComponentId(0),
            manner: highwater::plan::Manner::BlackHole,
        },
    });
    let runs = run(&p);
    for (window, share) in [(1, 11.0), (2, 9.0), (3, 7.0), (4, 5.0), (5, 3.0), (6, 1.0)] {
        assert_covers(&format!("window {window}"), &runs, share / 24.0, 0.3, |r| {
            let chosen = &r.selectors[0].chosen_by_window;
            chosen[0][window] as f64 / (chosen[0][window] + chosen[1][window]) as f64
        });
    }
    for r in &runs {
        assert_eq!(
            r.selectors[0].chosen_by_window[0][7..].iter().sum::<u64>(),
            0,
            "nobody after one TTL"
        );
    }
}

#[test]
fn bfd_black_hole_window_is_uniform() {
    // Interval 1 s x 3: from failure to detection uniform on (2 s, 3 s], mean 2.5 s, variance 1/12.
    // The flow on the failed circuit stalls just that long: 10 s of work take 12 to 13 s.
    let row = highwater::plan::TraceRow { at: Span::ZERO, request: 0, response: 10_000_000 };
    let rows = std::sync::Arc::new(vec![row]);
    let mut p = plan(
        settings(60, 0, 200),
        vec![Hop::Selector(SelectorId(0))],
        vec![workload("w", Arrivals::Trace { rows }, 0)],
    );
    for i in 0..2 {
        p.components.push(Component { name: format!("circuit.c{i}") });
        let mut l = link(&format!("c{i}"), Rate::from_mbps(8));
        l.needs = vec![highwater::plan::ComponentId(i)];
        p.links.push(l);
    }
    p.selectors.push(Selector {
        name: "group".into(),
        role: "ecmp".into(),
        policy: Policy::Priority,
        branches: (0..2)
            .map(|i| branch(&format!("c{i}"), vec![Hop::Link(LinkId(i))], vec![i]))
            .collect(),
        belief: Belief::Watched(Detector {
            label: "BFD 1 s x 3".into(),
            detect_down: Dist::Uniform { low: 2_000.0 * MS, high: 3_000.0 * MS },
            detect_up: Dist::constant(0.0),
            propagate: Dist::constant(0.0),
        }),
        naming: None,
        headline: true,
    });
    p.faults.push(highwater::plan::Fault {
        name: "cut".into(),
        label: "circuit c0 is cut".into(),
        from: Span::from_secs(5),
        to: Span::from_secs(60),
    });
    p.changes.push(highwater::plan::Change {
        at: Span::from_secs(5),
        fault: Some(0),
        what: highwater::plan::What::Fail {
            component: highwater::plan::ComponentId(0),
            manner: highwater::plan::Manner::BlackHole,
        },
    });
    let runs = run(&p);
    assert_covers("stall", &runs, 2.5e9, 0.04, |r| mean_latency(r) - 10e9);
    assert_covers("variance", &runs, 1.0 / 12.0, 0.35, |r| {
        square((mean_latency(r) - 12.5e9) / 1e9)
    });
    for r in &runs {
        let gap = &r.gaps[0];
        let detect = gap.detect.max().unwrap();
        assert!((2_000_000_000..=3_000_000_000).contains(&detect));
        // What was delivered after the move is what was left: the stall is the detection.
        assert!(
            (mean_latency(r) - 10e9 - detect as f64).abs() <= 4.0,
            "{} {detect}",
            mean_latency(r)
        );
        assert_eq!(r.selectors[0].moved, 1);
    }
}
