//! Integrals: what was carried, for how long it was full, what held whom back.
//!
//! A class counts its work when its number of flows or its group changes; it posts it to the
//! resources on its path when it ends or when one of them is read. So an event pays for the class
//! it is about, not for every resource whose load it moves.

use super::core::{Core, held, span, take_held};
use super::form::Form;
use super::{Bound, ClassId, NONE, ResourceId, ResourceUse};
use crate::kernel::time::Instant;

/// What a resource did since its last reading.
#[derive(Debug, Default)]
pub(super) struct Account {
    since: u64,
    bytes: f64,
    capacity: f64,
    full_ns: f64,
    /// How many of its lanes hold classes back, and since when one does.
    full: u32,
    full_since: u64,
    /// Greatest load, and since when the present one holds.
    peak: f64,
    steady_since: u64,
}

impl Account {
    pub(super) const fn new(now: u64) -> Self {
        Self {
            since: now,
            bytes: 0.0,
            capacity: 0.0,
            full_ns: 0.0,
            full: 0,
            full_since: now,
            peak: 0.0,
            steady_since: now,
        }
    }

    /// One of its lanes begins to hold classes back.
    #[inline]
    pub(super) fn fills(&mut self, now: u64) {
        if self.full == 0 {
            self.full_since = now;
        }
        self.full += 1;
    }

    /// One of its lanes holds no class back any more.
    #[inline]
    pub(super) fn frees(&mut self, capacity: f64, now: u64) {
        self.full -= 1;
        if self.full == 0 {
            self.count_full(capacity, now);
        }
    }

    #[inline]
    fn count_full(&mut self, capacity: f64, now: u64) {
        if now > self.full_since {
            self.full_ns += span(self.full_since, now);
            self.full_since = now;
            self.peak = self.peak.max(capacity);
        }
    }

    /// Its load is about to change from `load`: one that lasted counts for the peak.
    #[inline]
    pub(super) fn leaves(&mut self, load: f64, now: u64) {
        if now > self.steady_since {
            self.peak = self.peak.max(load);
            self.steady_since = now;
        }
    }
}

impl<F: Form> Core<F> {
    /// Brings a class's clock and sums to the present; the attained work.
    #[inline]
    pub(super) fn account(&mut self, k: u32) -> f64 {
        let it = &mut self.actives[k as usize];
        let (dt, g) = (span(it.since, self.now), it.group);
        it.held += f64::from(it.flows) * dt;
        it.since = self.now;
        if g == NONE && dt > 0.0 && it.ceiling < f64::INFINITY {
            it.offset += it.ceiling * dt;
        }
        // (The clock may be set back, and the offset with it.)
        let clock = if g == NONE { 0.0 } else { self.advance(g) };
        let attained = clock + self.actives[k as usize].offset;
        if attained > super::REBASE { self.rebase_class(k, attained) } else { attained }
    }

    #[cold]
    fn rebase_class(&mut self, k: u32, attained: f64) -> f64 {
        let it = &mut self.actives[k as usize];
        // Not beyond the first mark, which may lie just behind: marks stay in order.
        let by = attained.min(it.head);
        it.offset -= by;
        it.head -= by;
        it.work += f64::from(it.flows) * by;
        let flows = &mut self.flows;
        if it.queue == NONE {
            flows.set_mark(it.tag, it.head);
        } else {
            self.queues[it.queue as usize].shift(by, |mark, tag| flows.set_mark(tag, mark));
        }
        attained - by
    }

    /// Files what a class counted under what holds it back at present.
    #[inline]
    pub(super) fn file(&mut self, k: u32) {
        if self.actives[k as usize].held == 0.0 {
            return;
        }
        let by = self.holder(k);
        let it = &mut self.actives[k as usize];
        let (class, time) = (it.class, std::mem::take(&mut it.held));
        if !held(&mut it.by, &mut it.time, by, time) {
            self.credit(class, by, time);
        }
    }

    /// Posts a class's work, of which flows under way attained so much, and what held it back: to the
    /// resources on its path and the class.
    #[inline]
    pub(super) fn post(&mut self, k: u32, attained: f64) {
        let it = &mut self.actives[k as usize];
        let under_way = f64::from(it.flows) * attained;
        let work = std::mem::replace(&mut it.work, -under_way) + under_way;
        self.carry(k, work);
    }

    /// Posts what a class did whose last flow ended.
    #[inline]
    pub(super) fn post_last(&mut self, k: u32) {
        self.carry(k, self.actives[k as usize].work);
        let by = self.holder(k);
        let it = &mut self.actives[k as usize];
        let (class, held) = (it.class, std::mem::take(&mut it.held));
        self.credit(class, by, held);
    }

    /// Counts what held a class back.
    #[inline]
    fn credit(&mut self, class: u32, by: u32, time: f64) {
        let class = &mut self.classes[class as usize];
        if time == 0.0 || held(&mut class.by, &mut class.time, by, time) {
            return;
        }
        if class.also == NONE {
            class.also = u32::try_from(self.held_also.len()).expect("no more than classes");
            self.held_also.push(Vec::new());
        }
        let also = &mut self.held_also[class.also as usize];
        match also.iter_mut().find(|also| also.0 == by) {
            Some(sum) => sum.1 += time,
            None => also.push((by, time)),
        }
    }

    /// Counts some work per weight of a class, on the resources of its path as well, and what held it
    /// back.
    #[inline]
    fn carry(&mut self, k: u32, work: f64) {
        let it = &mut self.actives[k as usize];
        let work = work * it.weight;
        for step in it.path.of(&self.steps) {
            self.accounts[step.link].bytes += step.share(work);
        }
        let class = it.class;
        self.classes[class as usize].work += work;
        for (by, time) in take_held(&mut it.by, &mut it.time) {
            self.credit(class, by, time);
        }
    }

    /// What holds a class back, as a number.
    #[inline]
    fn holder(&self, k: u32) -> u32 {
        let it = &self.actives[k as usize];
        match it.group {
            NONE => own_holder(it.ceiling),
            lane => self.lanes.base(lane),
        }
    }

    /// Brings a resource's sums to the present, up to the work of its classes.
    pub(super) fn account_link(&mut self, r: u32) {
        let load = self.load_of_all(r);
        let link = &self.links[r];
        let account = &mut self.accounts[r];
        let dt = span(account.since, self.now);
        if dt > 0.0 {
            account.capacity += link.capacity * dt;
            account.since = self.now;
        }
        if account.full > 0 {
            account.count_full(link.capacity, self.now);
        }
        if self.watched {
            account.leaves(load, self.now);
        }
    }

    /// The load of a resource with all of its lanes.
    #[inline]
    pub(super) fn load_of_all(&self, r: u32) -> f64 {
        let first = self.load_of(r);
        if self.lanes.is_empty() { first } else { first + self.load_behind(r) }
    }

    #[cold]
    fn load_behind(&self, r: u32) -> f64 {
        self.lanes.behind(r).map(|lane| self.load_of(lane)).sum()
    }

    /// The loads on a class's path are about to change: those that lasted count for the peak.
    #[cold]
    pub(super) fn note_peaks_of_class(&mut self, k: u32) {
        for i in self.actives[k as usize].path.range() {
            self.note_peak(self.steps[i].link);
        }
    }

    /// The same of the resources that a group crosses.
    #[cold]
    pub(super) fn note_peaks_of_group(&mut self, g: u32) {
        let mut crossed = std::mem::take(&mut self.moved);
        crossed.clear();
        self.form.each_crossed(g, |r| crossed.push(r));
        crossed.iter().for_each(|r| self.note_peak(*r));
        self.moved = crossed;
    }

    #[inline]
    pub(super) fn note_peak(&mut self, lane: u32) {
        let r = self.lanes.base(lane);
        if self.accounts[r].steady_since < self.now {
            let load = self.load_of_all(r);
            self.accounts[r].leaves(load, self.now);
        }
    }

    /// Posts the work of all classes, once at an instant.
    fn post_all(&mut self) {
        if self.posted {
            return;
        }
        for k in 0..u32::try_from(self.actives.len()).expect("no more than classes") {
            if self.actives[k as usize].class != NONE {
                let attained = self.account(k);
                self.post(k, attained);
            }
        }
        self.posted = true;
    }

    pub(super) fn read_resource(&mut self, resource: ResourceId, now: Instant) -> ResourceUse {
        self.pass(now.nanos());
        self.settle();
        let r = resource.0;
        self.post_all();
        if !self.lanes.is_empty() {
            let behind: Vec<u32> = self.lanes.behind(r).collect();
            for lane in behind {
                let bytes = std::mem::take(&mut self.accounts[lane].bytes);
                self.accounts[r].bytes += bytes;
            }
        }
        self.account_link(r);
        let load = self.load_of_all(r);
        let now = self.now;
        let account = &mut self.accounts[r];
        let seen = ResourceUse {
            bytes: account.bytes,
            capacity: account.capacity,
            full_ns: account.full_ns,
            peak: account.peak.max(load),
        };
        let (full, full_since) = (account.full, account.full_since);
        *account = Account { full, full_since, ..Account::new(now) };
        seen
    }

    pub(super) fn read_class(
        &mut self,
        class: ClassId,
        now: Instant,
        mut each: impl FnMut(Bound, f64),
    ) -> f64 {
        self.pass(now.nanos());
        self.settle();
        let k = self.ways[class.0 as usize].active;
        if k != NONE {
            let attained = self.account(k);
            self.file(k);
            self.post(k, attained);
        }
        let it = &mut self.classes[class.0 as usize];
        take_held(&mut it.by, &mut it.time).for_each(|(by, flow_ns)| each(bound(by), flow_ns));
        if it.also != NONE {
            let also = self.held_also[it.also as usize].drain(..);
            also.for_each(|(by, flow_ns)| each(bound(by), flow_ns));
        }
        std::mem::take(&mut it.work)
    }

    pub(super) fn bound(&self, k: u32) -> Bound {
        bound(self.holder(k))
    }
}

/// What holds a class back, as a number: a resource or one of these.
const CAP: u32 = NONE - 1;
const STALLED: u32 = NONE - 2;
const FREE: u32 = NONE - 3;

#[inline]
fn own_holder(ceiling: f64) -> u32 {
    match ceiling {
        0.0 => STALLED,
        f64::INFINITY => FREE,
        _ => CAP,
    }
}

fn bound(by: u32) -> Bound {
    match by {
        CAP => Bound::Cap,
        STALLED => Bound::Stalled,
        FREE => Bound::Free,
        r => Bound::Resource(ResourceId(r)),
    }
}
