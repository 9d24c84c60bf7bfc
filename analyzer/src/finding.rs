//! What an analysis reports: findings, and patterns that the run refutes.

use lockhound_trace::{EventIndex, Mode, ObjectId, SiteId, StackId, ThreadId};

use serde::{Deserialize, Serialize};

use crate::fingerprint::Fingerprint;

/// What is wrong; the names are stable and public.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// A set of threads wait for one another at the end of the trace.
    Deadlock,
    /// The same, reachable or not excluded.
    PotentialDeadlock,
    /// One thread requests what it already holds and cannot get.
    SelfDeadlock,
    /// Locks taken in both orders, though no schedule of this run's events deadlocks.
    LockOrderInversion,
    /// A declared order is broken.
    LockOrderViolation,
    /// A thread waits for what nobody left can provide, and it is no cycle.
    BlockedForever,
    /// A notification can come before the wait that needs it.
    LostWakeup,
    /// A thread ended while holding a lock.
    LeakedLock,
    /// Two accesses, one a write, that nothing orders.
    DataRace,
    /// A write computed from a value that another thread has overwritten since.
    LostUpdate,
    /// Another unserialisable interleaving.
    AtomicityViolation,
    /// An operation its object does not allow.
    Misuse,
}

impl Rule {
    /// All of them, in the order of the public table.
    pub const ALL: [Self; 12] = [
        Self::Deadlock,
        Self::PotentialDeadlock,
        Self::SelfDeadlock,
        Self::LockOrderInversion,
        Self::LockOrderViolation,
        Self::BlockedForever,
        Self::LostWakeup,
        Self::LeakedLock,
        Self::DataRace,
        Self::LostUpdate,
        Self::AtomicityViolation,
        Self::Misuse,
    ];

    /// Its name in reports, configuration and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deadlock => "deadlock",
            Self::PotentialDeadlock => "potential-deadlock",
            Self::SelfDeadlock => "self-deadlock",
            Self::LockOrderInversion => "lock-order-inversion",
            Self::LockOrderViolation => "lock-order-violation",
            Self::BlockedForever => "blocked-forever",
            Self::LostWakeup => "lost-wakeup",
            Self::LeakedLock => "leaked-lock",
            Self::DataRace => "data-race",
            Self::LostUpdate => "lost-update",
            Self::AtomicityViolation => "atomicity-violation",
            Self::Misuse => "misuse",
        }
    }
}

/// How sure a finding is, weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// The pattern is there; this run neither proves nor refutes it.
    Possible,
    /// Another interleaving of this run's own events reaches it, and the checker executed that interleaving.
    Feasible,
    /// It happened in the recorded run.
    Observed,
}

impl Evidence {
    /// Its name in reports and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Feasible => "feasible",
            Self::Observed => "observed",
        }
    }
}

/// How bad a finding is, mildest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; does not fail a build.
    Note,
    /// Fails a build.
    Warning,
    /// Fails a build.
    Error,
}

impl Severity {
    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// The unserialisable interleavings of two accesses of one thread around one of another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Pattern {
    /// Read, foreign write, write: lost update.
    Rww,
    /// Read, foreign write, read: stale check.
    Rwr,
    /// Write, foreign read, write: dirty read.
    Wrw,
    /// Write, foreign write, read: torn write.
    Wwr,
}

impl Pattern {
    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rww => "RWW",
            Self::Rwr => "RWR",
            Self::Wrw => "WRW",
            Self::Wwr => "WWR",
        }
    }
}

/// Why the tool believes that some accesses were meant to be one step, weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Region {
    /// The pattern of sites suggests it.
    Weak,
    /// The values written follow from the values read.
    Derived,
    /// One call does both.
    Call,
    /// The user declared it.
    Declared,
}

impl Region {
    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Weak => "weak",
            Self::Derived => "derived",
            Self::Call => "call",
            Self::Declared => "declared",
        }
    }
}

/// A lock held while a step is taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hold {
    /// The lock.
    pub object: ObjectId,
    /// In which mode it is held.
    pub mode: Mode,
    /// Where it was acquired.
    pub site: Option<SiteId>,
    /// When it was acquired.
    pub event: EventIndex,
}

/// A further place that a step's story needs: an earlier access, an earlier notification …
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mark {
    /// Where.
    pub site: Option<SiteId>,
    /// When.
    pub event: EventIndex,
    /// What happened there, for the reader: "`worker-3` reads 1000 here".
    pub label: String,
}

/// What one participating thread does in a finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// Who.
    pub thread: ThreadId,
    /// The operation it is, or would be, stuck at or races with: a name of the JSON Lines vocabulary.
    pub op: &'static str,
    /// What it works on; none for a join (then `label` names the thread).
    pub object: Option<ObjectId>,
    /// Where.
    pub site: Option<SiteId>,
    /// When.
    pub event: EventIndex,
    /// What it holds meanwhile, oldest first.
    pub holds: Vec<Hold>,
    /// By which calls it got there.
    pub stack: Option<StackId>,
    /// What it does there, for the reader: "and waits for `B`".
    pub label: String,
    /// Further places of this thread, in order of time.
    pub marks: Vec<Mark>,
    /// One sentence that introduces this thread's part: "`nightly` takes the same two locks the other way round".
    pub story: String,
}

/// The schedule that proves a finding: `Report::schedule` gives its steps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Witness {
    /// How many events of each thread come first, in the order in which they were recorded; threads in the order of
    /// their ids.
    pub base: Vec<u32>,
    /// What follows, step by step.
    pub then: Vec<EventIndex>,
    /// What is claimed to happen next, in this order, and need not be possible: the two accesses that race, the requests
    /// that wait for ever.
    pub next: Vec<EventIndex>,
    /// Steps that assume something of the program, and what: a thread whose value changed "leaves its critical section".
    pub assumes: Vec<(EventIndex, &'static str)>,
}

/// One bug.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// What is wrong.
    pub rule: Rule,
    /// How sure that is.
    pub evidence: Evidence,
    /// How bad.
    pub severity: Severity,
    /// The same bug has the same fingerprint in every run.
    pub fingerprint: Fingerprint,
    /// The verdict, one line, by names.
    pub message: String,
    /// For `lost-update` and `atomicity-violation`: which interleaving.
    pub pattern: Option<Pattern>,
    /// For the same: why it should have been one step.
    pub region: Option<Region>,
    /// Who takes part, sorted by id.
    pub threads: Vec<ThreadId>,
    /// What they fight over, sorted by id.
    pub objects: Vec<ObjectId>,
    /// One entry a participating thread.
    pub steps: Vec<Step>,
    /// For `feasible`: the schedule that the checker executed.
    pub witness: Option<Witness>,
    /// How often it was seen.
    pub occurrences: u64,
    /// Answers to "why is this not a false alarm?".
    pub notes: Vec<String>,
    /// What to do about it, in prose.
    pub help: Vec<String>,
}

/// A pattern that this run refutes, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refutation {
    /// What it would have been.
    pub rule: Rule,
    /// What would have been wrong, one line, by names.
    pub message: String,
    /// Why it is not: "both hold the gate lock `g`".
    pub reason: String,
    /// Who would have taken part, sorted by id.
    pub threads: Vec<ThreadId>,
    /// What they would have fought over, sorted by id.
    pub objects: Vec<ObjectId>,
    /// One entry a participating thread.
    pub steps: Vec<Step>,
}
