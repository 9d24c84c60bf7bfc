//! Spawning threads.

use std::fmt;
use std::io;
use std::panic::Location;

use super::child::Unborn;
use super::join_handle::JoinHandle;
use super::scope::{Scope, ScopedJoinHandle};
use crate::engine::{self, Site};

/// Runs `f` in a new thread. See [`std::thread::spawn`].
///
/// # Panics
/// If the operating system refuses the thread; [`Builder::spawn`] returns that as an error.
///
/// ```
/// use lockhound::thread;
///
/// let answer = thread::spawn(|| 6 * 7);
/// assert_eq!(answer.join().unwrap(), 42);
/// ```
#[track_caller]
pub fn spawn<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    Builder::new().spawn(f).expect("failed to spawn thread")
}

/// [`std::thread::Builder`], recorded: gives a thread its name and stack size.
///
/// ```
/// use lockhound::thread;
///
/// let worker = thread::Builder::new().name("worker".into()).spawn(|| {
///     assert_eq!(thread::current().name(), Some("worker"));
/// })?;
/// worker.join().unwrap();
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "must eventually spawn the thread"]
pub struct Builder {
    inner: std::thread::Builder,
    /// Std's builder does not tell the name that it was given.
    name: Option<String>,
}

/// What the recorder may need of a thread's stack, in bytes, above all to walk it.
const RECORDERS_SHARE: usize = 64 << 10;

#[expect(clippy::new_without_default, reason = "std's has none either")]
impl Builder {
    /// A thread without a name, with a stack of the usual size. See [`std::thread::Builder::new`].
    pub fn new() -> Self {
        Self { inner: std::thread::Builder::new(), name: None }
    }

    /// Names the thread, also in reports. See [`std::thread::Builder::name`].
    pub fn name(self, name: String) -> Self {
        Self { inner: self.inner.name(name.clone()), name: Some(name) }
    }

    /// Sets the stack's size in bytes. See [`std::thread::Builder::stack_size`].
    ///
    /// While recording, the thread gets 64 KiB more, so that the recorder takes nothing of what the
    /// thread needs.
    pub fn stack_size(self, size: usize) -> Self {
        let size = if engine::is_on() { size.saturating_add(RECORDERS_SHARE) } else { size };
        Self { inner: self.inner.stack_size(size), name: self.name }
    }

    /// Runs `f` in a new thread. See [`std::thread::Builder::spawn`].
    ///
    /// # Errors
    /// If the operating system refuses the thread.
    ///
    /// # Panics
    /// If the name contains a null byte.
    #[track_caller]
    pub fn spawn<F, T>(self, f: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let unborn = self.announce(Location::caller());
        self.spawn_announced(unborn, f)
    }

    pub(super) fn spawn_announced<F, T>(self, unborn: Unborn, f: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let birth = unborn.birth();
        let handle = self.inner.spawn(move || {
            birth.begin();
            f()
        })?;
        Ok(JoinHandle::new(unborn.born(handle.thread()), handle))
    }

    /// Runs `f` in a new thread, whatever it borrows. See [`std::thread::Builder::spawn_unchecked`].
    ///
    /// # Errors
    /// If the operating system refuses the thread.
    ///
    /// # Panics
    /// If the name contains a null byte.
    ///
    /// # Safety
    /// The caller must see to it that the thread does not outlive what `f` and its result borrow: it must be joined
    /// before, or use them no more.
    #[track_caller]
    pub unsafe fn spawn_unchecked<F, T>(self, f: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send,
        T: Send,
    {
        let unborn = self.announce(Location::caller());
        let birth = unborn.birth();
        let begin = move || {
            birth.begin();
            f()
        };
        // SAFETY: `begin` borrows nothing but what `f` does, for which the caller vouches.
        let handle = unsafe { self.inner.spawn_unchecked(begin) }?;
        Ok(JoinHandle::new(unborn.born(handle.thread()), handle))
    }

    /// Runs `f` in a new thread that ends before its scope does. See [`std::thread::Builder::spawn_scoped`].
    ///
    /// # Errors
    /// If the operating system refuses the thread.
    ///
    /// # Panics
    /// If the name contains a null byte.
    #[track_caller]
    pub fn spawn_scoped<'scope, 'env, F, T>(
        self,
        scope: &'scope Scope<'scope, 'env>,
        f: F,
    ) -> io::Result<ScopedJoinHandle<'scope, T>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let unborn = self.announce(Location::caller());
        scope.spawn_with(self.inner, unborn, f)
    }

    fn announce(&self, site: Site) -> Unborn {
        Unborn::new(self.name.as_deref(), site)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
