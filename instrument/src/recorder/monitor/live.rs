//! How many recorded threads there are.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Threads that have a stream and have not ended it, and those that were announced and have not begun yet.
static LIVE: AtomicUsize = AtomicUsize::new(0);

/// A thread is about to be spawned, or one that nobody announced has begun.
pub(in crate::recorder) fn one_more() {
    LIVE.fetch_add(1, Ordering::Relaxed);
}

/// A thread has ended, or could not be spawned.
pub(in crate::recorder) fn one_less() {
    let _ = LIVE.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |live| live.checked_sub(1));
}

/// How many there are. Exact for a thread that knows, through the table's lock, what all others did last.
pub(super) fn live() -> usize {
    LIVE.load(Ordering::Relaxed)
}

/// In the child of a fork, whose one thread begins anew.
pub(super) fn abandon() {
    LIVE.store(0, Ordering::Relaxed);
}
