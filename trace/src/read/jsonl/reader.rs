//! Reading JSON Lines.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::declare::{self, Declared};
use super::event;
use super::fields::{Fields, Key, Problem};
use super::locate::value_offset;
use crate::event::Event;
use crate::read::lines::{Line, Lines, column};
use crate::read::one_line::one_line;
use crate::read::source::{EventSource, Place, Progress, ReadError, ReadErrorKind};
use crate::read::tables::Tables;

/// Reads a trace in the JSON Lines format, line by line.
///
/// Threads and objects that are used before they are declared get their kind from that first use; the ambiguous ones:
/// `acquire` means a mutex (a read/write lock if the mode is not `write`, a semaphore if `n` is given), `await` a flag,
/// the `lock` of a condition variable a mutex. Declaring such a thing afterwards is an error, as is declaring anything
/// twice: the format wants a declaration before the first use or not at all. A barrier without `parties` is one whose
/// size is not known. A file without any event is [`ReadErrorKind::Empty`].
///
/// Time: linear in the bytes. Memory: the declared things, the distinct texts, and the longest line.
#[derive(Debug)]
pub struct JsonLinesReader<R> {
    path: PathBuf,
    lines: Lines<R>,
    trace: Trace,
    total: u64,
    events: u64,
}

#[derive(Debug, Default)]
struct Trace {
    tables: Tables,
    declared: Declared,
    has_header: bool,
}

impl<R: Read> JsonLinesReader<R> {
    /// Reads from `input`; `path` and `total` (its size in bytes, 0 if unknown) serve messages and progress only.
    /// No buffering is needed around `input`.
    pub fn new(input: R, path: &Path, total: u64) -> Self {
        Self { path: path.to_owned(), lines: Lines::new(input), trace: Trace::default(), total, events: 0 }
    }

    fn error(&self, place: Place, kind: ReadErrorKind) -> ReadError {
        ReadError { path: self.path.clone(), place, kind }
    }
}

impl<R: Read> EventSource for JsonLinesReader<R> {
    fn next_event(&mut self) -> Result<Option<Event>, ReadError> {
        loop {
            let failure = match self.lines.next_line() {
                Ok(Some(line)) => match self.trace.line(line) {
                    Ok(None) => continue,
                    Ok(Some(event)) => {
                        self.events += 1;
                        return Ok(Some(event));
                    }
                    Err(failure) => failure,
                },
                Ok(None) if self.events > 0 => return Ok(None),
                Ok(None) => Failure { place: Place::File, kind: ReadErrorKind::Empty },
                Err(error) => Failure { place: Place::Line(self.lines.number()), kind: error.into() },
            };
            return Err(self.error(failure.place, failure.kind));
        }
    }

    fn tables(&self) -> &Tables {
        &self.trace.tables
    }

    fn place(&self) -> Place {
        Place::Line(self.lines.number())
    }

    fn progress(&self) -> Progress {
        Progress { read: self.lines.consumed(), total: self.total }
    }
}

struct Failure {
    place: Place,
    kind: ReadErrorKind,
}

impl Failure {
    fn syntax(line: Line<'_>, offset: usize, message: &str) -> Self {
        let place = Place::LineColumn(line.number, column(line.bytes, offset));
        Self { place, kind: ReadErrorKind::Syntax(one_line(message)) }
    }
}

impl Trace {
    /// Takes in one line; an event if it is one.
    fn line(&mut self, line: Line<'_>) -> Result<Option<Event>, Failure> {
        let text = match std::str::from_utf8(line.bytes) {
            Ok(text) => text,
            Err(error) => return Err(not_utf8(line, &error)),
        };
        let text = if line.number == 1 { text.strip_prefix('\u{feff}').unwrap_or(text) } else { text };
        let first = text.bytes().find(|byte| !byte.is_ascii_whitespace());
        match first {
            None => return Ok(None),
            Some(b'{') => {}
            Some(_) => {
                let offset = line.bytes.len() - text.trim_start().len();
                return Err(Failure::syntax(line, offset, "expected a JSON object"));
            }
        }
        let fields: Fields<'_> = serde_json::from_str(text).map_err(|error| not_json(line, &error))?;
        self.fields(&fields).map_err(|problem| {
            let start = line.bytes.len() - text.trim_start().len();
            let offset = problem.key.and_then(|key| value_offset(text, key.name()));
            let offset = offset.map_or(start, |offset| offset + line.bytes.len() - text.len());
            Failure::syntax(line, offset, &problem.message)
        })
    }

    fn fields(&mut self, fields: &Fields<'_>) -> Result<Option<Event>, Problem> {
        if !self.has_header {
            self.tables.set_header(declare::header(fields)?);
            self.has_header = true;
            return Ok(None);
        }
        if fields.has(Key::Op) {
            return event::read(fields, &mut self.tables).map(Some);
        }
        if fields.has(Key::T) {
            return Err(Problem::missing(Key::Op, "an event"));
        }
        if fields.has(Key::Object) {
            return self.declared.object(fields, &mut self.tables).map(|()| None);
        }
        if fields.has(Key::Thread) {
            return self.declared.thread(fields, &mut self.tables).map(|()| None);
        }
        if fields.has(Key::Lockhound) {
            return Err(Problem::at(Key::Lockhound, "a second header: a file holds one trace"));
        }
        Err(Problem::line("expected an event (`t`, `op`) or a declaration (`thread` or `object`)"))
    }
}

fn not_utf8(line: Line<'_>, error: &std::str::Utf8Error) -> Failure {
    let valid = error.valid_up_to();
    if !line.terminated && error.error_len().is_none() {
        return truncated(line);
    }
    Failure::syntax(line, valid, "not UTF-8 text")
}

fn not_json(line: Line<'_>, error: &serde_json::Error) -> Failure {
    if error.is_eof() && !line.terminated {
        return truncated(line);
    }
    let offset = if error.is_eof() { line.bytes.len() } else { error.column().saturating_sub(1) };
    let message = error.to_string();
    // The place stands in front of our message; serde_json's own, relative to the line, would only confuse.
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    let message = if error.is_eof() { "the line ends in the middle of a JSON object" } else { message };
    Failure::syntax(line, offset, message)
}

fn truncated(line: Line<'_>) -> Failure {
    let place = Place::LineColumn(line.number, column(line.bytes, line.bytes.len()));
    Failure { place, kind: ReadErrorKind::Truncated("the last line ends in the middle of a JSON object".to_owned()) }
}
