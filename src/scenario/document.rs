//! The tables that are there once: the head of the file, `[run]`, `[sweep]`.

use super::context::{Context, wrong_type};
use super::diagnostic::{Diagnostic, Place, Severity, nearest};
use super::kinds::kinds;
use super::read::{Above0, Count, TimeOfDay};
use super::reader::Reader;
use super::tree::{Entry, Node, Table, Value};
use super::{Axis, Sweep, overrides};
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
        count_late: false,
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
    /// Of a range, what it is.
    range: Option<Axis>,
    /// Whether it advances together with others.
    zipped: bool,
}

/// Reads `[sweep]`: dotted keys, quoted or not, each with a list of values or a range; and in `zip`
/// those that advance together.
pub(super) fn read_sweep(root: &Table, cx: &Context) -> Vec<ReadAxis> {
    let Some(entry) = root.get("sweep") else { return Vec::new() };
    let mut axes = Vec::new();
    match &entry.node.value {
        Value::Table(table) => collect_axes(table, "", false, &mut axes, cx),
        _ => cx.complain(wrong_type(&entry.node, "a table of axes")),
    }
    let zipped: Vec<&ReadAxis> = axes.iter().filter(|a| a.zipped).collect();
    if let Some(first) = zipped.first()
        && let Some(other) = zipped.iter().find(|a| a.values.len() != first.values.len())
    {
        let (n, m) = (other.values.len(), first.values.len());
        let message = format!("`{}` has {n} values, and `{}` has {m}", other.key, first.key);
        let complaint = Diagnostic::error("value", other.place, message);
        cx.complain(complaint.label("axes of `zip` advance together, one value at a time"));
    }
    let alone = axes.iter().filter(|a| !a.zipped).map(|a| a.values.len() as u64);
    let together = zipped.first().map_or(1, |a| a.values.len() as u64);
    let points = alone.fold(together, u64::saturating_mul);
    if points > MOST_POINTS {
        let message = format!("a grid of {points} points is too large");
        let complaint = Diagnostic::error("range", entry.key, message);
        cx.complain(complaint.label("at most 1,000,000 points"));
    }
    axes
}

fn collect_axes(table: &Table, prefix: &str, zipped: bool, axes: &mut Vec<ReadAxis>, cx: &Context) {
    for (name, entry) in &table.entries {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match &entry.node.value {
            Value::Table(inner) if key == "zip" && !zipped => {
                collect_axes(inner, "", true, axes, cx);
            }
            Value::Table(inner) if is_range(inner) => {
                axes.extend(read_range(key, entry, inner, zipped, cx));
            }
            Value::Table(inner) => collect_axes(inner, &key, zipped, axes, cx),
            Value::List(values) if !values.is_empty() => {
                let values = values.clone();
                axes.push(ReadAxis { key, place: entry.key, values, range: None, zipped });
            }
            _ => cx.complain(wrong_type(&entry.node, "a list of at least one value")),
        }
    }
}

/// Whether a table is a range, not keys of something (a profile has points, too: a list).
fn is_range(table: &Table) -> bool {
    table.get("points").is_some_and(|it| matches!(it.node.value, Value::Integer(_)))
}

/// Reads `{ from, to, points }`, and `scale = "log"`.
fn read_range(
    key: String,
    entry: &Entry,
    table: &Table,
    zipped: bool,
    cx: &Context,
) -> Option<ReadAxis> {
    let known = ["from", "to", "points", "scale"];
    if let Some((name, other)) = table.entries.iter().find(|e| !known.contains(&e.0.as_str())) {
        let message = format!("a range has no `{name}`");
        let complaint = Diagnostic::error("unknown-key", other.key, message);
        cx.complain(complaint.label("allowed are from, to, points and scale"));
        return None;
    }
    let lacks = |name: &str| {
        let message = format!("a range lacks `{name}`");
        cx.complain(Diagnostic::error("missing-key", entry.key, message));
    };
    let end = |name: &str| -> Option<String> {
        let Some(it) = table.get(name) else {
            lacks(name);
            return None;
        };
        match &it.node.value {
            Value::Text(text) => Some(text.clone()),
            _ => Some(cx.written(it.node.place)),
        }
    };
    let (from, to, points) = (end("from")?, end("to")?, table.get("points")?);
    let is_log = match table.get("scale").map(|s| (&s.node, &s.node.value)) {
        None => false,
        Some((_, Value::Text(text))) if text == "log" || text == "linear" => text == "log",
        Some((node, _)) => {
            cx.complain(wrong_type(node, "\"linear\" or \"log\""));
            return None;
        }
    };
    let count = cx.written(points.node.place).parse::<u32>().unwrap_or(0);
    match Axis::ranged(&key, &from, &to, count, is_log) {
        Ok(axis) => {
            let place = entry.node.place;
            let values = axis.values.iter().map(|v| overrides::typed(v, place)).collect();
            Some(ReadAxis { key, place: entry.key, values, range: Some(axis), zipped })
        }
        Err(reason) => {
            cx.complain(Diagnostic::error("value", entry.node.place, reason));
            None
        }
    }
}

/// The axes in the form the runner takes: values as TOML texts.
pub(super) fn sweep(axes: &[ReadAxis], cx: &Context) -> Sweep {
    let listed = |axis: &ReadAxis| {
        Axis::listed(&axis.key, axis.values.iter().map(|node| cx.written(node.place)).collect())
    };
    let of = |zipped: bool| {
        let mine = axes.iter().filter(|a| a.zipped == zipped);
        mine.map(|a| a.range.clone().unwrap_or_else(|| listed(a))).collect()
    };
    Sweep { axes: of(false), zip: of(true) }
}
