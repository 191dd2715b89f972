//! Routes of a VPC and the paths of its workloads: what a route table sends through a GWLB endpoint
//! goes through it (P-09). A path is explicit, so that one which says otherwise is run as written,
//! and told.

use super::super::cidr::Cidr;
use super::super::context::{Context, Ref};
use super::super::diagnostic::Diagnostic;
use super::super::kinds::endpoint::{Endpoint, Form};
use super::super::kinds::site::Site;
use super::super::kinds::{Kind, Specs, Thing};
use super::Workload;

pub(super) fn check(workloads: &[Thing<Workload>], specs: &Specs, cx: &Context) {
    for workload in workloads {
        if let Some(vpc) = &workload.spec.vpc {
            bypassed(workload, vpc, specs, cx);
        }
    }
}

/// P-09: a workload's VPC routes through a GWLB endpoint, its path does not.
fn bypassed(workload: &Thing<Workload>, vpc: &Ref, specs: &Specs, cx: &Context) {
    let steps = workload.spec.way.steps(specs);
    let Some((first, last)) = steps.first().zip(steps.last()) else { return };
    let called = match specs.endpoint.get(&last.what.name) {
        Some(endpoint) if last.what.kind == Endpoint::NAME => Some(endpoint),
        _ => None,
    };
    // Clients on premises follow no table of a VPC; what is called in the VPC itself, no route.
    let local = |e: &Thing<Endpoint>| e.spec.vpc.as_ref().is_none_or(|v| v.name == vpc.name);
    let off = called.is_some_and(|e| e.form(specs) != Form::Interface || local(e));
    if off || first.what.kind == Site::NAME || first.against {
        return;
    }
    let endpoints = || {
        let named = steps.iter().filter(|s| s.what.kind == Endpoint::NAME);
        named.filter_map(|s| specs.endpoint.get(&s.what.name))
    };
    // Through a reverse endpoint the provider calls.
    if endpoints().any(|e| e.form(specs) == Form::Reverse) {
        return;
    }
    // Addresses are known of another VPC's endpoint only.
    let there = called.and_then(|e| e.spec.vpc.as_ref()).and_then(|v| specs.vpc.get(&v.name));
    let there = there.and_then(|vpc| vpc.spec.cidr);
    let leads = |to: Cidr| there.map_or_else(|| to.is_everything(), |there| to.contains(there));
    let tables = specs.route_table.values().filter(|t| t.spec.vpc.name == vpc.name);
    let mut hops = Vec::new();
    for table in tables {
        let through = table.spec.routes.iter().find(|r| leads(r.to)).map(|r| &r.next_hop);
        let inline = |hop: &&Ref| specs.endpoint.get(&hop.name).is_some_and(|e| e.is_inline(specs));
        // A workload may be in a vSwitch whose table leads elsewhere.
        let Some(hop) = through.filter(inline) else { return };
        hops.push(hop);
    }
    if hops.iter().any(|hop| endpoints().any(|e| e.name == hop.name)) {
        return;
    }
    let Some(hop) = hops.first() else { return };
    let message = format!(
        "the path of workload `{}` bypasses `{}`, through which its VPC's routes lead",
        workload.name,
        hop.full()
    );
    cx.complain(
        Diagnostic::warning("P-09", first.what.place, message)
            .label("it is run as written")
            .also(hop.place, format!("a route of VPC `{}`", vpc.name))
            .reason(
                "a GWLB endpoint is the next hop in a route table: what the table sends there goes \
                 through it (PrivateLink overview)",
            )
            .help(format!(
                "name the endpoint where the path leaves the VPC, as in path = [\"{}\", \"{}\"]",
                hop.full(),
                last.what.full()
            )),
    );
}
