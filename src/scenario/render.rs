//! Diagnostics as text, in the look of rustc, by `annotate-snippets`.

use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::diagnostic::{Diagnostic, Place, Severity, Source};

/// Most bytes of one rendering: a terminal's worth, whatever the scenario holds.
const MOST_BYTES: usize = 16 * 1024;
/// Longest message, reason or help; beyond it the text is cut.
const MOST_CHARS: usize = 600;
/// Longest excerpt of source around one place.
const MOST_EXCERPT: usize = 4 * 1024;

/// Renders diagnostics, first come first: file:line:column, the source with a caret, the value,
/// what is allowed. At most 16 KiB; what does not fit is counted in the last line. Control
/// characters are escaped. `colour` adds terminal colours.
pub fn render(diagnostics: &[Diagnostic], sources: &[Source], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut out = String::new();
    for (index, diagnostic) in diagnostics.iter().enumerate() {
        let text = renderer.render(&[group(diagnostic, sources)]);
        if out.len() + text.len() + 64 > MOST_BYTES {
            let _ = writeln!(out, "... and {} more", diagnostics.len() - index);
            return out;
        }
        out.push_str(&text);
        out.push_str("\n\n");
    }
    while out.ends_with("\n\n") {
        out.pop();
    }
    out
}

/// Line and column, both from 1, of a place; columns count characters.
pub fn line_column(place: Place, sources: &[Source]) -> (usize, usize) {
    let Some(source) = sources.get(place.source as usize) else { return (1, 1) };
    let start = boundary(&source.text, place.start as usize);
    let before = &source.text[..start];
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// `path:line:column` of a place.
pub(crate) fn spell(place: Place, sources: &[Source]) -> String {
    let (line, column) = line_column(place, sources);
    let path = sources.get(place.source as usize).map_or("", |s| s.path.as_str());
    format!("{}:{line}:{column}", clean(path))
}

fn group<'a>(diagnostic: &Diagnostic, sources: &[Source]) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(clean(&diagnostic.message)).id(diagnostic.code);
    let mut group = Group::with_title(title);
    let label = (diagnostic.place, diagnostic.label.clone());
    for (i, (place, label)) in std::iter::once(&label).chain(&diagnostic.also).enumerate() {
        let kind = if i == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        if let Some(snippet) = snippet(*place, label, kind, sources) {
            group = group.element(snippet);
        }
    }
    if let Some(reason) = &diagnostic.reason {
        group = group.element(Level::NOTE.message(clean(reason)));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(clean(help)));
    }
    group
}

fn snippet<'a>(
    place: Place,
    label: &str,
    kind: AnnotationKind,
    sources: &[Source],
) -> Option<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    let source = sources.get(place.source as usize)?;
    let text = source.text.as_str();
    let start = boundary(text, place.start as usize);
    let end = boundary(text, (place.end as usize).max(start));
    let cut = excerpt(text, start);
    let line = text[..cut.start].matches('\n').count() + 1;
    let span = start - cut.start..end.min(cut.end) - cut.start;
    let label = if label.is_empty() { None } else { Some(clean(label)) };
    Some(
        Snippet::source(text[cut].to_owned())
            .line_start(line)
            .path(clean(&source.path))
            .annotation(kind.span(span).label(label)),
    )
}

/// The lines around a place, cut at `MOST_EXCERPT` bytes. Only the first line of a place that runs
/// over several is shown.
fn excerpt(text: &str, start: usize) -> Range<usize> {
    let from = text[..start].rfind('\n').map_or(0, |i| i + 1);
    let stop = text[start..].find('\n').map_or(text.len(), |i| start + i).max(start);
    from..stop.min(boundary(text, from.saturating_add(MOST_EXCERPT).max(start)))
}

/// The nearest character boundary at or before `at`.
fn boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Escapes control characters and cuts what is too long.
pub(crate) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(MOST_CHARS));
    for (i, c) in text.chars().enumerate() {
        if i == MOST_CHARS {
            out.push_str("...");
            break;
        }
        // Bidirectional overrides turn a line of text around without being control characters.
        if c.is_control()
            || matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        {
            let _ = write!(out, "{}", c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> [Source; 1] {
        [Source { path: "x.toml".into(), text: text.into() }]
    }

    #[test]
    fn shows_line_column_caret_and_help() {
        let sources = source("a = 1\nspeed = \"10 Gbqs\"\n");
        let place = Place { source: 0, start: 14, end: 23 };
        let bad = Diagnostic::error("quantity", place, "`10 Gbqs` is no bandwidth")
            .label("unknown unit")
            .help("write \"10 Gbps\"");
        let text = render(&[bad], &sources, false);
        assert!(text.starts_with("error[quantity]: `10 Gbqs` is no bandwidth"), "{text}");
        assert!(text.contains("x.toml:2:9"), "{text}");
        assert!(text.contains("^^^^^^^^^ unknown unit"), "{text}");
        assert!(text.contains("= help: write"), "{text}");
    }

    #[test]
    fn escapes_and_bounds() {
        let sources = source("k = \"\u{1b}[31m\"");
        let place = Place { source: 0, start: 4, end: 10 };
        let bad = Diagnostic::error("x", place, "bad \u{1b}[31m value");
        let text = render(&vec![bad; 1000], &sources, false);
        assert!(!text.contains('\u{1b}'), "no escape reaches the terminal");
        assert!(text.len() <= MOST_BYTES, "{}", text.len());
        assert!(text.trim_end().ends_with(" more"), "{}", &text[text.len() - 80..]);
    }

    #[test]
    fn hostile_places_do_not_panic() {
        let sources = source("naïve = \"\u{202e}\"\n");
        for start in 0..40 {
            for end in 0..40 {
                let place = Place { source: 0, start, end };
                render(&[Diagnostic::error("x", place, "m")], &sources, true);
                line_column(place, &sources);
            }
        }
        let nowhere = Place { source: 9, start: 1, end: 2 };
        assert!(render(&[Diagnostic::error("x", nowhere, "m")], &sources, false).contains('m'));
    }
}
