//! A risk that several things share: what fails one of them fails all.
//!
//! | fact | value | source |
//! |---|---|---|
//! | different providers for different access points | | C-23 (004) |
//! | access routes and campus lines as diverse as possible | | C-25 |
//!
//! ```text
//!             ┌─> circuit.c1        down while the risk is, whatever else they are
//! [risk.x] ───┼─> circuit.c2
//!             └─> site.hq
//! ```
//!
//! A building entry, a conduit, a provider, a release of software: declared once, it is a component that
//! takes its members down with it, by a fault (`component_down = "risk.x"`) or at random by its own `mtbf`
//! and `mttr`. Circuits that name their `line`, `duct` or `isp` as components share these without it. Two
//! circuits of one group in a risk are told as a shared duct is (C-25). Leaves out: members that survive with
//! some probability; risks of risks.

use super::{Kind, RISKED, Specs, Thing};
use crate::scenario::context::{Context, Ref};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::lowering::{Fragment, Lowering};
use crate::scenario::reader::Reader;

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Risk {
    /// What it takes down.
    pub(crate) members: Vec<Ref>,
}

impl Kind for Risk {
    const NAME: &'static str = "risk";
    const DOC: &'static str = "what fails several things at once: a building entry, a conduit";
    const FAILS: bool = true;
    const ALWAYS: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        r.req_references("members", &RISKED).map(|members| Self { members })
    }

    fn check(thing: &Thing<Self>, _: &Specs, cx: &Context) {
        if let [only] = &thing.spec.members[..] {
            let message = format!("`{}` is shared by nobody: it has one member", thing.full());
            cx.complain(
                Diagnostic::warning("risk", only.place, message)
                    .help("name another member, or give this one the life of the risk"),
            );
        }
    }

    fn lower(thing: &Thing<Self>, l: &mut Lowering<'_>) -> Fragment {
        let id = l.component(&thing.full());
        l.plan.components[id.index()].takes = l.needs(&thing.spec.members);
        Fragment::default()
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::testing::{codes, load};

    const TWO: &str = "[access_point.e]\n[access_point.w]\n[circuit.c]\nport = \"10 Gbps\"\n\
                       access_point = \"e\"\n[circuit.d]\nport = \"10 Gbps\"\naccess_point = \"w\"\n";
    const PATH: &str = "\"circuit.c\"";

    fn risk(members: &str) -> String {
        format!("{TWO}[risk.entry]\nmembers = [{members}]\nmtbf = \"900 d\"\nmttr = \"1 d\"\n")
    }

    #[test]
    fn it_takes_its_members() {
        let plan = load(&risk("\"circuit.c\", \"circuit.d\""), PATH).unwrap().plan;
        let (_, it) = plan.elements().find(|(_, c)| c.name == "risk.entry").expect("an element");
        let takes: Vec<_> =
            it.takes.iter().map(|c| plan.components[c.index()].name.as_str()).collect();
        assert_eq!(takes, ["circuit.c", "circuit.d"]);
        assert_eq!((it.label.as_str(), it.life.is_some()), ("risk", true));
    }

    #[test]
    fn complaints() {
        let told = |members: &str| codes(&risk(members), PATH);
        assert!(told("\"circuit.c\", \"access_point.w\"").is_empty());
        assert_eq!(told("\"circuit.c\""), ["risk"]);
        assert_eq!(told(""), ["range"]);
        assert_eq!(told("\"circuit.c\", \"circuit.x\""), ["unknown-name"]);
        assert_eq!(told("\"circuit.c\", \"circuit.c\""), ["duplicate"]);
        // Risks of risks, and what can't fail.
        assert_eq!(told("\"circuit.c\", \"risk.entry\"").len(), 1);
    }
}
