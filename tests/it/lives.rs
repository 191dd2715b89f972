//! Lives of elements and shared risks: exact availability against closed forms, random outages against it,
//! and what scenarios say of them. Intervals are such that chance leaves one once in 10,000 times.

use highwater::experiment::availability::{
    Element, State, Structure, StructureError, by_failures, k_of_n, mass_of, of_choice,
};
use highwater::measure::{Fact, Interval, Observer, Results};
use highwater::plan::{Component, ComponentId, Life, Plan, Repair, SelectorId};
use highwater::scenario::{Source, load_text, show_plan};
use highwater::units::Span;

use crate::lab::{LEVEL, plan, run, run_one, settings};
use crate::plant::said;

const HOUR: u64 = 3_600;
const YEAR: u64 = 8_760 * HOUR;

fn near(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-12 * a.abs().max(b.abs()), "{a} {b}");
}

/// x to the n.
fn power(x: f64, n: i32) -> f64 {
    (0..n).map(|_| x).product()
}

fn identical(n: usize, up: f64, down: f64) -> Vec<Element> {
    (0..n).map(|i| Element::new(format!("c{i}"), up, down)).collect()
}

#[test]
fn k_of_n_is_the_sum_over_all_states() {
    // By hand: 2 of 3 with A = 0.9: 3 x 0.81 x 0.1 + 0.729 = 0.972. It fails from two up, by one of them:
    // 3 x 0.81 x 0.1 x 2/9 h, and is back after 0.028 / that.
    let it = k_of_n(2, 3, 9.0, 1.0);
    near(it.availability, 0.972);
    near(it.frequency, 0.054);
    near(it.mean_outage, 0.028 / 0.054);
    for n in 1..=12 {
        let all = Structure::new(identical(n, 1_710.0, 10.0)).unwrap();
        for k in 0..=n + 1 {
            let counted = all.availability(|s| s.up_of(0..n) >= k);
            let closed =
                k_of_n(u32::try_from(k).unwrap(), u32::try_from(n).unwrap(), 1_710.0, 10.0);
            near(counted.availability, closed.availability);
            near(counted.unavailability, closed.unavailability);
            near(counted.frequency, closed.frequency);
            near(counted.mean_outage, closed.mean_outage);
        }
    }
    // As many as are gone through, and one more.
    let most = Structure::new(identical(20, 99.0, 1.0)).unwrap();
    let counted = most.availability(|s| s.up_of(0..20) >= 18);
    near(counted.unavailability, k_of_n(18, 20, 99.0, 1.0).unavailability);
    let many = Structure::new(identical(21, 99.0, 1.0));
    assert_eq!(many.unwrap_err(), StructureError::TooMany(21));
    // Many overflow nothing.
    let many = k_of_n(9_500, 10_000, 99.0, 1.0);
    near(many.availability, 1.0);
    assert!(many.unavailability > 0.0 && many.unavailability < 1e-100);
}

#[test]
fn a_shared_conduit_is_conditioned_on() {
    // Four circuits of 99.5 %, of which one is enough; their conduit is lost for 4 h a year.
    let mut elements = identical(4, 1_990.0, 10.0);
    let alone = Structure::new(elements.clone()).unwrap();
    let (a, q) = (8_756.0 / 8_760.0, 4.0 / 8_760.0);
    let any = |s: State| s.up_of(0..4) >= 1;
    elements.push(Element { takes: vec![0, 1, 2, 3], ..Element::new("conduit", 8_756.0, 4.0) });
    let shared = Structure::new(elements).unwrap();
    let (alone, it) = (alone.availability(any), shared.availability(any));
    near(alone.unavailability, power(0.005, 4));
    near(it.unavailability, q + a * power(0.005, 4));
    assert!(it.unavailability > 1e5 * alone.unavailability, "five orders above");
    // Outages: the conduit's, while any circuit is up, and the last circuit's, while the conduit is.
    near(it.frequency, a / 8_756.0 * (1.0 - power(0.005, 4)) + a * alone.frequency);
    // The demand that is served: one of four circuits for each quarter.
    let served = shared.mean(|s| s.up_of(0..4) as f64 / 4.0);
    near(served, a * 0.995);
    // How many are down by themselves: all singles and pairs, and what they leave.
    let law = by_failures(shared.elements());
    assert_eq!(law.len(), 6);
    near(law.iter().sum(), 1.0);
    near(law[0], a * power(0.995, 4));
    near(law[1], q * power(0.995, 4) + a * 4.0 * 0.005 * power(0.995, 3));
    let singles = (0..5).map(|i| mass_of(shared.elements(), &[i])).sum::<f64>();
    near(singles, law[1]);
    near(mass_of(shared.elements(), &[]), law[0]);
}

#[test]
fn what_is_no_structure_is_refused() {
    let takes = |takes| Element { takes, ..Element::new("r", 9.0, 1.0) };
    let fails = |last: Element| {
        let mut all = identical(2, 9.0, 1.0);
        all.push(last);
        Structure::new(all).unwrap_err()
    };
    let unfit = StructureError::Unfit("r".into());
    for last in [takes(vec![7]), takes(vec![2]), Element::new("r", 0.0, 1.0)] {
        assert_eq!(fails(last), unfit);
    }
    assert_eq!(fails(Element::new("r", 1.0, f64::NAN)), unfit);
    // What never fails by itself.
    let sound = Structure::new(vec![Element::new("x", f64::INFINITY, 0.0)]).unwrap();
    let it = sound.availability(|s| s.is_up(0));
    assert_eq!(
        (it.availability, it.unavailability, it.frequency, it.mean_outage),
        (1.0, 0.0, 0.0, 0.0)
    );
}

/// How long and how often fewer than `need` are up.
struct Watch {
    need: usize,
    down: Vec<bool>,
    since: Option<u64>,
    ns: u64,
    outages: u64,
}

impl Observer for Watch {
    fn hear(&mut self, fact: &Fact) {
        let Fact::Outage { component, down, at } = *fact else { return };
        self.down[component as usize] = down;
        let works = self.down.iter().filter(|d| !**d).count() >= self.need;
        match (works, self.since) {
            (false, None) => (self.since, self.outages) = (Some(at), self.outages + 1),
            (true, Some(since)) => (self.since, self.ns) = (None, self.ns + at - since),
            _ => {}
        }
    }
}

#[test]
fn random_outages_are_as_frequent_and_long_as_they_should_be() {
    // 3 of 4 with 500 h and 20 h, 400 years, ten times, for each law of repairs.
    let (up, down) = (Span::from_secs(500 * HOUR), Span::from_secs(20 * HOUR));
    for repair in [Repair::Exponential, Repair::Fixed, Repair::Lognormal { sigma: 1.0 }] {
        let mut p: Plan = plan(settings(400 * YEAR, 0, 10), vec![], vec![]);
        p.settings.outages = true;
        let life = Some(Life { up, down, repair });
        p.components = (0..4)
            .map(|i| Component { life: life.clone(), ..Component::new(format!("c{i}")) })
            .collect();
        let seen: Vec<Watch> = (0..10)
            .map(|r| {
                let mut it =
                    Watch { need: 3, down: vec![false; 4], since: None, ns: 0, outages: 0 };
                highwater::sim::run(&p, r, &mut it).expect("the plan is valid");
                it
            })
            .collect();
        let exact = k_of_n(3, 4, 500.0, 20.0);
        let inside = |values: Vec<f64>, exact: f64| {
            let it = Interval::of_mean(&values, LEVEL).expect("ten");
            assert!(it.contains(exact), "{repair:?}: {it:?} {exact}");
            let half = it.half_width.expect("ten");
            assert!(half < 0.06 * exact, "{repair:?}: {it:?}");
        };
        let hours = 400.0 * 8_760.0;
        inside(seen.iter().map(|w| w.ns as f64 / 3.6e12 / hours).collect(), exact.unavailability);
        inside(seen.iter().map(|w| w.outages as f64 / hours).collect(), exact.frequency);
        // Each element by itself, as results tell it.
        let told = run(&p);
        for i in 0..4 {
            let share = |r: &Results| r.outages[i].down_ns as f64 / 3.6e12 / hours;
            inside(told.iter().map(share).collect(), 20.0 / 520.0);
        }
    }
}

const TWO: &str = "version = 1\n[run]\nlength = \"60 min\"\nwindow = \"1 min\"\nreplications = 3\n# run\n\
     [region.r]\n[access_point.p]\nregion = \"r\"\n[access_point.q]\nregion = \"r\"\n\
     [circuit.one]\nport = \"1 Gbps\"\naccess_point = \"p\"\nisp = \"x\"\n# one\n\
     [circuit.two]\nport = \"1 Gbps\"\naccess_point = \"q\"\nisp = \"y\"\n# two\n\
     [circuit_group.g]\nmembers = [\"circuit.one\", \"circuit.two\"]\nmode = \"ecmp\"\n\
     detection = { bfd = { interval = \"1 s\", multiplier = 3 } }\n\
     [backend.b]\nbandwidth = \"10 Gbps\"\nservice = \"1 ms\"\n\
     [workload.w]\npath = [\"circuit_group.g\", \"backend.b\"]\nrequest = \"1 kB\"\nresponse = \"1 kB\"\n\
     arrivals = { poisson = { rate = \"2/s\" } }\nconnections = { reuse = false }\n\
     timeouts = { connect = \"1 s\", request = \"2 s\" }\nretries = { attempts = 1 }\n";
const LIFE: &str = "mtbf = \"9 min\"\nmttr = \"1 min\"\n";

fn edit(text: &str, mark: &str, lines: &str) -> String {
    assert!(text.contains(mark), "{mark}");
    text.replacen(mark, &format!("{lines}{mark}"), 1)
}

fn loaded(text: &str) -> Plan {
    let source = Source { path: "t.toml".into(), text: text.into() };
    load_text(source, std::path::Path::new("."), &[]).unwrap_or_else(|e| panic!("{e}")).plan
}

#[test]
fn outages_are_off_unless_asked_for() {
    let lives = edit(TWO, "# one\n", LIFE);
    let (without, off) = (run_one(&loaded(TWO), 0), run_one(&loaded(&lives), 0));
    assert!(off.outages.is_empty());
    // But for the assumption about repairs nothing differs.
    assert_eq!(Results { assumptions: without.assumptions.clone(), ..off }, without);
    let on = edit(&lives, "# run\n", "outages = true\n");
    let on = run_one(&loaded(&on), 0);
    let [it] = &on.outages[..] else { panic!("{:?}", on.outages) };
    assert_eq!((it.name.as_str(), it.label.as_str()), ("circuit.one", "circuit"));
    assert!(it.outages > 0 && it.down_ns > 0);
    assert!(on.workloads[0].errors_total() > 0, "each loss is felt until BFD sees it");
    let shown = highwater::report::summary(&on, 120);
    assert!(shown.contains("Random outages, per replication"), "{shown}");
    // Somebody else's life leaves these outages where they were.
    let both = edit(&edit(&lives, "# two\n", LIFE), "# run\n", "outages = true\n");
    let both = run_one(&loaded(&both), 0);
    assert_eq!(both.outages.len(), 2);
    assert_eq!(both.outages[0], *it);
}

#[test]
fn what_random_outages_cost_is_no_fault_s() {
    // Both circuits are cut for the first minute of each replication; after it they fail at random.
    let lives = edit(&edit(TWO, "# one\n", LIFE), "# two\n", LIFE);
    let cut = |name: &str| {
        format!(
            "[fault.{name}]\ncircuit_cut = \"circuit.{name}\"\nat = \"0 s\"\nlength = \"1 min\"\n"
        )
    };
    let cuts = edit(&lives, "[region.r]", &(cut("one") + &cut("two")));
    let lost = |text: &str| {
        let r = run_one(&loaded(text), 0);
        (r.recoveries.iter().map(|x| x.lost).sum::<u64>(), r.workloads[0].errors_total())
    };
    let (of_faults, all) = lost(&cuts);
    assert!(of_faults > 80 && of_faults == all, "{of_faults} {all}");
    let (of_faults, more) = lost(&edit(&cuts, "# run\n", "outages = true\n"));
    assert!(more > all + 100 && of_faults <= all, "{of_faults} of {more}, {all}");
}

#[test]
fn a_risk_takes_its_members_down() {
    // Half of the time: 1 min and 1 min. Both circuits are gone with it, so half of all requests fail.
    let risk = "[risk.entry]\nmembers = [\"circuit.one\", \"circuit.two\"]\nmtbf = \"2 min\"\nmttr = \"2 min\"\n\
                repair = \"fixed\"\n";
    let text = edit(&edit(TWO, "[region.r]", risk), "# run\n", "outages = true\n");
    let p = loaded(&text);
    for r in run(&p) {
        let [it] = &r.outages[..] else { panic!("{:?}", r.outages) };
        let down = it.down_ns as f64 / 3.6e12;
        let failed = 1.0 - r.workloads[0].availability().expect("requests");
        // After a repair BGP needs 10 to 30 s to come back, and a second for the routes.
        let late = it.outages as f64 * 31.0 / 3_600.0;
        let room = 0.02;
        assert!(failed > down - room && failed < down + late + room, "{failed} {down}");
    }
    // The same by a fault, at its instant: all are lost for 10 of 60 minutes.
    let fault =
        "[fault.f]\ncomponent_down = \"risk.entry\"\nat = \"20 min\"\nlength = \"10 min\"\n";
    let r = run_one(&loaded(&edit(TWO, "[region.r]", &format!("{risk}{fault}"))), 0);
    let w = &r.workloads[0];
    let ok = |from: usize, to: usize| w.ok_by_window[from..to].iter().sum::<u64>();
    assert_eq!(ok(20, 30), 0);
    assert!(ok(0, 20) > 2_000 && ok(32, 60) > 2_800);
    // What the plan tells of it.
    let names: Vec<_> = p.elements().map(|(_, c)| (c.name.as_str(), c.label.as_str())).collect();
    let wanted = [
        ("access_point.p", "access point"),
        ("access_point.q", "access point"),
        ("backend.b", "backend"),
        ("circuit.one", "circuit"),
        ("circuit.two", "circuit"),
        ("risk.entry", "risk"),
    ];
    assert_eq!(names, wanted);
    let shown = show_plan(&p);
    assert!(shown.contains("risk risk.entry: circuit.one, circuit.two"), "{shown}");
    // Both are in the structure, though they have no life of their own.
    let all = Structure::of(&p).unwrap();
    let at = |name| all.position(name).expect("it is there");
    let (one, two) = (at("circuit.one"), at("circuit.two"));
    let it = all.availability(|s| s.is_up(one) || s.is_up(two));
    near(it.unavailability, 0.5);
    near(it.mean_outage, 2.0 / 60.0);
    // None of groups, gates and parts.
    let hybrid =
        highwater::scenario::load(std::path::Path::new("scenarios/hybrid-review.toml"), &[]);
    let hybrid = hybrid.unwrap_or_else(|e| panic!("{e}")).plan;
    assert!(hybrid.elements().count() > 15 && hybrid.elements().all(|(_, c)| c.of.is_empty()));
}

#[test]
fn a_group_of_circuits_has_an_exact_availability() {
    let life = |up: u32, down: u32| format!("mtbf = \"{up} h\"\nmttr = \"{down} h\"\n");
    let entry = "[risk.entry]\nmembers = [\"circuit.one\", \"access_point.q\"]\n".to_owned();
    let text = edit(&edit(TWO, "# one\n", &life(99, 1)), "# two\n", &life(49, 1));
    // One's access point, a backend that no circuit needs, and a risk of the one and of the other's end.
    let text = edit(&text, "[access_point.q]", &life(199, 1));
    let text = edit(&text, "[workload.w]", &life(9, 1));
    let text = edit(&text, "[region.r]", &(entry + &life(999, 1)));
    let of = |text: &str| of_choice(&loaded(text), SelectorId(0)).unwrap();
    let (one, two) = (0.99 * 0.995, 0.98);
    near(of(&text).availability, 0.999 * (1.0 - (1.0 - one) * (1.0 - two)));
    // Without the risk, and without any life.
    let alone = text.replace(&life(999, 1), "");
    near(of(&alone).availability, 1.0 - (1.0 - one) * (1.0 - two));
    near(of(TWO).availability, 1.0);
    assert_eq!(of(TWO).frequency, 0.0);
    // 1-of-2 of equal ones has the closed form's outages.
    let equal = edit(&edit(TWO, "# one\n", &life(99, 1)), "# two\n", &life(99, 1));
    let (it, exact) = (of(&equal), k_of_n(1, 2, 99.0, 1.0));
    near(it.frequency, exact.frequency);
    near(it.mean_outage, exact.mean_outage);
}

#[test]
fn what_a_risk_may_not_be_is_no_plan() {
    let mut p = loaded(TWO);
    let id = ComponentId(0);
    p.components[1].takes = vec![id];
    assert!(p.validate().is_ok());
    p.components[0].takes = vec![ComponentId(2)];
    assert!(p.validate().is_err(), "a risk of a risk");
    p.components[0].takes = vec![ComponentId(99)];
    assert!(p.validate().is_err(), "nobody");
    p.components[0].takes = vec![];
    let (up, down) = (Span::from_secs(1), Span::ZERO);
    p.components[0].life = Some(Life { up, down, repair: Repair::Fixed });
    assert!(p.validate().is_err(), "no time to repair");
}

/// Planted faults: what each complaint says, where, and that its clean twin is told nothing.
#[test]
fn lives_and_risks_that_make_no_sense_are_told() {
    let on = |text: &str| edit(text, "# run\n", "outages = true\n");
    let lives = edit(&edit(TWO, "# one\n", LIFE), "# two\n", LIFE);
    let risk =
        |members: &str| edit(TWO, "[region.r]", &format!("[risk.x]\nmembers = [{members}]\n"));
    let cases = [
        // Nothing can fail; nothing is to be expected in three hours.
        (on(&lives), on(TWO), "outages", "true", "mtbf"),
        (on(&lives), on(&lives).replace("9 min", "900 d"), "outages", "true", "longer"),
        (
            lives.clone(),
            lives.replacen("mttr = \"1 min\"", "mttr = \"1 h\"", 1),
            "life",
            "\"1 h\"",
            "mttr",
        ),
        (
            risk("\"circuit.one\", \"backend.b\""),
            risk("\"circuit.one\""),
            "risk",
            "\"circuit.one\"",
            "another",
        ),
        (
            risk("\"circuit.one\", \"access_point.p\""),
            risk("\"circuit.one\", \"access_point.q\""),
            "C-25",
            "\"access_point.q\"",
            "another way",
        ),
        (
            risk("\"circuit.one\", \"backend.b\""),
            risk("\"circuit.two\", \"circuit.one\""),
            "C-25",
            "\"circuit.two\"",
            "another way",
        ),
    ];
    for (clean, broken, code, at, fix) in cases {
        let quiet = said(&clean).0;
        assert!(quiet.is_empty(), "{code}: {quiet:?}");
        let (told, _) = said(&broken);
        let [one] = &told[..] else { panic!("{code}: {told:?}") };
        let under = &broken[one.place.start as usize..one.place.end as usize];
        assert_eq!((one.code, under), (code, at));
        assert!(one.help.as_deref().is_some_and(|h| h.contains(fix)), "{one:?}");
    }
}
