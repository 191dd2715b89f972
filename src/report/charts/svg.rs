//! A small SVG writer: floats, tooltips, no dependence on fonts.
//!
//! Coordinates come from plotters (see `scale`). Its own SVG back end was tried and left: whole
//! pixels, labels such as "60.0", no tooltips, no colour bar.

use std::fmt::Write as _;

use crate::report::escape::markup;

/// What every text of a chart is set in; nothing is embedded.
pub(crate) const FONT: &str = "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', \
     'Liberation Sans', Arial, sans-serif";

/// A coordinate: two decimals, trailing zeros cut. What is not finite becomes 0.
pub(crate) fn num(x: f64) -> String {
    if x.is_finite() { crate::report::format::plain(x, 2) } else { "0".into() }
}

/// Where a text stands relative to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text is set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Type {
    pub(crate) size: f64,
    pub(crate) weight: u16,
    pub(crate) fill: &'static str,
    pub(crate) anchor: Anchor,
}

impl Type {
    pub(crate) const fn new(size: f64, fill: &'static str) -> Self {
        Self { size, weight: 400, fill, anchor: Anchor::Start }
    }
    pub(crate) const fn bold(self) -> Self {
        Self { weight: 600, ..self }
    }
    pub(crate) const fn at(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }
}

/// An SVG document being written. Attribute texts are ours and trusted; `text` and `tip` escape.
#[derive(Clone, Debug)]
pub(crate) struct Svg {
    body: String,
    width: f64,
}

impl Svg {
    pub(crate) fn new(width: f64) -> Self {
        Self { body: String::new(), width }
    }

    fn element(&mut self, name: &str, attributes: &str, tip: Option<&str>) {
        match tip {
            Some(tip) => {
                writeln!(self.body, "<{name} {attributes}><title>{}</title></{name}>", markup(tip))
            }
            None => writeln!(self.body, "<{name} {attributes}/>"),
        }
        .expect("writing to a String");
    }

    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), style: &str) {
        let [x1, y1, x2, y2] = [from.0, from.1, to.0, to.1].map(num);
        let attributes = format!("x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" {style}");
        self.element("line", &attributes, None);
    }

    pub(crate) fn rect(
        &mut self,
        at: (f64, f64),
        size: (f64, f64),
        style: &str,
        tip: Option<&str>,
    ) {
        let [x, y] = [at.0, at.1].map(num);
        let [w, h] = [size.0.max(0.0), size.1.max(0.0)].map(num);
        let attributes = format!("x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" {style}");
        self.element("rect", &attributes, tip);
    }

    pub(crate) fn circle(&mut self, at: (f64, f64), r: f64, style: &str, tip: Option<&str>) {
        let [x, y, r] = [at.0, at.1, r].map(num);
        self.element("circle", &format!("cx=\"{x}\" cy=\"{y}\" r=\"{r}\" {style}"), tip);
    }

    /// A path through `points`, open.
    pub(crate) fn polyline(&mut self, points: &[(f64, f64)], style: &str, tip: Option<&str>) {
        if !points.is_empty() {
            self.element("path", &format!("d=\"{}\" fill=\"none\" {style}", path(points)), tip);
        }
    }

    /// A path through `points`, closed.
    pub(crate) fn polygon(&mut self, points: &[(f64, f64)], style: &str, tip: Option<&str>) {
        if !points.is_empty() {
            self.element("path", &format!("d=\"{}Z\" {style}", path(points)), tip);
        }
    }

    pub(crate) fn text(&mut self, at: (f64, f64), text: &str, set: Type) {
        let [x, y] = [at.0, at.1].map(num);
        let anchor = match set.anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let weight = if set.weight == 400 {
            String::new()
        } else {
            format!(" font-weight=\"{}\"", set.weight)
        };
        writeln!(
            self.body,
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\" fill=\"{}\"{weight}{anchor}>{}</text>",
            num(set.size),
            set.fill,
            markup(text)
        )
        .expect("writing to a String");
    }

    /// Markup of our own: groups, patterns.
    pub(crate) fn raw(&mut self, markup: &str) {
        self.body.push_str(markup);
        self.body.push('\n');
    }

    /// The document. `label` is what a screen reader says.
    pub(crate) fn finish(self, height: f64, label: &str) -> String {
        let (w, h) = (num(self.width), num(height));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" \
             viewBox=\"0 0 {w} {h}\" role=\"img\" aria-label=\"{}\" font-family=\"{FONT}\">\n\
             <rect width=\"{w}\" height=\"{h}\" fill=\"#ffffff\"/>\n{}</svg>\n",
            markup(label),
            self.body
        )
    }
}

fn path(points: &[(f64, f64)]) -> String {
    let mut d = String::with_capacity(points.len() * 12);
    for (i, (x, y)) in points.iter().enumerate() {
        d.push(if i == 0 { 'M' } else { 'L' });
        d.push_str(&num(*x));
        d.push(' ');
        d.push_str(&num(*y));
    }
    d
}

/// Estimated width of a text in pixels: the common sans-serif, and an eighth more, because the
/// reader's font may be wider or bold.
pub(crate) fn text_width(text: &str, size: f64) -> f64 {
    let thousandths: f64 = text
        .chars()
        .map(|c| match c {
            'i' | 'j' | 'l' | '\'' => 222.0,
            ' ' | '!' | ',' | '.' | '/' | ':' | ';' | 'I' | 'f' | 't' | '|' | '[' | ']' => 278.0,
            '(' | ')' | '-' | 'r' | '`' | '·' => 333.0,
            'c' | 'k' | 's' | 'v' | 'x' | 'y' | 'z' | 'J' => 500.0,
            'w' | 'C' | 'D' | 'H' | 'N' | 'R' | 'U' => 722.0,
            'A' | 'B' | 'E' | 'K' | 'P' | 'S' | 'V' | 'X' | 'Y' | '&' => 667.0,
            'G' | 'O' | 'Q' => 778.0,
            'm' | 'M' => 833.0,
            '%' => 889.0,
            'W' | '@' | '…' | '—' => 1_000.0,
            '+' | '<' | '>' | '=' | '~' | '±' => 584.0,
            c if crate::report::format::columns(c.encode_utf8(&mut [0; 4])) == 2 => 1_000.0,
            _ => 556.0,
        })
        .sum();
    thousandths / 1_000.0 * size * 1.125
}

/// Cuts a text in its middle so that it takes at most `most` pixels.
pub(crate) fn fit(text: &str, size: f64, most: f64) -> String {
    let mut columns = crate::report::format::columns(text);
    let mut cut = text.to_owned();
    while text_width(&cut, size) > most && columns > 3 {
        columns -= 1;
        cut = crate::report::format::shorten(text, columns);
    }
    cut
}

/// [`fit`] for names that stand near each other: what differs stays different where it can.
pub(crate) fn fit_apart(texts: &[&str], size: f64, most: f64) -> Vec<String> {
    let widest = texts.iter().map(|t| crate::report::format::columns(t)).max().unwrap_or(0);
    for columns in (3..=widest).rev() {
        let short = crate::report::format::shorten_apart(texts, columns);
        let fits = |t: &String| text_width(t, size) <= most;
        if let Some(short) = short.filter(|short| short.iter().all(fits)) {
            return short;
        }
    }
    texts.iter().map(|t| fit(t, size, most)).collect()
}

/// Breaks a text at spaces into lines of at most `most` pixels.
pub(crate) fn lines(text: &str, size: f64, most: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word = fit(word, size, most);
        match lines.last_mut() {
            Some(line) if text_width(&format!("{line} {word}"), size) <= most => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_finite() {
        assert_eq!((num(1.0), num(-0.001), num(1.005)), ("1".into(), "0".into(), "1".into()));
        assert_eq!((num(f64::NAN), num(f64::INFINITY)), ("0".into(), "0".into()));
    }

    #[test]
    fn a_document_says_what_it_shows() {
        let mut svg = Svg::new(10.0);
        svg.text((1.0, 2.0), "<a>", Type::new(10.0, "#000"));
        svg.circle((1.0, 1.0), 2.0, "fill=\"#000\"", Some("a < b"));
        let text = svg.finish(20.0, "x \" y");
        assert!(text.contains("aria-label=\"x &quot; y\"") && text.contains("&lt;a&gt;"));
        assert!(text.contains("<title>a &lt; b</title>") && text.contains("role=\"img\""));
    }

    #[test]
    fn long_texts_break() {
        let broken = lines("one two three four", 10.0, 60.0);
        assert!(broken.len() > 1 && broken.iter().all(|l| text_width(l, 10.0) <= 60.0));
        assert!(text_width(&fit(&"x".repeat(99), 10.0, 80.0), 10.0) <= 80.0);
        let names = ["endpoint.a.zone-1.card.forward", "endpoint.b.zone-1.card.forward"];
        let short = fit_apart(&names, 10.0, 90.0);
        assert!(short[0] != short[1] && short.iter().all(|s| text_width(s, 10.0) <= 90.0));
    }
}
