//! One thread on its way through the trace.

use lockhound_trace::{Request, ThreadId};

use super::lives::Phase;
use super::phases::Phases;
use crate::build::ThreadState;
use crate::timeline::Life;

/// A moment of the trace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    /// The event.
    pub(super) event: u64,
    /// Its time, where the trace has it.
    pub(super) time: Option<u64>,
}

/// The phase that goes on.
#[derive(Debug)]
struct Open {
    state: Life,
    since: Option<Now>,
    why: String,
}

/// A thread, and what it has been through.
#[derive(Debug)]
pub(super) struct Course {
    pub(super) state: ThreadState,
    open: Option<Open>,
    phases: Phases,
    /// What it asks for while it does not run.
    pub(super) asks: Option<Request>,
    pub(super) spawned: bool,
    /// Its last event.
    pub(super) last: Option<u64>,
    pub(super) exited: Option<u64>,
    pub(super) joined: Option<(ThreadId, u64)>,
    pub(super) timed_out_joins: u64,
}

impl Course {
    /// A thread of which nothing is known. Of its phases so many are kept.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            state: ThreadState::default(),
            open: None,
            phases: Phases::new(limit),
            asks: None,
            spawned: false,
            last: None,
            exited: None,
            joined: None,
            timed_out_joins: 0,
        }
    }

    /// The state that it is in; none if nothing was seen of it.
    pub(super) fn life(&self) -> Option<Life> {
        self.open.as_ref().map(|open| open.state)
    }

    /// From now on it is in `state`.
    pub(super) fn enter(&mut self, state: Life, now: Now, why: impl FnOnce() -> String) {
        if self.life() != Some(state) {
            self.enter_anew(state, now, why());
        }
    }

    /// From now on it is in `state`, perhaps again, for this reason.
    pub(super) fn enter_anew(&mut self, state: Life, now: Now, why: String) {
        self.close(Some(now), now);
        self.open = Some(Open { state, since: Some(now), why });
    }

    /// It was made some time before.
    pub(super) fn was_made(&mut self, why: String) {
        self.open.get_or_insert(Open { state: Life::New, since: None, why });
    }

    /// The trace ends here, after its last event.
    pub(super) fn finish(&mut self, end: Now) {
        self.close(None, end);
    }

    /// The phases so far.
    pub(super) fn into_phases(self) -> Phases {
        self.phases
    }

    fn close(&mut self, to: Option<Now>, end: Now) {
        let Some(Open { state, since, why }) = self.open.take() else { return };
        // What ends with the event with which it began was nothing.
        if to.is_some() && since.is_some_and(|since| since.event == end.event) {
            return;
        }
        let events = since.map(|since| end.event - since.event).filter(|_| state != Life::Finished);
        let time = since.and_then(|since| since.time).zip(end.time).filter(|_| state != Life::Finished);
        let nanoseconds = time.map(|(from, to)| to.saturating_sub(from));
        let (from, to) = (since.map(|since| since.event), to.map(|to| to.event));
        self.phases.push(Phase { state, from, to, events, nanoseconds, why });
    }
}
