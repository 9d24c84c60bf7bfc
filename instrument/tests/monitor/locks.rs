//! Deadlocks at locks.

use lockhound::named;
use lockhound::sync::{Arc, Mutex};

use super::people::{lock, moment, nested, spawn};
use super::watched::{Scenario, closing, hangs, scenarios};

pub(super) const SCENARIOS: &[Scenario] =
    scenarios![two_locks, three_locks, relock, read_then_write, queued_writer, leaked];

pub(super) fn two_locks() {
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
            "`main` waits for `B` (mutex of i32), which `other` holds\n      at instrument/tests/monitor/locks.rs:",
            "    and holds `A` (mutex of i32) since instrument/tests/monitor/locks.rs:",
            "       0: two_locks instrument/tests/monitor/locks.rs:",
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
        &[
            "also waiting: `onlooker`, for `C` (mutex of i32), which `third` holds, at instrument/tests/monitor/locks.rs:",
        ],
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
        "deadlock: `main` waits for `mutex instrument/tests/monitor/locks.rs:67:13` (of alloc::string::String), which it holds \
         itself",
        &["and holds `mutex instrument/tests/monitor/locks.rs:67:13` (of alloc::string::String) since"],
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
