//! A transit router: the hub between circuits, VPCs and regions.
//!
//! | fact | value | source |
//! |---|---|---|
//! | hub across regions and accounts | | C-13 (004) |
//! | the Enterprise Edition takes a VPN as standby of circuits | | C-28 (004) |
//! | is connected to the VPCs of its region, with routes | | C-02, C-39 (004) |
//! | leads from premises to services in 100.64.0.0/10, if it has the route | | C-04 (004) |
//! | forwarding of the Enterprise Edition | 100 Gbps | Well-Architected "network optimization" 2023 (B) |
//!
//! ```text
//! ──> [ link: bandwidth ] ──>
//! ```
//!
//! `region`, `edition`, `vpcs` and `routes` feed rules; regions are joined by `peering`. Leaves out: whose
//! routes are learned.

use super::{Kind, Thing};
use crate::plan::{Capacity, Duplex, Hop, Link};
use crate::scenario::cidr::Cidr;
use crate::scenario::context::Ref;
use crate::scenario::lowering::{Fragment, Lowering};
use crate::scenario::read::Above0;
use crate::scenario::reader::{Basis, Given, Reader};
use crate::units::Rate;

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct TransitRouter {
    bandwidth: Rate,
    /// Where it is, if it says so.
    pub(crate) region: Option<Ref>,
    /// Whether it is of the Enterprise Edition.
    pub(crate) enterprise: Option<Given<bool>>,
    /// The VPCs that it is connected to; none where nothing is said.
    pub(crate) vpcs: Option<Vec<Ref>>,
    /// Blocks that it has routes to beyond its VPCs' own.
    pub(crate) routes: Vec<Given<Cidr>>,
}

const PAGE: Basis = Basis { source: "Well-Architected: network optimization, 2023", mark: "B" };

impl Kind for TransitRouter {
    const NAME: &'static str = "transit_router";
    const DOC: &'static str = "a transit router: the hub between circuits, VPCs and regions";
    const FAILS: bool = true;
    const PATH: bool = true;
    const AGAINST: bool = true;
    const CAPACITY: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        let bandwidth = r.param::<Above0<Rate>>("bandwidth", "100 Gbps", PAGE);
        let enterprise = r.given_word("edition", &[("basic", false), ("enterprise", true)]);
        let region = r.reference("region", &["region"]);
        let vpcs = r.has("vpcs").then(|| r.references("vpcs", &["vpc"]));
        let routes = r.several("routes");
        Some(Self { bandwidth: bandwidth?.0, region, enterprise, vpcs, routes })
    }

    fn lower(thing: &Thing<Self>, l: &mut Lowering<'_>) -> Fragment {
        let needs = vec![l.component(&thing.full())];
        let link = l.link(Link {
            name: thing.full(),
            role: "transit router".into(),
            capacity: Capacity::Fixed(thing.spec.bandwidth),
            duplex: Duplex::Full,
            needs,
            headline: true,
        });
        l.carries(&thing.full(), link, 1.0);
        Fragment::of(vec![Hop::Link(link)])
    }
}
