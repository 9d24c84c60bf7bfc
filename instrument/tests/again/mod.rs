//! Runs all tests of this binary once more, in a process that records.

use std::process::Command;

use lockhound_trace::{EventSource, Op};

/// Set in that process.
const AGAIN: &str = "LOCKHOUND_TEST_AGAIN";

/// Every operation that the tests of this binary record, all of which are possible; none in the process that does.
pub(crate) fn recorded() -> Option<Vec<Op>> {
    if std::env::var_os(AGAIN).is_some() {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace.lht");
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.env(AGAIN, "1").env("LOCKHOUND_TRACE", &trace).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let mut events = lockhound_trace::open(&trace, None).unwrap();
    let mut operations = Vec::new();
    while let Some(event) = events.next_event().unwrap() {
        operations.push(event.op);
    }
    Some(operations)
}
