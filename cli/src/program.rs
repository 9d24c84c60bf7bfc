//! From the command line to the exit status.

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches};

use crate::args::{Cli, Command};
use crate::exit_code::ExitCode;
use crate::{cargo, commands, console};

/// Under which name the program was called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Invocation {
    /// `lockhound …`
    Direct,
    /// `cargo lockhound …`, which arrives as `cargo-lockhound lockhound …`
    Cargo,
}

impl Invocation {
    fn name(self) -> &'static str {
        match self {
            Self::Direct => "lockhound",
            Self::Cargo => "cargo lockhound",
        }
    }

    fn arguments(self, mut arguments: Vec<OsString>) -> Vec<OsString> {
        if self == Self::Cargo && arguments.get(1).is_some_and(|first| first == "lockhound") {
            arguments.remove(1);
        }
        arguments
    }
}

/// Runs the program with the arguments of this process.
#[must_use]
pub fn main(invocation: Invocation) -> std::process::ExitCode {
    let arguments = invocation.arguments(std::env::args_os().collect());
    if invocation == Invocation::Cargo && cargo::is_ours(&arguments) {
        return end(cargo::main(arguments));
    }
    let parsed = Cli::command().bin_name(invocation.name()).try_get_matches_from(arguments);
    let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    cli.color.apply();
    end(dispatch(&cli.command))
}

fn end(result: anyhow::Result<ExitCode>) -> std::process::ExitCode {
    result
        .unwrap_or_else(|error| {
            console::error(&format!("{error:#}"));
            ExitCode::Trouble
        })
        .into()
}

fn dispatch(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Check(args) => commands::check::run(args),
        Command::Report(args) => commands::report::run(args),
        Command::Run(args) => commands::run::run(args),
        Command::Demo(args) => commands::demo::run(args),
        Command::DemoProgram { id } => commands::demo::run_program(id),
        Command::Show(args) => commands::show::run(args),
        Command::Convert(args) => commands::convert::run(args),
        Command::Allow(args) => commands::allow::run(args),
        Command::Explain(args) => commands::explain::run(args),
        Command::Graph(args) => commands::graph::run(args),
        Command::Stats(args) => commands::stats::run(args),
        Command::Completions(args) => commands::completions::run(args),
        Command::Man(args) => commands::man::run(args),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn cargo_passes_its_own_first_argument() {
        let stripped = Invocation::Cargo.arguments(words(&["cargo-lockhound", "lockhound", "check", "lockhound"]));
        assert_eq!(stripped, words(&["cargo-lockhound", "check", "lockhound"]));
    }

    #[test]
    fn a_direct_call_keeps_its_arguments() {
        let kept = Invocation::Direct.arguments(words(&["lockhound", "lockhound"]));
        assert_eq!(kept, words(&["lockhound", "lockhound"]));
    }
}
