//! Exporting STD text.

use std::io::{self, Write};

use rustc_hash::FxHashSet;

use crate::event::Event;
use crate::ids::{ObjectId, ThreadId};
use crate::objects::ObjectKind;
use crate::op::{Mode, Op};
use crate::read::sink::{EventSink, Written};
use crate::read::tables::Tables;

/// Bytes collected before the output is asked to take them.
const ENOUGH: usize = 64 * 1024;

/// Writes what RAPID's STD text format can express, and counts what it cannot.
///
/// Expressed are plain reads and writes, spawns and joins, regions (without their names), locks, of read/write locks the
/// write and upgrade holds, and of waits on condition variables that they give the lock back and take it again.
/// `start`, `exit` and the inner pairs of re-entrant locks are implied. A read-modify-write of plain memory is written as `u(x)`. All else is left out, above
/// all what atomics, channels and notifications order: a reader of the export may see races that the run excludes.
///
/// Names keep what STD allows: bars, brackets and control characters become `_`, and a name that then is not unique any
/// more gets a number. No buffering is needed around the output.
#[derive(Debug)]
pub struct StdWriter<W> {
    output: W,
    buffer: Vec<u8>,
    threads: Names,
    objects: Names,
    written: Written,
    /// By thread: the locks it holds as far as they are expressed.
    holds: Vec<Vec<Hold>>,
    /// By thread: how deep the lock was held that its wait gave back.
    waits: Vec<Option<u32>>,
}

/// A hold of a lock; only its outermost acquire and release are written.
#[derive(Clone, Copy, Debug)]
struct Hold {
    lock: ObjectId,
    depth: u32,
}

/// What threads or objects are called in the export, by index.
#[derive(Debug, Default)]
struct Names {
    names: Vec<String>,
    taken: FxHashSet<String>,
}

impl Names {
    fn add(&mut self, wanted: &str) {
        let wanted: String =
            wanted.chars().map(|c| if c.is_control() || "|()".contains(c) { '_' } else { c }).collect();
        let wanted = if wanted.trim().is_empty() { "_" } else { wanted.trim() };
        let mut name = wanted.to_owned();
        let mut number = 2_u64;
        while !self.taken.insert(name.clone()) {
            name = format!("{wanted}_{number}");
            number += 1;
        }
        self.names.push(name);
    }
}

impl<W: Write> StdWriter<W> {
    /// Writes to `output`.
    pub fn new(output: W) -> Self {
        Self {
            output,
            buffer: Vec::new(),
            threads: Names::default(),
            objects: Names::default(),
            written: Written::default(),
            holds: Vec::new(),
            waits: Vec::new(),
        }
    }

    fn name_everything(&mut self, tables: &Tables) {
        for thread in &tables.threads()[self.threads.names.len()..] {
            self.threads.add(&thread.id);
        }
        for object in &tables.objects()[self.objects.names.len()..] {
            self.objects.add(&object.id);
        }
        self.waits.resize(tables.threads().len(), None);
        self.holds.resize(tables.threads().len(), Vec::new());
    }

    /// The word and the operand that express `op`, if anything does.
    fn express(&mut self, tables: &Tables, thread: ThreadId, op: &Op) -> Expressed {
        let holds = &mut self.holds[thread.index()];
        let find = |holds: &[Hold], lock| holds.iter().rposition(|hold| hold.lock == lock);
        match *op {
            Op::Start | Op::Exit => Expressed::Implied,
            Op::Spawn { child } => Expressed::Thread("fork", child),
            Op::Join { child } => Expressed::Thread("join", child),
            Op::Begin { .. } => Expressed::Bare("begin"),
            Op::End { .. } => Expressed::Bare("end"),
            Op::Read { var, .. } if is_plain(tables, var) => Expressed::Object("r", var),
            Op::Write { var, .. } if is_plain(tables, var) => Expressed::Object("w", var),
            Op::Rmw { atomic, .. } if is_plain(tables, atomic) => Expressed::Object("u", atomic),
            Op::Acquire { lock, mode: Mode::Write | Mode::Upgrade, .. } => match find(holds, lock) {
                Some(held) => {
                    holds[held].depth += 1;
                    Expressed::Implied
                }
                None => {
                    holds.push(Hold { lock, depth: 1 });
                    Expressed::Object("acq", lock)
                }
            },
            Op::Release { lock, mode: Mode::Write | Mode::Upgrade, .. } => match find(holds, lock) {
                Some(held) if holds[held].depth > 1 => {
                    holds[held].depth -= 1;
                    Expressed::Implied
                }
                Some(held) => {
                    holds.swap_remove(held);
                    Expressed::Object("rel", lock)
                }
                None => Expressed::Object("rel", lock),
            },
            Op::Wait { lock, .. } => match find(holds, lock) {
                None => Expressed::No,
                Some(held) => {
                    self.waits[thread.index()] = Some(holds.swap_remove(held).depth);
                    Expressed::Object("rel", lock)
                }
            },
            Op::Wake { lock, .. } => match self.waits[thread.index()].take() {
                None => Expressed::No,
                Some(depth) => {
                    holds.push(Hold { lock, depth });
                    Expressed::Object("acq", lock)
                }
            },
            _ => Expressed::No,
        }
    }
}

/// How an operation reads in STD.
#[derive(Clone, Copy)]
enum Expressed {
    Bare(&'static str),
    Thread(&'static str, ThreadId),
    Object(&'static str, ObjectId),
    /// By the events around it.
    Implied,
    No,
}

fn is_plain(tables: &Tables, object: ObjectId) -> bool {
    tables.object(object).kind == ObjectKind::Var
}

impl<W: Write> EventSink for StdWriter<W> {
    fn write(&mut self, tables: &Tables, event: &Event) -> io::Result<()> {
        self.name_everything(tables);
        let (word, operand) = match self.express(tables, event.thread, &event.op) {
            Expressed::Bare(word) => (word, None),
            Expressed::Thread(word, thread) => (word, Some(&self.threads.names[thread.index()])),
            Expressed::Object(word, object) => (word, Some(&self.objects.names[object.index()])),
            Expressed::Implied => return Ok(()),
            Expressed::No => {
                *self.written.left_out.entry(event.op.name()).or_default() += 1;
                return Ok(());
            }
        };
        self.written.events += 1;
        let line = &mut self.buffer;
        line.extend_from_slice(self.threads.names[event.thread.index()].as_bytes());
        line.push(b'|');
        line.extend_from_slice(word.as_bytes());
        if let Some(operand) = operand {
            line.push(b'(');
            line.extend_from_slice(operand.as_bytes());
            line.push(b')');
        }
        line.push(b'|');
        if let Some(site) = event.site {
            let plain = |byte: u8| if byte.is_ascii_control() { b' ' } else { byte };
            line.extend(tables.site(site).bytes().map(plain));
        }
        line.push(b'\n');
        if self.buffer.len() >= ENOUGH {
            self.output.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }

    fn finish(&mut self, _tables: &Tables) -> io::Result<Written> {
        self.output.write_all(&self.buffer)?;
        self.buffer.clear();
        self.output.flush()?;
        Ok(self.written.clone())
    }
}
