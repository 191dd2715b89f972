//! What a change would bring about and is so already, by a replay of those before it.

use std::collections::BTreeSet;

use super::super::endpoint::Endpoint;
use super::super::endpoint_service::EndpointService;
use super::super::{Specs, Thing};
use super::{Act, Change, changes_of};
use crate::scenario::context::Ref;
use crate::scenario::diagnostic::Place;
use crate::scenario::read::Account;

/// The zones that an endpoint has right before a change, and those of them that are disconnected.
pub(crate) fn zones_before<'s>(
    thing: &Thing<Change>,
    endpoint: &'s Thing<Endpoint>,
    specs: &'s Specs,
) -> (BTreeSet<&'s str>, BTreeSet<&'s str>) {
    let mut there: BTreeSet<&str> = endpoint.spec.zones.iter().map(|z| z.name.as_str()).collect();
    let mut cut = BTreeSet::new();
    let all = changes_of(specs, &endpoint.full());
    for change in all.into_iter().take_while(|c| c.name != thing.name) {
        match &change.spec.act {
            Act::Zone { zone, add: true } => {
                there.insert(&zone.name);
            }
            // A zone that comes back comes back connected.
            Act::Zone { zone, .. } => {
                there.remove(zone.name.as_str());
                cut.remove(zone.name.as_str());
            }
            Act::ZoneConnection { zone, connect: false } if there.contains(zone.name.as_str()) => {
                cut.insert(zone.name.as_str());
            }
            Act::ZoneConnection { zone, .. } => {
                cut.remove(zone.name.as_str());
            }
            _ => {}
        }
    }
    (there, cut)
}

/// Whether nothing comes of what is done to a zone: the endpoint does not have it then, or has it
/// already.
pub(crate) fn is_void(thing: &Thing<Change>, endpoint: &Thing<Endpoint>, specs: &Specs) -> bool {
    let (there, _) = zones_before(thing, endpoint, specs);
    let has = |zone: &Ref| there.contains(zone.name.as_str());
    match &thing.spec.act {
        Act::Zone { zone, add } => has(zone) == *add,
        Act::ZoneConnection { zone, .. } => !has(zone),
        _ => false,
    }
}

/// What of a service's desk changes can move, as it is before a change.
struct Desk<'s> {
    left: BTreeSet<&'s str>,
    attached: BTreeSet<&'s str>,
    by_hand: BTreeSet<&'s str>,
    regions: BTreeSet<&'s str>,
    /// Entries of the whitelist, if there is one.
    accounts: Option<BTreeSet<&'s str>>,
    auto_accept: bool,
}

impl<'s> Desk<'s> {
    fn before(
        thing: &Thing<Change>,
        service: &'s Thing<EndpointService>,
        specs: &'s Specs,
    ) -> Self {
        let desk = &service.spec.desk;
        let names = |refs: &'s [Ref]| refs.iter().map(|r| r.name.as_str()).collect::<BTreeSet<_>>();
        let mut attached = names(&desk.resources);
        attached.insert(&service.spec.load_balancer.name);
        let mut it = Self {
            left: BTreeSet::new(),
            attached,
            by_hand: names(&desk.manual_only),
            regions: names(&desk.regions),
            accounts: desk.whitelist.as_ref().map(|w| w.iter().map(String::as_str).collect()),
            auto_accept: desk.auto_accept,
        };
        let all = changes_of(specs, &service.full());
        for change in all.into_iter().take_while(|c| c.name != thing.name) {
            it.takes(&change.spec.act);
        }
        it
    }

    fn takes(&mut self, act: &'s Act) {
        let put = |set: &mut BTreeSet<&'s str>, name: &'s str, there: bool| match there {
            true => set.insert(name),
            false => set.remove(name),
        };
        match act {
            Act::Zone { zone, add } => {
                put(&mut self.left, &zone.name, !add);
            }
            Act::Resource { balancer, attach } => {
                put(&mut self.attached, &balancer.name, *attach);
            }
            Act::Automatic { balancer, on } => {
                put(&mut self.by_hand, &balancer.name, !on);
            }
            Act::Region { region, add } => {
                put(&mut self.regions, &region.name, *add);
            }
            Act::Whitelist { account, add, .. } => {
                if let Some(accounts) = &mut self.accounts {
                    put(accounts, account, *add);
                }
            }
            Act::AutoAccept(on) => self.auto_accept = *on,
            _ => {}
        }
    }
}

/// What a change of a service would bring about is so already.
pub(super) fn already(
    thing: &Thing<Change>,
    service: &Thing<EndpointService>,
    specs: &Specs,
) -> Option<(Place, String)> {
    let desk = Desk::before(thing, service, specs);
    let (place, message) = match &thing.spec.act {
        Act::Zone { zone, add } => {
            let (name, left) = (&zone.name, desk.left.contains(zone.name.as_str()));
            let message = match (service.zones(specs).iter().any(|z| z.name == *name), add) {
                (false, _) => format!("is not offered in zone `{name}`: `zones` lacks it"),
                (true, true) if !left => format!("is offered in zone `{name}` already"),
                (true, false) if left => format!("has left zone `{name}` already"),
                _ => return None,
            };
            (zone.place, message)
        }
        Act::Resource { balancer, attach } => {
            let name = &balancer.name;
            let message = match (attach, desk.attached.contains(name.as_str())) {
                (true, true) => format!("has resource `{name}` already"),
                (false, false) => format!("has no resource `{name}` then"),
                _ => return None,
            };
            (balancer.place, message)
        }
        Act::Automatic { balancer, .. }
            if !service.resources_ever(specs).iter().any(|r| r.name == balancer.name) =>
        {
            (balancer.place, format!("never has resource `{}`", balancer.name))
        }
        Act::Automatic { balancer, on } => {
            let name = &balancer.name;
            let message = match (on, desk.by_hand.contains(name.as_str())) {
                (true, false) => format!("allocates `{name}` by itself already"),
                (false, true) => format!("allocates `{name}` by hand already"),
                _ => return None,
            };
            (balancer.place, message)
        }
        Act::Region { region, add } => {
            let name = &region.name;
            let home = service.region(specs).is_some_and(|r| r.name == *name);
            let message = match (add, home || desk.regions.contains(name.as_str())) {
                (true, true) => format!("is open to region `{name}` already"),
                (false, false) => format!("is closed to region `{name}` already"),
                _ => return None,
            };
            (region.place, message)
        }
        // What is no account at all is refused.
        Act::Whitelist { account, .. } if account != "*" && !Account::is_uid(account) => {
            return None;
        }
        Act::Whitelist { account, add, place } => {
            let message = match (&desk.accounts, add) {
                (None, _) => "lets everybody in: it has no `whitelist`".to_owned(),
                (Some(list), true) if list.contains(account.as_str()) => {
                    format!("has `{account}` on its whitelist already")
                }
                (Some(list), false) if !list.contains(account.as_str()) => {
                    format!("has no `{account}` on its whitelist then")
                }
                _ => return None,
            };
            (*place, message)
        }
        Act::AutoAccept(on) if *on == desk.auto_accept => {
            let how = if *on { "itself" } else { "hand" };
            (thing.place, format!("accepts by {how} already"))
        }
        _ => return None,
    };
    Some((place, message))
}
