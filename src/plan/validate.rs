//! The invariants of a plan, checked before any run.

use super::{
    Arrivals, Belief, Capacity, ComponentId, Hop, Plan, Profile, ScalerId, SelectorId, Servers,
    Transport, Watched, What, Workload,
};

/// A plan that breaks an invariant: a bug of whoever lowered it, since scenario text is checked
/// before.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid plan: {0}")]
pub struct PlanError(pub String);

impl Plan {
    /// Checks indices, bounds and names. A World is only built from a plan that passes.
    ///
    /// # Errors
    /// Says which thing breaks which invariant.
    pub fn validate(&self) -> Result<(), PlanError> {
        let fail = |text: String| Err(PlanError(text));
        let s = &self.settings;
        if s.replications == 0
            || s.horizon.nanos() == 0
            || s.window.nanos() == 0
            || s.warmup >= s.horizon
        {
            return fail(
                "settings: replications, horizon and window above 0, warm-up below the horizon"
                    .into(),
            );
        }
        self.unique_names()?;
        for route in &self.routes {
            self.check_hops(&route.name, &route.hops, 0)?;
        }
        for selector in &self.selectors {
            if selector.branches.is_empty() || selector.branches.len() > 250 {
                return fail(format!("selector {}: 1 to 250 branches", selector.name));
            }
            for branch in &selector.branches {
                if !(branch.weight.is_finite() && branch.weight > 0.0) {
                    return fail(format!("selector {}: weights above 0", selector.name));
                }
                if branch.watches.iter().any(|c| c.index() >= self.components.len()) {
                    return fail(format!("selector {}: unknown component", selector.name));
                }
                self.check_hops(&selector.name, &branch.hops, 0)?;
            }
        }
        for station in &self.stations {
            if station.servers == Servers::Count(0) {
                return fail(format!("station {}: at least 1 server", station.name));
            }
        }
        for link in &self.links {
            let bad = match &link.capacity {
                Capacity::Fixed(_) => false,
                Capacity::Elastic { step, ramp, .. } => step.nanos() == 0 || ramp.nanos() == 0,
                Capacity::Random { every, .. } => every.nanos() == 0,
            };
            if bad {
                return fail(format!("link {}: intervals above 0", link.name));
            }
        }
        if self
            .hashings
            .iter()
            .any(|h| h.selector.index() >= self.selectors.len() || h.most == Some(0))
        {
            return fail("a hashing: a selector, and at least one branch".into());
        }
        self.check_divisions()?;
        self.check_scalers()?;
        self.check_alerts()?;
        self.check_decisions()?;
        self.check_traffic()?;
        match self.divisions_that_meet() {
            None => Ok(()),
            Some([one, other, on]) => {
                let [one, other, on] = [one, other, on].map(|l| &self.links[l.index()].name);
                fail(format!("divided links {one} and {other} meet on {on}, which may be full"))
            }
        }
    }

    /// Divided links have shares for all workloads, and these no priorities besides.
    fn check_divisions(&self) -> Result<(), PlanError> {
        let mut divided = Vec::new();
        for it in &self.divisions {
            let of = it.of.len() == self.workloads.len()
                && it.of.iter().all(|share| (*share as usize) < it.shares.len());
            let weights = it.shares.iter().all(|s| s.weight.is_finite() && s.weight > 0.0);
            if it.link.index() >= self.links.len() || divided.contains(&it.link) || !of || !weights
            {
                return Err(PlanError("a division of a link: figures out of range".into()));
            }
            divided.push(it.link);
        }
        let one = self.workloads.windows(2).all(|w| w[0].priority == w[1].priority);
        match divided.is_empty() || one {
            true => Ok(()),
            false => Err(PlanError("divided links go with one priority for all".into())),
        }
    }

    /// Scalers have a station of their own, and figures that make sense.
    fn check_scalers(&self) -> Result<(), PlanError> {
        let mut owned = Vec::new();
        for it in &self.scalers {
            let station = self.stations.get(it.station.index());
            let counted = station.is_some_and(|s| matches!(s.servers, Servers::Count(_)));
            if !counted || owned.contains(&it.station) {
                let message = format!("scaler {}: a station of its own, with servers", it.name);
                return Err(PlanError(message));
            }
            owned.push(it.station);
            let tracks = it.tracking.as_ref().is_none_or(|t| {
                t.target > 0.0 && t.target <= 1.0 && t.least > 0 && t.least <= t.most
            });
            let pool = it.pool.is_none_or(|p| p.index() < self.pools.len())
                && it.needs.iter().all(|c| c.index() < self.components.len());
            if it.servers == 0 || it.step.nanos() == 0 || !tracks || !pool {
                return Err(PlanError(format!("scaler {}: figures out of range", it.name)));
            }
        }
        Ok(())
    }

    /// Alerts watch what is there, by periods of whole windows.
    fn check_alerts(&self) -> Result<(), PlanError> {
        for it in &self.alerts {
            let window = self.settings.window.nanos();
            let on = match &it.on {
                Watched::Links { links, period, need, of, .. } => {
                    links.iter().all(|l| l.index() < self.links.len())
                        && !links.is_empty()
                        && period.nanos() > 0
                        && period.nanos().is_multiple_of(window)
                        && (1..=*of).contains(need)
                }
                Watched::Belief { selector } => {
                    let found = self.selectors.get(selector.index());
                    found.is_some_and(|s| matches!(s.belief, Belief::Watched(_)))
                        && it.levels.len() == 1
                }
            };
            let rise = it.levels.windows(2).all(|w| w[0].from < w[1].from);
            let shares = it.levels.iter().all(|l| l.from > 0.0 && l.from <= 1.0);
            if !on || !rise || !shares || it.levels.is_empty() {
                return Err(PlanError(format!("alert {}: figures out of range", it.name)));
            }
        }
        Ok(())
    }

    /// Gates own their components, and changes name what is there.
    fn check_decisions(&self) -> Result<(), PlanError> {
        let mut owned = Vec::new();
        let group =
            |c: ComponentId| self.components.get(c.index()).is_some_and(|it| !it.of.is_empty());
        for (i, it) in self.components.iter().enumerate() {
            let unfit = |c: &ComponentId| c.index() >= self.components.len() || group(*c);
            if it.of.iter().any(unfit) {
                return Err(PlanError(format!("component {}: a group of single ones", it.name)));
            }
            let fits = |s: SelectorId| {
                let list = self.selectors.get(s.index());
                !it.of.is_empty() && list.is_some_and(|s| s.branches.len() == it.of.len())
            };
            if it.listed_by.is_some_and(|s| !fits(s)) {
                return Err(PlanError(format!("component {}: a member for a branch", it.name)));
            }
            // Nothing but its members moves it.
            if !it.of.is_empty() {
                owned.push(ComponentId(u32::try_from(i).unwrap_or(u32::MAX)));
            }
        }
        for gate in &self.gates {
            if let Some(c) = gate.component {
                if c.index() >= self.components.len() || owned.contains(&c) {
                    return Err(PlanError(format!("gate {}: a component of its own", gate.name)));
                }
                owned.push(c);
            } else if gate.reasons.iter().any(|r| r.shuts.is_some()) {
                return Err(PlanError(format!("gate {}: nothing to shut", gate.name)));
            }
        }
        self.check_lives(&owned)?;
        let branch = |selector: SelectorId, branch: u32| {
            let it = self.selectors.get(selector.index());
            it.is_some_and(|s| (branch as usize) < s.branches.len())
        };
        let scales = |scaler: ScalerId| scaler.index() < self.scalers.len();
        let known = |what: &What| match *what {
            What::Fail { component, .. } | What::Repair { component } => {
                component.index() < self.components.len() && !owned.contains(&component)
            }
            What::SetLink { link, .. }
            | What::Override { link, .. }
            | What::Ceiling { link, .. } => link.index() < self.links.len(),
            What::SetPool { pool, .. } => pool.index() < self.pools.len(),
            What::Want { scaler, .. } | What::Displace { scaler, .. } => scales(scaler),
            What::Renew { scaler, surge, unavailable } => {
                scales(scaler) && (surge > 0 || unavailable > 0)
            }
            What::Gate { gate, reason, .. } => {
                let it = self.gates.get(gate.index());
                it.is_some_and(|g| (reason as usize) < g.reasons.len())
            }
            What::List { selector, branch: b, .. } | What::Favour { selector, branch: b } => {
                branch(selector, b)
            }
        };
        match self.changes.iter().find(|c| !known(&c.what)) {
            Some(change) => Err(PlanError(format!("{:?} does not exist", change.what))),
            None => Ok(()),
        }
    }

    /// What fails at random, and what it takes along, is moved by nothing else.
    fn check_lives(&self, owned: &[ComponentId]) -> Result<(), PlanError> {
        for (i, it) in (0..).map(ComponentId).zip(&self.components) {
            let lives = it.life.as_ref().is_none_or(|l| l.is_valid() && !owned.contains(&i));
            let single = |c: &ComponentId| {
                let member = self.components.get(c.index());
                !owned.contains(c) && member.is_some_and(|m| m.takes.is_empty())
            };
            if !lives || !it.takes.iter().all(single) {
                return Err(PlanError(format!("component {}: its life or what it takes", it.name)));
            }
        }
        Ok(())
    }

    fn check_traffic(&self) -> Result<(), PlanError> {
        for w in &self.workloads {
            let profile = match &w.arrivals {
                Arrivals::Poisson { profile, .. } | Arrivals::Renewal { profile, .. } => {
                    profile.as_ref()
                }
                Arrivals::Closed { .. } | Arrivals::Trace { .. } => None,
                Arrivals::Jobs(jobs) => {
                    if !jobs.is_valid() {
                        let message = format!("workload {}: stages or starts of jobs", w.name);
                        return Err(PlanError(message));
                    }
                    None
                }
                Arrivals::Flows { rows, routes } => {
                    let known = routes.iter().all(|r| r.index() < self.routes.len());
                    let fits = rows.iter().all(|row| (row.route as usize) < routes.len());
                    if !known || !fits || !rows.is_sorted_by_key(|row| row.at) {
                        let message = format!("workload {}: flows out of order or astray", w.name);
                        return Err(PlanError(message));
                    }
                    None
                }
            };
            if profile.is_some_and(|p| !p.is_valid()) {
                return Err(PlanError(format!(
                    "workload {}: profile out of order or never above 0",
                    w.name
                )));
            }
            if w.route.index() >= self.routes.len() || w.clients == 0 || w.retries.attempts == 0 {
                return Err(PlanError(format!("workload {}: route, clients or attempts", w.name)));
            }
            if !(Workload::WEIGHTS.0..=Workload::WEIGHTS.1).contains(&w.weight) {
                return Err(PlanError(format!("workload {}: weight", w.name)));
            }
            if w.priority > Workload::LAST {
                return Err(PlanError(format!("workload {}: priority", w.name)));
            }
            if !w.transport.is_valid() {
                return Err(PlanError(format!("workload {}: segments and windows", w.name)));
            }
        }
        Ok(())
    }

    fn unique_names(&self) -> Result<(), PlanError> {
        let lists: [(&str, Vec<&str>); 11] = [
            ("alert", self.alerts.iter().map(|x| x.name.as_str()).collect()),
            ("component", self.components.iter().map(|x| x.name.as_str()).collect()),
            ("gate", self.gates.iter().map(|x| x.name.as_str()).collect()),
            ("link", self.links.iter().map(|x| x.name.as_str()).collect()),
            ("pool", self.pools.iter().map(|x| x.name.as_str()).collect()),
            ("station", self.stations.iter().map(|x| x.name.as_str()).collect()),
            ("scaler", self.scalers.iter().map(|x| x.name.as_str()).collect()),
            ("delay", self.delays.iter().map(|x| x.name.as_str()).collect()),
            ("selector", self.selectors.iter().map(|x| x.name.as_str()).collect()),
            ("route", self.routes.iter().map(|x| x.name.as_str()).collect()),
            ("workload", self.workloads.iter().map(|x| x.name.as_str()).collect()),
        ];
        for (kind, mut names) in lists {
            names.sort_unstable();
            if let Some(pair) = names.windows(2).find(|w| w[0] == w[1]) {
                return Err(PlanError(format!("two {kind}s are called {}", pair[0])));
            }
        }
        Ok(())
    }

    fn check_hops(&self, owner: &str, hops: &[Hop], depth: u32) -> Result<(), PlanError> {
        if depth > 16 {
            return Err(PlanError(format!(
                "{owner}: selectors nest deeper than 16 or in a circle"
            )));
        }
        for hop in hops {
            let known = match *hop {
                Hop::Link(id) | Hop::Against(id) => id.index() < self.links.len(),
                Hop::Delay(id) => id.index() < self.delays.len(),
                Hop::Pool(id) => id.index() < self.pools.len(),
                Hop::Station(id) => id.index() < self.stations.len(),
                Hop::Selector(id) => id.index() < self.selectors.len(),
                Hop::Need(id) => id.index() < self.components.len(),
            };
            if !known {
                return Err(PlanError(format!("{owner}: {hop:?} does not exist")));
            }
            if let Hop::Selector(id) = *hop {
                for branch in &self.selectors[id.index()].branches {
                    self.check_hops(owner, &branch.hops, depth + 1)?;
                }
            }
        }
        Ok(())
    }
}

impl Transport {
    /// Whether segments and windows have bytes, windows grow and the bias is in its range.
    fn is_valid(&self) -> bool {
        let starts = self.slow_start.as_ref().is_none_or(|s| {
            s.initial_window > 0 && s.growth.is_finite() && (1.1..=16.0).contains(&s.growth)
        });
        let biased = (0.0..=Self::MOST_BIAS).contains(&self.rtt_bias);
        biased && self.segment > 0 && self.window.is_none_or(|w| w.get() > 0) && starts
    }
}

impl Profile {
    /// Whether times rise strictly from 0 to below the period and some factor is above 0.
    pub fn is_valid(&self) -> bool {
        let rising = self.points.windows(2).all(|w| w[0].0 < w[1].0);
        let inside = self.points.first().is_some_and(|p| p.0.nanos() == 0)
            && self.points.last().is_some_and(|p| p.0 < self.period);
        let factors = self.points.iter().all(|p| p.1.is_finite() && p.1 >= 0.0);
        rising && inside && factors && self.points.iter().any(|p| p.1 > 0.0)
    }
}
