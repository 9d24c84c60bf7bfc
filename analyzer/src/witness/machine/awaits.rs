//! What a step that is not possible waits for, in terms of what was recorded: who else has to do something first.

use lockhound_trace::{EventIndex, Mode, ObjectId, Op, Refusal, Request, ThreadId, WakeReason};

use super::object::{Object, Once};
use super::{Machine, Outcomes};
use crate::witness::recording::{Recording, Step};

/// Who could make a step possible.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::witness) enum Awaits {
    /// Nobody any more.
    Nobody,
    /// This thread must go on, whatever else is needed.
    Thread(ThreadId),
    /// Somebody must do something with this object.
    Object(ObjectId),
}

impl Machine {
    /// Whether the step can be executed now and sees what it saw.
    pub(in crate::witness) fn can(&self, recording: &Recording<'_>, step: &Step) -> bool {
        self.possible(recording, step) && self.sees_the_same(recording, step)
    }

    /// Whether the thread stands before a request to write that it could make known, so that readers let it go first.
    pub(in crate::witness) fn may_queue(&self, recording: &Recording<'_>, thread: ThreadId) -> Option<ObjectId> {
        let Request::Acquire { lock, mode: Mode::Write, .. } = self.asking(recording, thread)?.on else { return None };
        let Object::RwLock(state) = self.object(lock) else { return None };
        let new =
            state.lets_writers_first() && !state.queued.contains(&thread) && !state.is_free_for(thread, Mode::Write);
        new.then_some(lock)
    }

    /// The thread makes its request to write known.
    pub(in crate::witness) fn queue(&mut self, thread: ThreadId, lock: ObjectId) {
        if let Object::RwLock(state) = self.change(lock) {
            state.queued.push(thread);
        }
    }

    /// What a step waits for that cannot be executed: something without which it never can.
    pub(in crate::witness) fn awaits(&self, recording: &Recording<'_>, step: &Step) -> Awaits {
        let thread = &self.threads[step.thread.index()];
        if !thread.open {
            return awaits_spawn(recording, step.thread);
        }
        if let Some(Request::Send { channel }) = thread.request.filter(|_| !self.gets_past_send(thread, &step.op)) {
            return Awaits::Object(channel);
        }
        match step.op {
            Op::Acquire { lock, mode, .. } => self.awaits_lock(recording, step, lock, mode),
            Op::Read { .. } | Op::Load { .. } | Op::Rmw { .. } => self.awaits_writer(recording, step),
            Op::Join { child } => Awaits::Thread(child),
            Op::Refused { what: Refusal::Spawn { child } } => awaits_spawn(recording, child),
            Op::Wake { condvar, lock, by } => {
                let notified = match self.object(condvar) {
                    Object::Condvar(condvar) => by != WakeReason::Notify || condvar.may_wake(step.thread),
                    _ => true,
                };
                let mode = thread.waiting.map_or(Mode::Write, |waiting| waiting.mode);
                if notified { self.awaits_lock(recording, step, lock, mode) } else { Awaits::Object(condvar) }
            }
            Op::Send { channel, .. } | Op::Recv { channel, .. } => self.awaits_message(recording, step, channel),
            Op::Await { object } | Op::OnceBegin { once: object } => match self.object(object) {
                Object::Once(Once::Running(thread)) => Awaits::Thread(*thread),
                _ => Awaits::Object(object),
            },
            op => op.asked().object().map_or(Awaits::Nobody, Awaits::Object),
        }
    }

    fn awaits_lock(&self, recording: &Recording<'_>, step: &Step, lock: ObjectId, mode: Mode) -> Awaits {
        let holder = match self.object(lock) {
            Object::Mutex(mutex) => mutex.blocker(step.thread),
            Object::RwLock(lock) => {
                lock.holders_against(step.thread, mode).chain(lock.queued_against(step.thread, mode)).next()
            }
            _ => None,
        };
        holder.map_or_else(|| self.awaits_writer(recording, step), Awaits::Thread)
    }

    /// Who wrote what the step saw, unless that has been written over.
    fn awaits_writer(&self, recording: &Recording<'_>, step: &Step) -> Awaits {
        let writer = recording.seen(step.at).as_event();
        writer.map_or(Awaits::Nobody, |writer| self.awaits_event(recording, writer))
    }

    fn awaits_event(&self, recording: &Recording<'_>, event: EventIndex) -> Awaits {
        let step = recording.step(event);
        if self.done(step.thread) < step.loc { Awaits::Thread(step.thread) } else { Awaits::Nobody }
    }

    fn awaits_message(&self, recording: &Recording<'_>, step: &Step, id: ObjectId) -> Awaits {
        let Object::Channel(channel) = self.object(id) else { return Awaits::Nobody };
        if self.outcomes != Outcomes::Recorded {
            return Awaits::Object(id);
        }
        let partner = recording.seen(step.at).as_event();
        match (step.op, partner) {
            (Op::Send { .. }, _) if !channel.is_rendezvous() => Awaits::Object(id),
            (_, None) => Awaits::Nobody,
            (_, Some(partner)) => match self.awaits_event(recording, partner) {
                // It is behind others, which somebody else has to take.
                Awaits::Nobody if !channel.is_rendezvous() => Awaits::Object(id),
                awaits => awaits,
            },
        }
    }
}

fn awaits_spawn(recording: &Recording<'_>, child: ThreadId) -> Awaits {
    recording.spawn(child).map_or(Awaits::Nobody, |spawn| Awaits::Thread(recording.step(spawn).thread))
}
