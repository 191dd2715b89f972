//! Percentile ladder: how bad the tail is, against the objectives.

use super::cdf::{Tail, note, tails};
use super::frame::{Drawing, EndLabel, LABEL, Words};
use super::palette::{OK, OVER, series, stroke};
use super::placing::{Block, LEADING, Taken};
use super::scale::{Scale, Tick, latency_ticks};
use super::svg::Anchor;
use super::{Chart, Figure};
use crate::measure::Results;
use crate::report::findings::{self, Bound, LADDER, float};
use crate::report::format::{percent, span};
use crate::report::table::Table;
use crate::report::tables;

/// The chart.
pub(crate) struct Ladder;

const LABELS: f64 = 170.0;
/// The axis: percentile and its label.
const STEPS: [(f64, &str); 6] = [
    (0.5, "50 %"),
    (0.9, "90 %"),
    (0.99, "99 %"),
    (0.999, "99.9 %"),
    (0.9999, "99.99 %"),
    (0.99999, "99.999 %"),
];

/// An objective to be drawn.
struct Line {
    workload: String,
    quantile: f64,
    limit: f64,
    met: bool,
}

impl Chart for Ladder {
    fn draw(&self, r: &Results) -> Vec<Figure> {
        let tails = tails(r);
        if tails.is_empty() {
            return Vec::new();
        }
        let lines = lines(r);
        let words = Words {
            name: "percentiles".into(),
            finding: finding(&tails, &lines),
            reading: "Latency of ok requests at each percentile, each step to the right ten times \
                      rarer. Bars are 95 % intervals over replications, dashed marks are objectives."
                .into(),
            csv: "percentiles.csv",
        };
        let mut d = Drawing::new(words, r, (44.0, LABELS), (44.0, 320.0));
        let most_count = tails.iter().map(|t| t.ok.count()).max().unwrap_or(1);
        let end = (10.0 * float(most_count)).clamp(100.0, 1e5).min(inverse(STEPS[5].0));
        // The last whole decade that anyone's data reach.
        let end = libm::pow(10.0, libm::floor(libm::log10(end / 10.0) + 1e-9)).max(100.0);
        let x = Scale::log(2.0, end, d.left, d.right);
        let least = tails.iter().filter_map(|t| t.ok.quantile(0.5)).min().unwrap_or(1);
        let most = tails.iter().filter_map(|t| t.ok.quantile(1.0 - 1.0 / end)).max().unwrap_or(1);
        let high = lines.iter().map(|l| l.limit).fold(float(most), f64::max);
        let (from, to, ticks) = latency_ticks(float(least), high);
        let y = Scale::log(from, to, d.bottom, d.top);
        d.y_title("latency of ok requests");
        d.y_axis(&y, &ticks);
        let steps: Vec<Tick> = STEPS
            .iter()
            .map(|(q, label)| (inverse(*q), (*label).to_owned()))
            .filter(|t| t.0 <= end * 1.01)
            .collect();
        d.x_axis(&x, &steps, "percentile of ok requests");
        let (mut labels, mut taken) = (Vec::new(), Taken::default());
        for (i, tail) in tails.iter().enumerate().rev() {
            labels.push(rung(&mut d, &mut taken, r, (tail, i), end, (&x, &y)));
        }
        objectives(&mut d, &mut taken, &lines, (&x, &y));
        d.end_labels(labels, LABELS);
        vec![d.finish(table(r))]
    }
}

/// 1 / (1 - q), whole where it should be.
fn inverse(q: f64) -> f64 {
    let x = 1.0 / (1.0 - q);
    let near = libm::round(x);
    if (x - near).abs() < near * 1e-6 { near } else { x }
}

/// One workload's line with its intervals; returns the name for its end.
fn rung(
    d: &mut Drawing,
    taken: &mut Taken,
    r: &Results,
    (tail, i): (&Tail, usize),
    end: f64,
    (x, y): (&Scale, &Scale),
) -> EndLabel {
    let (colour, _) = series(i);
    // 24 points a decade; no further than one request in the sample.
    let reach = end.min(float(tail.ok.count()).max(2.0));
    let mut points: Vec<(f64, f64)> = Vec::new();
    // From the median on.
    let mut at = 2.0_f64;
    let step = libm::pow(10.0, 1.0 / 24.0);
    loop {
        let inverse = at.min(reach);
        let value = float(tail.ok.quantile(1.0 - 1.0 / inverse).unwrap_or(1));
        points.push((x.at(inverse), y.at(value)));
        if at >= reach {
            break;
        }
        at *= step;
    }
    let tip = format!("{}: {} failed", tail.name, percent(tail.failed));
    d.svg.polyline(&points, &stroke(i, 2.0), Some(&tip));
    taken.curve(&points);
    if let Some(w) = r.workloads.iter().find(|w| w.name == tail.name) {
        for (q, name) in LADDER {
            let Some(e) = findings::latency(w, q).filter(|_| inverse(q) <= reach) else { continue };
            let half = e.half.unwrap_or(0.0);
            let px = x.at(inverse(q));
            let style = format!("stroke=\"{colour}\" stroke-width=\"1.3\"");
            let (high, low) = (y.at(e.point + half), y.at((e.point - half).max(1.0)));
            if low - high > 3.0 {
                d.svg.line((px, high), (px, low), &style);
                taken.curve(&[(px, high), (px, low)]);
                d.svg.line((px - 4.0, high), (px + 4.0, high), &style);
                d.svg.line((px - 4.0, low), (px + 4.0, low), &style);
            }
            let shown = crate::report::format::with_half(
                e.point,
                e.half,
                crate::report::format::span_unit(e.point),
            );
            let tip = format!("{} {name}: {shown}", tail.name);
            let style = format!("fill=\"#fff\" stroke=\"{colour}\" stroke-width=\"1.6\"");
            d.svg.circle((px, y.at(e.point)), 3.0, &style, Some(&tip));
            taken.dot((px, y.at(e.point)), 4.0);
        }
    }
    let (px, py) = points.last().copied().unwrap_or((d.left, d.bottom));
    let failed = if tail.failed > 0.0 {
        format!(", {} failed", percent(tail.failed))
    } else {
        String::new()
    };
    EndLabel { x: px, y: py, text: format!("{}{failed}", tail.name), colour }
}

/// A dashed line at each objective, from the axis to its percentile, with its value and who it
/// binds. Workloads that share one share its line.
fn objectives(d: &mut Drawing, taken: &mut Taken, lines: &[Line], (x, y): (&Scale, &Scale)) {
    let mut groups: Vec<(&Line, Vec<&Line>)> = Vec::new();
    for line in lines {
        let same =
            |g: &&mut (&Line, Vec<&Line>)| g.0.quantile == line.quantile && g.0.limit == line.limit;
        match groups.iter_mut().find(same) {
            Some(group) => group.1.push(line),
            None => groups.push((line, vec![line])),
        }
    }
    let end_of = |line: &Line| (x.at(inverse(line.quantile)), y.at(line.limit));
    let colour_of = |all: &[&Line]| if all.iter().all(|l| l.met) { OK } else { OVER };
    for (line, all) in &groups {
        let ((px, py), colour) = (end_of(line), colour_of(all));
        let style = format!("stroke=\"{colour}\" stroke-width=\"1.2\" stroke-dasharray=\"4 3\"");
        d.svg.line((d.left, py), (px, py), &style);
        let style = format!("stroke=\"{colour}\" stroke-width=\"1.4\"");
        d.svg.line((px, py - 4.0), (px, py + 4.0), &style);
        taken.curve(&[(d.left, py), (px, py)]);
    }
    for (line, all) in &groups {
        let (block, (left, top)) = label(d, taken, end_of(line), line, all);
        for (i, text) in (0_u8..).zip(&block.lines) {
            let at = (left, top + f64::from(i) * LEADING);
            note(d, at, text, colour_of(all), Anchor::Start);
        }
        taken.put(&block, (left, top));
    }
}

/// What stands at an objective, and where: in one line, or one for who misses it and one for who
/// meets it where that is free and one line is not.
fn label(
    d: &Drawing,
    taken: &Taken,
    end: (f64, f64),
    line: &Line,
    all: &[&Line],
) -> (Block, (f64, f64)) {
    let names = |met: bool| {
        let names: Vec<&str> =
            all.iter().filter(|l| l.met == met).map(|l| l.workload.as_str()).collect();
        let word = if met { "met" } else { "missed" };
        (!names.is_empty()).then(|| format!("{word} by {}", names.join(", ")))
    };
    let percentile = crate::report::format::plain(line.quantile * 100.0, 3);
    let verdicts: Vec<String> = [false, true].into_iter().filter_map(names).collect();
    let text =
        format!("p{percentile} objective {}: {}", span_plain(line.limit), verdicts.join("; "));
    let block = |lines: Vec<&str>| {
        let most = (d.right - d.left) * 0.6;
        let lines = lines.into_iter().map(|l| super::svg::fit(l, LABEL.size, most)).collect();
        Block { lines, size: LABEL.size }
    };
    let blocks = [block(vec![&text]), block(text.split("; ").collect())];
    for block in &blocks {
        if let Some(at) = taken.free(block, &places(d, block, end)) {
            return (block.clone(), at);
        }
    }
    let [one, _] = blocks;
    let at = taken.least(&one, &places(d, &one, end));
    let at = at.unwrap_or((d.left + 6.0, end.1 - 5.0));
    (one, at)
}

/// Where the text of an objective may stand: above its line or below it, the further left the
/// better, beginning at least a little before the line ends; or beyond its end.
fn places(d: &Drawing, block: &Block, (px, py): (f64, f64)) -> Vec<(f64, f64)> {
    let (above, below) = (py - 5.0 - block.depth(), py + 14.0);
    let mut places = vec![(d.left + 6.0, above), (d.left + 6.0, below)];
    let last = (px - 40.0).min(d.right - block.width());
    let mut left = d.left + 14.0;
    while left <= last {
        places.extend([(left, above), (left, below)]);
        left += 8.0;
    }
    if px + 8.0 + block.width() <= d.right {
        places.push((px + 8.0, py + 4.0 - block.depth() / 2.0));
    }
    // Above the plot is the axis' title, below it are the ticks.
    places.retain(|at| at.1 > d.top - 7.0 && at.1 + block.depth() < d.bottom - 3.0);
    places
}

/// 250 ms rather than 250.0 ms: a limit is a round number.
fn span_plain(ns: f64) -> String {
    super::scale::latency_label(ns)
}

fn lines(r: &Results) -> Vec<Line> {
    let of = |w: &crate::measure::WorkloadResults| {
        let name = w.name.clone();
        let bounds = w.objectives.iter().filter_map(|o| Some((Bound::of(o)?, o.met)));
        let line = |(b, met)| match b {
            Bound::Latency { quantile, limit } if quantile < 0.999_995 => {
                Some(Line { workload: name.clone(), quantile, limit, met })
            }
            _ => None,
        };
        bounds.filter_map(line).collect::<Vec<_>>()
    };
    r.workloads.iter().flat_map(of).collect()
}

/// A missed objective if there is one, else the longest tail.
fn finding(tails: &[Tail], lines: &[Line]) -> String {
    let missed = lines.iter().filter(|l| !l.met).find_map(|l| {
        let tail = tails.iter().find(|t| t.name == l.workload)?;
        Some((l, float(tail.ok.quantile(l.quantile)?)))
    });
    if let Some((l, seen)) = missed {
        return format!(
            "{} misses its objective: p{} is {} where {} is allowed",
            l.workload,
            crate::report::format::plain(l.quantile * 100.0, 3),
            span(seen),
            span_plain(l.limit)
        );
    }
    let ratio = |t: &Tail| {
        let p50 = float(t.ok.quantile(0.5).unwrap_or(1)).max(1.0);
        float(t.ok.quantile(0.99).unwrap_or(1)) / p50
    };
    let Some(longest) = tails.iter().max_by(|a, b| ratio(a).total_cmp(&ratio(b))) else {
        return String::new();
    };
    let start = match lines.len() {
        0 => String::new(),
        1 => "The latency objective is met. ".into(),
        2 => "Both latency objectives are met. ".into(),
        n => format!("All {n} latency objectives are met. "),
    };
    format!(
        "{start}{} has the longest tail: p99 is {} times its median ({})",
        longest.name,
        crate::report::format::plain(ratio(longest), 1),
        span(float(longest.ok.quantile(0.5).unwrap_or(0)))
    )
}

fn table(r: &Results) -> Table {
    tables::latency(r, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_objectives_keep_clear_of_curves() {
        let words = Words {
            name: "t".into(),
            finding: "A finding".into(),
            reading: String::new(),
            csv: "percentiles.csv",
        };
        let d = Drawing::new(words, &Results::default(), (44.0, LABELS), (44.0, 320.0));
        let line = |workload: &str, met| Line {
            workload: workload.into(),
            quantile: 0.99,
            limit: 5e8,
            met,
        };
        let (shop, office) = (line("shop", true), line("office", false));
        let end = (d.left + 317.0, d.top + 180.0);
        // A curve that rises through the line at so many px from the axis.
        let place = |all: &[&Line], crossing: f64| {
            let mut taken = Taken::default();
            let at = d.left + crossing;
            taken.curve(&[(at - 100.0, end.1 + 100.0), (at + 100.0, end.1 - 100.0)]);
            taken.curve(&[(d.left, end.1), end]);
            taken.curve(&[(d.left + 400.0, d.top), (d.left + 400.0, d.bottom)]);
            let (block, at) = label(&d, &taken, end, all[0], all);
            assert_eq!(taken.free(&block, &[at]), Some(at), "{crossing}: {block:?}");
            (block.lines, (at.0 - d.left, at.1 - end.1))
        };
        let one = "p99 objective 500 ms: met by shop";
        assert_eq!(place(&[&shop], 900.0), (vec![one.to_owned()], (6.0, -5.0)));
        // In the way of what is above, of both, and of most of the line.
        assert_eq!(place(&[&shop], 7.0).1, (6.0, 14.0));
        let (_, (left, down)) = place(&[&shop], 130.0);
        assert!(left > 130.0 && down == 14.0, "{left} {down}");
        let two = place(&[&office, &shop], 290.0);
        let lines = ["p99 objective 500 ms: missed by office", "met by shop"];
        assert_eq!(two, (lines.map(str::to_owned).to_vec(), (6.0, -5.0 - LEADING)));
    }
}
