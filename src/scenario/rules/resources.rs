//! The load balancers of a service, and how they are allocated.

use super::super::context::{Context, Ref};
use super::super::diagnostic::Diagnostic;
use super::super::kinds::change::{Act, changes_of};
use super::super::kinds::endpoint::Endpoint;
use super::super::kinds::endpoint_service::{EndpointService, names};
use super::super::kinds::load_balancer::listing::{AddressType, Billing};
use super::super::kinds::load_balancer::{LoadBalancer, Product};
use super::super::kinds::{Specs, Thing};

pub(super) fn check(specs: &Specs, cx: &Context) {
    for service in specs.endpoint_service.values() {
        let balancers: Vec<_> = service.balancers(specs).collect();
        let Some(first) = balancers.first() else { continue };
        alike(service, first, specs, cx);
        if first.spec.product == Product::Clb {
            primaries(service, &balancers, cx);
            balancers.iter().for_each(|b| classic(b, service, cx));
        }
        automatic(service, specs, cx);
    }
    specs.load_balancer.values().for_each(|b| listed(b, cx));
    for endpoint in specs.endpoint.values() {
        allocated(endpoint, specs, cx);
        for change in changes_of(specs, &endpoint.full()) {
            match &change.spec.act {
                Act::Allocate { resource: Some(named), .. } => {
                    by_hand(endpoint, named, specs, cx);
                }
                Act::Replace(it) => {
                    by_hand(endpoint, &it.by, specs, cx);
                }
                _ => {}
            }
        }
    }
}

/// P-03: the resources of a service are of one type.
fn alike(
    service: &Thing<EndpointService>,
    first: &Thing<LoadBalancer>,
    specs: &Specs,
    cx: &Context,
) {
    for named in &service.resources() {
        let Some(other) = specs.load_balancer.get(&named.name) else { continue };
        if other.spec.product != first.spec.product {
            let message = format!(
                "`{}` is of {}, but `{}` of {}",
                other.full(),
                other.spec.product.name(),
                first.full(),
                first.spec.product.name()
            );
            cx.complain(
                Diagnostic::error("P-03", named.place, message)
                    .also(first.place, "the first resource of the service")
                    .reason(
                        "the resources behind a service are NLB, ALB, CLB or GWLB, of the type \
                         that it has (PrivateLink overview and endpoint services)",
                    )
                    .help("declare a service for each type"),
            );
        }
    }
}

/// P-30, X-23: what only some products have.
fn listed(balancer: &Thing<LoadBalancer>, cx: &Context) {
    let (spec, name) = (&balancer.spec, balancer.full());
    if let Some(zone) = &spec.listing.primary_zone {
        let message = match (spec.product, balancer.is_in(&zone.name)) {
            (Product::Clb, true) => return upgraded(balancer, cx),
            (Product::Clb, false) => format!("the primary zone of `{name}` is none of its zones"),
            (other, _) => format!("`{name}` of {} has no primary zone", other.name()),
        };
        cx.complain(
            Diagnostic::error("P-30", zone.place, message)
                .reason("a CLB has a primary zone, of its zones (PrivateLink overview)")
                .help(format!("its zones are {}", names(&spec.zones))),
        );
    }
    upgraded(balancer, cx);
}

fn upgraded(balancer: &Thing<LoadBalancer>, cx: &Context) {
    if let Some(stated) = &balancer.spec.listing.upgraded
        && balancer.spec.product != Product::Alb
    {
        let message =
            format!("`{}` of {} cannot be upgraded", balancer.full(), balancer.spec.product.name());
        cx.complain(
            Diagnostic::error("X-23", stated.place, message)
                .reason(
                    "upgraded ALB and NLB can be shared across regions \
                     (PrivateLink endpoint services)",
                )
                .help("leave `upgraded` out"),
        );
    }
}

/// P-30: CLB instances with different primary zones.
fn primaries(service: &Thing<EndpointService>, balancers: &[&Thing<LoadBalancer>], cx: &Context) {
    let primary = |b: &Thing<LoadBalancer>| {
        let stated = b.spec.listing.primary_zone.as_ref();
        stated.or(b.spec.zones.first()).map(|z| z.name.clone())
    };
    let first = balancers.first().and_then(|b| primary(b));
    if balancers.iter().any(|b| primary(b) != first) {
        return;
    }
    let zone = first.unwrap_or_default();
    let message = format!("every CLB of `{}` has its primary in zone `{zone}`", service.full());
    let place = service.spec.load_balancer.place;
    cx.complain(
        Diagnostic::warning("P-30", place, message)
            .label("one zone serves all, until it fails")
            .reason("add several CLB instances with different primary zones (PrivateLink overview)")
            .help("add a CLB whose `primary_zone` is another zone"),
    );
}

/// P-30, X-05: what a CLB must be to stand behind a service.
fn classic(balancer: &Thing<LoadBalancer>, service: &Thing<EndpointService>, cx: &Context) {
    let listing = &balancer.spec.listing;
    let public = listing.address_type.as_ref().filter(|a| a.value == AddressType::Public);
    let subscribed = listing.billing.as_ref().filter(|b| b.value == Billing::Subscription);
    for place in public.map(|p| p.place).into_iter().chain(subscribed.map(|s| s.place)) {
        let message = format!("`{}` cannot stand behind `{}`", balancer.full(), service.full());
        cx.complain(
            Diagnostic::error("X-05", place, message)
                .also(service.place, "the service")
                .reason(
                    "of CLB, only private instances paid as you go can be resources \
                     (PrivateLink endpoint services)",
                )
                .help("use a private pay-as-you-go CLB, or an NLB or ALB"),
        );
    }
}

/// every zone has a resource to allocate automatically.
fn automatic(service: &Thing<EndpointService>, specs: &Specs, cx: &Context) {
    const WHY: &str = "every zone needs a resource that can be allocated automatically \
                       (PrivateLink endpoint services)";
    let desk = &service.spec.desk;
    let by_hand = |b: &Thing<LoadBalancer>| desk.manual_only.iter().any(|m| m.name == b.name);
    for named in &desk.manual_only {
        if !service.resources().iter().any(|r| r.name == named.name) {
            let message = format!("`{}` is no resource of `{}`", named.name, service.full());
            cx.complain(
                Diagnostic::error("X-39", named.place, message)
                    .reason(WHY)
                    .help(format!("its resources are {}", names(&service.resources()))),
            );
        }
    }
    let Some(last) = desk.manual_only.last() else { return };
    let all_by_hand = |zone: &Ref| {
        let mut here = service.balancers(specs).filter(|b| b.is_in(&zone.name)).peekable();
        here.peek().is_some() && here.all(by_hand)
    };
    let zones: Vec<Ref> = service.zones(specs).into_iter().filter(all_by_hand).collect();
    if !zones.is_empty() {
        let message = format!(
            "nothing of `{}` can be allocated automatically in zone{} {}",
            service.full(),
            if zones.len() == 1 { "" } else { "s" },
            names(&zones)
        );
        cx.complain(
            Diagnostic::error("X-39", last.place, message)
                .also(zones[0].place, "the zone")
                .reason(WHY)
                .help("leave a resource of the zone out of `manual_only`, or add another"),
        );
    }
}

/// resources that the provider allocated by hand.
fn allocated(endpoint: &Thing<Endpoint>, specs: &Specs, cx: &Context) {
    let Some(service) = endpoint.service(specs) else { return };
    let named = &endpoint.spec.by_hand;
    let Some(first) = named.first() else { return };
    if by_hand(endpoint, first, specs, cx) {
        for (i, resource) in named.iter().enumerate() {
            bound(endpoint, service, resource, &named[..i], specs, cx);
        }
    }
}

/// whether resources can be allocated and replaced by hand at all.
fn by_hand(endpoint: &Thing<Endpoint>, resource: &Ref, specs: &Specs, cx: &Context) -> bool {
    let Some(service) = endpoint.service(specs) else { return false };
    if endpoint.is_remote(specs) {
        let message = format!("`{}` is in another region than its service", endpoint.full());
        cx.complain(
            Diagnostic::error("X-38", resource.place, message)
                .label("allocated by hand")
                .also(service.place, "the service")
                .reason(
                    "cross-region connections do not support manual allocation \
                     (PrivateLink endpoint services)",
                )
                .help("leave it to automatic allocation"),
        );
        return false;
    }
    if !service.spec.offer.managed_resources {
        let message = format!("resources of `{}` cannot be allocated by hand yet", service.full());
        cx.complain(
            Diagnostic::error("X-37", resource.place, message)
                .also(service.place, "the service")
                .reason(
                    "allocating and replacing by hand are off until the quota \
                     privatelink_whitelist/svc_res_mgt_uat is granted \
                     (PrivateLink endpoint services)",
                )
                .help("request it, then set managed_resources = true on the service"),
        );
        return false;
    }
    true
}

/// The resources of a service in some zone of an endpoint.
fn within(endpoint: &Thing<Endpoint>, service: &Thing<EndpointService>, specs: &Specs) -> Vec<Ref> {
    let mut all = service.resources();
    all.retain(|r| {
        let balancer = specs.load_balancer.get(&r.name);
        balancer.is_some_and(|b| endpoint.spec.zones.iter().any(|z| b.is_in(&z.name)))
    });
    all
}

/// one resource of the service for each zone.
fn bound(
    endpoint: &Thing<Endpoint>,
    service: &Thing<EndpointService>,
    resource: &Ref,
    before: &[Ref],
    specs: &Specs,
    cx: &Context,
) {
    const WHY: &str = "a zone of an endpoint is connected to one resource of the service in that \
                       zone (PrivateLink endpoint services)";
    let Some(balancer) = specs.load_balancer.get(&resource.name) else { return };
    let serves = |zone: &&Ref| balancer.is_in(&zone.name);
    let offered = service.resources().iter().any(|r| r.name == resource.name);
    let Some(zone) = endpoint.spec.zones.iter().find(serves).filter(|_| offered) else {
        let message = format!(
            "`{}` is no resource of `{}` in a zone of `{}`",
            resource.name,
            service.full(),
            endpoint.full()
        );
        cx.complain(Diagnostic::error("X-35", resource.place, message).reason(WHY).help(
            match &within(endpoint, service, specs)[..] {
                [] => "attach a resource that is in its zones".to_owned(),
                some => format!("its resources there are {}", names(some)),
            },
        ));
        return;
    };
    let taken = before.iter().find(|r| {
        let other = specs.load_balancer.get(&r.name);
        let shares = |b: &&Thing<LoadBalancer>| {
            endpoint.spec.zones.iter().any(|z| b.is_in(&z.name) && balancer.is_in(&z.name))
        };
        other.filter(shares).is_some()
    });
    if let Some(first) = taken {
        let message = format!("two resources for the connection in zone `{}`", zone.name);
        cx.complain(
            Diagnostic::error("X-35", resource.place, message)
                .also(first.place, "the other one")
                .reason(WHY)
                .help("name one resource for each zone"),
        );
    }
}
