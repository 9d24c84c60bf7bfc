//! Handles to threads.

use std::cell::OnceCell;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::thread::ThreadId;

use super::park::ParkToken;
use crate::engine;

/// [`std::thread::Thread`], recorded: a handle by which a thread is told from others, and unparked.
#[derive(Clone)]
pub struct Thread {
    inner: std::thread::Thread,
    /// None if nothing was recorded when the handle was made.
    token: Option<Arc<ParkToken>>,
}

impl Thread {
    pub(super) const fn new(inner: std::thread::Thread, token: Option<Arc<ParkToken>>) -> Self {
        Self { inner, token }
    }

    /// What no other thread of the process has or had. See [`std::thread::Thread::id`].
    #[must_use]
    pub fn id(&self) -> ThreadId {
        self.inner.id()
    }

    /// Its name, if it was given one. See [`std::thread::Thread::name`].
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.inner.name()
    }

    /// Makes the thread's current or next [`park`](super::park) return. See [`std::thread::Thread::unpark`].
    #[track_caller]
    pub fn unpark(&self) {
        match &self.token {
            Some(token) if engine::is_on() => token.give(&self.inner, Location::caller()),
            _ => self.inner.unpark(),
        }
    }
}

impl fmt::Debug for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

thread_local!(static MY_TOKEN: OnceCell<Arc<ParkToken>> = const { OnceCell::new() });

/// A handle to the calling thread, whoever spawned it. See [`std::thread::current`].
#[must_use]
pub fn current() -> Thread {
    Thread::new(std::thread::current(), engine::is_on().then(my_token))
}

/// The calling thread's token. In a thread whose locals are gone, one that nobody else has: parking works, but is not
/// recorded as ended by an unpark.
pub(super) fn my_token() -> Arc<ParkToken> {
    MY_TOKEN.try_with(|token| Arc::clone(token.get_or_init(Arc::default))).unwrap_or_default()
}

/// Makes `token` the calling thread's, which must not have asked for one before.
pub(super) fn adopt(token: Arc<ParkToken>) {
    // Both errors are impossible in a thread that only begins; with them it would just have a token of its own.
    let _ = MY_TOKEN.try_with(|mine| mine.set(token));
}
