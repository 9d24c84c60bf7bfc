//! Requests that may wait without end: what a thread asks for, whether it gets it, and who could change that.

use lockhound_trace::{EventIndex, How, Mode, ObjectId, Op, Request, ThreadId, WakeReason};

use super::object::{Object, Once};
use super::{Executed, Look, Machine};
use crate::witness::provisions::Side;
use crate::witness::recording::Recording;

/// A request, and where it stands in the recording: the next event of the thread, or, if it has made it already, the last.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(in crate::witness) struct Asking {
    pub(in crate::witness) on: Request,
    pub(in crate::witness) at: EventIndex,
}

/// What keeps a request from being granted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::witness) enum Obstacle {
    /// Each of these threads alone: those who hold the lock (or, if nobody does, queue for it before), or a child.
    Threads(Vec<ThreadId>),
    /// So much is missing of what any thread could provide.
    Missing { object: ObjectId, side: Side, amount: u64 },
}

impl Machine {
    /// What `thread` waits for, or would do next and might wait for without end.
    pub(in crate::witness) fn asking(&self, recording: &Recording<'_>, thread: ThreadId) -> Option<Asking> {
        let state = &self.threads[thread.index()];
        if !state.open || state.met.is_some() {
            return None;
        }
        let op = |loc| recording.at(thread, loc).map(|at| (recording.step(at).op, at));
        let (next, last) = (op(state.done + 1), op(state.done));
        if let (Some(waiting), Some((_, at))) = (state.waiting, last) {
            let next = if let Some((Op::Block { .. }, _)) = next { op(state.done + 2) } else { next };
            let (condvar, lock) = (waiting.condvar, waiting.lock);
            let wakes = next.filter(|next| matches!(next.0, Op::Wake { .. }));
            // Who woke without having been notified may do so again.
            let by_itself =
                waiting.timed || matches!(wakes, Some((Op::Wake { by, .. }, _)) if by != WakeReason::Notify);
            if by_itself || self.notification(condvar, thread).is_some() {
                let at = wakes.map_or(at, |wake| wake.1);
                return Some(Asking { on: Request::Wake { condvar, lock }, at });
            }
            return Some(Asking { on: Request::Wait { condvar, lock }, at });
        }
        if let (Some(on), Some((_, at))) = (state.request, last) {
            return waits_for_ever(&on, next.map(|next| next.0)).then_some(Asking { on, at });
        }
        let Some((next, at)) = next else {
            let (arrived, at) = last?;
            let Op::Arrive { barrier } = arrived else { return None };
            return Some(Asking { on: Request::Pass { barrier }, at });
        };
        let then = || op(state.done + 2).map(|then| then.0);
        let (on, then) = match next {
            Op::Block { on } => (on, then()),
            Op::Wait { how: How::Lock, .. } => (request_of(&next)?, then()),
            _ => (request_of(&next)?, Some(next)),
        };
        waits_for_ever(&on, then).then_some(Asking { on, at })
    }

    /// Whether `thread`, asking for this, need not wait. `meets`: whether the given request on a rendezvous channel is
    /// being made by somebody.
    pub(in crate::witness) fn grants(
        &self,
        recording: &Recording<'_>,
        thread: ThreadId,
        on: &Request,
        meets: impl Fn(&Request) -> bool,
    ) -> bool {
        let Some(id) = on.object() else {
            return matches!(*on, Request::Join { child } if recording.ended(child) && self.is_over(recording, child));
        };
        match (*on, self.object(id)) {
            (Request::Acquire { lock, mode, .. }, _) => self.is_free_for(lock, thread, mode),
            (Request::Wake { lock, .. }, _) => self.is_free_for(lock, thread, self.mode_after_wait(thread)),
            // Falling asleep is something that it does; then it waits.
            (Request::Wait { .. }, _) => self.threads[thread.index()].waiting.is_none(),
            (Request::AcquirePermits { n, .. }, Object::Semaphore { permits, .. }) => *permits >= n.into(),
            // Of a barrier of unknown size nobody can tell who is missing.
            (Request::Pass { .. }, Object::Barrier(barrier)) => {
                barrier.parties.is_none() || self.arrival(thread, id) != Some(barrier.generation)
            }
            (Request::Send { channel }, Object::Channel(state)) => {
                let met = || meets(&Request::Recv { channel });
                state.closed || if state.is_rendezvous() { met() } else { !state.is_full() }
            }
            (Request::Recv { channel }, Object::Channel(state)) => {
                state.closed || !state.is_empty() || (state.is_rendezvous() && meets(&Request::Send { channel }))
            }
            (Request::Await { .. }, Object::Flag { set, .. }) => *set,
            (Request::Await { .. }, Object::Waitgroup { count, .. }) => *count == 0,
            (Request::Await { .. }, Object::Once(once)) => !matches!(once, Once::Running(_)),
            _ => true,
        }
    }

    /// What keeps `thread` from what it asks for; only to be asked if something does.
    pub(in crate::witness) fn obstacle(&self, thread: ThreadId, on: &Request) -> Obstacle {
        let against = |lock: ObjectId, mode: Mode| match self.object(lock) {
            Object::Mutex(mutex) => mutex.blocker(thread).into_iter().collect(),
            Object::RwLock(lock) => {
                let holders: Vec<ThreadId> = lock.holders_against(thread, mode).collect();
                if holders.is_empty() { lock.queued_against(thread, mode).collect() } else { holders }
            }
            _ => Vec::new(),
        };
        match *on {
            Request::Acquire { lock, mode, .. } => Obstacle::Threads(against(lock, mode)),
            Request::Wake { lock, .. } => Obstacle::Threads(against(lock, self.mode_after_wait(thread))),
            Request::Join { child } => Obstacle::Threads(vec![child]),
            Request::Send { channel: object }
            | Request::Wait { condvar: object, .. }
            | Request::Recv { channel: object }
            | Request::AcquirePermits { semaphore: object, .. }
            | Request::Pass { barrier: object }
            | Request::Await { object } => {
                Obstacle::Missing { object, side: Side::needed_by(on), amount: self.missing(object, on) }
            }
        }
    }

    /// How much must be provided before the request is granted.
    fn missing(&self, object: ObjectId, on: &Request) -> u64 {
        match (self.object(object), on) {
            (Object::Waitgroup { count, .. }, _) => *count,
            (Object::Semaphore { permits, .. }, Request::AcquirePermits { n, .. }) => {
                u64::from(*n).saturating_sub(*permits)
            }
            (Object::Barrier(barrier), _) => {
                barrier.parties.map_or(0, |all| all.saturating_sub(barrier.arrived)).into()
            }
            _ => 1,
        }
    }

    fn mode_after_wait(&self, thread: ThreadId) -> Mode {
        self.threads[thread.index()].waiting.map_or(Mode::Write, |waiting| waiting.mode)
    }

    /// The notification that `thread`, which waits there, was woken by.
    pub(in crate::witness) fn notification(&self, condvar: ObjectId, thread: ThreadId) -> Option<EventIndex> {
        match self.object(condvar) {
            Object::Condvar(condvar) => condvar.notification(thread),
            _ => None,
        }
    }

    /// The last notification before `thread` began the wait that it is in.
    pub(in crate::witness) fn missed(&self, condvar: ObjectId, thread: ThreadId) -> Option<EventIndex> {
        match self.object(condvar) {
            Object::Condvar(condvar) => condvar.missed(thread),
            _ => None,
        }
    }

    /// If `thread` was notified and nothing keeps it from returning, lets another waiter have been notified in its place, if
    /// there is one.
    pub(in crate::witness) fn spare(&mut self, thread: ThreadId) {
        let Some(waiting) = self.threads[thread.index()].waiting else { return };
        if !self.is_free_for(waiting.lock, thread, waiting.mode) {
            return;
        }
        let spared = std::mem::take(&mut self.spared);
        if let Object::Condvar(condvar) = self.change(waiting.condvar) {
            condvar.spare(thread, |other| spared.contains(&other));
        }
        self.spared = spared;
    }

    /// Makes the request, as far as that has an effect of its own: goes to sleep in a `wait`, queues to write. `did` is
    /// told of the events that were executed. Whether that was possible.
    pub(in crate::witness) fn make_request(
        &mut self,
        recording: &Recording<'_>,
        thread: ThreadId,
        on: &Request,
        mut did: impl FnMut(EventIndex),
    ) -> bool {
        match *on {
            Request::Wait { .. } => {
                while self.threads[thread.index()].waiting.is_none() {
                    let Some(at) = self.next(recording, thread) else { return false };
                    if self.execute(recording, &recording.step(at), Look::Bound) == Executed::No {
                        return false;
                    }
                    did(at);
                }
            }
            Request::Acquire { lock, mode: Mode::Write, .. } => {
                if let Object::RwLock(lock) = self.change(lock) {
                    lock.queued.push(thread);
                }
            }
            _ => {}
        }
        true
    }
}

/// The request that an operation which was recorded as complete made.
fn request_of(op: &Op) -> Option<Request> {
    Some(match *op {
        Op::Acquire { lock, mode, how } => Request::Acquire { lock, mode, how },
        Op::AcquirePermits { semaphore, n, how } => Request::AcquirePermits { semaphore, n, how },
        Op::Join { child } => Request::Join { child },
        Op::Wait { condvar, lock, how, .. } if how.may_wait_for_ever() => Request::Wait { condvar, lock },
        Op::Pass { barrier } => Request::Pass { barrier },
        Op::Send { channel, .. } => Request::Send { channel },
        Op::Recv { channel, .. } | Op::RecvClosed { channel } => Request::Recv { channel },
        Op::Await { object } => Request::Await { object },
        _ => return None,
    })
}

/// Whether the request, followed by this in the recording, is one that nothing but its being granted ends.
fn waits_for_ever(on: &Request, then: Option<Op>) -> bool {
    match (on, then) {
        (Request::Acquire { how, .. } | Request::AcquirePermits { how, .. }, _) if !how.may_wait_for_ever() => false,
        (
            _,
            Some(
                Op::TryFailed { .. }
                | Op::TryJoinFailed { .. }
                | Op::TrySendFailed { .. }
                | Op::TryRecvFailed { .. }
                | Op::Wake { by: WakeReason::Timeout | WakeReason::Spurious, .. },
            ),
        ) => false,
        (Request::Wait { .. }, Some(Op::Wait { how, .. })) => how.may_wait_for_ever(),
        // A wait for a flag that gave up leaves no event.
        (Request::Await { .. }, Some(then)) => matches!(then, Op::Await { .. }),
        _ => true,
    }
}
