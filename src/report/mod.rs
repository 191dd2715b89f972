//! Results -> text, files, charts and a page.
//!
//! Everything here is a function of [`Results`] (and the command line that made them): the same
//! results give the same bytes on any machine, and `results.json` alone is enough to draw
//! everything again. Nothing here knows the plan, the world or the scenario's text.
//!
//! ```text
//! Results -> findings  -> tables -> summary   (stdout)
//!                      -> files/              (csv, hgrm)
//!                      -> charts/             (svg)    -> page/ (report.html)
//!                                                         all through store (lock, rename)
//! ```
//!
//! One thing is no function of results: [`FlowList`] writes single requests while a run tells them.
//!
//! A name from a scenario becomes markup, a cell, a file name or terminal text through one
//! function per target, all in the module `escape`.

mod alerts;
mod charts;
mod compare;
mod cost;
mod drill;
mod error;
mod escape;
mod files;
mod findings;
mod flows;
mod format;
mod manifest;
mod page;
mod pieces;
mod plan;
mod read;
mod store;
mod summary;
mod sweep;
mod table;
mod tables;
mod validation;

use std::path::{Path, PathBuf};

use crate::measure::Results;

pub use compare::{Compared, comparison_files, comparison_summary};
pub use cost::cost_summary;
pub use drill::{drill_files, drill_summary};
pub use error::{ReadError, WriteError};
pub use flows::{FlowList, FlowPart};
pub use manifest::{FileSeen, Manifest};
pub use pieces::{Pieces, Shares, StudyError, StudyHead, StudyPoint};
pub use plan::{GrowthSeen, Planned, UpgradeSeen, four_digits, plan_files, plan_summary};
pub use read::read_results;
pub use store::OutputDir;
pub use summary::summary;
pub use sweep::{SweepFiles, SweepPoint, sweep_files};
pub use validation::{validation_files, validation_summary};

/// Writes every file of some results into `dir`: `results.json`, CSV, `.hgrm`, `charts/*.svg`,
/// `report.html`, and `manifest.toml` last. Returns their paths in that order.
///
/// Files that an earlier run wrote here and this one did not are removed.
///
/// # Errors
/// [`WriteError`], which names the path: another run writes into the folder, or the system
/// refused. Each file is whole or absent even then.
///
/// ```no_run
/// use highwater::{measure::Results, report};
/// let results = Results::default();
/// let paths = report::write_all(&results, "output/demo".as_ref(), &["highwater".into()])?;
/// # Ok::<(), report::WriteError>(())
/// ```
pub fn write_all(
    results: &Results,
    dir: &Path,
    command_line: &[String],
) -> Result<Vec<PathBuf>, WriteError> {
    write_all_in(results, &OutputDir::lock(dir)?, command_line)
}

/// [`write_all`] into a folder that is locked already.
///
/// # Errors
/// As [`write_all`].
pub fn write_all_in(
    results: &Results,
    dir: &OutputDir,
    command_line: &[String],
) -> Result<Vec<PathBuf>, WriteError> {
    let figures = charts::figures(results);
    let mut outputs = vec![("results.json".to_owned(), results_json(results)?)];
    outputs.extend(files::csv_files(results)?);
    outputs.extend(files::hgrm_files(&results.workloads, ""));
    let page = page::page(results, &figures, command_line);
    for figure in figures {
        outputs.push((format!("charts/{}.svg", figure.name), figure.svg.into_bytes()));
    }
    outputs.push(("report.html".into(), page.into_bytes()));
    dir.replace(Manifest::new(results, command_line), &outputs)
}

/// The bytes of `results.json`.
fn results_json(results: &Results) -> Result<Vec<u8>, WriteError> {
    let mut bytes =
        serde_json::to_vec(results).map_err(|e| WriteError::content("results.json", e))?;
    bytes.push(b'\n');
    Ok(bytes)
}
