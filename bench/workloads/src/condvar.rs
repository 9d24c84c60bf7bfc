//! Two threads that wake each other in turn.

use std::sync::Arc;

use crate::crew::crew;
use crate::primitives::{Condvars, Job};
use crate::suite::Workload;
use crate::{Cost, Row};

pub(crate) fn workloads<P: Condvars>() -> [(Row, Workload); 1] {
    [(Row::PingPong, ping_pong::<P>)]
}

struct Table<P: Condvars> {
    /// Whose turn it is.
    turn: P::Mutex<usize>,
    changed: P::Condvar,
}

fn ping_pong<P: Condvars>(operations: u64) -> Cost {
    let table = Arc::new(Table::<P> { turn: P::mutex(0), changed: P::condvar() });
    let job = |player| -> Job {
        let table = Arc::clone(&table);
        Box::new(move || {
            for _ in 0..operations {
                let mut turn = P::lock(&table.turn);
                while *turn != player {
                    turn = P::wait(&table.changed, turn);
                }
                *turn = 1 - player;
                P::notify(&table.changed);
            }
        })
    };
    crew::<P>(operations, vec![job(0), job(1)])
}
