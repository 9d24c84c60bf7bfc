//! What the deadlock tests share: traces from text, and reports in few words.

#[path = "../summary/mod.rs"]
mod summary;

use std::path::{Path, PathBuf};

use lockhound_analyzer::{DeclaredOrder, Finding, NamePattern, Options, Report, Rule, analyze, analyze_with};
use lockhound_trace::{EventSource, JsonLinesReader, StdReader, Validated};

/// Analyses a trace in the JSON Lines format, without its header line.
pub(crate) fn analyze_lines(lines: &str) -> Report {
    analyze_json(&format!("{{\"lockhound\":1}}\n{lines}"))
}

/// The same, against orders of locks that a team states: a name, and the locks.
pub(crate) fn analyze_lines_against(orders: &[(&str, &[&str])], lines: &str) -> Report {
    let patterns = |locks: &[&str]| locks.iter().map(|text| NamePattern::new(text).expect("a glob")).collect();
    let orders = orders.iter().map(|(name, locks)| DeclaredOrder {
        name: (*name).to_owned(),
        place: "lockhound.toml:7".to_owned(),
        locks: patterns(locks),
    });
    let text = format!("{{\"lockhound\":1}}\n{lines}");
    let options = Options { orders: orders.collect(), ..options() };
    analyze_as(&options, JsonLinesReader::new(text.as_bytes(), Path::new("test.jsonl"), 0))
}

/// Analyses a whole file in the JSON Lines format.
pub(crate) fn analyze_json(text: &str) -> Report {
    checked(JsonLinesReader::new(text.as_bytes(), Path::new("test.jsonl"), 0))
}

/// Analyses what precedes the place where a trace in the JSON Lines format, without its header line, breaks.
pub(crate) fn analyze_broken(lines: &str) -> Report {
    let text = format!("{{\"lockhound\":1}}\n{lines}");
    let source = JsonLinesReader::new(text.as_bytes(), Path::new("test.jsonl"), 0);
    let report = analyze(Validated::new(source, Path::new("test")), |_| {});
    assert!(report.error.is_some());
    report
}

/// Analyses a trace in RAPID's STD format.
pub(crate) fn analyze_std(text: &str) -> Report {
    checked(StdReader::new(text.as_bytes(), Path::new("test.std"), 0))
}

/// Only possible traces make a test. What is not asked for here has tests of its own.
fn checked(source: impl EventSource) -> Report {
    analyze_as(&options(), source)
}

fn options() -> Options {
    Options { rules: Some(RULES.to_vec()), ..Options::default() }
}

fn analyze_as(options: &Options, source: impl EventSource) -> Report {
    let report = analyze_with(Validated::new(source, Path::new("test")), options, |_| {});
    assert!(report.error.is_none(), "{:?}", report.error);
    report
}

/// The traces that the project ships for its tests.
pub(crate) fn data(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data").join(folder)
}

/// What the deadlock analyses report.
const RULES: [Rule; 8] = [
    Rule::Deadlock,
    Rule::PotentialDeadlock,
    Rule::SelfDeadlock,
    Rule::LockOrderInversion,
    Rule::LockOrderViolation,
    Rule::BlockedForever,
    Rule::LostWakeup,
    Rule::LeakedLock,
];

/// The findings of the deadlock analyses.
pub(crate) fn relevant(report: &Report) -> impl Iterator<Item = &Finding> {
    report.findings.iter().filter(|finding| RULES.contains(&finding.rule))
}

/// Each of them in few words.
pub(crate) fn summary(report: &Report) -> Vec<String> {
    relevant(report).map(|finding| summary::line(report, finding)).collect()
}
