//! Routes resolved to concrete paths.

use crate::kernel::ClassId;
use crate::measure::Observer;
use crate::plan::{Arrivals, Hop, RouteId, Scope, Workload};
use crate::random::{Dist, Draws};

use super::SimError;
use super::state::{Choices, MOST_CHOICES, NONE};
use super::weight::weight;
use super::world::World;

/// Something that a new connection or a request passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Visit {
    Pool(u32),
    Station(u32),
    /// An instance of this scaler is chosen.
    Seat(u32),
}

/// One concrete way: what a workload's connection crosses once all choices are made.
#[derive(Debug)]
pub(super) struct Path {
    pub(super) workload: u32,
    /// Flow classes of requests and of responses; none where no link is crossed and nothing else
    /// holds flows back.
    pub(super) classes: [Option<ClassId>; 2],
    /// Whether it is the first path with these classes: one that differs from it in its pools and
    /// stations only has the same.
    pub(super) first: bool,
    /// The (link, side) that each of them crosses.
    pub(super) sides: [Vec<(u32, u8)>; 2],
    /// Most that one flow takes, bytes per ns, headers included.
    pub(super) cap: f64,
    /// Mean round trip, ns: both crossings.
    pub(super) round_trip: u64,
    /// Sum of the constant one-way delays, ns.
    pub(super) delay: u64,
    /// Further delays: (key of the delay, delay, whether the local law holds).
    laws: Vec<(u64, u32, bool)>,
    pub(super) opening: Vec<Visit>,
    pub(super) serving: Vec<Visit>,
    pub(super) needs: Vec<u32>,
    /// How long a connection may rest before it loses units without being told, ns.
    pub(super) idle: u64,
    /// How many of its needs are down, and how many of those reset.
    pub(super) down: u32,
    pub(super) resets: u32,
    /// (selector, branch) in order.
    pub(super) picks: Vec<(u32, u8)>,
}

/// What makes flows of one class: (workload, place, round trip, links and sides, needs).
pub(super) type Way = (u32, u32, u64, [Vec<(u32, u8)>; 2], Vec<u32>);

/// Every route that requests of a workload can take.
pub(super) fn routes_of(workload: &Workload) -> &[RouteId] {
    match &workload.arrivals {
        Arrivals::Flows { routes, .. } => routes,
        _ => std::slice::from_ref(&workload.route),
    }
}

/// The least of the workload's own cap and a window per round trip, bytes per ns on the wire.
fn flow_cap(spec: &Workload, round_trip: u64) -> f64 {
    let own = spec.flow_cap.map_or(f64::INFINITY, crate::units::Rate::bytes_per_ns);
    match spec.transport.window {
        #[expect(clippy::cast_precision_loss, reason = "round trips are short")]
        Some(window) if round_trip > 0 => {
            own.min(spec.transport.on_wire(window.get()) / round_trip as f64)
        }
        _ => own,
    }
}

/// How far choices lead through a route.
pub(super) enum Walk {
    /// The next choice is this selector's.
    Choose(u32),
    /// All choices are made.
    Complete,
}

impl<O: Observer> World<'_, O> {
    /// Follows a route as far as the choices lead.
    pub(super) fn walk(&self, route: u32, choices: &Choices) -> Walk {
        let mut used = 0;
        match self.walk_hops(&self.plan.routes[route as usize].hops, choices, &mut used) {
            Some(selector) => Walk::Choose(selector),
            None => Walk::Complete,
        }
    }

    fn walk_hops(&self, hops: &[Hop], choices: &Choices, used: &mut usize) -> Option<u32> {
        for hop in hops {
            if let Hop::Selector(id) = *hop {
                let Some(branch) = choices.get(*used) else {
                    return Some(id.0);
                };
                *used += 1;
                let branch = &self.plan.selectors[id.index()].branches[usize::from(branch)];
                if let Some(open) = self.walk_hops(&branch.hops, choices, used) {
                    return Some(open);
                }
            }
        }
        None
    }

    /// The path of complete choices for clients at `place`, made at its first use.
    pub(super) fn path_of(
        &mut self,
        workload: u32,
        route: u32,
        place: u32,
        choices: &Choices,
    ) -> u32 {
        if let Some(path) = self.path_index.get(&(workload, route, place, *choices)) {
            return *path;
        }
        let path = self.make_path(workload, route, place, choices);
        let id = u32::try_from(self.paths.len()).expect("fewer than 2^32 paths");
        for &c in &path.needs {
            self.components[c as usize].paths.push(id);
        }
        self.paths.push(path);
        self.path_index.insert((workload, route, place, *choices), id);
        id
    }

    fn make_path(&mut self, workload: u32, route: u32, place: u32, choices: &Choices) -> Path {
        let plan = self.plan;
        let spec = &plan.workloads[workload as usize];
        let mut flat = Vec::new();
        let mut picks = Vec::new();
        self.flatten(&plan.routes[route as usize].hops, choices, &mut flat, &mut picks);
        let (mut forward, mut backward) = (Vec::new(), Vec::new());
        let mut sides = [Vec::new(), Vec::new()];
        let (mut opening, mut serving, mut needs, mut laws) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut delay = 0;
        for hop in flat {
            match hop {
                Hop::Link(id) | Hop::Against(id) => {
                    let [ahead, back] = self.links[id.index()].resources;
                    let (ahead, back) =
                        if hop == Hop::Link(id) { (ahead, back) } else { (back, ahead) };
                    let it = &self.links[id.index()];
                    let d = usize::from(hop != Hop::Link(id));
                    forward.push(it.crossed(d, workload));
                    backward.push(it.crossed(1 - d, workload));
                    let far = u8::from(self.links[id.index()].resources[0] != ahead);
                    let near = u8::from(self.links[id.index()].resources[0] != back);
                    sides[0].push((id.0, far));
                    sides[1].push((id.0, near));
                    needs.extend(plan.links[id.index()].needs.iter().map(|c| c.0));
                }
                Hop::Delay(id) => {
                    let it = &plan.delays[id.index()];
                    let local = it.local.as_ref().is_some_and(|(at, _)| at.0 == place);
                    match self.delay_law(id.0, local) {
                        Dist::Constant { .. } => {
                            let more = self.delay_law(id.0, local).sample_whole(&mut Draws::new(0));
                            delay = u64::saturating_add(delay, more);
                        }
                        _ => {
                            // A delay that is crossed twice draws twice.
                            let nth = laws.len().to_string();
                            laws.push((crate::random::name_key(&[&it.name, &nth]), id.0, local));
                        }
                    }
                }
                Hop::Pool(id) => match plan.pools[id.index()].scope {
                    Scope::Connection => opening.push(Visit::Pool(id.0)),
                    Scope::Request => serving.push(Visit::Pool(id.0)),
                },
                Hop::Station(id) => {
                    let seats = self.scaled[id.index()]
                        .and_then(|s| Some((s, plan.scalers[s as usize].seats.as_ref()?.scope)));
                    match seats {
                        Some((scaler, Scope::Connection)) => opening.push(Visit::Seat(scaler)),
                        Some((scaler, Scope::Request)) => serving.push(Visit::Seat(scaler)),
                        None => {}
                    }
                    match plan.stations[id.index()].scope {
                        Scope::Connection => opening.push(Visit::Station(id.0)),
                        Scope::Request => serving.push(Visit::Station(id.0)),
                    }
                    needs.extend(plan.stations[id.index()].needs.iter().map(|c| c.0));
                }
                Hop::Need(id) => needs.push(id.0),
                Hop::Selector(_) => {}
            }
        }
        needs.sort_unstable();
        needs.dedup();
        let limit = |v: &Visit| match v {
            Visit::Pool(pool) => plan.pools[*pool as usize].idle.map(|span| span.nanos()),
            _ => None,
        };
        let idle = opening.iter().filter_map(limit).min().unwrap_or(u64::MAX);
        let down = needs.iter().filter(|c| self.components[**c as usize].reasons > 0).count();
        let resets = needs.iter().filter(|c| self.components[**c as usize].resets > 0).count();
        let round_trip = self.mean_round_trip(delay, &laws);
        let cap = flow_cap(spec, round_trip);
        let now = if down > 0 { 0.0 } else { cap };
        let weight = weight(spec.weight, round_trip, spec.transport.rtt_bias);
        let priority = self.rank(spec.priority);
        let mut class = |path: &[_]| {
            let sharing = &mut self.sharing;
            let holds = !path.is_empty() || cap.is_finite();
            holds.then(|| sharing.add_class_of(path, weight, now, priority))
        };
        // A list of flows goes one way.
        let back = !matches!(spec.arrivals, Arrivals::Flows { .. });
        let way = (workload, place, round_trip, sides.clone(), needs.clone());
        let known = self.ways.get(&way).copied();
        let classes =
            known.unwrap_or_else(|| [class(&forward), back.then(|| class(&backward)).flatten()]);
        self.ways.insert(way, classes);
        let [down, resets] = [down, resets].map(|n| u32::try_from(n).expect("few components"));
        Path {
            workload,
            classes,
            first: known.is_none(),
            sides,
            cap,
            round_trip,
            delay,
            laws,
            opening,
            serving,
            needs,
            idle,
            down,
            resets,
            picks,
        }
    }

    /// Twice the constant delays and the means of the laws; a law without a mean counts as 0.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "means are not negative; saturates"
    )]
    fn mean_round_trip(&self, delay: u64, laws: &[(u64, u32, bool)]) -> u64 {
        let means = laws.iter().map(|(_, delay, local)| self.delay_law(*delay, *local).mean());
        let drawn = means.filter(|m| m.is_finite()).sum::<f64>().round() as u64;
        delay.saturating_add(drawn).saturating_mul(2)
    }

    fn flatten(
        &self,
        hops: &[Hop],
        choices: &Choices,
        flat: &mut Vec<Hop>,
        picks: &mut Vec<(u32, u8)>,
    ) {
        for hop in hops {
            flat.push(*hop);
            if let Hop::Selector(id) = *hop {
                let branch = choices.get(picks.len()).expect("the walk was complete");
                picks.push((id.0, branch));
                let branch = &self.plan.selectors[id.index()].branches[usize::from(branch)];
                self.flatten(&branch.hops, choices, flat, picks);
            }
        }
    }

    /// Place of a priority among those that workloads have: one priority for all is none.
    fn rank(&self, priority: u8) -> u8 {
        let mut before: Vec<u8> = self.plan.workloads.iter().map(|w| w.priority).collect();
        before.retain(|other| *other < priority);
        before.sort_unstable();
        before.dedup();
        u8::try_from(before.len()).expect("fewer than 256 priorities")
    }

    fn delay_law(&self, delay: u32, local: bool) -> &Dist {
        let it = &self.plan.delays[delay as usize];
        match &it.local {
            Some((_, law)) if local => law,
            _ => &it.law,
        }
    }

    /// One crossing of a path, ns: the constant part and a draw of each law. `about` tells the
    /// crossings of one request apart.
    pub(super) fn crossing(&self, path: u32, key: u64, about: u64) -> u64 {
        let it = &self.paths[path as usize];
        let drawn = it.laws.iter().map(|(name, delay, local)| {
            self.delay_law(*delay, *local).sample_whole(&mut Draws::about(key, name ^ about))
        });
        drawn.fold(it.delay, u64::saturating_add)
    }

    /// Refuses plans whose paths could hold more choices than [`MOST_CHOICES`].
    pub(super) fn check_depth(&self) -> Result<(), SimError> {
        for w in &self.plan.workloads {
            let routes = routes_of(w).iter().map(|r| &self.plan.routes[r.index()].hops);
            if routes.map(|hops| self.most_choices(hops)).max() > Some(MOST_CHOICES) {
                return Err(SimError::TooManyChoices {
                    workload: w.name.clone(),
                    most: MOST_CHOICES,
                });
            }
        }
        Ok(())
    }

    fn most_choices(&self, hops: &[Hop]) -> usize {
        let of = |hop: &Hop| match hop {
            Hop::Selector(id) => {
                let branches = &self.plan.selectors[id.index()].branches;
                1 + branches.iter().map(|b| self.most_choices(&b.hops)).max().unwrap_or(0)
            }
            _ => 0,
        };
        hops.iter().map(of).sum()
    }

    /// The selectors with names anywhere on a route, each once, in order.
    pub(super) fn names_on(&self, hops: &[Hop], into: &mut Vec<u32>) {
        for hop in hops {
            if let Hop::Selector(id) = *hop {
                let it = &self.plan.selectors[id.index()];
                if it.naming.is_some() && !into.contains(&id.0) {
                    into.push(id.0);
                }
                for branch in &it.branches {
                    self.names_on(&branch.hops, into);
                }
            }
        }
    }

    /// Place of a client; [`NONE`] if its workload has none.
    pub(super) fn place(&self, workload: u32, client: u32) -> u32 {
        let places = &self.plan.workloads[workload as usize].places;
        match places.len() {
            0 => NONE,
            n => places[client as usize % n].0,
        }
    }
}
