//! MaxCompute's way out against closed forms: the proxy's connections and ports, names, changes of its
//! addresses, and who lets calls in.

use std::path::Path;

use highwater::measure::{Interval, Results, WorkloadResults};
use highwater::scenario::{Source, load_text};

use crate::lab::{LEVEL, run};

/// A proxy without limits but those of `proxy`, and a target that takes what comes.
fn net(proxy: &str, target: &str, service: &str) -> String {
    format!(
        "version = 1\n[maxcompute.m]\nsolution = \"internet\"\nallow = [\"example.com\"]\n\
         new_connections = \"1000000/s\"\nforwarding = \"1000000/s\"\nbandwidth = \"100 Gbps\"\n\
         {proxy}\n[backend.api]\npublic = true\naddress = \"api.example.com\"\n\
         bandwidth = \"100 Gbps\"\nservers = \"unlimited\"\nservice = {service}\n{target}\n"
    )
}

/// A second target, which nobody restricts.
const FREE: &str = "[backend.free]\npublic = true\naddress = \"free.example.com\"\n\
     bandwidth = \"100 Gbps\"\nservers = \"unlimited\"\nservice = \"1 s\"\n";

/// Poisson requests, each with a connection of its own and one try.
fn once(name: &str, to: &str, rate: u32) -> String {
    format!(
        "[workload.{name}]\npath = [\"maxcompute.m\", \"backend.{to}\"]\n\
         arrivals = {{ poisson = {{ rate = \"{rate}/s\" }} }}\nrequest = \"1 kB\"\n\
         response = \"1 kB\"\nconnections = {{ reuse = false }}\nretries = {{ attempts = 1 }}\n"
    )
}

fn length(seconds: u32) -> String {
    let window = seconds / 100;
    format!("[run]\nlength = \"{seconds} s\"\nreplications = 10\nwindow = \"{window} s\"\n")
}

fn runs(text: &str) -> Vec<Results> {
    let source = Source { path: "t.toml".into(), text: text.into() };
    let loaded = load_text(source, Path::new("."), &[]).unwrap_or_else(|e| panic!("{e}"));
    run(&loaded.plan)
}

fn of<'r>(r: &'r Results, name: &str) -> &'r WorkloadResults {
    r.workloads.iter().find(|w| w.name == name).expect("the workload")
}

/// Theory lies in the interval of ten replications, and that is narrow.
fn agree(what: &str, seen: &[f64], theory: f64, widest: f64) {
    let interval = Interval::of_mean(seen, LEVEL).expect("10 values");
    let half = interval.half_width.expect("10 values");
    assert!((interval.mean - theory).abs() <= half, "{what}: {interval:?}, {theory}");
    assert!(half < widest, "{what}: {interval:?}");
}

fn share(r: &Results, name: &str, cause: &str) -> f64 {
    let w = of(r, name);
    w.errors[cause] as f64 / w.offered as f64
}

fn erlang_b(n: u32, a: f64) -> f64 {
    (1..=n).fold(1.0, |b, k| a * b / (f64::from(k) + a * b))
}

#[test]
fn connections_are_refused_as_erlang_b_says_whatever_their_law() {
    // 30/s x 0.5 s are 15 erlang on 20 connections: B = 4.6 %.
    let theory = erlang_b(20, 15.0);
    for law in
        ["exponential = { mean = \"500 ms\" }", "lognormal = { mean = \"500 ms\", sigma = 1.0 }"]
    {
        let text = net("connections = 20", "", &format!("{{ {law} }}")) + &length(1_000);
        let seen: Vec<f64> = runs(&(text + &once("w", "api", 30)))
            .iter()
            .map(|r| share(r, "w", "refused"))
            .collect();
        agree(law, &seen, theory, 0.006);
    }
}

#[test]
fn connections_wait_as_erlang_c_says() {
    // The same 15 erlang on 20 that wait: C = B / (1 - rho (1 - B)) = 16 % wait, 1 / (40/s - 30/s) =
    // 100 ms each on average.
    let b = erlang_b(20, 15.0);
    let c = b / (1.0 - 0.75 * (1.0 - b));
    let law = "{ exponential = { mean = \"500 ms\" } }";
    let text = net("connections = 20\non_full = { wait = {} }", "", law) + &length(1_000);
    let all = runs(&(text + &once("w", "api", 30)));
    let pool = |r: &Results| {
        r.pools.iter().find(|p| p.name == "maxcompute.m.connections").expect("the pool").clone()
    };
    let waits: Vec<f64> =
        all.iter().map(|r| pool(r).waits.count() as f64 / pool(r).asked as f64).collect();
    agree("who waits", &waits, c, 0.04);
    let mean: Vec<f64> =
        all.iter().map(|r| of(r, "w").phases["wait"].mean().expect("requests") / 1e9).collect();
    agree("how long", &mean, c * 0.1, 0.005);
}

#[test]
fn addresses_by_hash_refuse_more_than_their_ports_together() {
    // 10/s, each port 0.5 s in use, whatever its law, and 1 s held after it: 15 erlang. One address of 20
    // ports refuses B(20, 15) = 4.6 %; four of 5 get a quarter each: B(5, 3.75) = 17.7 %.
    let law = "{ lognormal = { mean = \"500 ms\", sigma = 1.0 } }";
    for (k, ports, theory) in [(1, 20, erlang_b(20, 15.0)), (4, 5, erlang_b(5, 3.75))] {
        let keys = format!("egress_ips = {k}\nports_per_ip = {ports}\nport_hold = \"1 s\"");
        let text = net(&keys, "", law) + &length(2_000) + &once("w", "api", 10);
        let seen: Vec<f64> = runs(&text).iter().map(|r| share(r, "w", "no_port")).collect();
        agree(&keys, &seen, theory, 0.012);
    }
}

#[test]
fn a_resolver_that_is_overloaded_answers_at_its_rate() {
    // 100 requests/s ask a resolver of 40/s whose queue (1 s) is shorter than its clients' patience: it
    // is never idle and answers 40 a second. With one try 1 - 40/100 fail. With n tries as many do, since
    // no more are answered, but p^n = 0.6 fails all its tries, so that each asks
    // (1 - p^n) / (1 - p) times: the fixed point of its own amplification, 2.55 at n = 3.
    for tries in [1, 3] {
        let p = libm::pow(0.6, 1.0 / f64::from(tries));
        let asked = 0.4 / (1.0 - p);
        let retries = format!("attempts = {tries}, backoff = \"2 s\", jitter = 1.0");
        let text = net("resolver = \"resolver.r\"", "", "\"10 ms\"")
            + "[resolver.r]\nrate = \"40/s\"\nqueue = 40\n"
            + &length(1_000).replace("replications", "warmup = \"200 s\"\nreplications")
            + &once("w", "api", 100).replace("attempts = 1", &retries)
            + "names = \"none\"\n";
        let all = runs(&text);
        // By when they end: those that failed take longer, so more of them are cut off by the end.
        let sum = |list: &[u64]| list[20..].iter().sum::<u64>() as f64;
        let nameless: Vec<f64> = all
            .iter()
            .map(|r| of(r, "w"))
            .map(|w| sum(&w.errors_by_window["name"]) / sum(&w.offered_by_window))
            .collect();
        agree("nameless", &nameless, 0.6, 0.02);
        let again: Vec<f64> = all
            .iter()
            .map(|r| 1.0 + of(r, "w").retries as f64 / of(r, "w").offered as f64)
            .collect();
        agree("lookups of a request", &again, asked, 0.05);
    }
}

#[test]
fn a_queue_that_is_longer_than_patience_answers_nobody() {
    // 2,000 queries are 50 s of a resolver's work, its clients wait 5 s twice: once it is full, every
    // answer comes too late.
    let text = net("resolver = \"resolver.r\"", "", "\"10 ms\"")
        + "[resolver.r]\nrate = \"40/s\"\nqueue = 2000\n"
        + &length(400).replace("10", "1")
        + &once("w", "api", 100)
        + "names = \"none\"\n";
    let w = of(&runs(&text)[0], "w").clone();
    let late: u64 = w.ok_by_window[50..].iter().sum();
    let lost: u64 = w.errors_by_window["name"][50..].iter().sum();
    assert!(late == 0 && lost > 15_000, "{late}, {lost}");
}

/// One of four addresses changes at 100 s; lists are mended 100 s later.
const MOVE: &str = "egress_ips = 4\n\
     address_changes = [{ at = \"100 s\", mended_after = \"100 s\" }]";
const LISTED: &str = "allow_list = [\"203.0.113.0/24\"]";

#[test]
fn a_new_address_is_refused_until_lists_are_mended() {
    let text = net(MOVE, &format!("{LISTED}\n{FREE}"), "\"1 s\"")
        + &length(300)
        + &once("listed", "api", 40)
        + &once("free", "free", 40);
    let all = runs(&text);
    // A quarter of what starts meanwhile takes the new address.
    let refused = |r: &Results| -> f64 {
        let w = of(r, "listed");
        let sum = |list: &[u64]| list.iter().sum::<u64>();
        let errors = &w.errors_by_window["refused"];
        assert_eq!(sum(&errors[..33]) + sum(&errors[67..]), 0);
        sum(&errors[33..67]) as f64 / sum(&w.offered_by_window[34..66]) as f64 * 32.0
            / (100.0 / 3.0)
    };
    agree("refused", &all.iter().map(refused).collect::<Vec<_>>(), 0.25, 0.02);
    for r in &all {
        let [it] = &r.recoveries[..] else { panic!("{:?}", r.recoveries) };
        let named = (it.fault.as_str(), it.selector.as_str(), it.workload.as_str());
        let expected =
            ("maxcompute.m.address-change-1", "maxcompute.m.ports-1.to.backend.api", "listed");
        assert_eq!(named, expected);
        // The last of ten a second that find it shut.
        let outage = it.total.max().expect("a value") as f64 / 1e9;
        assert!((98.0..100.0).contains(&outage), "{outage}");
        assert!(of(r, "free").errors_total() == of(r, "free").errors["reset"]);
    }
    // Who has no list feels the reset of what was under way: a quarter of 40/s x 1 s, at both.
    for name in ["listed", "free"] {
        let reset: Vec<f64> = all.iter().map(|r| of(r, name).errors["reset"] as f64).collect();
        agree(name, &reset, 10.0, 8.0);
    }
}

#[test]
fn a_change_resets_connections_that_are_kept_and_retries_open_others() {
    // 40 workers, each with a connection that it keeps, always in use: a quarter of them is reset once,
    // and the next try is on another address or on the new one.
    let keep = |to: &str| {
        format!(
            "[workload.w]\npath = [\"maxcompute.m\", \"backend.{to}\"]\nclients = 40\n\
             arrivals = {{ closed = {{ workers = 40, think = \"0 s\" }} }}\nrequest = \"1 kB\"\n\
             response = \"1 kB\"\nconnections = {{ reuse = true, per_client = 1 }}\n\
             retries = {{ attempts = 4, backoff = \"1 s\", jitter = 0.0 }}\n"
        )
    };
    for to in ["api", "free"] {
        let all =
            runs(&(net(MOVE, &format!("{LISTED}\n{FREE}"), "\"1 s\"") + &length(300) + &keep(to)));
        let opened: Vec<f64> = all.iter().map(|r| of(r, "w").connections as f64).collect();
        let retries: Vec<f64> = all.iter().map(|r| of(r, "w").retries as f64).collect();
        agree("opened", &opened, 50.0, 8.0);
        // Where a list is not mended a quarter of the tries meets the new address again.
        let again = if to == "api" { 10.0 * 4.0 / 3.0 } else { 10.0 };
        agree("retries", &retries, again, 15.0);
    }
}

#[test]
fn calls_are_denied_until_somebody_lets_them_through() {
    let denied = |entry: &str, review: &str, target: &str| {
        let text = net(review, target, "\"10 ms\"").replace("\"example.com\"", entry)
            + &length(400)
            + &once("w", "api", 10);
        let all = runs(&text);
        let last = |r: &Results| {
            let Some(windows) = of(r, "w").errors_by_window.get("denied") else { return 0 };
            assert_eq!(windows.iter().sum::<u64>(), of(r, "w").errors_total());
            windows.iter().rposition(|n| *n > 0).map_or(0, |i| (i + 1) * 4)
        };
        all.iter().map(last).collect::<Vec<_>>()
    };
    let ticket = "{ target = \"example.com\", validated = \"ticket\" }";
    assert_eq!(denied(ticket, "review = \"100 s\"", ""), [100; 10]);
    // Without a ticket, or with an administrator who does nothing, never.
    let no = "{ target = \"example.com\", validated = \"no\" }";
    assert_eq!(denied(no, "", ""), [400; 10]);
    assert_eq!(denied("\"example.com\"", "", "restricted = true"), [400; 10]);
    assert_eq!(
        denied("\"example.com\"", "", "restricted = { lifted_after = \"200 s\" }"),
        [200; 10]
    );
    // A list without entries lets nobody in.
    assert_eq!(denied("\"example.com\"", "", "allow_list = []"), [400; 10]);
    // Of two entries the narrower one counts, wherever it stands.
    let narrow = format!("{no}, \"api.example.com\"");
    assert_eq!(denied(&narrow, "", ""), [0; 10]);
    // Both have to agree, whoever is later.
    let both = denied(ticket, "review = \"300 s\"", "restricted = { lifted_after = \"200 s\" }");
    assert_eq!(both, [300; 10]);
    // The review's time is drawn for each replication.
    let law = "review = { uniform = { low = \"0 s\", high = \"200 s\" } }";
    let drawn: Vec<f64> = denied(ticket, law, "").into_iter().map(|s| s as f64).collect();
    agree("drawn", &drawn, 102.0, 150.0);
    assert!(drawn.iter().all(|s| *s <= 200.0) && drawn.windows(2).any(|w| w[0] != w[1]));
}

#[test]
fn who_keeps_calls_away_is_told() {
    let text = net("", "restricted = true", "\"10 ms\"") + &length(400) + &once("w", "api", 10);
    let r = &runs(&text)[0];
    let [gate] = &r.gates[..] else { panic!("{:?}", r.gates) };
    assert_eq!(gate.name, "maxcompute.m.access.to.backend.api");
    let shut: Vec<_> = gate.states.iter().filter(|s| s.ns > 0).collect();
    let [it] = shut[..] else { panic!("{shut:?}") };
    assert_eq!((it.state.as_str(), it.ns), ("Restricted", 400_000_000_000));
    assert_eq!(it.cause, "the target's administrator must let it in");
    assert_eq!(it.dropped, of(r, "w").errors["denied"]);
}
