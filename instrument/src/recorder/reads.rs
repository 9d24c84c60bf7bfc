//! How many releases of reading a read/write lock has had: what tells a writer which readers came before it.
//!
//! Readers may run at the same time, so a common counter takes an atomic addition from each, as dear as the lock itself.
//! The first thread that reads gets a counter of its own, which it can simply write; only the others share one.

use std::sync::atomic::Ordering;

use super::local::{Local, THREAD_BITS};
use super::object::Object;

/// Bits of `aux` that count; the rest is the thread that has a counter of its own, where a word has it.
const COUNT: u64 = u64::MAX >> THREAD_BITS;

impl Object {
    /// All of them. Exact for a thread that holds the lock for writing.
    #[inline]
    pub(super) fn reads(&self, order: Ordering) -> u64 {
        (self.aux.load(order) & COUNT) + self.own_reads.load(order)
    }

    /// Whether `local` is the thread with a counter of its own.
    #[inline]
    pub(super) fn counts_alone(&self, local: &Local) -> bool {
        self.aux.load(Ordering::Relaxed) & !COUNT == local.tag
    }

    /// Counts a release by the thread with a counter of its own.
    #[inline]
    pub(super) fn count_own_read(&self) {
        self.own_reads.store(self.own_reads.load(Ordering::Relaxed) + 1, Ordering::Release);
    }

    /// Counts a release by any thread.
    pub(super) fn count_read(&self, local: &Local) {
        let claimed = |aux| (aux & !COUNT == 0).then_some(aux | local.tag);
        let _ = self.aux.fetch_update(Ordering::Relaxed, Ordering::Relaxed, claimed);
        if self.counts_alone(local) {
            self.count_own_read();
        } else {
            self.aux.fetch_add(1, Ordering::Release);
        }
    }
}
