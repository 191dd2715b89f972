//! Shared links: closed forms of processor sharing, and networks worked out by hand, from requests
//! to their latencies.

use crate::measure::Quantity::{Number, Span as Time};
use crate::plan::{
    Arrivals, Component, ComponentId, Delay, DelayId, Hop, LinkId, Plan, Route, Transport, Workload,
};
use crate::random::Dist;
use crate::units::{Rate, Span};

use super::lab::{MS, at_once, black_hole, fault, link, plan, poisson, repair, workload};
use super::{Agreement, Bench, KnownCase, Rows, longest, mean_latency, queues, whole};

pub(super) const CASES: &[KnownCase] = &[
    KnownCase {
        name: "shared-link",
        about: "M/G/1 processor sharing: mean transfer time, whatever the law of sizes",
        source: "E[T] = E[S] / (1 - rho), insensitive (Kleinrock 1976)",
        run: shared_link,
    },
    KnownCase {
        name: "capped-flows",
        about: "Flows with a cap on a shared link: mean transfer time",
        source: "Erlang C for C = m r, insensitive (Cohen 1979)",
        run: capped_flows,
    },
    KnownCase {
        name: "transfers-by-hand",
        about: "Transfers over small networks, worked out by hand",
        source: "progressive filling (Bertsekas & Gallager 1992, 6.5.2)",
        run: by_hand,
    },
    KnownCase {
        name: "round-trip-bias",
        about: "Shares of a full link by round trip",
        source: "rate ~ round trip^-bias; 1 as Reno (Mathis et al. 1997)",
        run: round_trip_bias,
    },
];

fn shared_link(bench: &Bench) -> Rows {
    // One link of 8 Mbit/s = 1 MB/s, mean size 10 kB, 70/s: rho = 0.7; mean transfer time
    // (10 kB / 1 MB/s) / (1 - rho) = 33.333 ms. The bounded Pareto has another mean: its rate of
    // arrivals is set for the same load, and its mean time scales.
    let mixed = vec![(0.9, Dist::exponential(5_000.0)), (0.1, Dist::exponential(55_000.0))];
    let laws = [
        ("exponential", Dist::exponential(10_000.0), 0.05),
        ("constant", Dist::constant(10_000.0), 0.05),
        ("hyperexponential", Dist::Mixture { parts: mixed }, 0.08),
        (
            "bounded Pareto",
            Dist::BoundedPareto { low: 2_000.0, high: 1_000_000.0, shape: 1.3 },
            0.15,
        ),
    ];
    let mut rows = Vec::new();
    for (law, size, widest) in laws {
        let mean = size.mean();
        let mut w = workload("w", poisson(700_000.0 / mean), 0);
        w.response = size;
        let mut p = plan(bench.steady(2_000, 100, 12), vec![Hop::Link(LinkId(0))], vec![w]);
        p.links.push(link("l", Rate::from_mbps(8)));
        let exact = (Time, mean / 1e6 * 1e9 / 0.3);
        let what = format!("Shared link at load 0.7, mean transfer, {law} sizes");
        rows.push(bench.covers(what, &Bench::runs(&p)?, exact, widest, mean_latency));
    }
    Ok(rows)
}

fn capped_flows(bench: &Bench) -> Rows {
    // 32 Mbit/s shared by flows of at most 8 Mbit/s = 4 servers; 10 kB take 10 ms at the cap;
    // 300/s. Mean sojourn 10 ms + C(4, 3) / (c mu - lambda) = 10 + 5.09434 ms.
    let exact = (Time, (1.0 + queues::erlang_c_of(4, 3.0)) * 10.0 * MS);
    let mut rows = Vec::new();
    for (law, size) in
        [("exponential", Dist::exponential(10_000.0)), ("constant", Dist::constant(10_000.0))]
    {
        let mut w = workload("w", poisson(300.0), 0);
        w.response = size;
        w.flow_cap = Some(Rate::from_mbps(8));
        let mut p = plan(bench.steady(500, 20, 8), vec![Hop::Link(LinkId(0))], vec![w]);
        p.links.push(link("l", Rate::from_mbps(32)));
        let what = format!("Flows capped at a quarter of a link, mean transfer, {law} sizes");
        rows.push(bench.covers(what, &Bench::runs(&p)?, exact, 0.05, mean_latency));
    }
    Ok(rows)
}

/// One link of 8 Mbit/s = 1 MB/s and workloads over it.
fn over_one_link(bench: &Bench, seconds: u64, workloads: Vec<Workload>) -> Plan {
    let mut p = plan(bench.once(seconds), vec![Hop::Link(LinkId(0))], workloads);
    p.links.push(link("l", Rate::from_mbps(8)));
    p
}

fn by_hand(bench: &Bench) -> Rows {
    let mut rows = Vec::new();
    let mut add = |what: &str, theory: f64, simulated: f64| {
        rows.push(Agreement::exact(what, Time, theory, simulated, 1.0));
    };

    // Three links of 1 MB/s; a long flow over all three and one short flow on each: 0.5 MB/s each,
    // so that 1 MB takes 2 s.
    let mut lot = plan(
        bench.once(10),
        (0..3).map(|i| Hop::Link(LinkId(i))).collect(),
        vec![workload("long", at_once(1, 1_000_000), 0)],
    );
    for i in 0..3 {
        lot.links.push(link(&format!("l{i}"), Rate::from_mbps(8)));
        lot.routes.push(Route { name: format!("short{i}"), hops: vec![Hop::Link(LinkId(i))] });
        lot.workloads.push(workload(&format!("short{i}"), at_once(1, 1_000_000), i + 1));
    }
    let r = Bench::run_once(&lot)?;
    add("Parking lot of three links, the long transfer", 2e9, longest(&r));
    let short = |i: usize| r.workloads[i].latency_ok.max().map_or(f64::NAN, whole);
    add("Parking lot of three links, the short ones", 2e9, short(1).max(short(2)).max(short(3)));

    // Two flows of 10 MB with weights 4 and 1: the first has 0.8 MB/s and ends at 12.5 s; the
    // second has 2.5 MB by then, the rest alone: 12.5 + 7.5 = 20 s.
    let weighted = |name, weight| Workload { weight, ..workload(name, at_once(1, 10_000_000), 0) };
    let p = over_one_link(bench, 30, vec![weighted("heavy", 4.0), weighted("light", 1.0)]);
    let r = Bench::run_once(&p)?;
    add("Weights 4 and 1, the heavy transfer", 12.5e9, longest(&r));
    add("Weights 4 and 1, the light transfer", 20e9, {
        r.workloads[1].latency_ok.max().map_or(f64::NAN, whole)
    });

    // 10 MB on a link that is down from 2 to 5 s: 2 MB, nothing, 8 MB.
    let mut p = over_one_link(bench, 30, vec![workload("w", at_once(1, 10_000_000), 0)]);
    p.components.push(Component::new("c"));
    p.links[0].needs = vec![ComponentId(0)];
    p.faults.push(fault("f", 2, 5));
    p.changes.push(black_hole(Span::from_secs(2), 0, 0));
    p.changes.push(repair(Span::from_secs(5), 0, 0));
    add("Link down for 3 s during a transfer of 10 s", 13e9, longest(&Bench::run_once(&p)?));

    // A route that crosses a link twice has half of it alone: 1 MB take 2 s.
    let twice = vec![Hop::Link(LinkId(0)), Hop::Link(LinkId(0))];
    let mut p = over_one_link(bench, 10, vec![workload("w", at_once(1, 1_000_000), 0)]);
    p.routes[0].hops = twice;
    add("Link crossed twice", 2e9, longest(&Bench::run_once(&p)?));
    Ok(rows)
}

fn round_trip_bias(bench: &Bench) -> Rows {
    // Two greedy flows with round trips of 10 and 40 ms: 1 to 1 without bias, 4 to 1 with bias 1.
    let mut rows = Vec::new();
    for (rtt_bias, exact) in [(0.0, 1.0), (1.0, 4.0)] {
        let greedy = |name: &str, route| Workload {
            transport: Transport { rtt_bias, ..Transport::FLUID },
            ..workload(name, greedy(), route)
        };
        let over = |delay| vec![Hop::Link(LinkId(0)), Hop::Delay(DelayId(delay))];
        let workloads = vec![greedy("a-near", 0), greedy("b-far", 1)];
        let mut p = plan(bench.once(20), over(0), workloads);
        p.routes.push(Route { name: "far".into(), hops: over(1) });
        p.links.push(link("l", Rate::from_gbps(1)));
        for (name, ms) in [("near", 5.0), ("far", 20.0)] {
            let law = Dist::constant(ms * MS);
            p.delays.push(Delay { name: name.into(), law, local: None });
        }
        let r = Bench::run_once(&p)?;
        let carried = |i: usize| whole(r.workloads[i].bytes_by_window[5..].iter().sum::<u64>());
        let what = format!("Round trips of 10 and 40 ms, bias {rtt_bias}, ratio of rates");
        // Weights have 20 significant bits.
        rows.push(Agreement::exact(what, Number, exact, carried(0) / carried(1), 1e-5));
    }
    Ok(rows)
}

/// A transfer that outlasts the run.
fn greedy() -> Arrivals {
    at_once(1, 100_000_000_000)
}
