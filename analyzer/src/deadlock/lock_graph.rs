//! The lock graph: which locks are asked for while which others are held, by whom, when.
//!
//! After Havelund's GoodLock ("Using runtime analysis to guide model checking of Java programs", 2000) with the gate
//! locks and segments of Bensalem and Havelund ("Dynamic deadlock analysis of multi-threaded programs", 2005). Nodes of
//! the graph are locks; an edge carries *dependencies* (thread, lock asked for, locks held), which are what a deadlock
//! is made of.

use std::collections::BTreeMap;

use lockhound_trace::{Event, EventIndex, How, Mode, ObjectId, ObjectKind, Policy, SiteId, StackId, Tables, ThreadId};
use rustc_hash::FxHashMap;

use crate::analysis::Moment;
use crate::deadlock::requests::LockRequest;
use crate::finding::Hold;
use crate::holds::Held;
use crate::order::Segment;
use crate::prose;

/// How many different dependencies are kept in all.
const MAX_DEPENDENCIES: usize = 1 << 16;
/// How many segments are kept for each dependency.
const MAX_SEGMENTS: usize = 16;

/// A dependency's place in [`LockGraph::dependencies`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct DependencyId(usize);

/// What makes two requests the same dependency.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Key {
    pub(crate) thread: ThreadId,
    pub(crate) lock: ObjectId,
    pub(crate) mode: Mode,
    pub(crate) how: How,
    /// What is held meanwhile, oldest first; `lock` itself only where it is read-locked again.
    pub(crate) held: Vec<(ObjectId, Mode)>,
}

/// A thread asks for a lock while it holds others, any number of times.
#[derive(Debug)]
pub(crate) struct Dependency {
    pub(crate) key: Key,
    pub(crate) count: u64,
    /// The first instance in each segment.
    pub(crate) instances: Vec<Instance>,
    /// Instances in segments beyond those kept.
    pub(crate) dropped: u64,
}

/// One occurrence of a dependency.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) op: &'static str,
    pub(crate) event: EventIndex,
    pub(crate) site: Option<SiteId>,
    pub(crate) stack: Option<StackId>,
    pub(crate) holds: Vec<Hold>,
    pub(crate) segment: Segment,
}

impl Dependency {
    /// How its thread holds `lock` meanwhile.
    pub(crate) fn holds(&self, lock: ObjectId) -> Option<Mode> {
        self.key.held.iter().find(|(held, _)| *held == lock).map(|&(_, mode)| mode)
    }

    /// A lock that its thread and that of `other` hold meanwhile, and cannot hold at once.
    pub(crate) fn common_gate(&self, other: &Self) -> Option<ObjectId> {
        self.key
            .held
            .iter()
            .find_map(|&(lock, mode)| other.holds(lock).filter(|&theirs| mode.conflicts_with(theirs)).map(|_| lock))
    }
}

/// All dependencies of a trace. A request costs time in the number of locks held; memory grows with the number of
/// different dependencies, which is bounded.
#[derive(Default, Debug)]
pub(crate) struct LockGraph {
    dependencies: Vec<Dependency>,
    ids: FxHashMap<Key, DependencyId>,
    /// Write requests for read/write locks, with or without other locks held: what makes readers queue.
    writers: BTreeMap<ObjectId, Vec<DependencyId>>,
    dropped: u64,
}

impl LockGraph {
    /// Takes down a request. `segment` is only called where it is needed.
    pub(crate) fn request(&mut self, now: Moment<'_>, request: LockRequest, segment: impl FnOnce() -> Segment) {
        let kind = now.tables.object(request.lock).kind;
        let held = now.holds.of(now.event.thread);
        let queues = matches!(kind, ObjectKind::RwLock { .. }) && request.mode == Mode::Write;
        if !kind.is_lock() || (held.is_empty() && !queues) {
            return;
        }
        let again = held.iter().find(|held| held.lock == request.lock);
        if again.is_some_and(|again| !reads_twice(kind, again.mode, request.mode)) {
            return;
        }
        let key = Key {
            thread: now.event.thread,
            lock: request.lock,
            mode: request.mode,
            how: request.how,
            held: held.iter().map(|held| (held.lock, held.mode)).collect(),
        };
        let Some(id) = self.id_of(key, queues) else {
            self.dropped += 1;
            return;
        };
        let dependency = &mut self.dependencies[id.0];
        dependency.count += 1;
        let segment = segment();
        if dependency.instances.last().is_some_and(|last| last.segment.is(&segment)) {
            return;
        }
        if dependency.instances.len() == MAX_SEGMENTS {
            dependency.dropped += 1;
        } else {
            dependency.instances.push(instance(now.index, now.event, request.op, held, segment));
        }
    }

    fn id_of(&mut self, key: Key, queues: bool) -> Option<DependencyId> {
        if let Some(&id) = self.ids.get(&key) {
            return Some(id);
        }
        if self.dependencies.len() == MAX_DEPENDENCIES {
            return None;
        }
        let id = DependencyId(self.dependencies.len());
        if queues {
            self.writers.entry(key.lock).or_default().push(id);
        }
        self.dependencies.push(Dependency { key: key.clone(), count: 0, instances: Vec::new(), dropped: 0 });
        self.ids.insert(key, id);
        Some(id)
    }

    pub(crate) fn get(&self, id: DependencyId) -> &Dependency {
        &self.dependencies[id.0]
    }

    /// All dependencies on each edge (lock held, lock asked for), in the order of their first occurrence.
    pub(crate) fn edges(&self) -> BTreeMap<(ObjectId, ObjectId), Vec<DependencyId>> {
        let mut edges: BTreeMap<_, Vec<DependencyId>> = BTreeMap::new();
        for (index, dependency) in self.dependencies.iter().enumerate() {
            for &(held, _) in &dependency.key.held {
                edges.entry((held, dependency.key.lock)).or_default().push(DependencyId(index));
            }
        }
        edges
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

/// Taking a lock that is held already is no request (a re-entrant lock) or a matter for the end state (self-deadlock);
/// but a second read waits for a writer that queued after the first.
fn reads_twice(kind: ObjectKind, held: Mode, wanted: Mode) -> bool {
    matches!(kind, ObjectKind::RwLock { policy: Policy::Writer }) && held == Mode::Read && wanted == Mode::Read
}

fn instance(index: EventIndex, event: &Event, op: &'static str, held: &[Held], segment: Segment) -> Instance {
    Instance { op, event: index, site: event.site, stack: event.stack, holds: prose::holds(held), segment }
}
