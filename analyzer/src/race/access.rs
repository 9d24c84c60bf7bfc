//! One access of shared memory, as kept for reports.

use lockhound_trace::{Event, EventIndex, ObjectId, Op, SiteId, StackId, ThreadId, Value};

use crate::analysis::Moment;
use crate::holds::{Held, HeldSnapshot};
use crate::model::{Model, Point};

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

    /// Whether it changes what is there.
    pub(super) const fn writes(self) -> bool {
        matches!(self, Self::Write | Self::Store | Self::Rmw)
    }

    /// Whether it is anything but an atomic operation.
    pub(super) const fn is_plain(self) -> bool {
        matches!(self, Self::Read | Self::Write)
    }

    /// Whether two accesses of these kinds by different threads race unless something orders them: one writes, and one is
    /// plain.
    pub(super) const fn conflicts_with(self, other: Self) -> bool {
        (self.writes() || other.writes()) && (self.is_plain() || other.is_plain())
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

/// The kind of access that an operation makes, of what, and the value that goes there or comes from there.
pub(super) const fn kind_of(op: &Op) -> Option<(ObjectId, AccessKind, Option<Value>)> {
    Some(match *op {
        Op::Read { var, value } => (var, AccessKind::Read, value),
        Op::Write { var, value } => (var, AccessKind::Write, value),
        Op::Load { atomic, value, .. } => (atomic, AccessKind::Load, value),
        Op::Store { atomic, value, .. } => (atomic, AccessKind::Store, value),
        Op::Rmw { atomic, value, .. } => (atomic, AccessKind::Rmw, value),
        _ => return None,
    })
}

impl Access {
    /// The access of this kind that the event makes.
    #[inline]
    pub(super) fn made(now: &Moment<'_>, kind: AccessKind, value: Option<Value>) -> Self {
        let &Event { thread, site, stack, .. } = now.event;
        Self { thread, kind, event: now.index, site, stack, value, holds: now.holds.snapshot(thread) }
    }

    /// The access that was recorded at `point`, if there is one.
    pub(super) fn at(model: &Model<'_>, point: Point) -> Option<Self> {
        let event = model.event(point);
        let (_, kind, value) = kind_of(&event.op)?;
        let holds = model.held(point).iter().map(|&hold| {
            let hold = model.hold(hold);
            let begin = Point::new(hold.thread, hold.acquire);
            let acquire = model.event(begin);
            Held {
                lock: hold.object,
                mode: hold.mode,
                how: hold.how,
                event: model.index(begin),
                site: acquire.site,
                stack: acquire.stack,
                depth: 1,
            }
        });
        Some(Self {
            thread: point.thread,
            kind,
            event: model.index(point),
            site: event.site,
            stack: event.stack,
            value,
            holds: holds.collect(),
        })
    }
}
