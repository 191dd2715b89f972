//! What a scenario's author is told: states that explain a failure, changes that do nothing, and keys
//! that would say nothing.

use std::path::Path;

use highwater::report::summary;
use highwater::scenario::{Diagnostic, Failure, Severity, Source, load_text};

use crate::changes::{
    change, endpoint, greedy, mbps, pairs, results, seconds, service, two_resources,
};

/// Everything said about a scenario.
fn said(text: &str) -> Vec<Diagnostic> {
    let source = Source { path: "told.toml".into(), text: text.into() };
    match load_text(source, Path::new("scenarios"), &[]) {
        Ok(loaded) => loaded.diagnostics,
        Err(Failure::Refused { diagnostics, .. }) => diagnostics,
        Err(other) => panic!("{other}"),
    }
}

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

#[test]
fn a_stated_total_bounds_what_throttles_let_through() {
    // P-46, P-50, Z-12: two zones of 2 Gbps to a backend of 3 Gbps, which a total of 3 Gbps protects;
    // devices may exceed the throttle, but not the total.
    let text = |keys: &str| {
        service("nlb", "", 10).replace("\"200 Gbps\"\nservers", "\"1500 Mbps\"\nservers")
            + &endpoint("e", &format!("zones = [\"a\", \"b\"]\n{keys}"))
            + "[workload.w]\npath = [\"endpoint.e\"]\narrivals = { poisson = { rate = \"1/s\" } }\n\
               request = \"1 kB\"\nresponse = \"1 kB\"\n"
    };
    let codes = |keys: &str| said(&text(keys)).iter().map(|d| d.code).collect::<Vec<_>>();
    assert_eq!(codes("throttle = \"2 Gbps\""), ["P-50"]);
    assert_eq!(codes("throttle = \"2 Gbps\"\ntotal_ceiling = \"3 Gbps\""), [""; 0]);
    assert_eq!(codes("throttle = \"2 Gbps\"\ntotal_ceiling = \"3100 Mbps\""), ["P-50"]);
    assert_eq!(codes("throttle = \"1500 Mbps\"\novershoot = 1.1"), ["Z-12"]);
    let keys = "throttle = \"1500 Mbps\"\novershoot = 1.1\ntotal_ceiling = \"3 Gbps\"";
    assert_eq!(codes(keys), [""; 0]);
}

#[test]
fn a_total_that_binds_once_a_card_may_grow_or_joins_is_not_called_idle() {
    let text = |keys: &str, change: &str| {
        service("clb", "", 10)
            + &endpoint("e", &format!("throttle = \"4 Gbps\"\nzones = [\"a\", \"b\"]\n{keys}"))
            + &greedy("e")
            + change
    };
    let told = |keys: &str, change: &str| {
        said(&text(keys, change)).iter().filter(|d| d.code == "P-46").count()
    };
    let keys = "total_ceiling = \"11 Gbps\"";
    assert_eq!(told(keys, ""), 1, "two cards of 5 Gbps");
    assert_eq!(told("total_ceiling = \"10 Gbps\"", ""), 0);
    assert_eq!(told(keys, &change("x", 5, "endpoint.e", "ceiling = \"6 Gbps\"")), 0);
    let one = "total_ceiling = \"9 Gbps\"".to_owned();
    let text = text(&one, "").replace("zones = [\"a\", \"b\"]\ntotal", "zones = [\"a\"]\ntotal");
    let count = |text: &str| said(text).iter().filter(|d| d.code == "P-46").count();
    assert_eq!(count(&text), 1, "one card of 5 Gbps");
    assert_eq!(count(&(text + &change("x", 5, "endpoint.e", "add_zone = \"b\""))), 0);
}

fn automatic(resource: &str, on: bool) -> String {
    format!("automatic_allocation = {{ resource = \"{resource}\", on = {on} }}")
}

/// Codes of what is said about changes of a service of two CLBs, and of its endpoint in both zones.
fn codes_of(keys: &str, changes: &str) -> Vec<&'static str> {
    let text = two_resources("5 Gbps", keys, 60)
        + "[zone.c]\nregion = \"r\"\n[region.q]\n[load_balancer.three]\ntype = \"clb\"\n\
           zones = [\"a\", \"b\"]\nbackend = \"b\"\nprimary_zone = \"b\"\n"
        + &endpoint("e", "zones = [\"a\", \"b\"]")
        + &greedy("e")
        + changes;
    said(&text).iter().map(|d| d.code).collect()
}

#[test]
fn paying_what_nobody_owes_touches_nothing() {
    // a connection that exists keeps its throttle; only one that is connected anew takes the
    // service's new default.
    let text = |more: &str| {
        service("clb", "transition = \"2 s\"\ndefault_throttle = \"2 Gbps\"", 40)
            + &endpoint("e", "")
            + &greedy("e")
            + &change("d", 5, "endpoint_service.s", "default_throttle = \"1 Gbps\"")
            + more
    };
    for of in ["endpoint.e", "endpoint_service.s"] {
        let paid = text(&change("p", 20, of, "action = \"paid\""));
        let told: Vec<_> = said(&paid).iter().map(|d| d.code).collect();
        assert_eq!(told, ["P-30", "P-31", "change"], "{of}");
        let r = results(&paid);
        assert_eq!(seconds(&r, "endpoint.e.connection"), pairs(&[("Connected", 40.0)]), "{of}");
        assert!((mbps(&r, "e", 25..40) - 2_000.0).abs() < 1.0, "{of}");
        // What is owed is paid once.
        let owed = change("o", 10, of, "action = \"overdue\"");
        let r = results(&text(&(owed + &change("p", 20, of, "action = \"paid\""))));
        assert!((mbps(&r, "e", 25..40) - 1_000.0).abs() < 1.0, "{of}");
    }
}

#[test]
fn a_service_that_was_deleted_does_not_come_back() {
    let deed = |name: &str, at: u32, deed: &str| {
        change(name, at, "endpoint_service.s", &format!("action = \"{deed}\""))
    };
    // deleting is irreversible, and what is there is not created again.
    assert_eq!(codes_of("", &(deed("x", 5, "delete") + &deed("y", 10, "create"))), ["X-66"]);
    assert_eq!(codes_of("", &(deed("x", 5, "create") + &deed("y", 10, "create"))), ["change"]);
    assert_eq!(codes_of("", &deed("x", 5, "create")), [""; 0]);
    let deny = change("d", 20, "endpoint.e", "action = \"deny\"");
    let life = deed("x", 5, "create") + &deny + &deed("y", 30, "delete");
    assert_eq!(codes_of("", &life), [""; 0]);
    assert_eq!(codes_of("", &(life + &deed("z", 40, "create"))), ["X-66"]);
}

#[test]
fn what_is_done_at_the_instant_of_the_creation_follows_it() {
    let text = |deed: &str| {
        change("open", 10, "endpoint.e", "action = \"create\"")
            + &change("after", 10, "endpoint.e", &format!("action = \"{deed}\""))
    };
    for deed in ["accept", "deny", "delete"] {
        let codes = codes_of("auto_accept = false", &text(deed));
        assert!(!codes.contains(&"change"), "{deed}: {codes:?}");
    }
    assert_eq!(codes_of("", &text("accept")), ["change"], "it accepts by itself");
    // And so it is run.
    let text = service("nlb", "auto_accept = false", 20)
        + &endpoint("e", "")
        + &greedy("e")
        + &text("accept");
    let been = pairs(&[("Connected", 10.0), ("No connection: endpoint not created yet", 10.0)]);
    assert_eq!(seconds(&results(&text), "endpoint.e.connection"), been);
}

#[test]
fn route_tables_of_one_endpoint_agree_on_their_failover() {
    // P-09: the model has one choice for all who go through an endpoint.
    let text = |first: &str, second: &str, zones: &str| {
        let table = |name: &str, keys: &str| {
            format!(
                "[route_table.{name}]\nvpc = \"v\"\n\
                 routes = [{{ to = \"0.0.0.0/0\", next_hop = \"endpoint.e\" }}]\n{keys}\n"
            )
        };
        service("gwlb", "", 10)
            + "[vpc.v]\nregion = \"r\"\n"
            + &endpoint("e", &format!("vpc = \"v\"\nzones = {zones}"))
            + &table("one", first)
            + &table("two", second)
            + "[workload.w]\npath = [\"endpoint.e\", \"backend.b\"]\n\
               arrivals = { poisson = { rate = \"1/s\" } }\nrequest = \"1 kB\"\n\
               response = \"1 kB\"\n"
    };
    let codes = |text: &str| said(text).iter().map(|d| d.code).collect::<Vec<_>>();
    let both = "[\"a\", \"b\"]";
    let (fast, slow) = ("failover = \"4 s\"", "failover = \"9 s\"");
    assert_eq!(codes(&text("", "", both)), [""; 0]);
    assert_eq!(codes(&text(fast, fast, both)), [""; 0]);
    assert_eq!(codes(&text(fast, slow, both)), ["P-09"]);
    assert_eq!(codes(&text("", slow, both)), ["P-09"]);
    assert_eq!(codes(&text(fast, "", both)), ["P-09"]);
    // Nothing to move, or nowhere to move it.
    assert_eq!(codes(&text(fast, fast, "[\"a\"]")), ["P-09", "P-09", "P-31"]);
    let none = text("", "", both) + "[route_table.z]\nvpc = \"v\"\nroutes = []\n";
    assert_eq!(codes(&none), [""; 0]);
    assert_eq!(codes(&(none + fast)), ["P-09"]);
}

#[test]
fn who_never_comes_to_be_is_told_what_refused_it() {
    let text = |account: &str, late: &str| {
        let keys = format!("{account}\nregions = [\"far\"]");
        service("nlb", &keys, 40).replace("[region.r]", "[region.r]\nmainland = true")
            + "[region.far]\nmainland = true\n[zone.f]\nregion = \"far\"\n[zone.g]\n\
               region = \"far\"\n"
            + &endpoint(
                "e",
                "zones = [\"f\", \"g\"]\naccount = \"2002\"\ncross_region_round_trip = \"20 ms\"",
            )
            + &greedy("e")
            + &change("a", 10, "endpoint_service.s", late)
            + &change("b", 15, "endpoint.e", "action = \"create\"")
    };
    let listed = "account = \"1001\"\nwhitelist = [\"2002\"]";
    let told = |text: &str| {
        let all = said(text);
        let [one] = &all[..] else { panic!("{all:?}") };
        (one.code, one.help.clone().expect("a fix"))
    };
    let (code, help) = told(&text(listed, "whitelist_remove = \"2002\""));
    assert!(code == "P-05" && help.contains("whitelist_add"), "{code}: {help}");
    let (code, help) = told(&text(listed, "remove_region = \"far\""));
    assert!(code == "X-25" && help.contains("add_region"), "{code}: {help}");
    let near = text(listed, "whitelist_remove = \"2002\"")
        .replace("zones = [\"f\", \"g\"]", "zones = [\"a\", \"b\"]")
        .replace("\ncross_region_round_trip = \"20 ms\"", "");
    assert_eq!(told(&near).0, "P-05");
}

#[test]
fn a_group_that_refuses_a_port_is_not_opened_to_everybody() {
    let text = |cidr: &str| {
        service("nlb", "", 10)
            + &format!("[vpc.v]\nregion = \"r\"\n{cidr}\n")
            + "[security_group.web]\ninbound = [{ source = \"10.0.0.0/8\", ports = \"443\" }]\n"
            + &endpoint("e", "zones = [\"a\", \"b\"]\nvpc = \"v\"\nsecurity_group = \"web\"")
            + "[workload.w]\npath = [\"endpoint.e\"]\nvpc = \"v\"\nport = 80\n\
               arrivals = { poisson = { rate = \"1/s\" } }\nrequest = \"1 kB\"\n\
               response = \"1 kB\"\n"
    };
    let help = |cidr: &str| {
        let all = said(&text(cidr));
        let [one] = &all[..] else { panic!("{all:?}") };
        assert_eq!(one.code, "X-20");
        one.help.clone().expect("a fix")
    };
    let known = help("cidr = \"10.1.0.0/16\"");
    assert!(known.contains("{ source = \"10.1.0.0/16\", ports = \"80\" }"), "{known}");
    let unknown = help("");
    assert!(!unknown.contains("0.0.0.0/0"), "{unknown}");
    assert!(unknown.contains("ports = \"80\"") && unknown.contains("its clients"), "{unknown}");
}

#[test]
fn a_gwlb_is_reached_through_an_endpoint() {
    // P-09: nobody resolves its name; routes lead through an endpoint.
    let text = service("gwlb", "", 10)
        + "[workload.w]\npath = [\"load_balancer.lb\", \"backend.b\"]\n\
           arrivals = { poisson = { rate = \"1/s\" } }\nrequest = \"1 kB\"\nresponse = \"1 kB\"\n";
    let all = said(&text);
    let [one] = &all[..] else { panic!("{all:?}") };
    assert_eq!((one.code, one.severity), ("P-09", Severity::Error));
    let at = &text[one.place.start as usize..one.place.end as usize];
    assert_eq!(at, "\"load_balancer.lb\"");
    assert!(one.help.as_ref().expect("a fix").contains("endpoint"));
}

#[test]
fn the_last_automatic_resource_is_not_detached() {
    // `two` is allocated by hand only, so that `lb` serves whoever comes next.
    let cut = |zone: &str, at: u32| {
        change(zone, at, "endpoint.e", &format!("disconnect_zone = \"{zone}\""))
    };
    let detach = |of: &str| {
        cut("a", 5)
            + &cut("b", 6)
            + &change("d", 20, "endpoint_service.s", &format!("detach = \"{of}\""))
    };
    assert_eq!(codes_of("manual_only = [\"two\"]", &detach("lb")), ["X-39", "X-44"]);
    assert_eq!(codes_of("manual_only = [\"two\"]", &detach("two")), ["X-44"]);
    let open = change(
        "c",
        10,
        "endpoint_service.s",
        "automatic_allocation = { resource = \"two\", on = true }",
    );
    assert_eq!(codes_of("manual_only = [\"two\"]", &(detach("lb") + &open)), ["X-44"]);
}

#[test]
fn a_resource_is_replaced_once_and_by_another() {
    let off = "automatic_allocation = { resource = \"lb\", on = false }";
    let by = |name: &str, at, by: &str| {
        let what = format!("replace = {{ zone = \"a\", by = \"{by}\", manner = \"forcible\" }}");
        change(name, at, "endpoint.e", &what)
    };
    let text = |changes: String| {
        two_resources("5 Gbps", "", 60)
            + &endpoint("e", "throttle = \"200 Mbps\"")
            + &greedy("e")
            + &change("off", 5, "endpoint_service.s", off)
            + &changes
    };
    let errors = |changes: String| {
        let all = said(&text(changes)).into_iter().filter(|d| d.severity == Severity::Error);
        all.map(|d| format!("{}: {}", d.code, d.message)).collect::<Vec<_>>()
    };
    assert_eq!(errors(by("m", 10, "two")), [""; 0]);
    assert_eq!(errors(by("m", 10, "lb")), ["X-49: zone `a` is bound to `lb` already"]);
    let twice = errors(by("m", 10, "two") + &by("n", 20, "lb"));
    let second = "replace: the resource of zone `a` is replaced a second time".to_owned();
    assert!(twice.contains(&second), "{twice:?}");
}

#[test]
fn what_a_service_has_already_is_not_done_again() {
    let keys = "manual_only = [\"two\"]\nwhitelist = [\"1001\"]\naccount = \"1000\"";
    let seen = |changes: &[&str]| {
        let one = |(i, what): (usize, &&str)| {
            let at = 5 * u32::try_from(i + 1).expect("few");
            change(&format!("c{i}"), at, "endpoint_service.s", what)
        };
        codes_of(keys, &changes.iter().enumerate().map(one).collect::<String>())
            .into_iter()
            .filter(|code| *code == "change")
            .count()
    };
    let toggle =
        |of: &str, on: bool| format!("automatic_allocation = {{ resource = \"{of}\", on = {on} }}");
    for (does, idle) in [
        ("remove_zone = \"a\"", "add_zone = \"a\""),
        ("attach = \"three\"", "attach = \"two\""),
        ("detach = \"two\"", "detach = \"three\""),
        (toggle("two", true).as_str(), toggle("two", false).as_str()),
        (toggle("lb", false).as_str(), toggle("lb", true).as_str()),
        ("add_region = \"q\"", "remove_region = \"q\""),
        ("whitelist_add = \"1002\"", "whitelist_remove = \"1002\""),
        ("whitelist_remove = \"1001\"", "whitelist_add = \"1001\""),
        ("auto_accept = false", "auto_accept = true"),
    ] {
        assert_eq!(seen(&[does]), 0, "{does}");
        assert_eq!(seen(&[idle]), 1, "{idle}");
        // Twice is once too often; what was done can be undone.
        assert_eq!(seen(&[does, does]), 1, "{does}");
        if does.contains("tach") {
            continue; // two different resources
        }
        assert_eq!(seen(&[does, idle, does]), 0, "{does}");
    }
    assert_eq!(seen(&["remove_zone = \"c\""]), 1, "it was never offered there");
    let open = change("w", 5, "endpoint_service.s", "whitelist_add = \"1002\"");
    assert_eq!(codes_of("", &open), ["change"], "everybody is let in");
}

#[test]
fn a_zone_that_is_gone_is_not_connected() {
    let of = |name: &str, at: u32, what: &str| change(name, at, "endpoint.e", what);
    let gone = of("a", 5, "remove_zone = \"a\"");
    for what in ["remove_zone = \"a\"", "connect_zone = \"a\"", "disconnect_zone = \"a\""] {
        assert_eq!(codes_of("", &(gone.clone() + &of("b", 10, what))), ["change"], "{what}");
    }
    let back = of("b", 10, "add_zone = \"a\"") + &of("c", 15, "disconnect_zone = \"a\"");
    assert_eq!(codes_of("", &(gone + &back)), [""; 0]);
}

#[test]
fn what_is_gone_is_not_changed() {
    let of = |name: &str, at: u32, what: &str| change(name, at, "endpoint.e", what);
    let their = |name: &str, at: u32, what: &str| change(name, at, "endpoint_service.s", what);
    let deed = |deed: &str| format!("action = \"{deed}\"");
    let idle = |changes: &[String]| {
        let all = codes_of("", &changes.concat());
        all.into_iter().filter(|code| *code == "change").count()
    };
    let gone = of("a", 5, &deed("delete"));
    for what in ["throttle = \"1 Gbps\"", "remove_zone = \"a\"", "disconnect_zone = \"a\""] {
        assert_eq!(idle(&[gone.clone(), of("b", 10, what)]), 1, "{what}");
    }
    for what in ["accept", "deny", "delete", "overdue"].map(deed) {
        assert_eq!(idle(&[gone.clone(), of("b", 10, &what)]), 1, "{what}");
    }
    // The service is deleted: nobody accepts, and there is nothing left to throttle.
    let deleted = of("a", 5, &deed("deny")) + &their("b", 10, &deed("delete"));
    let again = of("c", 15, &deed("deny"));
    for what in ["accept", "deny", "overdue"].map(deed) {
        assert_eq!(idle(&[deleted.clone(), of("d", 20, &what)]), 1, "{what}");
    }
    assert_eq!(idle(&[deleted.clone(), again, of("d", 20, &deed("accept"))]), 2);
    assert_eq!(idle(&[deleted.clone(), of("d", 20, &deed("delete"))]), 0);
    for what in ["auto_accept = false", "remove_zone = \"a\"", "default_throttle = \"1 Gbps\""] {
        assert_eq!(idle(&[deleted.clone(), their("d", 20, what)]), 1, "{what}");
    }
    // Who owes owes once.
    for whose in ["endpoint.e", "endpoint_service.s"] {
        let twice = ["a", "b"].map(|name| change(name, 5, whose, &deed("overdue")));
        assert_eq!(idle(&twice), 1, "{whose}");
    }
}

#[test]
fn a_zone_that_comes_back_comes_back_connected() {
    let of = |name: &str, at: u32, what: &str| change(name, at, "endpoint.e", what);
    let text = |cut: u32| {
        service("nlb", "", 20)
            + &endpoint("e", "throttle = \"1 Gbps\"")
            + &greedy("e")
            + &of("cut", cut, "disconnect_zone = \"a\"")
            + &of("gone", 5, "remove_zone = \"a\"")
            + &of("there", 10, "add_zone = \"a\"")
    };
    // Cut while it is there, and while it is not: told, and nothing is done.
    for (cut, told) in [(2, 0), (7, 1)] {
        let count = said(&text(cut)).iter().filter(|d| d.code == "change").count();
        assert_eq!(count, told, "cut at {cut} s");
        let back = mbps(&results(&text(cut)), "e", 12..20);
        assert!((back - 1_000.0).abs() < 1.0, "cut at {cut} s: {back}");
    }
}

#[test]
fn changes_of_one_instant_do_not_contradict_each_other() {
    let of = |name: &str, at: u32, what: &str| change(name, at, "endpoint.e", what);
    let errors = |changes: String| {
        let text = two_resources("5 Gbps", "whitelist = []", 60)
            + &endpoint("e", "zones = [\"a\", \"b\"]")
            + &greedy("e")
            + &changes;
        let all = said(&text).into_iter();
        let tied = all.filter(|d| d.message.contains("contradict"));
        tied.map(|d| (d.severity, d.help.unwrap_or_default())).collect::<Vec<_>>()
    };
    for (one, other) in [
        ("throttle = \"1 Gbps\"", "throttle = \"2 Gbps\""),
        ("throttle = \"1 Gbps\"", "throttle = \"none\""),
        ("action = \"accept\"", "action = \"deny\""),
        ("remove_zone = \"a\"", "add_zone = \"a\""),
        ("disconnect_zone = \"a\"", "connect_zone = \"a\""),
    ] {
        for (first, second) in [(one, other), (other, one)] {
            let all = errors(of("x", 5, first) + &of("y", 5, second));
            let [(severity, help)] = &all[..] else { panic!("{first}, {second}: {all:?}") };
            assert!(*severity == Severity::Error && help.contains("two instants"), "{help}");
            assert_eq!(errors(of("x", 5, first) + &of("y", 6, second)), [], "{first}, {second}");
        }
    }
    let apart = of("x", 5, "disconnect_zone = \"a\"") + &of("y", 5, "disconnect_zone = \"b\"");
    assert_eq!(errors(apart), []);
    let their = |name: &str, what: &str| change(name, 5, "endpoint_service.s", what);
    let desk = their("x", "whitelist_add = \"1\"") + &their("y", "whitelist_remove = \"1\"");
    assert_eq!(errors(desk).len(), 1);
    // What is said twice is said to be.
    let twice = ["x", "y"].map(|name| of(name, 5, "throttle = \"1 Gbps\"")).concat();
    assert_eq!(codes_of("", &twice), ["change"]);
    let twice = ["x", "y"].map(|name| of(name, 5, "disconnect_zone = \"a\"")).concat();
    assert_eq!(codes_of("", &twice), ["change"], "once");
}

#[test]
fn what_is_not_connected_is_not_replaced() {
    let of = |name: &str, at: u32, what: &str| change(name, at, "endpoint.e", what);
    let said = |changes: &str| {
        let text = two_resources("5 Gbps", "manual_only = [\"two\"]", 60)
            + &endpoint("e", "throttle = \"200 Mbps\"\nzones = [\"a\", \"b\"]")
            + &greedy("e")
            + &change("x", 1, "endpoint_service.s", &automatic("lb", false))
            + &change("y", 1, "endpoint_service.s", &automatic("two", true))
            + changes
            + &of("move", 20, "replace = { zone = \"a\", by = \"two\", drain = \"5 s\" }");
        let all = said(&text).into_iter().filter(|d| d.severity == Severity::Error);
        all.map(|d| format!("{}: {}", d.code, d.message)).collect::<Vec<_>>()
    };
    assert_eq!(said(""), [""; 0]);
    let gone = of("gone", 10, "remove_zone = \"a\"");
    assert_eq!(said(&gone), ["X-49: `endpoint.e` has no zone `a` then"]);
    // A zone that came back has a resource of its own: `two`, which is open.
    let again = said(&(gone + &of("back", 15, "add_zone = \"a\"")));
    assert_eq!(again, ["X-49: zone `a` is bound to `two` already"]);
    let cut = of("cut", 10, "disconnect_zone = \"a\"");
    assert_eq!(said(&cut), ["X-49: zone `a` of `endpoint.e` is disconnected then"]);
    assert_eq!(said(&(cut + &of("d", 15, "connect_zone = \"a\""))).len(), 1, "two already");
    let deny = of("deny", 10, "action = \"deny\"");
    assert_eq!(said(&deny), ["X-49: `endpoint.e` is not connected then"]);
    let late = of("late", 30, "action = \"create\"");
    assert_eq!(said(&late), ["X-49: `endpoint.e` is not connected then"]);
}

#[test]
fn a_resource_whose_old_card_is_drained_is_not_detached() {
    // Smooth at 10 s: the record changes at 12 s, the old card goes at 15 s.
    let errors = |at: u32, how: &str| {
        let by = format!("replace = {{ zone = \"a\", by = \"two\", {how} }}");
        let text = two_resources("5 Gbps", "manual_only = [\"two\"]", 60)
            + &endpoint("e", "throttle = \"200 Mbps\"")
            + &greedy("e")
            + &change("x", 1, "endpoint_service.s", &automatic("lb", false))
            + &change("y", 1, "endpoint_service.s", &automatic("two", true))
            + &change("move", 10, "endpoint.e", &by)
            + &change("off", at, "endpoint_service.s", "detach = \"lb\"");
        let all = said(&text).into_iter().filter(|d| d.severity == Severity::Error);
        all.map(|d| (d.code, d.help.unwrap_or_default())).collect::<Vec<_>>()
    };
    let smooth = "manner = \"smooth\", overlap = \"2 s\", drain = \"3 s\"";
    for at in [9, 10, 11, 13, 14] {
        let all = errors(at, smooth);
        let [("X-43", help)] = &all[..] else { panic!("at {at} s: {all:?}") };
        assert_eq!(help.contains("at 15 s"), at >= 10, "{at}: {help}");
    }
    for at in [15, 20] {
        assert_eq!(errors(at, smooth), [], "at {at} s");
    }
    assert_eq!(errors(11, "manner = \"forcible\""), []);
}

#[test]
fn a_path_that_bypasses_the_next_hop_of_its_vpc_is_told() {
    // P-09: who is where, and which routes lead through the endpoint `e` of a GWLB.
    let text = |routes: &str, path: &str, more: &str| {
        service("gwlb", "", 10)
            + "[vpc.v]\nregion = \"r\"\n[vpc.w]\nregion = \"r\"\n"
            + &endpoint("e", "vpc = \"v\"\nzones = [\"a\", \"b\"]")
            + &format!("[route_table.t]\nvpc = \"v\"\nroutes = [{routes}]\n")
            + "[load_balancer.n]\ntype = \"nlb\"\nzones = [\"a\", \"b\"]\nbackend = \"b\"\n\
               [endpoint_service.near]\nload_balancer = \"n\"\n\
               [endpoint.n]\nservice = \"near\"\nvpc = \"v\"\nzones = [\"a\", \"b\"]\n\
               created_at = 2026-03-01\n"
            + &format!(
                "[workload.w]\npath = [{path}]\nvpc = \"v\"\n\
                 arrivals = {{ poisson = {{ rate = \"1/s\" }} }}\nrequest = \"1 kB\"\n\
                 response = \"1 kB\"\n{more}"
            )
    };
    let told = |text: &str| {
        let all = said(text).into_iter().filter(|d| d.message.contains("bypasses"));
        all.map(|d| (d.code, d.severity, d.help.unwrap_or_default())).collect::<Vec<_>>()
    };
    let all = "{ to = \"0.0.0.0/0\", next_hop = \"endpoint.e\" }";
    let seen = told(&text(all, "\"backend.b\"", ""));
    let [("P-09", Severity::Warning, help)] = &seen[..] else { panic!("{seen:?}") };
    // The fix does away with it.
    let fix = &help[help.find('[').expect("a path") + 1..help.rfind(']').expect("its end")];
    assert_eq!(fix, "\"endpoint.e\", \"backend.b\"");
    assert_eq!(told(&text(all, fix, "")), []);
    // A block of which nobody knows whether it holds the backend; what is in the VPC itself; another
    // VPC; a vSwitch that may follow another table.
    let part = all.replace("0.0.0.0/0", "10.0.0.0/8");
    assert_eq!(told(&text(&part, "\"backend.b\"", "")), []);
    assert_eq!(told(&text(all, "\"endpoint.n\"", "")), []);
    let other =
        text(all, "\"backend.b\"", "").replace("]\nvpc = \"v\"\narr", "]\nvpc = \"w\"\narr");
    assert_eq!(told(&other), []);
    let second = "[route_table.u]\nvpc = \"v\"\nroutes = []\n";
    assert_eq!(told(&text(all, "\"backend.b\"", second)), []);
}
