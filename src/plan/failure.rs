//! What a failure does to a plan: events of truth in a copy of it, and what no failure of which can be felt.

use std::collections::BTreeSet;

use super::{
    Arrivals, Change, ComponentId, Fault, Hop, Manner, Plan, Profile, RouteId, SelectorId, Watched,
    What, Workload,
};
use crate::units::Span;

/// Why a run can't be cut to the time around a failure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a run with {0} can't be cut to the time around a failure: it hangs on the time from its start"
)]
pub struct AroundError(pub String);

impl Plan {
    /// This plan with components that fail at `from` and are repaired at `to`, as one fault of the given name:
    /// truth only, nothing else changes, so that runs of both with the same seed are paired.
    ///
    /// ```
    /// use highwater::plan::{Component, ComponentId, Manner, Plan};
    /// use highwater::units::Span;
    /// let plan = Plan { components: vec![Component::new("circuit.c1")], ..Plan::default() };
    /// let span = (Span::from_secs(20), Span::from_secs(40));
    /// let failed = plan.with_failure("cut", &[ComponentId(0)], span, Manner::BlackHole);
    /// assert_eq!((failed.changes.len(), failed.faults[0].label.as_str()), (2, "circuit.c1 down"));
    /// ```
    pub fn with_failure(
        &self,
        name: &str,
        elements: &[ComponentId],
        (from, to): (Span, Span),
        manner: Manner,
    ) -> Self {
        let mut plan = self.clone();
        let fault = u32::try_from(plan.faults.len()).expect("tables are bounded");
        let names: Vec<&str> =
            elements.iter().map(|id| self.components[id.index()].name.as_str()).collect();
        let label = format!("{} down", names.join(" and "));
        plan.faults.push(Fault { name: name.into(), label, from, to, planned: false });
        let change = |at, what| Change { at, after: None, fault: Some(fault), what };
        for &component in elements {
            plan.changes.push(change(from, What::Fail { component, manner }));
            plan.changes.push(change(to, What::Repair { component }));
        }
        plan.changes.retain(|c| c.at < self.settings.horizon || c.fault != Some(fault));
        // A stable sort: changes of one instant keep their order.
        plan.changes.sort_by_key(|c| c.at);
        plan
    }

    /// This plan without its faults, and without random outages; planned changes stay.
    pub fn without_faults(&self) -> Self {
        let mut plan = self.clone();
        plan.settings.outages = false;
        // The new position of each fault or change that stays.
        let mut kept = 0;
        let position: Vec<Option<u32>> = plan
            .faults
            .iter()
            .map(|f| {
                f.planned.then(|| {
                    kept += 1;
                    kept - 1
                })
            })
            .collect();
        plan.faults.retain(|f| f.planned);
        plan.changes.retain(|c| c.fault.is_none_or(|f| position[f as usize].is_some()));
        for change in &mut plan.changes {
            change.fault = change.fault.and_then(|f| position[f as usize]);
        }
        plan
    }

    /// The components whose failure somebody can feel. Of all others it is certain that a run is the same with
    /// and without their failure, as its workloads, links, pools and stations see it.
    ///
    /// Reached is what a need of any hop names that lies on the route of a workload or of background load, or
    /// on any branch of any choice there, listed or not; what such a branch watches; what the resolvers of
    /// these choices, scalers, gates, and choices that alerts watch hang on; and the members of each
    /// group that is reached. A risk is felt through what it takes: of itself it is not reached.
    pub fn reached(&self) -> BTreeSet<ComponentId> {
        let mut found =
            Reached { plan: self, components: BTreeSet::new(), selectors: BTreeSet::new() };
        let routes = |w: &Workload| -> Vec<RouteId> {
            match &w.arrivals {
                Arrivals::Flows { routes, .. } => routes.to_vec(),
                _ => vec![w.route],
            }
        };
        let of_all = self.workloads.iter().flat_map(routes);
        for id in of_all.chain(self.backgrounds.iter().map(|b| b.route)) {
            found.hops(&self.routes[id.index()].hops);
        }
        for scaler in &self.scalers {
            found.components.extend(&scaler.needs);
            found.components.extend(&self.stations[scaler.station.index()].needs);
        }
        found.components.extend(self.gates.iter().filter_map(|g| g.component));
        for alert in &self.alerts {
            if let Watched::Belief { selector } = alert.on {
                found.selector(selector);
            }
        }
        let mut reached = found.components;
        let groups = self.components.iter().enumerate();
        for (i, group) in groups.filter(|(_, c)| !c.of.is_empty()) {
            let id = ComponentId(u32::try_from(i).expect("tables are bounded"));
            if reached.contains(&id) {
                reached.extend(&group.of);
            }
        }
        reached
    }

    /// For each component the first one that nothing tells from it: every link, station, branch, route and scaler that
    /// needs or watches the one needs or watches the other as often, and both are in the same groups. The failure
    /// of either takes down the same, and so does that of both. What takes others down, is made of others, is a
    /// gate's, is one of a group by list or fails or is repaired by a change of the plan, is like itself only.
    pub fn alike(&self) -> Vec<ComponentId> {
        let ids = || (0..).map(ComponentId);
        let mut places: Vec<Vec<(u8, usize, usize)>> = vec![Vec::new(); self.components.len()];
        let mut note = |list: &[ComponentId], at: (u8, usize, usize)| {
            list.iter().for_each(|id| places[id.index()].push(at));
        };
        let needs = |hops: &[Hop]| -> Vec<ComponentId> {
            let need = |hop: &Hop| match *hop {
                Hop::Need(id) => Some(id),
                _ => None,
            };
            hops.iter().filter_map(need).collect()
        };
        self.links.iter().enumerate().for_each(|(i, l)| note(&l.needs, (0, i, 0)));
        self.stations.iter().enumerate().for_each(|(i, s)| note(&s.needs, (1, i, 0)));
        self.routes.iter().enumerate().for_each(|(i, r)| note(&needs(&r.hops), (2, i, 0)));
        self.scalers.iter().enumerate().for_each(|(i, s)| note(&s.needs, (3, i, 0)));
        for (i, selector) in self.selectors.iter().enumerate() {
            for (j, branch) in selector.branches.iter().enumerate() {
                note(&needs(&branch.hops), (4, i, j));
                note(&branch.watches, (5, i, j));
            }
        }
        let own = |id: ComponentId| (7, id.index(), 0);
        for (id, it) in ids().zip(&self.components) {
            match it.listed_by {
                Some(_) => it.of.iter().for_each(|member| note(&[*member], own(*member))),
                None => note(&it.of, (6, id.index(), 0)),
            }
            if !it.takes.is_empty() || !it.of.is_empty() {
                note(&[id], own(id));
            }
        }
        self.gates.iter().filter_map(|g| g.component).for_each(|id| note(&[id], own(id)));
        for change in &self.changes {
            if let What::Fail { component, .. } | What::Repair { component } = change.what {
                note(&[component], own(component));
            }
        }
        places.iter_mut().for_each(|list| list.sort_unstable());
        let first = |id: ComponentId| {
            let same = places.iter().position(|list| *list == places[id.index()]);
            ComponentId(u32::try_from(same.unwrap_or(id.index())).expect("tables are bounded"))
        };
        ids().take(self.components.len()).map(first).collect()
    }

    /// The start of the window from which the load that profiles tell of is highest: the sum over open
    /// workloads and background load of their bytes per second at the window's middle, at the first such
    /// window. Only windows after the warm-up count, from which `length` still fits. None where nothing
    /// varies by a profile, or nothing fits.
    pub fn busiest(&self, length: Span) -> Option<Span> {
        let s = &self.settings;
        let rates: Vec<(f64, Option<&Profile>)> =
            self.workloads.iter().filter_map(mean_rate).chain(self.background_rates()).collect();
        if rates.iter().all(|r| r.1.is_none()) {
            return None;
        }
        let window = s.window.nanos();
        let load = |from: u64| -> f64 {
            let middle = Span::from_nanos(from + window / 2);
            let factor = |p: &Profile| p.factor(middle, s.start_of_day);
            rates.iter().map(|(rate, profile)| rate * profile.map_or(1.0, factor)).sum()
        };
        let last = s.horizon.nanos().checked_sub(length.nanos())?;
        let windows = s.warmup.nanos().div_ceil(window)..=last / window;
        let mut best: Option<(u64, f64)> = None;
        for (from, load) in windows.map(|i| (i * window, load(i * window))) {
            if best.is_none_or(|b| load > b.1) {
                best = Some((from, load));
            }
        }
        best.map(|b| Span::from_nanos(b.0))
    }

    #[expect(clippy::cast_precision_loss, reason = "a load to compare")]
    fn background_rates(&self) -> impl Iterator<Item = (f64, Option<&Profile>)> {
        let rate = |b: &super::Background| (b.forward.bps() as f64 + b.backward.bps() as f64) / 8.0;
        self.backgrounds.iter().map(move |b| (rate(b), b.profile.as_ref()))
    }

    /// This plan cut to the time from its warm-up and `margin` before `from` to `margin` after `to`, and
    /// how much later it starts. Profiles keep their time of day. It starts empty, as every run does: what the
    /// whole run had built up by then is built up in the warm-up and the margin, or not at all.
    ///
    /// # Errors
    /// Changes, faults, traces, lists of flows and jobs are told in time since the start.
    pub fn around(
        &self,
        (from, to): (Span, Span),
        margin: Span,
    ) -> Result<(Self, Span), AroundError> {
        let refuse = |what: &str| Err(AroundError(what.into()));
        if !self.changes.is_empty() {
            return refuse("changes or faults of its own");
        }
        if self.backgrounds.is_empty() && self.workloads.is_empty() {
            return refuse("no traffic");
        }
        for w in &self.workloads {
            match w.arrivals {
                Arrivals::Trace { .. } => return refuse("a trace"),
                Arrivals::Flows { .. } => return refuse("a list of flows"),
                Arrivals::Jobs(_) => return refuse("jobs"),
                _ => {}
            }
        }
        let mut plan = self.clone();
        let s = &mut plan.settings;
        let lead = s.warmup.nanos().saturating_add(margin.nanos());
        let start = from.nanos().saturating_sub(lead);
        // On a window of the whole run, so that windows of both are the same.
        let start = start - start % s.window.nanos();
        let end = to.nanos().saturating_add(margin.nanos()).min(s.horizon.nanos());
        s.horizon = Span::from_nanos(end - start);
        s.start_of_day = Span::from_nanos(s.start_of_day.nanos() + start);
        Ok((plan, Span::from_nanos(start)))
    }
}

/// Bytes per second of an open workload, both directions, while its profile is 1.
fn mean_rate(w: &Workload) -> Option<(f64, Option<&Profile>)> {
    let bytes = w.request.mean() + w.response.mean();
    match &w.arrivals {
        Arrivals::Poisson { per_second, profile } => Some((per_second * bytes, profile.as_ref())),
        Arrivals::Renewal { gap, profile } => Some((1e9 / gap.mean() * bytes, profile.as_ref())),
        _ => None,
    }
}

/// What was found on the way along routes.
struct Reached<'p> {
    plan: &'p Plan,
    components: BTreeSet<ComponentId>,
    selectors: BTreeSet<SelectorId>,
}

impl Reached<'_> {
    fn hops(&mut self, hops: &[Hop]) {
        for hop in hops {
            match *hop {
                Hop::Link(id) | Hop::Against(id) => {
                    self.components.extend(&self.plan.links[id.index()].needs);
                }
                Hop::Station(id) => self.components.extend(&self.plan.stations[id.index()].needs),
                Hop::Need(id) => {
                    self.components.insert(id);
                }
                Hop::Selector(id) => self.selector(id),
                Hop::Delay(_) | Hop::Pool(_) => {}
            }
        }
    }

    fn selector(&mut self, id: SelectorId) {
        if !self.selectors.insert(id) {
            return;
        }
        let it = &self.plan.selectors[id.index()];
        for branch in &it.branches {
            self.components.extend(&branch.watches);
            self.hops(&branch.hops);
        }
        let resolver = it.naming.as_ref().and_then(|n| n.resolver);
        self.components.extend(resolver.iter().flat_map(|r| &self.plan.stations[r.index()].needs));
    }
}
