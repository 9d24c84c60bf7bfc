//! A thread: how far it has got, and what it is in the middle of.

use lockhound_trace::{Mode, ObjectId, Request};

#[derive(Clone, Debug, Default)]
pub(super) struct Thread {
    /// How many of its events have been executed.
    pub(super) done: u32,
    /// Whether it has been spawned, or needs not be.
    pub(super) open: bool,
    /// The `block` that it executed last, if nothing followed.
    pub(super) request: Option<Request>,
    /// The wait on a condition variable that it is in.
    pub(super) waiting: Option<Waiting>,
    /// The channel of a rendezvous whose other half, executed before, took its own half along.
    pub(super) met: Option<ObjectId>,
    /// The barriers that it has reached and not passed, and in which generation.
    pub(super) arrivals: Vec<(ObjectId, u64)>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub(super) condvar: ObjectId,
    pub(super) lock: ObjectId,
    /// How the lock was held, and will be again.
    pub(super) mode: Mode,
    pub(super) depth: u32,
    /// Whether time alone ends it.
    pub(super) timed: bool,
}

impl Thread {
    pub(super) fn reset(&mut self, open: bool) {
        self.arrivals.clear();
        *self = Self { open, arrivals: std::mem::take(&mut self.arrivals), ..Self::default() };
    }
}
