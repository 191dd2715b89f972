//! Closed forms of jobs: reruns from zero, what they make again, instances on workers, stages.

use std::sync::Arc;

use crate::measure::Quantity::{Number, Span as Time};
use crate::measure::{JobResults, Results};
use crate::plan::{Arrivals, Hop, JobStage, Jobs, OnError, Plan, Servers, Settings, StationId};
use crate::random::Dist;
use crate::units::Span;

use super::lab::{plan, station, workload};
use super::{Agreement, Bench, KnownCase, Rows, whole};

pub(super) const CASES: &[KnownCase] = &[
    KnownCase {
        name: "job-reruns",
        about: "Instances that start again from zero at a rate: mean completion, requests made again",
        source: "(e^(rT) - 1) / r (Ross, Introduction to Probability Models); Wald's identity",
        run: reruns,
    },
    KnownCase {
        name: "job-makespan",
        about: "Jobs without chance: equal instances on few workers, stages after each other",
        source: "ceil(instances / workers) x T; the longest way through the stages",
        run: makespans,
    },
];

/// A stage of instances of `requests` requests each, without thinking.
pub(super) fn stage(name: &str, after: Vec<u32>, instances: u32, requests: u32) -> JobStage {
    let requests = Dist::constant(f64::from(requests));
    JobStage { name: name.into(), after, instances, requests, think: Dist::constant(0.0) }
}

/// One job from time 0 on, whose requests take `seconds` each wherever there is no queue.
pub(super) fn job(
    settings: Settings,
    seconds: u64,
    workers: u32,
    stages: Vec<JobStage>,
) -> (Plan, Jobs) {
    let jobs = Jobs {
        at: vec![Span::ZERO],
        every: None,
        stages,
        workers,
        losses: 0.0,
        on_error: OnError::Fail,
    };
    let hops = vec![Hop::Station(StationId(0))];
    let mut p = plan(settings, hops, Vec::new());
    let service = Dist::constant(whole(Span::from_secs(seconds).nanos()));
    p.stations.push(station(Servers::Unlimited, service));
    (p, jobs)
}

/// The plan with a workload of these jobs.
pub(super) fn with(mut p: Plan, jobs: Jobs) -> Plan {
    p.workloads.push(workload("w", Arrivals::Jobs(Arc::new(jobs)), 0));
    p
}

fn seen(r: &Results) -> Option<&JobResults> {
    r.workloads[0].jobs.as_ref()
}

fn reruns(bench: &Bench) -> Rows {
    // 20 requests of 30 s each make T = 600 s; nodes are lost 6 times an hour: rT = 1. Mean completion
    // (e - 1) x 600 s = 1,031 s. With q = e^(-0.05) the probability to survive one request, an instance
    // runs q^-20 = e times on average and begins (e - 1) / (1 - q) = 35.23 requests in all, of which
    // 20 are the first of theirs: 15.23 are made again. All but those that were under way at a loss,
    // e - 1 of them, had been done; those may have been.
    let (losses, requests) = (6.0 / 3_600.0, 20);
    let instances = u32::try_from(bench.effort(1_000)).expect("a thousand at most");
    let settings = Settings { warmup: Span::ZERO, ..bench.drill(30_000, 12) };
    let (p, mut jobs) = job(settings, 30, instances, vec![stage("s", vec![], instances, requests)]);
    jobs.losses = losses;
    let mut p = with(p, jobs);
    p.workloads[0].idempotent = false;
    let e = libm::exp(1.0);
    let begun = (e - 1.0) / (1.0 - libm::exp(-0.05));
    let done = |r: &Results| seen(r).map(|j| whole(j.stages[0].instances));
    let runs = Bench::runs(&p)?;
    let mean = |r: &Results| seen(r)?.stages[0].instance_time.mean();
    let lost = |r: &Results| Some(whole(seen(r)?.reruns()[0]) / done(r)?);
    let twice = |r: &Results| Some(whole(r.workloads[0].duplicates) / done(r)?);
    let made = format!("{requests} requests of 30 s, a loss each 600 s");
    Ok(vec![
        bench.covers(
            format!("{made}, mean completion"),
            &runs,
            (Time, (e - 1.0) * 6e11),
            0.06,
            mean,
        ),
        bench.covers(format!("{made}, reruns"), &runs, (Number, e - 1.0), 0.08, lost),
        bench.covers(format!("{made}, written twice"), &runs, (Number, begun - 20.0), 0.10, twice),
    ])
}

fn makespans(bench: &Bench) -> Rows {
    // Requests of 2 s. 10 instances of 3 on 4 workers: ceil(10 / 4) x 6 s = 18 s. Two stages after each
    // other, of 4 instances on 4 workers: 6 + 10 s. A diamond a -> b, c -> d of 1, 2, 5 and 1 requests on
    // enough workers: 2 + 10 + 2 s; on one worker all of it, 18 s.
    let diamond = || {
        vec![
            stage("a", vec![], 1, 1),
            stage("b", vec![0], 1, 2),
            stage("c", vec![0], 1, 5),
            stage("d", vec![1, 2], 1, 1),
        ]
    };
    let line = vec![stage("a", vec![], 4, 3), stage("b", vec![0], 4, 5)];
    let cases = [
        ("10 equal instances on 4 workers, makespan", 4, vec![stage("s", vec![], 10, 3)], 18.0),
        ("Two stages after each other, makespan", 4, line, 16.0),
        ("Four stages as a diamond, makespan", 4, diamond(), 14.0),
        ("Four stages as a diamond on one worker, makespan", 1, diamond(), 18.0),
    ];
    let mut rows = Vec::new();
    for (what, workers, stages, seconds) in cases {
        let (p, jobs) = job(bench.once(60), 2, workers, stages);
        let r = Bench::run_once(&with(p, jobs))?;
        let took = seen(&r).and_then(|j| j.time.max()).map_or(f64::NAN, whole);
        rows.push(Agreement::exact(what, Time, seconds * 1e9, took, 0.0));
    }
    Ok(rows)
}
