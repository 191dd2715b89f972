//! The largest load, or the smallest capacity, with which every objective is met.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Mutex;

use crate::measure::{Results, student_t_quantile};

use super::{Case, ExperimentError, Options, Unit, run_units};

/// Where along a scale the objectives stop being met.
#[derive(Clone, Debug, PartialEq)]
pub struct Knee {
    /// What was found.
    pub found: Found,
    /// The 95 % interval of the place, in steps of the scale, by sectioning: each replication has a
    /// place of its own. None with fewer than two replications, and outside of the scale.
    pub interval: Option<(f64, f64)>,
    /// What was tried with all replications: step and whether every objective was met.
    pub tried: BTreeMap<u32, bool>,
}

/// A place on the scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The last step, from the beginning, that meets every objective: the most that fits.
    Most(u32),
    /// The first step from which on every objective is met: the least that suffices.
    Least(u32),
    /// All of the scale meets them.
    All,
    /// Neither end meets them.
    Nothing,
}

/// Why nothing could be found.
#[derive(Debug)]
pub enum KneeError<E> {
    /// The case of a step could not be made.
    Build(E),
    /// A run failed.
    Experiment(ExperimentError),
    /// No workload has an objective.
    NoObjective,
}

/// Looks for the knee of a scale of `steps` steps (from 0 to `steps`) by bisection: first of each
/// replication by itself, then of all together between those. The streams of a replication are the
/// same at every step, so that it moves for no other reason.
///
/// # Errors
/// See [`KneeError`].
pub fn find_knee<E>(
    steps: u32,
    build: &dyn Fn(u32) -> Result<Case, E>,
    options: &Options<'_, '_>,
) -> Result<Knee, KneeError<E>> {
    let mut search = Search { build, options, cases: BTreeMap::new(), seen: BTreeMap::new() };
    let (first, last) = (search.all(0)?, search.all(steps)?);
    let outside = |found, search: &Search<'_, '_, '_, E>| Knee {
        found,
        interval: None,
        tried: search.tried(),
    };
    if first == last {
        let found = if first { Found::All } else { Found::Nothing };
        return Ok(outside(found, &search));
    }
    // Each replication: between the last step that is as the first one is, and the next.
    let replications = search.replications();
    let mut places: Vec<(u32, u32)> = vec![(0, steps); replications as usize];
    loop {
        let middle = |(low, high): (u32, u32)| low + (high - low) / 2;
        let wanted: Vec<(u32, u32)> = (0..replications)
            .zip(&places)
            .filter(|(_, p)| p.1 - p.0 > 1)
            .map(|(r, p)| (middle(*p), r))
            .collect();
        if wanted.is_empty() {
            break;
        }
        search.run(&wanted)?;
        for (step, r) in wanted {
            let place = &mut places[r as usize];
            if search.one(step, r) == first { place.0 = step } else { place.1 = step }
        }
    }
    // All together: most probably between the least and the greatest of them.
    let least = places.iter().map(|p| p.0).min().unwrap_or(0);
    let most = places.iter().map(|p| p.1).max().unwrap_or(steps);
    let (mut low, mut high) = (0, steps);
    for step in [least, most] {
        if step > low && step < high {
            if search.all(step)? == first { low = step } else { high = step }
        }
    }
    while high - low > 1 {
        let step = low + (high - low) / 2;
        if search.all(step)? == first { low = step } else { high = step }
    }
    let (found, place) = if first { (Found::Most(low), low) } else { (Found::Least(high), high) };
    let of = |p: &(u32, u32)| f64::from(if first { p.0 } else { p.1 });
    let n = f64::from(replications);
    let interval = (replications > 1).then(|| {
        let point = f64::from(place);
        let around: f64 = places.iter().map(|p| (of(p) - point) * (of(p) - point)).sum();
        let t = student_t_quantile(replications as usize - 1, 0.975);
        // A step is as fine as it was looked at.
        let half = (t * libm::sqrt(around / (n * (n - 1.0)))).max(1.0);
        ((point - half).max(0.0), (point + half).min(f64::from(steps)))
    });
    Ok(Knee { found, interval, tried: search.tried() })
}

struct Search<'a, 'w, 'l, E> {
    build: &'a dyn Fn(u32) -> Result<Case, E>,
    options: &'a Options<'w, 'l>,
    cases: BTreeMap<u32, Case>,
    /// By step and replication, what objectives need of the results.
    seen: BTreeMap<(u32, u32), Results>,
}

impl<E> Search<'_, '_, '_, E> {
    /// Replications of the first case.
    fn replications(&self) -> u32 {
        self.cases.values().next().map_or(1, |c| c.plan.settings.replications)
    }

    /// Runs what is not known of some steps and replications.
    fn run(&mut self, wanted: &[(u32, u32)]) -> Result<(), KneeError<E>> {
        let missing: BTreeSet<(u32, u32)> =
            wanted.iter().copied().filter(|w| !self.seen.contains_key(w)).collect();
        for (step, _) in &missing {
            if !self.cases.contains_key(step) {
                let case = (self.build)(*step).map_err(KneeError::Build)?;
                if case.plan.workloads.iter().all(|w| w.objectives.is_empty()) {
                    return Err(KneeError::NoObjective);
                }
                self.cases.insert(*step, case);
            }
        }
        let steps: Vec<u32> =
            missing.iter().map(|m| m.0).collect::<BTreeSet<_>>().into_iter().collect();
        let cases: Vec<Case> = steps.iter().map(|s| self.cases[s].clone()).collect();
        let place = |step: u32| steps.iter().position(|s| *s == step).expect("it is wanted");
        let units: Vec<Unit> = missing
            .iter()
            .map(|(step, replication)| Unit { case: place(*step), replication: *replication })
            .collect();
        let seen = Mutex::new(&mut self.seen);
        run_units(&cases, &units, self.options, &|unit, results| {
            let key = (steps[unit.case], unit.replication);
            seen.lock().expect("no other thread broke").insert(key, slim(results));
            ControlFlow::Continue(())
        })
        .map_err(KneeError::Experiment)
    }

    /// Whether a replication meets every objective at a step that was run.
    fn one(&self, step: u32, replication: u32) -> bool {
        met(&self.seen[&(step, replication)])
    }

    /// Whether all replications together meet every objective.
    fn all(&mut self, step: u32) -> Result<bool, KneeError<E>> {
        self.run(&[(step, 0)])?;
        let wanted: Vec<(u32, u32)> = (0..self.replications()).map(|r| (step, r)).collect();
        self.run(&wanted)?;
        Ok(met(&self.whole(step)))
    }

    fn whole(&self, step: u32) -> Results {
        let mut parts = self.seen.range((step, 0)..=(step, u32::MAX)).map(|(_, r)| r);
        let mut whole = parts.next().expect("it was run").clone();
        parts.for_each(|part| whole.merge(part));
        whole.judge_again();
        whole
    }

    /// The steps that were run with all replications.
    fn tried(&self) -> BTreeMap<u32, bool> {
        let all = self.replications() as usize;
        let whole = |step: &u32| self.seen.range((*step, 0)..=(*step, u32::MAX)).count() == all;
        let steps: BTreeSet<u32> = self.seen.keys().map(|k| k.0).filter(whole).collect();
        steps.into_iter().map(|step| (step, met(&self.whole(step)))).collect()
    }
}

/// What objectives need: many results are kept at once.
fn slim(mut results: Results) -> Results {
    results.workloads.retain(|w| !w.objectives.is_empty());
    for w in &mut results.workloads {
        *w = crate::measure::WorkloadResults {
            name: std::mem::take(&mut w.name),
            offered: w.offered,
            ok: w.ok,
            errors: std::mem::take(&mut w.errors),
            unfinished: w.unfinished,
            overdue: w.overdue,
            latency_ok: std::mem::take(&mut w.latency_ok),
            objectives: std::mem::take(&mut w.objectives),
            ..crate::measure::WorkloadResults::default()
        };
    }
    Results {
        identity: results.identity,
        settings: results.settings,
        workloads: results.workloads,
        ..Results::default()
    }
}

fn met(results: &Results) -> bool {
    results.workloads.iter().flat_map(|w| &w.objectives).all(|o| o.met)
}
