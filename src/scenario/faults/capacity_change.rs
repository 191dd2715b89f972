//! A link or circuit has another capacity for a while: a brown-out, a port downgrade.
//!
//! Sets the nominal capacity, and stops an elastic or random law until it is taken back.

use super::{Effect, Strike};
use crate::scenario::context::{Context, Ref};
use crate::scenario::diagnostic::{Diagnostic, Place};
use crate::scenario::kinds::{CAPACITY, Specs};
use crate::scenario::lowering::{Carrier, Lowering};
use crate::scenario::reader::Reader;
use crate::scenario::tree::Node;
use crate::units::Rate;

#[derive(Debug)]
struct CapacityChange {
    of: Ref,
    to: Rate,
}

/// Reads `{ of, to }`.
pub(super) fn read(node: &Node, key: &'static str, cx: &Context) -> Option<Box<dyn Effect>> {
    let (of, to) = of_and_to(node, key, &CAPACITY, cx)?;
    Some(Box::new(CapacityChange { of, to }))
}

/// Reads `{ of, to }` with a thing of the given kinds.
pub(super) fn of_and_to(
    node: &Node,
    key: &'static str,
    kinds: &[&'static str],
    cx: &Context,
) -> Option<(Ref, Rate)> {
    let r = Reader::of(cx, node, key)?;
    let (of, to) = (r.req_reference("of", kinds), r.req::<Rate>("to"));
    r.done();
    of.zip(to)
}

/// A strike per link that carries the thing's capacity or throttle.
pub(super) fn resize(carriers: Vec<Carrier>, to: Rate) -> Vec<Strike> {
    let strike =
        |carrier: Carrier| Strike::Resize { link: carrier.link, to: to.scaled(carrier.share) };
    carriers.into_iter().map(strike).collect()
}

impl Effect for CapacityChange {
    fn label(&self) -> String {
        format!("{} {} at {}", self.of.kind.replace('_', " "), self.of.name, self.to)
    }

    fn strike(&self, l: &mut Lowering<'_>) -> Vec<Strike> {
        let carriers = l.carriers_of(&self.of);
        resize(carriers, self.to)
    }

    fn check(&self, place: Place, specs: &Specs, cx: &Context) {
        let open = |name| specs.vbr.get(name).is_some_and(|v| !v.spec.is_limited());
        if self.of.kind == "vbr" && open(&self.of.name) {
            let message = format!("`{}` has no rate limit to change", self.of.full());
            cx.complain(
                Diagnostic::error("C-20", self.of.place, message)
                    .also(place, "the fault")
                    .help("give it a `rate_limit`, or change the capacity of its circuit"),
            );
        }
    }

    fn sets(&self) -> Option<String> {
        Some(self.of.full())
    }
}
