//! What a change plan must keep to; each complaint carries its inventory row.

use super::super::endpoint::Endpoint;
use super::super::endpoint::life::{Refusal, Turn, refusal, turns};
use super::super::endpoint_service::allocation::held_before;
use super::super::endpoint_service::{EndpointService, check_range, names, range_row};
use super::super::load_balancer::Product;
use super::super::{Specs, Thing};
use super::already::zones_before;
use super::{Act, Change, changes_of, effects, ties};
use crate::scenario::context::{Context, Ref};
use crate::scenario::diagnostic::{Diagnostic, Place, Severity};
use crate::scenario::read::Above0;
use crate::scenario::reader::Given;

const SERVICES: &str = "PrivateLink endpoint services";

pub(super) fn check(thing: &Thing<Change>, specs: &Specs, cx: &Context) {
    effects::check(thing, specs, cx);
    ties::check(thing, specs, cx);
    match thing.spec.of.kind {
        "endpoint" => {
            let Some(endpoint) = specs.endpoint.get(&thing.spec.of.name) else { return };
            let Some(service) = endpoint.service(specs) else { return };
            of_endpoint(thing, endpoint, service, specs, cx);
        }
        _ => {
            if let Some(service) = specs.endpoint_service.get(&thing.spec.of.name) {
                of_service(thing, service, specs, cx);
            }
        }
    }
}

fn of_endpoint(
    thing: &Thing<Change>,
    endpoint: &Thing<Endpoint>,
    service: &Thing<EndpointService>,
    specs: &Specs,
    cx: &Context,
) {
    let product = endpoint.balancer(specs).map(|b| b.spec.product);
    match &thing.spec.act {
        Act::Throttle(Given { value: Some(rate), place }) => {
            if let Some(product) = product {
                check_range(
                    &Given { value: Above0(*rate), place: *place },
                    product,
                    range_row(product),
                    cx,
                );
            }
        }
        Act::Zone { zone, add: true } if !endpoint.is_remote(specs) => {
            let offered = service.zones(specs);
            if !offered.iter().any(|z| z.name == zone.name) {
                let message =
                    format!("zone `{}` is not a zone of service `{}`", zone.name, service.name);
                cx.complain(
                    Diagnostic::error("X-17", zone.place, message)
                        .reason(format!(
                            "endpoint zones must be among the service's zones ({SERVICES})"
                        ))
                        .help(format!("its zones are {}", names(&offered))),
                );
            }
        }
        // In another region, zones need not be those of the service.
        Act::Zone { add: true, .. } => {}
        Act::Zone { zone, .. } | Act::ZoneConnection { zone, .. } => {
            has_zone(zone, endpoint, specs, cx)
        }
        Act::Allocate { zone, resource } => {
            has_zone(zone, endpoint, specs, cx);
            if let Some(resource) = resource {
                is_resource(resource, zone, service, specs, cx);
            }
            let cut = changes_of(specs, &endpoint.full()).into_iter().rfind(|c| {
                let same = matches!(&c.spec.act, Act::ZoneConnection { zone: z, .. } if z.name == zone.name);
                same && c.spec.at.value <= thing.spec.at.value
            });
            let connected = !cut
                .is_some_and(|c| matches!(c.spec.act, Act::ZoneConnection { connect: false, .. }));
            if connected && !service.is_asked_by_hand(endpoint, specs) {
                let message = format!("zone `{}` is connected: it keeps its resource", zone.name);
                cx.complain(
                    Diagnostic::error("X-41", zone.place, message)
                        .also(thing.place, "the change")
                        .reason(format!(
                            "a zone is disconnected before it gets another resource ({SERVICES})"
                        ))
                        .help("disconnect_zone first, then allocate, then connect_zone"),
                );
            }
        }
        Act::Replace(it) => {
            has_zone(&it.zone, endpoint, specs, cx);
            if product.is_some_and(|p| p != Product::Clb) {
                let message = "only CLB resources are replaced without disconnecting";
                cx.complain(
                    Diagnostic::error("X-49", it.by.place, message)
                        .reason(format!("replacing in place is for CLB ({SERVICES})"))
                        .help("disconnect_zone, allocate, connect_zone"),
                );
            }
            is_resource(&it.by, &it.zone, service, specs, cx);
            is_first(thing, endpoint, it, specs, cx);
            if is_replaceable(thing, endpoint, it, specs, cx) {
                old_is_closed(thing, endpoint, it, service, specs, cx);
            }
        }
        Act::Deed(deed) if deed.value == super::Deed::Create => {
            if let Some(refusal) = refusal(endpoint, specs) {
                refused(refusal, deed.place, endpoint, service, cx);
            }
        }
        _ => {}
    }
}

/// X-25, P-05: an endpoint that is created in vain.
fn refused(
    refusal: Refusal,
    place: Place,
    endpoint: &Thing<Endpoint>,
    service: &Thing<EndpointService>,
    cx: &Context,
) {
    let message = format!("`{}` never comes to be", endpoint.full());
    let (code, label, reason, help) = match refusal {
        Refusal::Region => (
            "X-25",
            "its region is closed to new endpoints then",
            "a region that is removed gets no new endpoints; those that are there keep working",
            "create it earlier, or open the region before: add_region",
        ),
        Refusal::Account => (
            "P-05",
            "its account is not on the whitelist then",
            "other accounts must be whitelisted",
            "create it earlier, or let its account in: whitelist_add",
        ),
    };
    cx.complain(
        Diagnostic::warning(code, place, message)
            .label(label)
            .also(service.place, "the service")
            .reason(format!("{reason} ({SERVICES})"))
            .help(help),
    );
}

/// A zone's resource is replaced once in a run: what a second one would find is not simulated.
fn is_first(
    thing: &Thing<Change>,
    endpoint: &Thing<Endpoint>,
    it: &super::Replace,
    specs: &Specs,
    cx: &Context,
) {
    let when = |c: &Thing<Change>| (c.spec.at.value, c.name.clone());
    let first = changes_of(specs, &endpoint.full()).into_iter().find(|c| {
        let same = matches!(&c.spec.act, Act::Replace(r) if r.zone.name == it.zone.name);
        same && when(c) < when(thing)
    });
    if let Some(first) = first {
        let message = format!("the resource of zone `{}` is replaced a second time", it.zone.name);
        cx.complain(
            Diagnostic::error("replace", it.zone.place, message)
                .also(first.place, "the first time")
                .help(
                    "a run simulates one replacement of a zone's resource: rehearse the next one \
                     in a scenario that starts after the first",
                ),
        );
    }
}

/// A resource is replaced under a zone that is there and connected.
fn is_replaceable(
    thing: &Thing<Change>,
    endpoint: &Thing<Endpoint>,
    it: &super::Replace,
    specs: &Specs,
    cx: &Context,
) -> bool {
    let (full, zone) = (endpoint.full(), it.zone.name.as_str());
    let (there, cut) = zones_before(thing, endpoint, specs);
    let when = (thing.spec.at.value, Some(&thing.name));
    let mut turns = turns(endpoint, specs);
    // Of one that never comes to be, or is gone, more is said elsewhere.
    let lives = turns.iter().any(|t| t.what != Turn::Deleted && t.what != Turn::ServiceDeleted);
    turns.retain(|t| (t.at, t.by.as_ref()) < when);
    let (message, help) = match turns.last().map(|t| t.what) {
        _ if !endpoint.zones_ever(specs).contains(zone) || !lives => return false,
        Some(Turn::Deleted | Turn::ServiceDeleted) => return false,
        None | Some(Turn::Denied) => {
            (format!("`{full}` is not connected then"), "replace it while it is connected")
        }
        _ if !there.contains(zone) => (
            format!("`{full}` has no zone `{zone}` then"),
            "replace its resource while the zone is there; one that is added gets its resource by \
             allocate",
        ),
        _ if cut.contains(zone) => (
            format!("zone `{zone}` of `{full}` is disconnected then"),
            "allocate, then connect_zone",
        ),
        _ => return true,
    };
    cx.complain(
        Diagnostic::error("X-49", it.zone.place, message)
            .also(thing.place, "the change")
            .reason(format!(
                "replacing is for a zone that stays connected meanwhile ({SERVICES})"
            ))
            .help(help),
    );
    false
}

/// Automatic allocation of the old resource is switched off before it is replaced, which is
/// another one.
fn old_is_closed(
    thing: &Thing<Change>,
    endpoint: &Thing<Endpoint>,
    it: &super::Replace,
    service: &Thing<EndpointService>,
    specs: &Specs,
    cx: &Context,
) {
    let mut bound = held_before(thing, service, specs).bound;
    let Some(old) = bound.remove(&(endpoint.name.clone(), it.zone.name.clone())) else { return };
    if old == it.by.name {
        let message = format!("zone `{}` is bound to `{old}` already", it.zone.name);
        cx.complain(
            Diagnostic::error("X-49", it.by.place, message)
                .also(thing.place, "the change")
                .reason(format!("a resource is replaced by another one ({SERVICES})"))
                .help(
                    "`check --show-plan` tells which resource each zone is bound to; of equal \
                     ones the first by name is allocated",
                ),
        );
        return;
    }
    let mut open = !service.spec.desk.manual_only.iter().any(|r| r.name == old);
    for change in changes_of(specs, &service.full()) {
        if let Act::Automatic { balancer, on } = &change.spec.act
            && balancer.name == old
            && change.spec.at.value <= thing.spec.at.value
        {
            open = *on;
        }
    }
    if open {
        let message = format!("`{old}` is still allocated automatically while it is replaced");
        cx.complain(
            Diagnostic::error("X-50", it.zone.place, message)
                .also(thing.place, "the change")
                .reason(format!("switch its automatic allocation off first ({SERVICES})"))
                .help(format!(
                    "automatic_allocation = {{ resource = \"{old}\", on = false }}, before"
                )),
        );
    }
}

fn of_service(
    thing: &Thing<Change>,
    service: &Thing<EndpointService>,
    specs: &Specs,
    cx: &Context,
) {
    match &thing.spec.act {
        Act::DefaultThrottle(rate) => {
            let Some(balancer) = service.balancer(specs) else { return };
            if balancer.spec.product == Product::Clb {
                check_range(rate, Product::Clb, "X-56", cx);
                return;
            }
            let message =
                format!("a service of {} has no default throttle", balancer.spec.product.name());
            cx.complain(
                Diagnostic::error("X-58", rate.place, message)
                    .reason(format!(
                        "only CLB services limit new connections by default ({SERVICES})"
                    ))
                    .help("change `throttle` of the endpoints instead"),
            );
        }
        Act::Resource { balancer, attach: true } => {
            let (old, new) = (service.balancer(specs), specs.load_balancer.get(&balancer.name));
            if let Some((old, new)) = old.zip(new)
                && old.spec.product != new.spec.product
            {
                let message = format!(
                    "`{}` is {}, the service's resources are {}",
                    balancer.name,
                    new.spec.product.name(),
                    old.spec.product.name()
                );
                cx.complain(
                    Diagnostic::error("P-03", balancer.place, message)
                        .also(old.place, "its load balancer")
                        .help("resources of a service are of one type"),
                );
            }
        }
        Act::Resource { balancer, .. } => is_free(thing, balancer, service, specs, cx),
        Act::Region { region, add: false } => {
            let home = service.balancer(specs).and_then(|b| b.spec.zones.first());
            let home = home.and_then(|z| specs.zone.get(&z.name)).map(|z| &z.spec.region.name);
            if home == Some(&region.name) {
                let message = format!("`{}` is the service's home region", region.name);
                cx.complain(
                    Diagnostic::error("X-26", region.place, message)
                        .reason(format!("the home region cannot be removed ({SERVICES})"))
                        .help("remove other regions only"),
                );
            }
        }
        Act::Deed(deed) if matches!(deed.value, super::Deed::Accept | super::Deed::Deny) => {
            cx.complain(
                Diagnostic::error("change", deed.place, "this is done to an endpoint")
                    .also(thing.spec.of.place, "this is a service")
                    .help("of a service: \"create\", \"delete\", \"overdue\" or \"paid\""),
            );
        }
        Act::Deed(deed) if deed.value == super::Deed::Delete => {
            still_connected(thing, deed.place, service, specs, cx);
        }
        _ => {}
    }
}

/// All endpoints are rejected and disconnected before a service is deleted.
fn still_connected(
    thing: &Thing<Change>,
    place: Place,
    service: &Thing<EndpointService>,
    specs: &Specs,
    cx: &Context,
) {
    let of = specs.endpoint.values().filter(|e| e.spec.service.name == service.name);
    let connected: Vec<&str> = of
        .filter(|e| {
            let before = turns(e, specs)
                .into_iter()
                .rfind(|t| t.at <= thing.spec.at.value && t.what != Turn::ServiceDeleted);
            before.is_some_and(|t| !matches!(t.what, Turn::Denied | Turn::Deleted))
        })
        .map(|e| e.name.as_str())
        .collect();
    if !connected.is_empty() {
        let message =
            format!("`{}` is deleted with connections: {}", service.full(), connected.join(", "));
        cx.complain(
            Diagnostic::error("X-66", place, message)
                .reason(format!("reject and disconnect all endpoints first; deleting is irreversible ({SERVICES})"))
                .help("action = \"deny\" for each of them, before"),
        );
    }
}

/// A resource that leaves the service goes on by itself.
fn remains(balancer: &Ref, service: &Thing<EndpointService>, cx: &Context) {
    let message =
        format!("`{}` goes on, and is billed, without `{}`", balancer.full(), service.full());
    cx.complain(
        Diagnostic::new(Severity::Note, "X-44", balancer.place, message)
            .reason(format!("removing a resource does not delete the instance ({SERVICES})"))
            .help("release the load balancer itself if nothing else uses it"),
    );
}

/// A resource that a zone of an endpoint is bound to stays, and one whose card is drained.
fn is_free(
    thing: &Thing<Change>,
    balancer: &Ref,
    service: &Thing<EndpointService>,
    specs: &Specs,
    cx: &Context,
) {
    let held = held_before(thing, service, specs);
    let name = |(endpoint, zone): &(String, String)| format!("endpoint.{endpoint} in zone {zone}");
    let users = held.bound.iter().filter(|(_, resource)| **resource == balancer.name);
    let users: Vec<String> = users.map(|(key, _)| name(key)).collect();
    let old = held.draining.iter().filter(|(_, (resource, _))| *resource == balancer.name);
    let (message, help) = match (users.first(), old.max_by_key(|(_, (_, until))| *until)) {
        (Some(first), _) => (
            format!("`{}` still serves {first}", balancer.name),
            format!("disconnect these first: {}", users.join(", ")),
        ),
        (None, Some((key, (_, until)))) => (
            format!("`{}` still serves {}, whose card is drained", balancer.name, name(key)),
            format!("detach it when the last old card is gone: at {until}"),
        ),
        (None, None) => return remains(balancer, service, cx),
    };
    cx.complain(
        Diagnostic::error("X-43", balancer.place, message)
            .also(thing.place, "the change")
            .reason(format!(
                "a resource that an endpoint zone is bound to cannot be removed ({SERVICES})"
            ))
            .help(help),
    );
}

fn has_zone(zone: &Ref, endpoint: &Thing<Endpoint>, specs: &Specs, cx: &Context) {
    let added = changes_of(specs, &endpoint.full())
        .into_iter()
        .any(|c| matches!(&c.spec.act, Act::Zone { zone: z, add: true } if z.name == zone.name));
    if !added && !endpoint.spec.zones.iter().any(|z| z.name == zone.name) {
        let message = format!("`{}` has no zone `{}`", endpoint.full(), zone.name);
        cx.complain(
            Diagnostic::error("zone", zone.place, message)
                .help(format!("its zones are {}", names(&endpoint.spec.zones))),
        );
    }
}

fn is_resource(
    resource: &Ref,
    zone: &Ref,
    service: &Thing<EndpointService>,
    specs: &Specs,
    cx: &Context,
) {
    let known = service.resources_ever(specs);
    if !known.iter().any(|r| r.name == resource.name) {
        let message = format!("`{}` is no resource of `{}`", resource.name, service.full());
        cx.complain(
            Diagnostic::error("X-35", resource.place, message)
                .also(service.place, "the service")
                .help(format!(
                    "its resources are {}; others can be attached before",
                    names(&known)
                )),
        );
        return;
    }
    let Some(balancer) = specs.load_balancer.get(&resource.name) else { return };
    if !balancer.spec.zones.iter().any(|z| z.name == zone.name) {
        let message = format!("`{}` is not in zone `{}`", resource.name, zone.name);
        cx.complain(
            Diagnostic::error("X-40", resource.place, message)
                .also(zone.place, "the zone")
                .reason(format!("a zone's connection is served in the same zone ({SERVICES})"))
                .help(format!("its zones are {}", names(&balancer.spec.zones))),
        );
    }
}
