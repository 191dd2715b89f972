//! Jobs end to end in the engine: what errors and losses do to instances, jobs and their requests.

use std::sync::Arc;

use highwater::experiment::validate::lab::{
    MS, branch, naming, plan, pool, selector, settings, station, workload,
};
use highwater::measure::{JobResults, Results};
use highwater::plan::*;
use highwater::random::Dist;
use highwater::units::Span;

use crate::lab::run_one;

fn stage(name: &str, after: Vec<u32>, instances: u32, requests: f64) -> JobStage {
    let requests = Dist::constant(requests);
    JobStage { name: name.into(), after, instances, requests, think: Dist::constant(0.0) }
}

fn jobs(stages: Vec<JobStage>, workers: u32, on_error: OnError) -> Jobs {
    Jobs { at: vec![Span::ZERO], every: None, stages, workers, losses: 0.0, on_error }
}

fn asking(hops: Vec<Hop>, jobs: Jobs) -> Plan {
    let w = workload("w", Arrivals::Jobs(Arc::new(jobs)), 0);
    plan(settings(1_000, 0, 1), hops, vec![w])
}

fn seen(r: &Results) -> &JobResults {
    r.workloads[0].jobs.as_ref().expect("jobs")
}

#[test]
fn what_an_error_does_to_its_instance() {
    // A pool of no unit refuses every request at once. Two instances of three requests, one at a time.
    let told = |on_error| {
        let mut p =
            asking(vec![Hop::Pool(PoolId(0))], jobs(vec![stage("s", vec![], 2, 3.0)], 1, on_error));
        p.pools.push(pool(0, OnFull::Refuse));
        let r = run_one(&p, 0);
        let j = seen(&r);
        (j.done, j.failed, j.reruns(), r.workloads[0].errors["refused"], j.repeated)
    };
    assert_eq!(told(OnError::GoOn), (1, 0, [0, 0], 6, 0));
    // The first run and two more, one request each: none was done that is made again.
    assert_eq!(told(OnError::Rerun { most: 2 }), (0, 1, [0, 2], 3, 0));
    assert_eq!(told(OnError::Fail), (0, 1, [0, 0], 1, 0));
}

#[test]
fn a_failed_job_stops_and_leaves_its_workers_to_the_next() {
    // One server of 5 s and one place: of three instances one is served, one waits, one is refused, and
    // the job is over. The server does not know and works on. So the job at 2 s finds it busy: its first
    // instance waits (the place is taken by one that nobody waits for), is refused, and fails. At 100 s
    // all is as at first.
    let mut it =
        jobs(vec![stage("s", vec![], 3, 1.0), stage("later", vec![0], 1, 1.0)], 9, OnError::Fail);
    it.at = [0, 2, 100].map(Span::from_secs).into();
    let mut p = asking(vec![Hop::Station(StationId(0))], it);
    p.stations.push(station(Servers::Count(1), Dist::constant(5e9)));
    p.stations[0].queue = Some(1);
    let r = run_one(&p, 0);
    let (j, w) = (seen(&r), &r.workloads[0]);
    assert_eq!((j.started, j.done, j.failed, j.unfinished), (3, 0, 3, 0));
    assert_eq!((w.errors["refused"], w.errors["given_up"], w.ok), (3, 4, 0));
    assert_eq!((w.offered, r.stations[0].arrived), (7, 7), "`later` never was ready");
}

#[test]
fn a_lost_node_forgets_its_names_and_connections() {
    // 100 requests of 1 s over names that are kept for ever, and a loss each 25 s: each run asks once and
    // opens one connection, if the host is the worker's own.
    let told = |clients, workers| {
        let mut it = jobs(vec![stage("s", vec![], 1, 100.0)], workers, OnError::Fail);
        it.losses = 0.04;
        let mut p = asking(vec![Hop::Selector(SelectorId(0)), Hop::Station(StationId(1))], it);
        p.settings = settings(20_000, 0, 1);
        p.stations.push(station(Servers::Unlimited, Dist::constant(0.0)));
        p.stations.push(station(Servers::Unlimited, Dist::constant(1_000.0 * MS)));
        p.stations[0].name = "names".into();
        p.selectors.push(selector(Policy::Random, vec![branch("a", vec![], vec![])]));
        p.selectors[0].naming = Some(Naming { resolver: Some(StationId(0)), ..naming(5) });
        let w = &mut p.workloads[0];
        (w.names, w.clients) = (NameCache::Forever, clients);
        (w.connections.reuse, w.connections.handshake_rtts) = (true, 1);
        let r = run_one(&p, 0);
        let asked = r.stations.iter().find(|s| s.name == "names").unwrap().arrived;
        let j = seen(&r);
        assert_eq!(j.done, 1);
        (asked, j.reruns()[0], r.workloads[0].connections, j.connections_again)
    };
    let (asked, lost, opened, again) = told(1, 1);
    assert!(lost > 5, "{lost}");
    assert_eq!((asked, opened, again), (1 + lost, 1 + lost, lost));
    // Two workers on one host: the request under way takes its connection along, the names stay.
    let (asked, _, opened, again) = told(1, 2);
    assert_eq!((asked, opened, again), (1, 1 + lost, lost));
}

#[test]
fn names_that_are_asked_for_every_so_often() {
    // A request a second from 0 on, each with a connection of its own: answers of 10 s make the first, the
    // eleventh, ... ask, whatever the TTL.
    for (cache, ttl, asked) in [
        (NameCache::Every(Span::from_secs(10)), 3, 10),
        (NameCache::Every(Span::from_secs(10)), 60, 10),
        (NameCache::Ttl { warm: false }, 4, 25),
        (NameCache::Forever, 4, 1),
    ] {
        let mut it = jobs(vec![stage("s", vec![], 1, 100.0)], 1, OnError::Fail);
        it.stages[0].think = Dist::constant(1e9);
        let mut p = asking(vec![Hop::Selector(SelectorId(0))], it);
        p.stations.push(station(Servers::Unlimited, Dist::constant(0.0)));
        p.selectors.push(selector(Policy::Random, vec![branch("a", vec![], vec![])]));
        p.selectors[0].naming = Some(Naming { resolver: Some(StationId(0)), ..naming(ttl) });
        p.workloads[0].names = cache;
        let r = run_one(&p, 0);
        assert_eq!((r.workloads[0].ok, r.stations[0].arrived), (100, asked), "{cache:?} {ttl}");
    }
}

#[test]
fn jobs_of_one_workload_share_its_workers_in_order() {
    // Two workers, requests of 1 s. Jobs at 0 and 1 s of three instances of two requests: 0-2 s two of
    // the first job; at 2 s its third one and the first of the second job; at 4 s the other two: the first
    // is done at 4 s, the second at 6 s, 5 s after its start.
    let mut it = jobs(vec![stage("s", vec![], 3, 2.0)], 2, OnError::Fail);
    it.at = [0, 1].map(Span::from_secs).into();
    let mut p = asking(vec![Hop::Station(StationId(0))], it);
    p.stations.push(station(Servers::Unlimited, Dist::constant(1e9)));
    let r = run_one(&p, 0);
    assert_eq!(
        (seen(&r).time.min(), seen(&r).time.max()),
        (Some(4_000_000_000), Some(5_000_000_000))
    );
    assert_eq!(seen(&r).stages[0].instance_time.max(), Some(2_000_000_000));
}

#[test]
fn jobs_are_told_in_the_summary_and_the_files() {
    // Two stages after each other, three requests of 1 s and one: 3 s and 1 s.
    let stages = vec![stage("load", vec![], 2, 3.0), stage("<end>", vec![0], 1, 1.0)];
    let mut p = asking(vec![Hop::Station(StationId(0))], jobs(stages, 2, OnError::Fail));
    p.stations.push(station(Servers::Unlimited, Dist::constant(1e9)));
    let mut r = run_one(&p, 0);
    r.merge(&run_one(&p, 1));
    let text = highwater::report::summary(&r, 160);
    let row = |first: &str| -> Vec<String> {
        let line = text.lines().find(|l| l.split_whitespace().nth(1) == Some(first));
        line.unwrap_or_else(|| panic!("{text}")).split_whitespace().map(Into::into).collect()
    };
    let all =
        ["w", "(all)", "1", "0", "0", "3", "0", "0", "0", "4.00", "s", "4.00", "s", "4.00", "s"];
    assert_eq!(row("(all)"), all);
    assert_eq!(row("load")[..6], ["w", "load", "1", "-", "0", "2"]);
    let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("jobs-files");
    let _ = std::fs::remove_dir_all(&dir);
    highwater::report::write_all(&r, &dir, &[]).expect("files");
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).expect("a file");
    let csv = read("jobs.csv");
    let cells: Vec<Vec<&str>> = csv.lines().map(|l| l.split(',').collect()).collect();
    assert_eq!(cells.len(), 4, "{csv}");
    assert_eq!((cells[1][1], cells[1][3], cells[1][6], cells[1][13]), ("", "2", "6", "4"));
    assert_eq!((cells[3][1], cells[3][3], cells[3][6], cells[3][13]), ("<end>", "2", "2", "1"));
    assert!(read("job_times.csv").lines().count() == 1 + 1 + 2 + 2);
    let page = read("report.html");
    assert!(page.contains("&lt;end&gt;") && !page.contains("<end>"));
}

#[test]
fn what_the_end_cuts_off_has_its_stage_named() {
    // Two workers, requests of 1 s: `load` is over at 3 s, of `write` two instances at 603 s, and three are
    // left at 1,000 s; `check` was never ready.
    let stages = vec![
        stage("load", vec![], 2, 3.0),
        stage("write", vec![0], 5, 600.0),
        stage("check", vec![1], 1, 1.0),
    ];
    let mut p = asking(vec![Hop::Station(StationId(0))], jobs(stages, 2, OnError::Fail));
    p.stations.push(station(Servers::Unlimited, Dist::constant(1e9)));
    let mut r = run_one(&p, 0);
    r.merge(&run_one(&p, 1));
    let j = seen(&r);
    let left = j.stages.iter().map(|s| (s.done, s.unfinished, s.left)).collect::<Vec<_>>();
    assert_eq!((j.unfinished, &left[..]), (2, &[(2, 0, 0), (0, 2, 6), (0, 0, 0)][..]));
    let text = highwater::report::summary(&r, 160);
    let line = text.lines().find(|l| l.contains("write")).expect("its stage");
    assert!(line.contains("past the end"), "{line}");
    let whole = text.lines().find(|l| l.contains("(all)")).expect("the job");
    assert_eq!(whole.matches("past the end").count(), 3, "{whole}");
}
