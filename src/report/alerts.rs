//! What those who watch were told, and how long before objectives broke.

use super::findings::{float, runs};
use super::format::{self, mean_count, percent, span};
use super::table::Table;
use super::tables::{NONE, instant};
use crate::measure::{AlertResults, LevelSeen, Results, WorkloadResults};

/// How the replications of a workload and a level of an alert compare.
pub(crate) struct Lead<'r> {
    pub(crate) workload: &'r WorkloadResults,
    pub(crate) alert: &'r AlertResults,
    pub(crate) level: &'r LevelSeen,
    /// Replications in which the level came first: from it to the breach, ns, sorted.
    pub(crate) in_time: Vec<u64>,
    /// Breached without it, or before it.
    pub(crate) late: usize,
    /// Reached, and never breached.
    pub(crate) alone: usize,
}

/// For every workload with objectives, alert and level.
pub(crate) fn leads(r: &Results) -> Vec<Lead<'_>> {
    let judged = r.workloads.iter().filter(|w| !w.objectives.is_empty());
    let pairs = judged.flat_map(|w| r.alerts.iter().map(move |a| (w, a)));
    pairs.flat_map(|(w, a)| a.levels.iter().map(move |level| lead(r, w, a, level))).collect()
}

fn lead<'r>(
    r: &'r Results,
    workload: &'r WorkloadResults,
    alert: &'r AlertResults,
    level: &'r LevelSeen,
) -> Lead<'r> {
    let mut it = Lead { workload, alert, level, in_time: Vec::new(), late: 0, alone: 0 };
    for replication in &r.settings.replications {
        match (level.first.get(replication), workload.breached.get(replication)) {
            (Some(first), Some(breach)) if first <= breach => it.in_time.push(breach - first),
            (_, Some(_)) => it.late += 1,
            (Some(_), None) => it.alone += 1,
            (None, None) => {}
        }
    }
    it.in_time.sort_unstable();
    it
}

/// Levels and how often they were reached, those that were first.
pub(crate) fn levels(r: &Results) -> Table {
    let head = ["alert", "watches", "level", "from", "reached", "first", "time", "share"];
    let mut table = Table::new(3, head);
    let n = runs(&r.settings);
    let mut list: Vec<_> = r.alerts.iter().collect();
    list.sort_by_key(|a| a.levels.iter().all(|l| l.raised == 0));
    for alert in list {
        for level in &alert.levels {
            let ns = float(level.ns) / n;
            table.row([
                alert.name.clone(),
                alert.of.clone(),
                level.level.clone(),
                level.from.map_or("event".into(), percent),
                mean_count(float(level.raised) / n),
                median(level.first.values().copied().collect())
                    .map_or_else(|| NONE.into(), |at| instant(&r.settings, at)),
                span(ns),
                percent(ns / float(r.settings.horizon_ns)),
            ]);
        }
    }
    table
}

/// Leads of alerts on the breach of objectives, workloads that broke one first.
pub(crate) fn lead_times(r: &Results) -> Table {
    let head = [
        "workload", "breached", "first", "alert", "level", "in time", "lead p50", "least", "late",
        "alone",
    ];
    let mut table = Table::new(1, head);
    let all = r.settings.replications.len();
    let mut list = leads(r);
    list.sort_by_key(|lead| lead.workload.breached.is_empty());
    for it in list {
        let breached = &it.workload.breached;
        let of_all = |n: usize| format!("{} of {}", n, format::count(all as u64));
        table.row([
            it.workload.name.clone(),
            of_all(breached.len()),
            median(breached.values().copied().collect())
                .map_or_else(|| NONE.into(), |at| instant(&r.settings, at)),
            it.alert.name.clone(),
            it.level.level.clone(),
            it.in_time.len().to_string(),
            median(it.in_time.clone()).map_or_else(|| NONE.into(), |ns| span(float(ns))),
            it.in_time.first().map_or_else(|| NONE.into(), |ns| span(float(*ns))),
            it.late.to_string(),
            it.alone.to_string(),
        ]);
    }
    table
}

/// The middle one, the earlier of two.
fn median(mut list: Vec<u64>) -> Option<u64> {
    list.sort_unstable();
    list.get(list.len().saturating_sub(1) / 2).copied()
}
