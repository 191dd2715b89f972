//! An express connect router: the hub that joins virtual border routers to transit routers and VPCs.
//!
//! | fact | value | source |
//! |---|---|---|
//! | joins circuits and VPCs, and routes | | C-12 (004) |
//! | stands between virtual border routers and the transit router of its region | | C-10, C-39 (004) |
//! | its border routers have no static routes | | C-40 (004) |
//! | forwarding | ECMP (default), or the nearest access point | "forwarding mode in ECR networking" (A) |
//! | what it forwards | not published; 100 Gbps as a transit router | chosen here (D) |
//!
//! ```text
//! vbr 1 ─┐
//! vbr 2 ─┼─> [ link: bandwidth ] ──> transit router        mode: that of groups without one
//! vbr 3 ─┘
//! ```
//!
//! `mode` is the mode of those groups of circuits below it that state none. Leaves out: quotas of
//! routes, other regions' border routers.

use super::circuit_group::{MODES, Mode};
use super::{Kind, Thing};
use crate::plan::{Capacity, Duplex, Hop, Link};
use crate::scenario::context::Ref;
use crate::scenario::lowering::{Fragment, Lowering};
use crate::scenario::read::Above0;
use crate::scenario::reader::{Basis, Reader};
use crate::units::Rate;

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct ExpressConnectRouter {
    bandwidth: Rate,
    pub(crate) mode: Mode,
    /// The transit router to which it is connected.
    pub(crate) transit_router: Option<Ref>,
}

const AS_HUB: Basis = Basis { source: "not published; as a transit router's", mark: "D" };

impl Kind for ExpressConnectRouter {
    const NAME: &'static str = "express_connect_router";
    const DOC: &'static str = "an express connect router: joins circuits to transit routers";
    const FAILS: bool = true;
    const PATH: bool = true;
    const AGAINST: bool = true;
    const CAPACITY: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        let bandwidth = r.param::<Above0<Rate>>("bandwidth", "100 Gbps", AS_HUB);
        let words: Vec<_> =
            MODES.iter().copied().filter(|(_, m)| *m != Mode::ActiveStandby).collect();
        let mode = if r.has("mode") { r.word("mode", &words) } else { Some(Mode::Ecmp) };
        let transit_router = r.reference("transit_router", &["transit_router"]);
        Some(Self { bandwidth: bandwidth?.0, mode: mode?, transit_router })
    }

    fn lower(thing: &Thing<Self>, l: &mut Lowering<'_>) -> Fragment {
        let needs = vec![l.component(&thing.full())];
        let link = l.link(Link {
            name: thing.full(),
            role: "express connect router".into(),
            capacity: Capacity::Fixed(thing.spec.bandwidth),
            duplex: Duplex::Full,
            needs,
            headline: true,
        });
        l.carries(&thing.full(), link, 1.0);
        Fragment::of(vec![Hop::Link(link)])
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::testing::{assumed, codes, lowered};

    #[test]
    fn a_link_that_fails_by_itself() {
        let text = "[transit_router.t]\n[express_connect_router.e]\ntransit_router = \"t\"\n";
        let path = "\"express_connect_router.e\"";
        let name = "express_connect_router.e";
        assert_eq!(lowered(text, path), format!("link {name}: 100 Gbps [{name}]\n"));
        let found = assumed(text, path, "express_connect_router.e.bandwidth");
        assert_eq!(found, Some(("100 Gbps".into(), "D".into())));
        assert!(codes(&format!("{text}mode = \"nearest\"\n"), path).is_empty());
        assert_eq!(codes(&format!("{text}mode = \"active_standby\"\n"), path), ["word"]);
    }
}
