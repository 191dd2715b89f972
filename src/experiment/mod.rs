//! Many runs: replications and sweeps in parallel, put together in a fixed order.
//!
//! The only room with threads. A unit of work is one replication of one plan; units are
//! independent, their results land in a list by position, and everything is merged one after the
//! other in that order, so the number of threads changes nothing but the time.
//!
//! `availability` works out what needs no run: states of what can fail, with their probabilities.
//! `validate` holds experiments with known answers.

pub mod availability;
mod estimate;
pub mod validate;

use rayon::prelude::*;

use crate::measure::{Fact, Identity, Observer, Results, Tally};
use crate::plan::Plan;
use crate::sim::{self, SimError};

pub use estimate::Estimate;

/// Why an experiment could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ExperimentError {
    /// A run failed.
    #[error(transparent)]
    Sim(#[from] SimError),
    /// The operating system gave no threads.
    #[error("could not start {threads} threads: {reason}")]
    Threads {
        /// How many were wanted.
        threads: usize,
        /// What it said.
        reason: String,
    },
}

/// One plan to be run, with what its results say of where they come from.
#[derive(Clone, Debug)]
pub struct Case {
    /// The plan; its settings give seed and replications.
    pub plan: Plan,
    /// Goes into the results.
    pub identity: Identity,
}

/// How to run.
pub struct Options<'a, 'l> {
    /// Threads; 0 for one per core.
    pub threads: usize,
    /// Called from any thread after each window of each run: the unit of progress. The total is
    /// [`windows`] of the cases.
    pub on_window: &'a (dyn Fn() + Sync),
    /// Who listens to a replication of a case beside the tally, by their numbers; called from any
    /// thread when the run begins.
    pub listen: Option<&'a Listen<'l>>,
}

/// Gives a listener for the run of a case and replication.
pub type Listen<'a> = dyn Fn(usize, u32) -> Box<dyn Observer + 'a> + Sync + 'a;

/// Number of windows that [`run_all`] will report.
pub fn windows(cases: &[Case]) -> u64 {
    let of = |c: &Case| {
        let s = &c.plan.settings;
        s.horizon.nanos().div_ceil(s.window.nanos()) * u64::from(s.replications)
    };
    cases.iter().map(of).sum()
}

/// Runs all replications of all cases. Gives one [`Results`] per case, in order, with its
/// objectives judged.
///
/// # Errors
/// The first error in the order of cases and replications; see [`ExperimentError`].
pub fn run_all(cases: &[Case], options: &Options<'_, '_>) -> Result<Vec<Results>, ExperimentError> {
    let pool = pool(options.threads)?;
    let units: Vec<(usize, u32)> = cases
        .iter()
        .enumerate()
        .flat_map(|(i, c)| (0..c.plan.settings.replications).map(move |r| (i, r)))
        .collect();
    let run = |&(case, replication): &(usize, u32)| {
        let listener = options.listen.map(|listen| listen(case, replication));
        run_one(&cases[case], replication, options.on_window, listener)
    };
    let done: Vec<Result<Results, SimError>> = pool.install(|| units.par_iter().map(run).collect());
    let mut merged: Vec<Option<Results>> = vec![None; cases.len()];
    for ((case, _), results) in units.iter().zip(done) {
        let results = results?;
        match &mut merged[*case] {
            None => merged[*case] = Some(results),
            Some(whole) => whole.merge(&results),
        }
    }
    let judged = |(results, case): (Option<Results>, &Case)| {
        let mut results = results.expect("a plan has at least one replication");
        results.judge(&case.plan);
        results
    };
    Ok(merged.into_iter().zip(cases).map(judged).collect())
}

/// Runs one case; see [`run_all`].
///
/// # Errors
/// As [`run_all`].
pub fn run(case: Case, options: &Options<'_, '_>) -> Result<Results, ExperimentError> {
    run_all(&[case], options).map(|mut all| all.remove(0))
}

/// So many threads; one per core for 0.
fn pool(threads: usize) -> Result<rayon::ThreadPool, ExperimentError> {
    let failed = |e: rayon::ThreadPoolBuildError| ExperimentError::Threads {
        threads,
        reason: e.to_string(),
    };
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(failed)
}

fn run_one(
    case: &Case,
    replication: u32,
    on_window: &(dyn Fn() + Sync),
    listener: Option<Box<dyn Observer + '_>>,
) -> Result<Results, SimError> {
    let tally = Tally::new(&case.plan, replication);
    let mut watched = Watched { tally, on_window, listener };
    sim::run(&case.plan, replication, &mut watched)?;
    Ok(watched.tally.finish(case.identity.clone()))
}

/// A tally that reports progress, and lets another listen.
struct Watched<'a> {
    tally: Tally<'a>,
    on_window: &'a (dyn Fn() + Sync),
    listener: Option<Box<dyn Observer + 'a>>,
}

impl Observer for Watched<'_> {
    fn hear(&mut self, fact: &Fact) {
        self.tally.hear(fact);
        if let Some(listener) = &mut self.listener {
            listener.hear(fact);
        }
        if let Fact::WindowEnd { .. } = fact {
            (self.on_window)();
        }
    }
}
