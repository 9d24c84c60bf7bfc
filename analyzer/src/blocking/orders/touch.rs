//! What an operation does with an object, as far as that decides whether it matters who comes first.

use lockhound_trace::{ChannelOrder, Mode, ObjectId, ObjectKind, Op, Request, Tables, Touched};

/// A kind of access.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Touch {
    /// Its place among all others matters.
    Alone,
    Read,
    Write,
    Take,
    TakeShared,
    Give,
    GiveShared,
    Sleep,
    Wake,
    Notify,
    Send,
    Receive,
    Arrive,
    /// Takes something of which there may not be enough for all.
    Use,
    /// Makes something so, or finds it so.
    Affirm,
    /// Makes it no longer so.
    Undo,
    /// Comes before or after any other.
    Free,
}

impl Touch {
    /// In the order of their numbers.
    pub(super) const ALL: [Self; 17] = [
        Self::Alone,
        Self::Read,
        Self::Write,
        Self::Take,
        Self::TakeShared,
        Self::Give,
        Self::GiveShared,
        Self::Sleep,
        Self::Wake,
        Self::Notify,
        Self::Send,
        Self::Receive,
        Self::Arrive,
        Self::Use,
        Self::Affirm,
        Self::Undo,
        Self::Free,
    ];

    /// Whether, where both can happen, it matters which one does so first. Where only one can as long as the other has not
    /// happened, it does not.
    pub(super) const fn conflicts_with(self, other: Self) -> bool {
        self.before(other) || other.before(self)
    }

    const fn before(self, other: Self) -> bool {
        match self {
            Self::Alone => true,
            Self::Write => matches!(other, Self::Read | Self::Write),
            // A reader that leaves earlier keeps no writer waiting.
            Self::Take => matches!(other, Self::Take | Self::TakeShared | Self::GiveShared),
            Self::Sleep => matches!(other, Self::Notify),
            Self::Wake => matches!(other, Self::Wake | Self::Notify),
            Self::Send => matches!(other, Self::Send),
            Self::Receive => matches!(other, Self::Receive),
            Self::Arrive => matches!(other, Self::Arrive),
            Self::Use => matches!(other, Self::Use | Self::Undo),
            Self::Affirm => matches!(other, Self::Undo),
            Self::Read | Self::TakeShared | Self::Give | Self::GiveShared | Self::Notify | Self::Undo | Self::Free => {
                false
            }
        }
    }
}

/// What `op` does with objects that others may touch as well.
pub(super) fn touches(op: &Op, tables: &Tables) -> [Option<(ObjectId, Touch)>; 2] {
    let one = |object, touch| [Some((object, touch)), None];
    let kind = |object| tables.object(object).kind;
    match *op {
        Op::Read { var: object, .. } | Op::Load { atomic: object, .. } => one(object, Touch::Read),
        Op::Write { var: object, .. } | Op::Store { atomic: object, .. } | Op::Rmw { atomic: object, .. } => {
            one(object, Touch::Write)
        }
        Op::Acquire { lock, mode: Mode::Read, .. } => one(lock, Touch::TakeShared),
        Op::Acquire { lock, .. } => one(lock, Touch::Take),
        Op::Release { lock, mode: Mode::Write, .. } => one(lock, Touch::Give),
        Op::Release { lock, touched: Touched::Write | Touched::Blind, .. } => one(lock, Touch::Alone),
        Op::Release { lock, .. } => one(lock, Touch::GiveShared),
        Op::Wait { condvar, lock, .. } | Op::Block { on: Request::Wait { condvar, lock } } => {
            let give = if matches!(kind(lock), ObjectKind::Mutex { .. }) { Touch::Give } else { Touch::GiveShared };
            [Some((condvar, Touch::Sleep)), Some((lock, give))]
        }
        Op::Wake { condvar, lock, .. } => [Some((condvar, Touch::Wake)), Some((lock, Touch::Take))],
        Op::Notify { condvar } | Op::NotifyAll { condvar } => one(condvar, Touch::Notify),
        // Where the oldest does not go first, it matters to a receive what was sent before it.
        Op::Send { channel, .. } | Op::Recv { channel, .. }
            if kind(channel).is_rendezvous()
                || !matches!(kind(channel), ObjectKind::Channel { order: ChannelOrder::Fifo, .. }) =>
        {
            one(channel, Touch::Alone)
        }
        Op::Send { channel, .. } => one(channel, Touch::Send),
        Op::Recv { channel, .. } | Op::RecvClosed { channel } => one(channel, Touch::Receive),
        Op::Arrive { barrier } if is_counted(kind(barrier)) => one(barrier, Touch::Arrive),
        Op::Pass { barrier } if is_counted(kind(barrier)) => one(barrier, Touch::Free),
        Op::AcquirePermits { semaphore, .. } => one(semaphore, Touch::Use),
        Op::ReleasePermits { semaphore, .. } if is_counted(kind(semaphore)) => one(semaphore, Touch::Free),
        Op::Done { waitgroup, .. } => one(waitgroup, Touch::Use),
        Op::Set { flag: object } => one(object, Touch::Affirm),
        Op::Await { object } if kind(object) == ObjectKind::Once => one(object, Touch::Read),
        Op::Await { object } => one(object, Touch::Affirm),
        Op::Clear { flag: object } | Op::Add { waitgroup: object, .. } => one(object, Touch::Undo),
        Op::Block { .. } => [None, None],
        op => [op.asked().object().map(|object| (object, Touch::Alone)), None],
    }
}

/// Whether it only matters how often things are done: a barrier of known size, a semaphore that nothing overfills.
const fn is_counted(kind: ObjectKind) -> bool {
    matches!(kind, ObjectKind::Barrier { parties: Some(_) } | ObjectKind::Semaphore { bound: None, .. })
}
