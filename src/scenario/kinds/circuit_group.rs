//! Circuits that carry one site's traffic together: all at once (ECMP), or one and its standby.
//!
//! | fact | value | source |
//! |---|---|---|
//! | at least 2 access points by independent circuits | | C-21 (004) |
//! | different providers at different access points | | C-23 |
//! | ECMP converges and scales better than active/standby | | C-26 |
//! | run BGP with BFD | | C-30, C-41 |
//! | BFD | 200-1,000 ms, multiplier 3-10; default 1 s x 3 | "Configure BGP and BFD" 2026, provider docs (A) |
//! | BGP without BFD | hold 180 s, keepalive 60 s | vendor tutorial (B) |
//! | losing one of two ECMP circuits moves about half the flows | | "ECMP circuits using ECR" 2026 (A) |
//!
//! ```text
//!            ┌─ circuit or vbr 1 ─┐        ecmp: by a hash of the connection
//! flows ─────┼─ circuit or vbr 2 ─┼───>    active_standby: the first that is believed up
//!            └─ ...               ┘        belief: BFD or BGP timers, then convergence
//! ```
//!
//! The last packet before a cut was up to one interval old, so detection takes between
//! (multiplier - 1) and multiplier intervals with BFD, between hold - keepalive and hold with BGP.
//! Leaves out: weights by capacity, source-in source-out (C-27), failover groups of two routers.

use super::circuit::Circuit;
use super::vbr::Vbr;
use super::{Kind, Specs, Thing};
use crate::plan::{Belief, Branch, ComponentId, Detector, Hop, Policy, Rehash, Selector};
use crate::random::Dist;
use crate::scenario::context::{Context, Ref};
use crate::scenario::diagnostic::{Diagnostic, Place};
use crate::scenario::law::Law;
use crate::scenario::lowering::{Fragment, Lowering};
use crate::scenario::read::{Above0, Count};
use crate::scenario::reader::{Basis, Reader, variant};
use crate::units::Span;

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct CircuitGroup {
    members: Vec<Ref>,
    members_place: Place,
    mode: Mode,
    rehash: Rehash,
    detection: Detection,
    detect_up: Dist,
    converge: Dist,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Ecmp,
    ActiveStandby,
}

/// How a cut is noticed.
#[derive(Clone, Debug)]
struct Detection {
    label: String,
    down: Dist,
    bfd: bool,
    place: Place,
}

const UPDATE: Basis = Basis { source: "a route update of about 1 s; estimated here", mark: "D" };
const SESSION: Basis = Basis { source: "a BGP session comes back; estimated here", mark: "D" };
const TUTORIAL: Basis = Basis { source: "a vendor tutorial's BGP timers", mark: "B" };
const BFD_PAGE: Basis = Basis { source: "Configure BGP and BFD, 2026", mark: "A" };
const HASHING: Basis = Basis { source: "hash fields are not published; mod-N assumed", mark: "D" };

impl Kind for CircuitGroup {
    const NAME: &'static str = "circuit_group";
    const DOC: &'static str = "circuits that carry traffic together: ECMP or active/standby";
    const PATH: bool = true;
    const AGAINST: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        let members = r.req_references("members", &["circuit", "vbr"]);
        let mode =
            r.req_word("mode", &[("active_standby", Mode::ActiveStandby), ("ecmp", Mode::Ecmp)]);
        let words = &[("mod_n", Rehash::ModN), ("rendezvous", Rehash::Rendezvous)];
        let rehash = match r.has("rehash") {
            true => r.word("rehash", words),
            false => {
                if mode == Some(Mode::Ecmp) {
                    r.assume("rehash", "mod_n", HASHING.source, HASHING.mark);
                }
                Some(Rehash::ModN)
            }
        };
        let detection = detection(r);
        let up = "{ uniform = { low = \"10 s\", high = \"30 s\" } }";
        let detect_up = r.param::<Law<Span>>("detect_up", up, SESSION);
        let converge = r.param::<Law<Span>>("converge", "1 s", UPDATE);
        Some(Self {
            members: members?,
            members_place: r.place_of("members"),
            mode: mode?,
            rehash: rehash?,
            detection: detection?,
            detect_up: detect_up?.dist,
            converge: converge?.dist,
        })
    }

    fn check(thing: &Thing<Self>, specs: &Specs, cx: &Context) {
        diversity(thing, specs, cx);
        let spec = &thing.spec;
        if spec.members.len() > 1 && !spec.detection.bfd {
            let message = format!("`{}` notices a cut by BGP alone", thing.full());
            cx.complain(
                Diagnostic::warning("C-30", spec.detection.place, message)
                    .label("flows fall into a black hole until the hold time is over")
                    .reason("run BGP with BFD on circuits (cloud services over Express Connect)")
                    .help("detection = { bfd = { interval = \"1 s\", multiplier = 3 } }"),
            );
        }
    }

    fn lower(thing: &Thing<Self>, l: &mut Lowering<'_>) -> Fragment {
        let spec = &thing.spec;
        let branch = |member: &Ref, l: &mut Lowering<'_>| Branch {
            name: member.name.clone(),
            weight: 1.0,
            place: None,
            hops: l.fragment(member.kind, &member.name, false).hops,
            watches: watched(member, l),
            listed: true,
        };
        let branches = spec.members.iter().map(|m| branch(m, l)).collect();
        let id = l.selector(Selector {
            name: thing.full(),
            role: match spec.mode {
                Mode::Ecmp => "ecmp".into(),
                Mode::ActiveStandby => "standby".into(),
            },
            policy: match spec.mode {
                Mode::Ecmp => Policy::Hash(spec.rehash),
                Mode::ActiveStandby => Policy::Priority,
            },
            branches,
            belief: Belief::Watched(Detector {
                label: spec.detection.label.clone(),
                detect_down: spec.detection.down.clone(),
                detect_up: spec.detect_up.clone(),
                propagate: spec.converge.clone(),
            }),
            naming: None,
            headline: true,
        });
        Fragment::of(vec![Hop::Selector(id)])
    }
}

fn watched(member: &Ref, l: &mut Lowering<'_>) -> Vec<ComponentId> {
    let specs = l.specs;
    match member.kind {
        Vbr::NAME => specs.vbr[&member.name].watched(l),
        _ => specs.circuit[&member.name].watched(l),
    }
}

/// `detection = { bfd = { interval, multiplier } }` or `{ bgp = { hold, keepalive } }`; BGP with
/// its default timers when absent.
fn detection(r: &Reader<'_>) -> Option<Detection> {
    let Some(node) = r.node("detection") else {
        r.assume("detection.bgp.hold", "180 s", TUTORIAL.source, TUTORIAL.mark);
        r.assume("detection.bgp.keepalive", "60 s", TUTORIAL.source, TUTORIAL.mark);
        return Some(by_bgp(Span::from_secs(180), Span::from_secs(60), r.place));
    };
    let (choice, inner) = variant(node, r.cx, "a way to notice a cut", &["bfd", "bgp"])?;
    let inner = Reader::of(r.cx, inner, &format!("{}.detection.{choice}", r.path))?;
    let detection = match choice {
        "bfd" => {
            let interval = inner.param::<Above0<Span>>("interval", "1 s", BFD_PAGE);
            let multiplier = inner.param::<Count>("multiplier", "3", BFD_PAGE);
            let detection = interval.zip(multiplier).map(|(i, m)| by_bfd(i.0, m.0, node.place));
            if let Some((interval, multiplier)) = interval.zip(multiplier) {
                check_bfd(interval.0, multiplier.0, &inner);
            }
            detection
        }
        _ => {
            let hold = inner.param::<Above0<Span>>("hold", "180 s", TUTORIAL);
            let keepalive = inner.param::<Span>("keepalive", "60 s", TUTORIAL);
            hold.zip(keepalive).map(|(hold, keepalive)| {
                if keepalive > hold.0 {
                    let message = format!("a keepalive of {keepalive} outlasts the hold time");
                    let place = inner.place_of("keepalive");
                    r.cx.complain(Diagnostic::error("range", place, message));
                }
                by_bgp(hold.0, keepalive, node.place)
            })
        }
    };
    inner.done();
    detection
}

fn check_bfd(interval: Span, multiplier: u32, r: &Reader<'_>) {
    let refuse = |key: &str, message: String, label: &str| {
        r.cx.complain(
            Diagnostic::error("C-41", r.place_of(key), message)
                .label(label)
                .reason("BFD ranges of virtual border routers (provider docs)"),
        );
    };
    if !(Span::from_millis(200)..=Span::from_millis(1_000)).contains(&interval) {
        let message = format!("a BFD interval of {interval} cannot be set");
        refuse("interval", message, "allowed are 200 ms to 1 s");
    }
    if !(3..=10).contains(&multiplier) {
        let message = format!("a BFD multiplier of {multiplier} cannot be set");
        refuse("multiplier", message, "allowed are 3 to 10");
    }
}

#[expect(clippy::cast_precision_loss, reason = "times far below 2^53 ns")]
fn between(low: Span, high: Span) -> Dist {
    Dist::Uniform { low: low.nanos() as f64, high: high.nanos() as f64 }
}

fn by_bfd(interval: Span, multiplier: u32, place: Place) -> Detection {
    let times = |n: u32| Span::from_nanos(interval.nanos().saturating_mul(u64::from(n)));
    Detection {
        label: format!("BFD {interval} x {multiplier}"),
        down: between(times(multiplier - 1), times(multiplier)),
        bfd: true,
        place,
    }
}

fn by_bgp(hold: Span, keepalive: Span, place: Place) -> Detection {
    let earliest = Span::from_nanos(hold.nanos().saturating_sub(keepalive.nanos()));
    Detection {
        label: format!("BGP hold {hold}"),
        down: between(earliest, hold),
        bfd: false,
        place,
    }
}

/// C-21 and C-23: access points and providers of the members.
fn diversity(thing: &Thing<CircuitGroup>, specs: &Specs, cx: &Context) {
    let spec = &thing.spec;
    let circuits: Option<Vec<&Thing<Circuit>>> = spec
        .members
        .iter()
        .map(|member| {
            let circuit = match member.kind {
                Vbr::NAME => &specs.vbr.get(&member.name)?.spec.circuit.name,
                _ => &member.name,
            };
            specs.circuit.get(circuit)
        })
        .collect();
    // A member that could not be read has been complained about.
    let Some(circuits) = circuits else { return };
    let mut points: Vec<_> = circuits.iter().map(|c| &c.spec.access_point.name).collect();
    points.sort();
    points.dedup();
    if points.len() < 2 {
        let message = format!("every member of `{}` ends at one access point", thing.full());
        cx.complain(
            Diagnostic::warning("C-21", spec.members_place, message)
                .label(format!("all at `{}`", points.first().map_or("", |p| p.as_str())))
                .reason(
                    "connect to at least 2 access points by independent circuits (cloud services \
                     over Express Connect)",
                )
                .help("end one of the circuits at another access point"),
        );
        return;
    }
    for (i, one) in circuits.iter().enumerate() {
        for other in &circuits[..i] {
            let (Some(a), Some(b)) = (&one.spec.isp, &other.spec.isp) else { continue };
            if a.value == b.value && one.spec.access_point.name != other.spec.access_point.name {
                let message = format!(
                    "`{}` and `{}` reach different access points through one provider",
                    other.name, one.name
                );
                cx.complain(
                    Diagnostic::new(
                        crate::scenario::diagnostic::Severity::Note,
                        "C-23",
                        a.place,
                        message,
                    )
                    .also(b.place, "the same provider")
                    .reason(
                        "use different providers for different access points (cloud services over \
                         Express Connect)",
                    ),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::testing::{codes, lowered};

    fn group(keys: &str) -> String {
        format!(
            "[access_point.e]\n[access_point.w]\n\
             [circuit.c1]\nport = \"1 Gbps\"\naccess_point = \"e\"\nisp = \"one\"\n\
             [circuit.c2]\nport = \"1 Gbps\"\naccess_point = \"w\"\nisp = \"two\"\n\
             [circuit_group.g]\nmembers = [\"circuit.c1\", \"circuit.c2\"]\n{keys}\n"
        )
    }

    const BFD: &str = "detection = { bfd = { interval = \"300 ms\", multiplier = 3 } }";

    #[test]
    fn detection_takes_the_last_intervals() {
        // BFD 300 ms x 3: the last packet was up to 300 ms old, so 600 to 900 ms.
        let text = group(&format!("mode = \"ecmp\"\n{BFD}"));
        let tree = lowered(&text, "\"circuit_group.g\"");
        let head = "choose circuit_group.g (ecmp): hash mod n, BFD 300 ms x 3 down 600 ms..900 ms";
        assert!(tree.starts_with(head), "{tree}");
        // BGP alone, 180 s hold and 60 s keepalive: 120 to 180 s.
        let text = group("mode = \"active_standby\"");
        let tree = lowered(&text, "\"circuit_group.g\"");
        assert!(tree.contains("(standby): first up, BGP hold 3 min down 2 min..3 min"), "{tree}");
        let back = lowered(&text, "\"against:circuit_group.g\"");
        assert!(back.starts_with("choose circuit_group.g.back"), "{back}");
        assert!(back.contains("against circuit.c1"), "{back}");
    }

    #[test]
    fn complaints() {
        let path = "\"circuit_group.g\"";
        let good = group(&format!("mode = \"ecmp\"\n{BFD}"));
        assert!(codes(&good, path).is_empty());
        assert_eq!(codes(&group("mode = \"ecmp\""), path), ["C-30"]);
        assert_eq!(codes(&good.replace("\"w\"", "\"e\""), path), ["C-21"]);
        assert_eq!(codes(&good.replace("\"two\"", "\"one\""), path), ["C-23"]);
        assert_eq!(codes(&good.replace("300 ms", "100 ms"), path), ["C-41"]);
        assert_eq!(codes(&good.replace("multiplier = 3", "multiplier = 11"), path), ["C-41"]);
    }
}
