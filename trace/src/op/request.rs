//! Operations that can wait.

use super::operand::{How, Mode};
use crate::ids::{ObjectId, ThreadId};

/// An operation that can wait, as the operand of [`Op::Block`].
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Request {
    /// To take a lock.
    Acquire {
        /// The lock.
        lock: ObjectId,
        /// In which mode.
        mode: Mode,
        /// How long it is ready to wait.
        how: How,
    },
    /// To take permits of a semaphore.
    AcquirePermits {
        /// The semaphore.
        semaphore: ObjectId,
        /// How many.
        n: u32,
        /// How long it is ready to wait.
        how: How,
    },
    /// For a thread to end.
    Join {
        /// That thread.
        child: ThreadId,
    },
    /// For a notification (releasing the lock), where the wait itself was not recorded.
    Wait {
        /// The condition variable.
        condvar: ObjectId,
        /// The lock it gives back.
        lock: ObjectId,
    },
    /// To have the lock again after a notification.
    Wake {
        /// The condition variable.
        condvar: ObjectId,
        /// The lock.
        lock: ObjectId,
    },
    /// For the barrier to open.
    Pass {
        /// The barrier.
        barrier: ObjectId,
    },
    /// To put a message.
    Send {
        /// The channel.
        channel: ObjectId,
    },
    /// To take a message.
    Recv {
        /// The channel.
        channel: ObjectId,
    },
    /// For a flag to be set, a wait group to reach zero, a once-initialiser to end.
    Await {
        /// The flag, wait group or once.
        object: ObjectId,
    },
}

impl Request {
    /// The object it waits at; none for a join.
    #[must_use]
    pub const fn object(&self) -> Option<ObjectId> {
        match *self {
            Self::Acquire { lock: object, .. }
            | Self::AcquirePermits { semaphore: object, .. }
            | Self::Wait { condvar: object, .. }
            | Self::Wake { condvar: object, .. }
            | Self::Pass { barrier: object }
            | Self::Send { channel: object }
            | Self::Recv { channel: object }
            | Self::Await { object } => Some(object),
            Self::Join { .. } => None,
        }
    }

    /// The operation's name in the JSON Lines format.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Acquire { .. } | Self::AcquirePermits { .. } => "acquire",
            Self::Join { .. } => "join",
            Self::Wait { .. } => "wait",
            Self::Wake { .. } => "wake",
            Self::Pass { .. } => "pass",
            Self::Send { .. } => "send",
            Self::Recv { .. } => "recv",
            Self::Await { .. } => "await",
        }
    }
}
