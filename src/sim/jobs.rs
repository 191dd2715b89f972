//! Jobs: which instances run on which workers, what they ask for, and what a rerun makes again.
//!
//! ```text
//! ready: (job, stage), (job, stage) ...        idle workers, lowest first
//!              └── next instance ──> worker ──> request ──> think ──> request ──> ... done
//!                                      ▲            │ lost, or an error
//!                                      └── again ───┘
//! ```
//!
//! All that is drawn about an instance comes from a key of (workload, job, stage, instance), so no
//! other instance's course moves it: a rerun has as many requests of the same sizes, and chances of
//! its own.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::kernel::{Rank, Ticket};
use crate::measure::{End, Fact, JobFact, Observer};
use crate::plan::{Arrivals, Jobs, OnError, Plan};
use crate::random::{Dist, Draws, Stream, name_key};

use super::state::{Event, NONE, Stage, instant};
use super::world::World;

const ABOUT_COUNT: u64 = 0x636f_756e;
const ABOUT_LIFE: u64 = 0x6c69_6665;
const ABOUT_SIZES: u64 = 0x7369_7a65;
const ABOUT_THINK: u64 = 0x7468_696e;

/// The jobs of one workload.
#[derive(Debug)]
pub(super) struct JobsState {
    key: u64,
    /// Of the stages, by their names.
    stage_keys: Vec<u64>,
    /// Number of the next job.
    next: u64,
    jobs: Vec<Job>,
    free_jobs: Vec<u32>,
    /// (job, stage) whose instances wait for workers, in order.
    ready: VecDeque<(u32, u32)>,
    idle: BinaryHeap<Reverse<u32>>,
    workers: Vec<Worker>,
    /// Whether no two workers share a host.
    own_hosts: bool,
}

#[derive(Debug, Default)]
struct Job {
    number: u64,
    start: u64,
    /// Stages that are not done.
    left: u32,
    stages: Vec<StageState>,
}

#[derive(Clone, Copy, Debug, Default)]
struct StageState {
    /// Stages that must be done before.
    waits_for: u32,
    begun: u32,
    done: u32,
    ready: u64,
}

/// A worker and the instance that it runs.
#[derive(Clone, Debug)]
struct Worker {
    /// [`NONE`] while it is idle.
    job: u32,
    stage: u32,
    key: u64,
    /// When the instance started for the first time.
    since: u64,
    run: u32,
    /// Reruns after errors.
    errors: u32,
    requests: u32,
    /// Requests of this run that ended.
    next: u32,
    /// Leading requests that were done in some run, or may have been.
    reach: u32,
    /// The request under way.
    request: u32,
    /// The start of the next request.
    timer: Option<Ticket>,
    /// The loss of the instance.
    life: Option<Ticket>,
}

impl Worker {
    const IDLE: Self = Self {
        job: NONE,
        stage: 0,
        key: 0,
        since: 0,
        run: 0,
        errors: 0,
        requests: 0,
        next: 0,
        reach: 0,
        request: NONE,
        timer: None,
        life: None,
    };

    /// The key of all that is drawn anew in each run.
    fn run_key(&self) -> u64 {
        Draws::about(self.key, u64::from(self.run)).next()
    }
}

/// A request of an instance.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    pub(super) key: u64,
    pub(super) bytes: [u64; 2],
    /// Whether its instance had started before.
    pub(super) again: bool,
}

impl JobsState {
    /// Of a workload that has jobs.
    pub(super) fn new(plan: &Plan, workload: usize, replication: u32) -> Option<Self> {
        let spec = &plan.workloads[workload];
        let Arrivals::Jobs(jobs) = &spec.arrivals else { return None };
        let mut stream = Stream::new(plan.settings.seed, replication, &spec.name, "instances");
        Some(Self {
            key: super::arrivals::next_key(&mut stream),
            stage_keys: jobs.stages.iter().map(|s| name_key(&[&s.name])).collect(),
            next: 0,
            jobs: Vec::new(),
            free_jobs: Vec::new(),
            ready: VecDeque::new(),
            idle: (0..jobs.workers).map(Reverse).collect(),
            workers: vec![Worker::IDLE; jobs.workers as usize],
            own_hosts: spec.clients >= jobs.workers,
        })
    }
}

impl<O: Observer> World<'_, O> {
    fn jobs_spec(&self, workload: u32) -> &Jobs {
        match &self.plan.workloads[workload as usize].arrivals {
            Arrivals::Jobs(jobs) => jobs,
            _ => unreachable!("only workloads with jobs have their events"),
        }
    }

    fn jobs_of(&mut self, workload: u32) -> &mut JobsState {
        self.jobs[workload as usize].as_mut().expect("a workload with jobs")
    }

    fn tell_job(&mut self, workload: u32, start: u64, what: JobFact) {
        let at = self.now;
        self.tell(Fact::Job { workload, start, at, what });
    }

    // ---- jobs and stages ----

    /// Puts the start of the next job on the agenda.
    pub(super) fn schedule_job(&mut self, workload: u32) {
        let next = self.jobs_of(workload).next;
        if let Some(at) = self.jobs_spec(workload).start(next) {
            self.agenda.schedule(instant(at.nanos()), Rank::Arrival, Event::Job { workload });
        }
    }

    /// A job starts: its first stages are ready.
    pub(super) fn start_job(&mut self, workload: u32) {
        let now = self.now;
        let plan = self.plan;
        let Arrivals::Jobs(spec) = &plan.workloads[workload as usize].arrivals else { return };
        let it = self.jobs_of(workload);
        let number = it.next;
        it.next += 1;
        let job = it.free_jobs.pop().unwrap_or_else(|| {
            it.jobs.push(Job::default());
            u32::try_from(it.jobs.len() - 1).expect("fewer than 2^32 jobs under way")
        });
        let this = &mut it.jobs[job as usize];
        (this.number, this.start) = (number, now);
        this.left = u32::try_from(spec.stages.len()).expect("few stages");
        this.stages.clear();
        for (stage, s) in (0..).zip(&spec.stages) {
            let waits_for = u32::try_from(s.after.len()).expect("few stages");
            this.stages.push(StageState { waits_for, ready: now, ..StageState::default() });
            if waits_for == 0 {
                it.ready.push_back((job, stage));
            }
        }
        self.tell_job(workload, now, JobFact::Started);
        self.schedule_job(workload);
        self.hand_out_workers(workload);
    }

    /// Idle workers take the instances that have waited longest.
    fn hand_out_workers(&mut self, workload: u32) {
        let (now, plan) = (self.now, self.plan);
        let Arrivals::Jobs(spec) = &plan.workloads[workload as usize].arrivals else { return };
        loop {
            let it = self.jobs_of(workload);
            let Some((job, stage)) = it.ready.front().copied() else { return };
            let Some(Reverse(worker)) = it.idle.pop() else { return };
            let this = &mut it.jobs[job as usize];
            let state = &mut this.stages[stage as usize];
            let instance = state.begun;
            state.begun += 1;
            let law = &spec.stages[stage as usize];
            if state.begun == law.instances {
                it.ready.pop_front();
            }
            let of_job = Draws::about(it.key, this.number).next();
            let of_stage = Draws::about(of_job, it.stage_keys[stage as usize]).next();
            let key = Draws::about(of_stage, u64::from(instance)).next();
            let requests = law.requests.sample_whole(&mut Draws::about(key, ABOUT_COUNT));
            it.workers[worker as usize] = Worker {
                job,
                stage,
                key,
                since: now,
                requests: u32::try_from(requests.max(1)).unwrap_or(u32::MAX),
                ..Worker::IDLE
            };
            self.begin_run(workload, worker);
        }
    }

    fn stage_done(&mut self, workload: u32, job: u32, stage: u32) {
        let (now, plan) = (self.now, self.plan);
        let Arrivals::Jobs(spec) = &plan.workloads[workload as usize].arrivals else { return };
        let it = self.jobs_of(workload);
        let this = &mut it.jobs[job as usize];
        let (start, since) = (this.start, this.stages[stage as usize].ready);
        this.left -= 1;
        let whole = this.left == 0;
        for (later, s) in (0..).zip(&spec.stages) {
            let state = &mut this.stages[later as usize];
            for _ in s.after.iter().filter(|a| **a == stage) {
                state.waits_for -= 1;
                if state.waits_for == 0 {
                    state.ready = now;
                    it.ready.push_back((job, later));
                }
            }
        }
        if whole {
            it.free_jobs.push(job);
        }
        self.tell_job(workload, start, JobFact::StageDone { stage, since });
        if whole {
            self.tell_job(workload, start, JobFact::Done);
        }
    }

    /// An instance failed for good: all of its job stops.
    fn fail_job(&mut self, workload: u32, job: u32) {
        let it = self.jobs_of(workload);
        it.ready.retain(|r| r.0 != job);
        let start = it.jobs[job as usize].start;
        self.tell_job(workload, start, JobFact::Failed);
        for worker in 0..self.jobs_spec(workload).workers {
            if self.jobs_of(workload).workers[worker as usize].job == job {
                self.stop_run(workload, worker);
                let it = self.jobs_of(workload);
                it.workers[worker as usize] = Worker::IDLE;
                it.idle.push(Reverse(worker));
            }
        }
        self.jobs_of(workload).free_jobs.push(job);
        self.hand_out_workers(workload);
    }

    // ---- instances ----

    /// The worker's instance starts from zero.
    fn begin_run(&mut self, workload: u32, worker: u32) {
        let (now, horizon) = (self.now, self.plan.settings.horizon.nanos());
        let losses = self.jobs_spec(workload).losses;
        let run = self.jobs_of(workload).workers[worker as usize].run_key();
        let life = (losses > 0.0).then(|| {
            let law = Dist::exponential(1e9 / losses);
            now.saturating_add(law.sample_whole(&mut Draws::about(run, ABOUT_LIFE)))
        });
        let life = life.filter(|at| *at < horizon).map(|at| {
            self.agenda.schedule(instant(at), Rank::Change, Event::Lost { workload, worker })
        });
        let timer =
            self.agenda.schedule(instant(now), Rank::Arrival, Event::Task { workload, worker });
        let it = &mut self.jobs_of(workload).workers[worker as usize];
        (it.next, it.request, it.timer, it.life) = (0, NONE, Some(timer), life);
    }

    /// Nothing of the worker's run goes on: its request under way is given up.
    fn stop_run(&mut self, workload: u32, worker: u32) {
        let it = &mut self.jobs_of(workload).workers[worker as usize];
        let (timer, life) = (it.timer.take(), it.life.take());
        let request = std::mem::replace(&mut it.request, NONE);
        for ticket in [timer, life].into_iter().flatten() {
            self.agenda.cancel(ticket);
        }
        if request != NONE {
            self.give_up(request);
        }
    }

    fn run_again(&mut self, workload: u32, worker: u32, lost: bool) {
        self.stop_run(workload, worker);
        let state = self.jobs_of(workload);
        let it = &mut state.workers[worker as usize];
        it.run += 1;
        let (stage, start) = (it.stage, state.jobs[it.job as usize].start);
        self.tell_job(workload, start, JobFact::Rerun { stage, lost });
        self.begin_run(workload, worker);
    }

    /// A running instance is lost with its node.
    pub(super) fn lose(&mut self, workload: u32, worker: u32) {
        let it = self.jobs_of(workload);
        it.workers[worker as usize].life = None;
        let own_host = it.own_hosts;
        self.stop_run(workload, worker);
        if own_host {
            let client = worker % self.plan.workloads[workload as usize].clients;
            self.forget_names(workload, client);
            self.close_idle(workload, client);
        }
        self.run_again(workload, worker, true);
    }

    /// The worker's instance makes its next request.
    pub(super) fn make_request(&mut self, workload: u32, worker: u32) {
        let plan = self.plan;
        let spec = &plan.workloads[workload as usize];
        let state = self.jobs_of(workload);
        let it = &mut state.workers[worker as usize];
        it.timer = None;
        let start = state.jobs[it.job as usize].start;
        let number = u64::from(it.next);
        let mut sizes = Draws::about(Draws::about(it.key, number).next(), ABOUT_SIZES);
        let bytes = [spec.request.sample_whole(&mut sizes), spec.response.sample_whole(&mut sizes)];
        let key = Draws::about(it.run_key(), number).next();
        let (again, repeated) = (it.run > 0, it.next < it.reach);
        if repeated {
            let bytes = bytes[0].saturating_add(bytes[1]);
            let what = JobFact::Repeated { duplicate: !spec.idempotent, bytes };
            self.tell_job(workload, start, what);
        }
        self.arrive(workload, worker, None, Some(Task { key, bytes, again }));
    }

    /// A request is the one that its worker waits for.
    pub(super) fn works_on(&mut self, workload: u32, worker: u32, request: u32) {
        self.jobs_of(workload).workers[worker as usize].request = request;
    }

    /// A request of the worker's instance ended. `sent` says whether it may have been done,
    /// whatever became of the answer.
    pub(super) fn task_ended(&mut self, workload: u32, worker: u32, end: End, sent: bool) {
        let plan = self.plan;
        let Arrivals::Jobs(spec) = &plan.workloads[workload as usize].arrivals else { return };
        let it = &mut self.jobs_of(workload).workers[worker as usize];
        if sent {
            it.reach = it.reach.max(it.next + 1);
        }
        if end == End::GivenUp {
            return; // who gave it up goes on
        }
        it.request = NONE;
        match (end, spec.on_error) {
            (End::Ok, _) | (_, OnError::GoOn) => self.next_request(workload, worker),
            (_, OnError::Rerun { most }) if it.errors < most => {
                it.errors += 1;
                self.run_again(workload, worker, false);
            }
            _ => {
                let job = it.job;
                self.fail_job(workload, job);
            }
        }
    }

    /// After a pause, or never if that was the last one.
    fn next_request(&mut self, workload: u32, worker: u32) {
        let (now, plan) = (self.now, self.plan);
        let Arrivals::Jobs(spec) = &plan.workloads[workload as usize].arrivals else { return };
        let it = &mut self.jobs_of(workload).workers[worker as usize];
        let about = Draws::about(it.run_key(), u64::from(it.next)).next();
        it.next += 1;
        if it.next < it.requests {
            let law = &spec.stages[it.stage as usize].think;
            let think = law.sample_whole(&mut Draws::about(about, ABOUT_THINK));
            let at = instant(now.saturating_add(think));
            let event = Event::Task { workload, worker };
            let timer = self.agenda.schedule(at, Rank::Arrival, event);
            self.jobs_of(workload).workers[worker as usize].timer = Some(timer);
            return;
        }
        self.stop_run(workload, worker);
        let state = self.jobs_of(workload);
        let it = std::mem::replace(&mut state.workers[worker as usize], Worker::IDLE);
        state.idle.push(Reverse(worker));
        let this = &mut state.jobs[it.job as usize];
        let start = this.start;
        this.stages[it.stage as usize].done += 1;
        let whole = this.stages[it.stage as usize].done == spec.stages[it.stage as usize].instances;
        let what = JobFact::InstanceDone { stage: it.stage, since: it.since };
        self.tell_job(workload, start, what);
        if whole {
            self.stage_done(workload, it.job, it.stage);
        }
        self.hand_out_workers(workload);
    }

    /// What the horizon cuts off: the stages of jobs that are ready and not done.
    pub(super) fn tell_unfinished_jobs(&mut self) {
        let plan = self.plan;
        let mut left = Vec::new();
        for (workload, state) in (0..).zip(&self.jobs) {
            let (Some(state), Arrivals::Jobs(spec)) =
                (state, &plan.workloads[workload as usize].arrivals)
            else {
                continue;
            };
            for job in self.live_jobs(state) {
                for (stage, (s, law)) in (0..).zip(job.stages.iter().zip(&spec.stages)) {
                    let instances = law.instances - s.done;
                    if s.waits_for == 0 && instances > 0 {
                        left.push((workload, job.start, JobFact::Left { stage, instances }));
                    }
                }
            }
        }
        for (workload, start, what) in left {
            self.tell_job(workload, start, what);
        }
    }

    /// Each worker is idle or runs an instance that makes a request or will.
    ///
    /// # Panics
    /// If the books do not balance: our bug.
    pub(super) fn audit_jobs(&self) {
        for (workload, state) in (0..).zip(&self.jobs) {
            let Some(state) = state else { continue };
            let busy = state.workers.iter().filter(|w| w.job != NONE);
            assert_eq!(state.idle.len() + busy.clone().count(), state.workers.len());
            for (worker, it) in (0..).zip(&state.workers).filter(|(_, w)| w.job != NONE) {
                let asks = it.request != NONE;
                assert_ne!(asks, it.timer.is_some(), "an instance asks or thinks");
                let r = self.requests.get(it.request as usize).filter(|_| asks);
                assert!(
                    r.is_none_or(
                        |r| r.stage != Stage::Gone && (r.workload, r.worker) == (workload, worker)
                    ),
                    "a worker's request is its own"
                );
            }
            let begun: u64 = self
                .live_jobs(state)
                .flat_map(|j| &j.stages)
                .map(|s| u64::from(s.begun - s.done))
                .sum();
            assert_eq!(begun, busy.count() as u64, "what was begun is done or has a worker");
        }
    }

    fn live_jobs<'s>(&self, state: &'s JobsState) -> impl Iterator<Item = &'s Job> {
        let live = |(i, _): &(u32, &Job)| !state.free_jobs.contains(i);
        (0..).zip(&state.jobs).filter(live).map(|(_, j)| j)
    }
}
