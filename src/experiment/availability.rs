//! Exact availability: how often and how long what is made of failing elements is down.
//!
//! ```text
//! elements with lives ──┐
//!                       ├─> every state of them, with its probability ──> works in it? how well?
//! risks and their members ┘
//! ```
//!
//! Nothing is simulated: up to [`MOST`] elements and risks, all 2^n states are gone through. A risk that is
//! down takes its members with it, so states are conditioned on the risks. Elements are independent of each
//! other, and in their long run: each is up with probability up / (up + down) whatever its laws, and fails
//! once per up + down. What happens between a failure and its detection is no state, and not in here.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::{Branch, Component, ComponentId, Hop, Plan, SelectorId};

/// Most elements and risks of one structure: 2^20 states are a million questions.
pub const MOST: usize = 20;

/// What fails and is repaired by itself, and what that takes down.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    /// Its name.
    pub name: String,
    /// Mean time from a repair to the next failure, in any unit, above 0; infinite for what never fails
    /// by itself.
    pub up: f64,
    /// Mean time to repair, in the same unit, not below 0.
    pub down: f64,
    /// Positions of the elements that are down while this one is: it is a risk that they share.
    pub takes: Vec<usize>,
}

impl Element {
    /// One that takes nothing with it.
    pub fn new(name: impl Into<String>, up: f64, down: f64) -> Self {
        Self { name: name.into(), up, down, takes: Vec::new() }
    }

    /// Long-run probability to be up by itself.
    pub fn availability(&self) -> f64 {
        1.0 / (1.0 + self.down / self.up)
    }

    /// Long-run probability to be down by itself.
    pub fn unavailability(&self) -> f64 {
        self.down / (self.up + self.down)
    }
}

/// Why there is no exact answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StructureError {
    /// More states than are gone through.
    #[error("{0} elements have too many states: at most {MOST}")]
    TooMany(usize),
    /// An element takes one that is not there, or a risk, or its times are no times.
    #[error("element {0}: its times, or what it takes")]
    Unfit(String),
}

/// Which elements are up in a state, by themselves and with all risks that take them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State(u32);

impl State {
    /// Whether the element of this position is up.
    pub const fn is_up(self, element: usize) -> bool {
        (self.0 >> element) & 1 == 1
    }

    /// How many of these elements are up.
    pub fn up_of(self, elements: impl IntoIterator<Item = usize>) -> usize {
        elements.into_iter().filter(|e| self.is_up(*e)).count()
    }
}

/// How available something is, in the time unit of its elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Availability {
    /// Long-run share of time in which it works.
    pub availability: f64,
    /// 1 less that, summed by itself: exact where it is small.
    pub unavailability: f64,
    /// Outages per unit of time.
    pub frequency: f64,
    /// Mean length of an outage; 0 where there are none.
    pub mean_outage: f64,
}

impl Availability {
    fn of(availability: f64, unavailability: f64, frequency: f64) -> Self {
        let mean_outage = if frequency > 0.0 { unavailability / frequency } else { 0.0 };
        Self { availability, unavailability, frequency, mean_outage }
    }
}

/// `k` of `n` identical, independent elements are needed: the binomial law. Outages begin where the k-th
/// last one fails: C(n,k) A^k q^(n-k) k / up per unit of time (Billinton & Allan 1992).
///
/// ```
/// use highwater::experiment::availability::k_of_n;
/// // One of two circuits, each up for 199 h and down for 1 h in the mean: 1 - 0.005^2.
/// let it = k_of_n(1, 2, 199.0, 1.0);
/// assert!((it.unavailability - 0.000_025).abs() < 1e-15);
/// // Both are down for half an hour in the mean, as each of two repairs may end it.
/// assert!((it.mean_outage - 0.5).abs() < 1e-12);
/// ```
pub fn k_of_n(k: u32, n: u32, up: f64, down: f64) -> Availability {
    let (a, q) = (up / (up + down), down / (up + down));
    // C(n,j) A^j q^(n-j), with a factor q wherever the product passes 1, so that none overflows.
    let exactly = |j: u32| {
        let (mut p, mut left) = (1.0, n - j);
        for i in 0..j {
            p *= f64::from(n - i) / f64::from(j - i) * a;
            while p > 1.0 && left > 0 {
                (p, left) = (p * q, left - 1);
            }
        }
        (0..left).fold(p, |p, _| p * q)
    };
    let works = (k..=n).map(exactly).sum();
    let fails = (0..k.min(n + 1)).map(exactly).sum();
    let frequency = if k <= n { exactly(k) * f64::from(k) / up } else { 0.0 };
    Availability::of(works, fails, frequency)
}

/// Elements, and the states that they can be in.
#[derive(Clone, Debug)]
pub struct Structure {
    elements: Vec<Element>,
    /// By which elements are up by themselves: the probability of that, and who is up after all.
    states: Vec<(f64, State)>,
}

impl Structure {
    /// All states of these elements.
    ///
    /// # Errors
    /// More than [`MOST`] elements; times that are none; what takes something that is not there, itself, or
    /// one that takes others.
    pub fn new(elements: Vec<Element>) -> Result<Self, StructureError> {
        if elements.len() > MOST {
            return Err(StructureError::TooMany(elements.len()));
        }
        let simple = |i: &usize| elements.get(*i).is_some_and(|e| e.takes.is_empty());
        let fits = |e: &&Element| {
            let times = e.up > 0.0 && e.down.is_finite() && e.down >= 0.0;
            times && e.takes.iter().all(simple)
        };
        if let Some(unfit) = elements.iter().find(|e| !fits(e)) {
            return Err(StructureError::Unfit(unfit.name.clone()));
        }
        // Doubling: the states of the first i elements, then each with the next one down and up.
        let mut masses = vec![1.0];
        for e in &elements {
            let down: Vec<f64> = masses.iter().map(|p| p * e.unavailability()).collect();
            let up = masses.iter().map(|p| p * e.availability());
            masses = down.iter().copied().chain(up).collect();
        }
        let taken: Vec<u32> =
            elements.iter().map(|e| e.takes.iter().fold(0, |m, i| m | (1 << i))).collect();
        let state = |own: u32| {
            let lost = (0..).zip(&taken).filter(|(i, _)| (own >> i) & 1 == 0).map(|(_, m)| m);
            State(own & !lost.fold(0, |all, m| all | m))
        };
        let states = (0..).zip(masses).map(|(own, p)| (p, state(own))).collect();
        Ok(Self { elements, states })
    }

    /// The elements of a plan, as [`elements_of`] gives them.
    ///
    /// # Errors
    /// As [`Structure::new`].
    pub fn of(plan: &Plan) -> Result<Self, StructureError> {
        Self::new(elements_of(plan))
    }

    /// Its elements, in their order.
    pub fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// The position of an element by its name.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.elements.iter().position(|e| e.name == name)
    }

    /// How available something is that works in some states and not in others. `works` is asked once for
    /// each of the 2^n states.
    ///
    /// ```
    /// use highwater::experiment::availability::{Element, Structure};
    /// // Two circuits in one conduit: 4 h a year are lost to it, whatever the circuits do.
    /// let mut conduit = Element::new("conduit", 8_756.0, 4.0);
    /// conduit.takes = vec![0, 1];
    /// let circuit = |name| Element::new(name, 1_990.0, 10.0);
    /// let all = Structure::new(vec![circuit("c1"), circuit("c2"), conduit]).unwrap();
    /// let it = all.availability(|s| s.is_up(0) || s.is_up(1));
    /// let exact = 4.0 / 8_760.0 + 8_756.0 / 8_760.0 * 0.005 * 0.005;
    /// assert!((it.unavailability - exact).abs() < 1e-15);
    /// ```
    pub fn availability(&self, works: impl Fn(State) -> bool) -> Availability {
        let good: Vec<bool> = self.states.iter().map(|(_, state)| works(*state)).collect();
        let sum = |wanted: bool| {
            let masses = self.states.iter().zip(&good).filter(|(_, g)| **g == wanted);
            masses.map(|((p, _), _)| p).sum()
        };
        let frequency = self.states.iter().enumerate().filter(|(own, _)| good[*own]);
        let frequency = frequency.map(|(own, (p, _))| p * self.rate_out(own, &good)).sum();
        Availability::of(sum(true), sum(false), frequency)
    }

    /// Rate at which a working state turns into one that does not.
    fn rate_out(&self, own: usize, good: &[bool]) -> f64 {
        let rate = |(i, e): (usize, &Element)| {
            let after = own ^ (1 << i);
            match (good[after], (own >> i) & 1 == 1) {
                (true, _) => 0.0,
                (false, true) => 1.0 / e.up,
                // A repair that does harm: only where `works` is not monotone.
                (false, false) if e.down > 0.0 => 1.0 / e.down,
                (false, false) => 0.0,
            }
        };
        self.elements.iter().enumerate().map(rate).sum()
    }

    /// The long-run mean of a value that hangs on the state: the share of the demand that is served, say.
    pub fn mean(&self, value: impl Fn(State) -> f64) -> f64 {
        self.states.iter().map(|(p, state)| p * value(*state)).sum()
    }
}

/// What of a plan has a life, and what that takes down, in hours; members of a risk that have no life of their
/// own never fail by themselves. In the order of the plan's components.
pub fn elements_of(plan: &Plan) -> Vec<Element> {
    gather(plan, |_| true).into_iter().map(|(_, element)| element).collect()
}

/// How available a choice is: it works while all that some branch on its list needs is up. In hours.
///
/// A branch needs what it watches, and what its hops need; choices on the way are taken to work. Only elements
/// with a life count that some branch needs, or that take one of these down.
///
/// # Errors
/// More than [`MOST`] such elements.
///
/// ```
/// # use highwater::scenario::{Source, load_text};
/// use highwater::experiment::availability::of_choice;
/// use highwater::plan::SelectorId;
/// let text = r#"
/// version = 1
/// [access_point.east]
/// [access_point.west]
/// [circuit.c1]
/// port = "1 Gbps"
/// access_point = "east"
/// mtbf = "199 h"
/// mttr = "1 h"
/// [circuit.c2]
/// port = "1 Gbps"
/// access_point = "west"
/// mtbf = "199 h"
/// mttr = "1 h"
/// [circuit_group.main]
/// members = ["circuit.c1", "circuit.c2"]
/// mode = "ecmp"
/// [workload.w]
/// path = ["circuit_group.main"]
/// arrivals = { poisson = { rate = "1/s" } }
/// request = "1 kB"
/// response = "1 kB"
/// "#;
/// # let source = Source { path: "demo.toml".into(), text: text.into() };
/// # let plan = load_text(source, std::path::Path::new("."), &[]).unwrap().plan;
/// let it = of_choice(&plan, SelectorId(0))?;
/// assert!((it.unavailability - 0.005 * 0.005).abs() < 1e-15);
/// # Ok::<(), highwater::experiment::availability::StructureError>(())
/// ```
pub fn of_choice(plan: &Plan, selector: SelectorId) -> Result<Availability, StructureError> {
    let branches = plan.selectors[selector.index()].branches.iter().filter(|b| b.listed);
    let needs = |b: &Branch| {
        let hops = b.hops.iter().flat_map(|hop| match *hop {
            Hop::Link(id) | Hop::Against(id) => plan.links[id.index()].needs.clone(),
            Hop::Need(id) => vec![id],
            Hop::Station(id) => plan.stations[id.index()].needs.clone(),
            Hop::Delay(_) | Hop::Pool(_) | Hop::Selector(_) => vec![],
        });
        b.watches.iter().copied().chain(hops).collect::<Vec<_>>()
    };
    let branches: Vec<Vec<ComponentId>> = branches.map(needs).collect();
    // A group is up while any of its members is.
    let members = |id: ComponentId| match &plan.components[id.index()].of[..] {
        [] => vec![id],
        of => of.to_vec(),
    };
    let parts: BTreeSet<ComponentId> =
        branches.iter().flatten().flat_map(|id| members(*id)).collect();
    let found = gather(plan, |id| parts.contains(&id));
    let at: BTreeMap<ComponentId, usize> =
        found.iter().enumerate().map(|(i, (id, _))| (*id, i)).collect();
    let all = Structure::new(found.into_iter().map(|(_, element)| element).collect())?;
    let is_up = |s: State, id: ComponentId| at.get(&id).is_none_or(|i| s.is_up(*i));
    let holds = |s: State, id: &ComponentId| members(*id).into_iter().any(|m| is_up(s, m));
    Ok(all.availability(|s| branches.iter().any(|b| b.iter().all(|id| holds(s, id)))))
}

/// Of what is wanted, and of what takes that down, the elements that fail or are taken.
fn gather(plan: &Plan, wanted: impl Fn(ComponentId) -> bool) -> Vec<(ComponentId, Element)> {
    let takes_wanted = |c: &Component| c.takes.iter().any(|m| wanted(*m));
    let living =
        |(id, c): &(ComponentId, &Component)| c.life.is_some() && (wanted(*id) || takes_wanted(c));
    let taken: Vec<ComponentId> =
        plan.elements().filter(living).flat_map(|(_, c)| c.takes.iter().copied()).collect();
    let counts =
        |it: &(ComponentId, &Component)| living(it) || (wanted(it.0) && taken.contains(&it.0));
    let listed: Vec<_> = plan.elements().filter(counts).collect();
    let hours = |span: crate::units::Span| as_f64(span.nanos()) / 3.6e12;
    let element = |(id, c): &(ComponentId, &Component)| {
        let times = c.life.as_ref().map(|l| (hours(l.up), hours(l.down)));
        let (up, down) = times.unwrap_or((f64::INFINITY, 0.0));
        let position = |member| listed.iter().position(|(id, _)| id == member);
        let takes = match times {
            Some(_) => c.takes.iter().filter_map(position).collect(),
            None => Vec::new(),
        };
        (*id, Element { takes, ..Element::new(c.name.clone(), up, down) })
    };
    listed.iter().map(element).collect()
}

/// Probability that exactly j of these are down by themselves, for j from 0 to all (Poisson-binomial), of any
/// number of elements: what looking at all singles and pairs covers, and what it leaves.
///
/// ```
/// use highwater::experiment::availability::{Element, by_failures};
/// let law = by_failures(&[Element::new("a", 9.0, 1.0), Element::new("b", 3.0, 1.0)]);
/// // Both up, one of them down, both down: 0.9 x 0.75, 0.1 x 0.75 + 0.9 x 0.25, 0.1 x 0.25.
/// assert!(law.iter().zip([0.675, 0.3, 0.025]).all(|(p, exact)| (p - exact).abs() < 1e-15));
/// ```
pub fn by_failures(elements: &[Element]) -> Vec<f64> {
    let mut law = vec![1.0];
    for e in elements {
        law.push(0.0);
        for j in (0..law.len()).rev() {
            let before = if j > 0 { law[j - 1] } else { 0.0 };
            law[j] = law[j] * e.availability() + before * e.unavailability();
        }
    }
    law
}

/// Probability that just these of the elements are down by themselves, of any number of elements.
pub fn mass_of(elements: &[Element], down: &[usize]) -> f64 {
    let factor = |(i, e): (usize, &Element)| match down.contains(&i) {
        true => e.unavailability(),
        false => e.availability(),
    };
    elements.iter().enumerate().map(factor).product()
}

#[expect(clippy::cast_precision_loss, reason = "times to one part in 2^53")]
const fn as_f64(n: u64) -> f64 {
    n as f64
}
