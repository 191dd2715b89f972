//! A region: how far its zones are apart.
//!
//! An architect sets it once; every endpoint and load balancer then knows how long the way from a
//! client to each zone is.
//!
//! | fact | value | source |
//! |---|---|---|
//! | round trip within a zone | 0.1-0.5 ms | IBM Cloud network latency 2024, third-party posts (C) |
//! | round trip between zones | 1-2 ms, up to 3 | the same (C) |
//!
//! ```text
//! client in zone a ──( half a round trip in the zone )──────> ENI in zone a
//! client elsewhere ──( half a round trip between zones )────> ENI in zone a
//! ```
//!
//! `id` (`"cn-hangzhou"`) is the name by which tables of the documents know it (M-23, M-24).
//! Leaves out: distances between single pairs of zones, other regions.

use super::{Kind, Thing};
use crate::plan::{Delay, Hop};
use crate::random::Dist;
use crate::scenario::context::Ref;
use crate::scenario::law::{Law, scaled};
use crate::scenario::lowering::Lowering;
use crate::scenario::read::CloudId;
use crate::scenario::reader::{Basis, Given, Reader};
use crate::units::Span;

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Region {
    in_zone: Dist,
    between_zones: Dist,
    /// By which the documents' tables know it.
    pub(crate) id: Option<Given<CloudId>>,
    /// Whether it is on the Chinese mainland, if the scenario says so.
    pub(crate) mainland: Option<bool>,
}

const MEASURED: Basis =
    Basis { source: "IBM Cloud network latency 2024; third-party measurements", mark: "C" };

impl Kind for Region {
    const NAME: &'static str = "region";
    const DOC: &'static str = "a region: how far its zones are apart";

    fn read(r: &Reader<'_>) -> Option<Self> {
        let in_zone = r.param::<Law<Span>>("round_trip_in_zone", "0.3 ms", MEASURED);
        let between = r.param::<Law<Span>>("round_trip_between_zones", "1.5 ms", MEASURED);
        let mainland = r.opt("mainland");
        let id = r.given("id");
        Some(Self { id, in_zone: in_zone?.dist, between_zones: between?.dist, mainland })
    }
}

/// A delay hop into a zone: short for clients within it, longer for all others.
pub(crate) fn way_into(zone: &Ref, name: String, l: &mut Lowering<'_>) -> Hop {
    let place = l.place(&zone.name);
    let region = region_of(&zone.name, l);
    let (law, local) = (scaled(&region.between_zones, 0.5), scaled(&region.in_zone, 0.5));
    Hop::Delay(l.delay(Delay { name, law, local: Some((place, local)) }))
}

/// A delay hop from one zone to another, or within one.
pub(crate) fn way_between(from: &str, to: &str, l: &mut Lowering<'_>) -> Hop {
    let same = from == to;
    let region_name = l.specs.zone[to].spec.region.name.clone();
    let what = if same { "in-zone" } else { "between-zones" };
    let hops = l.part(&format!("region.{region_name}.{what}"), |l| {
        let region = region_of(to, l);
        let law = scaled(if same { &region.in_zone } else { &region.between_zones }, 0.5);
        let name = format!("region.{region_name}.{what}");
        vec![Hop::Delay(l.delay(Delay { name, law, local: None }))]
    });
    hops[0]
}

fn region_of<'a>(zone: &str, l: &Lowering<'a>) -> &'a Region {
    let zone: &Thing<super::zone::Zone> = &l.specs.zone[zone];
    &l.specs.region[&zone.spec.region.name].spec
}

#[cfg(test)]
mod tests {
    use crate::scenario::testing::{ZONES, assumed, lowered};

    #[test]
    fn half_a_round_trip_each_way() {
        // Defaults: 1.5 ms between zones, 0.3 ms within: 0.75 and 0.15 ms one way.
        let lb = "[load_balancer.lb]\ntype = \"alb\"\nzones = [\"a\", \"b\"]\nbackend = \"app\"\n";
        let tree = lowered(&format!("{ZONES}{lb}"), "\"load_balancer.lb\"");
        assert!(
            tree.contains("delay load_balancer.lb.zone-a.delay: 750 us, 150 us in a"),
            "{tree}"
        );
        assert!(tree.contains("delay region.r.between-zones: 750 us"), "{tree}");
        assert!(tree.contains("delay region.r.in-zone: 150 us"), "{tree}");
        let seen = assumed(ZONES, "\"backend.app\"", "region.r.round_trip_in_zone");
        assert_eq!(seen, Some(("0.3 ms".into(), "C".into())));
    }
}
