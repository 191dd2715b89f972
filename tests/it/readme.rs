//! The README keeps its word: its commands run, and what it lists is what the program knows.

use std::fs;
use std::path::Path;
use std::process::Command;

fn readme() -> String {
    fs::read_to_string("README.md").expect("README.md")
}

/// The lines of all fenced blocks of a language.
fn blocks(language: &str) -> Vec<String> {
    let text = readme();
    let mut found = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with("```") {
            inside = line == format!("```{language}");
        } else if inside {
            found.push(line.to_owned());
        }
    }
    found
}

/// Splits a command at spaces outside of single quotes.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    words.push(word);
    words.retain(|w| !w.is_empty());
    words
}

#[test]
fn its_commands_run() {
    let commands = blocks("console");
    assert!(commands.iter().any(|c| c == "bash .ci/test"), "the test command");
    let ours = commands.iter().filter_map(|c| c.strip_prefix("cargo run --release -- "));
    let ours: Vec<&str> = ours.collect();
    assert!(ours.len() >= 3 && ours[0] == "run scenarios/hybrid-review.toml");
    for (i, command) in ours.iter().enumerate() {
        let mut args = words(command);
        if let Some(at) = args.iter().position(|a| a == "--out") {
            args.drain(at..at + 2);
        }
        let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("readme-{i}"));
        // As written but for its length, so that a debug build is quick.
        let shorter: &[&str] = match args[0].as_str() {
            "validate" => &["--quick", "--quiet", "--out"],
            _ => &["--set", "run.length=12 min", "--replications", "1", "--quiet", "--out"],
        };
        let done = Command::new(env!("CARGO_BIN_EXE_highwater"))
            .args(&args)
            .args(shorter)
            .arg(&out)
            .output()
            .expect("the program starts");
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(matches!(done.status.code(), Some(0 | 1)), "{command}: {said}");
        assert!(out.join("report.html").exists(), "{command} made no page");
    }
}

#[test]
fn its_list_of_keys_is_the_programs() {
    let keys = fs::read_to_string("tests/it/scenario_golden/keys.txt").expect("the golden list");
    let text = readme();
    for line in keys.lines().map(str::trim).filter(|l| !l.is_empty()) {
        let wanted: Vec<&str> = line.split_whitespace().collect();
        let flat: Vec<&str> = text.split_whitespace().collect();
        assert!(flat.windows(wanted.len()).any(|w| w == wanted), "README lacks: {line}");
    }
}

/// The example of a scenario's traffic loads over the network of `hybrid-review`; only its profile is
/// written short.
#[test]
fn its_example_loads() {
    let shipped = fs::read_to_string("scenarios/hybrid-review.toml").expect("the scenario");
    let from = shipped.find("[region.hangzhou]").expect("the network begins");
    let network = &shipped[from..shipped.find("# ---- who sends").expect("the network ends")];
    let day = format!("hours = [{}]", ["1.0"; 24].join(", "));
    let example = blocks("toml").join("\n").replace("hours = [0.87, 0.82]", &day);
    assert!(example.contains(&day) && example.contains("[workload.shop]"));
    let text = format!("version = 1\n{example}\n{network}");
    let source = highwater::scenario::Source { path: "readme.toml".into(), text };
    let loaded = highwater::scenario::load_text(source, Path::new("scenarios"), &[]);
    let loaded = loaded.unwrap_or_else(|e| panic!("{e}"));
    let planned = loaded.plan.faults.iter().filter(|f| f.planned).count();
    let counts = (loaded.plan.workloads.len(), loaded.plan.faults.len(), planned);
    assert_eq!(counts, (3, 2, 1));
}

#[test]
fn its_files_exist() {
    let text = readme();
    for word in text.split(|c: char| c.is_whitespace() || "()`\"'[],".contains(c)) {
        let path = word.split(':').next().unwrap_or("").trim_end_matches('.');
        let shipped = path.starts_with("scenarios/") || path.starts_with("output/gallery/");
        if shipped && path.contains('.') {
            assert!(Path::new(path).exists(), "README names {path}");
        }
    }
    for scenario in fs::read_dir("scenarios").expect("scenarios").map(|e| e.expect("entry").path())
    {
        let name = scenario.to_string_lossy().into_owned();
        assert!(!name.ends_with(".toml") || text.contains(&name), "README does not mention {name}");
    }
}

/// The table of the validation is an excerpt of what the program says.
#[test]
fn its_validation_is_the_programs() {
    let golden = fs::read_to_string("tests/golden/validate.txt").expect("the golden table");
    let text = readme();
    let section = text.split("## Can I trust the numbers?").nth(1).expect("the section");
    let block = section.split("```text\n").nth(1).and_then(|b| b.split("```").next());
    let block = block.expect("its table");
    let mut said = golden.lines();
    for line in block.lines().filter(|l| l.trim() != "...") {
        assert!(said.any(|l| l == line), "the program does not say, or not there: {line}");
    }
    assert!(block.lines().count() > 20, "an excerpt of some length");
}

/// The first example is an excerpt of what its command says: whole paragraphs, found by how they
/// begin. Release builds only: it simulates 3.3 million requests. `UPDATE_GOLDEN=1` rewrites it.
#[cfg(not(debug_assertions))]
#[test]
fn its_first_example_is_the_programs() {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme-first");
    let done = Command::new(env!("CARGO_BIN_EXE_highwater"))
        .args(["run", "scenarios/hybrid-review.toml", "--out"])
        .arg(&out)
        .output()
        .expect("the program starts");
    let said = String::from_utf8(done.stdout).expect("text");
    // The verdict comes first, whatever it is.
    let mut excerpt = String::new();
    for begins in ["", "Traffic, per replication\n", "Latency of ok requests", "Gaps between what "]
    {
        let paragraph = said.split("\n\n").find(|p| p.starts_with(begins));
        let paragraph = paragraph.unwrap_or_else(|| panic!("nothing begins {begins:?}: {said}"));
        excerpt = excerpt + paragraph + "\n\n";
    }
    let excerpt = format!("{}\n...\n", excerpt.trim_end());
    let text = readme();
    let from = text.find("## First chart").expect("the section");
    let from = from + text[from..].find("```text\n").expect("its example") + "```text\n".len();
    let to = from + text[from..].find("```").expect("its end");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let updated = format!("{}{excerpt}{}", &text[..from], &text[to..]);
        fs::write("README.md", updated).expect("README.md");
    } else {
        assert_eq!(text[from..to], excerpt, "UPDATE_GOLDEN=1 rewrites it");
    }
}
