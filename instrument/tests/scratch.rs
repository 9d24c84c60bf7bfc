//! Every kind of object while the recorder is on without a trace, all in this process: small enough for miri, which tells
//! whether the recorder's unsafe code keeps the rules of the language on the way that each run takes.
#![forbid(unsafe_code)]
#![cfg(feature = "record")]

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};

use lockhound::monitor::Action;
use lockhound::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, fence};
use lockhound::sync::{
    Arc, Barrier, Condvar, LazyLock, Mutex, Once, OnceLock, ReentrantMutex, RwLock, Shared, lock_all, mpsc,
};
use lockhound::{Settings, Stacks, Strict, TooLate, named, thread};

const THREADS: usize = 3;
const ROUNDS: usize = if cfg!(miri) { 3 } else { 500 };
/// Enough for several chunks of a stream; where it is cheap, for all that there are before the last one is used again.
const MANY: usize = if cfg!(miri) { 400 } else { 200_000 };

fn settings() -> Settings {
    Settings::new().on_deadlock(Action::Report).stacks(Stacks::Off)
}

/// Runs `work` while its events are written into memory that is thrown away.
fn recorded(work: impl FnOnce()) {
    assert_eq!(settings().apply(), Ok(()));
    assert_eq!(Settings::new().trace("never.lht").apply(), Err(TooLate::Trace), "the recorder is on");
    work();
    assert_eq!(settings().apply(), Ok(()), "recording has not stopped");
}

/// The same in some threads at once, of which each gets its number.
fn recorded_in_threads(work: impl Fn(usize) + Sync) {
    recorded(|| {
        thread::scope(|scope| {
            let work = &work;
            for number in 0..THREADS {
                scope.spawn(move || work(number));
            }
        });
    });
}

#[test]
fn one_thread_fills_its_chunks() {
    recorded(|| {
        let total = Mutex::new(0);
        for _ in 0..MANY {
            *total.lock().unwrap() += 1;
        }
        assert_eq!(total.into_inner().unwrap(), MANY);
    });
}

#[test]
fn a_mutex_is_handed_over() {
    let total = Mutex::new(0);
    recorded_in_threads(|_| {
        for _ in 0..ROUNDS {
            let mut held = total.lock().unwrap();
            thread::yield_now();
            *held += 1;
        }
    });
    assert_eq!(total.into_inner().unwrap(), THREADS * ROUNDS);
}

#[test]
fn locks_under_locks_are_released_in_any_order() {
    let (outer, inner) = (named::mutex("outer", 0), named::rwlock("inner", 0));
    let many: Vec<_> = (0..40).map(Mutex::new).collect();
    recorded_in_threads(|number| {
        for _ in 0..ROUNDS {
            let above = outer.lock().unwrap();
            let mut below = inner.write().unwrap();
            drop(above);
            *below += 1;
        }
        if number == 0 {
            let guards: Vec<_> = many.iter().map(|lock| lock.lock().unwrap()).collect();
            drop(guards);
        }
    });
    assert_eq!(inner.into_inner().unwrap(), THREADS * ROUNDS);
}

#[test]
fn a_thread_ends_with_a_lock_that_it_forgot() {
    recorded(|| {
        let lock = Arc::new(Mutex::new(()));
        let of_thread = lock.clone();
        thread::spawn(move || std::mem::forget(of_thread.lock())).join().unwrap();
        assert!(lock.try_lock().is_err());
    });
}

#[test]
fn locks_are_taken_all_at_once() {
    let (a, b) = (Mutex::new(0), Mutex::new(0));
    recorded_in_threads(|number| {
        for _ in 0..ROUNDS {
            let (mut first, mut second) = if number == 0 {
                lock_all((&a, &b)).unwrap()
            } else {
                let (second, first) = lock_all((&b, &a)).unwrap();
                (first, second)
            };
            *first += 1;
            *second += 1;
        }
    });
    assert_eq!(a.into_inner().unwrap() + b.into_inner().unwrap(), 2 * THREADS * ROUNDS);
}

#[test]
fn readers_and_writers_take_turns() {
    let value = RwLock::new(0);
    recorded_in_threads(|number| {
        for round in 0..ROUNDS {
            if round % THREADS == number {
                *value.write().unwrap() += 1;
            } else {
                let seen = value.read().unwrap();
                thread::yield_now();
                assert!(*seen <= ROUNDS);
            }
        }
    });
    assert_eq!(value.into_inner().unwrap(), ROUNDS);
}

#[test]
fn a_reentrant_mutex_is_taken_again() {
    let total = ReentrantMutex::new(Cell::new(0));
    recorded_in_threads(|_| {
        for _ in 0..ROUNDS {
            let outer = total.lock();
            let inner = total.lock();
            inner.set(outer.get() + 1);
        }
    });
    assert_eq!(total.into_inner().get(), THREADS * ROUNDS);
}

#[test]
fn a_condition_variable_wakes() {
    let (turn, changed) = (Mutex::new(0), Condvar::new());
    recorded_in_threads(|number| {
        for _ in 0..ROUNDS {
            let mut turn = changed.wait_while(turn.lock().unwrap(), |turn| *turn % THREADS != number).unwrap();
            *turn += 1;
            changed.notify_all();
        }
    });
    assert_eq!(turn.into_inner().unwrap(), THREADS * ROUNDS);
}

#[test]
fn shared_memory_needs_no_lock() {
    let total = Shared::new(0);
    recorded_in_threads(|_| {
        for _ in 0..ROUNDS {
            total.update(|total| total + 1);
        }
    });
    assert!((1..=THREADS * ROUNDS).contains(&total.into_inner()));
}

/// Receives all that some threads send.
fn receive<S: Clone + Send + 'static>(
    (sender, receiver): (S, mpsc::Receiver<Box<usize>>),
    send: fn(&S, Box<usize>),
) -> usize {
    let senders = (0..THREADS).map(|_| {
        let sender = sender.clone();
        thread::spawn(move || (0..ROUNDS).for_each(|round| send(&sender, Box::new(round))))
    });
    let senders: Vec<_> = senders.collect();
    drop(sender);
    let received = receiver.iter().count();
    for sender in senders {
        sender.join().unwrap();
    }
    received
}

#[test]
fn channels_deliver_and_close() {
    recorded(|| {
        assert_eq!(receive(mpsc::channel(), |sender, message| sender.send(message).unwrap()), THREADS * ROUNDS);
        for capacity in [0, 2] {
            let channel = mpsc::sync_channel(capacity);
            assert_eq!(receive(channel, |sender, message| sender.send(message).unwrap()), THREADS * ROUNDS);
        }
        let (sender, receiver) = mpsc::channel();
        sender.send(Box::new(1)).unwrap();
        drop(receiver);
        assert_eq!(*sender.send(Box::new(2)).unwrap_err().0, 2);
    });
}

#[test]
fn initialisers_run_once() {
    static LAZY: LazyLock<Box<usize>> = LazyLock::new(|| Box::new(7));
    let (once, cell, runs) = (Once::new(), OnceLock::new(), AtomicUsize::new(0));
    recorded_in_threads(|number| {
        once.call_once(|| {
            thread::yield_now();
            runs.fetch_add(1, Relaxed);
        });
        assert!(**cell.get_or_init(|| Box::new(number)) < THREADS);
        assert_eq!(**LAZY, 7);
    });
    assert_eq!(runs.into_inner(), 1);
}

#[test]
fn atomics_of_every_order() {
    let (count, flag, mut end) = (AtomicUsize::new(0), AtomicBool::new(false), 0);
    let place = AtomicPtr::new(&raw mut end);
    recorded_in_threads(|number| {
        for _ in 0..ROUNDS {
            for order in [Relaxed, Acquire, Release, AcqRel, SeqCst] {
                count.fetch_add(1, order);
            }
            let _ = count.compare_exchange_weak(usize::MAX, 0, SeqCst, Relaxed);
            fence(SeqCst);
            assert!(!place.load(Acquire).is_null());
        }
        if number == 0 {
            flag.store(true, Release);
        }
        while !flag.load(Acquire) {
            thread::yield_now();
        }
    });
    assert_eq!(count.into_inner(), 5 * THREADS * ROUNDS);
}

#[test]
fn a_barrier_lets_all_go() {
    let (barrier, leaders) = (Barrier::new(THREADS), AtomicUsize::new(0));
    recorded_in_threads(|_| {
        for _ in 0..ROUNDS {
            if barrier.wait().is_leader() {
                leaders.fetch_add(1, Relaxed);
            }
        }
    });
    assert_eq!(leaders.into_inner(), ROUNDS);
}

#[test]
fn parked_threads_are_woken() {
    recorded(|| {
        let woken = Arc::new(AtomicBool::new(false));
        let of_thread = woken.clone();
        let parked = thread::Builder::new().name("parked".to_owned()).spawn(move || {
            while !of_thread.load(Acquire) {
                thread::park();
            }
        });
        let parked = parked.unwrap();
        woken.store(true, Release);
        parked.thread().unpark();
        parked.join().unwrap();
    });
}

#[test]
fn threads_that_nobody_announced_record() {
    let lock = Mutex::new(0);
    recorded(|| {
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| *lock.lock().unwrap() += 1);
            }
        });
    });
    assert_eq!(lock.into_inner().unwrap(), THREADS);
}

#[test]
fn strict_mode_looks_at_the_order() {
    recorded(|| {
        settings().strict(Strict::Panic).apply().unwrap();
        let (a, b) = (Mutex::new(()), Mutex::new(()));
        drop((a.lock().unwrap(), b.lock().unwrap()));
        let inverted = AssertUnwindSafe(|| drop((b.lock().unwrap(), a.lock().unwrap())));
        assert!(catch_unwind(inverted).is_err());
        b.clear_poison();
        settings().strict(Strict::Off).apply().unwrap();
        drop((b.lock().unwrap(), a.lock().unwrap()));
    });
}
