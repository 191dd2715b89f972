//! When growth reaches a level.

use crate::units::Date;

/// Days that are looked ahead: twenty years.
const FAR: i64 = 7_305;

/// A quantity that grows from a day on: by the same amount each day, or by the same factor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    /// The day it starts from.
    pub start: Date,
    /// Its value then, above 0.
    pub value: f64,
    /// Growth a day: an amount, or of the natural logarithm.
    pub slope: f64,
    /// Whether it grows by factors.
    pub is_compound: bool,
    /// How far a single day may lie off, if it comes from a history.
    pub band: Option<Band>,
}

/// The prediction band of a line that was fitted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// t quantile x residual standard deviation.
    reach: f64,
    /// Number of values, mean of their days from the start, sum of squares around it.
    n: f64,
    mean: f64,
    squares: f64,
}

/// Which side of a band.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Where it is highest: reached soonest.
    High,
    /// The trend itself.
    Middle,
    /// Where it is lowest.
    Low,
}

impl Trend {
    /// By a share (0.02 for 2 %) every so many days, compounded or of the first value.
    ///
    /// ```
    /// use highwater::experiment::{Side, Trend};
    /// let start = "2026-01-01".parse().unwrap();
    /// // 10 a year from 100: 110 after 365 days.
    /// let line = Trend::steady(start, 100.0, 0.1, 365.0, false);
    /// assert_eq!(line.reaches(110.0, Side::Middle), Some(start.plus(365)));
    /// ```
    pub fn steady(start: Date, value: f64, share: f64, days: f64, is_compound: bool) -> Self {
        let slope = if is_compound { libm::log1p(share) / days } else { value * share / days };
        Self { start, value, slope, is_compound, band: None }
    }

    /// The least-squares line through days and values (of their logarithms, if compound), with its 95 %
    /// prediction band, from the last day on. None of fewer than three values, of one day, or of
    /// values not above 0.
    pub fn fitted(history: &[(Date, f64)], is_compound: bool) -> Option<Self> {
        let last = history.iter().map(|h| h.0).max()?;
        if history.len() < 3 || history.iter().any(|h| h.1 <= 0.0 || !h.1.is_finite()) {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "days")]
        let x = |h: &(Date, f64)| h.0.since(last) as f64;
        let y = |h: &(Date, f64)| if is_compound { libm::log(h.1) } else { h.1 };
        #[expect(clippy::cast_precision_loss, reason = "a history")]
        let n = history.len() as f64;
        let mean = history.iter().map(x).sum::<f64>() / n;
        let level = history.iter().map(y).sum::<f64>() / n;
        let squares: f64 = history.iter().map(|h| (x(h) - mean) * (x(h) - mean)).sum();
        if squares == 0.0 {
            return None;
        }
        let slope = history.iter().map(|h| (x(h) - mean) * (y(h) - level)).sum::<f64>() / squares;
        let at = |day: f64| level + slope * (day - mean);
        let off: f64 = history.iter().map(|h| (y(h) - at(x(h))) * (y(h) - at(x(h)))).sum();
        let t = crate::measure::student_t_quantile(history.len() - 2, 0.975);
        let band = Band { reach: t * libm::sqrt(off / (n - 2.0)), n, mean, squares };
        let value = if is_compound { libm::exp(at(0.0)) } else { at(0.0) };
        (value > 0.0).then_some(Self { start: last, value, slope, is_compound, band: Some(band) })
    }

    /// The value so many days after the start.
    pub fn at(&self, days: f64, side: Side) -> f64 {
        let first = if self.is_compound { libm::log(self.value) } else { self.value };
        let reach = self.band.map_or(0.0, |b| {
            b.reach * libm::sqrt(1.0 + 1.0 / b.n + (days - b.mean) * (days - b.mean) / b.squares)
        });
        let off = match side {
            Side::High => reach,
            Side::Middle => 0.0,
            Side::Low => -reach,
        };
        let y = first + self.slope * days + off;
        if self.is_compound { libm::exp(y) } else { y }
    }

    /// The first day, from the start on, on which the value is at least this; none within 20 years.
    #[expect(clippy::cast_precision_loss, reason = "days")]
    pub fn reaches(&self, level: f64, side: Side) -> Option<Date> {
        // (Rounding must not cost a day.)
        let enough = |day: &i64| self.at(*day as f64, side) >= level * (1.0 - 1e-12);
        (0..=FAR).find(enough).map(|day| self.start.plus(day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn steady_growth_follows_the_algebra() {
        let start = day("2026-01-01");
        // Linear: 2 % of 50 each 30 days; 65 is 15 more: 15 / (1 / 30) = 450 days.
        let line = Trend::steady(start, 50.0, 0.02, 30.0, false);
        assert_eq!(line.reaches(65.0, Side::Middle), Some(start.plus(450)));
        // Compound: 10 % a year doubles in ln 2 / ln 1.1 = 7.2725 years of 365 days: 2654.47 days.
        let curve = Trend::steady(start, 3.0, 0.1, 365.0, true);
        assert_eq!(curve.reaches(6.0, Side::Middle), Some(start.plus(2655)));
        assert_eq!(curve.reaches(3.0, Side::Middle), Some(start));
        assert_eq!(Trend::steady(start, 3.0, 0.0, 30.0, true).reaches(4.0, Side::Middle), None);
    }

    #[test]
    fn a_fit_by_hand() {
        // Days 0, 1, 2, 3 with 1, 3, 2, 4: slope 0.8, mean 2.5 at 1.5; residuals squared sum 1.8.
        let start = day("2026-01-01");
        let history: Vec<(Date, f64)> = [1.0, 3.0, 2.0, 4.0]
            .iter()
            .enumerate()
            .map(|(i, v)| (start.plus(i as i64), *v))
            .collect();
        let fit = Trend::fitted(&history, false).unwrap();
        assert_eq!(fit.start, start.plus(3));
        assert!((fit.slope - 0.8).abs() < 1e-12 && (fit.value - 3.7).abs() < 1e-12);
        // One day later: s = sqrt(0.9), t(2) = 4.302653, sqrt(1 + 1/4 + 2.5^2/5) = 1.581139.
        let reach = 4.302_653 * 0.9_f64.sqrt() * 2.5_f64.sqrt();
        assert!((fit.at(1.0, Side::High) - (4.5 + reach)).abs() < 1e-4);
        // What doubles each day is a line of logarithms, without a band.
        let doubling: Vec<(Date, f64)> =
            (0..5).map(|i| (start.plus(i), f64::from(1_u32 << i))).collect();
        let fit = Trend::fitted(&doubling, true).unwrap();
        for side in [Side::High, Side::Middle, Side::Low] {
            assert_eq!(fit.reaches(64.0, side), Some(start.plus(6)), "{side:?}");
        }
        assert!(Trend::fitted(&history[..2], false).is_none());
        assert!(Trend::fitted(&[(start, 1.0), (start, 2.0), (start, 3.0)], false).is_none());
    }
}
