//! The five primitives, what they need to be up, and routes over them.

use crate::random::Dist;
use crate::units::{Rate, Span};

use super::{ComponentId, DelayId, Life, LinkId, PlaceId, PoolId, SelectorId, StationId};

/// Something that is up or down: a zone, a circuit, a site, a resolver.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// Unique name, `zone.a`.
    pub name: String,
    /// Of what it is made, if it is a group: a group is down while all of these are, and nothing else
    /// fails it. No group is made of groups.
    pub of: Vec<ComponentId>,
    /// Whose list says which members of a group count: they are in the order of this selector's
    /// branches, and one whose branch is not listed is as good as down. All count where it is absent.
    pub listed_by: Option<SelectorId>,
    /// What kind of thing it is, in a word or two: `circuit`, `access point`. Empty for parts of things.
    pub label: String,
    /// How it fails and is repaired by itself; it does not where this is absent.
    pub life: Option<Life>,
    /// What it takes down with it: a risk that these share. They are single ones, and take nothing.
    pub takes: Vec<ComponentId>,
}

impl Component {
    /// One that stands for itself.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            of: Vec::new(),
            listed_by: None,
            label: String::new(),
            life: None,
            takes: Vec::new(),
        }
    }
}

/// Bandwidth shared by the flows that cross it.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Unique name, `endpoint.shop.zone-a.eni`.
    pub name: String,
    /// What it stands for, for grouping in charts: `circuit`, `eni`, `throttle`.
    pub role: String,
    /// How much, and how that moves.
    pub capacity: Capacity,
    /// Whether the two directions share one capacity.
    pub duplex: Duplex,
    /// Components that must be up for it to carry anything.
    pub needs: Vec<ComponentId>,
    /// Charts of links list those that are true only; a link per throttle device, say, is detail.
    pub headline: bool,
}

/// A link whose capacity is divided among kinds of workloads, in each direction, rather than among
/// flows alone. Background load comes before all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Division {
    /// Which link; each is divided once.
    pub link: LinkId,
    /// What it is divided into, at least one.
    pub shares: Vec<Share>,
    /// For each workload, the position of its share.
    pub of: Vec<u32>,
}

/// What workloads of one kind get of a link together, however many flows they have: those of a lower
/// order are served first; those of one order divide what is left by their weights, and what one
/// does not use goes to the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// Unique name within the division.
    pub name: String,
    /// 0 is served first.
    pub order: u8,
    /// Relative weight within its order, above 0.
    pub weight: f64,
}

/// A link's capacity per direction.
#[derive(Clone, Debug, PartialEq)]
pub enum Capacity {
    /// Constant until a change.
    Fixed(Rate),
    /// Starts at `start`; at the end of every `step` in which the mean use of either direction was
    /// at least `trigger` x the capacity, grows by (ceiling - start) x step / ramp, up to
    /// `ceiling`. Under full pressure it therefore climbs linearly and arrives after `ramp`. It
    /// does not shrink within a run.
    Elastic {
        /// Capacity at time 0.
        start: Rate,
        /// Capacity it may reach.
        ceiling: Rate,
        /// Share of the capacity in use that lets it grow, 0..=1.
        trigger: f64,
        /// Time from start to ceiling under full pressure.
        ramp: Span,
        /// How often use is looked at, above 0.
        step: Span,
    },
    /// Drawn anew every `every` (no-guarantee bandwidth); the distribution is of bits per second.
    Random {
        /// Law of the capacity in bit/s.
        law: Dist,
        /// Interval between draws, above 0.
        every: Span,
    },
}

/// Whether two directions share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplex {
    /// Each direction has the whole capacity.
    Full,
    /// Both directions share the capacity.
    Half,
}

/// When a pool's unit is taken or a station visited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Once for each new connection; a pool's unit is held until the connection closes.
    Connection,
    /// For each request; a pool's unit is held until the request ends.
    Request,
}

/// Countable units held for a while.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// Unique name.
    pub name: String,
    /// Units, at least 0.
    pub units: u64,
    /// What happens to one who finds none.
    pub on_full: OnFull,
    /// A released unit stays unusable this long (TIME_WAIT).
    pub hold_after: Span,
    /// A connection that rests for this long loses its unit without being told: who uses it next is
    /// reset. Never where absent.
    pub idle: Option<Span>,
    /// Held by connections or by requests.
    pub scope: Scope,
    /// What kind of refusal it is.
    pub lack: Lack,
}

/// What a pool is short of when it is full: the cause that the error is counted under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// Connections or slots: `refused`.
    Slot,
    /// Source ports: `no_port`.
    Port,
    /// Addresses: `no_address`.
    Address,
}

/// What happens to one who finds a pool full.
#[derive(Clone, Debug, PartialEq)]
pub enum OnFull {
    /// Turned away at once.
    Refuse,
    /// Waits, first come first served.
    Wait {
        /// Most that may wait; no bound when absent. Those in service do not count.
        queue: Option<u64>,
        /// Longest wait; no bound when absent. An expired waiter gives its place up.
        timeout: Option<Span>,
    },
}

/// Servers with a service time and a first-come first-served queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Station {
    /// Unique name.
    pub name: String,
    /// How many are served at once.
    pub servers: Servers,
    /// Service time in nanoseconds.
    pub service: Dist,
    /// Most that may wait; no bound when absent.
    pub queue: Option<u64>,
    /// Longest wait before service; no bound when absent.
    pub timeout: Option<Span>,
    /// Visited by connections or by requests. A resolver's is not looked at.
    pub scope: Scope,
    /// Components that must be up for it to answer.
    pub needs: Vec<ComponentId>,
}

/// How many servers a station has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Servers {
    /// This many, at least 1.
    Count(u32),
    /// As many as needed: a pure delay that is measured as a station.
    Unlimited,
}

/// Propagation, one way.
#[derive(Clone, Debug, PartialEq)]
pub struct Delay {
    /// Unique name.
    pub name: String,
    /// One-way delay in nanoseconds, drawn for each crossing.
    pub law: Dist,
    /// Another law for clients in one place: the short way within a zone.
    pub local: Option<(PlaceId, Dist)>,
}

/// A choice among branches, by policy and by what is believed to be up.
#[derive(Clone, Debug, PartialEq)]
pub struct Selector {
    /// Unique name.
    pub name: String,
    /// What it stands for: `dns`, `ecmp`, `throttle`.
    pub role: String,
    /// How a branch is chosen among those believed up.
    pub policy: Policy,
    /// The branches, at least one.
    pub branches: Vec<Branch>,
    /// Whether and how fast belief follows truth.
    pub belief: Belief,
    /// With naming, a client chooses through a name and keeps its answer for a time; a live
    /// connection then stays on its branch whatever the belief. Without, live connections are moved
    /// as soon as the belief changes.
    pub naming: Option<Naming>,
    /// Shares of its branches appear in the results.
    pub headline: bool,
}

/// How a selector chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// By a hash of the connection, drawn anew in each replication; weights count only with
    /// [`Rehash::Rendezvous`].
    Hash(Rehash),
    /// The first branch believed up, in the order of the list.
    Priority,
    /// The first branch believed up; once there it stays until that one is believed down, and then
    /// takes the next.
    Stay,
    /// At random, in proportion to the weights.
    Random,
    /// A branch in the client's own place if one is believed up, otherwise at random by weight.
    Prefer,
    /// The same for packets rather than connections: live connections go where new ones would, home
    /// as soon as a branch there is believed up.
    Home,
}

/// How hashed connections move when the set of members changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rehash {
    /// hash mod N over the members believed up: a change of N moves most connections.
    ModN,
    /// Weighted rendezvous (highest random weight): only the failed member's connections move.
    Rendezvous,
}

/// What is special about a selector by [`Policy::Hash`].
#[derive(Clone, Debug, PartialEq)]
pub struct Hashing {
    /// Which selector.
    pub selector: SelectorId,
    /// Selectors of one seed have one hash: they choose alike. Each has its own where absent.
    pub seed: Option<u64>,
    /// Most branches that are chosen among: the first of those that could be. All where absent.
    pub most: Option<u32>,
}

/// One way out of a selector.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    /// Name, unique within the selector; appears in shares.
    pub name: String,
    /// Relative weight, above 0.
    pub weight: f64,
    /// Where it is, for [`Policy::Prefer`] and [`Policy::Home`].
    pub place: Option<PlaceId>,
    /// The hops of this branch.
    pub hops: Vec<Hop>,
    /// What the selector's detector watches: the branch is truly up while all of these are.
    pub watches: Vec<ComponentId>,
    /// Whether it may be chosen at time 0; changes put branches on the list and take them off.
    pub listed: bool,
    /// Branches of the lowest tier that has one to choose are chosen among; those of others are their
    /// standby. The lowest tier is chosen where none is believed up.
    pub tier: u32,
}

/// How a selector comes to know.
#[derive(Clone, Debug, PartialEq)]
pub enum Belief {
    /// Believes every branch up for ever.
    Blind,
    /// Follows truth after detection.
    Watched(Detector),
}

/// Delays from truth to belief. Each is drawn once per change and branch.
#[derive(Clone, Debug, PartialEq)]
pub struct Detector {
    /// How it is called in reports: `BFD 1 s x 3`.
    pub label: String,
    /// From failure to its detection, ns.
    pub detect_down: Dist,
    /// From repair to its detection, ns.
    pub detect_up: Dist,
    /// From detection to the change of the choice (record update, reprogramming), ns.
    pub propagate: Dist,
}

/// Choosing through a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Naming {
    /// The station that answers queries; answers take no time when absent.
    pub resolver: Option<StationId>,
    /// How long an answer is valid.
    pub ttl: Span,
    /// A cache shared by all clients, in front of the record, that hands out its answers with a
    /// whole TTL again; none when absent.
    pub shared_cache: Option<Span>,
    /// How long the answer "no address" is kept.
    pub negative_ttl: Span,
}

/// A step of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hop {
    /// Bytes cross a link: requests forward, responses backward.
    Link(LinkId),
    /// The same link crossed against its direction: requests backward, responses forward.
    Against(LinkId),
    /// Time passes, in both directions.
    Delay(DelayId),
    /// A unit is held.
    Pool(PoolId),
    /// A station is visited.
    Station(StationId),
    /// A branch is taken and its hops follow.
    Selector(SelectorId),
    /// A component must be up for the path to work.
    Need(ComponentId),
}

/// A way through the network from a workload to what serves it.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// Unique name.
    pub name: String,
    /// The hops in order.
    pub hops: Vec<Hop>,
}
