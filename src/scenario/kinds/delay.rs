//! Propagation, as a primitive: `[delay.wan] one_way = "12 ms"`.
//!
//! ```text
//! client ──( one way )──> ...        and the same way back
//! ```
//!
//! Drawn anew for each crossing when `one_way` is a distribution.

use super::{Kind, Thing};
use crate::plan::{self, Hop};
use crate::random::Dist;
use crate::scenario::law::Law;
use crate::scenario::lowering::{Fragment, Lowering};
use crate::scenario::reader::Reader;
use crate::units::Span;

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Delay {
    one_way: Dist,
}

impl Kind for Delay {
    const NAME: &'static str = "delay";
    const DOC: &'static str = "propagation, one way: `one_way = \"12 ms\"`";
    const PATH: bool = true;
    const AGAINST: bool = true;
    const ALWAYS: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        r.req::<Law<Span>>("one_way").map(|law| Self { one_way: law.dist })
    }

    fn lower(thing: &Thing<Self>, l: &mut Lowering<'_>) -> Fragment {
        let law = thing.spec.one_way.clone();
        let id = l.delay(plan::Delay { name: thing.full(), law, local: None });
        Fragment::of(vec![Hop::Delay(id)])
    }
}
