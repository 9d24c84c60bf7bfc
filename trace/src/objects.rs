//! What is declared once and then referred to by id: threads and objects.

use crate::ids::SiteId;

/// The kind of an object with the parameters that give its operations their meaning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ObjectKind {
    /// Exclusive lock.
    Mutex {
        /// Whether its holder may take it again.
        reentrant: bool,
    },
    /// Shared or exclusive lock.
    RwLock {
        /// Who goes first when readers and writers queue.
        policy: Policy,
    },
    /// Condition variable.
    Condvar,
    /// Counting semaphore.
    Semaphore {
        /// Permits at creation.
        permits: u32,
        /// Largest legal number of permits.
        bound: Option<u32>,
    },
    /// Rendezvous of a fixed number of threads.
    Barrier {
        /// How many; none if it was never declared.
        parties: Option<u32>,
    },
    /// Message queue.
    Channel {
        /// Messages it can hold: 0 = rendezvous, none = unbounded.
        capacity: Option<u64>,
        /// Which message leaves first. Of a rendezvous, where none ever is inside, it says nothing.
        order: ChannelOrder,
    },
    /// Manual-reset event.
    Flag {
        /// State at creation.
        set: bool,
    },
    /// Counter to wait for.
    Waitgroup {
        /// Count at creation.
        count: u32,
    },
    /// Once-initialiser.
    Once,
    /// Plain shared memory.
    Var,
    /// Atomic memory.
    Atomic,
}

/// Who goes first when readers and writers queue for a read/write lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Policy {
    /// A queued writer stops new readers.
    #[default]
    Writer,
    /// Readers pass queued writers.
    Reader,
}

/// Which message leaves a channel first, of those inside.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum ChannelOrder {
    /// The oldest: a queue.
    #[default]
    Fifo,
    /// The newest: a stack.
    Lifo,
    /// One that the channel prefers for what it is, which the trace does not say (a priority queue, a schedule); of those
    /// that are equal to it, the oldest. A `recv` must say which message it took, unless only one was inside.
    Any,
}

impl ObjectKind {
    /// Whether it is a channel that holds nothing: sender and receiver meet.
    #[must_use]
    pub const fn is_rendezvous(&self) -> bool {
        matches!(self, Self::Channel { capacity: Some(0), .. })
    }

    /// The kind's name in the JSON Lines format.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Mutex { .. } => "mutex",
            Self::RwLock { .. } => "rwlock",
            Self::Condvar => "condvar",
            Self::Semaphore { .. } => "semaphore",
            Self::Barrier { .. } => "barrier",
            Self::Channel { .. } => "channel",
            Self::Flag { .. } => "flag",
            Self::Waitgroup { .. } => "waitgroup",
            Self::Once => "once",
            Self::Var => "var",
            Self::Atomic => "atomic",
        }
    }

    /// Whether it is acquired and released with a holder: mutexes and read/write locks.
    #[must_use]
    pub const fn is_lock(&self) -> bool {
        matches!(self, Self::Mutex { .. } | Self::RwLock { .. })
    }
}

/// A declared (or implied) object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Object {
    /// Its id in the trace, unique among objects.
    pub id: String,
    /// What it is.
    pub kind: ObjectKind,
    /// What the user calls it.
    pub name: Option<String>,
    /// Type of its content or messages.
    pub type_name: Option<String>,
    /// Where it was created.
    pub at: Option<SiteId>,
    /// Its place in the declared order: locks must be taken in increasing level.
    pub level: Option<i64>,
}

impl Object {
    /// Whether messages of this type may stand for one another, if it is a channel: they are `()`, or nobody knows.
    #[must_use]
    pub fn has_plain_messages(&self) -> bool {
        self.type_name.as_deref().is_none_or(|name| name == "()")
    }
}

/// A declared (or implied) thread.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Thread {
    /// Its id in the trace, unique among threads.
    pub id: String,
    /// What the user calls it.
    pub name: Option<String>,
    /// Where it was created.
    pub at: Option<SiteId>,
}
