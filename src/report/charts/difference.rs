//! Two variants: their differences with intervals, and their latencies beside each other.

use super::Figure;
use super::cdf::curve;
use super::frame::{Drawing, LABEL, MARGIN, Swatch, Words};
use super::palette::{AXIS, GRID, INK_FAINT, INK_SOFT, OK, OVER, stroke};
use super::scale::{Scale, Tick, latency_ticks};
use super::svg::{Anchor, Type, fit};
use crate::measure::{Difference, Told};
use crate::report::compare::{Compared, reading, relative, table, verdict, word};
use crate::report::findings::{float, ranked};
use crate::report::format::{percent, plain};

/// Height of a row, and of the line that opens a workload.
const ROW: f64 = 19.0;
const HEAD: f64 = 22.0;
/// Room for what is compared, and for the verdict.
const LABELS: f64 = 200.0;
const VERDICTS: f64 = 90.0;
/// Most workloads whose latencies are drawn.
const MOST: usize = 2;

pub(crate) fn figures(it: &Compared) -> Vec<Figure> {
    let mut all = Vec::new();
    all.extend(differences(it));
    all.extend(both(it));
    all
}

/// B - A as a share of A.
fn differences(it: &Compared) -> Option<Figure> {
    let reach = |r: &Difference| relative(r).map(|(d, h)| d.abs() + h);
    let far = it.found.rows.iter().filter_map(reach).fold(0.0, f64::max);
    if it.found.rows.is_empty() || !far.is_finite() {
        return None;
    }
    let end = [0.02, 0.05, 0.1, 0.2, 0.5, 1.0].into_iter().find(|e| far <= *e).unwrap_or(1.0);
    let workloads = it.found.rows.chunk_by(|a, b| a.workload == b.workload);
    let height = it.found.rows.len() as f64 * ROW + workloads.clone().count() as f64 * HEAD + 8.0;
    let words = Words {
        name: "differences".into(),
        finding: verdict(it),
        reading:
            "(B - A) as a share of A with its interval. Filled: the whole interval lies beyond \
                  the threshold, which is the band. What was 0 in A has no mark."
                .into(),
        csv: "compare.csv",
    };
    let subtitle = super::subtitle(&it.a);
    let mut d = Drawing::titled(words, &subtitle, reading(it), (LABELS, VERDICTS), (26.0, height));
    let x = Scale::linear(-end, end, d.left, d.right);
    let least = it.found.threshold.min(end);
    let band = (x.at(least) - x.at(-least), d.bottom - d.top);
    d.svg.rect((x.at(-least), d.top), band, "fill=\"#EEF4F9\"", None);
    let style = format!("stroke=\"{AXIS}\" stroke-width=\"1\"");
    d.svg.line((x.at(0.0), d.top), (x.at(0.0), d.bottom), &style);
    let mut y = d.top + 4.0;
    for rows in workloads {
        y += HEAD;
        let name = fit(&rows[0].workload, 11.5, LABELS - 8.0);
        d.svg.text((MARGIN, y - 6.0), &name, Type::new(11.5, INK_SOFT).bold());
        for r in rows {
            mark(&mut d, r, &x, (y, end));
            y += ROW;
        }
    }
    let ticks: Vec<Tick> = [-1.0, -0.5, 0.0, 0.5, 1.0]
        .map(|t| {
            (t * end, format!("{}{} %", if t > 0.0 { "+" } else { "" }, plain(t * end * 100.0, 1)))
        })
        .to_vec();
    d.x_axis(&x, &ticks, "B - A, as a share of A");
    Some(d.finish(table(it)))
}

/// One row: its words, its interval and its verdict.
fn mark(d: &mut Drawing, r: &Difference, x: &Scale, (y, end): (f64, f64)) {
    let middle = y + ROW / 2.0;
    let style = format!("stroke=\"{GRID}\" stroke-width=\"1\"");
    d.svg.line((d.left, middle), (d.right, middle), &style);
    d.svg.text((MARGIN + 12.0, middle + 4.0), r.measure.name(), LABEL);
    let (colour, bold) = match r.told {
        Told::Better => (OK, true),
        Told::Worse => (OVER, true),
        Told::CannotTell => (INK_FAINT, false),
    };
    if let Some((off, half)) = relative(r) {
        let at = |share: f64| x.at(share.clamp(-end, end));
        let tip = format!("{} {}: {}", r.workload, r.measure.name(), percent(off.abs()));
        let line = format!("stroke=\"{colour}\" stroke-width=\"1.6\"");
        d.svg.line((at(off - half), middle), (at(off + half), middle), &line);
        if off.abs() > end {
            let toward = if off < 0.0 { -7.0 } else { 7.0 };
            let points = [
                (at(off), middle),
                (at(off) - toward, middle - 5.0),
                (at(off) - toward, middle + 5.0),
            ];
            d.svg.polygon(&points, &format!("fill=\"{colour}\""), Some(&tip));
        } else {
            let fill = if bold { colour } else { "#fff" };
            let style = format!("fill=\"{fill}\" stroke=\"{colour}\" stroke-width=\"1.6\"");
            d.svg.circle((at(off), middle), 4.0, &style, Some(&tip));
        }
    }
    let set = Type { fill: colour, ..LABEL }.at(Anchor::Start);
    let set = if bold { set.bold() } else { set };
    d.svg.text((d.right + 12.0, middle + 4.0), word(r.told), set);
}

/// Cumulative latencies of the first workloads, A and B.
fn both(it: &Compared) -> Option<Figure> {
    let of_b = |name: &str| it.b.workloads.iter().find(|w| w.name == name);
    let pairs: Vec<_> = ranked(&it.a)
        .into_iter()
        .filter_map(|a| Some((a, of_b(&a.name)?)))
        .filter(|(a, b)| a.latency_ok.count() > 0 && b.latency_ok.count() > 0)
        .take(MOST)
        .collect();
    let lists = || pairs.iter().flat_map(|(a, b)| [&a.latency_ok, &b.latency_ok]);
    let least = lists().filter_map(|h| h.quantile(0.001)).min()?;
    let most = lists().filter_map(|h| h.quantile(0.999)).max()?;
    let first = pairs.first()?.0;
    let p99 = |w: &crate::measure::WorkloadResults| {
        crate::report::format::span(float(w.latency_ok.quantile(0.99).unwrap_or(0)))
    };
    let words = Words {
        name: "both".into(),
        finding: format!("{}: p99 {} in A, {} in B", first.name, p99(first), p99(pairs.first()?.1)),
        reading: "Share of ok requests that took at most so long, from their intended start."
            .into(),
        csv: "comparison.json",
    };
    let mut d = Drawing::new(words, &it.a, (44.0, 24.0), (64.0, 300.0));
    let (from, to, ticks) = latency_ticks(float(least), float(most));
    let x = Scale::log(from, to, d.left, d.right);
    let y = Scale::linear(0.0, 1.0, d.bottom, d.top);
    d.y_title("ok requests, cumulative");
    let shares: Vec<Tick> =
        [0.0, 0.25, 0.5, 0.75, 0.9, 1.0].map(|s| (s, percent(s).replace(".0", ""))).to_vec();
    d.y_axis(&y, &shares);
    d.x_axis(&x, &ticks, "latency");
    let mut entries = Vec::new();
    for (i, (a, b)) in pairs.iter().enumerate() {
        for (j, (variant, w)) in [("A", a), ("B", b)].into_iter().enumerate() {
            let series = 2 * i + j;
            let name = format!("{}, {variant}", w.name);
            d.svg.polyline(&curve(&w.latency_ok, &x, &y), &stroke(series, 2.0), Some(&name));
            entries.push((name, Swatch::Line(series)));
        }
    }
    d.legend(&entries, MARGIN + 170.0);
    Some(d.finish(super::cdf::table(&super::cdf::tails(&it.b))))
}
