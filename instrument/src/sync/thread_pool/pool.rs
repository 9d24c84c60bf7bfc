//! Threads that wait for something to do.

use std::any::type_name;
use std::error::Error;
use std::fmt;
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle, ThreadId};

use super::future::Future;
use super::line::{Closed, Line};
use super::results::Results;
use super::task::{Job, Task};
use crate::engine::{
    ChannelOrder, Kind, Object, Site, Staff, TaskTicket, ThreadTicket, Worker, is_on, joined, submitting,
};
use crate::sync::label::Label;
use crate::sync::{Locks, Std};

/// So many threads that run what they are given, one task after another: Python's `ThreadPoolExecutor`. std has none.
///
/// ```
/// use lockhound::sync::ThreadPool;
///
/// let pool = ThreadPool::new(2);
/// let answer = pool.submit(|| 6 * 7);
/// assert_eq!(answer.result().unwrap(), 42);
///
/// let squares: Vec<u32> = pool.map(1..=4, |n| n * n).map(Result::unwrap).collect();
/// assert_eq!(squares, [1, 4, 9, 16]);
/// ```
///
/// Tasks begin in the order in which they were submitted; its threads are started as they are needed. A task that panics
/// takes no thread with it. When the pool is dropped it is [shut down](Self::shutdown), which waits for all tasks, as
/// Python's does at the end of its `with` block.
///
/// # A pool can deadlock
/// A task that waits for another task of the same pool keeps its thread meanwhile. If all threads wait so for tasks that
/// are still in line, none of them ever runs:
///
/// ```no_run
/// use lockhound::sync::{Arc, ThreadPool};
///
/// let pool = Arc::new(ThreadPool::new(1));
/// let inner = Arc::clone(&pool);
/// let outer = pool.submit(move || inner.submit(|| 42).result().unwrap());
/// outer.result().unwrap(); // For ever.
/// ```
///
/// # What is recorded
/// Each task as a thread of its own, called as [`submit_named`](Self::submit_named) says, or else `task 1`, `task 2`, …
/// `of` the pool's name; the threads that run them not at all. So two tasks are in no order because one thread happened to
/// run them one after the other. The pool's threads are a semaphore of that many permits, called like the pool: a task is
/// spawned where it is submitted, waits for a permit, has it while it runs, and gives it back when it ends. That tasks begin
/// in their order is a channel, the `line of` the pool: to submit sends, to begin receives. Asking for a
/// [result](Future::result) is a join. A task that is cancelled gives up its wait.
pub struct ThreadPool {
    shared: Arc<Shared>,
    workers: usize,
    birth: Site,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

struct Shared {
    staff: Arc<Staff>,
    line: Line<Arc<dyn Job>>,
    name: Option<&'static str>,
    book: Mutex<Book>,
}

/// What was submitted.
struct Book {
    tasks: u64,
    /// To be joined in the recording when the pool is shut down. Of no size when nothing is ever recorded.
    tickets: Vec<ThreadTicket>,
    /// Who has waited for all of them, when no more could come.
    reaper: Option<ThreadId>,
}

/// The pool takes no more tasks: it is being [shut down](ThreadPool::shutdown).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ShutDown;

impl fmt::Display for ShutDown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot submit new tasks after the pool was shut down")
    }
}

impl Error for ShutDown {}

impl ThreadPool {
    /// A pool of so many threads.
    ///
    /// # Panics
    /// If there are none, or more than `u32::MAX`.
    #[must_use]
    #[track_caller]
    pub fn new(workers: usize) -> Self {
        Self::with_object(Self::object(workers), None, workers)
    }

    #[track_caller]
    pub(crate) fn labelled(label: Label, workers: usize) -> Self {
        Self::with_object(label.on(Self::object(workers)), Some(label.name), workers)
    }

    #[track_caller]
    fn object(workers: usize) -> Object {
        assert!(workers > 0, "a pool needs a thread");
        let permits = u32::try_from(workers).expect("a pool of more threads than can be counted");
        Object::new(Kind::Semaphore { permits, bound: Some(permits) }, type_name::<()>)
    }

    #[track_caller]
    fn with_object(permits: Object, name: Option<&'static str>, workers: usize) -> Self {
        let book = Mutex::new(Book { tasks: 0, tickets: Vec::new(), reaper: None });
        let line = Object::new(Kind::Channel { capacity: None, order: ChannelOrder::Fifo }, || "task");
        let staff = Arc::new(Staff::new(permits, line, name));
        let shared = Arc::new(Shared { staff, line: Line::new(), name, book });
        Self { shared, workers, birth: Location::caller(), threads: Mutex::new(Vec::new()) }
    }

    /// Has `f` run as soon as all tasks submitted before have begun and a thread is free.
    ///
    /// # Panics
    /// If the pool was shut down (see [`try_submit`](Self::try_submit)), or the operating system refuses its first thread.
    #[track_caller]
    pub fn submit<T: Send + 'static>(&self, f: impl FnOnce() -> T + Send + 'static) -> Future<T> {
        self.line_up(None, f, Location::caller()).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The same for a task that reports call `name`.
    ///
    /// # Panics
    /// As [`submit`](Self::submit).
    #[track_caller]
    pub fn submit_named<T: Send + 'static>(&self, name: &str, f: impl FnOnce() -> T + Send + 'static) -> Future<T> {
        self.line_up(Some(name), f, Location::caller()).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The same as [`submit`](Self::submit), where the pool may have been shut down.
    ///
    /// # Errors
    /// If it was.
    ///
    /// # Panics
    /// If the operating system refuses the pool's first thread.
    #[track_caller]
    pub fn try_submit<T: Send + 'static>(&self, f: impl FnOnce() -> T + Send + 'static) -> Result<Future<T>, ShutDown> {
        self.line_up(None, f, Location::caller())
    }

    /// Has `f` run on each item, each in a task of its own; the results in the order of the items. All tasks are submitted
    /// before this returns.
    ///
    /// # Panics
    /// As [`submit`](Self::submit).
    #[track_caller]
    pub fn map<I, T, F>(&self, items: I, f: F) -> Results<T>
    where
        I: IntoIterator<Item: Send + 'static>,
        T: Send + 'static,
        F: Fn(I::Item) -> T + Send + Sync + 'static,
    {
        let (f, site) = (Arc::new(f), Location::caller());
        let submit = |item| {
            let f = Arc::clone(&f);
            self.line_up(None, move || f(item), site).unwrap_or_else(|error| panic!("{error}"))
        };
        Results::new(items.into_iter().map(submit).collect(), site)
    }

    /// Takes no more tasks, and waits for all there are, those in line included. From one of its own tasks it does not wait.
    #[track_caller]
    pub fn shutdown(&self) {
        self.shut_down(Location::caller());
    }

    /// The same, but tasks that have not begun are cancelled.
    #[track_caller]
    pub fn shutdown_now(&self) {
        let site = Location::caller();
        self.shared.line.close();
        for job in self.shared.line.waiting() {
            job.cancel(site);
        }
        self.shut_down(site);
    }

    fn line_up<T: Send + 'static>(
        &self,
        name: Option<&str>,
        f: impl FnOnce() -> T + Send + 'static,
        site: Site,
    ) -> Result<Future<T>, ShutDown> {
        let (shared, work) = (&self.shared, Box::new(f));
        let mut task = None;
        let make = || {
            let ticket = shared.book(site, name);
            let made = Arc::new(Task::new(work, ticket, Arc::clone(&shared.staff)));
            task = Some(Arc::clone(&made));
            made as Arc<dyn Job>
        };
        let hired = shared.line.put(self.workers, make).map_err(|Closed| ShutDown)?;
        let task = task.ok_or(ShutDown)?;
        if let Some(number) = hired {
            self.hire(number, &*task, site);
        }
        Ok(Future::new(task))
    }

    fn hire(&self, number: usize, job: &dyn Job, site: Site) {
        let shared = Arc::clone(&self.shared);
        let name = format!("{}_{number}", shared.name.unwrap_or("ThreadPool"));
        match thread::Builder::new().name(name).spawn(move || shared.work(number)) {
            Ok(thread) => Std::lock(&self.threads).push(thread),
            // Those that there are will come to it.
            Err(_) if self.shared.line.dismiss() => {}
            Err(error) => {
                job.cancel(site);
                panic!("failed to spawn a thread of the pool: {error}");
            }
        }
    }

    fn shut_down(&self, site: Site) {
        self.shared.line.close();
        let me = thread::current().id();
        let threads = Std::lock(&self.threads);
        if threads.iter().any(|worker| worker.thread().id() == me) {
            return;
        }
        drop(threads);
        while let Some(job) = self.shared.line.open(|job| !job.is_over()) {
            job.join(site);
        }
        for worker in std::mem::take(&mut *Std::lock(&self.threads)) {
            // What a task does is caught, what its thread-locals do is not.
            let _ = worker.join();
        }
        self.shared.reap(me, site);
    }
}

impl Shared {
    /// What a worker does all its life.
    fn work(&self, number: usize) {
        let mut worker = Worker::new();
        while let Some(job) = self.line.take(number, |job| job.begin(&mut worker)) {
            job.run(&self.line, number, &mut worker);
        }
    }

    /// Enters a new task.
    fn book(&self, site: Site, name: Option<&str>) -> TaskTicket {
        let mut book = self.lock();
        book.tasks += 1;
        let number = book.tasks;
        let called = || match (name, self.name) {
            (Some(name), _) => name.to_owned(),
            (None, Some(pool)) => format!("task {number} of {pool}"),
            (None, None) => format!("task {number}"),
        };
        let ticket = submitting(called, &self.staff, site);
        if is_on() {
            book.tickets.push(ticket.thread());
        }
        ticket
    }

    /// All tasks have ended: what they did has happened for the calling thread.
    fn reap(&self, me: ThreadId, site: Site) {
        let mut book = self.lock();
        if book.reaper == Some(me) {
            return;
        }
        book.reaper = Some(me);
        for &ticket in &book.tickets {
            joined(ticket, site);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        Std::lock(&self.book)
    }
}

impl Drop for ThreadPool {
    /// Shuts the pool down.
    fn drop(&mut self) {
        self.shut_down(self.birth);
    }
}

impl fmt::Debug for ThreadPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadPool").field("workers", &self.workers).finish_non_exhaustive()
    }
}
