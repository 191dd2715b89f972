//! The observer of one replication.

use std::collections::BTreeMap;

use crate::plan::{Arrivals, Belief, Hop, Plan, Servers, StationId};

use super::alerts::{self, Beliefs, Late};
use super::fact::{End, Fact, JobFact, Limit, Observer, PHASES};
use super::gates::GateTally;
use super::histogram::Histogram;
use super::jobs::JobResults;
use super::outages::OutageTally;
use super::recovery::Recoveries;
use super::results::{
    AssumptionSeen, Binding, FaultSeen, Gap, Headline, Identity, LinkResults, NoticeSeen,
    PoolResults, Results, SelectorResults, SettingsSeen, StationResults, WorkloadResults,
};
use super::scalers::ScalerTally;

/// Counts one replication's facts; [`Tally::finish`] gives its [`Results`].
#[derive(Debug)]
pub struct Tally<'a> {
    plan: &'a Plan,
    replication: u32,
    window_ns: u64,
    warmup_ns: u64,
    workloads: Vec<WorkloadTally>,
    /// Per link and direction.
    links: Vec<[LinkResults; 2]>,
    pools: Vec<PoolResults>,
    stations: Vec<StationResults>,
    scalers: Vec<ScalerTally>,
    selectors: Vec<SelectorResults>,
    gates: Vec<GateTally>,
    /// By component, of those that fail at random.
    outages: BTreeMap<u32, OutageTally>,
    /// Per (selector, branch): the gap that is open.
    open: BTreeMap<(u32, u32), OpenGap>,
    gaps: BTreeMap<(u32, u32), Gap>,
    recoveries: Recoveries,
    beliefs: Beliefs,
    window: usize,
}

#[derive(Debug)]
struct WorkloadTally {
    seen: WorkloadResults,
    ended: u64,
    phases: [Histogram; 7],
    errors: [u64; 11],
    errors_by_window: BTreeMap<End, Vec<u64>>,
    binding: BTreeMap<Limit, Vec<u64>>,
    bytes: u64,
    latency_sum_ns: Vec<u128>,
    /// Bytes of ok requests.
    ok_bytes: u64,
    /// Ages of the requests under way at the horizon, ns.
    ages: Vec<u64>,
    late: Late,
}

#[derive(Clone, Copy, Debug)]
struct OpenGap {
    fault: u32,
    changed: u64,
    detect: u64,
    propagate: u64,
    last_stale: Option<u64>,
    last_failure: Option<u64>,
}

impl<'a> Tally<'a> {
    /// An empty tally of a replication of a plan.
    pub fn new(plan: &'a Plan, replication: u32) -> Self {
        let s = &plan.settings;
        let windows = usize::try_from(s.horizon.nanos().div_ceil(s.window.nanos()))
            .expect("checked by scenario");
        let zeros = || vec![0; windows];
        let link = |link: &crate::plan::Link, direction: &str| LinkResults {
            name: link.name.clone(),
            direction: direction.into(),
            role: link.role.clone(),
            headline: link.headline,
            bytes_by_window: zeros(),
            capacity_by_window: zeros(),
            full_ns_by_window: zeros(),
            lost_by_window: zeros(),
            peak_bps: 0,
        };
        let links = plan.links.iter().map(|l| match l.duplex {
            crate::plan::Duplex::Full => [link(l, "forward"), link(l, "backward")],
            crate::plan::Duplex::Half => [link(l, "both"), link(l, "")],
        });
        let pools = plan.pools.iter().map(|p| PoolResults {
            name: p.name.clone(),
            units: p.units,
            used_us_by_window: zeros(),
            size_us_by_window: zeros(),
            ..PoolResults::default()
        });
        let stations = (0..).zip(&plan.stations).map(|(i, s)| StationResults {
            name: s.name.clone(),
            servers: match s.servers {
                Servers::Count(n) => u64::from(n),
                Servers::Unlimited => 0,
            },
            busy_us_by_window: zeros(),
            servers_us_by_window: match plan.scalers.iter().any(|s| s.station == StationId(i)) {
                true => zeros(),
                false => Vec::new(),
            },
            ..StationResults::default()
        });
        let selectors = plan.selectors.iter().map(|s| SelectorResults {
            name: s.name.clone(),
            role: s.role.clone(),
            headline: s.headline,
            branches: s.branches.iter().map(|b| b.name.clone()).collect(),
            chosen_by_window: vec![zeros(); s.branches.len()],
            stale_by_window: vec![zeros(); s.branches.len()],
            moved: 0,
        });
        Self {
            plan,
            replication,
            window_ns: s.window.nanos(),
            warmup_ns: s.warmup.nanos(),
            workloads: plan
                .workloads
                .iter()
                .map(|w| WorkloadTally::new(plan, w, windows))
                .collect(),
            links: links.collect(),
            pools: pools.collect(),
            stations: stations.collect(),
            scalers: plan.scalers.iter().map(|s| ScalerTally::new(s, windows)).collect(),
            selectors: selectors.collect(),
            gates: plan.gates.iter().map(GateTally::new).collect(),
            outages: may_fail(plan).map(|(i, c)| (i, OutageTally::new(c))).collect(),
            open: BTreeMap::new(),
            gaps: BTreeMap::new(),
            recoveries: Recoveries::default(),
            beliefs: Beliefs::new(plan),
            window: 0,
        }
    }

    fn at(&self, ns: u64) -> usize {
        usize::try_from(ns / self.window_ns).expect("inside the horizon")
    }

    fn ended(
        &mut self,
        workload: u32,
        end: End,
        start: u64,
        at: u64,
        phases: &[u64; 7],
        bytes: u64,
    ) {
        let window = self.at(at);
        let counted = start >= self.warmup_ns;
        let it = &mut self.workloads[workload as usize];
        let latency = at - start;
        if end == End::Ok {
            it.seen.ok_by_window[window] += 1;
            it.latency_sum_ns[window] += u128::from(latency);
            let most = &mut it.seen.latency_max_by_window[window];
            *most = latency.max(*most);
            it.late.ended(latency, window);
        } else {
            let windows = it.seen.ok_by_window.len();
            it.errors_by_window.entry(end).or_insert_with(|| vec![0; windows])[window] += 1;
        }
        if !counted {
            return;
        }
        it.ended += 1;
        it.seen.latency_all.record(latency);
        if end == End::Ok {
            it.seen.ok += 1;
            it.ok_bytes = it.ok_bytes.saturating_add(bytes);
            it.late.count(latency);
            it.seen.latency_ok.record(latency);
            for (histogram, ns) in it.phases.iter_mut().zip(phases) {
                histogram.record(*ns);
            }
        } else {
            it.errors[end as usize] += 1;
        }
    }

    fn chosen(&mut self, selector: u32, branch: u32, stale: bool, fresh: bool, at: u64) {
        let window = self.at(at);
        let it = &mut self.selectors[selector as usize];
        it.chosen_by_window[branch as usize][window] += 1;
        if !stale {
            return;
        }
        it.stale_by_window[branch as usize][window] += 1;
        if let (true, Some(gap)) = (fresh, self.open.get_mut(&(selector, branch))) {
            gap.last_stale = Some(at);
        }
    }

    fn work(&mut self, workload: u32, bytes: u64, busy_us: u64) {
        let from = self.window as u64 * self.window_ns;
        let full = from + self.window_ns <= self.plan.settings.horizon.nanos();
        let it = &mut self.workloads[workload as usize];
        // A link may be given as many bit/s as there are numbers: what that carries is not all told.
        let told = &mut it.seen.bytes_by_window[self.window];
        *told = told.saturating_add(bytes);
        it.seen.busy_us_by_window[self.window] += busy_us;
        if from >= self.warmup_ns {
            it.bytes = it.bytes.saturating_add(bytes);
            if full {
                let bps = u128::from(bytes) * 8_000_000_000 / u128::from(self.window_ns);
                it.seen.throughput.record(u64::try_from(bps).unwrap_or(u64::MAX));
            }
        }
    }

    fn close_gap(&mut self, key: (u32, u32), gap: OpenGap) {
        let selector = &self.plan.selectors[key.0 as usize];
        let detector = match &selector.belief {
            Belief::Watched(detector) => detector.label.clone(),
            Belief::Blind => String::new(),
        };
        let entry = self.gaps.entry((gap.fault, key.0)).or_insert_with(|| Gap {
            fault: self.plan.faults[gap.fault as usize].name.clone(),
            selector: selector.name.clone(),
            detector,
            ..Gap::default()
        });
        let cached_until = gap.last_stale.unwrap_or(0).max(gap.changed);
        entry.detect.record(gap.detect);
        entry.propagate.record(gap.propagate);
        entry.cache.record(cached_until - gap.changed);
        entry.reconnect.record(gap.last_failure.unwrap_or(0).saturating_sub(cached_until));
    }

    /// The results of this replication.
    pub fn finish(mut self, identity: Identity) -> Results {
        for (key, gap) in std::mem::take(&mut self.open) {
            self.close_gap(key, gap);
        }
        let plan = self.plan;
        let limit_name = |limit: &Limit| match limit {
            Limit::Link { link, direction } => {
                let mark = if plan.links[*link as usize].duplex == crate::plan::Duplex::Half {
                    "both ways"
                } else if *direction == 0 {
                    "forward"
                } else {
                    "backward"
                };
                format!("{} {mark}", plan.links[*link as usize].name)
            }
            Limit::Own => "own cap".into(),
            Limit::Down => "down".into(),
            Limit::StartUp => "start-up".into(),
        };
        let replication = self.replication;
        let horizon = plan.settings.horizon.nanos();
        let beliefs = self.beliefs.finish(horizon);
        let alerts = alerts::judge(plan, replication, &self.links, &beliefs);
        let workloads = self.workloads.into_iter().zip(&plan.workloads);
        let workloads = workloads.map(|(w, spec)| w.finish(plan, spec, replication, limit_name));
        let crossed = crossed_links(plan);
        let links = self.links.into_iter().zip(crossed).filter(|(_, crossed)| *crossed);
        let links = links.flat_map(|(sides, _)| sides).filter(|l| !l.direction.is_empty());
        let mut results = Results {
            identity,
            settings: SettingsSeen {
                horizon_ns: plan.settings.horizon.nanos(),
                warmup_ns: plan.settings.warmup.nanos(),
                window_ns: plan.settings.window.nanos(),
                start_of_day_ns: plan.settings.start_of_day.nanos(),
                replications: vec![replication],
            },
            workloads: workloads.collect(),
            links: links.collect(),
            pools: self.pools,
            stations: self.stations,
            scalers: self.scalers.into_iter().map(|s| s.finish(replication)).collect(),
            selectors: self.selectors,
            gates: self.gates.into_iter().map(|g| g.finish(horizon)).collect(),
            outages: self.outages.into_values().map(|o| o.finish(horizon)).collect(),
            faults: faults_of(plan),
            gaps: self.gaps.into_values().collect(),
            recoveries: self.recoveries.finish(plan),
            alerts,
            assumptions: plan.assumptions.iter().map(assumption).collect(),
            notices: plan.notices.iter().map(notice).collect(),
        };
        results.sort();
        results
    }
}

/// What fails at random, if anything may.
fn may_fail(plan: &Plan) -> impl Iterator<Item = (u32, &crate::plan::Component)> {
    let all = (0..).zip(&plan.components);
    all.filter(|(_, c)| plan.settings.outages && c.life.is_some())
}

impl WorkloadTally {
    fn new(plan: &Plan, spec: &crate::plan::Workload, windows: usize) -> Self {
        let mode = match spec.arrivals {
            Arrivals::Poisson { .. } => "poisson",
            Arrivals::Renewal { .. } => "renewal",
            Arrivals::Closed { .. } => "closed",
            Arrivals::Trace { .. } => "trace",
            Arrivals::Flows { .. } => "flows",
            Arrivals::Jobs(_) => "jobs",
        };
        let zeros = || vec![0; windows];
        Self {
            seen: WorkloadResults {
                name: spec.name.clone(),
                mode: mode.into(),
                transport: super::transport::words(plan, spec),
                jobs: JobResults::of(spec),
                offered_by_window: zeros(),
                ok_by_window: zeros(),
                bytes_by_window: zeros(),
                latency_sum_us_by_window: zeros(),
                latency_max_by_window: zeros(),
                busy_us_by_window: zeros(),
                ..WorkloadResults::default()
            },
            ended: 0,
            phases: std::array::from_fn(|_| Histogram::new()),
            errors: [0; 11],
            errors_by_window: BTreeMap::new(),
            binding: BTreeMap::new(),
            bytes: 0,
            latency_sum_ns: vec![0; windows],
            ok_bytes: 0,
            ages: Vec::new(),
            late: Late::new(plan, &spec.objectives, windows),
        }
    }

    fn finish(
        self,
        plan: &Plan,
        spec: &crate::plan::Workload,
        replication: u32,
        limit_name: impl Fn(&Limit) -> String,
    ) -> WorkloadResults {
        let mut seen = self.seen;
        if !plan.alerts.is_empty() {
            let mut errors = vec![0; seen.ok_by_window.len()];
            self.errors_by_window.values().for_each(|list| super::merge::add(&mut errors, list));
            let ok = &seen.ok_by_window;
            let breached = self.late.breached(plan, &spec.objectives, ok, &errors);
            seen.breached.extend(breached.map(|at| (replication, at)));
        }
        let mut late = None;
        if plan.settings.count_late {
            late = self.late.counted();
            seen.late_by_window = self.late.by_window();
        }
        seen.unfinished = seen.offered - self.ended;
        // Under way for longer than any request that ended well: not a matter of the horizon.
        let longest = seen.latency_ok.max().unwrap_or(0);
        seen.overdue = self.ages.iter().filter(|age| **age > longest).count() as u64;
        let causes = End::ERRORS.into_iter().chain(seen.jobs.is_some().then_some(End::GivenUp));
        seen.errors = causes.map(|e| (e.word().to_owned(), self.errors[e as usize])).collect();
        seen.errors_by_window =
            self.errors_by_window.into_iter().map(|(e, w)| (e.word().to_owned(), w)).collect();
        seen.phases = PHASES.iter().map(|p| p.1.to_owned()).zip(self.phases).collect();
        seen.binding = self
            .binding
            .into_iter()
            .map(|(limit, flow_ns_by_window)| Binding {
                limit: limit_name(&limit),
                flow_ns_by_window,
            })
            .collect();
        seen.latency_sum_us_by_window = self
            .latency_sum_ns
            .iter()
            .map(|ns| u64::try_from(ns / 1_000).unwrap_or(u64::MAX))
            .collect();
        let h = &seen.latency_ok;
        let headline = Headline {
            offered: seen.offered,
            ok: seen.ok,
            errors: self.ended - seen.ok,
            overdue: seen.overdue,
            ok_bytes: self.ok_bytes,
            mean_ns: h.mean(),
            p50_ns: h.quantile(0.5),
            p90_ns: h.quantile(0.9),
            p95_ns: h.quantile(0.95),
            p99_ns: h.quantile(0.99),
            p999_ns: h.quantile(0.999),
            bytes: self.bytes,
            late,
        };
        seen.by_replication.insert(replication, headline);
        seen
    }
}

impl Observer for Tally<'_> {
    fn hear(&mut self, fact: &Fact) {
        match *fact {
            Fact::Started { workload, at } => {
                let (window, counted) = (self.at(at), at >= self.warmup_ns);
                let seen = &mut self.workloads[workload as usize].seen;
                seen.offered_by_window[window] += 1;
                seen.offered += u64::from(counted);
            }
            Fact::Ended { workload, end, start, at, ref phases, bytes, .. } => {
                debug_assert_eq!(
                    phases.iter().sum::<u64>(),
                    at - start,
                    "phases sum to the latency"
                );
                self.ended(workload, end, start, at, phases, bytes);
            }
            Fact::Retried { workload, duplicate, start } if start >= self.warmup_ns => {
                let seen = &mut self.workloads[workload as usize].seen;
                seen.retries += 1;
                seen.duplicates += u64::from(duplicate);
            }
            Fact::Retried { .. } => {}
            Fact::Connected { workload, again, at } => {
                let seen = &mut self.workloads[workload as usize].seen;
                seen.connections += u64::from(at >= self.warmup_ns);
                if let (true, Some(jobs)) = (again && at >= self.warmup_ns, &mut seen.jobs) {
                    jobs.connections_again += 1;
                }
            }
            Fact::Job { workload, start, at, what } => {
                let seen = &mut self.workloads[workload as usize].seen;
                if let JobFact::Repeated { duplicate: true, .. } = what {
                    seen.duplicates += u64::from(at >= self.warmup_ns);
                }
                if let (true, Some(jobs)) = (start >= self.warmup_ns, &mut seen.jobs) {
                    jobs.hear(start, at, what);
                }
            }
            Fact::Short { workload, start } => {
                self.workloads[workload as usize].seen.short += u64::from(start >= self.warmup_ns);
            }
            Fact::Chosen { workload, selector, branch, stale, fresh, at } => {
                self.chosen(selector, branch, stale, fresh, at);
                if stale && fresh {
                    self.recoveries.felt(workload, (selector, branch), 0, at);
                }
            }
            Fact::Belief { selector, branch, up, at } => {
                self.beliefs.flip(selector, branch, up, at);
            }
            Fact::Moved { selector, connections } => {
                self.selectors[selector as usize].moved += connections;
            }
            Fact::Believed { fault, selector, branch, failed, detect, propagate } => {
                let changed = failed + detect + propagate;
                self.recoveries.learnt((selector, branch), detect, propagate);
                let gap = OpenGap {
                    fault,
                    changed,
                    detect,
                    propagate,
                    last_stale: None,
                    last_failure: None,
                };
                if let Some(old) = self.open.insert((selector, branch), gap) {
                    self.close_gap((selector, branch), old);
                }
            }
            Fact::Failed { fault, selector, branch, known, at } => {
                self.recoveries.failed(self.plan, fault, (selector, branch), at);
                if known {
                    self.recoveries.learnt((selector, branch), 0, 0);
                }
            }
            Fact::Caught { workload, selector, branch, by, .. } => {
                self.recoveries.caught(self.plan, workload, (selector, branch), by);
            }
            Fact::FailedOn { workload, selector, branch, at } => {
                self.recoveries.felt(workload, (selector, branch), 1, at);
                if let Some(gap) = self.open.get_mut(&(selector, branch)) {
                    gap.last_failure = Some(at);
                }
            }
            Fact::Gate { gate, reason, at } => self.gates[gate as usize].enters(reason, at),
            Fact::FailedUnnamed { selector, branch } => self.recoveries.forget((selector, branch)),
            Fact::Outage { component, down, at } => {
                if let Some(it) = self.outages.get_mut(&component) {
                    it.turns(down, at);
                }
            }
            Fact::ShutOut { gate, reason, .. } => self.gates[gate as usize].dropped(reason),
            Fact::PoolWait { pool, wait, at } if at >= self.warmup_ns => {
                self.pools[pool as usize].waits.record(wait);
            }
            Fact::StationWait { station, wait, at } if at >= self.warmup_ns => {
                self.stations[station as usize].waits.record(wait);
            }
            Fact::PoolWait { .. } | Fact::StationWait { .. } => {}
            Fact::Restored { selector, branch, .. } => {
                self.recoveries.close(self.plan, (selector, branch));
                if let Some(gap) = self.open.remove(&(selector, branch)) {
                    self.close_gap((selector, branch), gap);
                }
            }
            Fact::Unfinished { workload, start, at, .. } if start >= self.warmup_ns => {
                self.workloads[workload as usize].ages.push(at - start);
            }
            Fact::Unfinished { .. } => {}
            Fact::WindowEnd { window } => self.window = window as usize,
            Fact::Link { link, direction, seen } => {
                let (window, it) =
                    (self.window, &mut self.links[link as usize][usize::from(direction)]);
                it.bytes_by_window[window] += seen.bytes;
                it.capacity_by_window[window] += seen.capacity;
                it.full_ns_by_window[window] += seen.full_ns;
                it.lost_by_window[window] += seen.lost;
                it.peak_bps = seen.peak_bps;
            }
            Fact::Pool { pool, seen } => {
                let (window, it) = (self.window, &mut self.pools[pool as usize]);
                it.used_us_by_window[window] += seen.used_us;
                it.size_us_by_window[window] += seen.size_us;
                (it.peak, it.asked) = (seen.peak, seen.asked);
                (it.refused, it.timed_out) = (seen.refused, seen.timed_out);
            }
            Fact::Station { station, seen } => {
                let (window, it) = (self.window, &mut self.stations[station as usize]);
                it.busy_us_by_window[window] += seen.busy_us;
                (it.peak_queue, it.arrived, it.served) =
                    (seen.peak_queue, seen.arrived, seen.served);
                (it.refused, it.timed_out) = (seen.refused, seen.timed_out);
            }
            Fact::Servers { station, servers_us } => {
                self.stations[station as usize].servers_us_by_window[self.window] += servers_us;
            }
            Fact::Scaler { scaler, seen } => {
                self.scalers[scaler as usize].window(self.window, seen);
            }
            Fact::Unmade { scaler, at } => self.scalers[scaler as usize].unmade(at),
            Fact::Renewed { scaler, took } => self.scalers[scaler as usize].renewed(took),
            Fact::Work { workload, bytes, busy_us } => self.work(workload, bytes, busy_us),
            Fact::Bound { workload, limit, flow_ns } => {
                let window = self.window;
                let it = &mut self.workloads[workload as usize];
                let windows = it.seen.ok_by_window.len();
                it.binding.entry(limit).or_insert_with(|| vec![0; windows])[window] += flow_ns;
            }
        }
    }
}

/// Which links lie on some route.
fn crossed_links(plan: &Plan) -> Vec<bool> {
    let mut crossed = vec![false; plan.links.len()];
    let lists = plan.routes.iter().map(|r| &r.hops);
    let lists = lists.chain(plan.selectors.iter().flat_map(|s| s.branches.iter().map(|b| &b.hops)));
    for hop in lists.flatten() {
        if let Hop::Link(id) | Hop::Against(id) = hop {
            crossed[id.index()] = true;
        }
    }
    crossed
}

fn faults_of(plan: &Plan) -> Vec<FaultSeen> {
    let horizon = plan.settings.horizon.nanos();
    let seen = |f: &crate::plan::Fault| FaultSeen {
        name: f.name.clone(),
        label: f.label.clone(),
        from_ns: f.from.nanos().min(horizon),
        to_ns: f.to.nanos().min(horizon),
        planned: f.planned,
    };
    let mut faults: Vec<FaultSeen> = plan.faults.iter().map(seen).collect();
    faults.sort_by(|a, b| (a.from_ns, &a.name).cmp(&(b.from_ns, &b.name)));
    faults
}

fn assumption(a: &crate::plan::Assumption) -> AssumptionSeen {
    AssumptionSeen {
        parameter: a.parameter.clone(),
        value: a.value.clone(),
        source: a.source.clone(),
        confidence: a.confidence.clone(),
    }
}

fn notice(n: &crate::plan::Notice) -> NoticeSeen {
    NoticeSeen {
        code: n.code.clone(),
        severity: n.severity.clone(),
        place: n.place.clone(),
        text: n.text.clone(),
    }
}
