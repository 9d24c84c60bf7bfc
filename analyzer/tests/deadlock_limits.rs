//! Where the search for deadlocks is cut, and that it says so.

use std::fmt::Write as _;
use std::path::Path;

use lockhound_analyzer::{Evidence, Limits, Options, Report, Rule, analyze_with};
use lockhound_trace::{StdReader, Validated};

/// Pairs of locks, each taken in both orders: by one thread so and by two threads the other way round.
fn pairs(count: usize) -> String {
    let mut text = String::new();
    for pair in 0..count {
        for (thread, [first, second]) in [("T1", ["a", "b"]), ("T2", ["b", "a"]), ("T3", ["b", "a"])] {
            for (op, lock) in [("acq", first), ("acq", second), ("rel", second), ("rel", first)] {
                writeln!(text, "{thread}|{op}({lock}{pair})|{pair}").expect("a string takes all");
            }
        }
    }
    text
}

fn check(text: &str, limits: Limits) -> Report {
    let options = Options { rules: Some(vec![Rule::PotentialDeadlock]), limits, ..Options::default() };
    let source = StdReader::new(text.as_bytes(), Path::new("test.std"), 0);
    let report = analyze_with(Validated::new(source, Path::new("test.std")), &options, |_| {});
    assert!(report.error.is_none(), "{:?}", report.error);
    report
}

fn proved(report: &Report) -> usize {
    report.findings.iter().filter(|finding| finding.evidence == Evidence::Feasible).count()
}

#[track_caller]
fn says(report: &Report, limit: &str) {
    let said =
        |sentence: &String| sentence.starts_with("lock graph: ") && sentence.contains(&format!("--limit {limit})"));
    assert_eq!(report.limits.iter().filter(|sentence| said(sentence)).count(), 1, "{:?}", report.limits);
}

#[test]
fn without_a_cut_nothing_is_said() {
    let report = check(&pairs(3), Limits::default());
    assert_eq!((proved(&report), report.limits.len()), (3, 0), "{:?}", report.limits);
}

#[test]
fn cycles_beyond_the_limit() {
    let report = check(&pairs(3), Limits { cycles: 2, ..Limits::default() });
    assert_eq!(report.findings.len(), 2);
    says(&report, "cycles");
    says(&check(&pairs(3), Limits { cycle_steps: 1, ..Limits::default() }), "cycle-steps");
}

#[test]
fn what_takes_too_long_is_not_called_impossible() {
    let report = check(&pairs(1), Limits { pattern_steps: 0, ..Limits::default() });
    assert_eq!((report.findings.len(), report.refutations.len()), (0, 0));
    says(&report, "pattern-steps");
}

#[test]
fn once_the_candidates_are_used_up_all_is_possible() {
    let report = check(&pairs(3), Limits { candidates: 2, ..Limits::default() });
    assert_eq!((proved(&report), report.findings.len()), (2, 3));
    says(&report, "candidates");
}

#[test]
fn combinations_beyond_the_limit() {
    let report = check(&pairs(1), Limits { checker_steps: 0, cycle_patterns: 1, ..Limits::default() });
    assert_eq!((proved(&report), report.findings.len()), (0, 1));
    says(&report, "checker-steps");
    says(&report, "cycle-patterns");
}

#[test]
fn requests_beyond_the_limit() {
    says(&check(&pairs(1), Limits { requests: 3, ..Limits::default() }), "requests");
}

#[test]
fn the_number_of_cores_changes_nothing() {
    let text = pairs(40);
    for (candidates, checker_steps) in [(usize::MAX, u64::MAX), (17, u64::MAX), (usize::MAX, 3_000), (1, 100)] {
        let limits = Limits { candidates, checker_steps, ..Limits::default() };
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("some threads");
            let report = pool.install(|| check(&text, limits));
            format!("{:?} {:?} {:?}", report.findings, report.refutations, report.limits)
        };
        assert_eq!(with(1), with(4), "{candidates} candidates, {checker_steps} steps");
    }
}
