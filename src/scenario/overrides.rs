//! Values set from outside the file: `--set circuit.c1.port="40 Gbps"`, and the points of a sweep.

use super::context::Context;
use super::diagnostic::{Diagnostic, Place, Source, nearest};
use super::document::{HEAD, TRAFFIC};
use super::kinds::kinds;
use super::tree::{self, Entry, Node, Table, Value};

/// Deepest key.
const DEEPEST: usize = 16;

/// An override as typed, and the places of its key and value in its own source text.
pub(super) struct Override {
    pub(super) key: String,
    pub(super) place: Place,
    pub(super) node: Node,
}

/// How an override shows in messages.
pub(super) fn source_of(key: &str, value: &str) -> Source {
    Source { path: "--set".to_owned(), text: format!("{key}={value}") }
}

/// Reads what the user typed: a TOML value if it is one, otherwise a string.
#[expect(clippy::cast_possible_truncation, reason = "command lines are short")]
pub(super) fn read(key: &str, value: &str, source: u32) -> Override {
    let equals = key.len() as u32;
    let end = equals + 1 + value.len() as u32;
    let place = Place { source, start: 0, end: equals };
    let whole = Place { source, start: equals + 1, end };
    Override { key: key.trim().to_owned(), place, node: typed(value, whole) }
}

/// A TOML value if it is one, otherwise a string.
pub(super) fn typed(value: &str, place: Place) -> Node {
    let mut node = tree::parse_value(value, place.source)
        .unwrap_or_else(|| Node { value: Value::Text(value.to_owned()), place });
    relocate(&mut node, place);
    node
}

/// Puts a value and everything in it at one place.
fn relocate(node: &mut Node, place: Place) {
    node.place = place;
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| relocate(item, place)),
        Value::Table(table) => {
            for entry in table.entries.values_mut() {
                entry.key = place;
                relocate(&mut entry.node, place);
            }
        }
        _ => {}
    }
}

/// Sets one value in the tree. The thing must be there already; its key need not be, and is
/// checked like any other when the table is read.
pub(super) fn apply(root: &mut Table, change: &Override, cx: &Context) {
    let steps: Vec<&str> = change.key.split('.').collect();
    let refuse = |message: String, help: Option<String>| {
        let mut complaint = Diagnostic::error("override", change.place, message);
        complaint.help = help;
        cx.complain(complaint);
    };
    if steps.len() > DEEPEST || steps.iter().any(|s| s.is_empty()) {
        refuse(
            format!("`{}` is no key", change.key),
            Some("write table.thing.key, such as circuit.c1.port".into()),
        );
        return;
    }
    let known = kinds().iter().map(|k| k.name).chain(TRAFFIC.iter().copied());
    let head = HEAD.iter().copied();
    let of_things = known.clone().any(|k| k == steps[0]);
    if !of_things && !HEAD.contains(&steps[0]) {
        let guess = nearest(steps[0], known.chain(head));
        refuse(
            format!("there is no table or key `{}`", steps[0]),
            guess.map(|g| format!("did you mean `{g}`?")),
        );
        return;
    }
    if of_things {
        let Some(&name) = steps.get(1).filter(|_| steps.len() > 2) else {
            refuse(
                format!("`{}` names no key of a thing", change.key),
                Some(format!("write {}.name.key", steps[0])),
            );
            return;
        };
        let names: Vec<&str> = cx.names(steps[0]).collect();
        if !names.contains(&name) {
            let help = match nearest(name, names.iter().copied()) {
                Some(guess) => format!("did you mean `{guess}`?"),
                None if names.is_empty() => "only what the scenario declares can be set".to_owned(),
                None => {
                    let more = if names.len() > 12 { ", ..." } else { "" };
                    format!("declared are {}{more}", names[..names.len().min(12)].join(", "))
                }
            };
            refuse(format!("there is no {} called `{name}`", steps[0]), Some(help));
            return;
        }
    }
    if let Err(step) = set(root, &steps, change) {
        let message = format!("`{}` does not lead to a value: `{step}` is not there", change.key);
        refuse(message, Some("tables go by key, lists by index from 0".into()));
    }
}

fn set<'s>(table: &mut Table, steps: &[&'s str], change: &Override) -> Result<(), &'s str> {
    let (first, rest) = steps.split_first().ok_or("")?;
    if rest.is_empty() {
        let entry = Entry { key: change.place, node: change.node.clone() };
        table.entries.insert((*first).to_owned(), entry);
        return Ok(());
    }
    let entry = table.entries.entry((*first).to_owned()).or_insert_with(|| Entry {
        key: change.place,
        node: Node { value: Value::Table(Table::default()), place: change.place },
    });
    set_in(&mut entry.node, rest, change)
}

fn set_in<'s>(node: &mut Node, steps: &[&'s str], change: &Override) -> Result<(), &'s str> {
    let (first, rest) = steps.split_first().ok_or("")?;
    match &mut node.value {
        Value::Table(table) => set(table, steps, change),
        Value::List(items) => {
            let item = first.parse::<usize>().ok().and_then(|i| items.get_mut(i)).ok_or(*first)?;
            if rest.is_empty() {
                *item = change.node.clone();
                return Ok(());
            }
            set_in(item, rest, change)
        }
        _ => Err(first),
    }
}
