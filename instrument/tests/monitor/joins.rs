//! Deadlocks at the ends of threads and of initialisers.

use std::time::Duration;

use lockhound::sync::{Arc, OnceLock, ThreadPool};
use lockhound::thread;

use super::people::{Lock, lock, moment, spawn};
use super::watched::{Scenario, closing, hangs, scenarios, until_silent};

pub(super) const SCENARIOS: &[Scenario] =
    scenarios![join_under_lock, joined_each_other, join_of_a_destructor, once, result_under_lock];

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
    let watched = until_silent("once", &[("LOCKHOUND_ON_DEADLOCK", "report")]);
    assert_eq!(watched.headlines().len(), 1, "{}", watched.stderr);
    assert!(watched.headlines()[0].ends_with(": `main` and `child` wait for each other"), "{}", watched.stderr);
    assert!(watched.stderr.contains("to be initialised, which `main` has begun"), "{}", watched.stderr);
    assert!(watched.stderr.contains("    and initialises `once instrument/tests/"), "{}", watched.stderr);
}

fn result_under_lock() {
    let (m, pool) = (lock("m"), ThreadPool::new(1));
    // Its thread has run another task before.
    pool.submit(|| ()).result().unwrap();
    let held = m.lock().unwrap();
    let task = pool.submit_named("task", {
        let m = Arc::clone(&m);
        move || drop(m.lock())
    });
    moment();
    closing();
    let _ = task.result();
    drop(held);
}

#[test]
fn a_result_under_a_lock_that_the_task_wants() {
    hangs(
        "result_under_lock",
        "deadlock: `m`: `main` and `task` wait for each other",
        &["`main` waits for the end of `task`", "`task` waits for `m` (mutex of i32), which `main` holds"],
    );
}
