//! Which groups cross which resources, and with how much weight: a sparse matrix.
//!
//! The column of a group lists the other resources that its classes cross; the row of a resource
//! lists the groups that cross it. Both are short lists in no order that matters; an index finds
//! the cell of a pair: a table while there are few resources, hashing beyond.

const NONE: u32 = u32::MAX;
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

/// The matrix. Groups and resources are numbered alike: a resource's group holds the classes that
/// it limits.
#[derive(Debug, Default)]
pub(super) struct Cells {
    columns: Vec<Vec<Cell>>,
    rows: Vec<Vec<Crossing>>,
    /// For a column of many cells, its shares by resource, 0 elsewhere: so many are faster to go
    /// through in order. Empty for others.
    dense: Vec<Vec<f64>>,
    index: Index,
}

impl Cells {
    pub(super) fn grow(&mut self) {
        self.columns.push(Vec::new());
        self.rows.push(Vec::new());
        self.dense.push(Vec::new());
        self.dense.iter_mut().for_each(Vec::clear);
        self.index.grow(self.rows.len(), &self.columns);
    }

    #[inline]
    pub(super) fn column(&self, group: u32) -> &[Cell] {
        &self.columns[group as usize]
    }

    /// Shares of a group by resource, where its column is long; as long as there were resources.
    #[inline]
    pub(super) fn dense(&self, group: u32) -> Option<&[f64]> {
        let dense = &self.dense[group as usize];
        (!dense.is_empty()).then_some(dense)
    }

    /// Makes or drops the dense form of a column that has become long or short.
    #[cold]
    fn reform(&mut self, group: u32) {
        let (column, dense) = (&self.columns[group as usize], &mut self.dense[group as usize]);
        dense.clear();
        if column.len() > DENSE_LEAST {
            dense.resize(self.rows.len(), 0.0);
            for cell in column {
                dense[cell.resource as usize] = cell.share;
            }
        }
    }

    #[inline]
    fn is_long(&self, group: u32) -> bool {
        let len = self.columns[group as usize].len();
        len > DENSE_LEAST && len > self.rows.len() / 4
    }

    #[inline]
    pub(super) fn row(&self, resource: u32) -> &[Crossing] {
        &self.rows[resource as usize]
    }

    /// Weight with which a group crosses a resource, from the resource's row.
    #[inline]
    pub(super) fn share(&self, crossing: Crossing) -> f64 {
        self.columns[crossing.group as usize][crossing.back as usize].share
    }

    /// One more class of a group crosses a resource.
    #[inline]
    pub(super) fn join(&mut self, group: u32, resource: u32, share: f64) {
        let column = &mut self.columns[group as usize];
        let at = self.index.get(group, resource);
        if at == NONE {
            let row = &mut self.rows[resource as usize];
            let at = small(column.len());
            column.push(Cell { resource, back: small(row.len()), share, classes: 1 });
            row.push(Crossing { group, back: at });
            self.index.set(group, resource, at);
            if self.dense[group as usize].is_empty() && self.is_long(group) {
                return self.reform(group);
            }
        } else {
            let cell = &mut column[at as usize];
            cell.share += share;
            cell.classes += 1;
        }
        if let Some(dense) = self.dense[group as usize].get_mut(resource as usize) {
            *dense += share;
        }
    }

    /// A class of a group crosses a resource no more.
    #[inline]
    pub(super) fn quit(&mut self, group: u32, resource: u32, share: f64) {
        let at = self.index.get(group, resource);
        let column = &mut self.columns[group as usize];
        let cell = &mut column[at as usize];
        cell.share -= share;
        cell.classes -= 1;
        if let Some(dense) = self.dense[group as usize].get_mut(resource as usize) {
            *dense = if cell.classes > 0 { *dense - share } else { 0.0 };
        }
        if cell.classes > 0 {
            return;
        }
        let back = cell.back;
        column.swap_remove(at as usize);
        if let Some(moved) = column.get(at as usize) {
            self.rows[moved.resource as usize][moved.back as usize].back = at;
            self.index.set(group, moved.resource, at);
        }
        let row = &mut self.rows[resource as usize];
        row.swap_remove(back as usize);
        if let Some(moved) = row.get(back as usize) {
            self.columns[moved.group as usize][moved.back as usize].back = back;
        }
        self.index.clear(group, resource);
        if !self.dense[group as usize].is_empty()
            && self.columns[group as usize].len() <= DENSE_LEAST / 2
        {
            self.dense[group as usize].clear();
        }
    }

    /// The weight of a group on a resource changes by that of a flow.
    #[inline]
    pub(super) fn add(&mut self, group: u32, resource: u32, share: f64) {
        let at = self.index.get(group, resource);
        self.columns[group as usize][at as usize].share += share;
        if let Some(dense) = self.dense[group as usize].get_mut(resource as usize) {
            *dense += share;
        }
    }
}

fn small(n: usize) -> u32 {
    u32::try_from(n).expect("fewer than 2^32 resources")
}

/// (group, resource) -> position in the group's column.
#[derive(Debug)]
enum Index {
    Table { side: usize, at: Vec<u16> },
    Hash { slots: Vec<(u32, u32, u32)>, used: usize, shift: u32 },
}

impl Default for Index {
    fn default() -> Self {
        Self::Table { side: 0, at: Vec::new() }
    }
}

const FREE: (u32, u32, u32) = (NONE, NONE, NONE);

impl Index {
    #[inline]
    fn get(&self, group: u32, resource: u32) -> u32 {
        match self {
            Self::Table { side, at } => match at[group as usize * side + resource as usize] {
                u16::MAX => NONE,
                at => u32::from(at),
            },
            Self::Hash { slots, shift, .. } => {
                let mask = slots.len() - 1;
                let mut i = hash(group, resource, *shift);
                loop {
                    let slot = slots[i];
                    if slot.0 == group && slot.1 == resource {
                        return slot.2;
                    }
                    if slot == FREE {
                        return NONE;
                    }
                    i = (i + 1) & mask;
                }
            }
        }
    }

    #[inline]
    fn set(&mut self, group: u32, resource: u32, to: u32) {
        match self {
            Self::Table { side, at } => {
                at[group as usize * *side + resource as usize] =
                    u16::try_from(to).expect("a column is shorter than the table's side");
            }
            Self::Hash { slots, used, shift } => {
                let mask = slots.len() - 1;
                let mut i = hash(group, resource, *shift);
                while slots[i] != FREE && (slots[i].0, slots[i].1) != (group, resource) {
                    i = (i + 1) & mask;
                }
                *used += usize::from(slots[i] == FREE);
                slots[i] = (group, resource, to);
                if *used * 2 > slots.len() {
                    let old = std::mem::replace(slots, vec![FREE; (mask + 1) * 2]);
                    *shift -= 1;
                    *used = 0;
                    for slot in old {
                        if slot != FREE {
                            self.set(slot.0, slot.1, slot.2);
                        }
                    }
                }
            }
        }
    }

    #[inline]
    fn clear(&mut self, group: u32, resource: u32) {
        match self {
            Self::Table { side, at } => at[group as usize * *side + resource as usize] = u16::MAX,
            Self::Hash { slots, used, shift } => {
                let mask = slots.len() - 1;
                let mut hole = hash(group, resource, *shift);
                while (slots[hole].0, slots[hole].1) != (group, resource) {
                    hole = (hole + 1) & mask;
                }
                // Close the hole: move back what could not be found across it.
                let mut i = hole;
                loop {
                    i = (i + 1) & mask;
                    if slots[i] == FREE {
                        break;
                    }
                    let home = hash(slots[i].0, slots[i].1, *shift);
                    if (i.wrapping_sub(home) & mask) >= (i.wrapping_sub(hole) & mask) {
                        slots[hole] = slots[i];
                        hole = i;
                    }
                }
                slots[hole] = FREE;
                *used -= 1;
            }
        }
    }

    /// Makes room for so many resources.
    fn grow(&mut self, resources: usize, columns: &[Vec<Cell>]) {
        let Self::Table { side, .. } = self else {
            return;
        };
        if resources <= *side {
            return;
        }
        *self = if resources <= TABLE_MOST {
            let side = resources.next_power_of_two().max(8);
            Self::Table { side, at: vec![u16::MAX; side * side] }
        } else {
            Self::Hash { slots: vec![FREE; 4_096], used: 0, shift: 64 - 12 }
        };
        for (group, column) in (0..).zip(columns) {
            for (at, cell) in (0..).zip(column) {
                self.set(group, cell.resource, at);
            }
        }
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
                    cells.join(g, r, 0.5);
                } else if *count > 0 {
                    *count -= 1;
                    cells.quit(g, r, 0.5);
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
