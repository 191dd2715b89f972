//! Closed forms of choices: hashing, names and their caches, detection.

use crate::measure::Quantity::{Number, Share, Span as Time};
use crate::measure::Results;
use crate::plan::{
    Belief, Component, ComponentId, Detector, Hop, LinkId, NameCache, Plan, Policy, Rehash,
    SelectorId,
};
use crate::random::Dist;
use crate::units::{Rate, Span};

use super::lab::{
    MS, at_once, black_hole, branch, fault, link, naming, plan, poisson, selector, square, workload,
};
use super::{Agreement, Bench, KnownCase, Rows, mean_latency, whole};

pub(super) const CASES: &[KnownCase] = &[
    KnownCase {
        name: "ecmp",
        about: "64 connections hashed over 4 members: mean, variance and greatest count",
        source: "multinomial; the maximum by truncated Poisson convolution",
        run: ecmp,
    },
    KnownCase {
        name: "devices",
        about: "Greedy connections hashed over 4 throttle devices: share of the whole limit",
        source: "occupancy: 1 - (1 - 1/D)^n",
        run: devices,
    },
    KnownCase {
        name: "rehash",
        about: "Connections moved when one of 4 members fails: mod-N and rendezvous",
        source: "Chinese remainders: 1 - 1/N; highest random weight: 1/N",
        run: rehash,
    },
    KnownCase {
        name: "dns",
        about: "Share of clients still on a dead zone, by time since its removal",
        source: "uniform ages: (1/2)(1 - t/TTL); x lambda TTL/(1 + lambda TTL) on demand; two layers",
        run: dns,
    },
    KnownCase {
        name: "bfd",
        about: "Black-hole window of BFD, 1 s x 3: mean and variance",
        source: "uniform on ((m - 1) I, m I] (RFC 5880, 6.8.4)",
        run: bfd,
    },
];

/// The members of a hashed choice, each over the link of its number.
fn hashed(rehash: Rehash, links: bool) -> crate::plan::Selector {
    let member = |i: u32| {
        let hops = if links { vec![Hop::Link(LinkId(i))] } else { vec![] };
        branch(&format!("c{i}"), hops, vec![])
    };
    let mut it = selector(Policy::Hash(rehash), (0..4).map(member).collect());
    it.belief = Belief::Blind;
    it
}

fn ecmp(bench: &Bench) -> Rows {
    // The count on a member is binomial(64, 1/4): mean 16, variance 12; the mean of the greatest
    // of the four is 20.20.
    let mut rows = Vec::new();
    for (name, rehash) in [("mod-N", Rehash::ModN), ("rendezvous", Rehash::Rendezvous)] {
        let w = workload("w", at_once(64, 0), 0);
        let mut p = plan(bench.drill(1, 600), vec![Hop::Selector(SelectorId(0))], vec![w]);
        p.selectors.push(hashed(rehash, false));
        let runs = Bench::runs(&p)?;
        let counts = |r: &Results| {
            let members = r.selectors[0].chosen_by_window.iter();
            members.map(|w| whole(w.iter().sum())).collect::<Vec<f64>>()
        };
        let what = |part: &str| format!("64 hashed over 4, {part}, {name}");
        let greatest = (Number, mean_maximum(64, 4));
        rows.push(bench.covers(what("mean count"), &runs, (Number, 16.0), 0.05, |r| {
            counts(r).first().copied()
        }));
        rows.push(bench.covers(what("variance"), &runs, (Number, 12.0), 0.35, |r| {
            counts(r).get(1).map(|n| square(n - 16.0))
        }));
        rows.push(bench.covers(what("greatest count"), &runs, greatest, 0.03, |r| {
            counts(r).into_iter().reduce(f64::max)
        }));
    }
    Ok(rows)
}

/// E max of a multinomial(n; 1/k each): sum over m of P(max > m), P(max <= m) by convolution of
/// truncated Poisson weights 1/j!.
fn mean_maximum(n: usize, k: usize) -> f64 {
    let mut factorials = vec![1.0];
    for j in 1..=n {
        factorials.push(factorials[j - 1] * j as f64);
    }
    let at_most = |m: usize| {
        let mut ways = vec![0.0; n + 1];
        ways[0] = 1.0;
        for _ in 0..k {
            let before = ways.clone();
            for (total, way) in ways.iter_mut().enumerate() {
                *way = (0..=m.min(total)).map(|j| before[total - j] / factorials[j]).sum();
            }
        }
        (0..n).fold(ways[n] * factorials[n], |p, _| p / k as f64)
    };
    (0..n).map(|m| 1.0 - at_most(m)).sum()
}

fn devices(bench: &Bench) -> Rows {
    // 4 devices of 8 Mbit/s = 1 MB/s: a device carries its limit if any of n connections chose it.
    let mut rows = Vec::new();
    for n in [2, 4, 8] {
        let w = workload("w", at_once(n, 1_000_000_000), 0);
        let mut p = plan(bench.drill(1, 400), vec![Hop::Selector(SelectorId(0))], vec![w]);
        p.links = (0..4).map(|i| link(&format!("d{i}"), Rate::from_mbps(8))).collect();
        p.selectors.push(hashed(Rehash::Rendezvous, true));
        let idle = (0..n).fold(1.0, |p, _| p * 0.75);
        let what = format!("{n} greedy connections on 4 devices, share of the limit");
        rows.push(bench.covers(what, &Bench::runs(&p)?, (Share, 1.0 - idle), 0.10, |r| {
            Some(whole(r.workloads[0].bytes_by_window.iter().sum()) / 4e6)
        }));
    }
    Ok(rows)
}

fn rehash(bench: &Bench) -> Rows {
    // A key keeps its place under mod-N when key mod 4 = key mod 3, of 12 remainders 3: 1 - 1/4
    // move. Under rendezvous the failed member's 1/4 move. The member fails at 1 s.
    let mut rows = Vec::new();
    let kinds = [("mod-N", Rehash::ModN, 0.75), ("rendezvous", Rehash::Rendezvous, 0.25)];
    for (name, rehash, exact) in kinds {
        let w = workload("w", at_once(400, 1_000_000_000), 0);
        let mut p = plan(bench.drill(2, 64), vec![Hop::Selector(SelectorId(0))], vec![w]);
        p.links = (0..4).map(|i| link(&format!("c{i}"), Rate::from_gbps(8))).collect();
        p.components = (0..4).map(|i| Component::new(format!("c{i}"))).collect();
        let member = |i| branch(&format!("c{i}"), vec![Hop::Link(LinkId(i))], vec![i]);
        p.selectors.push(selector(Policy::Hash(rehash), (0..4).map(member).collect()));
        p.faults.push(fault("cut", 1, 2));
        p.changes.push(black_hole(Span::from_secs(1), 0, 2));
        let what = format!("One of 4 members fails, share that moves, {name}");
        rows.push(bench.covers(what, &Bench::runs(&p)?, (Share, exact), 0.10, |r| {
            Some(whole(r.selectors[0].moved) / 400.0)
        }));
    }
    Ok(rows)
}

/// Two branches behind a name of 60 s; the first is dead from `dead` on, which the record knows at
/// once.
fn two_zones(
    bench: &Bench,
    names: NameCache,
    (per_second, clients): (f64, u32),
    (dead, replications): (u64, u64),
) -> Plan {
    let mut w = workload("w", poisson(per_second), 0);
    (w.clients, w.names) = (clients, names);
    let horizon = dead + 140;
    let settings = bench.drill(horizon, replications);
    let mut p = plan(settings, vec![Hop::Selector(SelectorId(0))], vec![w]);
    p.settings.window = Span::from_secs(10);
    p.components.push(Component::new("zone.a"));
    let branches = vec![branch("a", vec![], vec![0]), branch("b", vec![], vec![])];
    p.selectors.push(selector(Policy::Random, branches));
    p.selectors[0].naming = Some(naming(60));
    p.faults.push(fault("zone a", dead, horizon));
    p.changes.push(black_hole(Span::from_secs(dead), 0, 0));
    p
}

/// Rows of the dead branch's share in windows of 10 s, counted from the failure.
fn dead_shares(
    bench: &Bench,
    what: &str,
    p: &Plan,
    widest: f64,
    shares: &[(usize, f64)],
) -> Result<(Vec<Agreement>, Vec<Results>), crate::sim::SimError> {
    let first = usize::try_from(p.changes[0].at.nanos() / 10_000_000_000).expect("some windows");
    let runs = Bench::runs(p)?;
    let row = |&(window, share): &(usize, f64)| {
        let what =
            format!("{what}, on the dead zone {} to {} s after", 10 * window, 10 * window + 10);
        bench.covers(what, &runs, (Share, share), widest, |r| {
            let chosen = &r.selectors[0].chosen_by_window;
            let [dead, alive] = [0, 1].map(|branch: usize| whole(chosen[branch][first + window]));
            Some(dead / (dead + alive))
        })
    };
    Ok((shares.iter().map(row).collect(), runs))
}

/// A row: tries on the dead branch from `lives` x 60 s after its removal on; there are none.
fn nobody_after(what: &str, p: &Plan, runs: &[Results], lives: usize) -> Agreement {
    let first = usize::try_from(p.changes[0].at.nanos() / 10_000_000_000).expect("some windows");
    let late = |r: &Results| -> u64 {
        r.selectors[0].chosen_by_window[0][first + 6 * lives..].iter().sum()
    };
    let what = format!("{what}, tries on the dead zone {} s after", 60 * lives);
    Agreement::exact(what, Number, 0.0, whole(runs.iter().map(late).sum()), 0.0)
}

fn dns(bench: &Bench) -> Rows {
    // Caches refreshed back to back with uniform phase: the share t after the removal is
    // (1/2)(1 - t/60), over windows of 10 s 11/24, 9/24, 7/24, 5/24, 3/24, 1/24, then nobody.
    let p = two_zones(bench, NameCache::Prefetch, (200.0, 2_000), (10, 16));
    let shares = [(0, 11.0), (1, 9.0), (2, 7.0), (3, 5.0), (4, 3.0), (5, 1.0)]
        .map(|(window, share)| (window, share / 24.0));
    let what = "Names of 60 s, refreshed";
    let (mut rows, runs) = dead_shares(bench, what, &p, 0.3, &shares)?;
    rows.push(nobody_after(what, &p, &runs, 1));

    // Each client asks 1/60 times a second: a name is cached for the share
    // lambda TTL / (1 + lambda TTL) = 1/2 of the requests, its age uniform. 600 s forget the cold
    // start.
    let asking = (4_000.0 / 60.0, 4_000);
    let p = two_zones(bench, NameCache::Ttl { warm: false }, asking, (600, 20));
    let shares = [(0, 11.0 / 48.0), (2, 7.0 / 48.0), (4, 3.0 / 48.0)];
    let (more, _) = dead_shares(bench, "Names of 60 s, on demand", &p, 0.3, &shares)?;
    rows.extend(more);

    // A shared cache of 60 s before clients' caches of 60 s, both with uniform phase: x lives after
    // the failure the share is (1/2)(1 - x^2/2) for x < 1, then (1/2)(2 - x)^2/2, and 0 from 2 on.
    // Its integral from 0 is (x - x^3/6)/2, then (1 - (2 - x)^3/6)/2.
    let integral = |x: f64| {
        if x < 1.0 { x - x * x * x / 6.0 } else { 1.0 - (2.0 - x) * (2.0 - x) * (2.0 - x) / 6.0 }
    };
    let share = |window: usize| {
        let x = window as f64 / 6.0;
        (window, (integral(x + 1.0 / 6.0) - integral(x)) / 2.0 * 6.0)
    };
    let mut p = two_zones(bench, NameCache::Prefetch, (30.0, 300), (10, 400));
    if let Some(naming) = &mut p.selectors[0].naming {
        naming.shared_cache = Some(Span::from_secs(60));
    }
    let what = "Names of 60 s behind a shared cache";
    let (more, runs) = dead_shares(bench, what, &p, 0.4, &[0, 3, 6, 9].map(share))?;
    rows.extend(more);
    rows.push(nobody_after(what, &p, &runs, 2));
    Ok(rows)
}

fn bfd(bench: &Bench) -> Rows {
    // Interval 1 s x 3: from failure to detection uniform on (2 s, 3 s], mean 2.5 s, variance 1/12.
    // The flow on the failed circuit stalls just that long: 10 s of work take 12 to 13 s.
    let w = workload("w", at_once(1, 10_000_000), 0);
    let mut p = plan(bench.drill(60, 400), vec![Hop::Selector(SelectorId(0))], vec![w]);
    for i in 0..2 {
        p.components.push(Component::new(format!("circuit.c{i}")));
        let mut l = link(&format!("c{i}"), Rate::from_mbps(8));
        l.needs = vec![ComponentId(i)];
        p.links.push(l);
    }
    let member = |i| branch(&format!("c{i}"), vec![Hop::Link(LinkId(i))], vec![i]);
    p.selectors.push(selector(Policy::Priority, (0..2).map(member).collect()));
    p.selectors[0].belief = Belief::Watched(Detector {
        label: "BFD 1 s x 3".into(),
        detect_down: Dist::Uniform { low: 2_000.0 * MS, high: 3_000.0 * MS },
        detect_up: Dist::constant(0.0),
        propagate: Dist::constant(0.0),
    });
    p.faults.push(fault("cut", 5, 60));
    p.changes.push(black_hole(Span::from_secs(5), 0, 0));
    let runs = Bench::runs(&p)?;
    let stall = |r: &Results| mean_latency(r).map(|ns| ns - 10e9);
    let spread = |r: &Results| stall(r).map(|ns| square((ns - 2.5e9) / 1e9));
    // What was delivered after the move is what was left: the stall is the detection.
    let apart = |r: &Results| {
        let detect = r.gaps.first().and_then(|g| g.detect.max()).map_or(f64::NAN, whole);
        (stall(r).unwrap_or(f64::NAN) - detect).abs()
    };
    let moved: u64 = runs.iter().map(|r| r.selectors[0].moved).sum();
    let moves = whole(moved) / runs.len() as f64;
    let most = super::worst(runs.iter().map(apart));
    Ok(vec![
        bench.covers("BFD 1 s x 3, mean stall of a transfer", &runs, (Time, 2.5e9), 0.04, stall),
        bench.covers(
            "BFD 1 s x 3, variance of the stall, s²",
            &runs,
            (Number, 1.0 / 12.0),
            0.3,
            spread,
        ),
        Agreement::exact("BFD 1 s x 3, moves per failure", Number, 1.0, moves, 0.0),
        Agreement::exact("BFD 1 s x 3, stall beyond the detection", Time, 0.0, most, 4.0),
    ])
}
