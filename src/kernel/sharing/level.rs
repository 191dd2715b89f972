//! The repair of levels.
//!
//! A resource's level is right when its group fills what the others leave, and nobody outside of
//! the group has a higher level on it. So: take the marked resource of the lowest level, find its
//! level, take in those that are faster, let go those whose ceiling is lower, and mark the full
//! resources that any of them crosses. When no mark is left, every resource is right, and the
//! allocation is max-min fair.

use super::membership::ROOM;
use super::{NONE, Sharing, done_at, greater};

/// Levels that differ by less than this factor are equal.
const TIE: f64 = 1.0 + 1e-12;
/// A level that moves by less than this share stays.
const SAME: f64 = 1e-13;
/// Loads are summed afresh after this many repairs of a resource.
const AFRESH: u32 = 256;

/// Someone that crosses a resource at a higher level than its group's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Faster {
    level: f64,
    share: f64,
    who: Who,
}

#[derive(Clone, Copy, Debug)]
enum Who {
    Group(u32),
    /// A class at its own ceiling.
    Own(u32),
}

/// What a load leaves of a capacity. A load is not negative, but for rounding, and what rounding
/// leaves of a full resource is nothing.
#[inline]
fn left_of(capacity: f64, used: f64) -> f64 {
    let left = capacity - used.max(0.0);
    if left < 4e-15 * capacity { 0.0 } else { left }
}

impl Sharing {
    pub(super) fn repair(&mut self) {
        let mut steps = 0_u64;
        while let Some(r) = self.marks.pop(&self.alarm) {
            self.level(r);
            steps += 1;
            assert!(
                steps < 1_000_000 + 1_000 * self.links.len() as u64,
                "a repair of levels comes to an end"
            );
        }
        self.repairs += steps;
    }

    /// Puts the level of one resource right. Its mark stays until the end, so that what it does
    /// to others does not mark it again.
    fn level(&mut self, r: u32) {
        self.groups[r as usize].repairs += 1;
        if self.groups[r as usize].repairs >= AFRESH {
            self.groups[r as usize].repairs = 0;
            self.sum_afresh(r);
        }
        while self.try_level(r) {}
        self.alarm[r as usize] = self.links[r as usize].alarm();
    }

    /// Whether it must be tried again: someone it counted on went to its ceiling instead.
    fn try_level(&mut self, r: u32) -> bool {
        let (link, used) = (&self.links[r as usize], self.used[r as usize]);
        if link.capacity == f64::INFINITY || (link.holds == 0 && used <= link.capacity * ROOM) {
            return false;
        }
        // The level to come is the root of the load as a function of it, which is increasing and
        // concave: Newton's steps from below only rise, and end exactly at the root.
        let held = link.holds > 0;
        let start = if held {
            left_of(link.capacity, used) / link.size
        } else {
            link.capacity / link.share
        };
        let mut level = start.max(0.0);
        let scan = !held || level * TIE < self.top[r as usize];
        self.faster.clear();
        let mut rest = used;
        if scan {
            rest = self.find_faster(r, level * TIE);
        }
        let mut above = usize::MAX;
        loop {
            let mut released = false;
            while let Some((ceiling, k)) = self.groups[r as usize].ceilings.first()
                && ceiling <= level
            {
                let before = self.used[r as usize];
                self.release(k);
                rest += self.used[r as usize] - before;
                released = true;
                if self.links[r as usize].holds == 0 {
                    // Those noted stay where they are for now.
                    self.keep_faster(r, f64::INFINITY);
                    return true;
                }
            }
            if self.faster.is_empty() && !released {
                break;
            }
            let link = &self.links[r as usize];
            let (mut left, mut size, mut count) = (left_of(link.capacity, rest), link.size, 0);
            for it in &self.faster {
                if it.level > level * TIE {
                    size += it.share;
                    count += 1;
                } else {
                    left -= it.share * it.level;
                }
            }
            if size == 0.0 {
                break;
            }
            level = (left / size).max(level);
            if count == above && !released {
                break;
            }
            above = count;
        }
        if scan {
            self.keep_faster(r, level * TIE);
        }
        self.set_level(r, level)
    }

    /// Notes who crosses a resource above a level; returns the load of the others.
    fn find_faster(&mut self, r: u32, level: f64) -> f64 {
        let (mut rest, mut top) = (0.0, 0.0);
        for &crossing in self.cells.row(r) {
            let share = self.cells.share(crossing);
            let other = self.links[crossing.group as usize].level;
            if crossing.group == r {
                continue;
            }
            if other > level {
                let who = Who::Group(crossing.group);
                self.faster.push(Faster { level: other, share, who });
            } else {
                rest += share * other;
                top = greater(top, other);
            }
        }
        if self.groups[r as usize].own > 0 {
            for member in &self.groups[r as usize].members {
                let it = &self.actives[member.active as usize];
                if it.group != NONE || it.ceiling == f64::INFINITY {
                    continue;
                }
                let share = f64::from(it.flows) * it.steps[member.step as usize].share;
                if it.ceiling > level {
                    let who = Who::Own(member.active);
                    self.faster.push(Faster { level: it.ceiling, share, who });
                } else {
                    rest += share * it.ceiling;
                    top = greater(top, it.ceiling);
                }
            }
        }
        self.top[r as usize] = top;
        rest
    }

    /// Of those noted, keeps who is above the level that came out.
    fn keep_faster(&mut self, r: u32, level: f64) {
        let top = &mut self.top[r as usize];
        self.faster.retain(|it| {
            if it.level <= level {
                *top = greater(*top, it.level);
            }
            it.level > level
        });
    }

    /// Gives a resource's group its level, and takes in those noted as faster. Whether one of them
    /// went to its ceiling instead.
    fn set_level(&mut self, r: u32, level: f64) -> bool {
        let link = &self.links[r as usize];
        let (held, old) = (link.holds > 0, link.level);
        if self.faster.is_empty() && (!held || (level - old).abs() <= SAME * old) {
            return false;
        }
        if held {
            self.advance(r);
            self.links[r as usize].level = level;
            self.marks.set_key(r, level);
            self.touch(r);
            self.spread(r, level - old, level);
        } else {
            self.begin(r, level);
        }
        !self.faster.is_empty() && self.take(r, level)
    }

    /// The members of a group changed their level by `change`: the loads of the other resources
    /// that they cross follow; those that are full, or now over, are marked.
    fn spread(&mut self, r: u32, change: f64, level: f64) {
        if self.watched {
            let cells = std::mem::take(&mut self.cells);
            self.note_peaks(cells.column(r).iter().map(|cell| cell.resource));
            self.cells = cells;
        }
        let column = self.cells.column(r);
        let used = &mut self.used[..];
        let alarm = &mut self.alarm[..used.len()];
        let top = &mut self.top[..used.len()];
        // The group's own resource is in its column, but not among those it loads.
        let own = (used[r as usize], top[r as usize]);
        if let Some(dense) = self.cells.dense(r) {
            let mut off = false;
            for ((used, share), alarm) in used.iter_mut().zip(dense).zip(&*alarm) {
                *used += share * change;
                off |= *used > *alarm;
            }
            if off {
                let loads = column.iter().map(|cell| (cell.resource, used[cell.resource as usize]));
                self.marks.sound(loads, alarm);
            }
        } else {
            let loads = column.iter().map(|cell| {
                let used = &mut used[cell.resource as usize];
                *used += cell.share * change;
                (cell.resource, *used)
            });
            self.marks.sound(loads, alarm);
        }
        if change > 0.0 {
            for cell in column {
                let top = &mut top[cell.resource as usize];
                *top = greater(*top, level);
            }
        }
        (used[r as usize], top[r as usize]) = own;
    }

    /// Moves those noted as faster on a resource into its group; a class whose ceiling is lower (its
    /// own group's level was still to be put right) goes there. Whether there was one.
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
                    self.account(k);
                    self.shift(k, r);
                }
                self.stir(k);
            }
            if let Who::Group(q) = it.who
                && self.links[q as usize].holds > 0
            {
                self.mark(q);
            }
        }
        self.moved = moved;
        self.faster = faster;
        if self.links[r as usize].holds == 0 {
            self.links[r as usize].level = f64::INFINITY;
        }
        other
    }

    /// The classes of a group that cross a resource, by the shorter of the two lists.
    fn crossing(&self, q: u32, r: u32, into: &mut Vec<u32>) {
        let (group, other) = (&self.groups[q as usize], &self.groups[r as usize]);
        if group.finish.len() <= other.members.len() {
            for (_, k) in group.finish.iter() {
                if self.actives[k as usize].steps.iter().any(|s| s.link == r) {
                    into.push(k);
                }
            }
        } else {
            let of = |k: &u32| self.actives[*k as usize].group == q;
            into.extend(other.members.iter().map(|m| m.active).filter(of));
        }
    }

    /// Says when the touched groups complete next.
    pub(super) fn schedule(&mut self) {
        self.next = None;
        for i in 0..self.touched.len() {
            let g = self.touched[i];
            let link = &mut self.links[g as usize];
            link.touched = false;
            let (level, holds) = (link.level, link.holds);
            let at = if holds == 0 {
                u64::MAX
            } else {
                let clock = self.advance(g);
                let (key, _) = self.groups[g as usize].finish.first().expect("it holds a class");
                done_at(self.now, key - clock, key, level)
            };
            self.soonest.set(g, at);
        }
        self.touched.clear();
    }
}
