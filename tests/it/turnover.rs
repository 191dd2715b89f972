//! What is attached and detached, added and removed, decided and decided otherwise in the course of a
//! run: the record, the recoveries and the states follow what is there, not what once was.

use highwater::measure::{Results, SelectorResults};

use crate::changes::{
    change, endpoint, greedy, loaded, mbps, order, pairs, results, seconds, service, two_resources,
};

/// Zones a and b, found out after 5 s, in the record 1 s later.
const WATCH: &str =
    "zones = [\"a\", \"b\"]\ndetect = \"5 s\"\ndetect_up = \"5 s\"\npropagate = \"1 s\"\n";

/// A hundred new connections a second that ask for the name each, without a second try.
const FRESH: &str = "[workload.w]\npath = [\"endpoint.e\"]\nclients = 50\n\
     arrivals = { poisson = { rate = \"100/s\" } }\nrequest = \"1 kB\"\nresponse = \"1 kB\"\n\
     connections = { reuse = false }\nnames = \"none\"\n\
     timeouts = { connect = \"500 ms\", request = \"2 s\" }\nretries = { attempts = 1 }\n";

/// `lb` serves zone a alone, `b1` zone b; `two` may come to serve zone a.
fn zonal(keys: &str, second: &str, length: u32) -> String {
    let own = |name: &str, zone: &str| {
        format!(
            "[load_balancer.{name}]\ntype = \"clb\"\nzones = [\"{zone}\"]\nbackend = \"b\"\n\
             primary_zone = \"{zone}\"\n"
        )
    };
    service("clb", &format!("resource_failover = \"3 s\"\nresources = [\"b1\"]\n{keys}"), length)
        .replace(
            "[load_balancer.lb]\ntype = \"clb\"\nzones = [\"a\", \"b\"]",
            "[load_balancer.lb]\ntype = \"clb\"\nzones = [\"a\"]",
        )
        + &own("b1", "b")
        + second
}

fn two() -> &'static str {
    "[load_balancer.two]\ntype = \"clb\"\nzones = [\"a\"]\nbackend = \"b\"\nprimary_zone = \"a\"\n"
}

fn down(what: &str, at: u32, length: u32) -> String {
    format!("[fault.lost]\ncomponent_down = \"{what}\"\nat = \"{at} s\"\nlength = \"{length} s\"\n")
}

fn names(r: &Results) -> &SelectorResults {
    r.selectors.iter().find(|s| s.name == "endpoint.e.name").expect("its name")
}

fn taken(r: &Results, branch: &str, w: std::ops::Range<usize>) -> u64 {
    let it = names(r);
    let b = it.branches.iter().position(|b| b == branch).expect("the branch");
    it.chosen_by_window[b][w].iter().sum()
}

pub(crate) fn failed(r: &Results, w: std::ops::Range<usize>) -> u64 {
    r.workloads[0].errors_by_window.values().flat_map(|by| &by[w.clone()]).sum()
}

#[test]
fn a_resource_that_is_not_attached_yet_keeps_no_zone_in_the_record() {
    // `lb` is all that zone a has until `two` is attached at 50 s; lost from 10 to 40 s it takes the
    // zone out of the record from 16 to 46 s, though `two` is up all the time.
    let text = zonal("", two(), 60)
        + &endpoint("e", WATCH)
        + FRESH
        + &change("m", 50, "endpoint_service.s", "attach = \"two\"")
        + &down("load_balancer.lb", 10, 30);
    let r = results(&text);
    assert!(taken(&r, "a", 0..16) > 500);
    assert_eq!((taken(&r, "a", 16..46), failed(&r, 17..60)), (0, 0));
    assert!(taken(&r, "a", 46..60) > 400);
}

/// Zone a moves from `lb` to `two` at 10 s, in the manner of `how`.
fn moving(seconds: u32, how: &str) -> String {
    let off = "automatic_allocation = { resource = \"lb\", on = false }";
    let by = format!("replace = {{ zone = \"a\", by = \"two\", {how} }}");
    zonal("managed_resources = true", two(), seconds)
        .replace("resources = [\"b1\"]", "resources = [\"b1\", \"two\"]")
        + &endpoint("e", WATCH)
        + FRESH
        + &change("close", 5, "endpoint_service.s", off)
        + &change("move", 10, "endpoint.e", &by)
}

#[test]
fn a_resource_that_was_detached_keeps_no_zone_in_the_record() {
    // Smoothly or at once from `lb` to `two`, then `lb` is detached; when `two` is lost from 30 to 60 s
    // nobody else serves zone a, and no resource that is not there any more catches it.
    for how in ["manner = \"forcible\"", "manner = \"smooth\", overlap = \"2 s\", drain = \"3 s\""]
    {
        let text = moving(70, how)
            + &change("off", 20, "endpoint_service.s", "detach = \"lb\"")
            + &down("load_balancer.two", 30, 30);
        let r = results(&text);
        let card = if how.contains("smooth") { "a.move" } else { "a" };
        assert_eq!(failed(&r, 11..30), 0, "{how}");
        assert!(taken(&r, card, 20..36) > 500, "{how}");
        assert_eq!((taken(&r, card, 36..66), failed(&r, 37..70)), (0, 0), "{how}");
        assert!(taken(&r, card, 66..70) > 100, "{how}");
    }
}

#[test]
fn a_replacement_at_once_leaves_the_old_resource() {
    // Forcible at 10 s: `lb` is up and attached, but this connection has left it, so that the loss of
    // `two` takes the zone out of the record.
    let text = moving(50, "manner = \"forcible\"") + &down("load_balancer.two", 20, 30);
    let r = results(&text);
    assert_eq!((taken(&r, "a", 26..50), failed(&r, 27..50)), (0, 0));
}

#[test]
fn a_zone_serves_from_the_attachment_of_its_only_resource_on() {
    // Zone a has no resource until `two` is attached at 20 s; it answers, and is in the record 6 s
    // later. Who calls the zone by its own name before that gets nothing.
    let text = |name: &str| {
        zonal("", two(), 40)
            .replace("load_balancer = \"lb\"", "load_balancer = \"b1\"")
            .replace("resources = [\"b1\"]", "")
            + &endpoint("e", &format!("{WATCH}{name}"))
            + FRESH
            + &change("m", 20, "endpoint_service.s", "attach = \"two\"")
    };
    let r = results(&text(""));
    assert_eq!((taken(&r, "a", 0..26), failed(&r, 0..40)), (0, 0));
    assert!(taken(&r, "a", 26..40) > 400);
    let pinned = results(&text("name = \"zone:a\"\n"));
    let ok = |w: std::ops::Range<usize>| pinned.workloads[0].bytes_by_window[w].iter().sum::<u64>();
    assert_eq!(ok(0..20), 0);
    assert!(ok(21..40) > 0 && failed(&pinned, 21..40) == 0);
}

#[test]
fn what_leaves_the_record_at_once_is_not_detected() {
    // Zone a is removed at 60 s, known to all from the first instant on; who holds its address for up
    // to 60 s and never asks again after an error is a matter of caches.
    let w = FRESH
        .replace("names = \"none\"", "names = \"warm_ttl\"")
        .replace("attempts = 1", "attempts = 1, re_resolve = false");
    let text = service("nlb", "", 150)
        + &endpoint("e", &format!("{WATCH}record_ttl = \"60 s\"\n"))
        + &w
        + &change("less", 60, "endpoint.e", "remove_zone = \"a\"");
    let r = results(&text);
    let it = r.recoveries.iter().find(|x| x.role == "dns").expect("caches came off it");
    assert_eq!((it.detect.max(), it.propagate.max()), (Some(0), Some(0)));
    assert!(it.cache.max() > Some(40_000_000_000), "{:?}", it.cache.max());
}

#[test]
fn who_is_accepted_while_a_denial_takes_effect_stays_connected() {
    // Transitions of 10 s: Disconnecting 20-25, Connecting 25-35, Connected from then on.
    let text = service("nlb", "transition = \"10 s\"", 60)
        + &endpoint("e", "")
        + &greedy("e")
        + &change("no", 20, "endpoint.e", "action = \"deny\"")
        + &change("yes", 25, "endpoint.e", "action = \"accept\"");
    assert_eq!(
        seconds(&results(&text), "endpoint.e.connection"),
        pairs(&[
            ("Connected", 45.0),
            ("Disconnecting: denied", 5.0),
            ("Connecting: accepted", 10.0),
        ])
    );
    // Denied again while it connects, and accepted again: 28-30 Disconnecting, 30-40 Connecting.
    let text = text
        + &change("no2", 28, "endpoint.e", "action = \"deny\"")
        + &change("yes2", 30, "endpoint.e", "action = \"accept\"");
    assert_eq!(
        seconds(&results(&text), "endpoint.e.connection"),
        pairs(&[
            ("Connected", 40.0),
            ("Disconnecting: denied", 7.0),
            ("Connecting: accepted", 13.0),
        ])
    );
}

#[test]
fn a_zone_that_is_removed_before_it_was_added_stays_away() {
    // Transitions of 30 s: b would be there at 40 s, but is removed at 20 s; added again at 45 s it is
    // there at 75 s, and in the record when its health checks have answered.
    let base = service("nlb", "transition = \"30 s\"", 120)
        + &endpoint("e", "")
        + FRESH
        + &change("more", 10, "endpoint.e", "add_zone = \"b\"")
        + &change("less", 20, "endpoint.e", "remove_zone = \"b\"");
    let r = results(&base);
    assert_eq!((taken(&r, "b", 0..120), failed(&r, 0..120)), (0, 0));
    let again = results(&(base + &change("then", 45, "endpoint.e", "add_zone = \"b\"")));
    assert_eq!(taken(&again, "b", 0..75), 0);
    assert!(taken(&again, "b", 75..120) > 400 && failed(&again, 0..120) == 0);
    // An endpoint that is deleted meanwhile gets no zone either: its name has no address left.
    let gone = service("nlb", "transition = \"30 s\"", 60)
        + &endpoint("e", "")
        + FRESH
        + &change("more", 10, "endpoint.e", "add_zone = \"b\"")
        + &change("end", 20, "endpoint.e", "action = \"delete\"");
    assert_eq!(taken(&results(&gone), "b", 0..60), 0);
}

#[test]
fn changes_that_overlap_last_until_the_last_of_them() {
    // Two modifications a second apart, of 5 s each: Modifying from 10 to 16 s; of the endpoint and of
    // its connection. A third one from 16 s on joins without a gap.
    let text = service("nlb", "transition = \"5 s\"", 30)
        + &endpoint("e", "throttle = \"2 Gbps\"")
        + &greedy("e")
        + &change("one", 10, "endpoint.e", "throttle = \"1 Gbps\"")
        + &change("two", 11, "endpoint.e", "throttle = \"3 Gbps\"");
    for (text, long) in [
        (text.clone(), 6.0),
        (text + &change("three", 16, "endpoint.e", "throttle = \"1 Gbps\""), 11.0),
    ] {
        let r = results(&text);
        assert_eq!(
            seconds(&r, "endpoint.e"),
            pairs(&[("Available", 30.0 - long), ("Modifying: changed", long)])
        );
        assert_eq!(
            seconds(&r, "endpoint.e.connection"),
            pairs(&[("Connected", 30.0 - long), ("Modifying: changed", long)])
        );
    }
    // Of a service, too.
    let text = service("nlb", "transition = \"5 s\"", 30)
        + &endpoint("e", "")
        + &greedy("e")
        + &change("one", 10, "endpoint_service.s", "auto_accept = false")
        + &change("two", 12, "endpoint_service.s", "auto_accept = true");
    assert_eq!(
        seconds(&results(&text), "endpoint_service.s"),
        pairs(&[("Available", 23.0), ("Modifying: changed", 7.0)])
    );
}

#[test]
fn a_detached_resource_is_no_branch_of_a_new_card() {
    // The card that replaces another one knows what is attached and detached as the old one does.
    let text = two_resources("5 Gbps", "", 60)
        + &endpoint("e", "")
        + &greedy("e")
        + &change(
            "close",
            5,
            "endpoint_service.s",
            "automatic_allocation = { resource = \"lb\", on = false }",
        )
        + &change(
            "move",
            10,
            "endpoint.e",
            "replace = { zone = \"a\", by = \"two\", manner = \"smooth\", overlap = \"1 s\", \
             drain = \"1 s\" }",
        )
        + &change("off", 20, "endpoint_service.s", "detach = \"lb\"");
    let plan = loaded(&text).plan;
    assert_eq!(order(&plan, "e"), ["lb", "two"]);
    let shown = highwater::scenario::show_plan(&plan);
    let from = shown.find("change.off at").expect("it is shown");
    assert_eq!(
        &shown[from..],
        "change.off at 20 s: endpoint service s loses resource lb
  20 s: endpoint.e.zone-a.resource lb is not listed
  20 s: endpoint.e.zone-a.move.resource lb is not listed
"
    );
}

#[test]
fn a_zone_that_is_removed_after_a_smooth_replacement_is_gone() {
    // Zone a moves to a second card at 10 s, alone in the record from 12 s; the first goes at 15 s.
    // Then the zone is removed, with all cards, and comes back with another one.
    let smooth = "manner = \"smooth\", overlap = \"2 s\", drain = \"3 s\"";
    let of = |name: &str, at: u32, what: &str| change(name, at, "endpoint.e", what);
    for (gone, back) in [(20, 30), (13, 20), (11, 13), (11, 20)] {
        let text = moving(50, smooth)
            + &of("gone", gone, "remove_zone = \"a\"")
            + &of("there", back, "add_zone = \"a\"");
        let r = results(&text);
        let (gone, back) = (gone as usize, back as usize);
        let what = format!("removed at {gone} s, back at {back} s");
        assert_eq!(taken(&r, "a.move", gone..50), 0, "{what}");
        assert_eq!(taken(&r, "a", gone..back), 0, "{what}");
        assert!(taken(&r, "a", back..50) > 400, "{what}");
        assert_eq!(failed(&r, gone + 1..50), 0, "{what}");
    }
    // The other way round: another zone's card is replaced.
    let text = moving(50, smooth).replace("at = \"5 s\"", "at = \"8 s\"")
        + &of("gone", 4, "remove_zone = \"a\"")
        + &of("there", 6, "add_zone = \"a\"");
    let r = results(&text);
    assert!(taken(&r, "a", 6..12) > 100);
    assert!(taken(&r, "a.move", 12..50) > 1_000);
    assert_eq!((taken(&r, "a", 12..50), failed(&r, 5..50)), (0, 0));
}

#[test]
fn a_resource_that_was_replaced_can_be_allocated_again() {
    // From `lb` to `two` at 10 s, in either manner; by hand back to `lb` while the zone is cut.
    for how in ["manner = \"forcible\"", "manner = \"smooth\", overlap = \"2 s\", drain = \"3 s\""]
    {
        let of = |name: &str, at: u32, what: &str| change(name, at, "endpoint.e", what);
        let text = moving(50, how)
            + &of("cut", 20, "disconnect_zone = \"a\"")
            + &of("give", 25, "allocate = { zone = \"a\", resource = \"lb\" }")
            + &of("join", 30, "connect_zone = \"a\"");
        let r = results(&text);
        let card = if how.contains("smooth") { "a.move" } else { "a" };
        let name = format!("endpoint.e.zone-{card}.resource");
        let choice = r.selectors.iter().find(|s| s.name == name).expect("its resources");
        let by = |resource: &str, w: std::ops::Range<usize>| -> u64 {
            let b = choice.branches.iter().position(|b| b == resource).expect("a resource");
            choice.chosen_by_window[b][w].iter().sum()
        };
        assert!(by("two", 12..20) > 100, "{how}");
        assert!(by("lb", 37..50) > 100 && by("two", 37..50) == 0, "{how}");
        assert_eq!(failed(&r, 37..50), 0, "{how}");
    }
}

#[test]
fn accepting_what_was_accepted_changes_nothing() {
    // Created at 1 s, accepted 5 to 15 s later or by hand at 10 s, whichever is first; 4 s later it
    // is Connected, with the default throttle of that time: 1 Gbps. P-18, X-55.
    let text = |seed: u32, more: &str| {
        let desk = "auto_accept = false\napproval = { uniform = { low = \"2 s\", high = \"15 s\" } }\n\
                    transition = \"4 s\"\ndefault_throttle = \"2 Gbps\"";
        service("clb", desk, 40).replace("[run]", &format!("[run]\nseed = {seed}"))
            + &endpoint("e", "")
            + &greedy("e")
            + &change("less", 3, "endpoint_service.s", "default_throttle = \"1 Gbps\"")
            + &change("a", 1, "endpoint.e", "action = \"create\"")
            + more
    };
    let accept = |at: u32| change("c", at, "endpoint.e", "action = \"accept\"");
    let of = |r: &Results, what: &str| {
        let been = seconds(r, "endpoint.e.connection");
        been.into_iter().filter(|s| s.0.starts_with(what)).map(|s| s.1).sum::<f64>()
    };
    let (mut by_itself, mut while_connecting) = (0, 0);
    for seed in 1..20 {
        let drawn = of(&results(&text(seed, "")), "Disconnected: not accepted");
        let r = results(&text(seed, &accept(10)));
        let waited = of(&r, "Disconnected: not accepted");
        assert!((waited - drawn.min(9.0)).abs() < 1e-9, "{seed}: {waited} of {drawn}");
        assert!((of(&r, "Connecting") - 4.0).abs() < 1e-9, "{seed}");
        assert!((of(&r, "Connected") - (40.0 - 5.0 - waited)).abs() < 1e-9, "{seed}");
        let from = (5.0 + waited).ceil() as usize + 1;
        for second in from..40 {
            let rate = mbps(&r, "e", second..second + 1);
            assert!((rate - 1_000.0).abs() < 1.0, "{seed}, {second} s: {rate}");
        }
        by_itself += u32::from(drawn < 9.0);
        while_connecting += u32::from(drawn < 9.0 && drawn > 5.0);
        // Denied at 10 s and accepted at 11 s it is Connected at 15 s, not when it would have been.
        let deny = change("b", 10, "endpoint.e", "action = \"deny\"") + &accept(11);
        let r = results(&text(seed, &deny));
        let before = (10.0 - (5.0 + drawn)).max(0.0);
        let been = of(&r, "Connected");
        assert!((been - (before + 25.0)).abs() < 1e-9, "{seed}: {been}, drawn {drawn}");
    }
    assert!(by_itself > 3 && while_connecting > 1, "{by_itself}, {while_connecting}");
}
