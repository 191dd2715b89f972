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

use super::{FAILING, Kind, Specs, Thing, Things};
use crate::plan::{self, Belief, Detector, Hop, Naming, Policy, Rehash, StationId};
use crate::random::Dist;
use crate::scenario::context::{Context, Ref, Step};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::law::Law;
use crate::scenario::lowering::{Fragment, Lowering};
use crate::scenario::read::Factor;
use crate::scenario::reader::Reader;
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

const POLICIES: &[(&str, Policy)] = &[
    ("hash", Policy::Hash(Rehash::ModN)),
    ("prefer", Policy::Prefer),
    ("priority", Policy::Priority),
    ("random", Policy::Random),
    ("rendezvous", Policy::Hash(Rehash::Rendezvous)),
];

/// Kinds whose station answers name queries.
pub(crate) const RESOLVING: &[&str] = &["station"];

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
        let branches: Vec<_> = nodes.iter().filter_map(|n| branch(n, r.cx)).collect();
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

    fn check(thing: &Thing<Self>, specs: &Specs, cx: &Context) {
        let mut trail = vec![thing.name.as_str()];
        if let Some(place) = circle(&thing.name, &specs.selector, &mut trail) {
            let message = format!("selectors go round in a circle: {}", trail.join(" -> "));
            cx.complain(
                Diagnostic::error("circle", place, message)
                    .label("comes back here")
                    .help("let the branches of one of them end in other things"),
            );
        }
    }

    fn lower(thing: &Thing<Self>, l: &mut Lowering<'_>) -> Fragment {
        let spec = &thing.spec;
        let branches = spec.branches.iter().map(|b| lower_branch(b, l)).collect();
        let naming = spec.naming.as_ref().map(|n| Naming {
            resolver: n.resolver.as_ref().and_then(|r| answering(r, l)),
            ttl: n.ttl,
            shared_cache: n.shared_cache,
            negative_ttl: n.negative_ttl,
        });
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
    let negative_ttl = r.or("negative_ttl", Span::from_secs(10));
    r.done();
    Some(Name { resolver, ttl: ttl?, shared_cache, negative_ttl })
}

/// Follows selectors inside branches; the place of the step that closes a circle through the first
/// of the trail, whose names are left in it.
fn circle<'s>(
    start: &str,
    all: &'s Things<Selector>,
    trail: &mut Vec<&'s str>,
) -> Option<crate::scenario::diagnostic::Place> {
    let here = all.get(*trail.last().expect("the trail starts with a name"))?;
    let steps = here.spec.branches.iter().flat_map(|b| &b.hops);
    for step in steps.filter(|s| s.what.kind == Selector::NAME) {
        let Some((name, _)) = all.get_key_value(&step.what.name) else { continue };
        if name == start {
            trail.push(name);
            return Some(step.what.place);
        }
        if trail.contains(&name.as_str()) {
            // Another circle, which its own members report.
            continue;
        }
        trail.push(name);
        if let Some(place) = circle(start, all, trail) {
            return Some(place);
        }
        trail.pop();
    }
    None
}
