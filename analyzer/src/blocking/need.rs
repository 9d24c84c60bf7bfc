//! What a thread can wait for without end, and who gives it.

use lockhound_trace::{Mode, ObjectId, ObjectKind, Op, Request, Tables, ThreadId};

/// What a request waits for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Need {
    /// A lock in a mode; also to return from a `wait`.
    Lock { lock: ObjectId, mode: Mode },
    /// Permits of a semaphore.
    Permits(ObjectId),
    /// That a thread ends.
    End(ThreadId),
    /// That a condition variable is notified.
    Notification(ObjectId),
    /// That the others come to a barrier.
    Parties(ObjectId),
    /// Room in a channel, or who receives from one without any.
    Room(ObjectId),
    /// A message, or that no more will come.
    Message(ObjectId),
    /// That a flag is set, a wait group reaches zero, an initialiser ends.
    Completion(ObjectId),
}

/// What a thread can do for those who wait; and what undoes it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Deed {
    Send,
    Receive,
    Close,
    Notify,
    Arrive,
    Release,
    /// `set`, `done`, `once_end`.
    Complete,
    /// `clear` of a flag.
    Clear,
    /// `add` to a wait group.
    Add,
}

impl Need {
    /// What `op` waits for, if it may wait without end. `is_last`: the thread does nothing after it.
    pub(super) fn of(op: &Op, tables: &Tables, is_last: bool) -> Option<Self> {
        let kind = |object| tables.object(object).kind;
        match *op {
            Op::Acquire { lock, mode, how } if how.may_wait_for_ever() => Some(Self::Lock { lock, mode }),
            Op::AcquirePermits { semaphore, how, .. } if how.may_wait_for_ever() => Some(Self::Permits(semaphore)),
            Op::Wake { lock, .. } => Some(Self::Lock { lock, mode: Mode::Write }),
            Op::Wait { condvar, how, .. } if how.may_wait_for_ever() => Some(Self::Notification(condvar)),
            Op::Pass { barrier } => Some(Self::Parties(barrier)),
            Op::Recv { channel, .. } | Op::RecvClosed { channel } => Some(Self::Message(channel)),
            Op::Send { channel, .. } => is_bounded(kind(channel)).then_some(Self::Room(channel)),
            Op::Join { child } => Some(Self::End(child)),
            Op::Await { object } => Some(Self::Completion(object)),
            Op::Block { on } if is_last => match on {
                Request::Acquire { lock, mode, how } => how.may_wait_for_ever().then_some(Self::Lock { lock, mode }),
                Request::AcquirePermits { semaphore, how, .. } => {
                    how.may_wait_for_ever().then_some(Self::Permits(semaphore))
                }
                Request::Join { child } => Some(Self::End(child)),
                // Whether the lock was given back, and the notification came, is not recorded.
                Request::Wait { .. } | Request::Wake { .. } => None,
                Request::Pass { barrier } => Some(Self::Parties(barrier)),
                Request::Send { channel } => is_bounded(kind(channel)).then_some(Self::Room(channel)),
                Request::Recv { channel } => Some(Self::Message(channel)),
                Request::Await { object } => Some(Self::Completion(object)),
            },
            _ => None,
        }
    }

    /// What it is waited for at; none for the end of a thread.
    pub(super) const fn object(self) -> Option<ObjectId> {
        match self {
            Self::Lock { lock: object, .. }
            | Self::Permits(object)
            | Self::Notification(object)
            | Self::Parties(object)
            | Self::Room(object)
            | Self::Message(object)
            | Self::Completion(object) => Some(object),
            Self::End(_) => None,
        }
    }

    /// What lets such a request go, besides a lock's release and a thread's end.
    pub(super) const fn suppliers(self) -> &'static [Deed] {
        match self {
            Self::Lock { .. } | Self::End(_) => &[],
            Self::Permits(_) => &[Deed::Release],
            Self::Notification(_) => &[Deed::Notify],
            Self::Parties(_) => &[Deed::Arrive],
            Self::Room(_) => &[Deed::Receive, Deed::Close],
            Self::Message(_) => &[Deed::Send, Deed::Close],
            Self::Completion(_) => &[Deed::Complete],
        }
    }

    /// Whether a single thread keeps it waiting, whatever others do: whoever has the lock, the thread whose end is awaited.
    pub(super) const fn is_owned(self) -> bool {
        matches!(self, Self::Lock { .. } | Self::End(_))
    }

    /// Whether more than one deed may have to come together before it is let go.
    pub(super) fn is_counted(self, tables: &Tables) -> bool {
        match self {
            Self::Permits(_) | Self::Parties(_) => true,
            Self::Completion(object) => matches!(tables.object(object).kind, ObjectKind::Waitgroup { .. }),
            _ => false,
        }
    }
}

impl Deed {
    /// What `op` does for others, and at which object.
    pub(super) const fn of(op: &Op) -> Option<(Self, ObjectId)> {
        Some(match *op {
            Op::Send { channel, .. } => (Self::Send, channel),
            Op::Recv { channel, .. } => (Self::Receive, channel),
            Op::Close { channel } => (Self::Close, channel),
            Op::Notify { condvar } | Op::NotifyAll { condvar } => (Self::Notify, condvar),
            Op::Arrive { barrier } => (Self::Arrive, barrier),
            Op::ReleasePermits { semaphore, .. } => (Self::Release, semaphore),
            Op::Set { flag: object } | Op::Done { waitgroup: object, .. } | Op::OnceEnd { once: object } => {
                (Self::Complete, object)
            }
            Op::Clear { flag } => (Self::Clear, flag),
            Op::Add { waitgroup, .. } => (Self::Add, waitgroup),
            _ => return None,
        })
    }
}

const fn is_bounded(kind: ObjectKind) -> bool {
    matches!(kind, ObjectKind::Channel { capacity: Some(_), .. })
}
