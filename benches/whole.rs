//! Whole runs, everything measured: requests a second on one core.
//! `cargo bench --bench whole` prints them with a hash of the results.

#[path = "harness.rs"]
mod harness;

use highwater::measure::{Identity, Results, Tally};
use highwater::plan::{
    Arrivals, Belief, Branch, Capacity, Connections, Delay, DelayId, Duplex, Hop, Link, LinkId,
    NameCache, Plan, Policy, Rehash, Retries, Route, RouteId, Scope, Selector, SelectorId, Servers,
    Settings, SlowStart, Station, StationId, Timeouts, Transport, Workload,
};
use highwater::random::Dist;
use highwater::units::{Rate, Span};

fn workload(per_second: f64, response: Dist, reuse: bool) -> Workload {
    Workload {
        name: "w".into(),
        arrivals: Arrivals::Poisson { per_second, profile: None },
        route: RouteId(0),
        request: Dist::constant(0.0),
        response,
        clients: 100,
        places: vec![],
        connections: Connections {
            reuse,
            per_client: None,
            idle_timeout: Span::from_secs(60),
            max_age: None,
            handshake_rtts: 2,
        },
        names: NameCache::None,
        timeouts: Timeouts {
            name: Span::from_secs(5),
            name_attempts: 2,
            connect: Span::from_secs(10),
            request: Span::from_secs(60),
        },
        retries: Retries {
            attempts: 3,
            backoff: Span::from_millis(500),
            backoff_cap: Span::from_secs(60),
            jitter: 0.5,
            budget: None,
            re_resolve: true,
        },
        transport: Transport::FLUID,
        flow_cap: None,
        weight: 1.0,
        priority: Workload::NORMAL,
        idempotent: true,
        objectives: vec![],
    }
}

fn link(name: String, gbps: u64) -> Link {
    Link {
        name,
        role: "link".into(),
        capacity: Capacity::Fixed(Rate::from_gbps(gbps)),
        duplex: Duplex::Full,
        needs: vec![],
        headline: true,
    }
}

fn settings(seconds: u64) -> Settings {
    Settings { replications: 1, horizon: Span::from_secs(seconds), ..Settings::default() }
}

/// One 10 Gbit/s link, exponential 1 MB at load 0.9.
pub(crate) fn shared_link(seconds: u64) -> Plan {
    Plan {
        settings: settings(seconds),
        links: vec![link("l".into(), 10)],
        routes: vec![Route { name: "r".into(), hops: vec![Hop::Link(LinkId(0))] }],
        workloads: vec![workload(1_125.0, Dist::exponential(1e6), false)],
        ..Plan::default()
    }
}

/// Four hashed circuits, three ENIs, a backend with a station, a constant delay; connections are
/// reused.
pub(crate) fn hybrid(seconds: u64, reuse: bool) -> Plan {
    let choice = |name: &str, first: u32, n: u32, policy| Selector {
        name: name.into(),
        role: "ecmp".into(),
        policy,
        branches: (first..first + n)
            .map(|i| Branch {
                name: format!("b{i}"),
                weight: 1.0,
                place: None,
                hops: vec![Hop::Link(LinkId(i))],
                watches: vec![],
            })
            .collect(),
        belief: Belief::Blind,
        naming: None,
        headline: true,
    };
    let mut links: Vec<Link> = (0..4).map(|i| link(format!("c{i}"), 10)).collect();
    links.extend((4..7).map(|i| link(format!("e{i}"), 25)));
    links.push(link("backend".into(), 40));
    Plan {
        settings: settings(seconds),
        links,
        delays: vec![Delay { name: "d".into(), law: Dist::constant(5e6), local: None }],
        stations: vec![Station {
            name: "s".into(),
            servers: Servers::Count(64),
            service: Dist::exponential(2e6),
            queue: None,
            timeout: None,
            scope: Scope::Request,
            needs: vec![],
        }],
        selectors: vec![
            choice("ecmp", 0, 4, Policy::Hash(Rehash::Rendezvous)),
            choice("zones", 4, 3, Policy::Random),
        ],
        routes: vec![Route {
            name: "r".into(),
            hops: vec![
                Hop::Selector(SelectorId(0)),
                Hop::Delay(DelayId(0)),
                Hop::Selector(SelectorId(1)),
                Hop::Link(LinkId(7)),
                Hop::Station(StationId(0)),
            ],
        }],
        workloads: vec![workload(10_000.0, Dist::lognormal_of_mean(200_000.0, 1.5), reuse)],
        ..Plan::default()
    }
}

/// The same with headers and slow start, as scenarios have them.
pub(crate) fn with_tcp(mut plan: Plan) -> Plan {
    let start = SlowStart { initial_window: 10, growth: 2.0, idle_restart: None };
    for w in &mut plan.workloads {
        w.transport =
            Transport { headers: 54, slow_start: Some(start.clone()), ..Transport::FLUID };
    }
    plan
}

/// Runs one replication; requests and a hash of the results.
pub(crate) fn run(plan: &Plan) -> (u64, u64) {
    let mut tally = Tally::new(plan, 0);
    let ended = highwater::sim::run(plan, 0, &mut tally).expect("a legal plan");
    let results: Results = tally.finish(Identity::default());
    let text = serde_json::to_string(&results).expect("plain data");
    (ended.requests, text.bytes().fold(0, |h, b| harness::fold(h, u64::from(b))))
}

#[allow(dead_code, reason = "the tests use the functions above only")]
#[expect(clippy::disallowed_macros, reason = "a bench prints its table")]
fn main() {
    let cases = [
        ("shared link", shared_link(400)),
        ("hybrid, reused", hybrid(30, true)),
        ("hybrid, per request", hybrid(30, false)),
        ("reused, slow start", with_tcp(hybrid(30, true))),
        ("per request, slow start", with_tcp(hybrid(30, false))),
    ];
    for (name, plan) in cases {
        let mut requests = 0;
        let (seconds, hash) = harness::time(3, || {
            let (n, hash) = run(&plan);
            requests = n;
            hash
        });
        println!("{name:>24} {:>10.0} requests/s  {hash:016x}", requests as f64 / seconds);
    }
}
