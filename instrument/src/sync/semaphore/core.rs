//! What a semaphore does: each operation and its event are one step, under the semaphore's lock.

use std::mem;
use std::sync::{Condvar, Mutex};

use super::Overfull;
use super::state::{State, Wake};
use crate::engine::{How, Mode, Object, Site, Supply};
use crate::sync::{Locks, Patience, Std};

/// A semaphore.
pub(super) struct Core<L: Locks = Std> {
    object: Object,
    is_bounded: bool,
    state: L::Mutex<State>,
    /// Permits were given.
    released: L::Condvar,
}

impl Core {
    pub(super) const fn new(object: Object, permits: u32, is_bounded: bool) -> Self {
        let state = State::new(permits, if is_bounded { permits } else { u32::MAX });
        Self { object, is_bounded, state: Mutex::new(state), released: Condvar::new() }
    }
}

impl<L: Locks> Core<L> {
    #[cfg(all(test, not(miri)))]
    pub(super) fn modelled(object: Object, permits: u32) -> Self {
        Self { object, is_bounded: false, state: L::mutex(State::new(permits, u32::MAX)), released: L::condvar() }
    }

    pub(super) fn available(&self) -> u32 {
        self.lock().available()
    }

    #[cfg(test)]
    pub(super) fn waiting(&self) -> u32 {
        self.lock().waiting()
    }

    /// Takes `n` permits, at least one, if there are so many in time; whether there were.
    pub(super) fn take(&self, n: u32, patience: Patience, site: Site) -> bool {
        let mut state = self.lock();
        if !state.has(n) {
            state = match patience {
                Patience::None => state,
                Patience::Until(_) => self.wait_meanwhile(state, n, patience),
                Patience::Endless => self.wait(state, n, site),
            };
        }
        if !state.has(n) {
            self.object.try_failed(Mode::Write, site);
            return false;
        }
        self.object.permits_taken(n, how(patience), site);
        state.take(n);
        self.publish(&state);
        true
    }

    /// Returns with the lock, under which they are taken.
    #[cold]
    fn wait<'a>(&'a self, mut state: L::Guard<'a, State>, n: u32, site: Site) -> L::Guard<'a, State> {
        let waiting = Waiting::enter(self, &mut state, n);
        drop(state);
        let blocked = self.object.blocked_on_permits(n, site);
        let mut state = L::wait_for(&self.released, self.lock(), Patience::Endless, |state| state.has(n));
        // Before others can see that what it waits for is gone again.
        drop(blocked);
        waiting.end(&mut state);
        state
    }

    /// Not for ever, so that nobody needs to know.
    fn wait_meanwhile<'a>(&'a self, mut state: L::Guard<'a, State>, n: u32, patience: Patience) -> L::Guard<'a, State> {
        let waiting = Waiting::enter(self, &mut state, n);
        let mut state = L::wait_for(&self.released, state, patience, |state| state.has(n));
        waiting.end(&mut state);
        state
    }

    /// Gives `n` permits, at least one.
    pub(super) fn give(&self, n: u32, site: Option<Site>) -> Result<(), Overfull> {
        let mut state = self.lock();
        if !state.has_room(n) {
            // What no bound forbids is no mistake that a trace could show.
            if self.is_bounded {
                self.object.permits_given(n, site);
            }
            return Err(Overfull);
        }
        self.object.permits_given(n, site);
        let wake = state.give(n);
        self.publish(&state);
        drop(state);
        match wake {
            Wake::Nobody => {}
            Wake::One => L::notify_one(&self.released),
            Wake::All => L::notify_all(&self.released),
        }
        Ok(())
    }

    fn publish(&self, state: &State) {
        self.object.publish_supply(Supply { available: state.available(), least_wanted: state.least_wanted() });
    }

    fn lock(&self) -> L::Guard<'_, State> {
        L::lock(&self.state)
    }
}

/// How permits are recorded to be taken by whom would have waited so.
const fn how(patience: Patience) -> How {
    match patience {
        Patience::None => How::Try,
        Patience::Until(_) => How::Timed,
        Patience::Endless => How::Lock,
    }
}

/// A thread that has asked for permits and not got them.
struct Waiting<'a, L: Locks> {
    of: &'a Core<L>,
    n: u32,
}

impl<'a, L: Locks> Waiting<'a, L> {
    fn enter(of: &'a Core<L>, state: &mut State, n: u32) -> Self {
        state.enter(n);
        of.publish(state);
        Self { of, n }
    }

    fn end(self, state: &mut State) {
        state.leave(self.n);
        mem::forget(self);
    }
}

/// The announcement of the wait panicked.
impl<L: Locks> Drop for Waiting<'_, L> {
    fn drop(&mut self) {
        self.of.lock().leave(self.n);
    }
}
