//! The semaphore itself.

use std::any::type_name;
use std::fmt;
use std::mem;
use std::panic::Location;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::state::{State, Wake};
use super::{Overfull, SemaphorePermit};
use crate::engine::{How, Kind, Mode, Object, Site, Supply};
use crate::sync::Patience;
use crate::sync::label::Label;

/// So many permits, for as many threads at a time: Dijkstra's semaphore, and Python's `threading.Semaphore`. std has none.
///
/// A permit is taken with [`acquire`](Self::acquire), which waits for one, and comes back when its guard is dropped:
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// use lockhound::sync::Semaphore;
/// use lockhound::thread;
///
/// let (seats, seated) = (Semaphore::new(3), AtomicUsize::new(0));
/// thread::scope(|s| {
///     for _ in 0..8 {
///         s.spawn(|| {
///             let _seat = seats.acquire();
///             assert!(seated.fetch_add(1, Ordering::SeqCst) < 3);
///             seated.fetch_sub(1, Ordering::SeqCst);
///         });
///     }
/// });
/// assert_eq!(seats.available(), 3);
/// ```
///
/// Permits belong to nobody: one thread may take what another gives. So a permit can be kept
/// ([`SemaphorePermit::forget`]) and given by hand, by anybody ([`release`](Self::release)); a semaphore made with no
/// permits is a counter of what has been provided.
///
/// ```
/// use lockhound::sync::{Overfull, Semaphore};
///
/// let lane = Semaphore::bounded(1);
/// lane.acquire().forget();
/// assert!(lane.try_acquire().is_none());
/// assert_eq!(lane.release(1), Ok(()));
/// assert_eq!(lane.release(1), Err(Overfull)); // Python: ValueError
/// assert_eq!(lane.available(), 1);
/// ```
///
/// # Fairness
/// Threads do not queue: whoever asks while there are enough permits takes them, also before one that has waited for
/// long, as with std's locks. Each release wakes as many threads as it can serve. Whoever wants several permits gets them all at once or waits
/// with none, which cannot deadlock with another that does the same; but while others keep taking single permits, it
/// waits until enough are there at the same time, which may never be.
///
/// # What is recorded
/// Each acquisition, release, and try that failed. A wait whose time ran out counts as a try that failed. A release
/// beyond the bound is recorded although it has no effect: a mistake of the program, which the report tells.
pub struct Semaphore {
    object: Object,
    is_bounded: bool,
    state: Mutex<State>,
    released: Condvar,
}

impl Semaphore {
    /// The largest number of permits that any semaphore may have.
    pub const MAX_PERMITS: usize = u32::MAX as usize;

    /// A semaphore with so many permits to begin with, which may come to have more.
    ///
    /// # Panics
    /// If there are more than [`MAX_PERMITS`](Self::MAX_PERMITS).
    #[must_use]
    #[track_caller]
    pub const fn new(permits: usize) -> Self {
        Self::with_object(Self::object(permits, false), permits, false)
    }

    /// A semaphore with so many permits, which never has more: Python's `BoundedSemaphore`.
    ///
    /// # Panics
    /// If there are more than [`MAX_PERMITS`](Self::MAX_PERMITS).
    #[must_use]
    #[track_caller]
    pub const fn bounded(permits: usize) -> Self {
        Self::with_object(Self::object(permits, true), permits, true)
    }

    #[track_caller]
    pub(crate) const fn labelled(label: Label, permits: usize, is_bounded: bool) -> Self {
        Self::with_object(label.on(Self::object(permits, is_bounded)), permits, is_bounded)
    }

    #[track_caller]
    const fn object(permits: usize, is_bounded: bool) -> Object {
        assert!(permits <= Self::MAX_PERMITS, "more permits than a semaphore may have");
        let permits = permits as u32;
        let bound = if is_bounded { Some(permits) } else { None };
        Object::new(Kind::Semaphore { permits, bound }, type_name::<()>)
    }

    const fn with_object(object: Object, permits: usize, is_bounded: bool) -> Self {
        let available = permits as u32;
        Self {
            object,
            is_bounded,
            state: Mutex::new(State::new(available, if is_bounded { available } else { u32::MAX })),
            released: Condvar::new(),
        }
    }

    /// Takes a permit; waits for one if need be.
    #[track_caller]
    pub fn acquire(&self) -> SemaphorePermit<'_> {
        self.acquire_many(1)
    }

    /// Takes `n` permits, all at once; waits until there are so many. For more than there can be it waits for ever.
    #[track_caller]
    pub fn acquire_many(&self, n: usize) -> SemaphorePermit<'_> {
        let permit = self.take(n, Patience::Endless, Location::caller());
        permit.expect("a wait without end ends only with permits")
    }

    /// Takes a permit if there is one.
    #[track_caller]
    pub fn try_acquire(&self) -> Option<SemaphorePermit<'_>> {
        self.try_acquire_many(1)
    }

    /// Takes `n` permits if there are so many.
    #[track_caller]
    pub fn try_acquire_many(&self, n: usize) -> Option<SemaphorePermit<'_>> {
        self.take(n, Patience::None, Location::caller())
    }

    /// Takes a permit if there is one before `timeout` is over.
    #[track_caller]
    pub fn acquire_timeout(&self, timeout: Duration) -> Option<SemaphorePermit<'_>> {
        self.acquire_many_timeout(1, timeout)
    }

    /// Takes `n` permits if there are so many before `timeout` is over.
    #[track_caller]
    pub fn acquire_many_timeout(&self, n: usize, timeout: Duration) -> Option<SemaphorePermit<'_>> {
        self.take(n, Patience::of(timeout), Location::caller())
    }

    /// Gives `n` permits, be it back or for the first time, and wakes who waits for them.
    ///
    /// # Errors
    /// If there would be more than the semaphore is [`bounded`](Self::bounded) to, or than
    /// [`MAX_PERMITS`](Self::MAX_PERMITS). Then nothing is given.
    #[track_caller]
    pub fn release(&self, n: usize) -> Result<(), Overfull> {
        self.give(n, Some(Location::caller()))
    }

    /// How many permits could be taken now. By the time that one knows, it may be wrong; nothing is recorded.
    #[must_use]
    pub fn available(&self) -> usize {
        self.lock().available() as usize
    }

    fn take(&self, n: usize, patience: Patience, site: Site) -> Option<SemaphorePermit<'_>> {
        if n == 0 {
            return Some(SemaphorePermit::new(self, 0));
        }
        // More than there can ever be stays more than there can ever be.
        let n = u32::try_from(n).unwrap_or(u32::MAX);
        let state = self.lock();
        let got = if state.has(n) {
            self.hand_out(state, n, how(patience), site);
            true
        } else {
            match patience {
                Patience::None => {
                    self.object.try_failed(Mode::Write, site);
                    false
                }
                Patience::Until(end) => self.wait_until(end, state, n, site),
                Patience::Endless => {
                    self.wait(state, n, site);
                    true
                }
            }
        };
        got.then(|| SemaphorePermit::new(self, n))
    }

    fn wait(&self, mut state: MutexGuard<'_, State>, n: u32, site: Site) {
        let waiting = Waiting::enter(self, &mut state, n);
        drop(state);
        let blocked = self.object.blocked_on_permits(n, site);
        let mut state = self.lock();
        while !state.has(n) {
            state = self.released.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        // Before others can see that what it waits for is gone again.
        drop(blocked);
        waiting.end(&mut state);
        self.hand_out(state, n, How::Lock, site);
    }

    /// Whether it came to it.
    fn wait_until(&self, end: Instant, mut state: MutexGuard<'_, State>, n: u32, site: Site) -> bool {
        let waiting = Waiting::enter(self, &mut state, n);
        while !state.has(n) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                waiting.end(&mut state);
                self.object.try_failed(Mode::Write, site);
                return false;
            }
            state = self.released.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        waiting.end(&mut state);
        self.hand_out(state, n, How::Timed, site);
        true
    }

    fn hand_out(&self, mut state: MutexGuard<'_, State>, n: u32, how: How, site: Site) {
        self.object.permits_taken(n, how, site);
        state.take(n);
        self.publish(&state);
    }

    pub(super) fn give(&self, n: usize, site: Option<Site>) -> Result<(), Overfull> {
        if n == 0 {
            return Ok(());
        }
        let n = u32::try_from(n).unwrap_or(u32::MAX);
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
            Wake::One => self.released.notify_one(),
            Wake::All => self.released.notify_all(),
        }
        Ok(())
    }

    fn publish(&self, state: &State) {
        self.object.publish_supply(Supply { available: state.available(), least_wanted: state.least_wanted() });
    }

    #[cfg(test)]
    pub(super) fn waiting(&self) -> u32 {
        self.lock().waiting()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread that has asked for permits and not got them.
struct Waiting<'a> {
    semaphore: &'a Semaphore,
    n: u32,
}

impl<'a> Waiting<'a> {
    fn enter(semaphore: &'a Semaphore, state: &mut State, n: u32) -> Self {
        state.enter(n);
        semaphore.publish(state);
        Self { semaphore, n }
    }

    fn end(self, state: &mut State) {
        state.leave(self.n);
        mem::forget(self);
    }
}

/// The announcement of the wait panicked.
impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.semaphore.lock().leave(self.n);
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

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore").field("available", &self.available()).finish_non_exhaustive()
    }
}
