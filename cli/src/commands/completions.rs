//! `lockhound completions`: for shells.

use clap::CommandFactory;

use crate::args::{Cli, CompletionsArgs};
use crate::console;
use crate::exit_code::ExitCode;

pub(crate) fn run(args: &CompletionsArgs) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "lockhound", &mut script);
    console::print(&String::from_utf8(script)?)?;
    Ok(ExitCode::Clean)
}
