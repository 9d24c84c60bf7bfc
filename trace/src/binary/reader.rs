//! A binary file as a source of events.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::decode::Malformed;
use super::directory::Directory;
use super::format::Payload;
use super::scan::{Damage, Layout};
use super::step::{Machine, Stepped};
use super::stream::Stream;
use crate::event::Event;
use crate::merge::{Forced, Merge};
use crate::source::{EventSource, Place, Progress, ReadError};
use crate::tables::Tables;

/// Reads a binary trace: of a recording, the streams of its threads merged into one order that the program could have
/// observed; of a written one, its events in their order. Equal files give equal events.
///
/// Memory is flat in the number of events: one chunk (up to 1 MiB) a live thread, and what the trace declares.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    file: File,
    length: u64,
    read: u64,
    machine: Machine,
    streams: Vec<Stream>,
    /// Told once nothing before it is left.
    damage: Option<Damage>,
    place: u64,
    gaps: u64,
}

impl Reader {
    /// Opens a trace and looks at its chunk headers.
    ///
    /// # Errors
    /// If it cannot be read, is empty, no binary trace, or of another layout version. Damage further on is told by
    /// `next_event` when everything that can be read has been returned.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let mut file = File::open(path).map_err(|error| refused(path, Damage::io(0, error)))?;
        let layout = Layout::scan(&mut file).map_err(|damage| refused(path, damage))?;
        let mut tables = Tables::default();
        tables.set_header(layout.header);
        let merged = layout.payload == Payload::Merged;
        let mut directory = Directory::new(merged, layout.length);
        let mut merge = Merge::default();
        let streams = layout.streams.into_iter().map(|(number, chunks)| {
            merge.add_stream();
            // A merged stream is of no thread until it says of which.
            let thread = if merged { u32::MAX } else { directory.thread_index(number) };
            Stream::new(thread, chunks)
        });
        let streams = streams.collect();
        Ok(Self {
            path: path.to_owned(),
            file,
            length: layout.length,
            read: 0,
            machine: Machine { merge, directory, tables, merged },
            streams,
            damage: layout.damage,
            place: 0,
            gaps: 0,
        })
    }

    /// How often the order had to be guessed because events are missing, or a join left out because its thread's end is:
    /// 0 unless the recorded process was killed between two steps of the recorder.
    #[must_use]
    pub const fn gaps(&self) -> u64 {
        self.gaps
    }

    /// The current stream is at its chunk's end.
    #[cold]
    fn load(&mut self, index: usize) {
        match self.streams[index].load(&mut self.file) {
            Ok(Some(length)) => self.read += length as u64,
            Ok(None) => self.machine.merge.finish_current(),
            Err(damage) => self.give_up(index, damage),
        }
    }

    /// The rest of a stream cannot be read; the others go on as far as they do not depend on it.
    #[cold]
    fn give_up(&mut self, index: usize, damage: Damage) {
        self.machine.merge.finish_current();
        self.streams[index].bytes = Vec::new();
        self.damage.get_or_insert(damage);
    }

    #[cold]
    fn malformed(&mut self, index: usize, Malformed(what): Malformed) {
        let stream = &self.streams[index];
        if stream.is_clipped() && what == Malformed::CUT.0 {
            self.machine.merge.finish_current();
        } else {
            self.give_up(index, Damage::corrupt(stream.offset(), what));
        }
    }

    /// No stream is ready. Whether to go on.
    #[cold]
    fn unblock(&mut self) -> Result<bool, ReadError> {
        // Past known damage the order would be a guess: what came so far is a prefix that the program could have observed.
        if let Some(damage) = self.damage.take() {
            return Err(refused(&self.path, damage));
        }
        let forced = self.machine.merge.force();
        if let Some(Forced::Join(stream)) = forced {
            self.streams[stream as usize].drop_join = true;
        }
        self.gaps += u64::from(forced.is_some());
        Ok(forced.is_some())
    }
}

fn refused(path: &Path, Damage { offset, kind }: Damage) -> ReadError {
    let place = match kind {
        crate::source::ReadErrorKind::Corrupt(_) | crate::source::ReadErrorKind::Truncated(_) => Place::Offset(offset),
        _ => Place::File,
    };
    ReadError { path: path.to_owned(), place, kind }
}

impl EventSource for Reader {
    fn next_event(&mut self) -> Result<Option<Event>, ReadError> {
        loop {
            let Some(current) = self.machine.merge.current() else {
                if self.unblock()? {
                    continue;
                }
                return Ok(None);
            };
            let index = current as usize;
            let stream = &mut self.streams[index];
            if stream.at >= stream.end {
                self.load(index);
                continue;
            }
            let place = stream.at as u64;
            match self.machine.step(stream) {
                Ok(Stepped::Event(event)) => {
                    self.place = stream.offset() - stream.at as u64 + place;
                    return Ok(Some(event));
                }
                Ok(Stepped::On) => {}
                Err(malformed) => self.malformed(index, malformed),
            }
        }
    }

    fn tables(&self) -> &Tables {
        &self.machine.tables
    }

    fn place(&self) -> Place {
        Place::Offset(self.place)
    }

    fn progress(&self) -> Progress {
        Progress { read: self.read.min(self.length), total: self.length }
    }
}
