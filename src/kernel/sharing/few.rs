//! The matrix of up to 128 resources: rows and columns are the bits of a number, so that marks are
//! set for many resources at once.

use super::form::{Faster, Form, Who};
use super::core::{Link, Step};

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
    columns: Vec<u128>,
    rows: Vec<u128>,
    /// How many bits each column has.
    crossed: Vec<usize>,
    /// Resources that hold classes.
    holding: u128,
    marked: u128,
    touched: u128,
    /// Groups that began since the last repair ended.
    fresh: u128,
}

/// The bit of a number. (A look into a table, as shifts of this width are slow.)
#[inline]
const fn bit(i: u32) -> u128 {
    BITS[i as usize % MOST]
}

static BITS: [u128; MOST] = {
    let mut bits = [0; MOST];
    let mut i = 0;
    while i < MOST {
        bits[i] = 1 << i;
        i += 1;
    }
    bits
};

/// Hands the number of each bit to `each`.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "takes the halves apart")]
fn each_bit(bits: u128, mut each: impl FnMut(u32)) {
    let mut low = bits as u64;
    while low != 0 {
        each(low.trailing_zeros());
        low &= low - 1;
    }
    let mut high = (bits >> 64) as u64;
    while high != 0 {
        each(64 + high.trailing_zeros());
        high &= high - 1;
    }
}

impl Form for Few {
    fn grow(&mut self, _room: f64) {
        assert!(self.len < MOST, "up to 128 resources");
        self.len += 1;
        self.shares.push([0.0; MOST]);
        self.counts.push([0; MOST]);
        self.columns.push(0);
        self.rows.push(0);
        self.crossed.push(0);
    }

    fn mask(steps: &[Step]) -> u128 {
        steps.iter().fold(0, |mask, step| mask | bit(step.link))
    }

    #[inline]
    fn crosses(mask: u128, _steps: &[Step], r: u32) -> bool {
        mask & bit(r) != 0
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
        let mine = bit(group);
        let (mut column, mut own) = (self.columns[g], 0.0);
        for step in steps {
            let (r, share) = (step.link as usize, flows * step.share);
            own = if step.link == group { share } else { own };
            shares[r % MOST] += share;
            self.crossed[g] += usize::from(counts[r % MOST] == 0);
            counts[r % MOST] += 1;
            used[r] += share * level;
            self.rows[r] |= mine;
            column |= bit(step.link);
        }
        self.columns[g] = column;
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
                self.columns[g] &= !bit(step.link);
                self.rows[r] &= !bit(group);
                if self.rows[r] & !bit(step.link) == 0 && links[r].own == 0 {
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
        (self.rows[r as usize] | self.columns[r as usize]) & !bit(r) == 0
    }

    #[inline]
    fn others(&self, r: u32) -> bool {
        self.rows[r as usize] & !bit(r) != 0
    }

    fn each_crossed(&self, group: u32, each: impl FnMut(u32)) {
        each_bit(self.columns[group as usize], each);
    }

    fn each_crossing(&self, r: u32, mut each: impl FnMut(u32, f64)) {
        let others = self.rows[r as usize] & !bit(r);
        each_bit(others, |q| each(q, self.shares[q as usize][r as usize % MOST]));
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
        let mut others = self.rows[r as usize] & !bit(r);
        if risen && self.fresh & bit(r) == 0 {
            others &= self.touched;
        }
        let mut load = 0.0;
        each_bit(others, |q| {
            let other = levels[q as usize];
            if other > level {
                let share = self.shares[q as usize][r as usize % MOST];
                load += share * other;
                into.push(Faster { level: other, share, who: Who::Group(q) });
            }
        });
        load
    }

    #[inline]
    fn note_level(&mut self, _r: u32, _level: f64) {}

    #[inline]
    fn spread(&mut self, group: u32, change: f64, _level: f64, used: &mut [f64], room: &[f64]) {
        let g = group as usize;
        let column = self.columns[g] & !bit(group);
        if column == 0 {
            return;
        }
        let shares = &self.shares[g];
        let mut over = 0;
        if self.crossed[g] * 4 > self.len {
            // Many of them: all, as vectors. The group's own load comes from others alone.
            let own = used[g];
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
            if change > 0.0 && most.iter().any(|beyond| *beyond > 0.0) {
                each_bit(column, |r| {
                    let is = used[r as usize] > room[r as usize];
                    over |= if is { bit(r) } else { 0 };
                });
            }
        } else {
            each_bit(column, |r| {
                let used = &mut used[r as usize];
                *used += shares[r as usize % MOST] * change;
                over |= if *used > room[r as usize] { bit(r) } else { 0 };
            });
        }
        self.marked |= column & self.holding | over;
    }

    #[inline]
    fn hold(&mut self, r: u32, holds: bool, _room: f64) {
        if holds {
            self.holding |= bit(r);
        } else {
            self.holding &= !bit(r);
        }
    }

    #[inline]
    fn sole(&self) -> Option<u32> {
        let one = self.holding != 0 && self.holding & (self.holding - 1) == 0;
        one.then(|| self.holding.trailing_zeros())
    }

    fn set_room(&mut self, _r: u32, _holds: bool, _room: f64, _before: f64) {}

    #[inline]
    fn begin(&mut self, group: u32) {
        self.fresh |= bit(group);
    }

    #[inline]
    fn rekey(&mut self, _r: u32, _links: &[Link], _levels: &[f64]) {}

    #[inline]
    fn stir(&mut self, mask: u128, steps: &[Step], used: &[f64], room: &[f64]) {
        self.marked |= mask & self.holding;
        if mask & !self.holding != 0 {
            for step in steps {
                let r = step.link as usize;
                self.marked |= if used[r] > room[r] { bit(step.link) } else { 0 };
            }
        }
    }

    #[inline]
    fn mark(&mut self, r: u32, used: f64, room: f64) {
        if self.holding & bit(r) != 0 || used > room {
            self.marked |= bit(r);
        }
    }

    #[inline]
    fn is_marked(&self) -> bool {
        self.marked != 0
    }

    #[inline]
    fn pop(&mut self, links: &[Link], levels: &[f64]) -> Option<u32> {
        if self.marked == 0 {
            return None;
        }
        let (mut first, mut lowest) = (self.marked.trailing_zeros(), f64::INFINITY);
        if self.marked & (self.marked - 1) != 0 {
            each_bit(self.marked, |r| {
                let level = levels[r as usize];
                let key = if level < f64::INFINITY {
                    level
                } else {
                    links[r as usize].capacity / links[r as usize].share
                };
                first = if key < lowest { r } else { first };
                lowest = if key < lowest { key } else { lowest };
            });
        }
        self.marked &= !bit(first);
        Some(first)
    }

    #[inline]
    fn done(&mut self, r: u32, _holds: bool, _room: f64) {
        self.marked &= !bit(r);
    }

    #[inline]
    fn touch(&mut self, group: u32) {
        self.touched |= bit(group);
    }

    #[inline]
    fn is_touched(&self) -> bool {
        self.touched != 0
    }

    #[inline]
    fn take_touched(&mut self, each: impl FnMut(u32)) {
        let touched = std::mem::take(&mut self.touched);
        self.fresh = 0;
        each_bit(touched, each);
    }
}
