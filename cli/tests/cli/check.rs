//! `lockhound check`: what it takes, what it complains of, how it ends.

use predicates::prelude::*;
use predicates::str::{contains, is_empty};

use crate::support::{CLEAN, Folder, RACE};

/// Bytes without a pattern (xorshift), the same in every run.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..length).map(|_| next()).collect()
}

#[test]
fn a_clean_trace_is_said_to_be_clean() {
    let folder = Folder::new();
    folder.file("clean.jsonl", CLEAN);
    let nothing = "nothing found in 1 trace: 2 events, 1 thread, 1 lock, 0 other objects; 0 suppressed, 0 truncated\n";
    folder.lockhound(&["check", "clean.jsonl"]).assert().code(0).stdout(nothing).stderr(is_empty());
}

#[test]
fn broken_inputs_are_one_line_with_the_place() {
    let broken: [(&str, Vec<u8>, &str); 7] = [
        ("syntax.jsonl", format!("{CLEAN}{{\"t\":\"T1\",,\n").into_bytes(), ":4:"),
        ("unknown.jsonl", format!("{CLEAN}{{\"t\":\"T1\",\"op\":\"frob\"}}\n").into_bytes(), ":4:"),
        ("impossible.jsonl", format!("{CLEAN}{{\"t\":\"T1\",\"op\":\"join\",\"child\":\"T1\"}}\n").into_bytes(), ":4"),
        ("empty.jsonl", Vec::new(), ""),
        ("header.jsonl", b"{\"lockhound\":1}\n".to_vec(), ""),
        ("noise.lht", noise(1 << 20), ""),
        ("noise", noise(1 << 20), ""),
    ];
    for (name, content, place) in broken {
        let folder = Folder::new();
        folder.file(name, content);
        let one_line = predicate::function(|text: &str| text.lines().count() == 1);
        let assert = folder.lockhound(&["check", name]).assert().code(2);
        assert.stderr(contains(format!("error: {name}{place}")).and(one_line));
    }
}

#[test]
fn what_precedes_an_error_is_analysed() {
    let folder = Folder::new();
    folder.file("cut.jsonl", format!("{RACE}{{\"t\":"));
    let output = folder.lockhound(&["check", "cut.jsonl", "--format", "json"]).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(report["traces"][0]["events"], 3);
    assert!(report["traces"][0]["truncated"] == true || report["traces"][0]["violation"].is_string());
}

#[test]
fn a_broken_trace_does_not_hide_the_others() {
    let folder = Folder::new();
    folder.file("traces/a.jsonl", "not a trace\n");
    folder.file("traces/deep/b.jsonl", CLEAN);
    folder.file("traces/notes.txt", "not tried");
    let assert = folder.lockhound(&["check", "traces"]).assert().code(2);
    assert.stderr(contains("error: traces/a.jsonl")).stdout(contains("nothing found in 1 trace: 2 events"));
}

#[test]
fn folders_without_traces_and_paths_that_are_not_there_are_errors() {
    let folder = Folder::new();
    folder.file("empty/notes.txt", "");
    folder.lockhound(&["check", "empty"]).assert().code(2).stderr(contains("error: empty: no traces in this folder"));
    folder.lockhound(&["check", "nowhere.lht"]).assert().code(2).stderr(contains("error: nowhere.lht: could not read"));
    folder.lockhound(&["check"]).assert().code(2);
}

#[test]
fn traces_come_in_the_order_named_and_by_path_each_once() {
    let folder = Folder::new();
    for name in ["f/c.jsonl", "f/a.jsonl", "f/b/z.jsonl", "x.log"] {
        folder.file(name, CLEAN);
    }
    let arguments = ["check", "--format", "json", "x.log", "f", "f/a.jsonl", "./x.log"];
    let output = folder.lockhound(&arguments).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let paths: Vec<&str> =
        report["traces"].as_array().unwrap().iter().map(|trace| trace["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["x.log", "f/a.jsonl", "f/b/z.jsonl", "f/c.jsonl"]);
}

#[test]
fn json_is_an_object_even_of_nothing() {
    let folder = Folder::new();
    let output = folder.lockhound(&["check", "--format", "json", "nowhere"]).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["traces"], serde_json::json!([]));
}

#[test]
fn a_report_goes_to_the_file_it_is_told_to_go_to() {
    let folder = Folder::new();
    folder.file("clean.jsonl", CLEAN);
    folder.lockhound(&["check", "clean.jsonl", "--output", "report.txt"]).assert().code(0).stdout(is_empty());
    let report = std::fs::read_to_string(folder.path().join("report.txt")).unwrap();
    assert!(report.starts_with("nothing found in 1 trace"), "{report}");
    let refused = folder.lockhound(&["check", "clean.jsonl", "--output", "no/such/folder"]).assert().code(2);
    refused.stderr(contains("error: no/such/folder: could not write: "));
}

#[test]
fn a_stdout_that_takes_nothing_is_said() {
    let folder = Folder::new();
    folder.file("clean.jsonl", CLEAN);
    for command in ["check", "show", "stats", "graph"] {
        let full = std::fs::File::create("/dev/full").unwrap();
        let output = folder.process(&[command, "clean.jsonl"]).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{command}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.starts_with("error: stdout: could not write: "), "{command}: {said}");
    }
}

#[test]
fn a_stderr_that_takes_nothing_changes_no_exit_status() {
    let folder = Folder::new();
    let full = std::fs::File::create("/dev/full").unwrap();
    let status = folder.process(&["check", "nowhere.lht"]).stderr(full).status().unwrap();
    assert_eq!(status.code(), Some(2));
}

#[test]
fn colours_are_for_terminals_unless_asked_for() {
    let folder = Folder::new();
    folder.file("clean.jsonl", CLEAN);
    let escape = contains("\u{1b}[");
    let check = |color: &[&str]| folder.lockhound(&[&["check", "clean.jsonl"], color].concat());
    check(&["--color", "always"]).assert().stdout(escape.clone());
    check(&["--color", "never"]).env_remove("NO_COLOR").assert().stdout(escape.clone().not());
    check(&[]).env_remove("NO_COLOR").assert().stdout(escape.not());
}

#[test]
fn cargo_lockhound_is_the_same_program() {
    let folder = Folder::new();
    folder.file("clean.jsonl", CLEAN);
    let mut cargo = assert_cmd::Command::new(env!("CARGO_BIN_EXE_cargo-lockhound"));
    cargo.args(["lockhound", "check", "clean.jsonl"]).current_dir(folder.path());
    cargo.assert().code(0).stdout(contains("nothing found in 1 trace"));
}
