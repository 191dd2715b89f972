//! What the scenarios answer, in a line each: the README says what their runs show.
//!
//! Release builds only: they simulate about a million requests. `UPDATE_GOLDEN=1` rewrites the lines.
#![cfg(not(debug_assertions))]

use std::fs;
use std::path::Path;

use highwater::experiment::{Case, Options, run};
use highwater::measure::{Identity, JobResults, Recovery, Results, WorkloadResults};
use highwater::scenario::load;

fn results(scenario: &str, overrides: &[(&str, &str)]) -> Results {
    run_with(&format!("privatelink-{scenario}"), overrides)
}

fn run_with(scenario: &str, overrides: &[(&str, &str)]) -> Results {
    let own = |(k, v): &(&str, &str)| ((*k).to_owned(), (*v).to_owned());
    let overrides: Vec<_> = overrides.iter().map(own).collect();
    let path = format!("scenarios/{scenario}.toml");
    let plan = load(Path::new(&path), &overrides).unwrap_or_else(|e| panic!("{e}")).plan;
    let case = Case { plan, identity: Identity::default() };
    run(case, &Options { threads: 2, on_window: &|| (), listen: None }).expect("it runs")
}

fn workload<'r>(r: &'r Results, name: &str) -> &'r WorkloadResults {
    r.workloads.iter().find(|w| w.name == name).expect("the workload")
}

fn runs(r: &Results) -> f64 {
    r.settings.replications.len() as f64
}

/// Percent of the requests of a workload that were lost.
fn lost(r: &Results, name: &str) -> f64 {
    (1.0 - workload(r, name).availability().expect("requests")) * 100.0
}

/// Mean delivered rate between two instants, s, over all replications, Mbit/s.
fn mbps(r: &Results, name: &str, from: u64, to: u64) -> f64 {
    let at = |s: u64| usize::try_from(s * 1_000_000_000 / r.settings.window_ns).expect("few");
    let bytes: u64 = workload(r, name).bytes_by_window[at(from)..at(to)].iter().sum();
    bytes as f64 * 8e-6 / (to - from) as f64 / runs(r)
}

/// Mean seconds of a gate in a state, for a cause.
fn seconds(r: &Results, gate: &str, cause: &str) -> f64 {
    let it = r.gates.iter().find(|g| g.name == gate).expect("the gate");
    let ns: u64 = it.states.iter().filter(|s| s.cause == cause).map(|s| s.ns).sum();
    ns as f64 / 1e9 / runs(r)
}

fn errors(r: &Results, name: &str, cause: &str) -> f64 {
    workload(r, name).errors.get(cause).copied().unwrap_or(0) as f64 / runs(r)
}

fn zone_failover() -> String {
    let r = results("zone-failover", &[]);
    let of = |name: &str| -> &Recovery {
        let mine = |x: &&Recovery| x.workload == name && x.role == "dns";
        r.recoveries.iter().find(mine).expect("it came off")
    };
    let median = |name: &str| of(name).total.quantile(0.5).expect("a value") as f64 / 1e9;
    format!(
        "a lost zone hurts clients with fresh names for {:.0} s, with cached names for {:.0} s, and \
         until the repair ({:.0} s) those that never ask again, who lose {:.1} % of their requests",
        median("fresh"),
        median("cached"),
        median("pinned"),
        lost(&r, "pinned")
    )
}

fn affinity() -> String {
    let three = |r: &Results| {
        ["fresh", "cached", "pinned"].map(|name| format!("{:.1} %", lost(r, name))).join(", ")
    };
    let on = results("affinity", &[]);
    let off = results("affinity", &[("endpoint.shop.zone_affinity", "false")]);
    format!(
        "worse: with affinity {} of the requests are lost (fresh, cached, pinned names), without it \
         {}; with affinity every further try of a client goes to the lost zone again",
        three(&on),
        three(&off)
    )
}

fn throttle() -> String {
    let r = results("throttle", &[]);
    let all =
        |from, to| ["north", "one", "south"].iter().map(|w| mbps(&r, w, from, to)).sum::<f64>();
    format!(
        "yes: of 9 Gbps that the throttles let through the backend gets {:.2} Gbps, all it has; at a third \
         of the throttle it gets {:.2} Gbps, and the consumer with one connection {:.0} of its 334 Mbps",
        all(60, 180) / 1e3,
        all(200, 360) / 1e3,
        mbps(&r, "one", 200, 360)
    )
}

fn pool() -> String {
    let r = results("pool", &[]);
    let rates =
        ["one", "two", "four", "eight", "many"].map(|w| format!("{:.0}", mbps(&r, w, 2, 20)));
    format!("1, 2, 4, 8 and 32 connections get {} Mbps of 2,000 on average", rates.join(", "))
}

fn migration() -> String {
    let r = results("migration", &[]);
    let storm = &workload(&r, "forcible").errors_by_window["refused"];
    let last = storm.iter().rposition(|n| *n > 0).expect("a storm");
    format!(
        "smoothly nothing ({:.0} errors); forcibly {:.0} requests are reset at once and {:.0} turned away \
         by a CLB that opens 20 connections a second, for {} s",
        workload(&r, "smooth").errors_total() as f64,
        errors(&r, "forcible", "reset"),
        errors(&r, "forcible", "refused"),
        last + 1 - 360
    )
}

fn cross_region() -> String {
    let r = results("cross-region", &[]);
    format!(
        "Beijing gets {:.2} Gbps and Singapore {:.2} Gbps, their caps; closing Beijing leaves its endpoint \
         at {:.2} Gbps, and one that is created later at {:.0}",
        mbps(&r, "beijing", 60, 180) / 1e3,
        mbps(&r, "singapore", 60, 180) / 1e3,
        mbps(&r, "beijing", 190, 360) / 1e3,
        mbps(&r, "late", 240, 360)
    )
}

fn onboarding() -> String {
    let r = results("onboarding", &[]);
    let waits =
        |name: &str| seconds(&r, &format!("endpoint.{name}.connection"), "not accepted yet");
    let exposed =
        seconds(&r, "endpoint.public.throttle", "connected before its own throttle was set");
    let all = |from, to| {
        ["first", "second", "third", "public"].iter().map(|w| mbps(&r, w, from, to)).sum::<f64>()
    };
    format!(
        "three accounts wait {:.0}, {:.0} and {:.0} s for somebody to accept them, the public none, but it \
         is unthrottled for {:.0} s; the backend's load goes from {:.0} to {:.0} Mbps of 800 with the third \
         account, and to {:.0} with everybody",
        waits("first"),
        waits("second"),
        waits("third"),
        exposed,
        all(660, 720),
        all(1_140, 1_320),
        all(1_330, 1_500)
    )
}

#[test]
fn the_readme_says_what_the_scenarios_answer() {
    let lines: String = [
        ("zone-failover", zone_failover()),
        ("affinity", affinity()),
        ("throttle", throttle()),
        ("pool", pool()),
        ("migration", migration()),
        ("cross-region", cross_region()),
        ("onboarding", onboarding()),
    ]
    .map(|(name, answer)| format!("- `privatelink-{name}`: {answer}.\n"))
    .concat();
    hold_the_readme_to("What the PrivateLink ones answer, in their runs as shipped:\n\n", &lines);
}

/// The lines stand in the README after this head.
fn hold_the_readme_to(head: &str, lines: &str) {
    let readme = fs::read_to_string("README.md").expect("README.md");
    let from = readme.find(head).expect("the list") + head.len();
    let to = from + readme[from..].find("\n\n").expect("its end") + 1;
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write("README.md", format!("{}{lines}{}", &readme[..from], &readme[to..]))
            .expect("README");
    } else {
        assert_eq!(&readme[from..to], lines, "UPDATE_GOLDEN=1 rewrites it");
    }
}

fn jobs<'r>(r: &'r Results, name: &str) -> &'r JobResults {
    workload(r, name).jobs.as_ref().expect("jobs")
}

/// Rows written twice, measured and expected: the closed form of instances that start again from zero.
fn rerun() -> String {
    let r = run_with("maxcompute-rerun", &[]);
    let told = |name: &str, instances: f64, n: f64| {
        let (rate, d) = (0.5 / 3_600.0, 3.0);
        let begun = (libm::exp(rate * n * d) - 1.0) / (1.0 - libm::exp(-rate * d));
        let expected = instances * (begun - n);
        let it = jobs(&r, name);
        assert_eq!((it.done, it.duplicates), (5, it.repeated), "every job was done");
        let seen = it.duplicates as f64 / runs(&r);
        // Losses of 5 x `instances` instances: the relative error of the mean is some 1.5 over the root of
        // their number, which is 5 x instances x r T.
        let width = 4.0 * 1.5 / (5.0 * instances * rate * n * d).sqrt();
        assert!((seen / expected - 1.0).abs() < width, "{name}: {seen}, expected {expected}");
        (seen, expected)
    };
    let (long, short) = (told("long", 200.0, 600.0), told("short", 6_000.0, 20.0));
    format!(
        "of 120,000 rows {} are written twice by instances of half an hour ({} are expected), and {} \
         by instances of a minute ({})",
        thousands(long.0),
        thousands(long.1),
        thousands(short.0),
        thousands(short.1)
    )
}

/// A whole number with separators, as in 16,156.
fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Share of requests that end `ok` among those that end in a span of seconds, in %.
fn answered(r: &Results, name: &str, from: u64, to: u64) -> f64 {
    let at = |s: u64| usize::try_from(s * 1_000_000_000 / r.settings.window_ns).expect("few");
    let w = workload(r, name);
    let sum = |windows: &[u64]| windows[at(from)..at(to)].iter().sum::<u64>() as f64;
    let ok = sum(&w.ok_by_window);
    ok * 100.0 / (ok + w.errors_by_window.values().map(|e| sum(e)).sum::<f64>())
}

fn retry_storm() -> String {
    let r = run_with("retry-storm", &[]);
    let took = ["batch-greedy", "batch-patient", "batch-budgeted"]
        .map(|name| jobs(&r, name).time.max().expect("it is over") as f64 / 1e9);
    let latest = took.into_iter().fold(0.0, f64::max);
    // From ten minutes after the jobs are gone, at 300 s + `latest`, to the end.
    assert!(latest < 60.0, "{took:?}");
    let later = |name| answered(&r, name, 1_020, 1_080);
    let before = |name| answered(&r, name, 60, 300);
    for name in ["greedy", "patient", "budgeted"] {
        assert!(before(name) > 99.9, "{name} before: {}", before(name));
    }
    let fine = |s: &u64| answered(&r, "budgeted", *s, s + 5) > 99.0;
    let well = (60..216).rev().map(|i| 5 * i).take_while(fine);
    let recovered = well.last().expect("it recovers") - 300;
    format!(
        "ten minutes after a job of less than a minute the service answers {:.1} % of its requests with three tries \
         each, {:.1} % with long pauses between them, and {:.1} % with a budget of one retry in ten, \
         which is well again {recovered} s after the job began",
        later("greedy"),
        later("patient"),
        later("budgeted")
    )
}

fn resolve() -> String {
    let told = |every: &str| {
        let names = format!("{{ every = \"{every}\" }}");
        let r = run_with("maxcompute-resolve", &[("workload.job.names", &names)]);
        // The time that its users were on the lost zone; none where nobody got an address at all.
        let of = |x: &&Recovery| x.workload == "job" && x.role == "dns";
        let felt = r.recoveries.iter().find(of).and_then(|x| x.total.quantile(0.5));
        let w = workload(&r, "job");
        let share = |n: u64| n as f64 / w.offered as f64 * 100.0;
        let nameless = share(w.errors["name"]);
        let dead = share(w.errors_total() - w.errors["name"]);
        match felt {
            Some(ns) => {
                format!("{every} {nameless:.1} %, {dead:.1} % and {:.0} s", ns as f64 / 1e9)
            }
            None => format!("{every} {nameless:.1} %"),
        }
    };
    let all = ["1 s", "5 s", "15 s", "1 min", "5 min", "30 min"].map(told);
    format!(
        "15 s to 1 min; requests without a name, those lost on a dead zone and the time there, by interval: {}",
        all.join("; ")
    )
}

#[test]
fn the_readme_says_what_jobs_and_retries_answer() {
    let lines: String = [
        ("maxcompute-resolve", resolve()),
        ("maxcompute-rerun", rerun()),
        ("retry-storm", retry_storm()),
    ]
    .map(|(name, answer)| format!("- `{name}`: {answer}.\n"))
    .concat();
    hold_the_readme_to("What jobs, names and retries come to, in the runs as shipped:\n\n", &lines);
}

/// Sweeps the executors of the kept job around the knee: of what is safe, the most.
fn executors() -> String {
    // Percent of the requests of both jobs that are lost.
    let lost = |executors: u32| {
        let key = "workload.job.arrivals.closed.workers";
        let r = run_with("maxcompute-egress", &[(key, &executors.to_string())]);
        ["job", "naive"].map(|name| self::lost(&r, name))
    };
    let budget = 0.1;
    let mut safe = (0, [0.0, 0.0]);
    for executors in (900..=1_500).step_by(100) {
        let seen = lost(executors);
        if seen.iter().all(|percent| *percent <= budget) {
            safe = (executors, seen);
            continue;
        }
        assert!(safe.0 > 0, "900 are safe");
        return format!(
            "# Answer: {} executors lose {:.3} % of the requests of job and {:.3} % of naive, within a budget\n\
             # of 0.1 %; {executors} lose {:.3} % and {:.1} %.\n",
            safe.0, safe.1[0], safe.1[1], seen[0], seen[1]
        );
    }
    panic!("1,500 are not safe");
}

/// Most units that were in use at once in any pool whose name begins so, summed over the pools.
fn most(r: &Results, pools: &str) -> u64 {
    r.pools.iter().filter(|p| p.name.starts_with(pools)).map(|p| p.peak).sum()
}

fn connections() -> String {
    let r = run_with("maxcompute-connections", &[]);
    let seconds = (r.settings.horizon_ns - r.settings.warmup_ns) as f64 / 1e9 * runs(&r);
    let told = |name: &str| {
        let w = workload(&r, name);
        assert_eq!(w.errors_total(), 0);
        let p99 = w.latency_ok.quantile(0.99).expect("requests") as f64 / 1e6;
        (
            w.connections as f64 / seconds,
            most(&r, &format!("maxcompute.{name}.ports")),
            p99,
            w.ok as f64 / seconds,
        )
    };
    let (kept, fresh) = (told("kept"), told("fresh"));
    // Ports held for a minute: connections a second x 60 s, and those in use.
    let held = fresh.0 * 60.0;
    assert!((fresh.1 as f64 / held - 1.0).abs() < 0.03, "{} of {held}", fresh.1);
    assert!(kept.0 < 0.01, "all were open before");
    format!(
        "# Answer: kept opens {:.0} connections a second, has at most {} ports in use and a p99 of {:.0} ms at\n\
         # {:.0} requests a second; fresh opens {:.0}, has {:.0} thousand ports in use and a p99 of {:.0} ms at {:.0}.\n",
        kept.0,
        kept.1,
        kept.2,
        kept.3,
        fresh.0,
        fresh.1 as f64 / 1e3,
        fresh.2,
        fresh.3
    )
}

fn address_change() -> String {
    let r = run_with("maxcompute-address-change", &[]);
    let meanwhile = |name: &str| 100.0 - answered(&r, name, 300, 2_100);
    let reset = |name: &str| errors(&r, name, "reset");
    let outage = |name: &str| {
        let it = r.recoveries.iter().find(|x| x.workload == name)?;
        Some(it.total.max().expect("a value") as f64 / 6e10)
    };
    assert_eq!(outage("open"), None);
    assert_eq!(workload(&r, "open").errors_total(), 0);
    // One in eight: 180,000 requests a replication, with four times the deviation of their share.
    let lost = meanwhile("one-try");
    assert!(
        (lost - 12.5).abs() < 4.0 * (12.5_f64 * 87.5 / (180_000.0 * runs(&r))).sqrt(),
        "{lost}"
    );
    format!(
        "# Answer: the target with a list is out for {:.1} min at one address: one-try loses {:.1} % of its\n\
         # requests meanwhile, and {:.0} by the reset; retried {:.2} %; open none, and {:.0} are made again.\n",
        outage("one-try").expect("it was out"),
        lost,
        reset("one-try"),
        meanwhile("retried"),
        workload(&r, "open").retries as f64 / runs(&r)
    )
}

fn migration_storm() -> String {
    let r = run_with("endpoint-migration-storm", &[]);
    let told = |name: &str| {
        let w = workload(&r, name);
        let before = w.ok_by_window[200..239].iter().sum::<u64>() as f64 / 39.0;
        let short = w.ok_by_window.iter().rposition(|ok| (*ok as f64) < 0.9 * before);
        let back = short.expect("a storm") + 1 - 240;
        let station = format!("maxcompute.{name}.new-connections");
        let opening = r.stations.iter().find(|s| s.name == station).expect("the proxy");
        let busiest = opening.busy_us_by_window[240..].iter().max().expect("windows");
        let rate = if name == "larger" { 400.0 } else { 40.0 };
        let peak = *busiest as f64 / 1e6 / runs(&r) * rate;
        (back, w.retries as f64 / runs(&r), w.errors_total() as f64 / runs(&r), peak)
    };
    let [fixed, jittered, larger] = ["fixed", "jittered", "larger"].map(told);
    format!(
        "# Answer: yes. With fixed pauses all are back after {} s, {:.0} tries are made again, {:.0} requests lost,\n\
         # at a peak of {:.0} connections a second; with jitter after {} s ({:.0}, {:.0}, {:.0}/s), with larger limits\n\
         # after {} s ({:.0}, {:.0}, {:.0}/s).\n",
        fixed.0,
        fixed.1,
        fixed.2,
        fixed.3,
        jittered.0,
        jittered.1,
        jittered.2,
        jittered.3,
        larger.0,
        larger.1,
        larger.2,
        larger.3,
    )
}

#[test]
fn scenarios_of_the_way_out_say_what_their_runs_answer() {
    for (name, answer) in [
        ("maxcompute-egress", executors()),
        ("maxcompute-connections", connections()),
        ("maxcompute-address-change", address_change()),
        ("endpoint-migration-storm", migration_storm()),
    ] {
        crate::lab::hold_the_scenario_to(name, &answer);
    }
}
