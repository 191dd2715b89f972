//! What sweeps and other studies share: units that are kept on disk as they end, shares, and going on
//! after an interruption.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Args;

use crate::experiment::{self, Case, Options, Unit};
use crate::report::{Pieces, StudyError, StudyHead};

use super::console::Console;
use super::{Common, Exit};

#[derive(Debug, Args)]
pub(super) struct StudyArgs {
    /// Go on with what an interrupted run left in the folder
    #[arg(long)]
    resume: bool,
    /// Run a share only: number K (from 1) of N; `highwater merge` puts all N together
    #[arg(long, value_name = "K/N", value_parser = share)]
    pub(super) shard: Option<(usize, usize)>,
}

/// Reads `K/N`.
fn share(text: &str) -> Result<(usize, usize), String> {
    let numbers = text.split_once('/').and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
    match numbers {
        Some((k, n)) if (1..=n).contains(&k) && n <= 100_000 => Ok((k, n)),
        _ => Err("write K/N with K from 1 to N, and N at most 100000, such as 2/8".into()),
    }
}

/// Says what is wrong with a study's folder.
pub(super) fn say(error: &StudyError, console: &mut Console) -> Exit {
    console.say(&format!("error: {error}\n"));
    match error {
        StudyError::Write(_) | StudyError::Read(_) => Exit::Machine,
        _ => Exit::Input,
    }
}

/// Runs what is not there yet of a study or of a share of it; what is done is kept at any moment.
pub(super) fn run(
    cases: &[Case],
    head: StudyHead,
    dir: &Path,
    (args, common): (&StudyArgs, &Common),
    console: &mut Console,
) -> Result<Pieces, Exit> {
    let units = experiment::units(cases);
    let mine = args.shard.map_or(&units[..], |(k, n)| experiment::share(&units, k, n));
    let pieces = Pieces::begin(dir, head, args.resume).map_err(|e| say(&e, console))?;
    let todo: Vec<Unit> =
        mine.iter().copied().filter(|u| !pieces.has(u.case, u.replication)).collect();
    if args.resume && !common.quiet {
        let there = mine.len() - todo.len();
        console.say(&format!("{there} of {} runs are there, {} to go\n", mine.len(), todo.len()));
    }
    super::run::allow(cases, &todo, (false, common), console)?;
    let bar = console.bar(experiment::windows(cases, &todo), "simulated time", common.quiet);
    let done = std::sync::Arc::new(AtomicUsize::new(mine.len() - todo.len()));
    tell_when_interrupted(&done, mine.len(), dir);
    let on_window = || bar.inc(1);
    let options = Options { threads: common.threads, on_window: &on_window, listen: None };
    let failed: Mutex<Option<StudyError>> = Mutex::new(None);
    let outcome = experiment::run_units(
        cases,
        &todo,
        &options,
        &|unit, results| match pieces.keep(unit.case, unit.replication, &results) {
            Ok(()) => {
                done.fetch_add(1, Ordering::Relaxed);
                ControlFlow::Continue(())
            }
            Err(error) => {
                failed.lock().expect("no other thread broke").get_or_insert(error);
                ControlFlow::Break(())
            }
        },
    );
    bar.finish_and_clear();
    if let Some(error) = failed.into_inner().expect("no thread broke") {
        return Err(say(&error, console));
    }
    outcome.map_err(|e| super::run::failed(&e, console))?;
    Ok(pieces)
}

/// On Ctrl-C, or when asked to end: says what is kept and how to go on, and ends. Nothing needs to be
/// tidied up, since every file is whole or absent.
fn tell_when_interrupted(done: &std::sync::Arc<AtomicUsize>, all: usize, dir: &Path) {
    let (done, dir) = (done.clone(), dir.to_path_buf());
    let handler = move || {
        let text = format!(
            "\ninterrupted: {} of {all} runs are kept in {}; say the same with --resume to go on\n",
            done.load(Ordering::Relaxed),
            dir.display()
        );
        Console::new().say(&text);
        std::process::exit(130);
    };
    // Without it an interruption ends the program as well, only without a word.
    let _ = ctrlc::set_handler(handler);
}
