//! Operations.

use super::operand::{How, Mode, Order, Touched, Value, WakeReason};
use super::refusal::Refusal;
use super::request::Request;
use crate::ids::{MessageId, ObjectId, TextId, ThreadId};

/// One operation of one thread.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Op {
    /// Creates a thread.
    Spawn {
        /// The new thread.
        child: ThreadId,
    },
    /// First event of a thread; may be left out.
    Start,
    /// Last event of a thread; may be left out.
    Exit,
    /// `child` has ended.
    Join {
        /// The thread that ended.
        child: ThreadId,
    },
    /// Began an operation that could not complete at once.
    Block {
        /// That operation.
        on: Request,
    },
    /// The lock is now held.
    Acquire {
        /// The lock.
        lock: ObjectId,
        /// In which mode.
        mode: Mode,
        /// How the request was made.
        how: How,
    },
    /// A request that was not ready to wait (any longer) gave up.
    TryFailed {
        /// The lock (or semaphore).
        object: ObjectId,
        /// In which mode it was asked for.
        mode: Mode,
    },
    /// The lock is given back.
    Release {
        /// The lock.
        lock: ObjectId,
        /// In which mode it was held.
        mode: Mode,
        /// What happened to the data inside.
        touched: Touched,
    },
    /// Releases `lock` and waits, in one step.
    Wait {
        /// The condition variable.
        condvar: ObjectId,
        /// The lock given back.
        lock: ObjectId,
        /// What happened to the data inside the lock before.
        touched: Touched,
        /// How long it is ready to wait.
        how: How,
    },
    /// The wait returned; `lock` is held again.
    Wake {
        /// The condition variable.
        condvar: ObjectId,
        /// The lock held again.
        lock: ObjectId,
        /// Why it returned.
        by: WakeReason,
    },
    /// Wakes one waiter.
    Notify {
        /// The condition variable.
        condvar: ObjectId,
    },
    /// Wakes all waiters.
    NotifyAll {
        /// The condition variable.
        condvar: ObjectId,
    },
    /// Takes permits of a semaphore.
    AcquirePermits {
        /// The semaphore.
        semaphore: ObjectId,
        /// How many.
        n: u32,
        /// How the request was made.
        how: How,
    },
    /// Gives permits of a semaphore back.
    ReleasePermits {
        /// The semaphore.
        semaphore: ObjectId,
        /// How many.
        n: u32,
    },
    /// Reached a barrier.
    Arrive {
        /// The barrier.
        barrier: ObjectId,
    },
    /// Let through a barrier.
    Pass {
        /// The barrier.
        barrier: ObjectId,
    },
    /// Put a message.
    Send {
        /// The channel.
        channel: ObjectId,
        /// Which message, where known.
        message: Option<MessageId>,
    },
    /// Took a message.
    Recv {
        /// The channel.
        channel: ObjectId,
        /// Which message, where known.
        message: Option<MessageId>,
    },
    /// A receive returned because the channel is closed and empty.
    RecvClosed {
        /// The channel.
        channel: ObjectId,
    },
    /// No more messages will come.
    Close {
        /// The channel.
        channel: ObjectId,
    },
    /// A send that was not ready to wait gave up.
    TrySendFailed {
        /// The channel.
        channel: ObjectId,
    },
    /// A receive that was not ready to wait gave up.
    TryRecvFailed {
        /// The channel.
        channel: ObjectId,
    },
    /// Sets a flag.
    Set {
        /// The flag.
        flag: ObjectId,
    },
    /// Clears a flag.
    Clear {
        /// The flag.
        flag: ObjectId,
    },
    /// The wait for a flag, a wait group or a once-initialiser returned.
    Await {
        /// The flag, wait group or once.
        object: ObjectId,
    },
    /// Raises a wait group's count.
    Add {
        /// The wait group.
        waitgroup: ObjectId,
        /// By how much.
        n: u32,
    },
    /// Lowers a wait group's count.
    Done {
        /// The wait group.
        waitgroup: ObjectId,
        /// By how much.
        n: u32,
    },
    /// The one run of a once-initialiser begins.
    OnceBegin {
        /// The once.
        once: ObjectId,
    },
    /// The one run of a once-initialiser ended.
    OnceEnd {
        /// The once.
        once: ObjectId,
    },
    /// Plain read.
    Read {
        /// The variable.
        var: ObjectId,
        /// What was read.
        value: Option<Value>,
    },
    /// Plain write.
    Write {
        /// The variable.
        var: ObjectId,
        /// What was written.
        value: Option<Value>,
    },
    /// Atomic load.
    Load {
        /// The atomic.
        atomic: ObjectId,
        /// In which order.
        order: Order,
        /// What was read.
        value: Option<Value>,
        /// Whether this is a compare-exchange that failed.
        failed_cas: bool,
    },
    /// Atomic store.
    Store {
        /// The atomic.
        atomic: ObjectId,
        /// In which order.
        order: Order,
        /// What was written.
        value: Option<Value>,
    },
    /// Atomic read-modify-write.
    Rmw {
        /// The atomic.
        atomic: ObjectId,
        /// In which order.
        order: Order,
        /// What was written.
        value: Option<Value>,
        /// Whether this is a compare-exchange that succeeded; any other writes whatever it reads.
        cas: bool,
    },
    /// From here on should be atomic …
    Begin {
        /// What the user calls the region.
        name: Option<TextId>,
    },
    /// … to here.
    End {
        /// What the user calls the region.
        name: Option<TextId>,
    },
    /// Asked for something that its object refused, and went on: nothing came of it. Only
    /// [`Validated`](crate::Validated) makes this, of operations recorded as if they had succeeded, and it is written as
    /// such. Another schedule may contain it only where it would be refused as well.
    Refused {
        /// What was asked for.
        what: Refusal,
    },
}

impl Op {
    /// What the thread did, as it is recorded: of a refused operation, what was asked for.
    #[must_use]
    pub const fn asked(&self) -> Self {
        match self {
            Self::Refused { what } => what.op(),
            op => *op,
        }
    }

    /// The object it works on; none for thread operations and regions, nor for what was refused, since nothing was done to
    /// its object.
    #[must_use]
    pub const fn object(&self) -> Option<ObjectId> {
        match *self {
            Self::Spawn { .. }
            | Self::Start
            | Self::Exit
            | Self::Join { .. }
            | Self::Begin { .. }
            | Self::End { .. }
            | Self::Refused { .. } => None,
            Self::Block { ref on } => on.object(),
            Self::Acquire { lock: object, .. }
            | Self::TryFailed { object, .. }
            | Self::Release { lock: object, .. }
            | Self::Wait { condvar: object, .. }
            | Self::Wake { condvar: object, .. }
            | Self::Notify { condvar: object }
            | Self::NotifyAll { condvar: object }
            | Self::AcquirePermits { semaphore: object, .. }
            | Self::ReleasePermits { semaphore: object, .. }
            | Self::Arrive { barrier: object }
            | Self::Pass { barrier: object }
            | Self::Send { channel: object, .. }
            | Self::Recv { channel: object, .. }
            | Self::RecvClosed { channel: object }
            | Self::Close { channel: object }
            | Self::TrySendFailed { channel: object }
            | Self::TryRecvFailed { channel: object }
            | Self::Set { flag: object }
            | Self::Clear { flag: object }
            | Self::Await { object }
            | Self::Add { waitgroup: object, .. }
            | Self::Done { waitgroup: object, .. }
            | Self::OnceBegin { once: object }
            | Self::OnceEnd { once: object }
            | Self::Read { var: object, .. }
            | Self::Write { var: object, .. }
            | Self::Load { atomic: object, .. }
            | Self::Store { atomic: object, .. }
            | Self::Rmw { atomic: object, .. } => Some(object),
        }
    }

    /// The operation's name in the JSON Lines format.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Spawn { .. } => "spawn",
            Self::Start => "start",
            Self::Exit => "exit",
            Self::Join { .. } => "join",
            Self::Block { .. } => "block",
            Self::Acquire { .. } | Self::AcquirePermits { .. } => "acquire",
            Self::TryFailed { .. } => "try_failed",
            Self::Release { .. } | Self::ReleasePermits { .. } => "release",
            Self::Wait { .. } => "wait",
            Self::Wake { .. } => "wake",
            Self::Notify { .. } => "notify",
            Self::NotifyAll { .. } => "notify_all",
            Self::Arrive { .. } => "arrive",
            Self::Pass { .. } => "pass",
            Self::Send { .. } => "send",
            Self::Recv { .. } | Self::RecvClosed { .. } => "recv",
            Self::Close { .. } => "close",
            Self::TrySendFailed { .. } => "try_send_failed",
            Self::TryRecvFailed { .. } => "try_recv_failed",
            Self::Set { .. } => "set",
            Self::Clear { .. } => "clear",
            Self::Await { .. } => "await",
            Self::Add { .. } => "add",
            Self::Done { .. } => "done",
            Self::OnceBegin { .. } => "once_begin",
            Self::OnceEnd { .. } => "once_end",
            Self::Read { .. } => "read",
            Self::Write { .. } => "write",
            Self::Load { .. } => "load",
            Self::Store { .. } => "store",
            Self::Rmw { .. } => "rmw",
            Self::Begin { .. } => "begin",
            Self::End { .. } => "end",
            Self::Refused { what } => match what {
                Refusal::Release { .. } | Refusal::ReleasePermits { .. } => "release",
                Refusal::Wait { .. } => "wait",
                Refusal::Send { .. } => "send",
                Refusal::Done { .. } => "done",
                Refusal::Spawn { .. } => "spawn",
            },
        }
    }
}
