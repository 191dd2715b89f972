//! Files about the network: links, pools, stations, selectors, gaps, assumptions.

use super::{Sheet, row};
use crate::measure::{Histogram, Results};
use crate::report::findings::{at, float, level, runs, share, sum, utilization, windows};

/// links.csv: per direction and window.
pub(super) fn links(results: &Results) -> Sheet {
    let mut sheet = Sheet::new(&[
        "link",
        "direction",
        "role",
        "from_s",
        "utilization",
        "mbps",
        "capacity_mbps",
        "full_share",
        "lost_bytes",
    ]);
    let s = &results.settings;
    for link in &results.links {
        for i in 0..windows(s) {
            let len = float(s.window_len(i));
            let mbps = |list: &[u64]| float(at(list, i)) * 8e3 / len / runs(s);
            sheet.rows.push(row![
                &link.name,
                &link.direction,
                &link.role,
                float(i as u64 * s.window_ns) / 1e9,
                utilization(link, i..i + 1),
                mbps(&link.bytes_by_window),
                mbps(&link.capacity_by_window),
                float(at(&link.full_ns_by_window, i)) / len / runs(s),
                float(at(&link.lost_by_window, i)) / runs(s),
            ]);
        }
    }
    sheet
}

fn ms(h: &Histogram, q: f64) -> Option<f64> {
    h.quantile(q).map(|v| float(v) / 1e6)
}

/// pools.csv: one row each; counters are means over replications.
pub(super) fn pools(results: &Results) -> Sheet {
    let mut sheet = Sheet::new(&[
        "pool",
        "units",
        "mean_use",
        "peak_units",
        "asked",
        "refused",
        "timed_out",
        "waited",
        "wait_p50_ms",
        "wait_p99_ms",
        "wait_max_ms",
    ]);
    let n = runs(&results.settings);
    for p in &results.pools {
        sheet.rows.push(row![
            &p.name,
            p.units,
            share(sum(&p.used_us_by_window), sum(&p.size_us_by_window)),
            p.peak,
            float(p.asked) / n,
            float(p.refused) / n,
            float(p.timed_out) / n,
            float(p.waits.count()) / n,
            ms(&p.waits, 0.5),
            ms(&p.waits, 0.99),
            ms(&p.waits, 1.0),
        ]);
    }
    sheet
}

/// stations.csv: one row each; counters are means over replications.
pub(super) fn stations(results: &Results) -> Sheet {
    let mut sheet = Sheet::new(&[
        "station",
        "servers",
        "mean_busy",
        "arrived",
        "served",
        "refused",
        "timed_out",
        "peak_queue",
        "wait_mean_ms",
        "wait_p99_ms",
        "wait_max_ms",
    ]);
    let s = &results.settings;
    for st in &results.stations {
        sheet.rows.push(row![
            &st.name,
            st.servers,
            share(sum(&st.busy_us_by_window), s.horizon_ns).map(|b| b * 1e3 / runs(s)),
            float(st.arrived) / runs(s),
            float(st.served) / runs(s),
            float(st.refused) / runs(s),
            float(st.timed_out) / runs(s),
            st.peak_queue,
            st.waits.mean().map(|v| v / 1e6),
            ms(&st.waits, 0.99),
            ms(&st.waits, 1.0),
        ]);
    }
    sheet
}

/// scalers.csv: instances per window, means over replications.
pub(super) fn scalers(results: &Results) -> Sheet {
    let mut sheet = Sheet::new(&["scaler", "from_s", "running", "starting", "wanted"]);
    let s = &results.settings;
    for it in &results.scalers {
        for i in 0..windows(s) {
            let mean = |list: &[u64]| float(at(list, i)) * 1e3 / float(s.window_len(i)) / runs(s);
            sheet.rows.push(row![
                &it.name,
                float(i as u64 * s.window_ns) / 1e9,
                mean(&it.running_us_by_window),
                mean(&it.starting_us_by_window),
                mean(&it.wanted_us_by_window),
            ]);
        }
    }
    sheet
}

/// selectors.csv: shares of the choices per window; windows without any choice have none.
pub(super) fn selectors(results: &Results) -> Sheet {
    let head = ["selector", "role", "branch", "from_s", "chosen", "share", "stale"];
    let mut sheet = Sheet::new(&head);
    let s = &results.settings;
    let none = Vec::new();
    for sel in &results.selectors {
        for (b, branch) in sel.branches.iter().enumerate() {
            let chosen = sel.chosen_by_window.get(b).unwrap_or(&none);
            let stale = sel.stale_by_window.get(b).unwrap_or(&none);
            for i in 0..windows(s) {
                let total: u64 = sel.chosen_by_window.iter().map(|c| at(c, i)).sum();
                let from = float(i as u64 * s.window_ns) / 1e9;
                let n = at(chosen, i);
                let mean = |n: u64| float(n) / runs(s);
                sheet.rows.push(row![
                    &sel.name,
                    &sel.role,
                    branch,
                    from,
                    mean(n),
                    share(n, total),
                    mean(at(stale, i)),
                ]);
            }
        }
    }
    sheet
}

/// gaps.csv: belief-truth gaps, each part over replications and branches.
pub(super) fn gaps(results: &Results) -> Sheet {
    let head = ["fault", "selector", "detector", "part", "count", "p50_ms", "max_ms"];
    let mut sheet = Sheet::new(&head);
    for g in &results.gaps {
        let parts = [
            ("detect", &g.detect),
            ("propagate", &g.propagate),
            ("cache", &g.cache),
            ("reconnect", &g.reconnect),
        ];
        for (part, h) in parts {
            sheet.rows.push(row![
                &g.fault,
                &g.selector,
                &g.detector,
                part,
                h.count(),
                ms(h, 0.5),
                ms(h, 1.0)
            ]);
        }
    }
    sheet
}

/// recoveries.csv: how each workload came off what failed.
pub(super) fn recoveries(results: &Results) -> Sheet {
    let mut sheet = Sheet::new(&[
        "fault",
        "selector",
        "level",
        "workload",
        "part",
        "count",
        "p50_ms",
        "max_ms",
        "by_level",
        "by_client",
        "by_repair",
        "lost",
    ]);
    let n = runs(&results.settings);
    for it in &results.recoveries {
        let parts = [
            ("total", &it.total),
            ("detect", &it.detect),
            ("propagate", &it.propagate),
            ("cache", &it.cache),
            ("reconnect", &it.reconnect),
        ];
        for (part, h) in parts {
            sheet.rows.push(row![
                &it.fault,
                &it.selector,
                level(&it.role),
                &it.workload,
                part,
                h.count(),
                ms(h, 0.5),
                ms(h, 1.0),
                float(it.by_choice) / n,
                float(it.by_client) / n,
                float(it.by_repair) / n,
                float(it.lost) / n,
            ]);
        }
    }
    sheet
}

/// states.csv: how long what is decided was in which state, means over replications.
pub(super) fn states(results: &Results) -> Sheet {
    let mut sheet = Sheet::new(&["of", "state", "cause", "seconds", "entered", "dropped"]);
    let n = runs(&results.settings);
    for gate in &results.gates {
        for s in &gate.states {
            sheet.rows.push(row![
                &gate.name,
                &s.state,
                &s.cause,
                float(s.ns) / 1e9 / n,
                float(s.entered) / n,
                float(s.dropped) / n,
            ]);
        }
    }
    sheet
}

/// outages.csv: what failed at random; counts and times are means over replications.
pub(super) fn outages(results: &Results) -> Sheet {
    let mut sheet = Sheet::new(&["element", "kind", "outages", "down_s", "longest_s"]);
    let n = runs(&results.settings);
    for it in &results.outages {
        sheet.rows.push(row![
            &it.name,
            &it.label,
            float(it.outages) / n,
            float(it.down_ns) / 1e9 / n,
            float(it.longest_ns) / 1e9,
        ]);
    }
    sheet
}

/// assumptions.csv: every parameter that no document gives.
pub(super) fn assumptions(results: &Results) -> Sheet {
    let mut sheet = Sheet::new(&["parameter", "value", "source", "confidence"]);
    for a in &results.assumptions {
        sheet.rows.push(row![&a.parameter, &a.value, &a.source, &a.confidence]);
    }
    sheet
}
