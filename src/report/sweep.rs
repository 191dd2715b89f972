//! What a sweep leaves behind: one tidy table, the histograms of every point, one chart.

use std::path::{Path, PathBuf};

use super::charts::response;
use super::error::WriteError;
use super::files::{self, Sheet};
use super::manifest::Manifest;
use super::page;
use super::store::{Output, OutputDir};
use crate::measure::Results;
use crate::report::files::Cell;

/// One point of a grid and what was seen there.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct SweepPoint {
    /// The settings that differ between the points, `("circuit.c1.port", "40 Gbps")`, in the same
    /// order at every point.
    pub values: Vec<(String, String)>,
    /// The results there.
    pub results: Results,
}

impl SweepPoint {
    /// The values as a label: `40 Gbps`, or `40 Gbps, 10` where several keys vary.
    pub(crate) fn label(&self) -> String {
        self.values.iter().map(|(_, v)| v.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// A value without the quotes that a scenario writes around it.
pub(crate) fn bare(value: &str) -> &str {
    let text = value.trim();
    text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text)
}

/// The points as a table of at most `width` columns, for stdout.
pub fn sweep_summary(points: &[SweepPoint], width: usize) -> String {
    let keys = points.first().map(|p| p.values.as_slice()).unwrap_or_default();
    let keys: Vec<_> = keys.iter().map(|(k, _)| super::escape::terminal(k)).collect();
    format!("Points: {}\n\n{}", keys.join(", "), response::table(points).text(width))
}

/// Writes `sweep.csv` (a row per point, workload and metric with its 95 % interval), per point
/// `points/NNNN/` with `results.json` and the latency and throughput histograms,
/// `charts/response.svg`, `report.html`, and `manifest.toml` last.
///
/// # Errors
/// As [`write_all`](super::write_all).
pub fn sweep_files(
    points: &[SweepPoint],
    dir: &Path,
    command_line: &[String],
) -> Result<Vec<PathBuf>, WriteError> {
    sweep_files_in(points, &OutputDir::lock(dir)?, command_line)
}

/// [`sweep_files`] into a folder that is locked already.
///
/// # Errors
/// As [`sweep_files`].
pub fn sweep_files_in(
    points: &[SweepPoint],
    dir: &OutputDir,
    command_line: &[String],
) -> Result<Vec<PathBuf>, WriteError> {
    let mut outputs: Vec<Output> =
        vec![("sweep.csv".into(), sweep_csv(points).to_bytes("sweep.csv")?)];
    for (i, point) in points.iter().enumerate() {
        let r = &point.results;
        let folder = format!("points/{:04}/", i + 1);
        outputs.push((format!("{folder}results.json"), super::results_json(r)?));
        let latency = files::latency(r).to_bytes("latency.csv")?;
        outputs.push((format!("{folder}latency.csv"), latency));
        let throughput = files::throughput_histogram(r).to_bytes("throughput_histogram.csv")?;
        outputs.push((format!("{folder}throughput_histogram.csv"), throughput));
        outputs.extend(files::hgrm_files(&r.workloads, &folder));
    }
    let figures = response::figures(points);
    let first = points.first().map(|p| &p.results);
    outputs.push(("report.html".into(), sweep_page(points, &figures, command_line).into_bytes()));
    for figure in figures {
        outputs.push((format!("charts/{}.svg", figure.name), figure.svg.into_bytes()));
    }
    let none = Results::default();
    dir.replace(Manifest::new(first.unwrap_or(&none), command_line), &outputs)
}

/// The tidy table: the point's number, its values, then workload, metric, value, interval, unit.
fn sweep_csv(points: &[SweepPoint]) -> Sheet {
    let keys = points.first().map(|p| p.values.as_slice()).unwrap_or_default();
    let mut head = vec!["point"];
    head.extend(keys.iter().map(|(k, _)| k.as_str()));
    head.extend(["workload", "metric", "value", "half_width_95", "unit"]);
    let mut sheet = Sheet::new(&head);
    for (i, point) in points.iter().enumerate() {
        for w in &point.results.workloads {
            for m in files::metrics(&point.results.settings, w) {
                let mut row = vec![Cell::from(i + 1)];
                // By position: all points have the same keys in the same order.
                row.extend((0..keys.len()).map(|k| {
                    point.values.get(k).map_or(Cell::Number(None), |v| Cell::from(bare(&v.1)))
                }));
                row.extend([
                    Cell::from(&w.name),
                    Cell::from(m.name),
                    Cell::from(m.value.map(|v| v.point)),
                    Cell::from(m.value.and_then(|v| v.half)),
                    Cell::from(m.unit),
                ]);
                sheet.rows.push(row);
            }
        }
    }
    sheet
}

/// A page with the response charts and a table of the points.
fn sweep_page(
    points: &[SweepPoint],
    figures: &[super::charts::Figure],
    command_line: &[String],
) -> String {
    let none = Results::default();
    let first = points.first().map_or(&none, |p| &p.results);
    page::sweep(first, points.len(), &response::table(points), figures, command_line)
}
