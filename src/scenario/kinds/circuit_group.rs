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
//! | probes of a border router | every 2 s, 8 lost in a row (2-3 s, 3-8) | "peering connection health checks" (A) |
//! | failover group: two border routers, both with BFD | sub-second | C-41; "Configure a failover group" (A) |
//! | within that second | uniform from 200 ms | chosen here (D) |
//! | nearest access point | others when it fails | "forwarding mode in ECR networking" (A) |
//! | a VPN as standby of all circuits | | C-28 |
//! | source-in source-out does not go with ECMP | | C-27 |
//! | losing one of two ECMP circuits moves about half the flows | | "ECMP circuits using ECR" 2026 (A) |
//!
//! ```text
//!            ┌─ circuit or vbr 1 ─┐        ecmp: by a hash of the connection, or weighted
//! flows ─────┼─ circuit or vbr 2 ─┼───>    active_standby: the first that is believed up
//!            ├─ ...               │        nearest: ecmp at the access point with the least delay
//!            └─ standby: vpn      ┘        belief: BFD, probe or BGP timers, then convergence
//! ```
//!
//! The last packet before a cut was up to one interval old, so detection takes between
//! (multiplier - 1) and multiplier intervals with BFD, between hold - keepalive and hold with BGP, and
//! with probes as with BFD. Standbys are used while no member is believed up. Without a `mode`, that of
//! the express connect router to which the members' border routers lead. Leaves out: weights by
//! capacity. `path_limit` is the most members that ECMP uses: the first that
//! are believed up. Devices of one `hash_seed` hash alike: behind each other they polarise.

use super::circuit::Circuit;
use super::express_connect_router::ExpressConnectRouter;
use super::vbr::Vbr;
use super::vpn::Vpn;
use super::{Kind, Specs, Thing};
use crate::plan::{Belief, Branch, ComponentId, Detector, Hashing, Hop, Policy, Rehash, Selector};
use crate::random::Dist;
use crate::scenario::context::{Context, Ref};
use crate::scenario::diagnostic::{Diagnostic, Place};
use crate::scenario::law::Law;
use crate::scenario::lowering::{Fragment, Lowering};
use crate::scenario::read::{Above0, Count, Read};
use crate::scenario::reader::{Basis, Given, Reader, variant, word};
use crate::scenario::tree::{Node, Table, Value};
use crate::units::Span;

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct CircuitGroup {
    pub(crate) members: Vec<Ref>,
    pub(crate) members_place: Place,
    /// Used while no member is believed up.
    pub(crate) standby: Vec<Ref>,
    pub(crate) mode: Option<Given<Mode>>,
    weights: Vec<u32>,
    rehash: Rehash,
    /// Most members that ECMP uses at once.
    path_limit: Option<u32>,
    /// Devices of one seed hash alike.
    pub(crate) hash_seed: Option<Given<u64>>,
    pub(crate) detection: Detection,
    /// Source-in source-out: answers take the way of their requests.
    pub(crate) symmetric: Option<Given<bool>>,
    /// The switchover of a failover group.
    pub(crate) failover: Option<Given<Dist>>,
    detect_up: Dist,
    converge: Dist,
}

/// How members are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Ecmp,
    ActiveStandby,
    Nearest,
}

/// As they are written.
pub(crate) const MODES: &[(&str, Mode)] =
    &[("active_standby", Mode::ActiveStandby), ("ecmp", Mode::Ecmp), ("nearest", Mode::Nearest)];

/// How a cut is noticed.
#[derive(Clone, Debug)]
pub(crate) struct Detection {
    label: String,
    down: Dist,
    pub(crate) by: By,
    pub(crate) place: Place,
}

/// What notices it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Bfd,
    Bgp,
    Probe,
}

const UPDATE: Basis = Basis { source: "a route update of about 1 s; estimated here", mark: "D" };
const SESSION: Basis = Basis { source: "a BGP session comes back; estimated here", mark: "D" };
const TUTORIAL: Basis = Basis { source: "a vendor tutorial's BGP timers", mark: "B" };
const BFD_PAGE: Basis = Basis { source: "Configure BGP and BFD, 2026", mark: "A" };
const PROBES: Basis = Basis { source: "peering connection health checks", mark: "A" };
const HASHING: Basis = Basis { source: "hash fields are not published; mod-N assumed", mark: "D" };
const SUB_SECOND: Basis =
    Basis { source: "sub-second by \"Configure a failover group\"; spread chosen here", mark: "D" };

impl Kind for CircuitGroup {
    const NAME: &'static str = "circuit_group";
    const DOC: &'static str = "circuits that carry traffic together: ECMP or active/standby";
    const PATH: bool = true;
    const AGAINST: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        let members = r.req_references("members", &["circuit", "vbr"]);
        let standby = r.references("standby", &["circuit", "vbr", "vpn"]);
        let count = members.as_ref().map_or(0, Vec::len);
        let (mode, weights) = match r.node("mode") {
            Some(node) => mode(node, count, r).map(|(m, w)| (Some(m), w)),
            None => Some((None, Vec::new())),
        }
        .unzip();
        let rehash = rehash(r, mode.as_ref().and_then(Option::as_ref), weights.as_deref());
        let path_limit = r.opt::<Count>("path_limit").map(|most| most.0);
        let hash_seed = r.given::<u64>("hash_seed");
        let word = mode.as_ref().and_then(Option::as_ref).map(|m| m.value);
        refuse_seeds(r, word, rehash);
        let detection = detection(r);
        let symmetric = r.given("symmetric");
        let failover = match r.node("failover_group") {
            Some(node) => failover(node, r),
            None => Some(None),
        };
        let up = "{ uniform = { low = \"10 s\", high = \"30 s\" } }";
        let detect_up = r.param::<Law<Span>>("detect_up", up, SESSION);
        let converge = match &failover {
            Some(Some(_)) if !r.has("converge") => Some(Law::constant(0.0)),
            _ => r.param::<Law<Span>>("converge", "1 s", UPDATE),
        };
        Some(Self {
            members: members?,
            members_place: r.place_of("members"),
            standby,
            mode: mode?,
            weights: weights?,
            rehash: rehash?,
            path_limit,
            hash_seed,
            detection: detection?,
            symmetric,
            failover: failover?,
            detect_up: detect_up?.dist,
            converge: converge?.dist,
        })
    }

    fn check(thing: &Thing<Self>, specs: &Specs, cx: &Context) {
        if thing.spec.mode.is_none() && thing.router(specs).is_none() {
            let message = format!("`{}` needs the key `mode`", thing.full());
            cx.complain(
                Diagnostic::error("missing-key", thing.place, message)
                    .label("no member leads to an express connect router, which would have one")
                    .help("mode = \"active_standby\" | \"ecmp\" | \"nearest\""),
            );
        }
    }

    fn lower(thing: &Thing<Self>, l: &mut Lowering<'_>) -> Fragment {
        let spec = &thing.spec;
        let mode = thing.mode(l.specs);
        let tiers = match mode {
            Mode::Nearest => thing.by_distance(l.specs),
            Mode::ActiveStandby | Mode::Ecmp => vec![0; spec.members.len()],
        };
        let last = tiers.iter().max().map_or(0, |t| t + 1);
        let weights = spec.weights.iter().map(|w| f64::from(*w)).chain(std::iter::repeat(1.0));
        let members = spec.members.iter().zip(tiers).zip(weights);
        let all = members.map(|((m, tier), weight)| (m, tier, weight));
        let branch = |(member, tier, weight): (&Ref, u32, f64), l: &mut Lowering<'_>| Branch {
            name: member.name.clone(),
            weight,
            place: None,
            hops: l.fragment(member.kind, &member.name, false).hops,
            watches: watched(member, l),
            listed: true,
            tier,
        };
        let standby = spec.standby.iter().map(|m| (m, last, 1.0));
        let branches = all.chain(standby).map(|one| branch(one, l)).collect();
        let (label, detect_down) = match &spec.failover {
            Some(given) => ("failover group".into(), given.value.clone()),
            None => (spec.detection.label.clone(), spec.detection.down.clone()),
        };
        let id = l.selector(Selector {
            name: thing.full(),
            role: match mode {
                Mode::Ecmp => "ecmp".into(),
                Mode::ActiveStandby => "standby".into(),
                Mode::Nearest => "nearest".into(),
            },
            policy: match mode {
                Mode::Ecmp | Mode::Nearest => Policy::Hash(spec.rehash),
                Mode::ActiveStandby => Policy::Priority,
            },
            branches,
            belief: Belief::Watched(Detector {
                label,
                detect_down,
                detect_up: spec.detect_up.clone(),
                propagate: spec.converge.clone(),
            }),
            naming: None,
            headline: true,
        });
        if spec.path_limit.is_some() || spec.hash_seed.is_some() {
            let seed = spec.hash_seed.as_ref().map(|s| s.value);
            l.plan.hashings.push(Hashing { selector: id, seed, most: spec.path_limit });
        }
        Fragment::of(vec![Hop::Selector(id)])
    }
}

impl Thing<CircuitGroup> {
    /// The circuit of a member, if it is one of those.
    pub(crate) fn circuit<'s>(member: &Ref, specs: &'s Specs) -> Option<&'s Thing<Circuit>> {
        match member.kind {
            Vbr::NAME => specs.circuit.get(&specs.vbr.get(&member.name)?.spec.circuit.name),
            _ => specs.circuit.get(&member.name),
        }
    }

    /// The express connect router to which a member's border router leads.
    fn router<'s>(&self, specs: &'s Specs) -> Option<&'s Thing<ExpressConnectRouter>> {
        self.spec.members.iter().filter(|m| m.kind == Vbr::NAME).find_map(|m| {
            let up = specs.vbr.get(&m.name)?.spec.uplink.as_ref()?;
            (up.kind == ExpressConnectRouter::NAME)
                .then(|| specs.express_connect_router.get(&up.name))?
        })
    }

    /// Its own mode, or its router's.
    pub(crate) fn mode(&self, specs: &Specs) -> Mode {
        let own = self.spec.mode.as_ref().map(|m| m.value);
        own.or_else(|| self.router(specs).map(|r| r.spec.mode)).unwrap_or(Mode::Ecmp)
    }

    /// The rank of each member's access point by the least mean delay of the circuits there; equal
    /// delays have equal ranks.
    fn by_distance(&self, specs: &Specs) -> Vec<u32> {
        let circuits: Vec<_> = self.spec.members.iter().map(|m| Self::circuit(m, specs)).collect();
        let point = |c: &Thing<Circuit>| c.spec.access_point.name.clone();
        let nearest = |of: &Thing<Circuit>| {
            let there = circuits.iter().flatten().filter(|c| point(c) == point(of));
            there.map(|c| c.spec.one_way.mean()).fold(f64::INFINITY, f64::min)
        };
        let delays: Vec<f64> = circuits.iter().map(|c| c.map_or(0.0, nearest)).collect();
        let mut ranks = delays.clone();
        ranks.sort_by(f64::total_cmp);
        ranks.dedup();
        let rank = |delay: &f64| ranks.iter().position(|r| r.total_cmp(delay).is_eq());
        delays.iter().map(|d| u32::try_from(rank(d).unwrap_or(0)).unwrap_or(0)).collect()
    }
}

fn watched(member: &Ref, l: &mut Lowering<'_>) -> Vec<ComponentId> {
    let specs = l.specs;
    match member.kind {
        Vbr::NAME => specs.vbr[&member.name].watched(l),
        Vpn::NAME => specs.vpn[&member.name].watched(l),
        _ => specs.circuit[&member.name].watched(l),
    }
}

/// A word, or `{ weighted = [3, 1] }`, a share of the flows for each member.
fn mode(node: &Node, members: usize, r: &Reader<'_>) -> Option<(Given<Mode>, Vec<u32>)> {
    let place = node.place;
    if !matches!(node.value, Value::Table(_)) {
        let value = word(node, r.cx, MODES)?;
        return Some((Given { value, place }, Vec::new()));
    }
    let (_, inner) = variant(node, r.cx, "a mode", &["weighted"])?;
    let list = r.list(inner);
    let weights: Vec<u32> = list.iter().filter_map(|w| Count::read(w, r.cx)).map(|w| w.0).collect();
    if weights.len() < list.len() {
        return None;
    }
    if weights.len() != members {
        let message = format!("{} weights for {members} members", weights.len());
        let complaint = Diagnostic::error("weights", inner.place, message);
        r.cx.complain(complaint.help("give one weight for each member, in their order"));
        return None;
    }
    Some((Given { value: Mode::Ecmp, place }, weights))
}

/// How flows move when a member fails; weights need the hash that moves few.
fn rehash(r: &Reader<'_>, mode: Option<&Given<Mode>>, weights: Option<&[u32]>) -> Option<Rehash> {
    let words = &[("mod_n", Rehash::ModN), ("rendezvous", Rehash::Rendezvous)];
    let weighted = weights.is_some_and(|w| !w.is_empty());
    if r.has("rehash") {
        let chosen = r.word("rehash", words);
        if weighted && chosen == Some(Rehash::ModN) {
            let message = "a hash mod N knows no weights";
            let complaint = Diagnostic::error("exclusive", r.place_of("rehash"), message);
            r.cx.complain(complaint.help("leave it out, or write rehash = \"rendezvous\""));
        }
        return chosen;
    }
    if weighted {
        return Some(Rehash::Rendezvous);
    }
    if mode.is_none_or(|m| m.value != Mode::ActiveStandby) {
        r.assume("rehash", "mod_n", HASHING.source, HASHING.mark);
    }
    Some(Rehash::ModN)
}

/// Limits and seeds are those of ECMP, and seeds of hashes mod N: others know members by name.
fn refuse_seeds(r: &Reader<'_>, mode: Option<Mode>, rehash: Option<Rehash>) {
    for key in ["hash_seed", "path_limit"] {
        let message = match (mode, rehash) {
            (Some(Mode::ActiveStandby), _) => "active_standby hashes nothing",
            (_, Some(Rehash::Rendezvous)) if key == "hash_seed" => {
                "a rendezvous hash differs by the members' names, whatever the seed"
            }
            _ => continue,
        };
        if r.has(key) {
            let complaint = Diagnostic::error("exclusive", r.place_of(key), message);
            r.cx.complain(complaint.help(format!("leave `{key}` out")));
        }
    }
}

/// `true`, or `{ switchover = ... }`; none for `false`.
fn failover(node: &Node, group: &Reader<'_>) -> Option<Option<Given<Dist>>> {
    let (cx, path) = (group.cx, format!("{}.failover_group", group.path));
    let empty = Table::default();
    let r = match &node.value {
        Value::Bool(false) => return Some(None),
        Value::Bool(true) => Reader::new(cx, &empty, node.place, path),
        _ => Reader::of(cx, node, &path)?,
    };
    let spread = "{ uniform = { low = \"200 ms\", high = \"1 s\" } }";
    let law = r.param::<Law<Span>>("switchover", spread, SUB_SECOND);
    r.done();
    Some(Some(Given { value: law?.dist, place: node.place }))
}

/// `detection = { bfd = { interval, multiplier } }`, `{ bgp = { hold, keepalive } }` or
/// `{ probe = { interval, lost } }`; BGP with its default timers when absent.
fn detection(r: &Reader<'_>) -> Option<Detection> {
    let Some(node) = r.node("detection") else {
        r.assume("detection.bgp.hold", "180 s", TUTORIAL.source, TUTORIAL.mark);
        r.assume("detection.bgp.keepalive", "60 s", TUTORIAL.source, TUTORIAL.mark);
        return Some(by_bgp(Span::from_secs(180), Span::from_secs(60), r.place));
    };
    let choices = ["bfd", "bgp", "probe"];
    let (choice, inner) = variant(node, r.cx, "a way to notice a cut", &choices)?;
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
        "probe" => {
            let interval = inner.param::<Above0<Span>>("interval", "2 s", PROBES);
            let lost = inner.param::<Count>("lost", "8", PROBES);
            let read = interval.zip(lost);
            read.inspect(|(interval, lost)| check_probe(interval.0, lost.0, &inner));
            read.map(|(interval, lost)| by_probe(interval.0, lost.0, node.place))
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

fn check_probe(interval: Span, lost: u32, r: &Reader<'_>) {
    let refuse = |key: &str, message: String, label: &str| {
        let complaint = Diagnostic::error("range", r.place_of(key), message).label(label);
        r.cx.complain(
            complaint.reason("ranges of health checks of border routers (provider docs)"),
        );
    };
    if !(Span::from_secs(2)..=Span::from_secs(3)).contains(&interval) {
        let message = format!("probes every {interval} cannot be set");
        refuse("interval", message, "allowed are 2 s to 3 s");
    }
    if !(3..=8).contains(&lost) {
        refuse("lost", format!("{lost} lost probes cannot be set"), "allowed are 3 to 8");
    }
}

fn check_bfd(interval: Span, multiplier: u32, r: &Reader<'_>) {
    let refuse = |key: &str, message: String, label: &str| {
        r.cx.complain(
            Diagnostic::error("C-41", r.place_of(key), message)
                .label(label)
                .reason("ranges of BFD on Express Connect border routers (provider docs)")
                .help(label),
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
        by: By::Bfd,
        place,
    }
}

fn by_bgp(hold: Span, keepalive: Span, place: Place) -> Detection {
    let earliest = Span::from_nanos(hold.nanos().saturating_sub(keepalive.nanos()));
    Detection {
        label: format!("BGP hold {hold}"),
        down: between(earliest, hold),
        by: By::Bgp,
        place,
    }
}

fn by_probe(interval: Span, lost: u32, place: Place) -> Detection {
    let times = |n: u32| Span::from_nanos(interval.nanos().saturating_mul(u64::from(n)));
    Detection {
        label: format!("probe {interval} x {lost}"),
        down: between(times(lost - 1), times(lost)),
        by: By::Probe,
        place,
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

    #[test]
    fn modes_and_standbys() {
        let path = "\"circuit_group.g\"";
        let with = |keys: &str| format!("[vpn.v]\n{}\n", group(&format!("{keys}\n{BFD}")));
        let tree = lowered(&with("mode = { weighted = [3, 1] }"), path);
        assert!(tree.starts_with("choose circuit_group.g (ecmp): hash rendezvous"), "{tree}");
        assert!(tree.contains("\n  c1 x 3 [circuit.c1, access_point.e]\n"), "{tree}");
        let tree = lowered(&with("mode = \"ecmp\"\nstandby = [\"vpn.v\"]"), path);
        assert!(tree.contains("\n  v standby 1 [vpn.v]\n"), "{tree}");
        // Equal delays are equally near; the nearer access point's goes before the other's.
        let near = with("mode = \"nearest\"\nstandby = [\"vpn.v\"]");
        let tree = lowered(&near, path);
        assert!(tree.contains("c2 [") && tree.contains("v standby 1"), "{tree}");
        let far = near.replace("isp = \"one\"", "isp = \"one\"\none_way = \"9 ms\"");
        let tree = lowered(&far, path);
        assert!(tree.contains("c1 standby 1") && tree.contains("v standby 2"), "{tree}");
    }

    #[test]
    fn failover_groups_and_probes() {
        let path = "\"circuit_group.g\"";
        let pair = |keys: &str| {
            group(keys).replace("\"circuit.c1\", \"circuit.c2\"", "\"vbr.v1\", \"vbr.v2\"")
                + "[vbr.v1]\ncircuit = \"c1\"\n[vbr.v2]\ncircuit = \"c2\"\n"
        };
        let fast = pair(&format!("mode = \"ecmp\"\nfailover_group = true\n{BFD}"));
        let tree = lowered(&fast, path);
        let head = "choose circuit_group.g (ecmp): hash mod n, failover group down 200 ms..1 s";
        assert!(tree.starts_with(head), "{tree}");
        let given = fast.replace("= true", "= { switchover = \"500 ms\" }");
        assert!(lowered(&given, path).contains("failover group down 500 ms"));
        assert_eq!(codes(&fast.replace("= true", "= 1"), path), ["type"]);
        let probe = pair("mode = \"ecmp\"\ndetection = { probe = {} }");
        assert!(lowered(&probe, path).contains("probe 2 s x 8 down 14 s..16 s"));
        let of = |keys: &str| {
            codes(&pair(&format!("mode = \"ecmp\"\ndetection = {{ probe = {{ {keys} }} }}")), path)
        };
        assert_eq!(of("interval = \"1 s\""), ["range"]);
        assert_eq!(of("lost = 9"), ["range"]);
        // Weights for each member, and a hash that knows them.
        let weighted = |keys: &str| codes(&pair(&format!("{keys}\n{BFD}")), path);
        assert_eq!(weighted("mode = { weighted = [1] }"), ["weights"]);
        assert_eq!(weighted("mode = { weighted = [1, 0] }"), ["range"]);
        assert_eq!(weighted("mode = { weighted = [1, 2] }\nrehash = \"mod_n\""), ["exclusive"]);
        // A mode of its own, or of the router that its members lead to.
        assert_eq!(weighted(""), ["missing-key"]);
    }
}
