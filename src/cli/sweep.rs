//! `highwater sweep`.

use std::path::PathBuf;

use clap::Args;

use crate::measure::Results;
use crate::report::{OutputDir, StudyError, StudyHead, StudyPoint, SweepFiles, SweepPoint};

use super::console::Console;
use super::study::{self, StudyArgs};
use super::{Common, Exit, Format, key_value};

/// More points need `--force`.
const MOST_POINTS: usize = 10_000;

#[derive(Debug, Args)]
pub(super) struct SweepArgs {
    #[command(flatten)]
    common: Common,
    /// Vary a key over values, beside the axes of the scenario's [sweep] table; repeated for a grid
    #[arg(long, value_name = "KEY=A,B,C", value_parser = key_value)]
    vary: Vec<(String, String)>,
    #[command(flatten)]
    study: StudyArgs,
}

pub(super) fn sweep(args: &SweepArgs, console: &mut Console) -> Result<Exit, Exit> {
    let common = &args.common;
    let base = super::run::load(&common.scenario, &common.overrides(), console)?;
    let mut axes: Vec<(String, Vec<String>)> =
        base.sweep.axes.iter().map(|a| (a.key.clone(), a.values.clone())).collect();
    for (key, values) in &args.vary {
        axes.retain(|a| a.0 != *key);
        axes.push((key.clone(), split_values(values)));
    }
    if axes.is_empty() {
        console.say(
            "error: nothing to vary: give --vary KEY=A,B,C or a [sweep] table in the scenario\n",
        );
        return Err(Exit::Input);
    }
    let count = axes.iter().fold(1_usize, |n, a| n.saturating_mul(a.1.len()));
    if count == 0 || (count > MOST_POINTS && !common.force) {
        console
            .say(&format!("error: the grid has {count} points; allowed are 1 to {MOST_POINTS}\n"));
        return Err(Exit::Input);
    }
    let mut cases = Vec::new();
    let mut points = Vec::new();
    for values in grid(&axes) {
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
    let vary: Vec<(&str, String)> =
        args.vary.iter().map(|(key, values)| ("--vary", format!("{key}={values}"))).collect();
    let head = StudyHead {
        kind: "sweep".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        scenario: cases[0].plan.name.clone(),
        command: common.command("sweep", &vary),
        points,
        share: args.study.shard,
    };
    let dir = common.out.clone().unwrap_or_else(|| {
        let share = args.study.shard.map_or(String::new(), |(k, n)| format!("-{k}-of-{n}"));
        PathBuf::from("output").join(format!("{}-sweep{share}", head.scenario))
    });
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

/// Splits at commas outside of quotes, brackets and braces.
fn split_values(text: &str) -> Vec<String> {
    let (mut values, mut value, mut depth, mut quoted) = (Vec::new(), String::new(), 0, false);
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            '[' | '{' if !quoted => depth += 1,
            ']' | '}' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                values.push(std::mem::take(&mut value).trim().to_owned());
                continue;
            }
            _ => {}
        }
        value.push(c);
    }
    values.push(value.trim().to_owned());
    values.retain(|v| !v.is_empty());
    values
}

/// The cartesian product of the axes, the last one running fastest.
fn grid(axes: &[(String, Vec<String>)]) -> Vec<Vec<(String, String)>> {
    let mut points = vec![Vec::new()];
    for (key, values) in axes {
        let longer = |point: &Vec<(String, String)>| {
            let point = point.clone();
            values.iter().map(move |v| [point.clone(), vec![(key.clone(), v.clone())]].concat())
        };
        points = points.iter().flat_map(longer).collect();
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_split_at_bare_commas() {
        assert_eq!(split_values("1, 2,3"), ["1", "2", "3"]);
        assert_eq!(
            split_values(r#""2 Gbps","4, 5",{a=1,b=2}"#),
            [r#""2 Gbps""#, r#""4, 5""#, "{a=1,b=2}"]
        );
        assert!(split_values(" , ").is_empty());
    }

    #[test]
    fn the_last_axis_runs_fastest() {
        let axes = [
            ("a".to_owned(), vec!["1".to_owned(), "2".into()]),
            ("b".into(), vec!["x".into(), "y".into()]),
        ];
        let points: Vec<String> =
            grid(&axes).iter().map(|p| format!("{}{}", p[0].1, p[1].1)).collect();
        assert_eq!(points, ["1x", "1y", "2x", "2y"]);
    }
}
