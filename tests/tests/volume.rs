//! Nothing that a program did is missing from its trace, whether it ends or is killed.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use lockhound_tests::{Recording, lockhound, record_to, trace_in};

const PROGRAM: &str = env!("CARGO_BIN_EXE_record-locks");
const THREADS: u64 = 4;
/// A round is an acquisition and a release: ten million events in all.
const ROUNDS: u64 = 10_000_000 / 2 / THREADS;

#[test]
fn ten_million_lock_events_are_all_there() {
    let folder = tempfile::tempdir().unwrap();
    let progress = folder.path().join("progress");
    let mut program = record_to(folder.path(), PROGRAM);
    let status = program.args([THREADS.to_string(), ROUNDS.to_string()]).arg(&progress).status().unwrap();
    assert!(status.success(), "{status}");

    let recording = Recording::read(&trace_in(folder.path()));

    assert!(recording.error.is_none(), "{:?}", recording.error);
    let all: BTreeMap<String, u64> = (0..THREADS).map(|number| (format!("locker-{number}"), ROUNDS)).collect();
    assert_eq!(recording.acquired, all);
    assert_eq!(recording.released, all);
}

#[test]
fn a_killed_program_leaves_all_it_had_done() {
    let folder = tempfile::tempdir().unwrap();
    let progress = folder.path().join("progress");
    let mut program = record_to(folder.path(), PROGRAM);
    let endless = u64::MAX.to_string();
    let mut running = program.args([THREADS.to_string(), endless]).arg(&progress).spawn().unwrap();
    // The file is as long as its last entry says, so a thread that has not begun shows as 0.
    wait_until(|| {
        let rounds = published(&progress);
        rounds.len() == THREADS as usize && rounds.iter().all(|&rounds| rounds > 20_000)
    });
    running.kill().unwrap();
    running.wait().unwrap();

    let done = published(&progress);
    let trace = trace_in(folder.path());
    let recording = Recording::read(&trace);

    assert!(recording.error.is_none(), "{:?}", recording.error);
    for (number, &rounds) in done.iter().enumerate() {
        let thread = format!("locker-{number}");
        let (acquired, released) = (recording.acquired[&thread], recording.released[&thread]);
        assert!(acquired >= rounds, "{thread} did {rounds} rounds, {acquired} acquisitions are left");
        assert!(released >= rounds, "{thread} did {rounds} rounds, {released} releases are left");
        assert!(acquired - released <= 1, "{thread}: {acquired} acquisitions, {released} releases");
    }
    let checked = lockhound(["check".as_ref(), trace.as_os_str()]);
    assert_eq!(checked.status, Some(0), "{}{}", checked.stdout, checked.stderr);
}

/// Rounds that each thread says it has made.
fn published(progress: &Path) -> Vec<u64> {
    let bytes = fs::read(progress).unwrap_or_default();
    bytes.chunks_exact(8).map(|eight| u64::from_ne_bytes(eight.try_into().unwrap())).collect()
}

fn wait_until(mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(60), "the program makes no progress");
        thread::sleep(Duration::from_millis(5));
    }
}
