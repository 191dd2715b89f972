//! The World: a [`Plan`] and a seed, running. Flows, connections, beliefs and retries over the
//! five primitives. No cloud word, no text, no thread, no wall clock.
//!
//! ```text
//! arrival ─> name ─> connection (new or reused) ─> send ─> serve ─> receive ─> end
//!    ▲        │            │                         │        │         │
//!    └────────┴── retry <──┴──── an error by cause <─┴────────┴─────────┘
//! ```
//!
//! * `world`: the loop over the agenda and the sharing, and the windows.
//! * `request`: the life of a request; `connection`: opening, reusing, closing, moving.
//! * `transfer`: messages as flows, window by window while a connection is new.
//! * `path`: routes resolved to concrete paths; `belief`: truth, detection, names, choices.
//! * `gate`: what is decided, and changes that wait.
//! * `scaler`: instances that come and go, and what belongs to them.
//! * `stock`: pools and stations; `link`: capacities, their laws, background load.
//! * `arrivals`: when requests start; `jobs`: instances on workers, and what reruns make again.
//!
//! All randomness about a request comes from one key drawn at its arrival, so two runs that differ
//! in one thing stay in step.

mod arrivals;
mod belief;
mod connection;
mod gate;
mod jobs;
mod link;
mod mask;
mod outage;
mod path;
mod request;
mod scaler;
mod state;
mod stock;
mod transfer;
mod weight;
mod world;

use crate::measure::Observer;
use crate::plan::{Plan, PlanError};

/// What a run amounted to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// Events handled: agenda and completions.
    pub events: u64,
    /// Requests started.
    pub requests: u64,
    /// Connections opened or tried.
    pub connections: u64,
}

/// Why a run could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SimError {
    /// The plan breaks an invariant.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A route has more selectors in a row than a path can hold.
    #[error("route of workload {workload}: more than {most} choices on one path")]
    TooManyChoices {
        /// The workload.
        workload: String,
        /// The limit.
        most: usize,
    },
    /// A million events without time going on: a closed workload without think time whose requests
    /// end at once, or the like.
    #[error(
        "simulated time stands still at {at_ns} ns: {events} events at one instant. Requests that \
         end at once are made again at once: give closed workloads and stages of jobs a `think` \
         time above 0, and retries a wait"
    )]
    Stuck {
        /// Where.
        at_ns: u64,
        /// How many.
        events: u64,
    },
}

/// Runs one replication of a plan from time 0 to its horizon, telling `observer` every fact.
///
/// The same plan and replication tell the same facts, on any machine.
///
/// # Errors
/// See [`SimError`].
pub fn run(plan: &Plan, replication: u32, observer: &mut impl Observer) -> Result<Ended, SimError> {
    plan.validate()?;
    world::World::new(plan, replication, observer)?.run()
}
