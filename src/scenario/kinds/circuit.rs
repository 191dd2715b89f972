//! A circuit: a leased line from a site to an access point.
//!
//! | fact | value | source |
//! |---|---|---|
//! | runs from the site's gateway to an access point | | C-11 (004) |
//! | a dedicated circuit has the whole port | | C-37 |
//! | port types | 100 Mbps, 1, 10, 40, 100 Gbps | Express Connect limits 2026 (A) |
//! | is not elastic | | C-17 |
//!
//! ```text
//! site ──> [ link: port ] ──( one way )──> cloud        needs the circuit and its access point
//! ```
//!
//! Shared circuits (C-38) are modelled with `background` traffic. `needs` names further shared
//! risks: a duct, a building entry (C-25). Leaves out: installation times, prices, QoS classes.

use super::{FAILING, Kind, Specs, Thing};
use crate::plan::{Capacity, ComponentId, Delay, Duplex, Hop, Link};
use crate::random::Dist;
use crate::scenario::context::{Context, Ref};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::law::Law;
use crate::scenario::lowering::{Fragment, Lowering};
use crate::scenario::read::Above0;
use crate::scenario::reader::{Basis, Given, Reader};
use crate::units::{Rate, Span};

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Circuit {
    port: Given<Above0<Rate>>,
    pub(crate) access_point: Ref,
    pub(crate) isp: Option<Given<String>>,
    one_way: Dist,
    needs: Vec<Ref>,
}

const METRO: Basis = Basis { source: "a metro line of some 100 km; chosen here", mark: "D" };

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
        let port = r.req_node("port", "\"10 Gbps\"").and_then(|_| r.given("port"));
        let access_point = r.req_reference("access_point", &["access_point"]);
        let isp = r.given("isp");
        let one_way = r.param::<Law<Span>>("one_way", "1 ms", METRO);
        let needs = r.references("needs", &FAILING);
        Some(Self { port: port?, access_point: access_point?, isp, one_way: one_way?.dist, needs })
    }

    fn check(thing: &Thing<Self>, _: &Specs, cx: &Context) {
        let port = &thing.spec.port;
        if !PORTS.iter().any(|mbps| Rate::from_mbps(*mbps) == port.value.0) {
            let message = format!("a port of {} is not one that is sold", port.value.0);
            cx.complain(
                Diagnostic::warning("C-37", port.place, message)
                    .reason("port types are 100 Mbps, 1, 10, 40 and 100 Gbps (limits page, 2026)")
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
            needs,
            headline: true,
        });
        l.carries(&thing.full(), link, 1.0);
        let name = format!("{}.delay", thing.full());
        let delay = l.delay(Delay { name, law: spec.one_way.clone(), local: None });
        Fragment::of(vec![Hop::Link(link), Hop::Delay(delay)])
    }
}

impl Thing<Circuit> {
    /// What must be up for the circuit to carry anything.
    pub(crate) fn watched(&self, l: &mut Lowering<'_>) -> Vec<ComponentId> {
        let mut watched =
            vec![l.component(&self.full()), l.component(&self.spec.access_point.full())];
        watched.extend(l.needs(&self.spec.needs));
        watched
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::testing::{codes, lowered};

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
}
