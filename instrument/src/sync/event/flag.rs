//! The event itself.

use std::any::type_name;
use std::fmt;
use std::panic::Location;
use std::time::Duration;

use super::core::Core;
use crate::engine::{Kind, Object};
use crate::sync::Patience;
use crate::sync::atomic::AtomicBool;
use crate::sync::label::Label;
use crate::sync::labelled;

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
/// Each `set` and `clear`, and each wait that returned because the event was set. [`is_set`](Self::is_set) and
/// [`wait_timeout`](Self::wait_timeout) never wait for ever, so they are no such waits, but looks: at an atomic variable that
/// is stored when the event is set or cleared, and is called `is_set` if the event has a name. Whoever sees it set comes
/// after the `set`.
pub struct Event {
    core: Core,
}

impl Event {
    /// An event that is not set.
    #[must_use]
    #[track_caller]
    pub const fn new() -> Self {
        Self::with_objects(Self::object(), AtomicBool::new(false))
    }

    #[track_caller]
    pub(crate) const fn labelled(label: Label) -> Self {
        let look = Label { name: "is_set", level: None };
        Self::with_objects(label.on(Self::object()), labelled::atomic_bool(look, false))
    }

    #[track_caller]
    const fn object() -> Object {
        Object::new(Kind::Flag { set: false }, type_name::<()>)
    }

    const fn with_objects(object: Object, is_set: AtomicBool) -> Self {
        Self { core: Core::new(object, is_set) }
    }

    /// Sets the event and wakes all threads that wait for it.
    #[track_caller]
    pub fn set(&self) {
        self.core.set(Location::caller());
    }

    /// Makes those wait who come from here on.
    ///
    /// Threads that have just been woken go on first; `clear` waits for them to do so, which takes them no longer than to
    /// wake up.
    #[track_caller]
    pub fn clear(&self) {
        self.core.clear(Location::caller());
    }

    /// Whether the event is set. Where it is, what happened before it was set has happened for the caller.
    #[must_use]
    #[track_caller]
    pub fn is_set(&self) -> bool {
        self.core.is_set()
    }

    /// Waits until the event is set; returns at once if it is.
    #[track_caller]
    pub fn wait(&self) {
        self.core.wait(Location::caller());
    }

    /// Waits until the event is set, but no longer than `timeout`; whether it was set.
    #[must_use = "it may not be set"]
    #[track_caller]
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        match Patience::of(timeout) {
            Patience::Endless => {
                self.wait();
                true
            }
            patience => self.core.wait_meanwhile(patience),
        }
    }

    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.core.waiting()
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
        f.debug_struct("Event").field("is_set", &self.core.is_set_unseen()).finish()
    }
}
