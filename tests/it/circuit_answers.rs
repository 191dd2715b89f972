//! What the scenarios of shared circuits answer: their heads say what their runs show.

use std::path::Path;

use highwater::experiment::{Case, Options, run};
use highwater::measure::{Identity, Results, WorkloadResults};
use highwater::scenario::load;

fn results(scenario: &str) -> Results {
    let path = format!("scenarios/{scenario}.toml");
    let plan = load(Path::new(&path), &[]).unwrap_or_else(|e| panic!("{e}")).plan;
    let case = Case { plan, identity: Identity::default() };
    run(case, &Options { threads: 2, on_window: &|| (), listen: None }).expect("it runs")
}

fn workload<'r>(r: &'r Results, name: &str) -> &'r WorkloadResults {
    r.workloads.iter().find(|w| w.name == name).expect("the workload")
}

/// ms
fn at(r: &Results, name: &str, quantile: f64) -> f64 {
    workload(r, name).latency_ok.quantile(quantile).expect("requests") as f64 / 1e6
}

/// Mean rate after the warm-up, Mbps.
fn mbps(r: &Results, name: &str) -> f64 {
    let of = &workload(r, name).throughput;
    of.mean().expect("windows") / 1e6
}

#[test]
fn a_class_protects_the_service_and_costs_bulk_nothing() {
    let r = results("circuit-qos");
    let [plain, weighted, strict] =
        ["plain", "weighted", "strict"].map(|c| at(&r, &format!("service-{c}"), 0.99));
    let bulk = ["plain", "weighted", "strict"].map(|c| mbps(&r, &format!("bulk-{c}")));
    assert!(weighted < plain / 5.0 && strict < plain / 20.0, "{plain} {weighted} {strict}");
    let (least, most) = bulk.iter().fold((f64::MAX, 0.0_f64), |(l, m), b| (l.min(*b), m.max(*b)));
    assert!(most / least < 1.02, "{bulk:?}");
    crate::lab::hold_the_scenario_to(
        "circuit-qos",
        &format!(
            "# Answer: yes: the service's p99 is {plain:.0} ms without classes, {weighted:.0} ms with a quarter of \
             its own and\n# {strict:.0} ms first; bulk gets {:.0}, {:.0} and {:.0} Mbps.\n",
            bulk[0], bulk[1], bulk[2]
        ),
    );
}

#[test]
fn classes_are_of_no_help_on_a_line_that_others_share() {
    let r = results("circuit-shared");
    let [alone, shared, guarded] =
        ["dedicated", "shared", "guarded"].map(|c| at(&r, &format!("service-{c}"), 0.99));
    assert!(shared > 3.0 * alone && guarded > 3.0 * alone, "{alone} {shared} {guarded}");
    // The wait is behind the port.
    let full = |name: &str| {
        let its = r.links.iter().filter(|l| l.name == name && l.direction == "backward");
        its.flat_map(|l| &l.full_ns_by_window).sum::<u64>() as f64 / 1e9
    };
    let (port, line) = (full("circuit.guarded"), full("circuit.guarded.shared"));
    assert!(port < 0.05 * line, "{port} {line}");
    let [a, b] = ["dedicated", "shared"].map(|c| at(&r, &format!("transfers-{c}"), 0.99) / 1e3);
    crate::lab::hold_the_scenario_to(
        "circuit-shared",
        &format!(
            "# Answer: neighbours take the service's p99 from {alone:.0} to {shared:.0} ms and that of transfers \
             from {a:.1} to\n# {b:.1} s; a class of its own on the port does not help: {guarded:.0} ms.\n"
        ),
    );
}

#[test]
fn elephants_leave_room_that_a_herd_would_use() {
    let r = results("circuit-elephants");
    let (few, many) = (mbps(&r, "elephants"), mbps(&r, "herd"));
    // 4 x sum over k of C(8,k) (1/4)^k (3/4)^(8-k) min(0.4 k, 1) Gbps, of which mice take 85 Mbps at most.
    let chance = |k: i32| {
        let ways = (0..k).fold(1.0, |w, i| w * f64::from(8 - i) / f64::from(i + 1));
        (0..8).fold(ways, |p, i| p * if i < k { 0.25 } else { 0.75 })
    };
    let exact: f64 = (0..=8).map(|k| 4_000.0 * chance(k) * (0.4 * f64::from(k)).min(1.0)).sum();
    assert!((exact - 2_710.0).abs() < 5.0, "{exact}");
    // 20 hashes: each carries 300 Mbps more or less.
    assert!((exact - few - 85.0).abs() < 3.9 * 300.0 / 20.0_f64.sqrt(), "{few} of {exact}");
    assert!(many > 1.1 * few, "{many} {few}");
    let [a, b] = ["elephants", "herd"].map(|w| at(&r, w, 0.99) / at(&r, w, 0.5));
    let [c, d] = ["mice-few", "mice-many"].map(|w| at(&r, w, 0.99));
    crate::lab::hold_the_scenario_to(
        "circuit-elephants",
        &format!(
            "# Answer: the elephants get {:.2} Gbps of their 3.2, the herd {:.2}; a transfer of an elephant in a \
             hundred takes\n# {a:.1} times as long as the median (herd {b:.1}). Requests of mice have a p99 of {c:.0} \
             and {d:.0} ms.\n",
            few / 1e3,
            many / 1e3
        ),
    );
}
