//! Abstract requests: a thread waits for something while it holds something, any number of times.

use lockhound_trace::{EventIndex, Mode, ObjectId, ObjectKind, Op, ThreadId, WakeReason};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::blocking::deeds::Deeds;
use crate::blocking::need::{Deed, Need};
use crate::model::{HoldId, LockId, Model, Point};
use crate::prose;

/// A request's place among all of its trace.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct RequestId(pub(super) u32);

impl RequestId {
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What it waits for and holds, whoever it is: symmetric threads share it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct ClassId(pub(super) u32);

/// A set of locks with their modes, as its place among all such sets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct HeldId(u32);

/// A lock, or a permit, and how it is held.
pub(super) type HeldLock = (LockId, Mode);

/// One abstract request.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) thread: ThreadId,
    pub(super) need: Need,
    pub(super) class: ClassId,
    held: HeldId,
    /// Where it was made: `loc`s, ascending, at least one.
    pub(super) instances: Vec<u32>,
}

impl Request {
    pub(super) fn first(&self) -> Point {
        Point::new(self.thread, self.instances[0])
    }

    pub(super) fn last(&self) -> Point {
        Point::new(self.thread, *self.instances.last().expect("at least one"))
    }

    pub(super) fn instance(&self, number: usize) -> Option<Point> {
        self.instances.get(number).map(|&loc| Point::new(self.thread, loc))
    }
}

/// All abstract requests of a trace, and all deeds that may let them go. Objects that only one thread touches are left out.
#[derive(Debug)]
pub(super) struct Requests {
    requests: Vec<Request>,
    held: Vec<Box<[HeldLock]>>,
    pub(super) deeds: Deeds,
    /// Of each thread its requests as they were made: `loc` and which.
    by_thread: Vec<Vec<(u32, RequestId)>>,
}

impl Requests {
    /// One pass over the events.
    pub(super) fn new(model: &Model<'_>) -> Self {
        Builder::new(model).run()
    }

    pub(super) fn len(&self) -> usize {
        self.requests.len()
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = RequestId> + use<> {
        (0..self.requests.len() as u32).map(RequestId)
    }

    pub(super) fn get(&self, id: RequestId) -> &Request {
        &self.requests[id.index()]
    }

    /// Who makes these requests, sorted.
    pub(super) fn threads_of(&self, of: impl Iterator<Item = RequestId>) -> Vec<ThreadId> {
        prose::sorted(of.map(|id| self.get(id).thread).collect())
    }

    /// What is held while it waits, sorted.
    pub(super) fn held(&self, id: RequestId) -> &[HeldLock] {
        &self.held[self.requests[id.index()].held.0 as usize]
    }

    /// What `thread` asked for at `from < loc <= to`, in its order.
    pub(super) fn between(&self, thread: ThreadId, from: u32, to: u32) -> &[(u32, RequestId)] {
        let all = &self.by_thread[thread.index()];
        let start = all.partition_point(|&(loc, _)| loc <= from);
        let end = all.partition_point(|&(loc, _)| loc <= to);
        &all[start..end.max(start)]
    }

    /// The channels whose messages may stand for one another: their type says nothing else, and more than one thread
    /// receives.
    pub(super) fn interchangeable(&self, model: &Model<'_>) -> Vec<ObjectId> {
        let tables = model.tables();
        let mut channels: Vec<ObjectId> = self
            .requests
            .iter()
            .filter_map(|request| match request.need {
                Need::Message(channel) => Some(channel),
                _ => None,
            })
            .filter(|&channel| {
                let object = tables.object(channel);
                object.type_name.as_deref().is_none_or(|name| name == "()")
                    && !object.kind.is_rendezvous()
                    && self.deeds.of(Deed::Receive, channel).len() > 1
            })
            .collect();
        channels.sort_unstable();
        channels.dedup();
        channels
    }

    /// The request that is made at `point`, or that the `block` there announces.
    pub(super) fn at(&self, point: Point) -> Option<RequestId> {
        self.between(point.thread, point.loc - 1, point.loc + 1).first().map(|&(_, id)| id)
    }
}

struct Builder<'m> {
    model: &'m Model<'m>,
    shared: Shared,
    requests: Vec<Request>,
    by_key: FxHashMap<(ThreadId, Need, HeldId), RequestId>,
    classes: FxHashMap<(Need, HeldId), ClassId>,
    held: Vec<Box<[HeldLock]>>,
    held_ids: FxHashMap<Box<[HeldLock]>, HeldId>,
    deeds: Deeds,
    /// The permits that each thread has taken and not given back.
    taken: FxHashMap<(ThreadId, ObjectId), u32>,
    by_thread: Vec<Vec<(u32, RequestId)>>,
}

impl<'m> Builder<'m> {
    fn new(model: &'m Model<'m>) -> Self {
        Self {
            model,
            shared: Shared::new(model),
            requests: Vec::new(),
            by_key: FxHashMap::default(),
            classes: FxHashMap::default(),
            held: Vec::new(),
            held_ids: FxHashMap::default(),
            deeds: Deeds::default(),
            taken: FxHashMap::default(),
            by_thread: vec![Vec::new(); model.threads()],
        }
    }

    fn run(mut self) -> Requests {
        let log = self.model.log();
        let mut locs = vec![0; self.model.threads()];
        for index in (0..log.len() as u64).map(EventIndex) {
            let thread = log.thread(index);
            let loc = &mut locs[thread.index()];
            *loc += 1;
            let point = Point::new(thread, *loc);
            let op = log.op(index);
            if op.object().is_some_and(|object| !self.shared.contains(object)) {
                continue;
            }
            if let Some((deed, object)) = Deed::of(&op) {
                self.deeds.push(deed, object, point);
            }
            if self.creates(thread, &op)
                && let Some(semaphore) = op.object()
            {
                self.deeds.push(Deed::Create, semaphore, point);
            }
            let is_last = matches!(op, Op::Block { .. }) && point.loc == log.count(thread);
            if let Some(need) = Need::of(&op, self.model.tables(), is_last) {
                self.request(point, &op, need);
            }
        }
        self.deeds.seal();
        Requests { requests: self.requests, held: self.held, deeds: self.deeds, by_thread: self.by_thread }
    }

    /// Keeps account of the permits that threads take and give; whether more are given than were taken.
    fn creates(&mut self, thread: ThreadId, op: &Op) -> bool {
        match *op {
            Op::AcquirePermits { semaphore, n, .. } => {
                let taken = self.taken.entry((thread, semaphore)).or_default();
                *taken = taken.saturating_add(n);
                false
            }
            Op::ReleasePermits { semaphore, n } => {
                let taken = self.taken.entry((thread, semaphore)).or_default();
                let creates = n > *taken;
                *taken = taken.saturating_sub(n);
                creates
            }
            _ => false,
        }
    }

    fn request(&mut self, point: Point, op: &Op, need: Need) {
        let held = self.held_at(point, op);
        if self.is_no_wait(point, need, held) {
            return;
        }
        let classes = self.classes.len() as u32;
        let class = *self.classes.entry((need, held)).or_insert(ClassId(classes));
        let requests = &mut self.requests;
        let id = *self.by_key.entry((point.thread, need, held)).or_insert_with(|| {
            requests.push(Request { thread: point.thread, need, class, held, instances: Vec::new() });
            RequestId(requests.len() as u32 - 1)
        });
        self.requests[id.index()].instances.push(point.loc);
        self.by_thread[point.thread.index()].push((point.loc, id));
    }

    /// Who takes a re-entrant mutex again does not wait; who woke up for no reason, or because time was up, would do so
    /// again.
    fn is_no_wait(&self, point: Point, need: Need, held: HeldId) -> bool {
        if let Need::Notification(_) = need {
            let wake = self.model.partner(point).map(|wake| self.model.op(wake));
            return matches!(wake, Some(Op::Wake { by: WakeReason::Timeout | WakeReason::Spurious, .. }));
        }
        let Need::Lock { lock, .. } = need else { return false };
        let is_held = || {
            let id = self.model.lock_of(lock);
            self.held[held.0 as usize].iter().any(|&(other, _)| Some(other) == id)
        };
        self.model.tables().object(lock).kind == (ObjectKind::Mutex { reentrant: true }) && is_held()
    }

    /// What is held while the request at `point` waits: not what a `wait` gives back.
    fn held_at(&mut self, point: Point, op: &Op) -> HeldId {
        let given_back = match *op {
            Op::Wait { lock, .. } => Some(lock),
            _ => None,
        };
        let shared = &self.shared;
        let model = self.model;
        let mut held: Vec<HeldLock> = model
            .held(point)
            .iter()
            .map(|&id: &HoldId| model.hold(id))
            .filter(|hold| Some(hold.object) != given_back && shared.contains(hold.object))
            .map(|hold| (hold.lock, hold.mode))
            .collect();
        held.sort_unstable();
        if let Some(&id) = self.held_ids.get(held.as_slice()) {
            return id;
        }
        let id = HeldId(self.held.len() as u32);
        let held = held.into_boxed_slice();
        self.held.push(held.clone());
        self.held_ids.insert(held, id);
        id
    }
}

/// The objects that more than one thread touches.
struct Shared(FxHashSet<ObjectId>);

impl Shared {
    fn new(model: &Model<'_>) -> Self {
        let log = model.log();
        let mut first: Vec<Option<ThreadId>> = vec![None; model.tables().objects().len()];
        let mut shared = FxHashSet::default();
        for index in (0..log.len() as u64).map(EventIndex) {
            let op = log.op(index);
            let lock = match op {
                Op::Wait { lock, .. } | Op::Wake { lock, .. } => Some(lock),
                _ => None,
            };
            for object in op.object().into_iter().chain(lock) {
                let thread = log.thread(index);
                if *first[object.index()].get_or_insert(thread) != thread {
                    shared.insert(object);
                }
            }
        }
        Self(shared)
    }

    fn contains(&self, object: ObjectId) -> bool {
        self.0.contains(&object)
    }
}
