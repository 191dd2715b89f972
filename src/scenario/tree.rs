//! A scenario as an owned tree of values that know their places, whatever source each came from.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::{Diagnostic, Place};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) place: Place,
}

/// The shapes a value can have.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    /// A date or time, as written.
    Moment(String),
    List(Vec<Node>),
    Table(Table),
}

/// Keys in alphabetical order: the order of a file never matters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) entries: BTreeMap<String, Entry>,
}

/// A key's place and its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: Place,
    pub(crate) node: Node,
}

impl Value {
    /// What it is, with an article, for messages.
    pub(crate) const fn what(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a number",
            Self::Bool(_) => "a boolean",
            Self::Moment(_) => "a date or time",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

impl Table {
    /// The value under a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key)
    }
}

/// Most tables, inline ones included, of one scenario.
const MOST_TABLES: usize = 10_000;

/// Largest text whose syntax errors are all collected; each byte of it may be one.
const MOST_RECOVERED_BYTES: usize = 1 << 20;
/// Most syntax errors that are told; one slip often makes many.
const MOST_SYNTAX_ERRORS: usize = 100;

/// Parses a whole document, keeping what can be read beside the complaints.
pub(crate) fn parse_document(text: &str, source: u32) -> (Table, Vec<Diagnostic>) {
    let (document, errors) = match text.len() <= MOST_RECOVERED_BYTES {
        true => DeTable::parse_recoverable(text),
        false => match DeTable::parse(text) {
            Ok(document) => (document, Vec::new()),
            Err(error) => (Spanned::new(0..0, DeTable::new()), vec![error]),
        },
    };
    let mut grower = Grower { source, tables: 0, complaints: Vec::new() };
    for error in errors.iter().take(MOST_SYNTAX_ERRORS) {
        grower.syntax(error, text);
    }
    let table = grower.table(document.get_ref());
    if grower.tables > MOST_TABLES {
        let place = Place { source, start: 0, end: 0 };
        grower.complaints.push(Diagnostic::error(
            "too-large",
            place,
            format!("{} tables are more than the {MOST_TABLES} allowed", grower.tables),
        ));
    }
    (table, grower.complaints)
}

/// Parses one value; nothing if the text is no TOML value.
pub(crate) fn parse_value(text: &str, source: u32) -> Option<Node> {
    let value = DeValue::parse(text).ok()?;
    let mut grower = Grower { source, tables: 0, complaints: Vec::new() };
    let node = grower.node(&value);
    grower.complaints.is_empty().then_some(node)
}

struct Grower {
    source: u32,
    tables: usize,
    complaints: Vec<Diagnostic>,
}

impl Grower {
    #[expect(clippy::cast_possible_truncation, reason = "a text is at most 8 MiB")]
    const fn place(&self, start: usize, end: usize) -> Place {
        Place { source: self.source, start: start as u32, end: end as u32 }
    }

    fn syntax(&mut self, error: &toml::de::Error, text: &str) {
        let span = error.span().unwrap_or(0..0);
        let place = self.place(span.start, span.end);
        // The reader speaks of "expected" over several lines; a title holds one.
        let said = error.message().replace('\n', "; ");
        let duplicate = said.contains("duplicate key");
        let code = if duplicate { "duplicate" } else { "syntax" };
        let message = match text.get(span.clone()) {
            Some(key) if duplicate => format!("`{}` is given twice", key.trim()),
            _ => format!("this is not TOML: {said}"),
        };
        let mut complaint = Diagnostic::error(code, place, message);
        if duplicate {
            complaint = complaint.label("the second one");
            if let Some(first) = first_of(text, span.start, span.end) {
                let first = self.place(first.0, first.1);
                complaint = complaint.also(first, "the first one");
            }
            complaint = complaint.help("keep one of the two, or give them different names");
        }
        self.complaints.push(complaint);
    }

    fn table(&mut self, table: &DeTable<'_>) -> Table {
        self.tables += 1;
        let mut entries = BTreeMap::new();
        for (key, value) in table {
            let span = key.span();
            let key_place = self.place(span.start, span.end);
            let node = self.node(value);
            entries.insert(key.get_ref().to_string(), Entry { key: key_place, node });
        }
        Table { entries }
    }

    fn node(&mut self, value: &Spanned<DeValue<'_>>) -> Node {
        let span = value.span();
        let place = self.place(span.start, span.end);
        let value = match value.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(number) => {
                match i64::from_str_radix(number.as_str(), number.radix()) {
                    Ok(number) => Value::Integer(number),
                    Err(_) => {
                        self.bad_number(place, number.as_str());
                        Value::Integer(1)
                    }
                }
            }
            DeValue::Float(number) => match number.as_str().parse::<f64>() {
                Ok(number) if number.is_finite() => Value::Float(number),
                _ => {
                    self.bad_number(place, number.as_str());
                    Value::Float(1.0)
                }
            },
            DeValue::Boolean(yes) => Value::Bool(*yes),
            DeValue::Datetime(moment) => Value::Moment(moment.to_string()),
            DeValue::Array(list) => Value::List(list.iter().map(|item| self.node(item)).collect()),
            DeValue::Table(table) => Value::Table(self.table(table)),
        };
        Node { value, place }
    }

    fn bad_number(&mut self, place: Place, written: &str) {
        let message = format!("`{written}` is no number that can be used");
        self.complaints.push(
            Diagnostic::error("number", place, message)
                .label("infinite, undefined or too large")
                .help("numbers are finite; integers have at most 63 bits"),
        );
    }
}

/// Where the key that ends up twice in the same table was given first: the header or the key's
/// line is read on its own to learn its path, and the path is looked up in the text before it.
fn first_of(text: &str, start: usize, end: usize) -> Option<(usize, usize)> {
    let line_start = text.get(..start)?.rfind('\n').map_or(0, |i| i + 1);
    let line_end = text.get(start..)?.find('\n').map_or(text.len(), |i| start + i);
    let line = text.get(line_start..line_end)?;
    let mut path = Vec::new();
    let own = if line.trim_start().starts_with('[') {
        line.to_owned()
    } else {
        let header = text[..line_start].lines().rev().find(|l| l.starts_with('['));
        if let Some(header) = header {
            follow(header, &mut path)?;
        }
        format!("{} = 0", text.get(line_start..end)?)
    };
    follow(&own, &mut path)?;
    let (document, _) = DeTable::parse_recoverable(text.get(..line_start)?);
    let mut table = document.get_ref();
    let (last, parents) = path.split_last()?;
    for step in parents {
        table = table.iter().find(|(k, _)| k.get_ref() == step)?.1.get_ref().as_table()?;
    }
    let span = table.iter().find(|(k, _)| k.get_ref() == last)?.0.span();
    Some((span.start, span.end))
}

/// Appends the keys of a single chain of tables to `path`.
fn follow(line: &str, path: &mut Vec<String>) -> Option<()> {
    let (document, _) = DeTable::parse_recoverable(line);
    let mut table = document.into_inner();
    while let Some((key, value)) = table.into_iter().next() {
        path.push(key.into_inner().into_owned());
        match value.into_inner() {
            DeValue::Table(inner) => table = inner,
            _ => break,
        }
    }
    (!path.is_empty()).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_values() {
        let text = "[link.a]\ncapacity = \"1 Gbps\"\n";
        let (root, complaints) = parse_document(text, 0);
        assert!(complaints.is_empty());
        let link = &root.get("link").unwrap().node.value;
        let Value::Table(link) = link else { panic!() };
        let a = link.get("a").unwrap();
        assert_eq!(&text[a.key.start as usize..a.key.end as usize], "a");
        let Value::Table(a) = &a.node.value else { panic!() };
        let place = a.get("capacity").unwrap().node.place;
        assert_eq!(&text[place.start as usize..place.end as usize], "\"1 Gbps\"");
    }

    #[test]
    fn both_places_of_a_duplicate() {
        let text = "[link.a]\nx = 1\n[pool.a]\nx = 2\ny = 1\nx = 3\n[link.a]\n";
        let (_, complaints) = parse_document(text, 0);
        let seen: Vec<_> = complaints
            .iter()
            .map(|c| (c.code, c.place.start, c.also.first().map(|a| a.0.start)))
            .collect();
        // x = 3 is at byte 36 and repeats x = 2 at 24; the header's `a` at 49 repeats that at 6.
        assert!(seen.contains(&("duplicate", 36, Some(24))), "{seen:?}");
        assert!(seen.iter().any(|s| s.0 == "duplicate" && s.2 == Some(6)), "{seen:?}");
    }

    #[test]
    fn every_syntax_error_is_reported() {
        let (_, complaints) = parse_document("a = \nb = 1 2\nc = \"x\nd = inf\n", 0);
        assert!(complaints.len() >= 4, "{complaints:?}");
    }
}
