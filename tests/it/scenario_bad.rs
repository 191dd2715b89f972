//! Broken scenarios and what is said about them: `tests/bad/*.toml` against `*.stderr`.
//! `UPDATE_GOLDEN=1` rewrites. A comment line `# set: key=value` is an override.

use std::fs;
use std::path::{Path, PathBuf};

use highwater::scenario::{Failure, load};

fn cases() -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir("tests/bad")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    paths.sort();
    paths
}

fn overrides(text: &str) -> Vec<(String, String)> {
    text.lines()
        .filter_map(|line| line.strip_prefix("# set: ")?.split_once('='))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

fn said(path: &Path, text: &str) -> String {
    match load(path, &overrides(text)) {
        Err(Failure::Refused { diagnostics, sources }) => {
            highwater::scenario::render(&diagnostics, &sources, false)
        }
        other => panic!("{}: expected a refusal, found {other:?}", path.display()),
    }
}

#[test]
fn every_refusal_reads_as_agreed() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let cases = cases();
    assert!(cases.len() >= 20, "at least 20 kinds of mistakes");
    let mut moved = Vec::new();
    for path in cases {
        let text = fs::read_to_string(&path).unwrap();
        let said = said(&path, &text);
        let golden = path.with_extension("stderr");
        if update {
            fs::write(&golden, &said).unwrap();
        } else if fs::read_to_string(&golden).ok().as_deref() != Some(&said) {
            moved.push(format!("{}:\n{said}", path.display()));
        }
    }
    assert!(moved.is_empty(), "UPDATE_GOLDEN=1 accepts:\n{}", moved.join("\n"));
}

#[test]
fn every_refusal_has_a_place_and_stays_small() {
    for path in cases() {
        let text = fs::read_to_string(&path).unwrap();
        let said = said(&path, &text);
        assert!(said.len() <= 16 * 1024, "{}", path.display());
        assert!(said.contains(" --> ") && said.contains('^'), "{}: {said}", path.display());
        assert!(said.chars().all(|c| c == '\n' || !c.is_control()), "{}", path.display());
    }
}

/// Deterministic damage to every shipped scenario: nothing panics, whatever is cut or doubled.
#[test]
fn damaged_scenarios_never_panic() {
    use highwater::scenario::{Source, load_text};
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |bound: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % bound
    };
    for entry in fs::read_dir("scenarios").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "toml") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().filter(|l| !l.starts_with('#')).collect();
        for _ in 0..60 {
            let mut bytes = lines.join("\n").into_bytes();
            for _ in 0..1 + next(4) {
                let (at, length) = (next(bytes.len()), 1 + next(12));
                let end = (at + length).min(bytes.len());
                match next(3) {
                    0 => drop(bytes.drain(at..end)),
                    1 => bytes[at] = b"\"[]{}=#.-0x\n\x1b"[next(13)],
                    _ => {
                        let piece = bytes[at..end].to_vec();
                        bytes.splice(at..at, piece);
                    }
                }
            }
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let source = Source { path: "damaged.toml".into(), text };
            if let Err(failure) = load_text(source, Path::new("scenarios"), &[]) {
                assert!(failure.to_string().len() <= 16 * 1024);
            }
        }
    }
}

/// Files made to exhaust something are refused, quickly and in few words.
#[test]
fn hostile_scenarios_are_refused_in_time() {
    use highwater::scenario::{Source, load_text};
    let head = "version = 1\n[workload.w]\npath = [\"selector.s0\"]\n\
                arrivals = { poisson = { rate = \"1/s\" } }\nrequest = \"1 B\"\nresponse = \"1 B\"\n";
    let chain = |n: usize, twice: bool| {
        let mut text = head.to_owned();
        for i in 0..n {
            let next = format!("hops = [\"selector.s{}\"]", i + 1);
            let second =
                if twice { format!(", {{ name = \"b\", {next} }}") } else { String::new() };
            text += &format!(
                "[selector.s{i}]\npolicy = \"random\"\nbranches = [{{ name = \"a\", {next} }}{second}]\n"
            );
        }
        text + &format!("[selector.s{n}]\npolicy = \"random\"\nbranches = [{{ name = \"a\" }}]\n")
    };
    let cases = [
        ("a long chain", chain(3_000, false)),
        ("a deep lattice", chain(40, true)),
        ("nothing but syntax errors", "=\n".repeat(500_000)),
        ("one long syntax error", "=".repeat(3 << 20)),
        ("unknown keys", (0..200_000).map(|i| format!("k{i} = 1\n")).collect()),
        ("too many tables", (0..10_001).map(|i| format!("[zone.z{i}]\n")).collect()),
        ("duplicates", "[link.a]\n".repeat(20_000)),
        ("deep nesting", "a = ".to_owned() + &"[".repeat(100_000)),
        ("deep tables", format!("[{}a]", "a.".repeat(50_000))),
        ("a long list", format!("{head}zones = [{}]", "\"a\",".repeat(500_000))),
        ("a long name", format!("[zone.{}]", "x".repeat(1_000_000))),
        ("a long value", format!("version = \"{}\"", "x".repeat(1_000_000))),
        ("zero bytes", "\0".repeat(100_000)),
    ];
    for (name, text) in cases {
        let start = std::time::Instant::now();
        let source = Source { path: "hostile.toml".into(), text };
        let failure = load_text(source, Path::new("scenarios"), &[]).unwrap_err();
        assert!(failure.to_string().len() <= 16 * 1024, "{name}");
        assert!(start.elapsed().as_secs() < 20, "{name} took {:?}", start.elapsed());
        eprintln!("{name}: {:?}", start.elapsed());
    }
}
