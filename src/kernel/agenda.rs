//! The event queue: buckets by time, sorted when they are reached, in a total order, with
//! cancellation.

mod buckets;

use super::time::Instant;
use buckets::{Buckets, at_of};

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

/// Names a scheduled event, for [`Agenda::cancel`]. A ticket of an event that was popped or
/// cancelled is worthless, never wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    slot: u32,
    turn: u32,
}

#[derive(Debug)]
struct Slot<E> {
    turn: u32,
    event: Option<E>,
}

/// An entry is one number: from the top, 64 bits of its instant, 2 of its rank, 32 of its sequence
/// and 30 of its slot. Numbers compare as events are ordered.
const SLOT_BITS: u32 = 30;
const SEQUENCE_BITS: u32 = 32;
const RANK_SHIFT: u32 = SLOT_BITS + SEQUENCE_BITS;

// The following were chosen by measurement (benches/agenda.rs); any value gives the same order.
/// Entries of a bucket above which it is spread over finer buckets rather than sorted.
const MOST_SORTED: usize = 24;
/// Buckets are opened until so many entries were in them.
const BATCH: usize = 4;
/// Entries of the run above which newcomers go to the heap.
const MOST_RUN: usize = 24;
/// Entries of the heap above which run and heap go back to the buckets.
const MOST_HEAP: usize = 16;
/// Entries in all buckets below which they are opened together.
const FEW: usize = 8;

fn slot_of(entry: u128) -> usize {
    entry as usize & ((1 << SLOT_BITS) - 1)
}

/// Events to come, popped in the order (instant, rank, order of scheduling).
///
/// What is due at or before `near` lies in the run, which is sorted, and in the heap, which takes
/// what is scheduled there while the run is long. All else lies in buckets by time and is sorted
/// when it is reached. Where everything falls into one place (all at one instant, or far events
/// reached before near ones were scheduled) the heap carries the load, so the worst case is a heap.
///
/// Invariants: every entry in a bucket is later than `near`, every other at or before it; `run` is
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
    near: u64,
    /// Length of the heap at which it is next tried to spread it.
    heap_most: usize,
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
            near: u64::MAX,
            heap_most: MOST_HEAP,
            buckets: Buckets::new(),
            slots: Slots { slots: Vec::new(), free: Vec::new(), cancelled: 0 },
            sequence: 0,
            now: Instant::START,
        }
    }

    /// Number of events to come.
    pub fn len(&self) -> usize {
        self.held() - self.slots.cancelled
    }

    /// Whether nothing is to come.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Entries, cancelled ones among them.
    fn held(&self) -> usize {
        self.run.len() + self.heap.len() + self.buckets.len()
    }

    /// Adds an event. Amortized O(1) for most laws of delays, O(log n) for any.
    ///
    /// # Panics
    /// If `at` lies before the last popped event: time never goes back. If 2^30 events are
    /// pending.
    #[inline]
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
        self.sequence += 1;
        if at.nanos() > self.near {
            self.buckets.push(entry);
        } else if self.run.len() < MOST_RUN && self.heap.is_empty() {
            // For so few, moving them one by one beats a search and a block move.
            let run = &mut self.run;
            let mut i = run.len();
            run.push(entry);
            while i > 0 && run[i - 1] < entry {
                run[i] = run[i - 1];
                i -= 1;
            }
            run[i] = entry;
        } else {
            self.heap.push(entry);
            sift_up(&mut self.heap);
            if self.heap.len() > self.heap_most {
                self.spill();
            }
        }
        ticket
    }

    /// Takes an event back, if it is still to come. Amortized O(1): the entry stays where it is
    /// until it is reached or until half of all entries are cancelled.
    pub fn cancel(&mut self, ticket: Ticket) -> Option<E> {
        let event = self.slots.cancel(ticket)?;
        let held = self.held();
        if self.slots.cancelled * 2 > held && held > 64 {
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
                pop_heap(&mut self.heap);
            }
            self.slots.release(entry);
        }
    }

    /// Takes the next event.
    #[inline]
    pub fn pop(&mut self) -> Option<(Instant, E)> {
        loop {
            let entry = match (self.run.last().copied(), self.heap.first().copied()) {
                (Some(a), Some(b)) if b < a => pop_heap(&mut self.heap),
                (Some(a), _) => {
                    self.run.pop();
                    a
                }
                // A long heap is sorted once rather than sifted at each pop; what was pushed in
                // order is in order.
                (None, Some(_)) if self.heap.len() > MOST_HEAP => {
                    std::mem::swap(&mut self.run, &mut self.heap);
                    self.run.sort_unstable_by(|a, b| b.cmp(a));
                    continue;
                }
                (None, Some(_)) => pop_heap(&mut self.heap),
                (None, None) if self.refill() => continue,
                (None, None) => return None,
            };
            if let Some(event) = self.slots.release(entry) {
                let at = Instant::from_nanos(at_of(entry));
                debug_assert!(at >= self.now, "time never goes back");
                self.now = at;
                return Some((at, event));
            }
        }
    }

    /// Tells the agenda that time has passed without an event of its own.
    pub fn advance(&mut self, now: Instant) {
        debug_assert!(now >= self.now, "time never goes back");
        self.now = now;
    }

    /// Opens the buckets that are reached next, run and heap being empty. The run may stay empty
    /// where all that was in them is cancelled. Returns whether there was anything.
    #[inline(never)]
    fn refill(&mut self) -> bool {
        let Self { run, buckets, slots, .. } = self;
        let Some(mut first) = buckets.first() else {
            return false;
        };
        // To look at every slot here, one after the other, also spares `pop` the wait for memory.
        let mut open = |entry| {
            if slots.is_live(entry) {
                run.push(entry);
            } else {
                slots.release(entry);
            }
        };
        if buckets.len() <= FEW {
            buckets.take_all(open);
            self.near = u64::MAX;
        } else {
            while first.count > MOST_SORTED && !first.is_finest() {
                buckets.spread(first);
                first = buckets.first().expect("what was spread is there");
            }
            let mut opened = 0;
            loop {
                self.near = buckets.take(first, &mut open);
                opened += first.count;
                match buckets.first() {
                    Some(next) if opened < BATCH && next.count <= MOST_SORTED => first = next,
                    _ => break,
                }
            }
        }
        self.heap_most = MOST_HEAP;
        // Buckets came in order: turned round, the run is nearly sorted.
        run.reverse();
        run.sort_unstable_by(|a, b| b.cmp(a));
        true
    }

    /// Moves what is near, but not due at once, back to buckets: `near` was too far away.
    #[cold]
    #[inline(never)]
    fn spill(&mut self) {
        let Self { run, heap, buckets, .. } = self;
        let first = run.last().into_iter().chain(heap.first()).min();
        let floor = first.map_or(0, |entry| at_of(*entry)).min(self.now.nanos());
        // Buckets are opened when they are looked at, perhaps before time has got there. The floor
        // can't be lowered under what was spread then, so the heap must do until time gets there.
        if buckets.len() > 0 && floor < buckets.floor() {
            self.heap_most = 2 * heap.len();
            return;
        }
        buckets.set_floor(floor);
        self.near = floor;
        for list in [run, heap] {
            list.retain(|entry| {
                let due = at_of(*entry) == floor;
                if !due {
                    buckets.push(*entry);
                }
                due
            });
        }
        self.heap.sort_unstable();
        self.heap_most = MOST_HEAP.max(2 * self.heap.len());
    }

    /// Drops all cancelled entries.
    #[cold]
    #[inline(never)]
    fn compact(&mut self) {
        let Self { run, heap, buckets, slots, .. } = self;
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
        buckets.retain(keep);
    }

    /// Numbers all entries anew in the order of scheduling, once in 2^32 events.
    #[cold]
    #[inline(never)]
    fn renumber(&mut self) {
        let mut all = std::mem::take(&mut self.run);
        all.append(&mut self.heap);
        self.buckets.take_all(|entry| all.push(entry));
        let mask = ((1_u128 << SEQUENCE_BITS) - 1) << SLOT_BITS;
        all.sort_unstable_by_key(|entry| entry & mask);
        for (sequence, entry) in (0_u128..).zip(&mut all) {
            *entry = *entry & !mask | sequence << SLOT_BITS;
        }
        self.sequence = u32::try_from(all.len()).expect("fewer than 2^30 are pending");
        all.sort_unstable();
        self.heap = all;
        self.near = u64::MAX;
        self.spill();
    }
}

/// Where events lie, whatever their order.
#[derive(Debug)]
struct Slots<E> {
    slots: Vec<Slot<E>>,
    free: Vec<u32>,
    /// Entries whose slot is empty.
    cancelled: usize,
}

impl<E> Slots<E> {
    #[inline]
    fn take(&mut self, event: E) -> Ticket {
        let Some(slot) = self.free.pop() else {
            return self.grow(event);
        };
        let it = &mut self.slots[slot as usize];
        it.event = Some(event);
        Ticket { slot, turn: it.turn }
    }

    #[inline(never)]
    fn grow(&mut self, event: E) -> Ticket {
        let slot = u32::try_from(self.slots.len()).ok().filter(|slot| *slot < 1 << SLOT_BITS);
        self.slots.push(Slot { turn: 0, event: Some(event) });
        Ticket { slot: slot.expect("fewer than 2^30 events are pending"), turn: 0 }
    }

    fn is_live(&self, entry: u128) -> bool {
        self.slots[slot_of(entry)].event.is_some()
    }

    fn cancel(&mut self, ticket: Ticket) -> Option<E> {
        let slot = &mut self.slots[ticket.slot as usize];
        if slot.turn != ticket.turn {
            return None;
        }
        let event = slot.event.take()?;
        self.cancelled += 1;
        Some(event)
    }

    /// Frees the slot of an entry that is dropped; returns its event, if it was not cancelled.
    #[inline]
    fn release(&mut self, entry: u128) -> Option<E> {
        let slot = &mut self.slots[slot_of(entry)];
        slot.turn = slot.turn.wrapping_add(1);
        let event = slot.event.take();
        self.free.push(slot_of(entry) as u32);
        if event.is_none() {
            self.cancelled -= 1;
        }
        event
    }
}

/// Moves the last entry of a 4-ary heap up to its place.
fn sift_up(heap: &mut [u128]) {
    let mut i = heap.len() - 1;
    let entry = heap[i];
    while i > 0 {
        let parent = (i - 1) / 4;
        if heap[parent] <= entry {
            break;
        }
        heap[i] = heap[parent];
        i = parent;
    }
    heap[i] = entry;
}

/// Takes the first entry of a 4-ary heap.
fn pop_heap(heap: &mut Vec<u128>) -> u128 {
    let entry = heap.pop().expect("the caller saw a first entry");
    let Some(first) = heap.first().copied() else {
        return entry;
    };
    let len = heap.len();
    let mut i = 0;
    loop {
        let child = 4 * i + 1;
        if child >= len {
            break;
        }
        let mut least = child;
        for other in child + 1..(child + 4).min(len) {
            if heap[other] < heap[least] {
                least = other;
            }
        }
        if entry <= heap[least] {
            break;
        }
        heap[i] = heap[least];
        i = least;
    }
    heap[i] = entry;
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(ns: u64) -> Instant {
        Instant::from_nanos(ns)
    }

    #[test]
    fn ranks_then_order_of_scheduling_break_ties() {
        let mut agenda = Agenda::new();
        for (i, rank) in [Rank::Arrival, Rank::Timer, Rank::Change, Rank::Completion, Rank::Timer]
            .iter()
            .enumerate()
        {
            agenda.schedule(at(7), *rank, i);
        }
        agenda.schedule(at(3), Rank::Arrival, 9);
        let order: Vec<usize> = std::iter::from_fn(|| agenda.pop().map(|(_, e)| e)).collect();
        assert_eq!(order, [9, 3, 2, 1, 4, 0]);
    }

    #[test]
    #[should_panic(expected = "in the past")]
    fn time_never_goes_back() {
        let mut agenda = Agenda::new();
        agenda.schedule(at(10), Rank::Timer, ());
        agenda.pop();
        agenda.schedule(at(9), Rank::Timer, ());
    }

    #[test]
    fn a_used_ticket_is_worthless() {
        let mut agenda = Agenda::new();
        let first = agenda.schedule(at(1), Rank::Timer, 1);
        agenda.pop();
        agenda.schedule(at(2), Rank::Timer, 2); // takes over the slot
        assert_eq!(agenda.cancel(first), None);
        assert_eq!(agenda.pop(), Some((at(2), 2)));
    }

    #[test]
    fn a_million_events_at_one_instant_are_first_in_first_out() {
        let mut agenda = Agenda::new();
        for i in 0..1_000_000_u32 {
            agenda.schedule(at(1 << 50), Rank::Timer, i);
        }
        for i in 0..1_000_000 {
            assert_eq!(agenda.pop(), Some((at(1 << 50), i)));
            // Half of them are followed by another at the same instant.
            if i % 2 == 0 {
                agenda.schedule(at(1 << 50), Rank::Timer, 1_000_000 + i / 2);
            }
        }
        for i in 1_000_000..1_500_000 {
            assert_eq!(agenda.pop(), Some((at(1 << 50), i)));
        }
        assert_eq!(agenda.next_at(), None);
    }

    #[test]
    fn what_is_scheduled_before_a_far_bucket_that_was_looked_at_comes_first() {
        // 1,000 far events are looked at, so their buckets are open; then 1,000 nearer ones come,
        // from the last to the first.
        let mut agenda = Agenda::new();
        for i in 0..1_000 {
            agenda.schedule(at(1_000_000_000 + i), Rank::Timer, i);
        }
        assert_eq!(agenda.next_at(), Some(at(1_000_000_000)));
        for i in (0..1_000).rev() {
            agenda.schedule(at(i * i), Rank::Timer, i);
            assert_eq!(agenda.next_at(), Some(at(i * i)));
        }
        for i in 0..1_000 {
            assert_eq!(agenda.pop(), Some((at(i * i), i)));
        }
        for i in 0..1_000 {
            assert_eq!(agenda.pop(), Some((at(1_000_000_000 + i), i)));
        }
        assert!(agenda.is_empty());
    }

    #[test]
    fn memory_is_bounded_by_what_is_pending() {
        // A million events pass, 1,000 at a time, nine of ten cancelled: slots stay few, and so do
        // entries, of which less than half are cancelled.
        let mut agenda = Agenda::new();
        let mut now = 0;
        let mut tickets = std::collections::VecDeque::new();
        for i in 0..1_000_000_u64 {
            let ahead = 1 + i.wrapping_mul(0x9e37_79b9) % 1_000_000;
            let ticket = agenda.schedule(at(now + ahead), Rank::Timer, i);
            if i % 10 == 0 {
                while agenda.len() > 1_000 {
                    now = agenda.pop().expect("there are some").0.nanos();
                }
            } else {
                tickets.push_back(ticket);
                if tickets.len() > 500 {
                    agenda.cancel(tickets.pop_front().expect("there are some"));
                }
            }
            assert!(agenda.held() <= 2 * agenda.len() + 64);
        }
        assert!(agenda.slots.slots.len() < 4_000, "{} slots", agenda.slots.slots.len());
    }

    /// What the property below does next.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        Schedule { delay: u64, rank: usize },
        Cancel(usize),
        Look,
        Pop(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        let delay = prop_oneof![
            4 => 0..4_u64,
            4 => 0..1_000_u64,
            2 => (0..64_u32).prop_map(|bits| 1 << bits),
            2 => 1_000_000_000..1_000_000_100_u64,
            1 => Just(u64::MAX),
        ];
        prop_oneof![
            8 => (delay, 0..4_usize).prop_map(|(delay, rank)| Step::Schedule { delay, rank }),
            2 => (0..1_000_usize).prop_map(Step::Cancel),
            2 => Just(Step::Look),
            1 => (1..12_usize).prop_map(Step::Pop),
        ]
    }

    proptest! {
        // Against a sorted list: any mix of scheduling, cancelling, looking and popping, near and
        // far up to the end of time, with numbers that run out or not.
        #[test]
        fn equals_a_sorted_list(
            steps in prop::collection::vec(step(), 1..1_500),
            left in prop_oneof![Just(u32::MAX), 1..1_000_u32],
        ) {
            let mut agenda = Agenda::new();
            agenda.sequence = u32::MAX - left;
            let mut list = std::collections::BTreeSet::new();
            let mut tickets = Vec::new();
            let (mut now, mut id) = (0_u64, 0);
            let ranks = [Rank::Completion, Rank::Change, Rank::Timer, Rank::Arrival];
            for step in steps {
                match step {
                    Step::Schedule { delay, rank } => {
                        let when = now.saturating_add(delay);
                        let ticket = agenda.schedule(at(when), ranks[rank], id);
                        tickets.push((ticket, (when, rank, id)));
                        list.insert((when, rank, id));
                        id += 1;
                    }
                    Step::Cancel(pick) if !tickets.is_empty() => {
                        let (ticket, event) = tickets.swap_remove(pick % tickets.len());
                        let live = list.remove(&event);
                        prop_assert_eq!(agenda.cancel(ticket), live.then_some(event.2));
                    }
                    Step::Cancel(_) => {}
                    Step::Look => {
                        prop_assert_eq!(agenda.next_at(), list.first().map(|e| at(e.0)));
                    }
                    Step::Pop(n) => for _ in 0..n {
                        let expect = list.pop_first();
                        prop_assert_eq!(agenda.pop(), expect.map(|e| (at(e.0), e.2)));
                        now = expect.map_or(now, |e| e.0);
                    },
                }
                prop_assert_eq!(agenda.len(), list.len());
            }
            while let Some(expect) = list.pop_first() {
                prop_assert_eq!(agenda.pop(), Some((at(expect.0), expect.2)));
            }
            prop_assert_eq!(agenda.pop(), None);
        }

        // Of different ranks or instants: the order of scheduling means nothing.
        #[test]
        fn the_order_of_scheduling_matters_at_ties_only(
            instants in prop::collection::btree_set((0..200_u64, 0..4_usize), 1..300),
            seed in any::<u64>(),
        ) {
            let ranks = [Rank::Completion, Rank::Change, Rank::Timer, Rank::Arrival];
            let sorted: Vec<_> = instants.into_iter().collect();
            let mut mixed = sorted.clone();
            mixed.sort_by_key(|(when, rank)| {
                (when * 4 + *rank as u64).wrapping_add(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            });
            let mut agenda = Agenda::new();
            for event in mixed {
                agenda.schedule(at(event.0 * event.0 * event.0), ranks[event.1], event);
            }
            let popped: Vec<_> =
                std::iter::from_fn(|| agenda.pop().map(|(_, event)| event)).collect();
            prop_assert_eq!(popped, sorted);
        }
    }
}
