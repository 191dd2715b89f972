//! The life of what can fail: keys that every thing has that can be down as a whole.
//!
//! ```text
//! mtbf = "90 d"                # mean time from a repair to the next failure, exponential
//! mttr = "4 h"                 # mean time to repair
//! repair = "exponential"       # or "fixed", "lognormal", { lognormal = { sigma = 1 } }
//! ```
//!
//! The share of time that is lost in the long run hangs on the means alone; the law of repairs moves how bad
//! a single outage or year is.

use super::diagnostic::Diagnostic;
use super::read::{Above0, Factor};
use super::reader::{Basis, Reader, variant, word};
use super::tree::Value;
use crate::plan::{Life, Repair};
use crate::units::{Ratio, Span};

const LAW: Basis = Basis { source: "the usual model of repairs; chosen here", mark: "D" };
const SPREAD: Basis =
    Basis { source: "repairs that differ by a factor of 3; chosen here", mark: "D" };

const REPAIRS: &[(&str, Word)] =
    &[("exponential", Word::Exponential), ("fixed", Word::Fixed), ("lognormal", Word::Lognormal)];

#[derive(Clone, Copy)]
enum Word {
    Exponential,
    Fixed,
    Lognormal,
}

/// The life of a thing; none if it states none of its keys. Asks for all of them.
pub(crate) fn read(r: &Reader<'_>) -> Option<Life> {
    let any = [r.has("mtbf"), r.has("mttr"), r.has("repair")].contains(&true);
    if !any {
        return None;
    }
    let up = r.req::<Above0<Span>>("mtbf");
    let down = r.req::<Above0<Span>>("mttr");
    let repair = repair(r);
    let life = Life { up: up?.0, down: down?.0, repair: repair? };
    if life.down > life.up {
        let share = Ratio::new(life.availability());
        let message = format!("`{}` is down for most of the time: it is up for {share}", r.path);
        r.cx.complain(
            Diagnostic::warning("life", r.place_of("mttr"), message)
                .also(r.place_of("mtbf"), "the time between failures")
                .help(
                    "mtbf is the mean time from a repair to the next failure, mttr to its repair",
                ),
        );
    }
    Some(life)
}

fn repair(r: &Reader<'_>) -> Option<Repair> {
    let Some(node) = r.node("repair") else {
        r.assume("repair", "exponential", LAW.source, LAW.mark);
        return Some(Repair::Exponential);
    };
    if !matches!(node.value, Value::Table(_)) {
        return Some(match word(node, r.cx, REPAIRS)? {
            Word::Exponential => Repair::Exponential,
            Word::Fixed => Repair::Fixed,
            Word::Lognormal => {
                r.assume("repair.lognormal.sigma", "1", SPREAD.source, SPREAD.mark);
                Repair::Lognormal { sigma: 1.0 }
            }
        });
    }
    let (_, inner) = variant(node, r.cx, "a law of repairs", &["lognormal"])?;
    let inner = Reader::of(r.cx, inner, &format!("{}.repair.lognormal", r.path))?;
    let sigma = inner.param::<Factor>("sigma", "1", SPREAD);
    let place = inner.place_of("sigma");
    inner.done();
    let sigma = sigma?.0;
    if sigma > Life::MOST_SIGMA {
        let message = format!("a sigma of {sigma} is too much");
        let complaint = Diagnostic::error("range", place, message);
        r.cx.complain(complaint.label(format!("at most {}", Life::MOST_SIGMA)));
        return None;
    }
    Some(Repair::Lognormal { sigma })
}

#[cfg(test)]
mod tests {
    use crate::plan::{Life, Repair};
    use crate::scenario::testing::{assumed, codes, load};
    use crate::units::Span;

    const PATH: &str = "\"circuit.c\"";

    fn circuit(keys: &str) -> String {
        format!("[access_point.e]\n[circuit.c]\nport = \"10 Gbps\"\naccess_point = \"e\"\n{keys}\n")
    }

    fn life(keys: &str) -> Option<Life> {
        let plan = load(&circuit(keys), PATH).unwrap_or_else(|said| panic!("{said}")).plan;
        let it = plan.elements().find(|(_, c)| c.name == "circuit.c").expect("an element").1;
        assert_eq!(it.label, "circuit");
        it.life.clone()
    }

    #[test]
    fn lives() {
        let both = "mtbf = \"90 d\"\nmttr = \"4 h\"\n";
        let of = |repair| {
            Some(Life {
                up: Span::from_secs(90 * 86_400),
                down: Span::from_secs(4 * 3_600),
                repair,
            })
        };
        assert_eq!(life(""), None);
        assert_eq!(life(both), of(Repair::Exponential));
        assert_eq!(life(&format!("{both}repair = \"fixed\"")), of(Repair::Fixed));
        let wide = format!("{both}repair = \"lognormal\"");
        assert_eq!(life(&wide), of(Repair::Lognormal { sigma: 1.0 }));
        let half = format!("{both}repair = {{ lognormal = {{ sigma = 0.5 }} }}");
        assert_eq!(life(&half), of(Repair::Lognormal { sigma: 0.5 }));
        let found = assumed(&circuit(both), PATH, "circuit.c.repair");
        assert_eq!(found, Some(("exponential".into(), "D".into())));
        let found = assumed(&circuit(&wide), PATH, "circuit.c.repair.lognormal.sigma");
        assert_eq!(found, Some(("1".into(), "D".into())));
        assert_eq!(assumed(&circuit(""), PATH, "circuit.c.repair"), None);
    }

    #[test]
    fn complaints() {
        let told = |keys: &str| codes(&circuit(keys), PATH);
        assert_eq!(told("mtbf = \"90 d\""), ["missing-key"]);
        assert_eq!(told("mttr = \"4 h\""), ["missing-key"]);
        assert_eq!(told("repair = \"fixed\""), ["missing-key", "missing-key"]);
        assert_eq!(told("mtbf = \"0 s\"\nmttr = \"4 h\""), ["range"]);
        let both = "mtbf = \"90 d\"\nmttr = \"4 h\"\n";
        assert_eq!(told(&format!("{both}repair = \"slow\"")), ["word"]);
        assert_eq!(told(&format!("{both}repair = {{ gamma = {{ }} }}")), ["variant"]);
        let wild = format!("{both}repair = {{ lognormal = {{ sigma = 5 }} }}");
        assert_eq!(told(&wild), ["range"]);
        assert_eq!(told("mtbf = \"4 h\"\nmttr = \"90 d\"\n"), ["life"]);
        assert!(told(both).is_empty());
        // A pool can't be down.
        let pool = "[pool.p]\nunits = 3\nmtbf = \"90 d\"\n";
        assert_eq!(codes(pool, "\"pool.p\""), ["unknown-key"]);
    }
}
