//! A component is down: a zone, a circuit, an access point, a resolver, or any other.

use super::{Effect, Strike};
use crate::scenario::context::{Context, Ref, wrong_type};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::kinds::FAILING;
use crate::scenario::lowering::Lowering;
use crate::scenario::tree::{Node, Value};

#[derive(Debug)]
struct ComponentOutage {
    what: Ref,
}

/// Reads the thing that is lost; the key says of which kinds it may be.
pub(super) fn read(node: &Node, key: &'static str, cx: &Context) -> Option<Box<dyn Effect>> {
    let kinds: &[&'static str] = match key {
        "access_point_outage" => &["access_point"],
        "circuit_cut" => &["circuit"],
        "resolver_outage" => &["resolver"],
        "zone_outage" => &["zone"],
        _ => &FAILING,
    };
    let Value::Text(text) = &node.value else {
        cx.complain(wrong_type(node, "the name of what is lost"));
        return None;
    };
    if text.starts_with("fabric.") {
        let message = format!("`{text}` is no component: it cannot be down as a whole");
        let help =
            "capacity_change = { of = \"fabric.name.LINK\", to = \"0 bps\" } leaves a link nothing";
        cx.complain(Diagnostic::error("reference", node.place, message).help(help));
        return None;
    }
    let what = cx.resolve(text, node.place, kinds)?;
    Some(Box::new(ComponentOutage { what }))
}

impl Effect for ComponentOutage {
    fn label(&self) -> String {
        let kind = self.what.kind.replace('_', " ");
        let verb = if self.what.kind == "circuit" { "is cut" } else { "is lost" };
        format!("{kind} {} {verb}", self.what.name)
    }

    fn strike(&self, l: &mut Lowering<'_>) -> Vec<Strike> {
        vec![Strike::Fail(l.component(&self.what.full()))]
    }
}
