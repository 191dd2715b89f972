//! What services on EAS become, and what is refused.

use crate::plan::{Scope, What};
use crate::scenario::testing::{ZONES, codes, load, lowered};
use crate::units::Span;

const NET: &str = "[vpc.v]\nregion = \"r\"\n[vswitch.s]\nvpc = \"v\"\nzone = \"a\"\n\
     cidr = \"10.0.1.0/24\"\n[vswitch.t]\nvpc = \"v\"\nzone = \"b\"\ncidr = \"10.0.2.0/24\"\n\
     [security_group.g]\ninbound = [{ source = \"10.0.0.0/8\" }]\n";

fn eas(keys: &str) -> String {
    format!(
        "{ZONES}{NET}[eas.x]\nvswitch = \"s\"\nsecurity_group = \"g\"\nservice = \"2 s\"\n{keys}\n"
    )
}

#[test]
fn directly_or_through_the_gateway() {
    assert_eq!(
        lowered(&eas("instances = 3\nconcurrency = 2"), "\"eas.x\""),
        "station eas.x: 6 x 2 s per request [eas.x, zone.a]\n"
    );
    let through = lowered(&eas("instances = 3\ngateway = {}"), "\"eas.x\"");
    assert_eq!(
        through,
        "delay eas.x.gateway.delay: 1 ms\nlink eas.x.gateway.bandwidth: 1 Gbps [eas.x]\n\
         station eas.x.gateway: 1 x 100 us per request, queue 10000 [eas.x]\n\
         station eas.x: 3 x 2 s per request [eas.x, zone.a]\n"
    );
    // Connections belong to an instance, or requests where the gateway keeps the connections.
    let seats = |keys: &str| {
        let plan = load(&eas(keys), "\"eas.x\"").unwrap().plan;
        let seats = plan.scalers[0].seats.clone().unwrap();
        (seats.scope, seats.look_up)
    };
    assert_eq!(seats("instances = 3"), (Scope::Connection, Span::from_secs(60)));
    assert_eq!(seats("instances = 3\ngateway = {}"), (Scope::Request, Span::ZERO));
    let never = Span::from_nanos(u64::MAX);
    assert_eq!(seats("instances = 3\nlook_up = \"never\""), (Scope::Connection, never));
}

#[test]
fn instances_share_the_addresses_of_their_vswitch() {
    let other =
        "[eas.y]\nvswitch = \"s\"\nsecurity_group = \"g\"\ninstances = 5\nservice = \"1 s\"\n";
    let plan = load(&eas(&format!("instances = 3\n{other}")), "\"eas.x\"").unwrap().plan;
    let pools: Vec<_> = plan.scalers.iter().map(|s| s.pool.unwrap()).collect();
    assert_eq!((pools.len(), pools[0]), (2, pools[1]));
    assert_eq!(plan.pools[pools[0].index()].units, 252);
}

#[test]
fn the_service_s_own_network_wins() {
    // E-06, E-10: own, group's, or none.
    let pool = |keys: &str| {
        let text = format!("{ZONES}{NET}[eas.x]\ninstances = 1\nservice = \"2 s\"\n{keys}\n");
        let plan = load(&text, "\"backend.app\"").unwrap().plan;
        plan.scalers[0].pool.map(|p| plan.pools[p.index()].name.clone())
    };
    let group = "group = { vswitch = \"t\", security_group = \"g\" }\n";
    let own = "vswitch = \"s\"\nsecurity_group = \"g\"\n";
    let is = |name: &str| Some(format!("vswitch.{name}.addresses"));
    assert_eq!(pool(&format!("{own}{group}")), is("s"));
    assert_eq!(pool(group), is("t"));
    assert_eq!(pool(&group.replace("{ ", "{ on = false, ")), None);
}

#[test]
fn what_is_done_to_instances() {
    let keys = "instances = 22\nscaling = { min = 2, max = 60 }\n\
                schedule = [{ at = \"1 s\", instances = 30 }]\n\
                update = { at = \"2 s\" }\nreschedule = [{ at = \"3 s\" }]";
    let plan = load(&eas(keys), "\"eas.x\"").unwrap().plan;
    let done: Vec<_> =
        plan.changes.iter().map(|c| (c.at.nanos() / 1_000_000_000, &c.what)).collect();
    let [(1, What::Want { instances: 30, .. }), renewed, displaced] = done[..] else {
        panic!("{done:?}")
    };
    // 25 % of 22, up and down.
    assert!(matches!(renewed, (2, What::Renew { surge: 6, unavailable: 5, .. })), "{renewed:?}");
    assert!(matches!(displaced, (3, What::Displace { instances: 1, .. })), "{displaced:?}");
    assert!(plan.faults.iter().all(|f| f.planned) && plan.faults.len() == 2);
}

#[test]
fn complaints() {
    let seen = |keys: &str| codes(&eas(keys), "\"eas.x\"");
    assert!(seen("instances = 2").is_empty());
    assert_eq!(seen(""), ["missing-key"]);
    assert_eq!(seen("instances = 0"), ["range"]);
    assert_eq!(seen("instances = 2\nscaling = { min = 4, max = 2 }"), ["range"]);
    assert_eq!(seen("instances = 2\nscaling = { max = 2 }"), ["missing-key"]);
    let stuck = "instances = 2\nupdate = { at = \"1 s\", max_surge = 0, max_unavailable = 0 }";
    assert_eq!(seen(stuck), ["range"]);
    assert_eq!(seen("instances = 2\nupdate = { at = \"1 s\", surge = 1 }"), ["unknown-key"]);
    assert_eq!(seen("instances = 253"), ["E-21"]);
    assert_eq!(seen("instances = 2\nlook_up = \"never\""), ["E-16"]);
}

#[test]
fn a_configuration_in_json() {
    // E-07, E-08: 3 instances in tables of these names.
    let folder = std::env::temp_dir().join(format!("highwater-eas-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let seen = |json: &str| {
        std::fs::write(folder.join("service.json"), json).unwrap();
        let text = format!(
            "version = 1\n{ZONES}{NET}[eas.x]\njson = \"service.json\"\nservice = \"2 s\"\n\
             [workload.w]\npath = [\"eas.x\"]\narrivals = {{ poisson = {{ rate = \"1/s\" }} }}\n\
             request = \"1 kB\"\nresponse = \"1 kB\"\n"
        );
        let source = crate::scenario::Source { path: "t.toml".into(), text };
        crate::scenario::load_text(source, &folder, &[]).map_err(|e| e.to_string())
    };
    let json = r#"{"metadata": {"name": "x", "instance": 3}, "cloud": {"networking":
        {"vpc_id": "v", "vswitch_id": "t", "security_group_id": "g"}}}"#;
    let plan = seen(json).unwrap().plan;
    assert_eq!(plan.scalers[0].instances, 3);
    let pool = plan.scalers[0].pool.unwrap();
    assert_eq!(plan.pools[pool.index()].name, "vswitch.t.addresses");
    assert!(seen("{").unwrap_err().contains("error[json]"));
    assert!(seen("{}").unwrap_err().contains("metadata.instance"));
    assert!(seen(&json.replace("\"t\"", "\"vsw-1\"")).unwrap_err().contains("error[unknown-name]"));
    std::fs::remove_dir_all(folder).unwrap();
}
