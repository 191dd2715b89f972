//! Random networks and histories of a sharing: flows come, go and are taken out, capacities and
//! caps change; after each step the rates are held against the bottleneck theorem or the slow twin.

use crate::kernel::{ClassId, FlowId, Instant, ResourceId, Share, Sharing, SharingSlow, certify};
use crate::random::{Dist, Draws};

/// A class of flows.
#[derive(Clone, Debug)]
struct Class {
    path: Vec<usize>,
    weight: f64,
    cap: f64,
    priority: u8,
}

/// How large networks and histories are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) links: usize,
    pub(super) classes: usize,
    /// Longest path.
    pub(super) hops: usize,
    /// Strict priorities, each of as many classes as the others; 1 for none.
    pub(super) priorities: u8,
    /// Steps, before those that let the rest end.
    pub(super) steps: usize,
}

/// What happens next.
enum Step {
    Start { class: usize, bytes: f64 },
    Remove { pick: usize },
    Capacity { link: usize, value: f64 },
    Cap { class: usize, value: f64 },
    Pop,
    Wait { ns: u64 },
}

/// A fast sharing, who is under way in it, and the dice.
struct Player {
    dice: Draws,
    capacities: Vec<f64>,
    classes: Vec<Class>,
    fast: Sharing,
    resources: Vec<ResourceId>,
    ids: Vec<ClassId>,
    /// Number in the slow twin, flow, class.
    live: Vec<(u64, FlowId, usize)>,
    now: u64,
}

impl Player {
    /// Links of 0.1 to 10 bytes per ns; paths of 1 to `hops` links, some of them crossed twice;
    /// half of the weights 1, the others 0.2 to 5; a third of the classes has a cap.
    fn new(key: u64, size: Size) -> Self {
        let mut dice = Draws::new(key);
        let capacities: Vec<f64> = (0..size.links).map(|_| between(&mut dice, 0.1, 10.0)).collect();
        let classes: Vec<Class> = (0..size.classes)
            .map(|_| {
                let hops = 1 + below(&mut dice, size.hops);
                let path = (0..hops).map(|_| below(&mut dice, size.links)).collect();
                let even = below(&mut dice, 2) == 0;
                let weight = if even { 1.0 } else { between(&mut dice, 0.2, 5.0) };
                let capped = below(&mut dice, 3) == 0;
                let cap = if capped { between(&mut dice, 0.05, 4.0) } else { f64::INFINITY };
                let priority = match size.priorities {
                    1 => 0,
                    n => u8::try_from(below(&mut dice, n.into())).expect("below a u8"),
                };
                Class { path, weight, cap, priority }
            })
            .collect();
        let mut fast = Sharing::new();
        let resources: Vec<_> = capacities.iter().map(|c| fast.add_resource(*c)).collect();
        let add = |c: &Class| {
            let path: Vec<_> = c.path.iter().map(|l| resources[*l]).collect();
            fast.add_class_of(&path, c.weight, c.cap, c.priority)
        };
        let ids = classes.iter().map(add).collect();
        Self { dice, capacities, classes, fast, resources, ids, live: Vec::new(), now: 0 }
    }

    fn step(&mut self, caps_change: bool) -> Step {
        let dice = &mut self.dice;
        match below(dice, if caps_change { 11 } else { 10 }) {
            0..4 => Step::Start {
                class: below(dice, self.classes.len()),
                bytes: (1 + below(dice, 100_000)) as f64,
            },
            4 => Step::Remove { pick: below(dice, usize::MAX) },
            5 => {
                let value = if below(dice, 2) == 0 { 0.0 } else { between(dice, 0.1, 10.0) };
                Step::Capacity { link: below(dice, self.capacities.len()), value }
            }
            6..9 => Step::Pop,
            9 => Step::Wait { ns: 1 + dice.next() % 20_000 },
            _ => {
                let stall = below(dice, 4) == 0;
                let value = if stall { 0.0 } else { between(dice, 0.05, 4.0) };
                Step::Cap { class: below(dice, self.classes.len()), value }
            }
        }
    }

    fn at(&self) -> Instant {
        Instant::from_nanos(self.now)
    }

    fn start(&mut self, class: usize, bytes: f64, number: u64) {
        let flow = self.fast.start(self.ids[class], bytes, self.at());
        self.live.push((number, flow, class));
    }

    fn set_capacity(&mut self, link: usize, value: f64) {
        self.capacities[link] = value;
        let at = self.at();
        self.fast.set_capacity(self.resources[link], value, at);
    }

    /// Ends the next flow: its number and class.
    fn pop(&mut self) -> Option<(u64, usize)> {
        let (at, flow) = self.fast.pop()?;
        self.now = at.nanos().max(self.now);
        let place = self.live.iter().position(|l| l.1 == flow)?;
        let (number, _, class) = self.live.swap_remove(place);
        Some((number, class))
    }

    /// Lets time pass, not beyond `limit`.
    fn wait(&mut self, ns: u64, limit: u64) {
        self.now = (self.now + ns).min(limit.max(self.now));
    }

    /// The bottleneck theorem on the present rates.
    fn is_max_min(&mut self) -> bool {
        let mut shares = Vec::with_capacity(self.classes.len());
        for (Class { path, weight, cap, priority }, id) in self.classes.iter().zip(&self.ids) {
            shares.push(Share {
                path,
                weight: *weight,
                cap: *cap,
                priority: *priority,
                flows: self.fast.active(*id),
                rate: self.fast.rate(*id).0,
            });
        }
        certify(&self.capacities, &shares).is_ok()
    }
}

fn below(dice: &mut Draws, n: usize) -> usize {
    usize::try_from(dice.next() % n as u64).expect("below a usize")
}

fn between(dice: &mut Draws, low: f64, high: f64) -> f64 {
    Dist::Uniform { low, high }.sample_from(dice)
}

/// Relative difference.
fn apart(a: f64, b: f64) -> f64 {
    if a == b { 0.0 } else { (a - b).abs() / a.abs().max(b.abs()) }
}

/// States of a random history that were looked at, and those that are not max-min fair.
pub(super) fn unfair_states(key: u64, size: Size) -> (u64, u64) {
    let mut player = Player::new(key, size);
    let (mut states, mut wrong) = (0, 0);
    for _ in 0..size.steps {
        match player.step(true) {
            Step::Start { class, bytes } => player.start(class, bytes, 0),
            Step::Remove { pick } if !player.live.is_empty() => {
                let (_, flow, _) = player.live.swap_remove(pick % player.live.len());
                player.fast.remove(flow, player.at());
            }
            Step::Remove { .. } => {}
            Step::Capacity { link, value } => player.set_capacity(link, value),
            Step::Cap { class, value } => {
                player.classes[class].cap = value;
                player.fast.set_cap(player.ids[class], value, player.at());
            }
            Step::Pop => _ = player.pop(),
            Step::Wait { ns } => {
                let limit = player.fast.next_at().map_or(u64::MAX, Instant::nanos);
                player.wait(ns, limit);
            }
        }
        states += 1;
        wrong += u64::from(!player.is_max_min());
    }
    (states, wrong)
}

/// How far the twins came apart.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Apart {
    /// Completions that were compared.
    pub(super) completions: u64,
    /// Largest difference of one, ns.
    pub(super) ns: f64,
    /// Largest relative difference of a rate.
    pub(super) rate: f64,
    /// Rates that were compared.
    pub(super) rates: u64,
}

impl Apart {
    /// The greater of each.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            completions: self.completions + other.completions,
            ns: self.ns.max(other.ns),
            rate: self.rate.max(other.rate),
            rates: self.rates + other.rates,
        }
    }
}

/// Plays a random history on both twins, step by step, until every flow that can end has ended.
pub(super) fn lockstep(key: u64, size: Size) -> Apart {
    let mut player = Player::new(key, size);
    let mut slow = SharingSlow::new(player.capacities.clone());
    let mut found = Apart::default();
    let mut left = size.steps;
    loop {
        let step = if left > 0 { player.step(false) } else { Step::Pop };
        match step {
            Step::Start { class, bytes } => {
                let Class { path, weight, cap, priority } = &player.classes[class];
                let number = slow.start_of(path, *weight, *cap, *priority, bytes, player.at());
                player.start(class, bytes, number);
            }
            Step::Remove { pick } if !player.live.is_empty() => {
                let (number, flow, _) = player.live.swap_remove(pick % player.live.len());
                slow.remove(number, player.at());
                player.fast.remove(flow, player.at());
            }
            Step::Capacity { link, value } => {
                player.set_capacity(link, value);
                slow.set_capacity(link, value, player.at());
            }
            Step::Pop => match (slow.next_at(), player.fast.next_at()) {
                (None, None) if left == 0 => return found,
                (None, None) => {}
                (Some(a), Some(b)) => {
                    found.completions += 1;
                    found.ns = found.ns.max(a.nanos().abs_diff(b.nanos()) as f64);
                    end(&mut player, &mut slow, &mut found);
                }
                _ => {
                    found.ns = f64::INFINITY;
                    return found;
                }
            },
            Step::Wait { ns } => {
                let nanos = |at: Option<Instant>| at.map_or(u64::MAX, Instant::nanos);
                let limit = nanos(player.fast.next_at()).min(nanos(slow.next_at()));
                player.wait(ns, limit);
            }
            Step::Remove { .. } | Step::Cap { .. } => {}
        }
        left = left.saturating_sub(1);
        compare_rates(&mut player, &slow, &mut found);
    }
}

/// Ends the flow that the fast twin ends next in both; ties within rounding may end in another
/// order, so what the slow one would still need for it is a difference too.
fn end(player: &mut Player, slow: &mut SharingSlow, found: &mut Apart) {
    let Some((number, class)) = player.pop() else {
        found.ns = f64::INFINITY;
        return;
    };
    let rate = slow.rates().iter().find(|r| r.0 == number).map_or(0.0, |r| r.1);
    let left = slow.remove(number, player.at()).unwrap_or(f64::INFINITY);
    if left > 0.0 {
        found.ns = found.ns.max(left / rate.min(player.classes[class].cap));
    }
}

fn compare_rates(player: &mut Player, slow: &SharingSlow, found: &mut Apart) {
    let rates = slow.rates();
    if rates.len() != player.live.len() {
        found.rate = f64::INFINITY;
    }
    for (number, rate) in rates {
        let class = player.live.iter().find(|l| l.0 == number).map(|l| l.2);
        let mine = class.map_or(f64::NAN, |c| player.fast.rate(player.ids[c]).0);
        let off = apart(mine, rate);
        // A flow that one of them does not know is as far off as can be.
        found.rate = found.rate.max(if off.is_nan() { f64::INFINITY } else { off });
        found.rates += 1;
    }
}
