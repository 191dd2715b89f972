//! Files about jobs: what they came to, and how long they, their stages and instances took.

use super::{Sheet, row};
use crate::measure::{Histogram, JobResults, Results};
use crate::report::findings::{float, share};

/// The workloads that have jobs.
fn with_jobs(results: &Results) -> impl Iterator<Item = (&String, &JobResults)> {
    results.workloads.iter().filter_map(|w| Some((&w.name, w.jobs.as_ref()?)))
}

/// jobs.csv: a row for the jobs of a workload, then one for each stage; sums over replications.
pub(super) fn jobs(results: &Results) -> Sheet {
    let head = [
        "workload",
        "stage",
        "started",
        "done",
        "failed",
        "unfinished",
        "instances_done",
        "lost",
        "reruns_after_errors",
        "repeated",
        "duplicates",
        "repeated_bytes",
        "connections_of_reruns",
        "mean_s",
        "p50_s",
        "p90_s",
        "p99_s",
        "max_s",
    ];
    let mut sheet = Sheet::new(&head);
    let times = |h: &Histogram| {
        let of = |q: f64| h.quantile(q).map(|ns| float(ns) / 1e9);
        [h.mean().map(|ns| ns / 1e9), of(0.5), of(0.9), of(0.99), of(1.0)]
    };
    for (name, it) in with_jobs(results) {
        let [lost, errors] = it.reruns();
        let instances: u64 = it.stages.iter().map(|s| s.instances).sum();
        let mut cells = row![
            name,
            "",
            it.started,
            it.done,
            it.failed,
            it.unfinished,
            instances,
            lost,
            errors,
            it.repeated,
            it.duplicates,
            it.repeated_bytes,
            it.connections_again,
        ];
        cells.extend(times(&it.time).map(Into::into));
        sheet.rows.push(cells);
        for s in &it.stages {
            let none = None::<f64>;
            let mut cells = row![
                name,
                &s.name,
                none,
                s.done,
                none,
                s.unfinished,
                s.instances,
                s.lost,
                s.errors,
                none,
                none,
                none,
                none,
            ];
            cells.extend(times(&s.time).map(Into::into));
            sheet.rows.push(cells);
        }
    }
    sheet
}

/// job_times.csv: the filled buckets of completion times.
pub(super) fn times(results: &Results) -> Sheet {
    let head = ["workload", "stage", "time_of", "at_most_s", "count", "cumulative_share"];
    let mut sheet = Sheet::new(&head);
    for (name, it) in with_jobs(results) {
        let whole = [("", "job", &it.time)];
        let parts = it.stages.iter().flat_map(|s| {
            [(s.name.as_str(), "stage", &s.time), (s.name.as_str(), "instance", &s.instance_time)]
        });
        for (stage, of, histogram) in whole.into_iter().chain(parts) {
            let mut below = 0;
            for (ns, count) in histogram.buckets() {
                below += count;
                let so_far = share(below, histogram.count());
                sheet.rows.push(row![name, stage, of, float(ns) / 1e9, count, so_far]);
            }
        }
    }
    sheet
}
