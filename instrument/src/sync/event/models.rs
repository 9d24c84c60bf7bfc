//! Events in every interleaving of a few threads, up to a bound: nobody misses that they are set, or goes on from one that
//! is not.

use std::any::type_name;
use std::panic::Location;
use std::sync::Arc;

use loom::thread;

use super::core::Core;
use crate::engine::{Kind, Object};
use crate::models::{Loom, explore, future, past};
use crate::sync::Patience;
use crate::sync::atomic::AtomicBool;

type Modelled = Arc<Core<Loom>>;

fn event() -> Modelled {
    let object = Object::new(Kind::Flag { set: false }, type_name::<()>);
    Arc::new(Core::modelled(object, AtomicBool::new(false)))
}

fn spawn<T: 'static>(event: &Modelled, run: impl FnOnce(&Modelled) -> T + 'static) -> thread::JoinHandle<T> {
    let event = Arc::clone(event);
    thread::spawn(move || run(&event))
}

fn wait(event: &Modelled) {
    event.wait(Location::caller());
}

/// Set, and cleared at once, and set for those who came later.
fn pulse(event: &Modelled) {
    event.set(Location::caller());
    event.clear(Location::caller());
    event.set(Location::caller());
}

#[test]
fn all_go_on_before_the_event_is_cleared() {
    explore(2, || {
        let event = event();
        let others = [(); 2].map(|()| spawn(&event, wait));
        pulse(&event);
        others.into_iter().for_each(|other| other.join().unwrap());
        assert_eq!(event.waiting(), 0);
    });
}

#[test]
fn who_waits_for_a_while_is_woken_in_time() {
    explore(2, || {
        let event = event();
        let others = [(); 2].map(|()| spawn(&event, |event| event.wait_meanwhile(Patience::Until(future()))));
        pulse(&event);
        assert!(others.into_iter().all(|other| other.join().unwrap()), "woken by an event that is not set");
        assert_eq!(event.waiting(), 0);
    });
}

#[test]
fn who_gives_up_keeps_nobody_from_clearing() {
    explore(2, || {
        let event = event();
        let impatient = spawn(&event, |event| event.wait_meanwhile(Patience::Until(past())));
        let patient = spawn(&event, wait);
        pulse(&event);
        patient.join().unwrap();
        impatient.join().unwrap();
        event.clear(Location::caller());
        assert_eq!((event.waiting(), event.is_set()), (0, false));
    });
}
