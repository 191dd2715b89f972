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
    /// Resources that hold classes.
    holding: Mask,
    marked: Mask,
    touched: Mask,
    /// Groups that began since the last repair ended.
    fresh: Mask,
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

/// The bit of a number. (A look into a table, as shifts of this width are slow.)
#[inline]
const fn bit(i: u32) -> Mask {
    BITS[i as usize % MOST]
}

static BITS: [Mask; MOST] = {
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
fn each_bit(bits: Mask, mut each: impl FnMut(u32)) {
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
    type Of<T: Debug + Default> = Fixed<T>;

    fn grow(&mut self, _room: f64) {
        assert!(self.len < MOST, "up to 128 resources");
        self.len += 1;
    }

    fn mask(steps: &[Step]) -> Mask {
        steps.iter().fold(0, |mask, step| mask | bit(step.link))
    }

    #[inline]
    fn crosses(mask: Mask, _steps: &[Step], r: u32) -> bool {
        mask & bit(r) != 0
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
        let (mut own, mut column) = (0.0, self.columns[group]);
        let mut crossed = self.crossed[group];
        for step in steps {
            let (r, share) = (step.link, flows * step.share);
            own = if step.link == group { share } else { own };
            crossed += u32::from(counts[r] == 0);
            shares[r] += share;
            counts[r] += 1;
            used[r] += share * level;
            self.rows[r] |= bit(group);
            column |= bit(step.link);
        }
        self.columns[group] = column;
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
                self.columns[group] &= !bit(step.link);
                self.rows[r] &= !bit(group);
                if self.rows[r] & !bit(step.link) == 0 && links[r].own == 0 {
                    used[r] = 0.0;
                }
            }
        }
        own
    }

    #[inline]
    fn add(
        &mut self,
        group: u32,
        steps: &[Step],
        flows: f64,
        level: f64,
        used: &mut Self::Of<f64>,
    ) -> f64 {
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
        self.crossed[r] == 0 && self.rows[r] == 0
    }

    #[inline]
    fn others(&self, r: u32) -> bool {
        self.rows[r] & !bit(r) != 0
    }

    fn each_crossed(&self, group: u32, each: impl FnMut(u32)) {
        each_bit(self.columns[group], each);
    }

    fn each_crossing(&self, r: u32, mut each: impl FnMut(u32, f64)) {
        each_bit(self.rows[r] & !bit(r), |q| each(q, self.shares[q][r]));
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
        let mut others = self.rows[r] & !bit(r);
        if risen && self.fresh & bit(r) == 0 {
            others &= self.touched;
        }
        let mut load = 0.0;
        each_bit(others, |q| {
            let other = levels[q];
            if other > level {
                let share = self.shares[q][r];
                load += share * other;
                into.push(Faster { level: other, share, who: Who::Group(q) });
            }
        });
        load
    }

    #[inline]
    fn note_level(&mut self, _r: u32, _level: f64) {}

    #[inline]
    fn spread(
        &mut self,
        group: u32,
        change: f64,
        _level: f64,
        used: &mut Self::Of<f64>,
        room: &Self::Of<f64>,
    ) {
        let shares = &self.shares[group];
        let column = self.columns[group] & !bit(group);
        if column == 0 {
            return;
        }
        let mut marked = column & self.holding;
        // The group's own load comes from others alone.
        let own = used[group];
        let mut over = false;
        let dense = self.crossed[group] as usize * 4 > self.len;
        if dense {
            // Many of them: all, as vectors.
            let lanes = self.len.next_multiple_of(LANES);
            let pieces = shares.0.as_chunks::<LANES>().0.iter().zip(room.0.as_chunks::<LANES>().0);
            let mut most = [f64::NEG_INFINITY; LANES];
            for (used, (share, room)) in
                used.0[..lanes].as_chunks_mut::<LANES>().0.iter_mut().zip(pieces)
            {
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
        if !dense {
            each_bit(column, |r| {
                let used = &mut used[r];
                *used += shares[r] * change;
                marked |= if *used > room[r] { bit(r) } else { 0 };
            });
        } else if over {
            each_bit(column, |r| marked |= if used[r] > room[r] { bit(r) } else { 0 });
        }
        self.marked |= marked;
    }

    #[inline]
    fn hold(&mut self, r: u32, holds: bool, _room: f64) {
        self.holding = if holds { self.holding | bit(r) } else { self.holding & !bit(r) };
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
    fn rekey(&mut self, _r: u32, _links: &Self::Of<Link>, _levels: &Self::Of<f64>) {}

    #[inline]
    fn stir(&mut self, mask: Mask, steps: &[Step], used: &Self::Of<f64>, room: &Self::Of<f64>) {
        let mut marked = mask & self.holding;
        if mask & !self.holding != 0 {
            for step in steps {
                let over = used[step.link] > room[step.link];
                marked |= if over { bit(step.link) } else { 0 };
            }
        }
        self.marked |= marked;
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
    fn pop(&mut self, links: &Self::Of<Link>, levels: &Self::Of<f64>) -> Option<u32> {
        if self.marked == 0 {
            return None;
        }
        let (mut first, mut lowest) = (self.marked.trailing_zeros(), f64::INFINITY);
        if self.marked != bit(first) {
            each_bit(self.marked, |r| {
                let level = levels[r];
                let key =
                    if level < f64::INFINITY { level } else { links[r].capacity / links[r].share };
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
