//! Scalers: servers that come and go in instances, each of which takes a unit of a pool.

use crate::random::Dist;
use crate::units::Span;

use super::{ComponentId, PoolId, Scope, StationId};

/// Instances that serve at a station. Their number follows what is wanted; each takes a unit of a pool
/// when it is made, adds its servers when its start-up is over, and gives the unit back when it goes.
///
/// Jobs wait in one queue before the servers of all instances: what a balancer by least load comes
/// near to, and what the closed forms of queues are about.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaler {
    /// Unique name.
    pub name: String,
    /// Whose servers its instances are. The station has no others, and no other scaler.
    pub station: StationId,
    /// Servers of one instance, at least 1.
    pub servers: u32,
    /// Wanted at time 0. As many as find a unit run from the beginning.
    pub instances: u32,
    /// Of which each instance takes one unit.
    pub pool: Option<PoolId>,
    /// From the making of an instance to its service, ns.
    pub start_up: Dist,
    /// What must be up when a start-up ends; it starts again otherwise, and its next end is a look away
    /// at least.
    pub needs: Vec<ComponentId>,
    /// How often it looks, above 0: at the use of its servers, and at what it could not make before.
    pub step: Span,
    /// What moves the wanted number, beside changes.
    pub tracking: Option<Tracking>,
    /// What belongs to one instance, if anything does.
    pub seats: Option<Seats>,
}

/// The wanted number follows the use of the servers: each look asks for the number of instances whose
/// servers would be busy by the share `target`: mean busy servers since the last look / (servers of an
/// instance x target), rounded up, between `least` and `most`.
#[derive(Clone, Debug, PartialEq)]
pub struct Tracking {
    /// Share of busy servers that is aimed at, above 0 and at most 1.
    pub target: f64,
    /// Fewest instances, at least 1.
    pub least: u32,
    /// Most instances.
    pub most: u32,
    /// More are wanted only after this long of looks that ask for more.
    pub up_after: Span,
    /// Fewer only after this long of looks that ask for fewer; then the greatest of what they asked for.
    pub down_after: Span,
}

/// What belongs to one instance, chosen among those that run when it begins, all with equal chance.
#[derive(Clone, Debug, PartialEq)]
pub struct Seats {
    /// Connections, or requests: behind something that keeps connections of its own.
    pub scope: Scope,
    /// How often a client looks who runs, at a phase of its own; before its first look it knows those
    /// of time 0. It chooses among those it knows: one that is gone swallows what is sent to it. 0: every
    /// client knows at once.
    pub look_up: Span,
}
