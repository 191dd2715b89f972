//! What jobs call: whether the solution leads there, by which of its names, past which lists.

use super::super::super::context::Context;
use super::super::super::diagnostic::Diagnostic;
use super::super::super::host::Host;
use super::super::super::kinds::Specs;
use super::super::super::kinds::backend::{Door, Names, Product};
use super::super::super::kinds::maxcompute::connection::{Engine, Solution, Validation};
use super::super::super::reader::Given;
use super::super::{connected, to_port};
use super::{Job, Target, said};

pub(super) fn check(job: &Job<'_>, specs: &Specs, cx: &Context) {
    let Some(target) = &job.target else { return };
    tool(job, target, cx);
    if let Some(door) = target.door {
        certificate(job, target, door, cx);
        if names(job, door, cx) {
            return;
        }
    }
    let Some(solution) = &job.proxy.spec.connection.solution else { return };
    match solution.value {
        Solution::Internet => internet(job, target, cx),
        Solution::Vpc => vpc(job, target, specs, cx),
        Solution::AlibabaService => services(job, target, cx),
        Solution::PrivateLink | Solution::Peering | Solution::Cen => {}
    }
}

/// A target that the solution does not lead to.
fn beyond(row: &'static str, job: &Job<'_>, target: &Target<'_>, why: &str) -> Diagnostic {
    let solution = job.proxy.spec.connection.solution.as_ref();
    let message = format!(
        "solution \"{}\" does not lead to `{}`",
        solution.map_or("", |s| s.value.word()),
        target.name
    );
    let mut complaint =
        Diagnostic::error(row, target.step.place, message).also(target.place, why.to_owned());
    if let Some(solution) = solution {
        complaint = complaint.also(solution.place, "the solution");
    }
    complaint
}

const SERVICES: &[Product] = &[Product::Oss, Product::Dlf, Product::Tablestore, Product::Hologres];

fn product(door: &Door) -> Option<Product> {
    door.product.as_ref().map(|p| p.value)
}

/// M-20, M-21, M-22: the name by which an engine must call a service. Whether it is the wrong one.
fn names(job: &Job<'_>, door: &Door, cx: &Context) -> bool {
    let (Some(engine), Some(called)) = (&job.workload.spec.engine, &door.endpoint) else {
        return false;
    };
    let (row, needed, reason) = match (engine.value, product(door)) {
        (Engine::ForeignTable, Some(Product::Oss | Product::Tablestore)) => (
            "M-20",
            Names::Internal,
            said!("foreign tables of OSS and Tablestore use the internal endpoint only"),
        ),
        (Engine::Udf, Some(Product::Oss | Product::Tablestore)) => (
            "M-21",
            Names::Public,
            said!("a UDF calls OSS and Tablestore by the public endpoint only"),
        ),
        (Engine::ForeignTable, Some(Product::Hologres)) => (
            "M-22",
            Names::Classic,
            said!("foreign tables of Hologres use the domain name of the classic network"),
        ),
        _ => return false,
    };
    if called.value == needed {
        return false;
    }
    let message =
        format!("workload `{}` calls it by its {} endpoint", job.workload.name, called.value);
    cx.complain(
        Diagnostic::error(row, called.place, message)
            .also(engine.place, "the engine")
            .reason(reason)
            .help(format!("endpoint = \"{needed}\"")),
    );
    true
}

/// M-19: public targets; M-12 to M-14, M-36: lists on both sides.
fn internet(job: &Job<'_>, target: &Target<'_>, cx: &Context) {
    const WHY: &str = said!("Internet access reaches public IP addresses and domain names");
    let Some(door) = target.door else {
        cx.complain(
            beyond("M-19", job, target, "a private network card")
                .reason(WHY)
                .help("solution = \"vpc\" leads into VPCs"),
        );
        return;
    };
    let private = door.address.as_ref().filter(|a| a.value.is_private());
    let inner = door.endpoint.as_ref().filter(|e| e.value != Names::Public);
    if let Some(private) = private {
        let complaint =
            beyond("M-19", job, target, "a private address").also(private.place, "here");
        let help = "write the target's public address; solution = \"vpc\" leads to private ones";
        cx.complain(complaint.reason(WHY).help(help));
    } else if let Some(inner) = inner {
        let complaint =
            beyond("M-19", job, target, "its names").also(inner.place, "not a public one");
        cx.complain(complaint.reason(WHY).help(
            "endpoint = \"public\"; solution = \"alibaba_service\" leads to internal addresses",
        ));
    } else if let (Some(vpc), false) = (target.vpc, door.public) {
        let complaint = beyond("M-19", job, target, "not public").also(vpc.place, "within a VPC");
        cx.complain(complaint.reason(WHY).help("solution = \"vpc\", or public = true if it is so"));
    } else {
        listed(job, target, door, cx);
        restricted(target, door, cx);
    }
}

/// M-12, M-13: Internet targets in Project Management.
fn listed(job: &Job<'_>, target: &Target<'_>, door: &Door, cx: &Context) {
    let Some(address) = &door.address else { return };
    let (host, connection) = (&address.value, &job.proxy.spec.connection);
    match connection.allowed(host) {
        None => {
            let message =
                format!("`{host}` is not in Project Management of `{}`", job.proxy.full());
            let complaint = Diagnostic::error("M-12", target.step.place, message)
                .also(address.place, "what is called")
                .also(connection.allow.place, "what may be called")
                .reason(said!("Internet targets are added in Project Management first"))
                .help(format!("add \"{host}\" to `allow` of {}", job.proxy.full()));
            cx.complain(complaint);
        }
        Some(entry) if entry.validated.value == Validation::No => {
            let message = format!("nobody has asked for `{}` to be let out", entry.target.value);
            cx.complain(
                Diagnostic::warning("M-13", entry.validated.place, message)
                    .label("requests are refused")
                    .reason(said!(
                        "a target that fails the validation needs a ticket, up to three business days"
                    ))
                    .help("submit one, and write validated = \"ticket\""),
            );
        }
        Some(_) => {}
    }
}

/// M-14: a target that lets nobody in.
fn restricted(target: &Target<'_>, door: &Door, cx: &Context) {
    const WHY: &str = said!(
        "approval helps only if the target has no restrictions of its own; its administrator must \
         remove them"
    );
    if let Some(it) = door.restricted.as_ref().filter(|r| r.value.lifted_after.is_none()) {
        let message = format!("`{}` keeps callers from the Internet away", target.name);
        cx.complain(
            Diagnostic::warning("M-14", it.place, message)
                .label("its administrator must act")
                .reason(WHY)
                .help("write when it is lifted: { lifted_after = \"2 h\" }, or leave it out"),
        );
    }
    let Some(list) = &door.allow_list else { return };
    if list.value.is_empty() {
        let message = format!("the allow list of `{}` lets nobody in", target.name);
        cx.complain(
            Diagnostic::warning("M-14", list.place, message)
                .label("its administrator must act")
                .reason(WHY)
                .help("leave `allow_list` out: control access by credentials"),
        );
        return;
    }
    brittle(target, list, cx);
}

/// M-36: a list of egress addresses.
fn brittle<T>(target: &Target<'_>, list: &Given<Vec<T>>, cx: &Context) {
    let message = format!("`{}` lets in addresses that the proxy may change", target.name);
    cx.complain(
        Diagnostic::warning("M-36", list.place, message)
            .reason(said!(
                "egress addresses may change: do not enable access control by IP address on the target"
            ))
            .help("leave `allow_list` out: control access by credentials"),
    );
}

/// M-07: services of the cloud by their internal addresses.
fn services(job: &Job<'_>, target: &Target<'_>, cx: &Context) {
    const WHY: &str = said!(
        "Alibaba Cloud service access leads to OSS, DLF, Tablestore and Hologres by internal addresses"
    );
    let Some(door) = target.door else { return };
    match product(door) {
        Some(it) if !SERVICES.contains(&it) => cx.complain(
            beyond("M-07", job, target, "it is none of these")
                .reason(WHY)
                .help("solution = \"vpc\""),
        ),
        None if door.public => cx.complain(
            beyond("M-07", job, target, "on the Internet")
                .reason(WHY)
                .help("solution = \"internet\""),
        ),
        None if target.vpc.is_some() => cx.complain(
            beyond("M-07", job, target, "within a VPC").reason(WHY).help("solution = \"vpc\""),
        ),
        None => {}
        Some(_) => {
            let public = door.endpoint.as_ref().filter(|e| e.value == Names::Public);
            // What engine it is decides; those that use another name are M-20 to M-22's.
            let udf = |it| matches!(it, Some(Product::Oss | Product::Tablestore));
            let engine = job.workload.spec.engine.as_ref();
            let engine = engine.filter(|e| e.value != Engine::Udf || !udf(product(door)));
            if let (Some(public), Some(engine)) = (public, engine) {
                let message = format!("`{}` is called by its public endpoint", target.name);
                cx.complain(
                    Diagnostic::error("M-07", public.place, message)
                        .also(engine.place, "the engine")
                        .reason(WHY)
                        .help("endpoint = \"internal\""),
                );
            }
            if let Some(list) = door.allow_list.as_ref().filter(|l| !l.value.is_empty()) {
                brittle(target, list, cx);
            }
        }
    }
}

/// M-18: targets in VPCs; M-15 to M-17: whether they let the network card in.
fn vpc(job: &Job<'_>, target: &Target<'_>, specs: &Specs, cx: &Context) {
    const WHY: &str =
        said!("a VPC connection reaches VPC addresses and domain names, RDS, HBase and Hadoop");
    let address = target.door.and_then(|d| d.address.as_ref()).map(|a| &a.value);
    // A service of the cloud may have an address in a VPC, too.
    let inside = target.vpc.is_some() || address.is_some_and(Host::is_private);
    let service = target.door.and_then(product).filter(|p| SERVICES.contains(p) && !inside);
    let outside = address.is_some_and(|a| a.is_address() && !a.is_private());
    let public = target.door.is_some_and(|d| d.vpc.is_none() && (d.public || outside));
    if service.is_some() || public {
        let (what, other) = match service {
            Some(_) => ("a service of the cloud", "alibaba_service"),
            None => ("on the Internet", "internet"),
        };
        let help = format!("solution = \"{other}\"");
        cx.complain(beyond("M-18", job, target, what).reason(WHY).help(help));
        return;
    }
    let own = &job.proxy.spec.connection;
    let Some(vswitch) = own.vswitch.as_ref().and_then(|v| specs.vswitch.get(&v.name)) else {
        return;
    };
    if !reached(job, target, &vswitch.spec.vpc.name, specs, cx) {
        return;
    }
    let Some(door) = target.door else { return };
    let block = vswitch.spec.block;
    // That the connection has no group is told of it.
    let theirs = door.security_group.as_ref().filter(|_| own.security_group.is_some());
    let group = theirs.and_then(|g| specs.security_group.get(&g.name));
    if let Some(group) = group {
        let mine = own.security_group.as_ref().map_or("", |g| g.name.as_str());
        let by_name = group.spec.admits_group(mine, door.port);
        if !by_name && !group.spec.admits(Some(block), door.port) {
            let who = job.proxy.full();
            let message = format!("the security group of `{}` denies `{who}`", target.name);
            cx.complain(
                Diagnostic::error("M-15", target.step.place, message)
                    .also(group.place, "the group")
                    .reason(said!("security groups rule what goes through the connection's ENI"))
                    .help(format!(
                        "add {{ source = \"security_group.{mine}\"{} }} to `inbound` of {}",
                        to_port(door.port),
                        group.full()
                    )),
            );
        }
    }
    let Some(list) = &door.allow_list else { return };
    if list.value.iter().any(|a| a.value.contains(block)) {
        return;
    }
    const LISTS: &str =
        said!("a target with access control lists the ENI's address or the vSwitch's block");
    let single = list.value.iter().find(|a| a.value.is_single() && block.contains(a.value));
    let complaint = match single {
        Some(single) => {
            let message = format!("{} is the address of one network card", single.value);
            Diagnostic::warning("M-16", single.place, message)
                .also(job.proxy.place, "which has another one when it is made anew")
        }
        None => {
            let message = format!("the allow list of `{}` lacks {block}", target.name);
            Diagnostic::error("M-16", list.place, message)
                .also(vswitch.place, "where the connection has its network card")
        }
    };
    let help = format!("write \"{block}\", the block of {}", vswitch.full());
    cx.complain(complaint.reason(LISTS).help(help));
}

/// M-17: one VPC per connection, others through it.
fn reached(job: &Job<'_>, target: &Target<'_>, own: &str, specs: &Specs, cx: &Context) -> bool {
    let Some(theirs) = target.vpc else { return true };
    let transit = job.after.iter().any(|s| s.what.kind == "transit_router");
    if transit || connected(own, &theirs.name, specs) {
        return true;
    }
    let message = format!(
        "`{}` is in VPC `{}`, the connection of `{}` in `{own}`",
        target.name,
        theirs.name,
        job.proxy.full()
    );
    cx.complain(
        Diagnostic::error("M-17", target.step.place, message)
            .also(theirs.place, "the target's VPC")
            .reason(said!(
                "a connection is to one VPC ID; other VPCs are reached through it by peering or CEN"
            ))
            .help(format!(
                "connect them: connected_to = [\"{}\"] on vpc.{own}, or a transit_router on the path",
                theirs.name
            )),
    );
    false
}

/// M-39, M-40: the tool that starts the jobs reaches the source, too.
fn tool(job: &Job<'_>, target: &Target<'_>, cx: &Context) {
    let Some(tool) = &job.proxy.spec.connection.dataworks else { return };
    let named = |r: &super::Ref| r.full() == target.name || r.full() == target.step.full();
    if !tool.reaches.value.iter().any(named) {
        let message = format!("DataWorks' resource group does not reach `{}`", target.name);
        cx.complain(
            Diagnostic::error("M-39", tool.reaches.place, message)
                .also(target.step.place, "what the job calls")
                .reason(said!("the resource group of DataWorks must connect to the source, too"))
                .help(format!("connect it, and add \"{}\" to `reaches`", target.step.full())),
        );
        return;
    }
    let Some(address) = target.door.and_then(|d| d.address.as_ref()) else { return };
    if !tool.sandbox.value.iter().any(|entry| entry.value.covers(&address.value)) {
        let message = format!("DataWorks' sandbox does not let `{}` through", address.value);
        cx.complain(
            Diagnostic::error("M-40", tool.sandbox.place, message)
                .also(address.place, "what the job calls")
                .reason(said!("the sandbox whitelist of DataWorks must allow the access"))
                .help(format!("add \"{}\" to `sandbox`", address.value)),
        );
    }
}

/// M-43, M-44: HTTPS to a bare address.
fn certificate(job: &Job<'_>, target: &Target<'_>, door: &Door, cx: &Context) {
    let Some(address) = &door.address else { return };
    if !job.workload.spec.fails_the_certificate(&address.value) {
        return;
    }
    let message = format!(
        "all requests of workload `{}` to {} fail: the certificate names a domain",
        job.workload.name, address.value
    );
    let mut complaint = Diagnostic::warning("M-43", target.step.place, message)
        .label("HTTPS to a bare address")
        .also(address.place, "the address")
        .reason(said!("HTTPS by IP address causes a certificate validation error"))
        .help("send the domain name in the Host header (M-44): host = \"oss.example.com\"");
    if let Some(host) = &job.workload.spec.host {
        complaint = complaint.also(host.place, "this is no domain name, either");
    }
    cx.complain(complaint);
}
