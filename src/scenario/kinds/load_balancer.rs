//! A load balancer behind an endpoint service: NLB, ALB, CLB or GWLB.
//!
//! | fact | value | source |
//! |---|---|---|
//! | NLB per zone | 50 Gbps, 5,000,000 connections, 200,000 new/s | "NLB: performance and limits" (A) |
//! | ALB connections to one backend per zone | 250,000 | "Manage ALB quotas" (A) |
//! | CLB slb.s3.large | 1,000,000 connections, 100,000 new/s | "SLB instance overview" 2021 (B) |
//! | CLB connections beyond the limit | dropped, not queued | the same (B) |
//! | CLB private bandwidth | 5 Gbps | "Peak limit for regional bandwidth" (B) |
//! | backend declared down | NLB 20, ALB 19, CLB 19, GWLB 20 s | computed from the default probes (D) |
//! | ALB and GWLB spread over zones by default | | Terraform provider, GWLB overview (A) |
//! | span zones for availability | | P-29, X-06 (001, 003) |
//! | GWLB: traffic goes through the appliances behind it and on | | P-09 (001) |
//!
//! ```text
//! per zone:  [ pool: connections, refuse ] ─> [ station: new connections/s ] ─> [ link ] ─┐
//!                         ┌─ backend in zone a <─┐                                        │
//!                         └─ backend in zone b <─┴── selector: health check <─────────────┘
//! ```
//!
//! Without `cross_zone` the backend of the same zone follows directly. On a path of its own the
//! zones are behind a DNS name. Leaves out: listeners, stickiness, draining, packet rates.

pub(crate) mod listing;

use super::backend::{self, Backend};
use super::region::{way_between, way_into};
use super::selector::{NEGATIVE_CACHE, RESOLVING, answering};
use super::{Kind, Specs, Thing};
use crate::plan::{
    Belief, Branch, Capacity, ComponentId, Detector, Duplex, Hop, Lack, Link, Naming, OnFull,
    Policy, Pool, Scope, Selector, Servers, Station,
};
use crate::random::Dist;
use crate::scenario::context::{Context, Ref};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::law::Law;
use crate::scenario::lowering::{Fragment, Lowering};
use crate::scenario::read::{Above0, PerSecond};
use crate::scenario::reader::{Basis, Reader};
use crate::units::{Rate, Span};
use listing::Listing;

/// The four products.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Product {
    Alb,
    Clb,
    Gwlb,
    Nlb,
}

impl Product {
    /// As architects write it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Alb => "ALB",
            Self::Clb => "CLB",
            Self::Gwlb => "GWLB",
            Self::Nlb => "NLB",
        }
    }
}

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct LoadBalancer {
    pub(crate) product: Product,
    pub(crate) zones: Vec<Ref>,
    pub(crate) backend: Ref,
    pub(crate) listing: Listing,
    pub(crate) bandwidth: Rate,
    connections: u64,
    new_connections: f64,
    cross_zone: bool,
    /// Law of the detection of failures, and of repairs.
    detect: [Dist; 2],
    record_ttl: Option<Span>,
    negative_ttl: Option<Span>,
    resolver: Option<Ref>,
}

const PRODUCTS: &[(&str, Product)] =
    &[("alb", Product::Alb), ("clb", Product::Clb), ("gwlb", Product::Gwlb), ("nlb", Product::Nlb)];

/// A default and where it comes from.
type Default = (&'static str, Basis);

const NLB_PAGE: Basis = Basis { source: "NLB: performance and limits, per VIP", mark: "A" };
const ALB_ONE: Basis =
    Basis { source: "Manage ALB quotas: per backend and zone; one backend is assumed", mark: "D" };
const CLB_PAGE: Basis = Basis { source: "SLB instance overview 2021, slb.s3.large", mark: "B" };
const LIKE_NLB: Basis = Basis { source: "no figure is published; that of NLB", mark: "D" };

/// Names of load balancers in another cloud.
pub(crate) const ANALOGUE_TTL: Basis =
    Basis { source: "another cloud's load-balancer names: 60 s", mark: "C" };

/// Bandwidth, connections and new connections per second of a zone.
const fn capacities(product: Product) -> [Default; 3] {
    const ENI: Basis = Basis { source: "no figure is published; that of its endpoint", mark: "D" };
    match product {
        Product::Nlb => [("50 Gbps", NLB_PAGE), ("5000000", NLB_PAGE), ("200000/s", NLB_PAGE)],
        Product::Alb => [("25 Gbps", ENI), ("250000", ALB_ONE), ("200000/s", LIKE_NLB)],
        Product::Clb => [("5 Gbps", CLB_PAGE), ("1000000", CLB_PAGE), ("100000/s", CLB_PAGE)],
        Product::Gwlb => [("25 Gbps", ENI), ("5000000", LIKE_NLB), ("200000/s", LIKE_NLB)],
    }
}

const fn spreading(product: Product) -> Default {
    const PRODUCT: Basis = Basis { source: "on by default, product pages", mark: "A" };
    match product {
        Product::Alb | Product::Gwlb => ("true", PRODUCT),
        Product::Clb => ("true", Basis { source: "backends are not bound to zones", mark: "D" }),
        Product::Nlb => ("false", Basis { source: "off by default in another cloud", mark: "C" }),
    }
}

/// From a failure to its detection, and from a repair to its own. Probes that meet a black hole end
/// with their timeout: with interval P, timeout T below it and n failures the detection is uniform
/// on [(n-1)P + T, nP + T) (NLB and GWLB: 10 s, 5 s, 2). ALB and CLB probe one after the other (2 s,
/// 5 s, 3): the vendor's window T n + P (n-1) = 19 s, and up to one interval before its first probe.
/// Good probes answer at once: P (n-1) and up to one interval.
const fn probing(product: Product) -> [Default; 2] {
    const PROBES: Basis = Basis { source: "default probes of the product's pages", mark: "D" };
    match product {
        Product::Nlb | Product::Gwlb => [
            ("{ uniform = { low = \"15 s\", high = \"25 s\" } }", PROBES),
            ("{ uniform = { low = \"10 s\", high = \"20 s\" } }", PROBES),
        ],
        Product::Alb | Product::Clb => [
            ("{ uniform = { low = \"19 s\", high = \"21 s\" } }", PROBES),
            ("{ uniform = { low = \"4 s\", high = \"6 s\" } }", PROBES),
        ],
    }
}

impl Kind for LoadBalancer {
    const NAME: &'static str = "load_balancer";
    const DOC: &'static str = "NLB, ALB, CLB or GWLB: bandwidth, connections and CPS per zone";
    const FAILS: bool = true;
    const PATH: bool = true;
    const CAPACITY: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        let product = r.req_word("type", PRODUCTS);
        let zones = r.req_references("zones", &["zone"]);
        let backend = r.req_reference("backend", &["backend"]);
        let listing = Listing::read(r);
        let known = product.unwrap_or(Product::Nlb);
        let [width, slots, opening] = capacities(known);
        let bandwidth = r.param::<Above0<Rate>>("bandwidth", width.0, width.1);
        let connections = r.param::<u64>("connections", slots.0, slots.1);
        let new_connections = r.param::<PerSecond>("new_connections", opening.0, opening.1);
        let (spread, basis) = spreading(known);
        let cross_zone = r.param::<bool>("cross_zone", spread, basis);
        let [down, up] = probing(known);
        // Backends of one zone are not chosen among: the probes are then no assumption.
        let detect = match cross_zone {
            Some(true) => r.param::<Law<Span>>("detect", down.0, down.1),
            _ => r.quiet::<Law<Span>>("detect", down.0),
        };
        let detect_up = match cross_zone {
            Some(true) => r.param::<Law<Span>>("detect_up", up.0, up.1),
            _ => r.quiet::<Law<Span>>("detect_up", up.0),
        };
        let record_ttl = r.opt("record_ttl");
        let negative_ttl = r.opt("negative_ttl");
        let resolver = r.reference("resolver", RESOLVING);
        Some(Self {
            product: product?,
            zones: zones?,
            backend: backend?,
            listing,
            bandwidth: bandwidth?.0,
            connections: connections?,
            new_connections: new_connections?.0,
            cross_zone: cross_zone?,
            detect: [detect?.dist, detect_up?.dist],
            record_ttl,
            negative_ttl,
            resolver,
        })
    }

    fn check(thing: &Thing<Self>, specs: &Specs, cx: &Context) {
        let spec = &thing.spec;
        let Some(backend) = specs.backend.get(&spec.backend.name) else { return };
        for zone in spec.zones.iter().filter(|_| !spec.cross_zone) {
            if !backend.spec.zones.iter().any(|z| z.name == zone.name) {
                let message = format!(
                    "zone `{}` of the load balancer has no backend in `{}`",
                    zone.name, spec.backend.name
                );
                cx.complain(
                    Diagnostic::error("zone", zone.place, message)
                        .also(backend.place, "the backend")
                        .help("add the zone to the backend, or set cross_zone = true"),
                );
            }
        }
        if let [only] = &spec.zones[..] {
            let message = format!("`{}` is in one zone only", thing.full());
            cx.complain(
                Diagnostic::warning("P-29", only.place, message)
                    .label("no other zone can take over")
                    .reason("service resources should span zones (PrivateLink overview)")
                    .help("add a second zone"),
            );
        }
    }

    fn lower(thing: &Thing<Self>, l: &mut Lowering<'_>) -> Fragment {
        let spec = &thing.spec;
        let branch = |zone: &Ref, l: &mut Lowering<'_>| {
            let way = way_into(zone, format!("{}.zone-{}.delay", thing.full(), zone.name), l);
            let hops = std::iter::once(way).chain(hops_in(thing, zone, l)).collect();
            Branch {
                name: zone.name.clone(),
                weight: 1.0,
                place: Some(l.place(&zone.name)),
                hops,
                watches: vec![l.component(&zone.full()), l.component(&thing.full())],
                listed: true,
                tier: 0,
            }
        };
        let branches = spec.zones.iter().map(|zone| branch(zone, l)).collect();
        let resolver = spec.resolver.as_ref().and_then(|r| answering(r, l));
        // Only a load balancer that is called by its own name has records to assume anything of.
        let mut kept = |key: &str, given: Option<Span>, default: Span, basis: Basis| {
            if given.is_none() {
                l.assume(&format!("{}.{key}", thing.full()), &default.to_string(), basis);
            }
            given.unwrap_or(default)
        };
        let ttl = kept("record_ttl", spec.record_ttl, Span::from_secs(60), ANALOGUE_TTL);
        let negative_ttl =
            kept("negative_ttl", spec.negative_ttl, Span::from_secs(10), NEGATIVE_CACHE);
        let id = l.selector(Selector {
            name: format!("{}.name", thing.full()),
            role: "dns".into(),
            policy: Policy::Random,
            branches,
            belief: Belief::Watched(health_check(&spec.detect)),
            naming: Some(Naming { resolver, ttl, shared_cache: None, negative_ttl }),
            headline: true,
        });
        Fragment::of(vec![Hop::Selector(id)])
    }
}

fn health_check([down, up]: &[Dist; 2]) -> Detector {
    Detector {
        label: "health check".into(),
        detect_down: down.clone(),
        detect_up: up.clone(),
        propagate: Dist::constant(0.0),
    }
}

impl Thing<LoadBalancer> {
    /// Whether it has a share in a zone.
    pub(crate) fn is_in(&self, zone: &str) -> bool {
        self.spec.zones.iter().any(|z| z.name == zone)
    }
}

/// The queue before a limit on a rate: what arrives within a second of it waits, more is turned
/// away. (Connections beyond a limit are dropped, not queued; without any queue a burst of two
/// would count as beyond it.)
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
pub(crate) fn a_second_of(per_second: f64) -> u64 {
    (per_second.ceil() as u64).max(1)
}

/// How many connections there may be, and how many new ones a second: those beyond are refused. One that
/// rests for `idle` loses its place.
pub(super) fn admission(
    name: &str,
    connections: u64,
    new_connections: f64,
    idle: Option<Span>,
    needs: Vec<ComponentId>,
    l: &mut Lowering<'_>,
) -> Vec<Hop> {
    let pool = l.pool(Pool {
        name: format!("{name}.connections"),
        units: connections,
        on_full: OnFull::Refuse,
        hold_after: Span::ZERO,
        idle,
        scope: Scope::Connection,
        lack: Lack::Slot,
    });
    let opening = l.station(Station {
        name: format!("{name}.new-connections"),
        servers: Servers::Count(1),
        service: Dist::constant(1e9 / new_connections),
        queue: Some(a_second_of(new_connections)),
        timeout: None,
        scope: Scope::Connection,
        needs,
    });
    vec![Hop::Pool(pool), Hop::Station(opening)]
}

/// The load balancer's share in one zone, and the backend behind it.
pub(crate) fn hops_in(thing: &Thing<LoadBalancer>, zone: &Ref, l: &mut Lowering<'_>) -> Vec<Hop> {
    let name = format!("{}.zone-{}", thing.full(), zone.name);
    l.part(&name, |l| {
        let spec = &thing.spec;
        let needs = vec![l.component(&zone.full()), l.component(&thing.full())];
        let mut hops =
            admission(&name, spec.connections, spec.new_connections, None, needs.clone(), l);
        let link = l.link(Link {
            name: format!("{name}.link"),
            role: "load balancer".into(),
            capacity: Capacity::Fixed(spec.bandwidth),
            // The figure of NLB is "in + out".
            duplex: match spec.product {
                Product::Nlb => Duplex::Half,
                _ => Duplex::Full,
            },
            needs,
            headline: true,
        });
        l.carries(&thing.full(), link, 1.0);
        hops.push(Hop::Link(link));
        let backend: &Thing<Backend> = &l.specs.backend[&spec.backend.name];
        match spec.cross_zone {
            false => hops.extend(behind(spec, backend, Some(zone), l)),
            true => hops.push(spread(spec, backend, zone, &name, l)),
        }
        if spec.product == Product::Gwlb {
            hops.push(Hop::Against(link));
        }
        hops
    })
}

/// The backend in a zone. Appliances behind a GWLB hand on what they receive, so that the bytes of
/// each direction cross their network cards (and the GWLB) in both.
fn behind(
    spec: &LoadBalancer,
    backend: &Thing<Backend>,
    zone: Option<&Ref>,
    l: &mut Lowering<'_>,
) -> Vec<Hop> {
    let mut hops = backend::hops_in(backend, zone, l);
    if spec.product == Product::Gwlb {
        let out = hops.iter().filter_map(|hop| match *hop {
            Hop::Link(id) => Some(Hop::Against(id)),
            _ => None,
        });
        let out: Vec<Hop> = out.collect();
        hops.extend(out);
    }
    hops
}

/// The choice among the backend's zones.
fn spread(
    spec: &LoadBalancer,
    backend: &Thing<Backend>,
    from: &Ref,
    name: &str,
    l: &mut Lowering<'_>,
) -> Hop {
    let zones: Vec<Option<&Ref>> = match backend.spec.zones.is_empty() {
        true => vec![None],
        false => backend.spec.zones.iter().map(Some).collect(),
    };
    let branch = |zone: Option<&Ref>, l: &mut Lowering<'_>| {
        let way = zone.map(|zone| way_between(&from.name, &zone.name, l));
        // Back from an appliance it is as far as to it.
        let back = way.filter(|_| spec.product == Product::Gwlb);
        let there = behind(spec, backend, zone, l);
        Branch {
            name: zone.map_or("all", |z| z.name.as_str()).to_owned(),
            weight: 1.0,
            place: zone.map(|z| l.place(&z.name)),
            hops: way.into_iter().chain(there).chain(back).collect(),
            watches: backend::watched(backend, zone, l),
            listed: true,
            tier: 0,
        }
    };
    let branches = zones.into_iter().map(|zone| branch(zone, l)).collect();
    Hop::Selector(l.selector(Selector {
        name: format!("{name}.targets"),
        role: "load balancer".into(),
        policy: Policy::Random,
        branches,
        belief: Belief::Watched(health_check(&spec.detect)),
        naming: None,
        headline: false,
    }))
}

#[cfg(test)]
mod tests {
    use crate::scenario::testing::{ZONES, codes, lowered};

    fn balancer(keys: &str) -> String {
        format!("{ZONES}[load_balancer.lb]\nbackend = \"app\"\n{keys}\n")
    }

    #[test]
    fn documented_limits_per_zone() {
        // NLB: 50 Gbps, 5,000,000 connections, 200,000 new/s (5 us each). CLB: 5 Gbps, 1,000,000,
        // 100,000 new/s (10 us each). ALB: 250,000 connections.
        let tree = |product: &str| {
            let keys = format!("type = \"{product}\"\nzones = [\"a\", \"b\"]");
            lowered(&balancer(&keys), "\"load_balancer.lb\"")
        };
        let nlb = tree("nlb");
        assert!(nlb.contains("zone-a.link: 50 Gbps") && nlb.contains(": 5000000 slots"), "{nlb}");
        assert!(nlb.contains("1 x 5 us per connection"), "{nlb}");
        assert!(!nlb.contains("targets"), "NLB stays in its zone unless told otherwise");
        let clb = tree("clb");
        assert!(clb.contains("zone-a.link: 5 Gbps") && clb.contains(": 1000000 slots"), "{clb}");
        assert!(
            clb.contains("1 x 10 us per connection") && clb.contains("down 19 s..21 s"),
            "{clb}"
        );
        assert!(tree("alb").contains(": 250000 slots per connection, refuse"));
    }

    #[test]
    fn complaints() {
        let path = "\"load_balancer.lb\"";
        let one = balancer("type = \"nlb\"\nzones = [\"a\"]");
        assert_eq!(codes(&one, path), ["P-29"]);
        let elsewhere = one.replace("zones = [\"a\", \"b\", \"c\"]", "zones = [\"b\"]");
        assert!(codes(&elsewhere, path).contains(&"zone".to_owned()));
    }
}
