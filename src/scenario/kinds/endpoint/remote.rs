//! An endpoint in another region than its service.
//!
//! | fact | value | source |
//! |---|---|---|
//! | an endpoint can be in any region that the service is open to | | X-03 (003) |
//! | its zones need not be those of the service | | X-27 (003) |
//! | cap between regions of the Chinese mainland | 1,000 Mbps | X-30 (003) |
//! | cap between regions outside of it | 100 Mbps | X-31 (003) |
//! | cap across its border | no figure: must be given | X-32 (003) |
//!
//! ```text
//! delay ─ throttle ─ ENI ─┐
//! delay ─ throttle ─ ENI ─┴─ [cap of the endpoint] ─ half a round trip ─┬─ load balancer in a
//!                                                                       └─ load balancer in b
//! ```
//!
//! The cap is taken as that of the endpoint, all its zones together: its quota is named after the
//! endpoint. Resources are never allocated by hand here (X-38): any zone of the service may answer.

use super::super::change::{Act, Change};
use super::super::endpoint_service::EndpointService;
use super::super::load_balancer;
use super::super::region::Region;
use super::super::{Specs, Thing};
use super::Endpoint;
use crate::plan::{Branch, Capacity, Delay, Duplex, Hop, Link, Policy, Selector};
use crate::random::Dist;
use crate::scenario::context::Context;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::law::{Law, scaled};
use crate::scenario::lowering::Lowering;
use crate::scenario::read::Above0;
use crate::scenario::reader::{Given, Reader};
use crate::units::{Rate, Span};

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct CrossRegion {
    pub(crate) bandwidth: Option<Given<Above0<Rate>>>,
    round_trip: Option<Dist>,
}

impl CrossRegion {
    /// Reads its keys of the endpoint's table.
    pub(super) fn read(r: &Reader<'_>) -> Self {
        Self {
            bandwidth: r.given("cross_region_bandwidth"),
            round_trip: r.opt::<Law<Span>>("cross_region_round_trip").map(|law| law.dist),
        }
    }
}

impl Thing<Endpoint> {
    /// Its own region and its service's.
    fn regions<'s>(&self, specs: &'s Specs) -> Option<(&'s Thing<Region>, &'s Thing<Region>)> {
        let of = |zone: &str| specs.region.get(&specs.zone.get(zone)?.spec.region.name);
        let home = self.balancer(specs)?.spec.zones.first()?;
        Some((of(&self.spec.zones.first()?.name)?, of(&home.name)?))
    }

    /// Whether it is in another region than its service.
    pub(crate) fn is_remote(&self, specs: &Specs) -> bool {
        self.regions(specs).is_some_and(|(own, home)| own.name != home.name)
    }

    /// The cap between the two regions: given, or documented.
    fn border(&self, specs: &Specs) -> Option<Rate> {
        let (own, home) = self.regions(specs)?;
        let given = self.spec.cross_region.bandwidth.as_ref().map(|b| b.value.0);
        given.or(match (own.spec.mainland?, home.spec.mainland?) {
            (true, true) => Some(Rate::from_mbps(1_000)),
            (false, false) => Some(Rate::from_mbps(100)),
            _ => None,
        })
    }

    /// Whether its region may create endpoints of the service at an instant.
    pub(super) fn is_let_in_from_afar(
        &self,
        service: &Thing<EndpointService>,
        theirs: &[&Thing<Change>],
        at: Span,
        specs: &Specs,
    ) -> bool {
        let Some((own, home)) = self.regions(specs) else { return true };
        let mut open =
            own.name == home.name || service.spec.desk.regions.iter().any(|r| r.name == own.name);
        for change in theirs.iter().filter(|c| c.spec.at.value <= at) {
            if let Act::Region { region, add } = &change.spec.act
                && region.name == own.name
            {
                open = *add;
            }
        }
        open
    }

    /// Complains where the scenario must say what no document does.
    pub(super) fn check_remote(&self, specs: &Specs, cx: &Context) {
        let Some((own, home)) = self.regions(specs) else { return };
        let both = format!("`{}` and `{}`", own.full(), home.full());
        if self.border(specs).is_none() {
            let known = own.spec.mainland.is_some() && home.spec.mainland.is_some();
            let message = format!("the bandwidth between {both} is not known");
            let complaint = Diagnostic::error("X-32", self.place, message)
                .also(own.place, "its region")
                .also(home.place, "the service's")
                .reason(
                    "1,000 Mbps between regions of the Chinese mainland, 100 Mbps between others, \
                     no figure across its border (PrivateLink endpoint services)",
                );
            cx.complain(match known {
                true => complaint.help("state it: cross_region_bandwidth = \"200 Mbps\""),
                false => complaint.help(
                    "say mainland = true or false of both regions, or state \
                     cross_region_bandwidth",
                ),
            });
        }
        if self.spec.cross_region.round_trip.is_none() {
            let message = format!("the way between {both} has no length");
            cx.complain(
                Diagnostic::error("X-03", self.place, message)
                    .reason(
                        "requests are forwarded to the service's own region \
                         (PrivateLink endpoint services)",
                    )
                    .help("state it: cross_region_round_trip = \"30 ms\""),
            );
        }
    }

    /// The way to the service's region, and a choice among its zones there.
    pub(super) fn over_the_border(&self, name: &str, l: &mut Lowering<'_>) -> Vec<Hop> {
        let specs = l.specs;
        let full = self.full();
        let (Some(cap), Some(trip)) = (self.border(specs), &self.spec.cross_region.round_trip)
        else {
            return Vec::new(); // complained about
        };
        let mut hops = l.part(&format!("{full}.cross-region"), |l| {
            let link = l.link(Link {
                name: format!("{full}.cross-region"),
                role: "cross-region".into(),
                capacity: Capacity::Fixed(cap),
                duplex: Duplex::Full,
                needs: Vec::new(),
                headline: true,
            });
            let law = scaled(trip, 0.5);
            let delay =
                l.delay(Delay { name: format!("{full}.cross-region.delay"), law, local: None });
            vec![Hop::Link(link), Hop::Delay(delay)]
        });
        let (Some(service), Some(balancer)) = (self.service(specs), self.balancer(specs)) else {
            return hops;
        };
        if let [only] = &balancer.spec.zones[..] {
            hops.extend(load_balancer::hops_in(balancer, only, l));
            return hops;
        }
        let branches = balancer.spec.zones.iter().map(|zone| Branch {
            name: zone.name.clone(),
            weight: 1.0,
            place: None,
            hops: load_balancer::hops_in(balancer, zone, l),
            watches: vec![l.component(&zone.full()), l.component(&balancer.full())],
            listed: true,
            tier: 0,
        });
        let branches = branches.collect();
        let belief = service.resource_health(l);
        hops.push(Hop::Selector(l.selector(Selector {
            name: format!("{name}.service-zone"),
            role: "zone".into(),
            policy: Policy::Random,
            branches,
            belief,
            naming: None,
            headline: false,
        })));
        hops
    }
}
