//! The JSON report, version 1, as a reader of its documentation would declare it.

use serde::Deserialize;

/// All of it.
#[derive(Clone, Deserialize, Debug)]
pub struct Report {
    /// Of this form.
    pub version: u32,
    /// What was read.
    pub traces: Vec<Trace>,
    /// What was found.
    pub findings: Vec<Finding>,
    /// What was counted.
    pub summary: Summary,
    /// What the runs refute, if asked for.
    pub refuted: Option<Vec<Refutation>>,
}

/// A trace that was read.
#[derive(Clone, Deserialize, Debug)]
#[expect(missing_docs, reason = "documented by the format")]
pub struct Trace {
    pub path: String,
    pub program: Option<String>,
    pub events: u64,
    pub threads: u64,
    pub objects: u64,
    pub truncated: bool,
    pub violation: Option<String>,
}

/// A finding.
#[derive(Clone, Deserialize, Debug)]
#[expect(missing_docs, reason = "documented by the format")]
pub struct Finding {
    pub rule: String,
    pub evidence: String,
    pub severity: String,
    pub fingerprint: String,
    pub trace: usize,
    pub message: String,
    pub pattern: Option<String>,
    pub region: Option<String>,
    pub threads: Vec<String>,
    pub objects: Vec<String>,
    pub steps: Vec<Step>,
    pub witness: Vec<Move>,
    pub witness_omitted: Option<usize>,
    pub occurrences: u64,
}

/// What one thread does in a finding.
#[derive(Clone, Deserialize, Debug)]
#[expect(missing_docs, reason = "documented by the format")]
pub struct Step {
    pub thread: String,
    pub op: String,
    pub object: Option<String>,
    pub at: Option<String>,
    pub event: u64,
    pub holds: Vec<Hold>,
    pub stack: Vec<String>,
}

/// A lock held meanwhile.
#[derive(Clone, Deserialize, Debug)]
#[expect(missing_docs, reason = "documented by the format")]
pub struct Hold {
    pub object: String,
    pub at: Option<String>,
}

/// A pattern that a run refutes.
#[derive(Clone, Deserialize, Debug)]
#[expect(missing_docs, reason = "documented by the format")]
pub struct Refutation {
    pub rule: String,
    pub trace: usize,
    pub message: String,
    pub reason: String,
    pub threads: Vec<String>,
    pub objects: Vec<String>,
    pub steps: Vec<Step>,
}

/// A step of a witness.
#[derive(Clone, Deserialize, Debug)]
#[expect(missing_docs, reason = "documented by the format")]
pub struct Move {
    pub thread: String,
    pub event: u64,
}

/// How many there are.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, Debug)]
#[expect(missing_docs, reason = "documented by the format")]
pub struct Summary {
    pub errors: usize,
    pub warnings: usize,
    pub notes: usize,
    pub suppressed: usize,
    pub refuted: usize,
}
