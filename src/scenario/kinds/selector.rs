//! A choice among branches, as a primitive: DNS answers, ECMP, active/standby.
//!
//! ```text
//!                    ┌─ branch a: hops ... ┐
//! ──> policy+belief ─┼─ branch b: hops ... ┼──>
//!                    └─ branch c: hops ... ┘
//! ```
//!
//! Without `detect` every branch is believed up for ever. With it, belief follows the truth of what
//! each branch `watches`, after the delays given. With `naming` clients choose through a name and
//! keep the answer for its TTL.

use std::collections::BTreeMap;

use super::{FAILING, Kind, Thing, Things};
use crate::plan::{self, Belief, Detector, Hop, Naming, Policy, Rehash, StationId};
use crate::random::Dist;
use crate::scenario::context::{Context, Ref, Step};
use crate::scenario::diagnostic::{Diagnostic, Place};
use crate::scenario::law::Law;
use crate::scenario::lowering::{Fragment, Lowering};
use crate::scenario::read::Factor;
use crate::scenario::reader::{Basis, Reader};
use crate::scenario::tree::Node;
use crate::units::Span;

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Selector {
    policy: Policy,
    role: String,
    headline: bool,
    branches: Vec<Branch>,
    belief: Belief,
    naming: Option<Name>,
}

#[derive(Clone, Debug)]
struct Branch {
    name: String,
    weight: f64,
    place: Option<Ref>,
    hops: Vec<Step>,
    watches: Vec<Ref>,
}

/// A name and its caches, as written.
#[derive(Clone, Debug)]
struct Name {
    resolver: Option<Ref>,
    ttl: Span,
    shared_cache: Option<Span>,
    negative_ttl: Span,
}

impl Selector {
    /// What its branches go through.
    pub(crate) fn steps(&self) -> impl Iterator<Item = &Step> {
        self.branches.iter().flat_map(|b| &b.hops)
    }
}

impl Name {
    fn lower(&self, l: &mut Lowering<'_>) -> Naming {
        Naming {
            resolver: self.resolver.as_ref().and_then(|r| answering(r, l)),
            ttl: self.ttl,
            shared_cache: self.shared_cache,
            negative_ttl: self.negative_ttl,
        }
    }
}

const POLICIES: &[(&str, Policy)] = &[
    ("hash", Policy::Hash(Rehash::ModN)),
    ("prefer", Policy::Prefer),
    ("priority", Policy::Priority),
    ("random", Policy::Random),
    ("rendezvous", Policy::Hash(Rehash::Rendezvous)),
];

/// How long clients keep the answer that there is no address.
pub(crate) const NEGATIVE_CACHE: Basis =
    Basis { source: "negative name cache of the JVM: 10 s", mark: "B" };

/// Kinds whose station answers name queries.
pub(crate) const RESOLVING: &[&str] = &["resolver", "station"];

/// Most branches of one selector, a bound of the plan.
pub(crate) const MOST_BRANCHES: usize = 250;

impl Kind for Selector {
    const NAME: &'static str = "selector";
    const DOC: &'static str = "a choice among branches, by policy and by what is believed up";
    const PATH: bool = true;
    const AGAINST: bool = true;
    const ALWAYS: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        let policy = r.req_word("policy", POLICIES);
        let role = r.or("role", "selector".to_owned());
        let headline = r.or("headline", true);
        let nodes = r
            .req_node("branches", "[{ name = \"a\", hops = [...] }, ...]")
            .map_or(&[][..], |n| r.list(n));
        let few = &nodes[..nodes.len().min(MOST_BRANCHES)];
        let branches: Vec<_> = few.iter().filter_map(|n| branch(n, r.cx)).collect();
        if !(1..=MOST_BRANCHES).contains(&nodes.len()) && r.has("branches") {
            let message = format!("a selector has 1 to {MOST_BRANCHES} branches");
            r.cx.complain(Diagnostic::error("range", r.place_of("branches"), message));
        }
        for (i, one) in branches.iter().enumerate() {
            if branches[..i].iter().any(|b| b.name == one.name) {
                let message = format!("two branches are called `{}`", one.name);
                r.cx.complain(Diagnostic::error("duplicate", r.place_of("branches"), message));
            }
        }
        let belief = match r.table("detect") {
            Some(table) => detector(table).map(Belief::Watched),
            None => Some(Belief::Blind),
        };
        let naming = r.table("naming").map(naming);
        Some(Self {
            policy: policy?,
            role,
            headline,
            branches,
            belief: belief?,
            naming: naming.flatten(),
        })
    }

    fn lower(thing: &Thing<Self>, l: &mut Lowering<'_>) -> Fragment {
        let spec = &thing.spec;
        let branches = spec.branches.iter().map(|b| lower_branch(b, l)).collect();
        let naming = spec.naming.as_ref().map(|n| n.lower(l));
        let id = l.selector(plan::Selector {
            name: thing.full(),
            role: spec.role.clone(),
            policy: spec.policy,
            branches,
            belief: spec.belief.clone(),
            naming,
            headline: spec.headline,
        });
        Fragment::of(vec![Hop::Selector(id)])
    }
}

/// The station that answers queries for a resolver.
pub(crate) fn answering(resolver: &Ref, l: &mut Lowering<'_>) -> Option<StationId> {
    l.fragment(resolver.kind, &resolver.name, false).hops.iter().find_map(|hop| match hop {
        Hop::Station(id) => Some(*id),
        _ => None,
    })
}

fn lower_branch(branch: &Branch, l: &mut Lowering<'_>) -> plan::Branch {
    plan::Branch {
        name: branch.name.clone(),
        weight: branch.weight,
        place: branch.place.as_ref().map(|zone| l.place(&zone.name)),
        hops: l.steps(&branch.hops),
        watches: l.needs(&branch.watches),
        listed: true,
        tier: 0,
    }
}

fn branch(node: &Node, cx: &Context) -> Option<Branch> {
    let r = Reader::of(cx, node, "branch")?;
    let name = r.req::<String>("name");
    let weight = r.given::<Factor>("weight");
    if let Some(weight) = weight.as_ref().filter(|w| w.value.0 <= 0.0) {
        let message = "a branch of weight 0 is never taken: leave it out";
        cx.complain(Diagnostic::error("range", weight.place, message).label("must be above 0"));
    }
    let place = r.reference("place", &["zone"]);
    let hops = r.node("hops").map_or_else(Vec::new, |n| r.steps(n));
    let watches = r.references("watches", &FAILING);
    r.done();
    Some(Branch { name: name?, weight: weight.map_or(1.0, |w| w.value.0), place, hops, watches })
}

fn detector(r: Reader<'_>) -> Option<Detector> {
    let law = |key| r.opt::<Law<Span>>(key).map(|law| law.dist);
    let down = r.req::<Law<Span>>("down").map(|law| law.dist);
    let up = if r.has("up") { law("up") } else { down.clone() };
    let propagate = if r.has("propagate") { law("propagate") } else { Some(Dist::constant(0.0)) };
    let label = r.or("label", "detection".to_owned());
    r.done();
    Some(Detector { label, detect_down: down?, detect_up: up?, propagate: propagate? })
}

fn naming(r: Reader<'_>) -> Option<Name> {
    let ttl = r.req("ttl");
    let resolver = r.reference("resolver", RESOLVING);
    let shared_cache = r.opt("shared_cache");
    let negative_ttl = r.fallback("negative_ttl", "10 s", NEGATIVE_CACHE);
    r.done();
    Some(Name { resolver, ttl: ttl?, shared_cache, negative_ttl: negative_ttl? })
}

/// Deepest nesting of declared selectors; the kinds inside their branches may add a few more.
const DEEPEST: usize = 8;
/// Most ways through one selector and those inside it.
const MOST_WAYS: u64 = 100_000;

/// Complains about selectors that contain themselves, nest too deep or branch out too far. Peels
/// selectors off from the innermost: iterative, so that no chain exhausts the stack, and linear, so
/// that no lattice takes for ever.
pub(crate) fn check_nesting(all: &Things<Selector>, cx: &Context) {
    let inner = |thing: &Thing<Selector>| -> Vec<(String, Place)> {
        let steps = thing.spec.branches.iter().flat_map(|b| &b.hops);
        steps
            .filter(|s| s.what.kind == Selector::NAME && all.contains_key(&s.what.name))
            .map(|s| (s.what.name.clone(), s.what.place))
            .collect()
    };
    let inner: BTreeMap<&str, Vec<(String, Place)>> =
        all.values().map(|t| (t.name.as_str(), inner(t))).collect();
    let mut outer: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut open: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, children) in &inner {
        open.insert(name, children.len());
        for (child, _) in children {
            outer.entry(child).or_default().push(name);
        }
    }
    let mut ready: Vec<&str> = open.iter().filter(|(_, n)| **n == 0).map(|(k, _)| *k).collect();
    let mut measured: BTreeMap<&str, (usize, u64)> = BTreeMap::new();
    while let Some(name) = ready.pop() {
        let children = inner[name].iter().filter_map(|(child, _)| measured.get(child.as_str()));
        let (depth, ways) = children.fold((0, all[name].spec.branches.len() as u64), |sum, c| {
            (sum.0.max(c.0), sum.1.saturating_add(c.1))
        });
        if depth == DEEPEST || ways > MOST_WAYS && !inner[name].is_empty() {
            let message = format!("`selector.{name}` nests too deep or branches out too far");
            cx.complain(Diagnostic::error("range", all[name].place, message).label(format!(
                "at most {DEEPEST} selectors inside each other, and {MOST_WAYS} ways through them"
            )));
        }
        measured.insert(name, (depth + 1, ways));
        for parent in outer.get(name).into_iter().flatten() {
            let left = open.get_mut(parent).expect("every selector is open at first");
            *left -= 1;
            if *left == 0 {
                ready.push(parent);
            }
        }
    }
    // What is left contains itself, or leads to what does: walking inwards from any ends in a circle.
    let left = |name: &str| !measured.contains_key(name);
    let Some(start) = inner.keys().find(|name| left(name)) else { return };
    let mut trail = vec![*start];
    loop {
        let here = trail[trail.len() - 1];
        let next = inner[here].iter().find(|(child, _)| left(child));
        let (next, place) = next.expect("one that is left has a child that is left");
        if let Some(first) = trail.iter().position(|name| name == next) {
            let circle = [&trail[first..], &[next.as_str()]].concat().join(" -> ");
            let message = format!("selectors go round in a circle: {circle}");
            cx.complain(
                Diagnostic::error("circle", *place, message)
                    .label("comes back here")
                    .help("let the branches of one of them end in other things"),
            );
            return;
        }
        trail.push(next);
    }
}
