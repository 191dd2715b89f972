//! Where events lie, whatever their order, and who may still take them back.

use super::slot_of;

/// Slots are numbered by so many bits.
pub(super) const SLOT_BITS: u32 = 30;
/// No slot.
const NONE: u32 = u32::MAX;

/// Names a scheduled event, for [`Agenda::cancel`](super::Agenda::cancel). A ticket of an event
/// that was popped or cancelled is worthless, never wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    pub(super) slot: u32,
    turn: u32,
}

/// One place for an event.
#[derive(Debug)]
struct Slot<E> {
    /// Tells one user of the place from the next.
    turn: u32,
    /// The next free slot, if this is free.
    next: u32,
    /// None once it is cancelled or popped.
    event: Option<E>,
}

/// Events by slot. The free slots form a list, the one that was freed last first: it is the
/// likeliest to be near.
#[derive(Debug)]
pub(super) struct Slots<E> {
    slots: Vec<Slot<E>>,
    free: u32,
    /// Entries whose slot is empty.
    cancelled: usize,
}

impl<E> Slots<E> {
    pub(super) const fn new() -> Self {
        Self { slots: Vec::new(), free: NONE, cancelled: 0 }
    }

    /// Entries that are cancelled and still own a slot.
    pub(super) fn cancelled(&self) -> usize {
        self.cancelled
    }

    /// Puts an event somewhere.
    #[inline]
    pub(super) fn take(&mut self, event: E) -> Ticket {
        let slot = self.free;
        let Some(place) = self.slots.get_mut(slot as usize) else {
            return self.grow(event);
        };
        self.free = place.next;
        place.event = Some(event);
        Ticket { slot, turn: place.turn }
    }

    #[inline]
    fn grow(&mut self, event: E) -> Ticket {
        let slot = self.slots.len();
        assert!(slot < 1 << SLOT_BITS, "fewer than 2^30 events are pending");
        self.slots.push(Slot { turn: 0, next: NONE, event: Some(event) });
        Ticket { slot: slot as u32, turn: 0 }
    }

    #[inline]
    pub(super) fn is_live(&self, entry: u128) -> bool {
        self.slots[slot_of(entry)].event.is_some()
    }

    pub(super) fn cancel(&mut self, ticket: Ticket) -> Option<E> {
        let place = self.slots.get_mut(ticket.slot as usize)?;
        let event = place.event.take_if(|_| place.turn == ticket.turn)?;
        self.cancelled += 1;
        Some(event)
    }

    /// Frees the slot of an entry that is dropped; returns its event, if it was not cancelled.
    #[inline]
    pub(super) fn release(&mut self, entry: u128) -> Option<E> {
        let slot = slot_of(entry);
        let place = &mut self.slots[slot];
        place.turn = place.turn.wrapping_add(1);
        place.next = self.free;
        self.free = slot as u32;
        let event = place.event.take();
        if event.is_none() {
            self.cancelled -= 1;
        }
        event
    }

    /// Slots, free ones among them.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }
}
