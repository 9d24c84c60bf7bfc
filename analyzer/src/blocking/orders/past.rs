//! The recorded run up to where a stretch begins, executed in its order: what all objects are like then, and who sleeps.

use lockhound_trace::{EventIndex, How, Mode, ObjectId, Op, Request, ThreadId, Touched, WakeReason};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::blocking::orders::{lock, sleepers, things};
use crate::model::{Log, Model};

/// A `wait` that has begun, and how its lock will be held again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sleep {
    pub(super) condvar: ObjectId,
    pub(super) lock: ObjectId,
    pub(super) mode: Mode,
    pub(super) depth: u32,
    /// Whether time alone ends it.
    pub(super) timed: bool,
}

/// The objects and sleepers at some moment of the recorded run; variables are left out, as nobody reads what a stretch finds
/// in them other than what it found there in the recording.
#[derive(Debug)]
pub(crate) struct Past<'m> {
    model: &'m Model<'m>,
    /// Where it has got to.
    now: EventIndex,
    /// Per object that was used.
    areas: FxHashMap<ObjectId, Vec<u32>>,
    asleep: FxHashMap<ThreadId, Sleep>,
    /// Threads whose end somebody saw in the recording, be it later.
    joined: FxHashSet<ThreadId>,
}

impl<'m> Past<'m> {
    pub(crate) fn new(model: &'m Model<'m>) -> Self {
        let joins = |(_, _, op)| if let Op::Join { child } = op { Some(child) } else { None };
        let threads = (0..model.threads()).map(ThreadId::from_index);
        let joined = match { threads }.all(|thread| model.ended(thread)) {
            true => FxHashSet::default(),
            false => model.log().iter().filter_map(joins).collect(),
        };
        Self { model, now: EventIndex(0), areas: FxHashMap::default(), asleep: FxHashMap::default(), joined }
    }

    /// Whether the thread's last event is the last it would ever have had.
    pub(super) fn ends(&self, thread: ThreadId) -> bool {
        self.model.ended(thread) || self.joined.contains(&thread)
    }

    /// Executes what was recorded before `until`. Linear in what is new.
    pub(crate) fn advance(&mut self, until: EventIndex) {
        let log = self.model.log();
        while self.now < until {
            let op = log.op(self.now);
            if !matches!(op, Op::Read { .. } | Op::Write { .. } | Op::Load { .. } | Op::Store { .. } | Op::Rmw { .. }) {
                self.perform(log.thread(self.now), &op);
            }
            self.now.0 += 1;
        }
    }

    /// What the object is like.
    pub(super) fn of(&self, object: ObjectId) -> Vec<u32> {
        let blank = || things::blank(self.model.tables().object(object).kind);
        self.areas.get(&object).cloned().unwrap_or_else(blank)
    }

    pub(super) fn sleep_of(&self, thread: ThreadId) -> Option<Sleep> {
        self.asleep.get(&thread).copied()
    }

    fn perform(&mut self, thread: ThreadId, op: &Op) {
        match *op {
            Op::Wait { condvar, lock, how, .. } => self.wait(thread, condvar, lock, how),
            Op::Block { on: Request::Wait { condvar, lock } } => {
                let how = late_wait(self.model.log(), self.now).1;
                self.wait(thread, condvar, lock, how);
            }
            Op::Block { .. } => {}
            Op::Wake { by, .. } => {
                let Some(sleep) = self.asleep.remove(&thread) else { return };
                sleepers::wake(self.area(sleep.condvar), thread, by == WakeReason::Notify);
                let kind = self.model.tables().object(sleep.lock).kind;
                lock::take(kind, self.area(sleep.lock), thread, sleep.mode, sleep.depth);
            }
            op => {
                let Some(object) = op.object() else { return };
                let kind = self.model.tables().object(object).kind;
                things::perform(kind, self.area(object), thread, &op);
            }
        }
    }

    fn wait(&mut self, thread: ThreadId, condvar: ObjectId, lock: ObjectId, how: How) {
        // It has begun where its `block` was recorded.
        if self.asleep.contains_key(&thread) {
            return;
        }
        let kind = self.model.tables().object(lock).kind;
        let (mode, depth) = lock::give_all(kind, self.area(lock), thread);
        sleepers::sleep(self.area(condvar), thread);
        let timed = !how.may_wait_for_ever();
        self.asleep.insert(thread, Sleep { condvar, lock, mode, depth, timed });
    }

    /// With room for whatever is done next.
    fn area(&mut self, object: ObjectId) -> &mut Vec<u32> {
        let kind = self.model.tables().object(object).kind;
        let area = self.areas.entry(object).or_insert_with(|| things::blank(kind));
        let room = things::room(kind, area);
        if area.len() < room {
            area.resize(room, 0);
        }
        area
    }
}

/// What the `wait` that follows its own `block` says of itself.
pub(super) fn late_wait(log: &Log, block: EventIndex) -> (Touched, How) {
    let (thread, loc) = (log.thread(block), log.loc(block));
    match (loc < log.count(thread)).then(|| log.op(log.at(thread, loc + 1))) {
        Some(Op::Wait { touched, how, .. }) => (touched, how),
        _ => (Touched::Unknown, How::Lock),
    }
}
