//! `lockhound report`: reports of several machines or runs, put together.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use lockhound_analyzer::Options;
use lockhound_report::{Document, JsonError, from_json, merge};
use lockhound_trace::Format;

use crate::args::ReportFilesArgs;
use crate::conclusion::Conclusion;
use crate::config::{Config, Coverage};
use crate::exit_code::ExitCode;
use crate::sources::Embedded;
use crate::traces::{Batch, Found, WhenEmpty};

pub(crate) fn run(args: &ReportFilesArgs) -> anyhow::Result<ExitCode> {
    let config = Config::here(&args.report.config)?;
    let mut documents = Vec::with_capacity(args.files.len());
    let mut problems = Vec::new();
    for file in &args.files {
        match read(file) {
            Ok(document) => documents.push(document),
            Err(problem) => problems.push(problem),
        }
    }
    let mut document = merge(documents);
    if !args.report.refuted {
        document.refuted = None;
    }
    Conclusion { document, problems, embedded: Embedded::Last, config, coverage: Coverage::Whole }
        .report(&args.report, args.output.as_deref())
}

/// What all of these, reports in JSON and traces and folders of them, say together, and what could not be read. `document`
/// makes one of the traces, which must be there then.
pub(crate) fn gather(
    paths: &[PathBuf],
    options: &Options,
    document: impl FnOnce(Batch) -> anyhow::Result<Document>,
) -> anyhow::Result<(Document, Vec<String>)> {
    let is_report = |path: &PathBuf| path.extension() == Some(OsStr::new("json"));
    let (reports, traces): (Vec<PathBuf>, Vec<PathBuf>) = paths.iter().cloned().partition(is_report);
    let (mut documents, mut problems) = (Vec::new(), Vec::new());
    for report in &reports {
        match read(report) {
            Ok(document) => documents.push(document),
            Err(problem) => problems.push(problem),
        }
    }
    if !traces.is_empty() {
        let mut batch = Found::at(&traces).analyse(options, WhenEmpty::Complain);
        problems.append(&mut batch.problems);
        documents.push(document(batch)?);
    }
    Ok((merge(documents), problems))
}

/// Errors begin with the path, and the place where there is one.
pub(crate) fn read(path: &Path) -> Result<Document, String> {
    let bytes = fs::read(path).map_err(|error| format!("{}: could not read: {error}", path.display()))?;
    if let Some(format @ (Format::Binary | Format::Std)) = Format::detect(&bytes) {
        return Err(format!(
            "{}: a {format} trace: expected a report as `--format json` writes it (`lockhound check` reads traces)",
            path.display()
        ));
    }
    let document = std::str::from_utf8(&bytes).map_err(|error| not_text(&bytes[..error.valid_up_to()]));
    document.and_then(from_json).map_err(|error| format!("{}:{error}", path.display()))
}

fn not_text(before: &[u8]) -> JsonError {
    JsonError {
        line: before.iter().filter(|&&byte| byte == b'\n').count() + 1,
        column: before.iter().rev().take_while(|&&byte| byte != b'\n').count() + 1,
        message: "no UTF-8 text: expected a report as `--format json` writes it".to_owned(),
    }
}
