//! The three encodings of a trace: which one a file has, and opening it.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::binary;
use crate::read::ahead::read_ahead;
use crate::read::jsonl::JsonLinesReader;
use crate::read::source::{EventSource, Place, ReadError, ReadErrorKind};
use crate::read::std_format::{self, StdReader};
use crate::read::validate::Validated;

/// How a trace is encoded.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Format {
    /// What the recorder writes (`.lht`).
    Binary,
    /// One JSON object a line (`.jsonl`).
    JsonLines,
    /// RAPID's text format (`.std`).
    Std,
}

/// Bytes looked at to tell the format.
const BEGINNING: u64 = 4096;

impl Format {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Binary, Self::JsonLines, Self::Std];

    /// The extension of its files, which is also its name on the command line.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Binary => "lht",
            Self::JsonLines => "jsonl",
            Self::Std => "std",
        }
    }

    /// The format of that extension.
    #[must_use]
    pub fn from_extension(extension: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.extension().eq_ignore_ascii_case(extension))
    }

    /// The format that the extension of `path` promises.
    #[must_use]
    pub fn from_path(path: &Path) -> Option<Self> {
        path.extension().and_then(|extension| extension.to_str()).and_then(Self::from_extension)
    }

    /// The format of a file that begins with these bytes (a few thousand, or the whole file), if one can be told.
    #[must_use]
    pub fn detect(beginning: &[u8]) -> Option<Self> {
        let text = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning).trim_ascii_start();
        if beginning.starts_with(&binary::format::MAGIC[..4]) {
            Some(Self::Binary)
        } else if text.starts_with(b"{") {
            Some(Self::JsonLines)
        } else {
            std_format::looks_like(text).then_some(Self::Std)
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Binary => "binary",
            Self::JsonLines => "JSON Lines",
            Self::Std => "RAPID STD",
        })
    }
}

/// Opens a trace for reading, checked for possible events on the way ([`Validated`]). Without `format` the content tells
/// it, else the extension. A trace of 256 KiB or more is read on a thread of its own, at most some ten thousand events ahead of
/// the caller.
///
/// # Errors
/// If the file cannot be read, is empty, or is no trace as far as its beginning tells.
pub fn open(path: &Path, format: Option<Format>) -> Result<Box<dyn EventSource + Send>, ReadError> {
    let error = |kind| ReadError { path: path.to_owned(), place: Place::File, kind };
    let (beginning, file, total) = begin(path).map_err(|failure| error(failure.into()))?;
    if beginning.is_empty() {
        return Err(error(ReadErrorKind::Empty));
    }
    let known = format.or_else(|| Format::detect(&beginning)).or_else(|| Format::from_path(path));
    let input = io::Cursor::new(beginning).chain(file);
    match known {
        Some(Format::Binary) => Ok(read_ahead(Validated::new(binary::Reader::open(path)?, path))),
        Some(Format::JsonLines) => Ok(read_ahead(Validated::new(JsonLinesReader::new(input, path, total), path))),
        Some(Format::Std) => Ok(read_ahead(Validated::new(StdReader::new(input, path, total), path))),
        None => {
            let expected = "neither a binary trace nor JSON Lines nor RAPID STD text".to_owned();
            Err(error(ReadErrorKind::NotATrace(expected)))
        }
    }
}

/// Reads the beginning of a file; returns also the rest, still unread, and the size of both.
fn begin(path: &Path) -> io::Result<(Vec<u8>, File, u64)> {
    let mut file = File::open(path)?;
    let total = file.metadata()?.len();
    let mut beginning = Vec::new();
    Read::by_ref(&mut file).take(BEGINNING).read_to_end(&mut beginning)?;
    Ok((beginning, file, total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_names_the_format_in_any_case() {
        assert_eq!(Format::from_path(Path::new("a/b.JSONL")), Some(Format::JsonLines));
        assert_eq!(Format::from_path(Path::new("b.lht")), Some(Format::Binary));
        assert_eq!(Format::from_path(Path::new("std")), None);
    }

    #[test]
    fn the_content_tells_the_format() {
        assert_eq!(Format::detect(b"\x89LHT\r\n\x1a\n\0\0"), Some(Format::Binary));
        assert_eq!(Format::detect(b" \r\n{\"lockhound\":1}"), Some(Format::JsonLines));
        assert_eq!(Format::detect(b"\xef\xbb\xbf{"), Some(Format::JsonLines));
        assert_eq!(Format::detect(b"T0|acq(l)|1\n"), Some(Format::Std));
        assert_eq!(Format::detect(b"hello | world\n"), None);
        assert_eq!(Format::detect(b""), None);
    }
}
