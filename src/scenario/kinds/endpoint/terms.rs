//! The terms of an endpoint: whose it is, where its network cards get their addresses, who may
//! connect, and what was promised or allocated by hand.
//!
//! | fact | source |
//! |---|---|
//! | an account of its own | P-01 (001) |
//! | each zone's ENI takes an address of a vSwitch, given or automatic, none that is reserved | X-18 (003) |
//! | one security group rules what comes in, in all zones | X-20 (003) |
//! | endpoint policies go with interface endpoints of the cloud's own services | P-14, P-15 (001) |
//! | dual-stack if the service is | P-28, X-19 (001, 003) |
//! | a custom domain resolves in its VPC; others must be set up for it | P-25, P-26 (001) |
//! | more bandwidth is arranged with the account manager | P-39 (001) |

use super::super::load_balancer::listing::{IP_VERSIONS, IpVersion};
use crate::scenario::cidr::Cidr;
use crate::scenario::context::Ref;
use crate::scenario::read::Account;
use crate::scenario::reader::{Given, Reader};

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) account: Option<Given<Account>>,
    pub(crate) security_group: Option<Ref>,
    pub(crate) policy: Option<Given<Policy>>,
    pub(crate) ip_version: Option<Given<IpVersion>>,
    pub(crate) vswitches: Vec<Ref>,
    pub(crate) addresses: Vec<Given<Cidr>>,
    /// Where the custom domain is resolved, beside its own VPC.
    pub(crate) resolved_in: Vec<Ref>,
    /// What the account manager promised in writing.
    pub(crate) raised_limit: Option<Given<String>>,
}

/// What an endpoint policy lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    /// A policy of the user's own.
    Custom,
    /// Everybody with credentials, and every resource.
    Default,
}

impl Terms {
    /// Reads its keys of the endpoint's table.
    pub(super) fn read(r: &Reader<'_>) -> Self {
        let policies = [("custom", Policy::Custom), ("default", Policy::Default)];
        Self {
            account: r.given("account"),
            security_group: r.reference("security_group", &["security_group"]),
            policy: r.given_word("policy", &policies),
            ip_version: r.given_word("ip_version", IP_VERSIONS),
            vswitches: r.references("vswitches", &["vswitch"]),
            addresses: r.several("addresses"),
            resolved_in: r.references("resolved_in", &["vpc", "site"]),
            raised_limit: r.given("raised_limit"),
        }
    }
}
