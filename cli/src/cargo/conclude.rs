//! From traces of a workspace to their report, printed and kept.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use lockhound_analyzer::Options;
use lockhound_report::{Document, document, look_up_names, to_json};
use lockhound_trace::ObjectKind;

use super::store::Store;
use super::workspace::Workspace;
use crate::args::{ReportArgs, ReportFormat};
use crate::conclusion::{Conclusion, detail};
use crate::config::{Config, Coverage};
use crate::exit_code::ExitCode;
use crate::sources::{Embedded, Files};
use crate::traces::{Batch, Found, WhenEmpty};

/// Analyses all traces in these folders, without those of processes that had no chance to go wrong: where the recorder could
/// not but leave a file ([`LOCKHOUND_KEEP`](super::environment)), nobody wants to hear of it.
pub(super) fn analyse(folders: &[PathBuf], options: &Options) -> Batch {
    let mut batch = Found::at(folders).analyse(options, WhenEmpty::Skip);
    batch.runs.retain(|run| {
        let tables = &run.report.tables;
        let is_lock = |kind| matches!(kind, ObjectKind::Mutex { .. } | ObjectKind::RwLock { .. });
        let locks = tables.objects().iter().filter(|object| is_lock(object.kind)).count();
        tables.threads().len() > 1 || locks > 1 || !run.report.findings.is_empty()
    });
    batch
}

/// Reports what these runs of the workspace's programs yield, and keeps it as `findings.json`: all of
/// it, before anything is decided about it, since every later report decides anew.
pub(super) fn conclude(
    batch: Batch,
    workspace: &Workspace,
    args: &ReportArgs,
    output: Option<&Path>,
    decided: (Config, Coverage),
) -> anyhow::Result<ExitCode> {
    let output = output.map(std::path::absolute).transpose().context("could not find the current folder")?;
    // A file of another project may have the name of one of this, and lie where we were called.
    std::env::set_current_dir(workspace.root()).with_context(|| workspace.root().display().to_string())?;
    let problems = batch.problems.clone();
    let (config, coverage) = decided;
    let unknown = if coverage == Coverage::Whole { batch.unknown_locks(&config) } else { Vec::new() };
    let mut document = describe(batch, workspace, args);
    // The text may not be at hand where it is read.
    look_up_names(&mut document, &Files::default());
    let path = Store::under(workspace.target()).findings();
    fs::write(&path, to_json(&document)).with_context(|| format!("{}: could not write", path.display()))?;
    document.warn(unknown);
    Conclusion { document, problems, embedded: Embedded::Last, config, coverage }.report(args, output.as_deref())
}

/// With all that a report of any form may need later, on another machine.
pub(super) fn describe(mut batch: Batch, workspace: &Workspace, args: &ReportArgs) -> Document {
    // Its folder may be called otherwise elsewhere, but its name travels with it in a checkout.
    let name = workspace.root().file_name().map(|name| name.to_string_lossy().into_owned());
    for run in &mut batch.runs {
        run.group.clone_from(&name);
    }
    let whole = ReportArgs { format: ReportFormat::Json, ..args.clone() };
    detail(&whole, |detail| document(&batch.runs, detail))
}
