//! The flows of one class by their finish marks.
//!
//! Few flows: a 4-ary heap. Many: buckets by mark, each sorted when it is reached, so that a push
//! and a pop cost about the same at a thousand and at a million flows.

use crate::kernel::quaternary;

/// A mark and a tag as one number: the mark's bits above the tag's. Marks are not negative, so
/// their bits order as they do, and equal marks order by tag.
type Entry = u128;

/// A heap of more entries than this, and of more than a quarter of all, is dealt into buckets.
const HEAP_MOST: usize = 1024;
/// From here to twice this, floats are the whole numbers.
const WHOLE: f64 = 4_503_599_627_370_496.0;
/// Entries of a block.
const BLOCK: usize = 131_072;
/// Entries a bucket is made for.
const BUCKET: usize = 16;
/// Buckets in a coarse one. (Few in tests, so that these have coarse ones, too.)
const BUCKETS: usize = if cfg!(test) { 8 } else { 256 };
/// More entries are dealt into coarse buckets first.
const SEVERAL: usize = if cfg!(test) { 1 << 11 } else { 1 << 17 };

const fn entry(mark: f64, tag: u64) -> Entry {
    (mark.to_bits() as u128) << 64 | tag as u128
}

#[expect(clippy::cast_possible_truncation, reason = "takes the halves apart")]
const fn parts(entry: Entry) -> (f64, u64) {
    (f64::from_bits((entry >> 64) as u64), entry as u64)
}

/// A priority queue of (mark, tag), lowest first. Pushes into what is dealt go to their place; others
/// wait unordered until something is asked.
///
/// Invariant: the heap and the run come before all that is dealt, bucket by bucket.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// A heap, and behind `heaped` what was pushed since.
    near: Vec<Entry>,
    heaped: usize,
    /// Entries of flows that were removed.
    pub(super) dead: u32,
    /// What is more than a heap. (Apart, so that short queues are small.)
    rest: Option<Box<Rest>>,
}

/// What is not near: dealt into buckets, those of a long queue into coarse ones first, so that what is
/// written by turns stays in the caches.
#[derive(Debug, Default)]
struct Rest {
    /// What was pushed before the last of `near`, in whole blocks. (One list of all would be copied
    /// as it grows.)
    pushed: Vec<Vec<Entry>>,
    /// The buckets of the coarse bucket under way, or of all.
    fine: Tier,
    coarse: Option<Tier>,
    /// What comes after all buckets.
    far: Vec<Entry>,
    chains: Chains,
    /// Whether anything is dealt.
    is_dealt: bool,
}

/// Entries in buckets of equal width.
#[derive(Debug, Default)]
struct Tier {
    /// What was dealt, the last bucket first; from `run` on, the bucket under way.
    dealt: Vec<Entry>,
    run: usize,
    /// Where each bucket begins in `dealt`, the last one first.
    begins: Vec<u32>,
    /// What came into each bucket later, the last one first; empty until something did.
    later: Vec<Chain>,
    /// Bucket of a mark = (mark - low) x scale; `opened` of them are gone.
    low: f64,
    scale: f64,
    last: f64,
    opened: usize,
    /// Where the next entry of each pile goes, while entries are dealt.
    next: Vec<u32>,
}

/// Many short lists of entries, in nodes of a few. (A list of its own for each would be a call of the
/// allocator each; a place of its own for each entry, a wait for memory each when a list is taken.)
#[derive(Debug)]
struct Chains {
    nodes: Vec<Node>,
    /// Nodes that are free, as a list.
    free: u32,
    len: usize,
}

/// Some entries of a list: two lines of cache.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Node {
    entries: [Entry; NODE],
    /// The node that was filled before, or [`END`].
    next: u32,
}

/// Entries of a node.
const NODE: usize = 7;

/// A list of a chain's: the node that was begun last, and how many entries there are in all.
#[derive(Clone, Copy, Debug)]
struct Chain {
    last: u32,
    len: u32,
}

/// No node.
const END: u32 = u32::MAX;

impl Default for Chains {
    fn default() -> Self {
        Self { nodes: Vec::new(), free: END, len: 0 }
    }
}

impl Chains {
    /// Puts an entry behind a list. (Does not read its node, which is probably out of the caches.)
    #[inline]
    fn push(&mut self, chain: &mut Chain, e: Entry) {
        self.len += 1;
        let place = chain.len as usize % NODE;
        if place == 0 {
            chain.last = self.begin(chain.last);
        }
        chain.len += 1;
        self.nodes[chain.last as usize].entries[place] = e;
    }

    /// A node more, before another.
    fn begin(&mut self, next: u32) -> u32 {
        if self.free == END {
            self.nodes.push(Node { entries: [0; NODE], next });
            return u32::try_from(self.nodes.len() - 1).expect("fewer than 2^32 flows at once");
        }
        let node = self.free;
        self.free = std::mem::replace(&mut self.nodes[node as usize].next, next);
        node
    }

    /// Takes all entries of a list.
    fn take(&mut self, chain: Chain, into: &mut Vec<Entry>) {
        self.len -= chain.len as usize;
        let mut left = chain.len as usize;
        let mut at = chain.last;
        while left > 0 {
            let node = &mut self.nodes[at as usize];
            let here = (left - 1) % NODE + 1;
            into.extend_from_slice(&node.entries[..here]);
            left -= here;
            let next = std::mem::replace(&mut node.next, self.free);
            self.free = std::mem::replace(&mut at, next);
        }
    }
}

impl Queue {
    #[inline]
    pub(super) fn push(&mut self, mark: f64, tag: u64) {
        let e = entry(mark, tag);
        if let Some(rest) = &mut self.rest
            && rest.is_dealt
            && rest.pushed.is_empty()
            && self.heaped == self.near.len()
            && !rest.place(e)
        {
            return;
        }
        self.near.push(e);
        if self.near.len() - self.heaped == BLOCK {
            self.set_aside();
        }
    }

    #[cold]
    fn set_aside(&mut self) {
        let next = Vec::with_capacity(BLOCK);
        let block = if self.heaped == 0 {
            std::mem::replace(&mut self.near, next)
        } else {
            let mut block = next;
            block.extend(self.near.drain(self.heaped..));
            block
        };
        self.rest.get_or_insert_default().pushed.push(block);
    }

    /// Entries, dead ones included.
    pub(super) fn len(&self) -> usize {
        self.near.len() + self.rest.as_ref().map_or(0, |rest| rest.len())
    }

    /// The lowest entry.
    #[inline]
    pub(super) fn first(&mut self) -> Option<(f64, u64)> {
        self.settle();
        let run = self.rest.as_ref().and_then(|rest| rest.first());
        match (self.near.first(), run) {
            (Some(a), Some(b)) => Some(parts(*a.min(b))),
            (Some(a), None) | (None, Some(a)) => Some(parts(*a)),
            (None, None) => None,
        }
    }

    /// Takes the lowest entry.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<(f64, u64)> {
        self.settle();
        if let Some(rest) = &mut self.rest
            && let Some(last) = rest.first()
            && self.near.first().is_none_or(|first| last < first)
        {
            let last = *last;
            rest.fine.dealt.pop();
            return Some(parts(last));
        }
        let first = quaternary::pop(&mut self.near)?;
        self.heaped = self.near.len();
        Some(parts(first))
    }

    /// Takes the lowest entry; the one that is then the lowest.
    #[inline]
    pub(super) fn pop_for_next(&mut self) -> Option<(f64, u64)> {
        // Most times both are in the bucket under way.
        if self.near.is_empty()
            && let Some(rest) = &mut self.rest
            && rest.pushed.is_empty()
            && let [.., next, _] = rest.fine.dealt[rest.fine.run..]
        {
            rest.fine.dealt.pop();
            return Some(parts(next));
        }
        self.pop();
        self.first()
    }

    /// Keeps the entries whose tag is wanted.
    pub(super) fn retain(&mut self, wanted: impl Fn(u64) -> bool) {
        for block in self.take_all() {
            let mut block = block.into_iter().map(parts);
            block
                .by_ref()
                .filter(|(_, tag)| wanted(*tag))
                .for_each(|(mark, tag)| self.push(mark, tag));
        }
    }

    /// Takes `by` off all marks, and tells of each (new mark, tag).
    pub(super) fn shift(&mut self, by: f64, mut each: impl FnMut(f64, u64)) {
        for block in self.take_all() {
            for (mark, tag) in block.into_iter().map(parts) {
                let mark = (mark - by).max(0.0);
                each(mark, tag);
                self.push(mark, tag);
            }
        }
    }

    /// Empties it, and keeps a little of its memory.
    pub(super) fn clear(&mut self) {
        self.near.clear();
        self.near.shrink_to(HEAP_MOST / 16);
        (self.heaped, self.dead, self.rest) = (0, 0, None);
    }

    /// Takes everything out, in pieces.
    fn take_all(&mut self) -> Vec<Vec<Entry>> {
        let all = std::mem::replace(self, Self { dead: self.dead, ..Self::default() });
        let mut rest = all.rest.map_or_else(Rest::default, |rest| *rest);
        let mut later = Vec::with_capacity(rest.chains.len);
        let tiers = [Some(rest.fine), rest.coarse].into_iter().flatten();
        let mut pieces = rest.pushed;
        for tier in tiers {
            tier.later.iter().for_each(|chain| rest.chains.take(*chain, &mut later));
            pieces.push(tier.dealt);
        }
        pieces.extend([all.near, rest.far, later]);
        pieces.retain(|piece| !piece.is_empty());
        pieces
    }

    /// Brings what waits to its place, so that the lowest entry is in sight.
    #[inline]
    fn settle(&mut self) {
        match &self.rest {
            None if self.near.len() <= HEAP_MOST => self.heap_up(),
            None => self.deal(),
            Some(rest) => {
                if self.heaped < self.near.len() || !rest.pushed.is_empty() {
                    self.place_waiting();
                }
                if self.near.is_empty() && self.rest.as_ref().is_some_and(|rest| rest.is_out()) {
                    self.open_next();
                }
            }
        }
    }

    /// Puts what waits into the heap.
    #[inline]
    fn heap_up(&mut self) {
        while self.heaped < self.near.len() {
            quaternary::up(&mut self.near, self.heaped);
            self.heaped += 1;
        }
    }

    /// Puts what waits beside what was dealt into the heap, its bucket or beyond.
    fn place_waiting(&mut self) {
        let most = HEAP_MOST.max(self.len() / 4);
        let rest = self.rest.as_mut().expect("more than a heap");
        let waiting = self.near.len() - self.heaped + rest.pushed.len() * BLOCK;
        if rest.is_dealt && waiting <= most {
            let Self { near, heaped, .. } = self;
            let from = *heaped;
            let mut kept = from;
            for i in from..near.len() {
                let e = near[i];
                near[kept] = e;
                kept += usize::from(rest.place(e));
            }
            near.truncate(kept);
            if !rest.pushed.is_empty() {
                let pushed = std::mem::take(&mut rest.pushed);
                near.extend(pushed.into_iter().flatten().filter(|e| rest.place(*e)));
            }
            self.heap_up();
            if self.near.len() <= most {
                return;
            }
        }
        self.deal();
    }

    /// Makes a run of the next bucket that is not empty.
    fn open_next(&mut self) {
        if !self.rest.as_mut().is_some_and(|rest| rest.open_next()) {
            self.deal();
        }
    }

    /// Deals all entries into buckets over the lower three quarters of their marks; the upper quarter
    /// waits beyond, so that a few huge marks don't stretch the buckets.
    #[cold]
    fn deal(&mut self) {
        let pieces = self.take_all();
        if pieces.iter().map(Vec::len).sum::<usize>() <= HEAP_MOST / 4 {
            self.near.extend(pieces.iter().flatten());
            return self.heap_up();
        }
        self.rest.insert(Box::default()).deal(&pieces);
        self.open_next();
    }
}

impl Rest {
    fn len(&self) -> usize {
        let coarse = self.coarse.as_ref().map_or(0, |tier| tier.dealt.len());
        self.pushed.len() * BLOCK
            + self.fine.dealt.len()
            + coarse
            + self.far.len()
            + self.chains.len
    }

    /// The first entry of the bucket under way.
    #[inline]
    fn first(&self) -> Option<&Entry> {
        self.fine.dealt[self.fine.run..].last()
    }

    /// Whether the bucket under way is at its end.
    #[inline]
    const fn is_out(&self) -> bool {
        self.fine.dealt.len() == self.fine.run
    }

    /// Puts an entry into its bucket or beyond, or says that its bucket was opened.
    #[inline]
    fn place(&mut self, e: Entry) -> bool {
        let Self { fine, coarse, chains, far, .. } = self;
        let outer = coarse.as_mut().unwrap_or(fine);
        let bucket = outer.bucket(e);
        if bucket == outer.opened + outer.closed() {
            far.push(e);
            return false;
        }
        match coarse {
            None => fine.place(bucket, e, chains),
            Some(coarse) if bucket + 1 == coarse.opened => fine.place(fine.bucket(e), e, chains),
            Some(coarse) => coarse.place(bucket, e, chains),
        }
    }

    /// Makes a run of the next bucket that is not empty. Whether there was one.
    fn open_next(&mut self) -> bool {
        let Self { fine, coarse, chains, .. } = self;
        loop {
            while fine.open(chains) {
                if fine.dealt.len() > fine.run {
                    fine.dealt[fine.run..].sort_unstable_by(|a, b| b.cmp(a));
                    return true;
                }
            }
            let Some(coarse) = coarse else { return false };
            if !coarse.open(chains) {
                return false;
            }
            let entries = coarse.dealt.split_off(coarse.run);
            let (low, span) = coarse.under_way();
            let buckets = entries.len() / BUCKET + 1;
            fine.deal(&[entries], low, span, buckets, buckets - 1);
        }
    }

    fn deal(&mut self, pieces: &[Vec<Entry>]) {
        let count = pieces.iter().map(Vec::len).sum::<usize>();
        let step = count / 64;
        let mut sample = Vec::with_capacity(72);
        let mut from = 0;
        for piece in pieces {
            sample.extend(piece.iter().skip(from).step_by(step).map(|e| parts(*e).0));
            from = (from + piece.len().saturating_sub(from).div_ceil(step) * step) - piece.len();
        }
        sample.sort_unstable_by(f64::total_cmp);
        let span = sample[sample.len() * 3 / 4] - sample[0];
        // The sample's least is not the least: a few buckets more for those below.
        let low = (sample[0] - span / 32.0).max(0.0);
        let span = sample[sample.len() * 3 / 4] - low;
        let size = if count > SEVERAL { BUCKET * BUCKETS } else { BUCKET };
        // Equal marks, most of them: one bucket.
        let buckets = if span > 0.0 { count * 3 / 4 / size + 1 } else { 1 };
        let tier =
            if count > SEVERAL { self.coarse.insert(Tier::default()) } else { &mut self.fine };
        tier.deal(pieces, low, span, buckets, buckets);
        self.is_dealt = true;
    }
}

impl Tier {
    /// Buckets that are not opened.
    #[inline]
    const fn closed(&self) -> usize {
        self.begins.len()
    }

    /// The bucket of an entry: one beyond the last is `last`, one below the first the first.
    #[inline]
    fn bucket(&self, e: Entry) -> usize {
        let place = (parts(e).0 - self.low) * self.scale;
        let place = if place > 0.0 { place } else { 0.0 };
        let place = if place < self.last { place } else { self.last };
        // To a whole number by its last bits, which is cheaper than a conversion.
        ((place + WHOLE).to_bits() - WHOLE.to_bits()) as usize
    }

    /// Puts an entry into its bucket, or says that it was opened.
    #[inline]
    fn place(&mut self, bucket: usize, e: Entry, chains: &mut Chains) -> bool {
        if bucket < self.opened {
            return true;
        }
        let closed = self.closed();
        if self.later.is_empty() {
            self.later.resize(closed, Chain { last: END, len: 0 });
        }
        chains.push(&mut self.later[self.opened + closed - 1 - bucket], e);
        false
    }

    /// Opens the next bucket; whether there was one.
    fn open(&mut self, chains: &mut Chains) -> bool {
        let Some(begin) = self.begins.pop() else { return false };
        self.opened += 1;
        self.run = begin as usize;
        if self.dealt.capacity() > 4 * self.dealt.len() + HEAP_MOST {
            self.dealt.shrink_to_fit();
        }
        if let Some(later) = self.later.pop() {
            chains.take(later, &mut self.dealt);
        }
        true
    }

    /// Where the marks of the bucket that was opened last begin, and how far they reach.
    fn under_way(&self) -> (f64, f64) {
        if self.scale == 0.0 {
            return (self.low, 0.0);
        }
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53 buckets")]
        let before = (self.opened - 1) as f64;
        (self.low + before / self.scale, 1.0 / self.scale)
    }

    /// Deals entries into so many buckets over marks from `low` to `low + span`; those beyond count
    /// as of bucket `last`, the last one or the one behind it.
    fn deal(&mut self, pieces: &[Vec<Entry>], low: f64, span: f64, buckets: usize, last: usize) {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53 buckets")]
        let [most, last] = [buckets as f64, last as f64];
        let scale = if span > 0.0 { most / span } else { 0.0 };
        (self.low, self.scale, self.last, self.opened) = (low, scale, last, 0);
        let entries = || pieces.iter().flatten().copied();
        let count = pieces.iter().map(Vec::len).sum::<usize>();
        // Pile 0 is beyond the last bucket, pile 1 the last one, and so on.
        let mut next = std::mem::take(&mut self.next);
        next.clear();
        next.resize(buckets + 2, 0);
        entries().for_each(|e| next[buckets - self.bucket(e) + 1] += 1);
        for i in 1..next.len() {
            next[i] += next[i - 1];
        }
        self.begins.clear();
        self.begins.extend(&next[1..=buckets]);
        self.dealt.clear();
        self.dealt.resize(count, 0);
        for e in entries() {
            let at = &mut next[buckets - self.bucket(e)];
            self.dealt[*at as usize] = e;
            *at += 1;
        }
        self.next = next;
    }
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
