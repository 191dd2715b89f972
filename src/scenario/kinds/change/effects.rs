//! Changes that would do nothing, or leave something behind that does not work: told, not run in
//! silence.

use std::collections::BTreeSet;

use super::super::endpoint::Endpoint;
use super::super::endpoint::life::{Turn, turns};
use super::super::endpoint::rules::{documented, not_promised};
use super::super::endpoint_service::EndpointService;
use super::super::{Specs, Thing};
use super::already::{already, is_void, zones_before};
use super::{Act, Change, Deed, changes_of};
use crate::scenario::context::{Context, Ref};
use crate::scenario::diagnostic::{Diagnostic, Place};
use crate::scenario::read::Account;
use crate::scenario::reader::Given;

const SERVICES: &str = "PrivateLink endpoint services";

pub(super) fn check(thing: &Thing<Change>, specs: &Specs, cx: &Context) {
    let name = &thing.spec.of.name;
    match thing.spec.of.kind {
        "endpoint" => {
            if let Some(endpoint) = specs.endpoint.get(name) {
                of_endpoint(thing, endpoint, specs, cx);
            }
        }
        _ => {
            if let Some(service) = specs.endpoint_service.get(name) {
                of_service(thing, service, specs, cx);
            }
        }
    }
}

/// Says that a change does nothing.
fn idle(thing: &Thing<Change>, place: Place, message: String, cx: &Context) {
    cx.complain(
        Diagnostic::warning("change", place, message)
            .label("nothing is done")
            .also(thing.place, "the change"),
    );
}

fn of_endpoint(thing: &Thing<Change>, endpoint: &Thing<Endpoint>, specs: &Specs, cx: &Context) {
    let full = endpoint.full();
    if let Some(message) = lost(thing, endpoint, specs) {
        idle(thing, thing.place, format!("`{full}` {message}"), cx);
        return;
    }
    let (there, cut) = zones_before(thing, endpoint, specs);
    match &thing.spec.act {
        Act::Zone { zone, add: true } if there.contains(zone.name.as_str()) => {
            idle(thing, zone.place, format!("`{full}` has zone `{}` already", zone.name), cx);
        }
        // Of a zone that it never has more is said (`rules`).
        Act::Zone { zone, add: false } | Act::ZoneConnection { zone, .. }
            if is_void(thing, endpoint, specs)
                && endpoint.zones_ever(specs).contains(&zone.name) =>
        {
            idle(thing, zone.place, format!("`{full}` has no zone `{}` then", zone.name), cx);
        }
        Act::Zone { zone, add: false }
            if there.len() == 1 && there.contains(zone.name.as_str()) =>
        {
            let message = format!("`{full}` is left without a network card");
            cx.complain(
                Diagnostic::warning("P-31", zone.place, message)
                    .label("its last zone")
                    .reason("choose vSwitches in at least 2 zones (PrivateLink overview)")
                    .help("add a zone first: add_zone; or delete the endpoint"),
            );
        }
        Act::ZoneConnection { zone, connect: true } if !cut.contains(zone.name.as_str()) => {
            let message = format!("zone `{}` of `{full}` is connected already", zone.name);
            idle(thing, zone.place, message, cx);
        }
        Act::ZoneConnection { zone, connect: false } if cut.contains(zone.name.as_str()) => {
            let message = format!("zone `{}` of `{full}` is disconnected already", zone.name);
            idle(thing, zone.place, message, cx);
        }
        Act::Ceiling(raised) => {
            let product = endpoint.balancer(specs).map(|b| b.spec.product);
            let promised = endpoint.spec.terms.raised_limit.is_some();
            if let Some(product) = product.filter(|p| !promised && raised.value.0 > documented(*p))
            {
                not_promised(raised, product, cx);
            }
        }
        Act::Deed(deed) if matches!(deed.value, Deed::Overdue | Deed::Paid) => {
            payment(thing, deed, specs, cx);
        }
        Act::Deed(deed) => {
            if let Some(message) = moot(thing, deed.value, endpoint, specs) {
                idle(thing, deed.place, format!("`{full}` {message}"), cx);
            }
        }
        _ => {}
    }
}

const DELETED: &str = "was deleted before";
const NO_SERVICE: &str = "has lost its service before";

/// Why nothing can be done to an endpoint any more, but for turns in its life.
fn lost(thing: &Thing<Change>, endpoint: &Thing<Endpoint>, specs: &Specs) -> Option<&'static str> {
    let payment =
        matches!(&thing.spec.act, Act::Deed(Given { value: Deed::Overdue | Deed::Paid, .. }));
    if matches!(thing.spec.act, Act::Deed(_)) && !payment {
        return None;
    }
    let when = (thing.spec.at.value, Some(&thing.name));
    let all = turns(endpoint, specs);
    let been = |what: Turn| all.iter().any(|t| t.what == what && (t.at, t.by.as_ref()) < when);
    match () {
        () if been(Turn::Deleted) => Some(DELETED),
        () if been(Turn::ServiceDeleted) => Some(NO_SERVICE),
        () => None,
    }
}

/// Payments that change nothing (P-20, P-21).
fn payment(thing: &Thing<Change>, deed: &Given<Deed>, specs: &Specs, cx: &Context) {
    let full = thing.spec.of.full();
    let mut owes = false;
    for change in changes_of(specs, &full).iter().take_while(|c| c.name != thing.name) {
        match &change.spec.act {
            Act::Deed(Given { value: Deed::Overdue, .. }) => owes = true,
            Act::Deed(Given { value: Deed::Paid, .. }) => owes = false,
            _ => {}
        }
    }
    let message = match (deed.value, owes) {
        (Deed::Overdue, true) => "is overdue already",
        (Deed::Paid, false) => "owes nothing then",
        _ => return,
    };
    idle(thing, deed.place, format!("`{full}` {message}"), cx);
}

/// Why a turn in the life of an endpoint is none: by what happened to it last before. Nothing is said of
/// one that never comes to be, but of its creation (`rules`).
fn moot(
    thing: &Thing<Change>,
    deed: Deed,
    endpoint: &Thing<Endpoint>,
    specs: &Specs,
) -> Option<&'static str> {
    let all = turns(endpoint, specs);
    if deed == Deed::Create {
        let is_create =
            |c: &Thing<Change>| matches!(&c.spec.act, Act::Deed(Given { value: Deed::Create, .. }));
        let own = changes_of(specs, &endpoint.full());
        let first = own.into_iter().find(|c| is_create(c)).is_some_and(|c| c.name == thing.name);
        return (!first && !all.is_empty()).then_some("is created once, before this");
    }
    // Its own turn is told by its name: at the instant of the creation that comes first.
    let own = all.iter().position(|turn| turn.by.as_ref() == Some(&thing.name));
    let all = &all[..own.unwrap_or(0)];
    let been = |what: Turn| all.iter().any(|turn| turn.what == what);
    match (deed, all.last().map(|turn| turn.what)) {
        (_, None) => Some("is not there then"),
        _ if been(Turn::Deleted) => Some(DELETED),
        // What is left of it can still be deleted.
        (Deed::Accept, _) if been(Turn::ServiceDeleted) => Some(NO_SERVICE),
        // A service that is deleted before anybody is denied is complained about.
        (Deed::Deny, _) if been(Turn::ServiceDeleted) && been(Turn::Denied) => Some(NO_SERVICE),
        (Deed::Accept, Some(Turn::Existing | Turn::Accepted | Turn::Created { auto: true })) => {
            Some("is connected already")
        }
        (Deed::Accept, Some(Turn::Created { auto: false })) => {
            let longest = endpoint.service(specs)?.longest_approval()?;
            let by = all.last()?.at.nanos().saturating_add(longest.nanos());
            (by <= thing.spec.at.value.nanos()).then_some("is accepted before, within `approval`")
        }
        (Deed::Deny, Some(Turn::Denied)) => Some("is denied already"),
        _ => None,
    }
}

fn of_service(
    thing: &Thing<Change>,
    service: &Thing<EndpointService>,
    specs: &Specs,
    cx: &Context,
) {
    let full = service.full();
    let is_turn =
        matches!(&thing.spec.act, Act::Deed(Given { value: Deed::Create | Deed::Delete, .. }));
    let gone =
        |c: &Thing<Change>| matches!(&c.spec.act, Act::Deed(Given { value: Deed::Delete, .. }));
    let mut before = changes_of(specs, &full).into_iter().take_while(|c| c.name != thing.name);
    if !is_turn && before.any(gone) {
        idle(thing, thing.place, format!("`{full}` {DELETED}"), cx);
        return;
    }
    match &thing.spec.act {
        Act::Whitelist { account, place, .. } if account != "*" && !Account::is_uid(account) => {
            let message = format!("`{account}` cannot be whitelisted");
            cx.complain(
                Diagnostic::error("X-16", *place, message)
                    .label("neither `*` nor a UID")
                    .reason(format!(
                        "an entry is `*` for everybody, or the UID of an account ({SERVICES})"
                    ))
                    .help("write the UID of the account, as in \"1234567890123456\""),
            );
        }
        Act::Deed(deed) if matches!(deed.value, Deed::Overdue | Deed::Paid) => {
            payment(thing, deed, specs, cx);
        }
        Act::Deed(deed) => once(thing, deed, service, specs, cx),
        Act::Automatic { balancer, on: false } | Act::Resource { balancer, attach: false } => {
            last_automatic(thing, balancer, service, specs, cx)
        }
        _ => {}
    }
    if let Some((place, message)) = already(thing, service, specs) {
        idle(thing, place, format!("`{full}` {message}"), cx);
    }
}

/// a service is created once and deleted once, in this order.
fn once(
    thing: &Thing<Change>,
    deed: &Given<Deed>,
    service: &Thing<EndpointService>,
    specs: &Specs,
    cx: &Context,
) {
    let full = service.full();
    let changes = changes_of(specs, &full);
    let last = changes.into_iter().take_while(|c| c.name != thing.name).filter_map(|c| {
        match &c.spec.act {
            Act::Deed(deed) if matches!(deed.value, Deed::Create | Deed::Delete) => {
                Some((deed.value, c.place))
            }
            _ => None,
        }
    });
    let Some((last, place)) = last.last() else { return };
    match (last, deed.value) {
        (Deed::Delete, Deed::Create) => cx.complain(
            Diagnostic::error("X-66", deed.place, format!("`{full}` was deleted before"))
                .also(place, "deleted here")
                .reason(format!("deleting a service is irreversible ({SERVICES})"))
                .help("declare another [endpoint_service.name] for what comes after it"),
        ),
        (Deed::Create, Deed::Create) => cx.complain(
            Diagnostic::error("change", deed.place, format!("`{full}` is there already"))
                .also(place, "created here")
                .help("create it once, and change it after that"),
        ),
        (Deed::Delete, Deed::Delete) => {
            idle(thing, deed.place, format!("`{full}` {DELETED}"), cx);
        }
        _ => {}
    }
}

/// every zone keeps a resource to allocate automatically, in the course of a plan, too.
fn last_automatic(
    thing: &Thing<Change>,
    balancer: &Ref,
    service: &Thing<EndpointService>,
    specs: &Specs,
    cx: &Context,
) {
    let names = |refs: &[Ref]| refs.iter().map(|r| r.name.clone()).collect::<BTreeSet<_>>();
    let mut attached = names(&service.resources());
    let mut closed = names(&service.spec.desk.manual_only);
    let mut was_open = None;
    // Those of one instant belong together: what is switched on beside it counts.
    for change in changes_of(specs, &service.full()) {
        if change.spec.at.value > thing.spec.at.value {
            break;
        }
        if change.spec.at.value == thing.spec.at.value {
            let open = attached.contains(&balancer.name) && !closed.contains(&balancer.name);
            was_open.get_or_insert(open);
        }
        match &change.spec.act {
            Act::Automatic { balancer, on: true } => {
                closed.remove(&balancer.name);
            }
            Act::Automatic { balancer, .. } => {
                closed.insert(balancer.name.clone());
            }
            Act::Resource { balancer, attach: true } => {
                attached.insert(balancer.name.clone());
            }
            Act::Resource { balancer, .. } => {
                attached.remove(&balancer.name);
            }
            _ => {}
        }
    }
    // What was not open takes nothing away.
    if was_open != Some(true) {
        return;
    }
    let open = |zone: &Ref| {
        let free = attached.iter().filter(|name| !closed.contains(*name));
        free.filter_map(|name| specs.load_balancer.get(name)).any(|b| b.is_in(&zone.name))
    };
    let Some(closing) = specs.load_balancer.get(&balancer.name) else { return };
    let served = service.zones(specs);
    let Some(zone) = served.iter().find(|z| closing.is_in(&z.name) && !open(z)) else { return };
    let message = format!(
        "nothing of `{}` can be allocated automatically in zone {} any more",
        service.full(),
        zone.name
    );
    cx.complain(
        Diagnostic::error("X-39", balancer.place, message)
            .also(thing.place, "the change")
            .reason(format!(
                "every zone needs a resource that can be allocated automatically ({SERVICES})"
            ))
            .help("open another resource of the zone before, or attach one"),
    );
}
