//! Which group completes next: a tournament tree.

const FAN: usize = 8;

/// The least of many instants (ns) that change one at a time; the lower number at a tie.
#[derive(Debug, Default)]
pub(super) struct Soonest {
    /// The leaves, then the least of each eight of the floor below, up to one node. Each floor is
    /// padded to whole eights.
    floors: Vec<Vec<u64>>,
    len: usize,
}

impl Soonest {
    /// One more, of no instant.
    pub(super) fn grow(&mut self) {
        self.len += 1;
        if self.floors.first().is_some_and(|leaves| leaves.len() >= self.len) {
            return;
        }
        let mut leaves = self.floors.first().map_or(Vec::new(), Clone::clone);
        leaves.resize((self.len * 2).next_multiple_of(FAN), u64::MAX);
        self.floors = vec![leaves];
        while self.floors.last().is_some_and(|f| f.len() > FAN) {
            let below = self.floors.last().expect("the leaves");
            let mut floor: Vec<u64> =
                (0..below.len() / FAN).map(|i| least(block(below, i))).collect();
            floor.resize(floor.len().next_multiple_of(FAN), u64::MAX);
            self.floors.push(floor);
        }
    }

    #[inline]
    pub(super) fn set(&mut self, i: u32, at: u64) {
        let mut i = i as usize;
        let mut at = at;
        let mut floors = self.floors.iter_mut();
        let mut floor = floors.next().expect("the leaves");
        for above in floors {
            let old = std::mem::replace(&mut floor[i], at);
            let best = above[i / FAN];
            if at > best {
                if old > best {
                    return;
                }
                // The least of its eight moved back.
                at = least(block(floor, i / FAN));
            }
            i /= FAN;
            floor = above;
        }
        floor[i] = at;
    }

    /// The least instant and whose it is; `u64::MAX` if nobody has one.
    #[inline]
    pub(super) fn first(&self) -> (u64, u32) {
        let at = self.floors.last().map_or(u64::MAX, |top| least(block(top, 0)));
        if at == u64::MAX {
            return (at, u32::MAX);
        }
        let mut i = 0;
        for floor in self.floors.iter().rev() {
            // One bit for each that is the least; no branches, as most would be guessed wrong.
            let hits = block(floor, i)
                .iter()
                .rev()
                .fold(0, |bits: u32, x| bits << 1 | u32::from(*x == at));
            i = i * FAN + hits.trailing_zeros() as usize;
        }
        (at, u32::try_from(i).expect("fewer than 2^32 groups"))
    }
}

#[inline]
fn block(floor: &[u64], i: usize) -> &[u64; FAN] {
    floor[i * FAN..].first_chunk().expect("floors are padded")
}

#[inline]
fn least(block: &[u64; FAN]) -> u64 {
    let lower = |a: u64, b: u64| b ^ ((a ^ b) & 0_u64.wrapping_sub(u64::from(a < b)));
    let [a, b, c, d, e, f, g, h] = *block;
    lower(lower(lower(a, b), lower(c, d)), lower(lower(e, f), lower(g, h)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equals_a_scan(n in 1usize..200, sets in prop::collection::vec((0usize..200, 0u64..50), 1..300)) {
            let mut tree = Soonest::default();
            let mut list = vec![u64::MAX; n];
            (0..n).for_each(|_| tree.grow());
            for (i, at) in sets {
                let (i, at) = (i % n, if at == 0 { u64::MAX } else { at });
                tree.set(u32::try_from(i).unwrap(), at);
                list[i] = at;
                let (i, at) = list.iter().copied().enumerate().min_by_key(|x| (x.1, x.0)).unwrap();
                let i = if at < u64::MAX { u32::try_from(i).unwrap() } else { u32::MAX };
                prop_assert_eq!(tree.first(), (at, i));
            }
        }
    }
}
