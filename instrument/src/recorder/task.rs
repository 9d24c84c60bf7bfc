//! Tasks of a pool: each is a thread in the trace, though few are threads of the system.
//!
//! What is to be said of a task until it runs is said by the thread that submits it, in one record of that thread's stream.
//! Each worker has a stream of its own, in which the tasks that it runs follow one another. Between tasks a worker records
//! nothing: it is machinery, and order between two tasks that it happened to run would be an accident.
//!
//! That tasks *begin* in the order in which they were submitted is no accident, and tasks may rely on it: a task that waits
//! for an earlier one has not taken its thread away. So the line is a channel: to submit is to send, to begin to receive.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use lockhound_trace::binary::encode::{Scratch, ThreadDefinition};
use lockhound_trace::binary::format::{mode_number, other};
use lockhound_trace::{How, Mode};

use super::channel::Sent;
use super::gate;
use super::lasting::lasting;
use super::local::{self, Busy, Local};
use super::monitor::{self, Seat};
use super::object::{Object, Site};
use super::threads::ThreadTicket;
use super::worth;

/// A pool, as it is recorded.
pub(crate) struct Staff {
    /// A permit for each worker.
    permits: Object,
    /// The tasks that have not begun.
    line: Object,
    submitted: AtomicU64,
    /// Those that were cancelled and have left the line: whichever task begins next takes them out. To be touched with the
    /// pool's lock held.
    cancelled: Mutex<Vec<Sent>>,
}

impl Staff {
    pub(crate) fn new(permits: Object, line: Object, name: Option<&'static str>) -> Self {
        let line = match name {
            Some(name) => line.named(lasting(format!("line of {name}"))),
            None => line,
        };
        Self { permits, line, submitted: AtomicU64::new(0), cancelled: Mutex::new(Vec::new()) }
    }

    /// A task leaves the line that was cancelled. To be called with the pool's lock held.
    pub(crate) fn skip(&self, task: &TaskTicket) {
        if task.thread.number().is_some() {
            self.cancelled.lock().unwrap_or_else(PoisonError::into_inner).push(task.message);
        }
    }

    /// The calling thread, which is the task by now, leaves the line.
    fn leave_line(&self, task: &TaskTicket) {
        let cancelled = std::mem::take(&mut *self.cancelled.lock().unwrap_or_else(PoisonError::into_inner));
        for message in cancelled {
            self.line.received(message, None);
        }
        self.line.received(task.message, Some(task.site));
    }
}

/// A task that is to run some time. Of no meaning when not recording.
#[derive(Clone, Debug)]
pub(crate) struct TaskTicket {
    thread: ThreadTicket,
    message: Sent,
    name: Option<Arc<str>>,
    site: Site,
}

impl TaskTicket {
    /// The thread that it is in the trace, for whoever waits for its end.
    pub(crate) const fn thread(&self) -> ThreadTicket {
        self.thread
    }
}

/// To be called when a task is submitted, with the pool's lock held.
pub(crate) fn submitting(name: impl FnOnce() -> String, staff: &Staff, site: Site) -> TaskTicket {
    if !gate::is_on() {
        return TaskTicket { thread: ThreadTicket::NONE, message: Sent::UNRECORDED, name: None, site };
    }
    let name: Arc<str> = name().into();
    // In this order: there is no moment at which the task exists and is not in line.
    let message = staff.line.sent(staff.submitted.fetch_add(1, Ordering::Relaxed), site);
    let thread = local::with(|local| submit(local?, &name, &staff.permits, site)).unwrap_or(ThreadTicket::NONE);
    TaskTicket { thread, message, name: Some(name), site }
}

fn submit(local: &mut Local, name: &str, permits: &Object, site: Site) -> Option<ThreadTicket> {
    let number = local::take_thread_number()?;
    let semaphore = permits.number(local)?;
    let site = local.site(site)?;
    local.introduce_itself();
    {
        let _busy = local.busy();
        let name = local.define_text(name)?;
        let mut record = Scratch::<32>::default();
        ThreadDefinition { number, site, name, id: 0 }.put(&mut record);
        local.buffer.put_record(record.bytes())?;
    }
    local.other(other::SUBMIT, site, semaphore, permits.after_all(), u128::from(number), 4)?;
    monitor::one_more();
    Some(ThreadTicket::of(number, local.generation))
}

/// To be called by whoever has seen to it that the task never runs, before anybody can take it for ended.
pub(crate) fn cancelled(task: &TaskTicket, staff: &Staff, site: Site) {
    let Some(number) = task.thread.number() else { return };
    let permits = &staff.permits;
    local::with(|local| {
        let local = local?;
        let semaphore = permits.number(local)?;
        let site = local.site(site)?;
        // A signal handler's events would be taken for the task's.
        let _busy = local.busy();
        let myself = local.speak_for(number)?;
        local.other(other::TRY_FAILED, site, semaphore, permits.after_all(), mode_number(Mode::Write).into(), 1)?;
        local.write_exit();
        local.speak_for(myself)
    });
    let _busy = Busy::enter();
    monitor::gone();
}

/// What a thread of the system needs in order to record as one task after another.
#[derive(Debug)]
pub(crate) struct Worker {
    /// The stream of its tasks, while none runs.
    stream: Option<Box<Local>>,
    /// The stream's number, where an object's word has it; 0 before the first task that is recorded.
    tag: u64,
    /// It is the calling thread's.
    here: PhantomData<*const ()>,
}

impl Worker {
    pub(crate) const fn new() -> Self {
        Self { stream: None, tag: 0, here: PhantomData }
    }

    /// From here on the calling thread is `task`, which has its permit. To be called with the pool's lock held.
    pub(crate) fn begin(&mut self, task: &TaskTicket, staff: &Staff) {
        let (Some(number), Some(name)) = (task.thread.number(), &task.name) else { return };
        let Some(mut local) = self.stream.take().or_else(open) else { return };
        self.tag = local.tag;
        let begun = local.become_task(number, name);
        let begun = begun.and_then(|()| staff.permits.take_permits(&mut local, 1, How::Lock, task.site));
        if begun.is_none() {
            self.stream = Some(local);
            return;
        }
        local::resume(local);
        staff.leave_line(task);
    }

    /// The task has ended; the calling thread is nobody again. To be called with the pool's lock held, after everything of
    /// the user's, and before anybody can take the task for ended.
    pub(crate) fn end(&mut self, staff: &Staff) {
        let Some(mut local) = local::suspend(self.tag) else { return };
        let _busy = Busy::enter();
        staff.permits.give_permits(&mut local, 1, None);
        local.write_exit();
        if !local.held.is_empty() {
            worth::leak();
        }
        local.seat = Seat::EMPTY;
        self.stream = Some(local);
        monitor::gone();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _busy = Busy::enter();
        if let Some(local) = self.stream.take() {
            local.buffer.close();
        }
    }
}

fn open() -> Option<Box<Local>> {
    let number = local::take_thread_number()?;
    let _busy = Busy::enter();
    let local = Local::open(number).map(Box::new);
    worth::thread();
    local
}
