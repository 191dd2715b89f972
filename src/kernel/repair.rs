//! The repair of max-min fairness after a change: who is re-shared, and when it is enough.
//!
//! See the module documentation of `sharing` for the idea, and `fill` for the filling itself.

use std::cmp::Reverse;

use super::sharing::{Bound, Class, EPSILON, Member, ResourceId, Sharing};
use super::time::Instant;

/// After this many changes a resource's load is added up anew.
const RESUM: u32 = 256;

impl Sharing {
    /// Makes the rates max-min fair again after starts, ends and changes.
    pub(super) fn settle(&mut self) {
        if self.dirty_classes.is_empty() && self.dirty_resources.is_empty() {
            return;
        }
        self.epoch = self.epoch.wrapping_add(1);
        self.set.clear();
        self.touched.clear();
        self.many_seeds = self.dirty_classes.len() + self.dirty_resources.len() > 1;
        for i in 0..self.dirty_classes.len() {
            self.include(self.dirty_classes[i]);
        }
        for i in 0..self.dirty_resources.len() {
            let r = self.dirty_resources[i];
            self.touch(r);
            self.include_members(r, |class, r| class.bound == Bound::Resource(ResourceId(r)));
        }
        self.dirty_classes.clear();
        self.dirty_resources.clear();
        loop {
            if self.include_overloaded() {
                continue;
            }
            self.fill();
            if !self.include_broken() {
                break;
            }
        }
        self.commit();
    }

    /// Notes that a resource may change.
    fn touch(&mut self, r: u32) {
        let it = &mut self.resources[r as usize];
        if it.epoch != self.epoch {
            it.epoch = self.epoch;
            it.frozen = it.used;
            it.in_set = 0;
            it.was_limited_in_set = 0;
            self.touched.push(r);
        }
    }

    /// Takes a class into the set and its load out of what is frozen.
    fn include(&mut self, c: u32) {
        if self.classes[c as usize].epoch == self.epoch {
            return;
        }
        self.classes[c as usize].epoch = self.epoch;
        self.set.push(c);
        for i in 0..self.classes[c as usize].path.len() {
            self.touch(self.classes[c as usize].path[i].resource);
            let class = &self.classes[c as usize];
            let step = &class.path[i];
            let it = &mut self.resources[step.resource as usize];
            if class.rate.is_finite() {
                it.frozen -= step.times * f64::from(class.settled) * class.rate;
            }
            it.in_set += u32::from(class.flows > 0);
            if class.settled > 0 && class.bound == Bound::Resource(ResourceId(step.resource)) {
                it.was_limited_in_set += 1;
            }
            if it.in_set as usize == it.members.len() {
                it.frozen = 0.0;
            }
            it.frozen = it.frozen.max(0.0);
        }
    }

    fn include_members(&mut self, r: u32, wanted: impl Fn(&Class, u32) -> bool) -> bool {
        let before = self.set.len();
        for i in 0..self.resources[r as usize].members.len() {
            let c = self.resources[r as usize].members[i].class;
            let class = &self.classes[c as usize];
            if class.epoch != self.epoch && wanted(class, r) {
                self.include(c);
            }
        }
        self.set.len() > before
    }

    /// Takes in everybody where those outside the set use more than there is.
    fn include_overloaded(&mut self) -> bool {
        let mut grown = false;
        let mut i = 0;
        while i < self.touched.len() {
            let r = self.touched[i];
            let it = &self.resources[r as usize];
            if it.frozen > it.capacity * (1.0 + EPSILON) {
                grown |= self.include_members(r, |class, _| class.rate > 0.0);
            }
            i += 1;
        }
        grown
    }

    /// Takes in the classes outside the set whose certificate the new rates break.
    fn include_broken(&mut self) -> bool {
        let mut grown = false;
        for i in 0..self.touched.len() {
            let r = self.touched[i];
            let it = &self.resources[r as usize];
            if it.in_set as usize == it.members.len() {
                continue;
            }
            let level = it.new_level;
            if level >= 0.0 {
                // It holds members of the set back, at `level`.
                if it.level.is_infinite() || (level - it.level).abs() > EPSILON * it.level {
                    grown |= self.include_members(r, |class, r| {
                        class.bound == Bound::Resource(ResourceId(r))
                            || class.level > level * (1.0 + EPSILON)
                    });
                }
            } else if it.limited > it.was_limited_in_set {
                // It holds only others back: still full, and nobody above them?
                let room = it.left > EPSILON * it.capacity;
                if room || it.top_level > it.level * (1.0 + EPSILON) {
                    grown |= self.include_members(r, |class, r| {
                        class.bound == Bound::Resource(ResourceId(r))
                    });
                }
            }
        }
        grown
    }

    /// The new rates become the rates.
    fn commit(&mut self) {
        for i in 0..self.touched.len() {
            self.accrue_resource(self.touched[i]);
        }
        for i in 0..self.set.len() {
            let c = self.set[i];
            self.accrue_class(c);
            let class = &mut self.classes[c as usize];
            if class.settled > 0
                && let Bound::Resource(ResourceId(r)) = class.bound
            {
                self.resources[r as usize].limited -= 1;
            }
            class.settled = class.flows;
            (class.rate, class.level, class.bound) =
                (class.new_rate, class.new_level, class.new_bound);
            if class.flows > 0
                && let Bound::Resource(ResourceId(r)) = class.bound
            {
                self.resources[r as usize].limited += 1;
            }
            self.drop_dead(c);
            let at = self.completion(c);
            self.clock.set(c, at);
        }
        for i in 0..self.touched.len() {
            self.commit_load(self.touched[i]);
        }
    }

    fn commit_load(&mut self, r: u32) {
        let it = &mut self.resources[r as usize];
        it.changes += 1;
        if it.new_level >= 0.0 {
            it.level = it.new_level;
        } else if it.limited == 0 {
            it.level = f64::INFINITY;
        }
        if it.changes.is_multiple_of(RESUM) {
            let load = |m: &Member| {
                let class = &self.classes[m.class as usize];
                let rate = if class.rate.is_finite() { class.rate } else { 0.0 };
                class.path[m.step as usize].times * f64::from(class.flows) * rate
            };
            it.used = it.members.iter().map(load).sum();
        } else {
            // What the fill left of the capacity is the exact complement of the load only where
            // the capacity is finite.
            it.used = if it.members.is_empty() { 0.0 } else { it.frozen + it.weight };
        }
    }

    /// When the first flow of a class is done at its present rate.
    fn completion(&self, c: u32) -> Instant {
        let class = &self.classes[c as usize];
        let Some(Reverse((bits, _, _))) = class.marks.peek() else {
            return Instant::NEVER;
        };
        if class.flows == 0 {
            return Instant::NEVER;
        }
        let left = f64::from_bits(*bits) - class.served;
        if left <= 0.0 || class.rate.is_infinite() {
            return self.now;
        }
        let ns = (left / class.rate).ceil();
        if ns < 1e18 {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "0 < ns < 1e18"
            )]
            let span = ns as u64;
            Instant::from_nanos(self.now.nanos() + span)
        } else {
            Instant::NEVER
        }
    }
}
