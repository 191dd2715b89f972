//! `highwater report`.

use std::path::PathBuf;

use clap::Args;

use crate::report;

use super::Exit;
use super::console::Console;

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// A results.json, or the folder that holds it
    results: PathBuf,
    /// Folder for the files [default: the folder of the results.json]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn redraw(args: &ReportArgs, console: &mut Console) -> Result<Exit, Exit> {
    let path = if args.results.is_dir() {
        args.results.join("results.json")
    } else {
        args.results.clone()
    };
    let results = report::read_results(&path).map_err(|e| {
        console.say(&format!("error: {e}\n"));
        Exit::Input
    })?;
    let dir = args.out.clone().unwrap_or_else(|| path.parent().unwrap_or(&path).to_path_buf());
    let command: Vec<String> = std::env::args().collect();
    let files = report::write_all(&results, &dir, &command).map_err(|e| {
        console.say(&format!("error: {e}\n"));
        Exit::Machine
    })?;
    console.out(&format!("{} files in {}\n", files.len(), dir.display()))?;
    Ok(Exit::Fine)
}
