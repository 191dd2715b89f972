//! An IPsec connection over the Internet: a bridge until circuits are there, or their standby.
//!
//! | fact | value | source |
//! |---|---|---|
//! | the quick link, where a circuit takes too long | | C-09 (004) |
//! | the standby of circuits with an Enterprise Edition transit router | | C-28 (004) |
//! | a tunnel on a transit router | 1 Gbps (standard), 3 Gbps (large) | provider docs: vpn_attachment (A) |
//! | gateways | 5, 10, 20, 50, 100, 200, 500, 1000 Mbps | provider docs: vpn_gateway (A) |
//! | delay and its jitter | not stated: 10 to 20 ms | chosen here (D) |
//! | loss | not stated: 0.1 % | chosen here (D) |
//! | a lost packet comes again | after 200 ms at least | Linux' least retransmission timeout (C) |
//!
//! ```text
//! ──> [ link: bandwidth ] ──( one way, drawn for each crossing )──( retransmission, by `loss` )──>
//! ```
//!
//! A loss delays a crossing by one timeout. Leaves out: what losses do to TCP's rate, negotiation of
//! keys, several tunnels (declare several).

use super::{FAILING, Kind, Specs, Thing};
use crate::plan::{Capacity, ComponentId, Delay, Duplex, Hop, Link};
use crate::random::Dist;
use crate::scenario::context::{Context, Ref};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::law::Law;
use crate::scenario::lowering::{Fragment, Lowering};
use crate::scenario::read::{Above0, Share};
use crate::scenario::reader::{Basis, Given, Reader};
use crate::units::{Rate, Span};

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Vpn {
    pub(crate) bandwidth: Given<Rate>,
    one_way: Dist,
    loss: f64,
    retransmit: Span,
    needs: Vec<Ref>,
}

const TUNNEL: Basis = Basis { source: "provider docs: a standard tunnel", mark: "A" };
const GUESSED: Basis = Basis { source: "an Internet path of one country; chosen here", mark: "D" };
const TIMER: Basis = Basis { source: "Linux' least retransmission timeout", mark: "C" };

/// Sizes of gateways and of tunnels on transit routers, Mbps.
const SIZES: &[u64] = &[5, 10, 20, 50, 100, 200, 500, 1_000, 3_000];

impl Kind for Vpn {
    const NAME: &'static str = "vpn";
    const DOC: &'static str = "an IPsec connection over the Internet: a bridge or a standby";
    const FAILS: bool = true;
    const PATH: bool = true;
    const AGAINST: bool = true;
    const CAPACITY: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        let place = r.place_of("bandwidth");
        let bandwidth = r.param::<Above0<Rate>>("bandwidth", "1 Gbps", TUNNEL);
        let spread = "{ uniform = { low = \"10 ms\", high = \"20 ms\" } }";
        let one_way = r.param::<Law<Span>>("one_way", spread, GUESSED);
        let loss = r.param::<Share>("loss", "0.1 %", GUESSED);
        let retransmit = r.param::<Span>("retransmit", "200 ms", TIMER);
        let needs = r.references("needs", &FAILING);
        Some(Self {
            bandwidth: Given { value: bandwidth?.0, place },
            one_way: one_way?.dist,
            loss: loss?.0,
            retransmit: retransmit?,
            needs,
        })
    }

    fn check(thing: &Thing<Self>, _: &Specs, cx: &Context) {
        let given = &thing.spec.bandwidth;
        if !SIZES.iter().any(|mbps| Rate::from_mbps(*mbps) == given.value) {
            let message = format!("a VPN of {} is not one that is sold", given.value);
            let sizes: Vec<_> = SIZES.iter().map(u64::to_string).collect();
            cx.complain(
                Diagnostic::warning("C-09", given.place, message)
                    .reason(
                        "gateways and tunnels come in sizes (provider docs); IPsec-VPN is the quick \
                         link beside Express Connect circuits",
                    )
                    .help(format!("sizes are {} Mbps", sizes.join(", "))),
            );
        }
    }

    fn lower(thing: &Thing<Self>, l: &mut Lowering<'_>) -> Fragment {
        let (spec, name) = (&thing.spec, thing.full());
        let needs = thing.watched(l);
        let link = l.link(Link {
            name: name.clone(),
            role: "vpn".into(),
            capacity: Capacity::Fixed(spec.bandwidth.value),
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

/// No delay, but for the share that is sent again.
#[expect(clippy::cast_precision_loss, reason = "times far below 2^53 ns")]
pub(super) fn again(loss: f64, after: Span) -> Dist {
    let parts =
        vec![(1.0 - loss, Dist::constant(0.0)), (loss, Dist::constant(after.nanos() as f64))];
    Dist::Mixture { parts }
}

impl Thing<Vpn> {
    /// What must be up for it to carry anything.
    pub(crate) fn watched(&self, l: &mut Lowering<'_>) -> Vec<ComponentId> {
        let own = l.component(&self.full());
        std::iter::once(own).chain(l.needs(&self.spec.needs)).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::testing::{assumed, codes, lowered};

    #[test]
    fn a_link_a_delay_and_what_is_sent_again() {
        let path = "\"vpn.v\"";
        let text = "[component.isp]\n[vpn.v]\nneeds = [\"component.isp\"]\n";
        let tree = lowered(text, path);
        let head = "link vpn.v: 1 Gbps [vpn.v, component.isp]\ndelay vpn.v.delay: 10 ms..20 ms\n";
        assert!(tree.starts_with(head), "{tree}");
        assert!(tree.contains("delay vpn.v.loss: "), "{tree}");
        let without = format!("{text}loss = \"0 %\"\n");
        assert_eq!(lowered(&without, path), head);
        assert_eq!(assumed(text, path, "vpn.v.loss"), Some(("0.1 %".into(), "D".into())));
        assert_eq!(codes(&format!("{text}bandwidth = \"2 Gbps\"\n"), path), ["C-09"]);
        assert_eq!(codes(&format!("{text}loss = \"101 %\"\n"), path), ["range"]);
    }
}
