//! Sets of branches.

/// A set of at most 256 branches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mask([u64; 4]);

impl Mask {
    pub(super) fn all(n: usize) -> Self {
        let mut mask = Self::default();
        (0..n).for_each(|i| mask.set(i, true));
        mask
    }
    pub(super) fn has(&self, i: usize) -> bool {
        self.0[i / 64] >> (i % 64) & 1 == 1
    }
    pub(super) fn set(&mut self, i: usize, on: bool) {
        let bit = 1 << (i % 64);
        if on { self.0[i / 64] |= bit } else { self.0[i / 64] &= !bit }
    }
    pub(super) fn and(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] & other.0[i]))
    }
    /// The first few of them.
    #[cold]
    pub(super) fn first(self, most: usize) -> Self {
        let mut mask = self;
        (0..256).filter(|i| self.has(*i)).skip(most).for_each(|i| mask.set(i, false));
        mask
    }
    pub(super) fn is_empty(&self) -> bool {
        self.0 == [0; 4]
    }
    pub(super) fn count(&self) -> u64 {
        self.0.iter().map(|w| u64::from(w.count_ones())).sum()
    }
}
