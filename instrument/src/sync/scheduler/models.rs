//! Schedulers in every interleaving of a few threads, up to a bound: who waits for an event notices what comes before it and
//! that it goes, and each event is done or cancelled, and that once.

use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use loom::thread;

use super::core::Core;
use super::{EventId, Scheduler};
use crate::models::{Loom, explore, future, past};

/// A scheduler, and how many actions were done.
struct Modelled {
    core: Core<Loom>,
    done: Arc<AtomicUsize>,
}

impl Modelled {
    fn new() -> Arc<Self> {
        Arc::new(Self { core: Core::modelled(Scheduler::object()), done: Arc::default() })
    }

    fn enter(&self, is_due: bool) -> EventId {
        let done = Arc::clone(&self.done);
        let action = move || {
            done.fetch_add(1, Ordering::SeqCst);
        };
        let due = if is_due { past() } else { future() };
        self.core.enter(due, 0, Box::new(action), Location::caller())
    }

    fn cancel(&self, event: EventId) -> bool {
        self.core.cancel(event, Location::caller()).is_ok()
    }

    fn run(&self) {
        self.core.run(Location::caller());
    }

    fn done(&self) -> usize {
        self.done.load(Ordering::SeqCst)
    }
}

fn spawn<T: 'static>(of: &Arc<Modelled>, run: impl FnOnce(&Modelled) -> T + 'static) -> thread::JoinHandle<T> {
    let of = Arc::clone(of);
    thread::spawn(move || run(&of))
}

#[test]
fn who_waits_notices_what_comes_before_and_what_goes() {
    explore(3, || {
        let scheduler = Modelled::new();
        let never = scheduler.enter(false);
        let runners = [(); 2].map(|()| spawn(&scheduler, Modelled::run));
        scheduler.enter(true);
        while scheduler.done() == 0 {
            thread::yield_now();
        }
        assert!(scheduler.cancel(never));
        runners.into_iter().for_each(|runner| runner.join().unwrap());
        assert_eq!((scheduler.done(), scheduler.core.len()), (1, 0));
    });
}

#[test]
fn each_event_is_done_or_cancelled_and_that_once() {
    explore(3, || {
        let scheduler = Modelled::new();
        let events = [(); 2].map(|()| scheduler.enter(true));
        let runner = spawn(&scheduler, Modelled::run);
        let canceller = spawn(&scheduler, move |scheduler| scheduler.cancel(events[1]));
        scheduler.run();
        runner.join().unwrap();
        let cancelled = canceller.join().unwrap();
        assert_eq!(scheduler.done() + usize::from(cancelled), 2);
    });
}
