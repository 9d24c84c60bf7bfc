//! What is on a scheduler's list.

use std::error::Error;
use std::fmt;
use std::time::Instant;

/// An event of a [`Scheduler`](super::Scheduler); those that come first are less.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EventId {
    /// When the first of those is due that are due at the same time.
    pub(super) moment: Instant,
    pub(super) priority: i64,
    pub(super) number: u64,
    pub(super) due: Instant,
}

/// Why an event was not [`cancel`](super::Scheduler::cancel)led: it is not on the list, as it was done, is being done, or was
/// cancelled before. Python: `ValueError`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotScheduled;

impl EventId {
    /// When it is due.
    #[must_use]
    pub const fn due(&self) -> Instant {
        self.due
    }

    /// How urgent it is among those that are due at the same time; the least comes first.
    #[must_use]
    pub const fn priority(&self) -> i64 {
        self.priority
    }
}

impl fmt::Display for NotScheduled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the event is not on the list")
    }
}

impl Error for NotScheduled {}
