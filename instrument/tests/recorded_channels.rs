//! What channels and barriers write: each test runs itself again in a process that records, and reads the trace.
#![cfg(feature = "record")]
#![forbid(unsafe_code)]

mod recording;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lockhound::sync::mpsc::{
    RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError, channel, sync_channel,
};
use lockhound::sync::{Arc, Barrier};
use lockhound::{named, thread};
use recording::{events, events_of_hung, sites};

/// A thread with a name.
fn start(name: &str, run: impl FnOnce() + Send + 'static) -> thread::JoinHandle<()> {
    thread::Builder::new().name(name.to_owned()).spawn(run).unwrap()
}

/// Long enough for another thread to get where it waits; where it matters to an outcome, tests do not depend on it.
fn pause() {
    thread::sleep(Duration::from_millis(200));
}

#[test]
fn messages_are_numbered_and_the_end_is_seen() {
    let run = || {
        let (tx, rx) = named::channel("q");
        tx.send('a').unwrap();
        tx.send('b').unwrap();
        assert_eq!(rx.recv(), Ok('a'));
        drop(tx);
        assert_eq!(rx.recv(), Ok('b'));
        assert_eq!(rx.recv(), Err(RecvError));
    };
    events(
        "messages_are_numbered_and_the_end_is_seen",
        run,
        "send q 0, send q 1, recv q 0, close q, recv q 1, recv q closed",
    );
}

#[test]
fn two_senders_and_their_ends() {
    let run = || {
        let (tx, rx) = named::channel("q");
        let other = tx.clone();
        start("a", move || other.send(1).unwrap()).join().unwrap();
        start("b", move || tx.send(2).unwrap()).join().unwrap();
        assert_eq!(rx.iter().collect::<Vec<_>>(), [1, 2]);
    };
    events(
        "two_senders_and_their_ends",
        run,
        "add 1, spawn a, join a, spawn b, join b, recv q 0, recv q 1, recv q closed, await senders
         a: start, send q 0, done 1, exit
         b: start, send q 1, done 1, close q, exit",
    );
}

#[test]
fn a_receiver_takes_what_is_left_with_it() {
    let run = || {
        let (tx, rx) = named::sync_channel("q", 3);
        tx.send("left").unwrap();
        tx.send("behind").unwrap();
        drop(rx);
        assert_eq!(tx.send("late"), Err(SendError("late")));
        assert_eq!(tx.try_send("later"), Err(TrySendError::Disconnected("later")));
    };
    events(
        "a_receiver_takes_what_is_left_with_it",
        run,
        "send q 0, send q 1, close q, recv q 0, recv q 1, try_send_failed q, try_send_failed q",
    );
}

#[test]
fn tries_that_fail_and_tries_that_do_not() {
    let run = || {
        let (tx, rx) = named::sync_channel("q", 1);
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        tx.try_send(1).unwrap();
        assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)));
        assert_eq!(rx.try_iter().collect::<Vec<_>>(), [1]);
        assert_eq!(rx.recv_timeout(Duration::ZERO), Err(RecvTimeoutError::Timeout));
        tx.send(3).unwrap();
        assert_eq!(rx.recv_timeout(Duration::MAX), Ok(3));
        drop(tx);
        assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
        assert_eq!(rx.recv_timeout(Duration::ZERO), Err(RecvTimeoutError::Disconnected));
    };
    events(
        "tries_that_fail_and_tries_that_do_not",
        run,
        "try_recv_failed q, send q 0, try_send_failed q, recv q 0, try_recv_failed q, try_recv_failed q,
         send q 1, recv q 1, close q, recv q closed, recv q closed",
    );
}

#[test]
fn a_full_channel_keeps_its_sender_waiting() {
    let run = || {
        let (tx, rx) = named::sync_channel("q", 1);
        let sender = start("sender", move || (0..3).for_each(|n| tx.send(n).unwrap()));
        pause();
        assert_eq!(rx.into_iter().collect::<Vec<_>>(), [0, 1, 2]);
        sender.join().unwrap();
    };
    events(
        "a_full_channel_keeps_its_sender_waiting",
        run,
        "spawn sender, recv q 0, recv q 1, recv q 2, recv q closed, join sender
         sender: start, send q 0, send q 1, send q 2, close q, exit",
    );
}

#[test]
fn a_rendezvous_serves_two_senders_in_turn() {
    let run = || {
        let (tx, rx) = named::sync_channel("q", 0);
        assert_eq!(tx.try_send('x'), Err(TrySendError::Full('x')));
        let other = tx.clone();
        let a = start("a", move || other.send('a').unwrap());
        pause();
        let b = start("b", move || tx.send('b').unwrap());
        pause();
        assert_eq!(rx.recv(), Ok('a'));
        a.join().unwrap();
        assert_eq!(rx.recv(), Ok('b'));
        b.join().unwrap();
    };
    events(
        "a_rendezvous_serves_two_senders_in_turn",
        run,
        "try_send_failed q, add 1, spawn a, spawn b, try_recv_failed q, recv q 0, join a,
         try_recv_failed q, recv q 1, join b
         a: start, send q 0, done 1, exit
         b: start, send q 1, done 1, close q, exit",
    );
}

#[test]
fn a_blocked_send_fails_when_the_receiver_goes() {
    let run = || {
        let (tx, rx) = named::sync_channel("q", 0);
        let sender = start("sender", move || assert_eq!(tx.send(1), Err(SendError(1))));
        pause();
        drop(rx);
        sender.join().unwrap();
    };
    events(
        "a_blocked_send_fails_when_the_receiver_goes",
        run,
        "spawn sender, close q, join sender
         sender: start, try_send_failed q, exit",
    );
}

#[test]
fn a_receive_under_the_lock_that_the_sender_wants_ends_in_two_blocks() {
    let run = || {
        let (tx, rx) = named::channel("q");
        let state = Arc::new(named::mutex("state", 0));
        let held = state.lock().unwrap();
        let wanted = Arc::clone(&state);
        start("sender", move || {
            let number = *wanted.lock().unwrap();
            tx.send(number).unwrap();
        });
        rx.recv().unwrap();
        drop(held);
    };
    events_of_hung(
        "a_receive_under_the_lock_that_the_sender_wants_ends_in_two_blocks",
        run,
        "acquire state, spawn sender, block recv q
         sender: start, block acquire state",
    );
}

#[test]
fn sends_that_wait_for_ever_end_in_a_block() {
    let run = || {
        let (full, keep) = named::sync_channel("full", 1);
        let (met, keep_too) = named::sync_channel("met", 0);
        full.send(0).unwrap();
        let a = start("a", move || full.send(1).unwrap());
        let b = start("b", move || met.send(1).unwrap());
        a.join().unwrap();
        b.join().unwrap();
        drop((keep, keep_too));
    };
    events_of_hung(
        "sends_that_wait_for_ever_end_in_a_block",
        run,
        "send full 0, spawn a, spawn b, block join a
         a: start, block send full
         b: start, block send met",
    );
}

#[test]
fn a_barrier_is_passed_after_all_have_arrived() {
    let run = || {
        let barrier = Arc::new(named::barrier("b", 2));
        let other = Arc::clone(&barrier);
        let thread = start("other", move || {
            for _ in 0..2 {
                other.wait();
            }
        });
        let leaders = [barrier.wait(), barrier.wait()];
        assert_eq!(leaders.len(), 2);
        thread.join().unwrap();
    };
    events(
        "a_barrier_is_passed_after_all_have_arrived",
        run,
        "spawn other, arrive b, pass b, arrive b, pass b, join other
         other: start, arrive b, pass b, arrive b, pass b, exit",
    );
}

#[test]
fn barriers_of_none_and_one_let_everybody_through() {
    let run = || {
        let (none, one) = (named::barrier("none", 0), named::barrier("one", 1));
        assert!(none.wait().is_leader() && one.wait().is_leader() && one.wait().is_leader());
    };
    events(
        "barriers_of_none_and_one_let_everybody_through",
        run,
        "arrive none, pass none, arrive one, pass one, arrive one, pass one",
    );
}

#[test]
fn a_barrier_that_lacks_one_ends_in_blocks() {
    let run = || {
        let barrier = Arc::new(named::barrier("b", 3));
        let other = Arc::clone(&barrier);
        start("other", move || assert!(!other.wait().is_leader()));
        barrier.wait();
    };
    events_of_hung(
        "a_barrier_that_lacks_one_ends_in_blocks",
        run,
        "spawn other, arrive b, block pass b
         other: start, arrive b, block pass b",
    );
}

#[test]
fn every_event_has_the_place_of_the_users_call() {
    let run = || {
        let (tx, rx) = channel();
        let (tx2, rx2) = sync_channel(1);
        let also = tx.clone();
        tx.send(1).unwrap();
        tx2.send(1).unwrap();
        assert!(tx2.try_send(2).is_err());
        assert!(rx2.recv().is_ok() && rx2.try_recv().is_err());
        assert!(rx2.recv_timeout(Duration::ZERO).is_err());
        let message = rx.iter().map(|n| n + 1).next();
        assert_eq!(message, Some(2));
        drop((tx, also));
        assert_eq!(rx.into_iter().count(), 0);
        Barrier::new(1).wait();
    };
    let Some(sites) = sites("every_event_has_the_place_of_the_users_call", run) else { return };
    assert!(sites.len() >= 14, "{sites:?}");
    for (event, site) in sites {
        assert!(site.contains("tests/recorded_channels.rs:"), "{event} at {site}");
    }
}

/// Every way to send and to receive at once, and a receiver that goes while senders are busy.
#[test]
fn whatever_happens_is_possible() {
    let run = || {
        for capacity in [0, 1, 5] {
            let (tx, rx) = sync_channel(capacity);
            let senders: Vec<_> = (0..3)
                .map(|me| {
                    let tx = tx.clone();
                    thread::spawn(move || {
                        for number in 0..200 {
                            if number % 3 == me && tx.try_send(number).is_ok() {
                                continue;
                            }
                            if tx.send(number).is_err() {
                                return;
                            }
                        }
                    })
                })
                .collect();
            drop(tx);
            for round in 0..450 {
                match round % 3 {
                    0 => assert!(rx.recv().is_ok()),
                    1 => assert_ne!(rx.try_recv(), Err(TryRecvError::Disconnected)),
                    _ => assert_ne!(rx.recv_timeout(Duration::from_micros(20)), Err(RecvTimeoutError::Disconnected)),
                }
            }
            drop(rx);
            senders.into_iter().for_each(|sender| sender.join().unwrap());
        }
        let (tx, rx) = channel();
        let senders: Vec<_> = (0..3)
            .map(|_| {
                let tx = tx.clone();
                thread::spawn(move || (0..300).all(|number| tx.clone().send(number).is_ok()))
            })
            .collect();
        drop(tx);
        assert_eq!(rx.iter().count(), 900);
        senders.into_iter().for_each(|sender| assert!(sender.join().unwrap()));
    };
    let Some(sites) = sites("whatever_happens_is_possible", run) else { return };
    let count = |what: &str| sites.iter().filter(|(event, _)| event.starts_with(what)).count();
    assert!(count("send") > 1000 && count("recv") > 1000, "{} {}", count("send"), count("recv"));
}

#[test]
fn generations_of_a_crowded_barrier_do_not_mix() {
    let run = || {
        // Whoever is left waits for no more than the others still owe.
        let (barrier, turns) = (Barrier::new(2), AtomicUsize::new(0));
        thread::scope(|s| {
            for _ in 0..5 {
                s.spawn(|| {
                    while turns.fetch_add(1, Ordering::Relaxed) < 1000 {
                        barrier.wait();
                    }
                });
            }
        });
    };
    let Some(sites) = sites("generations_of_a_crowded_barrier_do_not_mix", run) else { return };
    assert_eq!(sites.iter().filter(|(event, _)| event.starts_with("pass")).count(), 1000);
}
