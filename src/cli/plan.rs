//! `highwater plan`.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::experiment::{self, Case, Found, KneeError, Options, Side, Trend};
use crate::measure::Cost;
use crate::plan::{Basis, Price};
use crate::report::{self, GrowthSeen, OutputDir, Planned, UpgradeSeen};
use crate::scenario::{Axis, Range};
use crate::units::{Date, Rate};

use super::console::Console;
use super::{Common, Exit, Format};

#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    common: Common,
    /// The key whose largest value that meets every objective (of a load), or smallest (of a
    /// capacity), is looked for, and the range it is in: KEY=FROM..TO
    #[arg(long, value_name = "KEY=FROM..TO", value_parser = super::key_value)]
    find: Option<(String, String)>,
    /// How finely, as a share of the range
    #[arg(long, value_name = "SHARE", default_value = "0.5 %", value_parser = super::compare::share)]
    to: f64,
    /// Raise each of the N limits that bind most by a tenth, and tell what that buys
    #[arg(long, value_name = "N", default_value_t = 5)]
    upgrades: usize,
    /// Growth of what is looked for: "2 %/month", compounded ("2 %/month linear" of today's value)
    #[arg(long, value_name = "SHARE/PERIOD", value_parser = growth, requires = "now", requires = "today", requires = "find")]
    growth: Option<Growth>,
    /// Its value today, in the unit of --find
    #[arg(long, value_name = "VALUE")]
    now: Option<String>,
    /// The day to plan from, year-month-day
    #[arg(long, value_name = "DAY")]
    today: Option<Date>,
    /// Growth from a CSV of days and values (in the unit of --find) with a head line; the last day is
    /// today
    #[arg(long, value_name = "FILE", conflicts_with = "growth", requires = "find")]
    history: Option<PathBuf>,
    /// A straight line through --history rather than growth by factors
    #[arg(long, requires = "history")]
    linear: bool,
    /// Days from an order until it is in use
    #[arg(long, value_name = "DAYS")]
    lead_days: Option<u32>,
    #[command(flatten)]
    prices: super::Prices,
}

/// Growth by a share each period.
#[derive(Clone, Debug)]
struct Growth {
    share: f64,
    days: f64,
    is_compound: bool,
    /// As typed.
    text: String,
}

/// Reads `2 %/month` or `2 %/month linear`.
fn growth(text: &str) -> Result<Growth, String> {
    let form = || {
        "write SHARE/PERIOD such as \"2 %/month\", with day, week, month, quarter or year, and \
         \"linear\" behind it if it does not compound"
            .to_owned()
    };
    let (rate, is_compound) = match text.trim().strip_suffix("linear") {
        Some(rate) => (rate.trim(), false),
        None => (text.trim(), true),
    };
    let (share, period) = rate.split_once('/').ok_or_else(form)?;
    let days = match period.trim() {
        "day" => 1.0,
        "week" => 7.0,
        "month" => 365.25 / 12.0,
        "quarter" => 365.25 / 4.0,
        "year" => 365.25,
        _ => return Err(form()),
    };
    let share = share.trim().parse::<crate::units::Ratio>().map_err(|_| form())?.get();
    let growth = Growth { share, days, is_compound, text: text.to_owned() };
    if share > 0.0 && share <= 100.0 { Ok(growth) } else { Err(form()) }
}

/// Why the search ended.
enum Stop {
    /// Said already.
    Exit(Exit),
}

pub(super) fn plan(args: &PlanArgs, console: &mut Console) -> Result<Exit, Exit> {
    let common = &args.common;
    let case = super::run::case(super::run::load(&common.scenario, &common.overrides(), console)?);
    let book = args.prices.load(console)?;
    let refuse = |reason: &str, console: &mut Console| {
        console.say(&format!("error: {reason}\n"));
        Exit::Input
    };
    if args.find.is_none() && args.upgrades == 0 {
        return Err(refuse("nothing to plan: give --find KEY=FROM..TO, or --upgrades N", console));
    }
    let range = args.find.as_ref().map(|(key, text)| {
        let axis = Axis::parse(key, &format!("{text}:2"))?;
        axis.range.ok_or_else(|| format!("{key}: write FROM..TO, not {text}"))
    });
    let range = range.transpose().map_err(|reason| refuse(&reason, console))?;
    let trend = trend(args, range.as_ref()).map_err(|reason| refuse(&reason, console))?;
    let dir = common
        .out
        .clone()
        .unwrap_or_else(|| PathBuf::from("output").join(format!("{}-plan", case.plan.name)));
    let dir = OutputDir::lock(&dir).map_err(|e| super::run::unwritten(&e, console))?;
    let units = experiment::units(std::slice::from_ref(&case));
    super::run::allow(std::slice::from_ref(&case), &units, (true, common), console)?;
    let mut planned = Planned::default();
    let mut fits = true;
    if let (Some((key, _)), Some(range)) = (&args.find, &range) {
        fits = find(args, (key, range), &mut planned, console)?;
    }
    let bar = console.bar(0, "the upgrades", common.quiet);
    let on_window = || bar.tick();
    let options = Options { threads: common.threads, on_window: &on_window, listen: None };
    let outcome = experiment::upgrades(&case, args.upgrades, 0.01, &options);
    bar.finish_and_clear();
    let (base, raised) = outcome.map_err(|e| super::run::failed(&e, console))?;
    planned.upgrades = raised
        .into_iter()
        .map(|up| {
            let (units, unit) = match up.what {
                "bandwidth" => (up.added / 1e9, "Gbps"),
                "servers" => (up.added, "server"),
                _ => (up.added, "unit"),
            };
            let added = match up.what {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a rate"
                )]
                "bandwidth" => format!("+{}", Rate::from_bps(up.added as u64)),
                what if up.added == 1.0 => format!("+1 {}", what.trim_end_matches('s')),
                what => format!("+{} {what}", up.added),
            };
            let unit_price = |p: &&Price| p.basis == Basis::Unit && p.is_of(&up.limit);
            let priced = book.iter().flat_map(|book| &book.prices).filter(unit_price);
            let costs = priced.map(|p| p.amount * units).reduce(|a, b| a + b);
            UpgradeSeen { limit: up.limit, added, units, unit, costs, bought: up.bought }
        })
        .collect();
    if args.find.is_none() {
        planned.answer = match planned.upgrades.len() {
            0 => "No limit binds".into(),
            n => format!("{n} limits bind"),
        };
        planned.question = "what one more of each limit buys".into();
    }
    planned.cost = book.as_ref().map(|book| Cost::of(&base, book));
    planned.base = base;
    if let (Some((trend, history, words)), Some((at, interval))) = (trend, planned.knee) {
        let (low, high) = interval.unwrap_or((at, at));
        let full = [
            trend.reaches(low, Side::High),
            trend.reaches(at, Side::Middle),
            trend.reaches(high, Side::Low),
        ];
        planned.growth = Some(grown(&trend, history, words, full, args.lead_days));
    }
    let files = report::plan_files(&planned, &dir, &command(args))
        .map_err(|e| super::run::unwritten(&e, console))?;
    if !common.quiet && common.format == Format::Text {
        console.out(&report::plan_summary(&planned, 120))?;
        let page = dir.path().join("report.html");
        let (count, folder) = (files.len(), dir.path().display());
        console.out(&format!("\n{count} files in {folder}; open {}\n", page.display()))?;
    }
    Ok(if fits { Exit::Fine } else { Exit::Missed })
}

/// The command that makes the same plan.
fn command(args: &PlanArgs) -> Vec<String> {
    let mut more: Vec<(&str, String)> = Vec::new();
    if let Some((key, text)) = &args.find {
        more.push(("--find", format!("{key}={text}")));
        more.push(("--to", args.to.to_string()));
    }
    more.push(("--upgrades", args.upgrades.to_string()));
    more.extend(args.growth.as_ref().map(|g| ("--growth", g.text.clone())));
    more.extend(args.now.clone().map(|now| ("--now", now)));
    more.extend(args.today.map(|day| ("--today", day.to_string())));
    more.extend(args.history.as_ref().map(|f| ("--history", f.to_string_lossy().into_owned())));
    more.extend(args.prices.words());
    more.extend(args.lead_days.map(|days| ("--lead-days", days.to_string())));
    let mut words = args.common.command("plan", &more);
    if args.linear {
        words.push("--linear".into());
    }
    words
}

/// Looks for the knee, and says what was found; whether anything of the range fits.
fn find(
    args: &PlanArgs,
    (key, range): (&str, &Range),
    planned: &mut Planned,
    console: &mut Console,
) -> Result<bool, Exit> {
    let common = &args.common;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number of steps"
    )]
    let steps = if range.is_whole {
        (range.to - range.from).abs().min(1e9) as u32
    } else {
        (1.0 / args.to.max(1e-6)).ceil() as u32
    };
    let share = |step: f64| step / f64::from(steps);
    let value = |step: u32| range.at(share(f64::from(step)));
    let bar = console.bar(0, "the search", common.quiet);
    let on_window = || bar.tick();
    let options = Options { threads: common.threads, on_window: &on_window, listen: None };
    let told = std::cell::RefCell::new(console);
    let build = |step: u32| -> Result<Case, Stop> {
        let mut overrides = common.overrides();
        overrides.push((key.to_owned(), value(step)));
        // Warnings were shown for the file itself.
        match crate::scenario::load(&common.scenario, &overrides) {
            Ok(loaded) => Ok(super::run::case(loaded)),
            Err(_) => super::run::load(&common.scenario, &overrides, &mut told.borrow_mut())
                .map(super::run::case)
                .map_err(Stop::Exit),
        }
    };
    let outcome = experiment::find_knee(steps, &build, &options);
    bar.finish_and_clear();
    let console = told.into_inner();
    let knee = outcome.map_err(|error| match error {
        KneeError::Build(Stop::Exit(exit)) => exit,
        KneeError::Experiment(e) => super::run::failed(&e, console),
        KneeError::NoObjective => {
            console.say("error: no workload has an objective: say what must be met, such as objectives = { p99 = \"300 ms\" }\n");
            Exit::Input
        }
    })?;
    let number = |step: f64| range.number(share(step));
    planned.unit.clone_from(&range.unit);
    planned.tried =
        knee.tried.iter().map(|(s, met)| (value(*s), number(f64::from(*s)), *met)).collect();
    let (first, last) = (value(0), value(steps));
    planned.question = format!("how much of {key} meets every objective, from {first} to {last}");
    let interval = knee.interval.map(|(a, b)| {
        let (a, b) = (number(a), number(b));
        (a.min(b), a.max(b))
    });
    let between = interval.map_or_else(String::new, |(a, b)| {
        // Four digits: an interval is no more exact.
        let end = |x: f64| format!("{}{}", report::four_digits(x), range.unit);
        format!(" (95 %: {} to {})", end(a), end(b))
    });
    let (answer, at) = match knee.found {
        Found::Most(step) => (format!("At most {} fits{between}", value(step)), Some(step)),
        Found::Least(step) => (format!("At least {} is needed{between}", value(step)), Some(step)),
        Found::All => (format!("All of the range fits, {first} to {last}"), None),
        Found::Nothing => (format!("Nothing of the range fits, {first} to {last}"), None),
    };
    planned.answer = answer;
    planned.knee = at.map(|step| (number(f64::from(step)), interval));
    Ok(knee.found != Found::Nothing)
}

/// What was asked of growth: the trend, its history, and its words.
type Asked = (Trend, Vec<(Date, f64)>, String);

fn trend(args: &PlanArgs, range: Option<&Range>) -> Result<Option<Asked>, String> {
    let number = |text: &str| -> Result<f64, String> {
        let unit = range.map_or("", |r| r.unit.trim());
        let digits = text.trim().strip_suffix(unit).unwrap_or(text).trim();
        digits
            .parse::<f64>()
            .ok()
            .filter(|x| *x > 0.0 && x.is_finite())
            .ok_or_else(|| format!("{text} is no number above 0 in the unit of --find"))
    };
    if let (Some(growth), Some(now), Some(today)) = (&args.growth, &args.now, args.today) {
        let Growth { share, days, is_compound, .. } = *growth;
        let trend = Trend::steady(today, number(now)?, share, days, is_compound);
        let yearly = trend.at(365.25, Side::Middle) / trend.value - 1.0;
        let kind = if is_compound { "compounded" } else { "of today's value" };
        let words = format!("{:.1} % a year, {kind}, from {now} on {today}", yearly * 100.0);
        return Ok(Some((trend, Vec::new(), words)));
    }
    let Some(file) = &args.history else { return Ok(None) };
    let history = read_history(file, &number)?;
    let trend = Trend::fitted(&history, !args.linear).ok_or_else(|| {
        format!("{}: at least three values above 0 on different days are needed", file.display())
    })?;
    let words = format!(
        "{} through {} values up to {}, 95 % prediction band",
        if args.linear { "a straight line" } else { "growth by factors" },
        history.len(),
        trend.start
    );
    Ok(Some((trend, history, words)))
}

/// Days and values of a CSV with a head line.
fn read_history(
    file: &Path,
    number: &dyn Fn(&str) -> Result<f64, String>,
) -> Result<Vec<(Date, f64)>, String> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).map_err(|e| format!("cannot read {shown}: {e}"))?;
    let mut history = Vec::new();
    for (i, line) in text.lines().enumerate().skip(1).filter(|l| !l.1.trim().is_empty()) {
        let place = |reason: String| format!("{shown}:{}: {reason}", i + 1);
        let Some((day, value)) = line.split_once(',') else {
            return Err(place(format!("expected a day and a value, found {line:?}")));
        };
        let day = day.trim().parse::<Date>().map_err(|e| place(format!("{day:?}: {e}")))?;
        history.push((day, number(value.trim()).map_err(place)?));
    }
    history.sort_by_key(|h| h.0);
    Ok(history)
}

/// Growth to be shown: up to a little after it is full, or for three years.
fn grown(
    trend: &Trend,
    history: Vec<(Date, f64)>,
    words: String,
    full: [Option<Date>; 3],
    lead_days: Option<u32>,
) -> GrowthSeen {
    let until = full[2].or(full[1]).map_or(1_096, |day| day.since(trend.start) * 5 / 4 + 30);
    let step = (until / 60).max(1);
    #[expect(clippy::cast_precision_loss, reason = "days")]
    let at =
        |day: i64| [Side::Low, Side::Middle, Side::High].map(|side| trend.at(day as f64, side));
    let expected = (0..=until / step).map(|i| (trend.start.plus(i * step), at(i * step))).collect();
    GrowthSeen { words, today: trend.start, history, expected, full, lead_days }
}
