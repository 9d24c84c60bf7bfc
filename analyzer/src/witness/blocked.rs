//! Threads that make their next requests and are never let go.

use lockhound_trace::{EventIndex, Mode, ObjectId, Op, Request, ThreadId};

use crate::witness::claim::{Closed, Proof, Rejection};
use crate::witness::knot::Knot;
use crate::witness::machine::{Asking, Executed, Look, Outcomes};
use crate::witness::run::Run;
use crate::witness::schedule::Schedule;

/// Judges that after the schedule the members are stuck. First as everybody stands; then the others run on as they were
/// recorded, as far as they can; then as far as they would if it did not matter what they read.
pub(super) fn judge(
    run: &mut Run<'_, '_>,
    schedule: &Schedule,
    members: &[ThreadId],
    interchangeable: bool,
) -> Result<Proof, Rejection> {
    let distinct = members.iter().enumerate().all(|(index, member)| !members[..index].contains(member));
    let known = members.iter().all(|member| member.index() < run.recording.threads());
    if members.is_empty() || !distinct || !known {
        return Err(Rejection::NotAsClaimed);
    }
    // Which message is received is another question in the recorded run.
    let special = EventIndex(if interchangeable { 0 } else { u64::MAX });
    if interchangeable {
        run.machine.outcomes = Outcomes::AnyMessage;
    }
    run.through(schedule, special, Run::follow)?;
    run.machine.spared = members.to_vec();
    let mut scene = Scene { members: Vec::new(), then: Vec::new() };
    scene.make_requests(run, members)?;
    if let Some(freed) = scene.freed(run) {
        let by = freed.notification(run).map(|event| (run.recording.step(event).thread, event));
        return Err(Rejection::Freed { member: freed.thread, by });
    }
    if let Ok(proof) = scene.knot(run, members, None) {
        return Ok(proof);
    }
    scene.run_on(run)?;
    let why = match scene.knot(run, members, None) {
        Ok(proof) => return Ok(proof),
        Err(why) => why,
    };
    run.machine.outcomes = Outcomes::Free;
    scene.run_on(run)?;
    scene.knot(run, members, Some(Closed::AsRecorded)).map_err(|_| why)
}

/// The members at their requests.
struct Scene {
    members: Vec<Member>,
    /// What was executed since the schedule ended.
    then: Vec<EventIndex>,
}

#[derive(Clone, Copy)]
struct Member {
    thread: ThreadId,
    asking: Asking,
}

impl Member {
    /// The notification that let it go, if it sleeps in a `wait`.
    fn notification(&self, run: &Run<'_, '_>) -> Option<EventIndex> {
        match self.asking.on {
            Request::Wait { condvar, .. } | Request::Wake { condvar, .. } => {
                run.machine.notification(condvar, self.thread)
            }
            _ => None,
        }
    }

    fn is_let_go(&self, run: &Run<'_, '_>, members: &[Self]) -> bool {
        let meets =
            |request: &Request| members.iter().any(|other| other.thread != self.thread && other.asking.on == *request);
        // Who was notified will go on, even if it still has to wait for its lock.
        (matches!(self.asking.on, Request::Wait { .. }) && self.notification(run).is_some())
            || run.machine.met(self.thread)
            || run.machine.grants(run.recording, self.thread, &self.asking.on, meets)
    }

    /// The objects at which somebody may let it go; a join has none.
    fn objects(&self) -> [Option<ObjectId>; 2] {
        match self.asking.on {
            Request::Wait { condvar, lock } | Request::Wake { condvar, lock } => [Some(condvar), Some(lock)],
            on => [on.object(), None],
        }
    }
}

impl Scene {
    /// Waits first, since they give locks back; reads last, so that the writers are queued.
    fn make_requests(&mut self, run: &mut Run<'_, '_>, members: &[ThreadId]) -> Result<(), Rejection> {
        let mut asking = Vec::new();
        for &thread in members {
            run.machine.spare(thread);
            let request = run.machine.asking(run.recording, thread).ok_or(Rejection::NotAsClaimed)?;
            asking.push((turn(&request.on), Member { thread, asking: request }));
        }
        asking.sort_by_key(|&(turn, _)| turn);
        for (_, member) in asking {
            let then = &mut self.then;
            let did = |event| then.push(event);
            if !run.machine.make_request(run.recording, member.thread, &member.asking.on, did) {
                return Err(Rejection::Freed { member: member.thread, by: None });
            }
            self.members.push(member);
        }
        Ok(())
    }

    fn freed(&self, run: &Run<'_, '_>) -> Option<&Member> {
        self.members.iter().find(|member| member.is_let_go(run, &self.members))
    }

    /// Whether all members are in a knot; what its least part is. Otherwise why not.
    fn knot(&self, run: &Run<'_, '_>, members: &[ThreadId], closed: Option<Closed>) -> Result<Proof, Rejection> {
        let knot = Knot::new(run.recording, run.machine);
        let set = knot.stuck();
        if let Some(&member) = members.iter().find(|member| !set[member.index()]) {
            return Err(Rejection::Freed { member, by: knot.way_out(member, &set) });
        }
        let least = knot.least(set, members);
        let locks = least.iter().all(|&thread| knot.waits_for_threads(thread));
        let stuck: Vec<(ThreadId, Asking)> =
            least.iter().filter_map(|&thread| Some((thread, knot.asking(thread)?))).collect();
        let missed = |&(thread, asking): &(ThreadId, Asking)| match asking.on {
            Request::Wait { condvar, .. } => Some((thread, run.machine.missed(condvar, thread)?)),
            _ => None,
        };
        Ok(Proof {
            closed: closed.unwrap_or(if locks { Closed::Locks } else { Closed::NobodyProvides }),
            then: self.then.clone(),
            missed: stuck.iter().filter_map(missed).collect(),
            stuck: stuck.iter().map(|&(thread, asking)| (thread, asking.at)).collect(),
            assumes_release: Vec::new(),
        })
    }

    /// Lets the others run, always the one with the earliest event that is possible, until none can or a member is let go.
    fn run_on(&mut self, run: &mut Run<'_, '_>) -> Result<(), Rejection> {
        let is_member = |thread: ThreadId| self.members.iter().any(|member| member.thread == thread);
        let others = (0..run.recording.threads()).map(ThreadId::from_index).filter(|&thread| !is_member(thread));
        let mut next: Vec<(EventIndex, ThreadId)> =
            others.filter_map(|thread| Some((run.next(thread)?, thread))).collect();
        next.sort_unstable();
        let mut turn = 0;
        while turn < next.len() {
            let (at, thread) = next[turn];
            let step = run.recording.step(at);
            if run.execute(&step, Look::Bound)? == Executed::No {
                turn += 1;
                continue;
            }
            self.then.push(at);
            let following = run.next(thread);
            if (following.is_none() || self.concerns(&step.op))
                && let Some(member) = self.freed(run)
            {
                return Err(Rejection::Freed { member: member.thread, by: Some((thread, at)) });
            }
            next.remove(turn);
            if let Some(following) = following {
                let place = next.partition_point(|other| other.0 < following);
                next.insert(place, (following, thread));
            }
            turn = 0;
        }
        Ok(())
    }

    /// Whether the operation may let a member go.
    fn concerns(&self, op: &Op) -> bool {
        let lock = match *op {
            Op::Wait { lock, .. } | Op::Wake { lock, .. } | Op::Block { on: Request::Wait { lock, .. } } => Some(lock),
            _ => None,
        };
        [op.object(), lock]
            .into_iter()
            .flatten()
            .any(|object| self.members.iter().any(|member| member.objects().contains(&Some(object))))
    }
}

fn turn(on: &Request) -> u8 {
    match on {
        Request::Wait { .. } => 0,
        Request::Acquire { mode: Mode::Read, .. } => 2,
        _ => 1,
    }
}
