//! What tests of the engine share: small plans and their runs.

use highwater::measure::{Identity, Results, Tally};
use highwater::plan::Plan;

pub(crate) use highwater::experiment::validate::lab::*;

pub(crate) fn run_one(plan: &Plan, replication: u32) -> Results {
    let mut tally = Tally::new(plan, replication);
    highwater::sim::run(plan, replication, &mut tally).expect("the plan is valid");
    tally.finish(Identity::default())
}

/// All replications, one by one.
pub(crate) fn run(plan: &Plan) -> Vec<Results> {
    (0..plan.settings.replications).map(|r| run_one(plan, r)).collect()
}
