//! Something to be done later, or not at all.

use std::any::type_name;
use std::fmt;
use std::panic::Location;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::label::Label;
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

struct Shared {
    cancelled: Object,
    stage: Mutex<Stage>,
    changed: Condvar,
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
        let shared = Arc::new(Shared { cancelled, stage: Mutex::new(Stage::Pending), changed: Condvar::new() });
        Self { shared, name, interval, function: Mutex::new(Some(function)), thread: Mutex::new(None) }
    }

    /// Has the function called in a thread of its own once the time has passed that begins now.
    ///
    /// # Panics
    /// If it was started before, or the operating system refuses the thread.
    #[track_caller]
    pub fn start(&self) {
        let site = Location::caller();
        let function = lock(&self.function).take().expect("a timer can only be started once");
        let (shared, interval) = (Arc::clone(&self.shared), self.interval);
        let wait_and_call = move || {
            if shared.comes_to_run(interval, site) {
                function();
            }
        };
        let spawned = thread::Builder::new().name(self.name.to_owned()).spawn(wait_and_call);
        *lock(&self.thread) = Some(spawned.expect("failed to spawn the timer's thread"));
    }

    /// Sees to it that the function is never called, unless that has begun; whether it is cancelled, by this call or before.
    #[track_caller]
    pub fn cancel(&self) -> bool {
        let mut stage = lock(&self.shared.stage);
        if *stage == Stage::Pending {
            self.shared.cancelled.flag_set(Location::caller());
            *stage = Stage::Cancelled;
            self.shared.changed.notify_one();
        }
        *stage == Stage::Cancelled
    }

    /// Waits until the function has returned or the thread has found itself cancelled. Returns at once if it was not started.
    ///
    /// # Errors
    /// With what the function panicked with, if it did.
    #[track_caller]
    pub fn join(self) -> thread::Result<()> {
        let thread = lock(&self.thread).take();
        thread.map_or(Ok(()), JoinHandle::join)
    }
}

impl Shared {
    /// Waits; whether the time has passed before anybody cancelled.
    fn comes_to_run(&self, interval: Duration, site: Site) -> bool {
        // A time beyond all clocks is no limit.
        let end = Instant::now().checked_add(interval);
        let mut stage = lock(&self.stage);
        loop {
            if *stage == Stage::Cancelled {
                self.cancelled.flag_awaited(site);
                return false;
            }
            let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                *stage = Stage::Run;
                return true;
            }
            stage = self.changed.wait_timeout(stage, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// No code of the user's runs under these locks, so poison says nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = *lock(&self.shared.stage);
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
