//! One step: how much of the recording binds it, and what becomes of it.

use lockhound_trace::ThreadId;

use super::Machine;
use crate::witness::recording::{Recording, Step};

/// How much of what was recorded binds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::witness) enum Outcomes {
    /// All of it.
    Recorded,
    /// All but which message is received from a channel whose messages are interchangeable.
    AnyMessage,
    /// Nothing but the order within each thread: what it reads, receives or fails at may differ.
    Free,
}

/// Whether what one event sees may have changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::witness) enum Look {
    Bound,
    Free,
}

/// What became of a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::witness) enum Executed {
    AsRecorded,
    /// It saw something else.
    Changed,
    /// Not possible; nothing happened.
    No,
}

impl Machine {
    /// Executes the step if it is possible now, and sees what it saw or need not.
    #[inline]
    pub(in crate::witness) fn execute(&mut self, recording: &Recording<'_>, step: &Step, look: Look) -> Executed {
        if !self.possible(recording, step) {
            return Executed::No;
        }
        let changed = !self.sees_the_same(recording, step);
        if changed && look == Look::Bound {
            return Executed::No;
        }
        self.apply(recording, step);
        if changed { Executed::Changed } else { Executed::AsRecorded }
    }

    /// `thread` does its `loc`-th event, which changes nothing for anybody. Whether it can.
    #[inline]
    pub(in crate::witness) fn skip(&mut self, thread: ThreadId, loc: u32) -> bool {
        let thread = &mut self.threads[thread.index()];
        let next = thread.open && thread.done + 1 == loc;
        thread.done = loc;
        next
    }
}
