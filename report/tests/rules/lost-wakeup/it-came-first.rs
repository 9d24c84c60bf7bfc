//! Nobody waits yet when the notification comes, and the waiter does not look first.

use lockhound::sync::{Condvar, Mutex};
use lockhound::thread;

static DOOR: Mutex<bool> = lockhound::named::mutex("door", false);
static OPENED: Condvar = lockhound::named::condvar("opened");

fn open() {
    *DOOR.lock().unwrap() = true;
    OPENED.notify_one();
}

fn enter() {
    let door = DOOR.lock().unwrap();
    let _door = OPENED.wait(door).unwrap();
    println!("in");
}

fn main() {
    let host = thread::Builder::new().name("host".into()).spawn(open).unwrap();
    let guest = thread::Builder::new().name("guest".into()).spawn(enter).unwrap();
    host.join().unwrap();
    guest.join().unwrap();
}
