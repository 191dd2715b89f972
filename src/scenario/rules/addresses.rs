//! Addresses: those of network cards, those that may come in, and blocks that clash.

use super::super::context::Context;
use super::super::diagnostic::{Diagnostic, Severity};
use super::super::kinds::endpoint::{Endpoint, Form};
use super::super::kinds::vswitch::VSwitch;
use super::super::kinds::{Specs, Thing};
use super::Visit;

pub(super) fn check(visits: &[Visit<'_>], specs: &Specs, cx: &Context) {
    clashes(specs, cx);
    for endpoint in specs.endpoint.values() {
        cards(endpoint, specs, cx);
        addresses(endpoint, specs, cx);
    }
    for visit in visits {
        admitted(visit, specs, cx);
    }
}

/// VPCs that are connected although their addresses clash.
fn clashes(specs: &Specs, cx: &Context) {
    for vpc in specs.vpc.values() {
        for other in &vpc.spec.connected_to {
            let Some(peer) = specs.vpc.get(&other.name) else { continue };
            // Told once where both name each other.
            let both = peer.spec.connected_to.iter().any(|v| v.name == vpc.name);
            if both && vpc.name > peer.name {
                continue;
            }
            let (Some(own), Some(theirs)) = (vpc.spec.cidr, peer.spec.cidr) else { continue };
            if !own.overlaps(theirs) {
                continue;
            }
            let message = format!("the blocks of `{}` and `{}` overlap", vpc.full(), peer.full());
            cx.complain(
                Diagnostic::new(Severity::Note, "X-01", other.place, message)
                    .label(format!("{own} and {theirs}"))
                    .reason(
                        "a network card in the consumer's VPC replaces peering and CEN, whatever \
                         addresses clash (PrivateLink endpoint services)",
                    )
                    .help("offer what is needed as an endpoint service instead of connecting them"),
            );
        }
    }
}

/// Each network card is in a vSwitch of its zone and VPC.
fn cards(endpoint: &Thing<Endpoint>, specs: &Specs, cx: &Context) {
    let spec = &endpoint.spec;
    let mut seen: Vec<&Thing<VSwitch>> = Vec::new();
    for named in &spec.terms.vswitches {
        let Some(vswitch) = specs.vswitch.get(&named.name) else { continue };
        let zone = &vswitch.spec.zone;
        if !spec.zones.iter().any(|z| z.name == zone.name) {
            let message = format!(
                "`{}` is in zone `{}`, `{}` is not",
                named.name,
                zone.name,
                endpoint.full()
            );
            cx.complain(
                Diagnostic::error("P-13", named.place, message)
                    .also(zone.place, "the vSwitch's zone")
                    .reason(
                        "an endpoint has a network card in each of its zones, in a vSwitch there \
                         (PrivateLink overview)",
                    )
                    .help("add the zone to the endpoint, or leave the vSwitch out"),
            );
        }
        if let Some(first) = seen.iter().find(|v| v.spec.zone.name == zone.name) {
            let message = format!("two vSwitches for the one network card in `{}`", zone.name);
            cx.complain(
                Diagnostic::error("P-13", named.place, message)
                    .also(first.place, "the other one")
                    .reason("one network card in each chosen zone (PrivateLink overview)")
                    .help("name one vSwitch for each zone"),
            );
        }
        if let Some(vpc) = spec.vpc.as_ref().filter(|v| v.name != vswitch.spec.vpc.name) {
            let message =
                format!("vSwitch `{}` is not in the VPC of `{}`", named.name, endpoint.full());
            cx.complain(
                Diagnostic::error("P-13", named.place, message)
                    .also(vpc.place, "the endpoint's VPC")
                    .also(vswitch.spec.vpc.place, "the vSwitch's VPC")
                    .reason("the network card is in the consumer's VPC (PrivateLink overview)")
                    .help("name vSwitches of the endpoint's VPC"),
            );
        }
        seen.push(vswitch);
    }
}

/// a chosen address is one of a vSwitch's own, and not kept by the system.
fn addresses(endpoint: &Thing<Endpoint>, specs: &Specs, cx: &Context) {
    const WHY: &str = "an ENI's address is chosen from its vSwitch, but for those that the system \
                       keeps, or given automatically (PrivateLink endpoint services)";
    let vswitches: Vec<&Thing<VSwitch>> =
        endpoint.spec.terms.vswitches.iter().filter_map(|v| specs.vswitch.get(&v.name)).collect();
    let mut taken: Vec<&str> = Vec::new();
    for address in &endpoint.spec.terms.addresses {
        let chosen = address.value;
        let complain = |message: String, help: &str| {
            cx.complain(Diagnostic::error("X-18", address.place, message).reason(WHY).help(help));
        };
        let Some(home) = vswitches.iter().find(|v| v.spec.block.contains(chosen)) else {
            complain(
                format!("{chosen} is in none of the vSwitches of `{}`", endpoint.full()),
                "choose an address of a vSwitch in `vswitches`, or leave it out",
            );
            continue;
        };
        if home.spec.block.reserves(chosen) {
            complain(
                format!("{chosen} is reserved in {}", home.spec.block),
                "choose another: the first address and the last three are kept",
            );
        }
        if taken.contains(&home.name.as_str()) {
            complain(
                format!("a second address for the network card in `{}`", home.full()),
                "choose one address for each vSwitch",
            );
        }
        taken.push(&home.name);
    }
}

/// X-20, P-11: who may not connect by the endpoint's security group.
fn admitted(visit: &Visit<'_>, specs: &Specs, cx: &Context) {
    let endpoint = visit.endpoint;
    let Some(named) = &endpoint.spec.terms.security_group else { return };
    let Some(group) = specs.security_group.get(&named.name) else { return };
    let workload = &visit.workload.spec;
    let source = match (visit.site, &workload.vpc) {
        (Some(site), _) => site.spec.cidr,
        (None, Some(vpc)) => specs.vpc.get(&vpc.name).and_then(|v| v.spec.cidr),
        (None, None) => None,
    };
    if group.spec.admits(source, workload.port) {
        return;
    }
    let from = source.map_or(String::new(), |block| format!(" from {block}"));
    let to = workload.port.map_or(String::new(), |port| format!(" to port {port}"));
    let message = format!(
        "the security group of `{}` denies workload `{}`{from}{to}",
        endpoint.full(),
        visit.workload.name
    );
    // Whose block is not known was refused for its port: nobody else is to be let in.
    let block = source.map_or("the block of its clients".to_owned(), |block| block.to_string());
    let ports = workload.port.map_or(String::new(), |port| format!(", ports = \"{port}\""));
    let (code, why) = match endpoint.form(specs) {
        Form::Reverse => (
            "P-11",
            "the security groups of a reverse endpoint control what the provider can reach \
             (PrivateLink overview)",
        ),
        _ => (
            "X-20",
            "an endpoint's security group rules what comes in, in all its zones \
             (PrivateLink endpoint services)",
        ),
    };
    cx.complain(
        Diagnostic::error(code, named.place, message)
            .also(visit.step.place, "called here")
            .also(group.place, "the group")
            .reason(why)
            .help(format!(
                "add {{ source = \"{block}\"{ports} }} to `inbound` of {}",
                group.full()
            )),
    );
}
