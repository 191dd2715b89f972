//! Which group completes next.

/// Numbers that one winner is found of.
const FAN: usize = 8;
/// Most numbers of the highest row.
const TOP: usize = 16;

/// The least of many instants (ns) that change often; the lower number at a tie.
///
/// A tournament: of every 8 instants a row has the winner, of every 8 of these the next row, and so
/// on. What changed since is played again when the least of all is asked for.
#[derive(Debug, Default)]
pub(super) struct Soonest {
    /// By number, padded to whole blocks with `u64::MAX`.
    instants: Vec<u64>,
    len: usize,
    rows: Vec<Row>,
}

#[derive(Debug, Default)]
struct Row {
    /// Of each block below, the number that wins.
    winners: Vec<u32>,
    /// One bit a winner: whether its block must be played again.
    stale: Vec<u64>,
}

impl Soonest {
    /// One more, of no instant.
    pub(super) fn grow(&mut self) {
        self.len += 1;
        self.instants.resize(self.len.next_multiple_of(FAN), u64::MAX);
        let (mut len, mut row) = (self.len, 0);
        while len > TOP {
            len = len.div_ceil(FAN);
            if row == self.rows.len() {
                self.rows.push(Row::default());
            }
            let it = &mut self.rows[row];
            it.winners.resize(len, 0);
            it.stale = vec![u64::MAX; len.div_ceil(64)];
            *it.stale.last_mut().expect("there are winners") >>= 63 - (len - 1) % 64;
            row += 1;
        }
    }

    #[inline]
    pub(super) fn set(&mut self, i: u32, at: u64) {
        self.instants[i as usize] = at;
        if let Some(row) = self.rows.first_mut() {
            row.spoil(i as usize / FAN);
        }
    }

    /// The instant of one.
    #[inline]
    pub(super) fn get(&self, i: u32) -> u64 {
        self.instants[i as usize]
    }

    /// The least instant and whose it is; `u64::MAX` if nobody has one.
    #[inline]
    pub(super) fn first(&mut self) -> (u64, u32) {
        let Self { instants, rows, .. } = self;
        let of = |i: u32| instants[i as usize];
        let mut rest = &mut rows[..];
        let mut below: Option<&[u32]> = None;
        while let [row, above @ ..] = rest {
            row.play(&of, below, above.first_mut());
            (rest, below) = (above, Some(&row.winners[..]));
        }
        let (mut at, mut winner) = (u64::MAX, u32::MAX);
        let mut meet = |i: u32| {
            let other = of(i);
            winner = if other < at { i } else { winner };
            at = if other < at { other } else { at };
        };
        match below {
            Some(winners) => winners.iter().for_each(|i| meet(*i)),
            None => (0..self.len).for_each(|i| meet(small(i))),
        }
        (at, winner)
    }
}

impl Row {
    #[inline]
    fn spoil(&mut self, i: usize) {
        self.stale[i / 64] |= 1 << (i % 64);
    }

    /// Plays the stale blocks of the row below again: of winners, or of the numbers themselves.
    #[inline]
    fn play(
        &mut self,
        of: &impl Fn(u32) -> u64,
        below: Option<&[u32]>,
        mut above: Option<&mut Self>,
    ) {
        for word in 0..self.stale.len() {
            let mut bits = std::mem::take(&mut self.stale[word]);
            while bits != 0 {
                let b = word * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                self.winners[b] = match below {
                    Some(winners) => match winners.as_chunks::<FAN>() {
                        (blocks, _) if b < blocks.len() => least(of, blocks[b]),
                        (_, rest) => *rest.iter().min_by_key(|i| of(**i)).expect("a block"),
                    },
                    None => least(of, std::array::from_fn(|j| small(b * FAN + j))),
                };
                if let Some(above) = &mut above {
                    above.spoil(b / FAN);
                }
            }
        }
    }
}

/// Who of some has the least instant, the first at a tie. (Four pairs, two, one: each choice is free
/// of branches, and none waits long for another.)
#[inline]
fn least(of: impl Fn(u32) -> u64, numbers: [u32; FAN]) -> u32 {
    let lower = |a: (u64, u32), b: (u64, u32)| if b.0 < a.0 { b } else { a };
    let [a, b, c, d, e, f, g, h] = numbers.map(|i| (of(i), i));
    lower(lower(lower(a, b), lower(c, d)), lower(lower(e, f), lower(g, h))).1
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "there are fewer than 2^32 groups")]
const fn small(i: usize) -> u32 {
    i as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equals_a_scan(n in 1usize..2_000, sets in prop::collection::vec((0usize..2_000, 0u64..50), 1..300)) {
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
