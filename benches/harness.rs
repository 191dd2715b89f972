//! The little that the three benches share: a clock of this thread's work and a hash of results.

use std::time::Instant;

#[allow(dead_code, reason = "the tests fold only")]
/// Median seconds of `runs` calls, and the hash that all of them must give.
pub(crate) fn time(runs: usize, mut work: impl FnMut() -> u64) -> (f64, u64) {
    let mut seconds = Vec::new();
    let mut hash = None;
    for _ in 0..runs {
        let start = Instant::now();
        let result = work();
        seconds.push(start.elapsed().as_secs_f64());
        assert!(hash.is_none_or(|h| h == result), "the same work gives the same result");
        hash = Some(result);
    }
    seconds.sort_by(f64::total_cmp);
    (seconds[runs / 2], hash.expect("at least one run"))
}

#[allow(dead_code, reason = "the agenda's bench, where folding must cost nothing, has its own")]
/// Folds a number into a hash (FNV-1a over its bytes).
pub(crate) fn fold(hash: u64, number: u64) -> u64 {
    number.to_le_bytes().iter().fold(hash ^ 0xcbf2_9ce4_8422_2325, |h, b| {
        (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3)
    })
}
