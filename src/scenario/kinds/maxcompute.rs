//! MaxCompute's way out: every outside access runs through a proxy layer.
//!
//! | fact | value | source |
//! |---|---|---|
//! | all outside access runs through the proxy | | M-02 (000) |
//! | connectivity is guaranteed, bandwidth is not | | M-27 |
//! | forwarding is limited; too many connections fail | no figure | M-28, M-29 |
//! | the proxy has few egress addresses | no figure | M-33 |
//! | source ports per address and destination | 55,000 | NAT gateway "Limits" (B) |
//! | many concurrent lookups overwhelm DNS; resolve once | | M-41, M-42 |
//!
//! ```text
//! worker ─> name ─> [ pool: connections ] ─> address by hash ─> [ pool: its ports, held after close ]
//!        ─> [ station: new connections/s ] ─> [ station: forwarding ] ─> [ link: random bandwidth ] ─>
//! ```
//!
//! Stands first on a path, before what is called: `["maxcompute.etl", "backend.db"]`. Ports are those
//! of an address and a destination (`maxcompute/egress.rs`, also what changes of addresses do). With
//! `resolver`, the target's name is asked for there before each new connection, as `names` of the
//! workload says. Reruns (M-37) and their duplicates (M-38) are the workload's: `arrivals = { job }`.
//! With a solution that leads in, it stands last on a path and serves, as a backend does.

use super::load_balancer::a_second_of;
use super::pool::on_full;
use super::selector::{NEGATIVE_CACHE, RESOLVING, answering};
use super::{Kind, Thing};
use crate::plan::{
    Belief, Branch, Capacity, Duplex, Hop, Lack, Link, Naming, OnFull, Policy, Pool, Scope,
    Selector, Servers, Station,
};
use crate::random::Dist;
use crate::scenario::context::{Ref, Step};
use crate::scenario::law::Law;
use crate::scenario::lowering::{Fragment, Lowering};
use crate::scenario::read::{Above0, PerSecond};
use crate::scenario::reader::{Basis, Reader};
use crate::units::{Rate, Span};

mod allow;
pub(crate) mod connection;
pub(crate) mod egress;

use connection::{Connection, Served, Solution};
use egress::Egress;

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct MaxCompute {
    pub(crate) connection: Connection,
    /// What is called, if the solution leads in; the proxy's keys are then those of none.
    served: Option<Served>,
    pub(crate) connections: u64,
    on_full: OnFull,
    pub(crate) egress: Egress,
    /// How long a ticket takes, ns.
    review: Dist,
    pub(crate) new_connections: f64,
    forwarding: f64,
    bandwidth: Dist,
    redraw: Span,
    record_ttl: Span,
    negative_ttl: Span,
    resolver: Option<Ref>,
}

const FREE: Basis = Basis { source: "not published (M-28); a free parameter to sweep", mark: "D" };
const NO_PROMISE: Basis =
    Basis { source: "bandwidth is not guaranteed (M-27); a band to sweep", mark: "D" };
const RECORD: Basis = Basis { source: "PrivateZone default TTL", mark: "A" };

impl Kind for MaxCompute {
    const NAME: &'static str = "maxcompute";
    const DOC: &'static str =
        "MaxCompute's egress proxy: connections, ports, forwarding, bandwidth";
    const FAILS: bool = true;
    const PATH: bool = true;
    const CAPACITY: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        let connection = Connection::read(r);
        if connection.leads_in() {
            return Served::read(r).map(|served| Self::called(connection, served));
        }
        Served::refuse(r, connection.solution.as_ref().map(|s| s.value));
        let connections = r.param::<u64>("connections", "50000", FREE);
        let on_full = match r.node("on_full") {
            Some(node) => on_full(node, r.cx),
            None => Some(OnFull::Refuse),
        };
        let egress = Egress::read(r);
        let review = allow::review(r, connection.has_tickets());
        let new_connections = r.param::<PerSecond>("new_connections", "5000/s", FREE);
        let forwarding = r.param::<PerSecond>("forwarding", "20000/s", FREE);
        let band = "{ uniform = { low = \"5 Gbps\", high = \"10 Gbps\" } }";
        let bandwidth = r.param::<Law<Rate>>("bandwidth", band, NO_PROMISE);
        let redraw = r.param::<Above0<Span>>("bandwidth_every", "1 min", NO_PROMISE);
        let resolver = r.reference("resolver", RESOLVING);
        let record_ttl = match resolver.is_some() || r.has("record_ttl") {
            true => r.param::<Span>("record_ttl", "60 s", RECORD),
            false => Some(Span::ZERO),
        };
        let negative_ttl = match resolver.is_some() || r.has("negative_ttl") {
            true => r.param::<Span>("negative_ttl", "10 s", NEGATIVE_CACHE),
            false => Some(Span::ZERO),
        };
        Some(Self {
            connection,
            served: None,
            connections: connections?,
            on_full: on_full?,
            egress: egress?,
            review: review?,
            new_connections: new_connections?.0,
            forwarding: forwarding?.0,
            bandwidth: bandwidth?.dist,
            redraw: redraw?.0,
            record_ttl: record_ttl?,
            negative_ttl: negative_ttl?,
            resolver,
        })
    }

    fn lower(thing: &Thing<Self>, l: &mut Lowering<'_>) -> Fragment {
        let (spec, name) = (&thing.spec, thing.full());
        if let Some(served) = &spec.served {
            return served.lower(&name, l);
        }
        let needs = vec![l.component(&name)];
        egress::announce(thing, l);
        let slots = Pool {
            name: format!("{name}.connections"),
            units: spec.connections,
            on_full: spec.on_full.clone(),
            hold_after: Span::ZERO,
            idle: None,
            scope: Scope::Connection,
            lack: Lack::Slot,
        };
        let station = |part: &str, per_second: f64, scope| Station {
            name: format!("{name}.{part}"),
            servers: Servers::Count(1),
            service: Dist::constant(1e9 / per_second),
            queue: Some(a_second_of(per_second)),
            timeout: None,
            scope,
            needs: needs.clone(),
        };
        let opening = station("new-connections", spec.new_connections, Scope::Connection);
        let forwarding = station("forwarding", spec.forwarding, Scope::Request);
        let link = Link {
            name: format!("{name}.bandwidth"),
            role: "proxy".into(),
            capacity: match spec.bandwidth {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a constant rate came from whole bits per second"
                )]
                Dist::Constant { value } => Capacity::Fixed(Rate::from_bps(value as u64)),
                _ => Capacity::Random { law: spec.bandwidth.clone(), every: spec.redraw },
            },
            duplex: Duplex::Full,
            needs: needs.clone(),
            headline: true,
        };
        let mut hops: Vec<Hop> = asking(spec, &name, l).into_iter().collect();
        hops.extend(spec.connection.card(l));
        hops.push(Hop::Pool(l.pool(slots)));
        hops.push(Hop::Station(l.station(opening)));
        hops.push(Hop::Station(l.station(forwarding)));
        let link = l.link(link);
        l.carries(&name, link, 1.0);
        hops.push(Hop::Link(link));
        Fragment::of(hops)
    }
}

impl MaxCompute {
    /// Whether targets see a network card in a VPC, and not the proxy's addresses.
    fn is_in_a_vpc(&self) -> bool {
        self.connection.is(Solution::Vpc)
    }

    /// Source ports to one destination, over all egress addresses, and how long a closed connection
    /// keeps its own.
    pub(crate) const fn ports(&self) -> (u64, Span) {
        self.egress.all_ports()
    }

    /// One that others come in to, through no proxy.
    const fn called(connection: Connection, served: Served) -> Self {
        Self {
            connection,
            served: Some(served),
            connections: 0,
            on_full: OnFull::Refuse,
            egress: Egress::none(),
            review: Dist::Constant { value: 0.0 },
            new_connections: 0.0,
            forwarding: 0.0,
            bandwidth: Dist::Constant { value: 0.0 },
            redraw: Span::ZERO,
            record_ttl: Span::ZERO,
            negative_ttl: Span::ZERO,
            resolver: None,
        }
    }
}

/// The hops of a path through it: what all share, and the ports of the proxy's addresses to the end of
/// the path.
pub(super) fn through(name: &str, after: &[Step], l: &mut Lowering<'_>) -> Vec<Hop> {
    let mut hops = l.fragment(MaxCompute::NAME, name, false).hops;
    let thing = &l.specs.maxcompute[name];
    if thing.spec.served.is_some() {
        return hops;
    }
    let gate = allow::gate(thing, after, l);
    let ports = gate.into_iter().chain(egress::ports(thing, after, l));
    // After the connection's slot: who finds none takes no port.
    let at = hops.iter().position(|h| matches!(h, Hop::Pool(_))).map_or(hops.len(), |i| i + 1);
    let ports: Vec<_> = ports.collect();
    hops.splice(at..at, ports);
    hops
}

/// The target's name: a choice of one, so that it is asked for and cached like any other.
fn asking(spec: &MaxCompute, name: &str, l: &mut Lowering<'_>) -> Option<Hop> {
    let resolver = answering(spec.resolver.as_ref()?, l);
    let target = Branch {
        name: "target".into(),
        weight: 1.0,
        place: None,
        hops: Vec::new(),
        watches: Vec::new(),
        listed: true,
        tier: 0,
    };
    Some(Hop::Selector(l.selector(Selector {
        name: format!("{name}.name"),
        role: "dns".into(),
        policy: Policy::Random,
        branches: vec![target],
        belief: Belief::Blind,
        naming: Some(Naming {
            resolver,
            ttl: spec.record_ttl,
            shared_cache: None,
            negative_ttl: spec.negative_ttl,
        }),
        headline: false,
    })))
}

#[cfg(test)]
mod tests {
    use crate::scenario::testing::{assumed, codes, load, lowered};

    const BACKEND: &str = "[backend.b]\nbandwidth = \"1 Gbps\"\nservice = \"1 ms\"\n";

    #[test]
    fn lowered_network() {
        let keys = "[resolver.r]\n[maxcompute.m]\nsolution = \"vpc\"\negress_ips = 2\nresolver = \"resolver.r\"\n\
                    on_full = { wait = { queue = 10, timeout = \"1 s\" } }\n";
        // 5,000 new/s are 200 us each, 20,000 requests/s 50 us.
        let tree = lowered(&format!("{BACKEND}{keys}"), "\"maxcompute.m\", \"backend.b\"");
        assert_eq!(
            tree.split_once("link backend.b").expect("the target").0,
            "choose maxcompute.m.name (dns): random, name ttl 1 min at resolver.r\n  target\n\
             pool maxcompute.m.connections: 50000 slots per connection, wait of 10 for 1 s\n\
             choose maxcompute.m.egress.to.backend.b (egress): hash mod n\n\
             \x20 address-1\n    pool maxcompute.m.ports-1.to.backend.b: 55000 ports per connection, refuse, held 1 min more\n\
             \x20 address-2\n    pool maxcompute.m.ports-2.to.backend.b: 55000 ports per connection, refuse, held 1 min more\n\
             station maxcompute.m.new-connections: 1 x 200 us per connection, queue 5000 [maxcompute.m]\n\
             station maxcompute.m.forwarding: 1 x 50 us per request, queue 20000 [maxcompute.m]\n\
             link maxcompute.m.bandwidth: 5 Gbps..10 Gbps every 1 min [maxcompute.m]\n"
        );
        let seen = assumed(keys, "\"maxcompute.m\"", "maxcompute.m.ports_per_ip");
        assert_eq!(seen, Some(("55000".into(), "D".into())));
    }

    #[test]
    fn ports_are_those_to_what_serves() {
        let keys = format!(
            "{BACKEND}[maxcompute.m]\nsolution = \"vpc\"\negress_ips = 1\n[delay.d]\none_way = \"1 ms\"\n"
        );
        let tree = lowered(&keys, "\"maxcompute.m\", \"backend.b\", \"delay.d\"");
        assert!(tree.contains("pool maxcompute.m.ports.to.backend.b:"), "{tree}");
    }

    #[test]
    fn an_address_that_changes_has_other_ports_and_waits_for_lists() {
        let path = "\"maxcompute.m\", \"backend.b\"";
        let keys = |list: &str| {
            format!(
                "{BACKEND}{list}[maxcompute.m]\nsolution = \"internet\"\negress_ips = 2\n\
                 address_changes = [{{ at = \"1 s\", mended_after = \"5 s\" }}, {{ at = \"9 s\", addresses = 2 }}]\n"
            )
        };
        let listed = keys("allow_list = [\"203.0.113.7\"]\n");
        let tree = lowered(&listed, path);
        // The first address goes at 1 s, then the second and the first again at 9 s.
        assert!(tree.contains(
            "\x20 address-1\n    choose maxcompute.m.ports-1.to.backend.b (egress): first up\n\
             \x20     address-1\n        pool maxcompute.m.ports-1.1.to.backend.b: 55000 ports per connection, refuse, held 1 min more\n\
             \x20     address-2 [maxcompute.m.ports-1.2.to.backend.b]\n"
        ), "{tree}");
        assert_eq!(tree.matches("pool maxcompute.m.ports-").count(), 3 + 2, "{tree}");
        assert!(!lowered(&keys(""), path).contains("address-2 ["), "nothing to wait for");
        let plan = load(&listed, path).unwrap().plan;
        let told: Vec<_> =
            plan.faults.iter().map(|f| (f.label.as_str(), f.from.nanos(), f.to.nanos())).collect();
        assert_eq!(
            told,
            [
                ("an egress address of maxcompute.m changes", 1_000_000_000, 6_000_000_000),
                ("2 egress addresses of maxcompute.m change", 9_000_000_000, u64::MAX),
            ]
        );
    }

    #[test]
    fn complaints_about_changes_of_addresses() {
        let seen = |keys: &str| {
            let text =
                format!("{BACKEND}[maxcompute.m]\nsolution = \"vpc\"\negress_ips = {keys}\n");
            codes(&text, "\"maxcompute.m\", \"backend.b\"")
        };
        let of = |changes: &str| seen(&format!("2\naddress_changes = [{changes}]"));
        assert_eq!(of("{ at = \"1 s\" }"), seen("2"));
        assert_eq!(of("{ at = \"1 s\", addresses = 3 }"), ["range"]);
        assert_eq!(of("{ at = \"1 s\" }, { at = \"1 s\" }"), ["duplicate"]);
        assert_eq!(of("{ addresses = 1 }"), ["missing-key"]);
        assert_eq!(seen("251"), ["range"]);
        let often = |n: usize| {
            let all: Vec<_> = (1..=n).map(|i| format!("{{ at = \"{i} ms\" }}")).collect();
            seen(&format!("1\naddress_changes = [{}]", all.join(", ")))
        };
        assert_eq!(often(249), seen("1"));
        assert_eq!(often(250), ["range"]);
        assert_eq!(of("{ at = \"2 h\" }"), ["change"]);
    }

    #[test]
    fn complaints_about_what_goes_through_it() {
        let seen = |keys: &str| {
            let path = format!("\"maxcompute.m\"]\n{keys}\nzones = [");
            codes("[maxcompute.m]\nsolution = \"vpc\"\nconnections = 10\n", &path)
        };
        assert!(seen("").is_empty());
        assert_eq!(seen("connections = { reuse = false }"), ["M-30"]);
        assert_eq!(seen("idempotent = false"), ["M-38"]);
        assert_eq!(seen("clients = 6\nconnections = { per_client = 2 }"), ["M-29"]);
    }
}
