//! Waiting for a thread's end.

use std::fmt;
use std::panic::Location;
use std::thread::Result;

use super::child::{Child, End};
use super::handle::Thread;

/// [`std::thread::JoinHandle`], recorded: owns the right to join a thread; dropping it detaches the thread.
pub struct JoinHandle<T> {
    inner: std::thread::JoinHandle<T>,
    thread: Thread,
    end: End,
}

impl<T> JoinHandle<T> {
    pub(super) fn new(child: Child, inner: std::thread::JoinHandle<T>) -> Self {
        Self { inner, thread: child.thread, end: child.end }
    }

    pub(super) fn end(&self) -> End {
        self.end.clone()
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
        self.end.join(Location::caller(), || self.inner.join())
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
