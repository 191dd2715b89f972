//! The house stands: each room knows only what it may, each outside crate has one owner room, and
//! what must be absent is absent.

use std::fs;
use std::path::{Path, PathBuf};

/// Each room and the rooms it may know.
const ROOMS: &[(&str, &[&str])] = &[
    ("cli", &["experiment", "measure", "plan", "report", "scenario", "sim", "units"]),
    ("experiment", &["kernel", "measure", "plan", "random", "sim", "units"]),
    ("kernel", &["units"]),
    ("measure", &["plan", "units"]),
    ("plan", &["random", "units"]),
    ("random", &[]),
    ("report", &["measure", "units"]),
    ("scenario", &["plan", "random", "units"]),
    ("sim", &["kernel", "measure", "plan", "random", "units"]),
    ("units", &[]),
];

/// Each outside crate and its owners. serde's derives may be anywhere.
const OWNERS: &[(&str, &[&str])] = &[
    ("annotate_snippets", &["scenario"]),
    ("clap", &["cli"]),
    ("csv", &["report", "scenario"]),
    ("ctrlc", &["cli"]),
    ("hdrhistogram", &["measure"]),
    ("indicatif", &["cli"]),
    ("libm", &["experiment", "measure", "random", "report", "scenario", "sim"]),
    ("plotters", &["report"]),
    ("rand", &["random"]),
    ("rand_distr", &["random"]),
    ("rayon", &["experiment"]),
    ("serde", &["measure", "random", "report", "scenario", "units"]),
    ("serde_json", &["cli", "measure", "report", "scenario"]),
    (
        "thiserror",
        &["experiment", "measure", "plan", "random", "report", "scenario", "sim", "units"],
    ),
    ("toml", &["scenario"]),
];

/// Words of the cloud, which live in `scenario` only.
const CLOUD: &[&str] =
    &["alb", "clb", "eni", "gwlb", "maxcompute", "nlb", "privatelink", "vbr", "vpc", "vswitch"];

fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).expect("the folder is there") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Calls `look` with the room, the path and each line of code of every file, comments and tests cut off.
fn each_line(mut look: impl FnMut(&str, &Path, &str)) {
    for (room, _) in ROOMS {
        for path in sources(&Path::new("src").join(room)) {
            let text = fs::read_to_string(&path).expect("sources are text");
            let text = text.split("#[cfg(test)]").next().unwrap_or("");
            for line in text.lines() {
                look(room, &path, line.split("//").next().unwrap_or(""));
            }
        }
    }
}

/// Whether `word` stands in `line` by itself.
fn has_word(line: &str, word: &str) -> bool {
    let boundary = |c: Option<char>| c.is_none_or(|c| !(c.is_alphanumeric() || c == '_'));
    line.match_indices(word).any(|(i, _)| {
        boundary(line[..i].chars().next_back()) && boundary(line[i + word.len()..].chars().next())
    })
}

/// Names after `crate::`, also inside `use crate::{a::x, b::y}`.
fn rooms_named(line: &str) -> Vec<String> {
    let mut named = Vec::new();
    for (i, _) in line.match_indices("crate::") {
        let rest = &line[i + 7..];
        let list = rest.strip_prefix('{').map_or(rest, |r| r.split('}').next().unwrap_or(r));
        let parts = if rest.starts_with('{') { list.split(',').collect() } else { vec![list] };
        for part in parts {
            let name: String =
                part.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            named.push(name);
        }
    }
    named
}

#[test]
fn rooms_know_only_what_they_may() {
    let mut wrong = Vec::new();
    each_line(|room, path, line| {
        let allowed = ROOMS.iter().find(|r| r.0 == room).expect("listed").1;
        for name in rooms_named(line) {
            let is_room = ROOMS.iter().any(|r| r.0 == name);
            if is_room && name != room && !allowed.contains(&name.as_str()) {
                wrong.push(format!("{}: {room} knows {name}: {}", path.display(), line.trim()));
            }
        }
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_folder_is_a_room_and_every_room_is_declared() {
    let mut folders: Vec<String> = fs::read_dir("src")
        .expect("src")
        .map(|e| e.expect("entry").path())
        .filter(|p| p.is_dir())
        .map(|p| p.file_name().expect("a name").to_string_lossy().into_owned())
        .collect();
    folders.sort();
    assert_eq!(folders, ROOMS.iter().map(|r| r.0).collect::<Vec<_>>());
}

#[test]
fn outside_crates_have_one_owner() {
    let manifest = fs::read_to_string("Cargo.toml").expect("Cargo.toml");
    let section = manifest.split("[dependencies]").nth(1).expect("dependencies");
    let section = section.split("\n[").next().expect("a section");
    for line in section.lines().filter(|l| l.contains('=')) {
        let name = line.split('=').next().expect("a name").trim().replace('-', "_");
        assert!(OWNERS.iter().any(|o| o.0 == name), "{name} has no owner room");
    }
    let mut wrong = Vec::new();
    let mut used = vec![false; OWNERS.len()];
    each_line(|room, path, line| {
        for (i, (name, owners)) in OWNERS.iter().enumerate() {
            let names = line.contains(&format!("{name}::")) && has_word(line, name);
            if names && !line.contains(&format!("::{name}::")) {
                used[i] = true;
                if !owners.contains(&room) {
                    wrong.push(format!("{}: {room} uses {name}: {}", path.display(), line.trim()));
                }
            }
        }
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let idle: Vec<_> = OWNERS.iter().zip(used).filter(|(_, u)| !u).map(|(o, _)| o.0).collect();
    assert!(idle.is_empty(), "nobody uses {idle:?}");
}

#[test]
fn cloud_words_live_in_scenario_only() {
    let mut wrong = Vec::new();
    each_line(|room, path, line| {
        if ["scenario", "cli", "report"].contains(&room) {
            return; // report shows names it is given; its tests use some
        }
        let lower = line.to_lowercase();
        for word in CLOUD.iter().filter(|w| has_word(&lower, w)) {
            wrong.push(format!("{}: {word}: {}", path.display(), line.trim()));
        }
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_must_be_absent_is_absent() {
    let mut wrong = Vec::new();
    each_line(|room, path, line| {
        let mut bad =
            |what: &str| wrong.push(format!("{}: {what}: {}", path.display(), line.trim()));
        if line.contains("HashMap") || line.contains("HashSet") {
            bad("an order that varies");
        }
        if line.contains("println!") || line.contains("print!(") && !line.contains("eprint") {
            bad("an unhandled write");
        }
        if (line.contains("SystemTime") || line.contains("std::time")) && room != "cli" {
            bad("the wall clock");
        }
        if line.contains("thread::spawn") || line.contains("unsafe ") {
            bad("threads or unsafe code");
        }
        for word in ["todo!", "unimplemented!", "dbg!"] {
            if line.contains(word) {
                bad(word);
            }
        }
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_stay_readable() {
    let mut wrong = Vec::new();
    for (room, _) in ROOMS {
        for path in sources(&Path::new("src").join(room)) {
            let text = fs::read_to_string(&path).expect("text");
            if text.lines().count() > 700 {
                wrong.push(format!("{}: {} lines", path.display(), text.lines().count()));
            }
            if let Some(long) = text.lines().find(|l| l.chars().count() > 150) {
                wrong.push(format!("{}: a line of over 150 columns: {long}", path.display()));
            }
            if !text.starts_with("//!") {
                wrong.push(format!("{}: does not say what it is", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
