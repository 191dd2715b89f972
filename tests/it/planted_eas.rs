//! A planted fault for each rule of EAS: the scenario that breaks a row is told so with the row's code,
//! at the right place, with the document and the fix; its clean twin raises nothing.
//!
//! Each case is an edit of [`BASE`] (the clean twin), and one more edit (the fault).

use highwater::scenario::Severity;

use super::plant::{Bed, Edit, Planted, apply};

/// A sound design: a service that reads a database in its VPC and calls an API on the Internet.
const BASE: &str = r#"
version = 1
[region.r]
[zone.a]
region = "r"
[vpc.app]
region = "r"
cidr = "10.0.0.0/16"
[vpc.other]
region = "r"
cidr = "10.1.0.0/16"
[vswitch.s]
vpc = "app"
zone = "a"
cidr = "10.0.1.0/26"
[vswitch.t]
vpc = "app"
zone = "a"
cidr = "10.0.2.0/26"
[security_group.eas]
inbound = [{ source = "10.0.0.0/16", ports = "8000" }]
[security_group.db]
inbound = [{ source = "security_group.eas", ports = "3306" }] # db group
[eas.llm]
vswitch = "s"
security_group = "eas"
instances = 20
service = "2 s" # llm
[eas.dev]
instances = 2
service = "2 s"
gateway = {} # dev
[nat_gateway.out]
vpc = "app"
eips = ["47.1.1.1"]
snat = [{ vswitch = "s" }] # nat
[backend.db]
bandwidth = "1 Gbps"
service = "1 ms"
vpc = "app"
port = 3306
security_group = "db"
allow_list = ["10.0.1.0/26"] # db
[backend.api]
bandwidth = "1 Gbps"
service = "1 ms"
public = true
allow_list = ["47.1.1.1"] # api
[workload.reads]
path = ["eas.llm", "backend.db"]
arrivals = { poisson = { rate = "1/s" } }
request = "1 kB"
response = "1 kB"
[workload.calls]
path = ["eas.llm", "nat_gateway.out", "backend.api"]
arrivals = { poisson = { rate = "1/s" } }
request = "1 kB"
response = "1 kB"
[workload.users]
path = ["eas.llm"]
vpc = "app"
port = 8000
arrivals = { poisson = { rate = "1/s" } }
request = "1 kB"
response = "1 kB"
# more
"#;

const OUT: &str = "[workload.calls]\npath = [\"eas.llm\", \"nat_gateway.out\", \"backend.api\"]";
/// Nobody calls out any more; the service gets its models from there.
const STARTS: &[Edit] = &[(OUT, "[workload.calls]\npath = [\"eas.llm\", \"backend.db\"]")];
const DEV_NET: Edit = ("# dev", "\nvswitch = \"t\"\nsecurity_group = \"eas\" # dev");

#[rustfmt::skip]
fn planted() -> Vec<Planted> {
    let mut all = Vec::new();
    let mut case = |row, severity, clean: &[Edit], fault, at, fix| {
        all.push(Planted { row, severity, clean: clean.to_vec(), fault, at, fix, mend: None });
    };
    use Severity::{Error, Note, Warning};
    case("E-01", Error, &[DEV_NET, ("gateway = {} ", ""), ("[\"eas.llm\"]", "[\"eas.dev\"]")],
        ("\nvswitch = \"t\"\nsecurity_group = \"eas\" # dev", ""), "\"eas.dev\"", "name a vswitch");
    case("E-05", Error, &[DEV_NET], ("vswitch = \"t\"\nsecurity_group = \"eas\"", "vswitch = \"t\""), "dev", "security_group =");
    case("E-06", Note, &[], ("# llm", "\ngroup = { vswitch = \"t\", security_group = \"eas\" } # llm"), "\"t\"", "leave one");
    case("E-11", Error, &[], ("vpc = \"app\"\nport = 3306", "vpc = \"other\"\nport = 3306"), "\"eas.llm\"", "connected_to");
    case("E-11", Error, &[], ("vpc = \"app\"\nport = 8000", "vpc = \"other\"\nport = 8000"), "\"eas.llm\"", "connected_to");
    case("E-13", Error, &[], ("ports = \"3306\"", "ports = \"5432\""), "\"eas.llm\"", "security_group.eas");
    case("E-13", Error, &[], ("port = 8000", "port = 9000"), "\"eas.llm\"", "10.0.0.0/16");
    case("E-14", Warning, &[], ("[\"10.0.1.0/26\"]", "[\"10.0.2.0/26\"]"), "[\"10.0.2.0/26\"]", "add \"10.0.1.0/26\"");
    case("E-16", Warning, &[], ("[\"10.0.1.0/26\"]", "[\"10.0.1.7\"]"), "\"10.0.1.7\"", "write \"10.0.1.0/26\"");
    case("E-16", Warning, &[], ("# llm", "\nlook_up = \"never\" # llm"), "\"never\"", "call a name");
    case("E-17", Error, &[], (OUT, "[workload.calls]\npath = [\"eas.llm\", \"backend.api\"]"), "\"eas.llm\"", "nat_gateway.name");
    case("E-17", Error, &[("# more", "[vswitch.u]\nvpc = \"other\"\nzone = \"a\"\ncidr = \"10.1.1.0/26\"\n# more")],
        ("snat = [{ vswitch = \"s\" }]", "snat = [{ vswitch = \"s\" }, { vswitch = \"u\" }]"), "\"u\"", "in that VPC");
    case("E-19", Error, &[], ("snat = [{ vswitch = \"s\" }]", "snat = [{ vswitch = \"t\" }]"), "\"nat_gateway.out\"", "vswitch = \"s\"");
    case("E-20", Error, &[], ("[\"47.1.1.1\"] # api", "[\"47.2.2.2\"] # api"), "[\"47.2.2.2\"]", "add \"47.1.1.1\"");
    case("E-21", Error, &[], ("instances = 20", "instances = 61"), "61", "larger vSwitch");
    case("E-21", Warning, &[("# llm", "\nscaling = { min = 2, max = 60 } # llm")], ("max = 60", "max = 61"), "61", "larger vSwitch");
    case("E-21", Warning, &[("# llm", "\nupdate = { at = \"10 s\", max_surge = 40 } # llm")], ("max_surge = 40", "max_surge = 41"), "\"10 s\"", "larger vSwitch");
    case("E-24", Warning, &[DEV_NET, ("# dev", "\nenvironment = \"prod\" # dev"), ("# llm", "\nenvironment = \"prod\" # llm")],
        ("environment = \"prod\" # dev", "environment = \"dev\" # dev"), "\"eas\"", "each environment");
    case("E-25", Warning, &[], ("{ source = \"10.0.0.0/16\", ports = \"8000\" }", "{ source = \"0.0.0.0/0\", ports = \"8000\" }"), "\"0.0.0.0/0\"", "blocks of its callers");
    case("E-26", Note, STARTS, ("# llm", "\nmodels = \"internet\" # llm"), "\"internet\"", "models = \"oss\"");
    case("E-27", Warning, &[("# llm", "\nmodels = \"internet\"\nreschedule = [{ at = \"20 s\" }] # llm"), ("# nat", "\noff = [{ from = \"30 s\" }] # nat")],
        ("from = \"30 s\"", "from = \"15 s\""), "\"20 s\"", "leave the gateway on");
    case("E-28", Note, &[], ("ports = \"3306\"", "ports = \"5432\""), "\"backend.db\"", "mend this step");
    case("E-29", Note, &[("source = \"security_group.eas\"", "source = \"10.0.1.0/26\"")],
        ("source = \"10.0.1.0/26\"", "source = \"10.0.0.0/16\""), "\"10.0.0.0/16\"", "security_group.eas");
    case("E-30", Error, &[], ("[\"10.0.1.0/26\"]", "[\"47.1.1.1\"]"), "\"47.1.1.1\"", "10.0.1.0/26");
    case("E-30", Error, &[], ("[\"47.1.1.1\"] # api", "[\"10.0.1.0/26\"] # api"), "\"10.0.1.0/26\"", "47.1.1.1");
    all
}

pub(crate) fn bed() -> Bed {
    // Which step it was is told beside each of the three.
    Bed { base: BASE, document: "EAS", beside: Some("E-28"), edit: apply, planted: planted() }
}

#[test]
fn every_planted_fault_is_found_and_its_clean_twin_raises_nothing() {
    bed().check();
}
