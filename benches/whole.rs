//! Whole runs, everything measured: requests a second on one core.
//! `cargo bench --bench whole` prints them with a hash of the results.

#[path = "harness.rs"]
mod harness;

use highwater::experiment::validate::lab;
use highwater::measure::{Identity, Results, Tally};
use highwater::plan::{
    Belief, Connections, Delay, DelayId, Hop, LinkId, Plan, Policy, Rehash, Retries, Selector,
    SelectorId, Servers, Settings, SlowStart, StationId, Timeouts, Transport, Workload,
};
use highwater::random::Dist;
use highwater::units::{Rate, Span};

fn workload(per_second: f64, response: Dist, reuse: bool) -> Workload {
    let it = lab::workload("w", lab::poisson(per_second), 0);
    Workload {
        response,
        clients: 100,
        connections: Connections { reuse, handshake_rtts: 2, ..it.connections },
        timeouts: Timeouts {
            name_attempts: 2,
            connect: Span::from_secs(10),
            request: Span::from_secs(60),
            ..it.timeouts
        },
        retries: Retries {
            attempts: 3,
            backoff: Span::from_millis(500),
            backoff_cap: Span::from_secs(60),
            jitter: 0.5,
            budget: None,
            re_resolve: true,
        },
        ..it
    }
}

fn settings(seconds: u64) -> Settings {
    Settings { replications: 1, horizon: Span::from_secs(seconds), ..Settings::default() }
}

/// One 10 Gbit/s link, exponential 1 MB at load 0.9.
pub(crate) fn shared_link(seconds: u64) -> Plan {
    let workloads = vec![workload(1_125.0, Dist::exponential(1e6), false)];
    Plan {
        links: vec![lab::link("l", Rate::from_gbps(10))],
        ..lab::plan(settings(seconds), vec![Hop::Link(LinkId(0))], workloads)
    }
}

/// Four hashed circuits, three ENIs, a backend with a station, a constant delay; connections are
/// reused.
pub(crate) fn hybrid(seconds: u64, reuse: bool) -> Plan {
    let choice = |name: &str, links: std::ops::Range<u32>, policy| {
        let branch = |i| lab::branch(&format!("b{i}"), vec![Hop::Link(LinkId(i))], vec![]);
        Selector {
            name: name.into(),
            role: "ecmp".into(),
            belief: Belief::Blind,
            ..lab::selector(policy, links.map(branch).collect())
        }
    };
    let link = |name: &str, i, gbps| lab::link(&format!("{name}{i}"), Rate::from_gbps(gbps));
    let circuits = (0..4).map(|i| link("c", i, 10));
    let links = circuits.chain((4..7).map(|i| link("e", i, 25)));
    let hops = vec![
        Hop::Selector(SelectorId(0)),
        Hop::Delay(DelayId(0)),
        Hop::Selector(SelectorId(1)),
        Hop::Link(LinkId(7)),
        Hop::Station(StationId(0)),
    ];
    let workloads = vec![workload(10_000.0, Dist::lognormal_of_mean(200_000.0, 1.5), reuse)];
    Plan {
        links: links.chain([lab::link("backend", Rate::from_gbps(40))]).collect(),
        delays: vec![Delay { name: "d".into(), law: Dist::constant(5e6), local: None }],
        stations: vec![lab::station(Servers::Count(64), Dist::exponential(2e6))],
        selectors: vec![
            choice("ecmp", 0..4, Policy::Hash(Rehash::Rendezvous)),
            choice("zones", 4..7, Policy::Random),
        ],
        ..lab::plan(settings(seconds), hops, workloads)
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
