//! Threads behave as std's do, recorded or not.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lockhound::sync::{Arc, Mutex};
use lockhound::thread::{self, AlreadyStarted, JoinError, Startable};

#[test]
fn a_thread_returns_its_result_or_its_panic() {
    assert_eq!(thread::spawn(|| 42).join().unwrap(), 42);
    let panicked = thread::spawn(|| std::panic::resume_unwind(Box::new("why"))).join();
    assert_eq!(*panicked.unwrap_err().downcast::<&str>().unwrap(), "why");
}

#[test]
fn a_built_thread_has_its_name_and_an_unnamed_one_has_none() {
    let named = thread::Builder::new().name("worker".into()).stack_size(1 << 18);
    let handle = named.spawn(|| thread::current().name().map(str::to_owned)).unwrap();
    assert_eq!(handle.thread().name(), Some("worker"));
    assert_eq!(handle.join().unwrap().as_deref(), Some("worker"));
    assert_eq!(thread::spawn(|| thread::current().name().map(str::to_owned)).join().unwrap(), None);
}

#[test]
fn a_thread_is_the_same_inside_and_outside() {
    let handle = thread::spawn(|| thread::current().id());
    let outside = handle.thread().id();
    assert_eq!(handle.join().unwrap(), outside);
    assert_ne!(thread::current().id(), outside);
    assert_eq!(thread::current().id(), std::thread::current().id());
}

#[test]
fn a_refused_thread_is_an_error() {
    let refused = thread::Builder::new().stack_size(usize::MAX / 4).spawn(|| ());
    let _: io::Error = refused.unwrap_err();
}

#[test]
fn is_finished_becomes_true() {
    let handle = thread::spawn(|| ());
    while !handle.is_finished() {
        thread::yield_now();
    }
    handle.join().unwrap();
}

#[test]
fn scoped_threads_borrow_and_spawn_more() {
    let mut numbers = vec![1, 2, 3];
    let sum = AtomicUsize::new(0);
    let answer = thread::scope(|s| {
        let first = s.spawn(|| {
            s.spawn(|| sum.fetch_add(numbers.len(), Ordering::Relaxed));
            numbers[0]
        });
        let name = thread::Builder::new()
            .name("scoped".into())
            .spawn_scoped(s, || thread::current().name().map(str::to_owned))
            .unwrap();
        assert_eq!(name.thread().name(), Some("scoped"));
        assert_eq!(name.join().unwrap().as_deref(), Some("scoped"));
        while !first.is_finished() {
            thread::yield_now();
        }
        first.join().unwrap()
    });
    numbers.push(answer);
    assert_eq!((numbers, sum.into_inner()), (vec![1, 2, 3, 1], 3));
}

#[test]
fn a_scope_waits_for_its_threads_even_when_it_panics() {
    let ended = AtomicUsize::new(0);
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| {
                    thread::sleep(Duration::from_millis(5));
                    ended.fetch_add(1, Ordering::Relaxed);
                });
            }
            std::panic::resume_unwind(Box::new("inside"));
        });
    }));
    assert_eq!(*outcome.unwrap_err().downcast::<&str>().unwrap(), "inside");
    assert_eq!(ended.into_inner(), 4);
}

#[test]
fn a_scope_panics_if_an_unjoined_thread_did() {
    let scope = |join: bool| {
        std::panic::catch_unwind(|| {
            thread::scope(|s| {
                let child = s.spawn(|| std::panic::resume_unwind(Box::new("child")));
                if join {
                    assert!(child.join().is_err());
                }
            });
        })
    };
    assert!(scope(false).is_err());
    assert!(scope(true).is_ok());
}

#[test]
fn an_unpark_before_the_park_counts() {
    thread::current().unpark();
    thread::park();
    thread::spawn(|| {
        thread::current().unpark();
        thread::current().unpark();
        thread::park();
    })
    .join()
    .unwrap();
}

#[test]
fn park_and_unpark_play_ping_pong() {
    let turn = Arc::new(AtomicUsize::new(0));
    let wait_for = |turn: &AtomicUsize, mine: usize| {
        while turn.load(Ordering::Acquire) != mine {
            thread::park();
        }
    };
    let main = thread::current();
    let other = {
        let turn = Arc::clone(&turn);
        thread::spawn(move || {
            for round in 0..200 {
                wait_for(&turn, 2 * round + 1);
                turn.store(2 * round + 2, Ordering::Release);
                main.unpark();
            }
        })
    };
    for round in 0..200 {
        turn.store(2 * round + 1, Ordering::Release);
        other.thread().unpark();
        wait_for(&turn, 2 * round + 2);
    }
    other.join().unwrap();
}

#[test]
fn stds_own_handle_unparks_too() {
    let (send, receive) = std::sync::mpsc::channel();
    let sleeper = thread::spawn(move || {
        send.send(std::thread::current()).unwrap();
        thread::park();
    });
    receive.recv().unwrap().unpark();
    sleeper.join().unwrap();
}

#[test]
fn a_thread_that_std_spawned_parks_as_well() {
    let (send, receive) = std::sync::mpsc::channel();
    let sleeper = std::thread::spawn(move || {
        send.send(thread::current()).unwrap();
        thread::park();
    });
    receive.recv().unwrap().unpark();
    sleeper.join().unwrap();
}

#[test]
fn a_timed_park_returns() {
    thread::park_timeout(Duration::from_millis(1));
    #[expect(deprecated, reason = "std still has it")]
    thread::park_timeout_ms(1);
}

#[test]
fn parking_works_while_thread_locals_are_dropped() {
    struct Late(Arc<Mutex<bool>>);
    impl Drop for Late {
        fn drop(&mut self) {
            thread::current().unpark();
            thread::park();
            *self.0.lock().unwrap() = true;
        }
    }
    lockhound::thread_local!(static LATE: std::cell::RefCell<Option<Late>> = const { std::cell::RefCell::new(None) });
    let done = Arc::new(Mutex::new(false));
    let late = Late(Arc::clone(&done));
    thread::spawn(move || LATE.with(|cell| *cell.borrow_mut() = Some(late))).join().unwrap();
    assert!(*done.lock().unwrap());
}

#[test]
fn an_unchecked_thread_borrows() {
    let number = 41;
    // SAFETY: joined before `number` goes.
    let handle = unsafe { thread::Builder::new().spawn_unchecked(|| number + 1) }.unwrap();
    assert_eq!(handle.join().unwrap(), 42);
}

#[cfg(unix)]
#[test]
fn a_handle_tells_the_thread_of_the_system() {
    use std::os::unix::thread::JoinHandleExt;

    let (send, receive) = std::sync::mpsc::channel::<()>();
    let handle = thread::spawn(move || receive.recv());
    let outside = handle.as_pthread_t();
    assert_ne!(outside, 0);
    drop(send);
    assert_eq!(handle.into_pthread_t(), outside);
}

#[test]
fn the_rest_is_stds() {
    assert!(thread::available_parallelism().is_ok());
    assert!(!thread::panicking());
    assert_eq!(format!("{:?}", thread::spawn(|| ())), "JoinHandle { .. }");
}

#[test]
fn a_startable_thread_runs_once() {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let thread = Startable::new("worker", move || {
        assert_eq!(thread::current().name(), Some("worker"));
        counted.fetch_add(1, Ordering::Relaxed);
    });
    assert_eq!((thread.name(), thread.is_alive()), ("worker", false));
    assert_eq!(thread.join(), Err(JoinError::NotStarted));
    assert!(!thread.join_timeout(Duration::from_secs(3600)));
    assert_eq!(runs.load(Ordering::Relaxed), 0);
    thread.start().unwrap();
    assert_eq!(thread.start(), Err(AlreadyStarted));
    thread.join().unwrap();
    assert_eq!((thread.is_alive(), runs.load(Ordering::Relaxed)), (false, 1));
    assert_eq!(thread.start(), Err(AlreadyStarted));
    assert_eq!((thread.join(), thread.join_timeout(Duration::ZERO)), (Ok(()), true));
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}

#[test]
fn a_join_with_a_time_out_waits_no_longer() {
    let (go, gone) = std::sync::mpsc::channel();
    let thread = Startable::new("waits", move || gone.recv().unwrap());
    thread.start().unwrap();
    assert!(!thread.join_timeout(Duration::ZERO));
    assert!(!thread.join_timeout(Duration::from_millis(5)));
    assert!(thread.is_alive());
    go.send(()).unwrap();
    assert!(thread.join_timeout(Duration::MAX));
    assert!(!thread.is_alive());
}

#[test]
fn a_startable_thread_that_panics_ends_all_the_same() {
    let thread = Startable::new("panics", || std::panic::resume_unwind(Box::new(())));
    thread.start().unwrap();
    assert!(thread.join_timeout(Duration::MAX));
    assert_eq!((thread.join(), thread.is_alive()), (Err(JoinError::Panicked), false));
}

#[test]
fn of_many_who_start_a_thread_one_does_and_all_who_join_it_return() {
    for _ in 0..50 {
        let started = AtomicUsize::new(0);
        let (tell, told) = std::sync::mpsc::channel();
        let shared = Startable::new("shared", move || tell.send(()).unwrap());
        thread::scope(|s| {
            for joins_by_the_clock in [false, true, false, true] {
                let (shared, started) = (&shared, &started);
                s.spawn(move || {
                    started.fetch_add(usize::from(shared.start().is_ok()), Ordering::Relaxed);
                    if joins_by_the_clock {
                        assert!(shared.join_timeout(Duration::MAX));
                    } else {
                        shared.join().unwrap();
                    }
                    assert!(!shared.is_alive());
                });
            }
        });
        assert_eq!((started.into_inner(), told.iter().count()), (1, 1));
    }
}

#[test]
#[should_panic(expected = "null bytes")]
fn a_startable_thread_has_a_name_that_a_thread_can_have() {
    drop(Startable::new("a\0b", || ()));
}
