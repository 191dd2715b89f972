//! A connection between two hubs: transit routers of two regions, or what else is joined by one.
//!
//! | fact | value | source |
//! |---|---|---|
//! | other regions are reached by joining transit routers | | C-42 (004) |
//! | is billed by what it carries (CDT), across regions only | | C-16 (004) |
//! | has metrics of its own | | C-46, C-47 (004) |
//! | without a bandwidth between regions | 1 kbps, for tests | provider docs: CEN bandwidth limits (B) |
//! | delay between regions | 16.9 ms round trip a 1,000 km | fit to 45 pairs of regions, IBM 2024 (D) |
//!
//! ```text
//! transit router of one region ──> [ link: bandwidth ] ──( one way )──> transit router of another
//! ```
//!
//! On a path it stands between the two that it joins. `between` may also name an express connect
//! router and a border router of another region, or a border router and a VPC: what the documents
//! call a connection across domains, and a peering connection. Leaves out: QoS between regions, fees.

use super::{FAILING, Kind, Specs, Thing};
use crate::plan::{Capacity, Delay, Duplex, Hop, Link};
use crate::random::Dist;
use crate::scenario::context::{Context, Ref};
use crate::scenario::diagnostic::{Diagnostic, Place};
use crate::scenario::law::Law;
use crate::scenario::lowering::{Fragment, Lowering};
use crate::scenario::read::Above0;
use crate::scenario::reader::{Basis, Given, Reader};
use crate::units::{Rate, Span};

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Peering {
    pub(crate) between: Vec<Ref>,
    between_place: Place,
    bandwidth: Given<Rate>,
    one_way: Dist,
    needs: Vec<Ref>,
}

/// What it can join.
pub(crate) const HUBS: &[&str] = &["express_connect_router", "transit_router", "vbr", "vpc"];

const TESTS: Basis = Basis { source: "provider docs: no bandwidth, for tests only", mark: "B" };

impl Kind for Peering {
    const NAME: &'static str = "peering";
    const DOC: &'static str =
        "a connection between two hubs, such as transit routers of two regions";
    const FAILS: bool = true;
    const PATH: bool = true;
    const AGAINST: bool = true;
    const CAPACITY: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        let between = r.req_references("between", HUBS);
        let place = r.place_of("bandwidth");
        let bandwidth = r.param::<Above0<Rate>>("bandwidth", "1 kbps", TESTS);
        let one_way = r.req::<Law<Span>>("one_way");
        let needs = r.references("needs", &FAILING);
        Some(Self {
            between: between?,
            between_place: r.place_of("between"),
            bandwidth: Given { value: bandwidth?.0, place },
            one_way: one_way?.dist,
            needs,
        })
    }

    fn check(thing: &Thing<Self>, _: &Specs, cx: &Context) {
        let spec = &thing.spec;
        let two = spec.between.len() == 2 && spec.between[0].full() != spec.between[1].full();
        if !two {
            let message = format!("`{}` is between two hubs", thing.full());
            let complaint = Diagnostic::error("range", spec.between_place, message);
            cx.complain(
                complaint.help("between = [\"transit_router.east\", \"transit_router.west\"]"),
            );
        }
        if spec.bandwidth.place == thing.place {
            let message = format!("`{}` has no bandwidth but that for tests", thing.full());
            cx.complain(
                Diagnostic::warning("C-42", thing.place, message)
                    .label("1 kbps")
                    .reason(
                        "regions are joined by their transit routers (cloud services over Express \
                         Connect); until bandwidth is assigned there is 1 kbps (provider docs)",
                    )
                    .help("bandwidth = \"1 Gbps\", or what is bought"),
            );
        }
    }

    fn lower(thing: &Thing<Self>, l: &mut Lowering<'_>) -> Fragment {
        let (spec, name) = (&thing.spec, thing.full());
        let own = l.component(&name);
        let needs = std::iter::once(own).chain(l.needs(&spec.needs)).collect();
        let link = l.link(Link {
            name: name.clone(),
            role: "peering".into(),
            capacity: Capacity::Fixed(spec.bandwidth.value),
            duplex: Duplex::Full,
            needs,
            headline: true,
        });
        l.carries(&name, link, 1.0);
        let law = spec.one_way.clone();
        let delay = l.delay(Delay { name: format!("{name}.delay"), law, local: None });
        Fragment::of(vec![Hop::Link(link), Hop::Delay(delay)])
    }
}

impl Peering {
    /// Whether it joins these two, in either order.
    pub(crate) fn joins(&self, one: &Ref, other: &Ref) -> bool {
        let has = |hub: &Ref| self.between.iter().any(|b| b.full() == hub.full());
        has(one) && has(other)
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::testing::{codes, lowered};

    #[test]
    fn a_link_and_a_delay_between_two() {
        let text = "[transit_router.a]\n[transit_router.b]\n[peering.p]\none_way = \"15 ms\"\n\
                    between = [\"transit_router.a\", \"transit_router.b\"]\n";
        let path = "\"transit_router.a\", \"peering.p\", \"transit_router.b\"";
        let bought = format!("{text}bandwidth = \"1 Gbps\"\n");
        let tree = lowered(&bought, path);
        let own = "link peering.p: 1 Gbps [peering.p]\ndelay peering.p.delay: 15 ms\n";
        assert!(tree.contains(own), "{tree}");
        assert!(codes(&bought, path).is_empty());
        assert_eq!(codes(text, path), ["C-42"]);
        let one = bought.replace(", \"transit_router.b\"]", "]");
        assert!(codes(&one, path).iter().any(|code| code == "range"));
    }
}
