//! Two variants beside each other, shown: a table, two charts, a page.

use std::path::PathBuf;

use super::charts::difference;
use super::cost::{self, money};
use super::error::WriteError;
use super::escape::markup;
use super::files::{Sheet, row};
use super::findings::Estimate;
use super::format::{percent, plain, plural, rate_unit, span_unit, with_half};
use super::manifest::Manifest;
use super::page;
use super::store::{Output, OutputDir};
use super::table::Table;
use crate::measure::{Comparison, Cost, Difference, Measure, Results, Told};

/// Two variants, their names, and what their differences tell.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Compared {
    /// What A is: the file, or what was set.
    pub name_a: String,
    /// What B is.
    pub name_b: String,
    /// The differences.
    pub found: Comparison,
    /// What A and B cost, by a price book.
    pub cost: Option<(Cost, Cost)>,
    /// The results of A.
    pub a: Results,
    /// The results of B.
    pub b: Results,
}

/// Verdict and table of at most `width` columns, for stdout.
pub fn comparison_summary(it: &Compared, width: usize) -> String {
    let clean = super::escape::terminal;
    let mut text = format!(
        "A: {}\nB: {}\n{}\n\n{}",
        clean(&it.name_a),
        clean(&it.name_b),
        verdict(it),
        table(it).text(width)
    );
    text.push_str(&format!("\n{}\n", clean(&reading(it))));
    if let Some(line) = cost_line(it) {
        text.push_str(&format!("\n{}\n", clean(&line)));
    }
    text
}

/// Writes `compare.csv`, `comparison.json`, `costs.csv` (with a price book), `charts/differences.svg`, `charts/both.svg`,
/// `report.html`, and `manifest.toml` last, into a folder that is locked already. Returns their
/// paths in that order.
///
/// # Errors
/// As [`write_all`](super::write_all).
pub fn comparison_files(
    it: &Compared,
    dir: &OutputDir,
    command_line: &[String],
) -> Result<Vec<PathBuf>, WriteError> {
    let mut json = serde_json::to_vec_pretty(&it.found)
        .map_err(|e| WriteError::content("comparison.json", e))?;
    json.push(b'\n');
    let figures = difference::figures(it);
    let mut outputs: Vec<Output> = vec![
        ("compare.csv".into(), sheet(it).to_bytes("compare.csv")?),
        ("comparison.json".into(), json),
    ];
    if let Some((a, b)) = &it.cost {
        let costs = cost::sheet(&[("A", a), ("B", b)]).to_bytes("costs.csv")?;
        outputs.push(("costs.csv".into(), costs));
    }
    let body = page::comparison(it, &figures, command_line);
    for figure in figures {
        outputs.push((format!("charts/{}.svg", figure.name), figure.svg.into_bytes()));
    }
    outputs.push(("report.html".into(), body.into_bytes()));
    dir.replace(Manifest::new(&it.a, command_line), &outputs)
}

/// `Cost a month: A 1,200 EUR, B 1,500 EUR: 300.00 EUR more`.
pub(crate) fn cost_line(it: &Compared) -> Option<String> {
    let (a, b) = it.cost.as_ref()?;
    let (of_a, of_b) = (a.total(), b.total());
    let more = match of_b - of_a {
        0.0 => "the same".to_owned(),
        d if d > 0.0 => format!("{} more", money(d, &a.currency)),
        d => format!("{} less", money(-d, &a.currency)),
    };
    let (of_a, of_b) = (money(of_a, &a.currency), money(of_b, &b.currency));
    Some(format!("Cost a month: A {of_a}, B {of_b}: {more}"))
}

/// `B is better in 3 of 12 comparisons and worse in 1; 8 cannot be told apart`.
pub(crate) fn verdict(it: &Compared) -> String {
    let all = it.found.rows.len();
    let count = |told| it.found.count(told);
    let (better, worse) = (count(Told::Better), count(Told::Worse));
    if all == 0 {
        return "Nothing can be compared: no workload of one name ended a request in both".into();
    }
    if it.found.replications < 2 {
        return "Cannot tell: one replication has no interval; say --replications 10".into();
    }
    let parts = |told: Told| {
        let mut names: Vec<&str> =
            it.found.rows.iter().filter(|r| r.told == told).map(|r| r.workload.as_str()).collect();
        names.dedup();
        names.join(", ")
    };
    match (better, worse) {
        (0, 0) => format!(
            "Cannot tell A and B apart in any of {}",
            plural(all, "comparison", "comparisons")
        ),
        (_, 0) => format!("B is better ({better} of {all}): {}", parts(Told::Better)),
        (0, _) => format!("B is worse ({worse} of {all}): {}", parts(Told::Worse)),
        _ => format!(
            "B is better in {better} of {all} ({}) and worse in {worse} ({})",
            parts(Told::Better),
            parts(Told::Worse)
        ),
    }
}

/// How the rows are to be read.
pub(crate) fn reading(it: &Compared) -> String {
    let c = &it.found;
    let correlations: Vec<f64> = c.rows.iter().filter_map(|r| r.correlation).collect();
    let low = correlations.iter().copied().fold(f64::INFINITY, f64::min);
    let cuts: Vec<f64> = c.rows.iter().filter_map(|r| r.variance).collect();
    #[expect(clippy::cast_precision_loss, reason = "few rows")]
    let kept = cuts.iter().sum::<f64>() / cuts.len().max(1) as f64;
    let mut text = format!(
        "Paired differences over {}; each interval at {} %, so that all hold together at 95 % \
         (Bonferroni). Better or worse: the whole interval lies beyond {} of A.",
        plural(c.replications, "replication", "replications"),
        plain(c.level * 100.0, 3),
        percent(c.threshold),
    );
    if !cuts.is_empty() {
        text.push_str(&format!(
            " Common random numbers: differences have {} of the variance of independent runs.",
            percent(kept)
        ));
    }
    if low < 0.0 {
        text.push_str(&format!(
            " Lowest correlation {}: where it is negative, A and B are out of step.",
            plain(low, 2)
        ));
    }
    if !c.alone.is_empty() {
        text.push_str(&format!(" Only in one of them: {}.", c.alone.join(", ")));
    }
    text
}

/// A value of a measure, in its unit.
pub(crate) fn shown(measure: Measure, value: Estimate, seconds: f64) -> String {
    let unit = |x: f64| match measure {
        Measure::Failed => (0.01, "%"),
        Measure::Goodput => rate_unit(x),
        _ => span_unit(x),
    };
    let by = if measure == Measure::Goodput { 8.0 / seconds.max(1e-9) } else { 1.0 };
    let (point, half) = (value.point * by, value.half.map(|h| h * by));
    with_half(point, half, unit(point.abs().max(half.unwrap_or(0.0))))
}

/// Seconds that goodput is over.
pub(crate) fn seconds(r: &Results) -> f64 {
    super::findings::float(r.settings.horizon_ns - r.settings.warmup_ns) * 1e-9
}

/// `better`, `worse`, `cannot tell`.
pub(crate) const fn word(told: Told) -> &'static str {
    match told {
        Told::Better => "better",
        Told::Worse => "worse",
        Told::CannotTell => "cannot tell",
    }
}

/// B - A as a share of A, with its half-width; none of a zero.
pub(crate) fn relative(r: &Difference) -> Option<(f64, f64)> {
    let by = r.a.abs();
    (by > 0.0).then(|| (r.interval.mean / by, r.interval.half_width.unwrap_or(0.0) / by))
}

pub(crate) fn table(it: &Compared) -> Table {
    let mut table =
        Table::new(2, ["workload", "measure", "A", "B", "B - A", "of A", "correlation", "B is"]);
    let time = seconds(&it.a);
    for r in &it.found.rows {
        let exact = |x| shown(r.measure, Estimate { point: x, half: None }, time);
        let off = Estimate { point: r.interval.mean, half: r.interval.half_width };
        let part = relative(r).map_or_else(
            || "-".into(),
            |(d, h)| format!("{} ± {} %", signed(d * 100.0), plain(h * 100.0, 2)),
        );
        table.row([
            r.workload.clone(),
            r.measure.name().into(),
            exact(r.a),
            exact(r.b),
            shown(r.measure, off, time),
            part,
            r.correlation.map_or_else(|| "-".into(), |c| plain(c, 2)),
            word(r.told).into(),
        ]);
    }
    table
}

/// With its sign.
fn signed(x: f64) -> String {
    format!("{}{}", if x > 0.0 { "+" } else { "" }, plain(x, 2))
}

/// compare.csv: times in ns, goodput in bytes of a replication, failures as a share of 1.
fn sheet(it: &Compared) -> Sheet {
    let mut sheet = Sheet::new(&[
        "workload",
        "measure",
        "a",
        "b",
        "difference",
        "half_width",
        "level",
        "replications",
        "correlation",
        "variance_share",
        "b_is",
    ]);
    for r in &it.found.rows {
        sheet.rows.push(row![
            &r.workload,
            r.measure.name(),
            Some(r.a),
            Some(r.b),
            Some(r.interval.mean),
            r.interval.half_width,
            Some(r.interval.level),
            r.interval.n,
            r.correlation,
            r.variance,
            word(r.told)
        ]);
    }
    sheet
}

/// What A and B are, for the page.
pub(crate) fn names(it: &Compared) -> String {
    format!("<p class=\"question\">A: {}<br>B: {}</p>\n", markup(&it.name_a), markup(&it.name_b))
}
