//! An Internet NAT gateway: the way of a VPC's vSwitches to the Internet, through few addresses.
//!
//! | fact | value | source |
//! |---|---|---|
//! | an EIP is the one public address of all that goes out | | E-18 (002) |
//! | an SNAT entry of a vSwitch holds for all its traffic | | E-19 |
//! | it is in the VPC's region | | E-17 |
//! | switch it off when it is not needed | | E-27 |
//! | connections at once per EIP and destination (address, port) | 55,000 | NAT gateway "Limits" (B) |
//! | connections, new ones a second, bandwidth, pay by usage | 2,000,000; 100,000; 5 Gbps | NAT gateway "Terms" (B) |
//! | bandwidth of an EIP in a pool, pay by traffic | 200 Mbps | NAT gateway (B) |
//! | idle timeout of SNAT | 900 s | NAT gateway "Terms" (B) |
//! | EIPs per gateway, per entry; SNAT entries | 20, 64; 40 | NAT gateway "Limits", quotas (A) |
//! | how long a closed connection keeps its port | no figure | |
//!
//! ```text
//! connection ──> [ pool: connections ][ station: new/s ][ link ] ──> EIP by chance, of the vSwitch's entry
//!     ──> [ pool: ports of (EIP, destination), held after close ][ link: EIP ] ──>
//! ```
//!
//! The destination is the next thing on the path: who calls the same one through the same EIP shares
//! its ports, whatever vSwitch they come from (Z-06). A connection that is left idle beyond the idle
//! timeout loses its slot and its port, and who uses it next is reset. While the gateway is off, no
//! instance that loads its models over the Internet starts up. Leaves out: DNAT, fragments, UDP.

use super::eas::Eas;
use super::load_balancer::admission;
use super::{Kind, Specs, Thing};
use crate::plan::{
    Belief, Branch, Capacity, Change, Duplex, Fault, Hop, Lack, Link, Manner, OnFull, Policy, Pool,
    Scope, Selector, What,
};
use crate::scenario::cidr::Cidr;
use crate::scenario::context::{Context, Ref, Step};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::lowering::{Fragment, Lowering};
use crate::scenario::read::{Above0, Count, PerSecond};
use crate::scenario::reader::{Basis, Given, Reader};
use crate::scenario::tree::Value;
use crate::units::{Rate, Span};

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct NatGateway {
    pub(crate) vpc: Ref,
    pub(crate) eips: Vec<Given<Cidr>>,
    pub(crate) snat: Vec<Entry>,
    ports: u64,
    hold_after: Span,
    connections: u64,
    new_connections: f64,
    bandwidth: Rate,
    eip_bandwidth: Rate,
    pub(crate) idle_timeout: Span,
    /// When it is switched off: from, to.
    pub(crate) off: Vec<(Given<Span>, Span)>,
}

/// An SNAT entry: a vSwitch and the EIPs that it goes out through, all of the gateway's if none is named.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) vswitch: Ref,
    eips: Vec<Given<Cidr>>,
}

const LIMITS: Basis = Basis { source: "NAT gateway: Limits", mark: "B" };
const TERMS: Basis = Basis { source: "NAT gateway: Terms (pay by usage)", mark: "B" };
const EIP: Basis = Basis { source: "EIP in an SNAT pool, pay by traffic", mark: "B" };
const HOLD: Basis = Basis { source: "TIME_WAIT of Linux; not published for NAT", mark: "D" };

impl Kind for NatGateway {
    const NAME: &'static str = "nat_gateway";
    const DOC: &'static str = "an Internet NAT gateway: few addresses for whole vSwitches";
    const FAILS: bool = true;
    const PATH: bool = true;
    const CAPACITY: bool = true;
    const ALWAYS: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        let vpc = r.req_reference("vpc", &["vpc"]);
        let eips = addresses(r, "eips");
        if eips.is_empty() {
            let node = r.req_node("eips", "[\"47.1.1.1\"]");
            if node.is_some_and(|n| matches!(&n.value, Value::List(list) if list.is_empty())) {
                let message = format!("`{}.eips` needs at least one entry", r.path);
                r.cx.complain(Diagnostic::error("range", r.place_of("eips"), message));
            }
        }
        let mut snat = Vec::new();
        for item in r.node("snat").map_or(&[][..], |node| r.list(node)) {
            let Some(r) = Reader::of(r.cx, item, &format!("{}.snat", r.path)) else { continue };
            let vswitch = r.req_reference("vswitch", &["vswitch"]);
            let eips = addresses(&r, "eips");
            r.done();
            snat.extend(vswitch.map(|vswitch| Entry { vswitch, eips }));
        }
        let mut off = Vec::new();
        for item in r.node("off").map_or(&[][..], |node| r.list(node)) {
            let Some(r) = Reader::of(r.cx, item, &format!("{}.off", r.path)) else { continue };
            let (from, to) = (r.req::<Span>("from"), r.or("to", Span::from_nanos(u64::MAX)));
            let place = r.place_of("from");
            r.done();
            off.extend(from.map(|value| (Given { value, place }, to)));
        }
        let ports = r.param::<Count>("ports_per_eip", "55000", LIMITS);
        let hold_after = r.param::<Span>("port_hold", "60 s", HOLD);
        let connections = r.param::<u64>("connections", "2000000", TERMS);
        let new_connections = r.param::<PerSecond>("new_connections", "100000/s", TERMS);
        let bandwidth = r.param::<Above0<Rate>>("bandwidth", "5 Gbps", TERMS);
        let eip_bandwidth = r.param::<Above0<Rate>>("eip_bandwidth", "200 Mbps", EIP);
        let idle_timeout = r.param::<Above0<Span>>("idle_timeout", "900 s", TERMS);
        Some(Self {
            vpc: vpc?,
            eips: Some(eips).filter(|list| !list.is_empty())?,
            snat,
            ports: u64::from(ports?.0),
            hold_after: hold_after?,
            connections: connections?,
            new_connections: new_connections?.0,
            bandwidth: bandwidth?.0,
            eip_bandwidth: eip_bandwidth?.0,
            idle_timeout: idle_timeout?.0,
            off,
        })
    }

    fn check(thing: &Thing<Self>, specs: &Specs, cx: &Context) {
        let spec = &thing.spec;
        for (i, entry) in spec.snat.iter().enumerate() {
            let twin = spec.snat[..i].iter().find(|e| e.vswitch.name == entry.vswitch.name);
            if let Some(first) = twin {
                let message = format!("two SNAT entries for vSwitch `{}`", entry.vswitch.name);
                let complaint = Diagnostic::error("duplicate", entry.vswitch.place, message);
                cx.complain(complaint.also(first.vswitch.place, "the first one"));
            }
            for eip in &entry.eips {
                if !spec.eips.iter().any(|e| e.value == eip.value) {
                    let message = format!("{} is no EIP of `{}`", eip.value, thing.full());
                    cx.complain(
                        Diagnostic::error("address", eip.place, message)
                            .help("name EIPs of the gateway's own `eips`"),
                    );
                }
            }
            let vswitch = specs.vswitch.get(&entry.vswitch.name);
            if let Some(vswitch) = vswitch.filter(|v| v.spec.vpc.name != spec.vpc.name) {
                let message = format!("vSwitch `{}` is in another VPC", entry.vswitch.name);
                cx.complain(
                    Diagnostic::error("E-17", entry.vswitch.place, message)
                        .also(vswitch.spec.vpc.place, "the vSwitch's VPC")
                        .also(spec.vpc.place, "the gateway's VPC")
                        .reason(
                            "the NAT gateway is in the VPC of the service (EAS network \
                             configuration)",
                        )
                        .help("make a NAT gateway in that VPC"),
                );
            }
        }
        for (from, to) in &spec.off {
            if *to <= from.value {
                let message = "it is switched on before it is switched off";
                cx.complain(Diagnostic::error("range", from.place, message));
            }
        }
    }

    fn lower(thing: &Thing<Self>, l: &mut Lowering<'_>) -> Fragment {
        let (spec, name) = (&thing.spec, thing.full());
        let own = l.component(&name);
        for (i, (from, to)) in spec.off.iter().enumerate() {
            let fault = u32::try_from(l.plan.faults.len()).expect("tables are bounded");
            l.plan.faults.push(Fault {
                name: format!("{name}.off-{}", i + 1),
                label: format!("{name} is switched off"),
                from: from.value,
                to: *to,
                planned: false,
            });
            let mut push = |at, what| {
                l.plan.changes.push(Change { at, after: None, fault: Some(fault), what });
            };
            push(from.value, What::Fail { component: own, manner: Manner::BlackHole });
            push(*to, What::Repair { component: own });
        }
        let (idle, needs) = (Some(spec.idle_timeout), vec![own]);
        let mut hops = admission(&name, spec.connections, spec.new_connections, idle, needs, l);
        let link = l.link(Link {
            name: format!("{name}.bandwidth"),
            role: "nat gateway".into(),
            capacity: Capacity::Fixed(spec.bandwidth),
            duplex: Duplex::Full,
            needs: vec![own],
            headline: true,
        });
        l.carries(&name, link, 1.0);
        hops.push(Hop::Link(link));
        Fragment::of(hops)
    }
}

impl Thing<NatGateway> {
    /// The SNAT entry of a vSwitch; the only one there is for who comes from none that is known.
    pub(crate) fn entry(&self, vswitch: Option<&str>) -> Option<(usize, &Entry)> {
        let mut all = self.spec.snat.iter().enumerate();
        match vswitch {
            Some(name) => all.find(|(_, e)| e.vswitch.name == name),
            None => all.next().filter(|_| self.spec.snat.len() == 1),
        }
    }

    /// The EIPs of an entry.
    pub(crate) fn eips_of<'s>(&'s self, entry: &'s Entry) -> &'s [Given<Cidr>] {
        if entry.eips.is_empty() { &self.spec.eips } else { &entry.eips }
    }

    /// The ports of one EIP to one destination, and the EIP's own bandwidth.
    fn ports(&self, eip: Cidr, to: &str, l: &mut Lowering<'_>) -> Vec<Hop> {
        let (spec, name) = (&self.spec, format!("{}.{eip}", self.full()));
        let needs = vec![l.component(&self.full())];
        let link = l.part(&name, |l| {
            vec![Hop::Link(l.link(Link {
                name: format!("{name}.bandwidth"),
                role: "eip".into(),
                capacity: Capacity::Fixed(spec.eip_bandwidth),
                duplex: Duplex::Full,
                needs,
                headline: true,
            }))]
        });
        let name = format!("{name}.to.{to}");
        let mut hops = l.part(&name, |l| {
            vec![Hop::Pool(l.pool(Pool {
                name: name.clone(),
                units: spec.ports,
                on_full: OnFull::Refuse,
                hold_after: spec.hold_after,
                idle: Some(spec.idle_timeout),
                scope: Scope::Connection,
                lack: Lack::Port,
            }))]
        });
        hops.extend(link);
        hops
    }
}

/// The vSwitch that the clients of a path are in, if they are instances of a service.
pub(crate) fn source<'s>(before: &[Step], specs: &'s Specs) -> Option<&'s Ref> {
    let eas = before.iter().rev().find(|s| s.what.kind == Eas::NAME)?;
    specs.eas.get(&eas.what.name)?.spec.network().vswitch.as_ref()
}

/// The hops of a path through it: what all share, then the EIPs of the vSwitch that it comes from and
/// their ports to the next thing.
pub(super) fn through(
    name: &str,
    before: &[Step],
    after: &[Step],
    l: &mut Lowering<'_>,
) -> Vec<Hop> {
    let mut hops = l.fragment(NatGateway::NAME, name, false).hops;
    let specs = l.specs;
    let thing = &specs.nat_gateway[name];
    let from = source(before, specs).map(|v| v.name.as_str());
    let Some((number, entry)) = thing.entry(from) else { return hops };
    let to = after.first().map_or("anywhere".to_owned(), |s| s.what.full());
    let eips = thing.eips_of(entry);
    if let [only] = eips {
        hops.extend(thing.ports(only.value, &to, l));
        return hops;
    }
    let choice = format!("{}.snat-{}.to.{to}", thing.full(), number + 1);
    hops.extend(l.part(&choice, |l| {
        let branches = eips.iter().map(|eip| Branch {
            name: eip.value.to_string(),
            weight: 1.0,
            place: None,
            hops: thing.ports(eip.value, &to, l),
            watches: Vec::new(),
            listed: true,
            tier: 0,
        });
        let branches = branches.collect();
        vec![Hop::Selector(l.selector(Selector {
            name: choice.clone(),
            role: "snat".into(),
            policy: Policy::Random,
            branches,
            belief: Belief::Blind,
            naming: None,
            headline: true,
        }))]
    }));
    hops
}

/// Single addresses, each once.
fn addresses(r: &Reader<'_>, key: &'static str) -> Vec<Given<Cidr>> {
    let all = r.several::<Cidr>(key);
    for (i, one) in all.iter().enumerate() {
        if !one.value.is_single() {
            let message = format!("{} is a block; an EIP is one address", one.value);
            r.cx.complain(Diagnostic::error("address", one.place, message));
        }
        if all[..i].iter().any(|first| first.value == one.value) {
            let message = format!("{} is named twice", one.value);
            r.cx.complain(Diagnostic::error("duplicate", one.place, message));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use crate::scenario::testing::{ZONES, codes, load, lowered};

    const NAT: &str = "[vpc.v]\nregion = \"r\"\n[vswitch.s]\nvpc = \"v\"\nzone = \"a\"\n\
         cidr = \"10.0.1.0/24\"\n[vswitch.t]\nvpc = \"v\"\nzone = \"b\"\ncidr = \"10.0.2.0/24\"\n\
         [security_group.g]\ninbound = []\n\
         [eas.x]\nvswitch = \"s\"\nsecurity_group = \"g\"\ninstances = 2\nservice = \"1 s\"\n\
         [eas.y]\nvswitch = \"t\"\nsecurity_group = \"g\"\ninstances = 2\nservice = \"1 s\"\n\
         [backend.db]\nbandwidth = \"1 Gbps\"\nservice = \"1 ms\"\n\
         [nat_gateway.n]\nvpc = \"v\"\neips = [\"47.0.0.1\", \"47.0.0.2\"]\n";

    fn nat(keys: &str) -> String {
        format!("{ZONES}{NAT}{keys}\n")
    }

    const BOTH: &str = "snat = [{ vswitch = \"s\" }, { vswitch = \"t\", eips = [\"47.0.0.2\"] }]";

    #[test]
    fn lowered_network() {
        assert_eq!(
            lowered(&nat(BOTH), "\"eas.y\", \"nat_gateway.n\", \"backend.db\""),
            "need eas.y\nneed zone.b\n\
             pool nat_gateway.n.connections: 2000000 slots per connection, refuse\n\
             station nat_gateway.n.new-connections: 1 x 10 us per connection, queue 100000 [nat_gateway.n]\n\
             link nat_gateway.n.bandwidth: 5 Gbps [nat_gateway.n]\n\
             pool nat_gateway.n.47.0.0.2.to.backend.db: 55000 ports per connection, refuse, held 1 min more\n\
             link nat_gateway.n.47.0.0.2.bandwidth: 200 Mbps [nat_gateway.n]\n\
             link backend.db.link: 1 Gbps [backend.db]\n\
             station backend.db: 1 x 1 ms per request [backend.db]\n"
        );
    }

    #[test]
    fn who_calls_one_destination_through_one_eip_shares_its_ports() {
        let workload = |name: &str, path: &str| {
            format!(
                "[workload.{name}]\npath = [{path}]\narrivals = {{ poisson = {{ rate = \"1/s\" }} }}\n\
                 request = \"1 kB\"\nresponse = \"1 kB\"\n"
            )
        };
        let way =
            |from: &str, to: &str| format!("\"eas.{from}\", \"nat_gateway.n\", \"backend.{to}\"");
        let text =
            nat(BOTH) + &workload("one", &way("x", "db")) + &workload("two", &way("y", "app"));
        let plan = load(&text, &way("y", "db")).unwrap().plan;
        let mut pools: Vec<_> = plan
            .pools
            .iter()
            .filter_map(|p| p.name.strip_prefix("nat_gateway.n.47.0.0."))
            .collect();
        pools.sort_unstable();
        // x through both EIPs, y through the second alone, which has ports of its own to each of two
        // destinations.
        assert_eq!(pools, ["1.to.backend.db", "2.to.backend.app", "2.to.backend.db"]);
        let eips = plan.links.iter().filter(|l| l.role == "eip").count();
        assert_eq!(eips, 2);
    }

    #[test]
    fn complaints() {
        let seen = |keys: &str| codes(&nat(keys), "\"eas.x\", \"nat_gateway.n\", \"backend.db\"");
        assert!(seen(BOTH).is_empty(), "{:?}", seen(BOTH));
        assert_eq!(seen("snat = [{ vswitch = \"t\" }]"), ["E-19"]);
        assert_eq!(seen("snat = [{ vswitch = \"s\", eips = [\"47.0.0.9\"] }]"), ["address"]);
        assert_eq!(seen("snat = [{ vswitch = \"s\" }, { vswitch = \"s\" }]"), ["duplicate"]);
        let off = format!("{BOTH}\noff = [{{ from = \"2 s\", to = \"1 s\" }}]");
        assert_eq!(seen(&off), ["range"]);
        let block = NAT.replace("47.0.0.2", "47.0.0.0/30");
        let text = format!("{ZONES}{block}snat = [{{ vswitch = \"s\" }}]\n");
        assert_eq!(codes(&text, "\"backend.db\""), ["address"]);
    }
}
