//! Services on EAS: whom they reach and who reaches them, in the order in which the document says to
//! look: network, security group, allow list.

use super::super::cidr::Cidr;
use super::super::context::{Context, Step};
use super::super::diagnostic::{Diagnostic, Severity};
use super::super::kinds::backend::Backend;
use super::super::kinds::eas::{Eas, Models};
use super::super::kinds::nat_gateway::NatGateway;
use super::super::kinds::security_group::SecurityGroup;
use super::super::kinds::vswitch::VSwitch;
use super::super::kinds::{Kind, Specs, Thing};
use super::super::traffic::Workload;
use super::connected;
use super::to_port;

/// A service whose instances call something.
struct Call<'a> {
    eas: &'a Thing<Eas>,
    step: &'a Step,
    /// What is called, if it is a backend, and the steps between.
    target: Option<(&'a Thing<Backend>, &'a Step)>,
    nat: Option<(&'a Thing<NatGateway>, &'a Step)>,
}

pub(super) fn check(workloads: &[Thing<Workload>], specs: &Specs, cx: &Context) {
    for workload in workloads {
        let steps = workload.spec.way.steps(specs);
        for (i, step) in steps.iter().enumerate().filter(|(_, s)| s.what.kind == Eas::NAME) {
            let Some(eas) = specs.eas.get(&step.what.name) else { continue };
            match &steps[i + 1..] {
                [] => called(workload, eas, step, specs, cx),
                after => {
                    let named = |kind| after.iter().find(|s| s.what.kind == kind);
                    let target = named(Backend::NAME)
                        .and_then(|s| Some((specs.backend.get(&s.what.name)?, s)));
                    let nat = named(NatGateway::NAME)
                        .and_then(|s| Some((specs.nat_gateway.get(&s.what.name)?, s)));
                    calls(&Call { eas, step, target, nat }, specs, cx);
                    idles(workload, nat, cx);
                }
            }
        }
    }
    let calling = |eas: &Thing<Eas>| {
        workloads.iter().any(|w| {
            let steps = w.spec.way.steps(specs);
            steps.first().is_some_and(|s| s.what.kind == Eas::NAME && s.what.name == eas.name)
                && steps.iter().any(|s| s.what.kind == NatGateway::NAME)
        })
    };
    for eas in specs.eas.values() {
        models(eas, calling(eas), specs, cx);
        hard_coded(eas, cx);
    }
    environments(specs, cx);
}

fn vswitch_of<'s>(eas: &Thing<Eas>, specs: &'s Specs) -> Option<&'s Thing<VSwitch>> {
    let vswitch = eas.spec.network().vswitch.as_ref()?;
    specs.vswitch.get(&vswitch.name)
}

/// E-01: without a network of its own a service reaches nothing, and nobody reaches it directly.
fn unconfigured(eas: &Thing<Eas>, step: &Step, what: &str, cx: &Context) {
    let off = eas.spec.group.as_ref().filter(|(on, group)| !on.value && group.vswitch.is_some());
    let mut complaint = Diagnostic::error("E-01", step.what.place, what.to_owned())
        .also(eas.place, "a service without a VPC configuration")
        .reason(
            "a VPC configuration gives access to the Internet, to the VPC and directly from it \
             (EAS network configuration)",
        )
        .help(format!("name a vswitch and a security_group on {}", eas.full()));
    if let Some((on, _)) = off {
        complaint = complaint.also(on.place, "that of its resource group is not switched on");
    }
    cx.complain(complaint);
}

/// Who calls a service.
fn called(workload: &Thing<Workload>, eas: &Thing<Eas>, step: &Step, specs: &Specs, cx: &Context) {
    if eas.spec.has_gateway() {
        return;
    }
    let Some(vswitch) = vswitch_of(eas, specs) else {
        let message = format!("workload `{}` calls `{}` directly", workload.name, eas.full());
        return unconfigured(eas, step, &message, cx);
    };
    let Some(from) = workload.spec.vpc.as_ref().and_then(|v| specs.vpc.get(&v.name)) else {
        return;
    };
    let named = eas.spec.network().security_group.as_ref();
    let group = named.and_then(|g| specs.security_group.get(&g.name));
    let there = &vswitch.spec.vpc;
    if !connected(&from.name, &there.name, specs) {
        other_vpc(step, &format!("workload `{}`", workload.name), &eas.full(), &there.name, cx);
    } else if let (Some(group), Some(block)) = (group, from.spec.cidr)
        && !group.spec.admits(Some(block), workload.spec.port)
    {
        let who = format!("workload `{}` from {block}", workload.name);
        let port = to_port(workload.spec.port);
        denied(step, group, &who, &eas.full(), &format!("source = \"{block}\"{port}"), cx);
    }
}

/// E-11: no way between the VPCs.
fn other_vpc(step: &Step, who: &str, whom: &str, vpc: &str, cx: &Context) {
    let message = format!("{who} does not reach `{whom}`: it is in VPC `{vpc}`");
    cx.complain(
        Diagnostic::error("E-11", step.what.place, message)
            .reason(
                "a service and what it calls or is called by directly are in one VPC (EAS network \
                 configuration)",
            )
            .help("put both into one VPC, or connect the two: connected_to = [...]"),
    );
}

/// E-13: a group lets the connections of a pair not in.
fn denied(
    step: &Step,
    group: &Thing<SecurityGroup>,
    who: &str,
    whom: &str,
    entry: &str,
    cx: &Context,
) {
    let message = format!("the security group of `{whom}` denies {who}");
    cx.complain(
        Diagnostic::error("E-13", step.what.place, message)
            .also(group.place, "the group")
            .reason(
                "security groups must allow the traffic between a service and its callers and \
                 targets (EAS network configuration)",
            )
            .help(format!("add {{ {entry} }} to `inbound` of {}", group.full())),
    );
}

/// What a service calls.
fn calls(call: &Call<'_>, specs: &Specs, cx: &Context) {
    let Some(vswitch) = vswitch_of(call.eas, specs) else {
        let message = format!("`{}` calls out of nowhere", call.eas.full());
        return unconfigured(call.eas, call.step, &message, cx);
    };
    if let Some((nat, step)) = call.nat
        && nat.entry(Some(&vswitch.name)).is_none()
        && nat.spec.vpc.name == vswitch.spec.vpc.name
    {
        let message = format!("`{}` has no SNAT entry for `{}`", nat.full(), vswitch.full());
        cx.complain(
            Diagnostic::error("E-19", step.what.place, message)
                .also(call.eas.place, "whose instances are there")
                .reason(
                    "an SNAT entry of the vSwitch leads all its traffic to the Internet (EAS \
                     network configuration)",
                )
                .help(format!("add {{ vswitch = \"{}\" }} to its `snat`", vswitch.name)),
        );
    }
    let Some((target, step)) = call.target else { return };
    let failed = match target.spec.door.public {
        true => outward(call, target, vswitch, cx),
        false => inward(call, target, vswitch, specs, cx),
    };
    if let Some((number, name)) = failed {
        let message = format!(
            "`{}` cannot reach `{}`: step {number} of 3 fails, the {name}",
            call.eas.full(),
            target.full()
        );
        cx.complain(
            Diagnostic::new(Severity::Note, "E-28", step.what.place, message)
                .reason(
                    "to be looked at in this order: network, security group of the target, allow \
                     list (EAS network configuration)",
                )
                .help("mend this step first; those behind it have not been looked at"),
        );
    }
}

/// To the Internet: a NAT gateway of the VPC, and its addresses on the target's list. The step that
/// fails first.
fn outward(
    call: &Call<'_>,
    target: &Thing<Backend>,
    vswitch: &Thing<VSwitch>,
    cx: &Context,
) -> Option<(u32, &'static str)> {
    const WHY: &str = "the Internet is reached through a public NAT gateway with an EIP in the VPC \
                       (EAS network configuration)";
    let Some((nat, step)) = call.nat else {
        let message = format!("`{}` has no way to the Internet", call.eas.full());
        cx.complain(
            Diagnostic::error("E-17", call.step.what.place, message)
                .also(target.place, "the target is public")
                .reason(WHY)
                .help(format!("path = [\"{}\", \"nat_gateway.name\", ...]", call.eas.full())),
        );
        return Some((1, "network"));
    };
    if nat.spec.vpc.name != vswitch.spec.vpc.name {
        let message = format!("`{}` is not in the VPC of `{}`", nat.full(), call.eas.full());
        cx.complain(
            Diagnostic::error("E-17", step.what.place, message)
                .also(nat.spec.vpc.place, "its VPC")
                .also(vswitch.spec.vpc.place, "the service's VPC")
                .reason(WHY)
                .help("go through a NAT gateway of the service's VPC"),
        );
        return Some((1, "network"));
    }
    let (_, entry) = nat.entry(Some(&vswitch.name))?;
    let list = target.spec.door.allow_list.as_ref()?;
    let has = |block: Cidr| list.value.iter().any(|a| a.value.contains(block));
    let missing = nat.eips_of(entry).iter().find(|eip| !has(eip.value))?;
    let eip = missing.value;
    if let Some(inner) = list.value.iter().find(|a| vswitch.spec.block.overlaps(a.value)) {
        wrong_kind(inner, &format!("{eip}, the EIP that the target sees"), target, cx);
    } else {
        let message = format!("the allow list of `{}` lacks the EIP {eip}", target.full());
        cx.complain(
            Diagnostic::error("E-20", list.place, message)
                .also(nat.place, "through which the service comes")
                .reason(
                    "a target with an allow list needs the public address of the NAT gateway (EAS \
                     network configuration)",
                )
                .help(format!("add \"{eip}\"")),
        );
    }
    Some((3, "allow list"))
}

/// E-30: an address of the wrong side.
fn wrong_kind(
    entry: &super::super::reader::Given<Cidr>,
    right: &str,
    target: &Thing<Backend>,
    cx: &Context,
) {
    let message = format!("{} on the allow list of `{}` never comes", entry.value, target.full());
    cx.complain(
        Diagnostic::error("E-30", entry.place, message)
            .reason(
                "an allow list has the EIP for access over the Internet and the vSwitch's block \
                 within the VPC (EAS network configuration)",
            )
            .help(format!("write {right}")),
    );
}

/// Within the VPC: both there, let in by the target's group, on its list. The step that fails first.
fn inward(
    call: &Call<'_>,
    target: &Thing<Backend>,
    vswitch: &Thing<VSwitch>,
    specs: &Specs,
    cx: &Context,
) -> Option<(u32, &'static str)> {
    let (eas, door, block) = (call.eas, &target.spec.door, vswitch.spec.block);
    let own = &vswitch.spec.vpc.name;
    if let Some(vpc) = door.vpc.as_ref().filter(|vpc| !connected(own, &vpc.name, specs)) {
        other_vpc(call.step, &format!("`{}`", eas.full()), &target.full(), &vpc.name, cx);
        return Some((1, "network"));
    }
    let group = door.security_group.as_ref().and_then(|g| specs.security_group.get(&g.name));
    if let Some(group) = group {
        let mine = eas.spec.network().security_group.as_ref().map(|g| g.name.as_str());
        let by_name = mine.is_some_and(|g| group.spec.admits_group(g, door.port));
        if !by_name && !group.spec.admits(Some(block), door.port) {
            let who = format!("`{}` from {block}", eas.full());
            let port = to_port(door.port);
            let entry = match mine {
                Some(mine) => format!("source = \"security_group.{mine}\"{port}"),
                None => format!("source = \"{block}\"{port}"),
            };
            denied(call.step, group, &who, &target.full(), &entry, cx);
            return Some((2, "security group"));
        }
        if let (false, Some(place)) = (by_name, group.spec.admits_beyond(block)) {
            let message = format!("`{}` is let in along with others", eas.full());
            cx.complain(
                Diagnostic::new(Severity::Note, "E-29", place, message)
                    .also(vswitch.place, "its instances are there only")
                    .reason(
                        "a rule by the service's group is recommended, by its vSwitch's block \
                         possible (EAS network configuration)",
                    )
                    .help(format!("source = \"security_group.{}\"", mine.unwrap_or("name"))),
            );
        }
    }
    let list = door.allow_list.as_ref()?;
    if list.value.iter().any(|a| a.value.contains(block)) {
        return None;
    }
    let mut gateways = specs.nat_gateway.values().filter(|n| n.spec.vpc.name == *own);
    let is_eip = |a: Cidr| gateways.any(|n| n.spec.eips.iter().any(|e| e.value == a));
    let single = list.value.iter().find(|a| a.value.is_single() && block.contains(a.value));
    let right = format!("\"{block}\", the block of {}", vswitch.full());
    if let Some(single) = single {
        let message = format!("{} is the address of one instance, for a while", single.value);
        cx.complain(
            Diagnostic::warning("E-16", single.place, message)
                .also(eas.place, "whose instances get new ones")
                .reason(
                    "after a restart or an update an instance may have another address (EAS network \
                     configuration)",
                )
                .help(format!("write {right}")),
        );
        return None;
    }
    if let Some(outer) = list.value.iter().map(|a| a.value).position(is_eip) {
        wrong_kind(&list.value[outer], &right, target, cx);
    } else {
        let message = format!("the allow list of `{}` lacks {block}", target.full());
        cx.complain(
            Diagnostic::warning("E-14", list.place, message)
                .also(eas.place, "whose instances have addresses of that block")
                .reason(
                    "the allow list of a target takes the block of the service's vSwitch (EAS \
                     network configuration)",
                )
                .help(format!("add {right}")),
        );
    }
    Some((3, "allow list"))
}

/// Connections that are kept longer than the gateway keeps their mapping.
fn idles(workload: &Thing<Workload>, nat: Option<(&Thing<NatGateway>, &Step)>, cx: &Context) {
    let Some((nat, step)) = nat else { return };
    let kept = &workload.spec.connections;
    if kept.reuse && kept.idle_timeout > nat.spec.idle_timeout {
        let message = format!(
            "workload `{}` keeps idle connections for {}, the NAT gateway for {}",
            workload.name, kept.idle_timeout, nat.spec.idle_timeout
        );
        cx.complain(
            Diagnostic::warning("idle", step.what.place, message)
                .label("what is sent on one after that is lost; runs do not show it")
                .reason("SNAT sessions have an idle timeout (NAT gateway: Terms)")
                .help("shorten idle_timeout of its `connections`"),
        );
    }
}

/// E-17, E-26, E-27: models that come from the Internet whenever an instance starts.
fn models(eas: &Thing<Eas>, calls_out: bool, specs: &Specs, cx: &Context) {
    let Some(models) = eas.spec.models.as_ref().filter(|m| m.value == Models::Internet) else {
        return;
    };
    let vswitch = vswitch_of(eas, specs);
    let leads = |n: &&Thing<NatGateway>| {
        vswitch.is_some_and(|v| n.spec.snat.iter().any(|e| e.vswitch.name == v.name))
    };
    let Some(nat) = specs.nat_gateway.values().find(leads) else {
        let message = format!("instances of `{}` cannot load their models", eas.full());
        cx.complain(
            Diagnostic::error("E-17", models.place, message)
                .reason(
                    "the Internet is reached through a public NAT gateway with an SNAT entry of \
                     the vSwitch (EAS network configuration)",
                )
                .help("declare a [nat_gateway.name] with that entry, or write models = \"oss\""),
        );
        return;
    };
    if !calls_out {
        let message = format!("`{}` needs the Internet only when it starts", eas.full());
        cx.complain(
            Diagnostic::new(Severity::Note, "E-26", models.place, message)
                .also(nat.place, "billed all the time")
                .reason(
                    "models in OSS of the same region come by its internal endpoint, without NAT \
                     gateway (EAS network configuration)",
                )
                .help("write models = \"oss\""),
        );
    }
    let spec = &eas.spec;
    let starts = spec.update.iter().map(|u| &u.at);
    let starts = starts.chain(spec.schedule.iter().chain(&spec.reschedule).map(|s| &s.0));
    let starts: Vec<_> = starts.collect();
    for (from, to) in &nat.spec.off {
        let hit = starts.iter().find(|at| (from.value..*to).contains(&at.value));
        let scaled = spec.scaling.as_ref().map(|s| s.place);
        let Some(place) = hit.map(|at| at.place).or(scaled) else { continue };
        let message = format!("instances of `{}` start while the NAT gateway is off", eas.full());
        cx.complain(
            Diagnostic::warning("E-27", place, message)
                .also(from.place, "switched off here")
                .also(models.place, "models come from the Internet")
                .reason(
                    "a NAT gateway may be stopped when the Internet is not needed any more; new \
                     instances need it again (EAS network configuration; inferred)",
                )
                .help("write models = \"oss\", or leave the gateway on meanwhile"),
        );
    }
}

/// E-16: clients that never look up who runs.
fn hard_coded(eas: &Thing<Eas>, cx: &Context) {
    let look_up = &eas.spec.look_up;
    if look_up.value.nanos() < u64::MAX {
        return;
    }
    let message = format!("clients of `{}` call addresses that were once true", eas.full());
    cx.complain(
        Diagnostic::warning("E-16", look_up.place, message)
            .reason(
                "after a restart or an update an instance may have another address (EAS network \
                 configuration)",
            )
            .help("call a name, or go through the gateway"),
    );
}

/// E-24: one group for several environments.
fn environments(specs: &Specs, cx: &Context) {
    let mut seen: Vec<(&str, &Thing<Eas>)> = Vec::new();
    for eas in specs.eas.values() {
        let group = eas.spec.network().security_group.as_ref();
        let (Some(group), Some(own)) = (group, &eas.spec.environment) else { continue };
        let other = seen.iter().find(|(name, first)| {
            let theirs = first.spec.environment.as_ref().map(|e| e.value.as_str());
            *name == group.name && theirs != Some(own.value.as_str())
        });
        if let Some((_, first)) = other {
            let message = format!("`{}` and `{}` share a group", first.full(), eas.full());
            cx.complain(
                Diagnostic::warning("E-24", group.place, message)
                    .also(own.place, "and are of different environments")
                    .reason(
                        "development, testing and production have security groups of their own \
                         (EAS network configuration)",
                    )
                    .help("make a group for each environment"),
            );
        }
        seen.push((&group.name, eas));
    }
}
