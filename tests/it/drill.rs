//! Drills: against closed forms, with planted single points of failure, pruned and not, cut and put together.

use std::fs;
use std::path::Path;

use highwater::experiment::availability::k_of_n;
use highwater::experiment::{Case, Drill, DrillError, Drills, Options, Which};
use highwater::measure::{DrillResults, DrillSeen, Identity};
use highwater::plan::{
    Component, ComponentId, Hop, Life, Manner, Objective, Plan, Policy, Repair, SelectorId,
};
use highwater::scenario::{Source, load_text};
use highwater::units::Span;

use crate::lab::{branch, plan, selector, settings, trace, workload};
use crate::study::{command, done, files, folder, same, text};

/// Two circuits to an endpoint in two zones behind one hub; a third circuit that nobody uses; what two circuits
/// share; a job that has nothing to do with all that.
const DESIGN: &str = r#"
version = 1
[run]
length = "4 min"
warmup = "10 s"
window = "5 s"
replications = 2
[region.r]
[zone.a]
region = "r"
[zone.b]
region = "r"
[vpc.v]
region = "r"
[resolver.x]
[backend.s]
zones = ["a", "b"]
bandwidth = "1 Gbps"
servers = 8
service = "5 ms"
[load_balancer.s]
type = "nlb"
zones = ["a", "b"]
backend = "s"
[endpoint_service.s]
load_balancer = "s"
[endpoint.s]
service = "s"
vpc = "v"
zones = ["a", "b"]
created_at = 2026-03-01
throttle = "1 Gbps"
resolver = "resolver.x"
record_ttl = "10 s"
[access_point.p]
region = "r"
[access_point.q]
region = "r"
[circuit.one]
port = "1 Gbps"
access_point = "p"
isp = "x"
mtbf = "99 h"
mttr = "1 h"
[circuit.two]
port = "1 Gbps"
access_point = "q"
isp = "y"
mtbf = "99 h"
mttr = "1 h"
[circuit.spare]
port = "1 Gbps"
access_point = "q"
isp = "z"
[risk.duct]
members = ["circuit.one", "circuit.two"]
mtbf = "9999 h"
mttr = "1 h"
[circuit_group.g]
members = ["circuit.one", "circuit.two"]
mode = "ecmp"
detection = { bfd = { interval = "200 ms", multiplier = 3 } }
[transit_router.hub]
[delay.elsewhere]
one_way = "1 ms"
[workload.office]
path = ["circuit_group.g", "transit_router.hub", "endpoint.s"]
clients = 10
arrivals = { poisson = { rate = "10/s" } }
request = "1 kB"
response = "10 kB"
connections = { reuse = true, idle_timeout = "30 s" }
timeouts = { connect = "1 s", request = "2 s" }
retries = { attempts = 3, backoff = "300 ms" }
objectives = { availability = "97 %", p99 = "30 s" }
[workload.far]
path = ["delay.elsewhere"]
arrivals = { poisson = { rate = "5/s" } }
request = "1 kB"
response = "1 kB"
objectives = { availability = "99 %" }
"#;

fn loaded(text: &str) -> Plan {
    let source = Source { path: "t.toml".into(), text: text.into() };
    load_text(source, Path::new("."), &[]).unwrap_or_else(|e| panic!("{e}")).plan
}

fn case(plan: Plan) -> Case {
    Case { plan, identity: Identity::default() }
}

fn found(base: &Case, ask: &Drill) -> DrillResults {
    let drills = Drills::new(base, ask).unwrap_or_else(|e| panic!("{e}"));
    let options = Options { threads: 0, on_window: &|| {}, listen: None };
    drills.run(&options).unwrap()
}

fn named<'d>(all: &'d DrillResults, name: &str) -> &'d DrillSeen {
    all.drills.iter().find(|d| d.case.name == name).unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn a_drill_of_all_states_gives_the_exact_availability_of_2_of_3() {
    // A request passes three choices, each between two of three circuits: it comes through while at least two of
    // the three are up. Detection takes no time, requests neither, so a state is outside all the time or never.
    let rows = (0..1_200).map(|i| (Span::from_millis(50 * i + 25), 0));
    let mut w = workload("w", trace(rows), 0);
    w.objectives = vec![Objective::Availability { share: 0.5 }];
    let hops = (0..3).map(|i| Hop::Selector(SelectorId(i))).collect();
    let mut p = plan(settings(60, 0, 2), hops, vec![w]);
    p.settings.window = Span::from_secs(1);
    let hour = |n: u64| Span::from_secs(3_600 * n);
    for i in 0..3 {
        let life = Life { up: hour(99), down: hour(1), repair: Repair::Exponential };
        let label = "circuit".into();
        p.components.push(Component { label, life: Some(life), ..Component::new(format!("c{i}")) });
    }
    let way = |i: u32| branch(&format!("c{i}"), vec![Hop::Need(ComponentId(i))], vec![i]);
    for (name, a, b) in [("x", 0, 1), ("y", 1, 2), ("z", 0, 2)] {
        let it = selector(Policy::Priority, vec![way(a), way(b)]);
        p.selectors.push(highwater::plan::Selector { name: name.into(), ..it });
    }
    let span = (Some(Span::from_secs(20)), Some(Span::from_secs(20)));
    let ask = |most| Drill {
        which: Which::UpTo(most),
        at: span.0,
        length: span.1,
        manner: Manner::Reset,
        ..Drill::default()
    };
    let base = case(p);
    let all = found(&base, &ask(3));
    assert_eq!(all.drills.len(), 7);
    let exact = k_of_n(2, 3, 99.0, 1.0).unavailability * 525_600.0;
    let [year] = &all.year[..] else { panic!("{:?}", all.year) };
    assert!((year.minutes - exact).abs() < 1e-9 * exact, "{} of {exact}", year.minutes);
    assert_eq!(year.base_minutes, 0.0);
    assert!((all.head.mass().unwrap() - 1.0).abs() < 1e-12 && year.rest_minutes < 1e-6);
    assert_eq!(all.single_points().count(), 0);
    // Only one at a time: nothing is outside, and what was not looked at is bounded.
    let singles = found(&base, &ask(1));
    let [year] = &singles.year[..] else { panic!("{:?}", singles.year) };
    let rest = 3.0 * 0.99 * 0.01 * 0.01 + 0.01 * 0.01 * 0.01;
    assert_eq!(year.minutes, 0.0);
    assert!((year.rest_minutes - rest * 525_600.0).abs() < 1e-6, "{}", year.rest_minutes);
    assert!(exact <= year.rest_minutes + 1e-6, "the bound holds the exact figure");
}

#[test]
fn a_planted_single_point_is_found_and_its_redundant_twin_is_silent() {
    let base = case(loaded(DESIGN));
    let all = found(&base, &Drill::default());
    let mut points: Vec<&str> = all.single_points().map(|d| d.case.name.as_str()).collect();
    points.sort_unstable();
    let wanted = [
        "backend.s",
        "endpoint.s",
        "endpoint_service.s",
        "load_balancer.s",
        "risk.duct",
        "transit_router.hub",
    ];
    assert_eq!(points, wanted);
    for twin in ["circuit.one", "circuit.two", "zone.a", "zone.b", "access_point.p"] {
        let it = named(&all, twin);
        assert!(!it.harms() && !it.misses(), "{it:?}");
    }
    // A circuit that is cut is felt until BFD sees it, within 400 to 800 ms, and the group catches what it can.
    let cut = &named(&all, "circuit.one").workloads[1];
    assert_eq!(cut.name, "office");
    let recovery = cut.recovery.as_ref().unwrap();
    assert!((0.4e9..=0.8e9).contains(&recovery.detect_ns), "{recovery:?}");
    let parts =
        recovery.detect_ns + recovery.propagate_ns + recovery.cache_ns + recovery.reconnect_ns;
    assert!((parts - recovery.total_ns).abs() < 1.0);
    assert_eq!(named(&all, "circuit.one").noticed, ["circuit_group.g"]);
    // The hub: nobody comes through, and about 10 requests a second are lost.
    let hub = &named(&all, "transit_router.hub").workloads[1];
    let lost = hub.lost.unwrap();
    let length = (all.head.to_ns - all.head.from_ns) as f64 / 1e9;
    assert!(hub.cut_off && (lost.mean - 10.0 * length).abs() < 2.0 * length, "{lost:?} {length}");
    assert!(hub.carried.unwrap() < 0.01, "{:?}", hub.carried);
    assert_eq!((hub.settled, hub.outside_ns), (1.0, all.head.to_ns - all.head.from_ns));
    // Who has nothing to do with it is the same to the last request.
    let far = &named(&all, "transit_router.hub").workloads[0];
    assert_eq!((far.lost.unwrap().mean, far.slower.unwrap().mean), (0.0, 0.0));
    // Lives: a third of the elements have one, the others are named.
    assert!(all.head.without_life.contains(&"transit_router.hub".to_owned()));
    assert!(named(&all, "transit_router.hub").case.probability.is_none());
    let duct = named(&all, "risk.duct").case.probability.unwrap();
    assert!((duct - 0.0001 * 0.99 * 0.99).abs() < 1e-12, "{duct}");
}

#[test]
fn what_is_pruned_changes_no_answer() {
    let mut base = case(loaded(DESIGN));
    base.plan.settings.replications = 1;
    base.plan.settings.horizon = Span::from_secs(60);
    let ask =
        Drill { which: Which::UpTo(2), length: Some(Span::from_secs(20)), ..Drill::default() };
    let pruned = found(&base, &ask);
    let whole = found(&base, &Drill { prune: false, ..ask });
    assert_eq!(whole.head.runs(), 1 + whole.drills.len());
    assert!(pruned.head.runs() * 3 < whole.head.runs() * 2, "{}", pruned.head.runs());
    assert_eq!(pruned.head.idle, ["circuit.spare"]);
    // All that is told of each failure, but for where it was run.
    let bare = |all: &DrillResults| {
        let one = |d: &DrillSeen| {
            let mut d = d.clone();
            (d.case.run, d.case.pruned) = (0, None);
            d
        };
        all.drills.iter().map(one).collect::<Vec<_>>()
    };
    for (a, b) in bare(&pruned).iter().zip(&bare(&whole)) {
        assert_eq!(a, b, "{}", a.case.name);
    }
    assert_eq!(pruned.year, whole.year);
    // Both circuits say more than either; the hub and a circuit no more than the hub.
    let adds = |name: &str| pruned.adds(named(&pruned, name));
    assert!(adds("circuit.one + circuit.two") && adds("circuit.one"));
    assert!(!adds("circuit.one + transit_router.hub"));
    let reasons: Vec<_> = pruned.drills.iter().filter_map(|d| d.case.pruned.clone()).collect();
    assert!(reasons.iter().any(|r| r.contains("nothing that carries traffic")), "{reasons:?}");
    assert!(reasons.iter().any(|r| r.contains("takes down the same as")), "{reasons:?}");
}

#[test]
fn failures_are_where_they_are_asked_for() {
    let base = case(loaded(DESIGN));
    let set = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
    let which =
        Which::Named(vec![set(&["zone.a", "circuit.one"]), set(&["circuit.one", "zone.a"])]);
    let ask = Drill { which, ..Drill::default() };
    let it = Drills::new(&base, &ask).unwrap();
    // The same set twice is one state. Without profiles: after a third of what counts, for a third of it.
    assert_eq!((it.cases.len(), it.head.cases.len()), (2, 1));
    assert_eq!((it.head.from_ns, it.head.to_ns), (85_000_000_000, 160_000_000_000));
    let changes = &it.cases[1].plan.changes;
    assert_eq!(changes.len(), 4);
    assert!(changes.is_sorted_by_key(|c| c.at));
    // Cut to the time around it: 10 s of warm-up and 20 s before, 20 s after.
    let around = Drill { around: Some(Span::from_secs(20)), ..ask.clone() };
    let cut = Drills::new(&base, &around).unwrap();
    assert_eq!(cut.head.shift_ns, 55_000_000_000);
    assert_eq!((cut.head.from_ns, cut.head.to_ns), (30_000_000_000, 105_000_000_000));
    assert_eq!(cut.cases[0].plan.settings.horizon, Span::from_secs(125));
    assert_eq!(cut.cases[0].plan.settings.start_of_day, Span::from_secs(55));
    let refused = |ask: &Drill| Drills::new(&base, ask).unwrap_err();
    let unknown = Drill { which: Which::Named(vec![set(&["zone.z"])]), ..ask.clone() };
    assert!(
        refused(&unknown).to_string().contains("no element `zone.z`; there are access_point.p")
    );
    let early = Drill { at: Some(Span::from_secs(5)), ..ask.clone() };
    assert!(matches!(refused(&early), DrillError::Outside { .. }));
    let long = Drill { length: Some(Span::from_secs(500)), ..ask };
    assert!(matches!(refused(&long), DrillError::Outside { .. }));
    let many = Drill { which: Which::UpTo(15), ..Drill::default() };
    assert!(Drills::new(&base, &many).is_ok() || matches!(refused(&many), DrillError::TooMany(_)));
    let empty = case(plan(settings(60, 0, 1), vec![], vec![workload("w", trace([]), 0)]));
    assert_eq!(Drills::new(&empty, &Drill::default()).unwrap_err(), DrillError::Nothing);
}

#[test]
fn its_own_faults_are_left_out_and_planned_changes_stay() {
    let text = fs::read_to_string("scenarios/hybrid-review.toml").unwrap();
    let plan = load_text(
        Source { path: "scenarios/hybrid-review.toml".into(), text },
        Path::new("scenarios"),
        &[],
    )
    .unwrap_or_else(|e| panic!("{e}"))
    .plan;
    assert_eq!((plan.faults.len(), plan.changes.len()), (2, 4));
    let bare = plan.without_faults();
    assert_eq!((bare.faults.len(), bare.changes.len()), (0, 0));
    // The busiest window by the hours of the day: 12:00 is the end of the profile's rise; within the run of 10:10
    // to 10:50 the factor grows from 1.26 to 1.29 per hour, so the last window that fits.
    let length = Span::from_secs(600);
    assert_eq!(bare.busiest(length), Some(Span::from_secs(1_800)));
    assert_eq!(bare.busiest(Span::from_secs(2_401)), None);
    let mut planned = plan;
    planned.faults[1].planned = true;
    let bare = planned.without_faults();
    assert_eq!((bare.faults.len(), bare.changes.len()), (1, 2));
    assert!(bare.changes.iter().all(|c| c.fault == Some(0)) && bare.validate().is_ok());
}

#[test]
fn every_circuit_is_lost_and_the_vpn_carries_on() {
    let name = "scenarios/circuit-vpn.toml";
    let text = fs::read_to_string(name).unwrap();
    let source = Source { path: name.into(), text };
    let plan =
        load_text(source, Path::new("scenarios"), &[]).unwrap_or_else(|e| panic!("{e}")).plan;
    let mut base = case(plan);
    base.plan.settings.replications = 1;
    let set = vec!["circuit.c1".to_owned(), "circuit.c2".to_owned()];
    let ask = Drill {
        which: Which::Named(vec![set, vec!["circuit.c1".to_owned()]]),
        length: Some(Span::from_secs(120)),
        around: Some(Span::from_secs(30)),
        ..Drill::default()
    };
    let all = found(&base, &ask);
    assert_eq!(all.drills[0].case.name, "circuit.c1 + circuit.c2");
    let of =
        |d: &DrillSeen, name: &str| d.workloads.iter().find(|w| w.name == name).cloned().unwrap();
    let both = |name| of(&all.drills[0], name);
    // Classes shed from below: copies are cut off, calls are carried but for the time to the detection, files in
    // part.
    assert!(both("copies").cut_off && !both("calls").cut_off && !both("files").cut_off);
    let carried = |name| both(name).carried.unwrap();
    assert!(carried("calls") > 0.9 && carried("copies") < 0.05, "{:?}", all.drills[0]);
    assert!((0.5..0.95).contains(&carried("files")), "{}", carried("files"));
    // Detected within 2 to 3 s by BFD, and the group is what caught it.
    let calls = both("calls").recovery.unwrap();
    assert!((2e9..=3e9).contains(&calls.detect_ns), "{calls:?}");
    assert_eq!(all.drills[0].noticed, ["circuit_group.main"]);
    // One alone does no harm.
    assert!(!all.drills[1].harms(), "{:?}", all.drills[1]);
}

/// A drill of about a second, over 2 replications.
fn drill(out: &Path, scenario: &Path, more: &[&str]) -> std::process::Command {
    let (out, scenario) = (out.to_string_lossy(), scenario.to_string_lossy());
    let mut args = vec!["drill", &scenario, "--set", "run.length=1 min", "--quiet", "--out", &out];
    args.extend(more);
    command(&args)
}

#[test]
fn drills_are_cut_shared_out_and_put_together_to_the_same_bytes() {
    let place = folder("drill");
    fs::create_dir_all(&place).unwrap();
    let scenario = place.join("design.toml");
    fs::write(&scenario, DESIGN).unwrap();
    let whole = place.join("whole");
    let ended = done(drill(&whole, &scenario, &["--threads", "1"]));
    assert_eq!(ended.status.code(), Some(1), "a verdict fails: {}", text(&ended));
    let whole = files(&whole);
    for name in ["drill.csv", "drill.json", "base.json", "report.html", "charts/matrix.svg"] {
        assert!(whole.contains_key(name), "{name}");
    }
    assert!(!whole.keys().any(|f| f.starts_with("pieces") || f == "study.json"));
    let table = String::from_utf8(whole["drill.csv"].clone()).unwrap();
    let width = table.lines().next().unwrap().split(',').count();
    assert!(table.lines().any(|l| l.starts_with("0,no failure,far,")), "{table}");
    assert!(width == 32 && table.lines().count() == 1 + 2 * 15, "{width} {table}");

    let two = place.join("two");
    done(drill(&two, &scenario, &["--threads", "2"]));
    same(&whole, &files(&two), "two threads");

    let dirs: Vec<_> = (1..=3)
        .map(|k| {
            let dir = place.join(format!("share-{k}"));
            done(drill(&dir, &scenario, &["--shard", &format!("{k}/3")]));
            dir
        })
        .collect();
    let merged = place.join("merged");
    let mut merge = command(&["merge", "--quiet", "--out"]);
    merge.arg(&merged).args(dirs.iter().rev());
    done(merge);
    same(&whole, &files(&merged), "three shares");

    // A share that is gone on with, and failures of another time, which are another study.
    let again = drill(&dirs[0], &scenario, &["--shard", "1/3", "--resume"]);
    done(again);
    let mut other = drill(&dirs[0], &scenario, &["--shard", "1/3", "--resume", "--at", "20 s"]);
    let other = other.output().unwrap();
    assert_eq!(other.status.code(), Some(2));
    assert!(text(&other).contains("at another time"), "{}", text(&other));

    // Without what harms: no verdict fails.
    let fine = ["--name", "circuit.one", "--name", "circuit.two,zone.a", "--for", "10 s"];
    let ended = done(drill(&place.join("fine"), &scenario, &fine));
    assert_eq!(ended.status.code(), Some(0), "{}", text(&ended));
    let json = done(drill(&place.join("json"), &scenario, &["--format", "json"]));
    let value: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(value["drills"].as_array().unwrap().len(), 14);
    let job =
        done(command(&["emit", "slurm", "--", "drill", &scenario.to_string_lossy(), "--pairs"]));
    let job = String::from_utf8(job.stdout).unwrap();
    assert!(job.contains("highwater drill ") && job.contains("--pairs --quiet --resume"), "{job}");
    assert!(job.contains("output/design-drill"), "{job}");
}

#[test]
fn bad_drills_are_refused() {
    let refused = |args: &[&str], what: &str| {
        let ended = command(args).output().unwrap();
        assert_eq!(ended.status.code(), Some(2), "{}", text(&ended));
        assert!(text(&ended).contains(what), "wanted {what:?} in {}", text(&ended));
    };
    refused(&["drill", "scenarios/mm1.toml"], "nothing to drill");
    let hybrid = ["drill", "scenarios/hybrid-review.toml"];
    let with = |more: &[&'static str]| [&hybrid[..], more].concat();
    refused(&with(&["--name", "circuit.c9"]), "there is no element `circuit.c9`");
    refused(&with(&["--at", "39 min"]), "does not lie between");
    refused(&with(&["--at", "soon"]), "--at");
    refused(&with(&["--any", "9"]), "failures are too many");
    refused(&with(&["--any", "0"]), "--any");
    refused(&with(&["--pairs", "--name", "zone.a"]), "cannot be used with");
    refused(&with(&["--keep-faults", "--around", "2 min"]), "faults of its own");
}
