//! Who lets calls to the Internet through, and when: MaxCompute's own list, then the target.
//!
//! | fact | value | source |
//! |---|---|---|
//! | Internet targets are added in Project Management and validated by themselves | | M-12 (000) |
//! | what fails validation needs a ticket | up to 3 business days | M-13 |
//! | the target's own restrictions stay: its administrator must lift them | | M-14 |
//! | law of the review | no figure: uniform from none to all of it | |
//!
//! ```text
//! connection ──> [ gate to this target: Not allowed | Under review | Restricted | Reachable ] ──> the rest
//! ```
//!
//! A call before its time ends `denied`. Tickets are submitted when the run begins; business days are
//! taken for days. The states of the gates are told with their causes: who must act.

use super::MaxCompute;
use super::connection::{Solution, Validation, called, destination};
use crate::plan::{After, Change, Fault, Gate, Hop, Manner, Reason, Wait, What};
use crate::random::Dist;
use crate::scenario::context::Step;
use crate::scenario::kinds::Thing;
use crate::scenario::law::Law;
use crate::scenario::lowering::Lowering;
use crate::scenario::reader::{Basis, Reader};
use crate::units::Span;

const REVIEW: Basis = Basis {
    source: "MaxCompute network connection: up to 3 business days (M-13); the law is a guess",
    mark: "D",
};

const NOT_VALIDATED: u32 = 0;
const UNDER_REVIEW: u32 = 1;
const RESTRICTED: u32 = 2;

/// Of a gate to a target, in order of precedence: state and cause.
const REASONS: [(&str, &str); 3] = [
    ("Not allowed", "validation failed and nobody has submitted a ticket"),
    ("Under review", "the ticket is not decided"),
    ("Restricted", "the target's administrator must let it in"),
];

/// How long a ticket takes; asked for where there are some.
pub(super) fn review(r: &Reader<'_>, tickets: bool) -> Option<Dist> {
    let three_days = "{ uniform = { low = \"0 s\", high = \"72 h\" } }";
    match tickets || r.has("review") {
        true => r.param::<Law<Span>>("review", three_days, REVIEW).map(|law| law.dist),
        false => Some(Dist::constant(0.0)),
    }
}

/// The gate of a path to the Internet, where something shuts it at first.
pub(super) fn gate(thing: &Thing<MaxCompute>, after: &[Step], l: &mut Lowering<'_>) -> Option<Hop> {
    let connection = &thing.spec.connection;
    let last = destination(after)?;
    let target = called(after, l.specs).filter(|_| connection.is(Solution::Internet))?;
    let host = target.spec.door.address.as_ref().map(|a| &a.value);
    let entry = host.and_then(|host| connection.allowed(host));
    let mut first = Vec::new();
    match entry.map(|e| e.validated.value) {
        Some(Validation::No) => first.push(NOT_VALIDATED),
        Some(Validation::Ticket) => first.push(UNDER_REVIEW),
        Some(Validation::Automatic) | None => {}
    }
    let restricted = target.spec.door.restricted.as_ref().map(|r| &r.value);
    // A list without entries lets nobody in.
    let shut = target.spec.door.allow_list.as_ref().is_some_and(|list| list.value.is_empty());
    first.extend((restricted.is_some() || shut).then_some(RESTRICTED));
    if first.is_empty() {
        return None;
    }
    let (full, to) = (thing.full(), last.full());
    let name = format!("{full}.access.to.{to}");
    let hops = l.part(&name, |l| {
        let component = l.component(&name);
        let reasons = (0..).zip(REASONS).map(|(i, (state, cause))| Reason {
            state: state.into(),
            cause: cause.into(),
            shuts: Some(Manner::Deny),
            at_first: first.contains(&i),
        });
        let id = l.gate(Gate {
            name: name.clone(),
            component: Some(component),
            open: "Reachable".into(),
            reasons: reasons.collect(),
        });
        let lift = |reason| What::Gate { gate: id, reason, holds: false };
        if let Some(entry) = entry.filter(|_| first.contains(&UNDER_REVIEW)) {
            let ticket = format!("{full}.ticket.{}", entry.target.value);
            let label = format!("the ticket for {} is decided", entry.target.value);
            opens(ticket, label, &thing.spec.review, lift(UNDER_REVIEW), l);
        }
        if let Some(law) = restricted.and_then(|r| r.lifted_after.as_ref()) {
            let label = format!("the administrator of {} lets callers in", target.full());
            opens(format!("{}.lifted", target.full()), label, law, lift(RESTRICTED), l);
        }
        vec![Hop::Need(component)]
    });
    hops.first().copied()
}

/// Somebody decides after a time that is drawn once for all that hangs on it: in the plan of changes it
/// stands at its earliest instant.
fn opens(name: String, label: String, law: &Dist, what: What, l: &mut Lowering<'_>) {
    let at = earliest(law);
    let label = match law {
        Dist::Constant { .. } => label,
        _ => format!("{label}, at the earliest"),
    };
    let known = l.plan.faults.iter().position(|f| f.name == name);
    let index = known.unwrap_or_else(|| {
        let name = name.clone();
        l.plan.faults.push(Fault { name, label, from: at, to: at, planned: true });
        l.plan.faults.len() - 1
    });
    let fault = Some(u32::try_from(index).expect("tables are bounded"));
    let never = Span::from_nanos(u64::MAX);
    let wait = Wait { name, law: law.clone(), at_most: never };
    let after = After { waits: vec![wait], from: Span::ZERO, until: never };
    l.plan.changes.push(Change { at: Span::ZERO, after: Some(after), fault, what });
}

/// The least that a law gives, as far as it is known; 0 otherwise.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "times are not negative; saturates"
)]
fn earliest(law: &Dist) -> Span {
    let least = match law {
        Dist::Constant { value } => *value,
        Dist::Uniform { low, .. } | Dist::BoundedPareto { low, .. } => *low,
        Dist::Pareto { scale, .. } => *scale,
        _ => 0.0,
    };
    Span::from_nanos(least.ceil() as u64)
}
