//! Filling channels: a sender only waits where there is no room.

use lockhound_trace::{EventIndex, ObjectId};

use crate::blocking::attempt::{Attempt, Ground};
use crate::blocking::need::{Deed, Need};
use crate::model::{Ideal, Point};

/// How many sends are tried for one member, for each way to extend a candidate.
const SENDS: usize = 16;

impl Ground<'_> {
    /// Adds sends to `ideal` until every channel that a member sends to is full: those nearest before the member first,
    /// then later ones; none that must come after a member. Whether all became full.
    pub(super) fn fill(&mut self, attempt: &Attempt, ideal: &mut Ideal) -> bool {
        for member in &attempt.members {
            if let Need::Room(channel) = self.request(member).need
                && let Some(capacity) = self.capacity(channel).filter(|&capacity| capacity > 0)
                && !self.fill_one(attempt, self.point(member), channel, capacity, ideal)
            {
                return false;
            }
        }
        true
    }

    fn fill_one(
        &mut self,
        attempt: &Attempt,
        point: Point,
        channel: ObjectId,
        capacity: u64,
        ideal: &mut Ideal,
    ) -> bool {
        let mut sends: Option<Vec<(EventIndex, Point)>> = None;
        loop {
            let missing = capacity.saturating_sub(self.buffered(channel, ideal));
            if missing == 0 {
                return true;
            }
            if sends.is_none() {
                sends = Some(self.sends_near(point, channel, ideal));
            }
            let Some(sends) = &mut sends else { return false };
            let Some((_, send)) = sends.pop() else { return false };
            if ideal.contains(send) {
                continue;
            }
            let mut filled = ideal.clone();
            filled.join(self.model.stamp(send));
            let drained = self.drained(attempt);
            let fits = self.close(&mut filled, &drained).is_ok()
                && attempt.members.iter().all(|member| !filled.contains(self.point(member)));
            if fits {
                ideal.copy_from(&filled);
            }
        }
    }

    /// Messages in the channel.
    pub(super) fn buffered(&self, channel: ObjectId, ideal: &Ideal) -> u64 {
        let deeds = &self.requests.deeds;
        let (sent, received) = (deeds.count(Deed::Send, channel, ideal), deeds.count(Deed::Receive, channel, ideal));
        sent.saturating_sub(received) as u64
    }

    /// Sends of other threads that are not in `ideal`, the one to try first last.
    fn sends_near(&mut self, point: Point, channel: ObjectId, ideal: &Ideal) -> Vec<(EventIndex, Point)> {
        let now = self.model.index(point);
        let mut sends = Vec::new();
        let most = SENDS * self.ways;
        let mut narrowed = false;
        for share in self.requests.deeds.of(Deed::Send, channel) {
            if share.thread == point.thread {
                continue;
            }
            // A send brings those before it of its thread: only so many are of use.
            let from = share.in_ideal(ideal);
            let to = share.locs.len().min(from + most);
            narrowed |= to < share.locs.len();
            sends.extend(share.locs[from..to].iter().map(|&loc| {
                let send = Point::new(share.thread, loc);
                (self.model.index(send), send)
            }));
        }
        sends.sort_unstable_by_key(|&(index, _)| {
            let (is_later, distance) = (index > now, index.0.abs_diff(now.0));
            std::cmp::Reverse((is_later, distance))
        });
        let tried = sends.len().min(most);
        self.narrowed |= narrowed || tried < sends.len();
        sends.split_off(sends.len() - tried)
    }
}
