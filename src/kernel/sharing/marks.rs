//! The resources whose level must be looked at, lowest key first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Beyond this many marks, a heap finds the lowest; below, a look at all is faster.
const FEW: usize = 64;
/// The list is looked at in pieces of this many.
const PIECE: usize = 8;
/// Bits of a key that are the resource's.
const TIE: u64 = 0xffff;

/// Marked resources. A list of a few, and a heap for the rest of a great change; the order is that
/// of (key, number), whichever holds a mark.
///
/// A resource sounds when its load is above its alarm, and its alarm is infinite while it is
/// marked, so that it is marked once.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// Bits of the key of each resource, the lowest of them from its number to break ties, moved up
    /// by one place. Keys are not negative, so their bits order as they do. The first place is for
    /// the unused places of the list.
    keys: Vec<u64>,
    /// `list[..len]` are marked (number + 1); 0 from there on. Longer by a piece than there are
    /// resources, so that a mark can be written before it is known whether it counts.
    list: Vec<u32>,
    len: usize,
    /// (key at that time, number); those processed or re-keyed since are void.
    heap: BinaryHeap<Reverse<(u64, u32)>>,
}

impl Marks {
    pub(super) fn grow(&mut self) {
        if self.keys.is_empty() {
            self.keys.push(u64::MAX);
            self.list.resize(PIECE + 1, 0);
        }
        self.keys.push(0);
        self.list.push(0);
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0 && self.heap.is_empty()
    }

    /// Marks those resources, given with their loads, that sound. Without branches, as most would
    /// be guessed wrong.
    #[inline]
    pub(super) fn sound(&mut self, loads: impl Iterator<Item = (u32, f64)>, alarm: &mut [f64]) {
        let list = &mut self.list[self.len..];
        let mut len = 0;
        for (r, load) in loads {
            list[len] = r + 1;
            len = len.wrapping_add(usize::from(load > alarm[r as usize]));
        }
        list[len] = 0;
        for r in &list[..len] {
            alarm[*r as usize - 1] = f64::INFINITY;
        }
        self.len += len;
    }

    /// Sets the key of a resource.
    #[inline]
    pub(super) fn set_key(&mut self, r: u32, key: f64) {
        let key = key.to_bits() & !TIE | u64::from(r) & TIE;
        self.keys[r as usize + 1] = key;
        if !self.heap.is_empty() {
            self.heap.push(Reverse((key, r)));
        }
    }

    /// Takes the lowest.
    #[inline]
    pub(super) fn pop(&mut self, alarm: &[f64]) -> Option<u32> {
        if self.len > FEW || !self.heap.is_empty() {
            return self.pop_of_many(alarm);
        }
        if self.len == 0 {
            return None;
        }
        let (mut lowest, mut at) = (u64::MAX, 0);
        let mut i = 0;
        for piece in self.list[..self.len.next_multiple_of(PIECE)].chunks_exact(PIECE) {
            for &r in piece {
                let key = self.keys[r as usize];
                at = if key < lowest { i } else { at };
                lowest = if key < lowest { key } else { lowest };
                i += 1;
            }
        }
        let r = self.list[at];
        self.len -= 1;
        self.list[at] = self.list[self.len];
        self.list[self.len] = 0;
        Some(r - 1)
    }

    #[cold]
    fn pop_of_many(&mut self, alarm: &[f64]) -> Option<u32> {
        for r in &mut self.list[..self.len] {
            self.heap.push(Reverse((self.keys[*r as usize], *r - 1)));
            *r = 0;
        }
        self.len = 0;
        while let Some(Reverse((key, r))) = self.heap.pop() {
            if alarm[r as usize] == f64::INFINITY && self.keys[r as usize + 1] == key {
                return Some(r);
            }
        }
        None
    }
}
