//! The benches at smoke sizes, so that they can't rot: they run, their twins agree, and they give
//! the same results each time.
#![allow(clippy::duplicate_mod, reason = "each bench is a program of its own")]

#[path = "../../benches/agenda.rs"]
mod agenda;
#[path = "../../benches/sharing.rs"]
mod sharing;
#[path = "../../benches/whole.rs"]
mod whole;

#[test]
fn agenda_pops_what_the_standard_heap_pops() {
    use agenda::{LAWS, Ours, Standard, fill_and_drain, gaps, hold, hold_and_cancel};
    for law in LAWS {
        for pending in [1, 30, 1_000] {
            let gaps = gaps(law, pending + 5_000);
            assert_eq!(hold::<Ours>(&gaps, pending), hold::<Standard>(&gaps, pending), "{law}");
        }
        let ats = gaps(law, 3_000);
        for fill_only in [true, false] {
            let ours = fill_and_drain::<Ours>(&ats, fill_only);
            assert_eq!(ours, fill_and_drain::<Standard>(&ats, fill_only), "{law}");
        }
    }
    let gaps = gaps("exponential", 5_000);
    for extra in [1, 9] {
        let ours = hold_and_cancel::<Ours>(&gaps, 1_000, extra);
        assert_eq!(ours, hold_and_cancel::<Standard>(&gaps, 1_000, extra));
    }
}

#[test]
fn sharing_equals_its_slow_twin() {
    use sharing::lists::{crowd, fabric, replay, replay_slow, shared_link, wide};
    for (name, list) in [
        ("shared link", shared_link(300)),
        ("crowd", crowd(100)),
        ("fabric", fabric(300, 25.0)),
        ("overload", fabric(300, 10.0)),
        ("wide", wide(100, 100)),
    ] {
        let (fast, slow) = (replay(&list).0, replay_slow(&list));
        assert_eq!(fast.len(), slow.len());
        let apart = fast.iter().zip(&slow).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(apart.is_some_and(|ns| ns <= 2), "{name}: {apart:?} ns apart");
        assert_eq!(sharing::hashed(&fast), sharing::hashed(&replay(&list).0), "{name}");
        // Where capacities are not round, hardly any completion is near a whole ns.
        let mut odd = list.clone();
        odd.capacities.iter_mut().zip(1..).for_each(|(c, i)| *c += f64::from(i) * 1.001e-6);
        let (fast, slow) = (replay(&odd).0, replay_slow(&odd));
        let apart = fast.iter().zip(&slow).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(apart.is_some_and(|ns| ns <= 2), "{name}, odd: {apart:?} ns on their own");
    }
    assert_eq!(sharing::hold(50, 200), sharing::hold(50, 200));
}

#[test]
fn whole_runs_repeat() {
    for plan in [
        whole::shared_link(2),
        whole::hybrid(1, true),
        whole::hybrid(1, false),
        whole::with_tcp(whole::hybrid(1, false)),
    ] {
        let (requests, hash) = whole::run(&plan);
        assert!(requests > 1_000);
        assert_eq!((requests, hash), whole::run(&plan));
    }
}
