//! What a wrapper carries so that its events can be put in order.

use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};

use lockhound_trace::{ChannelOrder, ObjectKind, Policy};

use super::catalogue::{self, Card};
use super::class::Class;
use super::local::Local;
use super::number::Number;
use super::semaphore::Supply;
use super::word::{THREAD, VERSION, Word};
use super::worth;

/// A place in the source.
pub(crate) type Site = &'static Location<'static>;

/// What a recorded object is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Exclusive lock.
    Mutex,
    /// Exclusive lock that its holder may take again.
    ReentrantMutex,
    /// Shared or exclusive lock.
    RwLock,
    /// Condition variable.
    Condvar,
    /// Counted permits.
    Semaphore {
        /// How many there are to begin with.
        permits: u32,
        /// The largest number that is legal, if there is one.
        bound: Option<u32>,
    },
    /// A thread's park token.
    ParkToken,
    /// What is set and cleared by hand.
    Flag {
        /// Whether it is, to begin with.
        set: bool,
    },
    /// Plain shared memory.
    Var,
    /// Initialiser that runs once.
    Once,
    /// Atomic variable.
    Atomic,
    /// Messages from one side to the other; as many at a time as its capacity, if it has one.
    Channel {
        /// 0 if sender and receiver meet.
        capacity: Option<u64>,
        /// Which message leaves first.
        order: ChannelOrder,
    },
    /// All senders of a channel, of which there is one to begin with.
    Senders,
    /// What was put into a queue and is not yet said to be done.
    Tasks {
        /// How many to begin with.
        unfinished: u32,
    },
    /// Where so many threads wait for each other.
    Barrier {
        /// How many; none if more than a trace can say.
        parties: Option<u32>,
    },
}

impl Kind {
    /// Whether it can be held.
    const fn is_lock(self) -> bool {
        matches!(self, Self::Mutex | Self::ReentrantMutex | Self::RwLock)
    }

    /// What [`Object::aux`] is of an object that nothing has happened to.
    const fn aux(self) -> u64 {
        match self {
            Self::Semaphore { permits, .. } => Supply::initially(permits),
            Self::Flag { set } => set as u64,
            _ => 0,
        }
    }

    /// The same kind, as it is by now: what was not recorded (before recording began, or before a fork) has left its
    /// marks. `aux` is that of the object.
    const fn by_now(self, aux: u64) -> Self {
        match self {
            Self::Semaphore { bound, .. } => Self::Semaphore { permits: Supply::unpack(aux).available, bound },
            Self::Flag { .. } => Self::Flag { set: aux != 0 },
            Self::Tasks { .. } => Self::Tasks { unfinished: aux as u32 },
            kind => kind,
        }
    }

    pub(super) const fn of_trace(self) -> ObjectKind {
        match self {
            Self::Mutex => ObjectKind::Mutex { reentrant: false },
            Self::ReentrantMutex => ObjectKind::Mutex { reentrant: true },
            // Since 1.62 std's own lock on Linux makes new readers wait once a writer queues.
            Self::RwLock => ObjectKind::RwLock { policy: Policy::Writer },
            Self::Condvar => ObjectKind::Condvar,
            Self::Semaphore { permits, bound } => ObjectKind::Semaphore { permits, bound },
            Self::ParkToken => ObjectKind::Flag { set: false },
            Self::Flag { set } => ObjectKind::Flag { set },
            Self::Var => ObjectKind::Var,
            Self::Once => ObjectKind::Once,
            Self::Atomic => ObjectKind::Atomic,
            Self::Channel { capacity, order } => ObjectKind::Channel { capacity, order },
            Self::Tasks { unfinished } => ObjectKind::Waitgroup { count: unfinished },
            Self::Senders => ObjectKind::Waitgroup { count: 1 },
            Self::Barrier { parties } => ObjectKind::Barrier { parties },
        }
    }
}

/// The recorder's part of a wrapper. What every event needs comes last, next to the lock that a wrapper has after it.
#[repr(C)]
pub(crate) struct Object {
    birth: Site,
    type_name: fn() -> &'static str,
    name: Option<&'static str>,
    level: Option<i64>,
    /// Of a read/write lock: how many releases of reading a writer has waited for. See [`reads`](super::reads).
    pub(super) reads_seen: AtomicU64,
    /// Of a read/write lock: releases of reading by the one thread that need not share a counter.
    pub(super) own_reads: AtomicU64,
    /// Of a read/write lock: that thread, and the releases of reading by all others. Of a condition variable: threads that
    /// wait (low half) and notifications that none of them has taken yet (high half). Of a flag: whether it is set. Of a
    /// once: whether its run has ended. Of an atomic: the generation of its value. Of a channel: its traffic. Of a barrier:
    /// threads that were let through and still sleep. Of a semaphore: its supply. Of a queue's tasks: how
    /// many are unfinished.
    pub(super) aux: AtomicU64,
    pub(super) kind: Kind,
    /// Generation and number in that generation's file.
    id: AtomicU64,
    /// Who did what how often:
    ///
    /// | bits | |
    /// |---|---|
    /// | 0–38 | version: the events so far that others must keep their distance to |
    /// | 39 | spin: a thread is making an access and its event (condvar, flag, var) |
    /// | 40–63 | the thread of the last event; under the spin bit, the thread that set it |
    ///
    /// Of a lock it is written only by its holder, of the others only under the spin bit.
    word: AtomicU64,
}

impl Object {
    /// An object that is born where the caller stands.
    #[track_caller]
    pub(crate) const fn new(kind: Kind, type_name: fn() -> &'static str) -> Self {
        Self {
            birth: Location::caller(),
            type_name,
            name: None,
            level: None,
            reads_seen: AtomicU64::new(0),
            own_reads: AtomicU64::new(0),
            aux: AtomicU64::new(kind.aux()),
            kind,
            id: AtomicU64::new(0),
            word: AtomicU64::new(0),
        }
    }

    /// The same object, called `name` in reports.
    pub(crate) const fn named(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// The same object, at this place in the declared lock order.
    pub(crate) const fn levelled(mut self, level: i64) -> Self {
        self.level = Some(level);
        self
    }

    /// Its place in the declared lock order, if it has one.
    pub(crate) const fn level(&self) -> Option<i64> {
        self.level
    }

    /// The object's number in this process's file, declared if need be.
    #[inline]
    pub(super) fn number(&self, local: &mut Local) -> Option<u32> {
        let number = self.id() ^ local.generation_bits;
        if number >> 32 == 0 { Some(number as u32) } else { self.register(local) }
    }

    /// Its number, if it has one of this generation.
    #[inline(always)]
    pub(super) fn number_in(&self, generation: u32) -> Option<u32> {
        let id = self.id();
        ((id >> 32) as u32 == generation).then_some(id as u32)
    }

    /// Generation and number; 0 while it has none.
    #[inline]
    pub(super) fn id(&self) -> u64 {
        Number(&self.id).get()
    }

    /// Declares the object in this thread's stream, then publishes the number.
    #[cold]
    #[inline(never)]
    fn register(&self, local: &mut Local) -> Option<u32> {
        Number(&self.id).settle(local.generation_bits, || self.declare(local))
    }

    fn declare(&self, local: &mut Local) -> Option<u32> {
        let number = local.take_object_number()?;
        let Self { birth, type_name, name, level, .. } = *self;
        let kind = self.kind.by_now(self.aux.load(Ordering::Acquire));
        {
            let _busy = local.busy();
            catalogue::enter(number, Card { kind, name, birth, type_name, level });
            if kind.is_lock() {
                worth::lock();
            }
        }
        local.declare(&Class { birth, type_name, name, level, kind }, number, self.version(), self.base_reads())?;
        Some(number)
    }

    #[inline(always)]
    pub(super) const fn word(&self) -> Word<'_> {
        Word(&self.word)
    }

    /// Forgets its number: what happens next is recorded as of another object.
    pub(super) fn renew(&self) {
        Number(&self.id).renew();
    }

    /// How many events the object has had.
    #[inline]
    pub(super) fn version(&self) -> u64 {
        self.word().get() & VERSION
    }

    /// Whether the last event was this thread's.
    #[inline]
    pub(super) fn is_mine(&self, local: &Local) -> bool {
        self.word().get() & THREAD == local.tag
    }

    /// What an event must say that only needs to come after all events so far: the object's count, which starts at 1.
    pub(super) fn after_all(&self) -> u64 {
        self.version() + 1
    }

    /// [`Word::take_version`] for `local`'s thread.
    #[inline]
    pub(super) fn take_version(&self, local: &Local) -> u64 {
        self.word().take_version(local.tag)
    }
}
