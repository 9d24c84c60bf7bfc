//! Whether an event is set, and who has still to notice: all that its lock protects.

/// The flag and those who wait for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    is_set: bool,
    /// How often it has been set.
    times: u64,
    /// Threads that wait for it to be set.
    waiting: usize,
    /// Threads that waited when it was set, and have not gone on yet.
    leaving: usize,
}

/// A stay among those who wait, for the next time that the event is set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn(u64);

impl State {
    pub(super) const fn new() -> Self {
        Self { is_set: false, times: 0, waiting: 0, leaving: 0 }
    }

    #[cfg(test)]
    pub(super) const fn waiting(&self) -> usize {
        self.waiting
    }

    pub(super) const fn is_set(&self) -> bool {
        self.is_set
    }

    /// Sets it; whether anybody has to be woken.
    pub(super) fn set(&mut self) -> bool {
        self.is_set = true;
        self.times += 1;
        self.leaving += std::mem::take(&mut self.waiting);
        self.leaving > 0
    }

    /// Whether all whom it has woken have gone on, so that it may be cleared.
    pub(super) const fn may_clear(&self) -> bool {
        self.leaving == 0
    }

    pub(super) const fn clear(&mut self) {
        self.is_set = false;
    }

    /// A thread begins to wait, the event not being set.
    pub(super) const fn enter(&mut self) -> Turn {
        self.waiting += 1;
        Turn(self.times)
    }

    /// Whether the event has been set since, be it only for a moment.
    pub(super) const fn has_come(&self, turn: Turn) -> bool {
        self.times != turn.0
    }

    /// The thread whose turn has come goes on; whether it was the last.
    pub(super) const fn go_on(&mut self) -> bool {
        debug_assert!(self.is_set, "a wait that returns from what is not set");
        self.leaving -= 1;
        self.leaving == 0
    }

    /// The thread whose turn has not come waits no more.
    pub(super) const fn give_up(&mut self) {
        self.waiting -= 1;
    }
}
