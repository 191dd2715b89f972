//! Errors by cause over time, stacked.

use super::frame::{Drawing, Swatch, Words};
use super::palette::series;
use super::scale::{Scale, TimeAxis, linear_ticks};
use super::series::{Columns, Series, largest};
use super::throughput::{COLUMNS, hover};
use super::{Chart, Figure};
use crate::measure::Results;
use crate::report::findings::{at, float, runs, share};
use crate::report::format::{mean_count, percent, plain};
use crate::report::table::Table;
use crate::report::tables;

/// The chart.
pub(crate) struct Errors;

impl Chart for Errors {
    fn draw(&self, r: &Results) -> Vec<Figure> {
        let columns = Columns::new(&r.settings, COLUMNS);
        let list = largest(per_second(r, &columns));
        if list.is_empty() || columns.len() < 2 {
            return Vec::new();
        }
        let words = Words {
            name: "errors".into(),
            finding: finding(r),
            reading:
                "Requests of all workloads that ended in an error, by cause and by the moment \
                      they ended, mean over replications."
                    .into(),
            csv: "errors.csv",
        };
        let mut d = Drawing::new(words, r, (44.0, 8.0), (78.0, 240.0));
        let totals: Vec<f64> =
            (0..columns.len()).map(|c| list.iter().map(|s| s.values[c]).sum()).collect();
        let ticks = linear_ticks(totals.iter().copied().fold(0.0, f64::max), 4.0);
        let y = Scale::linear(0.0, ticks.last().map_or(1.0, |t| t.0), d.bottom, d.top);
        let x = Scale::linear(0.0, float(r.settings.horizon_ns), d.left, d.right);
        d.bands(r, &x);
        d.y_title("errors per second");
        d.y_axis(&y, &ticks);
        stack(&mut d, &columns, &list, &x, &y);
        let axis = TimeAxis::new(&r.settings);
        d.x_axis(&x, &axis.ticks, axis.title);
        let total: f64 = list.iter().map(Series::total).sum();
        let entries: Vec<(String, Swatch)> = list
            .iter()
            .enumerate()
            .map(|(i, s)| {
                let label = format!("{}, {}", s.name, percent(s.total() / total));
                (label, Swatch::Fill(fill(i)))
            })
            .collect();
        d.legend(&entries, 150.0);
        hover(&mut d, r, &columns, &list, &x, |v| format!("{}/s", plain(v, 2)));
        let mut table = tables::errors(r);
        if table.is_empty() {
            table = Table::new(1, ["no errors after the warm-up"]);
        }
        vec![d.finish(table)]
    }
}

/// Fill of area `i`, with a thin edge of the paper's colour that separates it without colour.
pub(crate) fn fill(i: usize) -> String {
    format!("fill=\"{}\" fill-opacity=\"0.8\"", series(i).0)
}

/// Stepped areas on top of each other, the largest at the bottom.
pub(crate) fn stack(d: &mut Drawing, columns: &Columns, list: &[Series], x: &Scale, y: &Scale) {
    let mut below = vec![0.0; columns.len()];
    for (i, s) in list.iter().enumerate() {
        let above: Vec<f64> = below.iter().zip(&s.values).map(|(b, v)| b + v).collect();
        let mut points = super::throughput::steps(columns, &above, x, y);
        points.extend(super::throughput::steps(columns, &below, x, y).into_iter().rev());
        let style = format!("{} stroke=\"#fff\" stroke-width=\"0.6\"", fill(i));
        d.svg.polygon(&points, &style, Some(&s.name));
        below = above;
    }
}

/// Errors per second of every cause, all workloads together.
fn per_second(r: &Results, columns: &Columns) -> Vec<Series> {
    let mut causes: std::collections::BTreeMap<&str, Vec<f64>> = std::collections::BTreeMap::new();
    for w in &r.workloads {
        for (cause, list) in &w.errors_by_window {
            let sums = columns.sums(list);
            let all = causes.entry(cause).or_insert_with(|| vec![0.0; columns.len()]);
            all.iter_mut().zip(sums).for_each(|(a, b)| *a += b);
        }
    }
    causes
        .into_iter()
        .map(|(cause, sums)| Series {
            name: cause.replace('_', " "),
            values: sums
                .into_iter()
                .enumerate()
                .map(|(c, n)| n * 1e9 / float(columns.len_ns(c)) / runs(&r.settings))
                .collect(),
        })
        .collect()
}

/// How many failed, of what, and how much of it during faults.
fn finding(r: &Results) -> String {
    let errors: u64 = r.workloads.iter().map(|w| w.errors_total()).sum();
    let ended: u64 = r.workloads.iter().map(|w| w.ok).sum::<u64>() + errors;
    let mut causes: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
    for w in &r.workloads {
        for (cause, n) in &w.errors {
            *causes.entry(cause).or_default() += n;
        }
    }
    let most = causes.iter().max_by_key(|c| (c.1, std::cmp::Reverse(c.0)));
    let Some((cause, n)) = most.filter(|m| *m.1 > 0) else {
        return "Errors happened during the warm-up only".into();
    };
    let mut text = format!(
        "{} of requests failed ({} per replication), {} by {}",
        percent(share(errors, ended).unwrap_or(0.0)),
        mean_count(float(errors) / runs(&r.settings)),
        if *n == errors {
            "all".into()
        } else {
            format!("{} of them", percent(float(*n) / float(errors)))
        },
        cause.replace('_', " "),
    );
    let s = &r.settings;
    let in_fault = |i: usize| {
        let (a, b) = (i as u64 * s.window_ns, (i as u64 + 1) * s.window_ns);
        r.faults.iter().any(|f| f.from_ns < b && a < f.to_ns)
    };
    let (mut during, mut all) = (0_u128, 0_u128);
    for list in r.workloads.iter().flat_map(|w| w.errors_by_window.values()) {
        for i in 0..list.len() {
            let n = u128::from(at(list, i));
            all += n;
            during += if in_fault(i) { n } else { 0 };
        }
    }
    if let Some(part) = share(during, all).filter(|p| *p > 0.5) {
        let part = if part == 1.0 { "all".to_owned() } else { percent(part) };
        text.push_str(&format!("; {part} during faults"));
    }
    text
}
