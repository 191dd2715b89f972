//! A histogram of non-negative integers with an exact count, sum, least and greatest value.

use hdrhistogram::Histogram as Hdr;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Largest value that is told from larger ones: 2^50 ns, 13 days (or 1,100 Tbit/s).
const HIGHEST: u64 = 1 << 50;
/// Significant digits: a quantile errs upwards by less than 2^-10, 0.1 %.
const DIGITS: u8 = 3;

/// HdrHistogram of three significant digits with exact count, sum, minimum and maximum beside it.
///
/// Values are in whatever unit the owner says (latencies in ns, throughputs in bit/s). Merging is
/// exact, commutative and associative. Values above 2^50 are counted in the last bucket; minimum,
/// maximum and sum stay exact.
///
/// ```
/// use highwater::measure::Histogram;
/// let mut h = Histogram::new();
/// for x in [10, 20, 30, 40] { h.record(x); }
/// assert_eq!((h.count(), h.mean(), h.max()), (4, Some(25.0), Some(40)));
/// assert_eq!(h.quantile(0.5), Some(20));
/// assert_eq!(Histogram::new().quantile(0.5), None);
/// ```
#[derive(Clone, PartialEq)]
pub struct Histogram {
    hdr: Hdr<u64>,
    sum: u128,
    min: u64,
    max: u64,
}

/// Short: the buckets are thousands.
impl std::fmt::Debug for Histogram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let quantiles = [0.5, 0.99].map(|q| self.quantile(q));
        write!(f, "Histogram({} values, sum {}, p50 p99 {quantiles:?})", self.count(), self.sum)
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

impl Histogram {
    /// An empty histogram.
    pub fn new() -> Self {
        let hdr = Hdr::new_with_bounds(1, HIGHEST, DIGITS)
            .expect("1 < HIGHEST and 3 digits are legal bounds");
        Self { hdr, sum: 0, min: u64::MAX, max: 0 }
    }

    /// Counts one value.
    pub fn record(&mut self, value: u64) {
        self.hdr.saturating_record(value);
        self.sum += u128::from(value);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// Adds everything that `other` counted.
    pub fn merge(&mut self, other: &Self) {
        self.hdr.add(&other.hdr).expect("all are built with the same bounds");
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// How many values.
    pub fn count(&self) -> u64 {
        self.hdr.len()
    }

    /// The exact mean, if there is any value.
    #[expect(clippy::cast_precision_loss, reason = "a mean")]
    pub fn mean(&self) -> Option<f64> {
        (self.count() > 0).then(|| self.sum as f64 / self.count() as f64)
    }

    /// The exact least value, if there is any.
    pub fn min(&self) -> Option<u64> {
        (self.count() > 0).then_some(self.min)
    }

    /// The exact greatest value, if there is any.
    pub fn max(&self) -> Option<u64> {
        (self.count() > 0).then_some(self.max)
    }

    /// The `q`-quantile (0..=1), at most 0.1 % above the true one and never above the maximum.
    pub fn quantile(&self, q: f64) -> Option<u64> {
        (self.count() > 0).then(|| self.hdr.value_at_quantile(q).min(self.max).max(self.min))
    }

    /// The filled buckets, rising: (highest value of the bucket, count).
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.hdr.iter_recorded().map(|v| (v.value_iterated_to(), v.count_at_value()))
    }

    /// Share of the values at or below `value`.
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    pub fn share_at_or_below(&self, value: u64) -> Option<f64> {
        let below: u64 = self.buckets().take_while(|b| b.0 <= value).map(|b| b.1).sum();
        (self.count() > 0).then(|| below as f64 / self.count() as f64)
    }
}

/// The form in `results.json`: filled buckets by their highest value.
#[derive(Serialize, Deserialize)]
struct Written {
    count: u64,
    /// As text: it may exceed what JSON readers keep exactly.
    sum: String,
    min: u64,
    max: u64,
    buckets: Vec<(u64, u64)>,
}

impl Serialize for Histogram {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Written {
            count: self.count(),
            sum: self.sum.to_string(),
            min: self.min().unwrap_or(0),
            max: self.max,
            buckets: self.buckets().collect(),
        }
        .serialize(to)
    }
}

impl<'de> Deserialize<'de> for Histogram {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let written = Written::deserialize(from)?;
        let mut it = Self::new();
        for (value, count) in &written.buckets {
            it.hdr.record_n((*value).min(HIGHEST), *count).map_err(D::Error::custom)?;
        }
        if it.count() != written.count {
            return Err(D::Error::custom("histogram: the buckets do not add up to the count"));
        }
        it.sum = written.sum.parse().map_err(D::Error::custom)?;
        it.max = written.max;
        it.min = if written.count == 0 { u64::MAX } else { written.min };
        Ok(it)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_and_read_back() {
        let mut h = Histogram::new();
        for x in [0, 1, 2_047, 2_048, 123_456, u64::MAX / 4] {
            h.record(x);
        }
        let text = serde_json::to_string(&h).unwrap();
        let back: Histogram = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&back).unwrap(), text);
        assert_eq!((back.min(), back.max(), back.mean()), (h.min(), h.max(), h.mean()));
        let empty: Histogram =
            serde_json::from_str(&serde_json::to_string(&Histogram::new()).unwrap()).unwrap();
        assert_eq!(empty.min(), None);
    }

    #[test]
    fn merging_is_commutative() {
        let (mut a, mut b) = (Histogram::new(), Histogram::new());
        (0..1_000).for_each(|x| if x % 3 == 0 { a.record(x * x) } else { b.record(x * x * x) });
        let (mut ab, mut ba) = (a.clone(), b.clone());
        ab.merge(&b);
        ba.merge(&a);
        assert_eq!(ab, ba);
        assert_eq!(ab.count(), 1_000);
    }

    #[test]
    fn quantiles_err_upwards_by_less_than_a_thousandth() {
        let mut h = Histogram::new();
        (1..=100_000).for_each(|x| h.record(x * 10));
        let p99 = h.quantile(0.99).unwrap() as f64;
        assert!((990_000.0..990_000.0 * 1.001).contains(&p99), "{p99}");
    }
}
