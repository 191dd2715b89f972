//! Magnitudes and their spelling: [`Rate`], [`Bytes`], [`Span`], [`Ratio`]; days: [`Date`].
//!
//! Every quantity of a scenario is written with its unit (`"10 Gbps"`, `"250 ms"`,
//! `"20 kB"`, `"95 %"`) and held as an integer of its base unit, so that sums are exact.
//! Prefixes are decimal; `KiB MiB GiB TiB` are the binary ones. Parsing is integer arithmetic
//! throughout, so the same text gives the same value on every machine.
//!
//! | type | base unit | spellings |
//! |---|---|---|
//! | [`Rate`] | bit/s | `bps kbps Mbps Gbps Tbps`, `B/s kB/s MB/s GB/s` |
//! | [`Bytes`] | byte | `B kB MB GB TB KiB MiB GiB TiB` |
//! | [`Span`] | ns | `ns us ms s min h d` |
//! | [`Ratio`] | 1 | `%` or a bare number |
//!
//! ```
//! use highwater::units::{Bytes, Rate, Span};
//! assert_eq!("10 Gbps".parse::<Rate>().unwrap(), Rate::from_bps(10_000_000_000));
//! assert_eq!("1.5 KiB".parse::<Bytes>().unwrap(), Bytes::new(1_536));
//! assert_eq!(Span::from_millis(250).to_string(), "250 ms");
//! let err = "10 Gbqs".parse::<Rate>().unwrap_err();
//! assert!(err.to_string().contains("Gbps"));
//! ```

mod date;
mod quantity;

pub use date::{Date, ParseDateError};
pub use quantity::{Bytes, ParseQuantityError, Rate, Ratio, Span};
