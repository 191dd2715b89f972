//! The distributions a scenario can name.

use std::sync::Arc;

use rand::Rng;

use super::empirical::Cdf;
use super::normal;

/// A distribution of non-negative numbers, in the base unit of whatever it measures (bytes for
/// sizes, nanoseconds for times).
///
/// Every parameter was checked by the constructors below; the fields are public for reading.
#[derive(Clone, Debug, PartialEq)]
pub enum Dist {
    /// Always `value`.
    Constant {
        /// The value.
        value: f64,
    },
    /// Density exp(-x/mean)/mean.
    Exponential {
        /// The mean.
        mean: f64,
    },
    /// Even between `low` and `high`.
    Uniform {
        /// The least value.
        low: f64,
        /// The greatest value.
        high: f64,
    },
    /// The exponential of a normal variable with mean `mu` and standard deviation `sigma`.
    Lognormal {
        /// Mean of the logarithm.
        mu: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
    /// P(X > x) = (scale/x)^shape for x >= scale.
    Pareto {
        /// The least value.
        scale: f64,
        /// The tail index; the mean is infinite at 1 and below.
        shape: f64,
    },
    /// Pareto conditioned on `low..=high`.
    BoundedPareto {
        /// The least value.
        low: f64,
        /// The greatest value.
        high: f64,
        /// The tail index.
        shape: f64,
    },
    /// P(X > x) = exp(-(x/scale)^shape).
    Weibull {
        /// Scale.
        scale: f64,
        /// Shape: 1 is exponential, below 1 heavier.
        shape: f64,
    },
    /// Density proportional to x^(shape-1) exp(-x/scale).
    Gamma {
        /// Shape.
        shape: f64,
        /// Scale; the mean is shape x scale.
        scale: f64,
    },
    /// Points of a distribution function, linear in between.
    Empirical {
        /// The points.
        cdf: Arc<Cdf>,
    },
    /// One of several, with given probabilities.
    Mixture {
        /// (probability, distribution); the probabilities sum to 1.
        parts: Vec<(f64, Dist)>,
    },
}

/// Why parameters are no distribution.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{what} must be {rule}, found {found}")]
pub struct DistError {
    /// The parameter.
    pub what: &'static str,
    /// What it must be.
    pub rule: &'static str,
    /// What it is.
    pub found: f64,
}

fn positive(what: &'static str, found: f64) -> Result<f64, DistError> {
    match found.is_finite() && found > 0.0 {
        true => Ok(found),
        false => Err(DistError { what, rule: "a finite number above 0", found }),
    }
}

fn not_negative(what: &'static str, found: f64) -> Result<f64, DistError> {
    match found.is_finite() && found >= 0.0 {
        true => Ok(found),
        false => Err(DistError { what, rule: "a finite number not below 0", found }),
    }
}

impl Dist {
    /// Always `value`, which must be finite and not negative (checked by [`Dist::checked`]).
    pub const fn constant(value: f64) -> Self {
        Self::Constant { value }
    }

    /// Exponential with this mean.
    pub const fn exponential(mean: f64) -> Self {
        Self::Exponential { mean }
    }

    /// Lognormal with this mean and standard deviation of the logarithm:
    /// mu = ln(mean) - sigma^2/2.
    pub fn lognormal_of_mean(mean: f64, sigma: f64) -> Self {
        Self::Lognormal { mu: libm::log(mean) - sigma * sigma / 2.0, sigma }
    }

    /// Lognormal with this median: mu = ln(median).
    pub fn lognormal_of_median(median: f64, sigma: f64) -> Self {
        Self::Lognormal { mu: libm::log(median), sigma }
    }

    /// Returns the distribution if every parameter is in its range.
    ///
    /// # Errors
    /// Names the first parameter that is not, its rule and its value.
    pub fn checked(self) -> Result<Self, DistError> {
        match &self {
            Self::Constant { value } => {
                not_negative("the constant", *value)?;
            }
            Self::Exponential { mean } => {
                positive("the mean", *mean)?;
            }
            Self::Uniform { low, high } => {
                not_negative("low", *low)?;
                if !(high.is_finite() && high >= low) {
                    return Err(DistError {
                        what: "high",
                        rule: "a finite number not below low",
                        found: *high,
                    });
                }
            }
            Self::Lognormal { mu, sigma } => {
                if !mu.is_finite() {
                    return Err(DistError {
                        what: "the mean or median",
                        rule: "a finite number above 0",
                        found: *mu,
                    });
                }
                not_negative("sigma", *sigma)?;
            }
            Self::Pareto { scale, shape }
            | Self::Weibull { scale, shape }
            | Self::Gamma { shape, scale } => {
                positive("scale", *scale)?;
                positive("shape", *shape)?;
            }
            Self::BoundedPareto { low, high, shape } => {
                positive("low", *low)?;
                positive("shape", *shape)?;
                if !(high.is_finite() && high > low) {
                    return Err(DistError {
                        what: "high",
                        rule: "a finite number above low",
                        found: *high,
                    });
                }
            }
            Self::Empirical { .. } => {}
            Self::Mixture { parts } => {
                let mut sum = 0.0;
                for (p, part) in parts {
                    sum += not_negative("a weight", *p)?;
                    part.clone().checked()?;
                }
                if (sum - 1.0).abs() > 1e-9 {
                    return Err(DistError {
                        what: "the sum of the weights",
                        rule: "1",
                        found: sum,
                    });
                }
            }
        }
        Ok(self)
    }

    /// The exact mean; infinite for a Pareto tail index of 1 or less.
    pub fn mean(&self) -> f64 {
        match self {
            Self::Constant { value } => *value,
            Self::Exponential { mean } => *mean,
            Self::Uniform { low, high } => (low + high) / 2.0,
            Self::Lognormal { mu, sigma } => libm::exp(mu + sigma * sigma / 2.0),
            Self::Pareto { scale, shape } if *shape > 1.0 => scale * shape / (shape - 1.0),
            Self::Pareto { .. } => f64::INFINITY,
            Self::BoundedPareto { low, high, shape } => bounded_pareto_mean(*low, *high, *shape),
            Self::Weibull { scale, shape } => scale * libm::tgamma(1.0 + 1.0 / shape),
            Self::Gamma { shape, scale } => shape * scale,
            Self::Empirical { cdf } => cdf.mean(),
            Self::Mixture { parts } => parts.iter().map(|(p, part)| p * part.mean()).sum(),
        }
    }

    /// Draws one value.
    pub fn sample_from(&self, rng: &mut (impl Rng + ?Sized)) -> f64 {
        match self {
            Self::Constant { value } => *value,
            Self::Exponential { mean } => -mean * libm::log(open01(rng)),
            Self::Uniform { low, high } => low + (high - low) * open01(rng),
            Self::Lognormal { mu, sigma } => libm::exp(mu + sigma * normal::quantile(open01(rng))),
            Self::Pareto { scale, shape } => scale * libm::pow(open01(rng), -1.0 / shape),
            Self::BoundedPareto { low, high, shape } => {
                // Inverse of F(x) = (1 - (low/x)^a) / (1 - (low/high)^a).
                let kept = 1.0 - libm::pow(low / high, *shape);
                (low * libm::pow(1.0 - open01(rng) * kept, -1.0 / shape)).min(*high)
            }
            Self::Weibull { scale, shape } => {
                scale * libm::pow(-libm::log(open01(rng)), 1.0 / shape)
            }
            Self::Gamma { shape, scale } => scale * gamma(*shape, rng),
            Self::Empirical { cdf } => cdf.quantile(open01(rng)),
            Self::Mixture { parts } => {
                let mut u = open01(rng);
                for (p, part) in parts {
                    if u < *p {
                        return part.sample_from(rng);
                    }
                    u -= p;
                }
                parts.last().map_or(0.0, |(_, part)| part.sample_from(rng))
            }
        }
    }

    /// Draws one value, rounded to the nearest whole base unit.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "never negative; saturates"
    )]
    pub fn sample_whole(&self, rng: &mut (impl Rng + ?Sized)) -> u64 {
        (self.sample_from(rng) + 0.5) as u64
    }
}

impl rand_distr::Distribution<f64> for Dist {
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        self.sample_from(rng)
    }
}

/// A number strictly between 0 and 1, in steps of 2^-53.
#[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
fn open01(rng: &mut (impl Rng + ?Sized)) -> f64 {
    ((rng.next_u64() >> 11) as f64 + 0.5) * (1.0 / 9_007_199_254_740_992.0)
}

fn bounded_pareto_mean(low: f64, high: f64, shape: f64) -> f64 {
    let ratio = low / high;
    let kept = 1.0 - libm::pow(ratio, shape);
    if (shape - 1.0).abs() < 1e-9 {
        return low * libm::log(1.0 / ratio) / kept;
    }
    low * shape / (shape - 1.0) * (1.0 - libm::pow(ratio, shape - 1.0)) / kept
}

/// Marsaglia & Tsang 2000, for scale 1; below shape 1 by their boost: X(a+1) U^(1/a).
fn gamma(shape: f64, rng: &mut (impl Rng + ?Sized)) -> f64 {
    if shape < 1.0 {
        let boost = libm::pow(open01(rng), 1.0 / shape);
        return boost * gamma(shape + 1.0, rng);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / libm::sqrt(9.0 * d);
    loop {
        let x = normal::quantile(open01(rng));
        let v = 1.0 + c * x;
        if v <= 0.0 {
            continue;
        }
        let v = v * v * v;
        let u = open01(rng);
        if libm::log(u) < 0.5 * x * x + d - d * v + d * libm::log(v) {
            return d * v;
        }
    }
}
