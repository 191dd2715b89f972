//! The documented numbers hold end to end: a scenario text in, delivered rates and refusals out.

use std::path::Path;

use highwater::experiment::{Case, Options, run};
use highwater::measure::{Identity, Results};
use highwater::scenario::{Source, load_text};

fn results(text: &str) -> Results {
    let source = Source { path: "documented.toml".into(), text: text.into() };
    let loaded = load_text(source, Path::new("scenarios"), &[]).unwrap_or_else(|e| panic!("{e}"));
    let case = Case { plan: loaded.plan, identity: Identity::default() };
    run(case, &Options { threads: 1, on_window: &|| (), listen: None }).expect("it runs")
}

/// Mean delivered rate of a workload over windows `from..to`, Mbit/s.
fn mbps(r: &Results, workload: &str, windows: std::ops::Range<usize>) -> f64 {
    let w = r.workloads.iter().find(|w| w.name == workload).expect("the workload");
    let bytes: u64 = w.bytes_by_window[windows.clone()].iter().sum();
    bytes as f64 * 8e3 / (r.settings.window_ns as f64 * windows.len() as f64)
}

const ZONES: &str = r#"
version = 1
[region.r]
[zone.a]
region = "r"
[zone.b]
region = "r"
[zone.c]
region = "r"
[backend.b]
zones = ["a", "b", "c"]
bandwidth = "200 Gbps"
servers = "unlimited"
service = "0 ms"
[endpoint_service.s]
load_balancer = "lb"
"#;

/// Workers that always have one download under way.
fn greedy(name: &str, workers: u32, clients: u32, size: &str) -> String {
    format!(
        "[workload.{name}]\npath = [\"endpoint.e\"]\nclients = {clients}\n\
         arrivals = {{ closed = {{ workers = {workers}, think = \"0 ms\" }} }}\n\
         request = \"0 B\"\nresponse = \"{size}\"\n\
         connections = {{ reuse = true, idle_timeout = \"10 min\" }}\nnames = \"forever\"\n\
         timeouts = {{ connect = \"1 min\", request = \"1 h\" }}\n"
    )
}

#[test]
fn a_clb_endpoint_in_three_zones_carries_three_times_its_default_throttle() {
    // P-44, P-50: 3,072 Mbps in each zone's ENI, unless the provider changes it: 9,216 Mbps. 600
    // greedy connections reach every one of the 3 x 4 devices.
    let text = format!(
        "{ZONES}\n[run]\nlength = \"20 s\"\nwindow = \"1 s\"\nreplications = 1\n\
         [load_balancer.lb]\ntype = \"clb\"\nzones = [\"a\", \"b\", \"c\"]\nbackend = \"b\"\n\
         [endpoint.e]\nservice = \"s\"\nzones = [\"a\", \"b\", \"c\"]\n{}",
        greedy("w", 600, 600, "100 MB")
    );
    let r = results(&text);
    let got = mbps(&r, "w", 5..20);
    assert!((got - 9_216.0).abs() < 1.0, "{got} Mbps");
}

#[test]
fn one_connection_stops_at_its_device() {
    // P-53, P-54: the throttle of 3,072 Mbps over 4 devices: one connection gets 768 Mbps.
    let text = format!(
        "{ZONES}\n[run]\nlength = \"20 s\"\nwindow = \"1 s\"\nreplications = 1\n\
         [load_balancer.lb]\ntype = \"clb\"\nzones = [\"a\", \"b\", \"c\"]\nbackend = \"b\"\n\
         [endpoint.e]\nservice = \"s\"\nzones = [\"a\", \"b\", \"c\"]\n{}",
        greedy("w", 1, 1, "10 GB")
    );
    let r = results(&text);
    let got = mbps(&r, "w", 5..15);
    assert!((got - 768.0).abs() < 0.1, "{got} Mbps");
    // 10 GB at 768 Mbps take 104 s: nothing has ended, and the throttle held it all the time.
    let w = &r.workloads[0];
    assert_eq!(w.ok, 0);
    let start = |b: &&highwater::measure::Binding| b.limit == "start-up";
    assert!(w.binding.iter().filter(|b| !start(b)).all(|b| b.limit.contains("throttle")));
    // Its start was over within the first second.
    let windows = w.binding.iter().find(start).map(|b| &b.flow_ns_by_window[1..]);
    assert!(windows.is_some_and(|w| w.iter().all(|ns| *ns == 0)), "{:?}", w.binding);
}

#[test]
fn an_nlb_zone_ramps_from_10_to_50_gbps_in_its_ramp() {
    // P-40 with the stated law: under full pressure the ENI grows by 40 Gbps x 10 s / 180 s =
    // 2.222 Gbps at the end of every step of 10 s: 10 Gbps in step 1, 10 + 17 x 2.222 = 47.78 in
    // step 18, 50 from step 19 on.
    let text = format!(
        "{ZONES}\n[run]\nlength = \"220 s\"\nwindow = \"10 s\"\nreplications = 1\n\
         [load_balancer.lb]\ntype = \"nlb\"\nzones = [\"a\", \"b\"]\nbackend = \"b\"\n\
         bandwidth = \"200 Gbps\"\n\
         [endpoint.e]\nservice = \"s\"\nzones = [\"a\"]\ncreated_at = 2026-03-01\n{}",
        greedy("w", 64, 64, "100 GB")
    );
    let r = results(&text);
    for (window, expect) in [
        (0, 10_000.0),
        (1, 12_222.2),
        (9, 30_000.0),
        (17, 47_777.8),
        (18, 50_000.0),
        (21, 50_000.0),
    ] {
        let got = mbps(&r, "w", window..window + 1);
        assert!(
            (got - expect).abs() < expect * 0.001,
            "window {window}: {got} against {expect} Mbps"
        );
    }
}

#[test]
fn a_cross_region_endpoint_carries_its_default_bandwidth() {
    // X-30: 1,000 Mbps between two regions of the mainland, for all zones of the endpoint together.
    let far = "[region.q]\nmainland = true\n[zone.q1]\nregion = \"q\"\n[zone.q2]\nregion = \"q\"\n";
    let text = format!(
        "{ZONES}\nregions = [\"q\"]\n{far}\
         [run]\nlength = \"20 s\"\nwindow = \"1 s\"\nreplications = 1\n\
         [load_balancer.lb]\ntype = \"nlb\"\nzones = [\"a\", \"b\"]\nbackend = \"b\"\n\
         [endpoint.e]\nservice = \"s\"\nzones = [\"q1\", \"q2\"]\ncreated_at = 2026-03-01\n\
         cross_region_round_trip = \"30 ms\"\n{}",
        greedy("w", 60, 60, "100 MB")
    )
    .replace("[region.r]", "[region.r]\nmainland = true");
    let r = results(&text);
    let got = mbps(&r, "w", 5..20);
    assert!((got - 1_000.0).abs() < 0.1, "{got} Mbps");
}

/// Clients that each hold one connection through the proxy.
fn proxy(connections: u32, clients: u32) -> String {
    format!(
        "version = 1\n[run]\nlength = \"20 s\"\nwindow = \"1 s\"\nreplications = 1\n\
         [maxcompute.m]\nsolution = \"internet\"\nconnections = {connections}\negress_ips = 4\nnew_connections = \"1000000/s\"\n\
         forwarding = \"1000000/s\"\nbandwidth = \"10 Gbps\"\n\
         [backend.d]\nbandwidth = \"10 Gbps\"\nservers = \"unlimited\"\nservice = \"10 ms\"\n\
         [workload.job]\npath = [\"maxcompute.m\", \"backend.d\"]\nclients = {clients}\n\
         arrivals = {{ closed = {{ workers = {clients}, think = \"500 ms\" }} }}\n\
         request = \"1 kB\"\nresponse = \"1 kB\"\n\
         connections = {{ reuse = true, idle_timeout = \"10 min\" }}\nnames = \"forever\"\n\
         timeouts = {{ connect = \"5 s\", request = \"10 s\" }}\n"
    )
}

#[test]
fn proxy_refusals_begin_exactly_at_the_connection_limit() {
    // M-28, M-29: 100 persistent connections fit a limit of 100; the 101st is refused, and only it.
    let fits = results(&proxy(100, 100));
    assert_eq!((fits.workloads[0].errors_total(), fits.workloads[0].connections), (0, 100));
    let one_more = results(&proxy(100, 101));
    let w = &one_more.workloads[0];
    assert_eq!(w.connections, 100);
    assert!(w.errors["refused"] > 0 && w.errors["refused"] == w.errors_total(), "{:?}", w.errors);
    let pool = one_more.pools.iter().find(|p| p.name.ends_with("connections")).expect("the pool");
    assert_eq!((pool.peak, pool.refused), (100, w.errors["refused"]));
}
