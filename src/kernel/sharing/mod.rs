//! Weighted max-min fair sharing of anonymous capacities, by bottleneck.
//!
//! Flows with the same path, weight and cap form a *class*. In a max-min allocation each class is
//! held back by one full resource or by its own ceiling (cap / weight), and runs at that one's
//! *level* (rate / weight). So the classes that a resource holds form its *group*: they share one
//! level and one clock of attained work, and a flow is done when the clock reaches the mark that
//! it got at its start. However many flows there are, no more rates exist than resources and
//! ceilings.
//!
//! An allocation is max-min fair exactly when each class is at its ceiling, or in the group of a
//! full resource on which nobody has a higher level (Bertsekas & Gallager, 6.5.2). `level` repairs
//! this after a change, resource by resource, lowest level first: only levels that change are
//! touched, and a class only when its bottleneck moves.
//!
//! | file | holds |
//! |---|---|
//! | `mod` | what the owner can ask; starts, ends and removals of flows |
//! | `level` | the repair of levels |
//! | `membership` | a class in a group, at its ceiling, and on its way between them |
//! | `accounts` | integrals of work, load and what held whom back |
//! | `lanes` | strict priorities |
//! | `cells` | which groups cross which resources |
//! | `queue`, `heap`, `soonest` | flows of a class, classes of a group, groups: by completion |
//! | `flows` | who is under way |
//!
//! Work is in bytes and rates in bytes per ns; a completion is rounded up to the next ns.

mod accounts;
mod cells;
mod flows;
mod heap;
mod lanes;
mod level;
mod marks;
mod membership;
mod queue;
mod soonest;
#[cfg(test)]
mod tests;

use super::classheap::ClassHeap;
use super::time::Instant;
use accounts::{Account, Posting};
use cells::Cells;
use flows::Flows;
use heap::Heap;
use lanes::Lanes;
use marks::Marks;
use membership::ROOM;
use queue::Queue;
use soonest::Soonest;

/// No index.
const NONE: u32 = u32::MAX;
/// Clocks are set back beyond this many bytes, so that marks keep 2^-17 byte of precision.
const REBASE: f64 = 68_719_476_736.0;
/// Share of a mark by which work may be off: sums of many roundings.
const HAIR: f64 = 4e-15;
/// Classes have numbers of this many bits at most.
const CLASS_BITS: u32 = 26;

/// A capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResourceId(pub u32);

/// Flows of one path, weight and cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClassId(pub u32);

/// One flow. The id of a flow that is done or was removed is worthless, never wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowId(u64);

impl FlowId {
    /// A small number that no other flow under way has: an index for the owner's notes.
    pub const fn slot(self) -> u32 {
        flows::slot(self.0)
    }
}

/// What holds a class back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bound {
    /// Nothing: its rate is infinite.
    Free,
    /// Its own cap.
    Cap,
    /// A cap of 0.
    Stalled,
    /// A full resource.
    Resource(ResourceId),
}

/// Integrals of a resource since its last reading.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ResourceUse {
    /// Bytes carried.
    pub bytes: f64,
    /// Integral of the capacity, bytes.
    pub capacity: f64,
    /// Time in ns during which it held some class back.
    pub full_ns: f64,
    /// Greatest load since then, bytes per ns.
    pub peak: f64,
}

/// What every repair looks at of a resource: one line of cache.
#[derive(Debug)]
struct Link {
    capacity: f64,
    /// Level of its group; infinite while it holds none.
    level: f64,
    /// Flows x weight x crossings of its group.
    size: f64,
    /// The same of all flows that cross it.
    share: f64,
    /// Classes in its group.
    holds: u32,
    /// Its next completion may have moved.
    touched: bool,
}

/// The rest of a resource: its group's clock and classes, and who crosses it.
#[derive(Debug)]
struct Group {
    /// Work attained since the clock's zero, per weight, at `since`.
    clock: f64,
    since: u64,
    /// Classes by the mark at which their first flow is done, on this clock.
    finish: Heap,
    /// Classes that have a ceiling, by it.
    ceilings: Heap,
    /// All active classes that cross the resource.
    members: Vec<Member>,
    /// How many of them are at their own ceiling.
    own: u32,
    /// Repairs since the load was last summed afresh.
    repairs: u32,
    account: Account,
}

#[derive(Clone, Copy, Debug)]
struct Member {
    active: u32,
    /// Index in the class's steps.
    step: u32,
}

/// A resource on an active class's path.
#[derive(Clone, Copy, Debug)]
struct Step {
    link: u32,
    /// Position among the resource's members.
    place: u32,
    /// Weight x crossings.
    share: f64,
}

/// Hops that a class holds itself.
const HOPS: usize = 4;

/// A class as its owner knows it: one line of cache, as a flow that starts may well be the first of
/// its class in a long time.
#[derive(Debug)]
#[repr(align(64))]
struct Class {
    weight: f64,
    /// Highest level: cap / weight.
    ceiling: f64,
    /// Its entry in `actives`, or [`NONE`] without flows.
    active: u32,
    /// Number of its hops: (resource, crossings). Up to four are here, more in its part of `hops`.
    hops: u32,
    first_hop: u32,
    few_hops: [(u32, u32); HOPS],
}

/// What a class did since its last reading.
#[derive(Debug)]
struct Done {
    /// Bytes delivered, and time x flows by what held them back, since the last reading.
    work: f64,
    held: f64,
    held_by: u32,
    /// The same of earlier bounds.
    held_before: Vec<(u32, f64)>,
}

/// A class that has flows under way.
#[derive(Debug, Default)]
struct Active {
    class: u32,
    /// The resource that holds it, or [`NONE`] at its own ceiling.
    group: u32,
    /// Positions in the group's heaps.
    at: u32,
    ceiling_at: u32,
    flows: u32,
    /// Its path. The memory stays with the entry.
    steps: Vec<Step>,
    /// Its flows in `queues` once there were two, else [`NONE`].
    queue: u32,
    /// Removed flows that are still in the queue.
    dead: u32,
    ceiling: f64,
    /// Attained work of a flow that was here from the start = the group's clock + this; at its own
    /// ceiling, this, as of the last account.
    offset: f64,
    /// The first flow to be done: mark in attained work, and tag.
    head: f64,
    tag: u64,
    /// Earlier bounds and flows x ns under each; as of the last move.
    past: Vec<(u32, f64)>,
    // Accounts not yet posted, per weight; as of `since`, when `attained` had been attained.
    since: u64,
    attained: f64,
    work: f64,
    held: f64,
}

/// Max-min fair sharing. See the module's documentation.
///
/// ```
/// use highwater::kernel::{Instant, Sharing};
/// let mut sharing = Sharing::new();
/// let link = sharing.add_resource(1.0); // 1 byte per ns = 8 Gbit/s
/// let class = sharing.add_class(&[link], 1.0, f64::INFINITY);
/// let a = sharing.start(class, 100.0, Instant::START);
/// let b = sharing.start(class, 300.0, Instant::START);
/// // Both run at 1/2 until a is done at 200; b has 200 left and is alone: done at 400.
/// assert_eq!(sharing.pop(), Some((Instant::from_nanos(200), a)));
/// assert_eq!(sharing.pop(), Some((Instant::from_nanos(400), b)));
/// assert_eq!(sharing.pop(), None);
/// ```
#[derive(Debug, Default)]
pub struct Sharing {
    links: Vec<Link>,
    /// Of each resource, the load of the classes that it does not hold. These three lie in arrays
    /// of their own because a change of a level goes through many at once.
    used: Vec<f64>,
    /// Nobody that crosses it and is not in its group has a level above this.
    top: Vec<f64>,
    /// Its level must be looked at once its load is above this: always while it holds classes
    /// (minus infinity), when it is over its capacity while it holds none, never while it is
    /// marked or under repair (infinity).
    alarm: Vec<f64>,
    groups: Vec<Group>,
    cells: Cells,
    lanes: Lanes,
    /// (resource, crossings) of the paths of classes with many hops.
    hops: Vec<(u32, u32)>,
    classes: Vec<Class>,
    done: Vec<Done>,
    journal: Vec<Posting>,
    actives: Vec<Active>,
    free_actives: Vec<u32>,
    queues: Vec<Queue>,
    free_queues: Vec<u32>,
    flows: Flows,
    now: u64,
    /// Next completion of each group, and of each class at its own ceiling.
    soonest: Soonest,
    own: ClassHeap,
    /// The next completion of all and its group ([`NONE`] for a class at its ceiling), if it is
    /// known.
    next: Option<(u64, u32)>,
    marks: Marks,
    touched: Vec<u32>,
    /// Whether peaks of load are followed.
    watched: bool,
    // The repair's notes.
    faster: Vec<level::Faster>,
    moved: Vec<u32>,
    repairs: u64,
}

impl Sharing {
    /// Nothing yet, at the start of time.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a capacity in bytes per ns; 0 and infinity are legal.
    pub fn add_resource(&mut self, capacity: f64) -> ResourceId {
        assert!(capacity >= 0.0, "a capacity is a number not below 0");
        let id = u32::try_from(self.links.len()).expect("fewer than 2^32 resources");
        self.links.push(Link {
            capacity,
            level: f64::INFINITY,
            size: 0.0,
            share: 0.0,
            holds: 0,
            touched: false,
        });
        self.used.push(0.0);
        self.top.push(0.0);
        self.alarm.push(capacity * ROOM);
        self.groups.push(Group {
            clock: 0.0,
            since: self.now,
            finish: Heap::default(),
            ceilings: Heap::default(),
            members: Vec::new(),
            own: 0,
            repairs: 0,
            account: Account::new(self.now),
        });
        self.cells.grow();
        self.lanes.grow();
        self.marks.grow();
        self.soonest.grow();
        ResourceId(id)
    }

    /// Adds a class: `path` lists the resources its flows cross (a repeated one counts as often as
    /// it is listed), each flow has `weight` > 0 and runs at most at `cap` bytes per ns. Weights are
    /// summed in f64: of weights that differ 10^k-fold, k of 16 digits of the least are lost.
    pub fn add_class(&mut self, path: &[ResourceId], weight: f64, cap: f64) -> ClassId {
        self.add_class_of(path, weight, cap, 0)
    }

    /// Adds a class of a priority: classes of priority 0 share as if there were no others, those of
    /// priority 1 share what these leave, and so on.
    ///
    /// ```
    /// use highwater::kernel::{Instant, Sharing};
    /// let mut sharing = Sharing::new();
    /// let link = sharing.add_resource(1.0);
    /// let first = sharing.add_class_of(&[link], 1.0, 0.75, 0);
    /// let second = sharing.add_class_of(&[link], 1.0, f64::INFINITY, 1);
    /// sharing.start(first, 100.0, Instant::START);
    /// sharing.start(second, 100.0, Instant::START);
    /// assert_eq!((sharing.rate(first).0, sharing.rate(second).0), (0.75, 0.25));
    /// ```
    pub fn add_class_of(
        &mut self,
        path: &[ResourceId],
        weight: f64,
        cap: f64,
        priority: u8,
    ) -> ClassId {
        assert!(
            weight > 0.0 && weight.is_finite() && cap >= 0.0,
            "a weight above 0 and a cap not below 0"
        );
        let id = u32::try_from(self.classes.len()).expect("fewer than 2^32 classes");
        assert!(id < 1 << CLASS_BITS, "fewer than 2^26 classes");
        let mut hops: Vec<(u32, u32)> = Vec::with_capacity(path.len());
        for &ResourceId(link) in path {
            assert!((link as usize) < self.links.len(), "a path over resources of this sharing");
            let link = self.lane(link, priority);
            match hops.iter_mut().find(|hop| hop.0 == link) {
                Some(hop) => hop.1 += 1,
                None => hops.push((link, 1)),
            }
        }
        let mut few_hops = [(0, 0); HOPS];
        let first_hop = u32::try_from(self.hops.len()).expect("fewer than 2^32 hops");
        if hops.len() <= HOPS {
            few_hops[..hops.len()].copy_from_slice(&hops);
        } else {
            self.hops.extend_from_slice(&hops);
        }
        self.classes.push(Class {
            weight,
            ceiling: cap / weight,
            active: NONE,
            hops: u32::try_from(hops.len()).expect("fewer than 2^32 hops"),
            first_hop,
            few_hops,
        });
        self.done.push(Done { work: 0.0, held: 0.0, held_by: NONE, held_before: Vec::new() });
        self.own.grow();
        ClassId(id)
    }

    /// Starts a flow of `bytes` (not negative) at `now`.
    pub fn start(&mut self, class: ClassId, bytes: f64, now: Instant) -> FlowId {
        self.pass(now.nanos());
        let c = class.0;
        let tag = self.flows.tag();
        assert!(bytes >= 0.0, "bytes are a number not below 0");
        // (A zero has a sign, which would count in the order of marks.)
        let need = (bytes + 0.0) / self.classes[c as usize].weight;
        let k = self.classes[c as usize].active;
        let mark = if k == NONE { self.open(c, need, tag) } else { self.add_flow(k, need, tag) };
        self.flows.begin(tag, c, mark);
        FlowId(tag)
    }

    /// One more flow of a class that has some; its mark.
    #[inline]
    fn add_flow(&mut self, k: u32, need: f64, tag: u64) -> f64 {
        self.account(k);
        let it = &mut self.actives[k as usize];
        let mark = (it.attained + need).max(0.0);
        if it.queue == NONE {
            it.queue = self.free_queues.pop().unwrap_or_else(|| {
                self.queues.push(Queue::default());
                u32::try_from(self.queues.len() - 1).expect("fewer queues than classes")
            });
            self.queues[it.queue as usize].push(it.head, it.tag);
        }
        self.queues[it.queue as usize].push(mark, tag);
        it.flows += 1;
        let first = mark < it.head;
        if first {
            it.head = mark;
            it.tag = tag;
        }
        self.weigh(k, 1.0);
        if first {
            self.rekey(k);
        }
        self.reschedule(k);
        self.stir(k);
        mark
    }

    /// Takes a flow out at `now`, before it is done. Returns the bytes it had left; none if it is
    /// not under way.
    pub fn remove(&mut self, flow: FlowId, now: Instant) -> Option<f64> {
        self.pass(now.nanos());
        let (c, _) = self.flows.get(flow.0)?;
        let k = self.classes[c as usize].active;
        // May set the clock of the class back, and the mark with it.
        self.account(k);
        let (_, mark) = self.flows.get(flow.0)?;
        self.flows.end(flow.0);
        let it = &mut self.actives[k as usize];
        let left = (mark - it.attained).max(0.0) * self.classes[c as usize].weight;
        // What rounding up its end would have carried beyond it was not delivered.
        it.work -= (it.attained - mark).max(0.0);
        if self.actives[k as usize].flows == 1 {
            self.close(k);
            return Some(left);
        }
        self.actives[k as usize].dead += 1;
        self.less(k);
        self.purge(k);
        Some(left)
    }

    /// Changes a capacity at `now`.
    pub fn set_capacity(&mut self, resource: ResourceId, capacity: f64, now: Instant) {
        assert!(capacity >= 0.0, "a capacity is a number not below 0");
        self.pass(now.nanos());
        self.change_capacity(resource.0, capacity);
    }

    fn change_capacity(&mut self, r: u32, capacity: f64) {
        let old = self.links[r as usize].capacity;
        if old == capacity {
            return;
        }
        if old == f64::INFINITY || capacity == f64::INFINITY {
            // So that an infinite alarm does not say that it is marked.
            self.repair();
        }
        self.account_link(r);
        let link = &mut self.links[r as usize];
        link.capacity = capacity;
        if self.alarm[r as usize] < f64::INFINITY || old == f64::INFINITY {
            self.alarm[r as usize] = link.alarm();
        }
        if link.holds == 0 {
            self.marks.set_key(r, capacity / link.share);
        }
        if capacity == f64::INFINITY {
            self.let_go(r);
        } else if old == f64::INFINITY {
            self.catch(r);
        }
        self.sum_afresh(r);
        self.mark(r);
        self.next = None;
    }

    /// Changes the cap of a class at `now`; 0 stalls its flows.
    pub fn set_cap(&mut self, class: ClassId, cap: f64, now: Instant) {
        assert!(cap >= 0.0, "a cap is a number not below 0");
        self.pass(now.nanos());
        let class = &mut self.classes[class.0 as usize];
        class.ceiling = cap / class.weight;
        let (k, ceiling) = (class.active, class.ceiling);
        if k != NONE {
            self.set_ceiling(k, ceiling);
        }
    }

    /// When the next flow is done, if any will be.
    #[inline]
    pub fn next_at(&mut self) -> Option<Instant> {
        let (at, _) = self.find_next();
        (at < u64::MAX).then(|| Instant::from_nanos(at))
    }

    /// Takes the next flow that is done, and passes to that instant. (Time must not have been passed
    /// beyond it: take what is done before anything later is said.) At one instant: groups before
    /// classes at their ceiling, each by number; within a class, who started first.
    #[inline]
    pub fn pop(&mut self) -> Option<(Instant, FlowId)> {
        let (at, g) = self.find_next();
        if at == u64::MAX {
            return None;
        }
        let k = if g == NONE {
            let (_, c) = self.own.first().expect("a class with an end");
            self.classes[c as usize].active
        } else {
            self.groups[g as usize].finish.first().expect("a group with an end").1
        };
        assert!(at >= self.now, "what is done is taken before time goes on");
        self.now = at;
        self.account(k);
        let it = &mut self.actives[k as usize];
        // Rounding up the instant carried the clock past the mark, or just short of it.
        it.work -= it.attained - it.head;
        let tag = it.tag;
        self.flows.end(tag);
        if it.flows == 1 {
            self.close(k);
        } else {
            self.queues[it.queue as usize].pop();
            self.less(k);
        }
        Some((Instant::from_nanos(at), FlowId(tag)))
    }

    /// The present rate of each flow of a class, bytes per ns, and what holds it back; 0 and
    /// [`Bound::Free`] for a class without flows.
    pub fn rate(&mut self, class: ClassId) -> (f64, Bound) {
        self.settle();
        let it = &self.classes[class.0 as usize];
        match it.active {
            NONE => (0.0, Bound::Free),
            k => (self.level_of(k) * it.weight, self.bound(k)),
        }
    }

    /// Number of flows under way in a class.
    pub fn active(&self, class: ClassId) -> u32 {
        match self.classes[class.0 as usize].active {
            NONE => 0,
            k => self.actives[k as usize].flows,
        }
    }

    /// The present load of a resource, bytes per ns.
    pub fn load(&mut self, resource: ResourceId) -> f64 {
        self.settle();
        self.load_of_all(resource.0)
    }

    /// Has peaks of load followed; without, a reading's peak is that of the times when the resource
    /// was full and of the reading itself.
    pub fn watch_peaks(&mut self) {
        self.watched = true;
    }

    /// The next completion: its instant (`u64::MAX` for none) and group.
    #[inline]
    fn find_next(&mut self) -> (u64, u32) {
        self.settle();
        if let Some(next) = self.next {
            return next;
        }
        let (mut at, mut g) = self.soonest.first();
        if let Some((own, _)) = self.own.first()
            && own.nanos() < at
        {
            (at, g) = (own.nanos(), NONE);
        }
        self.next = Some((at, g));
        (at, g)
    }

    #[inline]
    fn pass(&mut self, now: u64) {
        assert!(now >= self.now, "time never goes back");
        if now > self.now {
            self.settle();
            self.now = now;
        }
    }

    /// Repairs what changed at the present instant, and says anew when groups complete.
    #[inline]
    fn settle(&mut self) {
        if !self.marks.is_empty() {
            self.repair();
        }
        if !self.lanes.is_empty() && (self.next.is_none() || !self.touched.is_empty()) {
            self.settle_lanes();
        }
        if !self.touched.is_empty() {
            self.schedule();
        }
    }
}

impl Link {
    /// Where the alarm must stand while it is not marked.
    #[inline]
    fn alarm(&self) -> f64 {
        if self.holds > 0 { f64::NEG_INFINITY } else { self.capacity * ROOM }
    }
}

/// The greater of two numbers that are not negative: so are their bits.
#[inline]
fn greater(a: f64, b: f64) -> f64 {
    f64::from_bits(a.to_bits().max(b.to_bits()))
}

/// A span in ns as a number.
#[inline]
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    reason = "spans below 104 days are exact, and none reaches 2^63"
)]
fn span(from: u64, to: u64) -> f64 {
    (to - from) as i64 as f64
}

/// The instant at which `left` on the way to a mark is done at `level` from `now` on, rounded up;
/// `u64::MAX` for never. Work is known to a few ulp of the mark: a completion that is on a whole ns
/// but for this must not come a ns late.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "0 < ns < 1e18"
)]
fn done_at(now: u64, left: f64, mark: f64, level: f64) -> u64 {
    let left = left - mark * HAIR;
    if left <= 0.0 || level == f64::INFINITY {
        return now;
    }
    let ns = left / level;
    if ns < 1e18 {
        // Not `ceil`, which is a call on processors without SSE4.1.
        let whole = ns as i64;
        now.saturating_add(whole as u64 + u64::from((whole as f64) < ns))
    } else {
        u64::MAX
    }
}
