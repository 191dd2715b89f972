//! Theory beside simulation, shown: a table, a chart, a page.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::charts::deviation;
use super::error::WriteError;
use super::files::{Sheet, row};
use super::format::{count, percent, plural, span, span_unit};
use super::manifest::Manifest;
use super::page;
use super::store::{Output, OutputDir};
use super::table::Table;
use crate::measure::{Agreement, Quantity, Scale, Validation, Verdict};

/// The rows as a table of at most `width` columns and the verdict above it, for stdout.
pub fn validation_summary(found: &Validation, width: usize) -> String {
    format!("{}\n\n{}\n{}\n", verdict_line(found), table(found).text(width), identity_line(found))
}

/// Writes `validate.csv`, `validation.json`, `charts/deviation.svg`, `report.html`, and
/// `manifest.toml` last, into a folder that is locked already. Returns their paths in that order.
///
/// # Errors
/// As [`write_all`](super::write_all).
pub fn validation_files(
    found: &Validation,
    dir: &OutputDir,
    command_line: &[String],
) -> Result<Vec<PathBuf>, WriteError> {
    let mut json =
        serde_json::to_vec_pretty(found).map_err(|e| WriteError::content("validation.json", e))?;
    json.push(b'\n');
    let figure = deviation::figure(found);
    let mut outputs: Vec<Output> = vec![
        ("validate.csv".into(), sheet(found).to_bytes("validate.csv")?),
        ("validation.json".into(), json),
    ];
    let page = page::validation(found, &figure, command_line);
    outputs.push((format!("charts/{}.svg", figure.name), figure.svg.into_bytes()));
    outputs.push(("report.html".into(), page.into_bytes()));
    let manifest = Manifest {
        version: found.version.clone(),
        scenario: "validate".into(),
        seed: found.seed,
        command_line: command_line.to_vec(),
        ..Manifest::default()
    };
    dir.replace(manifest, &outputs)
}

/// `PASS: all 73 comparisons with theory agree`.
pub(crate) fn verdict_line(found: &Validation) -> String {
    let all = found.rows.len();
    if found.agrees() {
        return format!("PASS: all {} with theory agree", plural(all, "comparison", "comparisons"));
    }
    let mut line = format!("FAIL: {} of {all} comparisons differ", found.count(Verdict::Differs));
    match found.count(Verdict::TooWide) {
        0 => {}
        n => write!(line, "; {n} cannot tell").expect("writing to a String"),
    }
    line
}

/// Seed, level and effort.
pub(crate) fn identity_line(found: &Validation) -> String {
    let level = found.rows.iter().find_map(|r| match r.scale {
        Scale::Interval { level, .. } => Some(level),
        Scale::Rounding => None,
    });
    let intervals = level.map_or_else(String::new, |level| {
        format!("; [a, b]: {} t-interval over replications", plain_percent(level))
    });
    let effort = if found.quick { ", quick: an eighth of the effort" } else { "" };
    format!(
        "highwater {}, seed {}{effort}{intervals}; within: rounding of exact values",
        found.version, found.seed
    )
}

/// `99.99 %`.
fn plain_percent(share: f64) -> String {
    format!("{} %", super::format::plain(share * 100.0, 4))
}

/// What / theory / simulated / interval / verdict.
pub(crate) fn table(found: &Validation) -> Table {
    let mut table = Table::new(1, ["what", "theory", "simulated", "interval", "verdict"]);
    for r in &found.rows {
        let unit = Unit::of(r);
        let interval = match r.scale {
            Scale::Interval { .. } => {
                let (a, b) = (r.simulated - r.half_width, r.simulated + r.half_width);
                format!("[{}, {}]", unit.digits(a), unit.digits(b))
            }
            Scale::Rounding if r.half_width == 0.0 => "equal".into(),
            Scale::Rounding => format!("within {}", rounding(r)),
        };
        let (theory, simulated) = (unit.show(r.theory), unit.show(r.simulated));
        table.row([r.what.clone(), theory, simulated, interval, r.verdict.word().into()]);
    }
    table
}

/// The rounding of an exact row, with its unit.
fn rounding(r: &Agreement) -> String {
    match r.quantity {
        Quantity::Span => span(r.half_width),
        Quantity::Share => percent(r.half_width),
        Quantity::Number => Unit::PLAIN.show(r.half_width),
    }
}

/// The unit that the numbers of a row are shown in, and their decimals.
#[derive(Clone, Copy, Debug)]
struct Unit {
    factor: f64,
    name: &'static str,
    /// None for digits by each number's own size.
    decimals: Option<usize>,
}

impl Unit {
    const PLAIN: Self = Self { factor: 1.0, name: "", decimals: None };

    /// By the greater of theory and simulated, five digits.
    fn of(r: &Agreement) -> Self {
        let size = match r.theory.abs() {
            0.0 => r.simulated.abs(),
            size => size,
        };
        let (factor, name) = match r.quantity {
            Quantity::Span if size > 0.0 => span_unit(size),
            Quantity::Span => (1.0, "ns"),
            Quantity::Share => (0.01, "%"),
            Quantity::Number => return Self { decimals: decimals(r, size), ..Self::PLAIN },
        };
        Self { factor, name, decimals: decimals(r, size / factor) }
    }

    fn digits(&self, x: f64) -> String {
        let x = x / self.factor;
        if !x.is_finite() {
            return "none".into();
        }
        match self.decimals {
            _ if x == 0.0 => "0".into(),
            Some(decimals) => format!("{x:.decimals$}"),
            None if x.abs() < 1e-3 => format!("{x:.1e}"),
            None if x.fract() == 0.0 && x.abs() < 1e15 => whole(x),
            None => super::format::plain(x, 5),
        }
    }

    fn show(&self, x: f64) -> String {
        let digits = self.digits(x);
        if self.name.is_empty() || digits == "none" {
            digits
        } else {
            format!("{digits} {}", self.name)
        }
    }
}

/// A whole number with commas.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, below 1e15")]
fn whole(x: f64) -> String {
    format!("{}{}", if x < 0.0 { "-" } else { "" }, count(x.abs() as u64))
}

/// Decimals that show `size` with five digits; none for exact numbers, which are shown as they are.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=6")]
fn decimals(r: &Agreement, size: f64) -> Option<usize> {
    let exact = matches!(r.scale, Scale::Rounding);
    // Below a microsecond: whole ns.
    let nanos = r.quantity == Quantity::Span && size.max(r.theory) < 999.5 && r.theory < 999.5;
    if exact && (r.quantity == Quantity::Number || nanos) {
        return None;
    }
    let digits = 4.0 - libm::floor(libm::log10(size.max(1e-3)));
    Some(digits.clamp(0.0, 6.0) as usize)
}

/// validate.csv: one row per comparison; times in ns, shares of 1.
fn sheet(found: &Validation) -> Sheet {
    let mut sheet = Sheet::new(&[
        "case",
        "what",
        "unit",
        "theory",
        "simulated",
        "half_width",
        "kind",
        "level",
        "replications",
        "half_width_allowed",
        "deviation",
        "verdict",
        "source",
    ]);
    for r in &found.rows {
        let (kind, level, replications, allowed) = match r.scale {
            Scale::Interval { level, replications, widest } => {
                let allowed = widest * r.theory.abs();
                ("interval", Some(level), Some(replications as f64), allowed)
            }
            Scale::Rounding => ("rounding", None, None, r.half_width),
        };
        let unit = match r.quantity {
            Quantity::Span => "ns",
            Quantity::Share => "share",
            Quantity::Number => "1",
        };
        let verdict = r.verdict.word().to_lowercase();
        sheet.rows.push(row![
            &r.case,
            &r.what,
            unit,
            r.theory,
            r.simulated,
            r.half_width,
            kind,
            level,
            replications,
            allowed,
            Some(r.deviation()),
            verdict,
            &r.source,
        ]);
    }
    sheet
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rows: Vec<Agreement>) -> Validation {
        Validation { version: "0.1.0".into(), seed: 7, quick: false, rows }
    }

    #[test]
    fn rows_show_their_units() {
        let level = (0.95, 1.0);
        let rows = vec![
            Agreement::stochastic("a", Quantity::Span, 50e6, &[49e6, 51e6, 52e6], level),
            Agreement::stochastic("b", Quantity::Share, 0.5, &[0.4, 0.5, 0.6], level),
            Agreement::exact("c", Quantity::Number, 1_502_000.0, 1_502_000.0, 0.0),
            Agreement::exact("d", Quantity::Span, 0.0, 1.0, 2.0),
            Agreement::exact("e", Quantity::Number, 0.0, 2.5e-15, 1e-9),
            Agreement::exact("f", Quantity::Span, 2e9, f64::NAN, 1.0),
        ];
        let text = validation_summary(&found(rows), 120);
        let squeezed: Vec<String> =
            text.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        for line in [
            "FAIL: 1 of 6 comparisons differ",
            "a 50.000 ms 50.667 ms [46.872, 54.461] agrees",
            "b 50.000 % 50.000 % [25.159, 74.841] agrees",
            "c 1,502,000 1,502,000 equal agrees",
            "d 0 ns 1 ns within 2 ns agrees",
            "e 0 2.5e-15 within 1.0e-9 agrees",
            "f 2.0000 s none within 1 ns DIFFERS",
        ] {
            assert!(squeezed.iter().any(|l| l == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn the_sheet_has_a_line_per_row() {
        let rows = vec![Agreement::exact("=x", Quantity::Number, 0.0, 1.0, 0.0)];
        let bytes = sheet(&found(rows)).to_bytes("validate.csv").unwrap();
        let text = String::from_utf8(bytes).unwrap();
        // An infinite deviation has no number.
        assert_eq!(text.lines().nth(1), Some(",'=x,1,0,1,0,rounding,,,0,,differs,"));
    }
}
