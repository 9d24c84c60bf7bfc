//! The live monitor at channels and barriers: deadlocks that are reported, and traffic that is not one.
#![cfg(feature = "record")]

mod watched;

use std::time::Duration;

use lockhound::sync::mpsc::{channel, sync_channel};
use lockhound::sync::{Arc, Barrier};
use lockhound::{named, thread};
use watched::{closing, hangs, is_silent, scenarios, watch};

scenarios! { recv_under_lock, crossed, one_short, all_receive, panics, traffic, meetings, barriers }

/// Long enough for another thread to have fallen asleep.
fn moment() {
    std::thread::sleep(Duration::from_millis(50));
}

fn spawn<T: Send + 'static>(name: &str, run: impl FnOnce() -> T + Send + 'static) -> thread::JoinHandle<T> {
    thread::Builder::new().name(name.into()).spawn(run).unwrap()
}

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
    hangs("one_short", "deadlock: `start line`: `main` and `other` wait, and no thread is left that could end it", &[]);
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

fn panics() {
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
    let watched = watch("panics", &variables);
    assert_eq!(watched.status.and_then(|status| status.code()), Some(5), "{}", watched.stderr);
    assert_eq!(watched::complaint(&trace), None);
}

const ROUNDS: usize = 1_000;

/// At every moment one of the two waits or is about to.
fn traffic() {
    let (to, from) = channel();
    let (back, answers) = sync_channel(1);
    let other = thread::spawn(move || {
        for number in from {
            back.send(number).unwrap();
            back.send(number).unwrap();
        }
    });
    for number in 0..ROUNDS {
        to.send(number).unwrap();
        assert_eq!((answers.recv(), answers.recv()), (Ok(number), Ok(number)));
    }
    drop(to);
    other.join().unwrap();
}

#[test]
fn traffic_is_no_deadlock() {
    is_silent("traffic");
}

/// Both sides of a rendezvous may be about to wait at once.
fn meetings() {
    let (to, from) = sync_channel(0);
    let other = {
        let to = to.clone();
        thread::spawn(move || (0..ROUNDS).for_each(|number| to.send(number).unwrap()))
    };
    let third = thread::spawn(move || (0..ROUNDS).for_each(|number| to.send(number).unwrap()));
    assert_eq!(from.iter().count(), 2 * ROUNDS);
    other.join().unwrap();
    third.join().unwrap();
}

#[test]
fn a_rendezvous_is_no_deadlock() {
    is_silent("meetings");
}

fn barriers() {
    let barrier = Barrier::new(3);
    thread::scope(|s| {
        for _ in 0..3 {
            s.spawn(|| (0..ROUNDS).filter(|_| barrier.wait().is_leader()).count());
        }
    });
}

#[test]
fn a_barrier_that_opens_is_no_deadlock() {
    is_silent("barriers");
}
