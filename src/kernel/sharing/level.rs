//! The repair of levels.
//!
//! A resource's level is right when its group fills what the others leave, and nobody outside of
//! the group has a higher level on it. So: take the marked resource of the lowest level, find its
//! level, take in those that are faster, let go those whose ceiling is lower, and mark the full
//! resources that any of them crosses. When no mark is left, every resource is right, and the
//! allocation is max-min fair.

use super::core::Core;
use super::form::{Faster, Form, Who};

/// Levels that differ by less than this factor are equal.
const TIE: f64 = 1.0 + 1e-12;
/// A level that moves by less than this share stays.
const SAME: f64 = 1e-13;
/// Loads are summed afresh after this many repairs of a resource, or a few for each class that it
/// holds.
pub(super) const AFRESH: u32 = 256;

/// What a load leaves of a capacity. A load is not negative, but for rounding, and what rounding
/// leaves of a full resource is nothing.
#[inline]
fn left_of(capacity: f64, used: f64) -> f64 {
    let left = capacity - used.max(0.0);
    if left < 4e-15 * capacity { 0.0 } else { left }
}

impl<F: Form> Core<F> {
    #[inline]
    pub(super) fn repair(&mut self) {
        let mut left = 1_000_000 + 1_000 * u64::from(self.len);
        while let Some(r) = self.form.pop(&self.links, &self.levels) {
            self.level(r);
            left = left.checked_sub(1).expect("a repair of levels comes to an end");
        }
    }

    /// Puts the level of one resource right. Its mark stays until the end, so that what it does
    /// to others does not mark it again.
    #[inline]
    fn level(&mut self, r: u32) {
        let link = &mut self.links[r];
        link.fresh_for -= 1;
        if link.fresh_for == 0 {
            link.fresh_for = AFRESH.max(link.holds.saturating_mul(4));
            self.sum_afresh(r);
        }
        if !self.form.is_alone(r) || !self.level_alone(r) {
            while self.try_level(r) {}
        }
        self.form.done(r, self.links[r].holds > 0, self.room[r]);
    }

    /// The same for a resource whose classes cross no other, and that nobody else crosses: nothing
    /// moves but its level. Whether it is one.
    #[inline]
    fn level_alone(&mut self, r: u32) -> bool {
        let link = &self.links[r];
        if link.holds == 0 || link.own > 0 {
            return false;
        }
        let (level, old) = (link.capacity / link.size, self.levels[r]);
        if self.has_lower_ceiling(r, level) {
            return false;
        }
        if (level - old).abs() > SAME * old {
            self.advance(r);
            if self.watched {
                self.note_peak(r);
            }
            self.set_level(r, level);
            self.form.touch(r);
        }
        true
    }

    /// Whether it must be tried again: someone it counted on went to its ceiling instead.
    #[inline]
    fn try_level(&mut self, r: u32) -> bool {
        let (link, used) = (&self.links[r], self.used[r]);
        let held = link.holds > 0;
        if link.capacity == f64::INFINITY || (!held && used <= self.room[r]) {
            return false;
        }
        // The level to come is the root of the load as a function of it, which is increasing and
        // concave: Newton's steps from below only rise, and end exactly at the root.
        let mut level = if held {
            left_of(link.capacity, used) / link.size
        } else {
            link.capacity / link.share
        };
        let old = self.levels[r];
        let rest = self.note_faster(r, level * TIE, level >= old);
        if !self.faster.is_empty() || self.has_lower_ceiling(r, level) {
            match self.find_root(r, level, used - rest) {
                Some(root) => level = root,
                None => return true,
            }
        }
        // Gives the group its level, and takes in those noted as faster.
        if self.faster.is_empty() && (!held || (level - old).abs() <= SAME * old) {
            return false;
        }
        if self.links[r].holds > 0 {
            self.advance(r);
            self.set_level(r, level);
            self.form.touch(r);
            if self.watched {
                self.note_peaks_of_group(r);
            }
            self.form.spread(r, level - old, level, &mut self.used, &self.room);
        } else {
            self.begin(r, level);
        }
        !self.faster.is_empty() && self.take(r, level)
    }

    #[inline]
    fn has_lower_ceiling(&self, r: u32, level: f64) -> bool {
        self.groups[r].ceilings.first().is_some_and(|(ceiling, _)| ceiling <= level)
    }

    /// The level at which a resource is full: `level` or above. `rest` is the load of those that
    /// are not noted as faster. None when it lost all of its classes to their ceilings.
    #[inline(never)]
    fn find_root(&mut self, r: u32, mut level: f64, mut rest: f64) -> Option<f64> {
        loop {
            let mut released = false;
            while let Some((ceiling, k)) = self.groups[r].ceilings.first()
                && ceiling <= level
            {
                let before = self.used[r];
                self.release(k);
                rest += self.used[r] - before;
                released = true;
                if self.links[r].holds == 0 {
                    // Those noted stay where they are for now.
                    self.keep_faster(r, f64::INFINITY);
                    return None;
                }
            }
            if self.faster.is_empty() && !released {
                break;
            }
            let link = &self.links[r];
            let (mut left, mut size) = (left_of(link.capacity, rest), link.size);
            let (mut lowest, mut all) = (f64::INFINITY, true);
            for it in &self.faster {
                if it.level > level * TIE {
                    size += it.share;
                    lowest = if it.level < lowest { it.level } else { lowest };
                } else {
                    left -= it.share * it.level;
                    all = false;
                }
            }
            if size == 0.0 {
                break;
            }
            level = (left / size).max(level);
            // Until it counts those that are above it, and only these.
            if lowest > level * TIE && !self.has_lower_ceiling(r, level) {
                if all {
                    return Some(level);
                }
                break;
            }
        }
        self.keep_faster(r, level * TIE);
        Some(level)
    }

    /// Notes who crosses a resource above a level; returns their load.
    #[inline]
    fn note_faster(&mut self, r: u32, level: f64, risen: bool) -> f64 {
        self.faster.clear();
        let Self { form, levels, faster, .. } = self;
        let mut load = form.note_faster(r, level, risen, levels, faster);
        if self.links[r].own > 0 {
            let Self { groups, actives, steps, faster, .. } = self;
            groups[r].own.each_below(-level, &mut |key, k| {
                let it = &actives[k as usize];
                let step = it.path.of(steps).iter().find(|step| step.link == r);
                let share = step.expect("it crosses this").share(it.mass());
                load += share * -key;
                faster.push(Faster { level: -key, share, who: Who::Own(k) });
            });
        }
        load
    }

    /// Of those noted, keeps who is above the level that came out.
    fn keep_faster(&mut self, r: u32, level: f64) {
        let form = &mut self.form;
        self.faster.retain(|it| {
            let keeps = it.level > level;
            if !keeps && matches!(it.who, Who::Group(_)) {
                form.note_level(r, it.level);
            }
            keeps
        });
    }

    /// Moves those noted as faster on a resource into its group; a class whose ceiling is lower (its
    /// own group's level was still to be put right) goes there. Whether there was one.
    #[inline(never)]
    fn take(&mut self, r: u32, level: f64) -> bool {
        let mut other = false;
        let faster = std::mem::take(&mut self.faster);
        let mut moved = std::mem::take(&mut self.moved);
        for it in &faster {
            moved.clear();
            match it.who {
                Who::Own(k) => moved.push(k),
                Who::Group(q) => self.crossing(q, r, &mut moved),
            }
            for &k in &moved {
                if self.actives[k as usize].ceiling <= level {
                    self.release(k);
                    other = true;
                } else {
                    let attained = self.account(k);
                    self.shift(k, r, attained);
                    self.fall(k);
                }
            }
            if let Who::Group(q) = it.who
                && self.links[q].holds > 0
            {
                self.form.mark(q, self.used[q], self.room[q]);
            }
        }
        self.moved = moved;
        self.faster = faster;
        if self.links[r].holds == 0 {
            self.set_level(r, f64::INFINITY);
        }
        other
    }

    /// The classes of a group that cross a resource.
    #[inline]
    fn crossing(&self, q: u32, r: u32, into: &mut Vec<u32>) {
        let bit = 1 << (r % 32);
        for entry in self.groups[q].finish.iter() {
            if entry.sketch & bit == 0 {
                continue;
            }
            let it = &self.actives[entry.class as usize];
            if F::crosses(it.mask, it.path.of(&self.steps), r) {
                into.push(entry.class);
            }
        }
    }

    /// Sums the weights and loads of a resource afresh, free of the rounding of the past.
    pub(super) fn sum_afresh(&mut self, r: u32) {
        let Self { form, levels, groups, actives, steps, .. } = self;
        let group = &groups[r];
        let weight_of = |k: u32| {
            let it = &actives[k as usize];
            let step = it.path.of(steps).iter().find(|step| step.link == r);
            step.expect("it crosses this").share(it.mass())
        };
        let size: f64 = group.finish.iter().map(|e| weight_of(e.class)).sum();
        let (mut share, mut used) = (size, 0.0);
        form.each_crossing(r, |q, theirs| {
            share += theirs;
            used += theirs * levels[q];
        });
        for entry in group.own.iter() {
            let theirs = weight_of(entry.class);
            share += theirs;
            if entry.key > f64::NEG_INFINITY {
                used -= theirs * entry.key;
            }
        }
        let link = &mut self.links[r];
        (link.size, link.share) = (size, share);
        self.used[r] = used;
    }

    #[inline]
    pub(super) fn set_level(&mut self, r: u32, level: f64) {
        self.levels[r] = level;
        self.form.rekey(r, &self.links, &self.levels);
    }

    /// An empty group gets a level.
    #[inline]
    pub(super) fn begin(&mut self, g: u32, level: f64) {
        let group = &mut self.groups[g];
        (group.clock, group.since) = (0.0, self.now);
        self.form.begin(g);
        self.set_level(g, level);
    }

    /// Brings a group's clock to the present.
    #[inline]
    pub(super) fn advance(&mut self, g: u32) -> f64 {
        let group = &mut self.groups[g];
        if group.since < self.now {
            group.clock = group.clock_at(self.now, self.levels[g]);
            group.since = self.now;
            if group.clock > super::REBASE {
                self.rebase_group(g);
                return 0.0;
            }
        }
        group.clock
    }

    #[cold]
    fn rebase_group(&mut self, g: u32) {
        let group = &mut self.groups[g];
        let by = std::mem::take(&mut group.clock);
        for entry in group.finish.iter() {
            self.actives[entry.class as usize].offset += by;
        }
        group.finish.shift(by);
    }

    pub(super) fn load_of(&self, r: u32) -> f64 {
        let link = &self.links[r];
        // Not negative, but for rounding.
        let used = self.used[r].max(0.0);
        if link.holds > 0 { used + link.size * self.levels[r] } else { used }
    }
}
