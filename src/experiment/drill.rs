//! Drills: every failure that is asked for, each as a copy of the base plan with events of truth.

use std::collections::{BTreeMap, BTreeSet};

use super::availability::{Element, elements_of, mass_of};
use super::{Case, ExperimentError, Options, run_all};
use crate::measure::{DrillCase, DrillHead, DrillResults, FAULT};
use crate::plan::{AroundError, ComponentId, Manner, Plan};
use crate::units::Span;

/// More failures than anyone reads.
pub const MOST_DRILLS: usize = 100_000;

/// Longest failure unless one is asked for.
const LENGTH: Span = Span::from_secs(600);

/// What to drill.
#[derive(Clone, Debug, PartialEq)]
pub struct Drill {
    /// Which failures.
    pub which: Which,
    /// When they begin; by default in the window of the highest load that profiles tell of (if it can be, with
    /// as much time after the failure as it takes), else after a third of the run that follows the warm-up.
    pub at: Option<Span>,
    /// How long they last; by default 10 minutes, or a third of the run after the warm-up if that is less.
    pub length: Option<Span>,
    /// How users notice.
    pub manner: Manner,
    /// Whether the scenario's own faults take place, too.
    pub keep_faults: bool,
    /// Whether failures that nobody can feel, and those that are the same as others, share a run.
    pub prune: bool,
    /// Runs are cut to the time from their warm-up and this much before the failure to this much after it;
    /// whole where absent.
    pub around: Option<Span>,
}

impl Default for Drill {
    fn default() -> Self {
        Self {
            which: Which::UpTo(1),
            at: None,
            length: None,
            manner: Manner::BlackHole,
            keep_faults: false,
            prune: true,
            around: None,
        }
    }
}

/// Which failures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// All sets of up to so many elements and risks.
    UpTo(usize),
    /// These sets, by the names of their elements.
    Named(Vec<Vec<String>>),
}

/// Why there is nothing to drill, or no way.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DrillError {
    /// No element of this name.
    #[error("there is no element `{name}`; there are {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// All that can fail.
        known: String,
    },
    /// Nothing can fail.
    #[error("nothing in the scenario can fail as a whole: there is nothing to drill")]
    Nothing,
    /// Too many sets.
    #[error("{0} failures are too many: at most {MOST_DRILLS}; name them, or take fewer at a time")]
    TooMany(usize),
    /// The failure does not lie in the part of the run that counts.
    #[error(
        "a failure from {from} to {to} does not lie between the warm-up's end at {warmup} and the run's end at {horizon}"
    )]
    Outside {
        /// Its start.
        from: Span,
        /// Its end.
        to: Span,
        /// The end of the warm-up.
        warmup: Span,
        /// The end of the run.
        horizon: Span,
    },
    /// The run can't be cut.
    #[error(transparent)]
    Around(#[from] AroundError),
}

/// What to run for some drills: the base run first.
#[derive(Clone, Debug)]
pub struct Drills {
    /// The runs.
    pub cases: Vec<Case>,
    /// What is drilled in which of them.
    pub head: DrillHead,
}

impl Drills {
    /// The runs that answer what is asked, all of the base run's seed.
    ///
    /// Failures share a run only where that changes no answer. Those of components that nobody can reach (see
    /// [`Plan::reached`]) are left out of a set; sets that then take down the same components, or such that nothing
    /// tells from them (see [`Plan::alike`]), are one; a set that takes down nothing is the base run.
    ///
    /// # Errors
    /// [`DrillError`].
    pub fn new(base: &Case, ask: &Drill) -> Result<Self, DrillError> {
        let mut plan = if ask.keep_faults { base.plan.clone() } else { base.plan.without_faults() };
        plan.settings.outages = false;
        plan.settings.count_late = true;
        let mut span = span(&plan, ask)?;
        let mut shift = Span::ZERO;
        if let Some(margin) = ask.around {
            (plan, shift) = plan.around(span, margin)?;
            let earlier = |at: Span| Span::from_nanos(at.nanos() - shift.nanos());
            span = (earlier(span.0), earlier(span.1));
        }
        let elements: Vec<ComponentId> = plan.elements().map(|(id, _)| id).collect();
        let name = |id: ComponentId| plan.components[id.index()].name.clone();
        let sets = sets(&plan, &elements, &ask.which)?;
        let reached = plan.reached();
        let alike = plan.alike();
        let lives = Lives::of(&plan);
        let mut head = DrillHead {
            from_ns: span.0.nanos(),
            to_ns: span.1.nanos(),
            shift_ns: shift.nanos(),
            cut: ask.around.is_some(),
            kept_faults: ask.keep_faults,
            manner: match ask.manner {
                Manner::BlackHole => "black hole".into(),
                Manner::Reset | Manner::Deny => "reset".into(),
            },
            all_up: lives.any().then(|| mass_of(&lives.elements, &[])),
            all_up_hours: lives.any().then(|| lives.hours(&[])),
            without_life: elements
                .iter()
                .filter(|id| plan.components[id.index()].life.is_none())
                .map(|id| name(*id))
                .collect(),
            idle: elements
                .iter()
                .filter(|id| felt(&plan, &reached, **id).is_empty())
                .map(|id| name(*id))
                .collect(),
            cases: Vec::new(),
        };
        let mut cases = vec![Case { plan: plan.clone(), identity: base.identity.clone() }];
        let mut runs: BTreeMap<BTreeSet<ComponentId>, (usize, String)> = BTreeMap::new();
        if ask.prune {
            runs.insert(BTreeSet::new(), (0, "nothing that carries traffic needs it".into()));
        }
        for set in sets {
            let names: Vec<String> = set.iter().map(|id| name(*id)).collect();
            let title = names.join(" + ");
            let felt: BTreeSet<ComponentId> = set
                .iter()
                .flat_map(|id| felt(&plan, &reached, *id))
                .map(|id| alike[id.index()])
                .collect();
            let known = ask.prune.then(|| runs.get(&felt).cloned()).flatten();
            let (run, pruned) = match known {
                Some((run, why)) => (run, Some(why)),
                None => {
                    let failed = plan.with_failure(FAULT, &set, span, ask.manner);
                    cases.push(Case { plan: failed, identity: base.identity.clone() });
                    let run = cases.len() - 1;
                    runs.insert(felt, (run, format!("it takes down the same as {title}")));
                    (run, None)
                }
            };
            let down = lives.positions(&set);
            head.cases.push(DrillCase {
                name: title,
                elements: names,
                run,
                pruned,
                probability: down.as_ref().map(|d| mass_of(&lives.elements, d)),
                hours: down.as_ref().map(|d| lives.hours(d)),
            });
        }
        Ok(Self { cases, head })
    }

    /// Runs them all, and puts them together.
    ///
    /// ```
    /// # use highwater::scenario::{Source, load_text};
    /// use highwater::experiment::{Case, Drill, Drills, Options};
    /// use highwater::measure::Identity;
    /// let text = r#"
    /// version = 1
    /// [run]
    /// length = "2 min"
    /// replications = 2
    /// [access_point.east]
    /// [circuit.c1]
    /// port = "1 Gbps"
    /// access_point = "east"
    /// [circuit.c2]
    /// port = "1 Gbps"
    /// access_point = "east"
    /// [circuit_group.main]
    /// members = ["circuit.c1", "circuit.c2"]
    /// mode = "ecmp"
    /// detection = { bfd = { interval = "200 ms", multiplier = 3 } }
    /// [workload.w]
    /// path = ["circuit_group.main"]
    /// arrivals = { poisson = { rate = "20/s" } }
    /// request = "1 kB"
    /// response = "10 kB"
    /// timeouts = { connect = "1 s", request = "1 s" }
    /// retries = { attempts = 3, backoff = "200 ms" }
    /// objectives = { availability = "99 %" }
    /// "#;
    /// # let source = Source { path: "demo.toml".into(), text: text.into() };
    /// # let plan = load_text(source, std::path::Path::new("."), &[]).unwrap().plan;
    /// let base = Case { plan, identity: Identity::default() };
    /// let options = Options { threads: 0, on_window: &|| {}, listen: None };
    /// let found = Drills::new(&base, &Drill::default())?.run(&options)?;
    /// // Either circuit alone is enough; both end at one access point.
    /// let points: Vec<&str> = found.single_points().map(|d| d.case.name.as_str()).collect();
    /// assert_eq!(points, ["access_point.east"]);
    /// assert_eq!(found.drills[0].case.name, "access_point.east");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`run_all`].
    pub fn run(&self, options: &Options<'_, '_>) -> Result<DrillResults, ExperimentError> {
        let mut results = run_all(&self.cases, options)?;
        let taken = |i: usize| Ok(std::mem::take(&mut results[i]));
        DrillResults::of(&self.head, taken).map(|(found, _)| found)
    }
}

/// When failures begin and end.
fn span(plan: &Plan, ask: &Drill) -> Result<(Span, Span), DrillError> {
    let s = &plan.settings;
    let counted = s.horizon.nanos() - s.warmup.nanos();
    let window = s.window.nanos();
    let whole = |ns: u64| Span::from_nanos((ns - ns % window).max(window.min(counted)));
    let length = ask.length.unwrap_or_else(|| whole(LENGTH.nanos().min(counted / 3)));
    let third = || {
        let at = s.warmup.nanos() + counted / 3;
        Span::from_nanos((at - at % window).max(s.warmup.nanos()))
    };
    // With as much time after it, so that what follows the repair is seen, if the run is long enough.
    let twice = Span::from_nanos(length.nanos().saturating_mul(2));
    let busiest = || plan.busiest(twice).or_else(|| plan.busiest(length));
    let from = ask.at.or_else(busiest).unwrap_or_else(third);
    let to = Span::from_nanos(from.nanos().saturating_add(length.nanos()));
    if from < s.warmup || to > s.horizon || length.nanos() == 0 {
        return Err(DrillError::Outside { from, to, warmup: s.warmup, horizon: s.horizon });
    }
    Ok((from, to))
}

/// The sets of elements that fail together.
fn sets(
    plan: &Plan,
    elements: &[ComponentId],
    which: &Which,
) -> Result<Vec<Vec<ComponentId>>, DrillError> {
    if elements.is_empty() {
        return Err(DrillError::Nothing);
    }
    let name = |id: &ComponentId| plan.components[id.index()].name.as_str();
    match which {
        Which::UpTo(most) => {
            let n = elements.len();
            let (mut all, mut of_size) = (0_usize, 1_usize);
            for k in 1..=(*most).min(n) {
                // C(n,k) = C(n,k-1) (n - k + 1) / k, a whole number at each step.
                of_size = of_size.saturating_mul(n - k + 1) / k;
                all = all.saturating_add(of_size);
                if all > MOST_DRILLS {
                    return Err(DrillError::TooMany(all));
                }
            }
            let mut found: Vec<Vec<ComponentId>> = Vec::new();
            let mut last: Vec<Vec<usize>> = vec![vec![]];
            for _ in 1..=(*most).min(n) {
                let longer = |set: &Vec<usize>| {
                    let set = set.clone();
                    let first = set.last().map_or(0, |i| i + 1);
                    (first..n).map(move |i| [&set[..], &[i]].concat())
                };
                last = last.iter().flat_map(longer).collect();
                found.extend(last.iter().map(|set| set.iter().map(|i| elements[*i]).collect()));
            }
            Ok(found)
        }
        Which::Named(named) => {
            let known = || elements.iter().map(name).collect::<Vec<_>>().join(", ");
            let found = |wanted: &String| {
                let it = elements.iter().find(|id| name(id) == wanted).copied();
                it.ok_or_else(|| DrillError::Unknown { name: wanted.clone(), known: known() })
            };
            let set = |names: &Vec<String>| {
                let set = names.iter().map(found).collect::<Result<BTreeSet<_>, DrillError>>()?;
                Ok::<Vec<_>, DrillError>(set.into_iter().collect())
            };
            if named.len() > MOST_DRILLS {
                return Err(DrillError::TooMany(named.len()));
            }
            // Once each: a state has its probability once.
            let mut sets: Vec<Vec<ComponentId>> = Vec::new();
            for set in named.iter().map(set) {
                let set = set?;
                if !sets.contains(&set) {
                    sets.push(set);
                }
            }
            Ok(sets)
        }
    }
}

/// What of an element, and of what it takes down, somebody can feel.
fn felt(plan: &Plan, reached: &BTreeSet<ComponentId>, id: ComponentId) -> Vec<ComponentId> {
    let takes = &plan.components[id.index()].takes;
    std::iter::once(id).chain(takes.iter().copied()).filter(|c| reached.contains(c)).collect()
}

/// The elements with lives, and where they are in their list.
struct Lives<'p> {
    plan: &'p Plan,
    elements: Vec<Element>,
}

impl<'p> Lives<'p> {
    fn of(plan: &'p Plan) -> Self {
        Self { plan, elements: elements_of(plan) }
    }

    fn any(&self) -> bool {
        !self.elements.is_empty()
    }

    /// Positions of a set; none unless all have lives.
    fn positions(&self, set: &[ComponentId]) -> Option<Vec<usize>> {
        let at = |id: &ComponentId| {
            let it = &self.plan.components[id.index()];
            it.life.as_ref()?;
            self.elements.iter().position(|e| e.name == it.name)
        };
        set.iter().map(at).collect()
    }

    /// Mean time in the state in which just these are down, hours: until the first of the others fails or of
    /// these is repaired.
    fn hours(&self, down: &[usize]) -> f64 {
        let rate = |(i, e): (usize, &Element)| match down.contains(&i) {
            true => 1.0 / e.down,
            false => 1.0 / e.up,
        };
        1.0 / self.elements.iter().enumerate().map(rate).sum::<f64>()
    }
}
