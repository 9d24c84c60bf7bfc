//! What an event does: each operation and what is recorded of it are one step, under the event's lock.

use std::sync::atomic::Ordering;
use std::sync::{Condvar, Mutex};

use super::state::State;
use crate::engine::{Object, Site};
use crate::sync::atomic::AtomicBool;
use crate::sync::{Locks, Patience, Std};

/// An event.
pub(super) struct Core<L: Locks = Std> {
    object: Object,
    /// What a look sees: what `state` says, under its lock. An await in its place could be taken for one that may hang; and
    /// what a thread does depends on what it has seen, be it no.
    is_set: AtomicBool,
    state: L::Mutex<State>,
    /// The event was set.
    set: L::Condvar,
    /// All are gone whom that woke.
    passed: L::Condvar,
}

impl Core {
    pub(super) const fn new(object: Object, is_set: AtomicBool) -> Self {
        Self { object, is_set, state: Mutex::new(State::new()), set: Condvar::new(), passed: Condvar::new() }
    }
}

/// Looks are recorded at the place of the caller, all else at `site`.
impl<L: Locks> Core<L> {
    #[cfg(all(test, not(miri)))]
    pub(super) fn modelled(object: Object, is_set: AtomicBool) -> Self {
        Self { object, is_set, state: L::mutex(State::new()), set: L::condvar(), passed: L::condvar() }
    }

    #[track_caller]
    pub(super) fn set(&self, site: Site) {
        let mut state = self.lock();
        self.object.flag_set(site);
        self.is_set.store(true, Ordering::Release);
        let anybody = state.set();
        drop(state);
        if anybody {
            L::notify_all(&self.set);
        }
    }

    #[track_caller]
    pub(super) fn clear(&self, site: Site) {
        // Else a wait would be recorded to have returned from an event that is not set.
        let mut state = L::wait_for(&self.passed, self.lock(), Patience::Endless, State::may_clear);
        self.object.flag_cleared(site);
        self.is_set.store(false, Ordering::Release);
        state.clear();
    }

    /// Looks.
    #[track_caller]
    pub(super) fn is_set(&self) -> bool {
        let _state = self.lock();
        self.is_set.load(Ordering::Acquire)
    }

    /// The same, of which nothing is recorded.
    pub(super) fn is_set_unseen(&self) -> bool {
        self.lock().is_set()
    }

    pub(super) fn wait(&self, site: Site) {
        let state = self.lock();
        if state.is_set() {
            return self.object.flag_awaited(site);
        }
        drop(state);
        let blocked = self.object.blocked_on_await(site);
        let mut state = self.lock();
        if state.is_set() {
            drop(blocked);
            return self.object.flag_awaited(site);
        }
        let turn = state.enter();
        let state = L::wait_for(&self.set, state, Patience::Endless, |state| state.has_come(turn));
        // Before the event can be cleared.
        drop(blocked);
        self.object.flag_awaited(site);
        self.go_on(state);
    }

    /// Waits, but not for ever, and looks.
    #[track_caller]
    pub(super) fn wait_meanwhile(&self, patience: Patience) -> bool {
        let mut state = self.lock();
        if state.is_set() {
            return self.is_set.load(Ordering::Acquire);
        }
        let turn = state.enter();
        let mut state = L::wait_for(&self.set, state, patience, |state| state.has_come(turn));
        let is_set = self.is_set.load(Ordering::Acquire);
        if state.has_come(turn) {
            self.go_on(state);
        } else {
            state.give_up();
        }
        is_set
    }

    /// A thread that waited when the event was set goes on.
    fn go_on(&self, mut state: L::Guard<'_, State>) {
        if state.go_on() {
            L::notify_all(&self.passed);
        }
    }

    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.lock().waiting()
    }

    fn lock(&self) -> L::Guard<'_, State> {
        L::lock(&self.state)
    }
}
