//! A variable that one thread reads or writes.

use std::hint::black_box;

use crate::clock::timed;
use crate::primitives::Variables;
use crate::suite::Workload;
use crate::{Cost, Row};

pub(crate) fn workloads<P: Variables>() -> [(Row, Workload); 2] {
    [(Row::SharedRead, read::<P>), (Row::SharedWrite, write::<P>)]
}

fn read<P: Variables>(operations: u64) -> Cost {
    let variable = Box::new(P::variable());
    timed(operations, || {
        for _ in 0..operations {
            black_box(P::get(black_box(&*variable)));
        }
    })
}

fn write<P: Variables>(operations: u64) -> Cost {
    let variable = Box::new(P::variable());
    timed(operations, || (0..operations).for_each(|value| P::set(black_box(&*variable), value)))
}
