//! What a run will cost, told before it starts.

use crate::plan::{Arrivals, JobStage, Jobs, Plan, Profile};

/// Bytes of one workload's histograms and of one window's counters, measured generously.
const BYTES_PER_WORKLOAD: f64 = 11.0 * 350_000.0;
const BYTES_PER_WINDOW_SERIES: f64 = 8.0;

/// A forecast of one case, all replications together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Requests that will be started, retries not counted.
    pub requests: f64,
    /// Memory for results, bytes; requests under way come on top.
    pub memory: f64,
}

impl Estimate {
    /// Of a plan.
    #[expect(clippy::cast_precision_loss, reason = "a forecast")]
    pub fn of(plan: &Plan) -> Self {
        let seconds = plan.settings.horizon.secs();
        let factor = |p: &Option<Profile>| p.as_ref().map_or(1.0, greatest);
        let requests = |arrivals: &Arrivals| match arrivals {
            Arrivals::Poisson { per_second, profile } => per_second * seconds * factor(profile),
            Arrivals::Renewal { gap, profile } => seconds * 1e9 / gap.mean() * factor(profile),
            Arrivals::Closed { workers, think } => {
                f64::from(*workers) * (1.0 + seconds * 1e9 / think.mean().max(1e6))
            }
            Arrivals::Trace { rows } => rows.len() as f64,
            Arrivals::Flows { rows, .. } => rows.len() as f64,
            Arrivals::Jobs(jobs) => {
                let of = |s: &JobStage| f64::from(s.instances) * s.requests.mean();
                started(jobs, plan) * jobs.stages.iter().map(of).sum::<f64>()
            }
        };
        let runs = f64::from(plan.settings.replications);
        let windows = seconds / plan.settings.window.secs();
        let series = 2.0 * 4.0 * plan.links.len() as f64
            + 8.0 * plan.workloads.len() as f64
            + 2.0 * (plan.pools.len() + plan.stations.len()) as f64
            + plan.selectors.iter().map(|s| 2.0 * s.branches.len() as f64).sum::<f64>();
        let histograms = plan.workloads.len() as f64 * BYTES_PER_WORKLOAD
            + plan.workloads.iter().map(|w| of_jobs(&w.arrivals)).sum::<f64>()
            + (plan.pools.len() + plan.stations.len()) as f64 * 350_000.0;
        Self {
            requests: runs * plan.workloads.iter().map(|w| requests(&w.arrivals)).sum::<f64>(),
            memory: runs * (windows * series * BYTES_PER_WINDOW_SERIES + histograms),
        }
    }
}

/// Histograms of jobs: one of all, two of each stage.
#[expect(clippy::cast_precision_loss, reason = "a forecast")]
fn of_jobs(arrivals: &Arrivals) -> f64 {
    match arrivals {
        Arrivals::Jobs(jobs) => (1 + 2 * jobs.stages.len()) as f64 * 350_000.0,
        _ => 0.0,
    }
}

/// Jobs that start before the horizon.
#[expect(clippy::cast_precision_loss, reason = "a forecast")]
fn started(jobs: &Jobs, plan: &Plan) -> f64 {
    let horizon = plan.settings.horizon;
    let given = jobs.at.iter().filter(|at| **at < horizon).count() as f64;
    let rest = jobs.at.last().map_or(0.0, |at| horizon.secs() - at.secs()).max(0.0);
    given + jobs.every.map_or(0.0, |every| (rest / every.secs()).floor())
}

fn greatest(profile: &Profile) -> f64 {
    profile.points.iter().map(|p| p.1).fold(0.0, f64::max)
}
