//! What is done about deadlocks, and how often.

use std::os::unix::process::ExitStatusExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use lockhound::Settings;
use lockhound::monitor::{Action, Certainty, Deadlock, Wait};
use lockhound::sync::{Arc, Condvar, Mutex};

use super::locks::two_locks;
use super::people::{lock, moment, nested, spawn};
use super::waits::{lost_notify, parked};
use super::watched::{Scenario, closing, complaint, scenarios, until_end, until_silent};

pub(super) const SCENARIOS: &[Scenario] =
    scenarios![two_deadlocks, bystanders, panics, panics_again, calls, with_unseen_thread, with_handler, forks];

fn two_deadlocks() {
    for (one, other, names) in [("A", "B", ["a", "b"]), ("C", "D", ["c", "d"])] {
        let (one, other) = (lock(one), lock(other));
        spawn(names[0], nested(&one, &other));
        spawn(names[1], nested(&other, &one));
        moment();
        moment();
    }
    closing();
    std::thread::sleep(Duration::from_secs(60));
}

#[test]
fn each_deadlock_is_reported_once() {
    let watched = until_silent("two_deadlocks", &[("LOCKHOUND_ON_DEADLOCK", "report")]);
    let headlines = watched.headlines();
    assert_eq!(headlines.len(), 2, "{}", watched.stderr);
    assert!(headlines[0].starts_with("lockhound: deadlock: `A` and `B`: "), "{headlines:?}");
    assert!(headlines[1].starts_with("lockhound: deadlock: `C` and `D`: "), "{headlines:?}");
}

fn bystanders() {
    let (a, b) = (lock("A"), lock("B"));
    spawn("a", nested(&a, &b));
    spawn("b", nested(&b, &a));
    moment();
    closing();
    for _ in 0..3 {
        let a = Arc::clone(&a);
        spawn("late", move || drop(a.lock()));
    }
    let start = Instant::now();
    let busy = lock("busy");
    while start.elapsed() < Duration::from_secs(1) {
        *busy.lock().unwrap() += 1;
    }
    std::process::exit(5);
}

#[test]
fn the_rest_of_the_program_goes_on() {
    let watched = until_end("bystanders", &[("LOCKHOUND_ON_DEADLOCK", "report")]);
    assert_eq!(watched.headlines().len(), 1, "{}", watched.stderr);
    assert_eq!(watched.code(), Some(5), "{}", watched.stderr);
}

#[test]
fn abort_ends_the_process() {
    let watched = until_end("two_locks", &[("LOCKHOUND_ON_DEADLOCK", "abort")]);
    assert_eq!(watched.headlines().len(), 1, "{}", watched.stderr);
    assert_eq!(watched.status.and_then(|status| status.signal()), Some(6), "{}", watched.stderr);
}

#[test]
fn exit_ends_the_process_with_a_status() {
    let watched = until_end("lost_notify", &[("LOCKHOUND_ON_DEADLOCK", "exit:7")]);
    assert_eq!(watched.headlines().len(), 1, "{}", watched.stderr);
    assert_eq!(watched.code(), Some(7), "{}", watched.stderr);
}

#[test]
fn off_watches_nothing() {
    let variables = [("LOCKHOUND_ON_DEADLOCK", "off"), ("LOCKHOUND_TRACE", "/dev/null/none")];
    let watched = until_end("bystanders", &variables);
    assert!(!watched.stderr.contains("deadlock"), "{}", watched.stderr);
}

fn panics() {
    let (a, b) = (lock("A"), lock("B"));
    let held = a.lock().unwrap();
    let other = spawn("other", nested(&b, &a));
    moment();
    moment();
    closing();
    let outcome = catch_unwind(AssertUnwindSafe(move || {
        let _held = held;
        drop(b.lock());
    }));
    let message = outcome.unwrap_err().downcast::<String>().unwrap();
    assert!(message.starts_with("lockhound: deadlock: `A` and `B`: `main` and `other`"), "{message}");
    assert!(other.join().is_err(), "the first lock is poisoned");
    drop(a.lock().unwrap_err());
    // The same for a wait that gives a mutex up first.
    let (m, c) = (Mutex::new(0), Condvar::new());
    let held = m.lock().unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| c.wait(held))).is_err());
    drop(m.lock().unwrap_err());
    // And for one that cannot give up in the trace.
    let held = lock("held");
    let held_too = held.lock().unwrap();
    let child = spawn("child", nested(&held, &a));
    moment();
    assert!(catch_unwind(AssertUnwindSafe(|| child.join())).is_err());
    drop(held_too);
    moment();
    std::process::exit(4);
}

#[test]
fn panic_frees_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("t.lht");
    let variables = [("LOCKHOUND_ON_DEADLOCK", "panic"), ("LOCKHOUND_TRACE", trace.to_str().unwrap())];
    let watched = until_end("panics", &variables);
    // Each is reported, and is the message of a panic.
    assert_eq!(watched.headlines().len(), 2 * 3, "{}", watched.stderr);
    assert_eq!(watched.code(), Some(4), "{}", watched.stderr);
    assert_eq!(complaint(&trace), None);
}

/// What a panic has ended may happen again, to the same thread at the same lock.
fn panics_again() {
    let m = lock("m");
    let _held = m.lock().unwrap();
    for _ in 0..3 {
        assert!(catch_unwind(AssertUnwindSafe(|| drop(m.lock()))).is_err());
    }
    let left = lock("left");
    let dead = Arc::clone(&left);
    spawn("dead", move || std::mem::forget(dead.lock())).join().unwrap();
    for _ in 0..2 {
        let left = Arc::clone(&left);
        assert!(spawn("late", move || drop(left.lock())).join().is_err());
    }
    std::process::exit(4);
}

#[test]
fn panic_frees_whoever_comes_back() {
    let watched = until_end("panics_again", &[("LOCKHOUND_ON_DEADLOCK", "panic")]);
    // Each is reported, and is the message of a panic.
    assert_eq!(watched.headlines().len(), 2 * (3 + 2), "{}", watched.stderr);
    assert_eq!(watched.code(), Some(4), "{}", watched.stderr);
}

fn calls() {
    static CALLED: AtomicUsize = AtomicUsize::new(0);
    fn check(deadlock: &Deadlock) {
        assert_eq!(deadlock.certainty, Certainty::Actual);
        let [main, other] = deadlock.participants.as_slice() else { panic!("{deadlock:?}") };
        assert_eq!((main.thread.as_str(), other.thread.as_str()), ("main", "other"));
        assert!(matches!(&main.wait, Wait::Lock(object, _) if object.name == Some("B")), "{deadlock:?}");
        assert_eq!(main.held.len(), 1);
        assert!(main.held[0].at.is_some_and(|at| at.file().ends_with("monitor/locks.rs")));
        // What the callback does itself is not watched.
        drop(Mutex::new(()).lock());
        CALLED.fetch_add(1, Ordering::SeqCst);
        std::process::exit(9);
    }
    Settings::new().on_deadlock(Action::call(check)).apply().unwrap();
    two_locks();
}

#[test]
fn a_callback_is_told() {
    let watched = until_end("calls", &[]);
    assert_eq!(watched.headlines().len(), 1, "{}", watched.stderr);
    assert_eq!(watched.code(), Some(9), "{}", watched.stderr);
}

fn with_unseen_thread() {
    std::thread::spawn(|| std::thread::sleep(Duration::from_secs(60)));
    lost_notify();
}

#[test]
fn what_an_unseen_thread_could_end_is_only_possible() {
    let watched = until_silent("with_unseen_thread", &[("LOCKHOUND_ON_DEADLOCK", "exit:99")]);
    let headline = "lockhound: possible deadlock: `waiter` waits for a notification of `changed` (condvar), and no thread is \
                    left that could end it";
    assert_eq!(watched.headlines(), [headline], "{}", watched.stderr);
    let doubt = "unless a thread that lockhound has not seen do anything ends it (1 such thread)";
    assert!(watched.stderr.contains(doubt), "{}", watched.stderr);
    assert!(watched.status.is_none(), "the action is not taken");
}

fn with_handler() {
    extern "C" fn nothing(_signal: i32) {}
    // SAFETY: the handler does nothing.
    unsafe { libc::signal(libc::SIGUSR1, nothing as extern "C" fn(i32) as libc::sighandler_t) };
    parked();
}

#[test]
fn what_a_signal_handler_could_end_is_only_possible() {
    let watched = until_silent("with_handler", &[("LOCKHOUND_ON_DEADLOCK", "exit:99")]);
    assert!(watched.stderr.contains("\nlockhound: possible deadlock: `parked` waits"), "{}", watched.stderr);
    assert!(watched.stderr.contains("unless a signal handler does"), "{}", watched.stderr);
    assert!(watched.status.is_none(), "the action is not taken");
}

fn forks() {
    let (a, b) = (lock("A"), lock("B"));
    let held = a.lock().unwrap();
    let waiter = spawn("waiter", nested(&b, &a));
    moment();
    moment();
    // SAFETY: the child does what a child of a process with threads may not in general, but can on this platform.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // In the table of the parent, this would close a circle with a thread that is not here.
        let free = lock("free");
        drop(free.lock());
        let _held = free.lock();
        drop(free.lock());
    }
    let mut status = 0;
    // SAFETY: the pointer is to a live number.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!(libc::WEXITSTATUS(status), 7);
    drop(held);
    waiter.join().unwrap();
    std::process::exit(2);
}

#[test]
fn the_child_of_a_fork_is_watched_by_itself() {
    let watched = until_end("forks", &[("LOCKHOUND_ON_DEADLOCK", "exit:7")]);
    let headline = "lockhound: deadlock: `main` waits for `free` (mutex of i32), which it holds itself";
    assert_eq!(watched.headlines(), [headline], "{}", watched.stderr);
    assert_eq!(watched.code(), Some(2), "{}", watched.stderr);
}
