//! An attempt to bring some requests to wait at once: where each of them stands, and what must have happened by then.

use lockhound_trace::{ObjectId, ObjectKind, Op, ThreadId, WakeReason};

use crate::blocking::need::{Deed, Need};
use crate::blocking::requests::{Request, RequestId, Requests};
use crate::closure::Closure;
use crate::model::{Ideal, Model, Point};

/// A request at one of its instances.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Member {
    pub(super) request: RequestId,
    /// Which instance, counted from 0.
    pub(super) instance: usize,
    /// Whether what let it go in the recording comes too early for it here: its notification, or (of a flag or wait group)
    /// what undoes what it waits for.
    pub(super) misses: bool,
}

/// Where all members stand.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) members: Vec<Member>,
    /// Events that must come before, with all that must come before them.
    pub(super) spent: Vec<Point>,
    /// Threads that have ended with something in their hands.
    pub(super) ended: Vec<ThreadId>,
    /// What must have happened; only ever grows.
    pub(super) ideal: Ideal,
}

/// Some instance of every member is swallowed by what the others need: no schedule that keeps the recorded order of what
/// it keeps has all of them waiting.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Ordered;

/// What closing an ideal costs, in events executed …
const CLOSURE_STEPS: u64 = 2_000;
/// … and each event that is taken in by it.
const GROWTH_STEPS: u64 = 10;

/// What attempts are made with.
pub(super) struct Ground<'a> {
    pub(super) model: &'a Model<'a>,
    pub(super) requests: &'a Requests,
    pub(super) closure: Closure<'a>,
    /// How many ways to extend a candidate are tried.
    pub(super) ways: usize,
    /// What closing ideals has cost since that was last asked, in events executed: as much time goes by.
    pub(super) work: u64,
    /// Whether something was left untried with this candidate.
    pub(super) narrowed: bool,
}

impl Attempt {
    pub(super) fn new(threads: usize, members: &[RequestId]) -> Self {
        let member = |&request| Member { request, instance: 0, misses: false };
        Self {
            members: members.iter().map(member).collect(),
            spent: Vec::new(),
            ended: Vec::new(),
            ideal: Ideal::new(threads),
        }
    }

    /// Whether one of `thread`'s requests is a member.
    pub(super) fn has(&self, thread: ThreadId, requests: &Requests) -> bool {
        self.members.iter().any(|member| requests.get(member.request).thread == thread)
    }
}

impl Ground<'_> {
    pub(super) fn request(&self, member: &Member) -> &Request {
        self.requests.get(member.request)
    }

    /// Where the member waits.
    pub(super) fn point(&self, member: &Member) -> Point {
        self.request(member).instance(member.instance).expect("settled members have an instance")
    }

    /// Grows the ideal until it contains all that the members need, and advances members to instances that it does not
    /// contain.
    pub(super) fn settle(&mut self, attempt: &mut Attempt) -> Result<(), Ordered> {
        let drained = self.drained(attempt);
        for &point in &attempt.spent {
            attempt.ideal.join(self.model.stamp(point));
        }
        for &thread in &attempt.ended {
            if let Some(last) = self.model.last(thread) {
                attempt.ideal.join(self.model.stamp(last));
            }
        }
        loop {
            for member in &mut attempt.members {
                self.demand(member, &mut attempt.ideal)?;
            }
            self.close(&mut attempt.ideal, &drained)?;
            let mut moved = false;
            for member in &mut attempt.members {
                if self.is_gone(member, &attempt.ideal) {
                    self.advance(member, &attempt.ideal)?;
                    moved = true;
                }
            }
            if !moved {
                return Ok(());
            }
        }
    }

    /// Grows `ideal` to what executable schedules contain with it.
    pub(super) fn close(&mut self, ideal: &mut Ideal, drained: &[ObjectId]) -> Result<(), Ordered> {
        let before = ideal.len();
        let outcome = self.closure.close(ideal, drained).map_err(|_| Ordered);
        self.work += CLOSURE_STEPS + GROWTH_STEPS * ideal.len().saturating_sub(before);
        outcome
    }

    /// Adds what must have happened before the member waits.
    fn demand(&self, member: &mut Member, ideal: &mut Ideal) -> Result<(), Ordered> {
        let point = self.point(member);
        ideal.join(self.model.pred(point));
        if let Op::Wake { by: WakeReason::Notify, .. } = self.model.op(point)
            && let Some(notification) = self.model.partner(point)
        {
            ideal.join(self.model.stamp(notification));
        }
        if member.misses {
            match self.missed(member) {
                Some(missed) => {
                    ideal.join(self.model.stamp(missed));
                }
                None => {
                    self.advance(member, ideal)?;
                    return self.demand(member, ideal);
                }
            }
        }
        Ok(())
    }

    /// The first instance that `ideal` does not contain, beyond the present one.
    pub(super) fn advance(&self, member: &mut Member, ideal: &Ideal) -> Result<(), Ordered> {
        let request = self.request(member);
        let done = ideal.get(request.thread);
        let next = request.instances.partition_point(|&loc| loc <= done);
        member.instance = next.max(member.instance + 1);
        if member.instance < request.instances.len() { Ok(()) } else { Err(Ordered) }
    }

    /// What comes too early for the member: its notification; the next `clear` of a flag; a later `add` to a wait group.
    pub(super) fn missed(&self, member: &Member) -> Option<Point> {
        let point = self.point(member);
        match self.request(member).need {
            Need::Notification(_) => {
                let wake = self.model.partner(point)?;
                matches!(self.model.op(wake), Op::Wake { by: WakeReason::Notify, .. })
                    .then(|| self.model.partner(wake))
                    .flatten()
            }
            Need::Completion(object) => {
                let undo = match self.model.tables().object(object).kind {
                    ObjectKind::Flag { .. } => Deed::Clear,
                    ObjectKind::Waitgroup { .. } => Deed::Add,
                    _ => return None,
                };
                self.next_by_another(undo, object, point)
            }
            _ => None,
        }
    }

    /// The next deed after `point`, as recorded, by another thread.
    pub(super) fn next_by_another(&self, deed: Deed, object: ObjectId, point: Point) -> Option<Point> {
        let now = self.model.index(point);
        self.requests
            .deeds
            .of(deed, object)
            .iter()
            .filter(|share| share.thread != point.thread)
            .filter_map(|share| {
                let when = |loc: u32| self.model.index(Point::new(share.thread, loc));
                let next = share.locs.partition_point(|&loc| when(loc) <= now);
                share.locs.get(next).map(|&loc| (when(loc), Point::new(share.thread, loc)))
            })
            .min_by_key(|&(index, _)| index)
            .map(|(_, point)| point)
    }

    /// Whether the member is past waiting: it has happened, or what it waits for is there.
    fn is_gone(&self, member: &Member, ideal: &Ideal) -> bool {
        let point = self.point(member);
        ideal.contains(point)
            || match self.request(member).need {
                Need::Lock { .. } | Need::Permits(_) | Need::Notification(_) => false,
                Need::Message(channel) => {
                    // Where messages stand for one another it is empty once it is drained.
                    self.requests.deeds.any(Deed::Close, channel, ideal)
                        || (!self.model.is_interchangeable(channel) && self.is_served(point, ideal))
                }
                Need::Room(channel) => self.requests.deeds.any(Deed::Close, channel, ideal),
                Need::End(_) | Need::Parties(_) => self.is_served(point, ideal),
                Need::Completion(_) => !member.misses && self.is_served(point, ideal),
            }
    }

    /// Whether all that a completed request must come after has happened.
    fn is_served(&self, point: Point, ideal: &Ideal) -> bool {
        if matches!(self.model.op(point), Op::Block { .. }) {
            return false;
        }
        let stamp = self.model.stamp(point);
        (0..self.model.threads())
            .map(ThreadId::from_index)
            .all(|thread| thread == point.thread || stamp.get(thread) <= ideal.get(thread))
    }

    /// The channels that must be empty because a member waits for a message.
    pub(super) fn drained(&self, attempt: &Attempt) -> Vec<ObjectId> {
        attempt
            .members
            .iter()
            .filter_map(|member| match self.request(member).need {
                Need::Message(channel) => Some(channel),
                _ => None,
            })
            .filter(|&channel| self.capacity(channel) != Some(0))
            .collect()
    }

    pub(super) fn capacity(&self, channel: ObjectId) -> Option<u64> {
        match self.model.tables().object(channel).kind {
            ObjectKind::Channel { capacity, .. } => capacity,
            _ => None,
        }
    }
}
