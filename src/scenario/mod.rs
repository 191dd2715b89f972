//! From a scenario's text to a [`Plan`]: the only room that knows cloud words.
//!
//! ```text
//! text ──parse──> tree ──overrides──> tree ──read──> Specs ──rules──> ──lower──> Plan
//!        (tree)          (overrides)       (kinds,          (check)     (lowering)
//!                                           traffic, faults)
//! ```
//!
//! Every value keeps its place, so that each complaint shows file, line, column and a caret. All
//! complaints are collected, syntax errors too; nothing is lowered while there are errors.
//! Warnings and notes travel into the plan.
//!
//! The file format is TOML, one table per thing, quantities as strings with units:
//!
//! ```
//! # use highwater::scenario::{Source, load_text};
//! let text = r#"
//! version = 1
//! [link.wan]
//! capacity = "1 Gbps"
//! [workload.web]
//! path = ["link.wan"]
//! arrivals = { poisson = { rate = "100/s" } }
//! request = "1 kB"
//! response = { exponential = { mean = "200 kB" } }
//! "#;
//! let source = Source { path: "demo.toml".into(), text: text.into() };
//! let loaded = load_text(source, std::path::Path::new("."), &[]).unwrap();
//! assert_eq!(loaded.plan.links[0].name, "link.wan");
//! ```

mod axis;
mod cidr;
mod context;
mod coverage;
mod data;
mod diagnostic;
mod document;
mod faults;
mod follow;
mod hash;
mod host;
mod kinds;
mod law;
mod life;
mod lowering;
mod overrides;
mod prices;
mod read;
mod reader;
mod render;
mod rules;
mod show;
mod table;
#[cfg(test)]
mod testing;
mod traffic;
mod tree;

use std::io::Read as _;
use std::path::{Path, PathBuf};

pub use axis::{Axis, Range};
pub use coverage::{How, Row, coverage, coverage_table};
pub use diagnostic::{Diagnostic, Place, Severity, Source};
pub use faults::effects;
pub use kinds::{KindDoc, kinds};
pub use prices::{load_prices, prices_of};
pub use render::{line_column, render};
pub use rules::Procedure;
pub use show::show_plan;

use context::Context;
use faults::Fault;
use kinds::{Specs, Thing, named_tables};
use lowering::Lowering;
use overrides::Override;
use traffic::{Background, Tcp, Workload};
use tree::Table;

use crate::plan::{Notice, Plan};

/// Largest scenario text; a parse tree takes tens of times the text.
const MOST_TEXT_BYTES: u64 = 8 << 20;
/// Most values of a sweep that are tried one by one when the scenario is loaded.
const MOST_TRIED: usize = 200;
/// Most bytes of scenario and data that these trials read in all.
const MOST_TRIED_BYTES: usize = 64 << 20;

/// A scenario that can run.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The lowered network.
    pub plan: Plan,
    /// Fingerprint of the resolved values, overrides and the bytes of data files.
    pub hash: u64,
    /// Warnings and notes.
    pub diagnostics: Vec<Diagnostic>,
    /// What the diagnostics' places point into.
    pub sources: Vec<Source>,
    /// The axes of `[sweep]`.
    pub sweep: Sweep,
    /// How services that state their class are reached from premises.
    pub procedures: Vec<Procedure>,
}

/// A grid of overrides: the product of its axes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sweep {
    /// The axes, sorted by key; none for a scenario without a sweep.
    pub axes: Vec<Axis>,
    /// Axes that advance together, as one more axis of the grid; all of them have as many values.
    pub zip: Vec<Axis>,
}

/// Why a scenario cannot run.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The scenario is wrong; nothing was lowered.
    #[error("{}", render(diagnostics, sources, false))]
    Refused {
        /// Every complaint, errors first, in order of place.
        diagnostics: Vec<Diagnostic>,
        /// What the places point into.
        sources: Vec<Source>,
    },
}

/// Loads a scenario file. Each override is a dotted key and the value as typed: `40 Gbps`,
/// `"40 Gbps"`, `3` and `true` are all accepted.
///
/// # Errors
/// [`Failure::Io`] if the file cannot be read, [`Failure::Refused`] with every complaint otherwise.
pub fn load(path: &Path, overrides: &[(String, String)]) -> Result<Loaded, Failure> {
    let source = read_source(path)?;
    let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
    load_text(source, &folder, overrides)
}

/// The text of a file of ours.
fn read_source(path: &Path) -> Result<Source, Failure> {
    let io = |error| Failure::Io { path: path.to_path_buf(), error };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(io)?;
    file.take(MOST_TEXT_BYTES + 1).read_to_end(&mut bytes).map_err(io)?;
    let shown = path.display().to_string();
    let refuse = |message: String| Failure::Refused {
        diagnostics: vec![Diagnostic::error("too-large", Place::default(), message)],
        sources: vec![Source { path: shown.clone(), text: String::new() }],
    };
    if bytes.len() as u64 > MOST_TEXT_BYTES {
        return Err(refuse(format!("a scenario has at most {} MiB", MOST_TEXT_BYTES >> 20)));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        refuse(format!("a scenario is UTF-8 text; byte {at} is not"))
    })?;
    Ok(Source { path: shown, text })
}

/// Loads a scenario from its text; data files are looked up below `folder`. The plan is named after
/// the file stem of the source's path.
///
/// # Errors
/// [`Failure::Refused`] with every complaint.
pub fn load_text(
    source: Source,
    folder: &Path,
    overrides: &[(String, String)],
) -> Result<Loaded, Failure> {
    let name = plan_name(&source.path);
    let (mut root, complaints) = tree::parse_document(&source.text, 0);
    let mut sources = vec![source];
    let typed: Vec<Override> = overrides
        .iter()
        .map(|(key, value)| {
            let index = u32::try_from(sources.len()).expect("command lines are bounded");
            sources.push(overrides::source_of(key, value));
            overrides::read(key, value, index)
        })
        .collect();
    let cx = Context::new(folder.to_path_buf(), sources, &root);
    complaints.into_iter().for_each(|c| cx.complain(c));
    for change in &typed {
        overrides::apply(&mut root, change, &cx);
    }
    let axes = document::read_sweep(&root, &cx);
    let scenario = Scenario::read(&root, &cx);
    // The sweep's points are tried without their assumptions, which are those of single runs.
    let assumptions = cx.take_assumptions();
    try_sweep(&root, &axes, &cx);
    cx.take_assumptions();
    let refused = |cx: &Context| Failure::Refused {
        diagnostics: cx.take_complaints(),
        sources: cx.sources().clone(),
    };
    if cx.has_errors() {
        return Err(refused(&cx));
    }
    let replications = scenario.head.replications;
    let procedures = rules::procedures(&scenario.specs);
    let classes = kinds::circuit::qos::places(&scenario.specs);
    let mut plan = scenario.lower(name);
    rules::check_meetings(&plan, &classes, &cx);
    if cx.has_errors() {
        return Err(refused(&cx));
    }
    if !plan.leaves_to_chance() {
        replicate_once(&mut plan, replications, &cx);
    }
    plan.assumptions.extend(assumptions);
    plan.assumptions.sort_by(|a, b| a.parameter.cmp(&b.parameter));
    if let Err(error) = plan.validate() {
        // Reading has let through what the plan forbids: our slip, told without a panic.
        cx.complain(Diagnostic::error("plan", Place::default(), error.to_string()));
        return Err(refused(&cx));
    }
    let hash = hash::fingerprint(&root, &cx);
    let sweep = document::sweep(&axes, &cx);
    let diagnostics = cx.take_complaints();
    let sources = cx.sources().clone();
    plan.notices = diagnostics.iter().map(|d| notice(d, &sources)).collect();
    Ok(Loaded { plan, hash, diagnostics, sources, sweep, procedures })
}

/// Nothing is drawn: all replications are the same, so there is one, unless the scenario says how
/// many.
fn replicate_once(plan: &mut Plan, given: Option<Place>, cx: &Context) {
    let settings = &mut plan.settings;
    let Some(place) = given else {
        settings.replications = 1;
        return;
    };
    if settings.replications > 1 {
        let message = format!("the {} replications will all be the same", settings.replications);
        cx.complain(
            Diagnostic::new(Severity::Note, "chance", place, message)
                .label("nothing in this scenario is left to chance")
                .help("leave `replications` out: there is then one"),
        );
    }
}

fn notice(diagnostic: &Diagnostic, sources: &[Source]) -> Notice {
    Notice {
        code: diagnostic.code.to_owned(),
        severity: diagnostic.severity.to_string(),
        place: render::spell(diagnostic.place, sources),
        text: diagnostic.text(),
    }
}

/// The file stem, with everything but letters, digits, `-`, `_` and `.` replaced.
fn plan_name(path: &str) -> String {
    let stem = Path::new(path).file_stem().map_or("scenario".into(), |s| s.to_string_lossy());
    let keep = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    stem.chars().take(64).map(keep).collect()
}

/// Reads the scenario once more for each value of each axis, so that a bad point is refused now
/// rather than after an hour of good ones. Complaints point at the value in the sweep.
fn try_sweep(root: &Table, axes: &[document::ReadAxis], cx: &Context) {
    if cx.has_errors() {
        return;
    }
    let bytes: usize = cx.sources().iter().map(|s| s.text.len()).sum();
    let tried = MOST_TRIED.min(MOST_TRIED_BYTES / bytes.max(1));
    let points = axes.iter().flat_map(|axis| axis.values.iter().map(move |v| (axis, v)));
    for (axis, value) in points.take(tried) {
        let change = Override { key: axis.key.clone(), place: axis.place, node: value.clone() };
        let mut root = root.clone();
        overrides::apply(&mut root, &change, cx);
        let quiet = cx.complaints_now();
        Scenario::read(&root, cx);
        // Warnings of single points would repeat those of the scenario itself.
        cx.forget_warnings_since(quiet);
    }
}

/// Everything declared, in the terms of the file.
struct Scenario {
    head: document::Head,
    specs: Specs,
    workloads: Vec<Thing<Workload>>,
    backgrounds: Vec<Thing<Background>>,
    faults: Vec<Thing<Fault>>,
}

impl Scenario {
    /// Reads and checks everything; what could not be read has been complained about.
    fn read(root: &Table, cx: &Context) -> Self {
        let head = document::read_head(root, cx);
        let specs = Specs::read(root, cx);
        let profiles = traffic::read_profiles(root, cx);
        let tcp = Tcp::read_all(root, cx);
        let workloads =
            things(root, "workload", cx, |r| Workload::read(r, &profiles, &specs, &tcp));
        tcp.assume(&workloads, root, cx);
        let backgrounds = things(root, "background", cx, |r| Background::read(r, &profiles));
        let faults = things(root, "fault", cx, Fault::read);
        let read = cx.complaints_now();
        specs.check(cx);
        kinds::selector::check_nesting(&specs.selector, cx);
        traffic::check(&workloads, &specs, cx);
        traffic::check_jobs(&workloads, head.settings.horizon, cx);
        rules::check(&workloads, &specs, cx);
        rules::check_backgrounds(&backgrounds, &specs, cx);
        faults::check(&faults, head.settings.horizon, &specs, cx);
        kinds::change::check_times(&specs, head.settings.horizon, cx);
        kinds::alert::check_times(&specs, &head.settings, cx);
        document::check_outages(&head, &specs.lives(), cx);
        cx.forget_what_follows(read, root);
        if workloads.is_empty() && cx.names("workload").next().is_none() {
            let message = "nothing sends requests: there is no workload";
            cx.complain(
                Diagnostic::error("missing-key", Place::default(), message)
                    .help("declare one: [workload.name]"),
            );
        }
        Self { head, specs, workloads, backgrounds, faults }
    }

    fn lower(self, name: String) -> Plan {
        let plan = Plan {
            name,
            title: self.head.title,
            description: self.head.description,
            settings: self.head.settings,
            ..Plan::default()
        };
        let mut l = Lowering::new(&self.specs, plan);
        self.specs.lower_always(&mut l);
        self.workloads.iter().for_each(|w| w.add_to(&mut l));
        kinds::circuit::qos::divide(&self.workloads, &mut l);
        self.backgrounds.iter().for_each(|b| b.add_to(&mut l));
        faults::add_to(&self.faults, &mut l);
        kinds::endpoint::script::add_to(&mut l);
        l.plan
    }
}

/// Reads every `[kind.x]` of a table that is no kind of the network.
fn things<T>(
    root: &Table,
    kind: &'static str,
    cx: &Context,
    read: impl Fn(&reader::Reader<'_>) -> Option<T>,
) -> Vec<Thing<T>> {
    named_tables(root, kind, cx)
        .into_iter()
        .filter_map(|(name, r)| {
            let place = r.place;
            let spec = cx.reading(kind, &name, || {
                let spec = read(&r);
                r.done();
                spec
            });
            Some(Thing { name, place, life: None, spec: spec? })
        })
        .collect()
}
