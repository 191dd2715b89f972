//! A class in a group, at its own ceiling, and on its way between them.
//!
//! Whatever is done here keeps the sums of every resource true for the present levels, and marks
//! the resources whose level must be looked at; `level` then puts the levels right.

use super::{Active, Instant, Member, NONE, Sharing, Step, done_at, greater};

/// A resource is over its capacity beyond this factor.
pub(super) const ROOM: f64 = 1.0 + 4e-12;

impl Sharing {
    /// The first flow of a class: the class becomes active. The flow's mark.
    #[inline]
    pub(super) fn open(&mut self, c: u32, need: f64, tag: u64) -> f64 {
        #[expect(clippy::cast_possible_truncation, reason = "no more than classes")]
        let k = self.free_actives.pop().unwrap_or(self.actives.len() as u32);
        if k as usize == self.actives.len() {
            self.actives.push(Active::default());
        }
        let class = &mut self.classes[c as usize];
        class.active = k;
        let it = &mut self.actives[k as usize];
        it.class = c;
        it.group = NONE;
        it.flows = 1;
        it.queue = NONE;
        it.dead = 0;
        it.ceiling = class.ceiling;
        it.head = need;
        it.tag = tag;
        it.since = self.now;
        (it.offset, it.attained, it.work, it.held) = (0.0, 0.0, 0.0, 0.0);
        it.steps.clear();
        let hops = match class.few_hops.get(..class.hops as usize) {
            Some(few) => few,
            None => &self.hops[class.first_hop as usize..][..class.hops as usize],
        };
        for (step, &(link, times)) in (0..).zip(hops) {
            let members = &mut self.groups[link as usize].members;
            #[expect(clippy::cast_possible_truncation, reason = "no more members than classes")]
            let place = members.len() as u32;
            members.push(Member { active: k, step });
            let share = class.weight * f64::from(times);
            it.steps.push(Step { link, place, share });
            let link_of = &mut self.links[link as usize];
            link_of.share += share;
            if link_of.holds == 0 {
                self.marks.set_key(link, link_of.capacity / link_of.share);
            }
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
        self.classes[it.class as usize].active = NONE;
        if it.queue != NONE {
            self.queues[it.queue as usize].clear();
            self.free_queues.push(it.queue);
        }
        let steps = std::mem::take(&mut it.steps);
        for step in &steps {
            let members = &mut self.groups[step.link as usize].members;
            members.swap_remove(step.place as usize);
            let alone = members.is_empty();
            if let Some(moved) = members.get(step.place as usize) {
                let other = &mut self.actives[moved.active as usize];
                other.steps[moved.step as usize].place = step.place;
            }
            let link = &mut self.links[step.link as usize];
            link.share -= step.share;
            if alone {
                link.share = 0.0;
                self.used[step.link as usize] = 0.0;
            }
            if link.holds == 0 {
                self.marks.set_key(step.link, link.capacity / link.share);
            }
        }
        let loads = steps.iter().map(|step| (step.link, self.used[step.link as usize]));
        self.marks.sound(loads, &mut self.alarm);
        self.actives[k as usize].steps = steps;
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
        self.stir(k);
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
            let at = done_at(self.now, left, it.head, it.ceiling);
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
        let load = (r, self.used[r as usize]);
        self.marks.sound(std::iter::once(load), &mut self.alarm);
    }

    /// Adds `flows` (1 or -1) flows of a class to the sums of its resources.
    #[inline]
    pub(super) fn weigh(&mut self, k: u32, flows: f64) {
        self.note_path(k);
        let level = self.level_of(k);
        let it = &self.actives[k as usize];
        for step in &it.steps {
            let link = &mut self.links[step.link as usize];
            let share = flows * step.share;
            link.share += share;
            if link.holds == 0 {
                self.marks.set_key(step.link, link.capacity / link.share);
            }
            if step.link == it.group {
                link.size += share;
            } else if level < f64::INFINITY {
                self.used[step.link as usize] += share * level;
            }
        }
        if it.group != NONE && it.steps.len() > 1 {
            self.cells.add(it.group, &it.steps, flows);
        }
    }

    /// Notes the peaks on a class's path before its load changes.
    #[inline]
    fn note_path(&mut self, k: u32) {
        if self.watched {
            let steps = std::mem::take(&mut self.actives[k as usize].steps);
            self.note_peaks(steps.iter().map(|step| step.link));
            self.actives[k as usize].steps = steps;
        }
    }

    /// Marks the resources that a class which came or went must be weighed on.
    #[inline]
    pub(super) fn stir(&mut self, k: u32) {
        let steps = self.actives[k as usize].steps.iter();
        let loads = steps.map(|step| (step.link, self.used[step.link as usize]));
        self.marks.sound(loads, &mut self.alarm);
    }

    /// Puts a class that is nowhere where it will probably be held: the resource that would give
    /// it least, or its ceiling.
    #[inline]
    pub(super) fn place(&mut self, k: u32) {
        let it = &self.actives[k as usize];
        let flows = f64::from(it.flows);
        let (mut g, mut least) = (NONE, it.ceiling);
        for step in &it.steps {
            let link = &self.links[step.link as usize];
            let share = flows * step.share;
            let guess = if link.capacity == f64::INFINITY {
                // It holds nobody, though its group may be on its way elsewhere.
                f64::INFINITY
            } else if link.holds > 0 {
                link.level * (link.size / (link.size + share))
            } else {
                let left = link.capacity - self.used[step.link as usize];
                (left / share).max(link.capacity / link.share)
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
        link.level = level;
        self.marks.set_key(g, level);
    }

    /// Puts a class, with its offset set, into a group.
    #[inline]
    pub(super) fn enter(&mut self, k: u32, g: u32) {
        self.note_path(k);
        let it = &mut self.actives[k as usize];
        it.group = g;
        let (flows, ceiling, key) = (f64::from(it.flows), it.ceiling, it.head - it.offset);
        let level = self.links[g as usize].level;
        // On all steps alike, and taken back on the group's own: no branch to guess wrong.
        let own = (self.used[g as usize], self.top[g as usize]);
        let mut mine = 0.0;
        for step in &it.steps {
            let r = step.link as usize;
            let share = flows * step.share;
            mine = if step.link == g { share } else { mine };
            self.used[r] += share * level;
            self.top[r] = greater(self.top[r], level);
        }
        (self.used[g as usize], self.top[g as usize]) = own;
        let link = &mut self.links[g as usize];
        link.size += mine;
        link.holds += 1;
        if link.holds == 1 {
            if self.alarm[g as usize] < f64::INFINITY {
                self.alarm[g as usize] = link.alarm();
            }
            let base = self.lanes.base(g);
            self.groups[base as usize].account.fills(self.now);
        }
        if it.steps.len() > 1 {
            self.cells.join(g, &it.steps, flows);
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
        self.note_path(k);
        let it = &mut self.actives[k as usize];
        it.group = NONE;
        it.offset = it.attained;
        let (flows, level) = (f64::from(it.flows), it.ceiling);
        for step in &it.steps {
            let r = step.link as usize;
            self.groups[r].own += 1;
            if level < f64::INFINITY {
                self.used[r] += flows * step.share * level;
                self.top[r] = greater(self.top[r], level);
            }
        }
        self.reschedule(k);
    }

    /// Takes a class, accounted for and filed, out of its group or from its ceiling.
    #[inline]
    pub(super) fn take_out(&mut self, k: u32) {
        self.note_path(k);
        let it = &self.actives[k as usize];
        let (g, flows) = (it.group, f64::from(it.flows));
        if g == NONE {
            return self.leave_own(k);
        }
        let (at, ceiling_at, capped) = (it.at, it.ceiling_at, it.ceiling < f64::INFINITY);
        let group = &mut self.groups[g as usize];
        let actives = &mut self.actives;
        group.finish.remove(at, |k, at| actives[k as usize].at = at);
        if capped {
            group.ceilings.remove(ceiling_at, |k, at| actives[k as usize].ceiling_at = at);
        }
        let it = &self.actives[k as usize];
        if it.steps.len() > 1 {
            self.cells.quit(g, &it.steps, flows);
        }
        let level = self.links[g as usize].level;
        let own = self.used[g as usize];
        let mut mine = 0.0;
        for step in &it.steps {
            let r = step.link as usize;
            let share = flows * step.share;
            mine = if step.link == g { share } else { mine };
            // With nobody left, a load is 0 whatever the rounding says.
            let others = self.cells.others(step.link) | (self.groups[r].own > 0);
            self.used[r] = if others { self.used[r] - share * level } else { 0.0 };
        }
        self.used[g as usize] = own;
        let link = &mut self.links[g as usize];
        link.size -= mine;
        link.holds -= 1;
        if link.holds == 0 {
            (link.size, link.level) = (0.0, f64::INFINITY);
            self.marks.set_key(g, link.capacity / link.share);
            if self.alarm[g as usize] < f64::INFINITY {
                self.alarm[g as usize] = link.alarm();
            }
            let base = self.lanes.base(g);
            let capacity = self.links[base as usize].capacity;
            self.groups[base as usize].account.frees(capacity, self.now);
        }
        self.touch(g);
    }

    fn leave_own(&mut self, k: u32) {
        let it = &self.actives[k as usize];
        let (flows, level) = (f64::from(it.flows), it.ceiling);
        for step in &it.steps {
            let r = step.link as usize;
            self.groups[r].own -= 1;
            if level < f64::INFINITY {
                self.used[r] -= flows * step.share * level;
                if !self.cells.others(step.link) && self.groups[r].own == 0 {
                    self.used[r] = 0.0;
                }
            }
        }
        self.own.set(it.class, Instant::NEVER);
        self.next = None;
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
            let mine = f64::from(it.flows) * it.steps[member.step as usize].share;
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
