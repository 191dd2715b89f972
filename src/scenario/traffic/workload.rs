//! A source of requests: `[workload.x]`.

use std::sync::Arc;

use super::arrivals::{self, Arrivals};
use super::flows::Flows;
use super::profile::Profiles;
use super::{Tcp, Way, client};
use crate::plan::{self, Hop, NameCache, Objective};
use crate::random::Dist;
use crate::scenario::context::{Ref, wrong_type};
use crate::scenario::diagnostic::{Diagnostic, Place};
use crate::scenario::host::Host;
use crate::scenario::kinds::maxcompute::connection::{ENGINES, Engine, called, way_out};
use crate::scenario::kinds::{Specs, Thing};
use crate::scenario::law::Law;
use crate::scenario::lowering::Lowering;
use crate::scenario::read::{Above0, Count, Factor, Port, Share};
use crate::scenario::reader::{Given, Reader, word};
use crate::scenario::tree::Value;
use crate::units::{Bytes, Rate, Span};

/// As written; everything but names already in the plan's terms.
#[derive(Clone, Debug)]
pub(crate) struct Workload {
    pub(crate) way: Way,
    pub(crate) zones: Vec<Ref>,
    /// Where its clients are, unless they are on premises.
    pub(crate) vpc: Option<Ref>,
    /// What they connect to.
    pub(crate) port: Option<u16>,
    pub(crate) arrivals: Arrivals,
    request: Dist,
    response: Dist,
    pub(crate) clients: u32,
    pub(crate) connections: plan::Connections,
    pub(crate) names: NameCache,
    pub(crate) names_given: bool,
    timeouts: plan::Timeouts,
    retries: plan::Retries,
    pub(super) tcp: Tcp,
    flow_cap: Option<Rate>,
    weight: f64,
    pub(crate) priority: u8,
    /// Where its priority is written.
    pub(crate) priority_place: Place,
    /// Its class on circuits that have some.
    pub(crate) class: Option<Given<String>>,
    pub(crate) idempotent: bool,
    /// What of MaxCompute runs it.
    pub(crate) engine: Option<Given<Engine>>,
    /// The domain name that goes into the Host header of requests to a bare address.
    pub(crate) host: Option<Given<Host>>,
    objectives: Vec<Objective>,
}

impl Workload {
    /// Reads `[workload.x]`.
    pub(crate) fn read(
        r: &Reader<'_>,
        profiles: &Profiles,
        specs: &Specs,
        tcp: &Tcp,
    ) -> Option<Self> {
        let listed = r.node("arrivals").is_some_and(|node| Arrivals::say(node, "flows"));
        let way = if listed { Some(Way::Rows) } else { Way::read(r) };
        let zones = r.references("zones", &["zone"]);
        let vpc = r.reference("vpc", &["vpc"]);
        let port = r.opt::<Port>("port").map(|port| port.0);
        let arrivals = r
            .req_node("arrivals", "{ poisson = { rate = \"200/s\" } }")
            .and_then(|node| arrivals::read(node, profiles, specs, &r.path, r.cx));
        // Also one that could not be read: that has been complained about.
        let traced = r.node("arrivals").is_some_and(|node| Arrivals::say(node, "trace"));
        let size = |key| match traced {
            // A list of flows has its sizes and nothing else.
            _ if listed => Some(Dist::constant(0.0)),
            // A trace brings the sizes.
            true => Some(r.opt::<Law<Bytes>>(key).map_or(Dist::constant(0.0), |law| law.dist)),
            false => r.req::<Law<Bytes>>(key).map(|law| law.dist),
        };
        let (request, response) = (size("request"), size("response"));
        // Each worker of a job is a host of its own, unless it is said how many hosts they share.
        let hosts = match &arrivals {
            Some(Arrivals::Requests(plan::Arrivals::Jobs(jobs))) => jobs.workers,
            _ => 1,
        };
        let clients = r.or("clients", Count(hosts)).0;
        let flows = match &arrivals {
            Some(Arrivals::Flows(flows)) => Some(flows),
            _ => None,
        };
        let connections = match listed {
            true => flows.map(Flows::connections),
            false => client::connections(r),
        };
        let names_given = r.has("names");
        let names = client::names(r).unwrap_or(NameCache::Ttl { warm: true });
        let timeouts = match listed && !r.has("timeouts") {
            true => Some(Flows::timeouts()),
            false => client::timeouts(r),
        };
        let retries = client::retries(r);
        let tcp = match flows.is_some_and(Flows::are_open) {
            true => tcp.pure().or_own(r),
            false => tcp.or_own(r),
        };
        let flow_cap = r.opt::<Above0<Rate>>("flow_cap").map(|cap| cap.0);
        let weight = r.given::<Factor>("weight");
        let (least, most) = plan::Workload::WEIGHTS;
        if let Some(weight) = weight.as_ref().filter(|w| !(least..=most).contains(&w.value.0)) {
            let message = match weight.value.0 {
                0.0 => "a weight of 0 would never send".to_owned(),
                weight => format!("a weight of {weight} is beyond what shares can tell apart"),
            };
            let rule = format!("{least} to {most}; only ratios count");
            r.cx.complain(
                Diagnostic::error("range", weight.place, message)
                    .label(rule)
                    .help("priority = \"high\" is served before all of \"normal\""),
            );
        }
        let priority = priority(r);
        let class = r.given("class");
        let idempotent = r.or("idempotent", true);
        let engine = r.given_word("engine", ENGINES);
        let host = r.given("host");
        let objectives = r.table("objectives").map_or_else(Vec::new, objectives);
        Some(Self {
            way: way?,
            zones,
            vpc,
            port,
            arrivals: arrivals?,
            request: request?,
            response: response?,
            clients,
            connections: connections?,
            names,
            names_given,
            timeouts: timeouts?,
            retries: retries?,
            tcp,
            flow_cap,
            weight: weight.map_or(1.0, |w| w.value.0),
            priority: priority.unwrap_or(plan::Workload::NORMAL),
            priority_place: r.place_of("priority"),
            class,
            idempotent,
            engine,
            host,
            objectives,
        })
    }
}

impl Workload {
    /// Whether its requests to this target fail the validation of the certificate: HTTPS to a bare
    /// address without the domain name in the Host header (M-43, M-44).
    pub(crate) fn fails_the_certificate(&self, target: &Host) -> bool {
        let https = self.connections.handshake_rtts > 1;
        let named = self.host.as_ref().is_some_and(|host| !host.value.is_address());
        https && target.is_address() && !named
    }

    /// Whether its connections are open and pure: a list of flows that says nothing else.
    pub(super) fn is_pure(&self) -> bool {
        matches!(&self.arrivals, Arrivals::Flows(flows) if flows.are_open())
    }
}

/// Strict priorities by word.
const PRIORITIES: &[(&str, u8)] = &[("high", 0), ("low", 2), ("normal", plan::Workload::NORMAL)];

/// `priority = "high"`, or a small number of which 0 is served first.
fn priority(r: &Reader<'_>) -> Option<u8> {
    let node = r.node("priority")?;
    match node.value {
        Value::Integer(number) => {
            let known = u8::try_from(number).ok().filter(|n| *n <= plan::Workload::LAST);
            if known.is_none() {
                let message = format!("there is no priority {number}");
                let rule = format!("0 (served first) to {}", plan::Workload::LAST);
                r.cx.complain(Diagnostic::error("range", node.place, message).label(rule));
            }
            known
        }
        Value::Text(_) => word(node, r.cx, PRIORITIES),
        _ => {
            let expected = "\"high\", \"normal\", \"low\" or a whole number";
            r.cx.complain(wrong_type(node, expected));
            None
        }
    }
}

/// The quantiles that an objective can name.
const QUANTILES: &[(&str, f64)] =
    &[("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999)];

fn objectives(r: Reader<'_>) -> Vec<Objective> {
    let mut objectives = Vec::new();
    if let Some(share) = r.opt::<Share>("availability") {
        objectives.push(Objective::Availability { share: share.0 });
    }
    for &(key, quantile) in QUANTILES {
        if let Some(limit) = r.opt::<Above0<Span>>(key) {
            objectives.push(Objective::Latency { quantile, limit: limit.0 });
        }
    }
    r.done();
    objectives
}

impl Thing<Workload> {
    /// HTTPS from MaxCompute to a bare address: no certificate has that name (M-43). What cannot be
    /// had is shut from the start; a connection is refused before its handshakes, which take some
    /// round trips more in truth.
    fn certificate(&self, l: &mut Lowering<'_>) -> Option<Hop> {
        let steps = self.spec.way.steps(l.specs);
        let (at, _) = way_out(steps, l.specs)?;
        let target = called(&steps[at + 1..], l.specs)?.spec.door.address.as_ref()?;
        if !self.spec.fails_the_certificate(&target.value) {
            return None;
        }
        let name = format!("workload.{}.certificate", self.name);
        let component = l.component(&name);
        let shut = plan::Reason {
            state: "Invalid".into(),
            cause: "the certificate names a domain, not the address".into(),
            shuts: Some(plan::Manner::Reset),
            at_first: true,
        };
        l.gate(plan::Gate {
            name,
            component: Some(component),
            open: "Valid".into(),
            reasons: vec![shut],
        });
        Some(Hop::Need(component))
    }

    /// Adds it to the plan.
    pub(crate) fn add_to(&self, l: &mut Lowering<'_>) {
        let spec = &self.spec;
        let (arrivals, route) = match &spec.arrivals {
            Arrivals::Requests(arrivals) => {
                let certificate = self.certificate(l);
                let name = format!("workload.{}", self.name);
                (arrivals.clone(), spec.way.lower(&name, certificate, l))
            }
            Arrivals::Flows(flows) => {
                let routes = flows.routes(l);
                let first = routes[0];
                let (rows, routes) = (flows.rows.clone(), Arc::new(routes));
                (plan::Arrivals::Flows { rows, routes }, first)
            }
        };
        let places = spec.zones.iter().map(|zone| l.place(&zone.name)).collect();
        l.plan.workloads.push(plan::Workload {
            name: self.name.clone(),
            arrivals,
            route,
            request: spec.request.clone(),
            response: spec.response.clone(),
            clients: spec.clients,
            places,
            connections: spec.connections.clone(),
            names: spec.names,
            timeouts: spec.timeouts.clone(),
            retries: spec.retries.clone(),
            transport: spec.tcp.transport(),
            flow_cap: spec.flow_cap,
            weight: spec.weight,
            priority: spec.priority,
            idempotent: spec.idempotent,
            objectives: spec.objectives.clone(),
        });
    }
}
