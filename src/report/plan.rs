//! A capacity plan, shown: what fits, until when, and what an upgrade buys.

use std::path::PathBuf;

use super::charts::growth;
use super::compare::{relative, seconds, shown, word};
use super::cost::{self, money};
use super::error::WriteError;
use super::files::{Sheet, row};
use super::findings::Estimate;
use super::format::{percent, plain};
use super::manifest::Manifest;
use super::page;
use super::store::{Output, OutputDir};
use super::table::Table;
use crate::measure::{Comparison, Cost, Measure, Results, Told};
use crate::units::Date;

/// A plan and its answers.
#[derive(Clone, Debug, Default)]
pub struct Planned {
    /// The scenario as it is.
    pub base: Results,
    /// What was looked for: `the most of workload.x.rate between 20/s and 120/s`.
    pub question: String,
    /// The answer in a sentence.
    pub answer: String,
    /// What was tried, in order: as written, as a number, and whether every objective was met.
    pub tried: Vec<(String, f64, bool)>,
    /// Where it was found, and its interval, as numbers.
    pub knee: Option<(f64, Option<(f64, f64)>)>,
    /// The unit behind these numbers, with its space: ` Gbps`, `/s`.
    pub unit: String,
    /// Growth towards it.
    pub growth: Option<GrowthSeen>,
    /// What upgrades buy.
    pub upgrades: Vec<UpgradeSeen>,
    /// What the scenario as it is costs, by a price book.
    pub cost: Option<Cost>,
}

/// Growth, and when it reaches what fits.
#[derive(Clone, Debug)]
pub struct GrowthSeen {
    /// How it grows, in words.
    pub words: String,
    /// The day it is planned from.
    pub today: Date,
    /// What was measured before.
    pub history: Vec<(Date, f64)>,
    /// Days with low end, middle and high end of what is expected.
    pub expected: Vec<(Date, [f64; 3])>,
    /// First day, most probable day and last day on which no more fits; none within 20 years.
    pub full: [Option<Date>; 3],
    /// Days from order to use.
    pub lead_days: Option<u32>,
}

impl GrowthSeen {
    /// The last day to order on, by the first day on which it may be full.
    pub fn order_by(&self) -> Option<Date> {
        Some(self.full[0]?.plus(-i64::from(self.lead_days?)))
    }

    /// Sentences that tell the dates.
    pub fn sentences(&self) -> Vec<String> {
        let day =
            |d: Option<Date>| d.map_or_else(|| "later than in 20 years".into(), |d| d.to_string());
        let [first, middle, last] = self.full;
        let mut list = vec![match first {
            None => format!("Full later than in 20 years ({}).", self.words),
            Some(_) if first == last => format!("Full on {} ({}).", day(middle), self.words),
            Some(_) => format!(
                "Full on {}, between {} and {} ({}).",
                day(middle),
                day(first),
                day(last),
                self.words
            ),
        }];
        if let (Some(by), Some(lead)) = (self.order_by(), self.lead_days) {
            let late = if by < self.today { ": that is past" } else { "" };
            list.push(format!(
                "Order by {by}{late} (lead time {lead} days, from the first of these days)."
            ));
        }
        if first.is_some_and(|d| d < self.today.plus(92)) {
            list.push("Less than three months of headroom are left.".into());
        }
        list
    }
}

/// An upgrade and what it buys.
#[derive(Clone, Debug)]
pub struct UpgradeSeen {
    /// The limit.
    pub limit: String,
    /// How much was added: `+1 Gbps`, `+5 units`.
    pub added: String,
    /// Parts of a unit in that: 1 Gbps, a unit, a server.
    pub units: f64,
    /// Name of the unit: `Gbps`.
    pub unit: &'static str,
    /// What it costs more a month, by a price book that prices it by the unit.
    pub costs: Option<f64>,
    /// Without and with it.
    pub bought: Comparison,
}

/// A number with four significant digits.
pub fn four_digits(x: f64) -> String {
    let size = libm::floor(libm::log10(x.abs().max(1e-12)));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=12")]
    let decimals = (3.0 - size).clamp(0.0, 12.0) as usize;
    plain(x, decimals)
}

/// The answers and tables of at most `width` columns, for stdout.
pub fn plan_summary(it: &Planned, width: usize) -> String {
    let clean = super::escape::terminal;
    let mut text = format!("{}\n{}\n", clean(&it.answer), clean(&format!("({})", it.question)));
    for line in it.growth.iter().flat_map(GrowthSeen::sentences) {
        text.push_str(&format!("{}\n", clean(&line)));
    }
    if !it.tried.is_empty() {
        text.push_str(&format!("\n{}", tried(it).text(width)));
    }
    if !it.upgrades.is_empty() {
        text.push_str(&format!("\n{}\n\n{}", UPGRADES, upgrades(it).text(width)));
    }
    if let Some(cost) = &it.cost {
        text.push_str(&format!("\n{}", cost::cost_summary(cost, width)));
    }
    text
}

/// What the table of upgrades shows.
pub(crate) const UPGRADES: &str =
    "What one more of each binding limit buys (raised by a tenth, same random numbers), per unit";

/// Writes `plan.csv`, `upgrades.csv`, `growth.csv`, `charts/growth.svg` (with growth),
/// `report.html`, and `manifest.toml` last, into a folder that is locked already. Returns their
/// paths in that order.
///
/// # Errors
/// As [`write_all`](super::write_all).
pub fn plan_files(
    it: &Planned,
    dir: &OutputDir,
    command_line: &[String],
) -> Result<Vec<PathBuf>, WriteError> {
    let mut outputs: Vec<Output> = vec![("plan.csv".into(), plan_csv(it).to_bytes("plan.csv")?)];
    outputs.push(("upgrades.csv".into(), upgrades_csv(it).to_bytes("upgrades.csv")?));
    let mut figures = Vec::new();
    if let Some(growth) = &it.growth {
        outputs.push(("growth.csv".into(), growth_csv(growth).to_bytes("growth.csv")?));
        figures.extend(growth::figure(it, growth));
    }
    if let Some(cost) = &it.cost {
        let costs = cost::sheet(&[("as it is", cost)]).to_bytes("costs.csv")?;
        outputs.push(("costs.csv".into(), costs));
    }
    let body = page::plan(it, &figures, command_line);
    for figure in figures {
        outputs.push((format!("charts/{}.svg", figure.name), figure.svg.into_bytes()));
    }
    outputs.push(("report.html".into(), body.into_bytes()));
    dir.replace(Manifest::new(&it.base, command_line), &outputs)
}

/// What was tried.
pub(crate) fn tried(it: &Planned) -> Table {
    let mut table = Table::new(1, ["tried", "objectives"]);
    for (value, _, met) in &it.tried {
        table.row([value.clone(), if *met { "met" } else { "missed" }.into()]);
    }
    table
}

/// By upgrade and workload: goodput, mean and p99 a unit, where anything can be told.
pub(crate) fn upgrades(it: &Planned) -> Table {
    let mut table = Table::new(
        3,
        ["limit", "raised by", "workload", "a month", "buys", "a unit", "of now", "it is"],
    );
    let time = seconds(&it.base);
    let currency = it.cost.as_ref().map_or("", |c| c.currency.as_str());
    for up in &it.upgrades {
        let costs = up.costs.map_or_else(|| "-".to_owned(), |c| format!("+{}", money(c, currency)));
        let mut told = up
            .bought
            .rows
            .iter()
            .filter(|r| {
                let counts = matches!(
                    r.measure,
                    Measure::Mean | Measure::P99 | Measure::Goodput | Measure::Failed
                );
                counts && r.told != Told::CannotTell
            })
            .peekable();
        if told.peek().is_none() {
            let none = || "-".to_owned();
            table.row([
                up.limit.clone(),
                up.added.clone(),
                none(),
                costs.clone(),
                "nothing that can be told".into(),
                none(),
                none(),
                "cannot tell".into(),
            ]);
        }
        for r in told {
            let by = |x: f64| x / up.units;
            let half = r.interval.half_width.map(by);
            let change = Estimate { point: by(r.interval.mean), half };
            let share = relative(r).map_or_else(|| "-".into(), |(d, _)| percent(d.abs()));
            table.row([
                up.limit.clone(),
                up.added.clone(),
                r.workload.clone(),
                costs.clone(),
                r.measure.name().into(),
                format!("{} / {}", shown(r.measure, change, time), up.unit),
                share,
                word(r.told).into(),
            ]);
        }
    }
    table
}

/// plan.csv: what was tried, and the answer with its interval.
fn plan_csv(it: &Planned) -> Sheet {
    let mut sheet = Sheet::new(&["what", "value", "number", "unit", "objectives_met"]);
    for (value, number, met) in &it.tried {
        let met = if *met { "yes" } else { "no" };
        sheet.rows.push(row!["tried", value, Some(*number), it.unit.trim(), met]);
    }
    if let Some((at, interval)) = it.knee {
        let text = |x: f64| format!("{}{}", plain(x, 4), it.unit);
        sheet.rows.push(row!["answer", &text(at), Some(at), it.unit.trim(), ""]);
        for (what, end) in
            [("answer_low_95", interval.map(|i| i.0)), ("answer_high_95", interval.map(|i| i.1))]
        {
            let shown = end.map_or_else(String::new, text);
            sheet.rows.push(row![what, &shown, end, it.unit.trim(), ""]);
        }
    }
    sheet
}

/// upgrades.csv: differences as in compare.csv, and the size of the upgrade.
fn upgrades_csv(it: &Planned) -> Sheet {
    let mut sheet = Sheet::new(&[
        "limit",
        "added",
        "unit",
        "workload",
        "measure",
        "without",
        "with",
        "difference",
        "half_width",
        "level",
        "it_is",
    ]);
    for up in &it.upgrades {
        for r in &up.bought.rows {
            sheet.rows.push(row![
                &up.limit,
                Some(up.units),
                up.unit,
                &r.workload,
                r.measure.name(),
                Some(r.a),
                Some(r.b),
                Some(r.interval.mean),
                r.interval.half_width,
                Some(r.interval.level),
                word(r.told)
            ]);
        }
    }
    sheet
}

/// growth.csv: history and what is expected.
fn growth_csv(it: &GrowthSeen) -> Sheet {
    let mut sheet = Sheet::new(&["what", "day", "low", "value", "high"]);
    for (day, value) in &it.history {
        sheet.rows.push(row!["measured", &day.to_string(), None::<f64>, Some(*value), None::<f64>]);
    }
    for (day, [low, middle, high]) in &it.expected {
        sheet.rows.push(row!["expected", &day.to_string(), Some(*low), Some(*middle), Some(*high)]);
    }
    let names = ["full_first", "full", "full_last"];
    for (name, day) in names.iter().zip(it.full) {
        let day = day.map_or_else(String::new, |d| d.to_string());
        sheet.rows.push(row![*name, &day, None::<f64>, None::<f64>, None::<f64>]);
    }
    if let Some(day) = it.order_by() {
        sheet.rows.push(row!["order_by", &day.to_string(), None::<f64>, None::<f64>, None::<f64>]);
    }
    sheet
}
