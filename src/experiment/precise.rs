//! How many replications, and what to leave out at their beginning: decided by the results.

use std::ops::ControlFlow;
use std::sync::Mutex;

use crate::measure::{Results, mser5};
use crate::plan::Plan;
use crate::units::Span;

use super::{Case, ExperimentError, Options, Unit, run_units};

/// Fewest replications that a stopping rule looks at (Law, Simulation Modeling and Analysis, ch. 9).
const LEAST: u32 = 10;

/// When there are enough replications.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Precision {
    /// Greatest half-width of the mean latency of each workload, as a share of it.
    pub share: f64,
    /// Most replications, whatever is reached.
    pub most: u32,
}

/// What was reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Reached {
    /// Of which workload the mean latency is least precise, and its half-width as a share; none
    /// where no workload has an interval.
    pub widest: Option<(String, f64)>,
    /// Whether that is precise enough.
    pub enough: bool,
}

/// Replicates a case until the 95 % intervals of all mean latencies are narrow enough: at least 10
/// times, then half as many again each time. Looked at only between these batches, and against
/// e / (1 + e), so that the half-width is a share e of the true mean (Law, ch. 9); coverage is a
/// little below its level all the same.
///
/// # Errors
/// As [`run_units`].
pub fn run_until(
    case: &Case,
    precision: Precision,
    options: &Options<'_, '_>,
) -> Result<(Results, Reached), ExperimentError> {
    let cases = std::slice::from_ref(case);
    let whole: Mutex<Option<Results>> = Mutex::new(None);
    let (mut done, mut upto) = (0, case.plan.settings.replications.max(LEAST).min(precision.most));
    loop {
        let batch: Vec<Unit> =
            (done..upto).map(|replication| Unit { case: 0, replication }).collect();
        run_units(cases, &batch, options, &|_, results| {
            let mut whole = whole.lock().expect("no other thread broke");
            match whole.as_mut() {
                None => *whole = Some(results),
                Some(whole) => whole.merge(&results),
            }
            ControlFlow::Continue(())
        })?;
        done = upto;
        let mut whole = whole.lock().expect("no thread broke");
        let results = whole.as_ref().expect("at least one replication");
        let reached = reached(results, precision.share);
        if reached.enough || done >= precision.most {
            let mut results = whole.take().expect("it was there");
            results.judge(&case.plan);
            return Ok((results, reached));
        }
        upto = (done + done / 2).min(precision.most);
    }
}

fn reached(results: &Results, share: f64) -> Reached {
    let width = |w: &crate::measure::WorkloadResults| {
        let interval = w.interval(|h| h.mean_ns)?;
        Some((w.name.clone(), interval.half_width? / interval.mean))
    };
    let widest = results.workloads.iter().filter_map(width).max_by(|a, b| a.1.total_cmp(&b.1));
    let enough = widest.as_ref().is_none_or(|w| w.1 <= share / (1.0 + share));
    Reached { widest, enough }
}

/// Where the start of a run ends: MSER-5 of the number of requests under way per window, its mean
/// over the replications, from a run without warm-up. None if no level was reached.
///
/// # Errors
/// As [`run_units`].
pub fn find_warmup(
    case: &Case,
    options: &Options<'_, '_>,
) -> Result<Option<Span>, ExperimentError> {
    let mut pilot = case.clone();
    pilot.plan.settings.warmup = Span::from_nanos(0);
    let results = super::run(pilot, options)?;
    let windows = results.workloads.iter().map(|w| w.busy_us_by_window.len()).max().unwrap_or(0);
    let sum = |i: usize| {
        let at = results.workloads.iter().filter_map(|w| w.busy_us_by_window.get(i));
        #[expect(clippy::cast_precision_loss, reason = "a time in microseconds")]
        let all = at.sum::<u64>() as f64;
        all
    };
    let series: Vec<f64> = (0..windows).map(sum).collect();
    let window = case.plan.settings.window.nanos();
    Ok(mser5(&series).map(|cut| Span::from_nanos(cut as u64 * window)))
}

/// What in a plan moves by itself, so that its runs have no level: a profile or a fault.
pub fn moves(plan: &Plan) -> Option<&'static str> {
    use crate::plan::Arrivals;
    let profile = plan.workloads.iter().any(|w| match &w.arrivals {
        Arrivals::Poisson { profile, .. } | Arrivals::Renewal { profile, .. } => profile.is_some(),
        Arrivals::Trace { .. } | Arrivals::Flows { .. } | Arrivals::Jobs(_) => true,
        Arrivals::Closed { .. } => false,
    });
    match (profile, plan.faults.is_empty()) {
        (true, _) => Some("its load follows a profile, a trace or jobs"),
        (_, false) => Some("it has faults or changes"),
        _ => None,
    }
}
