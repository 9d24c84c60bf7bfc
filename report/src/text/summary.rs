//! The last line of the text report.

use lockhound_analyzer::Rule;

use super::report::TextOptions;
use crate::document::{Document, Finding, Trace};

/// What was found, counted by rule in the order of the report, and in what.
pub(super) fn summary(document: &Document, options: TextOptions) -> String {
    let traces = counted(document.traces.len() as u64, "trace", "traces");
    let findings: Vec<&Finding> = document.findings.iter().filter(|finding| finding.suppressed.is_none()).collect();
    let counts = counts(document, options);
    if findings.is_empty() {
        let read = if document.traces.iter().any(Trace::is_incomplete) { "what could be read of " } else { "" };
        return format!("nothing found in {read}{traces}: {}; {counts}", analysed(document));
    }
    let count = counted(findings.len() as u64, "finding", "findings");
    format!("{count}: {}, in {traces}; {counts}", by_rule(&findings).join(", "))
}

/// `1 trace`, `2 traces`.
pub(super) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// What is not among the findings; and how to see it, unless it is to be seen above.
fn counts(document: &Document, options: TextOptions) -> String {
    let suppressed = document.findings.iter().filter(|finding| finding.suppressed.is_some()).count();
    let truncated = document.traces.iter().filter(|trace| trace.truncated).count();
    let refuted = document.summary.refuted;
    let how = |shown: bool, option: &str| if shown { String::new() } else { format!(" ({option} lists them)") };
    let mut text = format!("{suppressed} suppressed");
    if suppressed > 0 {
        text.push_str(&how(options.suppressed, "--suppressed"));
    }
    text.push_str(&format!(", {truncated} truncated"));
    if refuted > 0 {
        text.push_str(&format!(", {refuted} refuted by the run{}", how(options.refuted, "--refuted")));
    }
    text
}

fn analysed(document: &Document) -> String {
    let sum = |count: fn(&Trace) -> u64| document.traces.iter().map(count).sum::<u64>();
    let locks = sum(|trace| trace.locks as u64);
    [
        counted(sum(|trace| trace.events), "event", "events"),
        counted(sum(|trace| trace.threads as u64), "thread", "threads"),
        counted(locks, "lock", "locks"),
        counted(sum(|trace| trace.objects as u64).saturating_sub(locks), "other object", "other objects"),
    ]
    .join(", ")
}

fn by_rule(findings: &[&Finding]) -> Vec<String> {
    let mut counts: Vec<(Rule, u64)> = Vec::new();
    for finding in findings {
        match counts.iter_mut().find(|(rule, _)| *rule == finding.rule) {
            Some((_, count)) => *count += 1,
            None => counts.push((finding.rule, 1)),
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
