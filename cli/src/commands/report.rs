//! `lockhound report`: reports of several machines or runs, put together.

use std::fs;
use std::path::Path;

use lockhound_report::{Document, JsonError, from_json, merge};

use crate::args::ReportFilesArgs;
use crate::conclusion::Conclusion;
use crate::config::{Config, Coverage};
use crate::exit_code::ExitCode;
use crate::sources::Embedded;

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

/// Errors begin with the path, and the place where there is one.
pub(crate) fn read(path: &Path) -> Result<Document, String> {
    let bytes = fs::read(path).map_err(|error| format!("{}: could not read: {error}", path.display()))?;
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
