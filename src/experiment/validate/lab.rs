//! Small plans: the pieces that experiments with a known answer are put together from.

use std::sync::Arc;

use crate::plan::{
    Arrivals, Belief, Branch, Capacity, Change, ComponentId, Connections, Detector, Duplex, Fault,
    Hop, Lack, Link, Manner, NameCache, Naming, OnFull, Plan, Policy, Pool, Retries, Route,
    RouteId, Scope, Selector, Servers, Settings, Station, Timeouts, TraceRow, Transport, What,
    Workload,
};
use crate::random::Dist;
use crate::units::{Rate, Span};

/// Nanoseconds in a millisecond.
pub const MS: f64 = 1e6;
/// The seed that is used unless another one is asked for.
pub const SEED: u64 = 20_240_601;
/// Level of the intervals that theory must lie in: a value outside means a bug.
pub const LEVEL: f64 = 0.9999;

/// The square.
pub fn square(x: f64) -> f64 {
    x * x
}

/// A workload that opens a connection without round trips for each request and never gives up.
pub fn workload(name: &str, arrivals: Arrivals, route: u32) -> Workload {
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

/// A Poisson source.
pub fn poisson(per_second: f64) -> Arrivals {
    Arrivals::Poisson { per_second, profile: None }
}

/// So many seconds, of which the first `warmup` do not count, in ten windows.
pub fn settings(seconds: u64, warmup: u64, replications: u32) -> Settings {
    Settings {
        seed: SEED,
        replications,
        horizon: Span::from_secs(seconds),
        warmup: Span::from_secs(warmup),
        window: Span::from_secs(seconds.div_ceil(10)),
        start_of_day: Span::ZERO,
        outages: false,
        count_late: false,
    }
}

/// A plan with one route.
pub fn plan(settings: Settings, hops: Vec<Hop>, workloads: Vec<Workload>) -> Plan {
    let routes = vec![Route { name: "r".into(), hops }];
    Plan { name: "theory".into(), settings, routes, workloads, ..Plan::default() }
}

/// A link of constant capacity.
pub fn link(name: &str, capacity: Rate) -> Link {
    Link {
        name: name.into(),
        role: "link".into(),
        capacity: Capacity::Fixed(capacity),
        duplex: Duplex::Full,
        needs: vec![],
        headline: true,
    }
}

/// A station without bounds, visited by requests.
pub fn station(servers: Servers, service: Dist) -> Station {
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

/// A branch of weight 1 that watches components by position.
pub fn branch(name: &str, hops: Vec<Hop>, watches: Vec<u32>) -> Branch {
    let watches = watches.into_iter().map(ComponentId).collect();
    Branch { name: name.into(), weight: 1.0, place: None, hops, watches, listed: true, tier: 0 }
}

/// Requests at given times with responses of given bytes.
pub fn trace(rows: impl IntoIterator<Item = (Span, u64)>) -> Arrivals {
    let row = |(at, response)| TraceRow { at, request: 0, response };
    Arrivals::Trace { rows: Arc::new(rows.into_iter().map(row).collect()) }
}

/// `n` requests at time 0 with responses of `bytes`.
pub fn at_once(n: usize, bytes: u64) -> Arrivals {
    trace((0..n).map(|_| (Span::ZERO, bytes)))
}

/// A pool of slots, held by requests.
pub fn pool(units: u64, on_full: OnFull) -> Pool {
    Pool {
        name: "p".into(),
        units,
        on_full,
        hold_after: Span::ZERO,
        idle: None,
        scope: Scope::Request,
        lack: Lack::Slot,
    }
}

/// A selector whose belief follows the truth at once, without names.
pub fn selector(policy: Policy, branches: Vec<Branch>) -> Selector {
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
pub fn watched(detect_down: f64, detect_up: f64) -> Belief {
    Belief::Watched(Detector {
        label: "constant".into(),
        detect_down: Dist::constant(detect_down * 1e9),
        detect_up: Dist::constant(detect_up * 1e9),
        propagate: Dist::constant(0.0),
    })
}

/// Names that live for `ttl` seconds, in clients only, and no life for "no address".
pub fn naming(ttl: u64) -> Naming {
    Naming {
        resolver: None,
        ttl: Span::from_secs(ttl),
        shared_cache: None,
        negative_ttl: Span::ZERO,
    }
}

/// A fault from one second to another, for the tables.
pub fn fault(name: &str, from: u64, to: u64) -> Fault {
    let (from, to) = (Span::from_secs(from), Span::from_secs(to));
    Fault { name: name.into(), label: name.into(), from, to, planned: false }
}

/// A component fails: what goes its way vanishes.
pub fn black_hole(at: Span, fault: u32, component: u32) -> Change {
    let what = What::Fail { component: ComponentId(component), manner: Manner::BlackHole };
    Change { at, after: None, fault: Some(fault), what }
}

/// It is up again.
pub fn repair(at: Span, fault: u32, component: u32) -> Change {
    Change {
        at,
        after: None,
        fault: Some(fault),
        what: What::Repair { component: ComponentId(component) },
    }
}
