//! Deadlocks of threads that wait for what anybody could do: notify, unpark.

use std::time::Duration;

use lockhound::sync::{Arc, Mutex};
use lockhound::{named, thread};

use super::people::{lock, moment, spawn};
use super::watched::{Scenario, closing, hangs, scenarios};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    lost_notify,
    notified_but_locked,
    unnotified_but_locked,
    all_wait,
    parked,
    last_thread_ends,
    too_few_permits,
    never_set
];

pub(super) fn lost_notify() {
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
        &["also waiting: `main`, for the end of `waiter`, at instrument/tests/monitor/waits.rs:"],
    );
}

fn too_few_permits() {
    let seats = Arc::new(named::semaphore("seats", 1));
    let waiter = spawn("waiter", move || seats.acquire_many(2).forget());
    closing();
    waiter.join().unwrap();
}

#[test]
fn a_semaphore_with_fewer_permits_than_wanted() {
    hangs(
        "too_few_permits",
        "deadlock: `waiter` waits for permits of `seats` (semaphore), and no thread is left that could end it",
        &["also waiting: `main`, for the end of `waiter`, at instrument/tests/monitor/waits.rs:"],
    );
}

fn never_set() {
    let ready = Arc::new(named::event("ready"));
    let waiter = spawn("waiter", move || ready.wait());
    closing();
    waiter.join().unwrap();
}

#[test]
fn an_event_that_nobody_sets() {
    hangs(
        "never_set",
        "deadlock: `waiter` waits for `ready` (flag) to be set, and no thread is left that could end it",
        &[],
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

pub(super) fn parked() {
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
