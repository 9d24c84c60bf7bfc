//! Where in the trace each dependency occurs: found in the index when first asked for, so that what takes part in no
//! circle costs nothing.

use std::rc::Rc;

use lockhound_trace::{How, Mode, ObjectId, Op, Request, ThreadId, WakeReason};
use rustc_hash::FxHashSet;

use crate::deadlock::lock_graph::{DependencyId, Key, LockGraph, Occurrence};
use crate::deadlock::resource::Resource;
use crate::finding::Hold;
use crate::model::{Model, Point, Stamp};

/// One instance of a dependency, and what comes before it in every schedule that must-order allows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) point: Point,
    pub(crate) pred: Stamp<'a>,
    /// Of a request for a lock on the way out of a wait: the notification.
    pub(crate) notified: Option<Stamp<'a>>,
}

impl<'a> Asked<'a> {
    fn at(model: &'a Model<'a>, point: Point) -> Self {
        let notified = match model.op(point) {
            Op::Wake { by: WakeReason::Notify, .. } => model.partner(point).map(|notify| model.stamp(notify)),
            _ => None,
        };
        Self { point, pred: model.pred(point), notified }
    }
}

/// The instances of all dependencies asked for so far. The first question about a thread and a lock takes time linear
/// in the events of that thread on that lock.
#[derive(Debug)]
pub(crate) struct Instances<'a> {
    model: &'a Model<'a>,
    graph: &'a LockGraph,
    /// By dependency, in the order of the thread's events.
    lists: Vec<Rc<[Asked<'a>]>>,
    /// What `lists` is complete for.
    known: FxHashSet<(ThreadId, Resource)>,
}

impl<'a> Instances<'a> {
    pub(crate) fn new(model: &'a Model<'a>, graph: &'a LockGraph) -> Self {
        Self { model, graph, lists: vec![Rc::from([]); graph.len()], known: FxHashSet::default() }
    }

    /// Where the dependency occurs, in order. A request that blocked first is found where it completed, if it did.
    pub(crate) fn of(&mut self, id: DependencyId) -> Rc<[Asked<'a>]> {
        let key = &self.graph.get(id).key;
        if self.known.insert((key.thread, key.wants)) {
            match key.wants {
                Resource::Lock(lock) => self.find_all(key.thread, lock),
                Resource::EndOf(_) => {}
            }
        }
        if let (Resource::EndOf(child), true) = (key.wants, self.lists[id.index()].is_empty()) {
            self.lists[id.index()] = self.joins(id, child);
        }
        Rc::clone(&self.lists[id.index()])
    }

    /// Sorts all requests of `thread` for `lock` by dependency.
    fn find_all(&mut self, thread: ThreadId, lock: ObjectId) {
        let mut found: Vec<(DependencyId, u32)> = Vec::new();
        let mut key = Key { thread, wants: Resource::Lock(lock), mode: Mode::Write, how: How::Lock, held: Vec::new() };
        for loc in requests(self.model, thread, lock) {
            let point = Point::new(thread, loc);
            let Some((mode, how)) = self.asks(point) else { continue };
            (key.mode, key.how) = (mode, how);
            self.held(point, &mut key.held);
            found.extend(self.graph.find(&key).map(|id| (id, loc)));
        }
        found.sort_unstable();
        for group in found.chunk_by(|one, other| one.0 == other.0) {
            self.lists[group[0].0.index()] =
                group.iter().map(|&(_, loc)| Asked::at(self.model, Point::new(thread, loc))).collect();
        }
    }

    /// What the event asks for, if it is a request: one that blocked and later completed is one only where it completed.
    fn asks(&self, point: Point) -> Option<(Mode, How)> {
        match self.model.op(point) {
            Op::Acquire { mode, how, .. } => Some((mode, how)),
            Op::Wake { .. } => Some((Mode::Write, How::Lock)),
            Op::Block { on: Request::Acquire { mode, how, .. } } if self.is_last(point) => Some((mode, how)),
            Op::Block { on: Request::Wake { .. } } if self.is_last(point) => Some((Mode::Write, How::Lock)),
            _ => None,
        }
    }

    fn is_last(&self, point: Point) -> bool {
        self.model.last(point.thread) == Some(point)
    }

    /// Joins are few: the graph keeps one a segment, and a join begins a segment.
    fn joins(&self, id: DependencyId, child: ThreadId) -> Rc<[Asked<'a>]> {
        let instances = self.graph.get(id).instances.iter();
        instances
            .map(|instance| {
                let point = self.model.point(instance.occurrence.event);
                let completed = !self.is_last(point) && self.model.op(point.next()) == Op::Join { child };
                Asked::at(self.model, if completed { point.next() } else { point })
            })
            .collect()
    }

    /// The locks held just before the event, as a dependency's key has them.
    fn held(&self, point: Point, out: &mut Vec<(ObjectId, Mode)>) {
        out.clear();
        out.extend(holds(self.model, point).map(|hold| (hold.object, hold.mode)));
        out.sort_unstable();
    }

    /// The request at `point` in full.
    pub(crate) fn occurrence(&self, point: Point) -> Occurrence {
        let event = self.model.event(point);
        let op = match event.op {
            Op::Block { on } => on.name(),
            Op::Join { .. } => "join",
            Op::Wake { .. } => "wake",
            _ => "acquire",
        };
        Occurrence {
            op,
            event: self.model.index(point),
            site: event.site,
            stack: event.stack,
            holds: holds(self.model, point).collect(),
        }
    }
}

/// Events of `thread` that may be requests for `lock`, in order.
fn requests(model: &Model<'_>, thread: ThreadId, lock: ObjectId) -> Vec<u32> {
    let mut locs = model.on_by(lock, thread).to_vec();
    // A condvar's `wake` is a request for its lock, but stands under the condvar.
    let of_thread = |holds: &&[crate::model::Hold]| holds.first().is_some_and(|hold| hold.thread == thread);
    let holds = model.lock_of(lock).and_then(|lock| model.holds(lock).map(|(_, holds)| holds).find(of_thread));
    locs.extend(holds.into_iter().flatten().map(|hold| hold.acquire));
    // A thread that ended in a `block` on its way out of a wait.
    let last = model.last(thread).filter(
        |&last| matches!(model.op(last), Op::Block { on: Request::Wake { lock: wanted, .. } } if wanted == lock),
    );
    locs.extend(last.map(|last| last.loc));
    locs.sort_unstable();
    locs.dedup();
    locs
}

/// The locks held just before the event, oldest first, in the modes in which they were first acquired.
fn holds(model: &Model<'_>, point: Point) -> impl Iterator<Item = Hold> {
    model.held(point).iter().filter_map(move |&id| {
        let hold = model.hold(id);
        let acquired = Point::new(hold.thread, hold.acquire);
        let mode = match model.op(acquired) {
            Op::Acquire { mode, .. } => mode,
            Op::Wake { .. } => Mode::Write,
            // A semaphore's permit.
            _ => return None,
        };
        Some(Hold { object: hold.object, mode, site: model.site(acquired), event: model.index(acquired) })
    })
}
