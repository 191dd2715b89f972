//! How the delivered rate of a window is distributed, one panel per workload.

use super::frame::{Drawing, LABEL, MARGIN, WIDTH, Words};
use super::palette::{AXIS, INK, INK_SOFT, series};
use super::scale::{Scale, linear_ticks};
use super::svg::{Anchor, Type, fit, text_width};
use super::{Chart, Figure};
use crate::measure::{Results, WorkloadResults};
use crate::report::findings::{float, ranked, share};
use crate::report::format::{percent, plural, rate, rate_unit};
use crate::report::table::Table;

/// The chart.
pub(crate) struct ThroughputHistogram;

const BINS: u32 = 40;
const PANEL: f64 = 176.0;

impl Chart for ThroughputHistogram {
    fn draw(&self, r: &Results) -> Vec<Figure> {
        let mut list = ranked(r);
        list.retain(|w| w.throughput.max().unwrap_or(0) > 0);
        let more = list.len().saturating_sub(4);
        list.truncate(4);
        if list.is_empty() {
            return Vec::new();
        }
        let others = match more {
            0 => String::new(),
            n => format!(" {} more are in the file.", plural(n, "workload", "workloads")),
        };
        let words = Words {
            name: "throughput-histogram".into(),
            finding: finding(list[0]),
            reading: format!(
                "Share of windows (of all replications, after the warm-up) by their delivered \
                 rate. Marks are the 5th, 50th and 95th percentile of the windows.{others}"
            ),
            csv: "throughput_histogram.csv",
        };
        let rows = float(list.len().div_ceil(2) as u64);
        let mut d = Drawing::new(words, r, (0.0, 0.0), (-4.0, rows * PANEL));
        let wide =
            if list.len() == 1 { WIDTH - 2.0 * MARGIN } else { (WIDTH - 3.0 * MARGIN) / 2.0 };
        for (i, w) in list.iter().enumerate() {
            let (column, row) = (float(i as u64 % 2), float(i as u64 / 2));
            let at = (MARGIN + column * (wide + MARGIN), d.top + row * PANEL);
            panel(&mut d, w, i, at, wide);
        }
        let end = d.bottom + 2.0;
        d.end_at(end);
        vec![d.finish(table(&list))]
    }
}

/// Shares of windows in `BINS` equal bins up to `top`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..BINS")]
fn bins(w: &WorkloadResults, top: f64) -> Vec<f64> {
    let mut bins = vec![0.0; BINS as usize];
    for (value, count) in w.throughput.buckets() {
        let i = (float(value) / top * f64::from(BINS)) as usize;
        bins[i.min(BINS as usize - 1)] += share(count, w.throughput.count()).unwrap_or(0.0);
    }
    bins
}

fn panel(d: &mut Drawing, w: &WorkloadResults, i: usize, (left, top): (f64, f64), wide: f64) {
    let max = float(w.throughput.max().unwrap_or(1));
    let (factor, unit) = rate_unit(max);
    let ticks = linear_ticks(max / factor, 5.0);
    let end = ticks.last().map_or(1.0, |t| t.0);
    let (plot_left, plot_right) = (left + 8.0, left + wide - 8.0);
    let (plot_top, bottom) = (top + 54.0, top + PANEL - 34.0);
    let x = Scale::linear(0.0, end, plot_left, plot_right);
    let bins = bins(w, end * factor);
    let most = bins.iter().copied().fold(0.0, f64::max);
    let y = Scale::linear(0.0, most.max(1e-9), bottom, plot_top);
    let (colour, _) = series(i);
    let name = fit(&w.name, 12.5, wide * 0.6);
    d.svg.text((plot_left, top + 20.0), &name, Type::new(12.5, INK).bold());
    let mean = w.throughput.mean().map_or_else(String::new, |m| format!("mean {}", rate(m)));
    let after = plot_left + text_width(&name, 12.5) + 12.0;
    d.svg.text((after, top + 20.0), &mean, LABEL);
    let base = format!("stroke=\"{AXIS}\" stroke-width=\"1\"");
    for (b, part) in bins.iter().enumerate().filter(|b| *b.1 > 0.0) {
        let from = end * float(b as u64) / f64::from(BINS);
        let to = end * float(b as u64 + 1) / f64::from(BINS);
        let tip = format!(
            "{} to {}: {} of windows",
            rate(from * factor),
            rate(to * factor),
            percent(*part)
        );
        let (a, z) = (x.at(from) + 0.5, x.at(to) - 0.5);
        // A bin with anything in it is never invisible.
        let height = (bottom - y.at(*part)).max(1.5);
        let style = format!("fill=\"{colour}\" fill-opacity=\"0.85\"");
        d.svg.rect((a, bottom - height), (z - a, height), &style, Some(&tip));
    }
    d.svg.line((plot_left, bottom), (plot_right, bottom), &base);
    let last = ticks.len() - 1;
    for (t, (value, label)) in ticks.iter().enumerate() {
        let at = x.at(*value);
        d.svg.line((at, bottom), (at, bottom + 4.0), &base);
        let label = if t == last { format!("{label} {unit}") } else { label.clone() };
        let anchor = if t == last { Anchor::End } else { Anchor::Middle };
        let at = if t == last { plot_right + 8.0 } else { at };
        d.svg.text((at, bottom + 18.0), &label, LABEL.at(anchor));
    }
    marks(d, w, (&x, factor), plot_top, bottom);
}

/// The percentiles of the windows as thin lines with their names above; names that would touch
/// are left out.
fn marks(d: &mut Drawing, w: &WorkloadResults, (x, factor): (&Scale, f64), top: f64, bottom: f64) {
    let mut free = f64::MIN;
    for (q, name) in [(0.05, "p5"), (0.5, "p50"), (0.95, "p95")] {
        let Some(value) = w.throughput.quantile(q).map(float) else { continue };
        let px = x.at(value / factor);
        let style = format!("stroke=\"{INK}\" stroke-width=\"0.8\" stroke-dasharray=\"2 2\"");
        d.svg.line((px, top - 4.0), (px, bottom), &style);
        let half = text_width(name, 10.5) / 2.0;
        if px - half > free {
            let set = Type::new(10.5, INK_SOFT).at(Anchor::Middle);
            d.svg.text((px, top - 8.0), name, set);
            free = px + half + 3.0;
        }
    }
}

fn finding(w: &WorkloadResults) -> String {
    let p = |q| w.throughput.quantile(q).map_or(0.0, float);
    let max = p(1.0);
    format!(
        "{}: nine of ten windows between {} and {}, the busiest at {}",
        w.name,
        rate(p(0.05)),
        rate(p(0.95)),
        rate(max)
    )
}

fn table(list: &[&WorkloadResults]) -> Table {
    let head = ["workload", "windows", "min", "p5", "p50", "mean", "p95", "max"];
    let mut table = Table::new(1, head);
    for w in list {
        let p = |q| w.throughput.quantile(q).map_or_else(|| "-".into(), |v| rate(float(v)));
        table.row([
            w.name.clone(),
            crate::report::format::count(w.throughput.count()),
            w.throughput.min().map_or_else(|| "-".into(), |v| rate(float(v))),
            p(0.05),
            p(0.5),
            w.throughput.mean().map_or_else(|| "-".into(), rate),
            p(0.95),
            p(1.0),
        ]);
    }
    table
}
