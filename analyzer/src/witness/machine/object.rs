//! The state of one object.

use lockhound_trace::{Object as Declaration, ObjectKind, ThreadId};

use super::channel::Channel;
use super::condvar::Condvar;
use super::lock::{Mutex, RwLock};
use crate::witness::seen::Seen;

#[derive(Clone, Debug)]
pub(super) enum Object {
    Mutex(Mutex),
    RwLock(Box<RwLock>),
    Condvar(Box<Condvar>),
    Channel(Box<Channel>),
    Barrier(Barrier),
    Semaphore {
        permits: u64,
        initial: u32,
        bound: Option<u32>,
    },
    Flag {
        set: bool,
        initial: bool,
    },
    Waitgroup {
        count: u64,
        initial: u32,
    },
    Once(Once),
    /// The write that wrote it last.
    Memory(Seen),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Barrier {
    /// Of a barrier that was never declared: as many as had arrived when somebody passed.
    pub(super) parties: Option<u32>,
    pub(super) arrived: u32,
    pub(super) generation: u64,
    /// How many had arrived when it opened last.
    pub(super) opened_with: u32,
}

impl Barrier {
    pub(super) fn arrive(&mut self) {
        self.arrived += 1;
        if self.parties.is_some_and(|parties| self.arrived >= parties) {
            self.open();
        }
    }

    pub(super) fn open(&mut self) {
        self.opened_with = self.arrived;
        self.generation += 1;
        self.arrived = 0;
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Once {
    Untouched,
    Running(ThreadId),
    Done,
}

impl Object {
    pub(super) fn new(declaration: &Declaration) -> Self {
        match declaration.kind {
            ObjectKind::Mutex { reentrant } => Self::Mutex(Mutex::new(reentrant)),
            ObjectKind::RwLock { policy } => Self::RwLock(Box::new(RwLock::new(policy))),
            ObjectKind::Condvar => Self::Condvar(Box::default()),
            ObjectKind::Semaphore { permits, bound } => {
                Self::Semaphore { permits: permits.into(), initial: permits, bound }
            }
            ObjectKind::Barrier { parties } => {
                Self::Barrier(Barrier { parties, arrived: 0, generation: 0, opened_with: 0 })
            }
            ObjectKind::Channel { capacity, order } => {
                Self::Channel(Box::new(Channel::new(capacity, order, declaration.has_plain_messages())))
            }
            ObjectKind::Flag { set } => Self::Flag { set, initial: set },
            ObjectKind::Waitgroup { count } => Self::Waitgroup { count: count.into(), initial: count },
            ObjectKind::Once => Self::Once(Once::Untouched),
            ObjectKind::Var | ObjectKind::Atomic => Self::Memory(Seen::NOTHING),
        }
    }

    /// As it was when the program began.
    pub(super) fn reset(&mut self) {
        match self {
            Self::Mutex(mutex) => mutex.reset(),
            Self::RwLock(lock) => lock.reset(),
            Self::Condvar(condvar) => condvar.reset(),
            Self::Channel(channel) => channel.reset(),
            Self::Barrier(barrier) => {
                *barrier = Barrier { parties: barrier.parties, arrived: 0, generation: 0, opened_with: 0 };
            }
            Self::Semaphore { permits, initial, .. } => *permits = (*initial).into(),
            Self::Flag { set, initial } => *set = *initial,
            Self::Waitgroup { count, initial } => *count = (*initial).into(),
            Self::Once(once) => *once = Once::Untouched,
            Self::Memory(last) => *last = Seen::NOTHING,
        }
    }
}
