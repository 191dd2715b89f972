//! Ways out of MaxCompute and into it, end to end: what their hops cost and carry, and what never gets
//! through.

use std::path::Path;

use highwater::experiment::{Case, Options, run};
use highwater::measure::{Identity, LinkResults, Results, WorkloadResults};
use highwater::scenario::{Source, load_text};

fn results(text: &str) -> Results {
    let source = Source { path: "t.toml".into(), text: format!("version = 1\n{text}") };
    let loaded = load_text(source, Path::new("."), &[]).unwrap_or_else(|e| panic!("{e}"));
    let case = Case { plan: loaded.plan, identity: Identity::default() };
    run(case, &Options { threads: 1, on_window: &|| (), listen: None }).expect("it runs")
}

fn of<'r>(r: &'r Results, name: &str) -> &'r WorkloadResults {
    r.workloads.iter().find(|w| w.name == name).expect("the workload")
}

fn link<'r>(r: &'r Results, name: &str, direction: &str) -> &'r LinkResults {
    let it = |l: &&LinkResults| l.name == name && l.direction == direction;
    r.links.iter().find(it).expect("the link")
}

/// Mean delivered rate of a workload, Mbit/s.
fn mbps(r: &Results, name: &str) -> f64 {
    let w = of(r, name);
    let bytes: u64 = w.bytes_by_window.iter().sum();
    bytes as f64 * 8e3 / (r.settings.window_ns as f64 * w.bytes_by_window.len() as f64)
}

/// The plain fluid, so that times and rates can be worked out by hand.
const FLUID: &str = "[tcp]\nslow_start = false\nheaders = \"0 B\"\n\
     [run]\nlength = \"20 s\"\nwindow = \"1 s\"\nreplications = 1\n";

/// What others call.
fn called(solution: &str, bandwidth: &str) -> String {
    format!(
        "[maxcompute.in]\nsolution = \"{solution}\"\nbandwidth = \"{bandwidth}\"\n\
         servers = \"unlimited\"\nservice = \"10 ms\"\n"
    )
}

/// One client that asks for a byte every second over a connection that it keeps.
fn asking(name: &str, path: &str, keys: &str) -> String {
    format!(
        "[workload.{name}]\npath = [{path}]\nrequest = \"1 B\"\nresponse = \"1 B\"\n\
         arrivals = {{ closed = {{ workers = 1, think = \"1 s\" }} }}\n{keys}\n"
    )
}

/// Workers that always have a download under way.
fn greedy(name: &str, path: &str) -> String {
    format!(
        "[workload.{name}]\npath = [{path}]\nclients = 4\nrequest = \"0 B\"\nresponse = \"100 GB\"\n\
         arrivals = {{ closed = {{ workers = 4, think = \"0 s\" }} }}\ntimeouts = {{ request = \"1 h\" }}\n"
    )
}

/// The median latency of a workload, ms.
fn median(r: &Results, name: &str) -> f64 {
    of(r, name).latency_ok.quantile(0.5).expect("some requests") as f64 / 1e6
}

#[test]
fn by_privatelink_others_come_through_a_network_card() {
    // M-08: endpoint (P-*), load balancer, MaxCompute; every byte crosses the card of one zone.
    let text = format!(
        "{FLUID}[region.r]\n[zone.a]\nregion = \"r\"\n[backend.front]\nzones = [\"a\"]\n\
         bandwidth = \"10 Gbps\"\nservers = \"unlimited\"\nservice = \"0 ms\"\n\
         [load_balancer.lb]\ntype = \"nlb\"\nzones = [\"a\"]\nbackend = \"front\"\n\
         [endpoint_service.s]\nload_balancer = \"lb\"\n\
         [endpoint.e]\nservice = \"s\"\nzones = [\"a\"]\ncreated_at = 2026-03-01\n\
         throttle = \"200 Mbps\"\ndevices = 1\n{}{}",
        called("privatelink", "1 Gbps"),
        greedy("w", "\"endpoint.e\", \"maxcompute.in\"")
    );
    let r = results(&text);
    assert!((mbps(&r, "w") - 200.0).abs() < 2.0, "{}", mbps(&r, "w"));
    let carried = |name| link(&r, name, "backward").bytes_by_window.iter().sum::<u64>();
    assert_eq!(carried("endpoint.e.zone-a.eni"), carried("maxcompute.in.link"));
    let (tight, wide) = (&text, text.replace("200 Mbps", "2 Gbps"));
    assert_ne!(tight, &wide);
    assert!((mbps(&results(&wide), "w") - 1_000.0).abs() < 10.0, "its own bandwidth comes next");
}

#[test]
fn by_peering_others_come_from_another_region() {
    // M-09: 15 ms one way, 100 Mbps between the regions. A kept connection: 2 x 15 + 10 ms.
    let way = "[delay.far]\none_way = \"15 ms\"\n[link.peering]\ncapacity = \"100 Mbps\"\n";
    let path = "\"link.peering\", \"delay.far\", \"maxcompute.in\"";
    let r = results(&format!(
        "{FLUID}{way}{}{}{}",
        called("peering", "1 Gbps"),
        asking("far", path, ""),
        asking("near", "\"maxcompute.in\"", "")
    ));
    assert!((median(&r, "far") - 40.0).abs() < 0.1, "{}", median(&r, "far"));
    assert!((median(&r, "near") - 10.0).abs() < 0.1, "{}", median(&r, "near"));
    let r = results(&format!("{FLUID}{way}{}{}", called("peering", "1 Gbps"), greedy("w", path)));
    assert!((mbps(&r, "w") - 100.0).abs() < 1.0, "{}", mbps(&r, "w"));
}

#[test]
fn by_cen_several_regions_share_a_transit_router() {
    // M-10: two regions behind links of 100 and 500 Mbps meet in a hub of 400 Mbps: 100 and 300.
    let r = results(&format!(
        "{FLUID}[transit_router.hub]\nbandwidth = \"400 Mbps\"\n[link.north]\ncapacity = \"100 Mbps\"\n\
         [link.south]\ncapacity = \"500 Mbps\"\n{}{}{}",
        called("cen", "1 Gbps"),
        greedy("north", "\"link.north\", \"transit_router.hub\", \"maxcompute.in\""),
        greedy("south", "\"link.south\", \"transit_router.hub\", \"maxcompute.in\"")
    ));
    assert!((mbps(&r, "north") - 100.0).abs() < 1.0, "{}", mbps(&r, "north"));
    assert!((mbps(&r, "south") - 300.0).abs() < 3.0, "{}", mbps(&r, "south"));
}

#[test]
fn another_vpc_is_further_away() {
    // M-17: the same database in the connection's VPC, and in another one behind a transit router.
    let net = "[maxcompute.m]\nsolution = \"vpc\"\nbandwidth = \"1 Gbps\"\nforwarding = \"1000000/s\"\n\
         [transit_router.hub]\nbandwidth = \"1 Gbps\"\n[delay.other]\none_way = \"4 ms\"\n\
         [backend.db]\nbandwidth = \"1 Gbps\"\nservers = \"unlimited\"\nservice = \"10 ms\"\n";
    let far = "\"maxcompute.m\", \"transit_router.hub\", \"delay.other\", \"backend.db\"";
    let r = results(&format!(
        "{FLUID}{net}{}{}",
        asking("near", "\"maxcompute.m\", \"backend.db\"", ""),
        asking("far", far, "")
    ));
    let added = median(&r, "far") - median(&r, "near");
    assert!((added - 8.0).abs() < 0.1, "{added} ms");
    let carried = &link(&r, "transit_router.hub", "forward").bytes_by_window;
    assert!(carried.iter().sum::<u64>() > 0);
}

/// A target with a bare address, called by HTTPS.
fn by_address(keys: &str) -> Results {
    results(&format!(
        "{FLUID}[maxcompute.m]\nsolution = \"vpc\"\n[backend.kms]\nbandwidth = \"1 Gbps\"\n\
         servers = \"unlimited\"\nservice = \"1 ms\"\naddress = \"10.0.0.7\"\n{}",
        asking("w", "\"maxcompute.m\", \"backend.kms\"", keys)
    ))
}

#[test]
fn https_to_a_bare_address_fails_without_the_host() {
    // M-43, M-44: all requests, or none.
    let refused = by_address("connections = { tls = \"1.3\" }");
    let w = of(&refused, "w");
    assert!(w.offered >= 19 && w.errors["refused"] == w.offered, "{:?}", w.errors);
    let gate = refused.gates.iter().find(|s| s.name == "workload.w.certificate");
    assert!(gate.is_some(), "it says why");
    for keys in ["", "connections = { tls = \"1.3\" }\nhost = \"kms.example.com\""] {
        let fine = by_address(keys);
        assert_eq!(of(&fine, "w").errors_total(), 0, "{keys}");
        assert!(of(&fine, "w").offered >= 19);
    }
}

#[test]
fn who_shares_a_route_has_a_certificate_of_his_own() {
    let text = |keys: &str| {
        asking("secure", "", &format!("connections = {{ tls = \"1.2\" }}\n{keys}"))
            + &asking("plain", "", "")
    };
    let r = |keys: &str| {
        let net = "[maxcompute.m]\nsolution = \"internet\"\nallow = [\"47.1.1.1\"]\n[backend.api]\n\
             bandwidth = \"1 Gbps\"\nservers = \"unlimited\"\nservice = \"1 ms\"\npublic = true\n\
             address = \"47.1.1.1\"\n[route.out]\nhops = [\"maxcompute.m\", \"backend.api\"]\n";
        results(&format!("{FLUID}{net}{}", text(keys).replace("path = []", "route = \"out\"")))
    };
    let errors = |r: &Results, name: &str| (of(r, name).errors_total(), of(r, name).offered);
    let fails = r("host = \"47.1.1.1\"");
    let (lost, all) = errors(&fails, "secure");
    assert!(lost == all && all > 0, "an address is no name, in the header either");
    assert_eq!(errors(&fails, "plain").0, 0);
    assert_eq!(errors(&r("host = \"api.example.com\""), "secure").0, 0);
}

#[test]
fn connections_that_are_kept_are_opened_once() {
    // M-30: 10 clients that ask some 20 times each.
    let text = |reuse: bool| {
        format!(
            "{FLUID}[maxcompute.m]\nsolution = \"vpc\"\n[backend.db]\nbandwidth = \"1 Gbps\"\n\
             servers = \"unlimited\"\nservice = \"1 ms\"\n{}",
            asking(
                "w",
                "\"maxcompute.m\", \"backend.db\"",
                &format!("clients = 10\nconnections = {{ reuse = {reuse} }}")
            )
            .replace("workers = 1", "workers = 10")
        )
    };
    let (kept, each) = (results(&text(true)), results(&text(false)));
    let (kept, each) = (of(&kept, "w"), of(&each, "w"));
    assert!(kept.connections <= 10 && kept.offered >= 190, "{}", kept.connections);
    assert_eq!(each.connections, each.offered);
}

#[test]
fn bandwidth_without_guarantee_makes_a_band_of_job_times() {
    // M-27, M-32: 8 tasks of 125 MB share one link, 8 Gbit in all: 8 s at 1 Gbps; drawn once for the
    // run between 0.5 and 2 Gbps, 4 to 16 s.
    let text = |bandwidth: &str| {
        format!(
            "[tcp]\nslow_start = false\nheaders = \"0 B\"\n[run]\nlength = \"20 s\"\nreplications = 20\n\
             [maxcompute.m]\nsolution = \"vpc\"\nbandwidth = {bandwidth}\nbandwidth_every = \"1 h\"\n\
             [backend.db]\nbandwidth = \"100 Gbps\"\nservers = \"unlimited\"\nservice = \"0 ms\"\n\
             [workload.w]\npath = [\"maxcompute.m\", \"backend.db\"]\nrequest = \"0 B\"\n\
             response = \"125 MB\"\ntimeouts = {{ request = \"1 h\" }}\n\
             arrivals = {{ job = {{ workers = 8, stages = [{{ name = \"read\", instances = 8, requests = 1 }}] }} }}\n"
        )
    };
    let time = |bandwidth: &str, q: f64| {
        let r = results(&text(bandwidth));
        let jobs = of(&r, "w").jobs.as_ref().expect("a workload of jobs");
        assert_eq!(jobs.done, 20);
        jobs.time.quantile(q).expect("20 jobs") as f64 / 1e9
    };
    let same = "\"1 Gbps\"";
    assert!((time(same, 0.05) - 8.0).abs() < 0.1 && (time(same, 0.95) - 8.0).abs() < 0.1);
    let law = "{ uniform = { low = \"500 Mbps\", high = \"2 Gbps\" } }";
    let (low, high) = (time(law, 0.05), time(law, 0.95));
    assert!((3.9..6.0).contains(&low) && (9.0..16.1).contains(&high), "{low} to {high} s");
}

#[test]
fn connections_that_outlive_the_drain_are_reset() {
    // Z-02: a card leaves the record at 10 s and is deleted at 20 s. Connections that age in time are
    // opened elsewhere; others are in use when it goes.
    let text = |age: &str| {
        format!(
            "[run]\nlength = \"30 s\"\nwindow = \"1 s\"\nreplications = 1\n[region.r]\n\
             [zone.a]\nregion = \"r\"\n[zone.b]\nregion = \"r\"\n\
             [backend.app]\nzones = [\"a\", \"b\"]\nbandwidth = \"10 Gbps\"\nservers = \"unlimited\"\n\
             service = \"100 ms\"\n\
             [load_balancer.one]\ntype = \"clb\"\nzones = [\"a\", \"b\"]\nbackend = \"app\"\n\
             [load_balancer.two]\ntype = \"clb\"\nzones = [\"b\", \"a\"]\nbackend = \"app\"\n\
             [endpoint_service.s]\nload_balancer = \"one\"\nresources = [\"two\"]\n\
             managed_resources = true\n\
             [endpoint.e]\nservice = \"s\"\nzones = [\"a\", \"b\"]\ncreated_at = 2026-03-01\n\
             [change.a]\nat = \"5 s\"\nof = \"endpoint_service.s\"\n\
             automatic_allocation = {{ resource = \"one\", on = false }}\n\
             [change.b]\nat = \"10 s\"\nof = \"endpoint.e\"\n\
             replace = {{ zone = \"a\", by = \"two\", manner = \"smooth\", drain = \"10 s\" }}\n\
             [workload.w]\npath = [\"endpoint.e\"]\nclients = 40\nnames = \"none\"\n\
             connections = {{ reuse = true{age} }}\nrequest = \"1 kB\"\nresponse = \"1 kB\"\n\
             arrivals = {{ closed = {{ workers = 40, think = \"0 s\" }} }}\n"
        )
    };
    let (young, old) = (results(&text(", max_age = \"9 s\"")), results(&text("")));
    assert_eq!(of(&young, "w").errors_total(), 0, "{:?}", of(&young, "w").errors);
    let errors = &of(&old, "w").errors_by_window["reset"];
    assert!(errors[20] > 0 && errors.iter().sum::<u64>() == errors[20], "{errors:?}");
}
