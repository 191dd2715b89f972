//! What goes wrong when: `[fault.x]` with exactly one effect, `at`, `length` and `manner`.
//!
//! Faults touch truth only; what is believed follows through the selectors' detectors. A new effect
//! is one new file and one line in [`EFFECTS`].

mod capacity_change;
mod component_outage;
mod throttle_change;

use std::collections::BTreeMap;

use super::context::Context;
use super::diagnostic::{Diagnostic, Place};
use super::kinds::{Specs, Thing};
use super::lowering::Lowering;
use super::reader::Reader;
use super::tree::Node;
use crate::plan::{Change, ComponentId, Fault as Band, LinkId, Manner, What};
use crate::units::{Rate, Span};

/// One kind of effect.
pub(crate) trait Effect: std::fmt::Debug {
    /// What happens, in words, for charts.
    fn label(&self) -> String;
    /// What it touches. An outage fails a component; a change gives a link a new capacity.
    fn strike(&self, l: &mut Lowering<'_>) -> Vec<Strike>;
    /// Complains if there is nothing to touch.
    fn check(&self, _place: Place, _specs: &Specs, _cx: &Context) {}
    /// The thing whose capacity it sets, to refuse two such faults at the same time.
    fn sets(&self, _specs: &Specs) -> Option<String> {
        None
    }
}

/// One thing that an effect touches.
#[derive(Clone, Debug)]
pub(crate) enum Strike {
    /// The component is down.
    Fail(ComponentId),
    /// The link has another capacity, and its former one afterwards.
    Resize { link: LinkId, to: Rate },
}

/// Reads an effect from its value.
type ReadEffect = fn(&Node, &'static str, &Context) -> Option<Box<dyn Effect>>;

/// Key, what it does, how it is read; sorted by key.
const EFFECTS: &[(&str, &str, ReadEffect)] = &[
    ("access_point_outage", "everything at an access point is lost", component_outage::read),
    ("capacity_change", "a link has another capacity: { of, to }", capacity_change::read),
    ("circuit_cut", "a circuit is cut", component_outage::read),
    ("component_down", "any component is down", component_outage::read),
    ("resolver_outage", "a resolver does not answer", component_outage::read),
    ("throttle_change", "an endpoint's throttle is changed: { of, to }", throttle_change::read),
    ("zone_outage", "everything in a zone is lost", component_outage::read),
];

/// What a fault can do: key and one line, sorted by key.
pub fn effects() -> impl Iterator<Item = (&'static str, &'static str)> {
    EFFECTS.iter().map(|e| (e.0, e.1))
}

/// As written.
#[derive(Debug)]
pub(crate) struct Fault {
    effect: Box<dyn Effect>,
    at: Span,
    at_place: Place,
    length: Option<Span>,
    manner: Manner,
}

impl Fault {
    /// Reads `[fault.x]`.
    pub(crate) fn read(r: &Reader<'_>) -> Option<Self> {
        let keys: Vec<_> = EFFECTS.iter().map(|e| e.0).collect();
        let effect = r.one_of(&keys).and_then(|key| {
            let (_, _, read) = EFFECTS.iter().find(|e| e.0 == key)?;
            read(r.node(key)?, key, r.cx)
        });
        let at = r.req::<Span>("at");
        let length = r.opt::<super::read::Above0<Span>>("length").map(|l| l.0);
        let manner = r
            .word("manner", &[("black_hole", Manner::BlackHole), ("reset", Manner::Reset)])
            .unwrap_or(Manner::BlackHole);
        Some(Self { effect: effect?, at: at?, at_place: r.place_of("at"), length, manner })
    }

    fn end(&self) -> Option<Span> {
        let end = |length: Span| Span::from_nanos(self.at.nanos().saturating_add(length.nanos()));
        self.length.map(end)
    }
}

/// Complains about faults that start after the end, and about overlapping changes of one capacity.
pub(crate) fn check(faults: &[Thing<Fault>], horizon: Span, specs: &Specs, cx: &Context) {
    for fault in faults {
        fault.spec.effect.check(fault.place, specs, cx);
    }
    for fault in faults.iter().filter(|f| f.spec.at >= horizon) {
        let message = format!(
            "`fault.{}` starts at {}, but the run ends at {horizon}",
            fault.name, fault.spec.at
        );
        cx.complain(Diagnostic::warning("fault", fault.spec.at_place, message));
    }
    let mut setting: BTreeMap<String, Vec<&Thing<Fault>>> = BTreeMap::new();
    for fault in faults {
        if let Some(thing) = fault.spec.effect.sets(specs) {
            setting.entry(thing).or_default().push(fault);
        }
    }
    for (thing, mut faults) in setting {
        faults.sort_by_key(|f| f.spec.at);
        for pair in faults.windows(2) {
            let (first, second) = (pair[0], pair[1]);
            // A change that is never taken back is replaced by the next one.
            let over = first.spec.end().is_none_or(|end| end <= second.spec.at);
            if !over || first.spec.at == second.spec.at {
                let message = format!("two faults set the capacity of `{thing}` at the same time");
                cx.complain(
                    Diagnostic::error("overlap", second.place, message)
                        .also(first.place, "the other one")
                        .help("end the first one before the second starts"),
                );
            }
        }
    }
}

/// Adds faults to the plan, in order of start and name. A capacity change gives way to the
/// lasting one before it, or to the link's own law where that was.
pub(crate) fn add_to(faults: &[Thing<Fault>], l: &mut Lowering<'_>) {
    let mut order: Vec<_> = faults.iter().collect();
    order.sort_by_key(|f| (f.spec.at, &f.name));
    let mut now: BTreeMap<LinkId, Rate> = BTreeMap::new();
    for fault in order {
        let strikes = fault.spec.effect.strike(l);
        let index = u32::try_from(l.plan.faults.len()).expect("tables are bounded");
        let end = fault.spec.end();
        l.plan.faults.push(Band {
            name: fault.name.clone(),
            label: fault.spec.effect.label(),
            from: fault.spec.at,
            to: end.unwrap_or(Span::from_nanos(u64::MAX)),
            planned: false,
        });
        for strike in strikes {
            let (start, stop) = match strike {
                Strike::Fail(component) => (
                    What::Fail { component, manner: fault.spec.manner },
                    What::Repair { component },
                ),
                Strike::Resize { link, to } => {
                    let back = now.get(&link).copied();
                    if end.is_none() {
                        now.insert(link, to);
                    }
                    (What::Override { link, rate: Some(to) }, What::Override { link, rate: back })
                }
            };
            let mut change = |at, what| {
                l.plan.changes.push(Change { at, after: None, fault: Some(index), what })
            };
            change(fault.spec.at, start);
            if let Some(end) = end {
                change(end, stop);
            }
        }
    }
    // A stable sort: changes of one instant keep the order of their faults.
    l.plan.changes.sort_by_key(|c| c.at);
}

#[cfg(test)]
mod tests {
    use crate::plan::{Manner, What};
    use crate::scenario::testing::{codes, load, service};
    use crate::units::{Rate, Span};

    fn endpoint(fault: &str) -> String {
        format!(
            "{}[endpoint.e]\nservice = \"svc\"\nzones = [\"a\", \"b\"]\ncreated_at = 2026-03-01\n\
             throttle = \"400 Mbps\"\ndevices = 2\n{fault}\n",
            service("nlb")
        )
    }

    #[test]
    fn a_throttle_change_reaches_every_device_and_is_taken_back() {
        let fault = "[fault.f]\nthrottle_change = { of = \"endpoint.e\", to = \"100 Mbps\" }\n\
                     at = \"10 s\"\nlength = \"5 s\"";
        let plan = load(&endpoint(fault), "\"endpoint.e\"").unwrap().plan;
        // 2 zones x 2 devices: 50 Mbps each at 10 s, their own again at 15 s.
        let seen: Vec<_> = plan.changes.iter().map(|c| (c.at, c.what.clone())).collect();
        assert_eq!(seen.len(), 8);
        for (i, (at, what)) in seen.iter().enumerate() {
            let What::Override { rate, .. } = what else { panic!("{what:?}") };
            let expect = if i < 4 { (10, Some(Rate::from_mbps(50))) } else { (15, None) };
            assert_eq!((*at, *rate), (Span::from_secs(expect.0), expect.1));
        }
    }

    #[test]
    fn a_change_of_an_elastic_link_gives_its_law_back() {
        let fault = "[fault.f]\ncapacity_change = { of = \"endpoint.e\", to = \"1 Gbps\" }\n\
                     at = \"10 s\"\nlength = \"5 s\"";
        let plan = load(&endpoint(fault), "\"endpoint.e\"").unwrap().plan;
        let back = plan.changes.last().map(|c| c.what.clone());
        assert!(matches!(back, Some(What::Override { rate: None, .. })), "{back:?}");
    }

    #[test]
    fn outages_name_a_component_and_may_last() {
        let fault = "[fault.f]\nzone_outage = \"zone.b\"\nat = \"10 s\"\nmanner = \"reset\"";
        let plan = load(&endpoint(fault), "\"endpoint.e\"").unwrap().plan;
        let [change] = &plan.changes[..] else { panic!("{:?}", plan.changes) };
        let What::Fail { component, manner } = change.what else { panic!("{change:?}") };
        assert_eq!(plan.components[component.index()].name, "zone.b");
        assert_eq!(manner, Manner::Reset);
        assert_eq!(
            (plan.faults[0].label.as_str(), plan.faults[0].to.nanos()),
            ("zone b is lost", u64::MAX)
        );
        let late = fault.replace("10 s", "2 h");
        assert_eq!(codes(&endpoint(&late), "\"endpoint.e\""), ["fault"]);
    }

    #[test]
    fn a_change_of_nothing_is_refused() {
        let fault =
            "[fault.f]\nat = \"1 s\"\nthrottle_change = { of = \"endpoint.e\", to = \"1 Gbps\" }";
        let open = endpoint(fault).replace("throttle = \"400 Mbps\"\n", "");
        assert_eq!(codes(&open, "\"endpoint.e\""), ["X-64"]);
        let vbr = "[access_point.e]\n[circuit.c]\nport = \"1 Gbps\"\naccess_point = \"e\"\n[vbr.v]\n\
                   circuit = \"c\"\n[fault.f]\nat = \"1 s\"\n\
                   capacity_change = { of = \"vbr.v\", to = \"1 Gbps\" }\n";
        assert_eq!(codes(vbr, "\"vbr.v\""), ["C-20"]);
    }

    #[test]
    fn the_list_is_sorted() {
        assert!(super::EFFECTS.is_sorted_by_key(|e| e.0));
        assert!(super::EFFECTS.iter().all(|e| !e.1.is_empty()));
    }
}
