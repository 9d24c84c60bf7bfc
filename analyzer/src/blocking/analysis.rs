//! The analysis: decides whether there is anything to predict, runs the search, and puts its proofs among the findings.

use lockhound_trace::{ObjectKind, ThreadId};

use crate::analysis::{Analysis, End, Moment, Results};
use crate::blocking::attempt::Ground;
use crate::blocking::candidates::{Found, Hunt};
use crate::blocking::evaluate::Evaluator;
use crate::blocking::links::Links;
use crate::blocking::report::Words;
use crate::blocking::requests::Requests;
use crate::closure::Closure;
use crate::finding::{Finding, Rule};
use crate::leak;
use crate::prediction::Prediction;
use crate::prose;

/// Predicts blocking at the end of the trace; observes nothing, for the index has all events.
#[derive(Default, Debug)]
pub(crate) struct Blocking;

impl Analysis for Blocking {
    fn observe(&mut self, _now: Moment<'_>) {}

    fn finish(self: Box<Self>, end: End<'_>, results: &mut Results) {
        let Some(prediction) = end.prediction else { return };
        let sinks = prose::sorted(leak::leaks(end).iter().map(|leak| leak.thread).collect());
        if sinks.is_empty() && !has_more_than_mutexes(end) {
            return;
        }
        let requests = Requests::new(prediction.model);
        let links = Links::new(prediction.model, &requests);
        let found = search(prediction, &links, &sinks, &mut results.limits);
        let words = Words { end, prediction, links: &links };
        for found in found {
            let finding = words.finding(&found);
            merge(&mut results.findings, finding);
        }
    }
}

fn search(prediction: &Prediction<'_>, links: &Links<'_>, sinks: &[ThreadId], limits: &mut Vec<String>) -> Vec<Found> {
    let ground = Ground { model: prediction.model, requests: links.requests, closure: Closure::new(prediction.model) };
    let evaluator = Evaluator::new(ground, links, prediction, prediction.options.limits.wait_checks);
    let (found, cuts) = Hunt::new(evaluator, links).run(sinks);
    limits.extend(cuts);
    found
}

/// Cycles of mutexes and joins alone are found by the lock order's own predictor.
fn has_more_than_mutexes(end: End<'_>) -> bool {
    end.tables
        .objects()
        .iter()
        .any(|object| !matches!(object.kind, ObjectKind::Mutex { .. } | ObjectKind::Var | ObjectKind::Atomic))
}

/// Adds a finding, unless the same bug is there already: what happened or was proved stays, what was only thought possible
/// gives way.
fn merge(findings: &mut Vec<Finding>, finding: Finding) {
    let alike = |other: &Finding| {
        is_blocking(other.rule) && other.threads == finding.threads && other.objects == finding.objects
    };
    if findings.iter().any(|other| alike(other) && other.evidence >= finding.evidence) {
        return;
    }
    findings.retain(|other| !(alike(other) && other.evidence < finding.evidence));
    match findings.iter_mut().find(|other| other.fingerprint == finding.fingerprint) {
        Some(known) if known.evidence >= finding.evidence => known.occurrences += 1,
        Some(known) => *known = finding,
        None => findings.push(finding),
    }
}

/// Rules of which only the worst is reported for the same threads and objects.
const fn is_blocking(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::Deadlock
            | Rule::PotentialDeadlock
            | Rule::SelfDeadlock
            | Rule::LockOrderInversion
            | Rule::BlockedForever
            | Rule::LostWakeup
    )
}
