//! A way over the Internet: what a private path is compared with.
//!
//! | fact | value | source |
//! |---|---|---|
//! | private paths have lower latency, and are steadier | | C-14 (004) |
//! | public endpoints of services are off by default | | C-14 |
//! | delay and its jitter | not stated: 15 ms in the median, a tenth above 25 ms | chosen here (D) |
//! | loss | not stated: 0.5 % | chosen here (D) |
//! | a lost packet comes again | after 200 ms at least | Linux' least retransmission timeout (C) |
//!
//! ```text
//! ──> [ link: bandwidth ] ──( one way, drawn for each crossing )──( retransmission, by `loss` )──>
//! ```
//!
//! `bandwidth` is what is bought of it: of an EIP, or of the site's access. A loss delays a crossing by
//! one timeout. Leaves out: what losses do to TCP's rate, fees.

use super::vpn::again;
use super::{FAILING, Kind, Thing};
use crate::plan::{Capacity, Delay, Duplex, Hop, Link};
use crate::random::Dist;
use crate::scenario::context::Ref;
use crate::scenario::law::Law;
use crate::scenario::lowering::{Fragment, Lowering};
use crate::scenario::read::{Above0, Share};
use crate::scenario::reader::{Basis, Reader};
use crate::units::{Rate, Span};

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Internet {
    bandwidth: Rate,
    one_way: Dist,
    loss: f64,
    retransmit: Span,
    needs: Vec<Ref>,
}

const GUESSED: Basis = Basis { source: "an Internet path of one country; chosen here", mark: "D" };
const TIMER: Basis = Basis { source: "Linux' least retransmission timeout", mark: "C" };

impl Kind for Internet {
    const NAME: &'static str = "internet";
    const DOC: &'static str = "a way over the Internet, with jitter and losses";
    const FAILS: bool = true;
    const PATH: bool = true;
    const AGAINST: bool = true;
    const CAPACITY: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        let bandwidth = r.req::<Above0<Rate>>("bandwidth");
        let spread = "{ lognormal = { median = \"15 ms\", sigma = 0.4 } }";
        let one_way = r.param::<Law<Span>>("one_way", spread, GUESSED);
        let loss = r.param::<Share>("loss", "0.5 %", GUESSED);
        let retransmit = r.param::<Span>("retransmit", "200 ms", TIMER);
        let needs = r.references("needs", &FAILING);
        Some(Self {
            bandwidth: bandwidth?.0,
            one_way: one_way?.dist,
            loss: loss?.0,
            retransmit: retransmit?,
            needs,
        })
    }

    fn lower(thing: &Thing<Self>, l: &mut Lowering<'_>) -> Fragment {
        let (spec, name) = (&thing.spec, thing.full());
        let own = l.component(&name);
        let needs = std::iter::once(own).chain(l.needs(&spec.needs)).collect();
        let link = l.link(Link {
            name: name.clone(),
            role: "internet".into(),
            capacity: Capacity::Fixed(spec.bandwidth),
            duplex: Duplex::Full,
            needs,
            headline: true,
        });
        l.carries(&name, link, 1.0);
        let law = spec.one_way.clone();
        let delay = l.delay(Delay { name: format!("{name}.delay"), law, local: None });
        let mut hops = vec![Hop::Link(link), Hop::Delay(delay)];
        if spec.loss > 0.0 {
            let law = again(spec.loss, spec.retransmit);
            let loss = l.delay(Delay { name: format!("{name}.loss"), law, local: None });
            hops.push(Hop::Delay(loss));
        }
        Fragment::of(hops)
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::testing::{assumed, codes, lowered};

    #[test]
    fn a_link_with_jitter_and_losses() {
        let (path, text) = ("\"internet.i\"", "[internet.i]\nbandwidth = \"200 Mbps\"\n");
        let tree = lowered(text, path);
        assert!(tree.starts_with("link internet.i: 200 Mbps [internet.i]\ndelay internet.i.delay"));
        assert!(tree.contains("delay internet.i.loss: "), "{tree}");
        let without = lowered(&format!("{text}loss = \"0 %\"\n"), path);
        assert!(!without.contains("loss"), "{without}");
        assert_eq!(assumed(text, path, "internet.i.loss"), Some(("0.5 %".into(), "D".into())));
        assert_eq!(codes("[internet.i]\n", path), ["missing-key"]);
    }
}
