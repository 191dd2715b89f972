//! The agenda under the hold model: pop the next event, schedule one an exponential time later,
//! with n pending. `cargo bench --bench agenda` prints ns per hold beside a plain
//! `std::collections::BinaryHeap` of the same keys and payload, in the same run.

#[path = "harness.rs"]
mod harness;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use highwater::kernel::{Agenda, Instant, Rank};
use highwater::random::{Dist, Draws};

fn gaps(n: usize) -> Vec<u64> {
    let mut draws = Draws::new(1);
    let law = Dist::exponential(1e6);
    (0..n).map(|_| law.sample_whole(&mut draws)).collect()
}

/// Holds on ours: the hash of the instants popped.
pub(crate) fn ours(pending: usize, holds: usize) -> u64 {
    let gaps = gaps(pending + holds);
    let mut agenda = Agenda::new();
    for (i, gap) in gaps[..pending].iter().enumerate() {
        agenda.schedule(Instant::from_nanos(*gap), Rank::Timer, [i as u64; 2]);
    }
    let mut hash = 0;
    for gap in &gaps[pending..] {
        let (at, event) = agenda.pop().expect("never empty");
        hash = harness::fold(hash, at.nanos());
        agenda.schedule(Instant::from_nanos(at.nanos() + gap), Rank::Timer, event);
    }
    hash
}

/// The same holds on the standard heap, without ranks and cancellation.
pub(crate) fn standard(pending: usize, holds: usize) -> u64 {
    let gaps = gaps(pending + holds);
    let mut heap = BinaryHeap::new();
    let mut sequence = 0_u64;
    for (i, gap) in gaps[..pending].iter().enumerate() {
        heap.push(Reverse((*gap, sequence, [i as u64; 2])));
        sequence += 1;
    }
    let mut hash = 0;
    for gap in &gaps[pending..] {
        let Reverse((at, _, event)) = heap.pop().expect("never empty");
        hash = harness::fold(hash, at);
        heap.push(Reverse((at + gap, sequence, event)));
        sequence += 1;
    }
    hash
}

#[allow(dead_code, reason = "the tests use the functions above only")]
#[expect(clippy::disallowed_macros, reason = "a bench prints its table")]
fn main() {
    println!("{:>10} {:>12} {:>12} {:>7}  hash", "pending", "ours ns", "std ns", "ratio");
    for pending in [1_000, 10_000, 100_000, 1_000_000] {
        let holds = 1_000_000;
        let (a, hash) = harness::time(5, || ours(pending, holds));
        let (b, other) = harness::time(5, || standard(pending, holds));
        assert_eq!(hash, other, "both pop the same instants");
        let (a, b) = (a * 1e9 / holds as f64, b * 1e9 / holds as f64);
        println!("{pending:>10} {a:>12.1} {b:>12.1} {:>7.2}  {hash:016x}", a / b);
    }
}
