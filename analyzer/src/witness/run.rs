//! One execution: a machine, and how many steps it may take.

use lockhound_trace::{EventIndex, ThreadId};

use crate::witness::checkpoints::Checkpoints;
use crate::witness::claim::Rejection;
use crate::witness::machine::{Executed, Look, Machine};
use crate::witness::recording::{Recording, Step};
use crate::witness::schedule::{Schedule, rest_in_recorded_order};

/// A machine at work on one witness.
pub(super) struct Run<'c, 't> {
    pub(super) recording: &'c Recording<'t>,
    /// Where it may begin.
    pub(super) checkpoints: Option<&'c Checkpoints>,
    pub(super) machine: &'c mut Machine,
    /// Steps that are left; one that turns out impossible is one, too.
    pub(super) left: u64,
    /// A thread of which every step is to be looked at.
    pub(super) frozen: Option<ThreadId>,
}

impl Run<'_, '_> {
    /// Executes one step.
    #[inline]
    pub(super) fn execute(&mut self, step: &Step, look: Look) -> Result<Executed, Rejection> {
        self.left = self.left.checked_sub(1).ok_or(Rejection::OutOfSteps)?;
        Ok(self.machine.execute(self.recording, step, look))
    }

    /// Executes one step that sees what it saw.
    #[inline]
    pub(super) fn follow(&mut self, step: &Step) -> Result<(), Rejection> {
        match self.execute(step, Look::Bound)? {
            Executed::No => Err(Rejection::Impossible(step.at)),
            Executed::AsRecorded | Executed::Changed => Ok(()),
        }
    }

    /// Executes the schedule, each step by `each`, which from the event `special` on (as they were recorded) may do more
    /// than [`Run::follow`]. Of the base, steps that concern nobody but their thread are passed over, and cost nothing; no
    /// more do those before the last checkpoint.
    pub(super) fn through(
        &mut self,
        schedule: &Schedule,
        special: EventIndex,
        mut each: impl FnMut(&mut Self, &Step) -> Result<(), Rejection>,
    ) -> Result<(), Rejection> {
        let recording = self.recording;
        let base = schedule.base.as_slice();
        if base.len() > recording.threads() {
            return Err(Rejection::NotAsClaimed);
        }
        let checkpoint = self.checkpoints.and_then(|all| all.before(base, recording.log(), special));
        if let Some(checkpoint) = checkpoint {
            self.machine.load(&checkpoint.state);
        }
        let from = checkpoint.map_or(EventIndex(0), |checkpoint| checkpoint.executed);
        let done = |thread| checkpoint.map_or(0, |checkpoint| checkpoint.state.done(thread));
        for at in rest_in_recorded_order(base, recording.log(), from, done) {
            self.recorded(at, &mut each)?;
        }
        for &at in &schedule.then {
            if !recording.contains(at) {
                return Err(Rejection::Impossible(at));
            }
            each(self, &recording.step(at))?;
        }
        Ok(())
    }

    /// Executes one event of the base.
    #[inline]
    pub(super) fn recorded(
        &mut self,
        at: EventIndex,
        each: &mut impl FnMut(&mut Self, &Step) -> Result<(), Rejection>,
    ) -> Result<(), Rejection> {
        if self.recording.is_inert(at) && self.skip(at)? {
            return Ok(());
        }
        each(self, &self.recording.step(at))
    }

    /// Passes over an event that concerns nobody but its thread, unless that thread is frozen.
    #[inline]
    fn skip(&mut self, at: EventIndex) -> Result<bool, Rejection> {
        let log = self.recording.log();
        let thread = log.thread(at);
        if self.frozen == Some(thread) {
            return Ok(false);
        }
        if self.machine.skip(thread, log.loc(at)) { Ok(true) } else { Err(Rejection::Impossible(at)) }
    }

    /// What `thread` does next.
    pub(super) fn next(&self, thread: ThreadId) -> Option<EventIndex> {
        self.machine.next(self.recording, thread)
    }
}
