//! The lowered network: plain data where `scenario` (writes) and `sim` (reads) meet.
//!
//! No cloud word and no running state: five primitives, what can fail, who sends, what changes
//! when. A [`Plan`] is `Send + Sync`, is checked by [`Plan::validate`] and never changes.
//!
//! ```text
//! workload ──> route: [hop, hop, selector ─┬─ branch: [hop, hop]
//!                                          └─ branch: [hop]      , hop ...]
//! hop = link (forward, back) | delay | pool | station | selector
//! component = something that is up or down; links, pools, stations and branches need some
//! ```
//!
//! A connection resolves its route once: at each selector it takes the branch that the selector's
//! *belief* and policy give, and the concatenated hops are its path. Request bytes cross the links
//! of the path forward, response bytes cross them backward.

mod alert;
mod chance;
mod failure;
mod gate;
mod jobs;
mod life;
mod meeting;
mod network;
mod price;
mod scaler;
mod traffic;
mod transport;
mod validate;

use crate::units::{Rate, Span};

pub use alert::{Alert, Level, Metric, Watched};
pub use failure::AroundError;
pub use gate::{After, Gate, Reason, Wait};
pub use jobs::{JobStage, Jobs, OnError};
pub use life::{Life, Repair};
pub use network::{
    Belief, Branch, Capacity, Component, Delay, Detector, Division, Duplex, Hashing, Hop, Lack,
    Link, Naming, OnFull, Policy, Pool, Rehash, Route, Scope, Selector, Servers, Share, Station,
};
pub use price::{Basis, Price, PriceBook};
pub use scaler::{Scaler, Seats, Tracking};
pub use traffic::{
    Arrivals, Background, Connections, FlowRow, NameCache, Objective, Profile, Retries, Timeouts,
    TraceRow, Workload,
};
pub use transport::{SlowStart, Transport};
pub use validate::PlanError;

/// Declares an index into one of the plan's lists.
macro_rules! id {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// Position in its list.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

id! {
    /// Index into [`Plan::components`].
    ComponentId
    /// Index into [`Plan::delays`].
    DelayId
    /// Index into [`Plan::gates`].
    GateId
    /// Index into [`Plan::links`].
    LinkId
    /// Index into [`Plan::places`].
    PlaceId
    /// Index into [`Plan::pools`].
    PoolId
    /// Index into [`Plan::routes`].
    RouteId
    /// Index into [`Plan::scalers`].
    ScalerId
    /// Index into [`Plan::selectors`].
    SelectorId
    /// Index into [`Plan::stations`].
    StationId
}

/// A checked and lowered scenario.
///
/// Lists are in the order in which the scenario's things were lowered, which is independent of
/// their order in the file. Names are unique within a list and are what randomness hangs on.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Short name: the scenario's file stem. Letters, digits, `-`, `_` and `.` only.
    pub name: String,
    /// One line for the head of the report.
    pub title: String,
    /// The question, in a paragraph; may be empty.
    pub description: String,
    /// Seed, horizon, windows, replications.
    pub settings: Settings,
    /// What can be up or down.
    pub components: Vec<Component>,
    /// Bandwidth.
    pub links: Vec<Link>,
    /// Links that are divided among kinds of traffic.
    pub divisions: Vec<Division>,
    /// Countable units.
    pub pools: Vec<Pool>,
    /// Servers with queues.
    pub stations: Vec<Station>,
    /// Servers that come and go.
    pub scalers: Vec<Scaler>,
    /// Propagation delays.
    pub delays: Vec<Delay>,
    /// Choices.
    pub selectors: Vec<Selector>,
    /// What is special about the hashes of some selectors.
    pub hashings: Vec<Hashing>,
    /// Places (zones) that a selector may prefer.
    pub places: Vec<String>,
    /// What is open or shut by decisions.
    pub gates: Vec<Gate>,
    /// Ways through the network.
    pub routes: Vec<Route>,
    /// Who sends requests.
    pub workloads: Vec<Workload>,
    /// Rates that take bandwidth without requests.
    pub backgrounds: Vec<Background>,
    /// What changes when.
    pub changes: Vec<Change>,
    /// What is told to those who watch.
    pub alerts: Vec<Alert>,
    /// Bands for charts and the measure of recovery; changes point here.
    pub faults: Vec<Fault>,
    /// Every parameter that no document gives and that this plan uses.
    pub assumptions: Vec<Assumption>,
    /// Warnings and notes of the check, which travel into the report.
    pub notices: Vec<Notice>,
}

/// How long, how often, how finely.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Root of all randomness.
    pub seed: u64,
    /// Independent repetitions, at least 1.
    pub replications: u32,
    /// Simulated time, above 0.
    pub horizon: Span,
    /// Requests that start before this are not in the statistics; below the horizon.
    pub warmup: Span,
    /// Width of the windows of every time series, above 0.
    pub window: Span,
    /// Time of day at simulated time 0, for daily profiles and the labels of charts.
    pub start_of_day: Span,
    /// Whether components fail and are repaired at random, by their lives.
    pub outages: bool,
    /// Whether requests that end later than an objective allows are counted by window.
    pub count_late: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            replications: 5,
            horizon: Span::from_secs(60),
            warmup: Span::ZERO,
            window: Span::from_secs(1),
            start_of_day: Span::ZERO,
            outages: false,
            count_late: false,
        }
    }
}

/// Something that changes at an instant. Faults and plans touch truth only, never belief.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Simulated time.
    pub at: Span,
    /// What it waits for beyond that; nothing when absent.
    pub after: Option<After>,
    /// The fault or change of the scenario that it belongs to, as an index into [`Plan::faults`].
    pub fault: Option<u32>,
    /// What changes.
    pub what: What,
}

/// The kinds of change.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// The component fails for one more reason; it is up when it has no reason to be down.
    Fail {
        /// Which.
        component: ComponentId,
        /// How its users notice.
        manner: Manner,
    },
    /// One reason to be down is gone.
    Repair {
        /// Which.
        component: ComponentId,
    },
    /// The link has another law from now on.
    SetLink {
        /// Which.
        link: LinkId,
        /// The new capacity.
        capacity: Capacity,
    },
    /// The link gives `rate` instead of what its law gives, or follows its law again where that
    /// was (none). An elastic law does not grow meanwhile.
    Override {
        /// Which.
        link: LinkId,
        /// What it gives per direction.
        rate: Option<Rate>,
    },
    /// An elastic link may grow up to `rate` from now on, and has no more; a fixed one has it at
    /// once.
    Ceiling {
        /// Which.
        link: LinkId,
        /// The new ceiling.
        rate: Rate,
    },
    /// The pool's size becomes `units`; units in use above it are kept until released.
    SetPool {
        /// Which.
        pool: PoolId,
        /// The new size.
        units: u64,
    },
    /// So many instances are wanted from now on.
    Want {
        /// Of which scaler.
        scaler: ScalerId,
        /// How many.
        instances: u32,
    },
    /// Every instance is replaced by a new one, a few at a time.
    Renew {
        /// Of which scaler.
        scaler: ScalerId,
        /// How many there may be beyond the wanted number.
        surge: u32,
        /// How many of the wanted number need not run meanwhile; not 0 together with the surge.
        unavailable: u32,
    },
    /// The oldest instances go at once, with what belongs to them, and new ones are made. Each new one
    /// takes its unit before the old one gives its own back.
    Displace {
        /// Of which scaler.
        scaler: ScalerId,
        /// How many.
        instances: u32,
    },
    /// A reason of a gate begins to hold, or does no more.
    Gate {
        /// Which.
        gate: GateId,
        /// Position in its list of reasons.
        reason: u32,
        /// Whether it holds from now on.
        holds: bool,
    },
    /// A branch is put on the list of those that a selector may choose, or taken off it, by
    /// decision and not by belief.
    List {
        /// Which.
        selector: SelectorId,
        /// Position in its list of branches.
        branch: u32,
        /// Whether it is on the list from now on.
        on: bool,
    },
    /// A selector by [`Policy::Priority`] or [`Policy::Stay`] takes this branch before all others from now on.
    Favour {
        /// Which.
        selector: SelectorId,
        /// Position in its list of branches.
        branch: u32,
    },
}

/// How the users of a failed component notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Packets vanish: clients wait for their timeouts.
    BlackHole,
    /// Live connections are reset and new ones refused at once.
    Reset,
    /// The same by a rule: who opens a connection is denied. For gates; elsewhere it is as `Reset`.
    Deny,
}

/// A fault as the user wrote it: the band on charts and the name in the table of gaps.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Its name in the scenario.
    pub name: String,
    /// What it does, in words: "zone a is lost".
    pub label: String,
    /// Start.
    pub from: Span,
    /// End; beyond the horizon for a fault that is not repaired. That of a planned change is its
    /// start.
    pub to: Span,
    /// Something that somebody does on purpose.
    pub planned: bool,
}

/// A number that no document gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// The thing and parameter: `endpoint.shop.record_ttl`.
    pub parameter: String,
    /// The value used, with its unit.
    pub value: String,
    /// Where the value comes from.
    pub source: String,
    /// A (read in current vendor documentation) to D (computed or inferred here), or `set` when
    /// the scenario gives it.
    pub confidence: String,
}

/// A warning or note that does not stop a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Stable code of the rule: `P-31`.
    pub code: String,
    /// `warning` or `note`.
    pub severity: String,
    /// Where in the scenario: `scenarios/x.toml:12:1`.
    pub place: String,
    /// What is the matter, why (with the source), and the fix.
    pub text: String,
}
