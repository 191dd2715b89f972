//! What the product pages list of a load balancer beside its capacities: what decides whether it may
//! stand behind an endpoint service.
//!
//! | fact | source |
//! |---|---|
//! | CLB only as a private instance, pay as you go | X-05 (003) |
//! | services are dual-stack only if all their resources are; CLB is not | P-27, X-14 (001, 003) |
//! | NLB and upgraded ALB can be shared across regions | X-23 (003) |
//! | CLB instances of a service have different primary zones | P-30 (001) |

use crate::scenario::context::Ref;
use crate::scenario::reader::{Given, Reader};

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    pub(crate) address_type: Option<Given<AddressType>>,
    pub(crate) billing: Option<Given<Billing>>,
    pub(crate) ip_version: Option<Given<IpVersion>>,
    pub(crate) upgraded: Option<Given<bool>>,
    pub(crate) primary_zone: Option<Ref>,
}

/// Whether it has addresses of the Internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AddressType {
    Private,
    Public,
}

/// How it is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Billing {
    PayAsYouGo,
    Subscription,
}

/// Which addresses clients can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IpVersion {
    DualStack,
    Ipv4,
}

/// Words of an IP version.
pub(crate) const IP_VERSIONS: &[(&str, IpVersion)] =
    &[("dual_stack", IpVersion::DualStack), ("ipv4", IpVersion::Ipv4)];

impl Listing {
    /// Reads its keys of the load balancer's table.
    pub(super) fn read(r: &Reader<'_>) -> Self {
        let address_types = [("private", AddressType::Private), ("public", AddressType::Public)];
        let billings =
            [("pay_as_you_go", Billing::PayAsYouGo), ("subscription", Billing::Subscription)];
        Self {
            address_type: r.given_word("address_type", &address_types),
            billing: r.given_word("billing", &billings),
            ip_version: r.given_word("ip_version", IP_VERSIONS),
            upgraded: r.given("upgraded"),
            primary_zone: r.reference("primary_zone", &["zone"]),
        }
    }

    /// Whether clients can use IPv6, as stated.
    pub(crate) fn is_dual_stack(&self) -> bool {
        is_dual_stack(self.ip_version.as_ref())
    }
}

/// Whether a stated version is dual-stack; IPv4 unless stated.
pub(crate) fn is_dual_stack(version: Option<&Given<IpVersion>>) -> bool {
    version.is_some_and(|v| v.value == IpVersion::DualStack)
}
