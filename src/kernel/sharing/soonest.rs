//! Which group completes next.

/// Groups that are looked at together.
const BLOCK: usize = 128;
/// Numbers that are compared side by side.
const LANES: usize = 8;

/// The least of many instants (ns) that change often; the lower number at a tie.
///
/// Instants are kept as floats whose order is theirs: processors find the least of many of these
/// without a branch.
#[derive(Debug, Default)]
pub(super) struct Soonest {
    /// Padded to whole lanes with [`NEVER`].
    leaves: Vec<f64>,
    len: usize,
    /// The least of each block of leaves, and whether it must be found anew; none while there is
    /// one block only.
    blocks: Vec<f64>,
    stale: Vec<bool>,
}

const NEVER: f64 = f64::INFINITY;
/// Added to an instant's bits: numbers between 2 and infinity.
const BIAS: u64 = 1 << 62;
/// Instants from here on, 146 years, are never.
const END: u64 = (0x7ff0 << 48) - BIAS;

#[inline]
const fn key(at: u64) -> f64 {
    if at < END { f64::from_bits(at + BIAS) } else { NEVER }
}

#[inline]
const fn instant(key: f64) -> u64 {
    if key < NEVER { key.to_bits() - BIAS } else { u64::MAX }
}

impl Soonest {
    /// One more, of no instant.
    pub(super) fn grow(&mut self) {
        self.len += 1;
        self.leaves.resize(self.len.next_multiple_of(LANES), NEVER);
        if self.len > BLOCK {
            let blocks = self.len.div_ceil(BLOCK);
            self.blocks.resize(blocks.next_multiple_of(LANES), NEVER);
            self.stale = vec![true; blocks];
        }
    }

    #[inline]
    pub(super) fn set(&mut self, i: u32, at: u64) {
        self.leaves[i as usize] = key(at);
        if let Some(stale) = self.stale.get_mut(i as usize / BLOCK) {
            *stale = true;
        }
    }

    /// The instant of one.
    #[inline]
    pub(super) fn get(&self, i: u32) -> u64 {
        instant(self.leaves[i as usize])
    }

    /// The least instant and whose it is; `u64::MAX` if nobody has one.
    #[inline]
    pub(super) fn first(&mut self) -> (u64, u32) {
        let mut from = 0;
        if !self.blocks.is_empty() {
            for (b, stale) in self.stale.iter_mut().enumerate().filter(|(_, stale)| **stale) {
                self.blocks[b] = least(block(&self.leaves, b)).0;
                *stale = false;
            }
            from = least(&self.blocks).1;
        }
        let (key, at) = least(block(&self.leaves, from));
        if key == NEVER {
            return (u64::MAX, u32::MAX);
        }
        (instant(key), u32::try_from(from * BLOCK + at).expect("fewer than 2^32 groups"))
    }
}

#[inline]
fn block(leaves: &[f64], b: usize) -> &[f64] {
    &leaves[b * BLOCK..leaves.len().min(b * BLOCK + BLOCK)]
}

/// The least of whole lanes, and its first place.
#[inline]
fn least(keys: &[f64]) -> (f64, usize) {
    let lower = |a: f64, b: f64| if a < b { a } else { b };
    let mut lanes = [NEVER; LANES];
    for piece in keys.as_chunks::<LANES>().0 {
        for j in 0..LANES {
            lanes[j] = lower(piece[j], lanes[j]);
        }
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    let least = lower(lower(lower(a, b), lower(c, d)), lower(lower(e, f), lower(g, h)));
    let mut at = keys.len();
    for (lane, _) in lanes.iter().enumerate().filter(|(_, key)| **key == least) {
        let mut i = lane;
        while i < at && keys[i] != least {
            i += LANES;
        }
        at = at.min(i);
    }
    (least, at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equals_a_scan(n in 1usize..600, sets in prop::collection::vec((0usize..600, 0u64..50), 1..300)) {
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

    #[test]
    fn instants_order_as_their_keys() {
        let instants = [0, 1, 2, 1 << 40, (1 << 53) + 1, (1 << 53) + 2, END - 1];
        assert!(instants.windows(2).all(|w| key(w[0]) < key(w[1])));
        assert!(key(END - 1) < NEVER && key(u64::MAX) == NEVER);
        assert!(instants.iter().all(|at| key(*at).to_bits() - BIAS == *at));
    }
}
