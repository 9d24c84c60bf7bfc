//! parking_lot as it is.

use bench_workloads::primitives::Threads;
use bench_workloads::{Suite, locks_without_poison};

struct ParkingLot;

impl Threads for ParkingLot {}
locks_without_poison!(ParkingLot, parking_lot);

fn main() -> std::io::Result<()> {
    Suite::default().mutexes::<ParkingLot>().rwlocks::<ParkingLot>().condvars::<ParkingLot>().serve()
}
