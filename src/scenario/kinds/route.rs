//! A way through the network, as a primitive: `hops = ["link.a", "delay.b", "station.c"]`.
//!
//! ```text
//! workload ──> hop ──> hop ──> hop        requests forward, responses backward
//! ```
//!
//! A hop may be any thing that lies on paths, primitive or not; `against:link.z` crosses it against
//! its direction.

use super::{Kind, Thing};
use crate::plan::RouteId;
use crate::scenario::context::Step;
use crate::scenario::lowering::Lowering;
use crate::scenario::reader::Reader;

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) hops: Vec<Step>,
}

impl Kind for Route {
    const NAME: &'static str = "route";
    const DOC: &'static str = "a way through the network: hops in order";

    fn read(r: &Reader<'_>) -> Option<Self> {
        r.req_node("hops", "[\"link.a\", ...]").map(|node| Self { hops: r.some_steps(node) })
    }
}

impl Thing<Route> {
    /// The route of the plan, made when it is first asked for.
    pub(crate) fn id(&self, l: &mut Lowering<'_>) -> RouteId {
        let name = self.full();
        if let Some(&id) = l.declared_routes.get(&name) {
            return id;
        }
        let hops = l.steps(&self.spec.hops);
        let id = l.route(crate::plan::Route { name: name.clone(), hops });
        l.declared_routes.insert(name, id);
        id
    }
}
