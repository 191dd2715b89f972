//! The proxy's addresses: each with ports of its own to each destination, and what a change of one does.
//!
//! | fact | value | source |
//! |---|---|---|
//! | the number of egress addresses is limited | no figure | M-33 (000) |
//! | egress addresses may change; nobody promises that a whitelisted one stays | | M-35, M-36 |
//! | which address a connection takes | no figure: a hash of it, all with equal chance | |
//! | how a changed address treats what was open | no figure: reset | |
//!
//! ```text
//! ──> address by hash ─┬─ [ pool: its ports to this destination, held after close ] ──>
//!                      ├─ [ pool ] ──>
//!                      └─ the one that changes: ─┬─ before: [ pool ] ──>
//!                                                └─ after:  [ pool ] ──>  listed at the target?
//! ```
//!
//! The destination is the end of the path. A hash fills the pools unevenly, so k pools of n ports refuse
//! more than one of k n: Erlang B of 1/k of the load on n. When an address changes, its connections are
//! reset and new ones come from another address with ports of its own. A target that keeps an
//! `allow_list` and is called through the Internet must have the proxy's addresses on it: it refuses what
//! comes from the new one until its list is mended. Others feel the reset alone.

use super::MaxCompute;
use super::connection::{called, destination};
use crate::plan::{
    After, Belief, Branch, Change, ComponentId, Fault, Hop, Lack, Manner, OnFull, Policy, Pool,
    Rehash, Scope, Selector, SelectorId, Wait, What,
};
use crate::random::Dist;
use crate::scenario::context::{Ref, Step};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::kinds::selector::MOST_BRANCHES;
use crate::scenario::kinds::{Specs, Thing};
use crate::scenario::law::Law;
use crate::scenario::lowering::Lowering;
use crate::scenario::read::Count;
use crate::scenario::reader::{Basis, Given, Reader};
use crate::units::Span;

/// Most addresses, and most of them one after the other.
#[expect(clippy::cast_possible_truncation, reason = "a small number")]
const MOST: u32 = MOST_BRANCHES as u32;
const NEVER: Span = Span::from_nanos(u64::MAX);

const FREE: Basis = Basis { source: "not published (M-33); a free parameter to sweep", mark: "D" };
const PORTS: Basis = Basis { source: "NAT gateway limits: ports per address", mark: "D" };
const TIME_WAIT: Basis = Basis { source: "TIME_WAIT of Linux", mark: "D" };

/// The addresses, as written.
#[derive(Clone, Debug)]
pub(crate) struct Egress {
    addresses: u32,
    /// Of each address to each destination.
    ports: u64,
    hold_after: Span,
    /// In order of time.
    pub(crate) changes: Vec<AddressChange>,
}

/// Some addresses are replaced by others.
#[derive(Clone, Debug)]
pub(crate) struct AddressChange {
    pub(crate) at: Given<Span>,
    addresses: u32,
    /// Until the allow lists of targets hold the new ones, ns; for ever if absent.
    mended_after: Option<Dist>,
}

impl Egress {
    pub(super) fn read(r: &Reader<'_>) -> Option<Self> {
        let addresses = r.param::<Count>("egress_ips", "16", FREE).map(|n| n.0);
        let ports = r.param::<Count>("ports_per_ip", "55000", PORTS);
        let hold_after = r.param::<Span>("port_hold", "60 s", TIME_WAIT);
        let changes = changes(r, addresses);
        if addresses.is_some_and(|n| n > MOST) {
            let message = format!("`egress_ips` of `{}` are too many", r.path);
            let complaint = Diagnostic::error("range", r.place_of("egress_ips"), message);
            r.cx.complain(complaint.label(format!("at most {MOST}")));
        }
        Some(Self {
            addresses: addresses?.min(MOST),
            ports: u64::from(ports?.0),
            hold_after: hold_after?,
            changes,
        })
    }

    /// Ports to one destination over all addresses, and how long a closed connection keeps its own.
    pub(super) const fn all_ports(&self) -> (u64, Span) {
        (self.ports * self.addresses as u64, self.hold_after)
    }

    /// None, for a way in.
    pub(super) const fn none() -> Self {
        Self { addresses: 1, ports: 0, hold_after: Span::ZERO, changes: Vec::new() }
    }

    /// Which addresses the change of this number replaces, from 0: one after the other in turn.
    fn replaced(&self, number: usize) -> impl Iterator<Item = u32> {
        let before: u32 = self.changes[..number].iter().map(|c| c.addresses).sum();
        let all = self.addresses;
        (0..self.changes[number].addresses).map(move |i| (before + i) % all)
    }
}

/// `[{ at = "5 min", addresses = 1, mended_after = "30 min" }]`
fn changes(r: &Reader<'_>, addresses: Option<u32>) -> Vec<AddressChange> {
    let mut found: Vec<AddressChange> = Vec::new();
    for item in r.node("address_changes").map_or(&[][..], |node| r.list(node)) {
        let path = format!("{}.address_changes", r.path);
        let Some(inner) = Reader::of(r.cx, item, &path) else { continue };
        let at = inner.req::<Span>("at");
        let place = inner.place_of("at");
        let number = inner.or("addresses", Count(1)).0;
        let many = inner.place_of("addresses");
        let mended_after = inner.opt::<Law<Span>>("mended_after").map(|law| law.dist);
        inner.done();
        if addresses.is_some_and(|all| number > all) {
            let message = format!("`{}` has not so many addresses", r.path);
            let complaint = Diagnostic::error("range", many, message);
            r.cx.complain(complaint.label(format!("at most {}", addresses.unwrap_or(0))));
            continue;
        }
        found.extend(at.map(|value| AddressChange {
            at: Given { value, place },
            addresses: number,
            mended_after,
        }));
    }
    found.sort_by_key(|c| c.at.value);
    // In turn: none is replaced more than once oftener than another.
    let all = u64::from(addresses.unwrap_or(1).max(1));
    let mut replaced = 0;
    for change in &found {
        replaced += u64::from(change.addresses);
        if replaced.div_ceil(all) >= u64::from(MOST) {
            let message = format!("addresses of `{}` change too often", r.path);
            let complaint = Diagnostic::error("range", change.at.place, message);
            r.cx.complain(complaint.label(format!("each at most {} times", MOST - 1)));
            break;
        }
    }
    if let Some(pair) = found.windows(2).find(|w| w[0].at.value == w[1].at.value) {
        let message = format!("two changes of addresses of `{}` at one instant", r.path);
        r.cx.complain(
            Diagnostic::error("duplicate", pair[1].at.place, message)
                .also(pair[0].at.place, "the other one")
                .help("write them as one, with the sum of their `addresses`"),
        );
    }
    found
}

/// Puts the changes of addresses on the timeline.
pub(super) fn announce(thing: &Thing<MaxCompute>, l: &mut Lowering<'_>) {
    let egress = &thing.spec.egress;
    for (i, change) in egress.changes.iter().enumerate() {
        let at = change.at.value;
        l.plan.faults.push(Fault {
            name: band(thing, i),
            label: match change.addresses {
                1 => format!("an egress address of {} changes", thing.full()),
                n => format!("{n} egress addresses of {} change", thing.full()),
            },
            from: at,
            to: at,
            planned: false,
        });
    }
}

fn band(thing: &Thing<MaxCompute>, change: usize) -> String {
    format!("{}.address-change-{}", thing.full(), change + 1)
}

/// The proxy's side of the connections to the end of a path: the choice of an address, and its ports.
pub(super) fn ports(thing: &Thing<MaxCompute>, after: &[Step], l: &mut Lowering<'_>) -> Vec<Hop> {
    let (egress, full) = (&thing.spec.egress, thing.full());
    let to = destination(after).map_or("anywhere".to_owned(), Ref::full);
    let name = format!("{full}.egress.to.{to}");
    let way = Way { thing, listed: has_list(thing, after, l.specs), to };
    l.part(&name, |l| {
        if egress.addresses == 1 {
            return way.address(0, "ports", l);
        }
        let branches = (0..egress.addresses).map(|i| Branch {
            name: format!("address-{}", i + 1),
            weight: 1.0,
            place: None,
            hops: way.address(i, &format!("ports-{}", i + 1), l),
            watches: Vec::new(),
            listed: true,
            tier: 0,
        });
        let branches = branches.collect();
        vec![Hop::Selector(choice(name.clone(), Policy::Hash(Rehash::ModN), branches, l))]
    })
}

/// Whether the target at the end of a path has an allow list that holds the proxy's addresses: behind the
/// network card of a VPC connection nobody sees them.
fn has_list(thing: &Thing<MaxCompute>, after: &[Step], specs: &Specs) -> bool {
    !thing.spec.is_in_a_vpc()
        && called(after, specs).is_some_and(|t| {
            t.spec.door.allow_list.as_ref().is_some_and(|list| !list.value.is_empty())
        })
}

fn choice(name: String, policy: Policy, branches: Vec<Branch>, l: &mut Lowering<'_>) -> SelectorId {
    l.selector(Selector {
        name,
        role: "egress".into(),
        policy,
        branches,
        belief: Belief::Blind,
        naming: None,
        headline: false,
    })
}

/// From the proxy to one destination.
struct Way<'a> {
    thing: &'a Thing<MaxCompute>,
    /// The destination's allow list holds the proxy's addresses.
    listed: bool,
    to: String,
}

impl Way<'_> {
    /// The ports of an address: of one after the other, if it changes.
    fn address(&self, i: u32, part: &str, l: &mut Lowering<'_>) -> Vec<Hop> {
        let egress = &self.thing.spec.egress;
        let (full, to) = (self.thing.full(), &self.to);
        let pool = |name: String, l: &mut Lowering<'_>| {
            Hop::Pool(l.pool(Pool {
                name,
                units: egress.ports,
                on_full: OnFull::Refuse,
                hold_after: egress.hold_after,
                idle: None,
                scope: Scope::Connection,
                lack: Lack::Port,
            }))
        };
        let changes: Vec<usize> =
            (0..egress.changes.len()).filter(|c| egress.replaced(*c).any(|x| x == i)).collect();
        if changes.is_empty() {
            return vec![pool(format!("{full}.{part}.to.{to}"), l)];
        }
        let branch = |number: usize, l: &mut Lowering<'_>| {
            let name = format!("{full}.{part}.{number}.to.{to}");
            // The first one is on the list.
            let listed = number > 1 && self.listed;
            let watches: Vec<_> = listed.then(|| l.component(&name)).into_iter().collect();
            let needs = watches.iter().copied().map(Hop::Need);
            Branch {
                name: format!("address-{number}"),
                weight: 1.0,
                place: None,
                hops: needs.chain([pool(name, l)]).collect(),
                watches,
                listed: true,
                tier: 0,
            }
        };
        let branches: Vec<_> = (1..=changes.len() + 1).map(|n| branch(n, l)).collect();
        let refused: Vec<_> = branches[1..].iter().map(|b| b.watches.first().copied()).collect();
        let id = choice(format!("{full}.{part}.to.{to}"), Policy::Priority, branches, l);
        for (i, (change, refused)) in changes.into_iter().zip(refused).enumerate() {
            let newest = u32::try_from(i + 1).expect("few changes");
            self.script(change, refused, (id, newest), l);
        }
        vec![Hop::Selector(id)]
    }

    /// What a change does to one address: the new one comes first, which resets what is on the old one
    /// since its ports are others, and is refused where a list does not hold it yet.
    fn script(
        &self,
        number: usize,
        refused: Option<ComponentId>,
        (selector, branch): (SelectorId, u32),
        l: &mut Lowering<'_>,
    ) {
        let change = &self.thing.spec.egress.changes[number];
        let at = change.at.value;
        let name = band(self.thing, number);
        let index = l.plan.faults.iter().position(|f| f.name == name).expect("announced");
        let fault = Some(u32::try_from(index).expect("tables are bounded"));
        let mut push = |what| l.plan.changes.push(Change { at, after: None, fault, what });
        if let Some(component) = refused {
            push(What::Fail { component, manner: Manner::Reset });
        }
        push(What::Favour { selector, branch });
        let Some(component) = refused else { return };
        let band = &mut l.plan.faults[index];
        let Some(law) = &change.mended_after else {
            band.to = NEVER;
            return;
        };
        band.to = band.to.max(later(at, law.mean()));
        let wait =
            Wait { name: format!("{name}.mended.{}", self.to), law: law.clone(), at_most: NEVER };
        let after = After { waits: vec![wait], from: Span::ZERO, until: NEVER };
        let what = What::Repair { component };
        l.plan.changes.push(Change { at, after: Some(after), fault, what });
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "means of times are not negative; saturates"
)]
fn later(at: Span, ns: f64) -> Span {
    Span::from_nanos(at.nanos().saturating_add(ns.round() as u64))
}
