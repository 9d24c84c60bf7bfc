//! Models of a pool's two parts: every interleaving within a bound of the very code that the pool runs, on locks that try
//! them all.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use loom::thread;

use super::line::Line;
use super::stage::{Rest, Seen, Stage};
use crate::models::{Loom, explore};
use crate::sync::Patience;

type Callback = fn(&AtomicUsize);

/// A task whose work and result is a number.
type Task = Stage<usize, usize, Callback, Loom>;

fn end(task: &Task, result: usize, told: &AtomicUsize) {
    let mut result = Some(result);
    while let Err(rest) = task.conclude(result.take(), || ()) {
        if let Rest::Tell(known, callbacks) = rest {
            callbacks.iter().for_each(|callback| callback(told));
            result = Some(known);
        }
    }
}

fn once(told: &AtomicUsize) {
    told.fetch_add(1, Ordering::SeqCst);
}

#[test]
fn of_beginning_and_cancelling_exactly_one_wins_and_who_waits_is_woken() {
    explore(3, || {
        let (task, told) = (Arc::new(Task::new(7)), Arc::new(AtomicUsize::new(0)));
        let worker = {
            let (task, told) = (Arc::clone(&task), Arc::clone(&told));
            thread::spawn(move || {
                let begun = task.begin();
                if begun {
                    let work = task.work().expect("handed out once");
                    end(&task, work + 1, &told);
                }
                begun
            })
        };
        let canceller = {
            let (task, told) = (Arc::clone(&task), Arc::clone(&told));
            thread::spawn(move || {
                let cancelled = task.cancel(0, || ());
                if let Some((work, callbacks)) = &cancelled {
                    assert_eq!(*work, 7);
                    callbacks.iter().for_each(|callback| callback(&told));
                }
                cancelled.is_some()
            })
        };
        let at_once = task.tell(once);
        assert!(task.wait(Patience::Endless));
        assert_eq!(task.seen(), Seen::Over);
        let result = task.take().expect("there once");
        let (begun, cancelled) = (worker.join().unwrap(), canceller.join().unwrap());
        assert!(begun != cancelled);
        assert_eq!(result, if begun { 8 } else { 0 });
        assert_eq!(told.load(Ordering::SeqCst), usize::from(at_once.is_none()), "told once, by them or not at all");
    });
}

#[test]
fn what_nobody_wants_is_dropped_before_the_end_or_by_who_abandons_it() {
    /// Counts how often it is dropped.
    struct Dropped(Arc<AtomicUsize>);

    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    explore(3, || {
        let drops = Arc::new(AtomicUsize::new(0));
        let task = Arc::new(Stage::<(), Dropped, (), Loom>::new(()));
        assert!(task.begin());
        let worker = {
            let (task, result) = (Arc::clone(&task), Dropped(Arc::clone(&drops)));
            thread::spawn(move || {
                if let Err(Rest::Drop(result)) = task.conclude(Some(result), || ()) {
                    drop(result);
                    assert!(task.conclude(None, || ()).is_ok());
                }
            })
        };
        task.abandon();
        worker.join().unwrap();
        assert_eq!(drops.load(Ordering::SeqCst), 1);
        assert_eq!(task.seen(), Seen::Over);
    });
}

#[test]
fn every_job_is_taken_once_and_no_worker_sleeps_on() {
    explore(3, || {
        let line = Arc::new(Line::<_, Loom>::new());
        let worker = |number| {
            let line = Arc::clone(&line);
            move || {
                let mut taken = Vec::new();
                while let Some(job) = line.take(number, |_| true) {
                    taken.push(job);
                    assert!(line.finish(number, || Ok::<(), ()>(())).is_ok());
                }
                taken
            }
        };
        assert_eq!(line.put(2, || 1), Ok(Some(0)));
        let first = thread::spawn(worker(0));
        let hired = line.put(2, || 2).expect("open");
        let second = hired.map(|number| thread::spawn(worker(number)));
        line.close();
        assert!(line.put(2, || 3).is_err());
        let mut all = first.join().unwrap();
        all.extend(second.into_iter().flat_map(|second| second.join().unwrap()));
        all.sort_unstable();
        assert_eq!(all, [1, 2]);
        assert_eq!(line.open(|_| true), None);
    });
}

#[test]
fn a_worker_that_sleeps_is_woken_for_a_job() {
    explore(3, || {
        let line = Arc::new(Line::<_, Loom>::new());
        assert_eq!(line.put(1, || 1), Ok(Some(0)));
        let worker = {
            let line = Arc::clone(&line);
            thread::spawn(move || [(); 2].map(|()| line.take(0, |_| true)))
        };
        assert_eq!(line.put(1, || 2), Ok(None));
        assert_eq!(worker.join().unwrap(), [Some(1), Some(2)]);
    });
}
