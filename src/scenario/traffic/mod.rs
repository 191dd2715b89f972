//! Who sends: workloads, their shapes in time, and rates without requests.

mod arrivals;
mod background;
mod client;
mod flows;
mod jobs;
mod profile;
mod rules;
mod transport;
mod workload;

pub(crate) use background::Background;
pub(crate) use profile::read_all as read_profiles;
pub(crate) use rules::{check, check_jobs};
pub(crate) use transport::Tcp;
pub(crate) use workload::Workload;

use super::context::Step;
use super::kinds::Thing;
use super::lowering::Lowering;
use super::reader::Reader;
use crate::plan::{self, Hop, RouteId};

/// Where traffic goes: a declared route, or a path of its own.
#[derive(Clone, Debug)]
pub(crate) enum Way {
    Route(String),
    Path(Vec<Step>),
    /// Each row of a list of flows names its own.
    Rows,
}

impl Way {
    /// Reads `route` or `path`.
    fn read(r: &Reader<'_>) -> Option<Self> {
        match r.one_of(&["path", "route"])? {
            "route" => r.reference("route", &["route"]).map(|route| Self::Route(route.name)),
            _ => {
                let node = r.node("path")?;
                Some(Self::Path(r.some_steps(node)))
            }
        }
    }

    /// The steps, declared routes followed.
    pub(crate) fn steps<'s>(&'s self, specs: &'s super::kinds::Specs) -> &'s [Step] {
        match self {
            Self::Route(name) => specs.route.get(name).map_or(&[], |r| &r.spec.hops),
            Self::Path(steps) => steps,
            Self::Rows => &[],
        }
    }

    /// The route of the plan; a path becomes one under the traffic's own name, as does a declared
    /// route with something more that this traffic needs.
    fn lower(&self, owner: &str, more: Option<Hop>, l: &mut Lowering<'_>) -> RouteId {
        match self {
            Self::Route(name) => {
                let route: &Thing<_> = &l.specs.route[name];
                let id = route.id(l);
                let Some(more) = more else { return id };
                let mut hops = l.plan.routes[id.index()].hops.clone();
                hops.push(more);
                l.route(plan::Route { name: owner.to_owned(), hops })
            }
            Self::Path(steps) => {
                let mut hops = l.steps(steps);
                hops.extend(more);
                l.route(plan::Route { name: owner.to_owned(), hops })
            }
            Self::Rows => unreachable!("rows bring their routes"),
        }
    }
}
