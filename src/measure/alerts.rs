//! Alerts over a run: when which level was reached, and when workloads broke their objectives.
//!
//! Both are judged after a replication, from its windows: nothing is counted twice, and a run without
//! alerts pays nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::results::LinkResults;
use crate::plan::{Alert, Metric, Objective, Plan, Watched};

/// An alert and its levels.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AlertResults {
    /// Its name.
    pub name: String,
    /// What it watches, in words.
    pub of: String,
    /// In rising order.
    pub levels: Vec<LevelSeen>,
}

/// One level of an alert.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LevelSeen {
    /// Its word.
    pub level: String,
    /// Its threshold; none for an event.
    pub from: Option<f64>,
    /// How often it was reached, warm-up included; summed over replications as all counters are.
    pub raised: u64,
    /// Time at this level or above, ns.
    pub ns: u64,
    /// When it was reached first, in each replication that reached it, ns.
    pub first: BTreeMap<u32, u64>,
}

impl AlertResults {
    pub(super) fn merge(&mut self, other: &Self) {
        for (a, b) in self.levels.iter_mut().zip(&other.levels) {
            a.raised += b.raised;
            a.ns += b.ns;
            a.first.extend(&b.first);
        }
    }
}

/// When branches of the choices that alerts watch were believed down, from detection to detection.
#[derive(Debug)]
pub(super) struct Beliefs {
    watched: BTreeSet<u32>,
    open: BTreeMap<(u32, u32), u64>,
    /// (selector, from, to)
    found: Vec<(u32, u64, u64)>,
}

impl Beliefs {
    pub(super) fn new(plan: &Plan) -> Self {
        let watched = plan.alerts.iter().filter_map(|a| match a.on {
            Watched::Belief { selector } => Some(selector.0),
            Watched::Links { .. } => None,
        });
        Self { watched: watched.collect(), open: BTreeMap::new(), found: Vec::new() }
    }

    pub(super) fn flip(&mut self, selector: u32, branch: u32, up: bool, at: u64) {
        if !self.watched.contains(&selector) {
            return;
        }
        if !up {
            self.open.entry((selector, branch)).or_insert(at);
        } else if let Some(since) = self.open.remove(&(selector, branch)) {
            self.found.push((selector, since, at.max(since)));
        }
    }

    /// Up to the horizon, in order of time.
    pub(super) fn finish(mut self, horizon: u64) -> Vec<(u32, u64, u64)> {
        let open = self.open.into_iter().map(|((selector, _), since)| (selector, since, horizon));
        self.found.extend(open);
        self.found.sort_unstable_by_key(|(_, from, to)| (*from, *to));
        self.found
    }
}

/// The alerts of one replication, from its links in the plan's order and what was believed when.
pub(super) fn judge(
    plan: &Plan,
    replication: u32,
    links: &[[LinkResults; 2]],
    beliefs: &[(u32, u64, u64)],
) -> Vec<AlertResults> {
    let judged = |alert: &Alert| {
        let spans: Vec<Vec<(u64, u64)>> = match &alert.on {
            Watched::Links { links: which, metric, period, need, of } => {
                let sides: Vec<_> = which.iter().flat_map(|l| &links[l.index()]).collect();
                let values = by_period(&sides, *metric, period.nanos(), plan);
                let spans = |level: &crate::plan::Level| {
                    let counts = values.iter().map(|v| *v >= level.from);
                    held(&counts.collect::<Vec<_>>(), *need, *of, period.nanos())
                };
                alert.levels.iter().map(spans).collect()
            }
            Watched::Belief { selector } => {
                let own = beliefs.iter().filter(|b| b.0 == selector.0);
                vec![united(own.map(|(_, from, to)| (*from, *to)))]
            }
        };
        let event = matches!(alert.on, Watched::Belief { .. });
        let seen = |(level, spans): (&crate::plan::Level, Vec<(u64, u64)>)| {
            let mut it = level_seen(&spans, replication, plan);
            it.level.clone_from(&level.word);
            it.from = (!event).then_some(level.from);
            it
        };
        AlertResults {
            name: alert.name.clone(),
            of: alert.of.clone(),
            levels: alert.levels.iter().zip(spans).map(seen).collect(),
        }
    };
    plan.alerts.iter().map(judged).collect()
}

/// Spans in order of time, as long as any of them lasts: one where they meet.
fn united(spans: impl Iterator<Item = (u64, u64)>) -> Vec<(u64, u64)> {
    let mut all: Vec<(u64, u64)> = Vec::new();
    for (from, to) in spans {
        match all.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => all.push((from, to)),
        }
    }
    all
}

/// The greatest share of each whole period over some links' directions.
fn by_period(sides: &[&LinkResults], metric: Metric, period: u64, plan: &Plan) -> Vec<f64> {
    let windows = windows_of(period, plan);
    let periods = usize::try_from(plan.settings.horizon.nanos() / period).expect("windows fit");
    let value = |side: &LinkResults, j: usize| {
        let sum = |list: &[u64]| {
            let part = list.get(j * windows..(j + 1) * windows).unwrap_or(&[]);
            part.iter().map(|n| u128::from(*n)).sum::<u128>()
        };
        let carried = sum(&side.bytes_by_window);
        match metric {
            Metric::Used => share(carried, sum(&side.capacity_by_window)),
            Metric::Full => share(sum(&side.full_ns_by_window), u128::from(period)),
            Metric::Lost => {
                let lost = sum(&side.lost_by_window);
                share(lost, lost + carried)
            }
        }
    };
    let most = |j: usize| sides.iter().map(|side| value(side, j)).fold(0.0, f64::max);
    (0..periods).map(most).collect()
}

fn windows_of(period: u64, plan: &Plan) -> usize {
    usize::try_from(period / plan.settings.window.nanos()).expect("windows fit")
}

#[expect(clippy::cast_precision_loss, reason = "a share")]
fn share(part: u128, whole: u128) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// From when to when `need` of the last `of` periods count; judged at their ends.
fn held(counts: &[bool], need: u32, of: u32, period: u64) -> Vec<(u64, u64)> {
    let mut spans: Vec<(u64, u64)> = Vec::new();
    let mut among = 0;
    for j in 0..counts.len() {
        among += u32::from(counts[j]);
        if let Some(gone) = j.checked_sub(of as usize) {
            among -= u32::from(counts[gone]);
        }
        if among < need {
            continue;
        }
        let (from, to) = ((j as u64 + 1) * period, (j as u64 + 2) * period);
        match spans.last_mut() {
            Some(last) if last.1 == from => last.1 = to,
            _ => spans.push((from, to)),
        }
    }
    spans
}

/// What spans of time at a level come to. One that begins with the end of the run tells nobody.
fn level_seen(spans: &[(u64, u64)], replication: u32, plan: &Plan) -> LevelSeen {
    let horizon = plan.settings.horizon.nanos();
    let mut it = LevelSeen::default();
    for &(from, to) in spans.iter().filter(|s| s.0 < horizon) {
        let to = to.min(horizon);
        it.raised += 1;
        it.ns += to - from;
        let first = it.first.entry(replication).or_insert(from);
        *first = from.min(*first);
    }
    it
}

/// What a workload's objectives are judged by, period by period, beside its errors.
#[derive(Debug, Default)]
pub(super) struct Late {
    /// Of each objective on latency: requests that ended well and later than that, by window.
    lists: Vec<(u64, f64, Vec<u64>)>,
    /// Those that are in the statistics and later than the tightest.
    counted: u64,
}

impl Late {
    pub(super) fn new(plan: &Plan, objectives: &[Objective], windows: usize) -> Self {
        let of = |o: &Objective| match o {
            Objective::Latency { quantile, limit } => {
                Some((limit.nanos(), *quantile, vec![0; windows]))
            }
            Objective::Availability { .. } => None,
        };
        let watched = !plan.alerts.is_empty() || plan.settings.count_late;
        let lists = objectives.iter().filter(|_| watched).filter_map(of).collect();
        Self { lists, counted: 0 }
    }

    pub(super) fn ended(&mut self, latency: u64, window: usize) {
        for (limit, _, list) in &mut self.lists {
            list[window] += u64::from(latency > *limit);
        }
    }

    /// A request that is in the statistics.
    pub(super) fn count(&mut self, latency: u64) {
        self.counted += u64::from(self.lists.iter().any(|l| latency > l.0));
    }

    /// How many were later than the tightest objective allows; none without one.
    pub(super) fn counted(&self) -> Option<u64> {
        (!self.lists.is_empty()).then_some(self.counted)
    }

    /// By objective on latency, in their order: late requests by window.
    pub(super) fn by_window(self) -> Vec<Vec<u64>> {
        self.lists.into_iter().map(|(_, _, list)| list).collect()
    }

    /// The end of the first period, after the warm-up, in which more requests failed, or were late, than
    /// some objective allows. Periods are the shortest of the alerts'.
    pub(super) fn breached(
        &self,
        plan: &Plan,
        objectives: &[Objective],
        ok: &[u64],
        errors: &[u64],
    ) -> Option<u64> {
        let period = plan.alerts.iter().map(|a| match &a.on {
            Watched::Links { period, .. } => period.nanos(),
            Watched::Belief { .. } => u64::MAX,
        });
        let window = plan.settings.window.nanos();
        let period = match period.min()? {
            u64::MAX => window,
            period => period,
        };
        let n = windows_of(period, plan);
        let periods = plan.settings.horizon.nanos() / period;
        let first = plan.settings.warmup.nanos().div_ceil(period);
        let broken = |j: &u64| {
            let from = usize::try_from(*j).expect("windows fit") * n;
            let sum = |list: &[u64]| list[from..from + n].iter().sum::<u64>();
            let (ok, errors) = (sum(ok), sum(errors));
            let failed = objectives.iter().any(|o| match o {
                Objective::Availability { share } => beyond(errors, ok + errors, 1.0 - share),
                Objective::Latency { .. } => false,
            });
            failed || self.lists.iter().any(|(_, q, late)| beyond(sum(late), ok, 1.0 - q))
        };
        (first..periods).find(broken).map(|j| (j + 1) * period)
    }
}

/// Whether more of all than this share, but for rounding.
#[expect(clippy::cast_precision_loss, reason = "a share of counts")]
fn beyond(some: u64, all: u64, share: f64) -> bool {
    some as f64 > all as f64 * share * (1.0 + 1e-9)
}

#[cfg(test)]
mod tests {
    use super::{held, united};

    #[test]
    fn spans_that_meet_are_one() {
        let all = [(0, 5), (3, 8), (8, 9), (12, 13), (12, 20)];
        assert_eq!(united(all.into_iter()), [(0, 9), (12, 20)]);
    }

    #[test]
    fn a_level_holds_while_enough_of_the_last_periods_count() {
        let counts = |text: &str| text.chars().map(|c| c == 'x').collect::<Vec<_>>();
        // Three in a row: at the end of the third, and one period more after the last.
        assert_eq!(held(&counts("..xxx.."), 3, 3, 10), [(50, 60)]);
        assert_eq!(held(&counts("..xxxx.."), 3, 3, 10), [(50, 70)]);
        // Two of three: the gap does not end it, two gaps do.
        assert_eq!(held(&counts("x.x..xx"), 2, 3, 10), [(30, 40), (70, 80)]);
        assert_eq!(held(&counts("x.x.x"), 2, 3, 10), [(30, 40), (50, 60)]);
        assert_eq!(held(&counts("xx"), 1, 1, 10), [(10, 30)]);
        assert!(held(&counts("x.x.x.x"), 2, 2, 10).is_empty());
    }
}
