//! A condition variable that records.

use std::any::type_name;
use std::fmt;
use std::panic::Location;
use std::sync::{LockResult, PoisonError, WaitTimeoutResult};
use std::time::{Duration, Instant};

use super::mutex::MutexGuard;
use crate::engine::{How, Kind, Object};

/// [`std::sync::Condvar`], recorded, for the recorded [`Mutex`](super::Mutex).
///
/// A wait with a predicate is recorded as the plain waits it consists of. A predicate is lent the data for writing, so
/// each hold in which it ran counts as one that looked and wrote.
///
/// ```
/// use lockhound::sync::{Condvar, Mutex};
/// use lockhound::thread;
///
/// let (ready, changed) = (Mutex::new(false), Condvar::new());
/// thread::scope(|s| {
///     s.spawn(|| {
///         *ready.lock().unwrap() = true;
///         changed.notify_one();
///     });
///     let ready = changed.wait_while(ready.lock().unwrap(), |ready| !*ready).unwrap();
///     assert!(*ready);
/// });
/// ```
pub struct Condvar {
    object: Object,
    inner: std::sync::Condvar,
}

impl Condvar {
    /// A condition variable for which nobody waits. See [`std::sync::Condvar::new`].
    #[inline]
    #[must_use]
    #[track_caller]
    pub const fn new() -> Self {
        Self::with_object(Object::new(Kind::Condvar, type_name::<()>))
    }

    pub(crate) const fn with_object(object: Object) -> Self {
        Self { object, inner: std::sync::Condvar::new() }
    }

    /// Releases the lock and waits in one step; the lock is held again when it returns. May return without a
    /// notification. See [`std::sync::Condvar::wait`].
    ///
    /// # Errors
    /// If the mutex is poisoned; the error carries the guard.
    #[track_caller]
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        let site = Location::caller();
        let (hold, inner) = guard.into_parts();
        let (lock, touched) = hold.end_unrecorded();
        let blocked = self.object.waiting(lock, touched, How::Lock, site);
        let result = self.inner.wait(inner);
        drop(blocked);
        self.object.woken(lock, false, site);
        MutexGuard::wrap(lock, result)
    }

    /// Waits as long as `condition` holds. See [`std::sync::Condvar::wait_while`].
    ///
    /// # Errors
    /// If the mutex is poisoned; the error carries the guard.
    #[track_caller]
    pub fn wait_while<'a, T, F>(&self, mut guard: MutexGuard<'a, T>, mut condition: F) -> LockResult<MutexGuard<'a, T>>
    where
        F: FnMut(&mut T) -> bool,
    {
        while holds(&mut condition, &mut guard) {
            guard = self.wait(guard)?;
        }
        Ok(guard)
    }

    /// Waits for at most `ms` milliseconds; false if the time was up. See [`std::sync::Condvar::wait_timeout_ms`].
    ///
    /// # Errors
    /// If the mutex is poisoned; the error carries the guard.
    #[deprecated(since = "0.1.0", note = "replaced by `wait_timeout`, as in std")]
    #[track_caller]
    pub fn wait_timeout_ms<'a, T>(&self, guard: MutexGuard<'a, T>, ms: u32) -> LockResult<(MutexGuard<'a, T>, bool)> {
        match self.wait_timeout(guard, Duration::from_millis(u64::from(ms))) {
            Ok((guard, result)) => Ok((guard, !result.timed_out())),
            Err(poisoned) => {
                let (guard, result) = poisoned.into_inner();
                Err(PoisonError::new((guard, !result.timed_out())))
            }
        }
    }

    /// Waits for at most `duration`. See [`std::sync::Condvar::wait_timeout`].
    ///
    /// # Errors
    /// If the mutex is poisoned; the error carries the guard and the result.
    #[track_caller]
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        duration: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let site = Location::caller();
        let (hold, inner) = guard.into_parts();
        let (lock, touched) = hold.end_unrecorded();
        let blocked = self.object.waiting(lock, touched, How::Timed, site);
        let (inner, result) = match self.inner.wait_timeout(inner, duration) {
            Ok((inner, result)) => (Ok(inner), result),
            Err(poisoned) => {
                let (inner, result) = poisoned.into_inner();
                (Err(PoisonError::new(inner)), result)
            }
        };
        drop(blocked);
        self.object.woken(lock, result.timed_out(), site);
        with_result(MutexGuard::wrap(lock, inner), result)
    }

    /// Waits for at most `duration` as long as `condition` holds. See [`std::sync::Condvar::wait_timeout_while`].
    ///
    /// # Errors
    /// If the mutex is poisoned; the error carries the guard and the result.
    #[track_caller]
    pub fn wait_timeout_while<'a, T, F>(
        &self,
        mut guard: MutexGuard<'a, T>,
        duration: Duration,
        mut condition: F,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)>
    where
        F: FnMut(&mut T) -> bool,
    {
        let start = Instant::now();
        while holds(&mut condition, &mut guard) {
            let Some(rest) = duration.checked_sub(start.elapsed()) else {
                return Ok((guard, outcome(true)));
            };
            guard = self.wait_timeout(guard, rest)?.0;
        }
        Ok((guard, outcome(false)))
    }

    /// Wakes one waiting thread, if any. See [`std::sync::Condvar::notify_one`].
    #[track_caller]
    pub fn notify_one(&self) {
        self.object.notifying(false, Location::caller());
        self.inner.notify_one();
    }

    /// Wakes all waiting threads. See [`std::sync::Condvar::notify_all`].
    #[track_caller]
    pub fn notify_all(&self) {
        self.object.notifying(true, Location::caller());
        self.inner.notify_all();
    }
}

impl Default for Condvar {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// Asks the predicate, which surely looks and may write.
fn holds<T>(condition: &mut impl FnMut(&mut T) -> bool, guard: &mut MutexGuard<'_, T>) -> bool {
    let _: &T = guard;
    condition(guard)
}

fn with_result<G, R>(guard: LockResult<G>, result: R) -> LockResult<(G, R)> {
    match guard {
        Ok(guard) => Ok((guard, result)),
        Err(poisoned) => Err(PoisonError::new((poisoned.into_inner(), result))),
    }
}

/// A result of std's: it has no constructor, but a wait that cannot last yields either.
fn outcome(timed_out: bool) -> WaitTimeoutResult {
    let nothing = std::sync::Mutex::new(());
    let held = nothing.lock().unwrap_or_else(PoisonError::into_inner);
    let waited = std::sync::Condvar::new().wait_timeout_while(held, Duration::ZERO, |()| timed_out);
    waited.unwrap_or_else(PoisonError::into_inner).1
}
