//! The plan of addresses: premises, VPCs, and the cloud's own block.

use super::super::super::context::Context;
use super::super::super::diagnostic::{Diagnostic, Severity};
use super::super::super::kinds::backend::Reach;
use super::super::super::kinds::site::Site;
use super::super::super::kinds::{Kind, Specs, Thing};
use super::super::super::traffic::Workload;
use super::chain::{Way, service_block};
use super::said;

pub(super) fn check(workloads: &[Thing<Workload>], specs: &Specs, cx: &Context) {
    let ways: Vec<_> =
        workloads.iter().filter_map(|w| Some((Way::of(w, specs)?, premises(w, specs)?))).collect();
    for site in specs.site.values() {
        own_block(site, &ways, specs, cx);
    }
    for vpc in specs.vpc.values() {
        if vpc.spec.cidr.is_some_and(|block| block.overlaps(service_block())) {
            let message = format!("the block of `{}` overlaps 100.64.0.0/10", vpc.full());
            cx.complain(
                Diagnostic::error("C-36", vpc.place, message)
                    .reason(said!("plan the networks of cloud and premises: services are there"))
                    .help("give it another `cidr`"),
            );
        }
    }
    for (way, site) in &ways {
        clash(way, site, specs, cx);
    }
    hub(specs, cx);
}

/// Where a workload is on premises.
fn premises<'a>(workload: &'a Thing<Workload>, specs: &'a Specs) -> Option<&'a Thing<Site>> {
    let first = workload.spec.way.steps(specs).first()?;
    (first.what.kind == Site::NAME && !first.against)
        .then(|| specs.site.get(&first.what.name))
        .flatten()
}

/// C-33, C-34: premises in the cloud's own block.
fn own_block(site: &Thing<Site>, ways: &[(Way<'_>, &Thing<Site>)], specs: &Specs, cx: &Context) {
    let Some(block) = site.spec.cidr.filter(|b| b.overlaps(service_block())) else { return };
    let calls = ways.iter().filter(|(_, from)| from.name == site.name).find_map(|(way, _)| {
        let (backend, step) = way.target(specs)?;
        let reach = backend.spec.door.reach.as_ref()?;
        (reach.value == Reach::Service).then_some((backend, step))
    });
    let message = format!("{block} of `{}` overlaps 100.64.0.0/10", site.full());
    cx.complain(match calls {
        Some((backend, step)) => Diagnostic::error("C-34", site.place, message)
            .also(step.place, format!("`{}`, called from there, is in that block", backend.name))
            .reason(said!("on a conflict, use PrivateLink if the service supports it"))
            .help(
                "give the site another `cidr`; until then call the service by an `endpoint`, whose \
                 address is in your VPC, if it is offered by PrivateLink",
            ),
        None => Diagnostic::error("C-33", site.place, message)
            .reason(said!("the data centre cannot use 100.64.0.0/10, where services are"))
            .help("give the site another `cidr`"),
    });
}

/// C-36: premises and a VPC that they call.
fn clash(way: &Way<'_>, site: &Thing<Site>, specs: &Specs, cx: &Context) {
    let vpc = way.vpc(specs).and_then(|v| specs.vpc.get(&v.name));
    let Some(vpc) = vpc else { return };
    let (Some(own), Some(theirs)) = (site.spec.cidr, vpc.spec.cidr) else { return };
    if !own.overlaps(theirs) {
        return;
    }
    let message = format!("the blocks of `{}` and `{}` overlap", site.full(), vpc.full());
    cx.complain(
        Diagnostic::error("C-36", site.place, message)
            .label(format!("{own} and {theirs}"))
            .also(vpc.place, "called from there")
            .reason(said!("plan the networks of cloud and premises before they are connected"))
            .help("give one of the two another `cidr`"),
    );
}

/// C-15: VPCs of one transit router that clash.
fn hub(specs: &Specs, cx: &Context) {
    for router in specs.transit_router.values() {
        let named = router.spec.vpcs.as_deref().unwrap_or_default();
        for (i, one) in named.iter().enumerate() {
            for other in &named[..i] {
                let block = |name: &str| specs.vpc.get(name).and_then(|v| v.spec.cidr);
                let (Some(a), Some(b)) = (block(&one.name), block(&other.name)) else { continue };
                if !a.overlaps(b) {
                    continue;
                }
                let message =
                    format!("the blocks of VPCs `{}` and `{}` overlap", other.name, one.name);
                cx.complain(
                    Diagnostic::new(Severity::Note, "C-15", one.place, message)
                        .label(format!("{b} and {a}, behind `{}`", router.full()))
                        .reason(said!("PrivateLink is for address clashes and tighter control"))
                        .help(
                            "leave one out, and offer what is needed of it by an endpoint service",
                        ),
                );
            }
        }
    }
}
