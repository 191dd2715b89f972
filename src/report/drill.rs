//! What drills leave behind: a tidy table, everything as JSON, the base run's results, charts and a page.

use std::path::PathBuf;

use super::charts::{Figure, drill as charts};
use super::error::WriteError;
use super::escape::terminal;
use super::files::{Cell, Sheet, row};
use super::findings::{float, level};
use super::format::{count, percent, plain, plural, span};
use super::manifest::Manifest;
use super::page;
use super::store::OutputDir;
use super::table::Table;
use super::tables::moment;
use crate::measure::{DrillResults, DrillSeen, DrillWorkload, Interval, Results};

/// Rows of the ranked table on stdout.
const MOST: usize = 20;

/// Writes the files of drills: `drill.csv` (a row per failure and workload), `drill.json` (everything),
/// `base.json` (the results of the run without failure), `charts/*.svg`, `report.html`, and `manifest.toml` last; their
/// paths in that order.
///
/// Columns of `drill.csv`: `rank` (1 is the worst failure, 0 the run without), `failure`, `workload`; `objectives`,
/// `missed` and `broken` (missed, but met in the base run); `cut_off` (1 where no request ended ok in the second half
/// of the failure); `lost` and `delayed` requests and `slower_s` (mean latency), each per replication beside the base
/// run of the same seed, with 95 % half-widths; `carried` (bytes during the failure as a share of the base run's);
/// `recovery_s` and its parts `detect_s`, `propagate_s`, `cache_s`, `reconnect_s` at `choice`; `caught_by`;
/// `peak_latency_s` and `base_peak_latency_s`; `outside_s` (time outside of the objectives during the failure),
/// `after_s` (after it), `settled` (share of its second half); `least_free` (share of `link`); `probability` and
/// `mean_hours` of the state; `run` (0 is the base run) and `pruned`, why it has none of its own.
///
/// # Errors
/// [`WriteError`].
pub fn drill_files(
    found: &DrillResults,
    base: &Results,
    dir: &OutputDir,
    command_line: &[String],
) -> Result<Vec<PathBuf>, WriteError> {
    let mut json = serde_json::to_vec(found).map_err(|e| WriteError::content("drill.json", e))?;
    json.push(b'\n');
    let mut outputs = vec![
        ("drill.csv".to_owned(), sheet(found).to_bytes("drill.csv")?),
        ("drill.json".to_owned(), json),
        ("base.json".to_owned(), super::results_json(base)?),
    ];
    let figures: Vec<Figure> = charts::figures(found, base);
    let page = page::drill::page(found, base, &figures, command_line);
    for figure in figures {
        outputs.push((format!("charts/{}.svg", figure.name), figure.svg.into_bytes()));
    }
    outputs.push(("report.html".into(), page.into_bytes()));
    dir.replace(Manifest::new(base, command_line), &outputs)
}

/// What drills found, as text of at most `width` columns.
pub fn drill_summary(found: &DrillResults, base: &Results, width: usize) -> String {
    let mut out =
        format!("{}\n{}\n", terminal(&verdict(found)), super::summary::identity_line(base));
    out.push_str(&terminal(&what(found, base)));
    out.push('\n');
    let points: Vec<&str> = found.single_points().map(|d| d.case.name.as_str()).collect();
    let text = match points.is_empty() {
        true => "Single points of failure: none".to_owned(),
        false => format!("Single points of failure: {}", points.join(", ")),
    };
    out.push_str(&format!("{}\n", terminal(&text)));
    let mut table = ranked(found);
    let more = table.rows.len().saturating_sub(MOST);
    table.rows.truncate(MOST);
    out.push_str("\nFailures, the worst first; each with the workload that it hits most\n");
    out.push_str(&table.text(width));
    if more > 0 {
        out.push_str(&format!("  and {more} more in drill.csv\n"));
    }
    let rest = untold(found);
    if !rest.is_empty() {
        out.push_str(&format!("  {rest}\n"));
    }
    let year = year(found);
    if !year.is_empty() {
        out.push_str("\nExpected minutes a year outside of the objectives\n");
        out.push_str(&year.text(width));
        out.push_str(&format!("  {}\n", terminal(&chance(found))));
    }
    let pruned = pruned(found);
    if !pruned.is_empty() {
        out.push_str(&format!("\n{}\n", terminal(&pruned)));
    }
    out
}

/// The verdict in a sentence.
pub(crate) fn verdict(found: &DrillResults) -> String {
    let all = found.drills.len();
    let objectives = found.base.workloads.iter().map(|w| w.objectives.len()).sum::<usize>();
    let harm = found.drills.iter().filter(|d| d.harms()).count();
    let cut = found.drills.iter().filter(|d| d.workloads.iter().any(|w| w.cut_off)).count();
    let cut = match cut {
        0 => String::new(),
        n => format!("; {n} of them cut a workload off"),
    };
    let of = plural(all, "failure", "failures");
    if found.base.misses() {
        let missed = found.base.workloads.iter().flat_map(|w| &w.objectives).filter(|o| !o.met);
        let missed = plural(missed.count(), "objective", "objectives");
        return format!(
            "FAIL: {missed} missed without any failure; {harm} of {of} break others or cut somebody off"
        );
    }
    if objectives == 0 {
        return format!("NO OBJECTIVES: {harm} of {of} cut a workload off");
    }
    match (harm, found.misses()) {
        (0, _) => format!("PASS: all objectives are met in all of {of}"),
        (_, false) => format!("PASS: all objectives are met; {harm} of {of} cut a workload off"),
        (n, true) => format!("FAIL: {n} of {of} break an objective or cut a workload off{cut}"),
    }
}

/// When, for how long and how the failures are.
pub(crate) fn what(found: &DrillResults, base: &Results) -> String {
    let (head, s) = (&found.head, &base.settings);
    let cut = match head.cut {
        true => format!(
            " Runs are cut to the time around it: they start {} later than the scenario's, and empty.",
            span(float(head.shift_ns))
        ),
        false => String::new(),
    };
    let own =
        if head.kept_faults { "its own faults happen, too" } else { "without its own faults" };
    format!(
        "{} at {} for {} ({}), {own}; beside the run without failure, same seed.{cut}",
        plural(head.cases.len(), "failure", "failures"),
        moment(s, head.from_ns),
        span(float(head.to_ns - head.from_ns)),
        head.manner,
    )
}

/// How many runs were spared, and why.
pub(crate) fn pruned(found: &DrillResults) -> String {
    let idle = found.head.cases.iter().filter(|c| c.pruned.is_some() && c.run == 0).count();
    let same = found.head.cases.iter().filter(|c| c.pruned.is_some() && c.run > 0).count();
    let mut text = match idle + same {
        0 => return String::new(),
        n => format!("{} had no run of their own: ", plural(n, "failure", "failures")),
    };
    let mut parts = Vec::new();
    if idle > 0 {
        parts.push(format!("{idle} of what nothing that carries traffic needs"));
    }
    if same > 0 {
        parts.push(format!("{same} that take down the same as another"));
    }
    text.push_str(&parts.join(", "));
    if !found.head.idle.is_empty() {
        text.push_str(&format!(". Nobody needs {}", found.head.idle.join(", ")));
    }
    text + "."
}

/// What stands behind the minutes a year.
pub(crate) fn chance(found: &DrillResults) -> String {
    let Some(mass) = found.head.mass() else { return String::new() };
    let none = match found.head.without_life.as_slice() {
        [] => String::new(),
        list => format!(" Taken to fail never, for want of a life: {}.", list.join(", ")),
    };
    let share = |x: f64| plain(x * 100.0, 6);
    format!(
        "Looked at: {} % of the time ({} % with nothing down); the other {} % count as if each were outside \
         all the time.{none}",
        share(mass),
        share(found.head.all_up.unwrap_or(0.0)),
        // In its own digits: it may be far below the others'.
        scientific((1.0 - mass).max(0.0) * 100.0),
    )
}

/// A small number by its power of ten.
fn scientific(x: f64) -> String {
    if x == 0.0 || x >= 0.001 { plain(x, 6) } else { format!("{x:.2e}") }
}

/// The workload that a failure hits most.
fn hit(seen: &DrillSeen) -> Option<&DrillWorkload> {
    let weight = |w: &DrillWorkload| {
        let mean = |i: Option<Interval>| i.map_or(0.0, |i| i.mean);
        (w.cut_off, w.broken, mean(w.lost), mean(w.delayed))
    };
    seen.workloads.iter().reduce(|a, b| {
        let ((a1, a2, a3, a4), (b1, b2, b3, b4)) = (weight(a), weight(b));
        let order = (b1, b2).cmp(&(a1, a2)).then(b3.total_cmp(&a3)).then(b4.total_cmp(&a4));
        if order.is_gt() { b } else { a }
    })
}

/// `12 ±3`.
fn with_interval(it: Option<Interval>) -> String {
    let Some(it) = it else { return "-".into() };
    let number = |x: f64| match x.abs() {
        a if a >= 99.5 => {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded")]
            let whole = libm::round(a) as u64;
            format!("{}{}", if x < 0.0 { "-" } else { "" }, count(whole))
        }
        a if a >= 10.0 => plain(x, 0),
        _ => plain(x, 1),
    };
    match it.half_width {
        Some(half) if half > 0.0 => format!("{} ±{}", number(it.mean), number(half)),
        _ => number(it.mean),
    }
}

/// Verdict of a failure for a workload, in a word or two.
pub(crate) fn word(w: &DrillWorkload) -> String {
    let missed = w.objectives.iter().filter(|o| !o.met).count();
    let before = if missed > w.broken { " (also without)" } else { "" };
    match (w.cut_off, missed) {
        (true, _) => "cut off".into(),
        (false, 0) if w.objectives.is_empty() => "-".into(),
        (false, 0) => "met".into(),
        (false, n) => format!("{n} missed{before}"),
    }
}

/// By whom requests were caught.
pub(crate) fn caught(w: &DrillWorkload) -> String {
    match &w.caught_by {
        None if w.cut_off => "nobody".into(),
        None => "-".into(),
        Some(who) if w.caught_role.is_empty() => who.clone(),
        Some(who) => format!("{}: {who}", level(&w.caught_role)),
    }
}

/// How many failures the ranking leaves out, in a sentence; empty for none.
pub(crate) fn untold(found: &DrillResults) -> String {
    match found.drills.len() - found.telling().len() {
        0 => String::new(),
        n => format!(
            "{} of several elements harm nobody more than one of their elements does alone: drill.csv has them.",
            plural(n, "failure", "failures")
        ),
    }
}

/// The failures that say more than their elements one by one, worst first.
pub(crate) fn ranked(found: &DrillResults) -> Table {
    let mut table = Table::new(
        4,
        [
            "failure",
            "workload",
            "verdict",
            "caught by",
            "carried",
            "lost",
            "delayed",
            "recovery",
            "peak",
            "least free",
        ],
    );
    for seen in found.telling() {
        let Some(w) = hit(seen) else { continue };
        let free = seen.headroom.as_ref();
        table.row([
            seen.case.name.clone(),
            w.name.clone(),
            word(w),
            caught(w),
            w.carried.map_or("-".into(), percent),
            with_interval(w.lost),
            with_interval(w.delayed),
            w.recovery.as_ref().map_or("-".into(), |r| span(r.total_ns)),
            if w.peak_ns > 0 { span(float(w.peak_ns)) } else { "-".into() },
            free.map_or("-".into(), |(_, share)| percent(*share)),
        ]);
    }
    table
}

/// Minutes a year.
pub(crate) fn year(found: &DrillResults) -> Table {
    let mut table = Table::new(
        1,
        ["workload", "in failures", "with all up", "at most more", "elements without a life"],
    );
    for y in &found.year {
        let minutes = |x: f64| if x > 0.0 && x < 0.01 { scientific(x) } else { plain(x, 2) };
        table.row([
            y.workload.clone(),
            minutes(y.minutes),
            minutes(y.base_minutes),
            minutes(y.rest_minutes),
            found.head.without_life.len().to_string(),
        ]);
    }
    table
}

fn sheet(found: &DrillResults) -> Sheet {
    let mut sheet = Sheet::new(&[
        "rank",
        "failure",
        "workload",
        "objectives",
        "missed",
        "broken",
        "cut_off",
        "lost",
        "lost_half_width_95",
        "delayed",
        "delayed_half_width_95",
        "carried",
        "slower_s",
        "slower_half_width_95_s",
        "recovery_s",
        "detect_s",
        "propagate_s",
        "cache_s",
        "reconnect_s",
        "choice",
        "caught_by",
        "peak_latency_s",
        "base_peak_latency_s",
        "outside_s",
        "after_s",
        "settled",
        "least_free",
        "link",
        "probability",
        "mean_hours",
        "run",
        "pruned",
    ]);
    let all = std::iter::once((0, &found.base)).chain((1..).zip(&found.drills));
    for (rank, seen) in all {
        for w in &seen.workloads {
            let seconds = |ns: f64| ns / 1e9;
            let half = |it: Option<Interval>| it.and_then(|i| i.half_width);
            let part = |of: fn(&crate::measure::RecoverySeen) -> f64| {
                w.recovery.as_ref().map(|r| seconds(of(r)))
            };
            let (link, free) = seen.headroom.clone().unzip();
            let mut cells: Vec<Cell> = row![
                rank as usize,
                &seen.case.name,
                &w.name,
                w.objectives.len(),
                w.objectives.iter().filter(|o| !o.met).count(),
                w.broken,
                usize::from(w.cut_off),
                w.lost.map(|i| i.mean),
                half(w.lost),
                w.delayed.map(|i| i.mean),
                half(w.delayed),
                w.carried,
                w.slower.map(|i| seconds(i.mean)),
                half(w.slower).map(seconds),
                part(|r| r.total_ns),
                part(|r| r.detect_ns),
                part(|r| r.propagate_ns),
                part(|r| r.cache_ns),
                part(|r| r.reconnect_ns),
                w.recovery.as_ref().map_or("", |r| r.selector.as_str()),
                w.caught_by.as_deref().unwrap_or(""),
                seconds(float(w.peak_ns)),
                seconds(float(w.base_peak_ns)),
                seconds(float(w.outside_ns)),
                seconds(float(w.after_ns)),
                w.settled,
                free,
                link.unwrap_or_default(),
            ];
            // Probabilities may be far below what nine decimals tell.
            cells.push(Cell::Text(
                seen.case.probability.map_or(String::new(), |p| format!("{p:e}")),
            ));
            cells.extend(row![
                seen.case.hours,
                seen.case.run,
                seen.case.pruned.as_deref().unwrap_or("")
            ]);
            sheet.rows.push(cells);
        }
    }
    sheet
}
