//! Who is under way: slots, and what a removal must know of a flow.

/// A flow's tag is its sequence above this many bits of its slot: 2^38 flows in all, 2^26 at once.
const BITS: u32 = 26;
const SLOTS: u64 = 1 << BITS;
const SEQUENCES: u64 = 1 << (64 - BITS);
/// Flows of a block. (One list of all would be copied as it grows.)
const BLOCK: usize = 1_024;

/// Slot of a tag.
#[inline]
pub(super) const fn slot(tag: u64) -> u32 {
    (tag % SLOTS) as u32
}

#[derive(Clone, Copy, Debug, Default)]
struct Flow {
    /// Sequence above the bits of the class.
    owner: u64,
    mark: f64,
}

/// The flows under way.
#[derive(Debug, Default)]
pub(super) struct Flows {
    blocks: Vec<Box<[Flow; BLOCK]>>,
    /// Slots that were ever used, and how many of them are free.
    slots: usize,
    free: usize,
    /// One bit a slot, set for those never used. An end writes here only: the flow itself, probably
    /// long out of the caches, is not touched.
    live: Vec<u64>,
    /// Where a free slot is looked for.
    word: usize,
    sequence: u64,
}

impl Flows {
    /// A tag for a new flow.
    ///
    /// Free slots are taken in their order, round and round, while an eighth is free: of a million
    /// the one that came free last is out of the caches, and the next one is in them.
    #[inline]
    pub(super) fn tag(&mut self) -> u64 {
        self.sequence += 1;
        let slot = if self.free * 8 < self.slots || self.free == 0 {
            self.slots
        } else {
            while self.live[self.word] == u64::MAX {
                self.word = if self.word + 1 == self.live.len() { 0 } else { self.word + 1 };
            }
            self.word * 64 + self.live[self.word].trailing_ones() as usize
        };
        let slot = slot as u64;
        assert!(slot < SLOTS && self.sequence < SEQUENCES, "2^26 flows at once, 2^38 in all");
        self.sequence << BITS | slot
    }

    /// The flow of a tag just made is under way.
    #[inline]
    pub(super) fn begin(&mut self, tag: u64, class: u32, mark: f64) {
        let slot = slot(tag) as usize;
        if slot == self.slots {
            if slot.is_multiple_of(BLOCK) {
                self.add_block();
            }
            self.slots += 1;
        } else {
            self.free -= 1;
            self.live[slot / 64] |= 1 << (slot % 64);
        }
        let owner = tag >> BITS << BITS | u64::from(class);
        self.blocks[slot / BLOCK][slot % BLOCK] = Flow { owner, mark };
    }

    #[cold]
    fn add_block(&mut self) {
        let block = vec![Flow::default(); BLOCK].into_boxed_slice();
        self.blocks.push(block.try_into().expect("as many"));
        self.live.resize(self.blocks.len() * BLOCK / 64, u64::MAX);
    }

    /// The flow of a tag ends.
    #[inline]
    pub(super) fn end(&mut self, tag: u64) {
        let slot = slot(tag);
        self.live[slot as usize / 64] &= !(1 << (slot % 64));
        self.free += 1;
    }

    /// Whether the flow of a tag is under way.
    #[inline]
    pub(super) fn is_live(&self, tag: u64) -> bool {
        self.get(tag).is_some()
    }

    /// Class and mark of a flow under way.
    pub(super) fn get(&self, tag: u64) -> Option<(u32, f64)> {
        let slot = slot(tag) as usize;
        let live = self.live.get(slot / 64)? >> (slot % 64) & 1 == 1;
        let flow = &self.blocks.get(slot / BLOCK)?[slot % BLOCK];
        let class = (flow.owner % SLOTS) as u32;
        (live && flow.owner >> BITS == tag >> BITS).then_some((class, flow.mark))
    }

    /// Gives a flow another mark, if it is under way.
    pub(super) fn set_mark(&mut self, tag: u64, mark: f64) {
        if self.is_live(tag) {
            let slot = slot(tag) as usize;
            self.blocks[slot / BLOCK][slot % BLOCK].mark = mark;
        }
    }
}
