//! Re-encoded real bugs, from runs in which they did not show: what can be proved is proved, what cannot is not.

#[expect(dead_code, reason = "each test file uses its part")]
mod deadlock_support;

use std::fs;

use deadlock_support::{analyze_json, data};
use lockhound_analyzer::{Evidence, Finding, Report, Rule};
use serde_json::Value;

fn kernels() -> Vec<(String, Value, Report)> {
    let table = fs::read_to_string(data("kernels").join("expected.json")).expect("the table");
    let table: serde_json::Map<String, Value> = serde_json::from_str(&table).expect("a table");
    let passing = table.into_iter().filter(|(name, _)| name.ends_with(".pass.jsonl"));
    passing
        .map(|(name, expected)| {
            let text = fs::read_to_string(data("kernels").join(&name)).expect("a trace");
            let report = analyze_json(&text);
            (name, expected, report)
        })
        .collect()
}

fn names(value: &Value) -> Vec<String> {
    let mut names: Vec<String> =
        value.as_array().expect("a list").iter().map(|name| name.as_str().expect("a name").to_owned()).collect();
    names.sort_unstable();
    names
}

fn threads(report: &Report, finding: &Finding) -> Vec<String> {
    let mut names: Vec<String> = finding.threads.iter().map(|&id| report.tables.thread(id).id.clone()).collect();
    names.sort_unstable();
    names
}

fn objects(report: &Report, finding: &Finding) -> Vec<String> {
    let mut names: Vec<String> = finding.objects.iter().map(|&id| report.tables.object(id).id.clone()).collect();
    names.sort_unstable();
    names
}

#[test]
fn what_can_be_proved_is_proved() {
    let mut proved = 0;
    for (name, expected, report) in kernels() {
        if expected["provable_from_this_run"] != true {
            continue;
        }
        let wanted = expected["expect"].as_array().expect("a list");
        for wanted in wanted.iter().filter(|wanted| wanted["kind"] == "deadlock-potential") {
            let found: Vec<&Finding> = report
                .findings
                .iter()
                .filter(|finding| matches!(finding.rule, Rule::PotentialDeadlock | Rule::SelfDeadlock))
                .collect();
            assert_eq!(found.len(), 1, "{name}: {found:#?}");
            assert_eq!(found[0].evidence, Evidence::Feasible, "{name}");
            assert_eq!(threads(&report, found[0]), names(&wanted["threads"]), "{name}");
            assert_eq!(objects(&report, found[0]), names(&wanted["objects"]), "{name}");
            let witness = found[0].witness.as_ref().expect("a witness");
            assert!(!report.schedule(witness).is_empty(), "{name}");
            proved += 1;
        }
    }
    assert!(proved >= 6, "{proved}");
}

#[test]
fn what_cannot_be_proved_is_not() {
    for (name, expected, report) in kernels() {
        if expected["silent"] == true {
            assert!(report.findings.is_empty(), "{name}: {:#?}", report.findings);
        }
        if expected["provable_from_this_run"] != true {
            let feasible: Vec<&Finding> =
                report.findings.iter().filter(|finding| finding.evidence == Evidence::Feasible).collect();
            assert!(feasible.is_empty(), "{name}: {feasible:#?}");
        }
    }
}
