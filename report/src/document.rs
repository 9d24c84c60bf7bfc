//! What was found: version 1 of the JSON report, as types.

use std::cmp::Reverse;

use lockhound_analyzer::{Evidence, Rule, Severity};
use serde::{Deserialize, Serialize};

use crate::graph::LockOrderGraph;
use crate::replay::Replay;
use crate::timeline::Timeline;

/// The version that [`Document::version`] states.
pub const VERSION: u32 = 1;

/// Everything that one report says. Fields that are absent from an older or a foreign document have their defaults.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Document {
    /// [`VERSION`].
    pub version: u32,
    /// The runs, in the order in which they were named.
    pub traces: Vec<Trace>,
    /// The bugs, worst and surest first, each once however many runs show it. Suppressed ones are among them.
    pub findings: Vec<Finding>,
    /// How many of each.
    pub summary: Summary,
    /// What the runs refute, if asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refuted: Option<Vec<Refutation>>,
    /// Which lock was asked for while which was held, over all runs.
    #[serde(default, skip_serializing_if = "LockOrderGraph::is_empty")]
    pub lock_orders: LockOrderGraph,
    /// What could not be done, and entries of the configuration that match nothing: a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// One run of one program.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Trace {
    /// The file, as it was named or found.
    pub path: String,
    /// Name of the program.
    pub program: Option<String>,
    /// Events read.
    pub events: u64,
    /// Threads seen.
    pub threads: usize,
    /// Objects seen.
    pub objects: usize,
    /// Whether the file ends in the middle.
    pub truncated: bool,
    /// Why else the rest could not be read, with the place.
    pub violation: Option<String>,
    /// How many of the objects are locks.
    #[serde(default)]
    pub locks: usize,
    /// The folder that the program ran in: file names in its sites are relative to it or to one above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// The test that the process ran, where it ran only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<String>,
    /// Runs of one group are of one program or workspace: equal fingerprints mean one bug there. None: of nothing known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Where the trace or the analyses fall short, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<String>,
    /// How many patterns it refutes.
    #[serde(default)]
    pub refuted: usize,
}

/// One bug.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Finding {
    /// What is wrong.
    pub rule: Rule,
    /// How sure that is.
    pub evidence: Evidence,
    /// How bad.
    pub severity: Severity,
    /// The same bug has the same one in every run: 16 hexadecimal digits.
    pub fingerprint: String,
    /// Position in [`Document::traces`] of the run that shows it best.
    pub trace: usize,
    /// The verdict, one line, by names.
    pub message: String,
    /// `RWW` …, where the rule is about an interleaving.
    pub pattern: Option<String>,
    /// `declared`, `call` …, where the rule is about what was meant to be one step.
    pub region: Option<String>,
    /// Ids of those who take part, sorted.
    pub threads: Vec<String>,
    /// Ids of what they fight over, sorted.
    pub objects: Vec<String>,
    /// One entry a participating thread.
    pub steps: Vec<Step>,
    /// For `feasible`: the schedule that the checker executed.
    pub witness: Vec<Move>,
    /// Length of a witness that is too long to be written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness_omitted: Option<usize>,
    /// How often it was seen, in all runs.
    pub occurrences: u64,
    /// Positions of all runs that show it, `trace` among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen_in: Vec<usize>,
    /// Names of all threads that the finding speaks of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thread_names: Vec<ThreadName>,
    /// Names of all objects that the finding speaks of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub object_names: Vec<ObjectName>,
    /// How sure it is, in words; then further answers to "why is this not a false alarm?".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What to do about it, in prose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub help: Vec<String>,
    /// Why it is accepted; then it fails no build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<Suppression>,
    /// The schedule that proves it, or the recorded end that shows it, step by step for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<Replay>,
    /// The recorded run around it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Timeline>,
}

/// A thread that a finding speaks of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ThreadName {
    /// As in the trace.
    pub id: String,
    /// What the program calls it, else its id.
    pub name: String,
    /// Where it was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// An object that a finding speaks of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ObjectName {
    /// As in the trace.
    pub id: String,
    /// What the program calls it, else its kind and where it was made, as in the finding's texts.
    pub name: String,
    /// `mutex`, `rwlock` …: a kind of the vocabulary.
    pub kind: String,
    /// Where it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What the program text calls it where it is made, if it has no other name: [`crate::look_up_names`] notes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called: Option<String>,
}

/// What one participating thread does in a finding.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Step {
    /// Who, by id.
    pub thread: String,
    /// The operation it is, or would be, stuck at or races with.
    pub op: String,
    /// What it works on, by id.
    pub object: Option<String>,
    /// Where: `file:line:column`, or what the trace's author wrote.
    pub at: Option<String>,
    /// Index of the event in the merged trace.
    pub event: u64,
    /// The run that the step is of, if not [`Finding::trace`]: position in [`Document::traces`]. Only findings that no
    /// single run shows have such steps ([`Finding::is_across_runs`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<usize>,
    /// What it holds meanwhile, oldest first.
    pub holds: Vec<Hold>,
    /// By which calls it got there, innermost first.
    pub stack: Vec<String>,
    /// What it does there: "and waits for `B`".
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// One sentence that introduces this thread's part.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub story: String,
    /// Further places of this thread, in order of time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
}

/// A lock held while a step is taken.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Hold {
    /// The lock, by id.
    pub object: String,
    /// Where it was acquired.
    pub at: Option<String>,
    /// When it was acquired.
    #[serde(default)]
    pub event: u64,
    /// What is said of that place: "`worker-3` holds `accounts` from here".
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
}

/// A further place that a step's story needs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Mark {
    /// Where.
    pub at: Option<String>,
    /// When.
    pub event: u64,
    /// What happened there.
    pub label: String,
}

/// One step of a schedule.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Move {
    /// Who, by id.
    pub thread: String,
    /// Which of the recorded events it does.
    pub event: u64,
}

/// Why a finding is accepted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Suppression {
    /// What the team wrote.
    pub reason: String,
    /// Where: `lockhound.toml:12`.
    pub from: String,
}

/// A pattern that a run refutes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Refutation {
    /// What it would have been.
    pub rule: Rule,
    /// Position in [`Document::traces`].
    pub trace: usize,
    /// What would have been wrong, one line, by names.
    pub message: String,
    /// Why it is not.
    pub reason: String,
    /// Ids of those who would have taken part, sorted.
    pub threads: Vec<String>,
    /// Ids of what they would have fought over, sorted.
    pub objects: Vec<String>,
    /// One entry a thread.
    pub steps: Vec<Step>,
}

/// How many findings of each severity; suppressed ones count only there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Summary {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Notes.
    pub notes: usize,
    /// Accepted ones.
    pub suppressed: usize,
    /// Patterns that the runs refute.
    pub refuted: usize,
}

impl Document {
    /// Counts the findings anew, once their severity or suppression has changed.
    pub fn recount(&mut self) {
        let mut summary =
            Summary { refuted: self.traces.iter().map(|trace| trace.refuted).sum(), ..Summary::default() };
        for finding in &self.findings {
            match finding.severity {
                _ if finding.suppressed.is_some() => summary.suppressed += 1,
                Severity::Error => summary.errors += 1,
                Severity::Warning => summary.warnings += 1,
                Severity::Note => summary.notes += 1,
            }
        }
        self.summary = summary;
    }

    /// Adds warnings, each once.
    pub fn warn(&mut self, warnings: impl IntoIterator<Item = String>) {
        for warning in warnings {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
    }

    /// Puts the findings in their order, worst and surest first, once their severity has changed.
    pub fn sort(&mut self) {
        self.findings.sort_by(|one, other| one.order().cmp(&other.order()));
    }

    /// In how many of the runs a finding was seen, in words: "seen in 3 of 214 runs, 7 times in all; here as in a.lht".
    /// None where there is only one run, or where no run shows it alone and its notes say which do together.
    #[must_use]
    pub fn seen(&self, finding: &Finding) -> Option<String> {
        if self.traces.len() < 2 || finding.is_across_runs() {
            return None;
        }
        let run = self.traces.get(finding.trace).map(Trace::label).unwrap_or_default();
        let runs = match finding.seen_in.len().max(1) {
            1 => return Some(format!("seen in 1 of {} runs: {run}", self.traces.len())),
            some => format!("seen in {some} of {} runs", self.traces.len()),
        };
        let times = match finding.occurrences {
            1 => "once".to_owned(),
            2 => "twice".to_owned(),
            many => format!("{many} times"),
        };
        Some(format!("{runs}, {times} in all; here as in {run}"))
    }
}

impl Trace {
    /// What people call the run: its test, else its file.
    #[must_use]
    pub fn label(&self) -> String {
        self.test.as_ref().map_or_else(|| self.path.clone(), |test| format!("test `{test}`"))
    }

    /// Whether something of it could not be read, so that silence on it proves nothing.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.truncated || self.violation.is_some()
    }
}

impl Finding {
    /// Whether no single run shows it, but several do together. Its steps are then of different runs, and its threads and
    /// objects have no ids but their names.
    #[must_use]
    pub fn is_across_runs(&self) -> bool {
        self.steps.iter().any(|step| step.trace.is_some())
    }

    /// The run that a step is of.
    #[must_use]
    pub fn run_of(&self, step: &Step) -> usize {
        step.trace.unwrap_or(self.trace)
    }

    fn order(&self) -> impl Ord + '_ {
        let first = self.steps.iter().map(|step| step.event).min();
        (Reverse((self.severity, self.evidence)), self.rule, self.trace, first, &self.fingerprint)
    }

    /// What a thread is called; its id where nothing is known.
    #[must_use]
    pub fn thread_name<'a>(&'a self, id: &'a str) -> &'a str {
        self.thread_names.iter().find(|thread| thread.id == id).map_or(id, |thread| &thread.name)
    }

    /// What an object is called; its id where nothing is known.
    #[must_use]
    pub fn object_name<'a>(&'a self, id: &'a str) -> &'a str {
        self.object_names.iter().find(|object| object.id == id).map_or(id, |object| &object.name)
    }
}
