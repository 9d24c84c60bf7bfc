//! A thread that waits, as the monitor sees it.

use std::fmt;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lockhound_trace::Mode;
use lockhound_trace::binary::format::request;

use crate::recorder::catalogue;
use crate::recorder::held::DEPTH;
use crate::recorder::object::{Kind, Object, Site};

/// How many frames of a stack are kept for a report.
pub(super) const FRAMES: usize = 48;

/// Something that is borrowed for as long as a thread waits at it.
pub(in crate::recorder) struct Borrowed<T>(NonNull<T>);

impl<T> Borrowed<T> {
    pub(in crate::recorder) const fn new(reference: &T) -> Self {
        Self(NonNull::from_ref(reference))
    }

    /// # Safety
    /// The waiter that this belongs to must still be in the table, whose lock must be held: whoever waits leaves the
    /// table before it gives up what it borrowed.
    unsafe fn get(&self) -> &T {
        // SAFETY: made of a reference, which the caller says is still alive.
        unsafe { self.0.as_ref() }
    }
}

impl<T> Clone for Borrowed<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Borrowed<T> {}

impl<T> fmt::Debug for Borrowed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

// SAFETY: a shared reference to something that is `Sync` may be used by any thread; `get` says how long.
unsafe impl<T: Sync> Send for Borrowed<T> {}

/// What a thread waits for.
#[derive(Clone, Copy, Debug)]
pub(in crate::recorder) enum Wants {
    /// A lock, or the end of an initialisation, which its runner holds.
    Lock {
        lock: u32,
        mode: Mode,
        /// Whether readers queue behind writers.
        shared: bool,
    },
    /// The end of a thread; or just of its function, of which the flag tells.
    Join { child: u32, over: Option<Borrowed<AtomicBool>> },
    /// A notification, and after it the mutex.
    Condvar { condvar: u32, mutex: u32, object: Borrowed<Object> },
    /// What anybody may do to an object.
    Anyone { request: u8, number: u32, object: Borrowed<Object>, is_over: fn(&Object) -> bool },
    /// Nothing any more: it has ended and left locks behind.
    Ended,
}

/// How far the notifications of a condition variable have come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::recorder) enum Progress {
    /// What is waited for is not there.
    #[default]
    Nothing,
    /// Some of those who wait have been notified, nobody knows which.
    Some,
    /// What is waited for is there, though the thread may not have noticed.
    Over,
}

impl Wants {
    /// # Safety
    /// As for [`Borrowed::get`].
    pub(super) unsafe fn progress(&self) -> Progress {
        let over = match self {
            // SAFETY: the caller's promise, here and below.
            Self::Condvar { object, .. } => return unsafe { object.get() }.notified(),
            // SAFETY: as above.
            Self::Anyone { object, is_over, .. } => is_over(unsafe { object.get() }),
            // SAFETY: as above.
            Self::Join { over: Some(over), .. } => unsafe { over.get() }.load(Ordering::Acquire),
            Self::Lock { .. } | Self::Join { .. } | Self::Ended => false,
        };
        if over { Progress::Over } else { Progress::Nothing }
    }
}

/// A lock that a waiting thread holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keeps {
    pub(super) lock: u32,
    pub(super) mode: Mode,
    pub(super) site: Option<Site>,
}

/// A thread that waits, or that ended with locks held. Cloned without allocating.
#[derive(Clone)]
pub(super) struct Waiter {
    pub(super) thread: u32,
    /// The kernel's number of the thread.
    pub(super) task: i32,
    pub(super) name: Option<Arc<str>>,
    pub(super) wants: Wants,
    pub(super) site: Option<Site>,
    held: [Option<Keeps>; DEPTH],
    stack: [usize; FRAMES],
    /// In a copy: how far it was when the copy was made.
    pub(super) progress: Progress,
}

impl Waiter {
    /// A thread that waits for `wants`.
    pub(super) fn new(thread: u32, wants: Wants) -> Self {
        Self {
            thread,
            task: 0,
            name: None,
            wants,
            site: None,
            held: [None; DEPTH],
            stack: [0; FRAMES],
            progress: Progress::Nothing,
        }
    }

    /// The same, with what it holds in the order of acquisition.
    pub(super) fn holding(mut self, held: impl IntoIterator<Item = Keeps>) -> Self {
        for (slot, keeps) in self.held.iter_mut().zip(held) {
            *slot = Some(keeps);
        }
        self
    }

    /// The same, with how it got there.
    pub(super) fn at(mut self, site: Site, stack: &[usize]) -> Self {
        self.site = Some(site);
        let length = stack.len().min(FRAMES);
        self.stack[..length].copy_from_slice(&stack[..length]);
        self
    }

    /// What it holds, in the order of acquisition.
    pub(super) fn held(&self) -> impl Iterator<Item = Keeps> {
        self.held.iter().map_while(|keeps| *keeps)
    }

    /// How it got there, innermost first.
    pub(super) fn stack(&self) -> &[usize] {
        let length = self.stack.iter().position(|&address| address == 0).unwrap_or(FRAMES);
        &self.stack[..length]
    }

    /// Whether it waits at all.
    pub(super) fn waits(&self) -> bool {
        !matches!(self.wants, Wants::Ended)
    }

    /// Whether it waits to be unparked.
    pub(super) fn parks(&self) -> bool {
        let Wants::Anyone { request: request::AWAIT, number, .. } = self.wants else { return false };
        catalogue::look_up(number).is_none_or(|card| card.kind == Kind::ParkToken)
    }

    /// The lock that it waits for, be it only after a notification.
    pub(super) fn wanted_lock(&self) -> Option<(u32, Mode)> {
        match self.wants {
            Wants::Lock { lock, mode, .. } => Some((lock, mode)),
            Wants::Condvar { mutex, .. } => Some((mutex, Mode::Write)),
            _ => None,
        }
    }

    /// The read/write lock for which it is queued as a writer.
    pub(super) fn queued_at(&self) -> Option<u32> {
        match self.wants {
            Wants::Lock { lock, mode: Mode::Write, shared: true } => Some(lock),
            _ => None,
        }
    }

    /// Whether it holds `lock` so that nobody can have it in `mode`.
    pub(super) fn keeps_from(&self, lock: u32, mode: Mode) -> bool {
        self.held().any(|keeps| keeps.lock == lock && keeps.mode.conflicts_with(mode))
    }
}

impl fmt::Debug for Waiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held: Vec<Keeps> = self.held().collect();
        write!(f, "{} wants {:?} ({:?}) with {held:?}", self.thread, self.wants, self.progress)
    }
}
