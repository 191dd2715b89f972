//! A circuit: a leased line from a site to an access point.
//!
//! | fact | value | source |
//! |---|---|---|
//! | runs from the site's gateway to an access point | | C-11 (004) |
//! | a dedicated circuit has the whole port | | C-37 |
//! | port types | 100 Mbps, 1, 10, 40, 100 Gbps | Express Connect limits 2026 (A) |
//! | is not elastic: steps of its port come a lead time after their order | `upgrades` | C-17 |
//! | not for what is needed briefly, and ordered in time | lead time 1 to 3 months | C-07, C-08; BGP page (A) |
//! | sized for the growth of 3 months at least | | C-18 |
//! | a shared circuit: the partner's line to the cloud has other tenants | how busy: not stated | C-38 |
//! | QoS divides it | `qos` | C-19 |
//! | what is left of a shared line | half of the port to all of it, anew every 10 s | chosen here (D) |
//!
//! ```text
//! cpe ─ line ─ duct ─> [ link: port ] ──( one way )──[ what others leave ]──> access point
//!                                                      shared circuits only
//! ```
//!
//! It is up while itself, its access point, `cpe` (the gateway device on premises), `line` (of the
//! carrier) and `duct` are, which circuits may share, and whatever else `needs` names: a building
//! entry. An `isp` is a name, or, if it is to fail, a component: `isp = "component.one"`. Dates and
//! growth (`ordered`, `lead_time`, `needed_by`, `needed_for`, `growth`) feed rules. Leaves out:
//! prices. Classes of traffic on the port are in `qos`.

pub(crate) mod qos;

use super::{FAILING, Kind, Specs, Thing};
use crate::plan::{
    Capacity, Change, ComponentId, Delay, Duplex, Fault, Hop, Link, Share as Class, What,
};
use crate::random::Dist;
use crate::scenario::context::{Context, Ref};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::law::Law;
use crate::scenario::lowering::{Fragment, Lowering};
use crate::scenario::read::{Above0, Day, Share};
use crate::scenario::reader::{Basis, Given, Reader};
use crate::scenario::tree::{Node, Table, Value};
use crate::units::{Rate, Span};

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Circuit {
    pub(crate) port: Given<Above0<Rate>>,
    pub(crate) access_point: Ref,
    pub(crate) isp: Option<Given<String>>,
    pub(crate) one_way: Dist,
    /// The gateway device on premises.
    pub(crate) cpe: Option<Ref>,
    /// What else it may share: the provider, where it can fail, line, duct, and more.
    pub(crate) risks: Vec<Ref>,
    shared: Option<Shared>,
    /// Classes of traffic on its port; none where all are equal.
    pub(crate) qos: Vec<Class>,
    pub(crate) order: Order,
    pub(crate) upgrades: Vec<Upgrade>,
    pub(crate) growth: Option<Given<Growth>>,
}

/// What other tenants leave of the line, in bit/s, drawn anew at intervals.
#[derive(Clone, Debug)]
struct Shared {
    left: Dist,
    every: Span,
}

/// Another port from some instant of the run on.
#[derive(Clone, Debug)]
pub(crate) struct Upgrade {
    pub(crate) at: Given<Span>,
    pub(crate) port: Given<Above0<Rate>>,
    /// How long before that it was ordered; at the start of the run where that is not said.
    pub(crate) ordered_before: Option<Span>,
}

/// When it comes, and when and how long it is needed.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) ordered: Option<Day>,
    pub(crate) lead_time: Span,
    pub(crate) needed_by: Option<Given<Day>>,
    pub(crate) needed_for: Option<Given<Above0<Span>>>,
}

/// What it carries in the busiest hour of today, and by what share that grows in a month.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Growth {
    pub(crate) now: Rate,
    pub(crate) per_month: f64,
}

const METRO: Basis = Basis { source: "a metro line of some 100 km; chosen here", mark: "D" };
const MONTHS: Basis = Basis { source: "BGP page: 1 to 3 months for a circuit", mark: "A" };
const TENANTS: Basis = Basis { source: "what others leave is not stated; chosen here", mark: "D" };

/// Documented port types, Mbps.
const PORTS: &[u64] = &[100, 1_000, 10_000, 40_000, 100_000];

impl Kind for Circuit {
    const NAME: &'static str = "circuit";
    const DOC: &'static str = "a leased line from a site to an access point";
    const FAILS: bool = true;
    const PATH: bool = true;
    const AGAINST: bool = true;
    const CAPACITY: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        let port = r.req_node("port", "\"10 Gbps\"").and_then(|_| r.given::<Above0<Rate>>("port"));
        let access_point = r.req_reference("access_point", &["access_point"]);
        let isp: Option<Given<String>> = r.given("isp");
        let one_way = r.param::<Law<Span>>("one_way", "1 ms", METRO);
        let cpe = r.reference("cpe", &["component"]);
        let provider = isp
            .as_ref()
            .filter(|isp| isp.value.contains('.'))
            .and_then(|isp| r.cx.resolve(&isp.value, isp.place, &["component"]));
        let parts = [r.reference("line", &["component"]), r.reference("duct", &["component"])];
        let mut risks: Vec<Ref> = provider.into_iter().chain(parts.into_iter().flatten()).collect();
        risks.extend(r.references("needs", &FAILING));
        let shared = match r.node("shared") {
            Some(node) => shared(node, port.as_ref().map(|p| p.value.0), r),
            None => Some(None),
        };
        let qos = qos::read(r);
        let order = order(r);
        let upgrades = upgrades(r);
        let growth = growth(r);
        Some(Self {
            port: port?,
            access_point: access_point?,
            isp,
            one_way: one_way?.dist,
            cpe,
            risks,
            shared: shared?,
            qos: qos?,
            order: order?,
            upgrades: upgrades?,
            growth: growth?,
        })
    }

    fn check(thing: &Thing<Self>, _: &Specs, cx: &Context) {
        let later = thing.spec.upgrades.iter().map(|u| &u.port);
        let unknown = |port: &&Given<Above0<Rate>>| {
            !PORTS.iter().any(|mbps| Rate::from_mbps(*mbps) == port.value.0)
        };
        for port in std::iter::once(&thing.spec.port).chain(later).filter(unknown) {
            let message = format!("a port of {} is not one that is sold", port.value.0);
            cx.complain(
                Diagnostic::warning("C-37", port.place, message)
                    .reason(
                        "a dedicated circuit has a port of its own (cloud services over Express \
                         Connect); types are 100 Mbps, 1, 10, 40 and 100 Gbps (limits page, 2026)",
                    )
                    .help("use `vbr` with `rate_limit` for a part of a port"),
            );
        }
    }

    fn lower(thing: &Thing<Self>, l: &mut Lowering<'_>) -> Fragment {
        let spec = &thing.spec;
        let needs = thing.watched(l);
        let link = l.link(Link {
            name: thing.full(),
            role: "circuit".into(),
            capacity: Capacity::Fixed(spec.port.value.0),
            duplex: Duplex::Full,
            needs: needs.clone(),
            headline: true,
        });
        l.carries(&thing.full(), link, 1.0);
        for (i, upgrade) in spec.upgrades.iter().enumerate() {
            let (at, port) = (upgrade.at.value, upgrade.port.value.0);
            let fault = u32::try_from(l.plan.faults.len()).expect("tables are bounded");
            let name = format!("{}.upgrade-{}", thing.full(), i + 1);
            let label = format!("{} gets a port of {port}", thing.full());
            l.plan.faults.push(Fault { name, label, from: at, to: at, planned: true });
            let what = What::SetLink { link, capacity: Capacity::Fixed(port) };
            l.plan.changes.push(Change { at, after: None, fault: Some(fault), what });
        }
        let name = format!("{}.delay", thing.full());
        let delay = l.delay(Delay { name, law: spec.one_way.clone(), local: None });
        let mut hops = vec![Hop::Link(link), Hop::Delay(delay)];
        if let Some(shared) = &spec.shared {
            hops.push(Hop::Link(l.link(Link {
                name: format!("{}.shared", thing.full()),
                role: "shared line".into(),
                capacity: Capacity::Random { law: shared.left.clone(), every: shared.every },
                duplex: Duplex::Full,
                needs,
                headline: true,
            })));
        }
        Fragment::of(hops)
    }
}

/// `true`, or `{ left = ..., every = "10 s" }`; none for `false`.
fn shared(node: &Node, port: Option<Rate>, circuit: &Reader<'_>) -> Option<Option<Shared>> {
    let (cx, path) = (circuit.cx, format!("{}.shared", circuit.path));
    let empty = Table::default();
    let r = match &node.value {
        Value::Bool(false) => return Some(None),
        Value::Bool(true) => Reader::new(cx, &empty, node.place, path),
        _ => Reader::of(cx, node, &path)?,
    };
    let port = port.unwrap_or(Rate::from_gbps(1));
    let half = Rate::from_bps(port.bps() / 2);
    let default = format!("{{ uniform = {{ low = \"{half}\", high = \"{port}\" }} }}");
    let left = r.param::<Law<Rate>>("left", &default, TENANTS);
    let every = r.param::<Above0<Span>>("every", "10 s", TENANTS);
    r.done();
    Some(Some(Shared { left: left?.dist, every: every?.0 }))
}

fn order(r: &Reader<'_>) -> Option<Order> {
    let ordered = r.opt("ordered");
    let (needed_by, needed_for) = (r.given("needed_by"), r.given("needed_for"));
    let dated = ordered.is_some() && needed_by.is_some();
    let judged = dated || needed_for.is_some() || r.has("growth") || r.has("upgrades");
    // An assumption only where something hangs on it.
    let lead_time = match judged {
        true => r.param::<Above0<Span>>("lead_time", "90 d", MONTHS),
        false => r.quiet("lead_time", "90 d"),
    };
    Some(Order { ordered, lead_time: lead_time?.0, needed_by, needed_for })
}

/// `[{ at = "10 min", port = "10 Gbps", ordered_before = "90 d" }]`
fn upgrades(r: &Reader<'_>) -> Option<Vec<Upgrade>> {
    let Some(node) = r.node("upgrades") else { return Some(Vec::new()) };
    let list = r.list(node);
    let read = |(i, node): (usize, &Node)| {
        let inner = Reader::of(r.cx, node, &format!("{}.upgrades.{i}", r.path))?;
        let at = inner.req::<Span>("at").map(|value| Given { value, place: inner.place_of("at") });
        let port = inner.req::<Above0<Rate>>("port");
        let port = port.map(|value| Given { value, place: inner.place_of("port") });
        let ordered_before = inner.opt("ordered_before");
        inner.done();
        Some(Upgrade { at: at?, port: port?, ordered_before })
    };
    let read: Vec<_> = list.iter().enumerate().filter_map(read).collect();
    (read.len() == list.len()).then_some(read)
}

/// `{ now = "6 Gbps", per_month = "8 %" }`
fn growth(r: &Reader<'_>) -> Option<Option<Given<Growth>>> {
    let Some(inner) = r.table("growth") else { return (!r.has("growth")).then_some(None) };
    let (now, per_month) = (inner.req::<Rate>("now"), inner.req::<Share>("per_month"));
    let place = inner.place;
    inner.done();
    let value = Growth { now: now?, per_month: per_month?.0 };
    Some(Some(Given { value, place }))
}

impl Growth {
    /// What is carried after so many months, bit/s.
    #[expect(clippy::cast_precision_loss, reason = "rates far below 2^53 bit/s")]
    pub(crate) fn after(&self, months: u32) -> f64 {
        (0..months).fold(self.now.bps() as f64, |load, _| load * (1.0 + self.per_month))
    }
}

impl Thing<Circuit> {
    /// What must be up for the circuit to carry anything.
    pub(crate) fn watched(&self, l: &mut Lowering<'_>) -> Vec<ComponentId> {
        let mut watched =
            vec![l.component(&self.full()), l.component(&self.spec.access_point.full())];
        let shared = self.spec.cpe.iter().chain(&self.spec.risks);
        for id in shared.map(|r| l.component(&r.full())).collect::<Vec<_>>() {
            if !watched.contains(&id) {
                watched.push(id);
            }
        }
        watched
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::testing::{assumed, codes, lowered};

    #[test]
    fn a_port_a_way_and_what_they_share() {
        let text = "[access_point.e]\n[component.duct]\n[circuit.c]\nport = \"10 Gbps\"\n\
                    access_point = \"e\"\nneeds = [\"component.duct\"]\n";
        let link = "link circuit.c: 10 Gbps [circuit.c, access_point.e, component.duct]\n";
        let forward = format!("{link}delay circuit.c.delay: 1 ms\n");
        assert_eq!(lowered(text, "\"circuit.c\""), forward);
        let back = lowered(text, "\"against:circuit.c\"");
        assert_eq!(
            back,
            format!("delay circuit.c.delay: 1 ms\n{}", link.replace("link", "against"))
        );
        assert_eq!(codes(&text.replace("10 Gbps", "2 Gbps"), "\"circuit.c\""), ["C-37"]);
    }

    const ONE: &str = "[access_point.e]\n[component.gate]\n[component.carrier]\n[circuit.c]\n\
                       port = \"10 Gbps\"\naccess_point = \"e\"\n";

    #[test]
    fn each_part_of_the_chain_fails_it() {
        let text = format!(
            "[component.trench]\n{ONE}cpe = \"gate\"\nisp = \"component.carrier\"\n\
             duct = \"trench\"\nneeds = [\"component.trench\"]\n"
        );
        let tree = lowered(&text, "\"circuit.c\"");
        let all = "circuit.c, access_point.e, component.gate, component.carrier, component.trench";
        assert!(tree.starts_with(&format!("link circuit.c: 10 Gbps [{all}]\n")), "{tree}");
        // A name is no component.
        let named = text.replace("\"component.carrier\"", "\"carrier\"");
        assert!(!lowered(&named, "\"circuit.c\"").contains("component.carrier"));
        assert_eq!(
            codes(&text.replace("component.carrier\"\nd", "component.no\"\nd"), "\"circuit.c\""),
            ["unknown-name"]
        );
    }

    #[test]
    fn others_share_the_line() {
        let path = "\"circuit.c\"";
        let tree = lowered(&format!("{ONE}shared = true\n"), path);
        let last =
            "link circuit.c.shared: 5 Gbps..10 Gbps every 10 s [circuit.c, access_point.e]\n";
        assert!(tree.ends_with(last), "{tree}");
        let found = assumed(&format!("{ONE}shared = true\n"), path, "circuit.c.shared.every");
        assert_eq!(found, Some(("10 s".into(), "D".into())));
        let given = format!("{ONE}shared = {{ left = \"3 Gbps\", every = \"1 min\" }}\n");
        assert!(lowered(&given, path).contains("circuit.c.shared: 3 Gbps every 1 min"));
        assert!(!lowered(&format!("{ONE}shared = false\n"), path).contains("shared"));
        assert_eq!(codes(&format!("{ONE}shared = 3\n"), path), ["type"]);
    }
}
