//! The four quantities and their one parser.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A bandwidth in bits per second.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Rate(u64);

/// An amount of data in bytes.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Bytes(u64);

/// A length of time in nanoseconds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Span(u64);

/// A plain factor: 0.95 for `"95 %"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ratio(f64);

/// Why a text is not a quantity. The message says what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseQuantityError {
    /// The text does not start with a decimal number.
    #[error("expected a number and a unit, such as \"{example}\"")]
    NoNumber {
        /// A correct spelling.
        example: &'static str,
    },
    /// The number has no unit after it.
    #[error("the unit is missing: write one of {allowed}, such as \"{example}\"")]
    NoUnit {
        /// The units that may follow.
        allowed: String,
        /// A correct spelling.
        example: &'static str,
    },
    /// The unit is not one of this quantity's.
    #[error("unknown unit `{unit}`: allowed are {allowed}")]
    UnknownUnit {
        /// What was written.
        unit: String,
        /// The units that may follow.
        allowed: String,
    },
    /// The value does not fit.
    #[error("the value is too large: at most {most}")]
    TooLarge {
        /// The largest value, as text.
        most: String,
    },
}

/// One spelling of a unit and how many base units it is.
type Unit = (&'static str, u64);

const RATE_UNITS: &[Unit] = &[
    ("bps", 1),
    ("kbps", 1_000),
    ("Mbps", 1_000_000),
    ("Gbps", 1_000_000_000),
    ("Tbps", 1_000_000_000_000),
    ("B/s", 8),
    ("kB/s", 8_000),
    ("MB/s", 8_000_000),
    ("GB/s", 8_000_000_000),
];
const BYTE_UNITS: &[Unit] = &[
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];
const SPAN_UNITS: &[Unit] = &[
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];
const RATIO_UNITS: &[Unit] = &[("%", 1)];

fn allowed(units: &[Unit]) -> String {
    units.iter().map(|u| u.0).collect::<Vec<_>>().join(", ")
}

/// Splits "1.5 GB" into the digits without their point, the number of decimals, and the unit.
fn split<'t>(
    text: &'t str,
    example: &'static str,
) -> Result<(u128, u32, &'t str), ParseQuantityError> {
    let text = text.trim();
    let end =
        text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_')).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let mut digits: u128 = 0;
    let (mut decimals, mut seen_point, mut seen_digit) = (0, false, false);
    for c in number.chars() {
        match c {
            '_' => {}
            '.' if !seen_point => seen_point = true,
            '0'..='9' => {
                seen_digit = true;
                let digit = u128::from(c as u8 - b'0');
                // 30 digits are far beyond every limit below, and keep the product inside u128.
                if digits < 1_000_000_000_000_000_000_000 {
                    digits = digits * 10 + digit;
                    decimals += u32::from(seen_point);
                } else if !seen_point {
                    return Err(ParseQuantityError::TooLarge {
                        most: "about 18 EB, 18 Ebps or 584 years".into(),
                    });
                }
            }
            _ => return Err(ParseQuantityError::NoNumber { example }),
        }
    }
    if !seen_digit {
        return Err(ParseQuantityError::NoNumber { example });
    }
    Ok((digits, decimals, unit.trim()))
}

/// Parses into base units, rounding to the nearest one.
fn parse(text: &str, units: &[Unit], example: &'static str) -> Result<u64, ParseQuantityError> {
    let (digits, decimals, unit) = split(text, example)?;
    if unit.is_empty() {
        return Err(ParseQuantityError::NoUnit { allowed: allowed(units), example });
    }
    let Some(&(_, factor)) = units.iter().find(|u| u.0 == unit) else {
        return Err(ParseQuantityError::UnknownUnit { unit: unit.into(), allowed: allowed(units) });
    };
    let scale = 10u128.pow(decimals.min(22));
    let too_large = || ParseQuantityError::TooLarge { most: format!("{} base units", u64::MAX) };
    let value = digits.checked_mul(u128::from(factor)).ok_or_else(too_large)?;
    u64::try_from((value + scale / 2) / scale).map_err(|_| too_large())
}

/// Writes `value` in the largest of `units` that is not above it, at most `decimals` decimals.
fn show(f: &mut fmt::Formatter<'_>, value: u64, units: &[Unit], decimals: usize) -> fmt::Result {
    let unit = units.iter().rev().find(|u| u.1 <= value).unwrap_or(&units[0]);
    #[expect(clippy::cast_precision_loss, reason = "a spelling for people")]
    let number = format!("{:.*}", decimals, value as f64 / unit.1 as f64);
    let number = match number.contains('.') {
        true => number.trim_end_matches('0').trim_end_matches('.'),
        false => &number,
    };
    f.pad(&format!("{number} {}", unit.0))
}

impl Rate {
    /// A rate of `bps` bits per second.
    pub const fn from_bps(bps: u64) -> Self {
        Self(bps)
    }
    /// A rate of `mbps` megabits per second.
    pub const fn from_mbps(mbps: u64) -> Self {
        Self(mbps * 1_000_000)
    }
    /// A rate of `gbps` gigabits per second.
    pub const fn from_gbps(gbps: u64) -> Self {
        Self(gbps * 1_000_000_000)
    }
    /// Bits per second.
    pub const fn bps(self) -> u64 {
        self.0
    }
    /// Bytes per nanosecond, the unit of the kernel.
    #[expect(clippy::cast_precision_loss, reason = "rates below 9 Pbps are exact")]
    pub fn bytes_per_ns(self) -> f64 {
        self.0 as f64 / 8e9
    }
    /// This rate times a factor, to the nearest bit per second.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates, as wanted"
    )]
    pub fn scaled(self, factor: f64) -> Self {
        Self((self.0 as f64 * factor).round() as u64)
    }
}

impl Bytes {
    /// An amount of `bytes`.
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }
    /// The number of bytes.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// A length of `ns` nanoseconds.
    pub const fn from_nanos(ns: u64) -> Self {
        Self(ns)
    }
    /// A length of `us` microseconds.
    pub const fn from_micros(us: u64) -> Self {
        Self(us * 1_000)
    }
    /// A length of `ms` milliseconds.
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms * 1_000_000)
    }
    /// A length of `s` seconds.
    pub const fn from_secs(s: u64) -> Self {
        Self(s * 1_000_000_000)
    }
    /// Nanoseconds.
    pub const fn nanos(self) -> u64 {
        self.0
    }
    /// Seconds, for people and for rates.
    #[expect(clippy::cast_precision_loss, reason = "exact below 104 days, a spelling beyond")]
    pub fn secs(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl Ratio {
    /// A plain factor.
    pub const fn new(value: f64) -> Self {
        Self(value)
    }
    /// The factor: 0.95 for 95 %.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl FromStr for Rate {
    type Err = ParseQuantityError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text, RATE_UNITS, "10 Gbps").map(Self)
    }
}

impl FromStr for Bytes {
    type Err = ParseQuantityError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text, BYTE_UNITS, "20 kB").map(Self)
    }
}

impl FromStr for Span {
    type Err = ParseQuantityError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text, SPAN_UNITS, "250 ms").map(Self)
    }
}

impl FromStr for Ratio {
    type Err = ParseQuantityError;
    #[expect(clippy::cast_precision_loss, reason = "a factor of at most 22 digits")]
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (digits, decimals, unit) = split(text, "95 %")?;
        let value = digits as f64 / 10u128.pow(decimals.min(22)) as f64;
        match unit {
            "" => Ok(Self(value)),
            "%" => Ok(Self(value / 100.0)),
            other => Err(ParseQuantityError::UnknownUnit {
                unit: other.into(),
                allowed: allowed(RATIO_UNITS),
            }),
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, self.0, &RATE_UNITS[..5], 3)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, self.0, &BYTE_UNITS[..5], 3)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, self.0, SPAN_UNITS, 3)
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = format!("{:.2}", self.0 * 100.0);
        f.pad(&format!("{} %", number.trim_end_matches('0').trim_end_matches('.')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_integers() {
        // 3,072 Mbps is 3.072e9 bit/s whichever way it is written.
        let expect = Rate::from_bps(3_072_000_000);
        for text in ["3072 Mbps", "3.072 Gbps", "3_072Mbps", "384 MB/s", " 3072000 kbps "] {
            assert_eq!(text.parse::<Rate>().unwrap(), expect, "{text}");
        }
        assert_eq!("0.1 ns".parse::<Span>().unwrap(), Span::ZERO, "below half a unit rounds down");
        assert_eq!("1.5 min".parse::<Span>().unwrap(), Span::from_secs(90));
        assert_eq!("2 MiB".parse::<Bytes>().unwrap(), Bytes::new(2_097_152));
        assert_eq!("99.95 %".parse::<Ratio>().unwrap().get(), 0.9995);
        assert_eq!("1.2".parse::<Ratio>().unwrap().get(), 1.2);
    }

    #[test]
    fn refusals_say_what_is_allowed() {
        let say = |text: &str| text.parse::<Span>().unwrap_err().to_string();
        assert_eq!(say("ten s"), "expected a number and a unit, such as \"250 ms\"");
        assert_eq!(
            say("10"),
            "the unit is missing: write one of ns, us, ms, s, min, h, d, such as \"250 ms\""
        );
        assert_eq!(say("10 sec"), "unknown unit `sec`: allowed are ns, us, ms, s, min, h, d");
        assert!(say("99999999999999 d").contains("too large"));
        assert!(say(&"9".repeat(60)).contains("too large"));
        assert!(say("-1 s").contains("expected a number"));
    }

    #[test]
    fn display_round_trips() {
        for text in ["10 Gbps", "1.5 Mbps", "3.072 Gbps", "0 bps"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
        for text in ["250 ms", "1.5 min", "2 h", "0 ns", "1 d"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        assert_eq!(Ratio::new(0.9995).to_string(), "99.95 %");
        assert_eq!(Bytes::new(20_000).to_string(), "20 kB");
    }
}
