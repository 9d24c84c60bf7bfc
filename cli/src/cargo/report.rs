//! `cargo lockhound report`.

use std::path::PathBuf;

use anyhow::{Context, bail};

use super::args::CollectArgs;
use super::store::Store;
use super::workspace::Workspace;
use crate::commands::check;
use crate::exit_code::ExitCode;
use crate::sources::Embedded;
use crate::traces::{Found, WhenEmpty};

/// Reports what is named, or else what the workspace has recorded.
pub(super) fn run(args: &CollectArgs) -> anyhow::Result<ExitCode> {
    if !args.paths.is_empty() {
        let batch = Found::at(&args.paths).analyse(&args.search.options(), WhenEmpty::Complain);
        return check::report(batch, &args.report, args.output.as_deref(), None, Embedded::Last);
    }
    let store = Store::under(Workspace::of(&args.workspace.selection())?.target());
    let runs = store.to_report().context("could not look for what was recorded")?;
    let mut folders: Vec<PathBuf> = Vec::new();
    for run in &runs {
        if run.has_traces().context("could not look for traces")? {
            folders.push(run.folder().to_owned());
        }
    }
    if folders.is_empty() {
        bail!(
            "nothing was recorded in this workspace: `cargo lockhound test` records and reports, with --no-report it only records"
        );
    }
    let batch = Found::at(&folders).analyse(&args.search.options(), WhenEmpty::Skip);
    check::report(batch, &args.report, args.output.as_deref(), Some(&store.findings()), Embedded::Last)
}
