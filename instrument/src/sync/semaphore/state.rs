//! What a semaphore has, who waits for it, and whom a release wakes: all that its lock protects.

use std::error::Error;
use std::fmt;

/// The permits and those who wait for some.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    available: u32,
    /// The most there may be.
    bound: u32,
    /// Threads that wait.
    waiting: u32,
    /// Of them, those that want more than one permit.
    want_several: u32,
    /// The least that any has wanted since last nobody waited.
    least_wanted: u32,
}

/// Whom a release wakes, so that nobody sleeps on for whom there is enough.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wake {
    Nobody,
    /// Anyone: there is one permit more, and nobody wants more than that.
    One,
    All,
}

/// Why permits were not [`release`](super::Semaphore::release)d: the [`Semaphore`](super::Semaphore) would have had more
/// than it may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Overfull;

impl State {
    pub(super) const fn new(available: u32, bound: u32) -> Self {
        Self { available, bound, waiting: 0, want_several: 0, least_wanted: 0 }
    }

    pub(super) const fn available(&self) -> u32 {
        self.available
    }

    #[cfg(test)]
    pub(super) const fn waiting(&self) -> u32 {
        self.waiting
    }

    pub(super) const fn least_wanted(&self) -> u32 {
        self.least_wanted
    }

    pub(super) const fn has(&self, n: u32) -> bool {
        self.available >= n
    }

    /// Takes what there [is](Self::has).
    pub(super) const fn take(&mut self, n: u32) {
        self.available -= n;
    }

    /// A thread begins to wait for `n`.
    pub(super) fn enter(&mut self, n: u32) {
        self.least_wanted = if self.waiting == 0 { n } else { self.least_wanted.min(n) };
        self.waiting += 1;
        self.want_several += u32::from(n > 1);
    }

    /// It waits no more, whether or not it got them.
    pub(super) fn leave(&mut self, n: u32) {
        self.waiting -= 1;
        self.want_several -= u32::from(n > 1);
    }

    /// Whether so many more would not be too many.
    pub(super) fn has_room(&self, n: u32) -> bool {
        self.available.checked_add(n).is_some_and(|more| more <= self.bound)
    }

    /// Adds permits for which there [is room](Self::has_room).
    pub(super) const fn give(&mut self, n: u32) -> Wake {
        self.available += n;
        match (self.waiting, n, self.want_several) {
            (0, ..) => Wake::Nobody,
            (_, 1, 0) => Wake::One,
            _ => Wake::All,
        }
    }
}

impl fmt::Display for Overfull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the semaphore would have more permits than it may have")
    }
}

impl Error for Overfull {}
