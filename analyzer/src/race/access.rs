//! One access of shared memory, as kept for reports.

use lockhound_trace::{EventIndex, ObjectId, Op, SiteId, StackId, ThreadId, Value};

use crate::analysis::Moment;
use crate::holds::HeldSnapshot;

/// How memory is accessed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum AccessKind {
    /// Plain read.
    Read,
    /// Plain write.
    Write,
    /// Atomic load.
    Load,
    /// Atomic store.
    Store,
    /// Atomic read-modify-write.
    Rmw,
}

impl AccessKind {
    /// The operation's name in the JSON Lines format.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Load => "load",
            Self::Store => "store",
            Self::Rmw => "rmw",
        }
    }

    /// What a thread did: "甲 read `n`".
    pub(super) const fn did(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "wrote",
            Self::Load => "atomically loaded",
            Self::Store => "atomically stored",
            Self::Rmw => "atomically updated",
        }
    }

    /// What a thread does: "甲 reads `n` here".
    pub(super) const fn does(self) -> &'static str {
        match self {
            Self::Read => "reads",
            Self::Write => "writes",
            Self::Load => "atomically loads",
            Self::Store => "atomically stores",
            Self::Rmw => "atomically updates",
        }
    }
}

/// One access, with what a report says about it.
#[derive(Clone, Debug)]
pub(super) struct Access {
    pub(super) thread: ThreadId,
    pub(super) kind: AccessKind,
    pub(super) event: EventIndex,
    pub(super) site: Option<SiteId>,
    pub(super) stack: Option<StackId>,
    pub(super) value: Option<Value>,
    pub(super) holds: HeldSnapshot,
}

impl Access {
    /// The access that the event makes and the variable it is made to, if it is one.
    pub(super) fn of(now: &Moment<'_>) -> Option<(ObjectId, Self)> {
        let (var, kind, value) = match now.event.op {
            Op::Read { var, value } => (var, AccessKind::Read, value),
            Op::Write { var, value } => (var, AccessKind::Write, value),
            Op::Load { atomic, value, .. } => (atomic, AccessKind::Load, value),
            Op::Store { atomic, value, .. } => (atomic, AccessKind::Store, value),
            Op::Rmw { atomic, value, .. } => (atomic, AccessKind::Rmw, value),
            _ => return None,
        };
        let thread = now.event.thread;
        let access = Self {
            thread,
            kind,
            event: now.index,
            site: now.event.site,
            stack: now.event.stack,
            value,
            holds: now.holds.snapshot(thread),
        };
        Some((var, access))
    }
}
