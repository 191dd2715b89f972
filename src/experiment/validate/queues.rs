//! Closed forms of stations, pools and retries.

use crate::measure::Quantity::{Number, Share, Span as Time};
use crate::measure::Results;
use crate::plan::{Arrivals, Hop, OnFull, Plan, Pool, PoolId, Retries, Scope, Servers, StationId};
use crate::random::Dist;
use crate::units::Span;

use super::lab::{MS, plan, poisson, pool, station, trace, workload};
use super::{Agreement, Bench, KnownCase, Rows, mean_latency, share_of, whole};

pub(super) const CASES: &[KnownCase] = &[
    KnownCase {
        name: "mm1",
        about: "M/M/1: mean and 90th percentile of the sojourn",
        source: "exponential with rate mu - lambda (Kleinrock 1975)",
        run: mm1,
    },
    KnownCase {
        name: "mmc",
        about: "M/M/4: mean wait and share of those who wait",
        source: "Erlang C from B: C = B / (1 - rho (1 - B)) (Cooper 1981)",
        run: mmc,
    },
    KnownCase {
        name: "mg1",
        about: "M/G/1: mean wait with constant, uniform and mixed service times",
        source: "Pollaczek and Khinchine: lambda E[S^2] / (2 (1 - rho)) (Kleinrock 1975)",
        run: mg1,
    },
    KnownCase {
        name: "erlang-b",
        about: "M/G/c/c: share refused, whatever the law of the holding time",
        source: "Erlang B: 1 / B(n) = 1 + n / (a B(n - 1)) (Cooper 1981)",
        run: erlang_b,
    },
    KnownCase {
        name: "port-hold",
        about: "Units held after release (source ports): share refused, and the rate ports / hold",
        source: "Erlang B with use + hold; without chance, ports / hold",
        run: port_hold,
    },
    KnownCase {
        name: "patience",
        about: "M/M/4 with constant patience: share that leaves",
        source: "density of the virtual wait (Baccelli & Hebuterne 1981)",
        run: patience,
    },
    KnownCase {
        name: "closed",
        about: "Closed workload: mean response, whatever the law of thinking",
        source: "machine repair: response = N / X - Z (Gross & Harris)",
        run: closed,
    },
    KnownCase {
        name: "retries",
        about: "Retries at a limiter: tries per request and share that succeeds",
        source: "fixed point p = (1 - C / lambda)^(1 / (R + 1))",
        run: retries,
    },
];

fn mean_wait(r: &Results) -> Option<f64> {
    r.stations[0].waits.mean()
}

/// One station in front of a Poisson source.
fn one_station(bench: &Bench, per_second: f64, servers: u32, service: Dist, seconds: u64) -> Plan {
    let mut p = plan(
        bench.steady(seconds, 100, 12),
        vec![Hop::Station(StationId(0))],
        vec![workload("w", poisson(per_second), 0)],
    );
    p.stations.push(station(Servers::Count(servers), service));
    p
}

fn mm1(bench: &Bench) -> Rows {
    // lambda = 80/s, mu = 100/s: mean sojourn 1 / (mu - lambda) = 50 ms. It is exponential: its 90th
    // percentile is ln 10 / (mu - lambda) = 115.13 ms.
    let runs = Bench::runs(&one_station(bench, 80.0, 1, Dist::exponential(10.0 * MS), 3_000))?;
    let p90 = |r: &Results| r.workloads[0].latency_ok.quantile(0.9).map(whole);
    let exact = libm::log(10.0) / 20.0 * 1e9;
    Ok(vec![
        bench.covers(
            "M/M/1 at load 0.8, mean sojourn",
            &runs,
            (Time, 50.0 * MS),
            0.06,
            mean_latency,
        ),
        bench.covers("M/M/1 at load 0.8, p90 of sojourn", &runs, (Time, exact), 0.08, p90),
    ])
}

/// Probability that all of `servers` are busy when those who find them so are lost.
fn erlang_b_of(servers: u32, erlang: f64) -> f64 {
    (1..=servers).fold(1.0, |b, n| erlang * b / (f64::from(n) + erlang * b))
}

/// Probability of waiting when nobody is lost.
pub(super) fn erlang_c_of(servers: u32, erlang: f64) -> f64 {
    let (b, rho) = (erlang_b_of(servers, erlang), erlang / f64::from(servers));
    b / (1.0 - rho * (1.0 - b))
}

fn mmc(bench: &Bench) -> Rows {
    // c = 4, a = 3 erlang: B(4, 3) = 0.206107, C = 0.509434; mean wait = C / (c mu - lambda), and
    // c mu - lambda = 100/s: 5.09434 ms.
    let runs = Bench::runs(&one_station(bench, 300.0, 4, Dist::exponential(10.0 * MS), 1_500))?;
    let c = erlang_c_of(4, 3.0);
    let delayed =
        |r: &Results| r.stations[0].waits.share_at_or_below(0).map(|at_once| 1.0 - at_once);
    Ok(vec![
        bench.covers(
            "M/M/4 at load 0.75, mean wait",
            &runs,
            (Time, c * 10.0 * MS),
            0.08,
            mean_wait,
        ),
        bench.covers("M/M/4 at load 0.75, share that waits", &runs, (Share, c), 0.03, delayed),
    ])
}

fn mg1(bench: &Bench) -> Rows {
    // lambda = 80/s and a mean service of 10 ms. E[S^2] in ms^2: constant 100; uniform on 0..20
    // 400 / 3; exponentials of mean 5 and 15, each half the time, 2 (25 + 225) / 2 = 250. Waits
    // 80/s x E[S^2] / 0.4: 20, 26.67 and 50 ms.
    let mixed = vec![(0.5, Dist::exponential(5.0 * MS)), (0.5, Dist::exponential(15.0 * MS))];
    let laws = [
        ("M/D/1", Dist::constant(10.0 * MS), 100.0, 1_600, 0.06),
        ("M/U/1", Dist::Uniform { low: 0.0, high: 20.0 * MS }, 400.0 / 3.0, 2_400, 0.06),
        ("M/H2/1", Dist::Mixture { parts: mixed }, 250.0, 4_000, 0.10),
    ];
    let mut rows = Vec::new();
    for (name, law, second_moment, seconds, widest) in laws {
        let runs = Bench::runs(&one_station(bench, 80.0, 1, law, seconds))?;
        let exact = 0.080 * second_moment / 0.4 * MS;
        let what = format!("{name} at load 0.8, mean wait");
        rows.push(bench.covers(what, &runs, (Time, exact), widest, mean_wait));
    }
    Ok(rows)
}

/// A pool that refuses, and a service of any length behind it.
fn loss(bench: &Bench, per_second: f64, units: Pool, service: Dist) -> Plan {
    let hops = vec![Hop::Pool(PoolId(0)), Hop::Station(StationId(0))];
    let w = workload("w", poisson(per_second), 0);
    let mut p = plan(bench.steady(1_000, 20, 10), hops, vec![w]);
    p.pools.push(units);
    p.stations.push(station(Servers::Unlimited, service));
    p
}

fn erlang_b(bench: &Bench) -> Rows {
    // 10 units, 80/s x 100 ms = 8 erlang: B = 0.121661, whatever the law of the holding time.
    let laws = [
        ("exponential", Dist::exponential(100.0 * MS)),
        ("constant", Dist::constant(100.0 * MS)),
        ("lognormal", Dist::lognormal_of_mean(100.0 * MS, 1.0)),
    ];
    let mut rows = Vec::new();
    for (law, service) in laws {
        let runs = Bench::runs(&loss(bench, 80.0, pool(10, OnFull::Refuse), service))?;
        let what = format!("Erlang B, 8 erlang on 10, {law} holding");
        let exact = (Share, erlang_b_of(10, 8.0));
        rows.push(bench.covers(what, &runs, exact, 0.08, |r| share_of(r, "refused")));
    }
    Ok(rows)
}

fn port_hold(bench: &Bench) -> Rows {
    // 40/s, each unit 100 ms in use and 100 ms held: 40 x 0.2 = 8 erlang on 10 units.
    let mut rows = Vec::new();
    for (holder, scope) in [("requests", Scope::Request), ("connections", Scope::Connection)] {
        let hold_after = Span::from_millis(100);
        let ports = Pool { scope, hold_after, ..pool(10, OnFull::Refuse) };
        let runs = Bench::runs(&loss(bench, 40.0, ports, Dist::exponential(100.0 * MS)))?;
        let what = format!("Erlang B, use and hold after release, {holder}");
        let exact = (Share, erlang_b_of(10, 8.0));
        rows.push(bench.covers(what, &runs, exact, 0.10, |r| share_of(r, "refused")));
    }
    // 55 ports held for 60 s, 2 connections a second that take no time: 55 succeed in each of 10
    // minutes, the others find none.
    let seconds = 600;
    let rows_of_trace = (0..2 * seconds).map(|i| (Span::from_millis(500 * i), 0));
    let w = workload("w", trace(rows_of_trace), 0);
    let mut p = plan(bench.once(seconds), vec![Hop::Pool(PoolId(0))], vec![w]);
    let hold_after = Span::from_secs(60);
    p.pools.push(Pool { scope: Scope::Connection, hold_after, ..pool(55, OnFull::Refuse) });
    let carried = whole(Bench::run_once(&p)?.workloads[0].ok);
    let what = "55 ports held for 60 s: connections in 10 min";
    rows.push(Agreement::exact(what, Number, 550.0, carried, 0.0));
    Ok(rows)
}

/// Share of an M/M/c queue's customers that wait longer than their constant patience and leave:
/// the density of the virtual wait is p(c-1) lambda exp((lambda - c mu) x) below the patience t,
/// and p(c-1) lambda exp(lambda t - c mu x) above it.
fn loss_with_constant_patience(servers: u32, lambda: f64, mu: f64, patience: f64) -> f64 {
    let (mut last, mut states) = (1.0, 0.0);
    for n in 1..servers {
        last *= lambda / mu / f64::from(n);
        states += last;
    }
    let drain = f64::from(servers) * mu;
    let edge = libm::exp((lambda - drain) * patience);
    let density = last * lambda;
    let patient = density * (edge - 1.0) / (lambda - drain);
    let lost = density * edge / drain;
    lost / (1.0 + states + patient + lost)
}

fn patience(bench: &Bench) -> Rows {
    // c = 4, lambda = 300/s, mu = 100/s, patience 10 ms. A pool before unlimited servers and a
    // station with a timeout are the same queue.
    let exact = (Share, loss_with_constant_patience(4, 300.0, 100.0, 0.010));
    let (patience, service) = (Some(Span::from_millis(10)), Dist::exponential(10.0 * MS));
    let empty =
        |hops| plan(bench.steady(500, 20, 12), hops, vec![workload("w", poisson(300.0), 0)]);

    let mut pooled = empty(vec![Hop::Pool(PoolId(0)), Hop::Station(StationId(0))]);
    pooled.pools.push(pool(4, OnFull::Wait { queue: None, timeout: patience }));
    pooled.stations.push(station(Servers::Unlimited, service.clone()));

    let mut queued = empty(vec![Hop::Station(StationId(0))]);
    queued.stations.push(station(Servers::Count(4), service));
    queued.stations[0].timeout = patience;

    let mut rows = Vec::new();
    for (kind, p) in [("pool", pooled), ("station", queued)] {
        let what = format!("M/M/4 with patience of 10 ms, share that leaves, {kind}");
        let runs = Bench::runs(&p)?;
        rows.push(bench.covers(what, &runs, exact, 0.05, |r| share_of(r, "queue_timeout")));
    }
    Ok(rows)
}

fn closed(bench: &Bench) -> Rows {
    // 20 workers, think Z = 100 ms, one server of 10 ms: p(n) ~ p(n - 1) (20 - n + 1) 0.1, carried
    // X = 100/s (1 - p(0)), response 20 / X - Z.
    let (mut weight, mut sum) = (1.0, 0.0);
    for n in 0..=20 {
        sum += weight;
        weight *= f64::from(20 - n) * 0.1;
    }
    let carried = 100.0 * (1.0 - 1.0 / sum);
    let exact = (Time, (20.0 / carried - 0.1) * 1e9);
    let mut rows = Vec::new();
    for (law, think) in
        [("exponential", Dist::exponential(100.0 * MS)), ("constant", Dist::constant(100.0 * MS))]
    {
        let w = workload("w", Arrivals::Closed { workers: 20, think }, 0);
        let hops = vec![Hop::Station(StationId(0))];
        let mut p = plan(bench.steady(600, 20, 8), hops, vec![w]);
        p.stations.push(station(Servers::Count(1), Dist::exponential(10.0 * MS)));
        let what = format!("20 workers at one server, mean response, {law} thinking");
        rows.push(bench.covers(what, &Bench::runs(&p)?, exact, 0.05, mean_latency));
    }
    Ok(rows)
}

fn retries(bench: &Bench) -> Rows {
    // A limiter of C = 200/s (5 ms each, 50 places) is offered 1.5 C with R retries: refusals
    // settle at p = (1/3)^(1 / (R + 1)), tries at 1 + p + ... + p^R = (2/3) / (1 - p) per request,
    // while 2/3 of the requests succeed whatever R.
    let mut rows = Vec::new();
    for retries in [1, 3] {
        let mut w = workload("w", poisson(300.0), 0);
        w.retries = Retries {
            attempts: retries + 1,
            backoff: Span::from_secs(1),
            backoff_cap: Span::from_secs(1),
            jitter: 1.0,
            budget: None,
            re_resolve: false,
        };
        let mut p = plan(bench.steady(300, 50, 6), vec![Hop::Station(StationId(0))], vec![w]);
        p.stations.push(station(Servers::Count(1), Dist::constant(5.0 * MS)));
        p.stations[0].queue = Some(50);
        let runs = Bench::runs(&p)?;
        let refused = libm::pow(1.0 / 3.0, 1.0 / f64::from(retries + 1));
        let tries = (Number, 2.0 / 3.0 / (1.0 - refused));
        let seen = |r: &Results| {
            let w = &r.workloads[0];
            Some(1.0 + whole(w.retries) / whole(w.offered))
        };
        let succeeds = |r: &Results| {
            let w = &r.workloads[0];
            Some(whole(w.ok) / whole(w.ok + w.errors_total()))
        };
        let at = format!("Limiter at 1.5 x its rate, retries at most {retries}");
        rows.push(bench.covers(format!("{at}, tries per request"), &runs, tries, 0.04, seen));
        let success = (Share, 2.0 / 3.0);
        rows.push(bench.covers(
            format!("{at}, share that succeeds"),
            &runs,
            success,
            0.04,
            succeeds,
        ));
    }
    Ok(rows)
}
