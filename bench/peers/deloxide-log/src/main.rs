//! Deloxide with the feature `logging-and-visualization`, logging into the file that `BENCH_LOG` names. A thread of its own
//! formats and writes the log, so that only part of the cost is that of the threads that lock.

use std::env;

use bench_workloads::primitives::{Job, Running, Threads};
use bench_workloads::{Suite, locks_without_poison};

struct Deloxide;

impl Threads for Deloxide {
    fn spawn(job: Job) -> Running {
        let thread = deloxide::thread::spawn(job);
        Box::new(move || thread.join().expect("a workload does not panic"))
    }
}

locks_without_poison!(Deloxide, deloxide);

fn main() -> std::io::Result<()> {
    let log = env::var_os("BENCH_LOG").expect("BENCH_LOG names a file");
    deloxide::Deloxide::new().with_log(log).start().expect("the detector starts");
    Suite::default().mutexes::<Deloxide>().rwlocks::<Deloxide>().condvars::<Deloxide>().serve()
}
