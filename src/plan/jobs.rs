//! Jobs: tables of stages, each of so many instances that make requests one after the other.
//!
//! ```text
//! job ──> stage a: [instance][instance][instance] ──┬─> stage c: [instance][instance]
//!     └─> stage b: [instance] ──────────────────────┘
//! instance = request, think, request, think, ... request      at most `workers` run at once
//! ```

use crate::random::Dist;
use crate::units::Span;

/// Jobs of one shape that start at given instants and share their workers.
#[derive(Clone, Debug, PartialEq)]
pub struct Jobs {
    /// When jobs start, rising, at least one.
    pub at: Vec<Span>,
    /// From the last of these on another one starts after each such span; above 0.
    pub every: Option<Span>,
    /// The stages of each job, at least one; what they come after has no circle.
    pub stages: Vec<JobStage>,
    /// Most instances that run at once, over all stages and jobs. An instance that is ready waits
    /// for a worker: first come, first served, in the order of stages and instances. The free worker
    /// of the lowest number takes it; worker `i` is host `i` modulo the workload's clients.
    pub workers: u32,
    /// Losses per second of each running instance, at exponential times. It starts again from zero
    /// at once, on a worker of the same number; its request under way is given up. If no host has two
    /// workers, the lost one's idle connections close and its names are forgotten.
    pub losses: f64,
    /// What an instance does when a request ends with an error.
    pub on_error: OnError,
}

/// A stage of a job.
#[derive(Clone, Debug, PartialEq)]
pub struct JobStage {
    /// Unique name within its job.
    pub name: String,
    /// Positions of the stages that must be done before this one is ready.
    pub after: Vec<u32>,
    /// How many instances it has, at least 1.
    pub instances: u32,
    /// Law of the number of requests of an instance; rounded, at least 1. A rerun has as many, of
    /// the same sizes.
    pub requests: Dist,
    /// Law of the time between an answer and the next request of an instance, ns.
    pub think: Dist,
}

/// What an instance does when one of its requests ends with an error after all its tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnError {
    /// Makes its next request.
    GoOn,
    /// Starts again from zero, so often at most; then it fails with its job. Losses don't count.
    Rerun {
        /// Reruns of one instance.
        most: u32,
    },
    /// Fails with its job: all of that stops.
    Fail,
}

impl Jobs {
    /// Whether instants rise, stages are there and come after others without a circle, and numbers
    /// are in their ranges.
    pub fn is_valid(&self) -> bool {
        let times = !self.at.is_empty() && self.at.is_sorted();
        let repeats = self.every.is_none_or(|span| span.nanos() > 0);
        let counts = self.workers > 0 && self.stages.iter().all(|s| s.instances > 0);
        let rate = self.losses.is_finite() && self.losses >= 0.0;
        let ready = Self::never_ready(&self.stages).is_empty();
        times && repeats && counts && rate && !self.stages.is_empty() && ready
    }

    /// The stages that can never be ready, because what they come after is not there, comes after
    /// them, or is not ready either.
    pub fn never_ready(stages: &[JobStage]) -> Vec<u32> {
        let mut done = vec![false; stages.len()];
        loop {
            let is_done = |s: &u32| done.get(*s as usize).copied().unwrap_or(false);
            let ready = |(i, s): (usize, &JobStage)| !done[i] && s.after.iter().all(is_done);
            match stages.iter().enumerate().position(ready) {
                Some(next) => done[next] = true,
                None => break,
            }
        }
        (0..).zip(done).filter(|(_, done)| !done).map(|(i, _)| i).collect()
    }

    /// When job `i` starts, from 0; none when there is no such job.
    pub fn start(&self, i: u64) -> Option<Span> {
        let given = self.at.len() as u64;
        match usize::try_from(i).ok().and_then(|i| self.at.get(i)) {
            Some(at) => Some(*at),
            None => {
                let rounds = i - (given - 1);
                let since = self.every?.nanos().checked_mul(rounds)?;
                Some(Span::from_nanos(self.at.last()?.nanos().checked_add(since)?))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs(after: &[&[u32]]) -> Jobs {
        let stage = |(i, after): (usize, &&[u32])| JobStage {
            name: format!("s{i}"),
            after: after.to_vec(),
            instances: 1,
            requests: Dist::constant(1.0),
            think: Dist::constant(0.0),
        };
        Jobs {
            at: vec![Span::from_secs(10), Span::from_secs(25)],
            every: Some(Span::from_secs(60)),
            stages: after.iter().enumerate().map(stage).collect(),
            workers: 1,
            losses: 0.0,
            on_error: OnError::GoOn,
        }
    }

    #[test]
    fn circles_are_found_wherever_they_are() {
        let never = |after: &[&[u32]]| Jobs::never_ready(&jobs(after).stages);
        assert!(never(&[&[], &[0], &[0, 1]]).is_empty());
        assert!(never(&[&[2], &[], &[1]]).is_empty(), "the order of stages does not matter");
        assert_eq!(never(&[&[1], &[2], &[1], &[]]), [0, 1, 2]);
        assert_eq!(never(&[&[0]]), [0]);
        assert_eq!(never(&[&[], &[7]]), [1], "not there");
        assert!(jobs(&[&[], &[0]]).is_valid() && !jobs(&[&[0]]).is_valid());
    }

    #[test]
    fn jobs_start_when_they_are_told_and_then_again_and_again() {
        // 10 and 25 s, then 85, 145, ...
        let mut it = jobs(&[&[]]);
        let starts: Vec<_> = (0..4).map(|i| it.start(i).map(Span::secs)).collect();
        assert_eq!(starts, [Some(10.0), Some(25.0), Some(85.0), Some(145.0)]);
        it.every = None;
        assert_eq!((it.start(1).map(Span::secs), it.start(2)), (Some(25.0), None));
    }
}
