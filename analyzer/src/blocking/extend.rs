//! From a counter-example to the next attempt: who would let a member go is used up beforehand, or made to wait as well.

use lockhound_trace::{Mode, ObjectKind, ThreadId};

use crate::blocking::attempt::{Attempt, Ground, Member};
use crate::blocking::links::{Kinds, Links};
use crate::blocking::need::{Deed, Need};
use crate::blocking::open::Escape;
use crate::blocking::requests::RequestId;
use crate::model::{Ideal, Point};

impl Ground<'_> {
    /// The attempts that take `escape` from the members.
    pub(super) fn extensions(
        &mut self,
        attempt: &Attempt,
        ideal: &Ideal,
        escape: Escape,
        links: &Links<'_>,
    ) -> Vec<Attempt> {
        let mut further: Vec<Attempt> = Vec::new();
        if let Some(by) = escape.by {
            further.extend(self.spend(attempt, escape, by));
            let joining = self.joining(attempt, ideal, by, links);
            further.extend(joining.into_iter().map(|member| with(attempt, member)));
        }
        if let Need::Permits(semaphore) = self.request(&attempt.members[escape.member]).need {
            for &request in links.permit_holders(semaphore) {
                further.extend(self.fitting(attempt, request, 0, links).map(|member| with(attempt, member)));
            }
        }
        self.narrowed |= further.len() > self.ways;
        further.truncate(self.ways);
        further
    }

    /// The provision comes before the member waits, and is used up by then.
    fn spend(&self, attempt: &Attempt, escape: Escape, by: Point) -> Option<Attempt> {
        let member = &attempt.members[escape.member];
        let spent = match self.request(member).need {
            Need::Notification(_) | Need::Room(_) => by,
            // The message goes to who received it in the recording.
            Need::Message(_) => self.model.partner(by)?,
            Need::Completion(object) if matches!(self.model.tables().object(object).kind, ObjectKind::Flag { .. }) => {
                self.next_by_another(Deed::Clear, object, by)?
            }
            _ => return None,
        };
        let mut attempt = attempt.clone();
        attempt.spent.push(spent);
        Some(attempt)
    }

    /// Requests on the way to `by` at which its thread may get stuck on account of a member.
    fn joining(&self, attempt: &Attempt, ideal: &Ideal, by: Point, links: &Links<'_>) -> Vec<Member> {
        let mut joining: Vec<Member> = Vec::new();
        let mut way = Some(by);
        while let Some(to) = way {
            let from = ideal.get(to.thread);
            if attempt.has(to.thread, self.requests) {
                break;
            }
            for &(loc, request) in self.requests.between(to.thread, from, to.loc) {
                if joining.len() > self.ways {
                    return joining;
                }
                let is_new = joining.iter().all(|member| member.request != request);
                if let Some(member) = self.fitting(attempt, request, loc, links).filter(|_| is_new) {
                    joining.push(member);
                }
            }
            // A thread that has not begun waits for who creates it.
            way = (from == 0).then(|| self.model.spawn_of(to.thread)).flatten();
        }
        joining
    }

    /// `request` as a further member, from its instance at `loc` on.
    fn fitting(&self, attempt: &Attempt, request: RequestId, loc: u32, links: &Links<'_>) -> Option<Member> {
        let instances = &self.requests.get(request).instances;
        let instance = instances.partition_point(|&other| other < loc);
        let at = Point::new(self.requests.get(request).thread, *instances.get(instance)?);
        let need = self.requests.get(request).need;
        let depends = |member: &Member| links.may_depend_at(request, member.request, self.point(member), Kinds::All);
        let compatible = attempt.members.iter().all(|member| links.compatible(request, member.request));
        (compatible
            && !attempt.ideal.contains(at)
            && (matches!(need, Need::Notification(_)) || attempt.members.iter().any(depends)))
        .then_some(Member { request, instance, misses: false })
    }

    /// The members' threads in the order in which they make their requests: who sleeps first, for that gives back a lock;
    /// readers last, behind the writers that queue.
    pub(super) fn in_order(&self, attempt: &Attempt) -> Vec<ThreadId> {
        let mut threads: Vec<(u8, ThreadId)> = attempt
            .members
            .iter()
            .map(|member| {
                let request = self.request(member);
                let turn = match request.need {
                    Need::Notification(_) => 0,
                    Need::Lock { mode: Mode::Read, .. } => 2,
                    _ => 1,
                };
                (turn, request.thread)
            })
            .collect();
        threads.sort_unstable();
        threads.into_iter().map(|(_, thread)| thread).collect()
    }
}

fn with(attempt: &Attempt, member: Member) -> Attempt {
    let mut attempt = attempt.clone();
    attempt.members.push(member);
    attempt
}
