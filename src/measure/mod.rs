//! What is seen of a running World: facts in, [`Results`] out.
//!
//! `sim` tells an [`Observer`] facts; [`Tally`] is the observer that keeps histograms, windows and
//! counters of one replication, and [`Results`] is any number of replications put together.
//! Everything counted is an integer, so that merging is exact and in any order gives the same
//! bytes. Nothing here can alter the World.

mod agreement;
mod alerts;
mod compare;
mod cost;
mod drill;
mod fact;
mod gates;
mod histogram;
mod jobs;
mod merge;
mod outages;
mod recovery;
mod results;
mod scalers;
mod stats;
mod tally;
mod transport;

pub use agreement::{Agreement, Quantity, Scale, Validation, Verdict};
pub use alerts::{AlertResults, LevelSeen};
pub use compare::{Comparison, Difference, Measure, Told};
pub use cost::{Cost, CostItem};
pub use drill::{
    DrillCase, DrillHead, DrillResults, DrillSeen, DrillWorkload, FAULT, RecoverySeen, YearSeen,
};
pub use fact::{
    Catch, End, Fact, JobFact, Limit, LinkUse, Observer, PHASES, Phase, PoolUse, SHORT, ScalerUse,
    StationUse,
};
pub use gates::{GateResults, StateSeen};
pub use histogram::Histogram;
pub use jobs::{JobResults, StageSeen};
pub use outages::OutageSeen;
pub use recovery::Recovery;
pub use results::{
    AssumptionSeen, Binding, BoundSeen, FaultSeen, Gap, Headline, Identity, LinkResults,
    NoticeSeen, ObjectiveSeen, PoolResults, Results, SelectorResults, SettingsSeen, StationResults,
    WorkloadResults,
};
pub use scalers::ScalerResults;
pub use stats::{Interval, mser5, student_t_quantile};
pub use tally::Tally;
