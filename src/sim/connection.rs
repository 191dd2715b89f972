//! Connections: opening, reusing, closing, and moving when belief changes.

use crate::kernel::Rank;
use crate::measure::{End, Fact, Observer, Phase};
use crate::random::Draws;

use super::belief::{Asked, Lookup};
use super::path::Walk;
use super::state::{Choices, Connection, Deadline, Event, NONE, Stage, Token, instant};
use super::world::World;

/// What the draws of a request are about, beside the names of components.
pub(super) const ABOUT_CONNECTION: u64 = 0x636f_6e6e;
const ABOUT_HANDSHAKE: u64 = 0x7368_616b;
/// The first retransmission of what was lost follows after 1 s and each further one after twice
/// the pause (RFC 6298, initial retransmission timeout).
const FIRST_RETRANSMISSION: u64 = 1_000_000_000;

impl<O: Observer> World<'_, O> {
    /// Opens a connection for a request whose client has room for one more.
    pub(super) fn open_connection(&mut self, r: u32) {
        let request = &self.requests[r as usize];
        let (workload, client, route) = (request.workload, request.client, request.route);
        let key = Draws::about(request.key, ABOUT_CONNECTION ^ u64::from(request.attempt)).next();
        self.clients[workload as usize][client as usize].open += 1;
        let fresh = Connection {
            turn: 0,
            live: true,
            workload,
            client,
            route,
            key,
            choices: Choices::default(),
            path: NONE,
            user: r,
            established: false,
            born: self.now,
            number: self.ended.connections,
            idle_since: 0,
            timer: false,
            forgotten: false,
            leaving: false,
            windows: [self.first_windows[workload as usize]; 2],
            held: Vec::new(),
        };
        let c = if let Some(c) = self.free_connections.pop() {
            let old = &mut self.connections[c as usize];
            let turn = old.turn;
            let held = std::mem::take(&mut old.held);
            *old = Connection { turn, held, ..fresh };
            c
        } else {
            self.connections.push(fresh);
            u32::try_from(self.connections.len() - 1).expect("fewer than 2^32 connections")
        };
        self.ended.connections += 1;
        self.requests[r as usize].connection = c;
        self.resolve(r);
    }

    /// Makes the choices of a new connection, asking for names where the client has no answer.
    pub(super) fn resolve(&mut self, r: u32) {
        loop {
            let c = self.requests[r as usize].connection;
            let (workload, client) =
                (self.requests[r as usize].workload, self.requests[r as usize].client);
            let Connection { choices, route, .. } = self.connections[c as usize];
            let selector = match self.walk(route, &choices) {
                Walk::Complete => break,
                Walk::Choose(selector) => selector,
            };
            let place = self.place(workload, client);
            let key = self.connections[c as usize].key;
            let branch = if self.selectors[selector as usize].named {
                match self.look_up(workload, client, selector) {
                    Lookup::Branch(branch) => branch,
                    Lookup::Nothing => return self.fail(r, End::Name),
                    Lookup::Ask => match self.begin_query(r, selector) {
                        Some(Ok(branch)) => branch,
                        Some(Err(end)) => return self.fail(r, end),
                        None => return,
                    },
                }
            } else {
                self.choose(selector, key, place)
            };
            self.take_branch(r, selector, branch);
        }
        let request = &self.requests[r as usize];
        let (workload, client, c) = (request.workload, request.client, request.connection);
        let place = self.place(workload, client);
        let Connection { choices, route, .. } = self.connections[c as usize];
        self.connections[c as usize].path = self.path_of(workload, route, place, &choices);
        self.next_turn(r);
        self.arm(workload, Deadline::Connect, r);
        self.requests[r as usize].stage = Stage::Opening;
        self.requests[r as usize].step = 0;
        self.requests[r as usize].tries = 0;
        self.enter(r, Phase::Connect);
        self.open_on(r);
    }

    fn take_branch(&mut self, r: u32, selector: u32, branch: u8) {
        let c = self.requests[r as usize].connection;
        self.connections[c as usize].choices.push(branch);
        let workload = self.requests[r as usize].workload;
        self.tell_choice(workload, selector, branch, true);
    }

    /// Sends the first query about a name. The answer at once, an error, or none if it is to come.
    fn begin_query(&mut self, r: u32, selector: u32) -> Option<Result<u8, End>> {
        self.enter(r, Phase::Name);
        self.next_turn(r);
        self.requests[r as usize].stage = Stage::Resolving(selector);
        self.requests[r as usize].tries = 0;
        match self.ask(self.token(r), selector) {
            Asked::AtOnce => Some(self.answer_for(r, selector).ok_or(End::Name)),
            Asked::Refused => Some(Err(End::Name)),
            Asked::Waiting | Asked::Lost => {
                self.arm(self.requests[r as usize].workload, Deadline::Name, r);
                None
            }
        }
    }

    fn answer_for(&mut self, r: u32, selector: u32) -> Option<u8> {
        let request = &self.requests[r as usize];
        let key = Draws::about(request.key, u64::from(request.attempt)).next();
        self.answer(request.workload, request.client, selector, key)
    }

    /// The resolver answered.
    pub(super) fn resolved(&mut self, r: u32, selector: u32) {
        match self.answer_for(r, selector) {
            Some(branch) => {
                self.take_branch(r, selector, branch);
                self.next_turn(r);
                self.resolve(r);
            }
            None => self.fail(r, End::Name),
        }
    }

    /// A query got no answer in time: another one, or the end of the try.
    pub(super) fn query_again(&mut self, r: u32, selector: u32) {
        let workload = self.requests[r as usize].workload;
        let request = &mut self.requests[r as usize];
        request.tries += 1;
        if request.tries >= self.plan.workloads[workload as usize].timeouts.name_attempts {
            return self.fail(r, End::Name);
        }
        self.next_turn(r);
        match self.ask(self.token(r), selector) {
            Asked::Refused => self.fail(r, End::Name),
            _ => self.arm(workload, Deadline::Name, r),
        }
    }

    /// Takes the units and passes the stations of a new connection, then shakes hands.
    pub(super) fn open_on(&mut self, r: u32) {
        let path = self.path_of_request(r);
        if self.lost(r, path) {
            return;
        }
        if self.pass_visits(r, path) {
            self.shake(r);
        }
    }

    /// Whether what is sent now is lost on a failed path: refused at once, or sent again later.
    pub(super) fn lost(&mut self, r: u32, path: u32) -> bool {
        let it = &self.paths[path as usize];
        if it.down == 0 {
            return false;
        }
        if it.resets > 0 {
            let end = match self.requests[r as usize].stage {
                Stage::Opening | Stage::Shaking if self.is_denied(path) => End::Denied,
                Stage::Opening | Stage::Shaking => End::Refused,
                _ => End::Reset,
            };
            self.fail(r, end);
            return true;
        }
        let tries = self.requests[r as usize].tries.min(16);
        self.requests[r as usize].tries += 1;
        let at = self.now.saturating_add(FIRST_RETRANSMISSION << tries);
        self.agenda.schedule(instant(at), Rank::Timer, Event::Retransmit(self.token(r)));
        true
    }

    fn shake(&mut self, r: u32) {
        self.requests[r as usize].stage = Stage::Shaking;
        let request = &self.requests[r as usize];
        let path = self.connections[request.connection as usize].path;
        let spec = &self.plan.workloads[request.workload as usize].connections;
        let there = self.crossing(path, request.key, ABOUT_HANDSHAKE ^ u64::from(request.attempt));
        let back = self.crossing(path, request.key, !ABOUT_HANDSHAKE ^ u64::from(request.attempt));
        let span = there.saturating_add(back).saturating_mul(u64::from(spec.handshake_rtts));
        if span == 0 {
            return self.connected(r);
        }
        let at = self.now.saturating_add(span);
        self.agenda.schedule(instant(at), Rank::Completion, Event::Shaken(self.token(r)));
    }

    /// The round trips are over.
    pub(super) fn shaken(&mut self, r: u32) {
        let path = self.connections[self.requests[r as usize].connection as usize].path;
        if !self.lost(r, path) {
            self.connected(r);
        }
    }

    /// What was lost is sent again.
    pub(super) fn retransmit(&mut self, r: u32) {
        match self.requests[r as usize].stage {
            Stage::Opening => self.open_on(r),
            Stage::Shaking => {
                let path = self.connections[self.requests[r as usize].connection as usize].path;
                if !self.lost(r, path) {
                    self.shake(r);
                }
            }
            Stage::Serving => self.serve_on(r),
            _ => {}
        }
    }

    fn connected(&mut self, r: u32) {
        let (workload, c) =
            (self.requests[r as usize].workload, self.requests[r as usize].connection);
        self.connections[c as usize].established = true;
        if self.plan.workloads[workload as usize].connections.handshake_rtts > 0 {
            let again = self.requests[r as usize].again;
            self.tell(Fact::Connected { workload, again, at: self.now });
        }
        self.start_request(r);
    }

    /// Takes an idle connection of the client that is still good; closes those that are not.
    pub(super) fn take_idle(&mut self, workload: u32, client: u32) -> Option<u32> {
        let spec = &self.plan.workloads[workload as usize].connections;
        let (idle_timeout, max_age) = (spec.idle_timeout.nanos(), spec.max_age.map(|a| a.nanos()));
        while let Some(c) = self.clients[workload as usize][client as usize].idle.pop_back() {
            let it = &self.connections[c as usize];
            let rested = self.now - it.idle_since < idle_timeout;
            let young = max_age.is_none_or(|most| self.now - it.born < most);
            if rested && young {
                return Some(c);
            }
            self.close(c);
        }
        None
    }

    /// A connection is free: the next request of its client takes it, or it rests, or it closes.
    pub(super) fn release_connection(&mut self, c: u32) {
        let it = &mut self.connections[c as usize];
        let (workload, client) = (it.workload, it.client);
        it.user = NONE;
        it.idle_since = self.now;
        let spec = &self.plan.workloads[workload as usize].connections;
        let young = spec.max_age.is_none_or(|most| self.now - it.born < most.nanos());
        if !spec.reuse || !young || it.leaving {
            return self.close(c);
        }
        let patience = spec.idle_timeout.nanos().min(self.paths[it.path as usize].idle);
        if !it.timer && patience < u64::MAX / 2 {
            it.timer = true;
            let event = Event::IdleCheck { connection: c, turn: it.turn };
            let at = self.now.saturating_add(patience);
            self.agenda.schedule(instant(at), Rank::Timer, event);
        }
        self.clients[workload as usize][client as usize].idle.push_back(c);
        self.next_in_queue(workload, client);
    }

    /// Lets the first request that waits for a connection of this client try again.
    fn next_in_queue(&mut self, workload: u32, client: u32) {
        while let Some(token) = self.clients[workload as usize][client as usize].queue.pop_front() {
            if self.is_live(token) {
                self.ready.push_back((token, NONE));
                return;
            }
        }
    }

    /// Whether an idle connection has rested too long: for its client, or for those on its way that
    /// forget it without a word.
    pub(super) fn idle_check(&mut self, c: u32, turn: u32) {
        let it = &mut self.connections[c as usize];
        if it.turn != turn || !it.live {
            return;
        }
        it.timer = false;
        let timeout = self.plan.workloads[it.workload as usize].connections.idle_timeout.nanos();
        if it.user != NONE {
            return; // armed again when it is released
        }
        let due = it.idle_since.saturating_add(timeout);
        if due <= self.now {
            let (workload, client) = (it.workload, it.client);
            self.forget_idle(workload, client, c);
            return self.close(c);
        }
        let lost = match it.forgotten {
            true => u64::MAX,
            false => it.idle_since.saturating_add(self.paths[it.path as usize].idle),
        };
        if lost <= self.now {
            self.lose_units(c);
        }
        let next = if lost <= self.now { due } else { due.min(lost) };
        if next < u64::MAX / 2 {
            self.connections[c as usize].timer = true;
            let event = Event::IdleCheck { connection: c, turn };
            self.agenda.schedule(instant(next), Rank::Timer, event);
        }
    }

    /// Units of pools that forget who rests go back, and the connection does not know.
    fn lose_units(&mut self, c: u32) {
        let it = &mut self.connections[c as usize];
        it.forgotten = true;
        let plan = self.plan;
        let forgets = |pool: &u32| plan.pools[*pool as usize].idle.is_some();
        let (lost, kept): (Vec<u32>, Vec<u32>) = it.held.iter().partition(|p| forgets(p));
        it.held = kept;
        lost.into_iter().for_each(|pool| self.give_back(pool));
    }

    /// Takes a connection off its client's idle list, which is in order of `idle_since`: who has
    /// rested longest, the usual case, is in front.
    pub(super) fn forget_idle(&mut self, workload: u32, client: u32, c: u32) {
        let since = self.connections[c as usize].idle_since;
        let connections = &self.connections;
        let idle = &mut self.clients[workload as usize][client as usize].idle;
        let from = idle.partition_point(|x| connections[*x as usize].idle_since < since);
        let at = idle.iter().skip(from).position(|x| *x == c).map(|i| from + i);
        if let Some(at) = at {
            idle.remove(at);
        }
    }

    /// Closes all idle connections of a client, which is gone.
    pub(super) fn close_idle(&mut self, workload: u32, client: u32) {
        while let Some(c) = self.clients[workload as usize][client as usize].idle.pop_back() {
            self.close(c);
        }
    }

    /// Ends a connection that is in nobody's use: its units go back, its client has room.
    pub(super) fn close(&mut self, c: u32) {
        let it = &mut self.connections[c as usize];
        it.live = false;
        it.turn = it.turn.wrapping_add(1);
        it.user = NONE;
        let (workload, client) = (it.workload, it.client);
        let mut held = std::mem::take(&mut it.held);
        for pool in held.drain(..) {
            self.give_back(pool);
        }
        self.connections[c as usize].held = held;
        self.free_connections.push(c);
        self.clients[workload as usize][client as usize].open -= 1;
        self.next_in_queue(workload, client);
    }

    /// The live connections whose path is wanted, in order of opening: an order that other
    /// workloads' connections can't change.
    fn connections_over(&self, wanted: impl Fn(&super::path::Path) -> bool) -> Vec<u32> {
        let all = (0..).zip(&self.connections);
        let live =
            all.filter(|(_, c)| c.live && c.path != NONE && wanted(&self.paths[c.path as usize]));
        let mut found: Vec<(u64, u32)> = live.map(|(i, c)| (c.number, i)).collect();
        found.sort_unstable();
        found.into_iter().map(|(_, i)| i).collect()
    }

    /// Breaks a connection: its request fails, or it closes.
    pub(super) fn reset_connection(&mut self, c: u32) {
        let it = &self.connections[c as usize];
        let (user, workload, client, established) =
            (it.user, it.workload, it.client, it.established);
        if user != NONE {
            self.fail(user, if established { End::Reset } else { End::Refused });
        } else {
            self.forget_idle(workload, client, c);
            self.close(c);
        }
    }

    /// Breaks all connections over a component that resets.
    pub(super) fn reset_connections(&mut self, component: u32) {
        for c in self.connections_over(|path| path.needs.contains(&component)) {
            let it = &self.connections[c as usize];
            if !it.live {
                continue; // closed by what the ones before it set off
            }
            self.reset_connection(c);
        }
    }

    /// A selector without names believes something else: live connections move.
    pub(super) fn move_connections(&mut self, selector: u32) {
        let mut moved = 0;
        for c in self.connections_over(|path| path.picks.iter().any(|p| p.0 == selector)) {
            let it = &self.connections[c as usize];
            if !it.live {
                continue; // closed by what the ones before it set off
            }
            let picks = &self.paths[it.path as usize].picks;
            let at = picks.iter().position(|p| p.0 == selector).expect("the path was asked");
            let place = self.place(it.workload, it.client);
            if self.keeps(selector, picks[at].1, place) {
                continue;
            }
            let branch = self.choose(selector, it.key, place);
            if branch != picks[at].1 {
                self.move_connection(c, at, branch, place);
                moved += 1;
            }
        }
        if moved > 0 {
            self.tell(Fact::Moved { selector, connections: moved });
        }
    }

    /// Puts a connection on another branch of its choice number `at`. Later choices outside of the
    /// branch stay; choices inside of the new branch are made anew. A flow under way goes on with
    /// what it has left, an idle one with its next window; units held stay held until the connection closes.
    fn move_connection(&mut self, c: u32, at: usize, branch: u8, place: u32) {
        let it = &self.connections[c as usize];
        let (workload, route, key) = (it.workload, it.route, it.key);
        let (old, user) = (it.path, it.user);
        let before = self.paths[old as usize].picks.clone();
        let mut choices = it.choices;
        choices.truncate(at);
        choices.push(branch);
        while let Walk::Choose(selector) = self.walk(route, &choices) {
            let same = before[at + 1..].iter().find(|p| p.0 == selector).map(|p| p.1);
            choices.push(same.unwrap_or_else(|| self.choose(selector, key, place)));
        }
        let path = self.path_of(workload, route, place, &choices);
        let visits = |p: u32| (&self.paths[p as usize].opening, &self.paths[p as usize].serving);
        if visits(path) != visits(old) {
            // Other servers know nothing of it.
            return self.reset_connection(c);
        }
        self.connections[c as usize].choices = choices;
        self.connections[c as usize].path = path;
        if user == NONE {
            return;
        }
        self.move_flow(user, path);
    }

    pub(super) fn token(&self, r: u32) -> Token {
        Token { request: r, turn: self.requests[r as usize].turn }
    }
}
