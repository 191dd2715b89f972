//! Reading one table: required and optional keys, defaults that are assumptions, unknown keys.
//!
//! A reader asks for each key it knows, then [`Reader::done`] refuses the others. A value that
//! cannot be read has been complained about; the reader goes on, so that every fault of a file is
//! reported at once, and nothing is lowered afterwards.

use std::cell::RefCell;

use super::context::{Context, Ref, Step, wrong_type};
use super::diagnostic::{Diagnostic, Place, nearest};
use super::read::Read;
use super::tree::{self, Node, Table, Value};
use crate::plan::Assumption;

/// Where a default comes from and how far it can be trusted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Basis {
    /// Title of the page, standard or reasoning.
    pub(crate) source: &'static str,
    /// `A` (current vendor documentation) to `D` (computed or inferred here).
    pub(crate) mark: &'static str,
}

/// Most things that one list names: the branches of a selector are bounded so.
const MOST_NAMED: usize = 250;

/// A value and where it was written; the place of the table for a default.
#[derive(Clone, Debug)]
pub(crate) struct Given<T> {
    pub(crate) value: T,
    pub(crate) place: Place,
}

/// Reads one table.
pub(crate) struct Reader<'a> {
    pub(crate) cx: &'a Context,
    table: &'a Table,
    /// The table's own place, for what is missing in it.
    pub(crate) place: Place,
    /// `endpoint.shop`
    pub(crate) path: String,
    asked: RefCell<Vec<&'static str>>,
    /// Keys that must be there and are not, and what was said of them.
    missing: RefCell<Vec<(&'static str, Diagnostic)>>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(cx: &'a Context, table: &'a Table, place: Place, path: String) -> Self {
        let (asked, missing) = (RefCell::default(), RefCell::default());
        Self { cx, table, place, path, asked, missing }
    }

    /// Reads a node that must be a table.
    pub(crate) fn of(cx: &'a Context, node: &'a Node, path: &str) -> Option<Self> {
        match &node.value {
            Value::Table(table) => Some(Self::new(cx, table, node.place, path.to_owned())),
            _ => {
                cx.complain(wrong_type(node, &format!("a table for `{path}`")));
                None
            }
        }
    }

    /// The node under a key, if it is there.
    pub(crate) fn node(&self, key: &'static str) -> Option<&'a Node> {
        self.asked.borrow_mut().push(key);
        self.table.get(key).map(|entry| &entry.node)
    }

    pub(crate) fn has(&self, key: &'static str) -> bool {
        self.node(key).is_some()
    }

    /// The place of a key's value, or of the table.
    pub(crate) fn place_of(&self, key: &str) -> Place {
        self.table.get(key).map_or(self.place, |entry| entry.node.place)
    }

    pub(crate) fn opt<T: Read>(&self, key: &'static str) -> Option<T> {
        self.node(key).and_then(|node| T::read(node, self.cx))
    }

    pub(crate) fn req<T: Read>(&self, key: &'static str) -> Option<T> {
        let node = self.req_node(key, T::EXPECTED)?;
        T::read(node, self.cx)
    }

    pub(crate) fn req_node(&self, key: &'static str, expected: &str) -> Option<&'a Node> {
        let node = self.node(key);
        if node.is_none() {
            let message = format!("`{}` needs the key `{key}`", self.path);
            let complaint = Diagnostic::error("missing-key", self.place, message)
                .label("in this table")
                .help(format!("{key} = {expected}"));
            self.cx.complain(complaint.clone());
            self.missing.borrow_mut().push((key, complaint));
        }
        node
    }

    pub(crate) fn or<T: Read>(&self, key: &'static str, default: T) -> T {
        self.opt(key).unwrap_or(default)
    }

    pub(crate) fn given<T: Read>(&self, key: &'static str) -> Option<Given<T>> {
        let place = self.place_of(key);
        self.opt(key).map(|value| Given { value, place })
    }

    /// A parameter that no document gives: its value travels into the assumptions, whether the
    /// scenario sets it or the default (written as in a scenario) stands in.
    pub(crate) fn param<T: Read>(
        &self,
        key: &'static str,
        default: &str,
        basis: Basis,
    ) -> Option<T> {
        let Some(node) = self.node(key) else { return self.fallback_value(key, default, basis) };
        let value = T::read(node, self.cx);
        let written = self.cx.written(node.place);
        self.assume(key, written.trim_matches('"'), "the scenario", "set");
        value
    }

    /// As [`Reader::param`], but only a default is an assumption: what users state of their own
    /// clients is theirs.
    pub(crate) fn fallback<T: Read>(
        &self,
        key: &'static str,
        default: &str,
        basis: Basis,
    ) -> Option<T> {
        match self.has(key) {
            true => self.opt(key),
            false => self.fallback_value(key, default, basis),
        }
    }

    fn fallback_value<T: Read>(&self, key: &str, default: &str, basis: Basis) -> Option<T> {
        self.assume(key, default.trim_matches('"'), basis.source, basis.mark);
        self.default_value(default)
    }

    /// A value with a default that nothing depends on.
    pub(crate) fn quiet<T: Read>(&self, key: &'static str, default: &str) -> Option<T> {
        match self.has(key) {
            true => self.opt(key),
            false => self.default_value(default),
        }
    }

    fn default_value<T: Read>(&self, default: &str) -> Option<T> {
        let node = tree::parse_value(default, u32::MAX)
            .unwrap_or(Node { value: Value::Text(default.to_owned()), place: self.place });
        T::read(&node, self.cx)
    }

    /// Notes a parameter's value.
    pub(crate) fn assume(&self, key: &str, value: &str, source: &str, confidence: &str) {
        self.cx.assume(Assumption {
            parameter: format!("{}.{key}", self.path),
            value: value.split_whitespace().collect::<Vec<_>>().join(" "),
            source: source.to_owned(),
            confidence: confidence.to_owned(),
        });
    }

    /// One of a few words.
    pub(crate) fn word<T: Copy>(
        &self,
        key: &'static str,
        choices: &[(&'static str, T)],
    ) -> Option<T> {
        self.node(key).and_then(|node| word(node, self.cx, choices))
    }

    /// One of a few words, and its place.
    pub(crate) fn given_word<T: Copy>(
        &self,
        key: &'static str,
        choices: &[(&'static str, T)],
    ) -> Option<Given<T>> {
        let value = self.word(key, choices)?;
        Some(Given { value, place: self.place_of(key) })
    }

    /// One of a few words that must be given.
    pub(crate) fn req_word<T: Copy>(
        &self,
        key: &'static str,
        choices: &[(&'static str, T)],
    ) -> Option<T> {
        let words: Vec<_> = choices.iter().map(|c| format!("{:?}", c.0)).collect();
        let node = self.req_node(key, &words.join(" | "))?;
        word(node, self.cx, choices)
    }

    /// A reference to a thing of one of the allowed kinds.
    pub(crate) fn reference(&self, key: &'static str, kinds: &[&'static str]) -> Option<Ref> {
        self.node(key).and_then(|node| reference(node, self.cx, kinds))
    }

    /// A reference that must be given.
    pub(crate) fn req_reference(&self, key: &'static str, kinds: &[&'static str]) -> Option<Ref> {
        let node = self.req_node(key, &format!("\"{}.name\"", kinds[0]))?;
        reference(node, self.cx, kinds)
    }

    /// References, none when the key is absent. No thing may be named twice.
    pub(crate) fn references(&self, key: &'static str, kinds: &[&'static str]) -> Vec<Ref> {
        let Some(node) = self.node(key) else { return Vec::new() };
        let refs: Vec<Ref> =
            self.list(node).iter().filter_map(|item| reference(item, self.cx, kinds)).collect();
        for (i, one) in refs.iter().enumerate() {
            if let Some(first) = refs[..i].iter().find(|r| r.full() == one.full()) {
                let message = format!("`{}` is named twice", one.name);
                self.cx.complain(
                    Diagnostic::error("duplicate", one.place, message)
                        .also(first.place, "the first one"),
                );
            }
        }
        refs
    }

    /// References that must be given, at least one.
    pub(crate) fn req_references(
        &self,
        key: &'static str,
        kinds: &[&'static str],
    ) -> Option<Vec<Ref>> {
        let node = self.req_node(key, &format!("[\"{}.name\", ...]", kinds[0]))?;
        if matches!(&node.value, Value::List(list) if list.is_empty()) {
            self.cx.complain(Diagnostic::error(
                "range",
                node.place,
                format!("`{}.{key}` needs at least one entry", self.path),
            ));
            return None;
        }
        Some(self.references(key, kinds))
    }

    /// The items of a list; a complaint and none for anything else.
    pub(crate) fn list(&self, node: &'a Node) -> &'a [Node] {
        match &node.value {
            Value::List(list) => list,
            _ => {
                self.cx.complain(wrong_type(node, "a list"));
                &[]
            }
        }
    }

    /// Values of a list with their places, none when the key is absent.
    pub(crate) fn several<T: Read>(&self, key: &'static str) -> Vec<Given<T>> {
        let Some(node) = self.node(key) else { return Vec::new() };
        let read = |item: &Node| Some(Given { value: T::read(item, self.cx)?, place: item.place });
        self.list(node).iter().filter_map(read).collect()
    }

    /// Steps of a route or path.
    pub(crate) fn steps(&self, node: &'a Node) -> Vec<Step> {
        let list = self.list(node);
        if list.len() > MOST_NAMED {
            let message = format!("a path of {} steps is too long", list.len());
            let complaint = Diagnostic::error("range", node.place, message);
            self.cx.complain(complaint.label(format!("at most {MOST_NAMED}")));
            return Vec::new();
        }
        list.iter().filter_map(|item| self.cx.resolve_step(item)).collect()
    }

    /// Steps, at least one.
    pub(crate) fn some_steps(&self, node: &'a Node) -> Vec<Step> {
        if matches!(&node.value, Value::List(list) if list.is_empty()) {
            let message = format!("`{}` leads nowhere", self.path);
            let complaint = Diagnostic::error("range", node.place, message);
            self.cx.complain(complaint.label("at least one step"));
        }
        self.steps(node)
    }

    /// A reader for the table under a key, if it is there.
    pub(crate) fn table(&self, key: &'static str) -> Option<Reader<'a>> {
        let path = format!("{}.{key}", self.path);
        self.node(key).and_then(|node| Reader::of(self.cx, node, &path))
    }

    /// Exactly one of these keys must be given; which one is.
    pub(crate) fn one_of(&self, keys: &[&'static str]) -> Option<&'static str> {
        let given: Vec<_> = keys.iter().copied().filter(|k| self.has(k)).collect();
        let listed = keys.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ");
        match given[..] {
            [one] => Some(one),
            [] => {
                let message = format!("`{}` needs one of {listed}", self.path);
                let complaint =
                    Diagnostic::error("missing-key", self.place, message).label("in this table");
                self.cx.complain(complaint.clone());
                self.missing.borrow_mut().extend(keys.iter().map(|k| (*k, complaint.clone())));
                None
            }
            [first, second, ..] => {
                let message = format!("`{first}` and `{second}` exclude each other");
                self.cx.complain(
                    Diagnostic::error("exclusive", self.place_of(second), message)
                        .also(self.place_of(first), "the other one")
                        .help(format!("give exactly one of {listed}")),
                );
                None
            }
        }
    }

    /// The keys asked for so far, sorted.
    pub(crate) fn asked(&self) -> Vec<&'static str> {
        let mut asked = self.asked.borrow().clone();
        asked.sort_unstable();
        asked.dedup();
        asked
    }

    /// Refuses every key that was not asked for.
    pub(crate) fn done(self) {
        let asked = self.asked();
        for (key, entry) in &self.table.entries {
            if asked.binary_search(&key.as_str()).is_err() {
                let message = format!("`{}` has no key `{key}`", self.path);
                let mut complaint = Diagnostic::error("unknown-key", entry.key, message);
                // Rather one that is not given yet.
                let free = asked.iter().copied().filter(|known| self.table.get(known).is_none());
                let guess = nearest(key, free).or_else(|| nearest(key, asked.iter().copied()));
                if let Some(guess) = guess {
                    complaint = complaint.label(format!("did you mean `{guess}`?"));
                    // Misspelled, it is not missing.
                    let missing = self.missing.borrow();
                    if let Some((_, said)) = missing.iter().find(|(known, _)| *known == guess) {
                        self.cx.withdraw(said);
                    }
                }
                self.cx.complain(complaint.help(format!("known keys are {}", asked.join(", "))));
            }
        }
    }
}

fn reference(node: &Node, cx: &Context, kinds: &[&'static str]) -> Option<Ref> {
    match &node.value {
        Value::Text(text) => cx.resolve(text, node.place, kinds),
        _ => {
            cx.complain(wrong_type(node, "the name of a thing"));
            None
        }
    }
}

/// One of a few words. A number such as 1.2 is taken by its spelling.
pub(crate) fn word<T: Copy>(node: &Node, cx: &Context, choices: &[(&'static str, T)]) -> Option<T> {
    let written = match &node.value {
        Value::Text(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        _ => {
            cx.complain(wrong_type(node, "a word").help(allowed(choices)));
            return None;
        }
    };
    if let Some(&(_, value)) = choices.iter().find(|c| c.0 == written) {
        return Some(value);
    }
    let words = choices.iter().map(|c| c.0);
    let mut complaint = Diagnostic::error(
        "word",
        node.place,
        format!("`{written}` is not one of the words known here"),
    );
    if let Some(guess) = nearest(&written, words) {
        complaint = complaint.label(format!("did you mean `{guess}`?"));
    }
    cx.complain(complaint.help(allowed(choices)));
    None
}

fn allowed<T>(choices: &[(&'static str, T)]) -> String {
    let words: Vec<_> = choices.iter().map(|c| format!("{:?}", c.0)).collect();
    format!("allowed are {}", words.join(", "))
}

/// The one entry of a table that names a choice: `{ exponential = ... }`.
pub(crate) fn variant<'n>(
    node: &'n Node,
    cx: &Context,
    what: &str,
    choices: &[&'static str],
) -> Option<(&'static str, &'n Node)> {
    let allowed =
        || format!("write one of {}, as in {{ {} = ... }}", choices.join(", "), choices[0]);
    let Value::Table(table) = &node.value else {
        cx.complain(wrong_type(node, what).help(allowed()));
        return None;
    };
    let mut entries = table.entries.iter();
    let (Some((key, entry)), None) = (entries.next(), entries.next()) else {
        let found = table.entries.len();
        let message = format!("{what} is a table with exactly one entry, found {found}");
        cx.complain(Diagnostic::error("variant", node.place, message).help(allowed()));
        return None;
    };
    if let Some(choice) = choices.iter().find(|c| *c == key) {
        return Some((choice, &entry.node));
    }
    let message = format!("`{key}` is not {what}");
    let mut complaint = Diagnostic::error("variant", entry.key, message);
    if let Some(guess) = nearest(key, choices.iter().copied()) {
        complaint = complaint.label(format!("did you mean `{guess}`?"));
    }
    cx.complain(complaint.help(allowed()));
    None
}
