//! An event by its place in its thread.

use lockhound_trace::ThreadId;

/// The `loc`-th event of `thread`, counted from 1 (`loc` in the papers). Every recorded event counts, also `start`, `exit`
/// and `block`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Point {
    pub(crate) thread: ThreadId,
    pub(crate) loc: u32,
}

impl Point {
    pub(crate) const fn new(thread: ThreadId, loc: u32) -> Self {
        Self { thread, loc }
    }

    /// The event of the same thread before it.
    pub(crate) fn previous(self) -> Option<Self> {
        (self.loc > 1).then(|| Self::new(self.thread, self.loc - 1))
    }

    /// The event of the same thread after it, if there is one at all.
    pub(crate) const fn next(self) -> Self {
        Self::new(self.thread, self.loc + 1)
    }
}
