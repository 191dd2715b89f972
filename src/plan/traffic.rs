//! Who sends, how much, when, and how patiently.

use std::sync::Arc;

use crate::random::Dist;
use crate::units::{Rate, Span};

use super::{Jobs, PlaceId, RouteId, Transport};

/// A source of requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// Unique name.
    pub name: String,
    /// When requests start.
    pub arrivals: Arrivals,
    /// Where they go; what [`Arrivals::Flows`] start goes where its row says.
    pub route: RouteId,
    /// Request size in bytes.
    pub request: Dist,
    /// Response size in bytes.
    pub response: Dist,
    /// Hosts that requests are spread over evenly; each has its own name cache and connections.
    pub clients: u32,
    /// Where the clients are; spread evenly over several places, nowhere when empty.
    pub places: Vec<PlaceId>,
    /// Connection handling.
    pub connections: Connections,
    /// Name cache of each client.
    pub names: NameCache,
    /// Patience.
    pub timeouts: Timeouts,
    /// What follows an error.
    pub retries: Retries,
    /// Headers, windows and the start of transfers.
    pub transport: Transport,
    /// Most that one flow can take whatever the network offers (access rate), headers included.
    pub flow_cap: Option<Rate>,
    /// Weight in the sharing of links, within [`Workload::WEIGHTS`].
    pub weight: f64,
    /// Strict priority in the sharing of links, 0 served first: flows of one number share what
    /// those of lower numbers leave. Background load is served before all.
    pub priority: u8,
    /// Whether a request can be repeated without harm; repeats of others count as duplicates.
    pub idempotent: bool,
    /// What it must achieve.
    pub objectives: Vec<Objective>,
}

impl Workload {
    /// Priority of workloads that say nothing.
    pub const NORMAL: u8 = 1;
    /// Least urgent priority.
    pub const LAST: u8 = 7;
    /// Least and greatest weight. Beside flows 2^53 times as heavy one would be lost in the sum of
    /// weights, and get a share that is not there; within a factor of 2^20 sums are exact.
    pub const WEIGHTS: (f64, f64) = (0.001, 1_000.0);
}

/// When requests start.
#[derive(Clone, Debug, PartialEq)]
pub enum Arrivals {
    /// An open source with independent exponential gaps.
    Poisson {
        /// Mean requests per second (while the profile is 1).
        per_second: f64,
        /// Variation in time.
        profile: Option<Profile>,
    },
    /// An open source with independent gaps of any law, in nanoseconds.
    Renewal {
        /// Law of the gap (while the profile is 1).
        gap: Dist,
        /// Variation in time.
        profile: Option<Profile>,
    },
    /// A fixed number of workers, each waiting for its answer and then thinking, ns.
    Closed {
        /// How many.
        workers: u32,
        /// Law of the think time.
        think: Dist,
    },
    /// Given starts and sizes, in order of start.
    Trace {
        /// The rows.
        rows: Arc<Vec<TraceRow>>,
    },
    /// Given messages, in order of start, each on a route of its own: it goes forward over the
    /// route and nothing comes back.
    Flows {
        /// The messages.
        rows: Arc<Vec<FlowRow>>,
        /// The routes that rows name by position, at least one.
        routes: Arc<Vec<RouteId>>,
    },
    /// Instances of the stages of jobs, each waiting for its answer, thinking and going on.
    Jobs(Arc<Jobs>),
}

/// One request of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceRow {
    /// Intended start.
    pub at: Span,
    /// Bytes of the request.
    pub request: u64,
    /// Bytes of the response.
    pub response: u64,
}

/// One message of a list of flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowRow {
    /// Intended start.
    pub at: Span,
    /// Bytes.
    pub bytes: u64,
    /// Position of its route in the list's routes.
    pub route: u32,
    /// Its row in the list as it was written, from 0.
    pub number: u32,
}

/// A factor on a rate that varies in time: linear between points, repeated with its period.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// (time of day or of period, factor), times strictly increasing, from 0, below the period.
    pub points: Vec<(Span, f64)>,
    /// Length after which it repeats; from the last point it runs back to the first one's factor.
    pub period: Span,
}

impl Profile {
    /// The factor at simulated time `at` of a run that starts at this time of day.
    #[expect(clippy::cast_precision_loss, reason = "below the period")]
    pub fn factor(&self, at: Span, start_of_day: Span) -> f64 {
        let period = self.period.nanos();
        let x = (at.nanos() % period + start_of_day.nanos() % period) % period;
        let i = self.points.partition_point(|p| p.0.nanos() <= x).max(1) - 1;
        let (from, a) = self.points[i];
        let (to, b) = self.points.get(i + 1).copied().unwrap_or((self.period, self.points[0].1));
        a + (b - a) * ((x - from.nanos()) as f64 / (to.nanos() - from.nanos()) as f64)
    }
}

/// A constant or profiled rate that takes bandwidth along a route before any request's flow does.
#[derive(Clone, Debug, PartialEq)]
pub struct Background {
    /// Unique name.
    pub name: String,
    /// Where; at selectors it divides over the branches believed up, by weight.
    pub route: RouteId,
    /// Rate in the route's forward direction.
    pub forward: Rate,
    /// Rate in the route's backward direction.
    pub backward: Rate,
    /// Variation in time, applied at window ends.
    pub profile: Option<Profile>,
}

/// How a client handles connections.
#[derive(Clone, Debug, PartialEq)]
pub struct Connections {
    /// Whether an idle connection is used again. If not, each request opens one and closes it.
    pub reuse: bool,
    /// Most connections of one client, idle and busy; more requests wait. No bound when absent.
    pub per_client: Option<u32>,
    /// An idle connection is closed after this long.
    pub idle_timeout: Span,
    /// A connection is not used again beyond this age; no bound when absent.
    pub max_age: Option<Span>,
    /// Round trips before the first byte: 1 for TCP, plus those of TLS (2 for 1.2, 1 for 1.3); 0
    /// for connections that are taken to be open.
    pub handshake_rtts: u32,
}

/// What a client remembers of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameCache {
    /// Asks for each new connection.
    None,
    /// Keeps an answer for its TTL and asks again at the next use after it. `warm` starts with
    /// answers of an age uniform over the TTL.
    Ttl {
        /// Whether caches are filled at time 0.
        warm: bool,
    },
    /// Asks back to back: always has an answer younger than its TTL, of uniform age at time 0.
    Prefetch,
    /// Asks once and keeps the answer for ever.
    Forever,
    /// Keeps an answer this long, whatever its TTL, and asks again at the next use after it. Caches
    /// are empty at time 0: what starts in the run resolves when it starts.
    Every(Span),
}

/// How long a client waits; for ever at `u64::MAX` ns.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeouts {
    /// For one name query.
    pub name: Span,
    /// Queries before the name fails, at least 1.
    pub name_attempts: u32,
    /// For opening a connection: its pools (a wait for a unit that lasts longer ends as
    /// `queue_timeout`), its stations, TCP and TLS.
    pub connect: Span,
    /// For everything after the connection is there; also for the wait for one of the client's own
    /// connections (ends as `queue_timeout`).
    pub request: Span,
}

/// What a client does after an error.
#[derive(Clone, Debug, PartialEq)]
pub struct Retries {
    /// Tries in all, at least 1.
    pub attempts: u32,
    /// Pause before try n+1: uniform between (1 - jitter) and 1 times min(cap, base x 2^(n-1)).
    pub backoff: Span,
    /// Longest pause.
    pub backoff_cap: Span,
    /// 0 for none, 1 for full jitter.
    pub jitter: f64,
    /// Retries in all may not exceed this share of the requests started; no bound when absent.
    pub budget: Option<f64>,
    /// Whether a failed connection's name answer is dropped, so that the next try asks again.
    pub re_resolve: bool,
}

/// What a workload must achieve, over the statistics of the whole run.
#[derive(Clone, Debug, PartialEq)]
pub enum Objective {
    /// At least `share` of the offered requests end `ok`. Those still under way at the horizon
    /// count as failed when they are overdue: under way for longer than any that ended `ok`.
    Availability {
        /// 0..=1.
        share: f64,
    },
    /// The `quantile` of the latency of ok requests is at most `limit`.
    Latency {
        /// 0..1.
        quantile: f64,
        /// The bound.
        limit: Span,
    },
}
