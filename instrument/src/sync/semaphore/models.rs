//! Semaphores in every interleaving of a few threads, up to a bound: nobody sleeps beside what it waits for.

use std::any::type_name;
use std::panic::Location;
use std::sync::Arc;

use loom::thread;

use super::core::Core;
use crate::engine::{Kind, Object};
use crate::models::{Loom, explore, future, past};
use crate::sync::Patience;

type Modelled = Arc<Core<Loom>>;

fn semaphore(permits: u32) -> Modelled {
    let object = Object::new(Kind::Semaphore { permits, bound: None }, type_name::<()>);
    Arc::new(Core::modelled(object, permits))
}

fn take(semaphore: &Modelled, n: u32, patience: Patience) -> bool {
    semaphore.take(n, patience, Location::caller())
}

fn give(semaphore: &Modelled, n: u32) {
    semaphore.give(n, None).expect("there is no bound");
}

fn spawn<T: 'static>(semaphore: &Modelled, run: impl FnOnce(&Modelled) -> T + 'static) -> thread::JoinHandle<T> {
    let semaphore = Arc::clone(semaphore);
    thread::spawn(move || run(&semaphore))
}

#[test]
fn nobody_sleeps_on_beside_a_permit() {
    explore(2, || {
        let semaphore = semaphore(1);
        let in_turn = |semaphore: &Modelled| {
            assert!(take(semaphore, 1, Patience::Endless));
            give(semaphore, 1);
        };
        let others = [(); 2].map(|()| spawn(&semaphore, in_turn));
        in_turn(&semaphore);
        others.into_iter().for_each(|other| other.join().unwrap());
        assert_eq!((semaphore.available(), semaphore.waiting()), (1, 0));
    });
}

/// To wake one is not enough where some want several.
#[test]
fn nobody_sleeps_on_beside_several_permits() {
    explore(2, || {
        let semaphore = semaphore(0);
        let others = [(2, Patience::Endless), (1, Patience::Until(future()))];
        let others = others.map(|(n, patience)| spawn(&semaphore, move |semaphore| take(semaphore, n, patience)));
        give(&semaphore, 1);
        give(&semaphore, 2);
        assert!(others.into_iter().all(|other| other.join().unwrap()));
        assert_eq!((semaphore.available(), semaphore.waiting()), (0, 0));
    });
}

#[test]
fn who_runs_out_of_time_takes_nothing_and_keeps_nobody_up() {
    explore(2, || {
        let semaphore = semaphore(0);
        let impatient = spawn(&semaphore, |semaphore| take(semaphore, 2, Patience::Until(past())));
        let patient = spawn(&semaphore, |semaphore| take(semaphore, 1, Patience::Endless));
        give(&semaphore, 2);
        if impatient.join().unwrap() {
            give(&semaphore, 1);
            assert!(patient.join().unwrap());
            assert_eq!(semaphore.available(), 0);
        } else {
            assert!(patient.join().unwrap());
            assert_eq!(semaphore.available(), 1);
        }
        assert_eq!(semaphore.waiting(), 0);
    });
}
