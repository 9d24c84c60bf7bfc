//! What an operation sees of what others have done, and whether that is what it saw in the recorded run.

use lockhound_trace::{EventIndex, ObjectId, Op, ThreadId};

use super::Machine;
use super::object::Object;
use super::step::Outcomes;
use crate::witness::recording::{Recording, Step};
use crate::witness::seen::Seen;

impl Machine {
    #[inline]
    pub(super) fn sees_the_same(&self, recording: &Recording<'_>, step: &Step) -> bool {
        if !looks(&step.op) || self.outcomes == Outcomes::Free {
            return true;
        }
        let saw = recording.seen(step.at);
        matches!(saw, Seen::ANYTHING | Seen::INERT) || {
            let sees = self.sees(recording, step);
            sees == saw && !self.tainted.contains(&sees)
        }
    }

    /// What the step sees of what others have done; of those that do not look, nothing.
    #[inline]
    pub(in crate::witness) fn sees(&self, recording: &Recording<'_>, step: &Step) -> Seen {
        match step.op {
            Op::Read { var: object, .. } | Op::Load { atomic: object, .. } | Op::Rmw { atomic: object, .. } => {
                match self.object(object) {
                    Object::Memory(last) => *last,
                    _ => Seen::NOTHING,
                }
            }
            Op::Acquire { lock, .. } | Op::Wake { lock, .. } => match self.object(lock) {
                // Inside a hold of its own it has looked already.
                _ if self.holds(lock, step.thread) => recording.seen(step.at),
                Object::Mutex(mutex) => mutex.data,
                Object::RwLock(lock) => lock.data,
                _ => Seen::NOTHING,
            },
            Op::Recv { channel, .. } => self.sees_message(recording, step, channel),
            Op::TryFailed { object, mode } => match self.object(object) {
                Object::Semaphore { permits, .. } => Seen::state((*permits == 0).into()),
                _ => Seen::state((!self.is_free_for(object, step.thread, mode)).into()),
            },
            Op::TrySendFailed { channel } => match self.object(channel) {
                Object::Channel(channel) if channel.closed => Seen::state(2),
                Object::Channel(channel) => Seen::state((channel.is_full() && !channel.is_rendezvous()).into()),
                _ => Seen::NOTHING,
            },
            Op::TryRecvFailed { channel } => match self.object(channel) {
                Object::Channel(channel) if !channel.is_empty() => Seen::NOTHING,
                Object::Channel(channel) => Seen::state(if channel.closed { 2 } else { 1 }),
                _ => Seen::NOTHING,
            },
            _ => Seen::NOTHING,
        }
    }

    /// The send whose message would be received: the recorded one, if it is there and no message is passed by that was
    /// not passed by in the recording. Where any message will do, the recorded one too.
    fn sees_message(&self, recording: &Recording<'_>, step: &Step, id: ObjectId) -> Seen {
        let saw = recording.seen(step.at);
        let Object::Channel(channel) = self.object(id) else { return Seen::NOTHING };
        if channel.is_rendezvous() || self.takes_any(id) {
            return saw;
        }
        let there = saw.as_event().is_some_and(|send| channel.gives(send, |other| recording.passed(send, other)));
        if there { saw } else { Seen::NOTHING }
    }

    /// Whether one message of the channel is as good as another.
    pub(super) fn takes_any(&self, channel: ObjectId) -> bool {
        match self.outcomes {
            Outcomes::Recorded => false,
            Outcomes::AnyMessage => {
                matches!(self.object(channel), Object::Channel(channel) if channel.interchangeable)
            }
            Outcomes::Free => true,
        }
    }

    /// How many had arrived when the generation that `thread` is in opened, or have arrived so far.
    pub(in crate::witness) fn gathered(&self, barrier: ObjectId, thread: ThreadId) -> u32 {
        match self.object(barrier) {
            Object::Barrier(barrier) if self.threads[thread.index()].arrivals.is_empty() => barrier.arrived,
            Object::Barrier(state) => match self.arrival(thread, barrier) {
                Some(generation) if generation < state.generation => state.opened_with,
                _ => state.arrived,
            },
            _ => 0,
        }
    }

    /// The message that leaves a channel next as far as its age tells.
    pub(in crate::witness) fn next_message(&self, channel: ObjectId) -> Option<EventIndex> {
        match self.object(channel) {
            Object::Channel(channel) => channel.next(),
            _ => None,
        }
    }
}

/// Whether what the operation sees of others' doing decides how its thread goes on.
#[inline]
const fn looks(op: &Op) -> bool {
    matches!(
        op,
        Op::Read { .. }
            | Op::Load { .. }
            | Op::Rmw { .. }
            | Op::Acquire { .. }
            | Op::Wake { .. }
            | Op::Recv { .. }
            | Op::TryFailed { .. }
            | Op::TrySendFailed { .. }
            | Op::TryRecvFailed { .. }
    )
}
