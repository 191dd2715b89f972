//! The event queue: a 4-ary implicit heap in a total order, with cancellation.

use super::time::Instant;

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

/// One heap entry, 24 bytes: the key is compared without touching the event.
#[derive(Clone, Copy, Debug)]
struct Entry {
    at: u64,
    /// Rank in the top byte, sequence below: 2^56 events before it could overflow.
    order: u64,
    slot: u32,
}

impl Entry {
    fn before(&self, other: &Self) -> bool {
        (self.at, self.order) < (other.at, other.order)
    }
}

#[derive(Debug)]
struct Slot<E> {
    turn: u32,
    event: Option<E>,
}

/// Events to come, popped in the order (instant, rank, order of scheduling).
///
/// Invariants: `heap` is a 4-ary heap by (at, order); each entry owns one slot, emptied by
/// cancellation and reused when the entry leaves the heap; time never goes back.
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
    heap: Vec<Entry>,
    slots: Vec<Slot<E>>,
    free: Vec<u32>,
    sequence: u64,
    cancelled: usize,
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
            heap: Vec::new(),
            slots: Vec::new(),
            free: Vec::new(),
            sequence: 0,
            cancelled: 0,
            now: Instant::START,
        }
    }

    /// Number of events to come.
    pub fn len(&self) -> usize {
        self.heap.len() - self.cancelled
    }

    /// Whether nothing is to come.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds an event. O(log n).
    ///
    /// # Panics
    /// If `at` lies before the last popped event: time never goes back.
    pub fn schedule(&mut self, at: Instant, rank: Rank, event: E) -> Ticket {
        assert!(at >= self.now, "an event is scheduled in the past");
        let slot = if let Some(slot) = self.free.pop() {
            self.slots[slot as usize].event = Some(event);
            slot
        } else {
            let slot = u32::try_from(self.slots.len()).expect("fewer than 2^32 events are pending");
            self.slots.push(Slot { turn: 0, event: Some(event) });
            slot
        };
        let order = (rank as u64) << 56 | self.sequence;
        self.sequence += 1;
        self.heap.push(Entry { at: at.nanos(), order, slot });
        self.sift_up(self.heap.len() - 1);
        Ticket { slot, turn: self.slots[slot as usize].turn }
    }

    /// Takes an event back, if it is still to come. Amortized O(1): the entry stays in the heap
    /// until it surfaces or until half of the heap is cancelled.
    pub fn cancel(&mut self, ticket: Ticket) -> Option<E> {
        let slot = &mut self.slots[ticket.slot as usize];
        if slot.turn != ticket.turn {
            return None;
        }
        let event = slot.event.take()?;
        self.cancelled += 1;
        if self.cancelled * 2 > self.heap.len() && self.heap.len() > 64 {
            self.compact();
        }
        Some(event)
    }

    /// When the next event happens.
    pub fn next_at(&mut self) -> Option<Instant> {
        while let Some(first) = self.heap.first() {
            if self.slots[first.slot as usize].event.is_some() {
                return Some(Instant::from_nanos(first.at));
            }
            self.remove_first();
            self.cancelled -= 1;
        }
        None
    }

    /// Takes the next event.
    pub fn pop(&mut self) -> Option<(Instant, E)> {
        let at = self.next_at()?;
        debug_assert!(at >= self.now, "time never goes back");
        self.now = at;
        let slot = self.remove_first();
        let event = self.slots[slot as usize].event.take().expect("next_at surfaced a live event");
        Some((at, event))
    }

    /// Tells the agenda that time has passed without an event of its own.
    pub fn advance(&mut self, now: Instant) {
        debug_assert!(now >= self.now, "time never goes back");
        self.now = now;
    }

    fn release(&mut self, slot: u32) {
        let it = &mut self.slots[slot as usize];
        it.turn = it.turn.wrapping_add(1);
        self.free.push(slot);
    }

    /// Removes the root and frees its slot; the event, if any, stays to be taken by the caller.
    fn remove_first(&mut self) -> u32 {
        let last = self.heap.pop().expect("the caller saw a first entry");
        let first =
            if self.heap.is_empty() { last } else { std::mem::replace(&mut self.heap[0], last) };
        if !self.heap.is_empty() {
            self.sift_down(0);
        }
        self.release(first.slot);
        first.slot
    }

    fn compact(&mut self) {
        let mut kept = Vec::with_capacity(self.heap.len() - self.cancelled);
        for entry in std::mem::take(&mut self.heap) {
            if self.slots[entry.slot as usize].event.is_some() {
                kept.push(entry);
            } else {
                self.release(entry.slot);
            }
        }
        self.heap = kept;
        self.cancelled = 0;
        for i in (0..self.heap.len().div_ceil(4)).rev() {
            self.sift_down(i);
        }
    }

    fn sift_up(&mut self, mut i: usize) {
        let entry = self.heap[i];
        while i > 0 {
            let parent = (i - 1) / 4;
            if !entry.before(&self.heap[parent]) {
                break;
            }
            self.heap[i] = self.heap[parent];
            i = parent;
        }
        self.heap[i] = entry;
    }

    fn sift_down(&mut self, mut i: usize) {
        let entry = self.heap[i];
        let len = self.heap.len();
        loop {
            let first = 4 * i + 1;
            if first >= len {
                break;
            }
            let mut least = first;
            for child in first + 1..(first + 4).min(len) {
                if self.heap[child].before(&self.heap[least]) {
                    least = child;
                }
            }
            if !self.heap[least].before(&entry) {
                break;
            }
            self.heap[i] = self.heap[least];
            i = least;
        }
        self.heap[i] = entry;
    }
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

    proptest! {
        // Against a sorted list: any mix of scheduling, cancelling and popping.
        #[test]
        fn equals_a_sorted_list(steps in prop::collection::vec((0u8..4, 0u64..20, 0usize..64), 1..400)) {
            let mut agenda = Agenda::new();
            let mut list: Vec<(u64, u8, u64)> = Vec::new();
            let mut tickets = Vec::new();
            let (mut now, mut sequence) = (0, 0);
            let ranks = [Rank::Completion, Rank::Change, Rank::Timer, Rank::Arrival];
            for (action, delay, pick) in steps {
                match action {
                    0 | 1 => {
                        let rank = pick % 4;
                        tickets.push((sequence, agenda.schedule(at(now + delay), ranks[rank], sequence)));
                        list.push((now + delay, rank as u8, sequence));
                        sequence += 1;
                    }
                    2 if !tickets.is_empty() => {
                        let (id, ticket) = tickets.swap_remove(pick % tickets.len());
                        let live = list.iter().position(|e| e.2 == id);
                        prop_assert_eq!(agenda.cancel(ticket), live.map(|_| id));
                        live.map(|i| list.swap_remove(i));
                    }
                    _ => {
                        list.sort_unstable();
                        let expect = (!list.is_empty()).then(|| list.remove(0));
                        let popped = agenda.pop();
                        prop_assert_eq!(popped, expect.map(|e| (at(e.0), e.2)));
                        now = expect.map_or(now, |e| e.0);
                    }
                }
                prop_assert_eq!(agenda.len(), list.len());
            }
        }
    }
}
