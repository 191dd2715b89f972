//! `highwater merge`.

use std::path::PathBuf;

use clap::Args;

use crate::report::{OutputDir, Shares, StudyError};

use super::console::Console;
use super::{Exit, drill, study, sweep};

#[derive(Debug, Args)]
pub(super) struct MergeArgs {
    /// The folders of all shares
    #[arg(required = true, value_name = "DIR")]
    shares: Vec<PathBuf>,
    /// Folder for the results [default: as of the whole, output/SCENARIO-sweep or -drill]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// No summary
    #[arg(long, short)]
    quiet: bool,
}

pub(super) fn merge(args: &MergeArgs, console: &mut Console) -> Result<Exit, Exit> {
    let shares = Shares::open(&args.shares).map_err(|e| study::say(&e, console))?;
    let head = shares.head();
    let dir = args.out.clone().unwrap_or_else(|| {
        PathBuf::from("output").join(format!("{}-{}", head.scenario, head.kind))
    });
    if args.shares.contains(&dir) {
        let text =
            format!("error: {} holds a share; choose another folder with --out\n", dir.display());
        console.say(&text);
        return Err(Exit::Input);
    }
    let dir = OutputDir::lock(&dir).map_err(|e| study::say(&StudyError::Write(e), console))?;
    let points = |i: usize| shares.point(i);
    match head.kind.as_str() {
        "drill" => drill::write(head, &dir, &points, args.quiet, console).map(|(exit, _)| exit),
        _ => sweep::write(head, &dir, &points, args.quiet, console),
    }
}
