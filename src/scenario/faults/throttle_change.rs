//! The provider changes an endpoint's throttle: the devices of every zone follow at once.

use super::capacity_change::{of_and_to, resize};
use super::{Effect, Strike};
use crate::scenario::context::{Context, Ref};
use crate::scenario::diagnostic::{Diagnostic, Place};
use crate::scenario::kinds::Specs;
use crate::scenario::kinds::endpoint_service::check_range;
use crate::scenario::lowering::Lowering;
use crate::scenario::read::Above0;
use crate::scenario::reader::Given;
use crate::scenario::tree::Node;
use crate::units::Rate;

#[derive(Debug)]
struct ThrottleChange {
    of: Ref,
    to: Given<Rate>,
}

/// Reads `{ of, to }`.
pub(super) fn read(node: &Node, key: &'static str, cx: &Context) -> Option<Box<dyn Effect>> {
    let (of, to) = of_and_to(node, key, &["endpoint"], cx)?;
    Some(Box::new(ThrottleChange { of, to }))
}

impl Effect for ThrottleChange {
    fn label(&self) -> String {
        format!("throttle of {} at {}", self.of.name, self.to.value)
    }

    fn strike(&self, l: &mut Lowering<'_>) -> Vec<Strike> {
        let carriers = l.throttles_of(&self.of);
        resize(carriers, self.to.value)
    }

    fn check(&self, place: Place, specs: &Specs, cx: &Context) {
        let Some(endpoint) = specs.endpoint.get(&self.of.name) else { return };
        // Without a readable service nothing is known of its default throttle.
        let known = specs.endpoint_service.contains_key(&endpoint.spec.service.name);
        if known && endpoint.throttle(specs).is_none() {
            let message = format!("`{}` has no throttle to change", self.of.full());
            cx.complain(
                Diagnostic::error("X-64", self.of.place, message)
                    .also(place, "the fault")
                    .help("give the endpoint a `throttle`; its upper limit is as good as none"),
            );
        }
        if let Some(balancer) = endpoint.balancer(specs) {
            let to = Given { value: Above0(self.to.value), place: self.to.place };
            check_range(&to, balancer.spec.product, "X-64", cx);
        }
    }

    fn sets(&self, _: &Specs) -> Option<String> {
        Some(format!("the throttle of {}", self.of.full()))
    }
}
