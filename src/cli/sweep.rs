//! `highwater sweep`.

use std::path::PathBuf;

use clap::Args;

use crate::experiment;
use crate::measure::Results;
use crate::report::{OutputDir, StudyError, StudyHead, StudyPoint, SweepFiles, SweepPoint};

use crate::scenario::{Axis, Loaded};

use super::console::Console;
use super::study::{self, StudyArgs};
use super::{Common, Exit, Format, key_value};

/// More points need `--force`.
const MOST_POINTS: usize = 10_000;

#[derive(Debug, Args)]
pub(super) struct SweepArgs {
    #[command(flatten)]
    common: Common,
    /// Vary a key over values, beside the axes of the scenario's [sweep] table; repeated for a grid.
    /// KEY=A,B,C or N values of a range, KEY=FROM..TO:N or KEY=FROM..TO:N:log
    #[arg(long, value_name = "KEY=VALUES", value_parser = key_value)]
    vary: Vec<(String, String)>,
    /// As --vary, but all keys given so advance together
    #[arg(long, value_name = "KEY=VALUES", value_parser = key_value)]
    zip: Vec<(String, String)>,
    /// Instead of the grid, N points of a Latin hypercube over all axes
    #[arg(long, value_name = "N")]
    latin: Option<u32>,
    #[command(flatten)]
    study: StudyArgs,
}

/// The points that a sweep visits, each as overrides in the same order of keys.
fn points(args: &SweepArgs, base: &Loaded) -> Result<Vec<Vec<(String, String)>>, String> {
    let (mut axes, mut zip) = (base.sweep.axes.clone(), base.sweep.zip.clone());
    for (list, given) in [(&mut axes, &args.vary), (&mut zip, &args.zip)] {
        for (key, values) in given {
            let axis = Axis::parse(key, values)?;
            list.retain(|a| a.key != *key);
            list.push(axis);
        }
    }
    if let Some(axis) = axes.iter().find(|a| zip.iter().any(|z| z.key == a.key)) {
        return Err(format!("{} varies by itself and with others", axis.key));
    }
    let most = if args.common.force { usize::MAX } else { MOST_POINTS };
    let allow = |count: usize| match count {
        n if (1..=most).contains(&n) => Ok(()),
        n => Err(format!("the sweep has {n} points; allowed are 1 to {MOST_POINTS}")),
    };
    if axes.is_empty() && zip.is_empty() {
        return Err(
            "nothing to vary: give --vary KEY=A,B,C or a [sweep] table in the scenario".into()
        );
    }
    let value = |axis: &Axis, value: String| (axis.key.clone(), value);
    if let Some(n) = args.latin {
        allow(n as usize)?;
        axes.extend(zip);
        let names: Vec<&str> = axes.iter().map(|a| a.key.as_str()).collect();
        let shares = experiment::latin_hypercube(n, &names, base.plan.settings.seed);
        let point = |at: &Vec<f64>| {
            axes.iter().zip(at).map(|(axis, share)| value(axis, axis.at(*share))).collect()
        };
        return Ok(shares.iter().map(point).collect());
    }
    let together = zip.first().map_or(1, |a| a.values.len());
    if let Some(other) = zip.iter().find(|a| a.values.len() != together) {
        let (n, first) = (other.values.len(), &zip[0].key);
        return Err(format!(
            "{} has {n} values, {first} has {together}: they advance together",
            other.key
        ));
    }
    allow(axes.iter().fold(together, |n, a| n.saturating_mul(a.values.len())))?;
    // The last axis runs fastest, those that advance together slowest.
    let mut points: Vec<Vec<(String, String)>> = (0..together)
        .map(|i| zip.iter().map(|axis| value(axis, axis.values[i].clone())).collect())
        .collect();
    for axis in &axes {
        let longer = |point: &Vec<(String, String)>| {
            let point = point.clone();
            axis.values.iter().map(move |v| [point.clone(), vec![value(axis, v.clone())]].concat())
        };
        points = points.iter().flat_map(longer).collect();
    }
    Ok(points)
}

impl SweepArgs {
    /// The command that makes the whole, without folder, share and threads.
    pub(super) fn shared_command(&self) -> Vec<String> {
        let given = |flag: &'static str, list: &[(String, String)]| -> Vec<(&str, String)> {
            list.iter().map(|(key, values)| (flag, format!("{key}={values}"))).collect()
        };
        let mut more = given("--vary", &self.vary);
        more.extend(given("--zip", &self.zip));
        more.extend(self.latin.map(|n| ("--latin", n.to_string())));
        self.common.command("sweep", &more)
    }

    /// The folder of a sweep of a scenario of this name, or of a share of it.
    fn dir(&self, scenario: &str) -> PathBuf {
        self.common.out.clone().unwrap_or_else(|| {
            let share = self.study.shard.map_or(String::new(), |(k, n)| format!("-{k}-of-{n}"));
            PathBuf::from("output").join(format!("{scenario}-sweep{share}"))
        })
    }

    /// Whether it could run: its folder, or what is wrong with it.
    pub(super) fn check(&self, console: &mut Console) -> Result<Result<PathBuf, String>, Exit> {
        if self.study.shard.is_some() {
            return Ok(Err("the shares are cut here: leave out --shard".into()));
        }
        let base = super::run::load(&self.common.scenario, &self.common.overrides(), console)?;
        let dir = self.dir(&base.plan.name);
        Ok(points(self, &base).map(|_| dir))
    }
}

pub(super) fn sweep(args: &SweepArgs, console: &mut Console) -> Result<Exit, Exit> {
    let common = &args.common;
    let base = super::run::load(&common.scenario, &common.overrides(), console)?;
    let grid = points(args, &base).map_err(|reason| {
        console.say(&format!("error: {reason}\n"));
        Exit::Input
    })?;
    let (mut cases, mut points) = (Vec::new(), Vec::new());
    for values in grid {
        let mut overrides = common.overrides();
        overrides.extend(values.iter().cloned());
        // The base file's warnings were shown once; a point shows only what refuses it.
        let Ok(loaded) = crate::scenario::load(&common.scenario, &overrides) else {
            return super::run::load(&common.scenario, &overrides, console).map(|_| Exit::Input);
        };
        let case = super::run::case(loaded);
        points.push(StudyPoint {
            values,
            scenario_hash: case.identity.scenario_hash.clone(),
            replications: case.plan.settings.replications,
        });
        cases.push(case);
    }
    let head = StudyHead {
        kind: "sweep".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        scenario: cases[0].plan.name.clone(),
        command: args.shared_command(),
        points,
        share: args.study.shard,
        drill: None,
    };
    let dir = args.dir(&head.scenario);
    let pieces = study::run(&cases, head.clone(), &dir, (&args.study, common), console)?;
    if let Some((k, n)) = head.share {
        if !common.quiet {
            console.out(&format!(
                "share {k}/{n} is in {}; with all {n} of them: highwater merge DIR...\n",
                dir.display()
            ))?;
        }
        return Ok(Exit::Fine);
    }
    let quiet = common.quiet || common.format == Format::Json;
    let exit = write(&head, pieces.dir(), &|i| pieces.point(i), quiet, console)?;
    if common.format == Format::Json {
        print_json(&head, &|i| pieces.point(i), console)?;
    }
    pieces.finish().map_err(|e| study::say(&e, console))?;
    Ok(exit)
}

/// The results of a point, by its number from 0.
type Point<'a> = dyn Fn(usize) -> Result<Results, StudyError> + 'a;

/// Writes the files of a sweep whose runs are all done, and its summary.
pub(super) fn write(
    head: &StudyHead,
    dir: &OutputDir,
    point: &Point<'_>,
    quiet: bool,
    console: &mut Console,
) -> Result<Exit, Exit> {
    let all = || -> Result<_, StudyError> {
        let mut files = SweepFiles::begin(dir)?;
        for (i, it) in head.points.iter().enumerate() {
            files.point(&SweepPoint { values: it.values.clone(), results: point(i)? })?;
        }
        let (missed, summary) = (files.missed(), files.summary(120));
        Ok((missed, summary, files.finish(&head.command)?))
    };
    let (missed, summary, paths) = all().map_err(|e| study::say(&e, console))?;
    if !quiet {
        console.out(&summary)?;
        console.out(&format!("\n{} files in {}\n", paths.len(), dir.path().display()))?;
    }
    Ok(if missed { Exit::Missed } else { Exit::Fine })
}

/// Prints all points as one JSON list.
fn print_json(head: &StudyHead, point: &Point<'_>, console: &mut Console) -> Result<(), Exit> {
    for (i, it) in head.points.iter().enumerate() {
        let results = point(i).map_err(|e| study::say(&e, console))?;
        let point = SweepPoint { values: it.values.clone(), results };
        let text = serde_json::to_string(&point).expect("points are plain data");
        console.out(if i == 0 { "[" } else { "," })?;
        console.out(&text)?;
    }
    console.out("]\n")
}
