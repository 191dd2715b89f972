//! The flows of one class by their finish marks.
//!
//! Few flows: a 4-ary heap. Many: buckets by mark, each sorted when it is reached, so that a push
//! and a pop cost about the same at a thousand and at a million flows.

/// A mark and a tag as one number: the mark's bits above the tag's. Marks are not negative, so
/// their bits order as they do, and equal marks order by tag.
type Entry = u128;

/// A heap of more entries than this, and of more than a quarter of all, is dealt into buckets.
const HEAP_MOST: usize = 1024;
/// Entries a bucket is made for.
const BUCKET: usize = 64;

const fn entry(mark: f64, tag: u64) -> Entry {
    (mark.to_bits() as u128) << 64 | tag as u128
}

#[expect(clippy::cast_possible_truncation, reason = "takes the halves apart")]
const fn parts(entry: Entry) -> (f64, u64) {
    (f64::from_bits((entry >> 64) as u64), entry as u64)
}

/// A priority queue of (mark, tag), lowest first. Pushes wait unordered until something is asked.
///
/// Invariant: `near` and `run` come before all of `buckets[next..]`, and those before `far`.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// A heap, and behind `heaped` what was pushed since.
    near: Vec<Entry>,
    heaped: usize,
    /// The bucket under way, the first entry at its end.
    run: Vec<Entry>,
    buckets: Vec<Vec<Entry>>,
    /// The first bucket not yet opened.
    next: usize,
    /// Entries in `buckets[next..]`.
    bucketed: usize,
    /// Bucket of a mark = (mark - low) x scale.
    low: f64,
    scale: f64,
    /// Beyond the last bucket.
    far: Vec<Entry>,
}

impl Queue {
    #[inline]
    pub(super) fn push(&mut self, mark: f64, tag: u64) {
        self.near.push(entry(mark, tag));
    }

    /// Entries, dead ones included.
    pub(super) fn len(&self) -> usize {
        self.near.len() + self.run.len() + self.bucketed + self.far.len()
    }

    /// The lowest entry.
    #[inline]
    pub(super) fn first(&mut self) -> Option<(f64, u64)> {
        self.settle();
        match (self.near.first(), self.run.last()) {
            (Some(a), Some(b)) => Some(parts(*a.min(b))),
            (Some(a), None) | (None, Some(a)) => Some(parts(*a)),
            (None, None) => None,
        }
    }

    /// Takes the lowest entry.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<(f64, u64)> {
        self.settle();
        if let Some(last) = self.run.last()
            && self.near.first().is_none_or(|first| last < first)
        {
            let last = *last;
            self.run.pop();
            return Some(parts(last));
        }
        let last = self.near.pop()?;
        self.heaped = self.near.len();
        let Some(first) = self.near.first_mut() else {
            return Some(parts(last));
        };
        let first = std::mem::replace(first, last);
        down(&mut self.near);
        Some(parts(first))
    }

    /// Keeps the entries whose tag is wanted.
    pub(super) fn retain(&mut self, wanted: impl Fn(u64) -> bool) {
        let mut all = self.take_all();
        all.retain(|e| wanted(parts(*e).1));
        self.near = all;
    }

    /// Takes `by` off all marks, and tells of each (new mark, tag).
    pub(super) fn shift(&mut self, by: f64, mut each: impl FnMut(f64, u64)) {
        let mut all = self.take_all();
        for e in &mut all {
            let (mark, tag) = parts(*e);
            let mark = (mark - by).max(0.0);
            each(mark, tag);
            *e = entry(mark, tag);
        }
        self.near = all;
    }

    /// Empties it, and keeps a little of its memory.
    pub(super) fn clear(&mut self) {
        self.near.clear();
        self.near.shrink_to(BUCKET);
        self.heaped = 0;
        self.run = Vec::new();
        self.far = Vec::new();
        self.forget_buckets();
    }

    fn forget_buckets(&mut self) {
        self.buckets = Vec::new();
        self.next = 0;
        self.bucketed = 0;
    }

    fn take_all(&mut self) -> Vec<Entry> {
        let mut all = std::mem::take(&mut self.near);
        self.heaped = 0;
        all.append(&mut self.run);
        self.buckets.iter_mut().skip(self.next).for_each(|b| all.append(b));
        all.append(&mut self.far);
        self.forget_buckets();
        all
    }

    /// Brings what waits to its place, so that the lowest entry is in sight.
    #[inline]
    fn settle(&mut self) {
        if self.heaped < self.near.len() {
            self.place_waiting();
        }
        if self.near.is_empty() && self.run.is_empty() && self.bucketed + self.far.len() > 0 {
            self.open_next();
        }
    }

    fn place_waiting(&mut self) {
        let waiting = self.near.len() - self.heaped;
        if waiting > HEAP_MOST.max(self.len() / 4) {
            let all = self.take_all();
            return self.deal(all);
        }
        if self.buckets.is_empty() {
            while self.heaped < self.near.len() {
                up(&mut self.near, self.heaped);
                self.heaped += 1;
            }
        } else {
            let waiting = self.near.split_off(self.heaped);
            for e in waiting {
                self.place(e);
            }
        }
        if self.near.len() > HEAP_MOST.max(self.len() / 4) {
            let all = self.take_all();
            self.deal(all);
        }
    }

    /// Puts an entry into the heap, its bucket or beyond.
    fn place(&mut self, e: Entry) {
        let bucket = self.bucket(e);
        if bucket < self.next {
            self.near.push(e);
            up(&mut self.near, self.heaped);
            self.heaped += 1;
        } else if let Some(bucket) = self.buckets.get_mut(bucket) {
            bucket.push(e);
            self.bucketed += 1;
        } else {
            self.far.push(e);
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates: below the first is the first, beyond the last is far"
    )]
    fn bucket(&self, e: Entry) -> usize {
        ((parts(e).0 - self.low) * self.scale) as usize
    }

    fn open_next(&mut self) {
        while let Some(bucket) = self.buckets.get_mut(self.next) {
            self.next += 1;
            if !bucket.is_empty() {
                self.run = std::mem::take(bucket);
                self.bucketed -= self.run.len();
                self.run.sort_unstable_by(|a, b| b.cmp(a));
                return;
            }
        }
        self.forget_buckets();
        let far = std::mem::take(&mut self.far);
        self.deal(far);
    }

    /// Deals entries into buckets over the lower three quarters of their marks; the upper quarter
    /// waits in `far`, so that a few huge marks don't stretch the buckets.
    fn deal(&mut self, mut all: Vec<Entry>) {
        if all.len() <= HEAP_MOST / 4 {
            self.near = all;
            self.heaped = 0;
            return self.place_waiting();
        }
        let mut sample: Vec<Entry> = all.iter().step_by(all.len() / 64).copied().collect();
        sample.sort_unstable();
        let low = parts(*all.iter().min().expect("there are many")).0;
        let span = parts(sample[sample.len() * 3 / 4]).0 - low;
        if span <= 0.0 {
            // Equal marks, most of them: one run.
            self.run = all;
            self.run.sort_unstable_by(|a, b| b.cmp(a));
            return;
        }
        let number = all.len() * 3 / 4 / BUCKET + 1;
        self.low = low;
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53 buckets")]
        let scale = number as f64 / span;
        self.scale = scale;
        let mut sizes = vec![0_u32; number + 1];
        for e in &all {
            sizes[self.bucket(*e).min(number)] += 1;
        }
        self.far = Vec::with_capacity(sizes[number] as usize);
        sizes.truncate(number);
        self.buckets = sizes.iter().map(|n| Vec::with_capacity(*n as usize)).collect();
        self.next = 0;
        self.bucketed = 0;
        while !all.is_empty() {
            // Piece by piece, so that the memory of both is never held whole.
            let rest = all.len() - (all.len() / 4).max(HEAP_MOST).min(all.len());
            for e in &all[rest..] {
                self.place(*e);
            }
            all.truncate(rest);
            all.shrink_to_fit();
        }
        self.open_next();
    }
}

fn up(heap: &mut [Entry], mut i: usize) {
    let e = heap[i];
    while i > 0 {
        let parent = (i - 1) / 4;
        if heap[parent] <= e {
            break;
        }
        heap[i] = heap[parent];
        i = parent;
    }
    heap[i] = e;
}

fn down(heap: &mut [Entry]) {
    let len = heap.len();
    let e = heap[0];
    let mut i = 0;
    loop {
        let first = 4 * i + 1;
        if first >= len {
            break;
        }
        let mut least = first;
        for child in first + 1..(first + 4).min(len) {
            if heap[child] < heap[least] {
                least = child;
            }
        }
        if heap[least] >= e {
            break;
        }
        heap[i] = heap[least];
        i = least;
    }
    heap[i] = e;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // Marks of a spread that exercises heap, buckets, equal marks and far marks alike, pushed and
    // popped in bursts: always the order of a sorted list.
    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        #[test]
        fn equals_a_sorted_list(
            bursts in prop::collection::vec((1usize..3_000, 0usize..3_000, 0u32..4), 1..8),
            seed in 1u64..u64::MAX,
        ) {
            let mut queue = Queue::default();
            let mut list = std::collections::BTreeSet::new();
            let mut state = seed;
            let (mut tag, mut least) = (0, 0.0);
            for (pushes, pops, law) in bursts {
                for _ in 0..pushes {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    let draw = (state % 10_000) as f64;
                    let mark = least + match law {
                        0 => draw,
                        1 => (draw / 2_500.0).floor(),
                        2 => libm::exp(draw / 400.0),
                        _ => 0.0,
                    };
                    tag += 1;
                    queue.push(mark, tag);
                    list.insert((mark.to_bits(), tag));
                }
                for _ in 0..pops {
                    let expect = list.pop_first().map(|(m, t)| (f64::from_bits(m), t));
                    prop_assert_eq!(queue.first(), expect);
                    prop_assert_eq!(queue.pop(), expect);
                    least = expect.map_or(least, |e| e.0);
                }
                prop_assert_eq!(queue.len(), list.len());
            }
            queue.retain(|t| t % 2 == 0);
            list.retain(|e| e.1 % 2 == 0);
            while let Some(e) = list.pop_first() {
                prop_assert_eq!(queue.pop(), Some((f64::from_bits(e.0), e.1)));
            }
            prop_assert_eq!(queue.pop(), None);
        }
    }
}
