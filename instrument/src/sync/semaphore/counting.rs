//! The semaphore itself.

use std::any::type_name;
use std::fmt;
use std::panic::Location;
use std::time::Duration;

use super::core::Core;
use super::{Overfull, SemaphorePermit};
use crate::engine::{Kind, Object, Site};
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
    core: Core,
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
        Self { core: Core::new(object, permits as u32, is_bounded) }
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
        self.core.available() as usize
    }

    fn take(&self, n: usize, patience: Patience, site: Site) -> Option<SemaphorePermit<'_>> {
        let n = count(n);
        (n == 0 || self.core.take(n, patience, site)).then(|| SemaphorePermit::new(self, n))
    }

    pub(super) fn give(&self, n: usize, site: Option<Site>) -> Result<(), Overfull> {
        if n == 0 { Ok(()) } else { self.core.give(count(n), site) }
    }

    #[cfg(test)]
    pub(super) fn waiting(&self) -> u32 {
        self.core.waiting()
    }
}

/// More than there can ever be stays more than there can ever be.
fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore").field("available", &self.available()).finish_non_exhaustive()
    }
}
