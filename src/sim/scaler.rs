//! Scalers: instances that are made, start up, serve and go, each with a unit of a pool; and the
//! connections or requests that belong to one of them.

use std::collections::VecDeque;

use crate::kernel::Rank;
use crate::measure::{End, Fact, Observer, ScalerUse};
use crate::plan::{Scaler, Scope, Tracking};
use crate::random::{Draws, Stream, name_key};

use super::state::{Event, NONE, Token, instant};
use super::stock::whole_us;
use super::world::World;

/// A scaler, running.
#[derive(Debug)]
pub(super) struct ScalerState {
    wanted: u32,
    /// Instances of earlier ones are to be replaced.
    generation: u32,
    renewal: Option<Renewal>,
    /// In order of their readiness.
    running: Vec<Instance>,
    /// (serial, generation), in order of making.
    starting: Vec<(u32, u32)>,
    /// (ready, gone) of those that clients may still know, in order of going.
    departed: VecDeque<(u64, u64)>,
    next: u32,
    armed: bool,
    /// No unit was found since the last look: nobody tries until the next one, or until one of its own
    /// is given back.
    short: bool,
    key: u64,
    tracked: Tracked,
    since: u64,
    running_ns: u128,
    starting_ns: u128,
    wanted_ns: u128,
    seen: ScalerUse,
}

#[derive(Clone, Copy, Debug)]
struct Renewal {
    since: u64,
    surge: u32,
    unavailable: u32,
}

#[derive(Debug)]
struct Instance {
    generation: u32,
    ready: u64,
    /// Of connections or of requests, in order of taking; those that are over leave before it grows.
    seats: Vec<(u32, u32)>,
}

/// What looks at the use of the servers have asked for.
#[derive(Debug, Default)]
struct Tracked {
    busy: u128,
    at: u64,
    more_since: Option<u64>,
    /// And the most that was asked for since.
    fewer_since: Option<(u64, u32)>,
}

impl Tracked {
    /// What is wanted after a look that asks for `asked`.
    fn decide(&mut self, spec: &Tracking, wanted: u32, asked: u32, now: u64) -> u32 {
        if asked > wanted {
            self.fewer_since = None;
            let since = *self.more_since.get_or_insert(now);
            if now - since >= spec.up_after.nanos() {
                self.more_since = None;
                return asked;
            }
        } else if asked < wanted {
            self.more_since = None;
            let (since, most) = self.fewer_since.unwrap_or((now, asked));
            let most = most.max(asked);
            self.fewer_since = Some((since, most));
            if now - since >= spec.down_after.nanos() {
                self.fewer_since = None;
                return most;
            }
        } else {
            (self.more_since, self.fewer_since) = (None, None);
        }
        wanted
    }
}

impl ScalerState {
    pub(super) fn new(spec: &Scaler, seed: u64, replication: u32) -> Self {
        let mut stream = Stream::new(seed, replication, &spec.name, "start-up");
        Self {
            wanted: spec.instances,
            generation: 0,
            renewal: None,
            running: Vec::new(),
            starting: Vec::new(),
            departed: VecDeque::new(),
            next: 0,
            armed: false,
            short: false,
            key: super::arrivals::next_key(&mut stream) ^ name_key(&[&spec.name]),
            tracked: Tracked::default(),
            since: 0,
            running_ns: 0,
            starting_ns: 0,
            wanted_ns: 0,
            seen: ScalerUse::default(),
        }
    }

    fn total(&self) -> u32 {
        u32::try_from(self.running.len() + self.starting.len()).expect("fewer than 2^32")
    }

    fn accrue(&mut self, now: u64) {
        let dt = u128::from(now - self.since);
        self.since = now;
        self.running_ns += dt * self.running.len() as u128;
        self.starting_ns += dt * self.starting.len() as u128;
        self.wanted_ns += dt * u128::from(self.wanted);
    }

    fn read(&mut self, now: u64) -> ScalerUse {
        self.accrue(now);
        ScalerUse {
            running_us: whole_us(&mut self.running_ns),
            starting_us: whole_us(&mut self.starting_ns),
            wanted_us: whole_us(&mut self.wanted_ns),
            ..self.seen
        }
    }
}

impl<O: Observer> World<'_, O> {
    /// Lets those run that find a unit at time 0.
    pub(super) fn prepare_scalers(&mut self) {
        let plan = self.plan;
        for (s, spec) in (0..).zip(&plan.scalers) {
            self.scaled[spec.station.index()] = Some(s);
            for _ in 0..spec.instances {
                if !self.has_unit(s) {
                    self.tell_unmade(s);
                    self.arm_look(s);
                    break;
                }
                let it = &mut self.scalers[s as usize];
                it.running.push(Instance { generation: 0, ready: 0, seats: Vec::new() });
                it.next += 1;
                it.seen.made += 1;
                it.seen.peak += 1;
            }
            self.fit_servers(s);
            if spec.tracking.is_some() {
                self.arm_look(s);
            }
        }
    }

    /// Takes the unit of one instance, if it needs any and there is one.
    fn has_unit(&mut self, s: u32) -> bool {
        match self.plan.scalers[s as usize].pool {
            Some(pool) => self.grab_unit(pool.0),
            None => true,
        }
    }

    fn tell_unmade(&mut self, s: u32) {
        self.scalers[s as usize].seen.failed += 1;
        self.tell(Fact::Unmade { scaler: s, at: self.now });
    }

    fn arm_look(&mut self, s: u32) {
        let it = &mut self.scalers[s as usize];
        if !std::mem::replace(&mut it.armed, true) {
            let at = self.now.saturating_add(self.plan.scalers[s as usize].step.nanos());
            self.agenda.schedule(instant(at), Rank::Timer, Event::Look { scaler: s });
        }
    }

    fn fit_servers(&mut self, s: u32) {
        let spec = &self.plan.scalers[s as usize];
        let running = self.scalers[s as usize].running.len() as u64;
        self.set_servers(spec.station.0, running * u64::from(spec.servers));
    }

    /// Makes one instance; false if there is no unit for it.
    fn make_instance(&mut self, s: u32) -> bool {
        if !self.has_unit(s) {
            return false;
        }
        let now = self.now;
        let it = &mut self.scalers[s as usize];
        it.accrue(now);
        let serial = it.next;
        it.next += 1;
        it.starting.push((serial, it.generation));
        it.seen.made += 1;
        it.seen.peak = it.seen.peak.max(u64::from(it.total()));
        let mut draws = Draws::about(it.key, u64::from(serial));
        let span = self.plan.scalers[s as usize].start_up.sample_whole(&mut draws);
        let event = Event::Started { scaler: s, instance: serial };
        self.agenda.schedule(instant(now.saturating_add(span)), Rank::Completion, event);
        true
    }

    /// An instance has started up, unless it was given up meanwhile.
    pub(super) fn instance_started(&mut self, s: u32, serial: u32) {
        let now = self.now;
        let it = &mut self.scalers[s as usize];
        let Some(i) = it.starting.iter().position(|x| x.0 == serial) else { return };
        let spec = &self.plan.scalers[s as usize];
        if spec.needs.iter().any(|c| self.components[c.index()].reasons > 0) {
            it.seen.failed_starts += 1;
            let mut draws = Draws::about(it.key ^ now, u64::from(serial));
            let span = spec.start_up.sample_whole(&mut draws).max(spec.step.nanos());
            let event = Event::Started { scaler: s, instance: serial };
            self.agenda.schedule(instant(now.saturating_add(span)), Rank::Completion, event);
            return;
        }
        it.accrue(now);
        let (_, generation) = it.starting.remove(i);
        it.running.push(Instance { generation, ready: now, seats: Vec::new() });
        self.fit_servers(s);
        self.converge(s);
    }

    /// One that still starts up is given up.
    fn abandon(&mut self, s: u32, i: usize) {
        let now = self.now;
        let it = &mut self.scalers[s as usize];
        it.accrue(now);
        it.starting.remove(i);
        (it.seen.gone, it.short) = (it.seen.gone + 1, false);
        self.give_unit_back(s);
    }

    fn give_unit_back(&mut self, s: u32) {
        if let Some(pool) = self.plan.scalers[s as usize].pool {
            self.give_back(pool.0);
        }
    }

    /// An instance goes. Those in order finish what they have begun: their idle connections close, the
    /// others after the request that uses them. Those that are torn away take it all with them.
    fn retire(&mut self, s: u32, i: usize, torn: bool) {
        let now = self.now;
        let it = &mut self.scalers[s as usize];
        it.accrue(now);
        let gone = it.running.remove(i);
        (it.seen.gone, it.short) = (it.seen.gone + 1, false);
        let seats = self.plan.scalers[s as usize].seats.as_ref();
        if seats.is_some_and(|x| x.look_up.nanos() > 0) {
            it.departed.push_back((gone.ready, now));
        }
        self.fit_servers(s);
        self.give_unit_back(s);
        for (of, turn) in gone.seats {
            match seats.map(|x| x.scope) {
                Some(Scope::Connection) => self.leave_connection(s, of, turn, torn),
                Some(Scope::Request) if torn && self.is_live(Token { request: of, turn }) => {
                    self.scalers[s as usize].seen.reset += 1;
                    self.fail(of, End::Reset);
                }
                _ => {}
            }
        }
    }

    fn leave_connection(&mut self, s: u32, c: u32, turn: u32, torn: bool) {
        let it = &mut self.connections[c as usize];
        if it.turn != turn || !it.live {
            return;
        }
        if torn {
            self.scalers[s as usize].seen.reset += 1;
            self.reset_connection(c);
        } else if it.user == NONE {
            let (workload, client) = (it.workload, it.client);
            self.forget_idle(workload, client, c);
            self.close(c);
        } else {
            it.leaving = true;
        }
    }

    /// Makes and retires instances until there are as many as are wanted, or no more can be done now.
    fn converge(&mut self, s: u32) {
        let mut failed = false;
        loop {
            let it = &self.scalers[s as usize];
            if let Some(i) = it.starting.iter().position(|x| x.1 < it.generation) {
                self.abandon(s, i); // it would be replaced as soon as it runs
                continue;
            }
            let old = it.running.iter().filter(|x| x.generation < it.generation).count();
            let old = u32::try_from(old).expect("fewer than 2^32");
            let (surge, unavailable) = it.renewal.map_or((0, 0), |r| (r.surge, r.unavailable));
            let (wanted, total, running) = (it.wanted, it.total(), it.running.len());
            let beyond = if old > 0 { surge } else { 0 };
            let due = total - old < wanted && total < wanted.saturating_add(beyond);
            if due && !it.short {
                if self.make_instance(s) {
                    continue;
                }
                failed = true;
                self.scalers[s as usize].short = true;
            }
            let it = &self.scalers[s as usize];
            if old > 0 {
                if running > wanted.saturating_sub(unavailable) as usize {
                    let i = it.running.iter().position(|x| x.generation < it.generation);
                    self.retire(s, i.expect("there is an old one"), false);
                    continue;
                }
            } else if total > wanted {
                match it.starting.len().checked_sub(1) {
                    Some(last) => self.abandon(s, last),
                    None => self.retire(s, running - 1, false),
                }
                continue;
            }
            break;
        }
        if failed {
            self.tell_unmade(s);
            self.arm_look(s);
        }
        let it = &mut self.scalers[s as usize];
        let renewed = it.running.iter().all(|x| x.generation == it.generation)
            && it.running.len() >= it.wanted as usize;
        if let (true, Some(renewal)) = (renewed, it.renewal) {
            it.renewal = None;
            self.tell(Fact::Renewed { scaler: s, took: self.now - renewal.since });
        }
    }

    /// Looks at the use of the servers, and tries again what could not be made.
    pub(super) fn look(&mut self, s: u32) {
        let plan = self.plan;
        let spec = &plan.scalers[s as usize];
        let it = &mut self.scalers[s as usize];
        (it.armed, it.short) = (false, false);
        if let Some(tracking) = &spec.tracking {
            let now = self.now;
            let busy = self.stations[spec.station.index()].busy_until(now);
            let it = &mut self.scalers[s as usize];
            let load = (busy - it.tracked.busy, now - it.tracked.at);
            (it.tracked.busy, it.tracked.at) = (busy, now);
            let asked = asked(tracking, spec.servers, load);
            let wanted = it.tracked.decide(tracking, it.wanted, asked, now);
            it.accrue(now);
            it.wanted = wanted;
            self.arm_look(s);
        }
        self.converge(s);
    }

    /// So many instances are wanted from now on.
    pub(super) fn want(&mut self, s: u32, instances: u32) {
        let now = self.now;
        let it = &mut self.scalers[s as usize];
        it.accrue(now);
        (it.wanted, it.short) = (instances, false);
        self.converge(s);
    }

    /// All instances of now are to be replaced.
    pub(super) fn renew(&mut self, s: u32, surge: u32, unavailable: u32) {
        let since = self.now;
        let it = &mut self.scalers[s as usize];
        (it.generation, it.short) = (it.generation + 1, false);
        it.renewal = Some(Renewal { since, surge, unavailable });
        self.converge(s);
    }

    /// The oldest instances are torn away, and others take their place.
    pub(super) fn displace(&mut self, s: u32, instances: u32) {
        let mut short = false;
        let present = self.scalers[s as usize].running.len();
        for _ in 0..present.min(instances as usize) {
            short |= !self.make_instance(s);
            self.retire(s, 0, true);
        }
        if short {
            self.scalers[s as usize].short = true;
            self.tell_unmade(s);
            self.arm_look(s);
        }
    }

    /// Chooses the instance that a new connection or a request belongs to. False if it failed, or is
    /// sent to one that is gone and waits for its timeout.
    pub(super) fn take_seat(&mut self, r: u32, s: u32, serving: bool) -> bool {
        let now = self.now;
        let seats = self.plan.scalers[s as usize].seats.as_ref().expect("its path has a seat");
        let request = &self.requests[r as usize];
        let (workload, client) = (request.workload as usize, request.client as usize);
        let anew = request.attempt > 1 && self.plan.workloads[workload].retries.re_resolve;
        let known = match seats.look_up.nanos() {
            period if anew || period == 0 => now,
            period => {
                let phase =
                    Draws::about(self.clients[workload][client].key, self.scalers[s as usize].key)
                        .next()
                        % period;
                if now < phase { 0 } else { phase + (now - phase) / period * period }
            }
        };
        let own = match serving {
            true => request.key ^ u64::from(request.attempt),
            false => self.connections[request.connection as usize].key,
        };
        let seat = match serving {
            true => (r, request.turn),
            false => (request.connection, self.connections[request.connection as usize].turn),
        };
        let it = &mut self.scalers[s as usize];
        // Nobody looked earlier than that.
        let eldest = now.saturating_sub(seats.look_up.nanos());
        while it.departed.front().is_some_and(|d| d.1 <= eldest && eldest > 0) {
            it.departed.pop_front();
        }
        let running = it.running.partition_point(|x| x.ready <= known);
        let was = |d: &&(u64, u64)| d.0 <= known && known < d.1;
        let gone = it.departed.iter().filter(was).count();
        let whole = (running + gone) as u128;
        if whole == 0 {
            self.fail(r, End::Refused);
            return false;
        }
        let bits = Draws::about(own, it.key).next();
        #[expect(clippy::cast_possible_truncation, reason = "below their number")]
        let i = ((u128::from(bits) * whole) >> 64) as usize;
        if i >= running {
            return false;
        }
        let list = &mut it.running[i].seats;
        if list.len() == list.capacity() {
            let (requests, connections) = (&self.requests, &self.connections);
            list.retain(|(of, turn)| match serving {
                true => requests[*of as usize].turn == *turn,
                false => connections[*of as usize].turn == *turn,
            });
            // Half of it is free at least, so that the next look is as many seats away.
            list.reserve(list.len().max(16));
        }
        list.push(seat);
        true
    }

    /// Units that instances hold, for the audit.
    pub(super) fn count_held_by_instances(&self, held: &mut [u64]) {
        for (spec, it) in self.plan.scalers.iter().zip(&self.scalers) {
            if let Some(pool) = spec.pool {
                held[pool.index()] += u64::from(it.total());
            }
            let servers = it.running.len() as u64 * u64::from(spec.servers);
            let station = &self.stations[spec.station.index()];
            assert_eq!(station.servers, servers, "every server belongs to an instance");
        }
    }

    pub(super) fn tell_scalers(&mut self) {
        for s in 0..self.scalers.len() {
            let seen = self.scalers[s].read(self.now);
            self.tell(Fact::Scaler { scaler: u32::try_from(s).expect("few scalers"), seen });
        }
    }
}

/// Instances whose servers would be busy by the target's share under this load, (server x ns, ns).
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "few servers; saturates"
)]
fn asked(spec: &Tracking, servers: u32, (busy, ns): (u128, u64)) -> u32 {
    let mean = busy as f64 / ns.max(1) as f64;
    // A load that fits exactly must not ask for one more by a rounding.
    let asked = (mean / f64::from(servers) / spec.target - 1e-9).ceil() as u32;
    asked.clamp(spec.least, spec.most)
}
