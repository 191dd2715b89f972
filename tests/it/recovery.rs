//! Recovery from the loss of a zone is detect + propagate + cache + reconnect, by the closed form of
//! each kind of client; and results say who caught whom.

use std::path::Path;

use highwater::experiment::{Case, Options, run};
use highwater::measure::{Identity, Interval, Recovery, Results};
use highwater::scenario::{Source, load_text};

/// Zone a is lost from 60 s to 180 s, noticed after 20 s and out of the record 1 s later; the record
/// is valid for 30 s.
fn one(seed: u64, workload: &str) -> Results {
    with(seed, workload, "detect = \"20 s\"")
}

fn with(seed: u64, workload: &str, detect: &str) -> Results {
    let text = format!(
        "version = 1\n[run]\nlength = \"4 min\"\nwindow = \"1 s\"\nreplications = 1\nseed = {seed}\n\
         [region.r]\n[zone.a]\nregion = \"r\"\n[zone.b]\nregion = \"r\"\n[zone.c]\nregion = \"r\"\n\
         [backend.b]\nzones = [\"a\", \"b\", \"c\"]\nbandwidth = \"200 Gbps\"\n\
         servers = \"unlimited\"\nservice = \"0 ms\"\n\
         [load_balancer.lb]\ntype = \"nlb\"\nzones = [\"a\", \"b\", \"c\"]\nbackend = \"b\"\n\
         [endpoint_service.s]\nload_balancer = \"lb\"\n\
         [endpoint.e]\nservice = \"s\"\nzones = [\"a\", \"b\", \"c\"]\ncreated_at = 2026-03-01\n\
         {detect}\npropagate = \"1 s\"\nrecord_ttl = \"30 s\"\n\
         [fault.lost]\nzone_outage = \"zone.a\"\nat = \"60 s\"\nlength = \"120 s\"\n\
         [workload.w]\npath = [\"endpoint.e\"]\nclients = 200\n\
         arrivals = {{ poisson = {{ rate = \"200/s\" }} }}\nrequest = \"1 kB\"\nresponse = \"1 kB\"\n\
         connections = {{ reuse = false }}\n{workload}\n"
    );
    let source = Source { path: "recovery.toml".into(), text };
    let plan =
        load_text(source, Path::new("scenarios"), &[]).unwrap_or_else(|e| panic!("{e}")).plan;
    let case = Case { plan, identity: Identity::default() };
    run(case, &Options { threads: 1, on_window: &|| (), listen: None }).expect("it runs")
}

fn of_name(r: &Results) -> &Recovery {
    r.recoveries.iter().find(|x| x.selector == "endpoint.e.name").expect("they were on it")
}

/// A part of the recovery for each of 60 seeds, s; the parts sum to the whole in each.
fn parts(workload: &str, of: impl Fn(&Recovery) -> Option<u64>) -> Vec<f64> {
    (1..=60)
        .map(|seed| {
            let r = one(seed, workload);
            let it = of_name(&r);
            let max = |h: &highwater::measure::Histogram| h.max().expect("a value");
            let parts = max(&it.detect) + max(&it.propagate) + max(&it.cache) + max(&it.reconnect);
            assert_eq!(parts, max(&it.total));
            of(it).expect("a value") as f64 / 1e9
        })
        .collect()
}

/// The mean is inside the 95 % interval, and the distribution follows the law: the largest distance
/// between the two (Kolmogorov) is below 1.63 / sqrt(n), which chance exceeds once in a hundred.
fn follow(values: &[f64], mean: f64, law: impl Fn(f64) -> f64) {
    let interval = Interval::of_mean(values, 0.95).expect("60 values");
    let half = interval.half_width.expect("60 values");
    let off = (interval.mean - mean).abs();
    assert!(off <= half, "{} +- {half} does not hold {mean}", interval.mean);
    let n = values.len() as f64;
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let far = (0_u32..).zip(&sorted).map(|(i, x)| {
        let (p, i) = (law(*x), f64::from(i));
        (p - i / n).abs().max((p - (i + 1.0) / n).abs())
    });
    let far = far.fold(0.0, f64::max);
    assert!(far < 1.63 / n.sqrt(), "{far}: {sorted:?}");
}

const IMPATIENT: &str =
    "timeouts = { connect = \"2 s\", request = \"5 s\" }\nretries = { attempts = 1 }\n";

#[test]
fn a_name_per_request_needs_detection_propagation_and_one_timeout() {
    // 200 requests a second ask for a name each, a third of them takes zone a: the last of them comes
    // an exponential gap of mean 3/200 s before the record changes at 21 s, and fails 2 s later.
    let names = format!("names = \"none\"\n{IMPATIENT}");
    let total = parts(&names, |x| x.total.max());
    let (latest, rate) = (20.0 + 1.0 + 0.0 + 2.0, 200.0 / 3.0);
    follow(&total, latest - 1.0 / rate, |t| libm::exp(-rate * (latest - t).max(0.0)));
    let r = one(1, &names);
    assert_eq!(of_name(&r).cache.max(), Some(0));
}

#[test]
fn a_cached_name_adds_the_rest_of_its_ttl() {
    // A client asks about once a second and keeps an answer for 30 s, until its first use after that.
    // When the record changes, 200 x 1/3 x 30/31 = 64.5 clients hold an answer for zone a, of an age
    // uniform over 30 s. The last use of an answer comes an exponential time of mean 1 s before its
    // end, so the last one of all is later than 30 - d unless none of the 64.5 x d/30 answers that end
    // within d of the longest was used in time:
    //   E[30 - cache] = integral over d of exp(-64.5/30 (d - (1 - exp(-d)))).
    // After the last of them one timeout of 2 s follows, to the ns.
    let names = format!(
        "names = \"warm_ttl\"\n{}",
        IMPATIENT.replace("attempts = 1", "attempts = 1, re_resolve = false")
    );
    let rate = 200.0 / 3.0 * 30.0 / 31.0 / 30.0;
    let step = 1e-3;
    let short: f64 = (0..30_000)
        .map(|i| (f64::from(i) + 0.5) * step)
        .map(|d| libm::exp(-rate * (d - 1.0 + libm::exp(-d))) * step)
        .sum();
    let law = |cache: f64| {
        let d = (30.0 - cache).max(0.0);
        libm::exp(-rate * (d - 1.0 + libm::exp(-d)))
    };
    follow(&parts(&names, |x| x.cache.max()), 30.0 - short, law);
    let rest = 20.0 + 1.0 + 2.0;
    follow(&parts(&names, |x| x.total.max()), rest + 30.0 - short, |t| law(t - rest));
    let r = one(1, &names);
    assert_eq!(of_name(&r).reconnect.max(), Some(2_000_000_000));
}

#[test]
fn who_never_asks_again_waits_for_the_repair() {
    // A third of 200 requests a second goes to zone a until it works again, and as many fail there each
    // second: the last new connection or error comes an exponential gap of mean 3/400 s before 120 s.
    let stubborn = IMPATIENT.replace("attempts = 1", "attempts = 1, re_resolve = false");
    let names = format!("names = \"forever\"\n{stubborn}");
    let (latest, rate) = (120.0, 400.0 / 3.0);
    let total = parts(&names, |x| x.total.max());
    follow(&total, latest - 1.0 / rate, |t| libm::exp(-rate * (latest - t).max(0.0)));
}

#[test]
fn results_say_who_caught_whom() {
    // One try: nobody does. Three tries with fresh names: the client does while the record is wrong,
    // the record does for those whose next try comes after it has changed.
    let r = one(1, &format!("names = \"none\"\n{IMPATIENT}"));
    let it = of_name(&r);
    assert_eq!((it.by_choice, it.by_client, it.by_repair), (0, 0, 0));
    assert_eq!(it.lost, r.workloads[0].errors_total());
    // A third of 200 a second for 21 s: 1,400, within 5 standard deviations.
    assert!((it.lost as f64 - 1_400.0).abs() < 5.0 * 1_400_f64.sqrt(), "{}", it.lost);
    let patient = IMPATIENT.replace("attempts = 1", "attempts = 3, backoff = \"100 ms\"");
    let r = one(1, &format!("names = \"none\"\n{patient}"));
    let it = of_name(&r);
    // Three tries fail together with 1/27 each while the record is wrong.
    assert!(it.by_client > 1_000 && it.by_choice > 50 && it.lost > 50, "{it:?}");
    assert_eq!(it.lost, r.workloads[0].errors_total());
    assert!(it.lost < it.by_client / 5);
    // Patience beyond the outage: only the repair helps who holds on to a dead address.
    let stubborn = "names = \"forever\"\ntimeouts = { connect = \"2 s\", request = \"5 s\" }\n\
                    retries = { attempts = 60, backoff = \"2 s\", backoff_cap = \"2 s\", re_resolve = false }\n";
    let r = one(1, stubborn);
    let it = of_name(&r);
    assert!(it.by_repair > 5_000 && it.by_client == 0 && it.by_choice == 0, "{it:?}");
}

#[test]
fn a_random_detection_is_the_recovery_s_own() {
    // Detection takes 15 to 25 s, evenly; a record per request adds 1 s and a timeout of 2 s, to within
    // the last gap of 15 ms.
    let names = format!("names = \"none\"\n{IMPATIENT}");
    let values: Vec<f64> = (1..=60)
        .map(|seed| {
            let r =
                with(seed, &names, "detect = { uniform = { low = \"15 s\", high = \"25 s\" } }");
            of_name(&r).total.max().expect("a value") as f64 / 1e9
        })
        .collect();
    let gap = 3.0 / 200.0;
    follow(&values, 20.0 + 1.0 + 2.0 - gap, |t| ((t + gap - 3.0 - 15.0) / 10.0).clamp(0.0, 1.0));
}
