//! The matrix of any number of resources: lists, and an index of their cells.

use super::cells::Cells;
use super::core::{Link, Step};
use super::form::{Faster, Form, Mask, Who};
use super::marks::Marks;
use super::slots::Listed;
use super::soonest::Soonest;
use std::fmt::Debug;

/// Rows and columns as lists.
#[derive(Debug, Default)]
pub(super) struct Many {
    cells: Cells,
    marks: Marks,
    /// A resource must be looked at once its load is above this: always while it holds classes
    /// (minus infinity), when it is over its room while it holds none, never while it is marked or
    /// under repair (infinity).
    alarm: Listed<f64>,
    /// Nobody that crosses a resource and is not in its group has a level above this, unless it is
    /// at its own ceiling.
    top: Listed<f64>,
    soonest: Soonest,
    touched: Vec<u32>,
    is_touched: Listed<bool>,
}

/// Where the alarm stands while a resource is not marked.
#[inline]
const fn alarm(holds: bool, room: f64) -> f64 {
    if holds { f64::NEG_INFINITY } else { room }
}

/// The greater of two numbers that are not negative: so are their bits.
#[inline]
fn greater(a: f64, b: f64) -> f64 {
    f64::from_bits(a.to_bits().max(b.to_bits()))
}

impl Form for Many {
    type Of<T: Debug + Default> = Listed<T>;

    fn grow(&mut self, room: f64) {
        self.cells.grow();
        self.marks.grow();
        self.soonest.grow();
        self.alarm.0.push(room);
        self.top.0.push(0.0);
        self.is_touched.0.push(false);
    }

    fn admit(&mut self, _weight: f64, _steps: &[Step]) -> bool {
        false
    }

    fn mask(steps: &[Step]) -> Mask {
        steps.iter().fold(0, |mask, step| mask | 1 << (step.link % 32))
    }

    fn count(&mut self, _group: u32, _steps: &[Step]) {}

    #[inline]
    fn crosses(_mask: Mask, steps: &[Step], r: u32) -> bool {
        steps.iter().any(|step| step.link == r)
    }

    #[inline]
    fn join(
        &mut self,
        group: u32,
        _mask: Mask,
        steps: &[Step],
        mass: f64,
        level: f64,
        used: &mut Self::Of<f64>,
    ) -> f64 {
        let mut own = 0.0;
        for step in steps {
            let share = step.share(mass);
            own = if step.link == group { share } else { own };
            used[step.link] += share * level;
            self.note_level(step.link, level);
        }
        self.cells.join(group, steps, mass);
        own
    }

    #[inline]
    fn quit(
        &mut self,
        group: u32,
        steps: &[Step],
        mass: f64,
        level: f64,
        used: &mut Self::Of<f64>,
        links: &Self::Of<Link>,
    ) -> f64 {
        self.cells.quit(group, steps, mass);
        let mut own = 0.0;
        for step in steps {
            let (r, share) = (step.link, step.share(mass));
            own = if step.link == group { share } else { own };
            // With nobody left, a load is 0 whatever the rounding says.
            let others = self.cells.others(step.link) || links[r].own > 0;
            used[r] = if others { used[r] - share * level } else { 0.0 };
        }
        own
    }

    #[inline]
    fn add(
        &mut self,
        group: u32,
        steps: &[Step],
        mass: f64,
        level: f64,
        used: &mut Self::Of<f64>,
    ) -> f64 {
        let mut own = 0.0;
        for step in steps {
            let share = step.share(mass);
            own = if step.link == group { share } else { own };
            used[step.link] += share * level;
        }
        self.cells.add(group, steps, mass);
        own
    }

    #[inline]
    fn is_alone(&self, r: u32) -> bool {
        !self.cells.others(r) && self.cells.column(r).is_empty()
    }

    #[inline]
    fn others(&self, r: u32) -> bool {
        self.cells.others(r)
    }

    fn each_crossed(&self, group: u32, mut each: impl FnMut(u32)) {
        self.cells.column(group).iter().for_each(|cell| each(cell.resource));
    }

    fn each_crossing(&self, r: u32, mut each: impl FnMut(u32, f64)) {
        for crossing in self.cells.row(r) {
            if crossing.group != r {
                each(crossing.group, self.cells.share(*crossing));
            }
        }
    }

    #[inline]
    fn note_faster(
        &mut self,
        r: u32,
        level: f64,
        _risen: bool,
        levels: &Self::Of<f64>,
        into: &mut Vec<Faster>,
    ) -> f64 {
        if level >= self.top[r] {
            return 0.0;
        }
        let (mut load, mut top) = (0.0, 0.0);
        for &crossing in self.cells.row(r) {
            let other = levels[crossing.group];
            if crossing.group == r {
                continue;
            }
            if other > level {
                let share = self.cells.share(crossing);
                load += share * other;
                into.push(Faster { level: other, share, who: Who::Group(crossing.group) });
            } else {
                top = greater(top, other);
            }
        }
        self.top[r] = top;
        load
    }

    #[inline]
    fn note_level(&mut self, r: u32, level: f64) {
        let top = &mut self.top[r];
        *top = greater(*top, level);
    }

    fn spread(
        &mut self,
        group: u32,
        change: f64,
        level: f64,
        used: &mut Self::Of<f64>,
        _room: &Self::Of<f64>,
    ) {
        let column = self.cells.column(group);
        let (used, top) = (&mut used.0[..], &mut self.top.0[..]);
        let alarm = &mut self.alarm.0[..];
        // The group's own resource is in its column, but not among those it loads.
        let own = (used[group as usize], top[group as usize]);
        if let Some(dense) = self.cells.dense(group) {
            let mut off = false;
            for ((used, share), alarm) in used.iter_mut().zip(dense).zip(&*alarm) {
                *used += share * change;
                off |= *used > *alarm;
            }
            if off {
                let loads = column.iter().map(|cell| (cell.resource, used[cell.resource as usize]));
                self.marks.sound(loads, alarm);
            }
        } else {
            let loads = column.iter().map(|cell| {
                let used = &mut used[cell.resource as usize];
                *used += cell.share * change;
                (cell.resource, *used)
            });
            self.marks.sound(loads, alarm);
        }
        if change > 0.0 {
            for cell in column {
                let top = &mut top[cell.resource as usize];
                *top = greater(*top, level);
            }
        }
        (used[group as usize], top[group as usize]) = own;
    }

    #[inline]
    fn hold(&mut self, r: u32, holds: bool, room: f64) {
        let is = &mut self.alarm[r];
        if *is < f64::INFINITY {
            *is = alarm(holds, room);
        }
    }

    #[inline]
    fn complete_at(&mut self, group: u32, at: u64) {
        self.soonest.set(group, at);
    }

    #[inline]
    fn completion(&self, group: u32) -> u64 {
        self.soonest.get(group)
    }

    #[inline]
    fn first(&mut self) -> (u64, u32) {
        self.soonest.first()
    }

    fn set_room(&mut self, r: u32, holds: bool, room: f64, before: f64) {
        let is = &mut self.alarm[r];
        if *is < f64::INFINITY || before == f64::INFINITY {
            *is = alarm(holds, room);
        }
    }

    fn begin(&mut self, _group: u32) {}

    #[inline]
    fn rekey(&mut self, r: u32, links: &Self::Of<Link>, levels: &Self::Of<f64>) {
        let (link, level) = (&links[r], levels[r]);
        let key = if level < f64::INFINITY { level } else { link.capacity / link.share };
        self.marks.set_key(r, key);
    }

    #[inline]
    fn rise(&mut self, mask: Mask, steps: &[Step], used: &Self::Of<f64>, _room: &Self::Of<f64>) {
        self.fall(mask, steps, used);
    }

    #[inline]
    fn fall(&mut self, _mask: Mask, steps: &[Step], used: &Self::Of<f64>) {
        let loads = steps.iter().map(|step| (step.link, used[step.link]));
        self.marks.sound(loads, &mut self.alarm.0);
    }

    #[inline]
    fn mark(&mut self, r: u32, used: f64, _room: f64) {
        self.marks.sound(std::iter::once((r, used)), &mut self.alarm.0);
    }

    #[inline]
    fn is_marked(&self) -> bool {
        !self.marks.is_empty()
    }

    #[inline]
    fn pop(&mut self, _links: &Self::Of<Link>, _levels: &Self::Of<f64>) -> Option<u32> {
        self.marks.pop(&self.alarm.0)
    }

    #[inline]
    fn done(&mut self, r: u32, holds: bool, room: f64) {
        self.alarm[r] = alarm(holds, room);
    }

    #[inline]
    fn touch(&mut self, group: u32) {
        if !self.is_touched[group] {
            self.is_touched[group] = true;
            self.touched.push(group);
        }
    }

    #[inline]
    fn is_touched(&self) -> bool {
        !self.touched.is_empty()
    }

    #[inline]
    fn take_touched(&mut self, mut at: impl FnMut(u32) -> u64) {
        for group in self.touched.drain(..) {
            self.is_touched[group] = false;
            self.soonest.set(group, at(group));
        }
    }
}
