//! What `lockhound demo --all --format json` says, as a reader of it would declare it.

use lockhound_fixtures::{Ends, Named, Run};
use lockhound_report::Document;
use serde::Deserialize;

/// All of it.
#[derive(Clone, Deserialize, Debug)]
pub struct Attempts {
    /// Of this form.
    pub version: u32,
    /// One entry a run.
    pub runs: Vec<Attempt>,
}

/// A run of a scenario.
#[derive(Clone, Deserialize, Debug)]
#[expect(missing_docs, reason = "documented by the program that writes it")]
pub struct Attempt {
    pub scenario: String,
    pub as_expected: bool,
    pub story: Option<String>,
    pub differs: Vec<String>,
    pub ended: String,
    pub printed: String,
    pub findings: Vec<ByName>,
    pub refuted: Vec<ByName>,
    pub report: Document,
}

/// A finding by the names that the program gave.
#[derive(Clone, Deserialize, Debug)]
#[expect(missing_docs, reason = "documented by the program that writes it")]
pub struct ByName {
    pub rule: String,
    pub evidence: String,
    pub severity: String,
    pub threads: Vec<String>,
    pub objects: Vec<String>,
}

impl Attempt {
    /// What the table is held against.
    ///
    /// # Panics
    /// If it ended in no way that the table knows.
    #[must_use]
    pub fn run(&self) -> Run {
        let ended = match self.ended.as_str() {
            "exits" => Ends::Exits,
            "hangs" => Ends::Hangs,
            other => {
                let status = other.strip_prefix("fails with ").and_then(|status| status.parse().ok());
                Ends::Fails(status.unwrap_or_else(|| panic!("no end of a program: {other}")))
            }
        };
        let [findings, refuted] = [&self.findings, &self.refuted].map(|list| list.iter().map(named).collect());
        Run { ended, printed: self.printed.clone(), findings, refuted }
    }
}

fn named(finding: &ByName) -> Named {
    let ByName { rule, evidence, severity, threads, objects } = finding.clone();
    Named { rule, evidence, severity, threads, objects }
}
