//! A planted fault for each rule of MaxCompute's network connections: told with the row's code, at the
//! right place, with the document and the fix; its clean twin raises nothing, and the fix ends it.
//!
//! Each case is an edit of [`BASE`] (the clean twin), one more edit (the fault), and those that mend it.

use highwater::scenario::Severity;

use super::plant::{Bed, Edit, Planted, apply, said};

/// A sound design: jobs that call an API on the Internet, a database in a VPC and OSS; users who come in.
pub(crate) const BASE: &str = r#"
version = 1
[region.r]
id = "cn-hangzhou" # r
[zone.a]
region = "r"
id = "cn-hangzhou-h" # a
[zone.b]
region = "r"
[vpc.app]
region = "r"
cidr = "10.0.0.0/16" # app
[vpc.other]
region = "r"
cidr = "10.1.0.0/16"
[vswitch.s]
vpc = "app"
zone = "a"
cidr = "10.0.1.0/29" # s
[security_group.mc]
inbound = []
[security_group.db]
inbound = [{ source = "security_group.mc", ports = "3306" }]
[maxcompute.net]
solution = "internet"
region = "r"
allow = ["example.com", "47.1.1.1"] # net
[maxcompute.own]
solution = "vpc"
vswitch = "s"
security_group = "mc" # own
[maxcompute.svc]
solution = "alibaba_service" # svc
[maxcompute.in]
solution = "cen"
bandwidth = "1 Gbps"
service = "1 ms" # in
[transit_router.t]
[backend.api]
bandwidth = "1 Gbps"
service = "1 ms"
public = true
address = "api.example.com" # api
[backend.db]
bandwidth = "1 Gbps"
service = "1 ms"
vpc = "app"
port = 3306
security_group = "db"
allow_list = ["10.0.1.0/29"] # db
[backend.oss]
bandwidth = "1 Gbps"
service = "1 ms"
type = "oss"
endpoint = "internal" # oss
[backend.app]
zones = ["a", "b"]
bandwidth = "10 Gbps"
service = "1 ms"
[load_balancer.app]
type = "nlb"
zones = ["a", "b"]
backend = "app"
[workload.calls]
path = ["maxcompute.net", "backend.api"]
engine = "spark"
arrivals = { poisson = { rate = "1/s" } }
request = "1 kB"
response = "1 kB" # calls
[workload.reads]
path = ["maxcompute.own", "backend.db"]
engine = "sql"
arrivals = { poisson = { rate = "1/s" } }
request = "1 kB"
response = "1 kB" # reads
[workload.tables]
path = ["maxcompute.svc", "backend.oss"]
engine = "foreign_table"
arrivals = { poisson = { rate = "1/s" } }
request = "1 kB"
response = "1 kB" # tables
[workload.users]
path = ["transit_router.t", "maxcompute.in"]
arrivals = { poisson = { rate = "1/s" } }
request = "1 kB"
response = "1 kB" # users
# more
"#;

const UDF: Edit = ("\"foreign_table\"", "\"udf\"");
const SQL: Edit = ("\"foreign_table\"", "\"sql\"");
const BY_INTERNET: Edit = ("\"alibaba_service\"", "\"internet\"");
const JOBS: Edit =
    ("# calls", "\nclients = 100\nconnections = { reuse = true, per_client = 10 } # calls");
const FEW_PORTS: Edit = ("# net", "\negress_ips = 2\nports_per_ip = 600 # net");
const TOOL: Edit = (
    "# net",
    "\ndataworks = { reaches = [\"backend.api\"], sandbox = [\"api.example.com\"] } # net",
);
const HTTPS: Edit = ("# calls", "\nconnections = { tls = \"1.3\" } # calls");
const BARE: Edit = ("\"api.example.com\" # api", "\"47.1.1.1\" # api");
const FINANCE: &[Edit] =
    &[("\"cn-hangzhou\"", "\"cn-shanghai\""), ("\"cn-hangzhou-h\"", "\"cn-shanghai-e\"")];
const BALANCED: Edit =
    ("[\"maxcompute.own\", \"backend.db\"]", "[\"maxcompute.own\", \"load_balancer.app\"]");
/// A CLB that is replaced smoothly behind an endpoint.
const SMOOTH: Edit = (
    "# more",
    "[load_balancer.one]\ntype = \"clb\"\nzones = [\"a\", \"b\"]\nbackend = \"app\"\n\
     [load_balancer.two]\ntype = \"clb\"\nzones = [\"b\", \"a\"]\nbackend = \"app\"\n\
     [endpoint_service.app]\nload_balancer = \"one\"\nresources = [\"two\"]\nmanaged_resources = true\n\
     [endpoint.app]\nservice = \"app\"\nzones = [\"a\", \"b\"]\ncreated_at = 2026-03-01\n\
     [change.a]\nat = \"5 s\"\nof = \"endpoint_service.app\"\n\
     automatic_allocation = { resource = \"one\", on = false }\n\
     [change.b]\nat = \"9 s\"\nof = \"endpoint.app\"\n\
     replace = { zone = \"a\", by = \"two\", manner = \"smooth\", drain = \"30 s\" }\n\
     [workload.kept]\npath = [\"endpoint.app\"]\nconnections = { max_age = \"30 s\" }\n\
     arrivals = { poisson = { rate = \"1/s\" } }\nrequest = \"1 kB\"\nresponse = \"1 kB\"\n# more",
);

#[rustfmt::skip]
fn planted() -> Vec<Planted> {
    let mut all = Vec::new();
    let mut case = |row, severity, clean: &[Edit], fault, at, fix, mend: &[Edit]| {
        all.push(Planted { row, severity, clean: clean.to_vec(), fault, at, fix, mend: Some(mend.to_vec()) });
    };
    use Severity::{Error, Note, Warning};
    case("M-01", Error, &[], ("solution = \"alibaba_service\"", ""), "svc", "\"alibaba_service\"",
        &[("[maxcompute.svc]\n", "[maxcompute.svc]\nsolution = \"alibaba_service\"\n")]);
    case("M-02", Warning, &[], ("[\"maxcompute.own\", \"backend.db\"]", "[\"backend.db\"]"), "\"sql\"", "begin its path",
        &[("[\"backend.db\"]", "[\"maxcompute.own\", \"backend.db\"]")]);
    case("M-03", Error, &[], ("[\"maxcompute.own\", \"backend.db\"]", "[\"maxcompute.in\", \"backend.db\"]"), "\"maxcompute.in\"", "\"vpc\"",
        &[("[\"maxcompute.in\", \"backend.db\"]", "[\"maxcompute.own\", \"backend.db\"]")]);
    case("M-03", Error, &[], ("[\"transit_router.t\", \"maxcompute.in\"]", "[\"transit_router.t\", \"maxcompute.own\"]"), "\"maxcompute.own\"", "\"cen\"",
        &[("[\"transit_router.t\", \"maxcompute.own\"]", "[\"transit_router.t\", \"maxcompute.in\"]")]);
    case("M-04", Error, &[], ("\"spark\"", "\"sql\""), "\"sql\"", "mapreduce, pyodps, spark, udf", &[("engine = \"sql\"", "engine = \"spark\"")]);
    case("M-05", Error, &[], ("\"sql\"", "\"mapreduce\""), "\"mapreduce\"", "foreign_table, lakehouse", &[("\"mapreduce\"", "\"lakehouse\"")]);
    case("M-06", Error, &[SQL, ("endpoint = \"internal\"", "")], ("engine = \"sql\"\narrivals = { poisson = { rate = \"1/s\" } }\nrequest = \"1 kB\"\nresponse = \"1 kB\" # tables",
        "engine = \"mapreduce\"\narrivals = { poisson = { rate = \"1/s\" } }\nrequest = \"1 kB\"\nresponse = \"1 kB\" # tables"), "\"mapreduce\"", "solution = \"internet\"",
        &[BY_INTERNET]);
    case("M-07", Error, &[("endpoint = \"internal\"", ""), SQL], ("type = \"oss\"", "type = \"rds\""), "\"backend.oss\"", "\"vpc\"", &[("\"alibaba_service\"", "\"vpc\"")]);
    case("M-07", Error, &[SQL], ("endpoint = \"internal\"", "endpoint = \"public\""), "\"public\"", "endpoint = \"internal\"", &[("endpoint = \"public\"", "endpoint = \"internal\"")]);
    case("M-07", Error, &[], ("[\"maxcompute.own\", \"backend.db\"]", "[\"maxcompute.svc\", \"backend.db\"]"), "\"backend.db\"", "\"vpc\"",
        &[("[\"maxcompute.svc\", \"backend.db\"]", "[\"maxcompute.own\", \"backend.db\"]")]);
    case("M-07", Error, &[], ("[\"maxcompute.net\", \"backend.api\"]", "[\"maxcompute.svc\", \"backend.api\"]"), "\"backend.api\"", "\"internet\"",
        &[("[\"maxcompute.svc\", \"backend.api\"]", "[\"maxcompute.net\", \"backend.api\"]")]);
    case("M-08", Error, &[], ("\"cen\"", "\"privatelink\""), "\"maxcompute.in\"", "[\"endpoint.name\", \"maxcompute.in\"]", &[
        ("[\"transit_router.t\", \"maxcompute.in\"]", "[\"endpoint.name\", \"maxcompute.in\"]"),
        ("# more", "[endpoint_service.mc]\nload_balancer = \"app\"\n[endpoint.name]\nservice = \"mc\"\nzones = [\"a\", \"b\"]\ncreated_at = 2026-03-01\n# more")]);
    case("M-10", Error, &[], ("[\"transit_router.t\", \"maxcompute.in\"]", "[\"maxcompute.in\"]"), "\"maxcompute.in\"", "transit_router.name", &[("[\"maxcompute.in\"]", "[\"transit_router.t\", \"maxcompute.in\"]")]);
    case("M-11", Note, &[], ("# users", "\nengine = \"spark\" # users"), "\"spark\"", "leave it out", &[("\nengine = \"spark\" # users", "# users")]);
    case("M-12", Error, &[], ("\"example.com\", ", ""), "\"backend.api\"", "add \"api.example.com\"", &[("[\"47.1.1.1\"]", "[\"47.1.1.1\", \"api.example.com\"]")]);
    case("M-13", Warning, &[("\"example.com\", ", "{ target = \"example.com\", validated = \"ticket\" }, ")], ("\"ticket\"", "\"no\""), "\"no\"", "\"ticket\"", &[("\"no\"", "\"ticket\"")]);
    case("M-14", Warning, &[("# api", "\nrestricted = { lifted_after = \"2 h\" } # api")], ("{ lifted_after = \"2 h\" }", "true"), "true", "lifted_after", &[("restricted = true", "restricted = { lifted_after = \"2 h\" }")]);
    case("M-14", Warning, &[], ("# api", "\nallow_list = [] # api"), "[]", "leave `allow_list` out", &[("\nallow_list = [] # api", "# api")]);
    case("M-15", Error, &[], ("security_group = \"mc\"", ""), "\"s\"", "security_group = ", &[("# own", "\nsecurity_group = \"mc\" # own")]);
    case("M-15", Error, &[], ("vswitch = \"s\"", ""), "\"mc\"", "vswitch = ", &[("# own", "\nvswitch = \"s\" # own")]);
    case("M-15", Error, &[], ("# svc", "\nvswitch = \"s\" # svc"), "\"s\"", "leave vswitch", &[("\nvswitch = \"s\" # svc", "# svc")]);
    case("M-15", Error, &[], ("\"3306\"", "\"5432\""), "\"backend.db\"", "security_group.mc", &[("inbound = [{", "inbound = [{ source = \"security_group.mc\" }, {")]);
    case("M-15", Error, &[("# s\n", "\nused = 3 # s\n")], ("used = 3", "used = 4"), "4", "larger vSwitch", &[("used = 4", "used = 3")]);
    case("M-16", Error, &[], ("[\"10.0.1.0/29\"]", "[\"10.0.2.0/29\"]"), "[\"10.0.2.0/29\"]", "10.0.1.0/29", &[("[\"10.0.2.0/29\"]", "[\"10.0.1.0/29\"]")]);
    case("M-16", Warning, &[], ("[\"10.0.1.0/29\"]", "[\"10.0.1.2\"]"), "\"10.0.1.2\"", "10.0.1.0/29", &[("\"10.0.1.2\"", "\"10.0.1.0/29\"")]);
    case("M-17", Error, &[], ("vpc = \"app\"\nport", "vpc = \"other\"\nport"), "\"backend.db\"", "connected_to = [\"other\"] on vpc.app", &[("# app", "\nconnected_to = [\"other\"] # app")]);
    case("M-18", Error, &[SQL], ("[\"maxcompute.svc\", \"backend.oss\"]", "[\"maxcompute.own\", \"backend.oss\"]"), "\"backend.oss\"", "\"alibaba_service\"",
        &[("[\"maxcompute.own\", \"backend.oss\"]", "[\"maxcompute.svc\", \"backend.oss\"]")]);
    case("M-18", Error, &[], ("[\"maxcompute.net\", \"backend.api\"]", "[\"maxcompute.own\", \"backend.api\"]"), "\"backend.api\"", "\"internet\"",
        &[("[\"maxcompute.own\", \"backend.api\"]", "[\"maxcompute.net\", \"backend.api\"]")]);
    case("M-19", Error, &[("\"sql\"", "\"udf\"")], ("[\"maxcompute.own\", \"backend.db\"]", "[\"maxcompute.net\", \"backend.db\"]"), "\"backend.db\"", "\"vpc\"",
        &[("[\"maxcompute.net\", \"backend.db\"]", "[\"maxcompute.own\", \"backend.db\"]")]);
    case("M-19", Error, &[], ("\"api.example.com\" # api", "\"10.0.1.9\" # api"), "\"backend.api\"", "public address", &[("\"10.0.1.9\"", "\"api.example.com\"")]);
    case("M-19", Error, &[("\"foreign_table\"", "\"pyodps\""), ("endpoint = \"internal\"", "endpoint = \"public\""), BY_INTERNET], ("endpoint = \"public\"", "endpoint = \"classic\""), "\"backend.oss\"", "endpoint = \"public\"",
        &[("endpoint = \"classic\"", "endpoint = \"public\"")]);
    case("M-20", Error, &[], ("endpoint = \"internal\"", "endpoint = \"public\""), "\"public\"", "endpoint = \"internal\"", &[("\"public\"", "\"internal\"")]);
    case("M-21", Error, &[UDF, ("endpoint = \"internal\"", "endpoint = \"public\"")], ("endpoint = \"public\"", "endpoint = \"internal\""), "\"internal\"", "endpoint = \"public\"", &[("\"internal\"", "\"public\"")]);
    case("M-22", Error, &[("\"oss\"\nendpoint = \"internal\"", "\"hologres\"\nendpoint = \"classic\"")], ("\"classic\"", "\"internal\""), "\"internal\"", "endpoint = \"classic\"", &[("\"internal\"", "\"classic\"")]);
    case("M-23", Error, &[("# more", "[region.far]\nid = \"cn-hangzhou\" # far\n# more"), ("region = \"r\"\nallow", "region = \"far\"\nallow")],
        ("\"cn-hangzhou\" # far", "\"cn-chengdu\" # far"), "\"far\"", "`cn-shenzhen`", &[("\"cn-chengdu\"", "\"cn-shenzhen\"")]);
    case("M-24", Error, &[], ("\"cn-hangzhou-h\"", "\"cn-hangzhou-b\""), "\"cn-hangzhou-b\"", "H, I, J, K", &[("\"cn-hangzhou-b\"", "\"cn-hangzhou-k\"")]);
    case("M-24", Error, &[("region = \"r\"\nallow", "allow")], ("id = \"cn-hangzhou\" # r\n[zone.a]\nregion = \"r\"\nid = \"cn-hangzhou-h\"", "id = \"cn-qingdao\" # r\n[zone.a]\nregion = \"r\"\nid = \"cn-qingdao-b\""), "\"cn-qingdao\"", "cn-beijing",
        &[("\"cn-qingdao\"", "\"cn-beijing\""), ("\"cn-qingdao-b\"", "\"cn-beijing-f\"")]);
    case("M-25", Error, &[("# more", "[region.bank]\nid = \"cn-shanghai\" # bank\n# more"), ("region = \"r\"\nallow", "region = \"bank\"\nallow")],
        ("\"cn-shanghai\" # bank", "\"cn-shanghai-finance-1\" # bank"), "\"bank\"", "`cn-shanghai`", &[("\"cn-shanghai-finance-1\"", "\"cn-shanghai\"")]);
    case("M-25", Warning, &[FINANCE[0], FINANCE[1], ("region = \"r\"\nallow", "allow")],
        ("id = \"cn-shanghai\" # r\n[zone.a]\nregion = \"r\"\nid = \"cn-shanghai-e\"", "id = \"cn-shanghai-finance-1\" # r\n[zone.a]\nregion = \"r\"\nid = \"cn-shanghai-finance-1f\""), "\"r\"", "several zones",
        &[("\"cn-shanghai-finance-1\"", "\"cn-shanghai\""), ("\"cn-shanghai-finance-1f\"", "\"cn-shanghai-e\"")]);
    case("M-29", Warning, &[JOBS, ("# net", "\nconnections = 1000 # net")], ("connections = 1000", "connections = 999"), "calls", "fewer workers", &[("per_client = 10", "per_client = 9")]);
    case("M-30", Warning, &[("# calls", "\nconnections = { reuse = true } # calls")], ("{ reuse = true }", "{ reuse = false }"), "calls", "reuse = true", &[("{ reuse = false }", "{ reuse = true }")]);
    case("M-34", Note, &[JOBS, FEW_PORTS, ("ports_per_ip = 600", "ports_per_ip = 625")], ("ports_per_ip = 625", "ports_per_ip = 624"), "net", "fewer workers", &[("per_client = 10", "per_client = 9")]);
    case("M-36", Warning, &[], ("# api", "\nallow_list = [\"8.8.0.0/16\"] # api"), "[\"8.8.0.0/16\"]", "leave `allow_list` out", &[("\nallow_list = [\"8.8.0.0/16\"] # api", "# api")]);
    case("M-38", Warning, &[], ("# reads", "\nidempotent = false # reads"), "reads", "leave idempotent = false out", &[("\nidempotent = false # reads", "# reads")]);
    case("M-38", Warning, &[("[\"maxcompute.own\", \"backend.db\"]\nengine = \"sql\"\narrivals = { poisson = { rate = \"1/s\" } }",
        "[\"backend.db\"]\narrivals = { job = { workers = 2, stages = [{ name = \"one\", instances = 4, requests = 2 }] } }")],
        ("# reads", "\nidempotent = false # reads"), "reads", "leave idempotent = false out", &[("\nidempotent = false # reads", "# reads")]);
    case("M-39", Error, &[TOOL], ("reaches = [\"backend.api\"]", "reaches = [\"backend.db\"]"), "[\"backend.db\"]", "add \"backend.api\"", &[("[\"backend.db\"], sandbox", "[\"backend.db\", \"backend.api\"], sandbox")]);
    case("M-40", Error, &[TOOL], ("sandbox = [\"api.example.com\"]", "sandbox = [\"db.example.com\"]"), "[\"db.example.com\"]", "add \"api.example.com\"", &[("[\"db.example.com\"]", "[\"db.example.com\", \"api.example.com\"]")]);
    case("M-43", Warning, &[HTTPS], BARE, "\"backend.api\"", "host = ", &[("# calls", "\nhost = \"api.example.com\" # calls")]);
    case("Z-01", Warning, &[BALANCED], ("# reads", "\nnames = \"forever\" # reads"), "reads", "every = \"5 min\"", &[("names = \"forever\"", "names = { every = \"5 min\" }")]);
    case("Z-02", Warning, &[SMOOTH], ("max_age = \"30 s\"", "max_age = \"31 s\""), "kept", "max_age = \"30 s\"", &[("max_age = \"31 s\"", "max_age = \"30 s\"")]);
    all
}

pub(crate) fn bed() -> Bed {
    Bed { base: BASE, document: "MaxCompute", beside: None, edit: apply, planted: planted() }
}

#[test]
fn every_planted_fault_is_found_and_its_clean_twin_raises_nothing() {
    bed().check();
}

/// What is said of an id that no list has, by the part of [`BASE`] that is edited.
fn told_of(edits: &[Edit]) -> Vec<(&'static str, String)> {
    let text = edits.iter().fold(BASE.to_owned(), |text, edit| apply(&text, *edit));
    said(&text).0.into_iter().map(|d| (d.code, d.help.unwrap_or_default())).collect()
}

#[test]
fn ids_that_nobody_knows_are_guessed_or_listed() {
    const NET: Edit = ("region = \"r\"\nallow", "region = \"far\"\nallow");
    let far = |id: &'static str| {
        let region: Edit = match id {
            "cn-hangzou" => ("# more", "[region.far]\nid = \"cn-hangzou\""),
            _ => ("# more", "[region.far]\nid = \"elsewhere-9\""),
        };
        told_of(&[region, NET])
    };
    let misspelt = far("cn-hangzou");
    assert_eq!(misspelt, [("M-23", "did you mean `cn-hangzhou`?".to_owned())]);
    let [(code, help)] = &far("elsewhere-9")[..] else { panic!("one complaint") };
    assert!(
        *code == "M-23" && help.contains("cn-hangzhou, cn-beijing") && !help.contains("finance")
    );
    // A vSwitch in a zone whose id, or letter alone, is another region's.
    let zone = |id| told_of(&[("\"cn-hangzhou-h\"", id)]);
    assert_eq!(zone("\"h\""), []);
    assert_eq!(zone("\"b\"")[0].0, "M-24");
    assert!(zone("\"cn-beijing-h\"").iter().any(|(code, _)| *code == "zone"));
    // Its own region is not that of its vSwitch.
    let other = told_of(&[
        ("# more", "[region.far]\nid = \"cn-beijing\""),
        ("# own", "\nregion = \"far\""),
    ]);
    assert_eq!(other[0].0, "zone");
}

#[test]
fn what_is_not_said_is_not_checked() {
    // A target without address, kind and lists, an engine that is not named, a solution alone.
    let text = "version = 1\n[maxcompute.m]\nsolution = \"internet\"\nallow = [\"a.example.com\"]\n\
         [backend.b]\nbandwidth = \"1 Gbps\"\nservice = \"1 ms\"\n[workload.w]\n\
         path = [\"maxcompute.m\", \"backend.b\"]\narrivals = { poisson = { rate = \"1/s\" } }\n\
         request = \"1 kB\"\nresponse = \"1 kB\"\n";
    for solution in ["internet", "vpc", "alibaba_service"] {
        assert_eq!(said(&text.replace("\"internet\"", &format!("\"{solution}\""))).0, []);
    }
}
