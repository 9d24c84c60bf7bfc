//! `lockhound check`: traces in, report out.

use std::path::Path;

use crate::args::{CheckArgs, ReportArgs};
use crate::conclusion::{Conclusion, detail};
use crate::exit_code::ExitCode;
use crate::sources::Embedded;
use crate::traces::{Batch, Found, WhenEmpty};

pub(crate) fn run(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    let batch = Found::at(&args.paths).analyse(&args.search.options(), WhenEmpty::Complain);
    report(batch, &args.report, args.output.as_deref(), Embedded::Last)
}

/// Reports what a batch of traces yields: problems to stderr, findings to `output` or stdout.
pub(crate) fn report(
    batch: Batch,
    args: &ReportArgs,
    output: Option<&Path>,
    embedded: Embedded,
) -> anyhow::Result<ExitCode> {
    let document = detail(args, |detail| lockhound_report::document(&batch.runs, detail));
    Conclusion { document, problems: batch.problems, embedded }.report(args, output)
}
