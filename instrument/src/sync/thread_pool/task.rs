//! One task of a pool, as the pool sees it and as its future does.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::line::Line;
use super::stage::{Rest, Seen, Stage};
use crate::engine::{Site, Staff, TaskTicket, Worker, blocked_on_end, cancelled, joined};
use crate::sync::Patience;

/// Why a task has no result.
#[derive(Debug)]
pub enum TaskError {
    /// It panicked, with this.
    Panicked(Box<dyn Any + Send>),
    /// It was cancelled before it began.
    Cancelled,
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Panicked(payload) = self else { return f.write_str("the task was cancelled") };
        let text = payload.downcast_ref::<String>().map(String::as_str);
        match text.or_else(|| payload.downcast_ref::<&str>().copied()) {
            Some(text) => write!(f, "the task panicked: {text}"),
            None => f.write_str("the task panicked"),
        }
    }
}

impl Error for TaskError {}

/// What came of a task.
pub(super) type Outcome<T> = Result<T, TaskError>;

type Work<T> = Box<dyn FnOnce() -> T + Send>;

type Callback<T> = Box<dyn FnOnce(&Outcome<T>) + Send>;

/// A task, whatever its result is.
pub(super) trait Job: Send + Sync {
    /// Begins the task, unless it was cancelled: then it must not be run. To be called with the line's lock held.
    fn begin(&self, worker: &mut Worker) -> bool;

    /// Runs the task, which has begun, to its end. The worker is `number` of those of `line`.
    fn run(&self, line: &Line<Arc<dyn Job>>, number: usize, worker: &mut Worker);

    /// Sees to it that the task never runs, unless it has begun; whether it does.
    fn cancel(&self, site: Site) -> bool;

    fn is_over(&self) -> bool;

    /// Waits for the end, and records that.
    fn join(&self, site: Site);
}

/// A task.
pub(super) struct Task<T> {
    stage: Stage<Work<T>, Outcome<T>, Callback<T>>,
    ticket: TaskTicket,
    /// Whether it has ended, for the live monitor, which must not wait for the stage's lock.
    over: AtomicBool,
    cancelled: AtomicBool,
    /// The pool, as it is recorded.
    staff: Arc<Staff>,
}

impl<T> Task<T> {
    pub(super) fn new(work: Work<T>, ticket: TaskTicket, staff: Arc<Staff>) -> Self {
        let (over, cancelled) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { stage: Stage::new(work), ticket, over, cancelled, staff }
    }

    pub(super) fn seen(&self) -> Seen {
        self.stage.seen()
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    /// Waits for the end; whether it has come, which is then recorded.
    pub(super) fn wait(&self, patience: Patience, site: Site) -> bool {
        let is_blocked = matches!(patience, Patience::Endless) && self.seen() != Seen::Over;
        let blocked = is_blocked.then(|| blocked_on_end(self.ticket.thread(), &self.over, site));
        let over = self.stage.wait(patience);
        drop(blocked);
        if over {
            joined(self.ticket.thread(), site);
        }
        over
    }

    /// What came of the task, which has ended. Only its future asks, and only once.
    pub(super) fn take(&self) -> Outcome<T> {
        self.stage.take().unwrap_or(Err(TaskError::Cancelled))
    }

    pub(super) fn abandon(&self) {
        self.stage.abandon();
    }

    /// `callback` is called when the task ends; now, if it has ended. Only its future asks, one thing at a time.
    pub(super) fn tell(&self, callback: Callback<T>, site: Site) {
        let Some(callback) = self.stage.tell(callback) else { return };
        self.wait(Patience::Endless, site);
        if let Some(outcome) = self.stage.take() {
            call(callback, &outcome);
            self.stage.put_back(outcome);
        }
    }
}

impl<T: Send> Job for Task<T> {
    fn begin(&self, worker: &mut Worker) -> bool {
        let begun = self.stage.begin();
        if begun {
            worker.begin(&self.ticket, &self.staff);
        } else {
            self.staff.skip(&self.ticket);
        }
        begun
    }

    fn run(&self, line: &Line<Arc<dyn Job>>, number: usize, worker: &mut Worker) {
        let Some(work) = self.stage.work() else { return };
        let mut outcome = Some(catch_unwind(AssertUnwindSafe(work)).map_err(TaskError::Panicked));
        loop {
            let conclude = || {
                self.stage.conclude(outcome.take(), || {
                    worker.end(&self.staff);
                    self.over.store(true, Ordering::Release);
                })
            };
            match line.finish(number, conclude) {
                Ok(()) => return,
                Err(Rest::Tell(known, callbacks)) => {
                    callbacks.into_iter().for_each(|callback| call(callback, &known));
                    outcome = Some(known);
                }
                // It may do something on being dropped, which the task does.
                Err(Rest::Drop(unwanted)) => drop(catch_unwind(AssertUnwindSafe(|| drop(unwanted)))),
            }
        }
    }

    fn cancel(&self, site: Site) -> bool {
        let settle = || {
            cancelled(&self.ticket, &self.staff, site);
            self.cancelled.store(true, Ordering::Release);
            self.over.store(true, Ordering::Release);
        };
        let Some((work, callbacks)) = self.stage.cancel(Err(TaskError::Cancelled), settle) else { return false };
        drop(work);
        callbacks.into_iter().for_each(|callback| call(callback, &Err(TaskError::Cancelled)));
        true
    }

    fn is_over(&self) -> bool {
        self.seen() == Seen::Over
    }

    fn join(&self, site: Site) {
        self.wait(Patience::Endless, site);
    }
}

/// Calls a callback. What it panics with is nobody's: the panic hook has told of it.
fn call<T>(callback: Callback<T>, outcome: &Outcome<T>) {
    let _ = catch_unwind(AssertUnwindSafe(|| callback(outcome)));
}
