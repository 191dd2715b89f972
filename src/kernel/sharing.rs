//! Weighted max-min fair sharing of anonymous capacities, class by class.
//!
//! Flows with the same path, weight and cap form a *class*: they all run at one rate, so one clock
//! of attained work serves them all, and a flow is done when the clock reaches the mark it got at
//! its start. An event costs O(log flows) plus the repair of the rates it truly changes.
//!
//! **The repair** (in `repair`). An allocation is max-min fair exactly when each flow is at its cap, or crosses
//! a full resource on which no flow has a higher *level* (rate / weight) (Bertsekas & Gallager,
//! 6.5.2). So: re-share only the classes that changed, the others keeping what they have; then
//! look at the resources touched. Where that certificate no longer holds for a class outside the
//! set (its resource has room again, or another level), take it in and do it again. The set only
//! grows, and when nothing is to be taken in, the certificate holds everywhere.
//!
//! Work is in bytes and rates in bytes per ns; a completion is rounded up to the next ns.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::classheap::ClassHeap;
use super::time::Instant;

/// Levels and loads that differ by less than this share are equal.
pub(super) const EPSILON: f64 = 1e-12;
/// A class's clock is set back beyond this many bytes, so that marks keep 2^-17 byte of precision.
const REBASE: f64 = 68_719_476_736.0;

/// A capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResourceId(pub u32);

/// Flows of one path, weight and cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClassId(pub u32);

/// One flow. The id of a flow that is done or was removed is worthless, never wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowId {
    slot: u32,
    sequence: u64,
}

impl FlowId {
    /// A small number that no other flow under way has: an index for the owner's notes.
    pub const fn slot(self) -> u32 {
        self.slot
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

#[derive(Debug)]
pub(super) struct Member {
    pub(super) class: u32,
    /// Position of the resource in the class's path.
    pub(super) step: u32,
}

#[derive(Debug)]
pub(super) struct Resource {
    pub(super) capacity: f64,
    /// Load of the settled rates.
    pub(super) used: f64,
    /// Level of the classes it holds back; infinite when it holds none.
    pub(super) level: f64,
    /// How many active classes it holds back.
    pub(super) limited: u32,
    /// Active classes that cross it.
    pub(super) members: Vec<Member>,
    pub(super) changes: u32,
    pub(super) since: Instant,
    pub(super) seen: ResourceUse,
    // The repair's notes.
    pub(super) epoch: u32,
    /// Load of the classes outside the set.
    pub(super) frozen: f64,
    pub(super) in_set: u32,
    pub(super) was_limited_in_set: u32,
    pub(super) left: f64,
    pub(super) weight: f64,
    pub(super) open: u32,
    pub(super) new_level: f64,
    pub(super) top_level: f64,
}

/// A step of a path: a resource and how often it is crossed.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) resource: u32,
    pub(super) times: f64,
    /// Position in the resource's members while the class is active.
    pub(super) place: u32,
}

#[derive(Debug)]
pub(super) struct Class {
    pub(super) path: Vec<Step>,
    pub(super) weight: f64,
    pub(super) cap: f64,
    /// Active flows.
    pub(super) flows: u32,
    /// Active flows at the last settlement: what `Resource::used` counts.
    pub(super) settled: u32,
    pub(super) rate: f64,
    pub(super) level: f64,
    pub(super) bound: Bound,
    /// Attained work of a flow that was here from the last reset.
    pub(super) served: f64,
    pub(super) since: Instant,
    pub(super) marks: BinaryHeap<Reverse<(u64, u64, u32)>>,
    /// Marks in the heap whose flow was removed.
    pub(super) dead: u32,
    pub(super) work: f64,
    pub(super) held: Vec<(Bound, f64)>,
    // The repair's notes.
    pub(super) epoch: u32,
    pub(super) new_rate: f64,
    pub(super) new_level: f64,
    pub(super) new_bound: Bound,
}

#[derive(Debug)]
pub(super) struct Flow {
    class: u32,
    /// Sequence of the flow that owns the slot; 0 when free.
    sequence: u64,
    mark: f64,
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
    pub(super) resources: Vec<Resource>,
    pub(super) classes: Vec<Class>,
    pub(super) flows: Vec<Flow>,
    pub(super) free: Vec<u32>,
    pub(super) sequence: u64,
    pub(super) clock: ClassHeap,
    pub(super) now: Instant,
    pub(super) dirty_classes: Vec<u32>,
    pub(super) dirty_resources: Vec<u32>,
    pub(super) epoch: u32,
    /// Whether the set grows from several changes, which may be unrelated.
    pub(super) many_seeds: bool,
    pub(super) set: Vec<u32>,
    pub(super) touched: Vec<u32>,
    pub(super) open: Vec<u32>,
}

impl Sharing {
    /// Nothing yet, at the start of time.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a capacity in bytes per ns; 0 and infinity are legal.
    pub fn add_resource(&mut self, capacity: f64) -> ResourceId {
        assert!(capacity >= 0.0, "a capacity is a number not below 0");
        let id = u32::try_from(self.resources.len()).expect("fewer than 2^32 resources");
        self.resources.push(Resource {
            capacity,
            used: 0.0,
            level: f64::INFINITY,
            limited: 0,
            members: Vec::new(),
            changes: 0,
            since: self.now,
            seen: ResourceUse::default(),
            epoch: 0,
            frozen: 0.0,
            in_set: 0,
            was_limited_in_set: 0,
            left: 0.0,
            weight: 0.0,
            open: 0,
            new_level: -1.0,
            top_level: 0.0,
        });
        ResourceId(id)
    }

    /// Adds a class: `path` lists the resources its flows cross (a repeated one counts as often as
    /// it is listed), each flow has `weight` > 0 and runs at most at `cap` bytes per ns.
    pub fn add_class(&mut self, path: &[ResourceId], weight: f64, cap: f64) -> ClassId {
        assert!(
            weight > 0.0 && weight.is_finite() && cap >= 0.0,
            "a weight above 0 and a cap not below 0"
        );
        let id = u32::try_from(self.classes.len()).expect("fewer than 2^32 classes");
        let mut steps: Vec<Step> = Vec::with_capacity(path.len());
        for &ResourceId(resource) in path {
            match steps.iter_mut().find(|s| s.resource == resource) {
                Some(step) => step.times += 1.0,
                None => steps.push(Step { resource, times: 1.0, place: 0 }),
            }
        }
        self.classes.push(Class {
            path: steps,
            weight,
            cap,
            flows: 0,
            settled: 0,
            rate: 0.0,
            level: 0.0,
            bound: Bound::Free,
            served: 0.0,
            since: self.now,
            marks: BinaryHeap::new(),
            dead: 0,
            work: 0.0,
            held: Vec::new(),
            epoch: 0,
            new_rate: 0.0,
            new_level: 0.0,
            new_bound: Bound::Free,
        });
        self.clock.grow();
        ClassId(id)
    }

    /// Starts a flow of `bytes` (not negative) at `now`.
    pub fn start(&mut self, class: ClassId, bytes: f64, now: Instant) -> FlowId {
        self.pass(now);
        let ClassId(c) = class;
        self.accrue_class(c);
        if self.classes[c as usize].flows == 0 {
            self.join(c);
        }
        self.sequence += 1;
        let sequence = self.sequence;
        let it = &mut self.classes[c as usize];
        let mark = it.served + bytes;
        let flow = Flow { class: c, sequence, mark };
        let slot = if let Some(slot) = self.free.pop() {
            self.flows[slot as usize] = flow;
            slot
        } else {
            self.flows.push(flow);
            u32::try_from(self.flows.len() - 1).expect("fewer than 2^32 flows")
        };
        it.marks.push(Reverse((mark.to_bits(), sequence, slot)));
        it.flows += 1;
        self.dirty_classes.push(c);
        FlowId { slot, sequence }
    }

    /// Takes a flow out at `now`, before it is done. Returns the bytes it had left; none if it is
    /// not under way.
    pub fn remove(&mut self, flow: FlowId, now: Instant) -> Option<f64> {
        self.pass(now);
        let it = &self.flows[flow.slot as usize];
        if it.sequence != flow.sequence {
            return None;
        }
        let (c, mark) = (it.class, it.mark);
        self.accrue_class(c);
        self.flows[flow.slot as usize].sequence = 0;
        self.free.push(flow.slot);
        let class = &mut self.classes[c as usize];
        let left = (mark - class.served).max(0.0);
        class.dead += 1;
        self.leave(c);
        let class = &mut self.classes[c as usize];
        if class.dead as usize * 2 > class.marks.len() && class.marks.len() > 64 {
            let flows = &self.flows;
            class
                .marks
                .retain(|Reverse((_, sequence, slot))| flows[*slot as usize].sequence == *sequence);
            class.dead = 0;
        }
        Some(left)
    }

    /// Changes a capacity at `now`.
    pub fn set_capacity(&mut self, resource: ResourceId, capacity: f64, now: Instant) {
        assert!(capacity >= 0.0, "a capacity is a number not below 0");
        self.pass(now);
        self.accrue_resource(resource.0);
        if self.resources[resource.0 as usize].capacity != capacity {
            self.resources[resource.0 as usize].capacity = capacity;
            self.dirty_resources.push(resource.0);
        }
    }

    /// Changes the cap of a class at `now`; 0 stalls its flows.
    pub fn set_cap(&mut self, class: ClassId, cap: f64, now: Instant) {
        assert!(cap >= 0.0, "a cap is a number not below 0");
        self.pass(now);
        self.accrue_class(class.0);
        self.classes[class.0 as usize].cap = cap;
        self.dirty_classes.push(class.0);
    }

    /// When the next flow is done, if any will be.
    pub fn next_at(&mut self) -> Option<Instant> {
        self.settle();
        self.clock.first().map(|(at, _)| at)
    }

    /// Takes the next flow that is done, and passes to that instant.
    pub fn pop(&mut self) -> Option<(Instant, FlowId)> {
        self.settle();
        let (at, c) = self.clock.first()?;
        self.pass(at);
        self.accrue_class(c);
        self.drop_dead(c);
        let class = &mut self.classes[c as usize];
        let Reverse((bits, sequence, slot)) =
            class.marks.pop().expect("a class with a completion has a mark");
        let mark = f64::from_bits(bits);
        let over = class.served - mark;
        // Rounding up the instant carried the clock past the mark, or just short of it.
        class.work -= over;
        class.served = class.served.max(mark);
        for step in &class.path {
            self.resources[step.resource as usize].seen.bytes -= over * step.times;
        }
        self.flows[slot as usize].sequence = 0;
        self.free.push(slot);
        self.leave(c);
        Some((at, FlowId { slot, sequence }))
    }

    /// The present rate of each flow of a class, bytes per ns, and what holds it back.
    pub fn rate(&mut self, class: ClassId) -> (f64, Bound) {
        self.settle();
        let it = &self.classes[class.0 as usize];
        (it.rate, it.bound)
    }

    /// Number of flows under way in a class.
    pub fn active(&self, class: ClassId) -> u32 {
        self.classes[class.0 as usize].flows
    }

    /// The present load of a resource, bytes per ns.
    pub fn load(&mut self, resource: ResourceId) -> f64 {
        self.settle();
        self.resources[resource.0 as usize].used
    }

    /// Reads and restarts the integrals of a resource at `now`.
    pub fn read_resource(&mut self, resource: ResourceId, now: Instant) -> ResourceUse {
        self.pass(now);
        self.settle();
        self.accrue_resource(resource.0);
        let it = &mut self.resources[resource.0 as usize];
        let seen = it.seen;
        it.seen = ResourceUse { peak: it.used, ..ResourceUse::default() };
        seen
    }

    /// Reads and restarts a class's delivered bytes, and hands each (bound, flow x ns) since the
    /// last reading to `each`.
    pub fn read_class(
        &mut self,
        class: ClassId,
        now: Instant,
        mut each: impl FnMut(Bound, f64),
    ) -> f64 {
        self.pass(now);
        self.settle();
        self.accrue_class(class.0);
        let it = &mut self.classes[class.0 as usize];
        for (bound, flow_ns) in it.held.drain(..) {
            each(bound, flow_ns);
        }
        std::mem::take(&mut it.work)
    }

    fn pass(&mut self, now: Instant) {
        assert!(now >= self.now, "time never goes back");
        if now > self.now {
            self.settle();
            self.now = now;
        }
    }

    /// Brings a class's clock and integrals to the present.
    pub(super) fn accrue_class(&mut self, c: u32) {
        let it = &mut self.classes[c as usize];
        #[expect(clippy::cast_precision_loss, reason = "spans below 104 days are exact")]
        let dt = self.now.since(it.since) as f64;
        it.since = self.now;
        if it.flows == 0 || dt == 0.0 {
            return;
        }
        let flow_ns = dt * f64::from(it.flows);
        match it.held.iter_mut().find(|h| h.0 == it.bound) {
            Some(held) => held.1 += flow_ns,
            None => it.held.push((it.bound, flow_ns)),
        }
        if it.rate.is_finite() {
            it.served += it.rate * dt;
            it.work += it.rate * flow_ns;
        }
        if it.served > REBASE {
            self.rebase(c);
        }
    }

    fn rebase(&mut self, c: u32) {
        let it = &mut self.classes[c as usize];
        let base = std::mem::take(&mut it.served);
        let flows = &mut self.flows;
        it.marks = it
            .marks
            .drain()
            .filter(|Reverse((_, sequence, slot))| flows[*slot as usize].sequence == *sequence)
            .collect::<Vec<_>>()
            .into_iter()
            .map(|Reverse((bits, sequence, slot))| {
                let mark = (f64::from_bits(bits) - base).max(0.0);
                flows[slot as usize].mark = mark;
                Reverse((mark.to_bits(), sequence, slot))
            })
            .collect();
        it.dead = 0;
    }

    /// Brings a resource's integrals to the present.
    pub(super) fn accrue_resource(&mut self, r: u32) {
        let it = &mut self.resources[r as usize];
        #[expect(clippy::cast_precision_loss, reason = "spans below 104 days are exact")]
        let dt = self.now.since(it.since) as f64;
        it.since = self.now;
        if dt > 0.0 {
            it.seen.bytes += it.used * dt;
            it.seen.capacity += it.capacity * dt;
            it.seen.full_ns += if it.limited > 0 { dt } else { 0.0 };
            it.seen.peak = it.seen.peak.max(it.used);
        }
    }

    /// The class's first flow: it becomes a member of its resources.
    fn join(&mut self, c: u32) {
        let class = &mut self.classes[c as usize];
        class.served = 0.0;
        class.marks.clear();
        class.dead = 0;
        for (i, step) in class.path.iter_mut().enumerate() {
            let members = &mut self.resources[step.resource as usize].members;
            step.place = u32::try_from(members.len()).expect("fewer than 2^32 members");
            members.push(Member { class: c, step: u32::try_from(i).expect("a short path") });
        }
    }

    /// One flow fewer; with the last one the class leaves its resources.
    fn leave(&mut self, c: u32) {
        self.dirty_classes.push(c);
        self.classes[c as usize].flows -= 1;
        if self.classes[c as usize].flows > 0 {
            return;
        }
        for i in 0..self.classes[c as usize].path.len() {
            let Step { resource, place, .. } = self.classes[c as usize].path[i];
            let members = &mut self.resources[resource as usize].members;
            members.swap_remove(place as usize);
            if let Some(moved) = members.get(place as usize) {
                let (class, step) = (moved.class as usize, moved.step as usize);
                self.classes[class].path[step].place = place;
            }
        }
    }

    pub(super) fn drop_dead(&mut self, c: u32) {
        let class = &mut self.classes[c as usize];
        while class.dead > 0 {
            match class.marks.peek() {
                Some(Reverse((_, sequence, slot)))
                    if self.flows[*slot as usize].sequence != *sequence =>
                {
                    class.marks.pop();
                    class.dead -= 1;
                }
                _ => break,
            }
        }
    }
}

#[cfg(test)]
#[path = "sharing_tests.rs"]
mod tests;
