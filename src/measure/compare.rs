//! Two variants beside each other: paired differences, and whether they tell anything.

use serde::{Deserialize, Serialize};

use super::results::{Headline, Results, WorkloadResults};
use super::stats::{Interval, student_t_quantile};

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Share of the requests that did not end `ok`, overdue ones among them.
    Failed,
    /// Mean latency of `ok` requests, ns.
    Mean,
    /// Its median, ns.
    P50,
    /// Its 99th percentile, ns.
    P99,
    /// Its 99.9th percentile, ns.
    P999,
    /// Bytes of `ok` requests in a replication.
    Goodput,
}

/// All of them, in the order of a table.
const MEASURES: [Measure; 6] =
    [Measure::Failed, Measure::Mean, Measure::P50, Measure::P99, Measure::P999, Measure::Goodput];

impl Measure {
    /// In words: `p99 latency`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Mean => "mean latency",
            Self::P50 => "p50 latency",
            Self::P99 => "p99 latency",
            Self::P999 => "p99.9 latency",
            Self::Goodput => "goodput",
        }
    }

    /// Whether more of it is better.
    pub const fn more_is_better(self) -> bool {
        matches!(self, Self::Goodput)
    }

    /// Its value in one replication.
    #[expect(clippy::cast_precision_loss, reason = "counts and times")]
    fn of(self, h: &Headline) -> Option<f64> {
        let ns = |value: Option<u64>| value.map(|ns| ns as f64);
        match self {
            Self::Failed => {
                let due = h.ok + h.errors + h.overdue;
                (due > 0).then(|| (h.errors + h.overdue) as f64 / due as f64)
            }
            Self::Mean => h.mean_ns,
            Self::P50 => ns(h.p50_ns),
            Self::P99 => ns(h.p99_ns),
            Self::P999 => ns(h.p999_ns),
            Self::Goodput => (h.ok_bytes > 0).then_some(h.ok_bytes as f64),
        }
    }

    /// Its value over all replications together, where that is not the mean of each: percentiles
    /// are never averaged.
    #[expect(clippy::cast_precision_loss, reason = "times")]
    fn pooled(self, w: &WorkloadResults) -> Option<f64> {
        let quantile = |q| w.latency_ok.quantile(q).map(|ns| ns as f64);
        match self {
            Self::P50 => quantile(0.5),
            Self::P99 => quantile(0.99),
            Self::P999 => quantile(0.999),
            Self::Failed | Self::Mean | Self::Goodput => None,
        }
    }
}

/// What a difference tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// B is better: by more than the threshold, over the whole interval.
    Better,
    /// B is worse, in the same way.
    Worse,
    /// The interval reaches what would not matter, or the other side.
    CannotTell,
}

/// One measure of one workload in A and in B.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The workload.
    pub workload: String,
    /// What is compared.
    pub measure: Measure,
    /// In A.
    pub a: f64,
    /// In B.
    pub b: f64,
    /// B - A, paired by replication.
    pub interval: Interval,
    /// Correlation of A and B over replications: what common random numbers achieve; negative means
    /// that they are out of step. None where one of them does not vary.
    pub correlation: Option<f64>,
    /// Variance of B - A as a share of what it would be if A and B were independent.
    pub variance: Option<f64>,
    /// The verdict.
    pub told: Told,
}

/// Two variants beside each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Level of each interval: so high that all of them hold together at 95 % (Bonferroni).
    pub level: f64,
    /// A difference of a smaller share of A's value is none that matters.
    pub threshold: f64,
    /// Replications that both have.
    pub replications: usize,
    /// By workload and measure.
    pub rows: Vec<Difference>,
    /// Workloads that only one of them has.
    pub alone: Vec<String>,
}

impl Comparison {
    /// Compares the workloads of the same name, replication by replication: means by the t-interval
    /// of their differences, percentiles by sectioning (Asmussen & Glynn 2007) of theirs.
    ///
    /// ```
    /// use highwater::measure::{Comparison, Results};
    /// let (a, b) = (Results::default(), Results::default());
    /// assert!(Comparison::of(&a, &b, 0.01).rows.is_empty());
    /// ```
    pub fn of(a: &Results, b: &Results, threshold: f64) -> Self {
        let mut pairs = Vec::new();
        let mut alone: Vec<String> = Vec::new();
        for mine in &a.workloads {
            match b.workloads.iter().find(|w| w.name == mine.name) {
                None => alone.push(mine.name.clone()),
                Some(theirs) => pairs.extend(
                    MEASURES
                        .iter()
                        .filter_map(|m| Some((*m, mine, theirs, Pairs::of(*m, mine, theirs)?))),
                ),
            }
        }
        let others = b.workloads.iter().filter(|w| a.workloads.iter().all(|m| m.name != w.name));
        alone.extend(others.map(|w| w.name.clone()));
        // What is the same in every replication can't be told by chance.
        #[expect(clippy::cast_precision_loss, reason = "few rows")]
        let uncertain = pairs.iter().filter(|p| p.3.varies()).count().max(1) as f64;
        let level = 1.0 - 0.05 / uncertain;
        let rows: Vec<Difference> = pairs
            .into_iter()
            .map(|(m, mine, theirs, p)| p.difference(m, (mine, theirs), level, threshold))
            .collect();
        let both = |r: &&u32| b.settings.replications.contains(r);
        let replications = a.settings.replications.iter().filter(both).count();
        Self { level, threshold, replications, rows, alone }
    }

    /// How many rows tell so.
    pub fn count(&self, told: Told) -> usize {
        self.rows.iter().filter(|r| r.told == told).count()
    }
}

/// A measure in the replications that both have.
struct Pairs(Vec<(f64, f64)>);

impl Pairs {
    /// None where a replication has no value: what is left would be a choice.
    fn of(m: Measure, a: &WorkloadResults, b: &WorkloadResults) -> Option<Self> {
        let both = a.by_replication.iter().filter_map(|(r, h)| Some((h, b.by_replication.get(r)?)));
        let values = both.map(|(a, b)| Some((m.of(a)?, m.of(b)?)));
        values.collect::<Option<Vec<_>>>().filter(|list| !list.is_empty()).map(Self)
    }

    fn varies(&self) -> bool {
        self.0.iter().any(|p| p.1 - p.0 != self.0[0].1 - self.0[0].0)
    }

    #[expect(clippy::cast_precision_loss, reason = "few replications")]
    fn difference(
        &self,
        measure: Measure,
        (a, b): (&WorkloadResults, &WorkloadResults),
        level: f64,
        threshold: f64,
    ) -> Difference {
        let n = self.0.len() as f64;
        let mean = |of: &dyn Fn(&(f64, f64)) -> f64| self.0.iter().map(of).sum::<f64>() / n;
        let (mean_a, mean_b) = (mean(&|p| p.0), mean(&|p| p.1));
        let moment = |of: &dyn Fn(&(f64, f64)) -> f64| self.0.iter().map(of).sum::<f64>();
        let var_a = moment(&|p| (p.0 - mean_a) * (p.0 - mean_a));
        let var_b = moment(&|p| (p.1 - mean_b) * (p.1 - mean_b));
        let both = moment(&|p| (p.0 - mean_a) * (p.1 - mean_b));
        let (value_a, value_b) =
            (measure.pooled(a).unwrap_or(mean_a), measure.pooled(b).unwrap_or(mean_b));
        let point = value_b - value_a;
        let around = moment(&|p| (p.1 - p.0 - point) * (p.1 - p.0 - point));
        let half_width = (self.0.len() > 1).then(|| {
            let t = student_t_quantile(self.0.len() - 1, 0.5 + level / 2.0);
            t * libm::sqrt(around / (n * (n - 1.0)))
        });
        let interval = Interval { mean: point, half_width, level, n: self.0.len() };
        let vary = var_a > 0.0 && var_b > 0.0;
        Difference {
            workload: a.name.clone(),
            measure,
            a: value_a,
            b: value_b,
            interval,
            correlation: vary.then(|| both / libm::sqrt(var_a * var_b)),
            variance: (var_a + var_b > 0.0).then(|| (var_a + var_b - 2.0 * both) / (var_a + var_b)),
            told: told(&interval, threshold * value_a.abs(), measure.more_is_better()),
        }
    }
}

/// What an interval of B - A tells, if less than `least` does not matter.
fn told(interval: &Interval, least: f64, more_is_better: bool) -> Told {
    let Some(half) = interval.half_width else { return Told::CannotTell };
    let (low, high) = (interval.mean - half, interval.mean + half);
    match (low > least, high < -least) {
        (true, _) if more_is_better => Told::Better,
        (true, _) => Told::Worse,
        (_, true) if more_is_better => Told::Worse,
        (_, true) => Told::Better,
        _ => Told::CannotTell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload(values: &[f64]) -> WorkloadResults {
        let mut w = WorkloadResults { name: "w".into(), ..WorkloadResults::default() };
        for (r, mean) in values.iter().enumerate() {
            let h = Headline { ok: 1, mean_ns: Some(*mean), ..Headline::default() };
            w.by_replication.insert(u32::try_from(r).unwrap(), h);
        }
        w
    }

    fn compared(a: &[f64], b: &[f64], threshold: f64) -> Difference {
        let results =
            |values: &[f64]| Results { workloads: vec![workload(values)], ..Results::default() };
        let found = Comparison::of(&results(a), &results(b), threshold);
        found.rows.into_iter().find(|r| r.measure == Measure::Mean).unwrap()
    }

    #[test]
    fn paired_interval_by_hand() {
        // Differences 1, 2, 3: mean 2, s = 1, t(2, 97.5 %) = 4.302653: +- 2.484138.
        let row = compared(&[10.0, 20.0, 30.0], &[11.0, 22.0, 33.0], 0.0);
        assert_eq!((row.a, row.b, row.interval.mean), (20.0, 22.0, 2.0));
        assert!((row.interval.half_width.unwrap() - 2.484_138).abs() < 1e-5);
        assert_eq!(row.told, Told::CannotTell);
        assert!((row.correlation.unwrap() - 1.0).abs() < 1e-12);
        // var a = 100, var b = 121, var of the differences = 1.
        assert!((row.variance.unwrap() - 1.0 / 221.0).abs() < 1e-12);
    }

    #[test]
    fn verdicts_need_the_whole_interval_beyond_the_threshold() {
        let a = [10.0, 20.0, 30.0];
        assert_eq!(compared(&a, &[15.0, 25.1, 34.9], 0.0).told, Told::Worse);
        assert_eq!(compared(&a, &[15.0, 25.1, 34.9], 0.3).told, Told::CannotTell);
        assert_eq!(compared(&a, &[5.0, 15.1, 24.9], 0.01).told, Told::Better);
        assert_eq!(compared(&a, &a, 0.0).told, Told::CannotTell);
        assert_eq!(compared(&[10.0], &[5.0], 0.0).told, Told::CannotTell);
        let least = Interval { mean: 2.0, half_width: Some(0.5), level: 0.95, n: 3 };
        assert_eq!(told(&least, 1.0, true), Told::Better);
    }
}
