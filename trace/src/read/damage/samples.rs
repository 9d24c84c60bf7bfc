//! Traces to be damaged.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use crate::binary::tests::simulator::Simulation;
use crate::binary::{BinaryWriter, Reader};
use crate::read::batch::Batch;
use crate::read::jsonl::JsonLinesWriter;
use crate::read::sink::EventSink;
use crate::read::source::EventSource;
use crate::read::std_format::StdWriter;

/// What the recorder has left of programs that use mutexes, read/write locks, condition variables, shared variables and threads.
/// Made by `record-mixture` (crate lockhound-tests): 3 threads and 700, 700, 60 and 300 rounds; 2 threads and 3 rounds.
pub(super) fn recordings() -> Vec<(&'static str, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let read = |name| {
        let path = folder.join(name).with_extension("lht");
        (name, fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    };
    ["mutexes", "rwlocks", "condvars", "shared", "threads"].map(read).into()
}

/// A recording of a simulated program, in small chunks.
pub(super) fn simulated(per_chunk: usize) -> Vec<u8> {
    let mut random = super::corruption::Random::new(per_chunk as u64);
    Simulation::run(false, (0..1500).map(|_| (random.below(8), random.below(2048)))).file(per_chunk)
}

/// The first events of a binary trace, written anew.
fn rewritten<W: EventSink>(recording: &[u8], events: usize, mut sink: W) -> W {
    let mut reader = Reader::new(Cursor::new(recording), Path::new("sample.lht")).expect("a trace");
    let mut batch = Batch::default();
    while reader.next_batch(&mut batch).expect("sound") {}
    for event in &batch.events()[..events.min(batch.len())] {
        sink.write(reader.tables(), event).expect("memory");
    }
    sink.finish(reader.tables()).expect("memory");
    sink
}

/// A binary trace in observed order, of several chunks.
pub(super) fn merged(recording: &[u8]) -> Vec<u8> {
    rewritten(recording, usize::MAX, BinaryWriter::with_chunk(Vec::new(), 1500)).into_inner()
}

/// The beginning of a trace as JSON Lines.
pub(super) fn jsonl(recording: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    rewritten(recording, 300, JsonLinesWriter::new(&mut text));
    text
}

/// The beginning of a trace as STD text.
pub(super) fn std(recording: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    rewritten(recording, 1000, StdWriter::new(&mut text));
    text
}
