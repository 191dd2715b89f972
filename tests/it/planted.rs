//! A planted fault for each rule of PrivateLink: the scenario that breaks a row is told so with the
//! row's code, at the right place, with the document and the fix; its clean twin raises nothing.
//!
//! Each case is an edit of [`BASE`] (the clean twin), and one more edit (the fault).

use highwater::scenario::Severity;

use super::plant::{Bed, Planted};
pub(crate) use super::plant::{Edit, said};

/// A sound design: each `# mark` is where edits add keys.
pub(crate) const BASE: &str = r#"
version = 1
[region.r]
mainland = true
[region.q]
mainland = true
[region.o]
mainland = false
[region.p]
mainland = false
[zone.a]
region = "r"
[zone.b]
region = "r"
[zone.c]
region = "r"
[zone.q1]
region = "q"
[zone.q2]
region = "q"
[zone.o1]
region = "o"
[zone.o2]
region = "o"
[vpc.app]
region = "r"
cidr = "10.0.0.0/16" # app
[vpc.other]
region = "r"
cidr = "10.1.0.0/16" # other
[site.hq]
bandwidth = "1 Gbps"
cidr = "192.168.0.0/16"
[vswitch.a]
vpc = "app"
zone = "a"
cidr = "10.0.1.0/29"
used = 1
[vswitch.b]
vpc = "app"
zone = "b"
cidr = "10.0.2.0/24"
[security_group.web]
inbound = [{ source = "10.0.0.0/16", ports = "443" }]
[backend.app]
zones = ["a", "b"]
bandwidth = "10 Gbps"
service = "1 ms"
[load_balancer.lb]
type = "nlb"
zones = ["a", "b"]
backend = "app" # lb
[load_balancer.lb2]
type = "nlb"
zones = ["a", "b"]
backend = "app" # lb2
[endpoint_service.svc]
load_balancer = "lb" # svc
[endpoint.e]
service = "svc"
zones = ["a", "b"]
created_at = 2026-03-01 # e
[workload.w]
path = ["endpoint.e"]
arrivals = { poisson = { rate = "1/s" } }
request = "1 kB"
response = "1 kB" # w
# more
"#;

const CLB: Edit = ("type = \"nlb\"", "type = \"clb\"");
const ALB: Edit = ("type = \"nlb\"", "type = \"alb\"");
const TWO_CLB: Edit = ("# svc", "\nresources = [\"lb2\"] # svc");
const OTHER_PRIMARY: Edit = ("# lb2", "\nprimary_zone = \"b\" # lb2");
const OSS: Edit = ("# svc", "\ncloud_service = \"oss\" # svc");
const CLOUD: Edit = ("# svc", "\ncloud_service = \"log\" # svc");
const CUSTOM: Edit = ("# e", "\npolicy = \"custom\" # e");
const CALLED_BY_CUSTOM: &[Edit] = &[
    ("# svc", "\ncustom_domain = \"api.example.com\" # svc"),
    ("# e", "\nname = \"custom\"\nvpc = \"app\" # e"),
    ("# w", "\nvpc = \"app\" # w"),
];
const OTHERS: &[Edit] = &[
    ("# svc", "\naccount = \"1001\"\nwhitelist = [\"2002\"] # svc"),
    ("# e", "\naccount = \"2002\" # e"),
];
const REMOTE: &[Edit] = &[
    ("# svc", "\nregions = [\"q\"] # svc"),
    ("zones = [\"a\", \"b\"]\ncreated_at", "zones = [\"q1\", \"q2\"]\ncreated_at"),
    ("# e", "\ncross_region_round_trip = \"30 ms\" # e"),
];
const ABROAD: &[Edit] = &[
    ("# svc", "\nregions = [\"o\"] # svc"),
    ("zones = [\"a\", \"b\"]\ncreated_at", "zones = [\"o1\", \"o2\"]\ncreated_at"),
    ("# e", "\ncross_region_round_trip = \"30 ms\" # e"),
    ("region.r]\nmainland = true", "region.r]\nmainland = false"),
];
const GWLB: &[Edit] = &[
    ("type = \"nlb\"", "type = \"gwlb\""),
    ("# e", "\nvpc = \"app\" # e"),
    (
        "# more",
        "[route_table.t]\nvpc = \"app\"\nroutes = [{ to = \"0.0.0.0/0\", next_hop = \"endpoint.e\" }]",
    ),
    ("path = [\"endpoint.e\"]", "path = [\"endpoint.e\", \"backend.app\"]"),
];
const REVERSE: &[Edit] = &[
    CLOUD,
    ("# e", "\ntype = \"reverse\"\nsecurity_group = \"web\" # e"),
    ("path = [\"endpoint.e\"]", "path = [\"endpoint.e\", \"backend.app\"]"),
];
const CUT: &[Edit] = &[
    TWO_CLB,
    ("# svc", "\nmanaged_resources = true # svc"),
    ("# more", "[change.a]\nat = \"5 s\"\nof = \"endpoint.e\"\ndisconnect_zone = \"a\"\n# more"),
    (
        "# more",
        "[change.b]\nat = \"9 s\"\nof = \"endpoint.e\"\n\
         allocate = { zone = \"a\", resource = \"load_balancer.lb2\" }\n# more",
    ),
];
const SMOOTH: &[Edit] = &[
    ("# w", "\nconnections = { max_age = \"30 s\" } # w"),
    CLB,
    TWO_CLB,
    // The first zone is the primary one.
    (
        "lb2]\ntype = \"clb\"\nzones = [\"a\", \"b\"]",
        "lb2]\ntype = \"clb\"\nzones = [\"b\", \"a\"]",
    ),
    ("# svc", "\nmanaged_resources = true # svc"),
    (
        "# more",
        "[change.a]\nat = \"5 s\"\nof = \"endpoint_service.svc\"\n\
         automatic_allocation = { resource = \"lb\", on = false }\n# more",
    ),
    (
        "# more",
        "[change.b]\nat = \"9 s\"\nof = \"endpoint.e\"\n\
         replace = { zone = \"a\", by = \"lb2\", manner = \"smooth\", drain = \"30 s\" }\n# more",
    ),
];
const BY_HAND: &[Edit] = &[
    ("# svc", "\nresources = [\"lb2\"]\nmanaged_resources = true # svc"),
    ("# e", "\nresources = [\"lb2\"] # e"),
];

fn with(first: &[Edit], then: Vec<Edit>) -> Vec<Edit> {
    first.iter().copied().chain(then).collect()
}

/// Rows in order: row and severity; the edits of the clean twin; the fault; what the caret is under
/// and a part of the fix.
macro_rules! planted {
    ($($row:literal $severity:ident: $clean:expr; $fault:expr; $at:literal, $fix:literal;)*) => {
        fn planted() -> Vec<Planted> {
            vec![$(Planted {
                row: $row,
                severity: Severity::$severity,
                clean: $clean,
                fault: $fault,
                at: $at,
                fix: $fix,
                mend: None,
            },)*]
        }
    };
}

planted! {
    "P-03" Error:
        vec![TWO_CLB];
        ("lb2]\ntype = \"nlb\"", "lb2]\ntype = \"alb\"");
        "\"lb2\"", "a service for each type";
    "P-04" Error:
        vec![];
        ("service = \"svc\"", "service = \"svd\"");
        "\"svd\"", "declared are svc";
    "P-05" Error:
        OTHERS.to_vec();
        ("[\"2002\"]", "[\"2003\"]");
        "\"2002\"", "add \"2002\" to the whitelist of endpoint_service.svc";
    "P-08" Error:
        vec![("# e", "\ntype = \"interface\" # e")];
        ("\"interface\"", "\"gwlb\"");
        "\"gwlb\"", "write type = \"interface\"";
    "P-09" Error:
        GWLB.to_vec();
        ("{ to = \"0.0.0.0/0\", next_hop = \"endpoint.e\" }", "");
        "e", "[route_table.name]";
    "P-10" Error:
        REVERSE.to_vec();
        ("cloud_service = \"log\"", "");
        "\"reverse\"", "name the `cloud_service`";
    "P-11" Error:
        REVERSE.to_vec();
        ("\nsecurity_group = \"web\"", "");
        "\"reverse\"", "set security_group";
    "P-12" Error:
        vec![OSS, ("# e", "\ntype = \"gateway\" # e")];
        ("\"oss\"", "\"log\"");
        "\"gateway\"", "cloud_service = \"oss\"";
    "P-13" Error:
        vec![("# e", "\nvswitches = [\"a\", \"b\"] # e")];
        ("used = 1", "used = 4");
        "4", "larger vSwitch";
    "P-14" Error:
        vec![CLOUD, CUSTOM];
        ("cloud_service = \"log\"", "");
        "\"custom\"", "leave `policy` out";
    "P-15" Warning:
        vec![CLOUD, CUSTOM];
        ("policy = \"custom\"", "");
        "e", "policy = \"custom\"";
    "P-23" Warning:
        vec![];
        ("# e", "\nname = \"zone:a\" # e");
        "w", "name = \"endpoint\"";
    "P-24" Error:
        CALLED_BY_CUSTOM.to_vec();
        ("\ncustom_domain = \"api.example.com\"", "");
        "\"custom\"", "set custom_domain";
    "P-25" Error:
        vec![
            CALLED_BY_CUSTOM[0],
            CALLED_BY_CUSTOM[1],
            ("# w", "\nvpc = \"other\" # w"),
            ("# other", "\nconnected_to = [\"app\"]"),
            ("# e", "\nresolved_in = [\"vpc.other\"] # e"),
        ];
        ("\nresolved_in = [\"vpc.other\"]", "");
        "\"endpoint.e\"", "resolved_in = [\"vpc.other\"]";
    "P-26" Error:
        vec![
            ("# e", "\nvpc = \"app\" # e"),
            ("# w", "\nvpc = \"other\" # w"),
            ("# other", "\nconnected_to = [\"app\"]"),
        ];
        ("\nconnected_to = [\"app\"]", "");
        "\"other\"", "connected_to = [\"app\"] on vpc.other";
    "P-27" Error:
        vec![
            ("# lb\n", "\nip_version = \"dual_stack\"\n"),
            ("# svc", "\nip_version = \"dual_stack\" # svc"),
            ("# e", "\nip_version = \"dual_stack\" # e"),
        ];
        ("backend = \"app\" \nip_version = \"dual_stack\"", "backend = \"app\"");
        "\"dual_stack\"", "on the load balancer";
    "P-28" Warning:
        vec![
            ("# lb\n", "\nip_version = \"dual_stack\"\n"),
            ("# svc", "\nip_version = \"dual_stack\" # svc"),
            ("# e", "\nip_version = \"dual_stack\" # e"),
        ];
        ("2026-03-01 \nip_version = \"dual_stack\"", "2026-03-01");
        "e", "ip_version = \"dual_stack\"";
    "P-29" Warning:
        vec![];
        ("zones = [\"a\", \"b\"]\nbackend = \"app\" # lb2", "zones = [\"a\"]\nbackend = \"app\" # lb2");
        "\"a\"", "zone";
    "P-30" Warning:
        vec![CLB, TWO_CLB, OTHER_PRIMARY];
        ("primary_zone = \"b\"", "primary_zone = \"a\"");
        "\"lb\"", "another zone";
    "P-31" Warning:
        vec![];
        ("zones = [\"a\", \"b\"]\ncreated_at", "zones = [\"a\"]\ncreated_at");
        "\"a\"", "a second zone";
    "P-32" Warning:
        vec![];
        ("# e", "\nname = \"address:a\" # e");
        "w", "name = \"endpoint\"";
    "P-39" Warning:
        vec![("# e", "\nceiling = \"60 Gbps\"\nraised_limit = \"ticket 4711\" # e")];
        ("\nraised_limit = \"ticket 4711\"", "");
        "\"60 Gbps\"", "raised_limit";
    "P-41" Error:
        vec![];
        ("2026-03-01", "2025-03-01");
        "2025-03-01", "state the figure as `ceiling`";
    "P-46" Warning:
        vec![("# e", "\ntotal_ceiling = \"100 Gbps\" # e")];
        ("total_ceiling = \"100 Gbps\"", "total_ceiling = \"101 Gbps\"");
        "\"101 Gbps\"", "below 100 Gbps";
    "P-50" Warning:
        vec![("# e", "\nthrottle = \"10 Gbps\" # e")];
        ("\"10 Gbps\" # e", "\"15 Gbps\" # e");
        "\"15 Gbps\"", "at most 10 Gbps";
    "P-54" Warning:
        vec![
            ("# e", "\nthrottle = \"1 Gbps\" # e"),
            ("# w", "\nconnections = { per_client = 21 } # w"),
        ];
        ("per_client = 21", "per_client = 20");
        "w", "21 connections";
    "P-55" Error:
        vec![("# e", "\novershoot = 1.2 # e")];
        ("1.2", "0.5");
        "0.5", "";
    "X-01" Note:
        vec![("# other", "\nconnected_to = [\"app\"]")];
        ("10.1.0.0/16", "10.0.0.0/8");
        "\"app\"", "endpoint service";
    "X-02" Error:
        REMOTE.to_vec();
        ("regions = [\"q\"]", "");
        "\"q1\"", "regions = [\"q\"]";
    "X-03" Error:
        REMOTE.to_vec();
        ("[\"q\"]", "[\"o\"]");
        "\"q1\"", "add \"q\"";
    "X-04" Error:
        OTHERS.to_vec();
        ("account = \"2002\"", "account = \"partner\"");
        "\"partner\"", "UID";
    "X-05" Error:
        vec![CLB, TWO_CLB, OTHER_PRIMARY, ("# lb\n", "\naddress_type = \"private\"\n")];
        ("\"private\"", "\"public\"");
        "\"public\"", "private pay-as-you-go";
    "X-06" Warning:
        vec![("# more", "[endpoint_service.second]\nload_balancer = \"lb\"\nzones = [\"b\", \"a\"]")];
        ("[\"b\", \"a\"]", "[\"b\"]");
        "\"b\"", "other zones";
    "X-10" Warning:
        vec![
            ("# svc", "\nzone_affinity = true # svc"),
            ("# e", "\nzone_affinity = true # e"),
        ];
        ("zone_affinity = true # svc", "# svc");
        "true", "endpoint_service.svc";
    "X-14" Error:
        vec![CLB, TWO_CLB, OTHER_PRIMARY];
        ("# lb\n", "\nip_version = \"dual_stack\"\n");
        "\"dual_stack\"", "NLB or ALB";
    "X-15" Note:
        vec![("# svc", "\npayer = \"consumer\" # svc")];
        ("\"consumer\"", "\"provider\"");
        "\"provider\"", "consumer";
    "X-16" Error:
        OTHERS.to_vec();
        ("[\"2002\"]", "[\"2002\", \"everybody\"]");
        "\"everybody\"", "UID";
    "X-17" Error:
        vec![];
        ("zones = [\"a\", \"b\"]\ncreated_at", "zones = [\"a\", \"c\"]\ncreated_at");
        "\"c\"", "its zones are a, b";
    "X-18" Error:
        vec![("# e", "\nvswitches = [\"b\"]\naddresses = [\"10.0.2.7\"] # e")];
        ("10.0.2.7", "10.0.2.253");
        "\"10.0.2.253\"", "choose another";
    "X-19" Error:
        vec![];
        ("# e", "\nip_version = \"dual_stack\" # e");
        "\"dual_stack\"", "leave `ip_version` out";
    "X-20" Error:
        vec![
            ("# e", "\nvpc = \"app\"\nsecurity_group = \"web\" # e"),
            ("# w", "\nvpc = \"app\"\nport = 443 # w"),
        ];
        ("port = 443", "port = 80");
        "\"web\"", "`inbound` of security_group.web";
    "X-23" Error:
        vec![ALB, REMOTE[0], REMOTE[1], REMOTE[2], ("# lb\n", "\nupgraded = true\n")];
        ("upgraded = true", "upgraded = false");
        "\"q\"", "upgraded = true";
    "X-24" Error:
        vec![REMOTE[0], REMOTE[1], REMOTE[2], ("# svc", "\nzones = [\"a\", \"b\"] # svc")];
        ("zones = [\"a\", \"b\"] # svc", "zones = [\"a\"] # svc");
        "\"q\"", "second zone";
    "X-25" Warning:
        with(REMOTE, vec![
            ("# more", "[change.new]\nat = \"9 s\"\nof = \"endpoint.e\"\naction = \"create\"\n# more"),
            ("# more", "[change.shut]\nat = \"15 s\"\nof = \"endpoint_service.svc\"\nremove_region = \"q\""),
        ]);
        ("at = \"15 s\"", "at = \"5 s\"");
        "\"create\"", "add_region";
    "X-26" Error:
        with(REMOTE, vec![
            ("# more", "[change.shut]\nat = \"5 s\"\nof = \"endpoint_service.svc\"\nremove_region = \"q\""),
        ]);
        ("remove_region = \"q\"", "remove_region = \"r\"");
        "\"r\"", "other regions only";
    "X-27" Warning:
        REMOTE.to_vec();
        ("[\"q1\", \"q2\"]", "[\"q1\"]");
        "\"q1\"", "a second zone";
    "X-28" Warning:
        REMOTE.to_vec();
        ("# e", "\nname = \"zone:q1\" # e");
        "w", "name = \"endpoint\"";
    "X-30" Warning:
        REMOTE.to_vec();
        ("# e", "\ncross_region_bandwidth = \"2 Gbps\" # e");
        "\"2 Gbps\"", "_payg_china";
    "X-31" Warning:
        ABROAD.to_vec();
        ("# e", "\ncross_region_bandwidth = \"200 Mbps\" # e");
        "\"200 Mbps\"", "_payg_oversea";
    "X-32" Error:
        vec![
            ABROAD[0],
            ABROAD[1],
            ABROAD[2],
            ("# e", "\ncross_region_bandwidth = \"200 Mbps\" # e"),
        ];
        ("\ncross_region_bandwidth = \"200 Mbps\"", "");
        "e", "state it: cross_region_bandwidth";
    "X-33" Warning:
        vec![("# svc", "\nwhitelist = [\"2002\"]\nauto_accept = true # svc")];
        ("\"2002\"", "\"*\"");
        "\"*\"", "auto_accept = false";
    "X-35" Error:
        BY_HAND.to_vec();
        ("\nresources = [\"lb2\"]", "");
        "\"lb2\"", "its resources there are lb";
    "X-37" Error:
        BY_HAND.to_vec();
        ("\nmanaged_resources = true", "");
        "\"lb2\"", "managed_resources = true";
    "X-38" Error:
        vec![REMOTE[0], REMOTE[1], REMOTE[2], BY_HAND[0]];
        BY_HAND[1];
        "\"lb2\"", "automatic allocation";
    "X-39" Error:
        vec![TWO_CLB, ("# svc", "\nmanual_only = [\"lb2\"] # svc")];
        ("manual_only = [\"lb2\"]", "manual_only = [\"lb2\", \"lb\"]");
        "\"lb\"", "`manual_only`";
    "X-40" Error:
        with(CUT, vec![("# lb2", "\ncross_zone = true # lb2")]);
        ("lb2]\ntype = \"nlb\"\nzones = [\"a\", \"b\"]", "lb2]\ntype = \"nlb\"\nzones = [\"b\", \"c\"]");
        "\"load_balancer.lb2\"", "its zones are b, c";
    "X-41" Error:
        CUT.to_vec();
        ("[change.a]\nat = \"5 s\"", "[change.a]\nat = \"15 s\"");
        "\"a\"", "disconnect_zone = \"a\", then allocate";
    "X-43" Error:
        vec![
            TWO_CLB,
            ("# e", "\nresources = [\"lb2\"] # e"),
            ("# svc", "\nmanaged_resources = true # svc"),
        ];
        ("# more", "[change.a]\nat = \"5 s\"\nof = \"endpoint_service.svc\"\ndetach = \"lb2\"");
        "\"lb2\"", "disconnect these first";
    "X-44" Note:
        vec![TWO_CLB];
        ("# more", "[change.a]\nat = \"5 s\"\nof = \"endpoint_service.svc\"\ndetach = \"lb2\"");
        "\"lb2\"", "release the load balancer";
    "X-49" Error:
        SMOOTH.to_vec();
        ("type = \"clb\"", "type = \"nlb\"");
        "\"lb2\"", "disconnect_zone";
    "X-50" Error:
        SMOOTH.to_vec();
        ("at = \"5 s\"", "at = \"15 s\"");
        "\"a\"", "let `change.a` come before `change.b`";
    "X-51" Error:
        with(SMOOTH, vec![("# e", "\nvswitches = [\"a\", \"b\"] # e")]);
        ("used = 1", "used = 3");
        "\"a\"", "free an address";
    "X-56" Error:
        vec![CLB, TWO_CLB, OTHER_PRIMARY, ("# e", "\nthrottle = \"1 Gbps\" # e")];
        ("\"1 Gbps\" # e", "\"99 Mbps\" # e");
        "\"99 Mbps\"", "";
    "X-58" Error:
        vec![];
        ("# svc", "\ndefault_throttle = \"1 Gbps\" # svc");
        "\"1 Gbps\"", "on the endpoints";
    "X-61" Error:
        vec![("# e", "\nthrottle = \"100 Mbps\" # e")];
        ("\"100 Mbps\"", "\"99 Mbps\"");
        "\"99 Mbps\"", "";
    "X-62" Error:
        vec![ALB, ("# e", "\nthrottle = \"100 Mbps\" # e")];
        ("\"100 Mbps\"", "\"99 Mbps\"");
        "\"99 Mbps\"", "";
    "X-63" Warning:
        vec![CLB, TWO_CLB, OTHER_PRIMARY, ("# e", "\nthrottle = \"5 Gbps\" # e")];
        ("\"5 Gbps\"", "\"6 Gbps\"");
        "\"6 Gbps\"", "lower the throttle";
    "X-66" Error:
        vec![
            ("# more", "[change.a]\nat = \"5 s\"\nof = \"endpoint.e\"\naction = \"deny\"\n# more"),
            ("# more", "[change.b]\nat = \"9 s\"\nof = \"endpoint_service.svc\"\naction = \"delete\""),
        ];
        ("at = \"5 s\"", "at = \"15 s\"");
        "\"delete\"", "deny";
    "X-67" Error:
        OTHERS.to_vec();
        ("\nwhitelist = [\"2002\"]", "");
        "\"2002\"", "whitelist = [\"2002\"] on endpoint_service.svc";
    "X-68" Error:
        vec![
            ("# svc", "\nauto_accept = false\napproval = \"1 h\" # svc"),
            ("# more", "[change.new]\nat = \"5 s\"\nof = \"endpoint.e\"\naction = \"create\""),
        ];
        ("\napproval = \"1 h\"", "");
        "e", "auto_accept = true";
    "Z-12" Warning:
        vec![("# e", "\nthrottle = \"10 Gbps\"\novershoot = 1.0 # e")];
        ("overshoot = 1.0", "overshoot = 1.1");
        "\"10 Gbps\"", "each network card to 9.09 Gbps";
}

pub(crate) fn apply(text: &str, edit: Edit) -> String {
    // The first one, but of both load balancers.
    match [CLB.0, CLB.1].contains(&edit.0) {
        true => text.replace(edit.0, edit.1),
        false => super::plant::apply(text, edit),
    }
}

pub(crate) fn bed() -> Bed {
    Bed { base: BASE, document: "PrivateLink", beside: None, edit: apply, planted: planted() }
}

/// The clean twin of a row, and the scenario that breaks it.
pub(crate) fn twins(row: &str) -> (String, String) {
    let bed = bed();
    bed.twins(bed.planted.iter().find(|case| case.row == row).expect("a planted row"))
}

#[test]
fn the_base_is_sound() {
    assert_eq!(said(BASE).0, []);
}

#[test]
fn every_planted_fault_is_found_and_its_clean_twin_raises_nothing() {
    bed().check();
}

#[test]
fn the_provider_s_own_account_is_always_let_in() {
    // P-01, P-06: accounts of both sides, and a whitelist on which neither stands.
    let edit = |text: &str, edit| apply(text, edit);
    let own = edit(BASE, ("# svc", "\naccount = \"1001\"\nwhitelist = [] # svc"));
    let own = edit(&own, ("# e", "\naccount = \"1001\" # e"));
    assert_eq!(said(&own).0, []);
    let other = edit(&own, ("\"1001\" # e", "\"2002\" # e"));
    let codes: Vec<_> = said(&other).0.iter().map(|d| d.code).collect();
    assert_eq!(codes, ["P-05"]);
    // Everybody is let in by `*`.
    assert_eq!(
        said(&edit(&other, ("whitelist = []", "auto_accept = false\nwhitelist = [\"*\"]"))).0,
        []
    );
}

#[test]
fn two_services_of_one_name() {
    let second = "[endpoint_service.two]\nload_balancer = \"lb2\"\nservice_name = \"shop.two\"";
    let clean = apply(BASE, ("# more", second));
    let clean = apply(&clean, ("# svc", "\nservice_name = \"shop.one\" # svc"));
    assert_eq!(said(&clean).0, []);
    let (raised, _) = said(&apply(&clean, ("shop.two", "shop.one")));
    assert_eq!(raised.iter().map(|d| d.code).collect::<Vec<_>>(), ["P-04"]);
}

/// Keys that would say nothing where they stand.
#[test]
fn nothing_is_read_and_then_ignored() {
    for (row, edits) in [
        ("P-12", vec![OSS, ("# e", "\ntype = \"gateway\"\nthrottle = \"1 Gbps\" # e")]),
        ("P-12", vec![OSS, ("# e", "\ntype = \"gateway\"\nceiling = \"10 Gbps\" # e")]),
        ("P-12", vec![OSS, ("# e", "\ntype = \"gateway\"\ntotal_ceiling = \"1 Gbps\" # e")]),
        ("P-25", vec![("# e", "\nresolved_in = [\"vpc.other\"] # e")]),
        ("P-30", vec![("# lb\n", "\nprimary_zone = \"a\"\n")]),
        ("P-39", vec![("# e", "\nraised_limit = \"ticket\" # e")]),
        ("X-03", vec![("# e", "\ncross_region_bandwidth = \"1 Gbps\" # e")]),
        ("X-18", vec![("# e", "\naddresses = [\"10.0.2.7\"] # e")]),
        ("X-23", vec![("# lb\n", "\nupgraded = true\n")]),
        (
            "exclusive",
            vec![
                ("# w", "\nvpc = \"app\" # w"),
                ("[\"endpoint.e\"]", "[\"site.hq\", \"endpoint.e\"]"),
            ],
        ),
    ] {
        let text = edits.iter().fold(BASE.to_owned(), |text, edit| apply(&text, *edit));
        let codes: Vec<_> = said(&text).0.iter().map(|d| d.code).collect();
        assert_eq!(codes, [row]);
    }
}
