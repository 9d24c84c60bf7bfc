//! The lock graph: what is asked for while what is held, by whom, how often.
//!
//! After Havelund's GoodLock ("Using runtime analysis to guide model checking of Java programs", 2000) with the gate
//! locks and segments of Bensalem and Havelund ("Dynamic deadlock analysis of multi-threaded programs", 2005). Nodes of
//! the graph are resources; an edge carries *dependencies*, which are what a deadlock is made of: the abstract acquires of
//! SPDOffline (Tunç, Mathur, Pavlogiannis and Viswanathan, "Sound dynamic deadlock prediction in linear time", PLDI 2023,
//! section 4). What departs from the papers: locks have modes; the end of a thread is a resource as well ([`Resource`]).

use std::collections::{BTreeMap, BTreeSet};

use lockhound_trace::{Event, EventIndex, How, Mode, ObjectId, ObjectKind, Policy, SiteId, StackId, Tables, ThreadId};
use rustc_hash::FxHashMap;

use crate::analysis::Moment;
use crate::deadlock::requests::LockRequest;
use crate::deadlock::resource::Resource;
use crate::finding::Hold;
use crate::holds::Held;
use crate::order::Segment;
use crate::prose;

/// A dependency's place in [`LockGraph::dependencies`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct DependencyId(u32);

impl DependencyId {
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What makes two requests the same dependency.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Key {
    pub(crate) thread: ThreadId,
    pub(crate) wants: Resource,
    pub(crate) mode: Mode,
    pub(crate) how: How,
    /// The locks held meanwhile, sorted; the one asked for only where it is read-locked again.
    pub(crate) held: Vec<(ObjectId, Mode)>,
}

/// A thread asks for a lock, or for the end of another, while it holds some locks, any number of times.
#[derive(Debug)]
pub(crate) struct Dependency {
    pub(crate) key: Key,
    pub(crate) count: u64,
    /// The first instance in each segment.
    pub(crate) instances: Vec<Instance>,
    /// Instances in segments beyond those kept.
    pub(crate) dropped: u64,
}

/// One occurrence of a dependency, and how it is ordered to others as far as can be told without an index of the trace.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) occurrence: Occurrence,
    pub(crate) segment: Segment,
}

/// A request as it was made once.
#[derive(Clone, Debug)]
pub(crate) struct Occurrence {
    pub(crate) op: &'static str,
    pub(crate) event: EventIndex,
    pub(crate) site: Option<SiteId>,
    pub(crate) stack: Option<StackId>,
    pub(crate) holds: Vec<Hold>,
}

impl Dependency {
    /// How its thread has `resource` meanwhile.
    pub(crate) fn holds(&self, resource: Resource) -> Option<Mode> {
        match resource {
            Resource::Lock(lock) => self.key.held.iter().find(|(held, _)| *held == lock).map(|&(_, mode)| mode),
            Resource::EndOf(thread) => (thread == self.key.thread).then_some(Mode::Write),
        }
    }

    /// A lock that its thread and that of `other` hold meanwhile, and cannot hold at once.
    pub(crate) fn common_gate(&self, other: &Self) -> Option<ObjectId> {
        let held_by_other = |lock| other.holds(Resource::Lock(lock));
        let conflicts =
            |&&(lock, mode): &&(ObjectId, Mode)| held_by_other(lock).is_some_and(|theirs| mode.conflicts_with(theirs));
        self.key.held.iter().find(conflicts).map(|&(lock, _)| lock)
    }
}

/// All dependencies of a trace. A request costs time in the number of locks held; memory grows with the number of
/// different dependencies, which is bounded.
#[derive(Default, Debug)]
pub(crate) struct LockGraph {
    dependencies: Vec<Dependency>,
    ids: FxHashMap<Key, DependencyId>,
    /// The key of the request at hand, to be looked up without allocating.
    key: Option<Key>,
    /// Write requests for read/write locks, with or without other locks held: what makes readers queue.
    writers: BTreeMap<ObjectId, Vec<DependencyId>>,
    /// How many different dependencies are kept in all.
    room: usize,
    /// How many instances are kept of each.
    occurrences: usize,
    dropped: u64,
}

impl LockGraph {
    /// An empty graph that keeps no more than so many different dependencies, and so many instances (one at least) of each.
    pub(crate) fn new(room: usize, occurrences: usize) -> Self {
        Self { room: room.min(u32::MAX as usize), occurrences: occurrences.max(1), ..Self::default() }
    }

    /// Takes down a request for a lock. `segment` is only called where it is needed. Returns the dependency that it
    /// belongs to; none if nobody can wait here, or there are too many.
    pub(crate) fn request(
        &mut self,
        now: Moment<'_>,
        request: LockRequest,
        segment: impl FnOnce() -> Segment,
    ) -> Option<DependencyId> {
        let kind = now.tables.object(request.lock).kind;
        if !kind.is_lock() {
            return None;
        }
        let again = now.holds.of(now.event.thread).iter().find(|held| held.lock == request.lock);
        if again.is_some_and(|again| !reads_twice(kind, again.mode, request.mode)) {
            return None;
        }
        let LockRequest { lock, mode, how, op } = request;
        let (id, new) = self.take_down(now, Resource::Lock(lock), mode, how, op, segment)?;
        if new && mode == Mode::Write && matches!(kind, ObjectKind::RwLock { .. }) {
            self.writers.entry(lock).or_default().push(id);
        }
        Some(id)
    }

    /// Takes down that the event's thread waits for the end of `child`.
    pub(crate) fn join(
        &mut self,
        now: Moment<'_>,
        child: ThreadId,
        segment: impl FnOnce() -> Segment,
    ) -> Option<DependencyId> {
        if child == now.event.thread {
            return None;
        }
        Some(self.take_down(now, Resource::EndOf(child), Mode::Write, How::Lock, "join", segment)?.0)
    }

    /// The dependency that a request belongs to, and whether it is the first of its kind. None: there are too many.
    fn take_down(
        &mut self,
        now: Moment<'_>,
        wants: Resource,
        mode: Mode,
        how: How,
        op: &'static str,
        segment: impl FnOnce() -> Segment,
    ) -> Option<(DependencyId, bool)> {
        let thread = now.event.thread;
        let held = now.holds.of(thread);
        let mut key = self.key.take().map_or_else(Vec::new, |key| key.held);
        key.clear();
        key.extend(held.iter().map(|held| (held.lock, held.mode)));
        key.sort_unstable();
        let key = self.key.insert(Key { thread, wants, mode, how, held: key });
        let known = self.ids.get(key).copied();
        let id = known.unwrap_or(id_of(self.dependencies.len()));
        if known.is_none() {
            if self.dependencies.len() >= self.room {
                self.dropped += 1;
                return None;
            }
            self.dependencies.push(Dependency { key: key.clone(), count: 0, instances: Vec::new(), dropped: 0 });
            self.ids.insert(key.clone(), id);
        }
        let dependency = &mut self.dependencies[id.index()];
        dependency.count += 1;
        let segment = segment();
        if dependency.instances.last().is_some_and(|last| last.segment.is(&segment)) {
        } else if dependency.instances.len() >= self.occurrences {
            dependency.dropped += 1;
        } else {
            dependency.instances.push(instance(now.index, now.event, op, held, segment));
        }
        Some((id, known.is_none()))
    }

    /// How many dependencies there are: their ids are 0..this.
    pub(crate) fn len(&self) -> usize {
        self.dependencies.len()
    }

    /// All dependencies, in the order of their first occurrence.
    pub(crate) fn dependencies(&self) -> &[Dependency] {
        &self.dependencies
    }

    pub(crate) fn get(&self, id: DependencyId) -> &Dependency {
        &self.dependencies[id.index()]
    }

    /// All dependencies on each edge (resource held, resource asked for), in the order of their first occurrence.
    pub(crate) fn edges(&self) -> BTreeMap<(Resource, Resource), Vec<DependencyId>> {
        let awaited = self.awaited();
        let mut edges: BTreeMap<_, Vec<DependencyId>> = BTreeMap::new();
        for (index, dependency) in self.dependencies.iter().enumerate() {
            let key = &dependency.key;
            let locks = key.held.iter().map(|&(held, _)| Resource::Lock(held));
            let end = awaited.contains(&key.thread).then_some(Resource::EndOf(key.thread));
            for held in locks.chain(end) {
                edges.entry((held, key.wants)).or_default().push(id_of(index));
            }
        }
        edges
    }

    /// Threads that somebody joins while having something that they might need: a lock, or an end that is itself awaited
    /// so. Who is joined by a thread that nothing depends on takes part in no circle.
    fn awaited(&self) -> BTreeSet<ThreadId> {
        let mut joined: BTreeMap<ThreadId, Vec<ThreadId>> = BTreeMap::new();
        let mut open = Vec::new();
        for Dependency { key, .. } in &self.dependencies {
            let Resource::EndOf(child) = key.wants else { continue };
            joined.entry(key.thread).or_default().push(child);
            if !key.held.is_empty() {
                open.push(child);
            }
        }
        let mut awaited = BTreeSet::new();
        while let Some(thread) = open.pop() {
            if awaited.insert(thread) {
                open.extend(joined.get(&thread).into_iter().flatten());
            }
        }
        awaited
    }

    /// Who asks to write `lock`, if readers queue behind such requests.
    pub(crate) fn queued_writers(&self, tables: &Tables, lock: ObjectId) -> &[DependencyId] {
        if tables.object(lock).kind == (ObjectKind::RwLock { policy: Policy::Writer }) {
            self.writers.get(&lock).map_or(&[], Vec::as_slice)
        } else {
            &[]
        }
    }

    /// How many requests were left out because there were too many different ones.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }
}

fn id_of(position: usize) -> DependencyId {
    DependencyId(u32::try_from(position).expect("no more than there is room for"))
}

/// Taking a lock that is held already is no request (a re-entrant lock) or a matter for the end state (self-deadlock);
/// but a second read waits for a writer that queued after the first.
fn reads_twice(kind: ObjectKind, held: Mode, wanted: Mode) -> bool {
    matches!(kind, ObjectKind::RwLock { policy: Policy::Writer }) && held == Mode::Read && wanted == Mode::Read
}

fn instance(index: EventIndex, event: &Event, op: &'static str, held: &[Held], segment: Segment) -> Instance {
    let occurrence = Occurrence { op, event: index, site: event.site, stack: event.stack, holds: prose::holds(held) };
    Instance { occurrence, segment }
}
