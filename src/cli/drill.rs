//! `highwater drill`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::experiment::{Case, Drill, Drills, Which};
use crate::measure::{DrillResults, Results};
use crate::plan::Manner;
use crate::report::{self, OutputDir, StudyError, StudyHead, StudyPoint};
use crate::units::Span;

use super::console::Console;
use super::study::{self, StudyArgs};
use super::{Common, Exit, Format};

/// How users notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum How {
    /// Packets vanish: clients wait for their timeouts
    BlackHole,
    /// Live connections are reset, new ones refused at once
    Reset,
}

#[derive(Debug, Args)]
pub(super) struct DrillArgs {
    #[command(flatten)]
    common: Common,
    /// All pairs of elements and shared risks, beside all single ones
    #[arg(long, conflicts_with_all = ["any", "name"])]
    pairs: bool,
    /// All sets of up to K elements and shared risks
    #[arg(long, value_name = "K", conflicts_with = "name", value_parser = clap::value_parser!(u8).range(1..))]
    any: Option<u8>,
    /// These only: what fails together, by name and with commas between; repeated for more
    #[arg(long, value_name = "A,B")]
    name: Vec<String>,
    /// When they fail [default: in the busiest window by the profiles, else after a third of the run]
    #[arg(long, value_name = "TIME", value_parser = span)]
    at: Option<Span>,
    /// For how long [default: 10 min, or a third of the run where that is less]
    #[arg(long = "for", value_name = "TIME", value_parser = span)]
    length: Option<Span>,
    /// How users notice
    #[arg(long, value_enum, default_value_t = How::BlackHole)]
    manner: How,
    /// Let the scenario's own faults happen, too
    #[arg(long)]
    keep_faults: bool,
    /// Run only from the warm-up and this long before the failure to this long after it
    #[arg(long, value_name = "TIME", value_parser = span)]
    around: Option<Span>,
    /// A run for each failure, even where it must be the same as another
    #[arg(long)]
    no_prune: bool,
    #[command(flatten)]
    study: StudyArgs,
}

/// Reads a time.
fn span(text: &str) -> Result<Span, String> {
    text.parse::<Span>().map_err(|e| e.to_string())
}

impl DrillArgs {
    fn ask(&self) -> Drill {
        let set = |text: &String| text.split(',').map(|n| n.trim().to_owned()).collect();
        let which = match (self.name.is_empty(), self.any) {
            (false, _) => Which::Named(self.name.iter().map(set).collect()),
            (true, Some(most)) => Which::UpTo(usize::from(most)),
            (true, None) => Which::UpTo(if self.pairs { 2 } else { 1 }),
        };
        Drill {
            which,
            at: self.at,
            length: self.length,
            manner: match self.manner {
                How::BlackHole => Manner::BlackHole,
                How::Reset => Manner::Reset,
            },
            keep_faults: self.keep_faults,
            prune: !self.no_prune,
            around: self.around,
        }
    }

    /// The command that makes the whole, without folder, share and threads.
    pub(super) fn shared_command(&self) -> Vec<String> {
        let mut more: Vec<(&str, String)> =
            self.name.iter().map(|n| ("--name", n.clone())).collect();
        more.extend(self.any.map(|k| ("--any", k.to_string())));
        let times = [("--at", self.at), ("--for", self.length), ("--around", self.around)];
        more.extend(times.iter().filter_map(|(flag, it)| it.map(|t| (*flag, t.to_string()))));
        if self.manner == How::Reset {
            more.push(("--manner", "reset".into()));
        }
        let mut words = self.common.command("drill", &more);
        let flags = [
            ("--pairs", self.pairs),
            ("--keep-faults", self.keep_faults),
            ("--no-prune", self.no_prune),
        ];
        words.extend(flags.iter().filter(|f| f.1).map(|f| f.0.to_owned()));
        words
    }

    /// The folder of the drills of a scenario of this name, or of a share of them.
    fn dir(&self, scenario: &str) -> PathBuf {
        self.common.out.clone().unwrap_or_else(|| {
            let share = self.study.shard.map_or(String::new(), |(k, n)| format!("-{k}-of-{n}"));
            PathBuf::from("output").join(format!("{scenario}-drill{share}"))
        })
    }

    /// The scenario, and what is to be run of it.
    fn drills(&self, console: &mut Console) -> Result<Result<(Case, Drills), String>, Exit> {
        let common = &self.common;
        let base = super::run::load(&common.scenario, &common.overrides(), console)?;
        let base = super::run::case(base);
        Ok(Drills::new(&base, &self.ask()).map(|d| (base, d)).map_err(|e| e.to_string()))
    }

    /// Whether it could run: its folder, or what is wrong with it.
    pub(super) fn check(&self, console: &mut Console) -> Result<Result<PathBuf, String>, Exit> {
        if self.study.shard.is_some() {
            return Ok(Err("the shares are cut here: leave out --shard".into()));
        }
        Ok(self.drills(console)?.map(|(base, _)| self.dir(&base.plan.name)))
    }
}

pub(super) fn drill(args: &DrillArgs, console: &mut Console) -> Result<Exit, Exit> {
    let common = &args.common;
    let (base, Drills { cases, head: drill }) = args.drills(console)?.map_err(|reason| {
        console.say(&format!("error: {reason}\n"));
        Exit::Input
    })?;
    let title = |run: usize| {
        let own = drill.cases.iter().find(|c| c.run == run && run > 0);
        own.map_or("no failure".to_owned(), |c| c.name.clone())
    };
    let point = |(run, case): (usize, &Case)| StudyPoint {
        values: vec![("failure".into(), title(run))],
        scenario_hash: case.identity.scenario_hash.clone(),
        replications: case.plan.settings.replications,
    };
    let head = StudyHead {
        kind: "drill".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        scenario: base.plan.name.clone(),
        command: args.shared_command(),
        points: cases.iter().enumerate().map(point).collect(),
        share: args.study.shard,
        drill: Some(drill),
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
    let (exit, found) = write(&head, pieces.dir(), &|i| pieces.point(i), quiet, console)?;
    if common.format == Format::Json {
        let text = serde_json::to_string(&found).expect("results are plain data");
        console.out(&(text + "\n"))?;
    }
    pieces.finish().map_err(|e| study::say(&e, console))?;
    Ok(exit)
}

/// Writes the files of drills whose runs are all done, and their summary.
pub(super) fn write(
    head: &StudyHead,
    dir: &OutputDir,
    point: &dyn Fn(usize) -> Result<Results, StudyError>,
    quiet: bool,
    console: &mut Console,
) -> Result<(Exit, DrillResults), Exit> {
    let Some(drill) = &head.drill else {
        console.say("error: study.json says drill, but not of what\n");
        return Err(Exit::Input);
    };
    let all = || -> Result<_, StudyError> {
        let (found, base) = DrillResults::of(drill, point)?;
        let paths = report::drill_files(&found, &base, dir, &head.command)?;
        Ok((found, base, paths))
    };
    let (found, base, paths) = all().map_err(|e| study::say(&e, console))?;
    if !quiet {
        console.out(&report::drill_summary(&found, &base, 120))?;
        let page = dir.path().join("report.html");
        console.out(&format!(
            "\n{} files in {}; open {}\n",
            paths.len(),
            dir.path().display(),
            page.display()
        ))?;
    }
    let exit = if found.misses() { Exit::Missed } else { Exit::Fine };
    Ok((exit, found))
}
