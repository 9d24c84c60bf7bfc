//! What is told of threads' lives, as plain data. Events are counted as `lockhound show` numbers them.

use serde::Serialize;

use crate::timeline::Life;

/// The lives of all threads of a trace.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Lives {
    /// How many events were read.
    pub events: u64,
    /// In the order in which the trace names them.
    pub threads: Vec<ThreadLife>,
}

/// The life of one thread.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ThreadLife {
    /// As the trace calls it.
    pub id: String,
    /// As the program calls it, or its id.
    pub name: String,
    /// How long it was in which state.
    pub counts: Vec<StateCount>,
    /// In order, without gaps, but for those left out.
    pub phases: Vec<Phase>,
    /// How many phases are left out, in the middle.
    pub left_out: u64,
    /// Joins of it that ran out of time.
    pub timed_out_joins: u64,
    /// Who joined it first, if anybody did.
    pub joined: Option<ThreadEvent>,
    /// How it ended.
    pub end: Ending,
}

/// Something that a thread did.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ThreadEvent {
    /// Who.
    pub thread: String,
    /// Which event of the trace.
    pub event: u64,
}

/// All phases of a thread in one state.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct StateCount {
    /// The state.
    #[serde(serialize_with = "word")]
    pub state: Life,
    /// How often it was in it.
    pub phases: u64,
    /// Events, by whichever thread, meanwhile.
    pub events: u64,
    /// Nanoseconds, if the trace tells the times of all these phases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nanoseconds: Option<u64>,
}

/// A thread is in one state for a while.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Phase {
    /// The state.
    #[serde(serialize_with = "word")]
    pub state: Life,
    /// The event with which it begins; none of a thread that was made before it was started: no event tells when.
    pub from: Option<u64>,
    /// The event with which it ends; none if it goes on at the end of the trace.
    pub to: Option<u64>,
    /// How many events there are from the one to the other, by whichever thread.
    pub events: Option<u64>,
    /// How long it is, if the trace tells the times of both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nanoseconds: Option<u64>,
    /// What the thread waits for, or what made it ready.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// How the trace leaves a thread.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Ending {
    /// It ended.
    Exited {
        /// With this event.
        event: u64,
    },
    /// It ended, as far as one can tell: threads of this trace say neither when they begin nor when they end.
    Implied {
        /// Its last event.
        event: u64,
    },
    /// It had not ended when the process's main thread did, and the process with it.
    CutOff {
        /// The end of the main thread.
        by: ThreadEvent,
        /// In which state that found it.
        #[serde(serialize_with = "word")]
        state: Life,
    },
    /// It still waits when the trace ends.
    Blocked,
    /// It could still go on when the trace ends.
    Running,
    /// It was made, and never started.
    NotStarted,
}

impl ThreadLife {
    /// How long it was in `state`.
    #[must_use]
    pub fn count(&self, state: Life) -> Option<&StateCount> {
        self.counts.iter().find(|count| count.state == state)
    }
}

/// What the tutorials call the state.
pub(super) const fn name(life: Life) -> &'static str {
    match life {
        Life::New => "new",
        Life::Ready => "ready",
        Life::Running => "running",
        Life::Blocked => "blocked",
        Life::Finished => "dead",
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn word<S: serde::Serializer>(life: &Life, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(name(*life))
}
