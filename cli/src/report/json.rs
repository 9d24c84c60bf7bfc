//! The report for programs: version 1, one JSON object.

use lockhound_analyzer::{Finding, Refutation, Severity, Step};
use lockhound_trace::{ObjectId, ReadErrorKind, Tables, ThreadId};
use serde::Serialize;

use super::outcome::Outcome;
use crate::symbols::{Frames, Symbols};
use crate::traces::Analysed;

/// Steps of the longest witness that is written down: beyond, nobody reads it, and a report would be larger than its traces.
const LONGEST_WITNESS: usize = 100_000;

/// The report as one line. `refuted` adds the patterns that the runs refute, which are always counted.
pub(crate) fn json(outcome: &Outcome, symbols: &Symbols, refuted: bool, frames: Frames) -> String {
    let writer = Writer { symbols, frames };
    let refutations =
        outcome.traces().iter().enumerate().flat_map(|(index, trace)| {
            trace.report.refutations.iter().map(move |refutation| (index, trace, refutation))
        });
    let report = JsonReport {
        version: 1,
        traces: outcome.traces().iter().map(JsonTrace::new).collect(),
        findings: outcome.findings().map(|(index, trace, finding)| writer.finding(index, trace, finding)).collect(),
        summary: JsonSummary::new(outcome),
        refuted: refuted.then(|| {
            refutations.map(|(index, trace, refutation)| writer.refutation(index, trace, refutation)).collect()
        }),
    };
    let mut text = serde_json::to_string(&report).expect("no map with keys that are not strings, no failing writer");
    text.push('\n');
    text
}

#[derive(Serialize)]
struct JsonReport<'a> {
    version: u32,
    traces: Vec<JsonTrace<'a>>,
    findings: Vec<JsonFinding<'a>>,
    summary: JsonSummary,
    #[serde(skip_serializing_if = "Option::is_none")]
    refuted: Option<Vec<JsonRefutation<'a>>>,
}

#[derive(Serialize)]
struct JsonTrace<'a> {
    path: &'a str,
    program: Option<&'a str>,
    events: u64,
    threads: usize,
    objects: usize,
    truncated: bool,
    /// Why else the rest could not be read, with the place.
    violation: Option<String>,
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    rule: &'static str,
    evidence: &'static str,
    severity: &'static str,
    fingerprint: String,
    trace: usize,
    message: &'a str,
    pattern: Option<&'static str>,
    region: Option<&'static str>,
    threads: Vec<&'a str>,
    objects: Vec<&'a str>,
    steps: Vec<JsonStep<'a>>,
    witness: Vec<JsonMove<'a>>,
    /// Steps of a witness that is too long to be written down; `lockhound check --witness` shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    witness_omitted: Option<usize>,
    occurrences: u64,
}

#[derive(Serialize)]
struct JsonStep<'a> {
    thread: &'a str,
    op: &'static str,
    object: Option<&'a str>,
    at: Option<&'a str>,
    event: u64,
    holds: Vec<JsonHold<'a>>,
    stack: Vec<String>,
}

#[derive(Serialize)]
struct JsonHold<'a> {
    object: &'a str,
    at: Option<&'a str>,
}

#[derive(Serialize)]
struct JsonMove<'a> {
    thread: &'a str,
    event: u64,
}

#[derive(Serialize)]
struct JsonRefutation<'a> {
    rule: &'static str,
    trace: usize,
    message: &'a str,
    reason: &'a str,
    threads: Vec<&'a str>,
    objects: Vec<&'a str>,
    steps: Vec<JsonStep<'a>>,
}

#[derive(Serialize)]
struct JsonSummary {
    errors: usize,
    warnings: usize,
    notes: usize,
    suppressed: usize,
    refuted: usize,
}

struct Writer<'s> {
    symbols: &'s Symbols,
    frames: Frames,
}

impl Writer<'_> {
    fn finding<'a>(&self, index: usize, trace: &'a Analysed, finding: &'a Finding) -> JsonFinding<'a> {
        let tables = &trace.report.tables;
        let mut witness = finding.witness.as_ref().map_or_else(Vec::new, |witness| trace.report.schedule(witness));
        let steps = witness.len();
        if steps > LONGEST_WITNESS {
            witness.clear();
        }
        JsonFinding {
            rule: finding.rule.name(),
            evidence: finding.evidence.name(),
            severity: finding.severity.name(),
            fingerprint: finding.fingerprint.to_string(),
            trace: index,
            message: &finding.message,
            pattern: finding.pattern.map(|pattern| pattern.name()),
            region: finding.region.map(|region| region.name()),
            threads: thread_ids(&finding.threads, tables),
            objects: object_ids(&finding.objects, tables),
            steps: self.steps(&finding.steps, tables),
            witness: witness
                .into_iter()
                .map(|(thread, event)| JsonMove { thread: &tables.thread(thread).id, event: event.0 })
                .collect(),
            witness_omitted: (steps > LONGEST_WITNESS).then_some(steps),
            occurrences: finding.occurrences,
        }
    }

    fn refutation<'a>(&self, index: usize, trace: &'a Analysed, refutation: &'a Refutation) -> JsonRefutation<'a> {
        let tables = &trace.report.tables;
        JsonRefutation {
            rule: refutation.rule.name(),
            trace: index,
            message: &refutation.message,
            reason: &refutation.reason,
            threads: thread_ids(&refutation.threads, tables),
            objects: object_ids(&refutation.objects, tables),
            steps: self.steps(&refutation.steps, tables),
        }
    }

    fn steps<'a>(&self, steps: &[Step], tables: &'a Tables) -> Vec<JsonStep<'a>> {
        steps.iter().map(|step| self.step(step, tables)).collect()
    }

    fn step<'a>(&self, step: &Step, tables: &'a Tables) -> JsonStep<'a> {
        let hold = |hold: &lockhound_analyzer::Hold| JsonHold {
            object: &tables.object(hold.object).id,
            at: hold.site.map(|site| tables.site(site)),
        };
        JsonStep {
            thread: &tables.thread(step.thread).id,
            op: step.op,
            object: step.object.map(|object| tables.object(object).id.as_str()),
            at: step.site.map(|site| tables.site(site)),
            event: step.event.0,
            holds: step.holds.iter().map(hold).collect(),
            stack: step.stack.map_or_else(Vec::new, |stack| self.symbols.stack(tables.stack(stack), self.frames)),
        }
    }
}

impl<'a> JsonTrace<'a> {
    fn new(trace: &'a Analysed) -> Self {
        let tables = &trace.report.tables;
        let error = trace.report.error.as_ref();
        let truncated = error.is_some_and(|error| matches!(error.kind, ReadErrorKind::Truncated(_)));
        Self {
            path: &trace.path,
            program: tables.header().program.as_deref(),
            events: trace.report.events,
            threads: tables.threads().len(),
            objects: tables.objects().len(),
            truncated,
            violation: error.filter(|_| !truncated).map(ToString::to_string),
        }
    }
}

impl JsonSummary {
    fn new(outcome: &Outcome) -> Self {
        let count = |severity| outcome.findings().filter(|(_, _, finding)| finding.severity == severity).count();
        Self {
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
            suppressed: 0,
            refuted: outcome.refuted(),
        }
    }
}

fn thread_ids<'a>(threads: &[ThreadId], tables: &'a Tables) -> Vec<&'a str> {
    sorted(threads.iter().map(|&thread| tables.thread(thread).id.as_str()))
}

fn object_ids<'a>(objects: &[ObjectId], tables: &'a Tables) -> Vec<&'a str> {
    sorted(objects.iter().map(|&object| tables.object(object).id.as_str()))
}

fn sorted<'a>(ids: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut ids: Vec<&str> = ids.collect();
    ids.sort_unstable();
    ids
}
