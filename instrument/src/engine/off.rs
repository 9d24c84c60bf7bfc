//! What the wrappers that std has not build on when nothing is recorded: the recorder's shape, without a recorder.

use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::{Settings, TooLate};

/// Nothing runs that settings could change.
pub(crate) fn apply(_settings: Settings) -> Result<(), TooLate> {
    Ok(())
}

/// A set of locks that are taken in an order that nobody checks.
pub(crate) struct Together;

pub(crate) fn together() -> Together {
    Together
}

/// A place in the source.
pub(crate) type Site = &'static Location<'static>;

/// What an object would be recorded as.
pub(crate) enum Kind {
    ReentrantMutex,
    Var,
    #[expect(dead_code, reason = "what is recorded of it, nobody reads")]
    Semaphore {
        permits: u32,
        bound: Option<u32>,
    },
    #[expect(dead_code, reason = "what is recorded of it, nobody reads")]
    Flag {
        set: bool,
    },
    #[expect(dead_code, reason = "what is recorded of it, nobody reads")]
    Channel {
        capacity: Option<u64>,
        order: ChannelOrder,
    },
    #[expect(dead_code, reason = "what is recorded of it, nobody reads")]
    Tasks {
        unfinished: u32,
    },
}

/// In which order messages would be recorded to leave.
pub(crate) enum ChannelOrder {
    Fifo,
    Lifo,
    Any,
}

/// How the sending of a message would be recorded.
#[derive(Clone, Copy)]
pub(crate) struct Sent;

/// What others would have to know of a channel without its lock.
#[expect(dead_code, reason = "nobody reads it")]
pub(crate) struct Traffic {
    pub(crate) messages: usize,
    pub(crate) senders: usize,
    pub(crate) receiver: bool,
    pub(crate) closed: bool,
}

/// What others would have to know of a semaphore without its lock.
#[expect(dead_code, reason = "nobody reads it")]
pub(crate) struct Supply {
    pub(crate) available: u32,
    pub(crate) least_wanted: u32,
}

/// How a lock would be recorded to be held.
pub(crate) enum Mode {
    Write,
}

/// How a request would be recorded to have been made.
pub(crate) enum How {
    Lock,
    Try,
    Timed,
}

/// What a release would be recorded to have left behind.
pub(crate) enum Touched {
    Unknown,
    None,
}

/// What remains of the recorder's part of a wrapper: the exclusion of accesses to one variable.
pub(crate) struct Object {
    busy: AtomicBool,
}

impl Object {
    pub(crate) const fn new(_kind: Kind, _type_name: fn() -> &'static str) -> Self {
        Self { busy: AtomicBool::new(false) }
    }

    pub(crate) const fn named(self, _name: &'static str) -> Self {
        self
    }

    pub(crate) const fn levelled(self, _level: i64) -> Self {
        self
    }

    pub(crate) const fn level(&self) -> Option<i64> {
        None
    }

    pub(crate) fn check_order(&self, _mode: Mode, _site: Site) {}

    pub(crate) fn blocked(&self, _mode: Mode, _site: Site) -> Blocked {
        Blocked
    }

    pub(crate) fn acquired(&self, _mode: Mode, _how: How, _site: Site) {}

    pub(crate) fn releasing(&self, _mode: Mode, _touched: Touched) {}

    pub(crate) fn try_failed(&self, _mode: Mode, _site: Site) {}

    pub(crate) fn permits_taken(&self, _n: u32, _how: How, _site: Site) {}

    pub(crate) fn permits_given(&self, _n: u32, _site: Option<Site>) {}

    pub(crate) fn publish_supply(&self, _supply: Supply) {}

    pub(crate) fn blocked_on_permits(&self, _n: u32, _site: Site) -> Blocked {
        Blocked
    }

    pub(crate) fn sent(&self, _number: u64, _site: Site) -> Sent {
        Sent
    }

    pub(crate) fn received(&self, _message: Sent, _site: Option<Site>) {}

    pub(crate) fn send_failed(&self, _site: Site) {}

    pub(crate) fn receive_failed(&self, _site: Site) {}

    pub(crate) fn publish(&self, _traffic: Traffic) {}

    pub(crate) fn blocked_on_send(&self, _site: Site) -> Blocked {
        Blocked
    }

    pub(crate) fn blocked_on_receive(&self, _site: Site) -> Blocked {
        Blocked
    }

    pub(crate) fn task_added(&self, _unfinished: usize, _site: Site) {}

    pub(crate) fn task_done(&self, _unfinished: usize, _site: Site) {}

    pub(crate) fn tasks_awaited(&self, _site: Site) {}

    pub(crate) fn blocked_on_tasks(&self, _site: Site) -> Blocked {
        Blocked
    }

    pub(crate) fn flag_set(&self, _site: Site) {}

    pub(crate) fn flag_cleared(&self, _site: Site) {}

    pub(crate) fn flag_awaited(&self, _site: Site) {}

    pub(crate) fn blocked_on_await(&self, _site: Site) -> Blocked {
        Blocked
    }

    pub(crate) fn read<R>(
        &self,
        _site: Site,
        access: impl FnOnce() -> R,
        _value: impl FnOnce(&R) -> Option<RawValue>,
    ) -> R {
        self.alone(access)
    }

    pub(crate) fn write(&self, _site: Site, _value: Option<RawValue>, access: impl FnOnce()) {
        self.alone(access);
    }

    fn alone<R>(&self, access: impl FnOnce() -> R) -> R {
        let mut rounds = 0..64;
        while self.busy.compare_exchange_weak(false, true, Ordering::Acquire, Ordering::Relaxed).is_err() {
            // The holder only copies a few bytes, but it may have been preempted while it did. By yielding, a thread of
            // real-time priority would never let it go on, so in the end it sleeps.
            match rounds.next() {
                Some(_) => std::thread::yield_now(),
                None => std::thread::sleep(Duration::from_micros(50)),
            }
        }
        let result = access();
        self.busy.store(false, Ordering::Release);
        result
    }
}

/// A wait that nobody watches.
pub(crate) struct Blocked;

/// No value: it cannot be constructed.
pub(crate) enum RawValue {}

/// The value that would be recorded: none.
pub(crate) fn raw_value<T: Copy>(_value: &T) -> Option<RawValue> {
    None
}
