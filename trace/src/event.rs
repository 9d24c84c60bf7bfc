//! One recorded event.

use crate::ids::{SiteId, StackId, ThreadId};
use crate::op::Op;

/// What one thread did, and where in the source it did it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Event {
    /// Who.
    pub thread: ThreadId,
    /// What.
    pub op: Op,
    /// Where, if recorded.
    pub site: Option<SiteId>,
    /// By which calls, if captured.
    pub stack: Option<StackId>,
    /// When, in nanoseconds since the header's start, if recorded.
    pub time: Option<u64>,
}

impl Event {
    /// An event of which only the thread and the operation are known.
    #[must_use]
    pub const fn new(thread: ThreadId, op: Op) -> Self {
        Self { thread, op, site: None, stack: None, time: None }
    }
}
