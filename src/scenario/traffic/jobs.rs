//! Jobs: `arrivals = { job = { ... } }` with its stages as an array of tables.
//!
//! ```toml
//! [workload.etl.arrivals.job]
//! at = "1 min"            # or a list; every = "1 h" starts another one again and again
//! workers = 200           # instances that run at once
//! reruns = "0.1/h"        # losses of each running instance, which starts again from zero (M-37)
//! on_error = "rerun"      # "go_on", "rerun", "fail": what a request's final error does
//! max_reruns = 3
//!
//! [[workload.etl.arrivals.job.stages]]
//! name = "map"
//! instances = 1000
//! requests = 50           # of each instance, one after the other; or a law
//! think = "100 ms"
//!
//! [[workload.etl.arrivals.job.stages]]
//! name = "reduce"
//! after = ["map"]
//! instances = 50
//! requests = 10
//! ```
//!
//! | fact | source |
//! |---|---|
//! | nodes may be rerun on failover | M-37 (000) |
//! | code must be idempotent | M-38 |
//! | limit the number of nodes | M-31 |
//! | a task may fail four times before its job does | Spark configuration, `spark.task.maxFailures` |

use std::sync::Arc;

use crate::plan::{self, JobStage, OnError};
use crate::scenario::diagnostic::{Diagnostic, Place, nearest};
use crate::scenario::law::Law;
use crate::scenario::read::{Count, PerSecond, Requests};
use crate::scenario::reader::{Basis, Given, Reader};
use crate::scenario::tree::{Node, Value};
use crate::units::Span;

/// Most stages of a job.
const MOST_STAGES: usize = 250;

const SPARK: Basis =
    Basis { source: "Spark configuration: spark.task.maxFailures is 4, tries in all", mark: "B" };
const TRIED_AGAIN: Basis = Basis {
    source: "engines run a failed task again (Spark configuration: spark.task.maxFailures)",
    mark: "B",
};

/// A stage whose names are not yet positions.
struct Stage {
    name: Given<String>,
    after: Vec<Given<String>>,
    spec: JobStage,
}

/// Reads `{ at, every, workers, reruns, on_error, max_reruns, stages }`.
pub(super) fn read(r: &Reader<'_>) -> Option<plan::Arrivals> {
    let mut at: Vec<Span> = match r.node("at").map(|node| &node.value) {
        Some(Value::List(_)) => r.several::<Span>("at").into_iter().map(|at| at.value).collect(),
        Some(_) => r.opt::<Span>("at").into_iter().collect(),
        None => vec![Span::ZERO],
    };
    at.sort_unstable();
    if matches!(r.node("at").map(|n| &n.value), Some(Value::List(list)) if list.is_empty()) {
        let message = format!("`{}` never starts", r.path);
        r.cx.complain(Diagnostic::error("range", r.place_of("at"), message).label("no instant"));
    }
    let every = r.opt::<Span>("every");
    if every == Some(Span::ZERO) {
        let message = "a job each 0 s never ends";
        r.cx.complain(Diagnostic::error("range", r.place_of("every"), message));
    }
    let workers = r.req::<Count>("workers");
    let losses = r.opt::<PerSecond>("reruns").map_or(0.0, |rate| rate.0);
    let on_error = on_error(r);
    let node = r.req_node("stages", "[{ name = \"map\", instances = 100, requests = 20 }]");
    let stages = node.and_then(|node| stages(r, node));
    Some(plan::Arrivals::Jobs(Arc::new(plan::Jobs {
        at,
        every,
        stages: stages?,
        workers: workers?.0,
        losses,
        on_error: on_error?,
    })))
}

fn on_error(r: &Reader<'_>) -> Option<OnError> {
    const WORDS: &[(&str, OnError)] =
        &[("fail", OnError::Fail), ("go_on", OnError::GoOn), ("rerun", OnError::Rerun { most: 0 })];
    if !r.has("on_error") {
        r.assume("on_error", "rerun", TRIED_AGAIN.source, TRIED_AGAIN.mark);
    }
    let word = match r.has("on_error") {
        true => r.word("on_error", WORDS)?,
        false => OnError::Rerun { most: 0 },
    };
    if word == (OnError::Rerun { most: 0 }) {
        return r.fallback::<u32>("max_reruns", "3", SPARK).map(|most| OnError::Rerun { most });
    }
    if r.has("max_reruns") {
        let message = "`max_reruns` bounds reruns after errors, and there are none";
        r.cx.complain(
            Diagnostic::error("exclusive", r.place_of("max_reruns"), message)
                .also(r.place_of("on_error"), "errors do something else")
                .help("losses by `reruns` are not bounded; leave `max_reruns` out"),
        );
    }
    Some(word)
}

fn stages<'a>(r: &Reader<'a>, node: &'a Node) -> Option<Vec<JobStage>> {
    let list = r.list(node);
    if list.is_empty() || list.len() > MOST_STAGES {
        let message = format!("a job of {} stages", list.len());
        let rule = format!("1 to {MOST_STAGES}");
        r.cx.complain(Diagnostic::error("range", node.place, message).label(rule));
        return None;
    }
    let path = format!("{}.stages", r.path);
    let read = |item: &'a Node| {
        let r = Reader::of(r.cx, item, &path)?;
        let stage = stage(&r);
        r.done();
        stage
    };
    // All are read before any is missed, so that each can complain.
    let stages: Vec<Option<Stage>> = list.iter().map(read).collect();
    let stages: Vec<Stage> = stages.into_iter().collect::<Option<_>>()?;
    let names = names(r, &stages);
    let after = after(r, &stages, &names);
    let mut specs: Vec<JobStage> = stages.iter().map(|s| s.spec.clone()).collect();
    for (spec, after) in specs.iter_mut().zip(after) {
        spec.after = after?;
    }
    circle(r, &stages, &specs);
    Some(specs)
}

fn stage(r: &Reader<'_>) -> Option<Stage> {
    let name = r.req::<String>("name");
    let after = r.several("after");
    let instances = r.req::<Count>("instances");
    let requests = r.req::<Law<Requests>>("requests");
    let think = r.quiet::<Law<Span>>("think", "\"0 ms\"");
    let name = Given { value: name?, place: r.place_of("name") };
    let spec = JobStage {
        name: name.value.clone(),
        after: Vec::new(),
        instances: instances?.0,
        requests: requests?.dist,
        think: think?.dist,
    };
    Some(Stage { name, after, spec })
}

/// Each stage has a name of its own.
fn names<'s>(r: &Reader<'_>, stages: &'s [Stage]) -> Vec<&'s str> {
    let names: Vec<&str> = stages.iter().map(|s| s.name.value.as_str()).collect();
    for (i, stage) in stages.iter().enumerate() {
        if let Some(first) = stages[..i].iter().find(|s| s.name.value == stage.name.value) {
            let message = format!("two stages are called `{}`", stage.name.value);
            r.cx.complain(
                Diagnostic::error("duplicate", stage.name.place, message)
                    .also(first.name.place, "the first one"),
            );
        }
    }
    names
}

/// What each stage comes after, by position.
fn after(r: &Reader<'_>, stages: &[Stage], names: &[&str]) -> Vec<Option<Vec<u32>>> {
    let position = |one: &Given<String>| {
        let found = (0..).zip(names).find(|(_, name)| **name == one.value).map(|(i, _)| i);
        if found.is_none() {
            let message = format!("there is no stage called `{}`", one.value);
            let mut complaint = Diagnostic::error("unknown-name", one.place, message);
            if let Some(guess) = nearest(&one.value, names.iter().copied()) {
                complaint = complaint.label(format!("did you mean `{guess}`?"));
            }
            r.cx.complain(complaint.help(format!("stages are {}", names.join(", "))));
        }
        found
    };
    let of = |stage: &Stage| {
        for (i, one) in stage.after.iter().enumerate() {
            if let Some(first) = stage.after[..i].iter().find(|a| a.value == one.value) {
                let message = format!("`{}` is named twice", one.value);
                r.cx.complain(
                    Diagnostic::error("duplicate", one.place, message)
                        .also(first.place, "the first one"),
                );
            }
        }
        stage.after.iter().map(position).collect::<Vec<Option<u32>>>().into_iter().collect()
    };
    stages.iter().map(of).collect()
}

/// No stage waits for itself, by whatever way.
fn circle(r: &Reader<'_>, stages: &[Stage], specs: &[JobStage]) {
    let stuck = plan::Jobs::never_ready(specs);
    let Some(first) = stuck.first() else { return };
    // Each stage that is never ready comes after one that is not either.
    let mut way = vec![*first];
    let (from, place) = loop {
        let last = way[way.len() - 1] as usize;
        let waits: Vec<(u32, Place)> = specs[last]
            .after
            .iter()
            .zip(&stages[last].after)
            .map(|(i, given)| (*i, given.place))
            .collect();
        let found = waits.into_iter().find(|(i, _)| stuck.contains(i));
        let Some((next, place)) = found else { return };
        match way.iter().position(|i| *i == next) {
            Some(from) => break (from, place),
            None => way.push(next),
        }
    };
    let name = |i: &u32| format!("`{}`", specs[*i as usize].name);
    let mut listed: Vec<String> = way[from..].iter().map(name).collect();
    listed.push(name(&way[from]));
    let message = format!("stage {} can never start", listed[0]);
    r.cx.complain(
        Diagnostic::error("circle", place, message)
            .label(format!("{} comes round in a circle", listed.join(" after ")))
            .help("let one of them start without the others"),
    );
}

#[cfg(test)]
mod tests {
    use crate::plan::{Arrivals, OnError, Plan, Workload};
    use crate::scenario::{Loaded, Source, load_text};
    use crate::units::Span;

    fn load(job: &str, keys: &str) -> Plan {
        loaded(job, keys).plan
    }

    fn loaded(job: &str, keys: &str) -> Loaded {
        let text = format!(
            "version = 1\n[backend.b]\nbandwidth = \"1 Gbps\"\nservice = \"1 ms\"\n[workload.w]\n\
             path = [\"backend.b\"]\nrequest = \"1 kB\"\nresponse = \"1 kB\"\n{keys}\n\
             [workload.w.arrivals.job]\nworkers = 7\n{job}\n"
        );
        let source = Source { path: "t.toml".into(), text };
        load_text(source, std::path::Path::new("."), &[]).unwrap_or_else(|e| panic!("{e}"))
    }

    fn jobs(w: &Workload) -> &crate::plan::Jobs {
        let Arrivals::Jobs(jobs) = &w.arrivals else { panic!("{:?}", w.arrivals) };
        jobs
    }

    #[test]
    fn a_job_as_it_is_written() {
        let stages = "[[workload.w.arrivals.job.stages]]\nname = \"reduce\"\nafter = [\"map\"]\n\
                      instances = 2\nrequests = { uniform = { low = 2, high = 8 } }\n\
                      [[workload.w.arrivals.job.stages]]\nname = \"map\"\ninstances = 30\n\
                      requests = 4\nthink = \"50 ms\"\n";
        let plan = load(
            &format!("at = [\"2 min\", \"1 min\"]\nevery = \"1 h\"\nreruns = \"3/h\"\n{stages}"),
            "",
        );
        let w = &plan.workloads[0];
        let it = jobs(w);
        assert_eq!(it.at, [60, 120].map(Span::from_secs), "in order");
        assert_eq!((it.every, it.workers, w.clients), (Some(Span::from_secs(3_600)), 7, 7));
        assert_eq!((it.losses, it.on_error), (3.0 / 3_600.0, OnError::Rerun { most: 3 }));
        let told: Vec<_> = it
            .stages
            .iter()
            .map(|s| {
                (s.name.as_str(), &s.after[..], s.instances, s.requests.mean(), s.think.mean())
            })
            .collect();
        assert_eq!(told, [("reduce", &[1][..], 2, 5.0, 0.0), ("map", &[][..], 30, 4.0, 50e6)]);
        let assumed = |key: &str| {
            let key = format!("workload.w.arrivals.job.{key}");
            plan.assumptions.iter().find(|a| a.parameter == key).map(|a| a.value.clone())
        };
        assert_eq!(assumed("on_error").as_deref(), Some("rerun"));
        assert_eq!(assumed("max_reruns").as_deref(), Some("3"));
    }

    #[test]
    fn a_job_after_the_run_is_told() {
        let said = |at: &str| {
            let stage = "stages = [{ name = \"s\", instances = 1, requests = 1 }]";
            let job = format!("at = \"{at}\"\n{stage}\n[run]\nlength = \"1 h\"");
            loaded(&job, "").diagnostics.iter().any(|d| d.code == "job")
        };
        assert!(said("1 h") && !said("59 min"));
    }

    #[test]
    fn what_is_said_is_no_assumption_and_hosts_may_be_shared() {
        let stage = "stages = [{ name = \"s\", instances = 1, requests = 1 }]";
        let plan = load(&format!("on_error = \"go_on\"\n{stage}"), "clients = 2");
        let it = jobs(&plan.workloads[0]);
        assert_eq!((it.on_error, plan.workloads[0].clients), (OnError::GoOn, 2));
        assert_eq!((&it.at[..], it.every), (&[Span::ZERO][..], None));
        assert!(!plan.assumptions.iter().any(|a| a.parameter.contains(".job.")));
    }
}
