//! The agenda against a plain `std::collections::BinaryHeap` of the same keys and payload, both in
//! the same run, by turns. `cargo bench --bench agenda` prints ns per hold (pop the next event,
//! schedule one a gap later) for exponential gaps and for gaps that hurt event queues, then ns per
//! event where part of all events is cancelled before it is due, and ns per event to fill and to
//! drain, with what merely storing entries and events costs.

#[path = "harness.rs"]
mod harness;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use highwater::kernel::{Agenda, Instant, Rank, Ticket};
use highwater::random::{Dist, Draws};

/// What both can do; the payload is 16 bytes.
pub(crate) trait Queue: Default {
    /// Names an event, to cancel it.
    type Name: Copy;
    /// Schedules.
    fn put(&mut self, at: u64, event: [u64; 2]) -> Self::Name;
    /// Takes the next.
    fn take(&mut self) -> Option<(u64, [u64; 2])>;
    /// Takes back.
    fn cancel(&mut self, name: Self::Name);
}

/// Ours.
#[derive(Default)]
pub(crate) struct Ours(Agenda<[u64; 2]>);

impl Queue for Ours {
    type Name = Ticket;
    #[inline(always)]
    fn put(&mut self, at: u64, event: [u64; 2]) -> Ticket {
        self.0.schedule(Instant::from_nanos(at), Rank::Timer, event)
    }
    #[inline(always)]
    fn take(&mut self) -> Option<(u64, [u64; 2])> {
        self.0.pop().map(|(at, event)| (at.nanos(), event))
    }
    fn cancel(&mut self, name: Ticket) {
        self.0.cancel(name);
    }
}

/// The standard heap, made stable by a sequence; cancelled events carry a flag until they surface.
#[derive(Default)]
pub(crate) struct Standard {
    heap: BinaryHeap<Reverse<(u64, u64, [u64; 2])>>,
    sequence: u64,
    cancelled: Vec<bool>,
}

impl Queue for Standard {
    type Name = u64;
    fn put(&mut self, at: u64, event: [u64; 2]) -> u64 {
        self.heap.push(Reverse((at, self.sequence, event)));
        self.sequence += 1;
        self.sequence - 1
    }
    fn take(&mut self) -> Option<(u64, [u64; 2])> {
        loop {
            let Reverse((at, sequence, event)) = self.heap.pop()?;
            if !self.cancelled.get(sequence as usize).is_some_and(|c| *c) {
                return Some((at, event));
            }
        }
    }
    fn cancel(&mut self, name: u64) {
        let needed = name as usize + 1;
        if self.cancelled.len() < needed {
            self.cancelled.resize(needed.next_power_of_two(), false);
        }
        self.cancelled[name as usize] = true;
    }
}

/// The least that a fill must do where events can be taken back: write an entry and an event with
/// its turn.
#[derive(Default)]
pub(crate) struct Stored {
    entries: Vec<u128>,
    events: Vec<(u32, u32, Option<[u64; 2]>)>,
}

impl Queue for Stored {
    type Name = usize;
    #[inline(always)]
    fn put(&mut self, at: u64, event: [u64; 2]) -> usize {
        self.entries.push(u128::from(at) << 64 | self.entries.len() as u128);
        self.events.push((0, 0, Some(event)));
        self.events.len() - 1
    }
    /// In no order.
    fn take(&mut self) -> Option<(u64, [u64; 2])> {
        let at = (self.entries.pop()? >> 64) as u64;
        self.events.pop()?.2.map(|event| (at, event))
    }
    fn cancel(&mut self, name: usize) {
        self.events[name].2 = None;
    }
}

/// Laws of gaps, with what each is hard on.
pub(crate) const LAWS: &[&str] = &[
    "exponential", // the usual yardstick
    "zero",        // everything at one instant
    "constant",    // always the last
    "uniform",
    "bimodal",    // 90 % near, 10 % a million times farther
    "two points", // half at 1 us, half at 1 s
    "pareto",     // shape 1.1: any width is wrong for most
    "increasing",
    "decreasing",
    "never", // 10 % beyond the end of time
];

/// `n` gaps of a law, ns.
pub(crate) fn gaps(law: &str, n: usize) -> Vec<u64> {
    let mut draws = Draws::new(1);
    let near = Dist::exponential(1e6);
    let far = Dist::exponential(1e12);
    let pareto = Dist::Pareto { scale: 1e3, shape: 1.1 };
    let even = |draws: &mut Draws| (draws.next() >> 11) as f64 / (1_u64 << 53) as f64;
    let mut gap = |i: usize| match law {
        "zero" => 0,
        "constant" => 1_000,
        "uniform" => (even(&mut draws) * 2e6) as u64,
        "bimodal" if even(&mut draws) < 0.1 => far.sample_whole(&mut draws),
        "two points" => {
            if even(&mut draws) < 0.5 {
                1_000
            } else {
                1_000_000_000
            }
        }
        "pareto" => pareto.sample_whole(&mut draws),
        "increasing" => i as u64,
        "decreasing" => (n - i) as u64,
        "never" if even(&mut draws) < 0.1 => u64::MAX,
        _ => near.sample_whole(&mut draws),
    };
    (0..n).map(&mut gap).collect()
}

/// Holds with `pending` events: the hash of what was popped.
pub(crate) fn hold<Q: Queue>(gaps: &[u64], pending: usize) -> u64 {
    let mut queue = Q::default();
    for (i, gap) in gaps[..pending].iter().enumerate() {
        queue.put(*gap, [i as u64; 2]);
    }
    let mut hash = 0;
    for gap in &gaps[pending..] {
        let (at, event) = queue.take().expect("never empty");
        hash = harness::fold(hash, at ^ event[0]);
        queue.put(at.saturating_add(*gap), event);
    }
    hash
}

/// As [`hold`], and beside each hold `extra` events are scheduled, of which all are cancelled, in
/// no order, most of them before they are due.
pub(crate) fn hold_and_cancel<Q: Queue>(gaps: &[u64], pending: usize, extra: usize) -> u64 {
    let mut queue = Q::default();
    for (i, gap) in gaps[..pending].iter().enumerate() {
        queue.put(*gap, [i as u64; 2]);
    }
    let (mut hash, mut names, mut last) = (0, Vec::new(), 0);
    for gap in &gaps[pending..] {
        let Some((at, event)) = queue.take() else { break };
        hash = harness::fold(hash, at ^ event[0]);
        queue.put(at + gap, event);
        for i in 0..extra {
            names.push(queue.put(at + 2 * last + 1_000_000 + i as u64, event));
        }
        while names.len() > pending / 2 {
            let at = (gap ^ last) as usize % names.len();
            queue.cancel(names.swap_remove(at));
        }
        last = *gap;
    }
    hash
}

/// Schedules all, and pops all unless `fill_only`.
pub(crate) fn fill_and_drain<Q: Queue>(ats: &[u64], fill_only: bool) -> u64 {
    let mut queue = Q::default();
    for at in ats {
        queue.put(*at, [*at; 2]);
    }
    let mut hash = 0;
    while !fill_only && let Some((at, _)) = queue.take() {
        hash = harness::fold(hash, at);
    }
    std::hint::black_box(&queue);
    hash
}

/// Prints a line: medians of five of each by turns.
#[allow(dead_code, reason = "the tests race nothing")]
#[expect(clippy::disallowed_macros, reason = "a bench prints its table")]
fn race(name: &str, per: usize, ours: impl Fn() -> u64, standard: impl Fn() -> u64) {
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let (seconds, hash) = harness::time(1, &ours);
        a.push(seconds);
        let (seconds, other) = harness::time(1, &standard);
        b.push(seconds);
        assert_eq!(hash, other, "both pop the same");
    }
    a.sort_by(f64::total_cmp);
    b.sort_by(f64::total_cmp);
    let [a, b] = [a, b].map(|v| v[2] * 1e9 / per as f64);
    println!("{name:<32} {a:>8.1} {b:>8.1} {:>6.2}", a / b);
}

#[allow(dead_code, reason = "the tests use the functions above only")]
#[expect(clippy::disallowed_macros, reason = "a bench prints its table")]
fn main() {
    println!("{:<32} {:>8} {:>8} {:>6}", "pending, gaps", "ours ns", "std ns", "ratio");
    let holds = 1_000_000;
    let race_holds = |law: &str, pending: usize| {
        let gaps = gaps(law, pending + holds);
        let name = format!("{pending} {law}");
        race(&name, holds, || hold::<Ours>(&gaps, pending), || hold::<Standard>(&gaps, pending));
    };
    for pending in [1_000, 10_000, 100_000, 1_000_000, 1, 4, 16, 64, 256] {
        race_holds("exponential", pending);
    }
    for law in &LAWS[1..] {
        race_holds(law, 1_000);
        race_holds(law, 100_000);
    }
    for (extra, share) in [(1, "half"), (9, "90 %")] {
        for pending in [1_000, 100_000] {
            let gaps = gaps("exponential", pending + holds / 4);
            race(
                &format!("{pending} {share} cancelled"),
                holds / 4 * (extra + 1),
                || hold_and_cancel::<Ours>(&gaps, pending, extra),
                || hold_and_cancel::<Standard>(&gaps, pending, extra),
            );
        }
    }
    for law in ["zero", "increasing", "decreasing", "exponential"] {
        for n in [1_000, 1_000_000] {
            let ats = gaps(law, n);
            for (fill_only, what) in [(true, "fill"), (false, "fill and drain")] {
                let many =
                    |f: &dyn Fn() -> u64| (0..1_000_000 / n).fold(0, |h, _| harness::fold(h, f()));
                race(
                    &format!("{n} {law}, {what}"),
                    1_000_000,
                    || many(&|| fill_and_drain::<Ours>(&ats, fill_only)),
                    || many(&|| fill_and_drain::<Standard>(&ats, fill_only)),
                );
                if fill_only {
                    race(
                        "  the same, merely stored",
                        1_000_000,
                        || many(&|| fill_and_drain::<Stored>(&ats, true)),
                        || many(&|| fill_and_drain::<Standard>(&ats, true)),
                    );
                }
            }
        }
    }
}
