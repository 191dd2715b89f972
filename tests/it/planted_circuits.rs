//! A planted fault for each rule of circuits: told with the row's code, at the right place, with the
//! document and the fix; its clean twin raises nothing, and the fix ends it.
//!
//! Each case is an edit of [`BASE`] (the clean twin), one more edit (the fault), and those that mend it.

use highwater::scenario::Severity;

use super::plant::{Bed, Edit, Planted, apply, said};

/// A sound design: three circuits to two access points and a VPN, a database in a VPC, and OSS.
pub(crate) const BASE: &str = r#"
version = 1
[region.r]
[zone.a]
region = "r"
[vpc.app]
region = "r"
cidr = "10.0.0.0/16" # app
[vpc.more]
region = "r"
cidr = "10.1.0.0/16" # more
[site.hq]
bandwidth = "10 Gbps"
cidr = "192.168.0.0/16" # hq
[access_point.e]
region = "r"
[access_point.w]
region = "r"
[component.gate1]
[component.gate2]
[component.duct1]
[component.duct2]
[component.duct3]
[circuit.c1]
port = "1 Gbps"
access_point = "e"
isp = "one"
cpe = "gate1"
duct = "duct1" # c1
[circuit.c2]
port = "1 Gbps"
access_point = "w"
isp = "two"
cpe = "gate2"
duct = "duct2" # c2
[circuit.c3]
port = "1 Gbps"
access_point = "w"
isp = "three"
cpe = "gate2"
duct = "duct3" # c3
[vbr.v1]
circuit = "c1"
uplink = "express_connect_router.hub" # v1
[vbr.v2]
circuit = "c2"
uplink = "express_connect_router.hub" # v2
[vbr.v3]
circuit = "c3"
uplink = "express_connect_router.hub" # v3
[vpn.spare]
bandwidth = "1 Gbps" # spare
[circuit_group.main]
members = ["vbr.v1", "vbr.v2", "vbr.v3"]
standby = ["vpn.spare"]
mode = "ecmp"
detection = { bfd = { interval = "1 s", multiplier = 3 } } # main
[express_connect_router.hub]
transit_router = "tr" # hub
[transit_router.tr]
edition = "enterprise"
vpcs = ["app", "more"]
routes = ["100.64.0.0/10"] # tr
[backend.db]
bandwidth = "1 Gbps"
service = "1 ms"
vpc = "app"
reach = "vpc" # db
[backend.oss]
bandwidth = "1 Gbps"
service = "1 ms"
reach = "100.64" # oss
[backend.models]
bandwidth = "1 Gbps"
service = "1 ms"
reach = "public" # models
[security_group.sg]
inbound = []
[workload.reads]
path = ["site.hq", "circuit_group.main", "express_connect_router.hub", "transit_router.tr", "backend.db"]
arrivals = { poisson = { rate = "1/s" } }
request = "1 kB"
response = "1 kB" # reads
[workload.files]
path = ["site.hq", "circuit_group.main", "express_connect_router.hub", "transit_router.tr", "backend.oss"]
arrivals = { poisson = { rate = "1/s" } }
request = "1 kB"
response = "1 kB" # files
[workload.asks]
path = ["backend.models"]
arrivals = { poisson = { rate = "1/s" } }
request = "1 kB"
response = "1 kB" # asks
# more
"#;

const TWO: &[Edit] = &[("[\"vbr.v1\", \"vbr.v2\", \"vbr.v3\"]", "[\"vbr.v1\", \"vbr.v2\"]")];
const BFD: &str = "{ bfd = { interval = \"1 s\", multiplier = 3 } }";
const BGP: &str = "{ bgp = { hold = \"90 s\", keepalive = \"30 s\" } }";
const PROBE: &str = "{ probe = { interval = \"2 s\", lost = 8 } }";
const WAY: &str = "\"transit_router.tr\", \"backend.oss\"]";
/// 700 Mbps that grow by a tenth a month: 932 in three months.
const GROWS: &[Edit] = &[
    ("# c1", "\ngrowth = { now = \"400 Mbps\", per_month = \"10 %\" } # c1"),
    ("# c2", "\ngrowth = { now = \"300 Mbps\", per_month = \"10 %\" } # c2"),
];

#[rustfmt::skip]
fn planted() -> Vec<Planted> {
    let mut all = Vec::new();
    let mut case = |row, severity, clean: &[Edit], fault, at, fix, mend: &[Edit]| {
        all.push(Planted { row, severity, clean: clean.to_vec(), fault, at, fix, mend: Some(mend.to_vec()) });
    };
    use Severity::{Error, Note, Warning};
    case("C-01", Error, &[], ("\"100.64\" # oss", "\"100.64\"\npublic = true # oss"), "\"100.64\"", "leave `public` out", &[("\npublic = true # oss", "# oss")]);
    case("C-01", Error, &[], ("\"public\" # models", "\"public\"\nvpc = \"app\" # models"), "\"public\"", "leave `vpc` out", &[("\nvpc = \"app\" # models", "# models")]);
    case("C-01", Error, &[("# db", "\naddress = \"10.0.0.9\" # db")], ("\"10.0.0.9\"", "\"100.100.0.9\""), "\"vpc\"", "another `address`", &[("\"100.100.0.9\"", "\"10.0.0.9\"")]);
    case("C-02", Error, &[], ("[\"app\", \"more\"]", "[\"more\"]"), "tr", "add \"app\" to `vpcs`", &[("[\"more\"]", "[\"more\", \"app\"]")]);
    case("C-02", Error, &[], ("vpcs = [\"app\", \"more\"]\n", ""), "tr", "add \"app\" to `vpcs`", &[("edition", "vpcs = [\"app\"]\nedition")]);
    case("C-04", Error, &[], ("routes = [\"100.64.0.0/10\"]", "routes = [\"100.0.0.0/10\"]"), "tr", "routes = [\"100.64.0.0/10\"]", &[("100.0.0.0/10", "100.64.0.0/10")]);
    case("C-04", Error, &[], (WAY, "\"backend.oss\"]"), "\"backend.oss\"", "transit_router", &[("\"backend.oss\"]", WAY)]);
    case("C-06", Error, &[], (WAY, "\"transit_router.tr\", \"backend.models\"]"), "\"backend.models\"", "take the circuits off",
        &[("[\"site.hq\", \"circuit_group.main\", \"express_connect_router.hub\", \"transit_router.tr\", \"backend.models\"]", "[\"site.hq\", \"backend.models\"]")]);
    case("C-07", Note, &[("# c1", "\nneeded_for = \"90 d\" # c1")], ("\"90 d\"", "\"60 d\""), "\"60 d\"", "declare a `vpn`", &[("\nneeded_for = \"60 d\" # c1", "# c1")]);
    case("C-08", Warning, &[("# c1", "\nordered = 2026-01-01\nlead_time = \"60 d\"\nneeded_by = 2026-03-02 # c1")], ("2026-03-02", "2026-03-01"), "2026-03-01", "order it 1 days earlier", &[("2026-01-01", "2025-12-31")]);
    case("C-09", Warning, &[], ("bandwidth = \"1 Gbps\" # spare", "bandwidth = \"2 Gbps\" # spare"), "\"2 Gbps\"", "1000, 3000", &[("\"2 Gbps\"", "\"3 Gbps\"")]);
    case("C-11", Warning, &[("cpe = \"gate2\"\nduct = \"duct3\"", "duct = \"duct3\""), TWO[0]], ("\"gate2\"", "\"gate1\""), "\"gate1\"", "another `cpe`", &[("cpe = \"gate1\"", "cpe = \"gate2\"")]);
    case("C-15", Note, &[], ("10.1.0.0/16", "10.0.128.0/17"), "\"more\"", "leave one out", &[("[\"app\", \"more\"]", "[\"app\"]")]);
    let bought: Edit = ("# more\n[site", "# more\n[transit_router.far]\n[peering.p]\nbetween = [\"transit_router.tr\", \"transit_router.far\"]\none_way = \"9 ms\"\nbandwidth = \"1 Gbps\" # p\n[site");
    const FAR: Edit = ("\"transit_router.tr\", \"backend.db\"]", "\"transit_router.tr\", \"peering.p\", \"transit_router.far\", \"backend.db\"]");
    let vpcs: Edit = ("[transit_router.far]", "[transit_router.far]\nvpcs = [\"app\"]");
    case("C-42", Error, &[bought, FAR, vpcs], ("\"peering.p\", ", ""), "\"transit_router.far\"", "put \"peering.p\" between", &[("\"transit_router.tr\", \"transit_router.far\", ", "\"transit_router.tr\", \"peering.p\", \"transit_router.far\", ")]);
    case("C-42", Error, &[bought, FAR, vpcs], ("between = [\"transit_router.tr\"", "between = [\"vpc.app\""), "\"peering.p\"", "between = [\"transit_router.tr\", \"transit_router.far\"]", &[("\"vpc.app\"", "\"transit_router.tr\"")]);
    case("C-42", Warning, &[bought, FAR, vpcs], ("\nbandwidth = \"1 Gbps\" # p", "# p"), "p", "what is bought", &[("# p", "\nbandwidth = \"1 Gbps\" # p")]);
    case("C-42", Error, &[("# tr", "\nregion = \"r\" # tr"), ("[zone.a]", "[region.s]\n[zone.a]")], ("region = \"r\" # tr", "region = \"s\" # tr"), "\"s\"", "`peering`", &[("region = \"s\" # tr", "region = \"r\" # tr")]);
    case("C-14", Note, &[("[\"backend.models\"]", "[\"internet.i\", \"backend.models\"]"), ("# more\n[site", "# more\n[internet.i]\nbandwidth = \"1 Gbps\"\n[site")], ("reach = \"public\"", "reach = \"100.64\""), "\"internet.i\"", "reach = \"public\"", &[("reach = \"100.64\" # models", "reach = \"public\" # models")]);
    case("C-17", Error, &[("# c1", "\nupgrades = [{ at = \"10 min\", port = \"10 Gbps\", ordered_before = \"90 d\" }] # c1")], ("\"90 d\"", "\"89 d\""), "\"10 min\"", "ordered_before = \"90 d\"", &[("\"89 d\"", "\"90 d\"")]);
    case("C-17", Error, &[("# c1", "\nupgrades = [{ at = \"10 min\", port = \"10 Gbps\", ordered_before = \"90 d\" }] # c1")], (", ordered_before = \"90 d\"", ""), "\"10 min\"", "ordered_before", &[("\"10 min\", ", "\"90 d\", ")]);
    const GROUPS: &[Edit] = &[("# main", "\nhash_seed = 1\n[circuit_group.next]\nmembers = [\"vbr.v1\", \"vbr.v2\", \"vbr.v3\"]\nmode = \"ecmp\"\nhash_seed = 2\ndetection = { bfd = { interval = \"1 s\", multiplier = 3 } }"), ("\"circuit_group.main\", \"express", "\"circuit_group.main\", \"circuit_group.next\", \"express")];
    case("C-26", Warning, GROUPS, ("hash_seed = 2", "hash_seed = 1 # 1"), "1", "another `hash_seed`", &[("hash_seed = 1 # 1", "")]);
    case("C-18", Warning, &[("# c1", "\ngrowth = { now = \"750 Mbps\", per_month = \"10 %\" } # c1")], ("750 Mbps", "760 Mbps"), "{ now = \"760 Mbps\", per_month = \"10 %\" }", "a larger `port`", &[("port = \"1 Gbps\"", "port = \"10 Gbps\"")]);
    let (qos, class): (Edit, Edit) = (("# c1", "\nqos = { quick = { priority = 1 } } # c1"), ("# reads", "\nclass = \"quick\" # reads"));
    case("C-19", Error, &[qos, class], ("class = \"quick\"", "class = \"slow\""), "\"slow\"", "its classes are quick", &[("\"slow\"", "\"quick\"")]);
    case("C-19", Warning, &[qos, class], ("\nqos = { quick = { priority = 1 } } # c1", "# c1"), "\"quick\"", "leave `class` out", &[("\nclass = \"quick\" # reads", "# reads")]);
    case("C-19", Error, &[qos, class], ("# asks", "\npriority = \"high\" # asks"), "\"high\"", "none to workloads", &[("\npriority = \"high\" # asks", "# asks")]);
    case("C-19", Error, &[qos, class], ("# asks", "\n[background.b]\npath = [\"vbr.v1\"]\nforward = \"1 Mbps\" # asks"), "b", "as a workload", &[("path = [\"vbr.v1\"]", "path = [\"vbr.v2\"]")]);
    case("C-19", Error, &[qos, class], ("path = [\"site.hq\", \"circuit_group.main\"", "path = [\"site.hq\", \"against:circuit.c1\", \"circuit_group.main\""), "\"circuit_group.main\"", "leave `qos`", &[("\"against:circuit.c1\", ", "")]);
    const WIDE: [Edit; 3] = [("# c2", "\nqos = { quick = { weight = 2 } } # c2"), ("\"1 Gbps\"\nservice = \"1 ms\"\nvpc", "\"40 Gbps\"\nservice = \"1 ms\"\nvpc"), ("\"1 Gbps\"\nservice = \"1 ms\"\nreach = \"100.64\"", "\"50 Gbps\"\nservice = \"1 ms\"\nreach = \"100.64\"")];
    case("C-19", Error, &[qos, class, WIDE[0], WIDE[1], WIDE[2]], ("\"40 Gbps\"", "\"3 Gbps\""), "c1", "give `backend.db.link` the bandwidth", &[("\"3 Gbps\"", "\"4 Gbps\"")]);
    case("C-19", Warning, &[qos, class, ("# v1", "\nrate_limit = \"1000 Mbps\" # v1")], ("\"1000 Mbps\"", "\"500 Mbps\""), "c1", "a larger `rate_limit`", &[("\"500 Mbps\"", "\"1000 Mbps\"")]);
    case("C-20", Warning, &[("# v1", "\nrate_limit = \"500 Mbps\" # v1")], ("\"500 Mbps\"", "\"600 Mbps\""), "\"600 Mbps\"", "500, 1000", &[("\"600 Mbps\"", "\"500 Mbps\"")]);
    case("C-21", Warning, &[("[\"vbr.v1\", \"vbr.v2\", \"vbr.v3\"]", "[\"vbr.v2\", \"vbr.v1\"]")], ("[\"vbr.v2\", \"vbr.v1\"]", "[\"vbr.v2\", \"vbr.v3\"]"), "[\"vbr.v2\", \"vbr.v3\"]", "another access point",
        &[("access_point = \"w\"\nisp = \"three\"", "access_point = \"e\"\nisp = \"three\""), ("cpe = \"gate2\"\nduct = \"duct3\"", "cpe = \"gate1\"\nduct = \"duct3\"")]);
    case("C-23", Note, &[], ("\"two\"", "\"one\""), "\"one\"", "another provider", &[("isp = \"one\"", "isp = \"four\"")]);
    case("C-24", Warning, &[], ("\"three\"", "\"two\""), "\"two\"", "another provider", &[("isp = \"two\"", "isp = \"four\"")]);
    case("C-25", Warning, &[], ("\"duct3\" # c3", "\"duct1\" # c3"), "\"duct1\"", "another way", &[("\"duct1\" # c3", "\"duct3\" # c3")]);
    case("C-27", Warning, &[("# main", "\nsymmetric = true # main"), ("\"ecmp\"", "\"active_standby\"")], ("\"active_standby\"", "\"ecmp\""), "true", "\"active_standby\"", &[("\"ecmp\"", "\"active_standby\"")]);
    case("C-28", Error, &[], ("\"enterprise\"", "\"basic\""), "\"vpn.spare\"", "edition = \"enterprise\"", &[("\"basic\"", "\"enterprise\"")]);
    case("C-30", Warning, &[], (BFD, BGP), BGP, "bfd", &[(BGP, BFD)]);
    case("C-31", Warning, &[("# more\n[site", "# more\n[vbr.alone]\ncircuit = \"c1\"\nuplink = \"express_connect_router.hub\" # alone\n[site")],
        ("\"express_connect_router.hub\" # alone", "\"transit_router.tr\" # alone"), "\"transit_router.tr\"", "express_connect_router", &[("\"transit_router.tr\" # alone", "\"express_connect_router.hub\" # alone")]);
    case("C-33", Error, &[(WAY, "\"transit_router.tr\", \"backend.db\"]")], ("192.168.0.0/16", "100.80.0.0/16"), "hq", "another `cidr`", &[("100.80.0.0/16", "192.168.0.0/16")]);
    case("C-34", Error, &[], ("192.168.0.0/16", "100.80.0.0/16"), "hq", "`endpoint`", &[("100.80.0.0/16", "192.168.0.0/16")]);
    case("C-35", Note, &[], ("# oss", "\nsecurity_group = \"sg\" # oss"), "\"sg\"", "`endpoint`", &[("\nsecurity_group = \"sg\" # oss", "# oss")]);
    case("C-36", Error, &[], ("192.168.0.0/16", "10.0.128.0/24"), "hq", "another `cidr`", &[("10.0.128.0/24", "10.2.0.0/24")]);
    case("C-36", Error, &[], ("10.1.0.0/16", "100.127.0.0/16"), "more", "another `cidr`", &[("100.127.0.0/16", "10.1.0.0/16")]);
    case("C-37", Warning, &[], ("port = \"1 Gbps\"", "port = \"2 Gbps\""), "\"2 Gbps\"", "`rate_limit`", &[("port = \"2 Gbps\"", "port = \"10 Gbps\"")]);
    case("C-39", Error, &[], ("uplink = \"express_connect_router.hub\" # v1", "# v1"), "v1", "uplink = \"express_connect_router.hub\"", &[("# v1", "\nuplink = \"express_connect_router.hub\" # v1")]);
    case("C-39", Error, &[], ("\"vbr.v1\", ", "\"circuit.c1\", "), "\"circuit.c1\"", "[vbr.x]", &[("\"circuit.c1\", ", "\"vbr.v1\", ")]);
    case("C-39", Error, &[], ("transit_router = \"tr\" # hub", "# hub"), "hub", "transit_router = \"tr\"", &[("# hub", "\ntransit_router = \"tr\" # hub")]);
    case("C-40", Error, &[("# v1", "\nrouting = \"bgp\" # v1")], ("\"bgp\" # v1", "\"static\" # v1"), "\"static\"", "routing = \"bgp\"", &[("\"static\"", "\"bgp\"")]);
    case("C-41", Warning, &[], (BFD, PROBE), PROBE, "bfd", &[(PROBE, BFD)]);
    case("C-41", Error, &[TWO[0], ("# main", "\nfailover_group = true # main")], (BFD, BGP), "true", "bfd", &[(BGP, BFD)]);
    case("C-41", Error, &[TWO[0], ("# main", "\nfailover_group = true # main")], ("[\"vbr.v1\", \"vbr.v2\"]", "[\"vbr.v1\", \"vbr.v2\", \"vbr.v3\"]"), "[\"vbr.v1\", \"vbr.v2\", \"vbr.v3\"]", "two VBRs", &[("\"vbr.v2\", \"vbr.v3\"]", "\"vbr.v2\"]")]);
    case("C-41", Error, &[], ("\"1 s\"", "\"100 ms\""), "\"100 ms\"", "200 ms to 1 s", &[("\"100 ms\"", "\"200 ms\"")]);
    case("Z-10", Warning, &[TWO[0], GROWS[0], GROWS[1]], ("300 Mbps", "360 Mbps"), "\"vpn.spare\"", "`bandwidth`", &[("bandwidth = \"1 Gbps\" # spare", "bandwidth = \"3 Gbps\" # spare")]);
    all
}

pub(crate) fn bed() -> Bed {
    Bed { base: BASE, document: "Express Connect", beside: None, edit: apply, planted: planted() }
}

#[test]
fn every_planted_fault_is_found_and_its_clean_twin_raises_nothing() {
    bed().check();
}

/// Codes of what an edited [`BASE`] is told, and the first message.
fn told_of(edits: &[Edit]) -> (Vec<&'static str>, String) {
    let text = edits.iter().fold(BASE.to_owned(), |text, edit| apply(&text, *edit));
    let raised = said(&text).0;
    let first = raised.first().map_or(String::new(), |d| d.message.clone());
    (raised.iter().map(|d| d.code).collect(), first)
}

#[test]
fn growth_says_when() {
    // 760 Mbps x 1.1^3 = 1011 Mbps; 900 x 1.1 = 990, x 1.21 = 1089; 1 Gbps x 1 is not above the port.
    let full = |now: &str, month: &str| {
        let growth = format!("\ngrowth = {{ now = \"{now}\", per_month = \"{month}\" }} # c1");
        let text = apply(BASE, ("# c1", Box::leak(growth.into_boxed_str())));
        said(&text).0.first().map_or(String::new(), |d| d.message.clone())
    };
    assert_eq!(full("760 Mbps", "10 %"), "`circuit.c1` is full in 3 months");
    assert_eq!(full("900 Mbps", "10 %"), "`circuit.c1` is full in 2 months");
    assert_eq!(full("1001 Mbps", "0 %"), "`circuit.c1` is full today");
    assert_eq!(full("1 Gbps", "0 %"), "");
    // All circuits lost: 400 + 300 Mbps x 1.1^3 = 932; 400 + 360 x 1.1^3 = 1012.
    let (codes, message) = told_of(&[TWO[0], GROWS[0], GROWS[1], ("300 Mbps", "560 Mbps")]);
    assert_eq!(codes, ["Z-10"]);
    assert_eq!(
        message,
        "the loss of all circuits of `circuit_group.main` is not survived any more in a month"
    );
}

#[test]
fn what_is_not_said_is_not_checked() {
    // Circuits without dates, growth, devices, uplinks; a transit router without VPCs; VPC callers.
    let text = "version = 1\n[access_point.e]\n[access_point.w]\n[region.r]\n[vpc.app]\nregion = \"r\"\n\
         [circuit.a]\nport = \"1 Gbps\"\naccess_point = \"e\"\n\
         [circuit.b]\nport = \"1 Gbps\"\naccess_point = \"w\"\n\
         [circuit_group.g]\nmembers = [\"circuit.a\", \"circuit.b\"]\nmode = \"ecmp\"\n\
         detection = { bfd = {} }\n[site.s]\nbandwidth = \"1 Gbps\"\n[transit_router.t]\n\
         [backend.b]\nbandwidth = \"1 Gbps\"\nservice = \"1 ms\"\nvpc = \"app\"\n\
         [backend.oss]\nbandwidth = \"1 Gbps\"\nservice = \"1 ms\"\nreach = \"100.64\"\n\
         [workload.w]\npath = [\"site.s\", \"circuit_group.g\", \"transit_router.t\", \"backend.b\"]\n\
         arrivals = { poisson = { rate = \"1/s\" } }\nrequest = \"1 kB\"\nresponse = \"1 kB\"\n\
         [workload.v]\npath = [\"backend.oss\"]\nvpc = \"app\"\n\
         arrivals = { poisson = { rate = \"1/s\" } }\nrequest = \"1 kB\"\nresponse = \"1 kB\"\n";
    assert_eq!(said(text).0, []);
}
