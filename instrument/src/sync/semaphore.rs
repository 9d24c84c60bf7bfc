//! A counting semaphore.

use std::any::type_name;
use std::error::Error;
use std::fmt;
use std::mem;
use std::panic::Location;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::label::Label;
use crate::engine::{How, Kind, Object, Site, Supply};

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
    bound: u32,
    is_bounded: bool,
    state: Mutex<State>,
    released: Condvar,
}

struct State {
    available: u32,
    /// Threads that wait.
    waiting: u32,
    /// Of them, those that want more than one permit.
    want_several: u32,
    /// The least that any has wanted since last nobody waited.
    least_wanted: u32,
}

/// Permits of a [`Semaphore`], which get them back when this is dropped, in whichever thread.
#[must_use = "if unused the permits are given back at once"]
pub struct SemaphorePermit<'a> {
    semaphore: &'a Semaphore,
    n: u32,
}

/// Why permits were not [`release`](Semaphore::release)d: the [`Semaphore`] would have had more than it may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Overfull;

/// Until when to wait.
#[derive(Clone, Copy)]
enum Patience {
    None,
    Until(Instant),
    Endless,
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
            bound: if is_bounded { available } else { u32::MAX },
            is_bounded,
            state: Mutex::new(State { available, waiting: 0, want_several: 0, least_wanted: 0 }),
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
        // A time beyond all clocks is no limit.
        let patience = Instant::now().checked_add(timeout).map_or(Patience::Endless, Patience::Until);
        self.take(n, patience, Location::caller())
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
        self.lock().available as usize
    }

    fn take(&self, n: usize, patience: Patience, site: Site) -> Option<SemaphorePermit<'_>> {
        let taken = |n| Some(SemaphorePermit { semaphore: self, n });
        if n == 0 {
            return taken(0);
        }
        // More than there can ever be stays more than there can ever be.
        let n = u32::try_from(n).unwrap_or(u32::MAX);
        let state = self.lock();
        let got = if state.available >= n {
            self.hand_out(state, n, patience.how(), site);
            true
        } else {
            match patience {
                Patience::None => false,
                Patience::Until(end) => self.wait_until(end, state, n, site),
                Patience::Endless => {
                    self.wait(state, n, site);
                    true
                }
            }
        };
        if got { taken(n) } else { self.refuse(site) }
    }

    fn wait(&self, mut state: MutexGuard<'_, State>, n: u32, site: Site) {
        let waiting = Waiting::enter(self, &mut state, n);
        drop(state);
        let blocked = self.object.blocked_on_permits(n, site);
        let mut state = self.lock();
        while state.available < n {
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
        while state.available < n {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                waiting.end(&mut state);
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
        state.available -= n;
        self.publish(&state);
    }

    fn refuse(&self, site: Site) -> Option<SemaphorePermit<'_>> {
        self.object.try_failed(crate::engine::Mode::Write, site);
        None
    }

    fn give(&self, n: usize, site: Option<Site>) -> Result<(), Overfull> {
        if n == 0 {
            return Ok(());
        }
        let mut state = self.lock();
        let more = u32::try_from(n).ok().and_then(|n| state.available.checked_add(n));
        let Some(available) = more.filter(|&more| more <= self.bound) else {
            // What no bound forbids is no mistake that a trace could show.
            if self.is_bounded {
                self.object.permits_given(u32::try_from(n).unwrap_or(u32::MAX), site);
            }
            return Err(Overfull);
        };
        self.object.permits_given(available - state.available, site);
        state.available = available;
        self.publish(&state);
        let (waiting, one_will_do) = (state.waiting > 0, n == 1 && state.want_several == 0);
        drop(state);
        match (waiting, one_will_do) {
            (false, _) => {}
            (true, true) => self.released.notify_one(),
            (true, false) => self.released.notify_all(),
        }
        Ok(())
    }

    fn publish(&self, state: &State) {
        self.object.publish_supply(Supply { available: state.available, least_wanted: state.least_wanted });
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
        state.least_wanted = if state.waiting == 0 { n } else { state.least_wanted.min(n) };
        state.waiting += 1;
        state.want_several += u32::from(n > 1);
        semaphore.publish(state);
        Self { semaphore, n }
    }

    fn end(self, state: &mut State) {
        self.leave(state);
        mem::forget(self);
    }

    fn leave(&self, state: &mut State) {
        state.waiting -= 1;
        state.want_several -= u32::from(self.n > 1);
    }
}

/// The announcement of the wait panicked.
impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.leave(&mut self.semaphore.lock());
    }
}

impl Patience {
    const fn how(self) -> How {
        match self {
            Self::None => How::Try,
            Self::Until(_) => How::Timed,
            Self::Endless => How::Lock,
        }
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = f.debug_struct("Semaphore");
        all.field("available", &self.available());
        if self.is_bounded {
            all.field("bound", &self.bound);
        }
        all.finish()
    }
}

impl<'a> SemaphorePermit<'a> {
    /// How many permits these are.
    #[must_use]
    pub fn permits(&self) -> usize {
        self.n as usize
    }

    /// Keeps the permits: the semaphore gets none back, unless somebody [`release`](Semaphore::release)s some by hand.
    pub fn forget(self) {
        mem::forget(self);
    }

    /// Of which semaphore they are.
    #[must_use]
    pub fn semaphore(&self) -> &'a Semaphore {
        self.semaphore
    }
}

impl Drop for SemaphorePermit<'_> {
    fn drop(&mut self) {
        // Overfull only if somebody gave by hand what is given back here. It is recorded, and a drop can tell nobody.
        let _ = self.semaphore.give(self.n as usize, None);
    }
}

impl fmt::Debug for SemaphorePermit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SemaphorePermit").field("permits", &self.n).finish_non_exhaustive()
    }
}

impl fmt::Display for Overfull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the semaphore would have more permits than it may have")
    }
}

impl Error for Overfull {}
