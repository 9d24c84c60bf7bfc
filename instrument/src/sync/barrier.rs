//! A barrier that records.

use std::any::type_name;
use std::fmt;
use std::panic::Location;
use std::sync::{Condvar, Mutex, MutexGuard};

use super::label::Label;
use super::{Locks, Patience, Std};
use crate::engine::{Kind, Object, Site};

/// [`std::sync::Barrier`], recorded.
///
/// Who belongs to which generation is decided in one step with the event, which std's barrier does not allow. So this one
/// is a count behind a lock, as std's is.
///
/// ```
/// use lockhound::sync::Barrier;
/// use lockhound::thread;
///
/// let barrier = Barrier::new(3);
/// let leaders = thread::scope(|s| {
///     let threads = [(); 3].map(|()| s.spawn(|| barrier.wait().is_leader()));
///     threads.map(|thread| thread.join().unwrap()).into_iter().filter(|&leader| leader).count()
/// });
/// assert_eq!(leaders, 1);
/// ```
pub struct Barrier {
    object: Object,
    parties: usize,
    state: Mutex<State>,
    opened: Condvar,
}

struct State {
    arrived: usize,
    /// Of them, those that wait; less one that panicked instead.
    waiting: usize,
    generation: usize,
}

/// Whether a thread was the one that opened a [`Barrier`]. See [`std::sync::BarrierWaitResult`], which cannot be made
/// from outside std.
pub struct BarrierWaitResult(bool);

impl Barrier {
    /// A barrier for `n` threads. See [`std::sync::Barrier::new`].
    #[inline]
    #[must_use]
    #[track_caller]
    pub const fn new(n: usize) -> Self {
        Self::with_object(Self::object(n), n)
    }

    #[track_caller]
    pub(super) const fn labelled(label: Label, n: usize) -> Self {
        Self::with_object(label.on(Self::object(n)), n)
    }

    #[track_caller]
    const fn object(n: usize) -> Object {
        let parties = if n > u32::MAX as usize { None } else { Some(n as u32) };
        Object::new(Kind::Barrier { parties }, type_name::<()>)
    }

    const fn with_object(object: Object, parties: usize) -> Self {
        Self {
            object,
            parties,
            state: Mutex::new(State { arrived: 0, waiting: 0, generation: 0 }),
            opened: Condvar::new(),
        }
    }

    /// Waits until as many threads have come as the barrier is for. See [`std::sync::Barrier::wait`].
    #[track_caller]
    pub fn wait(&self) -> BarrierWaitResult {
        let site = Location::caller();
        let mut state = self.lock();
        let recorded = self.object.arrived(site);
        state.arrived += 1;
        if state.arrived < self.parties {
            self.wait_for_others(state, recorded, site);
            return BarrierWaitResult(false);
        }
        self.object.opened(state.waiting);
        (state.arrived, state.waiting) = (0, 0);
        state.generation = state.generation.wrapping_add(1);
        if recorded {
            self.object.passed(site);
        }
        drop(state);
        self.opened.notify_all();
        BarrierWaitResult(true)
    }

    fn wait_for_others<'a>(&'a self, mut state: MutexGuard<'a, State>, recorded: bool, site: Site) {
        let waiting = Waiting { barrier: self, generation: state.generation };
        state.waiting += 1;
        let blocked = if recorded {
            drop(state);
            let blocked = self.object.blocked_on_pass(site);
            state = self.lock();
            Some(blocked)
        } else {
            None
        };
        let is_over = |state: &State| state.generation != waiting.generation;
        let mut state = Std::wait_for(&self.opened, state, Patience::Endless, is_over);
        drop(blocked);
        waiting.end(&mut state);
        if recorded {
            self.object.passed(site);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        Std::lock(&self.state)
    }
}

/// A thread that has arrived and not passed.
struct Waiting<'a> {
    barrier: &'a Barrier,
    generation: usize,
}

impl Waiting<'_> {
    fn end(self, state: &mut State) {
        self.leave(state);
        std::mem::forget(self);
    }

    fn leave(&self, state: &mut State) {
        if state.generation == self.generation {
            state.waiting -= 1;
        } else {
            self.barrier.object.awake();
        }
    }
}

/// The announcement of the wait panicked. That the thread arrived cannot be undone.
impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.leave(&mut self.barrier.lock());
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier").finish_non_exhaustive()
    }
}

impl BarrierWaitResult {
    /// Whether this is the one thread of its generation that is called the leader. See
    /// [`std::sync::BarrierWaitResult::is_leader`].
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.0
    }
}

impl fmt::Debug for BarrierWaitResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BarrierWaitResult").field("is_leader", &self.is_leader()).finish()
    }
}
