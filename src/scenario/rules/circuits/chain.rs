//! From a circuit to a service of the cloud: each link in its place, and a way that leads there.

use super::super::super::cidr::Cidr;
use super::super::super::context::{Context, Ref, Step};
use super::super::super::diagnostic::{Diagnostic, Severity};
use super::super::super::host::Host;
use super::super::super::kinds::backend::{Backend, Reach};
use super::super::super::kinds::circuit::Circuit;
use super::super::super::kinds::circuit_group::CircuitGroup;
use super::super::super::kinds::endpoint::Endpoint;
use super::super::super::kinds::express_connect_router::ExpressConnectRouter;
use super::super::super::kinds::maxcompute::connection::called;
use super::super::super::kinds::transit_router::TransitRouter;
use super::super::super::kinds::vbr::Vbr;
use super::super::super::kinds::vpn::Vpn;
use super::super::super::kinds::{Kind, Specs, Thing};
use super::super::super::traffic::Workload;
use super::said;

/// A workload whose path comes over circuits.
pub(super) struct Way<'a> {
    /// What comes after the circuits.
    after: &'a [Step],
    /// Border routers and circuits in their place, and what stands by.
    members: Vec<&'a Ref>,
    standby: &'a [Ref],
}

impl<'a> Way<'a> {
    /// The path of a workload from premises, if it takes circuits.
    pub(super) fn of(workload: &'a Thing<Workload>, specs: &'a Specs) -> Option<Self> {
        let steps = workload.spec.way.steps(specs);
        let kinds = [Circuit::NAME, Vbr::NAME, CircuitGroup::NAME];
        let at = steps.iter().position(|s| !s.against && kinds.contains(&s.what.kind))?;
        let (step, after) = (&steps[at].what, &steps[at + 1..]);
        let group = (step.kind == CircuitGroup::NAME).then(|| specs.circuit_group.get(&step.name));
        let (members, standby): (Vec<&Ref>, &[Ref]) = match group {
            Some(group) => (group?.spec.members.iter().collect(), &group?.spec.standby),
            None => (vec![step], &[]),
        };
        Some(Self { after, members, standby })
    }

    /// The first express connect router on it.
    fn hub(&self, specs: &'a Specs) -> Option<&'a Thing<ExpressConnectRouter>> {
        let it = self.after.iter().find(|s| s.what.kind == ExpressConnectRouter::NAME)?;
        specs.express_connect_router.get(&it.what.name)
    }

    /// The transit routers on it.
    fn routers(&self, specs: &'a Specs) -> Vec<&'a Thing<TransitRouter>> {
        let on = self.after.iter().filter(|s| s.what.kind == TransitRouter::NAME);
        on.filter_map(|s| specs.transit_router.get(&s.what.name)).collect()
    }

    /// The service that it calls by its own address, and the step that names it; none behind an
    /// endpoint.
    pub(super) fn target(&self, specs: &'a Specs) -> Option<(&'a Thing<Backend>, &'a Ref)> {
        let direct = !self.after.iter().any(|s| s.what.kind == Endpoint::NAME);
        let last = self.after.last().filter(|_| direct)?;
        Some((called(self.after, specs)?, &last.what))
    }

    /// The VPC that it leads to.
    pub(super) fn vpc(&self, specs: &'a Specs) -> Option<&'a Ref> {
        let endpoint = self.after.iter().find(|s| s.what.kind == Endpoint::NAME);
        match endpoint {
            Some(step) => specs.endpoint.get(&step.what.name)?.spec.vpc.as_ref(),
            None => called(self.after, specs)?.spec.door.vpc.as_ref(),
        }
    }
}

/// The cloud's own block of addresses.
pub(super) fn service_block() -> Cidr {
    Cidr::parse("100.64.0.0/10").expect("a block")
}

pub(super) fn check(workloads: &[Thing<Workload>], specs: &Specs, cx: &Context) {
    for backend in specs.backend.values() {
        class(backend, cx);
        guarded(backend, cx);
    }
    for way in workloads.iter().filter_map(|w| Way::of(w, specs)) {
        if let Some(hub) = way.hub(specs) {
            border_routers(&way, hub, specs, cx);
            connected(&way, hub, specs, cx);
        }
        to_vpc(&way, specs, cx);
        by_address(&way, specs, cx);
        edition(&way, specs, cx);
    }
}

/// C-01: a class and what contradicts it.
fn class(backend: &Thing<Backend>, cx: &Context) {
    let door = &backend.spec.door;
    let Some(reach) = &door.reach else { return };
    let within = matches!(&door.address, Some(a) if is_service(&a.value));
    let (what, help) = match (reach.value, &door.vpc, door.public) {
        (Reach::Public | Reach::Service, Some(_), _) => {
            ("is in a VPC", "reach = \"vpc\", or leave `vpc` out")
        }
        (Reach::Vpc | Reach::Service, _, true) => {
            ("is public", "reach = \"public\", or leave `public` out")
        }
        (Reach::Public | Reach::Vpc, _, _) if within => {
            ("has an address in 100.64.0.0/10", "reach = \"100.64\", or another `address`")
        }
        _ => return,
    };
    let message = format!("`{}` {what}, against its class", backend.full());
    cx.complain(
        Diagnostic::error("C-01", reach.place, message)
            .reason(said!(
                "services are in a VPC, in the block 100.64.0.0/10, or have public endpoints only"
            ))
            .help(help),
    );
}

fn is_service(host: &Host) -> bool {
    matches!(host, Host::Block(block) if service_block().contains(*block))
}

fn reach(backend: &Thing<Backend>) -> Option<Reach> {
    let door = &backend.spec.door;
    let stated = door.reach.as_ref().map(|r| r.value);
    stated.or_else(|| door.public.then_some(Reach::Public))
}

/// C-35: a service with no network card has no security group.
fn guarded(backend: &Thing<Backend>, cx: &Context) {
    let Some(group) = &backend.spec.door.security_group else { return };
    if reach(backend) != Some(Reach::Service) {
        return;
    }
    let message = format!("no security group guards `{}`", backend.full());
    cx.complain(
        Diagnostic::new(Severity::Note, "C-35", group.place, message)
            .reason(said!("where network access control is needed, use PrivateLink"))
            .help("leave it out here, and put it on an `endpoint` by which the service is called"),
    );
}

/// C-39: each circuit has a border router, and each of these is added to the router on the path.
fn border_routers(way: &Way<'_>, hub: &Thing<ExpressConnectRouter>, specs: &Specs, cx: &Context) {
    const ORDER: &str = said!(
        "the order: circuit, VBR with BGP, VBR to ECR, ECR to the regional TR, TR to the VPC"
    );
    for member in &way.members {
        if member.kind == Circuit::NAME {
            let message = format!("`{}` ends on no border router", member.full());
            cx.complain(
                Diagnostic::error("C-39", member.place, message).reason(ORDER).help(format!(
                    "declare [vbr.x] with circuit = \"{}\" and name it",
                    member.name
                )),
            );
            continue;
        }
        let Some(vbr) = specs.vbr.get(&member.name) else { continue };
        let up = vbr.spec.uplink.as_ref();
        if up.is_some_and(|up| up.full() == hub.full()) {
            continue;
        }
        let message = format!("`{}` is not added to `{}`", vbr.full(), hub.full());
        cx.complain(
            Diagnostic::error("C-39", up.map_or(vbr.place, |up| up.place), message)
                .also(hub.place, "on the path after it")
                .reason(ORDER)
                .help(format!("uplink = \"{}\"", hub.full())),
        );
    }
}

/// C-39: the express connect router and the transit router after it.
fn connected(way: &Way<'_>, hub: &Thing<ExpressConnectRouter>, specs: &Specs, cx: &Context) {
    let Some(router) = way.routers(specs).into_iter().next() else { return };
    let named = hub.spec.transit_router.as_ref();
    if named.is_some_and(|r| r.name == router.name) {
        return;
    }
    let message = format!("`{}` is not connected to `{}`", hub.full(), router.full());
    cx.complain(
        Diagnostic::error("C-39", named.map_or(hub.place, |r| r.place), message)
            .also(router.place, "on the path after it")
            .reason(said!("connect the ECR to a regional TR"))
            .help(format!("transit_router = \"{}\"", router.name)),
    );
}

/// C-02: the last transit router leads to the VPC. Where no chain is declared, nothing is known.
fn to_vpc(way: &Way<'_>, specs: &Specs, cx: &Context) {
    let (Some(router), Some(vpc)) = (way.routers(specs).pop(), way.vpc(specs)) else { return };
    let known = &router.spec.vpcs;
    if known.is_none() && way.hub(specs).is_none() {
        return;
    }
    if known.iter().flatten().any(|v| v.name == vpc.name) {
        return;
    }
    let message = format!("`{}` has no route to VPC `{}`", router.full(), vpc.name);
    cx.complain(
        Diagnostic::error("C-02", router.place, message)
            .also(vpc.place, "the VPC of what is called")
            .reason(said!(
                "services in a VPC are reached once circuit and VPC are routed: connect the TR to it"
            ))
            .help(format!("add \"{}\" to `vpcs` of {}", vpc.name, router.full())),
    );
}

/// C-04, C-06: what is called by an address of the cloud's own block, or has none that is private.
fn by_address(way: &Way<'_>, specs: &Specs, cx: &Context) {
    let Some((backend, step)) = way.target(specs) else { return };
    match reach(backend) {
        Some(Reach::Public) => {
            let message = format!("`{}` is public only: no circuit leads to it", backend.full());
            cx.complain(
                Diagnostic::error("C-06", step.place, message)
                    .also(backend.place, "declared here")
                    .reason(said!(
                        "services with public endpoints only are not on the private path"
                    ))
                    .help("call it over the Internet: take the circuits off this path"),
            );
        }
        Some(Reach::Service) => {
            let wanted = match &backend.spec.door.address {
                Some(address) => match &address.value {
                    Host::Block(block) => *block,
                    Host::Domain(_) => service_block(),
                },
                None => service_block(),
            };
            let router = way.routers(specs).pop();
            let leads = |r: &Thing<TransitRouter>| {
                r.spec.routes.iter().any(|route| route.value.overlaps(wanted))
            };
            if router.is_some_and(leads) {
                return;
            }
            let (place, message) = match router {
                Some(r) => (r.place, format!("`{}` has no route to {wanted}", r.full())),
                None => (step.place, format!("no transit router leads to `{}`", backend.full())),
            };
            cx.complain(
                Diagnostic::error("C-04", place, message)
                    .also(backend.place, "called there")
                    .reason(said!("services in 100.64.0.0/10 are reached by TR routing"))
                    .help("routes = [\"100.64.0.0/10\"] on a transit_router of the path"),
            );
        }
        Some(Reach::Vpc) | None => {}
    }
}

/// C-28: which transit routers take a VPN as standby.
fn edition(way: &Way<'_>, specs: &Specs, cx: &Context) {
    let Some(vpn) = way.standby.iter().find(|m| m.kind == Vpn::NAME) else { return };
    for router in way.routers(specs) {
        let Some(edition) = router.spec.enterprise.as_ref().filter(|e| !e.value) else { continue };
        let message = format!("`{}` takes no VPN as standby of circuits", router.full());
        cx.complain(
            Diagnostic::error("C-28", vpn.place, message)
                .also(edition.place, "its edition")
                .reason(said!(
                    "with an Enterprise Edition TR, a VPN can be the standby of circuits"
                ))
                .help("edition = \"enterprise\""),
        );
    }
}
