//! ReentrantMutex, Shared and lock_all: the same in both modes.
#![forbid(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};

use lockhound::sync::{Mutex, ReentrantMutex, RwLock, Shared, lock_all};
use lockhound::{levelled, named, thread};

#[test]
fn a_reentrant_mutex_lets_its_holder_in_again_and_nobody_else() {
    let lock = ReentrantMutex::new(Cell::new(0));
    let elsewhere = || thread::scope(|s| s.spawn(|| lock.try_lock().is_some()).join().unwrap());
    let first = lock.lock();
    let second = lock.try_lock().expect("held by this thread");
    second.set(first.get() + 1);
    assert!(!elsewhere());
    drop(first);
    assert!(!elsewhere(), "still held by the second guard");
    drop(second);
    assert!(elsewhere());
    assert_eq!(lock.into_inner().get(), 1);
}

#[test]
fn a_reentrant_mutex_excludes() {
    let total = ReentrantMutex::new(Cell::new(0));
    thread::scope(|s| {
        for _ in 0..4 {
            s.spawn(|| {
                for _ in 0..500 {
                    let outer = total.lock();
                    let inner = total.lock();
                    let seen = inner.get();
                    if seen % 64 == 0 {
                        thread::yield_now();
                    }
                    outer.set(seen + 1);
                }
            });
        }
    });
    assert_eq!(total.lock().get(), 2000);
}

#[test]
fn a_guard_forgotten_by_a_thread_does_not_pass_to_its_successors() {
    let lock = ReentrantMutex::new(());
    thread::scope(|s| s.spawn(|| std::mem::forget(lock.lock())).join().unwrap());
    for _ in 0..8 {
        let taken = thread::scope(|s| s.spawn(|| lock.try_lock().is_some()).join().unwrap());
        assert!(!taken);
    }
}

#[test]
fn a_panic_frees_a_reentrant_mutex() {
    let lock = ReentrantMutex::new(RefCell::new(1));
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let _guards = (lock.lock(), lock.lock());
        std::panic::resume_unwind(Box::new("while holding"));
    }));
    assert!(outcome.is_err());
    thread::scope(|s| s.spawn(|| *lock.lock().borrow_mut() += 1).join().unwrap());
    assert_eq!(*lock.lock().borrow(), 2);
}

#[test]
fn a_reentrant_mutex_is_as_convenient_as_a_mutex() {
    static LOCK: ReentrantMutex<Cell<i32>> = named::reentrant_mutex("lock", Cell::new(1));
    LOCK.lock().set(2);
    assert_eq!(LOCK.lock().get(), 2);
    let mut lock: ReentrantMutex<i32> = ReentrantMutex::from(1);
    *lock.get_mut() += 1;
    assert_eq!(format!("{lock:?}"), "ReentrantMutex { data: 2, .. }");
    let guard = lock.lock();
    assert_eq!(format!("{guard} {guard:?} {lock:?}"), "2 2 ReentrantMutex { data: 2, .. }");
    let seen = thread::scope(|s| s.spawn(|| format!("{lock:?}")).join().unwrap());
    assert_eq!(seen, "ReentrantMutex { data: <locked>, .. }");
    assert_eq!(ReentrantMutex::<i32>::default().into_inner(), 0);
    let unsized_content: &ReentrantMutex<[i32]> = &ReentrantMutex::new([1, 2]);
    assert_eq!(unsized_content.lock().len(), 2);
}

#[test]
fn a_shared_variable_is_a_cell() {
    static COUNT: Shared<i64> = named::shared("count", 1);
    COUNT.set(COUNT.get() + 1);
    COUNT.update(|count| count * 10);
    assert_eq!(COUNT.get(), 20);
    let mut shared = Shared::from([1_u64, 2, 3]);
    shared.get_mut()[0] = 7;
    assert_eq!(format!("{shared:?}"), "Shared { value: [7, 2, 3] }");
    assert_eq!(shared.into_inner(), [7, 2, 3]);
    assert!(!Shared::<bool>::default().into_inner());
}

#[test]
fn each_access_to_a_shared_variable_is_whole() {
    let shared = Shared::new([0_u64; 16]);
    thread::scope(|s| {
        for number in [1, 2] {
            let shared = &shared;
            s.spawn(move || {
                for _ in 0..2000 {
                    shared.set([number; 16]);
                    let seen = shared.get();
                    assert!(seen.iter().all(|element| *element == seen[0]), "torn: {seen:?}");
                }
            });
        }
    });
}

#[test]
fn update_is_two_accesses() {
    let shared = Shared::new(1);
    shared.update(|seen| {
        shared.set(100);
        seen + 1
    });
    assert_eq!(shared.get(), 2, "the write in between is lost");
}

#[test]
fn lock_all_returns_guards_in_the_order_of_its_arguments() {
    let (a, b, c) = (Mutex::new(1), RwLock::new("two"), ReentrantMutex::new(3.0));
    {
        let (one, mut two, three) = lock_all((&a, &b, &c)).unwrap();
        *two = "zwei";
        assert_eq!((*one, *two, *three), (1, "zwei", 3.0));
        assert!(a.try_lock().is_err() && b.try_read().is_err());
    }
    let (three, two) = lock_all((&c, &b)).unwrap();
    assert_eq!((*three, *two), (3.0, "zwei"));
}

#[test]
fn lock_all_takes_collections() {
    let locks: Vec<Mutex<usize>> = (0..5).map(Mutex::new).collect();
    let backwards: Vec<&Mutex<usize>> = locks.iter().rev().collect();
    let values = |guards: &[lockhound::sync::MutexGuard<'_, usize>]| guards.iter().map(|g| **g).collect::<Vec<_>>();
    assert_eq!(values(&lock_all(backwards.as_slice()).unwrap()), [4, 3, 2, 1, 0]);
    assert_eq!(values(&lock_all(backwards).unwrap()), [4, 3, 2, 1, 0]);
    assert_eq!(values(&lock_all([&locks[3], &locks[1]]).unwrap()), [3, 1]);
    assert!(lock_all(Vec::<&Mutex<usize>>::new()).unwrap().is_empty());
}

#[test]
fn lock_all_never_deadlocks_whatever_the_order_of_arguments() {
    let (a, b, c) = (Mutex::new(0), levelled::mutex(1, "b", 0), levelled::mutex(0, "c", 0));
    thread::scope(|s| {
        for order in [[&a, &b, &c], [&c, &b, &a], [&b, &c, &a]] {
            s.spawn(move || {
                for _ in 0..500 {
                    lock_all(order).unwrap().iter_mut().for_each(|guard| **guard += 1);
                }
            });
        }
    });
    assert_eq!([a, b, c].map(|lock| lock.into_inner().unwrap()), [1500; 3]);
}

#[test]
fn lock_all_refuses_one_lock_twice_before_it_locks() {
    let (a, b) = (Mutex::new(0), Mutex::new(0));
    let outcome = catch_unwind(AssertUnwindSafe(|| drop(lock_all((&a, &b, &a)))));
    let message = *outcome.unwrap_err().downcast::<String>().unwrap();
    assert_eq!(message, "lock_all: locks 0 and 2 (counted from 0) are the same lock");
    assert!(!a.is_poisoned() && a.try_lock().is_ok() && b.try_lock().is_ok());
}

#[test]
fn lock_all_hands_out_every_guard_when_one_lock_is_poisoned() {
    let (a, b) = (Mutex::new(1), Mutex::new(2));
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let _guard = b.lock().unwrap();
        std::panic::resume_unwind(Box::new("while holding"));
    }));
    assert!(outcome.is_err());
    let (one, two) = lock_all((&a, &b)).unwrap_err().into_inner();
    assert_eq!((*one, *two), (1, 2));
    drop((one, two));
    assert!(!a.is_poisoned());
}
