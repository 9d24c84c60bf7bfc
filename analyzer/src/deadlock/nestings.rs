//! What locks were asked for while which were held: the lock graph, for those who put several runs together.

use lockhound_trace::{EventIndex, How, Mode, ObjectId, SiteId, ThreadId};

use crate::deadlock::lock_graph::LockGraph;
use crate::finding::Hold;

/// A thread asks for a lock, in one way and holding the same locks, any number of times.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Nesting {
    /// Who.
    pub thread: ThreadId,
    /// What it asks for.
    pub lock: ObjectId,
    /// In which mode.
    pub mode: Mode,
    /// How long it is ready to wait.
    pub how: How,
    /// How often.
    pub count: u64,
    /// When, the first time.
    pub event: EventIndex,
    /// Where, then.
    pub site: Option<SiteId>,
    /// What it holds meanwhile, oldest first; where and since when, the first time.
    pub holds: Vec<Hold>,
}

/// All requests for locks, in the order of the first of each.
pub(super) fn nestings(graph: &LockGraph) -> Vec<Nesting> {
    let requests = graph.dependencies().iter().filter_map(|dependency| {
        let (key, first) = (&dependency.key, &dependency.instances.first()?.occurrence);
        Some(Nesting {
            thread: key.thread,
            lock: key.wants.lock()?,
            mode: key.mode,
            how: key.how,
            count: dependency.count,
            event: first.event,
            site: first.site,
            holds: first.holds.clone(),
        })
    });
    requests.collect()
}
