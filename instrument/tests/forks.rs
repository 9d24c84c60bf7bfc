//! The child of a fork goes on from what its parent left, records into a file of its own, and waits for nothing that only
//! a thread of the parent could do.
#![cfg(all(feature = "record", target_os = "linux"))]

mod process;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use lockhound::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use lockhound::sync::mpsc::{RecvError, TryRecvError, TrySendError, channel, sync_channel};
use lockhound::sync::{Condvar, LazyLock, Mutex, Once, OnceLock, Shared};
use lockhound::{named, thread};
use lockhound_trace::{EventSource, Op};

/// How long a child may take: it must not hang, but the machine may be loaded.
const SECONDS: u32 = 60;

/// Does something in a fork of this process, where it must not panic.
#[track_caller]
fn in_a_fork(run: impl FnOnce()) {
    // SAFETY: the child uses nothing that another thread of the parent may hold but what is under test.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "could not fork");
    if child == 0 {
        // SAFETY: only arranges for a signal, should the child hang.
        unsafe { libc::alarm(SECONDS) };
        let failed = catch_unwind(AssertUnwindSafe(run)).is_err();
        // SAFETY: ends the child without the exit handlers and the clean-up, which are the parent's.
        unsafe { libc::_exit(i32::from(failed)) };
    }
    let mut status = -1;
    // SAFETY: waits for the child just made.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0, "the child failed");
}

/// The operations in each trace of `body`, which forks; none in the process that runs it. All of them are possible.
fn traces(test: &str, body: fn()) -> Option<Vec<Vec<Op>>> {
    let folder = tempfile::tempdir().unwrap();
    process::passes(test, &[("LOCKHOUND_TRACE", folder.path().join("%p.lht").to_str().unwrap())], body)?;
    let listed = std::fs::read_dir(folder.path()).unwrap();
    let paths: Vec<PathBuf> = listed.map(|entry| entry.unwrap().path()).collect();
    Some(paths.iter().map(|path| operations(path)).collect())
}

fn operations(trace: &Path) -> Vec<Op> {
    let mut events = lockhound_trace::open(trace, None).unwrap();
    let mut operations = Vec::new();
    while let Some(event) = events.next_event().unwrap() {
        operations.push(event.op);
    }
    operations
}

/// How many such operations each trace has, in ascending order.
fn counts(traces: &[Vec<Op>], is_one: impl Fn(&Op) -> bool) -> Vec<usize> {
    let mut counts: Vec<_> = traces.iter().map(|ops| ops.iter().filter(|op| is_one(op)).count()).collect();
    counts.sort_unstable();
    counts
}

const THREADS: usize = 4;

#[test]
fn forks_are_safe_from_the_first_event_on() {
    static LOCKS: [Mutex<()>; THREADS] = [const { Mutex::new(()) }; THREADS];
    let run = || {
        let all = std::sync::Barrier::new(THREADS);
        std::thread::scope(|scope| {
            for lock in &LOCKS {
                let all = &all;
                scope.spawn(move || {
                    all.wait();
                    drop(lock.lock());
                    in_a_fork(|| drop(lock.lock().unwrap()));
                });
            }
        });
    };
    for _ in 0..5 {
        let Some(traces) = traces("forks_are_safe_from_the_first_event_on", run) else { return };
        let locked = counts(&traces, |op| matches!(op, Op::Acquire { .. }));
        assert_eq!(locked, [1, 1, 1, 1, THREADS], "one file for each child, and the parent's");
    }
}

const FORKS: usize = 200;

/// Each child uses everything that some thread of the parent may just have been changing.
#[test]
fn forks_beside_busy_threads_go_on() {
    static CELL: Shared<u64> = named::shared("cell", 0);
    static CHANGED: Condvar = named::condvar("changed");
    static LOCK: Mutex<u32> = named::mutex("lock", 0);
    static STOP: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
    let run = || {
        let change = || {
            CELL.update(|value| value + 1);
            CHANGED.notify_all();
        };
        let busy = move || {
            while !STOP.load(Ordering::Relaxed) {
                change();
            }
        };
        let busy = [thread::spawn(busy), thread::spawn(busy)];
        for _ in 0..FORKS {
            in_a_fork(|| {
                change();
                (0..3).for_each(|_| *LOCK.lock().unwrap() += 1);
            });
        }
        STOP.store(true, Ordering::Relaxed);
        busy.into_iter().for_each(|busy| busy.join().unwrap());
        *LOCK.lock().unwrap() += 1;
    };
    let Some(traces) = traces("forks_beside_busy_threads_go_on", run) else { return };
    let locked = counts(&traces, |op| matches!(op, Op::Acquire { .. }));
    assert_eq!(locked.len(), FORKS + 1);
    assert!(locked[0] == 1 && locked[1..].iter().all(|&count| count == 3), "{locked:?}");
}

#[test]
fn atomics_and_initialisers_go_on() {
    static MADE: LazyLock<usize> = LazyLock::new(|| 7);
    static FAILED: OnceLock<usize> = OnceLock::new();
    static UNTOUCHED: Once = Once::new();
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    static FLAG: AtomicBool = AtomicBool::new(false);
    let run = || {
        let use_all = || {
            assert_eq!(*MADE, 7);
            assert_eq!(COUNT.fetch_add(1, Ordering::Relaxed), COUNT.load(Ordering::Relaxed) - 1);
            FLAG.store(true, Ordering::Release);
            fence(Ordering::SeqCst);
            UNTOUCHED.call_once(|| ());
            assert_eq!(*FAILED.get_or_init(|| 8), 8);
        };
        assert_eq!(*MADE, 7);
        COUNT.store(5, Ordering::Release);
        assert!(catch_unwind(|| *FAILED.get_or_init(|| resume_unwind(Box::new(())))).is_err());
        in_a_fork(|| {
            use_all();
            thread::spawn(use_all).join().unwrap();
        });
        use_all();
    };
    let Some(traces) = traces("atomics_and_initialisers_go_on", run) else { return };
    // The child runs `UNTOUCHED` and what failed before; the parent these too, and the two runs before the fork.
    assert_eq!(counts(&traces, |op| matches!(op, Op::OnceEnd { .. })), [2, 4]);
}

#[test]
fn the_child_has_the_messages_but_not_the_threads() {
    let run = || {
        let (tx, rx) = channel();
        tx.send("from the parent").unwrap();
        let mut senders = Some((tx.clone(), tx));
        let (met, meets) = sync_channel(0);
        let (waiting, awaited) = sync_channel(0);
        thread::spawn(move || met.send("never comes here"));
        thread::spawn(move || awaited.recv());
        // By then both sleep, and hold nothing that the child would have to wait for.
        std::thread::sleep(Duration::from_millis(200));
        in_a_fork(|| {
            senders.as_ref().unwrap().1.send("from the child").unwrap();
            assert_eq!((rx.recv(), rx.recv()), (Ok("from the parent"), Ok("from the child")));
            assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
            drop(senders.take());
            assert_eq!(rx.recv(), Err(RecvError));
            assert_eq!(meets.try_recv(), Err(TryRecvError::Empty), "the sender's thread is not here");
            assert_eq!(waiting.try_send(1), Err(TrySendError::Full(1)), "nor is the receiver's");
        });
        assert_eq!(meets.recv(), Ok("never comes here"));
        waiting.send(2).unwrap();
        drop(senders);
        assert_eq!(rx.iter().collect::<Vec<_>>(), ["from the parent"]);
    };
    let Some(traces) = traces("the_child_has_the_messages_but_not_the_threads", run) else { return };
    let sent = counts(&traces, |op| matches!(op, Op::Send { .. }));
    let closed = counts(&traces, |op| matches!(op, Op::RecvClosed { .. }));
    assert!(sent.len() == 2 && sent[0] > 0, "{sent:?}");
    assert!(closed[0] > 0, "{closed:?}");
}

#[test]
fn strict_mode_learns_orders_anew() {
    process::passes("strict_mode_learns_orders_anew", &[("LOCKHOUND_STRICT", "panic")], || {
        let (a, b) = (Mutex::new(()), Mutex::new(()));
        let one = || catch_unwind(AssertUnwindSafe(|| drop((a.lock(), b.lock())))).is_ok();
        let other = || catch_unwind(AssertUnwindSafe(|| drop((b.lock(), a.lock())))).is_ok();
        assert!(one() && !other());
        in_a_fork(|| {
            // So that it gets the number that it has in the parent.
            drop(a.lock());
            assert!(other() && !one(), "a child knows nothing of its parent's orders");
        });
        assert!(one() && !other(), "and the parent nothing of its child's");
    });
}
