//! A whole trace, as it is read.

use std::collections::HashMap;
use std::io::{self, Write};

use lockhound_trace::{Event, EventIndex, EventSource, Mode, ObjectId, ReadError, Request, SiteId, Tables, ThreadId};
use serde_json::{Map, json};

use super::findings::row_name;
use super::writer::{Track, Writer, text};
use crate::build::{Change, Held, Scene, ThreadState, waits_named};

const THREADS: usize = 1;
const LOCKS: usize = 2;

/// Writes the whole of a trace in the trace event format while it is read. Memory depends on the number of threads and
/// objects, not on that of events. Returns why the source could not be read to its end: what comes before is written then,
/// and the text is complete JSON all the same.
///
/// # Errors
/// If `out` cannot be written to.
pub fn perfetto_trace<S: EventSource>(source: &mut S, out: impl Write) -> io::Result<Option<ReadError>> {
    let mut drawing = Drawing::new(Writer::new(out)?);
    let error = loop {
        match source.next_event() {
            Ok(Some(event)) => drawing.event(&event, source.tables())?,
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    drawing.finish(source.tables())?;
    Ok(error)
}

/// A thread, and since when it does what it does.
#[derive(Debug, Default)]
struct Doing {
    state: ThreadState,
    /// What it waits for, as a string of JSON.
    waits: Option<String>,
    since: u64,
}

/// A hold that goes on.
#[derive(Clone, Copy, Debug)]
struct Open {
    thread: ThreadId,
    mode: Mode,
    since: u64,
    at: Option<SiteId>,
    slot: usize,
}

/// A lock, or something else that threads have.
#[derive(Debug, Default)]
struct Owned {
    open: Vec<Open>,
    /// Its rows; none where nobody has it.
    slots: Vec<usize>,
    released: Option<(ThreadId, u64)>,
}

#[derive(Debug, Default)]
struct Threads {
    all: Vec<Doing>,
    owned: HashMap<ObjectId, Owned>,
}

impl Scene for Threads {
    fn holders(&self, object: ObjectId) -> Vec<(ThreadId, Mode)> {
        let open = self.owned.get(&object).map(|owned| owned.open.as_slice()).unwrap_or_default();
        open.iter().map(|open| (open.thread, open.mode)).collect()
    }

    fn requests(&self) -> Vec<(ThreadId, Request)> {
        let all = self.all.iter().enumerate();
        all.filter_map(|(index, doing)| Some((ThreadId::from_index(index), doing.state.request?))).collect()
    }
}

struct Drawing<W> {
    writer: Writer<W>,
    threads: Threads,
    /// Rows of locks that are in use, and whose they are.
    rows: Vec<(ObjectId, usize)>,
    /// The thread that moves.
    running: Option<ThreadId>,
    now: u64,
}

impl<W: Write> Drawing<W> {
    fn new(writer: Writer<W>) -> Self {
        Self { writer, threads: Threads::default(), rows: Vec::new(), running: None, now: 0 }
    }

    fn event(&mut self, event: &Event, tables: &Tables) -> io::Result<()> {
        let thread = event.thread;
        if self.threads.all.len() <= thread.index() {
            self.threads.all.resize_with(thread.index() + 1, Doing::default);
        }
        if self.running != Some(thread) {
            self.stop()?;
            self.wakes(thread)?;
            self.running = Some(thread);
        }
        let change = self.threads.all[thread.index()].state.apply(EventIndex(self.now), &event.op);
        match change {
            Change::Took(held) => self.took(thread, &held, event.site, tables)?,
            Change::Gave(held) => self.gave(thread, &held, tables)?,
            Change::Nothing => {}
        }
        if let Some(on) = self.threads.all[thread.index()].state.request {
            // It has moved up to here, and does not move while it does this.
            self.stop()?;
            let name = |id: ObjectId| format!("`{}`", tables.object_label(id));
            let what = text(&format!("waits for {}", waits_named(thread, &on, tables, &self.threads, &name)));
            let doing = &mut self.threads.all[thread.index()];
            (doing.waits, doing.since) = (Some(what), self.now);
        }
        self.now += 1;
        Ok(())
    }

    /// Whoever moves does not any more.
    fn stop(&mut self) -> io::Result<()> {
        let Some(thread) = self.running.take() else { return Ok(()) };
        let since = self.threads.all[thread.index()].since;
        if since < self.now {
            self.writer.slice(row(thread), (since, self.now), "\"running\"", None)?;
        }
        Ok(())
    }

    /// A thread moves again.
    fn wakes(&mut self, thread: ThreadId) -> io::Result<()> {
        let doing = &mut self.threads.all[thread.index()];
        let since = std::mem::replace(&mut doing.since, self.now);
        match doing.waits.take() {
            Some(what) => self.writer.slice(row(thread), (since, self.now), &what, None),
            None => Ok(()),
        }
    }

    fn took(&mut self, thread: ThreadId, held: &Held, at: Option<SiteId>, tables: &Tables) -> io::Result<()> {
        let owned = self.threads.owned.entry(held.object).or_default();
        let slot = (0..).find(|&slot| owned.open.iter().all(|open| open.slot != slot)).unwrap_or_default();
        if slot == owned.slots.len() {
            self.rows.push((held.object, slot));
            owned.slots.push(self.rows.len());
        }
        owned.open.push(Open { thread, mode: held.mode, since: self.now, at, slot });
        match owned.released {
            Some((from, event)) if from != thread => {
                let name = text(&tables.object_label(held.object));
                self.writer.arrow((row(from), event), (row(thread), self.now), &name)
            }
            _ => Ok(()),
        }
    }

    fn gave(&mut self, thread: ThreadId, held: &Held, tables: &Tables) -> io::Result<()> {
        let Some(owned) = self.threads.owned.get_mut(&held.object) else { return Ok(()) };
        let Some(position) = owned.open.iter().position(|open| (open.thread, open.mode) == (thread, held.mode)) else {
            return Ok(());
        };
        let open = owned.open.swap_remove(position);
        owned.released = Some((thread, self.now));
        let track = Track { process: LOCKS, row: owned.slots[open.slot] };
        Self::hold(&mut self.writer, track, &open, self.now, tables)
    }

    fn hold(writer: &mut Writer<W>, track: Track, open: &Open, to: u64, tables: &Tables) -> io::Result<()> {
        let name = tables.thread_label(open.thread);
        let name = match open.mode {
            Mode::Write => text(name),
            Mode::Read => text(&format!("{name} (read)")),
            Mode::Upgrade => text(&format!("{name} (upgrade)")),
        };
        writer.slice(track, (open.since, to), &name, open.at.map(|at| tables.site(at)))
    }

    /// What goes on ends with the trace; then all names are known.
    fn finish(mut self, tables: &Tables) -> io::Result<()> {
        self.stop()?;
        // What began with the last event is to be seen.
        self.now += 1;
        for index in 0..self.threads.all.len() {
            self.wakes(ThreadId::from_index(index))?;
        }
        let mut owned: Vec<(ObjectId, Owned)> = self.threads.owned.drain().collect();
        owned.sort_unstable_by_key(|(object, _)| *object);
        for (_, owned) in &owned {
            for open in &owned.open {
                let track = Track { process: LOCKS, row: owned.slots[open.slot] };
                Self::hold(&mut self.writer, track, open, self.now, tables)?;
            }
        }
        let program = tables.header().program.as_deref().unwrap_or("the program");
        self.writer.name_process(THREADS, &format!("threads of {program}"))?;
        for index in 0..self.threads.all.len() {
            let thread = ThreadId::from_index(index);
            self.writer.name_row(row(thread), tables.thread_label(thread))?;
        }
        self.writer.name_process(LOCKS, &format!("locks of {program}"))?;
        for (index, &(object, slot)) in self.rows.iter().enumerate() {
            let track = Track { process: LOCKS, row: index + 1 };
            self.writer.name_row(track, &row_name(&tables.distinct_label(object), slot))?;
        }
        let mut about = Map::new();
        about.insert("program".to_owned(), json!(tables.header().program));
        about.insert("events".to_owned(), json!(self.now - 1));
        self.writer.finish(about)
    }
}

fn row(thread: ThreadId) -> Track {
    Track { process: THREADS, row: thread.index() + 1 }
}
