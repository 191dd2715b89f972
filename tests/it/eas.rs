//! Services on EAS and their way out: ports against Erlang's loss formula, addresses, the gateway.

use std::fs;
use std::path::Path;

use highwater::measure::{Interval, Results, ScalerResults, WorkloadResults};
use highwater::scenario::{Source, load, load_text};

use crate::lab::{LEVEL, run};

/// A VPC with two vSwitches and a service in each.
const NET: &str = r#"
version = 1
[region.r]
[zone.a]
region = "r"
[vpc.v]
region = "r"
[vswitch.s]
vpc = "v"
zone = "a"
cidr = "10.0.1.0/28"
used = 2
[vswitch.t]
vpc = "v"
zone = "a"
cidr = "10.0.2.0/24"
[security_group.g]
inbound = [{ source = "10.0.0.0/8" }]
[eas.x]
vswitch = "s"
security_group = "g"
instances = 6
service = "10 ms" # x
[eas.y]
vswitch = "t"
security_group = "g"
instances = 2
service = "10 ms"
[backend.api]
bandwidth = "10 Gbps"
servers = "unlimited"
service = { lognormal = { mean = "500 ms", sigma = 1.0 } }
public = true
[backend.other]
bandwidth = "10 Gbps"
servers = "unlimited"
service = "500 ms"
public = true
"#;

const NAT: &str = "[nat_gateway.n]\nvpc = \"v\"\neips = [\"47.0.0.1\"]\n\
     snat = [{ vswitch = \"s\" }, { vswitch = \"t\" }]\nports_per_eip = 20\nport_hold = \"1 s\"\n";

fn workload(name: &str, path: &str, rate: u32) -> String {
    format!(
        "[workload.{name}]\npath = [{path}]\narrivals = {{ poisson = {{ rate = \"{rate}/s\" }} }}\n\
         request = \"1 kB\"\nresponse = \"1 kB\"\nconnections = {{ reuse = false }}\n\
         retries = {{ attempts = 1 }}\n"
    )
}

fn runs(text: &str) -> Vec<Results> {
    let source = Source { path: "t.toml".into(), text: text.into() };
    let loaded = load_text(source, Path::new("."), &[]).unwrap_or_else(|e| panic!("{e}"));
    run(&loaded.plan)
}

fn of<'r>(r: &'r Results, name: &str) -> &'r WorkloadResults {
    r.workloads.iter().find(|w| w.name == name).expect("the workload")
}

fn scaler<'r>(r: &'r Results, name: &str) -> &'r ScalerResults {
    r.scalers.iter().find(|s| s.name == name).expect("the scaler")
}

#[test]
fn ports_are_lost_as_erlang_says_with_their_hold() {
    // Two tenants of one EIP: 10/s, each port 0.5 s in use, whatever its law, and 1 s held: 15 erlang
    // on 20 ports.
    let lost = |second: &str| -> Vec<Vec<f64>> {
        let text = format!(
            "{NET}{NAT}[run]\nlength = \"2000 s\"\nwarmup = \"60 s\"\nreplications = 10\n\
             window = \"100 s\"\n{}{}",
            workload("one", "\"eas.x\", \"nat_gateway.n\", \"backend.api\"", 5),
            workload("two", &format!("\"eas.y\", \"nat_gateway.n\", \"backend.{second}\""), 5)
        );
        let share =
            |r: &Results, name| of(r, name).errors["no_port"] as f64 / of(r, name).offered as f64;
        let all = runs(&text);
        ["one", "two"].map(|name| all.iter().map(|r| share(r, name)).collect()).to_vec()
    };
    let erlang_b = |n: u32, a: f64| (1..=n).fold(1.0, |b, k| a * b / (f64::from(k) + a * b));
    for (second, load) in [("api", 15.0), ("other", 7.5)] {
        let theory = erlang_b(20, load);
        for seen in lost(second) {
            let interval = Interval::of_mean(&seen, LEVEL).expect("10 values");
            let half = interval.half_width.expect("10 values");
            assert!((interval.mean - theory).abs() <= half, "{second}: {interval:?}, {theory}");
            assert!(half < 0.01, "{second}: {interval:?}");
        }
    }
}

#[test]
fn network_cards_and_instances_draw_on_one_vswitch() {
    // Z-05: 12 usable addresses, 2 used, 6 instances: 4 are left for what an update makes first, 3
    // with an endpoint's network card beside them.
    let update = "update = { at = \"100 s\", max_surge = \"100 %\", max_unavailable = 0 }\n\
                  start_up = \"10 s\"\nlook_every = \"10 s\"\nlook_up = \"0 s\" # x";
    let card = "[load_balancer.lb]\ntype = \"nlb\"\nzones = [\"a\"]\nbackend = \"app\"\n\
                [backend.app]\nzones = [\"a\"]\nbandwidth = \"1 Gbps\"\nservice = \"1 ms\"\n\
                [endpoint_service.svc]\nload_balancer = \"lb\"\n[endpoint.e]\nservice = \"svc\"\n\
                zones = [\"a\"]\ncreated_at = 2026-03-01\nvpc = \"v\"\nvswitches = [\"s\"]\n";
    for (more, free) in [("", 4), (card, 3)] {
        let text = NET.replace("# x", &format!("\n{update}")) + more;
        let text = format!("{text}[run]\nlength = \"200 s\"\n{}", workload("w", "\"eas.x\"", 5));
        let r = &runs(&text)[0];
        let it = scaler(r, "eas.x");
        assert_eq!((it.peak, it.first_failed[&0]), (6 + free, 100_000_000_000), "{more}");
        // 6 by 4 or 3 at a time, 10 s each: two rounds.
        assert_eq!(it.renewals.max(), Some(20_000_000_000));
        assert_eq!(of(r, "w").errors_total(), 0);
    }
}

#[test]
fn the_gateway_costs_its_way_there_and_back() {
    // E-12: 1 ms there, 1 ms back, 0.1 ms of forwarding; the messages' time on its 1 Gbps is below.
    let median = |gateway: &str| {
        let text = NET.replace("# x", gateway);
        let w = workload("w", "\"eas.x\"", 5).replace("reuse = false", "reuse = true");
        let text = format!("{text}[run]\nlength = \"600 s\"\nwarmup = \"500 s\"\n{w}");
        let r = &runs(&text)[0];
        of(r, "w").latency_ok.quantile(0.5).expect("requests") as f64 / 1e6
    };
    let (direct, through) = (median(""), median("\ngateway = {}"));
    assert!((9.99..10.02).contains(&direct), "{direct}");
    assert!((2.1..2.15).contains(&(through - direct)), "{through}");
}

#[test]
fn a_nat_gateway_that_is_off_lets_nothing_through() {
    let text = format!(
        "{NET}{}off = [{{ from = \"100 s\", to = \"200 s\" }}]\n[run]\nlength = \"300 s\"\n\
         window = \"100 s\"\n{}",
        NAT.replace("= 20", "= 2000"),
        workload("w", "\"eas.x\", \"nat_gateway.n\", \"backend.api\"", 20)
            + "timeouts = { connect = \"1 s\", request = \"2 s\" }\n"
    );
    let r = &runs(&text)[0];
    let w = of(r, "w");
    let errors: Vec<u64> =
        (0..3).map(|i| w.errors_by_window.values().map(|by| by[i]).sum()).collect();
    assert!(w.ok_by_window[1] < 20 && errors[1] > 1_800, "{:?}", w.errors_by_window);
    // Those of the last second of the outage, and slow ones of the API.
    assert!(errors[0] < 100 && errors[2] < 100, "{errors:?}");
}

#[test]
fn a_connection_that_rests_is_forgotten_by_the_gateway() {
    // One request each `gap`, on a connection that its client keeps and the gateway forgets after 30 s.
    let told = |gap: u32, attempts: u32| {
        let arrivals = format!("{{ renewal = {{ gap = \"{gap} s\" }} }}");
        let w = workload("w", "\"eas.x\", \"nat_gateway.n\", \"backend.other\"", 1)
            .replace("{ poisson = { rate = \"1/s\" } }", &arrivals)
            .replace("reuse = false", "reuse = true, idle_timeout = \"10 min\"")
            .replace("attempts = 1", &format!("attempts = {attempts}, backoff = \"0 s\""));
        let text = format!("{NET}{NAT}idle_timeout = \"30 s\"\n[run]\nlength = \"401 s\"\n{w}");
        let r = runs(&text).remove(0);
        let slots = r.pools.iter().find(|p| p.name == "nat_gateway.n.connections").unwrap();
        let held = slots.used_us_by_window.iter().sum::<u64>() as f64 / 1e6;
        let w = of(&r, "w");
        (w.offered, w.ok, w.errors["reset"], w.retries, w.connections, held.round())
    };
    // Requests at 20, 40, ..., 400 s share one connection from 20 s on.
    assert_eq!(told(20, 1), (20, 20, 0, 0, 1, 381.0));
    // At 40, ..., 400 s: each second one is reset, and then there is none to rest. Five connections hold
    // their slot for 30.5 s.
    assert_eq!(told(40, 1), (10, 5, 5, 0, 5, 153.0));
    // The next try opens another one: ten, of which the last is cut off by the end after 1 s.
    assert_eq!(told(40, 2), (10, 10, 0, 9, 10, 276.0));
}

#[test]
fn nothing_starts_up_while_the_way_to_its_models_is_off() {
    // Two more are wanted at 120 s, 30 s each to start up; the gateway is off from 100 s to 200 s: they
    // fail at 150 s and at 180 s, and run from 210 s on.
    let more = "models = \"internet\"\nstart_up = \"30 s\"\nlook_every = \"10 s\"\n\
                schedule = [{ at = \"120 s\", instances = 8 }]\n";
    let told = |off: &str| {
        let w = workload("w", "\"eas.x\"", 1);
        let text = NET.replace("# x", &format!("\n{more}"));
        let text = format!("{text}{NAT}{off}\n[run]\nlength = \"300 s\"\nwindow = \"10 s\"\n{w}");
        let r = runs(&text).remove(0);
        let it = scaler(&r, "eas.x").clone();
        let from = it.running_us_by_window.iter().position(|us| *us == 80_000_000);
        (it.failed_starts, from.expect("they run") * 10)
    };
    assert_eq!(told("off = [{ from = \"100 s\", to = \"200 s\" }]"), (4, 210));
    assert_eq!(told(""), (0, 150));
    // Start-ups that take no time try again at the next look.
    let at_once = |text: &str| text.replace("start_up = \"30 s\"", "start_up = \"0 s\"");
    let text = at_once(&NET.replace("# x", &format!("\n{more}")));
    let off = "off = [{ from = \"100 s\", to = \"195 s\" }]";
    let w = workload("w", "\"eas.x\"", 1);
    let r = runs(&format!("{text}{NAT}{off}\n[run]\nlength = \"300 s\"\n{w}")).remove(0);
    assert_eq!(scaler(&r, "eas.x").failed_starts, 2 * 8);
}

#[test]
fn one_request_probes_the_way() {
    // E-31: a single request over TLS; its phases sum to its time.
    let w = workload("probe", "\"eas.x\", \"nat_gateway.n\", \"backend.other\"", 1)
        .replace("{ poisson = { rate = \"1/s\" } }", "{ renewal = { gap = \"1 s\" } }")
        .replace("reuse = false", "reuse = false, tls = \"1.3\"");
    let text = format!("{NET}{NAT}[run]\nlength = \"1900 ms\"\nreplications = 1\n{w}");
    let r = &runs(&text)[0];
    let probe = of(r, "probe");
    assert_eq!((probe.offered, probe.ok), (1, 1));
    let phases: u64 = probe.phases.values().map(|h| h.max().unwrap_or(0)).sum();
    assert_eq!(Some(phases), probe.latency_ok.max());
}

#[test]
fn the_readme_s_example_loads() {
    let readme = fs::read_to_string("README.md").expect("README.md");
    let example = &readme[readme.find("[eas.llm]").expect("the example")..];
    let example = example.split("```").next().expect("its end");
    let text = format!(
        "{NET}{example}\n[vpc.models]\nregion = \"r\"\n[security_group.serving]\ninbound = []\n\
         [vswitch.serving]\nvpc = \"models\"\nzone = \"a\"\ncidr = \"10.0.3.0/25\"\n{}{}",
        workload("users", "\"eas.llm\"", 1),
        workload("calls", "\"eas.llm\", \"nat_gateway.out\", \"backend.api\"", 1)
    );
    let source = Source { path: "readme.toml".into(), text };
    let loaded = load_text(source, Path::new("."), &[]).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(loaded.plan.scalers.iter().filter(|s| s.tracking.is_some()).count(), 1);
}

fn shipped(scenario: &str, overrides: &[(&str, &str)]) -> Results {
    let own = |(k, v): &(&str, &str)| ((*k).to_owned(), (*v).to_owned());
    let overrides: Vec<_> = overrides.iter().map(own).collect();
    let path = format!("scenarios/{scenario}.toml");
    let plan = load(Path::new(&path), &overrides).unwrap_or_else(|e| panic!("{e}")).plan;
    let mut all = run(&plan);
    let mut first = all.remove(0);
    all.iter().for_each(|r| first.merge(r));
    first
}

fn updated(r: &Results, name: &str) -> String {
    let it = scaler(r, name);
    match it.renewals.max() {
        Some(ns) => format!("in {} min", (ns as f64 / 6e10 * 10.0).round() / 10.0),
        None => "never".into(),
    }
}

fn failures(r: &Results, name: &str) -> String {
    let it = scaler(r, name);
    let n = it.failed / r.settings.replications.len() as u64;
    match it.first_failed.values().min() {
        Some(at) => format!("{n} failed scale-outs, the first at {} min", at / 60_000_000_000),
        None => "no failed scale-out".into(),
    }
}

fn rolling_update() -> String {
    let r = shipped("eas-rolling-update", &[]);
    let patient = shipped("eas-rolling-update", &[("eas.packed.update.max_unavailable", "1")]);
    format!(
        "# Answer: the median service (22 instances in a /26) is renewed {}, with {};\n\
         # the 75th percentile (88 in a /25 that is full) {}, with {};\n\
         # it is renewed {} if one instance may be missing;\n\
         # the 90th percentile (215 in a /24) {}, with {}.\n",
        updated(&r, "eas.median"),
        failures(&r, "eas.median"),
        updated(&r, "eas.packed"),
        failures(&r, "eas.packed"),
        updated(&patient, "eas.packed"),
        updated(&r, "eas.large"),
        failures(&r, "eas.large"),
    )
}

fn two_tenants() -> String {
    let share = |r: &Results, name: &str| {
        let w = of(r, name);
        let lost = w.errors["no_port"] as f64 / w.offered as f64;
        format!("{:.1} %", lost * 100.0)
    };
    let r = shipped("nat-two-tenants", &[]);
    let w = of(&r, "chat");
    let first = w.errors_by_window["no_port"].iter().position(|n| *n > 0).expect("lost");
    let two =
        shipped("nat-two-tenants", &[("nat_gateway.out.eips", "[\"47.1.1.1\", \"47.1.1.2\"]")]);
    let kept = shipped(
        "nat-two-tenants",
        &[
            ("workload.chat.connections.reuse", "true"),
            ("workload.search.connections.reuse", "true"),
        ],
    );
    format!(
        "# Answer: yes. From the window at {} s on {} of the requests of chat and {} of search find\n\
         # no port; with a second EIP {} and {}, with connections that are kept {} and {}.\n",
        first as u64 * r.settings.window_ns / 1_000_000_000,
        share(&r, "chat"),
        share(&r, "search"),
        share(&two, "chat"),
        share(&two, "search"),
        share(&kept, "chat"),
        share(&kept, "search"),
    )
}

/// `UPDATE_GOLDEN=1` rewrites the lines.
#[test]
fn the_scenarios_say_what_their_runs_answer() {
    for (name, answer) in
        [("eas-rolling-update", rolling_update()), ("nat-two-tenants", two_tenants())]
    {
        crate::lab::hold_the_scenario_to(name, &answer);
    }
}
