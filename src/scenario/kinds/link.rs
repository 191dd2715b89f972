//! Bandwidth, as a primitive: shared by the flows that cross it, max-min fair.
//!
//! ```text
//! requests ──> [ capacity ] ──>        full duplex: each direction has the whole capacity
//! responses <─ [ capacity ] <──        half duplex: they share it
//! ```
//!
//! `capacity` is a rate, or grows under pressure (`elastic`), or is drawn anew at intervals
//! (`random`, for bandwidth that nobody guarantees).

use super::{FAILING, Kind, Thing};
use crate::plan::{self, Capacity, Duplex, Hop};
use crate::scenario::context::Ref;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::law::Law;
use crate::scenario::lowering::{Fragment, Lowering};
use crate::scenario::read::{Above0, Read, Share};
use crate::scenario::reader::{Basis, Reader, variant};
use crate::scenario::tree::{Node, Value};
use crate::units::{Rate, Span};

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    capacity: Capacity,
    duplex: Duplex,
    role: String,
    headline: bool,
    needs: Vec<Ref>,
}

const GUESSED: Basis = Basis { source: "no document gives it; chosen here", mark: "D" };

/// Full or half.
pub(crate) const DUPLEX: &[(&str, Duplex)] = &[("full", Duplex::Full), ("half", Duplex::Half)];

impl Kind for Link {
    const NAME: &'static str = "link";
    const DOC: &'static str = "bandwidth shared by the flows that cross it";
    const PATH: bool = true;
    const AGAINST: bool = true;
    const CAPACITY: bool = true;
    const ALWAYS: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        let capacity = r.req_node("capacity", "\"10 Gbps\"").and_then(|n| capacity(n, r));
        let duplex = r.word("duplex", DUPLEX).unwrap_or(Duplex::Full);
        let role = r.or("role", "link".to_owned());
        let headline = r.or("headline", true);
        let needs = r.references("needs", &FAILING);
        Some(Self { capacity: capacity?, duplex, role, headline, needs })
    }

    fn lower(thing: &Thing<Self>, l: &mut Lowering<'_>) -> Fragment {
        let spec = &thing.spec;
        let needs = l.needs(&spec.needs);
        let id = l.link(plan::Link {
            name: thing.full(),
            role: spec.role.clone(),
            capacity: spec.capacity.clone(),
            duplex: spec.duplex,
            needs,
            headline: spec.headline,
        });
        l.carries(&thing.full(), id, 1.0);
        Fragment::of(vec![Hop::Link(id)])
    }
}

/// A capacity: `"10 Gbps"`, `{ elastic = {...} }` or `{ random = {...} }`.
fn capacity(node: &Node, link: &Reader<'_>) -> Option<Capacity> {
    let cx = link.cx;
    if !matches!(node.value, Value::Table(_)) {
        return Above0::<Rate>::read(node, cx).map(|rate| Capacity::Fixed(rate.0));
    }
    let (choice, inner) = variant(node, cx, "a capacity", &["elastic", "random"])?;
    let r = Reader::of(cx, inner, &format!("{}.capacity.{choice}", link.path))?;
    let capacity = match choice {
        "elastic" => elastic(&r),
        _ => {
            let law = r.req::<Law<Rate>>("law");
            let every = r.req::<Above0<Span>>("every");
            law.zip(every).map(|(law, every)| Capacity::Random { law: law.dist, every: every.0 })
        }
    };
    r.done();
    capacity
}

fn elastic(r: &Reader<'_>) -> Option<Capacity> {
    let start = r.req::<Above0<Rate>>("start");
    let ceiling = r.given::<Above0<Rate>>("ceiling");
    let _ = r.req_node("ceiling", "\"50 Gbps\"");
    let trigger = r.fallback::<Share>("trigger", "0.8", GUESSED);
    let ramp = r.req::<Above0<Span>>("ramp");
    let step = r.fallback::<Above0<Span>>("step", "10 s", GUESSED);
    let (start, ceiling) = (start?.0, ceiling?);
    if ceiling.value.0 < start {
        let message = format!("the ceiling {} is below the start {start}", ceiling.value.0);
        r.cx.complain(Diagnostic::error("range", ceiling.place, message));
        return None;
    }
    Some(Capacity::Elastic {
        start,
        ceiling: ceiling.value.0,
        trigger: trigger?.0,
        ramp: ramp?.0,
        step: step?.0,
    })
}
