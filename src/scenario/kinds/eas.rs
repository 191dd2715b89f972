//! A PAI-EAS service: model servers in instances, each with a network card in a vSwitch.
//!
//! | fact | value | source |
//! |---|---|---|
//! | each instance has an ENI with an address of the given vSwitch, scaled ones included | | E-02, E-22 (002) |
//! | without a free address, creating and scaling fail | | E-21, E-23 |
//! | a network is configured for the service or its resource group; the service wins | | E-06, E-10 |
//! | a client in the VPC calls instances directly, without the gateway | | E-12 |
//! | a restart or update may bring another node with another address | | E-15 |
//! | the example's networks and instance type | `ecs.gn6e-c12g1.3xlarge`: 5 Gbps, 6 ENIs | E-07, E-08; ECS instance families (B) |
//! | instances of a service in a fleet, peak at once | p50 22, p75 88, p90 215, p99 255 to 1,332 | cluster-trace-gpu-v2025 (C) |
//! | service time of generative requests | lognormal, median 24 s, sigma 0.57 | cluster-trace-v2026-GenAI (C) |
//! | requests per second, bandwidth and timeout of a gateway | no figure | |
//! | start-up, look interval, delays of scaling | no figure | |
//!
//! ```text
//! ──> [ delay ][ link ][ station: gateway ] ──> ( one queue ) [ instances x concurrency ]
//!      only with `gateway`                       each instance: an address of the vSwitch
//! ```
//!
//! All instances serve one queue: a balancer by least load comes near to that. Which instance a
//! connection (directly) or a request (through the gateway) belongs to is drawn, all with equal
//! chance, and what belongs to one is reset when it is rescheduled. A direct client looks up who runs
//! every `look_up`; until then it calls addresses that are gone.
//!
//! Not at its end, it stands for its instances as clients: `["eas.llm", "nat_gateway.out", "backend.api"]`.
//! Leaves out: bandwidth of single instances, images, health checks.

use super::load_balancer::a_second_of;
use super::security_group::SecurityGroup;
use super::station::Serving;
use super::vswitch::VSwitch;
use super::{Kind, Specs, Thing};
use crate::plan::{
    Capacity, Change, ComponentId, Delay, Duplex, Fault, Hop, Link, PoolId, Scaler, Scope, Seats,
    Servers, Station, Tracking, What,
};
use crate::random::Dist;
use crate::scenario::context::{Context, Ref};
use crate::scenario::diagnostic::{Diagnostic, Severity};
use crate::scenario::law::Law;
use crate::scenario::lowering::{Fragment, Lowering};
use crate::scenario::read::{Above0, Count, PerSecond, Read, Share};
use crate::scenario::reader::{Basis, Given, Reader};
use crate::scenario::tree::{Node, Value};
use crate::units::{Rate, Span};

mod importer;

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Eas {
    /// Of the service itself, and of its resource group.
    pub(crate) own: Network,
    pub(crate) group: Option<(Given<bool>, Network)>,
    pub(crate) environment: Option<Given<String>>,
    /// Where its models come from when an instance starts.
    pub(crate) models: Option<Given<Models>>,
    pub(crate) instances: Given<u32>,
    serving: Serving,
    concurrency: u32,
    start_up: Dist,
    look_every: Span,
    pub(crate) scaling: Option<Given<Tracking>>,
    /// Instants and counts.
    pub(crate) schedule: Vec<(Given<Span>, u32)>,
    pub(crate) update: Option<Update>,
    pub(crate) reschedule: Vec<(Given<Span>, u32)>,
    gateway: Option<Gateway>,
    pub(crate) look_up: Given<Span>,
}

/// Where instances get their addresses, and who may call them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Network {
    pub(crate) vswitch: Option<Ref>,
    pub(crate) security_group: Option<Ref>,
}

/// Where models are loaded from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Models {
    Internet,
    Oss,
    Image,
}

/// A rolling update.
#[derive(Clone, Debug)]
pub(crate) struct Update {
    pub(crate) at: Given<Span>,
    pub(crate) surge: u32,
    unavailable: u32,
}

/// What stands before the instances.
#[derive(Clone, Debug)]
struct Gateway {
    bandwidth: Rate,
    requests: f64,
    one_way: Dist,
}

const UNTOLD: Basis = Basis { source: "not published; a free parameter to sweep", mark: "D" };
const KUBERNETES: Basis =
    Basis { source: "Kubernetes Deployment: maxSurge, maxUnavailable", mark: "C" };
const CACHED: Basis = Basis { source: "PrivateZone default TTL, as clients keep names", mark: "D" };

impl Kind for Eas {
    const NAME: &'static str = "eas";
    const DOC: &'static str = "a PAI-EAS service: instances that scale, each with an address";
    const FAILS: bool = true;
    const PATH: bool = true;
    const CAPACITY: bool = true;
    const ALWAYS: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        let mut own = Network::read(r);
        let imported = importer::read(r);
        let written =
            r.given::<Count>("instances").map(|n| Given { value: n.value.0, place: n.place });
        let instances = written.or_else(|| Some(imported.as_ref()?.instances.clone()));
        if instances.is_none() {
            r.req_node("instances", "4 (or `json`, the configuration of the service)");
        }
        if let Some(imported) = imported {
            own.vswitch = own.vswitch.or(imported.network.vswitch);
            own.security_group = own.security_group.or(imported.network.security_group);
        }
        let group = r.table("group").map(|r| {
            let on = Given { value: r.or("on", true), place: r.place_of("on") };
            let network = Network::read(&r);
            r.done();
            (on, network)
        });
        let environment = r.given("environment");
        const MODELS: &[(&str, Models)] =
            &[("image", Models::Image), ("internet", Models::Internet), ("oss", Models::Oss)];
        let models = r.given_word("models", MODELS);
        let concurrency = r.param::<Count>("concurrency", "1", UNTOLD);
        let service = r.req::<Law<Span>>("service");
        let (queue, timeout) = (r.opt("queue"), r.opt("timeout"));
        let start_up = r.param::<Law<Span>>("start_up", "60 s", UNTOLD);
        let look_every = r.param::<Above0<Span>>("look_every", "15 s", UNTOLD);
        let scaling = scaling(r);
        let schedule = counted(r, "schedule");
        let reschedule = counted(r, "reschedule");
        let number = instances.as_ref().map_or(1, |n| n.value);
        let update = r.table("update").and_then(|r| update(r, number));
        let gateway = r.table("gateway").map(gateway);
        let look_up = look_up(r, gateway.is_some());
        let concurrency = concurrency?.0;
        Some(Self {
            own,
            group,
            environment,
            models,
            instances: instances?,
            serving: Serving {
                servers: Servers::Count(number.saturating_mul(concurrency)),
                service: service?.dist,
                queue,
                timeout,
            },
            concurrency,
            start_up: start_up?.dist,
            look_every: look_every?.0,
            scaling,
            schedule,
            update,
            reschedule,
            gateway: match gateway {
                Some(it) => Some(it?),
                None => None,
            },
            look_up: look_up?,
        })
    }

    fn check(thing: &Thing<Self>, specs: &Specs, cx: &Context) {
        thing.precedence(cx);
        let network = thing.spec.network();
        let group = network.security_group.as_ref().and_then(|g| specs.security_group.get(&g.name));
        if let (Some(vswitch), None) = (&network.vswitch, &network.security_group) {
            let message = format!("`{}` has a vSwitch and no security group", thing.full());
            cx.complain(
                Diagnostic::error("E-05", thing.place, message)
                    .also(vswitch.place, "its vSwitch")
                    .reason("a VPC, a vSwitch and a security group come first (EAS network configuration)")
                    .help("name one: security_group = \"...\""),
            );
        }
        if let Some(group) = group {
            thing.open_to_all(group, cx);
        }
    }

    fn lower(thing: &Thing<Self>, l: &mut Lowering<'_>) -> Fragment {
        let (spec, name) = (&thing.spec, thing.full());
        let mut needs = vec![l.component(&name)];
        let mut pool = None;
        if let Some(vswitch) = spec.network().vswitch.clone() {
            for hop in l.fragment(VSwitch::NAME, &vswitch.name, false).hops {
                match hop {
                    Hop::Need(zone) => needs.push(zone),
                    Hop::Pool(id) => pool = Some(id),
                    _ => {}
                }
            }
        }
        let mut hops = Vec::new();
        if let Some(gateway) = &spec.gateway {
            hops = gateway.hops(&name, l);
        }
        let station = l.station(spec.serving.station(name.clone(), Scope::Request, needs));
        thing.come_and_go(station, pool, l);
        hops.push(Hop::Station(station));
        Fragment::of(hops)
    }
}

impl Network {
    fn read(r: &Reader<'_>) -> Self {
        Self {
            vswitch: r.reference("vswitch", &[VSwitch::NAME]),
            security_group: r.reference("security_group", &[SecurityGroup::NAME]),
        }
    }

    fn is_set(&self) -> bool {
        self.vswitch.is_some() || self.security_group.is_some()
    }
}

impl Eas {
    /// The network in force: the service's own, or else that of its resource group if it is switched
    /// on there.
    pub(crate) fn network(&self) -> &Network {
        match &self.group {
            Some((on, network)) if on.value && !self.own.is_set() => network,
            _ => &self.own,
        }
    }

    /// Whether its callers come through the gateway.
    pub(crate) const fn has_gateway(&self) -> bool {
        self.gateway.is_some()
    }

    /// Most instances that scaling and schedule want, and that an update makes on top.
    pub(crate) fn peak(&self) -> (u32, u32) {
        let scaled = self.scaling.as_ref().map_or(0, |s| s.value.most);
        let counted = self.schedule.iter().map(|s| s.1).max().unwrap_or(0);
        let surge = self.update.as_ref().map_or(0, |u| u.surge);
        (self.instances.value.max(scaled).max(counted), surge)
    }
}

impl Thing<Eas> {
    /// E-06: both levels are configured.
    fn precedence(&self, cx: &Context) {
        let Some((on, group)) = &self.spec.group else { return };
        if !on.value || !group.is_set() || !self.spec.own.is_set() {
            return;
        }
        let place =
            group.vswitch.as_ref().or(group.security_group.as_ref()).map_or(on.place, |g| g.place);
        let own = &self.spec.own;
        let mine =
            own.vswitch.as_ref().or(own.security_group.as_ref()).map_or(self.place, |g| g.place);
        let message = format!("the network of `{}`'s resource group is not in force", self.full());
        cx.complain(
            Diagnostic::new(Severity::Note, "E-06", place, message)
                .also(mine, "the service's own wins")
                .reason(
                    "if both levels are configured, the service's takes precedence (EAS network \
                     configuration)",
                )
                .help("leave one of them out"),
        );
    }

    /// E-25: a group that lets everybody in.
    fn open_to_all(&self, group: &Thing<SecurityGroup>, cx: &Context) {
        if let Some(place) = group.spec.admits_everybody() {
            let message = format!("everybody can reach the instances of `{}`", self.full());
            cx.complain(
                Diagnostic::warning("E-25", place, message)
                    .also(self.place, "the service")
                    .reason(
                        "least privilege: only the ports and sources that are needed (EAS network \
                         configuration)",
                    )
                    .help("name the blocks of its callers, and the port"),
            );
        }
    }

    /// What an instance needs to load its models when it starts: the NAT gateway of its vSwitch.
    fn way_to_models(&self, l: &mut Lowering<'_>) -> Vec<ComponentId> {
        let over_the_internet =
            self.spec.models.as_ref().is_some_and(|m| m.value == Models::Internet);
        let Some(vswitch) = self.spec.network().vswitch.as_ref().filter(|_| over_the_internet)
        else {
            return Vec::new();
        };
        let specs = l.specs;
        let leads_out = |n: &&Thing<super::nat_gateway::NatGateway>| {
            n.spec.snat.iter().any(|e| e.vswitch.name == vswitch.name)
        };
        let gateways = specs.nat_gateway.values().filter(leads_out);
        gateways.map(|n| l.component(&n.full())).collect()
    }

    /// Its scaler, and what is done to it in the course of the run.
    fn come_and_go(
        &self,
        station: crate::plan::StationId,
        pool: Option<PoolId>,
        l: &mut Lowering<'_>,
    ) {
        let (spec, name) = (&self.spec, self.full());
        let (scope, look_up) = match spec.gateway {
            Some(_) => (Scope::Request, Span::ZERO),
            None => (Scope::Connection, spec.look_up.value),
        };
        let needs = self.way_to_models(l);
        let scaler = l.scaler(Scaler {
            name: name.clone(),
            station,
            servers: spec.concurrency,
            instances: spec.instances.value,
            pool,
            start_up: spec.start_up.clone(),
            needs,
            step: spec.look_every,
            tracking: spec.scaling.as_ref().map(|s| s.value.clone()),
            seats: Some(Seats { scope, look_up }),
        });
        for (at, instances) in &spec.schedule {
            let what = What::Want { scaler, instances: *instances };
            l.plan.changes.push(Change { at: at.value, after: None, fault: None, what });
        }
        let mut planned = |at: Span, part: String, label: String, what| {
            let fault = u32::try_from(l.plan.faults.len()).expect("tables are bounded");
            let name = format!("{name}.{part}");
            l.plan.faults.push(Fault { name, label, from: at, to: at, planned: true });
            l.plan.changes.push(Change { at, after: None, fault: Some(fault), what });
        };
        if let Some(update) = &spec.update {
            let (surge, unavailable) = (update.surge, update.unavailable);
            let label = format!("{name} is updated, {surge} instances beyond its number at most");
            let what = What::Renew { scaler, surge, unavailable };
            planned(update.at.value, "update".into(), label, what);
        }
        for (i, (at, instances)) in spec.reschedule.iter().enumerate() {
            let what = What::Displace { scaler, instances: *instances };
            let label = format!("{instances} instances of {name} get other addresses");
            planned(at.value, format!("reschedule-{}", i + 1), label, what);
        }
    }
}

impl Gateway {
    fn hops(&self, name: &str, l: &mut Lowering<'_>) -> Vec<Hop> {
        let needs = vec![l.component(name)];
        let name = format!("{name}.gateway");
        let delay = l.delay(Delay {
            name: format!("{name}.delay"),
            law: self.one_way.clone(),
            local: None,
        });
        let link = l.link(Link {
            name: format!("{name}.bandwidth"),
            role: "gateway".into(),
            capacity: Capacity::Fixed(self.bandwidth),
            duplex: Duplex::Full,
            needs: needs.clone(),
            headline: true,
        });
        l.carries(name.trim_end_matches(".gateway"), link, 1.0);
        let station = l.station(Station {
            name,
            servers: Servers::Count(1),
            service: Dist::constant(1e9 / self.requests),
            queue: Some(a_second_of(self.requests)),
            timeout: None,
            scope: Scope::Request,
            needs,
        });
        vec![Hop::Delay(delay), Hop::Link(link), Hop::Station(station)]
    }
}

/// The hops of a service whose instances call what follows: they must be there.
pub(super) fn calling(name: &str, l: &mut Lowering<'_>) -> Vec<Hop> {
    let spec: &Eas = &l.specs.eas[name].spec;
    let zone = spec.network().vswitch.as_ref().map(|v| l.specs.vswitch[&v.name].spec.zone.full());
    let own = l.component(&format!("{}.{name}", Eas::NAME));
    let zone = zone.map(|zone| l.component(&zone));
    std::iter::once(own).chain(zone).map(Hop::Need).collect()
}

fn scaling(r: &Reader<'_>) -> Option<Given<Tracking>> {
    let inner = r.table("scaling")?;
    let target = inner.param::<Share>("target", "70 %", UNTOLD);
    let least = inner.req::<Count>("min");
    let most = inner.req::<Count>("max");
    let up_after = inner.param::<Span>("up_after", "0 s", UNTOLD);
    let down_after = inner.param::<Span>("down_after", "5 min", UNTOLD);
    let place = inner.place_of("max");
    inner.done();
    let (target, least, most) = (target?.0, least?.0, most?.0);
    if least > most || target <= 0.0 {
        let message = format!("`scaling` of `{}` cannot be met", r.path);
        r.cx.complain(
            Diagnostic::error("range", place, message).label("min <= max, and a target above 0"),
        );
        return None;
    }
    let value = Tracking { target, least, most, up_after: up_after?, down_after: down_after? };
    Some(Given { value, place })
}

/// `[{ at = "1 h", instances = 27 }]`
fn counted(r: &Reader<'_>, key: &'static str) -> Vec<(Given<Span>, u32)> {
    let Some(node) = r.node(key) else { return Vec::new() };
    let mut found = Vec::new();
    for item in r.list(node) {
        let Some(inner) = Reader::of(r.cx, item, &format!("{}.{key}", r.path)) else { continue };
        let at = inner.req::<Span>("at");
        let place = inner.place_of("at");
        let instances = match key {
            "schedule" => inner.req::<u32>("instances"),
            _ => Some(inner.or("instances", Count(1)).0),
        };
        inner.done();
        found.extend(at.zip(instances).map(|(value, n)| (Given { value, place }, n)));
    }
    found
}

fn update(r: Reader<'_>, instances: u32) -> Option<Update> {
    let at = r.req::<Span>("at");
    let place = r.place_of("at");
    let surge = r.param::<Part>("max_surge", "25 %", KUBERNETES);
    let unavailable = r.param::<Part>("max_unavailable", "25 %", KUBERNETES);
    let limits = r.place_of("max_unavailable");
    let cx = r.cx;
    r.done();
    let (surge, unavailable) = (surge?.of(instances, true), unavailable?.of(instances, false));
    if surge == 0 && unavailable == 0 {
        cx.complain(
            Diagnostic::error("range", limits, "an update that may neither add nor take away")
                .help("max_surge or max_unavailable must come to 1 instance at least"),
        );
        return None;
    }
    Some(Update { at: Given { value: at?, place }, surge, unavailable })
}

/// A number of instances, or a share of them.
#[derive(Clone, Copy, Debug)]
enum Part {
    Count(u32),
    Share(f64),
}

impl Read for Part {
    const EXPECTED: &'static str = "1, or \"25 %\"";
    fn read(node: &Node, cx: &Context) -> Option<Self> {
        match node.value {
            Value::Integer(_) => u32::read(node, cx).map(Self::Count),
            _ => Share::read(node, cx).map(|share| Self::Share(share.0)),
        }
    }
}

impl Part {
    /// Of so many: rounded up or down where it is a share.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a u32")]
    fn of(self, whole: u32, up: bool) -> u32 {
        match self {
            Self::Count(n) => n,
            Self::Share(share) => {
                let part = share * f64::from(whole);
                (if up { (part - 1e-9).ceil() } else { (part + 1e-9).floor() }) as u32
            }
        }
    }
}

fn gateway(r: Reader<'_>) -> Option<Gateway> {
    let bandwidth = r.param::<Above0<Rate>>("bandwidth", "1 Gbps", UNTOLD);
    let requests = r.param::<PerSecond>("requests", "10000/s", UNTOLD);
    let one_way = r.param::<Law<Span>>("one_way", "1 ms", UNTOLD);
    r.done();
    Some(Gateway { bandwidth: bandwidth?.0, requests: requests?.0, one_way: one_way?.dist })
}

/// A span, or `"never"`.
fn look_up(r: &Reader<'_>, gateway: bool) -> Option<Given<Span>> {
    let place = r.place_of("look_up");
    let never = |node: &Node| matches!(&node.value, Value::Text(text) if text == "never");
    let value = match r.node("look_up") {
        Some(node) if never(node) => Span::from_nanos(u64::MAX),
        // Behind the gateway nobody looks up instances.
        None if gateway => Span::ZERO,
        _ => r.param::<Span>("look_up", "60 s", CACHED)?,
    };
    Some(Given { value, place })
}

#[cfg(test)]
mod tests;
