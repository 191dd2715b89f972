//! When requests start: `{ poisson = {...} }`, `{ renewal }`, `{ closed }`, `{ trace }`, `{ flows }`,
//! `{ job }`.

use std::sync::Arc;

use super::flows::Flows;
use super::jobs;
use super::profile::Profiles;
use crate::plan::{self, Profile};
use crate::scenario::context::Context;
use crate::scenario::data;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::kinds::Specs;
use crate::scenario::law::Law;
use crate::scenario::read::{Count, PerSecond};
use crate::scenario::reader::{Reader, variant};
use crate::scenario::tree::{Node, Value};
use crate::units::Span;

const CHOICES: &[&str] = &["closed", "flows", "job", "poisson", "renewal", "trace"];

/// Arrivals, or the list of flows that stands in for them.
#[derive(Clone, Debug)]
pub(crate) enum Arrivals {
    Requests(plan::Arrivals),
    Flows(Flows),
}

impl Arrivals {
    /// Whether the node says that there is such a way of arriving, readable or not.
    pub(super) fn say(node: &Node, choice: &str) -> bool {
        matches!(&node.value, Value::Table(table) if table.get(choice).is_some())
    }
}

/// Reads arrivals.
pub(super) fn read(
    node: &Node,
    profiles: &Profiles,
    specs: &Specs,
    owner: &str,
    cx: &Context,
) -> Option<Arrivals> {
    let (choice, inner) = variant(node, cx, "a way of arriving", CHOICES)?;
    // Defaults of a job are assumptions, which name their workload.
    let path = match choice {
        "job" => format!("{owner}.arrivals.job"),
        _ => choice.to_owned(),
    };
    let r = Reader::of(cx, inner, &path)?;
    if choice == "flows" {
        let flows = Flows::read(&r, specs);
        r.done();
        return flows.map(Arrivals::Flows);
    }
    let arrivals = match choice {
        "poisson" => {
            let profile = profile(&r, profiles);
            r.req::<PerSecond>("rate")
                .map(|rate| plan::Arrivals::Poisson { per_second: rate.0, profile })
        }
        "renewal" => {
            let profile = profile(&r, profiles);
            let gap = r.req::<Law<Span>>("gap");
            if gap.as_ref().is_some_and(|gap| gap.dist.mean() < 1.0) {
                let message = "a mean gap below 1 ns never ends";
                cx.complain(Diagnostic::error("range", r.place_of("gap"), message));
            }
            gap.map(|gap| plan::Arrivals::Renewal { gap: gap.dist, profile })
        }
        "closed" => {
            let (workers, think) = (r.req::<Count>("workers"), r.req::<Law<Span>>("think"));
            workers.zip(think).map(|(workers, think)| plan::Arrivals::Closed {
                workers: workers.0,
                think: think.dist,
            })
        }
        "job" => jobs::read(&r),
        _ => r.req::<String>("file").and_then(|file| {
            let rows = data::read_trace(&file, r.place_of("file"), cx)?;
            Some(plan::Arrivals::Trace { rows: Arc::new(rows) })
        }),
    };
    r.done();
    arrivals.map(Arrivals::Requests)
}

/// The profile a key `profile` names.
pub(super) fn profile(r: &Reader<'_>, profiles: &Profiles) -> Option<Profile> {
    let name = r.reference("profile", &["profile"])?.name;
    profiles.get(&name).cloned()
}
