//! Deloxide with the feature `lock-order-graph`.

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
    deloxide::Deloxide::new().start().expect("the detector starts");
    Suite::default().mutexes::<Deloxide>().rwlocks::<Deloxide>().condvars::<Deloxide>().serve()
}
