//! Writing JSON Lines.

use std::io::{self, Write};

use super::declare::VERSION;
use super::words::Word;
use crate::event::Event;
use crate::ids::{ObjectId, TextId, ThreadId};
use crate::objects::{ChannelOrder, Object, ObjectKind, Policy, Thread};
use crate::op::{How, Mode, Op, Order, Request, Touched, Value, WakeReason};
use crate::read::sink::{EventSink, Written};
use crate::read::tables::{Frame, Header, Tables};

/// Bytes collected before the output is asked to take them.
const ENOUGH: usize = 64 * 1024;

/// Writes a trace in the JSON Lines format; what it has written reads back as equal tables and events.
///
/// Everything is declared before its first use, also what was only implied; values equal to their default are left out.
/// No buffering is needed around the output. Stack frames that are code addresses are written as `module+0xoffset`,
/// floating-point values that JSON does not know (NaN, the infinities) as text.
#[derive(Debug)]
pub struct JsonLinesWriter<W> {
    output: W,
    line: Json,
    has_header: bool,
    threads: usize,
    objects: usize,
    written: Written,
}

impl<W: Write> JsonLinesWriter<W> {
    /// Writes to `output`.
    pub fn new(output: W) -> Self {
        Self { output, line: Json::default(), has_header: false, threads: 0, objects: 0, written: Written::default() }
    }

    /// Writes the header and every declaration that `tables` has and the file has not.
    fn declare(&mut self, tables: &Tables) {
        if !self.has_header {
            self.line.header(tables.header());
            self.has_header = true;
        }
        for thread in &tables.threads()[self.threads..] {
            self.line.thread(tables, thread);
        }
        for object in &tables.objects()[self.objects..] {
            self.line.object(tables, object);
        }
        self.threads = tables.threads().len();
        self.objects = tables.objects().len();
    }

    fn flush_buffer(&mut self) -> io::Result<()> {
        self.output.write_all(&self.line.bytes)?;
        self.line.bytes.clear();
        Ok(())
    }
}

impl<W: Write> EventSink for JsonLinesWriter<W> {
    fn write(&mut self, tables: &Tables, event: &Event) -> io::Result<()> {
        self.declare(tables);
        self.line.event(tables, event);
        self.written.events += 1;
        if self.line.bytes.len() < ENOUGH { Ok(()) } else { self.flush_buffer() }
    }

    fn finish(&mut self, tables: &Tables) -> io::Result<Written> {
        self.declare(tables);
        self.flush_buffer()?;
        self.output.flush()?;
        Ok(self.written.clone())
    }
}

/// Lines of JSON under construction. Keys are ours and need no escapes; texts go through `serde_json`.
#[derive(Debug, Default)]
struct Json {
    bytes: Vec<u8>,
}

impl Json {
    fn header(&mut self, header: &Header) {
        self.raw("{\"lockhound\":");
        self.number(VERSION);
        self.text_if("program", header.program.as_deref());
        if let Some(pid) = header.pid {
            self.key("pid");
            self.number(pid);
        }
        self.text_if("cwd", header.cwd.as_deref());
        self.text_if("start", header.start.as_deref());
        if !header.env.is_empty() {
            self.key("env");
            self.raw("{");
            for (index, (name, value)) in header.env.iter().enumerate() {
                self.raw(if index == 0 { "" } else { "," });
                self.string(name);
                self.raw(":");
                self.string(value);
            }
            self.raw("}");
        }
        self.raw("}\n");
    }

    fn thread(&mut self, tables: &Tables, thread: &Thread) {
        self.raw("{\"thread\":");
        self.string(&thread.id);
        self.text_if("name", thread.name.as_deref());
        self.text_if("at", thread.at.map(|at| tables.site(at)));
        self.raw("}\n");
    }

    fn object(&mut self, tables: &Tables, object: &Object) {
        self.raw("{\"object\":");
        self.string(&object.id);
        self.text("kind", object.kind.name());
        self.text_if("name", object.name.as_deref());
        self.text_if("type", object.type_name.as_deref());
        self.text_if("at", object.at.map(|at| tables.site(at)));
        self.parameters(object.kind);
        if let Some(level) = object.level {
            self.key("level");
            self.signed(level);
        }
        self.raw("}\n");
    }

    fn parameters(&mut self, kind: ObjectKind) {
        let (key, value, default) = match kind {
            ObjectKind::Mutex { reentrant: true } => return self.truth("reentrant"),
            ObjectKind::Flag { set: true } => return self.truth("set"),
            ObjectKind::RwLock { policy } => return self.word("policy", policy, Some(Policy::default())),
            ObjectKind::Semaphore { permits, bound } => {
                self.key("permits");
                self.number(permits.into());
                ("bound", bound.map(u64::from), None)
            }
            ObjectKind::Barrier { parties } => ("parties", parties.map(u64::from), None),
            ObjectKind::Channel { capacity, order } => {
                self.word("order", order, Some(ChannelOrder::default()));
                ("capacity", capacity, None)
            }
            ObjectKind::Waitgroup { count } => ("count", Some(count.into()), Some(0)),
            ObjectKind::Mutex { .. }
            | ObjectKind::Flag { .. }
            | ObjectKind::Condvar
            | ObjectKind::Once
            | ObjectKind::Var
            | ObjectKind::Atomic => return,
        };
        if let Some(value) = value.filter(|_| value != default) {
            self.key(key);
            self.number(value);
        }
    }

    fn event(&mut self, tables: &Tables, event: &Event) {
        self.raw("{\"t\":");
        self.string(&tables.thread(event.thread).id);
        self.raw(",\"op\":\"");
        self.raw(event.op.name());
        self.raw("\"");
        self.operands(tables, &event.op.asked());
        self.text_if("at", event.site.map(|site| tables.site(site)));
        if let Some(stack) = event.stack {
            self.frames(tables.stack(stack));
        }
        if let Some(time) = event.time {
            self.key("time");
            self.number(time);
        }
        self.raw("}\n");
    }

    fn operands(&mut self, tables: &Tables, op: &Op) {
        if let Some(object) = op.object().filter(|_| !matches!(op, Op::Block { .. })) {
            self.identify(tables, object);
        }
        match *op {
            Op::Spawn { child } | Op::Join { child } => self.child(tables, child),
            Op::Block { on } => self.request(tables, on),
            Op::Acquire { mode, how, .. } => {
                self.mode(mode);
                self.how(how);
            }
            Op::TryFailed { mode, .. } => self.mode(mode),
            Op::Release { mode, touched, .. } => {
                self.mode(mode);
                self.word("touched", touched, Some(Touched::Unknown));
            }
            Op::Wait { lock, touched, how, .. } => {
                self.lock(tables, lock);
                self.word("touched", touched, Some(Touched::Unknown));
                self.how(how);
            }
            Op::Wake { lock, by, .. } => {
                self.lock(tables, lock);
                self.word("by", by, None::<WakeReason>);
            }
            Op::AcquirePermits { n, how, .. } => {
                self.n(n);
                self.how(how);
            }
            Op::ReleasePermits { n, .. } | Op::Add { n, .. } | Op::Done { n, .. } => self.n(n),
            Op::Send { message, .. } | Op::Recv { message, .. } => {
                if let Some(message) = message {
                    self.text("msg", &tables.message_text(message));
                }
            }
            Op::RecvClosed { .. } => self.truth("closed"),
            Op::Read { value, .. } | Op::Write { value, .. } => self.value(tables, value),
            Op::Load { order, value, failed_cas, .. } => {
                self.word("order", order, Some(Order::default()));
                self.value(tables, value);
                self.text_if("how", failed_cas.then_some("cas_failed"));
            }
            Op::Store { order, value, .. } => {
                self.word("order", order, Some(Order::default()));
                self.value(tables, value);
            }
            Op::Rmw { order, value, cas, .. } => {
                self.word("order", order, Some(Order::default()));
                self.value(tables, value);
                self.text_if("how", cas.then_some("cas"));
            }
            Op::Begin { name } | Op::End { name } => self.name(tables, name),
            Op::Start
            | Op::Exit
            | Op::Notify { .. }
            | Op::NotifyAll { .. }
            | Op::Arrive { .. }
            | Op::Pass { .. }
            | Op::Close { .. }
            | Op::TrySendFailed { .. }
            | Op::TryRecvFailed { .. }
            | Op::Set { .. }
            | Op::Clear { .. }
            | Op::Await { .. }
            | Op::OnceBegin { .. }
            | Op::OnceEnd { .. }
            // Never asked for as such.
            | Op::Refused { .. } => {}
        }
    }

    fn request(&mut self, tables: &Tables, on: Request) {
        self.text("on", on.name());
        if let Some(object) = on.object() {
            self.identify(tables, object);
        }
        match on {
            Request::Acquire { mode, how, .. } => {
                self.mode(mode);
                self.how(how);
            }
            Request::AcquirePermits { n, how, .. } => {
                self.n(n);
                self.how(how);
            }
            Request::Join { child } => self.child(tables, child),
            Request::Wait { lock, .. } | Request::Wake { lock, .. } => self.lock(tables, lock),
            Request::Pass { .. } | Request::Send { .. } | Request::Recv { .. } | Request::Await { .. } => {}
        }
    }

    fn identify(&mut self, tables: &Tables, object: ObjectId) {
        self.text("obj", &tables.object(object).id);
    }

    fn lock(&mut self, tables: &Tables, lock: ObjectId) {
        self.text("lock", &tables.object(lock).id);
    }

    fn child(&mut self, tables: &Tables, child: ThreadId) {
        self.text("child", &tables.thread(child).id);
    }

    fn mode(&mut self, mode: Mode) {
        self.word("mode", mode, Some(Mode::default()));
    }

    fn how(&mut self, how: How) {
        self.word("how", how, Some(How::default()));
    }

    fn n(&mut self, n: u32) {
        if n != 1 {
            self.key("n");
            self.number(n.into());
        }
    }

    fn name(&mut self, tables: &Tables, name: Option<TextId>) {
        self.text_if("name", name.map(|name| tables.text(name)));
    }

    fn value(&mut self, tables: &Tables, value: Option<Value>) {
        let Some(value) = value else { return };
        self.key("value");
        match value {
            Value::Bool(value) => self.raw(if value { "true" } else { "false" }),
            Value::Int(value) => self.signed(value),
            Value::Big(value) => self.number(value),
            Value::Float(value) if value.is_finite() => self.json(&value),
            Value::Float(value) => self.string(&value.to_string()),
            Value::Text(text) => self.string(tables.text(text)),
        }
    }

    fn frames(&mut self, frames: &[Frame]) {
        self.key("stack");
        self.raw("[");
        for (index, frame) in frames.iter().enumerate() {
            self.raw(if index == 0 { "" } else { "," });
            match frame {
                Frame::Text(text) => self.string(text),
                Frame::Address { module, offset } => self.string(&format!("{module}+{offset:#x}")),
            }
        }
        self.raw("]");
    }

    fn truth(&mut self, key: &str) {
        self.key(key);
        self.raw("true");
    }

    fn word<T: Word>(&mut self, key: &str, value: T, default: Option<T>) {
        if Some(value) != default {
            self.text_if(key, value.word());
        }
    }

    fn text_if(&mut self, key: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

    fn text(&mut self, key: &str, text: &str) {
        self.key(key);
        self.string(text);
    }

    fn key(&mut self, key: &str) {
        self.raw(",\"");
        self.raw(key);
        self.raw("\":");
    }

    fn signed(&mut self, number: i64) {
        self.json(&number);
    }

    fn number(&mut self, number: u64) {
        self.json(&number);
    }

    fn string(&mut self, text: &str) {
        self.json(text);
    }

    fn json<T: serde::Serialize + ?Sized>(&mut self, value: &T) {
        // A vector takes any bytes, and texts and numbers always have a JSON form.
        let result = serde_json::to_writer(&mut self.bytes, value);
        debug_assert!(result.is_ok(), "{result:?}");
    }

    fn raw(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }
}
