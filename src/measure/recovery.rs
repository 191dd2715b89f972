//! How each workload came off what failed: how long it took, which part of that is whose, and who
//! caught its requests.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::fact::Catch;
use super::histogram::Histogram;
use crate::plan::Plan;

/// How one workload came off the failed branches of one selector during one fault. Each histogram
/// has one value per replication and branch that it was on, ns; the four parts sum to the total.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Recovery {
    /// The fault's or change's name.
    pub fault: String,
    /// The selector's name.
    pub selector: String,
    /// What it stands for: `dns`, `resource`.
    pub role: String,
    /// The workload's name.
    pub workload: String,
    /// Failure to the last new connection, or error, on the failed branch.
    pub total: Histogram,
    /// The part of it before the detection.
    pub detect: Histogram,
    /// From there to the change of the record or choice.
    pub propagate: Histogram,
    /// From there to the last new connection that still took the branch.
    pub cache: Histogram,
    /// From there to the last error.
    pub reconnect: Histogram,
    /// Requests with a failed try on the branch that ended `ok` by another branch after the
    /// selector had left it: the selector caught them.
    pub by_choice: u64,
    /// That ended `ok` by another branch while the selector still believed in it: the client did.
    pub by_client: u64,
    /// That ended `ok` on the branch once it worked again: only its repair did.
    pub by_repair: u64,
    /// That ended with an error: nobody did.
    pub lost: u64,
}

/// A failed branch and who was on it.
#[derive(Clone, Debug)]
struct Open {
    fault: u32,
    failed: u64,
    /// Detection and propagation, once they are known.
    learnt: Option<(u64, u64)>,
    /// Per workload: last new connection and last error on it.
    felt: BTreeMap<u32, [Option<u64>; 2]>,
}

/// Counts one replication's recoveries.
#[derive(Debug, Default)]
pub(super) struct Recoveries {
    open: BTreeMap<(u32, u32), Open>,
    /// The fault that failed a branch last.
    last: BTreeMap<(u32, u32), u32>,
    found: BTreeMap<(u32, u32, u32), Recovery>,
}

impl Recoveries {
    pub(super) fn failed(&mut self, plan: &Plan, fault: u32, branch: (u32, u32), at: u64) {
        self.close(plan, branch);
        let open = Open { fault, failed: at, learnt: None, felt: BTreeMap::new() };
        self.open.insert(branch, open);
        self.last.insert(branch, fault);
    }

    /// A branch fails by none of the faults: requests that fail on it from now on are no fault's.
    pub(super) fn forget(&mut self, branch: (u32, u32)) {
        self.last.remove(&branch);
    }

    pub(super) fn learnt(&mut self, branch: (u32, u32), detect: u64, propagate: u64) {
        if let Some(open) = self.open.get_mut(&branch) {
            open.learnt = Some((detect, propagate));
        }
    }

    /// A new connection took the branch (0), or a try on it failed (1).
    pub(super) fn felt(&mut self, workload: u32, branch: (u32, u32), what: usize, at: u64) {
        if let Some(open) = self.open.get_mut(&branch) {
            open.felt.entry(workload).or_default()[what] = Some(at);
        }
    }

    pub(super) fn caught(&mut self, plan: &Plan, workload: u32, branch: (u32, u32), by: Catch) {
        let Some(&fault) = self.last.get(&branch) else { return };
        let it = self.entry(plan, fault, branch.0, workload);
        match by {
            Catch::Choice => it.by_choice += 1,
            Catch::Client => it.by_client += 1,
            Catch::Repair => it.by_repair += 1,
            Catch::Nobody => it.lost += 1,
        }
    }

    fn entry(&mut self, plan: &Plan, fault: u32, selector: u32, workload: u32) -> &mut Recovery {
        self.found.entry((fault, selector, workload)).or_insert_with(|| Recovery {
            fault: plan.faults[fault as usize].name.clone(),
            selector: plan.selectors[selector as usize].name.clone(),
            role: plan.selectors[selector as usize].role.clone(),
            workload: plan.workloads[workload as usize].name.clone(),
            ..Recovery::default()
        })
    }

    /// The branch works again, or the run is over.
    pub(super) fn close(&mut self, plan: &Plan, branch: (u32, u32)) {
        let Some(open) = self.open.remove(&branch) else { return };
        for (workload, [stale, error]) in open.felt {
            let it = self.entry(plan, open.fault, branch.0, workload);
            let since = |at: Option<u64>| at.map_or(0, |at| at - open.failed);
            let (stale, error) = (since(stale), since(error));
            let total = stale.max(error);
            let (detect, propagate) = open.learnt.unwrap_or((total, 0));
            let detect = detect.min(total);
            let propagate = propagate.min(total - detect);
            let cache = stale.saturating_sub(detect + propagate);
            it.total.record(total);
            it.detect.record(detect);
            it.propagate.record(propagate);
            it.cache.record(cache);
            it.reconnect.record(total - detect - propagate - cache);
        }
    }

    pub(super) fn finish(mut self, plan: &Plan) -> Vec<Recovery> {
        let open: Vec<_> = self.open.keys().copied().collect();
        open.into_iter().for_each(|branch| self.close(plan, branch));
        self.found.into_values().collect()
    }
}

impl Recovery {
    /// What entries of several replications have in common.
    pub(super) fn key(&self) -> (&str, &str, &str) {
        (&self.fault, &self.selector, &self.workload)
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.total.merge(&other.total);
        self.detect.merge(&other.detect);
        self.propagate.merge(&other.propagate);
        self.cache.merge(&other.cache);
        self.reconnect.merge(&other.reconnect);
        self.by_choice += other.by_choice;
        self.by_client += other.by_client;
        self.by_repair += other.by_repair;
        self.lost += other.lost;
    }
}
