//! The lowered network as text, for `check --show-plan` and for golden tests.

use std::fmt::Write as _;

use crate::plan::{
    Arrivals, Belief, Capacity, Duplex, Hop, JobStage, Jobs, Lack, LinkId, OnFull, Plan, Policy,
    Rehash, Scope, Selector, SelectorId, Servers, Watched, What,
};
use crate::random::Dist;
use crate::units::{Bytes, Rate, Span};

/// Every route as a tree of hops, then workloads, backgrounds, faults and changes, one per line.
///
/// ```
/// # use highwater::scenario::{Source, load_text, show_plan};
/// # let text = r#"
/// # version = 1
/// # [link.wan]
/// # capacity = "1 Gbps"
/// # [workload.web]
/// # path = ["link.wan"]
/// # arrivals = { poisson = { rate = "100/s" } }
/// # request = "1 kB"
/// # response = "200 kB"
/// # "#;
/// # let source = Source { path: "demo.toml".into(), text: text.into() };
/// # let plan = load_text(source, std::path::Path::new("."), &[]).unwrap().plan;
/// assert!(show_plan(&plan).starts_with("route workload.web\n  link link.wan: 1 Gbps\n"));
/// ```
pub fn show_plan(plan: &Plan) -> String {
    let mut out = String::new();
    for route in &plan.routes {
        line(&mut out, 0, &format!("route {}", route.name));
        hops(plan, &route.hops, 1, &mut out);
    }
    for w in &plan.workloads {
        let route = &plan.routes[w.route.index()].name;
        let places: Vec<_> = w.places.iter().map(|p| plan.places[p.index()].as_str()).collect();
        let places = match places[..] {
            [] => String::new(),
            _ => format!(" in {}", places.join(", ")),
        };
        let sizes = [&w.request, &w.response].map(size);
        let text = match &w.arrivals {
            Arrivals::Flows { rows, routes } => {
                format!("workload {}: {} flows, {} routes", w.name, rows.len(), routes.len())
            }
            Arrivals::Jobs(jobs) => {
                let stages = jobs.stages.iter().map(|s| stage(jobs, s)).collect::<Vec<_>>();
                format!(
                    "workload {}: jobs on {} workers, {} clients{places}, {} for {}, route {route}; {}",
                    w.name,
                    jobs.workers,
                    w.clients,
                    sizes[0],
                    sizes[1],
                    stages.join("; ")
                )
            }
            _ => format!(
                "workload {}: {} clients{places}, {} for {}, route {route}",
                w.name, w.clients, sizes[0], sizes[1]
            ),
        };
        line(&mut out, 0, &text);
    }
    for division in &plan.divisions {
        let of = |(i, s): (usize, &crate::plan::Share)| {
            let its = plan.workloads.iter().zip(&division.of).filter(|(_, of)| **of as usize == i);
            let its: Vec<_> = its.map(|(w, _)| w.name.as_str()).collect();
            format!("{} order {} weight {} ({})", s.name, s.order, s.weight, its.join(", "))
        };
        let shares: Vec<_> = division.shares.iter().enumerate().map(of).collect();
        let link = &plan.links[division.link.index()].name;
        line(&mut out, 0, &format!("divide {link}: {}", shares.join("; ")));
    }
    for s in &plan.scalers {
        let unit = s.pool.map_or(String::new(), |pool| {
            format!(", a unit of {} each", plan.pools[pool.index()].name)
        });
        let tracks = s.tracking.as_ref().map_or(String::new(), |t| {
            format!(", {} to {} at {} busy", t.least, t.most, crate::units::Ratio::new(t.target))
        });
        let text = format!(
            "scaler {}: {} x {} at {}{unit}, start-up {}{tracks}",
            s.name,
            s.instances,
            s.servers,
            plan.stations[s.station.index()].name,
            time(&s.start_up)
        );
        line(&mut out, 0, &text);
    }
    for b in &plan.backgrounds {
        let route = &plan.routes[b.route.index()].name;
        let text = format!("background {}: {}, {}, {route}", b.name, b.forward, b.backward);
        line(&mut out, 0, &text);
    }
    for risk in plan.components.iter().filter(|c| !c.takes.is_empty()) {
        let names: Vec<_> =
            risk.takes.iter().map(|c| plan.components[c.index()].name.as_str()).collect();
        line(&mut out, 0, &format!("risk {}: {}", risk.name, names.join(", ")));
    }
    for it in &plan.components {
        let Some(life) = &it.life else { continue };
        let repair = time(&life.repair_law());
        line(&mut out, 0, &format!("life {}: up for {}, repair {repair}", it.name, life.up));
    }
    for alert in &plan.alerts {
        let level = |l: &crate::plan::Level| match alert.on {
            Watched::Links { .. } => {
                format!("{} from {}", l.word, crate::units::Ratio::new(l.from))
            }
            Watched::Belief { .. } => l.word.clone(),
        };
        let levels: Vec<_> = alert.levels.iter().map(level).collect();
        line(&mut out, 0, &format!("alert {}: {}: {}", alert.name, alert.of, levels.join(", ")));
    }
    for (i, fault) in plan.faults.iter().enumerate() {
        if fault.planned {
            planned(plan, i, &mut out);
            continue;
        }
        let to = match fault.to.nanos() {
            u64::MAX => "the end".to_owned(),
            _ => fault.to.to_string(),
        };
        let text = format!("fault {}: {}, {} to {to}", fault.name, fault.label, fault.from);
        line(&mut out, 0, &text);
    }
    out
}

/// A stage of a job: `reduce: 50 x 10 requests after map`.
fn stage(jobs: &Jobs, it: &JobStage) -> String {
    let names: Vec<&str> =
        it.after.iter().map(|i| jobs.stages[*i as usize].name.as_str()).collect();
    let after = match names[..] {
        [] => String::new(),
        _ => format!(" after {}", names.join(", ")),
    };
    let requests = law(&it.requests, |n| n.to_string());
    format!("{}: {} x {} requests{after}", it.name, it.instances, requests)
}

/// A planned change and what it does, step by step.
fn planned(plan: &Plan, index: usize, out: &mut String) {
    let it = &plan.faults[index];
    line(out, 0, &format!("{} at {}: {}", it.name, instant(it.from), it.label));
    for change in plan.changes.iter().filter(|c| c.fault.is_some_and(|f| f as usize == index)) {
        let waits = change.after.iter().flat_map(|a| &a.waits);
        let waits: String = waits.map(|w| format!(" + {} {}", w.name, time(&w.law))).collect();
        let before = match &change.after {
            Some(after) if after.until.nanos() < u64::MAX => {
                format!(", before {}", instant(after.until))
            }
            _ => String::new(),
        };
        let what = done(plan, &change.what);
        line(out, 1, &format!("{}{waits}{before}: {what}", instant(change.at)));
    }
}

/// A point of time, exact: whole minutes, or seconds where they are whole.
fn instant(at: Span) -> String {
    const SECOND: u64 = 1_000_000_000;
    match at.nanos() {
        ns if ns.is_multiple_of(60 * SECOND) || !ns.is_multiple_of(SECOND) => at.to_string(),
        ns => format!("{} s", ns / SECOND),
    }
}

fn done(plan: &Plan, what: &What) -> String {
    let selector = |id: SelectorId| &plan.selectors[id.index()];
    let branch = |id: SelectorId, i: u32| {
        format!("{} {}", selector(id).name, selector(id).branches[i as usize].name)
    };
    let link = |id: LinkId| &plan.links[id.index()].name;
    match what {
        What::Fail { component, .. } => {
            format!("{} fails", plan.components[component.index()].name)
        }
        What::Repair { component } => {
            format!("{} works", plan.components[component.index()].name)
        }
        What::SetLink { link: id, capacity: Capacity::Fixed(rate) }
        | What::Override { link: id, rate: Some(rate) } => format!("{} gives {rate}", link(*id)),
        What::SetLink { link: id, .. } => format!("{} has another law", link(*id)),
        What::Ceiling { link: id, rate } => format!("{} up to {rate}", link(*id)),
        What::Override { link: id, rate: None } => format!("{} follows its law", link(*id)),
        What::SetPool { pool, units } => {
            format!("{} has {units} units", plan.pools[pool.index()].name)
        }
        What::Want { scaler, instances } => {
            format!("{} wants {instances} instances", plan.scalers[scaler.index()].name)
        }
        What::Renew { scaler, surge, unavailable } => format!(
            "{} renews its instances, {surge} beyond and {unavailable} below the number",
            plan.scalers[scaler.index()].name
        ),
        What::Displace { scaler, instances } => {
            format!("{} loses {instances} instances", plan.scalers[scaler.index()].name)
        }
        What::Gate { gate, reason, holds } => {
            let gate = &plan.gates[gate.index()];
            let reason = &gate.reasons[*reason as usize];
            let verb = if *holds { "is" } else { "is no more" };
            format!("{} {verb} {} ({})", gate.name, reason.state, reason.cause)
        }
        What::List { selector, branch: b, on } => {
            format!("{} is {}", branch(*selector, *b), if *on { "listed" } else { "not listed" })
        }
        What::Favour { selector, branch: b } => format!("{} comes first", branch(*selector, *b)),
    }
}

fn line(out: &mut String, depth: usize, text: &str) {
    let _ = writeln!(out, "{:1$}{text}", "", depth * 2);
}

fn hops(plan: &Plan, list: &[Hop], depth: usize, out: &mut String) {
    let name = |id: &crate::plan::ComponentId| {
        let it = &plan.components[id.index()];
        let of: Vec<_> = it.of.iter().map(|c| plan.components[c.index()].name.as_str()).collect();
        match (it.listed_by, &of[..]) {
            (_, []) => it.name.clone(),
            (None, _) => of.join(" or "),
            (Some(_), _) => format!("{} if listed", of.join(" or ")),
        }
    };
    let needs = |ids: &[crate::plan::ComponentId]| match ids {
        [] => String::new(),
        _ => format!(" [{}]", ids.iter().map(name).collect::<Vec<_>>().join(", ")),
    };
    for hop in list {
        let text = match *hop {
            Hop::Link(id) | Hop::Against(id) => {
                let link = &plan.links[id.index()];
                let word = if matches!(hop, Hop::Link(_)) { "link" } else { "against" };
                let half = if link.duplex == Duplex::Half { ", half duplex" } else { "" };
                let capacity = capacity(&link.capacity);
                format!("{word} {}: {capacity}{half}{}", link.name, needs(&link.needs))
            }
            Hop::Delay(id) => {
                let delay = &plan.delays[id.index()];
                let local = delay.local.as_ref().map_or(String::new(), |(place, law)| {
                    format!(", {} in {}", time(law), plan.places[place.index()])
                });
                format!("delay {}: {}{local}", delay.name, time(&delay.law))
            }
            Hop::Pool(id) => pool(&plan.pools[id.index()]),
            Hop::Station(id) => {
                let station = &plan.stations[id.index()];
                format!("station {}{}", self::station(station), needs(&station.needs))
            }
            Hop::Need(id) => format!("need {}", plan.components[id.index()].name),
            Hop::Selector(id) => {
                let selector = &plan.selectors[id.index()];
                line(out, depth, &choice(plan, selector));
                for branch in &selector.branches {
                    let weight = match branch.weight {
                        1.0 => String::new(),
                        weight => format!(" x {weight}"),
                    };
                    let tier = match branch.tier {
                        0 => String::new(),
                        tier => format!(" standby {tier}"),
                    };
                    let watches = needs(&branch.watches);
                    let head = format!("{}{weight}{tier}{watches}", branch.name);
                    line(out, depth + 1, &head);
                    hops(plan, &branch.hops, depth + 2, out);
                }
                continue;
            }
        };
        line(out, depth, &text);
    }
}

fn capacity(capacity: &Capacity) -> String {
    match capacity {
        Capacity::Fixed(rate) => rate.to_string(),
        Capacity::Elastic { start, ceiling, ramp, .. } => format!("{start} to {ceiling} in {ramp}"),
        Capacity::Random { law, every } => {
            format!("{} every {every}", self::law(law, |x| Rate::from_bps(x).to_string()))
        }
    }
}

fn pool(pool: &crate::plan::Pool) -> String {
    let full = match &pool.on_full {
        OnFull::Refuse => "refuse".to_owned(),
        OnFull::Wait { queue, timeout } => {
            let queue = queue.map_or(String::new(), |q| format!(" of {q}"));
            let timeout = timeout.map_or(String::new(), |t| format!(" for {t}"));
            format!("wait{queue}{timeout}")
        }
    };
    let lack = match pool.lack {
        Lack::Slot => "slots",
        Lack::Port => "ports",
        Lack::Address => "addresses",
    };
    let held = match pool.hold_after {
        Span::ZERO => String::new(),
        time => format!(", held {time} more"),
    };
    format!("pool {}: {} {lack} per {}, {full}{held}", pool.name, pool.units, scope(pool.scope))
}

const fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::Connection => "connection",
        Scope::Request => "request",
    }
}

fn station(station: &crate::plan::Station) -> String {
    let servers = match station.servers {
        Servers::Count(n) => n.to_string(),
        Servers::Unlimited => "unlimited".to_owned(),
    };
    let queue = station.queue.map_or(String::new(), |q| format!(", queue {q}"));
    let timeout = station.timeout.map_or(String::new(), |t| format!(", timeout {t}"));
    format!(
        "{}: {servers} x {} per {}{queue}{timeout}",
        station.name,
        time(&station.service),
        scope(station.scope)
    )
}

fn choice(plan: &Plan, selector: &Selector) -> String {
    let policy = match selector.policy {
        Policy::Hash(Rehash::ModN) => "hash mod n",
        Policy::Hash(Rehash::Rendezvous) => "hash rendezvous",
        Policy::Priority => "first up",
        Policy::Stay => "first up, then stay",
        Policy::Random => "random",
        Policy::Prefer => "own place first",
        Policy::Home => "own place first, for packets",
    };
    let belief = match &selector.belief {
        Belief::Blind => String::new(),
        Belief::Watched(d) => format!(
            ", {} down {} up {} then {}",
            d.label,
            time(&d.detect_down),
            time(&d.detect_up),
            time(&d.propagate)
        ),
    };
    let naming = selector.naming.as_ref().map_or(String::new(), |n| {
        let at =
            n.resolver.map_or(String::new(), |r| format!(" at {}", plan.stations[r.index()].name));
        format!(", name ttl {}{at}", n.ttl)
    });
    format!("choose {} ({}): {policy}{belief}{naming}", selector.name, selector.role)
}

fn time(dist: &Dist) -> String {
    law(dist, |ns| Span::from_nanos(ns).to_string())
}

fn size(dist: &Dist) -> String {
    law(dist, |bytes| Bytes::new(bytes).to_string())
}

/// A law of amounts, for people.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a spelling of amounts that are never negative; saturates"
)]
fn law(dist: &Dist, spell: impl Fn(u64) -> String) -> String {
    let at = |x: f64| spell((x + 0.5) as u64);
    match dist {
        Dist::Constant { value } => at(*value),
        Dist::Uniform { low, high } => format!("{}..{}", at(*low), at(*high)),
        Dist::Exponential { mean } => format!("exponential {}", at(*mean)),
        Dist::Lognormal { sigma, .. } => format!("lognormal {} sigma {sigma}", at(dist.mean())),
        other => format!("mean {}", at(other.mean())),
    }
}
