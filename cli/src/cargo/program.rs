//! From the words after `cargo lockhound` to the exit status.

use std::ffi::{OsStr, OsString};

use clap::{CommandFactory, FromArgMatches};

use super::args::{CargoCli, CargoCommand};
use super::record::{self, Recorded};
use super::words::Words;
use super::{clean, only, report, show_env};
use crate::args::Color;
use crate::exit_code::ExitCode;

/// Whether these arguments are for [`main`]: no command of `lockhound` itself.
pub(crate) fn is_ours(arguments: &[OsString]) -> bool {
    subcommand(arguments).is_none_or(|at| {
        let command = CargoCli::command();
        arguments[at] == "help" || command.get_subcommands().any(|one| arguments[at] == one.get_name())
    })
}

/// Where the name of the subcommand stands.
fn subcommand(arguments: &[OsString]) -> Option<usize> {
    let is_value = |at: usize| arguments[at - 1] == "--color";
    (1..arguments.len()).find(|&at| !arguments[at].as_encoded_bytes().starts_with(b"-") && !is_value(at))
}

/// Does what the arguments of this process ask for.
pub(crate) fn main(mut arguments: Vec<OsString>) -> anyhow::Result<ExitCode> {
    let mut words = Words::default();
    if let Some(at) = subcommand(&arguments)
        && let Some(command) = recording(&arguments[at])
    {
        words = Words::sort(arguments.drain(at + 1..), &command);
        arguments.append(&mut words.ours);
    }
    let parsed = CargoCli::command().try_get_matches_from(arguments);
    let cli = match parsed.and_then(|matches| CargoCli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    cli.color.apply();
    words.cargos.extend(colour(cli.color, &words.cargos));
    dispatch(&cli.command, words)
}

/// The subcommand of this name, if it shares its words with cargo.
fn recording(name: &OsStr) -> Option<clap::Command> {
    let mut command = CargoCli::command();
    // Puts the global options where the words will be looked for.
    command.build();
    let name = ["test", "nextest", "run"].into_iter().find(|one| name == *one)?;
    command.find_subcommand(name).cloned()
}

/// What was asked of us holds for cargo too.
fn colour(color: Color, words: &[OsString]) -> Vec<OsString> {
    let when = match color {
        Color::Auto => return Vec::new(),
        Color::Always => "always",
        Color::Never => "never",
    };
    if words.iter().any(|word| word == "--color") { Vec::new() } else { vec!["--color".into(), when.into()] }
}

fn dispatch(command: &CargoCommand, words: Words) -> anyhow::Result<ExitCode> {
    match command {
        CargoCommand::Test(args) => record::run(Recorded::Test, args, words),
        CargoCommand::Nextest(args) => record::run(Recorded::Nextest, args, words),
        CargoCommand::Run(args) => record::run(Recorded::Run, args, words),
        CargoCommand::Report(args) => report::run(args),
        CargoCommand::ShowEnv(args) => show_env::run(args),
        CargoCommand::Clean(args) => clean::run(args),
        CargoCommand::Only(args) => only::run(args),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_for_cargo(line: &str) -> bool {
        is_ours(&line.split_whitespace().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn the_command_line_is_consistent() {
        CargoCli::command().debug_assert();
    }

    #[test]
    fn help_shows_no_option_that_cargo_gets() {
        for name in ["test", "nextest", "run"] {
            let mut command = CargoCli::command().find_subcommand(name).unwrap().clone();
            let help = command.render_long_help().to_string();
            assert!(help.contains("--no-config") && !help.contains("--config"), "{help}");
            assert!(help.contains("--witness") && !help.contains("--verbose"), "{help}");
        }
    }

    #[test]
    fn commands_of_lockhound_itself_stay_its_own() {
        for line in ["x", "x --help", "x test", "x --color never run --lib", "x show-env", "x help test"] {
            assert!(is_for_cargo(line), "{line}");
        }
        for line in ["x check a", "x --color run check a", "x explain deadlock", "x nonsense"] {
            assert!(!is_for_cargo(line), "{line}");
        }
    }
}
