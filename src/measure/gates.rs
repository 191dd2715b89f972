//! Gates over a run: how long each was in which state, and who was turned away by it.

use serde::{Deserialize, Serialize};

use crate::plan::Gate;

/// A gate: something that is open or shut by decisions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GateResults {
    /// Its name.
    pub name: String,
    /// Its states, the open one first, then in the order of their precedence.
    pub states: Vec<StateSeen>,
}

/// One state of a gate, with one cause.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StateSeen {
    /// Word of the state.
    pub state: String,
    /// Why it was in that state; empty for the open one.
    pub cause: String,
    /// Time in this state, ns, summed over replications.
    pub ns: u64,
    /// How often it was entered, the beginning of the run included.
    pub entered: u64,
    /// Tries that failed while this shut them out, warm-up included.
    pub dropped: u64,
}

/// Counts one replication's gates.
#[derive(Debug)]
pub(super) struct GateTally {
    seen: GateResults,
    state: usize,
    since: u64,
}

impl GateTally {
    pub(super) fn new(spec: &Gate) -> Self {
        let open = StateSeen { state: spec.open.clone(), ..StateSeen::default() };
        let others = spec.reasons.iter().map(|r| StateSeen {
            state: r.state.clone(),
            cause: r.cause.clone(),
            ..StateSeen::default()
        });
        let states = std::iter::once(open).chain(others).collect();
        let seen = GateResults { name: spec.name.clone(), states };
        Self { seen, state: 0, since: 0 }
    }

    /// It is in the state of this reason from now on, or open.
    pub(super) fn enters(&mut self, reason: Option<u32>, at: u64) {
        // What is left at the instant it was entered was not a state of anybody's.
        if at == self.since && self.seen.states[self.state].entered > 0 {
            self.seen.states[self.state].entered -= 1;
        }
        self.seen.states[self.state].ns += at - self.since;
        self.state = reason.map_or(0, |r| r as usize + 1);
        self.since = at;
        self.seen.states[self.state].entered += 1;
    }

    pub(super) fn dropped(&mut self, reason: u32) {
        self.seen.states[reason as usize + 1].dropped += 1;
    }

    /// Up to the horizon.
    pub(super) fn finish(mut self, horizon: u64) -> GateResults {
        self.seen.states[self.state].ns += horizon - self.since;
        self.seen
    }
}

impl GateResults {
    pub(super) fn merge(&mut self, other: &Self) {
        for (a, b) in self.states.iter_mut().zip(&other.states) {
            a.ns += b.ns;
            a.entered += b.entered;
            a.dropped += b.dropped;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Reason;

    #[test]
    fn states_sum_to_the_run() {
        let reason = |state: &str| Reason {
            state: state.into(),
            cause: String::new(),
            shuts: None,
            at_first: false,
        };
        let reasons = vec![reason("away"), reason("asleep")];
        let gate = Gate { name: "g".into(), component: None, open: "here".into(), reasons };
        let mut it = GateTally::new(&gate);
        it.enters(None, 0);
        // At the start it is put to sleep at once: it was never here. Away from 10 to 25.
        it.enters(Some(1), 0);
        it.enters(Some(0), 10);
        it.enters(None, 25);
        it.dropped(1);
        let seen = it.finish(100);
        let told: Vec<_> =
            seen.states.iter().map(|s| (s.state.as_str(), s.ns, s.entered, s.dropped)).collect();
        assert_eq!(told, [("here", 75, 1, 0), ("away", 15, 1, 0), ("asleep", 10, 1, 1)]);
    }
}
