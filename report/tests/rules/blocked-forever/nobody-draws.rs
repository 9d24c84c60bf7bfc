//! Money must be drawn before the next is paid in; two people pay in, and the one who draws does so once.

use lockhound::sync::{Condvar, Mutex};
use lockhound::thread;

static PAID_IN: Mutex<bool> = lockhound::named::mutex("paid in", false);
static CHANGED: Condvar = lockhound::named::condvar("changed");

fn deposit() {
    let mut paid_in = PAID_IN.lock().unwrap();
    while *paid_in {
        paid_in = CHANGED.wait(paid_in).unwrap();
    }
    *paid_in = true;
    CHANGED.notify_all();
}

fn draw() {
    let mut paid_in = PAID_IN.lock().unwrap();
    while !*paid_in {
        paid_in = CHANGED.wait(paid_in).unwrap();
    }
    *paid_in = false;
    CHANGED.notify_all();
}

fn main() {
    let people = [("ann", deposit as fn()), ("drawer", draw), ("bob", deposit), ("cid", deposit)];
    let people = people.map(|(name, act)| thread::Builder::new().name(name.into()).spawn(act).unwrap());
    people.into_iter().for_each(|person| person.join().unwrap());
}
