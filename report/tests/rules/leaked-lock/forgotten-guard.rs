//! A guard that is forgotten keeps its lock for ever.

use lockhound::sync::Mutex;
use lockhound::thread;

static TICKETS: Mutex<u32> = lockhound::named::mutex("tickets", 3);

fn sell() {
    let mut tickets = TICKETS.lock().unwrap();
    *tickets -= 1;
    std::mem::forget(tickets);
}

fn main() {
    let first = thread::Builder::new().name("counter 1".into()).spawn(sell).unwrap();
    first.join().unwrap();
    let second = thread::Builder::new().name("counter 2".into()).spawn(sell).unwrap();
    second.join().unwrap();
}
