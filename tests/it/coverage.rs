//! The table of what became of each row of the inventory says the truth: every row once, every test
//! that it names there, every rule with a planted fault, and the docs as the code has it.

use std::collections::BTreeSet;
use std::fs;

use highwater::scenario::{How, coverage, coverage_table};

use crate::{planted, planted_circuits, planted_eas, planted_egress};

#[test]
fn every_row_is_there_once_and_in_order() {
    let rows = |letter: char, last: u32| (1..=last).map(move |n| format!("{letter}-{n:02}"));
    let mut wanted: Vec<String> = rows('C', 49)
        .chain(rows('E', 31))
        .chain(rows('M', 44))
        .chain(rows('P', 55))
        .chain(rows('X', 68))
        .collect();
    wanted.extend(
        [
            "Z-01", "Z-02", "Z-03", "Z-04", "Z-05", "Z-06", "Z-07", "Z-08", "Z-09", "Z-10", "Z-11",
            "Z-12",
        ]
        .map(str::to_owned),
    );
    let seen: Vec<&str> = coverage().iter().map(|row| row.id).collect();
    assert_eq!(seen, wanted);
}

#[test]
fn every_test_that_is_named_exists() {
    let mut missing = Vec::new();
    for row in coverage() {
        let open = row.how == How::Outside;
        assert!(open || !row.tests.is_empty(), "{} is shown by nothing", row.id);
        assert!(!row.says.is_empty() && !row.place.is_empty(), "{}", row.id);
        for test in row.tests {
            let (file, function) = test.split_once("::").expect("file::function");
            let text = fs::read_to_string(file).unwrap_or_default();
            let at = text.find(&format!("fn {function}()"));
            // The attribute stands right before it.
            let marked = at.is_some_and(|at| text[..at].trim_end().ends_with("#[test]"));
            if !marked {
                missing.push(format!("{}: {test}", row.id));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn every_rule_has_a_planted_fault() {
    // Rules that let something through have tests of their own.
    let others = ["P-01", "P-06"];
    let checked: BTreeSet<&str> = coverage()
        .iter()
        .filter(|row| row.is_checked() && !others.contains(&row.id))
        .map(|row| row.id)
        .collect();
    let beds = [planted::bed(), planted_circuits::bed(), planted_eas::bed(), planted_egress::bed()];
    let planted: BTreeSet<&str> = beds.iter().flat_map(|bed| bed.rows()).collect();
    assert_eq!(checked, planted);
    for row in coverage().iter().filter(|row| planted.contains(row.id)) {
        assert!(row.tests.iter().any(|t| t.contains("planted")), "{}", row.id);
    }
}

#[test]
fn files_that_are_named_exist() {
    for row in coverage() {
        for word in row.place.split(|c: char| c.is_whitespace() || ",;():".contains(c)) {
            if let Some(file) = Some(word).filter(|w| w.ends_with(".rs")) {
                let found = ["src/scenario/", "src/scenario/kinds/"]
                    .iter()
                    .any(|folder| fs::metadata(format!("{folder}{file}")).is_ok());
                assert!(found, "{}: there is no {file}", row.id);
            }
        }
    }
}

/// `UPDATE_GOLDEN=1` rewrites it.
#[test]
fn the_docs_show_the_table() {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all("docs").expect("docs");
        fs::write("docs/inventory.md", coverage_table()).expect("docs/inventory.md");
    }
    let docs = fs::read_to_string("docs/inventory.md").unwrap_or_default();
    assert_eq!(docs, coverage_table(), "UPDATE_GOLDEN=1 rewrites docs/inventory.md");
}
