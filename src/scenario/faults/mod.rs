//! What goes wrong when: `[fault.x]` with exactly one effect, `at`, `length` and `manner`.
//!
//! Faults touch truth only; what is believed follows through the selectors' detectors. A new effect
//! is one new file and one line in [`EFFECTS`].

mod capacity_change;
mod component_outage;
mod throttle_change;

use super::context::Context;
use super::diagnostic::{Diagnostic, Place};
use super::kinds::Thing;
use super::lowering::Lowering;
use super::reader::Reader;
use super::tree::Node;
use crate::plan::{Capacity, Change, ComponentId, Fault as Band, LinkId, Manner, What};
use crate::units::Span;

/// One kind of effect.
pub(crate) trait Effect: std::fmt::Debug {
    /// What happens, in words, for charts.
    fn label(&self) -> String;
    /// What it touches. An outage fails a component; a change gives a link a new capacity.
    fn strike(&self, l: &mut Lowering<'_>) -> Vec<Strike>;
    /// The thing whose capacity it sets, to refuse two such faults at the same time.
    fn sets(&self) -> Option<String> {
        None
    }
}

/// One thing that an effect touches.
#[derive(Clone, Debug)]
pub(crate) enum Strike {
    /// The component is down.
    Fail(ComponentId),
    /// The link has another capacity, and its former one afterwards.
    Resize { link: LinkId, to: Capacity, back: Capacity },
}

/// Reads an effect from its value.
type ReadEffect = fn(&Node, &'static str, &Context) -> Option<Box<dyn Effect>>;

/// Key, what it does, how it is read; sorted by key.
const EFFECTS: &[(&str, &str, ReadEffect)] = &[
    ("access_point_outage", "everything at an access point is lost", component_outage::read),
    ("capacity_change", "a link has another capacity: { of, to }", capacity_change::read),
    ("circuit_cut", "a circuit is cut", component_outage::read),
    ("component_down", "any component is down", component_outage::read),
    ("resolver_outage", "a resolver does not answer", component_outage::read),
    ("throttle_change", "an endpoint's throttle is changed: { of, to }", throttle_change::read),
    ("zone_outage", "everything in a zone is lost", component_outage::read),
];

/// As written.
#[derive(Debug)]
pub(crate) struct Fault {
    effect: Box<dyn Effect>,
    at: Span,
    at_place: Place,
    length: Option<Span>,
    manner: Manner,
}

impl Fault {
    /// Reads `[fault.x]`.
    pub(crate) fn read(r: &Reader<'_>) -> Option<Self> {
        let keys: Vec<_> = EFFECTS.iter().map(|e| e.0).collect();
        let effect = r.one_of(&keys).and_then(|key| {
            let (_, _, read) = EFFECTS.iter().find(|e| e.0 == key)?;
            read(r.node(key)?, key, r.cx)
        });
        let at = r.req::<Span>("at");
        let length = r.opt::<super::read::Above0<Span>>("length").map(|l| l.0);
        let manner = r
            .word("manner", &[("black_hole", Manner::BlackHole), ("reset", Manner::Reset)])
            .unwrap_or(Manner::BlackHole);
        Some(Self { effect: effect?, at: at?, at_place: r.place_of("at"), length, manner })
    }

    fn end(&self) -> Option<Span> {
        let end = |length: Span| Span::from_nanos(self.at.nanos().saturating_add(length.nanos()));
        self.length.map(end)
    }
}

/// Complains about faults that start after the end, and about overlapping changes of one capacity.
pub(crate) fn check(faults: &[Thing<Fault>], horizon: Span, cx: &Context) {
    for fault in faults.iter().filter(|f| f.spec.at >= horizon) {
        let message = format!(
            "`fault.{}` starts at {}, but the run ends at {horizon}",
            fault.name, fault.spec.at
        );
        cx.complain(Diagnostic::warning("fault", fault.spec.at_place, message));
    }
    for (i, one) in faults.iter().enumerate() {
        let Some(thing) = one.spec.effect.sets() else { continue };
        let same = |other: &&Thing<Fault>| other.spec.effect.sets().as_ref() == Some(&thing);
        for other in faults[..i].iter().filter(same) {
            let (first, second) = match other.spec.at <= one.spec.at {
                true => (other, one),
                false => (one, other),
            };
            let over = first.spec.end().is_some_and(|end| end <= second.spec.at);
            // A change that is never taken back is replaced by the next one.
            if !over && first.spec.length.is_some() || first.spec.at == second.spec.at {
                let message = format!("two faults set the capacity of `{thing}` at the same time");
                cx.complain(
                    Diagnostic::error("overlap", second.place, message)
                        .also(first.place, "the other one")
                        .help("end the first one before the second starts"),
                );
            }
        }
    }
}

/// Adds faults to the plan, in order of start and name. A capacity change remembers the capacity
/// that the faults before it leave.
pub(crate) fn add_to(faults: &[Thing<Fault>], l: &mut Lowering<'_>) {
    let mut order: Vec<_> = faults.iter().collect();
    order.sort_by_key(|f| (f.spec.at, &f.name));
    let mut now: std::collections::BTreeMap<LinkId, Capacity> = std::collections::BTreeMap::new();
    for fault in order {
        let strikes = fault.spec.effect.strike(l);
        let index = u32::try_from(l.plan.faults.len()).expect("tables are bounded");
        let end = fault.spec.end();
        l.plan.faults.push(Band {
            name: fault.name.clone(),
            label: fault.spec.effect.label(),
            from: fault.spec.at,
            to: end.unwrap_or(Span::from_nanos(u64::MAX)),
        });
        for strike in strikes {
            let (start, stop) = match strike {
                Strike::Fail(component) => (
                    What::Fail { component, manner: fault.spec.manner },
                    What::Repair { component },
                ),
                Strike::Resize { link, to, back } => {
                    let back = now.get(&link).cloned().unwrap_or(back);
                    if end.is_none() {
                        now.insert(link, to.clone());
                    }
                    (What::SetLink { link, capacity: to }, What::SetLink { link, capacity: back })
                }
            };
            let mut change =
                |at, what| l.plan.changes.push(Change { at, fault: Some(index), what });
            change(fault.spec.at, start);
            if let Some(end) = end {
                change(end, stop);
            }
        }
    }
    // A stable sort: changes of one instant keep the order of their faults.
    l.plan.changes.sort_by_key(|c| c.at);
}
