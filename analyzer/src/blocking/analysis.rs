//! The analysis: decides whether there is anything to predict, runs the search, and puts its proofs among the findings.

use lockhound_trace::{ObjectId, ObjectKind, ThreadId};

use crate::analysis::{Analysis, End, Moment, Results};
use crate::blocking::candidates::{Found, Hunt, Memory};
use crate::blocking::links::Links;
use crate::blocking::requests::Requests;
use crate::blocking::words::Words;
use crate::end::Standing;
use crate::finding::{Evidence, Finding, Rule, Step};
use crate::leak;
use crate::model::Model;
use crate::prediction::Prediction;

/// Predicts blocking at the end of the trace; observes nothing, for the index has all events.
#[derive(Default, Debug)]
pub(crate) struct Blocking;

impl Analysis for Blocking {
    fn observe(&mut self, _now: Moment<'_>) {}

    fn finish(self: Box<Self>, end: End<'_>, results: &mut Results) {
        let Some(prediction) = end.prediction else { return };
        let orders = has_more_than_mutexes(end);
        if leak::leaks(end, |_| false).is_empty() && !orders {
            return;
        }
        let requests = Requests::new(prediction.model);
        let links = Links::new(prediction.model, &requests);
        let hunt = Hunt::new(prediction, &links, false, Memory::default());
        let (memory, cuts) = hunt.run(&sinks(prediction.model), orders);
        results.limits.extend(cuts);
        let words = Words { end, prediction, links: &links };
        let known = memory.found.len();
        for found in &memory.found {
            take(&mut results.findings, words.finding(found), end);
        }
        let channels = requests.interchangeable(prediction.model);
        let (found, cuts) = with_interchangeable(end, prediction, memory, &channels);
        for found in found.get(known..).unwrap_or_default() {
            take(&mut results.findings, words.finding(found), end);
        }
        // The same sentence of both searches is said once.
        let new: Vec<String> = cuts.into_iter().filter(|cut| !results.limits.contains(cut)).collect();
        results.limits.extend(new);
    }
}

/// A second search, in which the messages of `channels` stand for one another. Returns what both searches found,
/// and where limits cut this one.
fn with_interchangeable(
    end: End<'_>,
    prediction: &Prediction<'_>,
    memory: Memory,
    channels: &[ObjectId],
) -> (Vec<Found>, Vec<String>) {
    if channels.is_empty() || prediction.is_over() {
        return (memory.found, Vec::new());
    }
    let (log, bytes) = (prediction.model.log(), prediction.options.limits.index_bytes);
    let Some(model) = Model::with_interchangeable(log, end.tables, end.standings, bytes, channels) else {
        return (memory.found, vec!["blocking: messages were not taken for one another: no room".to_owned()]);
    };
    let prediction = Prediction { model: &model, ..*prediction };
    let requests = Requests::new(&model);
    let links = Links::new(&model, &requests);
    let hunt = Hunt::new(&prediction, &links, true, memory);
    let (memory, cuts) = hunt.run(&sinks(&model), false);
    (memory.found, cuts)
}

/// The threads that ended with locks or permits in their hands.
fn sinks(model: &Model<'_>) -> Vec<ThreadId> {
    let threads = (0..model.threads()).map(ThreadId::from_index).filter(|&thread| model.ended(thread));
    threads.filter(|&thread| model.last(thread).is_some_and(|last| !model.held(last.next()).is_empty())).collect()
}

/// Cycles of mutexes and joins alone are found by the lock order's own predictor.
fn has_more_than_mutexes(end: End<'_>) -> bool {
    end.tables
        .objects()
        .iter()
        .any(|object| !matches!(object.kind, ObjectKind::Mutex { .. } | ObjectKind::Var | ObjectKind::Atomic))
}

/// Adds a finding, unless it is of threads in the background alone: to wait in vain until the process ends is no fault of
/// theirs.
fn take(findings: &mut Vec<Finding>, finding: Finding, end: End<'_>) {
    let in_background = |thread: &ThreadId| !matches!(end.standings.get(thread.index()), Some(Standing::Ended));
    let cut_off = end.process_ended && finding.threads.iter().all(in_background);
    if !(cut_off && finding.rule == Rule::BlockedForever) {
        merge(findings, finding);
    }
}

/// Adds a finding, unless the same bug is there already: what happened or was proved stays, what was only thought possible
/// gives way.
fn merge(findings: &mut Vec<Finding>, finding: Finding) {
    let alike = |other: &Finding| {
        is_blocking(other.rule) && other.threads == finding.threads && other.objects == finding.objects
    };
    let told = |other: &Finding| (alike(other) && other.evidence >= finding.evidence) || shows(other, &finding);
    if findings.iter().any(told) {
        return;
    }
    findings.retain(|other| !(alike(other) && other.evidence < finding.evidence));
    match findings.iter_mut().find(|other| other.fingerprint == finding.fingerprint) {
        Some(known) if known.evidence >= finding.evidence => known.occurrences += 1,
        Some(known) => *known = finding,
        None => findings.push(finding),
    }
}

/// Whether what happened already shows the bug that `predicted` is part of: its threads got stuck there, or others in the
/// same places, or the lock that was leaked there has claimed others.
fn shows(happened: &Finding, predicted: &Finding) -> bool {
    let stuck = matches!(
        happened.rule,
        Rule::Deadlock | Rule::SelfDeadlock | Rule::BlockedForever | Rule::LeakedLock | Rule::LostWakeup
    );
    let over_the_same = predicted.objects.iter().all(|object| happened.objects.contains(object));
    let victims = happened.rule == Rule::LeakedLock && happened.steps.len() > 1;
    let got_stuck = |thread: &ThreadId| happened.steps.iter().any(|step| step.thread == *thread);
    let place = |step: &Step| (step.object, step.site, step.op);
    let in_the_same_places =
        || predicted.steps.iter().all(|step| happened.steps.iter().any(|stuck| place(stuck) == place(step)));
    // Who leaks a lock does not get stuck there.
    let got_stuck_alike = happened.rule != Rule::LeakedLock && in_the_same_places();
    happened.evidence == Evidence::Observed
        && stuck
        && over_the_same
        && (victims || predicted.threads.iter().all(got_stuck) || got_stuck_alike)
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
