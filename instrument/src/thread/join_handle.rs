//! Waiting for a thread's end.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Result;

use super::child::Child;
use super::handle::Thread;
use crate::engine::{ThreadTicket, blocked_on_join, joined};

/// [`std::thread::JoinHandle`], recorded: owns the right to join a thread; dropping it detaches the thread.
pub struct JoinHandle<T> {
    inner: std::thread::JoinHandle<T>,
    thread: Thread,
    ticket: ThreadTicket,
    gone: Arc<AtomicBool>,
}

impl<T> JoinHandle<T> {
    pub(super) fn new(child: Child, inner: std::thread::JoinHandle<T>) -> Self {
        Self { inner, thread: child.thread, ticket: child.ticket, gone: child.gone }
    }

    /// A handle to the thread. See [`std::thread::JoinHandle::thread`].
    #[must_use]
    pub fn thread(&self) -> &Thread {
        &self.thread
    }

    /// Waits for the thread's end. See [`std::thread::JoinHandle::join`].
    ///
    /// # Errors
    /// With what the thread panicked with, if it did.
    #[track_caller]
    pub fn join(self) -> Result<T> {
        let site = Location::caller();
        // Not `is_finished`: the join also waits for what the thread's locals do when they are dropped.
        let blocked = (!self.gone.load(Ordering::Acquire)).then(|| blocked_on_join(self.ticket, site));
        let result = self.inner.join();
        drop(blocked);
        joined(self.ticket, site);
        result
    }

    /// Whether the thread's function has returned or panicked. See [`std::thread::JoinHandle::is_finished`].
    pub fn is_finished(&self) -> bool {
        self.inner.is_finished()
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

#[cfg(unix)]
impl<T> std::os::unix::thread::JoinHandleExt for JoinHandle<T> {
    fn as_pthread_t(&self) -> std::os::unix::thread::RawPthread {
        self.inner.as_pthread_t()
    }

    fn into_pthread_t(self) -> std::os::unix::thread::RawPthread {
        self.inner.into_pthread_t()
    }
}
