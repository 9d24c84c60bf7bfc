//! A binary file as a source of events.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use super::merging::Merging;
use crate::event::Event;
use crate::read::{Batch, EventSource, Pending, Place, Progress, ReadError, Tables};

/// Reads a binary trace: of a recording, the streams of its threads merged into one order that the program could have
/// observed; of a written one, its events in their order. Equal files give equal events.
///
/// Memory is flat in the number of events: one chunk (up to 1 MiB) a live thread, and what the trace declares. Chunks are
/// copied out of the file rather than mapped: a file that shrinks while it is read is then an error and not a signal, and
/// the copy is a fiftieth of the time.
#[derive(Debug)]
pub struct Reader<R = File> {
    merging: Merging<R>,
    pending: Pending,
    /// Where the last event of the last batch stands.
    place: Place,
}

impl Reader {
    /// Opens a trace and looks at its chunk headers.
    ///
    /// # Errors
    /// If it cannot be read, is empty, no binary trace, or of another layout version. Damage further on is told by
    /// `next_event` when everything that can be read has been returned.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let file = File::open(path).map_err(|error| ReadError {
            path: path.to_owned(),
            place: Place::File,
            kind: error.into(),
        })?;
        Self::new(file, path)
    }
}

impl<R: Read + Seek> Reader<R> {
    /// Reads a trace from `input`, which it buffers by itself; `path` serves messages only.
    ///
    /// # Errors
    /// As of [`Reader::open`].
    pub fn new(input: R, path: &Path) -> Result<Self, ReadError> {
        Ok(Self { merging: Merging::begin(input, path)?, pending: Pending::default(), place: Place::File })
    }
}

impl<R: Read + Seek> EventSource for Reader<R> {
    fn next_event(&mut self) -> Result<Option<Event>, ReadError> {
        let Self { merging, pending, .. } = self;
        pending.next(|batch| merging.read(batch))
    }

    fn next_batch(&mut self, batch: &mut Batch) -> Result<bool, ReadError> {
        let outcome = self.pending.drain(batch).unwrap_or_else(|| self.merging.read(batch));
        self.place = batch.places().last().copied().unwrap_or(self.place);
        outcome
    }

    fn tables(&self) -> &Tables {
        &self.merging.machine.tables
    }

    fn place(&self) -> Place {
        self.pending.place().unwrap_or(self.place)
    }

    fn progress(&self) -> Progress {
        Progress { read: self.merging.loaded.min(self.merging.length), total: self.merging.length }
    }

    fn gaps(&self) -> u64 {
        self.merging.gaps
    }
}
