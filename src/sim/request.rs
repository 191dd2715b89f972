//! The life of a request.

use crate::kernel::Rank;
use crate::measure::{End, Fact, Observer, Phase};
use crate::plan::Arrivals;
use crate::random::Draws;

use super::arrivals::Due;
use super::belief::Asked;
use super::jobs::Task;
use super::path::Visit;
use super::state::{Deadline, Event, NONE, Request, Stage, Token, instant};
use super::stock::Taken;
use super::world::World;

const ABOUT_BYTES: [u64; 2] = [0x7265_7131, 0x7265_7332];
const ABOUT_CLIENT: u64 = 0x636c_6965;
const ABOUT_PAUSE: u64 = 0x7061_7573;
const ABOUT_THINK: u64 = 0x7468_696e;
const ABOUT_CROSSING: [u64; 2] = [0x6372_6f31, 0x6372_6f32];

/// Whether a request that ends so may be served whatever its client sees: all its bytes have left, and
/// nobody turned it away on the other side.
const fn may_be_served(stage: Stage, end: End) -> bool {
    matches!(
        stage,
        Stage::SendCrossing | Stage::Serving | Stage::Receiving | Stage::ReceiveCrossing
    ) && matches!(end, End::RequestTimeout | End::Reset | End::GivenUp)
}

impl<O: Observer> World<'_, O> {
    // ---- bookkeeping ----

    pub(super) fn is_live(&self, token: Token) -> bool {
        let it = &self.requests[token.request as usize];
        it.turn == token.turn && it.stage != Stage::Gone
    }

    /// Kills all tokens of the request's earlier stages.
    pub(super) fn next_turn(&mut self, r: u32) {
        let it = &mut self.requests[r as usize];
        it.turn = it.turn.wrapping_add(1);
    }

    /// The time since the last mark belongs to the phase that ends now.
    pub(super) fn enter(&mut self, r: u32, phase: Phase) {
        let now = self.now;
        let it = &mut self.requests[r as usize];
        it.phases[it.phase as usize] += now - it.mark;
        it.mark = now;
        it.phase = phase;
    }

    /// Sets the deadline of the request's present stage.
    pub(super) fn arm(&mut self, workload: u32, kind: Deadline, r: u32) {
        let queue = workload * 3 + kind as u32;
        let token = self.token(r);
        let it = &mut self.patience[queue as usize];
        if it.span == u64::MAX {
            return; // for ever
        }
        let due = self.now.saturating_add(it.span);
        let requests = &self.requests;
        while it.queue.front().is_some_and(|(_, t)| requests[t.request as usize].turn != t.turn) {
            it.queue.pop_front();
        }
        it.push(due, token, |t| requests[t.request as usize].turn == t.turn);
        if !it.armed {
            it.armed = true;
            self.agenda.schedule(instant(due), Rank::Timer, Event::Expire { queue });
        }
    }

    /// Fails everybody whose patience is over.
    pub(super) fn expire(&mut self, queue: u32) {
        // It stays armed meanwhile: who is given another deadline here must not put one more event on
        // the agenda, which would stay there and multiply.
        while let Some((due, token)) = self.patience[queue as usize].queue.front().copied() {
            if !self.is_live(token) {
                self.patience[queue as usize].queue.pop_front();
            } else if due <= self.now {
                self.patience[queue as usize].queue.pop_front();
                let stage = self.requests[token.request as usize].stage;
                match (self.patience[queue as usize].kind, stage) {
                    (Deadline::Name, Stage::Resolving(selector)) => {
                        self.query_again(token.request, selector);
                    }
                    (Deadline::Name, _) => {}
                    (Deadline::Connect, _) => {
                        let queued = self.requests[token.request as usize].waits_for != NONE;
                        let end = if queued { End::QueueTimeout } else { End::ConnectTimeout };
                        self.fail(token.request, end);
                    }
                    (Deadline::Request, Stage::Queued) => {
                        self.fail(token.request, End::QueueTimeout)
                    }
                    (Deadline::Request, _) => self.fail(token.request, End::RequestTimeout),
                }
            } else {
                self.agenda.schedule(instant(due), Rank::Timer, Event::Expire { queue });
                return;
            }
        }
        self.patience[queue as usize].armed = false;
    }

    // ---- birth ----

    /// A request of an open workload is due, and the next one is scheduled.
    pub(super) fn arrive_open(&mut self, workload: u32) {
        let due =
            self.due[workload as usize].take().expect("an arrival was scheduled with its data");
        self.schedule_next(workload);
        self.arrive(workload, NONE, Some(due), None);
    }

    pub(super) fn schedule_next(&mut self, workload: u32) {
        if let Some(due) = self.sources[workload as usize].next() {
            self.due[workload as usize] = Some(due);
            let event = Event::Arrive { workload, worker: NONE };
            self.agenda.schedule(instant(due.at.max(self.now)), Rank::Arrival, event);
        }
    }

    /// A request starts, at a place of its source (`due`) or as part of an instance (`task`), which
    /// bring what is not drawn here.
    pub(super) fn arrive(
        &mut self,
        workload: u32,
        worker: u32,
        due: Option<Due>,
        task: Option<Task>,
    ) {
        let plan = self.plan;
        let spec = &plan.workloads[workload as usize];
        let key = match task {
            Some(task) => task.key,
            None => super::arrivals::next_key(&mut self.keys[workload as usize]),
        };
        let client = match worker {
            NONE => {
                let bits = Draws::about(key, ABOUT_CLIENT).next();
                ((u128::from(bits) * u128::from(spec.clients)) >> 64) as u32
            }
            worker => worker % spec.clients,
        };
        let flow = due.and_then(|d| d.flow);
        let bytes = match (due.and_then(|d| d.row), flow, task) {
            (Some(row), ..) => [row.request, row.response],
            (None, Some(flow), _) => [flow.bytes, 0],
            (None, None, Some(task)) => task.bytes,
            (None, None, None) => [
                spec.request.sample_whole(&mut Draws::about(key, ABOUT_BYTES[0])),
                spec.response.sample_whole(&mut Draws::about(key, ABOUT_BYTES[1])),
            ],
        };
        let (route, number) = match (&spec.arrivals, flow) {
            (Arrivals::Flows { routes, .. }, Some(flow)) => {
                (routes[flow.route as usize].0, u64::from(flow.number))
            }
            _ => (spec.route.0, self.started[workload as usize]),
        };
        let now = self.now;
        let fresh = Request {
            turn: 0,
            stage: Stage::Pausing,
            workload,
            client,
            route,
            number,
            worker,
            connection: NONE,
            waits_for: NONE,
            step: 0,
            attempt: 0,
            tries: 0,
            key,
            start: now,
            mark: now,
            phase: Phase::Wait,
            phases: [0; 7],
            bytes,
            left: 0,
            piece: 0,
            opened: 0,
            idling: false,
            sent: false,
            again: task.is_some_and(|t| t.again),
            flow: None,
            hit: None,
            held: Vec::new(),
        };
        let r = if let Some(r) = self.free_requests.pop() {
            let old = &mut self.requests[r as usize];
            let (turn, held) = (old.turn.wrapping_add(1), std::mem::take(&mut old.held));
            *old = Request { turn, held, ..fresh };
            r
        } else {
            self.requests.push(fresh);
            u32::try_from(self.requests.len() - 1).expect("fewer than 2^32 requests under way")
        };
        self.ended.requests += 1;
        self.started[workload as usize] += 1;
        self.count_under_way(workload, true);
        self.tell(Fact::Started { workload, at: now });
        if task.is_some() {
            self.works_on(workload, worker, r);
        }
        self.try_it(r);
    }

    /// One try: on an idle connection, on a new one, or in the client's queue.
    pub(super) fn try_it(&mut self, r: u32) {
        self.enter(r, Phase::Wait);
        self.next_turn(r);
        self.requests[r as usize].attempt += 1;
        self.find_connection(r);
    }

    /// Also where a request goes on when a connection of its client became free.
    pub(super) fn find_connection(&mut self, r: u32) {
        let (workload, client) =
            (self.requests[r as usize].workload, self.requests[r as usize].client);
        let spec = &self.plan.workloads[workload as usize].connections;
        if spec.reuse
            && let Some(c) = self.take_idle(workload, client)
        {
            self.connections[c as usize].user = r;
            self.requests[r as usize].connection = c;
            if self.connections[c as usize].forgotten {
                self.next_turn(r);
                self.enter(r, Phase::Send);
                self.requests[r as usize].stage = Stage::Sending;
                return self.fail(r, End::Reset);
            }
            self.restart_windows(workload, c);
            let path = self.connections[c as usize].path;
            for i in 0..self.paths[path as usize].picks.len() {
                let (selector, branch) = self.paths[path as usize].picks[i];
                self.tell_choice(workload, selector, branch, false);
            }
            return self.start_request(r);
        }
        let it = &mut self.clients[workload as usize][client as usize];
        if spec.per_client.is_some_and(|most| it.open >= most) {
            let token = self.token(r);
            self.clients[workload as usize][client as usize].queue.push_back(token);
            if self.requests[r as usize].stage != Stage::Queued {
                self.requests[r as usize].stage = Stage::Queued;
                self.arm(workload, Deadline::Request, r);
            }
            return;
        }
        self.open_connection(r);
    }

    // ---- on a connection ----

    /// The connection is there: the request bytes go.
    pub(super) fn start_request(&mut self, r: u32) {
        self.next_turn(r);
        self.arm(self.requests[r as usize].workload, Deadline::Request, r);
        self.enter(r, Phase::Send);
        self.requests[r as usize].stage = Stage::Sending;
        self.requests[r as usize].tries = 0;
        self.transfer(r, 0);
    }

    pub(super) fn path_of_request(&self, r: u32) -> u32 {
        self.connections[self.requests[r as usize].connection as usize].path
    }

    /// The last byte left the bottleneck; its propagation follows.
    pub(super) fn sent(&mut self, r: u32) {
        let request = &mut self.requests[r as usize];
        let direction = usize::from(request.stage == Stage::Receiving);
        let about = ABOUT_CROSSING[direction] ^ u64::from(request.attempt);
        let key = request.key;
        request.stage = if direction == 0 { Stage::SendCrossing } else { Stage::ReceiveCrossing };
        let span = self.crossing(self.path_of_request(r), key, about);
        if span == 0 {
            return self.crossed(r);
        }
        let at = self.now.saturating_add(span);
        self.agenda.schedule(instant(at), Rank::Completion, Event::Crossed(self.token(r)));
    }

    pub(super) fn crossed(&mut self, r: u32) {
        if self.requests[r as usize].stage == Stage::ReceiveCrossing {
            return self.finish(r);
        }
        self.enter(r, Phase::Serve);
        self.requests[r as usize].stage = Stage::Serving;
        self.requests[r as usize].step = 0;
        self.serve_on(r);
    }

    /// Takes the units and passes the stations of a request, then the response goes.
    pub(super) fn serve_on(&mut self, r: u32) {
        let path = self.path_of_request(r);
        if self.lost(r, path) {
            return;
        }
        if !self.pass_visits(r, path) {
            return;
        }
        let workload = self.requests[r as usize].workload;
        if matches!(self.plan.workloads[workload as usize].arrivals, Arrivals::Flows { .. }) {
            return self.finish(r); // a message that nothing answers
        }
        self.enter(r, Phase::Receive);
        self.requests[r as usize].stage = Stage::Receiving;
        self.transfer(r, 1);
    }

    /// Takes the units and passes the stations that the request's stage still has before it on its
    /// path. False when it waits, or failed.
    pub(super) fn pass_visits(&mut self, r: u32, path: u32) -> bool {
        let serving = self.requests[r as usize].stage == Stage::Serving;
        loop {
            let step = self.requests[r as usize].step as usize;
            let it = &self.paths[path as usize];
            let visits = if serving { &it.serving } else { &it.opening };
            match visits.get(step).copied() {
                None => return true,
                Some(Visit::Pool(pool)) => match self.take_unit(pool, self.token(r)) {
                    Taken::Yes => self.hold(r, pool),
                    Taken::Waits => {
                        self.enter(r, Phase::Wait);
                        return false;
                    }
                    Taken::Refused(end) => {
                        self.fail(r, end);
                        return false;
                    }
                },
                Some(Visit::Seat(scaler)) => {
                    if !self.take_seat(r, scaler, serving) {
                        return false;
                    }
                }
                Some(Visit::Station(station)) => {
                    if self.enqueue(station, self.token(r)) == Asked::Refused {
                        self.fail(r, End::Refused);
                    }
                    return false;
                }
            }
            self.requests[r as usize].step += 1;
        }
    }

    /// A unit belongs to the request while it is served, to its connection while that opens.
    fn hold(&mut self, r: u32, pool: u32) {
        let request = &mut self.requests[r as usize];
        match request.stage {
            Stage::Serving => request.held.push(pool),
            _ => self.connections[request.connection as usize].held.push(pool),
        }
    }

    /// A station served a job whose request still cares.
    pub(super) fn job_done(&mut self, token: Token) {
        let r = token.request;
        match self.requests[r as usize].stage {
            Stage::Resolving(selector) => self.resolved(r, selector),
            Stage::Opening => {
                self.requests[r as usize].step += 1;
                self.open_on(r);
            }
            Stage::Serving => {
                self.requests[r as usize].step += 1;
                self.serve_on(r);
            }
            _ => {}
        }
    }

    /// A request that waited got its unit (`pool`), or may look for a connection again ([`NONE`]).
    pub(super) fn go_on(&mut self, token: Token, pool: u32) {
        if !self.is_live(token) {
            if pool != NONE {
                self.give_back(pool); // it gave up at this very instant
            }
            return;
        }
        let r = token.request;
        match self.requests[r as usize].stage {
            Stage::Queued if pool == NONE => self.find_connection(r),
            Stage::Opening => {
                self.hold(r, pool);
                self.requests[r as usize].step += 1;
                self.enter(r, Phase::Connect);
                self.open_on(r);
            }
            Stage::Serving => {
                self.hold(r, pool);
                self.requests[r as usize].step += 1;
                self.enter(r, Phase::Serve);
                self.serve_on(r);
            }
            _ => {}
        }
    }

    // ---- ends ----

    fn finish(&mut self, r: u32) {
        let c = self.requests[r as usize].connection;
        self.release_units(r);
        self.tell_if_short(r);
        self.requests[r as usize].sent = true;
        if self.requests[r as usize].hit.is_some() {
            self.tell_caught(r, End::Ok, self.path_of_request(r));
        }
        self.end(r, End::Ok);
        self.release_connection(c);
    }

    fn release_units(&mut self, r: u32) {
        let mut held = std::mem::take(&mut self.requests[r as usize].held);
        for pool in held.drain(..) {
            self.give_back(pool);
        }
        self.requests[r as usize].held = held;
    }

    /// A try failed: everything it holds goes back, its connection closes, and the client's policy
    /// decides what follows.
    pub(super) fn fail(&mut self, r: u32, end: End) {
        let stage = self.requests[r as usize].stage;
        let (workload, client, c) = {
            let it = &self.requests[r as usize];
            (it.workload, it.client, it.connection)
        };
        let since = self.requests[r as usize].mark;
        self.stop_waiting(r);
        self.next_turn(r);
        self.stop_sending(r);
        self.release_units(r);
        if c != NONE {
            self.requests[r as usize].connection = NONE;
            let path = self.connections[c as usize].path;
            if path != NONE {
                self.tell_failed_on(r, path, since);
                self.tell_shut_out(path);
            }
            self.close(c);
        }
        let sent = may_be_served(stage, end);
        self.requests[r as usize].sent |= sent;
        let plan = self.plan;
        let spec = &plan.workloads[workload as usize];
        if spec.retries.re_resolve && stage != Stage::Queued {
            self.forget_names(workload, client);
        }
        let attempt = self.requests[r as usize].attempt;
        let allowed = spec.retries.budget.is_none_or(|share| {
            #[expect(clippy::cast_precision_loss, reason = "counts of requests")]
            let most = share * self.started[workload as usize] as f64;
            #[expect(clippy::cast_precision_loss, reason = "counts of requests")]
            let so_far = self.retried[workload as usize] as f64;
            so_far + 1.0 <= most
        });
        if attempt >= spec.retries.attempts || !allowed {
            self.tell_caught(r, end, NONE);
            return self.end(r, end);
        }
        self.retried[workload as usize] += 1;
        let start = self.requests[r as usize].start;
        self.tell(Fact::Retried { workload, duplicate: sent && !spec.idempotent, start });
        self.pause(r, attempt);
    }

    /// Pauses before the next try: min(cap, base x 2^(n-1)), of which a share `jitter` is random.
    fn pause(&mut self, r: u32, attempt: u32) {
        let workload = self.requests[r as usize].workload;
        let spec = &self.plan.workloads[workload as usize].retries;
        let doubled = spec.backoff.nanos().saturating_mul(1 << (attempt - 1).min(30));
        let most = doubled.min(spec.backoff_cap.nanos().max(spec.backoff.nanos()));
        let mut draws =
            Draws::about(self.requests[r as usize].key, ABOUT_PAUSE ^ u64::from(attempt));
        let random = (u128::from(most) * u128::from(draws.next())) >> 64;
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a pause"
        )]
        let pause = (most as f64 * (1.0 - spec.jitter) + random as f64 * spec.jitter) as u64;
        self.enter(r, Phase::Backoff);
        self.requests[r as usize].stage = Stage::Pausing;
        let at = self.now.saturating_add(pause);
        self.agenda.schedule(instant(at), Rank::Timer, Event::Again(self.token(r)));
    }

    /// Nobody waits for a request any more: all that it holds goes back and its connection closes, as
    /// after its client's death.
    pub(super) fn give_up(&mut self, r: u32) {
        let it = &mut self.requests[r as usize];
        it.sent |= may_be_served(it.stage, End::GivenUp);
        self.stop_waiting(r);
        self.next_turn(r);
        self.stop_sending(r);
        self.release_units(r);
        let c = std::mem::replace(&mut self.requests[r as usize].connection, NONE);
        if c != NONE {
            self.close(c);
        }
        self.end(r, End::GivenUp);
    }

    fn end(&mut self, r: u32, end: End) {
        self.enter(r, Phase::Wait);
        let it = &mut self.requests[r as usize];
        it.stage = Stage::Gone;
        it.connection = NONE;
        let (workload, worker, key, sent) = (it.workload, it.worker, it.key, it.sent);
        let fact = Fact::Ended {
            workload,
            end,
            start: it.start,
            at: self.now,
            phases: it.phases,
            bytes: it.bytes[0].saturating_add(it.bytes[1]),
            number: it.number,
        };
        self.next_turn(r);
        self.count_under_way(workload, false);
        self.tell(fact);
        self.free_requests.push(r);
        if worker == NONE {
            return;
        }
        match &self.plan.workloads[workload as usize].arrivals {
            Arrivals::Closed { think, .. } => {
                let think = think.sample_whole(&mut Draws::about(key, ABOUT_THINK));
                let at = self.now.saturating_add(think);
                let event = Event::Arrive { workload, worker };
                self.agenda.schedule(instant(at), Rank::Arrival, event);
            }
            Arrivals::Jobs(_) => self.task_ended(workload, worker, end, sent),
            _ => {}
        }
    }
}
