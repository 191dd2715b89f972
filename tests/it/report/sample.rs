//! Results of a run that never was: three workloads over two circuits and a VPN, one circuit
//! failing for twenty minutes and one browning out, with figures of a plausible size.

use highwater::measure::{
    AssumptionSeen, Binding, BoundSeen, FaultSeen, Gap, Headline, Histogram, Identity, LinkResults,
    NoticeSeen, ObjectiveSeen, PoolResults, Results, SelectorResults, SettingsSeen, StationResults,
    WorkloadResults,
};
use highwater::random::{Dist, Stream};

const S: u64 = 1_000_000_000;
const MIN: u64 = 60 * S;
const RUNS: u32 = 5;
const WINDOWS: usize = 720;
/// The first fault, in windows.
const DOWN: std::ops::Range<usize> = 360..480;
const BROWN: std::ops::Range<usize> = 600..660;

/// The sample. `load` multiplies the offered load.
pub(crate) fn sample(load: f64) -> Results {
    let settings = SettingsSeen {
        horizon_ns: 120 * MIN,
        warmup_ns: 5 * MIN,
        window_ns: 10 * S,
        start_of_day_ns: 9 * 60 * MIN,
        replications: (0..RUNS).collect(),
    };
    let workloads = vec![
        workload("analytics", 4.0 * load, 3_200_000.0, 180.0, 0.7, &settings),
        workload("checkout", 30.0 * load, 24_000.0, 11.0, 0.55, &settings),
        workload("telemetry", 10.0 * load, 160_000.0, 34.0, 0.35, &settings),
    ];
    Results {
        identity: Identity {
            scenario: "drill-east".into(),
            title: "Losing the east circuit at ten in the morning".into(),
            description: "Do checkout and analytics keep their objectives when circuit east fails \
                          for twenty minutes, and who notices first?"
                .into(),
            scenario_hash: "5f0c1d2e3a4b5968".into(),
            version: "0.1.0".into(),
            seed: 42,
        },
        settings,
        workloads,
        links: links(load),
        pools: pools(),
        stations: stations(),
        scalers: vec![],
        selectors: selectors(),
        alerts: Vec::new(),
        recoveries: vec![],
        gates: vec![],
        outages: vec![],
        faults: faults(),
        gaps: gaps(),
        assumptions: assumptions(),
        notices: notices(),
    }
}

fn noise(stream: &mut Stream, width: f64) -> f64 {
    Dist::lognormal_of_median(1.0, width).sample_from(stream)
}

/// A morning: more towards the middle of the run.
fn profile(i: usize) -> f64 {
    let x = i as f64 / WINDOWS as f64 * 2.0 - 1.0;
    1.15 - 0.35 * x * x
}

fn workload(
    name: &str,
    per_second: f64,
    bytes: f64,
    median_ms: f64,
    sigma: f64,
    s: &SettingsSeen,
) -> WorkloadResults {
    let mut w = WorkloadResults {
        name: name.into(),
        mode: "poisson".into(),
        offered_by_window: vec![0; WINDOWS],
        ok_by_window: vec![0; WINDOWS],
        bytes_by_window: vec![0; WINDOWS],
        latency_sum_us_by_window: vec![0; WINDOWS],
        latency_max_by_window: vec![0; WINDOWS],
        busy_us_by_window: vec![0; WINDOWS],
        ..WorkloadResults::default()
    };
    for cause in [
        "connect_timeout",
        "denied",
        "name",
        "queue_timeout",
        "refused",
        "request_timeout",
        "reset",
    ] {
        w.errors.insert(cause.into(), 0);
    }
    for rep in 0..RUNS {
        let mut stream = Stream::new(7, rep, name, "sample");
        let mut run = (Headline::default(), Histogram::new());
        for i in 0..WINDOWS {
            window(&mut w, &mut run, &mut stream, i, (per_second, bytes, median_ms, sigma), s);
        }
        let (mut head, h) = run;
        head.mean_ns = h.mean();
        head.p50_ns = h.quantile(0.5);
        head.p90_ns = h.quantile(0.9);
        head.p95_ns = h.quantile(0.95);
        head.p99_ns = h.quantile(0.99);
        head.p999_ns = h.quantile(0.999);
        w.by_replication.insert(rep, head);
    }
    w.unfinished = 3;
    w.offered = w.ok + w.errors_total() + 3;
    w.retries = w.errors_total() * 2;
    w.connections = w.offered / 8;
    w.binding = binding(name);
    w.objectives = objectives(name, &w);
    w
}

fn window(
    w: &mut WorkloadResults,
    run: &mut (Headline, Histogram),
    stream: &mut Stream,
    i: usize,
    (per_second, bytes, median_ms, sigma): (f64, f64, f64, f64),
    s: &SettingsSeen,
) {
    let measured = i as u64 * s.window_ns >= s.warmup_ns;
    let n = (per_second * 10.0 * profile(i) * noise(stream, 0.08)) as u64;
    let (slow, share_down) = match i {
        _ if DOWN.contains(&i) => (2.4, if i < 366 { 0.5 } else { 0.0 }),
        _ if BROWN.contains(&i) => (1.5, 0.0),
        _ => (1.0, 0.0),
    };
    let law = Dist::lognormal_of_median(median_ms * slow * 1e6, sigma);
    let failed = (n as f64 * share_down * noise(stream, 0.1)).min(n as f64) as u64;
    let mut errors =
        vec![("connect_timeout", failed * 7 / 10), ("reset", failed - failed * 7 / 10)];
    if DOWN.contains(&i) {
        errors.push(("queue_timeout", n / 120));
    }
    let failed: u64 = errors.iter().map(|e| e.1).sum();
    let ok = n - failed.min(n);
    w.offered_by_window[i] += n;
    w.ok_by_window[i] += ok;
    let level = if DOWN.contains(&i) { 0.62 } else { 1.0 };
    let moved = (ok as f64 * bytes * level * noise(stream, 0.12)) as u64;
    w.bytes_by_window[i] += moved;
    for (cause, n) in errors.into_iter().filter(|e| e.1 > 0) {
        w.errors_by_window.entry(cause.into()).or_insert_with(|| vec![0; WINDOWS])[i] += n;
        if measured {
            *w.errors.entry(cause.into()).or_default() += n;
            run.0.errors += n;
        }
    }
    for _ in 0..ok {
        let ns = law.sample_whole(stream);
        w.latency_sum_us_by_window[i] += ns / 1_000;
        w.latency_max_by_window[i] = w.latency_max_by_window[i].max(ns);
        w.busy_us_by_window[i] += ns / 1_000;
        if measured {
            run.1.record(ns);
            w.latency_ok.record(ns);
            w.latency_all.record(ns);
            let mut rest = ns;
            for (phase, tenths) in [("name", 0), ("connect", 2), ("send", 1), ("serve", 4)] {
                w.phases.entry(phase.into()).or_default().record(ns / 10 * tenths);
                rest -= ns / 10 * tenths;
            }
            w.phases.entry("receive".into()).or_default().record(rest);
        }
    }
    if measured {
        for _ in 0..failed {
            w.latency_all.record(3 * S);
        }
        w.ok += ok;
        run.0.offered += n;
        run.0.ok += ok;
        run.0.bytes += moved;
        w.throughput.record(moved * 8 / 10);
    }
}

fn binding(name: &str) -> Vec<Binding> {
    let flat = |limit: &str, level: u64, during: u64| Binding {
        limit: limit.into(),
        flow_ns_by_window: (0..WINDOWS)
            .map(|i| S * if DOWN.contains(&i) { during } else { level })
            .collect(),
    };
    match name {
        "analytics" => vec![
            flat("circuit.west forward", 10, 230),
            flat("eni.shop both ways", 6, 3),
            flat("own cap", 40, 20),
            flat("down", 0, 4),
        ],
        "checkout" => vec![flat("circuit.west forward", 1, 30), flat("own cap", 90, 90)],
        _ => vec![flat("own cap", 9, 9), flat("eni.shop both ways", 1, 1)],
    }
}

fn objectives(name: &str, w: &WorkloadResults) -> Vec<ObjectiveSeen> {
    let latency = |limit: u64| {
        let p99 = w.latency_ok.quantile(0.99).unwrap();
        ObjectiveSeen {
            text: format!("p99 latency at most {limit} ms"),
            measured: format!("{:.1} ms", p99 as f64 / 1e6),
            met: p99 <= limit * 1_000_000,
            bound: BoundSeen::Latency { quantile: 0.99, limit_ns: limit * 1_000_000 },
        }
    };
    let share = w.availability().unwrap();
    let availability = |least: f64| ObjectiveSeen {
        text: format!("availability at least {} %", least * 100.0),
        measured: format!("{:.3} %", share * 100.0),
        met: share >= least,
        bound: BoundSeen::Availability { share: least },
    };
    match name {
        "analytics" => vec![latency(2_500)],
        "checkout" => vec![latency(60), availability(0.995)],
        _ => vec![availability(0.99)],
    }
}

fn links(load: f64) -> Vec<LinkResults> {
    let list: [(&str, &str, &str, bool, f64, f64); 9] = [
        ("circuit.east", "backward", "circuit", true, 200e6, 0.31),
        ("circuit.east", "forward", "circuit", true, 200e6, 0.46),
        ("circuit.west", "backward", "circuit", true, 200e6, 0.29),
        ("circuit.west", "forward", "circuit", true, 200e6, 0.44),
        ("eni.shop", "both", "eni", true, 400e6, 0.52),
        ("nlb.front", "both", "load balancer", false, 5e9, 0.04),
        ("proxy.egress", "forward", "proxy", true, 1e9, 0.12),
        ("tr.hub", "forward", "transit router", true, 1e9, 0.18),
        ("vpn.backup", "forward", "vpn", true, 50e6, 0.0),
    ];
    let of = |(name, direction, role, headline, bps, level): (&str, &str, &str, bool, f64, f64)| {
        let mut link = LinkResults {
            name: name.into(),
            direction: direction.into(),
            role: role.into(),
            headline,
            ..LinkResults::default()
        };
        let mut stream = Stream::new(7, 0, name, direction);
        for i in 0..WINDOWS {
            let down = DOWN.contains(&i);
            let (part, cap) = match name {
                "circuit.east" if down => (0.0, 0.0),
                "circuit.west" if down => (level * 2.1, 1.0),
                "circuit.west" if BROWN.contains(&i) => (level * 1.6, 0.6),
                "vpn.backup" if down => (0.7, 1.0),
                _ => (level, 1.0),
            };
            let capacity = (bps / 8.0 * 10.0 * cap * f64::from(RUNS)) as u64;
            let wanted = bps / 8.0 * 10.0 * f64::from(RUNS) * part * profile(i) * load;
            let bytes = ((wanted * noise(&mut stream, 0.05)) as u64).min(capacity);
            let full = if bytes == capacity && capacity > 0 { 10 * S * 4 } else { 0 };
            link.bytes_by_window.push(bytes);
            link.capacity_by_window.push(capacity);
            link.full_ns_by_window.push(full);
            link.lost_by_window.push(if full > 0 && name == "circuit.west" { 120_000 } else { 0 });
            link.peak_bps = link.peak_bps.max(bytes * 8 / 10 / u64::from(RUNS));
        }
        link
    };
    list.into_iter().map(of).collect()
}

fn waits(name: &str, mean_ms: f64, n: u64) -> Histogram {
    let mut h = Histogram::new();
    let mut stream = Stream::new(7, 0, name, "waits");
    let law = Dist::exponential(mean_ms * 1e6);
    (0..n).for_each(|_| h.record(law.sample_whole(&mut stream)));
    h
}

fn pools() -> Vec<PoolResults> {
    let pool = |name: &str, units: u64, refused, peak| PoolResults {
        name: name.into(),
        units,
        asked: 480_000,
        refused,
        timed_out: refused / 10,
        peak,
        used_us_by_window: vec![peak / 2 * 10 * S / 1_000 * u64::from(RUNS); WINDOWS],
        size_us_by_window: vec![units * 10 * S / 1_000 * u64::from(RUNS); WINDOWS],
        waits: waits(name, 2.0, refused),
    };
    vec![pool("proxy.egress.connections", 2_000, 0, 1_310), pool("snat.egress-1", 512, 1_840, 512)]
}

fn stations() -> Vec<StationResults> {
    let station = |name: &str, servers: u64, busy: f64, refused| StationResults {
        name: name.into(),
        servers,
        arrived: 1_100_000,
        refused,
        timed_out: 0,
        served: 1_100_000 - refused,
        peak_queue: 14,
        busy_us_by_window: vec![(busy * 10.0 * 1e6) as u64 * u64::from(RUNS); WINDOWS],
        servers_us_by_window: vec![],
        waits: waits(name, 0.4, 4_000),
    };
    vec![station("backend.shop", 8, 5.2, 0), station("resolver.vpc", 0, 0.3, 0)]
}

fn selectors() -> Vec<SelectorResults> {
    let shares = |name: &str, role: &str, branches: &[&str], lag: usize| {
        let mut s = SelectorResults {
            name: name.into(),
            role: role.into(),
            headline: true,
            branches: branches.iter().map(|b| (*b).to_owned()).collect(),
            moved: 118,
            ..SelectorResults::default()
        };
        let mut stream = Stream::new(7, 0, name, "shares");
        let even = 1.0 / (branches.len() - 1) as f64;
        for (b, _) in branches.iter().enumerate() {
            let (mut chosen, mut stale) = (Vec::new(), Vec::new());
            for i in 0..WINDOWS {
                let known = i >= DOWN.start + lag && i < DOWN.end + lag;
                let backup = b == branches.len() - 1;
                let share = match (known, b) {
                    (true, 0) => 0.0,
                    (true, _) if backup => 0.12,
                    (true, _) => 0.88 / (branches.len() - 2) as f64,
                    (false, _) if backup => 0.0,
                    (false, _) => even,
                };
                let n = (240.0 * share * noise(&mut stream, 0.08)) as u64;
                chosen.push(n);
                stale.push(if b == 0 && DOWN.contains(&i) { n } else { 0 });
            }
            s.chosen_by_window.push(chosen);
            s.stale_by_window.push(stale);
        }
        s
    };
    vec![
        shares("vbr.ecmp", "ecmp", &["circuit.east", "circuit.west", "vpn.backup"], 1),
        shares("dns.shop", "dns", &["zone-h", "zone-i", "zone-j", "zone-k"], 6),
    ]
}

fn faults() -> Vec<FaultSeen> {
    vec![
        FaultSeen {
            name: "east-down".into(),
            label: "circuit.east fails".into(),
            from_ns: 60 * MIN,
            to_ns: 80 * MIN,
            planned: false,
        },
        FaultSeen {
            name: "west-brown".into(),
            label: "circuit.west drops to 60 % of its bandwidth".into(),
            from_ns: 100 * MIN,
            to_ns: 110 * MIN,
            planned: false,
        },
    ]
}

fn gaps() -> Vec<Gap> {
    let h = |values: [u64; 5]| {
        let mut h = Histogram::new();
        values.iter().for_each(|ms| h.record(ms * 1_000_000));
        h
    };
    vec![
        Gap {
            fault: "east-down".into(),
            selector: "dns.shop".into(),
            detector: "health check every 10 s, 3 failures".into(),
            detect: h([24_800, 29_100, 27_500, 31_000, 26_400]),
            propagate: h([5_000, 5_000, 5_000, 5_000, 5_000]),
            cache: h([28_000, 55_200, 41_000, 60_000, 47_100]),
            reconnect: h([1_200, 0, 4_000, 2_100, 900]),
        },
        Gap {
            fault: "east-down".into(),
            selector: "vbr.ecmp".into(),
            detector: "BFD 3 x 1 s".into(),
            detect: h([2_100, 2_900, 2_400, 2_700, 2_200]),
            propagate: h([30, 30, 30, 30, 30]),
            cache: Histogram::new(),
            reconnect: h([900, 1_400, 0, 700, 1_100]),
        },
    ]
}

fn assumptions() -> Vec<AssumptionSeen> {
    let a = |parameter: &str, value: &str, source: &str, confidence: &str| AssumptionSeen {
        parameter: parameter.into(),
        value: value.into(),
        source: source.into(),
        confidence: confidence.into(),
    };
    vec![
        a("circuit.east.bfd_interval", "1 s", "scenario", "set"),
        a("endpoint.shop.record_ttl", "60 s", "default, no document", "C"),
        a("snat.egress-1.port_hold", "120 s", "RFC 5382: TIME_WAIT state", "B"),
    ]
}

fn notices() -> Vec<NoticeSeen> {
    let n = |code: &str, severity: &str, place: &str, text: &str| NoticeSeen {
        code: code.into(),
        severity: severity.into(),
        place: place.into(),
        text: text.into(),
    };
    vec![
        n(
            "HW-X07",
            "warning",
            "scenario.toml:31:1 [circuit.west]",
            "one circuit can't carry the load of both: 2 x 46 % of 200 Mbps leaves 8 %. Order more \
             bandwidth, or keep each circuit below 45 %.",
        ),
        n("HW-M33", "note", "scenario.toml:58:1 [snat.egress-1]", "one egress address: 512 ports."),
    ]
}
