//! Growth with its band towards what fits, and the days that matter.

use super::Figure;
use super::frame::{Drawing, LABEL, Words};
use super::palette::{INK, OK, OVER, PLANNED};
use super::scale::{Scale, Tick};
use super::svg::{Anchor, Type};
use crate::report::findings::float;
use crate::report::format::plain;
use crate::report::plan::{GrowthSeen, Planned};
use crate::report::table::Table;
use crate::units::Date;

/// The chart; none of growth that is not looked at for a day.
pub(crate) fn figure(it: &Planned, growth: &GrowthSeen) -> Option<Figure> {
    let (knee, interval) = it.knee?;
    let (first, last) = (growth.expected.first()?.0, growth.expected.last()?.0);
    let from = growth.history.iter().map(|h| h.0).min().map_or(first, |d| d.min(first));
    let days = |d: Date| float(u64::try_from(d.since(from)).unwrap_or(0));
    if days(last) < 1.0 {
        return None;
    }
    let words = Words {
        name: "growth".into(),
        finding: growth.sentences().first().cloned().unwrap_or_default(),
        reading: "Expected value (line) with its 95 % band, what was measured (dots), and what fits with \
                  its 95 % interval (horizontal band)."
            .into(),
        csv: "growth.csv",
    };
    let mut d = Drawing::new(words, &it.base, (64.0, 90.0), (56.0, 300.0));
    let tops = growth.expected.iter().map(|e| e.1[1]).chain(growth.history.iter().map(|h| h.1));
    let most = tops.fold(knee * 1.1, f64::max).max(interval.map_or(0.0, |i| i.1));
    let x = Scale::linear(0.0, days(last), d.left, d.right);
    let y = Scale::linear(0.0, most, d.bottom, d.top);
    let value = |v: f64| format!("{}{}", plain(v, if most < 10.0 { 1 } else { 0 }), it.unit);
    let ticks: Vec<Tick> =
        super::scale::linear_ticks(most, 5.0).into_iter().map(|t| (t.0, value(t.0))).collect();
    d.y_axis(&y, &ticks);
    d.x_axis(&x, &years(from, last), "");
    if let Some((low, high)) = interval {
        let tall = (y.at(low) - y.at(high)).max(1.0);
        let style = format!("fill=\"{OVER}\" fill-opacity=\"0.12\"");
        d.svg.rect((d.left, y.at(high)), (d.right - d.left, tall), &style, None);
    }
    let style = format!("stroke=\"{OVER}\" stroke-width=\"1.4\" stroke-dasharray=\"6 3\"");
    d.svg.line((d.left, y.at(knee)), (d.right, y.at(knee)), &style);
    let set = Type { fill: OVER, ..LABEL }.bold();
    d.svg.text((d.right + 8.0, y.at(knee) + 4.0), &format!("fits {}", value(knee)), set);
    let place = |day: Date, v: f64| (x.at(days(day)), y.at(v.clamp(0.0, most)));
    let mut band: Vec<(f64, f64)> =
        growth.expected.iter().map(|(day, e)| place(*day, e[2])).collect();
    band.extend(growth.expected.iter().rev().map(|(day, e)| place(*day, e[0])));
    d.svg.polygon(&band, &format!("fill=\"{OK}\" fill-opacity=\"0.15\""), None);
    let line: Vec<(f64, f64)> = growth
        .expected
        .iter()
        .filter(|(_, e)| e[1] <= most)
        .map(|(day, e)| place(*day, e[1]))
        .collect();
    d.svg.polyline(&line, &format!("stroke=\"{OK}\" stroke-width=\"2\""), None);
    for (day, v) in &growth.history {
        let tip = format!("{day}: {}", value(*v));
        let style = format!("fill=\"#fff\" stroke=\"{OK}\" stroke-width=\"1.4\"");
        d.svg.circle(place(*day, *v), 2.8, &style, Some(&tip));
    }
    let mut marks: Vec<(Date, String, &'static str)> = Vec::new();
    marks.extend(growth.order_by().map(|day| (day, format!("order by {day}"), PLANNED)));
    marks.extend(growth.full[1].map(|day| (day, format!("full {day}"), INK)));
    for (i, (day, label, colour)) in marks.iter().enumerate() {
        if *day < from || *day > last {
            continue;
        }
        let at = x.at(days(*day));
        let style = format!("stroke=\"{colour}\" stroke-width=\"1.2\" stroke-dasharray=\"2 3\"");
        d.svg.line((at, d.top), (at, d.bottom), &style);
        let anchor = if at > f64::midpoint(d.left, d.right) { Anchor::End } else { Anchor::Start };
        let off = if anchor == Anchor::End { -5.0 } else { 5.0 };
        let set = Type { fill: colour, ..LABEL }.bold().at(anchor);
        d.svg.text((at + off, d.top - 8.0 - 15.0 * float(i as u64)), label, set);
    }
    let mut table = Table::new(1, ["day", "low", "expected", "high"]);
    for (day, [low, middle, high]) in &growth.expected {
        table.row([day.to_string(), value(*low), value(*middle), value(*high)]);
    }
    Some(d.finish(table))
}

/// A tick at the first of each year, of each quarter or of each month, by how long it is.
fn years(from: Date, last: Date) -> Vec<Tick> {
    let span = last.since(from);
    let every = match span {
        0..=200 => 1,
        201..=900 => 3,
        901..=2_500 => 12,
        _ => 36,
    };
    let mut ticks = Vec::new();
    for day in 0..=span {
        let text = from.plus(day).to_string();
        let (month, of_month) = (&text[..7], &text[8..]);
        let number: u32 = text[5..7].parse().unwrap_or(1);
        let year: u32 = text[..4].parse().unwrap_or(0);
        let wanted = match every {
            1 => true,
            3 => number % 3 == 1,
            12 => number == 1,
            _ => number == 1 && year.is_multiple_of(3),
        };
        if of_month == "01" && wanted {
            ticks.push((float(u64::try_from(day).unwrap_or(0)), month.to_owned()));
        }
    }
    ticks
}
