//! Cumulative distribution of the ok latencies.

use super::frame::{Drawing, LABEL, Words};
use super::palette::{series, stroke};
use super::scale::{Scale, Tick, latency_ticks};
use super::svg::{Anchor, Type, text_width};
use super::{Chart, Figure};
use crate::measure::{Histogram, Results, WorkloadResults};
use crate::report::findings::{float, ranked, share};
use crate::report::format::{percent, span};
use crate::report::table::Table;

/// The chart.
pub(crate) struct Cdf;

/// A workload's (or the others') latencies, with what failed beside them.
pub(crate) struct Tail {
    pub(crate) name: String,
    pub(crate) ok: Histogram,
    pub(crate) failed: f64,
}

/// The first four workloads of the ranking, and the rest merged.
pub(crate) fn tails(r: &Results) -> Vec<Tail> {
    let mut list = ranked(r);
    list.retain(|w| w.latency_ok.count() > 0);
    let rest = if list.len() > 5 { list.split_off(4) } else { Vec::new() };
    let failed = |ws: &[&WorkloadResults]| {
        let errors: u64 = ws.iter().map(|w| w.errors_total()).sum();
        let ok: u64 = ws.iter().map(|w| w.ok).sum();
        share(errors, ok + errors).unwrap_or(0.0)
    };
    let mut tails: Vec<Tail> = list
        .iter()
        .map(|w| Tail { name: w.name.clone(), ok: w.latency_ok.clone(), failed: failed(&[w]) })
        .collect();
    if !rest.is_empty() {
        let mut ok = Histogram::new();
        rest.iter().for_each(|w| ok.merge(&w.latency_ok));
        tails.push(Tail { name: format!("{} others", rest.len()), ok, failed: failed(&rest) });
    }
    tails
}

impl Chart for Cdf {
    fn draw(&self, r: &Results) -> Vec<Figure> {
        let tails = tails(r);
        if tails.is_empty() {
            return Vec::new();
        }
        let words = Words {
            name: "latency-cdf".into(),
            finding: finding(&tails),
            reading: "Share of ok requests that took at most so long, from their intended start. \
                      Dots are the median and p99."
                .into(),
            csv: "latency.csv",
        };
        let mut d = Drawing::new(words, r, (44.0, 24.0), (64.0, 300.0));
        let least = tails.iter().filter_map(|t| t.ok.quantile(0.001)).min().unwrap_or(1);
        let most = tails.iter().filter_map(|t| t.ok.quantile(0.999)).max().unwrap_or(10);
        let (from, to, ticks) = latency_ticks(float(least), float(most));
        let x = Scale::log(from, to, d.left, d.right);
        let y = Scale::linear(0.0, 1.0, d.bottom, d.top);
        d.y_title("ok requests, cumulative");
        let shares: Vec<Tick> =
            [0.0, 0.25, 0.5, 0.75, 0.9, 1.0].map(|s| (s, percent(s).replace(".0", ""))).to_vec();
        d.y_axis(&y, &shares);
        d.x_axis(&x, &ticks, "latency");
        for (i, tail) in tails.iter().enumerate().rev() {
            let tip = format!("{}: {} failed", tail.name, percent(tail.failed));
            d.svg.polyline(&curve(&tail.ok, &x, &y), &stroke(i, 2.0), Some(&tip));
            for (q, name) in [(0.5, "p50"), (0.99, "p99")] {
                let value = float(tail.ok.quantile(q).unwrap_or(0));
                let tip = format!("{} {name}: {}", tail.name, span(value));
                let style = format!("fill=\"#fff\" stroke=\"{}\" stroke-width=\"2\"", series(i).0);
                d.svg.circle((x.at(value), y.at(q)), 3.6, &style, Some(&tip));
            }
        }
        key(&mut d, &tails);
        vec![d.finish(table(&tails))]
    }
}

/// Names, medians and failures in the order of the lines, right-aligned in the head line's room.
fn key(d: &mut Drawing, tails: &[Tail]) {
    let entries: Vec<_> = tails
        .iter()
        .enumerate()
        .map(|(i, t)| {
            let failed = match t.failed {
                0.0 => "none failed".to_owned(),
                f => format!("{} failed", percent(f)),
            };
            (format!("{} ({failed})", t.name), super::frame::Swatch::Line(i))
        })
        .collect();
    let from = super::frame::MARGIN + text_width("ok requests, cumulative", LABEL.size) + 28.0;
    d.legend(&entries, from);
}

/// The curve, thinned to what can be seen.
pub(super) fn curve(h: &Histogram, x: &Scale, y: &Scale) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = Vec::new();
    if let Some(min) = h.min() {
        points.push((x.at(float(min)), y.at(0.0)));
    }
    let mut below = 0;
    for (value, count) in h.buckets() {
        below += count;
        let point = (x.at(float(value)), y.at(share(below, h.count()).unwrap_or(1.0)));
        let seen = points.last().is_none_or(|p| point.0 - p.0 > 0.7 || p.1 - point.1 > 0.7);
        if seen || below == h.count() {
            points.push(point);
        }
    }
    points
}

/// The slowest at p99, and the fastest beside it.
fn finding(tails: &[Tail]) -> String {
    let p = |t: &Tail, q| float(t.ok.quantile(q).unwrap_or(0));
    let mut by_tail: Vec<&Tail> = tails.iter().collect();
    by_tail.sort_by(|a, b| p(b, 0.99).total_cmp(&p(a, 0.99)));
    let (slow, fast) = (by_tail[0], by_tail[by_tail.len() - 1]);
    let mut text = format!(
        "Half of the requests of {} take at most {}, 99 % at most {}",
        slow.name,
        span(p(slow, 0.5)),
        span(p(slow, 0.99))
    );
    if by_tail.len() > 1 {
        text.push_str(&format!("; {} needs {} for 99 %", fast.name, span(p(fast, 0.99))));
    }
    text
}

pub(super) fn table(tails: &[Tail]) -> Table {
    let mut table = Table::new(
        1,
        ["workload", "ok", "failed", "p10", "p25", "p50", "p75", "p90", "p99", "max"],
    );
    for t in tails {
        let p = |q| t.ok.quantile(q).map_or_else(|| "-".into(), |v| span(float(v)));
        table.row([
            t.name.clone(),
            crate::report::format::count(t.ok.count()),
            percent(t.failed),
            p(0.1),
            p(0.25),
            p(0.5),
            p(0.75),
            p(0.9),
            p(0.99),
            p(1.0),
        ]);
    }
    table
}

/// A small note inside a plot.
pub(crate) fn note(
    d: &mut Drawing,
    at: (f64, f64),
    text: &str,
    fill: &'static str,
    anchor: Anchor,
) {
    d.svg.text(at, text, Type { fill, ..LABEL }.at(anchor));
}
