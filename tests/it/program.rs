//! The program from outside: exit codes, files, the same bytes however it is run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn highwater(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_highwater"))
        .args(args)
        .env("NO_COLOR", "1")
        .output()
        .expect("the program starts")
}

/// A fresh folder for one test, below the build's own.
fn folder(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&dir);
    dir
}

fn scenarios() -> Vec<String> {
    let mut all: Vec<String> = fs::read_dir("scenarios")
        .expect("scenarios")
        .map(|e| e.expect("entry").path().to_string_lossy().into_owned())
        .filter(|p| p.ends_with(".toml"))
        .collect();
    all.sort();
    all
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Shortened, so that the test is quick in a debug build; the faults still lie inside.
fn short(scenario: &str) -> Vec<String> {
    let (length, warmup) = match scenario {
        s if s.contains("mm1") => ("60 s", "5 s"),
        s if s.contains("flow-replay") => ("60 s", "1 s"),
        s if s.contains("hybrid") => ("11 min", "1 min"),
        _ => ("9 min", "30 s"),
    };
    vec![
        "--set".into(),
        format!("run.length={length}"),
        "--set".into(),
        format!("run.warmup={warmup}"),
        "--replications".into(),
        "2".into(),
    ]
}

fn run_short(scenario: &str, out: &Path, more: &[&str]) -> (Vec<u8>, Option<i32>) {
    let mut args = vec!["run".to_owned(), scenario.to_owned(), "--quiet".into()];
    args.extend(short(scenario));
    args.extend(["--out".into(), out.to_string_lossy().into_owned()]);
    args.extend(more.iter().map(|s| (*s).to_owned()));
    let done = highwater(&args.iter().map(String::as_str).collect::<Vec<_>>());
    let results =
        fs::read(out.join("results.json")).unwrap_or_else(|_| panic!("{}", text(&done.stderr)));
    (results, done.status.code())
}

/// FNV-1a, for the committed digests.
fn digest(bytes: &[u8]) -> String {
    let hash = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

#[test]
fn every_scenario_passes_check() {
    for scenario in scenarios() {
        let done = highwater(&["check", &scenario]);
        assert_eq!(done.status.code(), Some(0), "{scenario}: {}", text(&done.stderr));
    }
    let shown = highwater(&["check", "--show-plan", "scenarios/mm1.toml"]);
    assert!(text(&shown.stdout).contains("station.server"), "{}", text(&shown.stdout));
}

/// The same bytes with 1 and 2 threads and run again; and, through the committed digests, in debug
/// and release builds and on every machine. `UPDATE_GOLDEN=1` rewrites them: say why under "Results
/// changed" in the changelog.
#[test]
fn results_are_the_same_bytes_however_they_are_made() {
    let mut digests = String::new();
    for scenario in scenarios() {
        let name = Path::new(&scenario).file_stem().expect("a name").to_string_lossy().into_owned();
        let dir = folder(&format!("same-{name}"));
        let (one, _) = run_short(&scenario, &dir.join("one"), &["--threads", "1"]);
        let (two, _) = run_short(&scenario, &dir.join("two"), &["--threads", "2"]);
        assert!(one == two, "{scenario}: results depend on the number of threads");
        let (again, _) = run_short(&scenario, &dir.join("one"), &["--threads", "1"]);
        assert!(one == again, "{scenario}: results depend on when they are made");
        digests.push_str(&format!("{} {name}\n", digest(&one)));
    }
    let path = Path::new("tests/golden/digests.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all("tests/golden").expect("a folder");
        fs::write(path, &digests).expect("a file");
    }
    let expected = fs::read_to_string(path).expect("tests/golden/digests.txt");
    assert_eq!(digests, expected, "results changed");
}

/// An isolated link, station, route and workload beside a shipped scenario: the others' results
/// are as they were.
#[test]
fn an_unrelated_element_leaves_the_other_workloads_alone() {
    let unrelated = r#"
[link.aaa-unrelated]
capacity = "1 Gbps"
[route.aaa-unrelated]
hops = ["link.aaa-unrelated"]
[workload.aaa-unrelated]
route = "aaa-unrelated"
arrivals = { poisson = { rate = "50/s" } }
request = "1 kB"
response = { exponential = { mean = "100 kB" } }
"#;
    let dir = folder("unrelated");
    fs::create_dir_all(dir.join("data")).expect("a folder");
    for file in fs::read_dir("scenarios/data").expect("data").map(|e| e.expect("entry")) {
        fs::copy(file.path(), dir.join("data").join(file.file_name())).expect("a copy");
    }
    for name in ["privatelink-zone-failover", "express-connect-ecmp"] {
        let original = format!("scenarios/{name}.toml");
        let copy = dir.join(format!("{name}.toml"));
        let base = fs::read_to_string(&original).expect("the scenario");
        fs::write(&copy, base + unrelated).expect("a copy");
        let (a, _) = run_short(&original, &dir.join("a"), &[]);
        let (b, _) = run_short(&copy.to_string_lossy(), &dir.join("b"), &[]);
        let workloads = |bytes: &[u8]| -> Vec<serde_json::Value> {
            let all: serde_json::Value = serde_json::from_slice(bytes).expect("results");
            let list = all["workloads"].as_array().expect("a list").clone();
            list.into_iter().filter(|w| w["name"] != "aaa-unrelated").collect()
        };
        assert!(workloads(&a) == workloads(&b), "{name}: an unrelated workload moved another one");
    }
}

#[test]
fn a_run_writes_every_file_and_says_where() {
    let dir = folder("files");
    let out = dir.join("mm1");
    let out = out.to_string_lossy();
    let args = ["run", "scenarios/mm1.toml", "--set", "run.length=5 min", "--out", &out];
    let done = highwater(&args);
    assert!(matches!(done.status.code(), Some(0 | 1)), "{}", text(&done.stderr));
    let seen = text(&done.stdout);
    assert!(seen.contains("report.html") && (seen.starts_with("PASS") || seen.starts_with("FAIL")));
    for file in ["manifest.toml", "results.json", "summary.csv", "throughput.csv", "report.html"] {
        assert!(Path::new(&*out).join(file).exists(), "{file}");
    }
    // `report` redraws the same page from results.json alone.
    let redrawn = dir.join("redrawn");
    let done = highwater(&["report", &out, "--out", &redrawn.to_string_lossy()]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let chart = |dir: &Path| fs::read(dir.join("charts/percentiles.svg")).expect("a chart");
    assert_eq!(chart(Path::new(&*out)), chart(&redrawn));
}

#[test]
fn a_missed_objective_is_exit_code_1() {
    let out = folder("missed");
    let out = out.to_string_lossy();
    let set = r#"workload.requests.objectives={ p99 = "1 ms" }"#;
    let args =
        ["run", "scenarios/mm1.toml", "--set", "run.length=5 min", "--set", set, "--out", &out];
    let done = highwater(&args);
    assert_eq!(done.status.code(), Some(1), "{}", text(&done.stderr));
    assert!(text(&done.stdout).starts_with("FAIL"));
}

#[test]
fn bad_input_is_exit_code_2_and_leaves_nothing() {
    let out = folder("refused");
    let shown = out.to_string_lossy();
    let refused = |args: &[&str], expect: &str| {
        let done = highwater(args);
        let said = text(&done.stderr);
        assert_eq!(done.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.contains(expect), "{args:?} said: {said}");
        assert!(!out.exists(), "{args:?} left files behind");
    };
    refused(&["run", "scenarios/nowhere.toml", "--out", &shown], "nowhere.toml");
    let set = "station.server.servers=\"many\"";
    refused(&["run", "scenarios/mm1.toml", "--set", set, "--out", &shown], "servers");
    refused(
        &["run", "scenarios/mm1.toml", "--set", "station.serverr.servers=2", "--out", &shown],
        "server",
    );
    refused(&["run", "scenarios/mm1.toml", "--seed", "x", "--out", &shown], "--seed");
    refused(&["sweep", "scenarios/mm1.toml", "--out", &shown], "--vary");
    let rate = "workload.requests.arrivals.poisson.rate=10000000/s";
    let huge = ["run", "scenarios/mm1.toml", "--set", rate, "--out", &shown];
    refused(&huge, "--force");
}

#[test]
fn a_sweep_has_a_row_for_each_point_and_the_same_bytes_on_any_number_of_threads() {
    let dir = folder("sweep");
    let table = |threads: &str| {
        let out = dir.join(threads);
        let shown = out.to_string_lossy();
        let args = [
            "sweep",
            "scenarios/mm1.toml",
            "--set",
            "run.length=4 min",
            "--vary",
            "workload.requests.arrivals.poisson.rate=20/s,60/s,90/s",
            "--threads",
            threads,
            "--quiet",
            "--out",
            &shown,
        ];
        let done = highwater(&args);
        assert!(matches!(done.status.code(), Some(0 | 1)), "{}", text(&done.stderr));
        fs::read_to_string(out.join("sweep.csv")).expect("sweep.csv")
    };
    let one = table("1");
    assert_eq!(one, table("2"));
    for rate in ["20/s", "60/s", "90/s"] {
        assert!(one.lines().any(|l| l.contains(rate) && l.contains("p99")), "{rate} is missing");
    }
}

#[test]
fn a_closed_stdout_is_no_panic() {
    use std::process::Stdio;
    let out = folder("closed");
    let mut child = Command::new(env!("CARGO_BIN_EXE_highwater"))
        .args(["run", "scenarios/mm1.toml", "--set", "run.length=4 min", "--out"])
        .arg(&out)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let done = child.wait_with_output().expect("it ends");
    assert!(matches!(done.status.code(), Some(0 | 1)), "{}", text(&done.stderr));
    assert!(!text(&done.stderr).contains("broke"), "{}", text(&done.stderr));
}

/// The pictures of the README are what the program draws of `hybrid-review`, as shipped.
#[test]
fn the_gallery_is_what_the_program_draws() {
    let out = folder("gallery");
    let done = highwater(&[
        "run",
        "scenarios/hybrid-review.toml",
        "--quiet",
        "--out",
        &out.to_string_lossy(),
    ]);
    assert!(matches!(done.status.code(), Some(0 | 1)), "{}", text(&done.stderr));
    for name in ["throughput.svg", "utilization.svg"] {
        let drawn = fs::read(out.join("charts").join(name)).expect("a chart");
        let shown = Path::new("output/gallery").join(name);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::create_dir_all("output/gallery").expect("a folder");
            fs::write(&shown, &drawn).expect("a picture");
        }
        assert!(drawn == fs::read(&shown).unwrap_or_default(), "{name} is not what is drawn now");
    }
}
