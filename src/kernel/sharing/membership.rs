//! A class in a group, at its own ceiling, and on its way between them.
//!
//! Whatever is done here keeps the sums of every resource true for the present levels, and marks
//! the resources whose level must be looked at; `level` then puts the levels right.

use super::{Active, Instant, Member, NONE, Sharing, done_at, greater};

/// A resource is over its capacity beyond this factor.
pub(super) const ROOM: f64 = 1.0 + 4e-12;

impl Sharing {
    /// The first flow of a class: the class becomes active. The flow's mark.
    #[inline]
    pub(super) fn open(&mut self, c: u32, need: f64, tag: u64) -> f64 {
        let class = &self.classes[c as usize];
        let fresh = Active {
            class: c,
            group: NONE,
            at: NONE,
            ceiling_at: NONE,
            flows: 1,
            first_step: class.first_step,
            steps: class.steps,
            queue: NONE,
            dead: 0,
            ceiling: class.ceiling,
            offset: 0.0,
            head: need,
            tag,
            since: self.now,
            attained: 0.0,
            work: 0.0,
            held: 0.0,
        };
        let k = if let Some(k) = self.free_actives.pop() {
            self.actives[k as usize] = fresh;
            k
        } else {
            self.actives.push(fresh);
            u32::try_from(self.actives.len() - 1).expect("no more than classes")
        };
        self.classes[c as usize].active = k;
        let first = self.actives[k as usize].first_step;
        let steps = self.actives[k as usize].steps as usize;
        for (i, step) in (first..).zip(&mut self.steps[first as usize..][..steps]) {
            let members = &mut self.groups[step.link as usize].members;
            #[expect(clippy::cast_possible_truncation, reason = "no more members than classes")]
            let place = members.len() as u32;
            step.place = place;
            members.push(Member { active: k, step: i });
            self.links[step.link as usize].share += step.share;
        }
        self.place(k);
        self.stir(k);
        need
    }

    /// The last flow of a class, accounted for, ends: the class is not active any more.
    #[inline]
    pub(super) fn close(&mut self, k: u32) {
        self.file(k);
        self.post(k);
        self.take_out(k);
        let it = &mut self.actives[k as usize];
        it.flows = 0;
        let (first, steps, queue) = (it.first_step as usize, it.steps as usize, it.queue);
        self.classes[it.class as usize].active = NONE;
        if queue != NONE {
            self.queues[queue as usize].clear();
            self.free_queues.push(queue);
        }
        for i in first..first + steps {
            let step = self.steps[i];
            let members = &mut self.groups[step.link as usize].members;
            members.swap_remove(step.place as usize);
            if let Some(moved) = members.get(step.place as usize) {
                self.steps[moved.step as usize].place = step.place;
            }
            let link = &mut self.links[step.link as usize];
            link.share -= step.share;
            if members.is_empty() {
                link.share = 0.0;
                self.used[step.link as usize] = 0.0;
            }
            self.mark(step.link);
        }
        self.free_actives.push(k);
    }

    /// One flow less in a class that keeps some, accounted for: the first, or one in between.
    #[inline]
    pub(super) fn less(&mut self, k: u32) {
        self.weigh(k, -1.0);
        let it = &mut self.actives[k as usize];
        it.flows -= 1;
        let queue = &mut self.queues[it.queue as usize];
        let mut first = queue.first();
        if it.dead > 0 {
            while first.is_some_and(|(_, tag)| !self.flows.is_live(tag)) {
                queue.pop();
                it.dead -= 1;
                first = queue.first();
            }
        }
        let (head, tag) = first.expect("a class with flows has a live one");
        if tag != it.tag {
            (it.head, it.tag) = (head, tag);
            self.rekey(k);
        }
        self.reschedule(k);
        let (first, steps) = self.span_of(k);
        for i in first..first + steps {
            self.mark(self.steps[i].link);
        }
    }

    /// Drops removed flows once they are half of the queue.
    pub(super) fn purge(&mut self, k: u32) {
        let it = &mut self.actives[k as usize];
        let queue = &mut self.queues[it.queue as usize];
        if it.dead as usize * 2 > queue.len() && queue.len() > 64 {
            let flows = &self.flows;
            queue.retain(|tag| flows.is_live(tag));
            it.dead = 0;
        }
    }

    #[inline]
    pub(super) fn span_of(&self, k: u32) -> (usize, usize) {
        let it = &self.actives[k as usize];
        (it.first_step as usize, it.steps as usize)
    }

    #[inline]
    pub(super) fn level_of(&self, k: u32) -> f64 {
        let it = &self.actives[k as usize];
        if it.group == NONE { it.ceiling } else { self.links[it.group as usize].level }
    }

    /// The class's first mark moved.
    #[inline]
    pub(super) fn rekey(&mut self, k: u32) {
        let it = &self.actives[k as usize];
        if it.group != NONE {
            let (at, key) = (it.at, it.head - it.offset);
            let finish = &mut self.groups[it.group as usize].finish;
            let actives = &mut self.actives;
            finish.rekey(at, key, |k, at| actives[k as usize].at = at);
        }
    }

    /// The next completion of the class's group, or its own, may have moved.
    #[inline]
    pub(super) fn reschedule(&mut self, k: u32) {
        let it = &self.actives[k as usize];
        if it.group == NONE {
            let left = it.head - it.offset;
            let at = done_at(self.now, left, it.ceiling);
            self.own.set(it.class, Instant::from_nanos(at));
            self.next = None;
        } else {
            let g = it.group;
            self.touch(g);
        }
    }

    #[inline]
    pub(super) fn touch(&mut self, g: u32) {
        let link = &mut self.links[g as usize];
        if !link.touched {
            link.touched = true;
            self.touched.push(g);
        }
    }

    #[inline]
    pub(super) fn mark(&mut self, r: u32) {
        if self.used[r as usize] > self.alarm[r as usize] {
            self.alarm[r as usize] = f64::INFINITY;
            self.links[r as usize].mark();
            self.marks.add_if(r, true);
        }
    }

    /// Adds `flows` (1 or -1) flows of a class to the sums of its resources.
    #[inline]
    pub(super) fn weigh(&mut self, k: u32, flows: f64) {
        let (first, steps) = self.span_of(k);
        let (g, level) = (self.actives[k as usize].group, self.level_of(k));
        for step in &self.steps[first..first + steps] {
            let link = &mut self.links[step.link as usize];
            let share = flows * step.share;
            link.share += share;
            if step.link == g {
                link.size += share;
            } else if level < f64::INFINITY {
                self.used[step.link as usize] += share * level;
                if g != NONE {
                    self.cells.add(g, step.link, share);
                }
            }
        }
    }

    /// Marks the resources that a class which came or grew must be weighed on.
    #[inline]
    pub(super) fn stir(&mut self, k: u32) {
        let (first, steps) = self.span_of(k);
        for i in first..first + steps {
            self.mark(self.steps[i].link);
        }
    }

    /// Puts a class that is nowhere where it will probably be held: the resource that would give
    /// it least, or its ceiling.
    #[inline]
    pub(super) fn place(&mut self, k: u32) {
        let it = &self.actives[k as usize];
        let flows = f64::from(it.flows);
        let (mut g, mut least) = (NONE, it.ceiling);
        for step in &self.steps[it.first_step as usize..][..it.steps as usize] {
            let link = &self.links[step.link as usize];
            let share = flows * step.share;
            let guess = if link.holds > 0 {
                link.level * (link.size / (link.size + share))
            } else {
                let left = link.capacity - self.used[step.link as usize];
                greater(left / share, link.capacity / link.share)
            };
            if guess < least {
                (g, least) = (step.link, guess);
            }
        }
        if g == NONE {
            self.enter_own(k);
        } else {
            if self.links[g as usize].holds == 0 {
                self.begin(g, least);
            }
            let clock = self.advance(g);
            let it = &mut self.actives[k as usize];
            it.offset = it.attained - clock;
            self.enter(k, g);
        }
    }

    /// An empty group gets a level.
    #[inline]
    pub(super) fn begin(&mut self, g: u32, level: f64) {
        let group = &mut self.groups[g as usize];
        (group.clock, group.since) = (0.0, self.now);
        let link = &mut self.links[g as usize];
        (link.level, link.key) = (level, level);
        if link.dirty {
            self.marks.rekeyed(g, &self.links);
        }
    }

    /// Puts a class, with its offset set, into a group.
    #[inline]
    pub(super) fn enter(&mut self, k: u32, g: u32) {
        let it = &mut self.actives[k as usize];
        it.group = g;
        let (flows, ceiling, key) = (f64::from(it.flows), it.ceiling, it.head - it.offset);
        let (first, steps) = (it.first_step as usize, it.steps as usize);
        let level = self.links[g as usize].level;
        for step in &self.steps[first..first + steps] {
            let link = &mut self.links[step.link as usize];
            let share = flows * step.share;
            if step.link == g {
                link.size += share;
                link.holds += 1;
                if link.holds == 1 {
                    self.alarm[g as usize] = link.alarm();
                    self.groups[g as usize].account.fills(self.now);
                }
            } else {
                let r = step.link as usize;
                self.used[r] += share * level;
                self.top[r] = greater(self.top[r], level);
                self.cells.join(g, step.link, share);
            }
        }
        let group = &mut self.groups[g as usize];
        let actives = &mut self.actives;
        group.finish.push(key, k, |k, at| actives[k as usize].at = at);
        if ceiling < f64::INFINITY {
            group.ceilings.push(ceiling, k, |k, at| actives[k as usize].ceiling_at = at);
        }
        self.touch(g);
    }

    /// Puts a class at its own ceiling.
    pub(super) fn enter_own(&mut self, k: u32) {
        let it = &mut self.actives[k as usize];
        it.group = NONE;
        it.offset = it.attained;
        let (flows, level) = (f64::from(it.flows), it.ceiling);
        let (first, steps) = self.span_of(k);
        for step in &self.steps[first..first + steps] {
            self.groups[step.link as usize].own += 1;
            if level < f64::INFINITY {
                let r = step.link as usize;
                self.used[r] += flows * step.share * level;
                self.top[r] = greater(self.top[r], level);
            }
        }
        self.reschedule(k);
    }

    /// Takes a class, accounted for and filed, out of its group or from its ceiling.
    #[inline]
    pub(super) fn take_out(&mut self, k: u32) {
        let it = &self.actives[k as usize];
        let (g, flows) = (it.group, f64::from(it.flows));
        if g == NONE {
            return self.leave_own(k);
        }
        let (at, ceiling_at, capped) = (it.at, it.ceiling_at, it.ceiling < f64::INFINITY);
        let (first, steps) = self.span_of(k);
        let group = &mut self.groups[g as usize];
        let actives = &mut self.actives;
        group.finish.remove(at, |k, at| actives[k as usize].at = at);
        if capped {
            group.ceilings.remove(ceiling_at, |k, at| actives[k as usize].ceiling_at = at);
        }
        let level = self.links[g as usize].level;
        for i in first..first + steps {
            let step = self.steps[i];
            let link = &mut self.links[step.link as usize];
            let share = flows * step.share;
            if step.link == g {
                link.size -= share;
                link.holds -= 1;
                if link.holds == 0 {
                    (link.size, link.level) = (0.0, f64::INFINITY);
                    self.alarm[g as usize] = link.alarm();
                    self.groups[g as usize].account.frees(link.capacity, self.now);
                }
            } else {
                self.cells.quit(g, step.link, share);
                self.used[step.link as usize] -= share * level;
                self.settle_used(step.link);
            }
        }
        self.touch(g);
    }

    fn leave_own(&mut self, k: u32) {
        let it = &self.actives[k as usize];
        let (flows, level, c) = (f64::from(it.flows), it.ceiling, it.class);
        let (first, steps) = self.span_of(k);
        for i in first..first + steps {
            let step = self.steps[i];
            self.groups[step.link as usize].own -= 1;
            if level < f64::INFINITY {
                self.used[step.link as usize] -= flows * step.share * level;
                self.settle_used(step.link);
            }
        }
        self.own.set(c, Instant::NEVER);
        self.next = None;
    }

    /// With nobody left, a load is 0 whatever the rounding says.
    #[inline]
    fn settle_used(&mut self, r: u32) {
        if self.cells.row(r).is_empty() && self.groups[r as usize].own == 0 {
            self.used[r as usize] = 0.0;
        }
    }

    /// Moves a class, accounted for, into a group that has a level.
    #[inline]
    pub(super) fn shift(&mut self, k: u32, to: u32) {
        self.file(k);
        self.take_out(k);
        let clock = self.advance(to);
        let it = &mut self.actives[k as usize];
        it.offset = it.attained - clock;
        self.enter(k, to);
    }

    /// Moves a class from its group to its own ceiling.
    pub(super) fn release(&mut self, k: u32) {
        self.account(k);
        self.file(k);
        self.take_out(k);
        self.enter_own(k);
        self.stir(k);
    }

    /// Gives an active class another ceiling.
    pub(super) fn set_ceiling(&mut self, k: u32, ceiling: f64) {
        if self.actives[k as usize].ceiling == ceiling {
            return;
        }
        self.account(k);
        self.file(k);
        self.take_out(k);
        self.actives[k as usize].ceiling = ceiling;
        self.place(k);
        self.stir(k);
    }

    /// A capacity became infinite: its group goes elsewhere.
    pub(super) fn let_go(&mut self, r: u32) {
        while let Some((_, k)) = self.groups[r as usize].finish.first() {
            self.account(k);
            self.file(k);
            self.take_out(k);
            self.place(k);
            self.stir(k);
        }
    }

    /// A capacity became finite: it may hold those that nothing held.
    pub(super) fn catch(&mut self, r: u32) {
        let members: Vec<u32> = self.groups[r as usize].members.iter().map(|m| m.active).collect();
        for k in members {
            let it = &self.actives[k as usize];
            if it.group == NONE && it.ceiling == f64::INFINITY {
                self.account(k);
                self.file(k);
                self.take_out(k);
                self.place(k);
                self.stir(k);
            }
        }
    }

    /// Sums the weights and loads of a resource from its classes, free of the rounding of the past.
    pub(super) fn sum_afresh(&mut self, r: u32) {
        let (mut size, mut share, mut used) = (0.0, 0.0, 0.0);
        for member in &self.groups[r as usize].members {
            let it = &self.actives[member.active as usize];
            let mine = f64::from(it.flows) * self.steps[member.step as usize].share;
            let level = self.level_of(member.active);
            share += mine;
            if it.group == r {
                size += mine;
            } else if level < f64::INFINITY {
                used += mine * level;
            }
        }
        let link = &mut self.links[r as usize];
        (link.size, link.share) = (size, share);
        self.used[r as usize] = used;
    }
}
