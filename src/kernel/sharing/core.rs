//! The state of a sharing, and what happens to flows.

use super::accounts::Account;
use super::few::Few;
use super::flows::Flows;
use super::form::{Faster, Form, Mask};
use super::heap::Heap;
use super::lanes::Lanes;
use super::many::Many;
use super::queue::Queue;
use super::slots::{Listed, Slots as _};
use super::{Bound, ClassId, FlowId, NONE, ResourceId};
use crate::kernel::classheap::ClassHeap;
use crate::kernel::time::Instant;

/// A resource is over its capacity beyond this factor.
const ROOM: f64 = 1.0 + 4e-12;
/// Share of a mark by which work may be off: sums of many roundings.
const HAIR: f64 = 4e-15;
/// Classes have numbers of this many bits at most.
const CLASS_BITS: u32 = 26;

/// What every change looks at of a resource.
#[derive(Debug, Default)]
pub(super) struct Link {
    pub(super) capacity: f64,
    /// Flows x weight x crossings of its group.
    pub(super) size: f64,
    /// The same of all flows that cross it.
    pub(super) share: f64,
    /// Classes in its group.
    pub(super) holds: u32,
    /// Classes at their own ceiling that cross it.
    pub(super) own: u32,
    /// Repairs until its sums are made afresh.
    pub(super) fresh_for: u32,
}

/// A resource's group: its clock and classes.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// Work attained since the clock's zero, per weight, at `since`.
    pub(super) clock: f64,
    pub(super) since: u64,
    /// Classes by the mark at which their first flow is done, on this clock.
    pub(super) finish: Heap,
    /// Classes that have a ceiling, by it.
    pub(super) ceilings: Heap,
    /// Classes at their own ceiling that cross the resource, the highest first (keys are negative).
    pub(super) own: Heap,
}

/// A resource on a class's path.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) link: u32,
    /// How often it is crossed.
    pub(super) times: f32,
}

impl Step {
    /// What flows of so much weight count here.
    #[inline]
    pub(super) fn share(self, weight: f64) -> f64 {
        weight * f64::from(self.times)
    }
}

/// A class as its owner knows it, but for its way: one line of cache.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Class {
    pub(super) weight: f64,
    /// Highest level: cap / weight.
    pub(super) ceiling: f64,
    /// What it did since its last reading: bytes delivered, and what held it back for how long.
    pub(super) work: f64,
    pub(super) by: Holders<3>,
    /// Any others that held it back: a list of `held_also`, or [`NONE`].
    pub(super) also: u32,
    pub(super) time: Times<3>,
}

/// What held a class back: the first few that do. (Beside their times, not one by one, so that no
/// bytes are lost between them.)
pub(super) type Holders<const N: usize> = [u32; N];
/// Time x flows by each of them.
pub(super) type Times<const N: usize> = [f64; N];

/// Adds some time; whether there was a place for it.
#[inline]
pub(super) fn held<const N: usize>(
    by: &mut Holders<N>,
    times: &mut Times<N>,
    holder: u32,
    time: f64,
) -> bool {
    for (place, sum) in by.iter_mut().zip(times) {
        if *place == holder || *place == NONE {
            *place = holder;
            *sum += time;
            return true;
        }
    }
    false
}

/// What there was so far; forgets it.
#[inline]
pub(super) fn take_held<const N: usize>(
    by: &mut Holders<N>,
    times: &mut Times<N>,
) -> impl Iterator<Item = (u32, f64)> + use<N> {
    let by = std::mem::replace(by, [NONE; N]);
    let times = std::mem::replace(times, [0.0; N]);
    by.into_iter().zip(times).take_while(|(by, _)| *by != NONE)
}

/// Where a class is, and where it leads: what is looked up first when a flow starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    /// Its entry in `actives`, or [`NONE`] without flows.
    pub(super) active: u32,
    pub(super) path: Path,
}

/// Where the steps of a path are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Path {
    first: u32,
    len: u32,
}

impl Path {
    #[inline]
    pub(super) fn of(self, steps: &[Step]) -> &[Step] {
        &steps[self.first as usize..][..self.len as usize]
    }

    /// Positions among all steps.
    #[inline]
    pub(super) fn range(self) -> std::ops::Range<usize> {
        self.first as usize..(self.first + self.len) as usize
    }
}

/// A class that has flows under way: two lines of cache.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Active {
    /// [`NONE`] while the entry is free.
    pub(super) class: u32,
    /// The resource that holds it, or [`NONE`] at its own ceiling.
    pub(super) group: u32,
    pub(super) flows: u32,
    /// Its flows in `queues` once there were two, else [`NONE`].
    pub(super) queue: u32,
    pub(super) mask: Mask,
    pub(super) path: Path,
    pub(super) weight: f64,
    pub(super) ceiling: f64,
    /// Attained work of a flow that was here from the start = the group's clock + this; at its own
    /// ceiling, this, as of the last account.
    pub(super) offset: f64,
    /// The first flow to be done: mark in attained work, and tag.
    pub(super) head: f64,
    pub(super) tag: u64,
    // Accounts not yet posted.
    /// Work per weight, but for what the flows under way attained: what flows that ended had
    /// attained less what all had attained already when they began.
    pub(super) work: f64,
    /// Time x flows under the present bound up to `since`, the last account.
    pub(super) since: u64,
    pub(super) held: f64,
    /// The same under earlier bounds.
    pub(super) by: Holders<2>,
    pub(super) time: Times<2>,
}

impl Default for Active {
    fn default() -> Self {
        Self {
            class: NONE,
            group: NONE,
            flows: 0,
            queue: NONE,
            mask: Mask::default(),
            path: Path::default(),
            weight: 0.0,
            ceiling: 0.0,
            offset: 0.0,
            head: 0.0,
            tag: 0,
            work: 0.0,
            since: 0,
            held: 0.0,
            by: [NONE; 2],
            time: [0.0; 2],
        }
    }
}

/// A sharing with its matrix in some form.
#[derive(Debug, Default)]
pub(super) struct Core<F: Form> {
    /// How many resources there are.
    pub(super) len: u32,
    pub(super) links: F::Of<Link>,
    // What a repair looks at of many resources at once lies in arrays of its own.
    /// Level of each group; infinite while it holds none.
    pub(super) levels: F::Of<f64>,
    /// Of each resource, the load of the classes that it does not hold.
    pub(super) used: F::Of<f64>,
    /// Load beyond which a resource that holds nobody is over its capacity.
    pub(super) room: F::Of<f64>,
    pub(super) groups: F::Of<Group>,
    pub(super) accounts: F::Of<Account>,
    pub(super) form: F,
    pub(super) lanes: Lanes,
    pub(super) steps: Vec<Step>,
    /// Of each step, its place among the resource's classes at their own ceiling.
    pub(super) places: Vec<u32>,
    pub(super) ways: Vec<Way>,
    pub(super) classes: Vec<Class>,
    pub(super) held_also: Vec<Vec<(u32, f64)>>,
    pub(super) actives: Vec<Active>,
    /// Positions of active classes in the heaps of their group. (Heaps write these often: here many
    /// lie in a line of cache.)
    pub(super) finish_at: Vec<u32>,
    pub(super) ceiling_at: Vec<u32>,
    pub(super) free_actives: Vec<u32>,
    pub(super) queues: Vec<Queue>,
    pub(super) free_queues: Vec<u32>,
    pub(super) flows: Flows,
    pub(super) now: u64,
    /// Next completion of each class at its own ceiling.
    pub(super) own: ClassHeap,
    /// The next completion of all and its group ([`NONE`] for a class at its ceiling), if it is
    /// known.
    pub(super) next: Option<(u64, u32)>,
    /// Whether everything is posted as of the present instant, and nothing happened since.
    pub(super) posted: bool,
    /// Whether peaks of load are followed.
    pub(super) watched: bool,
    // The repair's notes.
    pub(super) faster: Vec<Faster>,
    pub(super) moved: Vec<u32>,
}

impl<F: Form> Core<F> {
    pub(super) fn add_resource(&mut self, capacity: f64) -> ResourceId {
        assert!(capacity >= 0.0, "a capacity is a number not below 0");
        let r = self.len;
        self.len = r.checked_add(1).expect("fewer than 2^32 resources");
        let fresh_for = super::level::AFRESH;
        self.links.add(r, Link { capacity, fresh_for, ..Link::default() });
        self.levels.add(r, f64::INFINITY);
        self.used.add(r, 0.0);
        self.room.add(r, capacity * ROOM);
        self.groups.add(r, Group { since: self.now, ..Group::default() });
        self.accounts.add(r, Account::new(self.now));
        self.form.grow(capacity * ROOM);
        self.lanes.grow();
        ResourceId(r)
    }

    pub(super) fn reserve_classes(&mut self, classes: usize, crossings: usize) {
        self.classes.reserve(classes);
        self.ways.reserve(classes);
        self.steps.reserve(crossings);
        self.places.reserve(crossings);
    }

    pub(super) fn add_class(
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
        let first = self.steps.len();
        for &ResourceId(link) in path {
            assert!(link < self.len, "a path over resources of this sharing");
            let link = self.lane(link, priority);
            match self.steps[first..].iter_mut().find(|step| step.link == link) {
                Some(step) => step.times += 1.0,
                None => self.steps.push(Step { link, times: 1.0 }),
            }
        }
        self.places.resize(self.steps.len(), NONE);
        if self.form.admit(weight, &self.steps[first..]) {
            for it in self.actives.iter().filter(|it| it.class != NONE && it.group != NONE) {
                let path = it.path.of(&self.steps);
                if path.len() > 1 {
                    self.form.count(it.group, path);
                }
            }
        }
        let small = |n| u32::try_from(n).expect("fewer than 2^32 steps");
        self.classes.push(Class {
            weight,
            ceiling: cap / weight,
            work: 0.0,
            by: [NONE; 3],
            also: NONE,
            time: [0.0; 3],
        });
        let path = Path { first: small(first), len: small(self.steps.len() - first) };
        self.ways.push(Way { active: NONE, path });
        self.own.grow();
        ClassId(id)
    }

    #[inline]
    pub(super) fn start(&mut self, class: ClassId, bytes: f64, now: Instant) -> FlowId {
        self.pass(now.nanos());
        let tag = self.flows.tag();
        assert!(bytes >= 0.0, "bytes are a number not below 0");
        // (A zero has a sign, which would count in the order of marks.)
        let need = (bytes + 0.0) / self.classes[class.0 as usize].weight;
        let mark = match self.ways[class.0 as usize].active {
            NONE => self.open(class.0, need, tag),
            k => self.add_flow(k, need, tag),
        };
        self.flows.begin(tag, class.0, mark);
        FlowId(tag)
    }

    /// One more flow of a class that has some; its mark.
    #[inline]
    fn add_flow(&mut self, k: u32, need: f64, tag: u64) -> f64 {
        let attained = self.account(k);
        let it = &mut self.actives[k as usize];
        it.work -= attained;
        let mark = (attained + need).max(0.0);
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
            (it.head, it.tag) = (mark, tag);
        }
        self.weigh(k, 1.0);
        if first {
            self.rekey(k);
        }
        self.reschedule(k);
        mark
    }

    pub(super) fn remove(&mut self, flow: FlowId, now: Instant) -> Option<f64> {
        self.pass(now.nanos());
        let (c, _) = self.flows.get(flow.0)?;
        let k = self.ways[c as usize].active;
        // May set the clock of the class back, and the mark with it.
        let attained = self.account(k);
        let (_, mark) = self.flows.get(flow.0)?;
        self.flows.end(flow.0);
        let it = &mut self.actives[k as usize];
        let left = (mark - attained).max(0.0) * self.classes[c as usize].weight;
        // (What rounding up its end would have carried beyond it was not delivered.)
        it.work += attained.min(mark);
        if it.flows == 1 {
            self.close(k);
            return Some(left);
        }
        let queue = &mut self.queues[it.queue as usize];
        queue.dead += 1;
        let first = queue.first();
        self.less(k, first);
        self.purge(k);
        Some(left)
    }

    /// Changes a capacity at the present instant.
    pub(super) fn change_capacity(&mut self, r: u32, capacity: f64) {
        let old = self.links[r].capacity;
        if old == capacity {
            return;
        }
        if old == f64::INFINITY || capacity == f64::INFINITY {
            // Nothing is marked while it comes or goes.
            self.repair();
        }
        self.account_link(r);
        let link = &mut self.links[r];
        link.capacity = capacity;
        self.room[r] = capacity * ROOM;
        let holds = link.holds > 0;
        self.form.set_room(r, holds, capacity * ROOM, old * ROOM);
        self.form.rekey(r, &self.links, &self.levels);
        if capacity == f64::INFINITY {
            self.let_go(r);
        } else if old == f64::INFINITY {
            self.catch(r);
        }
        self.sum_afresh(r);
        self.form.mark(r, self.used[r], self.room[r]);
        (self.next, self.posted) = (None, false);
    }

    pub(super) fn set_cap(&mut self, class: ClassId, cap: f64, now: Instant) {
        assert!(cap >= 0.0, "a cap is a number not below 0");
        self.pass(now.nanos());
        let k = self.ways[class.0 as usize].active;
        let class = &mut self.classes[class.0 as usize];
        class.ceiling = cap / class.weight;
        let ceiling = class.ceiling;
        if k != NONE {
            self.set_ceiling(k, ceiling);
        }
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<(Instant, FlowId)> {
        let (at, g) = self.find_next();
        if at == u64::MAX {
            return None;
        }
        let k = if g == NONE {
            let (_, c) = self.own.first().expect("a class with an end");
            self.ways[c as usize].active
        } else {
            self.groups[g].finish.first().expect("a group with an end").1
        };
        assert!(at >= self.now, "what is done is taken before time goes on");
        self.now = at;
        self.account(k);
        let it = &mut self.actives[k as usize];
        // Its mark: rounding up the instant carried the clock past it, or just short of it.
        it.work += it.head;
        let tag = it.tag;
        self.flows.end(tag);
        if it.flows == 1 {
            self.close(k);
        } else {
            let first = self.queues[it.queue as usize].pop_for_next();
            self.less(k, first);
        }
        Some((Instant::from_nanos(at), FlowId(tag)))
    }

    /// The next completion: its instant (`u64::MAX` for none) and group.
    #[inline]
    pub(super) fn find_next(&mut self) -> (u64, u32) {
        self.settle();
        if let Some(next) = self.next {
            return next;
        }
        let (mut at, mut g) = self.form.first();
        if let Some((own, _)) = self.own.first()
            && own.nanos() < at
        {
            (at, g) = (own.nanos(), NONE);
        }
        self.next = Some((at, g));
        (at, g)
    }

    #[inline]
    pub(super) fn pass(&mut self, now: u64) {
        assert!(now >= self.now, "time never goes back");
        if now > self.now {
            self.settle();
            self.now = now;
            self.posted = false;
        }
    }

    /// Repairs what changed at the present instant, and says anew when groups complete.
    #[inline]
    pub(super) fn settle(&mut self) {
        if self.form.is_marked() {
            self.repair();
        }
        if !self.lanes.is_empty() && (self.next.is_none() || self.form.is_touched()) {
            self.settle_lanes();
            self.settle_parts();
        }
        if self.form.is_touched() {
            self.schedule();
        }
    }

    /// Says when the touched groups complete next.
    #[inline]
    fn schedule(&mut self) {
        self.next = None;
        let Self { form, levels, groups, now, .. } = self;
        form.take_touched(|g| {
            let (group, level) = (&groups[g], levels[g]);
            match group.finish.first() {
                Some((key, _)) => done_at(*now, key - group.clock_at(*now, level), key, level),
                None => u64::MAX,
            }
        });
    }

    pub(super) fn rate(&mut self, class: ClassId) -> (f64, Bound) {
        self.settle();
        match self.ways[class.0 as usize].active {
            NONE => (0.0, Bound::Free),
            k => (self.level_of(k) * self.classes[class.0 as usize].weight, self.bound(k)),
        }
    }

    pub(super) fn active(&self, class: ClassId) -> u32 {
        match self.ways[class.0 as usize].active {
            NONE => 0,
            k => self.actives[k as usize].flows,
        }
    }

    /// How many lanes a class of a priority over a path would be the first to use, at most.
    pub(super) fn lanes_wanted(&self, path: &[ResourceId], priority: u8) -> usize {
        if priority == 0 {
            return 0;
        }
        path.iter().filter(|r| !self.lanes.has(r.0, priority)).count()
    }

    #[inline]
    pub(super) fn level_of(&self, k: u32) -> f64 {
        let it = &self.actives[k as usize];
        if it.group == NONE { it.ceiling } else { self.levels[it.group] }
    }
}

impl Core<Few> {
    /// The same with lists, for more resources.
    pub(super) fn into_many(mut self) -> Core<Many> {
        // Nothing is marked or touched now.
        self.settle();
        let len = self.len as usize;
        let (links, levels) = (Listed(self.links.into_vec(len)), Listed(self.levels.into_vec(len)));
        let mut used = Listed(self.used.into_vec(len));
        let room = Listed(self.room.into_vec(len));
        let mut form = Many::default();
        for r in 0..self.len {
            form.grow(room[r]);
            form.hold(r, links[r].holds > 0, room[r]);
            form.note_level(r, f64::INFINITY);
            let holds = links[r].holds > 0;
            form.complete_at(r, if holds { self.form.completion(r) } else { u64::MAX });
        }
        (0..self.len).for_each(|r| form.rekey(r, &links, &levels));
        for it in self.actives.iter().filter(|it| it.class != NONE && it.group != NONE) {
            let path = it.path.of(&self.steps);
            if path.len() > 1 {
                // (The loads are there already.)
                form.join(it.group, it.mask, path, it.mass(), 0.0, &mut used);
            }
        }
        Core {
            form,
            len: self.len,
            links,
            levels,
            used,
            room,
            groups: Listed(self.groups.into_vec(len)),
            accounts: Listed(self.accounts.into_vec(len)),
            lanes: self.lanes,
            steps: self.steps,
            places: self.places,
            ways: self.ways,
            classes: self.classes,
            held_also: self.held_also,
            actives: self.actives,
            finish_at: self.finish_at,
            ceiling_at: self.ceiling_at,
            free_actives: self.free_actives,
            queues: self.queues,
            free_queues: self.free_queues,
            flows: self.flows,
            now: self.now,
            own: self.own,
            next: self.next,
            posted: self.posted,
            watched: self.watched,
            faster: self.faster,
            moved: self.moved,
        }
    }
}

impl Group {
    /// The clock at an instant, at the level that it has had.
    #[inline]
    pub(super) fn clock_at(&self, now: u64, level: f64) -> f64 {
        if self.since < now { self.clock + level * span(self.since, now) } else { self.clock }
    }
}

/// A span in ns as a number.
#[inline]
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    reason = "spans below 104 days are exact, and none reaches 2^63"
)]
pub(super) fn span(from: u64, to: u64) -> f64 {
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
pub(super) fn done_at(now: u64, left: f64, mark: f64, level: f64) -> u64 {
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
