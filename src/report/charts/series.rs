//! Values over time: windows grouped into as many columns as can be seen, the largest series.

use std::ops::Range;

use crate::measure::SettingsSeen;
use crate::report::findings::windows;

/// Windows grouped into columns of equal length (the last may be shorter).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Columns {
    pub(crate) ranges: Vec<Range<usize>>,
    window_ns: u64,
    horizon_ns: u64,
}

impl Columns {
    /// At most `most` columns.
    pub(crate) fn new(s: &SettingsSeen, most: usize) -> Self {
        let n = windows(s);
        let group = n.div_ceil(most).max(1);
        let ranges = (0..n).step_by(group).map(|a| a..(a + group).min(n)).collect();
        Self { ranges, window_ns: s.window_ns, horizon_ns: s.horizon_ns }
    }

    pub(crate) fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Start of column `c`, ns.
    pub(crate) fn from(&self, c: usize) -> u64 {
        self.ranges[c].start as u64 * self.window_ns
    }

    /// End of column `c`, ns.
    pub(crate) fn to(&self, c: usize) -> u64 {
        (self.ranges[c].end as u64 * self.window_ns).min(self.horizon_ns)
    }

    /// Length of column `c`, ns.
    pub(crate) fn len_ns(&self, c: usize) -> u64 {
        self.to(c) - self.from(c)
    }

    /// The sum of a per-window counter in each column.
    #[expect(clippy::cast_precision_loss, reason = "for a drawing")]
    pub(crate) fn sums(&self, list: &[u64]) -> Vec<f64> {
        let sum = |r: &Range<usize>| {
            let part = list.get(r.start.min(list.len())..r.end.min(list.len())).unwrap_or(&[]);
            crate::report::findings::sum(part) as f64
        };
        self.ranges.iter().map(sum).collect()
    }

    /// The column of an instant.
    pub(crate) fn at(&self, at: u64) -> usize {
        self.within(at, at.saturating_add(1)).start
    }

    /// The columns that overlap `from..to` ns.
    pub(crate) fn within(&self, from: u64, to: u64) -> Range<usize> {
        let a = (0..self.len()).find(|c| self.to(*c) > from).unwrap_or(self.len());
        let b = (a..self.len()).find(|c| self.from(*c) >= to).unwrap_or(self.len());
        a..b
    }
}

/// A named series.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) values: Vec<f64>,
}

impl Series {
    pub(crate) fn total(&self) -> f64 {
        self.values.iter().sum()
    }
}

/// The four largest by total, largest first, and the rest; see [`first_four`].
pub(crate) fn largest(mut all: Vec<Series>) -> Vec<Series> {
    all.sort_by(|a, b| b.total().total_cmp(&a.total())); // stable: ties stay in order of name
    first_four(all)
}

/// The first four and the sum of the rest as "others"; those without anything are left out. A
/// fifth alone keeps its name.
pub(crate) fn first_four(mut all: Vec<Series>) -> Vec<Series> {
    all.retain(|s| s.total() > 0.0);
    if all.len() > 5 {
        let rest = all.split_off(4);
        let mut values = vec![0.0; rest.iter().map(|s| s.values.len()).max().unwrap_or(0)];
        for series in &rest {
            values.iter_mut().zip(&series.values).for_each(|(sum, x)| *sum += x);
        }
        all.push(Series { name: format!("{} others", rest.len()), values });
    }
    all
}

/// Mean of the values in `range`; none if it is empty.
pub(crate) fn mean(values: &[f64], range: Range<usize>) -> Option<f64> {
    let part = values.get(range.start..range.end.min(values.len()))?;
    let count = crate::report::findings::float(part.len() as u64);
    (!part.is_empty()).then(|| part.iter().sum::<f64>() / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_grouped() {
        // 10 windows of 10 ns, the last cut to 5: 4 columns of 3, 3, 3 and 1 windows.
        let s = SettingsSeen { horizon_ns: 95, window_ns: 10, ..SettingsSeen::default() };
        let c = Columns::new(&s, 4);
        assert_eq!(c.ranges, [0..3, 3..6, 6..9, 9..10]);
        assert_eq!((c.from(3), c.to(3), c.len_ns(3)), (90, 95, 5));
        assert_eq!(c.sums(&[1, 1, 1, 2, 2]), [3.0, 4.0, 0.0, 0.0]);
        assert_eq!((c.within(30, 60), c.within(29, 61), c.within(99, 200)), (1..2, 0..3, 4..4));
    }

    #[test]
    fn the_largest_and_the_others() {
        let s = |name: &str, x: f64| Series { name: name.into(), values: vec![x] };
        let all =
            vec![s("a", 1.0), s("b", 6.0), s("c", 3.0), s("d", 4.0), s("e", 5.0), s("f", 2.0)];
        let five = largest(all[..5].to_vec());
        assert_eq!(five.last().unwrap().name, "a");
        let six = largest(all);
        assert_eq!(six.iter().map(|s| s.name.as_str()).collect::<String>(), "bedc2 others");
        assert_eq!(six[4].values, [3.0]);
        assert!(largest(vec![s("a", 0.0)]).is_empty());
    }
}
