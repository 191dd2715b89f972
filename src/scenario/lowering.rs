//! From specs to the plan: names become indices, things become hops.
//!
//! Things are lowered when the first path asks for them, each once. Faults need to know which
//! links carry a thing's capacity; lowering notes that too.

use std::collections::BTreeMap;

use super::context::{Ref, Step};
use super::kinds::{self, Specs};
use super::reader::Basis;
use crate::plan::{
    Assumption, Component, ComponentId, Delay, DelayId, Gate, GateId, Hashing, Hop, Link, LinkId,
    PlaceId, Plan, Pool, PoolId, Route, RouteId, Scaler, ScalerId, Selector, SelectorId, Station,
    StationId,
};

/// What a thing becomes on a path.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fragment {
    pub(crate) hops: Vec<Hop>,
}

impl Fragment {
    pub(crate) const fn of(hops: Vec<Hop>) -> Self {
        Self { hops }
    }
}

/// A link that carries a thing's capacity: the link gets this share of a new value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Carrier {
    pub(crate) link: LinkId,
    pub(crate) share: f64,
}

/// What an endpoint became, for what is done to it later.
#[derive(Clone, Debug)]
pub(crate) struct Handles {
    pub(crate) name: SelectorId,
    /// Gates of the connection, of the endpoint's own state, and of a throttle that comes late.
    pub(crate) connection: Option<GateId>,
    pub(crate) state: Option<GateId>,
    pub(crate) throttle: Option<GateId>,
    pub(crate) entries: Vec<Entry>,
}

/// One network card of an endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) zone: String,
    /// Its branch in the endpoint's name.
    pub(crate) branch: u32,
    pub(crate) gate: Option<GateId>,
    /// The choice among the zone's resources, and their names in its order.
    pub(crate) resource: Option<(SelectorId, Vec<String>)>,
    pub(crate) eni: LinkId,
    /// It takes the place of another one.
    pub(crate) replaces: bool,
}

/// The plan under construction.
pub(crate) struct Lowering<'a> {
    pub(crate) specs: &'a Specs,
    pub(crate) plan: Plan,
    fragments: BTreeMap<(String, String, bool), Fragment>,
    components: BTreeMap<String, ComponentId>,
    places: BTreeMap<String, PlaceId>,
    carriers: BTreeMap<String, Vec<Carrier>>,
    throttles: BTreeMap<String, Vec<Carrier>>,
    twins: BTreeMap<SelectorId, SelectorId>,
    parts: BTreeMap<String, Vec<Hop>>,
    /// Declared routes that were asked for.
    pub(crate) declared_routes: BTreeMap<String, RouteId>,
    /// What changes of endpoints need to find again.
    pub(crate) endpoints: BTreeMap<String, Handles>,
    /// The first link and the first route of each fabric; its others follow.
    pub(crate) fabrics: BTreeMap<String, (LinkId, RouteId)>,
}

macro_rules! adders {
    ($($(#[$doc:meta])* $add:ident, $list:ident, $type:ident, $id:ident;)*) => {$(
        $(#[$doc])*
        pub(crate) fn $add(&mut self, one: $type) -> $id {
            self.plan.$list.push(one);
            $id(u32::try_from(self.plan.$list.len() - 1).expect("tables are bounded"))
        }
    )*};
}

impl<'a> Lowering<'a> {
    pub(crate) const fn new(specs: &'a Specs, plan: Plan) -> Self {
        Self {
            specs,
            plan,
            fragments: BTreeMap::new(),
            components: BTreeMap::new(),
            places: BTreeMap::new(),
            carriers: BTreeMap::new(),
            throttles: BTreeMap::new(),
            twins: BTreeMap::new(),
            parts: BTreeMap::new(),
            declared_routes: BTreeMap::new(),
            endpoints: BTreeMap::new(),
            fabrics: BTreeMap::new(),
        }
    }

    adders! {
        /// Adds a delay.
        delay, delays, Delay, DelayId;
        /// Adds a gate.
        gate, gates, Gate, GateId;
        /// Adds a link.
        link, links, Link, LinkId;
        /// Adds a pool.
        pool, pools, Pool, PoolId;
        /// Adds a route.
        route, routes, Route, RouteId;
        /// Adds a scaler.
        scaler, scalers, Scaler, ScalerId;
        /// Adds a selector.
        selector, selectors, Selector, SelectorId;
        /// Adds a station.
        station, stations, Station, StationId;
    }

    /// The component of this full name, made when it is first asked for.
    pub(crate) fn component(&mut self, full: &str) -> ComponentId {
        if let Some(&id) = self.components.get(full) {
            return id;
        }
        let id = ComponentId(u32::try_from(self.plan.components.len()).expect("bounded"));
        self.plan.components.push(Component::new(full));
        self.components.insert(full.to_owned(), id);
        id
    }

    /// A group that is down while all of these are, or not on a list; made when it is first asked for.
    pub(crate) fn group(
        &mut self,
        full: &str,
        of: Vec<ComponentId>,
        listed_by: Option<SelectorId>,
    ) -> ComponentId {
        let id = self.component(full);
        let it = &mut self.plan.components[id.index()];
        (it.of, it.listed_by) = (of, listed_by);
        id
    }

    /// The components of these things.
    pub(crate) fn needs(&mut self, refs: &[Ref]) -> Vec<ComponentId> {
        refs.iter().map(|r| self.component(&r.full())).collect()
    }

    /// The place of a zone, made when it is first asked for.
    pub(crate) fn place(&mut self, zone: &str) -> PlaceId {
        if let Some(&id) = self.places.get(zone) {
            return id;
        }
        let id = PlaceId(u32::try_from(self.plan.places.len()).expect("bounded"));
        self.plan.places.push(zone.to_owned());
        self.places.insert(zone.to_owned(), id);
        id
    }

    /// The hops of a thing, lowered when they are first asked for.
    pub(crate) fn fragment(&mut self, kind: &str, name: &str, against: bool) -> Fragment {
        let key = (kind.to_owned(), name.to_owned(), against);
        if let Some(known) = self.fragments.get(&key) {
            return known.clone();
        }
        let fragment = match against {
            false => self.specs.lower(kind, name, self),
            true => {
                let forward = self.fragment(kind, name, false);
                Fragment::of(self.turned_round(&forward.hops))
            }
        };
        self.fragments.insert(key, fragment.clone());
        fragment
    }

    /// A part of a thing, such as its share in one zone, lowered when it is first asked for.
    pub(crate) fn part(
        &mut self,
        name: &str,
        lower: impl FnOnce(&mut Self) -> Vec<Hop>,
    ) -> Vec<Hop> {
        if let Some(known) = self.parts.get(name) {
            return known.clone();
        }
        let hops = lower(self);
        self.parts.insert(name.to_owned(), hops.clone());
        hops
    }

    /// The hops in reverse order, links against their direction. A selector gets a twin whose
    /// branches are turned round: the same choice, seen from the other side.
    fn turned_round(&mut self, hops: &[Hop]) -> Vec<Hop> {
        let mut turned = Vec::with_capacity(hops.len());
        for hop in hops.iter().rev() {
            turned.push(match *hop {
                Hop::Link(id) => Hop::Against(id),
                Hop::Against(id) => Hop::Link(id),
                Hop::Selector(id) => Hop::Selector(self.twin(id)),
                other => other,
            });
        }
        turned
    }

    fn twin(&mut self, id: SelectorId) -> SelectorId {
        if let Some(&twin) = self.twins.get(&id) {
            return twin;
        }
        let mut selector = self.plan.selectors[id.index()].clone();
        selector.name.push_str(".back");
        for branch in &mut selector.branches {
            branch.hops = self.turned_round(&branch.hops);
        }
        let twin = self.selector(selector);
        let hashing = self.plan.hashings.iter().find(|h| h.selector == id).cloned();
        self.plan.hashings.extend(hashing.map(|h| Hashing { selector: twin, ..h }));
        self.twins.insert(id, twin);
        twin
    }

    /// The hops of some steps, one after the other.
    pub(crate) fn steps(&mut self, steps: &[Step]) -> Vec<Hop> {
        let mut hops = Vec::new();
        for (i, step) in steps.iter().enumerate() {
            hops.extend(match kinds::in_context(steps, i, self) {
                Some(hops) => hops,
                None => self.fragment(step.what.kind, &step.what.name, step.against).hops,
            });
        }
        hops
    }

    /// Notes a default that only this use of the thing needs.
    pub(crate) fn assume(&mut self, parameter: &str, value: &str, basis: Basis) {
        self.plan.assumptions.push(Assumption {
            parameter: parameter.to_owned(),
            value: value.to_owned(),
            source: basis.source.to_owned(),
            confidence: basis.mark.to_owned(),
        });
    }

    /// The link of this name, if it was lowered.
    pub(crate) fn link_called(&self, name: &str) -> Option<LinkId> {
        let at = self.plan.links.iter().position(|l| l.name == name)?;
        u32::try_from(at).ok().map(LinkId)
    }

    /// Notes that `link` carries `share` of the capacity of the thing.
    pub(crate) fn carries(&mut self, full: &str, link: LinkId, share: f64) {
        self.carriers.entry(full.to_owned()).or_default().push(Carrier { link, share });
    }

    /// Notes that `link` carries `share` of the throttle of the thing.
    pub(crate) fn throttles(&mut self, full: &str, link: LinkId, share: f64) {
        self.throttles.entry(full.to_owned()).or_default().push(Carrier { link, share });
    }

    /// The links that carry the thing's capacity; lowers it if need be.
    pub(crate) fn carriers_of(&mut self, thing: &Ref) -> Vec<Carrier> {
        self.fragment(thing.kind, &thing.name, false);
        self.carriers.get(&thing.full()).cloned().unwrap_or_default()
    }

    /// The links that carry the thing's throttle; lowers it if need be.
    pub(crate) fn throttles_of(&mut self, thing: &Ref) -> Vec<Carrier> {
        self.fragment(thing.kind, &thing.name, false);
        self.throttles.get(&thing.full()).cloned().unwrap_or_default()
    }
}
