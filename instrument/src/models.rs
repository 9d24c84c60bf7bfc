//! What the models of our own code stand on: loom, which runs a few threads in every interleaving, up to a bound.

use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

use loom::sync::{Condvar, Mutex, MutexGuard};

use crate::sync::Locks;

/// Runs a model in all interleavings with at most so many preemptions.
pub(crate) fn explore(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

/// A time that is over.
pub(crate) fn past() -> Instant {
    Instant::now()
}

/// A time that never comes.
pub(crate) fn future() -> Instant {
    Instant::now() + Duration::from_secs(3600)
}

/// Locks whose every order is tried.
pub(crate) enum Loom {}

pub(crate) struct Guard<'a, T> {
    mutex: &'a Mutex<T>,
    guard: MutexGuard<'a, T>,
}

impl Locks for Loom {
    type Mutex<T> = Mutex<T>;
    type Guard<'a, T: 'a> = Guard<'a, T>;
    type Condvar = Condvar;

    fn mutex<T>(value: T) -> Mutex<T> {
        Mutex::new(value)
    }

    fn condvar() -> Condvar {
        Condvar::new()
    }

    fn lock<'a, T: 'a>(mutex: &'a Mutex<T>) -> Guard<'a, T> {
        Guard { mutex, guard: mutex.lock().expect("loom does not poison") }
    }

    fn wait<'a, T: 'a>(condvar: &Condvar, Guard { mutex, guard }: Guard<'a, T>) -> Guard<'a, T> {
        Guard { mutex, guard: condvar.wait(guard).expect("loom does not poison") }
    }

    /// Time stands still: what is [past] is over after others have had their turn, as after a wait; the [future] never comes.
    fn wait_until<'a, T: 'a>(condvar: &Condvar, held: Guard<'a, T>, deadline: Instant) -> (Guard<'a, T>, bool) {
        if deadline > Instant::now() {
            return (Self::wait(condvar, held), true);
        }
        let Guard { mutex, guard } = held;
        drop(guard);
        (Self::lock(mutex), false)
    }

    fn notify_one(condvar: &Condvar) {
        condvar.notify_one();
    }

    fn notify_all(condvar: &Condvar) {
        condvar.notify_all();
    }
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}
