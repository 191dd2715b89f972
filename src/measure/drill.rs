//! What drills found out: each failure against the base run of the same seed, ranked, and weighed by its
//! probability where lives are given.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::histogram::Histogram;
use super::recovery::Recovery;
use super::results::{BoundSeen, Headline, ObjectiveSeen, Results, SettingsSeen, WorkloadResults};
use super::stats::Interval;

/// Minutes in a year of 365 days.
const YEAR: f64 = 525_600.0;

/// What is drilled: plain data, so that results can be put together without the scenario.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DrillHead {
    /// Start of the failures, ns of simulated time.
    pub from_ns: u64,
    /// Their end.
    pub to_ns: u64,
    /// How much later than the scenario's run the drilled ones start, ns; 0 for whole runs.
    pub shift_ns: u64,
    /// Whether runs were cut to the time around the failure.
    pub cut: bool,
    /// Whether the scenario's own faults take place, too.
    pub kept_faults: bool,
    /// `black hole` or `reset`.
    pub manner: String,
    /// All failures that were asked for, in order.
    pub cases: Vec<DrillCase>,
    /// Long-run probability that everything is up; none where no lives are given.
    pub all_up: Option<f64>,
    /// Mean time in that state, hours.
    pub all_up_hours: Option<f64>,
    /// Elements without a life: taken to fail never, in all probabilities.
    pub without_life: Vec<String>,
    /// Elements whose failure is of no run: nothing that carries traffic needs them.
    pub idle: Vec<String>,
}

/// One failure that was asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DrillCase {
    /// `circuit.c1 + zone.a`.
    pub name: String,
    /// What fails.
    pub elements: Vec<String>,
    /// The position of its run; 0 is the base run.
    pub run: usize,
    /// Why it has no run of its own; none if it has.
    pub pruned: Option<String>,
    /// Long-run probability that just these are down by themselves; none unless all have lives.
    pub probability: Option<f64>,
    /// Mean length of that state, hours.
    pub hours: Option<f64>,
}

impl DrillHead {
    /// How many runs there are, the base run included.
    pub fn runs(&self) -> usize {
        self.cases.iter().map(|c| c.run + 1).max().unwrap_or(1).max(1)
    }

    /// Probability of all states that were looked at, all up included; none where no lives are given.
    pub fn mass(&self) -> Option<f64> {
        let drilled: f64 = self.cases.iter().filter_map(|c| c.probability).sum();
        self.all_up.map(|up| up + drilled)
    }
}

/// What a failure did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DrillSeen {
    /// Which.
    pub case: DrillCase,
    /// The link with the least free share of its capacity in a window of the failure, and that share.
    pub headroom: Option<(String, f64)>,
    /// Choices that noticed, in order of name.
    pub noticed: Vec<String>,
    /// By name.
    pub workloads: Vec<DrillWorkload>,
}

/// What a failure did to a workload. Times in ns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DrillWorkload {
    /// Its name.
    pub name: String,
    /// Verdicts over the whole run.
    pub objectives: Vec<ObjectiveSeen>,
    /// Objectives that the base run meets and this one misses.
    pub broken: usize,
    /// Whether no request ended `ok` in the second half of the failure, while the base run had some.
    pub cut_off: bool,
    /// Requests lost (failed or overdue) more than in the base run, per replication, paired; 95 %.
    pub lost: Option<Interval>,
    /// Requests that ended `ok`, but later than the tightest objective on latency allows, more than in the
    /// base run, paired; none without such an objective.
    pub delayed: Option<Interval>,
    /// Bytes carried in the windows of the failure, as a share of the base run's; none where that has none.
    pub carried: Option<f64>,
    /// Mean latency of `ok` requests less that of the base run, ns, paired.
    pub slower: Option<Interval>,
    /// Greatest latency of an `ok` request that ended since the failure.
    pub peak_ns: u64,
    /// The same in the base run.
    pub base_peak_ns: u64,
    /// The slowest recovery; none where no request met the failed branch of a choice.
    pub recovery: Option<RecoverySeen>,
    /// Who caught most of the requests that met the failure: a choice by its name, `client`, `repair` or
    /// `nobody`; none where none met it.
    pub caught_by: Option<String>,
    /// What that choice stands for: `dns`, `circuit`; empty where none did.
    pub caught_role: String,
    /// Time outside of its objectives during the failure.
    pub outside_ns: u64,
    /// After it.
    pub after_ns: u64,
    /// Share of the second half of the failure outside.
    pub settled: f64,
    /// Per window the share of requests that ended badly or too late; absent where none ended.
    pub bad_by_window: Vec<Option<f64>>,
}

/// Means over replications and branches, ns; the four parts sum to the total.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RecoverySeen {
    /// The choice.
    pub selector: String,
    /// Failure to the last new connection, or error, on the failed branch.
    pub total_ns: f64,
    /// Before the detection.
    pub detect_ns: f64,
    /// To the change of the record or choice.
    pub propagate_ns: f64,
    /// To the last new connection that took the branch.
    pub cache_ns: f64,
    /// To the last error.
    pub reconnect_ns: f64,
}

/// Expected time outside of its objectives of a workload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct YearSeen {
    /// The workload.
    pub workload: String,
    /// Minutes a year in the failures that were drilled.
    pub minutes: f64,
    /// Minutes a year while everything is up: the base run's share of the same time of its run.
    pub base_minutes: f64,
    /// At most so many more: all states that were not drilled, as if each were outside all the time.
    pub rest_minutes: f64,
}

/// All drills of a scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DrillResults {
    /// What was drilled.
    pub head: DrillHead,
    /// The base run, as one drill without failure.
    pub base: DrillSeen,
    /// Worst first: by workloads cut off, objectives broken, requests lost, requests delayed, name.
    pub drills: Vec<DrillSeen>,
    /// By workload; empty where no lives are given.
    pub year: Vec<YearSeen>,
}

impl DrillSeen {
    /// Whether it breaks an objective that the base run meets, or cuts a workload off.
    pub fn harms(&self) -> bool {
        self.workloads.iter().any(|w| w.broken > 0 || w.cut_off)
    }

    /// Whether any objective is missed.
    pub fn misses(&self) -> bool {
        self.workloads.iter().flat_map(|w| &w.objectives).any(|o| !o.met)
    }

    /// One element alone that harms.
    pub fn is_single_point(&self) -> bool {
        self.case.elements.len() == 1 && self.harms()
    }

    /// By which drills are ranked: greater is worse.
    fn weight(&self) -> (usize, usize, f64, f64) {
        let sum = |of: fn(&DrillWorkload) -> Option<Interval>| {
            self.workloads.iter().filter_map(of).map(|i| i.mean).sum::<f64>()
        };
        let broken = self.workloads.iter().map(|w| w.broken).sum();
        let cut_off = self.workloads.iter().filter(|w| w.cut_off).count();
        (cut_off, broken, sum(|w| w.lost), sum(|w| w.delayed))
    }

    /// A run beside the base run; both of the same replications.
    fn of(head: &DrillHead, case: DrillCase, base: &Results, seen: &Results) -> Self {
        let span = Span::of(head, &seen.settings);
        let workload = |w: &WorkloadResults| {
            let of_base = base.workloads.iter().find(|b| b.name == w.name);
            workload(&span, of_base.unwrap_or(w), w, seen)
        };
        // A choice that nobody asks is of no interest.
        let asked = |name: &str| {
            let it = seen.selectors.iter().find(|s| s.name == name);
            it.is_some_and(|s| s.chosen_by_window.iter().flatten().any(|n| *n > 0))
        };
        let mut noticed: Vec<String> = seen
            .gaps
            .iter()
            .filter(|g| g.fault == FAULT && g.detect.count() > 0 && asked(&g.selector))
            .map(|g| g.selector.clone())
            .collect();
        noticed.dedup();
        let workloads = seen.workloads.iter().map(workload).collect();
        Self { case, headroom: headroom(&span, seen), noticed, workloads }
    }
}

/// The fault's name in the runs: no scenario has one with a space.
pub const FAULT: &str = "the drill";

impl DrillResults {
    /// Puts runs together: number 0 is the base run, each other one that of the cases that name it.
    ///
    /// # Errors
    /// Whatever `run` fails with. Runs are asked for one at a time, in rising order.
    pub fn of<E>(
        head: &DrillHead,
        mut run: impl FnMut(usize) -> Result<Results, E>,
    ) -> Result<(Self, Results), E> {
        let base = run(0)?;
        let name = "no failure".to_owned();
        let (probability, hours) = (head.all_up, head.all_up_hours);
        let of_base = DrillCase { name, probability, hours, ..DrillCase::default() };
        let of_base = DrillSeen::of(head, of_base, &base, &base);
        let mut users: BTreeMap<usize, Vec<&DrillCase>> = BTreeMap::new();
        for case in &head.cases {
            users.entry(case.run).or_default().push(case);
        }
        let mut drills = Vec::new();
        for (number, cases) in users {
            let own = if number == 0 { None } else { Some(run(number)?) };
            let mut first: Option<DrillSeen> = None;
            for case in cases {
                let seen = match &first {
                    Some(first) => DrillSeen { case: case.clone(), ..first.clone() },
                    None => DrillSeen::of(head, case.clone(), &base, own.as_ref().unwrap_or(&base)),
                };
                first.get_or_insert_with(|| seen.clone());
                drills.push(seen);
            }
        }
        drills.sort_by(|a, b| {
            let ((a1, a2, a3, a4), (b1, b2, b3, b4)) = (a.weight(), b.weight());
            let counts = (b1, b2).cmp(&(a1, a2));
            let sums = b3.total_cmp(&a3).then(b4.total_cmp(&a4));
            counts.then(sums).then(a.case.name.cmp(&b.case.name))
        });
        let mut it = Self { head: head.clone(), base: of_base, drills, year: Vec::new() };
        it.year = it.a_year();
        Ok((it, base))
    }

    /// Whether any objective is missed in any run, the base run included.
    pub fn misses(&self) -> bool {
        std::iter::once(&self.base).chain(&self.drills).any(DrillSeen::misses)
    }

    /// Single failures that break an objective that the base run meets, or cut a workload off.
    pub fn single_points(&self) -> impl Iterator<Item = &DrillSeen> {
        self.drills.iter().filter(|d| d.is_single_point())
    }

    /// Whether a failure says more than its elements do one by one: it is of one element, or harms a workload
    /// more than any of its elements does alone, of those that were drilled.
    pub fn adds(&self, seen: &DrillSeen) -> bool {
        let alone = |d: &&DrillSeen| {
            d.case.elements.len() == 1 && seen.case.elements.contains(&d.case.elements[0])
        };
        let harm = |w: &DrillWorkload| (w.cut_off, w.broken);
        let told = |(i, w): (usize, &DrillWorkload)| {
            harm(w) == (false, 0)
                || self.drills.iter().filter(alone).any(|d| harm(&d.workloads[i]) >= harm(w))
        };
        seen.case.elements.len() == 1 || !seen.workloads.iter().enumerate().all(told)
    }

    /// The failures that add something, worst first.
    pub fn telling(&self) -> Vec<&DrillSeen> {
        self.drills.iter().filter(|d| self.adds(d)).collect()
    }

    /// The sum over states of their probability x the share of the time that a workload is outside of its
    /// objectives in them (Meyer 1980). The share is that of a state of mean length T: what the failure cost
    /// until its end and after it, and beyond its length the share of its second half.
    fn a_year(&self) -> Vec<YearSeen> {
        let Some(mass) = self.head.mass() else { return Vec::new() };
        let length = self.head.to_ns - self.head.from_ns;
        let minutes = |seen: &DrillSeen, i: usize| {
            let w = seen.workloads.get(i)?;
            Some(seen.case.probability? * share_outside(w, length, seen.case.hours?) * YEAR)
        };
        let of = |(i, w): (usize, &DrillWorkload)| YearSeen {
            workload: w.name.clone(),
            minutes: self.drills.iter().filter_map(|d| minutes(d, i)).sum(),
            base_minutes: self.head.all_up.unwrap_or(0.0) * w.outside_share(length) * YEAR,
            rest_minutes: (1.0 - mass).max(0.0) * YEAR,
        };
        self.base.workloads.iter().enumerate().map(of).collect()
    }
}

impl DrillWorkload {
    /// Share of the failure's time that was outside.
    fn outside_share(&self, length_ns: u64) -> f64 {
        if length_ns == 0 { 0.0 } else { float(self.outside_ns) / float(length_ns) }
    }
}

/// Share of a state of so many hours that is outside, from a failure of `length` ns.
fn share_outside(w: &DrillWorkload, length: u64, hours: f64) -> f64 {
    let state = hours * 3.6e12;
    let (length, after) = (float(length), float(w.after_ns));
    let during = float(w.outside_ns);
    let outside = if state >= length {
        during + w.settled * (state - length) + after
    } else {
        during.min(state) + after
    };
    (outside / state).min(1.0)
}

/// The windows of a failure.
struct Span {
    from_ns: u64,
    to_ns: u64,
    window_ns: u64,
    horizon_ns: u64,
    /// Windows that overlap it.
    during: std::ops::Range<usize>,
    /// Those of its second half.
    late: std::ops::Range<usize>,
    /// All windows.
    all: usize,
}

impl Span {
    fn of(head: &DrillHead, s: &SettingsSeen) -> Self {
        let (from_ns, to_ns) = (head.from_ns, head.to_ns.min(s.horizon_ns));
        let at = |ns: u64| usize::try_from(ns / s.window_ns).expect("checked at lowering");
        let end = usize::try_from(to_ns.div_ceil(s.window_ns)).expect("checked at lowering");
        let half = from_ns + (to_ns - from_ns) / 2;
        // Whole windows of the second half; the last one where none is whole.
        let whole = usize::try_from(half.div_ceil(s.window_ns)).expect("checked at lowering");
        let last = at(to_ns).max(at(from_ns) + 1);
        Self {
            from_ns,
            to_ns,
            window_ns: s.window_ns,
            horizon_ns: s.horizon_ns,
            during: at(from_ns)..end,
            late: whole.min(last - 1)..last,
            all: s.windows(),
        }
    }

    /// How much of window `i` lies in `from..to`.
    fn overlap(&self, i: usize, (from, to): (u64, u64)) -> u64 {
        let start = i as u64 * self.window_ns;
        let end = (start + self.window_ns).min(self.horizon_ns);
        end.min(to).saturating_sub(start.max(from))
    }
}

fn workload(
    span: &Span,
    base: &WorkloadResults,
    w: &WorkloadResults,
    seen: &Results,
) -> DrillWorkload {
    let outside: Vec<bool> = (0..span.all).map(|i| is_outside(w, i)).collect();
    let time = |range: std::ops::Range<usize>, of: (u64, u64)| -> u64 {
        range.filter(|i| outside[*i]).map(|i| span.overlap(i, of)).sum()
    };
    let met = |o: &ObjectiveSeen| base.objectives.iter().any(|b| b.text == o.text && b.met);
    let ok_late =
        |of: &WorkloadResults| span.late.clone().map(|i| at(&of.ok_by_window, i)).sum::<u64>();
    let bytes = |of: &WorkloadResults| -> u64 {
        span.during.clone().map(|i| at(&of.bytes_by_window, i)).fold(0, u64::saturating_add)
    };
    let settled = span.late.clone().filter(|i| outside[*i]).count();
    let peak = |of: &WorkloadResults| {
        of.latency_max_by_window.iter().skip(span.during.start).copied().max().unwrap_or(0)
    };
    let paired = |of: fn(&Headline) -> Option<f64>| {
        let pairs =
            w.by_replication.iter().map(|(r, h)| Some(of(h)? - of(base.by_replication.get(r)?)?));
        pairs.collect::<Option<Vec<f64>>>().and_then(|d| Interval::of_mean(&d, 0.95))
    };
    let (recovery, caught) = recovery(w, seen);
    let (caught_by, caught_role) = caught.unzip();
    DrillWorkload {
        name: w.name.clone(),
        broken: w.objectives.iter().filter(|o| !o.met && met(o)).count(),
        objectives: w.objectives.clone(),
        cut_off: ok_late(w) == 0 && ok_late(base) > 0,
        lost: paired(|h| Some(float(h.errors + h.overdue))),
        delayed: paired(|h| h.late.map(float)),
        carried: (bytes(base) > 0).then(|| float(bytes(w)) / float(bytes(base))),
        slower: paired(|h| h.mean_ns),
        peak_ns: peak(w),
        base_peak_ns: peak(base),
        recovery,
        caught_by,
        caught_role: caught_role.unwrap_or_default(),
        outside_ns: time(span.during.clone(), (span.from_ns, span.to_ns)),
        after_ns: time(span.during.end.saturating_sub(1)..span.all, (span.to_ns, u64::MAX)),
        settled: float(settled as u64) / float(span.late.len() as u64),
        bad_by_window: (0..span.all).map(|i| bad(w, i)).collect(),
    }
}

/// Errors of all causes in a window.
fn errors(w: &WorkloadResults, i: usize) -> u64 {
    w.errors_by_window.values().map(|list| at(list, i)).sum()
}

/// Whether a window is outside of the objectives: more of the requests that ended in it failed, or were late,
/// than an objective allows, or some were due and none ended. Never without objectives.
fn is_outside(w: &WorkloadResults, i: usize) -> bool {
    if w.objectives.is_empty() {
        return false;
    }
    let (ok, errors) = (at(&w.ok_by_window, i), errors(w, i));
    if ok + errors == 0 {
        // Nobody ended though somebody began, now or before, and is still at it.
        return at(&w.busy_us_by_window, i) > 0 && at(&w.offered_by_window, i) > 0;
    }
    let beyond = |some: u64, all: u64, share: f64| float(some) > float(all) * share * (1.0 + 1e-9);
    let mut late = w.late_by_window.iter();
    w.objectives.iter().any(|o| match o.bound {
        BoundSeen::Availability { share } => beyond(errors, ok + errors, 1.0 - share),
        BoundSeen::Latency { quantile, .. } => {
            late.next().is_some_and(|list| beyond(at(list, i), ok, 1.0 - quantile))
        }
    })
}

/// Share of the requests that ended in a window that failed, or were later than some objective allows.
fn bad(w: &WorkloadResults, i: usize) -> Option<f64> {
    let (ok, errors) = (at(&w.ok_by_window, i), errors(w, i));
    let late = w.late_by_window.iter().map(|list| at(list, i)).max().unwrap_or(0);
    (ok + errors > 0).then(|| float(errors + late) / float(ok + errors))
}

/// The slowest recovery of a workload, and who caught most of its requests with what that stands for.
fn recovery(
    w: &WorkloadResults,
    seen: &Results,
) -> (Option<RecoverySeen>, Option<(String, String)>) {
    let own = || seen.recoveries.iter().filter(|r| r.fault == FAULT && r.workload == w.name);
    let of = |r: &Recovery| {
        let mean = |h: &Histogram| h.mean().unwrap_or(0.0);
        RecoverySeen {
            selector: r.selector.clone(),
            total_ns: mean(&r.total),
            detect_ns: mean(&r.detect),
            propagate_ns: mean(&r.propagate),
            cache_ns: mean(&r.cache),
            reconnect_ns: mean(&r.reconnect),
        }
    };
    let slowest = own().map(of).max_by(|a, b| a.total_ns.total_cmp(&b.total_ns));
    let sum = |of: fn(&Recovery) -> u64| own().map(of).sum::<u64>();
    let mut catches: Vec<(&str, &str, u64)> =
        own().map(|r| (r.selector.as_str(), r.role.as_str(), r.by_choice)).collect();
    catches.push(("client", "", sum(|r| r.by_client)));
    catches.push(("repair", "", sum(|r| r.by_repair)));
    catches.push(("nobody", "", sum(|r| r.lost)));
    let most = catches.iter().map(|c| c.2).max().unwrap_or(0);
    let caught = catches.into_iter().find(|c| c.2 == most && most > 0);
    (slowest, caught.map(|(name, role, _)| (name.to_owned(), role.to_owned())))
}

/// The link with the least free share of its capacity in a window that lies in the failure; windows in which it
/// has none do not count. Of headline links, where there are any.
fn headroom(span: &Span, seen: &Results) -> Option<(String, f64)> {
    let any = seen.links.iter().any(|l| l.headline);
    let inside = |i: &usize| span.overlap(*i, (span.from_ns, span.to_ns)) == span.window_ns;
    let least = seen.links.iter().filter(|l| l.headline || !any).filter_map(|l| {
        let free = |i: usize| {
            let capacity = at(&l.capacity_by_window, i);
            (capacity > 0).then(|| 1.0 - float(at(&l.bytes_by_window, i)) / float(capacity))
        };
        let free = span.during.clone().filter(inside).filter_map(free).reduce(f64::min)?;
        Some((format!("{} {}", l.name, l.direction), free.max(0.0)))
    });
    least.min_by(|a, b| a.1.total_cmp(&b.1))
}

fn at(list: &[u64], i: usize) -> u64 {
    list.get(i).copied().unwrap_or(0)
}

#[expect(clippy::cast_precision_loss, reason = "counts and times to compare")]
const fn float(n: u64) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_longer_than_the_drill_goes_on_as_its_second_half() {
        let minute = 60_000_000_000;
        let mut w = DrillWorkload {
            name: "w".into(),
            objectives: vec![],
            broken: 0,
            cut_off: false,
            lost: None,
            delayed: None,
            carried: None,
            slower: None,
            peak_ns: 0,
            base_peak_ns: 0,
            recovery: None,
            caught_by: None,
            caught_role: String::new(),
            outside_ns: minute,
            after_ns: 0,
            settled: 0.0,
            bad_by_window: vec![],
        };
        // 1 minute of an hour, whatever the length of the drill.
        assert!((share_outside(&w, 10 * minute, 1.0) - 1.0 / 60.0).abs() < 1e-12);
        // Half of the time beyond 10 minutes: 1 + 25 of 60; and a minute after it.
        (w.settled, w.after_ns) = (0.5, minute);
        assert!((share_outside(&w, 10 * minute, 1.0) - 27.0 / 60.0).abs() < 1e-12);
        // A state of half a minute is outside from its beginning to its end.
        assert_eq!(share_outside(&w, 10 * minute, 1.0 / 120.0), 1.0);
    }
}
