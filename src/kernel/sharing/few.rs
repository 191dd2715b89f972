//! The matrix of up to 128 resources: rows and columns are bits, so that marks are set for many
//! resources at once.

use super::core::{Link, Step};
use super::form::{Faster, Form, Mask, Who};

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
    shares: Vec<[f64; MOST]>,
    counts: Vec<[u32; MOST]>,
    /// Of each group the resources that its classes cross, of each resource the groups that cross
    /// it; its own among them.
    columns: Vec<Mask>,
    rows: Vec<Mask>,
    /// How many bits each column has.
    crossed: Vec<u32>,
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
    fn grow(&mut self, _room: f64) {
        assert!(self.len < MOST, "up to 128 resources");
        self.len += 1;
        self.shares.push([0.0; MOST]);
        self.counts.push([0; MOST]);
        self.columns.push(Mask::default());
        self.rows.push(Mask::default());
        self.crossed.push(0);
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
        used: &mut [f64],
    ) -> f64 {
        let g = group as usize;
        let (shares, counts) = (&mut self.shares[g], &mut self.counts[g]);
        let column = &mut self.columns[g];
        let (mut own, mut crossed) = (0.0, self.crossed[g]);
        for step in steps {
            let (r, share) = (step.link as usize, flows * step.share);
            own = if step.link == group { share } else { own };
            crossed += u32::from(counts[r % MOST] == 0);
            shares[r % MOST] += share;
            counts[r % MOST] += 1;
            used[r] += share * level;
            self.rows[r][word(group)] |= bit(group);
            column[word(step.link)] |= bit(step.link);
        }
        self.crossed[g] = crossed;
        own
    }

    #[inline]
    fn quit(
        &mut self,
        group: u32,
        steps: &[Step],
        flows: f64,
        level: f64,
        used: &mut [f64],
        links: &[Link],
    ) -> f64 {
        let g = group as usize;
        let (shares, counts) = (&mut self.shares[g], &mut self.counts[g]);
        let mut own = 0.0;
        for step in steps {
            let (r, share) = (step.link as usize, flows * step.share);
            own = if step.link == group { share } else { own };
            used[r] -= share * level;
            shares[r % MOST] -= share;
            counts[r % MOST] -= 1;
            if counts[r % MOST] == 0 {
                // With nobody left, a sum is 0 whatever the rounding says.
                shares[r % MOST] = 0.0;
                self.crossed[g] -= 1;
                self.columns[g][word(step.link)] &= !bit(step.link);
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
    fn add(&mut self, group: u32, steps: &[Step], flows: f64, level: f64, used: &mut [f64]) -> f64 {
        let shares = &mut self.shares[group as usize];
        let mut own = 0.0;
        for step in steps {
            let (r, share) = (step.link as usize, flows * step.share);
            own = if step.link == group { share } else { own };
            shares[r % MOST] += share;
            used[r] += share * level;
        }
        own
    }

    #[inline]
    fn is_alone(&self, r: u32) -> bool {
        let (row, column) = (&self.rows[r as usize], &self.columns[r as usize]);
        Self::without([row[0] | column[0], row[1] | column[1]], r) == Mask::default()
    }

    #[inline]
    fn others(&self, r: u32) -> bool {
        Self::without(self.rows[r as usize], r) != Mask::default()
    }

    fn each_crossed(&self, group: u32, mut each: impl FnMut(u32)) {
        for (w, bits) in self.columns[group as usize].into_iter().enumerate() {
            each_bit(w, bits, &mut each);
        }
    }

    fn each_crossing(&self, r: u32, mut each: impl FnMut(u32, f64)) {
        for (w, bits) in Self::without(self.rows[r as usize], r).into_iter().enumerate() {
            each_bit(w, bits, |q| each(q, self.shares[q as usize][r as usize % MOST]));
        }
    }

    #[inline]
    fn note_faster(
        &mut self,
        r: u32,
        level: f64,
        risen: bool,
        levels: &[f64],
        into: &mut Vec<Faster>,
    ) -> f64 {
        let risen = risen && self.sets[word(r)].fresh & bit(r) == 0;
        let others = Self::without(self.rows[r as usize], r);
        let mut load = 0.0;
        for w in 0..2 {
            let those = if risen { self.sets[w].touched } else { u64::MAX };
            each_bit(w, others[w] & those, |q| {
                let other = levels[q as usize];
                if other > level {
                    let share = self.shares[q as usize][r as usize % MOST];
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
    fn spread(&mut self, group: u32, change: f64, _level: f64, used: &mut [f64], room: &[f64]) {
        let g = group as usize;
        let shares = &self.shares[g];
        let column = Self::without(self.columns[g], group);
        // The group's own load comes from others alone.
        let own = used[g];
        let mut over = false;
        let dense = self.crossed[g] as usize * 4 > self.len;
        if dense {
            // Many of them: all, as vectors.
            let pieces = shares.as_chunks::<LANES>().0.iter().zip(room.as_chunks::<LANES>().0);
            let mut most = [f64::NEG_INFINITY; LANES];
            for (used, (share, room)) in used.as_chunks_mut::<LANES>().0.iter_mut().zip(pieces) {
                // (Copied: none of them is another, which a compiler can't know.)
                let (mut load, share, room) = (*used, *share, *room);
                for j in 0..LANES {
                    load[j] += share[j] * change;
                    let beyond = load[j] - room[j];
                    most[j] = if beyond > most[j] { beyond } else { most[j] };
                }
                *used = load;
            }
            used[g] = own;
            over = change > 0.0 && most.iter().any(|beyond| *beyond > 0.0);
        }
        for w in 0..2 {
            let sets = &mut self.sets[w];
            let mut marked = column[w] & sets.holding;
            if !dense {
                each_bit(w, column[w], |r| {
                    let used = &mut used[r as usize];
                    *used += shares[r as usize % MOST] * change;
                    marked |= if *used > room[r as usize] { bit(r) } else { 0 };
                });
            } else if over {
                each_bit(w, column[w], |r| {
                    let is = used[r as usize] > room[r as usize];
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
    fn rekey(&mut self, _r: u32, _links: &[Link], _levels: &[f64]) {}

    #[inline]
    fn stir(&mut self, mask: Mask, steps: &[Step], used: &[f64], room: &[f64]) {
        let mut rest = 0;
        for w in 0..2 {
            let sets = &mut self.sets[w];
            sets.marked |= mask[w] & sets.holding;
            rest |= mask[w] & !sets.holding;
        }
        if rest != 0 {
            for step in steps {
                let r = step.link as usize;
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
    fn pop(&mut self, links: &[Link], levels: &[f64]) -> Option<u32> {
        let (mut first, mut lowest) = (None, f64::INFINITY);
        for w in 0..2 {
            each_bit(w, self.sets[w].marked, |r| {
                let level = levels[r as usize];
                let key = if level < f64::INFINITY {
                    level
                } else {
                    links[r as usize].capacity / links[r as usize].share
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
