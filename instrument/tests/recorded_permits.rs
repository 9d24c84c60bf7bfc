//! What semaphores and events write: each test runs itself again in a process that records, and reads the trace.
#![cfg(feature = "record")]
#![forbid(unsafe_code)]

mod recording;

use std::time::Duration;

use lockhound::sync::{Event, Overfull, Semaphore};
use lockhound::{named, thread};
use recording::{events, events_of_hung, in_order, sites};

/// A thread with a name.
fn start(name: &str, run: impl FnOnce() + Send + 'static) -> thread::JoinHandle<()> {
    thread::Builder::new().name(name.to_owned()).spawn(run).unwrap()
}

/// Long enough for another thread to get where it waits; no outcome depends on it.
fn pause() {
    thread::sleep(Duration::from_millis(200));
}

#[test]
fn permits_are_taken_in_every_way_and_come_back() {
    let run = || {
        let sem = named::semaphore("sem", 3);
        let two = sem.acquire_many(2);
        let one = sem.try_acquire().unwrap();
        assert!(sem.try_acquire().is_none());
        assert!(sem.acquire_timeout(Duration::from_millis(1)).is_none());
        drop(two);
        one.forget();
        let timed = sem.acquire_timeout(Duration::from_secs(60)).unwrap();
        sem.release(4).unwrap();
        drop(timed);
        assert_eq!(sem.acquire_many(0).permits(), 0);
        assert_eq!(sem.available(), 6);
    };
    events(
        "permits_are_taken_in_every_way_and_come_back",
        run,
        "acquire sem 2, acquire sem 1 try, try_failed sem, try_failed sem, release sem 2,
         acquire sem 1 timed, release sem 4, release sem 1",
    );
}

#[test]
fn a_release_beyond_the_bound_is_a_refused_one() {
    let run = || {
        let sem = named::bounded_semaphore("sem", 1);
        assert_eq!(sem.release(1), Err(Overfull));
        let held = sem.acquire();
        sem.release(1).unwrap();
        drop(held);
        assert_eq!(sem.available(), 1);
    };
    events(
        "a_release_beyond_the_bound_is_a_refused_one",
        run,
        "refused release sem 1, acquire sem 1, release sem 1, refused release sem 1",
    );
}

static GATE: Semaphore = named::semaphore("gate", 0);
static READY: Event = named::event("ready");

#[test]
fn threads_that_wait_are_let_in() {
    let run = || {
        let waiters = ["a", "b"].map(|name| start(name, || GATE.acquire().forget()));
        pause();
        GATE.release(2).unwrap();
        waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
    };
    events(
        "threads_that_wait_are_let_in",
        run,
        "spawn a, spawn b, release gate 2, join a, join b
         a: start, acquire gate 1, exit
         b: start, acquire gate 1, exit",
    );
}

#[test]
fn who_is_never_let_in_is_seen_to_wait() {
    let run = || {
        let waiter = start("a", || GATE.acquire_many(2).forget());
        let other = start("b", || READY.wait());
        waiter.join().unwrap();
        other.join().unwrap();
    };
    // The waits of threads that go on are left out, so these are all that is not the last event.
    events_of_hung(
        "who_is_never_let_in_is_seen_to_wait",
        run,
        "spawn a, spawn b, block join a
         a: start, block acquire gate 2
         b: start, block await ready",
    );
}

#[test]
fn an_event_is_set_found_set_and_cleared() {
    let run = || {
        let event = named::event("event");
        assert!(!event.is_set() && !event.wait_timeout(Duration::from_millis(1)));
        event.set();
        event.wait();
        assert!(event.is_set() && event.wait_timeout(Duration::ZERO));
        event.clear();
    };
    events(
        "an_event_is_set_found_set_and_cleared",
        run,
        "load is_set Acquire Bool(false), load is_set Acquire Bool(false), set event, store is_set Release Bool(true),
         await event, load is_set Acquire Bool(true), load is_set Acquire Bool(true),
         clear event, store is_set Release Bool(false)",
    );
}

/// The recording says that they went on before the event was cleared.
#[test]
fn a_pulse_lets_go_whoever_waits() {
    let run = || {
        let waiters = ["a", "b", "c"].map(|name| start(name, || READY.wait()));
        pause();
        READY.set();
        READY.clear();
        // Whoever came too late.
        READY.set();
        waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
    };
    events(
        "a_pulse_lets_go_whoever_waits",
        run,
        "spawn a, spawn b, spawn c, set ready, store is_set Release Bool(true), clear ready,
         store is_set Release Bool(false), set ready, store is_set Release Bool(true), join a, join b, join c
         a: start, await ready, exit
         b: start, await ready, exit
         c: start, await ready, exit",
    );
}

/// A crowd on two semaphores and an event: the trace is one that its objects allow.
#[test]
fn what_a_crowd_does_is_possible() {
    let run = || {
        let (lanes, event) = (named::bounded_semaphore("lanes", 3), named::event("event"));
        thread::scope(|s| {
            for thread in 0..6_usize {
                let (lanes, event) = (&lanes, &event);
                s.spawn(move || {
                    for round in 0..200_usize {
                        let n = 1 + (thread + round) % 3;
                        match (thread + round) % 4 {
                            0 => drop(lanes.try_acquire_many(n)),
                            1 => drop(lanes.acquire_many_timeout(n, Duration::from_micros(20))),
                            _ => drop(lanes.acquire_many(n)),
                        }
                        match (thread * 7 + round) % 5 {
                            0 => event.set(),
                            1 => event.clear(),
                            2 => drop(event.is_set()),
                            _ => drop(event.wait_timeout(Duration::from_micros(20))),
                        }
                    }
                });
            }
        });
        assert_eq!(lanes.available(), 3);
    };
    if let Some(recorded) = in_order("what_a_crowd_does_is_possible", run) {
        assert!(recorded.iter().filter(|event| event.what.starts_with("acquire lanes")).count() >= 6 * 100);
    }
}

#[test]
fn each_event_has_the_place_of_its_call() {
    let run = || {
        let (sem, event) = (named::semaphore("sem", 1), named::event("event"));
        sem.acquire().forget();
        sem.release(1).unwrap();
        event.set();
        event.wait();
        event.clear();
    };
    let first = line!() - 7;
    let Some(sites) = sites("each_event_has_the_place_of_its_call", run) else { return };
    let lines = [("acquire sem 1", 2), ("release sem 1", 3), ("set event", 4), ("await event", 5), ("clear event", 6)];
    for (what, line) in lines {
        let (_, site) = sites.iter().find(|(event, _)| event == what).unwrap_or_else(|| panic!("no {what}: {sites:?}"));
        let place = format!("recorded_permits.rs:{}:", first + line - 1);
        assert!(site.contains(&place), "{what} at {site}, not {place}");
    }
}
