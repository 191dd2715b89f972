//! Anything that is up or down as a whole and is not a cloud thing: a power feed, a switch, a duct.
//!
//! ```text
//! [component.duct]  ->  component.duct        as a hop: Need(component.duct)
//! ```
//!
//! Links, stations and branches name it in `needs` or `watches`; on a path it must be up for the
//! path to work.

use super::{Kind, Thing};
use crate::plan::Hop;
use crate::scenario::lowering::{Fragment, Lowering};
use crate::scenario::reader::Reader;

/// As written: no keys.
#[derive(Clone, Debug)]
pub(crate) struct Component;

impl Kind for Component {
    const NAME: &'static str = "component";
    const DOC: &'static str = "anything that is up or down as a whole: a feed, a switch, a duct";
    const FAILS: bool = true;
    const PATH: bool = true;
    const AGAINST: bool = true;

    fn read(_: &Reader<'_>) -> Option<Self> {
        Some(Self)
    }

    fn lower(thing: &Thing<Self>, l: &mut Lowering<'_>) -> Fragment {
        Fragment::of(vec![Hop::Need(l.component(&thing.full()))])
    }
}
