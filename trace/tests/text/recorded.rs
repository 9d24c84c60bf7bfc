//! A trace in memory, and a form of it that two traces share exactly if they say the same.

use std::io::Cursor;
use std::path::Path;

use lockhound_trace::{
    Event, EventSink, EventSource, InMemory, JsonLinesReader, JsonLinesWriter, ReadError, StdReader, StdWriter, Tables,
    Validated, Written, open,
};

/// A trace read to its end.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) tables: Tables,
    pub(crate) events: Vec<Event>,
}

impl Recorded {
    /// Everything it says, with texts instead of the ids of sites, stacks and texts, which depend on who came first.
    pub(crate) fn described(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let tables = &self.tables;
        lines.push(format!("{:?}", tables.header()));
        for thread in tables.threads() {
            lines.push(format!("{:?} {:?} {:?}", thread.id, thread.name, thread.at.map(|at| tables.site(at))));
        }
        for object in tables.objects() {
            let at = object.at.map(|at| tables.site(at));
            let (id, kind, name, ty, level) = (&object.id, object.kind, &object.name, &object.type_name, object.level);
            lines.push(format!("{id:?} {kind:?} {name:?} {ty:?} {at:?} {level:?}"));
        }
        lines.extend(self.events.iter().map(|event| self.describe(event)));
        lines
    }

    fn describe(&self, event: &Event) -> String {
        use lockhound_trace::{Op, Value};
        let tables = &self.tables;
        let (site, stack) = (event.site.map(|site| tables.site(site)), event.stack.map(|stack| tables.stack(stack)));
        let text = match event.op {
            Op::Begin { name } | Op::End { name } => name.map(|name| tables.text(name).to_owned()),
            Op::Send { message, .. } | Op::Recv { message, .. } => {
                message.map(|message| tables.message_text(message).into_owned())
            }
            Op::Read { value, .. }
            | Op::Write { value, .. }
            | Op::Load { value, .. }
            | Op::Store { value, .. }
            | Op::Rmw { value, .. } => match value {
                Some(Value::Text(text)) => Some(tables.text(text).to_owned()),
                other => Some(format!("{other:?}")),
            },
            _ => None,
        };
        let op = match (event.op, &text) {
            // The ids of texts may differ; their texts follow.
            (_, Some(_)) => format!("{} {:?}", event.op.name(), event.op.object()),
            (op, None) => format!("{op:?}"),
        };
        format!("{:?} {op} {text:?} {site:?} {stack:?} {:?}", event.thread, event.time)
    }
}

/// Reads a source to its end or its error.
pub(crate) fn drain(mut source: impl EventSource) -> (Recorded, Option<ReadError>) {
    let mut events = Vec::new();
    let error = loop {
        match source.next_event() {
            Ok(Some(event)) => events.push(event),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    (Recorded { tables: source.tables().clone(), events }, error)
}

/// Reads a file that must be all right.
pub(crate) fn read_all(path: &Path) -> Recorded {
    let source = open(path, None).unwrap_or_else(|error| panic!("{error}"));
    let (recorded, error) = drain(source);
    assert!(error.is_none(), "{}", error.expect("some"));
    recorded
}

/// Reads JSON Lines, validated, from memory; the path in messages is `t.jsonl`.
pub(crate) fn read_jsonl(text: &[u8]) -> (Recorded, Option<ReadError>) {
    let path = Path::new("t.jsonl");
    drain(Validated::new(JsonLinesReader::new(Cursor::new(text), path, text.len() as u64), path))
}

/// Reads JSON Lines from memory without asking whether it is possible.
pub(crate) fn read_jsonl_raw(text: &[u8]) -> (Recorded, Option<ReadError>) {
    drain(JsonLinesReader::new(Cursor::new(text), Path::new("t.jsonl"), text.len() as u64))
}

/// Reads STD text, validated, from memory; the path in messages is `t.std`.
pub(crate) fn read_std(text: &[u8]) -> (Recorded, Option<ReadError>) {
    let path = Path::new("t.std");
    drain(Validated::new(StdReader::new(Cursor::new(text), path, text.len() as u64), path))
}

/// The trace, validated (again).
pub(crate) fn validated(recorded: &Recorded) -> (Recorded, Option<ReadError>) {
    drain(Validated::new(InMemory::new(&recorded.tables, &recorded.events), Path::new("t")))
}

/// The trace as JSON Lines.
pub(crate) fn to_jsonl(recorded: &Recorded) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = JsonLinesWriter::new(&mut bytes);
    for event in &recorded.events {
        writer.write(&recorded.tables, event).expect("memory");
    }
    writer.finish(&recorded.tables).expect("memory");
    drop(writer);
    bytes
}

/// The trace after a way through JSON Lines.
pub(crate) fn rewrite_jsonl(recorded: &Recorded) -> Recorded {
    let (again, error) = read_jsonl_raw(&to_jsonl(recorded));
    assert!(error.is_none(), "{}", error.expect("some"));
    again
}

/// The trace after a way through STD text.
pub(crate) fn rewrite_std(recorded: &Recorded) -> (Recorded, Written) {
    let mut bytes = Vec::new();
    let mut writer = StdWriter::new(&mut bytes);
    for event in &recorded.events {
        writer.write(&recorded.tables, event).expect("memory");
    }
    let written = writer.finish(&recorded.tables).expect("memory");
    drop(writer);
    let (again, error) = read_std(&bytes);
    assert!(error.is_none(), "{}", error.expect("some"));
    (again, written)
}
