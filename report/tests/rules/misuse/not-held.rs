//! A lock is released by a thread that does not hold it.

use lockhound::sync::Mutex;
use lockhound::thread;

static DOOR: Mutex<()> = lockhound::named::mutex("door", ());

fn leave() {
    unsafe { DOOR.force_unlock() };
}

fn main() {
    let inside = DOOR.lock();
    thread::Builder::new().name("guest".into()).spawn(leave).unwrap().join().unwrap();
    drop(inside);
}
