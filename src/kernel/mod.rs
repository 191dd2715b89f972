//! Order of instants and shares of anonymous capacities. No networks, files, names, randomness.
//!
//! * [`Instant`]: nanoseconds since the start of the simulation.
//! * [`Agenda`]: what happens next, in the total order (instant, [`Rank`], sequence).
//! * [`Sharing`]: at every instant the weighted max-min fair rates of flows over capacities, and
//!   when each flow is done. [`SharingSlow`] says the same by the textbook, flow by flow; tests
//!   and benches hold the two together. [`certify`] judges the rates of either by a theorem.

mod agenda;
mod certificate;
mod classheap;
mod quaternary;
mod sharing;
mod sharing_slow;
mod time;

pub use agenda::{Agenda, Rank, Ticket};
pub use certificate::{Share, Unfair, certify};
pub use sharing::{Bound, ClassId, FlowId, ResourceId, ResourceUse, Sharing};
pub use sharing_slow::SharingSlow;
pub use time::Instant;
