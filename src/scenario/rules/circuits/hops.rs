//! From hub to hub: regions that are joined, ways over the Internet, hashes behind each other.

use super::super::super::context::{Context, Ref, Step};
use super::super::super::diagnostic::{Diagnostic, Severity};
use super::super::super::kinds::backend::{Backend, Reach};
use super::super::super::kinds::circuit_group::{CircuitGroup, Mode};
use super::super::super::kinds::internet::Internet;
use super::super::super::kinds::maxcompute::connection::called;
use super::super::super::kinds::peering::{HUBS, Peering};
use super::super::super::kinds::transit_router::TransitRouter;
use super::super::super::kinds::{Kind, Specs, Thing};
use super::super::super::traffic::Workload;
use super::said;

const JOINED: &str = said!("resources in other regions are reached by connecting TRs");

pub(super) fn check(workloads: &[Thing<Workload>], specs: &Specs, cx: &Context) {
    for workload in workloads {
        let steps = workload.spec.way.steps(specs);
        joined(steps, specs, cx);
        regions(steps, specs, cx);
        over_the_internet(steps, specs, cx);
        polarised(steps, specs, cx);
    }
}

/// C-42: transit routers with a peering between them, and peerings between what they join.
fn joined(steps: &[Step], specs: &Specs, cx: &Context) {
    let is_hub = |r: &Ref| HUBS.contains(&r.kind);
    for pair in steps.windows(2) {
        let (one, other) = (&pair[0].what, &pair[1].what);
        let routers = one.kind == TransitRouter::NAME && other.kind == TransitRouter::NAME;
        if !routers || one.name == other.name {
            continue;
        }
        let message = format!("nothing joins `{}` and `{}`", one.full(), other.full());
        let known = specs.peering.values().find(|p| p.spec.joins(one, other));
        let help = match known {
            Some(peering) => format!("put \"{}\" between them", peering.full()),
            None => format!(
                "declare [peering.x] with between = [\"{}\", \"{}\"], and put it between them",
                one.full(),
                other.full()
            ),
        };
        cx.complain(Diagnostic::error("C-42", other.place, message).reason(JOINED).help(help));
    }
    for three in steps.windows(3) {
        let [one, it, other] = [&three[0].what, &three[1].what, &three[2].what];
        if it.kind != Peering::NAME || !is_hub(one) || !is_hub(other) {
            continue;
        }
        let Some(peering) = specs.peering.get(&it.name) else { continue };
        if peering.spec.joins(one, other) {
            continue;
        }
        let message =
            format!("`{}` does not join `{}` and `{}`", it.full(), one.full(), other.full());
        let ends: Vec<_> = peering.spec.between.iter().map(Ref::full).collect();
        cx.complain(
            Diagnostic::error("C-42", it.place, message)
                .also(peering.place, format!("between {}", ends.join(" and ")))
                .reason(JOINED)
                .help(format!("between = [\"{}\", \"{}\"]", one.full(), other.full())),
        );
    }
}

/// C-42: the last transit router is that of the region where the service is.
fn regions(steps: &[Step], specs: &Specs, cx: &Context) {
    let last = steps.iter().rev().find(|s| s.what.kind == TransitRouter::NAME);
    let Some(router) = last.and_then(|s| specs.transit_router.get(&s.what.name)) else { return };
    let Some(target) = called(steps, specs) else { return };
    let (Some(here), Some(there)) = (&router.spec.region, region(target, specs)) else { return };
    if here.name == there.name {
        return;
    }
    let message = format!(
        "`{}` is in region `{}`, and `{}` in `{}`",
        router.full(),
        here.name,
        target.full(),
        there.name
    );
    cx.complain(
        Diagnostic::error("C-42", here.place, message)
            .also(target.place, "called behind it")
            .reason(JOINED)
            .help("go on by a `peering` to a transit_router of that region"),
    );
}

/// Where a service is, if it says so.
fn region<'a>(backend: &'a Thing<Backend>, specs: &'a Specs) -> Option<&'a Ref> {
    if let Some(zone) = backend.spec.zones.first() {
        return Some(&specs.zone.get(&zone.name)?.spec.region);
    }
    let vpc = backend.spec.door.vpc.as_ref()?;
    Some(&specs.vpc.get(&vpc.name)?.spec.region)
}

/// C-14: what has a private address is called over the Internet.
fn over_the_internet(steps: &[Step], specs: &Specs, cx: &Context) {
    let Some(way) = steps.iter().find(|s| s.what.kind == Internet::NAME) else { return };
    let Some(target) = called(steps, specs) else { return };
    let reach = target.spec.door.reach.as_ref();
    let Some(reach) = reach.filter(|r| r.value != Reach::Public) else { return };
    let message = format!("`{}` is called over the Internet", target.full());
    cx.complain(
        Diagnostic::new(Severity::Note, "C-14", way.what.place, message)
            .also(reach.place, "it has a private address")
            .reason(said!(
                "a private path has lower latency, is steadier, and keeps the public endpoint off"
            ))
            .help("call it by circuits or a `vpn`, or say reach = \"public\""),
    );
}

/// C-26: a group behind another of the same seed gets flows that were hashed already.
fn polarised(steps: &[Step], specs: &Specs, cx: &Context) {
    let groups = steps.iter().filter(|s| s.what.kind == CircuitGroup::NAME);
    let seeded: Vec<_> = groups
        .filter_map(|s| {
            let group = specs.circuit_group.get(&s.what.name)?;
            let hashes = group.mode(specs) != Mode::ActiveStandby;
            Some((group, group.spec.hash_seed.as_ref().filter(|_| hashes)?))
        })
        .collect();
    for (i, (group, seed)) in seeded.iter().enumerate() {
        let same = seeded[..i].iter().find(|(_, before)| before.value == seed.value);
        let Some((first, before)) = same else { continue };
        let message = format!("`{}` hashes as `{}` before it does", group.full(), first.full());
        cx.complain(
            Diagnostic::warning("C-26", seed.place, message)
                .label("flows that come by one way go on by the same few")
                .also(before.place, "the same seed")
                .reason(said!("ECMP has high utilization: if flows spread at each hop anew"))
                .help("another `hash_seed`, or none: each group then has its own"),
        );
    }
}
