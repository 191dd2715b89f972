//! Delivered rate over time, with the warm-up and the faults behind it.

use std::ops::Range;

use super::frame::{Drawing, EndLabel, Words};
use super::palette::{series, stroke};
use super::scale::{Scale, TimeAxis, linear_ticks};
use super::series::{Columns, Series, first_four, mean};
use super::{Chart, Figure};
use crate::measure::Results;
use crate::report::findings::{float, ranked, runs};
use crate::report::format::{percent, rate, rate_unit, sig3};
use crate::report::table::Table;
use crate::report::tables::instant;

/// The chart.
pub(crate) struct Throughput;

/// As many columns as a plot of 700 px shows.
pub(crate) const COLUMNS: usize = 240;
const LABELS: f64 = 130.0;

impl Chart for Throughput {
    fn draw(&self, r: &Results) -> Vec<Figure> {
        let columns = Columns::new(&r.settings, COLUMNS);
        let list = first_four(rates(r, &columns));
        if list.is_empty() || columns.len() < 2 {
            return Vec::new();
        }
        let words = Words {
            name: "throughput".into(),
            finding: finding(r, &columns, &list),
            reading: "Rate delivered to each workload in both directions, mean over replications. \
                      A red band is a fault; its hatched part is the time until all users had left \
                      what failed. A grey line is a change that somebody makes."
                .into(),
            csv: "throughput.csv",
        };
        let mut d = Drawing::new(words, r, (44.0, LABELS), (58.0, 300.0));
        let top = list.iter().flat_map(|s| &s.values).copied().fold(0.0, f64::max);
        let (factor, unit) = rate_unit(top);
        let ticks = linear_ticks(top / factor, 5.0);
        let end = ticks.last().map_or(1.0, |t| t.0);
        let y = Scale::linear(0.0, end, d.bottom, d.top);
        let x = Scale::linear(0.0, float(r.settings.horizon_ns), d.left, d.right);
        d.bands(r, &x);
        d.y_title(&format!("delivered rate, {unit}"));
        d.y_axis(&y, &ticks);
        let axis = TimeAxis::new(&r.settings);
        d.x_axis(&x, &axis.ticks, axis.title);
        let mut labels = Vec::new();
        for (i, s) in list.iter().enumerate().rev() {
            let scaled: Vec<f64> = s.values.iter().map(|v| v / factor).collect();
            let points = steps(&columns, &scaled, &x, &y);
            d.svg.polyline(&points, &stroke(i, 1.6), Some(&s.name));
            let (colour, _) = series(i);
            let at = points.last().copied().unwrap_or((d.right, d.bottom));
            labels.push(EndLabel { x: at.0, y: at.1, text: s.name.clone(), colour });
        }
        d.end_labels(labels, LABELS);
        hover(&mut d, r, &columns, &list, &x, rate);
        vec![d.finish(table(r, &list))]
    }
}

/// Rate of every workload in each column, bit/s.
fn rates(r: &Results, columns: &Columns) -> Vec<Series> {
    let rate =
        |(c, bytes): (usize, f64)| bytes * 8e9 / float(columns.len_ns(c)) / runs(&r.settings);
    ranked(r)
        .into_iter()
        .map(|w| Series {
            name: w.name.clone(),
            values: columns.sums(&w.bytes_by_window).into_iter().enumerate().map(rate).collect(),
        })
        .collect()
}

/// A stepped line: each column's value over its whole length.
pub(crate) fn steps(columns: &Columns, values: &[f64], x: &Scale, y: &Scale) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = Vec::with_capacity(2 * values.len());
    for (c, v) in values.iter().enumerate() {
        let y = y.at(*v);
        points.push((x.at(float(columns.from(c))), y));
        points.push((x.at(float(columns.to(c))), y));
    }
    points
}

/// Invisible columns over the plot whose tooltip lists all series.
pub(crate) fn hover(
    d: &mut Drawing,
    r: &Results,
    columns: &Columns,
    list: &[Series],
    x: &Scale,
    show: impl Fn(f64) -> String,
) {
    for c in 0..columns.len() {
        let mut tip = instant(&r.settings, columns.from(c));
        for s in list {
            let value = s.values.get(c).copied().unwrap_or(0.0);
            tip.push_str(&format!(" | {} {}", s.name, show(value)));
        }
        let (a, b) = (x.at(float(columns.from(c))), x.at(float(columns.to(c))));
        let (top, height) = (d.top, d.bottom - d.top);
        d.svg.rect((a, top), (b - a, height), "fill=\"#fff\" fill-opacity=\"0\"", Some(&tip));
    }
}

/// What a fault or changes did to a workload's rate.
struct Fall<'r> {
    level: f64,
    low: f64,
    /// Whether `low` is the mean over the fault or its worst moment.
    when: &'static str,
    workload: &'r str,
    what: &'r [&'r str],
}

/// What happened in a column: a fault, or all that was changed on purpose.
struct Happening<'r> {
    names: Vec<&'r str>,
    planned: bool,
    from: u64,
    to: u64,
}

/// Faults, each by itself, and the changes of each column together: what one of several did cannot be
/// told apart. What is done on purpose lasts until something else happens.
fn happenings<'r>(r: &'r Results, columns: &Columns) -> Vec<Happening<'r>> {
    let mut all: Vec<Happening<'_>> = Vec::new();
    for fault in &r.faults {
        let column = columns.at(fault.from_ns);
        let beside = |h: &&mut Happening<'_>| h.planned && columns.at(h.from) == column;
        if let Some(group) = all.iter_mut().find(beside).filter(|_| fault.planned) {
            group.names.push(&fault.name);
            group.from = group.from.min(fault.from_ns);
            continue;
        }
        // The column in which that happens is no more its own.
        let others = r.faults.iter().flat_map(|f| [f.from_ns, f.to_ns]);
        let next = others.map(|at| columns.at(at)).filter(|c| *c > column).min();
        let next = next.filter(|c| *c < columns.len());
        let end = next.map_or(r.settings.horizon_ns, |c| columns.from(c));
        all.push(Happening {
            names: vec![&fault.name],
            planned: fault.planned,
            from: fault.from_ns,
            to: if fault.planned { end } else { fault.to_ns },
        });
    }
    all
}

/// The greatest fall during a fault, or who carries the most. The least of a hundred windows is low
/// by chance too: a moment counts only more than four standard deviations below the windows before
/// the fault, a mean only more than four standard errors below theirs; and either by a tenth.
fn finding(r: &Results, columns: &Columns, list: &[Series]) -> String {
    let all = happenings(r, columns);
    let mut deepest: Option<Fall<'_>> = None;
    let mut faults_without = 0_usize;
    for it in &all {
        let during = columns.within(it.from, it.to);
        // As long before as the fault lasts, without the column in which it strikes, but not from
        // before the last thing that began or ended.
        let events = r.faults.iter().flat_map(|f| [f.from_ns, f.to_ns]);
        let since = events.filter(|at| columns.at(*at) < columns.at(it.from)).max().unwrap_or(0);
        let long = during.len().max(3);
        let warm = columns.within(r.settings.warmup_ns.max(since), u64::MAX).start;
        let before = during.start.saturating_sub(long).max(warm)..during.start;
        for s in list {
            let Some(level) = mean(&s.values, before.clone()).filter(|l| *l > 0.0) else {
                continue;
            };
            let part = |range: Range<usize>| s.values.get(range).unwrap_or(&[]);
            let squares =
                part(before.clone()).iter().map(|x| (x - level) * (x - level)).sum::<f64>();
            let n = float(before.len().max(2) as u64);
            let spread = libm::sqrt(squares / (n - 1.0));
            let lowest = part(during.clone()).iter().copied().fold(f64::INFINITY, f64::min);
            let lasting = mean(&s.values, during.clone()).unwrap_or(level);
            let error = spread * libm::sqrt(1.0 / n + 1.0 / float(during.len().max(1) as u64));
            let clear = |low: f64, noise: f64| low <= 0.9 * level && low <= level - 4.0 * noise;
            let fall = |low, lasting| Fall {
                level,
                low,
                when: match (lasting, it.planned) {
                    (true, true) => "on average after",
                    (true, false) => "on average during",
                    (false, true) => "at the worst moment after",
                    (false, false) => "at the worst moment of",
                },
                workload: &s.name,
                what: &it.names,
            };
            let found = if clear(lasting, error) {
                fall(lasting, true)
            } else if clear(lowest, spread) {
                fall(lowest, false)
            } else {
                faults_without += 1;
                continue;
            };
            // The greatest loss of rate rather than of share: the one that shows in the chart.
            if deepest.as_ref().is_none_or(|b| found.level - found.low > b.level - b.low) {
                deepest = Some(found);
            }
        }
    }
    match deepest {
        Some(f) => format!(
            "{} fell from {} to {} ({}) {} {}",
            f.workload,
            rate(f.level),
            rate(f.low),
            minus(f.low / f.level),
            f.when,
            listed(f.what)
        ),
        None if faults_without > 0 => match r.faults.iter().all(|f| f.planned) {
            true => "No workload's rate fell below its usual range after a change".into(),
            false => "No workload's rate fell below its usual range during a fault".into(),
        },
        None => {
            let most = list.iter().max_by(|a, b| a.total().total_cmp(&b.total()));
            let Some(s) = most else { return String::new() };
            let top = s.values.iter().copied().fold(0.0, f64::max);
            let all = mean(&s.values, 0..s.values.len()).unwrap_or(0.0);
            format!(
                "{} carries the most: {} on average, {} at its peak",
                s.name,
                rate(all),
                rate(top)
            )
        }
    }
}

/// Names in words.
fn listed(names: &[&str]) -> String {
    match names {
        [before @ .., last] if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => names.concat(),
    }
}

fn minus(left: f64) -> String {
    format!("\u{2212}{}", percent(1.0 - left))
}

/// The series in at most 48 rows.
fn table(r: &Results, list: &[Series]) -> Table {
    let columns = Columns::new(&r.settings, 48);
    let coarse = rates(r, &columns);
    let kept: Vec<&Series> =
        list.iter().filter_map(|s| coarse.iter().find(|c| c.name == s.name)).collect();
    let mut table = Table { left: 1, ..Table::default() };
    table.head.push("from".into());
    table.head.extend(kept.iter().map(|s| format!("{}, Mbps", s.name)));
    for c in 0..columns.len() {
        let mut row = vec![instant(&r.settings, columns.from(c))];
        row.extend(kept.iter().map(|s| sig3(s.values[c] / 1e6)));
        table.rows.push(row);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{FaultSeen, SettingsSeen, WorkloadResults};

    /// The headline of a workload of these rates, Mbit/s in each second.
    fn headline(rates: &[u64], faults: &[(&str, u64, u64)]) -> String {
        let horizon_ns = rates.len() as u64 * 1_000_000_000;
        let workload = WorkloadResults {
            name: "shop".into(),
            bytes_by_window: rates.iter().map(|mbps| mbps * 125_000).collect(),
            ..WorkloadResults::default()
        };
        let fault = |(name, from, to): &(&str, u64, u64)| FaultSeen {
            name: (*name).into(),
            from_ns: from * 1_000_000,
            to_ns: to * 1_000_000,
            planned: from == to,
            label: String::new(),
        };
        let r = Results {
            settings: SettingsSeen {
                horizon_ns,
                window_ns: 1_000_000_000,
                replications: vec![0],
                ..SettingsSeen::default()
            },
            workloads: vec![workload],
            faults: faults.iter().map(fault).collect(),
            ..Results::default()
        };
        let columns = Columns::new(&r.settings, COLUMNS);
        finding(&r, &columns, &super::rates(&r, &columns))
    }

    #[test]
    fn changes_of_one_column_are_one() {
        let mut rates = [100; 30];
        rates[10..].fill(50);
        let fell = "shop fell from 100 Mbps to 50.0 Mbps (\u{2212}50.0 %) on average after ";
        let all = [("change.a", 10_000, 10_000), ("change.b", 10_000, 10_000)];
        assert_eq!(headline(&rates, &all), format!("{fell}change.a and change.b"));
        let all = [("a", 10_000, 10_000), ("b", 10_300, 10_300), ("c", 10_900, 10_900)];
        assert_eq!(headline(&rates, &all), format!("{fell}a, b and c"));
        // One that comes later did not do it, nor did one that came before.
        let all = [("a", 4_000, 4_000), ("b", 10_300, 10_300), ("c", 20_000, 20_000)];
        assert_eq!(headline(&rates, &all), format!("{fell}b"));
    }

    #[test]
    fn a_fault_is_held_against_what_was_right_before_it() {
        // A change halves the rate at 10 s; the fault from 14 to 24 s does nothing more.
        let mut rates = [100; 30];
        rates[10..].fill(50);
        let all = [("change.a", 10_000, 10_000), ("cut", 14_000, 24_000)];
        let said = headline(&rates, &all);
        assert!(said.ends_with("on average after change.a"), "{said}");
        // Without the change it is the fault that is named, whatever another one did before.
        rates.fill(100);
        rates[5..8].fill(10);
        rates[14..24].fill(5);
        let said = headline(&rates, &[("first", 5_000, 8_000), ("cut", 14_000, 24_000)]);
        assert!(said.starts_with("shop fell from 100 Mbps to 5.00 Mbps"), "{said}");
        assert!(said.ends_with("cut"), "{said}");
    }
}
