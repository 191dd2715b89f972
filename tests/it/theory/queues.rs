//! Closed forms of stations, pools and retries.

use highwater::plan::{
    Arrivals, Hop, LinkId, OnFull, Plan, PoolId, Retries, Scope, Servers, StationId,
};
use highwater::random::Dist;
use highwater::units::{Rate, Span};

use crate::lab::{
    MS, assert_covers, link, mean_latency, plan, poisson, pool, run, settings, station, workload,
};

#[test]
fn md1_wait_is_half_of_mm1() {
    // lambda = 80/s, constant service of 10 ms: rho = 0.8, wait rho / (2 (1 - rho)) x 10 ms = 20 ms.
    let w = workload("w", poisson(80.0), 0);
    let mut p = plan(settings(1_200, 100, 12), vec![Hop::Station(StationId(0))], vec![w]);
    p.stations.push(station(Servers::Count(1), Dist::constant(10.0 * MS)));
    let runs = run(&p);
    assert_covers("M/D/1 wait", &runs, 20.0 * MS, 0.06, |r| r.stations[0].waits.mean().unwrap());
}

#[test]
fn erlang_b_counts_the_hold_after_release() {
    // 40/s, each unit 100 ms in use and 100 ms held: 40 x 0.2 = 8 erlang on 10 units, B = 0.121661.
    for scope in [Scope::Request, Scope::Connection] {
        let hops = vec![Hop::Pool(PoolId(0)), Hop::Station(StationId(0))];
        let w = workload("w", poisson(40.0), 0);
        let mut p = plan(settings(1_000, 20, 8), hops, vec![w]);
        let mut ports = pool(10, OnFull::Refuse);
        (ports.scope, ports.hold_after) = (scope, Span::from_millis(100));
        p.pools.push(ports);
        p.stations.push(station(Servers::Unlimited, Dist::exponential(100.0 * MS)));
        assert_covers(&format!("{scope:?}"), &run(&p), 0.121_661, 0.08, |r| {
            let w = &r.workloads[0];
            w.errors["refused"] as f64 / w.offered as f64
        });
    }
}

/// Share of an M/M/c queue's customers that wait longer than their constant patience and leave:
/// the density of the virtual wait is p(c-1) lambda exp((lambda - c mu) x) below the patience t,
/// and p(c-1) lambda exp(lambda t - c mu x) above it (Baccelli and Hebuterne 1981).
fn loss_with_constant_patience(servers: u32, lambda: f64, mu: f64, patience: f64) -> f64 {
    let states: Vec<f64> = (1..servers)
        .scan(1.0, |weight, n| {
            *weight *= lambda / mu / f64::from(n);
            Some(*weight)
        })
        .collect();
    let drain = f64::from(servers) * mu;
    let edge = libm::exp((lambda - drain) * patience);
    let density = states.last().unwrap() * lambda;
    let patient = density * (edge - 1.0) / (lambda - drain);
    let lost = density * edge / drain;
    lost / (1.0 + states.iter().sum::<f64>() + patient + lost)
}

#[test]
fn mmc_with_constant_patience() {
    // c = 4, lambda = 300/s, mu = 100/s, patience 10 ms. A pool before unlimited servers and a
    // station with a timeout are the same queue.
    let exact = loss_with_constant_patience(4, 300.0, 100.0, 0.010);
    let (patience, service) = (Some(Span::from_millis(10)), Dist::exponential(10.0 * MS));
    let empty = |hops| plan(settings(500, 20, 12), hops, vec![workload("w", poisson(300.0), 0)]);

    let mut pooled = empty(vec![Hop::Pool(PoolId(0)), Hop::Station(StationId(0))]);
    pooled.pools.push(pool(4, OnFull::Wait { queue: None, timeout: patience }));
    pooled.stations.push(station(Servers::Unlimited, service.clone()));

    let mut queued = empty(vec![Hop::Station(StationId(0))]);
    queued.stations.push(station(Servers::Count(4), service));
    queued.stations[0].timeout = patience;

    let check = |what: &str, p: &Plan| {
        assert_covers(what, &run(p), exact, 0.05, |r| {
            let w = &r.workloads[0];
            w.errors["queue_timeout"] as f64 / w.offered as f64
        });
    };
    check("pool", &pooled);
    check("station", &queued);
}

#[test]
fn closed_workload_responds_in_n_over_x_minus_z() {
    // 20 workers, think Z = 100 ms, one server of 10 ms: p(n) ~ p(n - 1) (20 - n + 1) 0.1, carried
    // X = 100/s (1 - p(0)), response 20 / X - Z. The law of thinking does not matter.
    let weights: Vec<f64> = (0..=20)
        .scan(1.0, |weight, n| {
            let now = *weight;
            *weight *= f64::from(20 - n) * 0.1;
            Some(now)
        })
        .collect();
    let carried = 100.0 * (1.0 - weights[0] / weights.iter().sum::<f64>());
    let exact = (20.0 / carried - 0.1) * 1e9;
    for think in [Dist::exponential(100.0 * MS), Dist::constant(100.0 * MS)] {
        let what = format!("{think:?}");
        let w = workload("w", Arrivals::Closed { workers: 20, think }, 0);
        let mut p = plan(settings(400, 20, 8), vec![Hop::Station(StationId(0))], vec![w]);
        p.stations.push(station(Servers::Count(1), Dist::exponential(10.0 * MS)));
        assert_covers(&what, &run(&p), exact, 0.05, mean_latency);
    }
}

#[test]
fn retries_settle_at_their_fixed_point() {
    // A limiter of C = 200/s (5 ms each, 50 places) is offered 1.5 C with R retries: refusals
    // settle at p = (1/3)^(1/(R + 1)), tries at (1 + p + ... + p^R) = (2/3) / (1 - p) per request,
    // while 2/3 of the requests succeed whatever R.
    for (retries, tries) in [(1, 1.577_35), (3, 2.775_87)] {
        let mut w = workload("w", poisson(300.0), 0);
        w.retries = Retries {
            attempts: retries + 1,
            backoff: Span::from_secs(1),
            backoff_cap: Span::from_secs(1),
            jitter: 1.0,
            budget: None,
            re_resolve: false,
        };
        let mut p = plan(settings(300, 50, 6), vec![Hop::Station(StationId(0))], vec![w]);
        p.stations.push(station(Servers::Count(1), Dist::constant(5.0 * MS)));
        p.stations[0].queue = Some(50);
        let runs = run(&p);
        assert_covers(&format!("tries, R = {retries}"), &runs, tries, 0.04, |r| {
            let w = &r.workloads[0];
            1.0 + w.retries as f64 / w.offered as f64
        });
        assert_covers(&format!("success, R = {retries}"), &runs, 2.0 / 3.0, 0.04, |r| {
            let w = &r.workloads[0];
            w.ok as f64 / (w.ok + w.errors_total()) as f64
        });
    }
}

#[test]
fn capped_flows_queue_like_erlang_c() {
    // 32 Mbit/s shared by flows of at most 8 Mbit/s = 4 servers; 10 kB take 10 ms at the cap;
    // 300/s. Mean sojourn 10 ms + C / (c mu - lambda) = 10 + 5.09434 ms (mmc_wait).
    let mut w = workload("w", poisson(300.0), 0);
    w.response = Dist::exponential(10_000.0);
    w.flow_cap = Some(Rate::from_mbps(8));
    let mut p = plan(settings(500, 20, 8), vec![Hop::Link(LinkId(0))], vec![w]);
    p.links.push(link("l", Rate::from_mbps(32)));
    assert_covers("sojourn", &run(&p), 15.094_34 * MS, 0.05, mean_latency);
}
