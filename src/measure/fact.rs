//! What a running World tells: facts, and who listens.

/// The parts of a request's life; they sum to its latency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Finding an address: caches, resolver, its timeouts.
    Name,
    /// Waiting for a place: the client's own connections, pools.
    Wait,
    /// Opening a connection: stations for new connections, round trips.
    Connect,
    /// Request bytes on the way.
    Send,
    /// Stations that serve requests, their queues included.
    Serve,
    /// Response bytes on the way.
    Receive,
    /// Pauses between tries.
    Backoff,
}

/// All phases, in order of life.
pub const PHASES: [(Phase, &str); 7] = [
    (Phase::Name, "name"),
    (Phase::Wait, "wait"),
    (Phase::Connect, "connect"),
    (Phase::Send, "send"),
    (Phase::Serve, "serve"),
    (Phase::Receive, "receive"),
    (Phase::Backoff, "backoff"),
];

/// Round trips below which a transfer is short: a fluid without losses and buffers says little
/// about it.
pub const SHORT: u64 = 10;

/// How a request ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// The whole response arrived.
    Ok,
    /// No address could be found.
    Name,
    /// Turned away at once: a full pool or queue, a closed door.
    Refused,
    /// Waited too long in a queue.
    QueueTimeout,
    /// No connection within the connect timeout (black hole).
    ConnectTimeout,
    /// The connection was reset.
    Reset,
    /// No answer within the request timeout.
    RequestTimeout,
    /// A rule forbids it.
    Denied,
    /// No source port was free.
    NoPort,
    /// No address was free.
    NoAddress,
    /// Nobody waits for it any more: its instance was lost, or its job stopped.
    GivenUp,
}

impl End {
    /// All errors that a workload can see, in the order of the list above. Jobs see
    /// [`End::GivenUp`], too.
    pub const ERRORS: [Self; 9] = [
        Self::Name,
        Self::Refused,
        Self::QueueTimeout,
        Self::ConnectTimeout,
        Self::Reset,
        Self::RequestTimeout,
        Self::Denied,
        Self::NoPort,
        Self::NoAddress,
    ];

    /// The word in results: `connect_timeout`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Name => "name",
            Self::Refused => "refused",
            Self::QueueTimeout => "queue_timeout",
            Self::ConnectTimeout => "connect_timeout",
            Self::Reset => "reset",
            Self::RequestTimeout => "request_timeout",
            Self::Denied => "denied",
            Self::NoPort => "no_port",
            Self::NoAddress => "no_address",
            Self::GivenUp => "given_up",
        }
    }
}

/// What one direction of a link did in a window. Integrals are whole bytes and ns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkUse {
    /// Bytes carried, background included.
    pub bytes: u64,
    /// Integral of the capacity, bytes.
    pub capacity: u64,
    /// Time without room while flows wanted more.
    pub full_ns: u64,
    /// Background bytes that did not fit.
    pub lost: u64,
    /// Greatest rate so far, bit/s.
    pub peak_bps: u64,
}

/// What a pool did in a window, and its counters so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolUse {
    /// Time integral of the units in use in the window, unit x us.
    pub used_us: u64,
    /// Time integral of the size in the window, unit x us.
    pub size_us: u64,
    /// Most units in use so far.
    pub peak: u64,
    /// Asked so far.
    pub asked: u64,
    /// Refused so far.
    pub refused: u64,
    /// Timed out so far.
    pub timed_out: u64,
}

/// What a scaler did in a window, and its counters so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScalerUse {
    /// Time integral of the instances that run, instance x us.
    pub running_us: u64,
    /// Of those that start up.
    pub starting_us: u64,
    /// Of the wanted number.
    pub wanted_us: u64,
    /// Most instances at once so far, those that start up included.
    pub peak: u64,
    /// Made so far, those of time 0 included.
    pub made: u64,
    /// Gone so far.
    pub gone: u64,
    /// Times that an instance could not be made for want of a unit, so far.
    pub failed: u64,
    /// Connections and requests that were reset with their instance so far.
    pub reset: u64,
    /// Start-ups that failed since something was down that they need, so far.
    pub failed_starts: u64,
}

/// What a station did in a window, and its counters so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StationUse {
    /// Time integral of busy servers in the window, server x us.
    pub busy_us: u64,
    /// Longest queue so far.
    pub peak_queue: u64,
    /// Arrivals so far.
    pub arrived: u64,
    /// Refused so far.
    pub refused: u64,
    /// Timed out so far.
    pub timed_out: u64,
    /// Served so far.
    pub served: u64,
}

/// Something that happened. Times are simulated ns; indices are positions in the plan's lists.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fact {
    /// A request was due.
    Started {
        /// Workload.
        workload: u32,
        /// Intended start.
        at: u64,
    },
    /// A request ended.
    Ended {
        /// Workload.
        workload: u32,
        /// How.
        end: End,
        /// Intended start.
        start: u64,
        /// End.
        at: u64,
        /// Time in each phase, summing to `at - start`.
        phases: [u64; 7],
        /// Bytes of request and response.
        bytes: u64,
        /// Which of its workload's requests, from 0 in order of start; the row of a list of flows.
        number: u64,
    },
    /// A try failed and another follows.
    Retried {
        /// Workload.
        workload: u32,
        /// Whether the failed try may have been served and the request is not idempotent.
        duplicate: bool,
        /// Intended start of the request.
        start: u64,
    },
    /// A connection is open.
    Connected {
        /// Workload.
        workload: u32,
        /// Whether for an instance of a job that had started before.
        again: bool,
        /// When.
        at: u64,
    },
    /// A try took a branch: counted when its connection chooses, or when it reuses one.
    Chosen {
        /// Workload.
        workload: u32,
        /// Selector.
        selector: u32,
        /// Branch.
        branch: u32,
        /// Whether the branch is truly down.
        stale: bool,
        /// Whether a new connection chose.
        fresh: bool,
        /// When.
        at: u64,
    },
    /// Live connections were moved by a change of belief.
    Moved {
        /// Selector.
        selector: u32,
        /// How many.
        connections: u64,
    },
    /// A fault or change has failed a branch.
    Failed {
        /// Fault.
        fault: u32,
        /// Selector.
        selector: u32,
        /// Branch.
        branch: u32,
        /// Whether the selector had left it before, so that only caches and connections are on it.
        known: bool,
        /// When.
        at: u64,
    },
    /// A request ended that had had a failed try on a branch that was truly down.
    Caught {
        /// Workload.
        workload: u32,
        /// Selector: the outermost one of the path whose branch was down.
        selector: u32,
        /// Branch.
        branch: u32,
        /// By whom.
        by: Catch,
        /// When.
        at: u64,
    },
    /// A fault's failure of a branch was detected and will be acted on.
    Believed {
        /// Fault.
        fault: u32,
        /// Selector.
        selector: u32,
        /// Branch.
        branch: u32,
        /// When it failed.
        failed: u64,
        /// Failure to detection.
        detect: u64,
        /// Detection to the change of choice.
        propagate: u64,
    },
    /// A choice believes another thing of a branch from now on.
    Belief {
        /// Selector.
        selector: u32,
        /// Branch.
        branch: u32,
        /// Whether it is up.
        up: bool,
        /// When that was detected: the change of choice came later by its propagation.
        at: u64,
    },
    /// A branch is truly up again.
    Restored {
        /// Selector.
        selector: u32,
        /// Branch.
        branch: u32,
        /// When.
        at: u64,
    },
    /// A request that is still under way at the horizon.
    Unfinished {
        /// Workload.
        workload: u32,
        /// Intended start.
        start: u64,
        /// The horizon.
        at: u64,
        /// Bytes of request and response.
        bytes: u64,
        /// As in [`Fact::Ended`].
        number: u64,
    },
    /// A try on a path through a branch that is truly down failed.
    FailedOn {
        /// Workload.
        workload: u32,
        /// Selector.
        selector: u32,
        /// Branch.
        branch: u32,
        /// When.
        at: u64,
    },
    /// A gate is in another state from now on.
    Gate {
        /// Gate.
        gate: u32,
        /// The reason that names the state; none while it is open.
        reason: Option<u32>,
        /// When.
        at: u64,
    },
    /// A branch fails, by none of the plan's faults: what happens on it from now on belongs to none.
    FailedUnnamed {
        /// Selector.
        selector: u32,
        /// Branch.
        branch: u32,
    },
    /// A component fails at random, or is repaired from that.
    Outage {
        /// Component.
        component: u32,
        /// Whether it fails.
        down: bool,
        /// When.
        at: u64,
    },
    /// A try failed at a gate that was shut.
    ShutOut {
        /// Gate.
        gate: u32,
        /// The first of the reasons that shut it.
        reason: u32,
        /// When.
        at: u64,
    },
    /// Something happened to a job.
    Job {
        /// Workload.
        workload: u32,
        /// When the job started.
        start: u64,
        /// When.
        at: u64,
        /// What.
        what: JobFact,
    },
    /// One who waited for a pool's unit got it.
    PoolWait {
        /// Pool.
        pool: u32,
        /// How long.
        wait: u64,
        /// When it got it.
        at: u64,
    },
    /// One began to be served.
    StationWait {
        /// Station.
        station: u32,
        /// How long it waited.
        wait: u64,
        /// When it began.
        at: u64,
    },
    /// A window ended; the facts of use that follow belong to it.
    WindowEnd {
        /// Its index.
        window: u32,
    },
    /// The bytes of an `ok` request were under way for less than [`SHORT`] round trips.
    Short {
        /// Workload.
        workload: u32,
        /// Intended start.
        start: u64,
    },
    /// Use of a link's direction: 0 forward, 1 backward (0 only, if both share).
    Link {
        /// Link.
        link: u32,
        /// Direction.
        direction: u8,
        /// The window's use.
        seen: LinkUse,
    },
    /// Use of a pool.
    Pool {
        /// Pool.
        pool: u32,
        /// The window's use.
        seen: PoolUse,
    },
    /// Use of a station.
    Station {
        /// Station.
        station: u32,
        /// The window's use.
        seen: StationUse,
    },
    /// Servers of a station at which their number changes in the course of the run.
    Servers {
        /// Station.
        station: u32,
        /// Their time integral in the window, server x us.
        servers_us: u64,
    },
    /// Use of a scaler.
    Scaler {
        /// Scaler.
        scaler: u32,
        /// The window's use.
        seen: ScalerUse,
    },
    /// A scaler could not make an instance: there was no unit for it.
    Unmade {
        /// Scaler.
        scaler: u32,
        /// When.
        at: u64,
    },
    /// The last instance of before a renewal is gone, and as many as are wanted run.
    Renewed {
        /// Scaler.
        scaler: u32,
        /// Since the beginning of the renewal.
        took: u64,
    },
    /// Bytes delivered and requests under way of a workload in the window.
    Work {
        /// Workload.
        workload: u32,
        /// Bytes delivered, both directions.
        bytes: u64,
        /// Time integral of requests under way, request x us.
        busy_us: u64,
    },
    /// Flow time of a workload under one limit in the window.
    Bound {
        /// Workload.
        workload: u32,
        /// What held it.
        limit: Limit,
        /// Flow x ns.
        flow_ns: u64,
    },
}

/// What can happen to a job. Stages are positions in its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobFact {
    /// It started.
    Started,
    /// All its stages are done.
    Done,
    /// An instance failed, and it stopped.
    Failed,
    /// All instances of a stage are done.
    StageDone {
        /// Stage.
        stage: u32,
        /// When it was ready.
        since: u64,
    },
    /// An instance is done.
    InstanceDone {
        /// Stage.
        stage: u32,
        /// When it started for the first time.
        since: u64,
    },
    /// An instance starts again from zero.
    Rerun {
        /// Stage.
        stage: u32,
        /// Whether it was lost; an error made it start again otherwise.
        lost: bool,
    },
    /// The run is over, and the job is not: a stage that is ready has instances left.
    Left {
        /// Stage.
        stage: u32,
        /// Instances that are not done.
        instances: u32,
    },
    /// A request is made again that was done before a rerun, or may have been.
    Repeated {
        /// Whether that is a duplicate, since the workload is not idempotent.
        duplicate: bool,
        /// Bytes of request and response.
        bytes: u64,
    },
}

/// Who caught a request that had failed on a dead branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Catch {
    /// The selector: it had left the branch.
    Choice,
    /// The client: it found another branch while the selector still believed in the dead one.
    Client,
    /// The repair of the branch.
    Repair,
    /// Nobody: the request ended with an error.
    Nobody,
}

/// What holds a flow back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    /// A link's direction.
    Link {
        /// Link.
        link: u32,
        /// Direction.
        direction: u8,
    },
    /// The flow's own cap.
    Own,
    /// A failure on its path.
    Down,
    /// Its window: the sender idles until acknowledgements open the next one.
    StartUp,
}

/// Hears facts in order of simulated time.
pub trait Observer {
    /// Called for each fact.
    fn hear(&mut self, fact: &Fact);
}

/// Hears nothing: the engine alone.
impl Observer for () {
    fn hear(&mut self, _: &Fact) {}
}
