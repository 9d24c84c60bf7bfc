use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use proptest::prelude::*;

use super::*;

#[test]
fn guards_give_back_in_any_thread_what_they_took() {
    let seats = Semaphore::new(5);
    let two = seats.acquire_many(2);
    let one = seats.try_acquire().expect("there are three");
    assert_eq!((two.permits(), one.permits(), seats.available()), (2, 1, 2));
    assert!(std::ptr::eq(two.semaphore(), &raw const seats));
    assert!(seats.try_acquire_many(3).is_none());
    std::thread::scope(|s| s.spawn(move || drop(two)).join().expect("no panic"));
    assert_eq!(seats.available(), 4);
    one.forget();
    assert_eq!(seats.available(), 4);
    assert_eq!(
        format!("{seats:?} {:?}", seats.acquire()),
        "Semaphore { available: 3, .. } SemaphorePermit { permits: 1, .. }"
    );
}

#[test]
fn no_permits_are_always_there() {
    let none = Semaphore::bounded(0);
    assert_eq!(none.acquire_many(0).permits(), 0);
    assert_eq!(none.release(0), Ok(()));
    assert_eq!(none.release(1), Err(Overfull));
    assert!(none.acquire_timeout(Duration::from_millis(1)).is_none());
    assert!(none.try_acquire_many(usize::MAX).is_none());
}

#[test]
fn only_a_bound_is_in_the_way_of_more_permits() {
    let free = Semaphore::new(1);
    assert_eq!(free.release(2), Ok(()));
    assert_eq!(free.available(), 3);
    assert_eq!(free.release(Semaphore::MAX_PERMITS), Err(Overfull));
    assert_eq!(free.release(usize::MAX), Err(Overfull));
    assert_eq!(free.available(), 3, "what is refused has no effect");
    let bounded = Semaphore::bounded(1);
    let held = bounded.acquire();
    assert_eq!(bounded.release(1), Ok(()));
    drop(held);
    assert_eq!(bounded.available(), 1, "the guard came too late");
}

#[test]
#[should_panic(expected = "more permits than a semaphore may have")]
fn there_is_a_largest_semaphore() {
    let _ = Semaphore::new(Semaphore::MAX_PERMITS + 1);
}

#[test]
fn a_timed_wait_ends_with_a_permit_if_one_comes() {
    let gate = Semaphore::new(0);
    std::thread::scope(|s| {
        let waiter = s.spawn(|| gate.acquire_timeout(Duration::MAX).is_some());
        while gate.waiting() == 0 {
            std::thread::yield_now();
        }
        gate.release(1).expect("no bound");
        assert!(waiter.join().expect("no panic"));
    });
    assert_eq!((gate.available(), gate.waiting()), (1, 0));
}

#[test]
fn who_wants_several_is_woken_when_there_are_enough() {
    let gate = Semaphore::new(0);
    std::thread::scope(|s| {
        for n in [3, 1, 2] {
            let gate = &gate;
            s.spawn(move || gate.acquire_many(n).forget());
        }
        while gate.waiting() < 3 {
            std::thread::yield_now();
        }
        for _ in 0..6 {
            gate.release(1).expect("no bound");
        }
    });
    assert_eq!(gate.available(), 0);
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Try(usize),
    Timed(usize),
    Drop(usize),
    Forget(usize),
    Release(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0_usize..4).prop_map(Step::Try),
        (0_usize..4).prop_map(Step::Timed),
        (0_usize..8).prop_map(Step::Drop),
        (0_usize..8).prop_map(Step::Forget),
        (0_usize..3).prop_map(Step::Release),
    ];
    proptest::collection::vec(step, 0..60)
}

proptest! {
    /// One thread's history on a semaphore and on a number.
    #[test]
    fn a_semaphore_is_a_number(permits in 0_usize..5, is_bounded: bool, steps in steps()) {
        let semaphore = if is_bounded { Semaphore::bounded(permits) } else { Semaphore::new(permits) };
        let bound = if is_bounded { permits } else { usize::MAX };
        let mut available = permits;
        let mut held = Vec::new();
        for step in steps {
            match step {
                Step::Try(n) | Step::Timed(n) => {
                    let permit = match step {
                        Step::Try(n) => semaphore.try_acquire_many(n),
                        _ => semaphore.acquire_many_timeout(n, Duration::ZERO),
                    };
                    prop_assert_eq!(permit.is_some(), n <= available);
                    if let Some(permit) = permit {
                        prop_assert_eq!(permit.permits(), n);
                        available -= n;
                        held.push(permit);
                    }
                }
                Step::Drop(at) | Step::Forget(at) if at < held.len() => {
                    let permit = held.swap_remove(at);
                    if matches!(step, Step::Forget(_)) {
                        permit.forget();
                    } else {
                        let more = available + permit.permits();
                        drop(permit);
                        available = if more <= bound { more } else { available };
                    }
                }
                Step::Release(n) => {
                    let fits = available + n <= bound;
                    prop_assert_eq!(semaphore.release(n), if fits { Ok(()) } else { Err(Overfull) });
                    available += if fits { n } else { 0 };
                }
                Step::Drop(_) | Step::Forget(_) => {}
            }
            prop_assert_eq!(semaphore.available(), available);
            prop_assert_eq!(semaphore.waiting(), 0);
        }
    }
}

/// Threads that wait in every way, also in vain: never more inside than permits, and in the end all permits are back.
#[test]
fn permits_are_neither_lost_nor_doubled() {
    const PERMITS: usize = 3;
    let (semaphore, inside) = (Semaphore::bounded(PERMITS), AtomicUsize::new(0));
    let use_it = |permit: SemaphorePermit<'_>| {
        let before = inside.fetch_add(permit.permits(), Ordering::SeqCst);
        assert!(before + permit.permits() <= PERMITS);
        if before % 2 == 0 {
            std::thread::yield_now();
        }
        inside.fetch_sub(permit.permits(), Ordering::SeqCst);
    };
    std::thread::scope(|s| {
        for thread in 0..6_usize {
            let (semaphore, use_it) = (&semaphore, &use_it);
            s.spawn(move || {
                for round in 0..400_usize {
                    let n = 1 + (thread + round) % PERMITS;
                    let permit = match (thread + round * 7) % 5 {
                        0 => semaphore.try_acquire_many(n),
                        1 => semaphore.acquire_many_timeout(n, Duration::from_micros(50)),
                        _ => Some(semaphore.acquire_many(n)),
                    };
                    permit.into_iter().for_each(use_it);
                }
            });
        }
    });
    assert_eq!((semaphore.available(), semaphore.waiting()), (PERMITS, 0));
}
