//! The running state: requests, connections, clients, and the events that move them.

use std::collections::VecDeque;

use crate::kernel::{FlowId, Instant};
use crate::measure::Phase;

/// No index.
pub(super) const NONE: u32 = u32::MAX;
/// Most selectors on one path.
pub(super) const MOST_CHOICES: usize = 15;

/// Names one stage of one request: a token of an earlier stage is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) request: u32,
    pub(super) turn: u32,
}

/// Everything that the agenda can hold.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    /// A request of a workload is due; `worker` matters in closed workloads.
    Arrive {
        workload: u32,
        worker: u32,
    },
    /// A job starts.
    Job {
        workload: u32,
    },
    /// A worker's instance makes its next request.
    Task {
        workload: u32,
        worker: u32,
    },
    /// A worker's instance is lost.
    Lost {
        workload: u32,
        worker: u32,
    },
    /// The pause before a retry is over.
    Again(Token),
    /// Round trips of a new connection are over.
    Shaken(Token),
    /// Acknowledgements open the next window of a transfer.
    NextWindow(Token),
    /// The last bit arrived after its propagation.
    Crossed(Token),
    /// What was lost in a black hole is sent again.
    Retransmit(Token),
    /// A station finished a job.
    Served {
        station: u32,
        token: Token,
    },
    /// The head of a station's or pool's queue may have waited too long.
    StationHead {
        station: u32,
    },
    PoolHead {
        pool: u32,
    },
    /// A held unit is usable again.
    PoolFree {
        pool: u32,
    },
    /// The oldest deadline of a patience queue.
    Expire {
        queue: u32,
    },
    /// A connection may have been idle too long.
    IdleCheck {
        connection: u32,
        turn: u32,
    },
    /// The plan's change of this index.
    Change(u32),
    /// A scaler looks at what it has.
    Look {
        scaler: u32,
    },
    /// The start-up of an instance is over.
    Started {
        scaler: u32,
        instance: u32,
    },
    /// A selector acts on what it detected.
    Believe {
        selector: u32,
        branch: u32,
        serial: u32,
    },
    /// An elastic link looks at its use; a random one is drawn anew.
    Elastic {
        link: u32,
        serial: u32,
    },
    Redraw {
        link: u32,
        serial: u32,
    },
    /// A random outage of a component begins or ends.
    Outage(u32),
    /// A window ends.
    Window,
}

/// Where a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Slot not in use.
    Gone,
    /// Pausing before a retry.
    Pausing,
    /// Waiting for one of the client's connections.
    Queued,
    /// Waiting for the answer about this selector.
    Resolving(u32),
    /// Taking the units and passing the stations of a new connection.
    Opening,
    /// In the round trips of a new connection.
    Shaking,
    /// Request bytes flow, then cross.
    Sending,
    SendCrossing,
    /// Taking the units and passing the stations of a request.
    Serving,
    /// Response bytes flow, then cross.
    Receiving,
    ReceiveCrossing,
}

#[derive(Debug)]
pub(super) struct Request {
    pub(super) turn: u32,
    pub(super) stage: Stage,
    pub(super) workload: u32,
    pub(super) client: u32,
    /// Index of its route.
    pub(super) route: u32,
    /// Which of its workload's requests, told in facts.
    pub(super) number: u64,
    pub(super) worker: u32,
    pub(super) connection: u32,
    /// Pool whose queue it is in.
    pub(super) waits_for: u32,
    /// Next step among the visits of its stage.
    pub(super) step: u32,
    pub(super) attempt: u32,
    /// Name queries or retransmissions so far in this stage.
    pub(super) tries: u32,
    pub(super) key: u64,
    pub(super) start: u64,
    pub(super) mark: u64,
    pub(super) phase: Phase,
    pub(super) phases: [u64; 7],
    pub(super) bytes: [u64; 2],
    /// Bytes of the message under way that were not handed to a flow yet.
    pub(super) left: u64,
    /// Bytes that the last flow got, and when the window they belong to was opened.
    pub(super) piece: u64,
    pub(super) opened: u64,
    /// Waits for acknowledgements that open the next window.
    pub(super) idling: bool,
    /// Whether a try may have been served: its bytes had left, and nobody refused it.
    pub(super) sent: bool,
    /// Whether it is of an instance that had started before.
    pub(super) again: bool,
    pub(super) flow: Option<FlowId>,
    /// The selector and branch that its last try on something dead was on.
    pub(super) hit: Option<(u32, u8)>,
    /// Units of pools of request scope.
    pub(super) held: Vec<u32>,
}

/// The branches that a path took, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Choices {
    len: u8,
    picks: [u8; MOST_CHOICES],
}

impl Choices {
    pub(super) fn get(&self, i: usize) -> Option<u8> {
        (i < usize::from(self.len)).then(|| self.picks[i])
    }
    pub(super) fn push(&mut self, branch: u8) {
        self.picks[usize::from(self.len)] = branch;
        self.len += 1;
    }
    pub(super) fn truncate(&mut self, len: usize) {
        for pick in &mut self.picks[len..usize::from(self.len)] {
            *pick = 0;
        }
        self.len = u8::try_from(len).expect("at most MOST_CHOICES");
    }
}

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) turn: u32,
    pub(super) live: bool,
    pub(super) workload: u32,
    pub(super) client: u32,
    /// Index of its route.
    pub(super) route: u32,
    /// Hashed by selectors.
    pub(super) key: u64,
    pub(super) choices: Choices,
    /// [`NONE`] until resolved.
    pub(super) path: u32,
    /// Request that uses it, or [`NONE`].
    pub(super) user: u32,
    pub(super) established: bool,
    pub(super) born: u64,
    /// Order of opening, over all connections of the run.
    pub(super) number: u64,
    pub(super) idle_since: u64,
    pub(super) timer: bool,
    /// It has lost units while it rested: who uses it is reset.
    pub(super) forgotten: bool,
    /// Its instance has gone: it closes after the request that uses it.
    pub(super) leaving: bool,
    /// Payload bytes that it may have on the way per round trip: requests, responses.
    pub(super) windows: [u64; 2],
    /// Units of pools of connection scope.
    pub(super) held: Vec<u32>,
}

/// An answer in a client's name cache.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Answer {
    /// The branch, or none for "no address".
    pub(super) branch: Option<u8>,
    /// Valid while now is before this.
    pub(super) until: u64,
}

#[derive(Debug, Default)]
pub(super) struct Client {
    pub(super) key: u64,
    pub(super) open: u32,
    /// Idle connections, the last used on top.
    pub(super) idle: VecDeque<u32>,
    /// Requests that wait for a connection.
    pub(super) queue: VecDeque<Token>,
    /// One answer per name of the workload.
    pub(super) answers: Vec<Answer>,
}

/// Deadlines that all lie the same span ahead when they are set: a queue, of which the agenda
/// holds only the head.
#[derive(Debug)]
pub(super) struct Patience {
    pub(super) span: u64,
    pub(super) queue: VecDeque<(u64, Token)>,
    pub(super) armed: bool,
    pub(super) kind: Deadline,
}

impl Patience {
    /// Adds a deadline. Before the queue grows, those of stages that are over leave it: one who waits
    /// for long at its head does not keep all that came after.
    pub(super) fn push(&mut self, due: u64, token: Token, is_live: impl Fn(Token) -> bool) {
        if self.queue.len() == self.queue.capacity() {
            self.queue.retain(|(_, token)| is_live(*token));
            // Half of it is free at least, so that the next look is as many deadlines away.
            self.queue.reserve(self.queue.len().max(64));
        }
        self.queue.push_back((due, token));
    }
}

/// What a patience queue guards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deadline {
    Name,
    Connect,
    Request,
}

pub(super) fn instant(ns: u64) -> Instant {
    Instant::from_nanos(ns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patience_queue_is_as_long_as_twice_who_waits() {
        let queue = VecDeque::new();
        let mut it = Patience { span: 1, queue, armed: false, kind: Deadline::Request };
        let token = |request| Token { request, turn: 0 };
        // The first one waits for ever, of the others only every 1,000th.
        let is_live = |t: Token| t.request.is_multiple_of(1_000);
        for i in 0..1_000_000 {
            it.push(u64::from(i), token(i), is_live);
        }
        assert!(it.queue.capacity() < 10_000, "{}", it.queue.capacity());
        let waiting = it.queue.iter().filter(|(_, t)| is_live(*t));
        assert!(waiting.map(|w| w.0).eq((0..1_000_000).step_by(1_000)), "all of them, in order");
    }
}
