//! The index itself: what is asked of it.

use lockhound_trace::{Event, EventIndex, ObjectId, Op, SiteId, Tables, ThreadId};

use crate::analysis::End;
use crate::model::{Hold, HoldId, LockId, Log, Point, Stamp};

/// The index of one trace. Built once, after the pass; read by every predictor, also from several threads.
#[derive(Debug)]
pub(crate) struct Model<'t> {
    tables: &'t Tables,
    log: &'t Log,
}

impl<'t> Model<'t> {
    /// Indexes the trace. None if that would take more than `bytes` of memory.
    pub(crate) fn new(log: &'t Log, end: End<'t>, bytes: u64) -> Option<Self> {
        let _ = (log, end, bytes);
        unimplemented!()
    }

    pub(crate) fn tables(&self) -> &'t Tables {
        self.tables
    }

    pub(crate) fn log(&self) -> &'t Log {
        self.log
    }

    /// Threads have the ids 0..this.
    pub(crate) fn threads(&self) -> usize {
        self.tables.threads().len()
    }

    pub(crate) fn event(&self, point: Point) -> Event {
        self.log.event(self.index(point))
    }

    pub(crate) fn op(&self, point: Point) -> Op {
        self.log.op(self.index(point))
    }

    pub(crate) fn site(&self, point: Point) -> Option<SiteId> {
        self.log.site(self.index(point))
    }

    /// When it was recorded.
    pub(crate) fn index(&self, point: Point) -> EventIndex {
        self.log.at(point.thread, point.loc)
    }

    pub(crate) fn point(&self, index: EventIndex) -> Point {
        Point::new(self.log.thread(index), self.log.loc(index))
    }

    /// The thread's last event.
    pub(crate) fn last(&self, thread: ThreadId) -> Option<Point> {
        let count = self.log.count(thread);
        (count > 0).then(|| Point::new(thread, count))
    }

    /// Whether the thread ended in the recorded run (rather than blocking, or running on when the recording stopped).
    pub(crate) fn ended(&self, thread: ThreadId) -> bool {
        let _ = thread;
        unimplemented!()
    }

    /// The event that created the thread, if it was recorded.
    pub(crate) fn spawn_of(&self, thread: ThreadId) -> Option<Point> {
        let _ = thread;
        unimplemented!()
    }

    // --- objects

    /// All events on `object` (also `block`s), by thread in the order of their ids: the `loc`s, ascending. A condvar's
    /// `wait` and `wake` stand under the condvar; the holds that they end and begin under `holds`.
    pub(crate) fn on(&self, object: ObjectId) -> impl Iterator<Item = (ThreadId, &[u32])> {
        let _ = object;
        std::iter::empty()
    }

    /// The same of one thread.
    pub(crate) fn on_by(&self, object: ObjectId, thread: ThreadId) -> &[u32] {
        let _ = (object, thread);
        unimplemented!()
    }

    // --- must-order: program order, spawn and join, barriers, reads-from (`analyses.md`'s section 2)

    /// TS(e): all events at or before it.
    pub(crate) fn stamp(&self, point: Point) -> Stamp<'_> {
        let _ = point;
        unimplemented!()
    }

    /// pred(e): TS of the event before it in its thread; of its first event the TS of the spawn.
    pub(crate) fn pred(&self, point: Point) -> Stamp<'_> {
        let _ = point;
        unimplemented!()
    }

    /// Whether `earlier` is at or before `later`.
    pub(crate) fn precedes(&self, earlier: Point, later: Point) -> bool {
        self.stamp(later).contains(earlier)
    }

    // --- where information came from

    /// The write (store, rmw) that a read (load, rmw) of a variable or atomic read from; none: it read what was there first.
    pub(crate) fn reads_from(&self, read: Point) -> Option<Point> {
        let _ = read;
        unimplemented!()
    }

    /// `recv` ↔ its `send`; `wake` by notify → its `notify`, `notify` → the first wake it caused; `RecvClosed` → the `close`;
    /// `wait` → its own `wake`; `join` → the child's last event; `await` → what let it go.
    pub(crate) fn partner(&self, point: Point) -> Option<Point> {
        let _ = point;
        unimplemented!()
    }

    // --- locks and permits

    /// How many locks there are, permits of semaphores included: their ids are 0..this.
    pub(crate) fn locks(&self) -> usize {
        unimplemented!()
    }

    /// The lock behind a mutex or read/write lock.
    pub(crate) fn lock_of(&self, object: ObjectId) -> Option<LockId> {
        let _ = object;
        unimplemented!()
    }

    pub(crate) fn hold(&self, id: HoldId) -> &Hold {
        let _ = id;
        unimplemented!()
    }

    /// The holds of `lock` by each thread that ever held it, threads in the order of their ids, holds in theirs. Consecutive
    /// ids: the first hold's id comes with them.
    pub(crate) fn holds(&self, lock: LockId) -> impl Iterator<Item = (HoldId, &[Hold])> {
        let _ = lock;
        std::iter::empty()
    }

    /// What the thread holds just before `point` takes effect, oldest first.
    pub(crate) fn held(&self, point: Point) -> &[HoldId] {
        let _ = point;
        unimplemented!()
    }
}
