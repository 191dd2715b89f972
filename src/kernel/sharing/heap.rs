//! Classes by a number of theirs: a 4-ary heap that tells each its position.

/// A class in a heap: its key, its slot, and a sketch of its path.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) key: f64,
    pub(super) class: u32,
    /// One of 32 bits for each resource on its path: who lacks a resource's bit does not cross it.
    pub(super) sketch: u32,
}

/// Classes under way, the lowest key first.
#[derive(Debug, Default)]
pub(super) struct Heap(Vec<Entry>);

impl Heap {
    #[inline]
    pub(super) fn first(&self) -> Option<(f64, u32)> {
        self.0.first().map(|e| (e.key, e.class))
    }

    #[inline]
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter()
    }

    /// Hands the classes below a key to `each`, no order promised.
    pub(super) fn each_below(&self, key: f64, each: &mut impl FnMut(f64, u32)) {
        self.each_below_from(0, key, each);
    }

    fn each_below_from(&self, i: usize, key: f64, each: &mut impl FnMut(f64, u32)) {
        let Some(entry) = self.0.get(i).filter(|e| e.key < key) else {
            return;
        };
        each(entry.key, entry.class);
        (4 * i + 1..4 * i + 5).for_each(|child| self.each_below_from(child, key, each));
    }

    /// Takes `by` off every key.
    pub(super) fn shift(&mut self, by: f64) {
        self.0.iter_mut().for_each(|e| e.key -= by);
    }

    /// Adds a class; `tell(class, position)` is called for each class that gets a position.
    #[inline]
    pub(super) fn push(&mut self, entry: Entry, tell: impl FnMut(u32, u32)) {
        self.0.push(entry);
        let at = self.0.len() - 1;
        up(&mut self.0, at, tell);
    }

    /// Takes out the class at a position.
    #[inline]
    pub(super) fn remove(&mut self, at: u32, tell: impl FnMut(u32, u32)) {
        let last = self.0.pop().expect("a class at a position");
        let at = at as usize;
        if at < self.0.len() {
            self.put(at, last, tell);
        }
    }

    /// Gives the class at a position another key.
    #[inline]
    pub(super) fn rekey(&mut self, at: u32, key: f64, tell: impl FnMut(u32, u32)) {
        let entry = Entry { key, ..self.0[at as usize] };
        self.put(at as usize, entry, tell);
    }

    #[inline]
    fn put(&mut self, at: usize, entry: Entry, tell: impl FnMut(u32, u32)) {
        let lower = entry.key < self.0[at].key;
        self.0[at] = entry;
        if lower { up(&mut self.0, at, tell) } else { down(&mut self.0, at, tell) }
    }
}

#[inline]
fn up(heap: &mut [Entry], mut i: usize, mut tell: impl FnMut(u32, u32)) {
    let e = heap[i];
    while i > 0 {
        let parent = (i - 1) / 4;
        if heap[parent].key <= e.key {
            break;
        }
        heap[i] = heap[parent];
        tell(heap[i].class, small(i));
        i = parent;
    }
    heap[i] = e;
    tell(e.class, small(i));
}

#[inline]
fn down(heap: &mut [Entry], mut i: usize, mut tell: impl FnMut(u32, u32)) {
    let e = heap[i];
    loop {
        let first = 4 * i + 1;
        if first >= heap.len() {
            break;
        }
        let mut least = first;
        for child in first + 1..(first + 4).min(heap.len()) {
            if heap[child].key < heap[least].key {
                least = child;
            }
        }
        if heap[least].key >= e.key {
            break;
        }
        heap[i] = heap[least];
        tell(heap[i].class, small(i));
        i = least;
    }
    heap[i] = e;
    tell(e.class, small(i));
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "a class has a 32-bit number")]
fn small(i: usize) -> u32 {
    i as u32
}
