use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

/// A scheduler, and where actions leave their numbers.
fn scene() -> (Arc<Scheduler>, Arc<Mutex<Vec<usize>>>) {
    (Arc::default(), Arc::default())
}

fn note(list: &Arc<Mutex<Vec<usize>>>, number: usize) -> impl FnOnce() + Send + 'static {
    let list = Arc::clone(list);
    move || list.lock().unwrap().push(number)
}

#[test]
fn time_comes_before_priority_and_priority_before_the_order_of_entry() {
    let (scheduler, done) = scene();
    let now = Instant::now();
    let later = now + Scheduler::MOMENT;
    for (number, (due, priority)) in [(later, 1), (now, 2), (now, 1), (now, 2), (later, 0)].into_iter().enumerate() {
        scheduler.enter_at(due, priority, note(&done, number));
    }
    assert_eq!(scheduler.events().len(), 5);
    scheduler.run();
    assert_eq!(*done.lock().unwrap(), [2, 1, 3, 4, 0]);
    assert!(Instant::now() >= later && scheduler.is_empty());
}

#[test]
fn what_is_due_at_nearly_the_same_time_goes_by_priority_but_never_early() {
    let (scheduler, done) = scene();
    let soon = Instant::now() + Duration::from_millis(200);
    scheduler.enter_at(soon, 2, note(&done, 0));
    scheduler.enter_at(soon + Scheduler::MOMENT / 2, 1, note(&done, 1));
    assert_eq!(scheduler.run_due(), Some(soon + Scheduler::MOMENT / 2));
    scheduler.run();
    assert_eq!(*done.lock().unwrap(), [1, 0]);
}

#[test]
fn actions_may_enter_and_cancel_others() {
    let (scheduler, done) = scene();
    let doomed = scheduler.enter(Duration::from_secs(3600), 1, note(&done, 9));
    let inner = Arc::clone(&scheduler);
    let again = note(&done, 1);
    scheduler.enter(Duration::ZERO, 1, move || {
        inner.cancel(doomed).unwrap();
        inner.enter(Duration::ZERO, 1, again);
    });
    scheduler.run();
    assert_eq!(*done.lock().unwrap(), [1]);
    assert_eq!(scheduler.cancel(doomed), Err(NotScheduled));
}

#[test]
fn who_waits_notices_what_comes_before_and_what_goes() {
    let (scheduler, done) = scene();
    let doomed = scheduler.enter(Duration::from_secs(3600), 1, note(&done, 9));
    let other = {
        let (scheduler, first) = (Arc::clone(&scheduler), note(&done, 1));
        thread::spawn(move || {
            scheduler.enter(Duration::from_millis(1), 1, first);
            while scheduler.events().len() > 1 {
                thread::yield_now();
            }
            scheduler.cancel(doomed)
        })
    };
    scheduler.run();
    assert_eq!((other.join().unwrap(), &done.lock().unwrap()[..]), (Ok(()), &[1][..]));
}

#[test]
fn an_action_that_panics_leaves_the_others_on_the_list() {
    let (scheduler, done) = scene();
    scheduler.enter(Duration::ZERO, 1, || panic!("as it is to"));
    scheduler.enter(Duration::ZERO, 2, note(&done, 2));
    assert!(catch_unwind(AssertUnwindSafe(|| scheduler.run())).is_err());
    scheduler.run();
    assert_eq!(*done.lock().unwrap(), [2]);
}

#[test]
fn each_event_is_done_or_cancelled_and_that_once() {
    static OUTCOMES: [AtomicUsize; 400] = [const { AtomicUsize::new(0) }; 400];
    let scheduler = Scheduler::new();
    let events: Vec<EventId> = (0..OUTCOMES.len())
        .map(|number| {
            scheduler.enter(Duration::from_micros(number as u64), 1, move || {
                OUTCOMES[number].fetch_add(1, Ordering::Relaxed);
            })
        })
        .collect();
    thread::scope(|s| {
        s.spawn(|| scheduler.run());
        s.spawn(|| scheduler.run());
        s.spawn(|| {
            for (number, &event) in events.iter().enumerate().rev() {
                if scheduler.cancel(event).is_ok() {
                    OUTCOMES[number].fetch_add(1, Ordering::Relaxed);
                }
            }
        });
    });
    assert!(OUTCOMES.iter().all(|outcome| outcome.load(Ordering::Relaxed) == 1));
}

proptest! {
    #[test]
    fn all_is_done_in_order(events in prop::collection::vec((0..4_u32, 0..3_i64), 0..20), gone in any::<u32>()) {
        let (scheduler, done) = scene();
        let begin = Instant::now() - Duration::from_secs(1);
        let mut expected = Vec::new();
        for (number, &(moment, priority)) in events.iter().enumerate() {
            let event = scheduler.enter_at(begin + moment * Scheduler::MOMENT, priority, note(&done, number));
            if gone >> number & 1 == 0 {
                expected.push((moment, priority, number));
            } else {
                scheduler.cancel(event).unwrap();
            }
        }
        expected.sort_unstable();
        scheduler.run();
        let expected: Vec<usize> = expected.into_iter().map(|event| event.2).collect();
        prop_assert_eq!(&*done.lock().unwrap(), &expected);
    }
}
