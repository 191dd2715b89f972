//! The start of transfers in scenarios: on by default, set for all or for one workload, and gone
//! without a trace where it is switched off.

use std::fmt::Write as _;
use std::path::Path;

use highwater::measure::{Fact, Observer};
use highwater::plan::{Plan, SlowStart, Transport};
use highwater::scenario::{Source, load, load_text};
use highwater::units::{Bytes, Span};

/// FNV-1a over facts.
struct Fold(u64, String);

impl Observer for Fold {
    fn hear(&mut self, fact: &Fact) {
        // Short transfers are counted whether connections start slowly or not; who is on what failed,
        // and whose choice it was, is told since.
        if matches!(fact, Fact::Short { .. } | Fact::Failed { .. } | Fact::Caught { .. }) {
            return;
        }
        self.1.clear();
        write!(self.1, "{fact:?}").expect("text");
        self.1 = self.1.replacen("again: false, ", "", 1);
        if let Fact::Chosen { workload, .. } | Fact::FailedOn { workload, .. } = fact {
            self.1 = self.1.replacen(&format!("workload: {workload}, "), "", 1);
        }
        for b in self.1.bytes() {
            self.0 = (self.0 ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

fn facts(scenario: &str, off: bool) -> u64 {
    let set = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let mut overrides = vec![set("run.length", "\"12 s\""), set("run.warmup", "\"1 s\"")];
    if off {
        overrides.push(set("tcp.slow_start", "false"));
        overrides.push(set("tcp.headers", "\"0 B\""));
    }
    let path = format!("scenarios/{scenario}.toml");
    let loaded = load(Path::new(&path), &overrides).expect("a shipped scenario");
    let mut fold = Fold(0xcbf2_9ce4_8422_2325, String::new());
    highwater::sim::run(&loaded.plan, 0, &mut fold).expect("it runs");
    fold.0
}

#[test]
fn switched_off_it_leaves_every_fact_as_the_plain_fluid_tells_it() {
    // The folds are those of the engine before it knew of windows and headers, over the sharing and the
    // lowering of today: two of the scenarios choose an egress address for each connection since.
    let folds = [
        ("hybrid-review", 0x55d1_1e74_290c_6b88_u64),
        ("privatelink-zone-failover", 0x038c_78fe_6efb_fb6f),
        ("express-connect-ecmp", 0x70eb_9382_ecb2_b0f8),
        ("maxcompute-egress", 0xdfb7_d414_ab37_e5fa),
        ("mm1", 0x2567_75c1_54d5_641e),
    ];
    assert_eq!(folds.map(|(scenario, _)| (scenario, facts(scenario, true))), folds);
    for (scenario, _) in folds {
        assert_eq!(facts(scenario, false), facts(scenario, false), "{scenario}");
    }
    assert_ne!(facts("express-connect-ecmp", false), facts("express-connect-ecmp", true));
}

fn plan(tcp: &str, own: &str) -> Plan {
    let text = format!(
        "version = 1\n{tcp}\n[link.l]\ncapacity = \"1 Gbps\"\n[workload.w]\npath = [\"link.l\"]\n\
         arrivals = {{ poisson = {{ rate = \"1/s\" }} }}\nrequest = \"1 B\"\nresponse = \"1 B\"\n{own}\n"
    );
    let source = Source { path: "t.toml".into(), text };
    load_text(source, Path::new("."), &[]).unwrap_or_else(|e| panic!("{e}")).plan
}

#[test]
fn workloads_say_what_differs_from_the_scenario() {
    let default = Transport {
        segment: 1_448,
        headers: 54,
        slow_start: Some(SlowStart { initial_window: 10, growth: 2.0, idle_restart: None }),
        window: None,
        rtt_bias: 0.0,
    };
    assert_eq!(plan("", "").workloads[0].transport, default);
    let all = "[tcp]\nslow_start = false\nwindow = \"256 KiB\"\ngrowth = 1.5\n";
    let it = &plan(all, "").workloads[0].transport;
    assert_eq!((it.slow_start.is_none(), it.window), (true, Some(Bytes::new(262_144))));
    let own = "tcp = { slow_start = true, idle_restart = \"1 s\", headers = \"0 B\" }";
    let it = &plan(all, own).workloads[0].transport;
    let start =
        SlowStart { initial_window: 10, growth: 1.5, idle_restart: Some(Span::from_secs(1)) };
    assert_eq!((it.slow_start.as_ref(), it.headers), (Some(&start), 0));
    assert_eq!(it.window, Some(Bytes::new(262_144)));
}

#[test]
fn defaults_are_assumptions_with_their_sources() {
    let p = plan("", "");
    let of = |key: &str| {
        let it = p.assumptions.iter().find(|a| a.parameter == key);
        it.map(|a| (a.value.as_str(), a.source.as_str())).unwrap_or_else(|| panic!("{key}"))
    };
    assert!(of("tcp.initial_window").1.contains("RFC 6928"));
    assert_eq!(of("tcp.headers").0, "54 B");
    assert!(of("tcp.headers").1.contains("1448 of 1502"));
    assert_eq!((of("tcp.window").0, of("tcp.idle_restart").0), ("none", "never"));
    // What the scenario sets is no assumption, and what is off has no parameters.
    let off = plan("[tcp]\nslow_start = false\nheaders = \"0 B\"\n", "").assumptions;
    let left: Vec<_> = off.iter().filter(|a| a.parameter.starts_with("tcp")).collect();
    assert_eq!(left.len(), 3, "segment, window and bias: {left:?}");
}
