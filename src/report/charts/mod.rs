//! The charts. A new one is a file here and a line in [`ALL`].
//!
//! Each chart says its finding in a sentence made from the numbers, names its series beside them
//! and by dash pattern as well as colour, tells what METHOD asks of a chart (replications, seed,
//! warm-up, sharing model, error bounds, failures beside latencies), and has its table.

mod cdf;
pub(crate) mod deviation;
pub(crate) mod difference;
pub(crate) mod drill;
mod errors;
mod frame;
pub(crate) mod grid;
pub(crate) mod growth;
mod heat;
mod histogram;
mod ladder;
mod palette;
mod phases;
mod placing;
pub(crate) mod response;
mod scale;
mod series;
mod shares;
mod svg;
mod throughput;

use super::table::Table;
use crate::measure::Results;

/// A kind of chart.
pub(crate) trait Chart: Sync {
    /// Draws it, once or once per thing; nothing where there is nothing to show.
    fn draw(&self, results: &Results) -> Vec<Figure>;
}

/// Every chart, in the order of the page: what happened, how bad, why.
const ALL: [&dyn Chart; 8] = [
    &throughput::Throughput,
    &errors::Errors,
    &ladder::Ladder,
    &cdf::Cdf,
    &phases::Phases,
    &heat::Heat,
    &shares::Shares,
    &histogram::ThroughputHistogram,
];

/// A chart drawn.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    /// File name without its ending.
    pub(crate) name: String,
    /// What it shows, in one sentence of numbers.
    pub(crate) finding: String,
    /// How to read it.
    pub(crate) reading: String,
    /// The numbers behind it.
    pub(crate) table: Table,
    /// The file with all of them.
    pub(crate) csv: &'static str,
    /// The standalone file.
    pub(crate) svg: String,
    /// The same without its titles, for the page.
    pub(crate) inline: String,
}

/// All figures of some results, in the order of the page.
pub(crate) fn figures(results: &Results) -> Vec<Figure> {
    ALL.iter().flat_map(|c| c.draw(results)).collect()
}

/// What identifies the run under every chart's title.
pub(crate) fn subtitle(results: &Results) -> String {
    super::summary::identity_line(results)
}
