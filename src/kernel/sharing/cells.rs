//! Which groups cross which resources, and with how much weight: a sparse matrix.
//!
//! The column of a group lists the resources that its classes cross, its own too; the row of a
//! resource lists the groups that cross it. (Classes that cross one resource only are in neither.)
//! Both are short lists in no order that matters; an index finds the cell of a pair: a table while
//! there are few resources, hashing beyond.

use super::NONE;
use super::core::Step;

/// Up to this many resources the index is a table of their square.
const TABLE_MOST: usize = 512;
/// A column has a dense form only while it is longer than this.
const DENSE_LEAST: usize = 16;

/// A cell in its group's column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub(super) resource: u32,
    /// Position in the resource's row.
    back: u32,
    /// Flows x weight x crossings.
    pub(super) share: f64,
    classes: u32,
}

/// A cell in its resource's row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crossing {
    pub(super) group: u32,
    /// Position in the group's column.
    back: u32,
}

/// The matrix with its index. Groups and resources are numbered alike: a resource's group holds the
/// classes that it limits.
#[derive(Debug, Default)]
pub(super) struct Cells {
    matrix: Matrix,
    index: Index,
}

#[derive(Debug, Default)]
struct Matrix {
    columns: Vec<Vec<Cell>>,
    rows: Vec<Vec<Crossing>>,
    /// For a column of many cells, its shares by resource, 0 elsewhere: so many are faster to go
    /// through in order. Empty for others.
    dense: Vec<Vec<f64>>,
    /// Whether a resource's own group is in its row.
    own: Vec<bool>,
}

impl Cells {
    pub(super) fn grow(&mut self) {
        self.matrix.columns.push(Vec::new());
        self.matrix.rows.push(Vec::new());
        self.matrix.dense.push(Vec::new());
        self.matrix.own.push(false);
        self.matrix.dense.iter_mut().for_each(Vec::clear);
        self.index.grow(self.matrix.rows.len(), &self.matrix.columns);
    }

    #[inline]
    pub(super) fn column(&self, group: u32) -> &[Cell] {
        &self.matrix.columns[group as usize]
    }

    /// Shares of a group by resource, where its column is long; as long as there were resources.
    #[inline]
    pub(super) fn dense(&self, group: u32) -> Option<&[f64]> {
        let dense = &self.matrix.dense[group as usize];
        (!dense.is_empty()).then_some(dense)
    }

    /// Whether another group than its own crosses a resource.
    #[inline]
    pub(super) fn others(&self, resource: u32) -> bool {
        self.matrix.rows[resource as usize].len() > usize::from(self.matrix.own[resource as usize])
    }

    #[inline]
    pub(super) fn row(&self, resource: u32) -> &[Crossing] {
        &self.matrix.rows[resource as usize]
    }

    /// Weight with which a group crosses a resource, from the resource's row.
    #[inline]
    pub(super) fn share(&self, crossing: Crossing) -> f64 {
        self.matrix.columns[crossing.group as usize][crossing.back as usize].share
    }

    /// A class joins a group: one more on each of its steps.
    #[inline]
    pub(super) fn join(&mut self, group: u32, steps: &[Step], mass: f64) {
        match &mut self.index {
            Index::Table(table) => self.matrix.join(table.line(group), group, steps, mass),
            Index::Hash(hash) => self.matrix.join(Hashed { hash, group }, group, steps, mass),
        }
    }

    /// A class quits a group: one less on each of its steps.
    #[inline]
    pub(super) fn quit(&mut self, group: u32, steps: &[Step], mass: f64) {
        match &mut self.index {
            Index::Table(table) => self.matrix.quit(table.line(group), group, steps, mass),
            Index::Hash(hash) => self.matrix.quit(Hashed { hash, group }, group, steps, mass),
        }
    }

    /// The weight of a class of a group changes by that of some flows.
    #[inline]
    pub(super) fn add(&mut self, group: u32, steps: &[Step], mass: f64) {
        match &mut self.index {
            Index::Table(table) => self.matrix.add(table.line(group), group, steps, mass),
            Index::Hash(hash) => self.matrix.add(Hashed { hash, group }, group, steps, mass),
        }
    }
}

impl Matrix {
    fn join(&mut self, mut line: impl Line, group: u32, steps: &[Step], mass: f64) {
        let column = &mut self.columns[group as usize];
        let dense = &mut self.dense[group as usize];
        for step in steps {
            let share = step.share(mass);
            let at = line.get(step.link);
            if at == NONE {
                let row = &mut self.rows[step.link as usize];
                let at = small(column.len());
                column.push(Cell {
                    resource: step.link,
                    back: small(row.len()),
                    share,
                    classes: 1,
                });
                row.push(Crossing { group, back: at });
                line.set(step.link, at);
                self.own[step.link as usize] |= step.link == group;
            } else {
                let cell = &mut column[at as usize];
                cell.share += share;
                cell.classes += 1;
            }
            if let Some(dense) = dense.get_mut(step.link as usize) {
                *dense += share;
            }
        }
        if dense.is_empty() && column.len() > DENSE_LEAST && column.len() > self.rows.len() / 4 {
            dense.resize(self.rows.len(), 0.0);
            for cell in column {
                dense[cell.resource as usize] = cell.share;
            }
        }
    }

    fn quit(&mut self, mut line: impl Line, group: u32, steps: &[Step], mass: f64) {
        for step in steps {
            let share = step.share(mass);
            let at = line.get(step.link);
            let column = &mut self.columns[group as usize];
            let cell = &mut column[at as usize];
            cell.share -= share;
            cell.classes -= 1;
            let (gone, back) = (cell.classes == 0, cell.back);
            if let Some(dense) = self.dense[group as usize].get_mut(step.link as usize) {
                *dense = if gone { 0.0 } else { *dense - share };
            }
            if !gone {
                continue;
            }
            line.clear(step.link);
            self.own[step.link as usize] &= step.link != group;
            column.swap_remove(at as usize);
            if let Some(moved) = column.get(at as usize) {
                self.rows[moved.resource as usize][moved.back as usize].back = at;
                line.set(moved.resource, at);
            }
            let row = &mut self.rows[step.link as usize];
            row.swap_remove(back as usize);
            if let Some(moved) = row.get(back as usize) {
                self.columns[moved.group as usize][moved.back as usize].back = back;
            }
        }
        if self.columns[group as usize].len() <= DENSE_LEAST / 2 {
            self.dense[group as usize].clear();
        }
    }

    fn add(&mut self, line: impl Line, group: u32, steps: &[Step], mass: f64) {
        let column = &mut self.columns[group as usize];
        let dense = &mut self.dense[group as usize];
        for step in steps {
            let share = step.share(mass);
            column[line.get(step.link) as usize].share += share;
            if let Some(dense) = dense.get_mut(step.link as usize) {
                *dense += share;
            }
        }
    }
}

fn small(n: usize) -> u32 {
    u32::try_from(n).expect("fewer than 2^32 resources")
}

/// (group, resource) -> position in the group's column.
#[derive(Debug)]
enum Index {
    Table(Table),
    Hash(Hash),
}

impl Default for Index {
    fn default() -> Self {
        Self::Table(Table::default())
    }
}

impl Index {
    /// Makes room for so many resources.
    fn grow(&mut self, resources: usize, columns: &[Vec<Cell>]) {
        let Self::Table(table) = self else {
            return;
        };
        if resources <= table.side {
            return;
        }
        let all = (0..).zip(columns).flat_map(|(group, column)| {
            (0..).zip(column).map(move |(at, cell)| (group, cell.resource, at))
        });
        *self = if resources <= TABLE_MOST {
            let side = resources.next_power_of_two().max(8);
            let mut table = Table { side, at: vec![u16::MAX; side * side] };
            all.for_each(|(group, resource, at)| table.line(group).set(resource, at));
            Self::Table(table)
        } else {
            let mut hash = Hash { slots: vec![FREE; 4_096], used: 0, shift: 64 - 12 };
            all.for_each(|(group, resource, at)| hash.set(group, resource, at));
            Self::Hash(hash)
        };
    }
}

/// The index of one group.
trait Line {
    fn get(&self, resource: u32) -> u32;
    fn set(&mut self, resource: u32, to: u32);
    fn clear(&mut self, resource: u32);
}

#[derive(Debug, Default)]
struct Table {
    side: usize,
    at: Vec<u16>,
}

impl Table {
    #[inline]
    fn line(&mut self, group: u32) -> &mut [u16] {
        &mut self.at[group as usize * self.side..][..self.side]
    }
}

impl Line for &mut [u16] {
    #[inline]
    fn get(&self, resource: u32) -> u32 {
        match self[resource as usize] {
            u16::MAX => NONE,
            at => u32::from(at),
        }
    }

    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a column is shorter than the table's side"
    )]
    fn set(&mut self, resource: u32, to: u32) {
        self[resource as usize] = to as u16;
    }

    #[inline]
    fn clear(&mut self, resource: u32) {
        self[resource as usize] = u16::MAX;
    }
}

struct Hashed<'a> {
    hash: &'a mut Hash,
    group: u32,
}

impl Line for Hashed<'_> {
    #[inline]
    fn get(&self, resource: u32) -> u32 {
        self.hash.get(self.group, resource)
    }

    #[inline]
    fn set(&mut self, resource: u32, to: u32) {
        self.hash.set(self.group, resource, to);
    }

    #[inline]
    fn clear(&mut self, resource: u32) {
        self.hash.clear(self.group, resource);
    }
}

/// Open addressing with linear probing, at most half full.
#[derive(Debug)]
struct Hash {
    slots: Vec<(u32, u32, u32)>,
    used: usize,
    shift: u32,
}

const FREE: (u32, u32, u32) = (NONE, NONE, NONE);

impl Hash {
    #[inline]
    fn get(&self, group: u32, resource: u32) -> u32 {
        let mask = self.slots.len() - 1;
        let mut i = hash(group, resource, self.shift);
        loop {
            let slot = self.slots[i];
            if slot.0 == group && slot.1 == resource {
                return slot.2;
            }
            if slot == FREE {
                return NONE;
            }
            i = (i + 1) & mask;
        }
    }

    fn set(&mut self, group: u32, resource: u32, to: u32) {
        let mask = self.slots.len() - 1;
        let mut i = hash(group, resource, self.shift);
        while self.slots[i] != FREE && (self.slots[i].0, self.slots[i].1) != (group, resource) {
            i = (i + 1) & mask;
        }
        self.used += usize::from(self.slots[i] == FREE);
        self.slots[i] = (group, resource, to);
        if self.used * 2 > self.slots.len() {
            let old = std::mem::replace(&mut self.slots, vec![FREE; (mask + 1) * 2]);
            self.shift -= 1;
            self.used = 0;
            for slot in old {
                if slot != FREE {
                    self.set(slot.0, slot.1, slot.2);
                }
            }
        }
    }

    fn clear(&mut self, group: u32, resource: u32) {
        let mask = self.slots.len() - 1;
        let mut hole = hash(group, resource, self.shift);
        while (self.slots[hole].0, self.slots[hole].1) != (group, resource) {
            hole = (hole + 1) & mask;
        }
        // Close the hole: move back what could not be found across it.
        let mut i = hole;
        loop {
            i = (i + 1) & mask;
            if self.slots[i] == FREE {
                break;
            }
            let home = hash(self.slots[i].0, self.slots[i].1, self.shift);
            if (i.wrapping_sub(home) & mask) >= (i.wrapping_sub(hole) & mask) {
                self.slots[hole] = self.slots[i];
                hole = i;
            }
        }
        self.slots[hole] = FREE;
        self.used -= 1;
    }
}

/// Fibonacci hashing of a pair to the upper bits.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "a few bits are left")]
fn hash(group: u32, resource: u32, shift: u32) -> usize {
    let pair = u64::from(group) << 32 | u64::from(resource);
    (pair.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> shift) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        // Against a map, with few resources (table) and with many (hashing).
        #[test]
        fn equals_a_map(
            many in any::<bool>(),
            steps in prop::collection::vec((0u32..40, 0u32..40, any::<bool>()), 1..600),
        ) {
            let spread = if many { 30 } else { 1 };
            let mut cells = Cells::default();
            (0..40 * spread).for_each(|_| cells.grow());
            let mut map: BTreeMap<(u32, u32), u32> = BTreeMap::new();
            for (g, r, join) in steps {
                let (g, r) = (g * spread, r * spread);
                let count = map.entry((g, r)).or_default();
                if join {
                    *count += 1;
                    cells.join(g, &[Step { link: r, times: 1.0 }], 0.5);
                } else if *count > 0 {
                    *count -= 1;
                    cells.quit(g, &[Step { link: r, times: 1.0 }], 0.5);
                }
                if *count == 0 {
                    map.remove(&(g, r));
                }
            }
            let mut by_column = BTreeMap::new();
            let mut by_row = BTreeMap::new();
            for i in 0..40 * spread {
                for cell in cells.column(i) {
                    by_column.insert((i, cell.resource), cell.share);
                }
                for crossing in cells.row(i) {
                    by_row.insert((crossing.group, i), cells.share(*crossing));
                }
            }
            let expect: BTreeMap<_, _> = map.iter().map(|(k, n)| (*k, f64::from(*n) * 0.5)).collect();
            prop_assert_eq!(&by_column, &expect);
            prop_assert_eq!(&by_row, &expect);
        }
    }
}
