//! Weights of flows in the sharing of links.

/// Bits of a weight that are cut: 20 significant ones are left of 53.
const CUT: u64 = 1 << 33;
/// Shorter round trips count as this, ns.
const SHORTEST: u64 = 1_000;
/// Weights stay within 2^-20 and 2^20. Of weights further apart the lightest would be lost in a sum.
const LEAST: f64 = 1.0 / MOST;
const MOST: f64 = 1_048_576.0;

/// The weight of a flow of a workload with `weight`, over a path with a mean round trip in ns:
/// weight x (round trip / 1 ms)^-bias.
///
/// Rounded to 20 significant bits: sums of such weights are exact in an f64 (2^13 of them within a
/// factor of 2^20), so that a flow that leaves a link takes away just what it added, in any order. At
/// the most, a factor of 2^40, what is left of the lightest is right to 1e-4.
#[expect(clippy::cast_precision_loss, reason = "round trips are short")]
pub(super) fn weight(weight: f64, round_trip: u64, bias: f64) -> f64 {
    let biased = match bias {
        0.0 => weight,
        _ => weight * libm::pow(round_trip.max(SHORTEST) as f64 / 1e6, -bias),
    };
    // A carry into the exponent is right.
    f64::from_bits((biased.clamp(LEAST, MOST).to_bits() + CUT / 2) & !(CUT - 1))
}

#[cfg(test)]
mod tests {
    use super::{LEAST, MOST, weight};

    #[test]
    fn by_hand() {
        // 10 ms and 40 ms: 0.1 and 0.025, of which 20 bits are left.
        assert_eq!(weight(1.0, 10_000_000, 1.0) / weight(1.0, 40_000_000, 1.0), 4.0);
        assert!((weight(1.0, 10_000_000, 1.0) - 0.1).abs() < 0.1 / 1e6);
        assert_eq!(weight(3.0, 4_000_000, 0.5), 1.5);
        assert_eq!(weight(2.0, 40_000_000, 0.0), 2.0);
        assert_eq!(weight(1.0, 0, 1.0), 1_000.0);
    }

    #[test]
    fn weights_have_twenty_bits_and_exact_sums() {
        for ns in [0, 1, 999, 1_000, 12_345_678, 33_333_333, u64::MAX] {
            for scale in [1e-300, 1e-9, 0.3, 1.0, 1e12] {
                let w = weight(scale, ns, 1.0);
                assert!((LEAST..=MOST).contains(&w), "{scale} {ns}: {w:e}");
                assert!(w.to_bits().trailing_zeros() >= 33, "{ns} ns: {w:e}");
            }
        }
        let all: Vec<f64> = (1..4_000).map(|i| weight(1.0, 50_000 * i, 1.0)).collect();
        let forth: f64 = all.iter().sum();
        assert_eq!(forth, all.iter().rev().sum::<f64>());
        assert_eq!(all.iter().fold(forth, |left, w| left - w), 0.0);
    }
}
