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

/// Workload, workers, further keys.
type Senders<'t> = &'t [(&'t str, u32, &'t str)];

/// Greedy downloads over a port of 1 Gbps with these classes.
fn greedy(qos: &str, workloads: Senders<'_>) -> Plan {
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
    let cases: [(&str, Senders<'_>, &[f64]); 7] = [
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

/// Eight circuits behind two; how many of the eight carry anything that came by the second of the two,
/// while the first swallows what it gets, and nobody notices.
fn spread_behind(near: &str, far: &str) -> usize {
    let mut text = "version = 1\n[run]\nlength = \"60 s\"\nreplications = 1\n[access_point.e]\n\
         [access_point.w]\n"
        .to_owned();
    for i in 0..10 {
        let point = if i % 2 == 0 { "e" } else { "w" };
        text += &format!("[circuit.c{i}]\nport = \"10 Gbps\"\naccess_point = \"{point}\"\n");
    }
    for (name, of, keys) in [("near", 0..2, near), ("far", 2..10, far)] {
        let members = of.map(|i| format!("\"circuit.c{i}\"")).collect::<Vec<_>>().join(", ");
        text += &format!(
            "[circuit_group.{name}]\nmembers = [{members}]\nmode = \"ecmp\"\n\
             detection = {{ bgp = {{ hold = \"180 s\", keepalive = \"60 s\" }} }}\n{keys}\n"
        );
    }
    text += "[fault.cut]\ncircuit_cut = \"circuit.c0\"\nat = \"0 s\"\nmanner = \"black_hole\"\n\
         [workload.w]\npath = [\"circuit_group.near\", \"circuit_group.far\"]\n\
         arrivals = { poisson = { rate = \"100/s\" } }\nrequest = \"1 kB\"\nresponse = \"1 kB\"\n\
         connections = { reuse = false }\nretries = { attempts = 1 }\n";
    let r = run_one(&loaded(&text), 0);
    let carries = |n: &u32| {
        let mut its = r.links.iter().filter(|l| l.name == format!("circuit.c{n}"));
        its.any(|l| l.bytes_by_window.iter().sum::<u64>() > 0)
    };
    (2..10).filter(carries).count()
}

#[test]
fn hops_of_one_seed_polarise() {
    // Both take the hash mod their number: what comes by the second of two has an odd one, and goes on
    // by the four ways of odd numbers. With a hash of its own each hop uses all eight.
    assert_eq!(spread_behind("hash_seed = 7", "hash_seed = 7"), 4);
    assert_eq!(spread_behind("hash_seed = 7", "hash_seed = 8"), 8);
    assert_eq!(spread_behind("", ""), 8);
}

#[test]
fn a_limit_of_paths_leaves_the_rest_in_reserve() {
    // The first three of eight; of those with odd hashes by mod 3 all three.
    assert_eq!(spread_behind("", "path_limit = 3"), 3);
    assert_eq!(spread_behind("", "path_limit = 16"), 8);
}

#[test]
fn ports_grow_in_steps_a_lead_time_after_their_order() {
    // 1.6 Gbps are wanted of a port of 1 Gbps, and of one of 10 Gbps from 10 s on.
    let text = "version = 1\n[run]\nlength = \"20 s\"\nwindow = \"1 s\"\n[access_point.e]\n\
         [circuit.c]\nport = \"1 Gbps\"\naccess_point = \"e\"\n\
         upgrades = [{ at = \"10 s\", port = \"10 Gbps\", ordered_before = \"90 d\" }]\n\
         [background.b]\npath = [\"circuit.c\"]\nforward = \"1.6 Gbps\"\n\
         [workload.w]\npath = [\"circuit.c\"]\nrequest = \"1 kB\"\nresponse = \"1 kB\"\n\
         arrivals = { poisson = { rate = \"1/s\" } }\ntimeouts = { connect = \"5 s\" }\n";
    let plan = loaded(text);
    assert!(
        show_plan(&plan).contains("circuit.c.upgrade-1 at 10 s: circuit.c gets a port of 10 Gbps")
    );
    let r = run_one(&plan, 0);
    let forward =
        |l: &&highwater::measure::LinkResults| l.name == "circuit.c" && l.direction == "forward";
    let link = r.links.iter().find(forward).expect("the port");
    let used = |w: usize| link.bytes_by_window[w] as f64 / link.capacity_by_window[w] as f64;
    assert!(
        (used(5) - 1.0).abs() < 1e-6 && (used(15) - 0.16).abs() < 1e-4,
        "{} {}",
        used(5),
        used(15)
    );
    assert_eq!(link.capacity_by_window[15], 1_250_000_000);
}

#[test]
fn regions_are_joined_by_a_link_of_its_own() {
    // 1.6 Gbps are wanted over a peering of 1 Gbps with an alert; its loss stops all, and no other.
    let text = |fault: &str| {
        format!(
            "version = 1\n[run]\nlength = \"10 min\"\nwindow = \"10 s\"\nreplications = 1\n\
             [region.one]\n[region.two]\n[vpc.there]\nregion = \"two\"\n\
             [transit_router.a]\nregion = \"one\"\n[transit_router.b]\nregion = \"two\"\n\
             [peering.p]\nbetween = [\"transit_router.a\", \"transit_router.b\"]\n\
             bandwidth = \"1 Gbps\"\none_way = \"15 ms\"\n\
             [backend.near]\nbandwidth = \"10 Gbps\"\nservice = \"1 ms\"\n\
             [backend.far]\nbandwidth = \"10 Gbps\"\nservice = \"1 ms\"\nvpc = \"there\"\n\
             [alert.p]\nof = \"peering.p\"\n\
             [workload.far]\npath = [\"transit_router.a\", \"peering.p\", \"transit_router.b\", \
             \"backend.far\"]\nrequest = \"0 B\"\nresponse = \"10 MB\"\n\
             arrivals = {{ closed = {{ workers = 20, think = \"0 ms\" }} }}\n\
             timeouts = {{ connect = \"5 s\", request = \"10 s\" }}\n\
             [workload.near]\npath = [\"transit_router.a\", \"backend.near\"]\nrequest = \"1 kB\"\n\
             response = \"1 kB\"\narrivals = {{ poisson = {{ rate = \"10/s\" }} }}\n{fault}"
        )
    };
    let r = run_one(&loaded(&text("")), 0);
    let rate = |r: &Results, name: &str, from: usize| {
        let w = r.workloads.iter().find(|w| w.name == name).expect("the workload");
        w.bytes_by_window[from..].iter().sum::<u64>() as f64
    };
    // 30 ms of round trip to the far one, at least.
    let far = r.workloads.iter().find(|w| w.name == "far").expect("it");
    assert!(rate(&r, "far", 30) * 8.0 / 300e9 > 0.97, "{}", rate(&r, "far", 30));
    assert!(far.latency_ok.quantile(0.001).expect("answers") >= 30_000_000);
    let raised: Vec<u64> = r.alerts[0].levels.iter().map(|l| l.raised).collect();
    assert_eq!(raised, [1, 1, 1]);
    let cut = "[fault.cut]\ncomponent_down = \"peering.p\"\nat = \"5 min\"\n";
    let r = run_one(&loaded(&text(cut)), 0);
    assert!(rate(&r, "far", 32) == 0.0 && rate(&r, "near", 32) > 0.0);
}

#[test]
fn the_internet_is_less_steady_than_a_circuit() {
    // One way by the circuit 15 ms. By the Internet lognormal with the median 15 ms, so that half of
    // the crossings take longer, and 0.5 % of them 200 ms more: of two crossings 1 % has one.
    let text = "version = 1\n[run]\nlength = \"200 s\"\nreplications = 1\n[access_point.e]\n\
         [circuit.c]\nport = \"1 Gbps\"\naccess_point = \"e\"\none_way = \"15 ms\"\n\
         [internet.i]\nbandwidth = \"1 Gbps\"\n";
    let workload = |name: &str, by: &str| {
        format!(
            "[workload.{name}]\npath = [\"{by}\"]\nrequest = \"64 B\"\nresponse = \"64 B\"\n\
             arrivals = {{ poisson = {{ rate = \"200/s\" }} }}\nclients = 20\n"
        )
    };
    let text =
        format!("{text}{}{}", workload("private", "circuit.c"), workload("public", "internet.i"));
    let r = run_one(&loaded(&text), 0);
    let late = |name: &str| {
        let w = r.workloads.iter().find(|w| w.name == name).expect("the workload");
        let at = |q| w.latency_ok.quantile(q).expect("answers") as f64 / 1e9;
        (at(0.5), at(0.999))
    };
    let (private, public) = (late("private"), late("public"));
    assert!((0.029..0.032).contains(&private.0) && private.1 < 0.1, "{private:?}");
    assert!((0.029..0.036).contains(&public.0) && public.1 > 0.2, "{public:?}");
}

#[test]
fn each_service_has_its_procedure() {
    let of = |reach: &str, more: &str| {
        let text = format!(
            "version = 1\n[region.r]\n[vpc.app]\nregion = \"r\"\ncidr = \"10.0.0.0/16\"\n\
             [security_group.sg]\ninbound = []\n[backend.b]\nbandwidth = \"1 Gbps\"\n\
             service = \"1 ms\"\nreach = \"{reach}\"\n{more}\n[workload.w]\npath = [\"backend.b\"]\n\
             arrivals = {{ poisson = {{ rate = \"1/s\" }} }}\nrequest = \"1 kB\"\nresponse = \"1 kB\"\n"
        );
        let source = Source { path: "t.toml".into(), text };
        let loaded = load_text(source, Path::new("."), &[]).unwrap_or_else(|e| panic!("{e}"));
        let [it] = &loaded.procedures[..] else { panic!("{:?}", loaded.procedures) };
        it.procedure.split([' ', ':', ',']).next().expect("a word")
    };
    assert_eq!(of("vpc", "vpc = \"app\""), "direct");
    assert_eq!(of("100.64", ""), "route");
    assert_eq!(of("100.64", "security_group = \"sg\""), "PrivateLink");
    assert_eq!(of("public", ""), "its");
}
