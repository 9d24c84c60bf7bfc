//! Where events come from: the one interface between encodings and analyses.

use std::fmt;
use std::path::PathBuf;

use crate::event::Event;
use crate::read::batch::Batch;
use crate::read::tables::Tables;

/// A trace being read, event by event, in an order that the program could have observed.
pub trait EventSource {
    /// The next event; none at the end.
    ///
    /// # Errors
    /// When the rest of the trace cannot be read. What was returned before stays valid: it is the trace's prefix.
    /// After an error or the end the source must not be asked again.
    fn next_event(&mut self) -> Result<Option<Event>, ReadError>;

    /// Appends the next events to `batch`: as many as come cheaply at once, a few thousand at most. Whether more may come.
    ///
    /// # Errors
    /// As of `next_event`. What was appended stays valid, with an error too.
    fn next_batch(&mut self, batch: &mut Batch) -> Result<bool, ReadError> {
        for _ in 0..Batch::SIZE {
            let Some(event) = self.next_event()? else { return Ok(false) };
            batch.push(event, self.place());
        }
        Ok(true)
    }

    /// What the ids of the events returned so far stand for. May also hold what only some of the next events need.
    fn tables(&self) -> &Tables;

    /// Where the event returned last stands, for messages.
    fn place(&self) -> Place;

    /// How far reading has come.
    fn progress(&self) -> Progress;

    /// How often the order had to be guessed because events are missing, or an event left out because what it follows is: 0
    /// unless bytes of the trace were lost, or the recorded process was killed between two steps of the recorder.
    fn gaps(&self) -> u64 {
        0
    }
}

impl<S: EventSource + ?Sized> EventSource for Box<S> {
    fn next_event(&mut self) -> Result<Option<Event>, ReadError> {
        (**self).next_event()
    }

    fn next_batch(&mut self, batch: &mut Batch) -> Result<bool, ReadError> {
        (**self).next_batch(batch)
    }

    fn tables(&self) -> &Tables {
        (**self).tables()
    }

    fn place(&self) -> Place {
        (**self).place()
    }

    fn progress(&self) -> Progress {
        (**self).progress()
    }

    fn gaps(&self) -> u64 {
        (**self).gaps()
    }
}

/// Bytes read of bytes there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Progress {
    /// Bytes read.
    pub read: u64,
    /// Size of the trace.
    pub total: u64,
}

/// A place in a trace file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// The file as a whole.
    File,
    /// A line, counted from 1.
    Line(u64),
    /// A line and a column, both counted from 1.
    LineColumn(u64, u64),
    /// A byte offset.
    Offset(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => Ok(()),
            Self::Line(line) => write!(f, ":{line}"),
            Self::LineColumn(line, column) => write!(f, ":{line}:{column}"),
            Self::Offset(offset) => write!(f, ": at byte {offset}"),
        }
    }
}

/// Why (the rest of) a trace cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{}{place}: {kind}", path.display())]
pub struct ReadError {
    /// Which file.
    pub path: PathBuf,
    /// Where in it.
    pub place: Place,
    /// What is wrong.
    pub kind: ReadErrorKind,
}

/// What is wrong with a trace.
#[derive(Debug, thiserror::Error)]
pub enum ReadErrorKind {
    /// The operating system said no.
    #[error("could not read: {0}")]
    Io(#[from] std::io::Error),
    /// There is nothing in it.
    #[error("empty: expected a trace with at least one event")]
    Empty,
    /// Not one of the three formats.
    #[error("not a trace: {0}")]
    NotATrace(String),
    /// A text that does not follow its format; says what was expected.
    #[error("{0}")]
    Syntax(String),
    /// The file ends before what it announces.
    #[error("truncated: {0}")]
    Truncated(String),
    /// Bytes that the recorder cannot have written.
    #[error("corrupt: {0}")]
    Corrupt(String),
    /// Well-formed events that break the semantics of their objects.
    #[error("impossible event: {0}")]
    Violation(String),
}
