//! A sweep over two settings: a cell for each pair of values.

use super::Figure;
use super::frame::{Drawing, LABEL, Words};
use super::palette::{INK, INK_SOFT, cividis};
use super::svg::{Anchor, Type, fit};
use crate::measure::Results;
use crate::report::findings::{self, float};
use crate::report::format::span;
use crate::report::sweep::{Seen, bare};

/// Most values along an axis.
const MOST: usize = 24;
const ROW: f64 = 30.0;

/// The p99 of the first workload of the ranking over a whole grid of two settings; none of another
/// sweep.
pub(crate) fn figure(results: &Results, points: &[Seen]) -> Option<Figure> {
    let [first, second] = points.first()?.values.as_slice() else { return None };
    let values = |axis: usize| {
        let mut list: Vec<&str> = Vec::new();
        for p in points {
            let value = p.values[axis].1.as_str();
            if !list.contains(&value) {
                list.push(value);
            }
        }
        list
    };
    let (rows, columns) = (values(0), values(1));
    let several = 2..=MOST;
    if !several.contains(&rows.len())
        || !several.contains(&columns.len())
        || rows.len() * columns.len() != points.len()
    {
        return None;
    }
    let name = findings::ranked(results).first()?.name.clone();
    let p99 = |p: &Seen| Some(p.workload(&name)?.p99?.point);
    let seen: Vec<f64> = points.iter().filter_map(p99).collect();
    let (least, most) =
        (seen.iter().copied().reduce(f64::min)?, seen.iter().copied().reduce(f64::max)?);
    let best = points.iter().find(|p| p99(p) == Some(least))?;
    let worst = points.iter().find(|p| p99(p) == Some(most))?;
    let words = Words {
        name: "grid".into(),
        finding: format!(
            "{name}: p99 from {} at {} to {} at {}",
            span(least),
            best.label(),
            span(most),
            worst.label()
        ),
        reading: format!(
            "p99 of {name}, by {} (down) and {} (across); colours in equal ratios, from the least \
             (dark) to the most (light). Crossed: an objective was missed.",
            first.0, second.0
        ),
        csv: "sweep.csv",
    };
    let height = float(rows.len() as u64) * ROW;
    let mut d = Drawing::new(words, results, (150.0, 8.0), (44.0, height));
    let wide = (d.right - d.left) / float(columns.len() as u64);
    let ratio = libm::log(most / least.max(1.0)).max(1e-9);
    for (i, row) in rows.iter().enumerate() {
        let top = d.top + float(i as u64) * ROW;
        let label = fit(bare(row), LABEL.size, 140.0);
        let set = Type { fill: INK_SOFT, ..LABEL }.at(Anchor::End);
        d.svg.text((d.left - 8.0, top + ROW / 2.0 + 4.0), &label, set);
        for (j, column) in columns.iter().enumerate() {
            let at = points.iter().find(|p| p.values[0].1 == *row && p.values[1].1 == *column);
            let left = d.left + float(j as u64) * wide;
            let Some(value) = at.and_then(p99) else {
                let hatch = d.hatch();
                d.svg.rect((left + 1.0, top + 1.0), (wide - 2.0, ROW - 2.0), &hatch, None);
                continue;
            };
            let share = libm::log(value / least.max(1.0)) / ratio;
            let tip = format!("{}, {}: p99 {}", bare(row), bare(column), span(value));
            let fill = format!("fill=\"{}\"", cividis(share));
            d.svg.rect((left + 1.0, top + 1.0), (wide - 2.0, ROW - 2.0), &fill, Some(&tip));
            let missed = at.and_then(|p| p.workload(&name)).is_some_and(|w| w.missed.0 > 0);
            let ink = if share > 0.55 { INK } else { "#FFFFFF" };
            if missed {
                let style = format!("stroke=\"{ink}\" stroke-width=\"1\"");
                let (a, b) = ((left + 1.0, top + ROW - 1.0), (left + wide - 1.0, top + 1.0));
                d.svg.line(a, b, &style);
            }
            if wide >= 52.0 {
                let set = Type { fill: ink, ..LABEL }.at(Anchor::Middle);
                d.svg.text((left + wide / 2.0, top + ROW / 2.0 + 4.0), &span(value), set);
            }
        }
    }
    for (j, column) in columns.iter().enumerate() {
        let at = d.left + (float(j as u64) + 0.5) * wide;
        let label = fit(bare(column), LABEL.size, (wide - 4.0).max(24.0));
        d.svg.text((at, d.bottom + 16.0), &label, LABEL.at(Anchor::Middle));
    }
    d.end_at(d.bottom + 24.0);
    Some(d.finish(super::response::table(points)))
}
