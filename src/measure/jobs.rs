//! Jobs over a run: how long they and their stages took, and what reruns cost.

use serde::{Deserialize, Serialize};

use super::fact::JobFact;
use super::histogram::Histogram;
use crate::plan::{Arrivals, Workload};

/// The jobs of one workload, those that started in the warm-up excluded. Times in ns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct JobResults {
    /// Jobs started.
    pub started: u64,
    /// All their stages done.
    pub done: u64,
    /// Stopped, since an instance failed.
    pub failed: u64,
    /// Under way at the horizon: started = done + failed + unfinished.
    pub unfinished: u64,
    /// Start of a job to its end, of those that are done.
    pub time: Histogram,
    /// In the order of the plan.
    pub stages: Vec<StageSeen>,
    /// Requests made again that had been done before a rerun, or may have been: their bytes had left
    /// when they were given up.
    pub repeated: u64,
    /// Those of them that are duplicates, since the workload is not idempotent.
    pub duplicates: u64,
    /// Bytes of repeated requests and their responses.
    pub repeated_bytes: u64,
    /// Connections opened by instances that had started before.
    pub connections_again: u64,
}

/// One stage of all jobs of a workload.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StageSeen {
    /// Its name.
    pub name: String,
    /// How often it was done.
    pub done: u64,
    /// All that it comes after done, to its own end.
    pub time: Histogram,
    /// Instances done.
    pub instances: u64,
    /// First start of an instance to its end, reruns included.
    pub instance_time: Histogram,
    /// Instances that were lost and started again.
    pub lost: u64,
    /// Instances that started again after an error.
    pub errors: u64,
    /// How often it was ready and not done at the horizon.
    pub unfinished: u64,
    /// Its instances that were not done then.
    pub left: u64,
}

impl JobResults {
    /// Reruns of all stages: after losses, after errors.
    pub fn reruns(&self) -> [u64; 2] {
        let sum = |of: fn(&StageSeen) -> u64| self.stages.iter().map(of).sum();
        [sum(|s| s.lost), sum(|s| s.errors)]
    }

    pub(super) fn of(spec: &Workload) -> Option<Self> {
        let Arrivals::Jobs(jobs) = &spec.arrivals else { return None };
        let stage = |name: &String| StageSeen { name: name.clone(), ..StageSeen::default() };
        let stages = jobs.stages.iter().map(|s| stage(&s.name)).collect();
        Some(Self { stages, ..Self::default() })
    }

    pub(super) fn hear(&mut self, start: u64, at: u64, what: JobFact) {
        match what {
            JobFact::Started => {
                self.started += 1;
                self.unfinished += 1;
            }
            JobFact::Done => {
                self.done += 1;
                self.unfinished -= 1;
                self.time.record(at - start);
            }
            JobFact::Failed => {
                self.failed += 1;
                self.unfinished -= 1;
            }
            JobFact::StageDone { stage, since } => {
                let it = &mut self.stages[stage as usize];
                it.done += 1;
                it.time.record(at - since);
            }
            JobFact::InstanceDone { stage, since } => {
                let it = &mut self.stages[stage as usize];
                it.instances += 1;
                it.instance_time.record(at - since);
            }
            JobFact::Rerun { stage, lost } => {
                let it = &mut self.stages[stage as usize];
                it.lost += u64::from(lost);
                it.errors += u64::from(!lost);
            }
            JobFact::Left { stage, instances } => {
                let it = &mut self.stages[stage as usize];
                it.unfinished += 1;
                it.left += u64::from(instances);
            }
            JobFact::Repeated { duplicate, bytes } => {
                self.repeated += 1;
                self.duplicates += u64::from(duplicate);
                self.repeated_bytes = self.repeated_bytes.saturating_add(bytes);
            }
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.started += other.started;
        self.done += other.done;
        self.failed += other.failed;
        self.unfinished += other.unfinished;
        self.time.merge(&other.time);
        for (a, b) in self.stages.iter_mut().zip(&other.stages) {
            a.done += b.done;
            a.time.merge(&b.time);
            a.instances += b.instances;
            a.instance_time.merge(&b.instance_time);
            a.lost += b.lost;
            a.errors += b.errors;
            a.unfinished += b.unfinished;
            a.left += b.left;
        }
        self.repeated += other.repeated;
        self.duplicates += other.duplicates;
        self.repeated_bytes = self.repeated_bytes.saturating_add(other.repeated_bytes);
        self.connections_again += other.connections_again;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(facts: &[(u64, u64, JobFact)]) -> JobResults {
        let stages = vec![StageSeen { name: "s".into(), ..StageSeen::default() }];
        let mut it = JobResults { stages, ..JobResults::default() };
        facts.iter().for_each(|(start, at, what)| it.hear(*start, *at, *what));
        it
    }

    #[test]
    fn merging_is_the_same_in_any_order() {
        // One job is done after 40 ns, one fails, one is under way; one rerun of each cause.
        let one = seen(&[
            (10, 10, JobFact::Started),
            (10, 30, JobFact::Rerun { stage: 0, lost: true }),
            (10, 35, JobFact::Repeated { duplicate: true, bytes: 7 }),
            (10, 50, JobFact::InstanceDone { stage: 0, since: 20 }),
            (10, 50, JobFact::StageDone { stage: 0, since: 10 }),
            (10, 50, JobFact::Done),
        ]);
        let two = seen(&[
            (0, 0, JobFact::Started),
            (0, 5, JobFact::Rerun { stage: 0, lost: false }),
            (0, 6, JobFact::Repeated { duplicate: false, bytes: 3 }),
            (0, 9, JobFact::Failed),
            (9, 9, JobFact::Started),
        ]);
        let (mut a, mut b) = (one.clone(), two.clone());
        a.merge(&two);
        b.merge(&one);
        assert_eq!(a, b);
        assert_eq!((a.started, a.done, a.failed, a.unfinished), (3, 1, 1, 1));
        assert_eq!((a.repeated, a.duplicates, a.repeated_bytes, a.reruns()), (2, 1, 10, [1, 1]));
        assert_eq!((a.time.max(), a.stages[0].instance_time.max()), (Some(40), Some(30)));
    }
}
