//! Servers with a queue, as a primitive.
//!
//! ```text
//! comers ──> ( queue, first come first served ) ──> [ servers x service ] ──>
//! ```
//!
//! `service` is the time one server takes; `rate` is a shorthand for a constant one: all servers
//! together complete `rate` visits per time when always busy.

use super::pool::SCOPES;
use super::{FAILING, Kind, Thing};
use crate::plan::{self, Hop, Scope, Servers};
use crate::random::Dist;
use crate::scenario::context::{Ref, wrong_type};
use crate::scenario::law::Law;
use crate::scenario::lowering::{Fragment, Lowering};
use crate::scenario::read::{Count, PerSecond, Read};
use crate::scenario::reader::{Reader, word};
use crate::scenario::tree::Value;
use crate::units::Span;

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Station {
    pub(crate) serving: Serving,
    scope: Scope,
    needs: Vec<Ref>,
}

/// The part that other kinds with a server inside share.
#[derive(Clone, Debug)]
pub(crate) struct Serving {
    pub(crate) servers: Servers,
    pub(crate) service: Dist,
    pub(crate) queue: Option<u64>,
    pub(crate) timeout: Option<Span>,
}

impl Kind for Station {
    const NAME: &'static str = "station";
    const DOC: &'static str = "servers with a service time and a queue";
    const PATH: bool = true;
    const AGAINST: bool = true;
    const ALWAYS: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        let serving = Serving::read(r);
        let scope = r.word("scope", SCOPES).unwrap_or(Scope::Request);
        let needs = r.references("needs", &FAILING);
        Some(Self { serving: serving?, scope, needs })
    }

    fn lower(thing: &Thing<Self>, l: &mut Lowering<'_>) -> Fragment {
        let needs = l.needs(&thing.spec.needs);
        let station = thing.spec.serving.station(thing.full(), thing.spec.scope, needs);
        Fragment::of(vec![Hop::Station(l.station(station))])
    }
}

impl Serving {
    /// Reads `servers`, `service` or `rate`, `queue` and `timeout`.
    pub(crate) fn read(r: &Reader<'_>) -> Option<Self> {
        let servers = match r.node("servers") {
            None => Some(Servers::Count(1)),
            Some(node) => match node.value {
                Value::Integer(_) => Count::read(node, r.cx).map(|n| Servers::Count(n.0)),
                Value::Text(_) => word(node, r.cx, &[("unlimited", Servers::Unlimited)]),
                _ => {
                    r.cx.complain(wrong_type(node, "a whole number or \"unlimited\""));
                    None
                }
            },
        };
        let queue = r.opt("queue");
        let timeout = r.opt("timeout");
        let service = match r.one_of(&["service", "rate"])? {
            "service" => r.opt::<Law<Span>>("service").map(|law| law.dist),
            _ => r.opt::<PerSecond>("rate").map(|rate| {
                let count = match servers {
                    Some(Servers::Count(n)) => f64::from(n),
                    _ => 1.0,
                };
                Dist::constant(1e9 * count / rate.0)
            }),
        };
        Some(Self { servers: servers?, service: service?, queue, timeout })
    }

    /// A station of this serving.
    pub(crate) fn station(
        &self,
        name: String,
        scope: Scope,
        needs: Vec<plan::ComponentId>,
    ) -> plan::Station {
        plan::Station {
            name,
            servers: self.servers,
            service: self.service.clone(),
            queue: self.queue,
            timeout: self.timeout,
            scope,
            needs,
        }
    }
}
