//! `highwater sweep`.

use std::path::PathBuf;

use clap::Args;

use crate::report::{self, SweepPoint};

use super::console::Console;
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
    let grid = grid(&axes);
    for point in &grid {
        let mut overrides = common.overrides();
        overrides.extend(point.iter().cloned());
        // The base file's warnings were shown once; a point shows only what refuses it.
        match crate::scenario::load(&common.scenario, &overrides) {
            Ok(loaded) => cases.push(super::run::case(loaded)),
            Err(_) => {
                return super::run::load(&common.scenario, &overrides, console)
                    .map(|_| Exit::Input);
            }
        }
    }
    let name = cases[0].plan.name.clone();
    let results = super::run::simulate(cases, common, None, console)?;
    let points: Vec<SweepPoint> = grid
        .into_iter()
        .zip(results)
        .map(|(values, results)| SweepPoint { values, results })
        .collect();
    let dir =
        common.out.clone().unwrap_or_else(|| PathBuf::from("output").join(format!("{name}-sweep")));
    let command: Vec<String> = std::env::args().collect();
    let files = report::sweep_files(&points, &dir, &command).map_err(|e| {
        console.say(&format!("error: {e}\n"));
        Exit::Machine
    })?;
    match common.format {
        Format::Json => {
            let text = serde_json::to_string(&points).expect("points are plain data");
            console.out(&(text + "\n"))?;
        }
        Format::Text if !common.quiet => {
            console.out(&report::sweep_summary(&points, 120))?;
            console.out(&format!("\n{} files in {}\n", files.len(), dir.display()))?;
        }
        Format::Text => {}
    }
    let missed = points.iter().any(|p| super::run::verdict(&p.results) == Exit::Missed);
    Ok(if missed { Exit::Missed } else { Exit::Fine })
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
