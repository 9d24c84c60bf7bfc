//! Kinds of blocking beyond cycles of locks: each is proved in two forms at least, and its harmless twins stay silent.

mod alone;
mod channels;
mod conditions;
mod counters;
mod leaks;
mod limits;
mod messages;
mod notifications;
mod queued_writers;
mod reader_rings;
mod regrouped;
#[path = "../script/mod.rs"]
mod script;
mod shapes;
#[path = "../summary/mod.rs"]
mod summary;
mod twins;
mod under_a_lock;

use std::path::Path;

use lockhound_analyzer::{Evidence, Finding, Limits, Options, Report, Rule, analyze_with};
use lockhound_trace::Validated;

/// `T0` starts the others first and joins them last.
fn around(threads: &[&str], body: &str) -> Report {
    around_within(Limits::default(), threads, body)
}

fn around_within(limits: Limits, threads: &[&str], body: &str) -> Report {
    let each = |what: &str| threads.iter().map(|thread| format!("T0 {what} {thread}\n")).collect::<String>();
    let (declarations, events): (Vec<&str>, Vec<&str>) =
        body.lines().map(str::trim).partition(|line| !line.starts_with('T') || line.starts_with("thread"));
    let script = format!("{}\n{}{}\n{}", declarations.join("\n"), each("spawn"), events.join("\n"), each("join"));
    run_within(limits, &script)
}

fn run(script: &str) -> Report {
    run_within(Limits::default(), script)
}

fn run_within(limits: Limits, script: &str) -> Report {
    let options = Options { limits, ..Options::default() };
    let report = analyze_with(Validated::new(script::read(script), Path::new("script")), &options, |_| {});
    assert!(report.error.is_none(), "{:?}", report.error);
    report
}

fn blocking(report: &Report) -> impl Iterator<Item = &Finding> {
    report.findings.iter().filter(|finding| {
        matches!(
            finding.rule,
            Rule::PotentialDeadlock | Rule::SelfDeadlock | Rule::LostWakeup | Rule::BlockedForever | Rule::Deadlock
        )
    })
}

fn summary(report: &Report) -> Vec<String> {
    blocking(report).map(|finding| summary::line(report, finding)).collect()
}

fn proves(threads: &[&str], body: &str, expected: &[&str]) {
    let report = around(threads, body);
    assert_eq!(summary(&report), expected, "{body}\n{:#?}", report.limits);
    for finding in blocking(&report).filter(|finding| finding.evidence == Evidence::Feasible) {
        assert!(finding.witness.is_some());
        assert_eq!(finding.steps.len(), finding.threads.len());
    }
}

fn is_silent(threads: &[&str], body: &str) {
    proves(threads, body, &[]);
}
