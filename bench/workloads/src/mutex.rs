//! Mutexes, wanted by one thread or several.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;

use crate::clock::timed;
use crate::crew::crew;
use crate::primitives::{Job, Mutexes};
use crate::suite::Workload;
use crate::{Cost, Row};

pub(crate) fn workloads<P: Mutexes>() -> [(Row, Workload); 6] {
    [
        (Row::Mutex, uncontended::<P>),
        (Row::Nested, nested::<P>),
        (Row::Fresh, fresh::<P>),
        (Row::Contended, contended::<P>),
        (Row::Map, map::<P>),
        (Row::Crossing, crossing::<P>),
    ]
}

/// Through [`black_box`], so that no pair of lock and unlock is known to be of the same lock as the last.
#[inline(always)]
#[track_caller]
fn add<P: Mutexes>(mutex: &P::Mutex<u64>) {
    let mut value = P::lock(black_box(mutex));
    *value = value.wrapping_add(1);
}

fn uncontended<P: Mutexes>(operations: u64) -> Cost {
    let mutex = Box::new(P::mutex(0_u64));
    timed(operations, || (0..operations).for_each(|_| add::<P>(&mutex)))
}

fn nested<P: Mutexes>(operations: u64) -> Cost {
    let (outer, inner) = (Box::new(P::mutex(0_u64)), Box::new(P::mutex(0_u64)));
    timed(operations, || {
        for _ in 0..operations {
            let _held = P::lock(black_box(&*outer));
            add::<P>(&inner);
        }
    })
}

/// The creation counts: a peer may do there what others do at the first lock. Giving them back does not.
fn fresh<P: Mutexes>(operations: u64) -> Cost {
    const MUTEXES: u64 = 100_000;
    let passes = operations.div_ceil(MUTEXES);
    let mut total: Option<Cost> = None;
    for _ in 0..passes {
        let mut mutexes = Vec::with_capacity(MUTEXES as usize);
        let cost = timed(MUTEXES, || {
            mutexes.extend((0..MUTEXES).map(|number| P::mutex(number)));
            mutexes.iter().for_each(add::<P>);
        });
        total = Some(total.map_or(cost, |total| total.and(cost)));
    }
    total.expect("at least one pass")
}

fn contended<P: Mutexes>(operations: u64) -> Cost {
    const THREADS: u64 = 2;
    let mutex = Arc::new(P::mutex(0_u64));
    let share = operations.div_ceil(THREADS);
    let job = |_| -> Job {
        let mutex = Arc::clone(&mutex);
        Box::new(move || (0..share).for_each(|_| add::<P>(&mutex)))
    };
    crew::<P>(share * THREADS, (0..THREADS).map(job).collect())
}

fn map<P: Mutexes>(operations: u64) -> Cost {
    const THREADS: u64 = 4;
    const KEYS: u64 = 1024;
    let counts = Arc::new(P::mutex(HashMap::<u64, u64>::new()));
    let share = operations.div_ceil(THREADS);
    let job = |thread| -> Job {
        let counts = Arc::clone(&counts);
        Box::new(move || {
            for step in 0..share {
                let key = scatter(thread, step) % KEYS;
                *P::lock(&counts).entry(key).or_default() += 1;
            }
        })
    };
    crew::<P>(share * THREADS, (0..THREADS).map(job).collect())
}

fn crossing<P: Mutexes>(operations: u64) -> Cost {
    const THREADS: u64 = 4;
    const MUTEXES: u64 = 64;
    let mutexes: Arc<Vec<_>> = Arc::new((0..MUTEXES).map(|number| P::mutex(number)).collect());
    let share = operations.div_ceil(THREADS);
    let job = |thread| -> Job {
        let mutexes = Arc::clone(&mutexes);
        Box::new(move || (0..share).for_each(|step| add::<P>(&mutexes[(scatter(thread, step) % MUTEXES) as usize])))
    };
    crew::<P>(share * THREADS, (0..THREADS).map(job).collect())
}

/// A number that looks random (Steele, Lea and Flood's SplitMix64).
fn scatter(thread: u64, step: u64) -> u64 {
    let mut bits = (thread << 32 | step).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}
