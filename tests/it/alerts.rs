//! Alerts against hand-worked instants, and what the rehearsal says of its scenario.

use std::path::Path;

use highwater::measure::{AlertResults, Results};
use highwater::scenario::{Source, load_text};

use crate::lab::{run, run_one};

const MINUTE: u64 = 60_000_000_000;

fn loaded(text: &str) -> highwater::plan::Plan {
    let source = Source { path: "t.toml".into(), text: text.into() };
    load_text(source, Path::new("."), &[]).unwrap_or_else(|e| panic!("{e}")).plan
}

fn of<'r>(r: &'r Results, name: &str) -> &'r AlertResults {
    r.alerts.iter().find(|a| a.name == name).expect("the alert")
}

/// (level, first instant, how often, how long), times in minutes.
fn told(it: &AlertResults) -> Vec<(&str, Option<u64>, u64, u64)> {
    let level = |l: &highwater::measure::LevelSeen| {
        let first = l.first.values().next().map(|at| at / MINUTE);
        (first, l.raised, l.ns / MINUTE)
    };
    it.levels
        .iter()
        .map(|l| {
            let (first, raised, minutes) = level(l);
            (l.level.as_str(), first, raised, minutes)
        })
        .collect()
}

/// 60 % of a link are used. From 5 to 10 min it has 700 Mbps only, which makes 86 %; from 12 to 13 min
/// nothing gets through.
const STEPS: &str = "version = 1\n[run]\nlength = \"20 min\"\nwindow = \"10 s\"\n\
     [link.l]\ncapacity = \"1 Gbps\"\n\
     [background.b]\npath = [\"link.l\"]\nforward = \"600 Mbps\"\n\
     [fault.less]\ncapacity_change = { of = \"link.l\", to = \"700 Mbps\" }\nat = \"5 min\"\nlength = \"5 min\"\n\
     [fault.none]\ncapacity_change = { of = \"link.l\", to = \"0 bps\" }\nat = \"12 min\"\nlength = \"1 min\"\n\
     [workload.w]\npath = [\"link.l\"]\nrequest = \"1 kB\"\nresponse = \"1 kB\"\n\
     arrivals = { poisson = { rate = \"1/s\" } }\ntimeouts = { connect = \"2 s\", request = \"5 s\" }\n\
     retries = { attempts = 1 }\nobjectives = { availability = \"90 %\" }\n";

#[test]
fn levels_are_reached_and_left_at_the_ends_of_periods() {
    let text = format!(
        "{STEPS}[alert.used]\nof = \"link.l\"\n\
         [alert.often]\nof = \"link.l\"\nperiods = {{ need = 2, of = 4 }}\ncritical = \"80 %\"\n\
         [alert.lost]\nof = \"link.l\"\nmetric = \"lost\"\nwarn = \"10 %\"\nperiods = {{ need = 1, of = 1 }}\n"
    );
    let r = run_one(&loaded(&text), 0);
    // Info from the end of the third minute on, but for the minute of silence and the two after it that
    // it is among the last three. Critical: minutes 5 to 9 are above; at 8 min three are, at 11 min two.
    assert_eq!(
        told(of(&r, "used")),
        [("info", Some(3), 2, 10 + 4), ("warn", Some(8), 1, 3), ("critical", Some(8), 1, 3)]
    );
    // Two of four: from the end of minute 6 until minute 12 is judged, since 8 and 9 are among 8 to 11.
    assert_eq!(told(of(&r, "often")), [("critical", Some(7), 1, 6)]);
    // Nothing fits in minute 12.
    assert_eq!(told(of(&r, "lost")), [("warn", Some(13), 1, 1)]);
    // In that minute all requests fail, or those that are repaired in time do not.
    let w = &r.workloads[0];
    assert_eq!(w.breached.values().copied().collect::<Vec<_>>(), [13 * MINUTE]);
    let shown = highwater::report::summary(&r, 120);
    assert!(shown.contains("Alerts, per replication"), "{shown}");
}

/// Two circuits that share the load, watched.
const GROUP: &str = "version = 1\n[run]\nlength = \"10 min\"\nwindow = \"10 s\"\nreplications = 20\n\
         [region.r]\n[access_point.p]\nregion = \"r\"\n[access_point.q]\nregion = \"r\"\n\
         [circuit.one]\nport = \"1 Gbps\"\naccess_point = \"p\"\nisp = \"x\"\none_way = \"1 ms\"\n\
         [circuit.two]\nport = \"1 Gbps\"\naccess_point = \"q\"\nisp = \"y\"\none_way = \"1 ms\"\n\
         [circuit_group.g]\nmembers = [\"circuit.one\", \"circuit.two\"]\nmode = \"ecmp\"\n\
         detection = { bfd = { interval = \"1 s\", multiplier = 3 } }\n\
         [alert.down]\nof = \"circuit_group.g\"\nmetric = \"down\"\n\
         [workload.w]\npath = [\"circuit_group.g\"]\nrequest = \"1 kB\"\nresponse = \"1 kB\"\n\
         arrivals = { poisson = { rate = \"1/s\" } }\n";

#[test]
fn a_cut_is_told_when_it_is_detected() {
    let text = format!(
        "{GROUP}[fault.cut]\ncircuit_cut = \"circuit.one\"\nat = \"2 min\"\nlength = \"3 min\"\n"
    );
    let plan = loaded(&text);
    let all = run(&plan);
    for r in &all {
        let [level] = &of(r, "down").levels[..] else { panic!("{:?}", r.alerts) };
        let first = *level.first.values().next().expect("it was cut") as f64 / 1e9;
        // Two to three intervals after the cut; its repair, at 300 s, takes 10 to 30 s to be seen.
        assert!((122.0..=123.0).contains(&first), "{first}");
        assert_eq!((level.raised, level.from), (1, None));
        let end = first + level.ns as f64 / 1e9;
        assert!((310.0..=330.0).contains(&end), "{end}");
    }
    // Merging in any order gives the same.
    let merged = |order: &mut dyn Iterator<Item = &Results>| {
        let mut sum = order.next().expect("some").clone();
        order.for_each(|r| sum.merge(r));
        sum
    };
    let (one, other) = (merged(&mut all.iter()), merged(&mut all.iter().rev()));
    assert_eq!(one, other);
    assert_eq!(of(&one, "down").levels[0].first.len(), 20);
}

#[test]
fn what_is_down_as_long_as_any_circuit_is() {
    // Both are cut, one after the other and together: one outage from the first detection to the last.
    let cut = |name: &str, of: &str, at: &str, length: &str| {
        format!(
            "[fault.{name}]\ncircuit_cut = \"circuit.{of}\"\nat = \"{at}\"\nlength = \"{length}\"\n"
        )
    };
    let text = format!(
        "{GROUP}{}{}{}",
        cut("a", "one", "2 min", "3 min"),
        cut("b", "two", "3 min", "3 min"),
        // Believed down still when it is cut again: no second outage.
        cut("c", "two", "365 s", "1 min")
    );
    for r in run(&loaded(&text)) {
        let level = &of(&r, "down").levels[0];
        assert_eq!(level.raised, 1);
        let minutes = level.ns as f64 / 60e9;
        // To 7 min 5 s, and 10 to 30 s until that is seen.
        assert!((5.1..5.6).contains(&minutes), "{minutes}");
    }
}

#[test]
fn without_alerts_nothing_is_judged() {
    let r = run_one(&loaded(STEPS), 0);
    assert!(r.alerts.is_empty() && r.workloads[0].breached.is_empty());
}

/// What the comment of `scenarios/alert-rehearsal.toml` says.
#[cfg(not(debug_assertions))]
#[test]
fn the_rehearsal_s_leads() {
    let path = Path::new("scenarios/alert-rehearsal.toml");
    let plan = highwater::scenario::load(path, &[]).unwrap_or_else(|e| panic!("{e}")).plan;
    let all = run(&plan);
    let mut leads = [Vec::new(), Vec::new(), Vec::new()];
    for (i, r) in (0..).zip(&all) {
        let w = r.workloads.iter().find(|w| w.name == "office").expect("the workload");
        let breach = w.breached[&i] / MINUTE;
        for (list, level) in leads.iter_mut().zip(&of(r, "port").levels) {
            list.push(breach as i64 - (level.first[&i] / MINUTE) as i64);
        }
    }
    let span = |list: &[i64]| (*list.iter().min().unwrap(), *list.iter().max().unwrap());
    let spans: Vec<_> = leads.iter().map(|l| span(l)).collect();
    assert_eq!(spans, [(31, 41), (13, 21), (8, 16)]);
}
