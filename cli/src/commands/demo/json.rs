//! All that is known of each run, for programs.

use lockhound_fixtures::Named;
use lockhound_report::Document;
use serde::Serialize;

use super::attempt::Verdict;

#[derive(Serialize)]
struct All<'a> {
    version: u32,
    runs: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    scenario: &'a str,
    as_expected: bool,
    /// What happened, if that is known.
    story: Option<&'a str>,
    /// How it differs from what is known, a line each.
    differs: &'a [String],
    ended: String,
    printed: &'a str,
    findings: Vec<ByName<'a>>,
    refuted: Vec<ByName<'a>>,
    report: Option<&'a Document>,
}

#[derive(Serialize)]
struct ByName<'a> {
    rule: &'a str,
    evidence: &'a str,
    severity: &'a str,
    threads: &'a [String],
    objects: &'a [String],
}

pub(super) fn of(verdicts: &[Verdict]) -> serde_json::Result<String> {
    let all = All { version: 1, runs: verdicts.iter().map(entry).collect() };
    Ok(serde_json::to_string_pretty(&all)? + "\n")
}

fn entry(verdict: &Verdict) -> Entry<'_> {
    let (story, differs) = match &verdict.outcome {
        Ok(outcome) => (Some(outcome.story), &[][..]),
        Err(differs) => (None, &differs[..]),
    };
    Entry {
        scenario: verdict.scenario.id,
        as_expected: verdict.outcome.is_ok(),
        story,
        differs,
        ended: verdict.run.ended.to_string(),
        printed: &verdict.run.printed,
        findings: verdict.run.findings.iter().map(by_name).collect(),
        refuted: verdict.run.refuted.iter().map(by_name).collect(),
        report: verdict.document.as_ref(),
    }
}

fn by_name(named: &Named) -> ByName<'_> {
    let Named { rule, evidence, severity, threads, objects } = named;
    ByName { rule, evidence, severity, threads, objects }
}
