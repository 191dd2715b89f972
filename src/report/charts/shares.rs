//! Where tries went: shares of circuits (ECMP) or answers (DNS) over time.

use super::errors::stack;
use super::frame::{Drawing, EndLabel, Words};
use super::palette::{OVER, series};
use super::scale::{Scale, Tick, TimeAxis};
use super::series::{Columns, Series, largest, mean};
use super::throughput::hover;
use super::{Chart, Figure};
use crate::measure::{Results, SelectorResults};
use crate::report::escape::file_name;
use crate::report::findings::{float, share, sum};
use crate::report::format::percent;
use crate::report::table::Table;
use crate::report::tables::instant;

/// The chart: one figure per selector that the plan marks.
pub(crate) struct Shares;

const LABELS: f64 = 150.0;
/// Shares of few choices are noise: fewer columns than the other charts over time.
const COLUMNS: usize = 120;
/// More selectors than this would drown the page; all are in the file.
const FIGURES: usize = 8;

impl Chart for Shares {
    fn draw(&self, r: &Results) -> Vec<Figure> {
        let marked = |s: &&SelectorResults| s.headline && matches!(s.role.as_str(), "ecmp" | "dns");
        r.selectors.iter().filter(marked).filter_map(|s| figure(r, s)).take(FIGURES).collect()
    }
}

fn figure(r: &Results, selector: &SelectorResults) -> Option<Figure> {
    let columns = Columns::new(&r.settings, COLUMNS);
    let counts: Vec<Series> = selector
        .branches
        .iter()
        .enumerate()
        .map(|(b, name)| {
            let list = selector.chosen_by_window.get(b).map_or(&[][..], |l| l.as_slice());
            Series { name: name.clone(), values: columns.sums(list) }
        })
        .collect();
    let mut counts = largest(counts);
    if counts.is_empty() || columns.len() < 2 {
        return None;
    }
    // In the plan's order from the bottom: the bands of one design stay where they are.
    let place =
        |s: &Series| selector.branches.iter().position(|b| *b == s.name).unwrap_or(usize::MAX);
    counts.sort_by_key(place);
    let list = to_shares(&counts, columns.len());
    let (what, noun) = match selector.role.as_str() {
        "dns" => ("tries, by the answer they used,", "tries"),
        _ => ("tries, on new and reused connections,", "tries"),
    };
    let words = Words {
        name: format!("shares-{}", file_name(&selector.name)),
        finding: finding(r, selector, &columns, &list, noun),
        reading: format!(
            "Share of {what} that {} sent to each branch. Hatched: the share that met a \
             branch which was truly down.",
            selector.name
        ),
        csv: "selectors.csv",
    };
    let mut d = Drawing::new(words, r, (44.0, LABELS), (58.0, 220.0));
    let x = Scale::linear(0.0, float(r.settings.horizon_ns), d.left, d.right);
    let y = Scale::linear(0.0, 1.0, d.bottom, d.top);
    d.y_title(&format!("share of {noun}"));
    let ticks: Vec<Tick> =
        [0.0, 0.25, 0.5, 0.75, 1.0].map(|s| (s, format!("{} %", s * 100.0))).to_vec();
    d.y_axis(&y, &ticks);
    stack(&mut d, &columns, &list, &x, &y);
    stale_line(&mut d, selector, &columns, (&x, &y));
    d.brackets(r, &x);
    let axis = TimeAxis::new(&r.settings);
    d.x_axis(&x, &axis.ticks, axis.title);
    labels(&mut d, &columns, &list, &y);
    hover(&mut d, r, &columns, &list, &x, percent);
    Some(d.finish(table(r, &counts, &columns, selector)))
}

/// Each column's counts as shares; a column without any keeps zeros.
fn to_shares(counts: &[Series], columns: usize) -> Vec<Series> {
    let totals: Vec<f64> = (0..columns).map(|c| counts.iter().map(|s| s.values[c]).sum()).collect();
    let part = |(v, t): (&f64, &f64)| if *t > 0.0 { v / t } else { 0.0 };
    counts
        .iter()
        .map(|s| Series {
            name: s.name.clone(),
            values: s.values.iter().zip(&totals).map(part).collect(),
        })
        .collect()
}

/// The share of choices that met a dead branch, where there is any.
fn stale_line(
    d: &mut Drawing,
    selector: &SelectorResults,
    columns: &Columns,
    (x, y): (&Scale, &Scale),
) {
    let over = |lists: &[Vec<u64>]| {
        let mut all = vec![0.0; columns.len()];
        for list in lists {
            all.iter_mut().zip(columns.sums(list)).for_each(|(a, b)| *a += b);
        }
        all
    };
    let (stale, chosen) = (over(&selector.stale_by_window), over(&selector.chosen_by_window));
    if stale.iter().all(|s| *s == 0.0) {
        return;
    }
    let part = |(s, c): (&f64, &f64)| if *c > 0.0 { s / c } else { 0.0 };
    let shares: Vec<f64> = stale.iter().zip(&chosen).map(part).collect();
    // One line per run of columns with any, so that no line lies along the bottom.
    let mut c = 0;
    while c < shares.len() {
        let run = shares[c..].iter().take_while(|s| **s > 0.0).count();
        if run > 0 {
            let mut points = vec![(x.at(float(columns.from(c))), y.at(0.0))];
            for (i, share) in shares.iter().enumerate().skip(c).take(run) {
                points.push((x.at(float(columns.from(i))), y.at(*share)));
                points.push((x.at(float(columns.to(i))), y.at(*share)));
            }
            points.push((x.at(float(columns.to(c + run - 1))), y.at(0.0)));
            d.svg.polygon(&points, "fill=\"#fff\" fill-opacity=\"0.82\"", None);
            let style = format!("{} stroke=\"{OVER}\" stroke-width=\"1.2\"", d.hatch());
            d.svg.polygon(&points, &style, Some("share that met a dead branch"));
        }
        c += run.max(1);
    }
}

/// Names beside the bands at the last column that has any choice.
fn labels(d: &mut Drawing, columns: &Columns, list: &[Series], y: &Scale) {
    let Some(last) = (0..columns.len()).rev().find(|c| list.iter().any(|s| s.values[*c] > 0.0))
    else {
        return;
    };
    let mut below = 0.0;
    let mut labels = Vec::new();
    for (i, s) in list.iter().enumerate() {
        let middle = below + s.values[last] / 2.0;
        below += s.values[last];
        let (colour, _) = series(i);
        labels.push(EndLabel { x: d.right, y: y.at(middle), text: s.name.clone(), colour });
    }
    d.end_labels(labels, LABELS);
}

/// The greatest move of a branch's share during a fault, or who takes most.
fn finding(
    r: &Results,
    selector: &SelectorResults,
    columns: &Columns,
    list: &[Series],
    noun: &str,
) -> String {
    let mut greatest: Option<(f64, f64, f64, &str, &str)> = None;
    for fault in &r.faults {
        let during = columns.within(fault.from_ns, fault.to_ns);
        let before = during.start.saturating_sub(during.len().max(3))..during.start;
        for s in list {
            let pair = mean(&s.values, before.clone()).zip(mean(&s.values, during.clone()));
            let Some((a, b)) = pair else { continue };
            // A fall rather than a rise of the same size: it names what failed.
            let moved = if b < a { a - b + 1e-6 } else { b - a };
            if greatest.is_none_or(|g| moved > g.0) {
                greatest = Some((moved, a, b, &s.name, &fault.name));
            }
        }
    }
    let stale = share(
        sum(selector.stale_by_window.iter().flatten()),
        sum(selector.chosen_by_window.iter().flatten()),
    )
    .unwrap_or(0.0);
    let mut text = match greatest {
        Some((moved, a, b, name, fault)) if moved > 0.05 => format!(
            "{}: {name} went from {} to {} of {noun} during {fault}",
            selector.name,
            percent(a),
            percent(b)
        ),
        _ => {
            let means = list.iter().map(|s| (mean(&s.values, 0..s.values.len()).unwrap_or(0.0), s));
            let Some((most, s)) = means.max_by(|a, b| a.0.total_cmp(&b.0)) else {
                return selector.name.clone();
            };
            let even = 1.0 / float(selector.branches.len().max(1) as u64);
            format!(
                "{}: {} takes {} of {noun}, an even split would be {}",
                selector.name,
                s.name,
                percent(most),
                percent(even)
            )
        }
    };
    if stale > 0.0 {
        text.push_str(&format!("; {} of all met a dead branch", percent(stale)));
    }
    text
}

fn table(r: &Results, counts: &[Series], fine: &Columns, selector: &SelectorResults) -> Table {
    let mut table = Table { left: 1, ..Table::default() };
    table.head.push("from".into());
    table.head.extend(counts.iter().map(|s| s.name.clone()));
    table.head.push("met a dead branch".into());
    let stale: Vec<Vec<f64>> = selector.stale_by_window.iter().map(|l| fine.sums(l)).collect();
    let group = fine.len().div_ceil(40).max(1);
    for from in (0..fine.len()).step_by(group) {
        let range = from..(from + group).min(fine.len());
        let over = |v: &[f64]| v[range.clone()].iter().sum::<f64>();
        let total: f64 = counts.iter().map(|s| over(&s.values)).sum();
        let shown = |n: f64| if total > 0.0 { percent(n / total) } else { "-".into() };
        let mut row = vec![instant(&r.settings, fine.from(from))];
        row.extend(counts.iter().map(|s| shown(over(&s.values))));
        row.push(shown(stale.iter().map(|s| over(s)).sum()));
        table.rows.push(row);
    }
    table
}
