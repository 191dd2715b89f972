//! Decisions: gates with their reasons, lists of branches, and changes that wait.

use crate::kernel::Rank;
use crate::measure::{Fact, Observer};
use crate::plan::{Gate, Manner};
use crate::random::Stream;

use super::state::{Event, instant};
use super::world::World;

/// Which reasons of a gate hold.
#[derive(Debug)]
pub(super) struct GateState {
    holds: Vec<bool>,
}

impl GateState {
    pub(super) fn new(spec: &Gate) -> Self {
        Self { holds: vec![false; spec.reasons.len()] }
    }

    /// The reason that names the state; none while it is open.
    fn first(&self) -> Option<u32> {
        self.holds.iter().position(|h| *h).map(|i| u32::try_from(i).expect("few reasons"))
    }
}

impl<O: Observer> World<'_, O> {
    /// Puts the changes on the agenda, those that wait with what was drawn for them, and lets the
    /// reasons hold that hold at first.
    pub(super) fn prepare_changes(&mut self, replication: u32) {
        let plan = self.plan;
        for (gate, spec) in (0..).zip(&plan.gates) {
            self.tell(Fact::Gate { gate, reason: None, at: 0 });
            for (reason, _) in (0..).zip(&spec.reasons).filter(|(_, r)| r.at_first) {
                self.set_reason(gate, reason, true, None);
            }
        }
        for (i, change) in (0..).zip(&plan.changes) {
            let mut at = change.at;
            if let Some(after) = &change.after {
                for wait in &after.waits {
                    let seed = plan.settings.seed;
                    let mut draws = Stream::new(seed, replication, &wait.name, "wait");
                    let span = wait.law.sample_whole(&mut draws).min(wait.at_most.nanos());
                    at = crate::units::Span::from_nanos(at.nanos().saturating_add(span));
                }
                if !(after.from..after.until).contains(&at) {
                    continue;
                }
            }
            self.agenda.schedule(instant(at.nanos()), Rank::Change, Event::Change(i));
        }
    }

    /// A reason of a gate begins to hold, or does no more.
    pub(super) fn set_reason(&mut self, gate: u32, reason: u32, holds: bool, by: Option<u32>) {
        let spec = &self.plan.gates[gate as usize];
        let it = &mut self.gates[gate as usize];
        if it.holds[reason as usize] == holds {
            return;
        }
        let before = it.first();
        it.holds[reason as usize] = holds;
        let after = it.first();
        if before != after {
            self.tell(Fact::Gate { gate, reason: after, at: self.now });
        }
        let manner = spec.reasons[reason as usize].shuts;
        if let Some((c, manner)) = spec.component.zip(manner) {
            match holds {
                true => self.fail_component(c.0, manner, by),
                false => self.repair_component(c.0),
            }
        }
    }

    /// Whether a rule keeps those out who open connections on a path: a gate on it denies.
    pub(super) fn is_denied(&self, path: u32) -> bool {
        let denies = |gate: u32| {
            let reasons = self.plan.gates[gate as usize].reasons.iter();
            let held = reasons.zip(&self.gates[gate as usize].holds).filter(|(_, holds)| **holds);
            held.into_iter().any(|(r, _)| r.shuts == Some(Manner::Deny))
        };
        let gates = self.paths[path as usize].needs.iter();
        gates.filter_map(|c| self.components[*c as usize].gate).any(denies)
    }

    /// A try failed on a path: whose gate was shut on it?
    pub(super) fn tell_shut_out(&mut self, path: u32) {
        if self.paths[path as usize].down == 0 || self.gates.is_empty() {
            return;
        }
        for i in 0..self.paths[path as usize].needs.len() {
            let c = self.paths[path as usize].needs[i] as usize;
            if self.components[c].reasons == 0 {
                continue;
            }
            if let Some(gate) = self.components[c].gate {
                let spec = &self.plan.gates[gate as usize];
                let shut = |i: &usize| {
                    self.gates[gate as usize].holds[*i] && spec.reasons[*i].shuts.is_some()
                };
                let reason = (0..spec.reasons.len()).find(shut).expect("a gate that is down");
                let reason = u32::try_from(reason).expect("few reasons");
                return self.tell(Fact::ShutOut { gate, reason, at: self.now });
            }
        }
    }

    /// Puts a branch on the list of those that may be chosen, or takes it off.
    pub(super) fn list_branch(&mut self, selector: u32, branch: u32, on: bool, by: Option<u32>) {
        if self.selectors[selector as usize].list(branch, on, self.now) {
            self.settle(selector);
            for i in 0..self.selectors[selector as usize].groups.len() {
                let group = self.selectors[selector as usize].groups[i];
                self.member_changed(group, by);
            }
            self.choices_changed(selector);
        }
    }

    /// Lets a selector by priority take this branch before all others.
    pub(super) fn favour(&mut self, selector: u32, branch: u32) {
        self.selectors[selector as usize].favourite = Some(branch);
        self.choices_changed(selector);
    }

    fn choices_changed(&mut self, selector: u32) {
        if !self.selectors[selector as usize].named {
            self.move_connections(selector);
        }
        self.spread_background();
    }
}
