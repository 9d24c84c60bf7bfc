//! An event: a flag to wait for.

use std::any::type_name;
use std::fmt;
use std::panic::Location;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::label::Label;
use crate::engine::{Kind, Object, Site};

/// A flag that threads wait for until it is set: Python's `threading.Event`. std has none.
///
/// ```
/// use lockhound::sync::Event;
/// use lockhound::thread;
///
/// static START: Event = Event::new();
///
/// let runners: Vec<_> = (0..2).map(|_| thread::spawn(|| START.wait())).collect();
/// START.set();
/// for runner in runners {
///     runner.join().unwrap();
/// }
/// assert!(START.is_set());
/// ```
///
/// It stays set until it is [`clear`](Self::clear)ed. Setting it wakes all threads that wait at that moment; they go on
/// also if it is cleared at once.
///
/// # What is recorded
/// Each `set` and `clear`, each wait that returned because the event was set, and each [`is_set`](Self::is_set) that said
/// yes: its thread comes after the `set`, as if it had waited. Of a wait whose time ran out, and of an `is_set` that said no, nothing.
pub struct Event {
    object: Object,
    state: Mutex<State>,
    /// The event was set.
    set: Condvar,
    /// All are gone whom that woke.
    passed: Condvar,
}

struct State {
    is_set: bool,
    /// How often it has been set.
    times: u64,
    /// Threads that wait for it to be set.
    waiting: usize,
    /// Threads that waited when it was set, and have not gone on yet.
    leaving: usize,
}

impl Event {
    /// An event that is not set.
    #[must_use]
    #[track_caller]
    pub const fn new() -> Self {
        Self::with_object(Self::object())
    }

    #[track_caller]
    pub(crate) const fn labelled(label: Label) -> Self {
        Self::with_object(label.on(Self::object()))
    }

    #[track_caller]
    const fn object() -> Object {
        Object::new(Kind::Flag { set: false }, type_name::<()>)
    }

    const fn with_object(object: Object) -> Self {
        Self {
            object,
            state: Mutex::new(State { is_set: false, times: 0, waiting: 0, leaving: 0 }),
            set: Condvar::new(),
            passed: Condvar::new(),
        }
    }

    /// Sets the event and wakes all threads that wait for it.
    #[track_caller]
    pub fn set(&self) {
        let mut state = self.lock();
        self.object.flag_set(Location::caller());
        state.is_set = true;
        state.times += 1;
        state.leaving += std::mem::take(&mut state.waiting);
        let anybody = state.leaving > 0;
        drop(state);
        if anybody {
            self.set.notify_all();
        }
    }

    /// Makes those wait who come from here on.
    ///
    /// Threads that have just been woken go on first; `clear` waits for them to do so, which takes them no longer than to
    /// wake up.
    #[track_caller]
    pub fn clear(&self) {
        let mut state = self.lock();
        // Else a wait would be recorded to have returned from an event that is not set.
        while state.leaving > 0 {
            state = self.passed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        self.object.flag_cleared(Location::caller());
        state.is_set = false;
    }

    /// Whether the event is set. Where it is, what happened before it was set has happened for the caller.
    #[must_use]
    #[track_caller]
    pub fn is_set(&self) -> bool {
        let state = self.lock();
        if state.is_set {
            self.object.flag_awaited(Location::caller());
        }
        state.is_set
    }

    /// Waits until the event is set; returns at once if it is.
    #[track_caller]
    pub fn wait(&self) {
        let site = Location::caller();
        let state = self.lock();
        if state.is_set {
            return self.object.flag_awaited(site);
        }
        drop(state);
        let blocked = self.object.blocked_on_await(site);
        let state = self.lock();
        if state.is_set {
            drop(blocked);
            return self.object.flag_awaited(site);
        }
        let mut state = state;
        let times = state.enter();
        while state.times == times {
            state = self.set.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        // Before the event can be cleared.
        drop(blocked);
        self.go_on(state, site);
    }

    /// Waits until the event is set, but no longer than `timeout`; whether it was set.
    #[must_use = "it may not be set"]
    #[track_caller]
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        let site = Location::caller();
        // A time beyond all clocks is no limit.
        let Some(end) = Instant::now().checked_add(timeout) else {
            self.wait();
            return true;
        };
        let mut state = self.lock();
        if state.is_set {
            self.object.flag_awaited(site);
            return true;
        }
        let times = state.enter();
        while state.times == times {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                state.waiting -= 1;
                return false;
            }
            state = self.set.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        self.go_on(state, site);
        true
    }

    /// A thread that waited when the event was set goes on.
    fn go_on(&self, mut state: MutexGuard<'_, State>, site: Site) {
        self.object.flag_awaited(site);
        state.leaving -= 1;
        if state.leaving == 0 {
            self.passed.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// One more waits; how often the event has been set before.
    fn enter(&mut self) -> u64 {
        self.waiting += 1;
        self.times
    }
}

impl Default for Event {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

/// Says whether the event is set, which is not recorded here.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("is_set", &self.lock().is_set).finish()
    }
}
