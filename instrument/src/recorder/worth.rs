//! Whether what the process does could show a bug: only then its trace file is kept under `LOCKHOUND_KEEP=concurrent`.
//!
//! It takes a second thread or a second lock; or a wait, since one thread can wait for itself; or a thread that ends and
//! still holds a lock. All of these are rare, and none is on the way of an event.

use std::sync::atomic::{AtomicU32, Ordering};

use super::file;

static THREADS: AtomicU32 = AtomicU32::new(0);
static LOCKS: AtomicU32 = AtomicU32::new(0);

/// A thread has begun to record. All of these are to be called while the calling thread is busy.
pub(super) fn thread() {
    if THREADS.fetch_add(1, Ordering::Relaxed) > 0 {
        file::keep();
    }
}

/// A lock is used for the first time.
pub(super) fn lock() {
    if LOCKS.fetch_add(1, Ordering::Relaxed) > 0 {
        file::keep();
    }
}

/// A thread is about to wait.
pub(super) fn wait() {
    file::keep();
}

/// A thread has ended that holds a lock.
pub(super) fn leak() {
    file::keep();
}

/// In the child of a fork, which has a file of its own.
pub(super) fn abandon() {
    THREADS.store(0, Ordering::Relaxed);
    LOCKS.store(0, Ordering::Relaxed);
}
