//! Events in their order to a binary file.

use std::borrow::Cow;
use std::io::{self, Write};

use rustc_hash::FxHashMap;

use super::encode::{self, Head, ObjectDefinition, RawValue, ThreadDefinition};
use super::format::{
    CHUNK_HEADER, COMMITTED_AT, ChunkHeader, FILE_HEADER, MAX_FILE_HEADER, PAGE, Payload, TEXT_FRAME, acquire_code,
    code, define, field, how_number, is_release, message, mode_number, order_number, other, reason_number,
    release_code, request, value, wait_detail,
};
use crate::event::Event;
use crate::ids::{MessageId, SiteId, StackId, TextId, ThreadId};
use crate::op::{Op, Order, Request, Value};
use crate::read::{EventSink, Frame, Header, Tables, Written};

/// Records before a chunk is written.
const CHUNK: usize = 64 << 10;

/// Writes a binary trace that is read back in the order it was written (payload *merged*), with the same ids.
#[derive(Debug)]
pub struct BinaryWriter<W: Write> {
    out: W,
    /// The current chunk's records.
    records: Vec<u8>,
    /// Bytes of records from which on a chunk is written.
    enough: usize,
    sequence: u32,
    begun: bool,
    thread: Option<ThreadId>,
    threads: usize,
    objects: usize,
    definitions: Definitions,
    events: u64,
}

/// What the stream has defined; numbers count from 1.
#[derive(Debug, Default)]
struct Definitions {
    sites: FxHashMap<SiteId, u32>,
    texts: FxHashMap<String, u32>,
    modules: FxHashMap<String, u32>,
}

impl Definitions {
    fn site(&mut self, id: Option<SiteId>, tables: &Tables, records: &mut Vec<u8>) -> u32 {
        let Some(id) = id else { return 0 };
        let next = number(self.sites.len() + 1);
        *self.sites.entry(id).or_insert_with(|| {
            encode::named(records, define::PLACE, tables.site(id));
            next
        })
    }

    fn text(&mut self, text: Option<&str>, records: &mut Vec<u8>) -> u32 {
        text.map_or(0, |text| named(&mut self.texts, define::TEXT, text, records))
    }

    fn module(&mut self, module: &str, records: &mut Vec<u8>) -> u32 {
        if module.is_empty() { 0 } else { named(&mut self.modules, define::MODULE, module, records) }
    }
}

fn named(known: &mut FxHashMap<String, u32>, what: u8, name: &str, records: &mut Vec<u8>) -> u32 {
    if let Some(&number) = known.get(name) {
        return number;
    }
    let next = number(known.len() + 1);
    encode::named(records, what, name);
    known.insert(name.to_owned(), next);
    next
}

fn number(index: usize) -> u32 {
    u32::try_from(index).expect("dense ids fit in u32")
}

impl<W: Write> BinaryWriter<W> {
    /// A writer to `out`, which it buffers by itself.
    pub fn new(out: W) -> Self {
        Self::with_chunk(out, CHUNK)
    }

    /// The same, with chunks of `enough` bytes.
    pub(crate) fn with_chunk(out: W, enough: usize) -> Self {
        Self {
            out,
            enough,
            records: Vec::new(),
            sequence: 0,
            begun: false,
            thread: None,
            threads: 0,
            objects: 0,
            definitions: Definitions::default(),
            events: 0,
        }
    }

    /// What it wrote to. Call after `finish`: before that, events may be missing.
    pub fn into_inner(self) -> W {
        self.out
    }

    fn begin(&mut self, header: &Header) -> io::Result<()> {
        self.begun = true;
        let fields = header_fields(header);
        self.out.write_all(&encode::file_header(Payload::Merged, &fields))?;
        self.out.write_all(&fields)?;
        self.pad(FILE_HEADER + fields.len())
    }

    fn pad(&mut self, written: usize) -> io::Result<()> {
        let missing = written.next_multiple_of(PAGE) - written;
        self.out.write_all(&[0; PAGE][..missing])
    }

    fn write_chunk(&mut self) -> io::Result<()> {
        let sum = encode::sum(&self.records);
        self.records.extend_from_slice(&sum);
        let written = CHUNK_HEADER + self.records.len();
        let too_large = |_| io::Error::new(io::ErrorKind::InvalidInput, "a record too large for a chunk");
        let size = u32::try_from(written.next_multiple_of(PAGE)).map_err(too_large)?;
        let header = ChunkHeader { thread: 0, sequence: self.sequence, size };
        let committed = number(self.records.len()).to_le_bytes();
        let mut bytes = [0; CHUNK_HEADER];
        bytes[..COMMITTED_AT].copy_from_slice(&header.encode());
        bytes[COMMITTED_AT..].copy_from_slice(&committed);
        self.out.write_all(&bytes)?;
        self.out.write_all(&self.records)?;
        self.pad(written)?;
        self.records.clear();
        self.sequence += 1;
        Ok(())
    }

    /// Defines all threads and objects that are new in `tables`, in order, so that the reader gives the same ids.
    fn declare(&mut self, tables: &Tables) {
        let Self { records, definitions, .. } = self;
        for (index, thread) in tables.threads().iter().enumerate().skip(self.threads) {
            let site = definitions.site(thread.at, tables, records);
            let name = definitions.text(thread.name.as_deref(), records);
            let id = definitions.text(Some(&thread.id), records);
            ThreadDefinition { number: number(index), site, name, id }.put(records);
        }
        for (index, object) in tables.objects().iter().enumerate().skip(self.objects) {
            let definition = ObjectDefinition {
                number: number(index),
                base: 0,
                base_reads: 0,
                kind: object.kind,
                level: object.level,
                site: definitions.site(object.at, tables, records),
                name: definitions.text(object.name.as_deref(), records),
                type_name: definitions.text(object.type_name.as_deref(), records),
                id: definitions.text(Some(&object.id), records),
            };
            definition.put(records);
        }
        self.threads = tables.threads().len();
        self.objects = tables.objects().len();
    }

    fn put_stack(&mut self, stack: StackId, tables: &Tables) {
        let Self { records, definitions, .. } = self;
        let mut frames = Vec::new();
        let stack = tables.stack(stack);
        let count = u16::try_from(stack.len()).unwrap_or(u16::MAX);
        for frame in &stack[..usize::from(count)] {
            let (module, offset) = match frame {
                Frame::Text(text) => (TEXT_FRAME, u64::from(definitions.text(Some(text), records))),
                Frame::Address { module, offset } => match u16::try_from(definitions.module(module, records)) {
                    Ok(module) if module != TEXT_FRAME => (module, *offset),
                    _ => (0, *offset),
                },
            };
            frames.extend_from_slice(&module.to_le_bytes());
            frames.extend_from_slice(&offset.to_le_bytes());
        }
        records.push(code::STACK);
        records.extend_from_slice(&count.to_le_bytes());
        records.extend_from_slice(&frames);
    }

    fn value(&mut self, value: Option<Value>, tables: &Tables) -> RawValue {
        match value {
            None => RawValue::NONE,
            Some(Value::Bool(bit)) => RawValue::new(value::BOOL, u64::from(bit)),
            Some(Value::Int(number)) => RawValue::new(value::SIGNED, number as u64),
            Some(Value::Big(number)) => RawValue::new(value::UNSIGNED, number),
            Some(Value::Float(number)) => RawValue::new(value::FLOAT, number.to_bits()),
            Some(Value::Text(text)) => RawValue::new(value::TEXT, u64::from(self.text(Some(text), tables))),
        }
    }

    fn text(&mut self, text: Option<TextId>, tables: &Tables) -> u32 {
        self.definitions.text(text.map(|text| tables.text(text)), &mut self.records)
    }

    /// Adds the message to `record`, a text as such: its id holds an index into `tables`, which the reader's differ from.
    fn message(&mut self, record: Record, id: Option<MessageId>, tables: &Tables) -> Record {
        let (kind, number) = match id.map(|id| (id, tables.message_text(id))) {
            None => (message::NONE, 0),
            Some((id, Cow::Owned(_))) => (message::NUMBER, id.0),
            Some((_, Cow::Borrowed(text))) => {
                (message::TEXT, u64::from(self.definitions.text(Some(text), &mut self.records)))
            }
        };
        record.u8(kind).u64(number)
    }

    /// What the record of `op` consists of. Defines texts that it needs, so nothing of it may have been written yet.
    fn record(&mut self, op: &Op, tables: &Tables) -> Record {
        let subject = number(op.object().map_or(0, |object| object.index()));
        let record = Record::new(code::OTHER, subject);
        match *op {
            Op::Acquire { mode, how, .. } => Record::new(acquire_code(mode, how), subject),
            Op::Release { mode, touched, .. } => Record::new(release_code(mode, touched), subject),
            Op::Read { value, .. } => Record::new(code::READ, subject).value(self.value(value, tables)),
            Op::Write { value, .. } => Record::new(code::WRITE, subject).value(self.value(value, tables)),
            Op::Load { order, value, failed_cas, .. } => {
                Record::new(code::LOAD, subject).u8(order_bits(order, failed_cas)).value(self.value(value, tables))
            }
            Op::Store { order, value, .. } => {
                Record::new(code::STORE, subject).u8(order_number(order)).value(self.value(value, tables))
            }
            Op::Rmw { order, value, cas, .. } => {
                Record::new(code::RMW, subject).u8(order_bits(order, cas)).value(self.value(value, tables))
            }
            Op::Send { message, .. } => self.message(Record::new(code::SEND, subject), message, tables),
            Op::Recv { message, .. } => self.message(Record::new(code::RECV, subject), message, tables),
            Op::Spawn { child } => Record::new(code::OTHER, number(child.index())).u8(other::SPAWN),
            Op::Join { child } => Record::new(code::OTHER, number(child.index())).u8(other::JOIN),
            Op::Begin { name } => Record::new(code::OTHER, self.text(name, tables)).u8(other::BEGIN),
            Op::End { name } => Record::new(code::OTHER, self.text(name, tables)).u8(other::END),
            Op::Start => record.u8(other::START),
            Op::Exit => record.u8(other::EXIT),
            Op::Block { on } => block(on),
            Op::TryFailed { mode, .. } => record.u8(other::TRY_FAILED).u8(mode_number(mode)),
            Op::Wait { lock, touched, how, .. } => {
                record.u8(other::WAIT).u32(number(lock.index())).u64(0).u8(wait_detail(touched, how))
            }
            Op::Wake { lock, by, .. } => record.u8(other::WAKE).u32(number(lock.index())).u64(0).u8(reason_number(by)),
            Op::AcquirePermits { n, how, .. } => record.u8(other::ACQUIRE_PERMITS).u32(n).u8(how_number(how)),
            Op::ReleasePermits { n, .. } => record.u8(other::RELEASE_PERMITS).u32(n),
            Op::Add { n, .. } => record.u8(other::ADD).u32(n),
            Op::Done { n, .. } => record.u8(other::DONE).u32(n),
            Op::Notify { .. } => record.u8(other::NOTIFY),
            Op::NotifyAll { .. } => record.u8(other::NOTIFY_ALL),
            Op::Arrive { .. } => record.u8(other::ARRIVE),
            Op::Pass { .. } => record.u8(other::PASS),
            Op::RecvClosed { .. } => record.u8(other::RECV_CLOSED),
            Op::Close { .. } => record.u8(other::CLOSE),
            Op::TrySendFailed { .. } => record.u8(other::TRY_SEND_FAILED),
            Op::TryRecvFailed { .. } => record.u8(other::TRY_RECV_FAILED),
            Op::Set { .. } => record.u8(other::SET),
            Op::Clear { .. } => record.u8(other::CLEAR),
            Op::Await { .. } => record.u8(other::AWAIT),
            Op::OnceBegin { .. } => record.u8(other::ONCE_BEGIN),
            Op::OnceEnd { .. } => record.u8(other::ONCE_END),
            Op::Refused { what } => self.record(&what.op(), tables),
        }
    }
}

fn order_bits(order: Order, flag: bool) -> u8 {
    order_number(order) | u8::from(flag) << 7
}

fn block(on: Request) -> Record {
    let (kind, mode, how, second) = match on {
        Request::Acquire { mode, how, .. } => (request::ACQUIRE, mode_number(mode), how_number(how), 0),
        Request::AcquirePermits { n, how, .. } => (request::ACQUIRE_PERMITS, 0, how_number(how), n),
        Request::Join { .. } => (request::JOIN, 0, 0, 0),
        Request::Wait { lock, .. } => (request::WAIT, 0, 0, number(lock.index())),
        Request::Wake { lock, .. } => (request::WAKE, 0, 0, number(lock.index())),
        Request::Pass { .. } => (request::PASS, 0, 0, 0),
        Request::Send { .. } => (request::SEND, 0, 0, 0),
        Request::Recv { .. } => (request::RECV, 0, 0, 0),
        Request::Await { .. } => (request::AWAIT, 0, 0, 0),
    };
    let subject = match on {
        Request::Join { child } => number(child.index()),
        _ => number(on.object().map_or(0, |object| object.index())),
    };
    Record::new(code::OTHER, subject).u8(other::BLOCK).u8(kind).u8(mode).u8(how).u32(second)
}

/// The record of one event but for its site.
#[derive(Debug)]
struct Record {
    code: u8,
    subject: u32,
    operands: Vec<u8>,
}

impl Record {
    const fn new(code: u8, subject: u32) -> Self {
        Self { code, subject, operands: Vec::new() }
    }

    fn u8(mut self, operand: u8) -> Self {
        self.operands.push(operand);
        self
    }

    fn u32(mut self, operand: u32) -> Self {
        self.operands.extend_from_slice(&operand.to_le_bytes());
        self
    }

    fn u64(mut self, operand: u64) -> Self {
        self.operands.extend_from_slice(&operand.to_le_bytes());
        self
    }

    fn value(mut self, value: RawValue) -> Self {
        value.put(&mut self.operands);
        self
    }
}

impl<W: Write> EventSink for BinaryWriter<W> {
    fn write(&mut self, tables: &Tables, event: &Event) -> io::Result<()> {
        if !self.begun {
            self.begin(tables.header())?;
        }
        self.declare(tables);
        if self.thread != Some(event.thread) {
            self.thread = Some(event.thread);
            self.records.push(code::SWITCH);
            self.records.extend_from_slice(&number(event.thread.index()).to_le_bytes());
        }
        if let Some(time) = event.time {
            self.records.push(code::TIME);
            self.records.extend_from_slice(&time.to_le_bytes());
        }
        if let Some(stack) = event.stack {
            self.put_stack(stack, tables);
        }
        let record = self.record(&event.op, tables);
        let site = self.definitions.site(event.site, tables, &mut self.records);
        if is_release(record.code) && site != 0 {
            self.records.push(code::SITE);
            self.records.extend_from_slice(&site.to_le_bytes());
        }
        Head::new(record.code, site, record.subject, 0).put(&mut self.records);
        self.records.extend_from_slice(&record.operands);
        self.events += 1;
        if self.records.len() >= self.enough { self.write_chunk() } else { Ok(()) }
    }

    fn finish(&mut self, tables: &Tables) -> io::Result<Written> {
        if !self.begun {
            self.begin(tables.header())?;
        }
        self.declare(tables);
        self.records.push(code::END);
        self.write_chunk()?;
        self.out.flush()?;
        Ok(Written { events: self.events, ..Written::default() })
    }
}

/// What of a header fits; what is cut is the least useful, the environment.
fn header_fields(header: &Header) -> Vec<u8> {
    let mut fields = Vec::new();
    if let Some(pid) = header.pid {
        encode::header_field(&mut fields, field::PID, &[&pid.to_le_bytes()]);
    }
    let texts = [(field::PROGRAM, &header.program), (field::CWD, &header.cwd), (field::START_TEXT, &header.start)];
    for (key, text) in texts {
        if let Some(text) = text {
            encode::header_field(&mut fields, key, &[text.as_bytes()]);
        }
    }
    for (key, value) in &header.env {
        if fields.len() + key.len() + value.len() + 16 <= MAX_FILE_HEADER {
            let key_length = number(key.len()).to_le_bytes();
            encode::header_field(&mut fields, field::ENV_PAIR, &[&key_length, key.as_bytes(), value.as_bytes()]);
        }
    }
    fields
}
