//! FastTrack: happens-before races of one variable with epochs (Flanagan and Freund, PLDI 2009).

use lockhound_trace::ThreadId;

use super::access::{Access, AccessKind};
use crate::clocks::{Epoch, VectorClock};

/// How often each rule of the paper was applied; what differs is named.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct RuleCounts {
    pub(super) read_same_epoch: u64,
    pub(super) read_exclusive: u64,
    pub(super) read_share: u64,
    pub(super) read_shared: u64,
    pub(super) write_same_epoch: u64,
    pub(super) write_exclusive: u64,
    pub(super) write_shared: u64,
    /// Not in the paper: atomic loads, stores and read-modify-writes, which race with plain accesses only.
    pub(super) atomic: u64,
}

/// The accesses of one kind to one variable that a later one can race with: an epoch while each is ordered after the
/// one before, a vector since two were not.
#[derive(Debug, Default)]
struct Accesses {
    /// Of the last access, unless `shared`.
    epoch: Option<Epoch>,
    shared: bool,
    last: Option<Access>,
    /// Only meaningful while `shared`; kept for its memory otherwise.
    vector: Option<Box<SharedAccesses>>,
}

/// The last access of every thread.
#[derive(Debug, Default)]
struct SharedAccesses {
    clock: VectorClock,
    last: Vec<Option<Access>>,
}

impl SharedAccesses {
    fn record(&mut self, epoch: Epoch, access: Access) {
        self.clock.set(epoch.thread, epoch.count);
        let index = epoch.thread.index();
        if self.last.len() <= index {
            self.last.resize(index + 1, None);
        }
        self.last[index] = Some(access);
    }
}

/// What a record of an access did to the representation.
#[derive(PartialEq, Eq)]
enum Recorded {
    Exclusive,
    Share,
    Shared,
}

impl Accesses {
    /// Whether the thread of `epoch` has made such an access in this epoch, and nobody a later one.
    fn same_epoch(&self, epoch: Epoch) -> bool {
        if !self.shared {
            return self.epoch == Some(epoch);
        }
        self.vector.as_ref().is_some_and(|vector| vector.clock.get(epoch.thread) == epoch.count)
    }

    /// Hands every access that `clock` does not know to `race`. Accesses of the clock's own thread are known to it.
    fn unordered(&self, clock: &VectorClock, mut race: impl FnMut(&Access)) {
        if !self.shared {
            if let (Some(epoch), Some(last)) = (self.epoch, &self.last)
                && !clock.knows(epoch)
            {
                race(last);
            }
            return;
        }
        let Some(vector) = &self.vector else { return };
        for last in vector.last.iter().flatten() {
            if vector.clock.get(last.thread) > clock.get(last.thread) {
                race(last);
            }
        }
    }

    /// Whether there is at most one access, and `clock` knows it.
    fn is_known(&self, clock: &VectorClock) -> bool {
        !self.shared && self.epoch.is_none_or(|epoch| clock.knows(epoch))
    }

    /// Replaces whatever there was.
    #[inline]
    fn replace(&mut self, epoch: Epoch, access: Access) {
        self.shared = false;
        self.epoch = Some(epoch);
        self.last = Some(access);
    }

    /// Keeps the access next to those it is not ordered after.
    fn record(&mut self, epoch: Epoch, access: Access, clock: &VectorClock) -> Recorded {
        if self.shared {
            self.vector.get_or_insert_default().record(epoch, access);
            return Recorded::Shared;
        }
        if let Some(before) = self.epoch
            && !clock.knows(before)
            && let Some(last) = self.last.take()
        {
            let vector = self.vector.get_or_insert_default();
            vector.record(before, last);
            vector.record(epoch, access);
            self.shared = true;
            return Recorded::Share;
        }
        self.replace(epoch, access);
        Recorded::Exclusive
    }

    /// Keeps a further access of the same epoch in the place of the one before: both race with the same accesses, and
    /// the later one is nearer to whatever will race with it.
    fn refresh(&mut self, thread: ThreadId, access: Access) {
        if self.shared {
            if let Some(last) = self.vector.as_mut().and_then(|vector| vector.last.get_mut(thread.index())) {
                *last = Some(access);
            }
        } else {
            self.last = Some(access);
        }
    }

    /// Forgets all, keeping the memory.
    fn clear(&mut self) {
        if self.shared
            && let Some(vector) = &mut self.vector
        {
            vector.clock.clear();
            vector.last.fill(None);
        }
        self.shared = false;
        self.epoch = None;
        self.last = None;
    }
}

/// Loads and stores of a variable that is accessed atomically. Atomic accesses never race with each other, so both
/// sides may hold several that nothing orders.
#[derive(Debug, Default)]
struct AtomicAccesses {
    loads: Accesses,
    stores: Accesses,
}

/// What FastTrack keeps of one variable. The first race of a variable is exact; what is reported after it are still
/// pairs that happens-before leaves unordered, though not all of them.
#[derive(Debug, Default)]
pub(super) struct Variable {
    /// `W`: never shared, since a write replaces the one before, racing or not.
    write: Accesses,
    /// `R`.
    reads: Accesses,
    atomic: Option<Box<AtomicAccesses>>,
}

impl Variable {
    /// The thread of `epoch`, knowing `clock`, accesses the variable; `access` makes what is kept of that. Earlier accesses
    /// that it races with go to `race`, together with it. Constant time, except when it meets accesses that several
    /// threads made unordered.
    #[inline]
    pub(super) fn access(
        &mut self,
        epoch: Epoch,
        clock: &VectorClock,
        kind: AccessKind,
        access: impl FnOnce() -> Access,
        rules: &mut RuleCounts,
        race: impl FnMut(&Access, &Access),
    ) {
        match kind {
            AccessKind::Read => self.read(epoch, clock, access, rules, race),
            AccessKind::Write => self.write(epoch, clock, access, rules, race),
            AccessKind::Load => self.load(epoch, clock, access(), rules, race),
            AccessKind::Store | AccessKind::Rmw => self.store(epoch, clock, access(), rules, race),
        }
    }

    #[inline]
    fn read(
        &mut self,
        epoch: Epoch,
        clock: &VectorClock,
        access: impl FnOnce() -> Access,
        rules: &mut RuleCounts,
        mut race: impl FnMut(&Access, &Access),
    ) {
        if self.reads.same_epoch(epoch) {
            rules.read_same_epoch += 1;
            self.reads.refresh(epoch.thread, access());
            return;
        }
        if self.atomic.is_none() && self.write.is_known(clock) && self.reads.is_known(clock) {
            rules.read_exclusive += 1;
            self.reads.replace(epoch, access());
            return;
        }
        let access = access();
        self.write.unordered(clock, |earlier| race(earlier, &access));
        if let Some(atomic) = &self.atomic {
            atomic.stores.unordered(clock, |earlier| race(earlier, &access));
        }
        *match self.reads.record(epoch, access, clock) {
            Recorded::Exclusive => &mut rules.read_exclusive,
            Recorded::Share => &mut rules.read_share,
            Recorded::Shared => &mut rules.read_shared,
        } += 1;
    }

    #[inline]
    fn write(
        &mut self,
        epoch: Epoch,
        clock: &VectorClock,
        access: impl FnOnce() -> Access,
        rules: &mut RuleCounts,
        mut race: impl FnMut(&Access, &Access),
    ) {
        // Unlike the paper, reads of the same epoch by others may stand between two writes of it: had they been
        // ordered the epoch would have ended, so they have been reported as they came.
        if self.write.same_epoch(epoch) {
            rules.write_same_epoch += 1;
            self.write.refresh(epoch.thread, access());
            return;
        }
        if self.atomic.is_none() && self.write.is_known(clock) && self.reads.is_known(clock) {
            rules.write_exclusive += 1;
            self.write.replace(epoch, access());
            return;
        }
        let access = access();
        self.write.unordered(clock, |earlier| race(earlier, &access));
        self.reads.unordered(clock, |earlier| race(earlier, &access));
        if let Some(atomic) = &mut self.atomic {
            atomic.stores.unordered(clock, |earlier| race(earlier, &access));
            atomic.loads.unordered(clock, |earlier| race(earlier, &access));
            atomic.stores.clear();
            atomic.loads.clear();
        }
        *if self.reads.shared { &mut rules.write_shared } else { &mut rules.write_exclusive } += 1;
        if self.reads.shared {
            self.reads.clear();
        }
        self.write.replace(epoch, access);
    }

    fn load(
        &mut self,
        epoch: Epoch,
        clock: &VectorClock,
        access: Access,
        rules: &mut RuleCounts,
        mut race: impl FnMut(&Access, &Access),
    ) {
        rules.atomic += 1;
        self.write.unordered(clock, |earlier| race(earlier, &access));
        self.atomic.get_or_insert_default().loads.record(epoch, access, clock);
    }

    fn store(
        &mut self,
        epoch: Epoch,
        clock: &VectorClock,
        access: Access,
        rules: &mut RuleCounts,
        mut race: impl FnMut(&Access, &Access),
    ) {
        rules.atomic += 1;
        self.write.unordered(clock, |earlier| race(earlier, &access));
        self.reads.unordered(clock, |earlier| race(earlier, &access));
        self.atomic.get_or_insert_default().stores.record(epoch, access, clock);
    }
}
