//! no_deadlocks, which keeps every lock's state in one table of the process.

use bench_workloads::primitives::Threads;
use bench_workloads::{Suite, locks_like_std};

struct NoDeadlocks;

impl Threads for NoDeadlocks {}
locks_like_std!(NoDeadlocks, no_deadlocks);

fn main() -> std::io::Result<()> {
    Suite::default().mutexes::<NoDeadlocks>().rwlocks::<NoDeadlocks>().condvars::<NoDeadlocks>().serve()
}
