//! The runner that leaves out the tests of packages that were selected only for their features.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, bail};

use super::args::OnlyArgs;
use crate::exit_code::ExitCode;

/// Set by cargo for every test.
const PACKAGE: &str = "CARGO_PKG_NAME";

/// The setting of cargo that makes this process's program the runner.
pub(super) fn configuration(packages: &[&str]) -> anyhow::Result<String> {
    let program = std::env::current_exe().context("could not find this program")?;
    let Some(program) = program.to_str() else { bail!("{}: expected a path in UTF-8", program.display()) };
    let words = [program, "lockhound", "only"].into_iter().chain(packages.iter().copied()).chain(["--"]);
    // Strings of JSON are strings of TOML.
    let words = serde_json::to_string(&words.collect::<Vec<_>>()).context("could not quote the runner")?;
    Ok(format!("target.'cfg(all())'.runner={words}"))
}

/// Becomes the test program, if it is of one of the packages.
pub(super) fn run(args: &OnlyArgs) -> anyhow::Result<ExitCode> {
    let of_package = std::env::var(PACKAGE).unwrap_or_default();
    let Some((program, arguments)) = args.program.split_first() else { bail!("no program to run") };
    if !args.packages.contains(&of_package) {
        return Ok(ExitCode::Clean);
    }
    Err(become_program(program, arguments)).with_context(|| format!("could not run {}", program.display()))
}

fn become_program(program: &OsString, arguments: &[OsString]) -> io::Error {
    Command::new(program).args(arguments).exec()
}
