//! A vSwitch: a bounded number of private addresses in one zone.
//!
//! | fact | value | source |
//! |---|---|---|
//! | usable addresses | 2^(32 - mask) - 4: first and last three are reserved | CreateVSwitch API (A) |
//! | mask | /16 to /29 | the same (A) |
//! | each ENI of an endpoint takes one address | | P-13, X-18 (001, 003) |
//! | MaxCompute's VPC connection has an ENI | | M-15 (000) |
//! | each instance takes one address, and creation fails without | | E-21 to E-23 (002) |
//!
//! ```text
//! connection ──> [ pool: addresses - used - ENIs ] ──>      full: `no_address`
//! ```
//!
//! Instances of services take their addresses of the same pool ([`super::eas`]). On a path, each new
//! connection stands for an instance that takes an address and gives it back when it closes. Leaves
//! out: which address, IPv6.

use super::change::{Act, Migration};
use super::eas::Eas;
use super::endpoint::Endpoint;
use super::maxcompute::connection::cards_in;
use super::{Kind, Specs, Thing};
use crate::plan::{Hop, Lack, OnFull, Pool, Scope};
use crate::scenario::cidr::Cidr;
use crate::scenario::context::{Context, Ref};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::lowering::{Fragment, Lowering};
use crate::scenario::reader::{Given, Reader};

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct VSwitch {
    pub(crate) vpc: Ref,
    pub(crate) zone: Ref,
    pub(crate) block: Cidr,
    usable: u64,
    used: Given<u64>,
}

impl Kind for VSwitch {
    const NAME: &'static str = "vswitch";
    const DOC: &'static str = "a vSwitch: a bounded number of private addresses in one zone";
    const PATH: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        let vpc = r.req_reference("vpc", &["vpc"]);
        let zone = r.req_reference("zone", &["zone"]);
        let cidr = r.req::<String>("cidr");
        let used = Given { value: r.or("used", 0), place: r.place_of("used") };
        let cidr = cidr?;
        let usable = usable(&cidr);
        if usable.is_none() {
            let message = format!("`{}` is not a block that a vSwitch can have", r.path);
            let complaint = Diagnostic::error("E-21", r.place_of("cidr"), message);
            r.cx.complain(
                complaint
                    .label("not an IPv4 block from /16 to /29")
                    .reason("vSwitch masks run from /16 to /29 (CreateVSwitch API)")
                    .help("write it as in \"10.0.1.0/24\""),
            );
        }
        Some(Self { vpc: vpc?, zone: zone?, block: Cidr::parse(&cidr)?, usable: usable?, used })
    }

    fn check(thing: &Thing<Self>, specs: &Specs, cx: &Context) {
        let spec = &thing.spec;
        if spec.used.value > spec.usable {
            let message =
                format!("{} addresses are used of {} usable ones", spec.used.value, spec.usable);
            cx.complain(
                Diagnostic::error("E-21", spec.used.place, message)
                    .reason("a vSwitch has 2^(32 - mask) - 4 usable addresses (CreateVSwitch API)"),
            );
        }
        let cards = thing.cards(specs);
        if spec.used.value <= spec.usable && spec.used.value + cards > spec.usable {
            let (what, addresses) = match cards {
                1 => ("a network card needs", "address"),
                _ => ("the network cards need", "addresses"),
            };
            let message = format!(
                "{what} {cards} {addresses} of `{}`, {} are free",
                thing.full(),
                spec.usable - spec.used.value
            );
            let complaint = match cards_in(&thing.name, specs) {
                0 => Diagnostic::error("P-13", spec.used.place, message)
                    .reason("an endpoint has a network card in each of its zones, with an address of a vSwitch (PrivateLink overview)")
                    .help("free addresses, or name a larger vSwitch in the endpoint's `vswitches`"),
                _ => Diagnostic::error("M-15", spec.used.place, message)
                    .reason("an ENI appears in the vSwitch of a VPC connection (MaxCompute network connection)")
                    .help("free addresses, or name a larger vSwitch"),
            };
            cx.complain(complaint);
        }
        thing.spare(cards, specs, cx);
        thing.instances(cards, specs, cx);
        let (vpc, zone) = (specs.vpc.get(&spec.vpc.name), specs.zone.get(&spec.zone.name));
        if let (Some(vpc), Some(zone)) = (vpc, zone)
            && vpc.spec.region.name != zone.spec.region.name
        {
            let message = format!(
                "zone `{}` is not in the region of vpc `{}`",
                spec.zone.name, spec.vpc.name
            );
            cx.complain(
                Diagnostic::error("zone", spec.zone.place, message)
                    .also(vpc.spec.region.place, "the VPC's region")
                    .also(zone.spec.region.place, "the zone's region"),
            );
        }
    }

    fn lower(thing: &Thing<Self>, l: &mut Lowering<'_>) -> Fragment {
        let zone = l.component(&thing.spec.zone.full());
        let pool = l.pool(Pool {
            name: format!("{}.addresses", thing.full()),
            units: thing.spec.usable - thing.spec.used.value - thing.cards(l.specs),
            on_full: OnFull::Refuse,
            hold_after: crate::units::Span::ZERO,
            idle: None,
            scope: Scope::Connection,
            lack: Lack::Address,
        });
        Fragment::of(vec![Hop::Need(zone), Hop::Pool(pool)])
    }
}

impl Thing<VSwitch> {
    /// X-51: a smooth migration has two network cards in the zone for a while.
    fn spare(&self, cards: u64, specs: &Specs, cx: &Context) {
        let mut free = self.spec.usable.saturating_sub(self.spec.used.value + cards);
        for change in specs.change.values() {
            let Act::Replace(it) = &change.spec.act else { continue };
            let here = specs.endpoint.get(&change.spec.of.name).is_some_and(|e| {
                e.spec.terms.vswitches.iter().any(|v| v.name == self.name)
                    && it.zone.name == self.spec.zone.name
            });
            let smooth = matches!(it.manner.value, Migration::Smooth { .. });
            if !here || !smooth {
                continue;
            }
            if free > 0 {
                free -= 1;
                continue;
            }
            let message = format!("`{}` has no spare address for a new network card", self.full());
            cx.complain(
                Diagnostic::error("X-51", it.zone.place, message)
                    .also(self.spec.used.place, "all addresses are used")
                    .reason(
                        "a smooth migration makes a new ENI in the zone before the old one goes \
                         (PrivateLink endpoint services; inferred)",
                    )
                    .help("free an address of the vSwitch first"),
            );
        }
    }

    /// E-21: instances of services find no address, at first or at their peak.
    fn instances(&self, cards: u64, specs: &Specs, cx: &Context) {
        const WHY: &str = "each instance takes an address of the vSwitch, those of scaling included; \
                           without one, creation and scaling fail (EAS network configuration)";
        let free = self.spec.usable.saturating_sub(self.spec.used.value + cards);
        let here = |e: &&Thing<Eas>| {
            e.spec.network().vswitch.as_ref().is_some_and(|v| v.name == self.name)
        };
        let services: Vec<_> = specs.eas.values().filter(here).collect();
        let Some(last) = services.last() else { return };
        let first: u64 = services.iter().map(|e| u64::from(e.spec.instances.value)).sum();
        let peaks = services.iter().map(|e| e.spec.peak());
        let peak: u64 = peaks.map(|(most, surge)| u64::from(most) + u64::from(surge)).sum();
        if first > free {
            let message =
                format!("{first} instances find {free} free addresses in `{}`", self.full());
            cx.complain(
                Diagnostic::error("E-21", last.spec.instances.place, message)
                    .also(self.place, "the vSwitch")
                    .reason(WHY)
                    .help("name a larger vSwitch, or fewer instances"),
            );
        } else if peak > free {
            let message = format!(
                "at their peak {peak} instances find {free} free addresses in `{}`",
                self.full()
            );
            let beyond = |e: &&&Thing<Eas>| {
                let (most, surge) = e.spec.peak();
                most > e.spec.instances.value || surge > 0
            };
            let at = services.iter().find(beyond).unwrap_or(last);
            let spec = &at.spec;
            let place = match (&spec.scaling, &spec.update, spec.schedule.last()) {
                (Some(scaling), ..) => scaling.place,
                (None, Some(update), _) => update.at.place,
                (None, None, Some(last)) => last.0.place,
                _ => spec.instances.place,
            };
            cx.complain(
                Diagnostic::warning("E-21", place, message)
                    .label("scaling and updates, with what they make before the old ones go")
                    .also(self.place, "the vSwitch")
                    .reason(WHY)
                    .help("name a larger vSwitch, or lower the peak; the run shows when it is dry"),
            );
        }
    }

    /// Network cards that endpoints and MaxCompute's connections have in it: an address each.
    fn cards(&self, specs: &Specs) -> u64 {
        let named =
            |e: &&Thing<Endpoint>| e.spec.terms.vswitches.iter().any(|v| v.name == self.name);
        specs.endpoint.values().filter(named).count() as u64 + cards_in(&self.name, specs)
    }
}

/// Usable addresses of a block.
fn usable(cidr: &str) -> Option<u64> {
    let (address, mask) = cidr.split_once('/')?;
    address.parse::<std::net::Ipv4Addr>().ok()?;
    let mask: u32 = mask.parse().ok().filter(|m| (16..=29).contains(m))?;
    Some((1 << (32 - mask)) - 4)
}

#[cfg(test)]
mod tests {
    use super::usable;
    use crate::scenario::testing::{lowered, service};

    #[test]
    fn usable_addresses() {
        // CreateVSwitch API: /24 leaves 252, /26 60, /28 12, /29 4.
        let seen = [24, 26, 28, 29].map(|m| usable(&format!("10.0.0.0/{m}")));
        assert_eq!(seen, [Some(252), Some(60), Some(12), Some(4)]);
        for bad in ["10.0.0.0", "10.0.0.0/30", "10.0.0.0/8", "10.0.0/24", "::/64"] {
            assert_eq!(usable(bad), None, "{bad}");
        }
    }

    #[test]
    fn network_cards_take_addresses() {
        // P-13, X-18: a /29 has 4 usable addresses; 1 is used, and 1 is the endpoint's.
        let text = format!(
            "{}[vpc.v]\nregion = \"r\"\n[vswitch.s]\nvpc = \"v\"\nzone = \"a\"\n\
             cidr = \"10.0.0.0/29\"\nused = 1\n[endpoint.e]\nservice = \"svc\"\n\
             zones = [\"a\", \"b\"]\ncreated_at = 2026-03-01\nvswitches = [\"s\"]\n",
            service("nlb")
        );
        let tree = lowered(&text, "\"vswitch.s\", \"backend.app\"");
        assert!(tree.contains("pool vswitch.s.addresses: 2 addresses"), "{tree}");
    }
}
