//! What a scenario can be made of: one file per kind of thing, one line per kind in the list below.
//!
//! A kind is a spec struct (as written), how it is read, its rules, and the primitives it becomes.
//! Cloud words live here and nowhere else.
//!
//! Facts cite rows (`P-40`) of an inventory made of five documents, by these keys: 000 MaxCompute
//! network connection, 001 PrivateLink overview, 002 PAI-EAS network configuration, 003 PrivateLink
//! endpoint services, 004 cloud services over Express Connect. Marks of other figures: A current
//! vendor documentation, B older vendor documentation or provider docs, C another vendor or a
//! public measurement, D computed or inferred here. Row ids are the codes of the rules.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::context::{Context, Step, wrong_type};
use super::diagnostic::{Diagnostic, Place};
use super::life;
use super::lowering::{Fragment, Lowering};
use super::reader::Reader;
use super::tree::{Node, Table, Value};
use crate::plan::{Hop, Life};

/// A kind of thing.
pub(crate) trait Kind: Sized {
    /// Its table: `link` for `[link.x]`.
    const NAME: &'static str;
    /// What it is, in one line, for an architect.
    const DOC: &'static str;
    /// It is a component: it can be up or down as a whole.
    const FAILS: bool = false;
    /// Paths and routes can go through it.
    const PATH: bool = false;
    /// Paths can cross it against its direction.
    const AGAINST: bool = false;
    /// It has a capacity that a fault can change.
    const CAPACITY: bool = false;
    /// It is lowered even when no path goes through it.
    const ALWAYS: bool = false;

    /// Reads the spec. Asks for every key before giving up, so that all are known to the reader.
    fn read(r: &Reader<'_>) -> Option<Self>;

    /// Complains about what contradicts the documents or other things.
    fn check(_thing: &Thing<Self>, _specs: &Specs, _cx: &Context) {}

    /// The primitives it becomes, as the hops of a path through it.
    fn lower(_thing: &Thing<Self>, _l: &mut Lowering<'_>) -> Fragment {
        Fragment::default()
    }
}

/// A spec with its name and the place of its name.
#[derive(Clone, Debug)]
pub(crate) struct Thing<T> {
    pub(crate) name: String,
    pub(crate) place: Place,
    /// How it fails by itself, if it says so.
    pub(crate) life: Option<Life>,
    pub(crate) spec: T,
}

impl<T: Kind> Thing<T> {
    /// `link.a`
    pub(crate) fn full(&self) -> String {
        format!("{}.{}", T::NAME, self.name)
    }
}

/// Things of one kind, by name.
pub(crate) type Things<T> = BTreeMap<String, Thing<T>>;

/// What the list of kinds says of one.
#[derive(Clone, Copy, Debug)]
pub struct KindDoc {
    /// Its table: `link` for `[link.x]`.
    pub name: &'static str,
    /// What it is, in one line.
    pub doc: &'static str,
    /// Whether paths and routes can go through it.
    pub on_paths: bool,
    fails: bool,
    against: bool,
    capacity: bool,
    keys: fn() -> Vec<&'static str>,
}

impl KindDoc {
    /// The keys of its table, sorted.
    ///
    /// ```
    /// let pool = highwater::scenario::kinds().iter().find(|k| k.name == "pool").unwrap();
    /// assert_eq!(pool.keys(), ["hold_after", "lack", "on_full", "scope", "units"]);
    /// ```
    pub fn keys(&self) -> Vec<&'static str> {
        (self.keys)()
    }
}

/// The keys that reading an empty table asks for: the reader itself is the list.
fn keys_of<T: Kind>() -> Vec<&'static str> {
    let empty = Table::default();
    let cx = Context::new(std::path::PathBuf::new(), Vec::new(), &empty);
    let r = Reader::new(&cx, &empty, Place::default(), T::NAME.to_owned());
    T::read(&r);
    read_life::<T>(&r);
    r.asked()
}

macro_rules! kinds {
    ($($module:ident::$kind:ident,)*) => {
        $(pub(crate) mod $module;)*

        /// Everything declared that could be read, by kind.
        pub(crate) struct Specs {
            $(pub(crate) $module: Things<$module::$kind>,)*
        }

        static KINDS: &[KindDoc] = &[$(KindDoc {
            name: $module::$kind::NAME,
            doc: $module::$kind::DOC,
            on_paths: $module::$kind::PATH,
            fails: $module::$kind::FAILS,
            against: $module::$kind::AGAINST,
            capacity: $module::$kind::CAPACITY,
            keys: keys_of::<$module::$kind>,
        },)*];

        impl Specs {
            /// Reads every table of every kind.
            pub(crate) fn read(root: &Table, cx: &Context) -> Self {
                Self { $($module: read_things(root, cx),)* }
            }

            /// Applies every rule.
            pub(crate) fn check(&self, cx: &Context) {
                $(for thing in self.$module.values() {
                    Kind::check(thing, self, cx);
                })*
            }

            /// The lives of all that state one.
            pub(crate) fn lives(&self) -> Vec<&Life> {
                let mut lives = Vec::new();
                $(lives.extend(self.$module.values().filter_map(|thing| thing.life.as_ref()));)*
                lives
            }

            /// Declares the components, and lowers what is lowered unasked.
            pub(crate) fn lower_always(&self, l: &mut Lowering<'_>) {
                $(if $module::$kind::FAILS {
                    for thing in self.$module.values() {
                        let id = l.component(&thing.full());
                        let it = &mut l.plan.components[id.index()];
                        it.label = $module::$kind::NAME.replace('_', " ");
                        it.life = thing.life.clone();
                    }
                })*
                $(if $module::$kind::ALWAYS {
                    for name in self.$module.keys() {
                        l.fragment($module::$kind::NAME, name, false);
                    }
                })*
            }

            /// Lowers one thing; the name was checked when it was read.
            pub(crate) fn lower(
                &self,
                kind: &str,
                name: &str,
                l: &mut Lowering<'_>,
            ) -> Fragment {
                $(if kind == $module::$kind::NAME {
                    let thing = &self.$module[name];
                    return Kind::lower(thing, l);
                })*
                Fragment::default()
            }
        }
    };
}

// Sorted by name; the order of lowering and of the docs.
kinds! {
    access_point::AccessPoint,
    alert::Alert,
    backend::Backend,
    change::Change,
    circuit::Circuit,
    circuit_group::CircuitGroup,
    component::Component,
    delay::Delay,
    eas::Eas,
    endpoint::Endpoint,
    endpoint_service::EndpointService,
    express_connect_router::ExpressConnectRouter,
    fabric::Fabric,
    internet::Internet,
    link::Link,
    load_balancer::LoadBalancer,
    maxcompute::MaxCompute,
    nat_gateway::NatGateway,
    peering::Peering,
    pool::Pool,
    region::Region,
    resolver::Resolver,
    risk::Risk,
    route::Route,
    route_table::RouteTable,
    security_group::SecurityGroup,
    selector::Selector,
    site::Site,
    station::Station,
    transit_router::TransitRouter,
    vbr::Vbr,
    vpc::Vpc,
    vpn::Vpn,
    vswitch::VSwitch,
    zone::Zone,
}

/// The hops of one step of a path where they hang on what comes before and after it.
pub(crate) fn in_context(steps: &[Step], at: usize, l: &mut Lowering<'_>) -> Option<Vec<Hop>> {
    let (what, after) = (&steps[at].what, &steps[at + 1..]);
    match what.kind {
        eas::Eas::NAME if !after.is_empty() => Some(eas::calling(&what.name, l)),
        maxcompute::MaxCompute::NAME if !after.is_empty() => {
            Some(maxcompute::through(&what.name, after, l))
        }
        nat_gateway::NatGateway::NAME => {
            Some(nat_gateway::through(&what.name, &steps[..at], after, l))
        }
        _ => None,
    }
}

/// Every kind, sorted by name.
pub fn kinds() -> &'static [KindDoc] {
    KINDS
}

fn chosen(which: fn(&KindDoc) -> bool) -> Vec<&'static str> {
    KINDS.iter().filter(|k| which(k)).map(|k| k.name).collect()
}

/// Kinds that paths and routes can go through.
pub(crate) static PATH: LazyLock<Vec<&'static str>> = LazyLock::new(|| chosen(|k| k.on_paths));
/// Kinds that are up or down as a whole.
pub(crate) static FAILING: LazyLock<Vec<&'static str>> = LazyLock::new(|| chosen(|k| k.fails));
/// Kinds that a shared risk can take down.
pub(crate) static RISKED: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| chosen(|k| k.fails && k.name != risk::Risk::NAME));
/// Kinds that paths can cross against their direction.
pub(crate) static AGAINST: LazyLock<Vec<&'static str>> = LazyLock::new(|| chosen(|k| k.against));
/// Kinds whose capacity a fault can change.
pub(crate) static CAPACITY: LazyLock<Vec<&'static str>> = LazyLock::new(|| chosen(|k| k.capacity));

fn read_things<T: Kind>(root: &Table, cx: &Context) -> Things<T> {
    named_tables(root, T::NAME, cx)
        .into_iter()
        .filter_map(|(name, r)| {
            let place = r.place;
            let read = cx.reading(T::NAME, &name, || {
                let (spec, life) = (T::read(&r), read_life::<T>(&r));
                r.done();
                Some((spec?, life))
            });
            let (spec, life) = read?;
            Some((name.clone(), Thing { name, place, life, spec }))
        })
        .collect()
}

/// The life of a thing of a kind that can fail.
fn read_life<T: Kind>(r: &Reader<'_>) -> Option<Life> {
    if T::FAILS { life::read(r) } else { None }
}

/// Readers for the tables `[kind.x]`, each placed at its name.
pub(crate) fn named_tables<'a>(
    root: &'a Table,
    kind: &'static str,
    cx: &'a Context,
) -> Vec<(String, Reader<'a>)> {
    let Some(entry) = root.get(kind) else { return Vec::new() };
    let Value::Table(things) = &entry.node.value else {
        cx.complain(
            wrong_type(&entry.node, &format!("tables such as [{kind}.name]"))
                .help(format!("write one table per thing: [{kind}.name]")),
        );
        return Vec::new();
    };
    let mut readers = Vec::new();
    for (name, entry) in &things.entries {
        let Node { value: Value::Table(table), .. } = &entry.node else {
            cx.complain(
                wrong_type(&entry.node, &format!("a table [{kind}.{name}]"))
                    .help(format!("write one table per thing: [{kind}.name]")),
            );
            continue;
        };
        if is_name(name) {
            readers
                .push((name.clone(), Reader::new(cx, table, entry.key, format!("{kind}.{name}"))));
        } else {
            let message = format!("`{name}` cannot be a name");
            cx.complain(
                Diagnostic::error("name", entry.key, message)
                    .help("names have 1 to 64 letters, digits, `-` and `_`"),
            );
        }
    }
    readers
}

/// Whether a text is a name: 1 to 64 letters, digits, `-` and `_`.
pub(crate) fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_documented() {
        let names: Vec<_> = kinds().iter().map(|k| k.name).collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        assert_eq!(names, sorted);
        assert!(kinds().iter().all(|k| !k.doc.is_empty() && !k.doc.contains('\n')));
    }

    #[test]
    fn names() {
        assert!(is_name("a") && is_name("Zone-1_b") && is_name(&"x".repeat(64)));
        assert!(!is_name("") && !is_name("a.b") && !is_name("é") && !is_name(&"x".repeat(65)));
    }
}
