//! A route table of a VPC: which traffic goes through a Gateway Load Balancer endpoint.
//!
//! | fact | value | source |
//! |---|---|---|
//! | a GWLB endpoint is configured as next hop in a route table | | P-09 (001) |
//! | who points a route to another zone when one is lost, and how fast | no document says | P-09 |
//!
//! ```text
//! [route_table.inspected]
//! vpc = "app"
//! routes = [{ to = "0.0.0.0/0", next_hop = "endpoint.firewall" }]
//! failover = "2 min"
//! ```
//!
//! A path names the endpoint where connections go through it, and is run as written; `check` holds the
//! two against each other, and warns of a workload of the VPC that bypasses the endpoint. Routes lead
//! clients to the network card of their own zone. Without `failover` they stay as they are: who is sent
//! to a lost zone waits for its repair. Tables that lead through one endpoint fail over alike. Leaves
//! out: other next hops, longest prefixes.

use super::{Kind, Specs, Thing};
use crate::random::Dist;
use crate::scenario::cidr::Cidr;
use crate::scenario::context::{Context, Ref};
use crate::scenario::diagnostic::{Diagnostic, Place};
use crate::scenario::law::Law;
use crate::scenario::reader::Reader;
use crate::units::Span;

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct RouteTable {
    pub(crate) vpc: Ref,
    pub(crate) routes: Vec<Route>,
    /// From the loss of a zone, or its return, to routes that lead elsewhere, or back.
    pub(crate) failover: Option<Dist>,
    failover_place: Place,
}

/// Where traffic to a block goes.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) to: Cidr,
    pub(crate) next_hop: Ref,
}

impl Kind for RouteTable {
    const NAME: &'static str = "route_table";
    const DOC: &'static str = "routes of a VPC: what goes through a GWLB endpoint";

    fn read(r: &Reader<'_>) -> Option<Self> {
        let vpc = r.req_reference("vpc", &["vpc"]);
        let failover = r.opt::<Law<Span>>("failover").map(|law| law.dist);
        let failover_place = r.place_of("failover");
        let example = "[{ to = \"0.0.0.0/0\", next_hop = \"endpoint.firewall\" }]";
        let node = r.req_node("routes", example)?;
        let mut routes = Vec::new();
        let mut blocks: Vec<Cidr> = Vec::new();
        for item in r.list(node) {
            let Some(r) = Reader::of(r.cx, item, &format!("{}.routes", r.path)) else { continue };
            let to = r.req::<Cidr>("to");
            if let Some(to) = to.filter(|to| blocks.contains(to)) {
                let message = format!("there are two routes to {to}");
                let complaint = Diagnostic::error("duplicate", r.place_of("to"), message);
                r.cx.complain(complaint.label("a block has one next hop"));
            }
            blocks.extend(to);
            let next_hop = r.req_reference("next_hop", &["endpoint"]);
            routes.extend(to.zip(next_hop).map(|(to, next_hop)| Route { to, next_hop }));
            r.done();
        }
        Some(Self { vpc: vpc?, routes, failover, failover_place })
    }

    fn check(thing: &Thing<Self>, specs: &Specs, cx: &Context) {
        const WHY: &str =
            "a GWLB endpoint is the next hop in a route table of its VPC (PrivateLink overview)";
        for hop in thing.spec.next_hops() {
            let Some(endpoint) = specs.endpoint.get(&hop.name) else { continue };
            agree(thing, hop, specs, cx);
            if !endpoint.is_inline(specs) {
                let message = format!("`{}` cannot be a next hop", endpoint.full());
                cx.complain(
                    Diagnostic::error("P-09", hop.place, message)
                        .also(endpoint.place, "no endpoint of a GWLB")
                        .reason(WHY)
                        .help("name an endpoint whose service is of GWLB, or call it by its name"),
                );
            }
            if let Some(vpc) = endpoint.spec.vpc.as_ref().filter(|v| v.name != thing.spec.vpc.name)
            {
                let message = format!(
                    "`{}` is in VPC `{}`, the route table in `{}`",
                    endpoint.full(),
                    vpc.name,
                    thing.spec.vpc.name
                );
                cx.complain(
                    Diagnostic::error("P-09", hop.place, message)
                        .also(vpc.place, "the endpoint's VPC")
                        .reason(WHY)
                        .help("put the endpoint into the VPC whose traffic goes through it"),
                );
            }
        }
        movable(thing, specs, cx);
    }
}

impl RouteTable {
    fn next_hops(&self) -> impl Iterator<Item = &Ref> {
        self.routes.iter().map(|route| &route.next_hop)
    }
}

/// All who go through an endpoint follow one choice, so that its tables move alike.
fn agree(thing: &Thing<RouteTable>, hop: &Ref, specs: &Specs, cx: &Context) {
    let mut leading = specs.route_table.values().filter(|table| table.leads_through(&hop.name));
    let Some(first) = leading.next().filter(|first| first.name != thing.name) else { return };
    if first.spec.failover == thing.spec.failover {
        return;
    }
    let place = match thing.spec.failover {
        Some(_) => thing.spec.failover_place,
        None => hop.place,
    };
    let message = format!("`{}` and `{}` do not fail over alike", first.full(), thing.full());
    let others = first.spec.failover.as_ref().map_or(first.place, |_| first.spec.failover_place);
    cx.complain(
        Diagnostic::error("P-09", place, message)
            .label(format!("both lead through `{}`", hop.full()))
            .also(others, "the other one")
            .reason(
                "the routes through a GWLB endpoint are modelled as one choice among its network \
                 cards; who moves them, and how fast, no document says (PrivateLink overview)",
            )
            .help("write the same `failover` in both, or in neither"),
    );
}

/// A failover moves routes from one network card to another.
fn movable(thing: &Thing<RouteTable>, specs: &Specs, cx: &Context) {
    if thing.spec.failover.is_none() {
        return;
    }
    let mut endpoints = thing.spec.next_hops().filter_map(|h| specs.endpoint.get(&h.name));
    if endpoints.any(|e| e.zones_ever(specs).len() > 1) {
        return;
    }
    let message = format!("`failover` of `{}` has nothing to move", thing.full());
    cx.complain(
        Diagnostic::error("P-09", thing.spec.failover_place, message)
            .label("no route leads through an endpoint of several zones")
            .reason(
                "a GWLB endpoint has a network card in each of its zones, and routes move from one \
                 to another (PrivateLink overview)",
            )
            .help("add a zone to the endpoint, or leave this out"),
    );
}

impl Thing<RouteTable> {
    /// Whether one of its routes leads through an endpoint.
    pub(crate) fn leads_through(&self, endpoint: &str) -> bool {
        self.spec.next_hops().any(|hop| hop.name == endpoint)
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::testing::{ZONES, codes};

    #[test]
    fn complaints() {
        let seen = |routes: &str| {
            let text =
                format!("{ZONES}[vpc.v]\nregion = \"r\"\n[route_table.t]\nvpc = \"v\"\n{routes}\n");
            codes(&text, "\"backend.app\"")
        };
        assert!(seen("routes = []").is_empty());
        assert_eq!(seen(""), ["missing-key"]);
        let all = "to = \"0.0.0.0/0\"";
        assert_eq!(seen(&format!("routes = [{{ {all} }}]")), ["missing-key"]);
        assert_eq!(
            seen(&format!("routes = [{{ {all}, next_hop = \"endpoint.e\" }}]")),
            ["unknown-name"]
        );
        let twice = "routes = [{ to = \"10.0.0.0/8\" }, { to = \"10.1.0.0/8\" }]";
        assert!(seen(twice).contains(&"duplicate".to_owned()));
    }
}
