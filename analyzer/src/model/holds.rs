//! When each lock was held: outermost intervals, one list a lock and thread.

use lockhound_trace::{How, Mode, ObjectId, ThreadId, Touched};

/// A lock, or one of a semaphore's permits: a semaphore is as many locks as it has permits ever (`model/tokens`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct LockId(pub(crate) u32);

/// A hold's place among all holds of the trace.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct HoldId(pub(crate) u32);

/// One outermost hold. A `wait` ends one, its `wake` begins another. Re-entrant and recursive acquires lie inside.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Hold {
    pub(crate) lock: LockId,
    /// What the lock is, or the semaphore.
    pub(crate) object: ObjectId,
    pub(crate) thread: ThreadId,
    /// `loc` of the acquire (or `wake`, or `OnceBegin` is none of it) that began it.
    pub(crate) acquire: u32,
    /// `loc` of the event that ended it; none if nothing did.
    pub(crate) release: Option<u32>,
    /// The strongest mode of any part of it.
    pub(crate) mode: Mode,
    pub(crate) how: How,
    /// What all of it did to the data inside; `Unknown` where it never ended.
    pub(crate) touched: Touched,
}
