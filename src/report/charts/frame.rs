//! The quiet part of every chart: titles, axes, bands, legends, labels at the lines' ends.

use super::Figure;
use super::palette::{AXIS, GRID, INK, INK_FAINT, INK_SOFT, OVER, PLANNED, stroke};
use super::scale::{Scale, Tick};
use super::svg::{Anchor, Svg, Type, fit, fit_apart, lines, text_width};
use crate::measure::Results;
use crate::report::escape::markup;
use crate::report::findings::{float, gaps_of};
use crate::report::table::Table;

/// Width of all charts.
pub(crate) const WIDTH: f64 = 960.0;
/// Outer margin.
pub(crate) const MARGIN: f64 = 28.0;
const TITLE: Type = Type::new(18.0, INK).bold();
const SUBTITLE: Type = Type::new(12.0, INK_SOFT);
pub(crate) const LABEL: Type = Type::new(11.5, INK_SOFT);
const FOOT: Type = Type::new(10.5, INK_FAINT);

/// What a chart says, before it is drawn.
pub(crate) struct Words {
    pub(crate) name: String,
    pub(crate) finding: String,
    pub(crate) reading: String,
    pub(crate) csv: &'static str,
}

/// A chart under construction: an SVG and the box of its plot.
pub(crate) struct Drawing {
    pub(crate) svg: Svg,
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
    words: Words,
    /// Where the titles end.
    head: f64,
    foot: String,
    /// Where the part without the footer ends.
    end: f64,
}

impl Drawing {
    /// Writes the titles. The plot begins `above` px below them and is `height` px high; `left`
    /// and `right` px stay free for labels.
    pub(crate) fn new(
        words: Words,
        results: &Results,
        (left, right): (f64, f64),
        (above, height): (f64, f64),
    ) -> Self {
        let subtitle = super::subtitle(results);
        Self::titled(words, &subtitle, foot(results), (left, right), (above, height))
    }

    /// [`Drawing::new`] with another subtitle and footer.
    pub(crate) fn titled(
        words: Words,
        subtitle: &str,
        foot: String,
        (left, right): (f64, f64),
        (above, height): (f64, f64),
    ) -> Self {
        let mut svg = Svg::new(WIDTH);
        let mut y = 40.0;
        for line in lines(&words.finding, TITLE.size, WIDTH - 2.0 * MARGIN).iter().take(3) {
            svg.text((MARGIN, y), line, TITLE);
            y += 24.0;
        }
        for line in lines(subtitle, SUBTITLE.size, WIDTH - 2.0 * MARGIN).iter().take(2) {
            svg.text((MARGIN, y - 2.0), line, SUBTITLE);
            y += 17.0;
        }
        let head = y - 6.0;
        let id = &words.name;
        // Pattern names carry the figure's: all figures share one page.
        svg.raw(&format!(
            "<defs><pattern id=\"{id}-hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" \
             patternTransform=\"rotate(45)\"><path d=\"M0 0V6\" stroke=\"{OVER}\" \
             stroke-width=\"1.6\" stroke-opacity=\"0.45\"/></pattern></defs>"
        ));
        let top = head + above;
        let bottom = top + height;
        let (left, right) = (MARGIN + left, WIDTH - MARGIN - right);
        Self { svg, left, right, top, bottom, words, head, foot, end: bottom + 44.0 }
    }

    /// The line where a legend or the title of the vertical axis stands.
    pub(crate) fn head_line(&self) -> f64 {
        self.head + 22.0
    }

    /// A reference into the page-wide unique pattern of broken parts.
    pub(crate) fn hatch(&self) -> String {
        format!("fill=\"url(#{}-hatch)\"", self.words.name)
    }

    /// Says where the drawing ends, if not below a horizontal axis.
    pub(crate) fn end_at(&mut self, end: f64) {
        self.end = end;
    }

    /// Title of the vertical axis, set flat above it.
    pub(crate) fn y_title(&mut self, title: &str) {
        let y = self.head_line();
        self.svg.text((MARGIN, y), title, LABEL);
    }

    /// Horizontal grid lines with labels at the left.
    pub(crate) fn y_axis(&mut self, scale: &Scale, ticks: &[Tick]) {
        let style = format!("stroke=\"{GRID}\" stroke-width=\"1\"");
        for (x, label) in ticks {
            let y = scale.at(*x);
            self.svg.line((self.left, y), (self.right, y), &style);
            self.svg.text((self.left - 10.0, y + 4.0), label, LABEL.at(Anchor::End));
        }
    }

    /// The base line with ticks below and the axis title under them. Labels that would touch the
    /// one before are left out.
    pub(crate) fn x_axis(&mut self, scale: &Scale, ticks: &[Tick], title: &str) {
        let style = format!("stroke=\"{AXIS}\" stroke-width=\"1\"");
        let y = self.bottom;
        self.svg.line((self.left, y), (self.right, y), &style);
        let mut free = f64::MIN;
        for (value, label) in ticks {
            let x = scale.at(*value);
            self.svg.line((x, y), (x, y + 5.0), &style);
            let half = text_width(label, LABEL.size) / 2.0;
            if x - half > free {
                self.svg.text((x, y + 19.0), label, LABEL.at(Anchor::Middle));
                free = x + half + 8.0;
            }
        }
        let middle = f64::midpoint(self.left, self.right);
        self.svg.text((middle, y + 37.0), title, LABEL.at(Anchor::Middle));
    }

    /// Bands behind a plot over time: the warm-up in grey, faults in red with their name above;
    /// the hatched part of a fault is the time its users did not know.
    pub(crate) fn bands(&mut self, results: &Results, x: &Scale) {
        let s = &results.settings;
        let height = self.bottom - self.top;
        if s.warmup_ns > 0 {
            let (a, b) = (x.at(0.0), x.at(float(s.warmup_ns)));
            let tip = "warm-up: not in the statistics";
            self.svg.rect((a, self.top), (b - a, height), "fill=\"#F1F3F6\"", Some(tip));
            if b - a > 60.0 {
                let at = (f64::midpoint(a, b), self.top - 7.0);
                self.svg.text(at, "warm-up", FOOT.at(Anchor::Middle));
            }
        }
        let mut free = x.at(float(s.warmup_ns)) - if s.warmup_ns > 0 { 0.0 } else { 8.0 };
        for (i, fault) in results.faults.iter().enumerate() {
            let (a, b) = (x.at(float(fault.from_ns)), x.at(float(fault.to_ns)));
            let width = (b - a).max(1.5);
            let tip = format!("{}: {}", fault.name, fault.label);
            let ink = if fault.planned { PLANNED } else { OVER };
            if fault.planned {
                self.planned(a, self.top, &tip);
                let style = format!("stroke=\"{ink}\" stroke-width=\"1\" stroke-dasharray=\"2 3\"");
                self.svg.line((a, self.top), (a, self.bottom), &style);
            } else {
                let style = format!("fill=\"{ink}\" fill-opacity=\"0.075\"");
                self.svg.rect((a, self.top), (width, height), &style, Some(&tip));
                let style = format!("stroke=\"{ink}\" stroke-width=\"1\" stroke-opacity=\"0.5\"");
                self.svg.line((a, self.top - 4.0), (a, self.bottom), &style);
            }
            let gap = gaps_of(results, fault).into_iter().map(|g| g.1).fold(0.0, f64::max);
            let known = x.at(float(fault.from_ns) + gap).min(a + width);
            if known - a > 0.5 {
                let hatch = self.hatch();
                let tip = format!(
                    "{}: {} until all users knew",
                    fault.name,
                    crate::report::format::span(gap)
                );
                self.svg.rect((a, self.top), (known - a, height), &hatch, Some(&tip));
            }
            let Some(name) = together(results, i) else { continue };
            let label = fit(&name, FOOT.size, 150.0);
            let wide = text_width(&label, FOOT.size);
            let start = a.max(free + 8.0).min(self.right - wide);
            if start - a < 40.0 && start >= free {
                let set = Type::new(FOOT.size, ink).bold();
                self.svg.text((start, self.top - 8.0), &label, set);
                free = start + wide;
            }
        }
    }

    /// Faults as brackets above a plot whose colours must stay as they are.
    pub(crate) fn brackets(&mut self, results: &Results, x: &Scale) {
        let mut free = f64::MIN;
        let y = self.top - 5.0;
        for (i, fault) in results.faults.iter().enumerate() {
            let (a, b) = (x.at(float(fault.from_ns)), x.at(float(fault.to_ns)));
            let ink = if fault.planned { PLANNED } else { OVER };
            if fault.planned {
                self.planned(a, y + 4.0, &format!("{}: {}", fault.name, fault.label));
            } else {
                let style = format!("stroke=\"{ink}\" stroke-width=\"2\"");
                self.svg.line((a, y), (b.max(a + 2.0), y), &style);
            }
            let Some(name) = together(results, i) else { continue };
            let label = fit(&name, FOOT.size, 150.0);
            let wide = text_width(&label, FOOT.size);
            let start = a.min(self.right - wide);
            if start > free {
                self.svg.text((start, y - 6.0), &label, Type::new(FOOT.size, ink).bold());
                free = start + wide + 8.0;
            }
        }
    }

    /// The mark of a change: a wedge that stands on a point of time. Its shape tells it from a fault,
    /// whatever is seen of the colours.
    fn planned(&mut self, x: f64, y: f64, tip: &str) {
        let wedge = [(x - 4.0, y - 6.0), (x + 4.0, y - 6.0), (x, y)];
        self.svg.polygon(&wedge, &format!("fill=\"{PLANNED}\""), Some(tip));
    }

    /// A legend in one line or more, right of `from`: line samples or filled squares.
    pub(crate) fn legend(&mut self, entries: &[(String, Swatch)], from: f64) {
        let (mut x, mut y) = (from, self.head_line());
        let labels: Vec<&str> = entries.iter().map(|e| e.0.as_str()).collect();
        let labels = fit_apart(&labels, LABEL.size, 260.0);
        for (label, (_, swatch)) in labels.iter().zip(entries) {
            let wide = 26.0 + text_width(label, LABEL.size) + 18.0;
            if x + wide > WIDTH - MARGIN + 18.0 && x > from {
                x = from;
                y += 18.0;
            }
            match swatch {
                Swatch::Line(i) => {
                    self.svg.line((x, y - 4.0), (x + 20.0, y - 4.0), &stroke(*i, 2.0));
                }
                Swatch::Fill(style) => {
                    self.svg.rect((x + 6.0, y - 10.0), (12.0, 12.0), style, None);
                }
            }
            self.svg.text((x + 26.0, y), label, LABEL);
            x += wide;
        }
    }

    /// Names at the right end of lines, spread so that none overlap; at most `width` px wide.
    pub(crate) fn end_labels(&mut self, mut labels: Vec<EndLabel>, width: f64) {
        const APART: f64 = 15.0;
        labels.sort_by(|a, b| a.y.total_cmp(&b.y));
        let wanted: Vec<f64> = labels.iter().map(|l| l.y).collect();
        for i in 1..labels.len() {
            labels[i].y = labels[i].y.max(labels[i - 1].y + APART);
        }
        let mut floor = self.bottom + 4.0;
        for label in labels.iter_mut().rev() {
            label.y = label.y.min(floor);
            floor = label.y - APART;
        }
        let texts: Vec<&str> = labels.iter().map(|l| l.text.as_str()).collect();
        let texts = fit_apart(&texts, LABEL.size, width - 15.0);
        for ((label, y), text) in labels.iter().zip(wanted).zip(&texts) {
            let style = format!("stroke=\"{}\" stroke-width=\"1\"", label.colour);
            if (label.y - y).abs() > 2.0 {
                self.svg.line((label.x + 2.0, y), (label.x + 12.0, label.y), &style);
            }
            let set = Type { fill: label.colour, ..LABEL }.bold();
            let at = (label.x + 15.0, label.y + 4.0);
            self.svg.text(at, text, set);
        }
    }

    /// The finished figure.
    pub(crate) fn finish(mut self, table: Table) -> Figure {
        let inline = self.inline();
        let mut y = self.end + 16.0;
        for line in lines(&self.foot, FOOT.size, WIDTH - 2.0 * MARGIN) {
            self.svg.text((MARGIN, y), &line, FOOT);
            y += 15.0;
        }
        let Words { name, finding, reading, csv } = self.words;
        let svg = self.svg.finish(y + 8.0, &finding);
        Figure { name, finding, reading, table, csv, svg, inline }
    }

    /// The part below the titles and above the footer: the page sets those itself.
    fn inline(&self) -> String {
        let whole = self.svg.clone().finish(self.end, &self.words.finding);
        // The page has margins of its own; labels of axes reach a little into ours.
        let x = MARGIN - 8.0;
        let (w, h) = (super::svg::num(WIDTH - 2.0 * x), super::svg::num(self.end - self.head));
        let opening = format!(
            "<svg viewBox=\"{x} {} {w} {h}\" role=\"img\" aria-label=\"{}\">",
            super::svg::num(self.head),
            markup(&self.words.finding)
        );
        match whole.split_once(">\n") {
            Some((_, body)) => format!("{opening}\n{body}"),
            None => whole,
        }
    }
}

/// What stands at the mark of fault or change `i`: of changes at one instant the first speaks for
/// all, and the others say nothing.
fn together(results: &Results, i: usize) -> Option<String> {
    let one = &results.faults[i];
    let same = |j: usize| {
        let other = &results.faults[j];
        one.planned && other.planned && other.from_ns == one.from_ns
    };
    if (0..i).any(same) {
        return None;
    }
    Some(match (i + 1..results.faults.len()).filter(|j| same(*j)).count() {
        0 => one.name.clone(),
        n => format!("{} +{n}", one.name),
    })
}

/// How a legend shows its entry.
pub(crate) enum Swatch {
    /// The line of series `i`.
    Line(usize),
    /// A square with these attributes.
    Fill(String),
}

/// A name at the end of a line.
pub(crate) struct EndLabel {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) text: String,
    pub(crate) colour: &'static str,
}

/// What METHOD asks of every chart and the subtitle does not say.
fn foot(results: &Results) -> String {
    let busiest = crate::report::findings::links_by_peak(results).first().map(|(l, u, _)| {
        let share = crate::report::format::percent(*u);
        format!(" Busiest: {}, {share} of its capacity.", crate::report::findings::link_label(l))
    });
    let ended: u64 = results.workloads.iter().map(|w| w.ok + w.errors_total()).sum();
    let failed: u64 = results.workloads.iter().map(|w| w.errors_total()).sum();
    let failed = crate::report::findings::share(failed, ended).map_or_else(String::new, |f| {
        format!(" Failed or timed out: {} of requests.", crate::report::format::percent(f))
    });
    format!(
        "Fluid max-min fair sharing, no packet loss or buffers. Latency from the intended start; \
         percentiles at most 0.1 % high.{busiest}{failed}",
        busiest = busiest.unwrap_or_default()
    )
}
