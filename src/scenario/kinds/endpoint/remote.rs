//! The way of an endpoint to a service in another region (X-03).
//!
//! ```text
//! zone's ENI ─> [ link: cross-region bandwidth ] ─> delay ─┬─> LB in zone a of the service
//!               one of all zones of the endpoint           └─> LB in zone b
//! ```
//!
//! The bandwidth is that of the connection (X-30 to X-32), so its zones share it. Zones of both
//! sides need not match (X-27): requests go to the service's zones at random, and leave a lost one
//! as the zone health probe sees it.

use super::super::load_balancer;
use super::super::Thing;
use super::Endpoint;
use crate::plan::{
    Belief, Branch, Capacity, Delay, Detector, Duplex, Hop, Link, Policy, Selector,
};
use crate::scenario::law::scaled;
use crate::scenario::lowering::Lowering;

/// From the ENI to the service, whatever zone the ENI is in.
pub(super) fn hops(thing: &Thing<Endpoint>, l: &mut Lowering<'_>) -> Vec<Hop> {
    let name = format!("{}.cross-region", thing.full());
    l.part(&name, |l| {
        let specs = l.specs;
        let mut hops = Vec::new();
        let documented = thing.cross_region_default(specs).map(|d| d.0);
        let stated = thing.spec.terms.cross_region_bandwidth.as_ref().map(|b| b.value.0);
        if let Some(rate) = stated.or(documented) {
            let needs = vec![l.component(&thing.full())];
            let link = l.link(Link {
                name: format!("{name}.link"),
                role: "cross-region".into(),
                capacity: Capacity::Fixed(rate),
                duplex: Duplex::Full,
                needs,
                headline: true,
            });
            hops.push(Hop::Link(link));
        }
        if let Some(law) = &thing.spec.terms.cross_region_round_trip {
            let (name, law) = (format!("{name}.delay"), scaled(&law.value.dist, 0.5));
            let delay = l.delay(Delay { name, law, local: None });
            hops.push(Hop::Delay(delay));
        }
        let Some(service) = thing.service(specs) else { return hops };
        let mut branches = Vec::new();
        for zone in service.zones(specs) {
            let Some(balancer) = service.balancers(specs).find(|b| b.is_in(&zone.name)) else {
                continue;
            };
            let (place, watched) = (l.place(&zone.name), l.component(&zone.full()));
            branches.push(Branch {
                name: zone.name.clone(),
                weight: 1.0,
                place: Some(place),
                hops: load_balancer::hops_in(balancer, &zone, l),
                watches: vec![watched],
                listed: true,
            });
        }
        let [down, up, propagate] = thing.spec.detect.clone();
        let zones = l.selector(Selector {
            name: format!("{name}.zones"),
            role: "cross-region".into(),
            policy: Policy::Random,
            branches,
            belief: Belief::Watched(Detector {
                label: "zone health probe".into(),
                detect_down: down,
                detect_up: up,
                propagate,
            }),
            naming: None,
            headline: false,
        });
        hops.push(Hop::Selector(zones));
        hops
    })
}
