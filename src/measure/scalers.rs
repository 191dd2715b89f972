//! Scalers over a run: instances that run and start up, and those that could not be made.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::fact::ScalerUse;
use super::histogram::Histogram;
use super::merge::add;
use crate::plan::Scaler;

/// A scaler: instances that come and go.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScalerResults {
    /// Its name.
    pub name: String,
    /// Wanted at time 0.
    pub instances: u64,
    /// Most at once, those that start up included.
    pub peak: u64,
    /// Instances made, those of time 0 included; summed over replications as all counters are.
    pub made: u64,
    /// Instances gone.
    pub gone: u64,
    /// Times that instances could not be made for want of a unit.
    pub failed: u64,
    /// Connections and requests reset with their instance.
    pub reset: u64,
    /// Start-ups that failed since something was down that they need.
    pub failed_starts: u64,
    /// Instant of the first of these in each replication that had any, ns.
    pub first_failed: BTreeMap<u32, u64>,
    /// Duration of each renewal that came to its end, ns.
    pub renewals: Histogram,
    /// Per window: time integral of the instances that run, instance x us.
    pub running_us_by_window: Vec<u64>,
    /// Per window: of those that start up.
    pub starting_us_by_window: Vec<u64>,
    /// Per window: of the wanted number.
    pub wanted_us_by_window: Vec<u64>,
}

impl ScalerResults {
    pub(super) fn merge(&mut self, other: &Self) {
        self.peak = self.peak.max(other.peak);
        self.made += other.made;
        self.gone += other.gone;
        self.failed += other.failed;
        self.reset += other.reset;
        self.failed_starts += other.failed_starts;
        self.first_failed.extend(&other.first_failed);
        self.renewals.merge(&other.renewals);
        add(&mut self.running_us_by_window, &other.running_us_by_window);
        add(&mut self.starting_us_by_window, &other.starting_us_by_window);
        add(&mut self.wanted_us_by_window, &other.wanted_us_by_window);
    }
}

/// Counts one replication's scaler.
#[derive(Debug)]
pub(super) struct ScalerTally {
    seen: ScalerResults,
    first: Option<u64>,
}

impl ScalerTally {
    pub(super) fn new(spec: &Scaler, windows: usize) -> Self {
        let zeros = || vec![0; windows];
        let seen = ScalerResults {
            name: spec.name.clone(),
            instances: u64::from(spec.instances),
            running_us_by_window: zeros(),
            starting_us_by_window: zeros(),
            wanted_us_by_window: zeros(),
            ..ScalerResults::default()
        };
        Self { seen, first: None }
    }

    pub(super) fn window(&mut self, window: usize, seen: ScalerUse) {
        let it = &mut self.seen;
        it.running_us_by_window[window] += seen.running_us;
        it.starting_us_by_window[window] += seen.starting_us;
        it.wanted_us_by_window[window] += seen.wanted_us;
        (it.peak, it.made, it.gone) = (seen.peak, seen.made, seen.gone);
        (it.failed, it.reset) = (seen.failed, seen.reset);
        it.failed_starts = seen.failed_starts;
    }

    pub(super) fn unmade(&mut self, at: u64) {
        self.first.get_or_insert(at);
    }

    pub(super) fn renewed(&mut self, took: u64) {
        self.seen.renewals.record(took);
    }

    pub(super) fn finish(mut self, replication: u32) -> ScalerResults {
        self.seen.first_failed.extend(self.first.map(|at| (replication, at)));
        self.seen
    }
}
