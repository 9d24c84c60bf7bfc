//! The encoding as a whole: simulated recordings, written traces, damaged files.

mod chunks;
mod damage;
mod merge;
mod round_trip;
pub(crate) mod simulator;
mod tasks;

use std::io::Write;

use proptest::prelude::*;
use simulator::Simulation;

use super::Reader;
use crate::event::Event;
use crate::read::{EventSource, ReadError, Tables};

/// Everything that a file's reader gives, and how it ends.
struct Outcome {
    events: Vec<Event>,
    tables: Tables,
    gaps: u64,
    error: Option<ReadError>,
}

/// Which thread of a simulated program goes on, and what it chooses to do.
fn choices() -> impl Strategy<Value = Vec<(usize, usize)>> {
    prop::collection::vec((0usize..8, 0usize..2048), 100..300)
}

/// The file that records such a program, in chunks of so many records.
fn recording(choices: &[(usize, usize)], per_chunk: usize) -> Vec<u8> {
    Simulation::run(false, choices.iter().copied()).file(per_chunk)
}

fn file_of(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().expect("writable");
    file.write_all(bytes).expect("writable");
    file
}

fn read(bytes: &[u8]) -> Result<Outcome, ReadError> {
    let file = file_of(bytes);
    let mut reader = Reader::open(file.path())?;
    let mut events = Vec::new();
    let error = loop {
        match reader.next_event() {
            Ok(Some(event)) => events.push(event),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    Ok(Outcome { events, tables: reader.tables().clone(), gaps: reader.gaps(), error })
}
