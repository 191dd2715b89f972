//! Confidence intervals.

use serde::{Deserialize, Serialize};

/// A mean and its half-width.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The point estimate.
    pub mean: f64,
    /// Half of the interval's width; none from a single value.
    pub half_width: Option<f64>,
    /// The level, 0.95 for 95 %.
    pub level: f64,
    /// How many values.
    pub n: usize,
}

impl Interval {
    /// The t-interval of the mean of independent values: mean +- t(n-1) s / sqrt n.
    /// None of no values.
    #[expect(clippy::cast_precision_loss, reason = "few values")]
    pub fn of_mean(values: &[f64], level: f64) -> Option<Self> {
        let n = values.len();
        if n == 0 {
            return None;
        }
        let mean = values.iter().sum::<f64>() / n as f64;
        let half_width = (n > 1).then(|| {
            let variance =
                values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1) as f64;
            student_t_quantile(n - 1, 0.5 + level / 2.0) * libm::sqrt(variance / n as f64)
        });
        Some(Self { mean, half_width, level, n })
    }

    /// Whether `value` is inside; a single value has no interval and contains only itself.
    pub fn contains(&self, value: f64) -> bool {
        (value - self.mean).abs() <= self.half_width.unwrap_or(0.0)
    }
}

/// How many of the first values to leave out so that the rest is of one level: MSER-5 (White 1997).
/// Means of 5 values each; the cut after `d` of the `k` means that makes the sum of squares of the
/// rest over (k - d)^2 least.
///
/// None if that is at its bound, half of all: the run is too short to tell, or has no level. None of
/// fewer than 10 values.
pub fn mser5(values: &[f64]) -> Option<usize> {
    let means: Vec<f64> = values.chunks_exact(5).map(|c| c.iter().sum::<f64>() / 5.0).collect();
    let most = means.len() / 2;
    if most == 0 {
        return None;
    }
    // From the end, so that each sum follows from the one before (Welford).
    let (mut n, mut mean, mut squares) = (0.0, 0.0, 0.0);
    let mut best = (f64::INFINITY, 0);
    for (d, value) in means.iter().enumerate().rev() {
        n += 1.0;
        let off = value - mean;
        mean += off / n;
        squares += off * (value - mean);
        // Of equal ones the least cut.
        if d <= most && squares / (n * n) <= best.0 {
            best = (squares / (n * n), d);
        }
    }
    (best.1 < most).then_some(best.1 * 5)
}

/// The `p`-quantile (0.5 < p < 1) of Student's t distribution with `df` degrees of freedom, by
/// bisection of the regularized incomplete beta function (continued fraction of Lentz).
#[expect(clippy::cast_precision_loss, reason = "few degrees of freedom")]
pub fn student_t_quantile(df: usize, p: f64) -> f64 {
    let v = df as f64;
    let cdf = |t: f64| 1.0 - 0.5 * incomplete_beta(v / 2.0, 0.5, v / (v + t * t));
    let (mut low, mut high) = (0.0, 1.0);
    while cdf(high) < p {
        high *= 2.0;
    }
    for _ in 0..100 {
        let mid = f64::midpoint(low, high);
        if cdf(mid) < p {
            low = mid;
        } else {
            high = mid;
        }
    }
    f64::midpoint(low, high)
}

/// I_x(a, b), Numerical Recipes' form: symmetric transformation and modified Lentz.
fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    let log_front = libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b)
        + a * libm::log(x)
        + b * libm::log(1.0 - x);
    let front = libm::exp(log_front);
    if x < (a + 1.0) / (a + b + 2.0) {
        front * beta_fraction(a, b, x) / a
    } else {
        1.0 - front * beta_fraction(b, a, 1.0 - x) / b
    }
}

fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let guard = |y: f64| if y.abs() < TINY { TINY } else { y };
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let mut h = d;
    for m in 1..300 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / guard(1.0 + even * d);
        c = guard(1.0 + even / c);
        h *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / guard(1.0 + odd * d);
        c = guard(1.0 + odd / c);
        h *= d * c;
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    h
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_quantiles_of_the_tables() {
        for (df, p, t) in [
            (1, 0.975, 12.706_205),
            (4, 0.975, 2.776_445),
            (9, 0.995, 3.249_836),
            (30, 0.95, 1.697_261),
        ] {
            assert!((student_t_quantile(df, p) - t).abs() < 1e-5, "{df} {p}");
        }
    }

    #[test]
    fn mser_cuts_what_is_of_another_level() {
        // 20 values far off, then a level: 20 go; with a little noise perhaps a few more.
        let noise = |i: usize| [0.1, -0.2, 0.15, -0.05, 0.0, 0.2, -0.1][i % 7];
        let far = |i: usize| if i < 20 { 50.0 } else { 1.0 };
        assert_eq!(mser5(&(0..200).map(far).collect::<Vec<f64>>()), Some(20));
        let series: Vec<f64> = (0..200).map(|i| far(i) + noise(i)).collect();
        assert!(mser5(&series).is_some_and(|cut| (20..=40).contains(&cut)), "{:?}", mser5(&series));
        // A level from the start: nothing, or next to it.
        let level: Vec<f64> = (0..200).map(noise).collect();
        assert!(mser5(&level).is_some_and(|cut| cut <= 20), "{:?}", mser5(&level));
        // One that grows has none.
        let growing: Vec<f64> = (0..200).map(|i| i as f64).collect();
        assert_eq!(mser5(&growing), None);
        assert_eq!(mser5(&[1.0; 4]), None);
    }

    #[test]
    fn interval_by_hand() {
        // 1, 2, 3: mean 2, s = 1, t(2) = 4.302653, half width = 4.302653 / sqrt 3 = 2.484138.
        let interval = Interval::of_mean(&[1.0, 2.0, 3.0], 0.95).unwrap();
        assert_eq!(interval.mean, 2.0);
        assert!((interval.half_width.unwrap() - 2.484_138).abs() < 1e-5);
        assert_eq!(Interval::of_mean(&[5.0], 0.95).unwrap().half_width, None);
        assert_eq!(Interval::of_mean(&[], 0.95), None);
    }
}
