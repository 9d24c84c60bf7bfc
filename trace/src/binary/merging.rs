//! The streams of a file, brought into one order.

use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

use super::decode::Malformed;
use super::directory::Directory;
use super::format::Payload;
use super::scan::{Damage, Layout};
use super::step::Machine;
use super::stream::Stream;
use crate::read::{Batch, Forced, Merge, Place, ReadError, ReadErrorKind, Tables};

/// Everything that is known of a file between two events.
#[derive(Debug)]
pub(super) struct Merging<R> {
    path: PathBuf,
    input: R,
    pub(super) length: u64,
    /// Bytes of records brought in so far.
    pub(super) loaded: u64,
    pub(super) machine: Machine,
    streams: Vec<Stream>,
    /// Told once nothing before it is left.
    damage: Option<Damage>,
    pub(super) gaps: u64,
    /// Whether no event was read.
    empty: bool,
}

impl<R: Read + Seek> Merging<R> {
    /// Looks at the chunk headers of `input`.
    pub(super) fn begin(mut input: R, path: &Path) -> Result<Self, ReadError> {
        let layout = Layout::scan(&mut input).map_err(|damage| refused(path, damage))?;
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
            input,
            length: layout.length,
            loaded: 0,
            machine: Machine { merge, directory, tables, merged, ended: false, submitted: None },
            streams,
            damage: layout.damage,
            gaps: 0,
            empty: true,
        })
    }

    /// Appends the next events, up to [`Batch::SIZE`]; whether there may be more.
    pub(super) fn read(&mut self, batch: &mut Batch) -> Result<bool, ReadError> {
        let enough = batch.len() + Batch::SIZE;
        batch.reserve();
        while batch.len() < enough {
            let Some(current) = self.machine.merge.current() else {
                if self.unblock()? {
                    continue;
                }
                return Ok(false);
            };
            let index = current as usize;
            let stream = &mut self.streams[index];
            self.machine.usual_events(stream, batch, enough);
            if batch.len() == enough {
                break;
            }
            if stream.at >= stream.end {
                self.load(index);
            } else if let Err(malformed) = self.machine.step(stream, batch) {
                self.malformed(index, malformed);
            }
            self.empty &= batch.len() + Batch::SIZE == enough;
        }
        Ok(true)
    }

    /// The current stream is at its chunk's end.
    #[cold]
    fn load(&mut self, index: usize) {
        match self.streams[index].load(&mut self.input, self.machine.merged) {
            Ok(Some(length)) => self.loaded += length as u64,
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
        if forced.is_some() {
            return Ok(true);
        }
        if self.machine.merged && !self.machine.ended {
            let missing = Damage::truncated(self.length, "the last events are missing".to_owned());
            return Err(refused(&self.path, missing));
        }
        if self.empty {
            return Err(refused(&self.path, Damage { offset: 0, kind: ReadErrorKind::Empty }));
        }
        Ok(false)
    }
}

/// What the user is told.
fn refused(path: &Path, Damage { offset, kind }: Damage) -> ReadError {
    let place = match kind {
        ReadErrorKind::Corrupt(_) | ReadErrorKind::Truncated(_) => Place::Offset(offset),
        _ => Place::File,
    };
    ReadError { path: path.to_owned(), place, kind }
}
