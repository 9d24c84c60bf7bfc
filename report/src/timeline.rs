//! What threads and locks do over a stretch of the recorded run. Time is counted in events of the merged trace.

use serde::{Deserialize, Serialize};

/// A stretch of a run.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Timeline {
    /// Its first event.
    pub from: u64,
    /// The event behind its last.
    pub to: u64,
    /// The threads, those of the finding first.
    pub lanes: Vec<Lane>,
    /// The locks and other objects that threads wait for, those of the finding first.
    pub locks: Vec<LockLane>,
    /// Stretches of which nothing is shown but how the lanes went on: to be drawn short.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
}

/// A stretch that is not shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Gap {
    /// First event.
    pub from: u64,
    /// The event behind the last.
    pub to: u64,
}

/// One thread.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Lane {
    /// What it is called.
    pub name: String,
    /// How it stands, without gaps, in order.
    pub spans: Vec<Span>,
    /// Events worth a mark: the finding's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<(u64, String)>,
}

/// A thread stands in one way for a while.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Span {
    /// First event.
    pub from: u64,
    /// The event behind the last.
    pub to: u64,
    /// How it stands.
    pub life: Life,
    /// What it does or waits for: "blocked on `balance`, held by `乙`".
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// The life of a thread.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Life {
    /// Not started yet.
    #[default]
    New,
    /// It could move; another thread does.
    Ready,
    /// It moves.
    Running,
    /// It waits for something.
    Blocked,
    /// It has ended.
    Finished,
}

/// One lock.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct LockLane {
    /// What it is called.
    pub name: String,
    /// Who has it when, by start; readers may overlap.
    pub spans: Vec<Occupied>,
}

/// A lock is held.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Occupied {
    /// First event.
    pub from: u64,
    /// The event behind the last.
    pub to: u64,
    /// Position in [`Timeline::lanes`] of who holds it; none: a thread that is not shown.
    pub lane: Option<usize>,
    /// Whether it shares it with other readers.
    #[serde(default)]
    pub read: bool,
}
