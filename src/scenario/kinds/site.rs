//! A place on premises: a data centre or office with one access to its circuits.
//!
//! ```text
//! [ link: bandwidth of the gateway ] ─> circuits        against: from the cloud to the site
//! ```
//!
//! The circuit runs from the site's gateway device to an access point (C-11); the gateway is the
//! part that every path of the site shares. Its block of addresses feeds rules
//! (security groups, X-20). Leaves out: the campus behind it, clashes of addresses (C-33).

use super::link::DUPLEX;
use super::{Kind, Thing};
use crate::plan::{Capacity, Duplex, Hop, Link};
use crate::scenario::cidr::Cidr;
use crate::scenario::lowering::{Fragment, Lowering};
use crate::scenario::read::Above0;
use crate::scenario::reader::Reader;
use crate::units::Rate;

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    bandwidth: Rate,
    duplex: Duplex,
    pub(crate) cidr: Option<Cidr>,
}

impl Kind for Site {
    const NAME: &'static str = "site";
    const DOC: &'static str = "a place on premises: a data centre or office and its gateway";
    const FAILS: bool = true;
    const PATH: bool = true;
    const AGAINST: bool = true;
    const CAPACITY: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        let bandwidth = r.req::<Above0<Rate>>("bandwidth");
        let duplex = r.word("duplex", DUPLEX).unwrap_or(Duplex::Full);
        let cidr = r.opt("cidr");
        Some(Self { bandwidth: bandwidth?.0, duplex, cidr })
    }

    fn lower(thing: &Thing<Self>, l: &mut Lowering<'_>) -> Fragment {
        let needs = vec![l.component(&thing.full())];
        let link = l.link(Link {
            name: format!("{}.access", thing.full()),
            role: "site".into(),
            capacity: Capacity::Fixed(thing.spec.bandwidth),
            duplex: thing.spec.duplex,
            needs,
            headline: true,
        });
        l.carries(&thing.full(), link, 1.0);
        Fragment::of(vec![Hop::Link(link)])
    }
}
