//! A virtual border router: the cloud's end of a circuit, which may limit its rate.
//!
//! | fact | value | source |
//! |---|---|---|
//! | the rate limit divides a circuit | | C-20 (004) |
//! | is added to an express connect router, then no static routes | | C-39, C-40 |
//! | its uplink had better be an express connect router | | C-31 |
//! | steps | 50 Mbps to 102,400 Mbps, 16 of them | Terraform provider (A) |
//!
//! ```text
//! ──> circuit ──> [ link: rate limit ] ──>
//! ```
//!
//! `uplink` and `routing` feed rules. Leaves out: BGP sessions (see `circuit_group`), single routes.

use super::circuit::Circuit;
use super::{Kind, Specs, Thing};
use crate::plan::{Capacity, ComponentId, Duplex, Hop, Link};
use crate::scenario::context::{Context, Ref};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::lowering::{Fragment, Lowering};
use crate::scenario::read::Above0;
use crate::scenario::reader::{Given, Reader};
use crate::units::Rate;

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Vbr {
    pub(crate) circuit: Ref,
    rate_limit: Option<Given<Above0<Rate>>>,
    /// Where it leads on.
    pub(crate) uplink: Option<Ref>,
    /// How routes come to it: whether they are static.
    pub(crate) is_static: Option<Given<bool>>,
}

/// What a border router can lead on to.
const UPLINKS: &[&str] = &["express_connect_router", "transit_router", "vpc"];

/// Documented steps, Mbps.
const STEPS: &[u64] = &[
    50, 100, 200, 300, 400, 500, 1_000, 2_048, 5_120, 8_192, 10_240, 20_480, 40_960, 50_120,
    61_440, 102_400,
];

impl Kind for Vbr {
    const NAME: &'static str = "vbr";
    const DOC: &'static str = "a virtual border router: the cloud's end of a circuit";
    const FAILS: bool = true;
    const PATH: bool = true;
    const AGAINST: bool = true;
    const CAPACITY: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        let circuit = r.req_reference("circuit", &["circuit"]);
        let rate_limit = r.given("rate_limit");
        let uplink = r.reference("uplink", UPLINKS);
        let is_static = r.given_word("routing", &[("bgp", false), ("static", true)]);
        Some(Self { circuit: circuit?, rate_limit, uplink, is_static })
    }

    fn check(thing: &Thing<Self>, _: &Specs, cx: &Context) {
        let Some(limit) = &thing.spec.rate_limit else { return };
        if !STEPS.iter().any(|mbps| Rate::from_mbps(*mbps) == limit.value.0) {
            let message = format!("a rate limit of {} cannot be chosen", limit.value.0);
            let steps: Vec<_> = STEPS.iter().map(u64::to_string).collect();
            cx.complain(
                Diagnostic::warning("C-20", limit.place, message)
                    .reason(
                        "a border router's limit divides an Express Connect circuit; limits come in \
                         steps (provider docs)",
                    )
                    .help(format!("steps are {} Mbps", steps.join(", "))),
            );
        }
    }

    fn lower(thing: &Thing<Self>, l: &mut Lowering<'_>) -> Fragment {
        let mut hops = l.fragment(Circuit::NAME, &thing.spec.circuit.name, false).hops;
        let own = l.component(&thing.full());
        match &thing.spec.rate_limit {
            Some(limit) => {
                let link = l.link(Link {
                    name: thing.full(),
                    role: "vbr".into(),
                    capacity: Capacity::Fixed(limit.value.0),
                    duplex: Duplex::Full,
                    needs: vec![own],
                    headline: true,
                });
                l.carries(&thing.full(), link, 1.0);
                hops.push(Hop::Link(link));
            }
            None => hops.push(Hop::Need(own)),
        }
        Fragment::of(hops)
    }
}

impl Vbr {
    /// What it lets through; none where it has no limit.
    pub(crate) fn limit(&self) -> Option<Rate> {
        self.rate_limit.as_ref().map(|limit| limit.value.0)
    }

    /// Whether it limits the rate, rather than passing on the whole port.
    pub(crate) const fn is_limited(&self) -> bool {
        self.rate_limit.is_some()
    }
}

impl Thing<Vbr> {
    /// What must be up for the router to carry anything.
    pub(crate) fn watched(&self, l: &mut Lowering<'_>) -> Vec<ComponentId> {
        let own = l.component(&self.full());
        let circuit: &Thing<Circuit> = &l.specs.circuit[&self.spec.circuit.name];
        std::iter::once(own).chain(circuit.watched(l)).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::testing::{codes, lowered};

    #[test]
    fn a_limit_behind_its_circuit() {
        let text = "[access_point.e]\n[circuit.c]\nport = \"10 Gbps\"\naccess_point = \"e\"\n\
                    [vbr.v]\ncircuit = \"c\"\nrate_limit = \"2048 Mbps\"\n";
        let tree = lowered(text, "\"vbr.v\"");
        assert!(tree.ends_with("link vbr.v: 2.048 Gbps [vbr.v]\n"), "{tree}");
        assert!(tree.starts_with("link circuit.c: 10 Gbps"), "{tree}");
        assert_eq!(codes(&text.replace("2048", "2000"), "\"vbr.v\""), ["C-20"]);
        let open = text.replace("rate_limit = \"2048 Mbps\"\n", "");
        assert!(lowered(&open, "\"vbr.v\"").ends_with("need vbr.v\n"));
    }
}
