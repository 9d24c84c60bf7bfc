//! Strict mode: what it catches, where, with what words; and what it lets pass.
#![cfg(feature = "record")]
#![forbid(unsafe_code)]

mod panicking;
mod process;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lockhound::sync::{Arc, Condvar, Mutex, lock_all};
use lockhound::{Settings, Strict, levelled, named, thread};
use panicking::panic_of;
use process::{passes, run};

const PANIC: &[(&str, &str)] = &[("LOCKHOUND_STRICT", "panic")];
const REPORT: &[(&str, &str)] = &[("LOCKHOUND_STRICT", "report")];

#[test]
fn an_inversion_panics_at_the_second_orders_line() {
    passes("an_inversion_panics_at_the_second_orders_line", PANIC, || {
        let (a, b) = (named::mutex("A", 0), named::mutex("B", 0));
        let first = line!() + 2;
        {
            let _a = a.lock().unwrap();
            let _b = b.lock().unwrap();
        }
        let held = line!() + 1;
        let b_held = b.lock().unwrap();
        let second = line!() + 1;
        let (message, line) = panic_of(|| drop(a.lock())).expect("a panic");
        assert_eq!(line, second);
        for part in [
            "lock order inverted".to_owned(),
            "wants `A` while it holds `B`".to_owned(),
            format!("holds `B` since instrument/tests/strict.rs:{held}:"),
            format!("wants `A` at instrument/tests/strict.rs:{second}:"),
            "`an_inversion_panics_at_the_secon` held `A` since".to_owned(),
            format!("held `A` since instrument/tests/strict.rs:{first}:"),
            format!("wanted `B` at instrument/tests/strict.rs:{}:", first + 1),
        ] {
            assert!(message.contains(&part), "{part} in {message}");
        }
        // The lock was not touched: it is free and not poisoned. The good order still passes.
        drop(b_held);
        assert!(!a.is_poisoned() && a.try_lock().is_ok());
        assert!(panic_of(|| drop((a.lock(), b.lock()))).is_none());
    });
}

#[test]
fn threads_that_would_hang_panic_instead() {
    let ended = run("threads_that_would_hang_panic_instead", PANIC, || {
        static A: Mutex<()> = named::mutex("A", ());
        static B: Mutex<()> = named::mutex("B", ());
        static BOTH: std::sync::Barrier = std::sync::Barrier::new(2);
        let other = thread::Builder::new().name("other".into());
        let other = other.spawn(|| {
            let _b = B.lock().unwrap();
            BOTH.wait();
            let _a = A.lock();
        });
        let held = A.lock().unwrap();
        BOTH.wait();
        let here = std::panic::catch_unwind(|| drop(B.lock()));
        drop(held);
        // One of the two asks second, and only that one panics.
        assert_ne!(here.is_err(), other.unwrap().join().is_err());
    });
    if let Some(ended) = ended {
        let stderr = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{stderr}");
        assert_eq!(stderr.matches("lock order inverted").count(), 1, "{stderr}");
    }
}

#[test]
fn an_inversion_over_a_third_lock_is_found() {
    passes("an_inversion_over_a_third_lock_is_found", PANIC, || {
        let locks = [named::mutex("A", 0), named::mutex("B", 0), named::mutex("C", 0), named::mutex("D", 0)];
        let [a, b, c, d] = &locks;
        for (first, second) in [(a, b), (b, c), (c, d)] {
            let _first = first.lock().unwrap();
            let _second = second.lock().unwrap();
        }
        let _d = d.lock().unwrap();
        let (message, _) = panic_of(|| drop(a.lock())).expect("a panic");
        for part in ["held `A` since", "wanted `B`", "held `B` since", "wanted `C`", "held `C` since", "wanted `D`"] {
            assert!(message.contains(part), "{part} in {message}");
        }
    });
}

#[test]
fn declared_levels_count_before_any_order_is_known() {
    passes("declared_levels_count_before_any_order_is_known", PANIC, || {
        let (index, page, plain) = (levelled::mutex(10, "index", 0), levelled::rwlock(20, "page", 0), Mutex::new(0));
        let other_page = levelled::reentrant_mutex(20, "other page", 0);
        {
            let _index = index.lock().unwrap();
            let _plain = plain.lock().unwrap();
            let _page = page.read().unwrap();
        }
        let _page = page.read().unwrap();
        let (message, _) = panic_of(|| drop(index.lock())).expect("a panic");
        let words = "wants `index` of level 10 while it holds `page` of level 20";
        assert!(message.contains("level out of order") && message.contains(words), "{message}");
        assert!(panic_of(|| drop(other_page.lock())).is_some(), "a level as high is not higher");
    });
}

#[test]
fn a_lock_that_the_thread_itself_holds() {
    passes("a_lock_that_the_thread_itself_holds", PANIC, || {
        let m = named::mutex("m", 0);
        let held = m.lock().unwrap();
        let (message, line) = panic_of(|| drop(m.lock())).expect("a panic");
        assert_eq!(line, line!() - 1);
        assert!(message.contains("lock taken twice") && message.contains("`m`, which it holds itself"), "{message}");
        drop(held);

        let rw = named::rwlock("rw", 0);
        let reader = rw.read().unwrap();
        assert!(panic_of(|| drop(rw.write())).is_some(), "write under read");
        drop(reader);
        let writer = rw.write().unwrap();
        assert!(panic_of(|| drop(rw.read())).is_some(), "read under write");
        assert!(panic_of(|| drop(rw.write())).is_some(), "write under write");
        drop(writer);

        let reentrant = named::reentrant_mutex("reentrant", 0);
        let _outer = reentrant.lock();
        assert!(panic_of(|| drop(reentrant.lock())).is_none(), "made for it");
        assert!(!m.is_poisoned() && !rw.is_poisoned());
    });
}

#[test]
fn a_reentrant_lock_taken_again_is_in_no_order() {
    passes("a_reentrant_lock_taken_again_is_in_no_order", PANIC, || {
        let (outer, inner) = (named::reentrant_mutex("outer", 0), named::mutex("inner", 0));
        let _outer = outer.lock();
        let _inner = inner.lock().unwrap();
        assert!(panic_of(|| drop(outer.lock())).is_none());
    });
}

#[test]
fn reading_again_is_wrong_once_another_thread_writes() {
    passes("reading_again_is_wrong_once_another_thread_writes", PANIC, || {
        let rw = named::rwlock("rw", 0);
        let twice = || drop((rw.read().unwrap(), rw.read().unwrap()));
        assert!(panic_of(twice).is_none());
        *rw.write().unwrap() = 1;
        assert!(panic_of(twice).is_none(), "the only writer cannot come in between itself");
        thread::scope(|scope| {
            scope.spawn(|| *rw.write().unwrap() = 2);
        });
        let (message, _) = panic_of(twice).expect("a panic");
        assert!(message.contains("read lock taken again"), "{message}");
    });
}

#[test]
fn orders_of_reads_count_once_somebody_writes() {
    passes("orders_of_reads_count_once_somebody_writes", PANIC, || {
        let [a, b, c, d] = ["A", "B", "C", "D"].map(|name| named::rwlock(name, 0));
        drop((a.read().unwrap(), b.read().unwrap()));
        assert!(panic_of(|| drop((b.read().unwrap(), a.read().unwrap()))).is_none(), "nobody writes");
        drop(c.write().unwrap());
        drop(d.write().unwrap());
        drop((c.read().unwrap(), d.read().unwrap()));
        assert!(panic_of(|| drop((d.read().unwrap(), c.read().unwrap()))).is_some(), "writers may queue");
    });
}

#[test]
fn requests_that_give_up_are_exempt() {
    passes("requests_that_give_up_are_exempt", PANIC, || {
        let (a, b) = (named::mutex("A", 0), named::mutex("B", 0));
        drop((a.lock().unwrap(), b.lock().unwrap()));
        assert!(panic_of(|| drop((b.lock().unwrap(), a.try_lock().unwrap()))).is_none());
        // What a try has got is held all the same.
        let (c, d) = (named::mutex("C", 0), named::mutex("D", 0));
        drop((c.try_lock().unwrap(), d.lock().unwrap()));
        assert!(panic_of(|| drop((d.lock().unwrap(), c.lock().unwrap()))).is_some());
    });
}

#[test]
fn threads_in_one_order_are_left_alone() {
    let stderr = passes("threads_in_one_order_are_left_alone", PANIC, || {
        let locks: [Mutex<u32>; 8] = std::array::from_fn(|_| Mutex::new(0));
        thread::scope(|scope| {
            for seed in 0..100_usize {
                let locks = &locks;
                scope.spawn(move || {
                    for round in 0..50 {
                        let (low, high) = (seed % 7, seed % 7 + 1 + round % (7 - seed % 7));
                        let _low = locks[low].lock().unwrap();
                        *locks[high].lock().unwrap() += 1;
                    }
                });
            }
        });
        assert_eq!(locks.iter().map(|lock| *lock.lock().unwrap()).sum::<u32>(), 5000);
    });
    assert!(stderr.is_none_or(|stderr| !stderr.contains("lockhound")));
}

#[test]
fn a_gate_around_both_orders_makes_no_difference() {
    passes("a_gate_around_both_orders_makes_no_difference", PANIC, || {
        let (gate, a, b) = (Mutex::new(()), Mutex::new(()), Mutex::new(()));
        drop((gate.lock().unwrap(), a.lock().unwrap(), b.lock().unwrap()));
        let message =
            panic_of(|| drop((gate.lock().unwrap(), b.lock().unwrap(), a.lock().unwrap()))).expect("order alone").0;
        assert!(message.contains("the Mutex<()> created at instrument/tests/strict.rs:"), "{message}");
    });
}

#[test]
fn locks_taken_by_one_lock_all_are_in_no_order_among_themselves() {
    passes("locks_taken_by_one_lock_all_are_in_no_order_among_themselves", PANIC, || {
        let (outer, mut pair) = (Mutex::new(()), vec![Box::new(Mutex::new(0)), Box::new(Mutex::new(1))]);
        let both = |pair: &[Box<Mutex<i32>>]| {
            let _outer = outer.lock().unwrap();
            let _both = lock_all((&*pair[0], &*pair[1])).unwrap();
        };
        both(&pair);
        // The locks change places in memory, and with that the order in which lock_all takes them.
        let (first, second) = pair.split_at_mut(1);
        std::mem::swap(&mut *first[0], &mut *second[0]);
        assert!(panic_of(|| both(&pair)).is_none());
        // What was held before stays in order with each of them.
        let _one = pair[0].lock().unwrap();
        assert!(panic_of(|| drop(outer.lock())).is_some());
    });
}

#[test]
fn a_report_comes_once_for_each_pair_and_the_program_goes_on() {
    let stderr = passes("a_report_comes_once_for_each_pair_and_the_program_goes_on", REPORT, || {
        let (a, b) = (named::mutex("A", 0), named::mutex("B", 0));
        for _ in 0..3 {
            drop((a.lock().unwrap(), b.lock().unwrap()));
            drop((b.lock().unwrap(), a.lock().unwrap()));
        }
    });
    if let Some(stderr) = stderr {
        assert_eq!(stderr.matches("lock order inverted").count(), 1, "{stderr}");
        assert!(stderr.contains("held `A` since instrument/tests/strict.rs:"), "{stderr}");
    }
}

#[test]
fn a_thread_that_panics_already_only_reports() {
    let stderr = passes("a_thread_that_panics_already_only_reports", PANIC, || {
        struct Locks(Arc<(Mutex<()>, Mutex<()>)>);
        impl Drop for Locks {
            fn drop(&mut self) {
                let _b = self.0.1.lock();
                let _a = self.0.0.lock();
            }
        }
        let locks = Arc::new((named::mutex("A", ()), named::mutex("B", ())));
        drop((locks.0.lock().unwrap(), locks.1.lock().unwrap()));
        let (message, _) = panic_of(|| {
            let _locks = Locks(Arc::clone(&locks));
            panic!("the user's own");
        })
        .expect("a panic");
        assert_eq!(message, "the user's own");
    });
    assert!(stderr.is_none_or(|stderr| stderr.contains("lock order inverted")));
}

#[test]
fn a_wait_gives_its_mutex_up() {
    passes("a_wait_gives_its_mutex_up", PANIC, || {
        let (m, n, c) = (named::mutex("m", ()), named::mutex("n", ()), Condvar::new());
        let (held, _) = c.wait_timeout(m.lock().unwrap(), Duration::from_millis(1)).unwrap();
        drop((n.lock().unwrap(), held));
        assert!(panic_of(|| drop((n.lock().unwrap(), m.lock().unwrap()))).is_some());
    });
}

#[test]
fn strict_mode_can_be_switched_while_the_program_runs() {
    let stderr = passes("strict_mode_can_be_switched_while_the_program_runs", &[], || {
        Settings::new().strict(Strict::Panic).apply().unwrap();
        let (a, b) = (named::mutex("A", 0), named::mutex("B", 0));
        let inverted = || panic_of(|| drop((b.lock(), a.lock()))).is_some();
        drop((a.lock().unwrap(), b.lock().unwrap()));
        assert!(inverted());
        Settings::new().strict(Strict::Off).apply().unwrap();
        assert!(!inverted());
        Settings::new().strict(Strict::Panic).apply().unwrap();
        assert!(inverted());
    });
    assert!(stderr.is_none_or(|stderr| stderr.is_empty()), "off is off");
}

#[test]
fn the_first_event_may_be_raced_for() {
    passes("the_first_event_may_be_raced_for", PANIC, || {
        static GO: AtomicBool = AtomicBool::new(false);
        let (a, b) = (Mutex::new(()), Mutex::new(()));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    while !GO.load(Ordering::Acquire) {
                        std::thread::yield_now();
                    }
                    drop((a.lock().unwrap(), b.lock().unwrap()));
                });
            }
            GO.store(true, Ordering::Release);
        });
        assert!(panic_of(|| drop((b.lock().unwrap(), a.lock().unwrap()))).is_some());
    });
}
