//! Locks and variables with a name of their own in reports.
//!
//! All but channels are `const`, so that they can stand in a `static`. With the feature `record` off the name is dropped and the
//! result is std's own type (or, for what std lacks, the same type unrecorded).
//!
//! ```
//! use lockhound::named;
//! use lockhound::sync::Mutex;
//!
//! static ACCOUNTS: Mutex<Vec<i64>> = named::mutex("accounts", Vec::new());
//!
//! ACCOUNTS.lock().unwrap().push(1000);
//! ```

use crate::sync::label::Label;
use crate::sync::labelled;
use crate::sync::mpsc::{Receiver, Sender, SyncSender};
use crate::sync::{
    Barrier, Condvar, Event, LifoQueue, Mutex, PriorityQueue, Queue, ReentrantMutex, RwLock, Scheduler, Semaphore,
    Shared,
};

/// A [`Mutex`] called `name` in reports.
#[track_caller]
pub const fn mutex<T>(name: &'static str, value: T) -> Mutex<T> {
    labelled::mutex(label(name), value)
}

/// A [`RwLock`] called `name` in reports.
#[track_caller]
pub const fn rwlock<T>(name: &'static str, value: T) -> RwLock<T> {
    labelled::rwlock(label(name), value)
}

/// A [`Condvar`] called `name` in reports.
#[must_use]
#[track_caller]
pub const fn condvar(name: &'static str) -> Condvar {
    labelled::condvar(label(name))
}

/// A [`Barrier`] for `n` threads, called `name` in reports.
#[must_use]
#[track_caller]
pub const fn barrier(name: &'static str, n: usize) -> Barrier {
    labelled::barrier(label(name), n)
}

/// A [`channel`](crate::sync::mpsc::channel) called `name` in reports.
#[must_use]
#[track_caller]
pub fn channel<T>(name: &'static str) -> (Sender<T>, Receiver<T>) {
    labelled::channel(label(name))
}

/// A [`sync_channel`](crate::sync::mpsc::sync_channel) with room for `bound` messages, called `name` in reports.
///
/// # Panics
/// As in std, if no memory could be large enough for as many messages.
#[must_use]
#[track_caller]
pub fn sync_channel<T>(name: &'static str, bound: usize) -> (SyncSender<T>, Receiver<T>) {
    labelled::sync_channel(label(name), bound)
}

/// A [`ReentrantMutex`] called `name` in reports.
#[track_caller]
pub const fn reentrant_mutex<T>(name: &'static str, value: T) -> ReentrantMutex<T> {
    ReentrantMutex::labelled(label(name), value)
}

/// A [`Shared`] variable called `name` in reports.
#[track_caller]
pub const fn shared<T>(name: &'static str, value: T) -> Shared<T> {
    Shared::labelled(label(name), value)
}

/// A [`Semaphore`] with so many permits to begin with, called `name` in reports.
///
/// # Panics
/// As [`Semaphore::new`].
#[must_use]
#[track_caller]
pub const fn semaphore(name: &'static str, permits: usize) -> Semaphore {
    Semaphore::labelled(label(name), permits, false)
}

/// A [`bounded`](Semaphore::bounded) semaphore called `name` in reports.
///
/// # Panics
/// As [`Semaphore::bounded`].
#[must_use]
#[track_caller]
pub const fn bounded_semaphore(name: &'static str, permits: usize) -> Semaphore {
    Semaphore::labelled(label(name), permits, true)
}

/// An [`Event`] that is not set, called `name` in reports.
#[must_use]
#[track_caller]
pub const fn event(name: &'static str) -> Event {
    Event::labelled(label(name))
}

/// A [`Queue`] called `name` in reports.
#[must_use]
#[track_caller]
pub const fn queue<T>(name: &'static str) -> Queue<T> {
    Queue::labelled(label(name), None)
}

/// A [`Queue`] with room for `capacity` values, called `name` in reports.
///
/// # Panics
/// As [`Queue::bounded`].
#[must_use]
#[track_caller]
pub const fn bounded_queue<T>(name: &'static str, capacity: usize) -> Queue<T> {
    Queue::labelled(label(name), Some(capacity))
}

/// A [`LifoQueue`] called `name` in reports.
#[must_use]
#[track_caller]
pub const fn lifo_queue<T>(name: &'static str) -> LifoQueue<T> {
    LifoQueue::labelled(label(name), None)
}

/// A [`LifoQueue`] with room for `capacity` values, called `name` in reports.
///
/// # Panics
/// As [`LifoQueue::bounded`].
#[must_use]
#[track_caller]
pub const fn bounded_lifo_queue<T>(name: &'static str, capacity: usize) -> LifoQueue<T> {
    LifoQueue::labelled(label(name), Some(capacity))
}

/// A [`PriorityQueue`] called `name` in reports.
#[must_use]
#[track_caller]
pub const fn priority_queue<T: Ord>(name: &'static str) -> PriorityQueue<T> {
    PriorityQueue::labelled(label(name), None)
}

/// A [`PriorityQueue`] with room for `capacity` values, called `name` in reports.
///
/// # Panics
/// As [`PriorityQueue::bounded`].
#[must_use]
#[track_caller]
pub const fn bounded_priority_queue<T: Ord>(name: &'static str, capacity: usize) -> PriorityQueue<T> {
    PriorityQueue::labelled(label(name), Some(capacity))
}

/// A [`Scheduler`] called `name` in reports.
#[must_use]
#[track_caller]
pub const fn scheduler(name: &'static str) -> Scheduler {
    Scheduler::labelled(label(name))
}

const fn label(name: &'static str) -> Label {
    Label { name, level: None }
}
