//! Threads that are started, joined and waited for by others at the same time, in every interleaving up to a bound.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use loom::thread::{self, JoinHandle};

use super::life::{Join, Life, Over, Task};
use crate::models::{Loom, explore, future, past};
use crate::sync::Patience;

/// A thread, and how often it has run.
struct Modelled {
    life: Life<JoinHandle<()>, (), Loom>,
    runs: Arc<AtomicUsize>,
}

impl Modelled {
    fn new() -> Arc<Self> {
        let runs = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&runs);
        let task = move || {
            count.fetch_add(1, Ordering::SeqCst);
        };
        Arc::new(Self { life: Life::new(Box::new(task)), runs })
    }

    /// Whether this was the first start.
    fn start(&self) -> bool {
        let spawn = |task: Task, over: Over<Loom>| {
            let run = move || {
                let _over = over;
                task();
            };
            Ok::<_, ()>((thread::spawn(run), ()))
        };
        self.life.start(spawn, |()| ()).is_some()
    }

    /// Whether it was started.
    fn join(&self) -> bool {
        match self.life.join() {
            None => return false,
            Some(Join::First(handle)) => {
                handle.join().unwrap();
                self.life.joined(Ok(()));
            }
            Some(Join::Later(())) => assert_eq!(self.life.wait_for_first(), Ok(())),
        }
        assert_eq!(self.runs(), 1);
        true
    }

    fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }
}

fn spawn<T: 'static>(of: &Arc<Modelled>, run: impl FnOnce(&Modelled) -> T + 'static) -> JoinHandle<T> {
    let of = Arc::clone(of);
    thread::spawn(move || run(&of))
}

#[test]
fn a_thread_runs_once_and_all_who_join_it_come_back() {
    explore(2, || {
        let made = Modelled::new();
        let starter = spawn(&made, Modelled::start);
        let joiner = spawn(&made, Modelled::join);
        let is_first = made.start();
        assert!(made.join(), "started by one or the other");
        assert!(starter.join().unwrap() != is_first);
        joiner.join().unwrap();
        assert!(made.join(), "as often as one likes");
    });
}

#[test]
fn who_waits_for_a_while_sees_the_end() {
    explore(2, || {
        let made = Modelled::new();
        assert!(!made.join());
        assert!(made.start());
        let patient = spawn(&made, |made| made.life.wait(Patience::Until(future()), || panic!("in time")));
        if made.life.wait(Patience::Until(past()), || ()) {
            assert!(made.life.is_over() && made.runs() == 1);
        }
        assert!(patient.join().unwrap());
        assert!(made.life.is_over() && made.join());
    });
}
