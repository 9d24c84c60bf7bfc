//! What the lines of a program ask for.

use lockhound_trace::{How, Mode, ObjectId, Op, Request, SiteId};

/// What a thread wants to do next; what comes of it is up to the objects.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Wish {
    /// An operation whose outcome is certain once it is possible.
    Do(Op),
    Lock(ObjectId, Mode, How),
    Wake {
        condvar: ObjectId,
        lock: ObjectId,
        how: How,
    },
    Send(ObjectId, How),
    Recv(ObjectId, How),
    RunOnce(ObjectId),
    /// A write of what was read last, and one more.
    Increment(ObjectId),
}

impl Wish {
    /// What a thread says that it waits for while the wish does not come true; none if it never says so.
    pub(super) fn request(self) -> Option<Request> {
        Some(match self {
            Self::Lock(lock, mode, how) => Request::Acquire { lock, mode, how },
            Self::Send(channel, How::Lock) => Request::Send { channel },
            Self::Recv(channel, How::Lock) => Request::Recv { channel },
            Self::Do(Op::AcquirePermits { semaphore, n, how }) => Request::AcquirePermits { semaphore, n, how },
            Self::Do(Op::Join { child }) => Request::Join { child },
            Self::Do(Op::Pass { barrier }) => Request::Pass { barrier },
            Self::Do(Op::Await { object }) => Request::Await { object },
            _ => return None,
        })
    }
}

/// A wish and its place in the source.
pub(super) type Line = (Wish, SiteId);
