//! What the scenarios of circuits answer: their heads say what their runs show, and the findings hold
//! beyond the digits. `UPDATE_GOLDEN=1` rewrites the answers.

use std::path::Path;

use highwater::experiment::{Case, Options, run};
use highwater::measure::{Identity, Results, WorkloadResults};
use highwater::scenario::load;

use crate::lab::hold_the_scenario_to;

const BGP: &str = "{ bgp = { hold = \"180 s\", keepalive = \"60 s\" } }";

fn results(scenario: &str, overrides: &[(&str, &str)]) -> Results {
    let own = |(k, v): &(&str, &str)| ((*k).to_owned(), (*v).to_owned());
    let overrides: Vec<_> = overrides.iter().map(own).collect();
    let path = format!("scenarios/{scenario}.toml");
    let plan = load(Path::new(&path), &overrides).unwrap_or_else(|e| panic!("{e}")).plan;
    let case = Case { plan, identity: Identity::default() };
    run(case, &Options { threads: 2, on_window: &|| (), listen: None }).expect("it runs")
}

fn workload<'r>(r: &'r Results, name: &str) -> &'r WorkloadResults {
    r.workloads.iter().find(|w| w.name == name).expect("the workload")
}

/// Sum of the windows between two instants, s, per replication.
fn between(r: &Results, windows: &[u64], from: u64, to: u64) -> f64 {
    let at = |s: u64| usize::try_from(s * 1_000_000_000 / r.settings.window_ns).expect("few");
    windows[at(from)..at(to)].iter().sum::<u64>() as f64 / r.settings.runs()
}

/// Errors of a workload that ended between two instants, s, per replication.
fn errors(r: &Results, name: &str, from: u64, to: u64) -> f64 {
    let causes = workload(r, name).errors_by_window.values();
    causes.map(|windows| between(r, windows, from, to)).sum()
}

fn quantile(r: &Results, name: &str, q: f64) -> f64 {
    workload(r, name).latency_ok.quantile(q).expect("some requests") as f64 / 1e9
}

/// Mean use of a link between two instants, s, of its capacity; none of none while it is down.
fn used(r: &Results, link: &str, from: u64, to: u64) -> f64 {
    let it = |l: &&highwater::measure::LinkResults| l.name == link && l.direction == "backward";
    let it = r.links.iter().find(it).expect("the link");
    let capacity = between(r, &it.capacity_by_window, from, to);
    between(r, &it.bytes_by_window, from, to) / capacity.max(1.0)
}

#[test]
fn bursts_want_both_circuits() {
    let (both, one) = (
        results("circuit-ecmp-standby", &[]),
        results("circuit-ecmp-standby", &[("circuit_group.main.mode", "active_standby")]),
    );
    let median = |r: &Results| quantile(r, "files", 0.5);
    let tail = |r: &Results| quantile(r, "files", 0.95);
    // A burst that fills its circuits takes half as long over two; where it waits for the one before it,
    // less than that.
    assert!(median(&both) < 0.6 * median(&one), "{} {}", median(&both), median(&one));
    assert!(tail(&both) < 0.6 * tail(&one), "{} {}", tail(&both), tail(&one));
    // The same bytes; of one circuit the standby gets what two would share.
    let whole = [("circuit.c1", 60), ("circuit.c2", 60)].map(|(c, from)| used(&both, c, from, 900));
    assert!(whole.iter().all(|u| (0.03..0.12).contains(u)), "{whole:?}");
    assert_eq!(used(&one, "circuit.c2", 60, 900), 0.0, "a standby waits");
    // Until BFD notices, after 2 to 3 s and a second for the routes, 20 calls a second fail: all of them,
    // or those on one of two circuits, of whom half come back to it with the next call.
    let lost = |r: &Results| errors(r, "calls", 900, 1_020);
    assert!((lost(&one) / (3.5 * 20.0) - 1.0).abs() < 0.2, "{}", lost(&one));
    assert!((0.3..0.65).contains(&(lost(&both) / lost(&one))), "{} {}", lost(&both), lost(&one));
    hold_the_scenario_to(
        "circuit-ecmp-standby",
        &format!(
            "# Answer: ECMP. The median file takes {:.1} s (p95 {:.0} s) over both circuits at once, {:.1} s (p95 {:.0} s) by\n\
             # active/standby, whose second circuit rests for 28 of 30 minutes; the cut costs {:.0} calls against {:.0}.\n",
            median(&both),
            tail(&both),
            median(&one),
            tail(&one),
            lost(&both),
            lost(&one)
        ),
    );
}

#[test]
fn a_cut_is_felt_until_it_is_noticed() {
    let (bfd, bgp) = (
        results("circuit-cut", &[]),
        results("circuit-cut", &[("circuit_group.main.detection", BGP)]),
    );
    let told = |r: &Results| {
        let gap = r.gaps.iter().find(|g| g.fault == "cut-c1").expect("the gap");
        let (low, high) = (gap.detect.quantile(0.0), gap.detect.quantile(1.0));
        (low.expect("some") as f64 / 1e9, high.expect("some") as f64 / 1e9)
    };
    // (multiplier - 1) x interval to multiplier x interval; hold - keepalive to hold.
    let (soon, late) = (told(&bfd), told(&bgp));
    assert!(soon.0 >= 2.0 && soon.1 <= 3.0, "{soon:?}");
    assert!(late.0 >= 120.0 && late.1 <= 180.0, "{late:?}");
    // Each of 400 users keeps a connection; those of a quarter are on the circuit, lose the request that is
    // under way, and open another one, which is on it again with probability 1/4. All have come upon it
    // within the 2 to 3 min of the hold timer (each makes a request every 8 s): 100 / (1 - 1/4) = 133.
    let lost = |r: &Results| errors(r, "office", 300, 900);
    assert!((lost(&bgp) / 133.3 - 1.0).abs() < 0.1, "{}", lost(&bgp));
    // BFD: a quarter of 50 a second over 3.5 s, of which those of connections that were broken by then
    // are fewer.
    assert!(
        (lost(&bfd) / (0.25 * 50.0 * 3.5)).min(1.0) > 0.5 && lost(&bfd) < 45.0,
        "{}",
        lost(&bfd)
    );
    for r in [&bfd, &bgp] {
        assert_eq!(used(r, "circuit.c1", 500, 900), 0.0, "nobody is on it once it is noticed");
        assert_eq!(errors(r, "office", 500, 1_200), 0.0, "and nobody feels the repair");
    }
    let share = |r: &Results| 100.0 * (1.0 - workload(r, "office").availability().expect("some"));
    hold_the_scenario_to(
        "circuit-cut",
        &format!(
            "# Answer: with BFD {:.0} requests in 20 minutes ({:.2} %), lost within 4 s of the cut; by BGP alone \
             {:.0}\n# ({:.2} %), over up to 3 minutes. The other three circuits carry all of the load meanwhile.\n",
            lost(&bfd),
            share(&bfd),
            lost(&bgp),
            share(&bgp)
        ),
    );
}

#[test]
fn a_second_access_point_carries_on() {
    let r = results("circuit-access-point", &[]);
    let carried = |name: &str, from, to| {
        let w = workload(&r, name);
        between(&r, &w.bytes_by_window, from, to) * 8e-9 / (to - from) as f64
    };
    // 1.6 Gbps and 3.7 % of headers are sent; until the repair, the one office loses all.
    let before = carried("spread", 60, 300);
    assert!((before / 1.66 - 1.0).abs() < 0.05, "{before}");
    assert!(carried("spread", 310, 600) > 0.97 * before);
    assert!(carried("together", 310, 600) < 1e-3);
    let fails = |name: &str| errors(&r, name, 300, 600);
    assert!(fails("spread") < 20.0, "{}", fails("spread"));
    assert!(fails("together") > 0.95 * 117.0 * 290.0, "{}", fails("together"));
    // Four fifths of what is left.
    let both = [used(&r, "circuit.s3", 310, 600), used(&r, "circuit.s4", 310, 600)];
    assert!((both[0] + both[1] - before).abs() < 0.1, "{both:?}");
    let w = workload(&r, "spread");
    let mean = |from, to| {
        between(&r, &w.latency_sum_us_by_window, from, to)
            / between(&r, &w.ok_by_window, from, to)
            / 1e3
    };
    let (usual, then) = (mean(60, 300), mean(310, 600));
    assert!(then > 2.0 * usual, "{usual} {then}");
    hold_the_scenario_to(
        "circuit-access-point",
        &format!(
            "# Answer: to two access points, yes: all {:.2} Gbps are carried, at {:.0} % of what is left, and the mean time\n\
             # of a request goes from {:.0} to {:.0} ms. To one, nothing is left: {:.0} requests fail until the repair, \
             against {:.0}.\n",
            carried("spread", 310, 600),
            100.0 * (both[0] + both[1]) / 2.0,
            usual,
            then,
            fails("together"),
            fails("spread")
        ),
    );
}

#[test]
fn a_shared_provider_fails_both_circuits() {
    let r = results("circuit-isp", &[]);
    let fails = |name: &str| errors(&r, name, 300, 630);
    assert!(fails("shared") > 0.95 * 50.0 * 295.0, "{}", fails("shared"));
    assert!(fails("diverse") < 10.0, "{}", fails("diverse"));
    // Half of the load stands still for 3.5 s, and is made up for; later all of it goes the other way.
    assert_eq!(used(&r, "circuit.d1", 310, 600), 0.0);
    let all = used(&r, "circuit.d1", 60, 300) + used(&r, "circuit.d2", 60, 300);
    assert!((used(&r, "circuit.d2", 310, 600) - all).abs() < 0.02, "{all}");
    let longest = |name: &str| {
        let windows = &workload(&r, name).latency_max_by_window[300..330];
        windows.iter().max().copied().unwrap_or(0) as f64 / 1e9
    };
    hold_the_scenario_to(
        "circuit-isp",
        &format!(
            "# Answer: those with two providers: {:.1} requests fail, the longest takes {:.1} s, and one circuit \
             carries {:.0} %\n# of its port. With one provider {:.0} of 15,000 requests fail until it is repaired, \
             whatever the access points.\n",
            fails("diverse"),
            longest("diverse"),
            100.0 * used(&r, "circuit.d2", 310, 600),
            fails("shared")
        ),
    );
}

#[test]
fn a_vpn_sheds_from_below() {
    let ranked = results("circuit-vpn", &[]);
    let equal = results(
        "circuit-vpn",
        &[("workload.calls.priority", "normal"), ("workload.copies.priority", "normal")],
    );
    // A minute after the loss, until the repair.
    let (from, to) = (660, 1_200);
    let carried = |r: &Results, name: &str| {
        let bytes = &workload(r, name).bytes_by_window;
        let per_s = |from, to| between(r, bytes, from, to) / (to - from) as f64;
        100.0 * per_s(from, to) / per_s(60, 600)
    };
    let whole = |r: &Results| {
        let sum = |from, to| {
            let all = r.workloads.iter().map(|w| between(r, &w.bytes_by_window, from, to));
            all.sum::<f64>() / (to - from) as f64
        };
        100.0 * sum(from, to) / sum(60, 600)
    };
    let p99 = |r: &Results| quantile(r, "calls", 0.99) * 1e3;
    // 200 of 750 Mbps and headers are there: all for calls, the rest of it for files.
    assert!((used(&ranked, "vpn.spare", from, to) - 1.0).abs() < 0.01);
    assert!((carried(&ranked, "calls") - 100.0).abs() < 3.0, "{}", carried(&ranked, "calls"));
    assert!((65.0..80.0).contains(&carried(&ranked, "files")), "{}", carried(&ranked, "files"));
    assert!(carried(&ranked, "copies") < 2.0, "{}", carried(&ranked, "copies"));
    assert!((whole(&ranked) - whole(&equal)).abs() < 1.0, "the VPN is full in both");
    assert!(p99(&equal) > 10.0 * p99(&ranked), "{} {}", p99(&ranked), p99(&equal));
    let three = |r: &Results| ["calls", "files", "copies"].map(|name| carried(r, name));
    let ([a, b, c], [x, y, z]) = (three(&ranked), three(&equal));
    hold_the_scenario_to(
        "circuit-vpn",
        &format!(
            "# Answer: {:.0} % of the bytes. With priorities {a:.0} % of calls, {b:.0} % of files and {c:.0} % of copies, \
             and p99 of\n# calls over the whole run is {:.0} ms; without them {x:.0} %, {y:.0} % and {z:.0} %, and {:.1} s.\n",
            whole(&ranked),
            p99(&ranked),
            p99(&equal) / 1e3
        ),
    );
}
