//! Importing STD text.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::line::{self, StdLine, StdOp};
use super::names::{ObjectNames, ThreadNames};
use crate::event::Event;
use crate::ids::{ObjectId, ThreadId};
use crate::objects::ObjectKind;
use crate::op::{How, Mode, Op, Order, Touched};
use crate::read::lines::{Line, Lines, column};
use crate::read::one_line::one_line;
use crate::read::source::{EventSource, Place, Progress, ReadError, ReadErrorKind};
use crate::read::tables::Tables;

/// Reads a trace in RAPID's STD text format, line by line.
///
/// `r w acq rel fork join begin end` become reads, writes, acquires, releases, spawns, joins and regions. Of re-entrant
/// pairs only the outermost is an event. `u(x)`, an update that writes whatever it reads, becomes a relaxed
/// read-modify-write of the variable; `req(l)`, a mere request, is skipped. STD carries its data flow in `r` and `w`, so
/// releases say `touched: none`. A lock and a variable of the same name are two objects; the second to appear is called
/// `x (mutex)` or `x (var)`. A file without any event is [`ReadErrorKind::Empty`].
///
/// Time: linear in the bytes. Memory: the distinct names and locations, and the longest line.
#[derive(Debug)]
pub struct StdReader<R> {
    path: PathBuf,
    lines: Lines<R>,
    trace: Trace,
    total: u64,
    events: u64,
}

#[derive(Debug)]
struct Trace {
    tables: Tables,
    threads: ThreadNames,
    locks: ObjectNames,
    vars: ObjectNames,
    holds: Holds,
}

impl<R: Read> StdReader<R> {
    /// Reads from `input`; `path` and `total` (its size in bytes, 0 if unknown) serve messages and progress only.
    /// No buffering is needed around `input`.
    pub fn new(input: R, path: &Path, total: u64) -> Self {
        let trace = Trace {
            tables: Tables::default(),
            threads: ThreadNames::default(),
            locks: ObjectNames::new(ObjectKind::Mutex { reentrant: false }),
            vars: ObjectNames::new(ObjectKind::Var),
            holds: Holds::default(),
        };
        Self { path: path.to_owned(), lines: Lines::new(input), trace, total, events: 0 }
    }

    fn error(&self, place: Place, kind: ReadErrorKind) -> ReadError {
        ReadError { path: self.path.clone(), place, kind }
    }
}

impl<R: Read> EventSource for StdReader<R> {
    fn next_event(&mut self) -> Result<Option<Event>, ReadError> {
        loop {
            let (place, kind) = match self.lines.next_line() {
                Ok(Some(line)) => match self.trace.line(line) {
                    Ok(None) => continue,
                    Ok(Some(event)) => {
                        self.events += 1;
                        return Ok(Some(event));
                    }
                    Err(failure) => failure,
                },
                Ok(None) if self.events > 0 => return Ok(None),
                Ok(None) => (Place::File, ReadErrorKind::Empty),
                Err(error) => (Place::Line(self.lines.number()), error.into()),
            };
            return Err(self.error(place, kind));
        }
    }

    fn tables(&self) -> &Tables {
        &self.trace.tables
    }

    fn place(&self) -> Place {
        Place::Line(self.lines.number())
    }

    fn progress(&self) -> Progress {
        Progress { read: self.lines.consumed(), total: self.total }
    }
}

impl Trace {
    fn line(&mut self, line: Line<'_>) -> Result<Option<Event>, (Place, ReadErrorKind)> {
        let fail = |offset, message: &str| {
            let message = one_line(message);
            let place = Place::LineColumn(line.number, column(line.bytes, offset));
            let kind = if line.terminated {
                ReadErrorKind::Syntax(message)
            } else {
                ReadErrorKind::Truncated(format!("the last line is not complete: {message}"))
            };
            (place, kind)
        };
        let bytes = line.bytes.trim_ascii_end();
        if bytes.is_empty() {
            return Ok(None);
        }
        let text = std::str::from_utf8(bytes).map_err(|error| fail(error.valid_up_to(), "not UTF-8 text"))?;
        // A hole in a file reads as zeros; no tool writes them into a name.
        if let Some(zero) = memchr::memchr(0, bytes) {
            return Err(fail(zero, "not text: a zero byte"));
        }
        let parsed = line::parse(text).map_err(|malformed| fail(malformed.offset, &malformed.message))?;
        Ok(self.event(parsed))
    }

    /// The event of a line; none if the line is one of a re-entrant pair or a request.
    fn event(&mut self, line: StdLine<'_>) -> Option<Event> {
        let Self { tables, threads, locks, vars, holds } = self;
        let thread = threads.actor(line.thread, tables);
        let op = match line.op {
            StdOp::Read(var) => Op::Read { var: vars.get(var, tables), value: None },
            StdOp::Write(var) => Op::Write { var: vars.get(var, tables), value: None },
            StdOp::Update(var) => {
                Op::Rmw { atomic: vars.get(var, tables), order: Order::Relaxed, value: None, cas: false }
            }
            StdOp::Acquire(lock) => {
                let lock = locks.get(lock, tables);
                if !holds.acquire(thread, lock) {
                    return None;
                }
                Op::Acquire { lock, mode: Mode::Write, how: How::Lock }
            }
            StdOp::Release(lock) => {
                let lock = locks.get(lock, tables);
                if !holds.release(thread, lock) {
                    return None;
                }
                Op::Release { lock, mode: Mode::Write, touched: Touched::None }
            }
            StdOp::Request(_) => return None,
            StdOp::Fork(child) => Op::Spawn { child: threads.operand(child, thread, tables) },
            StdOp::Join(child) => Op::Join { child: threads.operand(child, thread, tables) },
            StdOp::Begin(name) => Op::Begin { name: name.map(|name| tables.intern_text(name)) },
            StdOp::End(name) => Op::End { name: name.map(|name| tables.intern_text(name)) },
        };
        let site = line.location.map(|location| tables.intern_site(location));
        Some(Event { site, ..Event::new(thread, op) })
    }
}

/// How often each lock is held, to fold re-entrant pairs. What breaks the rules is left for the validator to name.
#[derive(Debug, Default)]
struct Holds {
    locks: Vec<Option<(ThreadId, u64)>>,
}

impl Holds {
    /// Whether this is the outermost acquire.
    fn acquire(&mut self, thread: ThreadId, lock: ObjectId) -> bool {
        match self.of(lock) {
            Some((holder, depth)) if *holder == thread => {
                *depth += 1;
                false
            }
            hold => {
                *hold = Some((thread, 1));
                true
            }
        }
    }

    /// Whether this is the outermost release.
    fn release(&mut self, thread: ThreadId, lock: ObjectId) -> bool {
        match self.of(lock) {
            Some((holder, depth)) if *holder == thread && *depth > 1 => {
                *depth -= 1;
                false
            }
            hold => {
                *hold = None;
                true
            }
        }
    }

    fn of(&mut self, lock: ObjectId) -> &mut Option<(ThreadId, u64)> {
        if self.locks.len() <= lock.index() {
            self.locks.resize(lock.index() + 1, None);
        }
        &mut self.locks[lock.index()]
    }
}
