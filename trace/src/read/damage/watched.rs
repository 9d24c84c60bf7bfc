//! Reading a trace under watch.

use std::cell::Cell;
use std::hash::{Hash, Hasher};
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::rc::Rc;

use rustc_hash::FxHasher;

use crate::binary::Reader;
use crate::event::Event;
use crate::read::jsonl::JsonLinesReader;
use crate::read::source::{EventSource, Place, ReadError};
use crate::read::std_format::StdReader;
use crate::read::tables::Tables;
use crate::read::validate::Validated;

/// An input that counts what is read of it.
struct Counted<'a> {
    bytes: Cursor<&'a [u8]>,
    read: Rc<Cell<usize>>,
}

impl Read for Counted<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(into)?;
        self.read.set(self.read.get() + read);
        Ok(read)
    }
}

impl Seek for Counted<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(to)
    }
}

/// An event as far as it can be compared between two readings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Seen {
    /// Byte or line.
    pub(super) place: u64,
    /// What the record says by itself: operation and site.
    pub(super) said: u64,
    /// The same with who and with what.
    pub(super) all: u64,
}

/// What reading gave.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) events: Vec<Seen>,
    pub(super) gaps: u64,
    pub(super) error: Option<ReadError>,
}

impl Reading {
    /// Whether the reader said that anything is wrong.
    pub(super) fn complains(&self) -> bool {
        self.error.is_some() || self.gaps > 0
    }

    /// Reads a binary trace, or what once was one.
    pub(super) fn of_binary(bytes: &[u8]) -> Self {
        let path = Path::new("damaged.lht");
        Self::watched(bytes, |input| match Reader::new(input, path) {
            Ok(mut reader) => Self::of(&mut reader),
            Err(error) => Self { error: Some(error), ..Self::default() },
        })
    }

    /// The same, with the validator behind the reader.
    pub(super) fn of_checked_binary(bytes: &[u8]) -> Self {
        let path = Path::new("damaged.lht");
        Self::watched(bytes, |input| match Reader::new(input, path) {
            Ok(reader) => Self::of(&mut Validated::new(reader, path)),
            Err(error) => Self { error: Some(error), ..Self::default() },
        })
    }

    /// Reads JSON Lines, or what once was.
    pub(super) fn of_jsonl(bytes: &[u8]) -> Self {
        let path = Path::new("damaged.jsonl");
        Self::watched(bytes, |input| Self::of(&mut Validated::new(JsonLinesReader::new(input, path, 0), path)))
    }

    /// Reads STD text, or what once was.
    pub(super) fn of_std(bytes: &[u8]) -> Self {
        let path = Path::new("damaged.std");
        Self::watched(bytes, |input| Self::of(&mut Validated::new(StdReader::new(input, path, 0), path)))
    }

    /// Whatever the bytes are, the work is linear in their number: none is asked for more than twice, none gives more than
    /// one event.
    fn watched<'a>(bytes: &'a [u8], read: impl FnOnce(Counted<'a>) -> Self) -> Self {
        let count = Rc::new(Cell::new(0));
        let reading = read(Counted { bytes: Cursor::new(bytes), read: Rc::clone(&count) });
        assert!(count.get() <= 2 * bytes.len(), "{} bytes read of {}", count.get(), bytes.len());
        assert!(reading.events.len() <= bytes.len(), "{} events of {} bytes", reading.events.len(), bytes.len());
        reading
    }

    fn of(source: &mut impl EventSource) -> Self {
        let mut events = Vec::new();
        let error = loop {
            match source.next_event() {
                Ok(Some(event)) => events.push(seen(&event, source.tables(), source.place())),
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        Self { events, gaps: source.gaps(), error }
    }
}

fn seen(event: &Event, tables: &Tables, place: Place) -> Seen {
    let place = match place {
        Place::File => 0,
        Place::Line(at) | Place::LineColumn(at, _) | Place::Offset(at) => at,
    };
    let mut hasher = FxHasher::default();
    event.op.name().hash(&mut hasher);
    event.site.map(|site| tables.site(site)).hash(&mut hasher);
    event.time.hash(&mut hasher);
    let said = hasher.finish();
    tables.thread_label(event.thread).hash(&mut hasher);
    event.op.object().map(|object| &*tables.object(object).id).hash(&mut hasher);
    Seen { place, said, all: hasher.finish() }
}
