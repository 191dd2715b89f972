//! The lowered network, a test per documented limit and one per complaint.

use crate::scenario::testing::{assumed, codes, lowered, service};

const PATH: &str = "\"endpoint.e\"";
/// What goes through a GWLB endpoint goes on.
const ON: &str = "\"endpoint.e\", \"backend.app\"";

fn endpoint(product: &str, keys: &str) -> String {
    let zones = if keys.contains("zones") { "" } else { "zones = [\"a\", \"b\"]\n" };
    format!("{}[endpoint.e]\nservice = \"svc\"\n{zones}{keys}\n", service(product))
}

fn nlb(keys: &str) -> String {
    endpoint("nlb", &format!("created_at = 2026-03-01\n{keys}"))
}

/// With a route that leads through it (P-09).
fn gwlb(keys: &str) -> String {
    let table = "[vpc.v]\nregion = \"r\"\n[route_table.t]\nvpc = \"v\"\n\
                 routes = [{ to = \"0.0.0.0/0\", next_hop = \"endpoint.e\" }]\n";
    format!("{}{table}", endpoint("gwlb", keys))
}

#[test]
fn lowered_network() {
    // A throttle of 2 Gbps over 2 devices with 10 % overshoot: 1.1 Gbps each, in every zone (P-50).
    let tree = lowered(&nlb("throttle = \"2 Gbps\"\ndevices = 2\novershoot = 1.1"), PATH);
    let zone = |z: &str| {
        format!(
            "  {z} [zone.{z}, load_balancer.lb]
    delay endpoint.e.zone-{z}.delay: 750 us, 150 us in {z}
    choose endpoint.e.zone-{z}.throttle (throttle): hash mod n
      device-1
        link endpoint.e.zone-{z}.throttle-1: 1.1 Gbps
      device-2
        link endpoint.e.zone-{z}.throttle-2: 1.1 Gbps
    link endpoint.e.zone-{z}.eni: 10 Gbps to 50 Gbps in 3 min [zone.{z}, endpoint.e, endpoint_service.svc]
    pool load_balancer.lb.zone-{z}.connections: 5000000 slots per connection, refuse
    station load_balancer.lb.zone-{z}.new-connections: 1 x 5 us per connection, queue 200000 [zone.{z}, load_balancer.lb]
    link load_balancer.lb.zone-{z}.link: 50 Gbps, half duplex [zone.{z}, load_balancer.lb]
    link backend.app.zone-{z}.link: 10 Gbps [backend.app, zone.{z}]
    station backend.app.zone-{z}: 1 x 1 ms per request [backend.app, zone.{z}]
"
        )
    };
    let head = "choose endpoint.e.name (dns): random, zone health probe down 15 s..25 s \
                up 10 s..20 s then 1 s, name ttl 1 min\n";
    assert_eq!(tree, format!("{head}{}{}", zone("a"), zone("b")));
}

#[test]
fn bandwidth_by_product() {
    // P-40, P-42, P-43, P-45.
    assert!(lowered(&nlb(""), PATH).contains("eni: 10 Gbps to 50 Gbps in 3 min"));
    assert!(lowered(&endpoint("alb", ""), PATH).contains("eni: 5 Gbps to 25 Gbps in 3 min"));
    let gwlb = lowered(&gwlb(""), ON);
    assert!(gwlb.contains("eni: 5 Gbps to 25 Gbps in 3 min"));
    assert!(
        gwlb.contains("choose load_balancer.lb.zone-a.targets"),
        "over zones by default: {gwlb}"
    );
    let clb = lowered(&endpoint("clb", ""), PATH);
    assert!(clb.contains("eni: 5 Gbps [zone.a"), "{clb}");
    // P-44: 3,072 Mbps unless the provider says otherwise, over 4 devices: 768 Mbps.
    assert!(clb.contains("throttle-4: 768 Mbps"), "{clb}");
    assert!(!lowered(&nlb(""), PATH).contains("throttle"), "X-58: no default for NLB");
}

#[test]
fn a_ceiling_over_all_zones_is_one_link() {
    // P-46: the figure is lost in the documents; where the scenario states it, all zones share it.
    let tree = lowered(&nlb("total_ceiling = \"60 Gbps\""), PATH);
    assert_eq!(tree.matches("link endpoint.e.total: 60 Gbps").count(), 2, "{tree}");
    assert!(!lowered(&nlb(""), PATH).contains("endpoint.e.total"));
}

#[test]
fn an_older_nlb_endpoint_needs_its_figure() {
    // P-41: after 2026-02-01, not on it.
    for keys in ["", "created_at = 2025-06-30", "created_at = 2026-02-01"] {
        assert_eq!(codes(&endpoint("nlb", keys), PATH), ["P-41"], "{keys}");
    }
    let told = endpoint("nlb", "created_at = 2025-06-30\nceiling = \"20 Gbps\"");
    assert!(lowered(&told, PATH).contains("eni: 10 Gbps to 20 Gbps"));
    assert!(codes(&endpoint("nlb", "created_at = 2026-02-02"), PATH).is_empty());
}

#[test]
fn throttle_ranges() {
    // where it cannot bind.
    for (product, throttle, say) in [
        ("nlb", "50 Gbps", None),
        ("nlb", "51 Gbps", Some("X-61")),
        ("nlb", "99 Mbps", Some("X-61")),
        ("alb", "25 Gbps", None),
        ("alb", "26 Gbps", Some("X-62")),
        ("gwlb", "26 Gbps", Some("X-62")),
        ("clb", "100 Mbps", None),
        ("clb", "10241 Mbps", Some("X-56")),
        ("clb", "10240 Mbps", Some("X-63")),
    ] {
        let keys = format!("created_at = 2026-03-01\nthrottle = \"{throttle}\"");
        // A backend that none of these overruns (P-50, Z-12).
        let wide = endpoint(product, &keys).replace("10 Gbps", "100 Gbps");
        let mut seen = codes(&wide, PATH);
        seen.retain(|code| !["P-09", "P-30"].contains(&code.as_str()));
        assert_eq!(seen.first().map(String::as_str), say, "{product} {throttle}");
    }
}

#[test]
fn names_and_affinity() {
    let pinned = lowered(&nlb("name = \"zone:b\""), PATH);
    assert!(pinned.starts_with("choose endpoint.e.name (dns): random, name ttl"), "{pinned}");
    assert!(!pinned.contains("zone-a"), "{pinned}");
    assert_eq!(codes(&nlb("name = \"zone:b\""), PATH), ["P-23"]);
    assert_eq!(codes(&nlb("name = \"zone:c\""), PATH)[0], "P-23");
    assert_eq!(codes(&nlb("zone_affinity = true"), PATH), ["X-10"]);
    let both = nlb("zone_affinity = true")
        .replace("load_balancer = \"lb\"", "load_balancer = \"lb\"\nzone_affinity = true");
    assert!(codes(&both, PATH).is_empty());
    assert!(lowered(&both, PATH).contains("(dns): own place first"));
    let theirs = both.replace("03-01\nzone_affinity = true", "03-01");
    assert_eq!(codes(&theirs, PATH), ["X-10"]);
}

#[test]
fn zones_and_pairing() {
    assert_eq!(codes(&nlb("zones = [\"a\"]"), PATH), ["P-31"]);
    assert_eq!(codes(&nlb("zones = [\"a\", \"c\"]"), PATH), ["X-17"]);
    assert_eq!(codes(&nlb("type = \"gwlb\""), PATH), ["P-08"]);
    assert_eq!(codes(&endpoint("gwlb", "type = \"interface\""), PATH), ["P-08"]);
    assert!(codes(&gwlb("type = \"gwlb\""), ON).is_empty());
    assert_eq!(codes(&endpoint("gwlb", ""), ON), ["P-09"], "no route leads to it");
    assert_eq!(codes(&gwlb(""), PATH), ["P-09"], "traffic goes on");
    assert_eq!(codes(&gwlb("name = \"zone:a\""), ON), ["P-09"], "nobody calls it");
    assert_eq!(codes(&gwlb("zone_affinity = true"), ON), ["P-09"], "no name to prefer by");
    assert_eq!(codes(&nlb("ceiling = \"100 Gbps\""), PATH), ["P-39"]);
    assert_eq!(codes(&nlb("overshoot = 0.5"), PATH), ["P-55"]);
}

#[test]
fn clients_of_a_spread_throttle() {
    let with =
        |keys: &str| codes(&nlb("throttle = \"1 Gbps\""), &format!("{PATH}]\n{keys}\nzones = ["));
    // 4 devices need 21 connections.
    assert_eq!(with("clients = 4\nconnections = { per_client = 5 }"), ["P-54"]);
    assert!(with("clients = 7\nconnections = { per_client = 3 }").is_empty());
    assert_eq!(with("names = \"forever\""), ["Z-01"]);
}

#[test]
fn what_nobody_publishes_is_assumed() {
    let seen = |keys: &str, parameter: &str| assumed(&nlb(keys), PATH, parameter);
    assert_eq!(seen("", "endpoint.e.record_ttl"), Some(("60 s".into(), "C".into())));
    assert_eq!(seen("", "endpoint.e.overshoot"), Some(("1.0".into(), "D".into())));
    let set = seen("record_ttl = \"5 s\"", "endpoint.e.record_ttl");
    assert_eq!(set, Some(("5 s".into(), "set".into())));
}

#[test]
fn forms_of_endpoints() {
    // P-12: no network card limits a gateway endpoint, nor does the default throttle of CLB.
    let cloud = |product: &str, keys: &str, name: &str| {
        let keys = format!("created_at = 2026-03-01\n{keys}");
        endpoint(product, &keys).replace(
            "load_balancer = \"lb\"",
            &format!("load_balancer = \"lb\"\ncloud_service = \"{name}\""),
        )
    };
    let gateway = lowered(&cloud("clb", "type = \"gateway\"", "oss"), PATH);
    assert!(!gateway.contains("eni") && !gateway.contains("throttle"), "{gateway}");
    assert!(gateway.contains("load_balancer.lb.zone-a.link: 5 Gbps"), "{gateway}");
    // P-10: from the provider through the card to what is next on the path, past no load balancer.
    let group = "[security_group.g]\ninbound = [{ source = \"0.0.0.0/0\" }]\n";
    let reverse = cloud("nlb", "type = \"reverse\"\nsecurity_group = \"g\"", "log") + group;
    let tree = lowered(&reverse, "\"endpoint.e\", \"backend.app\"");
    assert!(tree.contains("endpoint.e.zone-a.eni: 10 Gbps"), "{tree}");
    assert!(!tree.contains("load_balancer") && tree.contains("backend.app"), "{tree}");
}

#[test]
fn a_gwlb_endpoint_is_an_inline_hop() {
    // P-09: by route table to the card of one's own zone, through the GWLB and an appliance, back
    // through the same card, and on to the destination.
    let net = gwlb("throttle = \"2 Gbps\"\ndevices = 2")
        + "[backend.shop]\nbandwidth = \"1 Gbps\"\nservice = \"2 ms\"\n";
    let tree = lowered(&net, "\"endpoint.e\", \"backend.shop\"");
    let head = "choose endpoint.e.next-hop (route table): own place first, for packets\n  \
                a [zone.a, load_balancer.lb]\n";
    assert!(tree.starts_with(head), "{tree}");
    let zone = tree.find("\n  b [zone.b, load_balancer.lb]").expect("a second zone");
    let steps: Vec<&str> =
        tree[head.len()..zone].lines().map(|l| l.trim().split(':').next().unwrap_or(l)).collect();
    let appliance = |zone: &str| -> Vec<String> {
        let way =
            if zone == "a" { "delay region.r.in-zone" } else { "delay region.r.between-zones" };
        vec![
            format!("{zone} [backend.app, zone.{zone}]"),
            way.into(),
            format!("link backend.app.zone-{zone}.link"),
            format!("station backend.app.zone-{zone}"),
            format!("against backend.app.zone-{zone}.link"),
            way.into(),
        ]
    };
    let mut wanted: Vec<String> = [
        "delay endpoint.e.zone-a.delay",
        "choose endpoint.e.zone-a.throttle (throttle)",
        "device-1",
        "link endpoint.e.zone-a.throttle-1",
        "against endpoint.e.zone-a.throttle-1",
        "device-2",
        "link endpoint.e.zone-a.throttle-2",
        "against endpoint.e.zone-a.throttle-2",
        "link endpoint.e.zone-a.eni",
        "pool load_balancer.lb.zone-a.connections",
        "station load_balancer.lb.zone-a.new-connections",
        "link load_balancer.lb.zone-a.link",
        "choose load_balancer.lb.zone-a.targets (load balancer)",
    ]
    .map(str::to_owned)
    .to_vec();
    ["a", "b", "c"].iter().for_each(|zone| wanted.extend(appliance(zone)));
    wanted.push("against load_balancer.lb.zone-a.link".into());
    wanted.push("against endpoint.e.zone-a.eni".into());
    assert_eq!(steps, wanted);
    assert!(tree.ends_with("link backend.shop.link: 1 Gbps [backend.shop]\nstation backend.shop: 1 x 2 ms per request [backend.shop]\n"), "{tree}");
    // Routes follow health where the scenario says who moves them, and how fast.
    let moved = net.replace("vpc = \"v\"\nroutes", "vpc = \"v\"\nfailover = \"90 s\"\nroutes");
    let tree = lowered(&moved, ON);
    assert!(tree.contains("own place first, for packets, route table down 1.5 min"), "{tree}");
}

#[test]
fn forms_of_names() {
    // P-32: an address asks nobody, and follows no health.
    let address = lowered(&nlb("name = \"address:b\""), PATH);
    assert!(address.starts_with("choose endpoint.e.name (dns): random\n"), "{address}");
    assert!(!address.contains("zone-a"), "{address}");
    // P-24: the custom domain has the records of the endpoint's own.
    let custom = nlb("name = \"custom\"")
        .replace("load_balancer = \"lb\"", "load_balancer = \"lb\"\ncustom_domain = \"x.example\"");
    assert_eq!(lowered(&custom, PATH), lowered(&nlb(""), PATH));
    assert_eq!(codes(&nlb("name = \"nobody\""), PATH), ["word"]);
}

#[test]
fn a_remote_endpoint_crosses_one_capped_link() {
    // one zone here leads over 100 Mbps and 15 ms to both zones of the service.
    let far = "[region.far]\nmainland = false\n[zone.f]\nregion = \"far\"\n";
    let keys = "zones = [\"f\"]\ncross_region_round_trip = \"30 ms\"";
    let text = format!("{}{far}", nlb(keys))
        .replace("[region.r]", "[region.r]\nmainland = false")
        .replace("load_balancer = \"lb\"", "load_balancer = \"lb\"\nregions = [\"far\"]");
    assert_eq!(codes(&text, PATH), ["X-27"]);
    let tree = lowered(&text, PATH);
    assert!(tree.contains("link endpoint.e.cross-region: 100 Mbps"), "{tree}");
    assert!(tree.contains("delay endpoint.e.cross-region.delay: 15 ms"), "{tree}");
    assert!(tree.contains("choose endpoint.e.zone-f.service-zone (zone): random"), "{tree}");
    for zone in ["a", "b"] {
        assert!(tree.contains(&format!("load_balancer.lb.zone-{zone}.link")), "{tree}");
    }
}
