//! This time the guest was early enough.

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
    let guest = thread::Builder::new().name("guest".into()).spawn(enter).unwrap();
    open();
    guest.join().unwrap();
}
