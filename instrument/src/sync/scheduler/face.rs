//! A scheduler, as its users see it.

use std::fmt;
use std::panic::Location;
use std::time::{Duration, Instant};

use super::core::Core;
use super::{EventId, NotScheduled};
use crate::engine::{ChannelOrder, Kind, Object};
use crate::sync::label::Label;

/// A list of what is to be done when, and how urgent it is: Python's `sched.scheduler`.
///
/// [`enter`](Self::enter) puts something on the list; [`run`](Self::run) does it all, each thing at its time, in the thread
/// that calls it:
///
/// ```
/// use std::time::Duration;
///
/// use lockhound::sync::{Queue, Scheduler};
///
/// static DONE: Queue<&str> = Queue::new();
///
/// let scheduler = Scheduler::new();
/// let soon = Duration::from_millis(50);
/// scheduler.enter(soon, 3, || DONE.put("tidy up"));
/// scheduler.enter(soon, 1, || DONE.put("cook"));
/// scheduler.enter(Duration::ZERO, 9, || DONE.put("shop"));
/// let eat = scheduler.enter(soon, 2, || DONE.put("eat"));
/// scheduler.cancel(eat).expect("it is not done yet");
/// scheduler.run();
/// assert_eq!([DONE.get(), DONE.get(), DONE.get()], ["shop", "cook", "tidy up"]);
/// ```
///
/// # What comes first
/// Of two events the one that is due earlier; of two that are due at the same time the one with the smaller priority; and
/// of two alike the one that was entered first. Events entered one right after the other with the same delay are due at the
/// same time: clocks finer than what a program means by that would make priorities meaningless. The first of them sets
/// a moment, and whatever is entered to be due within [`MOMENT`](Self::MOMENT) after it belongs to it. No event
/// is run before it is due.
///
/// # Threads
/// Any thread may enter and cancel events and ask for the list, also the actions themselves, and also while another one
/// runs them: that one wakes up for what has become the next. If several run them, each event is done by one.
///
/// # What is recorded
/// The list as a channel of no order of its own: `enter` sends; taking an event from the list, be it to do it or to cancel
/// it, receives. So what was done before an event was entered comes before its action. Waiting for its time is no wait for
/// anybody.
pub struct Scheduler {
    core: Core,
}

impl Scheduler {
    /// How much later than the first of them events may be due that are due at the same time: a tick of the coarsest clock
    /// that such lists are commonly kept by (Windows', 64 times a second).
    pub const MOMENT: Duration = Duration::from_micros(15_625);

    /// A scheduler with an empty list.
    #[must_use]
    #[track_caller]
    pub const fn new() -> Self {
        Self { core: Core::new(Self::object()) }
    }

    #[track_caller]
    pub(crate) const fn labelled(label: Label) -> Self {
        Self { core: Core::new(label.on(Self::object())) }
    }

    #[track_caller]
    pub(super) const fn object() -> Object {
        // Of a type: one event does not stand for another.
        Object::new(Kind::Channel { capacity: None, order: ChannelOrder::Any }, || "events")
    }

    /// Has `action` done after `delay`.
    ///
    /// # Panics
    /// If no clock goes so far.
    #[track_caller]
    pub fn enter(&self, delay: Duration, priority: i64, action: impl FnOnce() + Send + 'static) -> EventId {
        self.core.enter(Instant::now() + delay, priority, Box::new(action), Location::caller())
    }

    /// Has `action` done at a time. Python: `enterabs`.
    #[track_caller]
    pub fn enter_at(&self, due: Instant, priority: i64, action: impl FnOnce() + Send + 'static) -> EventId {
        self.core.enter(due, priority, Box::new(action), Location::caller())
    }

    /// Takes an event from the list.
    ///
    /// # Errors
    /// If it is not there: too late, or of another scheduler.
    #[track_caller]
    pub fn cancel(&self, event: EventId) -> Result<(), NotScheduled> {
        self.core.cancel(event, Location::caller())
    }

    /// Does all that is on the list, and what comes onto it meanwhile, each thing when it is due. Returns when the list is
    /// empty, even if other threads are still at what they took from it.
    ///
    /// # Panics
    /// If an action does. It is off the list then, and the others are still on it.
    #[track_caller]
    pub fn run(&self) {
        self.core.run(Location::caller());
    }

    /// Does what is due, and says when the next event will be, if there is one. Python: `run(blocking=False)`.
    ///
    /// # Panics
    /// As [`run`](Self::run).
    #[track_caller]
    pub fn run_due(&self) -> Option<Instant> {
        self.core.run_due(Location::caller())
    }

    /// Whether nothing is on the list. By the time that one knows, it may be wrong; nothing is recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.core.len() == 0
    }

    /// What is on the list, the next event first. As sure as [`is_empty`](Self::is_empty). Python: `queue`.
    #[must_use]
    pub fn events(&self) -> Vec<EventId> {
        self.core.events()
    }
}

impl Default for Scheduler {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scheduler").field("events", &self.core.len()).finish_non_exhaustive()
    }
}
