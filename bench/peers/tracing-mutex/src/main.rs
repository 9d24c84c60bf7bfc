//! tracing-mutex: its tracing types by their own path. The ones a level above are std's in a build without debug assertions.

use bench_workloads::primitives::Threads;
use bench_workloads::{Suite, locks_like_std};
use tracing_mutex::stdsync::tracing;

struct TracingMutex;

impl Threads for TracingMutex {}
locks_like_std!(TracingMutex, tracing);

fn main() -> std::io::Result<()> {
    Suite::default().mutexes::<TracingMutex>().rwlocks::<TracingMutex>().condvars::<TracingMutex>().serve()
}
