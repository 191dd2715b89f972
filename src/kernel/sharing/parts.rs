//! Parts of a resource: flows of one part share what that part gets, and parts share the resource.
//!
//! A part is a resource of its own, a lane of the one that is divided. Parts of a lower order come
//! first; those of one order share what is left by their weights, and what one does not use goes to
//! the others. So all parts of an order have one *level*, capacity / weight: the greatest at which
//! the resource is not over its capacity. Their load is concave and increasing in it, as long as
//! nothing else hangs on it, so that Newton's steps from below end at the root after a step for
//! each part at most, and a step from above lands below.
//!
//! Where parts hang on each other by way of other resources (more for one is less for another there,
//! which leaves more for the first), steps go by the slope that the last one had. Should that not
//! come to an end soon, parts keep what they have got by then, all less by a share if that is more
//! than there is: no resource is ever over its capacity.

use std::ops::Range;

use super::ResourceId;
use super::core::Core;
use super::form::Form;

/// What differs by less than this share of the whole is equal.
const SAME: f64 = 1e-13;
/// Loads that differ from what there is by less than this share of the whole fit.
const FITS: f64 = 1e-12;
/// Rounds of steps after which parts are shared without regard to each other.
const ROUNDS: u32 = 200;

/// One part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// What is divided.
    pub(super) base: u32,
    /// Parts of a lower order are served before it.
    pub(super) order: u8,
    pub(super) weight: f64,
    /// Its own resource.
    pub(super) lane: u32,
    /// Of the first of an order, while its level is looked for: the level before the last step, and
    /// what was left of the resource then.
    pub(super) before: Option<(f64, f64)>,
}

impl<F: Form> Core<F> {
    /// Divides a resource that no class crosses as yet into parts of an order and a weight.
    pub(super) fn divide(&mut self, r: u32, parts: &[(u8, f64)]) -> Vec<ResourceId> {
        assert!(r < self.len && self.lanes.base(r) == r, "a resource that is no part itself");
        assert!(self.steps.iter().all(|step| step.link != r), "nobody crosses it undivided");
        let add = |&(order, weight): &(u8, f64)| {
            assert!(weight > 0.0 && weight.is_finite(), "a weight above 0");
            let lane = self.add_resource(0.0);
            self.lanes.add_part(Part { base: r, order, weight, lane: lane.0, before: None });
            lane
        };
        let lanes = parts.iter().map(add).collect();
        (self.next, self.posted) = (None, false);
        lanes
    }

    /// Gives each part its capacity; `anew` if anything happened to flows.
    #[cold]
    pub(super) fn settle_parts(&mut self, anew: bool) {
        if self.lanes.kept && !anew {
            return;
        }
        self.lanes.parts.iter_mut().for_each(|part| part.before = None);
        for _ in 0..ROUNDS {
            let (mut at, mut moved) = (0, false);
            let (mut base, mut left) = (u32::MAX, 0.0);
            while let Some(&first) = self.lanes.parts.get(at) {
                let r = first.base;
                let whole = self.links[r].capacity;
                if r != base {
                    (base, left) = (r, whole);
                }
                let peers = |p: &&Part| p.base == r && p.order == first.order;
                let end = at + self.lanes.parts[at..].iter().take_while(peers).count();
                let (level, load) = self.level_of_parts(at..end, left);
                for i in at..end {
                    let capacity = level * self.lanes.parts[i].weight;
                    moved |= self.set_part(i, capacity);
                }
                if left < f64::INFINITY {
                    left -= load;
                    // What rounding leaves of a full resource is nothing.
                    left = if left <= 4.0 * FITS * whole { 0.0 } else { left };
                }
                at = end;
            }
            if !moved {
                return;
            }
            self.repair();
        }
        self.keep_parts();
    }

    /// Parts keep the loads that they have, as far as these fit.
    fn keep_parts(&mut self) {
        let loads: Vec<f64> = self.lanes.parts.iter().map(|p| self.load_of(p.lane)).collect();
        for i in 0..loads.len() {
            let base = self.lanes.parts[i].base;
            let peers = self.lanes.parts.iter().zip(&loads).filter(|(p, _)| p.base == base);
            let all: f64 = peers.map(|(_, load)| load).sum();
            let whole = self.links[base].capacity;
            let fits = if all > whole { whole / all } else { 1.0 };
            self.set_part(i, loads[i] * fits);
        }
        self.repair();
        self.lanes.kept = true;
    }

    /// The next level of parts of one order, of which so much is `left` to them, and their load.
    fn level_of_parts(&mut self, of: Range<usize>, left: f64) -> (f64, f64) {
        let first = of.start;
        let parts = &self.lanes.parts[of];
        let level = self.links[parts[0].lane].capacity / parts[0].weight;
        let (mut load, mut all, mut wanting, mut least) = (0.0, 0.0, 0.0, f64::INFINITY);
        for part in parts {
            let theirs = self.load_of(part.lane);
            load += theirs;
            all += part.weight;
            least = part.weight.min(least);
            if self.links[part.lane].holds > 0 {
                wanting += part.weight;
            }
        }
        if left == f64::INFINITY {
            return (left, load);
        }
        // What each has if all want.
        let even = left / all;
        let rest = left - load;
        let before = self.lanes.parts[first].before.replace((level, rest));
        // (The load bends: across the root, a slope says nothing.)
        let before = before.filter(|(_, had)| had * rest > 0.0);
        let slope = before.map_or(0.0, |(was, had)| (had - rest) / (level - was));
        let next = if left == 0.0 {
            even
        } else if rest.abs() <= FITS * left {
            level
        } else if wanting > 0.0 {
            let by = if slope > 0.0 && slope < wanting { slope } else { wanting };
            // (No part needs more than there is.)
            (level + rest / by).clamp(even, left / least)
        } else if rest < 0.0 {
            even
        } else {
            level
        };
        (next, load)
    }

    /// Gives a part a capacity; whether that moved.
    fn set_part(&mut self, i: usize, new: f64) -> bool {
        let Part { lane, base, .. } = self.lanes.parts[i];
        let (old, whole) = (self.links[lane].capacity, self.links[base].capacity);
        let moved = if whole.is_finite() && old.is_finite() {
            (new - old).abs() > SAME * whole || (new == 0.0) != (old == 0.0)
        } else {
            new != old
        };
        if moved {
            self.change_capacity(lane, new);
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{Instant, Share, certify};
    use super::super::{Bound, ClassId, FlowId, ResourceId, Sharing};
    use proptest::prelude::*;

    fn at(ns: u64) -> Instant {
        Instant::from_nanos(ns)
    }

    /// A link of 4 bytes per ns in parts, with one class of uncapped flows on each.
    fn divided(parts: &[(u8, f64)]) -> (Sharing, ResourceId, Vec<ClassId>) {
        let mut s = Sharing::new();
        let link = s.add_resource(4.0);
        let lanes = s.divide(link, parts);
        let classes = lanes.iter().map(|l| s.add_class(&[*l], 1.0, f64::INFINITY)).collect();
        (s, link, classes)
    }

    fn rates(s: &mut Sharing, classes: &[ClassId]) -> Vec<f64> {
        classes.iter().map(|c| s.rate(*c).0 * f64::from(s.active(*c))).collect()
    }

    fn near(seen: &[f64], wanted: &[f64]) -> bool {
        seen.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-11)
    }

    #[test]
    fn by_weight_however_many_flows_there_are() {
        // 4 in parts 1 : 3, with 5 flows and one: 1 and 3.
        let (mut s, link, c) = divided(&[(0, 1.0), (0, 3.0)]);
        (0..5).for_each(|_| _ = s.start(c[0], 1e6, at(0)));
        let last = s.start(c[1], 1e6, at(0));
        assert!(near(&rates(&mut s, &c), &[1.0, 3.0]));
        assert_eq!(s.rate(c[0]).1, Bound::Resource(link));
        // What one does not use goes to the other.
        s.remove(last, at(10));
        assert!(near(&rates(&mut s, &c), &[4.0, 0.0]));
        // 10 ns x 4, then 10 more: all that there was.
        let seen = s.read_resource(link, at(20));
        assert!((seen.bytes - 80.0).abs() < 1e-9 && (seen.capacity - 80.0).abs() < 1e-9);
        assert!((seen.full_ns - 20.0).abs() < 1e-9 && (seen.peak - 4.0).abs() < 1e-9);
    }

    #[test]
    fn what_a_capped_part_leaves_divides_by_weight() {
        // 4 in parts 1 : 1 : 2; the last takes 1 of its 2. The others have 3, half each.
        let (mut s, link, mut c) = divided(&[(0, 1.0), (0, 1.0), (0, 2.0)]);
        s.start(c[0], 1e6, at(0));
        s.start(c[1], 1e6, at(0));
        let lane = s.divide(link, &[(0, 2.0)]);
        let capped = s.add_class(&lane, 1.0, 1.0);
        s.start(capped, 1e6, at(0));
        c[2] = capped;
        assert!(near(&rates(&mut s, &c), &[1.5, 1.5, 1.0]));
        // Less of all: 1 : 1 : 2 of 2, so that the cap does not bind any more.
        s.set_capacity(link, 2.0, at(5));
        assert!(near(&rates(&mut s, &c), &[0.5, 0.5, 1.0]));
        s.set_capacity(link, 0.0, at(6));
        assert!(near(&rates(&mut s, &c), &[0.0, 0.0, 0.0]));
        s.set_capacity(link, 4.0, at(7));
        assert!(near(&rates(&mut s, &c), &[1.5, 1.5, 1.0]));
    }

    #[test]
    fn orders_are_strict() {
        // The first takes what it wants: all, or 3 at its cap; then the others share 1 as 1 : 3.
        let (mut s, link, mut c) = divided(&[(1, 1.0), (1, 3.0)]);
        s.start(c[0], 1e6, at(0));
        s.start(c[1], 1e6, at(0));
        let first = s.divide(link, &[(0, 1.0)]);
        let [open, capped] = [f64::INFINITY, 3.0].map(|cap| s.add_class(&first, 1.0, cap));
        let all = s.start(open, 1e6, at(0));
        c.push(open);
        assert!(near(&rates(&mut s, &c), &[0.0, 0.0, 4.0]));
        s.remove(all, at(3));
        s.start(capped, 1e6, at(3));
        c[2] = capped;
        assert!(near(&rates(&mut s, &c), &[0.25, 0.75, 3.0]));
    }

    #[test]
    fn parts_that_push_each_other_around_never_overload() {
        // x -> z1 -> y -> z2 -> x: what a flow gains in one link it loses in the next, and all the
        // way round, so that steps never shrink.
        let mut s = Sharing::new();
        let [x, y, z1, z2] = [10.0, 10.0, 9.0, 9.5].map(|c| s.add_resource(c));
        let px = s.divide(x, &[(0, 1.0), (0, 1.0)]);
        let py = s.divide(y, &[(0, 1.0), (0, 1.0)]);
        let ways = [[px[0], z1], [z1, py[0]], [py[1], z2], [z2, px[1]]];
        let classes: Vec<_> = ways.iter().map(|w| s.add_class(w, 1.0, f64::INFINITY)).collect();
        for (i, class) in classes.iter().enumerate() {
            (0..=i).for_each(|_| _ = s.start(*class, 1e6, at(0)));
            for link in [x, y, z1, z2] {
                let (load, most) = (s.load(link), if link == x || link == y { 10.0 } else { 9.5 });
                assert!(load <= most * (1.0 + 1e-9), "{link:?}: {load}");
            }
        }
    }

    /// Positions: three links, then the parts of the divided one, the fourth.
    const PARTS: [(u8, f64); 4] = [(0, 1.0), (1, 1.0), (1, 3.0), (2, 1.0)];

    #[derive(Clone, Debug)]
    enum Act {
        Start(usize),
        Remove(usize),
        Capacity(usize, f64),
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            4 => (0usize..10).prop_map(Act::Start),
            3 => (0usize..100).prop_map(Act::Remove),
            1 => (0usize..4, prop_oneof![Just(0.0), 0.1f64..9.0])
                .prop_map(|(r, c)| Act::Capacity(r, c)),
        ]
    }

    proptest! {
        // Where parts do not hang on each other by way of other links, rates are max-min fair if a part
        // that is held back has what it got; and only parts may be held back that have the highest
        // level of their order, while they and those before them take all there is.
        #[test]
        fn parts_are_as_they_are_defined(
            specs in prop::collection::vec(
                (0usize..5, prop::collection::btree_set(0usize..3, 0..3), 0.2f64..4.0,
                 prop_oneof![Just(f64::INFINITY), 0.1f64..5.0]), 10),
            acts in prop::collection::vec(act(), 1..80),
            idle in prop_oneof![Just(0), Just(200)],
            apart in any::<bool>(),
        ) {
            let mut s = Sharing::new();
            let mut whole = [4.0; 4];
            (0..idle).for_each(|_| _ = s.add_resource(1.0));
            let links = whole.map(|c| s.add_resource(c));
            let parts = s.divide(links[3], &PARTS);
            let paths: Vec<Vec<usize>> = specs.iter().map(|(part, others, ..)| {
                let own = |r: &usize| !apart || r == part || *part == 4 && others.len() == 1;
                let others = others.iter().copied().filter(own);
                (*part < 4).then_some(3 + part).into_iter().chain(others).collect()
            }).collect();
            let resource = |r: &usize| if *r < 3 { links[*r] } else { parts[r - 3] };
            let classes: Vec<ClassId> = specs.iter().zip(&paths).map(|((_, _, weight, cap), path)| {
                let path: Vec<_> = path.iter().map(resource).collect();
                s.add_class(&path, *weight, if path.is_empty() { 1.0 } else { *cap })
            }).collect();
            let mut live: Vec<FlowId> = Vec::new();
            for act in acts {
                match act {
                    Act::Start(class) => live.push(s.start(classes[class], 1e9, at(0))),
                    Act::Remove(pick) if !live.is_empty() => {
                        let flow = live.swap_remove(pick % live.len());
                        s.remove(flow, at(0)).unwrap();
                    }
                    Act::Remove(_) => {}
                    Act::Capacity(r, c) => {
                        whole[r] = c;
                        s.set_capacity(links[r], c, at(0));
                    }
                }
                let mut shares = Vec::new();
                let mut loads = [0.0; 4];
                for (i, class) in classes.iter().enumerate() {
                    let (rate, flows) = (s.rate(*class).0, s.active(*class));
                    let (_, _, weight, cap) = specs[i];
                    let cap = if paths[i].is_empty() { 1.0 } else { cap };
                    if let Some(part) = paths[i].iter().find(|r| **r > 2) {
                        loads[part - 3] += rate * f64::from(flows);
                    }
                    if flows > 0 {
                        let path = &paths[i];
                        shares.push(Share { path, weight, cap, priority: 0, flows, rate });
                    }
                }
                let mut capacities = whole[..3].to_vec();
                for (i, (order, weight)) in PARTS.iter().enumerate() {
                    let of = |which: &dyn Fn(u8) -> bool| {
                        PARTS.iter().zip(loads).filter(|(p, _)| which(p.0)).collect::<Vec<_>>()
                    };
                    let taken: f64 = of(&|o| o <= *order).iter().map(|p| p.1).sum();
                    let levels = of(&|o| o == *order).into_iter().map(|(p, load)| load / p.1);
                    let highest = levels.fold(0.0, f64::max);
                    let is_full = taken >= whole[3] * (1.0 - 1e-9);
                    let is_highest = loads[i] / weight >= highest * (1.0 - 1e-9);
                    let held = is_full && is_highest;
                    capacities.push(if held { loads[i] } else { f64::INFINITY });
                }
                prop_assert!(loads.iter().sum::<f64>() <= whole[3] * (1.0 + 1e-9), "{loads:?} of {whole:?}");
                if apart {
                    prop_assert_eq!(certify(&capacities, &shares), Ok(()));
                }
            }
        }
    }
}
