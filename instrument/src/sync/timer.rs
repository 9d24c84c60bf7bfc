//! Something to be done later, or not at all.

use std::any::type_name;
use std::fmt;
use std::panic::Location;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::label::Label;
use super::{Locks, Patience, Std};
use crate::engine::{Kind, Object, Site};
use crate::thread::{self, JoinHandle};

/// Calls a function once, a while after it was started, unless it is cancelled before: Python's `threading.Timer`. std has
/// none.
///
/// ```
/// use std::time::Duration;
///
/// use lockhound::sync::{Timer, mpsc};
///
/// let (say, said) = mpsc::channel();
/// let hello = Timer::new(Duration::from_millis(5), move || say.send("hello, world").unwrap());
/// hello.start();
/// assert_eq!(said.recv(), Ok("hello, world"));
/// assert!(!hello.cancel(), "it has run");
///
/// let never = Timer::new(Duration::from_secs(3600), || unreachable!());
/// never.start();
/// assert!(never.cancel());
/// never.join().unwrap();
/// ```
///
/// It can also be cancelled before it is started, and then does nothing when it is. Dropping it leaves it alone: as any thread that
/// nobody joins, it ends with the process at the latest.
///
/// # What is recorded
/// A thread, which [`start`](Self::start) spawns, and a flag: to cancel is to set it, and the thread that finds itself
/// cancelled awaits it. That the time has passed is no event.
pub struct Timer {
    shared: Arc<Shared>,
    name: &'static str,
    interval: Duration,
    function: Mutex<Option<Box<dyn FnOnce() + Send>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared<L: Locks = Std> {
    cancelled: Object,
    stage: L::Mutex<Stage>,
    changed: L::Condvar,
}

/// Leaves `Pending` once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Pending,
    Cancelled,
    Run,
}

impl Timer {
    /// A timer that is to be [started](Self::start).
    #[must_use]
    #[track_caller]
    pub fn new(interval: Duration, function: impl FnOnce() + Send + 'static) -> Self {
        Self::with_object(Self::object(), "timer", interval, Box::new(function))
    }

    #[track_caller]
    pub(crate) fn labelled(label: Label, interval: Duration, function: impl FnOnce() + Send + 'static) -> Self {
        Self::with_object(label.on(Self::object()), label.name, interval, Box::new(function))
    }

    #[track_caller]
    const fn object() -> Object {
        Object::new(Kind::Flag { set: false }, type_name::<()>)
    }

    fn with_object(
        cancelled: Object,
        name: &'static str,
        interval: Duration,
        function: Box<dyn FnOnce() + Send>,
    ) -> Self {
        let shared = Arc::new(Shared::new(cancelled));
        Self { shared, name, interval, function: Mutex::new(Some(function)), thread: Mutex::new(None) }
    }

    /// Has the function called in a thread of its own once the time has passed that begins now.
    ///
    /// # Panics
    /// If it was started before, or the operating system refuses the thread.
    #[track_caller]
    pub fn start(&self) {
        let site = Location::caller();
        let function = Std::lock(&self.function).take().expect("a timer can only be started once");
        let (shared, interval) = (Arc::clone(&self.shared), self.interval);
        let wait_and_call = move || {
            if shared.comes_to_run(Patience::of(interval), site) {
                function();
            }
        };
        let spawned = thread::Builder::new().name(self.name.to_owned()).spawn(wait_and_call);
        *Std::lock(&self.thread) = Some(spawned.expect("failed to spawn the timer's thread"));
    }

    /// Sees to it that the function is never called, unless that has begun; whether it is cancelled, by this call or before.
    #[track_caller]
    pub fn cancel(&self) -> bool {
        self.shared.cancel(Location::caller())
    }

    /// Waits until the function has returned or the thread has found itself cancelled. Returns at once if it was not started.
    ///
    /// # Errors
    /// With what the function panicked with, if it did.
    #[track_caller]
    pub fn join(self) -> thread::Result<()> {
        let thread = Std::lock(&self.thread).take();
        thread.map_or(Ok(()), JoinHandle::join)
    }
}

impl<L: Locks> Shared<L> {
    fn new(cancelled: Object) -> Self {
        Self { cancelled, stage: L::mutex(Stage::Pending), changed: L::condvar() }
    }

    fn cancel(&self, site: Site) -> bool {
        let mut stage = L::lock(&self.stage);
        if *stage == Stage::Pending {
            self.cancelled.flag_set(site);
            *stage = Stage::Cancelled;
            L::notify_one(&self.changed);
        }
        *stage == Stage::Cancelled
    }

    /// Waits; whether the time has passed before anybody cancelled.
    fn comes_to_run(&self, patience: Patience, site: Site) -> bool {
        let is_cancelled = |stage: &Stage| *stage == Stage::Cancelled;
        let mut stage = L::wait_for(&self.changed, L::lock(&self.stage), patience, is_cancelled);
        if is_cancelled(&stage) {
            self.cancelled.flag_awaited(site);
            return false;
        }
        *stage = Stage::Run;
        true
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = *Std::lock(&self.shared.stage);
        f.debug_struct("Timer").field("interval", &self.interval).field("stage", &stage).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn counting(interval: Duration) -> (Timer, Arc<AtomicUsize>) {
        let runs = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&runs);
        let function = move || {
            count.fetch_add(1, Ordering::SeqCst);
        };
        (Timer::new(interval, function), runs)
    }

    #[test]
    fn of_running_and_being_cancelled_exactly_one_happens() {
        for round in 0..300 {
            let (timer, runs) = counting(Duration::from_micros(round));
            timer.start();
            std::thread::sleep(Duration::from_micros(150));
            let cancelled = timer.cancel();
            assert_eq!(timer.cancel(), cancelled, "it does not change any more");
            timer.join().unwrap();
            assert_eq!(runs.load(Ordering::SeqCst), usize::from(!cancelled));
        }
    }

    #[test]
    fn what_is_cancelled_before_it_is_started_does_nothing() {
        let (timer, runs) = counting(Duration::ZERO);
        assert!(timer.cancel());
        timer.start();
        timer.join().unwrap();
        assert_eq!(runs.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn a_timer_beyond_all_clocks_can_be_cancelled() {
        let (timer, _) = counting(Duration::MAX);
        timer.start();
        assert!(timer.cancel());
        timer.join().unwrap();
    }

    #[test]
    #[should_panic = "only be started once"]
    fn a_second_start_is_a_mistake() {
        let (timer, _) = counting(Duration::ZERO);
        timer.start();
        timer.start();
    }
}

/// Every interleaving, up to a bound, of a timer's thread and those who cancel it.
#[cfg(all(test, not(miri)))]
mod models {
    use std::time::Instant;

    use super::*;
    use crate::models::{Loom, explore, future, past};

    fn race(end: impl Fn() -> Instant + Send + Sync + 'static) {
        explore(3, move || {
            let timer = Arc::new(Shared::<Loom>::new(Timer::object()));
            let end = Patience::Until(end());
            let [runner, canceller] = [(); 2].map(|()| Arc::clone(&timer));
            let runner = loom::thread::spawn(move || runner.comes_to_run(end, Location::caller()));
            let canceller = loom::thread::spawn(move || canceller.cancel(Location::caller()));
            let cancelled = timer.cancel(Location::caller());
            assert_eq!(canceller.join().unwrap(), cancelled, "it does not change any more");
            assert_eq!(runner.join().unwrap(), !cancelled);
        });
    }

    #[test]
    fn of_running_and_being_cancelled_exactly_one_happens() {
        race(past);
    }

    #[test]
    fn who_cancels_wakes_the_thread() {
        race(future);
    }
}
