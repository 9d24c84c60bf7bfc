//! A signal handler may use what it interrupts, recorded or not.
#![cfg(target_os = "linux")]

mod process;

use std::time::{Duration, Instant};

use lockhound::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// How long anything here may take: it must not hang, but the machine may be loaded.
const LIMIT: Duration = Duration::from_secs(90);

/// Has this process interrupted some thousand times a second, until it ends.
fn interrupt_often(handler: extern "C" fn(libc::c_int)) {
    let every = libc::timeval { tv_sec: 0, tv_usec: 200 };
    let timer = libc::itimerval { it_interval: every, it_value: every };
    // SAFETY: the handlers only use what is under test, and both structures are whole.
    let failed = unsafe {
        libc::signal(libc::SIGALRM, handler as libc::sighandler_t) == libc::SIG_ERR
            || libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()) != 0
    };
    assert!(!failed, "{}", std::io::Error::last_os_error());
}

static HITS: AtomicUsize = AtomicUsize::new(0);
static FLAG: AtomicBool = AtomicBool::new(false);

extern "C" fn use_atomics(_: libc::c_int) {
    HITS.fetch_add(1, Ordering::Relaxed);
    FLAG.store(true, Ordering::Release);
}

fn interrupted_atomics() {
    interrupt_often(use_atomics);
    let (start, mut own) = (Instant::now(), 0);
    while own < 200_000 || HITS.load(Ordering::Relaxed) < own + 200 {
        HITS.fetch_add(1, Ordering::Relaxed);
        own += 1;
        let _ = FLAG.compare_exchange(true, false, Ordering::AcqRel, Ordering::Acquire);
        assert!(start.elapsed() < LIMIT, "{own} of its own, {HITS:?} in all");
    }
}

#[test]
fn a_handler_may_use_atomics() {
    process::passes("a_handler_may_use_atomics", &[], interrupted_atomics);
}

#[cfg(feature = "record")]
mod recorded {
    use std::path::PathBuf;
    use std::sync::Barrier;
    use std::sync::atomic::AtomicU32;

    use super::*;
    use lockhound::sync::{Mutex, Shared};
    use lockhound::{named, thread};
    use lockhound_trace::{EventSource, Op, open};

    static HANDLED: AtomicU32 = AtomicU32::new(0);
    static LOCK: Mutex<u32> = named::mutex("lock", 0);
    static OTHER: Mutex<u32> = named::mutex("other", 0);
    static CELL: Shared<u64> = named::shared("cell", 0);

    /// What no signal handler should do. A lock that the interrupted thread holds would be the program's own deadlock, so
    /// those are only tried.
    extern "C" fn use_locks(_: libc::c_int) {
        drop(LOCK.try_lock());
        if let Ok(mut count) = OTHER.try_lock() {
            *count += 1;
        }
        CELL.set(CELL.get() + 1);
        HANDLED.fetch_add(1, Ordering::Relaxed);
    }

    /// A thread that is interrupted only between its first and its last event: to begin a thread's recording takes
    /// memory, and a handler that interrupts the allocator would wait for it for ever.
    fn spawn_uninterrupted() {
        let interrupts = |how| {
            // SAFETY: an all-zero set is valid, and emptied before use; the pointers are to a live set.
            unsafe {
                let mut alarm: libc::sigset_t = std::mem::zeroed();
                libc::sigemptyset(&raw mut alarm);
                libc::sigaddset(&raw mut alarm, libc::SIGALRM);
                libc::pthread_sigmask(how, &raw const alarm, std::ptr::null_mut());
            }
        };
        thread::scope(|s| {
            interrupts(libc::SIG_BLOCK);
            s.spawn(|| {
                CELL.get();
                interrupts(libc::SIG_UNBLOCK);
                CELL.get();
                interrupts(libc::SIG_BLOCK);
            });
            interrupts(libc::SIG_UNBLOCK);
        });
    }

    fn interrupted_locks() {
        interrupt_often(use_locks);
        let start = Barrier::new(2);
        thread::scope(|s| {
            for _ in 0..2 {
                s.spawn(|| {
                    start.wait();
                    while HANDLED.load(Ordering::Relaxed) < 2000 {
                        (0..10).for_each(|_| *LOCK.lock().unwrap() += 1);
                        (0..1000).for_each(|_| CELL.update(|value| value + 1));
                        // Another lock and thread now and then: the recorder's slow paths.
                        drop(Mutex::new(0).lock());
                        spawn_uninterrupted();
                    }
                });
            }
        });
    }

    fn trace() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let trace = folder.path().join("trace.lht");
        (folder, trace)
    }

    #[test]
    fn a_handler_may_use_atomics() {
        let (_folder, trace) = trace();
        let variables = [("LOCKHOUND_TRACE", trace.to_str().unwrap())];
        if process::passes("recorded::a_handler_may_use_atomics", &variables, interrupted_atomics).is_some() {
            let mut events = open(&trace, None).unwrap();
            let mut updates = 0;
            while let Some(event) = events.next_event().unwrap() {
                updates += usize::from(matches!(event.op, Op::Rmw { cas: false, .. }));
            }
            assert!(updates >= 200_000, "{updates} updates");
        }
    }

    #[test]
    fn a_handler_that_locks_is_no_deadlock_of_ours() {
        let (_folder, trace) = trace();
        let variables = [("LOCKHOUND_TRACE", trace.to_str().unwrap())];
        if process::passes("recorded::a_handler_that_locks_is_no_deadlock_of_ours", &variables, interrupted_locks)
            .is_some()
        {
            // What handlers did may be missing or misplaced in the trace, but it can be read to some point without harm.
            let mut events = open(&trace, None).unwrap();
            let mut read = 0;
            while let Ok(Some(_)) = events.next_event() {
                read += 1;
            }
            assert!(read > 0);
        }
    }
}
