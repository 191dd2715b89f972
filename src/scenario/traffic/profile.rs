//! Shapes in time: `[profile.daily] hours = [24 factors]`, or points and a period.

use std::collections::BTreeMap;

use crate::plan::Profile;
use crate::scenario::context::{Context, wrong_type};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::kinds::named_tables;
use crate::scenario::read::{Above0, Factor, Read};
use crate::scenario::reader::Reader;
use crate::scenario::tree::{Node, Table, Value};
use crate::units::Span;

/// Every declared profile that could be read, by name.
pub(crate) type Profiles = BTreeMap<String, Profile>;

/// Reads every `[profile.x]`.
pub(crate) fn read_all(root: &Table, cx: &Context) -> Profiles {
    let mut profiles = Profiles::new();
    for (name, r) in named_tables(root, "profile", cx) {
        let profile = read(&r);
        if let Some(profile) = profile {
            if profile.is_valid() {
                profiles.insert(name, profile);
            } else {
                let message = format!("`{}` is no shape in time", r.path);
                r.cx.complain(
                    Diagnostic::error("profile", r.place, message)
                        .help("times rise from 0 to below the period, and some factor is above 0"),
                );
            }
        }
        r.done();
    }
    profiles
}

fn read(r: &Reader<'_>) -> Option<Profile> {
    const HOUR: Span = Span::from_secs(3600);
    let period = r.given::<Above0<Span>>("period");
    if r.one_of(&["hours", "points"])? == "hours" {
        if let Some(period) = period {
            let message = "`hours` has a period of a day: `period` goes with `points`";
            r.cx.complain(Diagnostic::error("exclusive", period.place, message));
        }
        let node = r.node("hours")?;
        let factors: Vec<_> =
            r.list(node).iter().map(|n| Factor::read(n, r.cx)).collect::<Option<_>>()?;
        if factors.len() != 24 {
            let message = format!("a day has 24 factors, found {}", factors.len());
            r.cx.complain(Diagnostic::error("range", node.place, message));
            return None;
        }
        let at = |hour: usize| Span::from_nanos(HOUR.nanos() * hour as u64);
        let points = factors.iter().enumerate().map(|(h, f)| (at(h), f.0)).collect();
        return Some(Profile { points, period: at(24) });
    }
    let node = r.node("points")?;
    let points = r.list(node).iter().map(|n| point(n, r.cx)).collect::<Option<_>>()?;
    let period = period.map_or(Span::from_nanos(24 * HOUR.nanos()), |p| p.value.0);
    Some(Profile { points, period })
}

fn point(node: &Node, cx: &Context) -> Option<(Span, f64)> {
    match &node.value {
        Value::List(pair) if pair.len() == 2 => {
            let (at, factor) = (Span::read(&pair[0], cx), Factor::read(&pair[1], cx));
            Some((at?, factor?.0))
        }
        _ => {
            cx.complain(wrong_type(node, "a pair such as [\"6 h\", 0.5]"));
            None
        }
    }
}
