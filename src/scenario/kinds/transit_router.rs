//! A transit router: the hub between circuits, VPCs and regions.
//!
//! | fact | value | source |
//! |---|---|---|
//! | hub across regions and accounts | | C-13 (004) |
//! | forwarding of the Enterprise Edition | 100 Gbps | Well-Architected "network optimization" 2023 (B) |
//!
//! ```text
//! ──> [ link: bandwidth ] ──>
//! ```
//!
//! Leaves out: routing tables, the express connect router before it (C-12), inter-region plans.

use super::{Kind, Thing};
use crate::plan::{Capacity, Duplex, Hop, Link};
use crate::scenario::lowering::{Fragment, Lowering};
use crate::scenario::read::Above0;
use crate::scenario::reader::{Basis, Reader};
use crate::units::Rate;

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct TransitRouter {
    bandwidth: Rate,
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
        Some(Self { bandwidth: bandwidth?.0 })
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
