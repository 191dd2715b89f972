//! Max-min sharing: one link with n concurrent flows, and a fabric of 64 sources x 8 circuits x
//! 3 ENIs x 6 backends. `cargo bench --bench sharing` prints the cost of an event, and at sizes
//! that the slow twin can do, the ratio to it in the same run.

#[path = "harness.rs"]
mod harness;

use highwater::kernel::{Instant, ResourceId, Sharing, SharingSlow};
use highwater::random::{Dist, Draws};

fn size(law: &Dist, i: u64) -> f64 {
    law.sample_from(&mut Draws::about(7, i)).max(1.0)
}

/// `flows` start together on one 10 Gbit/s link; then `events` completions, each replaced by a new
/// flow. The hash of the completion instants.
pub(crate) fn one_link(flows: u64, events: u64) -> u64 {
    let law = Dist::exponential(1e6);
    let mut sharing = Sharing::new();
    let link = sharing.add_resource(1.25);
    let class = sharing.add_class(&[link], 1.0, f64::INFINITY);
    for i in 0..flows {
        sharing.start(class, size(&law, i), Instant::START);
    }
    let mut hash = 0;
    for i in 0..events {
        let (at, _) = sharing.pop().expect("flows are under way");
        hash = harness::fold(hash, at.nanos());
        sharing.start(class, size(&law, flows + i), at);
    }
    hash
}

/// The same with the slow twin.
pub(crate) fn one_link_slow(flows: u64, events: u64) -> u64 {
    let law = Dist::exponential(1e6);
    let mut sharing = SharingSlow::new(vec![1.25]);
    for i in 0..flows {
        sharing.start(&[0], 1.0, f64::INFINITY, size(&law, i), Instant::START);
    }
    let mut hash = 0;
    for i in 0..events {
        let (at, _) = sharing.pop().expect("flows are under way");
        hash = harness::fold(hash, at.nanos());
        sharing.start(&[0], 1.0, f64::INFINITY, size(&law, flows + i), at);
    }
    hash
}

/// Capacities of the fabric, bytes per ns: 64 uplinks of 2 Gbit/s, 8 circuits of 10, 3 ENIs of 25,
/// 6 backends of 25.
fn fabric_capacities() -> Vec<f64> {
    let groups = [(64, 0.25), (8, 1.25), (3, 3.125), (6, 3.125)];
    groups.iter().flat_map(|(n, c)| std::iter::repeat_n(*c, *n)).collect()
}

fn fabric_path(pick: u64) -> [usize; 4] {
    let (a, b, c, d) = (pick % 64, pick / 64 % 8, pick / 512 % 3, pick / 1536 % 6);
    [a as usize, 64 + b as usize, 72 + c as usize, 75 + d as usize]
}

/// Poisson arrivals of lognormal flows (mean 4 MB, sigma 1.5) at a circuit load of 0.8, uniform
/// over the 9,216 paths. The completion instants in order, ns.
pub(crate) fn fabric(flows: u64) -> Vec<u64> {
    let mut sharing = Sharing::new();
    let links: Vec<ResourceId> =
        fabric_capacities().iter().map(|c| sharing.add_resource(*c)).collect();
    let classes: Vec<_> = (0..9_216)
        .map(|p| sharing.add_class(&fabric_path(p).map(|l| links[l]), 1.0, f64::INFINITY))
        .collect();
    let mut done = Vec::new();
    drive(flows, |event| match event {
        Step::Next => sharing.next_at(),
        Step::Pop => {
            let (at, _) = sharing.pop().expect("it said when");
            done.push(at.nanos());
            None
        }
        Step::Start(path, bytes, at) => {
            sharing.start(classes[path as usize], bytes, at);
            None
        }
    });
    done
}

/// The same with the slow twin.
pub(crate) fn fabric_slow(flows: u64) -> Vec<u64> {
    let mut sharing = SharingSlow::new(fabric_capacities());
    let mut done = Vec::new();
    drive(flows, |event| match event {
        Step::Next => sharing.next_at(),
        Step::Pop => {
            let (at, _) = sharing.pop().expect("it said when");
            done.push(at.nanos());
            None
        }
        Step::Start(path, bytes, at) => {
            sharing.start(&fabric_path(path), 1.0, f64::INFINITY, bytes, at);
            None
        }
    });
    done
}

fn hashed(instants: &[u64]) -> u64 {
    instants.iter().fold(0, |h, at| harness::fold(h, *at))
}

enum Step {
    Next,
    Pop,
    Start(u64, f64, Instant),
}

fn drive(flows: u64, mut step: impl FnMut(Step) -> Option<Instant>) {
    let law = Dist::lognormal_of_mean(4e6, 1.5);
    // 8 circuits x 1.25 bytes/ns x 0.8 / 4 MB.
    let gap = Dist::exponential(4e6 / (8.0 * 1.25 * 0.8));
    let mut draws = Draws::new(3);
    let mut arrival = 0;
    for i in 0..flows {
        arrival += gap.sample_whole(&mut draws);
        while step(Step::Next).is_some_and(|at| at.nanos() <= arrival) {
            step(Step::Pop);
        }
        step(Step::Start(draws.next() % 9_216, size(&law, i), Instant::from_nanos(arrival)));
    }
    while step(Step::Next).is_some() {
        step(Step::Pop);
    }
}

#[allow(dead_code, reason = "the tests use the functions above only")]
#[expect(clippy::disallowed_macros, reason = "a bench prints its table")]
fn main() {
    println!("one link: n concurrent flows, each completion replaced by a new flow");
    for flows in [1_000, 10_000, 100_000, 1_000_000] {
        let events = 200_000;
        let (idle, _) = harness::time(3, || one_link(flows, 0));
        let (all, hash) = harness::time(3, || one_link(flows, events));
        println!(
            "{flows:>10} {:>10.0} ns an event  {hash:016x}",
            (all - idle) * 1e9 / events as f64
        );
    }
    let (fast, hash) = harness::time(3, || one_link(1_000, 500));
    let (slow, _) = harness::time(3, || one_link_slow(1_000, 500));
    println!("  at 1,000 flows the slow twin takes {:.0} times as long  {hash:016x}", slow / fast);
    println!("fabric: 64 uplinks x 8 circuits x 3 ENIs x 6 backends, circuits at load 0.8");
    for flows in [10_000, 100_000] {
        let (seconds, hash) = harness::time(3, || hashed(&fabric(flows)));
        println!("{flows:>10} {:>10.0} flows/s  {hash:016x}", flows as f64 / seconds);
    }
    let (fast, _) = harness::time(3, || hashed(&fabric(2_000)));
    let (slow, _) = harness::time(3, || hashed(&fabric_slow(2_000)));
    println!("  at 2,000 flows the slow twin takes {:.0} times as long", slow / fast);
}
