//! Pools and stations: units, queues, waits.

use std::collections::VecDeque;

use crate::kernel::Rank;
use crate::measure::{End, Fact, Observer, PoolUse, StationUse};
use crate::plan::{Lack, OnFull, Pool, Servers, Station};
use crate::random::{Draws, name_key};

use super::belief::Asked;
use super::state::{Event, Token, instant};
use super::world::World;

#[derive(Debug)]
pub(super) struct PoolState {
    units: u64,
    /// In use: held, or resting after release.
    pub(super) used: u64,
    pub(super) resting: u64,
    /// First come first served; entries of requests that gave up are dropped when they surface.
    queue: VecDeque<(Token, u64)>,
    /// Live entries of the queue.
    waiting: u64,
    armed: bool,
    since: u64,
    used_ns: u128,
    size_ns: u128,
    seen: PoolUse,
}

#[derive(Debug)]
pub(super) struct StationState {
    pub(super) servers: u64,
    busy: u64,
    /// (job, since, service time): stale jobs are served too.
    queue: VecDeque<(Token, u64, u64)>,
    armed: bool,
    pub(super) down: u32,
    key: u64,
    since: u64,
    busy_ns: u128,
    servers_ns: u128,
    /// Busy time since the beginning, server x ns.
    busy_so_far: u128,
    seen: StationUse,
}

/// Takes the whole microseconds out of an integral and leaves the rest, so that windows sum to the
/// whole. Beyond 2^64 us it says the most it can.
pub(super) fn whole_us(ns: &mut u128) -> u64 {
    let us = *ns / 1_000;
    *ns %= 1_000;
    u64::try_from(us).unwrap_or(u64::MAX)
}

/// What became of a wish for a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Yes,
    Waits,
    Refused(End),
}

impl PoolState {
    pub(super) fn new(spec: &Pool) -> Self {
        Self {
            units: spec.units,
            used: 0,
            resting: 0,
            queue: VecDeque::new(),
            waiting: 0,
            armed: false,
            since: 0,
            used_ns: 0,
            size_ns: 0,
            seen: PoolUse::default(),
        }
    }

    fn accrue(&mut self, now: u64) {
        let dt = u128::from(now - self.since);
        self.since = now;
        self.used_ns += dt * u128::from(self.used);
        self.size_ns += dt * u128::from(self.units);
    }

    pub(super) fn read(&mut self, now: u64) -> PoolUse {
        self.accrue(now);
        PoolUse {
            used_us: whole_us(&mut self.used_ns),
            size_us: whole_us(&mut self.size_ns),
            ..self.seen
        }
    }
}

impl StationState {
    pub(super) fn new(spec: &Station) -> Self {
        Self {
            servers: match spec.servers {
                Servers::Count(n) => u64::from(n),
                Servers::Unlimited => u64::MAX,
            },
            busy: 0,
            queue: VecDeque::new(),
            armed: false,
            down: 0,
            key: name_key(&[&spec.name]),
            since: 0,
            busy_ns: 0,
            servers_ns: 0,
            busy_so_far: 0,
            seen: StationUse::default(),
        }
    }

    fn accrue(&mut self, now: u64) {
        let dt = u128::from(now - self.since);
        self.busy_ns += dt * u128::from(self.busy);
        self.busy_so_far += dt * u128::from(self.busy);
        self.servers_ns += dt * u128::from(self.servers);
        self.since = now;
    }

    /// Servers since the last reading, server x us; right after [`StationState::read`].
    pub(super) fn read_servers(&mut self) -> u64 {
        whole_us(&mut self.servers_ns)
    }

    /// Busy time since the beginning, server x ns.
    pub(super) fn busy_until(&mut self, now: u64) -> u128 {
        self.accrue(now);
        self.busy_so_far
    }

    pub(super) fn read(&mut self, now: u64) -> StationUse {
        self.accrue(now);
        StationUse { busy_us: whole_us(&mut self.busy_ns), ..self.seen }
    }
}

impl<O: Observer> World<'_, O> {
    // ---- pools ----

    /// Asks for one unit.
    pub(super) fn take_unit(&mut self, pool: u32, token: Token) -> Taken {
        let spec = &self.plan.pools[pool as usize];
        let it = &mut self.pools[pool as usize];
        it.seen.asked += 1;
        if it.used < it.units && it.waiting == 0 {
            it.accrue(self.now);
            it.used += 1;
            it.seen.peak = it.seen.peak.max(it.used);
            return Taken::Yes;
        }
        let lack = match spec.lack {
            Lack::Slot => End::Refused,
            Lack::Port => End::NoPort,
            Lack::Address => End::NoAddress,
        };
        match spec.on_full {
            OnFull::Wait { queue, timeout } if queue.is_none_or(|most| it.waiting < most) => {
                it.queue.push_back((token, self.now));
                it.waiting += 1;
                if let (Some(timeout), false) = (timeout, it.armed) {
                    it.armed = true;
                    let at = self.now.saturating_add(timeout.nanos());
                    self.agenda.schedule(instant(at), Rank::Timer, Event::PoolHead { pool });
                }
                self.requests[token.request as usize].waits_for = pool;
                Taken::Waits
            }
            OnFull::Wait { .. } | OnFull::Refuse => {
                it.seen.refused += 1;
                Taken::Refused(lack)
            }
        }
    }

    /// Takes one unit if there is one, for somebody who never waits.
    pub(super) fn grab_unit(&mut self, pool: u32) -> bool {
        let it = &mut self.pools[pool as usize];
        it.seen.asked += 1;
        if it.used >= it.units || it.waiting > 0 {
            it.seen.refused += 1;
            return false;
        }
        it.accrue(self.now);
        it.used += 1;
        it.seen.peak = it.seen.peak.max(it.used);
        true
    }

    /// Gives a unit back; it may have to rest first.
    pub(super) fn give_back(&mut self, pool: u32) {
        let hold = self.plan.pools[pool as usize].hold_after.nanos();
        if hold > 0 {
            self.pools[pool as usize].resting += 1;
            let at = self.now.saturating_add(hold);
            self.agenda.schedule(instant(at), Rank::Completion, Event::PoolFree { pool });
        } else {
            self.unit_free(pool);
        }
    }

    /// A unit has rested long enough.
    pub(super) fn unit_rested(&mut self, pool: u32) {
        self.pools[pool as usize].resting -= 1;
        self.unit_free(pool);
    }

    /// A unit is usable again: the first who still waits gets it.
    fn unit_free(&mut self, pool: u32) {
        let it = &mut self.pools[pool as usize];
        it.accrue(self.now);
        it.used -= 1;
        self.hand_out(pool);
    }

    fn hand_out(&mut self, pool: u32) {
        while self.pools[pool as usize].used < self.pools[pool as usize].units {
            let Some((token, since)) = self.pools[pool as usize].queue.pop_front() else {
                return;
            };
            if !self.is_waiting(token, pool) {
                continue;
            }
            let it = &mut self.pools[pool as usize];
            it.accrue(self.now);
            it.used += 1;
            it.waiting -= 1;
            it.seen.peak = it.seen.peak.max(it.used);
            self.requests[token.request as usize].waits_for = super::state::NONE;
            self.tell(Fact::PoolWait { pool, wait: self.now - since, at: self.now });
            self.ready.push_back((token, pool));
        }
    }

    fn is_waiting(&self, token: Token, pool: u32) -> bool {
        self.is_live(token) && self.requests[token.request as usize].waits_for == pool
    }

    /// A request that gave up leaves the queue it is in.
    pub(super) fn stop_waiting(&mut self, request: u32) {
        let pool =
            std::mem::replace(&mut self.requests[request as usize].waits_for, super::state::NONE);
        if pool != super::state::NONE {
            self.pools[pool as usize].waiting -= 1;
        }
    }

    /// Looks at the head of a pool's queue: who waited too long leaves it.
    pub(super) fn pool_head(&mut self, pool: u32) {
        self.pools[pool as usize].armed = false;
        let OnFull::Wait { timeout: Some(timeout), .. } = self.plan.pools[pool as usize].on_full
        else {
            return;
        };
        while let Some((token, since)) = self.pools[pool as usize].queue.front().copied() {
            let due = since.saturating_add(timeout.nanos());
            if !self.is_waiting(token, pool) {
                self.pools[pool as usize].queue.pop_front();
            } else if due <= self.now {
                self.pools[pool as usize].queue.pop_front();
                self.pools[pool as usize].seen.timed_out += 1;
                self.fail(token.request, End::QueueTimeout);
            } else {
                self.pools[pool as usize].armed = true;
                self.agenda.schedule(instant(due), Rank::Timer, Event::PoolHead { pool });
                return;
            }
        }
    }

    /// Changes the size of a pool.
    pub(super) fn set_units(&mut self, pool: u32, units: u64) {
        let it = &mut self.pools[pool as usize];
        it.accrue(self.now);
        it.units = units;
        self.hand_out(pool);
    }

    // ---- stations ----

    /// Brings a job to a station.
    pub(super) fn enqueue(&mut self, station: u32, token: Token) -> Asked {
        let spec = &self.plan.stations[station as usize];
        let request = &self.requests[token.request as usize];
        let about = u64::from(request.attempt) << 32 | u64::from(request.tries);
        let it = &mut self.stations[station as usize];
        it.seen.arrived += 1;
        if it.busy < it.servers {
            let service = spec.service.sample_whole(&mut Draws::about(request.key ^ about, it.key));
            self.serve_job(station, token, 0, service);
            return Asked::Waiting;
        }
        self.drop_expired(station, true);
        let it = &mut self.stations[station as usize];
        if spec.queue.is_some_and(|most| it.queue.len() as u64 >= most) {
            it.seen.refused += 1;
            return Asked::Refused;
        }
        let request = &self.requests[token.request as usize];
        let service = spec.service.sample_whole(&mut Draws::about(request.key ^ about, it.key));
        it.queue.push_back((token, self.now, service));
        it.seen.peak_queue = it.seen.peak_queue.max(it.queue.len() as u64);
        if let (Some(timeout), false) = (spec.timeout, it.armed) {
            it.armed = true;
            let at = self.now.saturating_add(timeout.nanos());
            self.agenda.schedule(instant(at), Rank::Timer, Event::StationHead { station });
        }
        Asked::Waiting
    }

    fn serve_job(&mut self, station: u32, token: Token, wait: u64, service: u64) {
        let it = &mut self.stations[station as usize];
        it.accrue(self.now);
        it.busy += 1;
        let at = self.now.saturating_add(service);
        self.agenda.schedule(instant(at), Rank::Completion, Event::Served { station, token });
        self.tell(Fact::StationWait { station, wait, at: self.now });
    }

    /// A job is done: the next one starts, and the request goes on if it still cares.
    pub(super) fn served(&mut self, station: u32, token: Token) {
        let it = &mut self.stations[station as usize];
        it.accrue(self.now);
        it.busy -= 1;
        it.seen.served += 1;
        self.drop_expired(station, false);
        self.serve_waiting(station);
        if self.is_live(token) {
            self.job_done(token);
        }
    }

    /// Servers that are free take up the jobs that wait.
    fn serve_waiting(&mut self, station: u32) {
        while self.stations[station as usize].busy < self.stations[station as usize].servers {
            let Some((next, since, service)) = self.stations[station as usize].queue.pop_front()
            else {
                return;
            };
            self.serve_job(station, next, self.now - since, service);
        }
    }

    /// The station has so many servers from now on. Jobs in service beyond that are finished; those
    /// that wait begin where there are more.
    pub(super) fn set_servers(&mut self, station: u32, servers: u64) {
        let it = &mut self.stations[station as usize];
        it.accrue(self.now);
        it.servers = servers;
        self.drop_expired(station, false);
        self.serve_waiting(station);
    }

    /// Jobs that waited longer than the station's timeout leave the queue; those whose time is over
    /// just now only with `now_too`, since completions come before timers.
    fn drop_expired(&mut self, station: u32, now_too: bool) {
        let Some(timeout) = self.plan.stations[station as usize].timeout else {
            return;
        };
        while let Some((token, since, _)) = self.stations[station as usize].queue.front().copied() {
            let due = since.saturating_add(timeout.nanos());
            if due > self.now || (due == self.now && !now_too) {
                return;
            }
            let it = &mut self.stations[station as usize];
            it.queue.pop_front();
            it.seen.timed_out += 1;
            if self.is_live(token) {
                self.fail(token.request, End::QueueTimeout);
            }
        }
    }

    pub(super) fn station_head(&mut self, station: u32) {
        self.stations[station as usize].armed = false;
        self.drop_expired(station, true);
        let timeout = self.plan.stations[station as usize].timeout;
        let head = self.stations[station as usize].queue.front().copied();
        if let (Some(timeout), Some((_, since, _)), false) =
            (timeout, head, self.stations[station as usize].armed)
        {
            self.stations[station as usize].armed = true;
            let due = since.saturating_add(timeout.nanos());
            self.agenda.schedule(instant(due), Rank::Timer, Event::StationHead { station });
        }
    }
}
