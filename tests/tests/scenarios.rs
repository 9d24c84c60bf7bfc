//! Every scenario, recorded and checked for real, comes out as its row of the table says, with the findings that belong to that and nothing
//! else.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::path::Path;

use lockhound_tests::{Attempt, Attempts, lockhound};

/// How often those are run that may come out in more than one way.
const TIMES: usize = 20;

#[test]
fn every_scenario_comes_out_as_its_row_says() {
    let all = lockhound(["demo", "--all", "--times", &TIMES.to_string(), "--format", "json"]);
    let attempts: Attempts = serde_json::from_str(&all.stdout)
        .unwrap_or_else(|error| panic!("not JSON: {error}\n{}\nstderr:\n{}", all.stdout, all.stderr));
    assert_eq!(attempts.version, 1);
    let failures: Vec<String> = attempts.runs.iter().filter_map(failure).collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    assert_eq!(all.status, Some(0), "{}", all.stderr);

    let mut runs: BTreeMap<&str, usize> = BTreeMap::new();
    for attempt in &attempts.runs {
        *runs.entry(&attempt.scenario).or_default() += 1;
    }
    for scenario in lockhound_fixtures::all() {
        let times = if scenario.depends_on_timing() { TIMES } else { 1 };
        assert_eq!(runs.remove(scenario.id), Some(times), "{}", scenario.id);
    }
    assert_eq!(runs.len(), 0, "{runs:?}");
}

/// How a run differs from its row, if it does. The program has its own say, but is not believed.
fn failure(attempt: &Attempt) -> Option<String> {
    let scenario = lockhound_fixtures::find(&attempt.scenario).expect("only rows of the table are run");
    let verdict = scenario.judge(&attempt.run());
    let mut wrong = verdict.as_ref().err().cloned().unwrap_or_default();
    if attempt.differs != wrong || attempt.as_expected != wrong.is_empty() {
        wrong.push(format!("it says of itself: as expected {}, {:?}", attempt.as_expected, attempt.differs));
    }
    if attempt.story.as_deref() != verdict.ok().map(|outcome| outcome.story) {
        wrong.push(format!("it takes this for its story: {:?}", attempt.story));
    }
    wrong.extend(attempt.report.findings.iter().flat_map(unquotable));
    if wrong.is_empty() {
        return None;
    }
    let findings = &attempt.report.findings;
    let messages: Vec<_> =
        findings.iter().map(|finding| format!("{}: {}", finding.rule.name(), finding.message)).collect();
    Some(format!("{}\n  {}\n  said: {}", attempt.scenario, wrong.join("\n  "), messages.join("\n        ")))
}

/// Steps that the text report could not show in the program's own source.
fn unquotable(finding: &lockhound_report::Finding) -> Vec<String> {
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
        .map(|site| format!("{}: no source line for {site:?}", finding.rule.name()))
        .collect()
}

/// A remedy at work: the demonstration itself shows what it is good for.
#[test]
fn a_demonstration_of_what_is_refuted_lists_it() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("traces");
    let demo = lockhound(["demo", "ab-locks-fix-timed", "--output", output.to_str().unwrap()]);
    assert_eq!(demo.status, Some(0), "{}", demo.stderr);
    assert!(demo.stdout.contains("refuted[potential-deadlock]"), "{}", demo.stdout);
}
