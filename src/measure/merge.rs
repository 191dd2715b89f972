//! Putting results together, and judging the whole.

use crate::plan::{Objective, Plan};
use crate::units::Span;

use super::results::{BoundSeen, ObjectiveSeen, Results, WorkloadResults};

impl Results {
    /// Adds the replications of `other`, which must be of the same scenario and others than these.
    /// Exact, and in any order the same.
    ///
    /// # Panics
    /// If the two are not of one scenario or share a replication: the caller's bug.
    pub fn merge(&mut self, other: &Self) {
        assert_eq!(self.identity, other.identity, "results of one scenario are merged");
        let mine = &mut self.settings.replications;
        assert!(
            other.settings.replications.iter().all(|r| !mine.contains(r)),
            "a replication counts once"
        );
        mine.extend(&other.settings.replications);
        mine.sort_unstable();
        for (a, b) in self.workloads.iter_mut().zip(&other.workloads) {
            merge_workload(a, b);
        }
        for (a, b) in self.links.iter_mut().zip(&other.links) {
            add(&mut a.bytes_by_window, &b.bytes_by_window);
            add(&mut a.capacity_by_window, &b.capacity_by_window);
            add(&mut a.full_ns_by_window, &b.full_ns_by_window);
            add(&mut a.lost_by_window, &b.lost_by_window);
            a.peak_bps = a.peak_bps.max(b.peak_bps);
        }
        for (a, b) in self.pools.iter_mut().zip(&other.pools) {
            add(&mut a.used_us_by_window, &b.used_us_by_window);
            add(&mut a.size_us_by_window, &b.size_us_by_window);
            a.asked += b.asked;
            a.refused += b.refused;
            a.timed_out += b.timed_out;
            a.peak = a.peak.max(b.peak);
            a.waits.merge(&b.waits);
        }
        for (a, b) in self.stations.iter_mut().zip(&other.stations) {
            add(&mut a.busy_us_by_window, &b.busy_us_by_window);
            add(&mut a.servers_us_by_window, &b.servers_us_by_window);
            a.arrived += b.arrived;
            a.refused += b.refused;
            a.timed_out += b.timed_out;
            a.served += b.served;
            a.peak_queue = a.peak_queue.max(b.peak_queue);
            a.waits.merge(&b.waits);
        }
        self.scalers.iter_mut().zip(&other.scalers).for_each(|(a, b)| a.merge(b));
        for (a, b) in self.selectors.iter_mut().zip(&other.selectors) {
            a.chosen_by_window.iter_mut().zip(&b.chosen_by_window).for_each(|(a, b)| add(a, b));
            a.stale_by_window.iter_mut().zip(&b.stale_by_window).for_each(|(a, b)| add(a, b));
            a.moved += b.moved;
        }
        self.gates.iter_mut().zip(&other.gates).for_each(|(a, b)| a.merge(b));
        self.outages.iter_mut().zip(&other.outages).for_each(|(a, b)| a.merge(b));
        self.alerts.iter_mut().zip(&other.alerts).for_each(|(a, b)| a.merge(b));
        for gap in &other.gaps {
            match self
                .gaps
                .iter_mut()
                .find(|g| (&g.fault, &g.selector) == (&gap.fault, &gap.selector))
            {
                None => self.gaps.push(gap.clone()),
                Some(mine) => {
                    mine.detect.merge(&gap.detect);
                    mine.propagate.merge(&gap.propagate);
                    mine.cache.merge(&gap.cache);
                    mine.reconnect.merge(&gap.reconnect);
                }
            }
        }
        for theirs in &other.recoveries {
            match self.recoveries.iter_mut().find(|r| r.key() == theirs.key()) {
                None => self.recoveries.push(theirs.clone()),
                Some(mine) => mine.merge(theirs),
            }
        }
        self.sort();
    }

    /// Judges the plan's objectives on everything merged so far.
    pub fn judge(&mut self, plan: &Plan) {
        for it in &mut self.workloads {
            let spec = plan.workloads.iter().find(|w| w.name == it.name);
            it.objectives =
                spec.map_or(&[][..], |s| &s.objectives).iter().map(|o| judged(o, it)).collect();
        }
    }

    /// Judges the same objectives again, on everything merged since.
    pub fn judge_again(&mut self) {
        for it in &mut self.workloads {
            let again = |seen: &ObjectiveSeen| judged(&demanded(seen.bound), it);
            it.objectives = it.objectives.iter().map(again).collect();
        }
    }

    pub(super) fn sort(&mut self) {
        self.workloads.sort_by(|a, b| a.name.cmp(&b.name));
        self.links.sort_by(|a, b| (&a.name, &b.direction).cmp(&(&b.name, &a.direction)));
        self.pools.sort_by(|a, b| a.name.cmp(&b.name));
        self.stations.sort_by(|a, b| a.name.cmp(&b.name));
        self.scalers.sort_by(|a, b| a.name.cmp(&b.name));
        self.selectors.sort_by(|a, b| a.name.cmp(&b.name));
        self.gates.sort_by(|a, b| a.name.cmp(&b.name));
        self.outages.sort_by(|a, b| a.name.cmp(&b.name));
        self.alerts.sort_by(|a, b| a.name.cmp(&b.name));
        self.gaps.sort_by(|a, b| (&a.fault, &a.selector).cmp(&(&b.fault, &b.selector)));
        self.recoveries.sort_by(|a, b| a.key().cmp(&b.key()));
        for w in &mut self.workloads {
            w.binding.sort_by(|a, b| a.limit.cmp(&b.limit));
        }
    }
}

pub(super) fn add(to: &mut [u64], from: &[u64]) {
    // Saturation is beyond 5e5 years of one unit: a number that large is not read as one.
    to.iter_mut().zip(from).for_each(|(a, b)| *a = a.saturating_add(*b));
}

fn merge_workload(a: &mut WorkloadResults, b: &WorkloadResults) {
    a.offered += b.offered;
    a.ok += b.ok;
    a.unfinished += b.unfinished;
    a.overdue += b.overdue;
    a.retries += b.retries;
    a.duplicates += b.duplicates;
    a.connections += b.connections;
    a.short += b.short;
    if let (Some(a), Some(b)) = (&mut a.jobs, &b.jobs) {
        a.merge(b);
    }
    for (cause, n) in &b.errors {
        *a.errors.entry(cause.clone()).or_default() += n;
    }
    a.latency_ok.merge(&b.latency_ok);
    a.latency_all.merge(&b.latency_all);
    a.throughput.merge(&b.throughput);
    for (phase, histogram) in &b.phases {
        a.phases.entry(phase.clone()).or_default().merge(histogram);
    }
    add(&mut a.offered_by_window, &b.offered_by_window);
    add(&mut a.ok_by_window, &b.ok_by_window);
    a.late_by_window.iter_mut().zip(&b.late_by_window).for_each(|(a, b)| add(a, b));
    add(&mut a.bytes_by_window, &b.bytes_by_window);
    add(&mut a.latency_sum_us_by_window, &b.latency_sum_us_by_window);
    add(&mut a.busy_us_by_window, &b.busy_us_by_window);
    for (mine, theirs) in a.latency_max_by_window.iter_mut().zip(&b.latency_max_by_window) {
        *mine = (*mine).max(*theirs);
    }
    for (cause, windows) in &b.errors_by_window {
        let mine =
            a.errors_by_window.entry(cause.clone()).or_insert_with(|| vec![0; windows.len()]);
        add(mine, windows);
    }
    for theirs in &b.binding {
        match a.binding.iter_mut().find(|m| m.limit == theirs.limit) {
            Some(mine) => add(&mut mine.flow_ns_by_window, &theirs.flow_ns_by_window),
            None => a.binding.push(theirs.clone()),
        }
    }
    a.breached.extend(&b.breached);
    a.by_replication.extend(b.by_replication.iter().map(|(r, h)| (*r, *h)));
}

/// The objective of a verdict.
fn demanded(bound: BoundSeen) -> Objective {
    match bound {
        BoundSeen::Availability { share } => Objective::Availability { share },
        BoundSeen::Latency { quantile, limit_ns } => {
            Objective::Latency { quantile, limit: Span::from_nanos(limit_ns) }
        }
    }
}

/// The verdict on one objective. Availability counts what was offered and ended; a workload
/// without any ended request meets nothing.
fn judged(objective: &Objective, it: &WorkloadResults) -> ObjectiveSeen {
    let percent = |x: f64| crate::units::Ratio::new(x).to_string();
    let ms = |ns: u64| Span::from_nanos(ns).to_string();
    match objective {
        Objective::Availability { share } => {
            let seen = it.availability();
            ObjectiveSeen {
                text: format!("availability at least {}", percent(*share)),
                // Cut, not rounded: 99.99999 % is not all.
                measured: seen.map_or("no request ended".into(), |x| {
                    format!("{:.4} %", (x * 1e6).floor() / 1e4)
                }),
                met: seen.is_some_and(|x| x >= *share),
                bound: BoundSeen::Availability { share: *share },
            }
        }
        Objective::Latency { quantile, limit } => {
            let seen = it.latency_ok.quantile(*quantile);
            let name = format!("p{}", percent(*quantile).trim_end_matches(" %"));
            ObjectiveSeen {
                text: format!("{name} latency at most {limit}"),
                measured: seen.map_or("no request ended ok".into(), ms),
                met: seen.is_some_and(|ns| ns <= limit.nanos()),
                bound: BoundSeen::Latency { quantile: *quantile, limit_ns: limit.nanos() },
            }
        }
    }
}
