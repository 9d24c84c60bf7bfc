//! The standard library as it is: what everything else is compared with. Also built with ThreadSanitizer.

use std::sync;
use std::sync::atomic::{AtomicU64, Ordering};

use bench_workloads::primitives::{Threads, Variables};
use bench_workloads::{Suite, locks_like_std, messages_like_std};

struct Std;

impl Threads for Std {}
locks_like_std!(Std, sync);
messages_like_std!(Std, sync);

/// What a plain variable is in safe Rust once threads share it.
impl Variables for Std {
    type Variable = AtomicU64;

    #[inline(always)]
    fn variable() -> AtomicU64 {
        AtomicU64::new(0)
    }

    #[inline(always)]
    fn get(variable: &AtomicU64) -> u64 {
        variable.load(Ordering::Relaxed)
    }

    #[inline(always)]
    fn set(variable: &AtomicU64, value: u64) {
        variable.store(value, Ordering::Relaxed);
    }
}

fn main() -> std::io::Result<()> {
    let locks = Suite::default().mutexes::<Std>().rwlocks::<Std>().condvars::<Std>();
    locks.channels::<Std>().atomics::<Std>().variables::<Std>().serve()
}
