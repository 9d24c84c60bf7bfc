//! What a barrier hands over: every arrival of a generation happens before every pass of that generation.

use std::rc::Rc;

use lockhound_trace::ThreadId;

use crate::clocks::VectorClock;

/// The clocks of one barrier; memory in the number of threads that use it.
#[derive(Debug, Default)]
pub(super) struct BarrierClocks {
    /// What the arrivals of the generation that gathers now know together.
    gathering: VectorClock,
    arrived: Vec<ThreadId>,
    /// Who may pass, and what its generation knew when it was complete.
    open: Vec<(ThreadId, Rc<VectorClock>)>,
}

impl BarrierClocks {
    /// `thread` arrives knowing `clock`. Without declared `parties` there is one generation that never completes.
    pub(super) fn arrive(&mut self, thread: ThreadId, clock: &VectorClock, parties: Option<u32>) {
        self.gathering.join(clock);
        self.arrived.push(thread);
        if parties.is_some_and(|parties| self.arrived.len() >= parties as usize) {
            let complete = Rc::new(std::mem::take(&mut self.gathering));
            self.open.extend(self.arrived.drain(..).map(|thread| (thread, Rc::clone(&complete))));
        }
    }

    /// `thread` is let through and comes to know its whole generation.
    pub(super) fn pass(&mut self, thread: ThreadId, clock: &mut VectorClock) {
        match self.open.iter().position(|&(other, _)| other == thread) {
            Some(position) => clock.join(&self.open.swap_remove(position).1),
            None => clock.join(&self.gathering),
        }
    }
}
