//! Whole change plans step by step, as golden text, and the storm after a forcible migration.

use highwater::scenario::show_plan;

use crate::changes::{change, endpoint, greedy, loaded, results, two_resources};

/// The steps of a plan, as `check --show-plan` lists them; `UPDATE_GOLDEN=1` rewrites.
fn steps_are(golden: &str, text: &str) {
    let plan = loaded(text).plan;
    let mut steps: String = plan
        .selectors
        .iter()
        .filter(|s| s.role == "resource")
        .map(|s| format!("{}: {} at first\n", s.name, s.branches[0].name))
        .collect();
    let shown = show_plan(&plan);
    steps += &shown[shown.find("\nchange.").expect("changes are listed") + 1..];
    let path = format!("tests/it/scenario_golden/{golden}");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &steps).expect("the golden file");
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), steps, "{path}");
}

fn automatic(resource: &str, on: bool) -> String {
    format!("automatic_allocation = {{ resource = \"{resource}\", on = {on} }}")
}

#[test]
fn allocation_step_by_step() {
    // `e1` by hand, `e2` and `e3` by the rule as they come; lb is closed
    // to the rule, opened again; e2 is moved by hand with its zone cut; two leaves the service last.
    let text = two_resources("2 Gbps", "auto_accept = false\napproval = \"5 s\"", 120)
        + &endpoint("e1", "resources = [\"two\"]")
        + &endpoint("e2", "")
        + &endpoint("e3", "")
        + &["e1", "e2", "e3"].map(greedy).concat()
        + &change("a", 10, "endpoint.e2", "action = \"create\"")
        + &change("b", 20, "endpoint_service.s", &automatic("lb", false))
        + &change("c", 30, "endpoint.e3", "action = \"create\"")
        + &change("d", 40, "endpoint.e2", "disconnect_zone = \"a\"")
        + &change("e", 45, "endpoint.e2", "allocate = { zone = \"a\", resource = \"two\" }")
        + &change("f", 50, "endpoint.e2", "connect_zone = \"a\"")
        + &change("g", 60, "endpoint_service.s", &automatic("lb", true))
        + &change("h", 70, "endpoint.e3", "disconnect_zone = \"a\"")
        + &change("i", 72, "endpoint.e3", "allocate = { zone = \"a\", resource = \"auto\" }")
        + &change("j", 75, "endpoint.e3", "connect_zone = \"a\"");
    steps_are("steps-allocation.txt", &text);
}

#[test]
fn migration_step_by_step() {
    // automatic allocation of the old resource off, of the new one on; in zone a
    // smoothly, for which the vSwitch has its one spare address (/29: 4, 2 used, 1 of the card); in
    // zone b at once.
    let moved =
        |zone: &str, how: &str| format!("replace = {{ zone = \"{zone}\", by = \"two\", {how} }}");
    let text = two_resources("5 Gbps", "manual_only = [\"two\"]", 400)
        + "[vpc.v]\nregion = \"r\"\n[vswitch.va]\nvpc = \"v\"\nzone = \"a\"\n\
           cidr = \"10.0.1.0/29\"\nused = 2\n\
           [vswitch.vb]\nvpc = \"v\"\nzone = \"b\"\ncidr = \"10.0.2.0/29\"\nused = 3\n"
        + &endpoint("e", "zones = [\"a\", \"b\"]\nvpc = \"v\"\nvswitches = [\"va\", \"vb\"]")
        + &greedy("e")
        + &change("close", 10, "endpoint_service.s", &automatic("lb", false))
        + &change("open", 10, "endpoint_service.s", &automatic("two", true))
        + &change(
            "smooth",
            20,
            "endpoint.e",
            &moved("a", "manner = \"smooth\", overlap = \"30 s\", drain = \"3 min\""),
        )
        + &change("sudden", 300, "endpoint.e", &moved("b", "manner = \"forcible\""));
    steps_are("steps-migration.txt", &text);
}

#[test]
fn a_forcible_migration_is_a_storm() {
    // 64 downloads break at 20 s, and all connect anew at that instant. Where the new resource
    // opens as many as come, that is it: 64 errors, 64 new connections in one second, no more. Where it
    // opens 20 a second and lets a second's worth wait, 21 get in at once, one more every 50 ms: the
    // last of 64 is opened 63 x 50 ms = 3.15 s after the break, the last one is turned away when the
    // queue takes it, 43 x 50 ms = 2.15 s after it, and until then whoever is out asks every 10 ms.
    let text = |opens: &str| {
        let two = "primary_zone = \"b\"\nbandwidth = \"5 Gbps\"\n";
        two_resources("5 Gbps", "manual_only = [\"two\"]", 40)
            .replace(two, &format!("{two}{opens}"))
            + &endpoint("e", "")
            + &greedy("e").replace("500 ms", "5 s")
            + &change("close", 10, "endpoint_service.s", &automatic("lb", false))
            + &change("open", 10, "endpoint_service.s", &automatic("two", true))
            + &change(
                "move",
                20,
                "endpoint.e",
                "replace = { zone = \"a\", by = \"two\", manner = \"forcible\" }",
            )
    };
    let opened = |r: &highwater::measure::Results| {
        r.pools.iter().find(|p| p.name == "load_balancer.two.zone-a.connections").unwrap().asked
    };
    let quick = results(&text(""));
    let w = &quick.workloads[0];
    assert_eq!((w.errors["reset"], w.errors_total()), (64, 64));
    let choice = quick.selectors.iter().find(|s| s.name == "endpoint.e.zone-a.resource").unwrap();
    let two = choice.branches.iter().position(|b| b == "two").expect("the new one");
    let by_second = &choice.chosen_by_window[two];
    assert_eq!((by_second[20], by_second.iter().sum::<u64>()), (64, 64), "{by_second:?}");
    assert_eq!(opened(&quick), 64);
    let slow = results(&text("new_connections = \"20/s\"\n"));
    let w = &slow.workloads[0];
    assert_eq!(w.errors["reset"], 64);
    let refused: Vec<usize> = w.errors_by_window["refused"]
        .iter()
        .enumerate()
        .filter(|(_, n)| **n > 0)
        .map(|(second, _)| second)
        .collect();
    assert_eq!(refused, [20, 21, 22]);
    // All that is turned away asks again after 10 ms: 43 of them at first, one fewer every 50 ms:
    // 5 x (43 + 42 + ... + 1) = 4,730 refusals, and a few by how the two beats fall.
    let n = w.errors["refused"] as f64;
    assert!((n - 4_730.0).abs() < 0.05 * 4_730.0, "{n}");
    // Back to the whole throttle once all are in: 3,072 Mbps from 24 s on.
    let rate = crate::changes::mbps(&slow, "e", 24..40);
    assert!((rate - 3_072.0).abs() < 1.0, "{rate}");
}
