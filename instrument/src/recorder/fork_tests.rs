//! Forks: at the very first event, and in strict mode.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;
use std::sync::Barrier;

use lockhound_trace::binary::Reader;
use lockhound_trace::{EventSource, Op};

use crate::sync::Mutex;

const SCENARIO: &str = "TEST_FORK_SCENARIO";

/// Runs a scenario in a process of its own. It must end well.
fn run(scenario: &str, variable: &str, value: &Path) {
    let mut command = Command::new(std::env::current_exe().expect("known"));
    command.args(["recorder::fork_tests::in_a_child", "--exact", "--nocapture", "--test-threads=1"]);
    let output = command.env(SCENARIO, scenario).env(variable, value).output().expect("runs");
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn in_a_child() {
    match std::env::var(SCENARIO).as_deref() {
        Ok("race") => race(),
        Ok("strict") => strict(),
        _ => {}
    }
}

/// Whether `child` says so, in a fork of this process.
fn in_a_fork(child: impl FnOnce() -> bool) -> bool {
    // SAFETY: the child only locks, and leaves without running the parent's exit handlers.
    let process = unsafe { libc::fork() };
    if process == 0 {
        let code = if child() { 0 } else { 1 };
        // SAFETY: ends the process.
        unsafe { libc::_exit(code) };
    }
    let mut status = -1;
    // SAFETY: waits for the child just made.
    unsafe { libc::waitpid(process, &raw mut status, 0) };
    status == 0
}

const THREADS: usize = 4;

/// Threads race for the first event of the process, and each forks right after its own.
fn race() {
    static LOCKS: [Mutex<()>; THREADS] = [const { Mutex::new(()) }; THREADS];
    let all = Barrier::new(THREADS);
    std::thread::scope(|scope| {
        for lock in &LOCKS {
            let all = &all;
            scope.spawn(move || {
                all.wait();
                drop(lock.lock());
                assert!(in_a_fork(|| lock.lock().is_ok()));
            });
        }
    });
}

fn strict() {
    let (a, b) = (Mutex::new(()), Mutex::new(()));
    let one = || catch_unwind(AssertUnwindSafe(|| drop((a.lock(), b.lock())))).is_ok();
    let other = || catch_unwind(AssertUnwindSafe(|| drop((b.lock(), a.lock())))).is_ok();
    assert!(one() && !other());
    let learns_anew = || {
        // So that it gets the number that it has in the parent.
        drop(a.lock());
        other() && !one()
    };
    assert!(in_a_fork(learns_anew), "a child knows nothing of its parent's orders");
    assert!(one() && !other(), "and not from its child");
}

fn acquisitions(trace: &Path) -> usize {
    let mut reader = Reader::open(trace).expect("a trace");
    let mut count = 0;
    while let Some(event) = reader.next_event().expect("sound") {
        count += usize::from(matches!(event.op, Op::Acquire { .. }));
    }
    count
}

#[test]
fn forks_are_safe_from_the_first_event_on() {
    for _ in 0..5 {
        let folder = tempfile::tempdir().expect("writable");
        run("race", "LOCKHOUND_TRACE", &folder.path().join("%p.lht"));
        let listed = std::fs::read_dir(folder.path()).expect("readable");
        let mut counts: Vec<_> = listed.map(|entry| acquisitions(&entry.expect("readable").path())).collect();
        counts.sort_unstable();
        assert_eq!(counts, [1, 1, 1, 1, THREADS], "one file for each child, and the parent's");
    }
}

#[test]
fn a_forked_child_learns_orders_anew() {
    run("strict", "LOCKHOUND_STRICT", Path::new("panic"));
}
