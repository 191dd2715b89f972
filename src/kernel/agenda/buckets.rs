//! Events that are not due soon: 64 buckets to a digit of the instant, eleven digits, unsorted.

/// Bits of one digit of an instant.
const DIGIT: u32 = 6;
/// Digits of an instant: eleven of six bits make 66.
const LEVELS: usize = 11;
/// Buckets to a level.
const WIDE: usize = 1 << DIGIT;
/// Entries in a chunk.
const CHUNK: usize = 16;
/// No chunk.
const NONE: u32 = u32::MAX;

/// A list of chunks, all full but the last.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    tail: u32,
    count: u32,
}

/// The first bucket, as [`Buckets::first`] found it.
#[derive(Clone, Copy, Debug)]
pub(super) struct First {
    bucket: usize,
    /// Entries in it.
    pub(super) count: usize,
}

impl First {
    /// Whether all of it is at one instant, so that it can't be spread.
    pub(super) fn is_finest(self) -> bool {
        self.bucket < WIDE
    }
}

/// Entries by instant: an entry whose highest digit that differs from `floor` is the k-th lies in
/// level k, in the bucket of that digit. So each bucket of a level lies wholly before the next,
/// and each level wholly before the next.
///
/// Invariants: every entry is at or after `floor`; all chunks of a bucket but its last are full;
/// bit d of `occupied[k]` says whether bucket d of level k has entries, bit k of `levels` whether
/// level k has.
#[derive(Debug)]
pub(super) struct Buckets {
    floor: u64,
    count: usize,
    levels: u32,
    occupied: [u64; LEVELS],
    buckets: Vec<Bucket>,
    chunks: Vec<[u128; CHUNK]>,
    /// The next chunk of the same bucket, or of the free ones.
    next: Vec<u32>,
    free: u32,
}

/// The instant of an entry.
pub(super) fn at_of(entry: u128) -> u64 {
    (entry >> 64) as u64
}

impl Buckets {
    pub(super) const fn new() -> Self {
        Self {
            floor: 0,
            count: 0,
            levels: 0,
            occupied: [0; LEVELS],
            buckets: Vec::new(),
            chunks: Vec::new(),
            next: Vec::new(),
            free: NONE,
        }
    }

    /// Number of entries.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// The instant that digits are compared with.
    pub(super) fn floor(&self) -> u64 {
        self.floor
    }

    /// Raises the floor, where no entry lies in between; any floor will do for no entries.
    pub(super) fn set_floor(&mut self, floor: u64) {
        self.floor = floor;
    }

    /// Adds an entry at or after the floor. O(1).
    #[inline]
    pub(super) fn push(&mut self, entry: u128) {
        let at = at_of(entry);
        let level = ((63 - ((at ^ self.floor) | 1).leading_zeros()) / DIGIT) as usize;
        let digit = (at >> (level as u32 * DIGIT)) as usize % WIDE;
        if self.buckets.is_empty() {
            self.lay_out();
        }
        let b = level * WIDE + digit;
        let bucket = &mut self.buckets[b];
        let count = bucket.count;
        let offset = count as usize % CHUNK;
        bucket.count = count.wrapping_add(1);
        let mut chunk = bucket.tail;
        self.occupied[level] |= 1_u64.wrapping_shl(digit as u32);
        self.levels |= 1_u32.wrapping_shl(level as u32);
        self.count = self.count.wrapping_add(1);
        if offset == 0 && count > 0 {
            let fresh = self.take_chunk();
            self.next[chunk as usize] = fresh;
            self.buckets[b].tail = fresh;
            chunk = fresh;
        }
        self.chunks[chunk as usize][offset] = entry;
    }

    #[cold]
    #[inline(never)]
    fn lay_out(&mut self) {
        let n = (LEVELS * WIDE) as u32;
        self.buckets.extend((0..n).map(|b| Bucket { tail: b, count: 0 }));
        self.chunks = vec![[0; CHUNK]; n as usize];
        self.next = vec![NONE; n as usize];
    }

    #[inline(never)]
    fn take_chunk(&mut self) -> u32 {
        if self.free == NONE {
            let fresh = u32::try_from(self.chunks.len()).expect("fewer than 2^32 chunks");
            self.chunks.push([0; CHUNK]);
            self.next.push(NONE);
            return fresh;
        }
        let chunk = self.free;
        self.free = std::mem::replace(&mut self.next[chunk as usize], NONE);
        chunk
    }

    /// The bucket that lies before all others.
    pub(super) fn first(&self) -> Option<First> {
        if self.levels == 0 {
            return None;
        }
        let level = self.levels.trailing_zeros() as usize;
        let bucket = level * WIDE + self.occupied[level].trailing_zeros() as usize;
        Some(First { bucket, count: self.buckets[bucket].count as usize })
    }

    /// Takes the entries of the first bucket; returns its last instant.
    #[inline]
    pub(super) fn take(&mut self, first: First, mut into: impl FnMut(u128)) -> u64 {
        let mut left = first.count;
        let mut chunk = self.detach(first);
        let last = at_of(self.chunks[chunk as usize][0]);
        loop {
            let n = left.min(CHUNK);
            for entry in &self.chunks[chunk as usize][..n] {
                into(*entry);
            }
            let next = self.give_chunk(chunk);
            if left <= CHUNK {
                break;
            }
            left -= CHUNK;
            chunk = next;
        }
        let width = (first.bucket / WIDE) as u32 * DIGIT;
        last | ((1 << width) - 1)
    }

    /// Spreads the first bucket, which is none of the lowest level, over lower levels by raising
    /// the floor to its start. Returns the last instant before it.
    pub(super) fn spread(&mut self, first: First) -> u64 {
        let width = (first.bucket / WIDE) as u32 * DIGIT;
        self.floor = at_of(self.chunks[first.bucket][0]) >> width << width;
        let mut left = first.count;
        let mut chunk = self.detach(first);
        while left > 0 {
            let n = left.min(CHUNK);
            let held = self.chunks[chunk as usize];
            chunk = self.give_chunk(chunk);
            for entry in &held[..n] {
                self.push(*entry);
            }
            left -= n;
        }
        self.floor - 1
    }

    /// Empties the first bucket and returns its list of chunks.
    fn detach(&mut self, first: First) -> u32 {
        let (level, digit) = (first.bucket / WIDE, first.bucket % WIDE);
        self.occupied[level] &= !(1 << digit);
        if self.occupied[level] == 0 {
            self.levels &= !(1 << level);
        }
        self.count -= first.count;
        self.buckets[first.bucket] = Bucket { tail: first.bucket as u32, count: 0 };
        first.bucket as u32
    }

    fn give_chunk(&mut self, chunk: u32) -> u32 {
        if (chunk as usize) < LEVELS * WIDE {
            return std::mem::replace(&mut self.next[chunk as usize], NONE);
        }
        let next = std::mem::replace(&mut self.next[chunk as usize], self.free);
        self.free = chunk;
        next
    }

    /// Takes all entries into `into`, in no order.
    pub(super) fn take_all(&mut self, mut into: impl FnMut(u128)) {
        while let Some(first) = self.first() {
            self.take(first, &mut into);
        }
    }

    /// Keeps those entries that `keep` says, in their order.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(u128) -> bool) {
        for b in 0..self.buckets.len() {
            let Bucket { count, .. } = self.buckets[b];
            let head = b as u32;
            let (mut left, mut from) = (count as usize, head);
            let (mut kept, mut to, mut last) = (0, head, head);
            while left > 0 {
                let n = left.min(CHUNK);
                let held = self.chunks[from as usize];
                for entry in &held[..n] {
                    if keep(*entry) {
                        self.chunks[to as usize][kept % CHUNK] = *entry;
                        kept += 1;
                        last = to;
                        if kept % CHUNK == 0 {
                            to = self.next[to as usize];
                        }
                    }
                }
                left -= n;
                from = self.next[from as usize];
            }
            // What follows the last kept chunk is free.
            let mut chunk = std::mem::replace(&mut self.next[last as usize], NONE);
            while chunk != NONE {
                chunk = self.give_chunk(chunk);
            }
            self.count -= count as usize - kept;
            self.buckets[b] = Bucket { tail: last, count: kept as u32 };
            if kept == 0 {
                let (level, digit) = (b / WIDE, b % WIDE);
                self.occupied[level] &= !(1 << digit);
                if self.occupied[level] == 0 {
                    self.levels &= !(1 << level);
                }
            }
        }
    }
}
