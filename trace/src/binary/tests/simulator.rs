//! A program that runs in a random order, recorded as the recorder would.

use crate::binary::encode::{self, Head, ObjectDefinition, ThreadDefinition};
use crate::binary::format::{
    CHUNK_HEADER, COMMITTED_AT, ChunkHeader, FILE_HEADER, PAGE, Payload, acquire_code, code, define, mode_number,
    other, reason_number, release_code, request, touched_number,
};
use crate::objects::{ObjectKind, Policy};
use crate::op::{How, Mode, Touched, WakeReason};

/// What one simulated event was, for the check.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Did {
    /// Took a version of each of these objects.
    Version(usize, Option<usize>),
    /// Acquired or released an object for reading.
    Reading(usize),
    /// Looked at an object's version.
    Glance(usize),
    Spawn(usize),
    Start,
    Exit,
    Join(usize),
}

#[derive(Clone, Debug)]
struct Object {
    kind: ObjectKind,
    number: Option<u32>,
    last: Option<usize>,
    version: u64,
    reads: u64,
    reads_seen: u64,
    writer: Option<usize>,
    readers: Vec<usize>,
}

#[derive(Clone, Debug, Default)]
struct Thread {
    running: bool,
    exited: bool,
    joined: bool,
    waiting: Option<(usize, usize)>,
    read_under: Vec<(usize, u64)>,
    texts: u32,
    /// Records, each whole.
    records: Vec<Vec<u8>>,
}

/// The run so far.
pub(crate) struct Simulation {
    objects: Vec<Object>,
    threads: Vec<Thread>,
    /// The observed order.
    pub(crate) order: Vec<(usize, Did)>,
    next_number: u32,
}

impl Simulation {
    /// A program that has ended: which thread goes on, and what it chooses to do. `wide` starts the numbers of objects beyond
    /// 16 bits.
    pub(crate) fn run(wide: bool, choices: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut simulation = Self::new(wide);
        for (thread, choice) in choices {
            simulation.step(thread, choice);
        }
        simulation.finish();
        simulation
    }

    fn new(wide: bool) -> Self {
        let kinds = [
            ObjectKind::Mutex { reentrant: false },
            ObjectKind::Mutex { reentrant: false },
            ObjectKind::RwLock { policy: Policy::Writer },
            ObjectKind::RwLock { policy: Policy::Writer },
            ObjectKind::Condvar,
            ObjectKind::Var,
            ObjectKind::Var,
        ];
        let object = |kind| Object {
            kind,
            number: None,
            last: None,
            version: 0,
            reads: 0,
            reads_seen: 0,
            writer: None,
            readers: Vec::new(),
        };
        let mut simulation = Self {
            objects: kinds.map(object).to_vec(),
            threads: vec![Thread::default()],
            order: Vec::new(),
            next_number: if wide { 500 } else { 0 },
        };
        simulation.start(0);
        simulation
    }

    /// Thread `thread` does something that it can do; the choice says what.
    fn step(&mut self, thread: usize, choice: usize) {
        let thread = thread % self.threads.len();
        if !self.threads[thread].running {
            if !self.threads[thread].exited {
                self.start(thread);
            }
            return;
        }
        if let Some((condvar, lock)) = self.threads[thread].waiting {
            return self.wake(thread, condvar, lock);
        }
        let object = (choice / 8) % self.objects.len();
        match self.objects[object].kind {
            _ if choice % 8 == 7 => self.thread_step(thread, choice / 8),
            _ if choice % 8 == 6 => self.glance(thread, object),
            ObjectKind::Mutex { .. } => self.write_lock(thread, object),
            ObjectKind::RwLock { .. } if choice.is_multiple_of(2) => self.read_lock(thread, object),
            ObjectKind::RwLock { .. } => self.write_lock(thread, object),
            ObjectKind::Condvar => self.condvar(thread, object, choice.is_multiple_of(2)),
            _ => self.access(thread, object),
        }
    }

    /// Everybody finishes what is open and ends.
    fn finish(&mut self) {
        for _ in 0..4 {
            for thread in 0..self.threads.len() {
                if !self.threads[thread].running && !self.threads[thread].exited {
                    self.start(thread);
                }
                if let Some((condvar, lock)) = self.threads[thread].waiting {
                    self.wake(thread, condvar, lock);
                }
                for object in 0..self.objects.len() {
                    self.let_go(thread, object);
                }
            }
        }
        for thread in (0..self.threads.len()).rev() {
            if self.threads[thread].running && self.threads[thread].waiting.is_none() {
                self.event(thread, Did::Exit, code::OTHER, 0, 0, &[other::EXIT]);
                self.threads[thread].running = false;
            }
        }
    }

    fn event(&mut self, thread: usize, did: Did, code: u8, subject: u32, after: u64, operands: &[u8]) {
        let mut record = Vec::new();
        Head::new(code, 0, subject, after).put(&mut record);
        record.extend_from_slice(operands);
        self.threads[thread].records.push(record);
        self.order.push((thread, did));
    }

    fn number(&mut self, thread: usize, object: usize) -> u32 {
        if let Some(number) = self.objects[object].number {
            return number;
        }
        // Now and then a race for the declaration was lost before.
        for _ in 0..1 + self.next_number % 2 {
            let Object { kind, version, .. } = self.objects[object];
            let definition = ObjectDefinition {
                number: self.next_number,
                base: version,
                base_reads: 0,
                kind,
                level: None,
                site: 0,
                name: 0,
                type_name: 0,
                id: 0,
            };
            let mut record = Vec::new();
            definition.put(&mut record);
            self.threads[thread].records.push(record);
            self.objects[object].number = Some(self.next_number);
            self.next_number += 1;
        }
        self.next_number - 1
    }

    fn take_version(&mut self, thread: usize, object: usize) -> u64 {
        let object = &mut self.objects[object];
        object.version += 1;
        let mine = object.last.replace(thread) == Some(thread);
        if mine { 0 } else { object.version }
    }

    fn start(&mut self, thread: usize) {
        self.threads[thread].running = true;
        let spawned = u32::from(thread != 0);
        self.event(thread, Did::Start, code::OTHER, spawned, 0, &[other::START]);
    }

    fn thread_step(&mut self, thread: usize, choice: usize) {
        let ended = |(index, other): (usize, &Thread)| (other.exited && !other.joined).then_some(index);
        if choice.is_multiple_of(3) && self.threads.len() < 8 {
            let child = self.threads.len();
            self.threads.push(Thread::default());
            let text = {
                self.threads[thread].texts += 1;
                self.threads[thread].texts
            };
            let mut record = Vec::new();
            encode::named(&mut record, define::TEXT, &child.to_string());
            ThreadDefinition { number: child as u32 + 1, name: text, ..ThreadDefinition::default() }.put(&mut record);
            self.threads[thread].records.push(record);
            self.event(thread, Did::Spawn(child), code::OTHER, child as u32 + 1, 0, &[other::SPAWN]);
        } else if let Some(child) = self.threads.iter().enumerate().find_map(ended) {
            self.threads[child].joined = true;
            self.event(thread, Did::Join(child), code::OTHER, child as u32 + 1, 0, &[other::JOIN]);
        } else if choice % 3 == 1 && thread != 0 && !self.holds_anything(thread) {
            self.event(thread, Did::Exit, code::OTHER, 0, 0, &[other::EXIT]);
            self.threads[thread].running = false;
            self.threads[thread].exited = true;
        }
    }

    fn holds_anything(&self, thread: usize) -> bool {
        self.objects.iter().any(|object| object.writer == Some(thread) || object.readers.contains(&thread))
    }

    fn glance(&mut self, thread: usize, object: usize) {
        if !self.objects[object].kind.is_lock() {
            return;
        }
        let number = self.number(thread, object);
        let after = self.objects[object].version + 1;
        let blocks = [other::BLOCK, request::ACQUIRE, mode_number(Mode::Write), 0, 0, 0, 0, 0];
        self.event(thread, Did::Glance(object), code::OTHER, number, after, &blocks);
    }

    fn write_lock(&mut self, thread: usize, object: usize) {
        if self.objects[object].writer == Some(thread) {
            return self.let_go(thread, object);
        }
        if self.objects[object].writer.is_some() || !self.objects[object].readers.is_empty() {
            return;
        }
        let number = self.number(thread, object);
        let after = self.take_version(thread, object);
        let state = &mut self.objects[object];
        state.writer = Some(thread);
        let did = Did::Version(object, None);
        if state.reads == state.reads_seen {
            return self.event(thread, did, acquire_code(Mode::Write, How::Lock), number, after, &[]);
        }
        state.reads_seen = state.reads;
        let reads = state.reads.to_le_bytes();
        self.event(thread, did, code::ACQUIRE_AFTER_READS, number, after, &reads);
    }

    fn read_lock(&mut self, thread: usize, object: usize) {
        if self.objects[object].readers.contains(&thread) {
            return self.let_go(thread, object);
        }
        if self.objects[object].writer.is_some() {
            return;
        }
        let number = self.number(thread, object);
        let state = &mut self.objects[object];
        state.readers.push(thread);
        let seen = (object, state.version);
        let compact = state.last == Some(thread) || self.threads[thread].read_under.contains(&seen);
        let after = if compact { 0 } else { state.version + 1 };
        self.threads[thread].read_under.push(seen);
        self.event(thread, Did::Reading(object), acquire_code(Mode::Read, How::Lock), number, after, &[]);
    }

    fn let_go(&mut self, thread: usize, object: usize) {
        if self.objects[object].writer == Some(thread) {
            let number = self.number(thread, object);
            let after = self.take_version(thread, object);
            self.objects[object].writer = None;
            let release = release_code(Mode::Write, Touched::Write);
            self.event(thread, Did::Version(object, None), release, number, after, &[]);
        } else if self.objects[object].readers.contains(&thread) {
            let number = self.number(thread, object);
            let state = &mut self.objects[object];
            state.readers.retain(|&reader| reader != thread);
            state.reads += 1;
            self.event(thread, Did::Reading(object), release_code(Mode::Read, Touched::Read), number, 0, &[]);
        }
    }

    fn access(&mut self, thread: usize, object: usize) {
        let number = self.number(thread, object);
        let after = self.take_version(thread, object);
        let mut value = Vec::new();
        encode::RawValue::new(crate::binary::format::value::SIGNED, self.order.len() as u64).put(&mut value);
        self.event(thread, Did::Version(object, None), code::WRITE, number, after, &value);
    }

    fn condvar(&mut self, thread: usize, condvar: usize, wait: bool) {
        if !wait {
            let number = self.number(thread, condvar);
            let after = self.take_version(thread, condvar);
            return self.event(thread, Did::Version(condvar, None), code::OTHER, number, after, &[other::NOTIFY]);
        }
        let held = |lock: &usize| {
            let object = &self.objects[*lock];
            matches!(object.kind, ObjectKind::Mutex { .. }) && object.writer == Some(thread)
        };
        let Some(lock) = (0..self.objects.len()).find(held) else { return };
        self.pass_lock(thread, condvar, lock, other::WAIT, touched_number(Touched::Read));
        self.objects[lock].writer = None;
        self.threads[thread].waiting = Some((condvar, lock));
    }

    fn wake(&mut self, thread: usize, condvar: usize, lock: usize) {
        if self.objects[lock].writer.is_some() {
            return;
        }
        self.objects[lock].writer = Some(thread);
        self.pass_lock(thread, condvar, lock, other::WAKE, reason_number(WakeReason::Spurious));
        self.threads[thread].waiting = None;
    }

    fn pass_lock(&mut self, thread: usize, condvar: usize, lock: usize, sub: u8, detail: u8) {
        let number = self.number(thread, condvar);
        let lock_number = self.number(thread, lock);
        let lock_after = self.take_version(thread, lock);
        let after = self.take_version(thread, condvar);
        let mut operands = vec![sub];
        operands.extend_from_slice(&lock_number.to_le_bytes());
        operands.extend_from_slice(&lock_after.to_le_bytes());
        operands.push(detail);
        self.event(thread, Did::Version(condvar, Some(lock)), code::OTHER, number, after, &operands);
    }

    /// The file that a recorder would have left. Chunks hold `per_chunk` records, those of all threads interleaved.
    pub(crate) fn file(&self, per_chunk: usize) -> Vec<u8> {
        let mut bytes = begin_file();
        let longest = self.threads.iter().map(|thread| thread.records.len().div_ceil(per_chunk)).max().unwrap_or(0);
        for sequence in 0..longest {
            for (thread, state) in self.threads.iter().enumerate() {
                if let Some(records) = state.records.chunks(per_chunk).nth(sequence) {
                    put_chunk(&mut bytes, thread as u32 + 1, sequence as u32, &records.concat());
                }
            }
        }
        bytes
    }
}

/// A recording without chunks.
pub(super) fn begin_file() -> Vec<u8> {
    let mut bytes = encode::file_header(Payload::Streams, &[]).to_vec();
    bytes.resize(FILE_HEADER.next_multiple_of(PAGE), 0);
    bytes
}

pub(super) fn put_chunk(bytes: &mut Vec<u8>, thread: u32, sequence: u32, records: &[u8]) {
    let size = (CHUNK_HEADER + records.len()).next_multiple_of(PAGE);
    let start = bytes.len();
    bytes.resize(start + size, 0);
    let header = ChunkHeader { thread, sequence, size: size as u32 };
    bytes[start..start + COMMITTED_AT].copy_from_slice(&header.encode());
    bytes[start + COMMITTED_AT..start + CHUNK_HEADER].copy_from_slice(&(records.len() as u32).to_le_bytes());
    bytes[start + CHUNK_HEADER..start + CHUNK_HEADER + records.len()].copy_from_slice(records);
}
