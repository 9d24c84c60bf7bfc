//! The locks of a pool, which are not recorded themselves. No code of the user's runs under them, so poison says nothing.

use std::sync::PoisonError;
use std::time::Instant;

pub(super) use std::sync::{Condvar, Mutex, MutexGuard as Guard};

pub(super) fn lock<T>(mutex: &Mutex<T>) -> Guard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn wait<'a, T>(condvar: &Condvar, guard: Guard<'a, T>) -> Guard<'a, T> {
    condvar.wait(guard).unwrap_or_else(PoisonError::into_inner)
}

/// Also tells whether there is time left.
pub(super) fn wait_until<'a, T>(condvar: &Condvar, guard: Guard<'a, T>, deadline: Instant) -> (Guard<'a, T>, bool) {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return (guard, false);
    }
    let (guard, _) = condvar.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner);
    (guard, true)
}
