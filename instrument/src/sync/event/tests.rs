use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use proptest::prelude::*;

use super::Event;

#[test]
fn an_event_stays_set_until_it_is_cleared() {
    let event = Event::new();
    assert!(!event.is_set());
    event.set();
    event.set();
    event.wait();
    event.wait();
    assert!(event.is_set() && event.wait_timeout(Duration::ZERO));
    event.clear();
    event.clear();
    assert!(!event.is_set() && !event.wait_timeout(Duration::from_millis(1)));
    assert_eq!(format!("{:?} {event:?}", Event::default()), "Event { is_set: false } Event { is_set: false }");
}

proptest! {
    /// One thread's history on an event and on a truth value.
    #[test]
    fn an_event_is_a_truth_value(steps in proptest::collection::vec(0_u8..4, 0..40)) {
        let (event, mut is_set) = (Event::new(), false);
        for step in steps {
            match step {
                0 => {
                    event.set();
                    is_set = true;
                }
                1 => {
                    event.clear();
                    is_set = false;
                }
                2 => prop_assert_eq!(event.wait_timeout(Duration::ZERO), is_set),
                _ if is_set => event.wait(),
                _ => {}
            }
            prop_assert_eq!(event.is_set(), is_set);
        }
    }
}

/// Each pulse lets go exactly those who waited, although the event is cleared at once.
#[test]
fn whoever_waits_is_woken_by_a_pulse() {
    const ROUNDS: usize = 100;
    let (event, passed, round_over) = (Event::new(), AtomicUsize::new(0), Barrier::new(5));
    std::thread::scope(|s| {
        for thread in 0..4 {
            let (event, passed, round_over) = (&event, &passed, &round_over);
            s.spawn(move || {
                for _ in 0..ROUNDS {
                    if thread % 2 == 0 {
                        event.wait();
                    } else {
                        assert!(event.wait_timeout(Duration::MAX));
                    }
                    passed.fetch_add(1, Ordering::SeqCst);
                    round_over.wait();
                }
            });
        }
        for round in 0..ROUNDS {
            while event.waiting() < 4 {
                std::thread::yield_now();
            }
            assert_eq!(passed.load(Ordering::SeqCst), 4 * round);
            event.set();
            event.clear();
            round_over.wait();
        }
    });
    assert_eq!(passed.into_inner(), 4 * ROUNDS);
    assert_eq!((event.waiting(), event.is_set()), (0, false));
}

/// Set, cleared, waited for and given up by all at once: whoever is told that it was set is right, and nobody hangs.
#[test]
fn time_that_runs_out_is_nobodys_turn() {
    let event = Event::new();
    std::thread::scope(|s| {
        for _ in 0..4 {
            s.spawn(|| (0..300).filter(|_| event.wait_timeout(Duration::from_micros(20))).count());
        }
        for _ in 0..2 {
            s.spawn(|| {
                for _ in 0..300 {
                    event.set();
                    event.clear();
                }
            });
        }
    });
    assert_eq!((event.waiting(), event.is_set()), (0, false));
    event.set();
    event.clear();
}
