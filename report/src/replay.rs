//! A schedule for people: step by step, who moves, who holds and waits for what afterwards.

use serde::{Deserialize, Serialize};

/// The part of a schedule that matters. Steps are left out only where [`Row::skipped`] says so.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Replay {
    /// Whether this is a schedule that proves what can happen, not the recorded run itself.
    pub predicted: bool,
    /// How many steps the whole schedule has.
    pub steps: usize,
    /// Names of the threads that are shown, those of the finding first. `Row::lane` and `Standing::lane` count from 0.
    pub lanes: Vec<String>,
    /// The steps, in order; those that are only claimed to come next (the requests that wait for ever, the accesses that
    /// race) are the last ones.
    pub rows: Vec<Row>,
    /// What is true in the end: "now these wait for ever".
    pub end: String,
}

/// One step.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Row {
    /// Steps left out just before this one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub skipped: usize,
    /// Its number in the whole schedule, from 1; none of those that are only claimed to come next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<usize>,
    /// Which recorded event it is.
    pub event: u64,
    /// Who moves.
    pub lane: usize,
    /// What it does: "acquires `accounts`".
    pub text: String,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What of the program the step assumes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assumes: Option<String>,
    /// How the lanes stand after the step (and after those left out before it): only those that differ from the row
    /// before; all in the first row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<Standing>,
}

/// How a thread stands.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Standing {
    /// Who.
    pub lane: usize,
    /// Names of the locks it holds, oldest first; read holds end in " (read)".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<String>,
    /// What it waits for: "`audit`, which `nightly` holds".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits: Option<String>,
    /// What it knows that matters: "read 1000 of `balance`".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knows: Option<String>,
    /// New, running, blocked or finished.
    #[serde(default)]
    pub life: crate::timeline::Life,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}
