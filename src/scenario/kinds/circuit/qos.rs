//! Classes of traffic on a circuit's port: who goes first, and who gets how much of the rest.
//!
//! | fact | value | source |
//! |---|---|---|
//! | QoS divides a circuit | | C-19 (004) |
//! | queues | high, medium (1 to 100 %), default | provider docs: express_connect_traffic_qos (A) |
//! | what a class does not use goes to the others | not stated; weighted fair queueing | chosen here (D) |
//!
//! ```text
//! port ─┬─ priority 1 ────────────────────── what it wants
//!       ├─ priority 2 ────────────────────── what it wants of the rest
//!       └─ no priority: weight 3 | 1 ······· what is left, by weight, however many flows they have
//! ```
//!
//! Holds on the port, in each direction; on the line of a shared circuit nobody knows classes.

use super::Circuit;
use crate::plan::{Division, Share};
use crate::scenario::context::{Step, wrong_type};
use crate::scenario::diagnostic::{Diagnostic, Place};
use crate::scenario::kinds::circuit_group::CircuitGroup;
use crate::scenario::kinds::selector::Selector;
use crate::scenario::kinds::{Kind, Specs, Thing, is_name};
use crate::scenario::lowering::Lowering;
use crate::scenario::read::{Count, Factor};
use crate::scenario::reader::{Basis, Reader};
use crate::scenario::traffic::Workload;
use crate::scenario::tree::Value;

/// The class of workloads that state none.
pub(crate) const DEFAULT: &str = "default";
/// Priorities are 1 (first) to this.
const LAST: u8 = 8;

const QUEUES: Basis =
    Basis { source: "a class of its own for what has none; chosen here", mark: "D" };

/// The classes of a circuit, by name.
pub(super) fn read(circuit: &Reader<'_>) -> Option<Vec<Share>> {
    let Some(node) = circuit.node("qos") else { return Some(Vec::new()) };
    let Value::Table(table) = &node.value else {
        circuit.cx.complain(wrong_type(node, "a table of classes").help(EXAMPLE));
        return None;
    };
    if table.entries.is_empty() {
        let complaint = Diagnostic::error("missing-key", node.place, "`qos` has no class");
        circuit.cx.complain(complaint.help(EXAMPLE));
        return None;
    }
    let mut classes = Vec::new();
    for (name, entry) in &table.entries {
        if !is_name(name) {
            let message = format!("`{name}` cannot be a name");
            circuit.cx.complain(
                Diagnostic::error("name", entry.key, message)
                    .help("names have 1 to 64 letters, digits, `-` and `_`"),
            );
            continue;
        }
        classes.extend(class(
            name,
            Reader::of(circuit.cx, &entry.node, &format!("{}.qos.{name}", circuit.path))?,
        ));
    }
    (classes.len() == table.entries.len()).then_some(classes)
}

const EXAMPLE: &str = "qos = { interactive = { priority = 1 }, bulk = { weight = 3 } }";

/// `{ priority = 1 }`, `{ weight = 3 }`, or both.
fn class(name: &str, r: Reader<'_>) -> Option<Share> {
    let priority = r.given::<Count>("priority");
    let weight = r.given::<Factor>("weight");
    let mut fine = true;
    if let Some(given) = priority.as_ref().filter(|p| p.value.0 > u32::from(LAST)) {
        let message = format!("there is no priority {}", given.value.0);
        let rule = format!("1 (served first) to {LAST}");
        r.cx.complain(Diagnostic::error("range", given.place, message).label(rule));
        fine = false;
    }
    if let Some(given) = weight.as_ref().filter(|w| !(0.001..=1000.0).contains(&w.value.0)) {
        let message = format!("a weight of {} is no share", given.value.0);
        let complaint = Diagnostic::error("range", given.place, message);
        r.cx.complain(complaint.label("0.001 to 1000; only ratios count"));
        fine = false;
    }
    let read = r.has("priority") == priority.is_some() && r.has("weight") == weight.is_some();
    r.done();
    let order = priority.and_then(|p| u8::try_from(p.value.0 - 1).ok()).unwrap_or(LAST);
    let weight = weight.map_or(1.0, |w| w.value.0);
    (fine && read).then(|| Share { name: name.to_owned(), order, weight })
}

/// Divides the ports that have classes among the workloads; after these were lowered.
pub(crate) fn divide(workloads: &[Thing<Workload>], l: &mut Lowering<'_>) {
    let specs = l.specs;
    for circuit in specs.circuit.values().filter(|c| !c.spec.qos.is_empty()) {
        let name = circuit.full();
        let Some(link) = l.link_called(&name) else { continue };
        let mut shares = circuit.spec.qos.clone();
        let class_of = |w: &Thing<Workload>| {
            let given = w.spec.class.as_ref().map_or(DEFAULT, |c| c.value.as_str());
            if circuit.has_class(given) { given.to_owned() } else { DEFAULT.to_owned() }
        };
        let classes: Vec<String> = workloads.iter().map(class_of).collect();
        let crosses = |w: &Thing<Workload>| {
            crossed(w.spec.way.steps(specs), specs).iter().any(|c| c.name == circuit.name)
        };
        let is_default = |(w, class): (&Thing<Workload>, &String)| class == DEFAULT && crosses(w);
        if !circuit.has_class(DEFAULT) {
            if workloads.iter().zip(&classes).any(is_default) {
                l.assume(&format!("{name}.qos.{DEFAULT}.weight"), "1", QUEUES);
            }
            shares.push(Share { name: DEFAULT.to_owned(), order: LAST, weight: 1.0 });
        }
        let of = classes.iter().map(|class| {
            let at = shares.iter().position(|s| s.name == *class);
            u32::try_from(at.expect("one of the circuit's")).expect("few classes")
        });
        let of = of.collect();
        l.plan.divisions.push(Division { link, shares, of });
    }
}

/// The circuits with classes, by full name, and where they are.
pub(crate) fn places(specs: &Specs) -> Vec<(String, Place)> {
    let with_classes = specs.circuit.values().filter(|c| !c.spec.qos.is_empty());
    with_classes.map(|c| (c.full(), c.place)).collect()
}

/// The circuits with classes that a path may cross, once for each of its steps that may.
pub(crate) fn crossed<'s>(steps: &[Step], specs: &'s Specs) -> Vec<&'s Thing<Circuit>> {
    let mut found = Vec::new();
    for step in steps {
        let mut here: Vec<&Thing<Circuit>> = Vec::new();
        gather(step, specs, &mut here, 0);
        here.retain(|c| !c.spec.qos.is_empty());
        here.dedup_by(|a, b| a.name == b.name);
        found.extend(here);
    }
    found
}

/// Selectors nest no deeper.
const DEEPEST: u32 = 16;

pub(crate) fn gather<'s>(
    step: &Step,
    specs: &'s Specs,
    into: &mut Vec<&'s Thing<Circuit>>,
    depth: u32,
) {
    match step.what.kind {
        CircuitGroup::NAME => {
            let Some(group) = specs.circuit_group.get(&step.what.name) else { return };
            let members = group.spec.members.iter().chain(&group.spec.standby);
            into.extend(members.filter_map(|m| Thing::<CircuitGroup>::circuit(m, specs)));
        }
        Selector::NAME if depth < DEEPEST => {
            let Some(selector) = specs.selector.get(&step.what.name) else { return };
            selector.spec.steps().for_each(|s| gather(s, specs, into, depth + 1));
        }
        _ => into.extend(Thing::<CircuitGroup>::circuit(&step.what, specs)),
    }
}

impl Thing<Circuit> {
    /// Whether it declares a class.
    pub(crate) fn has_class(&self, name: &str) -> bool {
        self.spec.qos.iter().any(|s| s.name == name)
    }
}
