//! Files about workloads: summary, latency, percentiles, throughput, errors, binding limits.

use super::{Sheet, row};
use crate::measure::{Histogram, PHASES, Results, SettingsSeen, WorkloadResults};
use crate::report::findings::{
    self, Estimate, LADDER, at, binding_permille, counter, float, runs, share, windows,
};

/// One headline figure of one workload.
pub(crate) struct Metric {
    pub(crate) name: String,
    pub(crate) unit: &'static str,
    pub(crate) value: Option<Estimate>,
}

/// All headline figures of a workload; counts are means over replications.
pub(crate) fn metrics(settings: &SettingsSeen, w: &WorkloadResults) -> Vec<Metric> {
    let exact = |x: Option<f64>| x.map(|point| Estimate { point, half: None });
    let scaled = |e: Option<Estimate>, by: f64| {
        e.map(|e| Estimate { point: e.point * by, half: e.half.map(|h| h * by) })
    };
    let per_run = |n: u64| exact(Some(float(n) / runs(settings)));
    let mut list = Vec::new();
    let mut add = |name: &str, unit, value| list.push(Metric { name: name.into(), unit, value });
    add("offered", "requests per replication", counter(w, |h| h.offered));
    add("ok", "requests per replication", counter(w, |h| h.ok));
    add("errors", "requests per replication", counter(w, |h| h.errors));
    for (cause, n) in &w.errors {
        add(&format!("errors.{cause}"), "requests per replication", per_run(*n));
    }
    add("unfinished", "requests per replication", per_run(w.unfinished));
    add("retries", "tries per replication", per_run(w.retries));
    add("duplicates", "requests per replication", per_run(w.duplicates));
    add("connections", "connections per replication", per_run(w.connections));
    add("overdue", "requests per replication", findings::counter(w, |h| h.overdue));
    add("availability", "share", findings::availability(w));
    add("latency.mean", "ms", scaled(findings::latency_mean(w), 1e-6));
    for (q, name) in LADDER {
        add(&format!("latency.{name}"), "ms", scaled(findings::latency(w, q), 1e-6));
    }
    add("latency.max", "ms", scaled(exact(w.latency_ok.max().map(float)), 1e-6));
    add("throughput.mean", "Mbps", scaled(findings::throughput(settings, w), 1e-6));
    add("goodput.mean", "Mbps", scaled(findings::goodput(settings, w), 1e-6));
    for (q, name) in [(0.05, "p5"), (0.5, "p50"), (0.95, "p95"), (1.0, "max")] {
        let value = exact(w.throughput.quantile(q).map(float));
        add(&format!("throughput.window_{name}"), "Mbps", scaled(value, 1e-6));
    }
    list
}

/// summary.csv: workload, metric, value, half-width, unit.
pub(super) fn summary(results: &Results) -> Sheet {
    let mut sheet = Sheet::new(&["workload", "metric", "value", "half_width_95", "unit"]);
    for w in &results.workloads {
        for m in metrics(&results.settings, w) {
            let half = m.value.and_then(|v| v.half);
            sheet.rows.push(row![&w.name, m.name, m.value.map(|v| v.point), half, m.unit]);
        }
    }
    sheet
}

/// The histograms of a workload by name: `ok`, `all`, then the phases in order of life.
fn histograms(w: &WorkloadResults) -> impl Iterator<Item = (&str, &Histogram)> {
    let phases = PHASES.iter().filter_map(|(_, p)| w.phases.get(*p).map(|h| (*p, h)));
    [("ok", &w.latency_ok), ("all", &w.latency_all)].into_iter().chain(phases)
}

/// latency.csv: the filled buckets.
pub(crate) fn latency(results: &Results) -> Sheet {
    let head = ["workload", "latency_of", "at_most_ms", "count", "cumulative_share"];
    let mut sheet = Sheet::new(&head);
    for w in &results.workloads {
        for (of, histogram) in histograms(w) {
            let mut below = 0;
            for (value, count) in histogram.buckets() {
                below += count;
                let so_far = share(below, histogram.count());
                sheet.rows.push(row![&w.name, of, float(value) / 1e6, count, so_far]);
            }
        }
    }
    sheet
}

/// percentiles.csv: the ladder, with intervals where the replications allow them.
pub(super) fn percentiles(results: &Results) -> Sheet {
    const MORE: [f64; 10] = [0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.999, 0.9999, 0.99999, 1.0];
    let head = ["workload", "quantile", "ok_ms", "ok_half_width_95_ms", "all_ms", "ok_count"];
    let mut sheet = Sheet::new(&head);
    for w in &results.workloads {
        for q in MORE {
            let ok = findings::latency(w, q);
            let half = ok.and_then(|e| e.half).map(|h| h / 1e6);
            let all = w.latency_all.quantile(q).map(|v| float(v) / 1e6);
            let ok = ok.map(|e| e.point / 1e6);
            sheet.rows.push(row![&w.name, q, ok, half, all, w.latency_ok.count()]);
        }
    }
    sheet
}

/// throughput.csv: per workload and window, means over replications.
pub(super) fn throughput(results: &Results) -> Sheet {
    let mut sheet = Sheet::new(&[
        "workload",
        "from_s",
        "to_s",
        "offered",
        "ok",
        "errors",
        "mbps",
        "mean_latency_ms",
        "max_latency_ms",
        "mean_under_way",
    ]);
    let s = &results.settings;
    let n = runs(s);
    for w in &results.workloads {
        for i in 0..windows(s) {
            let (from, len) = (i as u64 * s.window_ns, s.window_len(i));
            let ok = at(&w.ok_by_window, i);
            let errors: f64 = w.errors_by_window.values().map(|e| float(at(e, i))).sum();
            let mean = share(at(&w.latency_sum_us_by_window, i), ok).map(|us| us / 1e3);
            let max = (ok > 0).then(|| float(at(&w.latency_max_by_window, i)) / 1e6);
            sheet.rows.push(row![
                &w.name,
                float(from) / 1e9,
                float(from + len) / 1e9,
                float(at(&w.offered_by_window, i)) / n,
                float(ok) / n,
                errors / n,
                float(at(&w.bytes_by_window, i)) * 8e3 / float(len) / n,
                mean,
                max,
                float(at(&w.busy_us_by_window, i)) * 1e3 / float(len) / n,
            ]);
        }
    }
    sheet
}

/// throughput_histogram.csv: over windows and replications.
pub(crate) fn throughput_histogram(results: &Results) -> Sheet {
    let mut sheet = Sheet::new(&["workload", "at_most_mbps", "windows", "cumulative_share"]);
    for w in &results.workloads {
        let mut below = 0;
        for (value, count) in w.throughput.buckets() {
            below += count;
            let so_far = share(below, w.throughput.count());
            sheet.rows.push(row![&w.name, float(value) / 1e6, count, so_far]);
        }
    }
    sheet
}

/// errors.csv: per workload, cause and window in which any ended, means over replications.
pub(super) fn errors(results: &Results) -> Sheet {
    let mut sheet = Sheet::new(&["workload", "cause", "from_s", "errors"]);
    let s = &results.settings;
    for w in &results.workloads {
        for (cause, list) in &w.errors_by_window {
            for (i, n) in list.iter().enumerate().filter(|(_, n)| **n > 0) {
                let from = float(i as u64 * s.window_ns) / 1e9;
                sheet.rows.push(row![&w.name, cause, from, float(*n) / runs(s)]);
            }
        }
    }
    sheet
}

/// binding.csv: what held each workload back; the shares of a workload sum to 1.
pub(super) fn binding(results: &Results) -> Sheet {
    let mut sheet = Sheet::new(&["workload", "limit", "share_of_flow_time"]);
    for w in &results.workloads {
        for (limit, permille) in binding_permille(&results.settings, w) {
            sheet.rows.push(row![&w.name, limit, float(permille) / 1e3]);
        }
    }
    sheet
}
