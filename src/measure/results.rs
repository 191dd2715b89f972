//! What a run found out: plain, self-describing data that the report reads and files hold.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::alerts::AlertResults;
use super::gates::GateResults;
use super::histogram::Histogram;
use super::jobs::JobResults;
use super::outages::OutageSeen;
use super::recovery::Recovery;
use super::scalers::ScalerResults;
use super::stats::Interval;

/// The results of one or more replications of one scenario.
///
/// Names, units and settings are inside, so that a reader needs neither the scenario nor the plan.
/// All counters are integers summed over replications; what needs one number per replication
/// (intervals) is in [`WorkloadResults::by_replication`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// Which scenario, version and seed.
    pub identity: Identity,
    /// Horizon, windows, replications.
    pub settings: SettingsSeen,
    /// By name.
    pub workloads: Vec<WorkloadResults>,
    /// By name; one entry per link and direction that some route crosses.
    pub links: Vec<LinkResults>,
    /// By name.
    pub pools: Vec<PoolResults>,
    /// By name.
    pub stations: Vec<StationResults>,
    /// By name; none where the servers of no station come and go in instances.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scalers: Vec<ScalerResults>,
    /// By name.
    pub selectors: Vec<SelectorResults>,
    /// By name; none where nothing is decided in the course of the run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<GateResults>,
    /// By name; none where nothing fails at random.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outages: Vec<OutageSeen>,
    /// Faults and planned changes, in order of start.
    pub faults: Vec<FaultSeen>,
    /// Belief-truth gaps, by fault and selector.
    pub gaps: Vec<Gap>,
    /// How each workload came off what failed, by fault, selector and workload.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recoveries: Vec<Recovery>,
    /// By name; none where nobody watches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<AlertResults>,
    /// Every parameter without a documented value that was used.
    pub assumptions: Vec<AssumptionSeen>,
    /// Warnings and notes of the check.
    pub notices: Vec<NoticeSeen>,
}

/// Which scenario, version and seed the results belong to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// Short name of the scenario.
    pub scenario: String,
    /// Its title.
    pub title: String,
    /// Its question; may be empty.
    pub description: String,
    /// Hash of the resolved scenario, 16 hexadecimal digits.
    pub scenario_hash: String,
    /// Version of highwater.
    pub version: String,
    /// Root seed.
    pub seed: u64,
}

/// Settings of the run, times in ns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SettingsSeen {
    /// Simulated time.
    pub horizon_ns: u64,
    /// Requests that start before this are not in the statistics.
    pub warmup_ns: u64,
    /// Width of a window; the last one may be cut by the horizon.
    pub window_ns: u64,
    /// Time of day at time 0.
    pub start_of_day_ns: u64,
    /// The replications in these results, rising.
    pub replications: Vec<u32>,
}

impl SettingsSeen {
    /// Number of windows.
    pub fn windows(&self) -> usize {
        usize::try_from(self.horizon_ns.div_ceil(self.window_ns)).expect("checked at lowering")
    }
    /// Length in ns of window `i`.
    pub fn window_len(&self, i: usize) -> u64 {
        let from = i as u64 * self.window_ns;
        self.window_ns.min(self.horizon_ns - from)
    }
    /// Number of replications, as a float divisor.
    #[expect(clippy::cast_precision_loss, reason = "few")]
    pub fn runs(&self) -> f64 {
        self.replications.len() as f64
    }
}

/// What one workload saw.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WorkloadResults {
    /// Its name.
    pub name: String,
    /// `poisson`, `renewal`, `closed`, `trace`, `flows` or `jobs`.
    pub mode: String,
    /// Intended requests, warm-up excluded.
    pub offered: u64,
    /// Those that ended `ok`.
    pub ok: u64,
    /// Those that ended otherwise, by cause (`refused`, `connect_timeout`, ...); every cause is
    /// listed, most are 0.
    pub errors: BTreeMap<String, u64>,
    /// Those still under way at the horizon: offered = ok + errors + unfinished.
    pub unfinished: u64,
    /// Those of the unfinished that are under way for longer than any request of their replication
    /// took to end `ok`. Availability counts them as failed.
    pub overdue: u64,
    /// Tries after the first.
    pub retries: u64,
    /// Repeats of requests that are not idempotent, after a try that may have been served.
    pub duplicates: u64,
    /// Connections opened.
    pub connections: u64,
    /// What its jobs came to; none of a workload without jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jobs: Option<JobResults>,
    /// Those of the `ok` requests whose bytes were under way for less than ten round trips.
    #[serde(default)]
    pub short: u64,
    /// How its connections carry bytes and share links, in words.
    #[serde(default)]
    pub transport: String,
    /// Total latency of `ok` requests from the intended start, ns.
    pub latency_ok: Histogram,
    /// Total latency of all ended requests, ns.
    pub latency_all: Histogram,
    /// Time in each phase of `ok` requests, ns; phases sum to the total request by request.
    pub phases: BTreeMap<String, Histogram>,
    /// Carried rate of each full window after the warm-up (both directions), bit/s; one value
    /// per window and replication.
    pub throughput: Histogram,
    /// Per window, summed over replications: requests that started (intended).
    pub offered_by_window: Vec<u64>,
    /// Per window of their end: requests that ended `ok`.
    pub ok_by_window: Vec<u64>,
    /// Per cause, per window of their end. Causes without any error are absent.
    pub errors_by_window: BTreeMap<String, Vec<u64>>,
    /// Where lateness is counted, for each objective on latency in their order: per window of their end,
    /// requests that ended `ok` and later than it allows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub late_by_window: Vec<Vec<u64>>,
    /// Per window: bytes carried in both directions, those of tries that failed later included.
    pub bytes_by_window: Vec<u64>,
    /// Per window: sum over `ok` requests that ended in it of their latency, us.
    pub latency_sum_us_by_window: Vec<u64>,
    /// Per window: greatest latency of an `ok` request that ended in it, ns.
    pub latency_max_by_window: Vec<u64>,
    /// Per window: time integral of the number of requests under way, request x us.
    pub busy_us_by_window: Vec<u64>,
    /// What held its flows back.
    pub binding: Vec<Binding>,
    /// One line per replication, for intervals.
    pub by_replication: BTreeMap<u32, Headline>,
    /// Verdicts.
    pub objectives: Vec<ObjectiveSeen>,
    /// Where somebody watches: the end of the first period in which more requests failed, or were
    /// late, than an objective allows, ns, in each replication that has one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub breached: BTreeMap<u32, u64>,
}

/// How long a limit held flows of a workload back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Binding {
    /// The link and direction (`circuit.c1 forward`, `feed both ways`), or `own cap`, or `down`
    /// for flows stalled by a failure, or `start-up` for senders that wait for acknowledgements.
    pub limit: String,
    /// Per window: flow x ns under this limit.
    pub flow_ns_by_window: Vec<u64>,
}

/// One replication of one workload. Latencies in ns; absent when no request ended `ok`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Headline {
    /// Intended requests.
    pub offered: u64,
    /// Ended `ok`.
    pub ok: u64,
    /// Ended otherwise.
    pub errors: u64,
    /// Unfinished and overdue.
    pub overdue: u64,
    /// Mean latency.
    pub mean_ns: Option<f64>,
    /// Median.
    pub p50_ns: Option<u64>,
    /// 90th percentile.
    pub p90_ns: Option<u64>,
    /// 95th percentile.
    pub p95_ns: Option<u64>,
    /// 99th percentile.
    pub p99_ns: Option<u64>,
    /// 99.9th percentile.
    pub p999_ns: Option<u64>,
    /// Bytes carried in the windows after the warm-up, those of tries that failed later included.
    pub bytes: u64,
    /// Bytes of the requests that ended `ok`.
    pub ok_bytes: u64,
    /// Where lateness is counted: ended `ok`, but later than the tightest objective on latency allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<u64>,
}

impl WorkloadResults {
    /// Share of the requests that ended or are overdue that ended `ok`; none of none.
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    pub fn availability(&self) -> Option<f64> {
        let due = self.offered - self.unfinished + self.overdue;
        (due > 0).then(|| self.ok as f64 / due as f64)
    }

    /// 95 % t-interval over replications of a number of each.
    pub fn interval(&self, of: impl Fn(&Headline) -> Option<f64>) -> Option<Interval> {
        let values: Vec<f64> = self.by_replication.values().filter_map(of).collect();
        (values.len() == self.by_replication.len())
            .then(|| Interval::of_mean(&values, 0.95))
            .flatten()
    }

    /// Number of errors of all causes.
    pub fn errors_total(&self) -> u64 {
        self.errors.values().sum()
    }
}

/// An objective and whether it was met.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObjectiveSeen {
    /// In words: `p99 latency at most 250 ms`, `availability at least 99.9 %`.
    pub text: String,
    /// What was measured, in words.
    pub measured: String,
    /// The verdict.
    pub met: bool,
    /// The bound, for charts.
    pub bound: BoundSeen,
}

/// What an objective demands.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BoundSeen {
    /// The quantile (0..1) of the latency of `ok` requests is at most so many ns.
    Latency {
        /// 0..1.
        quantile: f64,
        /// ns.
        limit_ns: u64,
    },
    /// At least this share (0..=1) of the requests end `ok`, overdue ones counted as failed.
    Availability {
        /// 0..=1.
        share: f64,
    },
}

/// One direction of one link.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LinkResults {
    /// `circuit.c1`.
    pub name: String,
    /// `forward`, `backward`, or `both` where they share.
    pub direction: String,
    /// What it stands for: `circuit`, `eni`.
    pub role: String,
    /// Whether charts of all links show it.
    pub headline: bool,
    /// Per window, over replications: bytes carried (requests and background), to the nearest.
    pub bytes_by_window: Vec<u64>,
    /// Per window: bytes it could have carried (capacity integral).
    pub capacity_by_window: Vec<u64>,
    /// Per window: ns during which it had no bandwidth left while a flow wanted more.
    pub full_ns_by_window: Vec<u64>,
    /// Per window: bytes of background load that did not fit and were lost.
    pub lost_by_window: Vec<u64>,
    /// Greatest rate, bit/s.
    pub peak_bps: u64,
}

/// A pool.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PoolResults {
    /// Its name.
    pub name: String,
    /// Size at time 0.
    pub units: u64,
    /// Units asked for, warm-up included.
    pub asked: u64,
    /// Turned away at once.
    pub refused: u64,
    /// Gave up waiting.
    pub timed_out: u64,
    /// Most units in use, holds after release included.
    pub peak: u64,
    /// Per window: time integral of units in use, unit x us.
    pub used_us_by_window: Vec<u64>,
    /// Per window: time integral of the size, unit x us.
    pub size_us_by_window: Vec<u64>,
    /// Waits of those who waited and got a unit, ns.
    pub waits: Histogram,
}

/// A station.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StationResults {
    /// Its name.
    pub name: String,
    /// Servers; 0 for unlimited.
    pub servers: u64,
    /// Arrivals, warm-up included.
    pub arrived: u64,
    /// Turned away because the queue was full.
    pub refused: u64,
    /// Gave up waiting.
    pub timed_out: u64,
    /// Served.
    pub served: u64,
    /// Longest queue.
    pub peak_queue: u64,
    /// Per window: time integral of busy servers, server x us.
    pub busy_us_by_window: Vec<u64>,
    /// Per window: time integral of the servers, server x us; absent where their number is the same
    /// all the time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers_us_by_window: Vec<u64>,
    /// Wait before service of all that were served, zeros included, ns.
    pub waits: Histogram,
}

/// A selector.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SelectorResults {
    /// Its name.
    pub name: String,
    /// What it stands for: `dns`, `ecmp`, `throttle`.
    pub role: String,
    /// Whether charts show its shares.
    pub headline: bool,
    /// The branches, in the plan's order.
    pub branches: Vec<String>,
    /// Per branch, per window: tries that took it, on new and reused connections.
    pub chosen_by_window: Vec<Vec<u64>>,
    /// Per branch, per window: tries that took it although it was truly down.
    pub stale_by_window: Vec<Vec<u64>>,
    /// Live connections moved because the belief changed.
    pub moved: u64,
}

/// A fault, times in ns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultSeen {
    /// Its name.
    pub name: String,
    /// What it does, in words.
    pub label: String,
    /// Start.
    pub from_ns: u64,
    /// End, at most the horizon.
    pub to_ns: u64,
    /// Something that somebody does on purpose; it ends when it starts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub planned: bool,
}

/// How long one selector's users were wrong about one fault. Each histogram has one value per
/// replication and branch, ns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// The fault's name.
    pub fault: String,
    /// The selector's name.
    pub selector: String,
    /// How it detects, in words.
    pub detector: String,
    /// Failure to its detection.
    pub detect: Histogram,
    /// Detection to the change of the record or the choice.
    pub propagate: Histogram,
    /// Change of the record to the last new connection that still took the dead branch.
    pub cache: Histogram,
    /// From there (or the change) to the last error of a try on the dead branch.
    pub reconnect: Histogram,
}

/// A parameter that no document gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssumptionSeen {
    /// `endpoint.shop.record_ttl`.
    pub parameter: String,
    /// With its unit.
    pub value: String,
    /// Where it comes from.
    pub source: String,
    /// A to D, or `set`.
    pub confidence: String,
}

/// A warning or note of the check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeSeen {
    /// Stable code.
    pub code: String,
    /// `warning` or `note`.
    pub severity: String,
    /// Where in the scenario.
    pub place: String,
    /// What, why, fix.
    pub text: String,
}
