//! The data files: one function each, one line in [`ALL`] each.
//!
//! Every file is tidy (one observation per row), times and rates carry their unit in the column's
//! name, absent numbers are empty cells, and no text cell can act as a formula.

mod alerts;
mod hgrm;
mod jobs;
mod resources;
mod traffic;

use super::error::WriteError;
use super::escape;
use super::format::plain;
use super::store::Output;
use crate::measure::Results;

pub(crate) use hgrm::hgrm_files;
pub(crate) use traffic::{Metric, latency, metrics, throughput_histogram};

/// Builds a CSV file.
type Make = fn(&Results) -> Sheet;

/// Every CSV file, by name.
const ALL: [(&str, Make); 20] = [
    ("alerts.csv", alerts::alerts),
    ("assumptions.csv", resources::assumptions),
    ("binding.csv", traffic::binding),
    ("errors.csv", traffic::errors),
    ("gaps.csv", resources::gaps),
    ("job_times.csv", jobs::times),
    ("jobs.csv", jobs::jobs),
    ("latency.csv", traffic::latency),
    ("links.csv", resources::links),
    ("outages.csv", resources::outages),
    ("percentiles.csv", traffic::percentiles),
    ("pools.csv", resources::pools),
    ("recoveries.csv", resources::recoveries),
    ("scalers.csv", resources::scalers),
    ("selectors.csv", resources::selectors),
    ("states.csv", resources::states),
    ("stations.csv", resources::stations),
    ("summary.csv", traffic::summary),
    ("throughput.csv", traffic::throughput),
    ("throughput_histogram.csv", traffic::throughput_histogram),
];

/// All CSV files of some results.
pub(crate) fn csv_files(results: &Results) -> Result<Vec<Output>, WriteError> {
    ALL.into_iter()
        .map(|(name, make)| Ok((name.to_owned(), make(results).to_bytes(name)?)))
        .collect()
}

/// A cell: text is escaped, numbers are written without exponent, what is absent is empty.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    Text(String),
    Count(u64),
    Number(Option<f64>),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}
impl From<&String> for Cell {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}
impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<u64> for Cell {
    fn from(n: u64) -> Self {
        Self::Count(n)
    }
}
impl From<usize> for Cell {
    fn from(n: usize) -> Self {
        Self::Count(n as u64)
    }
}
impl From<f64> for Cell {
    fn from(x: f64) -> Self {
        Self::Number(Some(x))
    }
}
impl From<Option<f64>> for Cell {
    fn from(x: Option<f64>) -> Self {
        Self::Number(x)
    }
}

impl Cell {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => escape::csv_cell(text),
            Self::Count(n) => n.to_string(),
            Self::Number(Some(x)) if x.is_finite() => plain(*x, 9),
            Self::Number(_) => String::new(),
        }
    }
}

/// A CSV file before its bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sheet {
    pub(crate) head: Vec<String>,
    pub(crate) rows: Vec<Vec<Cell>>,
}

impl Sheet {
    pub(crate) fn new(head: &[&str]) -> Self {
        Self { head: head.iter().map(|h| (*h).to_owned()).collect(), rows: Vec::new() }
    }

    pub(crate) fn to_bytes(&self, name: &str) -> Result<Vec<u8>, WriteError> {
        let failed = |e: csv::Error| WriteError::content(name, e);
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(self.head.iter().map(|h| escape::csv_cell(h))).map_err(failed)?;
        for row in &self.rows {
            writer.write_record(row.iter().map(Cell::text)).map_err(failed)?;
        }
        writer.into_inner().map_err(|e| WriteError::content(name, e.error()))
    }
}

/// A row of cells of any kinds.
macro_rules! row {
    ($($cell:expr),* $(,)?) => { vec![$($crate::report::files::Cell::from($cell)),*] };
}
pub(crate) use row;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_every_kind() {
        let mut sheet = Sheet::new(&["a", "b", "c"]);
        sheet.rows.push(row!["=1+1", Some(f64::NAN), -0.5]);
        sheet.rows.push(row!["x,\"y\"", None::<f64>, 7_u64]);
        let text = String::from_utf8(sheet.to_bytes("t.csv").unwrap()).unwrap();
        assert_eq!(text, "a,b,c\n'=1+1,,-0.5\n\"x,\"\"y\"\"\",,7\n");
    }

    #[test]
    fn the_list_is_sorted() {
        assert!(ALL.is_sorted_by_key(|f| f.0));
    }
}
