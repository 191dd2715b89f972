//! Events that are not due soon: 64 buckets to a digit of the instant, eleven digits, unsorted.

/// Bits of one digit of an instant.
const DIGIT: u32 = 6;
/// Digits of an instant: eleven of six bits make 66.
const LEVELS: usize = 11;
/// Buckets to a level.
const WIDE: usize = 1 << DIGIT;
/// Cells in a chunk; the last holds the number of the chunk that was filled before it.
const CHUNK: usize = 32;
/// No chunk.
const NONE: u32 = u32::MAX / CHUNK as u32;

/// Names a bucket that has entries.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket(usize);

impl Bucket {
    /// Whether all of it is at one instant, so that it can't be spread.
    pub(super) fn is_finest(self) -> bool {
        self.0 < WIDE
    }
}

/// Entries by instant: an entry whose highest digit that differs from `floor` is the k-th lies in
/// level k, in the bucket of that digit. So each bucket of a level lies wholly before the next,
/// and each level wholly before the next.
///
/// A bucket is a list of chunks of cells, all full but the newest. It is known by the cell that it
/// writes next: if that is the last of a chunk, which is kept for the link, a chunk is added first.
/// A bucket that was used keeps one chunk for ever, so most pushes need not look for one.
///
/// Invariants: every entry is at or after `floor`; bit d of `occupied[k]` says whether bucket d of
/// level k has entries, bit k of `levels` whether level k has.
#[derive(Debug)]
pub(super) struct Buckets {
    floor: u64,
    count: usize,
    levels: u32,
    occupied: [u64; LEVELS],
    /// The next cell of each bucket; [`u32::MAX`], the link of no chunk, before its first use.
    cursors: Vec<u32>,
    cells: Vec<u128>,
    /// The first of a list of free chunks.
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
            cursors: Vec::new(),
            cells: Vec::new(),
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

    /// Empties a list of entries into the buckets. They must be at or after the floor, if there
    /// are others.
    #[inline]
    pub(super) fn push_all(&mut self, entries: &mut Vec<u128>) {
        if self.count == 0 {
            self.floor = entries.iter().copied().map(at_of).min().unwrap_or(0);
            if self.cursors.is_empty() {
                self.cursors = vec![u32::MAX; LEVELS * WIDE];
            }
        }
        self.count += entries.len();
        for entry in &*entries {
            self.push(*entry);
        }
        entries.clear();
    }

    /// Adds an entry at or after the floor. O(1). The caller counts it.
    #[inline]
    fn push(&mut self, entry: u128) {
        let at = at_of(entry);
        let level = ((63 - ((at ^ self.floor) | 1).leading_zeros()) / DIGIT) as usize;
        let digit = (at >> (level as u32 * DIGIT)) as usize % WIDE;
        let cursor = &mut self.cursors[level * WIDE + digit];
        let mut cell = *cursor;
        if cell as usize % CHUNK == CHUNK - 1 {
            cell = fresh(&mut self.cells, &mut self.free, cell / CHUNK as u32);
        }
        self.cells[cell as usize] = entry;
        *cursor = cell.wrapping_add(1);
        self.occupied[level] |= 1_u64.wrapping_shl(digit as u32);
        self.levels |= 1_u32.wrapping_shl(level as u32);
    }

    /// The bucket that lies before all others.
    #[inline]
    pub(super) fn first(&self) -> Option<Bucket> {
        if self.levels == 0 {
            return None;
        }
        let level = self.levels.trailing_zeros() as usize;
        Some(Bucket(level * WIDE + self.occupied[level].trailing_zeros() as usize))
    }

    /// Whether a bucket has more than `most` entries. O(most).
    #[inline]
    pub(super) fn is_long(&self, bucket: Bucket, most: usize) -> bool {
        let cell = self.cursors[bucket.0];
        let (mut count, mut chunk) = (cell as usize % CHUNK, cell / CHUNK as u32);
        while count <= most {
            chunk = self.link(chunk);
            if chunk == NONE {
                return false;
            }
            count += CHUNK - 1;
        }
        true
    }

    /// The chunk that was filled before this one.
    #[inline]
    fn link(&self, chunk: u32) -> u32 {
        self.cells[chunk as usize * CHUNK + CHUNK - 1] as u32
    }

    /// Takes the entries of a bucket, the newest first, into a list.
    #[inline]
    pub(super) fn take(&mut self, bucket: Bucket, into: &mut Vec<u128>) {
        let before = into.len();
        let mut cell = self.detach(bucket);
        loop {
            let start = cell & !(CHUNK - 1);
            into.extend(self.cells[start..cell].iter().rev());
            match self.give(bucket, start) {
                Some(older) => cell = older,
                None => break,
            }
        }
        self.count -= into.len() - before;
    }

    /// Spreads the first bucket, which is none of the lowest level, over lower levels by raising
    /// the floor to its start.
    pub(super) fn spread(&mut self, bucket: Bucket) {
        let mut cell = self.detach(bucket);
        let width = (bucket.0 / WIDE) as u32 * DIGIT;
        self.floor = at_of(self.cells[cell & !(CHUNK - 1)]) >> width << width;
        loop {
            let start = cell & !(CHUNK - 1);
            for i in (start..cell).rev() {
                self.push(self.cells[i]);
            }
            match self.give(bucket, start) {
                Some(older) => cell = older,
                None => break,
            }
        }
    }

    /// Marks a bucket as empty; returns the cell that it would have written next.
    #[inline]
    fn detach(&mut self, bucket: Bucket) -> usize {
        let (level, digit) = (bucket.0 / WIDE, bucket.0 % WIDE);
        self.occupied[level] &= !(1 << digit);
        if self.occupied[level] == 0 {
            self.levels &= !(1 << level);
        }
        self.cursors[bucket.0] as usize
    }

    /// Frees the newest chunk of a bucket and returns the end of the one before it; the last one
    /// stays with the bucket.
    #[inline]
    fn give(&mut self, bucket: Bucket, start: usize) -> Option<usize> {
        let chunk = (start / CHUNK) as u32;
        let older = self.link(chunk);
        if older == NONE {
            self.cursors[bucket.0] = start as u32;
            return None;
        }
        self.cells[start + CHUNK - 1] = u128::from(self.free);
        self.free = chunk;
        let end = older * CHUNK as u32 + CHUNK as u32 - 1;
        self.cursors[bucket.0] = end;
        Some(end as usize)
    }

    /// Takes all entries into a list, in no order.
    pub(super) fn take_all(&mut self, into: &mut Vec<u128>) {
        while let Some(first) = self.first() {
            self.take(first, into);
        }
    }

    /// Cells of memory, used or not.
    #[cfg(test)]
    pub(super) fn cells(&self) -> usize {
        self.cells.len()
    }

    /// Keeps those entries that `keep` says.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(u128) -> bool) {
        for b in 0..self.cursors.len() {
            let bucket = Bucket(b);
            if self.occupied[b / WIDE] >> (b % WIDE) & 1 == 0 {
                continue;
            }
            let mut cell = self.cursors[b] as usize;
            loop {
                let start = cell & !(CHUNK - 1);
                let older = self.link((start / CHUNK) as u32);
                for i in (start..cell).rev() {
                    if !keep(self.cells[i]) {
                        // The newest, which was looked at already, takes its place.
                        let newest = self.cursors[b] as usize - 1;
                        self.cells[i] = self.cells[newest];
                        self.cursors[b] = newest as u32;
                        self.count -= 1;
                        if newest.is_multiple_of(CHUNK) && self.give(bucket, newest).is_none() {
                            self.detach(bucket);
                        }
                    }
                }
                if older == NONE {
                    break;
                }
                cell = older as usize * CHUNK + CHUNK - 1;
            }
        }
    }
}

/// Finds a chunk to follow `older`; returns its first cell.
#[inline(never)]
fn fresh(cells: &mut Vec<u128>, free: &mut u32, older: u32) -> u32 {
    let mut start = *free as usize * CHUNK;
    if *free == NONE {
        start = cells.len();
        assert!(start < u32::MAX as usize - CHUNK, "fewer than 2^32 cells");
        cells.extend([0; CHUNK]);
    } else {
        *free = cells[start + CHUNK - 1] as u32;
    }
    cells[start + CHUNK - 1] = u128::from(older);
    start as u32
}
