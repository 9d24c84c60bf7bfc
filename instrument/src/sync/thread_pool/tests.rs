//! What a pool does, with nothing of what is recorded of it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::time::Duration;

use proptest::prelude::*;

use super::{Future, ShutDown, TaskError, ThreadPool};

/// A task that keeps a thread of the pool until the sender is dropped.
fn occupy(pool: &ThreadPool) -> (mpsc::Sender<()>, Future<()>) {
    let (release, released) = mpsc::channel::<()>();
    let (begun, has_begun) = mpsc::channel();
    let future = pool.submit(move || {
        begun.send(()).unwrap();
        let _ = released.recv();
    });
    has_begun.recv().unwrap();
    (release, future)
}

#[test]
fn never_more_tasks_run_than_there_are_threads_and_all_run_once() {
    let pool = ThreadPool::new(3);
    let (running, most, runs) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), AtomicUsize::new(0));
    let runs = Arc::new(runs);
    let futures: Vec<_> = (0..500)
        .map(|number| {
            let (running, most, runs) = (Arc::clone(&running), Arc::clone(&most), Arc::clone(&runs));
            pool.submit(move || {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::yield_now();
                running.fetch_sub(1, Ordering::SeqCst);
                runs.fetch_add(1, Ordering::SeqCst);
                number
            })
        })
        .collect();
    for (number, future) in futures.into_iter().enumerate() {
        assert_eq!(future.result().unwrap(), number);
    }
    assert!(most.load(Ordering::SeqCst) <= 3);
    assert_eq!(runs.load(Ordering::SeqCst), 500);
}

#[test]
fn as_many_tasks_as_threads_run_at_the_same_time() {
    let pool = ThreadPool::new(4);
    let meeting = Arc::new(Barrier::new(4));
    let wait = move |_| {
        meeting.wait();
    };
    assert_eq!(pool.map(0..4, wait).map(Result::unwrap).count(), 4);
}

#[test]
fn a_panic_ends_the_task_alone() {
    let pool = ThreadPool::new(1);
    let bad = pool.submit(|| std::panic::resume_unwind(Box::new("broken")));
    let good = pool.submit(|| 1);
    let error = bad.result().unwrap_err();
    assert_eq!(error.to_string(), "the task panicked: broken");
    assert_eq!(good.result().unwrap(), 1);
}

#[test]
fn what_is_in_line_can_be_cancelled_and_what_runs_cannot() {
    let pool = ThreadPool::new(1);
    let (release, running) = occupy(&pool);
    let waiting = pool.submit(|| unreachable!("it is cancelled"));
    assert!(running.is_running() && !running.is_done());
    assert!(!waiting.is_running() && !waiting.is_done() && !waiting.is_cancelled());
    assert!(!running.cancel());
    assert!(waiting.cancel() && waiting.cancel());
    assert!(waiting.is_done() && waiting.is_cancelled() && !waiting.is_running());
    drop(release);
    assert!(matches!(waiting.result(), Err(TaskError::Cancelled)));
    running.result().unwrap();
}

#[test]
fn a_result_can_be_waited_for_until_it_is_there() {
    let pool = ThreadPool::new(1);
    let (release, running) = occupy(&pool);
    let running = running.result_timeout(Duration::from_millis(1)).unwrap_err();
    drop(release);
    running.result_timeout(Duration::MAX).unwrap().unwrap();
}

#[test]
fn callbacks_come_in_order_before_the_end_or_at_once_and_their_panics_are_nobodys() {
    let pool = ThreadPool::new(1);
    let (release, mut future) = occupy(&pool);
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = |what: &'static str| {
        let told = Arc::clone(&told);
        move |result: &Result<(), TaskError>| told.lock().unwrap().push((what, result.is_ok()))
    };
    future.add_done_callback(tell("first"));
    future.add_done_callback(|_| std::panic::resume_unwind(Box::new("no matter")));
    future.add_done_callback(tell("second"));
    drop(release);
    while !future.is_done() {
        std::thread::yield_now();
    }
    assert_eq!(*told.lock().unwrap(), [("first", true), ("second", true)]);
    future.add_done_callback(tell("late"));
    assert_eq!(told.lock().unwrap().last(), Some(&("late", true)));
    future.result().unwrap();
}

#[test]
fn a_callback_hears_of_a_cancellation() {
    let pool = ThreadPool::new(1);
    let (_release, _running) = occupy(&pool);
    let mut waiting = pool.submit(|| 1);
    let heard = Arc::new(AtomicBool::new(false));
    let hear = Arc::clone(&heard);
    waiting.add_done_callback(move |result| hear.store(matches!(result, Err(TaskError::Cancelled)), Ordering::SeqCst));
    assert!(waiting.cancel());
    assert!(heard.load(Ordering::SeqCst));
}

#[test]
fn a_shut_down_pool_has_done_everything_and_takes_no_more() {
    let pool = ThreadPool::new(2);
    let runs = Arc::new(AtomicUsize::new(0));
    for _ in 0..20 {
        let runs = Arc::clone(&runs);
        drop(pool.submit(move || runs.fetch_add(1, Ordering::SeqCst)));
    }
    pool.shutdown();
    assert_eq!(runs.load(Ordering::SeqCst), 20);
    assert_eq!(pool.try_submit(|| 1).unwrap_err(), ShutDown);
    pool.shutdown();
}

#[test]
fn a_pool_that_is_dropped_waits() {
    let runs = Arc::new(AtomicUsize::new(0));
    let pool = ThreadPool::new(1);
    for _ in 0..5 {
        let runs = Arc::clone(&runs);
        drop(pool.submit(move || runs.fetch_add(1, Ordering::SeqCst)));
    }
    drop(pool);
    assert_eq!(runs.load(Ordering::SeqCst), 5);
}

#[test]
fn a_pool_that_is_shut_down_at_once_cancels_what_is_in_line() {
    let pool = Arc::new(ThreadPool::new(1));
    let (release, running) = occupy(&pool);
    let waiting = pool.submit(|| 1);
    let shut = {
        let pool = Arc::clone(&pool);
        std::thread::spawn(move || pool.shutdown_now())
    };
    assert!(matches!(waiting.result(), Err(TaskError::Cancelled)));
    drop(release);
    shut.join().unwrap();
    running.result().unwrap();
}

#[test]
fn a_pool_can_be_dropped_by_its_own_task() {
    let pool = Arc::new(ThreadPool::new(1));
    let (last, mine) = (Arc::clone(&pool), mpsc::channel());
    let future = pool.submit(move || {
        mine.1.recv().unwrap();
        drop(last);
    });
    drop(pool);
    mine.0.send(()).unwrap();
    future.result().unwrap();
}

#[test]
fn results_that_nobody_asks_for_are_cancelled() {
    let pool = ThreadPool::new(1);
    let (release, _running) = occupy(&pool);
    let runs = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&runs);
    drop(pool.map(0..10, move |_| count.fetch_add(1, Ordering::SeqCst)));
    drop(release);
    pool.shutdown();
    assert_eq!(runs.load(Ordering::SeqCst), 0);
}

#[test]
fn a_task_may_use_a_pool_of_its_own() {
    let pool = ThreadPool::new(2);
    let sums = pool.map(1..=4_u32, |n| {
        let inner = ThreadPool::new(2);
        inner.map(0..n, |m| m).map(Result::unwrap).sum::<u32>()
    });
    assert_eq!(sums.map(Result::unwrap).collect::<Vec<_>>(), [0, 1, 3, 6]);
}

#[test]
fn of_running_and_being_cancelled_exactly_one_happens() {
    let pool = ThreadPool::new(3);
    for _ in 0..300 {
        let runs = Arc::new(AtomicUsize::new(0));
        let futures: Vec<_> = (0..4)
            .map(|_| {
                let runs = Arc::clone(&runs);
                pool.submit(move || runs.fetch_add(1, Ordering::SeqCst))
            })
            .collect();
        let cancelled = futures.iter().filter(|future| future.cancel()).count();
        let done = futures.into_iter().map(Future::result).filter(Result::is_ok).count();
        assert_eq!((done + cancelled, runs.load(Ordering::SeqCst)), (4, done));
    }
}

/// One thing that a test does with a pool of one thread.
#[derive(Clone, Copy, Debug)]
enum Step {
    Submit,
    Panic,
    Cancel(usize),
    Ask(usize),
    /// Let all that is in line run.
    Settle,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => Just(Step::Submit),
        1 => Just(Step::Panic),
        2 => (0..8_usize).prop_map(Step::Cancel),
        2 => (0..8_usize).prop_map(Step::Ask),
        1 => Just(Step::Settle),
    ];
    prop::collection::vec(step, 0..30)
}

/// What became of a task, by an obvious model.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    InLine { panics: bool },
    Done,
    Panicked,
    Cancelled,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_history_is_that_of_the_model(steps in steps()) {
        let pool = ThreadPool::new(1);
        let mut blocker = Some(occupy(&pool));
        let mut tasks: Vec<(Option<Future<usize>>, Fate)> = Vec::new();
        let order = Arc::new(Mutex::new(Vec::new()));
        let settle = |tasks: &mut Vec<(Option<Future<usize>>, Fate)>| {
            for (_, fate) in tasks.iter_mut() {
                match *fate {
                    Fate::InLine { panics: true } => *fate = Fate::Panicked,
                    Fate::InLine { panics: false } => *fate = Fate::Done,
                    _ => {}
                }
            }
        };
        for step in steps {
            match step {
                Step::Submit | Step::Panic => {
                    let (number, panics) = (tasks.len(), matches!(step, Step::Panic));
                    let order = Arc::clone(&order);
                    let future = pool.submit(move || {
                        order.lock().unwrap().push(number);
                        if panics {
                            std::panic::resume_unwind(Box::new(()));
                        }
                        number
                    });
                    tasks.push((Some(future), Fate::InLine { panics }));
                }
                Step::Cancel(which) => {
                    if let Some((Some(future), fate)) = tasks.get_mut(which) {
                        let cancels = matches!(fate, Fate::InLine { .. } | Fate::Cancelled);
                        prop_assert_eq!(future.cancel(), cancels);
                        if cancels {
                            *fate = Fate::Cancelled;
                        }
                    }
                }
                Step::Ask(which) => {
                    let Some((slot, fate)) = tasks.get_mut(which) else { continue };
                    let Some(future) = slot.take() else { continue };
                    match (future.result_timeout(Duration::ZERO), *fate) {
                        (Err(future), Fate::InLine { .. }) => *slot = Some(future),
                        (Ok(Ok(number)), Fate::Done) => prop_assert_eq!(number, which),
                        (Ok(Err(TaskError::Panicked(_))), Fate::Panicked) => {}
                        (Ok(Err(TaskError::Cancelled)), Fate::Cancelled) => {}
                        (other, fate) => prop_assert!(false, "{other:?} of a task that is {fate:?}"),
                    }
                }
                Step::Settle => {
                    drop(blocker.take());
                    let fence = occupy(&pool);
                    settle(&mut tasks);
                    blocker = Some(fence);
                }
            }
        }
        drop(blocker);
        pool.shutdown();
        settle(&mut tasks);
        let ran: Vec<usize> = (0..).zip(&tasks).filter(|(_, (_, fate))| *fate != Fate::Cancelled).map(|(n, _)| n).collect();
        prop_assert_eq!(&*order.lock().unwrap(), &ran);
    }
}
