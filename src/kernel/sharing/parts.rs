//! Parts of a resource: flows of one part share what that part gets, and parts share the resource.
//!
//! A part is a resource of its own, a lane of the one that is divided. Parts of a lower order come
//! first; those of one order share what is left by their weights, and what one does not use goes to
//! the others. So a divided resource has one number, its *level*:
//!
//! ```text
//! orders before the level's    each part may have all there is
//! the order of the level       each part has level x weight at most
//! orders behind it             nothing
//! ```
//!
//! The allocation is that of the least level at which the resource is full, and of the end of all
//! levels if there is none. What the parts carry is continuous in the level, from nothing on, so
//! that there always is one; and whatever part holds flows back, the resource is full.
//!
//! Where nobody else hangs on it, what they carry is concave within an order: Newton's steps from
//! below end exactly at the root, after a step for each part at most. Where what one part gets is
//! less for another on a further resource, it still is a continuous function of one number: then
//! steps come to an end by halving.

use std::ops::Range;

use super::ResourceId;
use super::core::Core;
use super::form::Form;

/// Levels that differ by less than this share are equal.
const SAME: f64 = 1e-14;
/// Loads that differ from what there is by less than this share of the whole fit.
const FITS: f64 = 1e-12;
/// Rounds over resources that hang on each other.
const ROUNDS: u32 = 10_000;
/// The order of a level beyond all.
const BEYOND: u8 = u8::MAX;

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
}

/// A divided resource and its level.
#[derive(Clone, Copy, Debug)]
pub(super) struct Split {
    pub(super) base: u32,
    pub(super) at: Level,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Level {
    order: u8,
    level: f64,
}

impl Level {
    /// Nobody is held back.
    pub(super) const FREE: Self = Self { order: BEYOND, level: 0.0 };
}

impl<F: Form> Core<F> {
    /// Divides a resource that no class crosses as yet into parts of an order and a weight.
    pub(super) fn divide(&mut self, r: u32, parts: &[(u8, f64)]) -> Vec<ResourceId> {
        assert!(r < self.len && self.lanes.base(r) == r, "a resource that is no part itself");
        assert!(self.steps.iter().all(|step| step.link != r), "nobody crosses it undivided");
        let add = |&(order, weight): &(u8, f64)| {
            assert!(weight > 0.0 && weight.is_finite(), "a weight above 0");
            assert!(order < BEYOND, "an order below 255");
            let lane = self.add_resource(0.0);
            self.lanes.add_part(Part { base: r, order, weight, lane: lane.0 });
            lane
        };
        let lanes = parts.iter().map(add).collect();
        (self.next, self.posted) = (None, false);
        lanes
    }

    /// Gives each part its capacity. One pass does where divided resources do not hang on each other;
    /// where they do, the next goes by what the last gave the others, until all are right.
    ///
    /// # Panics
    /// If they push each other around without end. (Owners do not let such networks in.)
    #[cold]
    pub(super) fn settle_parts(&mut self) {
        let all = 0..self.lanes.splits.len();
        all.clone().for_each(|i| self.settle_split(i));
        for _ in 0..ROUNDS {
            if all.len() < 2 || all.clone().all(|i| self.is_right(i)) {
                return;
            }
            for i in all.clone() {
                if !self.is_right(i) {
                    self.settle_split(i);
                }
            }
        }
        panic!("divided resources that hang on each other settle");
    }

    /// Looks for the least level at which one is full.
    fn settle_split(&mut self, i: usize) {
        let Split { base, mut at } = self.lanes.splits[i];
        let of = self.lanes.parts_of(base);
        let whole = self.links[base].capacity;
        if whole == 0.0 || whole == f64::INFINITY {
            return self.place_parts(i, &of, Level::FREE);
        }
        // Here all parts of the first order together just have all there is.
        let (order, weights) = self.weights_of_first(&of);
        let even = Level { order, level: whole / weights };
        // A part each step, and an order each.
        let enough = 2 * of.len() + 2;
        let (mut from_below, mut low, mut steps, mut back) = (false, even, 0, false);
        loop {
            self.place_parts(i, &of, at);
            let (load, wanting) = self.look(&of, at.order);
            let rest = whole - load;
            at = if rest.abs() <= FITS * whole {
                // (A lower level may do if another resource is full as well, and makes up for it.)
                if from_below || at == even || !self.hangs(&of) {
                    return;
                }
                from_below = true;
                even
            } else if rest < 0.0 && from_below {
                // (Nobody of the orders between wants anything.)
                let level = if low.order == at.order { low.level } else { 0.0 };
                return self.halve(i, &of, Level { level, ..at }, at);
            } else if rest < 0.0 {
                let least = if at.order == even.order { even.level } else { 0.0 };
                let level = if wanting > 0.0 { at.level + rest / wanting } else { least };
                from_below = back || wanting == 0.0;
                back = true;
                if from_below { even } else { Level { level: level.max(least), ..at } }
            } else {
                (from_below, low) = (true, at);
                steps += 1;
                if wanting > 0.0 && steps > enough {
                    // As high as levels of this order go.
                    let high = Level { level: self.top(&of, at.order), ..at };
                    self.place_parts(i, &of, high);
                    if whole - self.look(&of, at.order).0 <= FITS * whole {
                        return self.halve(i, &of, at, high);
                    }
                    (low, steps) = (high, 0);
                    self.next_order(&of, at.order, 0.0)
                } else if wanting > 0.0 {
                    Level { level: at.level + rest / wanting, ..at }
                } else {
                    self.next_order(&of, at.order, rest)
                }
            };
            if at == Level::FREE {
                return self.place_parts(i, &of, at);
            }
        }
    }

    /// Halves the way from where a resource is not full to where it is, in one order.
    fn halve(&mut self, i: usize, of: &Range<usize>, mut low: Level, mut high: Level) {
        let whole = self.links[self.lanes.splits[i].base].capacity;
        while high.level - low.level > SAME * high.level {
            let mid = Level { level: low.level + (high.level - low.level) / 2.0, ..high };
            if mid == low || mid == high {
                break;
            }
            self.place_parts(i, of, mid);
            let is_full = whole - self.look(of, mid.order).0 <= FITS * whole;
            (low, high) = if is_full { (low, mid) } else { (mid, high) };
        }
        self.place_parts(i, of, high);
    }

    /// Whether one is full, or holds nobody back, and is not over its capacity.
    fn is_right(&self, i: usize) -> bool {
        let Split { base, at } = self.lanes.splits[i];
        let of = self.lanes.parts_of(base);
        let whole = self.links[base].capacity;
        if whole == 0.0 || whole == f64::INFINITY {
            return true;
        }
        let (load, wanting) = self.look(&of, at.order);
        let rest = whole - load;
        let nobody = || wanting == 0.0 && self.next_order(&of, at.order, 0.0) == Level::FREE;
        rest.abs() <= 2.0 * FITS * whole || rest > 0.0 && nobody()
    }

    /// Gives parts what they have at a level.
    fn place_parts(&mut self, i: usize, of: &Range<usize>, at: Level) {
        self.lanes.splits[i].at = at;
        let whole = self.links[self.lanes.splits[i].base].capacity;
        for p in of.clone() {
            let Part { order, weight, lane, .. } = self.lanes.parts[p];
            let capacity = match order.cmp(&at.order) {
                std::cmp::Ordering::Less => whole,
                std::cmp::Ordering::Equal => (at.level * weight).min(whole),
                std::cmp::Ordering::Greater => 0.0,
            };
            self.change_capacity(lane, capacity);
        }
        self.repair();
    }

    /// The load of all parts, and the weights of those of an order that hold somebody back.
    fn look(&self, of: &Range<usize>, order: u8) -> (f64, f64) {
        let parts = &self.lanes.parts[of.clone()];
        let load = parts.iter().map(|p| self.load_of(p.lane)).sum();
        let holds = |p: &&Part| p.order == order && self.links[p.lane].holds > 0;
        (load, parts.iter().filter(holds).map(|p| p.weight).sum())
    }

    /// The level in the next order behind one in which somebody wants a share of this rest.
    fn next_order(&self, of: &Range<usize>, order: u8, rest: f64) -> Level {
        let parts = &self.lanes.parts[of.clone()];
        let wants = |p: &&Part| p.order > order && self.links[p.lane].holds > 0;
        let Some(next) = parts.iter().find(wants).map(|p| p.order) else { return Level::FREE };
        Level { order: next, level: rest / self.look(of, next).1 }
    }

    /// Whether a part that has room carries what another resource holds back.
    fn hangs(&mut self, of: &Range<usize>) -> bool {
        let mut any = false;
        for p in of.clone() {
            let lane = self.lanes.parts[p].lane;
            if self.links[lane].holds == 0 {
                self.form.each_crossing(lane, |_, _| any = true);
            }
        }
        any
    }

    fn weights_of_first(&self, of: &Range<usize>) -> (u8, f64) {
        let parts = &self.lanes.parts[of.clone()];
        let order = parts[0].order;
        (order, parts.iter().filter(|p| p.order == order).map(|p| p.weight).sum())
    }

    /// The level at which every part of an order may have all there is.
    fn top(&self, of: &Range<usize>, order: u8) -> f64 {
        let parts = self.lanes.parts[of.clone()].iter().filter(|p| p.order == order);
        let least = parts.map(|p| p.weight).fold(f64::INFINITY, f64::min);
        self.links[self.lanes.parts[of.start].base].capacity / least
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

    #[test]
    fn classes_share_the_port_where_the_line_behind_it_is_full_as_well() {
        // A line of 4 behind a link of 4 in parts 1 : 3: the parts decide, whoever was first, not
        // that all flows are equal on the line.
        for turn in [false, true] {
            let mut s = Sharing::new();
            let [link, line] = [4.0, 4.0].map(|c| s.add_resource(c));
            let lanes = s.divide(link, &[(0, 1.0), (0, 3.0)]);
            let paths = lanes.iter().map(|l| [*l, line]);
            let c: Vec<_> = paths.map(|p| s.add_class(&p, 1.0, f64::INFINITY)).collect();
            let (first, second) = if turn { (c[1], c[0]) } else { (c[0], c[1]) };
            (0..2).for_each(|_| _ = s.start(first, 1e6, at(0)));
            assert!(near(&rates(&mut s, &[first]), &[4.0]));
            (0..2).for_each(|_| _ = s.start(second, 1e6, at(1)));
            assert!(near(&rates(&mut s, &c), &[1.0, 3.0]));
            // The line has less: all flows are equal on it, and a part has no more than its half.
            s.set_capacity(line, 2.0, at(2));
            assert!(near(&rates(&mut s, &c), &[1.0, 1.0]));
            s.set_capacity(line, 3.0, at(3));
            assert!(near(&rates(&mut s, &c), &[1.5, 1.5]));
            s.set_capacity(line, 4.0, at(4));
            assert!(near(&rates(&mut s, &c), &[1.0, 3.0]));
        }
    }

    #[test]
    fn a_neighbour_on_the_line_behind_takes_from_all_classes() {
        // Link 4 in parts 1 : 3, line 5 behind it that a neighbour crosses, too. Equal on the line,
        // each would have 5/3, less than what their parts hold: the link has room.
        let mut s = Sharing::new();
        let [link, line] = [4.0, 5.0].map(|c| s.add_resource(c));
        let lanes = s.divide(link, &[(0, 1.0), (0, 3.0)]);
        let own = lanes.iter().map(|l| s.add_class(&[*l, line], 1.0, f64::INFINITY));
        let mut c: Vec<_> = own.collect();
        c.push(s.add_class(&[line], 1.0, 0.5));
        c.iter().for_each(|c| _ = s.start(*c, 1e6, at(0)));
        // The neighbour's cap is 0.5; 4 are left for the link: 1 and 3.
        assert!(near(&rates(&mut s, &c), &[1.0, 3.0, 0.5]));
        s.set_cap(c[2], f64::INFINITY, at(1));
        assert!(near(&rates(&mut s, &c), &[5.0 / 3.0; 3]));
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
        // Rates are max-min fair if a part that is held back has what it got; and only parts may be held
        // back that have the highest level of their order, while they and those before them take all
        // there is. So, too, where parts hang on each other by way of other links.
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
                prop_assert_eq!(certify(&capacities, &shares), Ok(()));
            }
            // It is the same whatever came before, where parts do not hang on each other.
            let mut fresh = Sharing::new();
            let links: Vec<_> = whole.map(|c| fresh.add_resource(c)).into();
            let parts = fresh.divide(links[3], &PARTS);
            let resource = |r: &usize| if *r < 3 { links[*r] } else { parts[r - 3] };
            for ((path, (_, _, weight, cap)), class) in paths.iter().zip(&specs).zip(&classes) {
                let path_of: Vec<_> = path.iter().map(resource).collect();
                let cap = if path.is_empty() { 1.0 } else { *cap };
                let twin = fresh.add_class(&path_of, *weight, cap);
                (0..s.active(*class)).for_each(|_| _ = fresh.start(twin, 1e9, at(0)));
                prop_assert_eq!(twin, *class);
            }
            for class in &classes {
                let (had, has) = (s.rate(*class).0, fresh.rate(*class).0);
                // (Of what is there, 1e-12 more or less is none.)
                let same = had == has || (had - has).abs() <= 1e-9 * had.max(has) + 1e-11;
                prop_assert!(same, "{had} {has} apart {apart}");
            }
        }
    }
}
