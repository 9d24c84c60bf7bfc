//! The live monitor, on real deadlocks: each test runs a scenario in a process of its own, which hangs.
#![cfg(feature = "record")]

mod watched;

use std::os::unix::process::ExitStatusExt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use lockhound::monitor::{Action, Certainty, Deadlock, Wait};
use lockhound::sync::{Arc, Barrier, Condvar, Mutex, OnceLock, ReentrantMutex, RwLock, mpsc};
use lockhound::{Settings, named, thread};
use watched::{closing, hangs, is_silent, scenarios, watch};

scenarios! {
    two_locks, three_locks, relock, read_then_write, queued_writer, join_under_lock, join_of_a_destructor, leaked, lost_notify,
    notified_but_locked, unnotified_but_locked, all_wait, parked, joined_each_other, two_deadlocks, bystanders, last_thread_ends, panics, calls,
    with_unseen_thread, contention, rwlock_contention, ping_pong, parks, scopes, ticker, timed_waits, foreign_unpark,
    many_threads, reentrant, with_handler, recv_under_lock, full_channel, barrier, once, channels,
}

/// Long enough for another thread to have fallen asleep.
fn moment() {
    std::thread::sleep(Duration::from_millis(50));
}

#[track_caller]
fn spawn<T: Send + 'static>(name: &str, run: impl FnOnce() -> T + Send + 'static) -> thread::JoinHandle<T> {
    thread::Builder::new().name(name.into()).spawn(run).unwrap()
}

type Lock = Arc<Mutex<i32>>;

fn lock(name: &'static str) -> Lock {
    Arc::new(named::mutex(name, 0))
}

/// Takes the one, later the other.
fn nested(first: &Lock, second: &Lock) -> impl FnOnce() + Send + 'static {
    let (first, second) = (Arc::clone(first), Arc::clone(second));
    move || {
        let _first = first.lock().unwrap();
        moment();
        let _second = second.lock().unwrap();
    }
}

fn two_locks() {
    let (a, b) = (lock("A"), lock("B"));
    let held = a.lock().unwrap();
    let other = spawn("other", nested(&b, &a));
    moment();
    moment();
    closing();
    drop(b.lock());
    drop(held);
    let _ = other.join();
}

#[test]
fn two_threads_with_two_locks() {
    hangs(
        "two_locks",
        "deadlock: `A` and `B`: `main` and `other` wait for each other",
        &[
            "`main` waits for `B` (mutex of i32), which `other` holds\n      at instrument/tests/monitor.rs:",
            "    and holds `A` (mutex of i32) since instrument/tests/monitor.rs:",
            "       0: two_locks instrument/tests/monitor.rs:",
        ],
    );
}

fn three_locks() {
    let (a, b, c) = (lock("A"), lock("B"), lock("C"));
    let _held = a.lock().unwrap();
    let _second = spawn("second", nested(&b, &c));
    let _third = spawn("third", nested(&c, &a));
    let _onlooker = spawn("onlooker", {
        let c = Arc::clone(&c);
        move || {
            moment();
            drop(c.lock());
        }
    });
    moment();
    moment();
    closing();
    drop(b.lock());
}

#[test]
fn three_threads_in_a_circle_and_one_that_hangs_on_it() {
    hangs(
        "three_locks",
        "deadlock: `A`, `B` and `C`: `main`, `second` and `third` wait for one another",
        &["also waiting: `onlooker`, for `C` (mutex of i32), which `third` holds, at instrument/tests/monitor.rs:"],
    );
}

fn relock() {
    let m = Mutex::new(String::new());
    let _held = m.lock();
    closing();
    drop(m.lock());
}

#[test]
fn a_mutex_locked_again_by_its_holder() {
    hangs(
        "relock",
        "deadlock: `main` waits for `mutex instrument/tests/monitor.rs:101:13` (of alloc::string::String), which it holds \
         itself",
        &["and holds `mutex instrument/tests/monitor.rs:101:13` (of alloc::string::String) since"],
    );
}

fn read_then_write() {
    let rw = named::rwlock("rw", 0);
    let _read = rw.read();
    closing();
    drop(rw.write());
}

#[test]
fn a_reader_that_wants_to_write() {
    hangs("read_then_write", "deadlock: `main` has read-locked `rw` and waits to write-lock it", &["and reads `rw`"]);
}

fn queued_writer() {
    let rw = Arc::new(named::rwlock("rw", 0));
    let _read = rw.read();
    let _writer = spawn("writer", {
        let rw = Arc::clone(&rw);
        move || drop(rw.write())
    });
    moment();
    closing();
    drop(rw.read());
}

#[test]
fn a_reader_that_reads_again_behind_a_writer() {
    hangs(
        "queued_writer",
        "deadlock: `rw`: `main` and `writer` wait for each other",
        &[
            "`main` waits to read `rw` (rwlock of i32), behind `writer`, which waits to write",
            "`writer` waits for `rw` (rwlock of i32), which `main` holds",
        ],
    );
}

fn join_under_lock() {
    let m = lock("m");
    let held = m.lock().unwrap();
    let child = spawn("child", {
        let m = Arc::clone(&m);
        move || drop(m.lock())
    });
    moment();
    closing();
    let _ = child.join();
    drop(held);
}

#[test]
fn a_join_under_a_lock_that_the_child_wants() {
    hangs(
        "join_under_lock",
        "deadlock: `m`: `main` and `child` wait for each other",
        &["`main` waits for the end of `child`", "`child` waits for `m` (mutex of i32), which `main` holds"],
    );
}

fn joined_each_other() {
    let slot = Arc::new(std::sync::Mutex::new(None::<thread::JoinHandle<()>>));
    let main_too = Arc::clone(&slot);
    let first = spawn("first", move || {
        moment();
        let handle = main_too.lock().unwrap().take();
        handle.unwrap().join().unwrap();
    });
    let second = spawn("second", move || {
        moment();
        moment();
        closing();
        first.join().unwrap();
    });
    *slot.lock().unwrap() = Some(second);
    std::thread::sleep(Duration::from_secs(60));
}

#[test]
fn threads_that_join_each_other() {
    hangs("joined_each_other", "deadlock: `first` and `second` wait for each other to end", &[]);
}

fn join_of_a_destructor() {
    struct Locks(Lock);
    impl Drop for Locks {
        fn drop(&mut self) {
            drop(self.0.lock());
        }
    }
    thread_local!(static LAST: std::cell::RefCell<Option<Locks>> = const { std::cell::RefCell::new(None) });
    let m = lock("m");
    let held = m.lock().unwrap();
    let child = spawn("child", {
        let m = Arc::clone(&m);
        move || LAST.set(Some(Locks(m)))
    });
    moment();
    closing();
    let _ = child.join();
    drop(held);
}

#[test]
fn a_join_under_a_lock_that_a_thread_local_of_the_child_wants() {
    hangs("join_of_a_destructor", "deadlock: `m`: `main` and `child` wait for each other", &[]);
}

fn leaked() {
    let m = lock("m");
    let child = Arc::clone(&m);
    spawn("child", move || std::mem::forget(child.lock())).join().unwrap();
    closing();
    drop(m.lock());
}

#[test]
fn a_lock_whose_holder_has_ended() {
    hangs("leaked", "deadlock: `main` waits for `m` (mutex of i32), which `child` holds and has ended with it", &[]);
}

fn lost_notify() {
    let pair = Arc::new((named::mutex("ready", false), named::condvar("changed")));
    let waiter = spawn("waiter", {
        let pair = Arc::clone(&pair);
        move || {
            let ready = pair.0.lock().unwrap();
            moment();
            let _ready = pair.1.wait(ready).unwrap();
        }
    });
    pair.1.notify_one();
    moment();
    moment();
    closing();
    waiter.join().unwrap();
}

#[test]
fn a_notification_that_came_before_the_wait() {
    hangs(
        "lost_notify",
        "deadlock: `waiter` waits for a notification of `changed` (condvar), and no thread is left that could end it",
        &["also waiting: `main`, for the end of `waiter`, at instrument/tests/monitor.rs:"],
    );
}

fn notified_but_locked() {
    let pair = Arc::new((named::mutex("m", false), named::condvar("c")));
    let waiter = spawn("waiter", {
        let pair = Arc::clone(&pair);
        move || drop(pair.1.wait(pair.0.lock().unwrap()))
    });
    moment();
    let _held = pair.0.lock().unwrap();
    pair.1.notify_one();
    moment();
    closing();
    waiter.join().unwrap();
}

#[test]
fn a_notified_waiter_whose_mutex_is_kept() {
    hangs(
        "notified_but_locked",
        "deadlock: `m`: `main` and `waiter` wait for each other",
        &["`waiter` waits for `m` (mutex of bool), which `main` holds, after a notification of `c`"],
    );
}

fn unnotified_but_locked() {
    let pair = Arc::new((named::mutex("m", false), named::condvar("c")));
    let waiter = spawn("waiter", {
        let pair = Arc::clone(&pair);
        move || drop(pair.1.wait(pair.0.lock().unwrap()))
    });
    moment();
    let _ticker = spawn("ticker", || std::thread::sleep(Duration::from_secs(60)));
    let _held = pair.0.lock().unwrap();
    closing();
    waiter.join().unwrap();
}

#[test]
fn a_waiter_that_cannot_return_whoever_notifies_it() {
    hangs(
        "unnotified_but_locked",
        "deadlock: `c`: `main` and `waiter` wait for each other",
        &["`waiter` waits for a notification of `c` and then for `m` (mutex of bool), which `main` holds"],
    );
}

fn all_wait() {
    let (m, c) = (lock("m"), Arc::new(named::condvar("c")));
    let _holder = spawn("holder", {
        let (m, c) = (Arc::clone(&m), Arc::clone(&c));
        move || {
            let _m = m.lock().unwrap();
            let other = Mutex::new(());
            let _woken = c.wait(other.lock().unwrap());
        }
    });
    moment();
    closing();
    let held = m.lock();
    c.notify_one();
    drop(held);
}

#[test]
fn a_waiter_that_holds_what_the_notifier_wants() {
    hangs(
        "all_wait",
        "deadlock: `c` and `m`: `main` and `holder` wait, and no thread is left that could end it",
        &["`main` waits for `m` (mutex of i32), which `holder` holds", "`holder` waits for a notification of `c`"],
    );
}

fn recv_under_lock() {
    let m = lock("m");
    let (sender, receiver) = mpsc::channel();
    let _sender = spawn("sender", {
        let m = Arc::clone(&m);
        move || {
            moment();
            let _m = m.lock();
            sender.send(1).unwrap();
        }
    });
    let _held = m.lock().unwrap();
    moment();
    moment();
    closing();
    receiver.recv().unwrap();
}

#[test]
fn a_receiver_that_holds_what_the_sender_wants() {
    let headline = "and no thread is left that could end it";
    let watched = watch("recv_under_lock", &[("LOCKHOUND_ON_DEADLOCK", "report")]);
    assert_eq!(watched.headlines().len(), 1, "{}", watched.stderr);
    assert!(watched.headlines()[0].contains("`main` and `sender` wait, "), "{}", watched.stderr);
    assert!(watched.headlines()[0].ends_with(headline), "{}", watched.stderr);
    assert!(
        watched.stderr.contains("`main` waits for a message from `channel instrument/tests/"),
        "{}",
        watched.stderr
    );
    assert!(watched.stderr.contains("`sender` waits for `m` (mutex of i32), which `main` holds"), "{}", watched.stderr);
}

fn full_channel() {
    let (sender, receiver) = mpsc::sync_channel(1);
    sender.send(1).unwrap();
    let receiver = spawn("receiver", move || {
        thread::park();
        receiver.recv().unwrap();
    });
    moment();
    closing();
    sender.send(2).unwrap();
    drop(receiver);
}

#[test]
fn a_sender_to_a_full_channel() {
    let watched = watch("full_channel", &[("LOCKHOUND_ON_DEADLOCK", "exit:3")]);
    assert_eq!(watched.headlines().len(), 1, "{}", watched.stderr);
    assert!(watched.stderr.contains("`main` waits for room in `channel instrument/tests/"), "{}", watched.stderr);
    assert_eq!(watched.status.and_then(|status| status.code()), Some(3), "{}", watched.stderr);
}

fn barrier() {
    let barrier = Arc::new(Barrier::new(3));
    let _other = spawn("other", {
        let barrier = Arc::clone(&barrier);
        move || barrier.wait()
    });
    moment();
    closing();
    barrier.wait();
}

#[test]
fn a_barrier_that_is_one_short() {
    let watched = watch("barrier", &[("LOCKHOUND_ON_DEADLOCK", "exit:3")]);
    assert_eq!(watched.headlines().len(), 1, "{}", watched.stderr);
    assert!(watched.headlines()[0].contains("`main` and `other` wait, and no thread is left"), "{}", watched.stderr);
    assert!(watched.stderr.contains("waits for the other parties of `barrier instrument/tests/"), "{}", watched.stderr);
    assert_eq!(watched.status.and_then(|status| status.code()), Some(3), "{}", watched.stderr);
}

fn once() {
    static ONCE: OnceLock<i32> = OnceLock::new();
    ONCE.get_or_init(|| {
        let child = spawn("child", || *ONCE.get_or_init(|| 2));
        moment();
        closing();
        child.join().unwrap()
    });
}

#[test]
fn an_initialiser_that_joins_a_thread_that_needs_it() {
    let watched = watch("once", &[("LOCKHOUND_ON_DEADLOCK", "report")]);
    assert_eq!(watched.headlines().len(), 1, "{}", watched.stderr);
    assert!(watched.headlines()[0].ends_with(": `main` and `child` wait for each other"), "{}", watched.stderr);
    assert!(watched.stderr.contains("to be initialised, which `main` has begun"), "{}", watched.stderr);
    assert!(watched.stderr.contains("    and initialises `once instrument/tests/"), "{}", watched.stderr);
}

fn channels() {
    let (forth, there) = mpsc::channel();
    let (back, here) = mpsc::sync_channel(0);
    let other = thread::spawn(move || there.iter().for_each(|n: usize| back.send(n).unwrap()));
    for n in 0..ROUNDS {
        forth.send(n).unwrap();
        assert_eq!(here.recv(), Ok(n));
    }
    drop(forth);
    assert!(here.recv().is_err());
    other.join().unwrap();
    let barrier = Arc::new(Barrier::new(4));
    let meet = |barrier: Arc<Barrier>| move || (0..ROUNDS / 4).for_each(|_| drop(barrier.wait()));
    let others: Vec<_> = (0..3).map(|_| thread::spawn(meet(Arc::clone(&barrier)))).collect();
    meet(barrier)();
    others.into_iter().for_each(|other| other.join().unwrap());
}

#[test]
fn channels_and_barriers_are_no_deadlock() {
    is_silent("channels");
}

fn parked() {
    let parked = spawn("parked", thread::park);
    moment();
    closing();
    parked.join().unwrap();
}

#[test]
fn a_parked_thread_that_nobody_is_left_to_unpark() {
    hangs(
        "parked",
        "deadlock: `parked` waits for somebody to unpark it, and no thread is left that could end it",
        &["also waiting: `main`, for the end of `parked`"],
    );
}

fn last_thread_ends() {
    let c = Arc::new(named::condvar("c"));
    let notifier = spawn("notifier", {
        let c = Arc::clone(&c);
        move || {
            c.notify_one();
            moment();
            closing();
        }
    });
    drop(notifier);
    moment();
    let m = Mutex::new(());
    c.notify_one();
    drop(c.wait(m.lock().unwrap()));
}

#[test]
fn a_wait_that_the_last_other_thread_leaves_unended() {
    hangs(
        "last_thread_ends",
        "deadlock: `main` waits for a notification of `c` (condvar), and no thread is left that could end it",
        &[],
    );
}

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
    let watched = watch("two_deadlocks", &[("LOCKHOUND_ON_DEADLOCK", "report")]);
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
    let (busy, _) = (lock("busy"), ());
    while start.elapsed() < Duration::from_secs(1) {
        *busy.lock().unwrap() += 1;
    }
    std::process::exit(5);
}

#[test]
fn the_rest_of_the_program_goes_on() {
    let watched = watch("bystanders", &[("LOCKHOUND_ON_DEADLOCK", "report")]);
    assert_eq!(watched.headlines().len(), 1, "{}", watched.stderr);
    assert_eq!(watched.status.and_then(|status| status.code()), Some(5), "{}", watched.stderr);
}

#[test]
fn abort_ends_the_process() {
    let watched = watch("two_locks", &[("LOCKHOUND_ON_DEADLOCK", "abort")]);
    assert_eq!(watched.headlines().len(), 1, "{}", watched.stderr);
    assert_eq!(watched.status.and_then(|status| status.signal()), Some(6), "{}", watched.stderr);
}

#[test]
fn exit_ends_the_process_with_a_status() {
    let watched = watch("lost_notify", &[("LOCKHOUND_ON_DEADLOCK", "exit:7")]);
    assert_eq!(watched.headlines().len(), 1, "{}", watched.stderr);
    assert_eq!(watched.status.and_then(|status| status.code()), Some(7), "{}", watched.stderr);
}

#[test]
fn off_watches_nothing() {
    let variables = [("LOCKHOUND_ON_DEADLOCK", "off"), ("LOCKHOUND_TRACE", "/dev/null/none")];
    let watched = watch("bystanders", &variables);
    assert!(!watched.stderr.contains("deadlock"), "{}", watched.stderr);
}

fn panics() {
    let (a, b) = (lock("A"), lock("B"));
    let held = a.lock().unwrap();
    let other = spawn("other", nested(&b, &a));
    moment();
    moment();
    closing();
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
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
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| c.wait(held))).is_err());
    drop(m.lock().unwrap_err());
    // And for one that cannot give up in the trace.
    let held = lock("held");
    let held_too = held.lock().unwrap();
    let child = spawn("child", nested(&held, &a));
    moment();
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| child.join())).is_err());
    drop(held_too);
    moment();
    std::process::exit(4);
}

#[test]
fn panic_frees_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("t.lht");
    let variables = [("LOCKHOUND_ON_DEADLOCK", "panic"), ("LOCKHOUND_TRACE", trace.to_str().unwrap())];
    let watched = watch("panics", &variables);
    // Each is reported, and is the message of a panic.
    assert_eq!(watched.headlines().len(), 2 * 3, "{}", watched.stderr);
    assert_eq!(watched.status.and_then(|status| status.code()), Some(4), "{}", watched.stderr);
    assert_eq!(watched::complaint(&trace), None);
}

fn calls() {
    static CALLED: AtomicUsize = AtomicUsize::new(0);
    fn check(deadlock: &Deadlock) {
        assert_eq!(deadlock.certainty, Certainty::Actual);
        let [main, other] = deadlock.participants.as_slice() else { panic!("{deadlock:?}") };
        assert_eq!((main.thread.as_str(), other.thread.as_str()), ("main", "other"));
        assert!(matches!(&main.wait, Wait::Lock(object, _) if object.name == Some("B")), "{deadlock:?}");
        assert_eq!(main.held.len(), 1);
        assert!(main.held[0].at.is_some_and(|at| at.file().ends_with("monitor.rs")));
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
    let watched = watch("calls", &[]);
    assert_eq!(watched.headlines().len(), 1, "{}", watched.stderr);
    assert_eq!(watched.status.and_then(|status| status.code()), Some(9), "{}", watched.stderr);
}

fn with_unseen_thread() {
    std::thread::spawn(|| std::thread::sleep(Duration::from_secs(60)));
    lost_notify();
}

#[test]
fn what_an_unseen_thread_could_end_is_only_possible() {
    let watched = watch("with_unseen_thread", &[("LOCKHOUND_ON_DEADLOCK", "exit:99")]);
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
    let watched = watch("with_handler", &[("LOCKHOUND_ON_DEADLOCK", "exit:99")]);
    assert!(watched.stderr.contains("\nlockhound: possible deadlock: `parked` waits"), "{}", watched.stderr);
    assert!(watched.stderr.contains("unless a signal handler does"), "{}", watched.stderr);
    assert!(watched.status.is_none(), "the action is not taken");
}

const ROUNDS: usize = 4000;

fn contention() {
    let locks: Arc<Vec<Mutex<usize>>> = Arc::new((0..4).map(|_| Mutex::new(0)).collect());
    let work = |seed: usize| {
        let locks = Arc::clone(&locks);
        move || {
            for round in 0..ROUNDS {
                let (one, other) = ((round * seed) % 4, (round + seed) % 4);
                let _outer = locks[one.min(other)].lock().unwrap();
                if one != other {
                    *locks[one.max(other)].lock().unwrap() += 1;
                }
                if round % 64 == 0 {
                    std::thread::yield_now();
                }
            }
        }
    };
    let workers: Vec<_> = (1..=8).map(|seed| thread::spawn(work(seed))).collect();
    workers.into_iter().for_each(|worker| worker.join().unwrap());
}

#[test]
fn contention_is_no_deadlock() {
    is_silent("contention");
}

fn rwlock_contention() {
    let locks: Arc<Vec<RwLock<usize>>> = Arc::new((0..3).map(|_| RwLock::new(0)).collect());
    let work = |seed: usize| {
        let locks = Arc::clone(&locks);
        move || {
            for round in 0..ROUNDS {
                let at = (round * seed) % 3;
                if round % 4 == 0 {
                    *locks[at].write().unwrap() += 1;
                } else {
                    let _outer = locks[at].read().unwrap();
                    if at < 2 {
                        let _inner = locks[at + 1].read().unwrap();
                        std::thread::yield_now();
                    }
                }
            }
        }
    };
    let workers: Vec<_> = (1..=8).map(|seed| thread::spawn(work(seed))).collect();
    workers.into_iter().for_each(|worker| worker.join().unwrap());
}

#[test]
fn readers_and_writers_are_no_deadlock() {
    is_silent("rwlock_contention");
}

fn ping_pong() {
    let table = Arc::new((Mutex::new(0), Condvar::new()));
    let play = |me: usize, all: bool| {
        let table = Arc::clone(&table);
        move || {
            for _ in 0..ROUNDS {
                let mut turn = table.1.wait_while(table.0.lock().unwrap(), |turn| *turn % 2 != me).unwrap();
                *turn += 1;
                if all {
                    drop(turn);
                    table.1.notify_all();
                } else {
                    table.1.notify_one();
                }
            }
        }
    };
    let other = thread::spawn(play(1, true));
    play(0, false)();
    other.join().unwrap();
}

#[test]
fn ping_pong_is_no_deadlock() {
    is_silent("ping_pong");
}

fn parks() {
    let main = thread::current();
    let turn = Arc::new(AtomicUsize::new(0));
    let other = thread::spawn({
        let turn = Arc::clone(&turn);
        move || {
            for round in 0..ROUNDS {
                while turn.load(Ordering::Acquire) != 2 * round + 1 {
                    thread::park();
                }
                turn.fetch_add(1, Ordering::Release);
                main.unpark();
            }
        }
    });
    for round in 0..ROUNDS {
        turn.fetch_add(1, Ordering::Release);
        other.thread().unpark();
        while turn.load(Ordering::Acquire) != 2 * round + 2 {
            thread::park();
        }
    }
    other.join().unwrap();
}

#[test]
fn parking_is_no_deadlock() {
    is_silent("parks");
}

/// All threads wait, and one of them has been freed by what is not recorded.
fn foreign_unpark() {
    let main = std::thread::current();
    let turn = Arc::new(AtomicUsize::new(0));
    let other = thread::spawn({
        let turn = Arc::clone(&turn);
        move || {
            for round in 0..ROUNDS {
                while turn.load(Ordering::Acquire) != 2 * round + 1 {
                    thread::park();
                }
                turn.fetch_add(1, Ordering::Release);
                main.unpark();
            }
        }
    });
    for round in 0..ROUNDS {
        turn.fetch_add(1, Ordering::Release);
        other.thread().unpark();
        while turn.load(Ordering::Acquire) != 2 * round + 2 {
            thread::park();
        }
    }
    other.join().unwrap();
}

#[test]
fn an_unpark_by_a_handle_of_stds_is_no_deadlock() {
    is_silent("foreign_unpark");
}

fn scopes() {
    for round in 0..200 {
        let total = Mutex::new(0);
        thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| *total.lock().unwrap() += 1);
            }
            if round % 2 == 0 {
                s.spawn(|| *total.lock().unwrap() += 1).join().unwrap();
            }
        });
        assert!(*total.lock().unwrap() >= 4);
    }
}

#[test]
fn scopes_are_no_deadlock() {
    is_silent("scopes");
}

fn ticker() {
    let pair = Arc::new((Mutex::new(0), Condvar::new()));
    let ticker = thread::spawn({
        let pair = Arc::clone(&pair);
        move || {
            for _ in 0..10 {
                std::thread::sleep(Duration::from_millis(100));
                *pair.0.lock().unwrap() += 1;
                pair.1.notify_all();
            }
        }
    });
    let waiters: Vec<_> = (0..3)
        .map(|_| {
            let pair = Arc::clone(&pair);
            thread::spawn(move || drop(pair.1.wait_while(pair.0.lock().unwrap(), |ticks| *ticks < 10).unwrap()))
        })
        .collect();
    waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
    ticker.join().unwrap();
}

#[test]
fn waiting_for_a_thread_that_sleeps_is_no_deadlock() {
    is_silent("ticker");
}

fn timed_waits() {
    let pair = Arc::new((Mutex::new(false), Condvar::new()));
    let timed = thread::spawn({
        let pair = Arc::clone(&pair);
        move || {
            let guard = pair.0.lock().unwrap();
            let mut guard = pair.1.wait_timeout(guard, Duration::from_millis(500)).unwrap().0;
            *guard = true;
            pair.1.notify_all();
            thread::park_timeout(Duration::from_millis(300));
        }
    });
    drop(pair.1.wait_while(pair.0.lock().unwrap(), |set| !*set).unwrap());
    timed.join().unwrap();
}

#[test]
fn waiting_for_a_timed_wait_is_no_deadlock() {
    is_silent("timed_waits");
}

fn many_threads() {
    static DONE: AtomicBool = AtomicBool::new(false);
    let gate = lock("gate");
    let held = gate.lock().unwrap();
    let waiters: Vec<_> = (0..300)
        .map(|_| {
            let gate = Arc::clone(&gate);
            thread::spawn(move || *gate.lock().unwrap() += 1)
        })
        .collect();
    moment();
    drop(held);
    waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
    assert_eq!(*gate.lock().unwrap(), 300);
    DONE.store(true, Ordering::SeqCst);
}

#[test]
fn many_waiting_threads_are_no_deadlock() {
    is_silent("many_threads");
}

fn reentrant() {
    let locks = Arc::new((ReentrantMutex::new(()), ReentrantMutex::new(())));
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let locks = Arc::clone(&locks);
            thread::spawn(move || {
                for _ in 0..ROUNDS {
                    let _first = locks.0.lock();
                    let _again = locks.0.lock();
                    let _second = locks.1.lock();
                    let _once_more = locks.0.lock();
                }
            })
        })
        .collect();
    workers.into_iter().for_each(|worker| worker.join().unwrap());
}

#[test]
fn reentrant_locks_are_no_deadlock() {
    is_silent("reentrant");
}
