//! What a provider or a consumer does at an instant of the run: a plan that is rehearsed.
//!
//! | of | keys |
//! |---|---|
//! | endpoint, its state | `action`: accept, create, delete, deny, overdue, paid |
//! | endpoint, bandwidth | `throttle`, `ceiling` |
//! | endpoint, zones | `add_zone`, `remove_zone`, `connect_zone`, `disconnect_zone` |
//! | endpoint, resources | `allocate`, `replace` |
//! | service, its state | `action`: create, delete, overdue, paid |
//! | service, resources | `attach`, `detach`, `automatic_allocation`, `add_zone`, `remove_zone` |
//! | service, who comes in | `auto_accept`, `whitelist_add`, `whitelist_remove`, `add_region`, `remove_region` |
//! | service, bandwidth | `default_throttle` |
//!
//! ```toml
//! [change.tighter]
//! at = "10 min"
//! of = "endpoint.shop"
//! throttle = "500 Mbps"        # X-64; "none" switches it off
//! ```
//!
//! A change says one thing; several at one instant take effect in the order of their names, but what
//! is done to an endpoint at the instant of its creation comes after that; two that contradict each
//! other are refused. It becomes steps in the
//! life of its endpoints (`endpoint/life.rs`), and stands in the report's timeline beside the faults.
//! Which rows it serves is said where it takes effect. Leaves out: the API calls behind it and how
//! long they take, but for `transition` of the service.

pub(crate) mod already;
mod effects;
mod rules;
mod ties;

use super::{Kind, Specs, Thing};
use crate::scenario::context::{Context, Ref, wrong_type};
use crate::scenario::diagnostic::{Diagnostic, Place};
use crate::scenario::read::{Above0, Read};
use crate::scenario::reader::{Given, Reader, word};
use crate::scenario::tree::{Node, Value};
use crate::units::{Rate, Span};

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) at: Given<Span>,
    pub(crate) of: Ref,
    pub(crate) act: Act,
}

/// What is done.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Deed(Given<Deed>),
    /// The throttle of one connection; none switches it off.
    Throttle(Given<Option<Rate>>),
    DefaultThrottle(Given<Above0<Rate>>),
    Ceiling(Given<Above0<Rate>>),
    /// A zone is added or removed.
    Zone {
        zone: Ref,
        add: bool,
    },
    /// The connection of one zone is allowed or cut (X-41, X-47).
    ZoneConnection {
        zone: Ref,
        connect: bool,
    },
    /// A zone's connection gets a resource by hand, or automatically (none).
    Allocate {
        zone: Ref,
        resource: Option<Ref>,
    },
    Replace(Replace),
    /// A resource joins the service or leaves it.
    Resource {
        balancer: Ref,
        attach: bool,
    },
    /// Whether a resource is open to automatic allocation.
    Automatic {
        balancer: Ref,
        on: bool,
    },
    AutoAccept(bool),
    Whitelist {
        account: String,
        add: bool,
        place: Place,
    },
    Region {
        region: Ref,
        add: bool,
    },
}

/// What can be done in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Accept,
    Create,
    Delete,
    Deny,
    Overdue,
    Paid,
}

/// Another resource for a zone without disconnecting it (X-49 to X-54).
#[derive(Clone, Debug)]
pub(crate) struct Replace {
    pub(crate) zone: Ref,
    pub(crate) by: Ref,
    pub(crate) manner: Given<Migration>,
}

/// How a resource is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Migration {
    /// The old resource leaves at once, and its connections break.
    Forcible,
    /// A new ENI first; the old address leaves the record after `overlap`, and the old ENI goes
    /// after `drain`.
    Smooth { overlap: Span, drain: Span },
}

const DEEDS: &[(&str, Deed)] = &[
    ("accept", Deed::Accept),
    ("create", Deed::Create),
    ("delete", Deed::Delete),
    ("deny", Deed::Deny),
    ("overdue", Deed::Overdue),
    ("paid", Deed::Paid),
];

/// Keys that say what is done, and of which kinds it can be done; sorted.
const ACTS: &[(&str, &[&str])] = &[
    ("action", &["endpoint", "endpoint_service"]),
    ("add_region", &["endpoint_service"]),
    ("add_zone", &["endpoint", "endpoint_service"]),
    ("allocate", &["endpoint"]),
    ("attach", &["endpoint_service"]),
    ("auto_accept", &["endpoint_service"]),
    ("automatic_allocation", &["endpoint_service"]),
    ("ceiling", &["endpoint"]),
    ("connect_zone", &["endpoint"]),
    ("default_throttle", &["endpoint_service"]),
    ("detach", &["endpoint_service"]),
    ("disconnect_zone", &["endpoint"]),
    ("remove_region", &["endpoint_service"]),
    ("remove_zone", &["endpoint", "endpoint_service"]),
    ("replace", &["endpoint"]),
    ("throttle", &["endpoint"]),
    ("whitelist_add", &["endpoint_service"]),
    ("whitelist_remove", &["endpoint_service"]),
];

impl Kind for Change {
    const NAME: &'static str = "change";
    const DOC: &'static str = "what a provider or consumer does at an instant of the run";

    fn read(r: &Reader<'_>) -> Option<Self> {
        let place = r.place_of("at");
        let at = r.req::<Span>("at").map(|value| Given { value, place });
        let of = r.req_reference("of", &["endpoint", "endpoint_service"]);
        let keys: Vec<_> = ACTS.iter().map(|a| a.0).collect();
        let key = r.one_of(&keys);
        let act = key.and_then(|key| read_act(r, key));
        let (of, key) = of.zip(key)?;
        fits(r, &of, key)?;
        Some(Self { at: at?, of, act: act? })
    }

    fn check(thing: &Thing<Self>, specs: &Specs, cx: &Context) {
        rules::check(thing, specs, cx);
    }
}

/// Complains about what cannot be done to a thing of this kind.
fn fits(r: &Reader<'_>, of: &Ref, key: &str) -> Option<()> {
    let can = |act: &&(&str, &[&str])| act.1.contains(&of.kind);
    if ACTS.iter().any(|a| a.0 == key && a.1.contains(&of.kind)) {
        return Some(());
    }
    let thing = of.kind.replace('_', " ");
    let known: Vec<_> = ACTS.iter().filter(can).map(|a| a.0).collect();
    let message = format!("`{key}` is nothing that is done to an {thing}");
    r.cx.complain(
        Diagnostic::error("change", r.place_of(key), message)
            .also(of.place, "what it is done to")
            .help(format!("what can be done to it: {}", known.join(", "))),
    );
    None
}

fn read_act(r: &Reader<'_>, key: &'static str) -> Option<Act> {
    let node = r.node(key)?;
    let zone = || r.reference(key, &["zone"]);
    let balancer = || r.reference(key, &["load_balancer"]);
    Some(match key {
        "action" => Act::Deed(Given { value: r.word(key, DEEDS)?, place: node.place }),
        "throttle" => Act::Throttle(throttle(node, r.cx)?),
        "default_throttle" => Act::DefaultThrottle(r.given(key)?),
        "ceiling" => Act::Ceiling(r.given(key)?),
        "add_zone" | "remove_zone" => Act::Zone { zone: zone()?, add: key == "add_zone" },
        "connect_zone" | "disconnect_zone" => {
            Act::ZoneConnection { zone: zone()?, connect: key == "connect_zone" }
        }
        "allocate" => allocate(node, r.cx)?,
        "replace" => Act::Replace(replace(node, r.cx)?),
        "attach" | "detach" => Act::Resource { balancer: balancer()?, attach: key == "attach" },
        "automatic_allocation" => automatic(node, r.cx)?,
        "auto_accept" => Act::AutoAccept(r.opt(key)?),
        "add_region" | "remove_region" => {
            Act::Region { region: r.reference(key, &["region"])?, add: key == "add_region" }
        }
        _ => {
            let account = r.opt::<String>(key)?;
            Act::Whitelist { account, add: key == "whitelist_add", place: node.place }
        }
    })
}

/// A bandwidth, or `"none"`.
fn throttle(node: &Node, cx: &Context) -> Option<Given<Option<Rate>>> {
    let off = matches!(&node.value, Value::Text(text) if text == "none");
    let value = if off { None } else { Some(Above0::<Rate>::read(node, cx)?.0) };
    Some(Given { value, place: node.place })
}

/// `{ zone, resource }`, the resource `"auto"` or a load balancer.
fn allocate(node: &Node, cx: &Context) -> Option<Act> {
    let r = Reader::of(cx, node, "allocate")?;
    let zone = r.req_reference("zone", &["zone"]);
    let resource = r.req_node("resource", "\"auto\" | \"load_balancer.name\"").and_then(|node| {
        match &node.value {
            Value::Text(text) if text == "auto" => Some(None),
            Value::Text(text) => cx.resolve(text, node.place, &["load_balancer"]).map(Some),
            _ => {
                cx.complain(wrong_type(node, "\"auto\" or the name of a load balancer"));
                None
            }
        }
    });
    r.done();
    Some(Act::Allocate { zone: zone?, resource: resource? })
}

/// `{ resource, on }`.
fn automatic(node: &Node, cx: &Context) -> Option<Act> {
    let r = Reader::of(cx, node, "automatic_allocation")?;
    let balancer = r.req_reference("resource", &["load_balancer"]);
    let on = r.req::<bool>("on");
    r.done();
    Some(Act::Automatic { balancer: balancer?, on: on? })
}

/// `{ zone, by, manner, overlap, drain }`.
fn replace(node: &Node, cx: &Context) -> Option<Replace> {
    let r = Reader::of(cx, node, "replace")?;
    let zone = r.req_reference("zone", &["zone"]);
    let by = r.req_reference("by", &["load_balancer"]);
    let smooth = r.node("manner").is_none_or(|node| {
        word(node, cx, &[("forcible", false), ("smooth", true)]).unwrap_or(true)
    });
    let place = r.place_of("manner");
    let manner = if smooth {
        let overlap = r.or("overlap", Span::ZERO);
        let drain = r.req_node("drain", "\"3 min\"");
        let drain = drain.and_then(|_| r.opt::<Above0<Span>>("drain")).map(|d| d.0);
        drain.map(|drain| Migration::Smooth { overlap, drain })
    } else {
        for key in ["drain", "overlap"] {
            if r.has(key) {
                let message = format!("a forcible replacement has no `{key}`");
                cx.complain(
                    Diagnostic::error("exclusive", r.place_of(key), message)
                        .also(place, "the old resource leaves at once")
                        .help(format!("leave `{key}` out, or write manner = \"smooth\"")),
                );
            }
        }
        Some(Migration::Forcible)
    };
    r.done();
    Some(Replace { zone: zone?, by: by?, manner: Given { value: manner?, place } })
}

impl Thing<Change> {
    /// What happens, in words, for charts and tables.
    pub(crate) fn label(&self) -> String {
        let of = format!("{} {}", self.spec.of.kind.replace('_', " "), self.spec.of.name);
        let what = match &self.spec.act {
            Act::Deed(deed) => match deed.value {
                Deed::Accept => "is accepted".into(),
                Deed::Create => "is created".into(),
                Deed::Delete => "is deleted".into(),
                Deed::Deny => "is denied".into(),
                Deed::Overdue => "is overdue".into(),
                Deed::Paid => "is paid".into(),
            },
            Act::Throttle(Given { value: Some(rate), .. }) => format!("throttled at {rate}"),
            Act::Throttle(_) => "not throttled any more".into(),
            Act::DefaultThrottle(rate) => format!("throttles new connections at {}", rate.value.0),
            Act::Ceiling(rate) => format!("may grow to {}", rate.value.0),
            Act::Zone { zone, add: true } => format!("gets zone {}", zone.name),
            Act::Zone { zone, .. } => format!("loses zone {}", zone.name),
            Act::ZoneConnection { zone, connect: true } => format!("connects zone {}", zone.name),
            Act::ZoneConnection { zone, .. } => format!("disconnects zone {}", zone.name),
            Act::Allocate { zone, resource: Some(r) } => {
                format!("is given {} in zone {}", r.name, zone.name)
            }
            Act::Allocate { zone, .. } => format!("is given any resource in zone {}", zone.name),
            Act::Replace(it) => {
                let how = match it.manner.value {
                    Migration::Forcible => "forcibly",
                    Migration::Smooth { .. } => "smoothly",
                };
                format!("moves {how} to {} in zone {}", it.by.name, it.zone.name)
            }
            Act::Resource { balancer, attach: true } => format!("gets resource {}", balancer.name),
            Act::Resource { balancer, .. } => format!("loses resource {}", balancer.name),
            Act::Automatic { balancer, on: true } => {
                format!("allocates {} by itself", balancer.name)
            }
            Act::Automatic { balancer, .. } => format!("allocates {} by hand", balancer.name),
            Act::AutoAccept(true) => "accepts by itself".into(),
            Act::AutoAccept(false) => "accepts by hand".into(),
            Act::Whitelist { account, add: true, .. } => format!("lets {account} in"),
            Act::Whitelist { account, .. } => format!("lets {account} in no more"),
            Act::Region { region, add: true } => format!("opens to region {}", region.name),
            Act::Region { region, .. } => format!("closes to region {}", region.name),
        };
        format!("{of} {what}")
    }
}

/// Complains about changes that come after the end.
pub(crate) fn check_times(specs: &Specs, horizon: Span, cx: &Context) {
    for change in specs.change.values().filter(|c| c.spec.at.value >= horizon) {
        let at = &change.spec.at;
        let message =
            format!("`{}` is at {}, but the run ends at {horizon}", change.full(), at.value);
        cx.complain(Diagnostic::warning("change", at.place, message));
    }
    check_addresses(specs, horizon, cx);
}

/// The same of egress addresses.
fn check_addresses(specs: &Specs, horizon: Span, cx: &Context) {
    for proxy in specs.maxcompute.values() {
        for late in proxy.spec.egress.changes.iter().filter(|c| c.at.value >= horizon) {
            let message = format!(
                "addresses of `{}` change at {}, but the run ends at {horizon}",
                proxy.full(),
                late.at.value
            );
            cx.complain(Diagnostic::warning("change", late.at.place, message));
        }
    }
}

/// The changes of a thing, in order of time and name.
pub(crate) fn changes_of<'s>(specs: &'s Specs, full: &str) -> Vec<&'s Thing<Change>> {
    let mut found: Vec<_> = specs.change.values().filter(|c| c.spec.of.full() == full).collect();
    found.sort_by_key(|c| (c.spec.at.value, c.name.clone()));
    found
}

#[cfg(test)]
mod tests {
    use crate::scenario::testing::{codes, load, service};

    fn with(change: &str) -> String {
        format!(
            "{}[endpoint.e]\nservice = \"svc\"\nzones = [\"a\", \"b\"]\ncreated_at = 2026-03-01\n\
             [change.x]\nat = \"10 s\"\n{change}\n",
            service("nlb")
        )
    }

    #[test]
    fn a_change_says_one_thing_that_can_be_done() {
        let seen = |change: &str| codes(&with(change), "\"endpoint.e\"");
        assert!(seen("of = \"endpoint.e\"\nthrottle = \"500 Mbps\"").is_empty());
        assert_eq!(seen("of = \"endpoint.e\""), ["missing-key"]);
        assert_eq!(seen("of = \"endpoint.e\"\nattach = \"lb\""), ["change"]);
        assert_eq!(seen("of = \"endpoint_service.svc\"\nthrottle = \"1 Gbps\""), ["change"]);
        let two = "of = \"endpoint.e\"\nthrottle = \"1 Gbps\"\nremove_zone = \"b\"";
        assert_eq!(seen(two), ["exclusive"]);
        assert_eq!(seen("of = \"endpoint.e\"\naction = \"acept\""), ["word"]);
        let said = load(&with("of = \"endpoint.e\"\nthrotle = \"1 Gbps\""), "\"endpoint.e\"");
        assert!(said.unwrap_err().contains("did you mean `throttle`?"));
    }

    #[test]
    fn the_list_is_sorted() {
        assert!(super::ACTS.is_sorted_by_key(|a| a.0));
        assert!(super::DEEDS.is_sorted_by_key(|d| d.0));
    }
}
