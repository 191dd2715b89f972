//! The slow twin: weighted max-min by the textbook, flow by flow, everything anew at each event.

use super::time::Instant;

/// One flow of the twin.
#[derive(Clone, Debug)]
struct Flow {
    id: u64,
    path: Vec<usize>,
    weight: f64,
    cap: f64,
    priority: u8,
    bytes: f64,
    left: f64,
    rate: f64,
}

/// Says what [`super::Sharing`] says, by progressive filling over all flows at every event: the
/// reference for tests and benches. O(flows x links) an event or worse.
#[derive(Clone, Debug, Default)]
pub struct SharingSlow {
    capacities: Vec<f64>,
    flows: Vec<Flow>,
    next_id: u64,
    now: Instant,
}

impl SharingSlow {
    /// Over these capacities, in bytes per ns.
    pub fn new(capacities: Vec<f64>) -> Self {
        Self { capacities, ..Self::default() }
    }

    /// Starts a flow over resources by position (a repeated one counts twice). Returns its number,
    /// counted from 0.
    pub fn start(
        &mut self,
        path: &[usize],
        weight: f64,
        cap: f64,
        bytes: f64,
        now: Instant,
    ) -> u64 {
        self.start_of(path, weight, cap, 0, bytes, now)
    }

    /// Starts a flow of a priority (0 comes first).
    pub fn start_of(
        &mut self,
        path: &[usize],
        weight: f64,
        cap: f64,
        priority: u8,
        bytes: f64,
        now: Instant,
    ) -> u64 {
        self.pass(now);
        let id = self.next_id;
        self.next_id += 1;
        let path = path.to_vec();
        self.flows.push(Flow { id, path, weight, cap, priority, bytes, left: bytes, rate: 0.0 });
        self.share();
        id
    }

    /// Takes a flow out; returns the bytes it had left.
    pub fn remove(&mut self, id: u64, now: Instant) -> Option<f64> {
        self.pass(now);
        let i = self.flows.iter().position(|f| f.id == id)?;
        let flow = self.flows.remove(i);
        self.share();
        Some(flow.left)
    }

    /// Changes the cap of flows under way, by number.
    pub fn set_cap(&mut self, flows: &[u64], cap: f64, now: Instant) {
        self.pass(now);
        for flow in self.flows.iter_mut().filter(|f| flows.contains(&f.id)) {
            flow.cap = cap;
        }
        self.share();
    }

    /// Changes a capacity.
    pub fn set_capacity(&mut self, resource: usize, capacity: f64, now: Instant) {
        self.pass(now);
        self.capacities[resource] = capacity;
        self.share();
    }

    /// When the next flow is done.
    pub fn next_at(&self) -> Option<Instant> {
        self.flows.iter().filter_map(|f| self.done_at(f)).min()
    }

    /// Takes the next flow that is done (the one with the lowest number at a tie).
    pub fn pop(&mut self) -> Option<(Instant, u64)> {
        let at = self.next_at()?;
        let done = self.flows.iter().filter(|f| self.done_at(f) == Some(at)).map(|f| f.id).min()?;
        self.remove(done, at);
        Some((at, done))
    }

    /// The rate of each flow under way, by number.
    pub fn rates(&self) -> Vec<(u64, f64)> {
        self.flows.iter().map(|f| (f.id, f.rate)).collect()
    }

    fn done_at(&self, flow: &Flow) -> Option<Instant> {
        // Work is known to a hair: what is on a whole ns but for this must not come a ns late.
        let left = flow.left - flow.bytes * 4e-15;
        if left <= 0.0 || flow.rate.is_infinite() {
            return Some(self.now);
        }
        let ns = (left / flow.rate).ceil();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 < ns < 1e18"
        )]
        (ns < 1e18).then(|| Instant::from_nanos(self.now.nanos() + ns as u64))
    }

    fn pass(&mut self, now: Instant) {
        #[expect(clippy::cast_precision_loss, reason = "spans below 104 days are exact")]
        let dt = now.since(self.now) as f64;
        self.now = now;
        for flow in &mut self.flows {
            if dt > 0.0 && flow.rate.is_finite() {
                flow.left = (flow.left - flow.rate * dt).max(0.0);
            }
        }
    }

    fn share(&mut self) {
        let mut left = self.capacities.clone();
        let priorities: std::collections::BTreeSet<u8> =
            self.flows.iter().map(|f| f.priority).collect();
        for priority in priorities {
            let all = 0..self.flows.len();
            self.fill(all.filter(|f| self.flows[*f].priority == priority).collect(), &mut left);
            // What rounding leaves of a full resource is nothing.
            for (left, whole) in left.iter_mut().zip(&self.capacities) {
                let full = whole.is_finite() && *left <= 1e-13 * whole;
                *left = if full { 0.0 } else { *left };
            }
        }
    }

    /// Progressive filling of some flows into what is left.
    fn fill(&mut self, mut open: Vec<usize>, left: &mut [f64]) {
        while !open.is_empty() {
            let mut weights = vec![0.0; left.len()];
            for &f in &open {
                for &r in &self.flows[f].path {
                    weights[r] += self.flows[f].weight;
                }
            }
            let levels = left
                .iter()
                .zip(&weights)
                .map(|(l, w)| if *w > 0.0 { l / w } else { f64::INFINITY });
            let (full, level) = levels
                .enumerate()
                .fold((usize::MAX, f64::INFINITY), |a, b| if b.1 < a.1 { b } else { a });
            let own = |f: &Flow| f.cap / f.weight;
            let capped = open.iter().any(|&f| own(&self.flows[f]) <= level);
            let (stopped, rest): (Vec<usize>, Vec<usize>) = open.iter().partition(|&&f| {
                let flow = &self.flows[f];
                if capped { own(flow) <= level } else { flow.path.contains(&full) }
            });
            for f in stopped {
                let flow = &mut self.flows[f];
                flow.rate = if capped { flow.cap } else { flow.weight * level };
                if flow.rate.is_finite() {
                    for &r in &flow.path {
                        left[r] = (left[r] - flow.rate).max(0.0);
                    }
                }
            }
            open = rest;
        }
    }
}
