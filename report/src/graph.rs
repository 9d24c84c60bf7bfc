//! Which lock was asked for while which was held, over all runs.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// The mode of a hold that nobody shares.
const EXCLUSIVE: &str = "write";

/// Lock classes and the orders between them. A class is what is made at one place with one type (or under one name): the
/// same in every run. Requests that never wait for long (tries, and those with a time-out) are no orders: they end. Nor is
/// a class under itself, of which nothing is known: the two are different locks.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct LockOrderGraph {
    /// The classes, in a stable order.
    pub locks: Vec<LockNode>,
    /// The orders, in a stable order, each pair of classes and pair of modes once.
    pub orders: Vec<LockOrder>,
}

/// A class of locks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LockNode {
    /// What makes it the same class in every run.
    pub class: String,
    /// What people call it.
    pub name: String,
    /// `mutex`, `rwlock` …
    pub kind: String,
    /// Where locks of the class are made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What the program text calls them where they are made, if they have no other name: [`crate::look_up_names`] notes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called: Option<String>,
    /// How often locks of the class were asked for, in all runs.
    #[serde(default)]
    pub acquired: u64,
    /// The runs that share it: those of this group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The only run that has it, where nothing says that a lock of another run is the same: position in
    /// [`crate::Document::traces`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<usize>,
    /// What fingerprints know it by: no line numbers are in it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub identity: String,
}

/// A lock was asked for while another was held.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LockOrder {
    /// The lock held: position in [`LockOrderGraph::locks`].
    pub held: usize,
    /// The lock asked for.
    pub wanted: usize,
    /// How the one is held and the other asked for: `read`, `upgrade`, `write`.
    pub held_mode: String,
    /// See `held_mode`.
    pub wanted_mode: String,
    /// How often, in all runs.
    pub count: u64,
    /// By which thread, in the first run that shows it.
    pub thread: String,
    /// Where the one was acquired, then.
    pub held_at: Option<String>,
    /// Where the other was asked for, then.
    pub wanted_at: Option<String>,
    /// When the one was acquired, in the first of [`LockOrder::seen_in`].
    #[serde(default)]
    pub held_event: u64,
    /// When the other was asked for, there.
    #[serde(default)]
    pub wanted_event: u64,
    /// Runs that show it: positions in [`crate::Document::traces`].
    pub seen_in: Vec<usize>,
    /// Groups of locks that were taken one under another there, each by its run and a number; groups that show the same
    /// orders have the same. Where two orders have none in common, no run has put the one to the other's locks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clusters: Vec<(usize, usize)>,
    /// Locks that were held as well, each time: two orders under one gate exclude each other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<Gate>,
    /// Whether the order is part of a cycle.
    pub in_cycle: bool,
    /// Fingerprints of the findings that are about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
}

/// A lock around an order. Locks nest a hundred deep in some programs, and each is around all orders further in: the
/// usual one, held exclusively, is written as its number alone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(from = "WrittenGate", into = "WrittenGate")]
pub struct Gate {
    /// Position in [`LockOrderGraph::locks`].
    pub lock: usize,
    /// The weakest way in which it was held: `read`, `upgrade`, `write`.
    pub mode: Cow<'static, str>,
}

/// A gate in a document.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum WrittenGate {
    Exclusive(usize),
    Other { lock: usize, mode: String },
}

impl From<WrittenGate> for Gate {
    fn from(written: WrittenGate) -> Self {
        match written {
            WrittenGate::Exclusive(lock) => Self { lock, mode: Cow::Borrowed(EXCLUSIVE) },
            WrittenGate::Other { lock, mode } => Self { lock, mode: Cow::Owned(mode) },
        }
    }
}

impl From<Gate> for WrittenGate {
    fn from(Gate { lock, mode }: Gate) -> Self {
        if mode == EXCLUSIVE { Self::Exclusive(lock) } else { Self::Other { lock, mode: mode.into_owned() } }
    }
}

impl LockOrder {
    /// The two locks.
    pub(crate) fn locks(&self) -> [usize; 2] {
        [self.held, self.wanted]
    }
}

impl LockOrderGraph {
    /// Whether no lock was ever taken under another.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.locks.is_empty()
    }
}
