//! `highwater compare`.

use std::path::PathBuf;

use clap::Args;

use crate::measure::{Comparison, Cost, Told};
use crate::report::{self, Compared, OutputDir};

use super::console::Console;
use super::{Common, Exit, Format, key_value};

#[derive(Debug, Args)]
pub(super) struct CompareArgs {
    #[command(flatten)]
    common: Common,
    /// Another scenario file as B; without it B is the same file
    other: Option<PathBuf>,
    /// Set a key in A only (--set sets it in both)
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    a: Vec<(String, String)>,
    /// Set a key in B only
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    b: Vec<(String, String)>,
    /// A difference of a smaller share of A's value does not matter
    #[arg(long, value_name = "SHARE", default_value = "1 %", value_parser = share)]
    threshold: f64,
    #[command(flatten)]
    prices: super::Prices,
}

/// `5 %`, `5%` or `0.05`.
pub(super) fn share(text: &str) -> Result<f64, String> {
    let ratio = text.trim().parse::<crate::units::Ratio>().map(crate::units::Ratio::get).ok();
    ratio
        .filter(|x| (0.0..1.0).contains(x))
        .ok_or_else(|| "write a share below 1, such as \"1 %\" or 0.01".into())
}

pub(super) fn compare(args: &CompareArgs, console: &mut Console) -> Result<Exit, Exit> {
    let common = &args.common;
    let book = args.prices.load(console)?;
    let other = args.other.as_ref().unwrap_or(&common.scenario);
    if args.other.is_none() && args.a.is_empty() && args.b.is_empty() {
        console.say("error: A and B are the same: give a second file, or --b KEY=VALUE\n");
        return Err(Exit::Input);
    }
    let sides = [(&common.scenario, &args.a), (other, &args.b)];
    let (mut cases, mut names) = (Vec::new(), Vec::new());
    for (file, own) in sides {
        let mut overrides = common.overrides();
        overrides.extend(own.iter().cloned());
        let case = super::run::case(super::run::load(file, &overrides, console)?);
        let set: Vec<String> = own.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        names.push(match set.as_slice() {
            [] => file.display().to_string(),
            set => format!("{} with {}", file.display(), set.join(", ")),
        });
        cases.push(case);
    }
    let runs = |i: usize| cases[i].plan.settings.replications;
    if runs(0) != runs(1) {
        console.say(&format!(
            "error: A has {} replications and B {}: they are compared in pairs; say --replications N\n",
            runs(0),
            runs(1)
        ));
        return Err(Exit::Input);
    }
    let dir = common
        .out
        .clone()
        .unwrap_or_else(|| PathBuf::from("output").join(format!("{}-compare", cases[0].plan.name)));
    let dir = OutputDir::lock(&dir).map_err(|e| super::run::unwritten(&e, console))?;
    let mut results = super::run::simulate(&cases, common, None, console)?;
    let (b, a) = (results.pop().expect("two"), results.pop().expect("two"));
    let found = Comparison::of(&a, &b, args.threshold);
    let worse = found.count(Told::Worse) > 0;
    let (name_b, name_a) = (names.pop().expect("two"), names.pop().expect("two"));
    let cost = book.map(|book| (Cost::of(&a, &book), Cost::of(&b, &book)));
    let it = Compared { name_a, name_b, found, cost, a, b };
    let mut more: Vec<(&str, String)> = Vec::new();
    for (flag, list) in [("--a", &args.a), ("--b", &args.b)] {
        more.extend(list.iter().map(|(key, value)| (flag, format!("{key}={value}"))));
    }
    more.push(("--threshold", args.threshold.to_string()));
    more.extend(args.prices.words());
    let mut command = common.command("compare", &more);
    if let Some(other) = &args.other {
        command.insert(3, other.to_string_lossy().into_owned());
    }
    let files = report::comparison_files(&it, &dir, &command)
        .map_err(|e| super::run::unwritten(&e, console))?;
    match common.format {
        Format::Json => {
            let text = serde_json::to_string(&it.found).expect("rows are plain data");
            console.out(&(text + "\n"))?;
        }
        Format::Text if !common.quiet => {
            console.out(&report::comparison_summary(&it, 120))?;
            let page = dir.path().join("report.html");
            let (count, folder) = (files.len(), dir.path().display());
            console.out(&format!("\n{count} files in {folder}; open {}\n", page.display()))?;
        }
        Format::Text => {}
    }
    Ok(if worse { Exit::Missed } else { Exit::Fine })
}
