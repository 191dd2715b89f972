//! Closed forms of availability: what traffic loses to random outages of what it can choose among.

use crate::measure::Quantity::Share;
use crate::measure::Results;
use crate::plan::{
    Component, ComponentId, Hop, Life, LinkId, Plan, Policy, Rehash, Repair, SelectorId,
};
use crate::units::{Rate, Span};

use super::super::availability::{Structure, k_of_n};
use super::lab::{branch, link, plan, poisson, selector, workload};
use super::{Bench, KnownCase, Rows, share_of};

pub(super) const CASES: &[KnownCase] = &[KnownCase {
    name: "k-of-n",
    about: "Requests lost while all of n members are down, by repair law; with a shared conduit",
    source: "binomial; conditioned on the shared risk (Billinton & Allan 1992)",
    run: lost,
}];

/// A choice among members that fail every 10 min, down for 1 min of it, and whose users know at once.
/// Requests without bytes come every 5 s; those that find nobody give up after half a second.
fn members(bench: &Bench, n: u32, repair: Repair, conduit: bool) -> Plan {
    let life =
        |up, down| Some(Life { up: Span::from_secs(up), down: Span::from_secs(down), repair });
    let mut sender = workload("w", poisson(0.2), 0);
    sender.timeouts.connect = Span::from_millis(500);
    sender.timeouts.request = Span::from_millis(500);
    let hops = vec![Hop::Selector(SelectorId(0))];
    let mut p = plan(bench.steady(800_000, 0, 12), hops, vec![sender]);
    p.settings.outages = true;
    for i in 0..n {
        let name = format!("c{i}");
        p.components.push(Component { life: life(540, 60), ..Component::new(name.clone()) });
        p.components[i as usize].label = "member".into();
        p.links.push(link(&name, Rate::from_gbps(1)));
        p.links[i as usize].needs = vec![ComponentId(i)];
    }
    if conduit {
        let takes = (0..n).map(ComponentId).collect();
        p.components.push(Component { life: life(2_970, 30), takes, ..Component::new("conduit") });
        p.components[n as usize].label = "conduit".into();
    }
    let member = |i: u32| branch(&format!("c{i}"), vec![Hop::Link(LinkId(i))], vec![i]);
    p.selectors.push(selector(Policy::Hash(Rehash::ModN), (0..n).map(member).collect()));
    p
}

fn lost(bench: &Bench) -> Rows {
    let of = |r: &Results| share_of(r, "connect_timeout");
    let mut rows = Vec::new();
    for (n, repair, word) in [
        (1, Repair::Exponential, "exponential"),
        (2, Repair::Exponential, "exponential"),
        (2, Repair::Fixed, "fixed"),
        (2, Repair::Lognormal { sigma: 1.0 }, "lognormal"),
    ] {
        let runs = Bench::runs(&members(bench, n, repair, false))?;
        let exact = k_of_n(1, n, 540.0, 60.0).unavailability;
        let what = format!("1-of-{n}, each down for 10 %, {word} repair, share lost");
        rows.push(bench.covers(what, &runs, (Share, exact), 0.2, of));
    }
    let p = members(bench, 3, Repair::Exponential, true);
    let all = Structure::of(&p).expect("few elements");
    let exact = all.availability(|s| s.up_of(0..3) > 0).unavailability;
    let runs = Bench::runs(&p)?;
    let what = "1-of-3 in a conduit down for 1 %, share lost";
    rows.push(bench.covers(what, &runs, (Share, exact), 0.2, of));
    Ok(rows)
}
