//! The command line of what only `cargo lockhound` does.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, Args, Parser, Subcommand};

use super::selection::Selection;
use super::words::CARGOS;
use crate::args::{Color, ReportArgs, SearchArgs, duration};

const EXIT_STATUS: &str = "\
Exit status:
  the program's own, if that is not 0: failed tests stay failed; else
  0  no finding counts as a failure
  1  at least one does: by default every error and warning; --fail-on moves the line
  2  lockhound could not do its job: wrong usage, nothing recorded, unreadable traces";

const OTHERS: &str = "\
All commands of `lockhound` but `run` work as well: check, explain, show … (see `lockhound help`).";

/// Hides an option that cargo gets, although it is one of ours elsewhere.
fn cargos(option: Arg) -> Arg {
    let hidden = option.get_long().is_some_and(|name| CARGOS.contains(&name));
    option.hide(hidden)
}

/// Records the tests and programs of a workspace, and finds their deadlocks, lock-order violations, data races and lost
/// updates.
#[derive(Parser, Debug)]
#[command(name = "cargo lockhound", bin_name = "cargo lockhound", version, after_help = OTHERS, max_term_width = 100)]
pub(crate) struct CargoCli {
    /// When to use colours; `auto`: on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: Color,
    #[command(subcommand)]
    pub(crate) command: CargoCommand,
}

#[derive(Subcommand, Debug)]
pub(crate) enum CargoCommand {
    /// Record `cargo test`, and report what is wrong
    #[command(
        override_usage = "cargo lockhound test [OPTIONS] [OPTIONS OF CARGO TEST] [-- OPTIONS OF THE TESTS]",
        after_help = EXIT_STATUS,
        mut_args(cargos)
    )]
    Test(RecordArgs),
    /// Record `cargo nextest run`, and report what is wrong
    #[command(
        override_usage = "cargo lockhound nextest [OPTIONS] [OPTIONS OF CARGO NEXTEST RUN] [-- OPTIONS OF THE TESTS]",
        after_help = EXIT_STATUS,
        mut_args(cargos)
    )]
    Nextest(RecordArgs),
    /// Record `cargo run`, and report what is wrong
    #[command(
        override_usage = "cargo lockhound run [OPTIONS] [OPTIONS OF CARGO RUN] [-- ARGUMENTS OF THE PROGRAM]",
        after_help = EXIT_STATUS,
        mut_args(cargos)
    )]
    Run(RecordArgs),
    /// Report what was recorded with --no-report or under `show-env`, else once more what was recorded last
    #[command(after_help = EXIT_STATUS)]
    Report(CollectArgs),
    /// Print the variables that make any command record, for a shell
    ShowEnv(ShowEnvArgs),
    /// Remove all that was recorded in this workspace
    Clean(WorkspaceArgs),
    /// Run a test, unless it is of another package
    #[command(hide = true)]
    Only(OnlyArgs),
}

/// How to record, and what to do with it.
#[derive(Args, Debug)]
pub(crate) struct RecordArgs {
    /// Only record: `cargo lockhound report` reports on this and other such runs together
    #[arg(long)]
    pub(crate) no_report: bool,
    /// End the program, and all it started, after this long (500ms, 30s, 2m); without it a hung program is waited for
    #[arg(long, value_parser = duration, value_name = "TIME")]
    pub(crate) timeout: Option<Duration>,
    #[command(flatten)]
    pub(crate) search: SearchArgs,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// What to report on.
#[derive(Args, Debug)]
pub(crate) struct CollectArgs {
    /// Reports in JSON (`findings.json` of several machines) to be put together; or traces, and folders of them
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Write the report to this file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) workspace: WorkspaceArgs,
    #[command(flatten)]
    pub(crate) search: SearchArgs,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// How to print the variables.
#[derive(Args, Debug)]
pub(crate) struct ShowEnvArgs {
    /// Print `export NAME='value'`, for `source <(cargo lockhound show-env --export-prefix)`
    #[arg(long)]
    pub(crate) export_prefix: bool,
    #[command(flatten)]
    pub(crate) workspace: WorkspaceArgs,
}

/// Which workspace.
#[derive(Args, Debug)]
pub(crate) struct WorkspaceArgs {
    /// The workspace, by one of its manifests [default: that of the current folder]
    #[arg(long, value_name = "PATH")]
    pub(crate) manifest_path: Option<PathBuf>,
    /// Cargo's folder for all that it makes; what was recorded is in its subfolder `lockhound`
    #[arg(long, value_name = "DIR")]
    pub(crate) target_dir: Option<PathBuf>,
}

impl WorkspaceArgs {
    /// The same in cargo's terms.
    pub(super) fn selection(&self) -> Selection {
        Selection { manifest: self.manifest_path.clone(), target: self.target_dir.clone(), ..Selection::default() }
    }
}

/// What to run, and for whom.
#[derive(Args, Debug)]
pub(crate) struct OnlyArgs {
    /// Packages
    pub(crate) packages: Vec<String>,
    /// The program and its arguments
    #[arg(required = true, last = true, value_name = "PROGRAM")]
    pub(crate) program: Vec<std::ffi::OsString>,
}
