//! One trace, event by event.

use std::collections::{BTreeSet, HashMap};

use lockhound_trace::{Event, ObjectId, Op, Request, SiteId, ThreadId};
use serde::Serialize;

/// How long something took, in events of the trace (of all threads): a trace knows no time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub(crate) struct Length {
    pub(crate) total: u64,
    pub(crate) longest: u64,
}

impl Length {
    fn add(&mut self, events: u64) {
        self.total += events;
        self.longest = self.longest.max(events);
    }

    pub(super) fn join(&mut self, other: Self) {
        self.total += other.total;
        self.longest = self.longest.max(other.longest);
    }
}

/// What happened at one place.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct AtSite {
    pub(super) acquired: u64,
    pub(super) contended: u64,
}

/// What happened to one lock.
#[derive(Debug, Default)]
pub(super) struct OfLock {
    pub(super) acquired: u64,
    pub(super) gave_up: u64,
    pub(super) contended: u64,
    pub(super) waited: Length,
    pub(super) held: Length,
    pub(super) threads: BTreeSet<ThreadId>,
    pub(super) sites: HashMap<Option<SiteId>, AtSite>,
    /// Threads that wait for it when the trace ends.
    pub(super) waiting: u64,
}

/// Counts as events go by. Memory grows with locks, the threads and the places that use each, not with events.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    events: u64,
    locks: HashMap<ObjectId, OfLock>,
    /// Since when, and how many times over, a lock is held.
    holds: HashMap<(ObjectId, ThreadId), (u64, u32)>,
    /// For which lock a thread waits, and since when.
    waits: HashMap<ThreadId, (ObjectId, u64)>,
}

impl Counter {
    pub(crate) fn observe(&mut self, event: &Event) {
        let (thread, site) = (event.thread, event.site);
        match event.op {
            Op::Block { on: Request::Acquire { lock, .. } | Request::Wake { lock, .. } } => {
                let of = self.locks.entry(lock).or_default();
                of.contended += 1;
                of.threads.insert(thread);
                of.sites.entry(site).or_default().contended += 1;
                self.waits.insert(thread, (lock, self.events));
            }
            Op::Acquire { lock, .. } | Op::Wake { lock, .. } => {
                self.end_wait(lock, thread);
                let of = self.locks.entry(lock).or_default();
                of.acquired += 1;
                of.threads.insert(thread);
                of.sites.entry(site).or_default().acquired += 1;
                self.holds.entry((lock, thread)).or_insert((self.events, 0)).1 += 1;
            }
            // Semaphores, too, are asked for in vain: they are no locks.
            Op::TryFailed { object, .. } => {
                self.end_wait(object, thread);
                let of = self.locks.entry(object).or_default();
                of.gave_up += 1;
                of.threads.insert(thread);
            }
            Op::Release { lock, .. } => self.end_hold(lock, thread, false),
            Op::Wait { lock, .. } => self.end_hold(lock, thread, true),
            _ => {}
        }
        self.events += 1;
    }

    pub(crate) const fn events(&self) -> u64 {
        self.events
    }

    /// All locks; what is held or waited for now was so until the end.
    pub(super) fn finish(mut self) -> impl Iterator<Item = (ObjectId, OfLock)> {
        for ((lock, _), (since, _)) in std::mem::take(&mut self.holds) {
            self.locks.entry(lock).or_default().held.add(self.events - since);
        }
        for (lock, since) in std::mem::take(&mut self.waits).into_values() {
            let of = self.locks.entry(lock).or_default();
            of.waited.add(self.events - since);
            of.waiting += 1;
        }
        self.locks.into_iter()
    }

    fn end_wait(&mut self, lock: ObjectId, thread: ThreadId) {
        if let Some((_, since)) = self.waits.remove(&thread) {
            self.locks.entry(lock).or_default().waited.add(self.events - since);
        }
    }

    /// A wait gives a lock back altogether, however often it was taken.
    fn end_hold(&mut self, lock: ObjectId, thread: ThreadId, altogether: bool) {
        let Some((since, times)) = self.holds.get_mut(&(lock, thread)) else { return };
        *times -= 1;
        if *times == 0 || altogether {
            let events = self.events - *since;
            self.holds.remove(&(lock, thread));
            self.locks.entry(lock).or_default().held.add(events);
        }
    }
}
