//! Waits that come late: what they miss happens first, with all that it needs, and only then does the waiter come up.
//!
//! The closure keeps the recorded order of critical sections, so it finds a notification under the waiter's lock only
//! where that section came first in the recording. Here the sections of the waiter's way are turned round behind those of
//! the notifier's; whether that can be executed, only the checker knows.

use lockhound_trace::{EventIndex, ThreadId};

use crate::blocking::attempt::{Attempt, Ground};
use crate::model::{Ideal, Point};
use crate::witness::Schedule;

impl Ground<'_> {
    /// A schedule in which what `attempt`'s only member misses, and what else is spent, comes before the rest of what
    /// leads to the member. None if the former needs the latter.
    pub(super) fn late(&mut self, attempt: &Attempt) -> Option<(Schedule, Ideal)> {
        let [member] = attempt.members.as_slice() else { return None };
        let point = self.point(member);
        let mut first = Ideal::new(self.model.threads());
        first.join(self.model.stamp(self.missed(member)?));
        for &spent in &attempt.spent {
            first.join(self.model.stamp(spent));
        }
        let mut way = Ideal::new(self.model.threads());
        way.join(self.model.pred(point));
        self.close(&mut way, &[]).ok()?;
        loop {
            self.close(&mut first, &[]).ok()?;
            let mut all = first.clone();
            all.join_ideal(&way);
            if all.contains(point) {
                return None;
            }
            if !self.make_way(&mut first, &all)? {
                let then = self.between(&first, &all);
                return Some((Schedule { base: first, then }, all));
            }
        }
    }

    /// Adds the releases of locks that are held in `first` and taken on the rest of the way to `all`; whether there were
    /// any. None if one is never given back.
    fn make_way(&self, first: &mut Ideal, all: &Ideal) -> Option<bool> {
        let mut added = false;
        for thread in (0..self.model.threads()).map(ThreadId::from_index) {
            let held = self.model.held(Point::new(thread, first.get(thread) + 1));
            for hold in held.iter().map(|&id| self.model.hold(id)) {
                let is_taken = self.model.holds(hold.lock).any(|(_, holds)| {
                    let next = holds.partition_point(|other| other.acquire <= first.get(other.thread));
                    holds.get(next).is_some_and(|other| {
                        other.thread != thread
                            && other.acquire <= all.get(other.thread)
                            && other.mode.conflicts_with(hold.mode)
                    })
                });
                if is_taken {
                    added |= first.join(self.model.stamp(Point::new(thread, hold.release?)));
                }
            }
        }
        Some(added)
    }

    /// The events of `to` that are not in `from`, as they were recorded.
    fn between(&self, from: &Ideal, to: &Ideal) -> Vec<EventIndex> {
        let mut events: Vec<EventIndex> = Vec::new();
        for (index, (&start, &end)) in from.as_slice().iter().zip(to.as_slice()).enumerate() {
            let thread = ThreadId::from_index(index);
            events.extend((start..end).map(|before| self.model.index(Point::new(thread, before + 1))));
        }
        events.sort_unstable();
        events
    }
}
