//! What tests of the engine share: runs, and the comparison with an exact value.

use highwater::measure::{Identity, Interval, Results, Tally};
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

/// Asserts that `exact` is inside the interval of `of` over replications, and that the interval is
/// narrower than `width` (relative half-width).
pub(crate) fn assert_covers(
    what: &str,
    runs: &[Results],
    exact: f64,
    width: f64,
    of: impl Fn(&Results) -> f64,
) {
    let values: Vec<f64> = runs.iter().map(of).collect();
    let interval = Interval::of_mean(&values, LEVEL).expect("some replications");
    let half = interval.half_width.expect("several replications");
    assert!(interval.contains(exact), "{what}: {exact} is outside {} +- {half}", interval.mean);
    assert!(half <= width * exact, "{what}: the interval {} +- {half} is too wide", interval.mean);
}

pub(crate) fn mean_latency(r: &Results) -> f64 {
    r.workloads[0].latency_ok.mean().expect("requests ended")
}
