//! A trace in memory, as a source to be analysed and as an index to be reordered.

use std::path::Path;

use lockhound_trace::{
    Event, EventSink, EventSource, InMemory, JsonLinesWriter, Mode, ObjectId, ObjectKind, Op, StdReader, Tables,
    ThreadId, Touched, Validated,
};

/// A recorded run. Events are numbered from 0 in their recorded order; so are those of one thread.
#[derive(Clone, Debug)]
pub(crate) struct Recording {
    pub(crate) tables: Tables,
    pub(crate) events: Vec<Event>,
    /// The events of each thread.
    pub(crate) threads: Vec<Vec<usize>>,
    /// The position of each event in its thread.
    pub(crate) at: Vec<usize>,
    /// What spawns each thread; none for roots.
    pub(crate) spawn: Vec<Option<usize>>,
    /// For each event that reads something: which event wrote it, none for what was there from the beginning.
    pub(crate) reads: Vec<Option<Option<usize>>>,
    pub(crate) holds: Vec<Hold>,
}

/// One thread's hold of a lock, from when it is taken to when it is given back for good, or for a wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hold {
    pub(crate) begin: usize,
    /// None if it is never given back.
    pub(crate) end: Option<usize>,
    /// What was done to the data in all of it.
    pub(crate) touched: Touched,
}

impl Recording {
    pub(crate) fn new(tables: Tables, events: Vec<Event>) -> Self {
        let mut threads = vec![Vec::new(); tables.threads().len()];
        let mut at = Vec::new();
        let mut spawn = vec![None; threads.len()];
        for (index, event) in events.iter().enumerate() {
            let own = &mut threads[event.thread.index()];
            at.push(own.len());
            own.push(index);
            if let Op::Spawn { child } = event.op {
                spawn[child.index()] = Some(index);
            }
        }
        let Contents { reads, holds } = contents(&events);
        Self { tables, events, threads, at, spawn, reads, holds }
    }

    /// Reads a trace in RAPID's STD text.
    pub(crate) fn from_std(text: &str) -> Self {
        Self::read(StdReader::new(text.as_bytes(), Path::new("test.std"), 0))
    }

    /// The events up to the first that is not possible.
    pub(crate) fn read(source: impl EventSource) -> Self {
        let mut source = Validated::new(source, Path::new("test"));
        let mut events = Vec::new();
        while let Ok(Some(event)) = source.next_event() {
            events.push(event);
        }
        Self::new(source.tables().clone(), events)
    }

    /// The same, if every event is possible when its turn comes, and no rendezvous lacks a half.
    pub(crate) fn possible(tables: Tables, events: Vec<Event>) -> Option<Self> {
        let recording = check(&tables, &events).is_ok().then(|| Self::new(tables, events))?;
        let lacks_half = |event: usize| match recording.op(event) {
            Op::Send { channel, .. } | Op::Recv { channel, .. } => {
                recording.is_rendezvous(channel) && recording.other_half(event).is_none()
            }
            _ => false,
        };
        (!(0..recording.events.len()).any(lacks_half)).then_some(recording)
    }

    pub(crate) fn source(&self) -> InMemory<'_> {
        InMemory::new(&self.tables, &self.events)
    }

    /// In the JSON Lines format, to be read by a person and to be made a test of: only what it needs.
    pub(crate) fn to_json(&self) -> String {
        let mut text = Vec::new();
        let mut writer = JsonLinesWriter::new(&mut text);
        for event in &self.events {
            writer.write(&self.tables, event).expect("memory takes everything");
        }
        writer.finish(&self.tables).expect("memory takes everything");
        drop(writer);
        let text = String::from_utf8(text).expect("JSON is UTF-8");
        let is_used = |line: &&str| {
            let id = ["{\"object\":", "{\"thread\":"]
                .iter()
                .find_map(|key| line.strip_prefix(key)?.split([',', '}']).next());
            id.is_none_or(|id| text.lines().any(|other| other.starts_with("{\"t\"") && other.contains(id)))
        };
        text.lines().filter(is_used).map(|line| format!("{line}\n")).collect()
    }

    pub(crate) fn thread_ids(&self) -> impl Iterator<Item = ThreadId> + use<> {
        (0..self.threads.len()).map(ThreadId::from_index)
    }

    pub(crate) fn op(&self, event: usize) -> Op {
        self.events[event].op
    }

    pub(crate) fn thread(&self, event: usize) -> ThreadId {
        self.events[event].thread
    }

    /// The event of `thread` at a position, if there is one.
    pub(crate) fn event_at(&self, thread: ThreadId, position: usize) -> Option<usize> {
        self.threads[thread.index()].get(position).copied()
    }

    /// The event that follows in the same thread.
    pub(crate) fn next_of(&self, event: usize) -> Option<usize> {
        self.event_at(self.thread(event), self.at[event] + 1)
    }

    /// Whether it only says that the next event of its thread had to wait.
    pub(crate) fn is_remark(&self, event: usize) -> bool {
        matches!(self.op(event), Op::Block { .. }) && self.next_of(event).is_some()
    }

    /// Whether no thread is left waiting in the end.
    pub(crate) fn passes(&self) -> bool {
        let waits = |op| matches!(op, Op::Block { .. } | Op::Wait { .. } | Op::Arrive { .. });
        !self.threads.iter().any(|events| events.last().is_some_and(|&last| waits(self.op(last))))
    }

    /// What was done to the data inside a lock by the hold that `event` ends; nothing if it ends none.
    pub(crate) fn touched_by(&self, event: usize) -> Touched {
        self.holds.iter().find(|hold| hold.end == Some(event)).map_or(Touched::None, |hold| hold.touched)
    }

    /// The request that `event` is: a `block` that was let go is the operation that it announced.
    pub(crate) fn request_of(&self, event: usize) -> usize {
        if self.is_remark(event) { self.next_of(event).expect("followed by what it announced") } else { event }
    }

    /// The two halves of one step: the event with which a rendezvous `event` coincides.
    pub(crate) fn other_half(&self, event: usize) -> Option<usize> {
        let half = |op: Op| match op {
            Op::Send { channel, message: Some(message) } => Some((channel, message, true)),
            Op::Recv { channel, message: Some(message) } => Some((channel, message, false)),
            _ => None,
        };
        let (channel, message, sends) = half(self.op(event))?;
        if !self.is_rendezvous(channel) {
            return None;
        }
        (0..self.events.len()).find(|&other| half(self.op(other)) == Some((channel, message, !sends)))
    }

    pub(crate) fn is_rendezvous(&self, channel: ObjectId) -> bool {
        self.tables.object(channel).kind.is_rendezvous()
    }
}

/// A hold of a lock that goes on: where it began, how often it was taken, what was done to the data.
struct OpenHold {
    key: (ThreadId, ObjectId, Mode),
    begin: usize,
    depth: u32,
    looks: bool,
    writes: bool,
    touched: Touched,
    /// What the lock contained when it began.
    found: Option<usize>,
}

/// Whether a hold leaves something behind. A read guard does not, unless it says so.
pub(crate) fn writes(mode: Mode, touched: Touched) -> bool {
    touched.writes() && (mode, touched) != (Mode::Read, Touched::Unknown)
}

/// What two parts of one hold did together.
fn both(one: Touched, other: Touched) -> Touched {
    match (one, other) {
        (Touched::None, only) | (only, Touched::None) => only,
        (Touched::Read, Touched::Read) => Touched::Read,
        (Touched::Blind, Touched::Blind) => Touched::Blind,
        _ => Touched::Write,
    }
}

/// What is read where, and the holds that it goes by.
struct Contents {
    reads: Vec<Option<Option<usize>>>,
    holds: Vec<Hold>,
}

/// What each event read. Memory is read by reads; the data inside a lock by whoever takes the lock and looks at them,
/// where `blind` counts as looking (`*guard += 1` is recorded as blind), and are written when the lock is given back.
fn contents(events: &[Event]) -> Contents {
    let mut holds = Vec::new();
    let mut reads = vec![None; events.len()];
    let mut content: Vec<(ObjectId, usize)> = Vec::new();
    let mut open: Vec<OpenHold> = Vec::new();
    let last = |content: &[(ObjectId, usize)], object| content.iter().rev().find(|of| of.0 == object).map(|of| of.1);
    let close = |reads: &mut Vec<_>, hold: &OpenHold| reads[hold.begin] = hold.looks.then_some(hold.found);
    let mut suspended: Vec<((ThreadId, ObjectId), (Mode, u32))> = Vec::new();
    for (index, event) in events.iter().enumerate() {
        match event.op {
            Op::Read { var: object, .. } | Op::Load { atomic: object, .. } => {
                reads[index] = Some(last(&content, object));
            }
            Op::Write { var: object, .. } | Op::Store { atomic: object, .. } => content.push((object, index)),
            Op::Rmw { atomic, .. } => {
                reads[index] = Some(last(&content, atomic));
                content.push((atomic, index));
            }
            Op::Acquire { lock, mode, .. } => {
                let key = (event.thread, lock, mode);
                match open.iter_mut().find(|hold| hold.key == key) {
                    Some(hold) => hold.depth += 1,
                    None => {
                        let found = last(&content, lock);
                        open.push(OpenHold {
                            key,
                            begin: index,
                            depth: 1,
                            looks: false,
                            writes: false,
                            touched: Touched::None,
                            found,
                        });
                    }
                }
            }
            Op::Wake { lock, .. } => {
                let waiter = (event.thread, lock);
                let before = suspended.iter().rev().find(|wait| wait.0 == waiter).expect("woken after a wait").1;
                let (key, found) = ((event.thread, lock, before.0), last(&content, lock));
                open.push(OpenHold {
                    key,
                    begin: index,
                    depth: before.1,
                    looks: false,
                    writes: false,
                    touched: Touched::None,
                    found,
                });
            }
            Op::Release { lock, touched, .. } | Op::Wait { lock, touched, .. } => {
                let waits = matches!(event.op, Op::Wait { .. });
                let of_release = |hold: &OpenHold| match event.op {
                    Op::Release { mode, .. } => hold.key == (event.thread, lock, mode),
                    _ => (hold.key.0, hold.key.1) == (event.thread, lock),
                };
                let position = open.iter().rposition(of_release).expect("only what is held is given back");
                let hold = &mut open[position];
                hold.touched = both(hold.touched, touched);
                hold.looks |= touched != Touched::None;
                hold.writes |= writes(hold.key.2, touched);
                hold.depth -= 1;
                if waits {
                    suspended.push(((event.thread, lock), (hold.key.2, hold.depth + 1)));
                }
                if waits || hold.depth == 0 {
                    let hold = open.remove(position);
                    close(&mut reads, &hold);
                    holds.push(Hold { begin: hold.begin, end: Some(index), touched: hold.touched });
                    if hold.writes {
                        content.push((lock, index));
                    }
                }
            }
            _ => {}
        }
    }
    for mut hold in open {
        // Nobody knows what was done in it.
        hold.looks = true;
        close(&mut reads, &hold);
        holds.push(Hold { begin: hold.begin, end: None, touched: Touched::Unknown });
    }
    Contents { reads, holds }
}

/// Whether the validator of all traces lets them pass, and refuses those that are recorded as refused.
///
/// # Errors
/// Says which event is not possible, or differs in that.
pub(crate) fn check(tables: &Tables, events: &[Event]) -> Result<(), String> {
    let mut source = Validated::new(InMemory::new(tables, events), Path::new("test"));
    for event in events {
        match source.next_event().map_err(|error| error.to_string())? {
            Some(same) if same.op == event.op => {}
            other => return Err(format!("{:?} is {:?}", event.op, other.map(|other| other.op))),
        }
    }
    Ok(())
}
