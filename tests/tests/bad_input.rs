//! Input that is not what it should be: one line that says where and what, exit status 2, and what precedes it is still analysed.

#![forbid(unsafe_code)]

use std::fs;
use std::path::{Path, PathBuf};

use lockhound_tests::{Output, lockhound, trace_in};

/// A race between two threads, to be found before whatever follows.
const RACE: &str = r#"{"lockhound":1,"program":"bank"}
{"object":"x","kind":"var"}
{"object":"mu","kind":"mutex"}
{"t":"T0","op":"spawn","child":"T1"}
{"t":"T0","op":"write","obj":"x","at":"bank.rs:1:1"}
{"t":"T1","op":"write","obj":"x","at":"bank.rs:2:1"}
"#;

struct Input {
    folder: tempfile::TempDir,
}

impl Input {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }
}

fn check(path: &Path) -> Output {
    lockhound(["check", "--format", "json", path.to_str().unwrap()])
}

/// One line of complaint that names the file and, right behind it, the place; exit status 2.
fn assert_complains(output: &Output, path: &Path, place: &str, what: &str) {
    assert_eq!(output.status, Some(2), "{}{}", output.stdout, output.stderr);
    let [error] = output.errors()[..] else { panic!("expected one line of error:\n{}", output.stderr) };
    assert_eq!(output.stderr.lines().count(), 1, "expected one line:\n{}", output.stderr);
    let there = format!("{}{place}", path.display());
    assert!(error.contains(&there), "{error:?} does not name {there}");
    assert!(error.contains(what), "{error:?} does not say {what:?}");
}

/// The race of the prefix is reported, and nothing that the broken rest would have to show.
fn assert_finds_the_race(output: &Output) {
    let report = output.report();
    let rules: Vec<_> = report.findings.iter().map(|finding| finding.rule.name()).collect();
    assert_eq!(rules, ["data-race"], "{}", output.stdout);
}

#[test]
fn a_syntax_error_ends_the_trace_at_its_line_and_column() {
    let input = Input::new();
    let path = input.file("syntax.jsonl", format!("{RACE}{{\"t\":\"T1\",\"op\":\"write\"\n"));
    let output = check(&path);
    assert_complains(&output, &path, ":7:", "");
    assert_finds_the_race(&output);
}

#[test]
fn an_unknown_op_is_named() {
    let input = Input::new();
    let path = input.file("unknown.jsonl", format!("{RACE}{{\"t\":\"T1\",\"op\":\"frobnicate\",\"obj\":\"x\"}}\n"));
    let output = check(&path);
    assert_complains(&output, &path, ":7:", "frobnicate");
    assert_finds_the_race(&output);
}

#[test]
fn an_impossible_event_is_named() {
    let input = Input::new();
    let taken = "{\"t\":\"T1\",\"op\":\"acquire\",\"obj\":\"mu\"}\n";
    let path = input.file("impossible.jsonl", format!("{RACE}{taken}{taken}"));
    let output = check(&path);
    assert_complains(&output, &path, ":8", "mu");
    assert_finds_the_race(&output);
}

/// What a program does wrong is no broken trace: it is found, and so is what comes after it.
#[test]
fn misuse_is_a_finding_and_the_rest_is_analysed() {
    let declared = r#"{"object":"sem","kind":"semaphore","permits":1,"bound":1}
{"object":"cv","kind":"condvar"}
{"object":"ch","kind":"channel"}
{"object":"wg","kind":"waitgroup"}
"#;
    let (declarations, events) = RACE.split_at(RACE.find("{\"t\"").unwrap());
    let before = format!("{declarations}{declared}");
    for refused in [
        r#"{"t":"T0","op":"release","obj":"mu"}"#,
        r#"{"t":"T0","op":"release","obj":"sem"}"#,
        r#"{"t":"T0","op":"wait","obj":"cv","lock":"mu"}"#,
        "{\"t\":\"T0\",\"op\":\"close\",\"obj\":\"ch\"}\n{\"t\":\"T0\",\"op\":\"send\",\"obj\":\"ch\"}",
        r#"{"t":"T0","op":"done","obj":"wg"}"#,
        "{\"t\":\"T0\",\"op\":\"spawn\",\"child\":\"T2\"}\n{\"t\":\"T0\",\"op\":\"spawn\",\"child\":\"T2\"}",
    ] {
        let input = Input::new();
        let path = input.file("misuse.jsonl", format!("{before}{refused}\n{refused}\n{events}"));
        let output = check(&path);
        assert_eq!(output.status, Some(1), "{refused}\n{}{}", output.stdout, output.stderr);
        let report = output.report();
        let found: Vec<_> =
            report.findings.iter().map(|finding| (finding.rule.name(), finding.evidence.name())).collect();
        assert_eq!(found.len(), 2, "{refused}\n{}", output.stdout);
        for expected in [("misuse", "observed"), ("data-race", "observed")] {
            assert!(found.contains(&expected), "{refused}\n{}", output.stdout);
        }
    }
}

#[test]
fn an_empty_file_is_no_trace() {
    let input = Input::new();
    for name in ["empty.jsonl", "empty.lht", "empty.std"] {
        let path = input.file(name, "");
        assert_complains(&check(&path), &path, "", "empty");
    }
}

#[test]
fn a_folder_without_traces_is_no_success() {
    let input = Input::new();
    input.file("notes.txt", "nothing to see here\n");
    assert_complains(&check(input.folder.path()), input.folder.path(), "", "");
}

#[test]
fn a_path_that_does_not_exist_is_named() {
    let input = Input::new();
    let path = input.folder.path().join("nowhere.lht");
    assert_complains(&check(&path), &path, "", "");
}

#[test]
fn noise_is_no_trace() {
    let input = Input::new();
    for name in ["noise.lht", "noise.jsonl", "noise.std", "noise"] {
        let path = input.file(name, noise(1 << 20));
        assert_complains(&check(&path), &path, "", "");
    }
}

/// Bytes without a pattern (xorshift64*), the same in every run.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

#[test]
fn a_truncated_recording_is_analysed_up_to_the_cut() {
    let input = Input::new();
    let recorded = input.folder.path().join("recorded");
    let demo = lockhound(["demo", "counter-race", "--format", "json", "--output", recorded.to_str().unwrap()]);
    assert_eq!(demo.status, Some(1), "{}", demo.stderr);
    let whole = fs::read(trace_in(&recorded)).unwrap();

    let path = input.file("cut.lht", &whole[..whole.len() / 2 + 123]);
    let output = check(&path);

    assert_complains(&output, &path, "", "truncated");
    let report = output.report();
    assert!(report.traces[0].truncated);
    assert!(report.traces[0].events < demo.report().traces[0].events);
    assert!(report.findings.iter().any(|finding| finding.rule.name() == "data-race"), "{}", output.stdout);
}

/// As after a kill, the file ends with a whole chunk, but other threads had gone on by what is lost.
#[test]
fn a_guessed_order_is_told() {
    let input = Input::new();
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("../trace/tests/data/mutexes.lht");
    let path = input.file("gaps.lht", &fs::read(recorded).unwrap()[..8 * 4096]);
    let output = lockhound(["check", path.to_str().unwrap()]);
    assert!(output.stdout.contains("events are missing: at "), "{}{}", output.stdout, output.stderr);
}

#[test]
fn no_cut_of_a_recording_is_a_panic() {
    let input = Input::new();
    let recorded = input.folder.path().join("recorded");
    lockhound(["demo", "bank-draw-locked", "--output", recorded.to_str().unwrap()]);
    let whole = fs::read(trace_in(&recorded)).unwrap();
    let cuts = [1, 7, 63, 64, 100, 4000, 4096, 4097, 4120, 4200, 5000, 8192, 8200];
    for cut in cuts.into_iter().filter(|&cut| cut < whole.len()) {
        let path = input.file("cut.lht", &whole[..cut]);
        let output = check(&path);
        assert!(matches!(output.status, Some(0 | 2)), "cut at {cut}: {:?} {}", output.status, output.stderr);
        assert!(output.status == Some(0) || output.errors().len() == 1, "cut at {cut}: {}", output.stderr);
    }
}
