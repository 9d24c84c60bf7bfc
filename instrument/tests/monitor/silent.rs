//! What only looks like a deadlock: nothing is reported.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lockhound::sync::mpsc::{channel, sync_channel};
use lockhound::sync::{Arc, Barrier, Condvar, Mutex, ReentrantMutex, RwLock, ThreadPool};
use lockhound::thread;

use super::people::{lock, moment};
use super::watched::{Scenario, is_silent, scenarios};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    contention,
    rwlock_contention,
    ping_pong,
    parks,
    foreign_unpark,
    scopes,
    ticker,
    timed_waits,
    many_threads,
    reentrant,
    traffic,
    meetings,
    barriers,
    pools,
    a_pool_that_waits_for_itself_or_not
];

/// How often threads contend for what they do not hold for long.
const ROUNDS: usize = 20_000;

/// How often one thread hands something over to another: each time the system has to switch, which takes a loaded one
/// milliseconds.
const TURNS: usize = 2_000;

fn contention() {
    let locks: Arc<Vec<Mutex<usize>>> = Arc::new((0..4).map(|_| Mutex::new(0)).collect());
    let work = |seed: usize| {
        let locks = Arc::clone(&locks);
        move || {
            for round in 0..ROUNDS {
                let (one, other) = ((round * seed) % 4, (round + seed) % 4);
                let _outer = locks[one.min(other)].lock().unwrap();
                if one != other {
                    *locks[one.max(other)].lock().unwrap() += 1;
                }
                if round % 64 == 0 {
                    std::thread::yield_now();
                }
            }
        }
    };
    let workers: Vec<_> = (1..=8).map(|seed| thread::spawn(work(seed))).collect();
    workers.into_iter().for_each(|worker| worker.join().unwrap());
}

#[test]
fn contention_is_no_deadlock() {
    is_silent("contention");
}

fn rwlock_contention() {
    let locks: Arc<Vec<RwLock<usize>>> = Arc::new((0..3).map(|_| RwLock::new(0)).collect());
    let work = |seed: usize| {
        let locks = Arc::clone(&locks);
        move || {
            for round in 0..TURNS {
                let at = (round * seed) % 3;
                if round % 4 == 0 {
                    *locks[at].write().unwrap() += 1;
                } else {
                    let _outer = locks[at].read().unwrap();
                    if at < 2 {
                        let _inner = locks[at + 1].read().unwrap();
                        std::thread::yield_now();
                    }
                }
            }
        }
    };
    let workers: Vec<_> = (1..=8).map(|seed| thread::spawn(work(seed))).collect();
    workers.into_iter().for_each(|worker| worker.join().unwrap());
}

#[test]
fn readers_and_writers_are_no_deadlock() {
    is_silent("rwlock_contention");
}

fn ping_pong() {
    let table = Arc::new((Mutex::new(0), Condvar::new()));
    let play = |me: usize, all: bool| {
        let table = Arc::clone(&table);
        move || {
            for _ in 0..TURNS {
                let mut turn = table.1.wait_while(table.0.lock().unwrap(), |turn| *turn % 2 != me).unwrap();
                *turn += 1;
                if all {
                    drop(turn);
                    table.1.notify_all();
                } else {
                    table.1.notify_one();
                }
            }
        }
    };
    let other = thread::spawn(play(1, true));
    play(0, false)();
    other.join().unwrap();
}

#[test]
fn ping_pong_is_no_deadlock() {
    is_silent("ping_pong");
}

/// Two threads that park in turn; `wake_main` ends the first one's parks.
fn parks_in_turn(wake_main: impl Fn() + Send + 'static) {
    let turn = Arc::new(AtomicUsize::new(0));
    let other = thread::spawn({
        let turn = Arc::clone(&turn);
        move || {
            for round in 0..TURNS {
                while turn.load(Ordering::Acquire) != 2 * round + 1 {
                    thread::park();
                }
                turn.fetch_add(1, Ordering::Release);
                wake_main();
            }
        }
    });
    for round in 0..TURNS {
        turn.fetch_add(1, Ordering::Release);
        other.thread().unpark();
        while turn.load(Ordering::Acquire) != 2 * round + 2 {
            thread::park();
        }
    }
    other.join().unwrap();
}

fn parks() {
    let main = thread::current();
    parks_in_turn(move || main.unpark());
}

#[test]
fn parking_is_no_deadlock() {
    is_silent("parks");
}

/// All threads wait, and one of them has been freed by what is not recorded.
fn foreign_unpark() {
    let main = std::thread::current();
    parks_in_turn(move || main.unpark());
}

#[test]
fn an_unpark_by_a_handle_of_stds_is_no_deadlock() {
    is_silent("foreign_unpark");
}

fn scopes() {
    for round in 0..200 {
        let total = Mutex::new(0);
        thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| *total.lock().unwrap() += 1);
            }
            if round % 2 == 0 {
                s.spawn(|| *total.lock().unwrap() += 1).join().unwrap();
            }
        });
        assert!(*total.lock().unwrap() >= 4);
    }
}

#[test]
fn scopes_are_no_deadlock() {
    is_silent("scopes");
}

fn ticker() {
    let pair = Arc::new((Mutex::new(0), Condvar::new()));
    let ticker = thread::spawn({
        let pair = Arc::clone(&pair);
        move || {
            for _ in 0..10 {
                std::thread::sleep(Duration::from_millis(50));
                *pair.0.lock().unwrap() += 1;
                pair.1.notify_all();
            }
        }
    });
    let waiters: Vec<_> = (0..3)
        .map(|_| {
            let pair = Arc::clone(&pair);
            thread::spawn(move || drop(pair.1.wait_while(pair.0.lock().unwrap(), |ticks| *ticks < 10).unwrap()))
        })
        .collect();
    waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
    ticker.join().unwrap();
}

#[test]
fn waiting_for_a_thread_that_sleeps_is_no_deadlock() {
    is_silent("ticker");
}

fn timed_waits() {
    let pair = Arc::new((Mutex::new(false), Condvar::new()));
    let timed = thread::spawn({
        let pair = Arc::clone(&pair);
        move || {
            let guard = pair.0.lock().unwrap();
            let mut guard = pair.1.wait_timeout(guard, Duration::from_millis(500)).unwrap().0;
            *guard = true;
            pair.1.notify_all();
            thread::park_timeout(Duration::from_millis(300));
        }
    });
    drop(pair.1.wait_while(pair.0.lock().unwrap(), |set| !*set).unwrap());
    timed.join().unwrap();
}

#[test]
fn waiting_for_a_timed_wait_is_no_deadlock() {
    is_silent("timed_waits");
}

fn many_threads() {
    let gate = lock("gate");
    let held = gate.lock().unwrap();
    let waiters: Vec<_> = (0..300)
        .map(|_| {
            let gate = Arc::clone(&gate);
            thread::spawn(move || *gate.lock().unwrap() += 1)
        })
        .collect();
    moment();
    drop(held);
    waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
    assert_eq!(*gate.lock().unwrap(), 300);
}

#[test]
fn many_waiting_threads_are_no_deadlock() {
    is_silent("many_threads");
}

fn reentrant() {
    let locks = Arc::new((ReentrantMutex::new(()), ReentrantMutex::new(())));
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let locks = Arc::clone(&locks);
            thread::spawn(move || {
                for _ in 0..ROUNDS {
                    let _first = locks.0.lock();
                    let _again = locks.0.lock();
                    let _second = locks.1.lock();
                    let _once_more = locks.0.lock();
                }
            })
        })
        .collect();
    workers.into_iter().for_each(|worker| worker.join().unwrap());
}

#[test]
fn reentrant_locks_are_no_deadlock() {
    is_silent("reentrant");
}

/// At every moment one of the two waits or is about to.
fn traffic() {
    let (to, from) = channel();
    let (back, answers) = sync_channel(1);
    let other = thread::spawn(move || {
        for number in from {
            back.send(number).unwrap();
            back.send(number).unwrap();
        }
    });
    for number in 0..TURNS {
        to.send(number).unwrap();
        assert_eq!((answers.recv(), answers.recv()), (Ok(number), Ok(number)));
    }
    drop(to);
    other.join().unwrap();
}

#[test]
fn traffic_is_no_deadlock() {
    is_silent("traffic");
}

/// Both sides of a rendezvous may be about to wait at once.
fn meetings() {
    let (to, from) = sync_channel(0);
    let other = {
        let to = to.clone();
        thread::spawn(move || (0..TURNS).for_each(|number| to.send(number).unwrap()))
    };
    let third = thread::spawn(move || (0..TURNS).for_each(|number| to.send(number).unwrap()));
    assert_eq!(from.iter().count(), 2 * TURNS);
    other.join().unwrap();
    third.join().unwrap();
}

#[test]
fn a_rendezvous_is_no_deadlock() {
    is_silent("meetings");
}

fn barriers() {
    let barrier = Barrier::new(3);
    thread::scope(|s| {
        for _ in 0..3 {
            s.spawn(|| (0..TURNS).filter(|_| barrier.wait().is_leader()).count());
        }
    });
}

#[test]
fn a_barrier_that_opens_is_no_deadlock() {
    is_silent("barriers");
}

/// Tasks that contend, wait for one another, are cancelled, and use pools of their own; threads of a pool that idle.
fn pools() {
    let pool = Arc::new(ThreadPool::new(4));
    let idle = ThreadPool::new(2);
    idle.submit(|| ()).result().unwrap();
    let locks: Arc<Vec<Mutex<usize>>> = Arc::new((0..3).map(|_| Mutex::new(0)).collect());
    for round in 0..TURNS / 4 {
        let tasks: Vec<_> = (0..6)
            .map(|number| {
                let (locks, pool) = (Arc::clone(&locks), Arc::clone(&pool));
                pool.clone().submit(move || {
                    let (one, other) = ((round + number) % 3, (round * number) % 3);
                    let mut sum = locks[one.min(other)].lock().unwrap();
                    *sum += 1;
                    if one != other {
                        *locks[one.max(other)].lock().unwrap() += 1;
                    }
                    drop(sum);
                    // No thread of the pool waits for it.
                    drop(pool.submit(|| ()));
                })
            })
            .collect();
        let (cancelled, asked) = tasks.split_at(2);
        let cancelled = cancelled.iter().filter(|task| task.cancel()).count();
        assert!(cancelled <= 2 && asked.iter().filter(|task| task.is_done()).count() <= 4);
        tasks.into_iter().for_each(|task| drop(task.result()));
    }
    ThreadPool::new(2).submit(|| ThreadPool::new(1).submit(|| ()).result().unwrap()).result().unwrap();
}

#[test]
fn pools_are_no_deadlock() {
    is_silent("pools");
}

/// While tasks wait for tasks in line, nothing is known of who will run these.
fn a_pool_that_waits_for_itself_or_not() {
    let pool = Arc::new(ThreadPool::new(2));
    let inner = Arc::clone(&pool);
    let (say, said) = channel();
    let outer = pool.submit(move || {
        let last = inner.submit(move || said.recv().unwrap());
        last.result().unwrap()
    });
    moment();
    say.send(1).unwrap();
    assert_eq!(outer.result().unwrap(), 1);
}

#[test]
fn a_pool_that_waits_for_its_own_task_is_no_deadlock() {
    is_silent("a_pool_that_waits_for_itself_or_not");
}
