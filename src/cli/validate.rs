//! `highwater validate`.

use std::path::PathBuf;

use clap::Args;

use crate::experiment::ExperimentError;
use crate::experiment::validate::{self as suite, KnownCase, SEED, ValidateOptions};
use crate::report::{self, OutputDir, WriteError};

use super::console::{self, Console};
use super::{Exit, Format};

#[derive(Debug, Args)]
pub(super) struct ValidateArgs {
    /// Only these cases (see --list); repeated for several
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// List the cases and what each compares
    #[arg(long)]
    list: bool,
    /// Folder for the results
    #[arg(long, value_name = "DIR", default_value = "output/validate")]
    out: PathBuf,
    /// Root of all randomness; with other seeds a row may miss by chance, about once in 10,000
    #[arg(long, value_name = "N", default_value_t = SEED)]
    seed: u64,
    /// An eighth of the effort: wider intervals, which miss a little more often by chance
    #[arg(long)]
    quick: bool,
    /// Threads; results do not depend on it [default: one per core]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    threads: usize,
    /// What to print on stdout
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// No progress bar, no table
    #[arg(long, short)]
    quiet: bool,
}

pub(super) fn validate(args: &ValidateArgs, console: &mut Console) -> Result<Exit, Exit> {
    let cases = chosen(&args.only, console)?;
    if args.list {
        let width = cases.iter().map(|c| c.name.len()).max().unwrap_or(0);
        let line = |c: &KnownCase| format!("{:width$}  {}\n", c.name, c.about);
        console.out(&cases.iter().map(line).collect::<String>())?;
        return Ok(Exit::Fine);
    }
    console::in_hand(format!(
        "  version: {}\n  seed:    {}\n",
        env!("CARGO_PKG_VERSION"),
        args.seed
    ));
    let unwritten = |e: WriteError, console: &mut Console| {
        console.say(&format!("error: {e}\n"));
        Exit::Machine
    };
    let dir = OutputDir::lock(&args.out).map_err(|e| unwritten(e, console))?;
    let bar = console.bar(cases.len() as u64, "the cases", args.quiet);
    let on_case = || bar.inc(1);
    let options = ValidateOptions {
        seed: args.seed,
        quick: args.quick,
        threads: args.threads,
        on_case: &on_case,
    };
    let found = suite::validate(&cases, &options);
    bar.finish_and_clear();
    let found = found.map_err(|e| {
        console.say(&format!("error: {e}\n"));
        match e {
            ExperimentError::Threads { .. } => Exit::Machine,
            // The plans are our own.
            ExperimentError::Sim(_) => Exit::Bug,
        }
    })?;
    let command: Vec<String> = std::env::args().collect();
    let files =
        report::validation_files(&found, &dir, &command).map_err(|e| unwritten(e, console))?;
    match args.format {
        Format::Json => {
            let text = serde_json::to_string(&found).expect("rows are plain data");
            console.out(&(text + "\n"))?;
        }
        Format::Text if !args.quiet => {
            console.out(&report::validation_summary(&found, 132))?;
            let page = args.out.join("report.html");
            let (count, folder) = (files.len(), args.out.display());
            console.out(&format!("{count} files in {folder}; open {}\n", page.display()))?;
        }
        Format::Text => {}
    }
    Ok(if found.agrees() { Exit::Fine } else { Exit::Missed })
}

/// The cases of these names, in the order of the table; all where none is named.
fn chosen(only: &[String], console: &mut Console) -> Result<Vec<KnownCase>, Exit> {
    let all = suite::cases();
    let names: Vec<&str> = all.iter().map(|c| c.name).collect();
    let unknown: Vec<&String> = only.iter().filter(|n| !names.contains(&n.as_str())).collect();
    for name in &unknown {
        console.say(&format!("error: there is no case called {name:?}\n"));
    }
    if !unknown.is_empty() {
        console.say(&format!("  help: cases are {}\n", names.join(", ")));
        return Err(Exit::Input);
    }
    let named = |c: &KnownCase| only.is_empty() || only.iter().any(|n| n == c.name);
    Ok(all.into_iter().filter(named).collect())
}
