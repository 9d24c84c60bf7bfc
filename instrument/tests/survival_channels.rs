//! Channels in processes that fork, die or may record no more.
#![cfg(all(feature = "record", target_os = "linux"))]

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lockhound::sync::mpsc::{RecvError, TryRecvError, TrySendError, channel, sync_channel};
use lockhound::thread;
use lockhound_trace::{Op, open};

/// Names the scenario that the process is to run.
const SCENARIO: &str = "LOCKHOUND_TEST_SCENARIO";

#[test]
fn scenario() {
    match std::env::var(SCENARIO).as_deref() {
        Ok("fork") => fork(),
        Ok("busy") => busy(|_| ()),
        Ok("killed") => busy(|received| {
            if received == 20_000 {
                // SAFETY: sends a signal to this very process.
                unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
            }
        }),
        _ => {}
    }
}

/// Runs a scenario; should it hang, a signal ends it.
fn run(scenario: &str, folder: &Path, limit: Option<&str>) -> Output {
    let mut command = Command::new("timeout");
    command.arg("60").arg(std::env::current_exe().unwrap());
    command.args(["scenario", "--exact", "--nocapture", "--test-threads=1"]).stdin(Stdio::null());
    command.env(SCENARIO, scenario).env("LOCKHOUND_TRACE", folder.join("t-%p.lht"));
    if let Some(limit) = limit {
        command.env("LOCKHOUND_LIMIT", limit);
    }
    command.output().unwrap()
}

/// Every operation in a trace, all of which are possible.
fn operations(trace: &Path) -> Vec<Op> {
    let mut events = open(trace, None).unwrap();
    let mut operations = Vec::new();
    while let Some(event) = events.next_event().unwrap() {
        operations.push(event.op);
    }
    operations
}

fn traces(folder: &Path) -> BTreeSet<std::path::PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn fork() {
    let (tx, rx) = channel();
    let also = tx.clone();
    also.send("from the parent").unwrap();
    let (met, meets) = sync_channel(0);
    let (waiting, awaited) = sync_channel(0);
    thread::spawn(move || met.send("never comes here"));
    thread::spawn(move || awaited.recv());
    // By then both sleep, and hold nothing that the child would have to wait for.
    std::thread::sleep(Duration::from_millis(200));
    // SAFETY: the other threads of the parent hold no lock.
    match unsafe { libc::fork() } {
        0 => {
            also.send("from the child").unwrap();
            assert_eq!((rx.recv(), rx.recv()), (Ok("from the parent"), Ok("from the child")));
            assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
            drop((tx, also));
            assert_eq!(rx.recv(), Err(RecvError));
            assert_eq!(meets.try_recv(), Err(TryRecvError::Empty), "the sender's thread is not here");
            assert_eq!(waiting.try_send(1), Err(TrySendError::Full(1)), "nor is the receiver's");
            // SAFETY: ends the child without running the parent's exit handlers.
            unsafe { libc::_exit(7) };
        }
        child => {
            let mut status = 0;
            // SAFETY: waits for the child just made.
            unsafe { libc::waitpid(child, &raw mut status, 0) };
            assert_eq!(libc::WEXITSTATUS(status), 7, "the child failed");
            assert_eq!(meets.recv(), Ok("never comes here"));
            waiting.send(2).unwrap();
            drop((tx, also));
            assert_eq!(rx.iter().collect::<Vec<_>>(), ["from the parent"]);
        }
    }
}

#[test]
fn the_child_of_a_fork_has_the_messages_but_not_the_threads() {
    let folder = tempfile::tempdir().unwrap();
    let output = run("fork", folder.path(), None);
    assert!(output.status.success(), "{output:?}");
    let traces = traces(folder.path());
    assert_eq!(traces.len(), 2);
    for trace in traces {
        let operations = operations(&trace);
        assert!(operations.iter().any(|op| matches!(op, Op::Send { .. })), "{operations:?}");
        assert!(operations.iter().any(|op| matches!(op, Op::RecvClosed { .. })), "{operations:?}");
    }
}

/// Three senders over channels of all kinds, 30,000 messages in all.
fn busy(after_receive: impl Fn(u64)) {
    let received = AtomicU64::new(0);
    for capacity in [0, 1, 64] {
        let (tx, rx) = sync_channel(capacity);
        let senders: Vec<_> = [tx.clone(), tx.clone(), tx]
            .into_iter()
            .map(|tx| thread::spawn(move || (0..10_000 / 3).for_each(|number| tx.send(number).unwrap())))
            .collect();
        for _ in rx {
            after_receive(received.fetch_add(1, Ordering::Relaxed) + 1);
        }
        senders.into_iter().for_each(|sender| sender.join().unwrap());
    }
    println!("received {}", received.into_inner());
}

#[test]
fn a_recording_that_stops_leaves_the_channels_working() {
    let folder = tempfile::tempdir().unwrap();
    let output = run("busy", folder.path(), Some("100k"));
    assert!(output.status.success(), "{output:?}");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(stdout.contains("received 29997"), "{stdout}");
    assert_eq!(stderr.matches("lockhound: recording stopped").count(), 1, "{stderr}");
}

#[test]
fn a_kill_leaves_no_gap() {
    let folder = tempfile::tempdir().unwrap();
    let output = run("killed", folder.path(), None);
    assert!(output.status.signal().is_some() || output.status.code() == Some(137), "{output:?}");
    let traces = traces(folder.path());
    let operations = operations(traces.first().unwrap());
    let received = operations.iter().filter(|op| matches!(op, Op::Recv { .. })).count();
    assert_eq!(received, 20_000);
}
