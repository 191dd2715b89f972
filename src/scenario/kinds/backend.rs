//! What serves requests in the end: application servers or a database, in zones or on premises.
//!
//! An endpoint's bandwidth covers its network card only: the backend decides the full link (P-38).
//!
//! ```text
//! ──> [ link: bandwidth ] ──> ( queue ) [ servers x service ] ──>      once per zone
//! ```
//!
//! `servers`, `queue` and `bandwidth` are those of each zone. Without `zones` there is one of it,
//! outside every zone. `public`, `vpc`, `port`, `security_group`, `allow_list`, `address`, `type`,
//! `endpoint` and `restricted` say who may call it, and how; `reach` is its class among services of the
//! cloud (C-01 of 004): in a VPC, in the cloud's own block 100.64.0.0/10, or public only. On a path of
//! its own, a backend with several zones is called in a zone at random; put a load balancer before it
//! for health checks. Leaves out: what the servers do.

use std::fmt;

use super::station::Serving;
use super::{Kind, Thing};
use crate::plan::{Belief, Branch, Capacity, Duplex, Hop, Link, Policy, Scope, Selector};
use crate::random::Dist;
use crate::scenario::cidr::Cidr;
use crate::scenario::context::Ref;
use crate::scenario::host::Host;
use crate::scenario::law::Law;
use crate::scenario::lowering::{Fragment, Lowering};
use crate::scenario::read::{Above0, Port, Read};
use crate::scenario::reader::{Given, Reader};
use crate::scenario::tree::Value;
use crate::units::{Rate, Span};

/// Who may call it: what rules about services that call it compare.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    /// It is on the Internet.
    pub(crate) public: bool,
    pub(crate) vpc: Option<Ref>,
    pub(crate) port: Option<u16>,
    pub(crate) security_group: Option<Ref>,
    pub(crate) allow_list: Option<Given<Vec<Given<Cidr>>>>,
    /// What its callers call.
    pub(crate) address: Option<Given<Host>>,
    /// What it is, if it is a service of the cloud.
    pub(crate) product: Option<Given<Product>>,
    /// Which of its names its callers use.
    pub(crate) endpoint: Option<Given<Names>>,
    /// Its administrator keeps callers from the Internet away.
    pub(crate) restricted: Option<Given<Restriction>>,
    /// Where the cloud's network has it.
    pub(crate) reach: Option<Given<Reach>>,
}

/// Classes of the cloud's services, by their addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// In a VPC, with an address there.
    Vpc,
    /// In the cloud's own block, 100.64.0.0/10.
    Service,
    /// With public addresses only.
    Public,
}

const REACHES: &[(&str, Reach)] =
    &[("100.64", Reach::Service), ("public", Reach::Public), ("vpc", Reach::Vpc)];

/// Services of the cloud that documents tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Product {
    Dlf,
    Hadoop,
    HBase,
    Hologres,
    Oss,
    Rds,
    Tablestore,
}

/// By word, sorted.
const PRODUCTS: &[(&str, Product)] = &[
    ("dlf", Product::Dlf),
    ("hadoop", Product::Hadoop),
    ("hbase", Product::HBase),
    ("hologres", Product::Hologres),
    ("oss", Product::Oss),
    ("rds", Product::Rds),
    ("tablestore", Product::Tablestore),
];

/// The names that a service of the cloud has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// Of the classic network.
    Classic,
    Internal,
    Public,
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAMES.iter().find(|(_, n)| n == self).map_or("", |(word, _)| *word))
    }
}

const NAMES: &[(&str, Names)] =
    &[("classic", Names::Classic), ("internal", Names::Internal), ("public", Names::Public)];

/// How long callers from the Internet are kept away.
#[derive(Clone, Debug)]
pub(crate) struct Restriction {
    /// From the start of the run until the administrator lifts it, ns; none for ever.
    pub(crate) lifted_after: Option<Dist>,
}

/// `restricted = true`, or `restricted = { lifted_after = "2 h" }`.
fn restriction(r: &Reader<'_>) -> Option<Given<Restriction>> {
    let node = r.node("restricted")?;
    let value = match node.value {
        Value::Table(_) => {
            let r = r.table("restricted")?;
            let law = r.req::<Law<Span>>("lifted_after");
            r.done();
            Restriction { lifted_after: Some(law?.dist) }
        }
        _ => bool::read(node, r.cx)?.then_some(Restriction { lifted_after: None })?,
    };
    Some(Given { value, place: node.place })
}

impl Door {
    fn read(r: &Reader<'_>) -> Self {
        let place = r.place_of("allow_list");
        let list = r.several::<Cidr>("allow_list");
        Self {
            public: r.or("public", false),
            vpc: r.reference("vpc", &["vpc"]),
            port: r.opt::<Port>("port").map(|port| port.0),
            security_group: r.reference("security_group", &["security_group"]),
            allow_list: r.has("allow_list").then_some(Given { value: list, place }),
            address: r.given("address"),
            product: r.given_word("type", PRODUCTS),
            endpoint: r.given_word("endpoint", NAMES),
            restricted: restriction(r),
            reach: r.given_word("reach", REACHES),
        }
    }
}

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Backend {
    pub(crate) zones: Vec<Ref>,
    pub(crate) door: Door,
    bandwidth: Rate,
    serving: Serving,
}

impl Kind for Backend {
    const NAME: &'static str = "backend";
    const DOC: &'static str = "what serves requests in the end: servers or a database";
    const FAILS: bool = true;
    const PATH: bool = true;
    const CAPACITY: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        let zones = r.references("zones", &["zone"]);
        let door = Door::read(r);
        let bandwidth = r.req::<Above0<Rate>>("bandwidth");
        let serving = Serving::read(r);
        Some(Self { zones, door, bandwidth: bandwidth?.0, serving: serving? })
    }

    fn lower(thing: &Thing<Self>, l: &mut Lowering<'_>) -> Fragment {
        let zones = &thing.spec.zones;
        if zones.len() <= 1 {
            return Fragment::of(hops_in(thing, zones.first(), l));
        }
        let branch = |zone: &Ref, l: &mut Lowering<'_>| Branch {
            name: zone.name.clone(),
            weight: 1.0,
            place: Some(l.place(&zone.name)),
            hops: hops_in(thing, Some(zone), l),
            watches: watched(thing, Some(zone), l),
            listed: true,
            tier: 0,
        };
        let branches = zones.iter().map(|zone| branch(zone, l)).collect();
        let id = l.selector(Selector {
            name: format!("{}.zones", thing.full()),
            role: "backend".into(),
            policy: Policy::Random,
            branches,
            belief: Belief::Blind,
            naming: None,
            headline: true,
        });
        Fragment::of(vec![Hop::Selector(id)])
    }
}

/// What must be up for the backend to answer in a zone.
pub(crate) fn watched(
    thing: &Thing<Backend>,
    zone: Option<&Ref>,
    l: &mut Lowering<'_>,
) -> Vec<crate::plan::ComponentId> {
    let own = l.component(&thing.full());
    std::iter::once(own).chain(zone.map(|z| l.component(&z.full()))).collect()
}

impl Backend {
    /// Its bandwidth in all its zones together.
    pub(crate) fn in_all_zones(&self) -> Rate {
        let zones = self.zones.len().max(1) as u64;
        Rate::from_bps(self.bandwidth.bps().saturating_mul(zones))
    }
}

/// The backend's share in one zone.
pub(crate) fn hops_in(
    thing: &Thing<Backend>,
    zone: Option<&Ref>,
    l: &mut Lowering<'_>,
) -> Vec<Hop> {
    let name = match zone {
        Some(zone) => format!("{}.zone-{}", thing.full(), zone.name),
        None => thing.full(),
    };
    l.part(&name, |l| {
        let needs = watched(thing, zone, l);
        let link = l.link(Link {
            name: format!("{name}.link"),
            role: "backend".into(),
            capacity: Capacity::Fixed(thing.spec.bandwidth),
            duplex: Duplex::Full,
            needs: needs.clone(),
            headline: true,
        });
        l.carries(&thing.full(), link, 1.0);
        let station = l.station(thing.spec.serving.station(name.clone(), Scope::Request, needs));
        vec![Hop::Link(link), Hop::Station(station)]
    })
}

#[cfg(test)]
mod tests {
    use crate::scenario::testing::{ZONES, lowered};

    #[test]
    fn one_outside_zones_or_one_per_zone() {
        let alone = "[backend.db]\nbandwidth = \"1 Gbps\"\nservers = 2\nrate = \"100/s\"\n";
        assert_eq!(
            lowered(alone, "\"backend.db\""),
            "link backend.db.link: 1 Gbps [backend.db]\n\
             station backend.db: 2 x 20 ms per request [backend.db]\n"
        );
        let tree = lowered(ZONES, "\"backend.app\"");
        assert!(tree.starts_with(
            "choose backend.app.zones (backend): random\n  a [backend.app, zone.a]\n"
        ));
        assert_eq!(tree.matches("station ").count(), 3);
    }
}
