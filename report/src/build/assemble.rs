//! The document of some runs.

use lockhound_trace::ReadErrorKind;

use super::bugs::{Sighting, bugs};
use super::finding::Teller;
use super::inversions::inversions;
use super::orders;
use super::run::{Detail, Run};
use crate::document::{Document, Finding, Refutation, Trace, VERSION};
use crate::graph::LockOrderGraph;

/// What `runs` yield together. Each bug is told once, by the run that shows it worst and surest; of a finding that a run
/// shows less well, only the count is kept. Time is linear in what the runs yield, but for the search for circles of lock
/// orders, which is bounded.
#[must_use]
pub fn document(runs: &[Run], detail: &Detail<'_>) -> Document {
    let traces: Vec<Trace> = runs.iter().map(trace).collect();
    let graphs = runs.iter().enumerate().map(|(position, run)| orders::of_run(position, run));
    let graph = orders::together(graphs);
    let mut tellers: Vec<Teller<'_>> =
        runs.iter().enumerate().map(|(position, run)| Teller::new(position, run, detail)).collect();
    let refuted = detail.refuted.then(|| refutations(runs, &mut tellers));
    let findings = findings(runs, &mut tellers);
    complete(Document { version: VERSION, traces, findings, refuted, ..Document::default() }, graph)
}

/// Adds what only the runs together show, and counts.
pub(super) fn complete(mut document: Document, mut graph: LockOrderGraph) -> Document {
    let (found, limits) = inversions(&mut graph, &document.traces);
    document.findings.extend(found);
    document.warn(limits);
    document.lock_orders = graph;
    document.sort();
    document.recount();
    document
}

fn findings(runs: &[Run], tellers: &mut [Teller<'_>]) -> Vec<Finding> {
    let all: Vec<(usize, usize)> = runs
        .iter()
        .enumerate()
        .flat_map(|(run, report)| (0..report.report.findings.len()).map(move |index| (run, index)))
        .collect();
    let sightings = all.iter().map(|&(position, index)| {
        let run = &runs[position];
        let finding = &run.report.findings[index];
        Sighting {
            group: run.group.as_deref(),
            fingerprint: finding.fingerprint.to_string(),
            rank: (finding.severity, finding.evidence),
            seen_in: vec![position],
            occurrences: finding.occurrences,
        }
    });
    let bugs = bugs(sightings);
    let mut told: Vec<Vec<usize>> = vec![Vec::new(); runs.len()];
    for bug in &bugs {
        let (position, index) = all[bug.best];
        told[position].push(index);
    }
    for (teller, told) in tellers.iter_mut().zip(&told) {
        teller.prepare(told);
    }
    let told = bugs.into_iter().map(|bug| {
        let (position, index) = all[bug.best];
        let finding = tellers[position].finding(index);
        Finding { seen_in: bug.seen_in, occurrences: bug.occurrences, ..finding }
    });
    told.collect()
}

fn refutations(runs: &[Run], tellers: &mut [Teller<'_>]) -> Vec<Refutation> {
    let of_run = |(run, teller): (&Run, &mut Teller<'_>)| -> Vec<Refutation> {
        run.report.refutations.iter().map(|refutation| teller.refutation(refutation)).collect()
    };
    runs.iter().zip(tellers).flat_map(of_run).collect()
}

fn trace(run: &Run) -> Trace {
    let Run { path, report, test, group } = run;
    let (tables, error) = (&report.tables, report.error.as_ref());
    let truncated = error.is_some_and(|error| matches!(error.kind, ReadErrorKind::Truncated(_)));
    Trace {
        path: path.clone(),
        program: tables.header().program.clone(),
        events: report.events,
        threads: tables.threads().len(),
        objects: tables.objects().len(),
        truncated,
        violation: error.filter(|_| !truncated).map(ToString::to_string),
        locks: tables.objects().iter().filter(|object| object.kind.is_lock()).count(),
        cwd: tables.header().cwd.clone(),
        test: test.clone(),
        group: group.clone(),
        limits: report.limits.clone(),
        refuted: report.refutations.len(),
    }
}
