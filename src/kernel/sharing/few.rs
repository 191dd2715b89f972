//! The matrix of up to 128 resources: rows and columns are bits, so that marks are set for many
//! resources at once.

use super::core::{Link, Step};
use super::form::{Faster, Form, Mask, Who};
use super::slots::Fixed;
use std::fmt::Debug;
use std::ops::{Index, IndexMut};

/// Most resources.
pub(super) const MOST: usize = 128;
/// Numbers that are worked on side by side; arrays by resource are padded to whole lanes.
pub(super) const LANES: usize = 8;

/// Rows and columns of bits.
#[derive(Debug, Default)]
pub(super) struct Few {
    len: usize,
    /// Of each group, by resource: flows x weight x crossings of its classes there, and how many
    /// they are.
    shares: Square<f64>,
    counts: Square<u32>,
    /// Of each group the resources that its classes cross, of each resource the groups that cross
    /// it; its own among them.
    columns: Fixed<Mask>,
    rows: Fixed<Mask>,
    /// How many bits each column has.
    crossed: Fixed<u32>,
    sets: [Sets; 2],
}

/// Sets of resources, 64 of them. The words of one set do not lie side by side, so that no compiler
/// reads both in one go: a read that spans two fresh writes waits for both to reach the cache.
#[derive(Debug, Default)]
struct Sets {
    /// Resources that hold classes.
    holding: u64,
    marked: u64,
    touched: u64,
    /// Groups that began since the last repair ended.
    fresh: u64,
}

/// A value for each pair of resources.
#[derive(Debug)]
struct Square<T>(Vec<Fixed<T>>);

impl<T: Clone + Default> Default for Square<T> {
    fn default() -> Self {
        Self((0..MOST).map(|_| Fixed::default()).collect())
    }
}

impl<T> Index<u32> for Square<T> {
    type Output = Fixed<T>;

    #[inline]
    fn index(&self, r: u32) -> &Fixed<T> {
        &self.0[r as usize % MOST]
    }
}

impl<T> IndexMut<u32> for Square<T> {
    #[inline]
    fn index_mut(&mut self, r: u32) -> &mut Fixed<T> {
        &mut self.0[r as usize % MOST]
    }
}

#[inline]
const fn word(i: u32) -> usize {
    (i / 64 % 2) as usize
}

#[inline]
const fn bit(i: u32) -> u64 {
    1 << (i % 64)
}

/// Hands the number of each bit of a word to `each`.
#[inline]
fn each_bit(word: usize, mut bits: u64, mut each: impl FnMut(u32)) {
    let first = if word == 0 { 0 } else { 64 };
    while bits != 0 {
        each(first + bits.trailing_zeros());
        bits &= bits - 1;
    }
}

impl Few {
    /// A set without one resource.
    #[inline]
    const fn without(mut set: Mask, r: u32) -> Mask {
        set[word(r)] &= !bit(r);
        set
    }
}

impl Form for Few {
    type Of<T: Debug + Default> = Fixed<T>;

    fn grow(&mut self, _room: f64) {
        assert!(self.len < MOST, "up to 128 resources");
        self.len += 1;
    }

    fn mask(steps: &[Step]) -> Mask {
        let mut mask = Mask::default();
        steps.iter().for_each(|step| mask[word(step.link)] |= bit(step.link));
        mask
    }

    #[inline]
    fn crosses(mask: Mask, _steps: &[Step], r: u32) -> bool {
        mask[word(r)] & bit(r) != 0
    }

    #[inline]
    fn join(
        &mut self,
        group: u32,
        steps: &[Step],
        flows: f64,
        level: f64,
        used: &mut Self::Of<f64>,
    ) -> f64 {
        let (shares, counts) = (&mut self.shares[group], &mut self.counts[group]);
        let column = &mut self.columns[group];
        let (mut own, mut crossed) = (0.0, self.crossed[group]);
        for step in steps {
            let (r, share) = (step.link, flows * step.share);
            own = if step.link == group { share } else { own };
            crossed += u32::from(counts[r] == 0);
            shares[r] += share;
            counts[r] += 1;
            used[r] += share * level;
            self.rows[r][word(group)] |= bit(group);
            column[word(step.link)] |= bit(step.link);
        }
        self.crossed[group] = crossed;
        own
    }

    #[inline]
    fn quit(
        &mut self,
        group: u32,
        steps: &[Step],
        flows: f64,
        level: f64,
        used: &mut Self::Of<f64>,
        links: &Self::Of<Link>,
    ) -> f64 {
        let (shares, counts) = (&mut self.shares[group], &mut self.counts[group]);
        let mut own = 0.0;
        for step in steps {
            let (r, share) = (step.link, flows * step.share);
            own = if step.link == group { share } else { own };
            used[r] -= share * level;
            shares[r] -= share;
            counts[r] -= 1;
            if counts[r] == 0 {
                // With nobody left, a sum is 0 whatever the rounding says.
                shares[r] = 0.0;
                self.crossed[group] -= 1;
                self.columns[group][word(step.link)] &= !bit(step.link);
                self.rows[r][word(group)] &= !bit(group);
                let others = Self::without(self.rows[r], step.link);
                if others == Mask::default() && links[r].own == 0 {
                    used[r] = 0.0;
                }
            }
        }
        own
    }

    #[inline]
    fn add(&mut self, group: u32, steps: &[Step], flows: f64, level: f64, used: &mut Self::Of<f64>) -> f64 {
        let shares = &mut self.shares[group];
        let mut own = 0.0;
        for step in steps {
            let (r, share) = (step.link, flows * step.share);
            own = if step.link == group { share } else { own };
            shares[r] += share;
            used[r] += share * level;
        }
        own
    }

    #[inline]
    fn is_alone(&self, r: u32) -> bool {
        let (row, column) = (&self.rows[r], &self.columns[r]);
        Self::without([row[0] | column[0], row[1] | column[1]], r) == Mask::default()
    }

    #[inline]
    fn others(&self, r: u32) -> bool {
        Self::without(self.rows[r], r) != Mask::default()
    }

    fn each_crossed(&self, group: u32, mut each: impl FnMut(u32)) {
        for (w, bits) in self.columns[group].into_iter().enumerate() {
            each_bit(w, bits, &mut each);
        }
    }

    fn each_crossing(&self, r: u32, mut each: impl FnMut(u32, f64)) {
        for (w, bits) in Self::without(self.rows[r], r).into_iter().enumerate() {
            each_bit(w, bits, |q| each(q, self.shares[q][r]));
        }
    }

    #[inline]
    fn note_faster(
        &mut self,
        r: u32,
        level: f64,
        risen: bool,
        levels: &Self::Of<f64>,
        into: &mut Vec<Faster>,
    ) -> f64 {
        let risen = risen && self.sets[word(r)].fresh & bit(r) == 0;
        let others = Self::without(self.rows[r], r);
        let mut load = 0.0;
        for w in 0..2 {
            let those = if risen { self.sets[w].touched } else { u64::MAX };
            each_bit(w, others[w] & those, |q| {
                let other = levels[q];
                if other > level {
                    let share = self.shares[q][r];
                    load += share * other;
                    into.push(Faster { level: other, share, who: Who::Group(q) });
                }
            });
        }
        load
    }

    #[inline]
    fn note_level(&mut self, _r: u32, _level: f64) {}

    #[inline]
    fn spread(&mut self, group: u32, change: f64, _level: f64, used: &mut Self::Of<f64>, room: &Self::Of<f64>) {
        let shares = &self.shares[group];
        let column = Self::without(self.columns[group], group);
        // The group's own load comes from others alone.
        let own = used[group];
        let mut over = false;
        let dense = self.crossed[group] as usize * 4 > self.len;
        if dense {
            // Many of them: all, as vectors.
            let lanes = self.len.next_multiple_of(LANES);
            let pieces = shares.0.as_chunks::<LANES>().0.iter().zip(room.0.as_chunks::<LANES>().0);
            let mut most = [f64::NEG_INFINITY; LANES];
            for (used, (share, room)) in used.0[..lanes].as_chunks_mut::<LANES>().0.iter_mut().zip(pieces) {
                // (Copied: none of them is another, which a compiler can't know.)
                let (mut load, share, room) = (*used, *share, *room);
                for j in 0..LANES {
                    load[j] += share[j] * change;
                    let beyond = load[j] - room[j];
                    most[j] = if beyond > most[j] { beyond } else { most[j] };
                }
                *used = load;
            }
            used[group] = own;
            over = change > 0.0 && most.iter().any(|beyond| *beyond > 0.0);
        }
        for w in 0..2 {
            let sets = &mut self.sets[w];
            let mut marked = column[w] & sets.holding;
            if !dense {
                each_bit(w, column[w], |r| {
                    let used = &mut used[r];
                    *used += shares[r] * change;
                    marked |= if *used > room[r] { bit(r) } else { 0 };
                });
            } else if over {
                each_bit(w, column[w], |r| {
                    let is = used[r] > room[r];
                    marked |= if is { bit(r) } else { 0 };
                });
            }
            sets.marked |= marked;
        }
    }

    #[inline]
    fn hold(&mut self, r: u32, holds: bool, _room: f64) {
        let holding = &mut self.sets[word(r)].holding;
        *holding = if holds { *holding | bit(r) } else { *holding & !bit(r) };
    }

    #[inline]
    fn sole(&self) -> Option<u32> {
        match self.sets.each_ref().map(|sets| sets.holding) {
            [low, 0] if low.is_power_of_two() => Some(low.trailing_zeros()),
            _ => None,
        }
    }

    fn set_room(&mut self, _r: u32, _holds: bool, _room: f64, _before: f64) {}

    #[inline]
    fn begin(&mut self, group: u32) {
        self.sets[word(group)].fresh |= bit(group);
    }

    #[inline]
    fn rekey(&mut self, _r: u32, _links: &Self::Of<Link>, _levels: &Self::Of<f64>) {}

    #[inline]
    fn stir(&mut self, mask: Mask, steps: &[Step], used: &Self::Of<f64>, room: &Self::Of<f64>) {
        let mut rest = 0;
        for w in 0..2 {
            let sets = &mut self.sets[w];
            sets.marked |= mask[w] & sets.holding;
            rest |= mask[w] & !sets.holding;
        }
        if rest != 0 {
            for step in steps {
                let r = step.link;
                let over = if used[r] > room[r] { bit(step.link) } else { 0 };
                self.sets[word(step.link)].marked |= over;
            }
        }
    }

    #[inline]
    fn mark(&mut self, r: u32, used: f64, room: f64) {
        let sets = &mut self.sets[word(r)];
        if sets.holding & bit(r) != 0 || used > room {
            sets.marked |= bit(r);
        }
    }

    #[inline]
    fn is_marked(&self) -> bool {
        self.sets[0].marked != 0 || self.sets[1].marked != 0
    }

    #[inline]
    fn pop(&mut self, links: &Self::Of<Link>, levels: &Self::Of<f64>) -> Option<u32> {
        let (mut first, mut lowest) = (None, f64::INFINITY);
        for w in 0..2 {
            each_bit(w, self.sets[w].marked, |r| {
                let level = levels[r];
                let key = if level < f64::INFINITY {
                    level
                } else {
                    links[r].capacity / links[r].share
                };
                let lower = key < lowest || first.is_none();
                first = if lower { Some(r) } else { first };
                lowest = if lower { key } else { lowest };
            });
        }
        if let Some(r) = first {
            self.sets[word(r)].marked &= !bit(r);
        }
        first
    }

    #[inline]
    fn done(&mut self, r: u32, _holds: bool, _room: f64) {
        self.sets[word(r)].marked &= !bit(r);
    }

    #[inline]
    fn touch(&mut self, group: u32) {
        self.sets[word(group)].touched |= bit(group);
    }

    #[inline]
    fn is_touched(&self) -> bool {
        self.sets[0].touched != 0 || self.sets[1].touched != 0
    }

    #[inline]
    fn take_touched(&mut self, mut each: impl FnMut(u32)) {
        for w in 0..2 {
            self.sets[w].fresh = 0;
            each_bit(w, std::mem::take(&mut self.sets[w].touched), &mut each);
        }
    }
}
