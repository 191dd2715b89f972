//! The kernel alone: shares worked out by hand, the bottleneck theorem, the slow twin, the agenda.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::kernel::{Agenda, Bound, Instant, Rank, Sharing};
use crate::measure::Agreement;
use crate::measure::Quantity::{Number, Span as Time};
use crate::random::Draws;

use super::history::{Apart, Size, lockstep, unfair_states};
use super::lists::{self, List};
use super::{Bench, KnownCase, Rows, thousands, whole};

pub(super) const CASES: &[KnownCase] = &[
    KnownCase {
        name: "max-min-by-hand",
        about: "Rates of small networks, worked out by hand",
        source: "progressive filling (Bertsekas & Gallager 1992, 6.5.2)",
        run: by_hand,
    },
    KnownCase {
        name: "max-min-certificate",
        about: "Every state of random histories on random networks is max-min fair",
        source: "bottleneck theorem (Bertsekas & Gallager 1992, 6.5.2)",
        run: certificate,
    },
    KnownCase {
        name: "slow-twin",
        about: "Completions and rates of random small networks beside the textbook's, in lockstep",
        source: "progressive filling flow by flow at every event",
        run: slow_twin,
    },
    KnownCase {
        name: "lists",
        about: "Completions of lists of flows beside the textbook's, each by itself",
        source: "progressive filling flow by flow at every event",
        run: flow_lists,
    },
    KnownCase {
        name: "agenda",
        about: "Order of events beside a sorted list",
        source: "the order (instant, rank, sequence)",
        run: agenda,
    },
];

/// Twins round up to whole ns, each in its own order of additions.
const TWINS_NS: f64 = 2.0;
/// The same for rates, relative.
const TWINS_RATE: f64 = 1e-9;

fn by_hand(_: &Bench) -> Rows {
    let mut rows = Vec::new();
    let mut add = |what: &str, theory: f64, simulated: f64| {
        rows.push(Agreement::exact(what, Number, theory, simulated, 0.0));
    };
    let start = Instant::START;

    // Links a, b, c of 1 byte/ns. One long flow over all three, one short flow on each of a and b,
    // three on c. c is the bottleneck of 4 flows: 1/4 each. Then a and b give their short flow what
    // the long one leaves: 3/4.
    let mut s = Sharing::new();
    let [a, b, c] = [1.0, 1.0, 1.0].map(|x| s.add_resource(x));
    let long = s.add_class(&[a, b, c], 1.0, f64::INFINITY);
    let [on_a, on_b, on_c] = [a, b, c].map(|r| s.add_class(&[r], 1.0, f64::INFINITY));
    for class in [long, on_a, on_b, on_c, on_c, on_c] {
        s.start(class, 1e6, start);
    }
    add("Parking lot, rate of the long flow, bytes/ns", 0.25, s.rate(long).0);
    add("Parking lot, rate beside it on the first link", 0.75, s.rate(on_a).0);
    let held = u8::from(s.rate(long).1 == Bound::Resource(c));
    add("Parking lot, the last link holds the long flow (1 = yes)", 1.0, f64::from(held));

    // 12 bytes/ns. Weights 1, 2 and a flow of weight 3 capped at 3: uncapped it would get 6. It
    // stops at 3; the other 9 divide 1 : 2 = 3 and 6.
    let mut s = Sharing::new();
    let link = s.add_resource(12.0);
    let one = s.add_class(&[link], 1.0, f64::INFINITY);
    let two = s.add_class(&[link], 2.0, f64::INFINITY);
    let capped = s.add_class(&[link], 3.0, 3.0);
    for class in [one, two, capped] {
        s.start(class, 1e9, start);
    }
    add("Weights 1, 2 and 3 capped on a link of 12, weight 1", 3.0, s.rate(one).0);
    add("Weights 1, 2 and 3 capped on a link of 12, weight 2", 6.0, s.rate(two).0);
    add("Weights 1, 2 and 3 capped on a link of 12, the capped", 3.0, s.rate(capped).0);

    // 3 bytes/ns; one flow crosses the link twice, one once: levels equal, 2x + x = 3, x = 1.
    let mut s = Sharing::new();
    let link = s.add_resource(3.0);
    let twice = s.add_class(&[link, link], 1.0, f64::INFINITY);
    let once = s.add_class(&[link], 1.0, f64::INFINITY);
    s.start(twice, 1e6, start);
    s.start(once, 1e6, start);
    add("Link of 3 crossed twice and once, rate of the first", 1.0, s.rate(twice).0);
    add("Link of 3 crossed twice and once, load", 3.0, s.load(link));

    // 1,000 bytes at 2 bytes/ns; down from 100 ns to 350 ns: 200 done, 800 left, done at 750.
    let mut s = Sharing::new();
    let link = s.add_resource(2.0);
    let class = s.add_class(&[link], 1.0, f64::INFINITY);
    s.start(class, 1_000.0, start);
    s.set_capacity(link, 0.0, Instant::from_nanos(100));
    let stalled = s.next_at().map_or(0, |_| 1);
    s.set_capacity(link, 2.0, Instant::from_nanos(350));
    let done = s.pop().map_or(f64::NAN, |(at, _)| whole(at.nanos()));
    add("No capacity for 250 ns, completions in sight", 0.0, f64::from(stalled));
    add("No capacity for 250 ns, completion after ns", 750.0, done);
    Ok(rows)
}

/// The key of the `i`th of some random histories.
fn key(bench: &Bench, about: u64, i: u64) -> u64 {
    Draws::about(bench.seed ^ i.wrapping_mul(0x9e37_79b9), about).next()
}

fn certificate(bench: &Bench) -> Rows {
    let sizes = [
        ("4 links", Size { links: 4, classes: 8, hops: 3, priorities: 1, steps: 200 }, 1_500),
        ("30 links", Size { links: 30, classes: 80, hops: 6, priorities: 3, steps: 600 }, 150),
    ];
    let mut rows = Vec::new();
    for (name, size, networks) in sizes {
        let networks = bench.effort(networks);
        let one = |i| unfair_states(key(bench, size.links as u64, i), size);
        let each: Vec<(u64, u64)> = (0..networks).into_par_iter().map(one).collect();
        let (states, wrong) = each.iter().fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        let states = thousands(states);
        let what = format!("{} networks of {name}, unfair of {states} states", thousands(networks));
        rows.push(Agreement::exact(what, Number, 0.0, whole(wrong), 0.0));
    }
    Ok(rows)
}

fn slow_twin(bench: &Bench) -> Rows {
    let networks = bench.effort(10_000);
    let size = Size { links: 6, classes: 12, hops: 4, priorities: 1, steps: 60 };
    let one = |i| lockstep(key(bench, 7, i), size);
    let each: Vec<Apart> = (0..networks).into_par_iter().map(one).collect();
    let found = each.into_iter().fold(Apart::default(), Apart::and);
    let name = format!("{} random networks", thousands(networks));
    let completions = format!("{name}, largest gap of {} ends", thousands(found.completions));
    let rates = format!("{name}, largest relative gap of {} rates", thousands(found.rates));
    Ok(vec![
        Agreement::exact(completions, Time, 0.0, found.ns, TWINS_NS),
        Agreement::exact(rates, Number, 0.0, found.rate, TWINS_RATE),
    ])
}

fn flow_lists(bench: &Bench) -> Rows {
    let n = |full| bench.effort(full);
    let lists: [(&str, List); 5] = [
        ("Shared link", lists::shared_link(n(40_000))),
        ("Crowd", lists::crowd(n(2_000))),
        ("Fabric", lists::fabric(n(2_000), 25.0)),
        ("Overloaded fabric", lists::fabric(n(2_000), 10.0)),
        ("Wide network", lists::wide(n(800), 400)),
    ];
    let row = |(name, list): &(&str, List)| {
        let what = format!("{name}, largest gap of {} ends", thousands(list.flows.len() as u64));
        Agreement::exact(what, Time, 0.0, lists::apart(list), TWINS_NS)
    };
    Ok(lists.par_iter().map(row).collect())
}

fn agenda(bench: &Bench) -> Rows {
    let mut draws = Draws::new(key(bench, 8, 0));
    let mut below = |n: u64| draws.next() % n;
    let (mut agenda, mut sorted) = (Agenda::new(), BTreeMap::new());
    let mut tickets = BTreeMap::new();
    let ranks = [Rank::Completion, Rank::Change, Rank::Timer, Rank::Arrival];
    let (mut now, mut pops, mut wrong) = (0, 0, 0);
    // Few instants and four ranks, so that most events are tied with some other.
    for number in 0..bench.effort(800_000) {
        match below(8) {
            0..4 => {
                let at = now + below(50);
                let rank = ranks[usize::try_from(below(4)).expect("below 4")];
                let ticket = agenda.schedule(Instant::from_nanos(at), rank, number);
                sorted.insert((at, rank, number), number);
                tickets.insert(number, (ticket, at, rank));
            }
            4 if !tickets.is_empty() => {
                // The first at or after a random number.
                let from = below(number);
                let pick = tickets.range(from..).next().or_else(|| tickets.iter().next());
                if let Some((&number, &(ticket, at, rank))) = pick {
                    tickets.remove(&number);
                    let expected = sorted.remove(&(at, rank, number));
                    wrong += u64::from(agenda.cancel(ticket) != expected);
                }
            }
            _ => {
                let expected = sorted.pop_first().map(|((at, _, _), number)| (at, number));
                let got = agenda.pop().map(|(at, number)| (at.nanos(), number));
                if let Some((at, number)) = expected {
                    now = at;
                    tickets.remove(&number);
                }
                pops += 1;
                wrong += u64::from(got != expected);
            }
        }
    }
    let what = format!("Agenda and a sorted list, {} pops, out of order", thousands(pops));
    Ok(vec![Agreement::exact(what, Number, 0.0, whole(wrong), 0.0)])
}
