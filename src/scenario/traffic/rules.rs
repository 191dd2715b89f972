//! Rules that need a workload and what is on its way; each complaint carries its inventory row.

use std::collections::BTreeMap;

use super::Workload;
use super::arrivals::Arrivals;
use crate::plan::{self, Assumption, NameCache};
use crate::scenario::context::{Context, Step};
use crate::scenario::diagnostic::{Diagnostic, Severity};
use crate::scenario::kinds::change::{Act, Migration, changes_of};
use crate::scenario::kinds::endpoint::{Endpoint, Form};
use crate::scenario::kinds::load_balancer::{LoadBalancer, Product};
use crate::scenario::kinds::maxcompute::MaxCompute;
use crate::scenario::kinds::maxcompute::connection::{called, way_out};
use crate::scenario::kinds::selector::Selector;
use crate::scenario::kinds::{Kind, Specs, Thing};
use crate::units::Span;

/// Kinds that are called by a name.
const NAMED: &[&str] = &[Endpoint::NAME, LoadBalancer::NAME, MaxCompute::NAME, Selector::NAME];

/// Applies every rule to every workload.
pub(crate) fn check(workloads: &[Thing<Workload>], specs: &Specs, cx: &Context) {
    for workload in workloads {
        let named = |kind| NAMED.contains(&kind);
        let asks = workload.spec.way.steps(specs).iter().any(|s| named(s.what.kind));
        if asks && !workload.spec.names_given {
            cx.assume(Assumption {
                parameter: format!("workload.{}.names", workload.name),
                value: "warm_ttl".into(),
                source: "a common client setting, chosen here".into(),
                confidence: "D".into(),
            });
        }
        way(workload, specs, cx);
        for step in workload.spec.way.steps(specs) {
            match step.what.kind {
                Endpoint::NAME => {
                    if let Some(endpoint) = specs.endpoint.get(&step.what.name) {
                        names(workload, endpoint, specs, cx);
                        connections(workload, endpoint, specs, cx);
                        outlived(workload, endpoint, specs, cx);
                    }
                }
                MaxCompute::NAME => {
                    let out = specs.maxcompute.get(&step.what.name);
                    if let Some(proxy) = out.filter(|m| !m.spec.connection.leads_in()) {
                        through_proxy(workload, proxy, cx);
                    }
                }
                LoadBalancer::NAME => {
                    if let Some(balancer) = specs.load_balancer.get(&step.what.name) {
                        balanced(workload, balancer, cx);
                    }
                }
                _ => {}
            }
        }
        repeated(workload, specs, cx);
    }
    for proxy in specs.maxcompute.values() {
        ports(proxy, workloads, specs, cx);
    }
}

/// Jobs start before the run is over.
pub(crate) fn check_jobs(workloads: &[Thing<Workload>], horizon: Span, cx: &Context) {
    for workload in workloads {
        let Arrivals::Requests(plan::Arrivals::Jobs(jobs)) = &workload.spec.arrivals else {
            continue;
        };
        if let Some(first) = jobs.at.first().filter(|at| **at >= horizon) {
            let message = format!("no job of workload `{}` starts in the run", workload.name);
            cx.complain(
                Diagnostic::warning("job", workload.place, message)
                    .label(format!("the first one at {first}, the run ends at {horizon}"))
                    .help("let it start earlier, or make `length` of [run] longer"),
            );
        }
    }
}

/// A path ends where something serves: nothing of the network comes after that, and it does not end
/// before.
fn way(workload: &Thing<Workload>, specs: &Specs, cx: &Context) {
    const CARRIES: &[&str] =
        &["circuit", "circuit_group", "maxcompute", "nat_gateway", "site", "transit_router", "vbr"];
    const SERVES: &[&str] = &["backend", "endpoint", "load_balancer"];
    let steps = workload.spec.way.steps(specs);
    // Behind the endpoint or load balancer that leads there, MaxCompute serves (M-08).
    let inside = |s: &Step| {
        s.what.kind == MaxCompute::NAME
            && specs.maxcompute.get(&s.what.name).is_some_and(|m| m.spec.connection.leads_in())
    };
    // That nobody comes in where a solution leads out is told already (M-03).
    let led_out = |s: &Step| {
        let there = specs.maxcompute.get(&s.what.name).filter(|_| s.what.kind == MaxCompute::NAME);
        steps.len() > 1 && there.is_some_and(|m| m.spec.connection.solution.is_some())
    };
    let carries = |kind: &str| CARRIES.contains(&kind) || SERVES.contains(&kind);
    for step in steps {
        if let Some(balancer) = gwlb(step, specs) {
            named_gwlb(step, balancer, cx);
        }
    }
    // Through a reverse endpoint the provider calls what comes next (P-10); what goes through a GWLB
    // and its appliances goes on to its destination (P-09).
    let passes = |s: &Step| match s.what.kind {
        Endpoint::NAME => specs
            .endpoint
            .get(&s.what.name)
            .is_some_and(|e| matches!(e.form(specs), Form::Gwlb | Form::Reverse)),
        _ => gwlb(s, specs).is_some(),
    };
    let serves = |s: &Step| SERVES.contains(&s.what.kind) && !passes(s);
    if let Some(at) = steps.iter().position(serves) {
        let beyond = |s: &&Step| carries(s.what.kind) && !inside(s);
        if let Some(after) = steps[at + 1..].iter().find(beyond) {
            let (served, after) = (&steps[at].what, &after.what);
            let message =
                format!("`{}` comes after `{}`, which serves", after.full(), served.full());
            cx.complain(
                Diagnostic::error("path", after.place, message)
                    .also(served.place, "requests end here")
                    .help(format!(
                    "list a path in the order in which connections go through it; what serves, such \
                     as `{}`, ends it",
                    served.full()
                )),
            );
        }
    } else if let Some(last) =
        steps.last().filter(|s| CARRIES.contains(&s.what.kind) && !inside(s) && !led_out(s))
    {
        let message = format!(
            "workload `{}` ends at `{}`, where nothing serves",
            workload.name,
            last.what.full()
        );
        cx.complain(
            Diagnostic::warning("path", last.what.place, message)
                .label("responses start at once")
                .help("end the path at an endpoint, a load_balancer, a backend or a station"),
        );
    }
}

/// The GWLB that a step names, if it does.
fn gwlb<'s>(step: &Step, specs: &'s Specs) -> Option<&'s Thing<LoadBalancer>> {
    let balancer = (step.what.kind == LoadBalancer::NAME)
        .then(|| specs.load_balancer.get(&step.what.name))
        .flatten();
    balancer.filter(|b| b.spec.product == Product::Gwlb)
}

/// P-09: a GWLB has no name that anybody calls; routes lead through its endpoints.
fn named_gwlb(step: &Step, balancer: &Thing<LoadBalancer>, cx: &Context) {
    let message = format!("`{}` is a GWLB: no connection goes to it by name", balancer.full());
    cx.complain(
        Diagnostic::error("P-09", step.what.place, message)
            .also(balancer.place, "the load balancer")
            .reason(
                "traffic comes to a GWLB through an endpoint, the next hop in a route table \
                 (PrivateLink overview)",
            )
            .help(
                "offer it by an [endpoint_service.name], and name its endpoint here, as in \
                 path = [\"endpoint.firewall\", \"backend.app\"]",
            ),
    );
}

fn names(workload: &Thing<Workload>, endpoint: &Thing<Endpoint>, specs: &Specs, cx: &Context) {
    if endpoint.is_inline(specs) {
        return; // nobody calls it by any name (P-09)
    }
    if endpoint.is_pinned() {
        let message = format!(
            "workload `{}` calls `{}` by a zone's {}: it cannot fail over",
            workload.name,
            endpoint.full(),
            if endpoint.is_by_address() { "address" } else { "name" }
        );
        let (code, reason) = match (endpoint.is_by_address(), endpoint.is_remote(specs)) {
            (true, _) => (
                "P-32",
                "use the endpoint's domain name: its records follow the health of the zones \
                 (PrivateLink overview)",
            ),
            (false, true) => (
                "X-28",
                "zone names work across regions, too, but the endpoint's domain name is what \
                 fails over (PrivateLink endpoint services)",
            ),
            (false, false) => ("P-23", "a zone's domain name pins its zone (PrivateLink overview)"),
        };
        cx.complain(
            Diagnostic::warning(code, workload.place, message)
                .also(endpoint.place, "the endpoint")
                .reason(reason)
                .help("call the endpoint's own name: name = \"endpoint\""),
        );
    } else if workload.spec.names == NameCache::Forever {
        let message = format!(
            "workload `{}` resolves `{}` once and for ever: it cannot leave a lost zone",
            workload.name,
            endpoint.full()
        );
        cx.complain(for_ever(workload, message).also(endpoint.place, "the endpoint"));
    }
}

/// Z-01: what never asks again does not hear of a lost zone.
fn for_ever(workload: &Thing<Workload>, message: String) -> Diagnostic {
    Diagnostic::warning("Z-01", workload.place, message)
        .reason(
            "resolving once spares the resolver (M-42, MaxCompute network connection) but disables \
             failover by DNS (P-34, PrivateLink overview)",
        )
        .help("write names = \"ttl\", or names = { every = \"5 min\" }")
}

/// Z-01 with a load balancer in several zones.
fn balanced(workload: &Thing<Workload>, balancer: &Thing<LoadBalancer>, cx: &Context) {
    if workload.spec.names != NameCache::Forever || balancer.spec.zones.len() < 2 {
        return;
    }
    let message = format!(
        "workload `{}` resolves `{}` once and for ever: it cannot leave a lost zone",
        workload.name,
        balancer.full()
    );
    cx.complain(for_ever(workload, message).also(balancer.place, "the load balancer"));
}

/// Z-02: connections that are still in use when the network card that they were made to is deleted.
fn outlived(workload: &Thing<Workload>, endpoint: &Thing<Endpoint>, specs: &Specs, cx: &Context) {
    let kept = &workload.spec.connections;
    for change in changes_of(specs, &endpoint.full()) {
        let Act::Replace(it) = &change.spec.act else { continue };
        let Migration::Smooth { drain, .. } = it.manner.value else { continue };
        if !kept.reuse || kept.max_age.is_some_and(|age| age <= drain) {
            continue;
        }
        let message = format!(
            "connections of workload `{}` may outlive the {drain} in which `{}` drains",
            workload.name,
            endpoint.full()
        );
        cx.complain(
            Diagnostic::warning("Z-02", workload.place, message)
                .label("those still in use are reset with the old network card")
                .also(it.manner.place, "the replacement")
                .reason(
                    "persistent connections (M-30, MaxCompute network connection) stay on a network \
                     card that has left the record (X-52, PrivateLink endpoint services)",
                )
                .help(format!("let them age: connections = {{ max_age = \"{drain}\" }}, or drain longer")),
        );
        return;
    }
}

/// P-54: a throttle spread over k devices is reached only with enough connections.
fn connections(
    workload: &Thing<Workload>,
    endpoint: &Thing<Endpoint>,
    specs: &Specs,
    cx: &Context,
) {
    let Some(throttle) = endpoint.throttle(specs) else { return };
    let Some(pool) = most_connections(&workload.spec) else { return };
    let devices = endpoint.spec.devices;
    let needed = connections_for(devices);
    if pool < needed {
        let few = match pool {
            1 => "the only connection".to_owned(),
            n => format!("the {n} connections"),
        };
        let are = if pool == 1 { "is" } else { "are" };
        let message = format!(
            "{few} of workload `{}` {are} too few to reach the throttle of {throttle}",
            workload.name
        );
        cx.complain(
            Diagnostic::warning("P-54", workload.place, message)
                .also(endpoint.place, format!("spread over {devices} devices"))
                .reason(
                    "the throttle is reached with multiple connections only (PrivateLink overview)",
                )
                .help(format!(
                    "let it open {needed} connections or more: with a chance of 99 % they use all \
                     {devices} devices"
                )),
        );
    }
}

/// The most connections that a workload can have open, if it is bounded.
fn most_connections(spec: &Workload) -> Option<u64> {
    let clients = u64::from(spec.clients);
    let pool = spec.connections.per_client.map(|n| clients * u64::from(n));
    let workers = match &spec.arrivals {
        Arrivals::Requests(plan::Arrivals::Closed { workers, .. }) => Some(u64::from(*workers)),
        Arrivals::Requests(plan::Arrivals::Jobs(jobs)) => Some(u64::from(jobs.workers)),
        _ => None,
    };
    [pool, workers].into_iter().flatten().min()
}

/// Connections that hit each of `devices` with a probability of 99 %, by the union bound: the least
/// n with k (1 - 1/k)^n <= 0.01.
fn connections_for(devices: u32) -> u64 {
    let k = f64::from(devices);
    let (mut missing, mut n) = (k, 0);
    while missing > 0.01 {
        missing *= 1.0 - 1.0 / k;
        n += 1;
    }
    n
}

fn through_proxy(workload: &Thing<Workload>, proxy: &Thing<MaxCompute>, cx: &Context) {
    let spec = &workload.spec;
    if !spec.connections.reuse {
        let message = format!(
            "workload `{}` opens a connection through the proxy for each request",
            workload.name
        );
        cx.complain(
            Diagnostic::warning("M-30", workload.place, message)
                .also(proxy.place, "the proxy")
                .reason(
                    "use persistent connections through the proxy (MaxCompute network connection)",
                )
                .help("connections = { reuse = true }"),
        );
    }
    if let Some(most) = most_connections(spec).filter(|m| *m > proxy.spec.connections) {
        let message = format!(
            "workload `{}` can open {most} connections, the proxy has {}",
            workload.name, proxy.spec.connections
        );
        cx.complain(
            Diagnostic::warning("M-29", workload.place, message)
                .also(proxy.place, "the proxy")
                .reason("too much concurrency makes requests fail (MaxCompute network connection)")
                .help("use fewer workers or connections (M-31)"),
        );
    }
}

/// M-38: jobs of MaxCompute, whatever they call, may run again.
fn repeated(workload: &Thing<Workload>, specs: &Specs, cx: &Context) {
    let spec = &workload.spec;
    let job = matches!(&spec.arrivals, Arrivals::Requests(plan::Arrivals::Jobs(_)));
    let leaves = way_out(spec.way.steps(specs), specs).is_some() || spec.engine.is_some();
    if spec.idempotent || !(job || leaves) {
        return;
    }
    let message =
        format!("requests of workload `{}` may be repeated but are not idempotent", workload.name);
    cx.complain(
        Diagnostic::warning("M-38", workload.place, message)
            .reason(
                "nodes may be rerun on failover: code must be idempotent (MaxCompute network \
                 connection)",
            )
            .help(
                "guard writes, or prefer reads: then leave idempotent = false out; if you can't, the \
                 table of jobs counts what is written twice",
            ),
    );
}

/// Share of the source ports from which on the run book is told, as no document gives one.
const RUN_BOOK: f64 = 0.8;

/// M-34: so many source ports that connections may begin to behave oddly.
fn ports(proxy: &Thing<MaxCompute>, workloads: &[Thing<Workload>], specs: &Specs, cx: &Context) {
    if proxy.spec.connection.leads_in() {
        return;
    }
    let (all, hold) = proxy.spec.ports();
    let through = workloads.iter().filter(|w| {
        way_out(w.spec.way.steps(specs), specs).is_some_and(|(_, p)| p.name == proxy.name)
    });
    // A port for each connection that is kept; for others as many as are opened while one is held.
    let used = through.filter_map(|w| {
        let spec = &w.spec;
        if spec.connections.reuse {
            #[expect(clippy::cast_precision_loss, reason = "numbers of connections are small")]
            return most_connections(spec).map(|n| (w, n as f64));
        }
        let Arrivals::Requests(arrivals) = &spec.arrivals else { return None };
        let per_second = match arrivals {
            plan::Arrivals::Poisson { per_second, .. } => *per_second,
            plan::Arrivals::Renewal { gap, .. } => 1e9 / gap.mean(),
            plan::Arrivals::Closed { workers, think } => f64::from(*workers) * 1e9 / think.mean(),
            _ => return None,
        };
        Some((w, per_second.min(proxy.spec.new_connections) * hold.secs()))
    });
    let used: Vec<_> = used.collect();
    // Ports are those of an address to one target.
    let target = |w: &Thing<Workload>| {
        let steps = w.spec.way.steps(specs);
        called(steps, specs).map_or_else(|| steps.last().map(|s| s.what.full()), |t| Some(t.full()))
    };
    let mut by_target: BTreeMap<Option<String>, Vec<(&Thing<Workload>, f64)>> = BTreeMap::new();
    used.into_iter().for_each(|(w, n)| by_target.entry(target(w)).or_default().push((w, n)));
    let sum = |list: &[(&Thing<Workload>, f64)]| list.iter().map(|(_, n)| n).sum::<f64>();
    let fullest = by_target.values().max_by(|a, b| sum(a).total_cmp(&sum(b)));
    let used = fullest.map_or(&[][..], |list| list);
    let total = sum(used);
    #[expect(clippy::cast_precision_loss, reason = "numbers of ports are small")]
    let share = total / all as f64;
    let most = used.iter().max_by(|a, b| a.1.total_cmp(&b.1));
    let Some((most, _)) = most.filter(|_| share > RUN_BOOK) else { return };
    let message = format!(
        "up to {total:.0} of the {all} source ports of `{}` to one target are in use",
        proxy.full()
    );
    cx.complain(
        Diagnostic::new(Severity::Note, "M-34", proxy.place, message)
            .label("for the run book: odd connections are for technical support")
            .also(most.place, "most of them")
            .reason(
                "the proxy has few egress addresses; abnormal connections are to be told to technical \
                 support (MaxCompute network connection)",
            )
            .help("use fewer workers, or keep connections: connections = { reuse = true }"),
    );
}

#[cfg(test)]
mod tests {
    use super::connections_for;

    #[test]
    fn a_path_ends_where_something_serves() {
        let net = "[site.s]\nbandwidth = \"1 Gbps\"\n[access_point.a]\n[circuit.c]\nport = \"1 Gbps\"\naccess_point = \"a\"\n\
                   [backend.b]\nbandwidth = \"1 Gbps\"\nservers = 1\nservice = \"1 ms\"\n";
        let said =
            |path: &str| crate::scenario::testing::all_codes(net, path).contains(&"path".into());
        assert!(!said("\"site.s\", \"circuit.c\", \"backend.b\""));
        assert!(said("\"site.s\", \"circuit.c\""), "nothing serves");
        assert!(said("\"backend.b\", \"circuit.c\""), "something comes after it");
    }

    #[test]
    fn connections_for_all_devices() {
        // 4 (3/4)^n <= 0.01 first at n = 21: 4 x 0.75^20 = 0.0127, 4 x 0.75^21 = 0.0095.
        assert_eq!(connections_for(4), 21);
        assert_eq!(connections_for(1), 1);
    }
}
