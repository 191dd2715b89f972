//! What is wrong with a scenario, and where.

use std::fmt;

/// One text that places point into: the scenario file, a data file, or an override as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// As shown in messages: a path, or `--set`.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// A range of bytes in one of the sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Index into the list of sources; 0 is the scenario file.
    pub source: u32,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing runs.
    Error,
    /// The run goes on; the report carries it.
    Warning,
    /// Worth knowing.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

/// One complaint: what, where, why, and what would be right.
///
/// ```
/// use highwater::scenario::{Diagnostic, Place, Source, render};
/// let sources = [Source { path: "x.toml".into(), text: "speed = \"10 Gbqs\"".into() }];
/// let place = Place { source: 0, start: 8, end: 17 };
/// let bad = Diagnostic::error("quantity", place, "`10 Gbqs` is no bandwidth");
/// assert!(render(&[bad], &sources, false).contains("x.toml:1:9"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code: the inventory row of a documented rule (`P-31`), or a word of the reader
    /// (`unknown-key`).
    pub code: &'static str,
    /// How bad.
    pub severity: Severity,
    /// What is the matter, in one sentence, with the offending value.
    pub message: String,
    /// Where.
    pub place: Place,
    /// A few words beside the caret; may be empty.
    pub label: String,
    /// Other places that belong to it, each with a few words.
    pub also: Vec<(Place, String)>,
    /// The documented reason and its source, for rules.
    pub reason: Option<String>,
    /// What is allowed, or the fix.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A complaint of the given severity.
    pub fn new(
        severity: Severity,
        code: &'static str,
        place: Place,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code,
            severity,
            message: message.into(),
            place,
            label: String::new(),
            also: Vec::new(),
            reason: None,
            help: None,
        }
    }

    /// An error.
    pub fn error(code: &'static str, place: Place, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, place, message)
    }

    /// A warning.
    pub fn warning(code: &'static str, place: Place, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, place, message)
    }

    /// Puts a few words beside the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Names another place.
    #[must_use]
    pub fn also(mut self, place: Place, label: impl Into<String>) -> Self {
        self.also.push((place, label.into()));
        self
    }

    /// Gives the documented reason.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Says what is allowed, or what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Message, reason and help as one paragraph, for the report.
    pub fn text(&self) -> String {
        let mut text = self.message.clone();
        for more in [&self.reason, &self.help].into_iter().flatten() {
            text.push_str(". ");
            text.push_str(more);
        }
        text
    }
}

/// The known name nearest to `name`: at most two edits away, the first in order on a tie.
pub(crate) fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    known
        .into_iter()
        .filter(|k| k.len().abs_diff(name.len()) <= 2)
        .map(|k| (edit_distance(name, k), k))
        .filter(|&(d, k)| d <= 2 && d < k.len().max(2))
        .min()
        .map(|(_, k)| k)
}

/// Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`.
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = change.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_names() {
        assert_eq!(edit_distance("capcity", "capacity"), 1);
        assert_eq!(edit_distance("Gbsp", "Gbps"), 1, "a swap of neighbours is one edit");
        let known = ["capacity", "duplex", "needs"];
        assert_eq!(nearest("capactiy", known), Some("capacity"));
        assert_eq!(nearest("banana", known), None);
        assert_eq!(nearest("b", ["a"]), Some("a"), "one edit in one letter is still a guess");
        assert_eq!(nearest("xy", ["a"]), None);
    }
}
