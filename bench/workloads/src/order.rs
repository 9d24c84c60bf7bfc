//! A thousand mutexes in ordered pairs: what an order costs that a peer has not seen, and one that it has.

use std::hint::black_box;
use std::mem;

use crate::clock::timed;
use crate::primitives::Mutexes;
use crate::suite::Workload;
use crate::{Cost, Row};

const MUTEXES: usize = 1000;
const PAIRS: u64 = MUTEXES as u64 - 1;

pub(crate) fn workloads<P: Mutexes>() -> [(Row, Workload); 2] {
    [(Row::PairsCold, cold::<P>), (Row::PairsWarm, warm::<P>)]
}

/// New mutexes for each pass. Each is locked once before, so that the pairs are new and the mutexes are not. None is given
/// back: tracing-mutex would deal the places of dropped mutexes out again from the last to the first, and sort every new
/// pair into a chain that runs the other way, which no program with mutexes of a lasting kind makes it do.
fn cold<P: Mutexes>(operations: u64) -> Cost {
    let mut total: Option<Cost> = None;
    for _ in 0..operations.div_ceil(PAIRS) {
        let mutexes = known::<P>();
        let cost = timed(PAIRS, || in_pairs::<P>(&mutexes));
        total = Some(total.map_or(cost, |total| total.and(cost)));
        mem::forget(mutexes);
    }
    total.expect("at least one pass")
}

fn warm<P: Mutexes>(operations: u64) -> Cost {
    let mutexes = known::<P>();
    in_pairs::<P>(&mutexes);
    let passes = operations.div_ceil(PAIRS);
    timed(passes * PAIRS, || (0..passes).for_each(|_| in_pairs::<P>(&mutexes)))
}

fn known<P: Mutexes>() -> Vec<P::Mutex<u64>> {
    let mutexes: Vec<_> = (0..MUTEXES as u64).map(|number| P::mutex(number)).collect();
    for mutex in &mutexes {
        *P::lock(mutex) += 1;
    }
    mutexes
}

fn in_pairs<P: Mutexes>(mutexes: &[P::Mutex<u64>]) {
    for pair in mutexes.windows(2) {
        let _held = P::lock(black_box(&pair[0]));
        let mut value = P::lock(black_box(&pair[1]));
        *value = value.wrapping_add(1);
    }
}
