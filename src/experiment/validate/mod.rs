//! The suite behind "can I trust the numbers?": simulations whose answer is known beforehand.
//!
//! ```text
//! case ─┬─ a small Plan, run some times ─> t-interval ─┐
//!       ├─ a plan or a kernel worked out by hand ──────┼─> one row each: theory, simulated, verdict
//!       └─ the kernel beside its slow twin or a law ───┘
//! ```
//!
//! | file | cases |
//! |---|---|
//! | `queues` | stations, pools and retries: Erlang, Pollaczek and Khinchine, patience, closed |
//! | `jobs` | reruns from zero, what they make again, makespans |
//! | `links` | shared links: insensitivity, caps, weights, round trips, hand-worked networks |
//! | `choices` | ECMP, throttle devices, names and their caches, detection |
//! | `outages` | what traffic loses to random outages: k of n, a shared conduit |
//! | `transfers` | handshakes, windows, headers |
//! | `kernel` | max-min by hand, by its certificate and beside the slow twin; the agenda |
//! | `books` | Little's law and bytes |
//! | `lab`, `lists`, `history` | small plans, lists of flows, random histories of a sharing |
//!
//! Exactness of the engine, which this shows, is not validity of the model.

mod books;
mod choices;
mod history;
mod jobs;
mod kernel;
pub mod lab;
mod links;
pub mod lists;
mod outages;
mod queues;
mod transfers;

use rayon::prelude::*;

use crate::measure::{Agreement, Identity, Quantity, Results, Tally, Validation};
use crate::plan::{Plan, Settings};
use crate::sim::{self, SimError};
use crate::units::Span;

use super::ExperimentError;

pub use lab::SEED;

/// Intervals of a quick suite, with an eighth of the effort, may be wider by this factor:
/// sqrt 8 = 2.8, and the t of fewer replications.
const QUICK_WIDTH: f64 = 4.0;

/// What one case gives.
type Rows = Result<Vec<Agreement>, SimError>;

/// An experiment with a known answer.
#[derive(Clone, Copy)]
pub struct KnownCase {
    /// A short name to ask for.
    pub name: &'static str,
    /// What is compared with what.
    pub about: &'static str,
    /// The formula or theorem, and where it stands.
    pub source: &'static str,
    run: fn(&Bench) -> Rows,
}

/// All cases, in the order of the table.
pub fn cases() -> Vec<KnownCase> {
    [
        queues::CASES,
        jobs::CASES,
        links::CASES,
        choices::CASES,
        outages::CASES,
        transfers::CASES,
        kernel::CASES,
        books::CASES,
    ]
    .concat()
}

/// How to validate.
pub struct ValidateOptions<'a> {
    /// Root of all randomness; [`SEED`] unless another one is wanted.
    pub seed: u64,
    /// An eighth of the effort.
    pub quick: bool,
    /// Threads; 0 for one per core. They change nothing but the time.
    pub threads: usize,
    /// Called from any thread when a case is done.
    pub on_case: &'a (dyn Fn() + Sync),
}

/// Runs cases and puts their rows in order.
///
/// # Errors
/// The first in the order of cases; see [`ExperimentError`].
///
/// ```
/// use highwater::experiment::validate::{SEED, ValidateOptions, cases, validate};
/// let cases: Vec<_> = cases().into_iter().filter(|c| c.name == "max-min-by-hand").collect();
/// let options = ValidateOptions { seed: SEED, quick: true, threads: 1, on_case: &|| () };
/// let found = validate(&cases, &options)?;
/// assert!(found.agrees() && found.rows.len() > 5);
/// # Ok::<(), highwater::experiment::ExperimentError>(())
/// ```
pub fn validate(
    cases: &[KnownCase],
    options: &ValidateOptions<'_>,
) -> Result<Validation, ExperimentError> {
    let bench = Bench { seed: options.seed, quick: options.quick };
    let run = |case: &KnownCase| {
        let rows = (case.run)(&bench);
        (options.on_case)();
        rows
    };
    let done: Vec<Rows> = super::pool(options.threads)?
        .install(|| cases.par_iter().with_max_len(1).map(run).collect());
    let mut rows = Vec::new();
    for (case, found) in cases.iter().zip(done) {
        rows.extend(found?.into_iter().map(|row| Agreement {
            case: case.name.into(),
            source: case.source.into(),
            ..row
        }));
    }
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Ok(Validation { version, seed: options.seed, quick: options.quick, rows })
}

/// What cases run on.
struct Bench {
    seed: u64,
    quick: bool,
}

impl Bench {
    /// So many of what can be cut to an eighth.
    fn effort(&self, full: u64) -> u64 {
        if self.quick { full.div_ceil(8) } else { full }
    }

    /// Settings of a steady state: a quick suite runs for a shorter time.
    fn steady(&self, seconds: u64, warmup: u64, replications: u32) -> Settings {
        let seconds = warmup + self.effort(seconds - warmup);
        Settings { seed: self.seed, ..lab::settings(seconds, warmup, replications) }
    }

    /// Settings of a drill, whose time is given: a quick suite repeats it less often.
    fn drill(&self, seconds: u64, replications: u64) -> Settings {
        let replications = self.effort(replications).max(8);
        let replications = u32::try_from(replications).expect("some hundreds");
        Settings { seed: self.seed, ..lab::settings(seconds, 0, replications) }
    }

    /// Settings of what involves no chance.
    fn once(&self, seconds: u64) -> Settings {
        Settings { seed: self.seed, window: Span::from_secs(1), ..lab::settings(seconds, 0, 1) }
    }

    /// All replications, in order.
    fn runs(plan: &Plan) -> Result<Vec<Results>, SimError> {
        let one = |replication| {
            let mut tally = Tally::new(plan, replication);
            sim::run(plan, replication, &mut tally)?;
            Ok(tally.finish(Identity::default()))
        };
        (0..plan.settings.replications).into_par_iter().map(one).collect()
    }

    /// The first replication.
    fn run_once(plan: &Plan) -> Result<Results, SimError> {
        let mut tally = Tally::new(plan, 0);
        sim::run(plan, 0, &mut tally)?;
        Ok(tally.finish(Identity::default()))
    }

    /// A row: the interval of `of` over runs must hold `theory`, and its half-width be at most
    /// `widest` x theory.
    fn covers(
        &self,
        what: impl Into<String>,
        runs: &[Results],
        (quantity, theory): (Quantity, f64),
        widest: f64,
        of: impl Fn(&Results) -> Option<f64>,
    ) -> Agreement {
        let values: Vec<f64> = runs.iter().map(|r| of(r).unwrap_or(f64::NAN)).collect();
        let widest = if self.quick { widest * QUICK_WIDTH } else { widest };
        Agreement::stochastic(what, quantity, theory, &values, (lab::LEVEL, widest))
    }
}

/// Mean latency of the first workload, ns.
fn mean_latency(r: &Results) -> Option<f64> {
    r.workloads[0].latency_ok.mean()
}

/// Greatest latency of the first workload, ns; NaN when nothing ended.
fn longest(r: &Results) -> f64 {
    r.workloads[0].latency_ok.max().map_or(f64::NAN, whole)
}

/// An error's share of the offered requests of the first workload.
fn share_of(r: &Results, error: &str) -> Option<f64> {
    let w = &r.workloads[0];
    Some(whole(*w.errors.get(error)?) / whole(w.offered))
}

/// The greatest; NaN if any of them is.
fn worst(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |a: f64, b| if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) })
}

/// A count as a number.
fn whole(n: u64) -> f64 {
    n as f64
}

/// A count with commas.
fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}
