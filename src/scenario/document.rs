//! The tables that are there once: the head of the file, `[run]`, `[sweep]`.

use super::context::{Context, wrong_type};
use super::diagnostic::{Diagnostic, Place, Severity, nearest};
use super::kinds::kinds;
use super::read::{Above0, Count, TimeOfDay};
use super::reader::Reader;
use super::tree::{Node, Table, Value};
use super::{Axis, Sweep};
use crate::plan::{Life, Settings};
use crate::units::Span;

/// The version of the file format.
const VERSION: u64 = 1;
/// Longest simulated time: about 31 years.
const LONGEST: Span = Span::from_secs(1_000_000_000);
/// Most windows of a time series.
const MOST_WINDOWS: u64 = 1_000_000;
/// Most replications.
const MOST_REPLICATIONS: u32 = 100_000;
/// Most points of a sweep.
const MOST_POINTS: u64 = 1_000_000;
/// Tables that are no kinds.
pub(super) const TRAFFIC: &[&str] = &["background", "fault", "profile", "workload"];
/// Tables and keys that are there once.
pub(super) const HEAD: &[&str] = &["description", "run", "sweep", "tcp", "title", "version"];

/// The head of the file.
pub(super) struct Head {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) settings: Settings,
    /// Where the number of replications stands, if it is given.
    pub(super) replications: Option<Place>,
    /// Where it says that things fail at random.
    outages: Option<Place>,
}

/// Reads the head and `[run]`, and refuses unknown tables.
pub(super) fn read_head(root: &Table, cx: &Context) -> Head {
    let start = Place::default();
    let r = Reader::new(cx, root, start, "the scenario".to_owned());
    if !r.has("version") {
        cx.complain(no_version(start));
    }
    let version = r.opt::<u64>("version");
    if let Some(version) = version.filter(|v| *v != VERSION) {
        let message = format!("version {version} of the file format is not known");
        cx.complain(
            Diagnostic::error("version", r.place_of("version"), message)
                .help(format!("write version = {VERSION}")),
        );
    }
    let title = r.or("title", String::new());
    if title.contains('\n') {
        let message = "the title has more than one line";
        cx.complain(
            Diagnostic::error("range", r.place_of("title"), message)
                .help("put the rest into `description`"),
        );
    }
    let description = r.or("description", String::new());
    let run = r.node("run").and_then(|node| Reader::of(cx, node, "run"));
    let replications = run.as_ref().filter(|r| r.has("replications"));
    let replications = replications.map(|r| r.place_of("replications"));
    let outages = run.as_ref().map(|r| r.place_of("outages"));
    let settings = run.map(settings).unwrap_or_default();
    let outages = outages.filter(|_| settings.outages);
    refuse_unknown(root, cx);
    Head { title, description, settings, replications, outages }
}

fn no_version(place: Place) -> Diagnostic {
    let message = "the file does not say which version of the format it has";
    Diagnostic::error("missing-key", place, message).help(format!("begin with version = {VERSION}"))
}

fn refuse_unknown(root: &Table, cx: &Context) {
    let known: Vec<&str> = kinds()
        .iter()
        .map(|k| k.name)
        .chain(TRAFFIC.iter().copied())
        .chain(HEAD.iter().copied())
        .collect();
    for (key, entry) in &root.entries {
        if !known.contains(&key.as_str()) {
            let message = format!("there is no table or key `{key}`");
            let mut complaint = Diagnostic::error("unknown-key", entry.key, message);
            if let Some(guess) = nearest(key, known.iter().copied()) {
                complaint = complaint.label(format!("did you mean `{guess}`?"));
                // Misspelled, it is not missing.
                if guess == "version" && root.get("version").is_none() {
                    cx.withdraw(&no_version(Place::default()));
                }
            }
            let mut listed = known.clone();
            listed.sort_unstable();
            cx.complain(complaint.help(format!("known are {}", listed.join(", "))));
        }
    }
}

fn settings(r: Reader<'_>) -> Settings {
    let default = Settings::default();
    let length = r.given::<Above0<Span>>("length");
    let horizon = length.as_ref().map_or(default.horizon, |l| l.value.0);
    let warmup = r.given::<Span>("warmup");
    let window = r.or("window", Above0(default.window)).0;
    let replications = r.given::<Count>("replications");
    let settings = Settings {
        seed: r.or("seed", default.seed),
        replications: replications.as_ref().map_or(default.replications, |n| n.value.0),
        horizon,
        warmup: warmup.as_ref().map_or(default.warmup, |w| w.value),
        window,
        start_of_day: r.opt::<TimeOfDay>("start_of_day").map_or(Span::ZERO, |t| t.0),
        outages: r.or("outages", false),
    };
    let refuse = |place, message: String, rule: &str| {
        r.cx.complain(Diagnostic::error("range", place, message).label(rule));
    };
    if settings.warmup >= horizon {
        let place = r.place_of("warmup");
        let message = format!("the warm-up {} leaves nothing of {horizon}", settings.warmup);
        refuse(place, message, "must be below `length`");
    }
    if horizon > LONGEST {
        let message = format!("{horizon} is too long a time");
        refuse(r.place_of("length"), message, "at most 1e9 s, about 31 years");
    }
    if horizon.nanos().div_ceil(window.nanos()) > MOST_WINDOWS {
        let message = format!("windows of {window} in {horizon} are too many");
        refuse(r.place_of("window"), message, "at most 1,000,000 windows");
    }
    if settings.replications > MOST_REPLICATIONS {
        let message = format!("{} replications are too many", settings.replications);
        refuse(r.place_of("replications"), message, "at most 100,000");
    }
    r.done();
    settings
}

/// Complains where random outages are asked for and none are to be expected.
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
pub(super) fn check_outages(head: &Head, lives: &[&Life], cx: &Context) {
    let Some(place) = head.outages else { return };
    if lives.is_empty() {
        let message = "nothing can fail at random: nothing says how often it does";
        cx.complain(
            Diagnostic::warning("outages", place, message).help(
                "give what can fail `mtbf` and `mttr`, as in mtbf = \"90 d\", mttr = \"4 h\"",
            ),
        );
        return;
    }
    let s = &head.settings;
    let whole = s.horizon.nanos() as f64 * f64::from(s.replications);
    let turns = lives.iter().map(|l| whole / (l.up.nanos() as f64 + l.down.nanos() as f64));
    let expected: f64 = turns.sum();
    if expected < 1.0 {
        let message = format!("{expected:.2} outages are expected in all of the run");
        cx.complain(
            Diagnostic::new(Severity::Note, "outages", place, message)
                .label(format!("{} x {} replications", s.horizon, s.replications))
                .help("a longer `length`, more `replications`, or a fault at a given instant"),
        );
    }
}

/// One axis of the sweep with the values' nodes.
pub(super) struct ReadAxis {
    pub(super) key: String,
    pub(super) place: Place,
    pub(super) values: Vec<Node>,
}

/// Reads `[sweep]`: dotted keys, quoted or not, each with a list of values.
pub(super) fn read_sweep(root: &Table, cx: &Context) -> Vec<ReadAxis> {
    let Some(entry) = root.get("sweep") else { return Vec::new() };
    let mut axes = Vec::new();
    match &entry.node.value {
        Value::Table(table) => collect_axes(table, "", &mut axes, cx),
        _ => cx.complain(wrong_type(&entry.node, "a table of axes")),
    }
    let points = axes.iter().fold(1u64, |n, a| n.saturating_mul(a.values.len() as u64));
    if points > MOST_POINTS {
        let message = format!("a grid of {points} points is too large");
        let complaint = Diagnostic::error("range", entry.key, message);
        cx.complain(complaint.label("at most 1,000,000 points"));
    }
    axes
}

fn collect_axes(table: &Table, prefix: &str, axes: &mut Vec<ReadAxis>, cx: &Context) {
    for (key, entry) in &table.entries {
        let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match &entry.node.value {
            Value::Table(inner) => collect_axes(inner, &key, axes, cx),
            Value::List(values) if !values.is_empty() => {
                axes.push(ReadAxis { key, place: entry.key, values: values.clone() });
            }
            _ => cx.complain(wrong_type(&entry.node, "a list of at least one value")),
        }
    }
}

/// The axes in the form the runner takes: values as TOML texts.
pub(super) fn sweep(axes: &[ReadAxis], cx: &Context) -> Sweep {
    let axis = |axis: &ReadAxis| Axis {
        key: axis.key.clone(),
        values: axis.values.iter().map(|node| cx.written(node.place)).collect(),
    };
    Sweep { axes: axes.iter().map(axis).collect() }
}
