//! Weighted max-min fair sharing of anonymous capacities, by bottleneck.
//!
//! Flows with the same path, weight and cap form a *class*. In a max-min allocation each class is
//! held back by one full resource or by its own ceiling (cap / weight), and runs at that one's
//! *level* (rate / weight). So the classes that a resource holds form its *group*: they share one
//! level and one clock of attained work, and a flow is done when the clock reaches the mark that
//! it got at its start. However many flows there are, no more rates exist than resources and
//! ceilings.
//!
//! An allocation is max-min fair exactly when each class is at its ceiling, or in the group of a
//! full resource on which nobody has a higher level (Bertsekas & Gallager, 6.5.2). `level` repairs
//! this after a change, resource by resource, lowest level first: only levels that change are
//! touched, and a class only when its bottleneck moves.
//!
//! | file | holds |
//! |---|---|
//! | `mod` | what the owner can ask |
//! | `core` | the state; starts, ends and removals of flows |
//! | `level` | the repair of levels |
//! | `membership` | a class in a group, at its ceiling, and on its way between them |
//! | `accounts` | integrals of work, load and what held whom back |
//! | `lanes` | strict priorities |
//! | `parts` | resources that are divided among kinds of flows |
//! | `form` | which groups cross which resources, and what must be looked at: `few` resources in |
//! | | bits, or `many` in lists (`cells`, `marks`) |
//! | `queue`, `heap`, `soonest` | flows of a class, classes of a group, groups: by completion |
//! | `flows` | who is under way |
//!
//! Work is in bytes and rates in bytes per ns; a completion is rounded up to the next ns.

mod accounts;
mod cells;
mod core;
mod few;
mod flows;
mod form;
mod heap;
mod lanes;
mod level;
mod many;
mod marks;
mod membership;
mod parts;
mod queue;
mod slots;
mod soonest;
#[cfg(test)]
mod tests;

use self::core::Core;
use super::time::Instant;
use few::Few;
use many::Many;

/// No index.
const NONE: u32 = u32::MAX;
/// Clocks are set back beyond this many bytes, so that marks keep 2^-17 byte of precision.
const REBASE: f64 = 68_719_476_736.0;

/// A capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResourceId(pub u32);

/// Flows of one path, weight and cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClassId(pub u32);

/// One flow. The id of a flow that is done or was removed is worthless, never wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowId(u64);

impl FlowId {
    /// A small number that no other flow under way has: an index for the owner's notes.
    pub const fn slot(self) -> u32 {
        flows::slot(self.0)
    }
}

/// What holds a class back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bound {
    /// Nothing: its rate is infinite.
    Free,
    /// Its own cap.
    Cap,
    /// A cap of 0.
    Stalled,
    /// A full resource.
    Resource(ResourceId),
}

/// Integrals of a resource since its last reading.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ResourceUse {
    /// Bytes carried.
    pub bytes: f64,
    /// Integral of the capacity, bytes.
    pub capacity: f64,
    /// Time in ns during which it held some class back.
    pub full_ns: f64,
    /// Greatest load since then, bytes per ns.
    pub peak: f64,
}

/// Max-min fair sharing. See the module's documentation.
///
/// ```
/// use highwater::kernel::{Instant, Sharing};
/// let mut sharing = Sharing::new();
/// let link = sharing.add_resource(1.0); // 1 byte per ns = 8 Gbit/s
/// let class = sharing.add_class(&[link], 1.0, f64::INFINITY);
/// let a = sharing.start(class, 100.0, Instant::START);
/// let b = sharing.start(class, 300.0, Instant::START);
/// // Both run at 1/2 until a is done at 200; b has 200 left and is alone: done at 400.
/// assert_eq!(sharing.pop(), Some((Instant::from_nanos(200), a)));
/// assert_eq!(sharing.pop(), Some((Instant::from_nanos(400), b)));
/// assert_eq!(sharing.pop(), None);
/// ```
#[derive(Debug)]
pub struct Sharing(Kind);

#[derive(Debug)]
enum Kind {
    Few(Box<Core<Few>>),
    Many(Box<Core<Many>>),
}

/// Asks whichever it is.
macro_rules! ask {
    ($kind:expr, $core:ident => $answer:expr) => {
        match $kind {
            Kind::Few($core) => $answer,
            Kind::Many($core) => $answer,
        }
    };
}

impl Default for Sharing {
    fn default() -> Self {
        Self(Kind::Few(Box::default()))
    }
}

impl Sharing {
    /// Nothing yet, at the start of time.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes room for so many more resources.
    fn grow(&mut self, by: usize) {
        if let Kind::Few(few) = &mut self.0
            && few.len as usize + by > few::MOST
        {
            self.0 = Kind::Many(Box::new(std::mem::take(&mut **few).into_many()));
        }
    }

    /// Adds a capacity in bytes per ns; 0 and infinity are legal.
    pub fn add_resource(&mut self, capacity: f64) -> ResourceId {
        self.grow(1);
        ask!(&mut self.0, it => it.add_resource(capacity))
    }

    /// Makes room for so many more classes, and for so many crossings of resources by all of them
    /// together: they come in faster then.
    pub fn reserve_classes(&mut self, classes: usize, crossings: usize) {
        ask!(&mut self.0, it => it.reserve_classes(classes, crossings));
    }

    /// Adds a class: `path` lists the resources its flows cross (a repeated one counts as often as
    /// it is listed), each flow has `weight` > 0 and runs at most at `cap` bytes per ns. Weights are
    /// summed in f64: of weights that differ 10^k-fold, k of 16 digits of the least are lost.
    pub fn add_class(&mut self, path: &[ResourceId], weight: f64, cap: f64) -> ClassId {
        self.add_class_of(path, weight, cap, 0)
    }

    /// Adds a class of a priority: classes of priority 0 share as if there were no others, those of
    /// priority 1 share what these leave, and so on.
    ///
    /// ```
    /// use highwater::kernel::{Instant, Sharing};
    /// let mut sharing = Sharing::new();
    /// let link = sharing.add_resource(1.0);
    /// let first = sharing.add_class_of(&[link], 1.0, 0.75, 0);
    /// let second = sharing.add_class_of(&[link], 1.0, f64::INFINITY, 1);
    /// sharing.start(first, 100.0, Instant::START);
    /// sharing.start(second, 100.0, Instant::START);
    /// assert_eq!((sharing.rate(first).0, sharing.rate(second).0), (0.75, 0.25));
    /// ```
    pub fn add_class_of(
        &mut self,
        path: &[ResourceId],
        weight: f64,
        cap: f64,
        priority: u8,
    ) -> ClassId {
        if priority > 0 {
            self.grow(ask!(&self.0, it => it.lanes_wanted(path, priority)));
        }
        ask!(&mut self.0, it => it.add_class(path, weight, cap, priority))
    }

    /// Divides a resource into parts of an order and a weight, which flows cross instead of it: parts
    /// of a lower order are served first, parts of one order share what is left by their weights, and
    /// what one does not use goes to the others; flows of one part share what that has. Nobody may
    /// cross the resource itself, and no class has a priority besides.
    ///
    /// ```
    /// use highwater::kernel::{Bound, Instant, Sharing};
    /// let mut sharing = Sharing::new();
    /// let link = sharing.add_resource(1.0);
    /// let parts = sharing.divide(link, &[(0, 1.0), (0, 3.0)]);
    /// let few = sharing.add_class(&[parts[0]], 1.0, f64::INFINITY);
    /// let many = sharing.add_class(&[parts[1]], 1.0, f64::INFINITY);
    /// sharing.start(few, 100.0, Instant::START);
    /// // Alone it has all.
    /// assert_eq!(sharing.rate(few), (1.0, Bound::Resource(link)));
    /// // A quarter for the one, three quarters for the ten together.
    /// (0..10).for_each(|_| _ = sharing.start(many, 100.0, Instant::START));
    /// assert_eq!(sharing.rate(few).0, 0.25);
    /// assert!((sharing.rate(many).0 - 0.075).abs() < 1e-12);
    /// ```
    pub fn divide(&mut self, resource: ResourceId, parts: &[(u8, f64)]) -> Vec<ResourceId> {
        self.grow(parts.len());
        ask!(&mut self.0, it => it.divide(resource.0, parts))
    }

    /// Starts a flow of `bytes` (not negative) at `now`.
    #[inline]
    pub fn start(&mut self, class: ClassId, bytes: f64, now: Instant) -> FlowId {
        ask!(&mut self.0, it => it.start(class, bytes, now))
    }

    /// Takes a flow out at `now`, before it is done. Returns the bytes it had left; none if it is
    /// not under way.
    pub fn remove(&mut self, flow: FlowId, now: Instant) -> Option<f64> {
        ask!(&mut self.0, it => it.remove(flow, now))
    }

    /// Changes a capacity at `now`.
    pub fn set_capacity(&mut self, resource: ResourceId, capacity: f64, now: Instant) {
        assert!(capacity >= 0.0, "a capacity is a number not below 0");
        ask!(&mut self.0, it => {
            it.pass(now.nanos());
            it.change_capacity(resource.0, capacity);
        });
    }

    /// Changes the cap of a class at `now`; 0 stalls its flows.
    pub fn set_cap(&mut self, class: ClassId, cap: f64, now: Instant) {
        ask!(&mut self.0, it => it.set_cap(class, cap, now));
    }

    /// When the next flow is done, if any will be.
    #[inline]
    pub fn next_at(&mut self) -> Option<Instant> {
        let (at, _) = ask!(&mut self.0, it => it.find_next());
        (at < u64::MAX).then(|| Instant::from_nanos(at))
    }

    /// Takes the next flow that is done, and passes to that instant. (Time must not have been passed
    /// beyond it: take what is done before anything later is said.) At one instant: groups before
    /// classes at their ceiling, each by number; within a class, who started first.
    #[inline]
    pub fn pop(&mut self) -> Option<(Instant, FlowId)> {
        ask!(&mut self.0, it => it.pop())
    }

    /// The present rate of each flow of a class, bytes per ns, and what holds it back; 0 and
    /// [`Bound::Free`] for a class without flows.
    pub fn rate(&mut self, class: ClassId) -> (f64, Bound) {
        ask!(&mut self.0, it => it.rate(class))
    }

    /// Number of flows under way in a class.
    pub fn active(&self, class: ClassId) -> u32 {
        ask!(&self.0, it => it.active(class))
    }

    /// The present load of a resource, bytes per ns.
    pub fn load(&mut self, resource: ResourceId) -> f64 {
        ask!(&mut self.0, it => {
            it.settle();
            it.load_of_all(resource.0)
        })
    }

    /// Has peaks of load followed; without, a reading's peak is that of the times when the resource
    /// was full and of the reading itself.
    pub fn watch_peaks(&mut self) {
        ask!(&mut self.0, it => it.watched = true);
    }

    /// Reads and restarts the integrals of a resource at `now`.
    pub fn read_resource(&mut self, resource: ResourceId, now: Instant) -> ResourceUse {
        ask!(&mut self.0, it => it.read_resource(resource, now))
    }

    /// Reads and restarts a class's delivered bytes, and hands each (bound, flow x ns) since the
    /// last reading to `each`.
    pub fn read_class(
        &mut self,
        class: ClassId,
        now: Instant,
        each: impl FnMut(Bound, f64),
    ) -> f64 {
        ask!(&mut self.0, it => it.read_class(class, now, each))
    }
}
