//! Whether a thread can do something now: where it is in its program, and what the objects allow.

use lockhound_trace::{Mode, ObjectId, Op, Refusal, Request, ThreadId, WakeReason};

use super::Machine;
use super::object::{Object, Once};
use super::step::Outcomes;
use super::thread::Thread;
use crate::witness::recording::{Recording, Step};
use crate::witness::seen::Seen;

impl Machine {
    /// Whether `thread` has come so far that `step` is what it does next, whatever that may need besides.
    #[inline]
    pub(in crate::witness) fn comes_to(&self, step: &Step) -> bool {
        let thread = &self.threads[step.thread.index()];
        thread.open && thread.done + 1 == step.loc && self.gets_past_send(thread, &step.op)
    }

    /// A blocked `send` is followed by something else only if it failed, since the channel is closed.
    #[inline]
    pub(super) fn gets_past_send(&self, thread: &Thread, next: &Op) -> bool {
        match thread.request {
            Some(Request::Send { channel }) => match *next {
                Op::Send { channel: sent, .. } | Op::TrySendFailed { channel: sent } if sent == channel => true,
                _ => self.is_closed(channel),
            },
            _ => true,
        }
    }

    pub(super) fn is_closed(&self, channel: ObjectId) -> bool {
        matches!(self.object(channel), Object::Channel(channel) if channel.closed)
    }

    /// Whether nothing keeps the thread from doing this now.
    #[inline]
    pub(super) fn possible(&self, recording: &Recording<'_>, step: &Step) -> bool {
        self.comes_to(step)
            && match step.op {
                Op::Acquire { lock, mode, .. } => self.is_free_for(lock, step.thread, mode),
                Op::Release { lock, mode, .. } => self.holds_as(lock, step.thread, mode),
                Op::Read { .. }
                | Op::Write { .. }
                | Op::Load { .. }
                | Op::Store { .. }
                | Op::Rmw { .. }
                | Op::Start
                | Op::Exit
                | Op::Begin { .. }
                | Op::End { .. }
                | Op::TryFailed { .. }
                | Op::TrySendFailed { .. }
                | Op::TryRecvFailed { .. }
                | Op::Notify { .. }
                | Op::NotifyAll { .. }
                | Op::Close { .. }
                | Op::Set { .. }
                | Op::Clear { .. }
                | Op::Add { .. } => true,
                Op::Spawn { child } => !self.is_open(child),
                Op::Refused { what } => self.refuses(step.thread, &what),
                Op::Join { child } => self.is_over(recording, child),
                Op::Wait { lock, .. } | Op::Block { on: Request::Wait { lock, .. } } => {
                    self.threads[step.thread.index()].waiting.is_some() || self.holds(lock, step.thread)
                }
                Op::Block { .. } => true,
                Op::Wake { by, .. } => self.may_wake(step.thread, by),
                Op::Send { channel, .. } | Op::Recv { channel, .. } | Op::RecvClosed { channel } => {
                    self.may_communicate(recording, step, channel)
                }
                _ => self.may_count(recording, step),
            }
    }

    pub(super) fn is_over(&self, recording: &Recording<'_>, child: ThreadId) -> bool {
        let thread = &self.threads[child.index()];
        let failed = |channel| self.is_closed(channel);
        let stuck = matches!(thread.request, Some(Request::Send { channel }) if !failed(channel));
        thread.open && thread.done == recording.count(child) && !stuck
    }

    /// Whether this would be refused now as it was in the recording. If not, the thread might go on as it likes.
    fn refuses(&self, thread: ThreadId, what: &Refusal) -> bool {
        match *what {
            Refusal::Release { lock, mode, .. } => !self.holds_as(lock, thread, mode),
            Refusal::Wait { lock, .. } => !self.holds(lock, thread),
            Refusal::Send { channel, .. } => self.is_closed(channel),
            Refusal::Spawn { child } => self.is_open(child),
            Refusal::ReleasePermits { semaphore, n } => match self.object(semaphore) {
                Object::Semaphore { permits, bound: Some(bound), .. } => permits + u64::from(n) > (*bound).into(),
                _ => false,
            },
            Refusal::Done { waitgroup, n } => {
                matches!(self.object(waitgroup), Object::Waitgroup { count, .. } if *count < n.into())
            }
        }
    }

    fn may_wake(&self, thread: ThreadId, by: WakeReason) -> bool {
        let Some(waiting) = &self.threads[thread.index()].waiting else { return false };
        let Object::Condvar(condvar) = self.object(waiting.condvar) else { return false };
        (by != WakeReason::Notify || condvar.may_wake(thread)) && self.is_free_for(waiting.lock, thread, waiting.mode)
    }

    fn may_communicate(&self, recording: &Recording<'_>, step: &Step, id: ObjectId) -> bool {
        let Object::Channel(channel) = self.object(id) else { return false };
        let free = self.outcomes == Outcomes::Free;
        if channel.is_rendezvous() && !matches!(step.op, Op::RecvClosed { .. }) {
            let met = self.threads[step.thread.index()].met == Some(id);
            let other = || self.other_half(recording, step, id).is_some();
            return met || if channel.closed { free } else { other() };
        }
        match step.op {
            Op::Send { .. } => {
                if channel.closed {
                    free
                } else {
                    !channel.is_full()
                }
            }
            Op::Recv { .. } => !channel.is_empty() || (free && channel.closed),
            _ => (channel.closed && channel.is_empty()) || (free && !channel.is_empty()),
        }
    }

    fn may_count(&self, recording: &Recording<'_>, step: &Step) -> bool {
        let Some(id) = step.op.object() else { return false };
        match (step.op, self.object(id)) {
            (Op::AcquirePermits { n, .. }, Object::Semaphore { permits, .. }) => *permits >= n.into(),
            (Op::ReleasePermits { n, .. }, Object::Semaphore { permits, bound, .. }) => {
                bound.is_none_or(|bound| permits + u64::from(n) <= bound.into())
            }
            (Op::Arrive { .. }, Object::Barrier(barrier)) => self.arrival(step.thread, id) != Some(barrier.generation),
            (Op::Pass { .. }, Object::Barrier(barrier)) => match self.arrival(step.thread, id) {
                Some(generation) if generation < barrier.generation => true,
                Some(_) => barrier.parties.is_none() && Seen::state(barrier.arrived) == recording.seen(step.at),
                None => false,
            },
            (Op::Await { .. }, Object::Flag { set, .. }) => *set,
            (Op::Await { .. }, Object::Waitgroup { count, .. }) => *count == 0,
            (Op::Await { .. }, Object::Once(once)) => *once == Once::Done,
            (Op::Done { n, .. }, Object::Waitgroup { count, .. }) => *count >= n.into(),
            (Op::OnceBegin { .. }, Object::Once(once)) => *once == Once::Untouched,
            (Op::OnceEnd { .. }, Object::Once(once)) => *once == Once::Running(step.thread),
            _ => false,
        }
    }

    /// The generation of the barrier that `thread` has reached and not passed.
    pub(super) fn arrival(&self, thread: ThreadId, barrier: ObjectId) -> Option<u64> {
        let arrivals = &self.threads[thread.index()].arrivals;
        arrivals.iter().find(|arrival| arrival.0 == barrier).map(|arrival| arrival.1)
    }

    #[inline]
    pub(super) fn is_free_for(&self, lock: ObjectId, thread: ThreadId, mode: Mode) -> bool {
        match self.object(lock) {
            Object::Mutex(mutex) => mutex.blocker(thread).is_none(),
            Object::RwLock(lock) => lock.is_free_for(thread, mode),
            _ => false,
        }
    }

    #[inline]
    fn holds_as(&self, lock: ObjectId, thread: ThreadId, mode: Mode) -> bool {
        match self.object(lock) {
            Object::Mutex(mutex) => mutex.is_held_by(thread),
            Object::RwLock(lock) => lock.is_held_by(thread, mode),
            _ => false,
        }
    }

    /// Whether `thread` holds the lock in any mode.
    #[inline]
    pub(in crate::witness) fn holds(&self, lock: ObjectId, thread: ThreadId) -> bool {
        match self.object(lock) {
            Object::Mutex(mutex) => mutex.is_held_by(thread),
            Object::RwLock(lock) => lock.mode_of(thread).is_some(),
            _ => false,
        }
    }
}
