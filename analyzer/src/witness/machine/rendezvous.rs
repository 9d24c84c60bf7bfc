//! Channels without room: a send and its receive are one step, taken by whichever half comes first.

use lockhound_trace::{ObjectId, Op, ThreadId};

use super::Machine;
use super::object::Object;
use crate::witness::recording::{Recording, Step};

impl Machine {
    /// Whether a send and its receive on this channel are one step.
    pub(in crate::witness) fn is_rendezvous(&self, channel: ObjectId) -> bool {
        matches!(self.object(channel), Object::Channel(channel) if channel.is_rendezvous())
    }

    /// The thread that is ready for the other half of this rendezvous.
    pub(super) fn other_half(&self, recording: &Recording<'_>, step: &Step, channel: ObjectId) -> Option<ThreadId> {
        let recorded = recording.seen(step.at).as_event().map(|half| recording.step(half));
        if let Some(half) = recorded.filter(|half| self.is_ready_to_meet(recording, half)) {
            return Some(half.thread);
        }
        let sends = |op: &Op| matches!(op, Op::Send { .. });
        let fits = |half: &Step| {
            half.op.object() == Some(channel)
                && matches!(half.op, Op::Send { .. } | Op::Recv { .. })
                && sends(&half.op) != sends(&step.op)
        };
        let mut all = (0..self.threads.len()).map(ThreadId::from_index).filter(|_| self.takes_any(channel));
        all.find(|&thread| {
            let ahead = [1, 2].map(|ahead| recording.at(thread, self.done(thread) + ahead));
            let halves = ahead.into_iter().flatten().map(|half| recording.step(half));
            thread != step.thread && { halves }.any(|half| fits(&half) && self.is_ready_to_meet(recording, &half))
        })
    }

    /// Whether nothing but the other half is missing.
    fn is_ready_to_meet(&self, recording: &Recording<'_>, half: &Step) -> bool {
        let thread = &self.threads[half.thread.index()];
        let ahead = half.loc.checked_sub(thread.done);
        let blocks = |at| matches!(recording.step(at).op, Op::Block { .. });
        thread.open
            && thread.met.is_none()
            && match ahead {
                Some(1) => true,
                Some(2) => recording.at(half.thread, half.loc - 1).is_some_and(blocks),
                _ => false,
            }
    }
}
