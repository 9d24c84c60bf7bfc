//! Read/write locks that nobody else wants.

use std::hint::black_box;

use crate::clock::timed;
use crate::primitives::RwLocks;
use crate::suite::Workload;
use crate::{Cost, Row};

pub(crate) fn workloads<P: RwLocks>() -> [(Row, Workload); 2] {
    [(Row::Read, read::<P>), (Row::Write, write::<P>)]
}

fn read<P: RwLocks>(operations: u64) -> Cost {
    let lock = Box::new(P::rwlock(1_u64));
    timed(operations, || {
        for _ in 0..operations {
            black_box(*P::read(black_box(&*lock)));
        }
    })
}

fn write<P: RwLocks>(operations: u64) -> Cost {
    let lock = Box::new(P::rwlock(0_u64));
    timed(operations, || {
        for _ in 0..operations {
            let mut value = P::write(black_box(&*lock));
            *value = value.wrapping_add(1);
        }
    })
}
