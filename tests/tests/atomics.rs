//! What atomics, fences and once-initialisers order is no race, and what they do not order is one.

#![forbid(unsafe_code)]

use lockhound_tests::{lockhound, record_to, trace_in};

const PROGRAM: &str = env!("CARGO_BIN_EXE_hand-over");

/// The rules that are broken when data are handed over in this way.
fn findings(how: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let status = record_to(folder.path(), PROGRAM).arg(how).status().unwrap();
    assert!(status.success(), "{how}: {status}");
    let trace = trace_in(folder.path());
    let checked = lockhound(["check", "--format", "json", trace.to_str().unwrap()]);
    assert_eq!(checked.stderr, "", "{how}");
    checked.report().findings.into_iter().map(|finding| finding.rule.name().to_owned()).collect()
}

#[test]
fn what_is_ordered_is_no_race() {
    for how in [
        "release-acquire",
        "update",
        "fences",
        "release-fence",
        "last-owner",
        "once",
        "once-lock",
        "once-lock-wait",
        "lazy-lock",
    ] {
        assert_eq!(findings(how), Vec::<String>::new(), "{how}");
    }
}

#[test]
fn what_is_not_ordered_is_a_race() {
    for how in ["relaxed", "release-relaxed", "fence-too-early", "last-owner-unfenced"] {
        assert_eq!(findings(how), ["data-race"], "{how}");
    }
}
