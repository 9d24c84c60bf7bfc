//! `cargo lockhound report`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::args::CollectArgs;
use super::conclude::{analyse, conclude, describe};
use super::store::Store;
use super::workspace::Workspace;
use crate::commands::report::gather;
use crate::conclusion::Conclusion;
use crate::config::{Config, Coverage};
use crate::exit_code::ExitCode;
use crate::sources::Embedded;

/// Reports what is named, or else what the workspace has recorded.
pub(super) fn run(args: &CollectArgs) -> anyhow::Result<ExitCode> {
    if args.paths.is_empty() { recorded(args) } else { named(args) }
}

fn recorded(args: &CollectArgs) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::of(&args.workspace.selection())?;
    let runs = Store::under(workspace.target()).to_report().context("could not look for what was recorded")?;
    if runs.is_empty() {
        bail!(
            "nothing was recorded in this workspace: `cargo lockhound test` records and reports, with --no-report it only \
             records"
        );
    }
    let folders: Vec<PathBuf> = runs.iter().map(|run| run.folder().to_owned()).collect();
    let config = Config::load(&args.report.config, workspace.root())?;
    let batch = analyse(&folders, &args.search.options(&config));
    // Nobody knows here whether these were all tests.
    conclude(batch, &workspace, &args.report, args.output.as_deref(), (config, Coverage::Partial))
}

/// Reports in JSON, each of which is itself, and traces, which count as another.
fn named(args: &CollectArgs) -> anyhow::Result<ExitCode> {
    let config = Config::here(&args.report.config)?;
    let describe = |batch| {
        let workspace = Workspace::of(&args.workspace.selection())?;
        Ok(describe(batch, &workspace, &args.report))
    };
    let (mut document, problems) = gather(&args.paths, &args.search.options(&config), describe)?;
    if !args.report.refuted {
        document.refuted = None;
    }
    let output: Option<&Path> = args.output.as_deref();
    let coverage = args.search.coverage();
    Conclusion { document, problems, embedded: Embedded::Last, config, coverage }.report(&args.report, output)
}
