//! What the wrappers that std has not build on when nothing is recorded: the recorder's shape, without a recorder.

use std::io;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
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
}

/// How a lock would be recorded to be held.
pub(crate) enum Mode {
    Write,
}

/// How a request would be recorded to have been made.
pub(crate) enum How {
    Lock,
    Try,
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

/// A thread that is made and not started, of which nobody takes note.
pub(crate) struct Made;

impl Made {
    pub(crate) fn new(_name: &str, _site: Site) -> Self {
        Self
    }

    pub(crate) fn spawn(
        &self,
        name: &str,
        _site: Site,
        f: impl FnOnce() + Send + 'static,
    ) -> io::Result<(JoinHandle<()>, End)> {
        Ok((Builder::new().name(name.to_owned()).spawn(f)?, End))
    }
}

/// The end of a thread, which is not recorded.
#[derive(Clone)]
pub(crate) struct End;

impl End {
    pub(crate) fn join<R>(self, _site: Site, wait: impl FnOnce() -> R) -> R {
        wait()
    }

    pub(crate) fn gave_up(&self, _site: Site) {}

    pub(crate) fn spawned_again(&self, _site: Site) {}
}

/// A wait that nobody watches.
pub(crate) struct Blocked;

/// No value: it cannot be constructed.
pub(crate) enum RawValue {}

/// The value that would be recorded: none.
pub(crate) fn raw_value<T: Copy>(_value: &T) -> Option<RawValue> {
    None
}
