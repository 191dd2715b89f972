//! Which resource serves which zone of which endpoint.
//!
//! The documents say that a resource is allocated automatically in the same zone, by its bandwidth
//! and its present number of endpoint connections, among those open to it; the formula is not
//! published. The rule here: the most bandwidth for each connection, bandwidth / (connections + 1),
//! of equals the first by name. Endpoints that are there from the start come in the order of their
//! names, later ones when they are connected, with the mean of an approval that is left to chance.
//! A connection keeps its resource until it, or its zone, is disconnected.

use std::collections::{BTreeMap, BTreeSet};

use super::super::change::already::is_void;
use super::super::change::{Act, Change, Migration, changes_of};
use super::super::endpoint::Endpoint;
use super::super::endpoint::life::{Turn, turns};
use super::super::{Specs, Thing};
use super::EndpointService;
use crate::units::Span;

/// A zone's connection gets a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Binding {
    pub(crate) at: Span,
    pub(crate) endpoint: String,
    pub(crate) zone: String,
    pub(crate) resource: String,
    /// The change that it follows from; none for what holds from the start.
    pub(crate) by: Option<String>,
}

/// Something that moves bindings.
enum Event<'s> {
    Joins(&'s Thing<Endpoint>),
    Leaves(&'s Thing<Endpoint>),
    ZoneJoins(String, String),
    ZoneLeaves(String, String),
    Put(String, String, Option<String>),
    /// By another resource; how long the card of the old one stays.
    Replaced(String, String, String, Span),
    Attached(String, bool),
    Automatic(String, bool),
}

/// The resources of a service at an instant, and who has which.
struct Desk<'s> {
    specs: &'s Specs,
    attached: BTreeSet<String>,
    by_hand: BTreeSet<String>,
    /// (endpoint, zone): resource.
    bound: BTreeMap<(String, String), String>,
    /// Allocated by hand, for the next time that the zone is connected.
    wanted: BTreeMap<(String, String), String>,
    /// Old resources behind cards that are being drained, and until when.
    draining: BTreeMap<(String, String), (String, Span)>,
    told: Vec<Binding>,
}

/// Which resource each zone (endpoint, zone) has right before a change; and the resource of an old
/// card that is still being drained, with the instant at which it goes.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) bound: BTreeMap<(String, String), String>,
    pub(crate) draining: BTreeMap<(String, String), (String, Span)>,
}

/// Every binding of a service's endpoints, in order.
pub(crate) fn bindings(service: &Thing<EndpointService>, specs: &Specs) -> Vec<Binding> {
    replay(service, specs, None).told
}

/// Who has which resource right before a change. What is done to endpoints at the instant of a
/// service's change comes before it.
pub(crate) fn held_before(
    change: &Thing<Change>,
    service: &Thing<EndpointService>,
    specs: &Specs,
) -> Held {
    let Desk { bound, mut draining, .. } = replay(service, specs, Some(change));
    draining.retain(|_, (_, until)| *until > change.spec.at.value);
    Held { bound, draining }
}

/// All that moves bindings, up to a change if one is given.
fn replay<'s>(
    service: &Thing<EndpointService>,
    specs: &'s Specs,
    before: Option<&Thing<Change>>,
) -> Desk<'s> {
    let mut events: Vec<(Span, Option<String>, Event<'_>)> = Vec::new();
    let endpoints = specs.endpoint.values().filter(|e| e.spec.service.name == service.name);
    for endpoint in endpoints {
        for turn in turns(endpoint, specs) {
            let wait = turn.mean_wait(service);
            let at = later(turn.at, wait);
            match turn.what {
                Turn::Existing | Turn::Created { .. } | Turn::Accepted => {
                    events.push((at, turn.by.clone(), Event::Joins(endpoint)));
                }
                Turn::Denied | Turn::Deleted | Turn::ServiceDeleted => {
                    events.push((turn.at, turn.by.clone(), Event::Leaves(endpoint)));
                }
            }
        }
        for change in changes_of(specs, &endpoint.full()) {
            let name = endpoint.name.clone();
            let event = match &change.spec.act {
                _ if is_void(change, endpoint, specs) => continue,
                Act::Zone { zone, add: true } => Event::ZoneJoins(name, zone.name.clone()),
                Act::Zone { zone, .. } => Event::ZoneLeaves(name, zone.name.clone()),
                Act::ZoneConnection { zone, connect: true } => {
                    Event::ZoneJoins(name, zone.name.clone())
                }
                Act::ZoneConnection { zone, .. } => Event::ZoneLeaves(name, zone.name.clone()),
                Act::Allocate { zone, resource } => {
                    Event::Put(name, zone.name.clone(), resource.as_ref().map(|r| r.name.clone()))
                }
                Act::Replace(it) => {
                    let stays = match it.manner.value {
                        Migration::Forcible => Span::ZERO,
                        Migration::Smooth { overlap, drain } => later(overlap, drain),
                    };
                    Event::Replaced(name, it.zone.name.clone(), it.by.name.clone(), stays)
                }
                _ => continue,
            };
            events.push((change.spec.at.value, Some(change.name.clone()), event));
        }
    }
    for change in changes_of(specs, &service.full()) {
        let event = match &change.spec.act {
            Act::Resource { balancer, attach } => Event::Attached(balancer.name.clone(), *attach),
            Act::Automatic { balancer, on } => Event::Automatic(balancer.name.clone(), *on),
            _ => continue,
        };
        events.push((change.spec.at.value, Some(change.name.clone()), event));
    }
    // A stable sort: of one instant, by endpoint and in the order of changes.
    events.sort_by_key(|e| e.0);
    let names =
        |list: &[crate::scenario::context::Ref]| list.iter().map(|r| r.name.clone()).collect();
    let mut desk = Desk {
        specs,
        attached: names(&service.resources()),
        by_hand: names(&service.spec.desk.manual_only),
        bound: BTreeMap::new(),
        wanted: BTreeMap::new(),
        draining: BTreeMap::new(),
        told: Vec::new(),
    };
    let is_over = |at: Span, by: Option<&String>| {
        before.is_some_and(|c| at > c.spec.at.value || by == Some(&c.name))
    };
    for (at, by, event) in events {
        if is_over(at, by.as_ref()) {
            break;
        }
        desk.handle(at, by, event);
    }
    desk
}

fn later(at: Span, by: Span) -> Span {
    Span::from_nanos(at.nanos().saturating_add(by.nanos()))
}

impl Desk<'_> {
    fn handle(&mut self, at: Span, by: Option<String>, event: Event<'_>) {
        match event {
            Event::Joins(endpoint) => {
                for zone in &endpoint.spec.zones {
                    let own =
                        endpoint.spec.by_hand.iter().find(|r| self.is_in(&r.name, &zone.name));
                    let own = own.map(|r| r.name.clone());
                    self.bind(at, by.clone(), &endpoint.name, &zone.name, own);
                }
            }
            Event::Leaves(endpoint) => {
                self.bound.retain(|key, _| key.0 != endpoint.name);
                self.draining.retain(|key, _| key.0 != endpoint.name);
            }
            Event::ZoneJoins(endpoint, zone) => self.bind(at, by, &endpoint, &zone, None),
            Event::ZoneLeaves(endpoint, zone) => {
                let key = (endpoint, zone);
                self.bound.remove(&key);
                self.draining.remove(&key);
            }
            Event::Put(endpoint, zone, resource) => {
                // "Automatic" clears the resource that was named.
                match resource {
                    Some(resource) => self.wanted.insert((endpoint, zone), resource),
                    None => self.wanted.remove(&(endpoint, zone)),
                };
            }
            Event::Replaced(endpoint, zone, resource, stays) => {
                let key = (endpoint, zone);
                if let Some(old) = self.bound.insert(key.clone(), resource) {
                    self.draining.insert(key, (old, later(at, stays)));
                }
            }
            Event::Attached(resource, true) => {
                self.attached.insert(resource);
            }
            Event::Attached(resource, false) => {
                self.attached.remove(&resource);
            }
            // Existing bindings stay as they are.
            Event::Automatic(resource, true) => {
                self.by_hand.remove(&resource);
            }
            Event::Automatic(resource, false) => {
                self.by_hand.insert(resource);
            }
        }
    }

    fn bind(
        &mut self,
        at: Span,
        by: Option<String>,
        endpoint: &str,
        zone: &str,
        own: Option<String>,
    ) {
        let key = (endpoint.to_owned(), zone.to_owned());
        if self.bound.contains_key(&key) {
            return;
        }
        let wanted = self.wanted.get(&key).cloned().or(own);
        if let Some(resource) = wanted.or_else(|| self.choose(zone)) {
            self.bound.insert(key, resource.clone());
            let (endpoint, zone) = (endpoint.to_owned(), zone.to_owned());
            self.told.push(Binding { at, endpoint, zone, resource, by });
        }
    }

    fn is_in(&self, resource: &str, zone: &str) -> bool {
        let balancer = self.specs.load_balancer.get(resource);
        balancer.is_some_and(|b| b.spec.zones.iter().any(|z| z.name == zone))
    }

    /// The automatic choice in a zone.
    fn choose(&self, zone: &str) -> Option<String> {
        let open = self.attached.iter().filter(|r| !self.by_hand.contains(*r));
        let here = open.filter(|r| self.is_in(r, zone));
        let room = |r: &String| {
            let bps = self.specs.load_balancer[r.as_str()].spec.bandwidth.bps();
            let held = self.bound.iter().filter(|(k, v)| k.1 == zone && *v == r).count();
            // bandwidth / (connections + 1), compared without rounding
            (u128::from(bps) << 40) / (held as u128 + 1)
        };
        // `max_by_key` would take the last of equals.
        here.fold(None, |best: Option<&String>, r| match best {
            Some(b) if room(b) >= room(r) => Some(b),
            _ => Some(r),
        })
        .cloned()
    }
}
