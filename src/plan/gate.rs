//! Gates: what is open or shut by decisions rather than by failures, in states that have names;
//! and changes that wait for somebody.

use crate::random::Dist;
use crate::units::Span;

use super::{ComponentId, Manner};

/// Something whose state is a matter of decisions: open while no reason holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// Unique name.
    pub name: String,
    /// Its own component, down while a reason holds that shuts; nothing else may fail or repair
    /// it. None where the state is told and stops nobody.
    pub component: Option<ComponentId>,
    /// Word of the state without any reason.
    pub open: String,
    /// Why it may be in another state. Of those that hold the first one in this list names the
    /// state.
    pub reasons: Vec<Reason>,
}

/// Why a gate is not in its open state. A reason holds or not: setting it twice is setting it once.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// Word of the state.
    pub state: String,
    /// Why it is in that state.
    pub cause: String,
    /// How users notice, if it shuts the gate; none where it lets everything pass.
    pub shuts: Option<Manner>,
    /// Whether it holds at time 0.
    pub at_first: bool,
}

/// A change that waits for somebody: its instant is [`Change::at`](super::Change::at) and all waits.
#[derive(Clone, Debug, PartialEq)]
pub struct After {
    /// Spans that are added, drawn once per replication and name: changes that name the same wait
    /// wait for the same.
    pub waits: Vec<Wait>,
    /// The change is void if its instant is before this...
    pub from: Span,
    /// ... or not before this.
    pub until: Span,
}

/// A span that nobody knows beforehand.
#[derive(Clone, Debug, PartialEq)]
pub struct Wait {
    /// What the draw hangs on.
    pub name: String,
    /// Its law, ns.
    pub law: Dist,
    /// When somebody has had enough of waiting: it is no longer than this.
    pub at_most: Span,
}
