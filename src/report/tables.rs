//! The tables that the terminal and the page share.

use std::collections::BTreeSet;

use super::findings::{self, LADDER, binding_in_rows, float, links_in_rows, runs};
use super::format::{
    self, mean_count, percent, rate, rate_unit, setting, span, span_unit, with_half,
};
use super::table::Table;
use crate::measure::{GateResults, Histogram, PoolResults, Results, SettingsSeen, WorkloadResults};

pub(super) const NONE: &str = "-";

/// A point of time: of the day where the scenario has one, since the start otherwise.
pub(crate) fn instant(s: &SettingsSeen, ns: u64) -> String {
    let secs = (s.start_of_day_ns.saturating_add(ns)) / 1_000_000_000;
    let (day, h, m, sec) = (secs / 86_400, secs / 3_600 % 24, secs / 60 % 60, secs % 60);
    if s.start_of_day_ns == 0 {
        return setting(ns);
    }
    let day = if day > 0 { format!("day {} ", day + 1) } else { String::new() };
    let sec = if !s.window_ns.is_multiple_of(60_000_000_000) {
        format!(":{sec:02}")
    } else {
        String::new()
    };
    format!("{day}{h:02}:{m:02}{sec}")
}

/// [`instant`] in a sentence: seconds only where there are any.
pub(crate) fn moment(s: &SettingsSeen, ns: u64) -> String {
    let text = instant(s, ns);
    match text.strip_suffix(":00") {
        Some(short) if short.contains(':') => short.into(),
        _ => text,
    }
}

fn quantile(h: &Histogram, q: f64) -> String {
    h.quantile(q).map_or_else(|| NONE.into(), |v| span(float(v)))
}

/// Requests, availability and delivered rate per workload, means per replication.
pub(crate) fn traffic(r: &Results) -> Table {
    let head = [
        "workload",
        "offered",
        "ok",
        "availability",
        "errors",
        "retries",
        "mean rate",
        "p95 window",
    ];
    let mut table = Table::new(1, head);
    let n = runs(&r.settings);
    for w in &r.workloads {
        let rate_text = findings::throughput(&r.settings, w)
            .map_or_else(|| NONE.into(), |e| with_half(e.point, e.half, rate_unit(e.point)));
        table.row([
            w.name.clone(),
            mean_count(float(w.offered) / n),
            mean_count(float(w.ok) / n),
            findings::availability(w)
                .map_or_else(|| NONE.into(), |e| format::availability(e.point, e.half)),
            mean_count(float(w.errors_total()) / n),
            mean_count(float(w.retries) / n),
            rate_text,
            w.throughput.quantile(0.95).map_or_else(|| NONE.into(), |v| rate(float(v))),
        ]);
    }
    table
}

/// Percentiles of the ok latencies per workload with their intervals.
pub(crate) fn latency(r: &Results, with_p95: bool) -> Table {
    let ladder: Vec<_> = LADDER.iter().filter(|l| with_p95 || l.1 != "p95").collect();
    let mut table = Table { left: 1, ..Table::default() };
    table.head.push("workload".into());
    table.head.extend(ladder.iter().map(|l| l.1.to_owned()));
    table.head.push("max".into());
    for w in &r.workloads {
        let mut row = vec![w.name.clone()];
        for (q, _) in &ladder {
            row.push(
                findings::latency(w, *q).map_or_else(
                    || NONE.into(),
                    |e| with_half(e.point, e.half, span_unit(e.point)),
                ),
            );
        }
        row.push(quantile(&w.latency_ok, 1.0));
        table.rows.push(row);
    }
    table
}

/// Jobs, then their stages, per workload: how often done, what reruns made again, how long they took.
pub(crate) fn jobs(r: &Results) -> Table {
    let head = [
        "workload",
        "stage",
        "done",
        "failed",
        "unfinished",
        "instances",
        "reruns",
        "made again",
        "duplicates",
        "p50",
        "p90",
        "max",
    ];
    let mut table = Table::new(2, head);
    let n = runs(&r.settings);
    let mean = |count: u64| mean_count(float(count) / n);
    let none = || NONE.to_owned();
    let found = r.workloads.iter().filter_map(|w| w.jobs.as_ref().map(|jobs| (w, jobs)));
    for (w, jobs) in found {
        // Of one that each run has at most, those that are not over take longer than all that are known
        // to have taken. Of several, the last may just have begun: the others are told.
        let times = |h: &Histogram, unfinished: u64| {
            let all = h.count() + unfinished;
            let known = match float(all) > n {
                true => 1.0,
                false => float(h.count()) / float(all.max(1)),
            };
            [0.5, 0.9, 1.0].map(|q| match q > known {
                true => "past the end".into(),
                false => quantile(h, q / known),
            })
        };
        let [p50, p90, max] = times(&jobs.time, jobs.unfinished);
        table.row([
            w.name.clone(),
            "(all)".into(),
            mean(jobs.done),
            mean(jobs.failed),
            mean(jobs.unfinished),
            mean(jobs.stages.iter().map(|s| s.instances).sum()),
            mean(jobs.reruns().iter().sum()),
            mean(jobs.repeated),
            mean(jobs.duplicates),
            p50,
            p90,
            max,
        ]);
        for s in &jobs.stages {
            let [p50, p90, max] = times(&s.time, s.unfinished);
            table.row([
                w.name.clone(),
                s.name.clone(),
                mean(s.done),
                none(),
                mean(s.unfinished),
                mean(s.instances),
                mean(s.lost + s.errors),
                none(),
                none(),
                p50,
                p90,
                max,
            ]);
        }
    }
    table
}

/// Errors by workload and cause, largest first; without those that never happened.
pub(crate) fn errors(r: &Results) -> Table {
    let mut table = Table::new(2, ["workload", "cause", "errors", "of ended"]);
    for w in &r.workloads {
        let mut causes: Vec<_> = w.errors.iter().filter(|e| *e.1 > 0).collect();
        causes.sort_by_key(|e| std::cmp::Reverse(e.1));
        for (cause, n) in causes {
            table.row([
                w.name.clone(),
                cause.replace('_', " "),
                mean_count(float(*n) / runs(&r.settings)),
                percent(findings::share(*n, w.ok + w.errors_total()).unwrap_or(0.0)),
            ]);
        }
    }
    table
}

/// What held each workload back; the shares of one workload sum to 100.0 %.
pub(crate) fn binding(r: &Results) -> Table {
    let mut table = Table::new(2, ["workload", "limit", "share of flow time"]);
    for w in &r.workloads {
        for (limit, permille) in binding_in_rows(r, w).into_iter().filter(|b| b.1 > 0) {
            table.row([w.name.clone(), limit, format!("{}.{} %", permille / 10, permille % 10)]);
        }
    }
    table
}

/// Faults in order of start.
pub(crate) fn faults(r: &Results) -> Table {
    let one = match findings::events(r) {
        "Faults" => "fault",
        "Changes" => "change",
        _ => "fault or change",
    };
    let mut table = Table::new(2, [one, "what", "from", "for"]);
    for f in &r.faults {
        // A change lasts until another one.
        let length = match f.planned {
            true => NONE.to_owned(),
            false => setting(f.to_ns.saturating_sub(f.from_ns)),
        };
        table.row([f.name.clone(), f.label.clone(), instant(&r.settings, f.from_ns), length]);
    }
    table
}

/// Belief-truth gaps, `median / max` of each part.
pub(crate) fn gaps(r: &Results) -> Table {
    let head = ["fault", "selector", "detector", "detect", "propagate", "cache", "reconnect"];
    let mut table = Table::new(3, head);
    let both = |h: &Histogram| match (h.quantile(0.5), h.max()) {
        (Some(p50), Some(max)) if p50 == max => span(float(max)),
        (Some(p50), Some(max)) => format!("{} / {}", span(float(p50)), span(float(max))),
        _ => NONE.into(),
    };
    for g in &r.gaps {
        table.row([
            g.fault.clone(),
            g.selector.clone(),
            g.detector.clone(),
            both(&g.detect),
            both(&g.propagate),
            both(&g.cache),
            both(&g.reconnect),
        ]);
    }
    table
}

/// How each workload came off what failed: `median / max` of the whole and its parts, and how many
/// requests were caught by whom.
pub(crate) fn recoveries(r: &Results) -> Table {
    let head = [
        "fault",
        "selector",
        "level",
        "workload",
        "recovered in",
        "detect",
        "propagate",
        "cache",
        "reconnect",
        "by level",
        "by client",
        "by repair",
        "lost",
    ];
    let mut table = Table::new(4, head);
    let both = |h: &Histogram| match (h.quantile(0.5), h.max()) {
        (Some(p50), Some(max)) if p50 == max => span(float(max)),
        (Some(p50), Some(max)) => format!("{} / {}", span(float(p50)), span(float(max))),
        _ => NONE.into(),
    };
    let n = runs(&r.settings);
    for it in &r.recoveries {
        table.row([
            it.fault.clone(),
            it.selector.clone(),
            findings::level(&it.role).to_owned(),
            it.workload.clone(),
            both(&it.total),
            both(&it.detect),
            both(&it.propagate),
            both(&it.cache),
            both(&it.reconnect),
            mean_count(float(it.by_choice) / n),
            mean_count(float(it.by_client) / n),
            mean_count(float(it.by_repair) / n),
            mean_count(float(it.lost) / n),
        ]);
    }
    table
}

/// States that gates were in, with their share of the run and who was turned away; without those that
/// were open all the time.
pub(crate) fn states(r: &Results) -> Table {
    let mut table = Table::new(3, ["of", "state", "cause", "time", "share", "entered", "dropped"]);
    let n = runs(&r.settings);
    // The open state is the first. What was shut from end to end explains why nothing got through.
    let was_shut = |g: &&GateResults| g.states.iter().skip(1).any(|s| s.entered > 0);
    for gate in r.gates.iter().filter(was_shut) {
        for s in gate.states.iter().filter(|s| s.entered > 0) {
            let ns = float(s.ns) / n;
            table.row([
                gate.name.clone(),
                s.state.clone(),
                if s.cause.is_empty() { NONE.into() } else { s.cause.clone() },
                span(ns),
                percent(ns / float(r.settings.horizon_ns)),
                mean_count(float(s.entered) / n),
                mean_count(float(s.dropped) / n),
            ]);
        }
    }
    table
}

/// What failed at random, those with most time down first.
pub(crate) fn outages(r: &Results) -> Table {
    let mut table = Table::new(2, ["element", "kind", "outages", "down", "share", "longest"]);
    let n = runs(&r.settings);
    let mut list: Vec<_> = r.outages.iter().collect();
    list.sort_by_key(|o| std::cmp::Reverse(o.down_ns));
    for it in list {
        let ns = float(it.down_ns) / n;
        table.row([
            it.name.clone(),
            it.label.clone(),
            mean_count(float(it.outages) / n),
            span(ns),
            percent(ns / float(r.settings.horizon_ns)),
            span(float(it.longest_ns)),
        ]);
    }
    table
}

/// Links by their fullest window.
pub(crate) fn links(r: &Results) -> Table {
    let head = ["link", "role", "busiest window", "at", "mean", "time full", "peak rate", "lost"];
    let mut table = Table::new(2, head);
    let s = &r.settings;
    let measured = (0..findings::windows(s)).find(|i| findings::is_measured(s, *i)).unwrap_or(0);
    for (link, label, peak, i) in links_in_rows(r) {
        let full = findings::sum(link.full_ns_by_window.iter().skip(measured));
        let lost = findings::share(findings::sum(&link.lost_by_window), 1_u64).unwrap_or(0.0);
        let len: u64 = (measured..findings::windows(s)).map(|i| s.window_len(i)).sum();
        table.row([
            label,
            link.role.clone(),
            percent(peak),
            instant(s, i as u64 * s.window_ns),
            findings::utilization(link, measured..findings::windows(s))
                .map_or_else(|| NONE.into(), percent),
            percent(findings::share(full, len).unwrap_or(0.0) / runs(s)),
            rate(float(link.peak_bps)),
            if lost == 0.0 { NONE.into() } else { bytes(lost / runs(s)) },
        ]);
    }
    table
}

/// An amount of data: `1.23 GB`.
fn bytes(b: f64) -> String {
    const UNITS: [(f64, &str); 5] =
        [(1.0, "B"), (1e3, "kB"), (1e6, "MB"), (1e9, "GB"), (1e12, "TB")];
    let (factor, unit) = UNITS.into_iter().rev().find(|u| b >= u.0).unwrap_or(UNITS[0]);
    format!("{} {unit}", format::sig3(b / factor))
}

/// What the ports of several addresses to one destination have in common: `maxcompute.etl.ports` and
/// `backend.db` of `maxcompute.etl.ports-3.to.backend.db`.
fn address_of(pool: &PoolResults) -> Option<(&str, &str)> {
    let (owner, rest) = pool.name.split_once(".ports-")?;
    let (number, to) = rest.split_once(".to.")?;
    let is_number = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    is_number.then_some((owner, to))
}

/// Pools, those that refused or made wait first; those of the addresses of one proxy to one destination
/// are one row, with the peak of the fullest.
pub(crate) fn pools(r: &Results) -> Table {
    let head = ["pool", "units", "peak", "asked", "refused", "timed out", "p99 wait"];
    let mut table = Table::new(1, head);
    let n = runs(&r.settings);
    let mut list: Vec<(String, String, PoolResults)> = Vec::new();
    for p in &r.pools {
        let Some((owner, to)) = address_of(p) else {
            list.push((p.name.clone(), format::count(p.units), p.clone()));
            continue;
        };
        let name = format!("{owner}.ports.to.{to}");
        if let Some((_, _, all)) = list.iter_mut().find(|row| row.0 == name) {
            all.peak = all.peak.max(p.peak);
            all.asked += p.asked;
            all.refused += p.refused;
            all.timed_out += p.timed_out;
            continue;
        }
        let addresses: BTreeSet<&str> = r
            .pools
            .iter()
            .filter(|p| address_of(p) == Some((owner, to)))
            .filter_map(|p| p.name.split_once(".ports-")?.1.split('.').next())
            .collect();
        let units = format!("{} x {}", addresses.len(), format::count(p.units));
        list.push((name, units, p.clone()));
    }
    list.sort_by_key(|(_, _, p)| std::cmp::Reverse(p.refused + p.timed_out));
    for (name, units, p) in list {
        table.row([
            name,
            units,
            format::count(p.peak),
            mean_count(float(p.asked) / n),
            mean_count(float(p.refused) / n),
            mean_count(float(p.timed_out) / n),
            quantile(&p.waits, 0.99),
        ]);
    }
    table
}

/// Stations, those that refused first.
pub(crate) fn stations(r: &Results) -> Table {
    let head =
        ["station", "servers", "busy", "arrived", "refused", "timed out", "peak queue", "p99 wait"];
    let mut table = Table::new(1, head);
    let s = &r.settings;
    let mut list: Vec<_> = r.stations.iter().collect();
    list.sort_by_key(|p| std::cmp::Reverse(p.refused + p.timed_out));
    for st in list {
        let busy = findings::share(findings::sum(&st.busy_us_by_window), s.horizon_ns)
            .map_or(0.0, |us| us * 1e3 / runs(s));
        // Unlimited servers have no utilization: their mean number in use says more.
        let busy = match findings::busy_share(s, st) {
            None => format!("{} of ∞", mean_count(busy)),
            Some(share) => percent(share),
        };
        let servers = match (st.servers, st.servers_us_by_window.is_empty()) {
            (0, true) => "∞".into(),
            (n, true) => format::count(n),
            (_, false) => {
                let mean = findings::share(findings::sum(&st.servers_us_by_window), s.horizon_ns);
                format!("{} (mean)", mean_count(mean.unwrap_or(0.0) * 1e3 / runs(s)))
            }
        };
        table.row([
            st.name.clone(),
            servers,
            busy,
            mean_count(float(st.arrived) / runs(s)),
            mean_count(float(st.refused) / runs(s)),
            mean_count(float(st.timed_out) / runs(s)),
            format::count(st.peak_queue),
            quantile(&st.waits, 0.99),
        ]);
    }
    table
}

/// Instances that come and go, those that could not be made first.
pub(crate) fn scalers(r: &Results) -> Table {
    let head = [
        "instances of",
        "at first",
        "peak",
        "mean",
        "missing",
        "made",
        "gone",
        "failed",
        "first failure",
        "starts failed",
        "reset",
        "renewed in",
    ];
    let mut table = Table::new(1, head);
    let s = &r.settings;
    let n = runs(s);
    let mut list: Vec<_> = r.scalers.iter().collect();
    list.sort_by_key(|it| std::cmp::Reverse(it.failed));
    for it in list {
        let mean = |us: u128| findings::share(us, s.horizon_ns).unwrap_or(0.0) * 1e3 / n;
        let running = findings::sum(&it.running_us_by_window);
        let lists = it.wanted_us_by_window.iter().zip(&it.running_us_by_window);
        let missing = findings::sum(
            &lists.map(|(wanted, run)| wanted.saturating_sub(*run)).collect::<Vec<_>>(),
        );
        let first = it.first_failed.values().min();
        table.row([
            it.name.clone(),
            format::count(it.instances),
            format::count(it.peak),
            mean_count(mean(running)),
            mean_count(mean(missing)),
            mean_count(float(it.made) / n),
            mean_count(float(it.gone) / n),
            mean_count(float(it.failed) / n),
            first.map_or_else(|| NONE.into(), |at| instant(s, *at)),
            mean_count(float(it.failed_starts) / n),
            mean_count(float(it.reset) / n),
            quantile(&it.renewals, 0.5),
        ]);
    }
    table
}

/// Objectives, the missed ones first.
pub(crate) fn objectives(r: &Results) -> Vec<(&WorkloadResults, &crate::measure::ObjectiveSeen)> {
    let mut list: Vec<_> =
        r.workloads.iter().flat_map(|w| w.objectives.iter().map(move |o| (w, o))).collect();
    list.sort_by_key(|(_, o)| o.met);
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants() {
        let mut s = SettingsSeen { window_ns: 10_000_000_000, ..SettingsSeen::default() };
        assert_eq!(instant(&s, 90_000_000_000), "1 min 30 s");
        s.start_of_day_ns = 9 * 3_600_000_000_000;
        assert_eq!(instant(&s, 90_000_000_000), "09:01:30");
        // 9:00 + 20 h = 5:00 of the second day; whole-minute windows need no seconds.
        s.window_ns = 60_000_000_000;
        assert_eq!(instant(&s, 20 * 3_600_000_000_000), "day 2 05:00");
    }

    #[test]
    fn amounts() {
        assert_eq!((bytes(0.0), bytes(1_500.0)), ("0 B".into(), "1.50 kB".into()));
    }
}
