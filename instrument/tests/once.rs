//! Once, OnceLock and LazyLock behave as std's do, recorded or not.
#![forbid(unsafe_code)]

#[cfg(feature = "record")]
mod again;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use lockhound::sync::{Arc, LazyLock, Once, OnceLock, OnceState};
use lockhound::thread;

fn panics<T>(f: impl FnOnce() -> T) -> Option<String> {
    let payload = catch_unwind(AssertUnwindSafe(f)).err()?;
    let plain = payload.downcast_ref::<&str>().map(ToString::to_string);
    Some(plain.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default())
}

fn fail<T>() -> T {
    resume_unwind(Box::new("on purpose"))
}

#[test]
fn a_once_runs_once() {
    #[expect(deprecated, reason = "std still has it")]
    static START: Once = lockhound::sync::ONCE_INIT;
    let runs = AtomicUsize::new(0);
    thread::scope(|s| {
        for _ in 0..4 {
            s.spawn(|| {
                START.call_once(|| runs.store(runs.load(Ordering::Relaxed) + 1, Ordering::Relaxed));
                assert_eq!(runs.load(Ordering::Relaxed), 1);
                START.wait();
                START.wait_force();
            });
        }
    });
    assert!(START.is_completed());
    assert_eq!(format!("{START:?}"), format!("{:?}", std::sync::Once::new()));
}

#[test]
fn a_once_is_poisoned_until_forced() {
    let once = Once::new();
    assert_eq!(panics(|| once.call_once(fail)), Some("on purpose".into()));
    assert!(!once.is_completed());
    let std = std::sync::Once::new();
    assert!(panics(|| std.call_once(fail)).is_some());
    assert_eq!(panics(|| once.call_once(|| ())), panics(|| std.call_once(|| ())));
    assert_eq!(panics(|| once.wait()), panics(|| std.wait()));
    assert!(panics(|| once.call_once_force(|_: &OnceState| fail())).is_some());
    once.call_once_force(|state| assert!(state.is_poisoned()));
    once.call_once_force(|_| unreachable!());
    once.call_once(|| unreachable!());
}

#[test]
fn a_forced_wait_outlasts_runs_that_panic() {
    let once = Once::new();
    assert!(panics(|| once.call_once(fail)).is_some());
    thread::scope(|s| {
        let waiter = s.spawn(|| once.wait_force());
        assert!(panics(|| once.call_once_force(|_| fail())).is_some());
        once.call_once_force(|_| ());
        waiter.join().unwrap();
    });
}

#[test]
fn a_wait_panics_when_the_run_does() {
    let (once, running) = (Once::new(), AtomicUsize::new(0));
    thread::scope(|s| {
        let waiter = s.spawn(|| {
            while running.load(Ordering::Acquire) == 0 {
                thread::yield_now();
            }
            panics(|| once.wait())
        });
        let run = || {
            running.store(1, Ordering::Release);
            thread::sleep(std::time::Duration::from_millis(20));
            fail()
        };
        assert!(panics(|| once.call_once(run)).is_some());
        assert!(waiter.join().unwrap().is_some());
    });
}

#[test]
fn a_once_lock_is_written_once() {
    let cell = OnceLock::new();
    assert_eq!((cell.get(), format!("{cell:?}")), (None, "OnceLock(<uninit>)".into()));
    assert_eq!(cell.set(1), Ok(()));
    assert_eq!(cell.set(2), Err(2));
    assert_eq!((cell.get_or_init(|| 3), cell.wait(), format!("{cell:?}")), (&1, &1, "OnceLock(1)".into()));
    assert_eq!(cell, OnceLock::from(1));
    assert_ne!(cell, OnceLock::default());
    assert_eq!(cell.clone(), cell);
    assert_eq!(OnceLock::<i32>::new().clone(), OnceLock::new());
}

#[test]
fn a_once_lock_can_be_emptied() {
    let mut cell = OnceLock::from(String::from("a"));
    cell.get_mut().unwrap().push('b');
    assert_eq!((cell.take(), cell.take(), cell.get_mut()), (Some("ab".into()), None, None));
    assert_eq!(cell.get_or_init(|| "c".into()), "c");
    assert_eq!(cell.into_inner(), Some("c".into()));
}

#[test]
fn a_once_lock_stays_empty_when_its_initialiser_panics() {
    let cell = OnceLock::new();
    assert!(panics(|| *cell.get_or_init(fail)).is_some());
    assert_eq!(cell.get(), None);
    assert_eq!(cell.get_or_init(|| 1), &1);
}

#[test]
fn a_once_lock_waits_for_another_thread() {
    let cell = Arc::new(OnceLock::new());
    let writer = {
        let cell = Arc::clone(&cell);
        thread::spawn(move || {
            thread::sleep(std::time::Duration::from_millis(10));
            cell.set(vec![1, 2]).unwrap();
        })
    };
    assert_eq!(cell.wait(), &[1, 2]);
    writer.join().unwrap();
}

#[test]
fn a_lazy_lock_makes_its_value_once() {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    static VALUE: LazyLock<usize> = LazyLock::new(|| MADE.fetch_add(1, Ordering::Relaxed) + 10);
    assert_eq!((LazyLock::get(&VALUE), format!("{VALUE:?}")), (None, "LazyLock(<uninit>)".into()));
    thread::scope(|s| {
        for _ in 0..4 {
            s.spawn(|| assert_eq!(*VALUE, 10));
        }
    });
    assert_eq!((*LazyLock::force(&VALUE), LazyLock::get(&VALUE)), (10, Some(&10)));
    assert_eq!(format!("{VALUE:?}"), "LazyLock(10)");
    assert_eq!(*LazyLock::<i32>::default(), 0);
}

#[test]
fn a_lazy_lock_borrows_and_is_written_through_mut() {
    let (calls, base) = (Cell::new(0), vec![1]);
    let mut lazy = LazyLock::new(|| {
        calls.set(calls.get() + 1);
        base.clone()
    });
    assert_eq!(LazyLock::get_mut(&mut lazy), None);
    lazy.push(2);
    LazyLock::force_mut(&mut lazy).push(3);
    assert_eq!(LazyLock::get_mut(&mut lazy).map(|value| value.len()), Some(3));
    assert_eq!((&*lazy, calls.get()), (&vec![1, 2, 3], 1));
}

#[test]
fn a_lazy_lock_is_poisoned_for_ever() {
    let mut ours = LazyLock::<i32, _>::new(fail);
    let mut std = std::sync::LazyLock::<i32, _>::new(fail);
    assert_eq!(panics(|| *ours), Some("on purpose".into()));
    assert!(panics(|| *std).is_some());
    assert_eq!(panics(|| *ours), panics(|| *std));
    assert_eq!(panics(|| *LazyLock::force_mut(&mut ours)), panics(|| *std::sync::LazyLock::force_mut(&mut std)));
    assert_eq!(LazyLock::get(&ours), None);
    assert_eq!(LazyLock::get_mut(&mut ours), None);
    let mut ours = LazyLock::<i32, _>::new(fail);
    assert!(panics(|| *ours += 1).is_some());
    assert_eq!(panics(|| *ours), panics(|| *std));
}

#[test]
fn a_lazy_lock_drops_what_it_has() {
    let witness = Arc::new(());
    let made = LazyLock::new({
        let witness = Arc::clone(&witness);
        move || witness
    });
    drop(LazyLock::new({
        let witness = Arc::clone(&witness);
        move || witness
    }));
    assert_eq!(Arc::strong_count(&witness), 2);
    assert_eq!(Arc::strong_count(&made), 2);
    drop(made);
    assert_eq!(Arc::strong_count(&witness), 1);
}

#[test]
fn initialisers_nest() {
    static INNER: LazyLock<i32> = LazyLock::new(|| 1);
    static OUTER: LazyLock<i32> = LazyLock::new(|| *INNER + *CELL.get_or_init(|| *INNER + 1));
    static CELL: OnceLock<i32> = OnceLock::new();
    assert_eq!(*OUTER, 3);
}

#[cfg(feature = "record")]
#[test]
fn all_of_this_holds_when_recorded() {
    if let Some(operations) = again::recorded() {
        assert!(operations.len() > 50, "{} events", operations.len());
    }
}
