//! The text report, as people see it.

#![forbid(unsafe_code)]

use lockhound_tests::lockhound;

/// The report of a demonstration: what follows the output of the program, by whose lines one cannot go.
fn report(id: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let traces = folder.path().join("traces");
    let output = lockhound(["demo", id, "--output", traces.to_str().unwrap()]);
    assert_eq!(output.status, Some(1), "{}", output.stderr);
    let is_finding = |line: &&str| line.starts_with("error[") || line.starts_with("warning[");
    let start = output.stdout.lines().find(is_finding).map(|line| output.stdout.find(line).unwrap());
    let report = &output.stdout[start.expect("a finding is reported")..];
    report.replace(traces.to_str().unwrap(), "TRACES")
}

/// The same report with one name for the other.
fn exchange(report: &str, one: &str, other: &str) -> String {
    report.replace(one, "\0").replace(other, one).replace('\0', other)
}

#[test]
fn ab_locks() {
    insta::assert_snapshot!(report("ab-locks"));
}

/// Both threads run the same code, and either can be the one who is late.
#[test]
fn bank_draw_split_lock() {
    let report = report("bank-draw-split-lock");
    let verdict = report.lines().next().unwrap();
    let late_first = verdict.find('乙') < verdict.find('甲');
    insta::assert_snapshot!(if late_first { report } else { exchange(&report, "甲", "乙") });
}
