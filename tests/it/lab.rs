//! What tests of the engine share: small plans and their runs.

use highwater::measure::{Identity, Results, Tally};
use highwater::plan::Plan;

pub(crate) use highwater::experiment::validate::lab::*;

pub(crate) fn run_one(plan: &Plan, replication: u32) -> Results {
    let mut tally = Tally::new(plan, replication);
    highwater::sim::run(plan, replication, &mut tally).expect("the plan is valid");
    tally.finish(Identity::default())
}

/// All replications, one by one.
pub(crate) fn run(plan: &Plan) -> Vec<Results> {
    (0..plan.settings.replications).map(|r| run_one(plan, r)).collect()
}

/// A shipped scenario says this after `# Answer: ` in its head; `UPDATE_GOLDEN=1` rewrites it.
pub(crate) fn hold_the_scenario_to(name: &str, answer: &str) {
    let path = format!("scenarios/{name}.toml");
    let text = std::fs::read_to_string(&path).expect("the scenario");
    let from = text.find("# Answer: ").expect("its answer");
    let to = from + text[from..].find("\n\n").expect("its end") + 1;
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let text = format!("{}{answer}{}", &text[..from], &text[to..]);
        std::fs::write(&path, text).expect("written");
    } else {
        assert_eq!(&text[from..to], answer, "UPDATE_GOLDEN=1 rewrites it");
    }
}
