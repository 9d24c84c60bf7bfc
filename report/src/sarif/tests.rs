use lockhound_analyzer::Rule;
use serde_json::Value;

use super::sarif;
use crate::document::{Document, Suppression};
use crate::samples;

const SCHEMA: &str = include_str!("../../tests/data/sarif-2.1.0.schema.json");

/// The published schema has a regular expression in it that is none.
const STRAY_BRACKET: (&str, &str) = ("-[a-zA-Z]{2}]?$", "-[a-zA-Z]{2}?$");

fn here(file: &str, _: Option<&str>) -> Option<String> {
    Some(file.to_owned())
}

fn log(document: &Document) -> Value {
    let log: Value = serde_json::from_str(&sarif(document, &here)).unwrap();
    let schema: Value = serde_json::from_str(&SCHEMA.replace(STRAY_BRACKET.0, STRAY_BRACKET.1)).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&log).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    log
}

#[test]
fn a_result_leads_to_both_threads() {
    let log = log(&samples::potential_deadlock());
    insta::assert_json_snapshot!(log["runs"][0]["results"]);
}

#[test]
fn every_rule_is_described_whatever_was_found() {
    let log = log(&Document::default());
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let ids: Vec<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(ids, Rule::ALL.map(Rule::name));
    assert_eq!(rules[1]["name"], "PotentialDeadlock");
    for rule in rules {
        let full = rule["fullDescription"]["text"].as_str().unwrap();
        assert!(full.ends_with('.') && !full.contains("```"), "{full}");
        // GitHub shows no more of it.
        assert!(full.chars().count() <= 1024, "{full}");
    }
    assert_eq!(log["runs"][0]["results"], Value::Array(Vec::new()));
}

#[test]
fn what_is_in_no_file_is_shown_at_its_trace() {
    let mut document = samples::potential_deadlock();
    for step in &mut document.findings[0].steps {
        step.at = None;
        step.holds.clear();
    }
    let log = log(&document);
    let result = &log["runs"][0]["results"][0];
    let location = &result["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], "target/lockhound/bank-17.lht");
    assert_eq!(location["region"]["startLine"], 1);
    assert!(result.get("codeFlows").is_none());
}

#[test]
fn files_outside_the_repository_keep_their_whole_path() {
    let mut document = samples::potential_deadlock();
    document.findings[0].steps[0].at = Some("/usr/src/a b.rs:1:2".to_owned());
    let log: Value = serde_json::from_str(&sarif(&document, &|_, _| None)).unwrap();
    let location = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"];
    assert_eq!(location["uri"], "file:///usr/src/a%20b.rs");
    assert!(location.get("uriBaseId").is_none());
}

#[test]
fn brackets_in_names_make_no_links() {
    let mut document = samples::potential_deadlock();
    document.findings[0].message = r"`a[0](1)` and `b\`".to_owned();
    let log = log(&document);
    let message = log["runs"][0]["results"][0]["message"]["text"].as_str().unwrap();
    assert!(message.starts_with(r"`a\[0\](1)` and `b\\`"), "{message}");
}

#[test]
fn accepted_findings_are_there_and_say_so() {
    let mut document = samples::potential_deadlock();
    let reason = "one thread at a time".to_owned();
    document.findings[0].suppressed = Some(Suppression { reason, from: "lockhound.toml:3".to_owned() });
    let log = log(&document);
    let suppressions = &log["runs"][0]["results"][0]["suppressions"];
    assert_eq!(suppressions[0]["justification"], "one thread at a time");
}

#[test]
fn what_silence_does_not_prove_is_said() {
    let mut document = samples::potential_deadlock();
    document.traces[0].truncated = true;
    document.traces[0].limits = vec!["3 cycles were not looked at".to_owned()];
    let log = log(&document);
    let invocation = &log["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(invocation["toolExecutionNotifications"].as_array().unwrap().len(), 2);
}
