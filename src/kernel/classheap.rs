//! Which class completes next: a binary heap over class numbers with known positions.

use super::time::Instant;

const ABSENT: u32 = u32::MAX;

/// Classes by their next completion, earliest first, the lower class number at a tie.
#[derive(Debug, Default)]
pub(crate) struct ClassHeap {
    heap: Vec<(Instant, u32)>,
    /// Class -> position in `heap`, or [`ABSENT`].
    place: Vec<u32>,
}

impl ClassHeap {
    /// Makes room for one more class.
    pub(crate) fn grow(&mut self) {
        self.place.push(ABSENT);
    }

    pub(crate) fn first(&self) -> Option<(Instant, u32)> {
        self.heap.first().copied()
    }

    /// Sets the class's next completion; [`Instant::NEVER`] removes it.
    pub(crate) fn set(&mut self, class: u32, at: Instant) {
        let i = self.place[class as usize];
        if at == Instant::NEVER {
            if i != ABSENT {
                self.remove(i as usize);
            }
        } else if i == ABSENT {
            self.heap.push((at, class));
            self.up(self.heap.len() - 1);
        } else {
            let i = i as usize;
            let earlier = (at, class) < self.heap[i];
            self.heap[i].0 = at;
            if earlier { self.up(i) } else { self.down(i) }
        }
    }

    fn remove(&mut self, i: usize) {
        self.place[self.heap[i].1 as usize] = ABSENT;
        let last = self.heap.pop().expect("an entry is there to remove");
        if i < self.heap.len() {
            let earlier = last < self.heap[i];
            self.heap[i] = last;
            if earlier { self.up(i) } else { self.down(i) }
        }
    }

    fn up(&mut self, mut i: usize) {
        let entry = self.heap[i];
        while i > 0 && entry < self.heap[(i - 1) / 2] {
            self.put(i, self.heap[(i - 1) / 2]);
            i = (i - 1) / 2;
        }
        self.put(i, entry);
    }

    fn down(&mut self, mut i: usize) {
        let entry = self.heap[i];
        loop {
            let mut child = 2 * i + 1;
            if child + 1 < self.heap.len() && self.heap[child + 1] < self.heap[child] {
                child += 1;
            }
            if child >= self.heap.len() || entry <= self.heap[child] {
                break;
            }
            self.put(i, self.heap[child]);
            i = child;
        }
        self.put(i, entry);
    }

    fn put(&mut self, i: usize, entry: (Instant, u32)) {
        self.heap[i] = entry;
        self.place[entry.1 as usize] = u32::try_from(i).expect("fewer than 2^32 classes");
    }
}
