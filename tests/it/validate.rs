//! `highwater validate`: the whole suite, its table, its files, its exit codes. A release build runs
//! it in full and compares the table with the golden one, a debug build runs an eighth.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use highwater::experiment::validate::cases;
use highwater::measure::{Scale, Validation, Verdict};

fn validate(args: &[&str], out: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_highwater"))
        .arg("validate")
        .args(args)
        .arg("--out")
        .arg(out)
        .output()
        .expect("the program starts")
}

fn folder(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("validate-{name}"));
    let _ = fs::remove_dir_all(&dir);
    dir
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn every_comparison_agrees() {
    let full = !cfg!(debug_assertions);
    let out = folder("suite");
    let done = validate(if full { &[] } else { &["--quick"] }, &out);
    let said = text(&done.stdout);
    assert_eq!(done.status.code(), Some(0), "{said}{}", text(&done.stderr));

    // The table: a line per row with its verdict.
    let json = fs::read(out.join("validation.json")).expect("validation.json");
    let found: Validation = serde_json::from_slice(&json).expect("rows");
    assert!(said.starts_with(&format!("PASS: all {} comparisons", found.rows.len())), "{said}");
    let table: Vec<&str> = said.lines().skip(2).take_while(|l| !l.is_empty()).collect();
    let columns: Vec<&str> = table[0].split_whitespace().collect();
    assert_eq!(columns, ["what", "theory", "simulated", "interval", "verdict"]);
    assert_eq!(table.len(), 1 + found.rows.len());
    for (line, row) in table[1..].iter().zip(&found.rows) {
        assert!(line.trim().starts_with(&row.what) && line.ends_with("agrees"), "{line}");
    }

    // Every case has rows, every row a source, and each says something else.
    for case in cases() {
        let rows = found.rows.iter().filter(|r| r.case == case.name);
        assert!(rows.clone().count() > 0, "{} has no rows", case.name);
        rows.for_each(|r| assert!(!r.source.is_empty() && r.verdict == Verdict::Agrees));
    }
    let whats: BTreeSet<&str> = found.rows.iter().map(|r| r.what.as_str()).collect();
    assert_eq!(whats.len(), found.rows.len(), "two rows of one name");
    let chance = |s: &Scale| matches!(s, Scale::Interval { .. });
    let stochastic = found.rows.iter().filter(|r| chance(&r.scale)).count();
    assert!(stochastic > 40 && found.rows.len() - stochastic > 40);

    let sheet = fs::read_to_string(out.join("validate.csv")).expect("validate.csv");
    assert_eq!(sheet.lines().count(), 1 + found.rows.len());
    let page = fs::read_to_string(out.join("report.html")).expect("report.html");
    assert!(page.contains("not validity of the model"));
    assert!(out.join("charts/deviation.svg").exists() && out.join("manifest.toml").exists());

    let table = said.lines().filter(|l| !l.contains(" files in ")).collect::<Vec<_>>().join("\n");
    let golden = Path::new("tests/golden/validate.txt");
    if full && std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(golden, table.clone() + "\n").expect("the golden table");
    }
    if full {
        let expected = fs::read_to_string(golden).expect("tests/golden/validate.txt");
        assert_eq!(table + "\n", expected, "the table changed");
    }
}

#[test]
fn the_table_is_the_same_on_any_number_of_threads() {
    let only = ["--quick", "--only", "ecmp", "--only", "max-min-certificate", "--only", "dns"];
    let files = |threads: &str| {
        let out = folder(&format!("threads-{threads}"));
        let done =
            validate(&[&only[..], &["--threads", threads, "--format", "json"]].concat(), &out);
        assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
        let read = |name: &str| fs::read(out.join(name)).expect("a file");
        (done.stdout, read("validate.csv"), read("charts/deviation.svg"))
    };
    let one = files("1");
    assert!(one == files("2"));
    let found: Validation = serde_json::from_slice(&one.0).expect("rows on stdout");
    let names: BTreeSet<&str> = found.rows.iter().map(|r| r.case.as_str()).collect();
    assert_eq!(Vec::from_iter(names), ["dns", "ecmp", "max-min-certificate"]);
}

#[test]
fn another_seed_gives_other_numbers_and_exact_rows_stay() {
    let rows = |seed: &str| {
        let args = ["--quick", "--only", "mmc", "--only", "slow-start", "--seed", seed, "--quiet"];
        let out = folder(&format!("seed-{seed}"));
        let done = validate(&args, &out);
        assert!(done.stdout.is_empty(), "{}", text(&done.stdout));
        let json = fs::read(out.join("validation.json")).expect("validation.json");
        serde_json::from_slice::<Validation>(&json).expect("rows").rows
    };
    for (a, b) in rows("1").iter().zip(&rows("2")) {
        assert_eq!(a.what, b.what);
        assert_eq!(a == b, a.case == "slow-start", "{}", a.what);
    }
}

#[test]
fn a_row_that_differs_is_exit_code_1() {
    // With this seed an eighth of the replications misses the variance by chance.
    let out = folder("differs");
    let done = validate(&["--quick", "--only", "ecmp", "--seed", "170"], &out);
    let said = text(&done.stdout);
    assert_eq!(done.status.code(), Some(1), "{said}{}", text(&done.stderr));
    assert!(said.starts_with("FAIL: 1 of 6 comparisons differ"), "{said}");
    assert!(
        said.lines().any(|l| l.contains("variance, mod-N") && l.ends_with("DIFFERS")),
        "{said}"
    );
    let chart = fs::read_to_string(out.join("charts/deviation.svg")).expect("a chart");
    assert!(chart.contains(">differs<") && chart.contains("FAIL: 1 of 6"));
}

#[test]
fn unknown_cases_are_refused_with_the_known_ones() {
    let out = folder("unknown");
    let done = validate(&["--only", "mm2"], &out);
    let said = text(&done.stderr);
    assert_eq!(done.status.code(), Some(2), "{said}");
    assert!(said.contains("\"mm2\"") && said.contains("mm1, mmc"), "{said}");
    assert!(!out.exists(), "it left files behind");
    let list = validate(&["--list"], &out);
    let said = text(&list.stdout);
    assert_eq!((list.status.code(), said.lines().count()), (Some(0), cases().len()));
    assert!(said.lines().any(|l| l.starts_with("mm1 ") && l.contains("M/M/1")), "{said}");
    assert!(!out.exists(), "a list leaves no files");
}
