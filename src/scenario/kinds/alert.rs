//! An alert: what somebody who watches one thing is told, and when.
//!
//! | fact | value | source |
//! |---|---|---|
//! | rules for port, VBR, ECR and peering connection | | C-44 to C-47 (004) |
//! | levels Info, Warn and Critical, each with conditions of its own | figures lost in the text | C-48 |
//! | proposed here | 50, 70, 80 % of a port or limit, for 3 of 3 periods of 1 min | (D) |
//! | another vendor's default | 80 % for 5 consecutive minutes | Tencent Direct Connect (C) |
//! | event "Down": the BGP peer goes from Established to Down | | C-49 |
//!
//! ```text
//! share of a period        ┌──┐  ┌──┬──┬──┐
//! critical ············· ┌─┘  │··│··│··│··│···           need = 3, of = 3: reached at the end of
//!                      ──┘    └──┘  │  │  └──            the third period in a row, left one period
//!                                      └ reached         after the last
//! ```
//!
//! `metric = "used"` is the share of the capacity that was carried, `"full"` of the time without room,
//! `"lost"` of background load that did not fit: of the direction, and of several links the link, that
//! has most. `"down"` tells when a circuit of a group is believed down; it has one level. Alerts change
//! nothing. The lead of a level is the time from its first instant to the end of the first period in
//! which more requests failed, or were late, than an objective of a workload allows.

use super::circuit::Circuit;
use super::{Kind, Specs, Thing};
use crate::plan::{
    Alert as Told, Belief, Hop, Level, LinkId, Metric, SelectorId, Settings, Watched,
};
use crate::scenario::context::{Context, Ref};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::lowering::{Fragment, Lowering};
use crate::scenario::read::{Above0, Count, Share};
use crate::scenario::reader::{Basis, Given, Reader};
use crate::units::{Ratio, Span};

/// As written.
#[derive(Clone, Debug)]
pub(crate) struct Alert {
    of: Ref,
    on: On,
}

#[derive(Clone, Debug)]
enum On {
    Shares { metric: Metric, levels: Vec<Level>, period: Given<Span>, need: u32, of: u32 },
    Down,
}

/// Things with links, whose shares can be watched.
const CARRYING: &[&str] = &[
    "backend",
    "circuit",
    "circuit_group",
    "endpoint",
    "express_connect_router",
    "internet",
    "link",
    "load_balancer",
    "maxcompute",
    "nat_gateway",
    "peering",
    "site",
    "transit_router",
    "vbr",
    "vpn",
];

const PROPOSED: Basis =
    Basis { source: "the document's figures are lost (C-48); proposed here", mark: "D" };
const WORDS: [&str; 3] = ["info", "warn", "critical"];

impl Kind for Alert {
    const NAME: &'static str = "alert";
    const DOC: &'static str = "what somebody who watches a link or a group of circuits is told";
    const ALWAYS: bool = true;

    fn read(r: &Reader<'_>) -> Option<Self> {
        let metrics = [
            ("down", None),
            ("full", Some(Metric::Full)),
            ("lost", Some(Metric::Lost)),
            ("used", Some(Metric::Used)),
        ];
        let metric = match r.has("metric") {
            true => r.word("metric", &metrics),
            false => Some(Some(Metric::Used)),
        };
        let down = matches!(metric, Some(None));
        let of = r.req_reference("of", if down { &["circuit_group"] } else { CARRYING });
        if down {
            refuse_figures(r);
            return Some(Self { of: of?, on: On::Down });
        }
        let levels = levels(r, matches!(metric, Some(Some(Metric::Used)) | None));
        let place = r.place_of("period");
        let period = r.param::<Above0<Span>>("period", "1 min", PROPOSED);
        let periods = periods(r);
        let (need, of_last) = periods?;
        let period = Given { value: period?.0, place };
        let on = On::Shares { metric: metric??, levels: levels?, period, need, of: of_last };
        Some(Self { of: of?, on })
    }

    fn lower(thing: &Thing<Self>, l: &mut Lowering<'_>) -> Fragment {
        let of = &thing.spec.of;
        let hops = l.fragment(of.kind, &of.name, false).hops;
        let (mut links, mut watched) = (Vec::new(), None);
        gather(&hops, l, &mut links, &mut watched);
        let told = |of: String, on, levels| Told { name: thing.name.clone(), of, on, levels };
        let alert = match &thing.spec.on {
            On::Shares { metric, levels, period, need, of: last } => {
                let own = [l.carriers_of(of), l.throttles_of(of)].concat();
                let own: Vec<_> = own.iter().map(|c| c.link).collect();
                // A circuit's are all that it has: the line of a shared one, too.
                let links = if own.is_empty() || of.kind == Circuit::NAME { links } else { own };
                let what = match metric {
                    Metric::Used => "share of the capacity",
                    Metric::Full => "share of the time without room",
                    Metric::Lost => "share that did not fit",
                };
                let (period, need, last) = (period.value, *need, *last);
                let text = format!("{}: {what}, {need} of {last} x {period}", of.full());
                let on = Watched::Links { links, metric: *metric, period, need, of: last };
                told(text, on, levels.clone())
            }
            On::Down => {
                let selector = watched.expect("a group of circuits watches them");
                let level = Level { word: "critical".into(), from: 1.0 };
                told(format!("{}: down", of.full()), Watched::Belief { selector }, vec![level])
            }
        };
        l.plan.alerts.push(alert);
        Fragment::default()
    }
}

/// The links on some hops and in the branches of choices there, and the first choice that is watched.
fn gather(
    hops: &[Hop],
    l: &Lowering<'_>,
    links: &mut Vec<LinkId>,
    watched: &mut Option<SelectorId>,
) {
    for hop in hops {
        match *hop {
            Hop::Link(id) | Hop::Against(id) if !links.contains(&id) => links.push(id),
            Hop::Selector(id) => {
                let it = &l.plan.selectors[id.index()];
                if matches!(it.belief, Belief::Watched(_)) {
                    watched.get_or_insert(id);
                }
                it.branches.iter().for_each(|b| gather(&b.hops, l, links, watched));
            }
            _ => {}
        }
    }
}

/// The thresholds, in rising order. Of `used` there are proposals, if none is given.
fn levels(r: &Reader<'_>, used: bool) -> Option<Vec<Level>> {
    let given = WORDS.iter().any(|word| r.has(word));
    let mut found: Vec<(Level, Given<f64>)> = Vec::new();
    let mut failed = false;
    for (word, proposed) in WORDS.into_iter().zip(["50 %", "70 %", "80 %"]) {
        if given && !r.has(word) || !given && !used {
            continue;
        }
        let place = r.place_of(word);
        match r.param::<Share>(word, proposed, PROPOSED) {
            Some(Share(from)) => {
                let level = Level { word: word.into(), from };
                found.push((level, Given { value: from, place }));
            }
            None => failed = true,
        }
    }
    if !given && !used {
        let message = format!("`{}` has no level", r.path);
        let complaint = Diagnostic::error("missing-key", r.place, message).label("in this table");
        r.cx.complain(complaint.help("give one: info, warn or critical = \"20 %\""));
        return None;
    }
    for (level, at) in found.iter().filter(|(l, _)| l.from == 0.0) {
        let message = format!("`{}` would always hold", level.word);
        r.cx.complain(Diagnostic::error("range", at.place, message).label("must be above 0"));
        failed = true;
    }
    for pair in found.windows(2).filter(|w| w[0].0.from >= w[1].0.from) {
        let ((low, before), (high, at)) = (&pair[0], &pair[1]);
        let message = format!("`{}` must be above `{}`", high.word, low.word);
        r.cx.complain(
            Diagnostic::error("range", at.place, message)
                .label(format!("more than {}", Ratio::new(low.from)))
                .also(before.place, "the lower level"),
        );
        failed = true;
    }
    (!failed).then(|| found.into_iter().map(|(level, _)| level).collect())
}

/// `{ need = 3, of = 3 }`
fn periods(r: &Reader<'_>) -> Option<(u32, u32)> {
    let Some(inner) = r.table("periods") else {
        if !r.has("periods") {
            r.assume("periods", "3 of 3", PROPOSED.source, PROPOSED.mark);
        }
        return (!r.has("periods")).then_some((3, 3));
    };
    let (need, of) = (inner.req::<Count>("need"), inner.req::<Count>("of"));
    let place = inner.place_of("need");
    inner.done();
    let (need, of) = (need?.0, of?.0);
    if need > of {
        let message = format!("{need} of {of} periods are too many");
        r.cx.complain(Diagnostic::error("range", place, message).label(format!("at most {of}")));
        return None;
    }
    r.assume("periods", &format!("{need} of {of}"), "the scenario", "set");
    Some((need, of))
}

/// An event has no thresholds and no periods.
fn refuse_figures(r: &Reader<'_>) {
    for key in WORDS.into_iter().chain(["period", "periods"]) {
        if r.has(key) {
            let message = format!("`{key}` means nothing for metric = \"down\"");
            let complaint = Diagnostic::error("exclusive", r.place_of(key), message);
            r.cx.complain(complaint.help("an event is told when it happens: leave it out"));
        }
    }
}

/// Complains about periods that are not made of whole windows, or that the run never completes.
pub(crate) fn check_times(specs: &Specs, settings: &Settings, cx: &Context) {
    for alert in specs.alert.values() {
        let On::Shares { period, need, .. } = &alert.spec.on else { continue };
        let (ns, window) = (period.value.nanos(), settings.window);
        let name = alert.full();
        if window.nanos() > 0 && !ns.is_multiple_of(window.nanos()) {
            let message = format!("`{name}` has a period of {}", period.value);
            cx.complain(
                Diagnostic::error("alert", period.place, message)
                    .label(format!("not a multiple of the run's window, {window}"))
                    .help("write a multiple, or another `window` in [run]"),
            );
        } else if u128::from(ns) * u128::from(*need) >= u128::from(settings.horizon.nanos()) {
            let message = format!("`{name}` needs {need} periods of {}", period.value);
            let label = format!("the run ends at {}", settings.horizon);
            cx.complain(Diagnostic::warning("alert", period.place, message).label(label));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::plan::{Metric, Watched};
    use crate::scenario::testing::{assumed, codes, load};

    const RUN: &str = "[run]\nlength = \"10 min\"\nwindow = \"10 s\"\n";
    const NET: &str = "[link.l]\ncapacity = \"1 Gbps\"\n";

    fn seen(keys: &str) -> Vec<String> {
        codes(&format!("{RUN}{NET}[alert.a]\nof = \"link.l\"\n{keys}\n"), "\"link.l\"")
    }

    #[test]
    fn levels_of_a_link() {
        let text = format!("{RUN}{NET}[alert.a]\nof = \"link.l\"\n");
        let plan = load(&text, "\"link.l\"").unwrap().plan;
        let [it] = &plan.alerts[..] else { panic!("{:?}", plan.alerts) };
        let Watched::Links { links, metric, need, of, .. } = &it.on else { panic!("{it:?}") };
        assert_eq!((links.len(), *metric, *need, *of), (1, Metric::Used, 3, 3));
        assert_eq!(it.of, "link.l: share of the capacity, 3 of 3 x 1 min");
        let levels: Vec<_> = it.levels.iter().map(|l| (l.word.as_str(), l.from)).collect();
        assert_eq!(levels, [("info", 0.5), ("warn", 0.7), ("critical", 0.8)]);
        let found = assumed(&text, "\"link.l\"", "alert.a.warn");
        assert_eq!(found, Some(("70 %".into(), "D".into())));
        // Who gives one level means just that.
        let one = load(&format!("{text}warn = \"60 %\"\n"), "\"link.l\"").unwrap().plan;
        assert_eq!(one.alerts[0].levels.len(), 1);
    }

    #[test]
    fn a_group_tells_of_its_circuits() {
        let net = "[region.r]\n[access_point.p]\nregion = \"r\"\n[access_point.q]\nregion = \"r\"\n\
             [circuit.one]\nport = \"1 Gbps\"\naccess_point = \"p\"\nisp = \"x\"\none_way = \"1 ms\"\n\
             [circuit.two]\nport = \"1 Gbps\"\naccess_point = \"q\"\nisp = \"y\"\none_way = \"1 ms\"\n\
             [vbr.v]\ncircuit = \"two\"\n\
             [circuit_group.g]\nmembers = [\"circuit.one\", \"vbr.v\"]\nmode = \"ecmp\"\n";
        let of = |keys: &str| {
            let text = format!("{RUN}{net}[alert.a]\n{keys}\n");
            load(&text, "\"circuit_group.g\"").unwrap_or_else(|said| panic!("{said}")).plan
        };
        let plan = of("of = \"circuit_group.g\"\nmetric = \"down\"");
        assert!(matches!(plan.alerts[0].on, Watched::Belief { .. }));
        for (keys, n) in [("circuit_group.g", 2), ("vbr.v", 1), ("circuit.one", 1)] {
            let plan = of(&format!("of = \"{keys}\""));
            let Watched::Links { links, .. } = &plan.alerts[0].on else { panic!() };
            assert_eq!(links.len(), n, "{keys}");
        }
        // The port, and the line that others share.
        let shared = net.replace("isp = \"x\"", "isp = \"x\"\nshared = true");
        let text = format!("{RUN}{shared}\n[alert.a]\nof = \"circuit.one\"\n");
        let plan = load(&text, "\"circuit_group.g\"").unwrap_or_else(|said| panic!("{said}")).plan;
        let Watched::Links { links, .. } = &plan.alerts[0].on else { panic!() };
        assert_eq!(links.len(), 2);
    }

    #[test]
    fn complaints() {
        assert!(seen("").is_empty());
        assert!(seen("periods = { need = 2, of = 5 }\nperiod = \"30 s\"").is_empty());
        assert_eq!(seen("period = \"25 s\""), ["alert"]);
        assert_eq!(seen("period = \"5 min\""), ["alert"]);
        assert_eq!(seen("periods = { need = 4, of = 3 }"), ["range"]);
        assert_eq!(seen("info = \"80 %\"\nwarn = \"70 %\""), ["range"]);
        assert_eq!(seen("warn = \"0 %\""), ["range"]);
        assert_eq!(seen("metric = \"lost\""), ["missing-key"]);
        assert!(seen("metric = \"full\"\nwarn = \"20 %\"").is_empty());
        assert_eq!(seen("metric = \"busy\""), ["word"]);
        // Only a group knows whether its circuits are up.
        assert_eq!(seen("metric = \"down\""), ["reference"]);
    }
}
