//! In the child of a fork, atomics and once-initialisers go on from what the parent left, into a file of their own.
#![cfg(feature = "record")]

use std::panic::catch_unwind;

use lockhound::sync::atomic::{AtomicUsize, Ordering, fence};
use lockhound::sync::{LazyLock, Once, OnceLock};
use lockhound::thread;
use lockhound_trace::{EventSource, Op};

static MADE: LazyLock<usize> = LazyLock::new(|| 7);
static FAILED: OnceLock<usize> = OnceLock::new();
static UNTOUCHED: Once = Once::new();
static COUNT: AtomicUsize = AtomicUsize::new(0);

fn use_all() {
    assert_eq!(*MADE, 7);
    assert_eq!(COUNT.fetch_add(1, Ordering::Relaxed), COUNT.load(Ordering::Relaxed) - 1);
    fence(Ordering::SeqCst);
    UNTOUCHED.call_once(|| ());
    assert_eq!(*FAILED.get_or_init(|| 8), 8);
}

/// Does what the parent did before, what it did not, and both on another thread.
fn in_child() {
    use_all();
    thread::spawn(use_all).join().unwrap();
}

#[test]
fn parent() {
    if std::env::var_os("LOCKHOUND_TRACE").is_none() {
        return;
    }
    assert_eq!(*MADE, 7);
    COUNT.store(5, Ordering::Release);
    assert!(catch_unwind(|| *FAILED.get_or_init(|| std::panic::resume_unwind(Box::new(())))).is_err());
    // SAFETY: the child goes on like any single-threaded program; the test harness's other thread only waits.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let failed = catch_unwind(in_child).is_err();
        // SAFETY: ends the child without the harness's clean-up, which is the parent's.
        unsafe { libc::_exit(i32::from(failed)) };
    }
    let mut status = -1;
    // SAFETY: waits for the child just made.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0);
    use_all();
}

#[test]
fn both_traces_are_whole() {
    let folder = tempfile::tempdir().unwrap();
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "parent", "--quiet", "--test-threads=1"])
        .env("LOCKHOUND_TRACE", folder.path().join("%p.lht"))
        .stdout(std::process::Stdio::null())
        .status();
    assert!(status.unwrap().success());
    let mut traces: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| runs(&entry.unwrap().path())).collect();
    traces.sort_unstable();
    // The child runs `UNTOUCHED` and what failed before; the parent these too, and the two runs before the fork.
    assert_eq!(traces, [2, 4]);
}

/// The complete runs of once-initialisers in a trace that is valid to its end.
fn runs(trace: &std::path::Path) -> usize {
    let mut events = lockhound_trace::open(trace, None).unwrap();
    let mut runs = 0;
    while let Some(event) = events.next_event().unwrap() {
        runs += usize::from(matches!(event.op, Op::OnceEnd { .. }));
    }
    runs
}
