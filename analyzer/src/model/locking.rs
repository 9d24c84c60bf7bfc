//! One pass over the trace that follows who holds which lock.

use lockhound_trace::{EventIndex, How, Mode, ObjectId, ObjectKind, Op, Request, Tables, ThreadId, Touched};

use crate::model::{Hold, LockId, Log};

/// What that pass finds.
#[derive(Debug, Default)]
pub(super) struct Locking {
    /// All holds, in the order in which they began.
    pub(super) holds: Vec<Hold>,
    /// The events that left something inside their lock, in recorded order: releases and `wait`s.
    pub(super) writes: Vec<u32>,
    /// Requests that gave up because of somebody's hold: which event, and the acquire that it shows to have happened.
    pub(super) failures: Vec<(u32, u32)>,
    /// Locks of the objects that are some.
    pub(super) locks: Vec<Option<LockId>>,
    pub(super) count: u32,
}

/// A hold that has not ended.
#[derive(Clone, Copy, Debug)]
struct Open {
    lock: ObjectId,
    /// Its place in `Locking::holds`.
    hold: u32,
    /// How often it is held in each mode, and by which event first.
    parts: [Part; 3],
    /// What parts that have ended did.
    touched: Option<Touched>,
}

#[derive(Clone, Copy, Default, Debug)]
struct Part {
    depth: u32,
    since: u32,
}

/// A hold given up for the time of a wait.
#[derive(Clone, Copy, Debug)]
struct Suspended {
    lock: ObjectId,
    mode: Mode,
    depth: u32,
}

#[derive(Default, Debug)]
struct Thread {
    open: Vec<Open>,
    suspended: Option<Suspended>,
}

const MODES: [Mode; 3] = [Mode::Write, Mode::Read, Mode::Upgrade];

fn slot(mode: Mode) -> usize {
    match mode {
        Mode::Write => 0,
        Mode::Read => 1,
        Mode::Upgrade => 2,
    }
}

/// One moment of the pass.
#[derive(Clone, Copy)]
struct Now {
    event: u32,
    thread: ThreadId,
    loc: u32,
}

struct Pass<'t> {
    tables: &'t Tables,
    log: &'t Log,
    threads: Vec<Thread>,
    /// Which threads hold each lock.
    holders: Vec<Vec<ThreadId>>,
    found: Locking,
}

impl Locking {
    /// Takes time in the number of events times the locks that a thread holds at once.
    pub(super) fn new(tables: &Tables, log: &Log) -> Self {
        let mut found = Self::default();
        for object in tables.objects() {
            let lock = object.kind.is_lock().then_some(LockId(found.count));
            found.count += u32::from(lock.is_some());
            found.locks.push(lock);
        }
        let threads = (0..log.threads()).map(|_| Thread::default()).collect();
        let mut pass = Pass { tables, log, threads, holders: vec![Vec::new(); found.count as usize], found };
        for (EventIndex(event), thread, loc, op) in log.locking() {
            #[expect(clippy::cast_possible_truncation, reason = "a log counts in 32 bits")]
            let now = Now { event: event as u32, thread, loc };
            pass.take(now, op);
        }
        pass.found
    }
}

impl Pass<'_> {
    fn take(&mut self, now: Now, op: Op) {
        match op {
            Op::Acquire { lock, mode, how } => self.acquire(now, lock, mode, how, 1),
            Op::Release { lock, mode, touched } => self.release(now, lock, mode, 1, touched),
            Op::Wait { lock, touched, .. } => self.suspend(now, lock, touched),
            Op::Block { on: Request::Wait { lock, .. } } => self.suspend(now, lock, self.said_late(now)),
            Op::Wake { lock, .. } => self.resume(now, lock),
            Op::TryFailed { object, mode } => self.fail(now, object, mode),
            _ => {}
        }
    }

    fn acquire(&mut self, now: Now, lock: ObjectId, mode: Mode, how: How, depth: u32) {
        let Some(id) = self.found.locks[lock.index()] else { return };
        let open = &mut self.threads[now.thread.index()].open;
        let part = Part { depth, since: now.event };
        if let Some(open) = open.iter_mut().find(|open| open.lock == lock) {
            let known = &mut open.parts[slot(mode)];
            *known = if known.depth == 0 { part } else { Part { depth: known.depth + depth, ..*known } };
            let hold = &mut self.found.holds[open.hold as usize];
            hold.mode = stronger(hold.mode, mode);
            return;
        }
        let mut parts = [Part::default(); 3];
        parts[slot(mode)] = part;
        #[expect(clippy::cast_possible_truncation, reason = "no more holds than events")]
        open.push(Open { lock, hold: self.found.holds.len() as u32, parts, touched: None });
        self.holders[id.0 as usize].push(now.thread);
        self.found.holds.push(Hold {
            lock: id,
            object: lock,
            thread: now.thread,
            acquire: now.loc,
            acquired: EventIndex(now.event.into()),
            release: None,
            mode,
            how,
            touched: Touched::Unknown,
        });
    }

    fn release(&mut self, now: Now, lock: ObjectId, mode: Mode, depth: u32, touched: Touched) {
        let thread = &mut self.threads[now.thread.index()];
        let Some(position) = thread.open.iter().rposition(|open| open.lock == lock) else { return };
        let open = &mut thread.open[position];
        let part = &mut open.parts[slot(mode)];
        part.depth = part.depth.saturating_sub(depth);
        let alone = part.depth == 0 && mode == Mode::Write;
        let touched = open.touched.map_or(touched, |earlier| earlier.together(touched));
        open.touched = Some(touched);
        let ended = open.parts.iter().all(|part| part.depth == 0);
        let hold = &mut self.found.holds[open.hold as usize];
        let touched = settled(hold.mode, touched);
        // Where an upgraded hold goes on after its exclusive part, readers see already what that has written.
        if (alone || ended) && touched.writes() {
            self.found.writes.push(now.event);
        }
        if ended {
            hold.release = Some(now.loc);
            hold.touched = touched;
            let holders = &mut self.holders[hold.lock.0 as usize];
            thread.open.remove(position);
            holders.retain(|&holder| holder != now.thread);
        }
    }

    /// What the `wait` says that is recorded after its own `block`.
    fn said_late(&self, now: Now) -> Touched {
        let next = (now.loc < self.log.count(now.thread)).then(|| self.log.op(self.log.at(now.thread, now.loc + 1)));
        match next {
            Some(Op::Wait { touched, .. }) => touched,
            _ => Touched::Unknown,
        }
    }

    /// A mutex is given back altogether, of a read/write lock the strongest part once.
    fn suspend(&mut self, now: Now, lock: ObjectId, touched: Touched) {
        let thread = &mut self.threads[now.thread.index()];
        let held = thread.open.iter().find(|open| open.lock == lock);
        let mode = held.and_then(|open| MODES.into_iter().find(|&mode| open.parts[slot(mode)].depth > 0));
        let (Some(held), Some(mode)) = (held, mode) else { return };
        let whole = matches!(self.tables.object(lock).kind, ObjectKind::Mutex { .. });
        let depth = if whole { held.parts[slot(mode)].depth } else { 1 };
        thread.suspended = Some(Suspended { lock, mode, depth });
        self.release(now, lock, mode, depth, touched);
    }

    fn resume(&mut self, now: Now, lock: ObjectId) {
        let suspended = self.threads[now.thread.index()].suspended.take().filter(|suspended| suspended.lock == lock);
        let (mode, depth) = suspended.map_or((Mode::Write, 1), |suspended| (suspended.mode, suspended.depth));
        self.acquire(now, lock, mode, How::Lock, depth);
    }

    /// Of the holds in its way, the one that began first.
    fn fail(&mut self, now: Now, lock: ObjectId, mode: Mode) {
        let Some(id) = self.found.locks[lock.index()] else { return };
        let others = self.holders[id.0 as usize].iter().filter(|&&holder| holder != now.thread);
        let parts = others.filter_map(|holder| {
            let open = self.threads[holder.index()].open.iter().find(|open| open.lock == lock)?;
            let in_the_way = |&held: &Mode| open.parts[slot(held)].depth > 0 && held.conflicts_with(mode);
            MODES.into_iter().filter(in_the_way).map(|held| open.parts[slot(held)].since).min()
        });
        if let Some(since) = parts.min() {
            self.found.failures.push((now.event, since));
        }
    }
}

/// Who only reads has not written, though nobody says so.
fn settled(mode: Mode, touched: Touched) -> Touched {
    if mode != Mode::Write && touched == Touched::Unknown { Touched::Read } else { touched }
}

fn stronger(one: Mode, other: Mode) -> Mode {
    match (one, other) {
        (Mode::Write, _) | (_, Mode::Write) => Mode::Write,
        (Mode::Upgrade, _) | (_, Mode::Upgrade) => Mode::Upgrade,
        _ => Mode::Read,
    }
}
