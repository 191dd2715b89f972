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
    assert_eq!(agenda::ours(1_000, 5_000), agenda::standard(1_000, 5_000));
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
