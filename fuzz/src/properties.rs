//! The readers' promises as functions that panic when they are broken.

use std::io::Cursor;
use std::path::Path;

use lockhound_trace::binary::Reader;
use lockhound_trace::{
    Batch, BinaryWriter, Event, EventSink, EventSource, JsonLinesReader, JsonLinesWriter, ReadError, StdReader, Tables,
    Validated,
};

/// Reads a binary trace. What is possible of it can be written and read again.
pub fn binary(bytes: &[u8]) {
    let path = Path::new("fuzzed.lht");
    let open = || Reader::new(Cursor::new(bytes), path);
    let (Ok(reader), Ok(again)) = (open(), open()) else { return };
    let raw = drain(reader);
    assert!(raw.events.len() <= bytes.len(), "more events than bytes");
    same(&raw, &drain_in_batches(again));
    rewrite(&drain(Validated::new(open().expect("opened before"), path)));
}

/// Reads JSON Lines. What was read can be written and read again.
pub fn jsonl(bytes: &[u8]) {
    let path = Path::new("fuzzed.jsonl");
    let raw = drain(JsonLinesReader::new(bytes, path, 0));
    assert!(raw.events.len() <= bytes.len(), "more events than bytes");
    rewrite(&raw);
    let checked = || Validated::new(JsonLinesReader::new(bytes, path, 0), path);
    same(&drain(checked()), &drain_in_batches(checked()));
}

/// Reads STD text.
pub fn std_text(bytes: &[u8]) {
    let path = Path::new("fuzzed.std");
    let raw = drain(StdReader::new(bytes, path, 0));
    assert!(raw.events.len() <= bytes.len(), "more events than bytes");
    rewrite(&raw);
    let checked = || Validated::new(StdReader::new(bytes, path, 0), path);
    same(&drain(checked()), &drain_in_batches(checked()));
}

struct Drained {
    events: Vec<Event>,
    tables: Tables,
    error: Option<ReadError>,
}

fn drain(mut source: impl EventSource) -> Drained {
    let mut events = Vec::new();
    let error = loop {
        match source.next_event() {
            Ok(Some(event)) => events.push(event),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    Drained { events, tables: source.tables().clone(), error }
}

fn drain_in_batches(mut source: impl EventSource) -> Drained {
    let mut batch = Batch::default();
    let error = loop {
        match source.next_batch(&mut batch) {
            Ok(true) => {}
            Ok(false) => break None,
            Err(error) => break Some(error),
        }
    };
    assert_eq!(batch.events().len(), batch.places().len());
    Drained { events: batch.events().to_vec(), tables: source.tables().clone(), error }
}

fn same(one_by_one: &Drained, in_batches: &Drained) {
    // Not a number is not equal to itself, but it is written alike.
    let text = |events: &[Event]| events.iter().map(|event| format!("{event:?}")).collect::<Vec<_>>();
    assert_eq!(text(&one_by_one.events), text(&in_batches.events));
    assert_eq!(one_by_one.error.as_ref().map(ToString::to_string), in_batches.error.as_ref().map(ToString::to_string));
}

/// Every trace can be written in the formats that express all of it, and read back.
fn rewrite(drained: &Drained) {
    let binary = written(drained, BinaryWriter::new(Vec::new())).into_inner();
    let reader = Reader::new(Cursor::new(binary), Path::new("rewritten.lht")).expect("as it was written");
    assert_rewritten(drained, &drain(reader));

    let mut text = Vec::new();
    written(drained, JsonLinesWriter::new(&mut text));
    assert_rewritten(drained, &drain(JsonLinesReader::new(&*text, Path::new("rewritten.jsonl"), 0)));
}

fn written<W: EventSink>(drained: &Drained, mut sink: W) -> W {
    for event in &drained.events {
        sink.write(&drained.tables, event).expect("memory");
    }
    sink.finish(&drained.tables).expect("memory");
    sink
}

fn assert_rewritten(drained: &Drained, again: &Drained) {
    let names = |drained: &Drained| drained.events.iter().map(|event| event.op.name()).collect::<Vec<_>>();
    assert_eq!(names(drained), names(again), "{:?}", again.error);
    assert!(again.error.is_none() || drained.events.is_empty(), "{:?}", again.error);
}
