//! Which points a sweep visits.

use crate::random::Draws;
use crate::random::name_key;

/// A Latin hypercube of `points` points over axes of these names: for each point its share of the
/// way along each axis, in the middle of one of `points` equal strata; each stratum of each axis is
/// visited once (McKay, Beckman & Conover 1979).
///
/// An axis's order depends on the seed and its name alone: another axis changes nothing.
///
/// ```
/// use highwater::experiment::latin_hypercube;
/// let points = latin_hypercube(4, &["a", "b"], 1);
/// let mut first: Vec<f64> = points.iter().map(|p| p[0]).collect();
/// first.sort_by(f64::total_cmp);
/// assert_eq!(first, [0.125, 0.375, 0.625, 0.875]);
/// ```
pub fn latin_hypercube(points: u32, axes: &[&str], seed: u64) -> Vec<Vec<f64>> {
    let order = |name: &&str| -> Vec<u32> {
        let mut draws = Draws::about(seed, name_key(&[name, "latin hypercube"]));
        let mut order: Vec<u32> = (0..points).collect();
        // Fisher and Yates; a bias of 2^-32 at most is none that could be seen.
        for i in (1..order.len()).rev() {
            let below = u128::from(draws.next()) * (i as u128 + 1);
            order.swap(i, usize::try_from(below >> 64).expect("below i + 1"));
        }
        order
    };
    let orders: Vec<Vec<u32>> = axes.iter().map(order).collect();
    let at =
        |i: usize| orders.iter().map(|o| (f64::from(o[i]) + 0.5) / f64::from(points)).collect();
    (0..points as usize).map(at).collect()
}
