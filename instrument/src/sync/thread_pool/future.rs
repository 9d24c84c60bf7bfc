//! What will come of a task.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use super::stage::Seen;
use super::task::{Job, Task, TaskError};
use crate::engine::Site;
use crate::sync::Patience;

/// What will come of a task that was given to a [`ThreadPool`](super::ThreadPool): Python's `concurrent.futures.Future`.
///
/// It is the only one of its task, and so owns the result. Dropping it leaves the task alone, which runs all the same.
///
/// ```
/// use lockhound::sync::{TaskError, ThreadPool};
///
/// let pool = ThreadPool::new(2);
/// let sum = pool.submit(|| (0..100).sum::<u32>());
/// let bad = pool.submit(|| -> u32 { std::panic::resume_unwind(Box::new("no")) });
/// assert_eq!(sum.result().unwrap(), 4950);
/// assert!(matches!(bad.result(), Err(TaskError::Panicked(_))));
/// ```
pub struct Future<T> {
    task: Arc<Task<T>>,
}

impl<T: Send> Future<T> {
    pub(super) const fn new(task: Arc<Task<T>>) -> Self {
        Self { task }
    }

    /// Waits for the task's end; what came of it.
    ///
    /// # Errors
    /// If it panicked, or was cancelled.
    #[track_caller]
    pub fn result(self) -> Result<T, TaskError> {
        self.result_at(Location::caller())
    }

    pub(super) fn result_at(self, site: Site) -> Result<T, TaskError> {
        self.task.wait(Patience::Endless, site);
        self.task.take()
    }

    /// The same, but waits no longer than `timeout`.
    ///
    /// # Errors
    /// With the future, if the task has not ended by then.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use lockhound::sync::ThreadPool;
    ///
    /// let pool = ThreadPool::new(1);
    /// let slow = pool.submit(|| std::thread::sleep(Duration::from_millis(50)));
    /// match slow.result_timeout(Duration::from_millis(1)) {
    ///     Ok(result) => result.unwrap(),
    ///     Err(slow) => slow.result().unwrap(),
    /// }
    /// ```
    #[track_caller]
    pub fn result_timeout(self, timeout: Duration) -> Result<Result<T, TaskError>, Self> {
        let site = Location::caller();
        if self.task.wait(Patience::of(timeout), site) { Ok(self.task.take()) } else { Err(self) }
    }

    /// Sees to it that the task never runs, unless it has begun; whether it has been cancelled, by this call or before.
    ///
    /// ```
    /// use lockhound::sync::{Event, TaskError, ThreadPool};
    ///
    /// static GO: Event = Event::new();
    ///
    /// let pool = ThreadPool::new(1);
    /// let first = pool.submit(|| GO.wait());
    /// let second = pool.submit(|| unreachable!("cancelled"));
    /// assert!(second.cancel());
    /// GO.set();
    /// first.result().unwrap();
    /// assert!(matches!(second.result(), Err(TaskError::Cancelled)));
    /// ```
    #[track_caller]
    pub fn cancel(&self) -> bool {
        self.cancel_at(Location::caller())
    }

    pub(super) fn cancel_at(&self, site: Site) -> bool {
        self.task.cancel(site) || self.is_cancelled()
    }

    /// Whether the task has ended or was cancelled. If so, what it did has happened for the caller.
    #[must_use]
    #[track_caller]
    pub fn is_done(&self) -> bool {
        let over = self.task.is_over();
        if over {
            self.task.join(Location::caller());
        }
        over
    }

    /// Whether the task has begun and not ended.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.task.seen() == Seen::Running
    }

    /// Whether the task was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.task.is_cancelled()
    }

    /// Has `callback` called with what came of the task when it ends: in the task itself, as the last thing it does, or by
    /// whoever cancels it. At once, if it has ended. The callbacks of a task are called in the order in which they came; a
    /// panic in one is of no consequence.
    ///
    /// Until all are called, the task has not ended: who waits for its result waits for them, too.
    ///
    /// ```
    /// use lockhound::sync::{ThreadPool, mpsc};
    ///
    /// let (tell, told) = mpsc::channel();
    /// let pool = ThreadPool::new(1);
    /// let mut square = pool.submit(|| 7 * 7);
    /// square.add_done_callback(move |result| tell.send(*result.as_ref().unwrap()).unwrap());
    /// assert_eq!(told.recv(), Ok(49));
    /// ```
    #[track_caller]
    pub fn add_done_callback(&mut self, callback: impl FnOnce(&Result<T, TaskError>) + Send + 'static) {
        self.task.tell(Box::new(callback), Location::caller());
    }
}

impl<T> Drop for Future<T> {
    fn drop(&mut self) {
        self.task.abandon();
    }
}

impl<T> fmt::Debug for Future<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.task.seen() {
            _ if self.task.is_cancelled() => "cancelled",
            Seen::InLine => "in line",
            Seen::Running => "running",
            Seen::Over => "done",
        };
        f.debug_struct("Future").field("state", &format_args!("{state}")).finish_non_exhaustive()
    }
}
