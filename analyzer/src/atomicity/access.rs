//! What counts as one access: of a cell, of an atomic, and of the data inside a lock.

use lockhound_trace::{EventIndex, ObjectId, ObjectKind, Op, SiteId, StackId, ThreadId, Touched, Value};

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
    /// How the event accesses its object, if it accesses one by itself: holds do when they end.
    pub(super) const fn of(op: &Op) -> Option<(ObjectId, Self, Option<Value>)> {
        match *op {
            Op::Read { var, value } => Some((var, Self::Read, value)),
            Op::Write { var, value } => Some((var, Self::Write, value)),
            Op::Load { atomic, value, .. } => Some((atomic, Self::Read, value)),
            Op::Store { atomic, value, .. } => Some((atomic, Self::Write, value)),
            Op::Rmw { atomic, value, .. } => Some((atomic, Self::Update, value)),
            _ => None,
        }
    }

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

    /// What such an access of an object of this kind is called in the JSON Lines format.
    pub(super) const fn op_name(self, object: &ObjectKind) -> &'static str {
        match (self, object) {
            (Self::Read, ObjectKind::Atomic) => "load",
            (Self::Read, _) => "read",
            (Self::Write, ObjectKind::Atomic) => "store",
            (Self::Write, _) => "write",
            (Self::Update, _) => "rmw",
            (Self::Look | Self::Change | Self::Blind, _) => "acquire",
        }
    }
}

/// One access, with its place in its thread. One is kept for each thread at each cell, so it is small.
#[derive(Clone, Debug)]
pub(super) struct Access {
    /// When it takes effect: a hold does at its release.
    pub(super) event: EventIndex,
    /// Read, or else written.
    pub(super) value: Option<Value>,
    /// What its thread held; a hold that is itself the access is among them.
    pub(super) holds: HeldSnapshot,
    pub(super) thread: ThreadId,
    pub(super) site: Option<SiteId>,
    pub(super) stack: Option<StackId>,
    /// How many events its thread had made.
    pub(super) own: u32,
    /// How many steps its thread had ended by waiting for others.
    pub(super) ended_steps: u32,
    /// Which declared region it stands in; 0 = none.
    pub(super) region: u32,
    pub(super) kind: AccessKind,
}

/// How far apart two accesses of one intended step may be, in events of their own thread.
pub(super) const NEAR: u32 = 64;

impl Access {
    /// The access of a cell or an atomic that the event makes; its place in its thread is still to be filled in.
    pub(super) fn of(now: &Moment<'_>, kind: AccessKind, value: Option<Value>) -> Self {
        let event = now.event;
        Self {
            event: now.index,
            value,
            holds: now.holds.snapshot(event.thread),
            thread: event.thread,
            site: event.site,
            stack: event.stack,
            own: 0,
            ended_steps: 0,
            region: 0,
            kind,
        }
    }

    /// The access that the whole hold is, at the event that ends it.
    pub(super) fn of_hold(now: &Moment<'_>, kind: AccessKind, held: &Held) -> Self {
        Self { site: held.site, stack: held.stack, ..Self::of(now, kind, None) }
    }

    /// Where a report points: a hold is shown at its acquire.
    pub(super) fn shown(&self, object: ObjectId) -> EventIndex {
        let hold = self.holds.iter().find(|held| self.kind.is_hold() && held.lock == object);
        hold.map_or(self.event, |held| held.event)
    }

    /// Whether this access can belong to one intended step with `earlier`, of the same thread: few events lie between,
    /// and none that waited for others.
    pub(super) const fn is_near(&self, earlier: &Self) -> bool {
        self.ended_steps == earlier.ended_steps && self.own - earlier.own <= NEAR
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_is_small() {
        assert!(size_of::<Access>() <= 72, "{}", size_of::<Access>());
    }
}
