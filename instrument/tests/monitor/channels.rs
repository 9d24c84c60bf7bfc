//! Deadlocks at channels and barriers.

use lockhound::sync::mpsc;
use lockhound::sync::{Arc, Barrier};
use lockhound::{named, thread};

use super::people::{moment, spawn};
use super::watched::{Scenario, closing, complaint, hangs, scenarios, until_end};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    recv_under_lock,
    full_channel,
    crossed,
    one_short,
    all_receive,
    panics_at_channels,
    queue_not_worked_off
];

fn recv_under_lock() {
    let (tx, rx) = named::channel("updates");
    let cache = Arc::new(named::mutex("cache", 0));
    let held = cache.lock().unwrap();
    spawn("writer", {
        let cache = Arc::clone(&cache);
        move || tx.send(*cache.lock().unwrap())
    });
    moment();
    closing();
    let _ = rx.recv();
    drop(held);
}

#[test]
fn a_receive_under_the_lock_that_the_sender_wants() {
    hangs(
        "recv_under_lock",
        "deadlock: `cache` and `updates`: `main` and `writer` wait, and no thread is left that could end it",
        &["`main` waits for a message from `updates`", "`writer` waits for `cache` (mutex of i32), which `main` holds"],
    );
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
    let watched = until_end("full_channel", &[("LOCKHOUND_ON_DEADLOCK", "exit:3")]);
    assert_eq!(watched.headlines().len(), 1, "{}", watched.stderr);
    assert!(watched.stderr.contains("`main` waits for room in `channel instrument/tests/"), "{}", watched.stderr);
    assert_eq!(watched.code(), Some(3), "{}", watched.stderr);
}

fn queue_not_worked_off() {
    let jobs = Arc::new(named::bounded_queue("jobs", 1));
    jobs.put(1);
    spawn("producer", {
        let jobs = Arc::clone(&jobs);
        move || jobs.put(2)
    });
    moment();
    closing();
    jobs.join();
}

#[test]
fn a_queue_that_nobody_works_off() {
    hangs(
        "queue_not_worked_off",
        "deadlock: `jobs`: `main` and `producer` wait, and no thread is left that could end it",
        &[
            "`main` waits for all of `jobs` (waitgroup of i32) to be done",
            "`producer` waits for room in `jobs` (channel of i32)",
        ],
    );
}

fn crossed() {
    let (to, from) = named::sync_channel("to", 1);
    let (back, answers) = named::sync_channel("back", 0);
    spawn("other", move || {
        back.send(1).unwrap();
        from.recv().unwrap();
    });
    to.send(1).unwrap();
    moment();
    closing();
    to.send(2).unwrap();
    answers.recv().unwrap();
}

#[test]
fn two_that_send_and_do_not_receive() {
    hangs(
        "crossed",
        "deadlock: `back` and `to`: `main` and `other` wait, and no thread is left that could end it",
        &["`main` waits for room in `to` (channel of i32)", "`other` waits for"],
    );
}

fn one_short() {
    let barrier = Arc::new(named::barrier("start line", 3));
    spawn("other", {
        let barrier = Arc::clone(&barrier);
        move || barrier.wait().is_leader()
    });
    moment();
    closing();
    barrier.wait();
}

#[test]
fn a_barrier_that_lacks_one() {
    hangs(
        "one_short",
        "deadlock: `start line`: `main` and `other` wait, and no thread is left that could end it",
        &["`main` waits for the other parties of `start line`"],
    );
}

fn all_receive() {
    let (tx, rx) = named::channel::<i32>("idle");
    closing();
    let _ = rx.recv();
    drop(tx);
}

#[test]
fn a_receiver_that_keeps_the_only_sender() {
    hangs(
        "all_receive",
        "deadlock: `main` waits for a message from `idle` (channel of i32), and no thread is left that could end it",
        &[],
    );
}

fn panics_at_channels() {
    let quietly = |run: &mut dyn FnMut()| std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err();
    let (tx, rx) = named::channel("q");
    closing();
    assert!(quietly(&mut || assert!(rx.recv().is_ok())));
    tx.send(1).unwrap();
    assert_eq!(rx.recv(), Ok(1));
    let (full, kept) = named::sync_channel("full", 1);
    full.send(1).unwrap();
    assert!(quietly(&mut || assert!(full.send(2).is_ok())));
    assert_eq!(kept.try_iter().count(), 1);
    full.send(3).unwrap();
    let (met, meets) = named::sync_channel("met", 0);
    assert!(quietly(&mut || assert!(met.send(1).is_ok())));
    let (other, alone) = named::sync_channel::<i32>("alone", 0);
    assert!(quietly(&mut || assert!(alone.recv().is_ok())));
    drop(other);
    let sender = spawn("sender", move || met.send(2));
    assert_eq!(meets.recv(), Ok(2));
    sender.join().unwrap().unwrap();
    let barrier = Barrier::new(2);
    assert!(quietly(&mut || assert!(!barrier.wait().is_leader())));
    std::process::exit(5);
}

#[test]
fn a_panic_instead_of_a_wait_leaves_channel_and_trace_sound() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("t.lht");
    let variables = [("LOCKHOUND_ON_DEADLOCK", "panic"), ("LOCKHOUND_TRACE", trace.to_str().unwrap())];
    let watched = until_end("panics_at_channels", &variables);
    assert_eq!(watched.code(), Some(5), "{}", watched.stderr);
    assert_eq!(complaint(&trace), None);
}
