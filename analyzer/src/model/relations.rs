//! The index itself: what is asked of it.

use std::sync::OnceLock;

use lockhound_trace::{Event, EventIndex, ObjectId, Op, SiteId, Tables, ThreadId};

use super::held::Held;
use super::holds::HoldIndex;
use super::links::Links;
use super::locking::Locking;
use super::must_order::{Before, Found, MustOrder};
use super::objects::Objects;
use super::writes::Writes;
use crate::closure::Rules;
use crate::end::Standing;
use crate::model::{Hold, HoldId, LockId, Log, Point, Stamp};

/// The index of one trace. Built once, after the pass; read by every predictor, also from several threads.
#[derive(Debug)]
pub(crate) struct Model<'t> {
    tables: &'t Tables,
    log: &'t Log,
    objects: Objects,
    locks: Vec<Option<LockId>>,
    holds: HoldIndex,
    held: Held,
    links: Links,
    writes: Writes,
    order: MustOrder,
    ended: Vec<bool>,
    spawns: Vec<Option<Point>>,
    interchangeable: Vec<ObjectId>,
    /// What closures need besides: made for the first of them, and shared by all.
    rules: OnceLock<Rules>,
}

/// What the index takes for an event, a hold and a change of what is held, besides the rows of must-order: more rather than
/// less.
const BYTES_AN_EVENT: u64 = 16;
const BYTES_A_HOLD: u64 = 96;

/// Events from which on a second core pays.
const LARGE: usize = 100_000;

impl<'t> Model<'t> {
    /// Indexes the trace. None if that would take more than `bytes` of memory.
    pub(crate) fn new(log: &'t Log, tables: &'t Tables, standings: &[Standing], bytes: u64) -> Option<Self> {
        Self::with_interchangeable(log, tables, standings, bytes, &[])
    }

    /// The same, with `channels` (not of capacity 0) whose messages stand for one another: a receive need not come after
    /// the send whose message it took. Partners are as recorded.
    pub(crate) fn with_interchangeable(
        log: &'t Log,
        tables: &'t Tables,
        standings: &[Standing],
        bytes: u64,
        channels: &[ObjectId],
    ) -> Option<Self> {
        let bytes = bytes.checked_sub(log.bytes() + log.len() as u64 * BYTES_AN_EVENT)?;
        let (locking, links) = both(log, || Locking::new(tables, log), || Links::new(tables, log));
        let bytes = bytes.checked_sub(locking.holds.len() as u64 * BYTES_A_HOLD)?;
        let threads = tables.threads().len();
        let before = Before { locking: &locking, links: &links, interchangeable: channels };
        let order = || MustOrder::follow(tables, log, &before, bytes);
        let count = tables.objects().len();
        let others = || (Objects::new(log, count), Writes::new(log, count, &locking.writes));
        let (found, (objects, writes)) = both(log, order, others);
        let Found { order, permits: (of_permits, tokens) } = found?;
        let Locking { holds: mut all, locks, count, .. } = locking;
        let has_permits = !of_permits.is_empty();
        all.extend(of_permits);
        let (holds, mut began) = HoldIndex::new(&all, (count + tokens) as usize, threads);
        if has_permits {
            began.sort_by_key(|&id| (holds.hold(id).thread, holds.hold(id).acquire));
        }
        drop(all);
        let held = Held::new(holds.all(), &began, threads, bytes)?;
        Some(Self {
            tables,
            log,
            objects,
            locks,
            holds,
            held,
            links,
            writes,
            order,
            ended: standings.iter().map(|standing| matches!(standing, Standing::Ended)).collect(),
            spawns: spawns(log, threads),
            interchangeable: channels.to_vec(),
            rules: OnceLock::new(),
        })
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
        self.ended.get(thread.index()).copied().unwrap_or(false)
    }

    /// The event that created the thread, if it was recorded.
    pub(crate) fn spawn_of(&self, thread: ThreadId) -> Option<Point> {
        self.spawns[thread.index()]
    }

    /// What the closure looks its rules up in; made when first asked for.
    pub(crate) fn rules(&self) -> &Rules {
        self.rules.get_or_init(|| Rules::new(self))
    }

    // --- objects

    /// All events on `object` (also `block`s), by thread in the order of their ids: the `loc`s, ascending. A condvar's
    /// `wait` and `wake` stand under the condvar; the holds that they end and begin under `holds`.
    pub(crate) fn on(&self, object: ObjectId) -> impl Iterator<Item = (ThreadId, &[u32])> {
        self.objects.on(object)
    }

    /// All events on `object`, thread by thread.
    pub(crate) fn points_on(&self, object: ObjectId) -> impl Iterator<Item = Point> {
        self.on(object).flat_map(|(thread, locs)| locs.iter().map(move |&loc| Point::new(thread, loc)))
    }

    /// Whether more than one thread has events on `object`.
    pub(crate) fn is_shared(&self, object: ObjectId) -> bool {
        self.on(object).nth(1).is_some()
    }

    /// Whether the messages of this channel stand for one another.
    pub(crate) fn is_interchangeable(&self, channel: ObjectId) -> bool {
        self.interchangeable.contains(&channel)
    }

    // --- must-order

    /// TS(e): all events at or before it.
    pub(crate) fn stamp(&self, point: Point) -> Stamp<'_> {
        self.order.stamp(point)
    }

    /// pred(e): TS of the event before it in its thread; of its first event the TS of the spawn.
    pub(crate) fn pred(&self, point: Point) -> Stamp<'_> {
        match point.previous() {
            Some(previous) => self.stamp(previous),
            None => self.order.origin(point.thread),
        }
    }

    /// Whether `earlier` is at or before `later`.
    pub(crate) fn precedes(&self, earlier: Point, later: Point) -> bool {
        self.stamp(later).contains(earlier)
    }

    /// The first event of the thread of `last` that `earlier` is at or before, which it must be of `last`.
    pub(crate) fn first_after(&self, earlier: Point, last: Point) -> Point {
        // Stamps only grow along a thread.
        let (mut low, mut high) = (1, last.loc);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.precedes(earlier, Point::new(last.thread, middle)) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Point::new(last.thread, low)
    }

    // --- where information came from

    /// The write (store, rmw) that a read (load, rmw) of a variable or atomic read from; none: it read what was there first.
    pub(crate) fn reads_from(&self, read: Point) -> Option<Point> {
        let index = self.index(read);
        let (Op::Read { var: object, .. } | Op::Load { atomic: object, .. } | Op::Rmw { atomic: object, .. }) =
            self.log.op(index)
        else {
            return None;
        };
        self.last_write(object, index)
    }

    /// The last write (store, rmw) of a variable or atomic before `event`; of a lock, the last release or `wait` that left
    /// something in it.
    pub(crate) fn last_write(&self, object: ObjectId, event: EventIndex) -> Option<Point> {
        self.writes.before(object, event).map(|write| self.point(write))
    }

    /// `recv` ↔ its `send`; `wake` by notify → its `notify`, `notify` → the first wake it caused; `RecvClosed` (and a `send`
    /// that gave up on a closed channel) → the `close`; `wait` → its own `wake`; `join` → the child's last event; `await` →
    /// what let it go; `pass` ↔ its own `arrive`.
    pub(crate) fn partner(&self, point: Point) -> Option<Point> {
        let index = self.index(point);
        match self.links.partner(index) {
            Some(partner) => Some(self.point(partner)),
            None => match self.log.op(index) {
                Op::Join { child } => self.last(child),
                _ => None,
            },
        }
    }

    // --- locks and permits

    /// How many locks there are, permits of semaphores included: their ids are 0..this.
    pub(crate) fn locks(&self) -> usize {
        self.holds.locks()
    }

    /// The lock behind a mutex or read/write lock.
    pub(crate) fn lock_of(&self, object: ObjectId) -> Option<LockId> {
        self.locks[object.index()]
    }

    pub(crate) fn hold(&self, id: HoldId) -> &Hold {
        self.holds.hold(id)
    }

    /// The holds of `lock` by each thread that ever held it, threads in the order of their ids, holds in theirs. Consecutive
    /// ids: the first hold's id comes with them.
    pub(crate) fn holds(&self, lock: LockId) -> impl ExactSizeIterator<Item = (HoldId, &[Hold])> {
        self.holds.of_lock(lock)
    }

    /// The same of one thread.
    pub(crate) fn holds_by(&self, lock: LockId, thread: ThreadId) -> Option<(HoldId, &[Hold])> {
        self.holds.of_lock_by(lock, thread)
    }

    /// What the thread holds just before `point` takes effect, oldest first.
    pub(crate) fn held(&self, point: Point) -> &[HoldId] {
        self.held.at(point.thread, point.loc)
    }

    /// The hold that an `acquire`, `wake`, `release` or `wait` belongs to, of a mutex or read/write lock.
    pub(crate) fn hold_at(&self, point: Point) -> Option<HoldId> {
        let object = match self.op(point) {
            Op::Acquire { lock, .. } | Op::Release { lock, .. } | Op::Wait { lock, .. } | Op::Wake { lock, .. } => lock,
            _ => return None,
        };
        let (HoldId(first), holds) = self.holds_by(self.lock_of(object)?, point.thread)?;
        let position = holds.partition_point(|hold| hold.acquire <= point.loc).checked_sub(1)?;
        let within = holds[position].release.is_none_or(|release| point.loc <= release);
        #[expect(clippy::cast_possible_truncation, reason = "ids of holds are 32 bits long")]
        within.then_some(HoldId(first + position as u32))
    }
}

/// Both results, computed side by side where that pays.
pub(crate) fn both<A: Send, B: Send>(
    log: &Log,
    one: impl FnOnce() -> A + Send,
    other: impl FnOnce() -> B + Send,
) -> (A, B) {
    if log.len() < LARGE { (one(), other()) } else { rayon::join(one, other) }
}

/// Who created whom. Only a spawn before all that its child does is one, so that no thread is its own ancestor, whatever
/// the trace says.
fn spawns(log: &Log, threads: usize) -> Vec<Option<Point>> {
    let mut spawns = vec![None; threads];
    let mut acted = vec![false; threads];
    for packed in log.stored() {
        acted[packed.thread().index()] = true;
        if let Some(child) = packed.spawned().filter(|child| !acted[child.index()]) {
            spawns[child.index()].get_or_insert(Point::new(packed.thread(), packed.loc));
        }
    }
    spawns
}
