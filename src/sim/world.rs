//! The World: all running state, the loop over what happens next, and the windows.

use std::collections::{BTreeMap, VecDeque};

use crate::kernel::{Agenda, Bound, ClassId, Rank, ResourceId, Sharing};
use crate::measure::{Fact, Limit, Observer};
use crate::plan::{Arrivals, Capacity, NameCache, Plan, What};
use crate::random::Stream;

use super::arrivals::{Clock, Due, Source};
use super::belief::{ComponentState, SelectorState};
use super::gate::GateState;
use super::jobs::JobsState;
use super::link::{BackgroundState, LinkState, resources_of, take_whole, whole};
use super::outage::OutageState;
use super::path::{Path, Way, routes_of};
use super::scaler::ScalerState;
use super::state::{
    Choices, Client, Connection, Deadline, Event, NONE, Patience, Request, Stage, Token, instant,
};
use super::stock::{PoolState, StationState, whole_us};
use super::{Ended, SimError};

/// Events at one instant beyond which the run is called stuck; rows of traces and workers, which
/// may all be due together, come on top.
const MOST_AT_ONE_INSTANT: u64 = 1_000_000;

/// A detection under way: (selector, branch, serial, fault, failed, detect, propagate), ns.
type PendingGap = (u32, u32, u32, u32, u64, u64, u64);

/// A plan and a seed, running.
pub(super) struct World<'a, O: Observer> {
    pub(super) plan: &'a Plan,
    observer: &'a mut O,
    pub(super) now: u64,
    pub(super) agenda: Agenda<Event>,
    pub(super) sharing: Sharing,
    pub(super) components: Vec<ComponentState>,
    pub(super) links: Vec<LinkState>,
    pub(super) pools: Vec<PoolState>,
    pub(super) stations: Vec<StationState>,
    pub(super) scalers: Vec<ScalerState>,
    /// The scaler of each station that has one.
    pub(super) scaled: Vec<Option<u32>>,
    pub(super) selectors: Vec<SelectorState>,
    pub(super) gates: Vec<GateState>,
    /// What fails at random, if anything may.
    pub(super) outages: Vec<OutageState>,
    pub(super) backgrounds: Vec<BackgroundState>,
    pub(super) paths: Vec<Path>,
    /// By workload, route, place and choices.
    pub(super) path_index: BTreeMap<(u32, u32, u32, Choices), u32>,
    /// The flow classes of each way that some path has.
    pub(super) ways: BTreeMap<Way, [Option<ClassId>; 2]>,
    pub(super) requests: Vec<Request>,
    pub(super) free_requests: Vec<u32>,
    pub(super) connections: Vec<Connection>,
    pub(super) free_connections: Vec<u32>,
    /// Per workload, per client.
    pub(super) clients: Vec<Vec<Client>>,
    /// Per workload: the selectors with names on its route.
    pub(super) names: Vec<Vec<u32>>,
    /// Per workload and kind of deadline.
    pub(super) patience: Vec<Patience>,
    pub(super) sources: Vec<Source>,
    pub(super) keys: Vec<Stream>,
    /// First window of a new connection per workload, payload bytes; no bound without slow start.
    pub(super) first_windows: Vec<u64>,
    /// The arrival that is on the agenda, per workload.
    pub(super) due: Vec<Option<Due>>,
    /// Per workload; none of those without jobs.
    pub(super) jobs: Vec<Option<JobsState>>,
    /// Requests started and retries made, per workload.
    pub(super) started: Vec<u64>,
    pub(super) retried: Vec<u64>,
    under_way: Vec<UnderWay>,
    /// Transfers that wait for their next window, per workload.
    idlers: Vec<UnderWay>,
    /// Owner of each flow, by its slot.
    pub(super) owners: Vec<u32>,
    /// Requests that may go on at this instant, with the pool that let them.
    pub(super) ready: VecDeque<(Token, u32)>,
    pub(super) pending_gaps: Vec<PendingGap>,
    /// Bytes carried per workload and not told yet: parts of a byte stay for the next window.
    untold: Vec<f64>,
    window: u32,
    pub(super) ended: Ended,
}

/// The number of requests under way and its time integral.
#[derive(Clone, Copy, Debug, Default)]
struct UnderWay {
    count: u64,
    since: u64,
    integral: u128,
}

impl UnderWay {
    fn accrue(&mut self, now: u64) {
        self.integral += u128::from(self.count) * u128::from(now - self.since);
        self.since = now;
    }
}

impl<'a, O: Observer> World<'a, O> {
    pub(super) fn new(
        plan: &'a Plan,
        replication: u32,
        observer: &'a mut O,
    ) -> Result<Self, SimError> {
        let seed = plan.settings.seed;
        let stream = |name: &str, purpose| Stream::new(seed, replication, name, purpose);
        let mut sharing = Sharing::new();
        sharing.watch_peaks();
        let links = plan.links.iter().map(|spec| {
            let first = sharing.add_resource(0.0);
            let second =
                if resources_of(spec.duplex) == 2 { sharing.add_resource(0.0) } else { first };
            LinkState::new(
                [first, second],
                stream(&spec.name, "capacity"),
                Capacity::Fixed(crate::units::Rate::default()),
            )
        });
        let mut links: Vec<LinkState> = links.collect();
        for division in &plan.divisions {
            links[division.link.index()].divide(division, &mut sharing);
        }
        let backgrounds = plan.backgrounds.iter().map(|b| BackgroundState {
            rates: [b.forward.bytes_per_ns(), b.backward.bytes_per_ns()],
            clock: b.profile.as_ref().map(|p| Clock::new(p, plan.settings.start_of_day)),
        });
        let n = plan.workloads.len();
        let mut world = Self {
            plan,
            observer,
            now: 0,
            agenda: Agenda::new(),
            sharing,
            components: plan.components.iter().map(|_| ComponentState::default()).collect(),
            links,
            pools: plan.pools.iter().map(PoolState::new).collect(),
            stations: plan.stations.iter().map(StationState::new).collect(),
            scalers: plan.scalers.iter().map(|s| ScalerState::new(s, seed, replication)).collect(),
            scaled: vec![None; plan.stations.len()],
            selectors: plan
                .selectors
                .iter()
                .enumerate()
                .map(|(i, s)| {
                    let hashing = plan.hashings.iter().find(|h| h.selector.index() == i);
                    SelectorState::new(s, hashing, seed, replication)
                })
                .collect(),
            gates: plan.gates.iter().map(GateState::new).collect(),
            outages: OutageState::all(plan, replication),
            backgrounds: backgrounds.collect(),
            paths: Vec::new(),
            path_index: BTreeMap::new(),
            ways: BTreeMap::new(),
            requests: Vec::new(),
            free_requests: Vec::new(),
            connections: Vec::new(),
            free_connections: Vec::new(),
            clients: Vec::new(),
            names: Vec::new(),
            patience: Vec::new(),
            sources: Vec::new(),
            keys: plan.workloads.iter().map(|w| stream(&w.name, "requests")).collect(),
            first_windows: plan
                .workloads
                .iter()
                .map(|w| w.transport.first_window().unwrap_or(u64::MAX))
                .collect(),
            due: vec![None; n],
            jobs: (0..n).map(|w| JobsState::new(plan, w, replication)).collect(),
            started: vec![0; n],
            retried: vec![0; n],
            under_way: vec![UnderWay::default(); n],
            idlers: vec![UnderWay::default(); n],
            owners: Vec::new(),
            ready: VecDeque::new(),
            pending_gaps: Vec::new(),
            untold: vec![0.0; n],
            window: 0,
            ended: Ended::default(),
        };
        world.check_depth()?;
        world.prepare_scalers();
        world.index_needs();
        world.doubt_empty_groups();
        world.prepare_workloads(replication);
        world.prepare_agenda(replication);
        Ok(world)
    }

    /// Who needs and who watches which component.
    fn index_needs(&mut self) {
        let number = |i: usize| u32::try_from(i).expect("fewer than 2^32 of each");
        for (i, link) in self.plan.links.iter().enumerate() {
            link.needs.iter().for_each(|c| self.components[c.index()].links.push(number(i)));
        }
        for (i, station) in self.plan.stations.iter().enumerate() {
            station.needs.iter().for_each(|c| self.components[c.index()].stations.push(number(i)));
        }
        for (i, component) in self.plan.components.iter().enumerate() {
            component.of.iter().for_each(|c| self.components[c.index()].groups.push(number(i)));
            if let Some(list) = component.listed_by {
                self.selectors[list.index()].groups.push(number(i));
            }
        }
        for (i, gate) in self.plan.gates.iter().enumerate() {
            if let Some(c) = gate.component {
                self.components[c.index()].gate = Some(number(i));
            }
        }
        for (i, selector) in self.plan.selectors.iter().enumerate() {
            for (b, branch) in selector.branches.iter().enumerate() {
                for c in &branch.watches {
                    self.components[c.index()].watched.push((number(i), number(b)));
                }
            }
        }
    }

    fn prepare_workloads(&mut self, replication: u32) {
        let plan = self.plan;
        for (w, spec) in (0..).zip(&plan.workloads) {
            let stream =
                |purpose| Stream::new(plan.settings.seed, replication, &spec.name, purpose);
            self.sources.push(Source::new(
                &spec.arrivals,
                plan.settings.start_of_day,
                stream("arrivals"),
            ));
            let mut names = Vec::new();
            for route in routes_of(spec) {
                self.names_on(&plan.routes[route.index()].hops, &mut names);
            }
            let mut keys = stream("clients");
            let client = |keys: &mut Stream| Client {
                key: super::arrivals::next_key(keys),
                answers: vec![super::state::Answer::default(); names.len()],
                ..Client::default()
            };
            self.clients.push((0..spec.clients).map(|_| client(&mut keys)).collect());
            self.names.push(names);
            if spec.names == (NameCache::Ttl { warm: true }) {
                (0..spec.clients).for_each(|c| self.warm_names(w, c));
            }
            let t = &spec.timeouts;
            for (kind, span) in [
                (Deadline::Name, t.name),
                (Deadline::Connect, t.connect),
                (Deadline::Request, t.request),
            ] {
                self.patience.push(Patience {
                    span: span.nanos(),
                    queue: VecDeque::new(),
                    armed: false,
                    kind,
                });
            }
        }
    }

    fn prepare_agenda(&mut self, replication: u32) {
        let plan = self.plan;
        for (link, spec) in (0..).zip(&plan.links) {
            self.set_law(link, spec.capacity.clone());
        }
        self.spread_background();
        for group in self.empty_groups() {
            self.fail_component(group, crate::plan::Manner::BlackHole, None);
        }
        self.prepare_changes(replication);
        self.prepare_outages();
        for (workload, spec) in (0..).zip(&plan.workloads) {
            if let Arrivals::Closed { workers, think } = &spec.arrivals {
                // Workers start spread over one mean think time, not all at once.
                let mut stream =
                    Stream::new(plan.settings.seed, replication, &spec.name, "first think");
                for worker in 0..*workers {
                    let at = think.sample_whole(&mut stream);
                    self.agenda.schedule(
                        instant(at),
                        Rank::Arrival,
                        Event::Arrive { workload, worker },
                    );
                }
            } else if self.jobs[workload as usize].is_some() {
                self.schedule_job(workload);
            } else {
                self.schedule_next(workload);
            }
        }
        let first = plan.settings.window.nanos().min(plan.settings.horizon.nanos());
        self.agenda.schedule(instant(first), Rank::Timer, Event::Window);
    }

    /// Tells a fact.
    pub(super) fn tell(&mut self, fact: Fact) {
        self.observer.hear(&fact);
    }

    pub(super) fn count_under_way(&mut self, workload: u32, more: bool) {
        let it = &mut self.under_way[workload as usize];
        it.accrue(self.now);
        it.count = if more { it.count + 1 } else { it.count - 1 };
    }

    pub(super) fn count_idling(&mut self, workload: u32, more: bool) {
        let it = &mut self.idlers[workload as usize];
        it.accrue(self.now);
        it.count = if more { it.count + 1 } else { it.count - 1 };
    }

    /// Runs to the horizon.
    pub(super) fn run(mut self) -> Result<Ended, SimError> {
        let horizon = self.plan.settings.horizon.nanos();
        let together = |w: &crate::plan::Workload| match &w.arrivals {
            Arrivals::Trace { rows } => 16 * rows.len() as u64,
            Arrivals::Flows { rows, .. } => 16 * rows.len() as u64,
            Arrivals::Closed { workers, .. } => 16 * u64::from(*workers),
            Arrivals::Jobs(jobs) => {
                16 * jobs.stages.iter().map(|s| u64::from(s.instances)).sum::<u64>()
            }
            Arrivals::Poisson { .. } | Arrivals::Renewal { .. } => 0,
        };
        let most = MOST_AT_ONE_INSTANT + self.plan.workloads.iter().map(together).sum::<u64>();
        let mut standing = 0;
        loop {
            let event = self.agenda.next_at().map(|at| at.nanos());
            let flow = self.sharing.next_at().map(|at| at.nanos());
            // At one instant flows end first: they are completions.
            let (at, flow_first) = match (event, flow) {
                (Some(e), Some(f)) => (e.min(f), f <= e),
                (Some(e), None) => (e, false),
                (None, Some(f)) => (f, true),
                (None, None) => break,
            };
            if at >= horizon {
                break;
            }
            standing = if at == self.now { standing + 1 } else { 0 };
            if standing > most {
                return Err(SimError::Stuck { at_ns: at, events: standing });
            }
            self.now = at;
            self.ended.events += 1;
            if flow_first {
                let (_, flow) = self.sharing.pop().expect("it said when");
                self.delivered(self.owners[flow.slot() as usize]);
            } else {
                let (_, event) = self.agenda.pop().expect("it said when");
                self.handle(event);
            }
            while let Some((token, pool)) = self.ready.pop_front() {
                self.go_on(token, pool);
            }
        }
        self.now = horizon;
        self.end_window();
        for i in 0..self.requests.len() {
            let it = &self.requests[i];
            if it.stage != Stage::Gone {
                let (workload, start, number) = (it.workload, it.start, it.number);
                let bytes = it.bytes[0].saturating_add(it.bytes[1]);
                self.tell(Fact::Unfinished { workload, start, at: horizon, bytes, number });
            }
        }
        self.tell_unfinished_jobs();
        self.audit();
        Ok(self.ended)
    }

    /// Conservation at the end of every run: each unit in use is held by somebody, each open
    /// connection belongs to its client, each request that started has ended or is under way.
    ///
    /// # Panics
    /// If the books do not balance: our bug.
    fn audit(&self) {
        let mut held = vec![0; self.pools.len()];
        let live = self.connections.iter().filter(|c| c.live);
        let under_way = self.requests.iter().filter(|r| r.stage != Stage::Gone);
        let holders =
            live.clone().flat_map(|c| &c.held).chain(under_way.clone().flat_map(|r| &r.held));
        holders.for_each(|pool| held[*pool as usize] += 1);
        self.count_held_by_instances(&mut held);
        for (pool, held) in self.pools.iter().zip(held) {
            assert_eq!(pool.used, held + pool.resting, "every unit in use is held or rests");
        }
        let open: u32 = self.clients.iter().flatten().map(|c| c.open).sum();
        assert_eq!(open as usize, live.count(), "every open connection is live");
        let counted: u64 = self.under_way.iter().map(|w| w.count).sum();
        assert_eq!(
            counted,
            under_way.clone().count() as u64,
            "every request ended or is under way"
        );
        let flowing = under_way.filter(|r| r.flow.is_some()).count() as u64;
        let classes = self.ways.values().flat_map(|c| c.iter().flatten().copied());
        let flows: u64 = classes.map(|c| u64::from(self.sharing.active(c))).sum();
        assert_eq!(flows, flowing, "every flow has its request");
        let idling: u64 = self.idlers.iter().map(|w| w.count).sum();
        let waiting = self.requests.iter().filter(|r| r.stage != Stage::Gone && r.idling);
        assert_eq!(idling, waiting.count() as u64, "every idle transfer has its request");
        self.audit_jobs();
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Arrive { workload, worker: NONE } => self.arrive_open(workload),
            Event::Arrive { workload, worker } => self.arrive(workload, worker, None, None),
            Event::Job { workload } => self.start_job(workload),
            Event::Task { workload, worker } => self.make_request(workload, worker),
            Event::Lost { workload, worker } => self.lose(workload, worker),
            Event::Again(token) if self.is_live(token) => self.try_it(token.request),
            Event::Shaken(token) if self.is_live(token) => self.shaken(token.request),
            Event::Crossed(token) if self.is_live(token) => self.crossed(token.request),
            Event::Retransmit(token) if self.is_live(token) => self.retransmit(token.request),
            Event::NextWindow(token) if self.is_live(token) => self.next_window(token.request),
            Event::Again(_)
            | Event::Shaken(_)
            | Event::NextWindow(_)
            | Event::Crossed(_)
            | Event::Retransmit(_) => {}
            Event::Served { station, token } => self.served(station, token),
            Event::StationHead { station } => self.station_head(station),
            Event::PoolHead { pool } => self.pool_head(pool),
            Event::PoolFree { pool } => self.unit_rested(pool),
            Event::Expire { queue } => self.expire(queue),
            Event::IdleCheck { connection, turn } => self.idle_check(connection, turn),
            Event::Change(i) => self.change(i),
            Event::Outage(i) => self.outage(i),
            Event::Look { scaler } => self.look(scaler),
            Event::Started { scaler, instance } => self.instance_started(scaler, instance),
            Event::Believe { selector, branch, serial } => self.believe(selector, branch, serial),
            Event::Elastic { link, serial } => self.stretch(link, serial),
            Event::Redraw { link, serial } => self.redrawn(link, serial),
            Event::Window => {
                self.end_window();
                self.spread_background();
                let next = self.now + self.plan.settings.window.nanos();
                if next < self.plan.settings.horizon.nanos() {
                    self.agenda.schedule(instant(next), Rank::Timer, Event::Window);
                }
            }
        }
    }

    fn change(&mut self, i: u32) {
        let plan = self.plan;
        let change = &plan.changes[i as usize];
        match &change.what {
            What::Fail { component, manner } => {
                self.fail_component(component.0, *manner, change.fault)
            }
            What::Repair { component } => self.repair_component(component.0),
            What::Override { link, rate } => {
                self.override_link(link.0, *rate);
                self.spread_background();
            }
            What::Ceiling { link, rate } => {
                self.set_ceiling(link.0, *rate);
                self.spread_background();
            }
            What::SetLink { link, capacity } => {
                self.set_law(link.0, capacity.clone());
                self.spread_background();
            }
            What::SetPool { pool, units } => self.set_units(pool.0, *units),
            What::Want { scaler, instances } => self.want(scaler.0, *instances),
            What::Renew { scaler, surge, unavailable } => {
                self.renew(scaler.0, *surge, *unavailable);
            }
            What::Displace { scaler, instances } => self.displace(scaler.0, *instances),
            What::Gate { gate, reason, holds } => {
                self.set_reason(gate.0, *reason, *holds, change.fault);
            }
            What::List { selector, branch, on } => {
                self.list_branch(selector.0, *branch, *on, change.fault);
            }
            What::Favour { selector, branch } => self.favour(selector.0, *branch),
        }
    }

    /// Tells what happened in the window that ends now.
    fn end_window(&mut self) {
        self.tell(Fact::WindowEnd { window: self.window });
        self.window += 1;
        self.tell_links();
        for i in 0..self.pools.len() {
            let seen = self.pools[i].read(self.now);
            self.tell(Fact::Pool { pool: u32::try_from(i).expect("few pools"), seen });
        }
        for i in 0..self.stations.len() {
            let seen = self.stations[i].read(self.now);
            let station = u32::try_from(i).expect("few stations");
            self.tell(Fact::Station { station, seen });
            if self.scaled[i].is_some() {
                let servers_us = self.stations[i].read_servers();
                self.tell(Fact::Servers { station, servers_us });
            }
        }
        self.tell_scalers();
        self.tell_work();
    }

    /// Per workload: bytes delivered, and what held its flows back.
    fn tell_work(&mut self) {
        let n = self.plan.workloads.len();
        let mut bytes = std::mem::take(&mut self.untold);
        let mut held: Vec<BTreeMap<Limit, f64>> = vec![BTreeMap::new(); n];
        let sides = self.sides();
        for path in self.paths.iter().filter(|p| p.first) {
            let w = path.workload as usize;
            for class in path.classes.into_iter().flatten() {
                bytes[w] += self.sharing.read_class(class, instant(self.now), |bound, flow_ns| {
                    let limit = match bound {
                        Bound::Free => return,
                        Bound::Stalled => Limit::Down,
                        Bound::Cap => Limit::Own,
                        Bound::Resource(ResourceId(r)) => sides[r as usize],
                    };
                    *held[w].entry(limit).or_default() += flow_ns;
                });
            }
        }
        for (workload, (bytes, held)) in (0..).zip(bytes.iter_mut().zip(held)) {
            let it = &mut self.under_way[workload as usize];
            it.accrue(self.now);
            let busy_us = whole_us(&mut it.integral);
            self.tell(Fact::Work { workload, bytes: take_whole(bytes), busy_us });
            let it = &mut self.idlers[workload as usize];
            it.accrue(self.now);
            let idle_ns = u64::try_from(std::mem::take(&mut it.integral)).unwrap_or(u64::MAX);
            if idle_ns > 0 {
                self.tell(Fact::Bound { workload, limit: Limit::StartUp, flow_ns: idle_ns });
            }
            for (limit, flow_ns) in held {
                self.tell(Fact::Bound { workload, limit, flow_ns: whole(flow_ns) });
            }
        }
        self.untold = bytes;
    }

    /// The link and direction of each kernel resource.
    fn sides(&self) -> Vec<Limit> {
        let mut sides = Vec::new();
        for (link, state) in (0..).zip(&self.links) {
            sides.push(Limit::Link { link, direction: 0 });
            if state.resources[0] != state.resources[1] {
                sides.push(Limit::Link { link, direction: 1 });
            }
        }
        sides
    }
}
