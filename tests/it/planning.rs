//! What fits, and what an upgrade buys, beside closed forms.

#![expect(clippy::disallowed_macros, reason = "figures, shown when these are run by hand")]

use std::fs;
use std::path::Path;
use std::process::Command;

use highwater::experiment::{Case, Found, Knee, KneeError, Options, find_knee, upgrades};
use highwater::measure::{Identity, Measure, Told};
use highwater::scenario::{Axis, Source, load_text};

const OPTIONS: Options<'static, 'static> = Options { threads: 0, on_window: &|| {}, listen: None };

/// One workload of 50 a second through `hop`, with an objective.
fn scenario(thing: &str, hop: &str, objective: &str) -> String {
    format!(
        r#"
version = 1
title = "t"
[run]
length = "220 s"
warmup = "20 s"
window = "20 s"
replications = 10
[tcp]
headers = "0 B"
{thing}
[route.r]
hops = [{hop}]
[workload.w]
route = "r"
arrivals = {{ poisson = {{ rate = "50/s" }} }}
request = {{ exponential = {{ mean = "125 kB" }} }}
response = "0 B"
connections = {{ reuse = true, idle_timeout = "10 min" }}
timeouts = {{ request = "10 min" }}
objectives = {{ {objective} }}
"#
    )
}

fn case(text: &str, key: &str, value: String) -> Case {
    let source = Source { path: "t.toml".into(), text: text.into() };
    let set = [(key.to_owned(), value)];
    let plan = load_text(source, Path::new("."), &set).unwrap_or_else(|e| panic!("{e}")).plan;
    Case { plan, identity: Identity::default() }
}

/// The knee over a range of so many steps; numbers of the place and of the ends of its interval.
fn knee(text: &str, key: &str, range: &str, steps: u32) -> (Knee, f64, (f64, f64)) {
    let range = Axis::parse(key, &format!("{range}:2")).unwrap().range.unwrap();
    let share = |step: f64| step / f64::from(steps);
    let build = |step: u32| Ok::<_, ()>(case(text, key, range.at(share(f64::from(step)))));
    let found = find_knee(steps, &build, &OPTIONS).expect("it runs");
    let step = match found.found {
        Found::Most(step) | Found::Least(step) => step,
        Found::All | Found::Nothing => 0,
    };
    let (a, b) = found.interval.unwrap_or((0.0, 0.0));
    let at = range.number(share(f64::from(step)));
    (found, at, (range.number(share(a)), range.number(share(b))))
}

const RATE: &str = "workload.w.arrivals.poisson.rate";

/// Root of an increasing function.
fn root(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if f(middle) < 0.0 { low = middle } else { high = middle }
    }
    low
}

fn erlang_b(servers: u32, load: f64) -> f64 {
    (1..=servers).fold(1.0, |b, c| load * b / (f64::from(c) + load * b))
}

#[test]
fn the_most_that_two_servers_take() {
    // M/M/2, 20 ms each: P(T > t) = e^(-mu t) (1 + C (1 - e^(-mu t (1 - a))) / (1 - a)), with
    // the share C that waits (Erlang C) and the load a.
    let tail = |rate: f64, t: f64| {
        let (mu, load) = (50.0, rate / 50.0);
        let b = erlang_b(2, load);
        let waits = 2.0 * b / (2.0 - load * (1.0 - b));
        let rest = 1.0 - load;
        libm::exp(-mu * t) * (1.0 + waits * (1.0 - libm::exp(-mu * t * rest)) / rest)
    };
    let exact = root(51.0, 99.0, |rate| tail(rate, 0.1) - 0.1);
    let station = "[station.s]\nservers = 2\nservice = { exponential = { mean = \"20 ms\" } }";
    let text = scenario(station, "\"station.s\"", "p90 = \"100 ms\"");
    let (found, at, (low, high)) = knee(&text, RATE, "20..98/s", 200);
    assert!(matches!(found.found, Found::Most(_)), "{found:?}");
    println!("M/M/2: {at} in [{low}, {high}], exactly {exact}");
    assert!(low <= exact && exact <= high, "{exact} is not in [{low}, {high}]: {found:?}");
    assert!(high - low < 6.0, "an interval that says something: [{low}, {high}]");
    // What was tried on one side was met, on the other missed.
    let step = |s: &u32| matches!(found.found, Found::Most(most) if *s <= most);
    assert!(found.tried.iter().all(|(s, met)| *met == step(s)), "{found:?}");
}

#[test]
fn the_most_that_loses_little() {
    // Erlang B: five units held for 20 ms, 5 % lost.
    let exact = root(10.0, 400.0, |rate| erlang_b(5, rate * 0.02) - 0.05);
    let things = "[pool.p]\nunits = 5\n[station.s]\nservers = 1000\n\
                  service = { exponential = { mean = \"20 ms\" } }";
    let text = scenario(things, "\"pool.p\", \"station.s\"", "availability = \"95 %\"");
    let (found, at, (low, high)) = knee(&text, RATE, "20..300/s", 280);
    println!("Erlang B: {at} in [{low}, {high}], exactly {exact}");
    assert!(low <= exact && exact <= high, "{exact} is not in [{low}, {high}]: {found:?}");
    // The other way round: B(5, 2.5) = 7.0 %, B(6, 2.5) = 2.8 %.
    let text = text.replace("\"50/s\"", "\"125/s\"");
    assert!(erlang_b(5, 2.5) > 0.05 && erlang_b(6, 2.5) < 0.05);
    let (found, at, _) = knee(&text, "pool.p.units", "1..20", 19);
    assert!(matches!(found.found, Found::Least(_)), "{found:?}");
    assert_eq!(at, 6.0);
}

#[test]
fn a_range_without_a_knee_is_told() {
    let station = "[station.s]\nservers = 1\nservice = { exponential = { mean = \"10 ms\" } }";
    let text = scenario(station, "\"station.s\"", "p90 = \"100 ms\"");
    assert_eq!(knee(&text, RATE, "5..20/s", 10).0.found, Found::All);
    assert_eq!(knee(&text, RATE, "95..99/s", 10).0.found, Found::Nothing);
    let none = text.replace("objectives = { p90 = \"100 ms\" }", "");
    let build = |_| Ok::<_, ()>(case(&none, RATE, "20/s".into()));
    assert!(matches!(find_knee(4, &build, &OPTIONS), Err(KneeError::NoObjective)));
}

#[test]
fn what_a_tenth_more_buys() {
    // Processor sharing, 1 Mbit at 100 Mbps and 50/s: 20 ms; at 110 Mbps 1 / (110 - 50) s: 16.67 ms.
    let link = "[link.l]\ncapacity = \"100 Mbps\"";
    let text = scenario(link, "\"link.l\"", "p90 = \"1 s\"");
    let (base, list) = upgrades(&case(&text, RATE, "50/s".into()), 3, 0.01, &OPTIONS).unwrap();
    assert_eq!(list.len(), 1, "{list:?}");
    assert_eq!((list[0].limit.as_str(), list[0].added), ("link.l", 1e7));
    let mean = |up: &highwater::experiment::Upgrade| {
        up.bought.rows.iter().find(|r| r.measure == Measure::Mean).expect("a mean").clone()
    };
    let row = mean(&list[0]);
    let exact = 1e9 / 60.0 - 1e9 / 50.0;
    let half = row.interval.half_width.expect("ten pairs");
    println!("a tenth of a link: {} +- {half} ns, exactly {exact}", row.interval.mean);
    assert!((row.interval.mean - exact).abs() < half, "{row:?} beside {exact}");
    assert!(row.told == Told::Better && half < 0.2 * exact.abs(), "{row:?}");
    assert_eq!(base.workloads.len(), 1);
    // A second server where one is busy for 80 %: M/M/1 50 ms, M/M/2 11.9 ms.
    let station = "[station.s]\nservers = 1\nservice = { exponential = { mean = \"10 ms\" } }";
    let text = scenario(station, "\"station.s\"", "p90 = \"1 s\"");
    let (_, list) = upgrades(&case(&text, RATE, "80/s".into()), 1, 0.01, &OPTIONS).unwrap();
    let row = mean(&list[0]);
    let b = erlang_b(2, 0.8);
    let waits = 2.0 * b / (2.0 - 0.8 * (1.0 - b));
    let exact = (10e6 + waits * 10e6 / 1.2) - 50e6;
    let half = row.interval.half_width.expect("ten pairs");
    assert!((row.interval.mean - exact).abs() < half, "{row:?} beside {exact}");
    // Where nobody waits or is held back, nothing binds.
    let idle = scenario("[delay.d]\none_way = \"1 ms\"", "\"delay.d\"", "p90 = \"1 s\"");
    let (_, list) = upgrades(&case(&idle, RATE, "5/s".into()), 3, 0.01, &OPTIONS).unwrap();
    assert!(list.is_empty(), "{list:?}");
}

#[test]
fn the_program_tells_dates() {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("planning");
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).expect("a folder");
    let find = "workload.requests.arrivals.poisson.rate=60/s..99/s";
    let out = dir.join("out");
    let plan = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_highwater"));
        command.args(["plan", "scenarios/mm1.toml", "--set", "run.length=6 min"]);
        command.args(["--find", find, "--to", "2 %", "--upgrades", "0", "--out"]).arg(&out);
        command.args(more).env("NO_COLOR", "1");
        let done = command.output().expect("the program starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (done.status.code(), text(&done.stdout), text(&done.stderr))
    };
    let growth = ["--growth", "2 %/month", "--now", "60/s", "--today", "2026-11-22"];
    let (code, said, error) = plan(&[&growth[..], &["--lead-days", "90"]].concat());
    assert_eq!(code, Some(0), "{error}");
    for part in ["At most 8", "Full on 2028-0", "26.8 % a year", "Order by 202"] {
        assert!(said.contains(part), "{part} is missing in {said}");
    }
    for file in ["plan.csv", "growth.csv", "charts/growth.svg", "report.html", "manifest.toml"] {
        assert!(out.join(file).exists(), "{file}");
    }
    let history = dir.join("load.csv");
    let rows = "day,load\n2026-01-01,40\n2026-04-01,45\n2026-07-01,52/s\n2026-10-01,58\n";
    fs::write(&history, rows).expect("a file");
    let shown = history.to_string_lossy().into_owned();
    let (code, said, error) = plan(&["--history", &shown]);
    assert_eq!(code, Some(0), "{error}");
    assert!(said.contains("between 2027-") && said.contains("prediction band"), "{said}");
    for (bad, wanted) in [
        (rows.replace("2026-07-01", "2026-06-31"), "load.csv:4: \"2026-06-31\": expected a day"),
        (rows.replace("52/s", "x"), "load.csv:4: x is no number"),
        ("day,load\n2026-01-01,40\n".into(), "at least three values"),
    ] {
        fs::write(&history, bad).expect("a file");
        let (code, _, error) = plan(&["--history", &shown]);
        assert_eq!(code, Some(2), "{error}");
        assert!(error.contains(wanted), "wanted {wanted} in {error}");
    }
    let (code, _, error) =
        plan(&["--growth", "2 apples", "--now", "60/s", "--today", "2026-11-22"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("write SHARE/PERIOD"), "{error}");
}

#[test]
fn a_price_book_turns_results_into_money() {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("prices");
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).expect("a folder");
    let book = dir.join("prices.toml");
    let text = "currency = \"EUR\"\n[price.servers]\nof = \"station.*\"\nper_unit = 12.5\n";
    let program = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_highwater"));
        command.args(args).args(["--set", "run.length=4 min", "--prices"]).arg(&book);
        let done = command.arg("--out").arg(dir.join("out")).env("NO_COLOR", "1").output();
        let done = done.expect("the program starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (done.status.code(), text(&done.stdout), text(&done.stderr))
    };
    fs::write(&book, text).expect("a file");
    let (_, said, error) = program(&["run", "scenarios/mm1.toml"]);
    assert!(said.contains("1 servers") && said.contains("12.50 EUR"), "{said}{error}");
    let compare = ["compare", "scenarios/mm1.toml", "--b", "station.server.servers=3"];
    let (_, said, error) = program(&compare);
    let line = "Cost a month: A 12.50 EUR, B 37.50 EUR: 25.00 EUR more";
    assert!(said.contains(line), "{said}{error}");
    let costs = fs::read_to_string(dir.join("out/costs.csv")).expect("costs.csv");
    assert_eq!(costs.lines().filter(|l| l.contains("servers")).count(), 2, "{costs}");
    let (_, said, error) = program(&["plan", "scenarios/mm1.toml", "--upgrades", "1"]);
    assert!(said.contains("+12.50 EUR"), "{said}{error}");
    // What is wrong with a book is told with its place, before anything runs.
    for (wrong, told) in [
        (text.replace("per_unit", "per_week"), "per_week"),
        (text.replace("12.5", "-1"), "-1"),
        (text.replace("currency = \"EUR\"\n", ""), "currency"),
        (format!("{text}per_gb = 1\n"), "per_gb"),
    ] {
        fs::write(&book, wrong).expect("a file");
        let (code, said, error) = program(&["run", "scenarios/mm1.toml"]);
        assert_eq!(code, Some(2), "{said}{error}");
        assert!(error.contains("prices.toml") && error.contains(told), "{told}: {error}");
    }
    fs::write(&book, text.replace("station.*", "vpn.*")).expect("a file");
    let (_, said, _) = program(&["run", "scenarios/mm1.toml"]);
    assert!(said.contains("no link, pool or station is called vpn.*"), "{said}");
}
