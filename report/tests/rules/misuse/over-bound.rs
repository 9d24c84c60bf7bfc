//! Three may be inside at once; whoever leaves gives two permits back.

use lockhound::sync::Semaphore;
use lockhound::thread;

static GATE: Semaphore = lockhound::named::bounded_semaphore("gate", 3);

fn visit() {
    let permit = GATE.acquire();
    println!("inside");
    drop(permit);
    GATE.release(1).ok();
}

fn main() {
    for name in ["ann", "bob"] {
        thread::Builder::new().name(name.into()).spawn(visit).unwrap().join().unwrap();
    }
}
