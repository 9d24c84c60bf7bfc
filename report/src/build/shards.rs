//! Several documents as one.

use std::collections::{HashMap, HashSet};

use super::assemble::complete;
use super::bugs::{Sighting, bugs};
use super::orders;
use crate::document::{Document, Finding, Suppression, VERSION};
use crate::graph::LockOrderGraph;

/// What the runs of all these documents yield together: the same as if one document had been made of them.
#[must_use]
pub fn merge(documents: Vec<Document>) -> Document {
    let mut all = Document { version: VERSION, ..Document::default() };
    let mut graphs = Vec::with_capacity(documents.len());
    for mut document in documents {
        let before = all.traces.len();
        document.findings.iter_mut().for_each(|finding| move_finding(finding, before));
        document.refuted.iter_mut().flatten().for_each(|refutation| refutation.trace += before);
        move_orders(&mut document.lock_orders, before);
        all.traces.extend(document.traces);
        all.findings.extend(document.findings);
        if let Some(refuted) = document.refuted {
            all.refuted.get_or_insert_default().extend(refuted);
        }
        all.warn(document.warnings);
        graphs.push(document.lock_orders);
    }
    // What several runs show together is judged anew: others may have joined them.
    let (across, single): (Vec<Finding>, Vec<Finding>) =
        std::mem::take(&mut all.findings).into_iter().partition(Finding::is_across_runs);
    let judgement = Judgement::of(&across);
    all.findings = merged(single, &all);
    let mut graph = orders::together(graphs);
    forget(&mut graph, &across, &all.findings);
    let mut all = complete(all, graph);
    judgement.apply(&mut all);
    all
}

fn merged(mut findings: Vec<Finding>, all: &Document) -> Vec<Finding> {
    for finding in &mut findings {
        if finding.seen_in.is_empty() {
            finding.seen_in = vec![finding.trace];
        }
    }
    let sightings = findings.iter().map(|finding| Sighting {
        group: all.traces.get(finding.trace).and_then(|trace| trace.group.as_deref()),
        fingerprint: finding.fingerprint.clone(),
        rank: (finding.severity, finding.evidence),
        seen_in: finding.seen_in.clone(),
        occurrences: finding.occurrences,
    });
    let bugs = bugs(sightings);
    let mut findings: Vec<Option<Finding>> = findings.into_iter().map(Some).collect();
    let told = bugs.into_iter().filter_map(|bug| {
        let finding = findings[bug.best].take()?;
        Some(Finding { seen_in: bug.seen_in, occurrences: bug.occurrences, ..finding })
    });
    told.collect()
}

fn move_finding(finding: &mut Finding, by: usize) {
    finding.trace += by;
    finding.seen_in.iter_mut().for_each(|run| *run += by);
    finding.steps.iter_mut().filter_map(|step| step.trace.as_mut()).for_each(|run| *run += by);
}

fn move_orders(graph: &mut LockOrderGraph, by: usize) {
    graph.locks.iter_mut().filter_map(|lock| lock.trace.as_mut()).for_each(|run| *run += by);
    for order in &mut graph.orders {
        order.seen_in.iter_mut().for_each(|run| *run += by);
        order.clusters.iter_mut().for_each(|(run, _)| *run += by);
    }
}

/// Takes findings that are dropped out of the orders that they are about. Runs of different groups may show bugs of one
/// fingerprint: what is kept stays with the orders of its own runs.
fn forget(graph: &mut LockOrderGraph, dropped: &[Finding], kept: &[Finding]) {
    let gone: HashSet<&str> = dropped.iter().map(|finding| finding.fingerprint.as_str()).collect();
    let mut shown: HashMap<&str, HashSet<usize>> = HashMap::new();
    for finding in kept {
        shown.entry(&finding.fingerprint).or_default().extend(&finding.seen_in);
    }
    for order in &mut graph.orders {
        let runs = &order.seen_in;
        let stays = |by: &HashSet<usize>| runs.iter().any(|run| by.contains(run));
        order.findings.retain(|id| !gone.contains(id.as_str()) || shown.get(id.as_str()).is_some_and(stays));
    }
}

/// What the configuration has made of findings that are judged anew.
struct Judgement(HashMap<String, (lockhound_analyzer::Severity, Option<Suppression>)>);

impl Judgement {
    fn of(findings: &[Finding]) -> Self {
        let of = |finding: &Finding| (finding.fingerprint.clone(), (finding.severity, finding.suppressed.clone()));
        Self(findings.iter().map(of).collect())
    }

    fn apply(self, document: &mut Document) {
        for finding in document.findings.iter_mut().filter(|finding| finding.is_across_runs()) {
            if let Some((severity, suppressed)) = self.0.get(&finding.fingerprint) {
                finding.severity = *severity;
                finding.suppressed.clone_from(suppressed);
            }
        }
        document.sort();
        document.recount();
    }
}
