//! A class in a group, at its own ceiling, and on its way between them.
//!
//! Whatever is done here keeps the sums of every resource true for the present levels, and marks
//! the resources whose level must be looked at; `level` then puts the levels right.

use super::NONE;
use super::core::{Active, Core, Step, done_at};
use super::form::{Form, Move, sketch};
use super::heap::Entry;
use crate::kernel::time::Instant;

impl<F: Form> Core<F> {
    /// The first flow of a class: the class becomes active. The flow's mark.
    #[inline]
    pub(super) fn open(&mut self, c: u32, need: f64, tag: u64) -> f64 {
        #[expect(clippy::cast_possible_truncation, reason = "no more than classes")]
        let k = self.free_actives.pop().unwrap_or(self.actives.len() as u32);
        if k as usize == self.actives.len() {
            self.reserve_active();
            self.actives.push(Active::default());
            self.finish_at.push(0);
            self.ceiling_at.push(0);
        }
        let way = &mut self.ways[c as usize];
        way.active = k;
        let path = way.path;
        let class = &self.classes[c as usize];
        let it = &mut self.actives[k as usize];
        it.class = c;
        it.group = NONE;
        it.flows = 1;
        it.path = path;
        it.mask = F::mask(path.of(&self.steps));
        it.weight = class.weight;
        it.queue = NONE;
        it.ceiling = class.ceiling;
        it.head = need;
        it.tag = tag;
        it.since = self.now;
        (it.work, it.held) = (0.0, 0.0);
        for step in it.path.of(&self.steps) {
            let r = step.link;
            self.links[r].share += step.share(it.weight);
            self.form.rekey(step.link, &self.links, &self.levels);
        }
        self.place(k, 0.0);
        self.rise(k);
        need
    }

    /// Makes room for all classes at once when there is none left: their entries are large, and a list
    /// that grows is copied. (What is not used of it takes no memory but addresses.)
    #[inline]
    fn reserve_active(&mut self) {
        if self.actives.len() == self.actives.capacity() {
            let more = self.classes.len() - self.actives.len();
            self.actives.reserve(more);
            self.finish_at.reserve(more);
            self.ceiling_at.reserve(more);
            self.queues.reserve(more);
        }
    }

    /// The last flow of a class, accounted for, ends: the class is not active any more.
    #[inline]
    pub(super) fn close(&mut self, k: u32) {
        self.post_last(k);
        self.take_out(k);
        let it = &mut self.actives[k as usize];
        self.ways[it.class as usize].active = NONE;
        it.class = NONE;
        if it.queue != NONE {
            self.queues[it.queue as usize].clear();
            self.free_queues.push(it.queue);
        }
        for step in it.path.of(&self.steps) {
            let r = step.link;
            let link = &mut self.links[r];
            link.share -= step.share(it.weight);
            if link.holds == 0 && link.own == 0 && !self.form.others(step.link) {
                link.share = 0.0;
                self.used[r] = 0.0;
            }
            self.form.rekey(step.link, &self.links, &self.levels);
        }
        self.fall(k);
        self.free_actives.push(k);
    }

    /// One flow less in a class that keeps some, accounted for: the first, or one in between. `first`
    /// is the lowest entry of its queue now.
    #[inline]
    pub(super) fn less(&mut self, k: u32, mut first: Option<(f64, u64)>) {
        let alone = self.weigh_alone(k);
        if !alone {
            self.weigh(k, -1.0);
        }
        let it = &mut self.actives[k as usize];
        it.flows -= 1;
        let queue = &mut self.queues[it.queue as usize];
        if queue.dead > 0 {
            while first.is_some_and(|(_, tag)| !self.flows.is_live(tag)) {
                queue.pop();
                queue.dead -= 1;
                first = queue.first();
            }
        }
        let (head, tag) = first.expect("a class with flows has a live one");
        if tag != it.tag {
            (it.head, it.tag) = (head, tag);
            self.rekey(k);
        }
        if alone {
            self.schedule_alone(k);
        } else {
            self.reschedule(k);
        }
    }

    /// One flow less of a class, accounted for, where the only thing that follows is another level
    /// of its group: on a path of one resource whose classes cross no other, while nothing waits to
    /// be repaired. The level is put right on the spot. Whether it was so.
    #[inline]
    fn weigh_alone(&mut self, k: u32) -> bool {
        let it = &self.actives[k as usize];
        let (g, path) = (it.group, it.path.of(&self.steps));
        let ([step], false) = (path, g == NONE) else {
            return false;
        };
        if self.form.is_marked()
            || self.form.is_touched()
            || !self.form.is_alone(g)
            || self.watched
            || !self.lanes.is_empty()
        {
            return false;
        }
        let link = &mut self.links[g];
        let share = step.share(it.weight);
        let size = link.size - share;
        let level = link.capacity / size;
        let lower = self.groups[g].ceilings.first().is_some_and(|(ceiling, _)| ceiling <= level);
        if link.own > 0 || link.fresh_for <= 1 || lower {
            return false;
        }
        link.size = size;
        link.share -= share;
        link.fresh_for -= 1;
        self.set_level(g, level);
        true
    }

    /// Says when the group of a class completes next, its clock being at the present.
    #[inline]
    fn schedule_alone(&mut self, k: u32) {
        let g = self.actives[k as usize].group;
        let group = &self.groups[g];
        let (key, _) = group.finish.first().expect("it holds a class");
        let at = done_at(self.now, key - group.clock, key, self.levels[g]);
        self.form.complete_at(g, at);
        (self.next, self.posted) = (None, false);
    }

    /// Drops removed flows once they are half of the queue.
    pub(super) fn purge(&mut self, k: u32) {
        let it = &mut self.actives[k as usize];
        let queue = &mut self.queues[it.queue as usize];
        if queue.dead as usize * 2 > queue.len() && queue.len() > 64 {
            let flows = &self.flows;
            queue.retain(|tag| flows.is_live(tag));
            queue.dead = 0;
        }
    }

    /// The class's first mark moved.
    #[inline]
    pub(super) fn rekey(&mut self, k: u32) {
        let it = &self.actives[k as usize];
        if it.group != NONE {
            let (at, key) = (self.finish_at[k as usize], it.head - it.offset);
            let finish = &mut self.groups[it.group].finish;
            let finish_at = &mut self.finish_at;
            finish.rekey(at, key, |k, at| finish_at[k as usize] = at);
        }
    }

    /// The next completion of the class's group, or its own, may have moved.
    #[inline]
    pub(super) fn reschedule(&mut self, k: u32) {
        self.posted = false;
        let it = &self.actives[k as usize];
        if it.group == NONE {
            let left = it.head - it.offset;
            let at = done_at(self.now, left, it.head, it.ceiling);
            self.own.set(it.class, Instant::from_nanos(at));
            self.next = None;
        } else {
            self.form.touch(it.group);
        }
    }

    /// Adds `flows` (1 or -1) flows of a class to the sums of its resources, and marks those that
    /// must be looked at.
    #[inline]
    pub(super) fn weigh(&mut self, k: u32, flows: f64) {
        self.note_path(k);
        let it = &self.actives[k as usize];
        let (g, mask, path) = (it.group, it.mask, it.path.of(&self.steps));
        let mass = flows * it.weight;
        if let [step] = path
            && g != NONE
        {
            let link = &mut self.links[g];
            link.share += step.share(mass);
            link.size += step.share(mass);
            return self.form.mark(g, f64::INFINITY, 0.0);
        }
        for step in path {
            self.links[step.link].share += step.share(mass);
            self.form.rekey(step.link, &self.links, &self.levels);
        }
        if g == NONE {
            let load = if it.ceiling < f64::INFINITY { mass * it.ceiling } else { 0.0 };
            for step in path {
                self.used[step.link] += step.share(load);
            }
        } else {
            let own = self.used[g];
            let mine = self.form.add(g, path, mass, self.levels[g], &mut self.used);
            self.used[g] = own;
            self.links[g].size += mine;
        }
        if flows < 0.0 {
            self.form.fall(mask, path, &self.used);
        } else {
            self.form.rise(mask, path, &self.used, &self.room);
        }
    }

    /// Notes the peaks on a class's path before its load changes.
    #[inline]
    fn note_path(&mut self, k: u32) {
        if self.watched {
            self.note_peaks_of_class(k);
        }
    }

    /// Marks the resources that a class which came must be weighed on.
    #[inline]
    fn rise(&mut self, k: u32) {
        let it = &self.actives[k as usize];
        self.form.rise(it.mask, it.path.of(&self.steps), &self.used, &self.room);
    }

    /// Marks those that a class which went, or runs slower now, leaves more of.
    #[inline]
    pub(super) fn fall(&mut self, k: u32) {
        let it = &self.actives[k as usize];
        self.form.fall(it.mask, it.path.of(&self.steps), &self.used);
    }

    /// Puts a class that is nowhere where it will probably be held: the resource that would give
    /// it least, or its ceiling.
    #[inline]
    pub(super) fn place(&mut self, k: u32, attained: f64) {
        let it = &self.actives[k as usize];
        let mass = it.mass();
        let (mut g, mut least) = (NONE, it.ceiling);
        for step in it.path.of(&self.steps) {
            let r = step.link;
            let link = &self.links[r];
            let share = step.share(mass);
            let guess = if link.capacity == f64::INFINITY {
                // It holds nobody, though its group may be on its way elsewhere.
                f64::INFINITY
            } else if link.holds > 0 {
                self.levels[r] * (link.size / (link.size + share))
            } else {
                ((link.capacity - self.used[r]) / share).max(link.capacity / link.share)
            };
            if guess < least {
                (g, least) = (step.link, guess);
            }
        }
        if g == NONE {
            self.enter_own(k, attained);
        } else {
            if self.links[g].holds == 0 {
                self.begin(g, least);
            }
            let clock = self.advance(g);
            self.actives[k as usize].offset = attained - clock;
            self.enter(k, g);
        }
    }

    /// Puts a class, with its offset set, into a group.
    #[inline]
    pub(super) fn enter(&mut self, k: u32, g: u32) {
        self.note_path(k);
        let it = &mut self.actives[k as usize];
        it.group = g;
        let mass = it.mass();
        let path = it.path.of(&self.steps);
        let mine = if let [step] = path {
            step.share(mass)
        } else {
            let own = self.used[g];
            let mine = self.form.join(g, it.mask, path, mass, self.levels[g], &mut self.used);
            self.used[g] = own;
            mine
        };
        self.hold(g, mine);
        self.queue_up(k, g);
    }

    /// A resource holds one more class.
    #[inline]
    fn hold(&mut self, g: u32, weight: f64) {
        let link = &mut self.links[g];
        link.size += weight;
        link.holds += 1;
        if link.holds == 1 {
            self.form.hold(g, true, self.room[g]);
            let base = self.lanes.base(g);
            self.accounts[base].fills(self.now);
        }
        self.posted = false;
        self.form.touch(g);
    }

    /// A resource holds one class less.
    #[inline]
    fn unhold(&mut self, g: u32, weight: f64) {
        let link = &mut self.links[g];
        link.size -= weight;
        link.holds -= 1;
        if link.holds == 0 {
            link.size = 0.0;
            self.set_level(g, f64::INFINITY);
            self.form.hold(g, false, self.room[g]);
            let base = self.lanes.base(g);
            self.accounts[base].frees(self.links[base].capacity, self.now);
        }
        self.posted = false;
        self.form.touch(g);
    }

    /// Puts a class into the heaps of a group.
    #[inline]
    fn queue_up(&mut self, k: u32, g: u32) {
        let it = &self.actives[k as usize];
        let sketch = sketch(it.mask);
        let group = &mut self.groups[g];
        let (finish_at, ceiling_at) = (&mut self.finish_at, &mut self.ceiling_at);
        let entry = Entry { key: it.head - it.offset, class: k, sketch };
        group.finish.push(entry, |k, at| finish_at[k as usize] = at);
        if it.ceiling < f64::INFINITY {
            let entry = Entry { key: it.ceiling, class: k, sketch };
            group.ceilings.push(entry, |k, at| ceiling_at[k as usize] = at);
        }
    }

    /// Takes a class out of the heaps of its group.
    #[inline]
    fn queue_out(&mut self, k: u32, g: u32) {
        let capped = self.actives[k as usize].ceiling < f64::INFINITY;
        let group = &mut self.groups[g];
        let (finish_at, ceiling_at) = (&mut self.finish_at, &mut self.ceiling_at);
        group.finish.remove(finish_at[k as usize], |k, at| finish_at[k as usize] = at);
        if capped {
            group.ceilings.remove(ceiling_at[k as usize], |k, at| ceiling_at[k as usize] = at);
        }
    }

    /// Puts a class at its own ceiling.
    pub(super) fn enter_own(&mut self, k: u32, attained: f64) {
        self.note_path(k);
        let it = &mut self.actives[k as usize];
        it.group = NONE;
        it.offset = attained;
        let (load, entry) = (it.own_load(), Entry { key: -it.ceiling, class: k, sketch: 0 });
        for i in it.path.range() {
            let step = self.steps[i];
            let r = step.link;
            self.links[r].own += 1;
            self.used[r] += step.share(load);
            let Self { groups, actives, steps, places, .. } = self;
            groups[r].own.push(entry, |k, at| places[actives[k as usize].step_on(steps, r)] = at);
        }
        self.reschedule(k);
    }

    fn leave_own(&mut self, k: u32) {
        let it = &self.actives[k as usize];
        let load = it.own_load();
        for i in it.path.range() {
            let step = self.steps[i];
            let r = step.link;
            self.links[r].own -= 1;
            let others = self.links[r].own > 0 || self.form.others(step.link);
            self.used[r] = if others { self.used[r] - step.share(load) } else { 0.0 };
            let Self { groups, actives, steps, places, .. } = self;
            let place = places[i];
            groups[r].own.remove(place, |k, at| places[actives[k as usize].step_on(steps, r)] = at);
        }
        self.own.set(self.actives[k as usize].class, Instant::NEVER);
        self.next = None;
    }

    /// Takes a class, accounted for and filed, out of its group or from its ceiling.
    #[inline]
    pub(super) fn take_out(&mut self, k: u32) {
        self.note_path(k);
        let g = self.actives[k as usize].group;
        if g == NONE {
            self.posted = false;
            return self.leave_own(k);
        }
        self.queue_out(k, g);
        let it = &self.actives[k as usize];
        let (mass, path) = (it.mass(), it.path.of(&self.steps));
        let mine = if let [step] = path {
            step.share(mass)
        } else {
            let (level, own) = (self.levels[g], self.used[g]);
            let mine = self.form.quit(g, path, mass, level, &mut self.used, &self.links);
            self.used[g] = own;
            mine
        };
        self.unhold(g, mine);
    }

    /// Moves a class, accounted for, into a group that has a level.
    #[inline]
    pub(super) fn shift(&mut self, k: u32, to: u32, attained: f64) {
        self.file(k);
        let clock = self.advance(to);
        let it = &mut self.actives[k as usize];
        let from = it.group;
        let offset = attained - clock;
        if from == NONE {
            self.take_out(k);
            self.actives[k as usize].offset = offset;
            return self.enter(k, to);
        }
        (it.offset, it.group) = (offset, to);
        self.note_path(k);
        self.queue_out(k, from);
        let it = &self.actives[k as usize];
        let moves =
            Move { from, to, mass: it.mass(), before: self.levels[from], after: self.levels[to] };
        let path = it.path.of(&self.steps);
        let (left, gained) = self.form.transfer(moves, it.mask, path, &mut self.used, &self.links);
        self.unhold(from, left);
        self.hold(to, gained);
        self.queue_up(k, to);
    }

    /// Moves a class from its group to its own ceiling.
    pub(super) fn release(&mut self, k: u32) {
        let attained = self.account(k);
        self.file(k);
        self.take_out(k);
        self.enter_own(k, attained);
        self.rise(k);
    }

    /// Gives an active class another ceiling.
    pub(super) fn set_ceiling(&mut self, k: u32, ceiling: f64) {
        if self.actives[k as usize].ceiling != ceiling {
            self.replace(k, Some(ceiling));
        }
    }

    /// Takes a class out, gives it another ceiling if there is one, and places it anew.
    fn replace(&mut self, k: u32, ceiling: Option<f64>) {
        let attained = self.account(k);
        self.file(k);
        self.take_out(k);
        let it = &mut self.actives[k as usize];
        it.ceiling = ceiling.unwrap_or(it.ceiling);
        self.place(k, attained);
        self.rise(k);
    }

    /// A capacity became infinite: its group goes elsewhere.
    pub(super) fn let_go(&mut self, r: u32) {
        while let Some((_, k)) = self.groups[r].finish.first() {
            self.replace(k, None);
        }
    }

    /// A capacity became finite: it may hold those that nothing held.
    pub(super) fn catch(&mut self, r: u32) {
        while let Some((f64::NEG_INFINITY, k)) = self.groups[r].own.first() {
            self.replace(k, None);
        }
    }
}

impl Active {
    /// Flows x weight.
    #[inline]
    pub(super) fn mass(&self) -> f64 {
        f64::from(self.flows) * self.weight
    }

    /// Rate of a class at its own ceiling; of one that nothing holds, 0.
    fn own_load(&self) -> f64 {
        if self.ceiling < f64::INFINITY { self.mass() * self.ceiling } else { 0.0 }
    }

    /// The step of its path, among all steps, on a resource.
    fn step_on(&self, steps: &[Step], link: u32) -> usize {
        let mut range = self.path.range();
        range.find(|i| steps[*i].link == link).expect("it crosses this")
    }
}
