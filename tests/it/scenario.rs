//! Scenario files: what loads, what is refused and how it reads.

use std::path::Path;

use highwater::plan::{Arrivals, Capacity, Hop, What};
use highwater::random::Dist;
use highwater::scenario::{Failure, Loaded, Source, kinds, load, load_text, show_plan};
use highwater::units::{Rate, Span};

fn text(text: &str, overrides: &[(&str, &str)]) -> Result<Loaded, String> {
    let source = Source { path: "t.toml".into(), text: text.into() };
    let overrides: Vec<_> =
        overrides.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    load_text(source, Path::new("scenarios"), &overrides).map_err(|failure| match failure {
        Failure::Refused { .. } => failure.to_string(),
        Failure::Io { .. } => panic!("{failure}"),
    })
}

const SMALL: &str = r#"
version = 1
[run]
length = "10 min"
window = "1 s"
[link.a]
capacity = "1 Gbps"
[delay.d]
one_way = "2 ms"
[station.s]
servers = 2
rate = "100/s"
[route.r]
hops = ["link.a", "delay.d", "against:link.a", "station.s"]
[workload.w]
route = "r"
arrivals = { poisson = { rate = "600/min" } }
request = "1 kB"
response = { exponential = { mean = "20 kB" } }
[fault.slow]
capacity_change = { of = "link.a", to = "100 Mbps" }
at = "1 min"
length = "30 s"
"#;

#[test]
fn primitives_lower_as_written() {
    let plan = text(SMALL, &[]).unwrap().plan;
    let hops = &plan.routes[0].hops;
    assert!(matches!(hops[..], [Hop::Link(_), Hop::Delay(_), Hop::Against(_), Hop::Station(_)]));
    // Two servers complete 100 a second together: 20 ms each.
    assert_eq!(plan.stations[0].service, Dist::constant(20e6));
    assert_eq!(plan.workloads[0].arrivals, Arrivals::Poisson { per_second: 10.0, profile: None });
    let changes: Vec<_> = plan
        .changes
        .iter()
        .map(|c| match &c.what {
            What::Override { rate, .. } => (c.at, *rate),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        changes,
        [(Span::from_secs(60), Some(Rate::from_mbps(100))), (Span::from_secs(90), None)]
    );
}

#[test]
fn overrides_take_values_as_typed() {
    for value in ["2 Gbps", "\"2 Gbps\""] {
        let plan = text(SMALL, &[("link.a.capacity", value)]).unwrap().plan;
        assert_eq!(plan.links[0].capacity, Capacity::Fixed(Rate::from_gbps(2)));
    }
    let plan = text(SMALL, &[("run.replications", "3"), ("workload.w.idempotent", "false")]);
    let plan = plan.unwrap().plan;
    assert_eq!((plan.settings.replications, plan.workloads[0].idempotent), (3, false));
    let list = text(SMALL, &[("route.r.hops.1", "station.s")]).unwrap().plan;
    assert!(matches!(list.routes[0].hops[1], Hop::Station(_)));
    for (key, value, say) in [
        ("link.b.capacity", "1 Gbps", "did you mean `a`?"),
        ("link.a.capcity", "1 Gbps", "did you mean `capacity`?"),
        ("link.a.capacity", "1 Gbqs", "--set:1:17"),
        ("lnik.a.capacity", "1 Gbps", "did you mean `link`?"),
        ("route.r.hops.9", "link.a", "does not lead to a value"),
        ("", "", "is no key"),
        ("link..a", "1", "is no key"),
    ] {
        let said = text(SMALL, &[(key, value)]).unwrap_err();
        assert!(said.contains(say), "{key}: {said}");
    }
}

#[test]
fn hash_sees_values_and_not_spelling() {
    let base = text(SMALL, &[]).unwrap().hash;
    let commented = SMALL.replace("[link.a]", "# a link\n\n[link.a]");
    assert_eq!(text(&commented, &[]).unwrap().hash, base);
    assert_ne!(text(SMALL, &[("link.a.capacity", "2 Gbps")]).unwrap().hash, base);
}

#[test]
fn order_of_tables_does_not_matter() {
    let mut tables: Vec<String> = SMALL.split("\n[").skip(1).map(|t| format!("[{t}\n")).collect();
    tables.reverse();
    let turned = format!("version = 1\n{}", tables.concat());
    let (a, b) = (text(SMALL, &[]).unwrap(), text(&turned, &[]).unwrap());
    assert_eq!(format!("{:?}", a.plan), format!("{:?}", b.plan));
    assert_eq!(a.hash, b.hash);
}

#[test]
fn sweeps_are_tried_when_loaded() {
    let good = format!("{SMALL}\n[sweep]\n\"link.a.capacity\" = [\"1 Gbps\", \"2 Gbps\"]\n");
    let sweep = text(&good, &[]).unwrap().sweep;
    assert_eq!(sweep.axes[0].key, "link.a.capacity");
    assert_eq!(sweep.axes[0].values, ["\"1 Gbps\"", "\"2 Gbps\""]);
    let bad = good.replace("2 Gbps\"]", "2 Gb\"]");
    assert!(text(&bad, &[]).unwrap_err().contains("t.toml:26:32"));
    let bad = good.replace("link.a.capacity\" =", "link.a.capasity\" =");
    assert!(text(&bad, &[]).unwrap_err().contains("did you mean `capacity`?"));
}

#[test]
fn shipped_scenarios_load() {
    let mut names: Vec<_> = std::fs::read_dir("scenarios")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    names.sort();
    assert!(!names.is_empty());
    for path in names {
        let loaded = load(&path, &[]).unwrap_or_else(|e| panic!("{e}"));
        assert!(!loaded.plan.title.is_empty(), "{} has a title", path.display());
    }
}

#[test]
fn a_missing_file_is_an_io_failure() {
    assert!(matches!(load(Path::new("no/such.toml"), &[]), Err(Failure::Io { .. })));
}

#[test]
fn data_files_are_read_and_count() {
    let text = "version = 1\n[link.a]\ncapacity = \"1 Gbps\"\n[workload.t]\npath = [\"link.a\"]\n\
                arrivals = { trace = { file = \"data/trace.csv\" } }\n\
                [workload.w]\npath = [\"link.a\"]\narrivals = { poisson = { rate = \"1/s\" } }\n\
                request = \"1 B\"\nresponse = { empirical = { file = \"data/sizes.csv\" } }\n";
    let load = |folder: &str| {
        let source = Source { path: "t.toml".into(), text: text.into() };
        load_text(source, Path::new(folder), &[])
    };
    let loaded = load("tests/bad").unwrap();
    let Arrivals::Trace { rows } = &loaded.plan.workloads[0].arrivals else { panic!() };
    let seen: Vec<_> = rows.iter().map(|r| (r.at.nanos(), r.request, r.response)).collect();
    assert_eq!(seen, [(500_000_000, 100, 2000), (500_000_000, 100, 0), (1_250_000_000, 0, 7)]);
    // Half of the mass on 1 kB, the rest even up to 3 kB: 0.5 x 1000 + 0.5 x 2000.
    assert_eq!(loaded.plan.workloads[1].response.mean(), 1500.0);
    assert!(load("scenarios").is_err(), "the files are not below that folder");
}

/// What each shipped scenario is lowered to; `UPDATE_GOLDEN=1` rewrites.
#[test]
fn shipped_scenarios_lower_as_agreed() {
    for name in [
        "eas-rolling-update",
        "express-connect-ecmp",
        "hybrid-review",
        "maxcompute-egress",
        "nat-two-tenants",
        "privatelink-affinity",
        "privatelink-cross-region",
        "privatelink-migration",
        "privatelink-onboarding",
        "privatelink-pool",
        "privatelink-throttle",
        "privatelink-zone-failover",
    ] {
        let loaded = load(Path::new(&format!("scenarios/{name}.toml")), &[]).unwrap();
        let mut seen = show_plan(&loaded.plan);
        for notice in &loaded.plan.notices {
            seen.push_str(&format!("{} {} {}\n", notice.severity, notice.code, notice.place));
        }
        for a in &loaded.plan.assumptions {
            seen.push_str(&format!(
                "{} = {} [{}] {}\n",
                a.parameter, a.value, a.confidence, a.source
            ));
        }
        let golden = format!("tests/it/scenario_golden/{name}.txt");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&golden, &seen).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&golden).unwrap_or_default(), seen, "{golden}");
    }
}

/// Every key of every kind is asked for by its reader: `UPDATE_GOLDEN=1` rewrites the list.
#[test]
fn keys_of_kinds() {
    let mut seen = String::new();
    for kind in kinds() {
        seen.push_str(&format!("[{}.x] {}\n    {}\n", kind.name, kind.doc, kind.keys().join(" ")));
    }
    let golden = "tests/it/scenario_golden/keys.txt";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(golden, &seen).unwrap();
    }
    assert_eq!(std::fs::read_to_string(golden).unwrap_or_default(), seen);
}
