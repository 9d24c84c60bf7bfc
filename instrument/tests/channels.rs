//! Channels and barriers behave like std's, recorded or not: what a user of std may rely on.
#![forbid(unsafe_code)]

#[cfg(feature = "record")]
mod again;

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use lockhound::sync::mpsc::{
    self, Receiver, RecvError, RecvTimeoutError, SendError, Sender, SyncSender, TryRecvError, TrySendError,
};
use lockhound::sync::{Arc, Barrier};
use lockhound::{named, thread};

#[test]
fn debug_output_is_that_of_std() {
    let (tx, rx) = mpsc::channel::<i32>();
    let (sync_tx, _sync_rx) = mpsc::sync_channel::<i32>(1);
    let (std_tx, std_rx) = std::sync::mpsc::channel::<i32>();
    let (std_sync_tx, _std_sync_rx) = std::sync::mpsc::sync_channel::<i32>(1);
    assert_eq!(format!("{tx:?} {sync_tx:?}"), format!("{std_tx:?} {std_sync_tx:?}"));
    assert_eq!(format!("{rx:#?}"), format!("{std_rx:#?}"));
    assert_eq!(format!("{:?}", rx.iter()), format!("{:?}", std_rx.iter()));
    assert_eq!(format!("{:?}", rx.try_iter()), format!("{:?}", std_rx.try_iter()));
    assert_eq!(format!("{:?}", rx.into_iter()), format!("{:?}", std_rx.into_iter()));
    let (ours, theirs) = (Barrier::new(1), std::sync::Barrier::new(1));
    assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
    assert_eq!(format!("{:?}", ours.wait()), format!("{:?}", theirs.wait()));
}

#[test]
fn errors_are_those_of_std() {
    let (tx, rx) = mpsc::sync_channel(0);
    let full: std::sync::mpsc::TrySendError<i32> = tx.try_send(1).unwrap_err();
    assert_eq!(full, TrySendError::Full(1));
    let empty: std::sync::mpsc::TryRecvError = rx.try_recv().unwrap_err();
    assert_eq!(empty, TryRecvError::Empty);
    assert_eq!(rx.recv_timeout(Duration::from_millis(1)), Err(RecvTimeoutError::Timeout));
    drop(tx);
    assert_eq!(rx.recv(), Err(RecvError));
    let (tx, rx) = mpsc::channel();
    drop(rx);
    assert_eq!(tx.send(1), Err(SendError(1)));
}

#[test]
fn a_receive_with_a_time_out_waits_that_long_and_no_longer_than_it_must() {
    let (tx, rx) = mpsc::channel();
    let start = Instant::now();
    assert_eq!(rx.recv_timeout(Duration::from_millis(30)), Err(RecvTimeoutError::Timeout));
    assert!(start.elapsed() >= Duration::from_millis(30));
    let sender = thread::spawn(move || {
        thread::sleep(Duration::from_millis(5));
        tx.send(1).unwrap();
    });
    assert_eq!(rx.recv_timeout(Duration::from_secs(60)), Ok(1));
    assert!(start.elapsed() < Duration::from_secs(60));
    sender.join().unwrap();
}

#[test]
fn a_sender_may_be_shared() {
    let (tx, rx) = mpsc::channel();
    thread::scope(|s| {
        for n in 0..4 {
            let tx = &tx;
            s.spawn(move || tx.send(n).unwrap());
        }
    });
    assert_eq!(rx.try_iter().collect::<HashSet<_>>(), HashSet::from([0, 1, 2, 3]));
}

#[test]
fn a_receiver_may_move_between_threads() {
    let (tx, rx) = mpsc::channel();
    let rx = thread::spawn(move || {
        assert_eq!(rx.recv(), Ok(1));
        rx
    });
    tx.send(1).unwrap();
    let rx = rx.join().unwrap();
    tx.send(2).unwrap();
    assert_eq!(rx.recv(), Ok(2));
}

#[test]
fn ends_may_be_forgotten() {
    let (tx, rx) = mpsc::sync_channel(1);
    std::mem::forget(tx.clone());
    drop(tx);
    assert_eq!(rx.try_recv(), Err::<i32, _>(TryRecvError::Empty), "there is a sender left");
}

#[test]
fn channels_travel_through_channels() {
    let (tx, rx) = mpsc::channel::<SyncSender<Sender<&'static str>>>();
    let answerer = thread::spawn(move || {
        for request in rx {
            let (tx, rx): (_, Receiver<&str>) = mpsc::channel();
            request.send(tx).unwrap();
            assert_eq!(rx.recv(), Ok("hello"));
        }
    });
    let (mine, answers) = mpsc::sync_channel(0);
    tx.send(mine).unwrap();
    answers.recv().unwrap().send("hello").unwrap();
    drop(tx);
    answerer.join().unwrap();
}

#[test]
fn thread_locals_may_send_when_they_are_dropped() {
    struct Last(SyncSender<&'static str>);
    impl Drop for Last {
        fn drop(&mut self) {
            self.0.send("on being dropped").unwrap();
            self.0.send("once more").unwrap();
        }
    }
    lockhound::thread_local!(static LAST: std::cell::OnceCell<Last> = const { std::cell::OnceCell::new() });
    let (tx, rx) = mpsc::sync_channel(0);
    let thread = thread::spawn(move || LAST.with(|last| last.set(Last(tx)).is_ok()));
    assert_eq!(rx.into_iter().collect::<Vec<_>>(), ["on being dropped", "once more"]);
    assert!(thread.join().unwrap());
}

#[test]
fn each_generation_of_a_barrier_has_one_leader() {
    static BARRIER: Barrier = named::barrier("meeting", 4);
    let leaders = Arc::new(AtomicUsize::new(0));
    let arrived = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (leaders, arrived) = (Arc::clone(&leaders), Arc::clone(&arrived));
            thread::spawn(move || {
                for round in 1..=100 {
                    arrived.fetch_add(1, Ordering::SeqCst);
                    if BARRIER.wait().is_leader() {
                        leaders.fetch_add(1, Ordering::SeqCst);
                    }
                    assert!(arrived.load(Ordering::SeqCst) >= 4 * round, "all have arrived");
                    BARRIER.wait();
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(leaders.load(Ordering::SeqCst), 100);
}

/// Where every channel is one of our own.
#[cfg(feature = "record")]
#[test]
fn all_of_this_holds_when_recorded() {
    if let Some(operations) = again::recorded() {
        assert!(operations.iter().filter(|op| matches!(op, lockhound_trace::Op::Send { .. })).count() > 10);
    }
}
