//! What a sweep leaves behind: one tidy table, the histograms of every point, one chart.

use std::path::{Path, PathBuf};

use super::charts::{grid, response};
use super::error::WriteError;
use super::files::{self, Cell, Metric, Sheet};
use super::findings::{self, Estimate};
use super::format;
use super::manifest::Manifest;
use super::page;
use super::store::{OutputDir, Writing};
use super::table::Table;
use crate::measure::{Results, WorkloadResults};

/// One point of a sweep and what was seen there.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct SweepPoint {
    /// The settings that differ between the points, `("circuit.c1.port", "40 Gbps")`, in the same
    /// order at every point.
    pub values: Vec<(String, String)>,
    /// The results there.
    pub results: Results,
}

/// What tables and charts show of a point.
pub(crate) struct Seen {
    pub(crate) values: Vec<(String, String)>,
    pub(crate) workloads: Vec<WorkloadSeen>,
}

/// A workload at a point.
pub(crate) struct WorkloadSeen {
    pub(crate) name: String,
    pub(crate) availability: Option<Estimate>,
    /// ns.
    pub(crate) p50: Option<Estimate>,
    /// ns.
    pub(crate) p99: Option<Estimate>,
    /// bits per second.
    pub(crate) rate: Option<Estimate>,
    /// Objectives that were missed, of how many.
    pub(crate) missed: (usize, usize),
    metrics: Vec<Metric>,
}

impl Seen {
    fn of(point: &SweepPoint) -> Self {
        let settings = &point.results.settings;
        let workload = |w: &WorkloadResults| WorkloadSeen {
            name: w.name.clone(),
            availability: findings::availability(w),
            p50: findings::latency(w, 0.5),
            p99: findings::latency(w, 0.99),
            rate: findings::throughput(settings, w),
            missed: (w.objectives.iter().filter(|o| !o.met).count(), w.objectives.len()),
            metrics: files::metrics(settings, w),
        };
        Self {
            values: point.values.clone(),
            workloads: point.results.workloads.iter().map(workload).collect(),
        }
    }

    /// The values as a label: `40 Gbps`, or `40 Gbps, 10` where several keys vary.
    pub(crate) fn label(&self) -> String {
        self.values.iter().map(|(_, v)| bare(v)).collect::<Vec<_>>().join(", ")
    }

    /// A workload by name.
    pub(crate) fn workload(&self, name: &str) -> Option<&WorkloadSeen> {
        self.workloads.iter().find(|w| w.name == name)
    }
}

/// A value without the quotes that a scenario writes around it.
pub(crate) fn bare(value: &str) -> &str {
    let text = value.trim();
    text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text)
}

/// The files of a sweep, written point by point: a sweep may be larger than the memory.
///
/// `sweep.csv` (a row per point, workload and metric with its 95 % interval), per point
/// `points/NNNN/` with `results.json` and the latency and throughput histograms,
/// `charts/*.svg`, `report.html`, and `manifest.toml` last.
pub struct SweepFiles<'d> {
    writing: Writing<'d>,
    /// The results of the first point: whose sweep it is.
    first: Option<Results>,
    points: Vec<Seen>,
}

impl<'d> SweepFiles<'d> {
    /// Begins in a folder.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn begin(dir: &'d OutputDir) -> Result<Self, WriteError> {
        Ok(Self { writing: dir.begin()?, first: None, points: Vec::new() })
    }

    /// Writes the files of the next point.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn point(&mut self, point: &SweepPoint) -> Result<(), WriteError> {
        let r = &point.results;
        let folder = format!("points/{:04}/", self.points.len() + 1);
        let mut put =
            |name: &str, content: &[u8]| self.writing.put(&format!("{folder}{name}"), content);
        put("results.json", &super::results_json(r)?)?;
        put("latency.csv", &files::latency(r).to_bytes("latency.csv")?)?;
        let throughput = files::throughput_histogram(r).to_bytes("throughput_histogram.csv")?;
        put("throughput_histogram.csv", &throughput)?;
        for (name, content) in files::hgrm_files(&r.workloads, "") {
            put(&name, &content)?;
        }
        self.points.push(Seen::of(point));
        self.first.get_or_insert_with(|| r.clone());
        Ok(())
    }

    /// Whether any objective was missed at any point.
    pub fn missed(&self) -> bool {
        self.points.iter().flat_map(|p| &p.workloads).any(|w| w.missed.0 > 0)
    }

    /// The points as a table of at most `width` columns, for stdout.
    pub fn summary(&self, width: usize) -> String {
        let keys = self.points.first().map(|p| p.values.as_slice()).unwrap_or_default();
        let keys: Vec<_> = keys.iter().map(|(k, _)| super::escape::terminal(k)).collect();
        format!("Points: {}\n\n{}", keys.join(", "), response::table(&self.points).text(width))
    }

    /// Writes tables, charts, the page and the manifest; all paths in order of writing.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn finish(mut self, command_line: &[String]) -> Result<Vec<PathBuf>, WriteError> {
        let first = self.first.unwrap_or_default();
        let table = sweep_csv(&self.points).to_bytes("sweep.csv")?;
        self.writing.put("sweep.csv", &table)?;
        let effects = effects(&self.points);
        let table = effects_csv(&effects).to_bytes("effects.csv")?;
        self.writing.put("effects.csv", &table)?;
        let mut figures = response::figures(&first, &self.points);
        figures.extend(grid::figure(&first, &self.points));
        let tables = [response::table(&self.points), effects_table(&first, &effects)];
        let page = page::sweep(&first, self.points.len(), &tables, &figures, command_line);
        self.writing.put("report.html", page.as_bytes())?;
        for figure in figures {
            self.writing.put(&format!("charts/{}.svg", figure.name), figure.svg.as_bytes())?;
        }
        self.writing.finish(Manifest::new(&first, command_line))
    }
}

/// Writes the files of a sweep that is in memory; see [`SweepFiles`].
///
/// # Errors
/// As [`write_all`](super::write_all).
pub fn sweep_files(
    points: &[SweepPoint],
    dir: &Path,
    command_line: &[String],
) -> Result<Vec<PathBuf>, WriteError> {
    let dir = OutputDir::lock(dir)?;
    let mut files = SweepFiles::begin(&dir)?;
    points.iter().try_for_each(|point| files.point(point))?;
    files.finish(command_line)
}

/// The tidy table: the point's number, its values, then workload, metric, value, interval, unit.
fn sweep_csv(points: &[Seen]) -> Sheet {
    let keys = points.first().map(|p| p.values.as_slice()).unwrap_or_default();
    let mut head = vec!["point"];
    head.extend(keys.iter().map(|(k, _)| k.as_str()));
    head.extend(["workload", "metric", "value", "half_width_95", "unit"]);
    let mut sheet = Sheet::new(&head);
    for (i, point) in points.iter().enumerate() {
        for w in &point.workloads {
            for m in &w.metrics {
                let mut row = vec![Cell::from(i + 1)];
                // By position: all points have the same keys in the same order.
                row.extend((0..keys.len()).map(|k| {
                    point.values.get(k).map_or(Cell::Number(None), |v| Cell::from(bare(&v.1)))
                }));
                row.extend([
                    Cell::from(&w.name),
                    Cell::from(&m.name),
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

/// The mean of a metric over all points at which a key has a value.
struct Effect {
    key: String,
    value: String,
    workload: String,
    metric: &'static str,
    mean: f64,
    /// This less the mean over all points.
    effect: f64,
}

/// Main effects of each key, where several vary: of availability, p50, p99 and rate. Points without a
/// value are left out of both means.
fn effects(points: &[Seen]) -> Vec<Effect> {
    type Of = fn(&WorkloadSeen) -> Option<Estimate>;
    let metrics: [(&'static str, Of); 4] = [
        ("availability", |w| w.availability),
        ("latency.p50", |w| w.p50),
        ("latency.p99", |w| w.p99),
        ("throughput.mean", |w| w.rate),
    ];
    let Some(first) = points.first().filter(|p| p.values.len() > 1) else { return Vec::new() };
    let mean = |list: &[f64]| -> Option<f64> {
        (!list.is_empty()).then(|| list.iter().sum::<f64>() / findings::float(list.len() as u64))
    };
    let mut all = Vec::new();
    for (axis, (key, _)) in first.values.iter().enumerate() {
        let mut values: Vec<&str> = Vec::new();
        for p in points {
            let value = p.values[axis].1.as_str();
            if !values.contains(&value) {
                values.push(value);
            }
        }
        // A value that is taken once has no mean of its own, as in a Latin hypercube.
        if values.len() == points.len() {
            continue;
        }
        for w in &first.workloads {
            for (metric, of) in metrics {
                let seen = |p: &Seen| Some(of(p.workload(&w.name)?)?.point);
                let whole: Vec<f64> = points.iter().filter_map(seen).collect();
                for value in &values {
                    let here = points.iter().filter(|p| p.values[axis].1 == *value);
                    let here: Vec<f64> = here.filter_map(seen).collect();
                    if let (Some(here), Some(whole)) = (mean(&here), mean(&whole)) {
                        all.push(Effect {
                            key: key.clone(),
                            value: bare(value).to_owned(),
                            workload: w.name.clone(),
                            metric,
                            mean: here,
                            effect: here - whole,
                        });
                    }
                }
            }
        }
    }
    all
}

/// effects.csv: latencies in ns, rates in bit/s.
fn effects_csv(effects: &[Effect]) -> Sheet {
    let mut sheet = Sheet::new(&["key", "value", "workload", "metric", "mean", "effect"]);
    for e in effects {
        sheet.rows.push(files::row![
            &e.key,
            &e.value,
            &e.workload,
            e.metric,
            Some(e.mean),
            Some(e.effect)
        ]);
    }
    sheet
}

/// Effects on the p99 of the first four workloads of the ranking.
fn effects_table(first: &Results, effects: &[Effect]) -> Table {
    let mut table = Table::new(3, ["key", "value", "workload", "mean p99", "effect"]);
    let names: Vec<&str> =
        findings::ranked(first).into_iter().take(4).map(|w| w.name.as_str()).collect();
    let wanted = |e: &&Effect| e.metric == "latency.p99" && names.contains(&e.workload.as_str());
    for e in effects.iter().filter(wanted) {
        let sign = if e.effect < 0.0 { "-" } else { "+" };
        table.row([
            e.key.clone(),
            e.value.clone(),
            e.workload.clone(),
            format::span(e.mean),
            format!("{sign}{}", format::span(e.effect.abs())),
        ]);
    }
    table
}
