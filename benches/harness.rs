//! The little that the benches share: a clock of this process's work and a hash of results.

/// Processor time of this process so far, seconds: on a busy machine it says more than the wall
/// clock.
#[allow(dead_code, reason = "the tests fold only")]
fn cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

#[allow(dead_code, reason = "the tests fold only")]
/// Median processor seconds of `runs` calls, and the hash that all of them must give.
pub(crate) fn time(runs: usize, mut work: impl FnMut() -> u64) -> (f64, u64) {
    let mut seconds = Vec::new();
    let mut hash = None;
    for _ in 0..runs {
        let start = cpu_seconds();
        let result = work();
        seconds.push(cpu_seconds() - start);
        assert!(hash.is_none_or(|h| h == result), "the same work gives the same result");
        hash = Some(result);
    }
    seconds.sort_by(f64::total_cmp);
    (seconds[runs / 2], hash.expect("at least one run"))
}

/// A line of this process's status, kB; 0 where the system does not tell it.
#[allow(dead_code, reason = "one bench looks at memory")]
pub(crate) fn memory_kb(line: &str) -> u64 {
    let told = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = told.lines().find_map(|l| l.strip_prefix(line));
    found.and_then(|l| l.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Sets the peak of memory back to what is held now, where the system can.
#[allow(dead_code, reason = "one bench looks at memory")]
pub(crate) fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// Folds a number into a hash: one multiplication, so that it costs nothing beside the work.
pub(crate) fn fold(hash: u64, number: u64) -> u64 {
    (hash.rotate_left(5) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
