//! Services that are shared across regions.

use super::super::context::Context;
use super::super::diagnostic::Diagnostic;
use super::super::kinds::change::{Act, changes_of};
use super::super::kinds::endpoint::Endpoint;
use super::super::kinds::endpoint_service::EndpointService;
use super::super::kinds::load_balancer::Product;
use super::super::kinds::{Specs, Thing};
use crate::units::Rate;

pub(super) fn check(specs: &Specs, cx: &Context) {
    for service in specs.endpoint_service.values() {
        shared(service, specs, cx);
    }
    for endpoint in specs.endpoint.values() {
        one_region(endpoint, specs, cx);
        match endpoint.is_remote(specs) {
            true => remote(endpoint, specs, cx),
            false => local(endpoint, cx),
        }
    }
}

/// what a service needs to be shared. Its home region is always one.
fn shared(service: &Thing<EndpointService>, specs: &Specs, cx: &Context) {
    let Some(regions) = &service.spec.offer.regions else { return };
    let Some(home) = service.region(specs) else { return };
    let Some(other) = regions.value.iter().find(|r| r.name != home.name) else { return };
    for balancer in service.balancers(specs) {
        let fits = match balancer.spec.product {
            Product::Nlb => true,
            Product::Alb => balancer.spec.listing.upgraded.as_ref().is_some_and(|u| u.value),
            Product::Clb | Product::Gwlb => false,
        };
        if !fits {
            let message = format!("`{}` cannot be shared with `{}`", balancer.full(), other.name);
            cx.complain(
                Diagnostic::error("X-23", other.place, message)
                    .also(balancer.place, "the load balancer")
                    .reason(
                        "NLB and upgraded ALB can be shared across regions \
                         (PrivateLink endpoint services)",
                    )
                    .help(match balancer.spec.product {
                        Product::Alb => "set upgraded = true if it is an upgraded ALB",
                        _ => "offer the service by NLB, or in its home region only",
                    }),
            );
        }
    }
    if let [only] = &service.zones(specs)[..] {
        let message = format!("`{}` is in one zone, and shared across regions", service.full());
        cx.complain(
            Diagnostic::error("X-24", other.place, message)
                .also(only.place, "its only zone")
                .reason(
                    "resources in at least two zones before a service is shared across regions \
                     (PrivateLink endpoint services)",
                )
                .help("offer the service in a second zone"),
        );
    }
}

/// Whether what is behind a service can be shared across regions, upgraded if need be.
fn can_be_shared(service: &Thing<EndpointService>, specs: &Specs) -> bool {
    service.balancers(specs).all(|b| matches!(b.spec.product, Product::Nlb | Product::Alb))
}

/// The zones of an endpoint, and its VPC, are in one region.
fn one_region(endpoint: &Thing<Endpoint>, specs: &Specs, cx: &Context) {
    let Some(home) = endpoint.region(specs) else { return };
    let stray = endpoint
        .spec
        .zones
        .iter()
        .filter_map(|zone| Some((zone, &specs.zone.get(&zone.name)?.spec.region)))
        .find(|(_, region)| region.name != home.name);
    if let Some((zone, region)) = stray {
        let message = format!("the zones of `{}` are in two regions", endpoint.full());
        cx.complain(
            Diagnostic::error("zone", zone.place, message)
                .label(format!("in `{}`, the others in `{}`", region.name, home.name))
                .help("declare an endpoint for each region"),
        );
    }
    let vpc = endpoint.spec.vpc.as_ref().and_then(|v| Some((v, specs.vpc.get(&v.name)?)));
    if let Some((named, vpc)) = vpc.filter(|(_, vpc)| vpc.spec.region.name != home.name) {
        let message =
            format!("the zones of `{}` are not in the region of its VPC", endpoint.full());
        cx.complain(
            Diagnostic::error("zone", named.place, message)
                .also(vpc.spec.region.place, "the VPC's region")
                .also(home.place, "the region of the zones"),
        );
    }
}

/// what only cross-region endpoints have.
fn local(endpoint: &Thing<Endpoint>, cx: &Context) {
    if let Some(stated) = &endpoint.spec.cross_region.bandwidth {
        let place = stated.place;
        let message = format!("`{}` is in the region of its service", endpoint.full());
        cx.complain(
            Diagnostic::error("X-03", place, message)
                .label("no other region is crossed to")
                .reason(
                    "an endpoint in another region has a cross-region bandwidth \
                     (PrivateLink endpoint services)",
                )
                .help("leave it out"),
        );
    }
}

/// an endpoint in another region than its service.
fn remote(endpoint: &Thing<Endpoint>, specs: &Specs, cx: &Context) {
    let Some(service) = endpoint.service(specs) else { return };
    let (Some(there), Some(home)) = (endpoint.region(specs), service.region(specs)) else {
        return;
    };
    let zone = endpoint.spec.zones.first().map_or(endpoint.place, |z| z.place);
    let opened = changes_of(specs, &service.full()).into_iter().any(
        |c| matches!(&c.spec.act, Act::Region { region, add: true } if region.name == there.name),
    );
    match &service.spec.offer.regions {
        _ if opened => {}
        None => {
            let message = format!(
                "`{}` is in region `{}`, its service in `{}`",
                endpoint.full(),
                there.name,
                home.name
            );
            cx.complain(
                Diagnostic::error("X-02", zone, message)
                    .also(service.place, "a service without cross-region access")
                    .reason(
                        "without cross-region access, endpoint and service are in one region; \
                         others join that VPC first (PrivateLink endpoint services)",
                    )
                    .help(match can_be_shared(service, specs) {
                        true => format!(
                            "set regions = [\"{}\"] on the service, or put the endpoint into `{}`",
                            there.name, home.name
                        ),
                        // Opening it would be the next complaint.
                        false => format!("put the endpoint into zones of `{}`", home.name),
                    }),
            );
            return;
        }
        Some(regions) if !regions.value.iter().any(|r| r.name == there.name) => {
            let message = format!("`{}` is not offered in region `{}`", service.full(), there.name);
            cx.complain(
                Diagnostic::error("X-03", zone, message)
                    .also(regions.place, "the supported regions")
                    .reason(
                        "endpoints may be in any supported region of the service \
                         (PrivateLink endpoint services)",
                    )
                    .help(format!("add \"{}\" to `regions` of the service", there.name)),
            );
            return;
        }
        Some(_) => {}
    }
    bandwidth(endpoint, specs, cx);
}

/// more than the default is a matter of a quota. (X-32, where no document gives one, is
/// told beside what becomes of it.)
fn bandwidth(endpoint: &Thing<Endpoint>, specs: &Specs, cx: &Context) {
    let Some(stated) = &endpoint.spec.cross_region.bandwidth else { return };
    let Some((default, code, quota)) = endpoint.cross_region_default(specs) else { return };
    if stated.value.0 > default && endpoint.spec.terms.raised_limit.is_none() {
        let message = format!(
            "a cross-region bandwidth of {} is above the default {default}",
            stated.value.0
        );
        cx.complain(
            Diagnostic::warning(code, stated.place, message)
                .reason("the default can be raised by a quota (PrivateLink endpoint services)")
                .help(format!(
                    "request {quota}, and write what was granted as raised_limit = \"...\""
                )),
        );
    }
}

/// The default, its row and the quota that raises it.
pub(crate) const fn default_bandwidth(mainland: bool) -> (Rate, &'static str, &'static str) {
    match mainland {
        true => {
            (Rate::from_mbps(1_000), "X-30", "pvl_quota_cross_region_ep_max_bandwidth_payg_china")
        }
        false => {
            (Rate::from_mbps(100), "X-31", "pvl_quota_cross_region_ep_max_bandwidth_payg_oversea")
        }
    }
}
