//! What a program asks of its objects in vain.

use std::path::Path;

use lockhound_analyzer::{Evidence, Finding, Report, Rule, Severity, Step, analyze};
use lockhound_trace::{JsonLinesReader, Validated};

/// Analyses a trace without its header line, which must be possible.
fn analyze_lines(lines: &str) -> Report {
    let (text, path) = (format!("{{\"lockhound\":1}}\n{lines}"), Path::new("test.jsonl"));
    let report = analyze(Validated::new(JsonLinesReader::new(text.as_bytes(), path, 0), path), |_| {});
    assert!(report.error.is_none(), "{:?}", report.error);
    report
}

fn misuses(report: &Report) -> Vec<&Finding> {
    report.findings.iter().filter(|finding| finding.rule == Rule::Misuse).collect()
}

/// The one mistake of a trace.
fn only(lines: &str) -> Finding {
    let report = analyze_lines(lines);
    let found = misuses(&report);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].evidence, found[0].severity), (Evidence::Observed, Severity::Error));
    assert!(!found[0].notes.is_empty() && !found[0].help.is_empty());
    found[0].clone()
}

/// The thread and the place of each step, and of what was marked on the way to it.
fn places<'a>(report: &'a Report, finding: &'a Finding) -> Vec<(&'a str, &'a str)> {
    let site = |id: Option<_>| id.map_or("", |id| report.tables.site(id));
    let of_step = |step: &'a Step| {
        let sites = std::iter::once(step.site).chain(step.marks.iter().map(|mark| mark.site));
        sites.map(move |id| (report.tables.thread(step.thread).id.as_str(), site(id)))
    };
    finding.steps.iter().flat_map(of_step).collect()
}

#[test]
fn each_mistake_is_told_by_what_is_wrong() {
    let semaphore = r#"{"object":"sem","kind":"semaphore","permits":3,"bound":3}"#;
    let cases = [
        (r#"{"t":"T1","op":"release","obj":"mu"}"#.to_owned(), "`T1` released `mu`, which nobody held"),
        (
            r#"{"t":"T2","op":"acquire","obj":"mu"}
            {"t":"T1","op":"release","obj":"mu"}"#
                .to_owned(),
            "`T1` released `mu`, which `T2` held",
        ),
        (
            r#"{"t":"T1","op":"acquire","obj":"mu"}
            {"t":"T1","op":"release","obj":"mu"}
            {"t":"T1","op":"release","obj":"mu"}"#
                .to_owned(),
            "`T1` released `mu`, which it had released before",
        ),
        (
            r#"{"object":"rw","kind":"rwlock"}
            {"t":"T1","op":"acquire","obj":"rw","mode":"read"}
            {"t":"T1","op":"release","obj":"rw"}"#
                .to_owned(),
            "`T1` held `rw` for reading, and released it for writing",
        ),
        (
            format!("{semaphore}\n{}", r#"{"t":"T1","op":"release","obj":"sem"}"#),
            "`sem` was released more often than acquired: 4 permits of at most 3",
        ),
        (r#"{"t":"T1","op":"wait","obj":"cv","lock":"mu"}"#.to_owned(), "`T1` waited on `cv` without holding `mu`"),
        (
            r#"{"t":"T2","op":"close","obj":"ch"}
            {"t":"T1","op":"send","obj":"ch"}"#
                .to_owned(),
            "`T1` sent to `ch` after it was closed",
        ),
        (
            r#"{"t":"T1","op":"done","obj":"wg"}"#.to_owned(),
            "`T1` reported something done at `wg` when nothing was left to do",
        ),
        (
            r#"{"t":"T1","op":"add","obj":"wg","n":2}
            {"t":"T1","op":"done","obj":"wg","n":3}"#
                .to_owned(),
            "`T1` reported 3 done at `wg` when only 2 were left to do",
        ),
        (
            r#"{"t":"T1","op":"spawn","child":"T2"}
            {"t":"T1","op":"spawn","child":"T2"}"#
                .to_owned(),
            "`T1` started `T2` a second time",
        ),
    ];
    for (lines, message) in cases {
        assert_eq!(only(&lines).message, message);
    }
}

#[test]
fn what_led_to_it_is_shown() {
    let cases = [
        (
            "who has the lock",
            r#"{"t":"T2","op":"acquire","obj":"mu","at":"a.rs:1:1"}
            {"t":"T1","op":"release","obj":"mu","at":"a.rs:2:1"}"#,
            vec![("T1", "a.rs:2:1"), ("T2", "a.rs:1:1")],
        ),
        (
            "where the channel was closed first",
            r#"{"t":"T2","op":"close","obj":"ch","at":"a.rs:1:1"}
            {"t":"T2","op":"close","obj":"ch","at":"a.rs:3:1"}
            {"t":"T1","op":"send","obj":"ch","at":"a.rs:2:1"}"#,
            vec![("T1", "a.rs:2:1"), ("T2", "a.rs:1:1")],
        ),
        (
            "where the thread was started first",
            r#"{"t":"T1","op":"spawn","child":"T2","at":"a.rs:1:1"}
            {"t":"T1","op":"spawn","child":"T2","at":"a.rs:2:1"}
            {"t":"T1","op":"spawn","child":"T2","at":"a.rs:3:1"}"#,
            vec![("T1", "a.rs:2:1"), ("T1", "a.rs:1:1")],
        ),
        (
            "the same place again is no news",
            r#"{"t":"T1","op":"acquire","obj":"mu","at":"a.rs:1:1"}
            {"t":"T1","op":"release","obj":"mu","at":"a.rs:2:1"}
            {"t":"T1","op":"release","obj":"mu","at":"a.rs:2:1"}"#,
            vec![("T1", "a.rs:2:1")],
        ),
    ];
    for (what, lines, expected) in cases {
        let report = analyze_lines(lines);
        assert_eq!(places(&report, misuses(&report)[0]), expected, "{what}");
    }
}

#[test]
fn one_place_is_one_finding() {
    let release = |line: u32| format!("{{\"t\":\"T1\",\"op\":\"release\",\"obj\":\"mu\",\"at\":\"a.rs:{line}:1\"}}\n");
    let report = analyze_lines(&[release(1), release(2), release(1), release(1)].concat());
    let found = misuses(&report);
    assert_eq!(found.iter().map(|finding| finding.occurrences).collect::<Vec<_>>(), [3, 1]);
    // Lines move, the bug stays.
    assert_eq!(found[0].fingerprint, found[1].fingerprint);
}

#[test]
fn nothing_comes_of_it() {
    // Had T1 released the lock, T2 could have it; had the second spawn counted, T2 would be its child.
    let report = analyze_lines(
        r#"
        {"t":"T0","op":"spawn","child":"T1"}
        {"t":"T0","op":"spawn","child":"T2"}
        {"t":"T0","op":"acquire","obj":"mu"}
        {"t":"T1","op":"release","obj":"mu"}
        {"t":"T1","op":"spawn","child":"T2"}
        {"t":"T2","op":"block","on":"acquire","obj":"mu"}
        {"t":"T0","op":"block","on":"join","child":"T2"}
        "#,
    );
    let rules: Vec<Rule> = report.findings.iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, [Rule::Deadlock, Rule::Misuse, Rule::Misuse]);
}
