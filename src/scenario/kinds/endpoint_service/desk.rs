//! The provider's desk: whom it lets in, how fast it accepts, and its resources.
//!
//! | fact | source |
//! |---|---|
//! | a service accepts connections by itself, or somebody does | X-07, X-08 (003) |
//! | accounts other than its own must be on the whitelist, by UID or `*` | P-05, P-06, X-16 (001, 003) |
//! | several resources per zone; some only by hand | X-35, X-40 (003) |
//! | one that fails is replaced by another of the same zone first | X-36 (003) |
//! | other regions may be let in; closing one touches later endpoints only | X-03, X-25 (003) |
//! | only Connected carries traffic; for Modifying that is inferred | P-17 (001) |

use super::super::Thing;
use super::EndpointService;
use crate::plan::{Belief, Detector};
use crate::random::Dist;
use crate::scenario::context::Ref;
use crate::scenario::law::Law;
use crate::scenario::lowering::Lowering;
use crate::scenario::read::Account;
use crate::scenario::reader::{Basis, Given, Reader};
use crate::units::Span;

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    pub(crate) auto_accept: bool,
    /// From the request to its acceptance by hand; without it somebody must (`action = "accept"`).
    pub(crate) approval: Option<Dist>,
    /// How long Connecting, Disconnecting, Creating, Modifying and Deleting take.
    pub(crate) transition: Span,
    pub(crate) transition_given: bool,
    pub(crate) modifying_carries: bool,
    pub(crate) account: Option<String>,
    /// Everybody when absent: nothing is said about accounts.
    pub(crate) whitelist: Option<Vec<String>>,
    /// Resources beside `load_balancer`.
    pub(crate) resources: Vec<Ref>,
    pub(crate) manual_only: Vec<Ref>,
    /// Other regions from which endpoints can be created.
    pub(crate) regions: Vec<Ref>,
    /// From the failure of a resource to the use of another one in its zone.
    pub(crate) failover: Dist,
    pub(crate) failover_written: Option<Given<()>>,
}

/// In-zone failover: nobody publishes its delay.
const LIKE_PROBES: Basis =
    Basis { source: "not published; as the health checks of NLB", mark: "D" };
/// The spelling of its default.
const FAILOVER: &str = "{ uniform = { low = \"15 s\", high = \"25 s\" } }";

impl Desk {
    /// Reads its keys of the service's table.
    pub(super) fn read(r: &Reader<'_>) -> Option<Self> {
        let auto_accept = r.or("auto_accept", true);
        let approval = r.opt::<Law<Span>>("approval").map(|law| law.dist);
        let transition = r.quiet::<Span>("transition", "0 s");
        let transition_given = r.has("transition");
        let modifying_carries = r.or("modifying_carries", false);
        let account = r.opt::<Account>("account").map(|account| account.0);
        let whitelist = r.node("whitelist").map(|node| {
            let texts = r.list(node).iter();
            texts.filter_map(|n| crate::scenario::read::Read::read(n, r.cx)).collect()
        });
        let resources = r.references("resources", &["load_balancer"]);
        let manual_only = r.references("manual_only", &["load_balancer"]);
        let regions = r.references("regions", &["region"]);
        let failover = r.quiet::<Law<Span>>("resource_failover", FAILOVER);
        let place = r.place_of("resource_failover");
        let failover_written = r.has("resource_failover").then_some(Given { value: (), place });
        Some(Self {
            auto_accept,
            approval,
            transition: transition?,
            transition_given,
            modifying_carries,
            account,
            whitelist,
            resources,
            manual_only,
            regions,
            failover: failover?.dist,
            failover_written,
        })
    }
}

impl Thing<EndpointService> {
    /// How it is noticed which of its resources work.
    pub(crate) fn resource_health(&self, l: &mut Lowering<'_>) -> Belief {
        let desk = &self.spec.desk;
        let parameter = format!("{}.resource_failover", self.full());
        let known = l.plan.assumptions.iter().any(|a| a.parameter == parameter);
        if desk.failover_written.is_none() && !known {
            l.assume(&parameter, FAILOVER, LIKE_PROBES);
        }
        Belief::Watched(Detector {
            label: "resource health".into(),
            detect_down: desk.failover.clone(),
            detect_up: desk.failover.clone(),
            propagate: Dist::constant(0.0),
        })
    }
}
