//! What an analysis looks for, and how far it goes, can be chosen.

use std::time::Duration;

use lockhound_analyzer::{Evidence, Limits, Options, Report, Rule, analyze_with};

mod script;

/// Two locks in both orders, and a race.
const TRACE: &str = "
    T1 write x
    T1 acquire a
    T1 acquire b
    T1 release b touched=none
    T1 release a touched=none
    T2 acquire b
    T2 acquire a
    T2 release a touched=none
    T2 release b touched=none
    T3 write x
";

fn check(options: &Options) -> Report {
    analyze_with(script::read(TRACE), options, |_| {})
}

fn told(report: &Report) -> Vec<(Rule, Evidence)> {
    report.findings.iter().map(|finding| (finding.rule, finding.evidence)).collect()
}

#[test]
fn everything_is_looked_for_by_default() {
    let report = check(&Options::default());
    assert_eq!(told(&report), [(Rule::DataRace, Evidence::Observed), (Rule::PotentialDeadlock, Evidence::Feasible)]);
    assert!(report.limits.is_empty());
    assert!(report.log.is_some(), "a witness needs the events");
}

#[test]
fn only_the_rules_asked_for_are_told() {
    let report = check(&Options { rules: Some(vec![Rule::DataRace]), ..Options::default() });
    assert_eq!(told(&report), [(Rule::DataRace, Evidence::Observed)]);
    assert!(report.log.is_some(), "the events around a finding are to be shown");
    let report = check(&Options { rules: Some(vec![Rule::LostWakeup]), ..Options::default() });
    assert_eq!(told(&report), []);
    assert!(report.log.is_none(), "nobody needs the events");
}

#[test]
fn without_prediction_nothing_is_feasible() {
    let report = check(&Options { prediction: false, ..Options::default() });
    assert_eq!(told(&report), [(Rule::DataRace, Evidence::Observed), (Rule::PotentialDeadlock, Evidence::Possible)]);
    assert!(report.limits.is_empty(), "{:?}", report.limits);
}

#[test]
fn a_trace_too_large_to_index_is_said_to_be() {
    for index_bytes in [0, 300] {
        let limits = Limits { index_bytes, ..Limits::default() };
        let report = check(&Options { limits, ..Options::default() });
        assert_eq!(told(&report)[1], (Rule::PotentialDeadlock, Evidence::Possible));
        assert!(report.limits[0].starts_with("no other schedules were searched"), "{:?}", report.limits);
    }
}

#[test]
fn what_was_not_done_in_time_is_said() {
    let report = check(&Options { time_budget: Some(Duration::ZERO), ..Options::default() });
    assert_eq!(told(&report)[0], (Rule::DataRace, Evidence::Observed), "what happened is told all the same");
    assert!(report.findings.iter().all(|finding| finding.evidence != Evidence::Feasible));
    assert!(report.limits.iter().any(|limit| limit.contains("time")), "{:?}", report.limits);
}

#[test]
fn a_checker_without_steps_proves_nothing_and_says_so() {
    let limits = Limits { checker_steps: 0, ..Limits::default() };
    let report = check(&Options { limits, ..Options::default() });
    assert_eq!(told(&report)[1], (Rule::PotentialDeadlock, Evidence::Possible));
    assert!(!report.limits.is_empty());
}
