//! `lockhound run` and `lockhound demo`: programs that record nothing, hang, or do not exist.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use predicates::prelude::*;
use predicates::str::contains;

use crate::support::{CLEAN, Folder};

#[test]
fn a_program_that_records_nothing_is_an_error_with_the_likely_reason() {
    let folder = Folder::new();
    let assert = folder.lockhound(&["run", "--", "sh", "-c", "exit 3"]).assert().code(2);
    assert.stderr(contains("`sh` ended with exit status 3").and(contains("feature `record`")));
    assert!(!folder.path().join("lockhound-traces").exists(), "an empty folder is left behind");
    let mine = folder.path().join("mine");
    std::fs::create_dir(&mine).unwrap();
    for program in ["true", "no/such/program"] {
        folder.lockhound(&["run", "--output", "mine", "--", program]).assert().code(2);
        assert!(mine.is_dir(), "{program}");
    }
}

#[test]
fn a_hung_program_is_ended_and_what_it_recorded_is_checked() {
    let folder = Folder::new();
    folder.file("trace", CLEAN);
    let script = "cp trace \"$(dirname \"$LOCKHOUND_TRACE\")/sh-1.lht\"; sleep 1000";
    let assert = folder.lockhound(&["run", "--timeout", "1s", "--", "sh", "-c", script]).assert().code(0);
    assert.stderr(contains("`sh` was ended after 1s")).stdout(contains("nothing found in 1 trace: 2 events"));
}

#[test]
fn the_programs_own_failure_is_reported_but_only_findings_count() {
    let folder = Folder::new();
    folder.file("trace", CLEAN);
    let script = "cp trace \"$(dirname \"$LOCKHOUND_TRACE\")/sh-1.lht\"; kill -ABRT $$";
    let assert = folder.lockhound(&["run", "--output", "here", "--", "sh", "-c", script]).assert().code(0);
    assert.stderr(contains("`sh` was ended by SIGABRT"));
    assert!(folder.path().join("here/sh-1.lht").exists());
}

#[test]
fn with_json_the_programs_own_output_stays_out_of_the_report() {
    let folder = Folder::new();
    folder.file("trace", CLEAN);
    let script = "echo noise; cp trace \"$(dirname \"$LOCKHOUND_TRACE\")/sh-1.lht\"";
    let output = folder.lockhound(&["run", "--format", "json", "--", "sh", "-c", script]).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["traces"][0]["events"], 2);
    assert!(String::from_utf8_lossy(&output.stderr).contains("noise"));
}

#[test]
fn an_interrupt_ends_the_program_and_what_it_recorded_is_checked() {
    let folder = Folder::new();
    folder.file("trace", CLEAN);
    let script = "cp trace \"$(dirname \"$LOCKHOUND_TRACE\")/sh-1.lht\"; echo ready; exec sleep 1000";
    let mut command = folder.process(&["run", "--", "sh", "-c", script]);
    let mut lockhound = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(lockhound.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    let interrupted = Command::new("kill").args(["-INT", &lockhound.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    let mut report = String::new();
    output.read_to_string(&mut report).unwrap();
    let ended = lockhound.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    assert!(report.starts_with("nothing found in 1 trace"), "{report}");
    assert!(String::from_utf8_lossy(&ended.stderr).contains("`sh` was ended by SIGINT"));
}

#[test]
fn a_program_may_read_from_the_terminal() {
    let folder = Folder::new();
    let binary = env!("CARGO_BIN_EXE_lockhound");
    // `script` gives it a terminal of its own. In the background the shell would be stopped at `read` for good.
    let session = format!("{binary} run --timeout 60s -- sh -c 'read line; echo got-$line'");
    let mut command = assert_cmd::Command::new("script");
    command.args(["-qec", &session, "/dev/null"]).current_dir(folder.path()).write_stdin("word\n");
    command.assert().code(2).stdout(contains("got-word").and(contains("`sh` ended well")));
}

#[test]
fn traces_that_cannot_be_read_are_not_blamed_on_the_build() {
    let folder = Folder::new();
    let script = "echo broken > \"$(dirname \"$LOCKHOUND_TRACE\")/sh-1.lht\"";
    let assert = folder.lockhound(&["run", "--", "sh", "-c", script]).assert().code(2);
    assert.stderr(contains("sh-1.lht: not a trace").and(contains("feature `record`").not()));
}

#[test]
fn a_program_that_does_not_exist_is_an_error() {
    let folder = Folder::new();
    let assert = folder.lockhound(&["run", "--", "no-such-program-anywhere"]).assert().code(2);
    assert.stderr(contains("error: could not run `no-such-program-anywhere`"));
    let assert = folder.lockhound(&["run", "--", "./here/no-such"]).assert().code(2);
    assert.stderr(contains("error: could not run `./here/no-such`"));
    folder.lockhound(&["run"]).assert().code(2);
    folder.lockhound(&["run", "--timeout", "soon", "--", "true"]).assert().code(2).stderr(contains("soon"));
}

#[test]
fn traces_of_another_run_are_not_mixed_in() {
    let folder = Folder::new();
    folder.file("old/sh-1.lht", CLEAN);
    let assert = folder.lockhound(&["run", "--output", "old", "--", "true"]).assert().code(2);
    assert.stderr(contains("old is not empty"));
}

#[test]
fn demonstrations_are_listed_and_unknown_ones_refused() {
    let folder = Folder::new();
    folder.lockhound(&["demo"]).assert().code(0);
    folder.lockhound(&["demo", "no-such-demo"]).assert().code(2).stderr(contains("`no-such-demo`"));
    // What would be left out of a run of all, or of its table, is refused.
    for words in [&["--rules", "deadlock"], &["--refuted", "--suppressed"], &["--format", "html"]] {
        folder.lockhound(&[["demo", "--all"], *words].concat()).assert().code(2);
    }
    folder.lockhound(&["demo", "ab-locks", "--times", "3"]).assert().code(2);
    folder.lockhound(&["demo", "--all", "--times", "0"]).assert().code(2);
}
