//! The books of whole runs, from empty to empty.

use std::sync::Arc;

use crate::measure::Agreement;
use crate::measure::Quantity::{Number, Span as Time};
use crate::plan::{
    Arrivals, Component, ComponentId, Delay, DelayId, Hop, LinkId, OnFull, Plan, PoolId, Route,
    Servers, StationId, TraceRow,
};
use crate::random::{Dist, Draws};
use crate::units::{Rate, Span};

use super::lab::{MS, black_hole, fault, link, plan, pool, repair, station, workload};
use super::{Bench, KnownCase, Rows, thousands, whole};

pub(super) const CASES: &[KnownCase] = &[
    KnownCase {
        name: "little",
        about: "Time integral of the number under way and sum of all latencies",
        source: "Little 1961, exact from empty to empty",
        run: little,
    },
    KnownCase {
        name: "bytes",
        about: "Bytes sent, delivered and carried by each link",
        source: "conservation",
        run: bytes,
    },
];

/// Two workloads of random transfers that share a link, on the way to a pool, a station and links
/// of their own; the shared link is down for 5 s. All end long before the horizon.
fn network(bench: &Bench) -> (Plan, [Arc<Vec<TraceRow>>; 2]) {
    let mut draws = Draws::new(bench.seed);
    let mut trace = |requests: u64| {
        let mut starts: Vec<u64> = (0..requests).map(|_| draws.next() % 60_000_000_000).collect();
        starts.sort_unstable();
        let mut row = |ns| {
            let (request, response) = (draws.next() % 20_000, draws.next() % 60_000);
            TraceRow { at: Span::from_nanos(ns), request, response }
        };
        Arc::new(starts.into_iter().map(&mut row).collect::<Vec<TraceRow>>())
    };
    let traces = [trace(bench.effort(4_000)), trace(bench.effort(6_000))];
    let hops = |own: u32| {
        vec![
            Hop::Link(LinkId(0)),
            Hop::Delay(DelayId(0)),
            Hop::Pool(PoolId(0)),
            Hop::Station(StationId(0)),
            Hop::Link(LinkId(own)),
        ]
    };
    let sender = |name: &str, i: usize| {
        let route = u32::try_from(i).expect("two of them");
        workload(name, Arrivals::Trace { rows: traces[i].clone() }, route)
    };
    let mut p = plan(bench.once(600), hops(1), vec![sender("a", 0), sender("b", 1)]);
    p.routes.push(Route { name: "other".into(), hops: hops(2) });
    p.links.extend(
        [8, 40, 5]
            .iter()
            .enumerate()
            .map(|(i, mbps)| link(&format!("l{i}"), Rate::from_mbps(*mbps))),
    );
    p.delays.push(Delay { name: "d".into(), law: Dist::exponential(10.0 * MS), local: None });
    p.pools.push(pool(40, OnFull::Wait { queue: None, timeout: None }));
    p.stations.push(station(Servers::Count(2), Dist::exponential(5.0 * MS)));
    p.components.push(Component::new("c"));
    p.links[0].needs = vec![ComponentId(0)];
    p.faults.push(fault("f", 20, 25));
    p.changes.push(black_hole(Span::from_secs(20), 0, 0));
    p.changes.push(repair(Span::from_secs(25), 0, 0));
    (p, traces)
}

fn little(bench: &Bench) -> Rows {
    let r = Bench::run_once(&network(bench).0)?;
    let row = |w: &crate::measure::WorkloadResults| {
        let sum = w.latency_all.mean().unwrap_or(f64::NAN) * whole(w.latency_all.count());
        let integral = whole(w.busy_us_by_window.iter().sum()) * 1e3;
        // Whole microseconds are told: at most one is left over at the end.
        let what =
            format!("Little's law, {} requests, sum of times", thousands(w.latency_all.count()));
        Agreement::exact(what, Time, sum, integral, 1e3 + 1e-12 * sum)
    };
    Ok(r.workloads.iter().map(row).collect())
}

fn bytes(bench: &Bench) -> Rows {
    let (p, traces) = network(bench);
    let r = Bench::run_once(&p)?;
    let sent = |i: usize| traces[i].iter().map(|row| row.request + row.response).sum::<u64>();
    let delivered: u64 = r.workloads.iter().flat_map(|w| &w.bytes_by_window).sum();
    let all = sent(0) + sent(1);
    let mut rows = vec![Agreement::exact(
        "Bytes sent and delivered",
        Number,
        whole(all),
        whole(delivered),
        0.0,
    )];
    for (name, exact) in [("l0", all), ("l1", sent(0)), ("l2", sent(1))] {
        let both = r.links.iter().filter(|l| l.name == name);
        let carried: u64 = both.flat_map(|l| &l.bytes_by_window).sum();
        let what = format!("Bytes sent and carried by link {name}");
        rows.push(Agreement::exact(what, Number, whole(exact), whole(carried), 0.0));
    }
    Ok(rows)
}
