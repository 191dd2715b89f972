//! Distributions and named random streams.
//!
//! Two generators, both of specified output:
//! * [`Stream`]: ChaCha8, keyed by (seed, replication) and selected by (component name, purpose).
//!   One component's draws are its own: adding another never moves them.
//! * [`Draws`]: SplitMix64, started from a 64-bit key. Each request carries one key, and everything
//!   random about it is drawn from that key and a name, in any order.
//!
//! Sampling is inversion over the portable `libm` crate wherever an inverse exists (gamma is the
//! exception), because the platform's logarithm differs by one unit in the last place between
//! processors, and because inversion keeps paired runs in step.
//!
//! ```
//! use highwater::random::{Dist, Stream};
//! let mut a = Stream::new(7, 0, "workload.shop", "arrivals");
//! let mut b = Stream::new(7, 0, "workload.shop", "arrivals");
//! let gap = Dist::exponential(2.0);
//! assert_eq!(gap.sample_from(&mut a), gap.sample_from(&mut b));
//! ```

mod dist;
mod empirical;
mod normal;
mod stream;

pub use dist::{Dist, DistError};
pub use empirical::{Cdf, CdfError};
pub use rand::Rng;
pub use stream::{Draws, Stream, name_key};
