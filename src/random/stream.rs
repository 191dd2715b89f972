//! The two generators and the hash that names them.

use std::convert::Infallible;

use rand::rngs::ChaCha8Rng;
use rand::{SeedableRng, TryRng};

/// A stream of random numbers that belongs to one (seed, replication, component name, purpose).
///
/// ChaCha8 has 2^64 streams under one key: the key comes from seed and replication, the stream
/// number from name and purpose, so two names collide with probability 2^-64.
#[derive(Debug)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// Opens the stream of `purpose` (such as `"arrivals"`) of the component called `name`.
    pub fn new(seed: u64, replication: u32, name: &str, purpose: &str) -> Self {
        let mut draws = Draws::new(seed ^ mix(u64::from(replication).wrapping_add(0x5eed)));
        let mut key = [0; 32];
        for part in key.chunks_exact_mut(8) {
            part.copy_from_slice(&draws.next().to_le_bytes());
        }
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(name_key(&[name, purpose]));
        Self(rng)
    }
}

impl TryRng for Stream {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.0.try_next_u32()
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0.try_next_u64()
    }
    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        self.0.try_fill_bytes(to)
    }
}

/// SplitMix64 (Steele, Lea & Flood 2014): a generator of eight bytes, cheap enough to start one
/// for each question about a request.
#[derive(Clone, Copy, Debug)]
pub struct Draws(u64);

impl Draws {
    /// Starts from a key.
    pub const fn new(key: u64) -> Self {
        Self(key)
    }

    /// The draws that answer one question (`about`, see [`name_key`]) for the owner of `key`.
    pub const fn about(key: u64, about: u64) -> Self {
        Self(mix(key ^ mix(about)))
    }

    /// The next 64 random bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }
}

impl TryRng for Draws {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.next() >> 32) as u32)
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.next())
    }
    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        for part in to.chunks_mut(8) {
            part.copy_from_slice(&self.next().to_le_bytes()[..part.len()]);
        }
        Ok(())
    }
}

/// The finalizer of SplitMix64: a bijection of 64 bits in which every input bit moves every output
/// bit.
const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A fixed 64-bit hash of a list of names (FNV-1a with a separator, finalized by SplitMix64).
/// Part of the meaning of a seed: it never changes.
pub fn name_key(parts: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        for byte in part.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    mix(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn known_answers() {
        // SplitMix64 from state 0: first outputs of the published reference implementation.
        let mut draws = Draws::new(0);
        assert_eq!([draws.next(), draws.next()], [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4]);
        // Pinned: a change here changes every result.
        let mut stream = Stream::new(1, 0, "workload.shop", "arrivals");
        let first: [u64; 2] = [stream.next_u64(), stream.next_u64()];
        assert_eq!(first, PINNED, "{first:#x?}");
    }
    const PINNED: [u64; 2] = [0xdf22_f0b9_f395_31a4, 0x016b_051d_b62e_d412];

    #[test]
    fn names_seeds_and_replications_separate() {
        let first = |seed, replication, name, purpose| {
            Stream::new(seed, replication, name, purpose).next_u64()
        };
        let base = first(1, 0, "a", "b");
        for other in [
            first(2, 0, "a", "b"),
            first(1, 1, "a", "b"),
            first(1, 0, "ab", ""),
            first(1, 0, "a", "c"),
        ] {
            assert_ne!(base, other);
        }
    }
}
