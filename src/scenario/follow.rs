//! What only follows from another mistake: complaints of rules about things that could not be read, or
//! that depend on such. They are kept back until the mistake is mended, so that one mistake is told
//! once.
//!
//! Reading notes what each thing names, and which things it complained about. From there the doubt
//! spreads to all that name them; a change that could not be read leaves in doubt what it is done to
//! and the plan it belongs to.

use std::collections::{BTreeMap, BTreeSet};

use super::diagnostic::Place;
use super::kinds::Kind;
use super::kinds::change::Change;
use super::tree::{Entry, Node, Table, Value};

/// `(endpoint, shop)`
pub(crate) type Name = (String, String);

/// What reading noted.
#[derive(Debug, Default)]
pub(crate) struct Doubts {
    /// What each thing names.
    pub(crate) names: BTreeMap<Name, BTreeSet<Name>>,
    /// What could not be read as it is written.
    pub(crate) broken: BTreeSet<Name>,
}

impl Doubts {
    /// Whether something of a kind could not be read.
    pub(crate) fn any(&self, kind: &str) -> bool {
        self.broken.iter().any(|name| name.0 == kind)
    }

    /// Everything about which a rule may be wrong.
    fn spread(&self) -> BTreeSet<&Name> {
        let mut doubtful: BTreeSet<&Name> = self.broken.iter().collect();
        if self.any(Change::NAME) {
            let changes = self.names.keys().filter(|name| name.0 == Change::NAME);
            doubtful.extend(changes);
            let of = |name: &&Name| ["endpoint", "endpoint_service"].contains(&name.0.as_str());
            let done = self.broken.iter().filter(|name| name.0 == Change::NAME);
            let done = done.filter_map(|change| self.names.get(change)).flatten();
            doubtful.extend(done.filter(of));
        }
        // From each thing to those that name it.
        let mut named_by: BTreeMap<&Name, Vec<&Name>> = BTreeMap::new();
        for (by, names) in &self.names {
            for name in names {
                named_by.entry(name).or_default().push(by);
            }
        }
        let mut ahead: Vec<&Name> = doubtful.iter().copied().collect();
        while let Some(name) = ahead.pop() {
            for by in named_by.get(name).into_iter().flatten() {
                if doubtful.insert(by) {
                    ahead.push(by);
                }
            }
        }
        doubtful
    }

    /// Every place inside the tables of what is in doubt.
    pub(crate) fn places(&self, root: &Table) -> BTreeSet<Place> {
        let mut places = BTreeSet::new();
        if self.broken.is_empty() {
            return places;
        }
        for (kind, name) in self.spread() {
            let Some(Value::Table(things)) = root.get(kind).map(|e| &e.node.value) else {
                continue;
            };
            if let Some(entry) = things.get(name) {
                collect(entry, &mut places);
            }
        }
        places
    }
}

fn collect(entry: &Entry, places: &mut BTreeSet<Place>) {
    places.insert(entry.key);
    let mut ahead: Vec<&Node> = vec![&entry.node];
    while let Some(node) = ahead.pop() {
        places.insert(node.place);
        match &node.value {
            Value::List(list) => ahead.extend(list),
            Value::Table(table) => {
                places.extend(table.entries.values().map(|e| e.key));
                ahead.extend(table.entries.values().map(|e| &e.node));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        let (kind, name) = text.split_once('.').unwrap();
        (kind.into(), name.into())
    }

    fn doubtful(names: &[(&str, &str)], broken: &str) -> Vec<String> {
        let mut doubts = Doubts::default();
        for (by, of) in names {
            doubts.names.entry(name(by)).or_default().insert(name(of));
        }
        doubts.broken.insert(name(broken));
        doubts.spread().into_iter().map(|n| format!("{}.{}", n.0, n.1)).collect()
    }

    #[test]
    fn doubt_spreads_to_those_that_name_it() {
        let names = [("endpoint.e", "endpoint_service.s"), ("workload.w", "endpoint.e")];
        assert_eq!(doubtful(&names, "endpoint.e"), ["endpoint.e", "workload.w"]);
        assert_eq!(doubtful(&names, "workload.w"), ["workload.w"]);
    }

    #[test]
    fn a_change_leaves_its_plan_in_doubt() {
        let names = [
            ("change.a", "endpoint_service.s"),
            ("change.a", "load_balancer.lb"),
            ("change.b", "endpoint.f"),
            ("endpoint.e", "endpoint_service.s"),
        ];
        let seen = doubtful(&names, "change.a");
        assert_eq!(seen, ["change.a", "change.b", "endpoint.e", "endpoint_service.s"]);
    }
}
