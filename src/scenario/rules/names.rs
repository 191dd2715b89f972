//! Names and where they resolve.

use super::super::context::{Context, Ref};
use super::super::diagnostic::Diagnostic;
use super::super::kinds::endpoint::Endpoint;
use super::super::kinds::{Specs, Thing};
use super::Visit;

pub(super) fn check(visits: &[Visit<'_>], specs: &Specs, cx: &Context) {
    for endpoint in specs.endpoint.values() {
        custom(endpoint, specs, cx);
    }
    for visit in visits {
        connected(visit, specs, cx);
        resolved(visit, cx);
    }
}

/// P-24: a custom domain is the service's to offer.
fn custom(endpoint: &Thing<Endpoint>, specs: &Specs, cx: &Context) {
    let Some(place) = endpoint.custom_name() else {
        if let Some(first) = endpoint.spec.terms.resolved_in.first() {
            let message = format!("`{}` is not called by a custom domain", endpoint.full());
            cx.complain(
                Diagnostic::error("P-25", first.place, message)
                    .reason(
                        "other VPCs and data centers need resolution of their own for a custom \
                         domain (PrivateLink overview)",
                    )
                    .help("write name = \"custom\", or leave `resolved_in` out"),
            );
        }
        return;
    };
    let Some(service) = endpoint.service(specs) else { return };
    if service.spec.offer.custom_domain.is_some() {
        return;
    }
    let message = format!("`{}` has no custom domain to be called by", service.full());
    cx.complain(
        Diagnostic::error("P-24", place, message)
            .also(service.place, "the service")
            .reason(
                "where the service has a custom domain, it can be switched on for the endpoint \
                 (PrivateLink overview)",
            )
            .help("set custom_domain = \"...\" on the service, or name = \"endpoint\""),
    );
}

/// P-26: clients in another VPC need a way to the endpoint's.
fn connected(visit: &Visit<'_>, specs: &Specs, cx: &Context) {
    if let (Some(site), Some(vpc)) = (visit.site, &visit.workload.spec.vpc) {
        let message = format!("clients of workload `{}` are in two places", visit.workload.name);
        cx.complain(
            Diagnostic::error("exclusive", vpc.place, message)
                .also(site.place, "its path begins here, on premises")
                .help("leave `vpc` out, or begin the path in the cloud"),
        );
    }
    let (Some(from), Some(to)) = (&visit.workload.spec.vpc, &visit.endpoint.spec.vpc) else {
        return;
    };
    let names = |a: &str, b: &str| {
        specs.vpc.get(a).is_some_and(|v| v.spec.connected_to.iter().any(|c| c.name == b))
    };
    if visit.site.is_some()
        || from.name == to.name
        || names(&from.name, &to.name)
        || names(&to.name, &from.name)
    {
        return;
    }
    let message = format!(
        "workload `{}` in VPC `{}` has no way to `{}` in `{}`",
        visit.workload.name,
        from.name,
        visit.endpoint.full(),
        to.name
    );
    cx.complain(
        Diagnostic::error("P-26", from.place, message)
            .also(to.place, "the endpoint's VPC")
            .reason(
                "other VPCs and data centers must be connected to the endpoint's VPC \
                 (PrivateLink overview)",
            )
            .help(match clash(from, to, specs) {
                // Connecting them is what X-01 advises against.
                true => format!(
                    "their blocks overlap: declare an endpoint of the service in vpc.{}, and call \
                     that",
                    from.name
                ),
                false => format!("set connected_to = [\"{}\"] on vpc.{}", to.name, from.name),
            }),
    );
}

/// Whether the blocks of two VPCs overlap, as far as they are stated.
fn clash(one: &Ref, other: &Ref, specs: &Specs) -> bool {
    let block = |vpc: &Ref| specs.vpc.get(&vpc.name)?.spec.cidr;
    block(one).zip(block(other)).is_some_and(|(a, b)| a.overlaps(b))
}

/// P-25: a custom domain resolves in the endpoint's own VPC, and where that was set up.
fn resolved(visit: &Visit<'_>, cx: &Context) {
    let endpoint = visit.endpoint;
    let Some(place) = endpoint.custom_name() else { return };
    let clients = match (visit.site, &visit.workload.spec.vpc) {
        (Some(site), _) => site.full(),
        (None, Some(vpc)) => vpc.full(),
        (None, None) => return,
    };
    let home = endpoint.spec.vpc.as_ref().is_some_and(|vpc| vpc.full() == clients);
    if home || endpoint.spec.terms.resolved_in.iter().any(|r| r.full() == clients) {
        return;
    }
    let message = format!(
        "workload `{}` in `{clients}` cannot resolve the custom domain of `{}`",
        visit.workload.name,
        endpoint.full()
    );
    cx.complain(
        Diagnostic::error("P-25", visit.step.place, message)
            .also(place, "called by its custom domain")
            .reason(
                "a custom domain resolves in the VPC of the endpoint only; others need resolution \
                 of their own (PrivateLink overview)",
            )
            .help(format!("set resolution up there and write resolved_in = [\"{clients}\"]")),
    );
}
