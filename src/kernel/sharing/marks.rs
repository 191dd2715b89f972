//! The resources whose level must be looked at, lowest key first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Link;

/// Beyond this many marks, a heap finds the lowest; below, a look at all is faster.
const FEW: usize = 64;

/// Marked resources. A list of a few, and a heap for the rest of a great change; the order is that
/// of (key, number), whichever holds a mark.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// `list[..len]` are marked; one place more than there are resources, so that a mark can be
    /// written before it is known whether it counts.
    list: Vec<u32>,
    len: usize,
    /// (bits of the key at that time, resource); those processed or re-keyed since are void.
    heap: BinaryHeap<Reverse<(u64, u32)>>,
}

impl Marks {
    pub(super) fn grow(&mut self) {
        if self.list.is_empty() {
            self.list.push(0);
        }
        self.list.push(0);
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0 && self.heap.is_empty()
    }

    /// Adds a resource that is not marked.
    #[inline]
    pub(super) fn add(&mut self, r: u32) {
        self.list[self.len] = r;
        self.len += 1;
    }

    /// Adds those of some that are wanted, none of which is marked, and returns them. Without
    /// branches, as most would be guessed wrong.
    #[inline]
    pub(super) fn add_some(
        &mut self,
        some: impl Iterator<Item = u32>,
        wanted: impl Fn(u32) -> bool,
    ) -> &[u32] {
        let before = self.len;
        let list = &mut self.list[before..];
        let mut len = 0;
        for r in some {
            list[len] = r;
            len = len.wrapping_add(usize::from(wanted(r)));
        }
        self.len += len;
        &self.list[before..self.len]
    }

    /// The key of a marked resource changed.
    #[inline]
    pub(super) fn rekeyed(&mut self, r: u32, links: &[Link]) {
        if !self.heap.is_empty() {
            self.heap.push(Reverse((links[r as usize].key.to_bits(), r)));
        }
    }

    /// Takes the lowest.
    #[inline]
    pub(super) fn pop(&mut self, links: &[Link]) -> Option<u32> {
        if self.len > FEW || !self.heap.is_empty() {
            return self.pop_of_many(links);
        }
        if self.len == 0 {
            return None;
        }
        // Keys are not negative, so their bits order as they do. One comparison of wide numbers,
        // because a branch on each would mostly be guessed wrong.
        let mut lowest = u128::MAX;
        for (i, &r) in self.list[..self.len].iter().enumerate() {
            let key = links[r as usize].key.to_bits();
            lowest = lowest.min(u128::from(key) << 64 | u128::from(r) << 32 | i as u128);
        }
        #[expect(clippy::cast_possible_truncation, reason = "takes the parts apart")]
        let (at, r) = (lowest as u32 as usize, (lowest >> 32) as u32);
        self.len -= 1;
        self.list[at] = self.list[self.len];
        Some(r)
    }

    #[cold]
    fn pop_of_many(&mut self, links: &[Link]) -> Option<u32> {
        for &r in &self.list[..self.len] {
            self.heap.push(Reverse((links[r as usize].key.to_bits(), r)));
        }
        self.len = 0;
        while let Some(Reverse((key, r))) = self.heap.pop() {
            let link = &links[r as usize];
            if link.dirty && link.key.to_bits() == key {
                return Some(r);
            }
        }
        None
    }
}
