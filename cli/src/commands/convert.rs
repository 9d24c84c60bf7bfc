//! `lockhound convert`: the same trace in another encoding.

use anyhow::bail;
use lockhound_trace::{ConvertError, Format, convert};

use crate::args::ConvertArgs;
use crate::console;
use crate::exit_code::ExitCode;

/// What precedes an error in the trace is converted, and the exit status says that it is not all.
pub(crate) fn run(args: &ConvertArgs) -> anyhow::Result<ExitCode> {
    let target = args.output.display();
    if !args.force && args.output.symlink_metadata().is_ok() {
        bail!("{target}: exists already; --force overwrites it");
    }
    let (from, to) = (args.from.map(Format::from), args.to.map(Format::from));
    let converted = match convert(&args.input, from, &args.output, to) {
        Ok(converted) => converted,
        Err(error @ ConvertError::UnknownFormat { .. }) => bail!("{error}, or --to"),
        Err(error) => return Err(error.into()),
    };
    console::note(&format!("{target}: {}", converted.written));
    match converted.stopped {
        None => Ok(ExitCode::Clean),
        Some(error) => {
            console::error(&error.to_string());
            Ok(ExitCode::Trouble)
        }
    }
}
