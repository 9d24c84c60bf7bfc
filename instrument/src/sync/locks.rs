//! The lock inside of what is no lock itself: of a queue, a pool, an event. It is not recorded. Whatever panics under it has
//! changed nothing or all, so poison says nothing.

use std::ops::DerefMut;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::patience::Patience;

/// A lock and condition variables to wait with. What is written for any is explored by loom as it ships.
pub(crate) trait Locks: Sized + 'static {
    /// The lock.
    type Mutex<T>;
    /// The lock, held.
    type Guard<'a, T: 'a>: DerefMut<Target = T>;
    /// The condition variable.
    type Condvar;

    fn mutex<T>(value: T) -> Self::Mutex<T>;

    fn condvar() -> Self::Condvar;

    fn lock<'a, T: 'a>(mutex: &'a Self::Mutex<T>) -> Self::Guard<'a, T>;

    /// May return for no reason.
    fn wait<'a, T: 'a>(condvar: &Self::Condvar, guard: Self::Guard<'a, T>) -> Self::Guard<'a, T>;

    /// The same. Also tells whether there was time left to wait.
    fn wait_until<'a, T: 'a>(
        condvar: &Self::Condvar,
        guard: Self::Guard<'a, T>,
        deadline: Instant,
    ) -> (Self::Guard<'a, T>, bool);

    fn notify_one(condvar: &Self::Condvar);

    fn notify_all(condvar: &Self::Condvar);

    /// Waits until `has_come` holds or the patience is at its end; who needs to know which asks again, still under the lock.
    fn wait_for<'a, T: 'a>(
        condvar: &Self::Condvar,
        mut guard: Self::Guard<'a, T>,
        patience: Patience,
        has_come: impl Fn(&T) -> bool,
    ) -> Self::Guard<'a, T> {
        let mut in_time = true;
        while in_time && !has_come(&guard) {
            (guard, in_time) = match patience {
                Patience::None => (guard, false),
                Patience::Until(deadline) => Self::wait_until(condvar, guard, deadline),
                Patience::Endless => (Self::wait(condvar, guard), true),
            };
        }
        guard
    }
}

/// Those of std.
pub(crate) enum Std {}

impl Locks for Std {
    type Mutex<T> = Mutex<T>;
    type Guard<'a, T: 'a> = MutexGuard<'a, T>;
    type Condvar = Condvar;

    fn mutex<T>(value: T) -> Mutex<T> {
        Mutex::new(value)
    }

    fn condvar() -> Condvar {
        Condvar::new()
    }

    fn lock<'a, T: 'a>(mutex: &'a Mutex<T>) -> MutexGuard<'a, T> {
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a, T: 'a>(condvar: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        condvar.wait(guard).unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_until<'a, T: 'a>(
        condvar: &Condvar,
        guard: MutexGuard<'a, T>,
        deadline: Instant,
    ) -> (MutexGuard<'a, T>, bool) {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return (guard, false);
        }
        let (guard, _) = condvar.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner);
        (guard, true)
    }

    fn notify_one(condvar: &Condvar) {
        condvar.notify_one();
    }

    fn notify_all(condvar: &Condvar) {
        condvar.notify_all();
    }
}
