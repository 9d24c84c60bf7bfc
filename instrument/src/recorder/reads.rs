//! How many releases of reading a read/write lock has had: what tells a writer which readers came before it.
//!
//! Readers may run at the same time, so a common counter takes an atomic addition from each, as dear as the lock itself.
//! The first thread that reads gets a counter of its own, which it can simply write; only the others share one.

use std::sync::atomic::{AtomicU64, Ordering};

use super::local::{Local, THREAD_BITS};
use super::object::Object;
use super::word::Atomic64;

/// Bits of the shared counter that count; the rest is the thread that has a counter of its own, where a word has it.
const COUNT: u64 = u64::MAX >> THREAD_BITS;

/// The two counters.
pub(super) struct Reads<'a, A = AtomicU64> {
    pub(super) shared: &'a A,
    pub(super) own: &'a A,
}

impl<A: Atomic64> Reads<'_, A> {
    /// All releases. Exact for a thread that holds the lock for writing.
    #[inline(always)]
    pub(super) fn all(&self, order: Ordering) -> u64 {
        (self.shared.load(order) & COUNT) + self.own.load(order)
    }

    /// Whether the thread of this tag has a counter of its own.
    #[inline(always)]
    pub(super) fn is_alone(&self, tag: u64) -> bool {
        self.shared.load(Ordering::Relaxed) & !COUNT == tag
    }

    /// Counts a release by the thread with a counter of its own.
    #[inline(always)]
    pub(super) fn count_own(&self) {
        self.own.store(self.own.load(Ordering::Relaxed) + 1, Ordering::Release);
    }

    /// Counts a release by any thread.
    pub(super) fn count(&self, tag: u64) {
        self.claim(tag);
        if self.is_alone(tag) {
            self.count_own();
        } else {
            self.shared.fetch_add(1, Ordering::Release);
        }
    }

    /// Gives the thread a counter of its own, if no thread has one.
    fn claim(&self, tag: u64) {
        let mut shared = self.shared.load(Ordering::Relaxed);
        while shared & !COUNT == 0 {
            match self.shared.compare_exchange(shared, shared | tag, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(other) => shared = other,
            }
        }
    }
}

impl Object {
    #[inline(always)]
    const fn read_counts(&self) -> Reads<'_> {
        Reads { shared: &self.aux, own: &self.own_reads }
    }

    /// All releases of reading. Exact for a thread that holds the lock for writing.
    #[inline]
    pub(super) fn reads(&self, order: Ordering) -> u64 {
        self.read_counts().all(order)
    }

    /// Whether `local` is the thread with a counter of its own.
    #[inline]
    pub(super) fn counts_alone(&self, local: &Local) -> bool {
        self.read_counts().is_alone(local.tag)
    }

    /// Counts a release by the thread with a counter of its own.
    #[inline]
    pub(super) fn count_own_read(&self) {
        self.read_counts().count_own();
    }

    /// Counts a release by any thread.
    pub(super) fn count_read(&self, local: &Local) {
        self.read_counts().count(local.tag);
    }
}
