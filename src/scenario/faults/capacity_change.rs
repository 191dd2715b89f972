//! A link or circuit has another capacity for a while: a brown-out, a port downgrade.
//!
//! Sets the nominal capacity, and stops an elastic or random law until it is taken back.

use super::{Effect, Strike};
use crate::scenario::context::{Context, Ref, wrong_type};
use crate::scenario::diagnostic::{Diagnostic, Place};
use crate::scenario::kinds::{CAPACITY, Specs};
use crate::scenario::lowering::{Carrier, Lowering};
use crate::scenario::reader::{Given, Reader};
use crate::scenario::tree::{Node, Value};
use crate::units::Rate;

#[derive(Debug)]
struct CapacityChange {
    of: Ref,
    /// Of a fabric: the link, as its table calls it.
    link: Option<String>,
    to: Rate,
}

/// Reads `{ of, to }`.
pub(super) fn read(node: &Node, key: &'static str, cx: &Context) -> Option<Box<dyn Effect>> {
    let r = Reader::of(cx, node, key)?;
    let of = r.req_node("of", "\"circuit.name\"").and_then(|node| target(node, cx));
    let to = r.req::<Rate>("to");
    r.done();
    let ((of, link), to) = of.zip(to)?;
    Some(Box::new(CapacityChange { of, link, to }))
}

/// `circuit.c1`, or `fabric.net.rack0`: a thing, and of a fabric one of its links. Whether there is
/// such a link is checked when its table is known.
fn target(node: &Node, cx: &Context) -> Option<(Ref, Option<String>)> {
    let Value::Text(text) = &node.value else {
        cx.complain(wrong_type(node, "the name of a thing"));
        return None;
    };
    // Names of fabrics have no dot; those of their links may.
    let parts: Vec<&str> = text.splitn(3, '.').collect();
    let (thing, link) = match parts[..] {
        ["fabric", name, link] => (format!("fabric.{name}"), Some(link.to_owned())),
        _ => (text.clone(), None),
    };
    Some((cx.resolve(&thing, node.place, &CAPACITY)?, link))
}

/// Reads `{ of, to }` with a thing of the given kinds.
pub(super) fn of_and_to(
    node: &Node,
    key: &'static str,
    kinds: &[&'static str],
    cx: &Context,
) -> Option<(Ref, Given<Rate>)> {
    let r = Reader::of(cx, node, key)?;
    let (of, to) = (r.req_reference("of", kinds), r.req::<Rate>("to"));
    let place = r.place_of("to");
    r.done();
    of.zip(to.map(|value| Given { value, place }))
}

/// A strike per link that carries the thing's capacity or throttle.
pub(super) fn resize(carriers: Vec<Carrier>, to: Rate) -> Vec<Strike> {
    let strike =
        |carrier: Carrier| Strike::Resize { link: carrier.link, to: to.scaled(carrier.share) };
    carriers.into_iter().map(strike).collect()
}

impl Effect for CapacityChange {
    fn label(&self) -> String {
        let link = self.link.as_ref().map_or(String::new(), |link| format!(" {link}"));
        format!("{} {}{link} at {}", self.of.kind.replace('_', " "), self.of.name, self.to)
    }

    fn strike(&self, l: &mut Lowering<'_>) -> Vec<Strike> {
        let carriers = match &self.link {
            Some(link) => l.specs.fabric[&self.of.name].carrier(link, l).into_iter().collect(),
            None => l.carriers_of(&self.of),
        };
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
        // A fabric that could not be read has been complained about.
        if let ("fabric", Some(fabric)) = (self.of.kind, specs.fabric.get(&self.of.name)) {
            fabric.check_link(self.link.as_deref(), self.of.place, cx);
        }
    }

    fn sets(&self, specs: &Specs) -> Option<String> {
        match self.of.kind {
            "fabric" => specs.fabric.get(&self.of.name)?.full_name(self.link.as_deref()?),
            _ => Some(self.of.full()),
        }
    }
}
