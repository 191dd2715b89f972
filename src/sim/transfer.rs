//! Messages as flows: window by window while a connection is new, then in one go.
//!
//! ```text
//! window 1   window 2        window 3                 not binding any more: the rest
//! [w]------->[w x g]-------->[w x g x g]------------->[............................]--> crossing
//!    idle        idle              idle
//! ```
//!
//! A window is a flow like any other. When it is through, the sender idles for the round trip less
//! the time that the window takes on the free path: what it took beyond that is queueing, which
//! delays its acknowledgements as well. A window that took a whole round trip or more, or covers a
//! round trip of the free path, does not bind: acknowledgements then come while it is being sent,
//! and all that is left goes in one flow. (Kurose & Ross, static congestion window; Cardwell,
//! Savage & Anderson 2000.) `ARCHITECTURE.md` has the errors against packet-level TCP.
//!
//! Idle time belongs to the phase of the message: send or receive. A message ends when its last byte
//! arrives, after its propagation; its own acknowledgement is not waited for.

use crate::kernel::Rank;
use crate::measure::{Fact, Observer, Phase, SHORT};

use super::state::{Event, NONE, Stage, instant};
use super::world::World;

/// Windows do not grow beyond this: no path holds more.
const LARGEST_WINDOW: u64 = 1 << 50;

impl<O: Observer> World<'_, O> {
    /// Sends the bytes of one direction: 0 request, 1 response.
    pub(super) fn transfer(&mut self, r: u32, direction: usize) {
        let it = &mut self.requests[r as usize];
        it.left = it.bytes[direction];
        it.opened = self.now;
        self.send(r);
    }

    /// Direction of the message under way.
    fn direction(&self, r: u32) -> usize {
        usize::from(self.requests[r as usize].stage == Stage::Receiving)
    }

    /// Lets the next window flow, or all that is left where no window binds.
    fn send(&mut self, r: u32) {
        let direction = self.direction(r);
        let path = self.path_of_request(r);
        let left = self.requests[r as usize].left;
        let window = self.connections[self.requests[r as usize].connection as usize].windows;
        let window = window[direction];
        let piece =
            if left > window && self.binds(path, direction, window) { window } else { left };
        let it = &mut self.requests[r as usize];
        it.left -= piece;
        it.piece = piece;
        let transport = &self.plan.workloads[it.workload as usize].transport;
        self.flow_on(r, path, direction, transport.on_wire(piece));
    }

    /// What a flow alone on the path would have, bytes per ns.
    fn free_rate(&self, path: u32, direction: usize) -> f64 {
        let it = &self.paths[path as usize];
        self.room(&it.sides[direction]).min(it.cap)
    }

    /// Whether a window is below rate x round trip of the free path. The largest window that the
    /// receiver allows is a cap of the flow, and no window to wait for.
    #[expect(clippy::cast_precision_loss, reason = "round trips are short")]
    fn binds(&self, path: u32, direction: usize, window: u64) -> bool {
        let it = &self.paths[path as usize];
        let transport = &self.plan.workloads[it.workload as usize].transport;
        let largest = transport.window.is_some_and(|most| window >= most.get());
        let covered = self.free_rate(path, direction) * it.round_trip as f64;
        it.round_trip > 0 && !largest && transport.on_wire(window) < covered
    }

    /// Lets bytes flow on a path; where nothing holds them back they are there at once.
    fn flow_on(&mut self, r: u32, path: u32, direction: usize, bytes: f64) {
        match self.paths[path as usize].classes[direction] {
            Some(class) if bytes > 0.0 => {
                let flow = self.sharing.start(class, bytes, instant(self.now));
                let slot = flow.slot() as usize;
                if self.owners.len() <= slot {
                    self.owners.resize(slot + 1, NONE);
                }
                self.owners[slot] = r;
                self.requests[r as usize].flow = Some(flow);
            }
            _ => self.delivered(r),
        }
    }

    /// A window, or the last byte of the message, left the bottleneck.
    pub(super) fn delivered(&mut self, r: u32) {
        let direction = self.direction(r);
        let path = self.path_of_request(r);
        let it = &mut self.requests[r as usize];
        it.flow = None;
        let (workload, c, piece, left) = (it.workload, it.connection, it.piece, it.left);
        let took = self.now - it.opened;
        self.grow(workload, c, direction, piece);
        if left == 0 {
            return self.sent(r);
        }
        let round_trip = self.paths[path as usize].round_trip;
        if took >= round_trip {
            return self.send_rest(r);
        }
        let alone = {
            let wire = self.plan.workloads[workload as usize].transport.on_wire(piece);
            wire / self.free_rate(path, direction)
        };
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "below a round trip; a path without room gives 0"
        )]
        let idle = (round_trip as f64 - alone).max(0.0) as u64;
        // Where the path lost capacity meanwhile: no acknowledgement comes before a round trip.
        let idle = idle.max(round_trip - took);
        self.requests[r as usize].idling = true;
        self.count_idling(workload, true);
        let at = instant(self.now.saturating_add(idle));
        self.agenda.schedule(at, Rank::Completion, Event::NextWindow(self.token(r)));
    }

    /// Acknowledgements open the next window.
    pub(super) fn next_window(&mut self, r: u32) {
        self.stop_idling(r);
        self.requests[r as usize].opened = self.now;
        self.send(r);
    }

    /// No window binds any more: the rest flows in one go.
    fn send_rest(&mut self, r: u32) {
        let (path, direction) = (self.path_of_request(r), self.direction(r));
        let it = &mut self.requests[r as usize];
        it.piece = std::mem::take(&mut it.left);
        let transport = &self.plan.workloads[it.workload as usize].transport;
        let bytes = transport.on_wire(it.piece);
        self.flow_on(r, path, direction, bytes);
    }

    /// Each full window sent opens the next one; a part of one does not (RFC 7661: a window that is
    /// not used does not grow).
    fn grow(&mut self, workload: u32, c: u32, direction: usize, sent: u64) {
        let transport = &self.plan.workloads[workload as usize].transport;
        let Some(start) = &transport.slow_start else { return };
        let most = transport.window.map_or(LARGEST_WINDOW, |w| w.get().min(LARGEST_WINDOW));
        let window = &mut self.connections[c as usize].windows[direction];
        let mut sent = sent;
        while sent >= *window && *window < most {
            sent -= *window;
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "below 2^54"
            )]
            let next = (*window as f64 * start.growth).ceil() as u64;
            *window = next.min(most);
        }
    }

    /// A connection that rested long enough begins anew (RFC 5681, 4.1), where that is asked for.
    pub(super) fn restart_windows(&mut self, workload: u32, c: u32) {
        let start = self.plan.workloads[workload as usize].transport.slow_start.as_ref();
        let Some(limit) = start.and_then(|s| s.idle_restart) else { return };
        let it = &mut self.connections[c as usize];
        if self.now - it.idle_since >= limit.nanos() {
            it.windows = it.windows.map(|w| w.min(self.first_windows[workload as usize]));
        }
    }

    fn stop_idling(&mut self, r: u32) {
        if std::mem::take(&mut self.requests[r as usize].idling) {
            self.count_idling(self.requests[r as usize].workload, false);
        }
    }

    /// Takes what is under way of a message that nobody wants any more off the path.
    pub(super) fn stop_sending(&mut self, r: u32) {
        self.stop_idling(r);
        if let Some(flow) = self.requests[r as usize].flow.take() {
            self.sharing.remove(flow, instant(self.now));
        }
    }

    /// Puts the flow of a message on another path, with what it has left. One that idles goes on
    /// there by itself.
    pub(super) fn move_flow(&mut self, r: u32, path: u32) {
        if let Some(flow) = self.requests[r as usize].flow.take() {
            let left = self.sharing.remove(flow, instant(self.now));
            let left = left.expect("a request's flow is under way");
            self.flow_on(r, path, self.direction(r), left);
        }
    }

    /// Tells when a request whose last byte arrived was under way for a few round trips only.
    pub(super) fn tell_if_short(&mut self, r: u32) {
        self.enter(r, Phase::Wait);
        let round_trip = self.paths[self.path_of_request(r) as usize].round_trip;
        let it = &self.requests[r as usize];
        let moved = it.phases[Phase::Send as usize] + it.phases[Phase::Receive as usize];
        if moved < round_trip.saturating_mul(SHORT) {
            let (workload, start) = (it.workload, it.start);
            self.tell(Fact::Short { workload, start });
        }
    }
}
