//! What the wrappers write: each test runs itself again in a process that records, and reads the trace.
#![cfg(feature = "record")]
#![forbid(unsafe_code)]

mod recording;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lockhound::sync::{Condvar, Mutex, RwLockWriteGuard, Shared, lock_all};
use lockhound::thread::Startable;
use lockhound::{levelled, named, thread};
use recording::{events, events_of_hung, in_order, sites};

#[test]
fn a_mutex_tells_what_its_holds_touched() {
    let run = || {
        let m = named::mutex("m", 0);
        drop(m.lock().unwrap());
        assert_eq!(*m.lock().unwrap(), 0);
        *m.lock().unwrap() = 1;
        let mut held = m.lock().unwrap();
        if *held == 1 {
            *held = 2;
        }
        drop(held);
        *m.try_lock().unwrap() += 1;
    };
    events(
        "a_mutex_tells_what_its_holds_touched",
        run,
        "acquire m, release m none,
         acquire m, release m read,
         acquire m, release m blind,
         acquire m, release m write,
         acquire m try, release m blind",
    );
}

#[test]
fn a_failed_try_is_recorded_as_one() {
    let run = || {
        let (m, rw) = (named::mutex("m", 0), named::rwlock("rw", 0));
        let held = m.lock().unwrap();
        assert!(m.try_lock().is_err());
        drop(held);
        let reader = rw.read().unwrap();
        assert!(rw.try_write().is_err());
        drop(reader);
        let writer = rw.try_write().unwrap();
        assert!(rw.try_read().is_err());
        drop(writer);
        drop(rw.try_read().unwrap());
    };
    events(
        "a_failed_try_is_recorded_as_one",
        run,
        "acquire m, try_failed m, release m none,
         acquire rw read, try_failed rw, release rw read none,
         acquire rw try, try_failed rw read, release rw none,
         acquire rw read try, release rw read none",
    );
}

#[test]
fn a_rwlock_tells_its_modes() {
    let run = || {
        let rw = named::rwlock("rw", 1);
        {
            let (one, other) = (rw.read().unwrap(), rw.read().unwrap());
            assert_eq!(*one, 1);
            drop(one);
            drop(other);
        }
        let mut writer = rw.write().unwrap();
        *writer = 2;
        let reader = RwLockWriteGuard::downgrade(writer);
        assert_eq!(*reader, 2);
    };
    events(
        "a_rwlock_tells_its_modes",
        run,
        "acquire rw read, acquire rw read, release rw read read, release rw read none,
         acquire rw, release rw blind, acquire rw read, release rw read read",
    );
}

#[test]
fn a_reentrant_mutex_records_each_nested_hold() {
    let run = || {
        let r = named::reentrant_mutex("r", Cell::new(0));
        let outer = r.lock();
        let inner = r.try_lock().unwrap();
        inner.set(1);
        drop(inner);
        drop(outer);
    };
    events(
        "a_reentrant_mutex_records_each_nested_hold",
        run,
        "acquire r, acquire r try, release r unknown, release r none",
    );
}

#[test]
fn a_release_is_recorded_when_a_panic_unwinds_and_not_when_a_guard_is_forgotten() {
    let run = || {
        let (m, n) = (named::mutex("m", 0), named::mutex("n", 0));
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let _held = m.lock().unwrap();
            resume_unwind(Box::new(()));
        }));
        assert!(outcome.is_err());
        std::mem::forget(n.lock().unwrap());
        drop(m.lock().unwrap_err());
    };
    events(
        "a_release_is_recorded_when_a_panic_unwinds_and_not_when_a_guard_is_forgotten",
        run,
        "acquire m, release m none, acquire n, acquire m, release m none",
    );
}

#[test]
fn a_timed_wait_ends_its_hold_and_begins_another() {
    let run = || {
        let (m, c) = (named::mutex("m", false), named::condvar("c"));
        c.notify_one();
        c.notify_all();
        let (guard, result) = c.wait_timeout(m.lock().unwrap(), Duration::ZERO).unwrap();
        assert!(result.timed_out());
        drop(guard);
        let never = |_: &mut bool| false;
        drop(c.wait_while(m.lock().unwrap(), never).unwrap());
    };
    events(
        "a_timed_wait_ends_its_hold_and_begins_another",
        run,
        "notify c, notify_all c,
         acquire m, wait c m none timed, wake c m timeout, release m none,
         acquire m, release m write",
    );
}

#[test]
fn a_notified_wait_is_recorded_in_both_threads() {
    let run = || {
        let (m, c) = (named::mutex("m", 0), named::condvar("c"));
        thread::scope(|s| {
            let mut guard = m.lock().unwrap();
            let name = thread::Builder::new().name("notifier".into());
            name.spawn_scoped(s, || {
                *m.lock().unwrap() = 1;
                c.notify_one();
            })
            .unwrap();
            while *guard == 0 {
                guard = c.wait(guard).unwrap();
            }
        });
    };
    events(
        "a_notified_wait_is_recorded_in_both_threads",
        run,
        "acquire m, spawn notifier, wait c m read, wake c m notify, release m read, join notifier
         notifier: start, acquire m, release m blind, notify c, exit",
    );
}

#[test]
fn a_shared_variable_records_its_accesses_and_values() {
    let run = || {
        let (number, text, flag) = (named::shared("n", -5_i16), named::shared("t", "x"), named::shared("f", false));
        number.set(number.get() * 2);
        number.update(|n| n + 1);
        text.set("y");
        flag.set(!flag.get());
    };
    events(
        "a_shared_variable_records_its_accesses_and_values",
        run,
        "read n Int(-5), write n Int(-10), read n Int(-10), write n Int(-9), write t,
         read f Bool(false), write f Bool(true)",
    );
}

#[test]
fn threads_are_recorded_from_spawn_to_join() {
    let run = || {
        let name = |name: &str| thread::Builder::new().name(name.into());
        name("a").spawn(|| ()).unwrap().join().unwrap();
        assert!(name("b").spawn(|| resume_unwind(Box::new(()))).unwrap().join().is_err());
        thread::scope(|s| {
            name("c").spawn_scoped(s, || ()).unwrap();
            name("d").spawn_scoped(s, || ()).unwrap().join().unwrap();
        });
    };
    events(
        "threads_are_recorded_from_spawn_to_join",
        run,
        "spawn a, join a, spawn b, join b, spawn c, spawn d, join d, join c
         a: start, exit
         b: start, exit
         c: start, exit
         d: start, exit",
    );
}

#[test]
fn a_thread_that_is_made_first_is_recorded_with_what_it_refuses() {
    let run = || {
        let never = Startable::new("never", || ());
        let (go, gone) = std::sync::mpsc::channel();
        let late = Startable::new("late", move || gone.recv().unwrap());
        late.start().unwrap();
        assert!(!late.join_timeout(Duration::from_millis(1)));
        late.start().unwrap_err();
        go.send(()).unwrap();
        assert!(late.join_timeout(Duration::MAX));
        late.join().unwrap();
        drop(never);
    };
    let test = "a_thread_that_is_made_first_is_recorded_with_what_it_refuses";
    let expected = "spawn late, try_failed late, refused spawn late, join late, join late\n late: start, exit";
    events(test, run, expected);
}

#[test]
fn a_second_start_comes_after_the_first_whoever_asks_for_it() {
    let run = || {
        let started = std::sync::Arc::new(Startable::new("started", || ()));
        let other = std::sync::Arc::clone(&started);
        let starts = thread::Builder::new().name("starts".into()).spawn(move || other.start().unwrap()).unwrap();
        // Nothing that is recorded says that this comes later.
        while !started.is_alive() && !started.join_timeout(Duration::ZERO) {}
        started.start().unwrap_err();
        starts.join().unwrap();
    };
    let Some(recorded) = in_order("a_second_start_comes_after_the_first_whoever_asks_for_it", run) else { return };
    let starts = recorded.iter().filter(|event| event.what.ends_with("spawn started"));
    let starts: Vec<(&str, &str)> = starts.map(|event| (event.thread.as_str(), event.what.as_str())).collect();
    assert_eq!(starts, [("starts", "spawn started"), ("", "refused spawn started")]);
}

#[test]
fn a_detached_thread_is_recorded_to_its_end() {
    let run = || {
        drop(thread::Builder::new().name("a".into()).spawn(|| ()).unwrap());
        loop {
            std::thread::park();
        }
    };
    events_of_hung("a_detached_thread_is_recorded_to_its_end", run, "spawn a\n a: start, exit");
}

#[test]
fn a_thread_that_std_spawned_is_recorded_from_its_first_event() {
    static M: Mutex<()> = named::mutex("m", ());
    let run = || {
        drop(M.lock());
        std::thread::spawn(|| drop(M.lock())).join().unwrap();
        drop(M.lock());
    };
    events(
        "a_thread_that_std_spawned_is_recorded_from_its_first_event",
        run,
        "acquire m, release m none, acquire m, release m none
         T1: start, acquire m, release m none, exit",
    );
}

#[test]
fn a_refused_thread_is_recorded_as_one_that_did_nothing() {
    let run = || {
        let m = named::mutex("m", ());
        let huge = |name: &str| thread::Builder::new().name(name.into()).stack_size(usize::MAX / 4);
        assert!(huge("a").spawn(|| ()).is_err());
        assert!(thread::scope(|s| huge("b").spawn_scoped(s, || ()).is_err()));
        drop(m.lock());
    };
    events(
        "a_refused_thread_is_recorded_as_one_that_did_nothing",
        run,
        "spawn a, spawn b, acquire m, release m none\n a: start, exit\n b: start, exit",
    );
}

#[test]
fn a_scope_that_panics_joins_its_threads() {
    let run = || {
        let outcome = catch_unwind(|| {
            thread::scope(|s| {
                thread::Builder::new().name("a".into()).spawn_scoped(s, || resume_unwind(Box::new(()))).unwrap();
            });
        });
        assert!(outcome.is_err());
    };
    events("a_scope_that_panics_joins_its_threads", run, "spawn a, join a\n a: start, exit");
}

#[test]
fn parking_is_recorded_as_a_flag() {
    let run = || {
        let sleeper = thread::Builder::new().name("sleeper".into()).spawn(thread::park).unwrap();
        sleeper.thread().unpark();
        sleeper.join().unwrap();
    };
    events(
        "parking_is_recorded_as_a_flag",
        run,
        "spawn sleeper, set park token of sleeper, join sleeper
         sleeper: start, await park token of sleeper, clear park token of sleeper, exit",
    );
}

#[test]
fn lock_all_takes_levels_in_order() {
    let run = || {
        let (high, low) = (levelled::mutex(2, "high", 0), levelled::rwlock(1, "low", 0));
        let plain = levelled::reentrant_mutex(-1, "lowest", 0);
        drop(lock_all((&high, &low, &plain)).unwrap());
    };
    events(
        "lock_all_takes_levels_in_order",
        run,
        "acquire lowest, acquire low, acquire high, release high none, release low none, release lowest none",
    );
}

#[test]
fn thread_locals_are_recorded_before_the_exit() {
    struct Last(&'static Mutex<()>);
    impl Drop for Last {
        fn drop(&mut self) {
            drop(self.0.lock());
        }
    }
    static M: Mutex<()> = named::mutex("m", ());
    lockhound::thread_local!(static LAST: Last = const { Last(&M) });
    let run = || {
        let worker = || thread::Builder::new().name("worker".into());
        worker().spawn(|| LAST.with(|_| ())).unwrap().join().unwrap();
    };
    events(
        "thread_locals_are_recorded_before_the_exit",
        run,
        "spawn worker, join worker
         worker: start, acquire m, release m none, exit",
    );
}

#[test]
fn a_scope_does_not_wait_for_thread_locals() {
    struct Waits(&'static Mutex<()>);
    impl Drop for Waits {
        fn drop(&mut self) {
            drop(self.0.lock());
        }
    }
    static M: Mutex<()> = named::mutex("m", ());
    lockhound::thread_local!(static WAITS: Waits = const { Waits(&M) });
    let run = || {
        let _held = M.lock();
        thread::scope(|s| {
            thread::Builder::new().name("a".into()).spawn_scoped(s, || WAITS.with(|_| ())).unwrap();
        });
        loop {
            std::thread::park();
        }
    };
    events_of_hung(
        "a_scope_does_not_wait_for_thread_locals",
        run,
        "acquire m, spawn a, join a
         a: start, exit
         thread-locals: start, join a, block acquire m",
    );
}

#[test]
fn joining_a_scoped_thread_waits_for_its_thread_locals() {
    struct Last(&'static Mutex<()>);
    impl Drop for Last {
        fn drop(&mut self) {
            drop(self.0.lock());
        }
    }
    static M: Mutex<()> = named::mutex("m", ());
    lockhound::thread_local!(static LAST: Last = const { Last(&M) });
    let run = || {
        thread::scope(|s| {
            let child = thread::Builder::new().name("a".into()).spawn_scoped(s, || LAST.with(|_| ())).unwrap();
            while !child.is_finished() {
                thread::yield_now();
            }
            child.join().unwrap();
            drop(M.lock());
        });
    };
    events(
        "joining_a_scoped_thread_waits_for_its_thread_locals",
        run,
        "spawn a, join a, join thread-locals, acquire m, release m none
         a: start, exit
         thread-locals: start, join a, acquire m, release m none, exit",
    );
}

#[test]
fn a_scoped_thread_that_is_being_joined_ends_with_its_thread_locals() {
    struct Last(&'static Mutex<()>);
    impl Drop for Last {
        fn drop(&mut self) {
            drop(self.0.lock());
        }
    }
    static M: Mutex<()> = named::mutex("m", ());
    lockhound::thread_local!(static LAST: Last = const { Last(&M) });
    let run = || {
        let _held = M.lock();
        let about_to_join = AtomicBool::new(false);
        thread::scope(|s| {
            let wait = || {
                LAST.with(|_| ());
                while !about_to_join.load(Ordering::Acquire) {
                    thread::yield_now();
                }
                thread::sleep(Duration::from_millis(200));
            };
            let child = thread::Builder::new().name("a".into()).spawn_scoped(s, wait).unwrap();
            about_to_join.store(true, Ordering::Release);
            child.join().unwrap();
        });
    };
    events_of_hung(
        "a_scoped_thread_that_is_being_joined_ends_with_its_thread_locals",
        run,
        "acquire m, spawn a, block join a
         a: start, block acquire m",
    );
}

#[test]
fn a_lock_that_a_thread_local_keeps_is_released_by_its_thread() {
    type Guard = lockhound::sync::MutexGuard<'static, ()>;
    static M: Mutex<()> = named::mutex("m", ());
    lockhound::thread_local!(static KEPT: Cell<Option<Guard>> = const { Cell::new(None) });
    let run = || {
        thread::scope(|s| {
            let a = thread::Builder::new().name("a".into());
            a.spawn_scoped(s, || KEPT.set(M.lock().ok())).unwrap().join().unwrap();
        });
    };
    events(
        "a_lock_that_a_thread_local_keeps_is_released_by_its_thread",
        run,
        "spawn a, join a\n a: start, acquire m, release m none, exit",
    );
}

#[test]
fn a_lock_that_never_comes_ends_in_a_block() {
    let run = || {
        let m = named::mutex("m", ());
        let _held = m.lock().unwrap();
        let _again = m.lock();
    };
    events_of_hung("a_lock_that_never_comes_ends_in_a_block", run, "acquire m, block acquire m");
}

#[test]
fn a_read_behind_a_writer_ends_in_a_block() {
    let run = || {
        let rw = named::rwlock("rw", ());
        let _held = rw.write().unwrap();
        let _again = rw.read();
    };
    events_of_hung("a_read_behind_a_writer_ends_in_a_block", run, "acquire rw, block acquire rw read");
}

#[test]
fn a_park_that_nobody_ends_ends_in_a_block() {
    let run = || {
        let sleeper = thread::Builder::new().name("sleeper".into());
        let forever = || loop {
            thread::park();
        };
        sleeper.spawn(forever).unwrap().join().unwrap();
    };
    events_of_hung(
        "a_park_that_nobody_ends_ends_in_a_block",
        run,
        "spawn sleeper, block join sleeper
         sleeper: start, block await park token of sleeper",
    );
}

#[test]
fn a_join_that_waits_for_thread_locals_ends_in_a_block() {
    struct Last(&'static Mutex<()>);
    impl Drop for Last {
        fn drop(&mut self) {
            drop(self.0.lock());
        }
    }
    static M: Mutex<()> = named::mutex("m", ());
    lockhound::thread_local!(static LAST: Last = const { Last(&M) });
    let run = || {
        let _held = M.lock();
        let worker = thread::Builder::new().name("worker".into()).spawn(|| LAST.with(|_| ())).unwrap();
        while !worker.is_finished() {
            thread::yield_now();
        }
        worker.join().unwrap();
    };
    events_of_hung(
        "a_join_that_waits_for_thread_locals_ends_in_a_block",
        run,
        "acquire m, spawn worker, block join worker
         worker: start, block acquire m",
    );
}

#[test]
fn the_end_of_a_scope_is_a_join_that_may_block() {
    let run = || {
        let m = named::mutex("m", ());
        let _held = m.lock();
        thread::scope(|s| {
            thread::Builder::new().name("a".into()).spawn_scoped(s, || drop(m.lock())).unwrap();
        });
    };
    events_of_hung(
        "the_end_of_a_scope_is_a_join_that_may_block",
        run,
        "acquire m, spawn a, block join a
         a: start, block acquire m",
    );
}

#[test]
fn every_event_has_the_place_of_the_users_call() {
    let run = || {
        let (m, rw, c, r) = (Mutex::new(0), lockhound::sync::RwLock::new(0), Condvar::new(), Shared::new(0));
        let (from, default) = (Mutex::from(0), lockhound::sync::RwLock::<i32>::default());
        drop((from.lock().unwrap(), default.read().unwrap()));
        let (guard, _) = c.wait_timeout_while(m.lock().unwrap(), Duration::ZERO, |_| true).unwrap();
        drop(guard);
        c.notify_all();
        drop(rw.write().unwrap());
        drop(lock_all([&m]).unwrap());
        r.update(|n| n + 1);
        thread::current().unpark();
        thread::park();
        thread::scope(|s| drop(s.spawn(|| ())));
        thread::spawn(|| ()).join().unwrap();
    };
    let Some(sites) = sites("every_event_has_the_place_of_the_users_call", run) else { return };
    assert!(sites.iter().filter(|(event, _)| event.starts_with("birth")).count() >= 7, "{sites:?}");
    assert!(sites.len() > 20, "{sites:?}");
    for (event, site) in sites {
        assert!(site.contains("tests/recorded.rs:"), "{event} at {site}");
    }
}
