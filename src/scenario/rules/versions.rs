//! IPv4 and dual stack.

use super::super::context::Context;
use super::super::diagnostic::Diagnostic;
use super::super::kinds::endpoint_service::EndpointService;
use super::super::kinds::load_balancer::Product;
use super::super::kinds::load_balancer::listing::is_dual_stack;
use super::super::kinds::{Specs, Thing};

pub(super) fn check(specs: &Specs, cx: &Context) {
    for balancer in specs.load_balancer.values() {
        let listing = &balancer.spec.listing;
        if balancer.spec.product == Product::Clb && listing.is_dual_stack() {
            let place = listing.ip_version.as_ref().map_or(balancer.place, |v| v.place);
            clb(format!("`{}` cannot be dual-stack", balancer.full()), place, cx);
        }
    }
    for service in specs.endpoint_service.values() {
        let Some(stated) = &service.spec.offer.ip_version else { continue };
        if !is_dual_stack(Some(stated)) {
            continue;
        }
        for balancer in service.balancers(specs) {
            if balancer.spec.product == Product::Clb {
                let message = format!("`{}` of CLB cannot be dual-stack", service.full());
                clb(message, stated.place, cx);
            } else if !balancer.spec.listing.is_dual_stack() {
                let message =
                    format!("`{}` is dual-stack, but `{}` is not", service.full(), balancer.full());
                cx.complain(
                    Diagnostic::error("P-27", stated.place, message)
                        .also(balancer.place, "the load balancer")
                        .reason(
                            "dual-stack only when all resources of the service support it \
                             (PrivateLink overview)",
                        )
                        .help("set ip_version = \"dual_stack\" on the load balancer if it is"),
                );
            }
        }
    }
    for endpoint in specs.endpoint.values() {
        let Some(service) = endpoint.service(specs) else { continue };
        let offered = is_dual_stack(service.spec.offer.ip_version.as_ref());
        let own = endpoint.spec.terms.ip_version.as_ref();
        match (offered, is_dual_stack(own)) {
            (false, true) => {
                let place = own.map_or(endpoint.place, |v| v.place);
                let message = format!("`{}` is dual-stack, its service is not", endpoint.full());
                cx.complain(
                    Diagnostic::error("X-19", place, message)
                        .also(service.place, "the service")
                        .reason(
                            "an endpoint can be dual-stack if its service is, else IPv4 \
                             (PrivateLink endpoint services)",
                        )
                        .help(match of_clb(service, specs) {
                            true => "leave `ip_version` out",
                            false => "leave `ip_version` out, or set it on the service, too",
                        }),
                );
            }
            // A service that cannot be dual-stack has been told so.
            (true, false) if !of_clb(service, specs) => {
                let place = own.map_or(endpoint.place, |v| v.place);
                let message = format!("clients of `{}` cannot use IPv6", endpoint.full());
                cx.complain(
                    Diagnostic::warning("P-28", place, message)
                        .also(service.place, "the service is dual-stack")
                        .reason(
                            "use a dual-stack endpoint with a dual-stack service \
                             (PrivateLink overview)",
                        )
                        .help("set ip_version = \"dual_stack\""),
                );
            }
            _ => {}
        }
    }
}

fn of_clb(service: &Thing<EndpointService>, specs: &Specs) -> bool {
    service.balancers(specs).any(|b| b.spec.product == Product::Clb)
}

fn clb(message: String, place: super::super::diagnostic::Place, cx: &Context) {
    cx.complain(
        Diagnostic::error("X-14", place, message)
            .reason("CLB does not support dual-stack (PrivateLink endpoint services)")
            .help("leave `ip_version` out, or use NLB or ALB"),
    );
}
