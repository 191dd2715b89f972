//! HdrHistogram's percentile text, which the public plotters read.
//!
//! Layout and iteration follow the Java reference (`outputPercentileDistribution` with five ticks
//! per half distance): head, blank line, one line per percentile step, the last line without an
//! inverse, three trailing comment lines. Values are in ms.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::measure::{Histogram, WorkloadResults};
use crate::report::escape::file_name;
use crate::report::findings::float;
use crate::report::store::Output;

/// Steps while the distance to 100 % halves.
const TICKS_PER_HALF: f64 = 5.0;

/// One `latency-<workload>.hgrm` of the ok latencies per workload, under `folder`.
pub(crate) fn hgrm_files(workloads: &[WorkloadResults], folder: &str) -> Vec<Output> {
    let mut used = BTreeSet::new();
    let named = |w: &WorkloadResults| {
        let stem = file_name(&w.name);
        // Names that differ in case only are one file on some systems.
        let mut name = stem.clone();
        let mut n = 1;
        while !used.insert(name.to_ascii_lowercase()) {
            n += 1;
            name = format!("{stem}~{n}");
        }
        (format!("{folder}latency-{name}.hgrm"), hgrm(&w.latency_ok).into_bytes())
    };
    workloads.iter().map(named).collect()
}

/// The text of one histogram of ns.
fn hgrm(h: &Histogram) -> String {
    let mut out = format!(
        "{:>12} {:>14} {:>10} {:>14}\n\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    );
    let buckets: Vec<(u64, u64)> = h.buckets().collect();
    let total = h.count();
    let (mut i, mut below) = (0, buckets.first().map_or(0, |b| b.1));
    let mut percent = 0.0;
    while below < total {
        let wanted = percent / 100.0 * float(total);
        while below < total && float(below) < wanted {
            i += 1;
            below += buckets[i].1;
        }
        if below >= total {
            break;
        }
        let (value, p) = (float(buckets[i].0) / 1e6, percent / 100.0);
        writeln!(out, "{value:12.6} {p:14.12} {below:10} {:14.2}", 1.0 / (1.0 - p))
            .expect("writing to a String");
        percent += 100.0 / ticks(percent);
    }
    if let Some(max) = h.max() {
        writeln!(out, "{:12.6} {:14.12} {total:10}", float(max) / 1e6, 1.0)
            .expect("writing to a String");
    }
    let mean = h.mean().unwrap_or(0.0);
    // From the buckets' upper edges: at most 0.1 % off.
    let squares: f64 =
        buckets.iter().map(|(v, n)| float(*n) * (float(*v) - mean) * (float(*v) - mean)).sum();
    let deviation = if total > 0 { libm::sqrt(squares / float(total)) } else { 0.0 };
    // 2^42 at three digits: 2048 sub-buckets, doubled 32 times to exceed it, so 33 buckets.
    write!(
        out,
        "#[Mean    = {:12.6}, StdDeviation   = {:12.6}]\n\
         #[Max     = {:12.6}, Total count    = {total:12}]\n\
         #[Buckets = {:12}, SubBuckets     = {:12}]\n",
        mean / 1e6,
        deviation / 1e6,
        float(h.max().unwrap_or(0)) / 1e6,
        33,
        2_048
    )
    .expect("writing to a String");
    out
}

/// Steps per 100 % around `percent`: doubled each time the distance to 100 % halves.
fn ticks(percent: f64) -> f64 {
    let mut halves = 2.0;
    let mut distance = 100.0 - percent;
    // Bounded, should rounding ever bring the distance to nothing.
    while distance <= 50.0 && halves < 1e18 {
        distance *= 2.0;
        halves *= 2.0;
    }
    TICKS_PER_HALF * halves
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the public plotter takes from a line: four columns, the first and the last numbers.
    fn plotted(text: &str) -> Vec<(f64, f64)> {
        text.lines()
            .filter(|l| !l.starts_with('#'))
            .map(|l| l.split_whitespace().collect::<Vec<_>>())
            .filter(|c| c.len() == 4)
            .filter_map(|c| Some((c[0].parse().ok()?, c[3].parse().ok()?)))
            .collect()
    }

    #[test]
    fn a_thousand_values() {
        let mut h = Histogram::new();
        (1..=1_000).for_each(|i| h.record(i * 1_000_000));
        let text = hgrm(&h);
        let points = plotted(&text);
        assert_eq!(points[0].1, 1.0);
        assert!(points.is_sorted_by(|a, b| a.0 <= b.0 && a.1 < b.1));
        // Half of 1..=1000 ms lies at or below 500 ms; buckets err by 0.1 % at most.
        let median = points.iter().find(|p| p.1 == 2.0).unwrap().0;
        assert!((500.0..500.6).contains(&median), "{median}");
        assert!(text.contains("1000.000000 1.000000000000       1000\n"), "{text}");
        // Mean 500.5, deviation sqrt((1000^2 - 1) / 12) = 288.675.
        assert!(text.contains("#[Mean    =   500.500000, StdDeviation   =   288."), "{text}");
        assert!(text.contains("#[Buckets =           33, SubBuckets     =         2048]"));
    }

    #[test]
    fn nothing_and_one() {
        assert!(hgrm(&Histogram::new()).contains("Total count    =            0]"));
        let mut h = Histogram::new();
        h.record(5_000_000);
        assert!(hgrm(&h).contains("    5.000000 1.000000000000          1\n"));
    }

    #[test]
    fn names_that_differ_in_case_stay_apart() {
        let w = |name: &str| WorkloadResults { name: name.into(), ..WorkloadResults::default() };
        let names: Vec<String> = hgrm_files(&[w("Shop"), w("shop"), w("../shop")], "")
            .into_iter()
            .map(|f| f.0)
            .collect();
        assert_eq!(names, ["latency-Shop.hgrm", "latency-shop~2.hgrm", "latency-~2e.~2fshop.hgrm"]);
    }
}
