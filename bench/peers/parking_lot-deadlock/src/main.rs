//! parking_lot with the feature `deadlock_detection`, and the thread that its documentation has look for deadlocks.

use std::thread;
use std::time::Duration;

use bench_workloads::primitives::Threads;
use bench_workloads::{Suite, locks_without_poison};
use parking_lot::deadlock::check_deadlock;

struct ParkingLot;

impl Threads for ParkingLot {}
locks_without_poison!(ParkingLot, parking_lot);

fn main() -> std::io::Result<()> {
    thread::spawn(|| {
        loop {
            thread::sleep(Duration::from_secs(10));
            assert!(check_deadlock().is_empty(), "no workload deadlocks");
        }
    });
    Suite::default().mutexes::<ParkingLot>().rwlocks::<ParkingLot>().condvars::<ParkingLot>().serve()
}
