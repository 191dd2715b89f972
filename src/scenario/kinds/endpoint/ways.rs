//! The ways into an endpoint, one per network card: those it has, those it will get, and the gates
//! before them.
//!
//! ```text
//! name ─┬─ a: gates ─ delay ─ throttle ─ ENI ─ resource of the zone ─┬─ load balancer 1 in a
//!       │                                     (bound one first)      └─ load balancer 2 in a
//!       └─ a.move: the card that replaces it ─ ...
//! ```
//!
//! In-zone failover (X-36): a connection of endpoint and service stays on its resource until that is
//! believed down, then takes the next one of the zone, and stays there.

use super::super::change::{Act, Change, Migration, changes_of};
use super::super::endpoint_service::EndpointService;
use super::super::endpoint_service::allocation::bindings;
use super::super::load_balancer;
use super::super::{Specs, Thing};
use super::life::{Turn, connection, owner, throttle, turns, zone};
use super::{Endpoint, NameForm};
use crate::plan::{
    Belief, Branch, ComponentId, Detector, Gate, GateId, Hop, Policy, Selector, SelectorId,
};
use crate::random::Dist;
use crate::scenario::context::Ref;
use crate::scenario::lowering::{Handles, Lowering};
use crate::scenario::reader::Basis;
use crate::units::Rate;

const CHOSEN: Basis = Basis { source: "no document gives it; chosen here", mark: "D" };

/// What is behind a network card.
#[derive(Default)]
pub(super) struct Behind {
    pub(super) hops: Vec<Hop>,
    /// The choice among its resources, and their names.
    pub(super) resource: Option<(SelectorId, Vec<String>)>,
    /// What is down while nobody answers.
    pub(super) served: Option<ComponentId>,
}

/// A network card of an endpoint, at some time of the run.
#[derive(Clone, Debug)]
pub(super) struct Card {
    pub(super) zone: Ref,
    /// The change that replaces the zone's card by this one.
    pub(super) replaces: Option<String>,
    /// The resource behind it at first, if that is not allocated.
    pub(super) by: Option<Ref>,
}

impl Card {
    /// Name of its branch: the zone, or zone and change.
    pub(super) fn name(&self) -> String {
        match &self.replaces {
            None => self.zone.name.clone(),
            Some(change) => format!("{}.{change}", self.zone.name),
        }
    }

    /// Whether a resource is among its own when the run begins.
    fn has_first(&self, resource: &str, service: &Thing<EndpointService>) -> bool {
        let brought = self.by.as_ref().is_some_and(|by| by.name == resource);
        brought || service.resources().iter().any(|r| r.name == resource)
    }
}

impl Thing<Endpoint> {
    /// Changes of the endpoint and of its service, in order.
    pub(super) fn changes<'s>(&self, specs: &'s Specs) -> Vec<&'s Thing<Change>> {
        let mut all = changes_of(specs, &self.full());
        all.extend(changes_of(specs, &self.spec.service.full()));
        all.sort_by_key(|c| (c.spec.at.value, c.name.clone()));
        all
    }

    /// Whether anything is done to it or its service in the course of the run.
    pub(crate) fn is_touched(&self, specs: &Specs) -> bool {
        let new = || turns(self, specs).first().is_none_or(|t| t.what != Turn::Existing);
        !self.changes(specs).is_empty() || (self.service(specs).is_some() && new())
    }

    /// Every card that it has at some time.
    pub(super) fn cards(&self, specs: &Specs) -> Vec<Card> {
        let called = |zone: &Ref| match &self.spec.name {
            NameForm::Endpoint | NameForm::Custom(_) => true,
            NameForm::Zone(only) | NameForm::Address(only) => only.name == zone.name,
        };
        let card = |zone: &Ref| Card { zone: zone.clone(), replaces: None, by: None };
        let mut cards: Vec<Card> = self.spec.zones.iter().filter(|z| called(z)).map(card).collect();
        for change in changes_of(specs, &self.full()) {
            match &change.spec.act {
                Act::Zone { zone, add: true }
                    if called(zone) && !cards.iter().any(|c| c.zone.name == zone.name) =>
                {
                    cards.push(card(zone));
                }
                Act::Replace(it) if called(&it.zone) => {
                    if let Migration::Smooth { .. } = it.manner.value {
                        cards.push(Card {
                            zone: it.zone.clone(),
                            replaces: Some(change.name.clone()),
                            by: Some(it.by.clone()),
                        });
                    }
                }
                _ => {}
            }
        }
        cards
    }

    /// Whether the card is there when the run begins.
    pub(super) fn has_at_first(&self, card: &Card, specs: &Specs) -> bool {
        let existing = !self.is_touched(specs)
            || turns(self, specs).first().is_some_and(|t| t.what == Turn::Existing);
        let own = self.spec.zones.iter().any(|z| z.name == card.zone.name);
        existing && own && card.replaces.is_none()
    }

    /// The service's default throttle over time: from, before, rate.
    pub(super) fn default_pieces(
        &self,
        specs: &Specs,
    ) -> Vec<(crate::units::Span, crate::units::Span, Rate)> {
        let Some(first) = self.default_throttle(specs) else { return Vec::new() };
        let mut pieces =
            vec![(crate::units::Span::ZERO, crate::units::Span::from_nanos(u64::MAX), first)];
        for change in changes_of(specs, &self.spec.service.full()) {
            if let Act::DefaultThrottle(rate) = &change.spec.act {
                let at = change.spec.at.value;
                pieces.last_mut().expect("it has a first").1 = at;
                pieces.push((at, crate::units::Span::from_nanos(u64::MAX), rate.value.0));
            }
        }
        pieces
    }

    /// What its throttle's devices are set to at first; none where it never has a throttle.
    pub(super) fn first_throttle(&self, specs: &Specs) -> Option<Rate> {
        let later = self.changes(specs).iter().any(|c| matches!(c.spec.act, Act::Throttle(_)));
        let default = self.default_throttle(specs);
        let own = self.spec.throttle.as_ref().map(|t| t.value.0);
        let fresh = |t: &super::life::TurnAt| t.what == Turn::Created { auto: true };
        // A service that accepts by itself sets it after Connected.
        if own.is_some() && self.is_touched(specs) && turns(self, specs).first().is_some_and(fresh)
        {
            return Some(default.unwrap_or(super::UNTHROTTLED));
        }
        own.or(default).or(later.then_some(super::UNTHROTTLED))
    }

    /// The gates of the endpoint and its connection, where something is done to it.
    pub(super) fn gates(&self, l: &mut Lowering<'_>) -> [Option<GateId>; 3] {
        let specs = l.specs;
        let Some(service) = self.service(specs).filter(|_| self.is_touched(specs)) else {
            return [None; 3];
        };
        let desk = &service.spec.desk;
        let parameter = format!("{}.transition", service.full());
        // Once for all of its endpoints.
        if !desk.transition_given && !l.plan.assumptions.iter().any(|a| a.parameter == parameter) {
            l.assume(&parameter, "0 s", CHOSEN);
        }
        let first = turns(self, specs).first().map(|t| t.what);
        let there = first == Some(Turn::Existing);
        let at_first: &[u32] = if there { &[] } else { &[connection::ABSENT] };
        let name = format!("{}.connection", self.full());
        let component = Some(l.component(&name));
        let reasons = match desk.modifying_carries {
            true => connection::carrying(at_first),
            false => connection::reasons(at_first),
        };
        let connected = l.gate(Gate { name, component, open: "Connected".into(), reasons });
        let reasons = owner::reasons(if there { &[] } else { &[owner::ABSENT] });
        let state =
            l.gate(Gate { name: self.full(), component: None, open: "Available".into(), reasons });
        let exposed = first == Some(Turn::Created { auto: true }) && self.spec.throttle.is_some();
        let throttle = exposed.then(|| {
            l.gate(Gate {
                name: format!("{}.throttle", self.full()),
                component: None,
                open: "In force".into(),
                reasons: throttle::reasons(&[]),
            })
        });
        [Some(connected), Some(state), throttle]
    }

    /// The gate of a zone that something is done to.
    pub(super) fn zone_gate(&self, card: &Card, l: &mut Lowering<'_>) -> Option<GateId> {
        let name = |zone: &Ref| zone.name == card.zone.name;
        let about = |c: &&Thing<Change>| match &c.spec.act {
            Act::Zone { zone, .. } | Act::ZoneConnection { zone, .. } => name(zone),
            Act::Replace(it) => name(&it.zone),
            _ => false,
        };
        let specs = l.specs;
        if !self.changes(specs).iter().any(about) {
            return None;
        }
        let absent = !self.spec.zones.iter().any(name) || card.replaces.is_some();
        let full = format!("{}.zone-{}.connection", self.full(), card.name());
        let component = Some(l.component(&full));
        Some(l.gate(Gate {
            name: full,
            component,
            open: "Connected".into(),
            reasons: zone::reasons(if absent { &[zone::ABSENT] } else { &[] }),
        }))
    }

    /// The resources of a zone behind a card: the one bound first, then the others by bandwidth and
    /// name.
    fn resources_behind(&self, card: &Card, specs: &Specs) -> Vec<String> {
        let Some(service) = self.service(specs) else { return Vec::new() };
        let here = |name: &str| {
            let balancer = specs.load_balancer.get(name);
            balancer.is_some_and(|b| b.spec.zones.iter().any(|z| z.name == card.zone.name))
        };
        let mut names: Vec<String> =
            service.resources_ever(specs).into_iter().map(|r| r.name).filter(|n| here(n)).collect();
        for change in changes_of(specs, &self.full()) {
            // A resource that only a replacement brings.
            if let Act::Replace(it) = &change.spec.act
                && it.zone.name == card.zone.name
                && !names.contains(&it.by.name)
            {
                names.push(it.by.name.clone());
            }
        }
        let bps = |n: &String| specs.load_balancer.get(n).map_or(0, |b| b.spec.bandwidth.bps());
        names.sort_by(|a, b| bps(b).cmp(&bps(a)).then(a.cmp(b)));
        let first = match &card.by {
            Some(by) => Some(by.name.clone()),
            None => bindings(service, specs)
                .into_iter()
                .find(|b| b.endpoint == self.name && b.zone == card.zone.name)
                .map(|b| b.resource),
        };
        if let Some(first) = first {
            names.sort_by_key(|n| *n != first);
        }
        names
    }

    /// What is behind a card, the choice among several resources, or of one that comes or goes, with
    /// their names, and what must be up for the card to answer: one of the resources that it has at
    /// the time (X-36: in-zone failover comes first, the record of the name is the last resort). In
    /// another region any zone of the service may answer.
    pub(super) fn behind(&self, card: &Card, name: &str, l: &mut Lowering<'_>) -> Behind {
        let specs = l.specs;
        if self.is_remote(specs) {
            return Behind { hops: self.over_the_border(name, l), ..Behind::default() };
        }
        let names = self.resources_behind(card, specs);
        let Some(service) = self.service(specs) else { return Behind::default() };
        let moving = self.comes_or_goes(card, &names, service, specs);
        if let ([] | [_], false) = (&names[..], moving) {
            let only = names.first().and_then(|n| specs.load_balancer.get(n));
            let hops = only.map(|b| load_balancer::hops_in(b, &card.zone, l)).unwrap_or_default();
            let served = only.map(|b| l.component(&b.full()));
            return Behind { hops, resource: None, served };
        }
        let branch = |resource: &String, l: &mut Lowering<'_>| {
            let balancer = &specs.load_balancer[resource];
            Branch {
                name: resource.clone(),
                weight: 1.0,
                place: None,
                hops: load_balancer::hops_in(balancer, &card.zone, l),
                watches: vec![l.component(&balancer.full())],
                listed: card.has_first(resource, service),
                tier: 0,
            }
        };
        let branches: Vec<Branch> = names.iter().map(|n| branch(n, l)).collect();
        let of: Vec<ComponentId> = branches.iter().flat_map(|b| b.watches.clone()).collect();
        let belief = service.resource_health(l);
        let id = l.selector(Selector {
            name: format!("{name}.resource"),
            role: "resource".into(),
            policy: Policy::Stay,
            branches,
            belief,
            naming: None,
            headline: true,
        });
        let group = format!("{}.zone-{}.resources", self.full(), card.name());
        let served = l.group(&group, of, moving.then_some(id));
        let mut hops = vec![Hop::Selector(id)];
        if moving {
            // Nobody answers where no resource is.
            hops.insert(0, Hop::Need(served));
        }
        Behind { hops, resource: Some((id, names)), served: Some(served) }
    }

    /// Whether a card's resources are others at some time than at first.
    fn comes_or_goes(
        &self,
        card: &Card,
        names: &[String],
        service: &Thing<EndpointService>,
        specs: &Specs,
    ) -> bool {
        let moves = |c: &&Thing<Change>| match &c.spec.act {
            Act::Resource { balancer, .. } => names.contains(&balancer.name),
            Act::Replace(it) => {
                it.zone.name == card.zone.name && it.manner.value == Migration::Forcible
            }
            _ => false,
        };
        names.iter().any(|n| !card.has_first(n, service)) || self.changes(specs).iter().any(moves)
    }

    /// The choice of a route table among the cards of a GWLB endpoint (P-09): that of the client's own
    /// zone. Nothing but its `failover` leads clients away from a card that is lost or removed: routes
    /// have no health. It moves packets, those of live connections too, there and back.
    pub(super) fn routes(&self, branches: Vec<Branch>, l: &mut Lowering<'_>) -> SelectorId {
        let tables = l.specs.route_table.values();
        let mut leading = tables.filter(|table| table.leads_through(&self.name));
        let belief = match leading.find_map(|table| table.spec.failover.clone()) {
            None => Belief::Blind,
            Some(law) => Belief::Watched(Detector {
                label: "route table".into(),
                detect_down: law.clone(),
                detect_up: law,
                propagate: Dist::constant(0.0),
            }),
        };
        l.selector(Selector {
            name: format!("{}.next-hop", self.full()),
            role: "route table".into(),
            policy: Policy::Home,
            branches,
            belief,
            naming: None,
            headline: true,
        })
    }

    /// Notes what changes need to find again.
    pub(super) fn note(&self, handles: Handles, l: &mut Lowering<'_>) {
        if self.is_touched(l.specs) {
            l.endpoints.insert(self.name.clone(), handles);
        }
    }
}
