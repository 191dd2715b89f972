//! Where the mean latency goes: the phases of a request, which sum to the whole.

use super::errors::fill;
use super::frame::{Drawing, LABEL, Swatch, Words};
use super::palette::INK;
use super::scale::Scale;
use super::series::Series;
use super::svg::{Anchor, Type, fit, text_width};
use super::{Chart, Figure};
use crate::measure::{Histogram, PHASES, Results, WorkloadResults};
use crate::report::findings::{float, share};
use crate::report::format::{percent, span};
use crate::report::table::Table;

/// The chart.
pub(crate) struct Phases;

const ROW: f64 = 34.0;
const ROWS: usize = 12;

/// Mean time in each phase over all ok requests, in the order of a request's life, ns.
fn means(w: &WorkloadResults) -> Vec<f64> {
    // A phase that a request skipped may or may not be counted as 0: the sum is the same.
    let over_all = |h: &Histogram| {
        let part = share(h.count(), w.latency_ok.count()).unwrap_or(0.0);
        h.mean().unwrap_or(0.0) * part
    };
    PHASES.iter().map(|(_, p)| w.phases.get(*p).map_or(0.0, over_all)).collect()
}

impl Chart for Phases {
    fn draw(&self, r: &Results) -> Vec<Figure> {
        let mut list: Vec<(&WorkloadResults, Vec<f64>)> = r
            .workloads
            .iter()
            .map(|w| (w, means(w)))
            .filter(|m| m.1.iter().sum::<f64>() > 0.0)
            .collect();
        list.sort_by_key(|m| std::cmp::Reverse(m.0.ok));
        list.truncate(ROWS);
        if list.is_empty() {
            return Vec::new();
        }
        let words = Words {
            name: "latency-phases".into(),
            finding: finding(&list),
            reading:
                "Mean time of an ok request by phase, as shares of the whole; the time at the \
                      right is the whole mean."
                    .into(),
            csv: "latency.csv",
        };
        let chosen = chosen(&list);
        let names = list.iter().map(|(w, _)| text_width(&w.name, LABEL.size));
        let left = names.fold(40.0, f64::max).min(220.0) + 12.0;
        let mut d = Drawing::new(words, r, (left, 84.0), (46.0, float(list.len() as u64) * ROW));
        let x = Scale::linear(0.0, 1.0, d.left, d.right);
        for (i, (w, means)) in list.iter().enumerate() {
            row(&mut d, w, means, &chosen, (float(i as u64), left), &x);
        }
        let ticks = [0.0, 0.25, 0.5, 0.75, 1.0].map(|s| (s, format!("{} %", s * 100.0)));
        d.x_axis(&x, &ticks, "share of the mean latency");
        let mut entries: Vec<(String, Swatch)> = chosen
            .iter()
            .enumerate()
            .map(|(i, p)| (PHASES[*p].1.to_owned(), Swatch::Fill(fill(i))))
            .collect();
        let all: usize = (0..PHASES.len()).filter(|p| list.iter().any(|m| m.1[*p] > 0.0)).count();
        if all > chosen.len() {
            entries.push(("other phases".into(), Swatch::Fill(fill(4))));
        }
        let from = d.left;
        d.legend(&entries, from);
        vec![d.finish(table(&list))]
    }
}

/// The four phases with the largest share anywhere, in the order of a request's life.
fn chosen(list: &[(&WorkloadResults, Vec<f64>)]) -> Vec<usize> {
    let largest =
        |p: usize| list.iter().map(|(_, m)| m[p] / m.iter().sum::<f64>()).fold(0.0, f64::max);
    let mut order: Vec<usize> = (0..PHASES.len()).filter(|p| largest(*p) > 0.0).collect();
    order.sort_by(|a, b| largest(*b).total_cmp(&largest(*a)));
    order.truncate(4);
    order.sort_unstable();
    order
}

fn row(
    d: &mut Drawing,
    w: &WorkloadResults,
    means: &[f64],
    chosen: &[usize],
    (i, left): (f64, f64),
    x: &Scale,
) {
    let top = d.top + i * ROW;
    let middle = top + ROW / 2.0 + 4.0;
    let name = fit(&w.name, LABEL.size, left - 12.0);
    d.svg.text((d.left - 10.0, middle), &name, Type { fill: INK, ..LABEL }.at(Anchor::End));
    let whole: f64 = means.iter().sum();
    let mut parts: Vec<Series> = chosen
        .iter()
        .map(|p| Series { name: PHASES[*p].1.into(), values: vec![means[*p]] })
        .collect();
    let rest = whole - parts.iter().map(Series::total).sum::<f64>();
    parts.push(Series { name: "other phases".into(), values: vec![rest.max(0.0)] });
    let mut from = 0.0;
    for (i, part) in parts.iter().enumerate() {
        let to = from + part.total() / whole;
        let (a, b) = (x.at(from), x.at(to));
        let shown = percent((to - from).min(1.0));
        let tip = format!("{} {}: {} ({shown})", w.name, part.name, span(part.total()));
        if b - a > 0.05 {
            let style = format!("{} stroke=\"#fff\" stroke-width=\"1\"", fill(i));
            d.svg.rect((a, top + 5.0), (b - a, ROW - 10.0), &style, Some(&tip));
        }
        let label = shown.split('.').next().unwrap_or("").trim_end_matches(" %").to_owned() + " %";
        if b - a > text_width(&label, LABEL.size) + 12.0 {
            let set =
                Type { fill: if i < 3 { "#fff" } else { INK }, ..LABEL }.bold().at(Anchor::Middle);
            d.svg.text((f64::midpoint(a, b), middle), &label, set);
        }
        from = to;
    }
    d.svg.text((d.right + 10.0, middle), &span(whole), Type { fill: INK, ..LABEL }.bold());
}

/// Whose time goes most into one phase.
fn finding(list: &[(&WorkloadResults, Vec<f64>)]) -> String {
    // The workload with most requests: the others are beside it in the chart.
    let (w, means) = &list[0];
    let whole: f64 = means.iter().sum();
    let most = means.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |m| m.0);
    let what = match PHASES[most].1 {
        "name" => "finding an address",
        "wait" => "waiting for a place",
        "connect" => "opening connections",
        "send" => "sending requests",
        "serve" => "being served",
        "receive" => "receiving responses",
        _ => "pausing between tries",
    };
    format!(
        "{} spends {} of its mean latency ({}) {what}",
        w.name,
        percent(means[most] / whole),
        span(whole)
    )
}

fn table(list: &[(&WorkloadResults, Vec<f64>)]) -> Table {
    let mut table = Table { left: 1, ..Table::default() };
    table.head.push("workload".into());
    table.head.extend(PHASES.iter().map(|p| p.1.to_owned()));
    table.head.push("whole".into());
    for (w, means) in list {
        let mut row = vec![w.name.clone()];
        row.extend(means.iter().map(|m| if *m > 0.0 { span(*m) } else { "-".into() }));
        row.push(span(means.iter().sum()));
        table.rows.push(row);
    }
    table
}
