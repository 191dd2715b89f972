//! The bottleneck theorem: what proves rates to be max-min fair, whoever worked them out.
//!
//! ```text
//! a flow is at its cap, or crosses a full resource on which no flow has a higher level
//! level = rate / weight;  full = its priority and those before it take all there is
//! ```
//!
//! (Bertsekas & Gallager 1992, 6.5.2, there with weights 1; a priority sees what those before it
//! leave.) It needs neither the history nor the order of filling, so it judges both twins.

/// Rounding of rates and loads, relative.
const HAIR: f64 = 1e-9;
/// The same of what is 0.
const NOTHING: f64 = 1e-15;

/// Equal flows under way, and what each of them has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share<'p> {
    /// The resources that they cross, by position; a repeated one counts twice.
    pub path: &'p [usize],
    /// Above 0.
    pub weight: f64,
    /// Most that one of them takes, bytes per ns.
    pub cap: f64,
    /// Strict; 0 comes first.
    pub priority: u8,
    /// How many they are.
    pub flows: u32,
    /// What one of them has, bytes per ns; infinite where nothing holds it.
    pub rate: f64,
}

/// Why rates are not max-min fair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unfair {
    /// More is taken of a resource than there is, bytes per ns.
    Overload {
        /// Which one.
        resource: usize,
        /// What flows take.
        load: f64,
        /// What there is.
        capacity: f64,
    },
    /// Flows have more than their cap, or no rate at all (negative, not a number).
    OutOfRange {
        /// Their position.
        share: usize,
    },
    /// Flows could have more: below their cap, and on no full resource among the fastest.
    Starved {
        /// Their position.
        share: usize,
    },
}

/// Whether these rates over these capacities (bytes per ns) are weighted max-min fair, up to
/// rounding: within 1e-9 of rates and loads. O(priorities x resources + lengths of paths).
///
/// # Errors
/// The first that is [`Unfair`].
///
/// # Panics
/// If a path names a resource that is not there: the caller's bug.
///
/// ```
/// use highwater::kernel::{Share, Unfair, certify};
/// // 12 bytes/ns for weights 1 and 2 and one capped at 3: 3, 6 and 3.
/// let of = |weight, cap, rate| {
///     Share { path: &[0], weight, cap, priority: 0, flows: 1, rate }
/// };
/// let free = f64::INFINITY;
/// assert_eq!(certify(&[12.0], &[of(1.0, free, 3.0), of(2.0, free, 6.0), of(3.0, 3.0, 3.0)]), Ok(()));
/// let even = [of(1.0, free, 4.5), of(2.0, free, 4.5), of(3.0, 3.0, 3.0)];
/// assert_eq!(certify(&[12.0], &even), Err(Unfair::Starved { share: 1 }));
/// ```
pub fn certify(capacities: &[f64], shares: &[Share<'_>]) -> Result<(), Unfair> {
    let mut order: Vec<usize> = (0..shares.len()).filter(|i| shares[*i].flows > 0).collect();
    order.sort_by_key(|i| shares[*i].priority);
    let mut load = vec![0.0; capacities.len()];
    for same in order.chunk_by(|a, b| shares[*a].priority == shares[*b].priority) {
        let mut highest = vec![0.0_f64; capacities.len()];
        for share in same.iter().map(|i| &shares[*i]) {
            for &r in share.path {
                load[r] += share.rate * f64::from(share.flows);
                highest[r] = highest[r].max(share.rate / share.weight);
            }
        }
        for &i in same {
            let Share { path, weight, cap, rate, .. } = shares[i];
            if !(rate >= 0.0 && rate <= cap * (1.0 + HAIR)) {
                return Err(Unfair::OutOfRange { share: i });
            }
            let level = rate / weight * (1.0 + HAIR) + NOTHING;
            let holds = |&r: &usize| load[r] >= capacities[r] * (1.0 - HAIR) && highest[r] <= level;
            if rate < cap * (1.0 - HAIR) && !path.iter().any(holds) {
                return Err(Unfair::Starved { share: i });
            }
        }
    }
    let over = |(load, capacity): (&f64, &f64)| *load > capacity * (1.0 + HAIR) + NOTHING;
    match load.iter().zip(capacities).position(over) {
        Some(resource) => {
            let (load, capacity) = (load[resource], capacities[resource]);
            Err(Unfair::Overload { resource, load, capacity })
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: f64 = f64::INFINITY;

    fn share(path: &[usize], rate: f64) -> Share<'_> {
        Share { path, weight: 1.0, cap: FREE, priority: 0, flows: 1, rate }
    }

    #[test]
    fn the_parking_lot_has_one_answer() {
        // Links of 1. One flow over both, one on the first, three on the second: the second gives
        // 1/4 each, the first the rest of 3/4 to its own.
        let judge = |long, first, second| {
            let shares = [
                share(&[0, 1], long),
                share(&[0], first),
                Share { flows: 3, ..share(&[1], second) },
            ];
            certify(&[1.0, 1.0], &shares)
        };
        assert_eq!(judge(0.25, 0.75, 0.25), Ok(()));
        assert_eq!(judge(0.25, 0.75 - 1e-6, 0.25), Err(Unfair::Starved { share: 1 }));
        // Full, but the long flow is not among the fastest on either.
        assert_eq!(judge(0.1, 0.9, 0.3), Err(Unfair::Starved { share: 0 }));
        let over = judge(0.25, 0.75 + 1e-6, 0.25);
        assert!(matches!(over, Err(Unfair::Overload { resource: 0, .. })), "{over:?}");
    }

    #[test]
    fn the_first_priority_leaves_nothing_or_what_it_cannot_take() {
        // 10 for: priority 0 capped at 4; then weights 1 and 2 share 6; then nothing.
        let judge = |rates: [f64; 4]| {
            let of =
                |priority, weight, cap, rate| Share { weight, cap, priority, ..share(&[0], rate) };
            // In any order.
            let shares = [
                of(2, 1.0, FREE, rates[3]),
                of(0, 1.0, 4.0, rates[0]),
                of(1, 2.0, FREE, rates[2]),
                of(1, 1.0, FREE, rates[1]),
            ];
            certify(&[10.0], &shares)
        };
        assert_eq!(judge([4.0, 2.0, 4.0, 0.0]), Ok(()));
        // Fair among all, which the last ones must not have.
        assert_eq!(judge([4.0, 1.5, 3.0, 1.5]), Err(Unfair::Starved { share: 2 }));
        assert_eq!(judge([3.0, 2.0, 4.0, 1.0]), Err(Unfair::Starved { share: 1 }));
        assert_eq!(judge([5.0, 5.0 / 3.0, 10.0 / 3.0, 0.0]), Err(Unfair::OutOfRange { share: 1 }));
    }

    #[test]
    fn nothing_and_everything_are_rates_too() {
        // A dead link holds what crosses it; what crosses nothing, or only endless links, is free.
        assert_eq!(certify(&[0.0, FREE], &[share(&[1, 0], 0.0), share(&[1], FREE)]), Ok(()));
        assert_eq!(certify(&[], &[share(&[], FREE)]), Ok(()));
        assert_eq!(certify(&[FREE], &[share(&[0], 5.0)]), Err(Unfair::Starved { share: 0 }));
        assert_eq!(certify(&[], &[share(&[], f64::NAN)]), Err(Unfair::OutOfRange { share: 0 }));
        assert_eq!(certify(&[1.0], &[share(&[0], -1.0)]), Err(Unfair::OutOfRange { share: 0 }));
        // A class without flows has no say; a link crossed twice is loaded twice.
        let none = Share { flows: 0, ..share(&[0], 9.0) };
        assert_eq!(certify(&[3.0], &[none, share(&[0, 0], 1.0), share(&[0], 1.0)]), Ok(()));
        // A stalled flow is at its cap of 0.
        assert_eq!(certify(&[1.0], &[Share { cap: 0.0, ..share(&[0], 0.0) }]), Ok(()));
    }
}
