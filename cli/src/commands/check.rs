//! `lockhound check`: traces in, report out.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use anstream::AutoStream;
use anyhow::Context;

use crate::args::{CheckArgs, ReportArgs, ReportFormat};
use crate::console;
use crate::exit_code::ExitCode;
use crate::report::{self, Outcome, TextOptions};
use crate::sources::{Embedded, Files};
use crate::symbols::{Frames, Symbols};
use crate::traces::{Batch, Found, WhenEmpty};

pub(crate) fn run(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    let batch = Found::at(&args.paths).analyse(&args.search.options(), WhenEmpty::Complain);
    report(batch, &args.report, args.output.as_deref(), None, Embedded::Last)
}

/// Reports what a batch of traces yields: problems to stderr, findings to `output` or stdout; and once more, as JSON, to
/// `kept`.
pub(crate) fn report(
    batch: Batch,
    args: &ReportArgs,
    output: Option<&Path>,
    kept: Option<&Path>,
    embedded: Embedded,
) -> anyhow::Result<ExitCode> {
    let outcome = Outcome::new(batch);
    for problem in outcome.problems() {
        console::error(problem);
    }
    if let Some(path) = kept {
        let as_json = ReportArgs { format: ReportFormat::Json, ..args.clone() };
        let written = fs::write(path, render(&outcome, &as_json, embedded));
        written.with_context(|| format!("could not write {}", path.display()))?;
    }
    if let Some(id) = &args.witness {
        let text = report::schedule(&outcome, id, args.verbose > 0)?;
        write(output, &text)?;
    // Programs always get their object; people need no summary of nothing.
    } else if !outcome.traces().is_empty() || args.format == ReportFormat::Json {
        write(output, &render(&outcome, args, embedded))?;
    }
    Ok(outcome.exit_code(args.fail_on))
}

fn render(outcome: &Outcome, args: &ReportArgs, embedded: Embedded) -> String {
    let symbols = Symbols::relative_to(std::env::current_dir().unwrap_or_default());
    let frames = if args.verbose > 1 { Frames::All } else { Frames::Program };
    match args.format {
        ReportFormat::Json => report::json(outcome, &symbols, args.refuted, frames),
        ReportFormat::Text => {
            let options = TextOptions { refuted: args.refuted, stacks: (args.verbose > 0).then_some(frames) };
            report::text(outcome, &Files::new(embedded), &symbols, options)
        }
    }
}

fn write(output: Option<&Path>, text: &str) -> anyhow::Result<()> {
    match output {
        Some(path) => write_file(path, text).with_context(|| path.display().to_string()),
        None => console::print(text).context("stdout"),
    }
}

fn write_file(path: &Path, text: &str) -> io::Result<()> {
    let mut file = AutoStream::auto(File::create(path)?);
    file.write_all(text.as_bytes())?;
    file.flush()
}
