//! Utilization of links over time: who is full, and when.

use super::frame::{Drawing, LABEL, Words};
use super::palette::{INK, INK_SOFT, cividis};
use super::scale::{Scale, TimeAxis};
use super::series::Columns;
use super::svg::{Anchor, Type, fit_apart, text_width};
use super::{Chart, Figure};
use crate::measure::{LinkResults, Results};
use crate::report::findings::{float, link_label, links_by_peak, links_in_rows, utilization};
use crate::report::format::{percent, plural};
use crate::report::tables::{self, instant, moment};

/// The chart.
pub(crate) struct Heat;

const ROW: f64 = 22.0;
const COLUMNS: usize = 96;
const ROWS: usize = 30;
/// Rows that are drawn however idle they are.
const LEAST_ROWS: usize = 12;
/// Below this a link is of no interest.
const IDLE: f64 = 0.05;
/// The planning line of the growth rules: links above it deserve a look.
const PLANNING: f64 = 0.7;

impl Chart for Heat {
    fn draw(&self, r: &Results) -> Vec<Figure> {
        let columns = Columns::new(&r.settings, COLUMNS);
        let all = links_in_rows(r);
        let any_headline = all.iter().any(|l| l.0.headline);
        // Details such as the devices of a throttle only where they are full, or the fullest of all.
        let shown = |i: usize, l: &(&LinkResults, String, f64, usize)| {
            i == 0 || l.0.headline || !any_headline || l.2 >= PLANNING
        };
        let mut list: Vec<_> =
            all.iter().enumerate().filter(|(i, l)| shown(*i, l)).map(|(_, l)| l).collect();
        let parts = match all.len() - list.len() {
            0 => "",
            _ => " (parts of an element, such as the devices of a throttle, from 70 % on)",
        };
        let busy = list.iter().filter(|l| l.2 >= IDLE).count();
        list.truncate(busy.max(LEAST_ROWS));
        let (rows, hidden) = (list.len().min(ROWS), all.len() - list.len().min(ROWS));
        if rows == 0 || columns.len() < 2 {
            return Vec::new();
        }
        let hidden = match hidden {
            0 => String::new(),
            n => format!(" {} in the table and the file.", plural(n, "more link", "more links")),
        };
        let words = Words {
            name: "utilization".into(),
            finding: finding(r, &links_by_peak(r)),
            reading: format!(
                "Share of each link's capacity in use, mean over replications, fullest link \
                 first{parts}; the number is its busiest window. Hatched: no capacity.{hidden}"
            ),
            csv: "links.csv",
        };
        list.truncate(rows);
        let names: Vec<&str> = list.iter().map(|l| l.1.as_str()).collect();
        let names = fit_apart(&names, LABEL.size, 300.0);
        let wide = names.iter().map(|name| text_width(name, LABEL.size));
        let left = wide.fold(60.0, f64::max) + 12.0;
        let mut d = Drawing::new(words, r, (left, 62.0), (58.0, float(rows as u64) * ROW));
        let x = Scale::linear(0.0, float(r.settings.horizon_ns), d.left, d.right);
        for (i, ((link, _, peak, _), name)) in list.iter().zip(&names).enumerate() {
            row(&mut d, r, &columns, link, *peak, (float(i as u64), name), &x);
        }
        d.brackets(r, &x);
        colour_bar(&mut d);
        let axis = TimeAxis::new(&r.settings);
        d.x_axis(&x, &axis.ticks, axis.title);
        vec![d.finish(tables::links(r))]
    }
}

/// One link: its name, its cells, its busiest window. Neighbours of one colour are one cell.
fn row(
    d: &mut Drawing,
    r: &Results,
    columns: &Columns,
    link: &LinkResults,
    peak: f64,
    (i, name): (f64, &str),
    x: &Scale,
) {
    let top = d.top + i * ROW;
    let middle = top + ROW / 2.0 + 4.0;
    d.svg.text((d.left - 10.0, middle), name, Type { fill: INK, ..LABEL }.at(Anchor::End));
    d.svg.raw("<g shape-rendering=\"crispEdges\">");
    for (c, range) in columns.ranges.iter().enumerate() {
        let (a, b) = (x.at(float(columns.from(c))), x.at(float(columns.to(c))));
        let used = utilization(link, range.clone());
        let (fill, shown) = match used {
            Some(u) => (format!("fill=\"{}\"", cividis(u)), percent(u)),
            None => (d.hatch(), "no capacity".to_owned()),
        };
        let tip = format!("{} {shown}", instant(&r.settings, columns.from(c)));
        d.svg.rect((a, top + 1.0), (b - a, ROW - 2.0), &fill, Some(&tip));
    }
    d.svg.raw("</g>");
    let set = if peak >= PLANNING { Type { fill: INK, ..LABEL }.bold() } else { LABEL };
    d.svg.text((d.right + 10.0, middle), &percent(peak), set);
}

/// 0 to 100 % in the head line, fixed.
fn colour_bar(d: &mut Drawing) {
    const WIDE: f64 = 180.0;
    const CELLS: u32 = 60;
    let y = d.head_line();
    let (left, right) = (d.right - WIDE, d.right);
    d.svg.raw("<g shape-rendering=\"crispEdges\">");
    for i in 0..CELLS {
        let share = f64::from(i) / f64::from(CELLS - 1);
        let at = left + WIDE * f64::from(i) / f64::from(CELLS);
        let fill = format!("fill=\"{}\"", cividis(share));
        d.svg.rect((at, y - 9.0), (WIDE / f64::from(CELLS) + 0.5, 9.0), &fill, None);
    }
    d.svg.raw("</g>");
    let set = Type { fill: INK_SOFT, ..LABEL };
    d.svg.text((left - 8.0, y), "utilization  0 %", set.at(Anchor::End));
    d.svg.text((right + 8.0, y), "100 %", set);
}

fn finding(r: &Results, all: &[(&LinkResults, f64, usize)]) -> String {
    let (link, peak, window) = all[0];
    let over = all.iter().filter(|l| l.1 >= PLANNING).count();
    let at = moment(&r.settings, window as u64 * r.settings.window_ns);
    let at =
        if r.settings.start_of_day_ns > 0 { format!("at {at}") } else { format!("after {at}") };
    let rest = match over {
        0 => "no link passes 70 %".to_owned(),
        n if n == all.len() => "every link passes 70 %".into(),
        1 => format!("the only one of {} that passes 70 %", plural(all.len(), "link", "links")),
        n => format!("{n} of {} pass 70 %", plural(all.len(), "link", "links")),
    };
    format!("{} is the fullest: {} {at}; {rest}", link_label(link), percent(peak))
}
