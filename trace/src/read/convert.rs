//! From one encoding to another.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::binary::BinaryWriter;
use crate::event::Event;
use crate::read::format::{Format, open};
use crate::read::jsonl::JsonLinesWriter;
use crate::read::sink::{EventSink, Written};
use crate::read::source::{EventSource, ReadError};
use crate::read::std_format::StdWriter;

/// What became of a conversion.
#[derive(Debug)]
pub struct Converted {
    /// What the new file has.
    pub written: Written,
    /// Why not all was read, if so; what precedes the error is converted.
    pub stopped: Option<ReadError>,
}

/// Why nothing was converted.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// The trace has not even one readable event.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The new file cannot be written.
    #[error("{}: could not write: {error}", path.display())]
    Write {
        /// That file.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
    /// Source and target are one file.
    #[error("{}: cannot convert a trace into itself", path.display())]
    SameFile {
        /// That file.
        path: PathBuf,
    },
    /// The target's name does not tell its format.
    #[error("{}: unknown format: expected the extension lht, jsonl or std", path.display())]
    UnknownFormat {
        /// The target.
        path: PathBuf,
    },
}

/// Converts the trace at `from` into a new one at `to`, replacing what was there. A format that is not given is told by
/// the content (`from`) or the extension (`to`).
///
/// # Errors
/// If nothing can be read (then nothing is created), or the new file not written.
pub fn convert(
    from: &Path,
    from_format: Option<Format>,
    to: &Path,
    to_format: Option<Format>,
) -> Result<Converted, ConvertError> {
    let to_format = to_format
        .or_else(|| Format::from_path(to))
        .ok_or_else(|| ConvertError::UnknownFormat { path: to.to_owned() })?;
    let mut source = open(from, from_format)?;
    let Some(first) = source.next_event()? else {
        let path = from.to_owned();
        let (place, kind) = (crate::Place::File, crate::ReadErrorKind::Empty);
        return Err(ReadError { path, place, kind }.into());
    };
    // Two names of one file count too, since creating the target would empty the source. A target that is not there yet is no error.
    if same_file::is_same_file(from, to).unwrap_or(false) {
        return Err(ConvertError::SameFile { path: to.to_owned() });
    }
    let write_error = |error| ConvertError::Write { path: to.to_owned(), error };
    let mut sink = create(to, to_format).map_err(write_error)?;
    copy(first, &mut *source, &mut *sink).map_err(write_error)
}

/// A writer of `format` into a new file at `path`.
///
/// # Errors
/// What the operating system says.
pub fn create(path: &Path, format: Format) -> io::Result<Box<dyn EventSink + Send>> {
    match format {
        Format::Binary => Ok(Box::new(BinaryWriter::new(File::create(path)?))),
        Format::JsonLines => Ok(Box::new(JsonLinesWriter::new(File::create(path)?))),
        Format::Std => Ok(Box::new(StdWriter::new(File::create(path)?))),
    }
}

fn copy(first: Event, source: &mut dyn EventSource, sink: &mut dyn EventSink) -> io::Result<Converted> {
    let mut next = Some(first);
    let mut stopped = None;
    while let Some(event) = next {
        sink.write(source.tables(), &event)?;
        next = source.next_event().unwrap_or_else(|error| {
            stopped = Some(error);
            None
        });
    }
    Ok(Converted { written: sink.finish(source.tables())?, stopped })
}
