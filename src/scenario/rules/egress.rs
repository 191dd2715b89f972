//! MaxCompute and the rest of the world: which solution serves which engine, target and direction.
//! What is called is looked at in `targets`, where in `regions`.

use super::super::context::{Context, Ref, Step};
use super::super::diagnostic::{Diagnostic, Place, Severity};
use super::super::kinds::backend::{Backend, Door};
use super::super::kinds::endpoint::Endpoint;
use super::super::kinds::load_balancer::LoadBalancer;
use super::super::kinds::maxcompute::MaxCompute;
use super::super::kinds::maxcompute::connection::{ENGINES, Engine, Solution, called, way_out};
use super::super::kinds::{Kind, Specs, Thing};
use super::super::traffic::Workload;

mod regions;
mod targets;

/// The document, as reasons cite it.
macro_rules! said {
    ($text:literal) => {
        concat!($text, " (MaxCompute network connection)")
    };
}
use said;

/// A workload whose requests leave MaxCompute.
struct Job<'a> {
    workload: &'a Thing<Workload>,
    proxy: &'a Thing<MaxCompute>,
    /// What comes after it on the path.
    after: &'a [Step],
    target: Option<Target<'a>>,
}

/// What is called.
struct Target<'a> {
    /// Where the path names it.
    step: &'a Ref,
    name: String,
    /// Where it is declared.
    place: Place,
    vpc: Option<&'a Ref>,
    door: Option<&'a Door>,
}

/// Most flows that one complaint shows.
const MOST_SHOWN: usize = 4;

pub(super) fn check(workloads: &[Thing<Workload>], specs: &Specs, cx: &Context) {
    for workload in workloads {
        let steps = workload.spec.way.steps(specs);
        directions(workload, steps, specs, cx);
        engine_of(workload, steps, specs, cx);
        let Some((at, proxy)) = way_out(steps, specs) else { continue };
        let after = &steps[at + 1..];
        let job = Job { workload, proxy, after, target: target(after, specs) };
        if engines(&job, cx) {
            targets::check(&job, specs, cx);
        }
    }
    for proxy in specs.maxcompute.values() {
        unconnected(proxy, workloads, specs, cx);
        card(proxy, cx);
        regions::check(proxy, specs, cx);
    }
}

/// What the last of these steps is, or the backend behind it.
fn target<'a>(after: &'a [Step], specs: &'a Specs) -> Option<Target<'a>> {
    let step = &after.iter().rev().find(|s| NAMED.contains(&s.what.kind))?.what;
    let behind = if step.kind == Endpoint::NAME { None } else { called(after, specs) };
    if let Some(backend) = behind {
        let door = &backend.spec.door;
        let (name, place) = (backend.full(), backend.place);
        return Some(Target { step, name, place, vpc: door.vpc.as_ref(), door: Some(door) });
    }
    let endpoint = specs.endpoint.get(&step.name)?;
    let vpc = endpoint.spec.vpc.as_ref();
    Some(Target { step, name: endpoint.full(), place: endpoint.place, vpc, door: None })
}

/// Kinds that jobs call.
const NAMED: &[&str] = &[Backend::NAME, Endpoint::NAME, LoadBalancer::NAME];

/// M-01: nothing is reached until a connection is set up.
fn unconnected(
    proxy: &Thing<MaxCompute>,
    workloads: &[Thing<Workload>],
    specs: &Specs,
    cx: &Context,
) {
    if proxy.spec.connection.solution.is_some() {
        return;
    }
    let flows: Vec<_> = workloads
        .iter()
        .filter_map(|w| {
            let named = |s: &&Step| s.what.kind == MaxCompute::NAME && s.what.name == proxy.name;
            Some((w, w.spec.way.steps(specs).iter().find(named)?))
        })
        .collect();
    if flows.is_empty() {
        return;
    }
    let who = flows.iter().map(|(w, _)| format!("`{}`", w.name)).collect::<Vec<_>>().join(", ");
    let message = format!("`{}` is connected to nothing: {who} cannot be served", proxy.full());
    let mut complaint = Diagnostic::error("M-01", proxy.place, message)
        .label("`solution` is missing")
        .reason(said!("MaxCompute is isolated until a network connection is set up"))
        .help(
            "set up one of the six: solution = \"internet\", \"vpc\" or \"alibaba_service\", by which \
             jobs call others, or \"privatelink\", \"peering\" or \"cen\", by which others call it",
        );
    for (workload, step) in flows.iter().take(MOST_SHOWN) {
        complaint = complaint.also(step.what.place, format!("workload `{}`", workload.name));
    }
    cx.complain(complaint);
}

/// M-03, M-08, M-10: the place on the path is the direction.
fn directions(workload: &Thing<Workload>, steps: &[Step], specs: &Specs, cx: &Context) {
    for (i, step) in steps.iter().enumerate() {
        let Some(it) = named(step, specs) else { continue };
        let Some(solution) = &it.spec.connection.solution else { continue };
        let (word, last) = (solution.value.word(), i + 1 == steps.len());
        let wrong = match (solution.value.leads_in(), last) {
            (true, false) => Some((
                format!("workload `{}` goes out by \"{word}\", which leads in", workload.name),
                "jobs go out by solution = \"internet\", \"vpc\" or \"alibaba_service\"; a path by which \
                 others come in ends here",
            )),
            (false, true) if i > 0 => Some((
                format!("workload `{}` comes in by \"{word}\", which leads out", workload.name),
                "others come in by solution = \"privatelink\", \"peering\" or \"cen\"; a path by which \
                 jobs go out begins here",
            )),
            _ => None,
        };
        if let Some((message, help)) = wrong {
            cx.complain(
                Diagnostic::error("M-03", step.what.place, message)
                    .also(solution.place, "the solution")
                    .reason(said!("three solutions lead out of MaxCompute, three others into it"))
                    .help(help),
            );
            return;
        }
        let has = |kind: &str| steps[..i].iter().any(|s| s.what.kind == kind);
        let lacks = match solution.value {
            Solution::PrivateLink if !has(Endpoint::NAME) => Some((
                "M-08",
                "an endpoint",
                said!(
                    "by PrivateLink others reach MaxCompute over a private endpoint in their VPC"
                ),
                format!("path = [\"endpoint.name\", \"{}\"]", it.full()),
            )),
            Solution::Cen if !has("transit_router") => Some((
                "M-10",
                "a transit router",
                said!(
                    "CEN joins VPCs of several regions: their traffic goes through a transit router"
                ),
                format!("path = [\"transit_router.name\", \"{}\"]", it.full()),
            )),
            _ => None,
        };
        if let Some((row, what, reason, help)) = lacks {
            let message =
                format!("workload `{}` comes in by \"{word}\" without {what}", workload.name);
            cx.complain(
                Diagnostic::error(row, step.what.place, message)
                    .also(solution.place, "the solution")
                    .reason(reason)
                    .help(help),
            );
        }
    }
}

/// The MaxCompute that a step names.
fn named<'s>(step: &Step, specs: &'s Specs) -> Option<&'s Thing<MaxCompute>> {
    (step.what.kind == MaxCompute::NAME).then(|| specs.maxcompute.get(&step.what.name)).flatten()
}

/// M-02, M-11: an engine where no job leaves MaxCompute.
fn engine_of(workload: &Thing<Workload>, steps: &[Step], specs: &Specs, cx: &Context) {
    let Some(engine) = &workload.spec.engine else { return };
    if steps.is_empty() || way_out(steps, specs).is_some() {
        return;
    }
    let found = steps.iter().enumerate().find_map(|(i, s)| Some((i, named(s, specs)?)));
    let complaint = match found {
        // Its place on the path is told (M-03).
        Some((i, _)) if i + 1 < steps.len() => return,
        Some((_, called)) => {
            let message = format!("the engine of workload `{}` does not matter", workload.name);
            Diagnostic::new(Severity::Note, "M-11", engine.place, message)
                .also(called.place, "others come in here")
                .reason(said!("solutions that lead in serve whatever engine"))
                .help("leave it out")
        }
        None => {
            let message = format!("workload `{}` leaves MaxCompute past its proxy", workload.name);
            Diagnostic::warning("M-02", engine.place, message)
                .reason(said!("all access to the outside runs through a proxy layer"))
                .help("begin its path with a maxcompute, or leave the engine out")
        }
    };
    cx.complain(complaint);
}

/// Engines that a solution does not serve.
const UNSERVED: &[(Solution, &str, &[Engine])] = &[
    (Solution::Internet, "M-04", &[Engine::Sql, Engine::ForeignTable, Engine::Lakehouse]),
    (Solution::Vpc, "M-05", &[Engine::MapReduce]),
    (Solution::AlibabaService, "M-06", &[Engine::MapReduce]),
];

/// M-04, M-05, M-06: whether the solution serves the engine, as far as both are known.
fn engines(job: &Job<'_>, cx: &Context) -> bool {
    let Some(solution) = &job.proxy.spec.connection.solution else { return true };
    let Some(engine) = &job.workload.spec.engine else { return true };
    let unserved = |s: Solution| UNSERVED.iter().find(|(it, ..)| *it == s);
    let Some((_, row, not)) = unserved(solution.value) else { return true };
    if !not.contains(&engine.value) {
        return true;
    }
    let word = |e: Engine| ENGINES.iter().find(|(_, it)| *it == e).map_or("", |(word, _)| *word);
    let served: Vec<_> =
        ENGINES.iter().filter(|(_, e)| !not.contains(e)).map(|(w, _)| *w).collect();
    let others: Vec<_> = UNSERVED
        .iter()
        .filter(|(_, _, not)| !not.contains(&engine.value))
        .map(|(s, ..)| format!("solution = \"{}\"", s.word()))
        .collect();
    let message = format!(
        "solution \"{}\" does not serve `{}` of workload `{}`",
        solution.value.word(),
        word(engine.value),
        job.workload.name
    );
    cx.complain(
        Diagnostic::error(row, engine.place, message)
            .also(solution.place, "the solution")
            .reason(said!("each solution serves the engines that the document lists for it"))
            .help(format!(
                "use an engine that it serves ({}), or {}",
                served.join(", "),
                others.join(" or ")
            )),
    );
    false
}

/// M-15: the network card of a VPC connection has a vSwitch and a group, and no other solution has one.
fn card(proxy: &Thing<MaxCompute>, cx: &Context) {
    let own = &proxy.spec.connection;
    let Some(solution) = &own.solution else { return };
    const WHY: &str =
        said!("a VPC connection has an ENI, ruled by the security group that was chosen with it");
    let (vswitch, group) = (own.vswitch.as_ref(), own.security_group.as_ref());
    let complaint = match (solution.value == Solution::Vpc, vswitch, group) {
        (true, Some(vswitch), None) => {
            let message = format!("`{}` has a vSwitch and no security group", proxy.full());
            Diagnostic::error("M-15", vswitch.place, message)
                .help("name one: security_group = \"...\"")
        }
        (true, None, Some(group)) => {
            let message = format!("`{}` has a security group and no vSwitch", proxy.full());
            Diagnostic::error("M-15", group.place, message).help("name one: vswitch = \"...\"")
        }
        (false, Some(stray), _) | (false, None, Some(stray)) => {
            let message = format!("`{}` has no network card in a VPC", proxy.full());
            Diagnostic::error("M-15", stray.place, message)
                .also(solution.place, "only a VPC connection has one")
                .help("leave vswitch and security_group out, or write solution = \"vpc\"")
        }
        _ => return,
    };
    cx.complain(complaint.reason(WHY));
}
