//! Plans that are rehearsed: what is done at an instant of the run takes effect as documented, to the
//! second and to the bit per second.

use std::path::Path;

use highwater::experiment::{Case, Options, run};
use highwater::measure::{Identity, Results, StateSeen};
use highwater::scenario::{Source, load_text, show_plan};

pub(crate) fn loaded(text: &str) -> highwater::scenario::Loaded {
    let source = Source { path: "changes.toml".into(), text: text.into() };
    load_text(source, Path::new("scenarios"), &[]).unwrap_or_else(|e| panic!("{e}"))
}

pub(crate) fn results(text: &str) -> Results {
    let case = Case { plan: loaded(text).plan, identity: Identity::default() };
    run(case, &Options { threads: 1, on_window: &|| (), listen: None }).expect("it runs")
}

/// Mean delivered rate of a workload over windows `from..to`, Mbit/s.
pub(crate) fn mbps(r: &Results, workload: &str, windows: std::ops::Range<usize>) -> f64 {
    let w = r.workloads.iter().find(|w| w.name == workload).expect("the workload");
    let bytes: u64 = w.bytes_by_window[windows.clone()].iter().sum();
    bytes as f64 * 8e3 / (r.settings.window_ns as f64 * windows.len() as f64)
}

/// Seconds that a gate was in each state that it was in, with the cause.
pub(crate) fn seconds(r: &Results, gate: &str) -> Vec<(String, f64)> {
    let it = r.gates.iter().find(|g| g.name == gate).unwrap_or_else(|| panic!("no {gate}"));
    let been = it.states.iter().filter(|s| s.ns > 0);
    let name = |s: &StateSeen| match s.cause.as_str() {
        "" => s.state.clone(),
        cause => format!("{}: {cause}", s.state),
    };
    been.map(|s| (name(s), s.ns as f64 / 1e9)).collect()
}

pub(crate) fn pairs(list: &[(&str, f64)]) -> Vec<(String, f64)> {
    list.iter().map(|(s, t)| ((*s).to_owned(), *t)).collect()
}

/// A service of a product in zones a and b, whose load balancer and backend are wide.
pub(crate) fn service(product: &str, keys: &str, length: u32) -> String {
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

pub(crate) fn endpoint(name: &str, keys: &str) -> String {
    let zones = if keys.contains("zones") { "" } else { "zones = [\"a\"]\n" };
    format!("[endpoint.{name}]\nservice = \"s\"\n{zones}created_at = 2026-03-01\n{keys}\n")
}

/// 64 workers that download without end over an endpoint, asking for its name for each connection.
pub(crate) fn greedy(endpoint: &str) -> String {
    format!(
        "[workload.{endpoint}]\npath = [\"endpoint.{endpoint}\"]\nclients = 64\n\
         arrivals = {{ closed = {{ workers = 64, think = \"10 ms\" }} }}\n\
         request = \"0 B\"\nresponse = \"100 GB\"\nnames = \"none\"\n\
         connections = {{ reuse = true, idle_timeout = \"10 min\" }}\n\
         tcp = {{ slow_start = false, headers = \"0 B\" }}\n\
         timeouts = {{ connect = \"500 ms\", request = \"1 h\" }}\n"
    )
}

pub(crate) fn change(name: &str, at: u32, of: &str, what: &str) -> String {
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
    // X-55, X-57: the default falls to 1 Gbps at 5 s. `old` keeps 3,072 Mbps, `new` (10 s) gets 1
    // Gbps, and `own` (created at 10 s, too) gets its own 2 Gbps once the provider has set it, 5 s
    // after it was connected (X-59, X-60): 1 Gbps until then.
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
    // X-58, X-60: NLB has no default. Created at 5 s, its 1 Gbps is set at 15 s; until then the ENI
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
    // X-16, X-34: `one` is let in from the start, `two` at 10 s, `three` with everybody at 20 s.
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

// Lowered below what an NLB starts with (10 Gbps), a ceiling stays where it is; raised again to
// where the start was, or beyond, the card grows there in its ramp of 18 steps.
#[test]
fn a_ceiling_is_lowered_below_the_start() {
    let text = service("nlb", "", 800)
        + &endpoint("e", "")
        + &greedy("e")
        + &change("down", 60, "endpoint.e", "ceiling = \"3 Gbps\"")
        + &change("up", 400, "endpoint.e", "ceiling = \"12 Gbps\"");
    let r = results(&text);
    let seen = [61..120, 240..399, 600..799].map(|windows| mbps(&r, "e", windows));
    for (seen, expect) in seen.into_iter().zip([3_000.0, 3_000.0, 12_000.0]) {
        assert!((seen - expect).abs() < 0.005 * expect, "{seen} instead of {expect} Mbps");
    }
}

// A throttle that was changed before or under a fault's throttle is what the fault's end gives back.
#[test]
fn a_fault_gives_back_what_a_change_has_set() {
    for (at, first) in [(10, 200.0), (30, 400.0)] {
        let text = service("nlb", "", 60)
            + &endpoint("e", "throttle = \"400 Mbps\"")
            + &greedy("e")
            + &change("lower", at, "endpoint.e", "throttle = \"200 Mbps\"")
            + "[fault.f]\nthrottle_change = { of = \"endpoint.e\", to = \"100 Mbps\" }\n\
               at = \"20 s\"\nlength = \"20 s\"\n";
        let r = results(&text);
        let seen = [11..20, 21..40, 41..60].map(|windows| mbps(&r, "e", windows));
        for (seen, expect) in seen.into_iter().zip([first, 100.0, 200.0]) {
            assert!((seen - expect).abs() < 0.005 * expect, "{seen} instead of {expect} Mbps");
        }
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

/// A service of two CLB resources in zone a, for endpoints that stay on what they were given.
pub(crate) fn two_resources(second: &str, keys: &str, length: u32) -> String {
    service(
        "clb",
        &format!(
            "resources = [\"two\"]\nmanaged_resources = true\nresource_failover = \"3 s\"\n{keys}"
        ),
        length,
    )
    .replace(
        "bandwidth = \"200 Gbps\"\n[endpoint_service",
        "bandwidth = \"5 Gbps\"\n[endpoint_service",
    ) + &format!(
        "[load_balancer.two]\ntype = \"clb\"\nzones = [\"a\", \"b\"]\nbackend = \"b\"\n\
             primary_zone = \"b\"\nbandwidth = \"{second}\"\n"
    )
}

/// The resources of an endpoint's zone a, the bound one first.
pub(crate) fn order(plan: &highwater::plan::Plan, endpoint: &str) -> Vec<String> {
    let name = format!("endpoint.{endpoint}.zone-a.resource");
    let it = plan.selectors.iter().find(|s| s.name == name).expect("two resources");
    it.branches.iter().map(|b| b.name.clone()).collect()
}

#[test]
fn resources_are_allocated_by_bandwidth_and_connections() {
    // X-40 with the stated rule, bandwidth / (connections + 1), ties by name. Equal resources take
    // turns: lb, two, lb, two. With 5 and 2.5 Gbps: lb (5), lb (2.5 against 2.5), two (1.67 against
    // 2.5), lb (1.67 against 1.25).
    let first = |second: &str, keys: &str| {
        let endpoints: String = ["e1", "e2", "e3", "e4"].map(|e| endpoint(e, "")).concat();
        let text = two_resources(second, keys, 10)
            + &endpoints
            + &greedy("e1")
            + &greedy("e2")
            + &greedy("e3")
            + &greedy("e4");
        let plan = loaded(&text).plan;
        ["e1", "e2", "e3", "e4"].map(|e| order(&plan, e)[0].clone())
    };
    assert_eq!(first("5 Gbps", ""), ["lb", "two", "lb", "two"]);
    assert_eq!(first("2.5 Gbps", ""), ["lb", "lb", "two", "lb"]);
    // One that is open to allocation by hand only gets nobody (X-40).
    assert_eq!(first("5 Gbps", "manual_only = [\"lb\"]"), ["two", "two", "two", "two"]);
}

#[test]
fn by_hand_and_by_and_by() {
    // `e1` is given `two` by hand. `e2` comes at 10 s: lb is free. At 20 s lb is closed to automatic
    // allocation: `e2` stays there (X-45); `e3`, from 30 s, gets two though it has a connection. At 40
    // s zone a of `e2` is cut, gets two by hand, and is connected again at 50 s (X-41).
    let text = two_resources("5 Gbps", "", 60)
        + &endpoint("e1", "resources = [\"two\"]")
        + &endpoint("e2", "")
        + &endpoint("e3", "")
        + &["e1", "e2", "e3"].map(greedy).concat()
        + &change("b", 10, "endpoint.e2", "action = \"create\"")
        + &change(
            "c",
            20,
            "endpoint_service.s",
            "automatic_allocation = { resource = \"lb\", on = false }",
        )
        + &change("d", 30, "endpoint.e3", "action = \"create\"")
        + &change("e", 40, "endpoint.e2", "disconnect_zone = \"a\"")
        + &change("f", 45, "endpoint.e2", "allocate = { zone = \"a\", resource = \"two\" }")
        + &change("g", 50, "endpoint.e2", "connect_zone = \"a\"");
    let plan = loaded(&text).plan;
    assert_eq!(["e1", "e2", "e3"].map(|e| order(&plan, e)[0].clone()), ["two", "lb", "two"]);
    let r = results(&text);
    let chosen = |e: &str, of: &str, w: std::ops::Range<usize>| {
        let name = format!("endpoint.{e}.zone-a.resource");
        let it = r.selectors.iter().find(|s| s.name == name).expect("the choice");
        let b = it.branches.iter().position(|b| b == of).expect("the resource");
        it.chosen_by_window[b][w].iter().sum::<u64>()
    };
    assert!(chosen("e2", "lb", 10..40) >= 64 && chosen("e2", "two", 0..50) == 0);
    assert!(chosen("e2", "two", 50..60) >= 64 && chosen("e2", "lb", 51..60) == 0);
    assert_eq!(chosen("e1", "lb", 0..60) + chosen("e3", "lb", 0..60), 0);
}

#[test]
fn a_lost_resource_is_caught_in_its_zone() {
    // X-36: `lb` is lost at 10 s and found out after 3 s; its connections go on over `two`, and stay
    // there when it is back. The record never changes. Survivors' load: all 2 x 3,072 Mbps want
    // through two's 5 Gbps.
    let text = two_resources("5 Gbps", "", 60)
        + &endpoint("e1", "")
        + &endpoint("e2", "")
        + &greedy("e1")
        + &greedy("e2")
        + "[fault.lost]\ncomponent_down = \"load_balancer.lb\"\nat = \"10 s\"\nlength = \"20 s\"\n";
    let r = results(&text);
    for (who, windows, expect) in [
        ("e1", 2..10, 3_072.0),
        ("e1", 11..13, 0.0),
        ("e1", 15..60, 2_500.0),
        ("e2", 2..10, 3_072.0),
        ("e2", 15..60, 2_500.0),
    ] {
        let got = mbps(&r, who, windows.clone());
        assert!((got - expect).abs() < 20.0, "{who} {windows:?}: {got} against {expect}");
    }
    let gap = |selector: &str| r.gaps.iter().find(|g| g.selector == selector);
    let caught = gap("endpoint.e1.zone-a.resource").expect("the zone notices");
    assert_eq!(caught.detect.max(), Some(3_000_000_000));
    assert!(gap("endpoint.e1.name").is_none(), "the name does not");
    let it = r.recoveries.iter().find(|x| x.workload == "e1").expect("it came off");
    assert_eq!((it.role.as_str(), it.detect.max()), ("resource", Some(3_000_000_000)));
    assert!(r.recoveries.iter().all(|x| x.workload == "e1"), "e2 was never on it");
}

#[test]
fn smooth_and_forcible_migration() {
    // 64 workers with downloads of about a tenth of a second, a connection each, names kept for 5 s.
    // Forcible at 20 s: what is under way breaks (X-54). Smooth: the new network card is in the
    // record at 20 s, the old one out at 25 s and gone at 45 s, when nobody uses it (X-51 to X-53).
    let text = |how: &str| {
        two_resources("5 Gbps", "manual_only = [\"two\"]", 60)
            + &endpoint("e", "record_ttl = \"5 s\"")
            + &greedy("e")
                .replace("100 GB", "5 MB")
                .replace("reuse = true", "reuse = false")
                .replace("names = \"none\"", "names = \"ttl\"")
            + &change(
                "close",
                10,
                "endpoint_service.s",
                "automatic_allocation = { resource = \"lb\", on = false }",
            )
            + &change(
                "open",
                10,
                "endpoint_service.s",
                "automatic_allocation = { resource = \"two\", on = true }",
            )
            + &change(
                "move",
                20,
                "endpoint.e",
                &format!("replace = {{ zone = \"a\", by = \"two\", {how} }}"),
            )
    };
    let forcible = results(&text("manner = \"forcible\""));
    let w = &forcible.workloads[0];
    let busy = 64;
    assert!((busy / 2..=busy).contains(&w.errors["reset"]), "{:?}", w.errors);
    assert_eq!(w.errors_by_window["reset"][20], w.errors["reset"], "all at once");
    let text = text("manner = \"smooth\", overlap = \"5 s\", drain = \"20 s\"");
    let smooth = results(&text);
    assert_eq!(smooth.workloads[0].errors_total(), 0);
    let names = smooth.selectors.iter().find(|s| s.name == "endpoint.e.name").expect("its name");
    assert_eq!(names.branches, ["a", "a.move"]);
    let chosen =
        |b: usize, w: std::ops::Range<usize>| names.chosen_by_window[b][w].iter().sum::<u64>();
    // Both while both are in the record; the old one until its last cached answer, at 30 s.
    assert!(chosen(1, 0..20) == 0 && chosen(1, 20..25) > 0 && chosen(0, 25..30) > 0);
    assert_eq!(chosen(0, 31..60), 0);
    let shown = show_plan(&loaded(&text).plan);
    let from = shown.find("change.move at").expect("it is shown");
    assert_eq!(
        &shown[from..],
        "change.move at 20 s: endpoint e moves smoothly to two in zone a
  20 s: endpoint.e.name a.move is listed
  20 s: endpoint.e.zone-a.move.connection is no more No network card (zone not added yet)
  25 s: endpoint.e.name a is not listed
  45 s: endpoint.e.zone-a.connection is No network card (replaced)
"
    );
}

#[test]
fn a_plan_out_of_order_is_refused() {
    let codes = |changes: &str| {
        let text = two_resources("5 Gbps", "", 60)
            + &endpoint("e", "zones = [\"a\", \"b\"]")
            + &greedy("e")
            + changes;
        let source = Source { path: "t.toml".into(), text };
        match load_text(source, Path::new("scenarios"), &[]) {
            Ok(loaded) => loaded.diagnostics.iter().map(|d| d.code.to_owned()).collect(),
            Err(highwater::scenario::Failure::Refused { diagnostics, .. }) => {
                diagnostics.iter().map(|d| d.code.to_owned()).collect::<Vec<_>>()
            }
            Err(other) => panic!("{other}"),
        }
    };
    let replace = "replace = { zone = \"a\", by = \"two\", manner = \"forcible\" }";
    let close = "automatic_allocation = { resource = \"lb\", on = false }";
    for (changes, say) in [
        // X-50: its automatic allocation goes first.
        (change("m", 20, "endpoint.e", replace), vec!["X-50"]),
        (
            change("c", 10, "endpoint_service.s", close) + &change("m", 20, "endpoint.e", replace),
            vec![],
        ),
        // X-43: what is bound stays.
        (change("d", 20, "endpoint_service.s", "detach = \"lb\""), vec!["X-43"]),
        (change("d", 20, "endpoint_service.s", "detach = \"two\""), vec!["X-44"]),
        // X-41: a connected zone keeps its resource.
        (
            change("p", 20, "endpoint.e", "allocate = { zone = \"a\", resource = \"two\" }"),
            vec!["X-41"],
        ),
        // X-66: everybody is disconnected first.
        (change("z", 20, "endpoint_service.s", "action = \"delete\""), vec!["X-66"]),
        (
            change("y", 10, "endpoint.e", "action = \"deny\"")
                + &change("z", 20, "endpoint_service.s", "action = \"delete\""),
            vec![],
        ),
        // X-16, X-39, P-31, P-39: what holds for tables holds for changes of them, too.
        (change("w", 20, "endpoint_service.s", "whitelist_add = \"everyone\""), vec!["X-16"]),
        (change("c", 10, "endpoint_service.s", close), vec![]),
        (
            change("c", 10, "endpoint_service.s", close)
                + &change("d", 20, "endpoint_service.s", &close.replace("lb", "two")),
            vec!["X-39"],
        ),
        (change("m", 20, "endpoint.e", "ceiling = \"6 Gbps\""), vec!["P-39"]),
        (
            change("r", 20, "endpoint.e", "remove_zone = \"a\"")
                + &change("s", 30, "endpoint.e", "remove_zone = \"b\""),
            vec!["P-31"],
        ),
        // What does nothing is told.
        (change("z", 20, "endpoint.e", "add_zone = \"a\""), vec!["change"]),
        (change("z", 20, "endpoint.e", "connect_zone = \"a\""), vec!["change"]),
        (change("y", 20, "endpoint.e", "action = \"accept\""), vec!["change"]),
        (
            change("x", 10, "endpoint.e", "action = \"create\"")
                + &change("y", 20, "endpoint.e", "action = \"create\""),
            vec!["change"],
        ),
        (
            change("x", 10, "endpoint.e", "action = \"create\"")
                + &change("y", 20, "endpoint.e", "action = \"deny\"")
                + &change("z", 30, "endpoint.e", "action = \"accept\""),
            vec![],
        ),
        // X-17, X-26, X-56, and zones that are not there.
        (change("z", 20, "endpoint.e", "remove_zone = \"a\""), vec![]),
        (change("r", 20, "endpoint_service.s", "remove_region = \"r\""), vec!["X-26"]),
        (change("t", 20, "endpoint_service.s", "default_throttle = \"20 Gbps\""), vec!["X-56"]),
        (change("t", 20, "endpoint.e", "throttle = \"20 Gbps\""), vec!["X-56"]),
    ] {
        assert_eq!(codes(&changes), say, "{changes}");
    }
}

#[test]
fn zones_times_throttle_overruns_a_backend_until_it_is_corrected() {
    // P-50, Z-12: two consumers throttled at 1 Gbps take 2 x 2 x 1 Gbps in two zones; the backend has
    // 1.5 Gbps in each: 3 Gbps. From 15 s on 500 Mbps each: 2 x 2 x 500 Mbps, below the backend.
    let text = service("nlb", "", 30)
        .replace("bandwidth = \"200 Gbps\"\nservers", "bandwidth = \"1.5 Gbps\"\nservers")
        + &endpoint("x", "zones = [\"a\", \"b\"]\nthrottle = \"1 Gbps\"")
        + &endpoint("y", "zones = [\"a\", \"b\"]\nthrottle = \"1 Gbps\"")
        + &greedy("x")
        + &greedy("y")
        + &change("x", 15, "endpoint.x", "throttle = \"500 Mbps\"")
        + &change("y", 15, "endpoint.y", "throttle = \"500 Mbps\"");
    let r = results(&text);
    let both = |w: std::ops::Range<usize>| mbps(&r, "x", w.clone()) + mbps(&r, "y", w);
    let (before, after) = (both(2..15), both(16..30));
    assert!((before - 3_000.0).abs() < 1.0, "{before}");
    assert!((after - 2_000.0).abs() < 1.0, "{after}");
}

#[test]
fn caps_between_regions() {
    // X-30, X-31: 1,000 Mbps between regions of the mainland, 100 Mbps between others, for all zones of
    // an endpoint together; X-32: no figure across its border, so it must be given.
    let remote = |own: bool, home: bool, keys: &str| {
        service("nlb", "regions = [\"far\"]", 20)
            .replace("[region.r]", &format!("[region.r]\nmainland = {home}"))
            + &format!(
                "[region.far]\nmainland = {own}\n[zone.f]\nregion = \"far\"\n[zone.g]\nregion = \"far\"\n"
            )
            + &endpoint(
                "e",
                &format!("zones = [\"f\", \"g\"]\ncross_region_round_trip = \"20 ms\"\n{keys}"),
            )
            + &greedy("e")
    };
    for (own, home, keys, expect) in [
        (true, true, "", 1_000.0),
        (false, false, "", 100.0),
        (true, false, "cross_region_bandwidth = \"300 Mbps\"", 300.0),
        (true, true, "cross_region_bandwidth = \"2 Gbps\"", 2_000.0),
    ] {
        let got = mbps(&results(&remote(own, home, keys)), "e", 2..20);
        assert!((got - expect).abs() < 0.5, "{own} {home} {keys}: {got}");
    }
    let source = Source { path: "t.toml".into(), text: remote(false, true, "") };
    let said = load_text(source, Path::new("scenarios"), &[]).map(|_| ()).unwrap_err().to_string();
    assert!(said.contains("error[X-32]"), "{said}");
}

#[test]
fn a_closed_region_keeps_its_endpoints_and_gets_no_new_ones() {
    // X-25: closed at 10 s. `old` goes on; `new`, created at 15 s, never comes to be, and the check
    // says so; `back` comes after the region was opened again at 20 s.
    let far = |name: &str| {
        endpoint(name, "zones = [\"f\", \"g\"]\ncross_region_round_trip = \"20 ms\"")
            + &greedy(name)
    };
    let text = service("nlb", "regions = [\"far\"]", 40)
        .replace("[region.r]", "[region.r]\nmainland = true")
        + "[region.far]\nmainland = true\n[zone.f]\nregion = \"far\"\n[zone.g]\nregion = \"far\"\n"
        + &["old", "new", "back"].map(far).concat()
        + &change("a", 10, "endpoint_service.s", "remove_region = \"far\"")
        + &change("b", 15, "endpoint.new", "action = \"create\"")
        + &change("c", 20, "endpoint_service.s", "add_region = \"far\"")
        + &change("d", 25, "endpoint.back", "action = \"create\"");
    let said: Vec<_> = loaded(&text).diagnostics.iter().map(|d| d.code).collect();
    assert_eq!(said, ["X-25"]);
    let r = results(&text);
    assert!((mbps(&r, "old", 2..40) - 1_000.0).abs() < 0.5);
    assert_eq!(mbps(&r, "new", 0..40), 0.0);
    assert!((mbps(&r, "back", 27..40) - 1_000.0).abs() < 0.5);
    assert_eq!(mbps(&r, "back", 0..25), 0.0);
}
