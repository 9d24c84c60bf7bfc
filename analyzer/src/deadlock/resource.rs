//! What a thread can wait for while somebody has it: a lock, or the end of a thread.

use lockhound_trace::{ObjectId, Tables, ThreadId};

use crate::prose;

/// A lock; or the end of a thread, which that thread "holds" for all of its life and which `join` asks for.
///
/// The second kind makes a join one request among others ("join-aware"): who joins a thread while holding what that
/// thread needs waits in a circle like any other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Resource {
    /// Held from acquire to release.
    Lock(ObjectId),
    /// Held by the thread from its first to its last event.
    EndOf(ThreadId),
}

impl Resource {
    /// The lock, if it is one.
    pub(crate) const fn lock(self) -> Option<ObjectId> {
        match self {
            Self::Lock(lock) => Some(lock),
            Self::EndOf(_) => None,
        }
    }

    /// "`accounts`", "the end of `worker-3`".
    pub(crate) fn words(self, tables: &Tables) -> String {
        match self {
            Self::Lock(lock) => prose::object(tables, lock),
            Self::EndOf(thread) => format!("the end of {}", prose::thread(tables, thread)),
        }
    }
}

/// The locks among them, sorted.
pub(crate) fn locks(resources: &[Resource]) -> Vec<ObjectId> {
    prose::sorted(resources.iter().filter_map(|resource| resource.lock()).collect())
}
