//! What goes with which form of endpoint.

use super::super::context::Context;
use super::super::diagnostic::Diagnostic;
use super::super::kinds::endpoint::terms::Policy;
use super::super::kinds::endpoint::{Endpoint, Form};
use super::super::kinds::endpoint_service::EndpointService;
use super::super::kinds::load_balancer::{LoadBalancer, Product};
use super::super::kinds::{Specs, Thing};
use super::Visit;

pub(super) fn check(visits: &[Visit<'_>], specs: &Specs, cx: &Context) {
    for endpoint in specs.endpoint.values() {
        let Some(service) = endpoint.service(specs) else { continue };
        match endpoint.form(specs) {
            Form::Gateway => gateway(endpoint, service, cx),
            Form::Gwlb => inline(endpoint, specs, cx),
            Form::Interface => {}
            Form::Reverse => reverse(endpoint, service, cx),
        }
        policy(endpoint, service, specs, cx);
    }
    for visit in visits {
        goes_on(visit, specs, cx);
    }
}

/// P-12: gateway endpoints lead to OSS and nowhere else, without a network card.
fn gateway(endpoint: &Thing<Endpoint>, service: &Thing<EndpointService>, cx: &Context) {
    let spec = &endpoint.spec;
    let of_cards = [
        spec.throttle.as_ref().map(|t| t.place),
        spec.ceiling.as_ref().map(|c| c.place),
        spec.total_ceiling.as_ref().map(|t| t.place),
        spec.terms.security_group.as_ref().map(|g| g.place),
        spec.terms.vswitches.first().map(|v| v.place),
    ];
    for place in of_cards.into_iter().flatten() {
        let message = format!("the gateway endpoint `{}` has no network card", endpoint.full());
        cx.complain(
            Diagnostic::error("P-12", place, message)
                .also(endpoint.form_place(), "its type")
                .reason(
                    "gateway endpoints do not depend on PrivateLink: they lead to addresses of \
                     100.64.0.0/10 (PrivateLink overview)",
                )
                .help("leave this out, or write type = \"interface\""),
        );
    }
    if service.spec.offer.is_cloud_service("oss") {
        return;
    }
    let message = format!("the gateway endpoint `{}` does not lead to OSS", endpoint.full());
    cx.complain(
        Diagnostic::error("P-12", endpoint.form_place(), message)
            .also(service.place, "its service")
            .reason(
                "OSS is the only service that supports gateway endpoints (PrivateLink overview)",
            )
            .help("write type = \"interface\", or cloud_service = \"oss\" on the service"),
    );
}

/// P-09: what goes through a GWLB endpoint is what a route table sends there.
fn inline(endpoint: &Thing<Endpoint>, specs: &Specs, cx: &Context) {
    let fits = endpoint.balancer(specs).is_none_or(|b| b.spec.product == Product::Gwlb);
    if !fits {
        return; // another form was meant (P-08)
    }
    inline_name(endpoint, cx);
    // A table that could not be read may lead here.
    if specs.route_table.values().any(|table| table.leads_through(&endpoint.name))
        || cx.doubts_any("route_table")
    {
        return;
    }
    let message = format!("no route leads to `{}`", endpoint.full());
    cx.complain(
        Diagnostic::error("P-09", endpoint.form_place(), message)
            .reason("configure a GWLB endpoint as next hop in a route table (PrivateLink overview)")
            .help(format!(
                "declare [route_table.name] with vpc = \"{}\" and routes = [{{ to = \"0.0.0.0/0\", \
                 next_hop = \"{}\" }}]",
                endpoint.spec.vpc.as_ref().map_or("name", |vpc| &vpc.name),
                endpoint.full()
            )),
    );
}

/// P-09: routes lead to the network card of the client's zone, whatever names there are.
fn inline_name(endpoint: &Thing<Endpoint>, cx: &Context) {
    if let Some(place) = endpoint.name_given() {
        let message = format!("nobody calls `{}` by a name", endpoint.full());
        cx.complain(
            Diagnostic::error("P-09", place, message)
                .also(endpoint.form_place(), "a GWLB endpoint")
                .reason(
                    "a GWLB endpoint is the next hop in a route table, not an address to connect \
                     to (PrivateLink overview)",
                )
                .help("leave this out: routes lead clients to the network card of their zone"),
        );
    }
}

/// P-10, P-11: services of the cloud call back through reverse endpoints, as far as a group lets
/// them.
fn reverse(endpoint: &Thing<Endpoint>, service: &Thing<EndpointService>, cx: &Context) {
    if service.spec.offer.cloud_service.is_none() {
        let message =
            format!("`{}` is a reverse endpoint of a user's own service", endpoint.full());
        cx.complain(
            Diagnostic::error("P-10", endpoint.form_place(), message)
                .also(service.place, "its service")
                .reason(
                    "reverse endpoints go with services of the cloud only (PrivateLink overview)",
                )
                .help(
                    "name the `cloud_service` on the service, or write type = \"interface\" and end \
                     paths at the endpoint",
                ),
        );
    }
    if endpoint.spec.terms.security_group.is_none() {
        let message = format!("nothing controls what comes in through `{}`", endpoint.full());
        cx.complain(
            Diagnostic::error("P-11", endpoint.form_place(), message)
                .reason(
                    "what the provider can reach is controlled by the reverse endpoint's security \
                     groups (PrivateLink overview)",
                )
                .help("set security_group = \"name\""),
        );
    }
}

/// P-09: traffic leaves a GWLB endpoint again and goes on to its destination. P-10: the provider
/// starts the connection, to something in the consumer's VPC.
fn goes_on(visit: &Visit<'_>, specs: &Specs, cx: &Context) {
    let ends = visit.workload.spec.way.steps(specs).last();
    let ends = ends.is_some_and(|s| s.what.full() == visit.step.full());
    let of_gwlb = |b: &Thing<LoadBalancer>| b.spec.product == Product::Gwlb;
    let inline =
        visit.endpoint.is_inline(specs) && visit.endpoint.balancer(specs).is_none_or(of_gwlb);
    if inline && ends {
        let message = format!("workload `{}` ends at a GWLB endpoint", visit.workload.name);
        cx.complain(
            Diagnostic::error("P-09", visit.step.place, message)
                .also(visit.endpoint.place, "the endpoint")
                .reason(
                    "a GWLB endpoint is a next hop: traffic goes through the appliances behind it \
                     and on to its destination (PrivateLink overview)",
                )
                .help("let the path go on to what is called, such as a backend"),
        );
    }
    if visit.endpoint.form(specs) == Form::Reverse && ends {
        let message = format!("workload `{}` ends at a reverse endpoint", visit.workload.name);
        cx.complain(
            Diagnostic::error("P-10", visit.step.place, message)
                .also(visit.endpoint.place, "the endpoint")
                .reason(
                    "through a reverse endpoint the provider starts connections to what is in the \
                     consumer's VPC (PrivateLink overview)",
                )
                .help("let the path go on to what the provider calls, such as a backend"),
        );
    }
}

/// P-14, P-15: endpoint policies.
fn policy(
    endpoint: &Thing<Endpoint>,
    service: &Thing<EndpointService>,
    specs: &Specs,
    cx: &Context,
) {
    let fits =
        endpoint.form(specs) == Form::Interface && service.spec.offer.cloud_service.is_some();
    match &endpoint.spec.terms.policy {
        Some(policy) if !fits => {
            let message = format!("`{}` cannot have an endpoint policy", endpoint.full());
            cx.complain(
                Diagnostic::error("P-14", policy.place, message)
                    .also(service.place, "its service")
                    .reason(
                        "endpoint policies apply to interface endpoints for services of the cloud \
                         only (PrivateLink overview)",
                    )
                    .help("leave `policy` out; a security group controls who connects"),
            );
        }
        Some(policy) if policy.value == Policy::Custom => {}
        other if fits => {
            let place = other.as_ref().map_or(endpoint.place, |p| p.place);
            let message = format!(
                "by the default policy everybody with credentials reaches everything through `{}`",
                endpoint.full()
            );
            cx.complain(
                Diagnostic::warning("P-15", place, message)
                    .reason(
                        "by default, users and services of the VPC reach any resource of the \
                         service (PrivateLink overview)",
                    )
                    .help("attach a policy of your own, and write policy = \"custom\""),
            );
        }
        _ => {}
    }
}
