//! What a witness claims, and what the checker makes of it.

use lockhound_trace::{EventIndex, ThreadId};

use crate::finding::Pattern;

/// What is the case when the schedule has been executed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Claim {
    /// Each of these threads makes its next request and is never let go. The checker orders the requests itself: waits
    /// first, then writes and all else, reads last.
    Blocked {
        members: Vec<ThreadId>,
        /// Messages of these kinds of channels (of type `()` or unknown) stand for one another.
        interchangeable: bool,
    },
    /// Both are the next event of their thread, and access the same data, one of them writing.
    Race(EventIndex, EventIndex),
    /// The schedule has executed `p`, then `q`, and ends with `c`, accesses of one variable (of the data in one lock:
    /// the releases), `q` by another thread.
    Interleaved { pattern: Pattern, p: EventIndex, q: EventIndex, c: EventIndex },
    /// It has executed `p` and later, as its last event, `q`, and not `c`.
    Due { p: EventIndex, q: EventIndex, c: EventIndex },
    /// It has executed `p`, then `q1` … `q2` of another thread, and ends with `c`: `p` conflicts with `q1`, `q2` with `c`.
    Region { p: EventIndex, q1: EventIndex, q2: EventIndex, c: EventIndex },
}

/// The judgement of a witness.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// Executed, and the claim holds.
    Proved(Proof),
    /// It cannot be executed, or the claim does not hold.
    Rejected(Rejection),
}

/// What was found when a claim held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Proof {
    /// For `Blocked`: who is stuck, the least closed part of them that contains a member, and at which event: the
    /// request (its `block`, where that was recorded), or what it already did and waits behind (`wait`, `block`). In the
    /// order of the threads.
    pub(crate) stuck: Vec<(ThreadId, EventIndex)>,
    /// For `Blocked`: how sure it is.
    pub(crate) closed: Closed,
    /// For `Blocked`: what was executed after the schedule: the members' `wait`s, then what the others still did until
    /// nobody was left who could let a member go. Part of the witness.
    pub(crate) then: Vec<EventIndex>,
    /// For `Blocked`: of those of `stuck` that sleep in a `wait`, the last notification that came before it, and so was
    /// missed.
    pub(crate) missed: Vec<(ThreadId, EventIndex)>,
    /// Events that assume that a thread whose value changed still leaves its critical section.
    pub(crate) assumes_release: Vec<EventIndex>,
}

/// How closed a set of blocked threads is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Closed {
    /// Only if threads whose reads changed go on as they were recorded.
    AsRecorded,
    /// Nobody outside has an event left that could let any of them go.
    NobodyProvides,
    /// Locks and joins only: nothing that any other thread could do lets them go.
    Locks,
}

/// Why not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rejection {
    /// This event is not possible when its turn comes.
    Impossible(EventIndex),
    /// The claim's events are not where the schedule ends, or not what the claim says.
    NotAsClaimed,
    /// This member is not blocked, or would be let go by this event of an outsider.
    Freed { member: ThreadId, by: Option<(ThreadId, EventIndex)> },
    /// The checker's budget of steps is used up.
    OutOfSteps,
}

impl Proof {
    /// The claim held as it stands.
    pub(super) fn plain(assumes_release: Vec<EventIndex>) -> Self {
        Self { stuck: Vec::new(), closed: Closed::Locks, then: Vec::new(), missed: Vec::new(), assumes_release }
    }
}
