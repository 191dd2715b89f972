//! Distributions as written: `"20 kB"`, `{ exponential = { mean = "20 kB" } }`.
//!
//! | spelling | law |
//! |---|---|
//! | `"20 kB"` | constant |
//! | `{ exponential = { mean } }` | exponential |
//! | `{ uniform = { low, high } }` | uniform |
//! | `{ lognormal = { mean or median, sigma } }` | sigma is that of the logarithm |
//! | `{ pareto = { scale, shape } }` | tail index `shape` |
//! | `{ bounded_pareto = { low, high, shape } }` | Pareto between bounds |
//! | `{ weibull = { scale, shape } }` | |
//! | `{ gamma = { mean, shape } }` | |
//! | `{ empirical = { file or points, min } }` | points of a distribution function |
//! | `{ mixture = [{ weight, of }, ...] }` | one of several, by relative weight |

use std::marker::PhantomData;
use std::sync::Arc;

use super::context::{Context, wrong_type};
use super::data;
use super::diagnostic::Diagnostic;
use super::read::{Factor, Quantity, Read};
use super::reader::{Reader, variant};
use super::tree::{Node, Value};
use crate::random::{Cdf, Dist};

/// A distribution of a quantity, in its base unit.
#[derive(Clone, Debug)]
pub(crate) struct Law<Q> {
    pub(crate) dist: Dist,
    of: PhantomData<Q>,
}

impl<Q> Law<Q> {
    /// Always this, in the base unit.
    pub(crate) const fn constant(value: f64) -> Self {
        Self { dist: Dist::constant(value), of: PhantomData }
    }
}

const LAWS: &[&str] = &[
    "bounded_pareto",
    "empirical",
    "exponential",
    "gamma",
    "lognormal",
    "mixture",
    "pareto",
    "uniform",
    "weibull",
];

/// Mixtures of mixtures are allowed, within reason.
const DEEPEST: u32 = 4;

impl<Q: Quantity> Read for Law<Q> {
    const EXPECTED: &'static str = Q::EXPECTED;
    fn read(node: &Node, cx: &Context) -> Option<Self> {
        read::<Q>(node, cx, 0).map(|dist| Self { dist, of: PhantomData })
    }
}

fn read<Q: Quantity>(node: &Node, cx: &Context, depth: u32) -> Option<Dist> {
    let dist = match &node.value {
        Value::Table(_) if depth > DEEPEST => {
            let message = format!("distributions nest deeper than {DEEPEST}");
            cx.complain(Diagnostic::error("law", node.place, message));
            return None;
        }
        Value::Table(_) => {
            let (law, inner) = variant(node, cx, "a distribution", LAWS)?;
            match law {
                "mixture" => mixture::<Q>(inner, cx, depth)?,
                _ => by_parameters::<Q>(law, inner, cx)?,
            }
        }
        Value::Text(_) | Value::Integer(_) | Value::Float(_) => {
            Dist::constant(Q::read(node, cx)?.base())
        }
        _ => {
            let expected = format!("{} or a distribution of one", Q::WHAT);
            cx.complain(wrong_type(node, &expected).help(format!("write it as {}", Q::EXPECTED)));
            return None;
        }
    };
    match dist.checked() {
        Ok(dist) => Some(dist),
        Err(error) => {
            let written = cx.written(node.place);
            let message = format!("`{written}` is not a distribution");
            let found = match error.what {
                // The logarithm of a mean of zero.
                "the mean or median" => Q::spell(0.0),
                "low" | "high" | "scale" | "the mean" | "the constant" => Q::spell(error.found),
                _ => error.found.to_string(),
            };
            let label = format!("{} must be {}, found {found}", error.what, error.rule);
            cx.complain(Diagnostic::error("law", node.place, message).label(label));
            None
        }
    }
}

fn by_parameters<Q: Quantity>(law: &'static str, node: &Node, cx: &Context) -> Option<Dist> {
    let r = Reader::of(cx, node, law)?;
    let amount = |key| r.req::<Q>(key).map(Quantity::base);
    let factor = |key| r.req::<Factor>(key).map(|f| f.0);
    let dist = match law {
        "exponential" => amount("mean").map(Dist::exponential),
        "uniform" => {
            let (low, high) = (amount("low"), amount("high"));
            low.zip(high).map(|(low, high)| Dist::Uniform { low, high })
        }
        "lognormal" => {
            let sigma = factor("sigma");
            match r.one_of(&["mean", "median"]) {
                Some("mean") => amount("mean")
                    .zip(sigma)
                    .map(|(mean, sigma)| Dist::lognormal_of_mean(mean, sigma)),
                Some(_) => amount("median")
                    .zip(sigma)
                    .map(|(median, sigma)| Dist::lognormal_of_median(median, sigma)),
                None => None,
            }
        }
        "pareto" | "weibull" => {
            let (scale, shape) = (amount("scale"), factor("shape"));
            scale.zip(shape).map(|(scale, shape)| match law {
                "pareto" => Dist::Pareto { scale, shape },
                _ => Dist::Weibull { scale, shape },
            })
        }
        "bounded_pareto" => {
            let (low, high, shape) = (amount("low"), amount("high"), factor("shape"));
            low.zip(high).zip(shape).map(|((low, high), shape)| Dist::BoundedPareto {
                low,
                high,
                shape,
            })
        }
        "gamma" => {
            let (mean, shape) = (amount("mean"), factor("shape"));
            mean.zip(shape).map(|(mean, shape)| Dist::Gamma { shape, scale: mean / shape })
        }
        _ => empirical::<Q>(&r),
    };
    r.done();
    dist
}

fn empirical<Q: Quantity>(r: &Reader<'_>) -> Option<Dist> {
    let min = r.opt::<Q>("min").map(Quantity::base);
    let (points, place) = match r.one_of(&["file", "points"])? {
        "file" => {
            let place = r.place_of("file");
            (data::read_cdf::<Q>(&r.opt::<String>("file")?, place, r.cx)?, place)
        }
        _ => {
            let node = r.node("points")?;
            (r.list(node).iter().map(|n| point::<Q>(n, r.cx)).collect::<Option<_>>()?, node.place)
        }
    };
    let points = match min {
        Some(min) => at_least(points, min),
        None => points,
    };
    match Cdf::new(points) {
        Ok(cdf) => Some(Dist::Empirical { cdf: Arc::new(cdf) }),
        Err(error) => {
            let message = "these points are not a distribution function";
            r.cx.complain(Diagnostic::error("law", place, message).label(error.to_string()));
            None
        }
    }
}

fn point<Q: Quantity>(node: &Node, cx: &Context) -> Option<(f64, f64)> {
    match &node.value {
        Value::List(pair) if pair.len() == 2 => {
            let value = Q::read(&pair[0], cx);
            let cumulative = Factor::read(&pair[1], cx);
            Some((value?.base(), cumulative?.0))
        }
        _ => {
            let expected = format!("a pair such as [{}, 0.5]", Q::EXPECTED);
            cx.complain(wrong_type(node, &expected));
            None
        }
    }
}

/// The distribution of max(X, min): a point is put where the function crosses `min`, and all mass
/// below moves onto it.
fn at_least(points: Vec<(f64, f64)>, min: f64) -> Vec<(f64, f64)> {
    let i = points.partition_point(|p| p.0 < min);
    if i == 0 {
        return points;
    }
    let Some(&(x1, p1)) = points.get(i) else { return vec![(min, 0.0), (min, 1.0)] };
    let (x0, p0) = points[i - 1];
    let crossing = if x1 > x0 { p0 + (p1 - p0) * ((min - x0) / (x1 - x0)) } else { p1 };
    std::iter::once((min, crossing)).chain(points[i..].iter().copied()).collect()
}

fn mixture<Q: Quantity>(node: &Node, cx: &Context, depth: u32) -> Option<Dist> {
    let Value::List(items) = &node.value else {
        cx.complain(wrong_type(node, "a list of { weight, of }"));
        return None;
    };
    let read_part = |item| {
        let r = Reader::of(cx, item, "mixture")?;
        let weight = r.req::<Factor>("weight");
        let of = r.req_node("of", Q::EXPECTED).and_then(|n| read::<Q>(n, cx, depth + 1));
        r.done();
        Some((weight?.0, of?))
    };
    // All parts are read before any is missed, so that each can complain.
    let parts: Vec<Option<(f64, Dist)>> = items.iter().map(read_part).collect();
    let parts: Vec<(f64, Dist)> = parts.into_iter().collect::<Option<_>>()?;
    let sum: f64 = parts.iter().map(|p| p.0).sum();
    if sum <= 0.0 {
        let message = "a mixture needs at least one weight above 0";
        cx.complain(Diagnostic::error("law", node.place, message));
        return None;
    }
    Some(Dist::Mixture { parts: parts.into_iter().map(|(w, of)| (w / sum, of)).collect() })
}

/// The law of k X.
pub(crate) fn scaled(dist: &Dist, k: f64) -> Dist {
    match dist {
        Dist::Constant { value } => Dist::Constant { value: value * k },
        Dist::Exponential { mean } => Dist::Exponential { mean: mean * k },
        Dist::Uniform { low, high } => Dist::Uniform { low: low * k, high: high * k },
        Dist::Lognormal { mu, sigma } => {
            // The median of k X is k x that of X, and medians multiply where logarithms add.
            let ln_k = match Dist::lognormal_of_median(k, *sigma) {
                Dist::Lognormal { mu, .. } => mu,
                _ => 0.0,
            };
            Dist::Lognormal { mu: mu + ln_k, sigma: *sigma }
        }
        Dist::Pareto { scale, shape } => Dist::Pareto { scale: scale * k, shape: *shape },
        Dist::BoundedPareto { low, high, shape } => {
            Dist::BoundedPareto { low: low * k, high: high * k, shape: *shape }
        }
        Dist::Weibull { scale, shape } => Dist::Weibull { scale: scale * k, shape: *shape },
        Dist::Gamma { shape, scale } => Dist::Gamma { shape: *shape, scale: scale * k },
        Dist::Empirical { cdf } => {
            let points = cdf.points().iter().map(|&(x, p)| (x * k, p)).collect();
            let cdf = Cdf::new(points).expect("a positive factor keeps the order of points");
            Dist::Empirical { cdf: Arc::new(cdf) }
        }
        Dist::Mixture { parts } => {
            Dist::Mixture { parts: parts.iter().map(|(p, part)| (*p, scaled(part, k))).collect() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean_of(law: &str) -> f64 {
        let text = format!("[delay.d]\none_way = {law}\n");
        let plan = crate::scenario::testing::load(&text, "\"delay.d\"").unwrap().plan;
        plan.delays[0].law.mean()
    }

    #[test]
    fn every_law_can_be_written() {
        // Means in ns. Pareto: 2 x 3/(3 - 1) = 3 ns; bounded, shape 1: ln(4/1)/(1 - 1/4) = 1.848;
        // Weibull of shape 1: its scale; mixture: 0.75 x 4 + 0.25 x 8 = 5 (weights 3 and 1).
        for (law, mean) in [
            ("\"5 ns\"", 5.0),
            ("{ exponential = { mean = \"5 ns\" } }", 5.0),
            ("{ uniform = { low = \"2 ns\", high = \"8 ns\" } }", 5.0),
            ("{ lognormal = { mean = \"5 ns\", sigma = 0.5 } }", 5.0),
            ("{ lognormal = { median = \"5 ns\", sigma = 0 } }", 5.0),
            ("{ pareto = { scale = \"2 ns\", shape = 3 } }", 3.0),
            (
                "{ bounded_pareto = { low = \"1 ns\", high = \"4 ns\", shape = 1 } }",
                1.848_392_481_5,
            ),
            ("{ weibull = { scale = \"5 ns\", shape = 1 } }", 5.0),
            ("{ gamma = { mean = \"5 ns\", shape = 2 } }", 5.0),
            ("{ empirical = { points = [[\"0 ns\", 0], [\"10 ns\", 1]] } }", 5.0),
            ("{ mixture = [{ weight = 3, of = \"4 ns\" }, { weight = 1, of = \"8 ns\" }] }", 5.0),
        ] {
            assert!((mean_of(law) - mean).abs() < 1e-9, "{law}: {}", mean_of(law));
        }
    }

    #[test]
    fn scaling_scales_the_mean() {
        // Lognormal: mean exp(mu + sigma^2/2), so mu + ln k multiplies it by k.
        let laws = [
            Dist::constant(8.0),
            Dist::lognormal_of_mean(8.0, 0.7),
            Dist::Gamma { shape: 2.0, scale: 4.0 },
            Dist::Uniform { low: 6.0, high: 10.0 },
        ];
        for law in laws {
            assert!((scaled(&law, 0.5).mean() - 4.0).abs() < 1e-12, "{law:?}");
        }
    }

    #[test]
    fn a_minimum_takes_the_mass_below_it() {
        // Even over 0..100, at least 20: 0.2 of the mass on 20, the rest even over 20..100.
        let points = at_least(vec![(0.0, 0.0), (100.0, 1.0)], 20.0);
        assert_eq!(points, vec![(20.0, 0.2), (100.0, 1.0)]);
        // 0.2 x 20 + 0.8 x 60 = 52
        assert!((Cdf::new(points).unwrap().mean() - 52.0).abs() < 1e-12);
        assert_eq!(at_least(vec![(5.0, 0.5), (9.0, 1.0)], 4.0), vec![(5.0, 0.5), (9.0, 1.0)]);
        assert_eq!(at_least(vec![(5.0, 0.5), (9.0, 1.0)], 10.0), vec![(10.0, 0.0), (10.0, 1.0)]);
    }
}
