//! What the repair asks of the matrix of groups and resources.

use super::core::{Link, Step};
use super::slots::Slots;
use std::fmt::Debug;

/// A set of resources in bits, as far as a form keeps some.
pub(super) type Mask = u128;

/// Someone that crosses a resource at a higher level than its group's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Faster {
    pub(super) level: f64,
    pub(super) share: f64,
    pub(super) who: Who,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Who {
    Group(u32),
    /// A class at its own ceiling.
    Own(u32),
}

/// A class that moves from one group to another, and the levels of both.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move {
    pub(super) from: u32,
    pub(super) to: u32,
    /// Flows x weight.
    pub(super) mass: f64,
    pub(super) before: f64,
    pub(super) after: f64,
}

/// One of 32 bits for each resource of a mask.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "takes the quarters apart")]
pub(super) const fn sketch(mask: Mask) -> u32 {
    let half = mask as u64 | (mask >> 64) as u64;
    half as u32 | (half >> 32) as u32
}

/// Which groups cross which resources and with how much weight, which resources must be looked at,
/// and which groups changed: [`super::few::Few`] in bits, [`super::many::Many`] in lists.
///
/// Groups and resources are numbered alike: a resource's group holds the classes that it limits.
pub(super) trait Form: Debug + Default {
    /// Values by resource.
    type Of<T: Debug + Default>: Slots<T>;

    /// One more resource, which holds nobody.
    fn grow(&mut self, room: f64);

    /// There will be classes of a path and a weight; whether the classes there are must be counted
    /// with [`Form::count`], since sums of shares are rounded from now on.
    fn admit(&mut self, weight: f64, steps: &[Step]) -> bool;

    /// A path in this form's own notes.
    fn mask(steps: &[Step]) -> Mask;

    /// Counts a class that is in a group already.
    fn count(&mut self, group: u32, steps: &[Step]);

    /// Whether a path crosses a resource.
    fn crosses(mask: Mask, steps: &[Step], r: u32) -> bool;

    /// A class of two steps or more, of some mass (flows x weight), joins a group of some level: one more on each of its steps,
    /// whose loads rise. (That of the group's own resource too: the caller puts it back, which is
    /// one store and not a branch a step.) Returns the weight on the group's own resource.
    fn join(
        &mut self,
        group: u32,
        mask: Mask,
        steps: &[Step],
        mass: f64,
        level: f64,
        used: &mut Self::Of<f64>,
    ) -> f64;

    /// Such a class quits a group: one less on each of its steps, whose loads fall.
    fn quit(
        &mut self,
        group: u32,
        steps: &[Step],
        mass: f64,
        level: f64,
        used: &mut Self::Of<f64>,
        links: &Self::Of<Link>,
    ) -> f64;

    /// Such a class moves from one group to another: as if it quit and joined, but for the loads of
    /// both groups' own resources, which this puts right too. Returns the weights on these.
    fn transfer(
        &mut self,
        moves: Move,
        mask: Mask,
        steps: &[Step],
        used: &mut Self::Of<f64>,
        links: &Self::Of<Link>,
    ) -> (f64, f64) {
        let Move { from, to, mass, before, after } = moves;
        let own = used[from];
        let left = self.quit(from, steps, mass, before, used, links);
        used[from] = own;
        let own = used[to];
        let gained = self.join(to, mask, steps, mass, after, used);
        used[to] = own;
        (left, gained)
    }

    /// The weight of such a class changes by that of some flows.
    fn add(
        &mut self,
        group: u32,
        steps: &[Step],
        mass: f64,
        level: f64,
        used: &mut Self::Of<f64>,
    ) -> f64;

    /// Whether no other group crosses a resource, and its own crosses no other.
    fn is_alone(&self, r: u32) -> bool;

    /// Whether another group than its own crosses a resource.
    fn others(&self, r: u32) -> bool;

    /// Hands each resource that a group crosses to `each`; its own may be among them.
    fn each_crossed(&self, group: u32, each: impl FnMut(u32));

    /// Hands each other group that crosses a resource, and its share, to `each`.
    fn each_crossing(&self, r: u32, each: impl FnMut(u32, f64));

    /// Notes the other groups that cross a resource at more than `level`; returns their load. With
    /// `risen`, the resource was right when the last repair ended and its level did not fall
    /// since, so that only what changed since then can be above it.
    fn note_faster(
        &mut self,
        r: u32,
        level: f64,
        risen: bool,
        levels: &Self::Of<f64>,
        into: &mut Vec<Faster>,
    ) -> f64;

    /// Someone noted as faster stays at this level on a resource.
    fn note_level(&mut self, r: u32, level: f64);

    /// The members of a group changed their level by `change`, to `level`: the loads of the other
    /// resources that they cross follow; those that hold classes, or are now over, are marked.
    fn spread(
        &mut self,
        group: u32,
        change: f64,
        level: f64,
        used: &mut Self::Of<f64>,
        room: &Self::Of<f64>,
    );

    /// A resource begins or ceases to hold classes back.
    fn hold(&mut self, r: u32, holds: bool, room: f64);

    /// A group that holds classes completes next at an instant, ns.
    fn complete_at(&mut self, group: u32, at: u64);

    /// When a group that holds classes completes next.
    fn completion(&self, group: u32) -> u64;

    /// The least of these instants and whose it is, the lower number at a tie; `u64::MAX` if there
    /// is none.
    fn first(&mut self) -> (u64, u32);

    /// A resource that holds nobody got another room.
    fn set_room(&mut self, r: u32, holds: bool, room: f64, before: f64);

    /// A group without a clock got one.
    fn begin(&mut self, group: u32);

    /// The level of a resource's group, or what would be its level, changed.
    fn rekey(&mut self, r: u32, links: &Self::Of<Link>, levels: &Self::Of<f64>);

    /// Loads on a path rose: marks its resources that hold classes or are over their room.
    fn rise(&mut self, mask: Mask, steps: &[Step], used: &Self::Of<f64>, room: &Self::Of<f64>);

    /// Loads on a path fell: marks its resources that hold classes.
    fn fall(&mut self, mask: Mask, steps: &[Step], used: &Self::Of<f64>);

    /// Marks a resource if it holds classes or is over its room.
    fn mark(&mut self, r: u32, used: f64, room: f64);

    /// Whether any resource is marked.
    fn is_marked(&self) -> bool;

    /// The marked resource of the lowest key; it keeps its mark until `done`.
    fn pop(&mut self, links: &Self::Of<Link>, levels: &Self::Of<f64>) -> Option<u32>;

    /// A resource is right again.
    fn done(&mut self, r: u32, holds: bool, room: f64);

    /// The next completion of a group may have moved.
    fn touch(&mut self, group: u32);

    /// Whether any group was touched.
    fn is_touched(&self) -> bool;

    /// Asks `at` when each touched group completes next (`u64::MAX` for one that holds nobody, if it
    /// is asked); none is touched afterwards.
    fn take_touched(&mut self, at: impl FnMut(u32) -> u64);
}
