//! The event queue: buckets by time, sorted when they are reached, in a total order, with
//! cancellation.

mod buckets;
mod slots;

use super::quaternary;
use super::time::Instant;
use buckets::{Buckets, at_of};
pub use slots::Ticket;
use slots::{SLOT_BITS, Slots};

/// What comes first at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Completions and releases.
    Completion,
    /// Repairs, failures, changes of capacity and of belief.
    Change,
    /// Timers.
    Timer,
    /// Arrivals.
    Arrival,
}

/// An entry is one number: from the top, 64 bits of its instant, 2 of its rank, 32 of its sequence
/// and 30 of its slot. Numbers compare as events are ordered.
const SEQUENCE_BITS: u32 = 32;
const RANK_SHIFT: u32 = SLOT_BITS + SEQUENCE_BITS;

// The following were chosen by measurement (benches/agenda.rs); any value gives the same order.
/// Entries of a bucket above which it is spread over finer buckets rather than sorted lie within
/// these bounds, and are at most a third of all. The more are sorted at once, the less each costs,
/// but the more newcomers belong among them: if more than a quarter of a run's length came
/// before its end, the next may only be half as long; else a little longer.
const LEAST_SORTED: usize = 16;
const MOST_SORTED: usize = 512;
/// Buckets are opened until so many entries were in them.
const BATCH: usize = 8;
/// Entries of the run that are moved to let a newcomer in; beyond, it goes to the heap.
const MOST_MOVED: usize = 24;
/// Entries of the heap above which run and heap go back to the inbox.
const MOST_HEAP: usize = 16;
/// Entries in all below which they are opened together.
const FEW: usize = 8;
/// Entries of the inbox that are sorted rather than dealt, if all buckets are empty.
const MOST_UNDEALT: usize = 31;
/// Slots that are surely at hand.
const SLOTS_IN_CACHE: usize = 4_096;

/// So many entries are sorted by dealing them into bins; fewer fall to the insertion sort of the
/// standard library, and more fill bins too much.
const LEAST_BINNED: usize = 21;
const MOST_BINNED: usize = 2048;
const BINS: usize = 256;
/// Entries of a bin up to which they are sorted by insertion.
const MOST_INSERTED: usize = 16;

fn slot_of(entry: u128) -> usize {
    entry as usize & ((1 << SLOT_BITS) - 1)
}

/// Events to come, popped in the order (instant, rank, order of scheduling).
///
/// What comes before `front` lies in the run, which is sorted, and in the heap, which takes what is
/// scheduled there while the run is long. All else is dropped into the inbox as it comes, and dealt
/// into buckets by time when the run is used up; buckets are sorted when they are reached. Where
/// everything falls into one place (far events reached before near ones were scheduled) the heap
/// carries the load until it pays to deal all anew, so the worst case is a heap.
///
/// Invariants: every entry in the inbox or a bucket is at or after `front`, every other before it;
/// every entry in the inbox is at or after the floor of the buckets, if they have any; `run` is
/// sorted, the first at the end; each entry owns one slot, emptied by cancellation and reused when
/// the entry is dropped; less than half of all entries, or at most 64, are cancelled; time never
/// goes back.
///
/// ```
/// use highwater::kernel::{Agenda, Instant, Rank};
/// let mut agenda = Agenda::new();
/// let at = Instant::from_nanos(5);
/// agenda.schedule(at, Rank::Arrival, "second");
/// let never = agenda.schedule(at, Rank::Completion, "cancelled");
/// agenda.schedule(at, Rank::Change, "first");
/// assert_eq!(agenda.cancel(never), Some("cancelled"));
/// assert_eq!(agenda.pop(), Some((at, "first")));
/// assert_eq!(agenda.pop(), Some((at, "second")));
/// assert_eq!(agenda.pop(), None);
/// ```
#[derive(Debug)]
pub struct Agenda<E> {
    run: Vec<u128>,
    heap: Vec<u128>,
    /// Memory to sort in.
    spare: Vec<u128>,
    inbox: Vec<u128>,
    front: u128,
    /// Length of the heap at which it is next tried to deal it.
    heap_most: usize,
    /// Entries of the run when it was opened, and those that were inserted before the front since.
    opened: usize,
    inserted: usize,
    /// Entries of a bucket above which it is spread.
    most_sorted: usize,
    buckets: Buckets,
    slots: Slots<E>,
    sequence: u32,
    now: Instant,
}

impl<E> Default for Agenda<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> Agenda<E> {
    /// An empty agenda at the start of time.
    pub const fn new() -> Self {
        Self {
            run: Vec::new(),
            heap: Vec::new(),
            spare: Vec::new(),
            inbox: Vec::new(),
            front: 0,
            heap_most: MOST_HEAP,
            opened: 0,
            inserted: 0,
            most_sorted: MOST_SORTED,
            buckets: Buckets::new(),
            slots: Slots::new(),
            sequence: 0,
            now: Instant::START,
        }
    }

    /// Number of events to come.
    pub fn len(&self) -> usize {
        self.held() - self.slots.cancelled()
    }

    /// Whether nothing is to come.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Entries, cancelled ones among them.
    fn held(&self) -> usize {
        self.run.len() + self.heap.len() + self.inbox.len() + self.buckets.len()
    }

    /// Adds an event. Amortized O(1) for most laws of delays, O(log n) for any.
    ///
    /// # Panics
    /// If `at` lies before the last popped event: time never goes back. If 2^30 events are
    /// pending.
    // Always inlined: an event that is passed in memory is read back before it was written, which
    // costs more than all the rest.
    #[inline(always)]
    pub fn schedule(&mut self, at: Instant, rank: Rank, event: E) -> Ticket {
        assert!(at >= self.now, "an event is scheduled in the past");
        if self.sequence == u32::MAX {
            self.renumber();
        }
        let ticket = self.slots.take(event);
        let low = (rank as u64) << RANK_SHIFT
            | u64::from(self.sequence) << SLOT_BITS
            | u64::from(ticket.slot);
        let entry = u128::from(at.nanos()) << 64 | u128::from(low);
        self.sequence = self.sequence.wrapping_add(1);
        if entry >= self.front {
            self.inbox.push(entry);
        } else {
            self.insert(entry);
        }
        ticket
    }

    /// Puts an entry before the front to its place.
    #[inline(never)]
    fn insert(&mut self, entry: u128) {
        self.inserted += 1;
        let run = &mut self.run;
        let len = run.len();
        if len < MOST_MOVED || run[len - MOST_MOVED] > entry {
            // For so few, moving them one by one beats a search and a block move.
            run.push(entry);
            let mut i = len;
            while i > 0 && run[i - 1] < entry {
                run[i] = run[i - 1];
                i -= 1;
            }
            run[i] = entry;
        } else {
            let last = self.heap.len();
            self.heap.push(entry);
            quaternary::up(&mut self.heap, last);
            if last >= self.heap_most {
                self.spill();
            }
        }
    }

    /// Takes an event back, if it is still to come. Amortized O(1): the entry stays where it is
    /// until it is reached or until half of all entries are cancelled.
    pub fn cancel(&mut self, ticket: Ticket) -> Option<E> {
        let event = self.slots.cancel(ticket)?;
        let held = self.held();
        if self.slots.cancelled() * 2 > held && held > 64 {
            self.compact();
        }
        Some(event)
    }

    /// When the next event happens.
    #[inline]
    pub fn next_at(&mut self) -> Option<Instant> {
        loop {
            let (entry, in_run) = match (self.run.last().copied(), self.heap.first().copied()) {
                (Some(a), Some(b)) if b < a => (b, false),
                (Some(a), _) => (a, true),
                (None, Some(b)) => (b, false),
                (None, None) if self.refill() => continue,
                (None, None) => return None,
            };
            if self.slots.is_live(entry) {
                return Some(Instant::from_nanos(at_of(entry)));
            }
            if in_run {
                self.run.pop();
            } else {
                quaternary::pop(&mut self.heap);
            }
            self.slots.release(entry);
        }
    }

    /// Takes the next event.
    #[inline]
    pub fn pop(&mut self) -> Option<(Instant, E)> {
        loop {
            let entry = match self.run.pop() {
                Some(entry) if self.heap.first().is_none_or(|first| entry < *first) => entry,
                entry => self.choose(entry)?,
            };
            if let Some(event) = self.slots.release(entry) {
                let at = Instant::from_nanos(at_of(entry));
                debug_assert!(at >= self.now, "time never goes back");
                self.now = at;
                return Some((at, event));
            }
        }
    }

    /// Takes the next entry, be it cancelled or not, where the run alone can't tell; `last` was
    /// just popped from the run.
    #[inline(never)]
    fn choose(&mut self, last: Option<u128>) -> Option<u128> {
        if let Some(a) = last {
            return match self.heap.first_mut() {
                Some(b) if *b < a => {
                    self.run.push(a);
                    quaternary::pop(&mut self.heap)
                }
                _ => Some(a),
            };
        }
        if self.heap.len() > MOST_HEAP {
            // A long heap is sorted once rather than sifted at each pop; what was pushed in order
            // is in order.
            std::mem::swap(&mut self.run, &mut self.heap);
            sort_down(&mut self.run, &mut self.spare);
            self.heap_most = self.heap_most.max(self.run.len());
        } else if let Some(first) = quaternary::pop(&mut self.heap) {
            return Some(first);
        }
        while self.run.is_empty() {
            if !self.refill() {
                return None;
            }
        }
        self.run.pop()
    }

    /// Tells the agenda that time has passed without an event of its own.
    pub fn advance(&mut self, now: Instant) {
        debug_assert!(now >= self.now, "time never goes back");
        self.now = now;
    }

    /// Opens what is reached next, run and heap being empty. The run may stay empty where all that
    /// was opened is cancelled. Returns whether there was anything.
    #[inline(never)]
    fn refill(&mut self) -> bool {
        let Self { run, inbox, buckets, slots, spare, .. } = self;
        let held = inbox.len() + buckets.len();
        self.heap_most = MOST_HEAP;
        if held <= FEW || held <= MOST_UNDEALT && buckets.len() == 0 {
            std::mem::swap(run, inbox);
            buckets.take_all(run);
        } else {
            buckets.push_all(inbox);
            let mut first = buckets.first().expect("there are more than a few");
            let most = if self.inserted * 4 > self.opened {
                self.most_sorted / 2
            } else {
                self.most_sorted + self.most_sorted / 32 + 1
            };
            self.most_sorted = most.clamp(LEAST_SORTED, MOST_SORTED);
            let most = self.most_sorted.min(held / 3).max(LEAST_SORTED);
            while buckets.is_long(first, most) && !first.is_finest() {
                buckets.spread(first);
                first = buckets.first().expect("what was spread is there");
            }
            buckets.take(first, run);
            while run.len() < BATCH
                && let Some(next) = buckets.first()
                && !buckets.is_long(next, most)
            {
                buckets.take(next, run);
            }
            self.heap_most = MOST_HEAP.max(run.len());
            (self.opened, self.inserted) = (run.len(), 0);
        }
        // To look at every slot here, one after the other, also spares `pop` the wait for memory
        // where there are many.
        if slots.cancelled() > 0 || slots.len() > SLOTS_IN_CACHE {
            run.retain(|entry| {
                let live = slots.is_live(*entry);
                if !live {
                    slots.release(*entry);
                }
                live
            });
        }
        sort_down(run, spare);
        if held <= FEW {
            self.front = u128::MAX;
        } else {
            // Where all that was opened was cancelled, the floor lies before all that is left.
            self.front = run.first().map_or(u128::from(buckets.floor()) << 64, |last| last + 1);
        }
        held > 0
    }

    /// Moves all that is before the front back to the inbox: the front was too far away.
    #[cold]
    #[inline(never)]
    fn spill(&mut self) {
        let Self { run, heap, inbox, buckets, .. } = self;
        // Buckets are opened when they are looked at, perhaps before time has got there. What is
        // scheduled before them then can't lie in buckets, unless all are dealt anew.
        let first = run.last().into_iter().chain(heap.first()).min();
        let early = first.is_some_and(|entry| at_of(*entry) < buckets.floor());
        if buckets.len() > 0 && early {
            if heap.len() < buckets.len() / 4 {
                self.heap_most = buckets.len() / 4;
                return;
            }
            buckets.take_all(inbox);
        }
        inbox.append(run);
        inbox.append(heap);
        self.front = if buckets.len() > 0 { u128::from(buckets.floor()) << 64 } else { 0 };
    }

    /// Drops all cancelled entries.
    #[cold]
    #[inline(never)]
    fn compact(&mut self) {
        let Self { run, heap, inbox, buckets, slots, .. } = self;
        let mut keep = |entry: u128| {
            let live = slots.is_live(entry);
            if !live {
                slots.release(entry);
            }
            live
        };
        run.retain(|entry| keep(*entry));
        heap.retain(|entry| keep(*entry));
        heap.sort_unstable();
        inbox.retain(|entry| keep(*entry));
        buckets.retain(keep);
    }

    /// Numbers all entries anew in the order of scheduling, once in 2^32 events.
    #[cold]
    #[inline(never)]
    fn renumber(&mut self) {
        let mut all = std::mem::take(&mut self.inbox);
        all.append(&mut self.run);
        all.append(&mut self.heap);
        self.buckets.take_all(&mut all);
        let mask = ((1_u128 << SEQUENCE_BITS) - 1) << SLOT_BITS;
        all.sort_unstable_by_key(|entry| entry & mask);
        for (sequence, entry) in (0_u128..).zip(&mut all) {
            *entry = *entry & !mask | sequence << SLOT_BITS;
        }
        self.sequence = u32::try_from(all.len()).expect("fewer than 2^30 are pending");
        self.inbox = all;
        self.front = 0;
    }
}

/// Sorts entries, the last first.
#[inline]
fn sort_down(entries: &mut [u128], spare: &mut Vec<u128>) {
    match entries.len() {
        0..=1 => {}
        2..=4 => sort_few::<4>(entries),
        5..=8 => sort_few::<8>(entries),
        LEAST_BINNED..=MOST_BINNED => sort_many(entries, spare),
        _ => entries.sort_unstable_by(|a, b| b.cmp(a)),
    }
}

/// Deals entries into bins by instant, so that each has a few, then sorts what is in them.
#[inline(never)]
fn sort_many(entries: &mut [u128], spare: &mut Vec<u128>) {
    let n = entries.len();
    if spare.len() < n {
        spare.resize(n, 0);
    }
    let (low, high) = entries.iter().fold((u64::MAX, 0), |(low, high), entry| {
        (low.min(at_of(*entry)), high.max(at_of(*entry)))
    });
    if low == high {
        // What was scheduled in order is in order, which this sort sees.
        return entries.sort_unstable_by(|a, b| b.cmp(a));
    }
    let bits = 64 - (high - low).leading_zeros();
    let shift = bits.saturating_sub(BINS.trailing_zeros());
    let bin = |entry: u128| ((high - at_of(entry)) >> shift) as usize % BINS;
    let mut ends = [0_u16; BINS];
    for entry in &*entries {
        ends[bin(*entry)] += 1;
    }
    let (mut end, mut most) = (0, 0);
    for place in &mut ends {
        most = most.max(*place);
        end += std::mem::replace(place, end);
    }
    for entry in &*entries {
        let end = &mut ends[bin(*entry)];
        spare[usize::from(*end)] = *entry;
        *end += 1;
    }
    entries.copy_from_slice(&spare[..n]);
    if usize::from(most) > MOST_INSERTED {
        let mut start = 0;
        for end in ends.map(usize::from) {
            if end - start > MOST_INSERTED {
                entries[start..end].sort_unstable_by(|a, b| b.cmp(a));
            }
            start = end;
        }
    }
    for i in 1..n {
        let entry = entries[i];
        let mut j = i;
        while j > 0 && entries[j - 1] < entry {
            entries[j] = entries[j - 1];
            j -= 1;
        }
        entries[j] = entry;
    }
}

/// Sorts at most N entries, the last first, without jumps that depend on them: the place of each is
/// the number of later ones.
#[inline]
fn sort_few<const N: usize>(entries: &mut [u128]) {
    // Absent ones come last.
    let mut old = [0; N];
    old[..entries.len()].copy_from_slice(entries);
    let mut places = [0; N];
    for i in 1..N {
        for j in 0..i {
            let later = usize::from(old[i] > old[j]);
            places[j] += later;
            places[i] += 1 - later;
        }
    }
    for (entry, place) in old.iter().zip(places).take(entries.len()) {
        entries[place] = *entry;
    }
}

#[cfg(test)]
mod tests;
