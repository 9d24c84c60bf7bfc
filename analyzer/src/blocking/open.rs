//! A cheap look before the checker is asked: is there somebody who would simply come along and let a member go?

use lockhound_trace::ThreadId;

use crate::blocking::attempt::{Attempt, Ground, Member};
use crate::blocking::links::{Kinds, Links};
use crate::blocking::need::Need;
use crate::blocking::requests::RequestId;
use crate::model::{Ideal, Point};

/// Why a set of members is not stuck: who would be let go, by which event of whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Escape {
    /// Which member.
    pub(super) member: usize,
    /// None: it need not wait at all.
    pub(super) by: Option<Point>,
}

/// How many requests of an outsider are looked at.
const REQUESTS: usize = 64;

impl Ground<'_> {
    /// An outsider whose next provision nothing stops. Finding none proves nothing.
    pub(super) fn escape(&self, attempt: &Attempt, ideal: &Ideal, links: &Links<'_>) -> Option<Escape> {
        for (number, member) in attempt.members.iter().enumerate() {
            let need = self.request(member).need;
            if need.is_owned() || need.is_counted(self.model.tables()) {
                continue;
            }
            for share in self.requests.deeds.supply(need) {
                if attempt.has(share.thread, self.requests) {
                    continue;
                }
                if let Some(provision) = share.next(ideal)
                    && self.is_free(attempt, ideal, provision, links)
                {
                    return Some(Escape { member: number, by: Some(provision) });
                }
            }
        }
        None
    }

    /// Whether all that leads to `provision` can surely happen while the members wait.
    fn is_free(&self, attempt: &Attempt, ideal: &Ideal, provision: Point, links: &Links<'_>) -> bool {
        let stamp = self.model.stamp(provision);
        if attempt.members.iter().any(|member| stamp.contains(self.point(member))) {
            return false;
        }
        let mut looked_at = 0;
        for thread in (0..self.model.threads()).map(ThreadId::from_index) {
            // The provision itself need not wait: whoever it serves is there.
            let to = if thread == provision.thread { provision.loc - 1 } else { stamp.get(thread) };
            let ahead = self.requests.between(thread, ideal.get(thread), to);
            looked_at += ahead.len();
            if looked_at > REQUESTS {
                return false;
            }
            for &(loc, request) in ahead {
                if !self.passes(ideal, Point::new(thread, loc), request)
                    || attempt.members.iter().any(|member| self.depends(links, request, member))
                {
                    return false;
                }
            }
        }
        true
    }

    fn depends(&self, links: &Links<'_>, request: RequestId, member: &Member) -> bool {
        links.may_depend_at(request, member.request, self.point(member), Kinds::All)
    }

    /// Whether an outsider's request asks only for a lock that nobody has now.
    fn passes(&self, ideal: &Ideal, point: Point, request: RequestId) -> bool {
        let Need::Lock { lock, mode } = self.requests.get(request).need else { return false };
        let Some(lock) = self.model.lock_of(lock) else { return false };
        self.model.holds(lock).all(|(_, holds)| {
            let begun = holds.partition_point(|hold| hold.acquire <= ideal.get(hold.thread));
            begun.checked_sub(1).is_none_or(|last| {
                let hold = &holds[last];
                let is_over = hold.release.is_some_and(|release| release <= ideal.get(hold.thread));
                is_over || hold.thread == point.thread || !hold.mode.conflicts_with(mode)
            })
        })
    }
}
