//! What tests of the engine share: small plans, runs, and the comparison with an exact value.

use std::sync::Arc;

use highwater::measure::{Identity, Interval, Results, Tally};
use highwater::plan::{
    Arrivals, Belief, Branch, Capacity, Change, ComponentId, Connections, Detector, Duplex, Fault,
    Hop, Lack, Link, Manner, NameCache, Naming, OnFull, Plan, Policy, Pool, Retries, Route,
    RouteId, Scope, Selector, Servers, Settings, Station, Timeouts, TraceRow, Transport, What,
    Workload,
};
use highwater::random::Dist;
use highwater::units::{Rate, Span};

pub(crate) const MS: f64 = 1e6;
pub(crate) const LEVEL: f64 = 0.9999;

pub(crate) fn square(x: f64) -> f64 {
    x * x
}

/// A workload that opens a connection without round trips for each request and never gives up.
pub(crate) fn workload(name: &str, arrivals: Arrivals, route: u32) -> Workload {
    Workload {
        name: name.into(),
        arrivals,
        route: RouteId(route),
        request: Dist::constant(0.0),
        response: Dist::constant(0.0),
        clients: 1,
        places: vec![],
        connections: Connections {
            reuse: false,
            per_client: None,
            idle_timeout: Span::from_secs(60),
            max_age: None,
            handshake_rtts: 0,
        },
        names: NameCache::None,
        timeouts: Timeouts {
            name: Span::from_secs(5),
            name_attempts: 1,
            connect: Span::from_secs(100_000),
            request: Span::from_secs(100_000),
        },
        retries: Retries {
            attempts: 1,
            backoff: Span::ZERO,
            backoff_cap: Span::ZERO,
            jitter: 0.0,
            budget: None,
            re_resolve: false,
        },
        transport: Transport::FLUID,
        flow_cap: None,
        weight: 1.0,
        priority: Workload::NORMAL,
        idempotent: true,
        objectives: vec![],
    }
}

pub(crate) fn poisson(per_second: f64) -> Arrivals {
    Arrivals::Poisson { per_second, profile: None }
}

pub(crate) fn settings(seconds: u64, warmup: u64, replications: u32) -> Settings {
    Settings {
        seed: 20_240_601,
        replications,
        horizon: Span::from_secs(seconds),
        warmup: Span::from_secs(warmup),
        window: Span::from_secs(seconds.div_ceil(10)),
        start_of_day: Span::ZERO,
    }
}

pub(crate) fn plan(settings: Settings, hops: Vec<Hop>, workloads: Vec<Workload>) -> Plan {
    let routes = vec![Route { name: "r".into(), hops }];
    Plan { name: "theory".into(), settings, routes, workloads, ..Plan::default() }
}

pub(crate) fn link(name: &str, capacity: Rate) -> Link {
    Link {
        name: name.into(),
        role: "link".into(),
        capacity: Capacity::Fixed(capacity),
        duplex: Duplex::Full,
        needs: vec![],
        headline: true,
    }
}

pub(crate) fn station(servers: Servers, service: Dist) -> Station {
    Station {
        name: "s".into(),
        servers,
        service,
        queue: None,
        timeout: None,
        scope: Scope::Request,
        needs: vec![],
    }
}

pub(crate) fn run_one(plan: &Plan, replication: u32) -> Results {
    let mut tally = Tally::new(plan, replication);
    highwater::sim::run(plan, replication, &mut tally).expect("the plan is valid");
    tally.finish(Identity::default())
}

/// All replications, one by one.
pub(crate) fn run(plan: &Plan) -> Vec<Results> {
    (0..plan.settings.replications).map(|r| run_one(plan, r)).collect()
}

/// Asserts that `exact` is inside the interval of `of` over replications, and that the interval is
/// narrower than `width` (relative half-width).
pub(crate) fn assert_covers(
    what: &str,
    runs: &[Results],
    exact: f64,
    width: f64,
    of: impl Fn(&Results) -> f64,
) {
    let values: Vec<f64> = runs.iter().map(of).collect();
    let interval = Interval::of_mean(&values, LEVEL).expect("some replications");
    let half = interval.half_width.expect("several replications");
    assert!(interval.contains(exact), "{what}: {exact} is outside {} +- {half}", interval.mean);
    assert!(half <= width * exact, "{what}: the interval {} +- {half} is too wide", interval.mean);
}

pub(crate) fn mean_latency(r: &Results) -> f64 {
    r.workloads[0].latency_ok.mean().expect("requests ended")
}

pub(crate) fn branch(name: &str, hops: Vec<Hop>, watches: Vec<u32>) -> Branch {
    let watches = watches.into_iter().map(highwater::plan::ComponentId).collect();
    Branch { name: name.into(), weight: 1.0, place: None, hops, watches }
}

/// Requests at given times with responses of given bytes.
pub(crate) fn trace(rows: impl IntoIterator<Item = (Span, u64)>) -> Arrivals {
    let row = |(at, response)| TraceRow { at, request: 0, response };
    Arrivals::Trace { rows: Arc::new(rows.into_iter().map(row).collect()) }
}

/// `n` requests at time 0 with responses of `bytes`.
pub(crate) fn at_once(n: usize, bytes: u64) -> Arrivals {
    trace((0..n).map(|_| (Span::ZERO, bytes)))
}

pub(crate) fn pool(units: u64, on_full: OnFull) -> Pool {
    Pool {
        name: "p".into(),
        units,
        on_full,
        hold_after: Span::ZERO,
        scope: Scope::Request,
        lack: Lack::Slot,
    }
}

/// A selector whose belief follows the truth at once, without names.
pub(crate) fn selector(policy: Policy, branches: Vec<Branch>) -> Selector {
    Selector {
        name: "x".into(),
        role: "x".into(),
        policy,
        branches,
        belief: watched(0.0, 0.0),
        naming: None,
        headline: true,
    }
}

/// A detector with constant delays in seconds, which propagates at once.
pub(crate) fn watched(detect_down: f64, detect_up: f64) -> Belief {
    Belief::Watched(Detector {
        label: "constant".into(),
        detect_down: Dist::constant(detect_down * 1e9),
        detect_up: Dist::constant(detect_up * 1e9),
        propagate: Dist::constant(0.0),
    })
}

/// Names that live for `ttl` seconds, in clients only, and no life for "no address".
pub(crate) fn naming(ttl: u64) -> Naming {
    Naming {
        resolver: None,
        ttl: Span::from_secs(ttl),
        shared_cache: None,
        negative_ttl: Span::ZERO,
    }
}

pub(crate) fn fault(name: &str, from: u64, to: u64) -> Fault {
    let (from, to) = (Span::from_secs(from), Span::from_secs(to));
    Fault { name: name.into(), label: name.into(), from, to }
}

pub(crate) fn black_hole(at: Span, fault: u32, component: u32) -> Change {
    let what = What::Fail { component: ComponentId(component), manner: Manner::BlackHole };
    Change { at, fault: Some(fault), what }
}

pub(crate) fn repair(at: Span, fault: u32, component: u32) -> Change {
    Change { at, fault: Some(fault), what: What::Repair { component: ComponentId(component) } }
}
