//! 4-ary heaps of numbers in slices, the least first: shallower than binary ones, and the children
//! of a place share a cache line.

/// Moves the entry at `i` up to its place; all other entries are in order. O(log n).
#[inline]
pub(super) fn up(heap: &mut [u128], mut i: usize) {
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

/// Moves the first entry down to its place; all other entries are in order. O(log n).
///
/// # Panics
/// If the heap is empty.
#[inline]
pub(super) fn down(heap: &mut [u128]) {
    let entry = heap[0];
    let mut i = 0;
    loop {
        let child = 4 * i + 1;
        let least = if let Some([a, b, c, d]) = heap.get(child..child + 4) {
            // Without a jump that depends on the entries.
            let (left, right) = (usize::from(b < a), 2 + usize::from(d < c));
            let (l, r) = (heap[child + left], heap[child + right]);
            child + if r < l { right } else { left }
        } else if let Some(rest) = heap.get(child..)
            && let Some((_, least)) = rest.iter().zip(child..).min()
        {
            least
        } else {
            break;
        };
        if entry <= heap[least] {
            break;
        }
        heap[i] = heap[least];
        i = least;
    }
    heap[i] = entry;
}

/// Takes the first entry. O(log n).
#[inline]
pub(super) fn pop(heap: &mut Vec<u128>) -> Option<u128> {
    let last = heap.pop()?;
    let Some(first) = heap.first_mut() else {
        return Some(last);
    };
    let first = std::mem::replace(first, last);
    down(heap);
    Some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        // Pushed one by one and popped now and then: always the least.
        #[test]
        fn pops_the_least(numbers in prop::collection::vec((0..200_u128, 0..3_usize), 0..300)) {
            let mut heap = Vec::new();
            let mut sorted = Vec::new();
            for (number, pops) in numbers {
                heap.push(number);
                let last = heap.len() - 1;
                up(&mut heap, last);
                sorted.push(number);
                sorted.sort_unstable_by(|a, b| b.cmp(a));
                for _ in 1..pops {
                    prop_assert_eq!(pop(&mut heap), sorted.pop());
                }
            }
            while let Some(least) = sorted.pop() {
                prop_assert_eq!(pop(&mut heap), Some(least));
            }
            prop_assert_eq!(pop(&mut heap), None);
        }
    }
}
