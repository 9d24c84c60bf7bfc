//! Queues in every interleaving of a few threads, up to a bound: nobody sleeps who could go on, and all that was put comes out.

use std::collections::VecDeque;
use std::panic::Location;
use std::sync::Arc;

use loom::thread;

use super::core::Core;
use super::storage::{Envelope, Storage};
use crate::engine::Sent;
use crate::models::{Loom, explore, future, past};
use crate::sync::Patience;

#[derive(Default)]
struct Plain(VecDeque<Envelope<u32>>);

impl Storage for Plain {
    type Item = u32;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn next(&self) -> Option<Sent> {
        self.0.front().map(|item| item.sent)
    }

    fn push(&mut self, item: Envelope<u32>) {
        self.0.push_back(item);
    }

    fn pop(&mut self) -> Option<u32> {
        self.0.pop_front().map(|item| item.value)
    }
}

type Modelled = Arc<Core<Plain, Loom>>;

fn queue(capacity: usize) -> Modelled {
    Arc::new(Core::modelled(Plain::default(), capacity))
}

fn put(queue: &Modelled, value: u32) {
    queue.put(value, Patience::Endless, Location::caller()).unwrap();
    assert!(queue.len() <= queue.capacity().unwrap());
}

fn get(queue: &Modelled) -> u32 {
    queue.get(Patience::Endless, Location::caller()).unwrap()
}

fn spawn<T: 'static>(queue: &Modelled, run: impl FnOnce(&Modelled) -> T + 'static) -> thread::JoinHandle<T> {
    let queue = Arc::clone(queue);
    thread::spawn(move || run(&queue))
}

#[test]
fn two_put_into_a_queue_of_one() {
    explore(3, || {
        let queue = queue(1);
        let others = [1, 2].map(|value| spawn(&queue, move |queue| put(queue, value)));
        assert_eq!(get(&queue) + get(&queue), 3);
        others.into_iter().for_each(|other| other.join().unwrap());
        assert_eq!(queue.unfinished(), 2);
    });
}

#[test]
fn two_get_what_one_puts() {
    explore(3, || {
        let queue = queue(1);
        let others = [(); 2].map(|()| spawn(&queue, get));
        put(&queue, 1);
        put(&queue, 2);
        assert_eq!(others.map(|other| other.join().unwrap()).iter().sum::<u32>(), 3);
    });
}

#[test]
fn one_gives_up_and_the_other_does_not() {
    explore(3, || {
        let queue = queue(1);
        let patient = spawn(&queue, get);
        let impatient = spawn(&queue, |queue| queue.get(Patience::Until(past()), Location::caller()).ok());
        put(&queue, 1);
        let left = impatient.join().unwrap();
        if left.is_some() {
            put(&queue, 1);
        }
        assert_eq!(patient.join().unwrap(), 1);
    });
}

#[test]
fn who_waits_for_a_while_is_woken_in_time() {
    explore(3, || {
        let queue = queue(1);
        let end = future();
        let getter = spawn(&queue, move |queue| {
            let get = || queue.get(Patience::Until(end), Location::caller()).unwrap();
            get() + get()
        });
        for value in [1, 2] {
            queue.put(value, Patience::Until(end), Location::caller()).unwrap();
        }
        assert_eq!(getter.join().unwrap(), 3);
    });
}

#[test]
fn who_joins_goes_on_when_all_is_done_and_no_sooner() {
    explore(3, || {
        let queue = queue(1);
        put(&queue, 1);
        let worker = spawn(&queue, |queue| {
            for _ in 0..2 {
                get(queue);
                queue.task_done(Location::caller()).unwrap();
            }
        });
        put(&queue, 2);
        queue.join(Location::caller());
        assert_eq!((queue.len(), queue.unfinished()), (0, 0));
        worker.join().unwrap();
    });
}
