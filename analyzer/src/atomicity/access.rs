//! What counts as one access: of a cell, of an atomic, and of the data inside a lock.

use lockhound_trace::{EventIndex, ObjectId, Op, SiteId, StackId, ThreadId, Touched, Value};

use crate::analysis::Moment;
use crate::holds::{Held, HeldSnapshot};

/// What an access does with the data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum AccessKind {
    /// Plain read, atomic load, failed compare-exchange.
    Read,
    /// Plain write, atomic store.
    Write,
    /// Atomic read-modify-write.
    Update,
    /// A hold of a lock that only looked at the data inside.
    Look,
    /// A hold that looked, then wrote.
    Change,
    /// A hold that wrote without having looked.
    Blind,
}

/// How an access of a region counts against foreign ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Class {
    Read,
    Write,
}

impl AccessKind {
    /// How it counts as the first access of a pair. An update counts as its write; a hold that looked and then wrote
    /// is a read and a write, of which the read makes the graver pair.
    pub(super) const fn as_first(self) -> Class {
        match self {
            Self::Read | Self::Look | Self::Change => Class::Read,
            Self::Write | Self::Update | Self::Blind => Class::Write,
        }
    }

    /// How it counts as the second access of a pair. What re-reads loses no update.
    pub(super) const fn as_second(self) -> Class {
        match self {
            Self::Write => Class::Write,
            _ => Class::Read,
        }
    }

    pub(super) const fn writes(self) -> bool {
        matches!(self, Self::Write | Self::Update | Self::Change | Self::Blind)
    }

    pub(super) const fn reads(self) -> bool {
        matches!(self, Self::Read | Self::Update | Self::Look | Self::Change)
    }

    /// Whether the access is a whole hold of a lock.
    pub(super) const fn is_hold(self) -> bool {
        matches!(self, Self::Look | Self::Change | Self::Blind)
    }

    /// How a hold that `touched` its data counts; none if it did not.
    pub(super) const fn of_hold(touched: Touched) -> Option<Self> {
        match touched {
            Touched::None => None,
            Touched::Read => Some(Self::Look),
            Touched::Write | Touched::Unknown => Some(Self::Change),
            Touched::Blind => Some(Self::Blind),
        }
    }
}

/// One access, with its place in its thread.
#[derive(Clone, Debug)]
pub(super) struct Access {
    pub(super) thread: ThreadId,
    pub(super) kind: AccessKind,
    pub(super) op: &'static str,
    /// When it takes effect: a hold does at its release.
    pub(super) event: EventIndex,
    /// Where a report points: the acquire of a hold.
    pub(super) shown: EventIndex,
    pub(super) site: Option<SiteId>,
    pub(super) stack: Option<StackId>,
    /// Read, or else written.
    pub(super) value: Option<Value>,
    /// For a write: what its thread had read shortly before.
    pub(super) from: Option<Value>,
    pub(super) holds: HeldSnapshot,
    /// The write it came after, whoever's that was.
    pub(super) source: Option<EventIndex>,
    /// How many events its thread had made.
    pub(super) own: u64,
    /// How many steps its thread had ended by waiting for others.
    pub(super) ended_steps: u32,
    /// Which declared region it stands in; 0 = none.
    pub(super) region: u64,
}

/// How far apart two accesses of one intended step may be, in events of their own thread.
const NEAR: u64 = 64;

impl Access {
    /// The access of a cell or an atomic that the event makes, and to what.
    pub(super) fn of(now: &Moment<'_>) -> Option<(ObjectId, Self)> {
        let (object, kind, value) = match now.event.op {
            Op::Read { var, value } => (var, AccessKind::Read, value),
            Op::Write { var, value } => (var, AccessKind::Write, value),
            Op::Load { atomic, value, .. } => (atomic, AccessKind::Read, value),
            Op::Store { atomic, value, .. } => (atomic, AccessKind::Write, value),
            Op::Rmw { atomic, value, .. } => (atomic, AccessKind::Update, value),
            _ => return None,
        };
        let event = now.event;
        let access = Self::new(now, kind, event.op.name());
        Some((object, Self { site: event.site, stack: event.stack, value, ..access }))
    }

    /// The access that the whole hold is, at the event that ends it.
    pub(super) fn of_hold(now: &Moment<'_>, kind: AccessKind, held: &Held) -> Self {
        let access = Self::new(now, kind, "acquire");
        Self { shown: held.event, site: held.site, stack: held.stack, ..access }
    }

    fn new(now: &Moment<'_>, kind: AccessKind, op: &'static str) -> Self {
        Self {
            thread: now.event.thread,
            kind,
            op,
            event: now.index,
            shown: now.index,
            site: None,
            stack: None,
            value: None,
            from: None,
            holds: now.holds.snapshot(now.event.thread),
            source: None,
            own: 0,
            ended_steps: 0,
            region: 0,
        }
    }

    /// Whether this access can belong to one intended step with `earlier`, of the same thread: few events lie between,
    /// and none that waited for others.
    pub(super) fn is_near(&self, earlier: &Self) -> bool {
        self.ended_steps == earlier.ended_steps && self.own - earlier.own <= NEAR
    }
}
