//! What a scenario's author is told: states that explain a failure, changes that do nothing, and keys
//! that would say nothing.

use highwater::report::summary;

use crate::changes::{change, endpoint, greedy, results, service};

#[test]
fn a_state_that_turned_everybody_away_is_shown() {
    // Not one second of another state: who was let in no more when it asked never comes to be.
    let text = service("nlb", "account = \"1001\"\nwhitelist = [\"2002\"]", 10)
        + &endpoint("e", "account = \"2002\"")
        + &greedy("e")
        + &change("w", 2, "endpoint_service.s", "whitelist_remove = \"2002\"")
        + &change("x", 5, "endpoint.e", "action = \"create\"");
    let shown = summary(&results(&text), 100);
    let states = shown.split("States").nth(1).expect("the table is there");
    let row = states.lines().find(|l| l.contains("endpoint.e.connection")).expect("its row");
    assert!(row.contains("No connection") && row.contains("endpoint not created yet"), "{row}");
    // The service was open to others all the time: there is nothing to say of it.
    let text = service("nlb", "", 10) + &endpoint("e", "") + &greedy("e");
    assert!(!summary(&results(&text), 100).contains("States"));
}
