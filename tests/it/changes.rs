//! Plans that are rehearsed: what is done at an instant of the run takes effect as documented, to the
//! second and to the bit per second.

use std::path::Path;

use highwater::experiment::{Case, Options, run};
use highwater::measure::{Identity, Results, StateSeen};
use highwater::scenario::{Source, load_text, show_plan};

fn loaded(text: &str) -> highwater::scenario::Loaded {
    let source = Source { path: "changes.toml".into(), text: text.into() };
    load_text(source, Path::new("scenarios"), &[]).unwrap_or_else(|e| panic!("{e}"))
}

fn results(text: &str) -> Results {
    let case = Case { plan: loaded(text).plan, identity: Identity::default() };
    run(case, &Options { threads: 1, on_window: &|| (), listen: None }).expect("it runs")
}

/// Mean delivered rate of a workload over windows `from..to`, Mbit/s.
fn mbps(r: &Results, workload: &str, windows: std::ops::Range<usize>) -> f64 {
    let w = r.workloads.iter().find(|w| w.name == workload).expect("the workload");
    let bytes: u64 = w.bytes_by_window[windows.clone()].iter().sum();
    bytes as f64 * 8e3 / (r.settings.window_ns as f64 * windows.len() as f64)
}

/// Seconds that a gate was in each state that it was in, with the cause.
fn seconds(r: &Results, gate: &str) -> Vec<(String, f64)> {
    let it = r.gates.iter().find(|g| g.name == gate).unwrap_or_else(|| panic!("no {gate}"));
    let been = it.states.iter().filter(|s| s.ns > 0);
    let name = |s: &StateSeen| match s.cause.as_str() {
        "" => s.state.clone(),
        cause => format!("{}: {cause}", s.state),
    };
    been.map(|s| (name(s), s.ns as f64 / 1e9)).collect()
}

fn pairs(list: &[(&str, f64)]) -> Vec<(String, f64)> {
    list.iter().map(|(s, t)| ((*s).to_owned(), *t)).collect()
}

/// A service of a product in zones a and b, whose load balancer and backend are wide.
fn service(product: &str, keys: &str, length: u32) -> String {
    format!(
        "version = 1\n[run]\nlength = \"{length} s\"\nwindow = \"1 s\"\nreplications = 1\n\
         [region.r]\n[zone.a]\nregion = \"r\"\n[zone.b]\nregion = \"r\"\n\
         [backend.b]\nzones = [\"a\", \"b\"]\nbandwidth = \"200 Gbps\"\nservers = \"unlimited\"\n\
         service = \"0 ms\"\n\
         [load_balancer.lb]\ntype = \"{product}\"\nzones = [\"a\", \"b\"]\nbackend = \"b\"\n\
         bandwidth = \"200 Gbps\"\n\
         [endpoint_service.s]\nload_balancer = \"lb\"\n{keys}\n"
    )
}

fn endpoint(name: &str, keys: &str) -> String {
    let zones = if keys.contains("zones") { "" } else { "zones = [\"a\"]\n" };
    format!("[endpoint.{name}]\nservice = \"s\"\n{zones}created_at = 2026-03-01\n{keys}\n")
}

/// 64 workers that download without end over an endpoint, asking for its name for each connection.
fn greedy(endpoint: &str) -> String {
    format!(
        "[workload.{endpoint}]\npath = [\"endpoint.{endpoint}\"]\nclients = 64\n\
         arrivals = {{ closed = {{ workers = 64, think = \"10 ms\" }} }}\n\
         request = \"0 B\"\nresponse = \"100 GB\"\nnames = \"none\"\n\
         connections = {{ reuse = true, idle_timeout = \"10 min\" }}\n\
         tcp = {{ slow_start = false, headers = \"0 B\" }}\n\
         timeouts = {{ connect = \"500 ms\", request = \"1 h\" }}\n"
    )
}

fn change(name: &str, at: u32, of: &str, what: &str) -> String {
    format!("[change.{name}]\nat = \"{at} s\"\nof = \"{of}\"\n{what}\n")
}

#[test]
fn a_throttle_is_changed_and_switched_off() {
    // P-44, X-64: CLB starts at 3,072 Mbps; 1 Gbps from 10 s on; none from 20 s on: the ENI's 5 Gbps.
    let text = service("clb", "", 30)
        + &endpoint("e", "")
        + &greedy("e")
        + &change("down", 10, "endpoint.e", "throttle = \"1 Gbps\"")
        + &change("off", 20, "endpoint.e", "throttle = \"none\"");
    let r = results(&text);
    for (windows, expect) in [(2..10, 3_072.0), (11..20, 1_000.0), (21..30, 5_000.0)] {
        let got = mbps(&r, "e", windows.clone());
        assert!((got - expect).abs() < 0.5, "{windows:?}: {got} against {expect}");
    }
    let planned: Vec<_> = r.faults.iter().map(|f| (f.name.as_str(), f.planned)).collect();
    assert_eq!(planned, [("change.down", true), ("change.off", true)]);
    assert_eq!(r.faults[0].label, "endpoint e throttled at 1 Gbps");
}

#[test]
fn a_new_default_touches_new_connections_only() {
    // the default falls to 1 Gbps at 5 s. `old` keeps 3,072 Mbps, `new` (10 s) gets 1
    // Gbps, and `own` (created at 10 s, too) gets its own 2 Gbps once the provider has set it, 5 s
    // after it was connected: 1 Gbps until then.
    let text = service("clb", "", 30)
        + &endpoint("old", "")
        + &endpoint("new", "")
        + &endpoint("own", "throttle = \"2 Gbps\"\nthrottle_delay = \"5 s\"")
        + &greedy("old")
        + &greedy("new")
        + &greedy("own")
        + &change("less", 5, "endpoint_service.s", "default_throttle = \"1 Gbps\"")
        + &change("n", 10, "endpoint.new", "action = \"create\"")
        + &change("o", 10, "endpoint.own", "action = \"create\"");
    let r = results(&text);
    for (who, windows, expect) in [
        ("old", 2..30, 3_072.0),
        ("new", 0..10, 0.0),
        ("new", 12..30, 1_000.0),
        ("own", 12..15, 1_000.0),
        ("own", 16..30, 2_000.0),
    ] {
        let got = mbps(&r, who, windows.clone());
        assert!((got - expect).abs() < 0.5, "{who} {windows:?}: {got} against {expect}");
    }
    assert_eq!(
        seconds(&r, "endpoint.own.throttle"),
        pairs(&[("In force", 25.0), ("Exposed: connected before its own throttle was set", 5.0)])
    );
    assert_eq!(
        seconds(&r, "endpoint.new.connection"),
        pairs(&[("Connected", 20.0), ("No connection: endpoint not created yet", 10.0)])
    );
}

#[test]
fn without_a_default_a_new_connection_is_exposed() {
    // NLB has no default. Created at 5 s, its 1 Gbps is set at 15 s; until then the ENI
    // gives its first 10 Gbps. Accepted by hand it is throttled from its first byte on.
    let text = |auto: bool| {
        service("nlb", &format!("auto_accept = {auto}\napproval = \"0 s\""), 25)
            + &endpoint(
                "e",
                "throttle = \"1 Gbps\"\nthrottle_delay = \"10 s\"\nceiling = \"10 Gbps\"",
            )
            + &greedy("e")
            + &change("c", 5, "endpoint.e", "action = \"create\"")
    };
    let (by_itself, by_hand) = (results(&text(true)), results(&text(false)));
    for (r, windows, expect) in
        [(&by_itself, 7..15, 10_000.0), (&by_itself, 16..25, 1_000.0), (&by_hand, 7..25, 1_000.0)]
    {
        let got = mbps(r, "e", windows.clone());
        assert!((got - expect).abs() < 0.5, "{windows:?}: {got} against {expect}");
    }
}

#[test]
fn every_state_of_a_connection_has_its_seconds() {
    // P-17 to P-21, transitions of 2 s. Created at 10 s, accepted by hand after 20 s: not accepted
    // 10-30, Connecting 30-32. Endpoint overdue 40-50, Connecting 50-52. Service overdue 60-70,
    // Connecting 70-72. Throttled at 80: Modifying 80-82. Denied at 90: Disconnecting 90-92,
    // Disconnected 92-100; accepted at 100, Connecting 100-102. Denied again at 110 (110-112), then
    // the service is deleted at 120. Connected: 32-40, 52-60, 72-80, 82-90, 102-110 = 40 s.
    let text =
        service("nlb", "auto_accept = false\napproval = \"20 s\"\ntransition = \"2 s\"", 130)
            + &endpoint("e", "")
            + &greedy("e").replace("1 h", "1 s")
            + &change("a", 10, "endpoint.e", "action = \"create\"")
            + &change("b", 40, "endpoint.e", "action = \"overdue\"")
            + &change("c", 50, "endpoint.e", "action = \"paid\"")
            + &change("d", 60, "endpoint_service.s", "action = \"overdue\"")
            + &change("e", 70, "endpoint_service.s", "action = \"paid\"")
            + &change("f", 80, "endpoint.e", "throttle = \"1 Gbps\"")
            + &change("g", 90, "endpoint.e", "action = \"deny\"")
            + &change("h", 100, "endpoint.e", "action = \"accept\"")
            + &change("i", 110, "endpoint.e", "action = \"deny\"")
            + &change("j", 120, "endpoint_service.s", "action = \"delete\"");
    let r = results(&text);
    assert_eq!(
        seconds(&r, "endpoint.e.connection"),
        pairs(&[
            ("Connected", 40.0),
            ("No connection: endpoint not created yet", 10.0),
            ("Service Deleted: service deleted", 10.0),
            ("Disconnecting: denied", 4.0),
            ("Disconnected: service overdue", 10.0),
            ("Disconnected: endpoint overdue", 10.0),
            ("Disconnected: denied", 16.0),
            ("Disconnected: not accepted yet", 20.0),
            ("Connecting: accepted", 8.0),
            ("Modifying: changed", 2.0),
        ])
    );
    assert_eq!(
        seconds(&r, "endpoint.e"),
        pairs(&[
            ("Available", 116.0),
            ("None: not created yet", 10.0),
            ("Creating: created", 2.0),
            ("Modifying: changed", 2.0),
        ])
    );
    // Nothing is carried but while it is Connected.
    for (windows, carries) in
        [(12..30, false), (34..40, true), (42..50, false), (83..90, true), (93..100, false)]
    {
        assert_eq!(mbps(&r, "e", windows.clone()) > 0.0, carries, "{windows:?}");
    }
    // Each cause has turned somebody away, and only causes that shut have.
    let it = &r.gates.iter().find(|g| g.name == "endpoint.e.connection").unwrap().states;
    for state in it.iter().filter(|s| s.ns >= 4_000_000_000 && !s.cause.is_empty()) {
        let named = state.cause != "endpoint not created yet";
        assert_eq!(state.dropped > 0, named, "{state:?}");
    }
    assert_eq!(it[0].dropped, 0);
}

#[test]
fn an_approval_left_to_chance_is_void_once_somebody_decides() {
    // Approval takes 5 to 15 s, but somebody denies after 3: nothing is ever carried. Without the
    // denial the time to the first byte is the approval's, and differs between replications.
    let base = service(
        "nlb",
        "auto_accept = false\napproval = { uniform = { low = \"5 s\", high = \"15 s\" } }",
        30,
    )
    .replace("replications = 1", "replications = 3")
        + &endpoint("e", "")
        + &greedy("e")
        + &change("a", 0, "endpoint.e", "action = \"create\"");
    let denied = results(&(base.clone() + &change("b", 3, "endpoint.e", "action = \"deny\"")));
    assert_eq!(denied.workloads[0].bytes_by_window.iter().sum::<u64>(), 0);
    let r = results(&base);
    let states = seconds(&r, "endpoint.e.connection");
    let waited = states.iter().find(|s| s.0.ends_with("not accepted yet")).expect("it waits").1;
    assert!((15.0..45.0).contains(&waited), "three waits: {waited}");
    let connected = states.iter().find(|s| s.0 == "Connected").expect("it connects").1;
    assert!((waited + connected - 90.0).abs() < 1e-6, "{states:?}");
}

#[test]
fn grey_release_lets_accounts_in_one_by_one() {
    // `one` is let in from the start, `two` at 10 s, `three` with everybody at 20 s.
    let account =
        |n: &str| format!("account = \"{n}\"\nceiling = \"10 Gbps\"\nthrottle = \"1 Gbps\"");
    let text = service("nlb", "account = \"1000\"\nwhitelist = [\"1001\"]", 30)
        + &endpoint("one", &account("1001"))
        + &endpoint("two", &account("1002"))
        + &endpoint("three", &account("1003"))
        + &endpoint("own", &account("1000"))
        + &["one", "two", "three", "own"].map(greedy).concat()
        + &change("wave", 10, "endpoint_service.s", "whitelist_add = \"1002\"")
        + &change("all", 20, "endpoint_service.s", "whitelist_add = \"*\"");
    let r = results(&text);
    for (who, from) in [("one", 0), ("own", 0), ("two", 10), ("three", 20)] {
        let before = mbps(&r, who, 0..from.max(1));
        assert!(from == 0 || before == 0.0, "{who}: {before} before it is let in");
        let after = mbps(&r, who, from + 2..30);
        assert!((after - 1_000.0).abs() < 0.5, "{who}: {after}");
    }
}

#[test]
fn zones_come_and_go() {
    // Zone b is added at 10 s and removed at 20 s: fresh names spread over both in between. Existing
    // downloads of b are reset when its network card goes.
    let text = service("nlb", "", 30)
        + &endpoint("e", "")
        + &greedy("e").replace("100 GB", "10 MB").replace("reuse = true", "reuse = false")
        + &change("more", 10, "endpoint.e", "add_zone = \"b\"")
        + &change("less", 20, "endpoint.e", "remove_zone = \"b\"");
    let r = results(&text);
    let names = r.selectors.iter().find(|s| s.name == "endpoint.e.name").expect("its name");
    assert_eq!(names.branches, ["a", "b"]);
    let chosen =
        |b: usize, w: std::ops::Range<usize>| names.chosen_by_window[b][w].iter().sum::<u64>();
    assert_eq!((chosen(1, 0..10), chosen(1, 20..30)), (0, 0));
    let (a, b) = (chosen(0, 10..20) as f64, chosen(1, 10..20) as f64);
    assert!((b / (a + b) - 0.5).abs() < 0.1, "{a} and {b}");
    assert_eq!(
        seconds(&r, "endpoint.e.zone-b.connection"),
        pairs(&[
            ("Connected", 10.0),
            ("No network card: zone not added yet", 10.0),
            ("No network card: zone removed", 10.0)
        ])
    );
    assert!(r.workloads[0].errors["reset"] > 0);
}

#[test]
fn a_disconnected_zone_is_taken_out_of_the_record_when_it_is_noticed() {
    // X-47, P-34: zone a is cut at 10 s, noticed after 5 s, out of the record 1 s later.
    let text = service("nlb", "", 60)
        + &endpoint(
            "e",
            "zones = [\"a\", \"b\"]\ndetect = \"5 s\"\ndetect_up = \"5 s\"\npropagate = \"1 s\"",
        )
        + &greedy("e").replace("100 GB", "10 MB").replace("reuse = true", "reuse = false")
        + &change("cut", 10, "endpoint.e", "disconnect_zone = \"a\"")
        + &change("mend", 40, "endpoint.e", "connect_zone = \"a\"");
    let r = results(&text);
    let gap = r.gaps.iter().find(|g| g.fault == "change.cut").expect("it is noticed");
    assert_eq!((gap.detect.max(), gap.propagate.max()), (Some(5_000_000_000), Some(1_000_000_000)));
    let names = r.selectors.iter().find(|s| s.name == "endpoint.e.name").expect("its name");
    let chosen = |w: std::ops::Range<usize>| names.chosen_by_window[0][w].iter().sum::<u64>();
    // Back at 40 + 5 + 1 s.
    assert!(chosen(10..16) > 0 && chosen(16..46) == 0 && chosen(46..60) > 0);
}

#[test]
fn a_ceiling_is_raised() {
    // P-39: fixed at 10 Gbps until the account manager's 20 Gbps at 10 s; grown in one step of 10 s.
    let text = service("nlb", "", 40)
        + &endpoint("e", "ceiling = \"11 Gbps\"\nramp = \"10 s\"\nramp_step = \"10 s\"")
        + &greedy("e")
        + &change("more", 15, "endpoint.e", "ceiling = \"20 Gbps\"");
    let r = results(&text);
    // 10 Gbps, 11 at 10 s; from 15 s on it may grow by 10 Gbps in 10 s: 20 at 25 s.
    for (windows, expect) in [(2..10, 10_000.0), (11..25, 11_000.0), (26..40, 20_000.0)] {
        let got = mbps(&r, "e", windows.clone());
        assert!((got - expect).abs() < 1.0, "{windows:?}: {got} against {expect}");
    }
}

#[test]
fn what_is_done_is_shown_step_by_step() {
    let text = service("clb", "auto_accept = false\napproval = \"20 s\"\ntransition = \"2 s\"", 60)
        + &endpoint("e", "")
        + &greedy("e")
        + &change("a", 10, "endpoint.e", "action = \"create\"")
        + &change("b", 50, "endpoint.e", "action = \"deny\"");
    let shown = show_plan(&loaded(&text).plan);
    let from = shown.find("change.a at").expect("it is shown");
    assert_eq!(
        &shown[from..],
        "change.a at 10 s: endpoint e is created
  10 s: endpoint.e.connection is no more No connection (endpoint not created yet)
  10 s: endpoint.e.name a is listed
  10 s: endpoint.e.connection is Disconnected (not accepted yet)
  10 s + endpoint.e.approval 20 s, before 50 s: endpoint.e.connection is no more Disconnected (not accepted yet)
  10 s + endpoint.e.approval 20 s, before 50 s: endpoint.e.connection is Connecting (accepted)
  10 s + endpoint.e.approval 20 s + transition 2 s: endpoint.e.connection is no more Connecting (accepted)
  10 s + endpoint.e.approval 20 s + transition 2 s, before 50 s: endpoint.e.zone-a.throttle-1 gives 768 Mbps
  10 s + endpoint.e.approval 20 s + transition 2 s, before 50 s: endpoint.e.zone-a.throttle-2 gives 768 Mbps
  10 s + endpoint.e.approval 20 s + transition 2 s, before 50 s: endpoint.e.zone-a.throttle-3 gives 768 Mbps
  10 s + endpoint.e.approval 20 s + transition 2 s, before 50 s: endpoint.e.zone-a.throttle-4 gives 768 Mbps
  10 s: endpoint.e is no more None (not created yet)
  10 s: endpoint.e is Creating (created)
  12 s: endpoint.e is no more Creating (created)
change.b at 50 s: endpoint e is denied
  50 s: endpoint.e.connection is Disconnecting (denied)
  52 s: endpoint.e.connection is no more Disconnecting (denied)
  52 s: endpoint.e.connection is Disconnected (denied)
"
    );
}
