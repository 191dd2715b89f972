//! What is called, as clients name it: an address, a block of them, or a domain name.

use std::fmt;

use super::cidr::Cidr;
use super::context::{Context, wrong_type};
use super::diagnostic::Diagnostic;
use super::read::Read;
use super::tree::{Node, Value};

/// An IPv4 address or block, or a domain name in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    Block(Cidr),
    Domain(String),
}

impl Host {
    /// Parses `203.0.113.7`, `203.0.113.0/24`, or `api.example.com`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Some(block) = Cidr::parse(text) {
            return Some(Self::Block(block));
        }
        let label = |label: &str| {
            let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
            (1..=63).contains(&label.len())
                && label.bytes().all(inner)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        // A number at the end is a mistyped address, not a top-level domain.
        let top = text.rsplit('.').next().unwrap_or("");
        let named = text.len() <= 253
            && text.contains('.')
            && text.split('.').all(label)
            && !top.bytes().all(|b| b.is_ascii_digit());
        named.then(|| Self::Domain(text.to_ascii_lowercase()))
    }

    /// Whether a list that has this one has the other, too: a block has its parts, a domain the
    /// names below it.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Block(own), Self::Block(other)) => own.contains(*other),
            (Self::Domain(own), Self::Domain(other)) => other
                .strip_suffix(own.as_str())
                .is_some_and(|below| below.is_empty() || below.ends_with('.')),
            _ => false,
        }
    }

    /// How narrow it is, among those that cover one target.
    pub(crate) fn detail(&self) -> usize {
        match self {
            Self::Block(block) => usize::from(block.prefix()),
            Self::Domain(name) => name.len(),
        }
    }

    /// Whether clients use a bare address.
    pub(crate) const fn is_address(&self) -> bool {
        matches!(self, Self::Block(_))
    }

    /// Whether it is an address that no one on the Internet can call (RFC 1918, and 100.64.0.0/10
    /// of RFC 6598, where clouds have their internal endpoints).
    pub(crate) fn is_private(&self) -> bool {
        const PRIVATE: [&str; 4] =
            ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"];
        let within =
            |own: &Cidr| PRIVATE.iter().filter_map(|p| Cidr::parse(p)).any(|p| p.contains(*own));
        matches!(self, Self::Block(own) if within(own))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Block(block) => block.fmt(f),
            Self::Domain(name) => f.write_str(name),
        }
    }
}

impl Read for Host {
    const EXPECTED: &'static str = "\"api.example.com\", or \"203.0.113.7\"";
    fn read(node: &Node, cx: &Context) -> Option<Self> {
        let Value::Text(text) = &node.value else {
            cx.complain(wrong_type(node, "a domain name or an IPv4 address"));
            return None;
        };
        let host = Self::parse(text);
        if host.is_none() {
            let message = format!("`{text}` is neither a domain name nor an IPv4 address");
            let complaint = Diagnostic::error("address", node.place, message);
            cx.complain(complaint.help(
                "write it as in \"api.example.com\" or \"203.0.113.7\", without scheme and port",
            ));
        }
        host
    }
}

#[cfg(test)]
mod tests {
    use super::Host;

    #[test]
    fn names_and_addresses() {
        let host = |text: &str| Host::parse(text).unwrap();
        assert_eq!(host("API.example.com"), Host::Domain("api.example.com".into()));
        assert!(host("203.0.113.7").is_address() && !host("a.b").is_address());
        for bad in ["", "localhost", "https://a.b", "a..b", "-a.b", "a_b.c", "10.0.0", "1.2.3.400"]
        {
            assert_eq!(Host::parse(bad), None, "{bad}");
        }
        assert!(host("aliyun.com").covers(&host("oss.aliyun.com")));
        assert!(host("aliyun.com").covers(&host("aliyun.com")));
        assert!(!host("aliyun.com").covers(&host("notaliyun.com")));
        assert!(!host("oss.aliyun.com").covers(&host("aliyun.com")));
        assert!(host("203.0.113.0/24").covers(&host("203.0.113.7")));
        assert!(!host("aliyun.com").covers(&host("203.0.113.7")));
    }

    #[test]
    fn private_addresses() {
        let private = |text: &str| Host::parse(text).unwrap().is_private();
        assert!(private("10.1.2.3") && private("172.31.0.0/16") && private("100.100.2.136"));
        assert!(!private("172.32.0.1") && !private("8.8.8.8") && !private("a.b"));
        assert!(!private("0.0.0.0/0"));
    }
}
