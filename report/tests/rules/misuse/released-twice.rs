//! A lock is released on the way out, where it has been released already.

use lockhound::sync::Mutex;

static DOOR: Mutex<()> = lockhound::named::mutex("door", ());

fn enter(late: bool) {
    std::mem::forget(DOOR.lock());
    if late {
        unsafe { DOOR.force_unlock() };
    }
    println!("in");
    unsafe { DOOR.force_unlock() };
}

fn main() {
    enter(false);
    enter(true);
}
