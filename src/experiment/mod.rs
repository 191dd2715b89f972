//! Many runs: replications and sweeps in parallel, put together in a fixed order.
//!
//! The only room with threads. A unit of work is one replication of one plan; units are
//! independent, their results land in a list by position, and everything is merged one after the
//! other in that order, so the number of threads changes nothing but the time.
//!
//! `availability` works out what needs no run: states of what can fail, with their probabilities.
//! `validate` holds experiments with known answers.

pub mod availability;
mod design;
mod drill;
mod estimate;
mod growth;
mod knee;
mod precise;
mod upgrade;
pub mod validate;

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::measure::{Fact, Identity, Observer, Results, Tally};
use crate::plan::Plan;
use crate::sim::{self, SimError};

pub use design::latin_hypercube;
pub use drill::{Drill, DrillError, Drills, MOST_DRILLS, Which};
pub use estimate::Estimate;
pub use growth::{Side, Trend};
pub use knee::{Found, Knee, KneeError, find_knee};
pub use precise::{Precision, Reached, find_warmup, moves, run_until};
pub use upgrade::{Upgrade, upgrades};

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
    /// [`windows`].
    pub on_window: &'a (dyn Fn() + Sync),
    /// Who listens to a replication of a case beside the tally, by their numbers; called from any
    /// thread when the run begins.
    pub listen: Option<&'a Listen<'l>>,
}

/// Gives a listener for the run of a case and replication.
pub type Listen<'a> = dyn Fn(usize, u32) -> Box<dyn Observer + 'a> + Sync + 'a;

/// Number of windows that [`run_units`] will report.
pub fn windows(cases: &[Case], units: &[Unit]) -> u64 {
    let of = |unit: &Unit| {
        let s = &cases[unit.case].plan.settings;
        s.horizon.nanos().div_ceil(s.window.nanos())
    };
    units.iter().map(of).sum()
}

/// Runs all replications of all cases. Gives one [`Results`] per case, in order, with its
/// objectives judged.
///
/// # Errors
/// The first error in the order of cases and replications; see [`ExperimentError`].
pub fn run_all(cases: &[Case], options: &Options<'_, '_>) -> Result<Vec<Results>, ExperimentError> {
    let merged: Mutex<Vec<Option<Results>>> = Mutex::new(vec![None; cases.len()]);
    run_units(cases, &units(cases), options, &|unit, results| {
        let mut merged = merged.lock().expect("no other thread broke");
        match &mut merged[unit.case] {
            None => merged[unit.case] = Some(results),
            Some(whole) => whole.merge(&results),
        }
        ControlFlow::Continue(())
    })?;
    let merged = merged.into_inner().expect("no thread broke");
    let judged = |(results, case): (Option<Results>, &Case)| {
        let mut results = results.expect("a plan has at least one replication");
        results.judge(&case.plan);
        results
    };
    Ok(merged.into_iter().zip(cases).map(judged).collect())
}

/// One replication of one case: what is run at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unit {
    /// Position of the case.
    pub case: usize,
    /// Number of the replication, from 0.
    pub replication: u32,
}

/// The units of some cases, in order.
pub fn units(cases: &[Case]) -> Vec<Unit> {
    let of = |(case, it): (usize, &Case)| {
        (0..it.plan.settings.replications).map(move |replication| Unit { case, replication })
    };
    cases.iter().enumerate().flat_map(of).collect()
}

/// The `number`th (from 1) of `of` shares of some units, which are about equally many: those that
/// follow each other, so that few cases are in two shares.
///
/// # Panics
/// Unless 1 <= `number` <= `of`.
pub fn share(units: &[Unit], number: usize, of: usize) -> &[Unit] {
    assert!((1..=of).contains(&number), "a share from 1 to {of}");
    &units[units.len() * (number - 1) / of..units.len() * number / of]
}

/// Runs units on all threads, the costliest first, and hands the results of each, judged, to `each`
/// as it ends, from any thread; no more are begun after a `Break`.
///
/// # Errors
/// The first error in the order of units; see [`ExperimentError`].
pub fn run_units(
    cases: &[Case],
    units: &[Unit],
    options: &Options<'_, '_>,
    each: &(dyn Fn(Unit, Results) -> ControlFlow<()> + Sync),
) -> Result<(), ExperimentError> {
    let pool = pool(options.threads)?;
    let runs = |c: &Case| f64::from(c.plan.settings.replications);
    let cost: Vec<f64> = cases.iter().map(|c| Estimate::of(&c.plan).requests / runs(c)).collect();
    let mut order: Vec<usize> = (0..units.len()).collect();
    order.sort_by(|a, b| cost[units[*b].case].total_cmp(&cost[units[*a].case]));
    let (next, stopped) = (AtomicUsize::new(0), AtomicBool::new(false));
    let failed: Mutex<Option<(usize, SimError)>> = Mutex::new(None);
    pool.broadcast(|_| {
        while !stopped.load(Ordering::Relaxed)
            && let Some(&i) = order.get(next.fetch_add(1, Ordering::Relaxed))
        {
            let unit = units[i];
            let case = &cases[unit.case];
            let listener = options.listen.map(|listen| listen(unit.case, unit.replication));
            match run_one(case, unit.replication, options.on_window, listener) {
                Ok(results) => {
                    if each(unit, results).is_break() {
                        stopped.store(true, Ordering::Relaxed);
                    }
                }
                Err(error) => {
                    let mut failed = failed.lock().expect("no other thread broke");
                    if failed.as_ref().is_none_or(|f| i < f.0) {
                        *failed = Some((i, error));
                    }
                }
            }
        }
    });
    match failed.into_inner().expect("no thread broke") {
        Some((_, error)) => Err(error.into()),
        None => Ok(()),
    }
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
    let mut results = watched.tally.finish(case.identity.clone());
    results.judge(&case.plan);
    Ok(results)
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
