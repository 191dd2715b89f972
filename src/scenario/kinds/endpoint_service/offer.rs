//! The terms of an endpoint service: whose it is, who may connect, from where, and at what cost.
//!
//! | fact | source |
//! |---|---|
//! | the service's name is unique, consumers connect by it | P-04 (001) |
//! | other accounts must be whitelisted, by UID or `*`; the provider's own is | P-05, P-06, X-16 (001, 003) |
//! | connections are accepted by themselves, or each by the provider | X-07, X-08 (003) |
//! | IPv4 or dual-stack | P-27 (001) |
//! | services of the cloud itself are reached by reverse and gateway endpoints too | P-10, P-12 (001) |
//! | other regions from which consumers may connect; the home region is always one | X-03, X-26 (003) |
//! | the consumer pays unless said otherwise, once and for all | X-15 (003) |
//! | a quota is needed to allocate and replace resources by hand | X-37 (003) |

use super::super::load_balancer::listing::{IP_VERSIONS, IpVersion};
use crate::scenario::context::Ref;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::read::Account;
use crate::scenario::reader::{Given, Reader};

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) service_name: Option<Given<String>>,
    pub(crate) account: Option<Account>,
    pub(crate) whitelist: Option<Given<Vec<Given<String>>>>,
    pub(crate) auto_accept: Option<Given<bool>>,
    pub(crate) ip_version: Option<Given<IpVersion>>,
    /// `oss`: a service of the cloud itself; absent for one that a user built.
    pub(crate) cloud_service: Option<Given<String>>,
    pub(crate) custom_domain: Option<String>,
    pub(crate) payer: Option<Given<Payer>>,
    /// From where consumers may connect beside the home region; absent for that only.
    pub(crate) regions: Option<Given<Vec<Ref>>>,
    /// Whether the quota to allocate and replace by hand is granted.
    pub(crate) managed_resources: bool,
}

/// Who pays for the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payer {
    Consumer,
    Provider,
}

impl Offer {
    /// Reads its keys of the service's table.
    pub(super) fn read(r: &Reader<'_>) -> Self {
        let entries = r.several::<String>("whitelist");
        let listed = r.has("whitelist");
        for entry in entries.iter().filter(|e| e.value != "*" && !Account::is_uid(&e.value)) {
            let message = format!("`{}` cannot be whitelisted", entry.value);
            r.cx.complain(
                Diagnostic::error("X-16", entry.place, message)
                    .label("neither `*` nor a UID")
                    .reason(
                        "an entry is `*` for everybody, or the UID of an account \
                         (PrivateLink endpoint services)",
                    )
                    .help("write the UID of the account, as in \"1234567890123456\""),
            );
        }
        let whitelist = Given { value: entries, place: r.place_of("whitelist") };
        let regions =
            Given { value: r.references("regions", &["region"]), place: r.place_of("regions") };
        let payers = [("consumer", Payer::Consumer), ("provider", Payer::Provider)];
        Self {
            service_name: r.given("service_name"),
            account: r.opt("account"),
            whitelist: listed.then_some(whitelist),
            auto_accept: r.given("auto_accept"),
            ip_version: r.given_word("ip_version", IP_VERSIONS),
            cloud_service: r.given("cloud_service"),
            custom_domain: r.opt("custom_domain"),
            payer: r.given_word("payer", &payers),
            regions: r.has("regions").then_some(regions),
            managed_resources: r.or("managed_resources", false),
        }
    }

    /// Whether it is the service of this name that the cloud itself offers.
    pub(crate) fn is_cloud_service(&self, name: &str) -> bool {
        self.cloud_service.as_ref().is_some_and(|s| s.value == name)
    }
}
