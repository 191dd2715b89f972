//! Tables of someone else's making: CSV whose columns are found by name, in any order.
//!
//! Header names are matched whatever their case, from a list of common spellings; other columns
//! are ignored. `#` begins a comment line. A cell may be quoted, but has no line break in it. Text
//! is split where it lies, so that each complaint knows its cell, and a million rows take a
//! fraction of a second.

use super::context::Context;
use super::diagnostic::{Diagnostic, Place};

/// Bad rows of one file that are complained about; the rest is likely bad for the same reason.
const MOST_BAD: usize = 10;

/// A column to look for.
pub(crate) struct Column {
    /// Its spellings, the preferred one first.
    pub(crate) names: &'static [&'static str],
    /// Whether the table is of no use without it.
    pub(crate) needed: bool,
}

/// A row, by the position of the columns asked for.
pub(crate) struct Row<'t, 'r> {
    text: &'t str,
    cells: &'r [(u32, u32)],
    columns: &'r [Option<Found>],
}

/// Where a column was found, and under which of its names.
#[derive(Clone, Copy)]
struct Found {
    at: usize,
    name: &'static str,
}

/// What is wrong with a cell of a row.
#[derive(Debug)]
pub(crate) struct Bad {
    /// Position of the column asked for.
    pub(crate) column: usize,
    /// What is wrong with it.
    pub(crate) why: String,
    /// What is allowed.
    pub(crate) allowed: String,
}

impl<'t> Row<'t, '_> {
    /// The cell of a column, trimmed; empty if there is no such column.
    pub(crate) fn cell(&self, column: usize) -> &'t str {
        self.columns[column].map_or("", |found| {
            let (start, end) = self.cells[found.at];
            &self.text[start as usize..end as usize]
        })
    }

    /// The name under which a column was found.
    pub(crate) fn name(&self, column: usize) -> &'static str {
        self.columns[column].map_or("", |found| found.name)
    }

    /// Reads a cell.
    pub(crate) fn read<T>(
        &self,
        column: usize,
        allowed: &str,
        read: impl FnOnce(&'t str) -> Result<T, String>,
    ) -> Result<T, Bad> {
        read(self.cell(column)).map_err(|why| Bad { column, why, allowed: allowed.to_owned() })
    }
}

/// The rows of a table, at most `most`. None after complaints.
pub(crate) fn read<T>(
    path: &str,
    place: Place,
    cx: &Context,
    columns: &[Column],
    most: usize,
    mut row: impl FnMut(&Row<'_, '_>) -> Result<T, Bad>,
) -> Option<Vec<T>> {
    let file = cx.file(path, place)?;
    let text = file.text.as_str();
    let complain = |(start, end): (u32, u32), why: String, allowed: String| {
        let message = format!("the data file `{path}` cannot be used");
        let at = Place { source: file.source, start, end };
        let mut complaint = Diagnostic::error("data-file", at, message).label(why);
        if !allowed.is_empty() {
            complaint = complaint.help(allowed);
        }
        cx.complain(complaint.also(place, "named here"));
    };
    let mut rows = Vec::new();
    let mut found: Option<(usize, Vec<Option<Found>>)> = None;
    let mut cells = Vec::new();
    let mut bad = 0;
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    while at < text.len() {
        let end = text[at..].find('\n').map_or(text.len(), |i| at + i);
        let line = text[at..end].trim_end();
        let whole = (offset(at), offset(at + line.len()));
        let start = std::mem::replace(&mut at, end + 1);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        split(text, start, start + line.len(), &mut cells);
        let Some((width, columns)) = &found else {
            let header = find(text, &cells, columns);
            for (column, _) in columns.iter().zip(&header).filter(|(c, f)| c.needed && f.is_none())
            {
                let why = format!("there is no column `{}`", column.names[0]);
                complain(whole, why, format!("name it {}", column.names.join(" or ")));
                bad += 1;
            }
            if bad > 0 {
                return None;
            }
            found = Some((cells.len(), header));
            continue;
        };
        if cells.len() != *width {
            let why = format!("{} cells, where the header has {width}", cells.len());
            complain(whole, why, String::new());
            bad += 1;
        } else if rows.len() >= most {
            complain(whole, format!("more than {most} rows"), String::new());
            return None;
        } else {
            match row(&Row { text, cells: &cells, columns }) {
                Ok(value) => rows.push(value),
                Err(Bad { column, why, allowed }) => {
                    let cell = columns[column].map_or(whole, |found| cells[found.at]);
                    let cell = if cell.0 == cell.1 { whole } else { cell };
                    complain(cell, why, allowed);
                    bad += 1;
                }
            }
        }
        if bad == MOST_BAD {
            return None;
        }
    }
    if rows.is_empty() && bad == 0 {
        complain((0, 0), "there are no rows".to_owned(), String::new());
        return None;
    }
    (bad == 0).then_some(rows)
}

/// A position in a data file, of which there are at most 64 MiB.
fn offset(at: usize) -> u32 {
    u32::try_from(at).expect("data files are bounded")
}

/// Splits a line at commas outside of quotes; cells lose the space and quotes round them.
fn split(text: &str, start: usize, end: usize, into: &mut Vec<(u32, u32)>) {
    into.clear();
    let bytes = text.as_bytes();
    let (mut from, mut quoted) = (start, false);
    for at in start..=end {
        if at < end && bytes[at] == b'"' {
            quoted = !quoted;
        }
        if at == end || (bytes[at] == b',' && !quoted) {
            let (mut a, mut b) = (from, at);
            while a < b && bytes[a] == b' ' {
                a += 1;
            }
            while a < b && bytes[b - 1] == b' ' {
                b -= 1;
            }
            if b - a >= 2 && bytes[a] == b'"' && bytes[b - 1] == b'"' {
                (a, b) = (a + 1, b - 1);
            }
            into.push((offset(a), offset(b)));
            from = at + 1;
        }
    }
}

/// The columns of a header, each by the first of its names that is there.
fn find(text: &str, cells: &[(u32, u32)], columns: &[Column]) -> Vec<Option<Found>> {
    let known = |name: &&'static str| {
        let is = |c: &(u32, u32)| text[c.0 as usize..c.1 as usize].eq_ignore_ascii_case(name);
        cells.iter().position(is).map(|at| Found { at, name })
    };
    columns.iter().map(|column| column.names.iter().find_map(known)).collect()
}

/// A decimal number as a whole number of its `decimals`-th decimal, exactly: `"1.5"` with three is
/// 1500. Further decimals must be zeros.
pub(crate) fn fixed(cell: &str, decimals: usize) -> Result<u64, String> {
    let no_number = || format!("`{cell}` is no number");
    let (whole, part) = cell.split_once('.').unwrap_or((cell, ""));
    let (part, beyond) = part.split_at_checked(decimals).unwrap_or((part, ""));
    if whole.is_empty() && part.is_empty() {
        return Err(no_number());
    }
    let mut value = 0_u64;
    let zeros = std::iter::repeat_n(b'0', decimals - part.len());
    for byte in whole.bytes().chain(part.bytes()).chain(zeros) {
        if !byte.is_ascii_digit() {
            return Err(no_number());
        }
        value = value
            .checked_mul(10)
            .and_then(|v| v.checked_add(u64::from(byte - b'0')))
            .ok_or_else(|| format!("`{cell}` is too large"))?;
    }
    match beyond.bytes().all(|b| b == b'0') {
        true => Ok(value),
        false if beyond.bytes().all(|b| b.is_ascii_digit()) => {
            Err(format!("`{cell}` has more than {decimals} decimals"))
        }
        false => Err(no_number()),
    }
}

/// A name in a table: 1 to 64 letters, digits, `-`, `_`, `.`, `:` and `/`.
pub(crate) fn name(cell: &str) -> Result<&str, String> {
    let fine = |b: u8| b.is_ascii_alphanumeric() || b"-_.:/".contains(&b);
    match (1..=64).contains(&cell.len()) && cell.bytes().all(fine) {
        true => Ok(cell),
        false => Err(format!("`{cell}` cannot be a name")),
    }
}

/// What [`name`] allows.
pub(crate) const NAMES: &str = "names have 1 to 64 letters, digits, `-`, `_`, `.`, `:` and `/`";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        // 0.1 s has no exact double, and is 100,000,000 ns.
        assert_eq!(fixed("0.1", 9), Ok(100_000_000));
        assert_eq!(fixed("9007199.254740993", 9), Ok(9_007_199_254_740_993));
        assert_eq!(fixed("12", 9), Ok(12_000_000_000));
        assert_eq!(fixed(".5", 3), Ok(500));
        assert_eq!(fixed("7.", 0), Ok(7));
        assert_eq!(fixed("1.500000000000", 9), Ok(1_500_000_000));
        assert_eq!(fixed("18446744073.709551615", 9), Ok(u64::MAX));
        for bad in ["", ".", "-1", "1e3", "1.2.3", "x", "1.0000000001", "18446744073.709551616"] {
            assert!(fixed(bad, 9).is_err(), "{bad}");
        }
    }

    #[test]
    fn cells_lose_space_and_quotes() {
        let text = "#\na, \"b,c\" ,,\"\"";
        let mut cells = Vec::new();
        split(text, 2, text.len(), &mut cells);
        let cells: Vec<_> = cells.iter().map(|c| &text[c.0 as usize..c.1 as usize]).collect();
        assert_eq!(cells, ["a", "b,c", "", ""]);
    }
}
