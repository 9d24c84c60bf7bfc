//! Doing things later, in their order, in the thread that asks for it.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::panic::Location;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::label::Label;
use super::{Locks, Std};
use crate::engine::{ChannelOrder, Kind, Object, Sent, Site, Traffic};

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
    object: Object,
    state: Mutex<State>,
    /// Another event is the next.
    changed: Condvar,
}

struct State {
    events: BTreeMap<EventId, Entry>,
    /// Events ever entered: the number of the next.
    entered: u64,
    /// Threads that wait for the next event to be due.
    waiting: usize,
}

struct Entry {
    sent: Sent,
    action: Box<dyn FnOnce() + Send>,
}

/// An event of a [`Scheduler`]; those that come first are less.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EventId {
    /// When the first of those is due that are due at the same time.
    moment: Instant,
    priority: i64,
    number: u64,
    due: Instant,
}

/// Why an event was not [`cancel`](Scheduler::cancel)led: it is not on the list, as it was done, is being done, or was
/// cancelled before. Python: `ValueError`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotScheduled;

impl Scheduler {
    /// How much later than the first of them events may be due that are due at the same time: a tick of the coarsest clock
    /// that such lists are commonly kept by (Windows', 64 times a second).
    pub const MOMENT: Duration = Duration::from_micros(15_625);

    /// A scheduler with an empty list.
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
        // Of a type: one event does not stand for another.
        Object::new(Kind::Channel { capacity: None, order: ChannelOrder::Any }, || "events")
    }

    const fn with_object(object: Object) -> Self {
        let state = State { events: BTreeMap::new(), entered: 0, waiting: 0 };
        Self { object, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Has `action` done after `delay`.
    ///
    /// # Panics
    /// If no clock goes so far.
    #[track_caller]
    pub fn enter(&self, delay: Duration, priority: i64, action: impl FnOnce() + Send + 'static) -> EventId {
        self.add(Instant::now() + delay, priority, Box::new(action), Location::caller())
    }

    /// Has `action` done at a time. Python: `enterabs`.
    #[track_caller]
    pub fn enter_at(&self, due: Instant, priority: i64, action: impl FnOnce() + Send + 'static) -> EventId {
        self.add(due, priority, Box::new(action), Location::caller())
    }

    fn add(&self, due: Instant, priority: i64, action: Box<dyn FnOnce() + Send>, site: Site) -> EventId {
        let mut state = self.lock();
        let number = state.entered;
        state.entered += 1;
        let id = EventId { moment: state.moment_of(due), priority, number, due };
        let sent = self.object.sent(number, site);
        state.events.insert(id, Entry { sent, action });
        self.publish(&state);
        if state.waiting > 0 && state.next() == Some(id) {
            self.changed.notify_all();
        }
        id
    }

    /// Takes an event from the list.
    ///
    /// # Errors
    /// If it is not there: too late, or of another scheduler.
    #[track_caller]
    pub fn cancel(&self, event: EventId) -> Result<(), NotScheduled> {
        let mut state = self.lock();
        let entry = self.take(&mut state, event, Location::caller()).ok_or(NotScheduled)?;
        if state.waiting > 0 {
            self.changed.notify_all();
        }
        drop(state);
        // What the action had with it goes when the list can be used again.
        drop(entry);
        Ok(())
    }

    /// Does all that is on the list, and what comes onto it meanwhile, each thing when it is due. Returns when the list is
    /// empty, even if other threads are still at what they took from it.
    ///
    /// # Panics
    /// If an action does. It is off the list then, and the others are still on it.
    #[track_caller]
    pub fn run(&self) {
        let site = Location::caller();
        let mut state = self.lock();
        loop {
            state = match self.run_next(state, site) {
                Ok(()) => self.lock(),
                Err((state, None)) => return self.found_empty(state, site),
                Err((state, Some(due))) => self.wait_until(state, due),
            }
        }
    }

    /// Does what is due, and says when the next event will be, if there is one. Python: `run(blocking=False)`.
    ///
    /// # Panics
    /// As [`run`](Self::run).
    #[track_caller]
    pub fn run_due(&self) -> Option<Instant> {
        let site = Location::caller();
        loop {
            match self.run_next(self.lock(), site) {
                Ok(()) => {}
                Err((state, None)) => {
                    self.found_empty(state, site);
                    return None;
                }
                Err((_, due)) => return due,
            }
        }
    }

    /// Whether nothing is on the list. By the time that one knows, it may be wrong; nothing is recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lock().events.is_empty()
    }

    /// What is on the list, the next event first. As sure as [`is_empty`](Self::is_empty). Python: `queue`.
    #[must_use]
    pub fn events(&self) -> Vec<EventId> {
        self.lock().events.keys().copied().collect()
    }

    /// Does what comes next if it is due; if not, when it will be.
    fn run_next<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        site: Site,
    ) -> Result<(), (MutexGuard<'a, State>, Option<Instant>)> {
        let Some(next) = state.next() else { return Err((state, None)) };
        if next.due > Instant::now() {
            return Err((state, Some(next.due)));
        }
        let Some(entry) = self.take(&mut state, next, site) else { return Err((state, None)) };
        drop(state);
        (entry.action)();
        Ok(())
    }

    fn wait_until<'a>(&'a self, mut state: MutexGuard<'a, State>, due: Instant) -> MutexGuard<'a, State> {
        state.waiting += 1;
        let (mut state, _) = Std::wait_until(&self.changed, state, due);
        state.waiting -= 1;
        state
    }

    fn found_empty(&self, state: MutexGuard<'_, State>, site: Site) {
        self.object.receive_failed(site);
        drop(state);
    }

    fn take(&self, state: &mut State, event: EventId, site: Site) -> Option<Entry> {
        let entry = state.events.remove(&event)?;
        self.object.received(entry.sent, Some(site));
        self.publish(state);
        Some(entry)
    }

    fn publish(&self, state: &State) {
        let messages = state.events.len();
        self.object.publish(Traffic { messages, senders: 0, receiver: false, closed: false });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        Std::lock(&self.state)
    }
}

impl State {
    fn next(&self) -> Option<EventId> {
        self.events.first_key_value().map(|(&id, _)| id)
    }

    /// The moment that an event due then belongs to: that of the last event before it, if it began recently enough.
    fn moment_of(&self, due: Instant) -> Instant {
        let behind = EventId { moment: due, priority: i64::MAX, number: u64::MAX, due };
        let last = self.events.range(..=behind).next_back().map(|(id, _)| id.moment);
        last.filter(|&moment| due.saturating_duration_since(moment) < Scheduler::MOMENT).unwrap_or(due)
    }
}

impl EventId {
    /// When it is due.
    #[must_use]
    pub const fn due(&self) -> Instant {
        self.due
    }

    /// How urgent it is among those that are due at the same time; the least comes first.
    #[must_use]
    pub const fn priority(&self) -> i64 {
        self.priority
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
        f.debug_struct("Scheduler").field("events", &self.lock().events.len()).finish_non_exhaustive()
    }
}

impl fmt::Display for NotScheduled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the event is not on the list")
    }
}

impl Error for NotScheduled {}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};
    use std::thread;

    use proptest::prelude::*;

    use super::*;

    /// A scheduler, and where actions leave their numbers.
    fn scene() -> (Arc<Scheduler>, Arc<Mutex<Vec<usize>>>) {
        (Arc::default(), Arc::default())
    }

    fn note(list: &Arc<Mutex<Vec<usize>>>, number: usize) -> impl FnOnce() + Send + 'static {
        let list = Arc::clone(list);
        move || list.lock().unwrap().push(number)
    }

    #[test]
    fn time_comes_before_priority_and_priority_before_the_order_of_entry() {
        let (scheduler, done) = scene();
        let now = Instant::now();
        let later = now + Scheduler::MOMENT;
        for (number, (due, priority)) in [(later, 1), (now, 2), (now, 1), (now, 2), (later, 0)].into_iter().enumerate()
        {
            scheduler.enter_at(due, priority, note(&done, number));
        }
        assert_eq!(scheduler.events().len(), 5);
        scheduler.run();
        assert_eq!(*done.lock().unwrap(), [2, 1, 3, 4, 0]);
        assert!(Instant::now() >= later && scheduler.is_empty());
    }

    #[test]
    fn what_is_due_at_nearly_the_same_time_goes_by_priority_but_never_early() {
        let (scheduler, done) = scene();
        let soon = Instant::now() + Duration::from_millis(200);
        scheduler.enter_at(soon, 2, note(&done, 0));
        scheduler.enter_at(soon + Scheduler::MOMENT / 2, 1, note(&done, 1));
        assert_eq!(scheduler.run_due(), Some(soon + Scheduler::MOMENT / 2));
        scheduler.run();
        assert_eq!(*done.lock().unwrap(), [1, 0]);
    }

    #[test]
    fn actions_may_enter_and_cancel_others() {
        let (scheduler, done) = scene();
        let doomed = scheduler.enter(Duration::from_secs(3600), 1, note(&done, 9));
        let inner = Arc::clone(&scheduler);
        let again = note(&done, 1);
        scheduler.enter(Duration::ZERO, 1, move || {
            inner.cancel(doomed).unwrap();
            inner.enter(Duration::ZERO, 1, again);
        });
        scheduler.run();
        assert_eq!(*done.lock().unwrap(), [1]);
        assert_eq!(scheduler.cancel(doomed), Err(NotScheduled));
    }

    #[test]
    fn who_waits_notices_what_comes_before_and_what_goes() {
        let (scheduler, done) = scene();
        let doomed = scheduler.enter(Duration::from_secs(3600), 1, note(&done, 9));
        let other = {
            let (scheduler, first) = (Arc::clone(&scheduler), note(&done, 1));
            thread::spawn(move || {
                scheduler.enter(Duration::from_millis(1), 1, first);
                while scheduler.events().len() > 1 {
                    thread::yield_now();
                }
                scheduler.cancel(doomed)
            })
        };
        scheduler.run();
        assert_eq!((other.join().unwrap(), &done.lock().unwrap()[..]), (Ok(()), &[1][..]));
    }

    #[test]
    fn an_action_that_panics_leaves_the_others_on_the_list() {
        let (scheduler, done) = scene();
        scheduler.enter(Duration::ZERO, 1, || panic!("as it is to"));
        scheduler.enter(Duration::ZERO, 2, note(&done, 2));
        assert!(catch_unwind(AssertUnwindSafe(|| scheduler.run())).is_err());
        scheduler.run();
        assert_eq!(*done.lock().unwrap(), [2]);
    }

    #[test]
    fn each_event_is_done_or_cancelled_and_that_once() {
        static OUTCOMES: [AtomicUsize; 400] = [const { AtomicUsize::new(0) }; 400];
        let scheduler = Scheduler::new();
        let events: Vec<EventId> = (0..OUTCOMES.len())
            .map(|number| {
                scheduler.enter(Duration::from_micros(number as u64), 1, move || {
                    OUTCOMES[number].fetch_add(1, Ordering::Relaxed);
                })
            })
            .collect();
        thread::scope(|s| {
            s.spawn(|| scheduler.run());
            s.spawn(|| scheduler.run());
            s.spawn(|| {
                for (number, &event) in events.iter().enumerate().rev() {
                    if scheduler.cancel(event).is_ok() {
                        OUTCOMES[number].fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        });
        assert!(OUTCOMES.iter().all(|outcome| outcome.load(Ordering::Relaxed) == 1));
    }

    proptest! {
        #[test]
        fn all_is_done_in_order(events in prop::collection::vec((0..4_u32, 0..3_i64), 0..20), gone in any::<u32>()) {
            let (scheduler, done) = scene();
            let begin = Instant::now() - Duration::from_secs(1);
            let mut expected = Vec::new();
            for (number, &(moment, priority)) in events.iter().enumerate() {
                let event = scheduler.enter_at(begin + moment * Scheduler::MOMENT, priority, note(&done, number));
                if gone >> number & 1 == 0 {
                    expected.push((moment, priority, number));
                } else {
                    scheduler.cancel(event).unwrap();
                }
            }
            expected.sort_unstable();
            scheduler.run();
            let expected: Vec<usize> = expected.into_iter().map(|event| event.2).collect();
            prop_assert_eq!(&*done.lock().unwrap(), &expected);
        }
    }
}
