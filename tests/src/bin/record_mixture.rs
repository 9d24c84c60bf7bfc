//! Uses what its threads share in many ways, for tests and measurements of the reader: `record-mixture WHAT THREADS ROUNDS`.
//!
//! WHAT is `mutexes` (four of them, so that they are handed over often), `rwlocks` (read three times of four), `condvars`, `shared`
//! (plain variables, with and without a lock) or `threads` (each round spawns and joins).

#![forbid(unsafe_code)]

use std::sync::Arc;

use lockhound::sync::{Condvar, Mutex, RwLock, Shared};
use lockhound::thread;

const LOCKS: u64 = 4;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().expect("usage: record-mixture WHAT THREADS ROUNDS");
    let (what, threads, rounds) = (next(), next(), next());
    let threads = threads.parse().expect("THREADS is a number");
    let rounds = rounds.parse().expect("ROUNDS is a number");
    match &*what {
        "mutexes" => mutexes(threads, rounds),
        "rwlocks" => rwlocks(threads, rounds),
        "condvars" => condvars(threads, rounds),
        "shared" => shared(threads, rounds),
        "threads" => spawns(threads, rounds),
        _ => panic!("WHAT is mutexes, rwlocks, condvars, shared or threads"),
    }
}

fn run(threads: u64, work: impl Fn(u64) + Send + Sync + 'static) {
    let work = Arc::new(work);
    let start = |number| {
        let work = Arc::clone(&work);
        thread::Builder::new().name(format!("worker-{number}")).spawn(move || work(number)).expect("a thread")
    };
    let handles: Vec<_> = (0..threads).map(start).collect();
    for handle in handles {
        handle.join().expect("a worker ends without a panic");
    }
}

fn mutexes(threads: u64, rounds: u64) {
    let locks: Vec<_> = (0..LOCKS).map(|_| Mutex::new(0)).collect();
    run(threads, move |number| {
        for round in 0..rounds {
            *locks[((number + round) % LOCKS) as usize].lock().unwrap() += 1;
        }
    });
}

fn rwlocks(threads: u64, rounds: u64) {
    let locks: Vec<_> = (0..LOCKS).map(|_| RwLock::new(0)).collect();
    run(threads, move |number| {
        for round in 0..rounds {
            let lock = &locks[((number + round) % LOCKS) as usize];
            if (number + round) % 4 == 3 {
                *lock.write().unwrap() += 1;
            } else {
                std::hint::black_box(*lock.read().unwrap());
            }
        }
    });
}

/// Whose turn it is goes round; everybody is told.
fn condvars(threads: u64, rounds: u64) {
    let turn = (Mutex::new(0), Condvar::new());
    run(threads, move |number| {
        for round in 0..rounds {
            let mut now = turn.0.lock().unwrap();
            while *now != round * threads + number {
                now = turn.1.wait(now).unwrap();
            }
            *now += 1;
            turn.1.notify_all();
        }
    });
}

fn shared(threads: u64, rounds: u64) {
    let guarded = (Mutex::new(()), Shared::new(0_u64));
    let bare = Shared::new(0_i32);
    run(threads, move |number| {
        for round in 0..rounds {
            if (number + round) % 3 == 0 {
                bare.set(bare.get() - 1);
            } else {
                let _held = guarded.0.lock().unwrap();
                guarded.1.set(guarded.1.get() + round);
            }
        }
    });
}

fn spawns(threads: u64, rounds: u64) {
    let total = Arc::new(Mutex::new(0));
    for _ in 0..rounds {
        let total = Arc::clone(&total);
        run(threads, move |number| *total.lock().unwrap() += number);
    }
}
