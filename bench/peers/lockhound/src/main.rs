//! Lockhound with its feature `record`: recording if `LOCKHOUND_TRACE` is set, else not.

use bench_workloads::primitives::{Job, Running, Threads, Variables};
use bench_workloads::{Suite, locks_like_std, messages_like_std};
use lockhound::sync::{self, Shared};

struct Lockhound;

impl Threads for Lockhound {
    fn spawn(job: Job) -> Running {
        let thread = lockhound::thread::spawn(job);
        Box::new(move || thread.join().expect("a workload does not panic"))
    }
}

locks_like_std!(Lockhound, sync);
messages_like_std!(Lockhound, sync);

impl Variables for Lockhound {
    type Variable = Shared<u64>;

    #[inline(always)]
    fn variable() -> Shared<u64> {
        Shared::new(0)
    }

    #[inline(always)]
    fn get(variable: &Shared<u64>) -> u64 {
        variable.get()
    }

    #[inline(always)]
    fn set(variable: &Shared<u64>, value: u64) {
        variable.set(value);
    }
}

fn main() -> std::io::Result<()> {
    let locks = Suite::default().mutexes::<Lockhound>().rwlocks::<Lockhound>().condvars::<Lockhound>();
    locks.channels::<Lockhound>().atomics::<Lockhound>().variables::<Lockhound>().serve()
}
