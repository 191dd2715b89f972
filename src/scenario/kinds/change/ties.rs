//! Changes of one thing at one instant: the order of their names is no plan.

use super::super::{Specs, Thing};
use super::{Act, Change, Deed, changes_of};
use crate::scenario::context::Context;
use crate::scenario::diagnostic::Diagnostic;

/// Refuses a change that contradicts another one of its instant, and tells one that repeats it.
pub(super) fn check(thing: &Thing<Change>, specs: &Specs, cx: &Context) {
    let Some((what, told)) = subject(&thing.spec.act) else { return };
    let at = thing.spec.at.value;
    let full = thing.spec.of.full();
    let same = |c: &&Thing<Change>| {
        c.spec.at.value == at && subject(&c.spec.act).is_some_and(|(other, _)| other == what)
    };
    let mut before = changes_of(specs, &full);
    before.retain(|c| c.name < thing.name);
    let tied = before.into_iter().rfind(same);
    let Some(tied) = tied else { return };
    if tied.label() != thing.label() {
        let (this, other) = (thing.full(), tied.full());
        let message = format!("`{this}` and `{other}` contradict each other at {at}");
        cx.complain(
            Diagnostic::error("change", thing.spec.at.place, message)
                .label(thing.label())
                .also(tied.spec.at.place, tied.label())
                .reason("of one instant, which of them counts would hang on their names")
                .help("leave one of them out, or give them two instants"),
        );
    } else if !told {
        let message = format!("`{}` says at {at} what `{}` says", thing.full(), tied.full());
        cx.complain(
            Diagnostic::warning("change", thing.spec.at.place, message)
                .label("nothing is done")
                .also(tied.spec.at.place, "said here")
                .help("leave one of them out"),
        );
    }
}

/// What a change is about: two that are about the same of one thing overwrite each other. And whether
/// it is told elsewhere if it brings about what is so already.
fn subject(act: &Act) -> Option<((&'static str, &str), bool)> {
    let about = match act {
        Act::Deed(deed) => match deed.value {
            Deed::Accept | Deed::Deny => ("consent", ""),
            Deed::Overdue | Deed::Paid => ("payment", ""),
            // What is done at the instant of a creation comes after it.
            Deed::Create | Deed::Delete => return None,
        },
        Act::Throttle(_) => return Some((("throttle", ""), false)),
        Act::DefaultThrottle(_) => return Some((("default_throttle", ""), false)),
        Act::Ceiling(_) => return Some((("ceiling", ""), false)),
        Act::Allocate { zone, .. } => return Some((("allocate", &zone.name), false)),
        Act::Zone { zone, .. } => ("zone", zone.name.as_str()),
        Act::ZoneConnection { zone, .. } => ("connection", zone.name.as_str()),
        // A zone's resource is replaced once.
        Act::Replace(_) => return None,
        Act::Resource { balancer, .. } => ("resource", balancer.name.as_str()),
        Act::Automatic { balancer, .. } => ("automatic", balancer.name.as_str()),
        Act::AutoAccept(_) => ("auto_accept", ""),
        Act::Whitelist { account, .. } => ("whitelist", account.as_str()),
        Act::Region { region, .. } => ("region", region.name.as_str()),
    };
    Some((about, true))
}
