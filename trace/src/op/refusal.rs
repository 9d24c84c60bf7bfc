//! Operations that their object refuses.

use super::operand::{How, Mode, Touched};
use super::operation::Op;
use crate::ids::{MessageId, ObjectId, ThreadId};

/// What a thread asked for and did not get, because it must not be asked for then, as the operand of [`Op::Refused`].
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Refusal {
    /// To give back a lock that it did not hold in this mode.
    Release {
        /// The lock.
        lock: ObjectId,
        /// In which mode it was to be given back.
        mode: Mode,
        /// What was said to have happened to the data inside.
        touched: Touched,
    },
    /// To give back more permits than the semaphore's bound leaves room for.
    ReleasePermits {
        /// The semaphore.
        semaphore: ObjectId,
        /// How many.
        n: u32,
    },
    /// To wait with a lock that it did not hold.
    Wait {
        /// The condition variable.
        condvar: ObjectId,
        /// The lock that was to be given back.
        lock: ObjectId,
        /// What was said to have happened to the data inside.
        touched: Touched,
        /// How long it was ready to wait.
        how: How,
    },
    /// To put a message into a channel that was closed.
    Send {
        /// The channel.
        channel: ObjectId,
        /// Which message, where known.
        message: Option<MessageId>,
    },
    /// To lower the count of a wait group below zero.
    Done {
        /// The wait group.
        waitgroup: ObjectId,
        /// By how much.
        n: u32,
    },
    /// To start a thread that was started before.
    Spawn {
        /// That thread.
        child: ThreadId,
    },
}

impl Refusal {
    /// The refusal of `op`; none of an operation that no object refuses.
    #[must_use]
    pub const fn of(op: &Op) -> Option<Self> {
        Some(match *op {
            Op::Release { lock, mode, touched } => Self::Release { lock, mode, touched },
            Op::ReleasePermits { semaphore, n } => Self::ReleasePermits { semaphore, n },
            Op::Wait { condvar, lock, touched, how } => Self::Wait { condvar, lock, touched, how },
            Op::Send { channel, message } => Self::Send { channel, message },
            Op::Done { waitgroup, n } => Self::Done { waitgroup, n },
            Op::Spawn { child } => Self::Spawn { child },
            _ => return None,
        })
    }

    /// What was asked for, as it is recorded.
    #[must_use]
    pub const fn op(&self) -> Op {
        match *self {
            Self::Release { lock, mode, touched } => Op::Release { lock, mode, touched },
            Self::ReleasePermits { semaphore, n } => Op::ReleasePermits { semaphore, n },
            Self::Wait { condvar, lock, touched, how } => Op::Wait { condvar, lock, touched, how },
            Self::Send { channel, message } => Op::Send { channel, message },
            Self::Done { waitgroup, n } => Op::Done { waitgroup, n },
            Self::Spawn { child } => Op::Spawn { child },
        }
    }
}
