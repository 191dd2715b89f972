//! Who gets what of a full link: weights, round trips, priorities, from the text to the results.

use std::path::Path;

use highwater::experiment::{Case, Options, run};
use highwater::measure::{Identity, Results};
use highwater::plan::{Hop, LinkId, Plan, Workload};
use highwater::scenario::{Source, load_text};
use highwater::units::{Rate, Span};

use crate::lab;

/// Two greedy downloads over one link of 1 Gbps, with round trips of 10 and 40 ms.
fn plan(tcp: &str, near: &str, far: &str) -> Plan {
    let workload = |name: &str, own: &str| {
        format!(
            "[delay.{name}]\none_way = \"{}\"\n[workload.{name}]\n\
             path = [\"delay.{name}\", \"link.l\"]\n\
             arrivals = {{ closed = {{ workers = 1, think = \"0 ms\" }} }}\n\
             request = \"0 B\"\nresponse = \"100 GB\"\n{own}\n\
             timeouts = {{ request = \"1 h\" }}\n",
            if name == "near" { "5 ms" } else { "20 ms" }
        )
    };
    let text = format!(
        "version = 1\n[run]\nlength = \"20 s\"\nreplications = 1\n[tcp]\n{tcp}\n\
         [link.l]\ncapacity = \"1 Gbps\"\n{}{}",
        workload("near", near),
        workload("far", far)
    );
    let source = Source { path: "t.toml".into(), text };
    load_text(source, Path::new("."), &[]).unwrap_or_else(|e| panic!("{e}")).plan
}

fn results(plan: Plan) -> Results {
    let case = Case { plan, identity: Identity::default() };
    run(case, &Options { threads: 1, on_window: &|| (), listen: None }).expect("it runs")
}

/// Near's rate per far's, once both have left their start behind.
fn ratio(plan: Plan) -> f64 {
    let r = results(plan);
    let bytes = |name: &str| {
        let w = r.workloads.iter().find(|w| w.name == name).expect("the workload");
        w.bytes_by_window[5..].iter().sum::<u64>() as f64
    };
    let link: f64 = bytes("near") + bytes("far");
    assert!((link - 15.0 * 125e6).abs() < 4.0, "together they fill it: {link}");
    bytes("near") / bytes("far")
}

#[test]
fn shares_follow_round_trips_where_asked() {
    for (tcp, near, far, exact) in [
        ("", "", "", 1.0),
        ("rtt_bias = 1", "", "", 4.0),
        ("rtt_bias = 2", "", "", 16.0),
        ("rtt_bias = 0.5", "", "", 2.0),
        ("", "weight = 3", "", 3.0),
        ("rtt_bias = 1", "weight = 0.5", "", 2.0),
        // Of one of them only: 10^-1 against 1.
        ("", "tcp = { rtt_bias = 1 }", "", 0.1),
        ("rtt_bias = 1", "tcp = { rtt_bias = 0 }", "", 40.0),
    ] {
        let got = ratio(plan(tcp, near, far));
        assert!((got / exact - 1.0).abs() < 2e-6, "{tcp} {near} {far}: {got}, by hand {exact}");
    }
}

#[test]
fn the_first_priority_takes_all_and_one_for_all_is_none() {
    let of = |near: &str, far: &str| {
        let p = plan("", near, far);
        let by_name = |name: &str| p.workloads.iter().find(|w| w.name == name).unwrap().priority;
        ((by_name("near"), by_name("far")), p.clone())
    };
    assert_eq!(of("", "priority = \"normal\"").0, (1, 1));
    let (numbers, low) = of("priority = \"low\"", "priority = 2");
    assert_eq!(numbers, (2, 2));
    assert!((ratio(low) - 1.0).abs() < 1e-6);
    // Greedy flows: who comes second gets nothing, whatever the weights.
    let (numbers, mixed) = of("priority = \"high\"", "weight = 5");
    assert_eq!(numbers, (0, 1));
    assert!(ratio(mixed) > 1e6);
    // One that can take only a quarter leaves the rest.
    let (_, capped) = of("priority = \"high\"\nflow_cap = \"250 Mbps\"", "");
    assert!((ratio(capped) - 1.0 / 3.0).abs() < 1e-3);
}

#[test]
fn the_report_says_which_fairness_was_used() {
    let mut p = plan("rtt_bias = 1", "weight = 2", "tcp = { rtt_bias = 0 }");
    p.settings.horizon = Span::from_secs(1);
    let r = results(p);
    let told = |name: &str| {
        let w = r.workloads.iter().find(|w| w.name == name).expect("the workload");
        w.transport.rsplit("; ").next().expect("a clause").to_owned()
    };
    assert_eq!(told("near"), "max-min fair shares, weight 2 x (round trip / 1 ms)^-1");
    assert_eq!(told("far"), "max-min fair shares, equal weights");
    assert!(highwater::report::summary(&r, 100).contains("(round trip / 1 ms)^-1"));
}

/// Weights as far apart as can be: 14 flows of 1 MB at 1 MB/s take 14 s, whoever is ahead. Further
/// apart, where a light flow would be lost beside a heavy one, there is no plan.
#[test]
fn a_light_flow_beside_heavy_ones_gets_no_more_than_there_is() {
    let (least, most) = Workload::WEIGHTS;
    let of = |name: &str, flows, weight| Workload {
        weight,
        ..lab::workload(name, lab::at_once(flows, 1_000_000), 0)
    };
    let workloads = vec![of("heavy", 8, most - 0.3), of("light", 1, least), of("some", 5, 0.7)];
    let mut p = lab::plan(lab::settings(30, 0, 1), vec![Hop::Link(LinkId(0))], workloads);
    p.links.push(lab::link("l", Rate::from_mbps(8)));
    let r = lab::run_one(&p, 0);
    let last = |i: usize| r.workloads[i].latency_ok.max().expect("it ended");
    // The others have had 3.5 of 8,001 by then.
    assert!(last(0).abs_diff(8_000_000_000) < 10_000_000, "{}", last(0));
    assert!(last(1).abs_diff(14_000_000_000) <= 14, "{}", last(1));
    for weight in [least / 2.0, most * 2.0, 0.0, f64::NAN] {
        p.workloads[1].weight = weight;
        assert!(p.validate().is_err(), "{weight}");
    }
}
