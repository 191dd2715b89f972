//! The `highwater` program; see `highwater --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    highwater::cli::main()
}
