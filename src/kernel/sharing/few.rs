//! The matrix of up to 128 resources: rows and columns are bits, so that marks are set for many
//! resources at once.

use super::core::{Link, Step};
use super::form::{Faster, Form, Mask, Move, Who};
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
    /// Of each group, by resource: flows x weight x crossings of its classes there.
    shares: Square<f64>,
    /// How many classes they are, while shares may be rounded: else a share of 0 tells.
    counts: Option<Box<Square<u32>>>,
    weights: Weights,
    /// Of each group the resources that its classes cross, of each resource the groups that cross
    /// it; its own among them.
    columns: Fixed<Mask>,
    rows: Fixed<Bits>,
    /// Groups that crossed so many resources when their level changed last that all resources are
    /// faster to go through, and how many that is.
    dense: Mask,
    many: u32,
    /// Resources that hold classes.
    holding: Mask,
    /// When their groups complete next; of others, anything.
    completions: Fixed<u64>,
    marked: Mask,
    touched: Mask,
    /// Groups that began since the last repair ended.
    fresh: Mask,
}

/// Which weights there are, in powers of 2: all are multiples of one and below another.
#[derive(Debug)]
struct Weights {
    unit: i32,
    most: i32,
    /// The last one that was added: most are equal.
    last: f64,
}

impl Default for Weights {
    fn default() -> Self {
        Self { unit: i32::MAX, most: i32::MIN, last: 0.0 }
    }
}

impl Weights {
    fn add(&mut self, weight: f64) {
        if weight == self.last {
            return;
        }
        self.last = weight;
        let bits = weight.to_bits();
        let exponent = i32::try_from(bits >> 52).expect("a weight is positive");
        let fraction = bits % (1 << 52);
        let zeros = if fraction == 0 { 52 } else { fraction.trailing_zeros().cast_signed() };
        // (Those below 2^-1022 have no leading 1: no matter here, their sums are never exact.)
        let unit = if exponent == 0 { i32::MIN / 2 } else { exponent + zeros };
        (self.unit, self.most) = (self.unit.min(unit), self.most.max(exponent + 53));
    }

    /// Whether every sum over as many flows as there may be (2^26) is exact: it has 53 bits.
    fn are_exact(&self) -> bool {
        self.unit > self.most || self.most - self.unit <= 53 - 26
    }
}

/// A value for each pair of resources.
#[derive(Debug)]
struct Square<T>(Box<[Fixed<T>; MOST]>);

impl<T: Debug + Default> Default for Square<T> {
    fn default() -> Self {
        let lines: Box<[Fixed<T>]> = (0..MOST).map(|_| Fixed::default()).collect();
        Self(lines.try_into().expect("as many"))
    }
}

impl<T> Square<T> {
    /// Two lines of it, which differ.
    #[inline]
    fn two(&mut self, a: u32, b: u32) -> [&mut Fixed<T>; 2] {
        let both = self.0.get_disjoint_mut([a as usize % MOST, b as usize % MOST]);
        both.expect("no class moves to where it is")
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

/// A set of resources in a place where single bits change.
#[derive(Clone, Copy, Debug, Default)]
struct Bits([u64; 2]);

impl Bits {
    #[inline]
    fn set(&mut self, i: u32) {
        self.0[i as usize / 64 % 2] |= 1 << (i % 64);
    }

    /// Puts a number in `if` so.
    #[inline]
    fn put(&mut self, i: u32, so: bool) {
        self.0[i as usize / 64 % 2] |= u64::from(so) << (i % 64);
    }

    /// Takes a number out `if` so.
    #[inline]
    fn clear(&mut self, i: u32, so: bool) {
        self.0[i as usize / 64 % 2] &= !(u64::from(so) << (i % 64));
    }

    #[inline]
    const fn all(self) -> Mask {
        (self.0[1] as Mask) << 64 | self.0[0] as Mask
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

impl Few {
    /// Counts a class that moved, where sums don't tell who is left; what nobody of its old group
    /// crosses any more.
    #[cold]
    fn count_moved(&mut self, from: u32, to: u32, steps: &[Step]) -> Mask {
        let counts = self.counts.as_mut().expect("they are counted");
        let mut gone = 0;
        for step in steps {
            let r = step.link;
            counts[to][r] += 1;
            counts[from][r] -= 1;
            if counts[from][r] == 0 {
                self.shares[from][r] = 0.0;
                self.rows[r].clear(from, true);
                gone |= bit(r);
            } else {
                self.rows[r].set(from);
            }
        }
        gone
    }
}

impl Form for Few {
    type Of<T: Debug + Default> = Fixed<T>;

    fn grow(&mut self, _room: f64) {
        assert!(self.len < MOST, "up to 128 resources");
        self.len += 1;
        self.many = u32::try_from(self.len / 4 + 1).expect("it is small");
    }

    fn admit(&mut self, weight: f64, steps: &[Step]) -> bool {
        steps.iter().for_each(|step| self.weights.add(step.share(weight)));
        let rounded = self.counts.is_none() && !self.weights.are_exact();
        if rounded {
            self.counts = Some(Box::default());
        }
        rounded
    }

    #[inline]
    fn mask(steps: &[Step]) -> Mask {
        steps.iter().fold(0, |mask, step| mask | bit(step.link))
    }

    fn count(&mut self, group: u32, steps: &[Step]) {
        if let Some(counts) = &mut self.counts {
            steps.iter().for_each(|step| counts[group][step.link] += 1);
        }
    }

    #[inline]
    fn crosses(mask: Mask, _steps: &[Step], r: u32) -> bool {
        mask & bit(r) != 0
    }

    #[inline]
    fn join(
        &mut self,
        group: u32,
        mask: Mask,
        steps: &[Step],
        mass: f64,
        level: f64,
        used: &mut Self::Of<f64>,
    ) -> f64 {
        self.columns[group] |= mask;
        for step in steps {
            self.rows[step.link].set(group);
        }
        self.count(group, steps);
        self.add(group, steps, mass, level, used)
    }

    #[inline]
    fn quit(
        &mut self,
        group: u32,
        steps: &[Step],
        mass: f64,
        level: f64,
        used: &mut Self::Of<f64>,
        links: &Self::Of<Link>,
    ) -> f64 {
        let own = self.add(group, steps, -mass, level, used);
        let mut gone = 0;
        if let Some(counts) = &mut self.counts {
            let (counts, shares) = (&mut counts[group], &mut self.shares[group]);
            for step in steps {
                counts[step.link] -= 1;
                if counts[step.link] == 0 {
                    // With nobody left, a sum is 0 whatever the rounding says.
                    shares[step.link] = 0.0;
                    gone |= bit(step.link);
                }
            }
        } else {
            let shares = &self.shares[group];
            for step in steps {
                gone |= if shares[step.link] == 0.0 { bit(step.link) } else { 0 };
            }
        }
        self.columns[group] &= !gone;
        each_bit(gone, |r| {
            self.rows[r].clear(group, true);
            if !self.others(r) && links[r].own == 0 {
                used[r] = 0.0;
            }
        });
        -own
    }

    #[inline]
    fn transfer(
        &mut self,
        moves: Move,
        mask: Mask,
        steps: &[Step],
        used: &mut Self::Of<f64>,
        links: &Self::Of<Link>,
    ) -> (f64, f64) {
        let Move { from, to, mass, before, after } = moves;
        let (used_from, used_to) = (used[from], used[to]);
        let (change, mut left, mut gained) = (after - before, 0, 0);
        let mut gone = Bits::default();
        let [theirs, ours] = self.shares.two(from, to);
        for step in steps {
            let (r, share) = (step.link, step.share(mass));
            left = if r == from { share.to_bits() } else { left };
            gained = if r == to { share.to_bits() } else { gained };
            let rest = theirs[r] - share;
            theirs[r] = rest;
            ours[r] += share;
            used[r] += share * change;
            let row = &mut self.rows[r];
            row.clear(from, rest == 0.0);
            row.set(to);
            gone.put(r, rest == 0.0);
        }
        let mut gone = gone.all();
        if self.counts.is_some() {
            gone = self.count_moved(from, to, steps);
        }
        self.columns[from] &= !gone;
        self.columns[to] |= mask;
        let (left, gained) = (f64::from_bits(left), f64::from_bits(gained));
        // Neither loads its own resource.
        used[from] = used_from + left * after;
        let others = links[to].own > 0 || self.others(to);
        used[to] = if others { used_to - gained * before } else { 0.0 };
        (left, gained)
    }

    #[inline]
    fn add(
        &mut self,
        group: u32,
        steps: &[Step],
        mass: f64,
        level: f64,
        used: &mut Self::Of<f64>,
    ) -> f64 {
        let shares = &mut self.shares[group];
        let mut own = 0.0;
        for step in steps {
            let (r, share) = (step.link, step.share(mass));
            own = if step.link == group { share } else { own };
            shares[r] += share;
            used[r] += share * level;
        }
        own
    }

    #[inline]
    fn is_alone(&self, r: u32) -> bool {
        self.columns[r] | self.rows[r].all() == 0
    }

    #[inline]
    fn others(&self, r: u32) -> bool {
        self.rows[r].all() & !bit(r) != 0
    }

    fn each_crossed(&self, group: u32, each: impl FnMut(u32)) {
        each_bit(self.columns[group], each);
    }

    fn each_crossing(&self, r: u32, mut each: impl FnMut(u32, f64)) {
        each_bit(self.rows[r].all() & !bit(r), |q| each(q, self.shares[q][r]));
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
        let mut others = self.rows[r].all() & !bit(r);
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
        let dense = self.dense & bit(group) != 0;
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
            if column.count_ones() < self.many {
                self.dense &= !bit(group);
            }
        }
        if !dense {
            let mut crossed = 0;
            each_bit(column, |r| {
                let used = &mut used[r];
                *used += shares[r] * change;
                crossed += 1;
                if *used > room[r] {
                    marked |= bit(r);
                }
            });
            if crossed >= self.many {
                self.dense |= bit(group);
            }
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
    fn complete_at(&mut self, group: u32, at: u64) {
        self.completions[group] = at;
    }

    #[inline]
    fn completion(&self, group: u32) -> u64 {
        self.completions[group]
    }

    #[inline]
    fn first(&mut self) -> (u64, u32) {
        // (One, as on a single link: no loop.)
        if self.holding != 0 && self.holding & (self.holding - 1) == 0 {
            let first = self.holding.trailing_zeros();
            return (self.completions[first], first);
        }
        let (mut at, mut first) = (u64::MAX, u32::MAX);
        each_bit(self.holding, |g| {
            let other = self.completions[g];
            first = if other < at { g } else { first };
            at = if other < at { other } else { at };
        });
        (at, first)
    }

    fn set_room(&mut self, _r: u32, _holds: bool, _room: f64, _before: f64) {}

    #[inline]
    fn begin(&mut self, group: u32) {
        self.fresh |= bit(group);
    }

    #[inline]
    fn rekey(&mut self, _r: u32, _links: &Self::Of<Link>, _levels: &Self::Of<f64>) {}

    #[inline]
    fn rise(&mut self, mask: Mask, steps: &[Step], used: &Self::Of<f64>, room: &Self::Of<f64>) {
        let mut marked = mask & self.holding;
        for step in steps {
            let over = used[step.link] > room[step.link];
            marked |= if over { bit(step.link) } else { 0 };
        }
        self.marked |= marked;
    }

    #[inline]
    fn fall(&mut self, mask: Mask, _steps: &[Step], _used: &Self::Of<f64>) {
        self.marked |= mask & self.holding;
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
        each_bit(self.marked, |r| {
            let level = levels[r];
            let key =
                if level < f64::INFINITY { level } else { links[r].capacity / links[r].share };
            first = if key < lowest { r } else { first };
            lowest = if key < lowest { key } else { lowest };
        });
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
    fn take_touched(&mut self, mut at: impl FnMut(u32) -> u64) {
        let touched = std::mem::take(&mut self.touched);
        self.fresh = 0;
        each_bit(touched & self.holding, |g| self.completions[g] = at(g));
    }
}
