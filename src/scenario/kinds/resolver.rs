//! A DNS resolver: answers a bounded number of queries per second.
//!
//! | fact | value | source |
//! |---|---|---|
//! | many concurrent lookups overwhelm DNS | | M-41 (000) |
//! | queries per instance | 5,000/s, throttled above | "PrivateZone limits" (A) |
//! | queue and round trip | not stated | parameters |
//!
//! ```text
//! query ──> ( queue ) ──> [ servers x service ] ──> answer        down: no answer at all
//! ```
//!
//! Named by `resolver = "..."` of whatever has a name. Leaves out: recursion, record types.

use super::station::Serving;
use super::{Kind, Thing};
use crate::plan::{Hop, Scope, Servers};
use crate::random::Dist;
use crate::scenario::lowering::{Fragment, Lowering};
use crate::scenario::read::PerSecond;
use crate::scenario::reader::{Basis, Reader};
use crate::units::Span;

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Resolver {
    serving: Serving,
}

impl Kind for Resolver {
    const NAME: &'static str = "resolver";
    const DOC: &'static str = "a DNS resolver with a rate, a queue and a timeout";
    const FAILS: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        let limits = Basis {
            source: "PrivateZone limits: queries of one instance; all clients share it here",
            mark: "D",
        };
        let chosen = Basis { source: "no document gives it; chosen here", mark: "D" };
        let rate = r.param::<PerSecond>("rate", "5000/s", limits);
        let queue = r.param::<u64>("queue", "1000", chosen);
        let timeout = r.opt::<Span>("timeout");
        let service = Dist::constant(1e9 / rate?.0);
        Some(Self {
            serving: Serving { servers: Servers::Count(1), service, queue: Some(queue?), timeout },
        })
    }

    fn lower(thing: &Thing<Self>, l: &mut Lowering<'_>) -> Fragment {
        let needs = vec![l.component(&thing.full())];
        let station = thing.spec.serving.station(thing.full(), Scope::Request, needs);
        Fragment::of(vec![Hop::Station(l.station(station))])
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::testing::{assumed, load};

    #[test]
    fn answers_at_its_rate() {
        // 5,000 queries a second: 200 us each; 2,000/s when set.
        let fragment = |keys: &str| {
            format!(
                "[resolver.r]\n{keys}[maxcompute.m]\nsolution = \"vpc\"\nresolver = \"resolver.r\"\n"
            )
        };
        let service = |keys: &str| {
            let plan = load(&fragment(keys), "\"maxcompute.m\"").unwrap().plan;
            plan.stations.iter().find(|s| s.name == "resolver.r").unwrap().service.mean()
        };
        assert_eq!(service(""), 200_000.0);
        assert_eq!(service("rate = \"2000/s\"\n"), 500_000.0);
        let path = "\"maxcompute.m\"";
        let seen = assumed(&fragment(""), path, "resolver.r.rate");
        assert_eq!(seen, Some(("5000/s".into(), "D".into())));
        let seen = assumed(&fragment("rate = \"2000/s\"\n"), path, "resolver.r.rate");
        assert_eq!(seen, Some(("2000/s".into(), "set".into())));
    }
}
