//! A security group: which clients may open connections to the network cards in it.
//!
//! | fact | value | source |
//! |---|---|---|
//! | one group on an interface endpoint rules what comes in, for the ENIs of all its zones | | X-20 (003) |
//! | a reverse endpoint is controlled by its security groups | | P-11 (001) |
//! | a group lets in another group by its id, or a vSwitch by its block | | E-29 (002) |
//!
//! ```text
//! [security_group.web]
//! inbound = [{ source = "10.0.0.0/8", ports = "443" }, { source = "security_group.eas" }]
//! ```
//!
//! It becomes no primitive: who may not connect is told by `check`, from the blocks of VPCs and
//! sites and the ports of workloads. Leaves out: outbound rules, priorities, refusing entries.

use super::Kind;
use crate::scenario::cidr::Cidr;
use crate::scenario::context::Context;
use crate::scenario::diagnostic::{Diagnostic, Place};
use crate::scenario::read::Read;
use crate::scenario::reader::{Given, Reader};
use crate::scenario::tree::{Node, Value};

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct SecurityGroup {
    inbound: Vec<Entry>,
}

/// Who may connect to which ports.
#[derive(Clone, Debug)]
struct Entry {
    source: Given<Source>,
    ports: (u16, u16),
}

/// Where connections come from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    Block(Cidr),
    Group(String),
}

impl Read for Source {
    const EXPECTED: &'static str = "\"10.0.0.0/16\", or \"security_group.name\"";
    fn read(node: &Node, cx: &Context) -> Option<Self> {
        if let Value::Text(text) = &node.value
            && text.starts_with("security_group.")
        {
            let group = cx.resolve(text, node.place, &[SecurityGroup::NAME])?;
            return Some(Self::Group(group.name));
        }
        Cidr::read(node, cx).map(Self::Block)
    }
}

impl Kind for SecurityGroup {
    const NAME: &'static str = "security_group";
    const DOC: &'static str = "who may open connections to the network cards of an endpoint";

    fn read(r: &Reader<'_>) -> Option<Self> {
        let node = r.req_node("inbound", "[{ source = \"10.0.0.0/8\", ports = \"443\" }]")?;
        let mut inbound = Vec::new();
        for item in r.list(node) {
            let Some(r) = Reader::of(r.cx, item, &format!("{}.inbound", r.path)) else { continue };
            let source = r.req::<Source>("source");
            let place = r.place_of("source");
            let ports = match r.has("ports") {
                true => ports(&r),
                false => Some((0, u16::MAX)),
            };
            r.done();
            inbound.extend(source.zip(ports).map(|(value, ports)| {
                let source = Given { value, place };
                Entry { source, ports }
            }));
        }
        Some(Self { inbound })
    }
}

impl Entry {
    fn lets_to(&self, port: Option<u16>) -> bool {
        port.is_none_or(|port| (self.ports.0..=self.ports.1).contains(&port))
    }
}

/// `"443"` or `"8000-8099"`.
fn ports(r: &Reader<'_>) -> Option<(u16, u16)> {
    let text = r.opt::<String>("ports")?;
    let (low, high) = text.split_once('-').unwrap_or((&text, &text));
    let range = low.trim().parse().ok().zip(high.trim().parse().ok()).filter(|(l, h)| l <= h);
    if range.is_none() {
        let message = format!("`{text}` is not a range of ports");
        r.cx.complain(
            Diagnostic::error("range", r.place_of("ports"), message)
                .help("write it as in \"443\" or \"8000-8099\""),
        );
    }
    range
}

impl SecurityGroup {
    /// Whether some entry lets clients of this block connect to this port; what is not known is
    /// taken to fit.
    pub(crate) fn admits(&self, source: Option<Cidr>, port: Option<u16>) -> bool {
        self.inbound.iter().any(|entry| {
            let fits = |block| match entry.source.value {
                Source::Block(own) => own.contains(block),
                Source::Group(_) => false,
            };
            source.is_none_or(fits) && entry.lets_to(port)
        })
    }

    /// Whether some entry names this group as a source for this port.
    pub(crate) fn admits_group(&self, group: &str, port: Option<u16>) -> bool {
        let named = |e: &&Entry| matches!(&e.source.value, Source::Group(name) if name == group);
        self.inbound.iter().filter(named).any(|e| e.lets_to(port))
    }

    /// Where an entry stands that lets clients of this block in along with others.
    pub(crate) fn admits_beyond(&self, block: Cidr) -> Option<Place> {
        let wide = |e: &&Entry| match e.source.value {
            Source::Block(own) => own.contains(block) && own != block,
            Source::Group(_) => false,
        };
        self.inbound.iter().find(wide).map(|e| e.source.place)
    }

    /// Where an entry stands that lets everybody in.
    pub(crate) fn admits_everybody(&self) -> Option<Place> {
        let all = |e: &&Entry| matches!(e.source.value, Source::Block(own) if own.is_everything());
        self.inbound.iter().find(all).map(|e| e.source.place)
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::testing::{ZONES, codes};

    #[test]
    fn complaints() {
        let seen = |entry: &str| {
            let text = format!("{ZONES}[security_group.g]\ninbound = [{entry}]\n");
            codes(&text, "\"backend.app\"")
        };
        assert!(seen("{ source = \"10.0.0.0/8\", ports = \"8000-8099\" }").is_empty());
        assert_eq!(seen("{ source = \"10.0.0.0/8\", ports = \"9-8\" }"), ["range"]);
        assert_eq!(seen("{ source = \"10.0.0.0/8\", ports = \"70000\" }"), ["range"]);
        assert_eq!(seen("{ source = \"anyone\" }"), ["address"]);
        assert_eq!(seen("{ ports = \"80\" }"), ["missing-key"]);
        assert_eq!(seen("{ source = \"::/0\", port = 80 }"), ["address", "unknown-key"]);
        assert_eq!(seen("\"10.0.0.0/8\""), ["type"]);
    }
}
