//! `lockhound check`: traces in, report out.

use crate::args::CheckArgs;
use crate::conclusion::{Conclusion, detail};
use crate::config::Config;
use crate::exit_code::ExitCode;
use crate::sources::Embedded;
use crate::traces::{Found, WhenEmpty};

pub(crate) fn run(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    let config = Config::here(&args.report.config)?;
    let batch = Found::at(&args.paths).analyse(&args.search.options(&config), WhenEmpty::Complain);
    let mut document = detail(&args.report, |detail| lockhound_report::document(&batch.runs, detail));
    let coverage = args.search.coverage();
    document.warn(batch.unknown_locks(&config));
    Conclusion { document, problems: batch.problems, embedded: Embedded::Last, config, coverage }
        .report(&args.report, args.output.as_deref())
}
