//! The last line of the text report.

use lockhound_analyzer::Rule;
use lockhound_trace::ReadErrorKind;

use super::outcome::{Outcome, Reported};

/// What was found, counted by rule in the order of the report, and in what.
pub(crate) fn summary(outcome: &Outcome, bugs: &[Reported<'_>]) -> String {
    let truncated = outcome.traces().iter().filter(|trace| {
        trace.report.error.as_ref().is_some_and(|error| matches!(error.kind, ReadErrorKind::Truncated(_)))
    });
    let counts = format!("0 suppressed, {} truncated{}", truncated.count(), refuted(outcome.refuted()));
    let traces = counted(outcome.traces().len() as u64, "trace", "traces");
    if bugs.is_empty() {
        return format!("nothing found in {traces}: {}; {counts}", analysed(outcome));
    }
    let findings = counted(bugs.len() as u64, "finding", "findings");
    format!("{findings}: {}, in {traces}; {counts}", by_rule(bugs).join(", "))
}

/// `1 trace`, `2 traces`.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn refuted(count: usize) -> String {
    if count == 0 { String::new() } else { format!(", {count} refuted by the run (--refuted lists them)") }
}

fn analysed(outcome: &Outcome) -> String {
    let (mut events, mut threads, mut locks, mut others) = (0, 0, 0, 0);
    for trace in outcome.traces() {
        events += trace.report.events;
        threads += trace.report.tables.threads().len() as u64;
        let objects = trace.report.tables.objects();
        let of_them = objects.iter().filter(|object| object.kind.is_lock()).count();
        locks += of_them as u64;
        others += (objects.len() - of_them) as u64;
    }
    [
        counted(events, "event", "events"),
        counted(threads, "thread", "threads"),
        counted(locks, "lock", "locks"),
        counted(others, "other object", "other objects"),
    ]
    .join(", ")
}

fn by_rule(bugs: &[Reported<'_>]) -> Vec<String> {
    let mut counts: Vec<(Rule, u64)> = Vec::new();
    for bug in bugs {
        match counts.iter_mut().find(|(rule, _)| *rule == bug.finding.rule) {
            Some((_, count)) => *count += 1,
            None => counts.push((bug.finding.rule, 1)),
        }
    }
    counts.into_iter().map(|(rule, count)| in_words(rule, count)).collect()
}

fn in_words(rule: Rule, count: u64) -> String {
    let (one, many) = match rule {
        Rule::Deadlock => ("deadlock", "deadlocks"),
        Rule::PotentialDeadlock => ("potential deadlock", "potential deadlocks"),
        Rule::SelfDeadlock => ("self-deadlock", "self-deadlocks"),
        Rule::LockOrderInversion => ("lock-order inversion", "lock-order inversions"),
        Rule::LockOrderViolation => ("lock-order violation", "lock-order violations"),
        Rule::BlockedForever => ("blocked forever", "blocked forever"),
        Rule::LostWakeup => ("lost wakeup", "lost wakeups"),
        Rule::LeakedLock => ("leaked lock", "leaked locks"),
        Rule::DataRace => ("data race", "data races"),
        Rule::LostUpdate => ("lost update", "lost updates"),
        Rule::AtomicityViolation => ("atomicity violation", "atomicity violations"),
        Rule::Misuse => ("misuse", "misuses"),
    };
    counted(count, one, many)
}
