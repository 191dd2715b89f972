//! Theory beside simulation: one row per comparison, and what it says.

use serde::{Deserialize, Serialize};

use super::stats::Interval;

/// Whether a simulated value agrees with theory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Theory lies inside the interval, and the interval is as narrow as it was meant to be.
    Agrees,
    /// Theory lies outside.
    Differs,
    /// Theory lies inside, but the interval is too wide to mean much.
    TooWide,
}

impl Verdict {
    /// In words.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Agrees => "agrees",
            Self::Differs => "DIFFERS",
            Self::TooWide => "TOO WIDE",
        }
    }
}

/// What the numbers of a row measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Time, ns.
    Span,
    /// A share of 1.
    Share,
    /// A count or a ratio.
    Number,
}

/// Where the interval of a row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// The t-interval of the simulated mean over replications; theory must lie inside.
    Interval {
        /// 0.9999 for 99.99 %.
        level: f64,
        /// How many replications.
        replications: usize,
        /// Half-width that it may have at most, relative to theory.
        widest: f64,
    },
    /// The rounding that an exact value may differ by.
    Rounding,
}

/// One comparison of theory with what was simulated.
///
/// ```
/// use highwater::measure::{Agreement, Quantity, Verdict};
/// let rounded = Agreement::exact("parking lot", Quantity::Span, 2e9, 2e9 + 1.0, 1.0);
/// assert_eq!((rounded.verdict, rounded.deviation()), (Verdict::Agrees, 1.0));
/// let wrong = Agreement::exact("parking lot", Quantity::Span, 2e9, 2e9 + 5.0, 1.0);
/// assert_eq!(wrong.verdict, Verdict::Differs);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// The case it belongs to: a name to ask for.
    pub case: String,
    /// What is compared.
    pub what: String,
    /// The formula or theorem, and where it stands.
    pub source: String,
    /// What the numbers measure.
    pub quantity: Quantity,
    /// The value by theory.
    pub theory: f64,
    /// The simulated value: a mean over replications, or exact. NaN when nothing was measured.
    pub simulated: f64,
    /// Half of the interval around the simulated value.
    pub half_width: f64,
    /// Where that comes from.
    pub scale: Scale,
    /// The verdict.
    pub verdict: Verdict,
}

impl Agreement {
    /// A stochastic value: the mean of independent `values` with its t-interval of `level`, which
    /// may have a half-width of `widest` x theory at most.
    pub fn stochastic(
        what: impl Into<String>,
        quantity: Quantity,
        theory: f64,
        values: &[f64],
        (level, widest): (f64, f64),
    ) -> Self {
        let interval = Interval::of_mean(values, level);
        let simulated = interval.map_or(f64::NAN, |i| i.mean);
        let half_width = interval.and_then(|i| i.half_width).unwrap_or(0.0);
        let scale = Scale::Interval { level, replications: values.len(), widest };
        let mut row = Self::exact(what, quantity, theory, simulated, half_width);
        row.scale = scale;
        let narrow = half_width <= widest * theory.abs();
        if row.verdict == Verdict::Agrees && !narrow {
            row.verdict = Verdict::TooWide;
        }
        row
    }

    /// An exact value, which may differ from theory by `rounding`.
    pub fn exact(
        what: impl Into<String>,
        quantity: Quantity,
        theory: f64,
        simulated: f64,
        rounding: f64,
    ) -> Self {
        // Written so that NaN differs.
        let inside = (simulated - theory).abs() <= rounding;
        Self {
            case: String::new(),
            what: what.into(),
            source: String::new(),
            quantity,
            theory,
            simulated,
            half_width: rounding,
            scale: Scale::Rounding,
            verdict: if inside { Verdict::Agrees } else { Verdict::Differs },
        }
    }

    /// (simulated - theory) / half-width: within -1 and 1 where they agree. Infinite or NaN where
    /// no interval is left.
    pub fn deviation(&self) -> f64 {
        if self.simulated == self.theory {
            0.0
        } else {
            (self.simulated - self.theory) / self.half_width
        }
    }
}

/// What the validation found: one row per comparison.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// Version of highwater.
    pub version: String,
    /// Root seed.
    pub seed: u64,
    /// An eighth of the usual effort, with intervals that may be wider in turn.
    pub quick: bool,
    /// The comparisons.
    pub rows: Vec<Agreement>,
}

impl Validation {
    /// Whether every row agrees.
    pub fn agrees(&self) -> bool {
        self.rows.iter().all(|r| r.verdict == Verdict::Agrees)
    }

    /// How many rows have a verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.rows.iter().filter(|r| r.verdict == verdict).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_cover_or_differ_or_are_too_wide() {
        // 9, 10, 11: mean 10, s = 1, 95 % half-width 4.302653 / sqrt 3 = 2.484.
        let of = |theory, widest| {
            let values = [9.0, 10.0, 11.0];
            Agreement::stochastic("x", Quantity::Number, theory, &values, (0.95, widest))
        };
        assert_eq!(of(12.0, 0.3).verdict, Verdict::Agrees);
        assert_eq!(of(12.0, 0.2).verdict, Verdict::TooWide);
        assert_eq!(of(13.0, 0.3).verdict, Verdict::Differs);
        assert!((of(12.0, 0.3).deviation() + 2.0 / 2.484_138).abs() < 1e-5);
    }

    #[test]
    fn what_was_not_measured_differs() {
        let of =
            |x: &[f64]| Agreement::stochastic("x", Quantity::Number, 1.0, x, (0.95, 1.0)).verdict;
        assert_eq!(of(&[]), Verdict::Differs);
        assert_eq!(of(&[1.0, f64::NAN]), Verdict::Differs);
        // A single run has no interval.
        assert_eq!(of(&[1.1]), Verdict::Differs);
    }

    #[test]
    fn exact_values_have_their_rounding_only() {
        let of = |x| Agreement::exact("x", Quantity::Number, 1.0, x, 0.0);
        assert_eq!((of(1.0).verdict, of(1.0).deviation()), (Verdict::Agrees, 0.0));
        assert_eq!((of(1.5).verdict, of(1.5).deviation()), (Verdict::Differs, f64::INFINITY));
    }
}
