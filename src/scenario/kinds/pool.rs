//! Countable units held for a while, as a primitive: slots, ports, addresses.
//!
//! ```text
//! comers ──> [ units ] ──>  held until the connection (or request) ends, then hold_after more
//!              └─ full: refuse, or wait { queue, timeout }
//! ```

use super::{Kind, Thing};
use crate::plan::{self, Hop, Lack, OnFull, Scope};
use crate::scenario::context::Context;
use crate::scenario::lowering::{Fragment, Lowering};
use crate::scenario::reader::{Reader, variant, word};
use crate::scenario::tree::{Node, Value};
use crate::units::Span;

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    units: u64,
    on_full: OnFull,
    hold_after: Span,
    scope: Scope,
    lack: Lack,
}

/// What takes a unit or visits a station.
pub(crate) const SCOPES: &[(&str, Scope)] =
    &[("connection", Scope::Connection), ("request", Scope::Request)];
const LACKS: &[(&str, Lack)] =
    &[("address", Lack::Address), ("port", Lack::Port), ("slot", Lack::Slot)];

impl Kind for Pool {
    const NAME: &'static str = "pool";
    const DOC: &'static str = "countable units held for a while: slots, ports, addresses";
    const PATH: bool = true;
    const AGAINST: bool = true;
    const ALWAYS: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        let units = r.req::<u64>("units");
        let on_full = match r.node("on_full") {
            Some(node) => on_full(node, r.cx),
            None => Some(OnFull::Refuse),
        };
        let hold_after = r.or("hold_after", Span::ZERO);
        let scope = r.word("scope", SCOPES).unwrap_or(Scope::Connection);
        let lack = r.word("lack", LACKS).unwrap_or(Lack::Slot);
        Some(Self { units: units?, on_full: on_full?, hold_after, scope, lack })
    }

    fn lower(thing: &Thing<Self>, l: &mut Lowering<'_>) -> Fragment {
        let Self { units, on_full, hold_after, scope, lack } = thing.spec.clone();
        let name = thing.full();
        let id = l.pool(plan::Pool { name, units, on_full, hold_after, idle: None, scope, lack });
        Fragment::of(vec![Hop::Pool(id)])
    }
}

/// `"refuse"` or `{ wait = { queue, timeout } }`, both optional.
pub(crate) fn on_full(node: &Node, cx: &Context) -> Option<OnFull> {
    if matches!(node.value, Value::Text(_)) {
        return word(node, cx, &[("refuse", OnFullWord::Refuse), ("wait", OnFullWord::Wait)]).map(
            |word| match word {
                OnFullWord::Refuse => OnFull::Refuse,
                OnFullWord::Wait => OnFull::Wait { queue: None, timeout: None },
            },
        );
    }
    let (_, inner) = variant(node, cx, "\"refuse\" or a way to wait", &["wait"])?;
    let r = Reader::of(cx, inner, "wait")?;
    let wait = OnFull::Wait { queue: r.opt("queue"), timeout: r.opt("timeout") };
    r.done();
    Some(wait)
}

#[derive(Clone, Copy)]
enum OnFullWord {
    Refuse,
    Wait,
}
