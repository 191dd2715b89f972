//! The charts of drills: who is hurt by what, and how the worst ones go.

use super::Figure;
use super::frame::{Drawing, EndLabel, LABEL, MARGIN, Swatch, Words};
use super::palette::{AXIS, GRID, INK, INK_SOFT, OVER, series, stroke};
use super::scale::{Scale, TimeAxis};
use super::series::Columns;
use super::svg::{Anchor, Type, fit, fit_apart, text_width};
use crate::measure::{DrillResults, DrillSeen, DrillWorkload, Results};
use crate::report::drill::{ranked, untold, word};
use crate::report::findings::float;
use crate::report::format::{count, percent, plain, plural};
use crate::report::table::Table;
use crate::report::tables::moment;

/// Failures in the matrix.
const ROWS: usize = 40;
const ROW: f64 = 22.0;
/// Workloads in the matrix.
const COLUMNS: usize = 8;
/// Failures with a strip of their own.
const STRIPS: usize = 5;
const STRIP: f64 = 74.0;
const APART: f64 = 34.0;
const LABELS: f64 = 160.0;
/// A cell of a workload whose objectives are met, and one that misses some.
const MET: &str = "#E6F0F7";
const MISSED: &str = "#F3D9DE";

/// The matrix of failures and workloads, and the timeline of the worst failures.
pub(crate) fn figures(found: &DrillResults, base: &Results) -> Vec<Figure> {
    if found.base.workloads.is_empty() || found.drills.is_empty() {
        return Vec::new();
    }
    let mut all = vec![matrix(found, base)];
    all.extend(timeline(found, base));
    all
}

fn matrix(found: &DrillResults, base: &Results) -> Figure {
    let all = found.telling();
    let shown = &all[..all.len().min(ROWS)];
    let names: Vec<&str> = found.base.workloads.iter().map(|w| w.name.as_str()).collect();
    let names = &names[..names.len().min(COLUMNS)];
    let more = match all.len() - shown.len() {
        0 => String::new(),
        n => format!(" {n} failures that hurt less are in the file."),
    };
    let words = Words {
        name: "matrix".into(),
        finding: matrix_finding(found),
        reading: format!(
            "A row per failure, worst first, a column per workload. The number is the requests lost per \
             replication beside the run without failure; red cells miss an objective, solid ones are cut off: no \
             request ended ok in the second half of the failure.{more} {}",
            untold(found)
        ),
        csv: "drill.csv",
    };
    let rows: Vec<&str> = shown.iter().map(|d| d.case.name.as_str()).collect();
    let rows = fit_apart(&rows, LABEL.size, 300.0);
    let wide = rows.iter().map(|name| text_width(name, LABEL.size)).fold(60.0, f64::max) + 12.0;
    let mut d = Drawing::new(words, base, (wide, 0.0), (66.0, float(shown.len() as u64) * ROW));
    let column = ((d.right - d.left) / float(names.len() as u64)).min(180.0);
    let fill = |style: &str| Swatch::Fill(format!("fill=\"{style}\""));
    d.legend(
        &[
            ("objectives met".into(), fill(MET)),
            ("an objective missed".into(), fill(MISSED)),
            ("cut off".into(), fill(OVER)),
        ],
        MARGIN,
    );
    for (c, name) in names.iter().enumerate() {
        let middle = d.left + (float(c as u64) + 0.5) * column;
        let text = fit(name, LABEL.size, column - 8.0);
        d.svg.text((middle, d.top - 8.0), &text, Type { fill: INK, ..LABEL }.at(Anchor::Middle));
    }
    for (r, (seen, name)) in shown.iter().zip(&rows).enumerate() {
        let top = d.top + float(r as u64) * ROW;
        let at = (d.left - 10.0, top + ROW / 2.0 + 4.0);
        let set = if seen.case.elements.len() == 1 { LABEL.bold() } else { LABEL };
        d.svg.text(at, name, Type { fill: INK, ..set }.at(Anchor::End));
        for (c, w) in seen.workloads.iter().take(COLUMNS).enumerate() {
            let left = d.left + float(c as u64) * column;
            cell(&mut d, seen, w, (left, top), column);
        }
    }
    d.end_at(d.bottom + 6.0);
    d.finish(ranked(found))
}

fn cell(d: &mut Drawing, seen: &DrillSeen, w: &DrillWorkload, at: (f64, f64), wide: f64) {
    let missed = w.objectives.iter().any(|o| !o.met);
    let (fill, ink) = match (w.cut_off, missed) {
        (true, _) => (OVER, "#ffffff"),
        (false, true) => (MISSED, OVER),
        (false, false) => (MET, INK_SOFT),
    };
    let lost = w.lost.map_or("-".to_owned(), |i| lost(i.mean));
    let tip = format!("{}, {}: {}, {lost} lost", seen.case.name, w.name, word(w));
    let style = format!("fill=\"{fill}\"");
    d.svg.rect((at.0 + 1.0, at.1 + 1.0), (wide - 2.0, ROW - 2.0), &style, Some(&tip));
    let set = Type { fill: ink, ..LABEL };
    let set = if missed || w.cut_off { set.bold() } else { set };
    let middle = (at.0 + wide / 2.0, at.1 + ROW / 2.0 + 4.0);
    let text = if w.cut_off { format!("cut off, {lost}") } else { lost };
    d.svg.text(middle, &text, set.at(Anchor::Middle));
}

/// Requests lost, rounded.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded counts")]
fn lost(mean: f64) -> String {
    match mean {
        m if m.abs() < 0.05 => "0".into(),
        m if m.abs() < 10.0 => plain(m, 1),
        m if m < 0.0 => format!("-{}", count(libm::round(-m) as u64)),
        m => count(libm::round(m) as u64),
    }
}

fn matrix_finding(found: &DrillResults) -> String {
    let singles = found.drills.iter().filter(|d| d.case.elements.len() == 1).count();
    let points: Vec<&str> = found.single_points().map(|d| d.case.name.as_str()).collect();
    let harm = found.drills.iter().filter(|d| d.harms()).count();
    let first = match (singles, points.as_slice()) {
        (0, _) => String::new(),
        (n, []) => {
            format!("none of {} does harm; ", plural(n, "single failure", "single failures"))
        }
        (n, [one]) => format!("{one} is the only single point of failure of {n}; "),
        (n, [one, ..]) => format!("{} of {n} single failures do harm, {one} most; ", points.len()),
    };
    let all = plural(found.drills.len(), "failure", "failures");
    let text = format!("{first}{harm} of {all} break an objective or cut somebody off");
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

/// The worst failures over time: the share of requests that end badly or too late, by workload.
fn timeline(found: &DrillResults, base: &Results) -> Option<Figure> {
    let all = found.telling();
    // Failures that share a run look alike.
    let mut runs = Vec::new();
    let fresh = |seen: &&DrillSeen| {
        let new = seen.case.run > 0 && !runs.contains(&seen.case.run);
        runs.push(seen.case.run);
        new
    };
    let shown: Vec<&DrillSeen> = all.iter().copied().filter(fresh).take(STRIPS).collect();
    let first = shown.first()?;
    let columns = Columns::new(&base.settings, 160);
    if columns.len() < 2 {
        return None;
    }
    let names: Vec<&str> = found.base.workloads.iter().map(|w| w.name.as_str()).take(4).collect();
    let words = Words {
        name: "timeline".into(),
        finding: timeline_finding(first, &columns, base),
        reading: "A strip per failure, worst first: of the requests that ended in each moment, the share that failed, \
                  or was later than an objective on latency allows. The band is the failure; lines break where \
                  no request ended."
            .into(),
        csv: "drill.json",
    };
    let n = float(shown.len() as u64);
    let height = n * STRIP + (n - 1.0) * APART;
    let mut d = Drawing::new(words, base, (40.0, LABELS), (74.0, height));
    let entries: Vec<(String, Swatch)> =
        names.iter().enumerate().map(|(i, name)| ((*name).to_owned(), Swatch::Line(i))).collect();
    d.legend(&entries, MARGIN);
    let x = Scale::linear(0.0, float(base.settings.horizon_ns), d.left, d.right);
    let (top, bottom) = (d.top, d.bottom);
    for (i, seen) in shown.iter().enumerate() {
        d.top = top + float(i as u64) * (STRIP + APART);
        d.bottom = d.top + STRIP;
        strip(&mut d, found, seen, &columns, &x, names.len());
    }
    (d.top, d.bottom) = (bottom - STRIP, bottom);
    let axis = TimeAxis::new(&base.settings);
    d.x_axis(&x, &axis.ticks, axis.title);
    Some(d.finish(peaks(&shown, &columns, base)))
}

/// Share of bad requests in each column: the worst window of it.
fn bad(w: &DrillWorkload, columns: &Columns) -> Vec<Option<f64>> {
    let of = |r: &std::ops::Range<usize>| {
        let part = w.bad_by_window.get(r.start..r.end.min(w.bad_by_window.len()));
        part.unwrap_or(&[]).iter().flatten().copied().reduce(f64::max)
    };
    columns.ranges.iter().map(of).collect()
}

fn strip(
    d: &mut Drawing,
    found: &DrillResults,
    seen: &DrillSeen,
    columns: &Columns,
    x: &Scale,
    most: usize,
) {
    let (from, to) = (x.at(float(found.head.from_ns)), x.at(float(found.head.to_ns)));
    let height = d.bottom - d.top;
    d.svg.rect((from, d.top), (to - from, height), "fill=\"#F8ECEE\"", Some(&seen.case.name));
    let y = Scale::linear(0.0, 1.0, d.bottom, d.top);
    for (share, label) in [(0.0, "0 %"), (0.5, ""), (1.0, "100 %")] {
        let at = y.at(share);
        let style =
            format!("stroke=\"{}\" stroke-width=\"1\"", if share > 0.0 { GRID } else { AXIS });
        d.svg.line((d.left, at), (d.right, at), &style);
        d.svg.text((d.left - 8.0, at + 4.0), label, LABEL.at(Anchor::End));
    }
    let title = fit(&seen.case.name, LABEL.size, d.right - d.left);
    d.svg.text((d.left, d.top - 8.0), &title, Type { fill: INK, ..LABEL }.bold());
    let mut labels = Vec::new();
    for (i, w) in seen.workloads.iter().take(most).enumerate() {
        let values = bad(w, columns);
        let mut piece: Vec<(f64, f64)> = Vec::new();
        for (c, value) in values.iter().enumerate() {
            let middle = f64::midpoint(float(columns.from(c)), float(columns.to(c)));
            match value {
                Some(v) => piece.push((x.at(middle), y.at(*v))),
                None => d.svg.polyline(&std::mem::take(&mut piece), &stroke(i, 1.6), Some(&w.name)),
            }
        }
        d.svg.polyline(&piece, &stroke(i, 1.6), Some(&w.name));
        if w.cut_off || w.broken > 0 {
            let (colour, _) = series(i);
            let text = format!("{}: {}", w.name, word(w));
            labels.push(EndLabel { x: d.right, y: y.at(0.5), text, colour });
        }
    }
    d.end_labels(labels, LABELS);
}

/// The worst moment of each strip's workloads.
fn peaks(shown: &[&DrillSeen], columns: &Columns, base: &Results) -> Table {
    let mut table = Table::new(2, ["failure", "workload", "worst share", "at"]);
    for seen in shown {
        for w in &seen.workloads {
            let Some((c, share)) = worst(w, columns) else { continue };
            let at = moment(&base.settings, columns.from(c));
            table.row([seen.case.name.clone(), w.name.clone(), percent(share), at]);
        }
    }
    table
}

/// The column with the greatest share, if any is above 0.
fn worst(w: &DrillWorkload, columns: &Columns) -> Option<(usize, f64)> {
    let mut found: Option<(usize, f64)> = None;
    for (c, share) in bad(w, columns).into_iter().enumerate() {
        if let Some(share) = share.filter(|s| *s > found.map_or(0.0, |f| f.1)) {
            found = Some((c, share));
        }
    }
    found
}

fn timeline_finding(first: &DrillSeen, columns: &Columns, base: &Results) -> String {
    let hit = first.workloads.iter().filter_map(|w| Some((w, worst(w, columns)?)));
    let most = hit.max_by(|a, b| a.1.1.total_cmp(&b.1.1));
    match most {
        None => format!("{} is the worst failure, and no request fails in it", first.case.name),
        Some((w, (c, share))) => {
            let at = moment(&base.settings, columns.from(c));
            let when = if base.settings.start_of_day_ns > 0 { "at" } else { "after" };
            let name = &first.case.name;
            format!(
                "{name} is the worst: {} of {} fail or are late {when} {at}",
                percent(share),
                w.name
            )
        }
    }
}
