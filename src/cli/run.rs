//! `highwater run`.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::experiment::{self, Case, Estimate, ExperimentError, Listen, Options, Precision, Unit};
use crate::measure::{Cost, Identity, Observer, Results};
use crate::report::{self, FlowList};
use crate::scenario::{self, Failure, Loaded};
use crate::units::Span;

use super::console::{self, Console};
use super::{Common, Exit, Format};

/// Above these a run needs `--force`.
const MOST_REQUESTS: f64 = 1e9;
const MOST_MEMORY: f64 = (1u64 << 30) as f64;

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    common: Common,
    /// Write each request of each replication as a row of this CSV file: start, end, size, outcome
    #[arg(long, value_name = "FILE")]
    flows: Option<PathBuf>,
    /// Replicate until the interval of every mean latency is at most this share of it: "2 %"
    #[arg(long, value_name = "SHARE", value_parser = super::compare::share, conflicts_with = "flows")]
    precision: Option<f64>,
    /// Most replications of --precision
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(10..=100_000))]
    most: u32,
    /// Find the warm-up (MSER-5 of the requests under way, by a run more) instead of run.warmup
    #[arg(long)]
    find_warmup: bool,
    #[command(flatten)]
    prices: super::Prices,
}

pub(super) fn run(args: &RunArgs, console: &mut Console) -> Result<Exit, Exit> {
    let common = &args.common;
    let loaded = load(&common.scenario, &common.overrides(), console)?;
    let mut case = case(loaded);
    let book = args.prices.load(console)?;
    if args.find_warmup {
        case.plan.settings.warmup = warmup(&case, common, console)?;
    }
    let dir = common.out.clone().unwrap_or_else(|| PathBuf::from("output").join(&case.plan.name));
    let list = match &args.flows {
        Some(path) => Some(flow_list(path, &case, console)?),
        None => None,
    };
    let results = match &list {
        Some(list) => {
            let listen = |_, replication| Box::new(list.part(replication)) as Box<dyn Observer>;
            simulate(&[case], common, Some(&listen), console)?.remove(0)
        }
        None => match args.precision {
            Some(share) => {
                let precision = Precision { share, most: args.most };
                precise(&case, precision, common, console)?
            }
            None => simulate(&[case], common, None, console)?.remove(0),
        },
    };
    let command: Vec<String> = std::env::args().collect();
    let files = report::write_all(&results, &dir, &command).map_err(|e| {
        console.say(&format!("error: {e}\n"));
        Exit::Machine
    })?;
    // Last, so that a run that failed has left the old list alone.
    if let Some(list) = list {
        list.finish().map_err(|e| {
            console.say(&format!("error: {e}\n"));
            Exit::Machine
        })?;
    }
    match common.format {
        Format::Json => {
            let text = serde_json::to_string(&results).expect("results are plain data");
            console.out(&(text + "\n"))?;
        }
        Format::Text if !common.quiet => {
            console.out(&report::summary(&results, 120))?;
            if let Some(book) = &book {
                let cost = Cost::of(&results, book);
                console.out(&format!("\n{}", report::cost_summary(&cost, 120)))?;
            }
            let page = dir.join("report.html");
            console.out(&format!(
                "\n{} files in {}; open {}\n",
                files.len(),
                dir.display(),
                page.display()
            ))?;
        }
        Format::Text => {}
    }
    Ok(verdict(&results))
}

/// Where the start of a run ends, said; refused where a run has no level.
fn warmup(case: &Case, common: &Common, console: &mut Console) -> Result<Span, Exit> {
    if let Some(what) = experiment::moves(&case.plan) {
        console.say(&format!(
            "error: no warm-up can be found for {}: {what}, so that it has no level; say run.warmup\n",
            case.plan.name
        ));
        return Err(Exit::Input);
    }
    let cases = std::slice::from_ref(case);
    let units = experiment::units(cases);
    allow(cases, &units, (true, common), console)?;
    let bar = console.bar(experiment::windows(cases, &units), "the warm-up", common.quiet);
    let on_window = || bar.inc(1);
    let options = Options { threads: common.threads, on_window: &on_window, listen: None };
    let found = experiment::find_warmup(case, &options);
    bar.finish_and_clear();
    match found.map_err(|e| failed(&e, console))? {
        Some(warmup) => {
            let what = match warmup.nanos() {
                0 => "nothing needs to be left out at the start".to_owned(),
                _ => format!("the first {warmup} are left out"),
            };
            console.say(&format!("{what} (MSER-5 of the requests under way)\n"));
            Ok(warmup)
        }
        None => {
            console.say(&format!(
                "error: {} has reached no level within {}: MSER-5 would leave out half of it or more\n  \
                 help: lengthen run.length, or narrow run.window\n",
                case.plan.name, case.plan.settings.horizon
            ));
            Err(Exit::Input)
        }
    }
}

/// Replicates until the results are precise enough, and says how far that is.
fn precise(
    case: &Case,
    precision: Precision,
    common: &Common,
    console: &mut Console,
) -> Result<Results, Exit> {
    let cases = std::slice::from_ref(case);
    let units: Vec<Unit> =
        (0..precision.most).map(|replication| Unit { case: 0, replication }).collect();
    allow(cases, &units, (false, common), console)?;
    let bar = console.bar(experiment::windows(cases, &units), "the most it may take", common.quiet);
    let on_window = || bar.inc(1);
    let options = Options { threads: common.threads, on_window: &on_window, listen: None };
    let outcome = experiment::run_until(case, precision, &options);
    bar.finish_and_clear();
    let (results, reached) = outcome.map_err(|e| failed(&e, console))?;
    let percent = |x: f64| format!("{:.2} %", x * 100.0);
    let widest = reached.widest.map_or_else(String::new, |(name, width)| {
        format!("; least precise is the mean latency of {name}, by {}", percent(width))
    });
    console.say(&format!(
        "{} of {} after {} replications{widest}\n",
        if reached.enough { "reached a precision" } else { "warning: NOT reached a precision" },
        percent(precision.share),
        results.settings.replications.len(),
    ));
    Ok(results)
}

/// Begins the list that `--flows` asks for.
fn flow_list(path: &Path, case: &Case, console: &mut Console) -> Result<FlowList, Exit> {
    let names = case.plan.workloads.iter().map(|w| w.name.as_str());
    FlowList::create(path, names, case.plan.settings.replications).map_err(|e| {
        console.say(&format!("error: {e}\n"));
        match e {
            report::WriteError::NoFolder { .. } | report::WriteError::NoFile { .. } => Exit::Input,
            _ => Exit::Machine,
        }
    })
}

/// Says why something could not be written.
pub(super) fn unwritten(error: &report::WriteError, console: &mut Console) -> Exit {
    console.say(&format!("error: {error}\n"));
    Exit::Machine
}

/// Exit code 1 when an objective was missed.
pub(super) fn verdict(results: &Results) -> Exit {
    let missed = results.workloads.iter().flat_map(|w| &w.objectives).any(|o| !o.met);
    if missed { Exit::Missed } else { Exit::Fine }
}

/// Loads a scenario, and says what is wrong with it.
pub(super) fn load(
    path: &Path,
    overrides: &[(String, String)],
    console: &mut Console,
) -> Result<Loaded, Exit> {
    match scenario::load(path, overrides) {
        Ok(loaded) => {
            if !loaded.diagnostics.is_empty() {
                console.say(&scenario::render(
                    &loaded.diagnostics,
                    &loaded.sources,
                    console.colour(),
                ));
            }
            Ok(loaded)
        }
        Err(failure) => Err(refused(failure, console)),
    }
}

/// Says why a file was refused.
pub(super) fn refused(failure: Failure, console: &mut Console) -> Exit {
    match failure {
        Failure::Refused { diagnostics, sources } => {
            console.say(&scenario::render(&diagnostics, &sources, console.colour()));
            Exit::Input
        }
        Failure::Io { path, error } => {
            console.say(&format!("error: cannot read {}: {error}\n", path.display()));
            if error.kind() == std::io::ErrorKind::NotFound { Exit::Input } else { Exit::Machine }
        }
    }
}

/// What is run of a loaded scenario.
pub(super) fn case(loaded: Loaded) -> Case {
    let identity = Identity {
        scenario: loaded.plan.name.clone(),
        title: loaded.plan.title.clone(),
        description: loaded.plan.description.clone(),
        scenario_hash: format!("{:016x}", loaded.hash),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed: loaded.plan.settings.seed,
    };
    Case { plan: loaded.plan, identity }
}

/// Refuses what would take too long or too much memory, unless it is forced.
pub(super) fn allow(
    cases: &[Case],
    units: &[Unit],
    (memory_of_all, common): (bool, &Common),
    console: &mut Console,
) -> Result<(), Exit> {
    let first = &cases[0].identity;
    console::in_hand(format!(
        "  version: {}\n  hash:    {}\n  seed:    {}\n",
        first.version, first.scenario_hash, first.seed
    ));
    let estimates: Vec<Estimate> = cases.iter().map(|c| Estimate::of(&c.plan)).collect();
    let runs = |unit: &Unit| f64::from(cases[unit.case].plan.settings.replications);
    let (mut requests, mut memory) = (0.0, 0.0_f64);
    for unit in units {
        let of_one = estimates[unit.case].memory / runs(unit);
        requests += estimates[unit.case].requests / runs(unit);
        memory = if memory_of_all { memory + of_one } else { memory.max(of_one) };
    }
    if !common.force && (requests > MOST_REQUESTS || memory > MOST_MEMORY) {
        console.say(&format!(
            "error: this would simulate about {requests:.1e} requests and keep {:.1} GiB of results; \
             the limits are {MOST_REQUESTS:.0e} and {:.0} GiB\n  help: shorten run.length, widen run.window, \
             lower run.replications, or say --force\n",
            memory / MOST_MEMORY,
            1.0
        ));
        return Err(Exit::Input);
    }
    Ok(())
}

/// Runs cases behind a progress bar, after an estimate.
pub(super) fn simulate(
    cases: &[Case],
    common: &Common,
    listen: Option<&Listen<'_>>,
    console: &mut Console,
) -> Result<Vec<Results>, Exit> {
    let units = experiment::units(cases);
    allow(cases, &units, (true, common), console)?;
    let bar = console.bar(experiment::windows(cases, &units), "simulated time", common.quiet);
    let on_window = || bar.inc(1);
    let options = Options { threads: common.threads, on_window: &on_window, listen };
    let outcome = experiment::run_all(cases, &options);
    bar.finish_and_clear();
    outcome.map_err(|e| failed(&e, console))
}

/// Says why an experiment could not be made.
pub(super) fn failed(error: &ExperimentError, console: &mut Console) -> Exit {
    console.say(&format!("error: {error}\n"));
    match error {
        ExperimentError::Threads { .. } => Exit::Machine,
        ExperimentError::Sim(crate::sim::SimError::Plan(_)) => Exit::Bug,
        ExperimentError::Sim(_) => Exit::Input,
    }
}
