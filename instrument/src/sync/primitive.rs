//! The lock of a channel or queue, which is not recorded itself. No code of the user's runs under it, so poison says
//! nothing.

use std::ops::DerefMut;
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

/// A lock and condition variables to wait with. What is written for any can be tested with those of a model.
pub(super) trait Locks: Sized + 'static {
    /// The lock.
    type Mutex<T>;
    /// The lock, held.
    type Guard<'a, T: 'a>: DerefMut<Target = T>;
    /// The condition variable.
    type Condvar;

    fn lock<'a, T: 'a>(mutex: &'a Self::Mutex<T>) -> Self::Guard<'a, T>;

    fn wait<'a, T: 'a>(condvar: &Self::Condvar, guard: Self::Guard<'a, T>) -> Self::Guard<'a, T>;

    /// Also tells whether there is time left.
    fn wait_until<'a, T: 'a>(
        condvar: &Self::Condvar,
        guard: Self::Guard<'a, T>,
        deadline: Instant,
    ) -> (Self::Guard<'a, T>, bool);

    fn notify_one(condvar: &Self::Condvar);

    fn notify_all(condvar: &Self::Condvar);
}

/// Those of std.
pub(super) enum Std {}

impl Locks for Std {
    type Mutex<T> = Mutex<T>;
    type Guard<'a, T: 'a> = Guard<'a, T>;
    type Condvar = Condvar;

    fn lock<'a, T: 'a>(mutex: &'a Mutex<T>) -> Guard<'a, T> {
        lock(mutex)
    }

    fn wait<'a, T: 'a>(condvar: &Condvar, guard: Guard<'a, T>) -> Guard<'a, T> {
        wait(condvar, guard)
    }

    fn wait_until<'a, T: 'a>(condvar: &Condvar, guard: Guard<'a, T>, deadline: Instant) -> (Guard<'a, T>, bool) {
        wait_until(condvar, guard, deadline)
    }

    fn notify_one(condvar: &Condvar) {
        condvar.notify_one();
    }

    fn notify_all(condvar: &Condvar) {
        condvar.notify_all();
    }
}
