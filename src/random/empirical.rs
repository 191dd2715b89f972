//! Empirical distributions: points of a cumulative distribution function.

/// A distribution given by points (value, cumulative probability), linear in between.
///
/// ```
/// use highwater::random::Cdf;
/// let cdf = Cdf::new(vec![(0.0, 0.0), (10.0, 0.5), (100.0, 1.0)]).unwrap();
/// assert_eq!(cdf.quantile(0.25), 5.0);
/// assert_eq!(cdf.mean(), 0.5 * 5.0 + 0.5 * 55.0);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Cdf {
    points: Vec<(f64, f64)>,
}

/// Why a list of points is no distribution function.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CdfError {
    /// Fewer than two points.
    #[error("a distribution needs at least two points")]
    TooFew,
    /// A value or probability is not a finite number, or a value is negative.
    #[error("point {index}: values and probabilities must be finite and not negative")]
    NotANumber {
        /// Position in the list, from 0.
        index: usize,
    },
    /// Values or probabilities go down.
    #[error("point {index}: values and probabilities must not decrease")]
    Decreasing {
        /// Position in the list, from 0.
        index: usize,
    },
    /// The last probability is not 1.
    #[error("the last probability must be 1, found {last}")]
    NotOne {
        /// The last probability.
        last: f64,
    },
}

impl Cdf {
    /// Takes points in order. The first may have a probability above 0: that much mass sits on it.
    ///
    /// # Errors
    /// See [`CdfError`].
    pub fn new(points: Vec<(f64, f64)>) -> Result<Self, CdfError> {
        if points.len() < 2 {
            return Err(CdfError::TooFew);
        }
        for (index, &(value, p)) in points.iter().enumerate() {
            if !(value.is_finite() && p.is_finite() && value >= 0.0 && p >= 0.0) {
                return Err(CdfError::NotANumber { index });
            }
            if index > 0 && (value < points[index - 1].0 || p < points[index - 1].1) {
                return Err(CdfError::Decreasing { index });
            }
        }
        let last = points[points.len() - 1].1;
        if (last - 1.0).abs() > 1e-9 {
            return Err(CdfError::NotOne { last });
        }
        Ok(Self { points })
    }

    /// The points, as given.
    pub fn points(&self) -> &[(f64, f64)] {
        &self.points
    }

    /// The value below which a share `p` (0..=1) lies.
    pub fn quantile(&self, p: f64) -> f64 {
        let i = self.points.partition_point(|point| point.1 < p);
        let (x1, p1) = self.points[i.min(self.points.len() - 1)];
        if i == 0 || i == self.points.len() || p1 == p {
            return x1;
        }
        let (x0, p0) = self.points[i - 1];
        x0 + (x1 - x0) * ((p - p0) / (p1 - p0))
    }

    /// The exact mean of the interpolated distribution.
    pub fn mean(&self) -> f64 {
        let (x, p) = self.points[0];
        let pieces = self.points.windows(2).map(|w| (w[1].1 - w[0].1) * (w[0].0 + w[1].0) / 2.0);
        x * p + pieces.sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mass_on_the_first_point_and_flat_parts() {
        // 0.4 of the mass on 2; nothing between 2 and 8 below p = 0.4; the rest spread over 8..10.
        let cdf = Cdf::new(vec![(2.0, 0.4), (8.0, 0.4), (10.0, 1.0)]).unwrap();
        assert_eq!((cdf.quantile(0.0), cdf.quantile(0.4), cdf.quantile(1.0)), (2.0, 2.0, 10.0));
        assert_eq!(cdf.quantile(0.7), 9.0);
        // 0.4 x 2 + 0.6 x 9 = 6.2
        assert!((cdf.mean() - 6.2).abs() < 1e-12);
    }

    #[test]
    fn refusals() {
        assert_eq!(Cdf::new(vec![(0.0, 1.0)]), Err(CdfError::TooFew));
        assert_eq!(
            Cdf::new(vec![(0.0, 0.5), (f64::NAN, 1.0)]),
            Err(CdfError::NotANumber { index: 1 })
        );
        assert_eq!(Cdf::new(vec![(5.0, 0.5), (4.0, 1.0)]), Err(CdfError::Decreasing { index: 1 }));
        assert_eq!(Cdf::new(vec![(5.0, 0.5), (6.0, 0.9)]), Err(CdfError::NotOne { last: 0.9 }));
    }
}
