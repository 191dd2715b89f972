//! `highwater check`.

use std::path::PathBuf;

use clap::Args;

use crate::scenario::{self, Severity};

use super::console::Console;
use super::{Exit, key_value};

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Scenario files
    #[arg(required = true)]
    scenarios: Vec<PathBuf>,
    /// Set a key of the scenario before checking
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    set: Vec<(String, String)>,
    /// Show the network that the scenario is lowered to
    #[arg(long)]
    show_plan: bool,
}

pub(super) fn check(args: &CheckArgs, console: &mut Console) -> Result<Exit, Exit> {
    let mut exit = Exit::Fine;
    for path in &args.scenarios {
        let name = path.display();
        match super::run::load(path, &args.set, console) {
            Ok(loaded) => {
                let count = |s| loaded.diagnostics.iter().filter(|d| d.severity == s).count();
                let (warnings, notes) = (count(Severity::Warning), count(Severity::Note));
                let many =
                    |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
                let (warnings, notes) = (many(warnings, "warning"), many(notes, "note"));
                console.out(&format!("{name}: ok, {warnings}, {notes}\n"))?;
                let procedures = &loaded.procedures;
                let wide = procedures.iter().map(|p| p.service.len()).max().unwrap_or(0);
                for p in procedures {
                    let (service, class) = (&p.service, p.class);
                    console.out(&format!("  {service:<wide$}  {class:<6}  {}\n", p.procedure))?;
                }
                if args.show_plan {
                    console.out(&scenario::show_plan(&loaded.plan))?;
                }
            }
            Err(e) => exit = if exit == Exit::Machine { exit } else { e },
        }
    }
    Ok(exit)
}
