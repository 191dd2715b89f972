//! QoS of circuits against shares by hand, and what the scenario that shows it says.

use std::path::Path;

use highwater::measure::Results;
use highwater::plan::Plan;
use highwater::scenario::{Source, load_text, show_plan};

use crate::lab::run_one;

fn loaded(text: &str) -> Plan {
    let source = Source { path: "t.toml".into(), text: text.into() };
    load_text(source, Path::new("."), &[]).unwrap_or_else(|e| panic!("{e}")).plan
}

/// Greedy downloads (workload, workers, further keys) over a port of 1 Gbps with these classes.
fn greedy(qos: &str, workloads: &[(&str, u32, &str)]) -> Plan {
    let mut text = format!(
        "version = 1\n[run]\nlength = \"20 s\"\nreplications = 1\n[tcp]\nslow_start = false\n\
         [access_point.e]\n[circuit.c]\nport = \"1 Gbps\"\naccess_point = \"e\"\n{qos}\n\
         [vbr.v]\ncircuit = \"c\"\n"
    );
    for (name, workers, keys) in workloads {
        text += &format!(
            "[workload.{name}]\npath = [\"vbr.v\"]\nrequest = \"0 B\"\nresponse = \"100 GB\"\n\
             arrivals = {{ closed = {{ workers = {workers}, think = \"0 ms\" }} }}\n\
             timeouts = {{ request = \"1 h\" }}\n{keys}\n"
        );
    }
    loaded(&text)
}

/// Mbps of each from the sixth second on.
fn rates(plan: &Plan) -> Vec<f64> {
    let r = run_one(plan, 0);
    let sum = |w: &highwater::measure::WorkloadResults| w.bytes_by_window[5..].iter().sum::<u64>();
    r.workloads.iter().map(|w| sum(w) as f64 * 8.0 / 15e6).collect()
}

fn near(seen: &[f64], wanted: &[f64]) -> bool {
    seen.iter().zip(wanted).all(|(s, w)| (s - w).abs() <= 0.001 * w.max(1.0))
}

const A: &str = "class = \"a\"";
const B: &str = "class = \"b\"";
const C: &str = "class = \"c\"";

#[test]
fn shares_by_hand() {
    let weights = "qos = { a = { weight = 1 }, b = { weight = 3 } }";
    let cases: [(&str, &[(&str, u32, &str)], &[f64]); 7] = [
        // 1 : 3 of 1,000 Mbps, however many flows each has.
        (weights, &[("x", 1, A), ("y", 1, B)], &[250.0, 750.0]),
        (weights, &[("x", 9, A), ("y", 1, B)], &[250.0, 750.0]),
        (weights, &[("x", 1, A), ("y", 20, B)], &[250.0, 750.0]),
        // Flows of one class share what that has: 250 = 2 x 62.5 + 2 x 62.5.
        (weights, &[("x", 2, A), ("y", 3, B), ("z", 2, A)], &[125.0, 750.0, 125.0]),
        // What b does not use, 750 - 100, goes to a.
        (
            weights,
            &[("x", 1, A), ("y", 1, "class = \"b\"\nflow_cap = \"100 Mbps\"")],
            &[900.0, 100.0],
        ),
        // First a, which takes 600; of the other 400 b gets 3 of 4, and who states no class one.
        (
            "qos = { a = { priority = 1 }, b = { weight = 3 } }",
            &[("x", 2, "class = \"a\"\nflow_cap = \"300 Mbps\""), ("y", 5, B), ("z", 9, "")],
            &[600.0, 300.0, 100.0],
        ),
        // Strict: the second has all, the third nothing, while the first rests.
        (
            "qos = { a = { priority = 1 }, b = { priority = 2 }, c = { priority = 3 } }",
            &[("y", 1, B), ("z", 7, C)],
            &[1000.0, 0.0],
        ),
    ];
    for (qos, workloads, wanted) in cases {
        let seen = rates(&greedy(qos, workloads));
        assert!(near(&seen, wanted), "{qos} {workloads:?}: {seen:?}, by hand {wanted:?}");
    }
}

#[test]
fn both_directions_and_each_instant() {
    // An upload of class a has its direction to itself, and takes nothing from the downloads.
    let text = "qos = { a = { weight = 1 }, b = { weight = 3 } }";
    let mut plan = greedy(text, &[("x", 1, A), ("y", 1, B), ("z", 1, A)]);
    plan.workloads[2].request = highwater::random::Dist::constant(1e11);
    plan.workloads[2].response = highwater::random::Dist::constant(0.0);
    assert!(near(&rates(&plan)[..2], &[250.0, 750.0]));
    let r = run_one(&plan, 0);
    for link in r.links.iter().filter(|l| l.name == "circuit.c") {
        // The port is full all the time, and carries all that it can.
        let (carried, could) = (link.bytes_by_window[9], link.capacity_by_window[9]);
        assert!(carried.abs_diff(could) <= 1 && could == 125_000_000, "{carried} of {could}");
        assert_eq!(link.full_ns_by_window[9], 1_000_000_000, "{}", link.direction);
    }
    assert!(show_plan(&plan).contains("divide circuit.c: a order 8 weight 1 (x, z); b order 8"));
}

#[test]
fn a_class_nobody_else_uses_changes_nothing() {
    // One class for all is none: the same requests at the same instants.
    let plain = greedy("", &[("x", 3, ""), ("y", 2, "")]);
    let one = greedy("qos = { default = { weight = 2 } }", &[("x", 3, ""), ("y", 2, "")]);
    let told = |p: &Plan| {
        let r: Results = run_one(p, 0);
        r.workloads.iter().map(|w| w.bytes_by_window.clone()).collect::<Vec<_>>()
    };
    let pairs = told(&plain).into_iter().flatten().zip(told(&one).into_iter().flatten());
    assert!(pairs.into_iter().all(|(a, b)| a.abs_diff(b) <= 1));
}
