//! IPv4 blocks: what rules about addresses compare.

use std::fmt;
use std::net::Ipv4Addr;

use super::context::{Context, wrong_type};
use super::diagnostic::Diagnostic;
use super::read::Read;
use super::tree::{Node, Value};

/// An IPv4 block, `10.0.0.0/16`; a single address is a block of /32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cidr {
    first: u32,
    last: u32,
}

impl Cidr {
    /// Parses `10.0.0.0/16`, or `10.0.0.7`. Bits behind the mask do not matter.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, mask) = match text.split_once('/') {
            Some((address, mask)) => (address, mask.parse().ok().filter(|m| *m <= 32)?),
            None => (text, 32_u32),
        };
        let address = u32::from(address.trim().parse::<Ipv4Addr>().ok()?);
        // A shift by 32 is none of u32's.
        let host = u32::MAX.checked_shr(mask).unwrap_or(0);
        Some(Self { first: address & !host, last: address | host })
    }

    /// Whether all of `other` lies within.
    pub(crate) const fn contains(self, other: Self) -> bool {
        self.first <= other.first && other.last <= self.last
    }

    /// Bits of its mask.
    pub(crate) const fn prefix(self) -> u8 {
        (self.first ^ self.last).leading_zeros() as u8
    }

    /// Whether it is one address.
    pub(crate) const fn is_single(self) -> bool {
        self.first == self.last
    }

    /// Whether every address lies within.
    pub(crate) const fn is_everything(self) -> bool {
        self.first == 0 && self.last == u32::MAX
    }

    /// Whether the two have an address in common.
    pub(crate) const fn overlaps(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    /// Whether an address of this block, as a vSwitch, is kept by the system: the first and the
    /// last three.
    pub(crate) const fn reserves(self, address: Self) -> bool {
        let (first, last) = (self.first, self.last);
        address.first == first || (address.first <= last && address.first > last.saturating_sub(3))
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, size) = (Ipv4Addr::from(self.first), self.last - self.first);
        match size {
            0 => write!(f, "{first}"),
            _ => write!(f, "{first}/{}", size.leading_zeros()),
        }
    }
}

impl Read for Cidr {
    const EXPECTED: &'static str = "\"10.0.0.0/16\"";
    fn read(node: &Node, cx: &Context) -> Option<Self> {
        let Value::Text(text) = &node.value else {
            cx.complain(wrong_type(node, "an IPv4 block such as \"10.0.0.0/16\""));
            return None;
        };
        let block = Self::parse(text);
        if block.is_none() {
            let message = format!("`{text}` is not an IPv4 block");
            cx.complain(
                Diagnostic::error("address", node.place, message)
                    .help("write it as in \"10.0.0.0/16\", a single address as in \"10.0.0.7\""),
            );
        }
        block
    }
}

#[cfg(test)]
mod tests {
    use super::Cidr;

    #[test]
    fn blocks() {
        let block = |text: &str| Cidr::parse(text).unwrap();
        assert!(block("10.0.0.0/8").contains(block("10.1.2.0/24")));
        assert!(!block("10.1.2.0/24").contains(block("10.0.0.0/8")));
        assert!(block("10.0.0.0/8").overlaps(block("10.255.0.0/16")));
        assert!(!block("10.0.0.0/24").overlaps(block("10.0.1.0/24")));
        assert!(block("0.0.0.0/0").contains(block("255.255.255.255")));
        let spelt = |text: &str| block(text).to_string();
        assert_eq!(spelt("10.0.0.7/8"), "10.0.0.0/8");
        assert_eq!(spelt("10.0.0.7"), "10.0.0.7");
        assert_eq!(spelt("1.2.3.4/0"), "0.0.0.0/0");
        for bad in ["", "10.0.0", "10.0.0.0/33", "10.0.0.0/-1", "::/0", "a"] {
            assert_eq!(Cidr::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn addresses_that_a_vswitch_keeps() {
        // /24: 0 and 253 to 255, of 256 (CreateVSwitch API).
        let net = Cidr::parse("10.0.1.0/24").unwrap();
        let kept: Vec<u32> = (0..=255)
            .filter(|n| net.reserves(Cidr::parse(&format!("10.0.1.{n}")).unwrap()))
            .collect();
        assert_eq!(kept, [0, 253, 254, 255]);
    }
}
