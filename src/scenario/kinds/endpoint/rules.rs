//! The documented rules of endpoints; each complaint carries its inventory row.

use super::super::change::{Act, changes_of};
use super::super::endpoint_service::{check_binding, check_range, names, range_row};
use super::super::load_balancer::{LoadBalancer, Product};
use super::super::{Specs, Thing};
use super::{Endpoint, Form, NameForm};
use crate::scenario::context::Context;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::read::Above0;
use crate::scenario::reader::Given;
use crate::units::Rate;

pub(super) fn check(thing: &Thing<Endpoint>, specs: &Specs, cx: &Context) {
    zones(thing, specs, cx);
    affinity(thing, specs, cx);
    let Some(balancer) = thing.balancer(specs) else { return };
    pairing(thing, balancer, cx);
    if thing.form(specs) == Form::Gateway {
        return; // no network card: neither bandwidth nor throttle (P-12)
    }
    bandwidth(thing, balancer.spec.product, specs, cx);
    throttle(thing, balancer.spec.product, cx);
    total(thing, balancer.spec.product, specs, cx);
}

fn zones(thing: &Thing<Endpoint>, specs: &Specs, cx: &Context) {
    let spec = &thing.spec;
    let remote = thing.is_remote(specs);
    if let ([only], true) = (&spec.zones[..], thing.form(specs) != Form::Gateway) {
        let message = format!("`{}` has a network card in one zone only", thing.full());
        let (code, reason) = match remote {
            true => (
                "X-27",
                "create endpoints in at least two zones; their number need not be that of the \
                 service (PrivateLink endpoint services)",
            ),
            false => ("P-31", "choose vSwitches in at least 2 zones (PrivateLink overview)"),
        };
        cx.complain(
            Diagnostic::warning(code, only.place, message)
                .label("no other zone can take over")
                .reason(reason)
                .help(match remote {
                    true => "add a second zone of the endpoint's region",
                    false => "add a second zone of the service",
                }),
        );
    }
    if let NameForm::Zone(zone) | NameForm::Address(zone) = &spec.name
        && !spec.zones.iter().any(|z| z.name == zone.name)
    {
        let message = format!("`{}` has no zone `{}` to be named", thing.full(), zone.name);
        cx.complain(
            Diagnostic::error("P-23", zone.place, message)
                .help(format!("its zones are {}", names(&spec.zones))),
        );
    }
    let Some(service) = thing.service(specs) else { return };
    if service.balancer(specs).is_none() {
        return;
    }
    // The zones of another region have names of their own.
    if remote {
        return thing.check_remote(specs, cx);
    }
    let offered = service.zones(specs);
    for zone in &spec.zones {
        if !offered.iter().any(|z| z.name == zone.name) {
            let message =
                format!("zone `{}` is not a zone of service `{}`", zone.name, service.name);
            cx.complain(
                Diagnostic::error("X-17", zone.place, message)
                    .also(service.place, "the service")
                    .reason("endpoint zones must be among the service's zones (PrivateLink endpoint services)")
                    .help(format!("its zones are {}", names(&offered))),
            );
        }
    }
}

fn affinity(thing: &Thing<Endpoint>, specs: &Specs, cx: &Context) {
    let Some(service) = thing.service(specs) else { return };
    if thing.is_inline(specs) {
        return; // no name is asked for, by which an answer could be preferred (P-09)
    }
    let own = thing.spec.zone_affinity.as_ref();
    let theirs = service.spec.zone_affinity;
    if own.is_some_and(|a| a.value) && !theirs {
        let place = own.map_or(thing.place, |a| a.place);
        let message = "zone affinity is on here but not on the service: it has no effect";
        cx.complain(
            Diagnostic::warning("X-10", place, message)
                .also(service.place, "the service")
                .reason("zone affinity works only if provider and consumer enable it (PrivateLink endpoint services)")
                .help(format!("set zone_affinity = true on endpoint_service.{}", service.name)),
        );
    } else if theirs && !own.is_some_and(|a| a.value) {
        let message = "the service offers zone affinity, but the endpoint does not use it";
        cx.complain(
            Diagnostic::warning("X-10", thing.place, message)
                .also(service.place, "the service")
                .reason("zone affinity works only if provider and consumer enable it (PrivateLink endpoint services)")
                .help("set zone_affinity = true, or switch it off on both sides"),
        );
    }
}

fn pairing(thing: &Thing<Endpoint>, balancer: &Thing<LoadBalancer>, cx: &Context) {
    let Some(form) = &thing.spec.form else { return };
    let product = balancer.spec.product;
    let fits = match form.value {
        Form::Gwlb => product == Product::Gwlb,
        Form::Interface => product != Product::Gwlb,
        // Services of the cloud: what serves them is not ours to pair (P-10, P-12).
        Form::Gateway | Form::Reverse => true,
    };
    if !fits {
        let message = format!("this form of endpoint cannot reach a service of {}", product.name());
        cx.complain(
            Diagnostic::error("P-08", form.place, message)
                .also(balancer.place, "the load balancer of its service")
                .reason(
                    "interface endpoints go with NLB, ALB and CLB, GWLB endpoints with GWLB \
                     (PrivateLink overview)",
                )
                .help(match product {
                    Product::Gwlb => "write type = \"gwlb\"",
                    _ => "write type = \"interface\"",
                }),
        );
    }
}

fn bandwidth(thing: &Thing<Endpoint>, product: Product, specs: &Specs, cx: &Context) {
    let spec = &thing.spec;
    let Some((start, ceiling)) = thing.bandwidth(product) else {
        let place = spec.created_at.as_ref().map_or(thing.place, |c| c.place);
        let message = format!("the maximum bandwidth of `{}` is not documented", thing.full());
        cx.complain(
            Diagnostic::error("P-41", place, message)
                .reason(
                    "50 Gbps per zone holds for NLB endpoints created after 2026-02-01; no \
                     document gives a figure for earlier ones (PrivateLink overview)",
                )
                .help("set created_at = 2026-02-02 or later, or state the figure as `ceiling`"),
        );
        return;
    };
    if start > ceiling {
        let place = spec.ceiling.as_ref().map_or(thing.place, |c| c.place);
        let message = format!("the ceiling {ceiling} is below the start {start}");
        cx.complain(Diagnostic::error("range", place, message));
    }
    let documented = documented(product);
    let promised = spec.terms.raised_limit.is_some();
    let raised = spec.ceiling.is_some()
        || spec.cross_region.bandwidth.is_some()
        || changes_of(specs, &thing.full()).iter().any(|c| matches!(c.spec.act, Act::Ceiling(_)));
    if let (Some(promise), false) = (&spec.terms.raised_limit, raised) {
        cx.complain(
            Diagnostic::error("P-39", promise.place, "what was promised is not said")
                .label("no limit is raised")
                .reason(
                    "higher throughput is arranged with the account manager (PrivateLink overview)",
                )
                // An endpoint in the region of its service has no other figure.
                .help(match thing.is_remote(specs) {
                    true => {
                        "state the figure as `ceiling`, or as `cross_region_bandwidth`, or leave \
                         this out"
                    }
                    false => "state the figure as `ceiling`, or leave this out",
                }),
        );
    }
    if let Some(raised) = spec.ceiling.as_ref().filter(|c| c.value.0 > documented && !promised) {
        not_promised(raised, product, cx);
    }
}

/// The most that a network card grows to by itself (P-40, P-42, P-43, P-45).
pub(crate) const fn documented(product: Product) -> Rate {
    match product {
        Product::Nlb => Rate::from_gbps(50),
        Product::Alb | Product::Gwlb => Rate::from_gbps(25),
        Product::Clb => Rate::from_gbps(5),
    }
}

/// P-39: more than documented, and nobody promised it.
pub(crate) fn not_promised(raised: &Given<Above0<Rate>>, product: Product, cx: &Context) {
    let documented = documented(product);
    let message = format!(
        "a ceiling of {} is above the documented {documented} per zone for {}",
        raised.value.0,
        product.name()
    );
    cx.complain(
        Diagnostic::warning("P-39", raised.place, message)
            .reason("higher throughput is arranged with the account manager (PrivateLink overview)")
            .help("write what was promised on the endpoint: raised_limit = \"ticket 4711\""),
    );
}

/// P-46: a total above what all network cards carry together at any time of the run.
fn total(thing: &Thing<Endpoint>, product: Product, specs: &Specs, cx: &Context) {
    let Some(total) = &thing.spec.total_ceiling else { return };
    let Some((_, mut each)) = thing.bandwidth(product) else { return };
    for change in changes_of(specs, &thing.full()) {
        if let Act::Ceiling(raised) = &change.spec.act {
            each = each.max(raised.value.0);
        }
    }
    let zones = thing.zones_ever(specs);
    let all = Rate::from_bps(each.bps().saturating_mul(zones.len() as u64));
    if total.value.0 > all {
        let message = format!("a total of {} never binds", total.value.0);
        cx.complain(
            Diagnostic::warning("P-46", total.place, message)
                .label(format!("zones: {}, {each} each", zones.len()))
                .reason(
                    "the network cards end at their own maximum per zone; for all zones together \
                     the document has a heading and no figure (PrivateLink overview)",
                )
                .help(format!("state a total below {all}, or leave it out")),
        );
    }
}

fn throttle(thing: &Thing<Endpoint>, product: Product, cx: &Context) {
    let Some(throttle) = &thing.spec.throttle else { return };
    if !check_range(throttle, product, range_row(product), cx) {
        return;
    }
    let Some((_, ceiling)) = thing.bandwidth(product) else { return };
    check_binding(throttle, ceiling, cx);
}
