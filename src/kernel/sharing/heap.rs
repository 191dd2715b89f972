//! The classes of a group, by a number of theirs: a 4-ary heap that tells each its position.

/// Classes under way (by their slot), the lowest key first.
#[derive(Debug, Default)]
pub(super) struct Heap(Vec<(f64, u32)>);

impl Heap {
    #[inline]
    pub(super) fn first(&self) -> Option<(f64, u32)> {
        self.0.first().copied()
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (f64, u32)> + '_ {
        self.0.iter().copied()
    }

    /// Takes `by` off every key.
    pub(super) fn shift(&mut self, by: f64) {
        self.0.iter_mut().for_each(|e| e.0 -= by);
    }

    /// Adds a class; `tell(class, position)` is called for each class that gets a position.
    #[inline]
    pub(super) fn push(&mut self, key: f64, class: u32, tell: impl FnMut(u32, u32)) {
        self.0.push((key, class));
        self.up(self.0.len() - 1, tell);
    }

    /// Takes out the class at a position.
    #[inline]
    pub(super) fn remove(&mut self, at: u32, tell: impl FnMut(u32, u32)) {
        let last = self.0.pop().expect("a class at a position");
        let at = at as usize;
        if at < self.0.len() {
            let lower = last.0 < self.0[at].0;
            self.0[at] = last;
            if lower { self.up(at, tell) } else { self.down(at, tell) }
        }
    }

    /// Gives the class at a position another key.
    #[inline]
    pub(super) fn rekey(&mut self, at: u32, key: f64, tell: impl FnMut(u32, u32)) {
        let at = at as usize;
        let lower = key < self.0[at].0;
        self.0[at].0 = key;
        if lower { self.up(at, tell) } else { self.down(at, tell) }
    }

    #[inline]
    fn up(&mut self, mut i: usize, mut tell: impl FnMut(u32, u32)) {
        let heap = &mut self.0[..];
        let e = heap[i];
        while i > 0 {
            let parent = (i - 1) / 4;
            if heap[parent].0 <= e.0 {
                break;
            }
            heap[i] = heap[parent];
            tell(heap[i].1, small(i));
            i = parent;
        }
        heap[i] = e;
        tell(e.1, small(i));
    }

    #[inline]
    fn down(&mut self, mut i: usize, mut tell: impl FnMut(u32, u32)) {
        let heap = &mut self.0[..];
        let e = heap[i];
        loop {
            let first = 4 * i + 1;
            if first >= heap.len() {
                break;
            }
            let mut least = first;
            for child in first + 1..(first + 4).min(heap.len()) {
                if heap[child].0 < heap[least].0 {
                    least = child;
                }
            }
            if heap[least].0 >= e.0 {
                break;
            }
            heap[i] = heap[least];
            tell(heap[i].1, small(i));
            i = least;
        }
        heap[i] = e;
        tell(e.1, small(i));
    }
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "a class has a 32-bit number")]
fn small(i: usize) -> u32 {
    i as u32
}
