//! Random outages over a run: how often and how long each element was down.

use serde::{Deserialize, Serialize};

use crate::plan::Component;

/// What may fail at random, and did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OutageSeen {
    /// Its name.
    pub name: String,
    /// What kind of thing it is, in words.
    pub label: String,
    /// Outages that began, over all replications.
    pub outages: u64,
    /// Time down, ns, summed over replications.
    pub down_ns: u64,
    /// The longest outage, ns; what the horizon cuts off counts up to there.
    pub longest_ns: u64,
}

/// Counts one component of one replication.
#[derive(Debug)]
pub(super) struct OutageTally {
    seen: OutageSeen,
    since: Option<u64>,
}

impl OutageTally {
    pub(super) fn new(spec: &Component) -> Self {
        let (name, label) = (spec.name.clone(), spec.label.clone());
        Self { seen: OutageSeen { name, label, ..OutageSeen::default() }, since: None }
    }

    /// It fails or is repaired.
    pub(super) fn turns(&mut self, down: bool, at: u64) {
        match self.since.take() {
            None if down => {
                self.seen.outages += 1;
                self.since = Some(at);
            }
            None => {}
            Some(since) => {
                let ns = at - since;
                self.seen.down_ns += ns;
                self.seen.longest_ns = self.seen.longest_ns.max(ns);
            }
        }
    }

    /// Up to the horizon.
    pub(super) fn finish(mut self, horizon: u64) -> OutageSeen {
        self.turns(false, horizon);
        self.seen
    }
}

impl OutageSeen {
    pub(super) fn merge(&mut self, other: &Self) {
        self.outages += other.outages;
        self.down_ns = self.down_ns.saturating_add(other.down_ns);
        self.longest_ns = self.longest_ns.max(other.longest_ns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_horizon_cuts_off_counts_up_to_there() {
        let mut it = OutageTally::new(&Component::new("c"));
        for (down, at) in [(true, 10), (false, 30), (true, 70)] {
            it.turns(down, at);
        }
        let mut seen = it.finish(100);
        assert_eq!((seen.outages, seen.down_ns, seen.longest_ns), (2, 20 + 30, 30));
        let other = OutageSeen { outages: 1, down_ns: 40, longest_ns: 40, ..seen.clone() };
        seen.merge(&other);
        assert_eq!((seen.outages, seen.down_ns, seen.longest_ns), (3, 90, 40));
    }
}
