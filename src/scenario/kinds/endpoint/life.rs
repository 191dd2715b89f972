//! The life of an endpoint and of its connection: when it is created, accepted, denied, deleted.
//!
//! | fact | source |
//! |---|---|
//! | a new connection starts Disconnected unless the service accepts by itself | P-18 (001) |
//! | Disconnected: not accepted or rejected, endpoint or service overdue | P-19 to P-21 (001) |
//! | connection states: Connecting, Connected, Disconnecting, Disconnected, Modifying, Deleting, Service Deleted | P-17 (001) |
//! | endpoint and service states: Creating, Modifying, Available, Deleting | P-07, P-16 (001) |
//! | accepting by itself or not, and the whitelist, touch later connections only | X-09, X-34 (003) |
//!
//! An endpoint whose account is not on the whitelist yet is created when it is, one whose service is
//! not there yet when that is Available.

use super::super::change::{Act, Change, Deed, changes_of};
use super::super::endpoint_service::EndpointService;
use super::super::{Specs, Thing};
use super::Endpoint;
use crate::plan::{Manner, Reason};
use crate::units::Span;

/// A turn in the life of a connection.
#[derive(Clone, Debug)]
pub(crate) struct TurnAt {
    pub(crate) at: Span,
    pub(crate) what: Turn,
    /// The change that brings it; none for the start of the run.
    pub(crate) by: Option<String>,
}

/// The turns that a connection's life can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Connected when the run begins.
    Existing,
    /// The endpoint is created; whether the service accepts by itself at that time.
    Created {
        auto: bool,
    },
    Accepted,
    Denied,
    Deleted,
    ServiceDeleted,
}

impl TurnAt {
    /// How long somebody takes to accept, on average.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "means of times are not negative; saturates"
    )]
    pub(crate) fn mean_wait(&self, service: &Thing<EndpointService>) -> Span {
        match (self.what, &service.spec.desk.approval) {
            (Turn::Created { auto: false }, Some(law)) => {
                Span::from_nanos(law.mean().round() as u64)
            }
            (Turn::Created { auto: false }, None) => Span::from_nanos(u64::MAX),
            _ => Span::ZERO,
        }
    }
}

/// What keeps an endpoint from coming to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Its account is not on the whitelist when it asks, nor later.
    Account,
    /// Its region is closed to new endpoints when it asks.
    Region,
}

/// The turns of an endpoint's life in order; none for one that never comes to be.
pub(crate) fn turns(endpoint: &Thing<Endpoint>, specs: &Specs) -> Vec<TurnAt> {
    endpoint
        .service(specs)
        .and_then(|service| life(endpoint, service, specs).ok())
        .unwrap_or_default()
}

/// What keeps an endpoint from ever coming to be, if something does.
pub(crate) fn refusal(endpoint: &Thing<Endpoint>, specs: &Specs) -> Option<Refusal> {
    life(endpoint, endpoint.service(specs)?, specs).err()
}

fn life(
    endpoint: &Thing<Endpoint>,
    service: &Thing<EndpointService>,
    specs: &Specs,
) -> Result<Vec<TurnAt>, Refusal> {
    let own = changes_of(specs, &endpoint.full());
    let theirs = changes_of(specs, &service.full());
    let deed =
        |c: &&&Thing<Change>, deed: Deed| matches!(&c.spec.act, Act::Deed(d) if d.value == deed);
    let mut created = own.iter().find(|c| deed(c, Deed::Create));
    let mut asked = created.map_or(Span::ZERO, |c| c.spec.at.value);
    // Nobody connects to what is not there yet, or only being created.
    if let Some(offered) = theirs.iter().find(|c| deed(c, Deed::Create)) {
        let ready =
            offered.spec.at.value.nanos().saturating_add(service.spec.desk.transition.nanos());
        if ready > asked.nanos() {
            (created, asked) = (Some(offered), Span::from_nanos(ready));
        }
    }
    let mut turns = Vec::new();
    let (from, by) = match let_in(endpoint, service, &theirs, asked) {
        None => return Err(Refusal::Account),
        Some((at, by)) if at > asked => (at, by),
        Some(_) => (asked, created.map(|c| c.name.clone())),
    };
    let what = match by {
        None => Turn::Existing,
        Some(_) => {
            let later = theirs
                .iter()
                .rfind(|c| c.spec.at.value <= from && matches!(c.spec.act, Act::AutoAccept(_)));
            let auto = match later.map(|c| &c.spec.act) {
                Some(Act::AutoAccept(auto)) => *auto,
                _ => service.spec.desk.auto_accept,
            };
            Turn::Created { auto }
        }
    };
    // A region that is closed takes no new endpoints; those that are there stay.
    if what != Turn::Existing && !endpoint.is_let_in_from_afar(service, &theirs, from, specs) {
        return Err(Refusal::Region);
    }
    turns.push(TurnAt { at: from, what, by });
    let mut later: Vec<_> = own.iter().chain(&theirs).filter(|c| c.spec.at.value >= from).collect();
    later.sort_by_key(|c| (c.spec.at.value, c.name.clone()));
    for change in later {
        let Act::Deed(deed) = &change.spec.act else { continue };
        let what = match (deed.value, change.spec.of.kind) {
            (Deed::Accept, _) => Turn::Accepted,
            (Deed::Deny, _) => Turn::Denied,
            (Deed::Delete, "endpoint") => Turn::Deleted,
            (Deed::Delete, _) => Turn::ServiceDeleted,
            _ => continue,
        };
        turns.push(TurnAt { at: change.spec.at.value, what, by: Some(change.name.clone()) });
    }
    Ok(turns)
}

/// When the whitelist lets an endpoint in that asks from an instant on, and the change that does.
fn let_in(
    endpoint: &Thing<Endpoint>,
    service: &Thing<EndpointService>,
    theirs: &[&Thing<Change>],
    asked: Span,
) -> Option<(Span, Option<String>)> {
    let Some(listed) = &service.spec.desk.whitelist else { return Some((asked, None)) };
    let Some(own) = &endpoint.spec.account else { return Some((asked, None)) };
    if service.spec.desk.account.as_ref() == Some(own) {
        return Some((asked, None)); // the provider's own account is always let in (P-06)
    }
    let fits = |account: &String| account == "*" || account == own;
    let mut entries: Vec<&String> = listed.iter().filter(|a| fits(a)).collect();
    let open = |entries: &[&String]| !entries.is_empty();
    for change in theirs {
        if change.spec.at.value > asked && open(&entries) {
            break;
        }
        let Act::Whitelist { account, add, .. } = &change.spec.act else { continue };
        match add {
            true if fits(account) => entries.push(account),
            true => {}
            false => entries.retain(|a| *a != account),
        }
        if change.spec.at.value > asked && open(&entries) {
            return Some((change.spec.at.value, Some(change.name.clone())));
        }
    }
    open(&entries).then_some((asked, None))
}

macro_rules! reasons {
    ($list:ident: $($name:ident = $index:literal: $state:literal, $cause:literal, $shuts:expr;)*) => {
        $(pub(crate) const $name: u32 = $index;)*

        /// In order of precedence.
        pub(crate) fn $list(at_first: &[u32]) -> Vec<Reason> {
            let mut list = Vec::new();
            $(
                debug_assert_eq!(list.len(), $index, "reasons stand where their numbers say");
                list.push(Reason {
                    state: $state.into(),
                    cause: $cause.into(),
                    shuts: $shuts,
                    at_first: at_first.contains(&$index),
                });
            )*
            list
        }
    };
}

const HOLE: Option<Manner> = Some(Manner::BlackHole);
const RESET: Option<Manner> = Some(Manner::Reset);

/// Reasons of a connection that is not Connected.
pub(crate) mod connection {
    use super::{HOLE, Manner, RESET, Reason};
    reasons! { reasons:
        ABSENT = 0: "No connection", "endpoint not created yet", HOLE;
        GONE = 1: "No connection", "endpoint deleted", RESET;
        SERVICE_DELETED = 2: "Service Deleted", "service deleted", RESET;
        DELETING = 3: "Deleting", "endpoint is being deleted", HOLE;
        DISCONNECTING = 4: "Disconnecting", "denied", HOLE;
        SERVICE_OVERDUE = 5: "Disconnected", "service overdue", HOLE;
        OVERDUE = 6: "Disconnected", "endpoint overdue", HOLE;
        DENIED = 7: "Disconnected", "denied", HOLE;
        NOT_ALLOWED = 8: "Disconnected", "not accepted yet", HOLE;
        CONNECTING = 9: "Connecting", "accepted", HOLE;
        MODIFYING = 10: "Modifying", "changed", HOLE;
    }

    /// The same where Modifying carries.
    pub(crate) fn carrying(at_first: &[u32]) -> Vec<Reason> {
        let mut list = reasons(at_first);
        list[MODIFYING as usize].shuts = None::<Manner>;
        list
    }
}

/// Reasons of a zone's part of a connection.
pub(crate) mod zone {
    use super::{HOLE, RESET, Reason};
    reasons! { reasons:
        ABSENT = 0: "No network card", "zone not added yet", None;
        REMOVED = 1: "No network card", "zone removed", RESET;
        REPLACED = 2: "No network card", "replaced", RESET;
        LEFT = 3: "Disconnected", "the service left the zone", HOLE;
        CUT = 4: "Disconnected", "zone disconnected", HOLE;
    }
}

/// Reasons of an endpoint or service that is not Available.
pub(crate) mod owner {
    use super::Reason;
    reasons! { reasons:
        ABSENT = 0: "None", "not created yet", None;
        GONE = 1: "None", "deleted", None;
        DELETING = 2: "Deleting", "deleted", None;
        CREATING = 3: "Creating", "created", None;
        MODIFYING = 4: "Modifying", "changed", None;
    }
}

/// Reasons of a throttle that is not in force.
pub(crate) mod throttle {
    use super::Reason;
    reasons! { reasons:
        OPEN = 0: "Exposed", "connected before its own throttle was set", None;
    }
}
