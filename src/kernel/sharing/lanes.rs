//! Strict priorities: who comes first takes what it can get, the others share what is left.
//!
//! A resource that classes of a lower priority cross has a *lane* for each such priority: a resource
//! of its own, whose capacity is what the lanes before it leave. No lane depends on one behind it,
//! so the lanes are put right one priority after the other.

use std::ops::Range;

use super::ResourceId;
use super::core::Core;
use super::form::Form;
use super::parts::{Level, Part, Split};

/// Capacities of lanes that differ by less than this share of the whole are equal.
const SAME: f64 = 1e-13;

/// The lanes behind those of priority 0, which are the resources themselves.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    /// (priority, resource, its lane), in this order.
    all: Vec<(u8, u32, u32)>,
    /// Of each resource and lane, the resource.
    base: Vec<u32>,
    /// The parts of resources that are divided, by these and by order.
    pub(super) parts: Vec<Part>,
    /// The resources that are divided.
    pub(super) splits: Vec<Split>,
}

impl Lanes {
    /// One more resource, which is its own first lane.
    pub(super) fn grow(&mut self) {
        self.base.push(u32::try_from(self.base.len()).expect("fewer than 2^32 resources"));
    }

    /// The resource of a lane.
    #[inline]
    pub(super) fn base(&self, lane: u32) -> u32 {
        self.base[lane as usize]
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty() && self.parts.is_empty()
    }

    /// Notes a part of a resource.
    pub(super) fn add_part(&mut self, part: Part) {
        self.base[part.lane as usize] = part.base;
        let key = (part.base, part.order);
        let at = self.parts.partition_point(|p| (p.base, p.order) <= key);
        self.parts.insert(at, part);
        if self.splits.iter().all(|split| split.base != part.base) {
            self.splits.push(Split { base: part.base, at: Level::FREE });
        }
    }

    /// Where the parts of a resource are in the list.
    pub(super) fn parts_of(&self, base: u32) -> Range<usize> {
        let before = |b: u32| self.parts.partition_point(|p| p.base < b);
        before(base)..before(base + 1)
    }

    /// Whether a resource has a lane of a priority.
    pub(super) fn has(&self, r: u32, priority: u8) -> bool {
        priority == 0 || self.find(r, priority).is_ok()
    }

    /// Where a lane behind the first is in the list, or would be.
    fn find(&self, r: u32, priority: u8) -> Result<usize, usize> {
        self.all.binary_search_by_key(&(priority, r), |lane| (lane.0, lane.1))
    }

    /// The lanes of a resource behind the first, and its parts.
    pub(super) fn behind(&self, r: u32) -> impl Iterator<Item = u32> + '_ {
        let lanes = self.all.iter().filter(move |lane| lane.1 == r).map(|lane| lane.2);
        lanes.chain(self.parts.iter().filter(move |part| part.base == r).map(|part| part.lane))
    }
}

impl<F: Form> Core<F> {
    /// The lane of a priority on a resource, made at its first use.
    pub(super) fn lane(&mut self, r: u32, priority: u8) -> u32 {
        if priority == 0 {
            return r;
        }
        assert!(self.lanes.parts.is_empty(), "parts have orders, and classes then no priorities");
        let at = match self.lanes.find(r, priority) {
            Ok(at) => return self.lanes.all[at].2,
            Err(at) => at,
        };
        let ResourceId(lane) = self.add_resource(self.links[r].capacity);
        self.lanes.base[lane as usize] = r;
        self.lanes.all.insert(at, (priority, r, lane));
        lane
    }

    /// Gives each lane what those before it leave, one priority after the other.
    #[cold]
    pub(super) fn settle_lanes(&mut self) {
        let mut at = 0;
        while let Some(&(priority, ..)) = self.lanes.all.get(at) {
            let first = at;
            while let Some(&(_, r, lane)) = self.lanes.all.get(at).filter(|l| l.0 == priority) {
                let whole = self.links[r].capacity;
                let before = self.lanes.all[..first].iter().filter(|l| l.1 == r);
                let taken = self.load_of(r) + before.map(|l| self.load_of(l.2)).sum::<f64>();
                let left = if whole == f64::INFINITY { whole } else { whole - taken };
                let old = self.links[lane].capacity;
                // What rounding leaves of a full resource is nothing.
                let full = whole.is_finite() && left <= SAME * whole;
                let left = if full { 0.0 } else { left };
                let other = if whole.is_finite() && old.is_finite() {
                    (left - old).abs() > SAME * whole || (left == 0.0) != (old == 0.0)
                } else {
                    left != old
                };
                if other {
                    self.change_capacity(lane, left);
                }
                at += 1;
            }
            self.repair();
        }
    }
}
