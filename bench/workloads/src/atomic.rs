//! A number that one thread adds to.

use std::hint::black_box;

use crate::clock::timed;
use crate::primitives::Atomics;
use crate::suite::Workload;
use crate::{Cost, Row};

pub(crate) fn workloads<P: Atomics>() -> [(Row, Workload); 1] {
    [(Row::Atomic, add::<P>)]
}

fn add<P: Atomics>(operations: u64) -> Cost {
    let counter = Box::new(P::counter());
    timed(operations, || {
        for _ in 0..operations {
            black_box(P::add(black_box(&*counter)));
        }
    })
}
