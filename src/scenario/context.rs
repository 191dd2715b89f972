//! What reading a scenario shares: complaints, sources, known names, data files, assumptions.

use std::cell::{Cell, Ref as Borrowed, RefCell};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::diagnostic::{Diagnostic, Place, Severity, Source, nearest};
use super::follow::{Doubts, Name};
use super::kinds::endpoint_service::EndpointService;
use super::kinds::{self, Kind};
use super::tree::{Node, Table, Value};
use crate::plan::Assumption;

/// Largest data file.
const MOST_DATA_BYTES: u64 = 64 << 20;

/// Most errors, and most warnings, that are kept.
const MOST_COMPLAINTS: usize = 1000;
/// Most errors with a guess at what was meant.
const MOST_GUESSES: usize = 100;

/// Shared by everything that reads; interior mutability keeps the readers' signatures plain.
pub(crate) struct Context {
    /// Folder of the scenario file; data files stay below it.
    folder: PathBuf,
    complaints: RefCell<Vec<Diagnostic>>,
    /// How many errors there were, and how many warnings and notes; those beyond
    /// [`MOST_COMPLAINTS`] are counted only.
    said: [Cell<usize>; 2],
    sources: RefCell<Vec<Source>>,
    files: RefCell<BTreeMap<String, Arc<DataFile>>>,
    assumptions: RefCell<Vec<Assumption>>,
    /// What is being read, and what was found out about it.
    reading: RefCell<Option<Name>>,
    doubts: RefCell<Doubts>,
    declared: BTreeMap<String, BTreeMap<String, Place>>,
}

/// A data file and its index among the sources.
pub(crate) struct DataFile {
    pub(crate) source: u32,
    pub(crate) text: String,
}

/// A reference to a thing, `circuit.c1`, and where it is written.
#[derive(Clone, Debug)]
pub(crate) struct Ref {
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) place: Place,
}

impl Ref {
    /// `circuit.c1`
    pub(crate) fn full(&self) -> String {
        format!("{}.{}", self.kind, self.name)
    }
}

impl Context {
    pub(crate) fn new(folder: PathBuf, sources: Vec<Source>, root: &Table) -> Self {
        let mut declared: BTreeMap<String, BTreeMap<String, Place>> = BTreeMap::new();
        for (kind, entry) in &root.entries {
            if let Value::Table(things) = &entry.node.value {
                let names = things.entries.iter().map(|(n, e)| (n.clone(), e.key)).collect();
                declared.insert(kind.clone(), names);
            }
        }
        Self {
            folder,
            complaints: RefCell::default(),
            said: Default::default(),
            sources: RefCell::new(sources),
            files: RefCell::default(),
            assumptions: RefCell::default(),
            reading: RefCell::default(),
            doubts: RefCell::default(),
            declared,
        }
    }

    pub(crate) fn complain(&self, complaint: Diagnostic) {
        let said = &self.said[usize::from(complaint.severity != Severity::Error)];
        said.set(said.get() + 1);
        if said.get() <= MOST_COMPLAINTS {
            self.complaints.borrow_mut().push(complaint);
        }
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.said[0].get() > 0
    }

    /// The nearest known name, while there are few errors: a guess per error of a hostile file
    /// would take for ever.
    pub(crate) fn guess<'n>(
        &self,
        name: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) -> Option<&'n str> {
        (self.said[0].get() < MOST_GUESSES).then(|| nearest(name, known)).flatten()
    }

    /// How many complaints there are now.
    pub(crate) fn complaints_now(&self) -> usize {
        self.complaints.borrow().len()
    }

    /// Drops warnings and notes said after that many complaints.
    pub(crate) fn forget_warnings_since(&self, count: usize) {
        let mut index = 0;
        self.complaints.borrow_mut().retain(|c| {
            index += 1;
            index <= count || c.severity == Severity::Error
        });
    }

    /// Reads one thing: notes what it names, and whether anything was wrong with it.
    pub(crate) fn reading<T>(
        &self,
        kind: &str,
        name: &str,
        read: impl FnOnce() -> Option<T>,
    ) -> Option<T> {
        let this = (kind.to_owned(), name.to_owned());
        self.doubts.borrow_mut().names.entry(this.clone()).or_default();
        self.reading.replace(Some(this.clone()));
        let before = self.said[0].get();
        let value = read();
        self.reading.replace(None);
        let mut doubts = self.doubts.borrow_mut();
        if value.is_none() || self.said[0].get() > before {
            doubts.broken.insert(this);
        }
        value
    }

    /// Whether something of a kind could not be read as it is written.
    pub(crate) fn doubts_any(&self, kind: &str) -> bool {
        self.doubts.borrow().any(kind)
    }

    /// Drops what rules said, after that many complaints, of things that are in doubt: it may only
    /// follow from what reading has complained about. Ends the notes of this reading.
    pub(crate) fn forget_what_follows(&self, count: usize, root: &Table) {
        let places = self.doubts.take().places(root);
        let mut index = 0;
        self.complaints.borrow_mut().retain(|c| {
            index += 1;
            index <= count || !places.contains(&c.place)
        });
    }

    /// Takes a complaint back that another one says better.
    pub(crate) fn withdraw(&self, complaint: &Diagnostic) {
        let mut complaints = self.complaints.borrow_mut();
        if let Some(at) = complaints.iter().rposition(|c| c == complaint) {
            complaints.remove(at);
            let said = &self.said[usize::from(complaint.severity != Severity::Error)];
            said.set(said.get() - 1);
        }
    }

    /// Takes everything said so far, in order of place, each once.
    pub(crate) fn take_complaints(&self) -> Vec<Diagnostic> {
        let mut all = std::mem::take(&mut *self.complaints.borrow_mut());
        // Where the text is no TOML, what was made of it is not worth a word.
        let broken: Vec<Place> =
            all.iter().filter(|c| c.code == "syntax").map(|c| c.place).collect();
        all.retain(|c| c.code == "syntax" || !broken.contains(&c.place));
        all.sort_by(|a, b| {
            (a.severity, a.place, a.code, &a.message)
                .cmp(&(b.severity, b.place, b.code, &b.message))
        });
        all.dedup();
        told_once(all)
    }

    pub(crate) fn sources(&self) -> Borrowed<'_, Vec<Source>> {
        self.sources.borrow()
    }

    /// The text at a place, as written.
    pub(crate) fn written(&self, place: Place) -> String {
        let sources = self.sources.borrow();
        let text = sources.get(place.source as usize).map_or("", |s| s.text.as_str());
        text.get(place.start as usize..place.end as usize).unwrap_or("").to_owned()
    }

    pub(crate) fn assume(&self, assumption: Assumption) {
        self.assumptions.borrow_mut().push(assumption);
    }

    pub(crate) fn take_assumptions(&self) -> Vec<Assumption> {
        let mut all = std::mem::take(&mut *self.assumptions.borrow_mut());
        all.sort_by(|a, b| a.parameter.cmp(&b.parameter));
        all.dedup_by(|a, b| a.parameter == b.parameter);
        all
    }

    /// Names declared under a kind.
    pub(crate) fn names(&self, kind: &str) -> impl Iterator<Item = &str> {
        self.declared.get(kind).into_iter().flat_map(|names| names.keys().map(String::as_str))
    }

    /// Looks up `circuit.c1`, or plain `c1` where only one kind can stand, among what the scenario
    /// declares. Complains with the nearest known name.
    pub(crate) fn resolve(
        &self,
        text: &str,
        place: Place,
        allowed: &[&'static str],
    ) -> Option<Ref> {
        let (kind, name) = match (text.split_once('.'), allowed) {
            (Some((kind, name)), _) => (kind, name),
            (None, [only]) => (*only, text),
            (None, _) => {
                let message = format!("`{text}` does not say what kind of thing it is");
                let declares = |k: &&&'static str| {
                    self.declared.get(**k).is_some_and(|names| names.contains_key(text))
                };
                let help = match allowed.iter().find(declares) {
                    Some(kind) => format!("did you mean `{kind}.{text}`?"),
                    None => format!("write kind.name, with a kind of {}", allowed.join(", ")),
                };
                self.complain(Diagnostic::error("reference", place, message).help(help));
                return None;
            }
        };
        let Some(kind) = allowed.iter().find(|k| **k == kind) else {
            let message = format!("`{text}` cannot stand here");
            let mut complaint = Diagnostic::error("reference", place, message);
            complaint = match nearest(kind, allowed.iter().copied()) {
                Some(guess) => complaint.label(format!("did you mean `{guess}.{name}`?")),
                None => complaint.label("not a kind that fits"),
            };
            let plural = if allowed.len() == 1 { "this kind" } else { "these kinds" };
            self.complain(
                complaint.help(format!("things of {plural} fit: {}", allowed.join(", "))),
            );
            return None;
        };
        if let Some(this) = &*self.reading.borrow()
            && let Some(names) = self.doubts.borrow_mut().names.get_mut(this)
        {
            names.insert(((*kind).to_owned(), name.to_owned()));
        }
        if self.declared.get(*kind).is_some_and(|names| names.contains_key(name)) {
            return Some(Ref { kind, name: name.to_owned(), place });
        }
        let message = format!("there is no {kind} called `{name}`");
        let code = if *kind == EndpointService::NAME { "P-04" } else { "unknown-name" };
        let mut complaint = Diagnostic::error(code, place, message);
        if code == "P-04" {
            complaint = complaint.reason(
                "a service's name is unique: consumers connect by it (PrivateLink overview)",
            );
        }
        if let Some(guess) = self.guess(name, self.names(kind)) {
            complaint = complaint.label(format!("did you mean `{guess}`?"));
        }
        let known: Vec<_> = self.names(kind).take(12).collect();
        complaint = match known.is_empty() {
            true => complaint.help(format!("declare it: [{kind}.{name}]")),
            false => complaint.help(format!("declared are {}", known.join(", "))),
        };
        self.complain(complaint);
        None
    }

    /// A step of a route or path: `against:link.z` or `kind.name`.
    pub(crate) fn resolve_step(&self, node: &Node) -> Option<Step> {
        let Value::Text(text) = &node.value else {
            self.complain(wrong_type(node, "a string such as \"link.a\""));
            return None;
        };
        let (against, text) = match text.strip_prefix("against:") {
            Some(rest) => (true, rest),
            None => (false, text.as_str()),
        };
        let what = self.resolve(text, node.place, &kinds::PATH)?;
        if against && !kinds::AGAINST.contains(&what.kind) {
            let message = format!("a {} cannot be crossed against its direction", what.kind);
            self.complain(
                Diagnostic::error("against", node.place, message)
                    .help(format!("these can: {}", kinds::AGAINST.join(", "))),
            );
        }
        Some(Step { what, against })
    }

    /// The text of a data file, read once. The path is relative to the scenario's folder and stays
    /// inside its tree.
    pub(crate) fn file(&self, path: &str, place: Place) -> Option<Arc<DataFile>> {
        if let Some(known) = self.files.borrow().get(path) {
            return Some(known.clone());
        }
        match read_below(&self.folder, path) {
            Ok(text) => {
                let shown = self.folder.join(path).display().to_string();
                let mut sources = self.sources.borrow_mut();
                let source = u32::try_from(sources.len()).expect("fewer files than table entries");
                sources.push(Source { path: shown, text: text.clone() });
                let file = Arc::new(DataFile { source, text });
                self.files.borrow_mut().insert(path.to_owned(), file.clone());
                Some(file)
            }
            Err(why) => {
                let message = format!("the data file `{path}` cannot be used");
                self.complain(
                    Diagnostic::error("data-file", place, message)
                        .label(why)
                        .help("paths are relative to the scenario file and stay in its folder"),
                );
                None
            }
        }
    }

    /// Every data file used, by path.
    pub(crate) fn files(&self) -> Borrowed<'_, BTreeMap<String, Arc<DataFile>>> {
        self.files.borrow()
    }
}

/// Most places of one unknown name that are shown.
const MOST_SHOWN: usize = 4;

/// A name that is not declared is told once, with the places at which it stands.
fn told_once(all: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    let mut told: Vec<Diagnostic> = Vec::new();
    let mut more: BTreeMap<usize, usize> = BTreeMap::new();
    for one in all {
        // A second service of one name (P-04) has another message for each.
        let unknown = one.code == "unknown-name" || one.message.starts_with("there is no ");
        let Some(&at) = first.get(&one.message).filter(|_| unknown) else {
            first.insert(one.message.clone(), told.len());
            told.push(one);
            continue;
        };
        match told[at].also.len() < MOST_SHOWN {
            true => told[at].also.push((one.place, "named here, too".into())),
            false => *more.entry(at).or_default() += 1,
        }
    }
    for (at, n) in more {
        let help = told[at].help.take().unwrap_or_default();
        told[at].help = Some(format!("{help}; it is named in {n} more places"));
    }
    told
}

/// One step of a route or path.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) what: Ref,
    /// Crossed against its direction.
    pub(crate) against: bool,
}

/// The complaint about a value of the wrong shape.
pub(crate) fn wrong_type(node: &Node, expected: &str) -> Diagnostic {
    let message = format!("expected {expected}, found {}", node.value.what());
    Diagnostic::error("type", node.place, message).label(format!("this is {}", node.value.what()))
}

fn read_below(folder: &Path, path: &str) -> Result<String, String> {
    let relative = Path::new(path);
    let inside = !path.is_empty()
        && !path.contains('\0')
        && relative.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
    if !inside {
        return Err("this leaves the scenario's folder".into());
    }
    let full = folder.join(relative);
    let home = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let say = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        kind => kind.to_string(),
    };
    let real = full.canonicalize().map_err(say)?;
    if !real.starts_with(home.canonicalize().map_err(say)?) {
        return Err("this leaves the scenario's folder through a link".into());
    }
    let about = std::fs::metadata(&real).map_err(say)?;
    if !about.is_file() {
        return Err("this is no file".into());
    }
    if about.len() > MOST_DATA_BYTES {
        return Err(format!("larger than {} MiB", MOST_DATA_BYTES >> 20));
    }
    let bytes = std::fs::read(&real).map_err(say)?;
    String::from_utf8(bytes).map_err(|_| "this is no UTF-8 text".into())
}
