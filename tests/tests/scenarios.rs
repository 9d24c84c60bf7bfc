//! Every scenario, recorded and checked for real, yields its table and nothing else.

#![forbid(unsafe_code)]

use std::path::Path;
use std::sync::Mutex;
use std::thread;

use lockhound_fixtures::{Load, Scenario};
use lockhound_tests::{Named, Names, lockhound, mismatches, trace_in};

/// Most scenarios sleep most of the time.
const AT_ONCE: usize = 4;

#[test]
fn every_scenario_yields_its_table() {
    let (busy, calm): (Vec<&Scenario>, Vec<_>) =
        lockhound_fixtures::all().iter().partition(|scenario| scenario.limit.load == Load::Busy);
    let mut failures = Vec::new();
    for scenario in busy {
        failures.extend(failure(scenario));
    }
    failures.extend(in_parallel(calm));
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

fn in_parallel(scenarios: Vec<&'static Scenario>) -> Vec<String> {
    let queue = Mutex::new(scenarios.into_iter());
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(scenario) = queue.lock().unwrap().next() else { return };
                    let failure = failure(scenario);
                    failures.lock().unwrap().extend(failure);
                }
            });
        }
    });
    failures.into_inner().unwrap()
}

/// How a scenario differs from its table, if it does.
fn failure(scenario: &Scenario) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("traces");
    let demo = lockhound(["demo", scenario.id, "--format", "json", "--output", output.to_str().unwrap()]);
    let report = demo.report();
    let names = Names::of(&trace_in(&output));
    let named: Vec<Named> = report.findings.iter().map(|finding| names.name(finding)).collect();
    let mut wrong = mismatches(scenario.outcomes[0].expected, &named);
    let fails = named.iter().any(|finding| finding.severity != "note");
    if demo.status != Some(i32::from(fails)) {
        wrong.push(format!("exit status {:?}", demo.status));
    }
    wrong.extend(report.findings.iter().flat_map(unquotable));
    if wrong.is_empty() {
        return None;
    }
    let messages: Vec<_> =
        report.findings.iter().map(|finding| format!("{}: {}", finding.rule, finding.message)).collect();
    Some(format!(
        "{}\n  {}\n  said: {}\n  {}",
        scenario.id,
        wrong.join("\n  "),
        messages.join("\n        "),
        demo.stderr
    ))
}

/// Steps that the text report could not show in the program's own source.
fn unquotable(finding: &lockhound_tests::Finding) -> Vec<String> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let sites = finding.steps.iter().flat_map(|step| {
        let holds = step.holds.iter().map(|hold| hold.at.clone());
        std::iter::once(step.at.clone()).chain(holds)
    });
    sites
        .filter(|site| {
            let path = site.as_deref().and_then(|site| site.split(':').next());
            !path.is_some_and(|path| path.starts_with("fixtures/src/") && workspace.join(path).is_file())
        })
        .map(|site| format!("{}: no source line for {site:?}", finding.rule))
        .collect()
}
