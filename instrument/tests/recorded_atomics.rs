//! What the atomics and once-initialisers write: each test runs itself again in a process that records, and reads the trace.
#![cfg(feature = "record")]
#![forbid(unsafe_code)]

mod recording;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Barrier;
use std::time::Duration;

use lockhound::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use lockhound::sync::atomic::{AtomicBool, AtomicI8, AtomicPtr, AtomicU64, AtomicUsize, fence};
use lockhound::sync::{LazyLock, Once, OnceLock};
use lockhound::{named, thread};
use recording::{Recorded, events, events_of_hung, in_order, sites};

/// The kind of an event on an unnamed object, without the object's place.
fn bare(what: &str) -> String {
    let words = what.split(' ').filter(|word| !word.contains(".rs:") && !matches!(*word, "atomic" | "once"));
    words.collect::<Vec<_>>().join(" ")
}

/// The events of the thread called `thread`, without places of objects, and without joins that had to wait.
fn of(recorded: &[Recorded], thread: &str) -> Vec<String> {
    let events = recorded.iter().filter(|event| event.thread == thread && !event.what.starts_with("block join"));
    events.map(|event| bare(&event.what)).collect()
}

fn count(recorded: &[Recorded], prefix: &str) -> usize {
    recorded.iter().filter(|event| event.what.starts_with(prefix)).count()
}

fn named_thread(name: &str) -> thread::Builder {
    thread::Builder::new().name(name.into())
}

#[test]
fn each_access_says_its_order_and_value() {
    let run = || {
        let n = AtomicI8::new(1);
        n.store(-2, Release);
        assert_eq!(n.load(Acquire), -2);
        assert_eq!(n.swap(3, AcqRel), -2);
        assert_eq!(n.fetch_add(4, Relaxed), 3);
        assert_eq!(n.fetch_max(100, SeqCst), 7);
        let flag = AtomicBool::new(false);
        assert!(!flag.fetch_not(Relaxed));
        assert!(flag.fetch_nand(true, Acquire));
        let nothing = AtomicPtr::<u8>::default();
        assert!(nothing.load(SeqCst).is_null());
    };
    let Some(recorded) = in_order("each_access_says_its_order_and_value", run) else { return };
    let expected = [
        "store Release Int(-2)",
        "load Acquire Int(-2)",
        "rmw AcqRel Int(3)",
        "rmw Relaxed Int(7)",
        "rmw SeqCst Int(100)",
        "rmw Relaxed Bool(true)",
        "rmw Acquire Bool(false)",
        "load SeqCst Int(0)",
    ];
    assert_eq!(of(&recorded, ""), expected);
}

#[test]
fn a_compare_exchange_is_an_update_or_a_load() {
    let run = || {
        let n = AtomicU64::new(1);
        assert_eq!(n.compare_exchange(1, u64::MAX, AcqRel, Relaxed), Ok(1));
        assert_eq!(n.compare_exchange(1, 3, AcqRel, Acquire), Err(u64::MAX));
        while n.compare_exchange_weak(u64::MAX, 5, Release, Relaxed).is_err() {}
        assert_eq!(n.fetch_update(SeqCst, Relaxed, |n| n.checked_add(1)), Ok(5));
        assert_eq!(n.try_update(SeqCst, Acquire, |_| None), Err(6));
        assert_eq!(n.update(Relaxed, Relaxed, |n| n * 2), 6);
    };
    let Some(recorded) = in_order("a_compare_exchange_is_an_update_or_a_load", run) else { return };
    let expected = [
        "rmw AcqRel Big(18446744073709551615) cas",
        "load Acquire Big(18446744073709551615) cas",
        "rmw Release Int(5) cas",
        "load Relaxed Int(5)",
        "rmw SeqCst Int(6) cas",
        "load Acquire Int(6)",
        "load Relaxed Int(6)",
        "rmw Relaxed Int(12) cas",
    ];
    assert_eq!(of(&recorded, ""), expected);
}

#[test]
fn updates_by_two_threads_are_all_there_in_their_order() {
    const EACH: u64 = 100_000;
    let run = || {
        let total = AtomicU64::new(0);
        thread::scope(|s| {
            for name in ["a", "b"] {
                let add = || {
                    for _ in 0..EACH {
                        total.fetch_add(1, Relaxed);
                    }
                };
                named_thread(name).spawn_scoped(s, add).unwrap();
            }
        });
        assert_eq!(total.into_inner(), 2 * EACH);
    };
    let Some(recorded) = in_order("updates_by_two_threads_are_all_there_in_their_order", run) else { return };
    let mut next = 0;
    let mut by_thread: BTreeMap<&str, u64> = BTreeMap::new();
    for event in recorded.iter().filter(|event| event.what.starts_with("rmw")) {
        next += 1;
        assert_eq!(bare(&event.what), format!("rmw Relaxed Int({next})"));
        *by_thread.entry(&event.thread).or_default() += 1;
    }
    assert_eq!(by_thread, BTreeMap::from([("a", EACH), ("b", EACH)]));
}

#[test]
fn waiting_for_a_value_by_looking_at_it_records_each_value_once() {
    let run = || {
        let (ready, turns) = (AtomicBool::new(false), AtomicUsize::new(0));
        thread::scope(|s| {
            for name in ["a", "b"] {
                let wait = || {
                    while !ready.load(Acquire) {
                        assert!(turns.load(Relaxed) < 4);
                        std::hint::spin_loop();
                    }
                };
                named_thread(name).spawn_scoped(s, wait).unwrap();
            }
            for turn in 1..4 {
                thread::sleep(Duration::from_millis(30));
                turns.store(turn, Relaxed);
            }
            ready.store(true, Release);
        });
    };
    let Some(recorded) = in_order("waiting_for_a_value_by_looking_at_it_records_each_value_once", run) else { return };
    for name in ["a", "b"] {
        let events = of(&recorded, name);
        // `ready`, then `turns` for each of its four values: no other event of this thread interrupts its waiting.
        let turns: Vec<_> = events.iter().filter(|event| event.contains("Int")).collect();
        assert!(turns.len() <= 4 && turns.is_sorted(), "{name}: {events:?}");
        assert!(events.len() <= 8, "{name}: {events:?}");
        assert_eq!(events[events.len() - 2..], ["load Acquire Bool(true)", "exit"], "{name}");
    }
}

#[test]
fn waiting_for_a_value_by_exchanging_it_records_each_value_once() {
    let run = || {
        let lock = AtomicBool::new(true);
        thread::scope(|s| {
            for name in ["a", "b"] {
                let wait = || {
                    while lock.compare_exchange(false, true, Acquire, Relaxed).is_err() {
                        std::hint::spin_loop();
                    }
                    lock.store(false, Release);
                };
                named_thread(name).spawn_scoped(s, wait).unwrap();
            }
            thread::sleep(Duration::from_millis(50));
            lock.store(false, Release);
        });
    };
    let Some(recorded) = in_order("waiting_for_a_value_by_exchanging_it_records_each_value_once", run) else { return };
    for name in ["a", "b"] {
        let events = of(&recorded, name);
        assert!(events.len() <= 7, "{name}: {events:?}");
        let last = &events[events.len() - 3..];
        assert_eq!(last, ["rmw Acquire Bool(true) cas", "store Release Bool(false)", "exit"], "{name}");
    }
}

#[test]
fn a_look_after_any_other_event_is_recorded_again() {
    let run = || {
        let (n, other) = (AtomicUsize::new(0), named::shared("other", 0));
        for _ in 0..2 {
            for _ in 0..10 {
                n.load(Relaxed);
            }
            other.get();
        }
        for _ in 0..2 {
            n.load(Relaxed);
            n.fetch_or(0, Relaxed);
        }
    };
    let Some(recorded) = in_order("a_look_after_any_other_event_is_recorded_again", run) else { return };
    let look = "load Relaxed Int(0)";
    let (shared, update) = ("read other Int(0)", "rmw Relaxed Int(0)");
    assert_eq!(of(&recorded, ""), [look, shared, look, shared, look, update, look, update]);
}

#[test]
fn a_look_after_an_exclusive_write_is_recorded_again() {
    let run = || {
        let mut n = AtomicUsize::new(0);
        for _ in 0..3 {
            n.load(Relaxed);
            *n.get_mut() += 1;
        }
    };
    let Some(recorded) = in_order("a_look_after_an_exclusive_write_is_recorded_again", run) else { return };
    assert_eq!(of(&recorded, ""), ["load Relaxed Int(0)", "load Relaxed Int(1)", "load Relaxed Int(2)"]);
}

#[test]
fn fences_make_releases_and_acquires_of_the_accesses_around_them() {
    let run = || {
        let n = AtomicUsize::new(0);
        n.store(1, Relaxed);
        n.load(Relaxed);
        n.fetch_add(1, Release);
        fence(Acquire);
        n.fetch_add(1, Relaxed);
        fence(Release);
        n.store(2, Relaxed);
        n.fetch_add(1, Acquire);
        n.load(Relaxed);
        fence(SeqCst);
    };
    let Some(recorded) = in_order("fences_make_releases_and_acquires_of_the_accesses_around_them", run) else { return };
    let expected = [
        "store Relaxed Int(1)",
        "load Acquire Int(1)",
        "rmw AcqRel Int(2)",
        "rmw fence Acquire",
        "rmw Acquire Int(3)",
        "rmw fence Release",
        "store Release Int(2)",
        "rmw AcqRel Int(3)",
        "load Acquire Int(3)",
        "rmw fence SeqCst",
    ];
    assert_eq!(of(&recorded, ""), expected);
}

#[test]
fn many_amended_loads_stay_within_their_chunks() {
    let run = || {
        let all: Vec<_> = (0..200).map(AtomicUsize::new).collect();
        for _ in 0..50 {
            for n in &all {
                n.load(Relaxed);
            }
            fence(Acquire);
        }
    };
    let Some(recorded) = in_order("many_amended_loads_stay_within_their_chunks", run) else { return };
    let acquired = recorded.iter().filter(|event| event.what.contains("Acquire Int")).count();
    assert_eq!(count(&recorded, "load"), 10_000);
    assert!((1_200..=1_600).contains(&acquired), "{acquired} of the 32 before each of 50 fences");
}

/// A sequence of numbers without end that looks random.
fn shuffled(mut state: u64) -> impl FnMut() -> u64 {
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    }
}

#[test]
fn the_trace_has_the_accesses_to_an_atomic_as_they_happened() {
    let run = || {
        let atomics = [AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0)];
        thread::scope(|s| {
            for seed in 0..4 {
                let (atomics, mut next) = (&atomics, shuffled(seed));
                s.spawn(move || {
                    for _ in 0..5_000 {
                        let (n, value) = (&atomics[next() as usize % 3], next() % 8);
                        match next() % 5 {
                            0 => n.store(value, Release),
                            1 => _ = n.compare_exchange(value, 7, Acquire, Relaxed),
                            2 => _ = n.fetch_update(AcqRel, Relaxed, |n| (n < 1_000).then_some(n + 1)),
                            3 => _ = n.swap(value, SeqCst),
                            _ => (0..next() % 4).for_each(|_| _ = n.load(Acquire)),
                        }
                    }
                });
            }
        });
    };
    let test = "the_trace_has_the_accesses_to_an_atomic_as_they_happened";
    let Some(recorded) = in_order(test, run) else { return };
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    for event in &recorded {
        let words: Vec<_> = event.what.split(' ').collect();
        let [op @ ("load" | "store" | "rmw"), "atomic", place, _, value, ..] = words[..] else { continue };
        let current = values.entry(place.to_owned()).or_insert_with(|| "Int(0)".into());
        if op == "load" {
            assert_eq!(current, value, "what was written last is what is loaded");
        } else {
            *current = value.to_owned();
        }
    }
    assert!(recorded.len() > 20_000, "{} events", recorded.len());
}

#[test]
fn one_thread_runs_a_once_and_all_others_come_after_it() {
    let run = || {
        let (once, together) = (Once::new(), Barrier::new(8));
        thread::scope(|s| {
            for number in 0..8 {
                let call = || {
                    together.wait();
                    for _ in 0..100 {
                        once.call_once(|| thread::sleep(Duration::from_millis(20)));
                    }
                    assert!(once.is_completed());
                };
                named_thread(&number.to_string()).spawn_scoped(s, call).unwrap();
            }
        });
    };
    let Some(recorded) = in_order("one_thread_runs_a_once_and_all_others_come_after_it", run) else { return };
    let runs = (0..8).map(|number| of(&recorded, &number.to_string())).filter(|events| {
        let events: Vec<_> = events.iter().filter(|event| !event.starts_with("block")).collect();
        let ran = events == ["start", "once_begin", "once_end", "exit"];
        assert!(ran || events == ["start", "await", "exit"], "{events:?}");
        ran
    });
    assert_eq!(runs.count(), 1);
    assert_eq!(count(&recorded, "block await"), 7);
}

/// A number that was published for the wait must not be taken for one that has had its run.
#[test]
fn who_waits_for_a_first_run_waits_for_the_one_that_comes() {
    const CELLS: usize = 2_000;
    let run = || {
        let cells: Vec<OnceLock<usize>> = std::iter::repeat_with(OnceLock::new).take(CELLS).collect();
        let together = Barrier::new(2);
        thread::scope(|s| {
            s.spawn(|| {
                for (index, cell) in cells.iter().enumerate() {
                    together.wait();
                    cell.set(index).expect("it is empty");
                }
            });
            s.spawn(|| {
                for (index, cell) in cells.iter().enumerate() {
                    together.wait();
                    assert_eq!(cell.wait(), &index);
                }
            });
        });
    };
    let Some(recorded) = in_order("who_waits_for_a_first_run_waits_for_the_one_that_comes", run) else { return };
    for what in ["once_begin", "once_end", "await"] {
        assert_eq!(count(&recorded, what), CELLS, "{what}");
    }
}

#[test]
fn a_lazy_static_is_a_once() {
    static WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| vec!["made", "when", "needed"]);
    let run = || {
        let read = || (0..1000).map(|_| WORDS.len()).sum::<usize>();
        assert_eq!(named_thread("first").spawn(read).unwrap().join().unwrap(), 3000);
        assert_eq!(read(), 3000);
        assert_eq!(LazyLock::get(&WORDS).map(Vec::len), Some(3));
    };
    let Some(recorded) = in_order("a_lazy_static_is_a_once", run) else { return };
    assert_eq!(of(&recorded, "first"), ["start", "once_begin", "once_end", "exit"]);
    assert_eq!(of(&recorded, ""), ["spawn first", "join first", "await"]);
}

#[test]
fn each_value_of_a_once_lock_is_a_once() {
    let run = || {
        let mut cell = OnceLock::new();
        assert!(cell.get().is_none());
        assert_eq!(cell.set(1), Ok(()));
        assert_eq!(cell.set(2), Err(2));
        assert_eq!(named_thread("a").spawn_scoped_wait(&cell), 1);
        assert_eq!(cell.take(), Some(1));
        assert_eq!(*cell.get_or_init(|| 3), 3);
        assert_eq!(named_thread("b").spawn_scoped_wait(&cell), 3);
        let copy = cell.clone();
        assert_eq!((copy.get(), cell.into_inner()), (Some(&3), Some(3)));
    };
    let Some(recorded) = in_order("each_value_of_a_once_lock_is_a_once", run) else { return };
    let expected = ["once_begin", "once_end", "spawn a", "join a", "once_begin", "once_end", "spawn b", "join b"];
    assert_eq!(of(&recorded, ""), expected);
    assert_eq!(of(&recorded, "a"), ["start", "await", "exit"]);
    assert_eq!(of(&recorded, "b"), ["start", "await", "exit"]);
}

trait SpawnScopedWait {
    fn spawn_scoped_wait(self, cell: &OnceLock<i32>) -> i32;
}

impl SpawnScopedWait for thread::Builder {
    fn spawn_scoped_wait(self, cell: &OnceLock<i32>) -> i32 {
        thread::scope(|s| self.spawn_scoped(s, || *cell.wait()).unwrap().join().unwrap())
    }
}

#[test]
fn a_wait_without_a_run_is_announced() {
    let run = || {
        let cell = OnceLock::new();
        thread::scope(|s| {
            named_thread("waiter").spawn_scoped(s, || assert_eq!(cell.wait(), &1)).unwrap();
            thread::sleep(Duration::from_millis(50));
            cell.set(1).unwrap();
        });
    };
    let Some(recorded) = in_order("a_wait_without_a_run_is_announced", run) else { return };
    assert_eq!(of(&recorded, "waiter"), ["start", "block await", "await", "exit"]);
    assert_eq!(of(&recorded, ""), ["spawn waiter", "once_begin", "once_end", "join waiter"]);
}

#[test]
fn a_run_that_panics_ends_and_the_next_is_another_once() {
    let run = || {
        let once = Once::new();
        let fails = || catch_unwind(AssertUnwindSafe(|| once.call_once(|| resume_unwind(Box::new(())))));
        assert!(fails().is_err());
        assert!(fails().is_err(), "poisoned: nothing runs");
        once.call_once_force(|state| assert!(state.is_poisoned()));
        once.call_once(|| unreachable!());
        let cell = OnceLock::new();
        assert!(catch_unwind(AssertUnwindSafe(|| cell.get_or_init(|| resume_unwind(Box::new(()))))).is_err());
        assert_eq!(cell.get_or_init(|| 1), &1);
        let lazy = LazyLock::<i32, _>::new(|| resume_unwind(Box::new(())));
        for _ in 0..2 {
            assert!(catch_unwind(AssertUnwindSafe(|| *lazy)).is_err());
        }
    };
    let Some(recorded) = in_order("a_run_that_panics_ends_and_the_next_is_another_once", run) else { return };
    let runs = ["once_begin", "once_end"].repeat(5);
    assert_eq!(of(&recorded, ""), runs);
}

#[test]
fn who_waited_for_a_run_that_panicked_may_run_the_next() {
    let run = || {
        let (cell, tries, together) = (OnceLock::new(), AtomicUsize::new(0), Barrier::new(4));
        thread::scope(|s| {
            for number in 0..4 {
                let get = || {
                    together.wait();
                    let make = || {
                        thread::sleep(Duration::from_millis(20));
                        assert!(tries.fetch_add(1, Relaxed) >= 2, "not yet");
                        7
                    };
                    let get = || catch_unwind(AssertUnwindSafe(|| *cell.get_or_init(make)));
                    assert_eq!(get().or_else(|_| get()).or_else(|_| get()).unwrap(), 7);
                };
                named_thread(&number.to_string()).spawn_scoped(s, get).unwrap();
            }
        });
    };
    let Some(recorded) = in_order("who_waited_for_a_run_that_panicked_may_run_the_next", run) else { return };
    assert_eq!((count(&recorded, "once_begin"), count(&recorded, "once_end")), (3, 3));
    let exits = recorded.iter().filter(|event| event.what == "exit").count();
    assert_eq!(exits, 4, "the trace is valid to its end");
}

/// The reader must not take the wait for over while the run is held up by an event of a third thread.
#[test]
fn a_wait_ends_after_the_run() {
    fn until(ready: &AtomicBool) {
        while !ready.load(Acquire) {
            thread::yield_now();
        }
    }
    let run = || {
        let (running, waiting, go) = (AtomicBool::new(false), AtomicBool::new(false), AtomicBool::new(false));
        let cell = OnceLock::new();
        let make = || {
            running.store(true, Release);
            until(&go);
        };
        let wait = || {
            until(&running);
            waiting.store(true, Release);
            cell.get_or_init(|| unreachable!());
        };
        thread::scope(|s| {
            named_thread("runner").spawn_scoped(s, || *cell.get_or_init(make)).unwrap();
            named_thread("waiter").spawn_scoped(s, wait).unwrap();
            until(&waiting);
            thread::sleep(Duration::from_millis(50));
            go.store(true, Release);
        });
    };
    let Some(recorded) = in_order("a_wait_ends_after_the_run", run) else { return };
    let waiter = of(&recorded, "waiter");
    assert_eq!(waiter[waiter.len() - 3..], ["block await", "await", "exit"]);
}

#[test]
fn an_initialiser_that_needs_itself_ends_in_a_block() {
    static LOOP: LazyLock<i32> = LazyLock::new(|| *LOOP + 1);
    let run = || drop(named_thread("stuck").spawn(|| *LOOP).unwrap().join());
    let place = place_of("an_initialiser_that_needs_itself_ends_in_a_block", "static LOOP");
    events_of_hung(
        "an_initialiser_that_needs_itself_ends_in_a_block",
        run,
        &format!(
            "spawn stuck, block join stuck
             stuck: start, once_begin once {place}, block await once {place}"
        ),
    );
}

#[test]
fn initialisers_that_need_each_other_end_in_blocks() {
    static A: OnceLock<i32> = OnceLock::new();
    static B: OnceLock<i32> = OnceLock::new();
    let run = || {
        let soon = || thread::sleep(Duration::from_millis(50));
        let b = move || {
            soon();
            *A.get_or_init(|| 1)
        };
        let other = named_thread("other").spawn(move || *B.get_or_init(b)).unwrap();
        let a = || {
            soon();
            *B.get_or_init(|| 2)
        };
        A.get_or_init(a);
        other.join().unwrap();
    };
    let place = |what| place_of("initialisers_that_need_each_other_end_in_blocks", what);
    let (a, b) = (place("static A:"), place("static B:"));
    events_of_hung(
        "initialisers_that_need_each_other_end_in_blocks",
        run,
        &format!(
            "spawn other, once_begin once {a}, block await once {b}
             other: start, once_begin once {b}, block await once {a}"
        ),
    );
}

/// Where `new()` is called on the line that has `what`, behind the function `test`.
fn place_of(test: &str, what: &str) -> String {
    let lines = include_str!("recorded_atomics.rs").lines().enumerate();
    let (number, line) = lines
        .skip_while(|(_, line)| !line.starts_with(&format!("fn {test}(")))
        .find(|(_, line)| line.contains(what))
        .unwrap();
    let column = line.find("= ").unwrap() + 3;
    format!("{}:{}:{column}", file!(), number + 1)
}

#[test]
fn a_plain_look_is_recorded_where_the_events_are_named() {
    let run = || {
        fence(Release);
        named::shared("x", 1).set(2);
    };
    events("a_plain_look_is_recorded_where_the_events_are_named", run, "rmw fence Release, write x Int(2)");
}

#[test]
fn every_event_has_the_place_of_the_users_call() {
    static LAZY: LazyLock<usize> = LazyLock::new(|| 3);
    let run = || {
        let (n, flag, p) = (AtomicUsize::new(0), AtomicBool::default(), AtomicPtr::from(std::ptr::null_mut::<i32>()));
        n.store(1, SeqCst);
        n.load(Relaxed);
        n.fetch_min(3, Relaxed);
        flag.fetch_and(true, Relaxed);
        p.swap(std::ptr::null_mut(), AcqRel);
        n.update(Relaxed, Relaxed, |n| n + *LAZY);
        let _ = n.compare_exchange_weak(7, 8, Relaxed, Relaxed);
        fence(AcqRel);
        let (once, cell) = (Once::new(), OnceLock::<i32>::default());
        once.call_once(|| ());
        once.wait();
        assert_eq!(cell.set(3), Ok(()));
        let looks = move || (LAZY.count_ones(), once.is_completed(), cell == cell.clone());
        thread::spawn(looks).join().unwrap();
    };
    let Some(sites) = sites("every_event_has_the_place_of_the_users_call", run) else { return };
    assert!(sites.len() > 20, "{sites:?}");
    for (event, site) in sites.iter().filter(|(event, _)| !event.starts_with("birth")) {
        assert!(site.contains("tests/recorded_atomics.rs:"), "{event} at {site}");
    }
    let births =
        sites.iter().filter(|(event, site)| event.starts_with("birth") && site.contains("recorded_atomics.rs"));
    assert!(births.count() >= 7, "{sites:?}");
}
