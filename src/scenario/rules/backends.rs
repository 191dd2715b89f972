//! Throttles against what is behind them: each zone's ENI has the whole throttle.

use super::super::context::Context;
use super::super::diagnostic::Diagnostic;
use super::super::kinds::endpoint::Endpoint;
use super::super::kinds::endpoint_service::{EndpointService, range};
use super::super::kinds::{Specs, Thing};
use crate::units::Rate;

pub(super) fn check(specs: &Specs, cx: &Context) {
    for service in specs.endpoint_service.values() {
        if let Some(capacity) = capacity(service, specs) {
            let endpoints: Vec<_> = specs
                .endpoint
                .values()
                .filter(|e| e.spec.service.name == service.name)
                .filter(|e| e.throttle_at(specs).is_some())
                .collect();
            let each = endpoints.iter().filter(|e| multiplied(e, capacity, specs, cx)).count();
            if each == 0 {
                together(&endpoints, service, capacity, specs, cx);
            }
        }
    }
}

/// What the backends behind a service take in all their zones.
fn capacity(service: &Thing<EndpointService>, specs: &Specs) -> Option<Rate> {
    let mut names: Vec<&str> =
        service.balancers(specs).map(|b| b.spec.backend.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let total = |name: &&str| specs.backend.get(*name).map(|b| b.spec.in_all_zones());
    let all: Option<Vec<Rate>> = names.iter().map(total).collect();
    let sum = all?.iter().map(|r| r.bps()).fold(0_u64, u64::saturating_add);
    (sum > 0).then(|| Rate::from_bps(sum))
}

/// What an endpoint lets through in all its zones, of which each has this rate; a total that is stated
/// holds over all of them (P-46), whatever devices let through.
fn in_all_zones(endpoint: &Thing<Endpoint>, each: Rate) -> Rate {
    let sum = Rate::from_bps(each.bps().saturating_mul(endpoint.spec.zones.len() as u64));
    endpoint.total_ceiling().map_or(sum, |total| sum.min(total))
}

/// P-50: the backend was sized for the throttle once.
fn multiplied(endpoint: &Thing<Endpoint>, capacity: Rate, specs: &Specs, cx: &Context) -> bool {
    let Some((throttle, place)) = endpoint.throttle_at(specs) else { return false };
    let total = in_all_zones(endpoint, throttle);
    let wrong = throttle <= capacity && total > capacity;
    if wrong {
        let zones = endpoint.spec.zones.len();
        let message = format!(
            "the throttle lets `{}` send {total} to a backend of {capacity}",
            endpoint.full()
        );
        cx.complain(
            Diagnostic::warning("P-50", place, message)
                .label(format!("in each of {zones} zones"))
                .reason(
                    "the ENI of every zone inherits the whole throttle, so that an endpoint has \
                     zones x throttle (PrivateLink overview; inferred)",
                )
                .help(at_most(
                    share(capacity, zones_at_overshoot(&[endpoint])),
                    &[endpoint],
                    specs,
                    "set a throttle of at most",
                )),
        );
    }
    wrong
}

/// Z-12: all consumers together, with what devices let through beyond the throttle.
fn together(
    endpoints: &[&Thing<Endpoint>],
    service: &Thing<EndpointService>,
    capacity: Rate,
    specs: &Specs,
    cx: &Context,
) {
    let reach = |e: &&Thing<Endpoint>| {
        let (throttle, _) = e.throttle_at(specs).expect("filtered by it");
        in_all_zones(e, throttle.scaled(e.spec.overshoot)).bps()
    };
    let total = endpoints.iter().map(reach).fold(0_u64, u64::saturating_add);
    if total <= capacity.bps() {
        return;
    }
    let Some((_, place)) = endpoints.first().and_then(|e| e.throttle_at(specs)) else {
        return;
    };
    let zones: usize = endpoints.iter().map(|e| e.spec.zones.len()).sum();
    let message = format!(
        "the throttles of `{}` let {} through to a backend of {capacity}",
        service.full(),
        Rate::from_bps(total)
    );
    cx.complain(
        Diagnostic::warning("Z-12", place, message)
            .label(format!("{zones} network cards, overshoot included"))
            .also(service.place, "the service")
            .reason(
                "a throttle protects the backend, but it holds in every zone of every endpoint and \
                 may be exceeded (PrivateLink overview and endpoint services; inferred)",
            )
            .help(at_most(
                share(capacity, zones_at_overshoot(endpoints)),
                endpoints,
                specs,
                "enlarge the backend, or lower the throttle of each network card to",
            )),
    );
}

/// How many times a throttle counts that all endpoints have: in each zone, with its overshoot.
fn zones_at_overshoot(endpoints: &[&Thing<Endpoint>]) -> f64 {
    endpoints.iter().map(|e| e.spec.zones.iter().map(|_| e.spec.overshoot).sum::<f64>()).sum()
}

/// The fix: a throttle that fits, unless none so low can be set for the products.
fn at_most(rate: Rate, endpoints: &[&Thing<Endpoint>], specs: &Specs, how: &str) -> String {
    let can = |e: &&Thing<Endpoint>| {
        e.balancer(specs).is_none_or(|b| range(b.spec.product).contains(&rate))
    };
    match endpoints.iter().all(can) {
        true => format!("{how} {rate}"),
        false => format!("enlarge the backend: no throttle can be set as low as {rate}"),
    }
}

/// A part of a rate, down to whole Mbps where it has some, as people would set it.
fn share(capacity: Rate, parts: f64) -> Rate {
    let bps = capacity.scaled(1.0 / parts.max(1.0)).bps();
    Rate::from_bps(if bps > 1_000_000 { bps / 1_000_000 * 1_000_000 } else { bps })
}
