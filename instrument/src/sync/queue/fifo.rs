//! Who came first leaves first.

use std::fmt;
use std::panic::Location;
use std::time::Duration;

use super::core::Core;
use super::error::{AllDone, Empty, Full};
use super::face::queue;
use super::storage::Fifo;
use crate::sync::Patience;
use crate::sync::label::Label;

queue! {
    /// A queue that threads share: first in, first out. Python's `queue.Queue`.
    ///
    /// Whoever [`get`](Self::get)s from it waits for something to be there, and whoever [`put`](Self::put)s into a
    /// [`bounded`](Self::bounded) one, for room:
    ///
    /// ```
    /// use lockhound::sync::Queue;
    /// use lockhound::thread;
    ///
    /// let orders = Queue::bounded(1);
    /// thread::scope(|s| {
    ///     s.spawn(|| (1..=3).for_each(|number| orders.put(number)));
    ///     assert_eq!([orders.get(), orders.get(), orders.get()], [1, 2, 3]);
    /// });
    /// ```
    ///
    /// Getting something is not having done it. Who says with [`task_done`](Self::task_done) that it is lets others
    /// [`join`](Self::join), which is to wait until all is done:
    ///
    /// ```
    /// use lockhound::sync::{AllDone, Queue};
    /// use lockhound::thread;
    /// use std::sync::atomic::{AtomicU32, Ordering};
    ///
    /// static JOBS: Queue<u32> = Queue::new();
    /// static SUM: AtomicU32 = AtomicU32::new(0);
    ///
    /// thread::spawn(|| loop {
    ///     SUM.fetch_add(JOBS.get(), Ordering::Relaxed);
    ///     JOBS.task_done().expect("once for each job");
    /// });
    /// (1..=10).for_each(|job| JOBS.put(job));
    /// JOBS.join();
    /// assert_eq!(SUM.load(Ordering::Relaxed), 55);
    /// assert_eq!(JOBS.task_done(), Err(AllDone)); // Python: ValueError
    /// ```
    ///
    /// It has no ends that could be dropped, and so is never closed: a `get` from a queue that nobody puts into waits for
    /// ever. Threads that wait are served in no particular order.
    ///
    /// # What is recorded
    /// Each value put and got (as a message through a channel) and each try or time-out that failed; and what is to be
    /// done with them, as a wait group: `put` adds to it, `task_done` takes away, `join` waits. One `task_done` too many is
    /// recorded although it has no effect: a mistake of the program, which the report tells.
    Queue<T> in Fifo
}
