//! Theory beside simulation: how far each value lies from theory, in half-widths of its interval.

use super::Figure;
use super::frame::{Drawing, LABEL, MARGIN, Words};
use super::palette::{AXIS, GRID, INK_FAINT, INK_SOFT, OK, OVER};
use super::scale::{Scale as Pixels, Tick};
use super::svg::{Anchor, Type, fit};
use crate::measure::{Agreement, Scale, Validation, Verdict};
use crate::report::validation::{identity_line, table, verdict_line};

/// Height of a row.
const ROW: f64 = 19.0;
/// Height of the line that opens a case.
const HEAD: f64 = 22.0;
/// Room for what is compared, and for the verdict.
const LABELS: f64 = 440.0;
const VERDICTS: f64 = 84.0;
/// Ends of the axis; what lies beyond is drawn at its end as an arrow.
const END: f64 = 1.6;

/// The chart: rows by case, the band in which they agree from -1 to 1.
pub(crate) fn figure(found: &Validation) -> Figure {
    let cases = found.rows.chunk_by(|a, b| a.case == b.case);
    let height = found.rows.len() as f64 * ROW + cases.clone().count() as f64 * HEAD + 8.0;
    let words = Words {
        name: "deviation".into(),
        finding: verdict_line(found),
        reading: "(simulated - theory) in half-widths of the row's interval. Dots: means with \
                  their interval; squares: exact values with their rounding; between the dashed \
                  lines they agree."
            .into(),
        csv: "validate.csv",
    };
    let foot = "Exactness of the engine is not validity of the model: what it leaves out \
                (packets, losses, buffers) is not in any row."
        .to_owned();
    let room = (LABELS, VERDICTS);
    let mut d = Drawing::titled(words, &identity_line(found), foot, room, (26.0, height));
    let x = Pixels::linear(-END, END, d.left, d.right);
    let band = (x.at(1.0) - x.at(-1.0), d.bottom - d.top);
    d.svg.rect((x.at(-1.0), d.top), band, "fill=\"#EEF4F9\"", None);
    for (at, dash) in
        [(-1.0, " stroke-dasharray=\"4 3\""), (0.0, ""), (1.0, " stroke-dasharray=\"4 3\"")]
    {
        let style = format!("stroke=\"{AXIS}\" stroke-width=\"1\"{dash}");
        d.svg.line((x.at(at), d.top), (x.at(at), d.bottom), &style);
    }
    let mut y = d.top + 4.0;
    for case in cases {
        y += HEAD;
        d.svg.text((MARGIN, y - 6.0), &case[0].case, Type::new(11.5, INK_SOFT).bold());
        for row in case {
            mark(&mut d, row, &x, y);
            y += ROW;
        }
    }
    legend(&mut d, &x);
    let ticks: Vec<Tick> =
        [-1.0, -0.5, 0.0, 0.5, 1.0].map(|t| (t, crate::report::format::plain(t, 1))).to_vec();
    d.x_axis(&x, &ticks, "deviation from theory, half-widths");
    d.finish(table(found))
}

/// What the marks mean, and the ends of the band once more above it: the axis is far below.
fn legend(d: &mut Drawing, x: &Pixels) {
    let y = d.top - 9.0;
    let fill = format!("fill=\"{OK}\"");
    d.svg.circle((MARGIN + 5.0, y - 4.0), 4.0, &fill, None);
    d.svg.text((MARGIN + 15.0, y), "mean over replications", LABEL);
    d.svg.rect((MARGIN + 161.5, y - 7.5), (7.0, 7.0), &fill, None);
    d.svg.text((MARGIN + 175.0, y), "exact value", LABEL);
    for (at, label) in [(-1.0, "-1"), (0.0, "theory"), (1.0, "1")] {
        d.svg.text((x.at(at), y), label, LABEL.at(Anchor::Middle));
    }
}

/// One row: its words, its mark, and its verdict where that is not "agrees".
fn mark(d: &mut Drawing, row: &Agreement, x: &Pixels, y: f64) {
    let middle = y + ROW / 2.0;
    let style = format!("stroke=\"{GRID}\" stroke-width=\"1\"");
    d.svg.line((d.left, middle), (d.right, middle), &style);
    let what = fit(&row.what, LABEL.size, LABELS - 24.0);
    d.svg.text((MARGIN + 12.0, middle + 4.0), &what, LABEL);
    let colour = if row.verdict == Verdict::Agrees { OK } else { OVER };
    let off = row.deviation();
    let tip = format!("{}: {}", row.what, row.source);
    let at = x.at(if off.is_nan() { END } else { off });
    if off.is_nan() || off.abs() > END {
        let toward = if off < 0.0 { -7.0 } else { 7.0 };
        let points = [(at, middle), (at - toward, middle - 5.0), (at - toward, middle + 5.0)];
        d.svg.polygon(&points, &format!("fill=\"{colour}\""), Some(&tip));
    } else if matches!(row.scale, Scale::Rounding) {
        let style = format!("fill=\"{colour}\"");
        d.svg.rect((at - 3.5, middle - 3.5), (7.0, 7.0), &style, Some(&tip));
    } else {
        d.svg.circle((at, middle), 4.0, &format!("fill=\"{colour}\""), Some(&tip));
    }
    let (word, fill) = match row.verdict {
        Verdict::Agrees => ("agrees", INK_FAINT),
        Verdict::Differs => ("differs", OVER),
        Verdict::TooWide => ("too wide", OVER),
    };
    let set = Type { fill, ..LABEL }.at(Anchor::Start);
    let set = if row.verdict == Verdict::Agrees { set } else { set.bold() };
    d.svg.text((d.right + 12.0, middle + 4.0), word, set);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Quantity;

    #[test]
    fn marks_stand_where_the_numbers_say() {
        let rows = vec![
            Agreement::exact("zero", Quantity::Number, 1.0, 1.0, 0.0),
            Agreement::exact("edge", Quantity::Number, 1.0, 2.0, 1.0),
            Agreement::exact("far & away", Quantity::Number, 1.0, 9.0, 1.0),
        ];
        let found = Validation { rows, ..Validation::default() };
        let svg = figure(&found).svg;
        let x = Pixels::linear(-END, END, MARGIN + LABELS, 960.0 - MARGIN - VERDICTS);
        for (at, colour) in [(0.0, OK), (1.0, OK)] {
            let place = format!("x=\"{}\"", super::super::svg::num(x.at(at) - 3.5));
            let line = svg.lines().find(|l| l.contains("<rect") && l.contains(&place));
            assert!(line.is_some_and(|l| l.contains(colour)), "{at}: {svg}");
        }
        // Beyond the end: an arrow in the colour of what differs.
        let arrow = svg.lines().find(|l| l.starts_with("<path") && l.contains('Z'));
        assert!(arrow.is_some_and(|l| l.contains(OVER) && l.contains("far &amp; away")), "{svg}");
        assert!(svg.contains(">differs<"));
    }
}
