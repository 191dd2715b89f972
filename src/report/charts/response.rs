//! How latency and availability respond to what a sweep varies.

use super::Figure;
use super::frame::{Drawing, EndLabel, LABEL, MARGIN, Words};
use super::palette::{AXIS, GRID, series, stroke};
use super::scale::{Scale, Tick, latency_ticks};
use super::svg::{Anchor, fit};
use crate::measure::Results;
use crate::report::findings::{self, Estimate, float};
use crate::report::format::{self, percent, span, span_unit, with_half};
use crate::report::sweep::{Seen, bare};
use crate::report::table::Table;
use crate::units::{Bytes, Rate, Ratio, Span};

const LABELS: f64 = 150.0;
const LATENCY: f64 = 240.0;
const APART: f64 = 56.0;
const AVAILABILITY: f64 = 120.0;

/// The horizontal axis: a position per point, and labels.
struct Axis {
    scale: Scale,
    at: Vec<f64>,
    ticks: Vec<Tick>,
    /// Points joined by lines: an ordered quantity of one setting.
    joined: bool,
}

/// The chart of a sweep, for the first four workloads of the ranking. Points are joined by straight
/// lines, never smoothed.
pub(crate) fn figures(results: &Results, points: &[Seen]) -> Vec<Figure> {
    let Some(first) = points.first().filter(|_| points.len() > 1) else { return Vec::new() };
    let mut names = findings::ranked(results);
    names.truncate(4);
    let names: Vec<&str> = names.into_iter().map(|w| w.name.as_str()).collect();
    let seen: Vec<f64> = points
        .iter()
        .flat_map(|p| names.iter().filter_map(|n| p.workload(n)))
        .flat_map(|w| [w.p50, w.p99])
        .flatten()
        .map(|e| e.point)
        .collect();
    if seen.is_empty() {
        return Vec::new();
    }
    let what = first.values.iter().map(|v| v.0.as_str()).collect::<Vec<_>>().join(" and ");
    let words = Words {
        name: "response".into(),
        finding: finding(points, &names, &what),
        reading: "Each point is one run: p99 filled and p50 open above, availability below, with \
                  95 % intervals over replications."
            .into(),
        csv: "sweep.csv",
    };
    let height = LATENCY + APART + AVAILABILITY;
    let mut d = Drawing::new(words, results, (48.0, LABELS), (44.0, height));
    let axis = axis(points, d.left + 16.0, d.right - 16.0);
    let whole = d.bottom;
    d.bottom = d.top + LATENCY;
    let (least, most) = (fold(&seen, f64::min), fold(&seen, f64::max));
    let (from, to, ticks) = latency_ticks(least, most);
    let y = Scale::log(from, to, d.bottom, d.top);
    d.y_title("latency of ok requests");
    d.y_axis(&y, &ticks);
    latencies(&mut d, points, &names, &axis, &y);
    d.top = d.bottom + APART;
    d.bottom = whole;
    availabilities(&mut d, points, &names, &axis);
    d.x_axis(&axis.scale, &axis.ticks, &fit(&what, LABEL.size, 500.0));
    vec![d.finish(table(points))]
}

fn fold(list: &[f64], f: impl Fn(f64, f64) -> f64) -> f64 {
    list.iter().copied().reduce(f).unwrap_or(1.0)
}

/// A value as a number, if it is a quantity of any kind.
fn quantity(text: &str) -> Option<f64> {
    None.or_else(|| text.trim().parse::<f64>().ok())
        .or_else(|| text.parse::<Rate>().ok().map(|v| float(v.bps())))
        .or_else(|| text.parse::<Bytes>().ok().map(|v| float(v.get())))
        .or_else(|| text.parse::<Span>().ok().map(|v| float(v.nanos())))
        .or_else(|| text.parse::<Ratio>().ok().map(Ratio::get))
        .filter(|x| x.is_finite())
}

/// To scale where one setting varies over quantities, else one place per point.
fn axis(points: &[Seen], left: f64, right: f64) -> Axis {
    let one = |p: &Seen| match p.values.as_slice() {
        [(_, value)] => quantity(bare(value)),
        _ => None,
    };
    let numbers: Option<Vec<f64>> = points.iter().map(one).collect();
    let at = match &numbers {
        Some(numbers) => numbers.clone(),
        None => (0..points.len()).map(|i| float(i as u64)).collect(),
    };
    let (least, most) = (fold(&at, f64::min), fold(&at, f64::max));
    // Doubling grids read best on a log axis.
    let scale = if least > 0.0 && most / least >= 20.0 && numbers.is_some() {
        Scale::log(least, most, left, right)
    } else {
        Scale::linear(least, most, left, right)
    };
    let ticks = at.iter().zip(points).map(|(x, p)| (*x, fit(&p.label(), LABEL.size, 150.0)));
    let ticks = ticks.collect();
    Axis { scale, ticks, at, joined: numbers.is_some() }
}

/// Draws the points of one series with intervals; returns the last position.
fn dots(
    d: &mut Drawing,
    axis: &Axis,
    y: &Scale,
    values: &[Option<Estimate>],
    (i, filled): (usize, bool),
    tip: impl Fn(usize, &Estimate) -> String,
) -> Option<(f64, f64)> {
    let (colour, _) = series(i);
    let mut order: Vec<usize> = (0..values.len()).filter(|p| values[*p].is_some()).collect();
    order.sort_by(|a, b| axis.at[*a].total_cmp(&axis.at[*b]));
    let place = |p: usize| values[p].map(|e| (axis.scale.at(axis.at[p]), y.at(e.point)));
    let points: Vec<(f64, f64)> = order.iter().filter_map(|p| place(*p)).collect();
    if axis.joined {
        let style = if filled { stroke(i, 1.8) } else { stroke(i, 1.0) };
        d.svg.polyline(&points, &style, None);
    }
    for p in &order {
        let Some(e) = &values[*p] else { continue };
        let (px, py) = (axis.scale.at(axis.at[*p]), y.at(e.point));
        if let Some(half) = e.half {
            let (high, low) = (y.at(e.point + half), y.at((e.point - half).max(0.0)));
            let style = format!("stroke=\"{colour}\" stroke-width=\"1.2\"");
            d.svg.line((px, high), (px, low), &style);
        }
        let fill = if filled { colour } else { "#fff" };
        let style = format!("fill=\"{fill}\" stroke=\"{colour}\" stroke-width=\"1.6\"");
        d.svg.circle((px, py), 3.4, &style, Some(&tip(*p, e)));
    }
    points.last().copied()
}

fn latencies(d: &mut Drawing, points: &[Seen], names: &[&str], axis: &Axis, y: &Scale) {
    let mut labels = Vec::new();
    for (i, name) in names.iter().enumerate() {
        for (shown, filled) in [("p50", false), ("p99", true)] {
            let of = |p: &Seen| p.workload(name).and_then(|w| if filled { w.p99 } else { w.p50 });
            let values: Vec<Option<Estimate>> = points.iter().map(of).collect();
            let tip = |p: usize, e: &Estimate| {
                let value = with_half(e.point, e.half, span_unit(e.point));
                format!("{name} {shown} at {}: {value}", points[p].label())
            };
            if let Some((x, y)) = dots(d, axis, y, &values, (i, filled), tip) {
                let (colour, _) = series(i);
                let room = LABELS - 50.0;
                let text = format!("{} {shown}", fit(name, LABEL.size, room));
                labels.push(EndLabel { x, y, text, colour });
            }
        }
    }
    d.end_labels(labels, LABELS);
}

fn availabilities(d: &mut Drawing, points: &[Seen], names: &[&str], axis: &Axis) {
    let of = |p: &Seen, n: &str| p.workload(n)?.availability;
    let lowest = points
        .iter()
        .flat_map(|p| names.iter().filter_map(|n| of(p, n)))
        .map(|e| e.point)
        .fold(1.0, f64::min);
    // The floor is a round share below what was seen, so that small losses show.
    let floors = [0.999, 0.99, 0.95, 0.9, 0.8, 0.5];
    let floor = floors.into_iter().find(|f| lowest >= *f).unwrap_or(0.0);
    let y = Scale::linear(floor, 1.0, d.bottom, d.top);
    d.svg.text((MARGIN, d.top - 14.0), "availability", LABEL);
    for i in 0..=2_u32 {
        let share = floor + (1.0 - floor) * f64::from(i) / 2.0;
        let style = format!("stroke=\"{}\" stroke-width=\"1\"", if i == 0 { AXIS } else { GRID });
        d.svg.line((d.left, y.at(share)), (d.right, y.at(share)), &style);
        let label = format!("{} %", format::plain(share * 100.0, 3));
        d.svg.text((d.left - 10.0, y.at(share) + 4.0), &label, LABEL.at(Anchor::End));
    }
    let mut labels = Vec::new();
    for (i, name) in names.iter().enumerate() {
        let values: Vec<Option<Estimate>> = points.iter().map(|p| of(p, name)).collect();
        let tip = |p: usize, e: &Estimate| {
            format!("{name} at {}: {}", points[p].label(), format::availability(e.point, e.half))
        };
        if let Some((x, y)) = dots(d, axis, &y, &values, (i, true), tip) {
            let (colour, _) = series(i);
            labels.push(EndLabel { x, y, text: (*name).to_owned(), colour });
        }
    }
    d.end_labels(labels, LABELS);
}

/// The change of p99 from the first to the last point, of the workload where it moves most.
fn finding(points: &[Seen], names: &[&str], what: &str) -> String {
    let p99 = |p: &Seen, n: &str| Some(p.workload(n)?.p99?.point);
    let (first, last) = (&points[0], &points[points.len() - 1]);
    let ratio = |a: f64, b: f64| if a > b { a / b.max(1.0) } else { b / a.max(1.0) };
    let moved = names.iter().filter_map(|n| Some((*n, p99(first, n)?, p99(last, n)?)));
    let most = moved.max_by(|a, b| ratio(a.1, a.2).total_cmp(&ratio(b.1, b.2)));
    let lost = points
        .iter()
        .flat_map(|p| {
            names.iter().filter_map(move |n| Some((p, *n, p.workload(n)?.availability?.point)))
        })
        .min_by(|a, b| a.2.total_cmp(&b.2))
        .filter(|l| l.2 < 0.999);
    let mut text = match most {
        Some((n, a, b)) => format!(
            "{n}: p99 goes from {} at {} to {} at {}",
            span(a),
            first.label(),
            span(b),
            last.label()
        ),
        None => format!("Response to {what}"),
    };
    if let Some((p, n, share)) = lost {
        text.push_str(&format!("; {n} loses {} at {}", percent(1.0 - share), p.label()));
    }
    text
}

/// Every point and workload with the headline figures.
pub(crate) fn table(points: &[Seen]) -> Table {
    let head =
        ["point", "workload", "availability", "p50", "p99", "mean rate", "objectives missed"];
    let mut table = Table::new(2, head);
    let none = || "-".to_owned();
    for p in points {
        for w in &p.workloads {
            let latency = |e: Option<Estimate>| {
                e.map_or_else(none, |e| with_half(e.point, e.half, span_unit(e.point)))
            };
            table.row([
                p.label(),
                w.name.clone(),
                w.availability.map_or_else(none, |e| format::availability(e.point, e.half)),
                latency(w.p50),
                latency(w.p99),
                w.rate
                    .map_or_else(none, |e| with_half(e.point, e.half, format::rate_unit(e.point))),
                match w.missed {
                    (_, 0) => none(),
                    (missed, of) => format!("{missed} of {of}"),
                },
            ]);
        }
    }
    table
}
