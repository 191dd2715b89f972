//! Against sorted lists, and what must stay bounded.

use super::*;
use proptest::prelude::*;

fn at(ns: u64) -> Instant {
    Instant::from_nanos(ns)
}

#[test]
fn ranks_then_order_of_scheduling_break_ties() {
    let mut agenda = Agenda::new();
    for (i, rank) in
        [Rank::Arrival, Rank::Timer, Rank::Change, Rank::Completion, Rank::Timer].iter().enumerate()
    {
        agenda.schedule(at(7), *rank, i);
    }
    agenda.schedule(at(3), Rank::Arrival, 9);
    let order: Vec<usize> = std::iter::from_fn(|| agenda.pop().map(|(_, e)| e)).collect();
    assert_eq!(order, [9, 3, 2, 1, 4, 0]);
}

#[test]
#[should_panic(expected = "in the past")]
fn time_never_goes_back() {
    let mut agenda = Agenda::new();
    agenda.schedule(at(10), Rank::Timer, ());
    agenda.pop();
    agenda.schedule(at(9), Rank::Timer, ());
}

#[test]
fn a_used_ticket_is_worthless() {
    let mut agenda = Agenda::new();
    let first = agenda.schedule(at(1), Rank::Timer, 1);
    agenda.pop();
    agenda.schedule(at(2), Rank::Timer, 2); // takes over the slot
    assert_eq!(agenda.cancel(first), None);
    assert_eq!(agenda.pop(), Some((at(2), 2)));
}

#[test]
fn a_million_events_at_one_instant_are_first_in_first_out() {
    let mut agenda = Agenda::new();
    for i in 0..1_000_000_u32 {
        agenda.schedule(at(1 << 50), Rank::Timer, i);
    }
    for i in 0..1_000_000 {
        assert_eq!(agenda.pop(), Some((at(1 << 50), i)));
        // Half of them are followed by another at the same instant.
        if i % 2 == 0 {
            agenda.schedule(at(1 << 50), Rank::Timer, 1_000_000 + i / 2);
        }
    }
    for i in 1_000_000..1_500_000 {
        assert_eq!(agenda.pop(), Some((at(1 << 50), i)));
    }
    assert_eq!(agenda.next_at(), None);
}

#[test]
fn what_is_scheduled_before_a_far_bucket_that_was_looked_at_comes_first() {
    // 1,000 far events are looked at, so their buckets are open; then 1,000 nearer ones come,
    // from the last to the first.
    let mut agenda = Agenda::new();
    for i in 0..1_000 {
        agenda.schedule(at(1_000_000_000 + i), Rank::Timer, i);
    }
    assert_eq!(agenda.next_at(), Some(at(1_000_000_000)));
    for i in (0..1_000).rev() {
        agenda.schedule(at(i * i), Rank::Timer, i);
        assert_eq!(agenda.next_at(), Some(at(i * i)));
    }
    for i in 0..1_000 {
        assert_eq!(agenda.pop(), Some((at(i * i), i)));
    }
    for i in 0..1_000 {
        assert_eq!(agenda.pop(), Some((at(1_000_000_000 + i), i)));
    }
    assert!(agenda.is_empty());
}

#[test]
fn what_was_opened_too_early_is_dealt_anew() {
    // 4,000 far events are looked at, so the floor of the buckets is far; then come nearer ones.
    // First the heap takes them; before it is as long as the buckets all are dealt anew.
    let mut agenda = Agenda::new();
    for i in 0..4_000 {
        agenda.schedule(at(1 << 40 | i << 20), Rank::Timer, i);
    }
    assert_eq!(agenda.next_at(), Some(at(1 << 40)));
    for i in 0..3_000 {
        agenda.schedule(at(1_000_000 - i), Rank::Timer, i);
        assert!(agenda.heap.len() <= 1_001, "{} in the heap", agenda.heap.len());
    }
    for i in (0..3_000).rev() {
        assert_eq!(agenda.pop(), Some((at(1_000_000 - i), i)));
    }
    for i in 0..4_000 {
        assert_eq!(agenda.pop(), Some((at(1 << 40 | i << 20), i)));
    }
    assert_eq!(agenda.pop(), None);
}

#[test]
fn nothing_is_allocated_once_it_has_been_as_full() {
    // A hold of 2,000 for a while, then for longer: memory stays what it was.
    let mut agenda = Agenda::new();
    let mut state = 1_u64;
    let mut gap = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        1 + (state >> 44)
    };
    for i in 0..2_000 {
        agenda.schedule(at(gap()), Rank::Timer, i);
    }
    let mut room = Vec::new();
    for round in 0..20 {
        for _ in 0..50_000 {
            let (now, i) = agenda.pop().expect("as many as before");
            agenda.schedule(at(now.nanos() + gap()), Rank::Timer, i);
        }
        let Agenda { run, heap, inbox, spare, .. } = &agenda;
        room.push([run, heap, inbox, spare].map(Vec::capacity));
        assert!(agenda.slots.len() == 2_000 && agenda.buckets.cells() < 40_000, "round {round}");
    }
    assert_eq!(room[19], room[9]);
}

#[test]
fn memory_is_bounded_by_what_is_pending() {
    // A million events pass, 1,000 at a time, nine of ten cancelled: slots stay few, and so do
    // entries, of which less than half are cancelled.
    let mut agenda = Agenda::new();
    let mut now = 0;
    let mut tickets = std::collections::VecDeque::new();
    for i in 0..1_000_000_u64 {
        let ahead = 1 + i.wrapping_mul(0x9e37_79b9) % 1_000_000;
        let ticket = agenda.schedule(at(now + ahead), Rank::Timer, i);
        if i % 10 == 0 {
            while agenda.len() > 1_000 {
                now = agenda.pop().expect("there are some").0.nanos();
            }
        } else {
            tickets.push_back(ticket);
            if tickets.len() > 500 {
                agenda.cancel(tickets.pop_front().expect("there are some"));
            }
        }
        assert!(agenda.held() <= 2 * agenda.len() + 64);
    }
    assert!(agenda.slots.len() < 4_000, "{} slots", agenda.slots.len());
}

/// What the property below does next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Schedule {
        delay: u64,
        rank: usize,
    },
    /// Many at once, `apart` ns apart from the last to the first, or at one instant.
    Burst {
        delay: u64,
        apart: u64,
        many: u64,
    },
    Cancel(usize),
    Look,
    Pop(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let delay = prop_oneof![
        4 => 0..4_u64,
        4 => 0..1_000_u64,
        2 => (0..64_u32).prop_map(|bits| 1 << bits),
        2 => 1_000_000_000..1_000_000_100_u64,
        1 => Just(u64::MAX),
    ];
    prop_oneof![
        1 => (delay.clone(), prop_oneof![Just(0), Just(1), 1..2_000_u64, Just(1 << 40)], 1..700_u64)
            .prop_map(|(delay, apart, many)| Step::Burst { delay, apart, many }),
        30 => (delay, 0..4_usize).prop_map(|(delay, rank)| Step::Schedule { delay, rank }),
        8 => (0..1_000_usize).prop_map(Step::Cancel),
        8 => Just(Step::Look),
        6 => (1..12_usize).prop_map(Step::Pop),
        1 => (1..700_usize).prop_map(Step::Pop),
    ]
}

proptest! {
    // Against a sorted list: any mix of scheduling, cancelling, looking and popping, near and
    // far up to the end of time, with numbers that run out or not.
    #[test]
    fn equals_a_sorted_list(
        steps in prop::collection::vec(step(), 1..1_500),
        left in prop_oneof![Just(u32::MAX), 1..1_000_u32],
    ) {
        let mut agenda = Agenda::new();
        agenda.sequence = u32::MAX - left;
        let mut list = std::collections::BTreeSet::new();
        let mut tickets = Vec::new();
        let (mut now, mut id) = (0_u64, 0);
        let ranks = [Rank::Completion, Rank::Change, Rank::Timer, Rank::Arrival];
        for step in steps {
            match step {
                Step::Schedule { delay, rank } => {
                    let when = now.saturating_add(delay);
                    let ticket = agenda.schedule(at(when), ranks[rank], id);
                    tickets.push((ticket, (when, rank, id)));
                    list.insert((when, rank, id));
                    id += 1;
                }
                Step::Burst { delay, apart, many } => for i in (0..many).rev() {
                    let when = now.saturating_add(delay).saturating_add(i * apart);
                    let ticket = agenda.schedule(at(when), ranks[2], id);
                    tickets.push((ticket, (when, 2, id)));
                    list.insert((when, 2, id));
                    id += 1;
                },
                Step::Cancel(pick) if !tickets.is_empty() => {
                    let (ticket, event) = tickets.swap_remove(pick % tickets.len());
                    let live = list.remove(&event);
                    prop_assert_eq!(agenda.cancel(ticket), live.then_some(event.2));
                }
                Step::Cancel(_) => {}
                Step::Look => {
                    prop_assert_eq!(agenda.next_at(), list.first().map(|e| at(e.0)));
                }
                Step::Pop(n) => for _ in 0..n {
                    let expect = list.pop_first();
                    prop_assert_eq!(agenda.pop(), expect.map(|e| (at(e.0), e.2)));
                    now = expect.map_or(now, |e| e.0);
                },
            }
            prop_assert_eq!(agenda.len(), list.len());
        }
        while let Some(expect) = list.pop_first() {
            prop_assert_eq!(agenda.pop(), Some((at(expect.0), expect.2)));
        }
        prop_assert_eq!(agenda.pop(), None);
    }

    // Of different ranks or instants: the order of scheduling means nothing.
    #[test]
    fn the_order_of_scheduling_matters_at_ties_only(
        instants in prop::collection::btree_set((0..200_u64, 0..4_usize), 1..300),
        seed in any::<u64>(),
    ) {
        let ranks = [Rank::Completion, Rank::Change, Rank::Timer, Rank::Arrival];
        let sorted: Vec<_> = instants.into_iter().collect();
        let mut mixed = sorted.clone();
        mixed.sort_by_key(|(when, rank)| {
            (when * 4 + *rank as u64).wrapping_add(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        });
        let mut agenda = Agenda::new();
        for event in mixed {
            agenda.schedule(at(event.0 * event.0 * event.0), ranks[event.1], event);
        }
        let popped: Vec<_> =
            std::iter::from_fn(|| agenda.pop().map(|(_, event)| event)).collect();
        prop_assert_eq!(popped, sorted);
    }

    // Numbers of any spread: even, all alike but for the low half, or in clumps.
    #[test]
    fn sorting_is_sorting(
        highs in prop::collection::vec(
            prop_oneof![0..1_000_000_u64, Just(7), 0..3_u64, (0..64_u32).prop_map(|b| 1 << b)],
            0..2_500,
        ),
        alike in any::<bool>(),
    ) {
        let mut sorted: Vec<u128> = highs
            .iter()
            .zip(0..)
            .map(|(high, i)| u128::from(if alike { 5 } else { *high }) << 64 | (i * 7_919 % 2_503))
            .collect();
        let mut ours = sorted.clone();
        let mut spare = Vec::new();
        sort_down(&mut ours, &mut spare);
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        prop_assert_eq!(&ours, &sorted);
        ours.truncate(highs.len() % 9);
        ours.reverse();
        sort_down(&mut ours, &mut spare);
        prop_assert_eq!(&ours, &sorted[..ours.len()]);
    }
}
