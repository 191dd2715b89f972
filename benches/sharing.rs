//! Max-min sharing on lists of flows. `cargo bench --bench sharing` generates shared link, crowd,
//! fabric, overload and wide lists and prints the cost of a flow, beside the slow twin at sizes that
//! it can do, in the same run. `cargo bench --bench sharing -- PREFIX [REPEAT]` replays
//! `PREFIX.{links,paths,flows}.csv` instead, and `-- --write FOLDER` writes the lists as such files.

#[path = "harness.rs"]
mod harness;
#[path = "lists.rs"]
pub(crate) mod lists;

use lists::List;

pub(crate) fn hashed(instants: &[u64]) -> u64 {
    instants.iter().fold(0, |h, at| harness::fold(h, *at))
}

/// `flows` on one link, each completion replaced by a new flow, `events` times.
pub(crate) fn hold(flows: u64, events: u64) -> u64 {
    use highwater::kernel::{Instant, Sharing};
    use highwater::random::{Dist, Draws};
    let (law, mut draws) = (Dist::exponential(1e6), Draws::new(7));
    let mut sharing = Sharing::new();
    let link = sharing.add_resource(1.25);
    let class = sharing.add_class(&[link], 1.0, f64::INFINITY);
    for _ in 0..flows {
        sharing.start(class, law.sample_from(&mut draws), Instant::START);
    }
    let mut last = 0;
    for _ in 0..events {
        let (at, _) = sharing.pop().expect("flows are under way");
        last = at.nanos();
        sharing.start(class, law.sample_from(&mut draws), at);
    }
    last
}

#[allow(dead_code, reason = "the tests use the functions above only")]
#[expect(clippy::disallowed_macros, reason = "a bench prints its table")]
fn race(name: &str, list: &List, repeat: usize) -> f64 {
    let before = harness::memory_kb("VmRSS:");
    harness::forget_peak();
    let mut most = 0;
    let (seconds, hash) = harness::time(repeat, || {
        let (done, at_once) = lists::replay(list);
        most = at_once;
        hashed(&done)
    });
    let grown = harness::memory_kb("VmHWM:").saturating_sub(before) * 1024;
    let n = list.flows.len();
    println!(
        "{name:<24} {n:>8} flows {seconds:>8.4} s {:>8.1} ns a flow, at once {most:>7}, {:>6.1} bytes a flow at once  {hash:016x}",
        seconds * 1e9 / n as f64,
        grown as f64 / most as f64,
    );
    seconds
}

#[allow(dead_code, reason = "the tests use the functions above only")]
#[expect(clippy::disallowed_macros, reason = "a bench prints its table")]
fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    if let [flag, folder] = &words[..]
        && flag == "--write"
    {
        for (name, list) in full() {
            lists::write(&list, &format!("{folder}/{name}")).expect("the folder can be written");
        }
        return;
    }
    if let Some(prefix) = words.first() {
        let repeat = words.get(1).map_or(5, |n| n.parse().expect("a number of repeats"));
        race(prefix, &lists::read(prefix), repeat);
        return;
    }
    println!("processor time, medians of 5");
    for (name, list) in full() {
        race(name, &list, 5);
    }
    println!("one link, n flows at once, each completion replaced by a new flow");
    let mut first = 0.0;
    for flows in [1_000, 10_000, 100_000, 1_000_000] {
        let events = 1_000_000;
        let (idle, _) = harness::time(5, || hold(flows, 1));
        let (all, hash) = harness::time(5, || hold(flows, events));
        let ns = (all - idle) * 1e9 / (2 * events) as f64;
        first = if flows == 1_000 { ns } else { first };
        println!(
            "{flows:>10} {ns:>8.1} ns an event = {:.2} x that at 1,000  {hash:016x}",
            ns / first
        );
    }
    println!("the slow twin's time / ours, each running freely");
    let small = [
        ("shared link", lists::shared_link(20_000)),
        ("crowd", lists::crowd(2_000)),
        ("fabric", lists::fabric(2_000, 25.0)),
        ("overload", lists::fabric(2_000, 10.0)),
        ("wide", lists::wide(400, 2_000)),
    ];
    for (name, list) in small {
        let (fast, _) = harness::time(5, || hashed(&lists::replay(&list).0));
        let mut twin = Vec::new();
        let (slow, _) = harness::time(1, || {
            twin = lists::replay_slow(&list);
            hashed(&twin)
        });
        let ours = lists::replay(&list).0;
        let apart = ours.iter().zip(&twin).map(|(a, b)| a.abs_diff(*b)).max().expect("flows");
        let flows = list.flows.len();
        println!("{name:<24} {flows:>8} flows {:>10.0}, at most {apart} ns apart", slow / fast);
    }
}

#[allow(dead_code, reason = "the tests use small lists")]
fn full() -> [(&'static str, List); 8] {
    [
        ("shared_link_100k", lists::shared_link(100_000)),
        ("shared_link_1m", lists::shared_link(1_000_000)),
        ("crowd_100k", lists::crowd(100_000)),
        ("crowd_1m", lists::crowd(1_000_000)),
        ("fabric_100k", lists::fabric(100_000, 25.0)),
        ("fabric_1m", lists::fabric(1_000_000, 25.0)),
        ("overload_20k", lists::fabric(20_000, 10.0)),
        ("wide_100k", lists::wide(100_000, 2_000)),
    ]
}
