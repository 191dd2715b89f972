//! An endpoint service: a provider's load balancer, offered to other networks.
//!
//! | fact | value | source |
//! |---|---|---|
//! | take resources from several zones | | X-06 (003) |
//! | CLB services have a default limit per connection and zone | 3,072 Mbps, settable 100-10,240 | P-44, X-56 |
//! | NLB, ALB and GWLB services have no default limit | | X-58 (003) |
//! | zone affinity works if provider and consumer enable it | | X-10 (003) |
//! | accounts, whitelist, regions, and more | | [`offer`] |
//!
//! It becomes no primitive of its own: endpoints lower the load balancer's share in each of their
//! zones, and inherit the default throttle. Who may connect is in [`offer`], who is let in and which
//! resource serves whom in [`desk`] and [`allocation`]. Leaves out: prices.

pub(crate) mod allocation;
pub(crate) mod desk;
pub(crate) mod offer;

use std::ops::RangeInclusive;

use super::change::{Act, changes_of};
use super::endpoint::Endpoint;
use super::endpoint::life::{Turn, turns};
use super::load_balancer::{LoadBalancer, Product};
use super::{Kind, Specs, Thing};
use crate::random::Dist;
use crate::scenario::context::{Context, Ref};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::read::Above0;
use crate::scenario::reader::{Given, Reader};
use crate::units::{Rate, Span};
use desk::Desk;
use offer::Offer;

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct EndpointService {
    pub(crate) load_balancer: Ref,
    /// Empty for those of the load balancer.
    zones: Vec<Ref>,
    pub(crate) default_throttle: Option<Given<Above0<Rate>>>,
    pub(crate) zone_affinity: bool,
    pub(crate) offer: Offer,
    pub(crate) desk: Desk,
}

impl Kind for EndpointService {
    const NAME: &'static str = "endpoint_service";
    const DOC: &'static str = "a provider's load balancer, offered to other networks";
    const FAILS: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        let load_balancer = r.req_reference("load_balancer", &["load_balancer"]);
        let zones = r.references("zones", &["zone"]);
        let default_throttle = r.given("default_throttle");
        let zone_affinity = r.or("zone_affinity", false);
        let offer = Offer::read(r);
        let desk = Desk::read(r);
        let (load_balancer, desk) = load_balancer.zip(desk)?;
        Some(Self { load_balancer, zones, default_throttle, zone_affinity, offer, desk })
    }

    fn check(thing: &Thing<Self>, specs: &Specs, cx: &Context) {
        let spec = &thing.spec;
        let Some(balancer) = specs.load_balancer.get(&spec.load_balancer.name) else { return };
        let reached = thing.in_reach(specs);
        for zone in &spec.zones {
            if !reached.iter().any(|z| z.name == zone.name) {
                let message = format!(
                    "zone `{}` is not a zone of load balancer `{}`",
                    zone.name, balancer.name
                );
                cx.complain(
                    Diagnostic::error("X-17", zone.place, message)
                        .also(balancer.place, "the load balancer")
                        .help(format!("its zones are {}", names(&reached))),
                );
            }
        }
        // Shared across regions, it must.
        let should = reached.len() > 1 && spec.offer.regions.is_none();
        if let ([only], true) = (&spec.zones[..], should) {
            let message = format!("`{}` offers one zone only", thing.full());
            cx.complain(
                Diagnostic::warning("X-06", only.place, message)
                    .reason("take resources from several zones (PrivateLink endpoint services)")
                    .help("offer the other zones of the load balancer too"),
            );
        }
        let Some(throttle) = &spec.default_throttle else { return };
        if balancer.spec.product == Product::Clb {
            if check_range(throttle, Product::Clb, "X-56", cx) {
                check_binding(throttle, Rate::from_gbps(5), cx);
            }
        } else {
            let message =
                format!("a service of {} has no default throttle", balancer.spec.product.name());
            cx.complain(
                Diagnostic::error("X-58", throttle.place, message)
                    .reason("only CLB services limit new connections by default (PrivateLink endpoint services)")
                    .help("set `throttle` on the endpoints instead"),
            );
        }
    }
}

/// The zones of a list, for messages.
pub(crate) fn names(zones: &[Ref]) -> String {
    zones.iter().map(|z| z.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// Throttles that can be set for the product.
pub(crate) const fn range(product: Product) -> RangeInclusive<Rate> {
    let high = match product {
        Product::Nlb => Rate::from_gbps(50),
        Product::Alb | Product::Gwlb => Rate::from_gbps(25),
        Product::Clb => Rate::from_mbps(10_240),
    };
    RangeInclusive::new(Rate::from_mbps(100), high)
}

/// The row that gives the range of a product's throttle.
pub(crate) const fn range_row(product: Product) -> &'static str {
    match product {
        Product::Nlb => "X-61",
        Product::Alb | Product::Gwlb => "X-62",
        Product::Clb => "X-56",
    }
}

/// Refuses a throttle outside the range that the documents give for the product; whether it fits.
pub(crate) fn check_range(
    throttle: &Given<Above0<Rate>>,
    product: Product,
    code: &'static str,
    cx: &Context,
) -> bool {
    let (allowed, found) = (range(product), throttle.value.0);
    let fits = allowed.contains(&found);
    if !fits {
        let message = format!("a throttle of {found} cannot be set for {}", product.name());
        cx.complain(
            Diagnostic::error(code, throttle.place, message)
                .label(format!("allowed are {} to {}", allowed.start(), allowed.end()))
                .reason("connection throttle ranges by type (PrivateLink endpoint services)"),
        );
    }
    fits
}

/// warns about a throttle above what a network card ever carries.
pub(crate) fn check_binding(throttle: &Given<Above0<Rate>>, ceiling: Rate, cx: &Context) {
    if throttle.value.0 > ceiling {
        let message = format!(
            "a throttle of {} never binds: the network card ends at {ceiling} per zone",
            throttle.value.0
        );
        cx.complain(
            Diagnostic::warning("X-63", throttle.place, message)
                .reason("the per-zone maximum of the endpoint is lower (PrivateLink overview and endpoint services)")
                .help("lower the throttle, or leave it out"),
        );
    }
}

impl Thing<EndpointService> {
    /// The load balancer behind it, if it could be read.
    pub(crate) fn balancer<'s>(&self, specs: &'s Specs) -> Option<&'s Thing<LoadBalancer>> {
        specs.load_balancer.get(&self.spec.load_balancer.name)
    }

    /// Whether somebody takes a while to accept.
    pub(crate) fn is_slow(&self) -> bool {
        self.spec.desk.approval.is_some()
    }

    /// The longest time that an approval takes, if there is one and it has an end that is known.
    pub(crate) fn longest_approval(&self) -> Option<Span> {
        let longest = match self.spec.desk.approval.as_ref()? {
            Dist::Constant { value } => *value,
            Dist::Uniform { high, .. } => *high,
            _ => return None,
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "times are not negative; saturates"
        )]
        Some(Span::from_nanos(longest.round() as u64))
    }

    /// Its resources at the start, as far as they could be read.
    pub(crate) fn balancers<'s>(
        &'s self,
        specs: &'s Specs,
    ) -> impl Iterator<Item = &'s Thing<LoadBalancer>> {
        std::iter::once(&self.spec.load_balancer)
            .chain(&self.spec.desk.resources)
            .filter_map(|r| specs.load_balancer.get(&r.name))
    }

    /// Its resources at the start: the load balancer, and those beside it.
    pub(crate) fn resources(&self) -> Vec<Ref> {
        std::iter::once(&self.spec.load_balancer)
            .chain(&self.spec.desk.resources)
            .cloned()
            .collect()
    }

    /// Whether the endpoint is created in the run and accepted by hand: a resource can then be
    /// allocated first.
    pub(crate) fn is_asked_by_hand(&self, endpoint: &Thing<Endpoint>, specs: &Specs) -> bool {
        turns(endpoint, specs).iter().any(|t| t.what == Turn::Created { auto: false })
    }

    /// Its resources at any time of the run, each once: those that changes attach come last.
    pub(crate) fn resources_ever(&self, specs: &Specs) -> Vec<Ref> {
        let mut all = self.resources();
        for change in changes_of(specs, &self.full()) {
            if let Act::Resource { balancer, attach: true } = &change.spec.act {
                all.push(balancer.clone());
            }
        }
        let mut seen = Vec::new();
        all.retain(|r| {
            !seen.contains(&r.name) && {
                seen.push(r.name.clone());
                true
            }
        });
        all
    }

    /// The zones of its resources.
    fn in_reach(&self, specs: &Specs) -> Vec<Ref> {
        let mut zones: Vec<Ref> = Vec::new();
        for resource in self.resources_ever(specs) {
            let Some(balancer) = specs.load_balancer.get(&resource.name) else { continue };
            for zone in &balancer.spec.zones {
                if !zones.iter().any(|z| z.name == zone.name) {
                    zones.push(zone.clone());
                }
            }
        }
        zones
    }

    /// The zones in which it is offered.
    pub(crate) fn zones(&self, specs: &Specs) -> Vec<Ref> {
        match self.spec.zones.is_empty() {
            true => self.in_reach(specs),
            false => self.spec.zones.clone(),
        }
    }

    /// Its home: the region of its zones.
    pub(crate) fn region<'s>(&'s self, specs: &'s Specs) -> Option<&'s Ref> {
        let first = self.balancers(specs).next()?.spec.zones.first()?;
        Some(&specs.zone.get(&first.name)?.spec.region)
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::testing::{codes, service};

    #[test]
    fn complaints() {
        let endpoint =
            "[endpoint.e]\nservice = \"svc\"\nzones = [\"a\", \"b\"]\ncreated_at = 2026-03-01\n";
        let seen = |product: &str, keys: &str| {
            codes(&format!("{}{keys}\n{endpoint}", service(product)), "\"endpoint.e\"")
        };
        assert!(seen("nlb", "").is_empty());
        assert_eq!(seen("nlb", "default_throttle = \"1 Gbps\""), ["X-58"]);
        assert_eq!(seen("clb", "default_throttle = \"20 Gbps\""), ["X-56", "P-30"]);
        assert_eq!(seen("clb", "default_throttle = \"10240 Mbps\""), ["P-30", "X-63"]);
        assert_eq!(seen("clb", "default_throttle = \"5 Gbps\""), ["P-30"]);
        // Offered in one zone, while the endpoint wants two.
        assert_eq!(seen("nlb", "zones = [\"a\"]"), ["X-17", "X-06"]);
        assert_eq!(seen("nlb", "zones = [\"a\", \"b\", \"c\"]"), ["X-17"]);
    }
}
