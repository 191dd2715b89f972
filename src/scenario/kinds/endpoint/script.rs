//! From what is done to endpoints to the plan's changes.
//!
//! ```text
//! [change.x] ──> turns of the connection ──> reasons of its gate, throttles, records, resources
//! ```
//!
//! What follows an approval waits for it: its changes carry the wait, are drawn together, and are
//! void once somebody has decided otherwise.

use super::super::change::already::{is_void, zones_before};
use super::super::change::{Act, Change, Deed, Migration, changes_of};
use super::super::endpoint_service::allocation::bindings;
use super::super::{Specs, Thing};
use super::life::{Turn, TurnAt, connection, owner, throttle, turns, zone};
use super::{Endpoint, UNTHROTTLED};
use crate::plan::{self, After, Capacity, Fault, GateId, Wait, What};
use crate::random::Dist;
use crate::scenario::lowering::{Handles, Lowering};
use crate::units::{Rate, Span};

/// The end of time.
const NEVER: Span = Span::from_nanos(u64::MAX);

/// Adds every change of the scenario to the plan: its place in the timeline, and what it does.
pub(crate) fn add_to(l: &mut Lowering<'_>) {
    let specs = l.specs;
    let mut order: Vec<_> = specs.change.values().collect();
    order.sort_by_key(|c| (c.spec.at.value, &c.name));
    for change in &order {
        let at = change.spec.at.value;
        let name = format!("change.{}", change.name);
        l.plan.faults.push(Fault { name, label: change.label(), from: at, to: at, planned: true });
    }
    // What no path goes through is rehearsed, too.
    for endpoint in specs.endpoint.values().filter(|e| e.is_touched(specs)) {
        l.fragment("endpoint", &endpoint.name, false);
    }
    let mut passing = Vec::new();
    for service in specs.endpoint_service.values() {
        service_states(service, &mut passing, l);
    }
    let lowered: Vec<_> = l.endpoints.iter().map(|(n, h)| (n.clone(), h.clone())).collect();
    for (name, handles) in lowered {
        let endpoint = &specs.endpoint[&name];
        let mut script = Script { endpoint, specs, handles, passing: &mut passing, l };
        script.write();
    }
    end_at_the_last(passing, l);
    // A stable sort: changes of one instant keep their order.
    l.plan.changes.sort_by_key(|c| c.at);
}

/// A state that passes by itself, and the change of the plan that ends it.
struct Passing {
    gate: GateId,
    reason: u32,
    from: Span,
    to: Span,
    end: usize,
}

/// States that overlap, or follow each other without a gap, last until the last of them ends.
fn end_at_the_last(passing: Vec<Passing>, l: &mut Lowering<'_>) {
    let goes_on = |it: &Passing, other: &Passing| {
        let same = (it.gate, it.reason) == (other.gate, other.reason);
        same && other.from <= it.to && other.to > it.to
    };
    let early = passing.iter().filter(|it| passing.iter().any(|other| goes_on(it, other)));
    let mut ends: Vec<usize> = early.map(|it| it.end).collect();
    ends.sort_unstable();
    for end in ends.into_iter().rev() {
        l.plan.changes.remove(end);
    }
}

/// States of a service that something is done to (P-07).
fn service_states(
    service: &Thing<super::super::endpoint_service::EndpointService>,
    passing: &mut Vec<Passing>,
    l: &mut Lowering<'_>,
) {
    let changes = changes_of(l.specs, &service.full());
    if changes.is_empty() {
        return;
    }
    let created =
        changes.iter().any(|c| matches!(&c.spec.act, Act::Deed(d) if d.value == Deed::Create));
    let gate = l.gate(plan::Gate {
        name: service.full(),
        component: None,
        open: "Available".into(),
        reasons: owner::reasons(if created { &[owner::ABSENT] } else { &[] }),
    });
    let takes = service.spec.desk.transition;
    for change in changes {
        let (at, by) = (change.spec.at.value, Some(&change.name));
        match &change.spec.act {
            Act::Deed(deed) => match deed.value {
                Deed::Create => {
                    hold(l, gate, owner::ABSENT, false, at, by);
                    blink(l, passing, (gate, owner::CREATING), at, later(at, takes), by);
                }
                Deed::Delete => {
                    blink(l, passing, (gate, owner::DELETING), at, later(at, takes), by);
                    hold(l, gate, owner::GONE, true, later(at, takes), by);
                }
                // Payments are of connections (P-21).
                _ => {}
            },
            _ => blink(l, passing, (gate, owner::MODIFYING), at, later(at, takes), by),
        }
    }
}

fn later(at: Span, by: Span) -> Span {
    Span::from_nanos(at.nanos().saturating_add(by.nanos()))
}

/// Index of a change's place in the timeline.
fn band(l: &Lowering<'_>, change: Option<&String>) -> Option<u32> {
    let name = format!("change.{}", change?);
    let at = l.plan.faults.iter().position(|f| f.planned && f.name == name)?;
    u32::try_from(at).ok()
}

fn push(l: &mut Lowering<'_>, at: Span, after: Option<After>, by: Option<&String>, what: What) {
    let fault = band(l, by);
    l.plan.changes.push(plan::Change { at, after, fault, what });
}

fn hold(
    l: &mut Lowering<'_>,
    gate: GateId,
    reason: u32,
    holds: bool,
    at: Span,
    by: Option<&String>,
) {
    push(l, at, None, by, What::Gate { gate, reason, holds });
}

/// A state that passes by itself; none where it takes no time.
fn blink(
    l: &mut Lowering<'_>,
    passing: &mut Vec<Passing>,
    (gate, reason): (GateId, u32),
    from: Span,
    to: Span,
    by: Option<&String>,
) {
    if to > from {
        hold(l, gate, reason, true, from, by);
        passing.push(Passing { gate, reason, from, to, end: l.plan.changes.len() });
        hold(l, gate, reason, false, to, by);
    }
}

/// One endpoint's changes.
struct Script<'a, 'l> {
    endpoint: &'a Thing<Endpoint>,
    specs: &'a Specs,
    handles: Handles,
    passing: &'a mut Vec<Passing>,
    l: &'a mut Lowering<'l>,
}

/// An instant at which the connection becomes Connected.
struct Connected {
    at: Span,
    waits: Vec<Wait>,
    until: Span,
    by: Option<String>,
    /// Created in this run while the service accepts by itself.
    fresh: bool,
}

impl Script<'_, '_> {
    fn write(&mut self) {
        let connected = self.connection();
        self.throttle(&connected);
        self.zones();
        self.resources();
        self.owner();
    }

    fn takes(&self) -> Span {
        self.endpoint.service(self.specs).map_or(Span::ZERO, |s| s.spec.desk.transition)
    }

    fn changes(&self) -> Vec<&Thing<Change>> {
        changes_of(self.specs, &self.endpoint.full())
    }

    fn service_changes(&self) -> Vec<&Thing<Change>> {
        changes_of(self.specs, &self.endpoint.spec.service.full())
    }

    /// A reason begins to hold or ends, for every wait in `waits`, unless somebody decides otherwise
    /// before `until`.
    fn gate(
        &mut self,
        at: Span,
        waits: &[Wait],
        until: Span,
        by: Option<&String>,
        set: (u32, bool),
    ) {
        let Some(gate) = self.handles.connection else { return };
        let after =
            (!waits.is_empty()).then(|| After { waits: waits.to_vec(), from: Span::ZERO, until });
        push(self.l, at, after, by, What::Gate { gate, reason: set.0, holds: set.1 });
    }

    /// The turns of the connection; the instants at which it becomes Connected.
    fn connection(&mut self) -> Vec<Connected> {
        let all = turns(self.endpoint, self.specs);
        let mut connected = Vec::new();
        let mut rest = &all[..];
        while let [turn, later @ ..] = rest {
            rest = later;
            // Who accepts by hand ends the wait for an approval, and does nothing after it.
            let waits = self.endpoint.service(self.specs).is_some_and(|s| s.is_slow());
            let patience = match (turn.what, later) {
                (Turn::Created { auto: false }, [next, after @ ..])
                    if waits && next.what == Turn::Accepted =>
                {
                    rest = after;
                    Span::from_nanos(next.at.nanos() - turn.at.nanos())
                }
                _ => NEVER,
            };
            self.turn(turn, patience, rest, &mut connected);
        }
        self.payments(&mut connected);
        connected
    }

    /// One of them: how long an approval takes at most, and the turns after it.
    fn turn(
        &mut self,
        turn: &TurnAt,
        patience: Span,
        rest: &[TurnAt],
        connected: &mut Vec<Connected>,
    ) {
        let until = rest.first().map_or(NEVER, |t| t.at);
        // Whoever connects anew ends that himself.
        let anew = rest.iter().find(|t| t.what == Turn::Accepted).map_or(NEVER, |t| t.at);
        let (at, by, takes) = (turn.at, turn.by.as_ref(), self.takes());
        match turn.what {
            Turn::Existing => {
                connected.push(Connected { at, waits: Vec::new(), until, by: None, fresh: false })
            }
            Turn::Created { auto } => {
                self.gate(at, &[], NEVER, by, (connection::ABSENT, false));
                self.list_all(at, true, by);
                let mut waits = Vec::new();
                if !auto {
                    self.gate(at, &[], NEVER, by, (connection::NOT_ALLOWED, true));
                    let service = self.endpoint.service(self.specs).expect("it has turns");
                    let Some(law) = service.spec.desk.approval.clone() else { return };
                    let name = format!("{}.approval", self.endpoint.full());
                    waits.push(Wait { name, law, at_most: patience });
                    self.gate(at, &waits, until, by, (connection::NOT_ALLOWED, false));
                }
                self.connect(at, waits, (until, anew), by, auto, connected);
            }
            Turn::Accepted => {
                for reason in [connection::DENIED, connection::NOT_ALLOWED] {
                    self.gate(at, &[], NEVER, by, (reason, false));
                }
                self.connect(at, Vec::new(), (until, anew), by, false, connected);
            }
            // Whoever is accepted before that is not disconnected any more.
            Turn::Denied => {
                let ready = later(at, takes);
                self.pass(connection::DISCONNECTING, at, ready.min(until), by);
                if ready < until {
                    self.gate(ready, &[], NEVER, by, (connection::DENIED, true));
                }
            }
            Turn::Deleted => {
                self.list_all(at, false, by);
                self.pass(connection::DELETING, at, later(at, takes), by);
                self.gate(later(at, takes), &[], NEVER, by, (connection::GONE, true));
            }
            Turn::ServiceDeleted => {
                self.gate(at, &[], NEVER, by, (connection::SERVICE_DELETED, true));
            }
        }
    }

    /// A state that passes by itself.
    fn pass(&mut self, reason: u32, from: Span, to: Span, by: Option<&String>) {
        if let Some(gate) = self.handles.connection {
            blink(self.l, self.passing, (gate, reason), from, to, by);
        }
    }

    /// Connecting, then Connected, unless somebody decides otherwise before `until` or connects it
    /// anew at `anew`.
    fn connect(
        &mut self,
        at: Span,
        mut waits: Vec<Wait>,
        (until, anew): (Span, Span),
        by: Option<&String>,
        fresh: bool,
        connected: &mut Vec<Connected>,
    ) {
        let takes = self.takes();
        if takes > Span::ZERO {
            self.gate(at, &waits, until, by, (connection::CONNECTING, true));
            if let (Some(gate), []) = (self.handles.connection, &waits[..]) {
                let (reason, to) = (connection::CONNECTING, later(at, takes));
                let end = self.l.plan.changes.len();
                self.passing.push(Passing { gate, reason, from: at, to, end });
            }
            waits.push(span("transition", takes));
            let end = if waits.len() > 1 { anew } else { NEVER };
            self.gate(at, &waits, end, by, (connection::CONNECTING, false));
        }
        connected.push(Connected { at, waits, until, by: by.cloned(), fresh });
    }

    /// Overdue payments, and what follows when they are paid (P-20, P-21).
    fn payments(&mut self, connected: &mut Vec<Connected>) {
        let (own, theirs) = (self.changes(), self.service_changes());
        let both: Vec<_> = own
            .into_iter()
            .map(|c| (c, connection::OVERDUE))
            .chain(theirs.into_iter().map(|c| (c, connection::SERVICE_OVERDUE)))
            .map(|(c, reason)| (c.clone(), reason))
            .collect();
        let mut owed = Vec::new();
        for (change, reason) in both {
            let Act::Deed(deed) = &change.spec.act else { continue };
            let (at, by) = (change.spec.at.value, Some(&change.name));
            match deed.value {
                Deed::Overdue => {
                    self.gate(at, &[], NEVER, by, (reason, true));
                    owed.push(reason);
                }
                // Paying what nobody owes connects nothing anew.
                Deed::Paid if owed.contains(&reason) => {
                    owed.retain(|r| *r != reason);
                    self.gate(at, &[], NEVER, by, (reason, false));
                    self.connect(at, Vec::new(), (NEVER, NEVER), by, false, connected);
                }
                _ => {}
            }
        }
    }

    /// All its addresses enter the record or leave it.
    fn list_all(&mut self, at: Span, on: bool, by: Option<&String>) {
        let selector = self.handles.name;
        let spec = &self.endpoint.spec;
        for entry in self.handles.entries.clone() {
            let zone = &entry.zone;
            let mine = spec.zones.iter().any(|z| z.name == *zone) && !entry.replaces;
            let there = mine && self.removed(zone, |c| c.spec.at.value < at).is_none();
            if there || !on {
                let what = What::List { selector, branch: entry.branch, on };
                push(self.l, at, None, by, what);
            }
        }
    }

    /// Throttles: the default at the instant of Connected, the connection's own, and its changes.
    fn throttle(&mut self, connected: &[Connected]) {
        let own: Vec<_> = self.changes().into_iter().cloned().collect();
        let set = |c: &&Thing<Change>| matches!(c.spec.act, Act::Throttle(_));
        let first = own.iter().find(set).map_or(NEVER, |c| c.spec.at.value);
        for it in connected {
            match &self.endpoint.spec.throttle {
                // Its own throttle replaces the default (X-59), but only once it is set (X-60).
                Some(own) if it.fresh => self.exposed(it, own.value.0, first),
                Some(_) => {}
                None => self.default_at(it, first),
            }
        }
        for change in own.iter().filter(set) {
            if let Act::Throttle(to) = &change.spec.act {
                let (at, by) = (change.spec.at.value, Some(&change.name));
                self.set_throttle(at, None, by, to.value.unwrap_or(UNTHROTTLED));
                self.pass(connection::MODIFYING, at, later(at, self.takes()), by);
            }
        }
    }

    /// The default of the instant at which the connection becomes Connected (X-55, X-57).
    fn default_at(&mut self, it: &Connected, first: Span) {
        for (from, to, rate) in self.endpoint.default_pieces(self.specs) {
            let until = it.until.min(first).min(to);
            let fits = |at: Span| at >= from && at < until;
            match it.waits.is_empty() {
                true if !fits(it.at) => {}
                true => self.set_throttle(it.at, None, it.by.as_ref(), rate),
                false => {
                    let after = After { waits: it.waits.clone(), from, until };
                    self.set_throttle(it.at, Some(after), it.by.as_ref(), rate);
                }
            }
        }
    }

    /// A window in which a new connection has no throttle of its own yet (X-60).
    fn exposed(&mut self, it: &Connected, own: Rate, first: Span) {
        self.default_at(it, first);
        let Some(gate) = self.handles.throttle else { return };
        let mut waits = it.waits.clone();
        let until = it.until.min(first);
        let after = |waits: &[Wait]| After { waits: waits.to_vec(), from: Span::ZERO, until };
        let by = it.by.as_ref();
        let what = |holds| What::Gate { gate, reason: throttle::OPEN, holds };
        // Whoever was not connected is not exposed.
        let begins = if waits.is_empty() { None } else { Some(after(&waits)) };
        push(self.l, it.at, begins, by, what(true));
        waits.push(span("throttle_delay", self.endpoint.spec.throttle_delay));
        push(self.l, it.at, Some(after(&waits)), by, what(false));
        self.set_throttle(it.at, Some(after(&waits)), by, own);
        if first < NEVER {
            push(self.l, first, None, by, what(false));
        }
    }

    fn set_throttle(&mut self, at: Span, after: Option<After>, by: Option<&String>, to: Rate) {
        let own = crate::scenario::context::Ref {
            kind: "endpoint",
            name: self.endpoint.name.clone(),
            place: self.endpoint.place,
        };
        for carrier in self.l.throttles_of(&own) {
            let rate = match to == UNTHROTTLED {
                true => UNTHROTTLED,
                false => to.scaled(carrier.share),
            };
            // Its law from now on: a fault that overrides it meanwhile gives this back.
            let what = What::SetLink { link: carrier.link, capacity: Capacity::Fixed(rate) };
            push(self.l, at, after.clone(), by, what);
        }
    }

    /// Zones that come and go, on either side.
    fn zones(&mut self) {
        let mut all: Vec<Thing<Change>> = self.changes().into_iter().cloned().collect();
        all.extend(self.service_changes().into_iter().cloned());
        all.sort_by_key(|c| (c.spec.at.value, c.name.clone()));
        for change in &all {
            let own = change.spec.of.kind == "endpoint";
            let (at, by) = (change.spec.at.value, Some(&change.name));
            match &change.spec.act {
                _ if own && is_void(change, self.endpoint, self.specs) => {}
                Act::Zone { zone: z, add } if own => {
                    let ready = if *add { later(at, self.takes()) } else { at };
                    if !add || !self.is_taken_back(&all, change, &z.name, ready) {
                        self.card(&z.name, *add, ready, by);
                    }
                    // Another card starts connected.
                    let (_, cut) = zones_before(change, self.endpoint, self.specs);
                    if !add && cut.contains(z.name.as_str()) {
                        self.zone_gate(&z.name, zone::CUT, false, at, by);
                    }
                }
                Act::Zone { zone: z, add } => self.zone_gate(&z.name, zone::LEFT, !add, at, by),
                Act::ZoneConnection { zone: z, connect } => {
                    self.zone_gate(&z.name, zone::CUT, !connect, at, by);
                }
                Act::Replace(it) => {
                    if let Migration::Smooth { overlap, drain } = it.manner.value {
                        self.smooth(&it.zone.name, change, overlap, drain);
                    }
                }
                Act::Ceiling(to) => {
                    for entry in self.handles.entries.clone() {
                        let what = What::Ceiling { link: entry.eni, rate: to.value.0 };
                        push(self.l, at, None, by, what);
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether a zone that is being added is removed, or its endpoint deleted, before it is there.
    fn is_taken_back(
        &self,
        all: &[Thing<Change>],
        added: &Thing<Change>,
        zone: &str,
        ready: Span,
    ) -> bool {
        let order = |c: &Thing<Change>| (c.spec.at.value, c.name.clone());
        let meanwhile = |c: &&Thing<Change>| order(c) > order(added) && c.spec.at.value <= ready;
        let ends = |c: &Thing<Change>| {
            c.spec.of.kind == "endpoint"
                && match &c.spec.act {
                    Act::Zone { zone: z, add: false } => z.name == zone,
                    Act::Deed(deed) => deed.value == Deed::Delete,
                    _ => false,
                }
        };
        all.iter().filter(meanwhile).any(ends)
    }

    fn zone_gate(&mut self, name: &str, reason: u32, holds: bool, at: Span, by: Option<&String>) {
        for entry in self.handles.entries.clone().iter().filter(|e| e.zone == name) {
            if let Some(gate) = entry.gate {
                hold(self.l, gate, reason, holds, at, by);
            }
        }
    }

    /// The instant of the first change that takes a zone away, of those for which this is true.
    fn removed(&self, name: &str, when: impl Fn(&Thing<Change>) -> bool) -> Option<Span> {
        let takes = |c: &&&Thing<Change>| matches!(&c.spec.act, Act::Zone { zone, add: false } if zone.name == name);
        let all = self.changes();
        let mut away = all.iter().filter(takes).filter(|c| when(c));
        away.find(|c| !is_void(c, self.endpoint, self.specs)).map(|c| c.spec.at.value)
    }

    /// A zone of the endpoint gets its network card, or loses all it has there.
    fn card(&mut self, name: &str, add: bool, at: Span, by: Option<&String>) {
        let selector = self.handles.name;
        // The route of a card that is gone is still there: only failover moves it (P-09).
        let routed = !add && self.endpoint.is_inline(self.specs);
        let cards = self.handles.entries.clone();
        let replaced = cards.iter().any(|e| e.zone == name && e.replaces);
        for entry in cards.iter().filter(|e| e.zone == name && !(add && e.replaces)) {
            if !routed {
                let what = What::List { selector, branch: entry.branch, on: add };
                push(self.l, at, None, by, what);
            }
            let Some(gate) = entry.gate else { continue };
            if add {
                hold(self.l, gate, zone::ABSENT, false, at, by);
            }
            if add && replaced {
                hold(self.l, gate, zone::REPLACED, false, at, by);
            }
            hold(self.l, gate, zone::REMOVED, !add, at, by);
        }
    }

    /// A new network card beside the old one, whose address then leaves the record; at last the old
    /// card goes (X-51 to X-53). A zone that is removed meanwhile loses both, and gets another card
    /// when it comes back.
    fn smooth(&mut self, name: &str, change: &Thing<Change>, overlap: Span, drain: Span) {
        let (selector, by) = (self.handles.name, Some(&change.name));
        let at = change.spec.at.value;
        let order = |c: &Thing<Change>| (c.spec.at.value, c.name.clone());
        let before = self.removed(name, |c| order(c) < order(change)).is_some();
        let gone = self.removed(name, |c| order(c) > order(change)).unwrap_or(NEVER);
        for entry in self.handles.entries.clone().iter().filter(|e| e.zone == name) {
            let new = entry.replaces;
            let instant = if new { at } else { later(at, overlap) };
            if new || instant < gone {
                let what = What::List { selector, branch: entry.branch, on: new };
                push(self.l, instant, None, by, what);
            }
            let Some(gate) = entry.gate else { continue };
            let end = later(instant, drain);
            match new {
                true => {
                    hold(self.l, gate, zone::ABSENT, false, at, by);
                    if before {
                        hold(self.l, gate, zone::REMOVED, false, at, by);
                    }
                }
                false if end < gone => hold(self.l, gate, zone::REPLACED, true, end, by),
                false => {}
            }
        }
    }

    /// Resources that are bound anew (X-41), that come and go, or that are replaced at once (X-54).
    fn resources(&mut self) {
        let Some(service) = self.endpoint.service(self.specs) else { return };
        let bound = bindings(service, self.specs);
        for entry in &self.handles.entries.clone() {
            let Some((selector, names)) = &entry.resource else { continue };
            let branch = |name: &str| branch_of(names, name);
            for change in self.service_changes().into_iter().cloned().collect::<Vec<_>>() {
                let Act::Resource { balancer, attach } = &change.spec.act else { continue };
                if let Some(branch) = branch(&balancer.name) {
                    let what = What::List { selector: *selector, branch, on: *attach };
                    push(self.l, change.spec.at.value, None, Some(&change.name), what);
                }
            }
            let mine = |b: &&_| is_of(b, &self.endpoint.name, &entry.zone);
            let replaced = self.replaced(&entry.zone);
            for (i, b) in bound.iter().filter(mine).enumerate() {
                let Some(branch) = branch(&b.resource) else { continue };
                // It leads the list of branches; a card that replaces another one has its resource
                // from the start.
                let leads = if entry.replaces { Some(b.at) < replaced } else { i == 0 };
                if leads {
                    continue;
                }
                let (selector, by) = (*selector, b.by.as_ref());
                // What left when it was replaced is taken again.
                if replaced.is_some_and(|at| at <= b.at) {
                    push(self.l, b.at, None, by, What::List { selector, branch, on: true });
                }
                push(self.l, b.at, None, by, What::Favour { selector, branch });
            }
            if entry.replaces {
                continue;
            }
            for change in self.changes().into_iter().cloned().collect::<Vec<_>>() {
                let Act::Replace(it) = &change.spec.act else { continue };
                let here = it.zone.name == entry.zone && it.manner.value == Migration::Forcible;
                let Some(branch) = branch(&it.by.name).filter(|_| here) else { continue };
                let (at, by) = (change.spec.at.value, Some(&change.name));
                let selector = *selector;
                push(self.l, at, None, by, What::List { selector, branch, on: true });
                push(self.l, at, None, by, What::Favour { selector, branch });
                // The old one leaves at once: its connections break.
                let before = bound.iter().filter(mine).rfind(|b| b.at <= at);
                if let Some(old) = before.and_then(|b| branch_of(names, &b.resource)) {
                    push(self.l, at, None, by, What::List { selector, branch: old, on: false });
                }
            }
        }
    }

    /// When the resource of a zone is replaced.
    fn replaced(&self, zone: &str) -> Option<Span> {
        let here =
            |c: &&Thing<Change>| matches!(&c.spec.act, Act::Replace(r) if r.zone.name == zone);
        self.changes().into_iter().find(here).map(|c| c.spec.at.value)
    }

    /// States of the endpoint itself (P-16).
    fn owner(&mut self) {
        let Some(gate) = self.handles.state else { return };
        let takes = self.takes();
        for turn in turns(self.endpoint, self.specs) {
            let (at, by) = (turn.at, turn.by.as_ref());
            match turn.what {
                Turn::Created { .. } => {
                    hold(self.l, gate, owner::ABSENT, false, at, by);
                    blink(self.l, self.passing, (gate, owner::CREATING), at, later(at, takes), by);
                }
                Turn::Deleted => {
                    blink(self.l, self.passing, (gate, owner::DELETING), at, later(at, takes), by);
                    hold(self.l, gate, owner::GONE, true, later(at, takes), by);
                }
                _ => {}
            }
        }
        for change in self.changes().into_iter().cloned().collect::<Vec<_>>() {
            let idle = is_void(&change, self.endpoint, self.specs);
            if !idle && !matches!(change.spec.act, Act::Deed(_)) {
                let (at, by) = (change.spec.at.value, Some(&change.name));
                blink(self.l, self.passing, (gate, owner::MODIFYING), at, later(at, takes), by);
            }
        }
    }
}

fn branch_of(names: &[String], name: &str) -> Option<u32> {
    let at = names.iter().position(|n| n == name)?;
    u32::try_from(at).ok()
}

fn is_of(
    binding: &super::super::endpoint_service::allocation::Binding,
    endpoint: &str,
    zone: &str,
) -> bool {
    binding.endpoint == endpoint && binding.zone == zone
}

/// A wait of a known length.
#[expect(clippy::cast_precision_loss, reason = "distributions are of f64")]
fn span(name: &str, length: Span) -> Wait {
    Wait { name: name.to_owned(), law: Dist::constant(length.nanos() as f64), at_most: NEVER }
}
