//! The command line: flags, the terminal, exit codes, progress. Nothing else reads or writes them.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | fine |
//! | 1 | an objective was missed, a validation differs from theory, or B is worse than A |
//! | 2 | bad input or usage |
//! | 70 | a bug of highwater |
//! | 74 | the machine failed: a file could not be read or written |
//! | 130 | a sweep or drill was interrupted (Ctrl-C, a request to end): what is done is kept |

mod check;
mod compare;
mod console;
mod drill;
mod emit;
mod merge;
mod plan;
mod redraw;
mod run;
mod study;
mod sweep;
mod validate;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::plan::PriceBook;

use console::Console;

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0
    Fine,
    /// 1
    Missed,
    /// 2
    Input,
    /// 70
    Bug,
    /// 74
    Machine,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Fine => 0,
            Exit::Missed => 1,
            Exit::Input => 2,
            Exit::Bug => 70,
            Exit::Machine => 74,
        })
    }
}

/// Simulates traffic through cloud endpoints, proxies and circuits.
#[derive(Debug, Parser)]
#[command(name = "highwater", version, about, max_term_width = 100, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 fine, 1 an objective was missed, theory differs or B is worse, 2 bad input or \
                          usage, 70 a bug of highwater, 74 a file could not be read or written, 130 \
                          a sweep or drill was interrupted (go on with --resume).";

#[derive(Debug, Subcommand)]
enum Command {
    /// Check scenarios against the documented rules, without running them
    Check(check::CheckArgs),
    /// Simulate a scenario; write histograms, charts and a report
    Run(run::RunArgs),
    /// Simulate a grid of variants of a scenario
    Sweep(sweep::SweepArgs),
    /// Compare two scenarios, or two variants of one, replication by replication
    Compare(compare::CompareArgs),
    /// Let everything fail that can, and judge each failure against the run without it
    Drill(drill::DrillArgs),
    /// Print a job file that cuts a sweep or a drill into shares for other machines
    Emit(emit::EmitArgs),
    /// Put the shares of a sweep or a drill together
    Merge(merge::MergeArgs),
    /// Find how much fits, until when, and what an upgrade buys
    Plan(plan::PlanArgs),
    /// Redraw files, charts and page from a results.json
    Report(redraw::ReportArgs),
    /// Run the simulations whose answer is known, and compare
    Validate(validate::ValidateArgs),
}

/// How text goes to stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// What `run`, `sweep` and `drill` share.
#[derive(Debug, Args)]
struct Common {
    /// The scenario file
    scenario: PathBuf,
    /// Folder for the results [default: output/SCENARIO, of a sweep or drill output/SCENARIO-sweep, -drill]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Set a key of the scenario: --set run.seed=7 --set 'circuit.c1.port="40 Gbps"'
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    set: Vec<(String, String)>,
    /// Root of all randomness (short for --set run.seed=N)
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Independent repetitions (short for --set run.replications=N)
    #[arg(long, value_name = "N")]
    replications: Option<u32>,
    /// Threads; results do not depend on it [default: one per core]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    threads: usize,
    /// Run even if the estimate of requests or memory is above the limit
    #[arg(long)]
    force: bool,
    /// What to print on stdout
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// No progress bar, no summary
    #[arg(long, short)]
    quiet: bool,
}

/// What turns results into money.
#[derive(Debug, Args)]
struct Prices {
    /// A price book (TOML): what links, pools and stations cost
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
}

impl Prices {
    /// The price book, if one is given.
    fn load(&self, console: &mut Console) -> Result<Option<PriceBook>, Exit> {
        let Some(path) = &self.prices else { return Ok(None) };
        let book = crate::scenario::load_prices(path);
        book.map(Some).map_err(|failure| run::refused(failure, console))
    }

    /// As words of a command.
    fn words(&self) -> Option<(&'static str, String)> {
        self.prices.as_ref().map(|path| ("--prices", path.to_string_lossy().into_owned()))
    }
}

impl Common {
    /// All overrides, in the order in which they take effect.
    fn overrides(&self) -> Vec<(String, String)> {
        let mut all = self.set.clone();
        all.extend(self.seed.map(|n| ("run.seed".to_owned(), n.to_string())));
        all.extend(self.replications.map(|n| ("run.replications".to_owned(), n.to_string())));
        all
    }

    /// The command that makes the same results, without what changes only where and how.
    fn command(&self, name: &str, more: &[(&str, String)]) -> Vec<String> {
        let scenario = self.scenario.to_string_lossy().into_owned();
        let mut words = vec!["highwater".to_owned(), name.to_owned(), scenario];
        for (key, value) in &self.set {
            words.extend(["--set".to_owned(), format!("{key}={value}")]);
        }
        let seed = self.seed.map(|n| ("--seed", n.to_string()));
        let replications = self.replications.map(|n| ("--replications", n.to_string()));
        for (flag, value) in seed.into_iter().chain(replications).chain(more.iter().cloned()) {
            words.extend([flag.to_owned(), value]);
        }
        words
    }
}

/// Splits `key=value`.
fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok((key.trim().into(), value.trim().into()))
        }
        _ => Err("write KEY=VALUE, such as circuit.c1.port=\"40 Gbps\"".into()),
    }
}

/// Runs the program on the process's arguments.
pub fn main() -> ExitCode {
    console::report_panics();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            let code = if e.use_stderr() { Exit::Input } else { Exit::Fine };
            // Nothing can be done about a closed stdout or stderr here.
            let _ = e.print();
            return code.into();
        }
    };
    let mut console = Console::new();
    let work = || match &cli.command {
        Command::Check(args) => check::check(args, &mut console),
        Command::Run(args) => run::run(args, &mut console),
        Command::Sweep(args) => sweep::sweep(args, &mut console),
        Command::Compare(args) => compare::compare(args, &mut console),
        Command::Drill(args) => drill::drill(args, &mut console),
        Command::Emit(args) => emit::emit(args, &mut console),
        Command::Merge(args) => merge::merge(args, &mut console),
        Command::Plan(args) => plan::plan(args, &mut console),
        Command::Report(args) => redraw::redraw(args, &mut console),
        Command::Validate(args) => validate::validate(args, &mut console),
    };
    let exit = console::catching(work);
    exit.into()
}
